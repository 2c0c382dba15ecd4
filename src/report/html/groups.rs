//! Reliability curves, and metrics by the levels of protected columns.

use super::{fold_away, name, nothing, scroll};
use crate::eval::estimate::Part;
use crate::report::format::{count, number, percent, plural, with_interval};
use crate::report::plots::{forest, nice_domain, reliability as curves};
use crate::report::view::{View, unique};
use crate::suite::result::{ByGroup, Reliability};
use maud::{Markup, html};

pub fn reliability(view: &View<'_>) -> Markup {
    let all = &view.results.body.plots.reliability;
    if all.is_empty() {
        return nothing("No model of this benchmark predicts a probability that could be compared with outcomes.");
    }
    html! {
        p class="intro" {
            "Of the rows that a model gave a probability near p, what share had the outcome? Points on the diagonal are "
            "calibrated; below it the model promises too much. Bars are 95% Wilson intervals; the rows of each bin stand beneath."
        }
        @for (i, scenario) in view.scenarios().iter().enumerate() {
            @let own: Vec<&Reliability> = all.iter().filter(|r| r.scenario == scenario.name).collect();
            @if !own.is_empty() {
                @let title = format!("Scenario {}", scenario.name);
                @if i == 0 { h3 { (title) } (small_multiples(view, &own)) }
                @else { (fold_away(&title, false, small_multiples(view, &own))) }
            }
        }
    }
}

fn small_multiples(view: &View<'_>, own: &[&Reliability]) -> Markup {
    let several = view.tasks().len() > 1;
    html! {
        div class="multiples" {
            @for r in own {
                figure {
                    figcaption { (name(&r.model)) @if several { span class="sub" { "task " (r.task) } } }
                    @if r.bins.is_empty() { p class="nothing" { "No bin has rows." } }
                    @else { (curves::curve(&format!("Reliability of {} in {}", r.model, r.scenario), &r.bins)) }
                }
            }
        }
        (fold_away("The same as a table", false, scroll("Reliability bins", html! {
            table class="plain" {
                caption class="unseen" { "Reliability bins" }
                thead { tr {
                    th scope="col" { "Model" } th scope="col" { "Mean predicted" }
                    th scope="col" { "Observed [95% interval]" } th scope="col" { "n" }
                } }
                tbody {
                    @for r in own { @for bin in &r.bins {
                        tr {
                            th scope="row" { (name(&r.model)) } td { (percent(bin.mean_predicted)) }
                            td class="nowrap" { (curves::observed(bin)) } td { (count(bin.n)) }
                        }
                    } }
                }
            }
        })))
    }
}

/// At most so many metrics of a column are open; the others are behind a summary.
const OPEN: usize = 2;

pub fn by_group(view: &View<'_>) -> Markup {
    let all = &view.results.body.plots.by_group;
    if all.is_empty() {
        return nothing("No protected column is declared, so no metric was split by group.");
    }
    html! {
        p class="intro" {
            "Each metric by the levels of a protected column, with 95% intervals; the models of a row share one scale. The dashed line "
            "is the model's value over all rows, where the benchmark measured it. Small groups have wide intervals: a gap between two of "
            "them may be chance. The metrics whose groups lie farthest apart, measured by their intervals, come first."
        }
        @for (i, scenario) in view.scenarios().iter().enumerate() {
            @let own: Vec<&ByGroup> = all.iter().filter(|g| g.scenario == scenario.name).collect();
            @if !own.is_empty() {
                @let tables = scroll(&format!("Metrics by group in scenario {}", scenario.name), table(view, &own));
                @if i == 0 {
                    h3 { "Scenario " (scenario.name) }
                    (columns(view, &own))
                    (fold_away("The same as a table", false, tables))
                } @else { (fold_away(&format!("Scenario {} as a table", scenario.name), false, tables)) }
            }
        }
    }
}

fn columns(view: &View<'_>, own: &[&ByGroup]) -> Markup {
    html! {
        @for column in unique(own.iter().map(|g| g.column.as_str())) {
            @let of_column: Vec<&ByGroup> = own.iter().filter(|g| g.column == column).copied().collect();
            @let metrics = by_distance(&of_column);
            @let (first, rest) = metrics.split_at(OPEN.min(metrics.len()));
            h4 { "By " (column) }
            @for metric in first { (row(view, &of_column, metric)) }
            @if !rest.is_empty() {
                @let names = rest.join(", ");
                (fold_away(&format!("{} by {column}: {names}", plural(rest.len(), "more metric")), false, html! {
                    @for metric in rest { (row(view, &of_column, metric)) }
                }))
            }
        }
    }
}

/// The metrics of a column, those whose groups differ most first: the largest gap between two groups
/// of a model, in units of both their intervals.
fn by_distance<'a>(of_column: &[&'a ByGroup]) -> Vec<&'a str> {
    let gap = |g: &ByGroup| {
        let known: Vec<(f64, f64)> = g
            .parts
            .iter()
            .filter_map(|p| Some((p.value?, p.interval.as_ref().map(|i| (i.hi - i.lo) / 2.0)?)))
            .filter(|(value, half)| value.is_finite() && half.is_finite())
            .collect();
        let mut most: f64 = 0.0;
        for (i, a) in known.iter().enumerate() {
            for b in known.iter().skip(i + 1) {
                let both = a.1.hypot(b.1);
                if both > 0.0 {
                    most = most.max((a.0 - b.0).abs() / both);
                }
            }
        }
        most
    };
    let names = unique(of_column.iter().map(|g| g.metric.as_str()));
    let mut ranked: Vec<(&str, f64)> = Vec::new();
    for name in names {
        let most = of_column.iter().filter(|g| g.metric == name).map(|g| gap(g)).fold(0.0, f64::max);
        ranked.push((name, most));
    }
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    ranked.into_iter().map(|(name, _)| name).collect()
}

fn row(view: &View<'_>, of_column: &[&ByGroup], metric: &str) -> Markup {
    let several = unique(of_column.iter().map(|g| g.task.as_str())).len() > 1;
    let plots: Vec<&ByGroup> = of_column.iter().filter(|g| g.metric == metric).copied().collect();
    let shared = nice_domain(plots.iter().flat_map(|g| values(view, g)), 4);
    html! {
        p class="of" { (metric) }
        div class="multiples" {
            @for g in &plots {
                figure {
                    figcaption { (name(&g.model)) @if several { span class="sub" { "task " (g.task) } } }
                    (forest::groups(&format!("{} by {}, {}", g.metric, g.column, g.model), &g.parts, overall(view, g), shared))
                }
            }
        }
    }
}

fn overall(view: &View<'_>, g: &ByGroup) -> Option<f64> {
    view.pooled(&g.scenario, &g.task, &g.model, &g.metric).and_then(|c| c.value)
}

fn values(view: &View<'_>, g: &ByGroup) -> Vec<f64> {
    let mut out: Vec<f64> = overall(view, g).into_iter().collect();
    for part in g.parts.iter().filter(|p| p.value.is_some()) {
        out.extend(part.value);
        out.extend(part.interval.iter().flat_map(|i| [i.lo, i.hi]));
    }
    out
}

/// Groups downwards, models across.
fn table(view: &View<'_>, own: &[&ByGroup]) -> Markup {
    let mut kinds: Vec<(&str, &str, &str)> = Vec::new();
    for g in own {
        let kind = (g.task.as_str(), g.column.as_str(), g.metric.as_str());
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    html! {
        table class="plain cross" {
            caption class="unseen" { "Metrics by group" }
            thead { tr {
                th scope="col" { "Metric" } th scope="col" { "Group" }
                @for m in view.models() { th scope="col" { (name(&m.name)) } }
            } }
            @for (task, column, metric) in kinds {
                @let of: Vec<&ByGroup> =
                    own.iter().filter(|g| g.task == task && g.column == column && g.metric == metric).copied().collect();
                @let groups = unique(of.iter().flat_map(|g| g.parts.iter().map(|p| p.group.as_str())));
                tbody {
                    @for (i, group) in groups.iter().enumerate() {
                        tr {
                            @if i == 0 { th scope="rowgroup" rowspan=(groups.len()) { (name(metric)) span class="sub" { "by " (column) } } }
                            th scope="row" { (group) }
                            @for m in view.models() {
                                @let part = of.iter().find(|g| g.model == m.name).and_then(|g| g.parts.iter().find(|p| p.group == *group));
                                td { @match part { Some(part) => { (figure(part)) } None => { "not run" } } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn figure(part: &Part) -> Markup {
    html! {
        @match (part.value, &part.interval) {
            (Some(value), Some(i)) => {
                @let (value, ends) = with_interval(value, i.lo, i.hi);
                b { (value) } " " (ends.replace(' ', "\u{a0}"))
            }
            (Some(value), None) => { b { (number(value)) } }
            (None, _) => { i { "undefined" } }
        }
        " n\u{a0}" (count(part.n))
    }
}

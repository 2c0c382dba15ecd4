//! Reliability curves, and metrics by the levels of protected columns.

use super::{fold_away, name, nothing, scroll};
use crate::report::format::{count, number, percent, with_interval};
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

pub fn by_group(view: &View<'_>) -> Markup {
    let all = &view.results.body.plots.by_group;
    if all.is_empty() {
        return nothing("No protected column is declared, so no metric was split by group.");
    }
    html! {
        p class="intro" {
            "Each metric by the levels of a protected column, with 95% intervals. The dashed line is the model's value over all rows, "
            "where the benchmark measured it. Small groups have wide intervals: a gap between two of them may be chance."
        }
        @for (i, scenario) in view.scenarios().iter().enumerate() {
            @let own: Vec<&ByGroup> = all.iter().filter(|g| g.scenario == scenario.name).collect();
            @if !own.is_empty() {
                @let title = format!("Scenario {}", scenario.name);
                @if i == 0 { h3 { (title) } (columns(view, &own)) }
                @else { (fold_away(&title, false, columns(view, &own))) }
            }
        }
    }
}

fn columns(view: &View<'_>, own: &[&ByGroup]) -> Markup {
    let several = unique(own.iter().map(|g| g.task.as_str())).len() > 1;
    let keys = unique(own.iter().map(|g| g.column.as_str()));
    html! {
        @for column in keys {
            @for metric in unique(own.iter().filter(|g| g.column == column).map(|g| g.metric.as_str())) {
                @let plots: Vec<&&ByGroup> = own.iter().filter(|g| g.column == column && g.metric == metric).collect();
                @let shared = nice_domain(plots.iter().flat_map(|g| values(view, g)), 4);
                h4 { (metric) " by " (column) }
                div class="multiples wide" {
                    @for g in &plots {
                        figure {
                            figcaption { (name(&g.model)) @if several { span class="sub" { "task " (g.task) } } }
                            (forest::groups(&format!("{} by {}, {}", g.metric, g.column, g.model), &g.parts, overall(view, g), shared))
                        }
                    }
                }
            }
        }
        (fold_away("The same as a table", false, scroll("Metrics by group", table(own))))
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

fn table(own: &[&ByGroup]) -> Markup {
    html! {
        table class="plain" {
            caption class="unseen" { "Metrics by group" }
            thead { tr {
                th scope="col" { "Metric" } th scope="col" { "Model" } th scope="col" { "Group" }
                th scope="col" { "Value" } th scope="col" { "Interval" } th scope="col" { "n" }
            } }
            tbody {
                @for g in own { @for part in &g.parts {
                    tr {
                        th scope="row" { (g.metric) }
                        td { (name(&g.model)) } td { (g.column) " " (part.group) }
                        @match (part.value, &part.interval) {
                            (Some(value), Some(i)) => {
                                @let (value, ends) = with_interval(value, i.lo, i.hi);
                                td { (value) } td class="nowrap" { (ends) }
                            }
                            (Some(value), None) => { td { (number(value)) } td { "none" } }
                            (None, _) => { td { "undefined" } td { "none" } }
                        }
                        td { (count(part.n)) }
                    }
                } }
            }
        }
    }
}

//! Metric tables: every figure with its interval, noise floor, rows, folds, or why it has no value.

use super::{fold_away, name, nothing, scroll};
use crate::report::format::{count, level, number, plural, tick, with_interval};
use crate::report::plots::domain;
use crate::report::plots::interval::strip;
use crate::report::view::{View, unique};
use crate::suite::result::{Cell, ModelInfo};
use maud::{Markup, html};

pub fn section(view: &View<'_>) -> Markup {
    if view.results.body.cells.is_empty() {
        return nothing("This benchmark measured nothing.");
    }
    html! {
        p class="intro" {
            "Values are over the out-of-fold predictions together, with their interval in brackets (95% unless stated). The dots "
            "show the single folds, the bar across them the value over all; all models of a row share one scale, named at its left. The noise floor "
            "is what a perfect model would be expected to score at this n."
        }
        @for (i, scenario) in view.scenarios().iter().enumerate() {
            @let tables = html! {
                @for task in view.tasks() {
                    @if !view.metrics(&scenario.name, task).is_empty() { (table(view, &scenario.name, task)) }
                }
            };
            @if i == 0 { h3 { "Scenario " (scenario.name) } (tables) }
            @else { (fold_away(&format!("Scenario {}", scenario.name), false, tables)) }
        }
        (fold_away("Signatures: how each metric was computed", false, signatures(view)))
    }
}

fn table(view: &View<'_>, scenario: &str, task: &str) -> Markup {
    let metrics = view.metrics(scenario, task);
    let label = format!("Metrics of task {task} in scenario {scenario}");
    let (left_out, models): (Vec<&ModelInfo>, Vec<&ModelInfo>) =
        view.models().iter().partition(|m| view.shared_reason(scenario, task, &m.name).is_some());
    let body = scroll(
        &label,
        html! {
            table class="metrics" {
                caption class="unseen" { (label) }
                thead { tr { th scope="col" { "Metric" } @for m in &models { th scope="col" { (name(&m.name)) } } } }
                tbody {
                    @for metric in &metrics {
                        tr {
                            @let shared = row_domain(view, scenario, task, metric);
                            th scope="row" {
                                (name(metric)) span class="sub" { "dots from " (short(shared.0)) " to " (short(shared.1)) }
                            }
                            @for model in &models { td { (cell(view, scenario, task, &model.name, metric, shared)) } }
                        }
                    }
                }
            }
        },
    );
    html! {
        h4 { "Task " (task) }
        @if !models.is_empty() { (body) }
        @for model in left_out {
            p class="undefined" {
                (name(&model.name)) ": undefined"
                span class="sub" { (view.shared_reason(scenario, task, &model.name).unwrap_or("no reason was recorded")) }
            }
        }
    }
}

/// An end of the dots' scale: two digits tell enough.
fn short(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let step = 10f64.powf(value.abs().log10().floor() - 1.0);
    tick(value, if step.is_finite() { step.max(1e-4) } else { 1.0 })
}

fn row_domain(view: &View<'_>, scenario: &str, task: &str, metric: &str) -> (f64, f64) {
    domain(view.models().iter().flat_map(|m| {
        let pooled = view.pooled(scenario, task, &m.name, metric).and_then(|c| c.value);
        view.folds(scenario, task, &m.name, metric).into_iter().filter_map(|c| c.value).chain(pooled)
    }))
}

fn cell(view: &View<'_>, scenario: &str, task: &str, model: &str, metric: &str, shared: (f64, f64)) -> Markup {
    let Some(cell) = view.pooled(scenario, task, model, metric) else {
        return html! { span class="undefined" { "not run" } };
    };
    let folds = view.folds(scenario, task, model, metric);
    let dots: Vec<(&str, Option<f64>)> = folds.iter().map(|c| (c.fold.as_str(), c.value)).collect();
    html! {
        (estimate(cell))
        @if cell.value.is_some() && dots.iter().any(|d| d.1.is_some()) {
            (strip(&format!("Folds of {metric}, {model}"), &dots, cell.value, shared))
        }
        span class="sub" {
            "n " (count(cell.n))
            @if !cell.missing.is_zero() { " · " (count(cell.missing)) " missing" }
        }
    }
}

fn estimate(cell: &Cell) -> Markup {
    let Some(value) = cell.value else {
        let reason = cell.undefined.as_deref().unwrap_or("no reason was recorded");
        return html! { span class="undefined" { "undefined" span class="sub" { (reason) } } };
    };
    html! {
        @match &cell.interval {
            Some(i) => {
                @let (value, ends) = with_interval(value, i.lo, i.hi);
                span class="value" { (value) }
                span class="ends" title=(i.method) {
                    (ends) @if (i.level - 0.95).abs() > 1e-9 { " at " (level(i.level)) }
                }
            }
            None => { span class="value" { (number(value)) } span class="ends" { "no interval" } }
        }
        @if let Some(floor) = cell.noise_floor { span class="sub" { "noise floor " (number(floor)) } }
    }
}

fn signatures(view: &View<'_>) -> Markup {
    let cells = &view.results.body.cells;
    html! {
        p class="sub" { "Figures with different signatures are not comparable." }
        dl class="signatures" {
            @for metric in unique(cells.iter().map(|c| c.metric.as_str())) {
                @let of = unique(cells.iter().filter(|c| c.metric == metric).map(|c| c.signature.as_str()));
                dt {
                    (metric)
                    @if of.len() > 1 { " " span class="verdict open" { (plural(of.len(), "signature")) ": do not compare across them" } }
                }
                @for signature in of { dd { code { (signature) } } }
            }
        }
    }
}

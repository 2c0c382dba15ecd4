//! The data behind the run: synthetic beside real, scenarios declared and drawn, and the script's own
//! figures.

use super::{fold_away, name, nothing, scroll};
use crate::report::format::{constant, count, level, number, percent, plural, share, with_interval};
use crate::report::plots::{distribution, loss};
use crate::report::view::View;
use crate::suite::result::{Distribution, Figure, SEED_IS_SECRET, ScenarioInfo};
use maud::{Markup, html};

/// So many columns of a generator are open; the others, which are closer, are behind a summary.
const OPEN: usize = 11;

pub fn synthetic(view: &View<'_>) -> Markup {
    let body = &view.results.body;
    if body.generators.is_empty() {
        return nothing("This benchmark trains no generator; every row that was scored is real.");
    }
    html! {
        p class="intro" {
            "Synthetic rows should look like the real ones, column by column. A distance of 0 means equal distributions, 1 no overlap. "
            "The columns that differ most come first. The first and last bar of a histogram also hold what lies beyond them. Likeness of single columns does not show that the columns go together, nor that the data are anonymous."
        }
        @for spent in &body.privacy {
            p class="sub" { "Privacy spent on " (spent.dataset) " by all of its generators: " (spent.line()) "." }
        }
        @for g in &body.generators {
            h3 { "Generator " (g.name) }
            p class="sub" {
                (g.kind) " on " (g.dataset) ", " (plural(g.epochs, "epoch")) ", " (plural(g.rows_sampled, "row")) " sampled"
            }
            @if let Some(cells) = &g.small_cells {
                p class="sub" { "Small cells: " (cells.line()) "." }
            }
            @if let Some(p) = &g.privacy {
                p class="sub" {
                    "Privacy of what it makes: " (p.line()) ". Figures that compare it with real rows are not covered, and "
                    (SEED_IS_SECRET) "."
                }
            }
            p class="legend" {
                span class="swatch real" {} "real (filled)  " span class="swatch synthetic" {} "synthetic (outline, or lower bar)"
            }
            @let mut own: Vec<&Distribution> = body.plots.distributions.iter().filter(|d| d.generator == g.name).collect();
            @let () = own.sort_by(|a, b| b.distance.total_cmp(&a.distance));
            @let (first, rest) = own.split_at(OPEN.min(own.len()));
            div class="multiples wide" {
                @if !g.generator_loss.is_empty() || !g.critic_loss.is_empty() {
                    figure {
                        figcaption { "Training" span class="sub" { "losses of generator and critic" } }
                        (loss::curves(g))
                    }
                }
                @for d in first { (column(d)) }
            }
            @if !rest.is_empty() {
                (fold_away(&format!("{}, closer than these", plural(rest.len(), "more column")), false, html! {
                    div class="multiples wide" { @for d in rest { (column(d)) } }
                }))
            }
        }
    }
}

fn column(d: &Distribution) -> Markup {
    html! {
        figure {
            figcaption {
                (d.column)
                span class="sub" {
                    (d.distance_name) " " (constant(d.distance))
                    " · missing: real " (share(d.real_missing)) ", synthetic " (percent(d.synthetic_missing))
                }
            }
            (distribution::plot(d))
        }
    }
}

pub fn scenarios(view: &View<'_>) -> Markup {
    if view.scenarios().is_empty() {
        return nothing("This benchmark declares no scenario.");
    }
    html! {
        p class="intro" {
            "A scenario declares a mix of people and a prevalence; the test set is drawn to meet it. The bar is what was drawn, the "
            "mark on it what was declared."
        }
        @for scenario in view.scenarios() {
            h3 { (scenario.name) }
            p class="sub" { (plural(scenario.rows, "row")) ", prevalence " (share(scenario.prevalence)) }
            @if scenario.mix.is_empty() { (nothing("No mix is declared: rows are drawn as they come.")) }
            @else { (mix(scenario)) }
        }
    }
}

fn mix(scenario: &ScenarioInfo) -> Markup {
    let label = format!("Declared and drawn mix of {}", scenario.name);
    scroll(
        &label,
        html! {
            table class="plain" {
                caption class="unseen" { (label) }
                thead { tr {
                    th scope="col" { "Column" } th scope="col" { "Level" } th scope="col" class="num" { "Declared" }
                    th scope="col" class="num" { "Drawn" } th scope="col" class="num" { "n" } th scope="col" { "Drawn against declared" }
                } }
                tbody {
                    @for (i, entry) in scenario.mix.iter().enumerate() {
                        @let before = i.checked_sub(1).and_then(|i| scenario.mix.get(i));
                        @let differs = entry.declared.zip(entry.drawn).is_some_and(|(d, drawn)| (d - drawn).abs() > 0.005);
                        tr class=[(before.is_some_and(|b| b.column != entry.column)).then_some("first")] {
                            th scope="row" { (entry.column) }
                            td { (entry.level) }
                            td class="num" { (entry.declared.map_or_else(|| undeclared(entry.drawn), percent)) }
                            td class="num" { (share(entry.drawn)) @if differs { span class="sub" { "differs" } } }
                            td class="num" { (count(entry.n)) }
                            td {
                                @if let Some(drawn) = entry.drawn {
                                    (distribution::share(&format!("{} {}", entry.column, entry.level), drawn, entry.declared))
                                }
                            }
                        }
                    }
                }
            }
        },
    )
}

/// A declared share stands for the drawn one, so it is withheld along with it.
fn undeclared(drawn: Option<f64>) -> String {
    if drawn.is_some() { "not declared".to_owned() } else { share(None) }
}

pub fn figures(view: &View<'_>) -> Markup {
    let figures = &view.results.body.figures;
    if figures.is_empty() {
        return nothing("The script computes no figures of its own.");
    }
    scroll(
        "Figures of the script",
        html! {
            table class="plain" {
                caption { "What the script computes over the data with " code { "let" } }
                thead { tr {
                    th scope="col" { "Figure" } th scope="col" { "Value" } th scope="col" { "Interval" } th scope="col" class="num" { "n" }
                    th scope="col" { "Formula" }
                } }
                tbody { @for figure in figures { (row(figure)) } }
            }
        },
    )
}

fn row(figure: &Figure) -> Markup {
    html! {
        tr {
            th scope="row" { (name(&figure.name)) @if let Some(doc) = &figure.doc { span class="sub" { (doc) } } }
            @match (figure.value, &figure.interval) {
                (Some(value), Some(i)) => {
                    @let (value, ends) = with_interval(value, i.lo, i.hi);
                    td { span class="value" { (value) } (floor(figure)) }
                    td class="nowrap" { (ends) span class="sub" { (level(i.level)) ", " (i.method) } }
                }
                (Some(value), None) => { td { span class="value" { (number(value)) } (floor(figure)) } td { "none" } }
                (None, _) => {
                    td class="undefined" colspan="2" {
                        "undefined"
                        span class="sub" { (figure.undefined.as_deref().unwrap_or("no reason was recorded")) }
                    }
                }
            }
            td class="num" { (count(figure.n)) }
            td { code { (figure.formula) } }
        }
    }
}

fn floor(figure: &Figure) -> Markup {
    html! { @if let Some(floor) = figure.noise_floor { span class="sub" { "noise floor " (number(floor)) } } }
}

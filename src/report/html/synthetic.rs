//! Reports on generators: what is worst in words, the figures between real rows and controls, and pictures of what
//! they are made of.

use super::{fold_away, name, nothing, scroll};
use crate::report::format::{count, fixed, list, percent, plural, share};
use crate::report::plots::{disparity, distribution, heat, shapes};
use crate::report::view::View;
use crate::suite::result::Distribution;
use crate::suite::synthetic::record::{
    Distances, Figure, Line, MissingTogether, RuleResult, Section, Subgroup, SyntheticReport,
};
use maud::{Markup, html};

/// Columns of a heat map at the most; the worst are shown.
const MOST_COLUMNS: usize = 24;
/// Columns, and groups, of a picture at the most; the worst are shown.
const MOST_BARS: usize = 24;

pub fn section(view: &View<'_>) -> Markup {
    let reports = &view.results.body.synthetic;
    if reports.is_empty() {
        return nothing("The script asks for no report on a generator.");
    }
    html! {
        p class="intro" {
            "Each figure of the generator stands between what real rows score in the place of the synthetic ones and what three controls score: "
            "rows without dependence, copies of the training rows, a Gaussian copula. A figure that is no better than the controls' "
            "says that the generator adds nothing; copies show what an attack finds when everything was memorised."
        }
        @for report in reports {
            h3 { "Generator " (name(&report.generator)) }
            p class="sub" {
                (report.kind) " on " (report.dataset) ": " (plural(report.train_rows, "row")) " learned, "
                (count(report.holdout_rows)) " held out, " (count(report.synthetic_rows)) " synthetic"
            }
            @for section in &report.sections {
                h4 { (title(&section.name)) }
                p { (quoted(&section.says)) }
                (pictures(report, section))
                (table(report, section))
            }
            @if !report.notes.is_empty() {
                h4 { "How it was made" }
                ul class="warnings" { @for note in &report.notes { li { (quoted(note)) } } }
            }
        }
    }
}

/// Words between back-ticks are names.
fn quoted(text: &str) -> Markup {
    html! { @for (i, part) in text.split('`').enumerate() { @if i % 2 == 1 { code { (part) } } @else { (part) } } }
}

fn title(section: &str) -> &str {
    match section {
        "fidelity" => "Fidelity: do the rows look real?",
        "utility" => "Utility: do models learned from them work on real rows?",
        "privacy" => "Privacy: what do they tell about the people behind them?",
        "fairness" => "Fairness: how are groups treated?",
        "coverage" => "Coverage: is anybody left out?",
        "missingness" => "Missing values: are the same things missing?",
        "validity" => "Validity: are the schema's rules kept?",
        other => other,
    }
}

fn pictures(report: &SyntheticReport, section: &Section) -> Markup {
    html! {
        div class="multiples wide" {
            @match section.name.as_str() {
                "fidelity" => {
                    @if !report.columns.is_empty() {
                        figure {
                            figcaption { "Shapes of columns" span class="sub" { "1 is equal; the mark is real rows against real rows" } }
                            (shapes::plot(&report.columns, MOST_BARS))
                        }
                    }
                    @if report.pairs.len() > 1 {
                        figure {
                            figcaption { "Trends of pairs" span class="sub" { "darker: the dependence of the two columns is further from the real one" } }
                            (heat::plot(&report.pairs, MOST_COLUMNS))
                        }
                    }
                }
                "privacy" => {
                    @if let Some(d) = &report.distances { (distances(d)) }
                }
                "coverage" => {
                    @let shown: Vec<&Subgroup> = report.subgroups.iter().filter(|g| g.log_disparity.is_some()).take(MOST_BARS).collect();
                    @if !shown.is_empty() {
                        figure {
                            figcaption { "Subgroups" span class="sub" { "log disparity with 95% interval: 0 is right, left too rare, right too frequent" } }
                            (disparity::plot(&shown))
                        }
                    }
                }
                _ => {}
            }
        }
        @match section.name.as_str() {
            "coverage" => (groups(&report.subgroups)),
            "missingness" => (together(&report.missing_together)),
            "validity" => (rules(&report.rules)),
            _ => {}
        }
    }
}

/// Rows by their distance to the closest training record, drawn as a column's distribution is.
fn distances(d: &Distances) -> Markup {
    let picture = Distribution {
        generator: String::new(),
        column: "distance to the closest training record".into(),
        unit: Some("SD".into()),
        edges: d.edges.clone(),
        levels: Vec::new(),
        real: d.holdout.clone(),
        synthetic: d.synthetic.clone(),
        real_missing: None,
        synthetic_missing: 0.0,
        distance: d.holdout.iter().zip(&d.synthetic).map(|(a, b)| (a - b).abs()).sum::<f64>() / 2.0,
        distance_name: "total variation".into(),
    };
    html! {
        figure {
            figcaption {
                "Closest training record" span class="sub" {
                    "hold-out rows (filled), synthetic rows (outline); a sanity check: distance is no evidence of privacy"
                }
            }
            (distribution::plot(&picture))
        }
    }
}

fn table(report: &SyntheticReport, section: &Section) -> Markup {
    // Where nothing could be measured the sentence has said why.
    if section.lines.iter().all(|l| l.own.value.is_none() && l.ceiling.value.is_none()) {
        return html! {};
    }
    let label = format!("{} of {}", section.name, report.generator);
    scroll(
        &label,
        html! {
            table class="metrics" {
                caption class="unseen" { (label) }
                thead { tr {
                    th scope="col" { "Figure" }
                    th scope="col" { (name(&report.generator)) }
                    th scope="col" { "Real rows" }
                    @for control in &report.controls { th scope="col" { (name(control)) } }
                } }
                tbody { @for line in &section.lines { (row(line)) } }
            }
        },
    )
}

fn row(line: &Line) -> Markup {
    html! {
        tr {
            th scope="row" {
                (line.title)
                span class="sub" { (line.aim.words()) @if line.sanity_check { "; sanity check only" } }
            }
            (cell(&line.own, true))
            (cell(&line.ceiling, false))
            @for floor in &line.floors { (cell(floor, false)) }
        }
    }
}

fn cell(figure: &Figure, own: bool) -> Markup {
    html! {
        td {
            @match figure.value {
                Some(v) if own => { span class="value" { (fixed(v, 3)) } }
                Some(v) => { (fixed(v, 3)) }
                None => { span class="undefined" { "undefined" span class="sub" { (figure.undefined.as_deref().unwrap_or("")) } } }
            }
            @if let Some(i) = &figure.interval { span class="ends" { "[" (fixed(i.lo, 3)) ", " (fixed(i.hi, 3)) "]" } }
            @if own && !figure.notes.is_empty() {
                @let notes: Vec<&str> = figure.notes.iter().map(String::as_str).collect();
                span class="sub" { (quoted(&list(&notes))) }
            }
        }
    }
}

fn groups(all: &[Subgroup]) -> Markup {
    if all.is_empty() {
        return html! {};
    }
    fold_away(
        "Subgroups as a table",
        false,
        scroll(
            "Subgroups",
            html! {
                table class="plain" {
                    caption class="unseen" { "Subgroups" }
                    thead { tr {
                        th scope="col" { "Group" } th scope="col" { "Real rows" } th scope="col" { "Real share" }
                        th scope="col" { "Synthetic share" } th scope="col" { "Log disparity" }
                    } }
                    tbody {
                        @for g in all {
                            tr {
                                th scope="row" { (name(&g.name)) @if g.lost { span class="sub" { "lost" } } }
                                td { (count(g.real_rows)) } td { (share(g.real)) } td { (percent(g.synthetic)) }
                                td class="nowrap" {
                                    @match g.log_disparity { Some(v) => { (fixed(v, 2)) } None => { "withheld" } }
                                    @if let Some(i) = &g.interval { " [" (fixed(i.lo, 2)) ", " (fixed(i.hi, 2)) "]" }
                                }
                            }
                        }
                    }
                }
            },
        ),
    )
}

fn together(all: &[MissingTogether]) -> Markup {
    if all.is_empty() {
        return html! {};
    }
    fold_away(
        "What is missing together",
        false,
        scroll(
            "Missing together",
            html! {
                table class="plain" {
                    caption class="unseen" { "Missing together" }
                    thead { tr { th scope="col" { "Missing" } th scope="col" { "given that this is missing" } th scope="col" { "Real" } th scope="col" { "Synthetic" } } }
                    tbody {
                        @for m in all {
                            tr {
                                th scope="row" { (name(&m.column)) } td { (name(&m.given)) } td { (share(m.real)) } td { (share(m.synthetic)) }
                            }
                        }
                    }
                }
            },
        ),
    )
}

fn rules(all: &[RuleResult]) -> Markup {
    let broken: Vec<&RuleResult> = all.iter().filter(|r| r.broken > 0).collect();
    html! {
        @if !broken.is_empty() {
            ul class="warnings" { @for rule in broken { li { (quoted(&rule.rule)) ": " (plural(rule.broken, "row")) } } }
        }
    }
}

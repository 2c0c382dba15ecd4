//! The page: one HTML file that opens from disk and asks nothing of any network.
//!
//! Fixes the order of the sections and the frame around them. It holds no script at all, and a
//! content security policy makes the browser refuse any load. Knows nothing of how a figure was made.

mod checks;
mod data;
mod groups;
mod headline;
mod metrics;
mod receipt;
mod synthetic;
mod verdicts;

use super::format::is_unsafe;
use super::view::{View, glyph, word};
use crate::suite::result::{Results, Verdict};
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = include_str!("../style.css");
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/// The whole page for a run.
pub fn page(results: &Results) -> String {
    let view = View::new(results);
    let benchmark = &results.body.benchmark;
    let sections = sections(&view);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="generator" content={ (results.body.tool.name) " " (results.body.tool.version) };
                title { (benchmark.name) " " (benchmark.version) " · benchmark report" }
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
            }
            body {
                a class="skip" href={ "#" (sections.first().map_or("receipt", |s| s.0)) } { "Skip to the verdicts" }
                (headline::header(&view))
                div class="columns" {
                    nav class="toc" aria-label="Sections" {
                        ol { @for (id, title, _) in &sections { li { a href={ "#" (id) } { (title) } } } }
                    }
                    main {
                        @for (id, title, content) in &sections {
                            section id=(id) aria-labelledby={ "h-" (id) } {
                                h2 id={ "h-" (id) } { (title) }
                                (content)
                            }
                        }
                    }
                }
                (receipt::footer(&view))
            }
        }
    };
    // Text from scripts and data may hold characters that hide or reorder what follows them.
    let keep = |c: char| {
        if is_unsafe(c) && c != '\n' { '\u{FFFD}' } else { c }
    };
    page.into_string().chars().map(keep).collect()
}

fn sections(view: &View<'_>) -> Vec<(&'static str, &'static str, Markup)> {
    let checks = &view.results.body.checks;
    let checked = ("checks", "Checks", checks::section(checks));
    // Without a benchmark there is nothing else to show.
    let reports = &view.results.body.synthetic;
    let reported = ("generators", "Reports on generators", synthetic::section(view));
    if view.scenarios().is_empty() && !(checks.is_empty() && reports.is_empty()) {
        let mut out = Vec::new();
        if !checks.is_empty() {
            out.push(checked);
        }
        if !reports.is_empty() {
            out.push(reported);
        }
        out.push(("receipt", "Data and receipt", receipt::section(view)));
        return out;
    }
    let mut out = vec![
        ("verdicts", "Verdicts", verdicts::section(view)),
        ("metrics", "Metrics", metrics::section(view)),
        ("calibration", "Calibration", groups::reliability(view)),
        ("groups", "Metrics by group", groups::by_group(view)),
        ("synthetic", "Real and synthetic data", data::synthetic(view)),
        ("scenarios", "Scenarios", data::scenarios(view)),
        ("figures", "Figures", data::figures(view)),
        ("receipt", "Data and receipt", receipt::section(view)),
    ];
    if !reports.is_empty() {
        let after = out.iter().position(|s| s.0 == "synthetic").map_or(out.len(), |at| at + 1);
        out.insert(after, reported);
    }
    if !checks.is_empty() {
        out.insert(1, checked);
    }
    out
}

/// The style class of a verdict.
fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
        Verdict::Inconclusive => "open",
        Verdict::NotApplicable => "na",
        Verdict::Unknown => "unknown",
    }
}

/// A verdict as sign and word.
fn pill(verdict: Verdict) -> Markup {
    html! {
        span class={ "verdict " (class(verdict)) } {
            span aria-hidden="true" { (glyph(verdict)) } " " (word(verdict))
        }
    }
}

/// A name that may break where its words join, and only there while there is room.
fn name(text: &str) -> Markup {
    html! { @for piece in text.split_inclusive(['_', '(', ',', '/', '.']) { (piece) wbr; } }
}

/// A container that scrolls by itself, so that the page never does sideways.
fn scroll(label: &str, content: Markup) -> Markup {
    html! { div class="scroll" role="region" tabindex="0" aria-label=(label) { (content) } }
}

/// Content behind a summary; it opens without a script.
fn fold_away(summary: &str, open: bool, content: Markup) -> Markup {
    html! { details open[open] { summary { (summary) } div class="inside" { (content) } } }
}

/// A sentence where a section has nothing to show.
fn nothing(sentence: &str) -> Markup {
    html! { p class="nothing" { (sentence) } }
}

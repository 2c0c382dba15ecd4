//! The head of the page: what was run, and the key answer in one sentence a model.

use super::verdicts::{anchor, sides};
use super::{class, name, pill};
use crate::report::format::{list, plural};
use crate::report::view::{View, answer, glyph, names_with, score, verdict_sentence, word};
use crate::suite::result::{PolicyResult, Verdict};
use maud::{Markup, html};

pub fn header(view: &View<'_>) -> Markup {
    let body = &view.results.body;
    let benchmark = &body.benchmark;
    html! {
        header class="masthead" {
            p class="eyebrow" {
                @if !body.scenarios.is_empty() { "Benchmark report" }
                @else if body.checks.is_empty() { "Report on generators" }
                @else { "Checks" }
             }
            h1 { (name(&benchmark.name)) " " span class="version" { (benchmark.version) } }
            p class="lead" { (what_was_run(view)) }
            @if let Some(doc) = &body.script.doc {
                div class="abstract" { @for part in doc.split("\n\n") { p { (part) } } }
            }
            @if view.results.receipt.interrupted {
                p class="banner" role="alert" {
                    strong { "This run was stopped before its end." } " Only what was finished is shown here."
                }
            }
            (answers(view))
            p class="digest" { "Digest " code { (view.results.digest) } }
        }
    }
}

fn what_was_run(view: &View<'_>) -> String {
    let body = &view.results.body;
    let data: Vec<String> = body.datasets.iter().map(|d| format!("{} ({})", d.name, plural(d.rows, "row"))).collect();
    let data: Vec<&str> = data.iter().map(String::as_str).collect();
    let reports: Vec<&str> = body.synthetic.iter().map(|r| r.generator.as_str()).collect();
    let reported = match reports.as_slice() {
        [] => String::new(),
        own => format!(" A report on {}.", list(own)),
    };
    if body.scenarios.is_empty() && body.checks.is_empty() && !reports.is_empty() {
        return format!("{} on {}: {}.", plural(reports.len(), "report"), list(&data), list(&reports));
    }
    if body.scenarios.is_empty() {
        let all = || body.checks.iter().flat_map(|c| &c.constraints);
        let of = |v: &[Verdict]| all().filter(|c| v.contains(&c.verdict)).count();
        return format!(
            "{} on {}: of {}, {} pass, {} fail, {} are open, {} do not apply.{reported}",
            plural(body.checks.len(), "check"),
            list(&data),
            plural(all().count(), "constraint"),
            of(&[Verdict::Pass]),
            of(&[Verdict::Fail]),
            of(&[Verdict::Inconclusive, Verdict::Unknown]),
            of(&[Verdict::NotApplicable]),
        );
    }
    let tasks = view.tasks();
    let mut text = format!(
        "{} in {}, on {} ({}), with {}",
        plural(body.models.len(), "model"),
        plural(body.scenarios.len(), "scenario"),
        plural(tasks.len(), "task"),
        list(&tasks),
        plural(body.benchmark.folds as usize, "fold"),
    );
    if !data.is_empty() {
        text.push_str(&format!(", from {}", list(&data)));
    }
    match &body.benchmark.as_of {
        Some(date) => text.push_str(&format!(". Policies as of {date}.")),
        None => text.push('.'),
    }
    text.push_str(&reported);
    text
}

fn answers(view: &View<'_>) -> Markup {
    let Some(base) = view.base() else {
        return html! {};
    };
    let boards = view.boards(&base.name);
    html! {
        section class="answers" aria-label="Key answer" {
            p class="key" {
                (verdict_sentence(&boards, view.models().len()))
                @if !boards.is_empty() { " " span class="where" { "Scenario " (base.name) "." } }
            }
            ul class="cards" {
                @for model in view.models() {
                    @for board in &boards {
                        @for result in board.results.iter().filter(|r| r.model == model.name) {
                            li class="card" { (card(view, result)) }
                        }
                    }
                }
            }
        }
    }
}

fn card(view: &View<'_>, result: &PolicyResult) -> Markup {
    let elsewhere: Vec<&PolicyResult> = view
        .results
        .body
        .policies
        .iter()
        .filter(|p| p.model == result.model && p.name == result.name && p.task == result.task)
        .filter(|p| p.scenario != result.scenario)
        .collect();
    html! {
        h3 { (name(&result.model)) }
        p class="score" {
            strong { (score(result.compliance)) } " compliance"
            span class="sub" { (result.name) " · strict " (score(result.strict)) " · coverage " (score(result.coverage)) }
        }
        (marks(result))
        p class="answer" { (answer(result)) }
        (why_not(result))
        @if !elsewhere.is_empty() {
            p class="sub" {
                "Elsewhere: "
                @for (i, p) in elsewhere.iter().enumerate() {
                    @if i > 0 { ", " }
                    (name(&p.scenario)) " " (score(p.compliance)) " (" (names_with(p, Verdict::Fail).len()) " failed)"
                }
                "."
            }
        }
    }
}

/// What is not met, with both sides, and what was left open; each leads to its evidence.
fn why_not(result: &PolicyResult) -> Markup {
    let open = [Verdict::Fail, Verdict::Unknown, Verdict::Inconclusive];
    html! {
        ul class="why" {
            @for verdict in open {
                @for c in result.constraints.iter().filter(|c| c.verdict == verdict) {
                    li {
                        span class={ "sign " (class(c.verdict)) } aria-hidden="true" { (glyph(c.verdict)) }
                        span {
                            span class="unseen" { (word(c.verdict)) ": " }
                            a href={ "#" (anchor(result, &c.name)) } { (name(&c.name)) }
                            span class="sub" { (sides(c)) }
                        }
                    }
                }
            }
        }
    }
}

/// One small square a constraint: a sign in the verdict's colour.
fn marks(result: &PolicyResult) -> Markup {
    html! {
        p class="marks" {
            @for constraint in &result.constraints {
                span class={ "mark " (class(constraint.verdict)) }
                    title={ (constraint.name) ": " (word(constraint.verdict)) } {
                    span aria-hidden="true" { (glyph(constraint.verdict)) }
                    span class="unseen" { (constraint.name) ": " (word(constraint.verdict)) ". " }
                }
            }
        }
    }
}

/// The key to the five verdicts.
pub fn key() -> Markup {
    html! {
        dl class="verdict-key" {
            @for verdict in crate::report::view::VERDICTS {
                div { dt { (pill(verdict)) } dd { (crate::report::view::meaning(verdict)) } }
            }
        }
    }
}

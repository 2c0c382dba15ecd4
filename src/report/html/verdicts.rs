//! The verdict matrix, and every constraint with its evidence.

use super::{class, fold_away, headline, name as broken, nothing, pill, scroll};
use crate::eval::estimate::Part;
use crate::report::format::{compared, constant, count, level, number, with_interval};
use crate::report::plots::interval::{Against, against};
use crate::report::plots::nice_domain;
use crate::report::view::{Allowed, Board, View, allowed, by_value_alone, score};
use crate::suite::result::{ConstraintResult, PolicyResult};
use maud::{Markup, html};

pub fn section(view: &View<'_>) -> Markup {
    let boards: Vec<Vec<Board<'_>>> = view.scenarios().iter().map(|s| view.boards(&s.name)).collect();
    if boards.iter().all(Vec::is_empty) {
        return nothing("This benchmark decides no policy.");
    }
    html! {
        p class="intro" {
            "Compliance is one minus the share of failed constraints among those that could be decided. The strict score "
            "also counts inconclusive and unknown ones as violations. Coverage is the share of applicable constraints that "
            "could be decided."
        }
        (headline::key())
        @for (i, boards) in boards.iter().enumerate() {
            @for board in boards {
                @let title = format!("{} in scenario {}", board.policy, board.scenario);
                @if i == 0 { h3 { (title) } (matrix(view, board)) }
                @else { (fold_away(&title, true, matrix(view, board))) }
            }
        }
        @if let Some(base) = boards.first() {
            @for board in base {
                h3 { "The constraints of " (board.policy) ", one by one" }
                @for name in &board.constraints { (constraint(view, &boards, board, name)) }
            }
        }
    }
}

fn matrix(view: &View<'_>, board: &Board<'_>) -> Markup {
    let label = format!("Verdicts of {} in scenario {}", board.policy, board.scenario);
    let models: Vec<&str> =
        view.models().iter().map(|m| &*m.name).filter(|m| board.results.iter().any(|r| r.model == *m)).collect();
    let total = |model: &str, of: fn(&PolicyResult) -> Option<f64>| {
        board.results.iter().find(|r| r.model == model).map_or_else(|| "not run".to_owned(), |r| score(of(r)))
    };
    scroll(
        &label,
        html! {
            table class="matrix" {
                caption { "Task " (board.task) @if let Some(date) = board.as_of { ", as of " (date) } }
                thead {
                    tr { th scope="col" { "Constraint" } @for model in &models { th scope="col" { (broken(model)) } } }
                }
                tbody {
                    @for name in &board.constraints {
                        tr {
                            th scope="row" { (linked(board, name)) }
                            @for model in &models {
                                td { @match board.find(model, name) {
                                    Some(c) => { (pill(c.verdict)) span class="sub" { (sides(c)) } }
                                    None => { span class="sub" { "not decided for this model" } }
                                } }
                            }
                        }
                    }
                }
                tfoot {
                    tr { th scope="row" { "Compliance" } @for m in &models { td { strong { (total(m, |r| r.compliance)) } } } }
                    tr { th scope="row" { "Strict" } @for m in &models { td { (total(m, |r| r.strict)) } } }
                    tr { th scope="row" { "Coverage" } @for m in &models { td { (total(m, |r| r.coverage)) } } }
                }
            }
        },
    )
}

/// Both sides in a few characters: `0.0412, limit 0.03`.
pub fn sides(c: &ConstraintResult) -> String {
    match (c.left, c.threshold.or(c.right)) {
        (Some(left), Some(right)) => {
            let (left, right) = compared(left, right);
            if c.threshold.is_some() { format!("{left}, limit {right}") } else { format!("{left} against {right}") }
        }
        (Some(left), None) => number(left),
        (None, Some(right)) => format!("no value, limit {}", constant(right)),
        (None, None) => "no value".to_owned(),
    }
}

fn linked(board: &Board<'_>, name: &str) -> Markup {
    html! {
        @match board.results.first() {
            Some(result) => { a href={ "#" (anchor(result, name)) } { (broken(name)) } }
            None => { (broken(name)) }
        }
    }
}

/// An id made of what identifies a constraint; letters and digits only.
pub fn anchor(of: &PolicyResult, name: &str) -> String {
    let mut out = String::from("c");
    for part in [of.name.as_str(), of.task.as_str(), name] {
        out.push('-');
        for c in part.chars() {
            if c.is_ascii_alphanumeric() { out.push(c) } else { out.push_str(&format!("_{:x}", u32::from(c))) }
        }
    }
    out
}

/// One outcome of a constraint, and where it was found.
struct Outcome<'a> {
    model: &'a str,
    scenario: &'a str,
    result: &'a ConstraintResult,
}

fn constraint(view: &View<'_>, boards: &[Vec<Board<'_>>], base: &Board<'_>, name: &str) -> Markup {
    let mut outcomes = Vec::new();
    for board in boards.iter().flatten().filter(|b| b.policy == base.policy && b.task == base.task) {
        for model in view.models() {
            if let Some(result) = board.find(&model.name, name) {
                outcomes.push(Outcome { model: &model.name, scenario: board.scenario, result });
            }
        }
    }
    let Some(first) = outcomes.first().map(|o| o.result) else {
        return html! {};
    };
    let side = allowed(outcomes.iter().map(|o| o.result));
    let values = outcomes.iter().flat_map(|o| {
        let ends = o.result.left_interval.as_ref().map(|i| [i.lo, i.hi]);
        let own = [o.result.left, o.result.threshold.or(o.result.right)];
        own.into_iter().flatten().chain(ends.into_iter().flatten())
    });
    let domain = nice_domain(values, 4);
    html! {
        article class="constraint" id=[base.results.first().map(|r| anchor(r, name))] {
            header {
                h4 { (broken(name)) }
                p class="authority" {
                    span class="tag" { (first.authority) }
                    @match &first.cite {
                        Some(cite) => { (cite) }
                        None => { "no citation in the script" }
                    }
                }
            }
            @if let Some(doc) = &first.doc { p class="doc" { (doc) } }
            p class="rule" { code { (first.rule) } }
            @for scenario in view.scenarios() {
                @let own: Vec<&Outcome<'_>> = outcomes.iter().filter(|o| o.scenario == scenario.name).collect();
                @if !own.is_empty() {
                    @let rows = html! { ul class="outcomes" { @for o in together(&own) { (outcome(&o, side, domain)) } } };
                    @if scenario.name == base.scenario {
                        h5 { "Scenario " (scenario.name) } (rows)
                    } @else {
                        (fold_away(&format!("Scenario {}", scenario.name), false, rows))
                    }
                }
            }
        }
    }
}

/// One row for several models where the evidence is the same to the letter and holds no figure.
fn together<'a>(own: &[&Outcome<'a>]) -> Vec<Outcome<'a>> {
    let alike = |a: &ConstraintResult, b: &ConstraintResult| {
        a.left.is_none() && b.left.is_none() && a.verdict == b.verdict && a.why == b.why && a.witnesses == b.witnesses
    };
    let row = |o: &Outcome<'a>| Outcome { model: o.model, scenario: o.scenario, result: o.result };
    match own {
        [first, rest @ ..] if !rest.is_empty() && rest.iter().all(|o| alike(first.result, o.result)) => {
            vec![Outcome { model: "every model", ..row(first) }]
        }
        _ => own.iter().map(|o| row(o)).collect(),
    }
}

fn outcome(o: &Outcome<'_>, side: Option<Allowed>, domain: (f64, f64)) -> Markup {
    let c = o.result;
    let limit = c.threshold.or(c.right);
    let title = format!("{} against its limit, {} in scenario {}", c.name, o.model, o.scenario);
    html! {
        li class="outcome" {
            div class="who" { strong { (broken(o.model)) } (pill(c.verdict)) }
            div class="picture" {
                @if c.left.is_some() || limit.is_some() {
                    (against(&Against {
                        title: &title,
                        value: c.left,
                        interval: c.left_interval.as_ref().map(|i| (i.lo, i.hi)),
                        limit,
                        limit_is_constant: c.threshold.is_some(),
                        allowed: side,
                        domain,
                        class: class(c.verdict),
                    }))
                } @else { p class="sub" { "no value to draw" } }
            }
            div class="words" {
                p { (c.why) }
                p class="sub" { (evidence(c)) }
                @if !c.witnesses.is_empty() { (witnesses(&c.witnesses)) }
            }
        }
    }
}

/// What the sentence does not say yet: limit, method, confidence, rows.
fn evidence(c: &ConstraintResult) -> String {
    let mut parts = Vec::new();
    match (c.left, &c.left_interval) {
        // Most sentences hold the value and its interval.
        (Some(value), Some(i)) if c.why.contains(&constant(value)) && c.why.contains(&constant(i.hi)) => {
            parts.push(format!("{} interval by {}", level(i.level), i.method));
        }
        (Some(value), Some(i)) => {
            let (value, ends) = with_interval(value, i.lo, i.hi);
            parts.push(format!("value {value} {ends} ({}, {})", level(i.level), i.method));
        }
        (Some(value), None) => parts.push(format!("value {}", constant(value))),
        (None, _) => parts.push("no value".to_owned()),
    }
    match (c.threshold, c.right) {
        (Some(threshold), _) => parts.push(format!("limit {}", constant(threshold))),
        (None, Some(right)) => parts.push(format!("other side {}", number(right))),
        (None, None) => {}
    }
    if let Some(confidence) = c.confidence.filter(|_| c.left.is_some()) {
        parts.push(format!("decided at {} confidence", level(confidence)));
    }
    if by_value_alone(c) {
        parts.push(
            "decided on the value alone: the rule asks for no confidence, and the interval contains the limit".into(),
        );
    }
    parts.push(format!("n {}", count(c.n)));
    parts.join(" · ")
}

fn witnesses(parts: &[Part]) -> Markup {
    html! {
        ul class="witnesses" aria-label="Witnesses" {
            @for part in parts {
                li {
                    b { (part.group) }
                    @if let Some(value) = part.value { " " (number(value)) }
                    span class="sub" { " n " (count(part.n)) }
                }
            }
        }
    }
}

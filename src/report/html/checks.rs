//! What the script checks without a model: each verdict with its clauses, who shows it, what would change it.

use super::{class, fold_away, name, pill, scroll};
use crate::policy::clause::{Clause, Counts, Kind, Witness};
use crate::report::format::{count, number};
use crate::report::view::{glyph, score};
use crate::suite::result::{ConstraintResult, PolicyResult, Verdict};
use maud::{Markup, html};

pub fn section(checks: &[PolicyResult]) -> Markup {
    html! {
        p class="intro" {
            "Each check asks a policy of some data. Open a constraint to see its clauses, who shows the verdict, and the "
            "smallest change that would turn it."
        }
        @for result in checks {
            h3 { (name(&result.name)) " on " (name(&result.scenario)) }
            p class="sub" {
                @if let Some(day) = &result.as_of { "as of " (day) " · " }
                "compliance " (score(result.compliance)) " · strict " (score(result.strict)) " · coverage " (score(result.coverage))
            }
            (scroll(&format!("Verdicts of {}", result.name), html! {
                table class="matrix" {
                    thead { tr { th scope="col" { "Constraint" } th scope="col" { "Verdict" } th scope="col" { "Why" } } }
                    tbody { @for c in &result.constraints {
                        tr { th scope="row" { (name(&c.name)) } td { (pill(c.verdict)) } td class="why" { (c.why) } }
                    } }
                }
            }))
            @for c in &result.constraints {
                @let open = !matches!(c.verdict, Verdict::Pass | Verdict::NotApplicable);
                (fold_away(&format!("{} {}", glyph(c.verdict), c.name), open && result.constraints.len() <= 6, constraint(c)))
            }
        }
    }
}

fn constraint(c: &ConstraintResult) -> Markup {
    html! {
        p class="authority" {
            span class="tag" { (c.authority) }
            @match &c.cite { Some(cite) => { (cite) } None => { "no citation in the script" } }
        }
        @if let Some(mark) = &c.unverified { p class="sub" { "Unverified: " (mark) } }
        @if let Some(doc) = &c.doc { p class="doc" { (doc) } }
        p { (pill(c.verdict)) " " (c.why) }
        @match &c.tree {
            Some(tree) => {
                ul class="clauses" { (clause(tree)) }
                (witnesses(tree))
                @if !tree.flips.is_empty() {
                    p { strong { "What would change it" } }
                    ul { @for flip in &tree.flips { li { (flip.says) } } }
                }
            }
            None => { p class="rule" { code { (c.rule) } } }
        }
        @if let (Some(remedy), true) = (&c.remedy, c.verdict != Verdict::Pass) { p { strong { "To do: " } (remedy) } }
    }
}

fn clause(at: &Clause) -> Markup {
    let is_leaf = at.parts.is_empty() && at.counts.is_none();
    html! {
        li {
            span class={ "verdict " (class(at.verdict)) } { span aria-hidden="true" { (glyph(at.verdict)) } }
            " "
            @match at.kind {
                Kind::And => { @if let Some(item) = &at.item { b { (item) } ": " } "all of" }
                Kind::Or => { @if let Some(item) = &at.item { b { (item) } ": " } "one of" }
                _ => { @if let Some(item) = &at.item { b { (item) } ": " } code { (at.text) } }
            }
            @if let Some(counts) = &at.counts { " " span class="sub" { (tally(counts)) } }
            @if is_leaf && !at.says.is_empty() { br; span class="sub" { (at.says) } }
            @if !at.parts.is_empty() { ul { @for part in &at.parts { (clause(part)) } } }
        }
    }
}

fn tally(c: &Counts) -> String {
    let unknown = if c.unknown > 0 { format!(", {} not known", count(c.unknown as usize)) } else { String::new() };
    format!("{} true, {} false{unknown}", count(c.yes as usize), count(c.no as usize))
}

fn witnesses(tree: &Clause) -> Markup {
    html! {
        @if !tree.witnesses.is_empty() {
            p { strong { @if tree.verdict == Verdict::Pass { "Where it comes closest" } @else { "Who shows it" } } }
            ul class="witnesses" {
                @for w in &tree.witnesses { (witness(w)) }
                @if tree.more > 0 { li class="sub" { "… and " (count(tree.more)) " more" } }
            }
        }
    }
}

fn witness(w: &Witness) -> Markup {
    html! {
        li {
            b { (w.name) }
            @if let Some(value) = w.value { " " (number(value)) }
            @for (name, value) in &w.values { " · " (name) " = " (value) }
            @if w.n != 1 || w.value.is_some() { span class="sub" { " n " (count(w.n)) } }
            @if w.value.is_none() { " " code { (w.clause) } }
        }
    }
}

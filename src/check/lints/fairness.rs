//! Parity targets that no correct predictor can meet: where the declared prevalences of two groups differ by more than
//! the target allows, a model that is right about everybody flags the groups at different rates and fails.

use super::asked::{Site, limits, sites};
use super::declared::ByGroup;
use super::intervals::Intervals;
use super::parity::{Figure, Parity};
use super::range::figure;
use crate::check::program::Program;
use crate::source::{Diagnostic, codes};
use crate::syntax::ast::BinOp;

pub fn lint(program: &Program, found: &mut Vec<Diagnostic>) {
    let intervals = Intervals::new(program);
    for site in sites(&intervals) {
        let Some(by_group) = site.declared.by_group.as_ref().filter(|b| site.predicts(&b.label)) else { continue };
        for limit in limits(&intervals, &site) {
            let Some(parity) = site.parity(&intervals, limit.left) else { continue };
            if let Some(d) = unmet(program, &site, by_group, &parity, &limit) {
                // Several scenarios may declare the same.
                if !found.iter().any(|f| f.code == d.code && f.labels == d.labels) {
                    found.push(d);
                }
            }
        }
    }
}

/// The shares of the groups that get rows.
fn shares<'b>(site: &Site, by_group: &'b ByGroup) -> Vec<&'b (String, f64)> {
    let mix = site.declared.mixes.get(&by_group.by);
    let has_rows = |level: &str| mix.is_none_or(|mix| mix.get(level).is_some_and(|share| *share > 0.0));
    by_group.shares.iter().filter(|(level, _)| has_rows(level)).collect()
}

fn unmet(
    program: &Program,
    site: &Site,
    by_group: &ByGroup,
    parity: &Parity,
    limit: &super::asked::Limit,
) -> Option<Diagnostic> {
    if !parity.by.contains(&by_group.by) || !site.flags(&parity.event) {
        return None;
    }
    let shares = shares(site, by_group);
    let of = |level: &String| shares.iter().find(|(l, _)| l == level);
    let (high, low) = match &parity.figure {
        Figure::Pair { first, second, .. } => (of(first)?, of(second)?),
        _ => {
            let high = shares.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
            (high, shares.iter().min_by(|a, b| a.1.total_cmp(&b.1))?)
        }
    };
    let at_most = matches!(limit.op, BinOp::Le | BinOp::Lt);
    let strict = matches!(limit.op, BinOp::Lt | BinOp::Gt);
    let gap = high.1 - low.1;
    // What a correct predictor comes out at, and whether it misses the limit.
    let (own, misses) = match &parity.figure {
        Figure::Gap if at_most => (gap, beyond(gap, limit.range.hi, strict)),
        Figure::Pair { absolute, .. } if at_most => {
            let gap = if *absolute { gap.abs() } else { gap };
            (gap, beyond(gap, limit.range.hi, strict))
        }
        Figure::Ratio if !at_most && high.1 > 0.0 => {
            let ratio = low.1 / high.1;
            (ratio, beyond(limit.range.lo, ratio, strict))
        }
        _ => return None,
    };
    if !misses {
        return None;
    }
    let reached = reached(own, at_most, strict);
    let way_out = match &parity.figure {
        Figure::Ratio => format!("a limit of {} or less", figure(reached)),
        _ => format!("a limit of {} or more", percent(reached)),
    };
    let by = &by_group.by;
    let told: Vec<String> = shares.iter().map(|(level, share)| format!("{level} {}", percent(*share))).collect();
    let d = Diagnostic::new(
        codes::UNFAIR_TO_ALL,
        format!("no correct predictor can meet `{}` in the scenario `{}`", limit.name, site.scenario),
    )
    .at(limit.rule.span, "asks for equal rates")
    .also(by_group.span, format!("the prevalences alone differ by {} points", figure((gap.abs() * 1e4).round() / 100.0)))
    .note(format!(
        "a model that is right about everybody flags each {by} at its own prevalence of `{}`: {}",
        by_group.label,
        told.join(", ")
    ))
    .help(format!(
        "ask for equal opportunity, `equal_opportunity_difference(yhat, y, by: {by})`, or for calibration within groups, `forall g in {by}: ece(p, y | {by} == g) <= …`; parity needs {way_out} here"
    ));
    let edit = limit.written(program, reached).filter(|_| (0.0..=1.0).contains(&reached));
    Some(d.fixes_for(
        edit.map(|(span, text)| (format!("allow what a correct predictor comes out at, {text}"), span, text)),
    ))
}

/// Whether a figure lies beyond a limit, rounding aside.
fn beyond(value: f64, limit: f64, strict: bool) -> bool {
    if strict { value > limit - 1e-9 } else { value > limit + 1e-9 }
}

/// The nearest limit, in hundredths of a percent, that a figure keeps.
fn reached(own: f64, at_most: bool, strict: bool) -> f64 {
    let steps = if at_most { (own * 1e4 - 1e-5).ceil() } else { (own * 1e4 + 1e-5).floor() };
    let limit = steps / 1e4;
    let (value, bound) = if at_most { (own, limit) } else { (limit, own) };
    let step = if at_most { 1.0 } else { -1.0 };
    if beyond(value, bound, strict) { (steps + step) / 1e4 } else { limit }
}

fn percent(share: f64) -> String {
    format!("{}%", figure((share * 1e4).round() / 100.0))
}

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
            if let Some(d) = unmet(&site, by_group, &parity, &limit) {
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

fn unmet(site: &Site, by_group: &ByGroup, parity: &Parity, limit: &super::asked::Limit) -> Option<Diagnostic> {
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
    let gap = high.1 - low.1;
    let (misses, way_out) = match &parity.figure {
        Figure::Gap if at_most => (gap > limit.range.hi + 1e-9, format!("a limit of {} or more", percent(gap))),
        Figure::Pair { absolute, .. } if at_most => {
            let gap = if *absolute { gap.abs() } else { gap };
            (gap > limit.range.hi + 1e-9, format!("a limit of {} or more", percent(gap)))
        }
        Figure::Ratio if !at_most && high.1 > 0.0 => {
            let ratio = low.1 / high.1;
            (ratio < limit.range.lo - 1e-9, format!("a limit of {} or less", figure((ratio * 100.0).floor() / 100.0)))
        }
        _ => return None,
    };
    if !misses {
        return None;
    }
    let by = &by_group.by;
    let told: Vec<String> = shares.iter().map(|(level, share)| format!("{level} {}", percent(*share))).collect();
    Some(
        Diagnostic::new(
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
        )),
    )
}

fn percent(share: f64) -> String {
    format!("{}%", figure((share * 1e4).round() / 100.0))
}

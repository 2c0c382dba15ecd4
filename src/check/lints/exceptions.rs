//! Two exceptions to one rule that can hold at once.

use super::days::share_a_day;
use super::intervals::{Intervals, chain};
use super::place::Place;
use crate::source::{Diagnostic, codes};
use crate::syntax::ast::{BinOp, Exception, Expr, ExprKind, Policy};
use crate::syntax::show;

/// Warns of every pair whose conditions do not exclude each other, as far as can be told before data is read.
pub fn overlaps<'a>(intervals: &Intervals<'a>, policy: &'a Policy, place: &Place<'a>, found: &mut Vec<Diagnostic>) {
    for (at, second) in policy.exceptions.iter().enumerate() {
        let rivals = policy.exceptions.iter().take(at).filter(|e| e.to.name == second.to.name);
        for first in rivals {
            let meet = share_a_day(&first.about.periods, &second.about.periods);
            if !meet || excluded(intervals, first, second, place) {
                continue;
            }
            found.push(
                Diagnostic::new(
                    codes::EXCEPTIONS_OVERLAP,
                    format!("the exceptions `{}` and `{}` can hold at once", first.name.name, second.name.name),
                )
                .at(second.name.span, "which one stands then?")
                .also(first.name.span, "the other one")
                .help(format!(
                    "make one an exception to the other, `exception {} to {} when …`, or let their conditions exclude each other",
                    second.name.name, first.name.name
                )),
            );
        }
    }
}

/// Whether one condition, taken to be true, makes the other one false.
fn excluded<'a>(intervals: &Intervals<'a>, first: &'a Exception, second: &'a Exception, place: &Place<'a>) -> bool {
    let (Some(a), Some(b)) = (&first.when, &second.when) else { return false };
    let given = |one: &'a Expr, other: &'a Expr| {
        intervals.next();
        let facts = intervals.facts(one, true, place);
        !intervals.truth(other, &place.clone().knowing(facts), false).yes
    };
    given(a, b) || given(b, a) || texts_differ(a, b)
}

/// Whether both ask for different texts of the same thing: `purpose == "research"`, `purpose == "care"`.
fn texts_differ(a: &Expr, b: &Expr) -> bool {
    let (mut left, mut right) = (Vec::new(), Vec::new());
    chain(a, BinOp::And, &mut left);
    chain(b, BinOp::And, &mut right);
    let said = |e: &Expr| match &e.kind {
        ExprKind::Binary(op @ (BinOp::Eq | BinOp::Ne), _, x, y) => match &y.kind {
            ExprKind::Text(text) => Some((show(x), *op, text.clone())),
            _ => None,
        },
        _ => None,
    };
    left.iter().filter_map(|e| said(e)).any(|(x, op, text)| {
        right.iter().filter_map(|e| said(e)).any(|(y, other, theirs)| {
            x == y
                && match (op, other) {
                    (BinOp::Eq, BinOp::Eq) => text != theirs,
                    (BinOp::Eq, BinOp::Ne) | (BinOp::Ne, BinOp::Eq) => text == theirs,
                    _ => false,
                }
        })
    })
}

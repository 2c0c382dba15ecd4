//! Constraints that another one of the same policy makes superfluous.

use super::facts::turned;
use super::intervals::Intervals;
use super::place::Place;
use super::range::figure;
use crate::check::types::Level;
use crate::source::{Diagnostic, codes};
use crate::syntax::ast::{BinOp, Constraint, Expr, ExprKind, Policy};
use crate::syntax::show;

/// `left op limit`, perhaps for every group: what a constraint asks, in a form that can be compared.
struct Limit<'a> {
    of: &'a Constraint,
    left: String,
    op: BinOp,
    right: String,
    at: Option<f64>,
    confidence: f64,
}

fn limit<'a>(intervals: &Intervals<'a>, constraint: &'a Constraint, place: &Place<'a>) -> Option<Limit<'a>> {
    let mut rule = &constraint.rule;
    let mut inner = place.clone();
    let mut left = String::new();
    while let ExprKind::Quantified { all: true, var, range, body } = &rule.kind {
        left.push_str(&format!("{} in {}: ", var.name, show(range)));
        let (item, _) = intervals.walked(range, &inner);
        inner = inner.bind(&var.name, item);
        rule = body;
    }
    let ExprKind::Binary(op, _, a, b) = &rule.kind else { return None };
    if !matches!(op, BinOp::Le | BinOp::Lt | BinOp::Ge | BinOp::Gt) {
        return None;
    }
    let is_fixed = |e: &Expr| intervals.program.tables.ty(e.id).is_some_and(|t| t.level == Level::Constant);
    let (a, op, b) = if is_fixed(a) && !is_fixed(b) { (b, turned(*op), a) } else { (a, *op, b) };
    if !is_fixed(b) {
        return None;
    }
    left.push_str(&intervals.key(a));
    let confidence = match &constraint.confidence {
        Some(c) => intervals.known(c, place).point()?,
        None => 0.5,
    };
    Some(Limit {
        of: constraint,
        left,
        op,
        right: intervals.key(b),
        at: intervals.known(b, &inner).point(),
        confidence,
    })
}

impl Limit<'_> {
    /// Whether whoever meets this limit meets the other one too.
    fn implies(&self, other: &Limit) -> bool {
        let upper = |op: BinOp| matches!(op, BinOp::Le | BinOp::Lt);
        if self.left != other.left || upper(self.op) != upper(other.op) || self.confidence < other.confidence {
            return false;
        }
        let strict = |op: BinOp| matches!(op, BinOp::Lt | BinOp::Gt);
        let same = self.right == other.right || (self.at.is_some() && self.at == other.at);
        match (self.at, other.at) {
            _ if same => strict(self.op) || !strict(other.op),
            (Some(a), Some(b)) => {
                if upper(self.op) {
                    a < b
                } else {
                    a > b
                }
            }
            _ => false,
        }
    }
}

/// Constraints that a stricter one of the same policy makes superfluous. A softer target beside a hard one, another
/// weight and another source are graded on purpose.
pub(super) fn implied<'a>(
    intervals: &Intervals<'a>,
    policy: &Policy,
    constraints: &[&'a Constraint],
    place: &Place<'a>,
    found: &mut Vec<Diagnostic>,
) {
    intervals.next();
    let limits: Vec<Limit> = constraints.iter().filter_map(|c| limit(intervals, c, place)).collect();
    let graded = |a: &Constraint, b: &Constraint| {
        a.hard != b.hard || a.weight != b.weight || source(policy, a) != source(policy, b)
    };
    for (at, loose) in limits.iter().enumerate() {
        let other = limits.iter().enumerate().find(|(i, strict)| {
            *i != at
                && strict.implies(loose)
                // Of two that say the same the later one is told.
                && (!loose.implies(strict) || *i < at)
                && !graded(strict.of, loose.of)
        });
        let Some((_, strict)) = other else { continue };
        let (name, stricter) = (&loose.of.name, &strict.of.name);
        let sure = |l: &Limit| match l.confidence {
            0.5 => String::new(),
            c => format!(" with confidence {}%", figure(c * 100.0)),
        };
        let asks = |l: &Limit| format!("`{} {} {}`{}", l.left, l.op.symbol(), l.right, sure(l));
        found.push(
            Diagnostic::new(
                codes::IMPLIED,
                format!("whatever passes `{}` passes `{}` too", stricter.name, name.name),
            )
            .at(name.span, "adds nothing")
            .also(stricter.span, "at least as strict")
            .note(format!("{} follows from {}", asks(loose), asks(strict)))
            .help("leave the weaker one out; or give it its own `authority`, `cite` or `weight`, or make it `hard`, if both count"),
        );
    }
}

/// On whose authority, and from which text.
fn source(policy: &Policy, constraint: &Constraint) -> (Option<String>, Option<String>) {
    let authority = constraint.about.authority.as_ref().or(policy.about.authority.as_ref()).map(|a| a.name.clone());
    (authority, constraint.about.cite.clone().or_else(|| policy.about.cite.clone()))
}

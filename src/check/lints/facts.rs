//! What a condition says of the values that it compares.

use super::intervals::{DEEPEST, Intervals, is_literal};
use super::place::{Fact, Place, outside};
use super::range::{Known, Truth};
use crate::check::program::{Callee, Resolved};
use crate::check::types::Level;
use crate::check::walk;
use crate::syntax::ast::{BinOp, Expr, ExprKind};
use crate::syntax::show;

impl<'a> Intervals<'a> {
    /// What `expr`, taken to be true (or false), says of the values that it compares.
    pub fn facts(&self, expr: &'a Expr, positive: bool, place: &Place<'a>) -> Vec<Fact<'a>> {
        let mut out = Vec::new();
        self.gather(expr, positive, place, &mut out);
        out
    }

    fn gather(&self, expr: &'a Expr, positive: bool, place: &Place<'a>, out: &mut Vec<Fact<'a>>) {
        match &expr.kind {
            ExprKind::Binary(op @ (BinOp::And | BinOp::Or), _, a, b) => {
                if (*op == BinOp::And) == positive {
                    self.gather(a, positive, place, out);
                    self.gather(b, positive, place, out);
                }
            }
            ExprKind::Not(inner) => self.gather(inner, !positive, place, out),
            ExprKind::Binary(op, _, a, b) if op.is_comparison() => {
                let op = if positive { *op } else { negated(*op) };
                self.say(a, op, &self.known(b, place), place, out);
                self.say(b, turned(op), &self.known(a, place), place, out);
            }
            ExprKind::Binary(BinOp::In, _, a, b) => match &b.kind {
                ExprKind::Binary(BinOp::Range, _, lo, hi) if positive => {
                    self.say(a, BinOp::Ge, &self.known(lo, place), place, out);
                    self.say(a, BinOp::Le, &self.known(hi, place), place, out);
                }
                ExprKind::List(items) | ExprKind::Set(items) => {
                    let items = items.iter().map(|i| self.known(i, place));
                    if positive {
                        if let Some(any) = items.reduce(Known::or) {
                            self.say(a, BinOp::Eq, &any, place, out);
                        }
                    } else {
                        items.for_each(|item| self.say(a, BinOp::Ne, &item, place, out));
                    }
                }
                _ => {}
            },
            _ => {
                let is = Known::Truth(Truth::known(positive));
                self.say(expr, BinOp::Eq, &is, place, out);
                // A named condition says what its formula says.
                if let Some(Resolved::Let(name)) = self.program.tables.name(expr.id)
                    && let Some(item) = self.program.let_item(name)
                    && self.program.tables.ty(item.value.id).is_some_and(|t| t.level == Level::Row)
                    && place.depth < DEEPEST
                {
                    let inner = Place { depth: place.depth + 1, ..Place::of(place.rows) };
                    for fact in outside(self.facts(&item.value, positive, &inner), place) {
                        match out.iter_mut().find(|f| f.key == fact.key) {
                            Some(own) => own.known = own.known.clone().and(fact.known),
                            None => out.push(fact),
                        }
                    }
                }
            }
        }
    }

    /// Notes that `expr op bound` holds.
    fn say(&self, expr: &'a Expr, op: BinOp, bound: &Known, place: &Place<'a>, out: &mut Vec<Fact<'a>>) {
        if is_literal(expr) || *bound == Known::Anything {
            return;
        }
        let key = self.key(expr);
        let at = out.iter().position(|f| f.key == key).unwrap_or_else(|| {
            out.push(Fact { key, expr, known: self.known(expr, place), plain: self.is_plain(expr) });
            out.len() - 1
        });
        let Some(fact) = out.get_mut(at) else { return };
        let before = std::mem::replace(&mut fact.known, Known::Anything);
        fact.known = match (before, bound, op) {
            (Known::Number(range), Known::Number(bound), _) => Known::Number(range.narrowed(op, *bound)),
            (Known::Levels(levels), Known::Levels(bound), BinOp::Eq) => {
                Known::Levels(levels.intersection(bound).copied().collect())
            }
            (Known::Levels(levels), Known::Levels(bound), BinOp::Ne) if bound.len() == 1 => {
                Known::Levels(levels.difference(bound).copied().collect())
            }
            (Known::Truth(truth), Known::Truth(bound), BinOp::Eq) => Known::Truth(truth).and(Known::Truth(*bound)),
            (Known::Truth(truth), Known::Truth(bound), BinOp::Ne) => {
                Known::Truth(truth).and(Known::Truth(bound.negated()))
            }
            (before, ..) => before,
        };
    }

    /// Whether an expression is about one row and nothing else: no aggregate looks at other rows.
    fn is_plain(&self, expr: &Expr) -> bool {
        let mut plain = true;
        walk(expr, &mut |e| {
            plain &= match &e.kind {
                ExprKind::Quantified { .. }
                | ExprKind::Over { .. }
                | ExprKind::Comprehension { .. }
                | ExprKind::Scoped { .. } => false,
                ExprKind::Name(_) => !matches!(self.program.tables.name(e.id), Some(Resolved::Let(_))),
                ExprKind::Call { .. } => match self.program.tables.call(e.id).map(|p| p.callee) {
                    Some(Callee::Scalar(_)) => true,
                    Some(Callee::Special(special)) => special.is_plain(),
                    _ => false,
                },
                _ => true,
            };
        });
        plain
    }

    /// An expression by its text, with the unit conversion of its place.
    pub fn key(&self, expr: &Expr) -> String {
        match self.program.tables.scale(expr.id) {
            Some(factor) => format!("{} × {factor}", show(expr)),
            None => show(expr),
        }
    }
}

/// `a op b` is false exactly when this holds, as long as both have values.
fn negated(op: BinOp) -> BinOp {
    match op {
        BinOp::Lt => BinOp::Ge,
        BinOp::Le => BinOp::Gt,
        BinOp::Gt => BinOp::Le,
        BinOp::Ge => BinOp::Lt,
        BinOp::Eq => BinOp::Ne,
        _ => BinOp::Eq,
    }
}

/// The same comparison with the sides exchanged.
pub fn turned(op: BinOp) -> BinOp {
    match op {
        BinOp::Lt => BinOp::Gt,
        BinOp::Le => BinOp::Ge,
        BinOp::Gt => BinOp::Lt,
        BinOp::Ge => BinOp::Le,
        other => other,
    }
}

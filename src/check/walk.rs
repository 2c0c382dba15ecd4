//! Visits every expression under one.

use crate::syntax::ast::{Expr, ExprKind};

/// Calls `see` on `expr` and everything below it, parents first.
pub fn walk<'a>(expr: &'a Expr, see: &mut dyn FnMut(&'a Expr)) {
    see(expr);
    match &expr.kind {
        ExprKind::List(items) | ExprKind::Set(items) => items.iter().for_each(|e| walk(e, see)),
        ExprKind::Neg(a)
        | ExprKind::Not(a)
        | ExprKind::Member(a, _)
        | ExprKind::Convert(a, ..)
        | ExprKind::Typed(a, _) => walk(a, see),
        ExprKind::Binary(_, _, a, b) | ExprKind::Let(_, a, b) | ExprKind::Index(a, b) => {
            walk(a, see);
            walk(b, see);
        }
        ExprKind::If(a, b, c) => {
            walk(a, see);
            walk(b, see);
            walk(c, see);
        }
        ExprKind::Quantified { range, body, .. } | ExprKind::Over { range, body, .. } => {
            walk(range, see);
            walk(body, see);
        }
        ExprKind::Comprehension { range, body, filter, .. } => {
            walk(range, see);
            if let Some(filter) = filter {
                walk(filter, see);
            }
            walk(body, see);
        }
        ExprKind::Match { subject, arms } => {
            walk(subject, see);
            arms.iter().for_each(|a| walk(&a.value, see));
        }
        ExprKind::Record(fields) => fields.iter().for_each(|(_, e)| walk(e, see)),
        ExprKind::Call { args, given, .. } => {
            args.iter().for_each(|a| walk(&a.value, see));
            if let Some(given) = given {
                walk(given, see);
            }
        }
        ExprKind::Scoped { body, filter, .. } => {
            if let Some(filter) = filter {
                walk(filter, see);
            }
            walk(body, see);
        }
        ExprKind::Int(_)
        | ExprKind::Real(_)
        | ExprKind::Percent(_)
        | ExprKind::Quantity(..)
        | ExprKind::Text(_)
        | ExprKind::Date(_)
        | ExprKind::Bool(_)
        | ExprKind::Hole
        | ExprKind::Name(_)
        | ExprKind::Columns { .. } => {}
    }
}

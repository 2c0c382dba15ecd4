//! Finds the aggregates of an expression before it is evaluated, so that one pass over the rows answers them all.

use super::lower::Lowering;
use super::totals::Request;
use crate::check::program::Callee;
use crate::check::special::Special;
use crate::check::{Base, Level};
use crate::eval::aggregates;
use crate::eval::env::Env;
use crate::eval::value::{Bin, Value};
use crate::syntax::ast::{Arg, Expr, ExprKind};

/// Answers every aggregate of `exprs` that can be known beforehand in one pass over the view's rows. What cannot
/// (an aggregate inside another) is answered when it is met.
pub fn prepare(env: &Env, exprs: &[&Expr]) {
    let mut requests = Vec::new();
    for expr in exprs {
        collect(env, expr, &mut requests);
    }
    // A refused conversion is told by the walk that meets it.
    if requests.len() > 1 {
        let _ = env.view.memo().prepare(&requests, env.view.rows);
    }
}

fn collect(env: &Env, expr: &Expr, out: &mut Vec<Request>) {
    match &expr.kind {
        ExprKind::Call { args, given, .. } => match env.tables().call(expr.id).map(|p| p.callee) {
            Some(Callee::Special(special)) => aggregate(env, special, args, given.as_deref(), out),
            Some(Callee::Scalar(_)) => args.iter().for_each(|a| collect(env, &a.value, out)),
            // A metric looks at its own rows, and prepares them itself.
            _ => {}
        },
        ExprKind::Over { var, range, body, .. }
        | ExprKind::Quantified { var, range, body, .. }
        | ExprKind::Comprehension { var, range, body, .. } => {
            collect(env, range, out);
            if let Some(item) = stand_in(env, range, out) {
                collect(&env.bind(&var.name, item), body, out);
            }
        }
        ExprKind::Neg(a) | ExprKind::Not(a) | ExprKind::Convert(a, ..) | ExprKind::Typed(a, _) => collect(env, a, out),
        ExprKind::Binary(_, _, a, b) => {
            collect(env, a, out);
            collect(env, b, out);
        }
        ExprKind::If(a, b, c) => [a, b, c].into_iter().for_each(|e| collect(env, e, out)),
        ExprKind::List(items) | ExprKind::Set(items) => items.iter().for_each(|e| collect(env, e, out)),
        ExprKind::Let(_, value, _) if !env.is_row(value.id) => collect(env, value, out),
        _ => {}
    }
}

fn aggregate(env: &Env, special: Special, args: &[Arg], given: Option<&Expr>, out: &mut Vec<Request>) {
    let inner = args.iter().map(|a| &a.value).chain(given);
    if inner.clone().any(|e| has_aggregate(env, e)) {
        return;
    }
    let mut lowering = Lowering::new(env);
    if let Some(request) = aggregates::asked(&mut lowering, special, args, given) {
        out.extend(request.requests());
    }
}

/// Whether an expression contains a figure of the cohort, which would have to be known first.
fn has_aggregate(env: &Env, expr: &Expr) -> bool {
    let mut found = false;
    crate::check::walk(expr, &mut |e| {
        found |= matches!(e.kind, ExprKind::Call { .. } | ExprKind::Over { .. } | ExprKind::Scoped { .. })
            && env.tables().ty(e.id).is_some_and(|t| t.level == Level::Cohort);
    });
    found
}

/// A value for the variable that walks over `range`, to see which groups its body asks for.
fn stand_in(env: &Env, range: &Expr, out: &mut Vec<Request>) -> Option<Value> {
    let ty = env.tables().ty(range.id)?;
    match &ty.base {
        Base::Category(_) | Base::AnyCategory if ty.level == Level::Row => {
            let (request, levels) = aggregates::level_counts(&mut Lowering::new(env), range)?;
            out.push(request);
            Some(Value::Level(0, levels))
        }
        Base::List(of) => match (of.as_ref(), &range.kind) {
            (Base::Bin, ExprKind::Call { args, .. }) => {
                let (request, count) = aggregates::bin_counts(&mut Lowering::new(env), args)?;
                out.push(request);
                Some(Value::Bin(Bin { index: 0, count }))
            }
            (Base::Group, ExprKind::Call { .. }) => match env.one_within(range) {
                Value::List(items) => items.first().cloned(),
                _ => None,
            },
            (_, ExprKind::List(items) | ExprKind::Set(items)) => {
                let first = items.first()?;
                (!has_aggregate(env, first)).then(|| env.one_within(first))
            }
            _ => None,
        },
        _ => None,
    }
    .filter(|v: &Value| !matches!(v, Value::Undefined(_)))
}

//! The columnar walk: whole columns at a time, through the chunk engine. Total: a node without an arm there is
//! evaluated row by row into a column, and the walk stays columnar above it.

use super::calls;
use super::chunk::{self, Lowered, Lowering};
use super::env::Env;
use super::forms::{self, Reader};
use super::ops;
use super::promise;
use super::scalar;
use super::value::{Out, Value};
use crate::check::program::{Callee, Resolved};
use crate::check::special::Special;
use crate::data::Column;
use crate::syntax::ast::{BinOp, Expr, ExprKind};

pub(super) fn eval(env: &Env, expr: &Expr) -> Out {
    let is_row = env.is_row(expr.id);
    if let Err(why) = env.meter.tick(if is_row { env.view.rows.max(1) as u64 } else { 1 }) {
        return Out::One(why);
    }
    if is_row {
        return rows(env, expr);
    }
    let value = match (env.tables().scale(expr.id), one(env, expr)) {
        (Some(factor), Value::Number(v)) => Value::Number(v * factor),
        (_, value) => value,
    };
    Out::One(promise::value(env, expr, value))
}

/// A node with one value per row.
fn rows(env: &Env, expr: &Expr) -> Out {
    match Lowering::new(env).lower(expr) {
        Ok(Lowered::One(value)) => return Out::One(value),
        Ok(lowered) => {
            if let Ok(Some(column)) = chunk::to_column(env, &lowered) {
                return Out::Rows(column);
            }
        }
        Err(_) => {}
    }
    // Some row has no value for a reason, which the scalar walk names.
    let values = chunk::rows_of(env, expr);
    let made = match (forms::gather(env, expr, &values), env.tables().scale(expr.id)) {
        (Ok(Column::Number(numbers)), Some(factor)) => {
            Out::Rows(Column::numbers(numbers.iter().map(|v| v.map(|v| v * factor))))
        }
        (Ok(column), _) => Out::Rows(column),
        (Err(why), _) => Out::One(why),
    };
    promise::out(env, expr, made)
}

/// A node with one value.
fn one(env: &Env, expr: &Expr) -> Value {
    if let Some(value) = forms::literal(expr) {
        return value;
    }
    let at = |e: &Expr| env.one_within(e);
    match &expr.kind {
        ExprKind::Name(_) | ExprKind::Text(_) => match env.tables().name(expr.id) {
            Some(Resolved::Let(name)) => calls::let_value(env, name, None, Reader::Columnar),
            // Scaling is done by `eval`.
            Some(Resolved::Local(name)) => {
                env.local(name).cloned().unwrap_or_else(|| Value::undefined("an unbound name"))
            }
            Some(Resolved::Level(code)) => forms::level(env, expr, *code),
            Some(Resolved::Verdict(name)) => Value::Verdict(name.as_str().into()),
            _ => match &expr.kind {
                ExprKind::Text(text) => Value::text(text),
                _ => Value::undefined("an unknown name"),
            },
        },
        ExprKind::List(items) | ExprKind::Set(items) => Value::List(items.iter().map(at).collect::<Vec<_>>().into()),
        ExprKind::Neg(inner) => match at(inner) {
            Value::Number(v) => Value::Number(-v),
            other => other,
        },
        ExprKind::Not(inner) => ops::not(&at(inner)),
        ExprKind::Binary(BinOp::And, _, a, b) => ops::and(&at(a), &at(b)),
        ExprKind::Binary(BinOp::Or, _, a, b) => ops::or(&at(a), &at(b)),
        ExprKind::Binary(BinOp::In, _, a, b) => forms::is_in(env, &at(a), b, &at),
        ExprKind::Binary(BinOp::Range, _, a, b) => Value::List(vec![at(a), at(b)].into()),
        ExprKind::Binary(op, _, a, b) => ops::binary(*op, &at(a), &at(b), false),
        ExprKind::If(test, yes, no) => match at(test) {
            Value::Bool(true) => at(yes),
            Value::Bool(false) => at(no),
            other => other,
        },
        ExprKind::Let(var, value, body) => match eval(env, value) {
            Out::One(bound) => env.bind(&var.name, bound).one(body),
            Out::Rows(column) => calls::with_column(env, &var.name, Ok(column), |env| env.one(body)),
        },
        ExprKind::Call { args, given, .. } => {
            let Some(plan) = env.tables().call(expr.id) else { return Value::undefined("an unknown function") };
            match plan.callee {
                Callee::Special(Special::Present | Special::OrElse) => scalar::unscaled(env, expr, None),
                Callee::Scalar(f) => match args.first().map(|a| at(&a.value)) {
                    Some(Value::Number(x)) => ops::scalar(f, x, args.get(1).and_then(|a| at(&a.value).number()), false),
                    Some(other) => other,
                    None => Value::undefined("a missing argument"),
                },
                Callee::Special(special) => forms::aggregate(env, special, args, given.as_deref(), Reader::Columnar),
                Callee::Function(index) => {
                    calls::function(env, expr, index, args, given.as_deref(), Reader::Columnar, None)
                }
            }
        }
        _ => forms::cohort(env, expr, Reader::Columnar),
    }
}

//! The scalar walk: one row at a time, short and obviously right. The specification of the language.

use super::calls;
use super::env::Env;
use super::forms::{self, Reader};
use super::impute;
use super::ops;
use super::plain;
use super::promise;
use super::value::Value;
use super::walks;
use crate::check::program::{Callee, Resolved};
use crate::check::special::Special;
use crate::syntax::ast::{BinOp, Expr, ExprKind};
use std::sync::Arc;

/// The value of `expr`; `row` is the row it is about, none for a cohort's value.
pub(super) fn eval(env: &Env, expr: &Expr, row: Option<usize>) -> Value {
    let value = eval_kind(env, expr, row);
    let value = match (env.tables().scale(expr.id), value) {
        (Some(factor), Value::Number(v)) => Value::Number(v * factor),
        (_, value) => value,
    };
    promise::value(env, expr, value)
}

/// The value without the node's own unit conversion, which the columnar walk applies itself.
pub(super) fn unscaled(env: &Env, expr: &Expr, row: Option<usize>) -> Value {
    eval_kind(env, expr, row)
}

fn eval_kind(env: &Env, expr: &Expr, row: Option<usize>) -> Value {
    // Only what can make much of little: the parts of a row's formula are counted with the row.
    if matches!(
        expr.kind,
        ExprKind::Call { .. } | ExprKind::Over { .. } | ExprKind::Quantified { .. } | ExprKind::Comprehension { .. }
    ) && let Err(why) = env.meter.tick(1)
    {
        return why;
    }
    let is_row = env.is_row(expr.id);
    let at = |e: &Expr| eval(env, e, row);
    if let Some(value) = forms::literal(expr) {
        return value;
    }
    match &expr.kind {
        ExprKind::Name(_) | ExprKind::Text(_) => name(env, expr, row),
        ExprKind::List(items) | ExprKind::Set(items) => Value::List(Arc::new(items.iter().map(at).collect())),
        ExprKind::Neg(inner) => match at(inner) {
            Value::Number(v) => Value::Number(-v),
            other => other,
        },
        ExprKind::Not(inner) => ops::not(&at(inner)),
        ExprKind::Binary(BinOp::And, _, a, b) => ops::and(&at(a), &at(b)),
        ExprKind::Binary(BinOp::Or, _, a, b) => ops::or(&at(a), &at(b)),
        ExprKind::Binary(BinOp::In, _, a, b) => forms::is_in(env, &at(a), b, &at),
        ExprKind::Binary(BinOp::Range, _, a, b) => Value::List(Arc::new(vec![at(a), at(b)])),
        ExprKind::Binary(op, _, a, b) => ops::binary(*op, &at(a), &at(b), is_row),
        ExprKind::If(test, yes, no) => match at(test) {
            Value::Bool(true) => at(yes),
            Value::Bool(false) => at(no),
            other => other,
        },
        ExprKind::Let(var, value, body) => {
            let value_is_row = env.is_row(value.id);
            let bound = eval(env, value, if value_is_row { row } else { None });
            // A value per row cannot be a variable of a cohort: the columnar walk keeps it as a column.
            if value_is_row && row.is_none() {
                return calls::with_column(env, &var.name, forms::column(env, value, Reader::Scalar), |env| {
                    eval(env, body, row)
                });
            }
            eval(&env.bind(&var.name, bound), body, row)
        }
        ExprKind::Call { args, given, .. } => {
            let Some(plan) = env.tables().call(expr.id) else { return Value::undefined("an unknown function") };
            match plan.callee {
                Callee::Scalar(f) => {
                    let x = args.first().map(|a| at(&a.value));
                    let digits = args.get(1).and_then(|a| at(&a.value).number());
                    match x {
                        Some(Value::Number(x)) => ops::scalar(f, x, digits, is_row),
                        Some(other) => other,
                        None => Value::undefined("a missing argument"),
                    }
                }
                Callee::Special(Special::Present) => {
                    Value::Bool(args.first().is_some_and(|a| at(&a.value) != Value::Missing))
                }
                Callee::Special(Special::OrElse) => match args.as_slice() {
                    [x, y] => match at(&x.value) {
                        Value::Missing => at(&y.value),
                        value => value,
                    },
                    _ => Value::undefined("a missing argument"),
                },
                Callee::Special(Special::Impute) => match args.first().map(|a| at(&a.value)) {
                    Some(Value::Missing) => impute::figure(env, expr, args, given.as_deref(), Reader::Scalar),
                    Some(value) => value,
                    None => Value::undefined("a missing argument"),
                },
                Callee::Special(special) if special.is_plain() => plain::call(special, args, is_row, &at),
                Callee::Special(special) => forms::aggregate(env, special, args, given.as_deref(), Reader::Scalar),
                Callee::Function(index) => {
                    calls::function(env, expr, index, args, given.as_deref(), Reader::Scalar, row)
                }
            }
        }
        ExprKind::Comprehension { .. } => walks::comprehension(env, expr, Reader::Scalar, row),
        _ => plain::kind(env, expr, &at).unwrap_or_else(|| forms::cohort(env, expr, Reader::Scalar)),
    }
}

fn name(env: &Env, expr: &Expr, row: Option<usize>) -> Value {
    match env.tables().name(expr.id) {
        Some(Resolved::Local(name)) => match (env.local(name), row) {
            (Some(value), _) => value.clone(),
            (None, Some(row)) => env.view.value(name, row),
            (None, None) => Value::undefined(format!("`{name}` has one value per row")),
        },
        Some(Resolved::Column(name)) => match row {
            Some(row) => env.view.value(name, row),
            None => Value::undefined(format!("`{name}` has one value per row")),
        },
        Some(Resolved::Level(code)) => forms::level(env, expr, *code),
        Some(Resolved::Verdict(name)) => Value::Verdict(name.as_str().into()),
        Some(Resolved::Let(name)) => calls::let_value(env, name, row, Reader::Scalar),
        Some(Resolved::Dataset(_)) => Value::undefined("a dataset is not a value"),
        None => match &expr.kind {
            ExprKind::Text(text) => Value::text(text),
            _ => Value::undefined("an unknown name"),
        },
    }
}

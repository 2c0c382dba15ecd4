//! Promises kept: a refined parameter, result or `let` holds in every row, or its value is undefined and the
//! reason says who promised what and what was bound.

use super::env::Env;
use super::value::{Out, Value};
use crate::check::contract::Contract;
use crate::data::Column;
use crate::syntax::ast::Expr;

/// The value, unless it breaks the promise of its node.
pub(super) fn value(env: &Env, expr: &Expr, value: Value) -> Value {
    match env.tables().contract(expr.id) {
        Some(contract) => judged(contract, value),
        None => value,
    }
}

/// The same for what the columnar walk gives: the first row that breaks the promise speaks for all.
pub(super) fn out(env: &Env, expr: &Expr, out: Out) -> Out {
    let Some(contract) = env.tables().contract(expr.id) else { return out };
    match out {
        Out::One(value) => Out::One(judged(contract, value)),
        Out::Rows(column) => match column_breach(contract, &column) {
            Some(why) => Out::One(why),
            None => Out::Rows(column),
        },
    }
}

/// Why a column breaks a promise.
pub(super) fn column_breach(contract: &Contract, column: &Column) -> Option<Value> {
    let Column::Number(values) = column else { return None };
    let bad = values.iter().flatten().find(|v| !contract.holds(*v))?;
    Some(Value::undefined(contract.breach(bad)))
}

fn judged(contract: &Contract, value: Value) -> Value {
    let bad = match &value {
        Value::Number(v) => (!contract.holds(*v)).then_some(*v),
        Value::List(items) => items.iter().filter_map(Value::number).find(|v| !contract.holds(*v)),
        _ => None,
    };
    bad.map_or(value, |v| Value::undefined(contract.breach(v)))
}

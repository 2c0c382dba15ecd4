//! What a variable walks over, and the comprehensions that do the walking.

use super::aggregate::{mean, sum};
use super::aggregates;
use super::chunk::Lowering;
use super::env::Env;
use super::forms::{Reader, column, value};
use super::ops;
use super::scalar;
use super::value::Value;
use crate::check::lists::LONGEST_RANGE;
use crate::check::{Base, Level, Levels};
use crate::data::Column;
use crate::syntax::ast::{Aggregate, BinOp, Expr, ExprKind, Ident};
use std::sync::Arc;

/// One value, by the walk that is under way.
fn at(env: &Env, expr: &Expr, reader: Reader, row: Option<usize>) -> Value {
    match row {
        Some(_) => scalar::eval(env, expr, row),
        None => value(env, expr, reader),
    }
}

/// List items, the numbers of a range, or the levels that occur in the rows, in declared order.
pub(super) fn items(env: &Env, range: &Expr, reader: Reader, row: Option<usize>) -> Result<Vec<Value>, Value> {
    if let ExprKind::Binary(BinOp::Range, _, lo, hi) = &range.kind {
        return whole(at(env, lo, reader, row), at(env, hi, reader, row));
    }
    let is_category = env
        .tables()
        .ty(range.id)
        .is_some_and(|t| matches!(t.base, Base::Category(_) | Base::AnyCategory) && t.level == Level::Row);
    if is_category {
        let present = |occurs: &[bool], levels: &Arc<Levels>| -> Vec<Value> {
            let here = occurs.iter().enumerate().filter(|(_, o)| **o);
            here.map(|(i, _)| Value::Level(i as u32, levels.clone())).collect()
        };
        if reader == Reader::Columnar
            && let Some((request, levels)) = aggregates::level_counts(&mut Lowering::new(env), range)
            && let Some(occurs) = aggregates::occurring(env, request, levels.names.len())
        {
            return Ok(present(&occurs, &levels));
        }
        let Column::Level(codes, levels) = column(env, range, reader)? else {
            return Err(Value::undefined("not a category"));
        };
        let mut occurs = vec![false; levels.names.len()];
        for code in codes.iter().flatten() {
            if let Some(slot) = occurs.get_mut(code as usize) {
                *slot = true;
            }
        }
        return Ok(present(&occurs, &levels));
    }
    match at(env, range, reader, row) {
        Value::List(items) => Ok(items.to_vec()),
        Value::Undefined(why) => Err(Value::Undefined(why)),
        other => Ok(vec![other]),
    }
}

/// The whole numbers from `lo` to `hi`.
fn whole(lo: Value, hi: Value) -> Result<Vec<Value>, Value> {
    let (Value::Number(a), Value::Number(b)) = (&lo, &hi) else {
        return Err(if matches!(lo, Value::Number(_)) { hi } else { lo });
    };
    if b - a >= LONGEST_RANGE as f64 || !a.is_finite() || !b.is_finite() {
        return Err(Value::undefined(format!("a range of more than {LONGEST_RANGE} numbers is not walked over")));
    }
    let steps = if b < a { 0 } else { (b - a).floor() as usize + 1 };
    Ok((0..steps).map(|i| Value::Number(a + i as f64)).collect())
}

/// `sum(f(v) for v in xs if c)` and `[f(v) for v in xs if c]`; `expr` is the whole of it.
pub(super) fn comprehension(env: &Env, expr: &Expr, reader: Reader, row: Option<usize>) -> Value {
    let ExprKind::Comprehension { function, body, var, range, filter } = &expr.kind else {
        return Value::undefined("not a walk over a list");
    };
    let items = match items(env, range, reader, row) {
        Ok(items) => items,
        Err(why) => return why,
    };
    let mut values = Vec::with_capacity(items.len());
    for item in items {
        if let Err(why) = env.meter.tick(1) {
            return why;
        }
        let inner = env.bind(&var.name, item.clone());
        if let Some(filter) = filter {
            match at(&inner, filter, reader, row) {
                Value::Bool(true) => {}
                Value::Undefined(why) => return Value::undefined(format!("{item}: {}", why.reason)),
                _ => continue,
            }
        }
        match at(&inner, body, reader, row) {
            Value::Undefined(why) => return Value::undefined(format!("{item}: {}", why.reason)),
            value => values.push(value),
        }
    }
    fold(function.as_ref(), values, env.is_row(expr.id))
}

fn fold(function: Option<&Ident>, values: Vec<Value>, row: bool) -> Value {
    let aggregate = match function.map(|f| f.name.as_str()) {
        None => return Value::List(Arc::new(values)),
        Some("count") => {
            return Value::Number(values.iter().filter(|v| **v == Value::Bool(true)).count() as f64);
        }
        Some("sum") => Aggregate::Sum,
        Some("mean") => Aggregate::Mean,
        Some("min") => Aggregate::Min,
        _ => Aggregate::Max,
    };
    let mut numbers = Vec::with_capacity(values.len());
    for value in values {
        match value {
            Value::Number(v) => numbers.push(v),
            Value::Bool(v) => numbers.push(f64::from(u8::from(v))),
            other => return other,
        }
    }
    reduce(aggregate, &numbers, row)
}

/// The figure of some numbers. Over none the sum is zero and there is nothing else.
pub(super) fn reduce(aggregate: Aggregate, numbers: &[f64], row: bool) -> Value {
    let found = match aggregate {
        Aggregate::Sum => Some(sum(numbers)),
        Aggregate::Mean => mean(numbers),
        Aggregate::Min | Aggregate::ArgMin => numbers.iter().copied().reduce(f64::min),
        Aggregate::Max | Aggregate::ArgMax => numbers.iter().copied().reduce(f64::max),
    };
    match found {
        Some(v) => ops::finite(v, row, "the result is not a finite number"),
        None if row => Value::Missing,
        None => Value::undefined("there is nothing to walk over"),
    }
}

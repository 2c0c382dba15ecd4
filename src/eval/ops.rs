//! Operators on single values: what both walks mean by `+`, `==`, `and`.

use super::bins::{EdgeRule, bin_edges, bin_of};
use super::value::Value;
use crate::check::special::Scalar;
use crate::syntax::ast::BinOp;

/// A number, or why there is none: missing in a row, undefined for a cohort.
pub(super) fn finite(value: f64, row: bool, why: &str) -> Value {
    if value.is_finite() {
        Value::Number(value)
    } else if row {
        Value::Missing
    } else {
        Value::undefined(why)
    }
}

/// Kleene `and`; what is undefined counts as unknown unless the other side decides.
pub(super) fn and(a: &Value, b: &Value) -> Value {
    match (a, b) {
        (Value::Bool(false), _) | (_, Value::Bool(false)) => Value::Bool(false),
        (Value::Bool(true), Value::Bool(true)) => Value::Bool(true),
        (Value::Undefined(_), _) => a.clone(),
        (_, Value::Undefined(_)) => b.clone(),
        _ => Value::Missing,
    }
}

pub(super) fn not(a: &Value) -> Value {
    match a {
        Value::Bool(v) => Value::Bool(!v),
        other => other.clone(),
    }
}

pub(super) fn or(a: &Value, b: &Value) -> Value {
    not(&and(&not(a), &not(b)))
}

/// Everything but `and`, `or`, `in` and `..`.
pub(super) fn binary(op: BinOp, a: &Value, b: &Value, row: bool) -> Value {
    for side in [a, b] {
        if let Value::Undefined(_) = side {
            return side.clone();
        }
    }
    if *a == Value::Missing || *b == Value::Missing {
        return Value::Missing;
    }
    match (op, a, b) {
        (BinOp::Eq, a, b) => a.same(b).map_or(Value::Missing, Value::Bool),
        (BinOp::Ne, a, b) => a.same(b).map_or(Value::Missing, |v| Value::Bool(!v)),
        (op, Value::Number(x), Value::Number(y)) if op.is_comparison() => Value::Bool(ordered(op, *x, *y)),
        (op, Value::Date(x), Value::Date(y)) if op.is_comparison() => {
            Value::Bool(ordered(op, f64::from(*x), f64::from(*y)))
        }
        (BinOp::Sub, Value::Date(x), Value::Date(y)) => Value::Number(f64::from(*x) - f64::from(*y)),
        (BinOp::Add, Value::Date(day), Value::Number(by)) | (BinOp::Add, Value::Number(by), Value::Date(day)) => {
            shifted(*day, *by, row)
        }
        (BinOp::Sub, Value::Date(day), Value::Number(by)) => shifted(*day, -by, row),
        (op, Value::Number(x), Value::Number(y)) => finite(arithmetic(op, *x, *y), row, why(op, *y)),
        _ => Value::undefined("these values cannot be combined"),
    }
}

fn shifted(day: i32, by: f64, row: bool) -> Value {
    match super::dates::shift(day, by) {
        Some(day) => Value::Date(day),
        None if row => Value::Missing,
        None => Value::undefined("the day lies outside the calendar"),
    }
}

pub(super) fn why(op: BinOp, right: f64) -> &'static str {
    match op {
        BinOp::Div if right == 0.0 => "division by zero",
        _ => "the result is not a finite number",
    }
}

pub(super) fn ordered(op: BinOp, x: f64, y: f64) -> bool {
    match op {
        BinOp::Lt => x < y,
        BinOp::Le => x <= y,
        BinOp::Gt => x > y,
        BinOp::Ge => x >= y,
        BinOp::Ne => x != y,
        _ => x == y,
    }
}

pub(super) fn arithmetic(op: BinOp, x: f64, y: f64) -> f64 {
    match op {
        BinOp::Add => x + y,
        BinOp::Sub => x - y,
        BinOp::Mul => x * y,
        BinOp::Div => x / y,
        // A square is a product, in every walk.
        BinOp::Pow if y == 2.0 => x * x,
        BinOp::Pow => x.powf(y),
        _ => f64::NAN,
    }
}

/// Whether `x` is in a list of values.
pub(super) fn in_list(x: &Value, items: &[Value]) -> Value {
    if matches!(x, Value::Missing | Value::Undefined(_)) {
        return x.clone();
    }
    let mut unknown = false;
    for item in items {
        match x.same(item) {
            Some(true) => return Value::Bool(true),
            Some(false) => {}
            None => unknown = true,
        }
    }
    if unknown { Value::Missing } else { Value::Bool(false) }
}

/// Whether `x` is in a bin.
pub(super) fn in_bin(x: f64, bin: super::value::Bin) -> bool {
    (0.0..=1.0).contains(&x) && bin_of(x, &bin_edges(bin.count), EdgeRule::default()) == bin.index
}

/// A function of one number; `extra` is the digits of `round`.
pub(super) fn scalar(f: Scalar, x: f64, extra: Option<f64>, row: bool) -> Value {
    let within = |lo: f64, hi: f64, what: &str| {
        if (lo..=hi).contains(&x) {
            Value::Number(x)
        } else {
            Value::undefined(format!("{x} is not a {what}: it lies outside {lo}..{hi}"))
        }
    };
    match f {
        Scalar::Abs => Value::Number(x.abs()),
        Scalar::Sqrt => finite(x.sqrt(), row, "the square root of a negative number"),
        Scalar::Exp => finite(x.exp(), row, "the result is too large"),
        Scalar::Ln => finite(x.ln(), row, "the logarithm of a number that is not positive"),
        Scalar::Log10 => finite(x.log10(), row, "the logarithm of a number that is not positive"),
        Scalar::Floor => Value::Number(x.floor()),
        Scalar::Ceil => Value::Number(x.ceil()),
        Scalar::Round => {
            let scale = 10f64.powi(extra.unwrap_or(0.0).clamp(-300.0, 300.0) as i32);
            finite((x * scale).round() / scale, row, "the result is not a finite number")
        }
        Scalar::Prob => within(0.0, 1.0, "probability"),
        Scalar::Rating => within(-1.0, 1.0, "rating"),
        Scalar::ToProb => Value::Number((x + 1.0) / 2.0),
    }
}

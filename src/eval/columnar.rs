//! The columnar walk: whole columns at a time. Total: a node without an arm here is evaluated row by
//! row into a column, and the walk stays columnar above it.

use super::calls;
use super::env::Env;
use super::forms::{self, Reader};
use super::ops;
use super::scalar;
use super::value::{Out, Value};
use crate::check::program::{Callee, Resolved};
use crate::check::special::Special;
use crate::data::Column;
use crate::syntax::ast::{BinOp, Expr, ExprKind};
use arrow_array::{Array, BooleanArray, Float64Array, UInt32Array};
use arrow_buffer::{BooleanBuffer, NullBuffer};

pub(super) fn eval(env: &Env, expr: &Expr) -> Out {
    let out = if env.is_row(expr.id) { rows(env, expr) } else { Out::One(one(env, expr)) };
    match (env.tables().scale(expr.id), out) {
        (Some(factor), Out::One(Value::Number(v))) => Out::One(Value::Number(v * factor)),
        (Some(factor), Out::Rows(Column::Number(a))) => Out::Rows(Column::Number(a.unary(|v| v * factor))),
        (_, out) => out,
    }
}

/// A node with one value.
fn one(env: &Env, expr: &Expr) -> Value {
    if let Some(value) = forms::literal(expr) {
        return value;
    }
    let at = |e: &Expr| env.one(e);
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

/// A node with one value per row.
fn rows(env: &Env, expr: &Expr) -> Out {
    match &expr.kind {
        ExprKind::Name(name) => match env.tables().name(expr.id) {
            Some(Resolved::Local(name)) if env.local(name).is_some() => {
                Out::One(env.local(name).cloned().unwrap_or(Value::Missing))
            }
            Some(Resolved::Column(name) | Resolved::Local(name)) => match env.view.column(name) {
                Some(column) => Out::Rows(column.clone()),
                None => Out::One(Value::undefined(format!("`{name}` is not here"))),
            },
            Some(Resolved::Let(_)) => match env.program.let_item(name) {
                Some(item) => eval(&Env { locals: Vec::new(), ..env.clone() }, &item.value),
                None => Out::One(Value::undefined("an unknown name")),
            },
            _ => by_rows(env, expr),
        },
        ExprKind::Neg(inner) => match eval(env, inner) {
            Out::Rows(Column::Number(a)) => Out::Rows(Column::Number(a.unary(|v| -v))),
            other => other,
        },
        ExprKind::Not(inner) => match eval(env, inner) {
            Out::Rows(Column::Bool(a)) => Out::Rows(Column::Bool(BooleanArray::new(!a.values(), a.nulls().cloned()))),
            Out::One(value) => Out::One(ops::not(&value)),
            other => other,
        },
        ExprKind::Binary(op @ (BinOp::And | BinOp::Or), _, a, b) => logic(env, expr, *op, a, b),
        ExprKind::Binary(op, _, a, b) if *op != BinOp::In && *op != BinOp::Range => {
            let (x, y) = (eval(env, a), eval(env, b));
            combine(env, *op, &x, &y).unwrap_or_else(|| by_rows(env, expr))
        }
        ExprKind::Call { args, .. } => match env.tables().call(expr.id).map(|p| p.callee) {
            Some(Callee::Special(Special::Present)) => match args.first().map(|a| eval(env, &a.value)) {
                Some(Out::Rows(column)) => {
                    let n = column.len();
                    let nulls = column.array().nulls().cloned();
                    let values = nulls.map_or_else(|| BooleanBuffer::new_set(n), |n| n.inner().clone());
                    Out::Rows(Column::Bool(BooleanArray::new(values, None)))
                }
                _ => by_rows(env, expr),
            },
            _ => by_rows(env, expr),
        },
        _ => by_rows(env, expr),
    }
}

/// The fallback: the scalar walk, row after row.
fn by_rows(env: &Env, expr: &Expr) -> Out {
    // The node's own unit conversion is applied by `eval`, so it is undone here by asking without it.
    let values: Vec<Value> = (0..env.view.rows).map(|row| scalar::unscaled(env, expr, Some(row))).collect();
    match forms::gather(env, expr, &values) {
        Ok(column) => Out::Rows(column),
        Err(why) => Out::One(why),
    }
}

fn union(a: Option<&NullBuffer>, b: Option<&NullBuffer>) -> Option<NullBuffer> {
    NullBuffer::union(a, b)
}

/// Kleene logic on bits.
fn logic(env: &Env, expr: &Expr, op: BinOp, a: &Expr, b: &Expr) -> Out {
    let (x, y) = (eval(env, a), eval(env, b));
    let n = env.view.rows;
    let (Some((xt, xf)), Some((yt, yf))) = (sides(&x, n), sides(&y, n)) else {
        return by_rows(env, expr);
    };
    let (t, f) = if op == BinOp::And { (&xt & &yt, &xf | &yf) } else { (&xt | &yt, &xf & &yf) };
    let known = &t | &f;
    Out::Rows(Column::Bool(BooleanArray::new(t, Some(NullBuffer::new(known)))))
}

/// Where it is true, and where it is false.
fn sides(out: &Out, n: usize) -> Option<(BooleanBuffer, BooleanBuffer)> {
    match out {
        Out::Rows(Column::Bool(a)) => {
            let valid = a.nulls().map_or_else(|| BooleanBuffer::new_set(a.len()), |n| n.inner().clone());
            Some((a.values() & &valid, &!a.values() & &valid))
        }
        Out::One(Value::Bool(true)) => Some((BooleanBuffer::new_set(n), BooleanBuffer::new_unset(n))),
        Out::One(Value::Bool(false)) => Some((BooleanBuffer::new_unset(n), BooleanBuffer::new_set(n))),
        Out::One(Value::Missing) => Some((BooleanBuffer::new_unset(n), BooleanBuffer::new_unset(n))),
        _ => None,
    }
}

/// Comparison and arithmetic of columns and constants; none when there is no fast way.
fn combine(env: &Env, op: BinOp, x: &Out, y: &Out) -> Option<Out> {
    let n = env.view.rows;
    match (x, y) {
        (Out::One(v @ Value::Undefined(_)), _) | (_, Out::One(v @ Value::Undefined(_))) => Some(Out::One(v.clone())),
        (Out::Rows(Column::Number(a)), Out::Rows(Column::Number(b))) if a.len() == b.len() => {
            let (av, bv) = (a.values(), b.values());
            let nulls = union(a.nulls(), b.nulls());
            Some(numbers(op, n, nulls, |i| (av[i], bv[i])))
        }
        (Out::Rows(Column::Number(a)), Out::One(Value::Number(b))) => {
            let av = a.values();
            Some(numbers(op, n, a.nulls().cloned(), |i| (av[i], *b)))
        }
        (Out::One(Value::Number(a)), Out::Rows(Column::Number(b))) => {
            let bv = b.values();
            Some(numbers(op, n, b.nulls().cloned(), |i| (*a, bv[i])))
        }
        (Out::Rows(Column::Level(a, own)), Out::One(level)) | (Out::One(level), Out::Rows(Column::Level(a, own))) => {
            let wanted = match level {
                Value::Level(code, levels) if std::sync::Arc::ptr_eq(levels, own) => Some(*code),
                Value::Level(code, levels) => levels.names.get(*code as usize).and_then(|n| own.code(n)),
                Value::Text(text) => own.code(text),
                _ => return None,
            };
            Some(codes(op, a, wanted))
        }
        _ => None,
    }
}

fn codes(op: BinOp, a: &UInt32Array, wanted: Option<u32>) -> Out {
    let v = a.values();
    let same = match wanted {
        Some(code) => BooleanBuffer::collect_bool(v.len(), |i| v[i] == code),
        None => BooleanBuffer::new_unset(v.len()),
    };
    let bits = if op == BinOp::Ne { !&same } else { same };
    Out::Rows(Column::Bool(BooleanArray::new(bits, a.nulls().cloned())))
}

fn numbers(op: BinOp, n: usize, nulls: Option<NullBuffer>, at: impl Fn(usize) -> (f64, f64)) -> Out {
    if op.is_comparison() {
        let bits = BooleanBuffer::collect_bool(n, |i| {
            let (x, y) = at(i);
            ops::ordered(op, x, y)
        });
        return Out::Rows(Column::Bool(BooleanArray::new(bits, nulls)));
    }
    let values: Vec<f64> = (0..n)
        .map(|i| {
            let (x, y) = at(i);
            ops::arithmetic(op, x, y)
        })
        .collect();
    let bad = values.iter().any(|v| !v.is_finite());
    let nulls = if bad {
        let finite = NullBuffer::new(BooleanBuffer::collect_bool(n, |i| values[i].is_finite()));
        union(nulls.as_ref(), Some(&finite))
    } else {
        nulls
    };
    Out::Rows(Column::Number(Float64Array::new(values.into(), nulls)))
}

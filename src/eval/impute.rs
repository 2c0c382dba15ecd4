//! `impute(x, mean | given)`: missing cells filled with a figure of the rows that have the value.

use super::aggregate::{mean, quantile};
use super::aggregates;
use super::env::Env;
use super::forms::{Reader, column, gather};
use super::value::Value;
use super::view::cell;
use crate::check::program::Resolved;
use crate::check::walk;
use crate::data::Column;
use crate::syntax::ast::{Arg, Expr, ExprKind};
use crate::syntax::show;
use std::collections::BTreeMap;

/// The column with its gaps filled.
pub(super) fn filled(
    env: &Env,
    expr: &Expr,
    args: &[Arg],
    given: Option<&Expr>,
    reader: Reader,
) -> Result<Column, Value> {
    let [x, _] = args else { return Err(Value::undefined("a missing argument")) };
    let from = column(env, &x.value, reader)?;
    if from.missing() == 0 {
        return Ok(from);
    }
    let with = figure_of(env, args, given, reader, &from)?;
    if let (Column::Number(values), Value::Number(with)) = (&from, &with) {
        return Ok(Column::numbers(values.iter().map(|v| Some(v.unwrap_or(*with))).collect::<Vec<_>>()));
    }
    let values: Vec<Value> = (0..from.len())
        .map(|row| match cell(&from, row) {
            Value::Missing => with.clone(),
            value => value,
        })
        .collect();
    gather(env, expr, &values)
}

/// The figure that fills the gaps; worked out once for the rows of a view.
pub(super) fn figure(env: &Env, expr: &Expr, args: &[Arg], given: Option<&Expr>, reader: Reader) -> Value {
    let [x, _] = args else { return Value::undefined("a missing argument") };
    // What depends on a variable is another figure each time.
    let mut varies = false;
    walk(expr, &mut |e| {
        if let Some(Resolved::Local(name)) = env.tables().name(e.id) {
            varies |= env.local(name).is_some();
        }
    });
    let key = (expr.id, reader == Reader::Scalar);
    if let Some(known) = env.view.memo().figure(key).filter(|_| !varies) {
        return known;
    }
    let made = column(env, &x.value, reader).and_then(|from| figure_of(env, args, given, reader, &from));
    let made = made.unwrap_or_else(|why| why);
    if !varies && env.meter.tick(0).is_ok() {
        env.view.memo().keep_figure(key, made.clone());
    }
    made
}

fn figure_of(env: &Env, args: &[Arg], given: Option<&Expr>, reader: Reader, from: &Column) -> Result<Value, Value> {
    let [x, way] = args else { return Err(Value::undefined("a missing argument")) };
    let kept = aggregates::kept(env, given, reader, from.len())?;
    let way = match &way.value.kind {
        ExprKind::Name(word) => word.as_str(),
        _ => "",
    };
    let found = if way == "mode" {
        mode(from, &kept)
    } else {
        let mut x: Vec<f64> =
            from.as_f64().into_iter().zip(&kept).filter(|(v, k)| **k && !v.is_nan()).map(|(v, _)| v).collect();
        let figure = if way == "median" {
            x.sort_by(f64::total_cmp);
            quantile(&x, 0.5)
        } else {
            mean(&x)
        };
        figure.map(Value::Number)
    };
    found.ok_or_else(|| {
        let which = given.map_or(String::new(), |g| format!(" where `{}`", show(g)));
        Value::undefined(format!("no row has a value of `{}` to fill the others with{which}", show(&x.value)))
    })
}

/// The most frequent value; among equals the smallest, or the level declared first.
fn mode(column: &Column, kept: &[bool]) -> Option<Value> {
    let mut counts: BTreeMap<Key, (usize, usize)> = BTreeMap::new();
    for (row, _) in kept.iter().enumerate().filter(|(_, k)| **k) {
        if let Some(key) = key(column, row) {
            counts.entry(key).or_insert((0, row)).0 += 1;
        }
    }
    // The first of the best: keys come in ascending order.
    let best = counts.values().fold(None, |best: Option<(usize, usize)>, here| match best {
        Some(best) if best.0 >= here.0 => Some(best),
        _ => Some(*here),
    });
    best.map(|(_, row)| cell(column, row))
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Whole(i64),
    Text(String),
}

fn key(column: &Column, row: usize) -> Option<Key> {
    if column.array().is_null(row) {
        return None;
    }
    Some(match column {
        Column::Bool(a) => Key::Whole(i64::from(a.value(row))),
        // The bits of a number in the order of numbers; both zeros are one.
        Column::Number(a) => {
            let bits = (a.value(row) + 0.0).to_bits() as i64;
            Key::Whole(bits ^ (((bits >> 63) as u64) >> 1) as i64)
        }
        Column::Level(a, _) => Key::Whole(i64::from(a.value(row))),
        Column::Text(a) => Key::Text(a.value(row).to_string()),
        Column::Date(a) => Key::Whole(i64::from(a.value(row))),
    })
}

//! What both walks share: aggregates, groups, metric calls. They differ only in how they read a
//! column ([`Reader`]): row by row, or whole.

use super::aggregates;
use super::bins::{EdgeRule, bin_edges, bin_of};
use super::chunk::{self, Lowering};
use super::env::Env;
use super::ops;
use super::value::{Bin, Group, Out, Value};
use super::view::{View, cell, column_of};
use super::{calls, columnar, facts, identifiers, plain, scalar, walks};
use crate::check::Base;
use crate::check::special::Special;
use crate::data::Column;
use crate::syntax::ast::{Aggregate, Arg, BinOp, Expr, ExprKind};
use arrow_array::UInt32Array;
use std::sync::Arc;

/// Which walk reads the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    Scalar,
    Columnar,
}

/// The value of a literal.
pub(super) fn literal(expr: &Expr) -> Option<Value> {
    Some(match &expr.kind {
        ExprKind::Int(v) => Value::Number(*v as f64),
        ExprKind::Real(v) | ExprKind::Percent(v) | ExprKind::Quantity(v, _) => Value::Number(*v),
        ExprKind::Bool(v) => Value::Bool(*v),
        ExprKind::Date(text) => match chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            Ok(date) => {
                let days = date.signed_duration_since(chrono::NaiveDate::default()).num_days();
                i32::try_from(days).map_or(Value::Missing, Value::Date)
            }
            Err(_) => Value::undefined("not a date"),
        },
        ExprKind::Hole => Value::undefined("a hole"),
        _ => return None,
    })
}

/// A level by code, with the levels of the expression's type.
pub(super) fn level(env: &Env, expr: &Expr, code: u32) -> Value {
    match env.tables().ty(expr.id).map(|t| &t.base) {
        Some(Base::Category(levels)) => Value::Level(code, levels.clone()),
        _ => Value::undefined("an unknown level"),
    }
}

/// Evaluates a whole expression by one of the walks.
pub(super) fn value(env: &Env, expr: &Expr, reader: Reader) -> Value {
    match reader {
        Reader::Scalar => scalar::eval(env, expr, None),
        Reader::Columnar => env.one(expr),
    }
}

/// The expression as a column of the view, or the reason why there is none.
pub(super) fn column(env: &Env, expr: &Expr, reader: Reader) -> Result<Column, Value> {
    if let Reader::Columnar = reader {
        return match columnar::eval(env, expr) {
            Out::Rows(column) => Ok(column),
            // Without rows there is nothing that could be undefined in one of them.
            Out::One(_) if env.view.rows == 0 && env.is_row(expr.id) => Ok(blank(env, expr, 0)),
            Out::One(value) => spread(value, env.view.rows),
        };
    }
    if !env.is_row(expr.id) {
        return spread(scalar::eval(env, expr, None), env.view.rows);
    }
    let values: Vec<Value> = (0..env.view.rows).map(|row| scalar::eval(env, expr, Some(row))).collect();
    gather(env, expr, &values)
}

/// Row values as a column; the first undefined row speaks for all.
pub(super) fn gather(env: &Env, expr: &Expr, values: &[Value]) -> Result<Column, Value> {
    if let Some(bad) = values.iter().find(|v| matches!(v, Value::Undefined(_))) {
        return Err(bad.clone());
    }
    match column_of(values) {
        Some(column) => Ok(column),
        None if values.iter().all(|v| *v == Value::Missing) => Ok(blank(env, expr, values.len())),
        None => Err(Value::undefined("a list or record in each row is not a column")),
    }
}

/// A column without any value, of the expression's type.
fn blank(env: &Env, expr: &Expr, rows: usize) -> Column {
    match env.tables().ty(expr.id).map(|t| &t.base) {
        Some(Base::Bool) => Column::bools(vec![None; rows]),
        Some(Base::Category(levels)) => Column::levels(vec![None; rows], levels.clone()),
        Some(Base::Text) => Column::Text(vec![None::<&str>; rows].into()),
        Some(Base::Date) => Column::Date(vec![None; rows].into()),
        _ => Column::numbers(vec![None; rows]),
    }
}

/// One value as a column: a list is a column of its items, anything else the same in every row.
fn spread(value: Value, rows: usize) -> Result<Column, Value> {
    match &value {
        Value::Undefined(_) => Err(value),
        Value::List(items) => column_of(items).ok_or_else(|| Value::undefined("an empty list")),
        Value::Missing => Ok(Column::numbers(vec![None; rows])),
        one => column_of(&vec![one.clone(); rows.max(1)])
            .map(|c| if rows == 0 { c.take(&UInt32Array::from(Vec::<u32>::new())) } else { c })
            .ok_or_else(|| Value::undefined("not one value per row")),
    }
}

/// Which rows meet a condition or belong to a group: true, false or unknown.
pub(super) fn mask(env: &Env, expr: &Expr, reader: Reader) -> Result<Vec<Option<bool>>, Value> {
    if env.tables().ty(expr.id).is_some_and(|t| t.base == Base::Group) {
        return match value(env, expr, reader) {
            Value::Group(group) => Ok(members(&env.view, &group)),
            other => Err(other),
        };
    }
    match column(env, expr, reader)? {
        Column::Bool(flags) => Ok(flags.iter().collect()),
        _ => Err(Value::undefined("not a condition")),
    }
}

/// The rows of a group; a row with a missing part is unknown.
fn members(view: &View, group: &Group) -> Vec<Option<bool>> {
    let mut out = vec![Some(true); view.rows];
    for (name, code, _) in &group.parts {
        let Some(column) = view.column(name) else { return vec![None; view.rows] };
        for (row, slot) in out.iter_mut().enumerate() {
            let here = match cell(column, row) {
                Value::Level(at, _) => Some(at == *code),
                Value::Bool(flag) => Some(u32::from(flag) == *code),
                _ => None,
            };
            *slot = match (*slot, here) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            };
        }
    }
    out
}

/// The aggregates over rows, and the lists that groups are walked by.
pub(super) fn aggregate(env: &Env, special: Special, args: &[Arg], given: Option<&Expr>, reader: Reader) -> Value {
    // One look at every row; what the arguments cost is counted where they are evaluated.
    if let Err(why) = env.meter.tick(env.view.rows as u64) {
        return why;
    }
    match special {
        special if special.is_plain() => plain::call(special, args, false, &|e| value(env, e, reader)),
        special if special.is_fact() => facts::fact(env, special, args),
        Special::Identifiers => match identifiers::measured(env, args) {
            Ok(found) => Value::Number(found.value),
            Err(why) => Value::Undefined(Arc::new(why)),
        },
        Special::Every => aggregates::every(env, args, given, reader).unwrap_or_else(|why| why),
        Special::Groups => match args.last() {
            Some(arg) => groups_of(env, &arg.value),
            None => Value::undefined("a missing argument"),
        },
        // The groups are seen by who asks for the estimate.
        Special::ByGroup => match args.first() {
            Some(figure) => value(env, &figure.value, reader),
            None => Value::undefined("a missing argument"),
        },
        Special::Bins => bins(env, args, reader).unwrap_or_else(|why| why),
        _ => aggregates::aggregate(env, special, args, given, reader),
    }
}

/// Every combination of levels, whether rows have it or not.
pub fn groups_of(env: &Env, by: &Expr) -> Value {
    let items: &[Expr] = match &by.kind {
        ExprKind::List(items) => items,
        _ => std::slice::from_ref(by),
    };
    let mut combos: Vec<Vec<(String, u32, String)>> = vec![Vec::new()];
    for item in items {
        let ExprKind::Name(name) = &item.kind else { return Value::undefined("groups are made from columns") };
        let names = match env.tables().ty(item.id).map(|t| &t.base) {
            Some(Base::Category(levels)) => levels.names.clone(),
            _ => vec!["false".to_string(), "true".to_string()],
        };
        combos = combos
            .into_iter()
            .flat_map(|combo| {
                names.iter().enumerate().map(move |(code, level)| {
                    let mut next = combo.clone();
                    next.push((name.clone(), code as u32, level.clone()));
                    next
                })
            })
            .collect();
    }
    Value::List(Arc::new(combos.into_iter().map(|parts| Value::Group(Arc::new(Group { parts }))).collect()))
}

/// The bins that hold rows.
fn bins(env: &Env, args: &[Arg], reader: Reader) -> Result<Value, Value> {
    if reader == Reader::Columnar
        && let Some((request, count)) = aggregates::bin_counts(&mut Lowering::new(env), args)
        && let Some(holds) = aggregates::occurring(env, request, count)
    {
        return Ok(bin_list(&holds));
    }
    let [p, n] = args else { return Err(Value::undefined("a missing argument")) };
    let values = column(env, &p.value, reader)?.as_f64();
    let n = value(env, &n.value, reader).number().unwrap_or(0.0);
    if !(1.0..=10_000.0).contains(&n) {
        return Err(Value::undefined("bins are 1 to 10000"));
    }
    let count = n as usize;
    let edges = bin_edges(count);
    let mut holds = vec![false; count];
    for v in values {
        if (0.0..=1.0).contains(&v)
            && let Some(slot) = holds.get_mut(bin_of(v, &edges, EdgeRule::default()))
        {
            *slot = true;
        }
    }
    Ok(bin_list(&holds))
}

fn bin_list(holds: &[bool]) -> Value {
    let count = holds.len();
    let bins = holds.iter().enumerate().filter(|(_, h)| **h).map(|(index, _)| Value::Bin(Bin { index, count }));
    Value::List(Arc::new(bins.collect()))
}

/// Whether a value is in a list, a range or a bin.
pub(super) fn is_in(env: &Env, x: &Value, right: &Expr, at: &dyn Fn(&Expr) -> Value) -> Value {
    let set = at(right);
    if let (Value::Bin(bin), Value::Number(v)) = (&set, x) {
        return Value::Bool(ops::in_bin(*v, *bin));
    }
    let Value::List(items) = &set else {
        return if matches!(x, Value::Missing | Value::Undefined(_)) { x.clone() } else { set };
    };
    if matches!(right.kind, ExprKind::Binary(BinOp::Range, ..))
        && let [lo, hi] = items.as_slice()
    {
        let row = env.is_row(right.id) || matches!(x, Value::Missing);
        return ops::and(&ops::binary(BinOp::Ge, x, lo, row), &ops::binary(BinOp::Le, x, hi, row));
    }
    ops::in_list(x, items)
}

/// The forms that only make sense for a cohort.
pub(super) fn cohort(env: &Env, expr: &Expr, reader: Reader) -> Value {
    match &expr.kind {
        ExprKind::Quantified { all, var, range, body } => {
            let items = match walks::items(env, range, reader, None) {
                Ok(items) => items,
                Err(why) => return why,
            };
            let mut out = Value::Bool(*all);
            for item in items {
                let here = value(&env.bind(&var.name, item), body, reader);
                out = if *all { ops::and(&out, &here) } else { ops::or(&out, &here) };
            }
            out
        }
        ExprKind::Over { aggregate, var, range, body } => match walks::items(env, range, reader, None) {
            Ok(items) => over(env, *aggregate, &var.name, items, body, reader),
            Err(why) => why,
        },
        ExprKind::Comprehension { .. } => walks::comprehension(env, expr, reader, None),
        ExprKind::Scoped { body, on, filter } => {
            let mut env = env.clone();
            if let Some(on) = on {
                match env.data(expr, on) {
                    Some(view) => env.view = view.clone(),
                    None => return Value::undefined(format!("`{}` is not loaded", on.name)),
                }
            }
            match filter {
                Some(filter) => match narrowed(&env, filter, body, reader) {
                    Ok(env) => value(&env, body, reader),
                    Err(why) => why,
                },
                None => value(&env, body, reader),
            }
        }
        _ => {
            plain::kind(env, expr, &|e| value(env, e, reader)).unwrap_or_else(|| Value::undefined("this has no value"))
        }
    }
}

/// The context with only the rows where `filter` is true.
pub(super) fn narrowed<'a>(env: &Env<'a>, filter: &Expr, body: &Expr, reader: Reader) -> Result<Env<'a>, Value> {
    let fast = || {
        let node = Lowering::new(env).truth(filter).ok()?;
        chunk::indices(env, node).ok()
    };
    let index: Vec<u32> = match (reader == Reader::Columnar).then(fast).flatten() {
        Some(index) => index,
        None => {
            let mask = mask(env, filter, reader)?;
            mask.iter().enumerate().filter(|(_, m)| **m == Some(true)).map(|(i, _)| i as u32).collect()
        }
    };
    if index.is_empty() {
        return Err(aggregates::no_row(filter));
    }
    Ok(env.over(env.view.take(&UInt32Array::from(index), &env.needed(body))))
}

fn over(env: &Env, aggregate: Aggregate, var: &str, items: Vec<Value>, body: &Expr, reader: Reader) -> Value {
    let mut values = Vec::with_capacity(items.len());
    for item in &items {
        match value(&env.bind(var, item.clone()), body, reader) {
            Value::Number(v) => values.push(v),
            Value::Undefined(why) => return Value::undefined(format!("{item}: {}", why.reason)),
            other => return other,
        }
    }
    let best = |better: fn(f64, f64) -> bool| {
        let first = |b: usize, (i, v): (usize, &f64)| if values.get(b).is_some_and(|w| better(*v, *w)) { i } else { b };
        let at = values.iter().enumerate().fold(0, first);
        items.get(at).cloned().unwrap_or_else(|| Value::undefined("there is nothing to walk over"))
    };
    match aggregate {
        Aggregate::ArgMax => best(|v, w| v > w),
        Aggregate::ArgMin => best(|v, w| v < w),
        _ => walks::reduce(aggregate, &values, false),
    }
}

/// For estimates: the context with only the rows where `filter` is true.
pub fn narrow<'a>(env: &Env<'a>, filter: &Expr, body: &Expr) -> Result<Env<'a>, Value> {
    narrowed(env, filter, body, Reader::Columnar)
}

/// For estimates: a metric's parameters bound to columns.
pub fn bind<'a>(env: &Env<'a>, expr: &Expr, index: usize, args: &[Arg]) -> Result<Env<'a>, Value> {
    calls::bound(env, expr, index, args, Reader::Columnar)
}

/// For estimates: successes and trials of `P(event | given)`.
pub fn successes(env: &Env, args: &[Arg], given: Option<&Expr>) -> Result<(u64, u64), Value> {
    aggregates::trials(env, args, given, Reader::Columnar)
}

/// For reasons: in how many rows a condition is false, unknown and true, among those where `given` is true.
pub fn truths(env: &Env, condition: &Expr, given: Option<&Expr>) -> Result<[u64; 3], Value> {
    aggregates::truths(env, condition, given, Reader::Columnar)
}

/// For witnesses: whether a condition is true in each row.
pub fn truth_by_row(env: &Env, condition: &Expr) -> Result<Vec<Option<bool>>, Value> {
    mask(env, condition, Reader::Columnar)
}

/// For estimates: the numbers that an aggregate is over.
pub fn numbers(env: &Env, args: &[Arg], given: Option<&Expr>) -> Result<Vec<f64>, Value> {
    aggregates::numbers(env, args, given, Reader::Columnar)
}

/// For witnesses: what `forall g in range` walks over.
pub fn walked(env: &Env, range: &Expr) -> Result<Vec<Value>, Value> {
    walks::items(env, range, Reader::Columnar, None)
}

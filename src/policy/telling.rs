//! Whether a figure over patients' rows tells a small count: its own number of rows, the rows it leaves out, the
//! numerator of a share, or a cell of the table that a metric is computed from.
//!
//! Every aggregate below an expression is looked at where it stands: in the rows of its data, filter, function and
//! group. What a figure and other figures tell together is the business of those who show them in one table; what the
//! answers to different questions tell together is not looked at.

use super::cells::{LEAST, Mark, is_small, is_telling_share, one_way, tells, two_way, veiled};
use crate::builtins::by_group::{self, Cell};
use crate::check::program::{ArgSource, Callee};
use crate::check::special::Special;
use crate::data::Column;
use crate::eval::count::Count;
use crate::eval::estimate::Estimate;
use crate::eval::value::Out;
use crate::eval::{Env, Value, forms};
use crate::syntax::ast::{Arg, Expr, ExprKind};
use arrow_array::UInt32Array;
use std::collections::BTreeMap;

/// Why a figure of patients is not shown.
pub const WITHHELD: &str = "withheld: the data is phi, and it would tell a count of fewer than 11 rows";

/// What is said of a small count itself.
pub const FEWER: &str = "fewer than 11";

/// What a count of a table is shown as.
pub fn count_as(n: usize, mark: Mark) -> Count {
    match mark {
        Mark::Shown => Count::Rows(n),
        Mark::Few => Count::Few,
        Mark::Withheld => Count::Withheld,
    }
}

/// The estimate of `expr` as it may be shown of patients, with the groups of `by_group` that may; else why not.
pub fn told(env: &Env, expr: &Expr, estimate: Estimate) -> Result<Estimate, &'static str> {
    let Some((inner, body)) = inner(env, expr) else { return Err(WITHHELD) };
    if inner.view.rows != env.view.rows && tells(inner.view.rows, env.view.rows) {
        return Err(WITHHELD);
    }
    match (&body.kind, special(&inner, body)) {
        (ExprKind::Call { args, .. }, Some(Special::ByGroup)) => grouped(&inner, args, estimate),
        (_, Some(Special::Count)) if (1.0..LEAST as f64).contains(&estimate.value) => Err(FEWER),
        _ if is_telling(&inner, body, &estimate) => Err(WITHHELD),
        _ => Ok(estimate),
    }
}

/// Whether the figure tells a small count: by what it is made of, its rows or its parts.
fn is_telling(env: &Env, expr: &Expr, estimate: &Estimate) -> bool {
    let part = |p: &crate::eval::estimate::Part| {
        p.n.shown().is_none_or(|n| tells(n, env.view.rows) || p.value.is_some_and(|v| is_telling_share(v, n)))
    };
    let n = estimate.n;
    (n > 0 && (tells(n, env.view.rows) || is_telling_share(estimate.value, n)))
        || estimate.parts.iter().any(part)
        || gives_away(env, expr)
}

/// Metrics whose value is a number of rows.
const OF_ROWS: [&str; 2] = ["k_anonymity", "k_map"];

/// Whether an aggregate in `expr` tells a small count. What cannot be worked out is taken to.
pub fn gives_away(env: &Env, expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Scoped { body, filter, .. } => match inner(env, expr) {
            None => true,
            Some((here, _)) if filter.is_some() => {
                tells(here.view.rows, all_rows(env, expr)) || gives_away(&here, body)
            }
            Some((here, body)) => gives_away(&here, body),
        },
        ExprKind::Name(_) if env.refers_to_let(expr) => match inner(env, expr) {
            Some((_, body)) if std::ptr::eq(body, expr) => false,
            Some((here, body)) => gives_away(&here, body),
            None => true,
        },
        ExprKind::Quantified { var, range, body, .. } | ExprKind::Over { var, range, body, .. } => {
            each(env, &var.name, range, &[body])
        }
        ExprKind::Comprehension { var, range, body, filter, .. } => {
            let mut bodies: Vec<&Expr> = vec![body];
            bodies.extend(filter.as_deref());
            each(env, &var.name, range, &bodies)
        }
        ExprKind::Let(name, value, body) => {
            gives_away(env, value) || gives_away(&env.bind(&name.name, env.one(value)), body)
        }
        ExprKind::Call { args, given, .. } => match env.program.tables.call(expr.id).map(|p| p.callee) {
            Some(Callee::Function(index)) => called(env, expr, index, args, given.as_deref()),
            Some(Callee::Special(form)) => aggregate(env, expr, form, args, given.as_deref()),
            _ => args.iter().any(|a| gives_away(env, &a.value)),
        },
        _ => below(expr).into_iter().any(|e| gives_away(env, e)),
    }
}

/// The rows and the expression that a name of a `let`, `on` and `where` lead to; none when they lead nowhere.
fn inner<'e>(env: &Env<'e>, expr: &'e Expr) -> Option<(Env<'e>, &'e Expr)> {
    match &expr.kind {
        ExprKind::Scoped { body, on, filter } => {
            let mut here = env.clone();
            if let Some(on) = on {
                here.view = env.data(expr, on)?.clone();
            }
            if let Some(filter) = filter {
                here = forms::narrow(&here, filter, body).ok()?;
            }
            inner(&here, body)
        }
        ExprKind::Name(_) if env.refers_to_let(expr) => {
            let name = env.let_name(expr)?;
            match env.program.let_item(name) {
                Some(item) => inner(&env.home_of(name), &item.value),
                None => Some((env.clone(), expr)),
            }
        }
        _ => Some((env.clone(), expr)),
    }
}

/// The rows before a filter.
fn all_rows(env: &Env, expr: &Expr) -> usize {
    match &expr.kind {
        ExprKind::Scoped { on: Some(on), .. } => env.data(expr, on).map_or(0, |view| view.rows),
        _ => env.view.rows,
    }
}

fn special(env: &Env, expr: &Expr) -> Option<Special> {
    match env.program.tables.call(expr.id).map(|p| p.callee) {
        Some(Callee::Special(form)) => Some(form),
        _ => None,
    }
}

fn each(env: &Env, var: &str, range: &Expr, bodies: &[&Expr]) -> bool {
    match forms::walked(env, range) {
        Ok(items) => items.into_iter().any(|item| {
            let here = env.bind(var, item);
            bodies.iter().any(|body| gives_away(&here, body))
        }),
        Err(_) => true,
    }
}

/// What stands directly below forms without rules of their own.
fn below(expr: &Expr) -> Vec<&Expr> {
    match &expr.kind {
        ExprKind::List(items) | ExprKind::Set(items) => items.iter().collect(),
        ExprKind::Neg(a)
        | ExprKind::Not(a)
        | ExprKind::Member(a, _)
        | ExprKind::Convert(a, ..)
        | ExprKind::Typed(a, _) => vec![a],
        ExprKind::Binary(_, _, a, b) | ExprKind::Index(a, b) => vec![a, b],
        ExprKind::If(a, b, c) => vec![a, b, c],
        ExprKind::Match { subject, arms } => std::iter::once(&**subject).chain(arms.iter().map(|a| &a.value)).collect(),
        ExprKind::Record(fields) => fields.iter().map(|(_, e)| e).collect(),
        _ => Vec::new(),
    }
}

fn called(env: &Env, expr: &Expr, index: usize, args: &[Arg], given: Option<&Expr>) -> bool {
    let here = match given.map(|given| forms::narrow(env, given, expr)) {
        Some(Ok(here)) => here,
        Some(Err(_)) => return true,
        None => env.clone(),
    };
    if tells(here.view.rows, env.view.rows) {
        return true;
    }
    let Some(info) = env.program.functions.get(index) else { return true };
    match &info.decl.body {
        Some(body) => {
            let Ok(bound) = forms::bind(&here, expr, index, args) else { return true };
            args.iter().any(|a| gives_away(&here, &a.value)) || gives_away(&bound, body)
        }
        None => {
            has_small_cell(&here, expr, args)
                || (OF_ROWS.contains(&info.decl.name.name.as_str()) && is_few(&here, expr))
        }
    }
}

/// Whether a number of rows is small, or not known.
fn is_few(env: &Env, expr: &Expr) -> bool {
    env.one(expr).number().is_none_or(|n| n < LEAST as f64)
}

/// Whether the table of all flags and categories that a kernel reads has a small cell: its figures are functions of
/// that table, and the margins are rarely a secret.
fn has_small_cell(env: &Env, expr: &Expr, args: &[Arg]) -> bool {
    let mut columns: Vec<Column> = Vec::new();
    for source in env.program.tables.call(expr.id).iter().flat_map(|p| &p.args) {
        match source {
            ArgSource::Column(name) => columns.extend(env.view.column(name).cloned()),
            ArgSource::Given(at) => {
                let Some(arg) = args.get(*at) else { continue };
                let items = match &arg.value.kind {
                    ExprKind::List(items) => items.iter().collect(),
                    _ => vec![&arg.value],
                };
                columns.extend(items.into_iter().filter_map(|item| match env.eval(item) {
                    Out::Rows(column) => Some(column),
                    Out::One(_) => None,
                }));
            }
            ArgSource::Default => {}
        }
    }
    let codes: Vec<(usize, Vec<usize>)> = columns.iter().filter_map(codes).collect();
    let rows = codes.iter().map(|(_, c)| c.len()).min().unwrap_or(0);
    let mut cells: BTreeMap<usize, usize> = BTreeMap::new();
    for row in 0..rows {
        let at = codes.iter().fold(0usize, |at, (levels, codes)| {
            at.wrapping_mul(levels + 1).wrapping_add(codes.get(row).copied().unwrap_or(0))
        });
        *cells.entry(at).or_default() += 1;
    }
    cells.values().any(|n| is_small(*n))
}

/// The codes of a flag or a category, with one for what is missing.
fn codes(column: &Column) -> Option<(usize, Vec<usize>)> {
    match column {
        Column::Bool(flags) => {
            Some((2, flags.iter().map(|flag| flag.map_or(0, |flag| 1 + usize::from(flag))).collect()))
        }
        Column::Level(codes, levels) => {
            let codes = codes.iter().map(|code| code.map_or(0, |code| 1 + code as usize)).collect();
            Some((levels.names.len(), codes))
        }
        _ => None,
    }
}

fn aggregate(env: &Env, expr: &Expr, form: Special, args: &[Arg], given: Option<&Expr>) -> bool {
    let rows = env.view.rows;
    match form {
        Special::Probability => match forms::successes(env, args, given) {
            Ok((k, n)) => tells(k as usize, n as usize) || tells(n as usize, rows),
            Err(_) => true,
        },
        Special::Count if args.is_empty() && given.is_none() => is_small(rows),
        Special::Count => match (env.one(expr), forms::successes(env, args, given)) {
            (Value::Number(k), Ok((_, n))) => tells(k as usize, n as usize) || tells(k as usize, rows),
            // Of no row at all there are none.
            (Value::Number(k), Err(_)) => tells(k as usize, rows),
            _ => true,
        },
        Special::Expectation | Special::Variance | Special::Sum | Special::Min | Special::Max | Special::Quantile => {
            match forms::numbers(env, args, given) {
                Ok(x) => {
                    let is_flag = x.iter().all(|v| *v == 0.0 || *v == 1.0);
                    let ones = x.iter().filter(|v| **v == 1.0).count();
                    tells(x.len(), rows) || (is_flag && tells(ones, x.len()))
                }
                Err(_) => true,
            }
        }
        Special::ByGroup => args.first().is_none_or(|a| gives_away(env, &a.value)),
        _ => args.iter().any(|a| gives_away(env, &a.value)),
    }
}

/// The groups of a `by_group`: small ones and what would give them away without their number of rows, and those without
/// a figure whose figure would tell.
fn grouped(env: &Env, args: &[Arg], mut estimate: Estimate) -> Result<Estimate, &'static str> {
    let (Some(figure), Some(by)) = (args.first(), args.get(1)) else { return Err(WITHHELD) };
    let whole = Estimate { parts: Vec::new(), ..estimate.clone() };
    if is_telling(env, &figure.value, &whole) {
        return Err(WITHHELD);
    }
    let Ok(split) = by_group::split(env, args) else { return Err(WITHHELD) };
    let mut names = env.needed(&figure.value);
    names.extend(env.needed(&by.value));
    let Some(marks) = marks_of(&split.cells, split.unknown) else { return Err(WITHHELD) };
    let sizes: Vec<usize> = split.cells.iter().map(|c| c.rows.len()).collect();
    let hidden: Vec<bool> = marks.iter().map(|m| !m.is_shown()).collect();
    let over = |groups: &[usize]| {
        let mut rows: Vec<u32> =
            groups.iter().filter_map(|g| split.cells.get(*g)).flat_map(|c| &c.rows).copied().collect();
        rows.sort_unstable();
        env.over(env.view.take(&UInt32Array::from(rows), &names))
    };
    let veil = veiled(&sizes, &hidden, |groups| gives_away(&over(groups), &figure.value));
    for (((part, mark), veil), n) in estimate.parts.iter_mut().zip(&marks).zip(&veil).zip(&sizes) {
        part.n = count_as(*n, *mark);
        if *veil || part.value.is_some_and(|v| is_telling_share(v, *n)) {
            (part.value, part.interval) = (None, None);
        }
    }
    // Notes on single groups say which are small.
    estimate.notes.retain(|note| !note.starts_with(by_group::UNKNOWN) && !note.starts_with('`'));
    if split.unknown > 0 {
        let n = if is_small(split.unknown) { FEWER.to_string() } else { split.unknown.to_string() };
        let n =
            if marks.iter().any(|m| !m.is_shown()) && !is_small(split.unknown) { "withheld".to_string() } else { n };
        estimate.notes.push(format!("{}: {n}", by_group::UNKNOWN));
    }
    if veil.contains(&true) {
        estimate.notes.push("groups without a figure: the data is phi, and small counts are not shown".into());
    }
    Ok(estimate)
}

/// What may be shown of the numbers of rows of groups: of two columns their margins are known as well.
fn marks_of(cells: &[Cell], unknown: usize) -> Option<Vec<Mark>> {
    let place = |cell: &Cell| match cell.codes.as_slice() {
        [first @ .., last] if !first.is_empty() => Some((first.to_vec(), *last)),
        _ => None,
    };
    let places: Option<Vec<(Vec<u32>, u32)>> = cells.iter().map(place).collect();
    let Some(places) = places.filter(|_| unknown == 0) else {
        let counts: Vec<usize> = cells.iter().map(|c| c.rows.len()).chain([unknown]).collect();
        let mut marks = one_way(&counts);
        marks.truncate(cells.len());
        return Some(marks);
    };
    let mut firsts: Vec<&Vec<u32>> = places.iter().map(|(first, _)| first).collect();
    firsts.sort();
    firsts.dedup();
    let mut lasts: Vec<u32> = places.iter().map(|(_, last)| *last).collect();
    lasts.sort_unstable();
    lasts.dedup();
    let at = |(first, last): &(Vec<u32>, u32)| {
        Some((firsts.iter().position(|f| *f == first)?, lasts.iter().position(|l| l == last)?))
    };
    let mut table = vec![vec![0; lasts.len()]; firsts.len()];
    for (cell, place) in cells.iter().zip(&places) {
        if let Some(slot) = at(place).and_then(|(r, c)| table.get_mut(r)?.get_mut(c)) {
            *slot = cell.rows.len();
        }
    }
    let marks = two_way(&table)?;
    let mark = |place| at(place).and_then(|(r, c)| marks.get(r)?.get(c).copied()).unwrap_or(Mark::Withheld);
    Some(places.iter().map(mark).collect())
}

//! The estimate of an expression: its value with interval and n.
//!
//! A kernel brings its own interval, `P` is Wilson's, `E` Student's; anything else is resampled by row
//! (percentile bootstrap), so that a difference of two figures on the same rows is paired.

use super::by_group;
use crate::check::program::Callee;
use crate::check::special::Special;
use crate::eval::estimate::{Estimate, Interval, Measured, Undefined};
use crate::eval::value::{Out, Value};
use crate::eval::{Env, View};
use crate::eval::{aggregates, calls, forms, identifiers};
use crate::metrics::inference;
use crate::metrics::resampling::{self, Lane, REPLICATES};
use crate::syntax::ast::{Expr, ExprKind};
use arrow_array::UInt32Array;
use rayon::prelude::*;
use std::collections::BTreeSet;

/// Evaluates `expr` with its uncertainty at 95 %, unless the context says otherwise.
pub fn measure(env: &Env, expr: &Expr) -> Measured {
    measure_at(env, expr, inference::LEVEL)
}

/// The same with intervals of another confidence level. Kernels that take a level as a parameter, and say nothing when
/// rows are resampled, keep that.
pub fn measure_at(env: &Env, expr: &Expr, level: f64) -> Measured {
    match &expr.kind {
        ExprKind::Scoped { body, on, filter } => {
            let mut inner = env.clone();
            if let Some(on) = on {
                inner.view = env
                    .data(expr, on)
                    .cloned()
                    .ok_or_else(|| Undefined::new(format!("`{}` is not loaded", on.name)))?;
            }
            if let Some(filter) = filter {
                inner = forms::narrow(&inner, filter, body).map_err(reason)?;
            }
            measure_at(&inner, body, level)
        }
        ExprKind::Name(_) if env.refers_to_let(expr) => {
            let name = env.let_name(expr).unwrap_or("");
            match env.program.let_item(name) {
                Some(item) => measure_at(&env.home_of(name), &item.value, level),
                None => general(env, expr, level),
            }
        }
        ExprKind::Call { args, given, .. } => match env.program.tables.call(expr.id).map(|p| p.callee) {
            Some(Callee::Function(index)) => {
                let env = match given {
                    Some(given) => forms::narrow(env, given, expr).map_err(reason)?,
                    None => env.clone(),
                };
                let Some(info) = env.program.functions.get(index) else { return general(&env, expr, level) };
                if !info.decl.is_metric {
                    return general(&env, expr, level);
                }
                let inner = forms::bind(&env, expr, index, args).map_err(reason)?;
                match &info.decl.body {
                    None => {
                        let resampled = env.kernels.find(&info.decl.name.name).is_some_and(|r| r.resampled);
                        let estimate = calls::call_kernel(&inner, index, Some(level))?;
                        // A kernel with a level of its own among its parameters keeps that one.
                        if estimate.interval.as_ref().is_some_and(|i| i.level == level) || !resampled {
                            return Ok(estimate);
                        }
                        let interval = general(&env, expr, level)?.interval;
                        Ok(Estimate { interval, ..estimate })
                    }
                    Some(body) => general(&inner, body, level),
                }
            }
            Some(Callee::Special(Special::Probability)) => {
                let (k, n) = forms::successes(env, args, given.as_deref()).map_err(reason)?;
                let interval = inference::wilson(k, n, level);
                Ok(Estimate { interval, ..Estimate::plain(k as f64 / n as f64, n as usize) })
            }
            Some(Callee::Special(Special::Expectation)) => {
                let estimate = plain(env, expr)?;
                let spread = aggregates::spread(env, args, given.as_deref()).map_err(reason)?;
                Ok(Estimate { interval: inference::mean_interval_of(spread, level), n: spread.n as usize, ..estimate })
            }
            Some(Callee::Special(Special::ByGroup)) => by_group::measured(env, args, level),
            Some(Callee::Special(Special::Identifiers)) => identifiers::measured(env, args),
            // A count is what it is; a bootstrap says nothing about extremes.
            Some(Callee::Special(Special::Count)) => plain(env, expr),
            Some(Callee::Special(Special::Min | Special::Max)) => {
                let n = forms::numbers(env, args, given.as_deref()).map_err(reason)?.len();
                plain(env, expr).map(|e| Estimate { n, ..e })
            }
            Some(Callee::Special(Special::Variance | Special::Sum | Special::Quantile)) => {
                let n = forms::numbers(env, args, given.as_deref()).map_or(0, |x| x.len());
                general(env, expr, level).map(|e| Estimate { n, ..e })
            }
            _ => general(env, expr, level),
        },
        _ => general(env, expr, level),
    }
}

fn reason(value: Value) -> Undefined {
    match value {
        Value::Undefined(why) => why.as_ref().clone(),
        other => Undefined::new(format!("{other} is not a number")),
    }
}

fn number(value: Value) -> Result<f64, Undefined> {
    match value {
        Value::Number(v) => Ok(v),
        other => Err(reason(other)),
    }
}

fn plain(env: &Env, expr: &Expr) -> Measured {
    let value = number(env.one(expr))?;
    Ok(Estimate::plain(value, env.view.rows))
}

/// Value by the columnar walk, interval by resampling rows.
fn general(env: &Env, expr: &Expr, level: f64) -> Measured {
    let estimate = plain(env, expr)?;
    let names = env.needed(expr);
    let reads_rows = names.iter().any(|n| env.view.column(n).is_some());
    if !reads_rows || env.view.rows < 2 {
        return Ok(Estimate { n: if reads_rows { env.view.rows } else { 0 }, ..estimate });
    }
    let interval = resampled(env, &names, estimate.value, level, |env| point(env, expr));
    Ok(Estimate { interval, ..estimate })
}

/// Cohorts beyond this size are resampled in part.
const LARGE: usize = 500_000;
/// Rows of a resample of a large cohort, and how many of those are drawn.
const PART: usize = 100_000;
const PARTS: usize = 400;

/// The interval of `value` from what `figure` gives over resampled rows; a resample without a value (an empty
/// group, say) is left out. Large cohorts: the m out of n bootstrap (Bickel, Goetze and van Zwet 1997), in which the
/// distances from the value shrink with the square root of m / n, as they do for a figure made of means.
fn resampled(
    env: &Env,
    names: &BTreeSet<String>,
    value: f64,
    level: f64,
    figure: impl Fn(&Env) -> Option<f64> + Sync,
) -> Option<Interval> {
    let n = env.view.rows;
    let (rows, replicates) = if n > LARGE { (PART, PARTS) } else { (n, REPLICATES) };
    let draws: Vec<f64> = (0..replicates)
        .into_par_iter()
        .filter_map(|index| {
            let mut rng = resampling::stream(env.seed, Lane::Bootstrap, index);
            let rows: Vec<u32> = (0..rows).map(|_| resampling::below(&mut rng, n) as u32).collect();
            let view: View = env.view.take(&UInt32Array::from(rows), names);
            // A named figure of the same data is drawn along, so that differences are paired.
            let mut datasets = env.datasets.clone();
            datasets.values_mut().filter(|d| d.is(&env.view)).for_each(|d| *d = view.clone());
            figure(&Env { datasets: &datasets, view, ..env.clone() })
        })
        .collect();
    let draws_interval = inference::percentile_interval(&draws, level)?;
    if n <= LARGE {
        return Some(draws_interval);
    }
    let scale = (PART as f64 / n as f64).sqrt();
    Some(Interval {
        lo: value - scale * (draws_interval.hi - value),
        hi: value - scale * (draws_interval.lo - value),
        level,
        method: format!("bootstrap, {PART} of the rows ({})", draws.len()),
    })
}

fn point(env: &Env, expr: &Expr) -> Option<f64> {
    match env.eval(expr) {
        Out::One(Value::Number(v)) => Some(v),
        _ => None,
    }
}

/// The difference of two figures on the same rows, resampled together.
pub fn difference(env: &Env, a: &Expr, b: &Expr, level: f64) -> Measured {
    let value = number(env.one(a))? - number(env.one(b))?;
    let mut names = env.needed(a);
    names.extend(env.needed(b));
    let interval = resampled(env, &names, value, level, |env| Some(point(env, a)? - point(env, b)?));
    Ok(Estimate { interval, ..Estimate::plain(value, env.view.rows) })
}

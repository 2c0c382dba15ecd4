//! `P`, `E`, `Var`, `sum`, `min`, `max`, `quantile` and `count`: from rows to one value.
//!
//! The columnar walk asks the chunk engine (`Asked`); the scalar walk, and whatever the engine leaves to it, read the
//! rows one by one. Both add up in the order that `aggregate` lays down.

use super::aggregate::{Moments, moments, quantile, sum};
use super::chunk::{self, Lowered, Lowering, Measure, Request, Totals};
use super::env::Env;
use super::facts;
use super::forms::{Reader, column, mask, value};
use super::ops;
use super::value::Value;
use crate::check::special::Special;
use crate::check::{Base, Levels};
use crate::syntax::ast::{Arg, BinOp, Expr, ExprKind};
use crate::syntax::show;
use std::sync::Arc;

/// An aggregate as the chunk engine sees it, and where its answer stands.
pub(super) struct Asked {
    request: Request,
    group: usize,
    /// The event itself says which group is meant.
    event_is_group: bool,
}

impl Asked {
    pub fn requests(&self) -> impl Iterator<Item = Request> {
        std::iter::once(self.request)
    }

    fn totals(&self, env: &Env) -> Option<Arc<Totals>> {
        env.view.memo().totals(self.request, env.view.rows).ok()
    }

    /// Rows where the event is true, and rows where it is known.
    fn trials(&self, env: &Env) -> Option<(u64, u64)> {
        let totals = self.totals(env)?;
        let Totals::Truths(counts) = totals.as_ref() else { return None };
        let [no, _, yes] = *counts.get(self.group)?;
        if self.event_is_group {
            // The last bucket holds the rows whose group is not known.
            let known = counts.split_last().map_or(0, |(_, known)| known.iter().map(|c| c[2]).sum());
            return Some((yes, known));
        }
        Some((yes, no + yes))
    }
}

/// What `special` asks of the rows; none when the engine cannot answer it.
pub(super) fn asked(lowering: &mut Lowering, special: Special, args: &[Arg], given: Option<&Expr>) -> Option<Asked> {
    let mut clauses = Vec::new();
    given.into_iter().for_each(|g| conjuncts(g, &mut clauses));
    let mut key = None;
    let mut rest = None;
    for clause in clauses {
        if key.is_none() {
            key = lowering.key(clause).ok()?;
            if key.is_some() {
                continue;
            }
        }
        let node = lowering.truth(clause).ok()?;
        rest = Some(match rest {
            Some(before) => lowering.and(before, node),
            None => node,
        });
    }
    let first = args.first().map(|a| &a.value);
    let mut event_is_group = false;
    let measure = match (special, first) {
        (Special::Count, None) => Measure::Truths(None),
        (Special::Count | Special::Probability, Some(event)) => {
            let own = match key {
                None => lowering.key(event).ok()?,
                Some(_) => None,
            };
            match own {
                // Whether a row with an unknown part belongs to a combination is a matter of its other parts.
                Some(own) if special == Special::Count || !lowering.is_combination(own.0) => {
                    event_is_group = true;
                    key = Some(own);
                    Measure::Truths(None)
                }
                _ => Measure::Truths(Some(lowering.truth(event).ok()?)),
            }
        }
        (Special::Every, Some(condition)) => Measure::Truths(Some(lowering.truth(condition).ok()?)),
        (Special::Expectation, Some(x)) => match lowering.lower(x).ok()? {
            // The mean of a flag is a share: counting is exact, and quicker than adding.
            Lowered::Truth(event) => Measure::Truths(Some(event)),
            _ => Measure::Sum(lowering.number(x).ok()?),
        },
        (Special::Sum, Some(x)) => Measure::Sum(lowering.number(x).ok()?),
        (Special::Variance, Some(x)) => Measure::Moments(lowering.number(x).ok()?),
        (Special::Min, Some(x)) => Measure::Least(lowering.number(x).ok()?),
        (Special::Max, Some(x)) => Measure::Greatest(lowering.number(x).ok()?),
        _ => return None,
    };
    let request = Request { measure, given: rest, key: key.map(|k| k.0) };
    Some(Asked { request, group: key.map_or(0, |k| k.1), event_is_group })
}

fn conjuncts<'e>(expr: &'e Expr, out: &mut Vec<&'e Expr>) {
    match &expr.kind {
        ExprKind::Binary(BinOp::And, _, a, b) => {
            conjuncts(a, out);
            conjuncts(b, out);
        }
        _ => out.push(expr),
    }
}

/// How many rows each level of a category has.
pub(super) fn level_counts(lowering: &mut Lowering, range: &Expr) -> Option<(Request, Arc<Levels>)> {
    let Ok(Lowered::Level(at)) = lowering.lower(range) else { return None };
    let (key, levels) = lowering.level_key(at)?;
    Some((Request { measure: Measure::Truths(None), given: None, key: Some(key) }, levels))
}

/// How many rows each bin of `bins(p, n)` has, and how many bins there are.
pub(super) fn bin_counts(lowering: &mut Lowering, args: &[Arg]) -> Option<(Request, usize)> {
    let [p, n] = args else { return None };
    let Ok(Lowered::Number(x)) = lowering.lower(&p.value) else { return None };
    let n = lowering.env().one_within(&n.value).number().filter(|n| (1.0..=4096.0).contains(n) && n.fract() == 0.0)?;
    let key = lowering.bin_key(x, n as u32);
    Some((Request { measure: Measure::Truths(None), given: None, key: Some(key) }, n as usize))
}

/// Which groups of a request have rows.
pub(super) fn occurring(env: &Env, request: Request, groups: usize) -> Option<Vec<bool>> {
    let totals = env.view.memo().totals(request, env.view.rows).ok()?;
    match totals.as_ref() {
        Totals::Truths(counts) => Some(counts.iter().take(groups).map(|c| c[2] > 0).collect()),
        _ => None,
    }
}

/// The aggregates over rows.
pub(super) fn aggregate(env: &Env, special: Special, args: &[Arg], given: Option<&Expr>, reader: Reader) -> Value {
    // `n(release)`, `n(train)`.
    if let (Special::Count, Some(arg)) = (special, args.first())
        && env.tables().ty(arg.value.id).is_some_and(|t| t.base == Base::Data)
    {
        return facts::rows_of(&value(env, &arg.value, reader));
    }
    let result = match special {
        Special::Count => count(env, args, given, reader).map(|n| Value::Number(n as f64)),
        Special::Probability => trials(env, args, given, reader).map(|(k, n)| Value::Number(k as f64 / n as f64)),
        Special::Quantile => at_share(env, args, given, reader),
        _ => figure(env, special, args, given, reader),
    };
    result.unwrap_or_else(|why| why)
}

fn ask(env: &Env, special: Special, args: &[Arg], given: Option<&Expr>, reader: Reader) -> Option<Asked> {
    (reader == Reader::Columnar).then(|| asked(&mut Lowering::new(env), special, args, given)).flatten()
}

fn nothing(given: Option<&Expr>, what: &str) -> Value {
    match given {
        Some(given) => Value::undefined(format!("no row {what}meets `{}`", show(given))),
        None => Value::undefined(format!("there is no row {what}").trim_end().to_string()),
    }
}

/// Rows that meet `given`; the error when none can be named.
pub(super) fn no_row(filter: &Expr) -> Value {
    nothing(Some(filter), "")
}

pub(super) fn kept(env: &Env, given: Option<&Expr>, reader: Reader, rows: usize) -> Result<Vec<bool>, Value> {
    match given {
        Some(given) => {
            let mask = mask(env, given, reader)?;
            if mask.len() != rows {
                return Err(Value::undefined("the condition is about other rows"));
            }
            Ok(mask.into_iter().map(|m| m == Some(true)).collect())
        }
        None => Ok(vec![true; rows]),
    }
}

fn count(env: &Env, args: &[Arg], given: Option<&Expr>, reader: Reader) -> Result<u64, Value> {
    if let Some((n, _)) = ask(env, Special::Count, args, given, reader).and_then(|a| a.trials(env)) {
        return Ok(n);
    }
    let event = match args.first() {
        Some(arg) => mask(env, &arg.value, reader)?,
        None => vec![Some(true); env.view.rows],
    };
    let kept = kept(env, given, reader, event.len())?;
    Ok(event.iter().zip(&kept).filter(|(e, k)| **k && **e == Some(true)).count() as u64)
}

/// Successes and trials of `P(event | given)`: rows where the event is unknown are neither.
pub(super) fn trials(env: &Env, args: &[Arg], given: Option<&Expr>, reader: Reader) -> Result<(u64, u64), Value> {
    let Some(arg) = args.first() else { return Err(Value::undefined("a missing argument")) };
    if let Some((k, n)) = ask(env, Special::Probability, args, given, reader).and_then(|a| a.trials(env)) {
        return if n == 0 { Err(nothing(given, "")) } else { Ok((k, n)) };
    }
    let event = mask(env, &arg.value, reader)?;
    let kept = kept(env, given, reader, event.len())?;
    let mut hits = (0, 0);
    for (event, kept) in event.iter().zip(&kept) {
        if let (Some(event), true) = (event, kept) {
            hits.0 += u64::from(*event);
            hits.1 += 1;
        }
    }
    if hits.1 == 0 { Err(nothing(given, "")) } else { Ok(hits) }
}

/// In how many rows a condition is false, unknown and true, among those where `given` is true.
pub(super) fn truths(env: &Env, condition: &Expr, given: Option<&Expr>, reader: Reader) -> Result<[u64; 3], Value> {
    let args = [Arg { name: None, value: condition.clone() }];
    if let Some(asked) = ask(env, Special::Every, &args, given, reader)
        && let Some(totals) = asked.totals(env)
        && let Totals::Truths(counts) = totals.as_ref()
        && let Some(counts) = counts.get(asked.group)
    {
        return Ok(*counts);
    }
    let truth = mask(env, condition, reader)?;
    let kept = kept(env, given, reader, truth.len())?;
    let mut out = [0; 3];
    for (truth, _) in truth.iter().zip(&kept).filter(|(_, k)| **k) {
        let [no, unknown, yes] = &mut out;
        *match truth {
            Some(false) => no,
            None => unknown,
            Some(true) => yes,
        } += 1;
    }
    Ok(out)
}

/// Whether a condition holds in each row: one false row decides, else one unknown row leaves it open.
pub(super) fn every(env: &Env, args: &[Arg], given: Option<&Expr>, reader: Reader) -> Result<Value, Value> {
    let Some(condition) = args.first() else { return Err(Value::undefined("a missing argument")) };
    match truths(env, &condition.value, given, reader)? {
        [0, 0, 0] => Err(nothing(given, "")),
        [0, 0, _] => Ok(Value::Bool(true)),
        [0, unknown, yes] => Err(Value::undefined(format!(
            "`{}` is not known in {unknown} of {} rows",
            show(&condition.value),
            unknown + yes
        ))),
        _ => Ok(Value::Bool(false)),
    }
}

/// The numbers of the first argument by row, and which of them count: present, in a row where `given` holds.
fn sample(env: &Env, args: &[Arg], given: Option<&Expr>, reader: Reader) -> Result<(Vec<f64>, Vec<bool>), Value> {
    let Some(arg) = args.first() else { return Err(Value::undefined("a missing argument")) };
    let values = column(env, &arg.value, reader)?.as_f64();
    let mut kept = kept(env, given, reader, values.len())?;
    kept.iter_mut().zip(&values).for_each(|(k, v)| *k &= !v.is_nan());
    Ok((values, kept))
}

const NO_VALUE: &str = "with a value ";

fn figure(env: &Env, special: Special, args: &[Arg], given: Option<&Expr>, reader: Reader) -> Result<Value, Value> {
    // The sum over no rows is zero, as in mathematics; over no cohort there is none.
    let empty = || match special {
        Special::Sum if env.view.rows > 0 => Ok(Value::Number(0.0)),
        _ => Err(nothing(given, NO_VALUE)),
    };
    let done = |value: Option<f64>| {
        Ok(value.map_or_else(
            || Value::undefined("a variance needs two rows"),
            |v| ops::finite(v, false, "the result is not a finite number"),
        ))
    };
    let asked = ask(env, special, args, given, reader);
    if let Some((totals, group)) = asked.and_then(|a| Some((a.totals(env)?, a.group))) {
        return match totals.as_ref() {
            Totals::Sums(all) => match all.get(group).copied().unwrap_or_default() {
                (0, _) => empty(),
                (_, s) if special == Special::Sum => done(Some(s)),
                (n, s) => done(Some(s / n as f64)),
            },
            Totals::Moments(all) => match all.get(group).copied().unwrap_or_default() {
                Moments { n: 0, .. } => empty(),
                moments => done(moments.variance()),
            },
            Totals::Extremes(all) => match all.get(group).copied().unwrap_or_default() {
                (0, _) => empty(),
                (_, v) => done(Some(v)),
            },
            Totals::Truths(all) => match all.get(group).copied().unwrap_or_default() {
                [0, _, 0] => empty(),
                [no, _, yes] => done(Some(yes as f64 / (no + yes) as f64)),
            },
        };
    }
    let (x, kept) = sample(env, args, given, reader)?;
    let n = kept.iter().filter(|k| **k).count();
    if n == 0 {
        return empty();
    }
    let masked = || x.iter().zip(&kept).map(|(v, k)| if *k { *v } else { 0.0 }).collect::<Vec<f64>>();
    let counted = || x.iter().zip(&kept).filter(|(_, k)| **k).map(|(v, _)| *v);
    done(match special {
        Special::Expectation => Some(sum(&masked()) / n as f64),
        Special::Variance => moments(&x, |i| kept.get(i) == Some(&true)).variance(),
        Special::Sum => Some(sum(&masked())),
        Special::Min => counted().reduce(|a, b| if b < a { b } else { a }),
        _ => counted().reduce(|a, b| if b > a { b } else { a }),
    })
}

fn at_share(env: &Env, args: &[Arg], given: Option<&Expr>, reader: Reader) -> Result<Value, Value> {
    let mut x = numbers(env, args, given, reader)?;
    let q = args.get(1).and_then(|a| value(env, &a.value, reader).number()).unwrap_or(0.5);
    x.sort_unstable_by(f64::total_cmp);
    Ok(quantile(&x, q).map_or_else(|| Value::undefined("a missing argument"), Value::Number))
}

/// The numbers that an aggregate is over, in the order of their rows.
pub(super) fn numbers(env: &Env, args: &[Arg], given: Option<&Expr>, reader: Reader) -> Result<Vec<f64>, Value> {
    let fast = || {
        let mut lowering = Lowering::new(env);
        let node = lowering.number(&args.first()?.value).ok()?;
        let given = match given {
            Some(given) => Some(lowering.truth(given).ok()?),
            None => None,
        };
        chunk::sample(env, node, given).ok()
    };
    let x = match (reader == Reader::Columnar).then(fast).flatten() {
        Some(x) => x,
        None => {
            let (x, kept) = sample(env, args, given, reader)?;
            x.into_iter().zip(kept).filter(|(_, k)| *k).map(|(v, _)| v).collect()
        }
    };
    if x.is_empty() { Err(nothing(given, NO_VALUE)) } else { Ok(x) }
}

/// For estimates: count, mean and squared distances of the numbers that `E[x | given]` averages.
pub fn spread(env: &Env, args: &[Arg], given: Option<&Expr>) -> Result<Moments, Value> {
    let asked = ask(env, Special::Variance, args, given, Reader::Columnar);
    if let Some((totals, group)) = asked.and_then(|a| Some((a.totals(env)?, a.group)))
        && let Totals::Moments(all) = totals.as_ref()
    {
        return Ok(all.get(group).copied().unwrap_or_default());
    }
    let (x, kept) = sample(env, args, given, Reader::Columnar)?;
    Ok(moments(&x, |i| kept.get(i) == Some(&true)))
}

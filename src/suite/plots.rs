//! The data behind the report's pictures.

use super::evaluate::Place;
use super::result::{ByGroup, Distribution, Reliability, ReliabilityBin};
use super::shown;
use crate::builtins::measure::measure;
use crate::check::Base;
use crate::check::dataset::Schema;
use crate::data::Column;
use crate::data::frame::{Frame, FrameColumn, FrameKind};
use crate::eval::aggregate::quantile;
use crate::eval::estimate::Part;
use crate::eval::{Env, View};
use crate::metrics::calibration::{self, EdgeRule};
use crate::metrics::fairness;
use crate::syntax::ast::{Benchmark, Role};
use arrow_array::UInt32Array;

/// Ten bins: few enough for a dozen rows each in a small scenario.
const BINS: usize = 10;
/// Bars of a histogram.
const BARS: usize = 20;

fn outcomes(view: &View) -> Option<(Vec<f64>, Vec<bool>)> {
    match (view.column("p")?, view.column("y")?) {
        (Column::Number(p), Column::Bool(y)) => Some((p.to_vec(), y.values().iter().collect())),
        _ => None,
    }
}

pub fn reliability(view: &View, place: &Place) -> Option<Reliability> {
    let (p, y) = outcomes(view)?;
    let bins = calibration::reliability(&p, &y, BINS, EdgeRule::default()).ok()?;
    let bins = bins
        .into_iter()
        .filter(|b| b.n > 0)
        .filter_map(|b| {
            let interval = b.interval?;
            Some(ReliabilityBin {
                mean_predicted: b.predicted?,
                observed: b.observed?,
                lo: interval.lo,
                hi: interval.hi,
                n: b.n,
            })
        })
        .collect();
    Some(Reliability { scenario: place.scenario.clone(), task: place.task.clone(), model: place.model.clone(), bins })
}

/// Selection rates and every metric that needs no group of its own, by the levels of each protected column.
pub fn by_group(env: &Env, benchmark: &Benchmark, place: &Place) -> Vec<ByGroup> {
    let Some(schema) = env.program.home.as_ref().and_then(|h| env.program.dataset(h)) else { return Vec::new() };
    let mut out = Vec::new();
    for column in schema.columns.iter().filter(|c| c.has(Role::Protected)) {
        let (Some(Column::Level(codes, levels)), Base::Category(_)) = (env.view.column(&column.name), &column.ty.base)
        else {
            continue;
        };
        let groups: Vec<(String, Vec<u32>)> = levels
            .names
            .iter()
            .enumerate()
            .map(|(code, name)| {
                let rows = codes.iter().enumerate().filter(|(_, c)| *c == Some(code as u32)).map(|(r, _)| r as u32);
                (name.clone(), rows.collect())
            })
            .collect();
        let mut push = |metric: &str, parts: Vec<Part>| {
            out.push(ByGroup {
                scenario: place.scenario.clone(),
                task: place.task.clone(),
                model: place.model.clone(),
                metric: metric.to_string(),
                column: column.name.clone(),
                parts,
            });
        };
        if let Some(Column::Bool(yhat)) = env.view.column("yhat") {
            let known: Vec<(bool, u32)> =
                yhat.values().iter().zip(codes.iter()).filter_map(|(y, c)| c.map(|c| (y, c))).collect();
            let (picked, codes): (Vec<bool>, Vec<u32>) = known.into_iter().unzip();
            if let Ok(parts) = fairness::selection_rates(&picked, &codes, &levels.names) {
                push("P(yhat)", parts);
            }
        }
        for metric in benchmark.metrics.iter().filter(|m| !m.text.contains(&column.name) && !m.text.contains("by:")) {
            let needed = env.needed(&metric.call);
            let parts = groups
                .iter()
                .map(|(group, rows)| {
                    let here = env.over(env.view.take(&UInt32Array::from(rows.clone()), &needed));
                    match measure(&here, &metric.call) {
                        Ok(e) => {
                            Part { group: group.clone(), value: Some(e.value), interval: e.interval, n: e.n.into() }
                        }
                        Err(_) => Part { group: group.clone(), value: None, interval: None, n: rows.len().into() },
                    }
                })
                .collect();
            push(&metric.text, parts);
        }
    }
    out
}

/// Every column real beside synthetic.
pub fn distributions(generator: &str, schema: &Schema, real: &Frame, synthetic: &Frame) -> Vec<Distribution> {
    real.columns
        .iter()
        .filter_map(|column| {
            let other = synthetic.column(&column.name)?;
            let unit = schema.column(&column.name).map(|c| c.ty.base.unit()).filter(|u| !u.is_one()).map(|u| u.code);
            let mut out = distribution(generator, column, other, unit);
            if shown::is_phi(schema) {
                let present = column.values.iter().filter(|v| !v.is_nan()).count() as f64;
                let counts = out.real.iter().map(|share| (share * present).round() as usize).collect();
                shown::bars(&mut out, counts, column.values.len());
            }
            Some(out)
        })
        .collect()
}

fn distribution(generator: &str, real: &FrameColumn, synthetic: &FrameColumn, unit: Option<String>) -> Distribution {
    let present = |c: &FrameColumn| -> Vec<f64> { c.values.iter().copied().filter(|v| !v.is_nan()).collect() };
    let missing = |c: &FrameColumn| 1.0 - present(c).len() as f64 / c.values.len().max(1) as f64;
    let (mut a, mut b) = (present(real), present(synthetic));
    let share = |counts: &[usize]| -> Vec<f64> {
        let total = counts.iter().sum::<usize>().max(1) as f64;
        counts.iter().map(|c| *c as f64 / total).collect()
    };
    let (edges, levels, real_shares, synthetic_shares, distance, name) = match &real.kind {
        FrameKind::Category { levels } => {
            let count = |values: &[f64]| -> Vec<f64> {
                let counts: Vec<usize> =
                    (0..levels.len()).map(|i| values.iter().filter(|v| **v as usize == i).count()).collect();
                share(&counts)
            };
            let (x, y) = (count(&a), count(&b));
            let tv = x.iter().zip(&y).map(|(p, q)| (p - q).abs()).sum::<f64>() / 2.0;
            (Vec::new(), levels.clone(), x, y, tv, "total variation")
        }
        FrameKind::Number { integer, .. } => {
            a.sort_by(f64::total_cmp);
            b.sort_by(f64::total_cmp);
            // The middle 98 % of the real values; the ends gather what lies beyond.
            let (lo, hi) = (quantile(&a, 0.01).unwrap_or(0.0), quantile(&a, 0.99).unwrap_or(1.0));
            let hi = if hi > lo { hi } else { lo + 1.0 };
            // A few whole numbers get a bar each; wider bars would gather them unevenly.
            let (lo, hi, bars) = if *integer && hi - lo <= 40.0 {
                (lo.floor() - 0.5, hi.ceil() + 0.5, (hi.ceil() - lo.floor()) as usize + 1)
            } else {
                (lo, hi, BARS)
            };
            let edges: Vec<f64> = (0..=bars).map(|i| lo + (hi - lo) * i as f64 / bars as f64).collect();
            let count = |values: &[f64]| -> Vec<f64> {
                let mut counts = vec![0usize; bars];
                for v in values {
                    let at = ((v - lo) / (hi - lo) * bars as f64).clamp(0.0, bars as f64 - 1.0) as usize;
                    if let Some(slot) = counts.get_mut(at) {
                        *slot += 1;
                    }
                }
                share(&counts)
            };
            (edges, Vec::new(), count(&a), count(&b), ks(&a, &b), "Kolmogorov-Smirnov")
        }
    };
    Distribution {
        generator: generator.to_string(),
        column: real.name.clone(),
        unit,
        edges,
        levels,
        real: real_shares,
        synthetic: synthetic_shares,
        real_missing: Some(missing(real)),
        synthetic_missing: missing(synthetic),
        distance,
        distance_name: name.to_string(),
    }
}

/// The largest gap between two empirical distribution functions; both sorted.
fn ks(a: &[f64], b: &[f64]) -> f64 {
    if a.is_empty() || b.is_empty() {
        return if a.len() == b.len() { 0.0 } else { 1.0 };
    }
    let (mut i, mut j, mut worst) = (0, 0, 0.0f64);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        let at = x.min(*y);
        while a.get(i).is_some_and(|v| *v <= at) {
            i += 1;
        }
        while b.get(j).is_some_and(|v| *v <= at) {
            j += 1;
        }
        worst = worst.max((i as f64 / a.len() as f64 - j as f64 / b.len() as f64).abs());
    }
    worst
}

#[cfg(test)]
mod tests {
    use super::ks;

    #[test]
    fn ks_is_the_largest_gap() {
        assert_eq!(ks(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0]), 0.0);
        assert_eq!(ks(&[1.0, 2.0], &[3.0, 4.0]), 1.0);
        assert!((ks(&[1.0, 2.0, 3.0, 4.0], &[1.0, 1.0, 3.0, 4.0]) - 0.25).abs() < 1e-15);
    }
}

//! Distances of synthetic rows to the records they were learnt from: distance to the closest record, its ratio to the
//! second closest, nearest-neighbour adversarial accuracy.
//!
//! Sanity checks, not proofs: a generator can keep its distance and still give away who was in its training data
//! (Yao et al. 2025, "The DCR Delusion"); membership inference asks that question. All of them count rows as
//! independent.

use super::{Parts, Placed, placed, share};
use crate::eval::estimate::{Estimate, Interval, Measured, Part, Undefined};
use crate::metrics::features::Mixed;
use crate::metrics::inference::{mean, normal_quantile, quantile, variance};
use crate::metrics::neighbours::{Neighbour, Own, Points, nearest};
use crate::metrics::resampling::{Lane, stream, without_replacement};
use statrs::distribution::{Binomial, DiscreteCDF};

const NO_HOLDOUT: &str = "no hold-out rows to compare with";

fn closest(from: &Points, to: &Points, own: Own) -> Result<Vec<f64>, Undefined> {
    Ok(nearest(from, to, 1, own)?.into_iter().map(|n| n.distance).collect())
}

fn sorted(mut x: Vec<f64>) -> Vec<f64> {
    x.sort_unstable_by(f64::total_cmp);
    x
}

/// The interval of the median between two order statistics (David and Nagaraja 2003, 7.1): at least the level, for any
/// distribution.
fn median_interval(sorted: &[f64], level: f64) -> Option<Interval> {
    let n = sorted.len() as u64;
    let below = Binomial::new(0.5, n).ok()?.inverse_cdf((1.0 - level) / 2.0);
    // P(fewer than `below` values lie under the median) is below the tail, so the ends are ranks `below`, n + 1 - below.
    let rank = usize::try_from(below).ok()?.checked_sub(1)?;
    let (lo, hi) = (*sorted.get(rank)?, *sorted.get(sorted.len() - 1 - rank)?);
    Some(Interval { lo, hi, level, method: "order statistics".into() })
}

/// The median over rows, with the 5th percentile and the share of rows at distance 0 as parts.
fn summary(estimate: Estimate, prefix: &str, distances: &[f64], level: f64) -> Estimate {
    let at = |q: f64| quantile(distances, q).unwrap_or(f64::NAN);
    let copies = distances.partition_point(|d| *d == 0.0);
    let mut out = estimate;
    if !prefix.is_empty() {
        out = out.with(format!("{prefix}median"), at(0.5));
    }
    out = out.with(format!("{prefix}p5"), at(0.05));
    out.parts.push(share(&format!("{prefix}copies"), copies as f64, distances.len(), level));
    out
}

/// Distance to the closest record: the median over synthetic rows of the distance to the nearest training row, in
/// standard deviations (see [`features`](crate::metrics::features)). Interval: order statistics, rows independent.
///
/// Parts: `p5` (5th percentile), `copies` (share at distance 0); with hold-out rows also the same of the hold-out rows
/// (`holdout_median`, `holdout_p5`, `holdout_copies`: what rows of new people score), `nearer_to_train` (share of
/// synthetic rows nearer to a training than to a hold-out row, ties one half) and `expected_nearer` (that share when
/// nothing was memorised: training rows among the real ones).
///
/// Undefined as [`Parts::new`] and [`features::points`](crate::metrics::features::points) are.
pub fn dcr(columns: &[Mixed], parts: &Parts, level: f64) -> Measured {
    let Placed { train, holdout, synthetic } = placed(columns, parts)?;
    let to_train = closest(&synthetic, &train, Own::May)?;
    let ordered = sorted(to_train.clone());
    let median = quantile(&ordered, 0.5).unwrap_or(f64::NAN);
    let out = Estimate { interval: median_interval(&ordered, level), ..Estimate::plain(median, ordered.len()) };
    let out = summary(out, "", &ordered, level);
    if holdout.is_empty() {
        return Ok(out.note(NO_HOLDOUT));
    }
    let mut out = summary(out, "holdout_", &sorted(closest(&holdout, &train, Own::May)?), level);
    let to_holdout = closest(&synthetic, &holdout, Own::May)?;
    let score = |(t, h): (&f64, &f64)| if t < h { 1.0 } else { f64::from(u8::from(t == h)) / 2.0 };
    let nearer: f64 = to_train.iter().zip(&to_holdout).map(score).sum();
    out.parts.push(share("nearer_to_train", nearer, to_train.len(), level));
    Ok(out.with("expected_nearer", train.len() as f64 / (train.len() + holdout.len()) as f64))
}

/// Nearest-neighbour distance ratio: the median over synthetic rows of the distance to the nearest training row by that
/// to the second nearest, 0 to 1; near 0 where a row lies close to one record alone. Two records at distance 0 have
/// ratio 1: neither is singled out. Interval: order statistics.
///
/// Parts: `p5`; with hold-out rows `holdout_median` and `holdout_p5` of their ratios. Undefined as [`dcr`] is, and for
/// fewer than two training rows.
pub fn nndr(columns: &[Mixed], parts: &Parts, level: f64) -> Measured {
    let Placed { train, holdout, synthetic } = placed(columns, parts)?;
    let ratios = |from: &Points| -> Result<Vec<f64>, Undefined> {
        let found = nearest(from, &train, 2, Own::May)?;
        let (pairs, _) = found.as_chunks::<2>();
        let ratio = |[a, b]: &[Neighbour; 2]| if b.distance == 0.0 { 1.0 } else { a.distance / b.distance };
        Ok(sorted(pairs.iter().map(ratio).collect()))
    };
    let own = ratios(&synthetic)?;
    let at = |x: &[f64], q: f64| quantile(x, q).unwrap_or(f64::NAN);
    let out = Estimate { interval: median_interval(&own, level), ..Estimate::plain(at(&own, 0.5), own.len()) };
    let out = out.with("p5", at(&own, 0.05));
    if holdout.is_empty() {
        return Ok(out.note(NO_HOLDOUT));
    }
    let new = ratios(&holdout)?;
    Ok(out.with("holdout_median", at(&new, 0.5)).with("holdout_p5", at(&new, 0.05)))
}

/// Nearest-neighbour adversarial accuracy (Yale et al. 2020): half the share of training rows farther from the nearest
/// synthetic than from the nearest other training row, plus half of the same with the roles changed. 0.5 is ideal, 0 is
/// a copy, 1 is nothing alike. Interval: normal, rows independent.
///
/// With hold-out rows the parts `holdout` (the same against them) and `privacy_loss` (`holdout` less the value; near 0
/// when training rows are no closer than new ones), with its own interval. The figure is only balanced for samples of
/// one size, so larger parts are cut to the smallest by a seeded draw, which a note says. Undefined as [`dcr`] is, and
/// for fewer than two rows of a part.
pub fn adversarial_accuracy(columns: &[Mixed], parts: &Parts, (seed, level): (u64, f64)) -> Measured {
    let Placed { train, holdout, synthetic } = placed(columns, parts)?;
    let with_holdout = !holdout.is_empty();
    let mut size = train.len().min(synthetic.len());
    if with_holdout {
        size = size.min(holdout.len());
    }
    if size < 2 {
        return Err(Undefined::new("adversarial accuracy needs two rows or more of each part"));
    }
    let cut = |p: &Points, lane: usize| match p.len() > size {
        true => p.pick(&without_replacement(&mut stream(seed, Lane::Draw, lane), p.len(), size)),
        false => p.clone(),
    };
    let largest = train.len().max(synthetic.len()).max(holdout.len());
    let (train, synthetic) = (cut(&train, 0), cut(&synthetic, 1));
    let within = closest(&synthetic, &synthetic, Own::MayNot)?;
    let against = |real: &Points| -> Result<(f64, f64), Undefined> {
        let farther = |across: Vec<f64>, within: &[f64]| -> (f64, f64) {
            let hits: Vec<f64> = across.iter().zip(within).map(|(a, w)| f64::from(u8::from(a > w))).collect();
            (mean(&hits).unwrap_or(0.0), variance(&hits).unwrap_or(0.0) / hits.len() as f64)
        };
        let (real_side, v) = farther(closest(real, &synthetic, Own::May)?, &closest(real, real, Own::MayNot)?);
        let (own_side, w) = farther(closest(&synthetic, real, Own::May)?, &within);
        Ok(((real_side + own_side) / 2.0, (v + w) / 4.0))
    };
    let normal = |value: f64, variance: f64, least: f64| {
        let half = normal_quantile(level) * variance.sqrt();
        let (lo, hi) = ((value - half).max(least), (value + half).min(1.0));
        Some(Interval { lo, hi, level, method: "normal".into() })
    };
    let (value, v) = against(&train)?;
    let mut out = Estimate { interval: normal(value, v, 0.0), ..Estimate::plain(value, 2 * size) };
    if with_holdout {
        let (new, w) = against(&cut(&holdout, 2))?;
        let (loss, spread) = (new - value, v + w);
        out.parts.push(Part {
            group: "holdout".into(),
            value: Some(new),
            interval: normal(new, w, 0.0),
            n: (2 * size).into(),
        });
        let interval = normal(loss, spread, -1.0);
        out.parts.push(Part { group: "privacy_loss".into(), value: Some(loss), interval, n: (2 * size).into() });
    }
    if largest > size {
        out = out.note(format!("{size} rows of each part, the size of the smallest, were drawn"));
    }
    Ok(if with_holdout { out } else { out.note(NO_HOLDOUT) })
}

//! Attacks on synthetic rows, each beside the same attack on people the generator never saw.
//!
//! Singling out, linking and inferring are the three risks of the Article 29 Working Party (opinion 05/2014). The
//! estimators are this project's own: a synthetic row that isolates one record, linkage by regression, inference by
//! regression. The excess risk is (rate on training rows - rate on hold-out rows) / (1 - rate on hold-out rows): what
//! of the remaining chance the training rows lost. Its interval is Newcombe's for the difference, by the same
//! denominator; it takes rows as independent and the hold-out rate in the denominator as given.

use crate::eval::estimate::{Estimate, Interval, Measured, Part, Undefined};
use crate::metrics::checks;
use crate::metrics::features::Mixed;
use crate::metrics::inference::{mean, mean_interval_t, newcombe_difference, variance, wilson};
use crate::metrics::linear::Ridge;
use crate::metrics::neighbours::{Neighbour, Own, Points, nearest};
use crate::metrics::ranking;
use crate::metrics::resampling::{Lane, stream, without_replacement};
use crate::metrics::synthetic::{Parts, Placed, all_points, placed};

/// Penalty of the regressions; the points are standardised.
const PENALTY: f64 = 1.0;
/// Neighbours behind a density.
const DENSITY: usize = 5;

/// Hits among training rows and among hold-out rows.
struct Hits {
    train: (usize, usize),
    holdout: (usize, usize),
}

impl Hits {
    fn excess(&self, level: f64) -> Measured {
        let ((a, m), (b, n)) = (self.train, self.holdout);
        let (Some(attack), Some(control)) = (rate("attack", a, m, level), rate("control", b, n, level)) else {
            return Err(Undefined::new("there are no rows to attack"));
        };
        let left = 1.0 - b as f64 / n as f64;
        if left == 0.0 {
            return Err(Undefined::new("the attack succeeds on every hold-out row, so nothing is left to lose"));
        }
        let value = (a as f64 / m as f64 - b as f64 / n as f64) / left;
        let difference = newcombe_difference(a as u64, m as u64, b as u64, n as u64, level);
        let interval = difference.map(|i| Interval { lo: i.lo / left, hi: (i.hi / left).min(1.0), ..i });
        Ok(Estimate { interval, parts: vec![attack, control], ..Estimate::plain(value, m + n) })
    }
}

fn rate(name: &str, k: usize, n: usize, level: f64) -> Option<Part> {
    let interval = wilson(k as u64, n as u64, level)?;
    Some(Part { group: name.into(), value: Some(k as f64 / n as f64), interval: Some(interval), n: n.into() })
}

/// Singling-out risk: how much more often a training row is isolated by a synthetic row than a hold-out row. A
/// synthetic row isolates its nearest real record when no other is less than 1 / `ratio` times as far away (0 < `ratio`
/// < 1). Parts: the two rates, `attack` and `control`.
///
/// Undefined as [`Parts::new`] and [`features::points`](crate::metrics::features::points) are, without hold-out rows,
/// for a ratio outside 0..1.
pub fn singling_out(columns: &[Mixed], parts: &Parts, ratio: f64, level: f64) -> Measured {
    parts.need_holdout("singling out")?;
    if !(ratio > 0.0 && ratio < 1.0) {
        return Err(Undefined::new(format!("the ratio is {ratio}, not between 0 and 1")));
    }
    let all = all_points(columns, parts)?;
    let real: Vec<usize> = parts.train.iter().chain(&parts.holdout).copied().collect();
    let found = nearest(&all.pick(&parts.synthetic), &all.pick(&real), 2, Own::May)?;
    let mut isolated = vec![false; real.len()];
    let (pairs, _) = found.as_chunks::<2>();
    for [first, second] in pairs {
        if second.distance > 0.0 && first.distance <= ratio * second.distance {
            isolated[first.row] = true;
        }
    }
    let (train, holdout) = isolated.split_at(parts.train.len());
    let hits = |flags: &[bool]| (flags.iter().filter(|f| **f).count(), flags.len());
    Hits { train: hits(train), holdout: hits(holdout) }.excess(level)
}

/// Linkability risk: how much more often two files about the same people can be joined when the people were trained on.
/// A ridge regression learnt on the synthetic rows predicts the columns of `right` from those of `left`; a row is
/// linked when its own `right` is the one record nearest to the prediction (in residual standard deviations) among as
/// many training, or hold-out, rows. The larger of the two sets is cut to the size of the other by the seed. Parts:
/// `attack`, `control`.
///
/// Undefined as [`singling_out`] is, and for fewer than two training or hold-out rows.
pub fn linkability(left: &[Mixed], right: &[Mixed], parts: &Parts, (seed, level): (u64, f64)) -> Measured {
    parts.need_holdout("linkability")?;
    let (known, wanted) = (placed(left, parts)?, placed(right, parts)?);
    let model = Ridge::fit(&known.synthetic, &wanted.synthetic, PENALTY)?;
    let guessed = model.predict(&known.synthetic)?;
    // Columns that the regression tells well count more.
    let spread: Vec<f64> = (0..guessed.width())
        .map(|at| {
            let residuals: Vec<f64> = guessed.rows().zip(wanted.synthetic.rows()).map(|(g, w)| w[at] - g[at]).collect();
            variance(&residuals).map_or(1.0, f64::sqrt).max(1e-3)
        })
        .collect();
    let scaled = |p: &Points| {
        let values = p.rows().flat_map(|row| row.iter().zip(&spread).map(|(v, s)| v / s)).collect();
        Points::new(values, spread.len())
    };
    let size = parts.train.len().min(parts.holdout.len());
    let linked = |known: &Points, wanted: &Points, lane: usize| -> Result<(usize, usize), Undefined> {
        let rows = without_replacement(&mut stream(seed, Lane::Draw, lane), known.len(), size);
        let pool = scaled(&wanted.pick(&rows))?;
        let found = nearest(&scaled(&model.predict(&known.pick(&rows))?)?, &pool, 2, Own::May)?;
        let (pairs, _) = found.as_chunks::<2>();
        let own = |(row, [a, b]): (usize, &[Neighbour; 2])| a.row == row && a.distance < b.distance;
        Ok((pairs.iter().enumerate().filter(|p| own(*p)).count(), size))
    };
    let train = linked(&known.train, &wanted.train, 0)?;
    Hits { train, holdout: linked(&known.holdout, &wanted.holdout, 1)? }.excess(level)
}

/// A secret column and what counts as knowing it.
enum Secret<'a> {
    /// A code a row; missing ones are a code of their own.
    Level(Vec<u32>, usize),
    /// A number, in standard deviations around the mean of the real rows; NaN is not attacked.
    Number(&'a [f64], f64),
}

impl<'a> Secret<'a> {
    fn of(column: Mixed<'a>, parts: &Parts, tolerance: f64) -> Result<Secret<'a>, Undefined> {
        checks::same_length(("secret values", column.len()), ("parts", parts.len()))?;
        Ok(match column {
            Mixed::Flags(x) => Secret::Level(x.iter().map(|v| u32::from(*v)).collect(), 2),
            Mixed::Levels(codes, n) => Secret::Level(codes.iter().map(|c| (*c).min(n as u32)).collect(), n + 1),
            Mixed::Numbers(x) => {
                let real = parts.train.iter().chain(&parts.holdout).filter_map(|r| x.get(*r));
                let known: Vec<f64> = real.copied().filter(|v| !v.is_nan()).collect();
                checks::finite("secret number", &known)?;
                Secret::Number(x, tolerance * variance(&known).map_or(0.0, f64::sqrt))
            }
        })
    }

    /// What a regression is to predict, for rows that have it.
    fn outputs(&self, rows: &[usize]) -> Result<(Vec<usize>, Points), Undefined> {
        match self {
            Secret::Level(codes, n) => {
                let mut hot = vec![0.0; rows.len() * n];
                hot.chunks_exact_mut(*n).zip(rows).for_each(|(hot, r)| hot[codes[*r] as usize] = 1.0);
                Ok((rows.to_vec(), Points::new(hot, *n)?))
            }
            Secret::Number(x, _) => {
                let rows: Vec<usize> = rows.iter().copied().filter(|r| !x[*r].is_nan()).collect();
                let values = rows.iter().map(|r| x[*r]).collect();
                Ok((rows, Points::new(values, 1)?))
            }
        }
    }

    /// Whether a prediction of [`Secret::outputs`] is right; nothing where the row has no value.
    fn right(&self, row: usize, guess: &[f64]) -> Option<bool> {
        match self {
            Secret::Level(codes, _) => {
                let best = guess.iter().enumerate().fold(0, |b, (i, v)| if *v > guess[b] { i } else { b });
                Some(codes[row] as usize == best)
            }
            Secret::Number(x, near) if !x[row].is_nan() => Some((guess.first()? - x[row]).abs() <= *near),
            Secret::Number(..) => None,
        }
    }

    /// Whether another row has the same value; nothing where the row has none.
    fn same(&self, row: usize, other: usize) -> Option<bool> {
        match self {
            Secret::Level(codes, _) => Some(codes[row] == codes[other]),
            Secret::Number(x, near) if !x[row].is_nan() => Some((x[other] - x[row]).abs() <= *near),
            Secret::Number(..) => None,
        }
    }
}

fn tolerance_of(tolerance: f64) -> Result<(), Undefined> {
    if tolerance >= 0.0 && tolerance.is_finite() {
        return Ok(());
    }
    Err(Undefined::new(format!("the tolerance is {tolerance}, not 0 or more")))
}

/// The worst of several secrets.
fn worst(secrets: &[Mixed], of: impl Fn(Mixed) -> Measured) -> Measured {
    let mut worst: Option<Estimate> = None;
    for secret in secrets {
        let here = of(*secret)?;
        if worst.as_ref().is_none_or(|w| here.value > w.value) {
            worst = Some(here);
        }
    }
    worst.ok_or_else(|| Undefined::new("there is no secret column"))
}

/// Inference risk: how much more often a secret of a training row can be told from its known columns than that of a
/// hold-out row. A ridge regression learnt on the synthetic rows guesses: the level with the largest prediction, or a
/// number, right within `tolerance` standard deviations. Of several secrets the worst counts. Parts: `attack`,
/// `control`.
///
/// Undefined as [`singling_out`] is, without secrets, for a negative tolerance, and where no row has the secret.
pub fn inference(known: &[Mixed], secrets: &[Mixed], parts: &Parts, tolerance: f64, level: f64) -> Measured {
    parts.need_holdout("inference")?;
    tolerance_of(tolerance)?;
    let all = all_points(known, parts)?;
    worst(secrets, |secret| {
        let secret = Secret::of(secret, parts, tolerance)?;
        let (rows, outputs) = secret.outputs(&parts.synthetic)?;
        let model = Ridge::fit(&all.pick(&rows), &outputs, PENALTY)?;
        let hits = |rows: &[usize]| -> Result<(usize, usize), Undefined> {
            let guesses = model.predict(&all.pick(rows))?;
            let right: Vec<bool> = rows.iter().zip(guesses.rows()).filter_map(|(r, g)| secret.right(*r, g)).collect();
            Ok((right.iter().filter(|r| **r).count(), right.len()))
        };
        Hits { train: hits(&parts.train)?, holdout: hits(&parts.holdout)? }.excess(level)
    })
}

/// Attribute inference: how much better the nearest synthetic row (by the known columns) tells a training row's secret
/// than the nearest hold-out row does, as difference of accuracies; above 0 the synthetic rows say more about the
/// people they were learnt from than other people do. Numbers are right within `tolerance` standard deviations. The
/// larger reference is cut to the size of the other by the seed. Of several secrets the worst counts. Interval:
/// Student's t on the paired differences. Parts: `attack`, `control`. Undefined as [`inference`] is.
pub fn attribute(
    known: &[Mixed],
    secrets: &[Mixed],
    parts: &Parts,
    tolerance: f64,
    (seed, level): (u64, f64),
) -> Measured {
    parts.need_holdout("attribute inference")?;
    tolerance_of(tolerance)?;
    let all = all_points(known, parts)?;
    let size = parts.synthetic.len().min(parts.holdout.len());
    let targets = all.pick(&parts.train);
    let guessed = |reference: &[usize], lane: usize| -> Result<Vec<usize>, Undefined> {
        let drawn = without_replacement(&mut stream(seed, Lane::Draw, lane), reference.len(), size);
        let rows: Vec<usize> = drawn.into_iter().map(|r| reference[r]).collect();
        let found = nearest(&targets, &all.pick(&rows), 1, Own::May)?;
        Ok(found.into_iter().map(|n| rows[n.row]).collect())
    };
    let (by_synthetic, by_holdout) = (guessed(&parts.synthetic, 0)?, guessed(&parts.holdout, 1)?);
    worst(secrets, |secret| {
        let secret = Secret::of(secret, parts, tolerance)?;
        let mut pairs = Vec::new();
        for ((row, s), h) in parts.train.iter().zip(&by_synthetic).zip(&by_holdout) {
            pairs.extend(secret.same(*row, *s).zip(secret.same(*row, *h)));
        }
        let n = pairs.len();
        let differences: Vec<f64> =
            pairs.iter().map(|(a, b)| f64::from(u8::from(*a)) - f64::from(u8::from(*b))).collect();
        let value = mean(&differences).ok_or_else(|| Undefined::new("no training row has the secret"))?;
        let count = |of: &dyn Fn(&(bool, bool)) -> bool| pairs.iter().filter(|p| of(p)).count();
        let parts = rate("attack", count(&|p| p.0), n, level)
            .into_iter()
            .chain(rate("control", count(&|p| p.1), n, level))
            .collect();
        Ok(Estimate { interval: mean_interval_t(&differences, level), parts, ..Estimate::plain(value, n) })
    })
}

/// How membership is scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Score {
    /// The nearer a synthetic row, the likelier (Chen et al. 2020, GAN-Leaks).
    Nearest,
    /// Density of synthetic rows by that of a reference, both from the distance to the fifth neighbour, or the last
    /// (the ratio of van Breugel et al. 2023, DOMIAS, with a nearest-neighbour density).
    Density,
}

impl Score {
    pub fn named(name: &str) -> Result<Score, Undefined> {
        checks::word("the score", name, &[("nearest", Score::Nearest), ("density", Score::Density)])
    }
}

/// Membership inference: the AUROC at which an attacker tells training rows from hold-out rows by their scores; 0.5 is
/// guessing. Interval: DeLong's. Parts: `tpr_at_1_percent` and `tpr_at_0.1_percent`, the share of training rows found
/// when at most 1 % (0.1 %) of hold-out rows are taken for members, with Wilson's intervals, and `advantage` (2 AUROC -
/// 1).
///
/// [`Score::Density`] keeps half of the hold-out rows, drawn by the seed, as reference; the others are the control.
/// Undefined as [`Parts::new`] and [`features::points`](crate::metrics::features::points) are, without hold-out rows,
/// and for a density with fewer than two hold-out rows.
pub fn membership(columns: &[Mixed], parts: &Parts, score: Score, (seed, level): (u64, f64)) -> Measured {
    parts.need_holdout("membership inference")?;
    among(placed(columns, parts)?, score, (seed, level))
}

/// Membership inference over rows that have their points.
pub(super) fn among(placed: Placed, score: Score, (seed, level): (u64, f64)) -> Measured {
    let Placed { train, holdout, synthetic } = placed;
    let (control, reference) = match score {
        Score::Nearest => (holdout, None),
        Score::Density => {
            if holdout.len() < 2 {
                return Err(Undefined::new("a density needs two hold-out rows or more"));
            }
            let drawn = without_replacement(&mut stream(seed, Lane::Draw, 0), holdout.len(), holdout.len() / 2);
            let mut kept = drawn.iter().copied().peekable();
            let others: Vec<usize> = (0..holdout.len()).filter(|r| kept.next_if_eq(r).is_none()).collect();
            (holdout.pick(&others), Some(holdout.pick(&drawn)))
        }
    };
    let scores = |rows: &Points| -> Result<Vec<f64>, Undefined> {
        Ok(match &reference {
            None => nearest(rows, &synthetic, 1, Own::May)?.iter().map(|n| -n.distance).collect(),
            Some(reference) => {
                let k = DENSITY.min(reference.len()).min(synthetic.len());
                let logs = |to: &Points| -> Result<Vec<f64>, Undefined> {
                    let found = nearest(rows, to, k, Own::May)?;
                    Ok(found.iter().skip(k - 1).step_by(k).map(|n| n.distance.max(1e-12).ln()).collect())
                };
                logs(&synthetic)?.into_iter().zip(logs(reference)?).map(|(s, r)| r - s).collect()
            }
        })
    };
    let (members, others) = (scores(&train)?, scores(&control)?);
    let all: Vec<f64> = members.iter().chain(&others).copied().collect();
    let flags: Vec<bool> = (0..all.len()).map(|i| i < members.len()).collect();
    let mut out = ranking::auroc_at(&all, &flags, level)?;
    let mut falling = others;
    falling.sort_unstable_by(|a, b| b.total_cmp(a));
    for (name, rate_of) in [("tpr_at_1_percent", 0.01), ("tpr_at_0.1_percent", 0.001)] {
        // Scores above this one let at most so many others through.
        let limit = falling.get((rate_of * falling.len() as f64) as usize).copied().unwrap_or(f64::NEG_INFINITY);
        out.parts.extend(rate(name, members.iter().filter(|s| **s > limit).count(), members.len(), level));
    }
    if falling.len() < 1000 {
        out = out.note(format!("with {} control rows a rate of 0.1 % lets none of them through", falling.len()));
    }
    let advantage = 2.0 * out.value - 1.0;
    Ok(out.with("advantage", advantage))
}

#[cfg(test)]
#[path = "attacks_tests.rs"]
mod tests;

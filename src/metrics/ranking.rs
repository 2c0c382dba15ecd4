//! Metrics of how well scores order the outcomes: AUROC with DeLong's variance and comparison.
//!
//! Only the order of the scores counts, so any finite score is welcome, a probability or not.

use crate::eval::estimate::{Estimate, Interval, Measured, Undefined};
use crate::eval::held::Scores;
use crate::metrics::checks;
use crate::metrics::inference::{self, LEVEL};
use crate::metrics::ranks::Ranked;

/// An AUROC with DeLong's variance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DeLong {
    pub auc: f64,
    /// Unbiased variance (divided by m - 1 and n - 1); nothing when a class has a single row.
    pub variance: Option<f64>,
    pub positives: usize,
    pub negatives: usize,
}

/// Two AUROCs on the same rows compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DeLongComparison {
    pub first: DeLong,
    pub second: DeLong,
    pub covariance: f64,
    /// First minus second.
    pub difference: f64,
    pub z: f64,
    /// Two-sided p value.
    pub p: f64,
}

/// Area under the ROC curve: the chance that a row with the outcome scores above a row without, ties
/// counting one half (Mann and Whitney 1947; `sklearn.metrics.roc_auc_score`), in O(n log n).
///
/// The interval is DeLong's on the logit scale, which stays within 0..1. When the ranking is perfect
/// (or a class has one row) that variance is 0 or undefined and would claim certainty; the interval is
/// then Newcombe's score-type interval for an AUROC (2006, Statistics in Medicine 25:559, method 5).
/// Scores that are all equal have an AUROC of 1/2 without error. Undefined when one class is absent,
/// for missing or infinite scores, no rows or unequal lengths.
pub fn auroc(p: &[f64], y: &[bool]) -> Measured {
    auroc_at(p, y, LEVEL)
}

/// The same with an interval of this level.
pub fn auroc_at(p: &[f64], y: &[bool], level: f64) -> Measured {
    auroc_of(&Ranked::new(Scores::Wide(p), &y.into())?, level)
}

/// The same from rows in order.
pub fn auroc_of(ranked: &Ranked, level: f64) -> Measured {
    let figure = DeLong {
        auc: ranked.area()?,
        variance: ranked.delong_variance(),
        positives: ranked.positives as usize,
        negatives: ranked.negatives as usize,
    };
    let interval = auroc_interval(ranked.runs().nth(1).is_none(), figure, level);
    Ok(Estimate { interval, ..Estimate::plain(figure.auc, ranked.rows() as usize) })
}

/// AUROC and its variance (DeLong, DeLong and Clarke-Pearson 1988, Biometrics 44:837) by the mid-rank
/// algorithm of Sun and Xu (2014, IEEE Signal Processing Letters 21:1389).
pub fn delong(p: &[f64], y: &[bool]) -> Result<DeLong, Undefined> {
    Ok(Placements::of(p, y)?.delong())
}

/// Compares the AUROCs of two scores of the same rows (DeLong et al. 1988). Undefined when a class has
/// fewer than two rows and when the difference has no variance (the same ranking, or two perfect or
/// constant ones).
pub fn delong_compare(p1: &[f64], p2: &[f64], y: &[bool]) -> Result<DeLongComparison, Undefined> {
    let (a, b) = (Placements::of(p1, y)?, Placements::of(p2, y)?);
    let (first, second) = (a.delong(), b.delong());
    let (Some(v1), Some(v2)) = (first.variance, second.variance) else {
        return Err(Undefined::new("comparing two AUROCs needs two rows or more with the outcome and without it"));
    };
    let covariance = covariance(&a.of_positives, &b.of_positives) / first.positives as f64
        + covariance(&a.of_negatives, &b.of_negatives) / first.negatives as f64;
    let difference = first.auc - second.auc;
    let variance = v1 + v2 - 2.0 * covariance;
    // Two equal rankings leave rounding noise where the variance of their difference is 0.
    if variance <= 1e-14 * (v1 + v2).max(f64::MIN_POSITIVE) {
        return Err(Undefined::new("the difference of the two AUROCs has no variance"));
    }
    let z = difference / variance.sqrt();
    Ok(DeLongComparison { first, second, covariance, difference, z, p: inference::normal_two_sided(z) })
}

/// The placement values of every row: which share of the other class it ranks on the right side of.
struct Placements {
    auc: f64,
    of_positives: Vec<f64>,
    of_negatives: Vec<f64>,
}

impl Placements {
    fn of(p: &[f64], y: &[bool]) -> Result<Placements, Undefined> {
        checks::same_length(("scores", p.len()), ("outcomes", y.len()))?;
        checks::not_empty(y.len())?;
        checks::finite("score", p)?;
        let positives = y.iter().filter(|&&v| v).count();
        let negatives = y.len() - positives;
        if positives == 0 {
            return Err(Undefined::new("no row has the outcome, so there is nothing to rank above"));
        }
        if negatives == 0 {
            return Err(Undefined::new("every row has the outcome, so there is nothing to rank below"));
        }
        let mut order: Vec<(f64, usize)> = p.iter().copied().zip(0..).collect();
        order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let mut placed = vec![0.0; y.len()];
        let (mut positives_below, mut negatives_below) = (0_usize, 0_usize);
        let mut doubled_wins = 0_u128;
        // -0 and 0 are neighbours in the total order and equal here, so they tie.
        for tie in order.chunk_by(|a, b| a.0 == b.0) {
            let rows = || tie.iter().filter_map(|&(_, row)| Some((row, *y.get(row)?)));
            let positive = rows().filter(|&(_, outcome)| outcome).count();
            let negative = tie.len() - positive;
            doubled_wins += positive as u128 * (2 * negatives_below + negative) as u128;
            let win = (negatives_below as f64 + negative as f64 / 2.0) / negatives as f64;
            let loss = (positives_below as f64 + positive as f64 / 2.0) / positives as f64;
            for (row, outcome) in rows() {
                if let Some(slot) = placed.get_mut(row) {
                    *slot = if outcome { win } else { 1.0 - loss };
                }
            }
            positives_below += positive;
            negatives_below += negative;
        }
        let pick = |class: bool| placed.iter().zip(y).filter(|&(_, &v)| v == class).map(|(&v, _)| v).collect();
        Ok(Placements {
            auc: doubled_wins as f64 / (2.0 * positives as f64 * negatives as f64),
            of_positives: pick(true),
            of_negatives: pick(false),
        })
    }

    fn delong(&self) -> DeLong {
        let (m, n) = (self.of_positives.len(), self.of_negatives.len());
        let part = |x: &[f64]| inference::variance(x).map(|v| v / x.len() as f64);
        let variance = match (part(&self.of_positives), part(&self.of_negatives)) {
            (Some(a), Some(b)) => Some(a + b),
            _ => None,
        };
        DeLong { auc: self.auc, variance, positives: m, negatives: n }
    }
}

/// The unbiased sample covariance; 0 for fewer than two values.
fn covariance(a: &[f64], b: &[f64]) -> f64 {
    let (Some(ma), Some(mb)) = (inference::mean(a), inference::mean(b)) else { return 0.0 };
    if a.len() < 2 {
        return 0.0;
    }
    let products: Vec<f64> = a.iter().zip(b).map(|(x, y)| (x - ma) * (y - mb)).collect();
    inference::sum(&products) / (a.len() - 1) as f64
}

fn auroc_interval(constant: bool, figure: DeLong, level: f64) -> Option<Interval> {
    let DeLong { auc, variance, positives, negatives } = figure;
    match variance {
        Some(v) if constant || (v > 0.0 && auc > 0.0 && auc < 1.0) => {
            let centre = (auc / (1.0 - auc)).ln();
            let half = inference::normal_quantile(level) * v.sqrt() / (auc * (1.0 - auc));
            let back = |x: f64| 1.0 / (1.0 + (-x).exp());
            Some(Interval { lo: back(centre - half), hi: back(centre + half), level, method: "delong, logit".into() })
        }
        _ => Some(newcombe_auroc(auc, positives, negatives, level)),
    }
}

/// Newcombe's method 5: the AUROCs that lie within z standard errors of the one observed, with the
/// variance of Hanley and McNeil (1982) at the hypothetical value and both class sizes replaced by
/// their mean inside the bracket.
fn newcombe_auroc(auc: f64, positives: usize, negatives: usize, level: f64) -> Interval {
    let z = inference::normal_quantile(level);
    let (m, n) = (positives as f64, negatives as f64);
    let extra = (m + n) / 2.0 - 1.0;
    let distance = |t: f64| {
        let bracket = 1.0 + extra * ((1.0 - t) / (2.0 - t) + t / (1.0 + t));
        (t - auc).abs() - z * (t * (1.0 - t) * bracket / (m * n)).sqrt()
    };
    // `inside` stays within reach of the observed value and `outside` does not.
    let bisect = |mut inside: f64, mut outside: f64| {
        for _ in 0..60 {
            let middle = (inside + outside) / 2.0;
            if distance(middle) <= 0.0 { inside = middle } else { outside = middle }
        }
        (inside + outside) / 2.0
    };
    Interval {
        lo: if auc <= 0.0 { 0.0 } else { bisect(auc, 0.0) },
        hi: if auc >= 1.0 { 1.0 } else { bisect(auc, 1.0) },
        level,
        method: "newcombe, auroc".into(),
    }
}

#[cfg(test)]
#[path = "ranking_tests.rs"]
mod tests;

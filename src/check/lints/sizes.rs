//! How many rows it takes to decide a constraint: for a model that truly meets it, and a decision at one-sided
//! confidence. A constraint passes when the upper (for `>=` the lower) end of the interval whose tails each have
//! one minus the confidence lies on the right side of the limit.
//!
//! Where the figure of such a model still varies from sample to sample, the answer is for a chance of 80 % to pass.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use statrs::distribution::{ContinuousCDF, Normal};

/// The chance to pass that a sample should give to a model that meets the constraint.
pub const POWER: f64 = 0.8;

/// Simulated samples, and resamples of each, where the law of a figure has no closed form.
const SAMPLES: usize = 2000;
const RESAMPLES: usize = 1000;

/// What is asked of the rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Question {
    /// A share of rows at most (or at least) `limit`, of a model whose share is 0 (or 1).
    Share { limit: f64, at_most: bool },
    /// The largest gap between the flagged rates of groups at most `limit`, when all are flagged at the same `rate`.
    /// `shares` says how many of the rows each group has, relative to the others.
    Gap { limit: f64, rate: f64, shares: Vec<f64> },
    /// An area under the ROC curve of at least `limit`, of a model that ranks perfectly.
    Auroc { limit: f64, prevalence: f64 },
    /// A calibration error of at most `limit`, of perfectly calibrated probabilities spread evenly over the bins.
    Ece { limit: f64, bins: usize },
}

/// The rows needed to decide the question at this confidence; none when no number of rows would do. The confidence
/// lies between 50 % and 100 %, limits and rates between 0 and 1.
pub fn needed(question: &Question, confidence: f64) -> Option<u64> {
    let z = quantile(confidence)?;
    let rows = match question {
        Question::Share { limit, at_most } => {
            // Wilson: 0 of n has the upper end z² / (n + z²).
            let limit = if *at_most { *limit } else { 1.0 - limit };
            z * z * (1.0 - limit) / limit
        }
        Question::Gap { limit, rate, shares } => gap(*limit, *rate, shares, z, confidence)?,
        Question::Auroc { limit, prevalence } => auroc(*limit, *prevalence, z)?,
        Question::Ece { limit, bins } => {
            let reach = ece_reach(*bins, confidence)?;
            (reach / limit).powi(2)
        }
    };
    (0.0..1e15).contains(&rows).then(|| (rows - 1e-9).ceil().max(1.0) as u64)
}

/// The rows needed to decide the same question about another limit.
pub fn needed_at(question: &Question, limit: f64, confidence: f64) -> Option<u64> {
    let question = match question {
        Question::Share { at_most, .. } => Question::Share { limit, at_most: *at_most },
        Question::Gap { rate, shares, .. } => Question::Gap { limit, rate: *rate, shares: shares.clone() },
        Question::Auroc { prevalence, .. } => Question::Auroc { limit, prevalence: *prevalence },
        Question::Ece { bins, .. } => Question::Ece { limit, bins: *bins },
    };
    needed(&question, confidence)
}

/// The limit that this many rows would decide, to be told as a way out, when the question as it is takes `needed_now`; none
/// when there is none within 0..1.
pub fn reachable(question: &Question, confidence: f64, rows: u64, needed_now: u64) -> Option<f64> {
    match question {
        // These shrink with the square root of the rows.
        Question::Gap { limit, .. } | Question::Ece { limit, .. } => {
            Some(limit * (needed_now as f64 / rows as f64).sqrt()).filter(|t| *t < 1.0)
        }
        _ => {
            let easier_above = matches!(question, Question::Share { at_most: true, .. });
            let enough = |limit: f64| needed_at(question, limit, confidence).is_some_and(|n| n <= rows);
            let (mut easy, mut hard) = if easier_above { (1.0 - 1e-9, 0.0) } else { (1e-9, 1.0) };
            if !enough(easy) {
                return None;
            }
            for _ in 0..50 {
                let middle = (easy + hard) / 2.0;
                if enough(middle) { easy = middle } else { hard = middle }
            }
            Some(easy)
        }
    }
}

/// The rows per group of two equal groups with the same rate for which two one-sided tests at `alpha` show that their
/// rates differ by less than `margin`, with a chance of `power` (Schuirmann 1987, J Pharmacokinet Biopharm 15:657).
pub fn equivalence(margin: f64, rate: f64, alpha: f64, power: f64) -> Option<f64> {
    let reach = quantile(1.0 - alpha)? + quantile((1.0 + power) / 2.0)?;
    Some(reach * reach * 2.0 * rate * (1.0 - rate) / (margin * margin))
}

fn quantile(below: f64) -> Option<f64> {
    (0.5..1.0).contains(&below).then(|| Normal::standard().inverse_cdf(below))
}

fn gap(limit: f64, rate: f64, shares: &[f64], z: f64, confidence: f64) -> Option<f64> {
    let total: f64 = shares.iter().sum();
    let parts: Vec<f64> = shares.iter().filter(|s| **s > 0.0).map(|s| s / total).collect();
    let variance = rate * (1.0 - rate);
    let reach = match parts.as_slice() {
        [] | [_] => return None,
        // Two one-sided tests; the variances of the two rates add up.
        [a, b] => (z + quantile((1.0 + POWER) / 2.0)?) * (1.0 / a + 1.0 / b).sqrt(),
        parts => range_reach(parts, confidence)?,
    };
    Some(variance * (reach / limit).powi(2))
}

/// For groups of these shares of the rows with equal rates: the limit that four samples in five pass, in standard
/// deviations of one row over the root of the number of rows. A sample passes when the resampled range of its rates
/// stays below the limit with the confidence asked for; rates and resampled rates are normal about their centres.
fn range_reach(parts: &[f64], confidence: f64) -> Option<f64> {
    let spread: Vec<f64> = parts.iter().map(|p| 1.0 / p.sqrt()).collect();
    reach(&spread, confidence, |rates| {
        let (lo, hi) = rates.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi): (f64, f64), r| (lo.min(r), hi.max(r)));
        hi - lo
    })
}

/// The same for the calibration error of `bins` bins that hold equally many rows, whose probabilities are spread
/// evenly: the gaps of the bins are normal about 0, and resampled about what they came out as.
fn ece_reach(bins: usize, confidence: f64) -> Option<f64> {
    let count = bins.clamp(1, 1000);
    let width = 1.0 / count as f64;
    let spread: Vec<f64> = (0..count)
        .map(|b| {
            // The mean of p (1 - p) over the bin.
            let (lo, hi) = (b as f64 * width, (b + 1) as f64 * width);
            let part = |x: f64| x * x / 2.0 - x * x * x / 3.0;
            (part(hi) - part(lo)).max(0.0).sqrt()
        })
        .collect();
    reach(&spread, confidence, |gaps| gaps.map(f64::abs).sum())
}

/// The value that the end of the interval of `figure` stays below in four samples of five, when its parts are normal
/// about 0 with these standard deviations. Simulated with a seed of its own, so always the same.
fn reach(spread: &[f64], confidence: f64, figure: impl Fn(&mut dyn Iterator<Item = f64>) -> f64) -> Option<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(2026);
    let mut noise = |count: usize| -> Vec<f64> { (0..count).map(|_| StandardNormal.sample(&mut rng)).collect() };
    // The work is bounded whatever the number of parts.
    let samples = (SAMPLES * 8 / spread.len().max(8)).max(200);
    let resamples: Vec<Vec<f64>> = (0..RESAMPLES).map(|_| noise(spread.len())).collect();
    let mut ends = Vec::with_capacity(samples);
    for _ in 0..samples {
        let centre = noise(spread.len());
        let mut drawn: Vec<f64> = resamples
            .iter()
            .map(|again| figure(&mut spread.iter().zip(&centre).zip(again).map(|((s, a), b)| s * (a + b))))
            .collect();
        ends.push(at_share(&mut drawn, confidence)?);
    }
    at_share(&mut ends, POWER)
}

/// The value at a share of the way through the sorted values.
fn at_share(values: &mut [f64], share: f64) -> Option<f64> {
    let at = ((values.len() as f64 * share) as usize).min(values.len().checked_sub(1)?);
    let (_, value, _) = values.select_nth_unstable_by(at, f64::total_cmp);
    Some(*value)
}

/// The rows from which on the interval of a perfect ranking lies above `limit`: Newcombe's interval (2006, Statistics
/// in Medicine 25:559, method 5) with the variance of Hanley and McNeil (1982, Radiology 143:29) at the limit.
fn auroc(limit: f64, prevalence: f64, z: f64) -> Option<f64> {
    let enough = |rows: f64| {
        let (m, n) = (rows * prevalence, rows * (1.0 - prevalence));
        let extra = rows / 2.0 - 1.0;
        let bracket = 1.0 + extra * ((1.0 - limit) / (2.0 - limit) + limit / (1.0 + limit));
        1.0 - limit >= z * (limit * (1.0 - limit) * bracket / (m * n)).sqrt()
    };
    let mut high = 4.0;
    while !enough(high) {
        high *= 2.0;
        if high > 1e15 {
            return None;
        }
    }
    let mut low = high / 2.0;
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if enough(middle) { high = middle } else { low = middle }
    }
    Some(high)
}

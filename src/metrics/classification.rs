//! Metrics of hard predictions against outcomes: accuracy and F1.
//!
//! Knows counts of right and wrong rows only; thresholds and classes are chosen by the caller.

use crate::eval::estimate::{Estimate, Interval, Measured, Undefined};
use crate::metrics::counts::{self, Cells};
use crate::metrics::inference::{self, LEVEL};
use crate::metrics::resampling::{self, REPLICATES};

/// The four cells of a binary confusion table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Confusion {
    pub true_positive: u64,
    pub false_positive: u64,
    pub false_negative: u64,
    pub true_negative: u64,
}

impl Confusion {
    /// F1 = 2 TP / (2 TP + FP + FN); 0 when that denominator is 0.
    pub fn f1(self) -> f64 {
        let hits = 2 * self.true_positive;
        let denominator = hits + self.false_positive + self.false_negative;
        if denominator == 0 { 0.0 } else { hits as f64 / denominator as f64 }
    }

    pub fn rows(self) -> u64 {
        self.true_positive + self.false_positive + self.false_negative + self.true_negative
    }

    fn cells(self) -> Cells {
        [self.true_negative, self.false_positive, self.false_negative, self.true_positive]
    }
}

impl From<Cells> for Confusion {
    fn from([true_negative, false_positive, false_negative, true_positive]: Cells) -> Self {
        Confusion { true_positive, false_positive, false_negative, true_negative }
    }
}

/// Counts the rows by prediction and outcome. Undefined for no rows or unequal lengths.
pub fn confusion(yhat: &[bool], y: &[bool]) -> Result<Confusion, Undefined> {
    counts::pairs(&yhat.into(), &y.into()).map(Confusion::from)
}

/// The share of rows predicted right, as `sklearn.metrics.accuracy_score`, with Wilson's interval.
///
/// One row has a value and a wide interval. No rows or unequal lengths are undefined.
pub fn accuracy(yhat: &[bool], y: &[bool]) -> Measured {
    Ok(accuracy_of(confusion(yhat, y)?, LEVEL))
}

/// The same from counts of one row or more.
pub fn accuracy_of(table: Confusion, level: f64) -> Estimate {
    let (right, rows) = (table.true_positive + table.true_negative, table.rows());
    Estimate {
        interval: inference::wilson(right, rows, level),
        ..Estimate::plain(right as f64 / rows as f64, rows as usize)
    }
}

/// F1 of the positive class (van Rijsbergen 1979; `sklearn.metrics.f1_score`), with a percentile
/// bootstrap interval over rows: resampling rows is a multinomial draw of the four cells.
///
/// Edge cases: with no positive among predictions and outcomes the value is 0 (the reference's
/// `zero_division`) and has no interval. With no hit or no mistake the bootstrap would have no spread;
/// the interval is then Wilson's for q = TP / (TP + FP + FN), carried over by F1 = 2q / (1 + q).
pub fn f1(yhat: &[bool], y: &[bool], seed: u64) -> Measured {
    Ok(f1_of(confusion(yhat, y)?, seed, LEVEL))
}

/// The same from counts of one row or more.
pub fn f1_of(table: Confusion, seed: u64, level: f64) -> Estimate {
    Estimate { interval: f1_interval(table, seed, level), ..Estimate::plain(table.f1(), table.rows() as usize) }
}

fn f1_interval(table: Confusion, seed: u64, level: f64) -> Option<Interval> {
    let mistakes = table.false_positive + table.false_negative;
    if table.true_positive == 0 || mistakes == 0 {
        let jaccard = inference::wilson(table.true_positive, table.true_positive + mistakes, level)?;
        let f1_of = |q: f64| 2.0 * q / (1.0 + q);
        return Some(Interval {
            lo: f1_of(jaccard.lo),
            hi: f1_of(jaccard.hi),
            level,
            method: "wilson of TP/(TP+FP+FN)".into(),
        });
    }
    let cells = table.cells();
    let draws = resampling::replicate(REPLICATES, seed, resampling::Lane::Bootstrap, |rng| {
        Confusion::from(resampling::multinomial(rng, cells)).f1()
    });
    inference::percentile_interval(&draws, level)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::fixtures;

    #[test]
    fn accuracy_and_f1_agree_with_scikit_learn() {
        let mut compared = 0;
        for case in fixtures::cases("classification_binary.json") {
            if !case.input("sample_weight").is_null() {
                continue; // the kernels take no weights
            }
            let (yhat, y) = (case.flags("y_pred"), case.flags("y_true"));
            for expect in case.expectations(&["accuracy", "f1"]) {
                let got = match expect.metric() {
                    "accuracy" => accuracy(&yhat, &y),
                    _ => f1(&yhat, &y, 1),
                };
                expect.check(got.ok().map(|e| e.value));
                compared += 1;
            }
        }
        assert!(compared >= 60, "{compared}");
    }

    #[test]
    fn a_bootstrap_of_f1_is_seeded_and_holds_the_value() {
        let y: Vec<bool> = (0..500).map(|i| i % 3 == 0).collect();
        let yhat: Vec<bool> = (0..500).map(|i| i % 3 == 0 || i % 7 == 0).collect();
        let first = f1(&yhat, &y, 11).unwrap();
        assert_eq!(first, f1(&yhat, &y, 11).unwrap());
        let interval = first.interval.unwrap();
        assert!(interval.lo < first.value && first.value < interval.hi);
        assert_eq!(interval.method, "bootstrap percentile (1000)");
        // Delta method: q = TP/(TP+FP+FN) is binomial given its denominator.
        let table = confusion(&yhat, &y).unwrap();
        let n = (table.true_positive + table.false_positive + table.false_negative) as f64;
        let q = table.true_positive as f64 / n;
        let se = 2.0 / (1.0 + q).powi(2) * (q * (1.0 - q) / n).sqrt();
        assert!(((interval.hi - interval.lo) / (2.0 * 1.96 * se) - 1.0).abs() < 0.1);
    }

    #[test]
    fn degenerate_cohorts_have_honest_intervals() {
        let perfect = f1(&[true, false, true], &[true, false, true], 1).unwrap();
        let interval = perfect.interval.unwrap();
        assert!(interval.lo < 0.6 && interval.hi == 1.0);
        let none = f1(&[false, false], &[false, false], 1).unwrap();
        assert_eq!((none.value, none.interval), (0.0, None));
        let single = accuracy(&[true], &[true]).unwrap();
        assert!((single.interval.unwrap().lo - 0.206_549).abs() < 1e-6);
        assert_eq!(accuracy(&[], &[]).unwrap_err().reason, "there are no rows");
        assert_eq!(f1(&[true], &[true, false], 1).unwrap_err().reason, "there are 1 predictions but 2 outcomes");
    }
}

//! One column as a normal variable: scores for what it holds, and values for scores.

use serde::{Deserialize, Serialize};
use statrs::distribution::{Continuous, ContinuousCDF, Normal};

use crate::data::frame::FrameKind;
use crate::synth::bits;

/// What a normal variable says of a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Margin {
    /// The values that are not missing, ascending.
    Number(#[serde(with = "bits::many")] Vec<f64>),
    /// Cumulative shares of the levels, and last of the missing ones.
    Category(#[serde(with = "bits::many")] Vec<f64>),
    /// Share of the rows that have the number; the others lack it.
    Missing(#[serde(with = "bits::one")] f64),
}

impl Margin {
    /// A category of `levels` codes; NaN is missing.
    pub fn category(values: &[f64], levels: usize) -> Margin {
        let mut counts = vec![0_usize; levels + 1];
        for v in values {
            let at = if v.is_nan() { levels } else { (*v as usize).min(levels) };
            counts.get_mut(at).into_iter().for_each(|n| *n += 1);
        }
        let mut below = 0;
        let cumulative = counts.iter().map(|n| {
            below += n;
            below as f64 / values.len().max(1) as f64
        });
        Margin::Category(cumulative.collect())
    }

    /// A number: its values, and whether it is there when it is missing anywhere.
    pub fn number(values: &[f64]) -> Vec<Margin> {
        let mut known: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
        known.sort_unstable_by(f64::total_cmp);
        let share = known.len() as f64 / values.len().max(1) as f64;
        let mut out = Vec::new();
        if !known.is_empty() {
            out.push(Margin::Number(known));
        }
        if share < 1.0 {
            out.push(Margin::Missing(share));
        }
        out
    }

    /// The expected normal score of every cell within its cut; NaN for a missing number.
    pub fn scores(&self, values: &[f64]) -> Vec<f64> {
        match self {
            Margin::Number(known) => {
                let n = known.len() as f64;
                let score = |v: &f64| {
                    let (lo, hi) = (known.partition_point(|k| k < v), known.partition_point(|k| k <= v));
                    expected(lo as f64 / n, hi as f64 / n)
                };
                values.iter().map(|v| if v.is_nan() { f64::NAN } else { score(v) }).collect()
            }
            Margin::Category(cumulative) => {
                let last = cumulative.len().saturating_sub(1);
                let scores: Vec<f64> =
                    (0..=last).map(|at| self.bounds(at).map_or(0.0, |(lo, hi)| expected(lo, hi))).collect();
                let at = |v: &f64| if v.is_nan() { last } else { (*v as usize).min(last) };
                values.iter().map(|v| scores.get(at(v)).copied().unwrap_or(0.0)).collect()
            }
            Margin::Missing(share) => {
                let (there, gone) = (expected(0.0, *share), expected(*share, 1.0));
                values.iter().map(|v| if v.is_nan() { gone } else { there }).collect()
            }
        }
    }

    /// Between which shares a level lies; none for another margin and for no such level.
    pub fn bounds(&self, level: usize) -> Option<(f64, f64)> {
        let Margin::Category(cumulative) = self else { return None };
        let lo = level.checked_sub(1).map_or(Some(0.0), |before| cumulative.get(before).copied())?;
        Some((lo, *cumulative.get(level)?))
    }

    /// The value at share `u` (0 to 1). Nothing for a missing category, and of a margin that only says whether there is
    /// a value.
    pub fn value(&self, u: f64) -> Option<f64> {
        match self {
            Margin::Number(known) => {
                let at = ((u * known.len() as f64) as usize).min(known.len().saturating_sub(1));
                known.get(at).copied()
            }
            Margin::Category(cumulative) => {
                let at = cumulative.partition_point(|c| *c <= u);
                let last = cumulative.len().saturating_sub(1);
                // At the very end rounding may pass the last level that occurs.
                let at = if at > last { cumulative.partition_point(|c| *c < 1.0).min(last) } else { at };
                if at == last { None } else { Some(at as f64) }
            }
            Margin::Missing(_) => None,
        }
    }

    /// Whether a column of this kind can have the margin.
    pub fn fits(&self, kind: &FrameKind) -> bool {
        match (self, kind) {
            (Margin::Category(cumulative), FrameKind::Category { levels }) => cumulative.len() == levels.len() + 1,
            (Margin::Number(_) | Margin::Missing(_), FrameKind::Number { .. }) => true,
            _ => false,
        }
    }

    /// Whether the variable at share `u` says that the number is missing.
    pub fn lacks(&self, u: f64) -> bool {
        matches!(self, Margin::Missing(share) if u >= *share)
    }
}

/// The mean of a standard normal variable between two shares; 0 for an empty cut.
fn expected(lo: f64, hi: f64) -> f64 {
    if hi <= lo {
        return 0.0;
    }
    let law = Normal::standard();
    let density = |share: f64| if share <= 0.0 || share >= 1.0 { 0.0 } else { law.pdf(law.inverse_cdf(share)) };
    (density(lo) - density(hi)) / (hi - lo)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_and_values_belong_together() {
        let margin = Margin::category(&[0.0, 0.0, 2.0, f64::NAN], 3);
        assert_eq!(margin.bounds(0), Some((0.0, 0.5)));
        assert_eq!(margin.bounds(1), Some((0.5, 0.5)));
        assert_eq!(margin.value(0.4), Some(0.0));
        assert_eq!(margin.value(0.6), Some(2.0));
        assert_eq!((margin.value(0.9), margin.value(1.0)), (None, None));
        let full = Margin::category(&[0.0, 1.0], 3);
        assert_eq!(full.value(1.0), Some(1.0));
        let scores = margin.scores(&[0.0, 2.0, f64::NAN]);
        assert!(scores[0] < scores[1] && scores[1] < scores[2]);
    }

    #[test]
    fn numbers_keep_ranks_and_say_whether_they_are_there() {
        let margins = Margin::number(&[3.0, 1.0, f64::NAN, 1.0]);
        assert_eq!(margins.len(), 2);
        assert_eq!(margins[0], Margin::Number(vec![1.0, 1.0, 3.0]));
        assert_eq!((margins[0].value(0.0), margins[0].value(1.0)), (Some(1.0), Some(3.0)));
        assert!(margins[1].lacks(0.8) && !margins[1].lacks(0.7));
        let scores = margins[0].scores(&[1.0, 3.0, f64::NAN]);
        // Two thirds at the lower score and one third at the upper one have mean 0.
        assert!((2.0 * scores[0] + scores[1]).abs() < 1e-9 && scores[2].is_nan());
        assert_eq!(Margin::number(&[f64::NAN]).len(), 1);
    }
}

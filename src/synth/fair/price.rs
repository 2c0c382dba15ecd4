//! What a constraint costs: the classifier that holds it beside one that does not.
//!
//! Area under the curve, demographic parity difference and equal-opportunity gap on the rows that both
//! learned from, so that gain and price stand side by side. Knows predictions, outcomes and groups.

use crate::metrics::ranking;

/// Figures of one classifier.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figures {
    /// Area under the receiver operating characteristic.
    pub auroc: f64,
    /// Largest difference between groups in the share predicted positive.
    pub parity: f64,
    /// The same among those who are positive.
    pub opportunity: f64,
}

/// The figures of `p`, the probability of the positive label; positive is predicted above the
/// cut that gives as many as there are. Groups of fewer than 20 rows do not count.
pub fn figures(p: &[f64], y: &[bool], groups: &[usize]) -> Figures {
    let auroc = ranking::auroc(p, y).map_or(f64::NAN, |e| e.value);
    let positive = y.iter().filter(|y| **y).count();
    let mut sorted = p.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let cut = sorted.get(positive.saturating_sub(1)).copied().unwrap_or(1.0);
    let gap = |only: Option<bool>| {
        let most = groups.iter().copied().max().unwrap_or(0);
        let mut counts = vec![[0.0, 0.0]; most + 1];
        for ((p, y), group) in p.iter().zip(y).zip(groups) {
            if only.is_none_or(|only| *y == only) {
                counts[*group][0] += f64::from(u8::from(*p >= cut));
                counts[*group][1] += 1.0;
            }
        }
        let rates = counts.iter().filter(|c| c[1] >= 20.0).map(|c| c[0] / c[1]);
        let (lo, hi) = rates.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), r| (lo.min(r), hi.max(r)));
        if hi >= lo { hi - lo } else { f64::NAN }
    };
    Figures { auroc, parity: gap(None), opportunity: gap(Some(true)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_perfect_but_unequal_prediction_has_gaps_in_parity_alone() {
        let groups: Vec<usize> = (0..100).map(|i| i % 2).collect();
        let y: Vec<bool> = (0..100).map(|i| i % 2 == 0 && i % 4 == 0).collect();
        let p: Vec<f64> = y.iter().map(|y| if *y { 0.9 } else { 0.1 }).collect();
        let f = figures(&p, &y, &groups);
        assert!((f.auroc - 1.0).abs() < 1e-12 && (f.parity - 0.5).abs() < 1e-12, "{f:?}");
        assert!(f.opportunity == 0.0);
    }
}

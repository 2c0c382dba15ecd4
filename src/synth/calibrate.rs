//! Corrects the marginal distributions of a fitted generator, column by column.
//!
//! An adversarial fit gets relations between columns right long before it gets each column's
//! frequencies right. After the fit, a constant is added to the score of each entry until the
//! drawn frequencies are those of the data, and the drawn values of a number are mapped onto the
//! data's quantiles (as a copula does). Both keep the order of a column's values, and so its rank
//! correlations. Knows scores and values; no network, no tables.

/// Quantiles kept of each numeric column.
pub(super) const GRID: usize = 129;
/// No score moves further than this; more would drown what the network says about a row.
const MOST_SHIFT: f64 = 6.0;
const ROUNDS: usize = 30;

/// Shifts of the scores of one segment after which its mean frequencies are `wanted`.
///
/// `scores` holds `rows x wanted.len()` scores (log frequencies up to a constant a row). An entry
/// that is not wanted at all gets minus infinity.
pub fn shifts(scores: &[f64], wanted: &[f64]) -> Vec<f64> {
    let entries = wanted.len();
    let mut shift: Vec<f64> = wanted.iter().map(|w| if *w > 0.0 { 0.0 } else { f64::NEG_INFINITY }).collect();
    if entries == 0 || scores.len() < entries {
        return shift;
    }
    let rows = (scores.len() / entries) as f64;
    for _ in 0..ROUNDS {
        let mut mean = vec![0.0; entries];
        for row in scores.chunks_exact(entries) {
            let odds = odds(row, &shift);
            let total: f64 = odds.iter().sum();
            for (m, o) in mean.iter_mut().zip(&odds) {
                *m += o / total / rows;
            }
        }
        for ((s, m), w) in shift.iter_mut().zip(&mean).zip(wanted) {
            if *w > 0.0 {
                *s = (*s + (w / m.max(1e-9)).ln()).clamp(-MOST_SHIFT, MOST_SHIFT);
            }
        }
    }
    shift
}

/// Unnormalised frequencies of one row's entries; the largest is 1.
pub fn odds(scores: &[f64], shift: &[f64]) -> Vec<f64> {
    let top = scores.iter().zip(shift).map(|(s, d)| s + d).fold(f64::NEG_INFINITY, f64::max);
    scores.iter().zip(shift).map(|(s, d)| (s + d - top).exp()).collect()
}

/// Matching quantiles of what is drawn and of what is real, both ascending and of equal length;
/// empty when either has no value.
pub fn quantile_map(drawn: &mut [f64], real: &mut [f64]) -> (Vec<f64>, Vec<f64>) {
    if drawn.is_empty() || real.is_empty() {
        return (Vec::new(), Vec::new());
    }
    drawn.sort_by(f64::total_cmp);
    real.sort_by(f64::total_cmp);
    (grid(drawn), grid(real))
}

/// Evenly spaced quantiles of ascending values, linear in between; none of none.
pub(super) fn grid(sorted: &[f64]) -> Vec<f64> {
    let last = sorted.len().saturating_sub(1) as f64;
    (0..GRID)
        .filter_map(|i| {
            let at = last * i as f64 / (GRID - 1) as f64;
            let (below, part) = (at.floor() as usize, at.fract());
            let a = sorted.get(below)?;
            let b = sorted.get(below + 1).unwrap_or(a);
            Some(a + (b - a) * part)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequencies_are_met() {
        let scores: Vec<f64> = (0..300).flat_map(|i| [0.0, (i % 7) as f64 - 3.0, 2.0 + (i % 3) as f64]).collect();
        let wanted = [0.5, 0.5, 0.0];
        let shift = shifts(&scores, &wanted);
        let mut mean = [0.0; 3];
        for row in scores.chunks_exact(3) {
            let odds = odds(row, &shift);
            let total: f64 = odds.iter().sum();
            for (m, o) in mean.iter_mut().zip(odds) {
                *m += o / total / 300.0;
            }
        }
        assert!((mean[0] - 0.5).abs() < 1e-3 && mean[2] == 0.0, "{mean:?}");
    }

    #[test]
    fn quantiles_line_up() {
        let mut drawn: Vec<f64> = (0..1000).map(|i| i as f64).collect();
        let mut real: Vec<f64> = (0..500).map(|i| (i as f64 / 10.0).exp()).collect();
        let (from, to) = quantile_map(&mut drawn, &mut real);
        assert_eq!((from.len(), to.len()), (GRID, GRID));
        let middle = super::super::number::remap(499.5, &from, &to);
        assert!((middle.ln() - 24.95).abs() < 0.1, "{middle}");
        assert!(quantile_map(&mut [], &mut real).0.is_empty());
    }
}

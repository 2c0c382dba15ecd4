//! Exact interventional Shapley values (Shapley 1953; Štrumbelj and Kononenko 2014; Lundberg and Lee 2017).

use crate::eval::estimate::{Estimate, Measured, Undefined};
use crate::metrics::checks;
use crate::metrics::inference::sum;

/// The most features whose coalitions are all evaluated.
pub const MOST_FEATURES: usize = 20;

/// An explanation of one row.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The mean answer over the background rows.
    pub base: f64,
    /// The answer for the row; `base` plus the sum of `phi`.
    pub answer: f64,
    /// One value a feature, in the unit of the answer.
    pub phi: Vec<f64>,
}

/// Explains `model` at `x`: the value of a set of features is the mean answer when the other features come from
/// each background row in turn. Every coalition is evaluated, 2^M times the background rows.
///
/// Undefined without background rows, for rows of other lengths, more than [`MOST_FEATURES`] features, and
/// answers that are not numbers.
pub fn exact<F>(model: F, x: &[f64], background: &[Vec<f64>]) -> Result<Explanation, Undefined>
where
    F: Fn(&[f64]) -> f64,
{
    let m = x.len();
    if m == 0 || m > MOST_FEATURES {
        return Err(Undefined::new(format!("exact values take 1 to {MOST_FEATURES} features, not {m}")));
    }
    if background.is_empty() {
        return Err(Undefined::new("there are no background rows"));
    }
    if background.iter().any(|b| b.len() != m) {
        return Err(Undefined::new("a background row has other features than the row"));
    }
    let mut mixed = vec![0.0; m];
    let mut worth = vec![0.0; 1 << m];
    for (set, value) in worth.iter_mut().enumerate() {
        let mut total = 0.0;
        for row in background {
            for i in 0..m {
                mixed[i] = if set >> i & 1 == 1 { x[i] } else { row[i] };
            }
            total += model(&mixed);
        }
        *value = total / background.len() as f64;
    }
    if worth.iter().any(|v| !v.is_finite()) {
        return Err(Undefined::new("the model answers with something that is no number"));
    }
    let phi = from_worth(&worth, m);
    Ok(Explanation { base: worth[0], answer: model(x), phi })
}

/// The values of `m` features from what each of the 2^m sets is worth; bit i of a set's place says whether feature i is
/// in.
pub(crate) fn from_worth(worth: &[f64], m: usize) -> Vec<f64> {
    // |S|! (M - |S| - 1)! / M! by size of S.
    let mut shares = vec![1.0 / m as f64; m];
    for size in 1..m {
        shares[size] = shares[size - 1] * size as f64 / (m - size) as f64;
    }
    let of = |i: usize| {
        let without = (0..worth.len()).filter(|set| set >> i & 1 == 0);
        without.map(|set| shares[set.count_ones() as usize] * (worth[set | 1 << i] - worth[set])).sum()
    };
    (0..m).map(of).collect()
}

/// Shapley values of a table of answers: one column a set of features, 2^m of them, the first without any, and bit i of
/// a column's place says whether feature i is in; one row a case. The value is the mean of the whole less the mean of
/// nothing, the parts are the mean values of the features (`feature 1` ...), which add up to it.
///
/// Undefined for another number of columns than 2, 4, 8 ... up to 2^10, for no rows, and answers that are missing or
/// infinite.
pub fn of_answers(sets: &[&[f64]]) -> Measured {
    let m = sets.len().checked_ilog2().unwrap_or(0) as usize;
    if m == 0 || m > 10 || sets.len() != 1 << m {
        return Err(Undefined::new(format!("{} columns are not the answers of 2, 4, 8 ... 1024 sets", sets.len())));
    }
    let rows = sets.first().map_or(0, |s| s.len());
    for set in sets {
        checks::same_length(("answers of one set", set.len()), ("of another", rows))?;
        checks::finite("answer", set)?;
    }
    checks::not_empty(rows)?;
    // The values are linear in the answers, so the values of the means are the means of the values.
    let worth: Vec<f64> = sets.iter().map(|s| sum(s) / rows as f64).collect();
    let phi = from_worth(&worth, m);
    let out = Estimate::plain(worth[sets.len() - 1] - worth[0], rows);
    Ok(phi.iter().enumerate().fold(out, |out, (i, v)| out.with(format!("feature {}", i + 1), *v)))
}

/// The `k` features with the largest absolute values, the lower place first among equals.
pub fn top(phi: &[f64], k: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..phi.len()).collect();
    order.sort_by(|&a, &b| phi[b].abs().total_cmp(&phi[a].abs()));
    order.truncate(k);
    order
}

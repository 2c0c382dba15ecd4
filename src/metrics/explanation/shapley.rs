//! Exact interventional Shapley values (Shapley 1953; Štrumbelj and Kononenko 2014; Lundberg and Lee 2017).

use crate::eval::estimate::Undefined;

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
    // |S|! (M - |S| - 1)! / M! by size of S.
    let mut shares = vec![1.0 / m as f64; m];
    for size in 1..m {
        shares[size] = shares[size - 1] * size as f64 / (m - size) as f64;
    }
    let phi = (0..m)
        .map(|i| {
            let without = (0..worth.len()).filter(|set| set >> i & 1 == 0);
            without.map(|set| shares[set.count_ones() as usize] * (worth[set | 1 << i] - worth[set])).sum()
        })
        .collect();
    Ok(Explanation { base: worth[0], answer: model(x), phi })
}

/// The `k` features with the largest absolute values, the lower place first among equals.
pub fn top(phi: &[f64], k: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..phi.len()).collect();
    order.sort_by(|&a, &b| phi[b].abs().total_cmp(&phi[a].abs()));
    order.truncate(k);
    order
}

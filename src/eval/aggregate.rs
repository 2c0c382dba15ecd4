//! Sums, means and quantiles shared by both evaluators and the kernels, so that they give the same bits.

/// The sum of `x` by pairwise summation: the error grows with log n instead of n, and the order of
/// the additions depends on the length alone.
pub fn sum(x: &[f64]) -> f64 {
    const BLOCK: usize = 128;
    if x.len() <= BLOCK {
        // Eight running sums, so that the additions do not wait for each other.
        let mut lanes = [0.0; 8];
        let chunks = x.chunks_exact(8);
        let rest: f64 = chunks.remainder().iter().sum();
        for chunk in chunks {
            for (lane, value) in lanes.iter_mut().zip(chunk) {
                *lane += value;
            }
        }
        let [a, b, c, d, e, f, g, h] = lanes;
        return (((a + b) + (c + d)) + ((e + f) + (g + h))) + rest;
    }
    let half = (x.len() / 2).next_multiple_of(8);
    let (left, right) = x.split_at(half);
    sum(left) + sum(right)
}

/// The mean, or nothing for no values.
pub fn mean(x: &[f64]) -> Option<f64> {
    if x.is_empty() { None } else { Some(sum(x) / x.len() as f64) }
}

/// The unbiased sample variance (n - 1) in two passes, or nothing for fewer than two values.
pub fn variance(x: &[f64]) -> Option<f64> {
    if x.len() < 2 {
        return None;
    }
    let centre = mean(x)?;
    let squares: Vec<f64> = x.iter().map(|v| (v - centre) * (v - centre)).collect();
    Some(sum(&squares) / (x.len() - 1) as f64)
}

/// The quantile of sorted values by linear interpolation (Hyndman and Fan 1996, type 7: the default
/// of R and NumPy). Nothing for no values.
pub fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let at = q.clamp(0.0, 1.0) * last as f64;
    let below = at.floor();
    let lo = *sorted.get(below as usize)?;
    let hi = *sorted.get((below as usize + 1).min(last))?;
    Some(lo + (at - below) * (hi - lo))
}

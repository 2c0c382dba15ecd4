//! Bins of equal width over 0..1, shared by the language's `bins` and the calibration kernels.

/// Which of two neighbouring bins holds a probability that lies on their common edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum EdgeRule {
    /// Bins `[b/B, (b+1)/B)`, the last also holds 1 (NumPy's histogram, netcal).
    #[default]
    LeftClosed,
    /// Bins `(b/B, (b+1)/B]`, the first also holds 0 (Guo et al. 2017, scikit-learn).
    RightClosed,
}

/// The `bins + 1` edges of equal-width bins over 0..1, in the arithmetic of `numpy.linspace`, so that a
/// probability on an edge falls as it does in the references.
pub fn bin_edges(bins: usize) -> Vec<f64> {
    let step = 1.0 / bins as f64;
    (0..=bins).map(|b| if b == bins { 1.0 } else { b as f64 * step }).collect()
}

/// The bin of a probability in 0..1 among edges made by [`bin_edges`].
pub fn bin_of(p: f64, edges: &[f64], rule: EdgeRule) -> usize {
    let bins = edges.len().saturating_sub(1).max(1);
    let edge = |b: usize| edges.get(b).copied().unwrap_or(1.0);
    // The product is off by at most one bin; the edges decide.
    let mut b = ((p * bins as f64) as usize).min(bins - 1);
    match rule {
        EdgeRule::LeftClosed => {
            while b > 0 && p < edge(b) {
                b -= 1;
            }
            while b + 1 < bins && p >= edge(b + 1) {
                b += 1;
            }
        }
        EdgeRule::RightClosed => {
            while b > 0 && p <= edge(b) {
                b -= 1;
            }
            while b + 1 < bins && p > edge(b + 1) {
                b += 1;
            }
        }
    }
    b
}

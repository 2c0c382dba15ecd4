//! What private training needs beside noise: samples, and a bound on what each row may add.
//!
//! In DP-SGD (Abadi et al. 2016) each row's gradient is scaled down to norm C, the sum gets noise
//! of σC, and rows come into a step independently of each other. Here are these pieces on plain
//! numbers; for linear layers, norms without the gradients themselves ("ghost clipping", Goodfellow
//! 2015; Li et al. 2022). Knows no network.

use ndarray::{Array1, Array2, ArrayView2, Axis, Zip};
use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};

/// Rows of `0..rows` in a Poisson sample: each with probability `q`, independently; ascending. An
/// empty sample is one too: its step must be taken, as noise alone.
pub fn poisson_sample(rows: usize, q: f64, rng: &mut impl Rng) -> Vec<usize> {
    if q.is_nan() || q <= 0.0 {
        return Vec::new();
    }
    (0..rows).filter(|_| rng.random::<f64>() < q).collect()
}

/// The factor that brings a gradient of norm `norm` to at most `most`: 1 for what is below, 0 for
/// what is not a number. The product never exceeds `most`, whatever the rounding.
pub fn factor(norm: f64, most: f64) -> f64 {
    if !norm.is_finite() || most.is_nan() || most <= 0.0 {
        return 0.0;
    }
    if norm <= most { 1.0 } else { most / norm * (1.0 - 4.0 * f64::EPSILON) }
}

/// Adds `gradient`, scaled to norm `most` at most, to `sum`; returns its norm before. A gradient
/// that holds anything but finite numbers adds nothing: left in, it would undo the bound.
pub fn add_clipped(sum: &mut [f64], gradient: &[f64], most: f64) -> f64 {
    // Scaled by the largest entry, so that squares neither overflow nor vanish.
    let large = gradient.iter().fold(0.0_f64, |m, g| m.max(g.abs()));
    if gradient.iter().any(|g| !g.is_finite()) {
        return f64::INFINITY;
    }
    if large == 0.0 {
        return 0.0;
    }
    let norm = large * gradient.iter().map(|g| (g / large).powi(2)).sum::<f64>().sqrt();
    let by = factor(norm, most);
    for (s, g) in sum.iter_mut().zip(gradient) {
        *s += by * g;
    }
    norm
}

/// Adds Gaussian noise of standard deviation `sigma * most` to a sum of clipped gradients.
pub fn add_noise(sum: &mut [f64], sigma: f64, most: f64, rng: &mut impl Rng) {
    for s in sum {
        let z: f64 = StandardNormal.sample(rng);
        *s += sigma * most * z;
    }
}

/// A linear layer's share of a backward pass with one vector a row: what came in (`rows x inputs`),
/// and each row's gradient at what goes out (`rows x outputs`). Row `i`'s gradient of the matrix is
/// the outer product of both, that of the bias is the second alone.
#[derive(Debug, Clone, Copy)]
pub struct LinearTrace<'a> {
    pub input: ArrayView2<'a, f64>,
    pub output: ArrayView2<'a, f64>,
    pub bias: bool,
}

/// Squared norms of each row's gradient over all layers, without forming one: an outer product has
/// norm `|a| |g|`, so that a layer adds `|g|² (|a|² + 1)`, or without a bias `|g|² |a|²`.
pub fn ghost_norms(layers: &[LinearTrace<'_>]) -> Array1<f64> {
    let rows = layers.first().map_or(0, |l| l.input.nrows());
    let mut total = Array1::zeros(rows);
    for layer in layers {
        let squares = |m: ArrayView2<'_, f64>| m.map_axis(Axis(1), |row| row.dot(&row));
        let (a, g) = (squares(layer.input), squares(layer.output));
        let bias = if layer.bias { 1.0 } else { 0.0 };
        Zip::from(&mut total).and(&a).and(&g).for_each(|t, a, g| *t += g * (a + bias));
    }
    total
}

/// The sum of clipped gradients of one layer, from the factors of [`factor`]: one matrix product,
/// and the bias's sum.
pub fn clipped_sum(layer: &LinearTrace<'_>, factors: &Array1<f64>) -> (Array2<f64>, Array1<f64>) {
    let weighted = &layer.output * &factors.view().insert_axis(Axis(1));
    (layer.input.t().dot(&weighted), weighted.sum_axis(Axis(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    fn norm(x: &[f64]) -> f64 {
        let large = x.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        if large == 0.0 { 0.0 } else { large * x.iter().map(|v| (v / large).powi(2)).sum::<f64>().sqrt() }
    }

    proptest! {
        #[test]
        fn no_row_adds_more_than_the_bound(
            gradient in prop::collection::vec(prop_oneof![
                -1e3..1e3_f64, Just(0.0), Just(f64::MAX), Just(1e-310), Just(f64::NAN), Just(f64::NEG_INFINITY)
            ], 1..40),
            most in 1e-6..1e6_f64,
        ) {
            let mut sum = vec![0.0; gradient.len()];
            let before = add_clipped(&mut sum, &gradient, most);
            prop_assert!(sum.iter().all(|s| s.is_finite()));
            prop_assert!(norm(&sum) <= most, "{} {most}", norm(&sum));
            if before <= most {
                prop_assert_eq!(&sum, &gradient);
            }
        }

        #[test]
        fn ghost_norms_are_those_of_explicit_gradients(seed in 0..10_000_u64, rows in 1..9_usize, inputs in 1..7_usize, outputs in 1..6_usize) {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let mut matrix = |n: usize, m: usize| Array2::from_shape_simple_fn((n, m), || StandardNormal.sample(&mut rng));
            let (a1, g1, a2, g2): (Array2<f64>, Array2<f64>, Array2<f64>, Array2<f64>) =
                (matrix(rows, inputs), matrix(rows, outputs), matrix(rows, outputs), matrix(rows, 1));
            let layers = [
                LinearTrace { input: a1.view(), output: g1.view(), bias: true },
                LinearTrace { input: a2.view(), output: g2.view(), bias: false },
            ];
            let norms = ghost_norms(&layers);
            let most = 0.8;
            let factors = norms.mapv(|n| factor(n.sqrt(), most));
            let mut sum = vec![0.0; inputs * outputs + outputs + outputs];
            for row in 0..rows {
                let outer = |a: &Array2<f64>, g: &Array2<f64>| {
                    let (a, g) = (a.row(row).to_owned(), g.row(row).to_owned());
                    a.iter().flat_map(|x| g.iter().map(move |y| x * y).collect::<Vec<_>>()).collect::<Vec<f64>>()
                };
                let explicit = [outer(&a1, &g1), g1.row(row).to_vec(), outer(&a2, &g2)].concat();
                let before = add_clipped(&mut sum, &explicit, most);
                prop_assert!((before * before - norms[row]).abs() <= 1e-9 * norms[row]);
            }
            let ((w1, b1), (w2, _)) = (clipped_sum(&layers[0], &factors), clipped_sum(&layers[1], &factors));
            let ghost: Vec<f64> = w1.iter().chain(&b1).chain(&w2).copied().collect();
            prop_assert!(ghost.iter().zip(&sum).all(|(a, b)| (a - b).abs() < 1e-9), "{ghost:?} {sum:?}");
        }
    }

    #[test]
    fn samples_are_poisson_and_seeded() {
        let draw = |q: f64| poisson_sample(50_000, q, &mut ChaCha8Rng::seed_from_u64(1));
        let sample = draw(0.1);
        assert!((sample.len() as f64 - 5_000.0).abs() < 5.0 * (50_000.0_f64 * 0.09).sqrt());
        assert!(sample.windows(2).all(|w| w[0] < w[1]) && sample == draw(0.1));
        assert_eq!((draw(0.0).len(), draw(1.0).len(), draw(f64::NAN).len()), (0, 50_000, 0));
    }

    #[test]
    fn noise_has_the_size_of_the_bound_times_the_multiplier() {
        let mut sum = vec![0.0; 20_000];
        add_noise(&mut sum, 1.5, 2.0, &mut ChaCha8Rng::seed_from_u64(2));
        let square = sum.iter().map(|x| x * x).sum::<f64>() / 20_000.0;
        assert!((square / 9.0 - 1.0).abs() < 0.05, "{square}");
    }
}

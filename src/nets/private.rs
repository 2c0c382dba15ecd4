//! The critic's gradient on real rows, row by row clipped and summed, without one gradient a row.
//!
//! DP-SGD (Abadi et al. 2016) with ghost clipping (Li et al. 2022): a layer's gradient for one row is
//! the outer product of what came in and what comes back, so its norm is the product of two
//! norms, and the clipped sum is one matrix product with weighted rows. The critic is three linear
//! layers, so the backward pass is written out; a test holds it against automatic differentiation.
//! The same formula on plain numbers stands in `synth::privacy::clip`. Knows no rows' meaning and
//! no budget.

use burn::tensor::activation::leaky_relu;
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;

use super::critic::SLOPE;
use super::noise;

/// Scales a row a little further down than single precision needs, so that rounding cannot lift it
/// above the bound.
const MARGIN: f64 = 1.0 - 1e-5;

/// Sum over `rows` of the gradients of minus the score, each of norm `most` at most; one matrix a
/// weight of the critic `w`. Rows are outside any gradient graph and not packed. A row whose norm is
/// not finite adds nothing. Also the factors rows were scaled by, `[rows, 1]`: of real rows, nobody's
/// to see.
pub fn clipped_sum(w: &[Tensor<2>], rows: Tensor<2>, most: f64) -> (Vec<Tensor<2>>, Tensor<2>) {
    let slope = |before: &Tensor<2>| before.clone().greater_elem(0.0).float().mul_scalar(1.0 - SLOPE).add_scalar(SLOPE);
    let first = rows.clone().matmul(w[0].clone()) + w[1].clone();
    let h1 = leaky_relu(first.clone(), SLOPE);
    let second = h1.clone().matmul(w[2].clone()) + w[3].clone();
    let h2 = leaky_relu(second.clone(), SLOPE);
    // What comes back to each layer's output, for the loss -score.
    let back2 = slope(&second) * w[4].clone().transpose().neg();
    let back1 = back2.clone().matmul(w[2].clone().transpose()) * slope(&first);
    let square = |x: &Tensor<2>| x.clone().square().sum_dim(1);
    let norms = (square(&back1) * square(&rows).add_scalar(1.0)
        + square(&back2) * square(&h1).add_scalar(1.0)
        + square(&h2).add_scalar(1.0))
    .sqrt();
    let limit = (most * MARGIN) as f32;
    let factor = norms.clone().recip().mul_scalar(limit).clamp_max(1.0);
    // Infinity and what is no number compare as not below; 0 times infinity would stay.
    let sound = norms.lower_elem(f32::MAX);
    let zero = factor.zeros_like();
    let factor = zero.mask_where(sound.clone(), factor);
    let clean = |x: Tensor<2>| {
        let mask = sound.clone().expand(x.dims());
        x.zeros_like().mask_where(mask, x)
    };
    let (rows, h1, h2) = (clean(rows), clean(h1), clean(h2));
    let (g1, g2) = (clean(back1) * factor.clone(), clean(back2) * factor.clone());
    let g3 = factor.clone().neg();
    let layer = |input: Tensor<2>, g: Tensor<2>| [input.transpose().matmul(g.clone()), g.sum_dim(0)];
    ([layer(rows, g1), layer(h1, g2), layer(h2, g3)].into_iter().flatten().collect(), factor)
}

/// Gaussian noise of standard deviation `scale` in the shapes of `weights`.
pub fn noise_like(weights: &[Tensor<2>], scale: f64, rng: &mut ChaCha8Rng, device: &Device) -> Vec<Tensor<2>> {
    let one = |w: &Tensor<2>| {
        let [rows, columns] = w.dims();
        noise::matrix(noise::normal(rows, columns, rng), rows, columns, device).mul_scalar(scale)
    };
    weights.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::super::critic::{CriticShape, score};
    use super::super::device::cpu;
    use super::super::noise::{matrix, normal, stream};
    use super::super::weights::{Weights, to_host};
    use super::*;

    fn critic(seed: u64) -> (Weights, Device) {
        let device = cpu().device.without_autodiff();
        let shape = CriticShape { row: 5, pack: 1, hidden: 9, dropout: 0.0 };
        (shape.init(&mut stream(seed, 0), &device), device)
    }

    fn flat(parts: &[Tensor<2>]) -> Vec<f64> {
        parts.iter().flat_map(|p| to_host(p.clone())).map(f64::from).collect()
    }

    fn norm(x: &[f64]) -> f64 {
        x.iter().map(|v| v * v).sum::<f64>().sqrt()
    }

    /// One row's gradient of minus the score, by automatic differentiation.
    fn explicit(w: &Weights, row: Vec<f32>, device: &Device) -> Vec<f64> {
        let leaves = w.leaves();
        let grads = score(&leaves, matrix(row, 1, 5, device).autodiff(), None).sum().neg().backward();
        let one = |l: &Tensor<2>| l.grad(&grads).map_or_else(|| vec![0.0; l.dims()[0] * l.dims()[1]], to_host);
        leaves.iter().flat_map(one).map(f64::from).collect()
    }

    #[test]
    fn the_sum_is_that_of_single_clipped_gradients() {
        for (seed, most) in [(1, 0.3), (2, 1.5), (3, 100.0)] {
            let (w, device) = critic(seed);
            let values = normal(12, 5, &mut stream(seed, 1));
            let got = flat(&clipped_sum(&w.values, matrix(values.clone(), 12, 5, &device), most).0);
            let mut want = vec![0.0; got.len()];
            for row in values.chunks(5) {
                let g = explicit(&w, row.to_vec(), &device);
                let by = (most * MARGIN / norm(&g)).min(1.0);
                want.iter_mut().zip(&g).for_each(|(w, g)| *w += by * g);
            }
            let worst = got.iter().zip(&want).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(worst < 1e-5 * (1.0 + norm(&want)), "{worst}");
        }
    }

    #[test]
    fn no_row_adds_more_than_the_bound() {
        let (w, device) = critic(4);
        let mut rng = stream(4, 1);
        for scale in [1e-20_f32, 1e-3, 1.0, 1e3, 1e12, 1e25, f32::INFINITY, f32::NAN] {
            let row: Vec<f32> = normal(1, 5, &mut rng).into_iter().map(|x| x * scale).collect();
            let sum = flat(&clipped_sum(&w.values, matrix(row, 1, 5, &device), 0.7).0);
            assert!(sum.iter().all(|x| x.is_finite()) && norm(&sum) <= 0.7, "{scale}: {}", norm(&sum));
        }
    }

    #[test]
    fn noise_has_the_size_asked_for() {
        let (w, device) = critic(5);
        let noise = flat(&noise_like(&w.values, 3.0, &mut stream(5, 2), &device));
        let square = noise.iter().map(|x| x * x).sum::<f64>() / noise.len() as f64;
        assert!((square / 9.0 - 1.0).abs() < 0.5, "{square}");
        assert_eq!(noise, flat(&noise_like(&w.values, 3.0, &mut stream(5, 2), &device)));
    }
}

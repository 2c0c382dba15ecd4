//! The generator network: a residual multi-layer perceptron with batch normalisation.
//!
//! As in Xu et al. 2019, section 4.4: each block appends `relu(norm(linear(x)))` to its input, and
//! a last linear layer writes the outputs. Knows widths, not columns.

use burn::tensor::activation::relu;
use burn::tensor::module::{batch_norm, batch_norm_train};
use burn::tensor::{Device, Tensor};
use rand::Rng;

use super::weights::{HostMatrix, Weights};

/// Keeps the batch variance off zero.
const EPSILON: f64 = 1e-5;
/// Tensors of one block: matrix, bias, scale, shift.
const PER_BLOCK: usize = 4;

/// The shape of a generator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GeneratorShape {
    /// Noise and condition slots.
    pub input: usize,
    pub hidden: usize,
    pub output: usize,
}

/// Batch statistics of both blocks, `[hidden]` each: mean and variance.
pub type Statistics = Vec<(Tensor<1>, Tensor<1>)>;

impl GeneratorShape {
    /// Rows and columns of each matrix, with its name.
    fn parts(&self) -> Vec<(&'static str, usize, usize)> {
        let (i, h) = (self.input, self.hidden);
        vec![
            ("block1.weight", i, h),
            ("block1.bias", 1, h),
            ("block1.scale", 1, h),
            ("block1.shift", 1, h),
            ("block2.weight", i + h, h),
            ("block2.bias", 1, h),
            ("block2.scale", 1, h),
            ("block2.shift", 1, h),
            ("out.weight", i + 2 * h, self.output),
            ("out.bias", 1, self.output),
        ]
    }

    /// New weights from a seeded stream.
    pub fn init(&self, rng: &mut impl Rng, device: &Device) -> Weights {
        let parts = self
            .parts()
            .into_iter()
            .map(|(name, rows, columns)| {
                let matrix = if name.ends_with("weight") {
                    HostMatrix::linear(rows, columns, rng)
                } else {
                    let value = if name.ends_with("scale") { 1.0 } else { 0.0 };
                    HostMatrix::filled(rows, columns, value)
                };
                (name, matrix)
            })
            .collect();
        Weights::new(parts, device)
    }

    /// Saved weights on a device; none when they do not have this shape.
    pub fn restore(&self, saved: &[HostMatrix], device: &Device) -> Option<Weights> {
        let parts = self.parts();
        let fits = parts.len() == saved.len()
            && parts.iter().zip(saved).all(|(p, m)| (p.1, p.2) == (m.rows, m.columns) && m.values.len() == p.1 * p.2);
        fits.then(|| {
            let parts = parts.iter().zip(saved).map(|(p, m)| (p.0, m.clone())).collect();
            Weights::new(parts, device)
        })
    }
}

/// Raw outputs `[rows, output]` of `input` `[rows, input]`, normalised by the batch itself unless
/// `fixed` statistics are given; also returns the statistics that were used.
pub fn forward(w: &[Tensor<2>], input: Tensor<2>, fixed: Option<&Statistics>) -> (Tensor<2>, Statistics) {
    let mut x = input;
    let mut used = Vec::new();
    let blocks = w.len().saturating_sub(2) / PER_BLOCK;
    for b in 0..blocks {
        let [weight, bias, scale, shift] = [0, 1, 2, 3].map(|i| w[b * PER_BLOCK + i].clone());
        let [_, hidden] = bias.dims();
        let (scale, shift) = (scale.reshape([hidden]), shift.reshape([hidden]));
        let h = x.clone().matmul(weight) + bias;
        let h = match fixed.and_then(|f| f.get(b)) {
            Some((mean, variance)) => batch_norm(h, scale, shift, mean.clone(), variance.clone(), EPSILON),
            None => {
                let out = batch_norm_train(h, scale, shift, EPSILON);
                used.push((out.mean, out.variance));
                out.output
            }
        };
        x = Tensor::cat(vec![relu(h), x], 1);
    }
    let (weight, bias) = (w[blocks * PER_BLOCK].clone(), w[blocks * PER_BLOCK + 1].clone());
    (x.matmul(weight) + bias, used)
}

#[cfg(test)]
mod tests {
    use super::super::device::cpu;
    use super::super::noise::{matrix, normal, stream};
    use super::super::weights::to_host;
    use super::*;

    #[test]
    fn fixed_statistics_of_the_same_batch_give_the_same_outputs() {
        let device = cpu().device;
        let shape = GeneratorShape { input: 5, hidden: 8, output: 3 };
        let mut rng = stream(1, 0);
        let w = shape.init(&mut rng, &device);
        let x = matrix(normal(16, 5, &mut rng), 16, 5, &device);
        let (a, used) = forward(&w.values, x.clone(), None);
        let (b, _) = forward(&w.values, x, Some(&used));
        let (a, b) = (to_host(a), to_host(b));
        assert_eq!(a.len(), 48);
        assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-4));
    }

    #[test]
    fn saved_weights_of_another_shape_are_refused() {
        let device = cpu().device;
        let shape = GeneratorShape { input: 5, hidden: 8, output: 3 };
        let saved = shape.init(&mut stream(1, 0), &device).to_host();
        assert!(shape.restore(&saved, &device).is_some());
        assert!(GeneratorShape { input: 6, ..shape }.restore(&saved, &device).is_none());
    }
}

//! The critic network, its Wasserstein loss and an exact gradient penalty.
//!
//! Two layers with leaky ReLU and dropout over packs of rows (PacGAN, Lin et al. 2018). The
//! gradient penalty (Gulrajani et al. 2017, equation 3) needs the gradient of the score with
//! respect to the input inside the loss. burn differentiates once only, but this critic is
//! piecewise linear, so that gradient is a product of its matrices with the slopes in between:
//! it is written out here as ordinary tensor code, and one backward pass is enough. The slopes
//! are constants almost everywhere, as automatic second derivatives would have them too.

use burn::tensor::activation::leaky_relu;
use burn::tensor::{Device, Tensor, s};
use rand::Rng;

use super::noise;
use super::weights::{HostMatrix, Weights};

/// Slope of the leaky ReLU below zero (Xu et al. 2019: 0.2).
pub(super) const SLOPE: f64 = 0.2;

/// The shape of a critic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CriticShape {
    /// Slots of one row with its condition.
    pub row: usize,
    /// Rows judged together.
    pub pack: usize,
    pub hidden: usize,
    /// Share of hidden units dropped in training.
    pub dropout: f64,
}

impl CriticShape {
    /// New weights from a seeded stream.
    pub fn init(&self, rng: &mut impl Rng, device: &Device) -> Weights {
        let (i, h) = (self.row * self.pack, self.hidden);
        let parts = vec![
            ("layer1.weight", HostMatrix::linear(i, h, rng)),
            ("layer1.bias", HostMatrix::filled(1, h, 0.0)),
            ("layer2.weight", HostMatrix::linear(h, h, rng)),
            ("layer2.bias", HostMatrix::filled(1, h, 0.0)),
            ("score.weight", HostMatrix::linear(h, 1, rng)),
            ("score.bias", HostMatrix::filled(1, 1, 0.0)),
        ];
        Weights::new(parts, device)
    }

    /// Rows `[rows, row]` as packs `[rows / pack, row * pack]`.
    pub fn packed(&self, rows: Tensor<2>) -> Tensor<2> {
        let [n, _] = rows.dims();
        rows.reshape([n / self.pack, self.row * self.pack])
    }

    /// Dropout masks of both hidden layers, `[packs, hidden]` each; none without dropout.
    pub fn masks(&self, packs: usize, rng: &mut impl Rng, device: &Device) -> Option<Masks> {
        (self.dropout > 0.0).then(|| {
            [0, 1].map(|_| {
                let mask = noise::dropout(packs, self.hidden, self.dropout, rng);
                noise::matrix(mask, packs, self.hidden, device)
            })
        })
    }
}

/// Dropout masks of both hidden layers.
pub type Masks = [Tensor<2>; 2];

/// Scores `[packs, 1]` of packed rows `[packs, row * pack]`.
pub fn score(w: &[Tensor<2>], packs: Tensor<2>, masks: Option<&Masks>) -> Tensor<2> {
    let mut x = packs;
    for layer in 0..2 {
        x = leaky_relu(x.matmul(w[2 * layer].clone()) + w[2 * layer + 1].clone(), SLOPE);
        if let Some(masks) = masks {
            x = x * masks[layer].clone();
        }
    }
    x.matmul(w[4].clone()) + w[5].clone()
}

/// Mean of `(|gradient of the score| - 1)^2` at `packs`, differentiable in the leaves `w`.
///
/// `plain` are the same weights outside the gradient graph; they find the slopes.
pub fn gradient_penalty(w: &[Tensor<2>], plain: &[Tensor<2>], packs: Tensor<2>, masks: Option<&Masks>) -> Tensor<1> {
    let mut x = packs;
    let mut slopes = Vec::new();
    for layer in 0..2 {
        let before = x.matmul(plain[2 * layer].clone()) + plain[2 * layer + 1].clone();
        let mut slope = before.clone().greater_elem(0.0).float().mul_scalar(1.0 - SLOPE).add_scalar(SLOPE);
        if let Some(masks) = masks {
            slope = slope * masks[layer].clone();
        }
        x = before * slope.clone();
        slopes.push(slope);
    }
    let [first, second] = [slopes.remove(0), slopes.remove(0)];
    let back = second.autodiff() * w[4].clone().transpose();
    let back = back.matmul(w[2].clone().transpose()) * first.autodiff();
    let gradient = back.matmul(w[0].clone().transpose());
    // The constant keeps the square root differentiable where the gradient vanishes.
    let norm = gradient.square().sum_dim(1).add_scalar(1e-12).sqrt();
    norm.sub_scalar(1.0).square().mean()
}

/// The critic's loss without penalty: mean score of the second half of `packs` minus that of the
/// first half, which holds the real rows.
pub fn wasserstein(w: &[Tensor<2>], packs: Tensor<2>, masks: Option<&Masks>) -> Tensor<1> {
    let [n, _] = packs.dims();
    let scores = score(w, packs, masks);
    let real = scores.clone().slice(s![0..n / 2, ..]).mean();
    scores.slice(s![n / 2..n, ..]).mean() - real
}

#[cfg(test)]
mod tests {
    use super::super::device::cpu;
    use super::super::noise::{matrix, normal, stream};
    use super::super::weights::to_host;
    use super::*;

    /// The written-out penalty must be the one automatic differentiation finds.
    #[test]
    fn the_penalty_uses_the_true_gradient() {
        let device = cpu().device;
        let shape = CriticShape { row: 3, pack: 2, hidden: 7, dropout: 0.3 };
        let mut rng = stream(4, 0);
        let w = shape.init(&mut rng, &device);
        let x = matrix(normal(4, 6, &mut rng), 4, 6, &device);
        let masks = shape.masks(4, &mut rng, &device);
        let leaf = x.clone().autodiff().require_grad();
        let tracked: Vec<Tensor<2>> = w.values.iter().map(|w| w.clone().autodiff()).collect();
        let tracked_masks = masks.clone().map(|m| m.map(|m| m.autodiff()));
        let grads = score(&tracked, leaf.clone(), tracked_masks.as_ref()).sum().backward();
        let gradient = leaf.grad(&grads).map(to_host).unwrap_or_default();
        assert_eq!(gradient.len(), 24);
        let want: f32 =
            gradient.chunks(6).map(|g| (g.iter().map(|x| x * x).sum::<f32>().sqrt() - 1.0).powi(2) / 4.0).sum();
        let got = to_host(gradient_penalty(&w.leaves(), &w.values, x, masks.as_ref()));
        assert!((got[0] - want).abs() < 1e-5, "{got:?} {want}");
    }
}

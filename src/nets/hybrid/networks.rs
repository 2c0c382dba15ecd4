//! The encoder and decoder of a tabular variational autoencoder, and the losses of their rows.
//!
//! As TVAE has them (Xu et al. 2019, section 4.5): two hidden layers with ReLU on each side, a standard
//! deviation a number that is learned beside the decoder. The decoder also takes a condition, all
//! zeros where nothing is asked for. Losses are sums over rows, so that shards of a batch add up. Knows
//! slots, not columns.

use burn::tensor::activation::{log_softmax, relu};
use burn::tensor::{Device, Tensor, s};
use rand::Rng;

use super::super::heads::Heads;
use super::super::weights::{HostMatrix, Weights};

/// The standard deviation of an offset at the start, and the range it is kept in (Xu et al.'s code).
const DEVIATION: f32 = 0.1;
pub const DEVIATIONS: (f64, f64) = (0.01, 1.0);
/// The range of log variances of the latent; beyond, their exponentials would overflow.
const LOG_VARIANCE: (f64, f64) = (-10.0, 10.0);
/// Where the standard deviations stand among the decoder's weights.
pub const DEVIATION_AT: usize = 6;

/// Sizes of both networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Slots of a row, and how many of them are offsets.
    pub width: usize,
    pub offsets: usize,
    pub latent: usize,
    /// Slots of a condition.
    pub condition: usize,
    pub hidden: usize,
}

type Part = (&'static str, usize, usize);

impl Sizes {
    fn decoder_parts(&self) -> Vec<Part> {
        let h = self.hidden;
        vec![
            ("layer1.weight", self.latent + self.condition, h),
            ("layer1.bias", 1, h),
            ("layer2.weight", h, h),
            ("layer2.bias", 1, h),
            ("out.weight", h, self.width),
            ("out.bias", 1, self.width),
            // A table without numbers still has a place for one, so that the matrix is not empty.
            ("deviation", 1, self.offsets.max(1)),
        ]
    }

    fn encoder_parts(&self) -> Vec<Part> {
        let h = self.hidden;
        vec![
            ("layer1.weight", self.width, h),
            ("layer1.bias", 1, h),
            ("layer2.weight", h, h),
            ("layer2.bias", 1, h),
            ("mean.weight", h, self.latent),
            ("mean.bias", 1, self.latent),
            ("log_variance.weight", h, self.latent),
            ("log_variance.bias", 1, self.latent),
        ]
    }

    /// New weights of the decoder.
    pub fn decoder(&self, rng: &mut impl Rng, device: &Device) -> Weights {
        fresh(self.decoder_parts(), rng, device)
    }

    /// New weights of the encoder.
    pub fn encoder(&self, rng: &mut impl Rng, device: &Device) -> Weights {
        fresh(self.encoder_parts(), rng, device)
    }

    /// A saved decoder on a device; none when it does not have this shape.
    pub fn restore(&self, saved: &[HostMatrix], device: &Device) -> Option<Weights> {
        let parts = self.decoder_parts();
        let fits = parts.len() == saved.len()
            && parts.iter().zip(saved).all(|(p, m)| (p.1, p.2) == (m.rows, m.columns) && m.values.len() == p.1 * p.2);
        fits.then(|| Weights::new(parts.iter().zip(saved).map(|(p, m)| (p.0, m.clone())).collect(), device))
    }
}

fn fresh(parts: Vec<Part>, rng: &mut impl Rng, device: &Device) -> Weights {
    let matrix = |(name, rows, columns): Part| {
        let matrix = match name {
            "deviation" => HostMatrix::filled(rows, columns, DEVIATION),
            _ if name.ends_with("weight") => HostMatrix::linear(rows, columns, rng),
            _ => HostMatrix::filled(rows, columns, 0.0),
        };
        (name, matrix)
    };
    Weights::new(parts.into_iter().map(matrix).collect(), device)
}

/// Raw outputs `[rows, width]` for a latent `[rows, latent]` and its condition.
pub fn decode(w: &[Tensor<2>], latent: Tensor<2>, condition: Option<Tensor<2>>) -> Tensor<2> {
    let x = match condition {
        Some(c) => Tensor::cat(vec![latent, c], 1),
        None => latent,
    };
    let x = relu(x.matmul(w[0].clone()) + w[1].clone());
    let x = relu(x.matmul(w[2].clone()) + w[3].clone());
    x.matmul(w[4].clone()) + w[5].clone()
}

/// Mean and log variance of the latent, `[rows, latent]` each, for rows `[rows, width]`.
pub fn encode(w: &[Tensor<2>], rows: Tensor<2>) -> (Tensor<2>, Tensor<2>) {
    let x = relu(rows.matmul(w[0].clone()) + w[1].clone());
    let x = relu(x.matmul(w[2].clone()) + w[3].clone());
    let mean = x.clone().matmul(w[4].clone()) + w[5].clone();
    let log_variance = x.matmul(w[6].clone()) + w[7].clone();
    (mean, log_variance.clamp(LOG_VARIANCE.0, LOG_VARIANCE.1))
}

/// The divergence of the latent from the standard normal distribution, in nats, summed over rows.
pub fn divergence(mean: &Tensor<2>, log_variance: &Tensor<2>) -> Tensor<1> {
    let inside = log_variance.clone().add_scalar(1.0) - mean.clone().square() - log_variance.clone().exp();
    inside.sum().mul_scalar(-0.5)
}

/// Minus the log likelihood of `rows` under raw outputs, in nats up to a constant, summed over rows: a normal
/// distribution around the tanh of each offset (where `present` is 1), the softmax of each segment.
/// `barred` is large and negative in slots that must never be drawn.
pub fn reconstruction(
    heads: &Heads,
    raw: Tensor<2>,
    rows: Tensor<2>,
    present: Tensor<2>,
    deviation: Tensor<2>,
    barred: Tensor<2>,
) -> Tensor<1> {
    let [n, width] = raw.dims();
    let at = heads.offsets;
    let mut parts: Vec<Tensor<1>> = Vec::new();
    if at > 0 {
        let far = rows.clone().slice(s![.., 0..at]) - raw.clone().slice(s![.., 0..at]).tanh();
        let loss = (far / deviation.clone()).square().mul_scalar(0.5) + deviation.log();
        parts.push((loss * present).sum());
    }
    if width > at {
        let scores = raw.slice(s![.., at..width]) + barred;
        let wanted = rows.slice(s![.., at..width]);
        let mut start = 0;
        for g in &heads.groups {
            let end = start + g.count * g.width;
            let log = log_softmax(scores.clone().slice(s![.., start..end]).reshape([n, g.count, g.width]), 2);
            let log = log.reshape([n, g.count * g.width]);
            parts.push((log * wanted.clone().slice(s![.., start..end])).sum().neg());
            start = end;
        }
    }
    let first = parts.remove(0);
    parts.into_iter().fold(first, |sum, part| sum + part)
}

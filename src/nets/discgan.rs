//! The two networks of discGAN and one step of their game (Fuentes and McSpadden 2022; Fuentes et al.,
//! arXiv 2304.04290, and the notebook beside it).
//!
//! The generator is four dense layers of 64 with leaky ReLU (slope 0.2), batch normalisation after the
//! first three activations, and a sigmoid for the one number; the discriminator two dense layers of 64
//! with leaky ReLU and dropout 0.1, and a sigmoid. Both see the condition beside their input. The game
//! is that of Goodfellow et al. 2014: one step of the discriminator on generated and real numbers
//! under the same conditions (generated is 1), one of the generator towards "real" with new noise.
//! Knows numbers in [0, 1] and conditions; no tables.

use burn::tensor::activation::{leaky_relu, log_sigmoid, sigmoid};
use burn::tensor::module::{batch_norm, batch_norm_train};
use burn::tensor::{Device, Tensor};
use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;

use super::adam::Adam;
use super::generator::Statistics;
use super::noise;
use super::state::State;
use super::weights::{HostMatrix, Weights, scalar};

/// Slope of the leaky ReLU below zero.
const SLOPE: f64 = 0.2;
/// Keeps a variance off zero, and the weight of the past in moving statistics (both as the notebook's
/// library has them).
const EPSILON: f64 = 1e-3;
const MOMENTUM: f64 = 0.99;
/// Decay of the first moment in Adam. The library's 0.9 with larger steps lets the two networks circle each other.
const BETA1: f64 = 0.5;
/// Layers with batch normalisation, and all hidden layers.
const NORMED: usize = 3;
const LAYERS: usize = 4;

/// Sizes and manner of both networks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shape {
    /// Slots of a condition.
    pub condition: usize,
    /// Length of the noise vector (published: 50).
    pub latent: usize,
    /// Width of each hidden layer (published: 64).
    pub hidden: usize,
    /// Share of the discriminator's hidden units dropped in training (published: 0.1).
    pub dropout: f64,
    /// Whether training normalises by the batch and drops units. Without, normalisation is the scale
    /// and shift alone that it learns, and nothing is dropped: what the published training loop
    /// amounts to, as it never calls its networks in training mode.
    pub training_mode: bool,
}

impl Shape {
    fn generator_parts(&self) -> Vec<(&'static str, usize, usize)> {
        let (i, h) = (self.latent + self.condition, self.hidden);
        vec![
            ("dense1.weight", i, h),
            ("dense1.bias", 1, h),
            ("norm1.scale", 1, h),
            ("norm1.shift", 1, h),
            ("dense2.weight", h, h),
            ("dense2.bias", 1, h),
            ("norm2.scale", 1, h),
            ("norm2.shift", 1, h),
            ("dense3.weight", h, h),
            ("dense3.bias", 1, h),
            ("norm3.scale", 1, h),
            ("norm3.shift", 1, h),
            ("dense4.weight", h, h),
            ("dense4.bias", 1, h),
            ("out.weight", h, 1),
            ("out.bias", 1, 1),
        ]
    }

    fn discriminator_parts(&self) -> Vec<(&'static str, usize, usize)> {
        let h = self.hidden;
        vec![
            ("dense1.weight", 1 + self.condition, h),
            ("dense1.bias", 1, h),
            ("dense2.weight", h, h),
            ("dense2.bias", 1, h),
            ("out.weight", h, 1),
            ("out.bias", 1, 1),
        ]
    }

    /// Trained parameters of the generator, of its batch statistics, and of the discriminator.
    pub fn parameters(&self) -> (usize, usize, usize) {
        let count = |parts: Vec<(&str, usize, usize)>| parts.iter().map(|p| p.1 * p.2).sum();
        (count(self.generator_parts()), 2 * NORMED * self.hidden, count(self.discriminator_parts()))
    }

    /// Saved weights of the generator and its statistics on a device; none when they do not have this shape.
    pub fn restore(&self, weights: &[HostMatrix], statistics: &[HostMatrix], device: &Device) -> Option<Fixed> {
        let parts = self.generator_parts();
        let fits = parts.len() == weights.len()
            && parts.iter().zip(weights).all(|(p, m)| (p.1, p.2) == (m.rows, m.columns) && m.values.len() == p.1 * p.2)
            && statistics.len() == 2 * NORMED
            && statistics.iter().all(|m| m.values.len() == self.hidden);
        fits.then(|| {
            let parts = parts.iter().zip(weights).map(|(p, m)| (p.0, m.clone())).collect();
            let row = |m: &HostMatrix| m.clone().on(device).reshape([self.hidden]);
            let statistics = statistics.chunks_exact(2).map(|p| (row(&p[0]), row(&p[1]))).collect();
            Fixed { weights: Weights::new(parts, device), statistics }
        })
    }
}

/// New weights (Glorot and Bengio 2010, uniform; scales 1, all else 0), as the notebook's library draws them.
fn fresh(parts: Vec<(&'static str, usize, usize)>, rng: &mut impl Rng, device: &Device) -> Weights {
    let matrix = |(name, rows, columns): (&'static str, usize, usize)| {
        if !name.ends_with("weight") {
            let value = if name.ends_with("scale") { 1.0 } else { 0.0 };
            return (name, HostMatrix::filled(rows, columns, value));
        }
        let bound = (6.0 / (rows + columns).max(1) as f32).sqrt();
        let values = (0..rows * columns).map(|_| (rng.random::<f32>() * 2.0 - 1.0) * bound).collect();
        (name, HostMatrix { rows, columns, values })
    };
    Weights::new(parts.into_iter().map(matrix).collect(), device)
}

/// The generator's numbers before their sigmoid, `[rows, 1]`, for `[rows, latent + condition]` inputs:
/// normalised by `fixed` statistics, or by the batch, whose statistics come back.
fn generate(w: &[Tensor<2>], input: Tensor<2>, fixed: Option<&Statistics>) -> (Tensor<2>, Statistics) {
    let mut x = input;
    let mut used = Vec::new();
    let mut at = 0;
    for layer in 0..LAYERS {
        x = leaky_relu(x.matmul(w[at].clone()) + w[at + 1].clone(), SLOPE);
        at += 2;
        if layer < NORMED {
            let [_, hidden] = x.dims();
            let (scale, shift) = (w[at].clone().reshape([hidden]), w[at + 1].clone().reshape([hidden]));
            at += 2;
            x = match fixed.and_then(|f| f.get(layer)) {
                Some((mean, variance)) => {
                    let tracked = x.is_autodiff();
                    let place = |t: &Tensor<1>| if tracked { t.clone().autodiff() } else { t.clone() };
                    batch_norm(x, scale, shift, place(mean), place(variance), EPSILON)
                }
                None => {
                    let out = batch_norm_train(x, scale, shift, EPSILON);
                    used.push((out.mean, out.variance));
                    out.output
                }
            };
        }
    }
    (x.matmul(w[at].clone()) + w[at + 1].clone(), used)
}

/// The discriminator's logits of "generated", `[rows, 1]`.
fn judge(w: &[Tensor<2>], input: Tensor<2>, masks: Option<&[Tensor<2>; 2]>) -> Tensor<2> {
    let mut x = input;
    for layer in 0..2 {
        x = leaky_relu(x.matmul(w[2 * layer].clone()) + w[2 * layer + 1].clone(), SLOPE);
        if let Some(masks) = masks {
            x = x * masks[layer].clone();
        }
    }
    x.matmul(w[4].clone()) + w[5].clone()
}

/// A trained generator on a device.
pub struct Fixed {
    weights: Weights,
    statistics: Statistics,
}

impl Fixed {
    /// Numbers in (0, 1), `[rows, 1]`, for inputs `[rows, latent + condition]`.
    pub fn draw(&self, input: Tensor<2>) -> Tensor<2> {
        sigmoid(generate(&self.weights.values, input, Some(&self.statistics)).0)
    }
}

/// Losses of one step, in nats a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DuelLoss {
    pub discriminator: f64,
    pub generator: f64,
}

/// Both networks in training.
pub struct Duel {
    shape: Shape,
    device: Device,
    rng: ChaCha8Rng,
    pub generator: Weights,
    /// Moving mean and variance after each normalised layer, alternating, one row each.
    pub statistics: Weights,
    discriminator: Weights,
    generator_adam: Adam,
    discriminator_adam: Adam,
}

impl Duel {
    /// New networks whose weights, noise and dropout depend on `seed` alone.
    pub fn new(shape: Shape, rate: f64, seed: u64, device: &Device) -> Duel {
        let device = device.clone().without_autodiff();
        let generator = fresh(shape.generator_parts(), &mut noise::stream(seed, 1), &device);
        let discriminator = fresh(shape.discriminator_parts(), &mut noise::stream(seed, 2), &device);
        let one = |name, value| (name, HostMatrix::filled(1, shape.hidden, value));
        let statistics = vec![
            one("norm1.mean", 0.0),
            one("norm1.variance", 1.0),
            one("norm2.mean", 0.0),
            one("norm2.variance", 1.0),
            one("norm3.mean", 0.0),
            one("norm3.variance", 1.0),
        ];
        Duel {
            statistics: Weights::new(statistics, &device),
            generator,
            discriminator,
            generator_adam: Adam::new(rate, BETA1, 0.999),
            discriminator_adam: Adam::new(rate, BETA1, 0.999),
            rng: noise::stream(seed, 3),
            shape,
            device,
        }
    }

    /// One step of each network on `rows` numbers in [0, 1] and their conditions, row by row.
    pub fn step(&mut self, rows: usize, real: Vec<f32>, condition: Vec<f32>) -> DuelLoss {
        let c = noise::matrix(condition, rows, self.shape.condition, &self.device);
        let real = noise::matrix(real, rows, 1, &self.device);

        let input = self.input(rows, &c);
        let plain = self.generator.values.clone();
        let fake = sigmoid(self.through(&plain, input));
        let rows_of = |x: Tensor<2>, c: &Tensor<2>| Tensor::cat(vec![x, c.clone()], 1);
        let both = Tensor::cat(vec![rows_of(fake, &c), rows_of(real, &c)], 0).autodiff();
        let masks = self.masks(2 * rows);
        let leaves = self.discriminator.leaves();
        let logits = judge(&leaves, both, masks.as_ref());
        // Generated rows come first and should score high: -log p, and -log (1 - p) of the real ones.
        let mut sign = vec![1.0; rows];
        sign.resize(2 * rows, -1.0);
        let sign = noise::matrix(sign, 2 * rows, 1, &self.device).autodiff();
        let loss = log_sigmoid(logits * sign).mean().neg();
        let discriminator = scalar(loss.clone().inner());
        self.discriminator_adam.step(&mut self.discriminator, &leaves, loss.backward());

        let input = self.input(rows, &c).autodiff();
        let leaves = self.generator.leaves();
        let fake = sigmoid(self.through(&leaves, input));
        let frozen: Vec<Tensor<2>> = self.discriminator.values.iter().map(|w| w.clone().autodiff()).collect();
        let masks = self.masks(rows);
        let logits = judge(&frozen, Tensor::cat(vec![fake, c.autodiff()], 1), masks.as_ref());
        let loss = log_sigmoid(logits.neg()).mean().neg();
        let generator = scalar(loss.clone().inner());
        self.generator_adam.step(&mut self.generator, &leaves, loss.backward());
        DuelLoss { discriminator, generator }
    }

    /// Changes the size of both networks' steps.
    pub fn set_rate(&mut self, rate: f64) {
        self.generator_adam.set_rate(rate);
        self.discriminator_adam.set_rate(rate);
    }

    /// Where the networks are.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Puts both networks aside.
    pub fn put(&self, state: &mut State) {
        self.generator.put("generator", state);
        self.statistics.put("statistics", state);
        self.discriminator.put("discriminator", state);
        self.generator_adam.put("generator_adam", state);
        self.discriminator_adam.put("discriminator_adam", state);
        state.stream("duel", &self.rng);
    }

    /// Takes up what was put aside.
    pub fn take(&mut self, state: &State) -> Option<()> {
        self.generator.take("generator", state, &self.device)?;
        self.statistics.take("statistics", state, &self.device)?;
        self.discriminator.take("discriminator", state, &self.device)?;
        self.generator_adam.take("generator_adam", state, &self.device)?;
        self.discriminator_adam.take("discriminator_adam", state, &self.device)?;
        self.rng = state.streamed("duel")?;
        Some(())
    }

    /// The generator as it is now, for drawing.
    pub fn fixed(&self) -> Fixed {
        Fixed { weights: self.generator.clone(), statistics: self.pairs() }
    }

    fn pairs(&self) -> Statistics {
        let row = |t: &Tensor<2>| t.clone().reshape([self.shape.hidden]);
        self.statistics.values.chunks_exact(2).map(|p| (row(&p[0]), row(&p[1]))).collect()
    }

    /// Noise beside conditions.
    fn input(&mut self, rows: usize, condition: &Tensor<2>) -> Tensor<2> {
        let z = noise::normal(rows, self.shape.latent, &mut self.rng);
        let z = noise::matrix(z, rows, self.shape.latent, &self.device);
        Tensor::cat(vec![z, condition.clone()], 1)
    }

    /// The generator in its manner of training; moving statistics follow the batch's.
    fn through(&mut self, w: &[Tensor<2>], input: Tensor<2>) -> Tensor<2> {
        if !self.shape.training_mode {
            return generate(w, input, Some(&self.pairs())).0;
        }
        let (out, used) = generate(w, input, None);
        let used = used.into_iter().flat_map(|(mean, variance)| [mean, variance]);
        for (mine, new) in self.statistics.values.iter_mut().zip(used) {
            let new = if new.is_autodiff() { new.inner() } else { new };
            let new = new.reshape([1, self.shape.hidden]);
            *mine = mine.clone().mul_scalar(MOMENTUM) + new.mul_scalar(1.0 - MOMENTUM);
        }
        out
    }

    fn masks(&mut self, rows: usize) -> Option<[Tensor<2>; 2]> {
        (self.shape.training_mode && self.shape.dropout > 0.0).then(|| {
            [0, 1].map(|_| {
                let mask = noise::dropout(rows, self.shape.hidden, self.shape.dropout, &mut self.rng);
                noise::matrix(mask, rows, self.shape.hidden, &self.device).autodiff()
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::device::cpu;
    use super::super::weights::to_host;
    use super::*;

    fn published(condition: usize) -> Shape {
        Shape { condition, latent: 50, hidden: 64, dropout: 0.1, training_mode: true }
    }

    #[test]
    fn the_published_table_gives_the_published_numbers_of_parameters() {
        assert_eq!(published(43).parameters(), (18_945, 384, 7_105));
    }

    #[test]
    fn it_learns_a_number_that_follows_its_condition() {
        for training_mode in [true, false] {
            let shape = Shape { training_mode, ..published(2) };
            let mut duel = Duel::new(shape, 2e-3, 1, &cpu().device);
            let mut rng = noise::stream(2, 0);
            for _ in 0..400 {
                let side: Vec<bool> = (0..64).map(|_| rng.random()).collect();
                let real = side.iter().map(|s| if *s { 0.8 } else { 0.3 } + 0.05 * rng.random::<f32>()).collect();
                let condition = side.iter().flat_map(|s| if *s { [0.0, 1.0] } else { [1.0, 0.0] }).collect();
                let loss = duel.step(64, real, condition);
                assert!(loss.discriminator.is_finite() && loss.generator.is_finite());
            }
            let mean = |condition: [f32; 2]| {
                let mut rng = noise::stream(3, 0);
                let rows = (0..200).flat_map(|_| {
                    let mut row = noise::normal(1, 50, &mut rng);
                    row.extend(condition);
                    row
                });
                let input = noise::matrix(rows.collect(), 200, 52, &cpu().device.without_autodiff());
                to_host(duel.fixed().draw(input)).iter().sum::<f32>() / 200.0
            };
            let (low, high) = (mean([1.0, 0.0]), mean([0.0, 1.0]));
            assert!(high - low > 0.2, "training mode {training_mode}: {low} and {high}");
        }
    }
}

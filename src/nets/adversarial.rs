//! One step of a conditional Wasserstein GAN with gradient penalty, at a time.
//!
//! The caller brings rows and conditions as host values and decides when to stop; this file owns
//! the networks, their optimisers and the random streams of noise and dropout. Knows slots, not
//! columns.

use burn::tensor::{Device, Tensor};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::adam::Adam;
use super::critic::{self, CriticShape};
use super::generator::{self, GeneratorShape};
use super::heads::Heads;
use super::noise;
use super::private;
use super::state::State;
use super::values::{ValueMap, Values};
use super::weights::{HostMatrix, Weights, scalar};

/// Added to a score that must never win; large, but far from overflow.
pub const BARRED: f32 = -1e4;

/// What a pair of networks is made of.
#[derive(Debug, Clone)]
pub struct Plan {
    pub heads: Heads,
    pub values: ValueMap,
    /// Slots that must never be drawn: `heads.width() - heads.offsets` entries.
    pub barred: Vec<bool>,
    pub latent: usize,
    /// Slots of a condition.
    pub condition: usize,
    pub hidden: usize,
    pub pack: usize,
    pub dropout: f64,
    pub penalty: f64,
    /// Weight of the distance of second moments.
    pub moments: f64,
    pub temperature: f64,
    pub average: f64,
    pub rate: f64,
}

impl Plan {
    /// The generator's shape.
    pub fn generator(&self) -> GeneratorShape {
        GeneratorShape { input: self.latent + self.condition, hidden: self.hidden, output: self.heads.width() }
    }

    fn critic(&self) -> CriticShape {
        CriticShape {
            row: self.heads.width() + self.values.at.columns + self.condition,
            pack: self.pack,
            hidden: self.hidden,
            dropout: self.dropout,
        }
    }
}

/// Losses of one step; none has a unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepLoss {
    /// Mean score of generated rows minus that of real rows, plus the weighted gradient penalty.
    pub critic: f64,
    /// Minus the mean score of generated rows, plus the next two.
    pub generator: f64,
    /// Cross-entropy of the asked levels, in nats a row.
    pub condition: f64,
    /// Weighted distance of second moments.
    pub moments: f64,
}

/// One batch on the host, row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    pub rows: usize,
    /// `rows x heads.width()`.
    pub real: Vec<f32>,
    /// `rows x condition`: what real and generated rows alike are asked for.
    pub condition: Vec<f32>,
    /// `rows x heads.asked_width()`: the same ones where the generator has to put them.
    pub target: Vec<f32>,
}

/// A sample of real rows on the host, for a private step.
#[derive(Debug, Clone, PartialEq)]
pub struct Real {
    pub rows: usize,
    /// `rows x heads.width()`.
    pub slots: Vec<f32>,
    /// `rows x condition`.
    pub condition: Vec<f32>,
}

/// How a private step hides single rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PrivateNoise {
    /// Largest norm of what one row adds to the gradient.
    pub norm: f64,
    /// Standard deviation of the noise over `norm`.
    pub sigma: f64,
    /// Rows that a sample has on average.
    pub expected: f64,
}

impl StepLoss {
    /// By name, for a history.
    pub fn named(&self) -> Vec<(&'static str, f64)> {
        vec![
            ("critic", self.critic),
            ("generator", self.generator),
            ("condition", self.condition),
            ("moments", self.moments),
        ]
    }
}

/// Both networks in training.
pub struct Game {
    plan: Plan,
    device: Device,
    rng: ChaCha8Rng,
    values: Values,
    /// Second moments of real rows under the training conditions.
    moments: Option<Tensor<2>>,
    generator: Weights,
    averaged: Weights,
    critic: Weights,
    generator_adam: Adam,
    critic_adam: Adam,
    steps: i32,
}

impl Game {
    /// New networks whose weights and noise depend on `seed` alone.
    pub fn new(plan: Plan, seed: u64, device: &Device) -> Game {
        let device = device.clone().without_autodiff();
        let generator = plan.generator().init(&mut noise::stream(seed, 1), &device);
        let critic = plan.critic().init(&mut noise::stream(seed, 2), &device);
        Game {
            averaged: generator.clone(),
            generator,
            critic,
            generator_adam: Adam::new(plan.rate, 0.5, 0.9),
            critic_adam: Adam::new(plan.rate, 0.5, 0.9),
            rng: noise::stream(seed, 3),
            values: Values::new(&plan.heads, &plan.values, &device),
            moments: None,
            plan,
            device,
            steps: 0,
        }
    }

    /// Adds real rows (`rows x heads.width()`) to the moments that generated rows should have;
    /// `share` is the part of all such rows that these are.
    pub fn learn_moments(&mut self, rows: usize, real: Vec<f32>, share: f64) {
        let real = noise::matrix(real, rows, self.plan.heads.width(), &self.device);
        let moments = self.values.moments(self.values.widened(real)).mul_scalar(share);
        self.moments = Some(match self.moments.take() {
            Some(before) => before + moments,
            None => moments,
        });
    }

    /// One step of the critic and one of the generator, on the same generated rows.
    pub fn step(&mut self, batch: Batch) -> StepLoss {
        let rows = batch.rows;
        let shape = self.plan.critic();
        let leaves = self.generator.leaves();
        let (soft, raw) = self.draw(&leaves, rows, &batch.condition);
        let fake = self.values.widened(soft);
        let condition = self.condition(rows, &batch.condition);
        let join = |x: Tensor<2>| match &condition {
            Some(c) if x.is_autodiff() => Tensor::cat(vec![x, c.clone().autodiff()], 1),
            Some(c) => Tensor::cat(vec![x, c.clone()], 1),
            None => x,
        };
        let real = noise::matrix(batch.real, rows, self.plan.heads.width(), &self.device);
        let real = shape.packed(join(self.values.widened(real)));
        let critic = self.critic_step(real, shape.packed(join(fake.clone().inner())));

        let mut out = self.generator_step(&leaves, fake, raw, condition, batch.target);
        out.critic = critic;
        out
    }

    /// One step of the critic that touches real rows through a clipped and noised sum only, then
    /// one of the generator. `batch.real` holds stand-in rows that are free to be
    /// seen (from private marginals); `real` is the sample of real rows with their conditions, of
    /// any size. `norm` bounds what a row adds, `sigma` times it is the noise, `expected` the mean
    /// size of a sample. The loss leaves out the real rows, whose mean score is nobody's to see.
    pub fn private_step(&mut self, batch: Batch, real: Real, noise: PrivateNoise) -> StepLoss {
        let rows = batch.rows;
        let leaves = self.generator.leaves();
        let (soft, raw) = self.draw(&leaves, rows, &batch.condition);
        let fake = self.values.widened(soft);
        let condition = self.condition(rows, &batch.condition);
        let joined = |x: Tensor<2>, c: &Option<Tensor<2>>| match c {
            Some(c) => Tensor::cat(vec![x, c.clone()], 1),
            None => x,
        };
        let width = self.plan.heads.width();
        let stand_in = noise::matrix(batch.real, rows, width, &self.device);
        let stand_in = joined(self.values.widened(stand_in), &condition);
        let plain_fake = joined(fake.clone().inner(), &condition);

        // Minus the score of real rows: clipped, summed, noised.
        let mut gradients =
            private::noise_like(&self.critic.values, noise.sigma * noise.norm, &mut self.rng, &self.device);
        if real.rows > 0 {
            let condition = self.condition(real.rows, &real.condition);
            let rows = noise::matrix(real.slots, real.rows, width, &self.device);
            let rows = joined(self.values.widened(rows), &condition);
            let (sums, _) = private::clipped_sum(&self.critic.values, rows, noise.norm);
            gradients = gradients.into_iter().zip(sums).map(|(n, s)| n + s).collect();
        }
        // The score of generated rows, clipped as well though nobody asks for it: only then do both
        // sides pull with the same strength. The penalty, between them and the stand-ins, follows.
        let (sums, factors) = private::clipped_sum(&self.critic.values, plain_fake.clone(), noise.norm);
        let gradients = gradients.into_iter().zip(sums).map(|(real, fake)| {
            let fake = fake.div_scalar(rows as f64);
            real.div_scalar(noise.expected) - fake
        });
        let mut value = scalar(critic::score(&self.critic.values, plain_fake.clone(), None).mean());
        let mut whole: Vec<Option<Tensor<2>>> = gradients.map(Some).collect();
        if self.plan.penalty > 0.0 {
            let mix: Vec<f32> = (0..rows).map(|_| self.rng.random()).collect();
            let mix = noise::matrix(mix, rows, 1, &self.device);
            let between = plain_fake.clone() + (stand_in - plain_fake) * mix;
            let leaves = self.critic.leaves();
            let penalty = critic::gradient_penalty(&leaves, &self.critic.values, between, None);
            let penalty = penalty.mul_scalar(self.plan.penalty);
            value += scalar(penalty.clone().inner());
            let strength = scalar(factors.mean());
            let mut grads = penalty.backward();
            for (sum, leaf) in whole.iter_mut().zip(&leaves) {
                // Biases do not move the penalty and have no gradient in it.
                if let Some(g) = leaf.grad_remove(&mut grads) {
                    *sum = sum.take().map(|s| s + g.mul_scalar(strength));
                }
            }
        }
        self.critic_adam.apply(&mut self.critic, whole);
        let mut out = self.generator_step(&leaves, fake, raw, condition, batch.target);
        out.critic = value;
        out
    }

    /// One step of the generator on rows it has drawn; the critic's loss is left at 0.
    fn generator_step(
        &mut self,
        leaves: &[Tensor<2>],
        fake: Tensor<2>,
        raw: Tensor<2>,
        condition: Option<Tensor<2>>,
        target: Vec<f32>,
    ) -> StepLoss {
        let shape = self.plan.critic();
        let [rows, _] = raw.dims();
        let joined = match condition {
            Some(c) => Tensor::cat(vec![fake.clone(), c.autodiff()], 1),
            None => fake.clone(),
        };
        let packs = shape.packed(joined);
        let masks = shape.masks(rows / self.plan.pack, &mut self.rng, &self.device);
        let masks = masks.map(|m| m.map(Tensor::autodiff));
        let frozen: Vec<Tensor<2>> = self.critic.values.iter().map(|w| w.clone().autodiff()).collect();
        let mut loss = critic::score(&frozen, packs, masks.as_ref()).mean().neg();
        let mut out = StepLoss { critic: 0.0, generator: 0.0, condition: 0.0, moments: 0.0 };
        if let Some(entropy) = self.condition_loss(rows, raw, target) {
            out.condition = scalar(entropy.clone().inner());
            loss = loss + entropy;
        }
        if let Some(target) = self.moments.clone().filter(|_| self.plan.moments > 0.0) {
            let far = self.values.moment_loss(fake, target.autodiff());
            let far = far.mul_scalar(self.plan.moments);
            out.moments = scalar(far.clone().inner());
            loss = loss + far;
        }
        out.generator = scalar(loss.clone().inner());
        let grads = loss.backward();
        self.generator_adam.step(&mut self.generator, leaves, grads);
        // A young average would remember the random start: it may not be older than the fit.
        self.steps = self.steps.saturating_add(1);
        let young = f64::from(self.steps) / (f64::from(self.steps) + 9.0);
        self.averaged.follow(&self.generator, self.plan.average.min(young));
        out
    }

    /// One critic step on packed rows outside any graph; returns the loss.
    fn critic_step(&mut self, real: Tensor<2>, fake: Tensor<2>) -> f64 {
        let shape = self.plan.critic();
        let [packs, _] = real.dims();
        let mix: Vec<f32> = (0..packs).map(|_| self.rng.random()).collect();
        let mix = noise::matrix(mix, packs, 1, &self.device);
        let between = fake.clone() + (real.clone() - fake.clone()) * mix;
        let leaves = self.critic.leaves();
        let masks = shape.masks(2 * packs, &mut self.rng, &self.device);
        let masks = masks.map(|m| m.map(Tensor::autodiff));
        let both = Tensor::cat(vec![real, fake], 0).autodiff();
        let mut loss = critic::wasserstein(&leaves, both, masks.as_ref());
        if self.plan.penalty > 0.0 {
            let masks = shape.masks(packs, &mut self.rng, &self.device);
            let penalty = critic::gradient_penalty(&leaves, &self.critic.values, between, masks.as_ref());
            loss = loss + penalty.mul_scalar(self.plan.penalty);
        }
        let value = scalar(loss.clone().inner());
        let grads = loss.backward();
        self.critic_adam.step(&mut self.critic, &leaves, grads);
        value
    }

    fn condition_loss(&self, rows: usize, raw: Tensor<2>, target: Vec<f32>) -> Option<Tensor<1>> {
        let width = self.plan.heads.asked_width();
        if width == 0 {
            return None;
        }
        let barred = self.plan.barred.iter().take(width);
        let barred: Vec<f32> = barred.map(|b| if *b { BARRED } else { 0.0 }).collect();
        let barred = noise::matrix(barred, 1, width, &self.device).autodiff();
        let target = noise::matrix(target, rows, width, &self.device).autodiff();
        self.plan.heads.condition_loss(raw, target, barred)
    }

    /// The averaged generator, which samples better than the last one.
    pub fn averaged(&self) -> &Weights {
        &self.averaged
    }

    /// Puts both networks, their optimisers and the stream of noise aside.
    pub fn put(&self, state: &mut State) {
        self.generator.put("generator", state);
        self.averaged.put("averaged", state);
        self.critic.put("critic", state);
        self.generator_adam.put("generator_adam", state);
        self.critic_adam.put("critic_adam", state);
        state.stream("game", &self.rng);
        state.note("game_steps", &self.steps);
        if let Some(moments) = &self.moments {
            state.put("moments", HostMatrix::of(moments));
        }
    }

    /// Takes up what was put aside.
    pub fn take(&mut self, state: &State) -> Option<()> {
        self.generator.take("generator", state, &self.device)?;
        self.averaged.take("averaged", state, &self.device)?;
        self.critic.take("critic", state, &self.device)?;
        self.generator_adam.take("generator_adam", state, &self.device)?;
        self.critic_adam.take("critic_adam", state, &self.device)?;
        self.rng = state.streamed("game")?;
        self.steps = state.noted("game_steps")?;
        self.moments = state.get("moments").cloned().map(|m| m.on(&self.device));
        Some(())
    }

    fn condition(&self, rows: usize, condition: &[f32]) -> Option<Tensor<2>> {
        let width = self.plan.condition;
        (width > 0).then(|| noise::matrix(condition.to_vec(), rows, width, &self.device))
    }

    /// Soft rows and raw outputs for the weights `w`.
    fn draw(&mut self, w: &[Tensor<2>], rows: usize, condition: &[f32]) -> (Tensor<2>, Tensor<2>) {
        let input = input(rows, &self.plan, condition, &mut self.rng);
        let input = noise::matrix(input, rows, self.plan.generator().input, &self.device);
        let barred = &self.plan.barred;
        let mut gumbel = Vec::with_capacity(rows * barred.len());
        for _ in 0..rows {
            for &bar in barred {
                gumbel.push(if bar { BARRED } else { noise::gumbel(&mut self.rng) });
            }
        }
        if barred.is_empty() {
            gumbel.resize(rows, 0.0);
        }
        let gumbel = noise::matrix(gumbel, rows, barred.len().max(1), &self.device);
        let tracked = w.first().is_some_and(Tensor::is_autodiff);
        let place = |t: Tensor<2>| if tracked { t.autodiff() } else { t };
        let (raw, _) = generator::forward(w, place(input), None);
        let soft = self.plan.heads.activate(raw.clone(), place(gumbel), self.plan.temperature);
        (soft, raw)
    }
}

/// Generator inputs, row by row: noise, then the row's condition.
pub fn input(rows: usize, plan: &Plan, condition: &[f32], rng: &mut ChaCha8Rng) -> Vec<f32> {
    let mut out = Vec::with_capacity(rows * (plan.latent + plan.condition));
    for row in 0..rows {
        out.extend(noise::normal(1, plan.latent, rng));
        let start = row * plan.condition;
        out.extend(condition.get(start..start + plan.condition).unwrap_or_default());
    }
    out
}

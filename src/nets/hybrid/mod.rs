//! A variational autoencoder, an adversary, or both, over the rows of a table: one step at a time.
//!
//! The two halves share the decoder, as in Larsen et al. 2016 (VAE/GAN). With the encoder alone this is
//! TVAE (Xu et al. 2019), with the adversary alone a conditional GAN without batch statistics. With both,
//! the critic tells real rows from decoded noise and from decoded latents of real rows; the encoder
//! learns from divergence, likelihood and the distance of critic features (Larsen's layer-wise
//! similarity), not from the critic's verdict; the decoder learns from all. The adversary is a
//! Wasserstein critic with gradient penalty in place of Larsen's classifier.
//!
//! Every loss is a sum over rows, and everything random is drawn for a whole batch, so a batch may be cut into shards
//! whose gradients add up to those of the whole: data-parallel training. Knows slots, not columns.

pub mod networks;
mod private;

use burn::tensor::activation::leaky_relu;
use burn::tensor::{Device, Tensor, s};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::adam::Adam;
use super::adversarial::BARRED;
use super::critic::{self, CriticShape, SLOPE};
use super::heads::Heads;
use super::noise;
use super::state::State;
use super::values::{ValueMap, Values};
use super::weights::{HostMatrix, Weights, scalar};
use networks::{DEVIATION_AT, DEVIATIONS, Sizes, decode, divergence, encode, reconstruction};

/// What the networks are made of.
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
    /// Whether there is an encoder, and whether there is an adversary; one of both at least.
    pub encoder: bool,
    pub adversary: bool,
    /// Weight of the likelihood beside the divergence (Xu et al.'s code: 2).
    pub likelihood: f64,
    /// Weights of the critic's verdict and of its features in the loss of both halves together.
    pub verdict: f64,
    pub features: f64,
    pub penalty: f64,
    /// Weight of the distance of second moments.
    pub moments: f64,
    pub temperature: f64,
    pub average: f64,
    pub rate: f64,
    /// Pull of encoder and decoder weights towards 0 (Xu et al.'s code: 1e-5).
    pub decay: f64,
    /// Parts that a batch is cut into.
    pub shards: usize,
}

impl Plan {
    /// Sizes of encoder and decoder.
    pub fn sizes(&self) -> Sizes {
        Sizes {
            width: self.heads.width(),
            offsets: self.heads.offsets,
            latent: self.latent,
            condition: self.condition,
            hidden: self.hidden,
        }
    }

    fn critic(&self) -> CriticShape {
        let row = self.heads.width() + self.values.at.columns + self.condition;
        CriticShape { row, pack: 1, hidden: self.hidden, dropout: 0.0 }
    }
}

/// Real rows on the host, row by row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rows {
    pub rows: usize,
    /// `rows x heads.width()`.
    pub real: Vec<f32>,
    /// `rows x heads.offsets`: 0 where the number is missing.
    pub present: Vec<f32>,
    /// `rows x condition`.
    pub condition: Vec<f32>,
    /// `rows x heads.asked_width()`: the same ones where the decoder has to put them.
    pub target: Vec<f32>,
}

/// Losses of one step.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct HybridLoss {
    /// Minus the log likelihood, and the divergence of the latent, in nats a row.
    pub likelihood: f64,
    pub divergence: f64,
    /// Mean score of generated rows minus that of real rows, plus the weighted gradient penalty.
    pub critic: f64,
    /// Minus the mean score of generated rows, the weighted distance of features, the cross-entropy of the asked
    /// levels, and the weighted distance of second moments.
    pub generator: f64,
}

/// A batch on the device with everything random that its step needs, or a shard of one.
#[derive(Clone)]
struct Batch {
    rows: usize,
    real: Tensor<2>,
    present: Option<Tensor<2>>,
    condition: Option<Tensor<2>>,
    target: Option<Tensor<2>>,
    /// Noise for the decoder, and around the encoder's mean.
    latent: Tensor<2>,
    around: Tensor<2>,
    /// Gumbel noise of decoded noise and of decoded latents, and the noise of their offsets.
    gumbel: [Tensor<2>; 2],
    jitter: [Tensor<2>; 2],
    mix: Tensor<2>,
    /// Rows of the first half of the whole batch among these.
    early: usize,
}

/// One shard between the critic's step and the others'.
struct Tape {
    decoder: Vec<Tensor<2>>,
    encoder: Vec<Tensor<2>>,
    /// Raw outputs of decoded noise.
    raw: Option<Tensor<2>>,
    /// What the critic judges: decoded noise, then decoded latents, with their conditions.
    judged: Option<Tensor<2>>,
    /// The real rows, as the critic sees them.
    real: Option<Tensor<2>>,
    /// Mean and log variance of the latent, and its decoded raw outputs.
    latent: Option<(Tensor<2>, Tensor<2>, Tensor<2>)>,
    /// Second moments of the early and late rows, as parts of those of the halves of the batch.
    moments: Option<[Tensor<2>; 2]>,
    critic: (f64, Vec<Option<Tensor<2>>>),
}

type Gradients = Vec<Option<Tensor<2>>>;

/// The networks in training.
pub struct Hybrid {
    plan: Plan,
    device: Device,
    rng: ChaCha8Rng,
    values: Values,
    moments: Option<Tensor<2>>,
    decoder: Weights,
    averaged: Weights,
    encoder: Weights,
    critic: Weights,
    adams: [Adam; 3],
    steps: i32,
}

impl Hybrid {
    /// New networks whose weights and noise depend on `seed` alone.
    pub fn new(plan: Plan, seed: u64, device: &Device) -> Hybrid {
        let device = device.clone().without_autodiff();
        let nothing = || Weights { names: Vec::new(), values: Vec::new() };
        let decoder = plan.sizes().decoder(&mut noise::stream(seed, 1), &device);
        let critic = if plan.adversary { plan.critic().init(&mut noise::stream(seed, 2), &device) } else { nothing() };
        let encoder = if plan.encoder { plan.sizes().encoder(&mut noise::stream(seed, 4), &device) } else { nothing() };
        let (b1, b2) = if plan.adversary { (0.5, 0.9) } else { (0.9, 0.999) };
        Hybrid {
            averaged: decoder.clone(),
            decoder,
            encoder,
            critic,
            adams: [0, 1, 2].map(|_| Adam::new(plan.rate, b1, b2)),
            rng: noise::stream(seed, 3),
            values: Values::new(&plan.heads, &plan.values, &device),
            moments: None,
            plan,
            device,
            steps: 0,
        }
    }

    /// Adds real rows to the moments that generated rows should have; `share` is the part of all such rows that
    /// these are.
    pub fn learn_moments(&mut self, real: &Rows, share: f64) {
        let rows = noise::matrix(real.real.clone(), real.rows, self.plan.heads.width(), &self.device);
        let moments = self.values.moments(self.values.widened(rows)).mul_scalar(share);
        self.moments = Some(match self.moments.take() {
            Some(before) => before + moments,
            None => moments,
        });
    }

    /// Changes the size of all steps to come.
    pub fn set_rate(&mut self, rate: f64) {
        self.adams.iter_mut().for_each(|a| a.set_rate(rate));
    }

    /// One step of every network there is, on the same rows.
    pub fn step(&mut self, rows: Rows) -> HybridLoss {
        let batch = self.batch(rows);
        let mut loss = HybridLoss::default();
        let (tapes, critic) = self.critic_gradient(&batch);
        if self.plan.adversary {
            loss.critic = critic.0;
            self.adams[0].apply(&mut self.critic, critic.1);
        }
        let (decoder, encoder) = self.gradient(&batch, tapes, &mut loss);
        self.apply(decoder, encoder);
        loss
    }

    /// The gradients of critic, decoder and encoder that a step on these rows would follow, in that order; nothing is
    /// moved but the stream of noise. For telling how far shards are from the whole.
    pub fn gradients(&mut self, rows: Rows) -> Vec<HostMatrix> {
        let batch = self.batch(rows);
        let (tapes, (_, critic)) = self.critic_gradient(&batch);
        let (decoder, encoder) = self.gradient(&batch, tapes, &mut HybridLoss::default());
        critic.iter().chain(&decoder).chain(&encoder).flatten().map(HostMatrix::of).collect()
    }

    /// The steps of decoder and encoder along their gradients.
    fn apply(&mut self, decoder: Gradients, encoder: Gradients) {
        let decoder = pulled(decoder, &self.decoder, self.plan.decay);
        let encoder = pulled(encoder, &self.encoder, self.plan.decay);
        self.adams[1].apply(&mut self.decoder, decoder);
        self.adams[2].apply(&mut self.encoder, encoder);
        if let Some(deviation) = self.decoder.values.get_mut(DEVIATION_AT) {
            *deviation = deviation.clone().clamp(DEVIATIONS.0, DEVIATIONS.1);
        }
        // A young average would remember the random start: it may not be older than the fit.
        self.steps = self.steps.saturating_add(1);
        let young = f64::from(self.steps) / (f64::from(self.steps) + 9.0);
        self.averaged.follow(&self.decoder, self.plan.average.min(young));
    }

    /// Rows on the device, with the noise of a step.
    fn batch(&mut self, rows: Rows) -> Batch {
        let (n, plan) = (rows.rows, &self.plan);
        let (latent, offsets) = (plan.latent, plan.heads.offsets);
        let slots = plan.heads.width() - offsets;
        let rng = &mut self.rng;
        let device = &self.device;
        let normal =
            |columns: usize, rng: &mut ChaCha8Rng| noise::matrix(noise::normal(n, columns, rng), n, columns, device);
        let (z, around) = (normal(latent, rng), normal(latent, rng));
        let gumbel = [0, 1].map(|_| {
            let one = |bar: &bool, rng: &mut ChaCha8Rng| if *bar { BARRED } else { noise::gumbel(rng) };
            let mut out = Vec::with_capacity(n * slots.max(1));
            for _ in 0..n {
                out.extend(plan.barred.iter().map(|bar| one(bar, rng)));
            }
            out.resize(n * slots.max(1), 0.0);
            noise::matrix(out, n, slots.max(1), device)
        });
        let jitter = [0, 1].map(|_| normal(offsets.max(1), rng));
        let mix: Vec<f32> = (0..n).map(|_| rng.random()).collect();
        let some = |values: Vec<f32>, columns: usize| (columns > 0).then(|| noise::matrix(values, n, columns, device));
        Batch {
            rows: n,
            real: noise::matrix(rows.real, n, plan.heads.width(), device),
            present: some(rows.present, offsets),
            condition: some(rows.condition, plan.condition),
            target: some(rows.target, plan.heads.asked_width()),
            latent: z,
            around,
            gumbel,
            jitter,
            mix: noise::matrix(mix, n, 1, device),
            early: n / 2,
        }
    }

    /// The critic's loss and gradient on a batch, and the tapes that the others' go on from.
    fn critic_gradient(&self, batch: &Batch) -> (Vec<Tape>, (f64, Gradients)) {
        let tapes: Vec<Tape> = batch.cut(self.plan.shards).par_iter().map(|part| self.open(part, batch.rows)).collect();
        let gradient = summed(tapes.iter().map(|t| t.critic.1.clone()));
        let loss = tapes.iter().map(|t| t.critic.0).sum();
        (tapes, (loss, gradient))
    }

    /// The gradients of decoder and encoder on a batch whose tapes are these.
    fn gradient(&self, batch: &Batch, tapes: Vec<Tape>, loss: &mut HybridLoss) -> (Gradients, Gradients) {
        // Second moments of the whole batch: each shard pulls its own rows along what is left of the difference.
        let whole = tapes.iter().filter_map(|t| t.moments.clone()).map(|m| m.map(Tensor::inner));
        let whole = whole.reduce(|[a, b], [c, d]| [a + c, b + d]);
        let left = match (&self.moments, whole) {
            (Some(target), Some([early, late])) => {
                let [features, _] = target.dims();
                let by = self.plan.moments / features as f64;
                let (early, late) = (early - target.clone(), late - target.clone());
                loss.generator += scalar((early.clone() * late.clone()).sum()) * by;
                Some([late.mul_scalar(by), early.mul_scalar(by)])
            }
            _ => None,
        };
        let parts = batch.cut(self.plan.shards);
        let found: Vec<(HybridLoss, Gradients, Gradients)> =
            tapes.into_par_iter().zip(parts).map(|(tape, part)| self.close(tape, &part, batch.rows, &left)).collect();
        for (part, _, _) in &found {
            loss.likelihood += part.likelihood;
            loss.divergence += part.divergence;
            loss.generator += part.generator;
        }
        (summed(found.iter().map(|f| f.1.clone())), summed(found.into_iter().map(|f| f.2)))
    }

    /// A shard's forward pass, and the critic's gradient on it as part of `total` rows.
    fn open(&self, part: &Batch, total: usize) -> Tape {
        let decoder = self.decoder.leaves();
        let encoder = self.encoder.leaves();
        let condition = part.condition.clone();
        let tracked = condition.clone().map(Tensor::autodiff);
        let mut tape = Tape {
            decoder: Vec::new(),
            encoder: Vec::new(),
            raw: None,
            judged: None,
            real: None,
            latent: None,
            moments: None,
            critic: (0.0, Vec::new()),
        };
        if self.plan.encoder {
            let (mean, log_variance) = encode(&encoder, part.real.clone().autodiff());
            let z = mean.clone() + log_variance.clone().mul_scalar(0.5).exp() * part.around.clone().autodiff();
            let raw = decode(&decoder, z, tracked.clone());
            tape.latent = Some((mean, log_variance, raw));
        }
        if self.plan.adversary {
            let raw = decode(&decoder, part.latent.clone().autodiff(), tracked.clone());
            let fake = self.values.widened(self.soft(raw.clone(), part, 0));
            if self.moments.is_some() && self.plan.moments > 0.0 {
                tape.moments = self.moments_of(&fake, part, total);
            }
            let mut judged = joined(fake, &tracked);
            if let Some((mean, log_variance, _)) = &tape.latent {
                // Without a way back to the encoder, which the verdict is not to teach.
                let (mean, log_variance) = (mean.clone().inner(), log_variance.clone().inner());
                let z = mean + log_variance.mul_scalar(0.5).exp() * part.around.clone();
                let again = decode(&decoder, z.autodiff(), tracked.clone());
                let again = self.values.widened(self.soft(again, part, 1));
                judged = Tensor::cat(vec![judged, joined(again, &tracked)], 0);
            }
            let real = joined(self.values.widened(part.real.clone()), &condition);
            tape.critic = self.verdict(real.clone(), judged.clone().inner(), part, total);
            (tape.raw, tape.judged, tape.real) = (Some(raw), Some(judged), Some(real));
        }
        (tape.decoder, tape.encoder) = (decoder, encoder);
        tape
    }

    /// The critic's loss and gradient: real rows against judged ones.
    fn verdict(&self, real: Tensor<2>, judged: Tensor<2>, part: &Batch, total: usize) -> (f64, Gradients) {
        let share = part.rows as f64 / total as f64;
        let leaves = self.critic.leaves();
        let fake = judged.clone().slice(s![0..part.rows, ..]);
        let between = fake.clone() + (real.clone() - fake) * part.mix.clone();
        let score = |x: Tensor<2>| critic::score(&leaves, x.autodiff(), None).mean();
        let mut loss = score(judged) - score(real);
        if self.plan.penalty > 0.0 {
            let penalty = critic::gradient_penalty(&leaves, &self.critic.values, between, None);
            loss = loss + penalty.mul_scalar(self.plan.penalty);
        }
        let loss = loss.mul_scalar(share);
        let value = scalar(loss.clone().inner());
        let mut grads = loss.backward();
        (value, leaves.iter().map(|l| l.grad_remove(&mut grads)).collect())
    }

    /// The gradients of decoder and encoder on a shard.
    fn close(
        &self,
        tape: Tape,
        part: &Batch,
        total: usize,
        left: &Option<[Tensor<2>; 2]>,
    ) -> (HybridLoss, Gradients, Gradients) {
        let share = part.rows as f64 / total as f64;
        let mut out = HybridLoss::default();
        let mut terms: Vec<Tensor<1>> = Vec::new();
        let by = if self.plan.encoder { self.plan.verdict } else { 1.0 };
        if let (Some(judged), Some(raw)) = (tape.judged, tape.raw) {
            let frozen: Vec<Tensor<2>> = self.critic.values.iter().map(|w| w.clone().autodiff()).collect();
            let mut loss = critic::score(&frozen, judged.clone(), None).mean().neg().mul_scalar(share * by);
            if let Some(target) = part.target.clone() {
                let barred = self.barred(self.plan.heads.asked_width()).autodiff();
                if let Some(entropy) = self.plan.heads.condition_loss(raw, target.autodiff(), barred) {
                    loss = loss + entropy.mul_scalar(share * by);
                }
            }
            if let (Some(_), Some(real), true) = (&tape.latent, tape.real, self.plan.features > 0.0) {
                let again = judged.slice(s![part.rows..2 * part.rows, ..]);
                let far = features(&frozen, again) - features(&frozen, real.autodiff());
                loss = loss + far.square().mean().mul_scalar(share * self.plan.features);
            }
            out.generator += scalar(loss.clone().inner());
            terms.push(loss);
        }
        if let (Some([early, late]), Some([by_early, by_late])) = (tape.moments, left) {
            terms.push((early * by_early.clone().autodiff() + late * by_late.clone().autodiff()).sum());
        }
        if let Some((mean, log_variance, raw)) = tape.latent {
            let deviation = tape.decoder[DEVIATION_AT].clone();
            let likelihood = self.likelihood(raw, part, deviation).div_scalar(total as f64);
            let divergence = divergence(&mean, &log_variance).div_scalar(total as f64);
            out.likelihood = scalar(likelihood.clone().inner());
            out.divergence = scalar(divergence.clone().inner());
            terms.push(likelihood.mul_scalar(self.plan.likelihood) + divergence);
        }
        let first = terms.remove(0);
        let mut grads = terms.into_iter().fold(first, |sum, term| sum + term).backward();
        let mut of = |leaves: &[Tensor<2>]| leaves.iter().map(|l| l.grad_remove(&mut grads)).collect();
        (out, of(&tape.decoder), of(&tape.encoder))
    }

    /// Minus the log likelihood of a shard's rows under tracked raw outputs, summed.
    fn likelihood(&self, raw: Tensor<2>, part: &Batch, deviation: Tensor<2>) -> Tensor<1> {
        let slots = self.plan.heads.width() - self.plan.heads.offsets;
        let present = part.present.clone().unwrap_or_else(|| part.mix.clone().zeros_like());
        let barred = self.barred(slots.max(1)).autodiff();
        reconstruction(&self.plan.heads, raw, part.real.clone().autodiff(), present.autodiff(), deviation, barred)
    }

    /// `[1, width]`: large and negative where a slot must never be drawn.
    fn barred(&self, width: usize) -> Tensor<2> {
        let barred = self.plan.barred.iter().take(width).map(|b| if *b { BARRED } else { 0.0 });
        let mut barred: Vec<f32> = barred.collect();
        barred.resize(width, 0.0);
        noise::matrix(barred, 1, width, &self.device)
    }

    /// Soft rows of tracked raw outputs; with an encoder, offsets vary as the decoder says they do.
    fn soft(&self, raw: Tensor<2>, part: &Batch, which: usize) -> Tensor<2> {
        let soft = self.plan.heads.activate(raw, part.gumbel[which].clone().autodiff(), self.plan.temperature);
        let offsets = self.plan.heads.offsets;
        if !self.plan.encoder || offsets == 0 {
            return soft;
        }
        let [_, width] = soft.dims();
        let moved = part.jitter[which].clone() * self.decoder.values[DEVIATION_AT].clone();
        let moved = soft.clone().slice(s![.., 0..offsets]) + moved.autodiff();
        if width == offsets { moved } else { Tensor::cat(vec![moved, soft.slice(s![.., offsets..width])], 1) }
    }

    /// Parts of the second moments of both halves of the batch that a shard's rows make up.
    fn moments_of(&self, fake: &Tensor<2>, part: &Batch, total: usize) -> Option<[Tensor<2>; 2]> {
        let half = total / 2;
        let of = |from: usize, to: usize, all: usize| {
            // A slice without rows is not asked for: its weight is 0, whichever row stands in.
            let at = from.min(part.rows.saturating_sub(1));
            let rows = fake.clone().slice(s![at..to.max(at + 1), ..]);
            self.values.moments(rows).mul_scalar(to.saturating_sub(from) as f64 / all.max(1) as f64)
        };
        let early = part.early.min(part.rows);
        Some([of(0, early, half), of(early, part.rows, total - half)])
    }

    /// A figure of rows held out, smaller is better, with noise that depends on `seed` alone: minus the evidence
    /// lower bound in nats a row without an adversary, otherwise the mean squared distance of the
    /// second moments of decoded noise, by the averaged decoder.
    pub fn held_out(&self, rows: &Rows, seed: u64) -> f64 {
        let mut rng = noise::stream(seed, 7);
        let n = rows.rows;
        let mut normal = |columns: usize| noise::matrix(noise::normal(n, columns, &mut rng), n, columns, &self.device);
        let (around, latent) = (normal(self.plan.latent), normal(self.plan.latent));
        let real = noise::matrix(rows.real.clone(), n, self.plan.heads.width(), &self.device);
        let condition = (self.plan.condition > 0)
            .then(|| noise::matrix(rows.condition.clone(), n, self.plan.condition, &self.device));
        if !self.plan.adversary {
            let (mean, log_variance) = encode(&self.encoder.values, real.clone());
            let z = mean.clone() + log_variance.clone().mul_scalar(0.5).exp() * around;
            let raw = decode(&self.averaged.values, z, condition);
            let slots = (self.plan.heads.width() - self.plan.heads.offsets).max(1);
            let present = noise::matrix(rows.present.clone(), n, self.plan.heads.offsets, &self.device);
            let deviation = self.averaged.values[DEVIATION_AT].clone();
            let loss = reconstruction(&self.plan.heads, raw, real, present, deviation, self.barred(slots));
            return scalar(loss + divergence(&mean, &log_variance)) / n as f64;
        }
        let raw = decode(&self.averaged.values, latent, condition);
        let slots = (self.plan.heads.width() - self.plan.heads.offsets).max(1);
        let gumbel: Vec<f32> = (0..n * slots).map(|_| noise::gumbel(&mut rng)).collect();
        let gumbel = noise::matrix(gumbel, n, slots, &self.device) + self.barred(slots);
        let fake = self.plan.heads.activate(raw, gumbel, self.plan.temperature);
        let far = self.values.moments(self.values.widened(fake)) - self.values.moments(self.values.widened(real));
        scalar(far.square().mean())
    }

    /// The decoder that is sampled: an average of the last ones.
    pub fn averaged(&self) -> &Weights {
        &self.averaged
    }

    /// Trained parameters of decoder, encoder and critic.
    pub fn parameters(&self) -> [usize; 3] {
        let count = |w: &Weights| w.values.iter().map(|t| t.dims()).map(|[r, c]| r * c).sum();
        [count(&self.decoder), count(&self.encoder), count(&self.critic)]
    }

    /// Puts everything aside that later steps depend on.
    pub fn put(&self, state: &mut State) {
        for (name, weights) in self.named() {
            weights.put(name, state);
        }
        for (name, adam) in ADAMS.iter().zip(&self.adams) {
            adam.put(name, state);
        }
        state.stream("hybrid", &self.rng);
        state.note("hybrid_steps", &self.steps);
        if let Some(moments) = &self.moments {
            state.put("moments", HostMatrix::of(moments));
        }
    }

    fn named(&self) -> [(&'static str, &Weights); 4] {
        [("decoder", &self.decoder), ("averaged", &self.averaged), ("encoder", &self.encoder), ("critic", &self.critic)]
    }

    /// Takes up what was put aside.
    pub fn take(&mut self, state: &State) -> Option<()> {
        self.decoder.take("decoder", state, &self.device)?;
        self.averaged.take("averaged", state, &self.device)?;
        self.encoder.take("encoder", state, &self.device)?;
        self.critic.take("critic", state, &self.device)?;
        for (name, adam) in ADAMS.iter().zip(&mut self.adams) {
            adam.take(name, state, &self.device)?;
        }
        self.rng = state.streamed("hybrid")?;
        self.steps = state.noted("hybrid_steps")?;
        self.moments = state.get("moments").cloned().map(|m| m.on(&self.device));
        Some(())
    }
}

const ADAMS: [&str; 3] = ["critic_adam", "decoder_adam", "encoder_adam"];

impl Batch {
    /// The batch in at most `shards` parts of nearly equal size, in order.
    fn cut(&self, shards: usize) -> Vec<Batch> {
        let shards = shards.clamp(1, self.rows.max(1));
        if shards == 1 {
            return vec![self.clone()];
        }
        let at = |i: usize| i * self.rows / shards;
        (0..shards).map(|i| self.part(at(i), at(i + 1))).collect()
    }

    fn part(&self, from: usize, to: usize) -> Batch {
        let rows = |t: &Tensor<2>| t.clone().slice(s![from..to, ..]);
        Batch {
            rows: to - from,
            real: rows(&self.real),
            present: self.present.as_ref().map(rows),
            condition: self.condition.as_ref().map(rows),
            target: self.target.as_ref().map(rows),
            latent: rows(&self.latent),
            around: rows(&self.around),
            gumbel: [rows(&self.gumbel[0]), rows(&self.gumbel[1])],
            jitter: [rows(&self.jitter[0]), rows(&self.jitter[1])],
            mix: rows(&self.mix),
            early: self.early.saturating_sub(from).min(to - from),
        }
    }
}

fn joined(x: Tensor<2>, condition: &Option<Tensor<2>>) -> Tensor<2> {
    match condition {
        Some(c) => Tensor::cat(vec![x, c.clone()], 1),
        None => x,
    }
}

/// What the critic's second hidden layer says of rows.
fn features(w: &[Tensor<2>], rows: Tensor<2>) -> Tensor<2> {
    let x = leaky_relu(rows.matmul(w[0].clone()) + w[1].clone(), SLOPE);
    leaky_relu(x.matmul(w[2].clone()) + w[3].clone(), SLOPE)
}

/// Gradients of shards added up, in their order.
fn summed(shards: impl Iterator<Item = Gradients>) -> Gradients {
    let add = |a: Option<Tensor<2>>, b: Option<Tensor<2>>| match (a, b) {
        (Some(a), Some(b)) => Some(a + b),
        (a, b) => a.or(b),
    };
    shards.reduce(|a, b| a.into_iter().zip(b).map(|(a, b)| add(a, b)).collect()).unwrap_or_default()
}

/// Gradients with a pull of the weights towards 0.
fn pulled(gradients: Gradients, weights: &Weights, decay: f64) -> Gradients {
    if decay <= 0.0 {
        return gradients;
    }
    let pull = |(g, w): (Option<Tensor<2>>, &Tensor<2>)| g.map(|g| g + w.clone().mul_scalar(decay));
    gradients.into_iter().zip(&weights.values).map(pull).collect()
}

#[cfg(test)]
mod tests;

//! The generator, the discriminator and the classifier, and one step of each.
//!
//! Triple-GAN (Li et al. 2017) over rows: G draws rows, C says what label a row has, D tells real
//! rows from drawn ones and from rows that C has labelled. D's score is the log of a density ratio,
//! so that rows can be weighed by it later. G also matches moments and conditional means, and both G's
//! label and C's are held to know little about the groups. The caller brings rows and says
//! when to stop. Knows slots, not columns.

use burn::tensor::activation::{log_sigmoid, sigmoid, softmax};
use burn::tensor::{Device, Tensor, s};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::information::information;
use super::likeness::{self, Features};
use super::mlp;
use super::plan::{Batch, Knobs, Part, Plan};
use super::residual;
use crate::nets::adam::Adam;
use crate::nets::adversarial::{BARRED, PrivateNoise, Real};
use crate::nets::noise;
use crate::nets::private::noise_like;
use crate::nets::state::State;
use crate::nets::values::Values;
use crate::nets::weights::{HostMatrix, Weights, scalar, to_host};

/// Rows scored at once.
const CHUNK: usize = 1_000;

/// A network in training.
pub(super) struct Player {
    pub now: Weights,
    adam: Adam,
}

impl Player {
    fn new(now: Weights, rate: f64) -> Player {
        Player { now, adam: Adam::new(rate, 0.5, 0.9) }
    }

    pub(super) fn descend(&mut self, gradients: Vec<Tensor<2>>) {
        self.adam.apply(&mut self.now, gradients.into_iter().map(Some).collect());
    }

    fn put(&self, name: &str, state: &mut State) {
        self.now.put(name, state);
        self.adam.put(&format!("{name}_adam"), state);
    }

    fn take(&mut self, name: &str, state: &State, device: &Device) -> Option<()> {
        self.now.take(name, state, device)?;
        self.adam.take(&format!("{name}_adam"), state, device)
    }
}

/// A classifier in training, with the average that is used.
struct Judge {
    player: Player,
    averaged: Weights,
}

/// All players in training.
pub struct Players {
    plan: Plan,
    device: Device,
    rng: ChaCha8Rng,
    values: Values,
    features: Features,
    generator: Player,
    averaged: Weights,
    pub(super) discriminator: Player,
    classifier: Option<Judge>,
    free: Option<Judge>,
    /// Second moments of real rows, and which of them count.
    moments: Option<(Tensor<2>, Tensor<2>)>,
    /// Means of real rows within groups.
    means: Option<Tensor<2>>,
    steps: i32,
}

/// A drawn batch, on its way through a step.
pub(super) struct Drawn {
    trace: residual::Trace,
    /// Soft rows with their values.
    pub wide: Tensor<2>,
    pub condition: Option<Tensor<2>>,
}

impl Players {
    /// New networks whose weights and noise depend on `seed` alone.
    pub fn new(plan: Plan, seed: u64, device: &Device) -> Players {
        let device = device.clone().without_autodiff();
        let generator = plan.generator().init(&mut noise::stream(seed, 1), &device);
        let discriminator = plan.discriminator().init(&mut noise::stream(seed, 2), &device);
        let judge = || {
            plan.classifier().map(|shape| {
                let weights = shape.init(&mut noise::stream(seed, 4), &device);
                Judge { averaged: weights.clone(), player: Player::new(weights, plan.rate) }
            })
        };
        Players {
            classifier: judge(),
            free: judge().filter(|_| plan.free),
            averaged: generator.clone(),
            generator: Player::new(generator, plan.rate),
            discriminator: Player::new(discriminator, plan.rate),
            rng: noise::stream(seed, 3),
            values: Values::new(&plan.heads, &plan.values, &device),
            features: Features {
                offsets: plan.heads.offsets,
                slots: plan.heads.width(),
                asked: plan.heads.asked_width(),
                wide: plan.wide(),
            },
            moments: None,
            means: None,
            plan,
            device,
            steps: 0,
        }
    }

    /// Adds real rows (`rows x heads.width()`), a `share` of all, to the second moments that drawn rows should have.
    /// With `apart`, what label and groups have to do with each other is not among them.
    pub fn learn_moments(&mut self, rows: usize, real: Vec<f32>, share: f64, apart: bool) {
        let wide = self.wide(rows, real);
        let now = Features::moments(&self.features.of(&wide)).mul_scalar(share);
        let mask = self.moments.as_ref().map(|m| m.1.clone()).unwrap_or_else(|| self.moment_mask(apart));
        let before = self.moments.take().map(|m| m.0);
        self.moments = Some((before.map_or(now.clone(), |b| b + now), mask));
    }

    fn moment_mask(&self, apart: bool) -> Tensor<2> {
        let n = self.features.count();
        let mut mask = vec![1.0; n * n];
        if let Some(label) = self.plan.label.filter(|_| apart) {
            let slots = |p: &Part| (p.start..p.start + p.entries).map(|s| self.features.place(s)).collect::<Vec<_>>();
            let labels = slots(&label);
            for group in self.plan.protected.iter().flat_map(slots) {
                for &label in &labels {
                    mask[group * n + label] = 0.0;
                    mask[label * n + group] = 0.0;
                }
            }
        }
        noise::matrix(mask, n, n, &self.device)
    }

    /// Sets the means within groups that drawn rows should have, from real rows.
    pub fn learn_means(&mut self, rows: usize, real: Vec<f32>) {
        let soft = noise::matrix(real, rows, self.plan.heads.width(), &self.device);
        let Some(groups) = likeness::membership(&soft, &self.plan.protected) else { return };
        let (sums, counts) = likeness::sums(&groups, &self.values.widened(soft));
        self.means = Some(sums / counts.clamp_min(1.0));
    }

    /// One step of every player. Losses by name, in an order of their own.
    pub fn step(&mut self, batch: &Batch, knobs: &Knobs) -> Vec<(&'static str, f64)> {
        let drawn = self.draw(batch.rows, &batch.condition);
        let real = self.wide(batch.rows, batch.real.clone());
        let pairs = match &batch.pairs {
            Some(pairs) => self.wide(batch.rows, pairs.clone()),
            None => real.clone(),
        };
        let labelled = self.labelled(&pairs);
        let d = self.discriminate(real, &drawn, labelled.as_ref().map(|l| l.rows.clone()), knobs);
        let mut out = vec![("discriminator", d)];
        out.extend(self.generate(&drawn, Some(&batch.target), knobs));
        if let Some(labelled) = labelled {
            out.extend(self.classify(pairs, &drawn, labelled, knobs));
        }
        out
    }

    /// Draws rows for conditions on the host, row by row.
    pub(super) fn draw(&mut self, rows: usize, condition: &[f32]) -> Drawn {
        let plan = &self.plan;
        let mut input = Vec::with_capacity(rows * plan.generator().input);
        for row in 0..rows {
            input.extend(noise::normal(1, plan.latent, &mut self.rng));
            let at = row * plan.condition;
            input.extend(condition.get(at..at + plan.condition).unwrap_or_default());
        }
        let input = noise::matrix(input, rows, plan.generator().input, &self.device);
        let mut gumbel = Vec::with_capacity(rows * plan.barred.len().max(1));
        for _ in 0..rows {
            for &bar in &plan.barred {
                gumbel.push(if bar { BARRED } else { noise::gumbel(&mut self.rng) });
            }
        }
        gumbel.resize(rows * plan.barred.len().max(1), 0.0);
        let gumbel = noise::matrix(gumbel, rows, plan.barred.len().max(1), &self.device);
        let w = &self.generator.now.values;
        let trace = residual::forward(w, input, &plan.heads, gumbel, plan.temperature);
        let wide = self.values.widened(trace.soft.clone());
        Drawn { trace, wide, condition: self.condition(rows, condition) }
    }

    /// Real rows on the device, with their values.
    pub(super) fn wide(&self, rows: usize, real: Vec<f32>) -> Tensor<2> {
        self.values.widened(noise::matrix(real, rows, self.plan.heads.width(), &self.device))
    }

    pub(super) fn condition(&self, rows: usize, condition: &[f32]) -> Option<Tensor<2>> {
        let width = self.plan.condition;
        (width > 0).then(|| noise::matrix(condition.to_vec(), rows, width, &self.device))
    }

    /// Rows as the discriminator sees them: with their condition, blurred, in packs.
    pub(super) fn shown(&mut self, wide: Tensor<2>, condition: Option<Tensor<2>>, blur: f64) -> Tensor<2> {
        let [rows, columns] = wide.dims();
        let wide = if blur > 0.0 {
            let values = noise::normal(rows, columns, &mut self.rng);
            wide + noise::matrix(values, rows, columns, &self.device).mul_scalar(blur)
        } else {
            wide
        };
        let joined = match condition {
            Some(c) => Tensor::cat(vec![wide, c], 1),
            None => wide,
        };
        let [_, columns] = joined.dims();
        if self.plan.pack == 1 {
            return joined;
        }
        joined.reshape([rows / self.plan.pack, columns * self.plan.pack])
    }

    /// The discriminator's step: log D of real rows up, of drawn rows and of rows that the classifier
    /// labelled down.
    fn discriminate(&mut self, real: Tensor<2>, drawn: &Drawn, labelled: Option<Tensor<2>>, knobs: &Knobs) -> f64 {
        let triple = if labelled.is_some() { self.plan.triple } else { 0.0 };
        let real = self.shown(real, drawn.condition.clone(), knobs.blur);
        let [n, _] = real.dims();
        let mut parts = vec![real, self.shown(drawn.wide.clone(), drawn.condition.clone(), knobs.blur)];
        if let Some(labelled) = labelled.filter(|_| triple > 0.0) {
            let condition = drawn.condition.clone().map(|c| self.without_label(c));
            parts.push(self.shown(labelled, condition, knobs.blur));
        }
        let w = &self.discriminator.now.values;
        let (scores, trace) = mlp::forward(w, Tensor::cat(parts, 0), Some((self.plan.dropout, &mut self.rng)));
        let [all, _] = scores.dims();
        // Weight and sign of each part: minus log D(real), minus log(1 - D(drawn)).
        let weights: Vec<f32> =
            (0..all).map(|i| ([1.0, 1.0 - triple, triple][(i / n).min(2)] / n as f64) as f32).collect();
        let signs: Vec<f32> = (0..all).map(|i| if i < n { -1.0 } else { 1.0 }).collect();
        let weights = noise::matrix(weights, all, 1, &self.device);
        let signs = noise::matrix(signs, all, 1, &self.device);
        let signed = scores * signs.clone();
        let loss = (log_sigmoid(signed.clone().neg()).neg() * weights.clone()).sum();
        let back = sigmoid(signed) * weights * signs;
        let mut gradients = mlp::gradients(w, &trace, back);
        let mut value = scalar(loss);
        if self.plan.penalty > 0.0 {
            let (penalty, more) = mlp::penalty(w, &trace.first(n), 0.0);
            gradients = mlp::add(gradients, more, self.plan.penalty);
            value += self.plan.penalty * scalar(penalty);
        }
        self.discriminator.descend(gradients);
        value
    }

    /// One step in which real rows are seen through a clipped and noised sum only. `batch.real` holds rows that are free to
    /// be seen; `real` is a sample of real rows of any size with their conditions. The loss leaves out
    /// real rows, whose mean score is nobody's to see.
    pub fn private_step(
        &mut self,
        batch: &Batch,
        real: &Real,
        hidden: &PrivateNoise,
        knobs: &Knobs,
    ) -> Vec<(&'static str, f64)> {
        let drawn = self.draw(batch.rows, &batch.condition);
        let w = self.discriminator.now.values.clone();
        let mut gradients = noise_like(&w, hidden.sigma * hidden.norm, &mut self.rng, &self.device);
        if real.rows > 0 {
            let wide = self.wide(real.rows, real.slots.clone());
            let condition = self.condition(real.rows, &real.condition);
            let (scores, trace) = mlp::forward(&w, self.shown(wide, condition, 0.0), None);
            let sums = mlp::clipped_sum(&w, &trace, sigmoid(scores.neg()).neg(), hidden.norm);
            gradients = gradients.into_iter().zip(sums).map(|(noise, sum)| noise + sum).collect();
        }
        // Drawn rows are nobody's; they are clipped as well, so that both sides pull with the same strength.
        let shown = self.shown(drawn.wide.clone(), drawn.condition.clone(), 0.0);
        let (scores, trace) = mlp::forward(&w, shown, None);
        let loss = scalar(log_sigmoid(scores.clone().neg()).mean().neg());
        let sums = mlp::clipped_sum(&w, &trace, sigmoid(scores), hidden.norm);
        let rows = batch.rows as f64;
        let both = gradients.into_iter().zip(sums);
        gradients = both.map(|(real, drawn)| real.div_scalar(hidden.expected) + drawn.div_scalar(rows)).collect();
        if self.plan.penalty > 0.0 {
            let (_, more) = mlp::penalty(&w, &trace, 0.0);
            gradients = mlp::add(gradients, more, self.plan.penalty);
        }
        self.discriminator.descend(gradients);
        let mut out = vec![("discriminator", loss)];
        out.extend(self.generate(&drawn, Some(&batch.target), knobs));
        out
    }

    /// The generator's step; `target` is what it was asked for.
    pub(super) fn generate(
        &mut self,
        drawn: &Drawn,
        target: Option<&Vec<f32>>,
        knobs: &Knobs,
    ) -> Vec<(&'static str, f64)> {
        let [rows, wide] = drawn.wide.dims();
        let shown = self.shown(drawn.wide.clone(), drawn.condition.clone(), knobs.blur);
        let w = &self.discriminator.now.values;
        let (scores, trace) = mlp::forward(w, shown, Some((self.plan.dropout, &mut self.rng)));
        let [packs, _] = scores.dims();
        // Minus log D(drawn), which does not saturate.
        let adversarial = scalar(log_sigmoid(scores.clone()).mean().neg());
        let back = sigmoid(scores.neg()).mul_scalar(-1.0 / packs as f64);
        let down = mlp::input_gradient(w, &trace, back);
        let mut down = down.reshape([rows, wide + self.plan.condition]).slice(s![.., 0..wide]);
        let mut out = vec![("generator", adversarial)];

        if let Some((target, mask)) = self.moments.as_ref().filter(|_| self.plan.moments > 0.0) {
            let (value, more) = self.features.distance(&drawn.wide, target, Some(mask));
            down = down + more.mul_scalar(self.plan.moments);
            out.push(("moments", scalar(value)));
        }
        let groups = likeness::membership(&drawn.trace.soft, &self.plan.protected);
        if let (Some(target), Some(groups)) = (self.means.as_ref().filter(|_| knobs.means > 0.0), &groups) {
            let mask = self.label_mask(wide, knobs.information > 0.0 && !self.plan.given_label);
            let (value, more) = likeness::means(groups, &drawn.wide, target, &mask);
            down = down + more.mul_scalar(knobs.means);
            out.push(("means", scalar(value)));
        }
        if let (Some(label), Some(groups)) = (self.plan.label.filter(|_| knobs.information > 0.0), &groups) {
            let own = drawn.trace.soft.clone().slice(s![.., label.start..label.start + label.entries]);
            let mut total = 0.0;
            if !self.plan.given_label {
                let (value, more) = information(&own, groups, None);
                total += value;
                down = down + self.at_label(more.mul_scalar(knobs.information), wide);
            }
            // What the classifier says of drawn rows is told and not passed on: the features that go with a group in the table
            // should go with it in drawn rows, or a model that learns from these meets proxies it was never shown.
            if let Some(judge) = &self.classifier {
                let given = self.plan.given_label.then_some(&own);
                let scores = mlp::score(&judge.player.now.values, self.hide_label(drawn.wide.clone()));
                total += information(&softmax(scores, 1), groups, given).0;
            }
            out.push(("information", total));
        }
        let soft = self.values.narrowed(down, &drawn.trace.soft);
        let asked = target.and_then(|t| self.asked(&drawn.trace, rows, t));
        let raw = asked.map(|(value, raw)| {
            out.push(("condition", scalar(value)));
            raw
        });
        let w = &self.generator.now.values;
        let gradients = residual::gradients(w, &drawn.trace, &self.plan.heads, soft, raw);
        self.generator.descend(gradients);
        // A young average would remember the random start: it may not be older than the fit.
        self.steps = self.steps.saturating_add(1);
        let young = f64::from(self.steps) / (f64::from(self.steps) + 9.0);
        self.averaged.follow(&self.generator.now, self.plan.average.min(young));
        out
    }

    fn asked(&self, trace: &residual::Trace, rows: usize, target: &[f32]) -> Option<(Tensor<1>, Tensor<2>)> {
        let width = self.plan.heads.asked_width();
        if width == 0 {
            return None;
        }
        let barred: Vec<f32> = self.plan.barred.iter().take(width).map(|b| if *b { BARRED } else { 0.0 }).collect();
        let barred = noise::matrix(barred, 1, width, &self.device);
        let target = noise::matrix(target.to_vec(), rows, width, &self.device);
        Some(residual::asked_loss(&trace.raw, &self.plan.heads, target, barred))
    }

    /// The classifier's step: cross-entropy on real pairs and, with less weight, on drawn ones; what D
    /// says of its labels; and the information about groups in them.
    fn classify(
        &mut self,
        pairs: Tensor<2>,
        drawn: &Drawn,
        labelled: Labelled,
        knobs: &Knobs,
    ) -> Vec<(&'static str, f64)> {
        let (Some(label), true) = (self.plan.label, self.classifier.is_some()) else { return Vec::new() };
        let [n, _] = pairs.dims();
        let range = label.start..label.start + label.entries;
        let truth = pairs.clone().slice(s![.., range.clone()]);
        let real = pairs.clone().slice(s![.., 0..self.plan.heads.width()]);
        let seen = self.hide_label(pairs);
        let mut out = Vec::new();
        let share = 1.0 / n as f64;
        if let Some(free) = &mut self.free {
            let w = &free.player.now.values;
            let (scores, trace) = mlp::forward(w, seen.clone(), Some((self.plan.dropout, &mut self.rng)));
            let back = (softmax(scores, 1) - truth.clone()).mul_scalar(share);
            let gradients = mlp::gradients(w, &trace, back);
            free.player.descend(gradients);
            free.averaged.follow(&free.player.now, 0.99);
        }
        let Some(judge) = &self.classifier else { return out };
        let w = &judge.player.now.values;
        let (scores, trace) = mlp::forward(w, seen, Some((self.plan.dropout, &mut self.rng)));
        let p = softmax(scores, 1);
        let entropy = (p.clone().add_scalar(1e-30).log() * truth.clone()).sum().mul_scalar(-share);
        out.push(("classifier", scalar(entropy)));
        let mut back = (p.clone() - truth.clone()).mul_scalar(share);
        if self.plan.triple > 0.0 {
            // The label that was drawn weighs by how likely C made it (the expectation over labels by one draw).
            let [packs, _] = labelled.blame.dims();
            let blame = labelled.blame.reshape([packs, 1]).repeat_dim(1, self.plan.pack).reshape([n, 1]);
            let pull = labelled.chosen * blame.mul_scalar(self.plan.triple * share);
            back = back + through_softmax(&p, pull);
        }
        if knobs.information > 0.0
            && let Some(groups) = likeness::membership(&real, &self.plan.protected)
        {
            // Held on real rows: the drawn ones' features go with their groups less closely, and what is fair to them is not to others.
            let given = self.plan.given_label.then_some(&truth);
            let (_, more) = information(&p, &groups, given);
            back = back + through_softmax(&p, more.mul_scalar(knobs.information));
        }
        let mut gradients = mlp::gradients(w, &trace, back);
        if self.plan.echo > 0.0 {
            let seen = self.hide_label(drawn.wide.clone());
            let own = drawn.trace.soft.clone().slice(s![.., range]);
            let (scores, trace) = mlp::forward(w, seen, None);
            let back = (softmax(scores, 1) - own).mul_scalar(self.plan.echo * share);
            let more = mlp::gradients(w, &trace, back);
            gradients = gradients.into_iter().zip(more).map(|(a, b)| a + b).collect();
        }
        if let Some(judge) = &mut self.classifier {
            judge.player.descend(gradients);
            judge.averaged.follow(&judge.player.now, 0.99);
        }
        out
    }

    /// Real rows with labels that the classifier draws for them.
    fn labelled(&mut self, pairs: &Tensor<2>) -> Option<Labelled> {
        let (label, judge) = (self.plan.label?, self.classifier.as_ref()?);
        let [n, _] = pairs.dims();
        let scores = mlp::score(&judge.player.now.values, self.hide_label(pairs.clone()));
        let p = to_host(softmax(scores, 1));
        let mut chosen = vec![0.0; n * label.entries];
        for (p, row) in p.chunks_exact(label.entries).zip(chosen.chunks_exact_mut(label.entries)) {
            let mut left: f32 = self.rng.random();
            let at = p.iter().position(|p| {
                left -= p;
                left < 0.0
            });
            row[at.unwrap_or(label.entries - 1)] = 1.0;
        }
        let chosen = noise::matrix(chosen, n, label.entries, &self.device);
        let [_, wide] = pairs.dims();
        let rows = self.hide_label(pairs.clone()) + self.at_label(chosen.clone(), wide);
        // log(1 - D) of the rows so labelled: what the classifier should make small.
        let shown = self.shown(rows.clone(), self.condition(n, &vec![0.0; n * self.plan.condition]), 0.0);
        let blame = log_sigmoid(mlp::score(&self.discriminator.now.values, shown).neg());
        Some(Labelled { rows, chosen, blame })
    }

    /// Scores of real rows without a condition: the log of how much more often real rows are like
    /// this than drawn ones. `rows x heads.width()` on the host; rows must fill packs.
    pub fn ratios(&mut self, rows: usize, real: &[f32]) -> Vec<f32> {
        let width = self.plan.heads.width();
        let mut out = Vec::with_capacity(rows);
        for chunk in real.chunks((CHUNK / self.plan.pack).max(1) * self.plan.pack * width) {
            let n = chunk.len() / width;
            let wide = self.wide(n, chunk.to_vec());
            let condition = self.condition(n, &vec![0.0; n * self.plan.condition]);
            let shown = self.shown(wide, condition, 0.0);
            out.extend(to_host(mlp::score(&self.discriminator.now.values, shown)));
        }
        out
    }

    /// The averaged generator, which samples better than the last one.
    pub fn averaged(&self) -> &Weights {
        &self.averaged
    }

    /// The averaged classifier, and the one that learned without the constraint.
    pub fn classifiers(&self) -> [Option<&Weights>; 2] {
        [&self.classifier, &self.free].map(|j| j.as_ref().map(|j| &j.averaged))
    }

    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    fn hide_label(&self, wide: Tensor<2>) -> Tensor<2> {
        let [_, columns] = wide.dims();
        let mask = self.label_mask(columns, true);
        wide * mask
    }

    /// `[1, columns]`: ones, and zeros in the label's slots where it is to be left out.
    fn label_mask(&self, columns: usize, out: bool) -> Tensor<2> {
        let mut mask = vec![1.0; columns];
        if let Some(label) = self.plan.label.filter(|_| out) {
            mask[label.start..label.start + label.entries].fill(0.0);
        }
        noise::matrix(mask, 1, columns, &self.device)
    }

    /// `[rows, columns]` of zeros with `part` in the label's slots.
    fn at_label(&self, part: Tensor<2>, columns: usize) -> Tensor<2> {
        let Some(label) = self.plan.label else { return part };
        let [rows, _] = part.dims();
        let mut parts = Vec::new();
        if label.start > 0 {
            parts.push(Tensor::zeros([rows, label.start], &self.device));
        }
        parts.push(part);
        let rest = columns - label.start - label.entries;
        if rest > 0 {
            parts.push(Tensor::zeros([rows, rest], &self.device));
        }
        Tensor::cat(parts, 1)
    }

    fn without_label(&self, condition: Tensor<2>) -> Tensor<2> {
        let Some(part) = self.plan.condition_label else { return condition };
        let mut mask = vec![1.0; self.plan.condition];
        mask[part.start..part.start + part.entries].fill(0.0);
        condition * noise::matrix(mask, 1, self.plan.condition, &self.device)
    }

    /// Puts everything aside that later steps depend on.
    pub fn put(&self, state: &mut State) {
        self.generator.put("generator", state);
        self.discriminator.put("discriminator", state);
        self.averaged.put("averaged", state);
        for (name, judge) in [("classifier", &self.classifier), ("free", &self.free)] {
            if let Some(judge) = judge {
                judge.player.put(name, state);
                judge.averaged.put(&format!("{name}_averaged"), state);
            }
        }
        if let Some((moments, mask)) = &self.moments {
            state.put("moments", HostMatrix::of(moments));
            state.put("moments_mask", HostMatrix::of(mask));
        }
        if let Some(means) = &self.means {
            state.put("means", HostMatrix::of(means));
        }
        state.stream("players", &self.rng);
        state.note("players_steps", &self.steps);
    }

    /// Takes up what was put aside.
    pub fn take(&mut self, state: &State) -> Option<()> {
        let device = self.device.clone();
        self.generator.take("generator", state, &device)?;
        self.discriminator.take("discriminator", state, &device)?;
        self.averaged.take("averaged", state, &device)?;
        for (name, judge) in [("classifier", &mut self.classifier), ("free", &mut self.free)] {
            if let Some(judge) = judge {
                judge.player.take(name, state, &device)?;
                judge.averaged.take(&format!("{name}_averaged"), state, &device)?;
            }
        }
        let get = |name: &str| state.get(name).cloned().map(|m| m.on(&device));
        self.moments = get("moments").zip(get("moments_mask"));
        self.means = get("means");
        self.rng = state.streamed("players")?;
        self.steps = state.noted("players_steps")?;
        Some(())
    }
}

/// Real rows with drawn labels.
struct Labelled {
    /// Rows with their values.
    rows: Tensor<2>,
    /// One-hot, `[rows, labels]`.
    chosen: Tensor<2>,
    /// `log(1 - D)`, a pack each.
    blame: Tensor<2>,
}

/// From a gradient in probabilities to one in the scores they come from.
fn through_softmax(p: &Tensor<2>, back: Tensor<2>) -> Tensor<2> {
    let mean = (p.clone() * back.clone()).sum_dim(1);
    p.clone() * (back - mean)
}

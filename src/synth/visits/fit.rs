//! Trains the transformer on sentences of records.
//!
//! Sentences of similar length share a batch, so that little is padding; a token weighs the same in all of them. The
//! rate rises for the first steps and falls along half a cosine to a tenth; a tenth of the records is held out and ends
//! the training early. What is judged and kept is a moving average of the weights (Polyak and Juditsky 1992): the best
//! epoch lies where the rate is still high, and the weights of any one step there are off by chance. Everything that is
//! random follows from the seed and the number of the step, so that a checkpoint needs no streams.

use burn::tensor::Device;
use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::tokens::{Token, Tokens};
use crate::nets::adam::Adam;
use crate::nets::guided::{Guide, Sequences, loss, nll};
use crate::nets::noise;
use crate::nets::state::State;
use crate::nets::transformer::{Frozen, Transformer, TransformerShape};
use crate::nets::weights::Weights;
use crate::synth::SynthError;
use crate::synth::training::{Course, Learner};

/// Steps after which the rate is at its height, at most a twentieth of all.
const RISE: usize = 100;
/// Batches whose sentences are sorted by length together.
const SORTED: usize = 16;
/// Tokens a batch of an evaluation has, padding included.
const JUDGED: usize = 4_096;

/// How it is trained.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub epochs: usize,
    /// Sentences a step.
    pub batch: usize,
    /// Highest step size.
    pub rate: f64,
    pub semantic: f64,
    pub hierarchy: f64,
    /// The guiding terms tell the token to come, not the one just read.
    pub shift: bool,
    /// Epochs without a better held-out figure; none: no record is held out.
    pub patience: Option<usize>,
    /// Decay a step of the moving average of the weights, which is what is judged and kept; 0: the weights themselves.
    pub average: f64,
}

impl Plan {
    fn guide(&self) -> Guide {
        Guide { next: 1.0, semantic: self.semantic, hierarchy: self.hierarchy, shift: self.shift }
    }
}

/// A transformer in training.
pub struct Writer {
    shape: TransformerShape,
    plan: Plan,
    seed: u64,
    device: Device,
    frozen: Frozen,
    weights: Weights,
    averaged: Weights,
    adam: Adam,
    pad: u32,
    sentences: Vec<Vec<u32>>,
    held: Vec<Vec<u32>>,
    /// Tokens of a step, on average.
    share: f64,
    /// Steps done.
    done: usize,
    /// The epoch that `order` belongs to, and its batches.
    order: Option<(usize, Vec<Vec<usize>>)>,
}

impl Writer {
    /// Learns `sentences`, of which the last tenth (one at least) is held out if the plan has patience; callers shuffle
    /// them. [`SynthError::Empty`] without sentences.
    pub fn new(
        shape: TransformerShape,
        plan: Plan,
        tokens: &Tokens,
        mut sentences: Vec<Vec<u32>>,
        frozen: Frozen,
        seed: u64,
        device: &Device,
    ) -> Result<Writer, SynthError> {
        if sentences.is_empty() {
            return Err(SynthError::Empty);
        }
        let device = device.clone().without_autodiff();
        let held = match plan.patience {
            Some(_) if sentences.len() > 1 => sentences.split_off(sentences.len() - sentences.len().div_ceil(10)),
            _ => Vec::new(),
        };
        let weights = shape.init(&mut noise::stream(seed, 1), &device);
        let pad = tokens.number(Token::Pad);
        let adam = Adam::new(plan.rate, 0.9, 0.999);
        let targets: usize = sentences.iter().map(|s| s.len().saturating_sub(1)).sum();
        let share = (targets as f64 / sentences.len().div_ceil(plan.batch.max(1)) as f64).max(1.0);
        Ok(Writer {
            shape,
            plan,
            seed,
            device,
            frozen,
            averaged: weights.clone(),
            weights,
            adam,
            pad,
            sentences,
            held,
            share,
            done: 0,
            order: None,
        })
    }

    /// The course that the plan means for these sentences.
    pub fn course(&self) -> Course {
        Course { epochs: self.plan.epochs, steps: self.steps(), patience: self.plan.patience }
    }

    /// The trained weights, averaged.
    pub fn finish(self) -> (Weights, Frozen) {
        (self.averaged, self.frozen)
    }

    /// Mean cost of a token of `sentences` after the first, in nats.
    pub fn judge(&self, sentences: &[Vec<u32>]) -> f64 {
        let costs = costs(self.shape, &self.averaged, &self.frozen, self.pad, sentences, &self.device);
        let n = costs.iter().map(Vec::len).sum::<usize>();
        costs.iter().flatten().sum::<f64>() / n as f64
    }

    fn steps(&self) -> usize {
        self.sentences.len().div_ceil(self.plan.batch.max(1))
    }

    /// The step size of a step.
    fn rate(&self, step: usize) -> f64 {
        let all = (self.plan.epochs * self.steps()).max(1);
        let rise = RISE.min(all / 20).max(1);
        if step < rise {
            return self.plan.rate * (step + 1) as f64 / rise as f64;
        }
        let part = (step - rise) as f64 / (all - rise).max(1) as f64;
        self.plan.rate * (0.55 + 0.45 * (std::f64::consts::PI * part.min(1.0)).cos())
    }

    /// The batches of an epoch: shuffled, sorted by length in stretches, batches shuffled.
    fn batches(&self, epoch: usize) -> Vec<Vec<usize>> {
        let mut rng = noise::stream(self.seed, 1 << 32 | epoch as u64);
        let mut order: Vec<usize> = (0..self.sentences.len()).collect();
        shuffle(&mut order, &mut rng);
        let batch = self.plan.batch.max(1);
        for stretch in order.chunks_mut(batch * SORTED) {
            stretch.sort_by_key(|i| self.sentences.get(*i).map_or(0, Vec::len));
        }
        let mut batches: Vec<Vec<usize>> = order.chunks(batch).map(<[usize]>::to_vec).collect();
        shuffle(&mut batches, &mut rng);
        batches
    }
}

/// Fisher and Yates.
pub(super) fn shuffle<T>(items: &mut [T], rng: &mut impl rand::Rng) {
    for i in (1..items.len()).rev() {
        items.swap(i, rng.random_range(0..=i));
    }
}

/// Sentences as rows of one length.
fn padded<'a>(sentences: impl Iterator<Item = &'a Vec<u32>> + Clone, pad: u32) -> Sequences {
    let time = sentences.clone().map(|s| s.len().saturating_sub(1)).max().unwrap_or(0).max(1);
    let mut out = Sequences { read: Vec::new(), next: Vec::new(), counts: Vec::new(), time, share: None };
    for sentence in sentences {
        let n = sentence.len().saturating_sub(1);
        let rest = time - n;
        out.read.extend(sentence.iter().take(n).copied().chain(std::iter::repeat_n(pad, rest)));
        out.next.extend(sentence.iter().skip(1).copied().chain(std::iter::repeat_n(pad, rest)));
        out.counts.extend((0..time).map(|t| t < n));
    }
    out
}

/// The cost of every token of each sentence after the first: minus its log probability, in nats.
pub fn costs(
    shape: TransformerShape,
    weights: &Weights,
    frozen: &Frozen,
    pad: u32,
    sentences: &[Vec<u32>],
    device: &Device,
) -> Vec<Vec<f64>> {
    let net = Transformer::new(shape, &weights.values, frozen, device);
    let mut order: Vec<usize> = (0..sentences.len()).collect();
    order.sort_by_key(|i| sentences.get(*i).map_or(0, Vec::len));
    let mut out = vec![Vec::new(); sentences.len()];
    let mut left = order.as_slice();
    while !left.is_empty() {
        // As many of the shortest as fit, and one at least.
        let fits = |n: usize| left.get(n - 1).is_some_and(|i| sentences.get(*i).is_some_and(|s| s.len() * n <= JUDGED));
        let n = (1..=left.len()).take_while(|n| *n == 1 || fits(*n)).count();
        let (now, later) = left.split_at(n);
        let batch = padded(now.iter().filter_map(|i| sentences.get(*i)), pad);
        let found = nll(&net, &batch, device);
        for (row, i) in found.chunks(batch.time).zip(now) {
            let long = sentences.get(*i).map_or(0, |s| s.len().saturating_sub(1));
            if let Some(slot) = out.get_mut(*i) {
                *slot = row.iter().take(long).copied().collect();
            }
        }
        left = later;
    }
    out
}

impl Learner for Writer {
    fn step(&mut self) -> Result<Vec<(&'static str, f64)>, SynthError> {
        let steps = self.steps().max(1);
        let epoch = self.done / steps;
        if self.order.as_ref().is_none_or(|o| o.0 != epoch) {
            self.order = Some((epoch, self.batches(epoch)));
        }
        let at = self.done % steps;
        let now = self.order.as_ref().and_then(|o| o.1.get(at)).ok_or(SynthError::Empty)?;
        let mut batch = padded(now.iter().filter_map(|i| self.sentences.get(*i)), self.pad);
        batch.share = Some(self.share);
        let mut rng = noise::stream(self.seed, 1 << 33 | self.done as u64);
        let share = self.shape.dropout;
        let mut draw = |n: usize| noise::dropout(1, n, share, &mut rng);
        let leaves = self.weights.leaves();
        let net = Transformer::new(self.shape, &leaves, &self.frozen, &self.device);
        let (total, terms) = loss(&net, &self.frozen, &batch, &self.plan.guide(), &self.device, Some(&mut draw));
        let grads = total.backward();
        self.adam.set_rate(self.rate(self.done));
        self.adam.step(&mut self.weights, &leaves, grads);
        self.done += 1;
        // A short memory at first, or the weights of the start would stay in it.
        let decay = self.plan.average.min(self.done as f64 / (self.done + 10) as f64);
        self.averaged.follow(&self.weights, decay);
        let mut out = vec![("next", terms.next)];
        if self.shape.semantic > 0 {
            out.push(("semantic", terms.semantic));
        }
        if self.shape.hierarchy {
            out.push(("hierarchy", terms.hierarchy));
        }
        Ok(out)
    }

    fn held_out(&mut self) -> Option<f64> {
        (!self.held.is_empty()).then(|| self.judge(&self.held))
    }

    fn put(&self, state: &mut State) {
        self.weights.put("writer", state);
        self.averaged.put("averaged", state);
        self.adam.put("adam", state);
        state.note("done", &self.done);
    }

    fn take(&mut self, state: &State) -> Option<()> {
        self.weights.take("writer", state, &self.device)?;
        self.averaged.take("averaged", state, &self.device)?;
        self.adam.take("adam", state, &self.device)?;
        self.done = state.noted("done")?;
        Some(())
    }
}

//! Membership attacks on a fit of `vae_gan`: was this row in the table it learned?
//!
//! Three attackers, none of whom is told anything about single rows: one sees released rows only and asks for the
//! nearest (Chen et al. 2020, GAN-Leaks); one has the decoder and encoder and asks how well they reconstruct a row
//! (Hilprecht et al. 2019); one has the critic and asks for its score (Hayes et al. 2019, LOGAN). Networks are read from
//! the last checkpoint of the training, so that the library needs no door for attackers.

use crate::tabular::rng;
use burn::tensor::{Device, Tensor};
use dbf::data::frame::Frame;
use dbf::nets::adversarial::BARRED;
use dbf::nets::critic::{CriticShape, score};
use dbf::nets::device::cpu;
use dbf::nets::hybrid::networks::{DEVIATION_AT, decode, divergence, encode, reconstruction};
use dbf::nets::hybrid::{Plan, Rows};
use dbf::nets::noise;
use dbf::nets::state::State;
use dbf::nets::values::Values;
use dbf::nets::weights::{Weights, scalar, to_host};
use dbf::source::world::Silent;
use dbf::synth::condition::Conditions;
use dbf::synth::encoder::Encoder;
use dbf::synth::privacy::audit::nearness;
use dbf::synth::saved::Saved;
use dbf::synth::vae_gan::Draws;
use dbf::synth::vae_gan::drawn::About;
use dbf::synth::{Asked, Checkpoints, Fitting, Generator, Given, fit};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Draws of the latent over which a reconstruction is averaged.
const LATENTS: usize = 8;

/// Keeps the newest checkpoint, and never takes one up.
#[derive(Default)]
struct Last(RefCell<Option<Vec<u8>>>);

impl Checkpoints for Last {
    fn last(&self) -> Option<Vec<u8>> {
        None
    }

    fn keep(&self, bytes: &[u8]) {
        *self.0.borrow_mut() = Some(bytes.to_vec());
    }
}

/// A fit, as many rows as it learned from, and what its attackers have.
pub struct Attacked {
    pub generator: Box<dyn Generator>,
    pub released: Frame,
    code: Encoder,
    plan: Plan,
    decoder: Weights,
    encoder: Weights,
    critic: Weights,
    device: Device,
}

/// Fits `train` in mode hybrid, whose settings `asked` are.
pub fn attacked(train: &Frame, asked: &Asked) -> Result<Attacked, String> {
    let (picked, go, last) = (cpu(), || false, Last::default());
    let fitting = Fitting { device: &picked, stage: &Silent, cancelled: &go, checkpoints: &last };
    let generator = fit(train, asked, &fitting).map_err(|e| e.to_string())?;
    let released = generator.sample(train.rows, &Given::nothing(), asked.seed).map_err(|e| e.to_string())?;
    let about: About = generator.save().about().map_err(|e| e.to_string())?;
    let code = Encoder::of(about.columns).ok_or("its columns contradict each other")?;
    let plan = about.settings.plan(&code, &Conditions::of(&code));
    let kept = last.0.into_inner().ok_or("it was fitted without a checkpoint")?;
    let kept = Saved::from_bytes(&kept).map_err(|e| e.to_string())?;
    let state = State { tensors: kept.tensors.into_iter().collect(), notes: BTreeMap::new() };
    // New networks of the right shapes, into which the kept ones are read.
    let (device, mut any) = (picked.device.without_autodiff(), rng(0));
    let row = plan.heads.width() + plan.values.at.columns + plan.condition;
    let mut decoder = plan.sizes().decoder(&mut any, &device);
    let mut encoder = plan.sizes().encoder(&mut any, &device);
    let mut critic = CriticShape { row, pack: 1, hidden: plan.hidden, dropout: 0.0 }.init(&mut any, &device);
    let read = [("decoder", &mut decoder), ("encoder", &mut encoder), ("critic", &mut critic)]
        .into_iter()
        .all(|(name, into)| into.take(&format!("now/{name}"), &state, &device).is_some());
    let all = Attacked { generator, released, code, plan, decoder, encoder, critic, device };
    read.then_some(all).ok_or("its checkpoint is of other networks".into())
}

impl Attacked {
    /// Each attacker's advantage on rows that were learned and rows that were not, by name.
    pub fn advantages(&self, members: &Frame, others: &Frame) -> BTreeMap<&'static str, f64> {
        let of = |scores: &dyn Fn(&Frame) -> Vec<f64>| advantage(&scores(members), &scores(others));
        let near = nearness(&members.stack(others), &self.released);
        BTreeMap::from([
            ("nearest", advantage(&near[..members.rows], &near[members.rows..])),
            ("reconstruction", of(&|rows| self.reconstructed(rows))),
            ("critic", of(&|rows| self.judged(rows))),
        ])
    }

    /// Rows as the networks see them, with nothing asked for.
    fn seen(&self, rows: &Frame) -> Rows {
        let table = self.code.encode(rows, &mut rng(5));
        let conditions = Conditions::of(&self.code);
        let all: Vec<usize> = (0..rows.rows).collect();
        Draws::new(&self.code, &conditions, &table, 0.0).rows(&all, &mut rng(6))
    }

    /// The evidence lower bound of each row in nats, up to a constant: a member's is high where the autoencoder has
    /// learned it by heart.
    fn reconstructed(&self, rows: &Frame) -> Vec<f64> {
        let seen = self.seen(rows);
        let heads = &self.plan.heads;
        let (width, offsets, slots) = (heads.width(), heads.offsets, heads.width() - heads.offsets);
        let copies = |x: &[f32], n: usize| noise::matrix(x.repeat(LATENTS), LATENTS, n, &self.device);
        let barred = self.plan.barred.iter().map(|b| if *b { BARRED } else { 0.0 }).collect();
        let barred = noise::matrix(barred, 1, slots, &self.device);
        let condition =
            noise::matrix(vec![0.0; LATENTS * self.plan.condition], LATENTS, self.plan.condition, &self.device);
        let latent = self.plan.latent;
        let around = noise::matrix(noise::normal(LATENTS, latent, &mut rng(7)), LATENTS, latent, &self.device);
        let deviation = &self.decoder.values[DEVIATION_AT];
        let one = |(row, present): (&[f32], &[f32])| {
            let (mean, spread) = encode(&self.encoder.values, copies(row, width));
            let z = mean.clone() + spread.clone().mul_scalar(0.5).exp() * around.clone();
            let raw = decode(&self.decoder.values, z, Some(condition.clone()));
            let (row, present) = (copies(row, width), copies(present, offsets));
            let loss = reconstruction(heads, raw, row, present, deviation.clone(), barred.clone());
            -scalar(loss + divergence(&mean, &spread)) / LATENTS as f64
        };
        seen.real.chunks_exact(width).zip(seen.present.chunks_exact(offsets)).map(one).collect()
    }

    /// The critic's score of each row.
    fn judged(&self, rows: &Frame) -> Vec<f64> {
        let seen = self.seen(rows);
        let (n, width) = (seen.rows, self.plan.heads.width());
        let values = Values::new(&self.plan.heads, &self.plan.values, &self.device);
        let real = values.widened(noise::matrix(seen.real, n, width, &self.device));
        let condition = noise::matrix(seen.condition, n, self.plan.condition, &self.device);
        let scores = score(&self.critic.values, Tensor::cat(vec![real, condition], 1), None);
        to_host(scores).into_iter().map(f64::from).collect()
    }
}

/// True less false positives of "a member, if the score is above a threshold" (Yeom et al. 2018). The threshold is the
/// best one on every other row and counts on the rows between, and the other way round, so that an attack without
/// power has an advantage around 0 and not above it.
fn advantage(members: &[f64], others: &[f64]) -> f64 {
    let half = |x: &[f64], part: usize| x.iter().skip(part).step_by(2).copied().collect::<Vec<f64>>();
    let found = [0, 1].map(|part| {
        let at = threshold(&half(members, part), &half(others, part));
        rate(&half(members, 1 - part), at) - rate(&half(others, 1 - part), at)
    });
    (found[0] + found[1]) / 2.0
}

/// The share of scores above `at`.
fn rate(scores: &[f64], at: f64) -> f64 {
    scores.iter().filter(|s| **s > at).count() as f64 / scores.len().max(1) as f64
}

/// Where true less false positives are largest.
fn threshold(members: &[f64], others: &[f64]) -> f64 {
    let mut all: Vec<(f64, f64)> = members.iter().map(|s| (*s, 1.0 / members.len() as f64)).collect();
    all.extend(others.iter().map(|s| (*s, -1.0 / others.len() as f64)));
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut sum, mut best) = (0.0, (0.0, f64::INFINITY));
    for (i, (score, by)) in all.iter().enumerate() {
        sum += by;
        // Equal scores stand on one side of a threshold.
        let next = all.get(i + 1).map_or(f64::NEG_INFINITY, |n| n.0);
        if next < *score && sum > best.0 {
            best = (sum, if next.is_finite() { (score + next) / 2.0 } else { next });
        }
    }
    best.1
}

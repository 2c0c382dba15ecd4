//! A tabular variational autoencoder with an adversary, and either half alone; `discgan_plus` is the
//! adversarial half with its own defaults.
//!
//! No published system stands behind the proposal's "VAE/GAN hybrid" (the paper it cites is a survey), so
//! this one is put together from TVAE (Xu et al. 2019) and VAE/GAN (Larsen et al. 2016); `nets::hybrid`
//! says how. Rows are mode-normalised as for the conditional GAN; missing cells are an entry of their own.
//! Rows are drawn evenly in training, and some are asked for by levels of their own, so that levels
//! can be asked for later. Knows frames and `nets`; no files, no clocks.

pub mod drawn;
mod private;
pub mod settings;

use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::condition::Conditions;
use super::encoder::{Code, Encoded, Encoder};
use super::privacy::noise::Trained;
use super::saved::Saved;
use super::training::{Course, Learner, train};
use super::{Asked, EpochLoss, Fitting, Generator, SynthError};
use crate::data::frame::Frame;
use crate::nets::device::Picked;
use crate::nets::hybrid::{Hybrid, HybridLoss, Rows};
use crate::nets::noise;
use crate::nets::state::State;
use drawn::{About, Decoded};
use settings::{Mode, Settings};

/// Real rows whose second moments are matched, at most.
const MOMENT_ROWS: usize = 20_000;
/// Rows that the held-out figure looks at, at most.
const HELD_ROWS: usize = 2_000;
/// Levels that an asked row reveals, at most.
const REVEALED: usize = 3;

/// Learns `frame` with the settings a script asks of `vae_gan`.
pub fn fit(frame: &Frame, asked: &Asked, fitting: &Fitting) -> Result<Box<dyn Generator>, SynthError> {
    if frame.rows == 0 || frame.columns.is_empty() {
        return Err(SynthError::Empty);
    }
    fit_settings("vae_gan", frame, asked, Settings::of(asked, frame.rows)?, fitting)
}

/// Learns `frame` with the settings a script asks of `discgan_plus`.
pub fn fit_discgan(frame: &Frame, asked: &Asked, fitting: &Fitting) -> Result<Box<dyn Generator>, SynthError> {
    if frame.rows == 0 || frame.columns.is_empty() {
        return Err(SynthError::Empty);
    }
    fit_settings("discgan_plus", frame, asked, Settings::of_discgan(asked, frame.rows)?, fitting)
}

/// Reads a `vae_gan`.
pub fn load(saved: Saved, device: &Picked) -> Result<Box<dyn Generator>, SynthError> {
    drawn::load("vae_gan", &saved, device)
}

/// Reads a `discgan_plus`.
pub fn load_discgan(saved: Saved, device: &Picked) -> Result<Box<dyn Generator>, SynthError> {
    drawn::load("discgan_plus", &saved, device)
}

fn fit_settings(
    kind: &'static str,
    frame: &Frame,
    asked: &Asked,
    settings: Settings,
    fitting: &Fitting,
) -> Result<Box<dyn Generator>, SynthError> {
    if let Some(private) = &asked.private {
        return private::fit(kind, frame, asked, settings, private, fitting);
    }
    let encoder = Encoder::fit(frame, settings.modes)?;
    let table = encoder.encode(frame, &mut noise::stream(settings.seed, 10));
    let conditions = Conditions::of(&encoder);
    let mut rng = noise::stream(settings.seed, 11);
    let mut order: Vec<usize> = (0..frame.rows).collect();
    order.shuffle(&mut rng);
    let aside = ((settings.hold_out * frame.rows as f64) as usize).min(frame.rows - 1);
    let held = order.split_off(frame.rows - aside);
    let steps = order.len().div_ceil(settings.batch);
    let hybrid = Hybrid::new(settings.plan(&encoder, &conditions), settings.seed, &fitting.device.device);
    let draws = Draws::new(&encoder, &conditions, &table, settings.reveal);
    let held: Vec<usize> = held.into_iter().take(HELD_ROWS).collect();
    let held = (!held.is_empty()).then(|| draws.rows(&held, &mut noise::stream(settings.seed, 14)));
    let mut learner =
        Run { hybrid, draws, rng, order, held, at: 0, done: 0, total: settings.epochs * steps, settings: &settings };
    if settings.mode != Mode::Vae && settings.moments > 0.0 {
        let rows: Vec<usize> = learner.order.iter().take(MOMENT_ROWS).copied().collect();
        for chunk in rows.chunks(1_000) {
            let real = learner.draws.rows(chunk, &mut noise::stream(settings.seed, 15));
            learner.hybrid.learn_moments(&real, chunk.len() as f64 / rows.len() as f64);
        }
    }
    let patience = (aside > 0 && settings.patience > 0).then_some(settings.patience);
    let history = train(&mut learner, &Course { epochs: settings.epochs, steps, patience }, fitting)?;
    made(
        kind,
        &encoder,
        &settings,
        fitting,
        Finished { hybrid: learner.hybrid, history, privacy: None, frame, table: &table },
    )
}

/// What training leaves behind.
struct Finished<'a> {
    hybrid: Hybrid,
    history: Vec<EpochLoss>,
    privacy: Option<Trained>,
    /// The rows that may be looked at again, and their encoding.
    frame: &'a Frame,
    table: &'a Encoded,
}

/// The generator at the end of training, calibrated.
fn made(
    kind: &'static str,
    encoder: &Encoder,
    settings: &Settings,
    fitting: &Fitting,
    trained: Finished,
) -> Result<Box<dyn Generator>, SynthError> {
    let matrices = trained.hybrid.averaged().to_host();
    let parameters = trained.hybrid.parameters();
    if matrices.iter().any(|m| m.values.iter().any(|x| !x.is_finite())) {
        let (epoch, hint) = (trained.history.len(), hint(settings));
        return Err(SynthError::NonFinite { epoch, which_loss: "generator".into(), hint });
    }
    let about = About {
        columns: encoder.columns.clone(),
        settings: settings.clone(),
        history: trained.history,
        shifts: Vec::new(),
        privacy: trained.privacy,
        parameters,
    };
    let made = Decoded::new(kind, about, matrices, fitting.device);
    let mut made =
        made.ok_or_else(|| SynthError::Corrupt("its weights do not have the shape of its networks".into()))?;
    if settings.calibrate {
        made.calibrate(trained.frame, trained.table);
    }
    Ok(Box::new(made))
}

/// The losses of a step that the mode has, by name.
fn losses(mode: Mode, loss: &HybridLoss) -> Vec<(&'static str, f64)> {
    let mut out = Vec::new();
    if mode != Mode::Vae {
        out.extend([("critic", loss.critic), ("generator", loss.generator)]);
    }
    if mode != Mode::Gan {
        out.extend([("likelihood", loss.likelihood), ("divergence", loss.divergence)]);
    }
    out
}

/// What to change when a fit diverges.
fn hint(s: &Settings) -> String {
    format!("lower learning_rate (it is {:e}; 1e-3 is usual) or raise batch (it is {})", s.learning_rate, s.batch)
}

/// Writes rows as the networks see them.
pub struct Draws<'a> {
    encoder: &'a Encoder,
    conditions: &'a Conditions,
    table: &'a Encoded,
    reveal: f64,
}

impl<'a> Draws<'a> {
    /// For an encoded table; `reveal` is the share of rows that are asked for.
    pub fn new(encoder: &'a Encoder, conditions: &'a Conditions, table: &'a Encoded, reveal: f64) -> Draws<'a> {
        Draws { encoder, conditions, table, reveal }
    }

    /// These rows of the table, some of them asked for by one or a few of their own levels.
    pub fn rows(&self, chosen: &[usize], rng: &mut ChaCha8Rng) -> Rows {
        let layout = &self.encoder.layout;
        let (width, slots, asks) = (layout.width(), layout.category_width(), self.conditions.width);
        let n = chosen.len();
        let mut out = Rows {
            rows: n,
            real: vec![0.0; n * width],
            present: vec![1.0; n * layout.offsets],
            condition: vec![0.0; n * asks],
            target: vec![0.0; n * slots],
        };
        for (at, &row) in chosen.iter().enumerate() {
            if let Some(into) = out.real.get_mut(at * width..(at + 1) * width) {
                self.encoder.expand(self.table, row, into);
            }
            for column in &self.encoder.columns {
                let (Code::Number(number), Some(offset), Some(segment)) = (&column.code, column.offset, column.segment)
                else {
                    continue;
                };
                if self.entry(row, segment) >= number.modes.len()
                    && let Some(present) = out.present.get_mut(at * layout.offsets + offset)
                {
                    *present = 0.0;
                }
            }
            let choices = self.conditions.choices.len();
            if choices == 0 || rng.random::<f64>() >= self.reveal {
                continue;
            }
            let mut asked: Vec<(usize, usize)> = Vec::new();
            for _ in 0..rng.random_range(1..=REVEALED) {
                let choice = rng.random_range(0..choices);
                if let Some(c) = self.conditions.choices.get(choice)
                    && asked.iter().all(|a| a.0 != choice)
                {
                    asked.push((choice, self.entry(row, c.segment)));
                }
            }
            if let Some(into) = out.condition.get_mut(at * asks..(at + 1) * asks) {
                self.conditions.write(&asked, into);
            }
            for (choice, entry) in asked {
                let segment = self.conditions.choices.get(choice).and_then(|c| layout.segments.get(c.segment));
                let slot = segment.map(|s| at * slots + s.start - layout.offsets + entry);
                if let Some(target) = slot.and_then(|s| out.target.get_mut(s)) {
                    *target = 1.0;
                }
            }
        }
        out
    }

    fn entry(&self, row: usize, segment: usize) -> usize {
        self.table.entries.get(row * self.encoder.layout.segments.len() + segment).map_or(0, |e| *e as usize)
    }
}

/// A training.
struct Run<'a> {
    hybrid: Hybrid,
    draws: Draws<'a>,
    rng: ChaCha8Rng,
    order: Vec<usize>,
    held: Option<Rows>,
    /// Rows of this pass that were used.
    at: usize,
    /// Steps done, of `total`.
    done: u32,
    total: usize,
    settings: &'a Settings,
}

impl Learner for Run<'_> {
    fn step(&mut self) -> Result<Vec<(&'static str, f64)>, SynthError> {
        if self.at == 0 {
            self.order.shuffle(&mut self.rng);
        }
        let chosen: Vec<usize> = self.order.iter().skip(self.at).take(self.settings.batch).copied().collect();
        self.at = if self.at + chosen.len() >= self.order.len() { 0 } else { self.at + chosen.len() };
        let rows = self.draws.rows(&chosen, &mut self.rng);
        if self.settings.anneal {
            let left = 1.0 - f64::from(self.done) / self.total.max(1) as f64;
            self.hybrid.set_rate(self.settings.learning_rate * left);
        }
        self.done = self.done.saturating_add(1);
        Ok(losses(self.settings.mode, &self.hybrid.step(rows)))
    }

    fn held_out(&mut self) -> Option<f64> {
        self.held.as_ref().map(|rows| self.hybrid.held_out(rows, self.settings.seed))
    }

    fn put(&self, state: &mut State) {
        self.hybrid.put(state);
        state.stream("rows", &self.rng);
        state.note("order", &(&self.order, self.at, self.done));
    }

    fn take(&mut self, state: &State) -> Option<()> {
        self.hybrid.take(state)?;
        self.rng = state.streamed("rows")?;
        (self.order, self.at, self.done) = state.noted("order")?;
        Some(())
    }

    fn hint(&self) -> String {
        hint(self.settings)
    }
}

#[cfg(test)]
mod tests;

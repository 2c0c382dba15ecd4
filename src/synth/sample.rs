//! A fitted conditional GAN: drawing rows and correcting marginals.
//!
//! The network gives scores and offsets; everything after that (which entry, which value) is
//! decided on the host, in `f64`, from a stream of its own. Knows `nets` and codes; no files.

use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;

use super::calibrate::{odds, quantile_map, shifts};
use super::condition::{Asked, Conditions, pick};
use super::encoder::{Code, Encoded, Encoder};
use super::plan::plan;
use super::privacy::noise::Trained;
use super::saved::Saved;
use super::{EpochLoss, FitSettings, Generator, Given, SynthError, stored};
use crate::data::frame::Frame;
use crate::nets::adversarial::{Plan, input};
use crate::nets::device::Picked;
use crate::nets::generator::{Statistics, forward};
use crate::nets::noise;
use crate::nets::weights::{HostMatrix, Weights, to_host};

/// Rows sent through the network at once.
const CHUNK: usize = 1_000;
/// Rows drawn to settle batch statistics, and to correct marginals.
const SETTLE: usize = 2_000;
const CORRECT: usize = 4_000;
/// Draws before a level that was asked for is written over what the network drew.
const TRIES: usize = 10;

/// A fitted conditional GAN.
pub struct ConditionalGan {
    pub(super) encoder: Encoder,
    pub(super) conditions: Conditions,
    pub(super) settings: FitSettings,
    pub(super) history: Vec<EpochLoss>,
    /// Shift of the scores of each segment; empty before correction.
    pub(super) shifts: Vec<Vec<f64>>,
    pub(super) weights: Vec<HostMatrix>,
    /// Mean and variance of each block, alternating, one row each.
    pub(super) statistics: Vec<HostMatrix>,
    /// What training cost in privacy, if it was private.
    pub(super) privacy: Option<Trained>,
    plan: Plan,
    device: Device,
}

/// Entries and offsets of drawn rows, before they become cells.
struct Drawn {
    /// `rows x segments`.
    entries: Vec<usize>,
    /// `rows x offsets`, in [-1, 1].
    offsets: Vec<f64>,
}

impl ConditionalGan {
    /// A generator of matrices on the host. After a fit, `statistics` and `shifts` are empty, and
    /// [`settle`](Self::settle) has to follow.
    pub(super) fn new(encoder: Encoder, settings: FitSettings, weights: Vec<HostMatrix>, device: &Picked) -> Self {
        let conditions = Conditions::of(&encoder);
        ConditionalGan {
            plan: plan(&encoder, &conditions, &settings),
            encoder,
            conditions,
            settings,
            history: Vec::new(),
            shifts: Vec::new(),
            weights,
            statistics: Vec::new(),
            privacy: None,
            device: device.device.clone().without_autodiff(),
        }
    }

    /// Fixes the batch statistics at those of rows asked for as the data has them.
    pub(super) fn settle(&mut self, weights: &Weights) {
        let mut rng = noise::stream(self.settings.seed, 12);
        let asked = self.usual(SETTLE, &mut rng);
        let input = input(SETTLE, &self.plan, &self.vectors(&asked), &mut rng);
        let width = self.plan.generator().input;
        let input = noise::matrix(input, SETTLE, width, &self.device);
        let (_, used) = forward(&weights.values, input, None);
        self.statistics = used
            .into_iter()
            .flat_map(|(mean, variance)| [mean, variance])
            .map(|t| {
                let values = to_host(t);
                HostMatrix { rows: 1, columns: values.len(), values }
            })
            .collect();
    }

    /// Learns the corrections of `calibrate.rs` from the table the generator was fitted on.
    pub(super) fn calibrate(&mut self, frame: &Frame, table: &Encoded) {
        let mut rng = noise::stream(self.settings.seed, 13);
        let asked = self.usual(CORRECT, &mut rng);
        let Some(raw) = self.network().map(|n| self.raw(&n, &asked, &mut rng)) else {
            return;
        };
        let (width, count) = (self.encoder.layout.width(), self.encoder.layout.segments.len());
        for (index, segment) in self.encoder.layout.segments.iter().enumerate() {
            let mut wanted = vec![0.0; segment.entries];
            for row in 0..table.rows {
                if let Some(w) = wanted.get_mut(table.entries[row * count + index] as usize) {
                    *w += 1.0 / table.rows as f64;
                }
            }
            let range = segment.start..segment.start + segment.entries;
            let scores: Vec<f64> =
                raw.chunks_exact(width).flat_map(|row| row[range.clone()].iter().map(|x| f64::from(*x))).collect();
            self.shifts.push(shifts(&scores, &wanted));
        }
        let free = vec![None; asked.len()];
        let drawn = self.choose(&raw, &free, &mut rng);
        let offsets = self.encoder.layout.offsets;
        for (code, column) in self.encoder.columns.iter_mut().zip(&frame.columns) {
            let (Code::Number(number), Some(offset)) = (&mut code.code, code.offset) else {
                continue;
            };
            let mut placed = Vec::new();
            for row in 0..asked.len() {
                let entry = code.segment.map_or(0, |s| drawn.entries[row * count + s]);
                if entry < number.modes.len() {
                    placed.push(number.place(entry, drawn.offsets[row * offsets + offset]));
                }
            }
            let finite = column.values.iter().filter(|x| x.is_finite());
            let mut real: Vec<f64> = finite.map(|x| number.warped(*x)).collect();
            (number.drawn, number.real) = quantile_map(&mut placed, &mut real);
        }
    }

    /// Conditions as the data has them.
    fn usual(&self, rows: usize, rng: &mut ChaCha8Rng) -> Vec<Vec<Asked>> {
        (0..rows).map(|_| self.conditions.draw(rng)).collect()
    }

    fn vectors(&self, asked: &[Vec<Asked>]) -> Vec<f32> {
        let width = self.conditions.width;
        let mut out = vec![0.0; asked.len() * width];
        if width > 0 {
            for (asked, into) in asked.iter().zip(out.chunks_exact_mut(width)) {
                self.conditions.write(asked, into);
            }
        }
        out
    }

    /// The weights and statistics on the device; none if they do not fit the plan.
    pub(super) fn network(&self) -> Option<(Weights, Statistics)> {
        let shape = self.plan.generator();
        let weights = shape.restore(&self.weights, &self.device)?;
        let row = |m: &HostMatrix| -> Tensor<1> {
            let columns = m.columns;
            m.clone().on(&self.device).reshape([columns])
        };
        let fits = self.statistics.len() == 4 && self.statistics.iter().all(|m| m.values.len() == shape.hidden);
        let pairs = self.statistics.chunks_exact(2).map(|p| (row(&p[0]), row(&p[1])));
        fits.then(|| (weights, pairs.collect()))
    }

    /// Raw outputs, `asked.len() x layout.width()`.
    fn raw(
        &self,
        (weights, statistics): &(Weights, Statistics),
        asked: &[Vec<Asked>],
        rng: &mut ChaCha8Rng,
    ) -> Vec<f32> {
        let width = self.plan.generator().input;
        let mut out = Vec::with_capacity(asked.len() * self.encoder.layout.width());
        for chunk in asked.chunks(CHUNK) {
            let input = input(chunk.len(), &self.plan, &self.vectors(chunk), rng);
            let input = noise::matrix(input, chunk.len(), width, &self.device);
            let (raw, _) = forward(&weights.values, input, Some(statistics));
            out.extend(to_host(raw));
        }
        out
    }

    /// Draws an entry per segment and reads the offsets. A segment whose level the caller asked
    /// for keeps the network's own scores, as the correction holds for the table as a whole.
    fn choose(&self, raw: &[f32], requested: &[Option<Vec<Asked>>], rng: &mut ChaCha8Rng) -> Drawn {
        let layout = &self.encoder.layout;
        let forbidden = self.encoder.forbidden();
        // Without correction, levels no row has are still never drawn.
        let plain: Vec<Vec<f64>> = layout
            .segments
            .iter()
            .map(|s| {
                let slots = &forbidden[s.start..s.start + s.entries];
                slots.iter().map(|f| if *f { f64::NEG_INFINITY } else { 0.0 }).collect()
            })
            .collect();
        let mut out = Drawn { entries: Vec::new(), offsets: Vec::new() };
        for (row, requested) in raw.chunks_exact(layout.width().max(1)).zip(requested) {
            out.offsets.extend(row[..layout.offsets].iter().map(|x| f64::from(*x).tanh()));
            for (index, segment) in layout.segments.iter().enumerate() {
                let range = segment.start..segment.start + segment.entries;
                let scores: Vec<f64> = row[range].iter().map(|x| f64::from(*x)).collect();
                let asked = requested.iter().flatten();
                let named = asked.clone().any(|a| self.conditions.choices[a.0].segment == index);
                let shift = match self.shifts.get(index) {
                    Some(shift) if !named => shift,
                    _ => &plain[index],
                };
                out.entries.push(pick(odds(&scores, shift).into_iter(), rng));
            }
        }
        out
    }

    /// Whether row `row` of `drawn` has all of `asked`.
    fn meets(&self, drawn: &Drawn, row: usize, asked: &[Asked]) -> bool {
        let count = self.encoder.layout.segments.len();
        asked
            .iter()
            .all(|&(choice, entry)| drawn.entries[row * count + self.conditions.choices[choice].segment] == entry)
    }
}

impl Generator for ConditionalGan {
    fn kind(&self) -> &'static str {
        "conditional_gan"
    }

    fn sample(&self, n: usize, given: &Given, seed: u64) -> Result<Frame, SynthError> {
        let requested = self.conditions.resolve(&self.encoder, n, given)?;
        let network = self
            .network()
            .ok_or_else(|| SynthError::Corrupt("its weights do not have the shape of its networks".into()))?;
        let mut rng = noise::stream(seed, 20);
        let (count, offsets) = (self.encoder.layout.segments.len(), self.encoder.layout.offsets);
        let mut cells = vec![vec![f64::NAN; n]; self.encoder.columns.len()];
        let mut open: Vec<usize> = (0..n).collect();
        for attempt in 1..=TRIES {
            let mut missed = Vec::new();
            for rows in open.chunks(CHUNK) {
                let wanted: Vec<Option<Vec<Asked>>> = rows.iter().map(|&row| requested[row].clone()).collect();
                let asked: Vec<Vec<Asked>> =
                    wanted.iter().map(|w| w.clone().unwrap_or_else(|| self.conditions.draw(&mut rng))).collect();
                let raw = self.raw(&network, &asked, &mut rng);
                let mut drawn = self.choose(&raw, &wanted, &mut rng);
                for (at, (&row, wanted)) in rows.iter().zip(&wanted).enumerate() {
                    let wanted = wanted.as_deref().unwrap_or_default();
                    if !self.meets(&drawn, at, wanted) {
                        if attempt < TRIES {
                            missed.push(row);
                            continue;
                        }
                        for &(choice, entry) in wanted {
                            let segment = self.conditions.choices[choice].segment;
                            drawn.entries[at * count + segment] = entry;
                        }
                    }
                    for (code, column) in self.encoder.columns.iter().zip(&mut cells) {
                        let entry = code.segment.map_or(0, |s| drawn.entries[at * count + s]);
                        let offset = code.offset.map_or(0.0, |o| drawn.offsets[at * offsets + o]);
                        column[row] = code.read(entry, offset);
                    }
                }
            }
            open = missed;
        }
        let mut frame = self.encoder.shape();
        frame.rows = n;
        for (column, values) in frame.columns.iter_mut().zip(cells) {
            column.values = values;
        }
        Ok(frame)
    }

    fn privacy(&self) -> Option<&Trained> {
        self.privacy.as_ref()
    }

    fn history(&self) -> &[EpochLoss] {
        &self.history
    }

    fn describe(&self) -> Vec<(String, String)> {
        let weights: usize = self.weights.iter().map(|m| m.values.len()).sum();
        let made = if self.privacy.is_some() { "critic trained by DP-SGD" } else { "no privacy promise" };
        [
            ("method", "conditional Wasserstein GAN with gradient penalty (after Xu et al. 2019)".to_string()),
            ("weights", weights.to_string()),
            ("layout", format!("{} columns as {} outputs", self.encoder.columns.len(), self.encoder.layout.width())),
            ("privacy", made.to_string()),
        ]
        .map(|(name, value)| (name.to_string(), value))
        .to_vec()
    }

    fn save(&self) -> Saved {
        stored::write(self)
    }
}

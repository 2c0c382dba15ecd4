//! A fitted decoder: drawing rows, correcting marginals, the saved form.
//!
//! The network gives scores and offsets; which entry and which value is decided on the host, in `f64`,
//! from a stream of its own. Knows `nets` and codes; no files.

use burn::tensor::Device;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::super::calibrate::{odds, quantile_map, shifts};
use super::super::condition::{Asked as Level, Conditions, pick};
use super::super::encoder::{Code, ColumnCode, Encoded, Encoder};
use super::super::privacy::noise::Trained;
use super::super::saved::Saved;
use super::super::{EpochLoss, Generator, Given, SynthError, bits};
use super::settings::{Mode, Settings};
use crate::data::frame::Frame;
use crate::nets::device::Picked;
use crate::nets::hybrid::networks::{DEVIATION_AT, Sizes, decode};
use crate::nets::noise;
use crate::nets::weights::{HostMatrix, Weights, to_host};

/// Rows sent through the network at once, and rows drawn to correct marginals.
const CHUNK: usize = 1_000;
const CORRECT: usize = 4_000;
/// Draws before a level that was asked for is written over what the network drew.
const TRIES: usize = 10;

/// A shift of scores, exact in JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shift(#[serde(with = "bits::many")] Vec<f64>);

/// What is saved beside the matrices.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct About {
    pub columns: Vec<ColumnCode>,
    pub settings: Settings,
    pub history: Vec<EpochLoss>,
    /// Shift of the scores of each segment; empty before correction.
    pub shifts: Vec<Shift>,
    pub privacy: Option<Trained>,
    /// Trained parameters of decoder, encoder and critic.
    pub parameters: [usize; 3],
}

/// A fitted generator of either kind.
pub struct Decoded {
    kind: &'static str,
    about: About,
    encoder: Encoder,
    conditions: Conditions,
    forbidden: Vec<bool>,
    matrices: Vec<HostMatrix>,
    weights: Weights,
    sizes: Sizes,
    device: Device,
}

/// Entries and offsets of drawn rows, before they become cells.
struct Drawn {
    /// `rows x segments`.
    entries: Vec<usize>,
    /// `rows x offsets`, in [-1, 1].
    offsets: Vec<f64>,
}

impl Decoded {
    /// A generator of a decoder's matrices; none when they do not fit the table's code.
    pub fn new(kind: &'static str, about: About, matrices: Vec<HostMatrix>, device: &Picked) -> Option<Decoded> {
        let encoder = Encoder::of(about.columns.clone())?;
        let conditions = Conditions::of(&encoder);
        let device = device.device.clone().without_autodiff();
        let sizes = about.settings.plan(&encoder, &conditions).sizes();
        let weights = sizes.restore(&matrices, &device)?;
        let shifts = about.shifts.iter().zip(&encoder.layout.segments).all(|(s, segment)| s.0.len() == segment.entries);
        let forbidden = encoder.forbidden();
        let known = about.shifts.is_empty() || about.shifts.len() == encoder.layout.segments.len();
        (shifts && known).then_some(Decoded {
            kind,
            about,
            encoder,
            conditions,
            forbidden,
            matrices,
            weights,
            sizes,
            device,
        })
    }

    /// Learns the corrections of `calibrate.rs` from rows that may be looked at, and their encoding.
    pub fn calibrate(&mut self, frame: &Frame, table: &Encoded) {
        let mut rng = noise::stream(self.about.settings.seed, 13);
        let free = vec![Vec::new(); CORRECT];
        let (raw, offsets) = self.raw(&free, &mut rng);
        let (width, count) = (self.sizes.width, self.encoder.layout.segments.len());
        let mut found = Vec::new();
        for (index, segment) in self.encoder.layout.segments.iter().enumerate() {
            let mut wanted = vec![0.0; segment.entries];
            for entry in table.entries.iter().skip(index).step_by(count.max(1)) {
                if let Some(w) = wanted.get_mut(*entry as usize) {
                    *w += 1.0 / table.rows as f64;
                }
            }
            let range = segment.start..segment.start + segment.entries;
            let scores: Vec<f64> = raw
                .chunks_exact(width)
                .flat_map(|row| row.get(range.clone()).into_iter().flatten().map(|x| f64::from(*x)))
                .collect();
            found.push(Shift(shifts(&scores, &wanted)));
        }
        self.about.shifts = found;
        let drawn = self.choose(&raw, offsets, &free, &mut rng);
        let n = self.sizes.offsets;
        for (code, column) in self.encoder.columns.iter_mut().zip(&frame.columns) {
            let (Code::Number(number), Some(offset)) = (&mut code.code, code.offset) else {
                continue;
            };
            let mut placed = Vec::new();
            for row in 0..CORRECT {
                let entry = code.segment.map_or(0, |s| drawn.entries.get(row * count + s).copied().unwrap_or(0));
                if entry < number.modes.len() {
                    placed.push(number.place(entry, drawn.offsets.get(row * n + offset).copied().unwrap_or(0.0)));
                }
            }
            let finite = column.values.iter().filter(|x| x.is_finite());
            let mut real: Vec<f64> = finite.map(|x| number.warped(*x)).collect();
            (number.drawn, number.real) = quantile_map(&mut placed, &mut real);
        }
        self.about.columns = self.encoder.columns.clone();
    }

    /// Raw outputs, `asked.len() x width`, and offsets as the decoder lets them vary.
    fn raw(&self, asked: &[Vec<Level>], rng: &mut ChaCha8Rng) -> (Vec<f32>, Vec<f64>) {
        let (latent, condition, n) = (self.sizes.latent, self.sizes.condition, self.sizes.offsets);
        let varied = self.about.settings.mode != Mode::Gan;
        let deviation: Vec<f32> = self.weights.values.get(DEVIATION_AT).cloned().map(to_host).unwrap_or_default();
        let mut out = Vec::with_capacity(asked.len() * self.sizes.width);
        let mut offsets = Vec::with_capacity(asked.len() * n);
        for chunk in asked.chunks(CHUNK) {
            let rows = chunk.len();
            let z = noise::matrix(noise::normal(rows, latent, rng), rows, latent, &self.device);
            let mut c = vec![0.0; rows * condition];
            for (asked, into) in chunk.iter().zip(c.chunks_exact_mut(condition.max(1))) {
                self.conditions.write(asked, into);
            }
            let c = (condition > 0).then(|| noise::matrix(c, rows, condition, &self.device));
            let raw = to_host(decode(&self.weights.values, z, c));
            for row in raw.chunks_exact(self.sizes.width.max(1)) {
                for (x, sd) in row.iter().take(n).zip(&deviation) {
                    let by = if varied { noise::normal(1, 1, rng).first().copied().unwrap_or(0.0) * sd } else { 0.0 };
                    offsets.push((f64::from(*x).tanh() + f64::from(by)).clamp(-1.0, 1.0));
                }
            }
            out.extend(raw);
        }
        (out, offsets)
    }

    /// Draws an entry per segment. A segment whose level the caller asked for keeps the network's own scores, as the
    /// correction holds for the table as a whole.
    fn choose(&self, raw: &[f32], offsets: Vec<f64>, requested: &[Vec<Level>], rng: &mut ChaCha8Rng) -> Drawn {
        let segments = &self.encoder.layout.segments;
        let plain: Vec<Vec<f64>> = segments
            .iter()
            .map(|s| {
                let slots = self.forbidden.iter().skip(s.start).take(s.entries);
                slots.map(|f| if *f { f64::NEG_INFINITY } else { 0.0 }).collect()
            })
            .collect();
        let mut entries = Vec::with_capacity(requested.len() * segments.len());
        for (row, requested) in raw.chunks_exact(self.sizes.width.max(1)).zip(requested) {
            for (index, segment) in segments.iter().enumerate() {
                let scores: Vec<f64> =
                    row.iter().skip(segment.start).take(segment.entries).map(|x| f64::from(*x)).collect();
                let of = |choice: usize| self.conditions.choices.get(choice).map(|c| c.segment);
                let named = requested.iter().any(|a| of(a.0) == Some(index));
                let shift = self.about.shifts.get(index).filter(|_| !named).map(|s| &s.0);
                let shift = shift.or(plain.get(index)).map_or(&[][..], Vec::as_slice);
                entries.push(pick(odds(&scores, shift).into_iter(), rng));
            }
        }
        Drawn { entries, offsets }
    }

    /// Where a level that was asked for stands among the entries of drawn row `row`.
    fn place(&self, row: usize, level: &Level) -> Option<usize> {
        let segment = self.conditions.choices.get(level.0)?.segment;
        Some(row * self.encoder.layout.segments.len() + segment)
    }
}

impl Generator for Decoded {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn sample(&self, n: usize, given: &Given, seed: u64) -> Result<Frame, SynthError> {
        let requested = self.conditions.resolve(&self.encoder, n, given)?;
        let requested: Vec<Vec<Level>> = requested.into_iter().map(Option::unwrap_or_default).collect();
        let mut rng = noise::stream(seed, 20);
        let (count, offsets) = (self.encoder.layout.segments.len(), self.sizes.offsets);
        let mut cells = vec![vec![f64::NAN; n]; self.encoder.columns.len()];
        let mut open: Vec<usize> = (0..n).collect();
        for attempt in 1..=TRIES {
            let mut missed = Vec::new();
            for rows in open.chunks(CHUNK) {
                let asked: Vec<Vec<Level>> =
                    rows.iter().map(|r| requested.get(*r).cloned().unwrap_or_default()).collect();
                let (raw, moved) = self.raw(&asked, &mut rng);
                let mut drawn = self.choose(&raw, moved, &asked, &mut rng);
                for (at, (&row, asked)) in rows.iter().zip(&asked).enumerate() {
                    let met = |l: &Level| self.place(at, l).and_then(|p| drawn.entries.get(p)) == Some(&l.1);
                    if attempt < TRIES && !asked.iter().all(met) {
                        missed.push(row);
                        continue;
                    }
                    for level in asked {
                        if let Some(entry) = self.place(at, level).and_then(|p| drawn.entries.get_mut(p)) {
                            *entry = level.1;
                        }
                    }
                    for (code, column) in self.encoder.columns.iter().zip(&mut cells) {
                        let entry = code.segment.and_then(|s| drawn.entries.get(at * count + s)).copied().unwrap_or(0);
                        let offset = code.offset.and_then(|o| drawn.offsets.get(at * offsets + o));
                        if let Some(cell) = column.get_mut(row) {
                            *cell = code.read(entry, offset.copied().unwrap_or(0.0));
                        }
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
        self.about.privacy.as_ref()
    }

    fn history(&self) -> &[EpochLoss] {
        &self.about.history
    }

    fn describe(&self) -> Vec<(String, String)> {
        let [decoder, encoder, critic] = self.about.parameters;
        let halves = match self.about.settings.mode {
            Mode::Vae => "a variational autoencoder",
            Mode::Gan => "an adversary alone: no row is reconstructed",
            Mode::Hybrid => "a variational autoencoder whose decoder also faces a critic",
        };
        let told = [
            ("halves", halves.to_string()),
            ("weights", format!("decoder {decoder}, encoder {encoder}, critic {critic}")),
            ("epochs", self.about.history.len().to_string()),
            ("marginals", if self.about.shifts.is_empty() { "as drawn" } else { "corrected" }.to_string()),
        ];
        told.into_iter().map(|(k, v)| (k.to_string(), v)).collect()
    }

    fn save(&self) -> Saved {
        let named = self.matrices.iter().enumerate().map(|(i, m)| (format!("decoder/{i:02}"), m.clone()));
        Saved::new(self.kind, &self.about, named.collect())
    }
}

/// Reads a generator of `kind` that [`Generator::save`] wrote.
pub fn load(kind: &'static str, saved: &Saved, device: &Picked) -> Result<Box<dyn Generator>, SynthError> {
    let about: About = saved.about()?;
    let matrices = (0..100).map_while(|i| saved.tensor(&format!("decoder/{i:02}")).cloned()).collect();
    let made = Decoded::new(kind, about, matrices, device);
    Ok(Box::new(made.ok_or_else(|| SynthError::Corrupt("its parts contradict each other".into()))?))
}

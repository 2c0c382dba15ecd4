//! A fitted fair generator: drawing rows and correcting marginals.
//!
//! The generator draws a row; the classifier, which holds the constraint, says how likely each label is
//! for it, and the label is drawn from that (`labels.rs`). Marginals are corrected as for the conditional GAN
//! (`calibrate.rs`).
//! Everything after the networks is decided on the host from a stream of its own.

use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;

use super::settings::{FairSettings, Notion};
use super::stored;
use super::transport::Transport;
use crate::data::frame::Frame;
use crate::nets::device::Picked;
use crate::nets::fair::plan::{Part, Plan};
use crate::nets::generator::{Statistics, forward};
use crate::nets::heads::{HeadGroup, Heads};
use crate::nets::noise;
use crate::nets::values::Values;
use crate::nets::weights::{HostMatrix, Weights, to_host};
use crate::synth::calibrate::{odds, quantile_map, shifts};
use crate::synth::condition::{Asked, Conditions, pick};
use crate::synth::encoder::{Code, Encoded, Encoder};
use crate::synth::plan::value_map;
use crate::synth::privacy::noise::Trained;
use crate::synth::saved::Saved;
use crate::synth::{EpochLoss, Generator, Given, SynthError};

/// Rows sent through the networks at once.
pub(super) const CHUNK: usize = 1_000;
/// Rows drawn to settle batch statistics, and to correct marginals.
const SETTLE: usize = 4_000;
const CORRECT: usize = 8_000;
/// Draws before a level that was asked for is written over what was drawn.
const TRIES: usize = 12;

/// A fitted generator.
pub struct FairGan {
    pub(super) kind: &'static str,
    pub(super) encoder: Encoder,
    pub(super) conditions: Conditions,
    pub(super) settings: FairSettings,
    pub(super) history: Vec<EpochLoss>,
    /// What it cost, for people.
    pub(super) facts: Vec<(String, String)>,
    /// Shift of the scores of each segment; empty before correction.
    pub(super) shifts: Vec<Vec<f64>>,
    /// Shift of the classifier's scores in each group; empty: labels are the generator's own.
    pub(super) label_shifts: Vec<Vec<f64>>,
    /// The label's shares in each group, where parity is asked for: drawn rows are held to them, not only their expectation.
    pub(super) label_shares: Vec<Vec<f64>>,
    /// Where the log odds of each label go in each group, where parity is asked for.
    pub(super) label_maps: Vec<Vec<Transport>>,
    pub(super) weights: Vec<HostMatrix>,
    /// Mean and variance of each block, alternating.
    pub(super) statistics: Vec<HostMatrix>,
    pub(super) classifier: Vec<HostMatrix>,
    pub(super) privacy: Option<Trained>,
    pub(super) plan: Plan,
    pub(super) device: Device,
}

/// The networks on a device.
pub(super) struct Networks {
    generator: Weights,
    statistics: Statistics,
    pub classifier: Option<Weights>,
    pub values: Values,
}

/// Entries and offsets of drawn rows, before they become cells.
pub(super) struct Drawn {
    pub entries: Vec<usize>,
    offsets: Vec<f64>,
}

/// What the players are made of, for a fitted code.
pub fn plan(encoder: &Encoder, conditions: &Conditions, s: &FairSettings) -> Plan {
    let layout = &encoder.layout;
    let groups =
        layout.groups.iter().map(|g| HeadGroup { count: g.count, width: g.width, asked: g.category }).collect();
    let part = |name: &String| {
        let column = encoder.columns.iter().find(|c| c.name == *name)?;
        let segment = layout.segments.get(column.segment?)?;
        matches!(column.code, Code::Category { .. }).then_some(Part { start: segment.start, entries: segment.entries })
    };
    let label = s.label.as_ref().and_then(part);
    let at = |name: &String| {
        let column = encoder.columns.iter().position(|c| c.name == *name)?;
        let choice = conditions.choices.iter().find(|c| c.column == column)?;
        Some(Part { start: choice.start, entries: choice.counts.len() })
    };
    Plan {
        heads: Heads { offsets: layout.offsets, groups },
        values: value_map(encoder),
        barred: encoder.forbidden().split_off(layout.offsets),
        label,
        protected: s.protected.iter().filter_map(part).collect(),
        latent: s.latent,
        condition: conditions.width,
        condition_label: s.label.as_ref().and_then(at),
        hidden: s.hidden,
        classifier: s.classifier,
        pack: s.pack,
        dropout: s.dropout,
        penalty: s.penalty,
        moments: s.moments,
        triple: s.triple,
        echo: s.echo,
        temperature: s.temperature,
        average: s.average,
        rate: s.learning_rate,
        given_label: s.notion == Notion::EqualizedOdds,
        free: s.information > 0.0 && label.is_some() && s.classifier > 0,
    }
}

impl FairGan {
    /// A generator of matrices on the host. After a fit, `statistics` and the shifts are empty, and
    /// [`settle`](Self::settle) has to follow.
    pub(super) fn new(
        kind: &'static str,
        encoder: Encoder,
        settings: FairSettings,
        [weights, classifier]: [Vec<HostMatrix>; 2],
        device: &Picked,
    ) -> Self {
        let conditions = Conditions::of(&encoder);
        FairGan {
            kind,
            plan: plan(&encoder, &conditions, &settings),
            encoder,
            conditions,
            settings,
            history: Vec::new(),
            facts: Vec::new(),
            shifts: Vec::new(),
            label_shifts: Vec::new(),
            label_shares: Vec::new(),
            label_maps: Vec::new(),
            weights,
            statistics: Vec::new(),
            classifier,
            privacy: None,
            device: device.device.clone().without_autodiff(),
        }
    }

    /// Fixes the batch statistics at those of rows that are asked for nothing.
    pub(super) fn settle(&mut self, weights: &Weights) {
        let mut rng = noise::stream(self.settings.seed, 12);
        let input = self.input(&vec![Vec::new(); SETTLE], &mut rng);
        let (_, used) = forward(&weights.values, input, None);
        let row = |t: Tensor<1>| {
            let values = to_host(t);
            HostMatrix { rows: 1, columns: values.len(), values }
        };
        self.statistics = used.into_iter().flat_map(|(mean, variance)| [row(mean), row(variance)]).collect();
    }

    /// Learns the corrections from the rows that may be looked at.
    pub(super) fn calibrate(&mut self, frame: &Frame, table: &Encoded) {
        let mut rng = noise::stream(self.settings.seed, 13);
        let asked = vec![Vec::new(); CORRECT];
        let Some(networks) = self.networks() else { return };
        let raw = self.raw(&networks, &asked, &mut rng);
        let (width, count) = (self.encoder.layout.width(), self.encoder.layout.segments.len());
        if self.settings.calibrate {
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
            let drawn = self.choose(&raw, &mut rng);
            let offsets = self.encoder.layout.offsets;
            for (code, column) in self.encoder.columns.iter_mut().zip(&frame.columns) {
                let (Code::Number(number), Some(offset)) = (&mut code.code, code.offset) else { continue };
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
        let drawn = self.choose(&raw, &mut rng);
        self.correct_labels(&networks, &drawn, frame, table, &mut rng);
    }

    fn input(&self, asked: &[Vec<Asked>], rng: &mut ChaCha8Rng) -> Tensor<2> {
        let (latent, width) = (self.plan.latent, self.conditions.width);
        let mut out = Vec::with_capacity(asked.len() * (latent + width));
        for asked in asked {
            out.extend(noise::normal(1, latent, rng));
            let start = out.len();
            out.resize(start + width, 0.0);
            self.conditions.write(asked, &mut out[start..]);
        }
        noise::matrix(out, asked.len(), latent + width, &self.device)
    }

    /// The networks on the device; none if they do not fit the plan.
    pub(super) fn networks(&self) -> Option<Networks> {
        let shape = self.plan.generator();
        let generator = shape.restore(&self.weights, &self.device)?;
        let row = |m: &HostMatrix| -> Tensor<1> {
            let columns = m.columns;
            m.clone().on(&self.device).reshape([columns])
        };
        let fits = self.statistics.len() == 4 && self.statistics.iter().all(|m| m.values.len() == shape.hidden);
        let statistics = self.statistics.chunks_exact(2).map(|p| (row(&p[0]), row(&p[1]))).collect();
        let classifier = match self.plan.classifier().filter(|_| !self.classifier.is_empty()) {
            Some(shape) => Some(shape.restore(&self.classifier, &self.device)?),
            None => None,
        };
        let values = Values::new(&self.plan.heads, &self.plan.values, &self.device);
        fits.then_some(Networks { generator, statistics, classifier, values })
    }

    /// Whether the matrices fit the plan.
    pub(super) fn sound(&self) -> bool {
        self.networks().is_some()
    }

    /// Raw outputs, `asked.len() x layout.width()`.
    fn raw(&self, networks: &Networks, asked: &[Vec<Asked>], rng: &mut ChaCha8Rng) -> Vec<f32> {
        let mut out = Vec::with_capacity(asked.len() * self.encoder.layout.width());
        for chunk in asked.chunks(CHUNK) {
            let input = self.input(chunk, rng);
            let (raw, _) = forward(&networks.generator.values, input, Some(&networks.statistics));
            out.extend(to_host(raw));
        }
        out
    }

    /// Draws an entry a segment and reads the offsets.
    fn choose(&self, raw: &[f32], rng: &mut ChaCha8Rng) -> Drawn {
        let layout = &self.encoder.layout;
        let forbidden = self.encoder.forbidden();
        let plain = |start: usize, entries: usize| -> Vec<f64> {
            forbidden[start..start + entries].iter().map(|f| if *f { f64::NEG_INFINITY } else { 0.0 }).collect()
        };
        let shifts: Vec<Vec<f64>> = match self.shifts.is_empty() {
            true => layout.segments.iter().map(|s| plain(s.start, s.entries)).collect(),
            false => self.shifts.clone(),
        };
        let mut out = Drawn { entries: Vec::new(), offsets: Vec::new() };
        for row in raw.chunks_exact(layout.width().max(1)) {
            out.offsets.extend(row[..layout.offsets].iter().map(|x| f64::from(*x).tanh()));
            for (segment, shift) in layout.segments.iter().zip(&shifts) {
                let scores: Vec<f64> =
                    row[segment.start..segment.start + segment.entries].iter().map(|x| f64::from(*x)).collect();
                out.entries.push(pick(odds(&scores, shift).into_iter(), rng));
            }
        }
        out
    }

    /// Drawn rows as cells.
    pub(super) fn frame_of(&self, drawn: &Drawn) -> Frame {
        let (count, offsets) = (self.encoder.layout.segments.len(), self.encoder.layout.offsets);
        let rows = drawn.entries.len().checked_div(count).unwrap_or(drawn.offsets.len() / offsets.max(1));
        let mut frame = self.encoder.shape();
        frame.rows = rows;
        for (code, column) in self.encoder.columns.iter().zip(&mut frame.columns) {
            column.values = (0..rows)
                .map(|row| {
                    let entry = code.segment.map_or(0, |s| drawn.entries[row * count + s]);
                    let offset = code.offset.map_or(0.0, |o| drawn.offsets[row * offsets + o]);
                    code.read(entry, offset)
                })
                .collect();
        }
        frame
    }
}

impl Generator for FairGan {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn sample(&self, n: usize, given: &Given, seed: u64) -> Result<Frame, SynthError> {
        let requested = self.conditions.resolve(&self.encoder, n, given)?;
        let networks = self
            .networks()
            .ok_or_else(|| SynthError::Corrupt("its weights do not have the shape of its networks".into()))?;
        let mut rng = noise::stream(seed, 20);
        let count = self.encoder.layout.segments.len();
        let mut cells = vec![vec![f64::NAN; n]; self.encoder.columns.len()];
        let mut open: Vec<usize> = (0..n).collect();
        for attempt in 1..=TRIES {
            let mut missed = Vec::new();
            for rows in open.chunks(CHUNK) {
                let wanted: Vec<Vec<Asked>> =
                    rows.iter().map(|&row| requested[row].clone().unwrap_or_default()).collect();
                let raw = self.raw(&networks, &wanted, &mut rng);
                let mut drawn = self.choose(&raw, &mut rng);
                self.relabel(&networks, &wanted, &mut drawn, &mut rng);
                let segment = |choice: usize| self.conditions.choices[choice].segment;
                let mut kept = vec![true; rows.len()];
                for (at, (&row, wanted)) in rows.iter().zip(&wanted).enumerate() {
                    let entries = &mut drawn.entries[at * count..(at + 1) * count];
                    if wanted.iter().all(|a| entries[segment(a.0)] == a.1) {
                        continue;
                    }
                    if attempt < TRIES {
                        missed.push(row);
                        kept[at] = false;
                    } else {
                        wanted.iter().for_each(|a| entries[segment(a.0)] = a.1);
                    }
                }
                let frame = self.frame_of(&drawn);
                for (column, into) in frame.columns.iter().zip(&mut cells) {
                    for ((&row, kept), x) in rows.iter().zip(&kept).zip(&column.values) {
                        if *kept {
                            into[row] = *x;
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
        self.privacy.as_ref()
    }

    fn history(&self) -> &[EpochLoss] {
        &self.history
    }

    fn describe(&self) -> Vec<(String, String)> {
        let weights: usize = self.weights.iter().chain(&self.classifier).map(|m| m.values.len()).sum();
        let mut out = vec![
            ("weights".to_string(), weights.to_string()),
            ("epochs".to_string(), self.history.len().to_string()),
            ("hidden".to_string(), self.settings.hidden.to_string()),
        ];
        out.extend(self.facts.iter().cloned());
        out
    }

    fn save(&self) -> Saved {
        stored::write(self)
    }
}

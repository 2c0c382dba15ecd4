//! Fits a fair generator: encoding, the course of the three players, corrections, and the price.
//!
//! Knows frames and `nets`; no files, no clocks.

use super::batches::Batches;
use super::drawer::{FairGan, plan};
use super::price::{Figures, figures};
use super::scores::Snapshots;
use super::settings::FairSettings;
use crate::data::frame::Frame;
use crate::data::matrix::HostMatrix;
use crate::nets::fair::plan::Knobs;
use crate::nets::fair::players::Players;
use crate::nets::noise;
use crate::nets::state::State;
use crate::nets::weights::Weights;
use crate::synth::condition::Conditions;
use crate::synth::encoder::{Code, Encoded, Encoder};
use crate::synth::training::{Course, Learner, train};
use crate::synth::{EpochLoss, Fitting, Generator, SynthError};

/// Rows whose moments and means are learned at once.
const AT_ONCE: usize = 2_000;
/// Share of all steps over which the weight of information rises, and in which rows are scored
/// before they are weighed; snapshots of the scores.
const RAMP: f64 = 0.1;
const WINDOW: f64 = 0.125;
const SNAPSHOTS: usize = 20;
/// More groups than this cannot be told apart in a batch.
const MOST_GROUPS: usize = 64;

/// Learns `frame` with checked settings.
pub(super) fn fit(
    kind: &'static str,
    frame: &Frame,
    settings: FairSettings,
    fitting: &Fitting,
) -> Result<Box<dyn Generator>, SynthError> {
    let encoder = Encoder::fit(frame, settings.modes)?;
    let table = encoder.encode(frame, &mut noise::stream(settings.seed, 10));
    let conditions = Conditions::of(&encoder);
    let shape = plan(&encoder, &conditions, &settings);
    check(kind, &encoder, &settings, shape.groups())?;
    let batches = Batches::new(&encoder, &conditions, &table, settings.reveal, noise::stream(settings.seed, 11));
    let mut players = Players::new(shape, settings.seed, &fitting.device.device);
    learn_table(&mut players, &batches, &settings);
    let steps = settings.steps(frame.rows);
    let course = Course { epochs: settings.epochs, steps, patience: None };
    let total = settings.epochs * steps;
    let mut learner =
        Learning { players, batches, settings: &settings, done: 0, total, snapshots: Snapshots::default() };
    let history = train(&mut learner, &course, fitting)?;
    let mut gan = made(kind, &encoder, &settings, &learner.players, history, fitting)?;
    gan.finish(&learner.players, frame, &table);
    Ok(Box::new(gan))
}

/// Sets the moments and means that drawn rows should have, from all rows of the table.
pub(super) fn learn_table(players: &mut Players, batches: &Batches, s: &FairSettings) {
    let all: Vec<usize> = (0..batches.table.rows).collect();
    let apart = s.information > 0.0 && !players.plan().given_label;
    for rows in all.chunks(AT_ONCE) {
        let share = rows.len() as f64 / all.len() as f64;
        players.learn_moments(rows.len(), batches.rows(rows), share, apart);
    }
    if s.means > 0.0 {
        players.learn_means(all.len(), batches.rows(&all));
    }
}

/// The generator of trained players, before any correction.
pub(super) fn made(
    kind: &'static str,
    encoder: &Encoder,
    settings: &FairSettings,
    players: &Players,
    history: Vec<EpochLoss>,
    fitting: &Fitting,
) -> Result<FairGan, SynthError> {
    let [classifier, _] = players.classifiers();
    let saved = [players.averaged().to_host(), classifier.map(Weights::to_host).unwrap_or_default()];
    if saved.iter().flatten().any(|m| m.values.iter().any(|x| !x.is_finite())) {
        let (epoch, hint) = (settings.epochs, hint(settings));
        return Err(SynthError::NonFinite { epoch, which_loss: "generator".into(), hint });
    }
    let mut gan = FairGan::new(kind, encoder.clone(), settings.clone(), saved, fitting.device);
    gan.history = history;
    Ok(gan)
}

impl FairGan {
    /// Settles and corrects a new generator and tells its price, from rows that may be looked at.
    pub(super) fn finish(&mut self, players: &Players, frame: &Frame, table: &Encoded) {
        self.settle(players.averaged());
        self.calibrate(frame, table);
        if let [Some(classifier), free] = players.classifiers() {
            self.facts = price(self, frame, classifier, free);
        }
    }
}

/// Refuses what cannot be constrained, with the way out.
pub(super) fn check(kind: &str, encoder: &Encoder, s: &FairSettings, groups: usize) -> Result<(), SynthError> {
    let wrong = |why: String| Err(SynthError::Unsupported(why));
    let category =
        |name: &String| encoder.columns.iter().any(|c| c.name == *name && matches!(c.code, Code::Category { .. }));
    let needs_label = kind == "bt_gan" || s.information > 0.0;
    match &s.label {
        None if needs_label => {
            return wrong(format!(
                "{kind} constrains a label, and the schema declares none that is drawn (a label worked out from several \
                 columns is not); declare one or use another kind"
            ));
        }
        Some(label) if needs_label && !category(label) => {
            return wrong(format!(
                "{kind} needs a label with levels, and {label} is a number; derive a column with levels from it"
            ));
        }
        _ => {}
    }
    if s.information > 0.0 && s.protected.is_empty() {
        return wrong(format!("{kind} has no protected column to be fair to; declare one, or set its weight to 0"));
    }
    if let Some(number) = s.protected.iter().find(|p| !category(p)) {
        return wrong(format!(
            "protected column {number} is a number, and groups are levels; derive a column with levels from it"
        ));
    }
    if groups > MOST_GROUPS {
        return wrong(format!(
            "the protected columns have {groups} combinations, more than {MOST_GROUPS}; group their levels or protect fewer"
        ));
    }
    Ok(())
}

/// The course of a fit.
struct Learning<'a> {
    players: Players,
    batches: Batches<'a>,
    settings: &'a FairSettings,
    done: usize,
    total: usize,
    snapshots: Snapshots,
}

impl Learning<'_> {
    /// The first step of the second phase.
    fn turn(&self) -> usize {
        (self.settings.first_phase * self.total as f64).round() as usize
    }

    fn knobs(&self) -> Knobs {
        let s = self.settings;
        // Without a second phase the constraint starts at once.
        let start = if s.first_phase < 1.0 { self.turn() } else { 0 };
        let ramp = (RAMP * self.total as f64).max(1.0);
        let risen = (self.done as f64 + 1.0 - start as f64) / ramp;
        Knobs { information: s.information * risen.clamp(0.0, 1.0), means: s.means, blur: s.blur }
    }

    /// Scores every row where a snapshot is due.
    fn score(&mut self) {
        let window = ((WINDOW * self.total as f64) as usize).max(2);
        let every = (window / SNAPSHOTS).max(1);
        let (turn, at) = (self.turn(), self.done + 1);
        if turn < self.total && at <= turn && turn - at < window && (turn - at) % every == 0 {
            let rows: Vec<usize> = (0..self.batches.table.rows).collect();
            let mut scores = Vec::with_capacity(rows.len());
            for rows in rows.chunks(AT_ONCE) {
                let real = self.batches.rows(rows);
                scores.extend(self.players.ratios(rows.len(), &real));
            }
            self.snapshots.add(&scores);
        }
    }

    fn weigh(&mut self) {
        if let Some(weights) = self.snapshots.weights(self.settings.deviations) {
            self.batches.weigh(&weights);
        }
    }
}

impl Learner for Learning<'_> {
    fn step(&mut self) -> Result<Vec<(&'static str, f64)>, SynthError> {
        if self.done == self.turn() && self.turn() < self.total {
            self.weigh();
        }
        let batch = self.batches.next(self.settings.batch);
        let losses = self.players.step(&batch, &self.knobs());
        self.score();
        self.done += 1;
        Ok(losses)
    }

    fn put(&self, state: &mut State) {
        self.players.put(state);
        state.stream("batches", &self.batches.rng);
        state.note("done", &self.done);
        let (mean, square, taken) = self.snapshots.parts();
        state.note("snapshots", &taken);
        let row = |values: &[f32]| HostMatrix { rows: 1, columns: values.len(), values: values.to_vec() };
        state.put("snapshots_mean", row(mean));
        state.put("snapshots_square", row(square));
    }

    fn take(&mut self, state: &State) -> Option<()> {
        self.players.take(state)?;
        self.batches.rng = state.streamed("batches")?;
        self.done = state.noted("done")?;
        let get = |name: &str| state.get(name).map(|m| m.values.clone());
        self.snapshots = Snapshots::of(get("snapshots_mean")?, get("snapshots_square")?, state.noted("snapshots")?);
        if self.done > self.turn() && self.turn() < self.total {
            self.weigh();
        }
        Some(())
    }

    fn hint(&self) -> String {
        hint(self.settings)
    }
}

pub(super) fn hint(s: &FairSettings) -> String {
    format!("lower learning_rate (it is {:e}) or raise batch (it is {})", s.learning_rate, s.batch)
}

/// The gain and the price of the constraint, for people. Of labels with more than two levels, the
/// most frequent against the others.
fn price(gan: &FairGan, frame: &Frame, classifier: &Weights, free: Option<&Weights>) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let s = &gan.settings;
    let (Some(label), false) = (&s.label, s.protected.is_empty()) else { return out };
    let Some(column) = frame.column(label) else { return out };
    let Some(entries) = gan.plan.label.map(|l| l.entries) else { return out };
    let levels = entries - usize::from(column.values.iter().any(|x| x.is_nan()));
    let count = |level: usize| column.values.iter().filter(|x| **x == level as f64).count();
    let positive = if levels == 2 { 1 } else { (0..levels).max_by_key(|l| (count(*l), usize::MAX - l)).unwrap_or(0) };
    let known: Vec<usize> = (0..frame.rows).filter(|i| !column.values[*i].is_nan()).collect();
    let table: Encoded = gan.encoder.encode(frame, &mut noise::stream(s.seed, 14));
    let count = gan.encoder.layout.segments.len();
    let group = |row: usize| {
        let entries: Vec<usize> = table.entries[row * count..(row + 1) * count].iter().map(|e| *e as usize).collect();
        gan.group(&entries)
    };
    let groups: Vec<usize> = known.iter().map(|i| group(*i)).collect();
    let y: Vec<bool> = known.iter().map(|i| column.values[*i] == positive as f64).collect();
    let of = |w: &Weights, corrected| -> Option<Figures> {
        let p = gan.predict(w, frame, corrected)?;
        let p: Vec<f64> = known.iter().filter_map(|i| p.get(i * entries + positive).copied()).collect();
        Some(figures(&p, &y, &groups))
    };
    let mut line = |what: &str, f: Option<Figures>| {
        if let Some(f) = f {
            let text =
                format!("AUROC {:.3}, parity gap {:.3}, equal-opportunity gap {:.3}", f.auroc, f.parity, f.opportunity);
            out.push((what.to_string(), text));
        }
    };
    line("classifier, on rows it learned from", of(classifier, true));
    line("without the constraint", free.and_then(|w| of(w, false)));
    out
}

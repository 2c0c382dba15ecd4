//! Trains the columns' networks on rows of a table, and stops when held-out rows get no likelier.

use burn::tensor::{Device, Tensor};
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::super::training::{Course, Learner, train};
use super::super::{Asked, Fitting, Generator, SynthError};
use super::code::Column;
use super::private;
use super::sample::Argn;
use crate::data::frame::{Frame, FrameKind};
use crate::nets::adam::Adam;
use crate::nets::columns::{Columns, ColumnsShape};
use crate::nets::noise;
use crate::nets::state::State;
use crate::nets::weights::{Weights, scalar};

/// Passes over the table at most; few fits need half of them.
const EPOCHS: usize = 200;
/// Epochs without a better held-out figure after which training stops.
const PATIENCE: usize = 8;
/// Rows a step at most; a small table has smaller steps, so that there are enough of them.
const BATCH: usize = 256;
const STEPS_AN_EPOCH: usize = 12;
/// Width of each column's hidden layers.
const HIDDEN: usize = 64;
const RATE: f64 = 1e-3;
/// Decay a step of the moving average of the weights, which is what is held out, kept and drawn from.
pub(super) const AVERAGE: f64 = 0.99;
/// Share of the rows that training does not learn from, to know when to stop; none of a tiny table.
const HELD_OUT: f64 = 0.1;
const TOO_FEW: usize = 100;
/// Rows that are held out at most; more say nothing more.
const MOST_HELD_OUT: usize = 4_000;

/// What training goes by.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    pub epochs: usize,
    pub patience: usize,
    pub batch: usize,
    pub hidden: usize,
    pub rate: f64,
    pub seed: u64,
}

impl Settings {
    fn of(asked: &Asked, rows: usize) -> Result<Settings, SynthError> {
        let out = Settings {
            epochs: asked.count("epochs", EPOCHS),
            patience: asked.count("patience", PATIENCE),
            batch: asked.count("batch", BATCH.min(rows.div_ceil(STEPS_AN_EPOCH)).max(16)).min(rows.max(1)),
            hidden: asked.count("hidden", HIDDEN),
            rate: asked.number("learning_rate", RATE),
            seed: asked.seed,
        };
        for (name, value) in [("epochs", out.epochs), ("batch", out.batch), ("hidden", out.hidden)] {
            if value == 0 {
                return Err(SynthError::Unsupported(format!("{name} must be at least 1, not 0")));
            }
        }
        Ok(out)
    }
}

/// Learns `frame`.
pub fn fit(frame: &Frame, asked: &Asked, fitting: &Fitting) -> Result<Box<dyn Generator>, SynthError> {
    let settings = Settings::of(asked, frame.rows)?;
    if let Some(private) = &asked.private {
        return private::fit(frame, settings, asked, private, fitting);
    }
    fitting.stage.note("reading columns");
    let columns: Vec<Column> = frame.columns.iter().map(Column::fit).collect::<Result<_, _>>()?;
    let order = order(frame, &columns, asked);
    let shape = shape(&columns, &order, settings.hidden);
    let device = fitting.device.device.clone().without_autodiff();
    let logs: Vec<Vec<f32>> = order.iter().filter_map(|&c| columns.get(c)).map(logs).collect();
    let weights = shape.init(&logs, &mut noise::stream(settings.seed, 1), &device);

    let mut rows: Vec<usize> = (0..frame.rows).collect();
    rows.shuffle(&mut noise::stream(settings.seed, 2));
    let held = if frame.rows < TOO_FEW { 0 } else { ((frame.rows as f64 * HELD_OUT) as usize).min(MOST_HELD_OUT) };
    let held = rows.split_off(frame.rows - held);
    let table = Rows { frame, columns: &columns, order: &order, shape: &shape };
    let course = Course {
        epochs: settings.epochs,
        steps: rows.len().div_ceil(settings.batch).max(1),
        patience: (!held.is_empty() && settings.patience > 0).then_some(settings.patience),
    };
    let mut learner = Training {
        averaged: weights.clone(),
        net: Columns::new(shape.clone(), weights, &device),
        adam: Adam::new(settings.rate, 0.9, 0.999),
        rng: noise::stream(settings.seed, 3),
        steps: 0,
        at: rows.len(),
        rows,
        held: (!held.is_empty()).then(|| table.tensors(&held, &device)),
        table,
        settings: &settings,
        device,
    };
    let history = train(&mut learner, &course, fitting)?;
    let weights = learner.averaged.to_host();
    Ok(Box::new(Argn::new(columns.clone(), order.clone(), settings.hidden, weights, history, fitting.device)?))
}

/// Columns in the order they are drawn: those that scripts ask for by level first (protected, outcome, other
/// categories, few levels before many), then numbers, those that are seldom missing first.
pub(super) fn order(frame: &Frame, columns: &[Column], asked: &Asked) -> Vec<usize> {
    let mut order: Vec<usize> = (0..columns.len()).collect();
    let key = |i: usize| {
        let (Some(column), Some(code)) = (frame.columns.get(i), columns.get(i)) else { return (9, 0, i) };
        let protected = asked.roles.protected.iter().position(|p| *p == column.name);
        let missing = column.values.iter().filter(|x| x.is_nan()).count();
        match (&column.kind, protected) {
            (FrameKind::Category { .. }, Some(at)) => (0, at, i),
            (FrameKind::Category { .. }, _) if asked.roles.label.as_ref() == Some(&column.name) => (1, 0, i),
            (FrameKind::Category { .. }, _) => (2, code.entries(), i),
            (FrameKind::Number { .. }, _) => (3, missing, i),
        }
    };
    order.sort_by_key(|&i| key(i));
    order
}

/// The network of columns in this order.
pub fn shape(columns: &[Column], order: &[usize], hidden: usize) -> ColumnsShape {
    let ordered = || order.iter().filter_map(|&c| columns.get(c));
    ColumnsShape {
        features: ordered().map(Column::features).collect(),
        entries: ordered().map(Column::entries).collect(),
        hidden,
    }
}

/// Logarithms of the frequencies of a column's entries; what no row has stays far below the rest.
pub(super) fn logs(column: &Column) -> Vec<f32> {
    let total: usize = column.counts.iter().sum();
    column.counts.iter().map(|&n| if n == 0 { -30.0 } else { (n as f64 / total.max(1) as f64).ln() as f32 }).collect()
}

/// Rows of a table as the network sees them.
pub(super) struct Rows<'a> {
    pub frame: &'a Frame,
    pub columns: &'a [Column],
    pub order: &'a [usize],
    pub shape: &'a ColumnsShape,
}

impl Rows<'_> {
    /// Features `[rows, input]` and one-hot targets `[columns, rows, width]`.
    pub fn tensors(&self, rows: &[usize], device: &Device) -> (Tensor<2>, Tensor<3>) {
        let (input, d, w, n) = (self.shape.input().max(1), self.shape.columns(), self.shape.width(), rows.len());
        let mut x = vec![0.0_f32; n * input];
        let mut target = vec![0.0_f32; d * n * w];
        let mut from = 0;
        for (j, &c) in self.order.iter().enumerate() {
            let (Some(column), Some(cells)) = (self.columns.get(c), self.frame.columns.get(c)) else { continue };
            let width = column.features();
            for (r, &row) in rows.iter().enumerate() {
                let value = cells.values.get(row).copied().unwrap_or(f64::NAN);
                let at = r * input + from;
                if let Some(into) = x.get_mut(at..at + width) {
                    column.write(value, into);
                }
                if let Some(slot) = target.get_mut((j * n + r) * w + column.entry(value)) {
                    *slot = 1.0;
                }
            }
            from += width;
        }
        (noise::matrix(x, n, input, device), noise::matrix(target, d * n, w, device).reshape([d, n, w]))
    }
}

/// The networks in training.
struct Training<'a> {
    net: Columns,
    averaged: Weights,
    adam: Adam,
    rng: ChaCha8Rng,
    steps: i32,
    /// Rows that are learned from, in the order of this epoch, and the next of them.
    rows: Vec<usize>,
    at: usize,
    held: Option<(Tensor<2>, Tensor<3>)>,
    table: Rows<'a>,
    settings: &'a Settings,
    device: Device,
}

impl Learner for Training<'_> {
    fn step(&mut self) -> Result<Vec<(&'static str, f64)>, SynthError> {
        if self.at >= self.rows.len() {
            // From the same start in every epoch, so that a stream's place says all about an epoch's order.
            self.rows.sort_unstable();
            self.rows.shuffle(&mut self.rng);
            self.at = 0;
        }
        let end = (self.at + self.settings.batch).min(self.rows.len());
        let (x, target) = self.table.tensors(self.rows.get(self.at..end).unwrap_or_default(), &self.device);
        self.at = end;
        let gradient = self.net.gradient(x, target);
        let loss = scalar(gradient.loss);
        self.adam.apply(&mut self.net.weights, gradient.parts.into_iter().map(Some).collect());
        self.steps = self.steps.saturating_add(1);
        // A young average would remember the random start: it may not be older than the fit.
        let young = f64::from(self.steps) / (f64::from(self.steps) + 9.0);
        self.averaged.follow(&self.net.weights, AVERAGE.min(young));
        Ok(vec![("nats_a_row", loss)])
    }

    fn held_out(&mut self) -> Option<f64> {
        let (x, target) = self.held.clone()?;
        std::mem::swap(&mut self.net.weights, &mut self.averaged);
        let loss = scalar(self.net.loss(x, target));
        std::mem::swap(&mut self.net.weights, &mut self.averaged);
        Some(loss)
    }

    fn put(&self, state: &mut State) {
        self.net.weights.put("net", state);
        self.averaged.put("averaged", state);
        self.adam.put("adam", state);
        state.stream("rows", &self.rng);
        state.note("steps", &self.steps);
    }

    fn take(&mut self, state: &State) -> Option<()> {
        self.net.weights.take("net", state, &self.device)?;
        self.averaged.take("averaged", state, &self.device)?;
        self.adam.take("adam", state, &self.device)?;
        self.rng = state.streamed("rows")?;
        self.steps = state.noted("steps")?;
        self.at = self.rows.len();
        Some(())
    }

    fn hint(&self) -> String {
        format!("lower learning_rate (it is {:e}; {RATE:e} is usual)", self.settings.rate)
    }
}

//! Private training of the default generator by DP-SGD.
//!
//! Entries and features of columns, and a first training in plain steps, come from a stand-in table drawn from private
//! marginals (`graphical`), which the budget pays for first; then every step is a clipped and noised sum over a Poisson
//! sample of the rows (Abadi et al. 2016; clipping without single gradients after Li et al. 2022). Losses on real rows
//! are not reported and nothing stops early by them, since both would cost as well.

use burn::tensor::{Device, Tensor};
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::super::prepared::{Length, Prepared, prepare};
use super::super::privacy::clip::poisson_sample;
use super::super::privacy::noise::{Meter, Trained};
use super::super::training::{Course, Learner, train};
use super::super::{Asked, Fitting, Generator, Private, SynthError};
use super::code::Column;
use super::fit::{AVERAGE, Rows, Settings, logs, order, shape};
use super::sample::Argn;
use crate::data::frame::Frame;
use crate::nets::adam::Adam;
use crate::nets::columns::Columns;
use crate::nets::noise;
use crate::nets::private::noise_like;
use crate::nets::state::State;
use crate::nets::weights::{Weights, scalar};

/// Epochs on the stand-in and on the rows, unless a script says how many there are in all.
const EPOCHS: usize = 40;
/// The private steps' size over that of the plain ones: Adam turns noise into steps of full size.
const GENTLE: f64 = 0.1;

/// Learns `frame` within `private`'s budget.
pub(super) fn fit(
    frame: &Frame,
    settings: Settings,
    asked: &Asked,
    private: &Private,
    fitting: &Fitting,
) -> Result<Box<dyn Generator>, SynthError> {
    let (epochs, steps) = (asked.count("epochs", EPOCHS), frame.rows.div_ceil(settings.batch).max(1));
    let length = Length { epochs, steps, batch: settings.batch };
    let label = asked.roles.label.as_deref();
    let Prepared { stand_in, meter, plain, expected } = prepare(frame, private, length, label, settings.seed, fitting)?;
    let columns: Vec<Column> = stand_in.columns.iter().map(Column::fit).collect::<Result<_, _>>()?;
    let order = order(&stand_in, &columns, asked);
    let shape = shape(&columns, &order, settings.hidden);
    let device = fitting.device.device.clone().without_autodiff();
    let first: Vec<Vec<f32>> = order.iter().filter_map(|&c| columns.get(c)).map(logs).collect();
    let weights = shape.init(&first, &mut noise::stream(settings.seed, 1), &device);
    let rows = |frame| Rows { frame, columns: &columns, order: &order, shape: &shape };
    let mut learner = Hidden {
        averaged: weights.clone(),
        net: Columns::new(shape.clone(), weights, &device),
        plain_adam: Adam::new(settings.rate, 0.9, 0.999),
        adam: Adam::new(settings.rate * GENTLE, 0.9, 0.999),
        rng: noise::stream(settings.seed, 33),
        steps: 0,
        plain,
        meter,
        expected,
        norm: private.norm,
        order: (0..stand_in.rows).collect(),
        at: stand_in.rows,
        open: rows(&stand_in),
        real: rows(frame),
        settings: &settings,
        device,
    };
    let history = train(&mut learner, &Course { epochs, steps, patience: None }, fitting)?;
    let weights = learner.averaged.to_host();
    let trained = Trained { meter: learner.meter.clone(), unit: private.unit.clone(), norm: private.norm };
    let mut made = Argn::new(columns.clone(), order.clone(), settings.hidden, weights, history, fitting.device)?;
    made.privacy = Some(trained);
    Ok(Box::new(made))
}

/// A private training.
struct Hidden<'a> {
    net: Columns,
    averaged: Weights,
    plain_adam: Adam,
    adam: Adam,
    rng: ChaCha8Rng,
    steps: i32,
    /// Steps on the stand-in that are still to come, before the private ones.
    plain: u64,
    meter: Meter,
    expected: f64,
    norm: f64,
    /// Rows of the stand-in in the order of this epoch, and the next of them.
    order: Vec<usize>,
    at: usize,
    open: Rows<'a>,
    real: Rows<'a>,
    settings: &'a Settings,
    device: Device,
}

impl Hidden<'_> {
    fn plain_step(&mut self) -> f64 {
        if self.at >= self.order.len() {
            self.order.sort_unstable();
            self.order.shuffle(&mut self.rng);
            self.at = 0;
        }
        let end = (self.at + self.settings.batch).min(self.order.len());
        let (x, target) = self.open.tensors(self.order.get(self.at..end).unwrap_or_default(), &self.device);
        self.at = end;
        let gradient = self.net.gradient(x, target);
        let loss = scalar(gradient.loss);
        self.plain_adam.apply(&mut self.net.weights, gradient.parts.into_iter().map(Some).collect());
        loss
    }

    /// Along a clipped and noised sum; an empty sample is a step along noise alone, as the accountant has it.
    fn private_step(&mut self) {
        let chosen = poisson_sample(self.real.frame.rows, self.meter.rate(), &mut self.rng);
        let scale = self.meter.sigma() * self.norm;
        let mut sums = noise_like(&self.net.weights.values, scale, &mut self.rng, &self.device);
        if !chosen.is_empty() {
            let (x, target) = self.real.tensors(&chosen, &self.device);
            let clipped = self.net.clipped(x, target, self.norm);
            sums = sums.into_iter().zip(clipped).map(|(noise, sum)| noise + sum).collect();
        }
        let mean: Vec<Tensor<2>> = sums.into_iter().map(|s| s.div_scalar(self.expected)).collect();
        let mean = self.net.masked(mean);
        self.adam.apply(&mut self.net.weights, mean.into_iter().map(Some).collect());
    }
}

impl Learner for Hidden<'_> {
    fn step(&mut self) -> Result<Vec<(&'static str, f64)>, SynthError> {
        let loss = if self.plain > 0 {
            self.plain -= 1;
            self.plain_step()
        } else {
            // Asked before the rows are looked at; `over` has seen that the step fits.
            self.meter.take(1).map_err(SynthError::Private)?;
            self.private_step();
            0.0
        };
        self.steps = self.steps.saturating_add(1);
        let young = f64::from(self.steps) / (f64::from(self.steps) + 9.0);
        self.averaged.follow(&self.net.weights, AVERAGE.min(young));
        Ok(if self.plain > 0 || loss != 0.0 { vec![("nats_a_stand_in_row", loss)] } else { Vec::new() })
    }

    /// The noise was solved for all steps, so that a refusal ends training early rather than overshooting.
    fn over(&self) -> bool {
        self.plain == 0 && self.meter.used_up()
    }

    fn note(&self) -> Option<String> {
        Some(match self.plain {
            0 => format!("private, σ = {:.2}", self.meter.sigma()),
            _ => "on the private stand-in".to_string(),
        })
    }

    fn put(&self, state: &mut State) {
        self.net.weights.put("net", state);
        self.averaged.put("averaged", state);
        self.plain_adam.put("plain_adam", state);
        self.adam.put("adam", state);
        state.stream("rows", &self.rng);
        state.note("steps", &self.steps);
        state.note("plain", &self.plain);
        state.note("meter", &self.meter);
    }

    fn take(&mut self, state: &State) -> Option<()> {
        self.net.weights.take("net", state, &self.device)?;
        self.averaged.take("averaged", state, &self.device)?;
        self.plain_adam.take("plain_adam", state, &self.device)?;
        self.adam.take("adam", state, &self.device)?;
        self.rng = state.streamed("rows")?;
        self.steps = state.noted("steps")?;
        self.plain = state.noted("plain")?;
        self.meter = state.noted("meter")?;
        self.at = self.order.len();
        Some(())
    }
}

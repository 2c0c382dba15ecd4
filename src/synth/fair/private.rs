//! `sdg` under differential privacy: DP-SGD on the discriminator (the proposal's L_priv).
//!
//! The discriminator's gradient on a Poisson sample of real rows is clipped row by row and noised;
//! drawn rows are no one's, and the generator learns from the discriminator only. Everything else that
//! would read the table (modes, levels, means within groups, corrections) reads a stand-in drawn from private
//! two- and three-way marginals (`graphical`), paid from the same budget; no classifier learns, and rows keep the labels
//! that the generator gives them.

use super::batches::Batches;
use super::drawer::{FairGan, plan};
use super::making;
use super::settings::FairSettings;
use crate::data::frame::Frame;
use crate::nets::adversarial::{PrivateNoise, Real};
use crate::nets::fair::plan::Knobs;
use crate::nets::fair::players::Players;
use crate::nets::noise;
use crate::nets::state::State;
use crate::synth::condition::Conditions;
use crate::synth::encoder::Encoder;
use crate::synth::graphical;
use crate::synth::privacy::Budget;
use crate::synth::privacy::accountant::Accounting;
use crate::synth::privacy::clip::poisson_sample;
use crate::synth::privacy::noise::{Meter, Trained};
use crate::synth::training::{Course, Learner, train};
use crate::synth::{Fitting, Generator, Private, SynthError};

/// ε of the stand-in alone, as a share of the budget. Costs add up nearly as squares.
const STAND_IN: f64 = 0.8;

/// Learns `frame` within `promise`'s budget; `settings` are checked.
pub(super) fn fit(
    frame: &Frame,
    settings: FairSettings,
    promise: &Private,
    fitting: &Fitting,
) -> Result<Box<dyn Generator>, SynthError> {
    let budget = Budget::checked(promise.epsilon, promise.delta, frame.rows).map_err(SynthError::Private)?;
    // Packs would mix rows in one gradient, dropout would change it between passes; moments and a classifier would read
    // the table. Noise on the rows is the noise of DP-SGD.
    let settings =
        FairSettings { pack: 1, dropout: 0.0, moments: 0.0, classifier: 0, triple: 0.0, blur: 0.0, ..settings };
    let steps = settings.steps(frame.rows);
    let expected = settings.batch as f64;
    let part = Budget { epsilon: STAND_IN * budget.epsilon, delta: budget.delta };
    let label = settings.label.as_deref();
    let (stand_in, before) = graphical::stand_in(frame, part, label, settings.seed, fitting)?;
    let rate = (expected / frame.rows as f64).min(1.0);
    let all = (settings.epochs * steps) as u64;
    let meter = Meter::solve(budget, rate, all, before, Accounting::Tight).map_err(SynthError::Private)?;
    if meter.sigma() > expected {
        return Err(SynthError::Hopeless { epsilon: budget.epsilon, sigma: meter.sigma(), batch: settings.batch });
    }
    fitting.stage.note(&format!(
        "private: σ = {:.2} for ε = {}, δ = {:e} in {all} steps",
        meter.sigma(),
        budget.epsilon,
        budget.delta
    ));

    let seed = settings.seed;
    let encoder = Encoder::fit(&stand_in, settings.modes)?;
    let conditions = Conditions::of(&encoder);
    let mut rng = noise::stream(seed, 10);
    let open = encoder.encode(&stand_in, &mut rng);
    let table = encoder.encode(frame, &mut rng);
    let made = plan(&encoder, &conditions, &settings);
    making::check("sdg", &encoder, &settings, made.groups())?;
    let mut players = Players::new(made, seed, &fitting.device.device);
    let free = Batches::new(&encoder, &conditions, &open, settings.reveal, noise::stream(seed, 11));
    let hidden = Batches::new(&encoder, &conditions, &table, settings.reveal, noise::stream(seed, 32));
    if settings.means > 0.0 {
        let every: Vec<usize> = (0..open.rows).collect();
        players.learn_means(open.rows, free.rows(&every));
    }
    let noise = PrivateNoise { norm: promise.norm, sigma: meter.sigma(), expected };
    let course = Course { epochs: settings.epochs, steps, patience: None };
    let mut learner = Hidden { players, free, hidden, meter, noise, settings: &settings };
    let history = train(&mut learner, &course, fitting)?;
    let saved = [learner.players.averaged().to_host(), Vec::new()];
    let mut gan = FairGan::new("sdg", encoder.clone(), settings.clone(), saved, fitting.device);
    gan.history = history;
    gan.settle(learner.players.averaged());
    gan.calibrate(&stand_in, &open);
    gan.privacy = Some(Trained { meter: learner.meter, unit: promise.unit.clone(), norm: promise.norm });
    Ok(Box::new(gan))
}

/// A private training.
struct Hidden<'a> {
    players: Players,
    /// Rows of the stand-in, and of the table.
    free: Batches<'a>,
    hidden: Batches<'a>,
    meter: Meter,
    noise: PrivateNoise,
    settings: &'a FairSettings,
}

impl Learner for Hidden<'_> {
    fn step(&mut self) -> Result<Vec<(&'static str, f64)>, SynthError> {
        // Asked before the rows are looked at; `over` has seen that the step fits.
        self.meter.take(1).map_err(SynthError::Private)?;
        let chosen = poisson_sample(self.hidden.table.rows, self.meter.rate(), &mut self.hidden.rng);
        let real = Real {
            rows: chosen.len(),
            slots: self.hidden.rows(&chosen),
            condition: self.hidden.conditions_of(&chosen),
        };
        let batch = self.free.next(self.settings.batch);
        let s = self.settings;
        let knobs = Knobs { information: s.information, means: s.means, blur: 0.0 };
        Ok(self.players.private_step(&batch, &real, &self.noise, &knobs))
    }

    /// The noise was solved for all steps, so that a refusal ends training early rather than overshooting.
    fn over(&self) -> bool {
        self.meter.used_up()
    }

    fn note(&self) -> Option<String> {
        Some(format!("private, σ = {:.2}", self.meter.sigma()))
    }

    fn put(&self, state: &mut State) {
        self.players.put(state);
        state.stream("free", &self.free.rng);
        state.stream("hidden", &self.hidden.rng);
        state.note("meter", &self.meter);
    }

    fn take(&mut self, state: &State) -> Option<()> {
        self.free.rng = state.streamed("free")?;
        self.hidden.rng = state.streamed("hidden")?;
        self.meter = state.noted("meter")?;
        self.players.take(state)
    }

    fn hint(&self) -> String {
        making::hint(self.settings)
    }
}

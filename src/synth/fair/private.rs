//! `sdg` under differential privacy: DP-SGD on the discriminator (the proposal's L_priv).
//!
//! All players first learn from a stand-in drawn from private two- and three-way marginals
//! (`graphical`), paid from the same budget, and everything that would read the table (modes, levels,
//! moments, means within groups, labels, corrections) reads the stand-in. Then the discriminator alone
//! looks at real rows: its gradient on a Poisson sample is clipped row by row and noised, drawn rows are
//! no one's, and the generator learns from the discriminator only. The number of rows is taken as known.

use super::batches::Batches;
use super::drawer::plan;
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
use crate::synth::prepared::{Length, Prepared, prepare};
use crate::synth::privacy::clip::poisson_sample;
use crate::synth::privacy::noise::{Meter, Trained};
use crate::synth::training::{Course, Learner, train};
use crate::synth::{Fitting, Generator, Private, SynthError};

/// Learns `frame` within `promise`'s budget; `settings` are checked.
pub(super) fn fit(
    frame: &Frame,
    settings: FairSettings,
    promise: &Private,
    fitting: &Fitting,
) -> Result<Box<dyn Generator>, SynthError> {
    // Packs would mix rows in one gradient, dropout would change it between passes; the noise of DP-SGD is noise enough.
    let settings = FairSettings { pack: 1, dropout: 0.0, triple: 0.0, blur: 0.0, ..settings };
    let (seed, steps) = (settings.seed, settings.steps(frame.rows));
    let length = Length { epochs: settings.epochs, steps, batch: settings.batch };
    let Prepared { stand_in, meter, plain, expected } =
        prepare(frame, promise, length, settings.label.as_deref(), seed, fitting)?;

    let encoder = Encoder::fit(&stand_in, settings.modes)?;
    let conditions = Conditions::of(&encoder);
    let mut rng = noise::stream(seed, 10);
    let open = encoder.encode(&stand_in, &mut rng);
    let table = encoder.encode(frame, &mut rng);
    let shape = plan(&encoder, &conditions, &settings);
    making::check("sdg", &encoder, &settings, shape.groups())?;
    let mut players = Players::new(shape, seed, &fitting.device.device);
    let free = Batches::new(&encoder, &conditions, &open, settings.reveal, noise::stream(seed, 11));
    let hidden = Batches::new(&encoder, &conditions, &table, settings.reveal, noise::stream(seed, 32));
    making::learn_table(&mut players, &free, &settings);
    let noise = PrivateNoise { norm: promise.norm, sigma: meter.sigma(), expected };
    let course = Course { epochs: settings.epochs, steps, patience: None };
    let mut learner = Hidden { players, free, hidden, meter, noise, plain, settings: &settings };
    let history = train(&mut learner, &course, fitting)?;
    let mut gan = making::made("sdg", &encoder, &settings, &learner.players, history, fitting)?;
    gan.finish(&learner.players, &stand_in, &open);
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
    /// Steps on the stand-in that are still to come, before the private ones.
    plain: u64,
    settings: &'a FairSettings,
}

impl Learner for Hidden<'_> {
    fn step(&mut self) -> Result<Vec<(&'static str, f64)>, SynthError> {
        let s = self.settings;
        let knobs = Knobs { information: s.information, means: s.means, blur: 0.0 };
        if self.plain > 0 {
            self.plain -= 1;
            let batch = self.free.next(s.batch);
            return Ok(self.players.step(&batch, &knobs));
        }
        // Asked before the rows are looked at; `over` has seen that the step fits.
        self.meter.take(1).map_err(SynthError::Private)?;
        let chosen = poisson_sample(self.hidden.table.rows, self.meter.rate(), &mut self.hidden.rng);
        let real = Real {
            rows: chosen.len(),
            slots: self.hidden.rows(&chosen),
            condition: self.hidden.conditions_of(&chosen),
        };
        let batch = self.free.next(s.batch);
        Ok(self.players.private_step(&batch, &real, &self.noise, &knobs))
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
        self.players.put(state);
        state.stream("free", &self.free.rng);
        state.stream("hidden", &self.hidden.rng);
        state.note("meter", &self.meter);
        state.note("plain", &self.plain);
    }

    fn take(&mut self, state: &State) -> Option<()> {
        self.free.rng = state.streamed("free")?;
        self.hidden.rng = state.streamed("hidden")?;
        self.meter = state.noted("meter")?;
        self.plain = state.noted("plain")?;
        self.players.take(state)
    }

    fn hint(&self) -> String {
        making::hint(self.settings)
    }
}

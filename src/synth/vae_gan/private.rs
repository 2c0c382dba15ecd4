//! Private training of `vae_gan` and `discgan_plus`.
//!
//! As for the conditional GAN (`synth::private`): modes, levels, moments and corrections are read off a
//! stand-in table drawn from private marginals; the critic alone learns from real rows, by DP-SGD, in the
//! last quarter of the epochs. The autoencoder half learns from the stand-in only, which costs
//! nothing more; alone it would tell no more than the marginals do, so it is refused.

use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::super::condition::Conditions;
use super::super::encoder::{Encoded, Encoder};
use super::super::prepared::{Length, Prepared, prepare};
use super::super::privacy::clip::poisson_sample;
use super::super::privacy::noise::{Meter, Trained};
use super::super::training::{Course, Learner, train};
use super::super::{Asked, Fitting, Generator, Private, SynthError};
use super::settings::{Mode, Settings};
use super::{Draws, Finished, MOMENT_ROWS};
use crate::data::frame::Frame;
use crate::nets::adversarial::PrivateNoise;
use crate::nets::hybrid::{Hybrid, Rows};
use crate::nets::noise;
use crate::nets::state::State;

/// Learns `frame` within `private`'s budget.
pub(super) fn fit(
    kind: &'static str,
    frame: &Frame,
    asked: &Asked,
    settings: Settings,
    private: &Private,
    fitting: &Fitting,
) -> Result<Box<dyn Generator>, SynthError> {
    if settings.mode == Mode::Vae {
        return Err(SynthError::Unsupported(
            "mode vae has no critic to learn from rows privately, and would learn from marginals alone; ask for mode gan \
             or hybrid, or for marginal"
                .into(),
        ));
    }
    // A figure of rows held out would tell about them.
    let settings = Settings { hold_out: 0.0, ..settings };
    let steps = frame.rows.div_ceil(settings.batch);
    let length = Length { epochs: settings.epochs, steps, batch: settings.batch };
    let label = asked.roles.label.as_deref();
    let Prepared { stand_in, meter, plain, expected } = prepare(frame, private, length, label, settings.seed, fitting)?;
    let encoder = Encoder::fit(&stand_in, settings.modes)?;
    let conditions = Conditions::of(&encoder);
    let mut rng = noise::stream(settings.seed, 10);
    let open = encoder.encode(&stand_in, &mut rng);
    let table = encoder.encode(frame, &mut rng);
    let draws = Draws::new(&encoder, &conditions, &open, settings.reveal);
    let mut hybrid = Hybrid::new(settings.plan(&encoder, &conditions), settings.seed, &fitting.device.device);
    if settings.moments > 0.0 {
        let mut rng = noise::stream(settings.seed, 15);
        let mut rows: Vec<usize> = (0..open.rows).collect();
        rows.shuffle(&mut rng);
        rows.truncate(MOMENT_ROWS);
        for chunk in rows.chunks(1_000) {
            hybrid.learn_moments(&draws.rows(chunk, &mut rng), chunk.len() as f64 / rows.len() as f64);
        }
    }
    let secret = Draws::new(&encoder, &conditions, &table, settings.reveal);
    let hidden = PrivateNoise { norm: private.norm, sigma: meter.sigma(), expected };
    let rng = noise::stream(settings.seed, 32);
    let mut learner = Hidden { hybrid, open: draws, secret, rng, meter, hidden, plain, settings: &settings };
    let history = train(&mut learner, &Course { epochs: settings.epochs, steps, patience: None }, fitting)?;
    let hybrid = learner.hybrid;
    let privacy = Some(Trained { meter: learner.meter, unit: private.unit.clone(), norm: private.norm });
    super::made(
        kind,
        &encoder,
        &settings,
        fitting,
        Finished { hybrid, history, privacy, frame: &stand_in, table: &open },
    )
}

/// A private training.
struct Hidden<'a> {
    hybrid: Hybrid,
    open: Draws<'a>,
    secret: Draws<'a>,
    rng: ChaCha8Rng,
    meter: Meter,
    hidden: PrivateNoise,
    /// Steps on the stand-in that are still to come, before the private ones.
    plain: u64,
    settings: &'a Settings,
}

impl Hidden<'_> {
    /// Rows of the stand-in.
    fn stand_ins(&mut self, table: &Encoded) -> Rows {
        let rows = table.rows.max(1);
        let chosen: Vec<usize> = (0..self.settings.batch).map(|_| self.rng.random_range(0..rows)).collect();
        self.open.rows(&chosen, &mut self.rng)
    }
}

impl Learner for Hidden<'_> {
    fn step(&mut self) -> Result<Vec<(&'static str, f64)>, SynthError> {
        let open = self.stand_ins(self.open.table);
        let loss = if self.plain > 0 {
            self.plain -= 1;
            self.hybrid.step(open)
        } else {
            // Asked before the rows are looked at; `over` has seen that the step fits. Each row's condition
            // depends on that row alone.
            self.meter.take(1).map_err(SynthError::Private)?;
            let chosen = poisson_sample(self.secret.table.rows, self.meter.rate(), &mut self.rng);
            let real = self.secret.rows(&chosen, &mut self.rng);
            self.hybrid.private_step(open, real, self.hidden)
        };
        Ok(super::losses(self.settings.mode, &loss))
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
        self.hybrid.put(state);
        state.stream("rows", &self.rng);
        state.note("meter", &self.meter);
        state.note("plain", &self.plain);
    }

    fn take(&mut self, state: &State) -> Option<()> {
        self.rng = state.streamed("rows")?;
        self.meter = state.noted("meter")?;
        self.plain = state.noted("plain")?;
        self.hybrid.take(state)
    }

    fn hint(&self) -> String {
        super::hint(self.settings)
    }
}

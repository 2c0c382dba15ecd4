//! Private training of the conditional GAN: the critic, the only network that sees rows, learns by
//! DP-SGD.
//!
//! After Abadi et al. 2016 and, for the roles of both networks, Xie et al. 2018: the critic's
//! gradient on a Poisson sample of real rows is clipped row by row and noised; generated rows are no
//! one's, and the generator learns from the critic only. Everything else that would read the
//! table (modes, levels, conditions, second moments, corrections) reads a stand-in drawn from private
//! two- and three-way marginals (`graphical`), paid from the same budget; both networks are trained on
//! it first, in plain steps that cost nothing. The number of rows is taken as known. Losses on real
//! rows are not reported, since they would cost as well.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::condition::{Asked, Conditions};
use super::encoder::{Encoded, Encoder};
use super::gan::{Finished, hint, made};
use super::plan::plan;
use super::prepared::{Length, Prepared, prepare};
use super::privacy::clip::poisson_sample;
use super::privacy::noise::{Meter, Trained};
use super::training::{Course, Learner, train};
use super::{FitSettings, Fitting, Generator, Private, SynthError};
use crate::data::frame::Frame;
use crate::nets::adversarial::{Batch, Game, PrivateNoise, Real};
use crate::nets::noise;
use crate::nets::state::State;

/// Rows and batches of the stand-in that second moments are learned from.
const MOMENT_ROWS: usize = 1_000;
const MOMENT_BATCHES: usize = 20;

/// Learns `frame` within `private`'s budget; the rest is as in
/// [`fit_settings`](super::gan::fit_settings), whose `settings` are checked.
pub(super) fn fit(
    frame: &Frame,
    settings: FitSettings,
    private: &Private,
    fitting: &Fitting,
) -> Result<Box<dyn Generator>, SynthError> {
    // Packs would mix rows in one gradient, dropout would change it between two passes.
    let settings = FitSettings { pack: 1, dropout: 0.0, ..settings };
    let length = Length { epochs: settings.epochs, steps: settings.steps(frame.rows), batch: settings.batch };
    let Prepared { stand_in, meter, plain, expected } =
        prepare(frame, private, length, settings.label.as_deref(), settings.seed, fitting)?;

    let encoder = Encoder::fit(&stand_in, settings.modes)?;
    let conditions = Conditions::of(&encoder);
    let mut rng = noise::stream(settings.seed, 10);
    let open = encoder.encode(&stand_in, &mut rng);
    let table = encoder.encode(frame, &mut rng);
    let mut rows = Rows { encoder: &encoder, conditions: &conditions, rng: noise::stream(settings.seed, 32) };
    let mut game = Game::new(plan(&encoder, &conditions, &settings), settings.seed, &fitting.device.device);
    if settings.moments > 0.0 {
        for _ in 0..MOMENT_BATCHES {
            let real = rows.open(&open, MOMENT_ROWS).real;
            game.learn_moments(MOMENT_ROWS, real, 1.0 / MOMENT_BATCHES as f64);
        }
    }
    let hidden = PrivateNoise { norm: private.norm, sigma: meter.sigma(), expected };
    let course = Course { epochs: settings.epochs, steps: length.steps, patience: None };
    let mut learner = Hidden { game, rows, meter, hidden, plain, table: &table, open: &open, settings: &settings };
    let history = train(&mut learner, &course, fitting)?;
    let weights = learner.game.averaged().clone();
    let privacy = Some(Trained { meter: learner.meter, unit: private.unit.clone(), norm: private.norm });
    let trained = Finished { weights, history, privacy, frame: &stand_in, table: &open };
    made(encoder.clone(), settings, fitting, trained)
}

/// A private training.
struct Hidden<'a> {
    game: Game,
    rows: Rows<'a>,
    meter: Meter,
    hidden: PrivateNoise,
    /// Steps on the stand-in that are still to come, before the private ones.
    plain: u64,
    table: &'a Encoded,
    open: &'a Encoded,
    settings: &'a FitSettings,
}

impl Learner for Hidden<'_> {
    fn step(&mut self) -> Result<Vec<(&'static str, f64)>, SynthError> {
        if self.plain > 0 {
            self.plain -= 1;
            return Ok(self.game.step(self.rows.open(self.open, self.settings.batch)).named());
        }
        // Asked before the rows are looked at; `over` has seen that the step fits.
        self.meter.take(1).map_err(SynthError::Private)?;
        let real = self.rows.sample(self.table, self.meter.rate());
        let batch = self.rows.open(self.open, self.settings.batch);
        Ok(self.game.private_step(batch, real, self.hidden).named())
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
        self.game.put(state);
        state.stream("rows", &self.rows.rng);
        state.note("meter", &self.meter);
        state.note("plain", &self.plain);
    }

    fn take(&mut self, state: &State) -> Option<()> {
        self.rows.rng = state.streamed("rows")?;
        self.meter = state.noted("meter")?;
        self.plain = state.noted("plain")?;
        self.game.take(state)
    }

    fn hint(&self) -> String {
        hint(self.settings)
    }
}

/// Draws rows for private steps.
struct Rows<'a> {
    encoder: &'a Encoder,
    conditions: &'a Conditions,
    rng: ChaCha8Rng,
}

impl Rows<'_> {
    /// A Poisson sample of the real table; each row's condition depends on that row alone.
    fn sample(&mut self, table: &Encoded, rate: f64) -> Real {
        let chosen = poisson_sample(table.rows, rate, &mut self.rng);
        let (slots, asked) = self.write(table, &chosen);
        Real { rows: chosen.len(), slots, condition: self.vectors(&asked) }
    }

    /// Rows of the stand-in with conditions drawn in the same way.
    fn open(&mut self, table: &Encoded, rows: usize) -> Batch {
        let chosen: Vec<usize> = (0..rows).map(|_| self.rng.random_range(0..table.rows.max(1))).collect();
        let (real, asked) = self.write(table, &chosen);
        let layout = &self.encoder.layout;
        let slots = layout.category_width();
        let mut target = vec![0.0; rows * slots];
        for (row, asked) in asked.iter().enumerate() {
            for &(choice, entry) in asked {
                let segment = &layout.segments[self.conditions.choices[choice].segment];
                target[row * slots + segment.start - layout.offsets + entry] = 1.0;
            }
        }
        Batch { rows, real, condition: self.vectors(&asked), target }
    }

    fn write(&mut self, table: &Encoded, chosen: &[usize]) -> (Vec<f32>, Vec<Vec<Asked>>) {
        let width = self.encoder.layout.width();
        let mut slots = vec![0.0; chosen.len() * width];
        let mut asked = Vec::with_capacity(chosen.len());
        for (&row, into) in chosen.iter().zip(slots.chunks_exact_mut(width.max(1))) {
            self.encoder.expand(table, row, into);
            asked.push(self.conditions.of_row(self.encoder, table, row, &mut self.rng));
        }
        (slots, asked)
    }

    fn vectors(&self, asked: &[Vec<Asked>]) -> Vec<f32> {
        let width = self.conditions.width;
        let mut out = vec![0.0; asked.len() * width];
        for (asked, into) in asked.iter().zip(out.chunks_exact_mut(width.max(1))) {
            self.conditions.write(asked, into);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::super::encoder::tests::clinic;
    use super::super::gan::fit_settings;
    use super::super::privacy::{PrivacyError, Unit};
    use super::super::{Given, NoCheckpoints, load};
    use super::*;
    use crate::nets::device::cpu;
    use crate::source::world::Silent;

    fn settings(epsilon: f64, delta: f64) -> FitSettings {
        let private = Some(Private { epsilon, delta, unit: Unit::Person, norm: 1.0 });
        FitSettings { epochs: 2, batch: 100, hidden: 32, private, ..FitSettings::default() }
    }

    fn fit(frame: &Frame, settings: &FitSettings) -> Result<Box<dyn Generator>, SynthError> {
        let (device, go) = (cpu(), || false);
        let fitting = Fitting { device: &device, stage: &Silent, cancelled: &go, checkpoints: &NoCheckpoints };
        fit_settings(frame, settings, &fitting)
    }

    fn bits(frame: &Frame) -> Vec<u64> {
        frame.columns.iter().flat_map(|c| c.values.iter().map(|x| x.to_bits())).collect()
    }

    #[test]
    fn the_budget_is_kept_and_travels_with_the_generator() {
        let gan = fit(&clinic(500), &settings(3.0, 1e-4)).unwrap();
        let spent = gan.privacy().map(|p| p.meter.spent()).unwrap();
        assert!(spent <= 3.0 && spent > 2.99, "{spent}");
        let again = load(&gan.save().to_bytes(), &cpu()).unwrap();
        assert_eq!(again.privacy(), gan.privacy());
        assert_eq!(again.privacy().map(|p| p.meter.spent().to_bits()), Some(spent.to_bits()));
        let given = Given::nothing().and(&[("sick", 1)], 20);
        let (a, b) = (gan.sample(50, &given, 3).unwrap(), again.sample(50, &given, 3).unwrap());
        assert_eq!(bits(&a), bits(&b));
        let within = |name: &str, lo: f64, hi: f64| {
            a.column(name).unwrap().values.iter().all(|x| x.is_nan() || (lo..=hi).contains(x))
        };
        assert!(within("age", 18.0, 110.0) && within("cost", 0.0, 1e5));
        assert!(a.column("sick").unwrap().values.iter().take(20).all(|x| *x == 1.0));
    }

    #[test]
    fn the_number_of_threads_changes_no_bit() {
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| fit(&clinic(300), &settings(2.0, 1e-4)).unwrap().save().to_bytes())
        };
        assert!(run(1) == run(2));
    }

    #[test]
    fn what_cannot_be_private_is_refused_with_a_way_out() {
        let frame = clinic(200);
        let loose = fit(&frame, &settings(1.0, 0.005)).err();
        assert!(matches!(loose, Some(SynthError::Private(PrivacyError::LooseDelta { units: 200, .. }))), "{loose:?}");
        let hopeless = fit(&frame, &settings(0.01, 1e-4)).err();
        assert!(matches!(hopeless, Some(SynthError::Hopeless { .. })), "{hopeless:?}");
        let mut open = frame.clone();
        open.columns[0].kind = crate::data::frame::FrameKind::Number { lo: None, hi: None, integer: true };
        assert_eq!(fit(&open, &settings(1.0, 1e-4)).err(), Some(SynthError::NoRange { column: "age".into() }));
    }

    #[test]
    fn a_wide_budget_learns_that_the_sick_are_older() {
        let mut settings = settings(200.0, 1e-4);
        (settings.epochs, settings.hidden) = (40, 64);
        let gan = fit(&clinic(2_000), &settings).unwrap();
        let age = |level| {
            let rows = gan.sample(500, &Given::nothing().and(&[("sick", level)], 500), 1).unwrap();
            rows.column("age").unwrap().values.iter().sum::<f64>() / 500.0
        };
        let (well, sick) = (age(0), age(1));
        assert!(sick - well > 10.0, "{well} {sick}: the sick are 25 years older in the table");
    }
}

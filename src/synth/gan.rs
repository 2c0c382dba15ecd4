//! Fits a conditional GAN over mode-normalised columns.
//!
//! After Xu et al. 2019 (CTGAN): training by sampling, Gumbel softmax heads, a Wasserstein critic
//! with gradient penalty. Departures, each measured or needed here: missing cells are an entry of
//! their own, rows may be asked for by several levels at once, the critic also sees each number's
//! value and second moments are matched (without these two, 840 steps on SUPPORT2 left most
//! correlations near 0), the sampled generator is a moving average of the trained one, and
//! marginals are corrected afterwards. Knows frames and `nets`; no files, no clocks.

use rand_chacha::ChaCha8Rng;

use super::condition::{Conditions, RowIndex};
use super::encoder::{Encoded, Encoder};
use super::plan::plan;
use super::private;
use super::sample::ConditionalGan;
use super::training::{Course, Learner, train};
use super::{EpochLoss, FitSettings, Fitting, Generator, SynthError};
use crate::data::frame::Frame;
use crate::nets::adversarial::{Batch, Game};
use crate::nets::noise;
use crate::nets::state::State;
use crate::nets::weights::Weights;

/// Real rows drawn, as training draws them, for the second moments to be matched.
const MOMENT_ROWS: usize = 1_000;
const MOMENT_BATCHES: usize = 20;

/// Learns `frame` with the settings a script asks for.
pub fn fit(frame: &Frame, asked: &super::Asked, fitting: &Fitting) -> Result<Box<dyn Generator>, SynthError> {
    fit_settings(frame, &FitSettings::of(asked, frame.rows), fitting)
}

/// Learns `frame` and returns the generator.
pub fn fit_settings(
    frame: &Frame,
    settings: &FitSettings,
    fitting: &Fitting,
) -> Result<Box<dyn Generator>, SynthError> {
    if frame.rows == 0 || frame.columns.is_empty() {
        return Err(SynthError::Empty);
    }
    let settings = settings.checked(frame.rows)?;
    if let Some(private) = settings.private.clone() {
        return private::fit(frame, settings, &private, fitting);
    }
    let encoder = Encoder::fit(frame, settings.modes)?;
    let table = encoder.encode(frame, &mut noise::stream(settings.seed, 10));
    let conditions = Conditions::of(&encoder);
    let index = RowIndex::of(&conditions, &encoder, &table);
    let mut batches = Batches {
        encoder: &encoder,
        conditions: &conditions,
        table: &table,
        index,
        reveal: settings.reveal,
        rng: noise::stream(settings.seed, 11),
    };
    let plan = plan(&encoder, &conditions, &settings);
    let mut game = Game::new(plan.clone(), settings.seed, &fitting.device.device);
    if settings.moments > 0.0 {
        for _ in 0..MOMENT_BATCHES {
            let real = batches.next(MOMENT_ROWS).real;
            game.learn_moments(MOMENT_ROWS, real, 1.0 / MOMENT_BATCHES as f64);
        }
    }
    let course = Course { epochs: settings.epochs, steps: settings.steps(frame.rows), patience: None };
    let mut learner = Open { game, batches, settings: &settings };
    let history = train(&mut learner, &course, fitting)?;
    let weights = learner.game.averaged().clone();
    made(encoder.clone(), settings, fitting, Finished { weights, history, privacy: None, frame, table: &table })
}

/// The training of an open fit.
struct Open<'a> {
    game: Game,
    batches: Batches<'a>,
    settings: &'a FitSettings,
}

impl Learner for Open<'_> {
    fn step(&mut self) -> Result<Vec<(&'static str, f64)>, SynthError> {
        Ok(self.game.step(self.batches.next(self.settings.batch)).named())
    }

    fn put(&self, state: &mut State) {
        self.game.put(state);
        state.stream("batches", &self.batches.rng);
    }

    fn take(&mut self, state: &State) -> Option<()> {
        self.batches.rng = state.streamed("batches")?;
        self.game.take(state)
    }

    fn hint(&self) -> String {
        hint(self.settings)
    }
}

/// What training leaves behind.
pub(super) struct Finished<'a> {
    pub weights: Weights,
    pub history: Vec<EpochLoss>,
    pub privacy: Option<super::privacy::noise::Trained>,
    /// The rows that may be looked at again, and their encoding.
    pub frame: &'a Frame,
    pub table: &'a Encoded,
}

/// The generator at the end of training, settled and calibrated.
pub(super) fn made(
    encoder: Encoder,
    settings: FitSettings,
    fitting: &Fitting,
    trained: Finished,
) -> Result<Box<dyn Generator>, SynthError> {
    let weights = trained.weights;
    let saved = weights.to_host();
    if saved.iter().any(|m| m.values.iter().any(|x| !x.is_finite())) {
        let (epoch, hint) = (settings.epochs, hint(&settings));
        return Err(SynthError::NonFinite { epoch, which_loss: "generator".into(), hint });
    }
    let mut gan = ConditionalGan::new(encoder, settings, saved, fitting.device);
    gan.history = trained.history;
    gan.privacy = trained.privacy;
    gan.settle(&weights);
    if gan.settings.calibrate {
        gan.calibrate(trained.frame, trained.table);
    }
    Ok(Box::new(gan))
}

/// What to change when a fit diverges.
pub(super) fn hint(s: &FitSettings) -> String {
    format!(
        "lower learning_rate (it is {:e}; {:e} is usual) or raise batch (it is {})",
        s.learning_rate,
        FitSettings::default().learning_rate,
        s.batch
    )
}

/// Draws training batches.
struct Batches<'a> {
    encoder: &'a Encoder,
    conditions: &'a Conditions,
    table: &'a Encoded,
    index: RowIndex,
    reveal: f64,
    rng: ChaCha8Rng,
}

impl Batches<'_> {
    /// Real rows and the conditions they meet.
    fn next(&mut self, rows: usize) -> Batch {
        let layout = &self.encoder.layout;
        let (width, slots, asks) = (layout.width(), layout.category_width(), self.conditions.width);
        let mut out = Batch {
            rows,
            real: vec![0.0; rows * width],
            condition: vec![0.0; rows * asks],
            target: vec![0.0; rows * slots],
        };
        for row in 0..rows {
            let (from, asked) = self.index.draw(self.conditions, self.encoder, self.table, self.reveal, &mut self.rng);
            self.encoder.expand(self.table, from, &mut out.real[row * width..(row + 1) * width]);
            self.conditions.write(&asked, &mut out.condition[row * asks..(row + 1) * asks]);
            for (choice, entry) in asked {
                let segment = &layout.segments[self.conditions.choices[choice].segment];
                out.target[row * slots + segment.start - layout.offsets + entry] = 1.0;
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::super::encoder::tests::clinic;
    use super::super::{Given, NoCheckpoints, load};
    use super::*;
    use crate::nets::device::cpu;
    use crate::source::world::Silent;

    fn quick() -> FitSettings {
        FitSettings { epochs: 2, batch: 100, hidden: 32, ..FitSettings::default() }
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
    fn the_number_of_threads_changes_no_bit() {
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let pool = pool.unwrap_or_else(|e| panic!("{e}"));
            pool.install(|| {
                let gan = fit(&clinic(500), &quick()).unwrap_or_else(|e| panic!("{e}"));
                let rows = gan.sample(120, &Given::nothing(), 7).unwrap_or_default();
                (gan.save().to_bytes(), bits(&rows))
            })
        };
        let one = run(1);
        assert_eq!(one.1.len(), 480);
        assert!(one == run(2));
        let (left, right) = rayon::join(|| run(1), || run(2));
        assert!(one == left && one == right, "fits beside each other disturb each other");
    }

    #[test]
    fn a_saved_generator_draws_the_same_rows() {
        let gan = fit(&clinic(300), &quick()).unwrap_or_else(|e| panic!("{e}"));
        let bytes = gan.save().to_bytes();
        let again = load(&bytes, &cpu()).unwrap_or_else(|e| panic!("{e}"));
        let given = Given::nothing().and(&[("sick", 1), ("ward", 2)], 30);
        let (a, b) = (gan.sample(50, &given, 3), again.sample(50, &given, 3));
        let (a, b) = (a.unwrap_or_default(), b.unwrap_or_default());
        assert_eq!(bits(&a), bits(&b));
        assert_eq!(gan.history(), again.history());
        assert!(matches!(load(&bytes[..bytes.len() - 1], &cpu()), Err(SynthError::Corrupt(_))));
        assert!(matches!(load(b"nonsense", &cpu()), Err(SynthError::Corrupt(_))));
    }

    #[test]
    fn requests_are_met_and_every_cell_is_in_range() {
        let frame = clinic(400);
        let gan = fit(&frame, &quick()).unwrap_or_else(|e| panic!("{e}"));
        let given = Given::nothing().and(&[("sick", 1), ("ward", 2)], 40).and(&[("sick", 0)], 25);
        let rows = gan.sample(100, &given, 3).unwrap_or_default();
        assert_eq!(rows.rows, 100);
        let column = |name: &str| rows.column(name).map(|c| c.values.clone()).unwrap_or_default();
        assert!(column("sick").iter().take(40).all(|x| *x == 1.0));
        assert!(column("ward").iter().take(40).all(|x| *x == 2.0));
        assert!(column("sick").iter().skip(40).take(25).all(|x| *x == 0.0));
        assert!(column("ward").iter().all(|x| *x != 1.0), "nobody is on the closed ward");
        let whole = |x: &f64| x.fract() == 0.0 && (18.0..=110.0).contains(x);
        assert!(column("age").iter().all(whole));
        assert!(column("cost").iter().all(|x| x.is_nan() || (0.0..=1e5).contains(x)));
        assert!(column("cost").iter().any(|x| x.is_nan()));
    }

    #[test]
    fn it_learns_that_the_sick_are_older() {
        let frame = clinic(1500);
        let settings = FitSettings { epochs: 40, batch: 100, hidden: 64, ..FitSettings::default() };
        let gan = fit(&frame, &settings).unwrap_or_else(|e| panic!("{e}"));
        let age = |rows: &Frame, level: f64| {
            let of = |name: &str| rows.column(name).map(|c| c.values.clone()).unwrap_or_default();
            let (age, sick) = (of("age"), of("sick"));
            let ages: Vec<f64> = age.into_iter().zip(sick).filter(|(_, s)| *s == level).map(|(a, _)| a).collect();
            ages.iter().sum::<f64>() / ages.len() as f64
        };
        for level in [0, 1] {
            let given = Given::nothing().and(&[("sick", level)], 500);
            let drawn = gan.sample(500, &given, 1).unwrap_or_default();
            let (real, drawn) = (age(&frame, level as f64), age(&drawn, level as f64));
            assert!((real - drawn).abs() < 3.0, "level {level}: {real} years in the table, {drawn} drawn");
        }
    }

    #[test]
    fn an_absurd_learning_rate_is_reported_as_divergence() {
        let settings = FitSettings { learning_rate: 1e30, ..quick() };
        let error = fit(&clinic(300), &settings).err();
        assert!(matches!(error, Some(SynthError::NonFinite { epoch: 1, .. })), "{error:?}");
        assert!(error.is_some_and(|e| e.to_string().contains("lower learning_rate (it is 1e30")));
    }

    #[test]
    fn stopping_and_empty_tables_are_said_so() {
        let (device, stop) = (cpu(), || true);
        let fitting = Fitting { device: &device, stage: &Silent, cancelled: &stop, checkpoints: &NoCheckpoints };
        let stopped = fit_settings(&clinic(50), &quick(), &fitting);
        assert_eq!(stopped.err(), Some(SynthError::Cancelled { epoch: 1 }));
        assert_eq!(fit(&Frame::default(), &quick()).err(), Some(SynthError::Empty));
    }

    #[test]
    fn a_table_without_categories_and_a_lone_constant_can_be_learned() {
        let mut frame = clinic(60);
        frame.columns.truncate(2);
        let rows = fit(&frame, &quick()).and_then(|g| g.sample(5, &Given::nothing(), 1));
        assert_eq!(rows.map(|r| r.rows), Ok(5));
        frame.columns.truncate(1);
        frame.columns[0].values.fill(44.0);
        let rows = fit(&frame, &quick()).and_then(|g| g.sample(5, &Given::nothing(), 1));
        assert_eq!(rows.map(|r| r.columns[0].values.clone()), Ok(vec![44.0; 5]));
        let rows = fit(&clinic(1), &quick()).and_then(|g| g.sample(3, &Given::nothing(), 1));
        assert_eq!(rows.map(|r| r.rows), Ok(3), "one row is little to learn from, but no error");
    }
}

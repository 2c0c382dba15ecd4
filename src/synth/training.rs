//! The course of a training, the same for every network: progress, stopping on request, losses that are no numbers,
//! checkpoints, taking up again, and stopping early.
//!
//! A network is a [`Learner`] here: it makes steps, and can be put aside and taken up. A training that is killed goes
//! on from its last checkpoint and ends with the same bytes. Knows no networks and no tables.

use serde::{Deserialize, Serialize};

use super::fitting::Fitting;
use super::losses::EpochLoss;
use super::saved::Saved;
use super::{SynthError, bits};
use crate::nets::state::State;

/// Checkpoints of a training; each costs a copy of all weights.
const CHECKPOINTS: usize = 25;

/// A loss beyond this has diverged; single precision may go on for a while before it overflows.
const BEYOND: f64 = 1e12;

/// Something that learns step by step.
pub trait Learner {
    /// One step; its losses by name, always in the same order.
    fn step(&mut self) -> Result<Vec<(&'static str, f64)>, SynthError>;

    /// Whether no step may follow, such as when a budget is used up; asked before each step.
    fn over(&self) -> bool {
        false
    }

    /// A figure of rows that are not learned from, smaller is better; asked after each epoch. None: no early stop.
    /// It must not move what later steps depend on.
    fn held_out(&mut self) -> Option<f64> {
        None
    }

    /// What the person who watches is told beside the losses.
    fn note(&self) -> Option<String> {
        None
    }

    /// Puts aside everything that later steps depend on: weights, moments, averages, counters, streams.
    fn put(&self, state: &mut State);

    /// Takes up what was put aside; none if it is not this learner's.
    fn take(&mut self, state: &State) -> Option<()>;

    /// What to change when a loss is no finite number.
    fn hint(&self) -> String {
        "lower learning_rate or raise batch".into()
    }
}

/// How long a training goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Course {
    pub epochs: usize,
    /// Steps an epoch.
    pub steps: usize,
    /// Epochs without a better held-out figure after which it stops; none: never.
    pub patience: Option<usize>,
}

/// How a training stands after an epoch.
#[derive(Default)]
struct Standing {
    /// Epochs done.
    done: usize,
    history: Vec<EpochLoss>,
    /// The best held-out figure, its epoch, and the learner then.
    best: Option<(f64, usize, State)>,
}

/// A [`Standing`] as it is saved.
#[derive(Serialize, Deserialize)]
struct About {
    course: Course,
    done: usize,
    history: Vec<EpochLoss>,
    #[serde(with = "bits::maybe")]
    best: Option<f64>,
    best_epoch: usize,
    notes: std::collections::BTreeMap<String, serde_json::Value>,
    best_notes: std::collections::BTreeMap<String, serde_json::Value>,
}

/// Takes `learner` through `course`, from the last checkpoint if there is one. With a held-out figure, the learner ends
/// as it was at its best; otherwise as it was last. The losses of all epochs that count.
pub fn train(learner: &mut dyn Learner, course: &Course, fitting: &Fitting) -> Result<Vec<EpochLoss>, SynthError> {
    let mut at = resume(learner, course, fitting).unwrap_or_default();
    if at.done > 0 {
        fitting.stage.note(&format!("taken up after epoch {}", at.done));
    }
    let every = course.epochs.div_ceil(CHECKPOINTS).max(1);
    while at.done < course.epochs && !tired(&at, course) && !learner.over() {
        let epoch = at.done + 1;
        let mut sums = EpochLoss::none(epoch);
        let mut steps = 0;
        for _ in 0..course.steps.max(1) {
            if (fitting.cancelled)() {
                return Err(SynthError::Cancelled { epoch });
            }
            if learner.over() {
                break;
            }
            let losses = learner.step()?;
            if let Some((which, _)) = losses.iter().find(|l| l.1.is_nan() || l.1.abs() > BEYOND) {
                return Err(SynthError::NonFinite { epoch, which_loss: which.to_string(), hint: learner.hint() });
            }
            sums.add(&losses);
            steps += 1;
        }
        let mut losses = sums.over(steps);
        if let Some(figure) = learner.held_out() {
            losses.add(&[("held_out", figure)]);
            if at.best.as_ref().is_none_or(|b| figure < b.0) {
                let mut state = State::default();
                learner.put(&mut state);
                at.best = Some((figure, epoch, state));
            }
        }
        let note = learner.note().map(|n| format!("; {n}")).unwrap_or_default();
        fitting.stage.note(&format!("{}{note}", losses.line()));
        fitting.stage.advance(epoch as u64);
        at.history.push(losses);
        at.done = epoch;
        if epoch.is_multiple_of(every) && epoch < course.epochs {
            fitting.checkpoints.keep(&save(learner, course, &at));
        }
    }
    if let Some((_, _, state)) = &at.best {
        learner.take(state).ok_or_else(|| SynthError::Corrupt("its best epoch cannot be taken up".into()))?;
    }
    fitting.stage.advance(course.epochs as u64);
    Ok(at.history)
}

/// Whether the held-out figure has not got better for long enough.
fn tired(at: &Standing, course: &Course) -> bool {
    match (&at.best, course.patience) {
        (Some((_, epoch, _)), Some(patience)) => at.done >= epoch + patience.max(1),
        _ => false,
    }
}

fn save(learner: &dyn Learner, course: &Course, at: &Standing) -> Vec<u8> {
    let mut now = State::default();
    learner.put(&mut now);
    let about = About {
        course: *course,
        done: at.done,
        history: at.history.clone(),
        best: at.best.as_ref().map(|b| b.0),
        best_epoch: at.best.as_ref().map_or(0, |b| b.1),
        notes: now.notes.clone(),
        best_notes: at.best.as_ref().map(|b| b.2.notes.clone()).unwrap_or_default(),
    };
    let mut tensors: Vec<_> = now.tensors.into_iter().map(|(n, m)| (format!("now/{n}"), m)).collect();
    if let Some((_, _, best)) = &at.best {
        tensors.extend(best.tensors.iter().map(|(n, m)| (format!("best/{n}"), m.clone())));
    }
    Saved::new("checkpoint", &about, tensors).to_bytes()
}

/// The standing at the last checkpoint, with the learner as it was then; none without a checkpoint of this course.
fn resume(learner: &mut dyn Learner, course: &Course, fitting: &Fitting) -> Option<Standing> {
    let saved = Saved::from_bytes(&fitting.checkpoints.last()?).ok()?;
    let about: About = saved.about().ok()?;
    if saved.kind != "checkpoint" || about.course != *course {
        return None;
    }
    let state = |prefix: &str, notes| {
        let tensors =
            saved.tensors.iter().filter_map(|(n, m)| Some((n.strip_prefix(prefix)?.to_string(), m.clone()))).collect();
        State { tensors, notes }
    };
    learner.take(&state("now/", about.notes))?;
    let best = about.best.map(|figure| (figure, about.best_epoch, state("best/", about.best_notes)));
    Some(Standing { done: about.done, history: about.history, best })
}

#[cfg(test)]
mod tests {
    use super::super::fitting::{Checkpoints, NoCheckpoints};
    use super::*;
    use crate::data::matrix::HostMatrix;
    use crate::nets::device::cpu;
    use crate::nets::noise;
    use crate::source::world::Silent;
    use crate::synth::killed::{Kept, after};
    use rand::RngExt;
    use rand_chacha::ChaCha8Rng;

    /// A walk whose held-out figure is lowest at step 60.
    struct Walk {
        x: f32,
        steps: u32,
        rng: ChaCha8Rng,
    }

    impl Walk {
        fn new() -> Walk {
            Walk { x: 0.0, steps: 0, rng: noise::stream(5, 1) }
        }
    }

    impl Learner for Walk {
        fn step(&mut self) -> Result<Vec<(&'static str, f64)>, SynthError> {
            self.x += self.rng.random::<f32>();
            self.steps += 1;
            Ok(vec![("x", f64::from(self.x))])
        }

        fn held_out(&mut self) -> Option<f64> {
            Some((f64::from(self.steps) - 60.0).abs())
        }

        fn put(&self, state: &mut State) {
            state.put("x", HostMatrix::filled(1, 1, self.x));
            state.note("steps", &self.steps);
            state.stream("rng", &self.rng);
        }

        fn take(&mut self, state: &State) -> Option<()> {
            self.x = *state.get("x")?.values.first()?;
            self.steps = state.noted("steps")?;
            self.rng = state.streamed("rng")?;
            Some(())
        }
    }

    fn fitting<'a>(
        device: &'a crate::nets::device::Picked,
        cancelled: &'a dyn Fn() -> bool,
        checkpoints: &'a dyn Checkpoints,
    ) -> Fitting<'a> {
        Fitting { device, stage: &Silent, cancelled, checkpoints }
    }

    #[test]
    fn it_stops_early_and_ends_as_it_was_at_its_best() {
        let (device, go) = (cpu(), || false);
        let mut walk = Walk::new();
        let course = Course { epochs: 100, steps: 4, patience: Some(5) };
        let history = train(&mut walk, &course, &fitting(&device, &go, &NoCheckpoints)).unwrap();
        assert_eq!((walk.steps, history.len()), (60, 20), "the best of 15 epochs, and 5 more");
        assert_eq!(history[14].get("held_out"), Some(0.0));
    }

    #[test]
    fn killed_anywhere_it_goes_on_to_the_same_bits() {
        let (device, go) = (cpu(), || false);
        let course = Course { epochs: 40, steps: 3, patience: Some(30) };
        let mut whole = Walk::new();
        let history = train(&mut whole, &course, &fitting(&device, &go, &NoCheckpoints)).unwrap();
        for kill in [1, 2, 7, 30, 61, 62, 100, 119] {
            let (kept, dies) = (Kept::default(), after(kill));
            let killed = train(&mut Walk::new(), &course, &fitting(&device, &dies, &kept));
            assert!(matches!(killed, Err(SynthError::Cancelled { .. })), "{kill}");
            let mut again = Walk::new();
            let later = train(&mut again, &course, &fitting(&device, &go, &kept)).unwrap();
            assert_eq!((again.x.to_bits(), again.steps), (whole.x.to_bits(), whole.steps), "{kill}");
            assert_eq!(later, history);
        }
    }

    #[test]
    fn a_checkpoint_of_another_course_is_not_taken_up() {
        let (device, go) = (cpu(), || false);
        let kept = Kept::default();
        let course = Course { epochs: 40, steps: 3, patience: None };
        train(&mut Walk::new(), &course, &fitting(&device, &go, &kept)).unwrap();
        assert!(kept.last().is_some());
        let other = Course { epochs: 41, ..course };
        let history = train(&mut Walk::new(), &other, &fitting(&device, &go, &kept)).unwrap();
        assert_eq!(history.len(), 41);
    }
}

//! What tests of generators share: fits that are killed at random moments and taken up again.

use super::{Asked, Checkpoints, Fitting, Generator, NoCheckpoints, SynthError};
use crate::data::frame::Frame;
use crate::metrics::resampling::{Lane, below, stream};
use crate::nets::device::cpu;
use crate::source::world::Silent;
use std::cell::{Cell, RefCell};

/// Keeps the newest checkpoint.
#[derive(Default)]
pub struct Kept(RefCell<Option<Vec<u8>>>);

impl Checkpoints for Kept {
    fn last(&self) -> Option<Vec<u8>> {
        self.0.borrow().clone()
    }

    fn keep(&self, bytes: &[u8]) {
        *self.0.borrow_mut() = Some(bytes.to_vec());
    }
}

/// Lets a fit go on for as many questions whether to stop.
pub fn after(questions: usize) -> impl Fn() -> bool {
    let asked = Cell::new(0);
    move || {
        asked.set(asked.get() + 1);
        asked.get() > questions
    }
}

/// A fit on the processor that nobody watches.
pub fn fit(
    frame: &Frame,
    asked: &Asked,
    cancelled: &dyn Fn() -> bool,
    checkpoints: &dyn Checkpoints,
) -> Result<Box<dyn Generator>, SynthError> {
    let device = cpu();
    super::fit(frame, asked, &Fitting { device: &device, stage: &Silent, cancelled, checkpoints })
}

/// Kills the fit at `times` random moments and asks that each goes on to the bytes of one that was never killed, and that
/// some of them had a checkpoint to go on from.
pub fn goes_on_to_the_same_bytes(frame: &Frame, asked: &Asked, times: usize) {
    let questions = Cell::new(0);
    let counted = || {
        questions.set(questions.get() + 1);
        false
    };
    let whole = fit(frame, asked, &counted, &NoCheckpoints).unwrap().save().to_bytes();
    let mut rng = stream(asked.seed, Lane::Draw, 1);
    let mut kept_any = false;
    for _ in 0..times {
        let moment = below(&mut rng, questions.get());
        let (kept, name) = (Kept::default(), format!("{} killed at {moment} of {}", asked.kind, questions.get()));
        assert!(matches!(fit(frame, asked, &after(moment), &kept), Err(SynthError::Cancelled { .. })), "{name}");
        kept_any |= kept.last().is_some();
        assert!(fit(frame, asked, &|| false, &kept).unwrap().save().to_bytes() == whole, "{name}");
    }
    assert!(kept_any, "no fit of {} had a checkpoint", asked.kind);
}

//! What a fit is given besides its data: a device, somebody who watches, and a place for checkpoints.

use crate::source::world::Stage;

/// Where numbers are worked out: a device that networks run on.
#[cfg(feature = "nets")]
pub type Place = crate::nets::device::Picked;
/// Without networks there is the processor alone.
#[cfg(not(feature = "nets"))]
#[derive(Debug, Clone, Default)]
pub struct Place;

/// A place that keeps the newest checkpoint of one fit.
pub trait Checkpoints {
    /// The newest one, from this run or one that was killed; none at the start.
    fn last(&self) -> Option<Vec<u8>>;
    /// Keeps one, in place of the one before. Losing it loses time only.
    fn keep(&self, bytes: &[u8]);
}

/// Keeps nothing.
pub struct NoCheckpoints;

impl Checkpoints for NoCheckpoints {
    fn last(&self) -> Option<Vec<u8>> {
        None
    }

    fn keep(&self, _bytes: &[u8]) {}
}

/// Beside the data and what is asked.
#[derive(Clone, Copy)]
pub struct Fitting<'a> {
    pub device: &'a Place,
    /// Counts what has been done; networks count epochs.
    pub stage: &'a dyn Stage,
    /// True once the person at the keyboard asked to stop.
    pub cancelled: &'a dyn Fn() -> bool,
    pub checkpoints: &'a dyn Checkpoints,
}

//! What comes before private training, the same for every network: the budget, a stand-in that is free to be looked
//! at, and the noise of the steps on rows, solved beforehand.
//!
//! Three quarters of the epochs learn from the stand-in, in plain steps that cost nothing, before the first row is looked at.
//! Knows no networks.

use super::privacy::Budget;
use super::privacy::accountant::Accounting;
use super::privacy::noise::Meter;
use super::{Fitting, Private, SynthError, graphical};
use crate::data::frame::Frame;

/// Share of the epochs that learn from the stand-in.
const FIRST: f64 = 0.75;
/// Rows of a private sample, in batches: the noise is the same in all of them, the signal is not.
const SAMPLE: usize = 4;

/// The length of a training.
#[derive(Debug, Clone, Copy)]
pub(super) struct Length {
    pub epochs: usize,
    /// Steps an epoch.
    pub steps: usize,
    /// Rows of a plain step.
    pub batch: usize,
}

/// Everything that a private training starts from.
pub(super) struct Prepared {
    /// Rows drawn from private marginals.
    pub stand_in: Frame,
    /// Has paid for the stand-in, and allows the private steps.
    pub meter: Meter,
    /// Steps on the stand-in before the private ones.
    pub plain: u64,
    /// Rows that a private sample has on average.
    pub expected: f64,
}

/// Spends a share of the budget on a stand-in of `frame` and solves the noise of the steps that the rest allows. Fails
/// where the noise would be larger than all that a step's rows can say.
pub(super) fn prepare(
    frame: &Frame,
    private: &Private,
    length: Length,
    label: Option<&str>,
    seed: u64,
    fitting: &Fitting,
) -> Result<Prepared, SynthError> {
    let budget = Budget::checked(private.epsilon, private.delta, frame.rows).map_err(SynthError::Private)?;
    let first = ((length.epochs as f64 * FIRST) as usize).min(length.epochs.saturating_sub(1)) * length.steps;
    let expected = (SAMPLE * length.batch).min(frame.rows) as f64;
    let (stand_in, paid) = graphical::stand_in(frame, budget, label, seed, fitting)?;
    let noisy = (length.epochs * length.steps - first) as u64;
    let rate = expected / frame.rows as f64;
    let meter = Meter::solve(budget, rate, noisy, paid, Accounting::Tight).map_err(SynthError::Private)?;
    if meter.sigma() > expected {
        return Err(SynthError::Hopeless { epsilon: budget.epsilon, sigma: meter.sigma(), batch: expected as usize });
    }
    fitting.stage.note(&format!(
        "private: σ = {:.2} for ε = {}, δ = {:e} in {noisy} steps",
        meter.sigma(),
        budget.epsilon,
        budget.delta
    ));
    Ok(Prepared { stand_in, meter, plain: first as u64, expected })
}

//! How much noise a budget takes, how many steps a noise allows, and a meter that stops in time.
//!
//! Every answer is checked with the accountant before it is given: a noise is never too small, a
//! number of steps never too large. Knows budgets and prices, no data.

use serde::{Deserialize, Serialize};

use super::accountant::{Accounting, Mechanism, Prices, epsilon};
use super::renyi::Curve;
use super::{Budget, PrivacyError, Unit};
use crate::synth::bits;

/// The noise found is at most this share above the least that would do.
pub const TOLERANCE: f64 = 1e-4;
/// No search goes beyond this noise multiplier.
const MOST_NOISE: f64 = 1e6;
/// Nor below this one.
const LEAST_NOISE: f64 = 0.01;
/// Nor beyond this many steps.
const MOST_STEPS: u64 = 1_000_000_000;

/// The most zero-concentrated ρ that keeps the budget, rounded down: what mechanisms may share that choose later steps by the
/// answers to earlier ones. 0 where none does.
pub fn rho_for(budget: Budget) -> f64 {
    let fits =
        |rho: f64| epsilon(&[Mechanism::Concentrated { rho }], budget.delta, Accounting::Renyi) <= budget.epsilon;
    let (mut lo, mut hi) = (0.0, 1.0);
    while fits(hi) && hi < MOST_NOISE {
        (lo, hi) = (hi, 2.0 * hi);
    }
    for _ in 0..60 {
        let middle = 0.5 * (lo + hi);
        if fits(middle) { lo = middle } else { hi = middle }
    }
    // What is added up from its parts may be larger by rounding.
    lo * (1.0 - 1e-9)
}

/// The least noise multiplier, within [`TOLERANCE`], at which `steps` on samples of rate `q`, after
/// what was spent `before` on the same units, keep the budget. At least 0.01.
pub fn sigma_for(
    budget: Budget,
    q: f64,
    steps: u64,
    before: &[Mechanism],
    accounting: Accounting,
) -> Result<f64, PrivacyError> {
    if !(q > 0.0 && q <= 1.0) {
        return Err(PrivacyError::BadParameter {
            what: "the sampling rate",
            value: q,
            allowed: "above 0 and at most 1",
        });
    }
    let cost = |sigma: f64, accounting| cost(budget.delta, q, sigma, steps, before, accounting);
    let fits = |sigma: f64, accounting| cost(sigma, accounting) <= budget.epsilon;
    let out_of_reach = PrivacyError::OutOfReach { epsilon: budget.epsilon, steps };
    let narrow = |mut lo: f64, mut hi: f64, accounting, tolerance: f64| {
        while hi / lo > 1.0 + tolerance {
            let middle = (lo * hi).sqrt();
            if fits(middle, accounting) { hi = middle } else { lo = middle }
        }
        hi
    };
    let enough = |accounting| {
        let doubled = (0..20).map(|k| f64::from(k).exp2());
        doubled.take_while(|s| *s <= MOST_NOISE).find(|s| fits(*s, accounting))
    };
    let Some(mut hi) = enough(Accounting::Renyi) else {
        // Below ε of about ln(1/δ) over the largest order, curves promise nothing.
        let hi = (accounting == Accounting::Tight).then(|| enough(accounting)).flatten().ok_or(out_of_reach)?;
        return Ok(narrow(0.5 * hi, hi, accounting, TOLERANCE));
    };
    let mut lo = 0.5 * hi;
    while lo > LEAST_NOISE && fits(lo, Accounting::Renyi) {
        hi = lo;
        lo *= 0.5;
    }
    if accounting == Accounting::Renyi {
        return Ok(narrow(lo, hi, accounting, TOLERANCE));
    }
    let hi = narrow(lo, hi, Accounting::Renyi, 0.01);
    let mut lo = 0.9 * hi;
    while lo > LEAST_NOISE && fits(lo, accounting) {
        lo *= 0.8;
    }
    Ok(narrow(lo, hi, accounting, TOLERANCE))
}

/// The most steps of noise `sigma` on samples of rate `q` that keep the budget after what was
/// spent `before`: 0 where not even one does, a thousand million where there is no limit.
pub fn steps_for(budget: Budget, q: f64, sigma: f64, before: &[Mechanism], accounting: Accounting) -> u64 {
    let (prices, step) = (Prices::of(before), Curve::subsampled_gaussian(q, sigma));
    let quick = |steps: u64| prices.then(&step.times(steps)).epsilon(budget.delta) <= budget.epsilon;
    let lo = most(0, quick);
    if accounting == Accounting::Renyi {
        return lo;
    }
    most(lo, |steps| cost(budget.delta, q, sigma, steps, before, accounting) <= budget.epsilon)
}

/// The largest number up to [`MOST_STEPS`] that fits, if those up to `lo` do.
fn most(mut lo: u64, fits: impl Fn(u64) -> bool) -> u64 {
    let mut hi = (lo + lo / 8).max(lo + 1).min(MOST_STEPS);
    while lo < MOST_STEPS && fits(hi) {
        lo = hi;
        hi = hi.saturating_mul(2).min(MOST_STEPS);
    }
    while hi - lo > 1 {
        let middle = lo + (hi - lo) / 2;
        if fits(middle) { lo = middle } else { hi = middle }
    }
    lo
}

fn cost(delta: f64, q: f64, sigma: f64, steps: u64, before: &[Mechanism], accounting: Accounting) -> f64 {
    let mut all = before.to_vec();
    all.push(Mechanism::SampledGaussian { q, sigma, steps });
    epsilon(&all, delta, accounting)
}

/// What a private training was, as it is saved and reported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trained {
    pub meter: Meter,
    pub unit: Unit,
    /// Largest norm of what a unit adds to a step.
    #[serde(with = "bits::one")]
    pub norm: f64,
}

/// Counts private steps and refuses the first that would overshoot. Its state is plain numbers: a
/// meter that was saved and read back goes on as if nothing had happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Meter {
    budget: Budget,
    before: Vec<Mechanism>,
    #[serde(with = "bits::one")]
    q: f64,
    #[serde(with = "bits::one")]
    sigma: f64,
    taken: u64,
    allowed: u64,
    accounting: Accounting,
}

impl Meter {
    /// A meter whose noise is solved for, so that `steps` fit.
    pub fn solve(
        budget: Budget,
        q: f64,
        steps: u64,
        before: Vec<Mechanism>,
        accounting: Accounting,
    ) -> Result<Meter, PrivacyError> {
        let sigma = sigma_for(budget, q, steps, &before, accounting)?;
        Ok(Meter { budget, before, q, sigma, taken: 0, allowed: steps, accounting })
    }

    /// A meter for a given noise: it allows as many steps as fit.
    pub fn with_noise(budget: Budget, q: f64, sigma: f64, before: Vec<Mechanism>, accounting: Accounting) -> Meter {
        let allowed = steps_for(budget, q, sigma, &before, accounting);
        Meter { budget, before, q, sigma, taken: 0, allowed, accounting }
    }

    /// A meter of `releases` that were made, with no step before or after them; refuses what is beyond the budget. The noise
    /// is reported as `sigma`.
    pub fn of_releases(budget: Budget, releases: Vec<Mechanism>, sigma: f64) -> Result<Meter, PrivacyError> {
        let accounting = Accounting::Tight;
        let would_be = epsilon(&releases, budget.delta, accounting);
        if would_be.is_nan() || would_be > budget.epsilon {
            return Err(PrivacyError::Overspent { what: "the release".into(), would_be, budget: budget.epsilon });
        }
        Ok(Meter { budget, before: releases, q: 1.0, sigma, taken: 0, allowed: 0, accounting })
    }

    /// Counts `steps` more, to be taken next; refuses, and counts none, if they would overshoot.
    pub fn take(&mut self, steps: u64) -> Result<(), PrivacyError> {
        let wanted = self.taken.saturating_add(steps);
        if wanted > self.allowed {
            let would_be = cost(self.budget.delta, self.q, self.sigma, wanted, &self.before, self.accounting);
            return Err(PrivacyError::Overspent {
                what: format!("step {wanted}"),
                would_be,
                budget: self.budget.epsilon,
            });
        }
        self.taken = wanted;
        Ok(())
    }

    /// Whether no further step fits.
    pub fn used_up(&self) -> bool {
        self.taken >= self.allowed
    }

    pub fn budget(&self) -> Budget {
        self.budget
    }

    /// Noise multiplier: noise over clipping norm.
    pub fn sigma(&self) -> f64 {
        self.sigma
    }

    /// Chance of each unit to be in a step's sample.
    pub fn rate(&self) -> f64 {
        self.q
    }

    /// Steps counted so far, and in all.
    pub fn steps(&self) -> (u64, u64) {
        (self.taken, self.allowed)
    }

    /// All mechanisms so far: those before, then the steps that were taken.
    pub fn mechanisms(&self) -> Vec<Mechanism> {
        let mut all = self.before.clone();
        if self.taken > 0 {
            all.push(Mechanism::SampledGaussian { q: self.q, sigma: self.sigma, steps: self.taken });
        }
        all
    }

    /// ε so far at the budget's δ.
    pub fn spent(&self) -> f64 {
        epsilon(&self.mechanisms(), self.budget.delta, self.accounting)
    }
}

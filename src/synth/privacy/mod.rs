//! Differential privacy: what it costs, how much noise it takes, and a book of what was spent.
//!
//! Everything here hides whether one unit (a person, say) is in the table: two tables are
//! neighbours when one has one unit more. ε is in nats. Results err on the safe side: an ε is an
//! upper bound, a noise is never too small, a budget is asked before it is spent. The random
//! numbers are double or single precision, so that the guarantee is one of real-number
//! mechanisms, as with every library for private training; counts have exact integer noise
//! (`mechanisms.rs`). Pure: no network, file or clock.

pub mod accountant;
pub mod audit;
pub mod clip;
mod fft;
pub mod ledger;
pub mod losses;
pub mod mechanisms;
pub mod noise;
pub mod pld;
pub mod renyi;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::synth::bits;

/// A limit on what may be learned about one unit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// Above 0, in nats.
    #[serde(with = "bits::one")]
    pub epsilon: f64,
    /// In (0, 1): chance that the promise of ε does not hold.
    #[serde(with = "bits::one")]
    pub delta: f64,
}

impl Budget {
    /// A budget for a table of `units`, or what is wrong with it. A δ of 1/n or more would
    /// allow a mechanism that publishes one of n units at random.
    pub fn checked(epsilon: f64, delta: f64, units: usize) -> Result<Budget, PrivacyError> {
        if !(epsilon > 0.0 && epsilon.is_finite()) {
            return Err(PrivacyError::BadEpsilon(epsilon));
        }
        if !(delta > 0.0 && delta < 1.0) {
            return Err(PrivacyError::BadDelta(delta));
        }
        if units > 0 && delta >= 1.0 / units as f64 {
            return Err(PrivacyError::LooseDelta { delta, units });
        }
        Ok(Budget { epsilon, delta })
    }
}

/// Whose presence is hidden.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    /// All rows of one person.
    Person,
    /// One row, whoever it is about.
    Record,
    /// All rows of one household.
    Household,
    /// All rows of one person within a period, in the words of the script: `30 days`.
    Window(String),
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unit::Person => f.write_str("person"),
            Unit::Record => f.write_str("record"),
            Unit::Household => f.write_str("household"),
            Unit::Window(period) => write!(f, "person and {period}"),
        }
    }
}

/// Why something private cannot be done.
#[derive(Debug, Clone, PartialEq)]
pub enum PrivacyError {
    BadEpsilon(f64),
    BadDelta(f64),
    /// δ is not below one over the number of units.
    LooseDelta {
        delta: f64,
        units: usize,
    },
    /// A parameter of a mechanism is outside what it is defined for.
    BadParameter {
        what: &'static str,
        value: f64,
        allowed: &'static str,
    },
    /// No noise is enough for this target.
    OutOfReach {
        epsilon: f64,
        steps: u64,
    },
    /// What is asked for would overshoot the budget; nothing was spent.
    Overspent {
        what: String,
        would_be: f64,
        budget: f64,
    },
}

impl fmt::Display for PrivacyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PrivacyError::BadEpsilon(e) => write!(f, "epsilon must be a number above 0, not {e}"),
            PrivacyError::BadDelta(d) => write!(f, "delta must lie between 0 and 1, both excluded; it is {d}"),
            PrivacyError::LooseDelta { delta, units } => write!(
                f,
                "delta is {delta:e} for {units} units; it must be below 1/{units} = {:.2e}, otherwise publishing \
                 someone at random would count as private",
                1.0 / *units as f64
            ),
            PrivacyError::BadParameter { what, value, allowed } => write!(f, "{what} is {value}; it must be {allowed}"),
            PrivacyError::OutOfReach { epsilon, steps } => write!(
                f,
                "no noise keeps {steps} steps within epsilon = {epsilon}; allow more, or take fewer steps or smaller \
                 samples"
            ),
            PrivacyError::Overspent { what, would_be, budget } => write!(
                f,
                "{what} would bring epsilon to {would_be:.4}, beyond the budget of {budget}; nothing was spent"
            ),
        }
    }
}

impl std::error::Error for PrivacyError {}

//! Generators of synthetic tables.
//!
//! A generator learns a [`Frame`] and draws new rows from what it learned; rows can be asked for
//! by level (`Given`). This room knows frames, numbers and networks; it opens no file and looks at
//! no clock. The names here hold without the `nets` feature; fitting needs it.

pub mod asked;
pub mod bits;
pub mod calibrate;
pub mod condition;
pub mod controls;
pub mod encoder;
pub mod fitting;
pub mod graphical;
pub mod kinds;
pub mod losses;
pub mod mixture;
pub mod number;
pub mod privacy;
pub mod requests;
pub mod saved;
pub mod settings;
pub mod visits;

#[cfg(test)]
#[cfg(feature = "nets")]
mod killed;

#[cfg(feature = "nets")]
pub mod argn;
#[cfg(feature = "nets")]
pub mod discgan;
#[cfg(feature = "nets")]
pub mod fair;
#[cfg(feature = "nets")]
pub mod gan;
#[cfg(feature = "nets")]
pub mod plan;
#[cfg(feature = "nets")]
mod prepared;
#[cfg(feature = "nets")]
mod private;
#[cfg(feature = "nets")]
pub mod sample;
#[cfg(feature = "nets")]
pub mod stored;
#[cfg(feature = "nets")]
pub mod training;
#[cfg(feature = "nets")]
pub mod vae_gan;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::data::frame::Frame;
use privacy::PrivacyError;
use privacy::noise::Trained;
use saved::Saved;

pub use asked::{Asked, Private, Roles};
pub use fitting::{Checkpoints, Fitting, NoCheckpoints};
pub use kinds::{fit, load};
pub use losses::EpochLoss;
pub use settings::FitSettings;

/// A fitted generator.
pub trait Generator: Send + Sync {
    /// The name of the method, for results: `conditional_gan`.
    fn kind(&self) -> &'static str;

    /// Draws `n` rows: first those of `given`, in its order, then rows as the table has them.
    /// Equal arguments give equal bytes.
    fn sample(&self, n: usize, given: &Given, seed: u64) -> Result<Frame, SynthError>;

    /// What the training cost in privacy; none for a generator that promises none.
    fn privacy(&self) -> Option<&Trained> {
        None
    }

    /// The mean losses of each epoch of the fit; empty where nothing is trained.
    fn history(&self) -> &[EpochLoss];

    /// What it is, for people: `("weights", "61,232")`, in reading order.
    fn describe(&self) -> Vec<(String, String)>;

    /// Everything that sampling needs; [`load`] makes the same generator of it.
    fn save(&self) -> Saved;
}

/// The rows a sample must contain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    pub parts: Vec<GivenPart>,
}

/// `rows` rows that all have `levels`: pairs of a category column and a level's index in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenPart {
    pub levels: Vec<(String, usize)>,
    pub rows: usize,
}

impl Given {
    /// No request: rows come as the table has them.
    pub fn nothing() -> Given {
        Given::default()
    }

    /// The same request with one more part.
    pub fn and(mut self, levels: &[(&str, usize)], rows: usize) -> Given {
        let levels = levels.iter().map(|(name, level)| (name.to_string(), *level)).collect();
        self.parts.push(GivenPart { levels, rows });
        self
    }

    /// `n` rows split in proportion to non-negative shares, rounded by largest remainders so that
    /// they add up to `n` exactly; shares that add up to nothing give no request.
    pub fn shares(n: usize, parts: &[(Vec<(String, usize)>, f64)]) -> Given {
        let weight = |share: f64| if share.is_finite() { share.max(0.0) } else { 0.0 };
        let total: f64 = parts.iter().map(|p| weight(p.1)).sum();
        if total <= 0.0 {
            return Given::nothing();
        }
        let exact: Vec<f64> = parts.iter().map(|p| n as f64 * weight(p.1) / total).collect();
        let mut rows: Vec<usize> = exact.iter().map(|x| x.floor() as usize).collect();
        let mut order: Vec<usize> = (0..parts.len()).collect();
        let rest = |i: &usize| exact[*i] - exact[*i].floor();
        order.sort_by(|a, b| rest(b).total_cmp(&rest(a)).then(a.cmp(b)));
        let short = n.saturating_sub(rows.iter().sum());
        for i in order.into_iter().take(short) {
            rows[i] += 1;
        }
        let parts =
            parts.iter().zip(rows).map(|((levels, _), rows)| GivenPart { levels: levels.clone(), rows }).collect();
        Given { parts }
    }

    /// Rows asked for in all.
    pub fn rows(&self) -> usize {
        self.parts.iter().map(|p| p.rows).sum()
    }
}

/// Why a generator could not be fitted, read or sampled.
#[derive(Debug, Clone, PartialEq)]
pub enum SynthError {
    /// There is nothing to learn from.
    Empty,
    /// The person at the keyboard asked to stop during this epoch, counted from 1.
    Cancelled { epoch: usize },
    /// A loss became infinite or not a number: the fit diverged.
    NonFinite { epoch: usize, which_loss: String, hint: String },
    /// A budget that cannot be kept, or that promises nothing.
    Private(PrivacyError),
    /// Private training must not look for the range of this number itself.
    NoRange { column: String },
    /// The noise that the budget takes would be larger than all that a step's rows can say.
    Hopeless { epsilon: f64, sigma: f64, batch: usize },
    /// A request the generator cannot meet, with the way out.
    Unsupported(String),
    /// Saved bytes that are no generator of this version.
    Corrupt(String),
}

impl fmt::Display for SynthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SynthError::Empty => f.write_str(
                "the table has no rows or no columns to learn from; check the filter or the path \
                 it comes from",
            ),
            SynthError::Cancelled { epoch } => {
                write!(f, "stopped on request in epoch {epoch}; it goes on from the last checkpoint")
            }
            SynthError::NonFinite { epoch, which_loss, hint } => write!(
                f,
                "the fit diverged: the {which_loss} loss is no finite number in epoch {epoch}; \
                 {hint}"
            ),
            SynthError::Private(why) => why.fmt(f),
            SynthError::NoRange { column } => write!(
                f,
                "column {column} has no declared range, and a range read off the data would tell about single \
                 people; declare one, or leave the column out"
            ),
            SynthError::Hopeless { epsilon, sigma, batch } => write!(
                f,
                "epsilon = {epsilon} takes noise of {sigma:.0} times what one row may add, among {batch} rows at a \
                 time: nothing could be learned; allow more, take fewer epochs, or more rows at a time"
            ),
            SynthError::Unsupported(why) => f.write_str(why),
            SynthError::Corrupt(why) => {
                write!(f, "the saved generator cannot be read: {why}; fit it again")
            }
        }
    }
}

impl std::error::Error for SynthError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up() {
        let part = |level| vec![("race".to_string(), level)];
        let given = Given::shares(10, &[(part(0), 1.0), (part(1), 1.0), (part(2), 1.0)]);
        let rows: Vec<usize> = given.parts.iter().map(|p| p.rows).collect();
        assert_eq!(rows, vec![4, 3, 3]);
        assert_eq!(Given::shares(10, &[(part(0), f64::NAN)]), Given::nothing());
    }

    #[test]
    fn errors_name_a_way_out_and_end_without_a_stop() {
        let diverged =
            SynthError::NonFinite { epoch: 2, which_loss: "critic".into(), hint: "lower learning_rate".into() };
        for error in [SynthError::Empty, SynthError::Cancelled { epoch: 3 }, diverged] {
            let text = error.to_string();
            assert!(!text.ends_with('.') && text.chars().next().is_some_and(char::is_lowercase));
        }
    }
}

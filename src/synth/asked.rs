//! What a script asks of a generator, read off its declaration.
//!
//! The checker knows which settings a kind takes and their ranges (`check/generators.rs`); here they are plain
//! values by name, and each kind gives its own defaults. Knows no syntax.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::bits;
use super::privacy::Unit;

/// What a private fit is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Private {
    /// In nats, above 0.
    #[serde(with = "bits::one")]
    pub epsilon: f64,
    /// Below one over the number of rows.
    #[serde(with = "bits::one")]
    pub delta: f64,
    /// Whose presence is hidden; every one has one row.
    pub unit: Unit,
    /// Largest norm of what a row adds to a step's gradient; the noise is in units of it.
    #[serde(with = "bits::one")]
    pub norm: f64,
}

/// What columns of the frame are for, as the schema declares it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Roles {
    /// The outcome, if it is among the columns that are learned.
    pub label: Option<String>,
    /// Protected attributes among them, in the order of the schema.
    pub protected: Vec<String>,
}

/// A generator's declaration.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Asked {
    /// `bt_gan`, …
    pub kind: String,
    /// Seed of every random choice of the fit.
    pub seed: u64,
    /// Settings that are numbers; a flag is 0 or 1.
    pub numbers: BTreeMap<String, f64>,
    /// Settings that are words or names of columns.
    pub words: BTreeMap<String, Vec<String>>,
    /// Differential privacy of the fit; none: no promise.
    pub private: Option<Private>,
    pub roles: Roles,
}

impl Asked {
    /// A declaration without settings.
    pub fn plain(kind: &str, seed: u64) -> Asked {
        Asked { kind: kind.to_string(), seed, ..Asked::default() }
    }

    /// The number that a setting has, or its default.
    pub fn number(&self, name: &str, default: f64) -> f64 {
        self.numbers.get(name).copied().unwrap_or(default)
    }

    /// The same as a count; the checker has seen that it is none below 0.
    pub fn count(&self, name: &str, default: usize) -> usize {
        self.numbers.get(name).map_or(default, |v| v.max(0.0) as usize)
    }

    /// The word that a setting has, or its default.
    pub fn word<'a>(&'a self, name: &str, default: &'a str) -> &'a str {
        self.words.get(name).and_then(|w| w.first()).map_or(default, String::as_str)
    }

    /// The same declaration with one number more.
    pub fn with(mut self, name: &str, value: f64) -> Asked {
        self.numbers.insert(name.to_string(), value);
        self
    }
}

//! A metric's value is an estimate: value, interval, n and, where there is one, a noise floor.

use super::count::Count;
use serde::{Deserialize, Serialize};

/// Why a figure has no value. Carried, never turned into 0 or NaN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undefined {
    /// The reason in words of the domain, for example `no row has race == asian`.
    pub reason: String,
}

impl Undefined {
    pub fn new(reason: impl Into<String>) -> Self {
        Undefined { reason: reason.into() }
    }
}

/// An interval around an estimate and how it was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    pub lo: f64,
    pub hi: f64,
    /// Confidence level, for example 0.95.
    pub level: f64,
    /// `wilson`, `delong`, `normal`, `newcombe`, `bootstrap percentile (1000)` …
    pub method: String,
}

/// The value of one group that an estimate was made from (for example a selection rate by sex).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    pub group: String,
    pub value: Option<f64>,
    pub interval: Option<Interval>,
    /// A small number of patients is not shown.
    pub n: Count,
}

/// A figure with its uncertainty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    pub value: f64,
    pub interval: Option<Interval>,
    /// Rows that the figure was computed from.
    pub n: usize,
    /// What a perfect model would score at this n (expected value), where the metric has one.
    pub noise_floor: Option<f64>,
    /// The groups behind the figure in the order of the declaration, or further figures of the same
    /// computation (a statistic beside its p value).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// What a reader should know about the value, for example a rate set to 0 for want of rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl Estimate {
    /// A bare value over `n` rows.
    pub fn plain(value: f64, n: usize) -> Self {
        Estimate { value, interval: None, n, noise_floor: None, parts: Vec::new(), notes: Vec::new() }
    }

    /// The same with one more named figure.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: f64) -> Self {
        let value = if value.is_nan() { None } else { Some(value) };
        self.parts.push(Part { group: name.into(), value, interval: None, n: self.n.into() });
        self
    }

    /// The same with one more remark.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// A named figure of this estimate.
    pub fn part(&self, name: &str) -> Option<f64> {
        self.parts.iter().find(|p| p.group == name)?.value
    }
}

/// What a kernel returns.
pub type Measured = Result<Estimate, Undefined>;

/// A figure over phi rows that rests on one of them is that person's value, whatever its formula.
pub fn withhold_single(measured: Measured, is_phi: bool) -> Measured {
    match measured {
        Ok(e) if is_phi && e.n == 1 => {
            Err(Undefined::new("it rests on a single row, and the data is phi: it would be one person's value"))
        }
        other => other,
    }
}

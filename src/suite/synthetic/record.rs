//! The records of a synthetic-data report: what `results.json` holds of it under `synthetic`.

use crate::eval::count::Count;
use crate::eval::estimate::{Interval, Measured};
use serde::{Deserialize, Serialize};

/// What was measured of one generator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SyntheticReport {
    pub generator: String,
    pub kind: String,
    pub dataset: String,
    /// Rows that the generator of this report learned.
    pub train_rows: Count,
    /// Rows that it never saw.
    pub holdout_rows: Count,
    pub synthetic_rows: usize,
    pub label: Option<String>,
    pub protected: Vec<String>,
    /// Names of the controls, in the order of each line's `floors`.
    pub controls: Vec<String>,
    /// How it was made, sentence by sentence.
    pub notes: Vec<String>,
    pub sections: Vec<Section>,
    pub columns: Vec<ColumnShape>,
    pub pairs: Vec<PairTrend>,
    /// Distances to the closest training record; none where the rows have no distance.
    pub distances: Option<Distances>,
    pub subgroups: Vec<Subgroup>,
    pub missing: Vec<MissingRate>,
    pub missing_together: Vec<MissingTogether>,
    pub rules: Vec<RuleResult>,
}

/// Figures about one question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Section {
    /// `fidelity`, `utility`, `privacy`, `fairness`, `coverage`, `missingness`, `validity`.
    pub name: String,
    /// What is worst and why, in words.
    pub says: String,
    pub lines: Vec<Line>,
}

/// One figure: of the generator, of real rows and of the controls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// `column_shapes`, `dpd(sex)` …
    pub figure: String,
    /// The same for people.
    pub title: String,
    pub aim: Aim,
    /// A distance that looks like evidence of privacy and is none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sanity_check: bool,
    pub own: Figure,
    /// What real rows score in place of the synthetic ones.
    pub ceiling: Figure,
    /// What the controls score, in the order of the report's `controls`.
    pub floors: Vec<Figure>,
}

/// Where a figure should lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aim {
    Higher,
    Lower,
    /// One half: nothing can be told apart.
    Half,
    /// Where real rows lie.
    LikeReal,
}

impl Aim {
    /// `higher is better` …
    pub fn words(self) -> &'static str {
        match self {
            Aim::Higher => "higher is better",
            Aim::Lower => "lower is better",
            Aim::Half => "0.5 is best",
            Aim::LikeReal => "best where real rows lie",
        }
    }
}

/// A value with its interval, or why there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    pub value: Option<f64>,
    pub interval: Option<Interval>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undefined: Option<String>,
}

impl Figure {
    /// A figure without value.
    pub fn undefined(why: impl Into<String>) -> Figure {
        Figure { value: None, interval: None, notes: Vec::new(), undefined: Some(why.into()) }
    }
}

impl From<Measured> for Figure {
    fn from(measured: Measured) -> Figure {
        match measured {
            Ok(e) if e.value.is_finite() => {
                let interval = e.interval.filter(|i| i.lo.is_finite() && i.hi.is_finite());
                Figure { value: Some(e.value), interval, notes: e.notes, undefined: None }
            }
            Ok(_) => Figure::undefined("the figure is infinite"),
            Err(why) => Figure::undefined(why.reason),
        }
    }
}

/// How alike a column is: 1 less Kolmogorov-Smirnov or total variation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnShape {
    pub column: String,
    pub shape: Option<f64>,
    /// Of real rows against real rows.
    pub ceiling: Option<f64>,
}

/// How alike the dependence of two columns is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairTrend {
    pub a: String,
    pub b: String,
    pub trend: Option<f64>,
}

/// Shares of rows by their distance to the closest training record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Distances {
    /// Bounds of equal bins from 0, in standard deviations; the last bin also holds what lies beyond.
    pub edges: Vec<f64>,
    pub synthetic: Vec<f64>,
    /// Of rows that the generator never saw.
    pub holdout: Vec<f64>,
}

/// A category, or a cell of protected columns and label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Subgroup {
    /// `sex = F`, `sex = F, died = true`.
    pub name: String,
    /// Whether protected columns make it.
    pub protected: bool,
    /// Real training rows of it.
    pub real_rows: Count,
    pub real: Option<f64>,
    pub synthetic: f64,
    /// Natural log of the odds of the synthetic share by those of the real one; half a row is added to each count.
    pub log_disparity: Option<f64>,
    pub interval: Option<Interval>,
    /// Real rows have it, synthetic rows do not.
    pub lost: bool,
}

/// Share of missing cells of a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MissingRate {
    pub column: String,
    pub real: Option<f64>,
    pub synthetic: f64,
}

/// P(`column` is missing, given that `given` is).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MissingTogether {
    pub column: String,
    pub given: String,
    pub real: Option<f64>,
    /// None where no synthetic row lacks `given`.
    pub synthetic: Option<f64>,
}

/// A rule of the schema over the synthetic rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleResult {
    pub rule: String,
    /// Synthetic rows that break it.
    pub broken: usize,
}

//! What every model of this room shares: the trait of a trained model, its errors in plain words, the
//! checks of a training frame and the logistic function. Knows no particular model.

use crate::data::frame::{Frame, FrameKind};
use std::fmt;

/// A model that has been trained.
pub trait Fitted: Send + Sync {
    /// The probability of the outcome for every row. The frame has the training columns by name, in any
    /// order; a level that training did not see counts as missing.
    fn predict(&self, frame: &Frame) -> Result<Vec<f64>, ModelError>;
}

/// Why a model cannot be trained or cannot predict.
#[derive(Debug, Clone, PartialEq)]
pub enum ModelError {
    /// There is nothing to learn from.
    NoRows,
    /// There is nothing to predict from.
    NoFeatures,
    /// Rows and outcomes do not match.
    Lengths { rows: usize, outcomes: usize },
    /// A column is shorter or longer than its table.
    Ragged { column: String, rows: usize, values: usize },
    /// Every training row has the same outcome.
    OneOutcome { outcome: bool, rows: usize },
    /// A training column is not in the table to predict.
    NoColumn { column: String },
    /// A column was numbers in training and categories now, or the other way round.
    OtherKind { column: String },
    /// A number is infinite, or a category code has no level.
    BadValue { column: String, row: usize },
    /// A setting is outside its range.
    BadSetting { setting: &'static str, requirement: &'static str },
    /// The optimiser did not settle.
    NotSettled { steps: usize },
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ModelError::NoRows => write!(f, "there are no rows to learn from"),
            ModelError::NoFeatures => write!(f, "there is no feature to learn from"),
            ModelError::Lengths { rows, outcomes } => {
                write!(f, "there are {rows} rows but {outcomes} outcomes")
            }
            ModelError::Ragged { column, rows, values } => {
                write!(f, "`{column}` has {values} values in a table of {rows} rows")
            }
            ModelError::OneOutcome { outcome, rows } => {
                let which = if *outcome { "have" } else { "lack" };
                write!(f, "all {rows} training rows {which} the outcome, so there is nothing to tell apart")
            }
            ModelError::NoColumn { column } => {
                write!(f, "the model was trained with `{column}`, which this table lacks")
            }
            ModelError::OtherKind { column } => {
                write!(f, "`{column}` was of another kind (number or category) in training")
            }
            ModelError::BadValue { column, row } => {
                write!(f, "`{column}` in row {row} is neither missing nor a usable value")
            }
            ModelError::BadSetting { setting, requirement } => {
                write!(f, "the setting `{setting}` must be {requirement}")
            }
            ModelError::NotSettled { steps } => {
                write!(f, "the coefficients did not settle within {steps} steps")
            }
        }
    }
}

impl std::error::Error for ModelError {}

/// Refuses a frame whose columns do not have as many values as it has rows, infinite numbers and codes
/// without a level.
pub(crate) fn check_frame(frame: &Frame) -> Result<(), ModelError> {
    for column in &frame.columns {
        if column.values.len() != frame.rows {
            return Err(ModelError::Ragged {
                column: column.name.clone(),
                rows: frame.rows,
                values: column.values.len(),
            });
        }
        let usable = |v: f64| match &column.kind {
            FrameKind::Number { .. } => !v.is_infinite(),
            FrameKind::Category { levels } => v.is_nan() || (v >= 0.0 && v.fract() == 0.0 && v < levels.len() as f64),
        };
        if let Some(row) = column.values.iter().position(|&v| !usable(v)) {
            return Err(ModelError::BadValue { column: column.name.clone(), row: row + 1 });
        }
    }
    Ok(())
}

/// Refuses training data that no model can learn from.
pub(crate) fn check_training(frame: &Frame, y: &[bool]) -> Result<(), ModelError> {
    if frame.columns.is_empty() {
        return Err(ModelError::NoFeatures);
    }
    if frame.rows == 0 {
        return Err(ModelError::NoRows);
    }
    if frame.rows != y.len() {
        return Err(ModelError::Lengths { rows: frame.rows, outcomes: y.len() });
    }
    check_frame(frame)?;
    match y.first() {
        Some(&outcome) if y.iter().all(|&v| v == outcome) => Err(ModelError::OneOutcome { outcome, rows: y.len() }),
        _ => Ok(()),
    }
}

/// The logistic function.
pub(crate) fn logistic(x: f64) -> f64 {
    // Both branches keep the exponent negative, so nothing overflows.
    if x >= 0.0 {
        1.0 / (1.0 + (-x).exp())
    } else {
        let e = x.exp();
        e / (1.0 + e)
    }
}

/// ln(1 + exp(x)) without overflow.
pub(crate) fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

//! What every kernel asks of its inputs before it computes, with refusals in words of the domain.
//!
//! Knows lengths and values only; which metric asks is not its business. Rows count from 1.

use crate::eval::estimate::Undefined;

/// Refuses nothing to measure.
pub(crate) fn not_empty(n: usize) -> Result<(), Undefined> {
    if n == 0 { Err(Undefined::new("there are no rows")) } else { Ok(()) }
}

/// Refuses inputs that do not describe the same rows.
pub(crate) fn same_length(left: (&str, usize), right: (&str, usize)) -> Result<(), Undefined> {
    if left.1 == right.1 {
        return Ok(());
    }
    Err(Undefined::new(format!("there are {} {} but {} {}", left.1, left.0, right.1, right.0)))
}

/// Refuses probabilities that are missing or lie outside 0..1.
pub(crate) fn probabilities(p: &[f64]) -> Result<(), Undefined> {
    match p.iter().position(|v| !(0.0..=1.0).contains(v)) {
        None => Ok(()),
        Some(i) => Err(Undefined::new(match p.get(i) {
            Some(v) if !v.is_nan() => {
                format!("the probability in row {} is {v}, outside 0 to 1", i + 1)
            }
            _ => format!("the probability in row {} is missing", i + 1),
        })),
    }
}

/// Refuses scores that are missing or infinite.
pub(crate) fn finite(what: &str, x: &[f64]) -> Result<(), Undefined> {
    match x.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(i) => Err(Undefined::new(match x.get(i) {
            Some(v) if !v.is_nan() => format!("the {what} in row {} is infinite", i + 1),
            _ => format!("the {what} in row {} is missing", i + 1),
        })),
    }
}

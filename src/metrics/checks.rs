//! What every kernel asks of its inputs before it computes, with refusals in words of the domain.
//!
//! Knows lengths and values only; which metric asks is not its business. Rows count from 1.

use crate::eval::estimate::Undefined;
use crate::eval::held::Scores;
use crate::eval::vector::wide;
use rayon::prelude::*;

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

/// Whether every value is fine: all of a stretch are looked at, side by side and on all cores.
pub(crate) fn all<T: Copy + Sync>(x: &[T], fine: impl Fn(T) -> bool + Sync) -> bool {
    const STRETCH: usize = 1 << 15;
    let one = |x: &[T]| wide(|| x.iter().fold(true, |all, v| all & fine(*v)));
    if x.len() <= STRETCH { one(x) } else { x.par_chunks(STRETCH).all(one) }
}

/// The same in either storage.
pub(crate) fn finite_scores(what: &str, x: Scores) -> Result<(), Undefined> {
    match x {
        Scores::Wide(x) if all(x, f64::is_finite) => Ok(()),
        Scores::Wide(x) => finite(what, x),
        Scores::Narrow(x) if all(x, |v| v.is_finite()) => Ok(()),
        Scores::Narrow(x) => finite(what, &x.iter().map(|v| f64::from(*v)).collect::<Vec<_>>()),
    }
}

/// Refuses probabilities that are missing or lie outside 0..1, in either storage.
pub(crate) fn probability_scores(p: Scores) -> Result<(), Undefined> {
    match p {
        Scores::Wide(p) if all(p, |v| (0.0..=1.0).contains(&v)) => Ok(()),
        Scores::Wide(p) => probabilities(p),
        Scores::Narrow(p) if all(p, |v| (0.0..=1.0).contains(&v)) => Ok(()),
        Scores::Narrow(p) => probabilities(&p.iter().map(|v| f64::from(*v)).collect::<Vec<_>>()),
    }
}

/// Refuses row weights that are missing, infinite or negative, weights that are all 0, and weights whose
/// sum is too large for a number.
pub(crate) fn weights(w: Option<&[f64]>, n: usize) -> Result<(), Undefined> {
    let Some(w) = w else { return Ok(()) };
    same_length(("weights", w.len()), ("rows", n))?;
    finite("weight", w)?;
    if let Some(row) = w.iter().position(|&v| v < 0.0) {
        return Err(Undefined::new(format!("the weight in row {} is negative", row + 1)));
    }
    if n > 0 && w.iter().all(|&v| v == 0.0) {
        return Err(Undefined::new("every weight is 0"));
    }
    if !w.iter().sum::<f64>().is_finite() {
        return Err(Undefined::new("the weights are too large to be added up"));
    }
    Ok(())
}

/// One of the words that a setting takes.
pub(crate) fn word<T: Copy>(what: &str, given: &str, words: &[(&str, T)]) -> Result<T, Undefined> {
    words.iter().find(|(name, _)| *name == given).map(|(_, v)| *v).ok_or_else(|| {
        let known: Vec<String> = words.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        Undefined::new(format!("{what} is {}, not \"{given}\"", known.join(" or ")))
    })
}

/// The weighted mean of `x`; every row counts alike without weights.
pub(crate) fn weighted_mean(x: &[f64], w: Option<&[f64]>) -> f64 {
    use crate::eval::aggregate::sum;
    match w {
        None => sum(x) / x.len() as f64,
        Some(w) => {
            let products: Vec<f64> = x.iter().zip(w).map(|(x, w)| x * w).collect();
            sum(&products) / sum(w)
        }
    }
}

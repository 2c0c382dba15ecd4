//! Scores of probabilities against outcomes: log loss, Brier score with weights or several classes,
//! top-k accuracy, net benefit.

use crate::eval::estimate::{Estimate, Measured, Undefined};
use crate::eval::held::Scores;
use crate::metrics::checks::{self, weighted_mean};
use crate::metrics::curves::check_classes;
use crate::metrics::passes;
use arrow_buffer::BooleanBuffer;

fn check(p: &[f64], y: &[bool], w: Option<&[f64]>) -> Result<(), Undefined> {
    checks::same_length(("probabilities", p.len()), ("outcomes", y.len()))?;
    checks::not_empty(y.len())?;
    checks::probabilities(p)?;
    checks::weights(w, y.len())
}

fn clipped(clip: f64) -> Result<impl Fn(f64) -> f64, Undefined> {
    if !(0.0..0.5).contains(&clip) {
        return Err(Undefined::new(format!("probabilities are clipped by {clip}, not by 0 to 1/2")));
    }
    Ok(move |p: f64| p.clamp(clip, 1.0 - clip))
}

/// The weighted Brier score: the mean squared distance of probability and outcome.
pub fn brier(p: &[f64], y: &[bool], w: Option<&[f64]>) -> Measured {
    check(p, y, w)?;
    let errors: Vec<f64> = p.iter().zip(y).map(|(p, &y)| (p - f64::from(u8::from(y))).powi(2)).collect();
    Ok(Estimate::plain(weighted_mean(&errors, w), y.len()))
}

/// The mean negative log likelihood in nats. Probabilities are first brought into clip..1 - clip, since
/// one certain and wrong answer would make it infinite; with a clip of 0 it is then refused.
pub fn log_loss(p: &[f64], y: &[bool], w: Option<&[f64]>, clip: f64) -> Measured {
    check(p, y, w)?;
    let clipped = clipped(clip)?;
    let losses: Vec<f64> = p.iter().zip(y).map(|(&p, &y)| -clipped(if y { p } else { 1.0 - p }).ln()).collect();
    finite_mean(&losses, w, y.len())
}

/// [`log_loss`] of rows that count alike, from their own storage.
pub fn log_loss_of(p: Scores, y: &BooleanBuffer, clip: f64) -> Measured {
    checks::same_length(("probabilities", p.len()), ("outcomes", y.len()))?;
    checks::not_empty(y.len())?;
    checks::probability_scores(p)?;
    let clipped = clipped(clip)?;
    let sum = passes::sum_of(p, y, |p, y| -clipped(if y { p } else { 1.0 - p }).ln());
    finite(sum / y.len() as f64, y.len())
}

fn finite_mean(losses: &[f64], w: Option<&[f64]>, n: usize) -> Measured {
    finite(weighted_mean(losses, w), n)
}

fn finite(value: f64, n: usize) -> Measured {
    if value.is_finite() {
        return Ok(Estimate::plain(value, n));
    }
    Err(Undefined::new("a row is certain and wrong, so its loss is infinite"))
}

/// The note on rows of class probabilities that do not add up to 1.
fn sums(p: &[&[f64]], n: usize) -> Option<String> {
    let off = (0..n).filter(|&row| (p.iter().map(|c| c[row]).sum::<f64>() - 1.0).abs() > 1e-6).count();
    (off > 0).then(|| format!("the probabilities of {off} rows do not add up to 1"))
}

/// Log loss of several classes, one column a class; the probability of the true class counts.
pub fn multiclass_log_loss(p: &[&[f64]], y: &[u32], w: Option<&[f64]>, clip: f64) -> Measured {
    check_classes(p, y)?;
    checks::weights(w, y.len())?;
    let clipped = clipped(clip)?;
    let losses: Vec<f64> = y.iter().enumerate().map(|(row, &c)| -clipped(p[c as usize][row]).ln()).collect();
    let out = finite_mean(&losses, w, y.len())?;
    Ok(match sums(p, y.len()) {
        Some(note) => out.note(note),
        None => out,
    })
}

/// Brier's original score of several classes: the mean over rows of the summed squared distances (0..2).
pub fn multiclass_brier(p: &[&[f64]], y: &[u32], w: Option<&[f64]>) -> Measured {
    check_classes(p, y)?;
    checks::weights(w, y.len())?;
    let error = |row: usize, class: usize, column: &[f64]| {
        (column[row] - f64::from(u8::from(class == y[row] as usize))).powi(2)
    };
    let errors: Vec<f64> =
        (0..y.len()).map(|row| p.iter().enumerate().map(|(c, column)| error(row, c, column)).sum()).collect();
    Ok(Estimate::plain(weighted_mean(&errors, w), y.len()))
}

/// The share of rows whose class is among the `k` most probable; of equal probabilities the later class
/// counts as more probable, as in scikit-learn.
pub fn top_k_accuracy(p: &[&[f64]], y: &[u32], k: usize, w: Option<&[f64]>) -> Measured {
    check_classes(p, y)?;
    checks::weights(w, y.len())?;
    let hit = |(row, &class): (usize, &u32)| {
        let own = p[class as usize][row];
        let ahead =
            p.iter().enumerate().filter(|(c, column)| column[row] > own || (column[row] == own && *c > class as usize));
        f64::from(u8::from(ahead.count() < k))
    };
    let hits: Vec<f64> = y.iter().enumerate().map(hit).collect();
    Ok(Estimate::plain(weighted_mean(&hits, w), y.len()))
}

/// Net benefit of treating everyone at or above the threshold: TP/n - FP/n * t / (1 - t).
pub fn net_benefit(p: &[f64], y: &[bool], threshold: f64, w: Option<&[f64]>) -> Measured {
    check(p, y, w)?;
    if !(0.0..1.0).contains(&threshold) {
        return Err(Undefined::new(format!("the threshold is {threshold}, not in 0 to less than 1")));
    }
    let odds = threshold / (1.0 - threshold);
    let gain = |(&p, &y): (&f64, &bool)| match (p >= threshold, y) {
        (false, _) => 0.0,
        (true, true) => 1.0,
        (true, false) => -odds,
    };
    let gains: Vec<f64> = p.iter().zip(y).map(gain).collect();
    Ok(Estimate::plain(weighted_mean(&gains, w), y.len()))
}

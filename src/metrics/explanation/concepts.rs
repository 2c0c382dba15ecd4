//! Testing with concept activation vectors (Kim et al. 2018): directions of concepts, scores, and whether a concept's
//! scores differ from those of random concepts.

use crate::eval::estimate::{Estimate, Measured, Undefined};
use crate::metrics::checks;
use crate::metrics::hypothesis::{Alternative, t};
use crate::metrics::inference::{mean, wilson};
use crate::metrics::linear::{Logistic, matrix};
use crate::metrics::neighbours::Points;
use ndarray::{Axis, concatenate};

/// The concept activation vector: the unit normal of a logistic regression (ridge penalty 1) that tells the activations
/// of concept examples from random ones, pointing to the concept. Undefined for activations of different widths,
/// without examples of either kind, and where nothing tells them apart.
pub fn activation_vector(concept: &Points, random: &Points) -> Result<Vec<f64>, Undefined> {
    let wide = |_| Undefined::new("the activations are of different widths");
    let x = concatenate(Axis(0), &[matrix(concept)?.view(), matrix(random)?.view()]).map_err(wide)?;
    let y: Vec<bool> = (0..x.nrows()).map(|r| r < concept.len()).collect();
    let model = Logistic::fit(&x, &y, 1.0)?;
    let length = model.weights().dot(model.weights()).sqrt();
    if length <= 0.0 {
        return Err(Undefined::new("nothing tells the concept from random examples"));
    }
    Ok(model.weights().iter().map(|w| w / length).collect())
}

/// The TCAV score: the share of rows whose answer rises in the direction of the concept (gradients with respect to the
/// activations, one row an example). Interval: Wilson. Undefined for no rows and a vector of another width.
pub fn tcav(gradients: &Points, vector: &[f64], level: f64) -> Measured {
    checks::same_length(("numbers of a gradient", gradients.width()), ("of the vector", vector.len()))?;
    checks::not_empty(gradients.len())?;
    let rises = |row: &&[f64]| row.iter().zip(vector).map(|(g, v)| g * v).sum::<f64>() > 0.0;
    let (k, n) = (gradients.rows().filter(rises).count(), gradients.len());
    Ok(Estimate { interval: wilson(k as u64, n as u64, level), ..Estimate::plain(k as f64 / n as f64, n) })
}

/// The p value that a concept's TCAV scores, over repeated trainings of its vector, have the mean of those of random
/// concepts: Welch's test, two-sided, times the number of concepts that are tested (Bonferroni). Parts: `concept` and
/// `random` (mean scores), `statistic`, `uncorrected`.
///
/// Undefined for scores outside 0..1, fewer than two of either kind, scores that are all equal, and no concepts.
pub fn significance(scores: &[f64], concept: &[bool], concepts: usize) -> Measured {
    checks::same_length(("scores", scores.len()), ("flags", concept.len()))?;
    checks::probabilities(scores)?;
    if concepts == 0 {
        return Err(Undefined::new("there is no concept to test"));
    }
    let side =
        |own: bool| scores.iter().zip(concept).filter(|(_, c)| **c == own).map(|(s, _)| *s).collect::<Vec<f64>>();
    let (own, random) = (side(true), side(false));
    let test = t::independent(&own, &random, false, Alternative::TwoSided)?;
    let of = |x: &[f64]| mean(x).unwrap_or(f64::NAN);
    let out = Estimate::plain((test.value * concepts as f64).min(1.0), scores.len());
    let out = out.with("concept", of(&own)).with("random", of(&random));
    Ok(out.with("statistic", test.part("statistic").unwrap_or(f64::NAN)).with("uncorrected", test.value))
}

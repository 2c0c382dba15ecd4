//! Saliency of one row by its model alone: occlusion, gradients by differences, and the random mask to hold them
//! against.

use super::shapley::top;
use crate::eval::estimate::Undefined;
use crate::metrics::inference::sum;
use crate::metrics::resampling::{Lane, stream, without_replacement};

fn check(x: &[f64], baseline: &[f64]) -> Result<(), Undefined> {
    if x.is_empty() {
        return Err(Undefined::new("there are no features"));
    }
    if x.len() != baseline.len() {
        return Err(Undefined::new("the baseline has other features than the row"));
    }
    Ok(())
}

fn answered(values: Vec<f64>) -> Result<Vec<f64>, Undefined> {
    match values.iter().all(|v| v.is_finite()) {
        true => Ok(values),
        false => Err(Undefined::new("the model answers with something that is no number")),
    }
}

/// Occlusion (Zeiler and Fergus 2014): for each group of features, how far the answer falls when they take the values
/// of `baseline`. A group is a list of places in the row (one feature, a patch of an image).
///
/// Undefined for no features, a baseline of another length, a place outside the row, and answers that are not numbers.
pub fn occlusion<F>(model: F, x: &[f64], baseline: &[f64], groups: &[Vec<usize>]) -> Result<Vec<f64>, Undefined>
where
    F: Fn(&[f64]) -> f64,
{
    check(x, baseline)?;
    let whole = model(x);
    let mut out = Vec::new();
    for group in groups {
        out.push(whole - model(&replaced(x, baseline, group)?));
    }
    answered(out)
}

/// Features in groups of their own.
pub fn singly(features: usize) -> Vec<Vec<usize>> {
    (0..features).map(|i| vec![i]).collect()
}

fn replaced(x: &[f64], baseline: &[f64], places: &[usize]) -> Result<Vec<f64>, Undefined> {
    let mut masked = x.to_vec();
    for &at in places {
        match (masked.get_mut(at), baseline.get(at)) {
            (Some(slot), Some(value)) => *slot = *value,
            _ => return Err(Undefined::new(format!("a row of {} features has no place {at}", x.len()))),
        }
    }
    Ok(masked)
}

/// The gradient of the answer by central differences, for models that give none: two evaluations a feature, at
/// `step` * max(1, |x|) on either side (1e-5 suits double precision). A step function has gradient 0 almost everywhere.
///
/// Undefined for no features, a step that is not above 0, and answers that are not numbers.
pub fn gradient<F>(model: F, x: &[f64], step: f64) -> Result<Vec<f64>, Undefined>
where
    F: Fn(&[f64]) -> f64,
{
    check(x, x)?;
    if !(step > 0.0 && step.is_finite()) {
        return Err(Undefined::new(format!("the step is {step}, not above 0")));
    }
    let mut moved = x.to_vec();
    let mut out = Vec::with_capacity(x.len());
    for (i, &at) in x.iter().enumerate() {
        let h = step * at.abs().max(1.0);
        let mut answer = |v: f64| {
            moved[i] = v;
            model(&moved)
        };
        // What was really stepped, after rounding.
        let (above, below) = (at + h, at - h);
        out.push((answer(above) - answer(below)) / (above - below));
        moved[i] = at;
    }
    answered(out)
}

/// Integrated gradients (Sundararajan, Taly and Yan 2017) from `baseline` to the row by the midpoint rule; they add up
/// to the difference of the answers, up to the rule's error. Undefined as [`gradient`] is, for a baseline of another
/// length and no steps.
pub fn integrated_gradients<F>(model: F, x: &[f64], baseline: &[f64], steps: usize) -> Result<Vec<f64>, Undefined>
where
    F: Fn(&[f64]) -> f64,
{
    check(x, baseline)?;
    if steps == 0 {
        return Err(Undefined::new("there are no steps from the baseline to the row"));
    }
    let mut gradients = Vec::with_capacity(steps);
    for at in 0..steps {
        let t = (at as f64 + 0.5) / steps as f64;
        let point: Vec<f64> = x.iter().zip(baseline).map(|(x, b)| b + t * (x - b)).collect();
        gradients.push(gradient(&model, &point, 1e-5)?);
    }
    let mean = |i: usize| sum(&gradients.iter().map(|g| g[i]).collect::<Vec<_>>()) / steps as f64;
    answered((0..x.len()).map(|i| mean(i) * (x[i] - baseline[i])).collect())
}

/// The answers that `fidelity`, `comprehensiveness` and the like compare: with the `k` strongest features of an
/// explanation replaced by the baseline, and the mean answer with `k` features at random replaced.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Masked {
    pub before: f64,
    pub masked: f64,
    pub control: f64,
}

/// Masks by an explanation and, as control, `repeats` times at random by the seed. Undefined as [`occlusion`] is, for
/// `k` of 0 or more than there are features, an explanation of another length and no repeats.
pub fn mask_beside_random<F>(
    model: F,
    (x, baseline): (&[f64], &[f64]),
    phi: &[f64],
    k: usize,
    repeats: usize,
    seed: u64,
) -> Result<Masked, Undefined>
where
    F: Fn(&[f64]) -> f64,
{
    check(x, baseline)?;
    if phi.len() != x.len() {
        return Err(Undefined::new("the explanation has other features than the row"));
    }
    if k == 0 || k > x.len() || repeats == 0 {
        return Err(Undefined::new(format!("{k} of {} features cannot be masked {repeats} times", x.len())));
    }
    let masked = model(&replaced(x, baseline, &top(phi, k))?);
    let mut random = Vec::with_capacity(repeats);
    for at in 0..repeats {
        let places = without_replacement(&mut stream(seed, Lane::Draw, at), x.len(), k);
        random.push(model(&replaced(x, baseline, &places)?));
    }
    let control = sum(&random) / repeats as f64;
    let answers = answered(vec![model(x), masked, control])?;
    Ok(Masked { before: answers[0], masked: answers[1], control: answers[2] })
}

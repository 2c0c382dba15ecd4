//! Shapley values over any value function, sampled: by permutations and by weighted least squares (kernel SHAP).
//!
//! The value function says what a set of features is worth, `true` for those that are in; [`masked`] makes one from a
//! model, a row and background rows. Every sample owns a stream of the seed, so threads change nothing.

use super::shapley::Explanation;
use crate::eval::estimate::Undefined;
use crate::metrics::inference::{mean, sum, variance};
use crate::metrics::linear::Cholesky;
use crate::metrics::resampling::{Lane, Stream, shuffle, stream, unit, without_replacement};
use ndarray::{Array1, Array2};
use rayon::prelude::*;

/// The most features of a sampled explanation.
pub const MOST_FEATURES: usize = 2000;
/// Streams that belong to kernel SHAP.
const KERNEL: usize = 1 << 32;

/// An explanation whose values are estimates.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampled {
    pub explanation: Explanation,
    /// The standard error of each value; nothing where all coalitions were evaluated or one sample was drawn.
    pub errors: Option<Vec<f64>>,
    /// Evaluations of the value function.
    pub evaluations: usize,
}

/// The value of a set: the mean answer when the other features come from each background row in turn. Undefined without
/// background rows and for rows of other lengths.
pub fn masked<'a, F>(
    model: F,
    x: &'a [f64],
    background: &'a [Vec<f64>],
) -> Result<impl Fn(&[bool]) -> f64 + use<'a, F>, Undefined>
where
    F: Fn(&[f64]) -> f64,
{
    if background.is_empty() {
        return Err(Undefined::new("there are no background rows"));
    }
    if background.iter().any(|b| b.len() != x.len()) {
        return Err(Undefined::new("a background row has other features than the row"));
    }
    Ok(move |set: &[bool]| {
        let answer = |row: &Vec<f64>| {
            let mixed: Vec<f64> = set.iter().zip(x).zip(row).map(|((s, x), b)| if *s { *x } else { *b }).collect();
            model(&mixed)
        };
        sum(&background.iter().map(answer).collect::<Vec<_>>()) / background.len() as f64
    })
}

fn features_of(features: usize) -> Result<(), Undefined> {
    match features {
        1..=MOST_FEATURES => Ok(()),
        _ => Err(Undefined::new(format!("sampled values take 1 to {MOST_FEATURES} features, not {features}"))),
    }
}

fn numbers(values: &[f64]) -> Result<(), Undefined> {
    match values.iter().all(|v| v.is_finite()) {
        true => Ok(()),
        false => Err(Undefined::new("the value function answers with something that is no number")),
    }
}

/// Shapley values by random orders of joining (Castro, Gómez and Tejada 2009), each order together with its reverse
/// (Mitchell et al. 2022). The values add up to the whole exactly; each is unbiased. `pairs` orders cost 2 `features`
/// evaluations each.
///
/// Undefined for no pairs, for no features or more than [`MOST_FEATURES`], and answers that are not numbers.
pub fn permutation<V>(features: usize, value: V, pairs: usize, seed: u64) -> Result<Sampled, Undefined>
where
    V: Fn(&[bool]) -> f64 + Sync,
{
    features_of(features)?;
    if pairs == 0 {
        return Err(Undefined::new("there are no orders to sample"));
    }
    let (base, answer) = (value(&vec![false; features]), value(&vec![true; features]));
    let walk = |order: &[usize], phi: &mut [f64]| {
        let (mut set, mut before) = (vec![false; features], base);
        for (at, &i) in order.iter().enumerate() {
            set[i] = true;
            let after = if at + 1 == features { answer } else { value(&set) };
            phi[i] += (after - before) / 2.0;
            before = after;
        }
    };
    let drawn: Vec<Vec<f64>> = (0..pairs)
        .into_par_iter()
        .map(|at| {
            let mut order: Vec<usize> = (0..features).collect();
            shuffle(&mut stream(seed, Lane::Draw, at), &mut order);
            let mut phi = vec![0.0; features];
            walk(&order, &mut phi);
            order.reverse();
            walk(&order, &mut phi);
            phi
        })
        .collect();
    let of = |i: usize| drawn.iter().map(|d| d[i]).collect::<Vec<f64>>();
    let phi: Vec<f64> = (0..features).filter_map(|i| mean(&of(i))).collect();
    numbers(&phi)?;
    let error = |i: usize| variance(&of(i)).map(|v| (v / pairs as f64).sqrt());
    let evaluations = 2 + 2 * pairs * (features - 1);
    Ok(Sampled {
        explanation: Explanation { base, answer, phi },
        errors: (0..features).map(error).collect(),
        evaluations,
    })
}

/// Shapley values by weighted least squares over coalitions (Lundberg and Lee 2017, theorem 2), with the two ends as
/// constraints and not as large weights. All coalitions are evaluated when 2^features - 2 are within `evaluations` (the
/// values are exact then); otherwise sizes are drawn by their weight and every coalition comes with its complement
/// (Covert and Lee 2021).
///
/// Undefined for no features or more than [`MOST_FEATURES`], answers that are not numbers, and too few evaluations to
/// tell the features apart.
pub fn kernel<V>(features: usize, value: V, evaluations: usize, seed: u64) -> Result<Sampled, Undefined>
where
    V: Fn(&[bool]) -> f64 + Sync,
{
    features_of(features)?;
    let (base, answer) = (value(&vec![false; features]), value(&vec![true; features]));
    numbers(&[base, answer])?;
    if features == 1 {
        let explanation = Explanation { base, answer, phi: vec![answer - base] };
        return Ok(Sampled { explanation, errors: None, evaluations: 2 });
    }
    let all = 1_usize.checked_shl(features as u32).filter(|_| features < 30).map(|n| n - 2);
    let (sets, exact): (Vec<(Vec<bool>, f64)>, bool) = match all {
        Some(all) if all <= evaluations => {
            let set = |bits: usize| (0..features).map(|i| bits >> i & 1 == 1).collect::<Vec<bool>>();
            let weigh = |bits: usize| {
                let size = bits.count_ones() as usize;
                (set(bits), weight_of_size(features, size) / choose(features, size))
            };
            ((1..=all).map(weigh).collect(), true)
        }
        _ => {
            let pair = |at: usize| {
                let set = drawn(features, &mut stream(seed, Lane::Draw, KERNEL + at));
                let other = set.iter().map(|s| !s).collect();
                [(set, 1.0), (other, 1.0)]
            };
            ((0..evaluations / 2).flat_map(pair).collect(), false)
        }
    };
    let worth: Vec<f64> = sets.par_iter().map(|(set, _)| value(set) - base).collect();
    numbers(&worth)?;
    let mut gram = Array2::zeros((features, features));
    let mut right = Array1::zeros(features);
    for ((set, weight), worth) in sets.iter().zip(&worth) {
        let inside: Vec<usize> = (0..features).filter(|i| set[*i]).collect();
        for &i in &inside {
            right[i] += weight * worth;
            inside.iter().for_each(|&j| gram[[i, j]] += weight);
        }
    }
    let few = || Undefined::new(format!("{} coalitions do not tell {features} features apart", sets.len()));
    let factor = Cholesky::of(gram).ok_or_else(few)?;
    let (free, one) = (factor.solve(&right), factor.solve(&Array1::ones(features)));
    // The values must add up to the difference of the ends.
    let excess = (free.sum() - (answer - base)) / one.sum();
    let phi: Vec<f64> = free.iter().zip(&one).map(|(f, o)| f - excess * o).collect();
    if !exact && phi.iter().any(|v| !v.is_finite() || v.abs() > 1e12 * (1.0 + answer.abs() + base.abs())) {
        return Err(few());
    }
    Ok(Sampled { explanation: Explanation { base, answer, phi }, errors: None, evaluations: sets.len() + 2 })
}

/// The weight of all coalitions of a size, up to a factor: (M - 1) / (s (M - s)).
fn weight_of_size(features: usize, size: usize) -> f64 {
    (features - 1) as f64 / (size * (features - size)) as f64
}

fn choose(n: usize, k: usize) -> f64 {
    (0..k).fold(1.0, |c, i| c * (n - i) as f64 / (i + 1) as f64)
}

/// A coalition whose size is drawn by the weight of the sizes.
fn drawn(features: usize, rng: &mut Stream) -> Vec<bool> {
    let weights: Vec<f64> = (1..features).map(|s| weight_of_size(features, s)).collect();
    let mut left = unit(rng) * sum(&weights);
    let mut size = 1;
    for (at, w) in weights.iter().enumerate() {
        size = at + 1;
        left -= w;
        if left < 0.0 {
            break;
        }
    }
    let mut set = vec![false; features];
    without_replacement(rng, features, size).into_iter().for_each(|i| set[i] = true);
    set
}

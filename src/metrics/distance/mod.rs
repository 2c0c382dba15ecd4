//! Distances between two samples of numbers and between two histograms.

pub mod histogram;
pub mod kolmogorov;

use crate::eval::estimate::{Estimate, Measured, Undefined};
use crate::metrics::checks;
use crate::metrics::inference::sum;

/// One sample, sorted, with the share of weight up to each value.
pub(crate) struct Sample {
    pub values: Vec<f64>,
    shares: Vec<f64>,
}

impl Sample {
    fn new(rows: &mut [(f64, f64)]) -> Result<Sample, Undefined> {
        if rows.is_empty() {
            return Err(Undefined::new("a sample has no values"));
        }
        rows.sort_by(|a, b| a.0.total_cmp(&b.0));
        let total: f64 = sum(&rows.iter().map(|r| r.1).collect::<Vec<_>>());
        if total <= 0.0 {
            return Err(Undefined::new("every weight of a sample is 0"));
        }
        let mut before = 0.0;
        let shares = rows
            .iter()
            .map(|r| {
                before += r.1;
                before / total
            })
            .collect();
        Ok(Sample { values: rows.iter().map(|r| r.0).collect(), shares })
    }

    /// The share of weight at or below `x`.
    fn upto(&self, x: f64) -> f64 {
        let n = self.values.partition_point(|v| *v <= x);
        n.checked_sub(1).and_then(|i| self.shares.get(i)).copied().unwrap_or(0.0)
    }
}

/// The rows where `first` holds, and the others.
pub(crate) fn samples(x: &[f64], first: &[bool], w: Option<&[f64]>) -> Result<(Sample, Sample), Undefined> {
    checks::same_length(("values", x.len()), ("flags", first.len()))?;
    checks::not_empty(x.len())?;
    checks::finite("value", x)?;
    checks::weights(w, x.len())?;
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for (row, (&x, &f)) in x.iter().zip(first).enumerate() {
        // Zeros are one value, whatever their sign.
        (if f { &mut a } else { &mut b }).push((x + 0.0, w.map_or(1.0, |w| w[row])));
    }
    Ok((Sample::new(&mut a)?, Sample::new(&mut b)?))
}

/// The integral over x of a function of the gap between the distribution functions.
fn integral(a: &Sample, b: &Sample, f: impl Fn(f64) -> f64) -> f64 {
    let mut all: Vec<f64> = a.values.iter().chain(&b.values).copied().collect();
    all.sort_by(f64::total_cmp);
    let step = |w: &[f64]| f(a.upto(w[0]) - b.upto(w[0])) * (w[1] - w[0]);
    sum(&all.windows(2).map(step).collect::<Vec<_>>())
}

/// Wasserstein-1 distance of the rows where `first` holds and the others, in the unit of `x`.
pub fn wasserstein(x: &[f64], first: &[bool], w: Option<&[f64]>) -> Measured {
    let (a, b) = samples(x, first, w)?;
    Ok(Estimate::plain(integral(&a, &b, f64::abs), x.len()))
}

/// Energy distance (Székely and Rizzo 2013) in its root form: sqrt(2 E|A - B| - E|A - A'| - E|B - B'|).
pub fn energy(x: &[f64], first: &[bool], w: Option<&[f64]>) -> Measured {
    let (a, b) = samples(x, first, w)?;
    Ok(Estimate::plain((2.0 * integral(&a, &b, |d| d * d)).sqrt(), x.len()))
}

//! Distances between two samples of numbers and between two histograms.

pub mod histogram;
pub mod kolmogorov;
pub mod quality;
mod sorting;
mod walk;

use crate::eval::estimate::{Estimate, Measured, Undefined};
use crate::eval::held::Scores;
use crate::metrics::checks;
use crate::metrics::hypothesis::Alternative;
use crate::metrics::inference::sum;
use arrow_buffer::BooleanBuffer;
use walk::Walk;

/// One sample, sorted.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub values: Vec<f64>,
    /// The share of weight up to each value; empty where every row counts alike.
    shares: Vec<f64>,
}

impl Sample {
    /// The rows whose flag is `class`, of which there are `rows`.
    fn of(x: Scores, flags: &BooleanBuffer, class: bool, rows: usize) -> Sample {
        let mut values = Vec::with_capacity(rows);
        match x {
            Scores::Narrow(x) => taken(&mut values, x, flags, class),
            Scores::Wide(x) => taken(&mut values, x, flags, class),
        }
        Sample::plain(values)
    }

    fn plain(mut values: Vec<f64>) -> Sample {
        sorting::sort(&mut values);
        Sample { values, shares: Vec::new() }
    }

    fn weighted(rows: &mut [(f64, f64)]) -> Result<Sample, Undefined> {
        rows.sort_by(|a, b| a.0.total_cmp(&b.0));
        let total: f64 = sum(&rows.iter().map(|r| r.1).collect::<Vec<_>>());
        if total <= 0.0 {
            return Err(Undefined::new("every weight of a sample is 0"));
        }
        let mut before = 0.0;
        let shares = rows.iter().map(|r| {
            before += r.1;
            before / total
        });
        Ok(Sample { shares: shares.collect(), values: rows.iter().map(|r| r.0).collect() })
    }

    /// The share of the first `n` values.
    #[inline]
    fn share(&self, n: usize) -> f64 {
        match n.checked_sub(1) {
            Some(last) if !self.shares.is_empty() => self.shares.get(last).copied().unwrap_or(1.0),
            _ => n as f64 / self.values.len() as f64,
        }
    }
}

/// The values whose flag is `class`; zeros are one value, whatever their sign.
fn taken<T: Copy + Into<f64>>(out: &mut Vec<f64>, x: &[T], flags: &BooleanBuffer, class: bool) {
    for (x, word) in x.chunks(64).zip(flags.bit_chunks().iter_padded()) {
        let mut left = if class { word } else { !word };
        if x.len() < 64 {
            left &= (1 << x.len()) - 1;
        }
        while left != 0 {
            if let Some(x) = x.get(left.trailing_zeros() as usize) {
                out.push((*x).into() + 0.0);
            }
            left &= left - 1;
        }
    }
}

/// Two samples in order and the walk along both: what every distance of theirs is made from.
#[derive(Debug, Clone)]
pub struct Compared {
    a: Sample,
    b: Sample,
    walk: Walk,
}

impl Compared {
    /// The rows where `first` holds and the others, in the storage they came in. Undefined for no rows, unequal
    /// lengths, missing or infinite values and a sample without rows.
    pub fn new(x: Scores, first: &BooleanBuffer) -> Result<Compared, Undefined> {
        checks::same_length(("values", x.len()), ("flags", first.len()))?;
        checks::not_empty(x.len())?;
        checks::finite_scores("value", x)?;
        let ours = first.count_set_bits();
        if ours == 0 || ours == x.len() {
            return Err(Undefined::new("a sample has no values"));
        }
        let (a, b) = rayon::join(|| Sample::of(x, first, true, ours), || Sample::of(x, first, false, x.len() - ours));
        let walk = Walk::along(&a, &b);
        Ok(Compared { a, b, walk })
    }

    fn rows(&self) -> usize {
        self.a.values.len() + self.b.values.len()
    }

    /// Wasserstein-1 distance, in the unit of the values.
    pub fn wasserstein(&self) -> Estimate {
        Estimate::plain(self.walk.wasserstein, self.rows())
    }

    /// Energy distance (Székely and Rizzo 2013) in its root form: sqrt(2 E|A - B| - E|A - A'| - E|B - B'|).
    pub fn energy(&self) -> Estimate {
        Estimate::plain((2.0 * self.walk.squares).sqrt(), self.rows())
    }
}

/// The rows where `first` holds and the others, with weights.
fn weighted(x: &[f64], first: &[bool], w: &[f64]) -> Result<Compared, Undefined> {
    checks::same_length(("values", x.len()), ("flags", first.len()))?;
    checks::not_empty(x.len())?;
    checks::finite("value", x)?;
    checks::weights(Some(w), x.len())?;
    let ours = first.iter().filter(|f| **f).count();
    if ours == 0 || ours == x.len() {
        return Err(Undefined::new("a sample has no values"));
    }
    let (mut a, mut b) = (Vec::with_capacity(ours), Vec::with_capacity(x.len() - ours));
    for ((x, f), w) in x.iter().zip(first).zip(w) {
        (if *f { &mut a } else { &mut b }).push((x + 0.0, *w));
    }
    let (a, b) = (Sample::weighted(&mut a)?, Sample::weighted(&mut b)?);
    let walk = Walk::along(&a, &b);
    Ok(Compared { a, b, walk })
}

/// With weights or without.
fn compared(x: &[f64], first: &[bool], w: Option<&[f64]>) -> Result<Compared, Undefined> {
    match w {
        None => Compared::new(Scores::Wide(x), &first.into()),
        Some(w) => weighted(x, first, w),
    }
}

/// Wasserstein-1 distance of the rows where `first` holds and the others, in the unit of `x`.
pub fn wasserstein(x: &[f64], first: &[bool], w: Option<&[f64]>) -> Measured {
    compared(x, first, w).map(|c| c.wasserstein())
}

/// Energy distance of the same.
pub fn energy(x: &[f64], first: &[bool], w: Option<&[f64]>) -> Measured {
    compared(x, first, w).map(|c| c.energy())
}

/// All distances of two samples of numbers from one sort: the Kolmogorov-Smirnov statistic with parts `p`,
/// `wasserstein`, `energy_distance`, and over `bins` bins of equal width from the least value of all to the largest
/// (each closed on the left, the last on both sides, as NumPy's `histogram` has them) `jensen_shannon` with base 2 and
/// `total_variation`. Each equals the distance of that name. Undefined where those are, and for no bins.
pub fn marginal(compared: &Compared, bins: usize) -> Measured {
    if !(1..=1_000_000).contains(&bins) {
        return Err(Undefined::new(format!("{bins} bins are not 1 to 1,000,000")));
    }
    let Compared { a, b, walk } = compared;
    let p = kolmogorov::p_value(walk, a.values.len(), b.values.len(), kolmogorov::Method::Auto, Alternative::TwoSided)?;
    let edges = equal_bins(&a.values, &b.values, bins);
    let [p_shares, q_shares] = [a, b].map(|s| shares_of_bins(&s.values, &edges));
    let between = |kind| histogram::between(&p_shares, &q_shares, kind, 2.0);
    let out = Estimate::plain(walk.statistic(Alternative::TwoSided), compared.rows()).with("p", p);
    let out = out.with("wasserstein", walk.wasserstein).with("energy_distance", (2.0 * walk.squares).sqrt());
    let out = out.with("jensen_shannon", between(histogram::Kind::JensenShannon));
    Ok(out.with("total_variation", between(histogram::Kind::TotalVariation)))
}

/// The edges of equal bins over the values of two sorted samples; one value alone is in the middle of a bin of width 1.
fn equal_bins(a: &[f64], b: &[f64], bins: usize) -> Vec<f64> {
    let end = |x: &[f64], y: &[f64], pick: fn(f64, f64) -> f64| match (x.first(), y.first()) {
        (Some(x), Some(y)) => pick(*x, *y),
        (x, y) => x.or(y).copied().unwrap_or(0.0),
    };
    let last = |x: &[f64]| x.last().copied().into_iter().collect::<Vec<f64>>();
    let (lo, hi) = (end(a, b, f64::min), end(&last(a), &last(b), f64::max));
    edges(lo, hi, bins)
}

/// NumPy's `histogram_bin_edges` for a range: `bins` steps from `lo`, the last edge exactly `hi`.
pub(crate) fn edges(lo: f64, hi: f64, bins: usize) -> Vec<f64> {
    let (lo, hi) = if lo == hi { (lo - 0.5, hi + 0.5) } else { (lo, hi) };
    let step = (hi - lo) / bins as f64;
    let edge = |i: usize| if i == bins { hi } else { i as f64 * step + lo };
    (0..=bins).map(edge).collect()
}

/// The shares of a sorted sample in the bins between `edges`.
fn shares_of_bins(sorted: &[f64], edges: &[f64]) -> Vec<f64> {
    let below = |(at, edge): (usize, &f64)| match at + 1 == edges.len() {
        true => sorted.partition_point(|v| v <= edge),
        false => sorted.partition_point(|v| v < edge),
    };
    let places: Vec<usize> = edges.iter().enumerate().map(below).collect();
    let total = places.last().copied().unwrap_or(0) - places.first().copied().unwrap_or(0);
    places.windows(2).map(|w| (w[1] - w[0]) as f64 / total as f64).collect()
}

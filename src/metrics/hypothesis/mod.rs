//! Hypothesis tests: p values with their statistics as parts. The value of each estimate is the p value.

pub mod effects;
pub mod multiple;
pub mod permutation;
pub mod power;
pub mod power_t;
pub mod proportions;
pub mod rank;
pub mod t;
pub mod tables;

use crate::eval::estimate::Undefined;
use crate::metrics::checks;
use crate::metrics::laws::{normal_upper, t_upper};

/// Which departures count as extreme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alternative {
    TwoSided,
    /// The first is smaller.
    Less,
    /// The first is larger.
    Greater,
}

impl Alternative {
    pub fn named(name: &str) -> Result<Alternative, Undefined> {
        checks::word(
            "an alternative",
            name,
            &[("two-sided", Alternative::TwoSided), ("less", Alternative::Less), ("greater", Alternative::Greater)],
        )
    }

    /// The p value of a statistic that is symmetric around 0, from its upper tail.
    fn p(self, statistic: f64, upper: impl Fn(f64) -> f64) -> f64 {
        match self {
            Alternative::TwoSided => (2.0 * upper(statistic.abs())).min(1.0),
            Alternative::Less => upper(-statistic),
            Alternative::Greater => upper(statistic),
        }
    }
}

/// Two samples out of one column: the rows where `first` holds, and the others.
pub fn split(x: &[f64], first: &[bool]) -> Result<(Vec<f64>, Vec<f64>), Undefined> {
    checks::same_length(("values", x.len()), ("flags", first.len()))?;
    checks::finite("value", x)?;
    let of = |which: bool| x.iter().zip(first).filter(|r| *r.1 == which).map(|r| *r.0).collect();
    Ok((of(true), of(false)))
}

/// Differences of pairs.
fn differences(a: &[f64], b: &[f64]) -> Result<Vec<f64>, Undefined> {
    checks::same_length(("first values", a.len()), ("second values", b.len()))?;
    checks::finite("first value", a)?;
    checks::finite("second value", b)?;
    Ok(a.iter().zip(b).map(|(a, b)| a - b).collect())
}

/// Mid-ranks from 1 and the sizes of the groups of equal values.
fn ranks(x: &[f64]) -> (Vec<f64>, Vec<usize>) {
    let mut order: Vec<(f64, usize)> = x.iter().copied().zip(0..).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut out, mut sizes, mut before) = (vec![0.0; x.len()], Vec::new(), 0_usize);
    for same in order.chunk_by(|a, b| a.0 == b.0) {
        let rank = before as f64 + (same.len() + 1) as f64 / 2.0;
        same.iter().for_each(|r| out[r.1] = rank);
        before += same.len();
        sizes.push(same.len());
    }
    (out, sizes)
}

/// Sum of t^3 - t over the groups of equal values.
fn ties(sizes: &[usize]) -> f64 {
    sizes.iter().map(|&t| t as f64).map(|t| t * t * t - t).sum()
}

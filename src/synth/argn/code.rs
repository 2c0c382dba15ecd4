//! How a column becomes entries to choose from, and features that later columns read.
//!
//! A category has its levels. A number has bins of equal mass, single values that many rows share as entries of their
//! own, and keeps the quantiles within each bin. What later columns read of a number is smooth (its rank on
//! overlapping hats, its size), so that a bin's edges leave no trace. Knows one column at a time; no network.

use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use super::super::number::{Warp, decimals, legal};
use super::super::{SynthError, bits};
use crate::data::frame::{FrameColumn, FrameKind};

/// A column with no more distinct values than this has an entry for each.
const FEW: usize = 64;
/// More levels than this are an identifier, not a category.
const MOST_LEVELS: usize = 2_000;
/// Bins of a number, as far as there are rows for them.
const BINS: usize = 48;
/// Rows that a bin should have.
const ROWS_A_BIN: usize = 40;
/// A value that this share of the rows has is an entry of its own.
const COMMON: f64 = 0.01;
/// Parts of a bin between whose quantiles values are drawn evenly.
const PARTS: usize = 6;
/// Quantiles that ranks are read from.
const RANKS: usize = 65;
/// Overlapping hats over the rank of a number.
const HATS: usize = 8;
/// Standardised sizes are cut here.
const FAR: f64 = 4.0;

/// Exact numbers in JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Exact(#[serde(with = "bits::many")] Vec<f64>);

/// The entries and features of one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Column {
    pub name: String,
    pub nullable: bool,
    kind: Kind,
    /// Rows of each entry.
    pub counts: Vec<usize>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Kind {
    /// Levels, then missing if seen.
    Category {
        levels: Vec<String>,
    },
    Number(Bins),
}

/// Bins, then common values, then missing if seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Bins {
    #[serde(with = "bits::maybe")]
    lo: Option<f64>,
    #[serde(with = "bits::maybe")]
    hi: Option<f64>,
    integer: bool,
    decimals: Option<u32>,
    /// Quantiles of each bin, `PARTS + 1` ascending.
    spans: Vec<Exact>,
    /// Common values, ascending.
    common: Exact,
    missing: bool,
    warp: Warp,
    #[serde(with = "bits::one")]
    mean: f64,
    #[serde(with = "bits::one")]
    sd: f64,
    /// Quantiles of all values, ascending.
    ranks: Exact,
}

impl Column {
    /// Learns the entries of a column.
    pub fn fit(column: &FrameColumn) -> Result<Column, SynthError> {
        let kind = match &column.kind {
            FrameKind::Category { levels } if levels.len() > MOST_LEVELS => {
                return Err(SynthError::Unsupported(format!(
                    "column {} has {} levels, more than the {MOST_LEVELS} a generator can learn; leave it out if it is \
                     an identifier, or group its levels",
                    column.name,
                    levels.len()
                )));
            }
            FrameKind::Category { levels } => Kind::Category { levels: levels.clone() },
            FrameKind::Number { lo, hi, integer } => Kind::Number(Bins::fit(&column.values, *lo, *hi, *integer)),
        };
        let mut out = Column { name: column.name.clone(), nullable: column.nullable, kind, counts: Vec::new() };
        let missing = column.values.iter().any(|x| x.is_nan());
        out.counts = vec![0; out.present() + usize::from(missing)];
        if out.counts.is_empty() {
            out.counts.push(0);
        }
        for &x in &column.values {
            let entry = out.entry(x);
            if let Some(count) = out.counts.get_mut(entry) {
                *count += 1;
            }
        }
        Ok(out)
    }

    /// Entries that are values.
    fn present(&self) -> usize {
        match &self.kind {
            Kind::Category { levels } => levels.len(),
            Kind::Number(b) => b.spans.len() + b.common.0.len(),
        }
    }

    /// Entries to choose from; at least one.
    pub fn entries(&self) -> usize {
        self.counts.len()
    }

    pub fn levels(&self) -> Option<&[String]> {
        match &self.kind {
            Kind::Category { levels } => Some(levels),
            Kind::Number(_) => None,
        }
    }

    /// The declaration, for a frame.
    pub fn shape(&self) -> FrameColumn {
        let kind = match &self.kind {
            Kind::Category { levels } => FrameKind::Category { levels: levels.clone() },
            Kind::Number(b) => FrameKind::Number { lo: b.lo, hi: b.hi, integer: b.integer },
        };
        FrameColumn { name: self.name.clone(), kind, nullable: self.nullable, values: Vec::new() }
    }

    /// The entry that holds `x`; NaN is the last one.
    pub fn entry(&self, x: f64) -> usize {
        let last = self.counts.len().saturating_sub(1);
        let at = match &self.kind {
            _ if x.is_nan() => last,
            Kind::Category { .. } => x.max(0.0) as usize,
            Kind::Number(b) => b.entry(x),
        };
        at.min(last)
    }

    /// A value that `entry` stands for; NaN is missing.
    pub fn draw(&self, entry: usize, rng: &mut impl Rng) -> f64 {
        match &self.kind {
            Kind::Category { levels } if entry < levels.len() => entry as f64,
            Kind::Number(b) => b.draw(entry, rng),
            Kind::Category { .. } => f64::NAN,
        }
    }

    /// What later columns read of this one.
    pub fn features(&self) -> usize {
        match &self.kind {
            Kind::Category { .. } => self.entries(),
            Kind::Number(b) => 1 + HATS + usize::from(b.missing),
        }
    }

    /// Writes the features of `x` into zeros.
    pub fn write(&self, x: f64, into: &mut [f32]) {
        match &self.kind {
            Kind::Category { .. } => {
                if let Some(slot) = into.get_mut(self.entry(x)) {
                    *slot = 1.0;
                }
            }
            Kind::Number(b) if x.is_nan() => {
                if let Some(flag) = into.get_mut(1 + HATS).filter(|_| b.missing) {
                    *flag = 1.0;
                }
            }
            Kind::Number(b) => {
                let size = ((b.warp.apply(x) - b.mean) / b.sd).clamp(-FAR, FAR);
                let place = rank(&b.ranks.0, x) * (HATS - 1) as f64;
                for (k, slot) in into.iter_mut().enumerate().take(1 + HATS) {
                    *slot = match k {
                        0 => size as f32,
                        k => (1.0 - (place - (k - 1) as f64).abs()).max(0.0) as f32,
                    };
                }
            }
        }
    }

    /// Whether a saved column fits itself.
    pub fn coherent(&self) -> bool {
        let present = self.present().max(1);
        (present..=present + 1).contains(&self.counts.len())
            && match &self.kind {
                Kind::Category { levels } => levels.len() <= MOST_LEVELS,
                Kind::Number(b) => b.spans.iter().all(|s| s.0.len() == PARTS + 1) && b.sd > 0.0,
            }
    }
}

impl Bins {
    fn fit(values: &[f64], lo: Option<f64>, hi: Option<f64>, integer: bool) -> Bins {
        let mut sorted: Vec<f64> = values.iter().copied().filter(|x| x.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let runs = runs(&sorted);
        let most = (sorted.len() as f64 * COMMON).max(2.0);
        let few = runs.len() <= FEW;
        let common: Vec<f64> = runs.iter().filter(|r| few || r.1 as f64 >= most).map(|r| r.0).collect();
        let rest: Vec<f64> =
            sorted.iter().copied().filter(|x| common.binary_search_by(|c| c.total_cmp(x)).is_err()).collect();
        let warp = Warp::choose(&sorted);
        let warped: Vec<f64> = sorted.iter().map(|&x| warp.apply(x)).collect();
        let n = warped.len().max(1) as f64;
        let mean = warped.iter().sum::<f64>() / n;
        let sd = (warped.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / n).sqrt();
        Bins {
            lo,
            hi,
            integer,
            decimals: decimals(&sorted),
            spans: spans(&rest),
            common: Exact(common),
            missing: sorted.len() < values.len(),
            warp,
            mean,
            sd: if sd > 0.0 { sd } else { 1.0 },
            ranks: Exact(if sorted.is_empty() { Vec::new() } else { quantiles(&sorted, RANKS) }),
        }
    }

    fn entry(&self, x: f64) -> usize {
        if let Ok(k) = self.common.0.binary_search_by(|c| c.total_cmp(&x)) {
            return self.spans.len() + k;
        }
        let above = self.spans.partition_point(|s| s.0.last().is_some_and(|e| *e < x));
        if !self.spans.is_empty() {
            return above.min(self.spans.len() - 1);
        }
        // A value that was never seen, of a number with few: the nearest one.
        let k = self.common.0.partition_point(|c| *c < x);
        let far = |i: usize| self.common.0.get(i).map_or(f64::INFINITY, |c| (c - x).abs());
        if k > 0 && far(k - 1) <= far(k) { k - 1 } else { k.min(self.common.0.len().saturating_sub(1)) }
    }

    fn draw(&self, entry: usize, rng: &mut impl Rng) -> f64 {
        if let Some(span) = self.spans.get(entry) {
            let at = rng.random::<f64>() * PARTS as f64;
            let k = (at as usize).min(PARTS - 1);
            let (Some(a), Some(b)) = (span.0.get(k), span.0.get(k + 1)) else { return f64::NAN };
            return legal(a + (b - a) * (at - k as f64), (self.lo, self.hi), self.integer, self.decimals);
        }
        match self.common.0.get(entry - self.spans.len()) {
            Some(x) => legal(*x, (self.lo, self.hi), self.integer, self.decimals),
            None => f64::NAN,
        }
    }
}

/// Distinct values of a sorted slice, with how often each occurs.
fn runs(sorted: &[f64]) -> Vec<(f64, usize)> {
    sorted.chunk_by(|a, b| a == b).filter_map(|run| Some((*run.first()?, run.len()))).collect()
}

/// Bins of equal mass, split between distinct values only.
fn spans(sorted: &[f64]) -> Vec<Exact> {
    let count = BINS.min(sorted.len() / ROWS_A_BIN).max(1);
    let mut out = Vec::new();
    let mut start = 0;
    for k in 1..=count {
        let mut end = if k == count { sorted.len() } else { sorted.len() * k / count };
        while end > start && end < sorted.len() && sorted.get(end - 1) == sorted.get(end) {
            end += 1;
        }
        if let Some(part) = sorted.get(start..end).filter(|p| !p.is_empty()) {
            out.push(Exact(quantiles(part, PARTS + 1)));
            start = end;
        }
    }
    out
}

/// `count` ascending quantiles of a sorted slice that is not empty, the least and the most among them.
fn quantiles(sorted: &[f64], count: usize) -> Vec<f64> {
    let last = sorted.len().saturating_sub(1) as f64;
    (0..count)
        .filter_map(|i| {
            let at = last * i as f64 / (count - 1) as f64;
            let a = sorted.get(at.floor() as usize)?;
            let b = sorted.get(at.floor() as usize + 1).unwrap_or(a);
            Some(a + (b - a) * at.fract())
        })
        .collect()
}

/// The share of quantiles below `x`, in [0, 1], between them in proportion; ties give their middle.
fn rank(quantiles: &[f64], x: f64) -> f64 {
    let last = quantiles.len().saturating_sub(1).max(1) as f64;
    let below = quantiles.partition_point(|q| *q < x);
    let upto = quantiles.partition_point(|q| *q <= x);
    if upto > below {
        return (below + upto - 1) as f64 / 2.0 / last;
    }
    match (below.checked_sub(1).and_then(|i| quantiles.get(i)), quantiles.get(below)) {
        (Some(a), Some(b)) => ((below - 1) as f64 + (x - a) / (b - a)) / last,
        (None, _) => 0.0,
        (_, None) => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    fn number(values: Vec<f64>, lo: f64, hi: f64, integer: bool) -> Column {
        let kind = FrameKind::Number { lo: Some(lo), hi: Some(hi), integer };
        Column::fit(&FrameColumn { name: "x".into(), kind, nullable: true, values }).unwrap()
    }

    #[test]
    fn values_come_back_in_their_bin_and_missing_is_an_entry() {
        let mut values: Vec<f64> = (0..4_000).map(|i| ((i * 7919) % 4_001) as f64 / 8.0).collect();
        values.extend([0.0; 200]);
        values.extend([f64::NAN; 100]);
        let column = number(values.clone(), 0.0, 501.0, false);
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        assert_eq!(column.entries(), BINS + 2, "bins, the common 0, missing");
        assert_eq!(column.counts.iter().sum::<usize>(), values.len());
        for x in values {
            let entry = column.entry(x);
            let back = column.draw(entry, &mut rng);
            assert!(x.is_nan() == back.is_nan() && (x.is_nan() || (x - back).abs() < 12.0), "{x} {back}");
            assert!(x.is_nan() || column.entry(back).abs_diff(entry) <= 1);
        }
        assert_eq!(column.draw(column.entry(0.0), &mut rng), 0.0);
    }

    #[test]
    fn a_number_with_few_values_gives_only_these() {
        let column = number((0..500).map(|i| f64::from(i % 7)).collect(), 0.0, 6.0, true);
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        assert_eq!(column.entries(), 7);
        for k in 0..7 {
            assert_eq!(column.draw(k, &mut rng), k as f64);
        }
        assert_eq!(column.entry(2.4), 2);
        assert_eq!(column.entry(99.0), 6);
    }

    #[test]
    fn features_are_smooth_and_odd_columns_do_no_harm() {
        let column = number((0..3_000).map(f64::from).collect(), 0.0, 3e3, true);
        let at = |x: f64| {
            let mut f = vec![0.0; column.features()];
            column.write(x, &mut f);
            f
        };
        let step: f32 = at(1_500.0).iter().zip(at(1_501.0)).map(|(a, b)| (a - b).abs()).sum();
        assert!(step < 0.01 && at(10.0) != at(2_000.0), "{step}");
        assert!((at(777.0).iter().skip(1).sum::<f32>() - 1.0).abs() < 1e-5);
        for values in [vec![f64::NAN; 5], vec![3.0; 5], vec![1e12, 1.0, 2.0, 3.0]] {
            let n = values.len();
            let column = number(values, 0.0, 1e13, false);
            let mut f = vec![0.0; column.features()];
            for x in [f64::NAN, 3.0, 1e12, -1e300] {
                column.write(x, &mut f);
                assert!(f.iter().all(|v| v.is_finite()), "{f:?}");
            }
            assert_eq!(column.counts.iter().sum::<usize>(), n);
        }
    }
}

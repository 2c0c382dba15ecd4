//! How well one table stands for another, as SDMetrics 0.32.0 scores it: the shapes of columns, the trends of pairs of
//! columns, the overall quality, and its chi-square test on proportions.
//!
//! Kept as they are there: numbers are put into bins of their own sample's range, so that the bins of the two samples
//! differ; a missing number falls into the bin of the largest one; a missing category is a category for pairs and
//! left out for shapes; a category that the first sample lacks counts a millionth of a row there. Not kept: SDMetrics draws 50,000 rows at random for pairs with categories, here all rows count.

use super::walk::Walk;
use super::{Sample, edges};
use crate::eval::estimate::{Estimate, Measured, Undefined};
use crate::metrics::checks;
use crate::metrics::hypothesis::Alternative;
use crate::metrics::inference::{mean, sum};
use rayon::prelude::*;
use statrs::distribution::{ChiSquared, ContinuousCDF};

/// A column of both samples; missing numbers are NaN.
#[derive(Debug, Clone)]
pub enum Column<'a> {
    Numbers(&'a [f64]),
    Categories(Vec<Option<u32>>),
}

/// Pairs count where the first sample has an absolute correlation, or an association (Cramér's V), above these.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    pub correlation: f64,
    pub association: f64,
}

fn check(columns: &[Column], first: &[bool]) -> Result<(), Undefined> {
    if columns.is_empty() {
        return Err(Undefined::new("there are no columns"));
    }
    checks::not_empty(first.len())?;
    for (at, column) in columns.iter().enumerate() {
        let rows = match column {
            Column::Numbers(x) => {
                if let Some(row) = x.iter().position(|v| v.is_infinite()) {
                    let why = format!("the value in row {} of column {} is infinite", row + 1, at + 1);
                    return Err(Undefined::new(why));
                }
                x.len()
            }
            Column::Categories(codes) => codes.len(),
        };
        checks::same_length(("values", rows), ("flags", first.len()))?;
    }
    if first.iter().all(|f| *f) || first.iter().all(|f| !f) {
        return Err(Undefined::new("a sample has no rows"));
    }
    Ok(())
}

/// The mean over columns of how alike the samples are: 1 less the Kolmogorov-Smirnov statistic for numbers, 1 less the
/// total variation for categories; missing values are left out. Part `column 1` … has no value where a sample has no
/// values. Undefined for no columns, a sample without rows, infinite numbers, and where no column has a score.
pub fn shapes(columns: &[Column], first: &[bool]) -> Measured {
    check(columns, first)?;
    let scores: Vec<Option<f64>> = columns.par_iter().map(|c| shape(c, first)).collect();
    let found: Vec<f64> = scores.iter().copied().flatten().collect();
    let value = mean(&found).ok_or_else(|| Undefined::new("no column has values in both samples"))?;
    let part = |out: Estimate, (at, score): (usize, &Option<f64>)| {
        out.with(format!("column {}", at + 1), score.unwrap_or(f64::NAN))
    };
    Ok(scores.iter().enumerate().fold(Estimate::plain(value, first.len()), part))
}

fn shape(column: &Column, first: &[bool]) -> Option<f64> {
    match column {
        Column::Numbers(x) => {
            let of = |side: bool| -> Vec<f64> {
                let own = x.iter().zip(first).filter(|(v, f)| **f == side && !v.is_nan());
                own.map(|(v, _)| rounded(*v)).collect()
            };
            let (a, b) = (of(true), of(false));
            if a.is_empty() || b.is_empty() {
                return None;
            }
            let walk = Walk::along(&Sample::plain(a), &Sample::plain(b));
            Some(1.0 - walk.statistic(Alternative::TwoSided))
        }
        Column::Categories(codes) => {
            let counts = with_unseen(counts(codes, first))?;
            let totals = [0, 1].map(|side| sum(&counts.iter().map(|c| c[side]).collect::<Vec<_>>()));
            let gap = |c: &[f64; 2]| (c[0] / totals[0] - c[1] / totals[1]).abs();
            Some(1.0 - sum(&counts.iter().map(gap).collect::<Vec<_>>()) / 2.0)
        }
    }
}

/// What a category of the second sample that the first has not counts there.
const UNSEEN: f64 = 1e-6;

/// The categories that occur; nothing where a sample has no rows.
fn with_unseen(mut counts: Vec<[f64; 2]>) -> Option<Vec<[f64; 2]>> {
    if [0, 1].iter().any(|side| counts.iter().all(|c| c[*side] == 0.0)) {
        return None;
    }
    counts.retain(|c| c[0] + c[1] > 0.0);
    counts.iter_mut().filter(|c| c[0] == 0.0).for_each(|c| c[0] = UNSEEN);
    Some(counts)
}

/// To 14 decimals, as SDMetrics compares numbers; -0 is 0.
fn rounded(v: f64) -> f64 {
    let scaled = v * 1e14;
    if v.fract() == 0.0 || !scaled.is_finite() { v + 0.0 } else { scaled.round_ties_even() / 1e14 + 0.0 }
}

/// Rows of each category that is not missing: those of the first sample and the others.
fn counts(codes: &[Option<u32>], first: &[bool]) -> Vec<[f64; 2]> {
    let most = codes.iter().flatten().max().map_or(0, |m| *m as usize + 1);
    let mut out = vec![[0.0; 2]; most];
    for (code, f) in codes.iter().zip(first) {
        if let Some(code) = code {
            out[*code as usize][usize::from(!f)] += 1.0;
        }
    }
    out
}

/// The mean over pairs of columns of how alike the samples are: for two columns of numbers 1 less half of the
/// difference of their Pearson correlations over rows without missing ones; for other pairs 1 less the total variation
/// of the joint categories, numbers in ten bins. Pairs that the first sample does not relate beyond the thresholds are
/// left out, so are those with a constant. Parts `pair 1 2` … (no value where left out), `contributing`. Undefined as
/// [`shapes`], for fewer than two columns, thresholds outside 0..1 and where no pair contributes.
pub fn trends(columns: &[Column], first: &[bool], thresholds: Thresholds) -> Measured {
    check(columns, first)?;
    for (what, v) in [("correlation", thresholds.correlation), ("association", thresholds.association)] {
        if !(0.0..=1.0).contains(&v) {
            return Err(Undefined::new(format!("the threshold of the {what} is {v}, outside 0 to 1")));
        }
    }
    if columns.len() < 2 {
        return Err(Undefined::new("a pair needs two columns"));
    }
    let ready: Vec<Ready> = columns.par_iter().map(|c| Ready::new(c, first)).collect();
    let pairs: Vec<(usize, usize)> =
        (0..columns.len()).flat_map(|i| (i + 1..columns.len()).map(move |j| (i, j))).collect();
    let score = |&(i, j): &(usize, usize)| match (&columns[i], &columns[j]) {
        (Column::Numbers(_), Column::Numbers(_)) => correlated(&ready[i], &ready[j], thresholds.correlation),
        _ => associated(&ready[i], &ready[j], first, thresholds.association),
    };
    let scores: Vec<Option<f64>> = pairs.par_iter().map(score).collect();
    let found: Vec<f64> = scores.iter().copied().flatten().collect();
    let why = "no pair of columns is related beyond the thresholds";
    let value = mean(&found).ok_or_else(|| Undefined::new(why))?;
    let out = Estimate::plain(value, first.len()).with("contributing", found.len() as f64);
    let part = |out: Estimate, ((i, j), score): (&(usize, usize), &Option<f64>)| {
        out.with(format!("pair {} {}", i + 1, j + 1), score.unwrap_or(f64::NAN))
    };
    Ok(pairs.iter().zip(&scores).fold(out, part))
}

/// A column prepared for pairs.
struct Ready {
    /// Numbers of the first sample and of the others.
    samples: [Vec<f64>; 2],
    /// The same less their mean and divided by their length, where none is missing and they differ.
    unit: [Option<Vec<f64>>; 2],
    /// The category of each row, bins for numbers, and how many there are.
    codes: Vec<u32>,
    kinds: usize,
}

/// Bins of numbers in pairs with categories.
const BINS: usize = 10;

impl Ready {
    fn new(column: &Column, first: &[bool]) -> Ready {
        match column {
            Column::Numbers(x) => {
                let of = |side: bool| -> Vec<f64> {
                    x.iter().zip(first).filter(|(_, f)| **f == side).map(|(v, _)| *v).collect()
                };
                let samples = [of(true), of(false)];
                let edges = [bins(&samples[0]), bins(&samples[1])];
                let code = |(v, f): (&f64, &bool)| match v.is_nan() {
                    true => BINS as u32 + 1,
                    false => edges[usize::from(!f)].partition_point(|e| e <= v) as u32,
                };
                let codes = x.iter().zip(first).map(code).collect();
                Ready { unit: [unit(&samples[0]), unit(&samples[1])], samples, codes, kinds: BINS + 2 }
            }
            Column::Categories(codes) => {
                let missing = codes.iter().flatten().max().map_or(0, |m| m + 1);
                Ready {
                    samples: [Vec::new(), Vec::new()],
                    unit: [None, None],
                    codes: codes.iter().map(|c| c.unwrap_or(missing)).collect(),
                    kinds: missing as usize + 1,
                }
            }
        }
    }
}

fn bins(x: &[f64]) -> Vec<f64> {
    let (lo, hi) = x.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), v| (lo.min(*v), hi.max(*v)));
    if lo <= hi { edges(lo, hi, BINS) } else { edges(0.0, 1.0, BINS) }
}

fn unit(x: &[f64]) -> Option<Vec<f64>> {
    let centre = mean(x).filter(|m| m.is_finite())?;
    if x.iter().all(|v| *v == x[0]) {
        return None;
    }
    let away: Vec<f64> = x.iter().map(|v| v - centre).collect();
    let length = dot(&away, &away).sqrt();
    Some(away.iter().map(|v| v / length).collect())
}

/// The sum of products in eight running sums, whose order depends on the length alone.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; 8];
    let (whole, rest) = (a.len() / 8 * 8, a.len() % 8);
    for (a, b) in a[..whole].chunks_exact(8).zip(b[..whole].chunks_exact(8)) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += a * b;
        }
    }
    for ((lane, a), b) in lanes.iter_mut().zip(&a[whole..]).zip(&b[whole..]).take(rest) {
        *lane += a * b;
    }
    sum(&lanes)
}

fn correlated(a: &Ready, b: &Ready, threshold: f64) -> Option<f64> {
    let first = correlation(a, b, 0).filter(|r| r.abs() > threshold)?;
    Some(1.0 - (first - correlation(a, b, 1)?).abs() / 2.0)
}

/// Pearson's correlation in one sample over the rows that have both; nothing for fewer than two or a constant.
fn correlation(a: &Ready, b: &Ready, side: usize) -> Option<f64> {
    let (x, y) = (&a.samples[side], &b.samples[side]);
    let whole = |x: &[f64]| !x.iter().any(|v| v.is_nan());
    let r = match (&a.unit[side], &b.unit[side]) {
        (Some(a), Some(b)) => dot(a, b),
        _ if whole(x) && whole(y) => return None,
        _ => {
            let both: Vec<(f64, f64)> =
                x.iter().zip(y).filter(|(x, y)| !x.is_nan() && !y.is_nan()).map(|(x, y)| (*x, *y)).collect();
            let (x, y): (Vec<f64>, Vec<f64>) = both.into_iter().unzip();
            dot(&unit(&x)?, &unit(&y)?)
        }
    };
    Some(r.clamp(-1.0, 1.0)).filter(|r| !r.is_nan())
}

/// Rows of the first sample and of the others in one pair of categories.
type Cell = (usize, usize, [f64; 2]);

/// Cells that a full table of two columns may have, whatever the number of rows.
const FEW_CELLS: usize = 1 << 16;

/// The pairs of categories that occur.
fn cells(a: &Ready, b: &Ready, first: &[bool]) -> Vec<Cell> {
    let rows = || a.codes.iter().zip(&b.codes).zip(first);
    if a.kinds.saturating_mul(b.kinds) <= FEW_CELLS.max(4 * first.len()) {
        let mut table = vec![[0_u32; 2]; a.kinds * b.kinds];
        for ((x, y), f) in rows() {
            table[*x as usize * b.kinds + *y as usize][usize::from(!f)] += 1;
        }
        let occurring = table.iter().enumerate().filter(|(_, c)| c[0] + c[1] > 0);
        return occurring.map(|(at, c)| (at / b.kinds, at % b.kinds, c.map(f64::from))).collect();
    }
    let mut keys: Vec<(u32, u32, bool)> = rows().map(|((x, y), f)| (*x, *y, *f)).collect();
    keys.sort_unstable();
    let cell = |run: &[(u32, u32, bool)]| {
        let ours = run.iter().filter(|r| r.2).count();
        (run[0].0 as usize, run[0].1 as usize, [ours as f64, (run.len() - ours) as f64])
    };
    keys.chunk_by(|x, y| (x.0, x.1) == (y.0, y.1)).map(cell).collect()
}

fn associated(a: &Ready, b: &Ready, first: &[bool], threshold: f64) -> Option<f64> {
    let cells = cells(a, b, first);
    let total = |side: usize| cells.iter().map(|c| c.2[side]).sum::<f64>();
    let totals = [total(0), total(1)];
    if threshold > 0.0 && association(&cells, a.kinds, b.kinds)? <= threshold {
        return None;
    }
    let gap = |c: &Cell| (c.2[0] / totals[0] - c.2[1] / totals[1]).abs() / 2.0;
    Some(1.0 - sum(&cells.iter().map(gap).collect::<Vec<_>>()))
}

/// Cramér's V of the first sample; nothing where a column has one category.
fn association(cells: &[Cell], rows: usize, columns: usize) -> Option<f64> {
    let (mut across, mut down) = (vec![0.0; rows], vec![0.0; columns]);
    for (x, y, c) in cells {
        across[*x] += c[0];
        down[*y] += c[0];
    }
    let kinds = |sums: &[f64]| sums.iter().filter(|s| **s > 0.0).count();
    let least = kinds(&across).min(kinds(&down));
    if least < 2 {
        return None;
    }
    // Chi-square over the number of rows: the sum over all cells, empty ones too, of (observed - expected)^2 / expected.
    let terms: Vec<f64> =
        cells.iter().filter(|c| c.2[0] > 0.0).map(|(x, y, c)| c[0] / across[*x] * (c[0] / down[*y])).collect();
    Some(((sum(&terms) - 1.0).max(0.0) / (least - 1) as f64).sqrt())
}

/// The overall score: the mean of [`shapes`] and [`trends`], or the one of them that has a value. They are parts
/// `column_shapes` and `column_pair_trends`.
pub fn quality(columns: &[Column], first: &[bool], thresholds: Thresholds) -> Measured {
    overall(shapes(columns, first), trends(columns, first, thresholds))
}

/// The same from both scores.
pub fn overall(shapes: Measured, trends: Measured) -> Measured {
    let scores: Vec<f64> = [&shapes, &trends].iter().filter_map(|s| s.as_ref().ok()).map(|e| e.value).collect();
    let Some(value) = mean(&scores) else { return shapes };
    let part = |s: &Measured| s.as_ref().map_or(f64::NAN, |e| e.value);
    let rows = [&shapes, &trends].iter().filter_map(|s| s.as_ref().ok()).map(|e| e.n).max().unwrap_or(0);
    let out = Estimate::plain(value, rows);
    let out = out.with("column_shapes", part(&shapes)).with("column_pair_trends", part(&trends));
    Ok(match trends {
        Err(why) => out.note(format!("column shapes only: {}", why.reason)),
        Ok(_) => out,
    })
}

/// SDMetrics' `CSTest`: the p value of a chi-square test of the second sample's shares against those of the first, with
/// part `statistic`. Since shares take the place of counts, the p value does not fall with the number of rows and is
/// no test; it is here because it is quoted. 1 for a single category. Undefined for missing categories and for a sample
/// without rows.
pub fn chi_square_of_proportions(codes: &[u32], kinds: usize, first: &[bool]) -> Measured {
    checks::same_length(("values", codes.len()), ("flags", first.len()))?;
    checks::not_empty(codes.len())?;
    let mut counts = vec![[0.0; 2]; kinds];
    for (row, (code, f)) in codes.iter().zip(first).enumerate() {
        let cell = counts.get_mut(*code as usize);
        cell.ok_or_else(|| Undefined::new(format!("row {} has no known category", row + 1)))?[usize::from(!f)] += 1.0;
    }
    let counts = with_unseen(counts).ok_or_else(|| Undefined::new("a sample has no rows"))?;
    let totals = [0, 1].map(|side| sum(&counts.iter().map(|c| c[side]).collect::<Vec<_>>()));
    let term = |c: &[f64; 2]| {
        let (expected, observed) = (c[0] / totals[0], c[1] / totals[1]);
        (observed - expected).powi(2) / expected
    };
    let statistic = sum(&counts.iter().map(term).collect::<Vec<_>>());
    let p = match ChiSquared::new((counts.len() - 1) as f64) {
        Ok(law) => law.sf(statistic),
        Err(_) => 1.0, // a single category
    };
    Ok(Estimate::plain(p, codes.len()).with("statistic", statistic))
}

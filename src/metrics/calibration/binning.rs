//! Calibration errors of every usual kind: bins of equal width or of equal mass, the peers' rules for
//! values on an edge, four ways to sum up the gaps, debiased and swept variants, several classes.

use crate::eval::bins::{EdgeRule, bin_edges, bin_of};
use crate::eval::estimate::{Estimate, Measured, Part, Undefined};
use crate::metrics::checks;
use crate::metrics::curves::check_classes;
use crate::metrics::inference::{self, sum};

/// How rows are put into bins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binning {
    /// Equal width; who owns an edge is a rule.
    Width(EdgeRule),
    /// Equal width as torchmetrics does it in 64 bits: edges by `torch.linspace` (which differs from
    /// NumPy's in the last bit), bins closed on the left, and a bin of its own for exactly 1.
    Torch,
    /// The same in 32 bits.
    Torch32,
    /// Equal mass: rows sorted by confidence (ties in their order) and cut into chunks whose sizes
    /// differ by at most one, the longer ones first. Rows with equal confidence may be cut apart.
    Mass,
}

impl Binning {
    /// From the words of a script: `binning` "width" or "mass", `closed` "left", "right", "torch" or
    /// "torch32".
    pub fn named(binning: &str, closed: &str) -> Result<Binning, Undefined> {
        let closed = checks::word(
            "the closed end of a bin",
            closed,
            &[
                ("left", Binning::Width(EdgeRule::LeftClosed)),
                ("right", Binning::Width(EdgeRule::RightClosed)),
                ("torch", Binning::Torch),
                ("torch32", Binning::Torch32),
            ],
        )?;
        checks::word("the binning", binning, &[("width", closed), ("mass", Binning::Mass)])
    }
}

/// How the gaps of the bins become one figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Norm {
    /// The mean gap over rows (ECE).
    L1,
    /// The root of the mean squared gap over rows (RMSCE).
    L2,
    /// The largest gap (MCE).
    Max,
    /// The mean gap over the bins that hold rows (ACE).
    Mean,
}

impl Norm {
    pub fn named(name: &str) -> Result<Norm, Undefined> {
        let words = [("l1", Norm::L1), ("l2", Norm::L2), ("max", Norm::Max), ("mean", Norm::Mean)];
        checks::word("the norm", name, &words)
    }
}

/// One bin that holds rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    pub n: usize,
    /// Mean probability.
    pub predicted: f64,
    /// Share of rows with the outcome.
    pub observed: f64,
}

impl Bin {
    fn of(rows: &[(f64, bool)]) -> Option<Bin> {
        if rows.is_empty() {
            return None;
        }
        let n = rows.len();
        let p: Vec<f64> = rows.iter().map(|r| r.0).collect();
        let hits = rows.iter().filter(|r| r.1).count();
        Some(Bin { n, predicted: sum(&p) / n as f64, observed: hits as f64 / n as f64 })
    }

    fn gap(&self) -> f64 {
        (self.observed - self.predicted).abs()
    }
}

fn check(p: &[f64], y: &[bool], bins: usize) -> Result<(), Undefined> {
    super::check(p, y)?;
    super::check_bins(bins)
}

/// The bins that hold rows, in order. Undefined for missing probabilities, probabilities outside 0..1,
/// no rows, unequal lengths and a number of bins outside 1..[`super::MOST_BINS`].
pub fn bins(p: &[f64], y: &[bool], bins: usize, binning: Binning) -> Result<Vec<Bin>, Undefined> {
    check(p, y, bins)?;
    let rows: Vec<(f64, bool)> = p.iter().copied().zip(y.iter().copied()).collect();
    let mut members: Vec<Vec<(f64, bool)>> = vec![Vec::new(); bins + 1];
    match binning {
        Binning::Mass => {
            let mut sorted = rows;
            sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
            return Ok(chunks(&sorted, bins).filter_map(Bin::of).collect());
        }
        Binning::Width(rule) => {
            let edges = bin_edges(bins);
            rows.into_iter().for_each(|r| members[bin_of(r.0, &edges, rule)].push(r));
        }
        Binning::Torch => {
            let edges = torch_edges(bins);
            rows.into_iter().for_each(|r| members[last_at_most(r.0, &edges)].push(r));
        }
        Binning::Torch32 => {
            let edges = torch_edges_32(bins);
            for (p, y) in rows {
                let p = f64::from(p as f32);
                members[last_at_most(p, &edges)].push((p, y));
            }
        }
    }
    Ok(members.iter().filter_map(|m| Bin::of(m)).collect())
}

/// `k` chunks whose sizes differ by at most one, the longer ones first; some may be empty.
fn chunks<T>(rows: &[T], k: usize) -> impl Iterator<Item = &[T]> {
    let (size, longer) = (rows.len() / k, rows.len() % k);
    (0..k).map(move |i| {
        let start = i * size + i.min(longer);
        &rows[start..start + size + usize::from(i < longer)]
    })
}

/// `torch.linspace(0, 1, bins + 1)`: the upper half is counted down from 1, with one rounding.
fn torch_edges(bins: usize) -> Vec<f64> {
    let step = 1.0 / bins as f64;
    let edge =
        |i: usize| if i < bins.div_ceil(2) { step * i as f64 } else { (-((bins - i) as f64)).mul_add(step, 1.0) };
    (0..=bins).map(edge).collect()
}

fn torch_edges_32(bins: usize) -> Vec<f64> {
    let step = 1.0_f32 / bins as f32;
    let edge =
        |i: usize| if i < bins.div_ceil(2) { step * i as f32 } else { (-((bins - i) as f32)).mul_add(step, 1.0) };
    (0..=bins).map(|i| f64::from(edge(i))).collect()
}

fn last_at_most(p: f64, edges: &[f64]) -> usize {
    edges.partition_point(|e| *e <= p).saturating_sub(1)
}

/// One figure for the gaps of all bins.
pub fn summed(bins: &[Bin], norm: Norm) -> f64 {
    let n: usize = bins.iter().map(|b| b.n).sum();
    let share = |b: &Bin| b.n as f64 / n as f64;
    let over = |f: &dyn Fn(&Bin) -> f64| sum(&bins.iter().map(f).collect::<Vec<_>>());
    match norm {
        Norm::L1 => over(&|b| share(b) * b.gap()),
        Norm::L2 => over(&|b| share(b) * b.gap() * b.gap()).sqrt(),
        Norm::Max => bins.iter().map(Bin::gap).fold(0.0, f64::max),
        Norm::Mean => over(&Bin::gap) / bins.len() as f64,
    }
}

/// A calibration error of a binary outcome.
pub fn error(p: &[f64], y: &[bool], count: usize, binning: Binning, norm: Norm) -> Measured {
    Ok(Estimate::plain(summed(&bins(p, y, count, binning)?, norm), y.len()))
}

/// The most probable class of every row (the first among equals): its probability and whether it is
/// the true one.
pub fn top_label(p: &[&[f64]], y: &[u32]) -> Result<(Vec<f64>, Vec<bool>), Undefined> {
    check_classes(p, y)?;
    let best = |row: usize| {
        let better = |(class, most): (usize, f64), (c, v): (usize, f64)| if v > most { (c, v) } else { (class, most) };
        p.iter().map(|column| column[row]).enumerate().fold((0, f64::NEG_INFINITY), better)
    };
    Ok((0..y.len()).map(best).zip(y).map(|((c, v), &own)| (v, c == own as usize)).unzip())
}

/// The calibration error of the most probable class (confidence against accuracy; Guo et al. 2017).
pub fn top_label_error(p: &[&[f64]], y: &[u32], count: usize, binning: Binning, norm: Norm) -> Measured {
    let (confidence, right) = top_label(p, y)?;
    error(&confidence, &right, count, binning, norm)
}

/// The calibration error of each class against the rest, averaged over classes, the classes as parts
/// (Kull et al. 2019).
pub fn class_wise_error(
    p: &[&[f64]],
    y: &[u32],
    names: &[String],
    count: usize,
    binning: Binning,
    norm: Norm,
) -> Measured {
    check_classes(p, y)?;
    let mut errors = Vec::new();
    for (class, column) in p.iter().enumerate() {
        let is: Vec<bool> = y.iter().map(|&c| c as usize == class).collect();
        errors.push(error(column, &is, count, binning, norm)?.value);
    }
    let mut out = Estimate::plain(sum(&errors) / errors.len() as f64, y.len());
    for (class, value) in errors.iter().enumerate() {
        out = out.with(names.get(class).cloned().unwrap_or_else(|| class.to_string()), *value);
    }
    Ok(out)
}

/// The squared calibration error over bins of equal mass less its bias: each bin's squared gap less
/// the variance of its observed rate (Kumar et al. 2019). It can be negative; bins of one row do not
/// count. Undefined when every bin has one row.
pub fn debiased(p: &[f64], y: &[bool], count: usize) -> Measured {
    let bins: Vec<Bin> = bins(p, y, count, Binning::Mass)?.into_iter().filter(|b| b.n > 1).collect();
    if bins.is_empty() {
        return Err(Undefined::new("no bin has two rows, so the bias cannot be estimated"));
    }
    let n: usize = bins.iter().map(|b| b.n).sum();
    let part = |b: &Bin| {
        let noise = b.observed * (1.0 - b.observed) / (b.n - 1) as f64;
        b.n as f64 / n as f64 * (b.gap() * b.gap() - noise)
    };
    let parts: Vec<f64> = bins.iter().map(part).collect();
    Ok(Estimate::plain(sum(&parts), y.len()))
}

/// The calibration error over as many bins of equal mass as keep the observed rates rising with the
/// probabilities (Roelofs et al. 2022), the number of bins as a part.
pub fn sweep(p: &[f64], y: &[bool]) -> Measured {
    check(p, y, 1)?;
    let n = y.len();
    let mut rows: Vec<(f64, bool)> = p.iter().copied().zip(y.iter().copied()).collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    // Rows with the outcome before each place, so that a bin costs two look-ups.
    let mut before = vec![0_usize; n + 1];
    for (i, row) in rows.iter().enumerate() {
        before[i + 1] = before[i] + usize::from(row.1);
    }
    let rises = |count: &usize| {
        let (size, longer) = (n / count, n % count);
        let start = |i: usize| i * size + i.min(longer);
        let rate = |i: usize| (before[start(i + 1)] - before[start(i)]) as f64 / (start(i + 1) - start(i)) as f64;
        (1..*count).all(|i| rate(i - 1) <= rate(i))
    };
    let most = (1..=n.min(super::MOST_BINS)).take_while(rises).last().unwrap_or(1);
    let best: Vec<Bin> = chunks(&rows, most).filter_map(Bin::of).collect();
    Ok(Estimate::plain(summed(&best, Norm::L1), n).with("bins", best.len() as f64))
}

/// The reliability curve as parts: `predicted 1` (mean probability), `observed 1` (rate of the outcome, with Wilson's
/// interval) and `rows 1` of the first bin with rows, and so on; the value is the calibration error over these bins.
/// `quantile` cuts at quantiles of the probabilities instead. Undefined as [`bins`] is.
pub fn curve(p: &[f64], y: &[bool], count: usize, binning: Option<Binning>, level: f64) -> Measured {
    let found = match binning {
        Some(binning) => bins(p, y, count, binning)?,
        None => quantile_bins(p, y, count)?,
    };
    let mut out = Estimate::plain(summed(&found, Norm::L1), y.len());
    for (i, bin) in found.iter().enumerate() {
        let i = i + 1;
        out = out.with(format!("predicted {i}"), bin.predicted);
        let hits = (bin.observed * bin.n as f64).round() as u64;
        let interval = inference::wilson(hits, bin.n as u64, level);
        out.parts.push(Part { group: format!("observed {i}"), value: Some(bin.observed), interval, n: bin.n.into() });
        out = out.with(format!("rows {i}"), bin.n as f64);
    }
    Ok(out)
}

/// The bins of a reliability curve cut at quantiles of the probabilities, closed on the right
/// (`sklearn.calibration.calibration_curve(strategy="quantile")`); those without rows are left out.
pub fn quantile_bins(p: &[f64], y: &[bool], count: usize) -> Result<Vec<Bin>, Undefined> {
    check(p, y, count)?;
    let mut sorted = p.to_vec();
    sorted.sort_by(f64::total_cmp);
    let step = 1.0 / count as f64;
    // NumPy's arithmetic, so that a probability on an edge falls as it does there.
    let edge = |i: usize| {
        let at = (i as f64 * step * 100.0 / 100.0) * (sorted.len() - 1) as f64;
        let (below, t) = (at.floor() as usize, at - at.floor());
        let (a, b) = (sorted[below], sorted[(below + 1).min(sorted.len() - 1)]);
        if t >= 0.5 { b - (b - a) * (1.0 - t) } else { a + (b - a) * t }
    };
    let edges: Vec<f64> = (1..count).map(edge).collect();
    let mut members = vec![Vec::new(); count];
    for (&p, &y) in p.iter().zip(y) {
        members[edges.partition_point(|e| *e < p)].push((p, y));
    }
    Ok(members.iter().filter_map(|m| Bin::of(m)).collect())
}

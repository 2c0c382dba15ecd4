//! Metrics of how groups of people fare: demographic parity, and any kernel taken by group.
//!
//! Groups arrive as codes into a list of level names; what the groups are is not known here.

pub mod rates;

use crate::eval::estimate::{Estimate, Interval, Measured, Part, Undefined};
use crate::eval::held::GroupCodes;
use crate::metrics::checks;
use crate::metrics::counts::{self, Cells};
use crate::metrics::inference::{self, LEVEL};
use crate::metrics::resampling::{self, Lane, REPLICATES};
use arrow_buffer::BooleanBuffer;

/// Applies `kernel` to the rows of every group, in the order of `levels`.
///
/// A group without rows, or whose figure is undefined, has a part without a value. A code without a
/// level (a missing group) is refused rather than dropped.
pub fn by_group<F>(codes: &[u32], levels: &[String], mut kernel: F) -> Result<Vec<Part>, Undefined>
where
    F: FnMut(&[usize]) -> Measured,
{
    checks::not_empty(codes.len())?;
    Ok(rows_by_group(codes, levels)?
        .iter()
        .zip(levels)
        .map(|(rows, level)| {
            let figure = if rows.is_empty() { None } else { kernel(rows).ok() };
            Part {
                group: level.clone(),
                value: figure.as_ref().map(|e| e.value),
                interval: figure.and_then(|e| e.interval),
                n: rows.len().into(),
            }
        })
        .collect())
}

/// The row numbers of every level.
pub fn rows_by_group(codes: &[u32], levels: &[String]) -> Result<Vec<Vec<usize>>, Undefined> {
    let mut rows = vec![Vec::new(); levels.len()];
    for (row, &code) in codes.iter().enumerate() {
        rows.get_mut(code as usize)
            .ok_or_else(|| Undefined::new(format!("row {} belongs to no known group", row + 1)))?
            .push(row);
    }
    Ok(rows)
}

/// The largest value among the parts less the smallest; parts without a value do not count. 0 for a
/// single group, as in Fairlearn; nothing when no part has a value.
pub fn gap(parts: &[Part]) -> Option<f64> {
    let values = || parts.iter().filter_map(|p| p.value);
    Some(values().reduce(f64::max)? - values().reduce(f64::min)?)
}

/// The most groups whose rates are resampled.
const MOST_RESAMPLED: usize = 20_000;

/// Demographic parity difference: the largest selection rate among the groups less the smallest
/// (Hardt et al. 2016; Fairlearn's `demographic_parity_difference`, between groups).
///
/// Parts: the rate of every group with Wilson's interval; empty groups have no value and do not count.
/// Interval: for two groups Newcombe's, folded at 0 (an absolute gap cannot be negative); for more the
/// percentile bootstrap within groups, which for selections is one binomial draw a group. A largest gap
/// is above 0 even when all rates are equal, so the interval starts at 0 while groups of these sizes with
/// equal rates reach the value (up to their 97.5 % point). Where the highest or lowest group has a rate
/// of 0 or 1 the bootstrap sees no spread there, and the interval is widened to hold Newcombe's for these
/// two groups. Noise floor: the mean gap of groups of these sizes that all share the overall rate. Fewer than two groups with rows (Fairlearn: 0), a missing
/// group, no rows or unequal lengths are undefined. Beyond 20,000 groups there is no interval.
pub fn dpd(yhat: &[bool], codes: &[u32], levels: &[String], seed: u64) -> Measured {
    let selected = BooleanBuffer::from(yhat);
    dpd_of(&counts::by_group(&selected, &selected, GroupCodes::Words(codes), levels.len())?, levels, (seed, LEVEL))
}

/// The same from cells by group, of which the predictions count, by seed and level.
pub fn dpd_of(cells: &[Cells], levels: &[String], (seed, level): (u64, f64)) -> Measured {
    let counts = selections(cells);
    let rows = counts.iter().map(|c| c.1).sum::<u64>() as usize;
    let parts = selection_parts(&counts, levels, level);
    let filled: Vec<(u64, u64)> = counts.into_iter().filter(|&(_, n)| n > 0).collect();
    let value = match filled.len() {
        0 | 1 => {
            let only = parts.iter().find(|p| !p.n.is_zero()).map_or("", |p| p.group.as_str());
            return Err(Undefined::new(format!(
                "a difference between groups needs two groups with rows; only `{only}` has any"
            )));
        }
        _ => gap(&parts).ok_or_else(|| Undefined::new("no group has a selection rate"))?,
    };
    if filled.len() > MOST_RESAMPLED {
        let out = Estimate { parts, ..Estimate::plain(value, rows) };
        return Ok(out.note(format!("without interval: there are more than {MOST_RESAMPLED} groups")));
    }
    let floors = equal_rate_gaps(&filled, seed);
    Ok(Estimate {
        value,
        interval: dpd_interval(&filled, value, &floors, (seed, level)),
        n: rows,
        noise_floor: inference::mean(&floors),
        parts,
        notes: Vec::new(),
    })
}

/// The gap of selection rates alone: no interval, no noise floor, no random number.
pub fn dpd_value(cells: &[Cells], levels: &[String]) -> Measured {
    let counts = selections(cells);
    let parts = selection_parts(&counts, levels, LEVEL);
    if parts.iter().filter(|p| p.value.is_some()).count() < 2 {
        return Err(Undefined::new("a difference between groups needs two groups with rows"));
    }
    let gap = gap(&parts).ok_or_else(|| Undefined::new("no group has a selection rate"))?;
    Ok(Estimate::plain(gap, counts.iter().map(|c| c.1).sum::<u64>() as usize))
}

/// The share of positive predictions in every group with Wilson's interval; groups without rows have none.
/// Undefined for no rows, unequal lengths and a row of no group.
pub fn selection_rates(yhat: &[bool], codes: &[u32], levels: &[String]) -> Result<Vec<Part>, Undefined> {
    let selected = BooleanBuffer::from(yhat);
    let cells = counts::by_group(&selected, &selected, GroupCodes::Words(codes), levels.len())?;
    Ok(selection_parts(&selections(&cells), levels, LEVEL))
}

fn selection_parts(counts: &[(u64, u64)], levels: &[String], level: f64) -> Vec<Part> {
    let part = |((k, n), name): (&(u64, u64), &String)| Part {
        group: name.clone(),
        value: (*n > 0).then(|| rate(&(*k, *n))),
        interval: inference::wilson(*k, *n, level),
        n: (*n as usize).into(),
    };
    counts.iter().zip(levels).map(part).collect()
}

/// (selected, rows) of every group.
fn selections(cells: &[Cells]) -> Vec<(u64, u64)> {
    cells.iter().map(|[tn, fp, fn_, tp]| (fp + tp, tn + fp + fn_ + tp)).collect()
}

fn rate(&(k, n): &(u64, u64)) -> f64 {
    k as f64 / n as f64
}

/// Max less min of rates that come from a non-empty iterator.
fn spread(rates: impl Iterator<Item = f64>) -> f64 {
    let (lo, hi) = rates.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), r| (lo.min(r), hi.max(r)));
    hi - lo
}

fn dpd_interval(groups: &[(u64, u64)], value: f64, floors: &[f64], (seed, level): (u64, f64)) -> Option<Interval> {
    let highest = *groups.iter().max_by(|a, b| rate(a).total_cmp(&rate(b)))?;
    let lowest = *groups.iter().min_by(|a, b| rate(a).total_cmp(&rate(b)))?;
    let (high, low) = (highest, lowest);
    let signed = inference::newcombe_difference(high.0, high.1, low.0, low.1, level)?;
    // The value is high - low >= 0; where the signed interval crosses 0 the gap may be 0, and may
    // be as large as either end says.
    let folded = Interval { lo: signed.lo.max(0.0), hi: signed.hi.max(-signed.lo).min(1.0), ..signed };
    if groups.len() == 2 {
        return Some(folded);
    }
    let draws = resampling::replicate(REPLICATES, seed, Lane::Bootstrap, |rng| {
        spread(groups.iter().map(|g| resampling::binomial(rng, g.1, rate(g)) as f64 / g.1 as f64))
    });
    let mut percentile = inference::percentile_interval(&draws, level)?;
    percentile.hi = percentile.hi.max(value);
    percentile.lo = percentile.lo.min(value);
    if value <= inference::percentile_interval(floors, level)?.hi {
        percentile.lo = 0.0;
    }
    let without_spread = |(k, n): (u64, u64)| k == 0 || k == n;
    if without_spread(highest) || without_spread(lowest) {
        return Some(Interval {
            lo: percentile.lo.min(folded.lo),
            hi: percentile.hi.max(folded.hi),
            level,
            method: format!("{} and newcombe", percentile.method),
        });
    }
    Some(percentile)
}

/// The gaps of groups of these sizes that all share the overall rate.
fn equal_rate_gaps(groups: &[(u64, u64)], seed: u64) -> Vec<f64> {
    let (selected, rows) = groups.iter().fold((0, 0), |(k, n), g| (k + g.0, n + g.1));
    let overall = rate(&(selected, rows));
    resampling::replicate(REPLICATES, seed, Lane::NoiseFloor, |rng| {
        spread(groups.iter().map(|g| resampling::binomial(rng, g.1, overall) as f64 / g.1 as f64))
    })
}

#[cfg(test)]
mod tests;

//! Agreement of raters, missing ratings allowed where the statistic allows them: Krippendorff's alpha,
//! Fleiss' and Randolph's kappa, Gwet's AC1 and AC2; intraclass correlations in `icc`.
//!
//! Ratings come as one column a rater, one row an item, NaN where a rater did not rate.

pub mod icc;

use crate::eval::estimate::{Estimate, Measured, Undefined};
use crate::metrics::checks;

/// What distances between ratings mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    Nominal,
    Ordinal,
    Interval,
    Ratio,
}

impl Scale {
    pub fn named(name: &str) -> Result<Scale, Undefined> {
        checks::word(
            "the level of measurement",
            name,
            &[
                ("nominal", Scale::Nominal),
                ("ordinal", Scale::Ordinal),
                ("interval", Scale::Interval),
                ("ratio", Scale::Ratio),
            ],
        )
    }
}

/// Ratings counted: for every item how often each value was given.
struct Counts {
    /// Distinct values, rising.
    values: Vec<f64>,
    /// (place of the value, how often), rising.
    items: Vec<Item>,
}

type Item = Vec<(usize, f64)>;

fn size(item: &Item) -> f64 {
    item.iter().map(|c| c.1).sum()
}

/// Sums over items by value.
fn by_value<'a>(items: impl Iterator<Item = &'a Item>, k: usize, share: impl Fn(&Item, f64) -> f64) -> Vec<f64> {
    let mut out = vec![0.0; k];
    for item in items {
        item.iter().for_each(|(place, n)| out[*place] += share(item, *n));
    }
    out
}

/// The most distinct ratings that are told apart.
const MOST_VALUES: usize = 5_000;

fn counts(ratings: &[&[f64]]) -> Result<Counts, Undefined> {
    let n = ratings.first().map_or(0, |r| r.len());
    if ratings.len() < 2 {
        return Err(Undefined::new("agreement needs two raters or more"));
    }
    for rater in ratings {
        checks::same_length(("items of one rater", rater.len()), ("of another", n))?;
        if let Some(row) = rater.iter().position(|v| v.is_infinite()) {
            return Err(Undefined::new(format!("a rating in row {} is infinite", row + 1)));
        }
    }
    checks::not_empty(n)?;
    let mut values: Vec<f64> = ratings.iter().flat_map(|r| r.iter().copied()).filter(|v| !v.is_nan()).collect();
    values.sort_by(f64::total_cmp);
    values.dedup_by(|a, b| a == b);
    if values.len() > MOST_VALUES {
        return Err(Undefined::new(format!("there are more than {MOST_VALUES} different ratings")));
    }
    let place = |v: f64| values.partition_point(|w| *w < v);
    let items = (0..n)
        .map(|row| {
            let mut given: Vec<usize> = ratings.iter().map(|r| r[row]).filter(|v| !v.is_nan()).map(place).collect();
            given.sort_unstable();
            given.chunk_by(|a, b| a == b).map(|same| (same[0], same.len() as f64)).collect()
        })
        .collect();
    Ok(Counts { values, items })
}

/// Krippendorff's alpha (2011): 1 less observed by expected disagreement, any number of raters and
/// missing ratings; items with a single rating do not count. Parts: `items` that count, `ratings`.
///
/// Undefined when no item has two ratings, and when all ratings are the same.
pub fn krippendorff(ratings: &[&[f64]], scale: Scale) -> Measured {
    let Counts { values, items } = counts(ratings)?;
    let rows = items.len();
    let paired: Vec<Item> = items.into_iter().filter(|i| size(i) >= 2.0).collect();
    if paired.is_empty() {
        return Err(Undefined::new("no item has ratings by two raters"));
    }
    let k = values.len();
    let totals = by_value(paired.iter(), k, |_, n| n);
    let n: f64 = totals.iter().sum();
    if totals.iter().filter(|t| **t > 0.0).count() < 2 {
        return Err(Undefined::new("all ratings are the same, so there is no disagreement to expect"));
    }
    // Ranks of the values among all ratings, for the ordinal distance.
    let mut before = 0.0;
    let middles: Vec<f64> = totals
        .iter()
        .map(|t| {
            let middle = before + t / 2.0;
            before += t;
            middle
        })
        .collect();
    let distance = |a: usize, b: usize| {
        let d = match scale {
            Scale::Nominal => f64::from(u8::from(a != b)),
            Scale::Ordinal => middles[a] - middles[b],
            Scale::Interval => values[a] - values[b],
            Scale::Ratio if values[a] + values[b] == 0.0 => 0.0,
            Scale::Ratio => (values[a] - values[b]) / (values[a] + values[b]),
        };
        d * d
    };
    let mut seen = 0.0;
    for item in &paired {
        for &(a, na) in item {
            for &(b, nb) in item {
                if a != b {
                    seen += na * nb * distance(a, b) / (size(item) - 1.0);
                }
            }
        }
    }
    let mut expected = 0.0;
    for a in 0..k {
        for b in 0..k {
            if a != b {
                expected += totals[a] * totals[b] * distance(a, b);
            }
        }
    }
    if expected == 0.0 {
        return Err(Undefined::new("the ratings do not differ on this scale"));
    }
    let out = Estimate::plain(1.0 - (n - 1.0) * seen / expected, rows);
    Ok(out.with("items", paired.len() as f64).with("ratings", n))
}

/// Fleiss' kappa (1971) for items rated by equally many raters; with `free` Randolph's (2005), whose
/// chance agreement is one by the number of categories that occur.
///
/// Undefined for a missing rating and when chance alone agrees fully.
pub fn fleiss(ratings: &[&[f64]], free: bool) -> Measured {
    let Counts { values, items } = counts(ratings)?;
    let raters = ratings.len() as f64;
    if items.iter().any(|i| size(i) != raters) {
        return Err(Undefined::new("a rating is missing; Krippendorff's alpha takes missing ratings"));
    }
    let n = items.len() as f64;
    let agreement = |item: &Item| (item.iter().map(|c| c.1 * c.1).sum::<f64>() - raters) / (raters * (raters - 1.0));
    let seen = items.iter().map(agreement).sum::<f64>() / n;
    let chance = if free {
        1.0 / values.len() as f64
    } else {
        let shares = by_value(items.iter(), values.len(), |_, c| c / (n * raters));
        shares.iter().map(|s| s * s).sum()
    };
    if chance == 1.0 {
        return Err(Undefined::new("all ratings are the same, so chance agrees fully"));
    }
    let out = Estimate::plain((seen - chance) / (1.0 - chance), items.len());
    Ok(out.with("agreement", seen).with("chance", chance))
}

/// Gwet's AC1 (nominal) and AC2 (ordinal and interval weights; 2008, 2014), which do not fall when one
/// category prevails; missing ratings allowed. Parts: `agreement`, `chance`.
///
/// Undefined when no item has two ratings and when a single category occurs.
pub fn gwet(ratings: &[&[f64]], scale: Scale) -> Measured {
    let Counts { values, items } = counts(ratings)?;
    let q = values.len();
    if q < 2 {
        return Err(Undefined::new("all ratings are the same, so chance agrees fully"));
    }
    let span = values[q - 1] - values[0];
    let pairs = |m: usize| (m * (m.saturating_sub(1))) as f64 / 2.0;
    let weight = |a: usize, b: usize| match scale {
        _ if a == b => 1.0,
        Scale::Nominal => 0.0,
        Scale::Ordinal => 1.0 - pairs(a.abs_diff(b) + 1) / pairs(q),
        Scale::Interval | Scale::Ratio => 1.0 - ((values[a] - values[b]) / span).powi(2),
    };
    let rated: Vec<&Item> = items.iter().filter(|i| !i.is_empty()).collect();
    let paired: Vec<&Item> = rated.iter().copied().filter(|i| size(i) >= 2.0).collect();
    if paired.is_empty() {
        return Err(Undefined::new("no item has ratings by two raters"));
    }
    let agreement = |item: &Item| {
        let alike = |a: usize| item.iter().map(|(b, n)| weight(a, *b) * n).sum::<f64>();
        let pairs: f64 = item.iter().map(|(a, n)| n * (alike(*a) - 1.0)).sum();
        pairs / (size(item) * (size(item) - 1.0))
    };
    let seen = paired.iter().map(|i| agreement(i)).sum::<f64>() / paired.len() as f64;
    let shares = by_value(rated.iter().copied(), q, |item, n| n / size(item) / rated.len() as f64);
    let total: f64 = (0..q).map(|a| (0..q).map(|b| weight(a, b)).sum::<f64>()).sum();
    let spread: f64 = shares.iter().map(|s| s * (1.0 - s)).sum();
    let chance = total / (q * (q - 1)) as f64 * spread;
    let out = Estimate::plain((seen - chance) / (1.0 - chance), items.len());
    Ok(out.with("agreement", seen).with("chance", chance))
}

#[cfg(test)]
mod tests;

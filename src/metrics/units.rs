//! The bootstrap over units: rows, or clusters of rows (patients own their rows), within strata; drawn with
//! replacement or weighted by Poisson counts.
//!
//! A resample is a count for every unit, so no row is ever copied.

use crate::eval::estimate::{Estimate, Interval, Measured, Undefined};
use crate::metrics::bootstrap::{self, Method};
use crate::metrics::checks;
use crate::metrics::curves::Curve;
use crate::metrics::hypothesis::Alternative;
use crate::metrics::inference::sum;
use crate::metrics::resampling::{self, Lane, Stream};

/// How a resample is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Draw {
    /// As many units of each stratum as it has, with replacement (Efron 1979).
    Replace,
    /// A Poisson count of mean 1 for each unit: the number of units varies (Oza and Russell 2001; Chamandy et
    /// al. 2012).
    Poisson,
}

/// How the interval is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    Of(Method),
    /// By each resample's own standard error; means only.
    Studentised,
}

/// Settings of a bootstrap.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    pub draw: Draw,
    pub ends: Ends,
    pub resamples: usize,
    pub level: f64,
    pub seed: u64,
    /// False where only the value counts.
    pub interval: bool,
}

/// The most resamples.
const MOST_RESAMPLES: usize = 100_000;

/// The most steps of a jackknife that has no shortcut.
const MOST_STEPS: usize = 200_000_000;

impl Settings {
    /// From the words of a script.
    pub fn named(draw: &str, ends: &str) -> Result<(Draw, Ends), Undefined> {
        let draw = checks::word("the draw", draw, &[("replace", Draw::Replace), ("poisson", Draw::Poisson)])?;
        let words = [
            ("percentile", Ends::Of(Method::Percentile)),
            ("basic", Ends::Of(Method::Basic)),
            ("bca", Ends::Of(Method::Bca)),
            ("studentised", Ends::Studentised),
        ];
        Ok((draw, checks::word("the interval", ends, &words)?))
    }

    fn check(&self) -> Result<(), Undefined> {
        if !(2..=MOST_RESAMPLES).contains(&self.resamples) {
            let asked = self.resamples;
            return Err(Undefined::new(format!("{asked} resamples are not between 2 and {MOST_RESAMPLES}")));
        }
        if !(self.level > 0.0 && self.level < 1.0) {
            return Err(Undefined::new(format!("the level is {}, not between 0 and 1", self.level)));
        }
        Ok(())
    }
}

/// Which unit each row belongs to, and which units each stratum holds.
pub struct Units {
    of_row: Vec<u32>,
    strata: Vec<Vec<u32>>,
    count: usize,
    clustered: bool,
}

/// Numbers the combinations of several columns of codes from 0, in the order of the codes.
fn crossed(n: usize, columns: &[&[u32]]) -> Result<Vec<u32>, Undefined> {
    let mut own = vec![0_u32; n];
    for column in columns {
        checks::same_length(("rows", n), ("cells of a column", column.len()))?;
        let pairs: Vec<(u32, u32)> = own.iter().copied().zip(column.iter().copied()).collect();
        let mut distinct = pairs.clone();
        distinct.sort_unstable();
        distinct.dedup();
        own = pairs.iter().map(|p| distinct.partition_point(|d| d < p) as u32).collect();
    }
    Ok(own)
}

impl Units {
    /// Units from the columns that name clusters (none: every row is one) and strata. Undefined for no rows, lengths
    /// that differ, fewer than two units, and a cluster with rows in two strata.
    pub fn new(n: usize, clusters: &[&[u32]], strata: &[&[u32]]) -> Result<Units, Undefined> {
        checks::not_empty(n)?;
        let of_row = if clusters.is_empty() { (0..n as u32).collect() } else { crossed(n, clusters)? };
        let stratum = crossed(n, strata)?;
        let count = of_row.iter().max().map_or(0, |m| *m as usize + 1);
        let mut of_unit = vec![None; count];
        for (unit, stratum) in of_row.iter().zip(&stratum) {
            let slot = &mut of_unit[*unit as usize];
            if slot.is_some_and(|s| s != *stratum) {
                return Err(Undefined::new("a cluster has rows in two strata, so it cannot be drawn within one"));
            }
            *slot = Some(*stratum);
        }
        let mut members = vec![Vec::new(); stratum.iter().max().map_or(0, |m| *m as usize + 1)];
        for (unit, stratum) in of_unit.iter().enumerate() {
            if let Some(s) = stratum {
                members[*s as usize].push(unit as u32);
            }
        }
        if count < 2 {
            return Err(Undefined::new("a bootstrap needs two units or more"));
        }
        Ok(Units { of_row, strata: members, count, clustered: !clusters.is_empty() })
    }

    /// How often each unit is in a resample.
    fn drawn(&self, rng: &mut Stream, draw: Draw) -> Vec<f64> {
        let mut counts = vec![0.0; self.count];
        for members in &self.strata {
            match draw {
                Draw::Replace => {
                    for _ in members {
                        counts[members[resampling::below(rng, members.len())] as usize] += 1.0;
                    }
                }
                Draw::Poisson => members.iter().for_each(|u| counts[*u as usize] = poisson(rng)),
            }
        }
        counts
    }

    /// Sums over the rows of each unit.
    fn sums(&self, x: impl Iterator<Item = f64>) -> Vec<f64> {
        let mut out = vec![0.0; self.count];
        self.of_row.iter().zip(x).for_each(|(unit, x)| out[*unit as usize] += x);
        out
    }

    fn describe(&self, settings: &Settings) -> String {
        let ends = match settings.ends {
            Ends::Of(Method::Percentile) => "percentile",
            Ends::Of(Method::Basic) => "basic",
            Ends::Of(Method::Bca) => "bca",
            Ends::Studentised => "studentised",
        };
        let draw = if settings.draw == Draw::Poisson { "poisson " } else { "" };
        let over = if self.clustered { " over clusters" } else { "" };
        let within = if self.strata.len() > 1 { " within strata" } else { "" };
        format!("{draw}bootstrap {ends}{over}{within} ({})", settings.resamples)
    }

    fn finish(&self, value: f64, settings: &Settings, draws: &[f64], (lo, hi): (f64, f64)) -> Measured {
        let out = Estimate::plain(value, self.of_row.len());
        let out = out.with("standard_error", bootstrap::standard_error(draws)?).with("units", self.count as f64);
        let interval = Interval { lo, hi, level: settings.level, method: self.describe(settings) };
        let out = Estimate { interval: Some(interval), ..out.with("low", lo).with("high", hi) };
        let lone = self.strata.iter().filter(|m| m.len() == 1).count();
        Ok(match (lone, settings.draw) {
            (0, _) | (_, Draw::Poisson) => out,
            (n, _) => out.note(format!("strata with a single unit never vary: {n}")),
        })
    }
}

/// A Poisson count of mean 1, by inversion.
fn poisson(rng: &mut Stream) -> f64 {
    let mut left = resampling::unit(rng);
    let mut chance = (-1.0_f64).exp();
    let mut count = 0.0;
    while left >= chance && count < 30.0 {
        left -= chance;
        count += 1.0;
        chance /= count;
    }
    count
}

/// Resamples without a value (no unit drawn, a class missing) do not count; half of them must have one.
fn valued(draws: Vec<f64>) -> Result<Vec<f64>, Undefined> {
    let all = draws.len();
    let kept: Vec<f64> = draws.into_iter().filter(|v| v.is_finite()).collect();
    if kept.len() < 2 || kept.len() * 2 < all {
        return Err(Undefined::new("most resamples have no value"));
    }
    Ok(kept)
}

/// The mean with its bootstrap interval. Parts: `standard_error`, `low`, `high`, `units`.
///
/// BCa's acceleration comes from leaving out each unit; the studentised interval takes the linearised standard error
/// of a ratio mean over units, within strata (Cochran 1977, 6.3). Undefined for missing or infinite values, as
/// [`Units::new`] is, and for settings out of range.
pub fn mean(x: &[f64], units: &Units, settings: &Settings) -> Measured {
    settings.check()?;
    checks::same_length(("values", x.len()), ("rows", units.of_row.len()))?;
    checks::finite("value", x)?;
    let value = sum(x) / x.len() as f64;
    if !settings.interval {
        return Ok(Estimate::plain(value, x.len()));
    }
    let (sums, sizes) = (units.sums(x.iter().copied()), units.sums(x.iter().map(|_| 1.0)));
    let of = |w: &[f64]| -> (f64, f64) {
        let (mut s, mut n) = (0.0, 0.0);
        for ((w, x), k) in w.iter().zip(&sums).zip(&sizes) {
            s += w * x;
            n += w * k;
        }
        (s / n, n)
    };
    let draw = |rng: &mut Stream| units.drawn(rng, settings.draw);
    let method = match settings.ends {
        Ends::Of(method) => method,
        Ends::Studentised => {
            let error = |w: &[f64]| {
                let (mean, n) = of(w);
                let residual = |u: &u32| sums[*u as usize] - mean * sizes[*u as usize];
                let within = |members: &Vec<u32>| {
                    let moment = |k: i32| members.iter().map(|u| w[*u as usize] * residual(u).powi(k)).sum::<f64>();
                    let drawn: f64 = members.iter().map(|u| w[*u as usize]).sum();
                    if drawn < 2.0 { 0.0 } else { (moment(2) - moment(1).powi(2) / drawn) * drawn / (drawn - 1.0) }
                };
                units.strata.iter().map(within).sum::<f64>().max(0.0).sqrt() / n
            };
            let run = |f: &(dyn Fn(&[f64]) -> f64 + Sync)| {
                resampling::replicate(settings.resamples, settings.seed, Lane::Bootstrap, |rng| f(&draw(rng)))
            };
            let (draws, errors) = (run(&|w| of(w).0), run(&error));
            let own = error(&vec![1.0; units.count]);
            let ends = bootstrap::studentised(&draws, &errors, value, own, settings.level)?;
            return units.finish(value, settings, &valued(draws)?, ends);
        }
    };
    let statistic = |rng: &mut Stream| of(&draw(rng)).0;
    let draws = valued(resampling::replicate(settings.resamples, settings.seed, Lane::Bootstrap, statistic))?;
    let (all, rows) = (sum(x), x.len() as f64);
    // Where leaving out one unit leaves no row there is nothing to bootstrap.
    let jackknife: Vec<f64> = sums.iter().zip(&sizes).map(|(s, k)| (all - s) / (rows - k)).collect();
    let ends = bootstrap::interval(&draws, value, &jackknife, method, settings.level, Alternative::TwoSided)?;
    units.finish(value, settings, &draws, ends)
}

/// The AUROC with its bootstrap interval; resamples without one of the classes do not count. Undefined as the AUROC
/// and [`mean`] are; there is no studentised interval, and BCa takes up to 2e8 rows times units.
pub fn auroc(p: &[f64], y: &[bool], units: &Units, settings: &Settings) -> Measured {
    settings.check()?;
    checks::same_length(("scores", p.len()), ("rows", units.of_row.len()))?;
    let value = Curve::new(p, y, None)?.area()?;
    if !settings.interval {
        return Ok(Estimate::plain(value, p.len()));
    }
    let Ends::Of(method) = settings.ends else {
        return Err(Undefined::new("a studentised interval is for means"));
    };
    let mut order: Vec<u32> = (0..p.len() as u32).collect();
    order.sort_by(|a, b| p[*a as usize].total_cmp(&p[*b as usize]));
    // Rows in rising order: unit, class, and whether the score is that of the row before.
    let same = |i: usize| i > 0 && p[order[i] as usize] == p[order[i - 1] as usize];
    let row = |(i, r): (usize, &u32)| (units.of_row[*r as usize], y[*r as usize], same(i));
    let rows: Vec<(u32, bool, bool)> = order.iter().enumerate().map(row).collect();
    let of = |w: &[f64]| {
        let (mut wins, mut positives, mut negatives) = (0.0, 0.0, 0.0);
        let (mut tied_positives, mut tied_negatives) = (0.0, 0.0);
        for (unit, outcome, tie) in &rows {
            if !tie {
                wins += tied_positives * (negatives + tied_negatives / 2.0);
                positives += tied_positives;
                negatives += tied_negatives;
                (tied_positives, tied_negatives) = (0.0, 0.0);
            }
            *(if *outcome { &mut tied_positives } else { &mut tied_negatives }) += w[*unit as usize];
        }
        wins += tied_positives * (negatives + tied_negatives / 2.0);
        wins / ((positives + tied_positives) * (negatives + tied_negatives))
    };
    let statistic = |rng: &mut Stream| of(&units.drawn(rng, settings.draw));
    let draws = valued(resampling::replicate(settings.resamples, settings.seed, Lane::Bootstrap, statistic))?;
    let jackknife = if method == Method::Bca {
        if units.count.saturating_mul(p.len()) > MOST_STEPS {
            return Err(Undefined::new("there are too many rows and units for BCa; use \"percentile\""));
        }
        let without = |unit: usize| {
            let mut w = vec![1.0; units.count];
            w[unit] = 0.0;
            of(&w)
        };
        let values: Vec<f64> = (0..units.count).map(without).collect();
        if values.iter().any(|v| !v.is_finite()) {
            return Err(Undefined::new("one unit has all rows of a class, so BCa has no interval"));
        }
        values
    } else {
        vec![0.0; units.count]
    };
    let ends = bootstrap::interval(&draws, value, &jackknife, method, settings.level, Alternative::TwoSided)?;
    units.finish(value, settings, &draws, ends)
}

/// Mean or share over flags.
pub fn rate(hits: &[bool], units: &Units, settings: &Settings) -> Measured {
    let x: Vec<f64> = hits.iter().map(|h| f64::from(u8::from(*h))).collect();
    let found = mean(&x, units, settings)?;
    let interval = found.interval.clone().map(|i| Interval { lo: i.lo.max(0.0), hi: i.hi.min(1.0), ..i });
    Ok(Estimate { interval, ..found })
}

#[cfg(test)]
#[path = "units_tests.rs"]
mod tests;

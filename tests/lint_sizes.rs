//! The rows that the power lint asks for, against simulated decisions with the intervals that decide constraints.

use dbf::check::lints::sizes::{POWER, Question, equivalence, needed};
use dbf::metrics::calibration::{self, EdgeRule};
use dbf::metrics::fairness;
use dbf::metrics::inference::{newcombe_difference, wilson};
use dbf::metrics::ranking;
use dbf::metrics::resampling::{Lane, binomial, stream, unit};
use rayon::prelude::*;

/// The smallest number of rows from `from` to `to` for which `passes` gives the power, by bisection to one in a
/// hundred. `passes` is the share of simulated samples that pass.
fn simulated(from: f64, to: f64, passes: &dyn Fn(usize) -> f64) -> f64 {
    let (mut low, mut high) = (from, to);
    assert!(passes(high as usize) >= POWER, "{high} rows are not enough");
    while high - low > (high * 0.01).max(1.0) {
        let middle = (low + high) / 2.0;
        if passes(middle as usize) >= POWER { high = middle } else { low = middle }
    }
    high
}

fn share_of(samples: usize, pass: impl Fn(usize) -> bool + Sync) -> f64 {
    (0..samples).into_par_iter().filter(|i| pass(*i)).count() as f64 / samples as f64
}

/// What a script usually asks for; a claim of "no more than" or "at least" is one-sided.
const CONFIDENCE: f64 = 0.95;

/// The level of the two-sided interval whose ends each are passed with `confidence`.
fn two_sided(confidence: f64) -> f64 {
    2.0 * confidence - 1.0
}

struct Table {
    lines: Vec<String>,
    bad: usize,
}

impl Table {
    fn add(&mut self, what: String, lint: u64, simulated: f64) {
        let ratio = lint as f64 / simulated;
        self.bad += usize::from(!(0.9..=1.1).contains(&ratio));
        self.lines.push(format!("{what:<52} lint {lint:>7}  simulated {simulated:>8.0}  ratio {ratio:.3}"));
    }

    fn settle(self) {
        assert_eq!(self.bad, 0, "more than a tenth apart:\n{}", self.lines.join("\n"));
    }
}

fn table() -> Table {
    Table { lines: Vec::new(), bad: 0 }
}

#[test]
fn shares() {
    let mut table = table();
    for confidence in [0.9, 0.95, 0.99] {
        for limit in [0.01, 0.03, 0.05, 0.2] {
            let lint = needed(&Question::Share { limit, at_most: true }, confidence).unwrap();
            let passes = |n: usize| f64::from(wilson(0, n as u64, two_sided(confidence)).unwrap().hi <= limit);
            table.add(format!("P <= {limit} at {confidence}"), lint, simulated(1.0, 1e5, &passes));
            let at_least = 1.0 - limit;
            let lint = needed(&Question::Share { limit: at_least, at_most: false }, confidence).unwrap();
            let passes =
                |n: usize| f64::from(wilson(n as u64, n as u64, two_sided(confidence)).unwrap().lo >= at_least);
            table.add(format!("P >= {at_least} at {confidence}"), lint, simulated(1.0, 1e5, &passes));
        }
    }
    table.settle();
}

/// The figures of the domain notes: 1,713 rows a group at a rate of 10 %, 3,997 at 30 %.
#[test]
fn two_one_sided_tests() {
    assert_eq!(equivalence(0.03, 0.1, 0.05, 0.8).map(f64::ceil), Some(1713.0));
    assert_eq!(equivalence(0.03, 0.3, 0.05, 0.8).map(f64::ceil), Some(3997.0));
    let gap = |rate| Question::Gap { limit: 0.03, rate, shares: vec![0.5, 0.5] };
    assert_eq!(needed(&gap(0.1), 0.95), Some(3426));
    assert_eq!(needed(&gap(0.3), 0.95), Some(7993));
}

#[test]
fn gaps_of_two_groups() {
    let mut table = table();
    for (rate, limit, confidence, shares) in [
        (0.1, 0.03, 0.95, [0.5, 0.5]),
        (0.3, 0.03, 0.95, [0.5, 0.5]),
        (0.5, 0.05, 0.95, [0.5, 0.5]),
        (0.05, 0.03, 0.9, [0.5, 0.5]),
        (0.2, 0.05, 0.95, [0.8, 0.2]),
        (0.1, 0.04, 0.99, [0.9, 0.1]),
    ] {
        let lint = needed(&Question::Gap { limit, rate, shares: shares.to_vec() }, confidence).unwrap();
        let passes = |n: usize| {
            let first = (n as f64 * shares[0]).round() as u64;
            let second = n as u64 - first;
            share_of(8000, |i| {
                let mut rng = stream(1, Lane::Draw, i);
                let (a, b) = (binomial(&mut rng, first, rate), binomial(&mut rng, second, rate));
                let signed = newcombe_difference(a, first, b, second, two_sided(confidence)).unwrap();
                signed.hi.max(-signed.lo) <= limit
            })
        };
        let found = simulated(lint as f64 * 0.6, lint as f64 * 1.6, &passes);
        table.add(format!("gap <= {limit} at rate {rate}, {shares:?}, {confidence}"), lint, found);
    }
    table.settle();
}

#[test]
fn gaps_of_many_groups() {
    let mut table = table();
    for (rate, limit, shares) in
        [(0.2, 0.08, vec![1.0; 3]), (0.3, 0.1, vec![0.4, 0.3, 0.15, 0.15]), (0.1, 0.06, vec![1.0; 5])]
    {
        let lint = needed(&Question::Gap { limit, rate, shares: shares.clone() }, CONFIDENCE).unwrap();
        let total: f64 = shares.iter().sum();
        let names: Vec<String> = (0..shares.len()).map(|g| g.to_string()).collect();
        let passes = |n: usize| {
            share_of(600, |i| {
                let mut rng = stream(2, Lane::Draw, i);
                let cells: Vec<[u64; 4]> = shares
                    .iter()
                    .map(|s| {
                        let rows = (n as f64 * s / total).round() as u64;
                        let flagged = binomial(&mut rng, rows, rate);
                        [rows - flagged, flagged, 0, 0]
                    })
                    .collect();
                let estimate = fairness::dpd_of(&cells, &names, (i as u64, two_sided(CONFIDENCE))).unwrap();
                estimate.interval.unwrap().hi <= limit
            })
        };
        let found = simulated(lint as f64 * 0.7, lint as f64 * 1.4, &passes);
        table.add(format!("gap <= {limit} at rate {rate}, {} groups", shares.len()), lint, found);
    }
    table.settle();
}

#[test]
fn rankings() {
    let mut table = table();
    for limit in [0.7, 0.8, 0.9, 0.95] {
        for prevalence in [0.1, 0.3, 0.5] {
            let lint = needed(&Question::Auroc { limit, prevalence }, CONFIDENCE).unwrap();
            let passes = |n: usize| {
                let positives = ((n as f64 * prevalence).round() as usize).max(1);
                let y: Vec<bool> = (0..n).map(|i| i >= n - positives).collect();
                let p: Vec<f64> = (0..n).map(|i| i as f64).collect();
                let lo = ranking::auroc_at(&p, &y, two_sided(CONFIDENCE)).unwrap().interval.unwrap().lo;
                f64::from(lo >= limit)
            };
            table.add(format!("auroc >= {limit} at prevalence {prevalence}"), lint, simulated(3.0, 1e4, &passes));
        }
    }
    // Whole rows: a handful more or less is more than a tenth of a few dozen.
    table.bad = 0;
    for line in &table.lines {
        let words: Vec<&str> = line.split_whitespace().collect();
        let at = |word: &str| words[words.iter().position(|w| *w == word).unwrap() + 1].parse::<f64>().unwrap();
        table.bad += usize::from((at("lint") - at("simulated")).abs() > (0.1 * at("simulated")).max(3.0));
    }
    table.settle();
}

#[test]
fn calibration_errors() {
    let mut table = table();
    for (limit, bins) in [(0.12, 10), (0.1, 5)] {
        let lint = needed(&Question::Ece { limit, bins }, CONFIDENCE).unwrap();
        let passes = |n: usize| {
            share_of(300, |i| {
                let mut rng = stream(3, Lane::Draw, i);
                let p: Vec<f64> = (0..n).map(|_| unit(&mut rng)).collect();
                let y: Vec<bool> = p.iter().map(|p| unit(&mut rng) < *p).collect();
                let estimate =
                    calibration::ece_at(&p, &y, bins, EdgeRule::default(), (i as u64, two_sided(CONFIDENCE))).unwrap();
                estimate.interval.unwrap().hi <= limit
            })
        };
        let found = simulated(lint as f64 * 0.7, lint as f64 * 1.4, &passes);
        table.add(format!("ece <= {limit} over {bins} bins"), lint, found);
    }
    table.settle();
}

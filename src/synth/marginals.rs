//! Noisy one-way tables, and a stand-in table that is free to be looked at.
//!
//! A generator's preparation (modes, levels, frequencies, quantiles) would tell about single rows if
//! it read the data. In private training it reads a stand-in instead: rows drawn from one noisy
//! histogram a column. Bounds and categories come from the schema alone. A row counts once in each
//! of d columns, so the histograms are one Gaussian release of sensitivity √d. Knows frames; no
//! network.

use rand::seq::SliceRandom;
use rand::{Rng, RngExt};

use super::SynthError;
use super::privacy::mechanisms::add_gaussian;
use crate::data::frame::{Frame, FrameColumn, FrameKind};

/// Equal bins of a number's declared range; whole numbers with up to twice as many values have
/// one each.
const EQUAL: usize = 24;
/// Bins that halve again and again towards a lower bound of 0 or more, for long upper tails.
const HALVINGS: i32 = 8;

/// Whether every column can be binned without looking at it, or which one cannot.
pub fn check(frame: &Frame) -> Result<(), SynthError> {
    for column in &frame.columns {
        if let FrameKind::Number { lo, hi, .. } = column.kind
            && !matches!((lo, hi), (Some(lo), Some(hi)) if lo <= hi && (hi - lo).is_finite())
        {
            return Err(SynthError::NoRange { column: column.name.clone() });
        }
    }
    Ok(())
}

/// A table of as many rows as `frame`, drawn column by column from histograms with Gaussian noise
/// of `sigma` times their sensitivity. Associations between columns are not in it. The frame has to
/// pass [`check`].
pub fn stand_in(frame: &Frame, sigma: f64, noise: &mut impl Rng, draw: &mut impl Rng) -> Frame {
    let scale = sigma * (frame.columns.len() as f64).sqrt();
    let columns = frame
        .columns
        .iter()
        .map(|column| {
            let bins = Bins::of(column);
            let mut counts = bins.count(&column.values);
            add_gaussian(&mut counts, scale, noise);
            bins.quiet(&mut counts, scale);
            let shares = onto_shares(&counts);
            let mut values: Vec<f64> = quotas(&shares, frame.rows)
                .into_iter()
                .enumerate()
                .flat_map(|(bin, n)| std::iter::repeat_n(bin, n))
                .map(|bin| bins.draw(bin, draw))
                .collect();
            values.shuffle(draw);
            FrameColumn { values, ..column.clone() }
        })
        .collect();
    Frame { columns, rows: frame.rows }
}

/// The bins of one column, by its declaration.
struct Bins {
    /// Ascending; bin i is from edge i to edge i + 1. Empty for categories.
    edges: Vec<f64>,
    /// Values in place of edges: categories, and whole numbers with few values.
    values: Vec<f64>,
    whole: bool,
    missing: bool,
}

impl Bins {
    fn of(column: &FrameColumn) -> Bins {
        let mut out = Bins { edges: Vec::new(), values: Vec::new(), whole: false, missing: column.nullable };
        match &column.kind {
            FrameKind::Category { levels } => out.values = (0..levels.len().max(1)).map(|l| l as f64).collect(),
            FrameKind::Number { lo, hi, integer } => {
                let (lo, hi) = (lo.unwrap_or(0.0), hi.unwrap_or(0.0));
                out.whole = *integer;
                let (first, last) = (lo.ceil(), hi.floor());
                if lo >= hi || *integer && first >= last {
                    out.values = vec![if *integer { first } else { lo }];
                } else if *integer && last - first < 2.0 * EQUAL as f64 {
                    out.values = (0..=(last - first) as u32).map(|k| first + f64::from(k)).collect();
                } else {
                    let width = (hi - lo) / EQUAL as f64;
                    out.edges = (0..=EQUAL).map(|i| lo + i as f64 * width).collect();
                    if lo >= 0.0 {
                        out.edges.extend((1..=HALVINGS).map(|k| lo + width * 0.5_f64.powi(k)));
                    }
                    out.edges.sort_by(f64::total_cmp);
                    out.edges.dedup();
                }
            }
        }
        out
    }

    fn present(&self) -> usize {
        if self.edges.is_empty() { self.values.len() } else { self.edges.len() - 1 }
    }

    /// Rows in each bin, the missing last; each row counts once, whatever it holds.
    fn count(&self, values: &[f64]) -> Vec<f64> {
        let present = self.present();
        let mut counts = vec![0.0; present + usize::from(self.missing)];
        for x in values {
            let bin = if x.is_nan() {
                present
            } else if self.edges.is_empty() {
                self.values.partition_point(|v| v < x)
            } else {
                self.edges.partition_point(|e| e <= x).saturating_sub(1).min(present - 1)
            };
            let last = counts.len() - 1;
            if let Some(count) = counts.get_mut(bin.min(last)) {
                *count += 1.0;
            }
        }
        counts
    }

    /// Empties bins of a range whose count may well be noise: many wide bins that hold nobody would
    /// otherwise add a long tail. Categories keep what they have, so that rare ones stay.
    fn quiet(&self, counts: &mut [f64], scale: f64) {
        if self.edges.is_empty() || counts.iter().all(|c| *c < 2.0 * scale) {
            return;
        }
        for count in counts.iter_mut().take(self.present()).filter(|c| **c < 2.0 * scale) {
            *count = 0.0;
        }
    }

    /// A value of bin `bin`; NaN for the missing.
    fn draw(&self, bin: usize, rng: &mut impl Rng) -> f64 {
        if let Some(value) = self.values.get(bin) {
            return *value;
        }
        match (self.edges.get(bin), self.edges.get(bin + 1)) {
            (Some(lo), Some(hi)) => {
                let x = lo + rng.random::<f64>() * (hi - lo);
                let (least, most) = (self.edges.first(), self.edges.last());
                match (self.whole, least, most) {
                    (true, Some(least), Some(most)) => x.round().clamp(least.ceil(), most.floor()),
                    _ => x,
                }
            }
            _ => f64::NAN,
        }
    }
}

/// The nearest point at which nothing is negative and the sum is that of `counts` (at least 1), as
/// shares: clipping at 0 alone would lift every rare bin.
fn onto_shares(counts: &[f64]) -> Vec<f64> {
    let total = counts.iter().sum::<f64>().max(1.0);
    let mut sorted = counts.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let (mut sum, mut cut) = (0.0, f64::NEG_INFINITY);
    for (i, c) in sorted.iter().enumerate() {
        sum += c;
        let at = (sum - total) / (i + 1) as f64;
        if *c > at {
            cut = at;
        }
    }
    counts.iter().map(|c| (c - cut).max(0.0) / total).collect()
}

/// `n` rows in proportion to `shares`, by largest remainder.
fn quotas(shares: &[f64], n: usize) -> Vec<usize> {
    let exact: Vec<f64> = shares.iter().map(|s| s * n as f64).collect();
    let mut out: Vec<usize> = exact.iter().map(|x| x.floor() as usize).collect();
    let mut order: Vec<usize> = (0..shares.len()).collect();
    let rest = |i: &usize| exact.get(*i).map_or(0.0, |x| x - x.floor());
    order.sort_by(|a, b| rest(b).total_cmp(&rest(a)).then(a.cmp(b)));
    let short = n.saturating_sub(out.iter().sum());
    for i in order.into_iter().cycle().take(short) {
        if let Some(q) = out.get_mut(i) {
            *q += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::encoder::tests::clinic;
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    fn rng(seed: u64) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(seed)
    }

    fn mean(x: &[f64]) -> f64 {
        let present: Vec<f64> = x.iter().copied().filter(|x| !x.is_nan()).collect();
        present.iter().sum::<f64>() / present.len() as f64
    }

    #[test]
    fn a_stand_in_has_the_columns_ranges_and_roughly_the_marginals() {
        let frame = clinic(4_000);
        let made = stand_in(&frame, 2.0, &mut rng(1), &mut rng(2));
        assert_eq!(made.rows, 4_000);
        for (real, made) in frame.columns.iter().zip(&made.columns) {
            assert_eq!((&real.name, &real.kind, made.values.len()), (&made.name, &made.kind, 4_000));
            let missing = |x: &[f64]| x.iter().filter(|x| x.is_nan()).count() as f64 / 4_000.0;
            assert!((missing(&real.values) - missing(&made.values)).abs() < 0.02, "{}", real.name);
            if let FrameKind::Number { lo: Some(lo), hi: Some(hi), integer } = real.kind {
                assert!(made.values.iter().all(|x| x.is_nan() || (lo..=hi).contains(x)));
                assert!(!integer || made.values.iter().all(|x| x.is_nan() || x.fract() == 0.0));
                assert!((mean(&made.values) / mean(&real.values) - 1.0).abs() < 0.3, "{}", real.name);
            } else {
                assert!((mean(&made.values) - mean(&real.values)).abs() < 0.05, "{}", real.name);
            }
        }
    }

    #[test]
    fn nothing_but_the_noisy_counts_reaches_the_stand_in() {
        // Rows in another order have the same counts.
        let frame = clinic(300);
        let order: Vec<usize> = (0..300).rev().collect();
        let bits = |f: &Frame| f.columns.iter().flat_map(|c| c.values.iter().map(|x| x.to_bits())).collect::<Vec<_>>();
        let (a, b) = (
            stand_in(&frame, 1.0, &mut rng(1), &mut rng(2)),
            stand_in(&frame.take(&order), 1.0, &mut rng(1), &mut rng(2)),
        );
        assert_eq!(bits(&a), bits(&b));
        // With noise that drowns the counts, what is left is noise.
        let drowned = stand_in(&frame, 1e6, &mut rng(3), &mut rng(4));
        assert!((mean(&drowned.columns[0].values) - mean(&frame.columns[0].values)).abs() > 1.0);
    }

    #[test]
    fn one_row_moves_the_counts_by_the_root_of_the_columns() {
        let frame = clinic(50);
        let fewer = frame.take(&(1..50).collect::<Vec<_>>());
        let mut square = 0.0;
        for (a, b) in frame.columns.iter().zip(&fewer.columns) {
            let (a, b) = (Bins::of(a).count(&a.values), Bins::of(b).count(&b.values));
            square += a.iter().zip(&b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>();
        }
        assert_eq!(square, frame.columns.len() as f64);
    }

    #[test]
    fn a_number_without_a_declared_range_is_named() {
        let mut frame = clinic(10);
        assert_eq!(check(&frame), Ok(()));
        frame.columns[1].kind = FrameKind::Number { lo: Some(0.0), hi: None, integer: false };
        let error = check(&frame);
        assert_eq!(error, Err(SynthError::NoRange { column: "cost".into() }));
    }

    #[test]
    fn shares_are_never_negative_and_add_up() {
        for counts in [vec![5.0, -3.0, 8.0], vec![-1.0, -2.0], vec![0.4], vec![100.0, 100.0, -400.0]] {
            let shares = onto_shares(&counts);
            assert!(shares.iter().all(|s| *s >= 0.0) && (shares.iter().sum::<f64>() - 1.0).abs() < 1e-12, "{shares:?}");
            assert_eq!(quotas(&shares, 97).iter().sum::<usize>(), 97);
        }
    }
}

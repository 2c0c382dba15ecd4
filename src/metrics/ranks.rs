//! Scores in order with the outcomes at each: one sort behind AUROC, DeLong's variance, average precision and their
//! bootstrap.
//!
//! Sorting is by radix, positives and negatives apart, in the storage that the scores came in.

use super::radix::{self, Key};
use super::resampling::{self, Lane};
use crate::eval::estimate::Undefined;
use crate::eval::held::Scores;
use crate::metrics::checks;
use arrow_buffer::BooleanBuffer;
use rayon::prelude::*;

/// Rows with equal scores.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Run {
    pub score: f64,
    pub positives: u32,
    pub negatives: u32,
}

/// Rows by rising score.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    /// Stretches of the order, one after the other.
    stretches: Vec<Vec<Run>>,
    pub positives: u64,
    pub negatives: u64,
}

impl Ranked {
    /// Sorts the rows. Undefined for no rows, unequal lengths and missing or infinite scores.
    pub fn new(scores: Scores, y: &BooleanBuffer) -> Result<Ranked, Undefined> {
        checks::same_length(("scores", scores.len()), ("outcomes", y.len()))?;
        checks::not_empty(y.len())?;
        checks::finite_scores("score", scores)?;
        let stretches = match scores {
            Scores::Narrow(x) => runs::<u32>(x, y, checks::all(x, |x| x >= 0.0)),
            Scores::Wide(x) => runs::<u64>(x, y, checks::all(x, |x| x >= 0.0)),
        };
        let positives = y.count_set_bits() as u64;
        Ok(Ranked { stretches, positives, negatives: y.len() as u64 - positives })
    }

    /// The runs in rising order.
    pub fn runs(&self) -> impl DoubleEndedIterator<Item = &Run> + Clone {
        self.stretches.iter().flatten()
    }

    pub fn rows(&self) -> u64 {
        self.positives + self.negatives
    }

    /// Refuses rows of one class only.
    pub fn both_classes(&self) -> Result<(), Undefined> {
        if self.positives == 0 {
            return Err(Undefined::new("no row has the outcome, so there is nothing to rank above"));
        }
        if self.negatives == 0 {
            return Err(Undefined::new("every row has the outcome, so there is nothing to rank below"));
        }
        Ok(())
    }

    /// Area under the ROC curve, exact up to one division.
    pub fn area(&self) -> Result<f64, Undefined> {
        self.both_classes()?;
        Ok(area(self.runs().map(|r| (r.positives, r.negatives))))
    }

    /// Variance of the area by DeLong's placements, the rows of a run sharing theirs; nothing when a class has a
    /// single row.
    pub fn delong_variance(&self) -> Option<f64> {
        let (m, n) = (self.positives as f64, self.negatives as f64);
        if self.positives < 2 || self.negatives < 2 {
            return None;
        }
        // Both kinds of placements have the area as their mean.
        let area = self.area().ok()?;
        let (mut above, mut below) = (0.0, 0.0);
        let (mut positives, mut negatives) = (0_u64, 0_u64);
        for run in self.runs() {
            let win = (negatives as f64 + f64::from(run.negatives) / 2.0) / n;
            let loss = (positives as f64 + f64::from(run.positives) / 2.0) / m;
            above += f64::from(run.positives) * (win - area).powi(2);
            below += f64::from(run.negatives) * (1.0 - loss - area).powi(2);
            positives += u64::from(run.positives);
            negatives += u64::from(run.negatives);
        }
        Some(above / (m - 1.0) / m + below / (n - 1.0) / n)
    }

    /// Average precision; nothing when no row is positive.
    pub fn average_precision(&self) -> Option<f64> {
        (self.positives > 0).then(|| average_precision(self.runs().map(|r| (r.positives, r.negatives))))
    }

    /// What `figure` gives for resamples of the rows, one after the other. It sees how often the positives and the
    /// negatives of each run were drawn, in rising order; no resample is ever written out.
    pub fn replicates<F>(&self, replicates: usize, seed: u64, figure: F) -> Vec<f64>
    where
        F: Fn(&[(u32, u32)]) -> Option<f64> + Sync,
    {
        let n = self.rows() as usize;
        // Where the positives and the negatives of a run end, when rows stand in order.
        let mut at = 0;
        let ends: Vec<(usize, usize)> = self
            .runs()
            .map(|r| {
                let positives = at + r.positives as usize;
                at = positives + r.negatives as usize;
                (positives, at)
            })
            .collect();
        let fresh = || (vec![0_u16; n], Vec::with_capacity(ends.len()));
        let one = |(drawn, weights): &mut (Vec<u16>, Vec<(u32, u32)>), index: usize| {
            let mut rng = resampling::stream(seed, Lane::Bootstrap, index);
            drawn.fill(0);
            for _ in 0..n {
                let count = &mut drawn[resampling::place(&mut rng, n as u32) as usize];
                *count = count.saturating_add(1);
            }
            weights.clear();
            let total = |rows: &[u16]| rows.iter().map(|c| u32::from(*c)).sum::<u32>();
            let mut from = 0;
            for &(middle, end) in &ends {
                weights.push((total(&drawn[from..middle]), total(&drawn[middle..end])));
                from = end;
            }
            figure(weights)
        };
        (0..replicates).into_par_iter().map_init(fresh, one).flatten_iter().collect()
    }
}

/// The area under the ROC curve of runs in rising order, both classes present.
pub fn area(runs: impl Iterator<Item = (u32, u32)>) -> f64 {
    let (mut doubled_wins, mut positives, mut below) = (0_u128, 0_u64, 0_u64);
    for (p, n) in runs {
        doubled_wins += u128::from(u64::from(p)) * u128::from(2 * below + u64::from(n));
        positives += u64::from(p);
        below += u64::from(n);
    }
    doubled_wins as f64 / (2.0 * positives as f64 * below as f64)
}

/// Average precision of runs in rising order, one positive or more: precision at each threshold weighted by the
/// recall it adds.
pub fn average_precision(runs: impl DoubleEndedIterator<Item = (u32, u32)> + Clone) -> f64 {
    let total: u64 = runs.clone().map(|(p, _)| u64::from(p)).sum();
    let (mut area, mut hits, mut called) = (0.0, 0_u64, 0_u64);
    for (p, n) in runs.rev() {
        hits += u64::from(p);
        called += u64::from(p) + u64::from(n);
        if p > 0 {
            area += f64::from(p) / total as f64 * (hits as f64 / called as f64);
        }
    }
    area
}

/// The runs of equal scores, rising. The keys are dealt out to the threads by value, so that each sorts a stretch of
/// the order; where they are cut depends on the number of threads, what comes out does not.
fn runs<K: Key>(x: &[K::Number], y: &BooleanBuffer, from_zero: bool) -> Vec<Vec<Run>> {
    let threads = rayon::current_num_threads();
    let mut cuts: Vec<K> = Vec::new();
    if x.len() > MANY && threads > 1 {
        let mut sample: Vec<K> = x.iter().step_by(x.len() / 1024).map(|x| K::of(*x)).collect();
        sample.sort_unstable();
        cuts = (1..threads).filter_map(|i| sample.get(i * sample.len() / threads).copied()).collect();
        cuts.dedup();
    }
    let part = |at: usize| {
        let (from, until) = (at.checked_sub(1).and_then(|i| cuts.get(i)), cuts.get(at));
        let mine = |key: &K| from.is_none_or(|from| key >= from) & until.is_none_or(|until| key < until);
        let (mut keys, mut negatives) = (Vec::new(), Vec::new());
        keys.reserve(x.len() / (cuts.len() + 1) * 9 / 8);
        let mut chosen = [(K::default(), false); 64];
        for (x, word) in x.chunks(64).zip(y.bit_chunks().iter_padded()) {
            // Every row is written, and the next one over it if it was not wanted: nothing to guess.
            let mut count = 0;
            for (i, x) in x.iter().enumerate() {
                let key = K::of(*x);
                chosen[count] = (key, word >> i & 1 == 1);
                count += usize::from(mine(&key));
            }
            let chosen = chosen.iter().take(count);
            if from_zero {
                keys.extend(chosen.map(|(key, positive)| key.flagged(*positive)));
            } else {
                chosen.for_each(|(key, y)| if *y { keys.push(*key) } else { negatives.push(*key) });
            }
        }
        if from_zero { counted(&radix::sort(keys)) } else { merged(&radix::sort(keys), &radix::sort(negatives)) }
    };
    (0..=cuts.len()).into_par_iter().map(part).collect()
}

/// Rows from which on a sort is shared among the threads.
const MANY: usize = 1 << 16;

/// Runs of keys that carry the outcome as their flag.
fn counted<K: Key>(keys: &[K]) -> Vec<Run> {
    let mut out: Vec<Run> = Vec::with_capacity(keys.len());
    let mut last: Option<K> = None;
    for key in keys {
        let (key, positive) = key.unflagged();
        if last != Some(key) {
            out.push(Run { score: key.number(), positives: 0, negatives: 0 });
            last = Some(key);
        }
        if let Some(run) = out.last_mut() {
            run.positives += u32::from(positive);
            run.negatives += u32::from(!positive);
        }
    }
    out
}

/// Both classes in one order.
fn merged<K: Key>(positives: &[K], negatives: &[K]) -> Vec<Run> {
    let mut out: Vec<Run> = Vec::with_capacity(positives.len().max(negatives.len()));
    let (mut i, mut j) = (0, 0);
    loop {
        let key = match (positives.get(i), negatives.get(j)) {
            (Some(a), Some(b)) => *a.min(b),
            (Some(a), None) | (None, Some(a)) => *a,
            (None, None) => return out,
        };
        let (from_i, from_j) = (i, j);
        while positives.get(i) == Some(&key) {
            i += 1;
        }
        while negatives.get(j) == Some(&key) {
            j += 1;
        }
        out.push(Run { score: key.number(), positives: (i - from_i) as u32, negatives: (j - from_j) as u32 });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::curves::Curve;
    use crate::metrics::ranking;

    fn cohort(n: usize, distinct: u64) -> (Vec<f64>, Vec<bool>) {
        let mut rng = resampling::stream(3, Lane::Bootstrap, n);
        let p: Vec<f64> =
            (0..n).map(|_| resampling::below(&mut rng, distinct as usize) as f64 / distinct as f64).collect();
        let y = p.iter().map(|p| resampling::unit(&mut rng) < 0.2 + 0.6 * p).collect();
        (p, y)
    }

    #[test]
    fn the_same_figures_as_row_by_row() {
        for (n, distinct) in [(5, 3), (300, 10), (5000, 1 << 30), (5000, 7), (200_000, 1000)] {
            let (p, y) = cohort(n, distinct);
            let bits = BooleanBuffer::from(y.as_slice());
            let wide = Ranked::new(Scores::Wide(&p), &bits).unwrap();
            let moved: Vec<f64> = p.iter().map(|p| p - 0.5).collect();
            let below_zero = Ranked::new(Scores::Wide(&moved), &bits).unwrap();
            assert_eq!(below_zero.area(), wide.area());
            assert_eq!(below_zero.runs().count(), wide.runs().count());
            let narrow: Vec<f32> = p.iter().map(|p| *p as f32).collect();
            let back: Vec<f64> = narrow.iter().map(|p| f64::from(*p)).collect();
            assert_eq!(Ranked::new(Scores::Narrow(&narrow), &bits), Ranked::new(Scores::Wide(&back), &bits));
            let by_row = ranking::delong(&p, &y).unwrap();
            assert_eq!(wide.area().unwrap(), by_row.auc);
            match (wide.delong_variance(), by_row.variance) {
                (Some(a), Some(b)) => assert!((a - b).abs() < 1e-14),
                (a, b) => assert_eq!(a, b),
            }
            let curve = Curve::new(&p, &y, None).unwrap();
            assert!((wide.average_precision().unwrap() - curve.average_precision().unwrap()).abs() < 1e-13);
        }
    }

    #[test]
    fn resamples_by_count_are_resamples_of_rows() {
        let (p, y) = cohort(400, 20);
        let ranked = Ranked::new(Scores::Wide(&p), &BooleanBuffer::from(y.as_slice())).unwrap();
        let by_count = ranked.replicates(2000, 5, |runs| {
            assert_eq!(runs.iter().map(|r| r.0 + r.1).sum::<u32>(), 400);
            Some(area(runs.iter().copied()))
        });
        let by_row = resampling::bootstrap_rows(400, 2000, 6, |rows| {
            let p: Vec<f64> = rows.iter().map(|r| p[*r as usize]).collect();
            let y: Vec<bool> = rows.iter().map(|r| y[*r as usize]).collect();
            ranking::auroc(&p, &y).unwrap().value
        });
        let spread = |x: &[f64]| crate::metrics::inference::variance(x).unwrap().sqrt();
        let mean = |x: &[f64]| crate::metrics::inference::mean(x).unwrap();
        // Two bootstrap distributions of 2,000: standard errors differ by about 2 % by chance.
        assert!((spread(&by_count) / spread(&by_row) - 1.0).abs() < 0.08);
        assert!((mean(&by_count) - mean(&by_row)).abs() < 0.15 * spread(&by_row));
    }

    #[test]
    fn refusals() {
        let y = BooleanBuffer::from(&[true, false][..]);
        assert!(Ranked::new(Scores::Wide(&[0.1]), &y).is_err());
        assert!(Ranked::new(Scores::Wide(&[0.1, f64::NAN]), &y).is_err());
        assert!(Ranked::new(Scores::Narrow(&[0.1, f32::INFINITY]), &y).is_err());
        assert!(Ranked::new(Scores::Wide(&[]), &BooleanBuffer::new_unset(0)).is_err());
        let one = Ranked::new(Scores::Wide(&[0.1, 0.2]), &BooleanBuffer::new_set(2)).unwrap();
        assert!(one.area().is_err() && one.average_precision() == Some(1.0));
    }
}

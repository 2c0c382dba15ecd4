//! Seeded resampling: counter-based streams, the bootstrap drivers and multinomial draws.
//!
//! Every replicate owns the stream (seed, lane, index), so replicates may run on any number of
//! threads and in any order and still give the same bits. Knows nothing of any metric.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rand_distr::{Binomial, Distribution};
use rayon::prelude::*;

/// Bootstrap replicates behind a reported interval.
pub const REPLICATES: usize = 1000;

/// The generator behind every draw of this room.
pub type Stream = ChaCha8Rng;

/// What a stream is used for; lanes of one seed never overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Replicates of an interval.
    Bootstrap = 0,
    /// Simulated cohorts of a noise floor.
    NoiseFloor = 1,
    /// Rows drawn or shuffled for the figure itself.
    Draw = 2,
}

/// The stream of replicate `index` in `lane`: ChaCha8 keyed by `seed`, lane and index in the nonce.
pub fn stream(seed: u64, lane: Lane, index: usize) -> Stream {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(((lane as u64) << 48) ^ index as u64);
    rng
}

/// A number in `0..n` (0 for `n == 0`) by multiply-shift; the bias is below n/2^64.
pub fn below(rng: &mut Stream, n: usize) -> usize {
    ((u128::from(rng.next_u64()) * n as u128) >> 64) as usize
}

/// A number in `0..n` (0 for `n == 0`) from 32 random bits, each as likely as the other (Lemire 2019, ACM Transactions on
/// Modeling and Computer Simulation 29:3).
#[inline]
pub fn place(rng: &mut Stream, n: u32) -> u32 {
    let draw = |rng: &mut Stream| u64::from(rng.next_u32()) * u64::from(n);
    let mut product = draw(rng);
    if (product as u32) < n {
        let least = n.wrapping_neg() % n.max(1);
        while (product as u32) < least {
            product = draw(rng);
        }
    }
    (product >> 32) as u32
}

/// A number in [0, 1) with 53 random bits.
pub fn unit(rng: &mut Stream) -> f64 {
    (rng.next_u64() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
}

/// `m` of the numbers `0..n` without replacement, in ascending order; all of them when `m >= n`.
pub fn without_replacement(rng: &mut Stream, n: usize, m: usize) -> Vec<usize> {
    let mut rows: Vec<usize> = (0..n).collect();
    for at in 0..m.min(n) {
        let other = at + below(rng, n - at);
        rows.swap(at, other);
    }
    rows.truncate(m);
    rows.sort_unstable();
    rows
}

/// A shuffle (Fisher and Yates).
pub fn shuffle<T>(rng: &mut Stream, items: &mut [T]) {
    for at in (1..items.len()).rev() {
        items.swap(at, below(rng, at + 1));
    }
}

/// A binomial draw; probabilities are clamped to 0..1.
pub fn binomial(rng: &mut Stream, n: u64, p: f64) -> u64 {
    match Binomial::new(n, p.clamp(0.0, 1.0)) {
        Ok(law) => law.sample(rng),
        Err(_) => 0, // only a NaN p gets here
    }
}

/// A multinomial draw with as many trials as `counts` has, in proportion to `counts`, by conditional
/// binomials: the cell counts of one bootstrap resample of the rows.
pub fn multinomial<const K: usize>(rng: &mut Stream, counts: [u64; K]) -> [u64; K] {
    let mut left: u64 = counts.iter().sum();
    let mut weight = left;
    counts.map(|count| {
        let share = if weight == 0 { 0.0 } else { count as f64 / weight as f64 };
        let drawn = binomial(rng, left, share);
        left -= drawn;
        weight -= count;
        drawn
    })
}

/// Runs `statistic` once per replicate, each with its own stream; results in replicate order.
pub fn replicate<F>(replicates: usize, seed: u64, lane: Lane, statistic: F) -> Vec<f64>
where
    F: Fn(&mut Stream) -> f64 + Sync,
{
    (0..replicates).into_par_iter().map(|index| statistic(&mut stream(seed, lane, index))).collect()
}

/// The general bootstrap over rows: `statistic` sees the row numbers of one resample of `n` rows.
pub fn bootstrap_rows<F>(n: usize, replicates: usize, seed: u64, statistic: F) -> Vec<f64>
where
    F: Fn(&[u32]) -> f64 + Sync,
{
    (0..replicates)
        .into_par_iter()
        .map_init(
            || vec![0_u32; n],
            |rows, index| {
                let mut rng = stream(seed, Lane::Bootstrap, index);
                rows.fill_with(|| below(&mut rng, n) as u32);
                statistic(rows)
            },
        )
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_bits_on_one_thread_and_on_many() {
        let run = || replicate(64, 7, Lane::Bootstrap, |rng| unit(rng) + below(rng, 100) as f64);
        let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap().install(run);
        let many = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap().install(run);
        assert_eq!(one, many);
        assert_ne!(one, replicate(64, 8, Lane::Bootstrap, unit));
        assert_ne!(replicate(8, 7, Lane::Bootstrap, unit), replicate(8, 7, Lane::NoiseFloor, unit));
    }

    #[test]
    fn every_place_is_as_likely_as_the_other() {
        let mut rng = stream(5, Lane::Bootstrap, 0);
        for n in [1_u32, 3, 7, 100] {
            let mut counts = vec![0_u32; n as usize];
            (0..20_000).for_each(|_| counts[place(&mut rng, n) as usize] += 1);
            let mean = 20_000.0 / f64::from(n);
            // Five standard deviations of a binomial count.
            assert!(counts.iter().all(|c| (f64::from(*c) - mean).abs() <= 5.0 * mean.sqrt()), "{counts:?}");
        }
        assert_eq!(place(&mut rng, 0), 0);
    }

    #[test]
    fn a_multinomial_draw_keeps_the_total_and_the_empty_cells() {
        let mut rng = stream(1, Lane::Bootstrap, 0);
        for _ in 0..200 {
            let drawn = multinomial(&mut rng, [3, 0, 40, 7]);
            assert_eq!(drawn.iter().sum::<u64>(), 50);
            assert_eq!(drawn[1], 0);
        }
        assert_eq!(multinomial(&mut rng, [0, 0]), [0, 0]);
    }

    #[test]
    fn multinomial_means_follow_the_counts() {
        let mut rng = stream(2, Lane::Bootstrap, 0);
        let mut total = [0_u64; 3];
        for _ in 0..2000 {
            for (t, d) in total.iter_mut().zip(multinomial(&mut rng, [10, 20, 70])) {
                *t += d;
            }
        }
        for (t, expected) in total.iter().zip([10.0, 20.0, 70.0]) {
            assert!((*t as f64 / 2000.0 - expected).abs() < 0.5);
        }
    }
}

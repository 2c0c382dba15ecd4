//! Sums over the rows of probabilities and outcomes in their own storage: no column is copied, on all cores, in the
//! order that `aggregate` lays down, so that the bits are those of a sum over a column of values.

use crate::eval::aggregate::{BLOCK, Moments, block_sum, join_pairs};
use crate::eval::bins::{EdgeRule, bin_edges, bin_of};
use crate::eval::held::Scores;
use crate::eval::vector::wide;
use arrow_buffer::BooleanBuffer;
use rayon::prelude::*;
use std::ops::Range;

/// The sum of `f(p, y)` over the rows.
pub fn sum_of(p: Scores, y: &BooleanBuffer, f: impl Fn(f64, bool) -> f64 + Sync) -> f64 {
    blocks(p, y, f, block_sum, |a, b| a + b).unwrap_or(0.0)
}

/// The sum of `f(p, y)` over the rows, and its moments.
pub fn moments_of(p: Scores, y: &BooleanBuffer, f: impl Fn(f64, bool) -> f64 + Sync) -> (f64, Moments) {
    let one = |x: &[f64]| {
        let sum = block_sum(x);
        let squares = |mean: f64| block_sum(&x.iter().map(|v| (v - mean) * (v - mean)).collect::<Vec<_>>());
        (sum, Moments::of_block(x.len() as u64, sum, squares))
    };
    blocks(p, y, f, one, |a, b| (a.0 + b.0, a.1.join(b.1))).unwrap_or_default()
}

/// `take` of the values of each block, joined in pairs.
fn blocks<T: Send>(
    p: Scores,
    y: &BooleanBuffer,
    f: impl Fn(f64, bool) -> f64 + Sync,
    take: impl Fn(&[f64]) -> T + Sync,
    join: impl Fn(T, T) -> T,
) -> Option<T> {
    let rows = y.len();
    let one = |buffer: &mut Vec<f64>, block: usize| {
        let at = block * BLOCK..((block + 1) * BLOCK).min(rows);
        buffer.resize(at.len(), 0.0);
        match p {
            Scores::Narrow(p) => filled(buffer, p, y, at, &f),
            Scores::Wide(p) => filled(buffer, p, y, at, &f),
        }
        take(buffer)
    };
    let all = (0..rows.div_ceil(BLOCK)).into_par_iter().with_min_len(16);
    join_pairs(all.map_init(|| Vec::with_capacity(BLOCK), one).collect(), join)
}

/// `f` of each row of a part.
fn filled<T: Copy + Into<f64>>(
    out: &mut [f64],
    p: &[T],
    y: &BooleanBuffer,
    at: Range<usize>,
    f: &impl Fn(f64, bool) -> f64,
) {
    let p = p.get(at.clone()).unwrap_or(&[]);
    wide(
        #[inline(always)]
        || {
            for ((out, p), word) in
                out.chunks_mut(64).zip(p.chunks(64)).zip(y.slice(at.start, p.len()).bit_chunks().iter_padded())
            {
                for (i, (out, p)) in out.iter_mut().zip(p).enumerate() {
                    *out = f((*p).into(), word >> i & 1 == 1);
                }
            }
        },
    );
}

/// What a calibration error needs to know of the rows of one bin.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct BinSums {
    pub n: u64,
    /// Outcomes less probabilities, summed.
    pub excess: f64,
    /// The same squared, summed.
    pub squares: f64,
    /// p (1 - p) summed: the variance of `excess` if the probabilities are right.
    pub noise: f64,
}

impl BinSums {
    fn add(&mut self, other: &BinSums) {
        self.n += other.n;
        self.excess += other.excess;
        self.squares += other.squares;
        self.noise += other.noise;
    }
}

/// Rows that one thread sums up at a time; fixed, so that the bits do not depend on the number of threads.
const PART: usize = 64 * BLOCK;

/// The sums of each of `bins` bins of equal width; probabilities lie in 0..1. Those of squares and noise are left at
/// 0 unless `full`.
pub fn bin_sums(p: Scores, y: &BooleanBuffer, bins: usize, rule: EdgeRule, full: bool) -> Vec<BinSums> {
    let rows = y.len();
    let starts: Vec<usize> = (0..rows).step_by(PART).collect();
    let edges = bin_edges(bins);
    let part = |from: usize| {
        let at = from..(from + PART).min(rows);
        match (p, full) {
            (Scores::Narrow(p), false) => bin_part::<_, false>(p, y, at, &edges, rule),
            (Scores::Narrow(p), true) => bin_part::<_, true>(p, y, at, &edges, rule),
            (Scores::Wide(p), false) => bin_part::<_, false>(p, y, at, &edges, rule),
            (Scores::Wide(p), true) => bin_part::<_, true>(p, y, at, &edges, rule),
        }
    };
    let parts: Vec<Vec<BinSums>> = starts.into_par_iter().map(part).collect();
    parts.into_iter().fold(vec![BinSums::default(); bins], |mut all, part| {
        all.iter_mut().zip(&part).for_each(|(a, b)| a.add(b));
        all
    })
}

/// Tables that take turns, so that equal neighbours do not wait for each other.
const TURNS: usize = 4;

/// How near an edge, in widths of a bin, the edges themselves decide; far more than a product can be off by.
const EDGE: f64 = 1e-9;

fn bin_part<T: Copy + Into<f64>, const FULL: bool>(
    p: &[T],
    y: &BooleanBuffer,
    at: Range<usize>,
    edges: &[f64],
    rule: EdgeRule,
) -> Vec<BinSums> {
    let bins = edges.len() - 1;
    let mut sums = vec![BinSums::default(); TURNS * bins];
    let p = p.get(at.clone()).unwrap_or(&[]);
    let words = y.slice(at.start, p.len());
    for (p, word) in p.chunks(64).zip(words.bit_chunks().iter_padded()) {
        let (mut near, mut values, mut excess) = ([0_u32; 64], [0.0; 64], [0.0; 64]);
        let mut by_an_edge = false;
        wide(
            #[inline(always)]
            || {
                for (i, (((near, value), excess), p)) in
                    near.iter_mut().zip(&mut values).zip(&mut excess).zip(p).enumerate()
                {
                    *value = (*p).into();
                    let place = *value * bins as f64;
                    *near = place as u32;
                    // Whether rounding may have put it into the neighbour's bin.
                    let within = place - place.trunc();
                    by_an_edge |= !(EDGE..=1.0 - EDGE).contains(&within);
                    *excess = f64::from((word >> i & 1) as u8) - *value;
                }
            },
        );
        if by_an_edge {
            for (near, p) in near.iter_mut().zip(values).take(p.len()) {
                *near = bin_of(p, edges, rule) as u32;
            }
        }
        for (i, ((near, p), excess)) in near.iter().zip(values).zip(excess).take(p.len()).enumerate() {
            let sum = &mut sums[(i % TURNS) * bins + *near as usize];
            sum.n = sum.n.wrapping_add(1);
            sum.excess += excess;
            if FULL {
                sum.squares += excess * excess;
                sum.noise += p * (1.0 - p);
            }
        }
    }
    let (first, rest) = sums.split_at_mut(bins);
    rest.chunks(bins).for_each(|table| first.iter_mut().zip(table).for_each(|(a, b)| a.add(b)));
    sums.truncate(bins);
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::aggregate;

    fn rows(n: usize) -> (Vec<f64>, Vec<bool>) {
        let p: Vec<f64> = (0..n).map(|i| (i * 37 % 1001) as f64 / 1000.0).collect();
        let y = (0..n).map(|i| i * i % 7 < 3).collect();
        (p, y)
    }

    #[test]
    fn sums_have_the_bits_of_a_column_of_values() {
        for n in [1, 63, 4096, 4097, 100_000] {
            let (p, y) = rows(n);
            let bits = BooleanBuffer::from(y.as_slice());
            let f = |p: f64, y: bool| (f64::from(u8::from(y)) - p).powi(2);
            let values: Vec<f64> = p.iter().zip(&y).map(|(p, y)| f(*p, *y)).collect();
            assert_eq!(sum_of(Scores::Wide(&p), &bits, f), aggregate::sum(&values));
            let (sum, moments) = moments_of(Scores::Wide(&p), &bits, f);
            assert_eq!(sum, aggregate::sum(&values));
            assert_eq!(moments, aggregate::moments(&values, |_| true));
        }
    }

    #[test]
    fn bins_are_those_of_the_edges() {
        for rule in [EdgeRule::LeftClosed, EdgeRule::RightClosed] {
            for bins in [1, 2, 10, 15] {
                let (p, y) = rows(300_000);
                let edges = bin_edges(bins);
                let mut expected = vec![(0_u64, 0.0); bins];
                for (p, y) in p.iter().zip(&y) {
                    let slot = &mut expected[bin_of(*p, &edges, rule)];
                    *slot = (slot.0 + 1, slot.1 + f64::from(u8::from(*y)) - p);
                }
                let found = bin_sums(Scores::Wide(&p), &BooleanBuffer::from(y.as_slice()), bins, rule, true);
                assert!(found.iter().map(|f| f.noise).sum::<f64>() > 0.0);
                for (f, e) in found.iter().zip(expected) {
                    assert_eq!(f.n, e.0);
                    assert!((f.excess - e.1).abs() < 1e-8);
                }
            }
        }
    }
}

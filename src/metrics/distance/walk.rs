//! One walk along two sorted samples: the extreme gaps of their distribution functions and the integrals of the gap
//! and of its square.
//!
//! The walk is cut where the first sample has so many values, so that its pieces are the same on any number of threads.

use super::Sample;
use crate::eval::aggregate::{BLOCK, join_pairs, sum};
use crate::metrics::hypothesis::Alternative;
use rayon::prelude::*;

/// What the gap of the first distribution function over the second comes to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Walk {
    /// The sizes of the samples.
    m: usize,
    n: usize,
    /// The largest gap and the least in units of 1 / (m n), so that they are whole; for samples without weights.
    most: i64,
    least: i64,
    /// The integral of the absolute gap.
    pub wasserstein: f64,
    /// The integral of the squared gap.
    pub squares: f64,
}

/// Values of the first sample a piece.
const PIECE: usize = 1 << 16;

impl Walk {
    pub fn along(a: &Sample, b: &Sample) -> Walk {
        let cuts = (0..a.values.len()).step_by(PIECE).skip(1).map(|at| {
            let value = a.values[at];
            (a.values.partition_point(|v| *v < value), b.values.partition_point(|v| *v < value))
        });
        let mut cuts: Vec<(usize, usize)> = std::iter::once((0, 0)).chain(cuts).collect();
        cuts.dedup();
        let ends: Vec<(usize, usize)> =
            cuts.iter().skip(1).copied().chain([(a.values.len(), b.values.len())]).collect();
        let pieces: Vec<Piece> = cuts.par_iter().zip(&ends).map(|(from, to)| piece(a, b, *from, *to)).collect();
        let integral = |of: fn(&Piece) -> &Vec<f64>| {
            join_pairs(pieces.iter().flat_map(|p| of(p).iter().copied()).collect(), |a, b| a + b).unwrap_or(0.0)
        };
        Walk {
            m: a.values.len(),
            n: b.values.len(),
            most: pieces.iter().map(|p| p.most).max().unwrap_or(0),
            least: pieces.iter().map(|p| p.least).min().unwrap_or(0),
            wasserstein: integral(|p| &p.gaps),
            squares: integral(|p| &p.squares),
        }
    }

    /// The gap that counts, in units of 1 / (m n).
    pub fn gap(&self, alternative: Alternative) -> i64 {
        match alternative {
            Alternative::TwoSided => self.most.max(-self.least),
            Alternative::Greater => self.most,
            Alternative::Less => -self.least,
        }
    }

    pub fn statistic(&self, alternative: Alternative) -> f64 {
        self.gap(alternative) as f64 / (self.m as f64 * self.n as f64)
    }
}

struct Piece {
    most: i64,
    least: i64,
    /// Sums of blocks of steps.
    gaps: Vec<f64>,
    squares: Vec<f64>,
}

/// The walk over the values between two cuts, and the step to the first value after them.
fn piece(a: &Sample, b: &Sample, from: (usize, usize), to: (usize, usize)) -> Piece {
    let (m, n) = (a.values.len() as i64, b.values.len() as i64);
    let plain = a.shares.is_empty() && b.shares.is_empty();
    let (per_a, per_b) = (m as f64, n as f64);
    let mut out = Piece { most: 0, least: 0, gaps: Vec::new(), squares: Vec::new() };
    let (mut gaps, mut squares) = (Vec::with_capacity(BLOCK), Vec::with_capacity(BLOCK));
    let value = |s: &Sample, i: usize| s.values.get(i).copied().unwrap_or(f64::INFINITY);
    let (mut i, mut j) = from;
    let (mut x, mut y) = (value(a, i), value(b, j));
    while (i, j) != to {
        let at = if x < y { x } else { y };
        i += usize::from(x <= at);
        j += usize::from(y <= at);
        (x, y) = (value(a, i), value(b, j));
        let next = if x < y { x } else { y };
        if next == at {
            continue;
        }
        let gap = if plain {
            let whole = i as i64 * n - j as i64 * m;
            out.most = out.most.max(whole);
            out.least = out.least.min(whole);
            i as f64 / per_a - j as f64 / per_b
        } else {
            a.share(i) - b.share(j)
        };
        if next.is_finite() {
            let width = next - at;
            gaps.push(gap.abs() * width);
            squares.push(gap * gap * width);
        }
        if gaps.len() == BLOCK {
            out.gaps.push(sum(&gaps));
            out.squares.push(sum(&squares));
            gaps.clear();
            squares.clear();
        }
    }
    out.gaps.push(sum(&gaps));
    out.squares.push(sum(&squares));
    out
}

//! Lower bounds of squared distances on register tiles.
//!
//! With y' the centred point in single precision and c a bound of all rounding together, every pair has
//! |x - y|² ≥ |x'|² (1 - c) + [|y'|² (1 - c) - 2 x'y']; the bracket is what a tile computes, six queries by two
//! vectors of points at a time, and what it is compared with is computed once a query. c = (2 width + 16) 2^-24:
//! rounding of both rows, of each product and of each partial sum (Higham 2002, section 3.1).

use super::{Best, Own, Points, squared};
use crate::eval::vector::ARCH;
use pulp::{Simd, WithSimd};
use std::ops::Range;

/// Queries of one task, whole groups.
pub const QUERIES: usize = 16 * GROUP;
/// Queries of a tile: with two vectors of points their sums fill the registers.
const GROUP: usize = 6;
/// Numbers of packed points that are visited by every group before the next ones: they stay in the second cache.
const BLOCK: usize = 96 * 1024;

/// Points in single precision: tiles of two vectors, in a tile number by number.
pub struct Packed {
    /// |y'|² (1 - c), then the numbers of y', each for all points of the tile. Places past the last point hold an
    /// infinite bound.
    tiles: Vec<f32>,
    /// Points of a tile.
    lanes: usize,
    centre: Vec<f64>,
    shrink: f64,
}

struct Lanes;

impl WithSimd for Lanes {
    type Output = usize;
    fn with_simd<S: Simd>(self, _: S) -> usize {
        2 * S::F32_LANES
    }
}

impl Packed {
    pub fn new(points: &Points, centre: &[f64]) -> Packed {
        let (lanes, width) = (ARCH.dispatch(Lanes), points.width());
        let shrink = 1.0 - (2 * width + 16) as f64 / f64::from(1 << 24);
        let mut tiles = vec![0.0; points.len().div_ceil(lanes) * lanes * (width + 1)];
        for (tile, rows) in tiles.chunks_exact_mut(lanes * (width + 1)).zip(points.values.chunks(lanes * width)) {
            let (norms, numbers) = tile.split_at_mut(lanes);
            norms.fill(f32::INFINITY);
            for (lane, row) in rows.chunks_exact(width).enumerate() {
                let mut norm = 0.0;
                for ((at, v), c) in row.iter().enumerate().zip(centre) {
                    let v = v - c;
                    norm += v * v;
                    numbers[at * lanes + lane] = v as f32;
                }
                norms[lane] = (norm * shrink) as f32;
            }
        }
        Packed { tiles, lanes, centre: centre.to_vec(), shrink }
    }
}

/// The nearest points of the queries in `range`, nearest first.
pub fn search(
    queries: &Points,
    range: Range<usize>,
    points: &Points,
    packed: &Packed,
    k: usize,
    own: Own,
) -> Vec<Best> {
    let mut states: Vec<State> =
        range.filter_map(|at| Some(State::new(at, queries.row(at)?, packed, k, own))).collect();
    ARCH.dispatch(Search { states: &mut states, points, packed });
    states.into_iter().map(|s| s.best).collect()
}

/// A query on its way through the points.
struct State<'a> {
    row: &'a [f64],
    /// -2 x', and |x'|² (1 - c).
    doubled: Vec<f32>,
    norm: f64,
    best: Best,
    k: usize,
    /// The point that does not count.
    own: Option<u32>,
    /// A bracket below this one needs a closer look.
    threshold: f32,
}

impl<'a> State<'a> {
    fn new(at: usize, row: &'a [f64], packed: &Packed, k: usize, own: Own) -> State<'a> {
        let centred = || row.iter().zip(&packed.centre).map(|(v, c)| v - c);
        State {
            row,
            doubled: centred().map(|v| -2.0 * v as f32).collect(),
            norm: centred().map(|v| v * v).sum::<f64>() * packed.shrink,
            best: Vec::with_capacity(k),
            k,
            own: (own == Own::MayNot).then_some(at as u32),
            threshold: f32::INFINITY,
        }
    }

    /// Looks closely at one point; points come in order, so an equal distance changes nothing.
    #[inline(never)]
    fn consider(&mut self, at: u32, points: &Points) {
        let Some(point) = points.row(at as usize).filter(|_| self.own != Some(at)) else { return };
        let d = squared(self.row, point);
        let place = self.best.partition_point(|(b, _)| *b <= d);
        if place >= self.k {
            return;
        }
        self.best.truncate(self.k - 1);
        self.best.insert(place, (d, at));
        if let Some((worst, _)) = self.best.get(self.k - 1) {
            // Nothing is nearer than 0. Products too small for single precision are worth less than 1e-36.
            self.threshold = match *worst > 0.0 {
                true => ((worst - self.norm + 1e-36) as f32).next_up(),
                false => f32::NEG_INFINITY,
            };
        }
    }
}

struct Search<'s, 'q, 'p> {
    states: &'s mut [State<'q>],
    points: &'p Points,
    packed: &'p Packed,
}

impl WithSimd for Search<'_, '_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (width, lanes) = (self.points.width(), self.packed.lanes);
        let size = lanes * (width + 1);
        // Queries of a group side by side, number by number; a last group that is not full repeats its first.
        let groups: Vec<Vec<[f32; GROUP]>> = self
            .states
            .chunks(GROUP)
            .map(|g| {
                let number = |at: usize, q: usize| g.get(q).or(g.first()).map_or(0.0, |s| s.doubled[at]);
                (0..width).map(|at| std::array::from_fn(|q| number(at, q))).collect()
            })
            .collect();
        let block = (BLOCK / size).max(1);
        for (number, tiles) in self.packed.tiles.chunks(size * block).enumerate() {
            for (states, doubled) in self.states.chunks_mut(GROUP).zip(&groups) {
                let mut limits: [f32; GROUP] =
                    std::array::from_fn(|q| states.get(q).map_or(f32::NEG_INFINITY, |s| s.threshold));
                for (tile, first) in tiles.chunks_exact(size).zip((number * block * lanes..).step_by(lanes)) {
                    let Some(sums) = bounds(simd, tile, doubled, &limits) else { continue };
                    for ((state, limit), sums) in states.iter_mut().zip(&mut limits).zip(sums) {
                        for (half, sums) in sums.into_iter().enumerate() {
                            let mut own = [f32::INFINITY; 64];
                            simd.partial_store_f32s(&mut own[..S::F32_LANES], sums);
                            for (lane, sum) in own[..S::F32_LANES].iter().enumerate() {
                                if *sum < state.threshold {
                                    state.consider((first + half * S::F32_LANES + lane) as u32, self.points);
                                }
                            }
                        }
                        *limit = state.threshold;
                    }
                }
            }
        }
    }
}

/// The brackets of a tile, if one of them lies below its query's limit.
#[inline(always)]
fn bounds<S: Simd>(
    simd: S,
    tile: &[f32],
    doubled: &[[f32; GROUP]],
    limits: &[f32; GROUP],
) -> Option<[[S::f32s; 2]; GROUP]> {
    let (vectors, _) = S::as_simd_f32s(tile);
    let (pairs, _) = vectors.as_chunks::<2>();
    let (norms, numbers) = pairs.split_first()?;
    let mut sums = [*norms; GROUP];
    for ([a, b], x) in numbers.iter().zip(doubled) {
        for (sums, x) in sums.iter_mut().zip(x) {
            let x = simd.splat_f32s(*x);
            sums[0] = simd.mul_add_e_f32s(x, *a, sums[0]);
            sums[1] = simd.mul_add_e_f32s(x, *b, sums[1]);
        }
    }
    let mut below = simd.splat_f32s(f32::INFINITY);
    for ([a, b], limit) in sums.iter().zip(limits) {
        below = simd.min_f32s(below, simd.sub_f32s(simd.min_f32s(*a, *b), simd.splat_f32s(*limit)));
    }
    let hit = simd.less_than_f32s(below, simd.splat_f32s(0.0));
    (simd.first_true_m32s(hit) < S::F32_LANES).then_some(sums)
}

//! Exact nearest neighbours by Euclidean distance, all pairs, without an index.
//!
//! Every pair is bounded from below in single precision (`tiles`: |y|² - 2xy on register tiles, with the rounding
//! error taken off), and only pairs that may be among the nearest are computed in double precision. So the answer is
//! that of plain double precision to the last bit, equal rows are at distance 0 exactly, and neither the processor's
//! instructions nor the number of threads can change it.

mod tiles;

use crate::eval::estimate::Undefined;
use rayon::prelude::*;

/// Rows of equal width, one after the other.
#[derive(Debug, Clone, PartialEq)]
pub struct Points {
    values: Vec<f64>,
    width: usize,
}

impl Points {
    /// Undefined for a width of 0, for values that do not fill whole rows, and for missing or infinite ones.
    pub fn new(values: Vec<f64>, width: usize) -> Result<Points, Undefined> {
        if width == 0 {
            return Err(Undefined::new("a point needs one number or more"));
        }
        if !values.len().is_multiple_of(width) {
            return Err(Undefined::new(format!("{} numbers do not fill rows of {width}", values.len())));
        }
        match values.iter().position(|v| !v.is_finite()) {
            Some(at) => Err(Undefined::new(format!("row {} has a missing or infinite number", at / width + 1))),
            None => Ok(Points { values, width }),
        }
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.values.len() / self.width
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Numbers of a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The rows in order.
    pub fn rows(&self) -> std::slice::ChunksExact<'_, f64> {
        self.values.chunks_exact(self.width)
    }

    /// One row; nothing past the last.
    pub fn row(&self, at: usize) -> Option<&[f64]> {
        self.values.get(at.checked_mul(self.width)?..(at + 1).checked_mul(self.width)?)
    }

    /// The rows of these numbers, in the order given; numbers past the last are left out.
    #[must_use]
    pub fn pick(&self, rows: &[usize]) -> Points {
        let values = rows.iter().filter_map(|&r| self.row(r)).flatten().copied().collect();
        Points { values, width: self.width }
    }
}

/// A neighbour: its row and how far away it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neighbour {
    pub row: usize,
    pub distance: f64,
}

/// Whether a row may be its own neighbour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Own {
    /// The queries are other rows than the points.
    May,
    /// The queries are the points themselves: row i is no neighbour of row i (an equal row is).
    MayNot,
}

/// Squared distances of scaled rows and the rows they lead to, nearest first.
type Best = Vec<(f64, u32)>;

/// The `k` nearest of `points` to every query, nearest first, `k` in a row for each query; of equally near rows the
/// first. The cost is the number of pairs times the width, on all threads.
///
/// Undefined without points or queries, for `k` of 0, fewer than `k` points, rows of another width and more than
/// 2^32 - 1 points.
pub fn nearest(queries: &Points, points: &Points, k: usize, own: Own) -> Result<Vec<Neighbour>, Undefined> {
    if queries.width != points.width {
        return Err(Undefined::new(format!("a query has {} numbers, a point {}", queries.width, points.width)));
    }
    if queries.is_empty() || points.is_empty() {
        return Err(Undefined::new("there are no rows"));
    }
    let others = points.len() - usize::from(own == Own::MayNot);
    if k == 0 || k > others || u32::try_from(points.len()).is_err() {
        return Err(Undefined::new(format!("{k} nearest rows are asked for among {others}")));
    }
    // A power of two changes no digit, and keeps squares far from overflow.
    let largest = queries.values.iter().chain(&points.values).fold(0.0_f64, |m, v| m.max(v.abs()));
    let scale = if largest > 0.0 { (-largest.log2().ceil()).clamp(-1022.0, 1022.0).exp2() } else { 1.0 };
    let scaled = |p: &Points| Points { values: p.values.iter().map(|v| v * scale).collect(), width: p.width };
    let (queries, points) = (scaled(queries), scaled(points));
    let centre = centre(&points);
    let packed = tiles::Packed::new(&points, &centre);
    let chunks: Vec<Vec<Neighbour>> = (0..queries.len())
        .step_by(tiles::QUERIES)
        .collect::<Vec<_>>()
        .into_par_iter()
        .map(|first| {
            let last = (first + tiles::QUERIES).min(queries.len());
            let found = tiles::search(&queries, first..last, &points, &packed, k, own);
            found
                .into_iter()
                .flatten()
                .map(|(d, row)| Neighbour { row: row as usize, distance: d.sqrt() / scale })
                .collect()
        })
        .collect();
    Ok(chunks.into_iter().flatten().collect())
}

/// The mean of every number of a row; distances do not depend on it, their bounds are tighter around it.
fn centre(points: &Points) -> Vec<f64> {
    let mut total = vec![0.0; points.width];
    for row in points.rows() {
        total.iter_mut().zip(row).for_each(|(t, v)| *t += v);
    }
    total.iter().map(|t| t / points.len() as f64).collect()
}

/// The squared distance of two rows, summed in order.
fn squared(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| (x - y) * (x - y)).sum()
}

/// The distance of two rows.
pub fn distance(a: &[f64], b: &[f64]) -> f64 {
    squared(a, b).sqrt()
}

#[cfg(test)]
mod tests;

//! Distances of whole tables: maximum mean discrepancy and the Fréchet distance of two normal laws.

use super::classifier::two_samples;
use super::eigen::symmetric;
use crate::eval::estimate::{Estimate, Measured, Undefined};
use crate::metrics::features::Mixed;
use crate::metrics::resampling::{Lane, shuffle, stream, without_replacement};
use ndarray::{Array1, Array2, Axis};

/// Shuffles behind a p value.
const SHUFFLES: usize = 999;
/// Shuffles of one matrix product.
const BATCH: usize = 111;
/// The most rows of a sample: the kernel of all pairs is held in memory.
const MOST: usize = 2000;

/// Maximum mean discrepancy (Gretton et al. 2012), squared and unbiased (below 0 at times), with the kernel exp(-|x -
/// y|² / 2σ²) on points standardised by the first sample; σ is the median distance of two rows of the pooled samples.
/// Samples are cut to `rows` each by the seed, which a note says. Parts: `p` (of 999 seeded shuffles), `bandwidth`.
///
/// Undefined as [`features::points`](crate::metrics::features::points) is, for a sample of fewer than two rows, for
/// more than 2,000 `rows` or fewer than 2, and where more than half of the pairs are equal.
pub fn mmd(columns: &[Mixed], first: &[bool], rows: usize, seed: u64) -> Measured {
    if !(2..=MOST).contains(&rows) {
        return Err(Undefined::new(format!("{rows} rows a sample are not between 2 and {MOST}")));
    }
    let all = two_samples(columns, first)?;
    let mut taken = Vec::new();
    let mut sizes = [0, 0];
    for (side, size) in sizes.iter_mut().enumerate() {
        let own: Vec<usize> = (0..first.len()).filter(|r| first[*r] == (side == 0)).collect();
        let drawn = without_replacement(&mut stream(seed, Lane::Draw, side), own.len(), rows);
        *size = drawn.len();
        taken.extend(drawn.into_iter().map(|at| own[at]));
    }
    let [m, n] = sizes;
    if m < 2 || n < 2 {
        return Err(Undefined::new("a discrepancy needs two rows or more of each sample"));
    }
    let x = all.select(Axis(0), &taken);
    let total = m + n;
    let mut kernel = Array2::zeros((total, total));
    let mut squares = Vec::with_capacity(total * (total - 1) / 2);
    for i in 0..total {
        for j in 0..i {
            let d: f64 = x.row(i).iter().zip(x.row(j)).map(|(a, b)| (a - b) * (a - b)).sum();
            (kernel[[i, j]], kernel[[j, i]]) = (d, d);
            squares.push(d);
        }
    }
    let middle = squares.len() / 2;
    let (_, median, _) = squares.select_nth_unstable_by(middle, f64::total_cmp);
    let width = *median;
    if width <= 0.0 {
        return Err(Undefined::new("more than half of the pairs of rows are equal, so the kernel has no width"));
    }
    kernel.mapv_inplace(|d| (-d / (2.0 * width)).exp());
    kernel.diag_mut().fill(0.0);
    let sums = kernel.sum_axis(Axis(1));
    let whole = sums.sum();
    let (m_, n_) = (m as f64, n as f64);
    // With z = 1 for the first sample, z'Kz and z'K1 say everything.
    let value_of = |within: f64, out: f64| {
        let across = out - within;
        let other = whole - 2.0 * out + within;
        within / (m_ * (m_ - 1.0)) + other / (n_ * (n_ - 1.0)) - 2.0 * across / (m_ * n_)
    };
    let values = |z: &Array2<f64>| -> Vec<f64> {
        let product = kernel.dot(z);
        (0..z.ncols()).map(|c| value_of(z.column(c).dot(&product.column(c)), z.column(c).dot(&sums))).collect()
    };
    let own = Array2::from_shape_fn((total, 1), |(row, _)| f64::from(u8::from(row < m)));
    let value = values(&own).first().copied().unwrap_or(f64::NAN);
    let mut at_least = 0;
    for batch in (0..SHUFFLES).step_by(BATCH) {
        let mut z = Array2::zeros((total, BATCH.min(SHUFFLES - batch)));
        for (at, mut column) in z.columns_mut().into_iter().enumerate() {
            let mut order: Vec<usize> = (0..total).collect();
            shuffle(&mut stream(seed, Lane::Draw, 2 + batch + at), &mut order);
            order.iter().take(m).for_each(|row| column[*row] = 1.0);
        }
        // A shuffle that is the same but for rounding is as far.
        at_least += values(&z).iter().filter(|v| **v >= value - 1e-12).count();
    }
    let out = Estimate::plain(value, total).with("p", (1 + at_least) as f64 / (1 + SHUFFLES) as f64);
    let out = out.with("bandwidth", width.sqrt());
    let cut = taken.len() < first.len();
    Ok(if cut { out.note(format!("{m} and {n} rows of the samples were drawn")) } else { out })
}

/// The Fréchet distance, squared, of the normal laws with the samples' means and covariances (Dowson and Landau 1982):
/// |m - m'|² + tr(S + S' - 2 (S S')^½), as Heusel et al. 2017 use it on features of a network. Points are standardised
/// by the first sample. Parts: `means`, `covariances` (the two terms). It is biased upward in small samples, so only
/// figures over as many rows compare.
///
/// Undefined as [`features::points`](crate::metrics::features::points) is, for a sample of fewer than two rows and for
/// more than 512 numbers a row.
pub fn frechet(columns: &[Mixed], first: &[bool]) -> Measured {
    let all = two_samples(columns, first)?;
    let law = |side: bool| -> Result<(Array1<f64>, Array2<f64>), Undefined> {
        let rows: Vec<usize> = (0..first.len()).filter(|r| first[*r] == side).collect();
        if rows.len() < 2 {
            return Err(Undefined::new("a covariance needs two rows or more of each sample"));
        }
        let mut x = all.select(Axis(0), &rows);
        let mean = x.mean_axis(Axis(0)).ok_or_else(|| Undefined::new("a sample has no rows"))?;
        x -= &mean;
        Ok((mean, x.t().dot(&x) / (rows.len() - 1) as f64))
    };
    let ((mean, s), (other_mean, other)) = (law(true)?, law(false)?);
    let gap = &mean - &other_mean;
    let means = gap.dot(&gap);
    // (S S')^½ has the trace of (S^½ S' S^½)^½, which is symmetric.
    let (values, vectors) = symmetric(s.clone())?;
    let root = vectors.dot(&Array2::from_diag(&values.mapv(|v| v.max(0.0).sqrt()))).dot(&vectors.t());
    let middle = root.dot(&other).dot(&root);
    let (shared, _) = symmetric((&middle + &middle.t()) / 2.0)?;
    let trace: f64 = shared.iter().map(|v| v.max(0.0).sqrt()).sum();
    let covariances = (s.diag().sum() + other.diag().sum() - 2.0 * trace).max(0.0);
    Ok(Estimate::plain(means + covariances, first.len()).with("means", means).with("covariances", covariances))
}

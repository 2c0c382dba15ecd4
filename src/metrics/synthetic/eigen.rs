//! Eigenvalues of a symmetric matrix by cyclic Jacobi rotations (Golub and Van Loan 2013, 8.5): slow for large
//! matrices, accurate to the last digits for small ones.

use crate::eval::estimate::Undefined;
use ndarray::{Array1, Array2};

/// The widest matrix that is taken apart.
pub const WIDEST: usize = 512;

/// Eigenvalues, largest first, and the eigenvectors as columns in that order. Undefined for more than [`WIDEST`] rows,
/// for numbers that are not finite, and where 60 sweeps do not settle.
pub fn symmetric(mut a: Array2<f64>) -> Result<(Array1<f64>, Array2<f64>), Undefined> {
    let n = a.nrows();
    if n > WIDEST {
        return Err(Undefined::new(format!("{n} numbers a row are more than the {WIDEST} that are taken apart")));
    }
    if a.iter().any(|v| !v.is_finite()) {
        return Err(Undefined::new("the numbers are too large to compute with"));
    }
    let mut vectors = Array2::eye(n);
    let size = a.iter().map(|v| v * v).sum::<f64>().sqrt();
    for _ in 0..60 {
        let off: f64 = (0..n).flat_map(|i| (0..i).map(move |j| (i, j))).map(|at| a[at] * a[at]).sum::<f64>().sqrt();
        if off <= 1e-15 * size {
            let mut order: Vec<usize> = (0..n).collect();
            order.sort_by(|&i, &j| a[[j, j]].total_cmp(&a[[i, i]]));
            let values = order.iter().map(|&i| a[[i, i]]).collect();
            return Ok((values, Array2::from_shape_fn((n, n), |(row, at)| vectors[[row, order[at]]])));
        }
        for p in 0..n {
            for q in p + 1..n {
                rotate(&mut a, &mut vectors, p, q);
            }
        }
    }
    Err(Undefined::new("the eigenvalues did not settle"))
}

/// The rotation that makes a[p][q] zero.
fn rotate(a: &mut Array2<f64>, vectors: &mut Array2<f64>, p: usize, q: usize) {
    let apq = a[[p, q]];
    if apq == 0.0 {
        return;
    }
    let theta = (a[[q, q]] - a[[p, p]]) / (2.0 * apq);
    let t = theta.signum() / (theta.abs() + theta.hypot(1.0));
    let t = if theta == 0.0 { 1.0 } else { t };
    let c = 1.0 / t.hypot(1.0);
    let s = t * c;
    let turn = |x: f64, y: f64| (c * x - s * y, s * x + c * y);
    for k in 0..a.nrows() {
        (a[[k, p]], a[[k, q]]) = turn(a[[k, p]], a[[k, q]]);
    }
    for k in 0..a.nrows() {
        (a[[p, k]], a[[q, k]]) = turn(a[[p, k]], a[[q, k]]);
        (vectors[[k, p]], vectors[[k, q]]) = turn(vectors[[k, p]], vectors[[k, q]]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::resampling::{Lane, stream, unit};

    #[test]
    fn a_matrix_is_put_together_again() {
        let mut rng = stream(1, Lane::Draw, 0);
        let half = Array2::from_shape_fn((12, 12), |_| unit(&mut rng) - 0.5);
        let a = half.dot(&half.t());
        let (values, vectors) = symmetric(a.clone()).unwrap();
        let back = vectors.dot(&Array2::from_diag(&values)).dot(&vectors.t());
        assert!((&back - &a).iter().all(|d| d.abs() < 1e-13));
        assert!(values.windows(2).into_iter().all(|w| w[0] >= w[1]));
        assert!((vectors.t().dot(&vectors) - Array2::<f64>::eye(12)).iter().all(|d| d.abs() < 1e-13));
        assert!(symmetric(Array2::from_elem((2, 2), f64::NAN)).is_err());
        let ones = symmetric(Array2::from_elem((2, 2), 1.0)).unwrap().0;
        assert!((ones[0] - 2.0).abs() < 1e-15 && ones[1].abs() < 1e-15);
    }
}

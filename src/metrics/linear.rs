//! Small linear models for attacks and two-sample tests: ridge regression of several outputs, logistic regression.
//!
//! Models under test live in `models`; these are instruments of measurement and take points only. Both standardise
//! nothing, leave the intercept unpenalised and are deterministic.

use super::checks;
use super::neighbours::Points;
use crate::eval::estimate::Undefined;
use ndarray::{Array1, Array2, Axis};

/// A symmetric positive definite system by Cholesky's factors.
pub struct Cholesky {
    factor: Array2<f64>,
}

impl Cholesky {
    /// Nothing when the matrix is not positive definite.
    pub fn of(mut a: Array2<f64>) -> Option<Cholesky> {
        let n = a.nrows();
        for j in 0..n {
            let left: f64 = (0..j).map(|k| a[[j, k]] * a[[j, k]]).sum();
            let diagonal = a[[j, j]] - left;
            if !(diagonal > 0.0 && diagonal.is_finite()) {
                return None;
            }
            let root = diagonal.sqrt();
            a[[j, j]] = root;
            for i in j + 1..n {
                let before: f64 = (0..j).map(|k| a[[i, k]] * a[[j, k]]).sum();
                a[[i, j]] = (a[[i, j]] - before) / root;
            }
        }
        Some(Cholesky { factor: a })
    }

    /// The lower factor times a column of as many numbers: of independent ones it makes ones with this covariance.
    pub fn times(&self, x: &[f64]) -> Vec<f64> {
        let row = |i: usize| x.iter().take(i + 1).enumerate().map(|(k, v)| self.factor[[i, k]] * v).sum();
        (0..self.factor.nrows()).map(row).collect()
    }

    /// The first `size` rows and columns of the lower factor: that of the first `size` variables alone.
    #[must_use]
    pub fn first(&self, size: usize) -> Cholesky {
        let size = size.min(self.factor.nrows());
        Cholesky { factor: Array2::from_shape_fn((size, size), |at| self.factor[at]) }
    }

    /// The solution for one right-hand side.
    pub fn solve(&self, b: &Array1<f64>) -> Array1<f64> {
        let (l, n) = (&self.factor, b.len());
        let mut x = b.clone();
        for i in 0..n {
            let before: f64 = (0..i).map(|k| l[[i, k]] * x[k]).sum();
            x[i] = (x[i] - before) / l[[i, i]];
        }
        for i in (0..n).rev() {
            let after: f64 = (i + 1..n).map(|k| l[[k, i]] * x[k]).sum();
            x[i] = (x[i] - after) / l[[i, i]];
        }
        x
    }
}

/// Points as a matrix.
pub(crate) fn matrix(points: &Points) -> Result<Array2<f64>, Undefined> {
    let values: Vec<f64> = points.rows().flatten().copied().collect();
    let shape = (points.len(), points.width());
    Array2::from_shape_vec(shape, values).map_err(|_| Undefined::new("the points are of different widths"))
}

/// A ridge regression (Hoerl and Kennard 1970) of every number of `y` on those of `x`.
pub struct Ridge {
    centre: Array1<f64>,
    intercept: Array1<f64>,
    /// One column an output.
    weights: Array2<f64>,
}

impl Ridge {
    /// Undefined for no rows, other numbers of rows, and a penalty that is not above 0.
    pub fn fit(x: &Points, y: &Points, penalty: f64) -> Result<Ridge, Undefined> {
        checks::same_length(("inputs", x.len()), ("outputs", y.len()))?;
        checks::not_empty(x.len())?;
        if !(penalty > 0.0 && penalty.is_finite()) {
            return Err(Undefined::new(format!("the penalty is {penalty}, not above 0")));
        }
        let (mut x, mut y) = (matrix(x)?, matrix(y)?);
        let mean = |m: &Array2<f64>| m.mean_axis(Axis(0)).ok_or_else(|| Undefined::new("there are no rows"));
        let (centre, intercept) = (mean(&x)?, mean(&y)?);
        x -= &centre;
        y -= &intercept;
        let mut gram = x.t().dot(&x);
        gram.diag_mut().mapv_inplace(|v| v + penalty);
        let factor = Cholesky::of(gram).ok_or_else(|| Undefined::new("the numbers are too large to fit"))?;
        let cross = x.t().dot(&y);
        let mut weights = Array2::zeros(cross.raw_dim());
        for (mut column, b) in weights.columns_mut().into_iter().zip(cross.columns()) {
            column.assign(&factor.solve(&b.to_owned()));
        }
        Ok(Ridge { centre, intercept, weights })
    }

    /// The outputs for other rows.
    pub fn predict(&self, x: &Points) -> Result<Points, Undefined> {
        let out = (matrix(x)? - &self.centre).dot(&self.weights) + &self.intercept;
        Points::new(out.iter().copied().collect(), self.intercept.len())
    }
}

/// A logistic regression.
#[derive(Debug, Clone)]
pub struct Logistic {
    intercept: f64,
    weights: Array1<f64>,
}

/// The logistic function.
fn logistic(z: f64) -> f64 {
    if z >= 0.0 { 1.0 / (1.0 + (-z).exp()) } else { z.exp() / (1.0 + z.exp()) }
}

/// ln(1 + e^z).
fn softplus(z: f64) -> f64 {
    z.max(0.0) + (-z.abs()).exp().ln_1p()
}

impl Logistic {
    /// Newton's method on the summed log loss + penalty / 2 * |weights|², halving steps that raise it. Undefined for
    /// one class, other numbers of rows, a penalty that is not above 0 and where 100 steps do not settle.
    pub fn fit(x: &Array2<f64>, y: &[bool], penalty: f64) -> Result<Logistic, Undefined> {
        checks::same_length(("points", x.nrows()), ("outcomes", y.len()))?;
        let positives = y.iter().filter(|y| **y).count();
        if positives == 0 || positives == y.len() {
            return Err(Undefined::new("a classifier needs rows of both classes"));
        }
        if !(penalty > 0.0 && penalty.is_finite()) {
            return Err(Undefined::new(format!("the penalty is {penalty}, not above 0")));
        }
        let truth: Array1<f64> = y.iter().map(|y| f64::from(u8::from(*y))).collect();
        let odds = positives as f64 / (y.len() - positives) as f64;
        let mut model = Logistic { intercept: odds.ln(), weights: Array1::zeros(x.ncols()) };
        let loss = |m: &Logistic| {
            let rows: Vec<f64> = m.scores(x).iter().zip(y).map(|(z, y)| softplus(if *y { -z } else { *z })).collect();
            super::inference::sum(&rows) + penalty / 2.0 * m.weights.dot(&m.weights)
        };
        let mut best = loss(&model);
        let unsettled = || Undefined::new("the classifier did not settle");
        for _ in 0..100 {
            let p = model.scores(x).mapv(logistic);
            let w = p.mapv(|p| p * (1.0 - p));
            let excess = &p - &truth;
            let slope = x.t().dot(&excess) + &model.weights * penalty;
            // The intercept is eliminated: the curvature of the weights around weighted means.
            let total = w.sum();
            let cross = x.t().dot(&w);
            let mut curvature = x.t().dot(&(x * &w.view().insert_axis(Axis(1))));
            let outer = cross.view().insert_axis(Axis(1)).dot(&cross.view().insert_axis(Axis(0)));
            curvature -= &(outer / total.max(1e-300));
            curvature.diag_mut().mapv_inplace(|v| v + penalty);
            let factor = Cholesky::of(curvature).ok_or_else(unsettled)?;
            let down = excess.sum();
            let step = factor.solve(&(&slope - &(&cross * (down / total.max(1e-300)))));
            let shift = (down - cross.dot(&step)) / total.max(1e-300);
            let mut share = 1.0;
            let (next, next_loss) = loop {
                let weights = &model.weights - &(&step * share);
                let next = Logistic { intercept: model.intercept - share * shift, weights };
                let next_loss = loss(&next);
                // At the optimum rounding may raise the loss by some units in the last place.
                if next_loss <= best + 1e-12 * best.abs() {
                    break (next, next_loss);
                }
                share /= 2.0;
                if share < 1e-10 {
                    return Err(unsettled());
                }
            };
            let moved = share * step.iter().fold(shift.abs(), |m, s| m.max(s.abs()));
            let largest = next.weights.iter().fold(next.intercept.abs().max(1.0), |m, w| m.max(w.abs()));
            (model, best) = (next, next_loss);
            if moved <= 1e-8 * largest {
                return Ok(model);
            }
        }
        Err(unsettled())
    }

    /// One weight an input.
    pub fn weights(&self) -> &Array1<f64> {
        &self.weights
    }

    /// The log odds of other rows.
    pub fn scores(&self, x: &Array2<f64>) -> Array1<f64> {
        x.dot(&self.weights) + self.intercept
    }

    /// The probabilities of other rows.
    pub fn probabilities(&self, x: &Array2<f64>) -> Vec<f64> {
        self.scores(x).iter().map(|z| logistic(*z)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::resampling::{Lane, stream, unit};

    #[test]
    fn ridge_finds_a_line_and_shrinks() {
        let x = Points::new(vec![0.0, 1.0, 2.0, 3.0], 1).unwrap();
        let y = Points::new(vec![1.0, 0.0, 3.0, 0.0, 5.0, 0.0, 7.0, 0.0], 2).unwrap();
        let at = |penalty: f64| Ridge::fit(&x, &y, penalty).unwrap().predict(&x).unwrap();
        assert!((at(1e-9).row(3).unwrap()[0] - 7.0).abs() < 1e-6);
        // Slope 2 * 5 / (5 + 5) around the mean 4.
        assert!((at(5.0).row(3).unwrap()[0] - 5.5).abs() < 1e-12);
        assert_eq!(at(1.0).row(0).unwrap()[1], 0.0);
        assert!(Ridge::fit(&x, &y, 0.0).is_err());
        assert!(Ridge::fit(&x, &Points::new(vec![1.0], 1).unwrap(), 1.0).is_err());
    }

    #[test]
    fn the_logistic_optimum_has_no_gradient() {
        let mut rng = stream(1, Lane::Draw, 0);
        let x = Array2::from_shape_fn((300, 4), |_| unit(&mut rng) - 0.5);
        let y: Vec<bool> = x.rows().into_iter().map(|r| unit(&mut rng) < logistic(1.0 + 3.0 * r[0] - r[2])).collect();
        let model = Logistic::fit(&x, &y, 0.5).unwrap();
        let truth: Array1<f64> = y.iter().map(|y| f64::from(u8::from(*y))).collect();
        let excess = Array1::from(model.probabilities(&x)) - truth;
        let slope = x.t().dot(&excess) + &model.weights * 0.5;
        assert!(slope.iter().all(|g| g.abs() < 1e-8) && excess.sum().abs() < 1e-8);
    }

    #[test]
    fn separable_rows_settle_and_one_class_is_refused() {
        let x = Array2::from_shape_fn((6, 1), |(i, _)| i as f64);
        let y = [false, false, false, true, true, true];
        assert!(Logistic::fit(&x, &y, 1.0).unwrap().scores(&x)[5] > 0.0);
        assert!(Logistic::fit(&x, &[true; 6], 1.0).is_err());
        assert!(Logistic::fit(&x, &y, f64::NAN).is_err());
    }
}

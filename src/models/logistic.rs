//! L2-regularised logistic regression by Newton's method (iteratively reweighted least squares).
//!
//! Standardises through [`Design`]; deterministic, without a random number.

use crate::data::frame::Frame;
use crate::metrics::inference;
use crate::models::design::{Design, Matrix};
use crate::models::fitted::{Fitted, ModelError, check_training, logistic, softplus};
use ndarray::{Array1, Axis};

/// How a logistic regression is fitted.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The penalty: the fit minimises the summed log loss + ridge / 2 * the squared length of the
    /// coefficients of the standardised features. 1.0 is scikit-learn's default (C = 1 / ridge). The
    /// intercept is not penalised. 0 is allowed and fails on separable data.
    pub ridge: f64,
    /// The most Newton steps.
    pub steps: usize,
    /// Settled when no coefficient moves by more than this, relative to the largest.
    pub tolerance: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { ridge: 1.0, steps: 100, tolerance: 1e-8 }
    }
}

/// A fitted logistic regression.
#[derive(Debug, Clone, PartialEq)]
pub struct Logistic {
    design: Design,
    intercept: f64,
    coefficients: Vec<f64>,
}

impl Logistic {
    /// The log odds at the training means.
    pub fn intercept(&self) -> f64 {
        self.intercept
    }

    /// The name and the coefficient of every standardised feature.
    pub fn coefficients(&self) -> Vec<(String, f64)> {
        self.design.names().into_iter().zip(self.coefficients.iter().copied()).collect()
    }
}

impl Fitted for Logistic {
    fn predict(&self, frame: &Frame) -> Result<Vec<f64>, ModelError> {
        let matrix = self.design.apply(frame)?;
        Ok(matrix.iter_rows().map(|row| logistic(self.intercept + dot(row, &self.coefficients))).collect())
    }
}

/// Fits a logistic regression of `y` on the columns of `frame`.
///
/// Newton steps, halved while the penalised loss grows. The loss is convex, so with a ridge above 0 the
/// fit is unique. Training rows that all have the same outcome are refused: the intercept would run away.
pub fn fit(frame: &Frame, y: &[bool], settings: &Settings) -> Result<Logistic, ModelError> {
    check_training(frame, y)?;
    if !(settings.ridge >= 0.0 && settings.ridge.is_finite()) {
        return Err(ModelError::BadSetting { setting: "ridge", requirement: "0 or more" });
    }
    let design = Design::learn(frame)?;
    let matrix = design.apply(frame)?;
    let beta = newton(&matrix, y, settings)?;
    let (&intercept, coefficients) = beta.split_first().ok_or(ModelError::NoFeatures)?;
    Ok(Logistic { design, intercept, coefficients: coefficients.to_vec() })
}

/// The intercept followed by the coefficients.
fn newton(matrix: &Matrix, y: &[bool], settings: &Settings) -> Result<Vec<f64>, ModelError> {
    let size = matrix.width + 1;
    let mut beta = vec![0.0; size];
    let positives = y.iter().filter(|&&v| v).count() as f64;
    if let Some(intercept) = beta.first_mut() {
        *intercept = (positives / (y.len() as f64 - positives)).ln();
    }
    let mut loss = penalised_loss(matrix, y, &beta, settings.ridge);
    for _ in 0..settings.steps {
        let (gradient, mut hessian) = derivatives(matrix, y, &beta, settings.ridge);
        let step = solve(&mut hessian, &gradient, size).ok_or(ModelError::NotSettled { steps: settings.steps })?;
        let mut share = 1.0;
        let mut next;
        loop {
            next = beta.iter().zip(&step).map(|(b, s)| b - share * s).collect::<Vec<f64>>();
            let next_loss = penalised_loss(matrix, y, &next, settings.ridge);
            // At the optimum rounding may raise the loss by some units in the last place.
            if next_loss <= loss + 1e-12 * loss.abs() {
                loss = next_loss;
                break;
            }
            share /= 2.0;
            if share < 1e-10 {
                return Err(ModelError::NotSettled { steps: settings.steps });
            }
        }
        let moved = beta.iter().zip(&next).map(|(b, n)| (b - n).abs()).fold(0.0, f64::max);
        let largest = next.iter().map(|b| b.abs()).fold(1.0, f64::max);
        beta = next;
        if moved <= settings.tolerance * largest {
            return Ok(beta);
        }
    }
    Err(ModelError::NotSettled { steps: settings.steps })
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn linear(row: &[f64], beta: &[f64]) -> f64 {
    beta.split_first().map_or(0.0, |(intercept, rest)| intercept + dot(row, rest))
}

fn penalised_loss(matrix: &Matrix, y: &[bool], beta: &[f64], ridge: f64) -> f64 {
    let losses: Vec<f64> = matrix
        .iter_rows()
        .zip(y)
        .map(|(row, &y)| {
            let x = linear(row, beta);
            softplus(if y { -x } else { x })
        })
        .collect();
    let slopes = beta.get(1..).unwrap_or(&[]);
    inference::sum(&losses) + ridge / 2.0 * dot(slopes, slopes)
}

/// The gradient, and the Hessian row after row. With the features X, the probabilities p and W = diag(p (1 − p)),
/// both with a leading 1 for the intercept: Xᵀ(p − y) and XᵀWX, plus the penalty on the slopes.
fn derivatives(matrix: &Matrix, y: &[bool], beta: &[f64], ridge: f64) -> (Vec<f64>, Vec<f64>) {
    let x = matrix.view();
    let p: Array1<f64> = matrix.iter_rows().map(|row| logistic(linear(row, beta))).collect();
    let excess: Array1<f64> = p.iter().zip(y).map(|(p, &y)| p - f64::from(u8::from(y))).collect();
    let weight = p.mapv(|p| p * (1.0 - p));
    let slopes = x.t().dot(&excess);
    let cross = x.t().dot(&weight);
    let weighted = &x * &weight.view().insert_axis(Axis(1));
    let curvature = x.t().dot(&weighted);
    let gradient = std::iter::once(inference::sum(&excess.to_vec()))
        .chain(slopes.iter().zip(beta.iter().skip(1)).map(|(slope, b)| slope + ridge * b))
        .collect();
    let mut hessian = vec![inference::sum(&weight.to_vec())];
    hessian.extend(&cross);
    for (i, (first, row)) in cross.iter().zip(curvature.rows()).enumerate() {
        hessian.push(*first);
        hessian.extend(row.iter().enumerate().map(|(j, v)| if i == j { v + ridge } else { *v }));
    }
    (gradient, hessian)
}

/// Solves `a x = b` for a symmetric positive definite `a` by Cholesky's factors, in place; nothing when
/// `a` is not positive definite.
fn solve(a: &mut [f64], b: &[f64], size: usize) -> Option<Vec<f64>> {
    for j in 0..size {
        let (_, rest) = a.split_at_mut(j * size);
        let (row, below) = rest.split_at_mut(size);
        // Row j of the factor: its entries left of the diagonal were filled when their columns were.
        let left = row.get(..j)?;
        let diagonal = *row.get(j)? - dot(left, left);
        if !(diagonal > 0.0 && diagonal.is_finite()) {
            return None;
        }
        let root = diagonal.sqrt();
        for line in below.chunks_exact_mut(size) {
            let (before, here) = line.split_at_mut(j);
            let entry = here.first_mut()?;
            *entry = (*entry - dot(before, left)) / root;
        }
        *row.get_mut(j)? = root;
    }
    let mut x = b.to_vec();
    for i in 0..size {
        let row = a.get(i * size..i * size + i + 1)?;
        let (diagonal, left) = row.split_last()?;
        let (before, here) = x.split_at_mut(i);
        let slot = here.first_mut()?;
        *slot = (*slot - dot(left, before)) / diagonal;
    }
    for i in (0..size).rev() {
        let mut value = *x.get(i)?;
        for k in i + 1..size {
            value -= a.get(k * size + i)? * x.get(k)?;
        }
        *x.get_mut(i)? = value / a.get(i * size + i)?;
    }
    Some(x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::resampling::unit;
    use crate::models::tests_support::{bell, category, frame, number, rng};

    #[test]
    fn two_levels_without_a_penalty_give_the_observed_rates() {
        let sex: Vec<f64> = (0..100).map(|i| f64::from(i % 2)).collect();
        let y: Vec<bool> = (0..100).map(|i| i % 2 == 0 && i < 40 || i % 2 == 1 && i < 20).collect();
        let table = frame(vec![category("sex", &["F", "M"], &sex)]);
        let model = fit(&table, &y, &Settings { ridge: 0.0, ..Settings::default() }).unwrap();
        let p = model.predict(&table).unwrap();
        assert!((p[0] - 0.4).abs() < 1e-9 && (p[1] - 0.2).abs() < 1e-9, "{p:?}");
    }

    #[test]
    fn the_optimum_has_no_gradient_and_is_found_again() {
        let mut rng = rng(1);
        let n = 400;
        let columns: Vec<Vec<f64>> = (0..5).map(|_| (0..n).map(|_| bell(&mut rng)).collect()).collect();
        let y: Vec<bool> = (0..n).map(|i| unit(&mut rng) < logistic(columns[0][i] - 2.0 * columns[1][i])).collect();
        let table = frame(columns.iter().enumerate().map(|(i, c)| number(&format!("x{i}"), c)).collect());
        let model = fit(&table, &y, &Settings::default()).unwrap();
        let matrix = model.design.apply(&table).unwrap();
        let beta: Vec<f64> = std::iter::once(model.intercept).chain(model.coefficients.iter().copied()).collect();
        let (gradient, _) = derivatives(&matrix, &y, &beta, 1.0);
        assert!(gradient.iter().all(|g| g.abs() < 1e-8), "{gradient:?}");
        assert_eq!(model, fit(&table, &y, &Settings::default()).unwrap());
    }

    #[test]
    fn separable_data_settle_with_a_penalty_and_are_refused_without() {
        let table = frame(vec![number("x", &[1.0, 2.0, 3.0, 4.0])]);
        let y = [false, false, true, true];
        assert!(fit(&table, &y, &Settings::default()).is_ok());
        let free = fit(&table, &y, &Settings { ridge: 0.0, ..Settings::default() });
        assert!(matches!(free, Err(ModelError::NotSettled { .. })));
    }

    #[test]
    fn refusals_are_plain() {
        let table = frame(vec![number("x", &[1.0, 2.0])]);
        let fit = |y: &[bool]| super::fit(&table, y, &Settings::default()).unwrap_err().to_string();
        assert_eq!(fit(&[true]), "there are 2 rows but 1 outcomes");
        assert_eq!(fit(&[true, true]), "all 2 training rows have the outcome, so there is nothing to tell apart");
    }

    #[test]
    fn a_cholesky_solution_solves() {
        let mut a = vec![4.0, 0.0, 0.0, 2.0, 5.0, 0.0, 1.0, 3.0, 6.0];
        let x = solve(&mut a, &[9.0, 21.0, 25.0], 3).unwrap();
        let back =
            [4.0 * x[0] + 2.0 * x[1] + x[2], 2.0 * x[0] + 5.0 * x[1] + 3.0 * x[2], x[0] + 3.0 * x[1] + 6.0 * x[2]];
        for (got, want) in back.iter().zip([9.0, 21.0, 25.0]) {
            assert!((got - want).abs() < 1e-12);
        }
        assert_eq!(solve(&mut [0.0], &[1.0], 1), None);
    }
}

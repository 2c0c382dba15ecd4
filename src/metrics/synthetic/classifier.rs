//! Can a classifier tell the two samples apart: the classifier two-sample test (Lopez-Paz and Oquab 2017) and the
//! propensity score mean-squared error (Snoke et al. 2018).
//!
//! The classifier is a logistic regression on the columns as points, standardised by the first sample. It sees
//! differences of means and shares; with `order` 2 it also sees squares and products of two, hence differences of
//! spread and of correlation. A stronger classifier can only find more.

use super::eigen::symmetric;
use crate::eval::estimate::{Estimate, Interval, Measured, Part, Undefined};
use crate::metrics::checks;
use crate::metrics::features::{self, Mixed};
use crate::metrics::inference::{sum, wilson};
use crate::metrics::linear::{Logistic, matrix};
use crate::metrics::ranking;
use crate::metrics::resampling::{Lane, shuffle, stream, without_replacement};
use ndarray::{Array2, Axis, concatenate};

/// Parts of the cross-validation.
const FOLDS: usize = 5;
/// The most inputs of the classifier.
const WIDEST: usize = 2000;

/// Both samples as points, standardised by the first. Undefined as [`features::points`] is, for flags of another length
/// and for a sample without rows.
pub(crate) fn two_samples(columns: &[Mixed], first: &[bool]) -> Result<Array2<f64>, Undefined> {
    if let Some(column) = columns.first() {
        checks::same_length(("values", column.len()), ("flags", first.len()))?;
    }
    let points = features::points(columns, |row| first[row])?;
    if first.iter().all(|f| *f) {
        return Err(Undefined::new("a sample has no rows"));
    }
    matrix(&points)
}

/// The inputs with squares and products of two where asked for.
fn raised(x: Array2<f64>, order: usize) -> Result<Array2<f64>, Undefined> {
    if !(1..=2).contains(&order) {
        return Err(Undefined::new(format!("the order is {order}, not 1 or 2")));
    }
    let width = x.ncols();
    let wide = if order == 2 { width * (width + 3) / 2 } else { width };
    if wide > WIDEST {
        return Err(Undefined::new(format!("{wide} inputs are more than the {WIDEST} that the classifier takes")));
    }
    if order == 1 {
        return Ok(x);
    }
    let pairs: Vec<(usize, usize)> = (0..width).flat_map(|i| (i..width).map(move |j| (i, j))).collect();
    let products = Array2::from_shape_fn((x.nrows(), pairs.len()), |(row, at)| {
        let (i, j) = pairs[at];
        x[[row, i]] * x[[row, j]]
    });
    concatenate(Axis(1), &[x.view(), products.view()]).map_err(|_| Undefined::new("the inputs do not fit together"))
}

/// Discriminative score: |accuracy - 0.5| of the classifier, 0 (cannot tell) to 0.5, over held-out predictions of a
/// seeded stratified five-fold cross-validation with a ridge penalty of 1 (Yoon et al. 2019, with another classifier).
/// The larger sample is cut to the size of the smaller by the seed, which a note says. Interval: Wilson's of the
/// accuracy, folded. Parts: `accuracy` (Wilson), `auroc` (DeLong).
///
/// Undefined as [`features::points`] is, for a sample of fewer than five rows, another order than 1 or 2 and more than
/// 2,000 inputs.
pub fn discriminative_score(columns: &[Mixed], first: &[bool], order: usize, (seed, level): (u64, f64)) -> Measured {
    let x = raised(two_samples(columns, first)?, order)?;
    let rows_of = |side: bool| (0..first.len()).filter(|r| first[*r] == side).collect::<Vec<usize>>();
    let (a, b) = (rows_of(true), rows_of(false));
    let size = a.len().min(b.len());
    if size < FOLDS {
        return Err(Undefined::new(format!("a sample has fewer than {FOLDS} rows")));
    }
    // A fold for each row that takes part.
    let mut fold: Vec<Option<usize>> = vec![None; first.len()];
    for (side, rows) in [&a, &b].into_iter().enumerate() {
        let mut rng = stream(seed, Lane::Draw, side);
        let mut rows: Vec<usize> =
            without_replacement(&mut rng, rows.len(), size).into_iter().map(|at| rows[at]).collect();
        shuffle(&mut rng, &mut rows);
        rows.iter().enumerate().for_each(|(at, row)| fold[*row] = Some(at % FOLDS));
    }
    let mut scores = vec![0.0; first.len()];
    for held in 0..FOLDS {
        let rows = |own: bool| {
            let of = |f: Option<usize>| f.is_some_and(|f| (f == held) == own);
            (0..first.len()).filter(|r| of(fold[*r])).collect::<Vec<usize>>()
        };
        let (learn, test) = (rows(false), rows(true));
        let y: Vec<bool> = learn.iter().map(|r| first[*r]).collect();
        let model = Logistic::fit(&x.select(Axis(0), &learn), &y, 1.0)?;
        for (row, score) in test.iter().zip(model.scores(&x.select(Axis(0), &test))) {
            scores[*row] = score;
        }
    }
    let taken: Vec<usize> = (0..first.len()).filter(|r| fold[*r].is_some()).collect();
    let p: Vec<f64> = taken.iter().map(|r| scores[*r]).collect();
    let y: Vec<bool> = taken.iter().map(|r| first[*r]).collect();
    let right = p.iter().zip(&y).filter(|(p, y)| (**p > 0.0) == **y).count();
    let n = y.len();
    let accuracy = right as f64 / n as f64;
    let of_accuracy = wilson(right as u64, n as u64, level);
    let interval = of_accuracy.clone().map(|i| {
        let (lo, hi) = ((i.lo - 0.5).abs(), (i.hi - 0.5).abs());
        Interval { lo: if i.lo <= 0.5 && i.hi >= 0.5 { 0.0 } else { lo.min(hi) }, hi: lo.max(hi), ..i }
    });
    let auroc = ranking::auroc_at(&p, &y, level)?;
    let part = |name: &str, value, interval| Part { group: name.into(), value: Some(value), interval, n: n.into() };
    let parts = vec![part("accuracy", accuracy, of_accuracy), part("auroc", auroc.value, auroc.interval)];
    let out = Estimate { interval, parts, ..Estimate::plain((accuracy - 0.5).abs(), n) };
    Ok(if a.len() == b.len() { out } else { out.note(format!("{size} rows of each sample were drawn")) })
}

/// Propensity score mean-squared error (Snoke et al. 2018): the mean of (p - c)² over both samples, where p is the
/// fitted chance of belonging to the second sample and c its share; 0 cannot tell, c (1 - c) tells all. Fitted in the
/// sample, as in the paper, with a penalty of 1e-6 on whitened inputs (so that it also settles where the samples can be
/// told apart).
///
/// Parts: `expected` (of rows drawn from the right model fitted to the first sample, with k slopes: k c (1 - c)² / N),
/// `ratio` (value by expected), `standardised` (in standard deviations from it). The ratio is 1 in the mean for such
/// rows; two independent samples of one law have 1 / (1 - c), so 2 at equal sizes. Undefined as
/// [`discriminative_score`] is, and where no input varies.
pub fn pmse(columns: &[Mixed], first: &[bool], order: usize) -> Measured {
    let mut x = raised(two_samples(columns, first)?, order)?;
    let n = first.len() as f64;
    if let Some(mean) = x.mean_axis(Axis(0)) {
        x -= &mean;
    }
    // Inputs that depend on each other (the levels of a category add up to one) count once.
    let (values, vectors) = symmetric(x.t().dot(&x) / n)?;
    let largest = values.iter().copied().fold(0.0, f64::max);
    let rank = values.iter().filter(|v| **v > 1e-10 * largest).count();
    if largest <= 0.0 || rank == 0 {
        return Err(Undefined::new("no column varies"));
    }
    let mut white = x.dot(&vectors.select(Axis(1), &(0..rank).collect::<Vec<_>>()));
    for (mut column, value) in white.columns_mut().into_iter().zip(&values) {
        column.mapv_inplace(|v| v / value.sqrt());
    }
    let second: Vec<bool> = first.iter().map(|f| !f).collect();
    let c = second.iter().filter(|s| **s).count() as f64 / n;
    let p = Logistic::fit(&white, &second, 1e-6)?.probabilities(&white);
    let value = sum(&p.iter().map(|p| (p - c) * (p - c)).collect::<Vec<_>>()) / n;
    let unit = c * (1.0 - c) * (1.0 - c) / n;
    let (expected, spread) = (rank as f64 * unit, (2.0 * rank as f64).sqrt() * unit);
    let out = Estimate::plain(value, first.len()).with("expected", expected).with("ratio", value / expected);
    Ok(out.with("standardised", (value - expected) / spread))
}

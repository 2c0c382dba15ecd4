//! Fits of outcomes on probabilities: isotonic, calibration intercept and slope, temperature.

use super::check;
use crate::eval::estimate::{Estimate, Measured, Undefined};
use crate::metrics::inference::sum;

/// Probabilities at least this far from 0 and 1 when logits are taken.
const CLIP: f64 = 1e-12;

/// Probabilities closer than this are one to the isotonic fit.
const SAME: f64 = 1e-15;

/// The isotonic fit (pool adjacent violators; Ayer et al. 1955) of `y` on `p`: fitted values in the order
/// of the rows. Rows whose probabilities agree to 1e-15 get one value, as in scikit-learn. Undefined for missing values, no rows and
/// unequal lengths.
pub fn isotonic(p: &[f64], y: &[bool]) -> Result<Vec<f64>, Undefined> {
    check(p, y)?;
    let mut order: Vec<(f64, usize)> = p.iter().copied().zip(0..).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    // Blocks of (rows, positives) whose rates rise.
    let mut blocks: Vec<(u64, u64)> = Vec::new();
    let mut first = f64::NEG_INFINITY;
    let start = |r: &(f64, usize)| {
        let starts = r.0 - first >= SAME;
        if starts {
            first = r.0;
        }
        starts
    };
    let starts: Vec<bool> = order.iter().map(start).collect();
    let mut cuts: Vec<usize> = starts.iter().enumerate().filter(|s| *s.1).map(|s| s.0).collect();
    cuts.push(order.len());
    for same in cuts.windows(2).map(|w| &order[w[0]..w[1]]) {
        let positives = same.iter().filter(|r| y[r.1]).count() as u64;
        let mut block = (same.len() as u64, positives);
        while let Some(&(n, k)) = blocks.last()
            && u128::from(k) * u128::from(block.0) >= u128::from(block.1) * u128::from(n)
        {
            block = (block.0 + n, block.1 + k);
            blocks.pop();
        }
        blocks.push(block);
    }
    let mut fitted = vec![0.0; y.len()];
    let mut rows = order.iter().map(|r| r.1);
    for (n, k) in blocks {
        for row in rows.by_ref().take(n as usize) {
            fitted[row] = k as f64 / n as f64;
        }
    }
    Ok(fitted)
}

/// The most steps of an isotonic fit, and bins of a curve, that are listed.
pub const MOST_STEPS: usize = 10_000;

/// What the isotonic fit says of the Brier score (CORP; Dimitriadis, Gneiting and Jordan 2021, PNAS
/// 118:e2016191118): the value is the miscalibration, by how much the fit lowers the score; parts `discrimination`
/// and `uncertainty` (brier = value - discrimination + uncertainty), and the steps of the fit in order: `from 1` (the
/// least probability), `rate 1`, `rows 1`, …. Undefined as [`isotonic`] is and for more than [`MOST_STEPS`] steps.
pub fn corp(p: &[f64], y: &[bool]) -> Measured {
    let fitted = isotonic(p, y)?;
    let n = y.len() as f64;
    let score = |p: &[f64]| {
        let errors: Vec<f64> = p.iter().zip(y).map(|(p, y)| (f64::from(u8::from(*y)) - p).powi(2)).collect();
        sum(&errors) / n
    };
    let rate = y.iter().filter(|y| **y).count() as f64 / n;
    let (own, best, uncertainty) = (score(p), score(&fitted), rate * (1.0 - rate));
    let mut out = Estimate::plain((own - best).max(0.0), y.len());
    out = out.with("discrimination", (uncertainty - best).max(0.0)).with("uncertainty", uncertainty);
    let mut rows: Vec<(f64, f64)> = p.iter().copied().zip(fitted).collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (i, step) in rows.chunk_by(|a, b| a.1 == b.1).enumerate() {
        if i == MOST_STEPS {
            return Err(Undefined::new(format!("the fit has more than {MOST_STEPS} steps")));
        }
        let i = i + 1;
        out = out.with(format!("from {i}"), step[0].0).with(format!("rate {i}"), step[0].1);
        out = out.with(format!("rows {i}"), step.len() as f64);
    }
    Ok(out)
}

fn logits(p: &[f64]) -> Vec<f64> {
    p.iter().map(|p| p.clamp(CLIP, 1.0 - CLIP)).map(|p| (p / (1.0 - p)).ln()).collect()
}

fn no_fit() -> Undefined {
    Undefined::new("the outcomes can be told apart without error (or are all alike), so the fit does not end")
}

/// Maximum likelihood of y on a + b x + offset, by Newton's method; either coefficient can be held.
fn fit(x: &[f64], offset: &[f64], y: &[bool], with: (bool, bool)) -> Result<(f64, f64), Undefined> {
    let (mut a, mut b) = (0.0_f64, 0.0_f64);
    for _ in 0..200 {
        let chance: Vec<f64> = x.iter().zip(offset).map(|(x, o)| 1.0 / (1.0 + (-(a + b * x + o)).exp())).collect();
        let over = |f: &dyn Fn(usize) -> f64| sum(&(0..y.len()).map(f).collect::<Vec<_>>());
        let excess = |i: usize| f64::from(u8::from(y[i])) - chance[i];
        let weight = |i: usize| chance[i] * (1.0 - chance[i]);
        let (g0, g1) = (over(&excess), over(&|i| excess(i) * x[i]));
        let h00 = over(&weight);
        let (h01, h11) = (over(&|i| weight(i) * x[i]), over(&|i| weight(i) * x[i] * x[i]));
        let (da, db) = match with {
            (true, true) => {
                let det = h00 * h11 - h01 * h01;
                ((h11 * g0 - h01 * g1) / det, (h00 * g1 - h01 * g0) / det)
            }
            (true, false) => (g0 / h00, 0.0),
            _ => (0.0, g1 / h11),
        };
        if !(da.is_finite() && db.is_finite()) || a.abs() > 1e4 || b.abs() > 1e4 {
            return Err(no_fit());
        }
        // Long steps are shortened: far out the likelihood is flat and Newton's method overshoots.
        let scale = 5.0 / da.abs().max(db.abs()).max(5.0);
        a += scale * da;
        b += scale * db;
        if da.abs() < 1e-12 * a.abs().max(1.0) && db.abs() < 1e-12 * b.abs().max(1.0) {
            return Ok((a, b));
        }
    }
    Err(no_fit())
}

fn both(y: &[bool]) -> Result<(), Undefined> {
    if y.contains(&true) && y.contains(&false) { Ok(()) } else { Err(no_fit()) }
}

/// Calibration slope (Cox 1958): the logistic regression of the outcome on the logit of the probability.
/// Parts: `intercept` of that fit, and `in_the_large`, the intercept with the slope held at 1.
/// Probabilities are clipped to 1e-12 … 1 - 1e-12. Undefined for a single class, for constant
/// probabilities and where the probabilities separate the classes without error.
pub fn line(p: &[f64], y: &[bool]) -> Measured {
    check(p, y)?;
    both(y)?;
    let x = logits(p);
    if x.iter().all(|v| *v == x[0]) {
        return Err(Undefined::new("all probabilities are alike, so they have no slope"));
    }
    if separated(p, y) {
        return Err(no_fit());
    }
    let none = vec![0.0; x.len()];
    let (intercept, slope) = fit(&x, &none, y, (true, true))?;
    let (large, _) = fit(&none, &x, y, (true, false))?;
    Ok(Estimate::plain(slope, y.len()).with("intercept", intercept).with("in_the_large", large))
}

/// Whether a threshold tells the classes apart (touching is not telling apart, but ends no fit either).
fn separated(p: &[f64], y: &[bool]) -> bool {
    let ends = |class: bool| {
        let of = p.iter().zip(y).filter(|r| *r.1 == class).map(|r| *r.0);
        of.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), v| (lo.min(v), hi.max(v)))
    };
    let ((lo0, hi0), (lo1, hi1)) = (ends(false), ends(true));
    hi0 <= lo1 || hi1 <= lo0
}

/// Temperature (Platt 1999; Guo et al. 2017): the T whose logit(p) / T has the highest likelihood; above 1
/// means overconfident. Undefined for a single class, for probabilities all 1/2, and where no positive T
/// is best.
pub fn temperature(p: &[f64], y: &[bool]) -> Measured {
    check(p, y)?;
    both(y)?;
    let x = logits(p);
    if x.iter().all(|v| *v == 0.0) {
        return Err(Undefined::new("all probabilities are 1/2, so no temperature changes them"));
    }
    let (_, slope) = fit(&x, &vec![0.0; x.len()], y, (false, true))?;
    if slope <= 0.0 {
        return Err(Undefined::new("the probabilities point the wrong way, so no temperature helps"));
    }
    Ok(Estimate::plain(1.0 / slope, y.len()))
}

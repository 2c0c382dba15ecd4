//! Rows needed, and power at hand, for two proportions and for an AUROC.

use super::normal_upper;
use crate::eval::estimate::{Estimate, Measured, Undefined};
use statrs::distribution::{ContinuousCDF, Normal};

fn check(p1: f64, p2: f64, alpha: f64) -> Result<(), Undefined> {
    let inside = |v: f64| v > 0.0 && v < 1.0;
    if !(inside(p1) && inside(p2) && inside(alpha)) {
        return Err(Undefined::new("shares and level must lie between 0 and 1"));
    }
    if p1 == p2 {
        return Err(Undefined::new("equal shares cannot be told apart by any number of rows"));
    }
    Ok(())
}

/// Rows per group for a two-sided two-proportion z test of this level and power (normal approximation
/// without continuity correction; Fleiss, Levin and Paik 2003), rounded up.
pub fn sample_size(p1: f64, p2: f64, alpha: f64, power: f64) -> Measured {
    check(p1, p2, alpha)?;
    if !(power > 0.0 && power < 1.0) {
        return Err(Undefined::new("the power must lie between 0 and 1"));
    }
    let law = Normal::standard();
    let (za, zb) = (law.inverse_cdf(1.0 - alpha / 2.0), law.inverse_cdf(power));
    let (own, mean) = (p1 * (1.0 - p1) + p2 * (1.0 - p2), (p1 + p2) / 2.0);
    let root = za * (2.0 * mean * (1.0 - mean)).sqrt() + zb * own.sqrt();
    Ok(Estimate::plain((root / (p1 - p2)).powi(2).ceil(), 0))
}

/// The chance that this test finds the difference with `n` rows per group.
pub fn power(p1: f64, p2: f64, n: f64, alpha: f64) -> Measured {
    check(p1, p2, alpha)?;
    if !(n >= 1.0 && n.is_finite()) {
        return Err(Undefined::new(format!("{n} is not a number of rows")));
    }
    let za = Normal::standard().inverse_cdf(1.0 - alpha / 2.0);
    let (own, mean) = (p1 * (1.0 - p1) + p2 * (1.0 - p2), (p1 + p2) / 2.0);
    let need = za * (2.0 * mean * (1.0 - mean)).sqrt();
    let gap = (p1 - p2).abs() * n.sqrt();
    Ok(Estimate::plain(normal_upper((need - gap) / own.sqrt()) + normal_upper((need + gap) / own.sqrt()), 0))
}

/// The variance of an AUROC with `m` positive and `n` negative rows under exponential scores (Hanley and McNeil
/// 1982, Radiology 143:29).
fn auroc_variance(auc: f64, m: f64, n: f64) -> f64 {
    let square = auc * auc;
    let (q1, q2) = (auc / (2.0 - auc), 2.0 * square / (1.0 + auc));
    (auc * (1.0 - auc) + (m - 1.0) * (q1 - square) + (n - 1.0) * (q2 - square)) / (m * n)
}

fn check_auroc(auc: f64, null: f64, alpha: f64) -> Result<(), Undefined> {
    let inside = |v: f64| v > 0.0 && v < 1.0;
    if !(inside(auc) && inside(null) && inside(alpha)) {
        return Err(Undefined::new("both AUROCs and the level must lie between 0 and 1"));
    }
    if auc == null {
        return Err(Undefined::new("equal AUROCs cannot be told apart by any number of rows"));
    }
    Ok(())
}

fn auroc_found(auc: f64, null: f64, (m, n): (f64, f64), alpha: f64) -> f64 {
    let z = Normal::standard().inverse_cdf(1.0 - alpha / 2.0);
    let (own, other) = (auroc_variance(auc, m, n).sqrt(), auroc_variance(null, m, n).sqrt());
    let gap = (auc - null).abs();
    normal_upper((z * other - gap) / own) + normal_upper((z * other + gap) / own)
}

/// The chance that a two-sided z test at level `alpha` tells an AUROC of `auc` from `null`, with standard errors
/// of Hanley and McNeil at either. Part `standard_error` is that at `auc`. Undefined for AUROCs and levels that do
/// not lie between 0 and 1, for equal AUROCs and for fewer than one row of a class.
pub fn auroc_power(auc: f64, null: f64, (m, n): (f64, f64), alpha: f64) -> Measured {
    check_auroc(auc, null, alpha)?;
    if !(m >= 1.0 && n >= 1.0 && m.is_finite() && n.is_finite()) {
        return Err(Undefined::new("each class needs a row or more"));
    }
    let found = auroc_found(auc, null, (m, n), alpha).min(1.0);
    Ok(Estimate::plain(found, 0).with("standard_error", auroc_variance(auc, m, n).sqrt()))
}

/// The fewest positive rows for that power, with `ratio` negative rows by one positive (part `negatives`).
/// Undefined as [`auroc_power`] is, and where more than 1e9 rows are needed.
pub fn auroc_sample_size(auc: f64, null: f64, ratio: f64, power: f64, alpha: f64) -> Measured {
    check_auroc(auc, null, alpha)?;
    if !(ratio > 0.0 && ratio.is_finite()) {
        return Err(Undefined::new(format!("the ratio of negative to positive rows is {ratio}, not above 0")));
    }
    if !(power > 0.0 && power < 1.0) {
        return Err(Undefined::new("the power must lie between 0 and 1"));
    }
    let sizes = |m: f64| (m, (m * ratio).ceil().max(1.0));
    let enough = |m: f64| auroc_found(auc, null, sizes(m), alpha) >= power;
    let (mut few, mut many) = (0.0, 1.0);
    while !enough(many) {
        if many > 1e9 {
            return Err(Undefined::new("more than 1e9 rows would be needed"));
        }
        (few, many) = (many, many * 2.0);
    }
    while many - few > 1.0 {
        let middle = ((few + many) / 2.0_f64).floor();
        if enough(middle) { many = middle } else { few = middle }
    }
    Ok(Estimate::plain(many, 0)
        .with("negatives", sizes(many).1)
        .with("power", auroc_found(auc, null, sizes(many), alpha)))
}

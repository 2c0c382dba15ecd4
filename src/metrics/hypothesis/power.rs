//! Rows needed, and power at hand, for two proportions.

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

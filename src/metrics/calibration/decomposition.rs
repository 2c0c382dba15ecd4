//! What a Brier score is made of, and Spiegelhalter's test of calibration.

use super::check;
use crate::eval::estimate::{Estimate, Measured, Undefined};
use crate::metrics::inference::{self, sum};

/// The Brier score with its parts over distinct probabilities (Murphy 1973): `brier` = `reliability` -
/// `resolution` + `uncertainty`. Undefined as the Brier score is.
pub fn brier_parts(p: &[f64], y: &[bool]) -> Measured {
    check(p, y)?;
    let n = y.len() as f64;
    let rate = y.iter().filter(|&&v| v).count() as f64 / n;
    let mut rows: Vec<(f64, bool)> = p.iter().copied().zip(y.iter().copied()).collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut reliability, mut resolution) = (Vec::new(), Vec::new());
    for same in rows.chunk_by(|a, b| a.0 == b.0) {
        let size = same.len() as f64;
        let observed = same.iter().filter(|r| r.1).count() as f64 / size;
        reliability.push(size * (same[0].0 - observed).powi(2));
        resolution.push(size * (observed - rate).powi(2));
    }
    let errors: Vec<f64> = p.iter().zip(y).map(|(p, &y)| (p - f64::from(u8::from(y))).powi(2)).collect();
    Ok(Estimate::plain(sum(&errors) / n, y.len())
        .with("reliability", sum(&reliability) / n)
        .with("resolution", sum(&resolution) / n)
        .with("uncertainty", rate * (1.0 - rate)))
}

/// Spiegelhalter's z (1986): how far the Brier score lies from what these very probabilities would
/// give, in standard errors; the two-sided p value as part `p`. Where all probabilities are 0, 1/2 or 1 the
/// statistic has no variance: it is infinite (p is 0) when a certain forecast failed, and undefined else.
pub fn spiegelhalter(p: &[f64], y: &[bool]) -> Measured {
    check(p, y)?;
    let surplus: Vec<f64> = p.iter().zip(y).map(|(p, &y)| (f64::from(u8::from(y)) - p) * (1.0 - 2.0 * p)).collect();
    let variance: Vec<f64> = p.iter().map(|p| (1.0 - 2.0 * p).powi(2) * p * (1.0 - p)).collect();
    let variance = sum(&variance);
    if variance == 0.0 && sum(&surplus) == 0.0 {
        return Err(Undefined::new("all probabilities are 0, 1/2 or 1, so the statistic has no variance"));
    }
    let z = sum(&surplus) / variance.sqrt();
    let out = Estimate::plain(z, y.len()).with("p", inference::normal_two_sided(z));
    Ok(if z.is_infinite() { out.note("infinite: a forecast of 0 or 1 failed, and no other varies") } else { out })
}

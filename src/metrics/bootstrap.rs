//! Intervals from a bootstrap distribution: percentile, basic, bias-corrected and accelerated,
//! studentised; and the standard error. The distribution comes from `resampling`.

use crate::eval::estimate::Undefined;
use crate::metrics::checks;
use crate::metrics::hypothesis::Alternative;
use crate::metrics::inference::{mean, quantile, sum, variance};
use crate::metrics::laws::normal_upper;
use statrs::distribution::{ContinuousCDF, Normal};

/// How the ends are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Percentile,
    /// Around the value, against the bias of the distribution.
    Basic,
    /// Bias-corrected and accelerated (Efron 1987).
    Bca,
}

/// The spread of a bootstrap distribution: its standard deviation with n - 1.
pub fn standard_error(distribution: &[f64]) -> Result<f64, Undefined> {
    variance(distribution).map(f64::sqrt).ok_or_else(|| Undefined::new("a standard error needs two resamples"))
}

/// The interval of `value`. One-sided alternatives put the whole tail on one end and leave the other
/// infinite, as in SciPy. `jackknife` holds the values without each observation in turn (for [`Method::Bca`]).
///
/// Undefined for fewer than two observations, for no resamples, missing or infinite ones, a level outside
/// 0..1, and for BCa where the distribution does not spread.
pub fn interval(
    distribution: &[f64],
    value: f64,
    jackknife: &[f64],
    method: Method,
    level: f64,
    alternative: Alternative,
) -> Result<(f64, f64), Undefined> {
    if jackknife.len() < 2 {
        return Err(Undefined::new("a bootstrap needs two observations or more"));
    }
    if !(level > 0.0 && level < 1.0) {
        return Err(Undefined::new(format!("the level is {level}, not between 0 and 1")));
    }
    if distribution.is_empty() {
        return Err(Undefined::new("there are no resamples"));
    }
    checks::finite("resampled value", distribution)?;
    let mut sorted = distribution.to_vec();
    sorted.sort_by(f64::total_cmp);
    let tail = if alternative == Alternative::TwoSided { (1.0 - level) / 2.0 } else { 1.0 - level };
    let at = |q: f64| quantile(&sorted, q).unwrap_or(f64::NAN);
    let (lo, hi) = match method {
        Method::Percentile => (at(tail), at(1.0 - tail)),
        Method::Basic => (2.0 * value - at(1.0 - tail), 2.0 * value - at(tail)),
        Method::Bca => {
            let (a, b) = bca(&sorted, value, jackknife, tail)?;
            (at(a), at(b))
        }
    };
    Ok(match alternative {
        Alternative::TwoSided => (lo, hi),
        Alternative::Less => (f64::NEG_INFINITY, hi),
        Alternative::Greater => (lo, f64::INFINITY),
    })
}

/// The shares of the distribution at which a BCa interval ends; ties with the value count one half.
fn bca(sorted: &[f64], value: f64, jackknife: &[f64], tail: f64) -> Result<(f64, f64), Undefined> {
    let law = Normal::standard();
    let below = sorted.partition_point(|v| *v < value);
    let upto = sorted.partition_point(|v| *v <= value);
    let bias = law.inverse_cdf((below + upto) as f64 / (2 * sorted.len()) as f64);
    let centre = mean(jackknife).unwrap_or(0.0);
    let u: Vec<f64> = jackknife.iter().map(|v| centre - v).collect();
    let power = |k: i32| sum(&u.iter().map(|v| v.powi(k)).collect::<Vec<_>>());
    let acceleration = power(3) / (6.0 * power(2).powf(1.5));
    if !bias.is_finite() || !acceleration.is_finite() {
        return Err(Undefined::new("the resamples do not spread around the value, so BCa has no interval"));
    }
    let end = |q: f64| {
        let z = bias + law.inverse_cdf(q);
        normal_upper(-(bias + z / (1.0 - acceleration * z)))
    };
    Ok((end(tail), end(1.0 - tail)))
}

/// The studentised interval (Efron 1982; Davison and Hinkley 1997, 5.2.2): each resample's distance from the
/// value in its own standard errors.
pub fn studentised(
    distribution: &[f64],
    errors: &[f64],
    value: f64,
    error: f64,
    level: f64,
) -> Result<(f64, f64), Undefined> {
    checks::same_length(("resamples", distribution.len()), ("standard errors", errors.len()))?;
    let pivot = |(v, e): (&f64, &f64)| (v - value) / e;
    let mut t: Vec<f64> = distribution.iter().zip(errors).map(pivot).filter(|t| t.is_finite()).collect();
    t.sort_by(f64::total_cmp);
    let tail = (1.0 - level) / 2.0;
    match (quantile(&t, tail), quantile(&t, 1.0 - tail)) {
        (Some(lo), Some(hi)) => Ok((value - hi * error, value - lo * error)),
        _ => Err(Undefined::new("no resample has a standard error")),
    }
}

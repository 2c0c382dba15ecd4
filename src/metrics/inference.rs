//! Statistical inference that the metrics share: sums, quantiles, intervals and the paired t test.
//!
//! Pure arithmetic over slices and counts; knows no metric and draws no random number.

pub use crate::eval::aggregate::{Moments, mean, quantile, sum, variance};
use crate::eval::estimate::{Interval, Undefined};
use crate::metrics::checks;
use crate::metrics::laws;
use statrs::distribution::{ContinuousCDF, Normal};

/// Confidence level of an interval unless another is asked for.
pub const LEVEL: f64 = 0.95;

/// The two-sided normal quantile of a confidence level: 1.959963984540054 for 0.95.
pub fn normal_quantile(level: f64) -> f64 {
    Normal::standard().inverse_cdf(0.5 + level.clamp(0.0, 1.0) / 2.0)
}

/// The two-sided p value of a standard normal statistic.
pub fn normal_two_sided(z: f64) -> f64 {
    (2.0 * laws::normal_upper(z.abs())).min(1.0)
}

/// Wilson's score interval of `k` successes in `n` trials (Wilson 1927, JASA 22:209). Nothing when
/// there are no trials or more successes than trials.
pub fn wilson(k: u64, n: u64, level: f64) -> Option<Interval> {
    if n == 0 || k > n {
        return None;
    }
    let (z, trials) = (normal_quantile(level), n as f64);
    let rate = k as f64 / trials;
    let scale = 1.0 + z * z / trials;
    let centre = (rate + z * z / (2.0 * trials)) / scale;
    let half = z / scale * (rate * (1.0 - rate) / trials + z * z / (4.0 * trials * trials)).sqrt();
    // The score interval of 0 of n starts at exactly 0 and that of n of n ends at exactly 1.
    let lo = if k == 0 { 0.0 } else { (centre - half).max(0.0) };
    let hi = if k == n { 1.0 } else { (centre + half).min(1.0) };
    Some(Interval { lo, hi, level, method: "wilson".into() })
}

/// The interval of the difference `k1/n1 - k2/n2` of two independent rates from their Wilson
/// intervals (Newcombe 1998, Statistics in Medicine 17:873, method 10).
pub fn newcombe_difference(k1: u64, n1: u64, k2: u64, n2: u64, level: f64) -> Option<Interval> {
    let (first, second) = (wilson(k1, n1, level)?, wilson(k2, n2, level)?);
    let (p1, p2) = (k1 as f64 / n1 as f64, k2 as f64 / n2 as f64);
    let difference = p1 - p2;
    Some(Interval {
        lo: (difference - (p1 - first.lo).hypot(second.hi - p2)).max(-1.0),
        hi: (difference + (first.hi - p1).hypot(p2 - second.lo)).min(1.0),
        level,
        method: "newcombe".into(),
    })
}

/// The interval of a mean on the normal law, or nothing for fewer than two values.
pub fn mean_interval_normal(x: &[f64], level: f64) -> Option<Interval> {
    mean_interval(x, level, normal_quantile(level), "normal")
}

/// The normal interval of a mean, from the moments of the values.
pub fn mean_interval_normal_of(moments: Moments, level: f64) -> Option<Interval> {
    let half = normal_quantile(level) * (moments.variance()? / moments.n as f64).sqrt();
    let (lo, hi) = (moments.mean - half, moments.mean + half);
    (lo.is_finite() && hi.is_finite()).then(|| Interval { lo, hi, level, method: "normal".into() })
}

/// The interval of a mean on Student's t with n - 1 degrees of freedom, or nothing for fewer than
/// two values.
pub fn mean_interval_t(x: &[f64], level: f64) -> Option<Interval> {
    let freedom = x.len().checked_sub(1).filter(|&df| df > 0)?;
    mean_interval(x, level, t_quantile(level, freedom as f64)?, "student t")
}

/// The same from the moments of the values.
pub fn mean_interval_of(moments: Moments, level: f64) -> Option<Interval> {
    let n = moments.n as f64;
    let half = t_quantile(level, n - 1.0).filter(|_| n >= 2.0)? * (moments.variance()? / n).sqrt();
    let (lo, hi) = (moments.mean - half, moments.mean + half);
    (lo.is_finite() && hi.is_finite()).then(|| Interval { lo, hi, level, method: "student t".into() })
}

fn mean_interval(x: &[f64], level: f64, quantile: f64, method: &str) -> Option<Interval> {
    let (centre, spread) = (mean(x)?, variance(x)?);
    let half = quantile * (spread / x.len() as f64).sqrt();
    if !(centre + half).is_finite() {
        return None;
    }
    Some(Interval { lo: centre - half, hi: centre + half, level, method: method.into() })
}

/// The two-sided quantile of Student's t for a confidence level.
fn t_quantile(level: f64, freedom: f64) -> Option<f64> {
    laws::t_quantile_upper((1.0 - level.clamp(0.0, 1.0)) / 2.0, freedom)
}

/// The t with the share `tail` of Student's law above it.
pub(crate) fn t_quantile_upper(tail: f64, freedom: f64) -> f64 {
    t_quantile(1.0 - 2.0 * tail, freedom).unwrap_or(f64::NAN)
}

/// The percentile interval of a bootstrap distribution (Efron 1979); values that are not finite are
/// left out. Nothing when no value is left.
pub fn percentile_interval(distribution: &[f64], level: f64) -> Option<Interval> {
    let mut sorted: Vec<f64> = distribution.iter().copied().filter(|v| v.is_finite()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let tail = (1.0 - level) / 2.0;
    Some(Interval {
        lo: quantile(&sorted, tail)?,
        hi: quantile(&sorted, 1.0 - tail)?,
        level,
        method: format!("bootstrap percentile ({})", sorted.len()),
    })
}

/// The basic (reversed percentile) interval around `value` (Davison and Hinkley 1997, 5.2.1): it
/// moves against the bias of the bootstrap distribution, where the percentile interval doubles it.
pub fn basic_interval(distribution: &[f64], value: f64, level: f64) -> Option<Interval> {
    let percentile = percentile_interval(distribution, level)?;
    Some(Interval {
        lo: 2.0 * value - percentile.hi,
        hi: 2.0 * value - percentile.lo,
        level,
        method: percentile.method.replace("percentile", "basic"),
    })
}

/// The result of a paired t test of `a - b`.
#[derive(Debug, Clone, PartialEq)]
pub struct PairedT {
    /// Mean difference `a - b`.
    pub difference: f64,
    /// Interval of the mean difference.
    pub interval: Interval,
    /// The statistic; infinite when every pair differs by the same amount.
    pub t: f64,
    /// Degrees of freedom.
    pub df: f64,
    /// Two-sided p value.
    pub p: f64,
    pub n: usize,
}

/// The paired t test (Student 1908). Undefined for fewer than two pairs, missing or infinite values,
/// and when no pair differs. When all pairs differ by the same amount the statistic is infinite and p
/// is 0, as in SciPy.
pub fn paired_t(a: &[f64], b: &[f64], level: f64) -> Result<PairedT, Undefined> {
    checks::same_length(("first values", a.len()), ("second values", b.len()))?;
    checks::finite("first value", a)?;
    checks::finite("second value", b)?;
    let d: Vec<f64> = a.iter().zip(b).map(|(x, y)| x - y).collect();
    let n = d.len();
    let undefined = || Undefined::new("a paired t test needs at least two pairs");
    let difference = mean(&d).ok_or_else(undefined)?;
    let spread = variance(&d).ok_or_else(undefined)?;
    let same = d.windows(2).all(|w| matches!(w, [x, y] if x == y));
    if same && difference == 0.0 {
        return Err(Undefined::new("the pairs do not differ at all"));
    }
    let df = (n - 1) as f64;
    if same || spread == 0.0 {
        let interval = Interval { lo: difference, hi: difference, level, method: "student t".into() };
        let t = f64::INFINITY.copysign(difference);
        return Ok(PairedT { difference, interval, t, df, p: 0.0, n });
    }
    let interval = mean_interval_t(&d, level).ok_or_else(undefined)?;
    let t = difference / (spread / n as f64).sqrt();
    Ok(PairedT { difference, interval, t, df, p: (2.0 * laws::t_upper(t.abs(), df)).min(1.0), n })
}

#[cfg(test)]
#[path = "inference_tests.rs"]
mod tests;

//! Student's t tests: paired (also corrected for overlapping folds), equal variances, Welch, and two
//! one-sided tests of equivalence. Parts: `statistic`, `df`, `difference`, `low`, `high` (the 95 % interval
//! of the mean difference; one-sided alternatives leave one end infinite).

use super::{Alternative, differences, t_upper};
use crate::eval::estimate::{Estimate, Measured, Undefined};
use crate::metrics::inference::{LEVEL, mean, t_quantile_upper, variance};

/// A test of `difference` with this standard error. Undefined when both are 0.
fn test(difference: f64, error: f64, df: f64, n: usize, alternative: Alternative) -> Measured {
    if !difference.is_finite() || !error.is_finite() || df.is_nan() || df <= 0.0 {
        return Err(Undefined::new("the values are too large for their variance to be computed"));
    }
    if error == 0.0 && difference == 0.0 {
        return Err(Undefined::new("the samples are constant and equal, so there is nothing to test"));
    }
    let t = if error == 0.0 { f64::INFINITY.copysign(difference) } else { difference / error };
    let p = alternative.p(t, |t| t_upper(t, df));
    let tail = if alternative == Alternative::TwoSided { (1.0 - LEVEL) / 2.0 } else { 1.0 - LEVEL };
    let half = if error == 0.0 { 0.0 } else { t_quantile_upper(tail, df) * error };
    let (low, high) = match alternative {
        Alternative::TwoSided => (difference - half, difference + half),
        Alternative::Less => (f64::NEG_INFINITY, difference + half),
        Alternative::Greater => (difference - half, f64::INFINITY),
    };
    let out = Estimate::plain(p, n).with("statistic", t).with("df", df).with("difference", difference);
    Ok(out.with("low", low).with("high", high))
}

fn moments(x: &[f64]) -> Result<(f64, f64, f64), Undefined> {
    match (mean(x), variance(x)) {
        // Equal values have no variance; rounding must not invent one.
        (Some(m), Some(v)) => {
            let constant = x.windows(2).all(|w| w[0] == w[1]);
            Ok((if constant { x[0] } else { m }, if constant { 0.0 } else { v }, x.len() as f64))
        }
        _ => Err(Undefined::new("a t test needs two values or more in each sample")),
    }
}

/// The paired t test of `a - b`. Undefined for fewer than two pairs, missing or infinite values, and
/// pairs that do not differ at all; pairs that all differ alike have an infinite statistic.
pub fn paired(a: &[f64], b: &[f64], alternative: Alternative) -> Measured {
    let d = differences(a, b)?;
    let (m, v, n) = moments(&d)?;
    test(m, (v / n).sqrt(), n - 1.0, d.len(), alternative)
}

/// The paired t test over folds that share training rows (Nadeau and Bengio 2003): the variance grows
/// by the ratio of test to training rows.
pub fn corrected(a: &[f64], b: &[f64], test_by_train: f64, alternative: Alternative) -> Measured {
    if !(test_by_train > 0.0 && test_by_train.is_finite()) {
        return Err(Undefined::new(format!("the ratio of test to training rows is {test_by_train}")));
    }
    let d = differences(a, b)?;
    let (m, v, n) = moments(&d)?;
    test(m, (v * (1.0 / n + test_by_train)).sqrt(), n - 1.0, d.len(), alternative)
}

/// Two independent samples: Student's test with equal variances, or Welch's (1947). Undefined for fewer
/// than two values in a sample (with equal variances one sample may have a single value: the other gives the
/// variance), and for constant and equal samples.
pub fn independent(a: &[f64], b: &[f64], equal_variances: bool, alternative: Alternative) -> Measured {
    let alone = |x: &[f64], other: &[f64]| equal_variances && x.len() == 1 && other.len() > 1;
    let of = |x: &[f64], other: &[f64]| if alone(x, other) { Ok((x[0], 0.0, 1.0)) } else { moments(x) };
    let ((ma, va, na), (mb, vb, nb)) = (of(a, b)?, of(b, a)?);
    let (error, df) = if equal_variances {
        let pooled = ((na - 1.0) * va + (nb - 1.0) * vb) / (na + nb - 2.0);
        ((pooled * (1.0 / na + 1.0 / nb)).sqrt(), na + nb - 2.0)
    } else {
        let (ea, eb) = (va / na, vb / nb);
        let df = (ea + eb).powi(2) / (ea * ea / (na - 1.0) + eb * eb / (nb - 1.0));
        ((ea + eb).sqrt(), if df.is_nan() { 1.0 } else { df })
    };
    test(ma - mb, error, df, a.len() + b.len(), alternative)
}

/// Two one-sided tests (Schuirmann 1987) that the mean of the paired differences lies within
/// -margin..margin: the larger of both p values.
pub fn equivalent(a: &[f64], b: &[f64], margin: f64) -> Measured {
    if !(margin > 0.0 && margin.is_finite()) {
        return Err(Undefined::new(format!("the margin of equivalence is {margin}, not above 0")));
    }
    let d = differences(a, b)?;
    let (m, v, n) = moments(&d)?;
    let error = (v / n).sqrt();
    let below = test(m + margin, error, n - 1.0, d.len(), Alternative::Greater)?;
    let above = test(m - margin, error, n - 1.0, d.len(), Alternative::Less)?;
    let p = below.value.max(above.value);
    Ok(Estimate::plain(p, d.len()).with("difference", m).with("lower", below.value).with("upper", above.value))
}

/// The same for two independent samples: the difference of their means lies within -margin..margin. `equal`
/// pools the variances, else Welch's standard error and degrees of freedom are used (statsmodels `ttost_ind`).
pub fn equivalent_samples(a: &[f64], b: &[f64], margin: f64, equal: bool) -> Measured {
    if !(margin > 0.0 && margin.is_finite()) {
        return Err(Undefined::new(format!("the margin of equivalence is {margin}, not above 0")));
    }
    let shifted = |by: f64| -> Vec<f64> { a.iter().map(|v| v + by).collect() };
    let below = independent(&shifted(margin), b, equal, Alternative::Greater)?;
    let above = independent(&shifted(-margin), b, equal, Alternative::Less)?;
    let difference = below.part("difference").unwrap_or(f64::NAN) - margin;
    let out = Estimate::plain(below.value.max(above.value), a.len() + b.len()).with("difference", difference);
    Ok(out.with("lower", below.value).with("upper", above.value))
}

/// Cohen's d of two samples with the pooled standard deviation; Hedges' correction for small samples
/// as part `hedges_g`.
pub fn cohens_d(a: &[f64], b: &[f64]) -> Measured {
    let ((ma, va, na), (mb, vb, nb)) = (moments(a)?, moments(b)?);
    let df = na + nb - 2.0;
    let pooled = (((na - 1.0) * va + (nb - 1.0) * vb) / df).sqrt();
    if pooled == 0.0 {
        return Err(Undefined::new("both samples are constant, so there is no standard deviation"));
    }
    let d = (ma - mb) / pooled;
    let out = Estimate::plain(d, a.len() + b.len());
    Ok(out.with("hedges_g", d * (1.0 - 3.0 / (4.0 * df - 1.0))))
}

#[cfg(test)]
#[path = "t_tests.rs"]
mod tests;

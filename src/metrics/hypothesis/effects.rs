//! How large a difference is, whatever the number of rows: standardised mean differences, Cliff's delta, odds
//! ratios, with their intervals.

use crate::eval::estimate::{Estimate, Interval, Measured, Undefined};
use crate::metrics::checks;
use crate::metrics::inference::normal_quantile;

/// Hedges' g: Cohen's d times 1 - 3 / (4 n - 9), which takes out its bias in small samples (Hedges 1981).
///
/// Interval: normal, with the variance n / (n1 n2) + g^2 / (2 (n - 3.94)) (Hedges and Olkin 1985; statsmodels
/// `effectsize_smd`). Parts `cohens_d` and `variance`. Undefined for fewer than two values in a sample and for
/// constant samples.
pub fn hedges_g(a: &[f64], b: &[f64], level: f64) -> Measured {
    let d = super::t::cohens_d(a, b)?;
    let (n1, n2) = (a.len() as f64, b.len() as f64);
    let n = n1 + n2;
    let g = d.value * (1.0 - 3.0 / (4.0 * n - 9.0));
    let variance = n / (n1 * n2) + g * g / (2.0 * (n - 3.94));
    let half = normal_quantile(level) * variance.sqrt();
    let interval = Interval { lo: g - half, hi: g + half, level, method: "normal".into() };
    let out = Estimate { interval: Some(interval), ..Estimate::plain(g, a.len() + b.len()) };
    Ok(out.with("cohens_d", d.value).with("variance", variance))
}

/// Cliff's delta (1993): the chance that a value of the first sample lies above one of the second, less the
/// chance that it lies below; -1 to 1.
///
/// Interval: Cliff's asymmetric one (1996, Multivariate Behavioral Research 31:331), from the variance of the
/// dominances of both samples; none for fewer than two values in a sample or when the samples do not overlap.
/// Part `variance`. Undefined for an empty sample, missing or infinite values.
pub fn cliffs_delta(a: &[f64], b: &[f64], level: f64) -> Measured {
    checks::finite("value of the first sample", a)?;
    checks::finite("value of the second sample", b)?;
    if a.is_empty() || b.is_empty() {
        return Err(Undefined::new("a sample has no values"));
    }
    let (m, n) = (a.len() as f64, b.len() as f64);
    let (above_b, below_b) = dominances(a, b);
    let (above_a, below_a) = dominances(b, a);
    let of_a: Vec<f64> = above_b.iter().zip(&below_b).map(|(x, y)| (x - y) / n).collect();
    let of_b: Vec<f64> = above_a.iter().zip(&below_a).map(|(x, y)| (y - x) / m).collect();
    let delta = of_a.iter().sum::<f64>() / m;
    let out = Estimate::plain(delta, a.len() + b.len());
    if a.len() < 2 || b.len() < 2 {
        return Ok(out);
    }
    let spread = |x: &[f64]| x.iter().map(|v| (v - delta).powi(2)).sum::<f64>();
    // Each pair is +1, 0 or -1, so its square is 1 unless tied.
    let differing: f64 = above_b.iter().chain(&below_b).sum();
    let pairs = differing - m * n * delta * delta;
    let unbiased = (n * n * spread(&of_a) + m * m * spread(&of_b) - pairs) / (m * n * (m - 1.0) * (n - 1.0));
    let variance = unbiased.max((1.0 - delta * delta) / (m * n - 1.0));
    let out = out.with("variance", variance);
    if delta.abs() >= 1.0 {
        return Ok(out);
    }
    let z = normal_quantile(level);
    let square = 1.0 - delta * delta;
    let (centre, scale) = (delta - delta.powi(3), square + z * z * variance);
    let half = z * variance.sqrt() * (square * square + z * z * variance).sqrt();
    let (lo, hi) = ((centre - half) / scale, (centre + half) / scale);
    let interval = Interval { lo: lo.max(-1.0), hi: hi.min(1.0), level, method: "cliff".into() };
    Ok(Estimate { interval: Some(interval), ..out })
}

/// For every value of `x`, how many of `y` lie below it and above it.
fn dominances(x: &[f64], y: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let mut sorted = y.to_vec();
    sorted.sort_by(f64::total_cmp);
    let below = x.iter().map(|v| sorted.partition_point(|w| w < v) as f64).collect();
    let above = x.iter().map(|v| (sorted.len() - sorted.partition_point(|w| w <= v)) as f64).collect();
    (below, above)
}

/// The odds ratio of [[a, b], [c, d]], a d / (b c), with Woolf's interval on the logit scale (1955; statsmodels
/// `Table2x2`). `add` is added to every cell first (Haldane and Anscombe: 0.5).
///
/// Parts `log`, `standard_error` (of the log) and `risk_ratio`, a / (a + b) by c / (c + d). A zero cell makes
/// the ratio 0 or infinite, without interval; undefined when it is 0 / 0, and for counts that are negative.
pub fn odds_ratio(cells: [f64; 4], n: usize, add: f64, level: f64) -> Measured {
    if !(add >= 0.0 && add.is_finite()) {
        return Err(Undefined::new(format!("what is added to each cell is {add}, not a number from 0 on")));
    }
    if !(level > 0.0 && level < 1.0) {
        return Err(Undefined::new(format!("the level is {level}, not between 0 and 1")));
    }
    let [a, b, c, d] = cells.map(|v| v + add);
    let ratio = a / b / (c / d);
    let ratio = if ratio.is_nan() { a * d / (b * c) } else { ratio };
    if ratio.is_nan() {
        return Err(Undefined::new("a row or a column of the table is empty, so the odds ratio is 0/0"));
    }
    let risk = a / (a + b) / (c / (c + d));
    let error = (1.0 / a + 1.0 / b + 1.0 / c + 1.0 / d).sqrt();
    let out = Estimate::plain(ratio, n).with("risk_ratio", risk);
    if !error.is_finite() {
        let why = "a count of the table is 0, so there is no interval";
        return Ok(out.note(if ratio.is_infinite() { format!("infinite: {why}") } else { why.to_string() }));
    }
    let half = normal_quantile(level) * error;
    let (lo, hi) = ((ratio.ln() - half).exp(), (ratio.ln() + half).exp());
    let interval = Interval { lo, hi, level, method: "woolf".into() };
    Ok(Estimate { interval: Some(interval), ..out.with("log", ratio.ln()).with("standard_error", error) })
}

#[cfg(test)]
#[path = "effects_tests.rs"]
mod tests;

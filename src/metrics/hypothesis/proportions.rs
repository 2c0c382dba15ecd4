//! Intervals of a proportion and the test of two.

use super::{Alternative, normal_upper};
use crate::eval::estimate::{Estimate, Interval, Measured, Undefined};
use crate::metrics::checks;
use crate::metrics::inference::{self, LEVEL};
use statrs::function::beta::beta_reg;

/// How an interval of a proportion is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// p +- z standard errors, cut to 0..1 (Wald): too short near 0 and 1.
    Normal,
    /// Wilson 1927.
    Wilson,
    /// Agresti and Coull 1998, cut to 0..1.
    AgrestiCoull,
    /// Clopper and Pearson 1934: never below its level.
    ClopperPearson,
    /// The posterior interval under Jeffreys' prior.
    Jeffreys,
}

impl Method {
    pub fn named(name: &str) -> Result<Method, Undefined> {
        checks::word(
            "the interval",
            name,
            &[
                ("wilson", Method::Wilson),
                ("normal", Method::Normal),
                ("agresti_coull", Method::AgrestiCoull),
                ("clopper_pearson", Method::ClopperPearson),
                ("jeffreys", Method::Jeffreys),
            ],
        )
    }
}

/// The x below which a beta law has the share `q` (its upper share 1 - q when `upper`), by bisection.
fn beta_quantile(q: f64, upper: bool, a: f64, b: f64) -> f64 {
    let (mut lo, mut hi) = (0.0_f64, 1.0_f64);
    for _ in 0..1100 {
        let x = lo + (hi - lo) / 2.0;
        if x <= lo || x >= hi {
            break;
        }
        // The tail that is small is the one that is computed.
        let below = if upper { beta_reg(b, a, 1.0 - x) > q } else { beta_reg(a, b, x) < q };
        *(if below { &mut lo } else { &mut hi }) = x;
    }
    lo + (hi - lo) / 2.0
}

/// The interval of `k` hits among `n`, both weighted sums. Undefined for no rows and for more hits than
/// rows or fewer than none.
pub fn interval(k: f64, n: f64, method: Method, level: f64) -> Result<Interval, Undefined> {
    if !(n > 0.0 && n.is_finite()) {
        return Err(Undefined::new("there are no rows"));
    }
    if !(0.0..=n).contains(&k) {
        return Err(Undefined::new(format!("{k} of {n} is no proportion")));
    }
    if !(level > 0.0 && level < 1.0) {
        return Err(Undefined::new(format!("the level is {level}, not between 0 and 1")));
    }
    let (z, p, tail) = (inference::normal_quantile(level), k / n, (1.0 - level) / 2.0);
    let cut = |lo: f64, hi: f64| (lo.max(0.0), hi.min(1.0));
    let (lo, hi) = match method {
        Method::Normal => {
            let half = z * (p * (1.0 - p) / n).sqrt();
            cut(p - half, p + half)
        }
        Method::Wilson => {
            let scale = 1.0 + z * z / n;
            let centre = (p + z * z / (2.0 * n)) / scale;
            let half = z / scale * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
            (if k == 0.0 { 0.0 } else { centre - half }, if k == n { 1.0 } else { centre + half })
        }
        Method::AgrestiCoull => {
            let m = n + z * z;
            let q = (k + z * z / 2.0) / m;
            let half = z * (q * (1.0 - q) / m).sqrt();
            cut(q - half, q + half)
        }
        Method::ClopperPearson => (
            if k == 0.0 { 0.0 } else { beta_quantile(tail, false, k, n - k + 1.0) },
            if k == n { 1.0 } else { beta_quantile(tail, true, k + 1.0, n - k) },
        ),
        Method::Jeffreys => {
            (beta_quantile(tail, false, k + 0.5, n - k + 0.5), beta_quantile(tail, true, k + 0.5, n - k + 0.5))
        }
    };
    let name = match method {
        Method::Normal => "normal",
        Method::Wilson => "wilson",
        Method::AgrestiCoull => "agresti-coull",
        Method::ClopperPearson => "clopper-pearson",
        Method::Jeffreys => "jeffreys",
    };
    Ok(Interval { lo, hi, level, method: name.into() })
}

/// (hits, rows) as weighted sums.
pub fn hits(hit: &[bool], w: Option<&[f64]>) -> Result<(f64, f64), Undefined> {
    checks::not_empty(hit.len())?;
    checks::weights(w, hit.len())?;
    let weight = |row: usize| w.map_or(1.0, |w| w[row]);
    let total = |keep: &dyn Fn(bool) -> bool| {
        let of: Vec<f64> = hit.iter().enumerate().filter(|h| keep(*h.1)).map(|h| weight(h.0)).collect();
        inference::sum(&of)
    };
    Ok((total(&|h| h), total(&|_| true)))
}

/// The share of hits with its interval.
pub fn proportion(hit: &[bool], method: Method, level: f64, w: Option<&[f64]>) -> Measured {
    let (k, n) = hits(hit, w)?;
    let found = interval(k, n, method, level)?;
    let out = Estimate::plain(k / n, hit.len()).with("low", found.lo).with("high", found.hi);
    Ok(Estimate { interval: Some(found), ..out })
}

/// The z test of two independent proportions with the pooled standard error; parts `statistic` and
/// `difference`, the interval of the difference by Newcombe's method 10. Undefined for an empty sample and
/// when all rows are hits or none is.
pub fn two(k: [f64; 2], n: [f64; 2], rows: usize, alternative: Alternative) -> Measured {
    for (k, n) in k.iter().zip(&n) {
        interval(*k, *n, Method::Wilson, LEVEL)?;
    }
    let pooled = (k[0] + k[1]) / (n[0] + n[1]);
    let error = (pooled * (1.0 - pooled) * (1.0 / n[0] + 1.0 / n[1])).sqrt();
    if error == 0.0 {
        return Err(Undefined::new("both shares are 0 or both are 1, so the statistic has no value"));
    }
    let difference = k[0] / n[0] - k[1] / n[1];
    let z = difference / error;
    let out = Estimate::plain(alternative.p(z, normal_upper), rows);
    let out = out.with("statistic", z).with("difference", difference);
    let whole = |v: f64| v.fract() == 0.0;
    if k.iter().chain(&n).all(|v| whole(*v)) {
        let interval = inference::newcombe_difference(k[0] as u64, n[0] as u64, k[1] as u64, n[1] as u64, LEVEL);
        if let Some(i) = interval {
            return Ok(out.with("low", i.lo).with("high", i.hi));
        }
    }
    Ok(out)
}

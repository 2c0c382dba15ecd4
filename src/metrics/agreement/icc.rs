//! Intraclass correlations (Shrout and Fleiss 1979) with their F intervals.

use crate::eval::estimate::{Estimate, Interval, Measured, Undefined};
use crate::metrics::checks;
use crate::metrics::laws;

/// Which correlation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Each item rated by other raters.
    One,
    /// Raters drawn from many; absolute agreement.
    Two,
    /// These raters and no others; consistency.
    Three,
}

impl Form {
    /// "1", "2" or "3", for one rater; with a `k` after it for the mean of the raters.
    pub fn named(name: &str) -> Result<(Form, bool), Undefined> {
        checks::word(
            "the form",
            name,
            &[
                ("1", (Form::One, false)),
                ("2", (Form::Two, false)),
                ("3", (Form::Three, false)),
                ("1k", (Form::One, true)),
                ("2k", (Form::Two, true)),
                ("3k", (Form::Three, true)),
            ],
        )
    }
}

fn f_quantile(q: f64, a: f64, b: f64) -> f64 {
    laws::f_quantile(q, a, b).unwrap_or(f64::NAN)
}

/// The correlation of ratings, one column a rater, with its interval of this level. Undefined for a missing rating, fewer than two raters
/// or items, and when the ratings do not vary.
pub fn icc(ratings: &[&[f64]], form: Form, of_mean: bool, level: f64) -> Measured {
    let k = ratings.len();
    let n = ratings.first().map_or(0, |r| r.len());
    if k < 2 || n < 2 {
        return Err(Undefined::new("an intraclass correlation needs two raters and two items or more"));
    }
    for rater in ratings {
        checks::same_length(("items of one rater", rater.len()), ("of another", n))?;
        checks::finite("rating", rater)?;
    }
    let (kf, nf) = (k as f64, n as f64);
    let item = |row: usize| ratings.iter().map(|r| r[row]).sum::<f64>() / kf;
    let items: Vec<f64> = (0..n).map(item).collect();
    let raters: Vec<f64> = ratings.iter().map(|r| r.iter().sum::<f64>() / nf).collect();
    let grand = items.iter().sum::<f64>() / nf;
    let squares = |x: &[f64]| x.iter().map(|v| (v - grand).powi(2)).sum::<f64>();
    let total: f64 = ratings.iter().flat_map(|r| r.iter()).map(|v| (v - grand).powi(2)).sum();
    let (between, across) = (kf * squares(&items), nf * squares(&raters));
    let (dfb, dfe, dfw) = (nf - 1.0, (nf - 1.0) * (kf - 1.0), nf * (kf - 1.0));
    let bms = between / dfb;
    let wms = (total - between) / dfw;
    let jms = across / (kf - 1.0);
    let ems = (total - between - across).max(0.0) / dfe;
    if total == 0.0 {
        return Err(Undefined::new("the ratings do not vary"));
    }
    let (single, mean) = match form {
        Form::One => ((bms - wms) / (bms + (kf - 1.0) * wms), (bms - wms) / bms),
        Form::Two => {
            let rest = kf * (jms - ems) / nf;
            ((bms - ems) / (bms + (kf - 1.0) * ems + rest), (bms - ems) / (bms + (jms - ems) / nf))
        }
        Form::Three => ((bms - ems) / (bms + (kf - 1.0) * ems), (bms - ems) / bms),
    };
    let value = if of_mean { mean } else { single };
    if !value.is_finite() {
        return Err(Undefined::new("the items do not differ"));
    }
    let tail = 1.0 - (1.0 - level) / 2.0;
    // From the F ratio, which may be infinite where raters agree fully.
    let from_f = |f: f64, df2: f64| {
        let (lo, hi) = (f / f_quantile(tail, dfb, df2), f * f_quantile(tail, df2, dfb));
        let back = |f: f64| match (f.is_infinite(), of_mean) {
            (true, _) => 1.0,
            (_, true) => 1.0 - 1.0 / f,
            _ => (f - 1.0) / (f + kf - 1.0),
        };
        (back(lo), back(hi))
    };
    let (lo, hi) = match form {
        Form::One => from_f(bms / wms, dfw),
        Form::Three => from_f(bms / ems, dfe),
        Form::Two => {
            let (lo, hi) = two_way((single, bms, jms, ems), (kf, nf), tail);
            let step = |v: f64| if of_mean { v * kf / (1.0 + v * (kf - 1.0)) } else { v };
            (step(lo), step(hi))
        }
    };
    let interval = (lo.is_finite() && hi.is_finite()).then(|| Interval {
        lo,
        hi: hi.min(1.0),
        level,
        method: "shrout-fleiss F".into(),
    });
    Ok(Estimate { interval, ..Estimate::plain(value, n) })
}

/// The interval of ICC(2,1) with Satterthwaite's degrees of freedom (Shrout and Fleiss 1979, eq. 10).
fn two_way((rho, bms, jms, ems): (f64, f64, f64, f64), (k, n): (f64, f64), tail: f64) -> (f64, f64) {
    if ems == 0.0 && jms == 0.0 {
        return (1.0, 1.0);
    }
    let fj = jms / ems;
    let rest = n * (1.0 + (k - 1.0) * rho) - k * rho;
    let v = if ems == 0.0 {
        k - 1.0
    } else {
        let top = (k - 1.0) * (n - 1.0) * (k * rho * fj + rest).powi(2);
        top / ((n - 1.0) * (k * rho * fj).powi(2) + rest.powi(2))
    };
    let (upper, lower) = (f_quantile(tail, n - 1.0, v), f_quantile(tail, v, n - 1.0));
    let scale = k * jms + (k * n - k - n) * ems;
    let lo = n * (bms - upper * ems) / (upper * scale + n * bms);
    let hi = n * (lower * bms - ems) / (scale + n * lower * bms);
    (lo, hi)
}

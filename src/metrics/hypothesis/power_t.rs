//! Power of the t tests, and rows needed, from the noncentral t law.

use super::{normal_upper, t_upper};
use crate::eval::estimate::{Estimate, Measured, Undefined};
use crate::metrics::inference::t_quantile_upper;
use statrs::function::gamma::ln_gamma;

/// The most rows that a plan may ask for.
const MOST_ROWS: f64 = 1e9;

/// What is planned: pairs, or two independent samples with `ratio` rows of the second by one of the first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Design {
    Pairs,
    Independent { ratio: f64 },
}

impl Design {
    /// Degrees of freedom and noncentrality for `n` rows (of the first sample).
    fn law(self, effect: f64, n: f64) -> (f64, f64) {
        match self {
            Design::Pairs => (n - 1.0, effect * n.sqrt()),
            Design::Independent { ratio } => {
                let second = n * ratio;
                (n + second - 2.0, effect * (n * second / (n + second)).sqrt())
            }
        }
    }

    fn check(self) -> Result<(), Undefined> {
        match self {
            Design::Independent { ratio } if !(ratio > 0.0 && ratio.is_finite()) => {
                Err(Undefined::new(format!("the ratio of the samples is {ratio}, not above 0")))
            }
            _ => Ok(()),
        }
    }
}

fn check(effect: f64, alpha: f64) -> Result<(), Undefined> {
    if !effect.is_finite() {
        return Err(Undefined::new("the effect is not a number"));
    }
    if !(alpha > 0.0 && alpha < 1.0) {
        return Err(Undefined::new(format!("the level is {alpha}, not between 0 and 1")));
    }
    Ok(())
}

/// The chance that a two-sided t test at level `alpha` finds a standardised mean difference `effect` (Cohen's d;
/// for pairs in standard deviations of the differences) with `n` rows (Cohen 1988; statsmodels
/// `TTestIndPower`, `TTestPower`). Undefined for fewer than 1 degree of freedom, levels outside 0..1.
pub fn power(effect: f64, n: f64, alpha: f64, design: Design) -> Measured {
    check(effect, alpha)?;
    design.check()?;
    let (df, shift) = design.law(effect, n);
    if !(df >= 1.0 && df.is_finite()) {
        return Err(Undefined::new(format!("{n} rows leave no degree of freedom")));
    }
    Ok(Estimate::plain(found(df, shift, alpha)?, 0))
}

fn found(df: f64, shift: f64, alpha: f64) -> Result<f64, Undefined> {
    let t = t_quantile_upper(alpha / 2.0, df);
    // The upper tail of the t law tells whether the quantile is one.
    let off = (t_upper(t, df) - alpha / 2.0).abs();
    if off.is_nan() || off > 1e-9 {
        return Err(Undefined::new("the level is too small for its quantile to be found"));
    }
    Ok((noncentral_upper(t, df, shift) + noncentral_upper(t, df, -shift)).min(1.0))
}

/// The fewest rows (of the first sample, or pairs) with at least this power. Undefined for no effect, for a power
/// or level outside 0..1 and where more than 1e9 rows are needed.
pub fn sample_size(effect: f64, power: f64, alpha: f64, design: Design) -> Measured {
    check(effect, alpha)?;
    design.check()?;
    if effect == 0.0 {
        return Err(Undefined::new("an effect of 0 cannot be found with any number of rows"));
    }
    if !(power > 0.0 && power < 1.0) {
        return Err(Undefined::new("the power must lie between 0 and 1"));
    }
    let enough = |n: f64| -> Result<bool, Undefined> {
        let (df, shift) = design.law(effect, n);
        Ok(df >= 1.0 && found(df, shift, alpha)? >= power)
    };
    let (mut few, mut many) = (1.0, 2.0);
    while !enough(many)? {
        if many > MOST_ROWS {
            return Err(Undefined::new("more than 1e9 rows would be needed"));
        }
        (few, many) = (many, many * 2.0);
    }
    while many - few > 1.0 {
        let middle = ((few + many) / 2.0_f64).floor();
        if enough(middle)? { many = middle } else { few = middle }
    }
    let reached = design.law(effect, many);
    let out = Estimate::plain(many, 0).with("power", found(reached.0, reached.1, alpha)?);
    Ok(match design {
        Design::Pairs => out,
        Design::Independent { ratio } => out.with("second", (many * ratio).ceil()),
    })
}

/// P(T > t) of the noncentral t law: the normal upper tail averaged over the law of the standard deviation.
/// In the logarithm of that the integrand is smooth and dies out on both sides, so equal steps are exact.
fn noncentral_upper(t: f64, df: f64, shift: f64) -> f64 {
    let constant = std::f64::consts::LN_2 + df / 2.0 * (df / 2.0).ln() - ln_gamma(df / 2.0);
    // Density of u = ln s with s^2 = chi^2 / df.
    let density = |u: f64| (constant + df * u - df / 2.0 * (2.0 * u).exp()).exp();
    let spread = 1.0 / (2.0 * df).sqrt();
    let (low, high) = (-37.0 / df - 9.0 * spread, (9.0 * spread).min(2.2));
    let steps = 2_000;
    let width = (high - low) / f64::from(steps);
    let term = |i: i32| {
        let u = low + width * f64::from(i);
        density(u) * normal_upper(t * u.exp() - shift)
    };
    (0..=steps).map(term).sum::<f64>() * width
}

#[cfg(test)]
#[path = "power_tests.rs"]
mod tests;

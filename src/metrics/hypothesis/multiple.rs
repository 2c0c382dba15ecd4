//! Adjustment of p values for the number of tests.

use crate::eval::estimate::Undefined;
use crate::metrics::checks;

/// What is controlled and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Bonferroni,
    Sidak,
    /// Holm 1979.
    Holm,
    HolmSidak,
    /// Hochberg 1988.
    Hochberg,
    /// Hommel 1988.
    Hommel,
    /// Benjamini and Hochberg 1995: the false discovery rate.
    BenjaminiHochberg,
    /// Benjamini and Yekutieli 2001: the same under any dependence.
    BenjaminiYekutieli,
}

impl Method {
    pub fn named(name: &str) -> Result<Method, Undefined> {
        checks::word(
            "the adjustment",
            name,
            &[
                ("holm", Method::Holm),
                ("bonferroni", Method::Bonferroni),
                ("sidak", Method::Sidak),
                ("holm-sidak", Method::HolmSidak),
                ("hochberg", Method::Hochberg),
                ("hommel", Method::Hommel),
                ("bh", Method::BenjaminiHochberg),
                ("by", Method::BenjaminiYekutieli),
            ],
        )
    }
}

/// Adjusted p values and decisions, both in the order given.
#[derive(Debug, Clone, PartialEq)]
pub struct Adjusted {
    pub p: Vec<f64>,
    pub rejected: Vec<bool>,
}

/// Adjusts p values. A decision compares p with the level's share for its place, so it does not depend on
/// the rounding of the adjusted value. Undefined for no p values, for missing ones and ones outside 0..1,
/// and for a level outside 0..1.
pub fn adjust(p: &[f64], alpha: f64, method: Method) -> Result<Adjusted, Undefined> {
    checks::not_empty(p.len())?;
    if let Some(i) = p.iter().position(|v| !(0.0..=1.0).contains(v)) {
        return Err(Undefined::new(format!("the p value in row {} is missing or outside 0 to 1", i + 1)));
    }
    if !(0.0..=1.0).contains(&alpha) {
        return Err(Undefined::new(format!("the level is {alpha}, outside 0 to 1")));
    }
    let n = p.len();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let sorted: Vec<f64> = order.iter().map(|&i| p[i]).collect();
    let left = |i: usize| (n - i) as f64;
    let together = |m: f64, p: f64| -(m * (-p).ln_1p()).exp_m1();
    let each =
        |f: &dyn Fn(usize, f64) -> f64| -> Vec<f64> { sorted.iter().enumerate().map(|(i, &p)| f(i, p)).collect() };
    let holds =
        |f: &dyn Fn(usize, f64) -> bool| -> Vec<bool> { sorted.iter().enumerate().map(|(i, &p)| f(i, p)).collect() };
    let harmonic: f64 = (1..=n).map(|i| 1.0 / i as f64).sum();
    // What a rank's p value is divided by for the false discovery rate.
    let share = |i: usize| {
        let rank = (i + 1) as f64 / n as f64;
        if method == Method::BenjaminiYekutieli { rank / harmonic } else { rank }
    };
    let (adjusted, rejected) = match method {
        Method::Bonferroni => (each(&|_, p| p * n as f64), holds(&|_, p| p <= alpha / n as f64)),
        Method::Sidak => {
            let level = 1.0 - (1.0 - alpha).powf(1.0 / n as f64);
            (each(&|_, p| together(n as f64, p)), holds(&|_, p| p <= level))
        }
        Method::Holm => (rising(each(&|i, p| p * left(i))), until_first_not(holds(&|i, p| p <= alpha / left(i)))),
        Method::HolmSidak => {
            let level = |i: usize| 1.0 - (1.0 - alpha).powf(1.0 / left(i));
            (rising(each(&|i, p| together(left(i), p))), until_first_not(holds(&|i, p| p <= level(i))))
        }
        Method::Hochberg => (falling(each(&|i, p| p * left(i))), up_to_last(holds(&|i, p| p <= alpha / left(i)))),
        Method::Hommel => {
            let a = hommel(&sorted);
            let rejected = a.iter().map(|a| *a <= alpha).collect();
            (a, rejected)
        }
        Method::BenjaminiHochberg | Method::BenjaminiYekutieli => {
            (falling(each(&|i, p| p / share(i))), up_to_last(holds(&|i, p| p <= share(i) * alpha)))
        }
    };
    let mut out = Adjusted { p: vec![0.0; n], rejected: vec![false; n] };
    for (place, &i) in order.iter().enumerate() {
        out.p[i] = adjusted[place].min(1.0);
        out.rejected[i] = rejected[place];
    }
    Ok(out)
}

fn rising(mut x: Vec<f64>) -> Vec<f64> {
    for i in 1..x.len() {
        x[i] = x[i].max(x[i - 1]);
    }
    x
}

fn falling(mut x: Vec<f64>) -> Vec<f64> {
    for i in (1..x.len()).rev() {
        x[i - 1] = x[i - 1].min(x[i]);
    }
    x
}

fn until_first_not(mut x: Vec<bool>) -> Vec<bool> {
    let end = x.iter().position(|r| !r).unwrap_or(x.len());
    x.iter_mut().skip(end).for_each(|r| *r = false);
    x
}

fn up_to_last(mut x: Vec<bool>) -> Vec<bool> {
    let end = x.iter().rposition(|r| *r).map_or(0, |i| i + 1);
    x.iter_mut().take(end).for_each(|r| *r = true);
    x
}

/// Hommel's adjusted values of sorted p values.
fn hommel(sorted: &[f64]) -> Vec<f64> {
    let n = sorted.len();
    let mut a = sorted.to_vec();
    for m in (2..=n).rev() {
        let size = m as f64;
        let tail = n - m;
        let least = (0..m).map(|j| size * sorted[tail + j] / (j + 1) as f64).fold(f64::INFINITY, f64::min);
        a.iter_mut().skip(tail).for_each(|a| *a = a.max(least));
        for i in 0..tail {
            a[i] = a[i].max((size * sorted[i]).min(least));
        }
    }
    a
}

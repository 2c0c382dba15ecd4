//! The two-sample Kolmogorov-Smirnov test: largest gap of the distribution functions with exact or
//! asymptotic p value, as SciPy gives them.

use super::Compared;
use super::walk::Walk;
use crate::eval::estimate::{Estimate, Measured, Undefined};
use crate::eval::held::Scores;
use crate::metrics::checks;
use crate::metrics::hypothesis::Alternative;
use statrs::function::factorial::ln_factorial;
use std::f64::consts::PI;

/// Where the p value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Counts paths; takes time and memory with the product of the sizes.
    Exact,
    /// The one-sample law at the effective size (two-sided), Hodges' formula (one-sided).
    Asymptotic,
    /// Exact up to 10,000 values in the larger sample where the product allows, else asymptotic.
    Auto,
}

impl Method {
    pub fn named(name: &str) -> Result<Method, Undefined> {
        let words = [("auto", Method::Auto), ("exact", Method::Exact), ("asymptotic", Method::Asymptotic)];
        checks::word("the method", name, &words)
    }
}

/// The largest product of sizes that is counted exactly.
const EXACT: usize = 100_000_000;

/// The statistic (two-sided: the largest gap; "greater": by how much the first distribution function lies
/// above; "less": below) with part `p`. Undefined for an empty sample, missing or infinite values.
pub fn test(x: &[f64], first: &[bool], method: Method, alternative: Alternative) -> Measured {
    of(&Compared::new(Scores::Wide(x), &first.into())?, method, alternative)
}

/// The same of samples in order.
pub fn of(compared: &Compared, method: Method, alternative: Alternative) -> Measured {
    let Compared { a, b, walk } = compared;
    let p = p_value(walk, a.values.len(), b.values.len(), method, alternative)?;
    Ok(Estimate::plain(walk.statistic(alternative), compared.rows()).with("p", p))
}

/// The p value of the gaps of samples of m and n values.
pub(super) fn p_value(
    walk: &Walk,
    m: usize,
    n: usize,
    method: Method,
    alternative: Alternative,
) -> Result<f64, Undefined> {
    let (gap, statistic) = (walk.gap(alternative), walk.statistic(alternative));
    let exact = match method {
        Method::Exact if m.saturating_mul(n) > EXACT => {
            return Err(Undefined::new("the samples are too large for the exact test"));
        }
        Method::Exact => true,
        Method::Auto => m.max(n) <= 10_000 && m.saturating_mul(n) <= EXACT / 10,
        Method::Asymptotic => false,
    };
    let two_sided = alternative == Alternative::TwoSided;
    let p = if exact {
        exact_p(m, n, gap, two_sided)
    } else if two_sided {
        // Two single values make an effective size of 0, which has no law.
        let effective = (m as f64 * n as f64 / (m + n) as f64).round_ties_even();
        if effective < 1.0 { f64::NAN } else { one_sample_upper(effective as usize, statistic) }
    } else {
        let (m, n) = (m.max(n) as f64, m.min(n) as f64);
        let z = (m * n / (m + n)).sqrt() * statistic;
        (-2.0 * z * z - 2.0 * z * (m + 2.0 * n) / (m * n * (m + n)).sqrt() / 3.0).exp()
    };
    Ok(p.clamp(0.0, 1.0))
}

/// The chance that a random interleaving of m and n values reaches a gap of `gap` / (m n). Paths are
/// followed until they first reach it, so a small chance keeps its precision.
fn exact_p(m: usize, n: usize, gap: i64, two_sided: bool) -> f64 {
    if gap <= 0 {
        return 1.0;
    }
    let beyond = |i: usize, j: usize| {
        let here = (i * n) as i64 - (j * m) as i64;
        here >= gap || (two_sided && -here >= gap)
    };
    // row[j]: the chance of being at (i, j) without having reached the gap.
    let mut row = vec![0.0; n + 1];
    let mut reached = 0.0;
    for i in 0..=m {
        for j in 0..=n {
            let from_left = if j > 0 { row[j - 1] * (n - j + 1) as f64 / (m - i + n - j + 1) as f64 } else { 0.0 };
            let from_above = if i > 0 { row[j] * (m - i + 1) as f64 / (m - i + 1 + n - j) as f64 } else { 0.0 };
            let here = if i == 0 && j == 0 { 1.0 } else { from_left + from_above };
            if beyond(i, j) {
                reached += here;
                row[j] = 0.0;
            } else {
                row[j] = here;
            }
        }
    }
    reached
}

/// P(D_n >= d) of one sample of size n, by the same choice of methods as SciPy's `kstwo.sf` (Simard and
/// L'Ecuyer 2011): closed forms at the ends, Durbin's matrix, twice Smirnov's tail, Pelz and Good's series.
fn one_sample_upper(n: usize, d: f64) -> f64 {
    let size = n as f64;
    let t = size * d;
    let square = t * d;
    if d >= 1.0 {
        return 0.0;
    }
    if t <= 0.5 {
        return 1.0;
    }
    if t <= 1.0 {
        return 1.0 - (ln_factorial(n as u64) - size * size.ln() + size * (2.0 * t - 1.0).ln()).exp();
    }
    if t >= size - 1.0 {
        return 2.0 * (1.0 - d).powf(size);
    }
    if d >= 0.5 || (n <= 140 && square > 4.0) || (n > 140 && square >= 2.2) {
        return if square >= 370.0 && n > 140 { 0.0 } else { 2.0 * smirnov(n, d) };
    }
    if n <= 140 || (n <= 100_000 && size * d.powf(1.5) <= 1.4) { 1.0 - durbin(n, d) } else { 1.0 - pelz_good(size, d) }
}

/// The chance that the empirical distribution function of n values exceeds the true one by d somewhere.
fn smirnov(n: usize, d: f64) -> f64 {
    /// Terms between two that are looked at first.
    const STEP: usize = 256;
    let size = n as f64;
    let log = |j: usize| {
        let below = d + j as f64 / size;
        let above = 1.0 - below;
        let ways = ln_factorial(n as u64) - ln_factorial(j as u64) - ln_factorial((n - j) as u64);
        let power = if above <= 0.0 { f64::NEG_INFINITY } else { (n - j) as f64 * above.ln() };
        ways + power + (j as f64 - 1.0) * below.ln()
    };
    let last = (size * (1.0 - d)).floor() as usize;
    let looked: Vec<usize> = (0..last).step_by(STEP).chain([last]).collect();
    let logs: Vec<f64> = looked.iter().map(|j| log(*j)).collect();
    // The terms rise to one peak and fall like a normal density.
    let peak = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let above = |drop: f64| move |log: &f64| *log > peak - drop;
    if let [first, .., end] = logs.as_slice()
        && first.max(*end) < peak - 80.0
        && logs.iter().filter(|l| above(0.5)(l)).count() >= 8
    {
        // Over a peak as wide as this, every so-manieth term stands for those between, to all digits.
        return d * STEP as f64 * logs.iter().take(logs.len() - 1).map(|log| log.exp()).sum::<f64>();
    }
    // Stretches that do not reach the 10^-35th part of the peak are left out.
    let stretches = looked.windows(2).zip(logs.windows(2)).filter(|(_, ends)| ends.iter().any(above(80.0)));
    let end = if logs.last().is_some_and(above(80.0)) { log(last).exp() } else { 0.0 };
    d * (stretches.flat_map(|(j, _)| j[0]..j[1]).map(|j| log(j).exp()).sum::<f64>() + end)
}

/// P(D_n <= d) by Durbin's matrix (Marsaglia, Tsang and Wang 2003).
fn durbin(n: usize, d: f64) -> f64 {
    let k = (n as f64 * d).ceil() as usize;
    let h = k as f64 - n as f64 * d;
    let m = 2 * k - 1;
    let mut base = vec![0.0; m * m];
    for i in 0..m {
        for j in 0..m {
            base[i * m + j] = if i + 1 >= j { 1.0 } else { 0.0 };
        }
    }
    for i in 0..m {
        base[i * m] -= h.powi(i as i32 + 1);
        base[(m - 1) * m + i] -= h.powi((m - i) as i32);
    }
    if 2.0 * h > 1.0 {
        base[(m - 1) * m] += (2.0 * h - 1.0).powi(m as i32);
    }
    for i in 0..m {
        for j in 0..m {
            if i + 1 > j {
                let factorial: f64 = (1..=(i + 1 - j)).map(|g| g as f64).product();
                base[i * m + j] /= factorial;
            }
        }
    }
    let (matrix, exponent) = power(&base, m, n);
    let mut out = matrix[(k - 1) * m + k - 1];
    let mut exponent = exponent;
    for i in 1..=n {
        out *= i as f64 / n as f64;
        if out < 1e-140 {
            out *= 1e140;
            exponent -= 140;
        }
    }
    out * 10.0_f64.powi(exponent)
}

/// A matrix to the power n with a decimal exponent kept apart.
fn power(base: &[f64], m: usize, n: usize) -> (Vec<f64>, i32) {
    let multiply = |a: &[f64], b: &[f64]| {
        let mut out = vec![0.0; m * m];
        for i in 0..m {
            for k in 0..m {
                let v = a[i * m + k];
                for j in 0..m {
                    out[i * m + j] += v * b[k * m + j];
                }
            }
        }
        out
    };
    let mut result: Vec<f64> = (0..m * m).map(|i| if i / m == i % m { 1.0 } else { 0.0 }).collect();
    let (mut square, mut n, mut er, mut es) = (base.to_vec(), n, 0_i32, 0_i32);
    let tame = |x: &mut Vec<f64>, e: &mut i32| {
        if x[(m / 2) * m + m / 2] > 1e140 {
            x.iter_mut().for_each(|v| *v *= 1e-140);
            *e += 140;
        }
    };
    while n > 0 {
        if n % 2 == 1 {
            result = multiply(&result, &square);
            er += es;
            tame(&mut result, &mut er);
        }
        n /= 2;
        if n > 0 {
            square = multiply(&square, &square);
            es *= 2;
            tame(&mut square, &mut es);
        }
    }
    (result, er)
}

/// P(D_n <= d) by the series of Pelz and Good (1976).
fn pelz_good(n: f64, d: f64) -> f64 {
    let z = n.sqrt() * d;
    let (z2, z3, z4, z6) = (z * z, z.powi(3), z.powi(4), z.powi(6));
    let (pi2, pi4, pi6) = (PI.powi(2), PI.powi(4), PI.powi(6));
    let log_q = -pi2 / 8.0 / z2;
    if log_q < -708.0 {
        return 0.0;
    }
    let q = log_q.exp();
    let k1 = [-z2, pi2 / 4.0];
    let k2 = [6.0 * z6 + 2.0 * z4, (2.0 * z4 - 5.0 * z2) * pi2 / 4.0, pi4 * (1.0 - 2.0 * z2) / 16.0];
    let k3 = [
        -30.0 * z6 - 90.0 * z.powi(8),
        pi2 * (135.0 * z4 - 96.0 * z6) / 4.0,
        pi4 * (-60.0 * z2 + 212.0 * z4) / 16.0,
        pi6 * (5.0 - 30.0 * z2) / 64.0,
    ];
    let last = (16.0 * z / PI).ceil() as i32;
    let mut sums = [0.0; 4];
    for k in (1..=last).rev() {
        let m2 = f64::from(2 * k - 1).powi(2);
        let (m4, m6) = (m2 * m2, m2 * m2 * m2);
        let step = q.powi(8 * k);
        let terms =
            [1.0, k1[0] + k1[1] * m2, k2[0] + k2[1] * m2 + k2[2] * m4, k3[0] + k3[1] * m2 + k3[2] * m4 + k3[3] * m6];
        for (sum, term) in sums.iter_mut().zip(terms) {
            *sum = *sum * step + term;
        }
    }
    let root = (2.0 * PI).sqrt();
    let below = [z, 6.0 * z4, 72.0 * z.powi(7), 6480.0 * z.powi(10)];
    for (sum, below) in sums.iter_mut().zip(below) {
        *sum *= q * root / below;
    }
    let q = (-pi2 / 2.0 / z2).exp();
    let (mut extra2, mut extra3) = (0.0, 0.0);
    for k in (1..=last).rev().map(f64::from) {
        let share = k * k * q.powf(k * k);
        extra2 += share;
        extra3 += (3.0 * z2 - pi2 * k * k) * share;
    }
    sums[2] += extra2 * pi2 * root / (-36.0 * z3);
    sums[3] += extra3 * pi2 * root / (216.0 * z6);
    sums.iter().enumerate().map(|(i, s)| s / n.powf(i as f64 / 2.0)).sum()
}

#[cfg(test)]
mod tests {
    use super::{ln_factorial, smirnov};

    #[test]
    fn stretches_left_out_do_not_count() {
        for n in [1_usize, 2, 40, 300, 5_000, 60_000, 500_000] {
            for d in [0.9, 0.5, 0.2, 0.05, 0.02, 0.01, 0.003] {
                let size = n as f64;
                let term = |j: usize| {
                    let below = d + j as f64 / size;
                    let ways = ln_factorial(n as u64) - ln_factorial(j as u64) - ln_factorial((n - j) as u64);
                    let power = if below >= 1.0 { f64::NEG_INFINITY } else { (n - j) as f64 * (1.0 - below).ln() };
                    (ways + power + (j as f64 - 1.0) * below.ln()).exp()
                };
                let whole = d * (0..=((size * (1.0 - d)).floor() as usize)).map(term).sum::<f64>();
                let found = smirnov(n, d);
                // The logarithm of n! is as large as n ln n, and rounded.
                let allowed = (size * size.ln() * f64::EPSILON).max(1e-13);
                assert!((found - whole).abs() <= allowed * whole, "{n} {d}: {found} {whole}");
            }
        }
    }
}

//! Single releases: how much noise, and the noise itself.
//!
//! Gaussian (analytic, Balle and Wang 2018), Laplace, geometric, discrete Gaussian and the exponential
//! mechanism. Noise on whole numbers is drawn exactly, from integers only (Canonne, Kamath and
//! Steinke 2020), so that no low-order bit tells anything; noise on real numbers is put on a grid
//! for the same reason (Mironov 2012). Every draw comes from the caller's stream. Knows numbers only.

use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};

use super::PrivacyError;

/// Laplace noise on real numbers lies on a grid of this many steps per unit of sensitivity.
const GRID: f64 = 1_048_576.0;
/// Scales of discrete noise are rounded up to a multiple of one over this.
const SCALE: u64 = 1 << 20;

fn positive(what: &'static str, value: f64) -> Result<f64, PrivacyError> {
    if value > 0.0 && value.is_finite() {
        return Ok(value);
    }
    Err(PrivacyError::BadParameter { what, value, allowed: "a number above 0" })
}

/// The least δ of Gaussian noise `sigma` (over the sensitivity) at `epsilon`: theorem 8 of Balle
/// and Wang 2018. In [0, 1]; 0 for infinite noise, 1 for none.
pub fn gaussian_delta(epsilon: f64, sigma: f64) -> f64 {
    if sigma == f64::INFINITY {
        return 0.0;
    }
    if sigma.is_nan() || sigma <= 0.0 {
        return 1.0;
    }
    let (a, b) = (0.5 / sigma - epsilon * sigma, -0.5 / sigma - epsilon * sigma);
    // e^ε Φ(b) is at most Φ(a); in logarithms, neither factor overflows.
    (ln_normal(a).exp() - (epsilon + ln_normal(b)).exp()).clamp(0.0, 1.0)
}

/// The least noise, to 1e-12 and rounded up, of one Gaussian release in units of the sensitivity.
pub fn gaussian_sigma(epsilon: f64, delta: f64) -> Result<f64, PrivacyError> {
    positive("epsilon", epsilon)?;
    if !(delta > 0.0 && delta < 1.0) {
        return Err(PrivacyError::BadDelta(delta));
    }
    let (mut lo, mut hi) = (1e-6, 1e9);
    if gaussian_delta(epsilon, hi) > delta {
        return Err(PrivacyError::OutOfReach { epsilon, steps: 1 });
    }
    while hi / lo > 1.0 + 1e-12 {
        let middle = f64::sqrt(lo * hi);
        if middle <= lo || middle >= hi {
            break;
        }
        if gaussian_delta(epsilon, middle) > delta { lo = middle } else { hi = middle }
    }
    Ok(hi)
}

/// ρ of zero-concentrated differential privacy of Gaussian noise `sigma` (Bun and Steinke 2016).
pub fn concentrated_of_gaussian(sigma: f64) -> f64 {
    0.5 / (sigma * sigma)
}

/// `ln Φ(x)`, good in the far tail.
fn ln_normal(x: f64) -> f64 {
    if x > -30.0 {
        return (0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2)).ln();
    }
    let y = x * x;
    // Asymptotic series (Abramowitz and Stegun 26.2.12); the next term is below 1e-9.
    let series = 1.0 - 1.0 / y + 3.0 / (y * y) - 15.0 / (y * y * y);
    -0.5 * y - (-x).ln() - 0.5 * (2.0 * std::f64::consts::PI).ln() + series.ln()
}

/// Real numbers with Gaussian noise of standard deviation `scale` each.
pub fn add_gaussian(values: &mut [f64], scale: f64, rng: &mut impl Rng) {
    for v in values {
        let z: f64 = StandardNormal.sample(rng);
        *v += scale * z;
    }
}

/// `value` with Laplace noise for pure differential privacy `epsilon`.
///
/// The value is rounded to a grid of a millionth (2^-20) of the sensitivity and gets geometric
/// noise there; the sensitivity counts one grid step more for the rounding.
pub fn laplace(value: f64, sensitivity: f64, epsilon: f64, rng: &mut impl Rng) -> Result<f64, PrivacyError> {
    positive("the sensitivity", sensitivity)?;
    positive("epsilon", epsilon)?;
    if !value.is_finite() {
        return Err(PrivacyError::BadParameter { what: "the value", value, allowed: "finite" });
    }
    let grid = sensitivity / GRID;
    let steps = (value / grid).round();
    if steps.abs() > 4e18 {
        return Err(PrivacyError::BadParameter { what: "the value", value, allowed: "nearer to the sensitivity" });
    }
    let noise = geometric_noise((GRID + 1.0) / epsilon, rng)?;
    Ok((steps as i64).saturating_add(noise) as f64 * grid)
}

/// A count with two-sided geometric noise (Ghosh et al. 2009): the discrete Laplace mechanism, of
/// pure differential privacy `epsilon`.
pub fn geometric(count: i64, sensitivity: u32, epsilon: f64, rng: &mut impl Rng) -> Result<i64, PrivacyError> {
    positive("epsilon", epsilon)?;
    Ok(count.saturating_add(geometric_noise(f64::from(sensitivity.max(1)) / epsilon, rng)?))
}

/// Integer noise with probabilities in proportion to `e^(-|k| / scale)`, the scale rounded up to a
/// multiple of 2^-20.
pub fn geometric_noise(scale: f64, rng: &mut impl Rng) -> Result<i64, PrivacyError> {
    let (top, bottom) = ratio(scale)?;
    Ok(discrete_laplace(top, bottom, rng))
}

/// A count with discrete Gaussian noise of parameter `sigma`: as private as continuous noise of
/// that standard deviation, by zero-concentrated differential privacy (Canonne, Kamath and Steinke
/// 2020, theorem 4).
pub fn discrete_gaussian(count: i64, sigma: f64, rng: &mut impl Rng) -> Result<i64, PrivacyError> {
    // Their algorithm 3: a proposal of discrete Laplace noise of scale t, kept with probability
    // e^(-(|y| - σ²/t)² / 2σ²). With σ² as a fraction all of it is whole numbers below 2^128.
    positive("the noise", sigma)?;
    if sigma > 1e4 {
        return Err(PrivacyError::BadParameter { what: "the noise", value: sigma, allowed: "at most 10,000" });
    }
    let fine = 1_u128 << 12;
    let square = ((sigma * sigma * fine as f64).ceil() as u128).max(1);
    let t = sigma.floor() as u64 + 1;
    loop {
        let y = discrete_laplace(t, 1, rng);
        // (|y| - σ²/t) in units of one over `fine * t`.
        let far = (u128::from(y.unsigned_abs()) * fine * u128::from(t)).abs_diff(square);
        let Some(over) = far.checked_mul(far) else { continue };
        if bernoulli_exp(over, 2 * square * fine * u128::from(t) * u128::from(t), rng) {
            return Ok(count.saturating_add(y));
        }
    }
}

/// The place of one of `scores`, drawn with odds `e^(epsilon * score / (2 * sensitivity))` (McSherry
/// and Talwar 2007); none without scores. A score that is not a number is never chosen while
/// another is.
pub fn exponential(
    scores: &[f64],
    sensitivity: f64,
    epsilon: f64,
    rng: &mut impl Rng,
) -> Result<Option<usize>, PrivacyError> {
    positive("the sensitivity", sensitivity)?;
    positive("epsilon", epsilon)?;
    let mut best: Option<(usize, f64)> = None;
    for (i, score) in scores.iter().enumerate() {
        // The largest of scores with Gumbel noise has exactly these odds.
        let u: f64 = rng.random::<f64>().max(f64::MIN_POSITIVE);
        let noisy = epsilon * score / (2.0 * sensitivity) - (-u.ln()).ln();
        let noisy = if noisy.is_nan() { f64::NEG_INFINITY } else { noisy };
        if best.is_none_or(|(_, b)| noisy > b) {
            best = Some((i, noisy));
        }
    }
    Ok(best.map(|(i, _)| i))
}

/// `scale` as a fraction, rounded up.
fn ratio(scale: f64) -> Result<(u64, u64), PrivacyError> {
    positive("the scale of noise", scale)?;
    let top = (scale * SCALE as f64).ceil();
    if top > 4e18 {
        return Err(PrivacyError::BadParameter { what: "the scale of noise", value: scale, allowed: "at most 1e12" });
    }
    Ok(((top as u64).max(1), SCALE))
}

/// Algorithm 2 of Canonne, Kamath and Steinke 2020, for scale `t / s`.
fn discrete_laplace(t: u64, s: u64, rng: &mut impl Rng) -> i64 {
    loop {
        let u = rng.random_range(0..t);
        if !bernoulli_exp(u128::from(u), u128::from(t), rng) {
            continue;
        }
        let mut v = 0_u64;
        while bernoulli_exp(1, 1, rng) {
            v += 1;
        }
        let x = u128::from(u) + u128::from(t) * u128::from(v);
        let y = i64::try_from(x / u128::from(s)).unwrap_or(i64::MAX);
        let negative: bool = rng.random();
        if !(negative && y == 0) {
            return if negative { -y } else { y };
        }
    }
}

/// True with probability `e^(-n / d)`, from integers only (their algorithm 1).
fn bernoulli_exp(n: u128, d: u128, rng: &mut impl Rng) -> bool {
    let (mut n, d) = (n, d.max(1));
    while n > d {
        if !bernoulli_exp(1, 1, rng) {
            return false;
        }
        n -= d;
    }
    let mut k = 1_u128;
    loop {
        // True with probability n / (d k).
        let Some(bound) = d.checked_mul(k) else { return k % 2 == 1 };
        if rng.random_range(0..bound) >= n {
            return k % 2 == 1;
        }
        k += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    const DRAWS: usize = 40_000;

    fn draws(mut draw: impl FnMut(&mut ChaCha8Rng) -> i64) -> Vec<i64> {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        (0..DRAWS).map(|_| draw(&mut rng)).collect()
    }

    /// Observed shares against probabilities, within five standard errors.
    fn fits(draws: &[i64], probability: impl Fn(i64) -> f64) {
        for k in -4..=4 {
            let share = draws.iter().filter(|d| **d == k).count() as f64 / draws.len() as f64;
            let p = probability(k);
            let error = (p * (1.0 - p) / draws.len() as f64).sqrt();
            assert!((share - p).abs() < 5.0 * error, "{k}: {share} drawn, {p} meant");
        }
    }

    #[test]
    fn integer_noise_has_its_law() {
        for scale in [0.7_f64, 2.5] {
            let ratio = (-1.0 / scale).exp();
            let law = |k: i64| (1.0 - ratio) / (1.0 + ratio) * ratio.powi(k.unsigned_abs() as i32);
            fits(&draws(|r| geometric_noise(scale, r).unwrap()), law);
        }
        for sigma in [0.6_f64, 1.5, 3.2] {
            let weight = |k: i64| (-0.5 * (k as f64 / sigma).powi(2)).exp();
            let total: f64 = (-60..=60).map(weight).sum();
            fits(&draws(|r| discrete_gaussian(0, sigma, r).unwrap()), |k| weight(k) / total);
        }
    }

    #[test]
    fn geometric_counts_keep_their_promise_between_neighbours() {
        // The odds of any answer for 3 and for 4 people differ by e^ε at most, so do their shares.
        let answers = |n: i64| draws(|r| geometric(n, 1, 0.8, r).unwrap());
        let (three, four) = (answers(3), answers(4));
        for k in 2..=5 {
            let share = |d: &[i64]| d.iter().filter(|x| **x == k).count() as f64 / DRAWS as f64;
            let log_odds = (share(&three) / share(&four)).ln().abs();
            assert!(log_odds < 0.8 + 0.06, "{k}: {log_odds}");
        }
    }

    #[test]
    fn laplace_noise_has_its_mean_size_and_bad_input_is_named() {
        let mut rng = ChaCha8Rng::seed_from_u64(6);
        let sizes: Vec<f64> = (0..DRAWS).map(|_| (laplace(10.0, 2.0, 0.5, &mut rng).unwrap() - 10.0).abs()).collect();
        let mean = sizes.iter().sum::<f64>() / DRAWS as f64;
        assert!((mean - 4.0).abs() < 0.1, "{mean}");
        assert!(laplace(f64::NAN, 1.0, 1.0, &mut rng).is_err());
        assert!(
            laplace(1.0, 1.0, 0.0, &mut rng)
                .is_err_and(|e| e.to_string() == "epsilon is 0; it must be a number above 0")
        );
        assert!(discrete_gaussian(1, 1e9, &mut rng).is_err() && geometric(1, 1, f64::INFINITY, &mut rng).is_err());
    }

    #[test]
    fn the_exponential_mechanism_has_its_odds() {
        let scores = [0.0, 1.0, f64::NAN, 2.0];
        let got = draws(|r| exponential(&scores, 1.0, 2.0, r).unwrap().map_or(-1, |i| i as i64));
        let total: f64 = [0.0_f64, 1.0, 2.0].iter().map(|s| s.exp()).sum();
        for (place, score) in [(0, 0.0_f64), (1, 1.0), (3, 2.0)] {
            let share = got.iter().filter(|g| **g == place).count() as f64 / DRAWS as f64;
            assert!((share - score.exp() / total).abs() < 0.012, "{place}: {share}");
        }
        assert!(!got.contains(&2));
        let mut rng = ChaCha8Rng::seed_from_u64(6);
        assert_eq!(exponential(&[], 1.0, 1.0, &mut rng), Ok(None));
    }

    #[test]
    fn gaussian_noise_and_its_delta_agree_with_each_other() {
        for (epsilon, delta) in [(0.1, 1e-6), (1.0, 1e-5), (10.0, 1e-8), (200.0, 1e-12)] {
            let sigma = gaussian_sigma(epsilon, delta).unwrap();
            let (at, below) = (gaussian_delta(epsilon, sigma), gaussian_delta(epsilon, sigma * (1.0 - 1e-9)));
            assert!(at <= delta && below >= delta * (1.0 - 1e-6), "{epsilon} {delta}: {sigma} {at} {below}");
        }
        assert_eq!((gaussian_delta(1.0, f64::INFINITY), gaussian_delta(1.0, 0.0)), (0.0, 1.0));
        let mut values = vec![5.0; DRAWS];
        add_gaussian(&mut values, 3.0, &mut ChaCha8Rng::seed_from_u64(7));
        let square = values.iter().map(|v| (v - 5.0).powi(2)).sum::<f64>() / DRAWS as f64;
        assert!((square / 9.0 - 1.0).abs() < 0.04 && concentrated_of_gaussian(3.0) == 1.0 / 18.0);
    }
}

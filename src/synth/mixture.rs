//! Gaussian mixtures of one variable, fitted by expectation maximisation.
//!
//! Knows sorted numbers only: no columns, tables, files or tensors. Nothing here is random: the
//! starts are quantiles and an even grid, so equal inputs give equal modes.

use serde::{Deserialize, Serialize};

use super::bits;

/// Points used to fit one mixture; more only sharpens what 6 modes can already say.
const POINTS: usize = 1_500;
/// Expectation-maximisation rounds per start.
const ROUNDS: usize = 40;
/// A mode must carry this share of the cells, or a generator would hardly ever see it.
const LEAST_WEIGHT: f64 = 0.01;

/// One bell curve of a mixture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mode {
    /// Share of the values, above 0; the weights of a mixture add up to 1.
    #[serde(with = "bits::one")]
    pub weight: f64,
    /// Centre, in the unit of the values.
    #[serde(with = "bits::one")]
    pub mean: f64,
    /// Standard deviation, in the unit of the values; above 0.
    #[serde(with = "bits::one")]
    pub sd: f64,
}

impl Mode {
    /// Weighted density at `x`, up to the factor `1 / sqrt(2 pi)`.
    pub fn mass(&self, x: f64) -> f64 {
        let z = (x - self.mean) / self.sd;
        self.weight / self.sd * (-0.5 * z * z).exp()
    }
}

/// Fits 1 to `most` modes to `sorted` (ascending, finite); the count is chosen by the Bayesian
/// information criterion (Schwarz 1978). An empty slice gives no mode.
pub fn fit_mixture(sorted: &[f64], most: usize) -> Vec<Mode> {
    let (Some(&low), Some(&high)) = (sorted.first(), sorted.last()) else {
        return Vec::new();
    };
    let mean = sorted.iter().sum::<f64>() / sorted.len() as f64;
    if low == high {
        let sd = (mean.abs() * 1e-6).max(1e-6);
        return vec![Mode { weight: 1.0, mean, sd }];
    }
    let spread = (sorted.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / sorted.len() as f64).sqrt();
    let points = thin(sorted, POINTS);
    let floor = (spread * 2e-3).max(f64::MIN_POSITIVE);
    let mut best = vec![Mode { weight: 1.0, mean, sd: spread.max(floor) }];
    let mut best_score = criterion(&points, &best);
    for count in 2..=most.max(1) {
        for start in [by_quantile(&points, count), by_grid(&points, count)] {
            let modes = maximise(&points, start, spread / count as f64, floor);
            let score = criterion(&points, &modes);
            if score < best_score {
                best_score = score;
                best = modes;
            }
        }
    }
    prune(best)
}

/// `n` evenly spaced order statistics: the same shape with fewer points.
fn thin(sorted: &[f64], n: usize) -> Vec<f64> {
    if sorted.len() <= n {
        return sorted.to_vec();
    }
    (0..n).filter_map(|i| sorted.get((2 * i + 1) * sorted.len() / (2 * n)).copied()).collect()
}

fn at_share(points: &[f64], share: f64) -> f64 {
    let last = points.len().saturating_sub(1);
    let i = (share * last as f64).round() as usize;
    points.get(i.min(last)).copied().unwrap_or(0.0)
}

fn by_quantile(points: &[f64], count: usize) -> Vec<f64> {
    (0..count).map(|j| at_share(points, (j as f64 + 0.5) / count as f64)).collect()
}

fn by_grid(points: &[f64], count: usize) -> Vec<f64> {
    let (low, high) = (at_share(points, 0.01), at_share(points, 0.99));
    (0..count).map(|j| low + (high - low) * (j as f64 + 0.5) / count as f64).collect()
}

fn maximise(points: &[f64], means: Vec<f64>, sd: f64, floor: f64) -> Vec<Mode> {
    let weight = 1.0 / means.len() as f64;
    let mut modes: Vec<Mode> = means.into_iter().map(|mean| Mode { weight, mean, sd: sd.max(floor) }).collect();
    let mut share = vec![0.0; modes.len()];
    let mut before = f64::NEG_INFINITY;
    for _ in 0..ROUNDS {
        // Sums of responsibility, of responsibility * x and of responsibility * x^2 per mode.
        let mut sums = vec![(0.0, 0.0, 0.0); modes.len()];
        let mut log_likelihood = 0.0;
        for &x in points {
            let mut total = 0.0;
            for (s, m) in share.iter_mut().zip(&modes) {
                *s = m.mass(x);
                total += *s;
            }
            if total <= f64::MIN_POSITIVE {
                continue;
            }
            log_likelihood += total.ln();
            for ((s, sum), m) in share.iter().zip(&mut sums).zip(&modes) {
                let r = s / total;
                let d = x - m.mean;
                sum.0 += r;
                sum.1 += r * d;
                sum.2 += r * d * d;
            }
        }
        for (m, (n, first, second)) in modes.iter_mut().zip(sums) {
            m.weight = (n / points.len() as f64).max(1e-12);
            if n > 1e-9 {
                let shift = first / n;
                m.mean += shift;
                m.sd = (second / n - shift * shift).max(0.0).sqrt().max(floor);
            }
        }
        if log_likelihood - before < 1e-4 * points.len() as f64 / 100.0 {
            break;
        }
        before = log_likelihood;
    }
    modes
}

/// Bayesian information criterion; smaller is better.
fn criterion(points: &[f64], modes: &[Mode]) -> f64 {
    let log_likelihood: f64 =
        points.iter().map(|&x| modes.iter().map(|m| m.mass(x)).sum::<f64>().max(f64::MIN_POSITIVE).ln()).sum();
    let free = 3.0 * modes.len() as f64 - 1.0;
    free * (points.len() as f64).ln() - 2.0 * log_likelihood
}

fn prune(mut modes: Vec<Mode>) -> Vec<Mode> {
    let heaviest = modes.iter().map(|m| m.weight).fold(0.0, f64::max);
    modes.retain(|m| m.weight >= LEAST_WEIGHT || m.weight == heaviest);
    let total: f64 = modes.iter().map(|m| m.weight).sum();
    for m in &mut modes {
        m.weight /= total;
    }
    modes.sort_by(|a, b| a.mean.total_cmp(&b.mean));
    modes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Quantiles of a normal by a crude but symmetric inverse (logistic scaled by 0.5513).
    fn bell(n: usize, mean: f64, sd: f64) -> Vec<f64> {
        (0..n)
            .map(|i| {
                let p = (i as f64 + 0.5) / n as f64;
                mean + sd * 0.5513 * (p / (1.0 - p)).ln()
            })
            .collect()
    }

    #[test]
    fn two_bells_are_told_apart() {
        let mut x = bell(600, 0.0, 1.0);
        x.extend(bell(300, 20.0, 2.0));
        x.sort_by(f64::total_cmp);
        let modes = fit_mixture(&x, 5);
        assert!(modes.len() >= 2, "{modes:?}");
        let low: f64 = modes.iter().filter(|m| m.mean < 10.0).map(|m| m.weight).sum();
        assert!((low - 2.0 / 3.0).abs() < 0.02, "{modes:?}");
    }

    #[test]
    fn a_constant_and_an_empty_column_are_no_special_case_for_the_caller() {
        assert_eq!(fit_mixture(&[3.0; 7], 5).len(), 1);
        assert!(fit_mixture(&[], 5).is_empty());
    }

    #[test]
    fn a_spike_keeps_a_mode_of_its_own() {
        let mut x = vec![0.0; 500];
        x.extend(bell(500, 50.0, 10.0));
        x.sort_by(f64::total_cmp);
        let modes = fit_mixture(&x, 5);
        let spike = modes.iter().find(|m| m.mean.abs() < 0.5);
        assert!(spike.is_some_and(|m| (m.weight - 0.5).abs() < 0.05), "{modes:?}");
    }
}

//! The calibration error without bins: residuals smoothed by a kernel whose width the data choose.

use super::check;
use crate::eval::estimate::{Estimate, Measured};
use rayon::prelude::*;
use std::f64::consts::PI;

/// Cosines that are tried first, and the most.
const FIRST_TERMS: usize = 64;
const MOST_TERMS: usize = 8192;

/// How many standard deviations of a term's damping are kept: exp(-8.6^2 / 2) is below 1e-16.
const REACH: f64 = 8.6;

/// Rows whose cosines are taken together.
const BLOCK: usize = 4096;

/// The smooth calibration error smECE of Błasiok and Nakkiran 2023 (ICLR 2024, definition 2): the residuals
/// y - p are smoothed over 0..1 by a Gaussian of width s that is reflected at both ends; the integral of the
/// absolute smoothed residual falls as s grows, and the value is the s that equals it. Part `bias` is the mean
/// residual p - y.
///
/// A reflected Gaussian damps the k-th cosine by exp(-(pi k s)^2 / 2), so the smoothed residual is a short sum
/// of cosines and its integral between two roots is known: nothing is put on a grid, unlike in the authors'
/// package relplot, which stops at widths of 1/1024. Undefined for missing probabilities, probabilities outside
/// 0..1, no rows and unequal lengths. Below a width of 3.3e-4 the search ends with a note.
pub fn smooth(p: &[f64], y: &[bool]) -> Measured {
    check(p, y)?;
    let n = y.len();
    let mut wave = Wave { terms: Vec::new() };
    wave.extend(p, y, FIRST_TERMS);
    while wave.area(wave.narrowest()) < wave.narrowest() && wave.terms.len() < MOST_TERMS {
        wave.extend(p, y, wave.terms.len() * 2);
    }
    let narrowest = wave.narrowest();
    let bias = -wave.terms.first().copied().unwrap_or(0.0);
    let least = wave.area(narrowest);
    let out = |value: f64| Estimate::plain(value, n).with("bias", bias);
    if least < narrowest {
        let found = out(least);
        return Ok(if least < 1e-12 { found } else { found.note("the width is below the finest one that is tried") });
    }
    Ok(out(wave.fixed_point(narrowest, least)))
}

/// The residuals as a sum of cosines over 0..1.
struct Wave {
    terms: Vec<f64>,
}

impl Wave {
    /// Adds cosines until there are `most`.
    fn extend(&mut self, p: &[f64], y: &[bool], most: usize) {
        let from = self.terms.len();
        let block = |(p, y): (&[f64], &[bool])| {
            let residual: Vec<f64> = p.iter().zip(y).map(|(p, &y)| f64::from(u8::from(y)) - p).collect();
            let turn: Vec<(f64, f64)> = p.iter().map(|p| (PI * p).sin_cos()).collect();
            let mut now: Vec<(f64, f64)> = p.iter().map(|p| (PI * p * from as f64).sin_cos()).collect();
            let mut sums = vec![0.0; most - from];
            for sum in &mut sums {
                let mut total = 0.0;
                for ((r, turn), now) in residual.iter().zip(&turn).zip(&mut now) {
                    total += r * now.1;
                    *now = (now.0 * turn.1 + now.1 * turn.0, now.1 * turn.1 - now.0 * turn.0);
                }
                *sum = total;
            }
            sums
        };
        let blocks: Vec<Vec<f64>> = p.par_chunks(BLOCK).zip(y.par_chunks(BLOCK)).map(block).collect();
        for k in from..most {
            let all: f64 = blocks.iter().filter_map(|b| b.get(k - from)).sum();
            let scale = if k == 0 { 1.0 } else { 2.0 };
            self.terms.push(scale * all / p.len() as f64);
        }
    }

    /// The smallest width that these cosines describe.
    fn narrowest(&self) -> f64 {
        REACH / (PI * self.terms.len() as f64)
    }

    /// The integral of the absolute residual smoothed with width `s`.
    fn area(&self, s: f64) -> f64 {
        let used = ((REACH / (PI * s)).ceil() as usize).clamp(1, self.terms.len());
        let damped: Vec<f64> =
            (0..used).zip(&self.terms).map(|(k, a)| a * (-(PI * k as f64 * s).powi(2) / 2.0).exp()).collect();
        let steps = 4 * used + 16;
        let at = |i: usize| i as f64 / steps as f64;
        let (mut total, mut before) = (0.0, (0.0, curve(&damped, 0.0)));
        let mut start = before.1.1;
        for i in 1..=steps {
            let now = (at(i), curve(&damped, at(i)));
            if now.1.0 * before.1.0 < 0.0 {
                let middle = primitive_at_root(&damped, before, now);
                total += (middle - start).abs();
                start = middle;
            }
            before = now;
        }
        total + (before.1.1 - start).abs()
    }

    /// The width at which the area equals the width; at `low` it is larger. Regula falsi (Illinois).
    fn fixed_point(&self, low: f64, at_low: f64) -> f64 {
        let excess = |s: f64| self.area(s) - s;
        let (mut a, mut fa) = (low, at_low - low);
        let (mut b, mut fb) = (1.0, excess(1.0));
        for _ in 0..100 {
            if fb == 0.0 || b - a <= 1e-13 * b {
                break;
            }
            let s = ((a * fb - b * fa) / (fb - fa)).clamp(a, b);
            let f = excess(s);
            if f.abs() <= 1e-15 {
                return s;
            }
            if f < 0.0 {
                (b, fb) = (s, f);
                fa /= 2.0;
            } else {
                (a, fa) = (s, f);
                fb /= 2.0;
            }
        }
        if fb.abs() < fa.abs() { b } else { a }
    }
}

/// A sum of cosines at `t` and the integral of it from 0.
fn curve(terms: &[f64], t: f64) -> (f64, f64) {
    let (sin, cos) = (PI * t).sin_cos();
    let (mut s, mut c) = (0.0, 1.0);
    let (mut value, mut integral) = (0.0, 0.0);
    for (k, a) in terms.iter().enumerate() {
        value += a * c;
        integral += if k == 0 { a * t } else { a * s / (PI * k as f64) };
        (s, c) = (s * cos + c * sin, c * cos - s * sin);
    }
    (value, integral)
}

type Point = (f64, (f64, f64));

/// The integral up to where the curve crosses 0 between two points.
fn primitive_at_root(terms: &[f64], mut left: Point, mut right: Point) -> f64 {
    // Around a root the integral is flat, so a root to 1e-9 gives it to 1e-16.
    while right.0 - left.0 > 1e-9 {
        let middle = (left.0 + right.0) / 2.0;
        let found = (middle, curve(terms, middle));
        if found.1.0 * left.1.0 > 0.0 { left = found } else { right = found }
    }
    (left.1.1 + right.1.1) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition by brute force: the kernel itself, on a fine grid.
    fn by_hand(p: &[f64], y: &[bool]) -> f64 {
        let area = |s: f64| {
            let points = 1_000;
            let kernel = |d: f64| (-d * d / (2.0 * s * s)).exp() / (s * (2.0 * PI).sqrt());
            let smoothed = |t: f64| -> f64 {
                let images = |x: f64| {
                    (-3..=3)
                        .map(|k| kernel(t - x - 2.0 * f64::from(k)) + kernel(t + x - 2.0 * f64::from(k)))
                        .sum::<f64>()
                };
                p.iter().zip(y).map(|(p, &y)| (f64::from(u8::from(y)) - p) * images(*p)).sum::<f64>() / p.len() as f64
            };
            (0..points).map(|i| smoothed((f64::from(i) + 0.5) / f64::from(points)).abs()).sum::<f64>()
                / f64::from(points)
        };
        let (mut a, mut b) = (1e-6, 1.0);
        for _ in 0..22 {
            let s = (a + b) / 2.0;
            if area(s) > s { a = s } else { b = s }
        }
        (a + b) / 2.0
    }

    #[test]
    fn the_value_is_the_fixed_point_of_the_definition() {
        let p: Vec<f64> = (0..40).map(|i| f64::from(i) / 39.0).collect();
        let y: Vec<bool> = (0..40).map(|i| (i * 7) % 10 < 5).collect();
        // The same by adaptive bisection on 200,000 points (NumPy); relplot 1.0.3 says 0.22148 on its grid.
        assert!((smooth(&p, &y).unwrap().value - 0.220_771_758_934_7).abs() < 1e-12);
        for (p, y) in
            [(&p[..], &y[..]), (&[0.5; 4], &[true, true, false, false]), (&[0.9, 0.9, 0.2], &[false, false, true])]
        {
            let (got, want) = (smooth(p, y).unwrap().value, by_hand(p, y));
            assert!((got - want).abs() < 1e-5, "{got} is not {want}");
        }
    }

    #[test]
    fn ends_are_kept() {
        assert!(smooth(&[0.0, 1.0, 1.0], &[false, true, true]).unwrap().value < 1e-15);
        let worst = smooth(&[0.0, 1.0], &[true, false]).unwrap();
        assert!(worst.value > 0.4 && worst.part("bias") == Some(0.0), "{worst:?}");
        assert!((smooth(&[1.0; 3], &[false; 3]).unwrap().value - 1.0).abs() < 1e-12);
    }
}

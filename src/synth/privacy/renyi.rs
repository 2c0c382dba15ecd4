//! Rényi differential privacy: curves, their sums, and what they say as (ε, δ).
//!
//! A curve gives, for each order α, a bound on the Rényi divergence between the outputs on two
//! tables that differ in one unit (Mironov 2017). Curves of mechanisms that follow each other add
//! up. Divergences are in nats. Knows numbers only.

use serde::{Deserialize, Serialize};

use crate::synth::bits;

/// Standard deviations on either side that an integral covers.
const REACH: f64 = 12.0;
/// Below this noise multiplier fractional orders are bounded from whole ones.
const LEAST_SMOOTH: f64 = 0.25;

/// The orders of every [`Curve`]: dense where long trainings have their minimum, up to 1,024
/// for large noise. Holds the 151 orders of Opacus 1.6, except that 11 is here too.
pub fn orders() -> impl Iterator<Item = f64> + Clone {
    let fine = (1..=9).map(|i| 1.0 + f64::from(i) * 0.01);
    let tenths = (11..=109).map(|i| f64::from(i) / 10.0);
    let whole = (11..=64).map(f64::from);
    let large = [72.0, 80.0, 96.0, 112.0, 128.0, 160.0, 192.0, 256.0, 384.0, 512.0, 768.0, 1024.0];
    fine.chain(tenths).chain(whole).chain(large)
}

/// Rényi divergence at each of [`orders`]; never NaN, infinite where nothing is promised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Curve(#[serde(with = "bits::many")] Vec<f64>);

impl Curve {
    /// Nothing was released.
    pub fn zero() -> Curve {
        Curve(orders().map(|_| 0.0).collect())
    }

    /// A curve by formula; what is not a number, or below 0, is read as no promise and as 0.
    pub fn of(f: impl Fn(f64) -> f64) -> Curve {
        Curve(orders().map(|a| sane(f(a))).collect())
    }

    /// One step of the Gaussian mechanism on a Poisson sample: each unit is in the sample with
    /// probability `q`, and noise of `sigma` times the sensitivity is added to the sum (Mironov,
    /// Talwar and Zhang 2019). Adding or removing one unit is what is hidden.
    pub fn subsampled_gaussian(q: f64, sigma: f64) -> Curve {
        Curve::of(|order| subsampled_gaussian(q, sigma, order))
    }

    /// Zero-concentrated differential privacy (Bun and Steinke 2016): `rho * α`.
    pub fn concentrated(rho: f64) -> Curve {
        Curve::of(|order| rho * order)
    }

    /// Any mechanism with pure differential privacy `epsilon`: the curve of randomised response,
    /// which is the worst of them (Bun and Steinke 2016, proposition 3.3).
    pub fn pure(epsilon: f64) -> Curve {
        if epsilon == 0.0 {
            return Curve::zero();
        }
        Curve::of(|a| {
            // The two answers have odds e^ε : 1 and 1 : e^ε.
            let yes = a * ln_logistic(epsilon) + (1.0 - a) * ln_logistic(-epsilon);
            let no = a * ln_logistic(-epsilon) + (1.0 - a) * ln_logistic(epsilon);
            (ln_add(yes, no) / (a - 1.0)).min(epsilon)
        })
    }

    /// The Laplace mechanism with scale `sensitivity / epsilon` (Mironov 2017, proposition 6).
    pub fn laplace(epsilon: f64) -> Curve {
        Curve::of(|a| {
            let up = (a / (2.0 * a - 1.0)).ln() + (a - 1.0) * epsilon;
            let down = ((a - 1.0) / (2.0 * a - 1.0)).ln() - a * epsilon;
            (ln_add(up, down) / (a - 1.0)).min(epsilon)
        })
    }

    /// The same mechanism `times` times.
    pub fn times(&self, times: u64) -> Curve {
        if times == 0 {
            return Curve::zero();
        }
        Curve(self.0.iter().map(|x| x * times as f64).collect())
    }

    /// One after the other on the same units.
    pub fn plus(&self, other: &Curve) -> Curve {
        Curve(self.0.iter().zip(&other.0).map(|(a, b)| a + b).collect())
    }

    /// Side by side on units that no other part holds: each unit meets one of them.
    pub fn or(&self, other: &Curve) -> Curve {
        Curve(self.0.iter().zip(&other.0).map(|(a, b)| a.max(*b)).collect())
    }

    /// Divergences, in the order of [`orders`].
    pub fn values(&self) -> &[f64] {
        &self.0
    }

    /// The least ε at `delta`, at least 0, and the order that gives it (Balle et al. 2020, theorem
    /// 21). Infinite when no order promises anything, or `delta` is 0 and the curve is not.
    pub fn epsilon(&self, delta: f64) -> (f64, f64) {
        if self.0.iter().all(|x| *x == 0.0) || delta >= 1.0 {
            return (0.0, f64::INFINITY);
        }
        let mut best = (f64::INFINITY, f64::INFINITY);
        if delta.is_nan() || delta <= 0.0 {
            return best;
        }
        for (a, r) in orders().zip(&self.0) {
            let e = (r + ((a - 1.0) / a).ln() - (delta.ln() + a.ln()) / (a - 1.0)).max(0.0);
            if e < best.0 {
                best = (e, a);
            }
        }
        best
    }

    /// The least δ at `epsilon`, at most 1, by the same theorem.
    pub fn delta(&self, epsilon: f64) -> f64 {
        if self.0.iter().all(|x| *x == 0.0) {
            return 0.0;
        }
        let at = |(a, r): (f64, &f64)| ((a - 1.0) * (r - epsilon + ((a - 1.0) / a).ln()) - a.ln()).exp();
        orders().zip(&self.0).map(at).fold(1.0, f64::min)
    }
}

fn sane(x: f64) -> f64 {
    if x.is_nan() { f64::INFINITY } else { x.max(0.0) }
}

/// `ln(e^a + e^b)`, without overflow.
pub(super) fn ln_add(a: f64, b: f64) -> f64 {
    let (lo, hi) = if a < b { (a, b) } else { (b, a) };
    if lo == f64::NEG_INFINITY || hi == f64::INFINITY { hi } else { hi + (lo - hi).exp().ln_1p() }
}

/// `-ln(1 + e^-x)`.
fn ln_logistic(x: f64) -> f64 {
    if x > 0.0 { -(-x).exp().ln_1p() } else { x - x.exp().ln_1p() }
}

/// Rényi divergence of one step at one order above 1.
///
/// With all units sampled it is `α / (2σ²)`; without units, or with infinite noise, 0; without
/// noise, infinite.
pub fn subsampled_gaussian(q: f64, sigma: f64, order: f64) -> f64 {
    if q.is_nan() || sigma.is_nan() || q < 0.0 || sigma < 0.0 || order <= 1.0 {
        return f64::INFINITY;
    }
    if q == 0.0 || sigma == f64::INFINITY {
        return 0.0;
    }
    if sigma == 0.0 {
        return f64::INFINITY;
    }
    if q >= 1.0 {
        return order / (2.0 * sigma * sigma);
    }
    if order.fract() == 0.0 && order >= 12.0 {
        // A sum of few terms, exact enough once it does not cancel against 1.
        let whole = ln_whole_moment(q, sigma, order);
        if whole > 0.01 {
            return whole / (order - 1.0);
        }
    }
    if sigma >= LEAST_SMOOTH {
        return ln_moment(q, sigma, order) / (order - 1.0);
    }
    // (α - 1) times the divergence is convex in α, so a chord between whole orders lies above.
    let (below, above) = (order.floor(), order.ceil());
    let left = if below <= 1.0 { 0.0 } else { ln_whole_moment(q, sigma, below) };
    let right = ln_whole_moment(q, sigma, above.max(2.0));
    let share = if below == above { 0.0 } else { order - below };
    let chord = if share == 0.0 { left } else { (1.0 - share) * left + share * right };
    // The divergence never falls with the order and is at most that of the whole table.
    (chord / (order - 1.0)).min(order / (2.0 * sigma * sigma))
}

/// `ln E[(1 - q + q e^((2x - 1) / 2σ²))^α]` over `x` of N(0, σ²), for σ at least [`LEAST_SMOOTH`].
///
/// The integrand is analytic in a strip of half width πσ² and falls off as a Gaussian, so that
/// equal steps of σ²/2 (σ/2 at most) leave an error of 1e-16. With `u` the deviation of the ratio
/// from 1, whose mean is 0, the mean of `(1 + u)^α - 1 - αu` is summed: it has no negative
/// term, so that nothing cancels however small `q` is.
fn ln_moment(q: f64, sigma: f64, order: f64) -> f64 {
    let step = 0.5 * sigma.min(sigma * sigma);
    let first = (-REACH * sigma / step).floor();
    let count = ((order + 2.0 * REACH * sigma) / step).ceil();
    let (mut top, mut sum) = (f64::NEG_INFINITY, 0.0);
    let mut at = 0.0;
    while at <= count {
        let x = (first + at) * step;
        at += 1.0;
        let term = ln_excess(q, (2.0 * x - 1.0) / (2.0 * sigma * sigma), order) - x * x / (2.0 * sigma * sigma);
        if term > top {
            sum = sum * (top - term).exp() + 1.0;
            top = term;
        } else {
            sum += (term - top).exp();
        }
    }
    let ln_excess = top + (sum * step / sigma).ln() - 0.5 * (2.0 * std::f64::consts::PI).ln();
    if ln_excess > 30.0 { ln_add(ln_excess, 0.0) } else { ln_excess.exp().ln_1p() }
}

/// `ln((1 + u)^α - 1 - αu)` for `1 + u = 1 - q + q e^y`.
fn ln_excess(q: f64, y: f64, order: f64) -> f64 {
    if y > 30.0 {
        let ln_ratio = ln_add(y + q.ln(), (-q).ln_1p());
        let power = order * ln_ratio;
        // Where the power is huge the two small terms are lost in it.
        let small = if power > 40.0 {
            order * (ln_ratio - power).exp()
        } else {
            (1.0 + order * ln_ratio.exp_m1()) / power.exp()
        };
        return power + (-small).max(-1.0).ln_1p();
    }
    let u = q * y.exp_m1();
    if u.abs() * order < 1e-3 {
        let third = (order - 2.0) / 3.0 * u;
        let fourth = (order - 3.0) / 4.0 * u;
        let fifth = (order - 4.0) / 5.0 * u;
        return (0.5 * order * (order - 1.0) * u * u * (1.0 + third * (1.0 + fourth * (1.0 + fifth)))).ln();
    }
    let power = order * u.ln_1p();
    if power > 40.0 {
        return power + (-(1.0 + order * u) * (-power).exp()).max(-1.0).ln_1p();
    }
    (power.exp_m1() - order * u).max(0.0).ln()
}

/// The same moment at a whole order, by the binomial sum (Mironov, Talwar and Zhang 2019, section
/// 3.3); good for any noise.
pub(super) fn ln_whole_moment(q: f64, sigma: f64, order: f64) -> f64 {
    let (mut total, mut ln_binomial, mut k) = (f64::NEG_INFINITY, 0.0_f64, 0.0_f64);
    while k <= order {
        let term = ln_binomial + (order - k) * (-q).ln_1p() + k * q.ln() + (k * k - k) / (2.0 * sigma * sigma);
        total = ln_add(total, term);
        ln_binomial += ((order - k) / (k + 1.0)).max(f64::MIN_POSITIVE).ln();
        k += 1.0;
    }
    total.max(0.0)
}

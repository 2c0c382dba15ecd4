//! The price of mechanisms that follow each other on the same units, as (ε, δ).
//!
//! Two roads, both upper bounds, the lower of which is taken: Rényi curves (`renyi.rs`), which add
//! up whatever the mechanisms are, and the distribution of the privacy loss (`pld.rs`), exact to
//! about 1e-4, which needs every mechanism to be Gaussian. Knows no data and no budget.

use serde::{Deserialize, Serialize};

use super::losses::Step;
use super::pld::{self, Side};
use super::renyi::Curve;
use crate::synth::bits;

/// A mechanism, as far as its price goes. Noise is in units of the sensitivity.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Mechanism {
    /// `steps` sums over Poisson samples, each unit in each with probability `q`.
    SampledGaussian {
        #[serde(with = "bits::one")]
        q: f64,
        #[serde(with = "bits::one")]
        sigma: f64,
        steps: u64,
    },
    /// One Gaussian release over all units.
    Gaussian {
        #[serde(with = "bits::one")]
        sigma: f64,
    },
    /// Laplace noise of scale `1 / epsilon`.
    Laplace {
        #[serde(with = "bits::one")]
        epsilon: f64,
    },
    /// Anything of pure differential privacy: geometric noise, the exponential mechanism.
    Pure {
        #[serde(with = "bits::one")]
        epsilon: f64,
    },
    /// Zero-concentrated differential privacy.
    Concentrated {
        #[serde(with = "bits::one")]
        rho: f64,
    },
    /// Something of which only (ε, δ) is known; such prices add up as they are.
    Approximate {
        #[serde(with = "bits::one")]
        epsilon: f64,
        #[serde(with = "bits::one")]
        delta: f64,
    },
}

/// Which road to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Accounting {
    /// Rényi curves only: within 1.5 ms a mechanism, and some per cent too high.
    Renyi,
    /// The lower of both: some 10 ms.
    Tight,
}

impl Mechanism {
    /// The Rényi curve; that of `Approximate` is zero, since its price is counted beside it.
    pub fn curve(&self) -> Curve {
        match *self {
            Mechanism::SampledGaussian { q, sigma, steps } => Curve::subsampled_gaussian(q, sigma).times(steps),
            Mechanism::Gaussian { sigma } => Curve::subsampled_gaussian(1.0, sigma),
            Mechanism::Laplace { epsilon } => Curve::laplace(epsilon),
            Mechanism::Pure { epsilon } => Curve::pure(epsilon),
            Mechanism::Concentrated { rho } => Curve::concentrated(rho),
            Mechanism::Approximate { .. } => Curve::zero(),
        }
    }

    /// ε of a pure promise; none for what has a δ.
    fn pure(&self) -> Option<f64> {
        match self {
            Mechanism::Laplace { epsilon } | Mechanism::Pure { epsilon } => Some(*epsilon),
            _ => None,
        }
    }

    /// As a step of the loss distribution; none for what is not Gaussian, and nothing for what
    /// costs nothing.
    fn step(&self) -> Option<(Step, u64)> {
        match *self {
            // Infinite noise, or none sampled: no loss.
            Mechanism::SampledGaussian { q, sigma, .. } if q == 0.0 || sigma == f64::INFINITY => {
                Some((Step { q: 0.0, sigma: 1.0 }, 0))
            }
            Mechanism::SampledGaussian { q, sigma, steps } => Some((Step { q, sigma }, steps)),
            Mechanism::Gaussian { sigma } => Some((Step { q: 1.0, sigma }, 1)),
            _ => None,
        }
    }

    /// A short description: `Gaussian noise, σ = 4.01, q = 0.085, 1,100 steps`.
    pub fn describe(&self) -> String {
        match *self {
            Mechanism::SampledGaussian { q, sigma, steps } => {
                format!("Gaussian noise, σ = {sigma:.3}, q = {q:.4}, {steps} steps")
            }
            Mechanism::Gaussian { sigma } => format!("Gaussian noise, σ = {sigma:.3}"),
            Mechanism::Laplace { epsilon } => format!("Laplace noise, ε = {epsilon:.3}"),
            Mechanism::Pure { epsilon } => format!("pure, ε = {epsilon:.3}"),
            Mechanism::Concentrated { rho } => format!("zero-concentrated, ρ = {rho:.4}"),
            Mechanism::Approximate { epsilon, delta } => format!("(ε = {epsilon:.3}, δ = {delta:e})"),
        }
    }
}

/// ε at `delta` of mechanisms that follow each other on the same units; infinite where nothing is
/// promised, 0 for none.
pub fn epsilon(mechanisms: &[Mechanism], delta: f64, accounting: Accounting) -> f64 {
    let prices = Prices::of(mechanisms);
    let best = prices.epsilon(delta);
    let rest = delta - prices.plain.1;
    if accounting == Accounting::Renyi || best <= prices.plain.0 || rest <= 0.0 {
        return best;
    }
    // Pure promises are added up as they are beside the loss distribution of the others.
    let others = mechanisms.iter().filter(|m| m.pure().is_none() && !matches!(m, Mechanism::Approximate { .. }));
    let steps: Option<Vec<(Step, u64)>> = others.map(Mechanism::step).collect();
    let tight = steps.and_then(|s| pld::epsilon(&merged(s), rest, Side::Upper));
    tight.map_or(best, |e| best.min(e + prices.pure + prices.plain.0))
}

/// Rényi prices of mechanisms that follow each other.
#[derive(Debug, Clone)]
pub(super) struct Prices {
    /// Of all that has a curve, and of that without the pure promises.
    all: Curve,
    noisy: Curve,
    /// Sum of pure ε.
    pure: f64,
    /// Sums of what has no curve.
    plain: (f64, f64),
}

impl Prices {
    pub(super) fn of(mechanisms: &[Mechanism]) -> Prices {
        let sum = |of: &dyn Fn(&Mechanism) -> bool| {
            mechanisms.iter().filter(|m| of(m)).fold(Curve::zero(), |sum, m| sum.plus(&m.curve()))
        };
        Prices {
            all: sum(&|_| true),
            noisy: sum(&|m| m.pure().is_none()),
            pure: mechanisms.iter().filter_map(Mechanism::pure).sum(),
            plain: approximate(mechanisms),
        }
    }

    /// With something that has a curve after them.
    pub(super) fn then(&self, curve: &Curve) -> Prices {
        Prices { all: self.all.plus(curve), noisy: self.noisy.plus(curve), ..self.clone() }
    }

    /// ε at `delta`: pure promises add up as curves or as they are, whichever is less.
    pub(super) fn epsilon(&self, delta: f64) -> f64 {
        let rest = delta - self.plain.1;
        if rest.is_nan() || rest < 0.0 {
            return f64::INFINITY;
        }
        let apart = self.noisy.epsilon(rest).0 + self.pure;
        self.all.epsilon(rest).0.min(apart) + self.plain.0
    }
}

/// The plain sum of what each costs alone at its even share of `delta`: what a budget without an
/// accountant would count.
pub fn naive(mechanisms: &[Mechanism], delta: f64) -> f64 {
    let share = delta / mechanisms.len().max(1) as f64;
    let alone = |m: &Mechanism| match m {
        Mechanism::Approximate { epsilon, .. } => *epsilon,
        m => m.pure().unwrap_or_else(|| epsilon(&[*m], share, Accounting::Renyi)),
    };
    mechanisms.iter().map(alone).sum()
}

/// The (ε, δ) that have no curve, added up.
pub(super) fn approximate(mechanisms: &[Mechanism]) -> (f64, f64) {
    mechanisms.iter().fold((0.0, 0.0), |(e, d), m| match m {
        Mechanism::Approximate { epsilon, delta } => (e + epsilon, d + delta),
        _ => (e, d),
    })
}

/// Equal steps together, in the order of their first.
fn merged(steps: Vec<(Step, u64)>) -> Vec<(Step, u64)> {
    let mut out: Vec<(Step, u64)> = Vec::new();
    for (step, times) in steps {
        match out.iter_mut().find(|(s, _)| *s == step) {
            Some((_, n)) => *n = n.saturating_add(times),
            None => out.push((step, times)),
        }
    }
    out
}

//! Permutation tests of a difference of means: all permutations where they are few, seeded draws else.

use super::{Alternative, differences};
use crate::eval::estimate::{Estimate, Measured, Undefined};
use crate::metrics::checks;
use crate::metrics::inference::mean;
use crate::metrics::resampling::{self, Lane};

/// The most permutations that are all tried.
pub const MOST: usize = 200_000;
/// Draws where there are more.
pub const DRAWS: usize = 9_999;

/// What is exchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Values between the samples.
    Independent,
    /// The two values of a pair.
    Pairs,
}

impl Kind {
    pub fn named(name: &str) -> Result<Kind, Undefined> {
        checks::word("what is exchanged", name, &[("independent", Kind::Independent), ("pairs", Kind::Pairs)])
    }
}

/// The permutation test of mean(a) - mean(b). Parts: `statistic`, `permutations`, and `exact` (1 when
/// every permutation was tried). Two-sided p is twice the smaller tail, at most 1; with draws the observed
/// arrangement counts as one. Undefined for an empty sample and for missing or infinite values.
pub fn means(a: &[f64], b: &[f64], kind: Kind, alternative: Alternative, seed: u64) -> Measured {
    checks::finite("first value", a)?;
    checks::finite("second value", b)?;
    if a.is_empty() || b.is_empty() {
        return Err(Undefined::new("a sample has no values"));
    }
    let paired = kind == Kind::Pairs;
    let d = if paired { differences(a, b)? } else { Vec::new() };
    let ways = if paired { power_of_two(a.len()) } else { choose(a.len() + b.len(), a.len()) };
    let observed = mean(a).unwrap_or(0.0) - mean(b).unwrap_or(0.0);
    let slack = (1e-14 * observed).abs();
    let pool: Vec<f64> = a.iter().chain(b).copied().collect();
    let of_first = |chosen: &[usize]| -> f64 {
        let first: f64 = chosen.iter().map(|&i| pool[i]).sum();
        let total: f64 = pool.iter().sum();
        first / a.len() as f64 - (total - first) / b.len() as f64
    };
    let (mut less, mut greater, mut count) = (0_usize, 0_usize, 0_usize);
    let mut see = |value: f64| {
        less += usize::from(value <= observed + slack);
        greater += usize::from(value >= observed - slack);
        count += 1;
    };
    let exact = ways <= MOST as f64;
    match (exact, paired) {
        (true, true) => (0..1_u64 << d.len()).for_each(|mask| {
            let flip = |(i, d): (usize, &f64)| if mask >> i & 1 == 1 { -d } else { *d };
            see(d.iter().enumerate().map(flip).sum::<f64>() / d.len() as f64);
        }),
        (true, false) => {
            let mut chosen: Vec<usize> = (0..a.len()).collect();
            loop {
                see(of_first(&chosen));
                if !next_combination(&mut chosen, pool.len()) {
                    break;
                }
            }
        }
        (false, _) => {
            let draws = resampling::replicate(DRAWS, seed, Lane::Bootstrap, |rng| {
                if paired {
                    let flip = |d: &f64| if resampling::unit(rng) < 0.5 { -d } else { *d };
                    return d.iter().map(flip).sum::<f64>() / d.len() as f64;
                }
                // A partial shuffle: the first places are a random choice.
                let mut order: Vec<usize> = (0..pool.len()).collect();
                for i in 0..a.len() {
                    order.swap(i, i + resampling::below(rng, pool.len() - i));
                }
                of_first(&order[..a.len()])
            });
            draws.into_iter().for_each(&mut see);
            see(observed);
        }
    }
    let share = |n: usize| n as f64 / count as f64;
    let p = match alternative {
        Alternative::TwoSided => (2.0 * share(less.min(greater))).min(1.0),
        Alternative::Less => share(less),
        Alternative::Greater => share(greater),
    };
    let out = Estimate::plain(p, if paired { a.len() } else { pool.len() }).with("statistic", observed);
    Ok(out.with("permutations", count as f64).with("exact", f64::from(u8::from(exact))))
}

fn power_of_two(n: usize) -> f64 {
    2.0_f64.powi(i32::try_from(n).unwrap_or(i32::MAX))
}

fn choose(n: usize, k: usize) -> f64 {
    (0..k).fold(1.0, |c, i| c * (n - i) as f64 / (i + 1) as f64).round()
}

/// The next choice in lexical order; false after the last.
fn next_combination(chosen: &mut [usize], n: usize) -> bool {
    let k = chosen.len();
    for i in (0..k).rev() {
        if chosen[i] < n - k + i {
            chosen[i] += 1;
            for j in i + 1..k {
                chosen[j] = chosen[j - 1] + 1;
            }
            return true;
        }
    }
    false
}

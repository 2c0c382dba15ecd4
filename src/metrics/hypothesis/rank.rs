//! Rank tests: Wilcoxon's signed ranks, Mann and Whitney's U; Cliff's delta.

use super::{Alternative, differences, normal_upper, ranks, ties};
use crate::eval::estimate::{Estimate, Measured, Undefined};
use crate::metrics::checks;

/// What is done with pairs that do not differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zeros {
    /// They are left out (Wilcoxon 1945).
    Drop,
    /// They are ranked, then their ranks left out (Pratt 1959).
    Pratt,
    /// Half of their ranks count for each side.
    Split,
}

impl Zeros {
    pub fn named(name: &str) -> Result<Zeros, Undefined> {
        let words = [("wilcox", Zeros::Drop), ("pratt", Zeros::Pratt), ("zsplit", Zeros::Split)];
        checks::word("the rule for pairs that do not differ", name, &words)
    }
}

/// Where the p value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// The normal law with tie correction.
    Asymptotic,
    /// The exact distribution without ties and zeros; with them it is conservative, as in SciPy.
    Exact,
    /// Signed ranks: the exact distribution given the ties and zeros.
    Permutation,
    /// Signed ranks: exact for up to 50 pairs without ties and zeros, by permutation for up to 13 pairs with
    /// them, else asymptotic, as SciPy does. U: exact when a sample has up to 8 values and none tie.
    Auto,
}

impl Method {
    pub fn named(name: &str) -> Result<Method, Undefined> {
        let words = [
            ("asymptotic", Method::Asymptotic),
            ("exact", Method::Exact),
            ("permutation", Method::Permutation),
            ("auto", Method::Auto),
        ];
        checks::word("the method", name, &words)
    }
}

/// The most pairs that an exact distribution is computed for.
const EXACT: usize = 500;

/// Shift towards the mean by half a step.
fn continuity(z: f64, alternative: Alternative) -> f64 {
    match alternative {
        Alternative::TwoSided if z == 0.0 => 0.0,
        Alternative::TwoSided => z.signum(),
        Alternative::Greater => 1.0,
        Alternative::Less => -1.0,
    }
}

/// Wilcoxon's signed-rank test of `a - b`; part `statistic`: the smaller rank sum (two-sided) or that of the
/// positive differences. Undefined for no pairs, missing or infinite values, and, by the normal law, when no
/// pair differs; the exact tests say p = 1 then.
pub fn wilcoxon(
    a: &[f64],
    b: &[f64],
    zeros: Zeros,
    correction: bool,
    method: Method,
    alternative: Alternative,
) -> Measured {
    let all = differences(a, b)?;
    checks::not_empty(all.len())?;
    let none = all.iter().filter(|d| **d == 0.0).count();
    let nothing = none == all.len();
    let d: Vec<f64> = if zeros == Zeros::Drop { all.into_iter().filter(|d| *d != 0.0).collect() } else { all };
    let sizes: Vec<f64> = d.iter().map(|d| d.abs()).collect();
    let (rank, mut groups) = ranks(&sizes);
    let over = |keep: &dyn Fn(f64) -> bool| d.iter().zip(&rank).filter(|r| keep(*r.0)).map(|r| r.1).sum::<f64>();
    let halved = if zeros == Zeros::Split { over(&|d| d == 0.0) / 2.0 } else { 0.0 };
    let (plus, minus) = (over(&|d| d > 0.0) + halved, over(&|d| d < 0.0) + halved);
    let n = d.len();
    let tied = groups.iter().any(|&t| t > 1);
    let method = match method {
        // SciPy compares the ranks of the pairs that differ with the sum of all ranks here, which finds
        // differences where there are only zeros.
        Method::Exact if zeros == Zeros::Pratt && none > 0 => Method::Permutation,
        Method::Auto if none == 0 && !tied && n <= 50 => Method::Exact,
        Method::Auto if (none > 0 || tied) && a.len() <= 13 => Method::Permutation,
        Method::Auto => Method::Asymptotic,
        method => method,
    };
    if method != Method::Asymptotic && n > EXACT {
        return Err(Undefined::new(format!("the exact test takes up to {EXACT} pairs")));
    }
    let p = if method == Method::Exact {
        let whole: Vec<usize> = (1..=n).collect();
        let counts = signed_rank_counts(&whole);
        // Half ranks are rounded towards the middle on either side.
        one_of(alternative, tails(&counts, plus.ceil()).0, tails(&counts, plus.floor()).1)
    } else if method == Method::Permutation {
        // Mid-ranks doubled are whole; differences of 0 have no sign to flip.
        let doubled: Vec<usize> = d.iter().zip(&rank).filter(|r| *r.0 != 0.0).map(|r| (2.0 * r.1) as usize).collect();
        let (below, above) = tails(&signed_rank_counts(&doubled), 2.0 * (plus - halved));
        one_of(alternative, below, above)
    } else {
        let count = n as f64;
        let mut centre = count * (count + 1.0) * 0.25;
        let mut spread = count * (count + 1.0) * (2.0 * count + 1.0);
        if zeros == Zeros::Pratt && none > 0 {
            let z = none as f64;
            centre -= z * (z + 1.0) * 0.25;
            spread -= z * (z + 1.0) * (2.0 * z + 1.0);
            groups.remove(0); // differences of 0 are the smallest group
        }
        spread -= ties(&groups) / 2.0;
        let error = (spread / 24.0).sqrt();
        let mut z = (plus - centre) / error;
        if correction {
            z -= continuity(z, alternative) * 0.5 / error;
        }
        if z.is_nan() {
            return Err(Undefined::new("no pair differs"));
        }
        alternative.p(z, normal_upper)
    };
    let statistic = if alternative == Alternative::TwoSided { plus.min(minus) } else { plus };
    let out = Estimate::plain(p, a.len()).with("statistic", statistic).with("pairs_used", n as f64);
    Ok(if nothing { out.note("no pair differs, so nothing speaks for a difference") } else { out })
}

fn one_of(alternative: Alternative, below: f64, above: f64) -> f64 {
    match alternative {
        Alternative::TwoSided => (2.0 * below.min(above)).min(1.0),
        Alternative::Less => below.min(1.0),
        Alternative::Greater => above.min(1.0),
    }
}

/// P(X <= x) and P(X >= x) of a distribution given by weights of 0, 1, 2, …
fn tails(weights: &[f64], x: f64) -> (f64, f64) {
    let total: f64 = weights.iter().sum();
    let (floor, ceil) = (x.floor().max(0.0) as usize, x.ceil().max(0.0) as usize);
    let below: f64 = weights.iter().take(floor + 1).sum();
    let above: f64 = weights.iter().skip(ceil).sum();
    (below / total, above / total)
}

/// In how many ways (as shares) signed ranks add up to each sum.
fn signed_rank_counts(ranks: &[usize]) -> Vec<f64> {
    let mut ways = vec![0.0; ranks.iter().sum::<usize>() + 1];
    ways[0] = 1.0;
    let mut top = 0;
    for &rank in ranks {
        top += rank;
        for sum in (0..=top).rev() {
            let with = if sum >= rank { ways[sum - rank] } else { 0.0 };
            // Halved at each step, so that the shares stay finite.
            ways[sum] = (ways[sum] + with) / 2.0;
        }
    }
    ways
}

/// Mann and Whitney's U test of two independent samples; part `statistic`: the U of the first. Undefined for
/// an empty sample, missing or infinite values, and (asymptotically, without continuity correction) when all
/// values are equal; with the correction p is then 1.
pub fn mann_whitney(a: &[f64], b: &[f64], continuity: bool, method: Method, alternative: Alternative) -> Measured {
    if a.is_empty() || b.is_empty() {
        return Err(Undefined::new("a sample has no values"));
    }
    let all: Vec<f64> = a.iter().chain(b).copied().collect();
    let (rank, groups) = ranks(&all);
    let (m, n) = (a.len() as f64, b.len() as f64);
    let u1 = rank.iter().take(a.len()).sum::<f64>() - m * (m + 1.0) / 2.0;
    let u2 = m * n - u1;
    let exact = match method {
        Method::Exact => true,
        Method::Auto => a.len().min(b.len()) <= 8 && groups.iter().all(|&t| t == 1),
        Method::Asymptotic => false,
        Method::Permutation => {
            return Err(Undefined::new("\"permutation\" is a method for pairs; see the test `permutation`"));
        }
    };
    // The U whose upper tail is meant.
    let u = match alternative {
        Alternative::TwoSided => u1.max(u2),
        Alternative::Less => u2,
        Alternative::Greater => u1,
    };
    let tail = if exact {
        u_upper(a.len(), b.len(), u.floor().max(0.0) as usize)?
    } else {
        let total = m + n;
        let spread = m * n / 12.0 * ((total + 1.0) - ties(&groups) / (total * (total - 1.0)));
        let shift = if continuity { 0.5 } else { 0.0 };
        // All values equal: no departure at all with the correction, and nothing to say without.
        let z = (u - m * n / 2.0 - shift) / spread.max(0.0).sqrt();
        if z.is_nan() {
            return Err(Undefined::new("all values are equal"));
        }
        normal_upper(z)
    };
    let p = if alternative == Alternative::TwoSided { 2.0 * tail } else { tail };
    let out = Estimate::plain(p.clamp(0.0, 1.0), all.len()).with("statistic", u1);
    Ok(out.with("cliffs_delta", 2.0 * u1 / (m * n) - 1.0))
}

/// The most values of U whose chances are computed one from all before.
const MOST_STEPS: usize = 60_000;

/// P(U >= u) of m values among m + n without ties; the law is symmetric, so its shorter side is enough.
fn u_upper(m: usize, n: usize, u: usize) -> Result<f64, Undefined> {
    let all = m.saturating_mul(n);
    if u > all {
        return Ok(0.0);
    }
    let (mirrored, short) = (all - u + 1, all - u < u);
    let steps = if short { mirrored } else { u };
    if steps > MOST_STEPS {
        return Err(Undefined::new("the samples are too large for the exact test; the asymptotic one will do"));
    }
    let below = u_below(m, n, steps);
    Ok(if short { below } else { 1.0 - below })
}

/// P(U < end). The numbers of ways are the coefficients of the Gaussian binomial; each follows from those before
/// by the logarithmic derivative (Löffler 1983), which keeps small ones exact, as a product would not.
fn u_below(m: usize, n: usize, end: usize) -> f64 {
    let mut sigma = vec![0.0; end];
    for (from, to, sign) in [(1, m, 1.0), (n + 1, n + m, -1.0)] {
        for d in from..=to.min(end.saturating_sub(1)) {
            sigma.iter_mut().skip(d).step_by(d).for_each(|s| *s += sign * d as f64);
        }
    }
    let mut ways = vec![1.0; end.min(1)];
    for k in 1..end {
        let from_before: f64 = ways.iter().rev().zip(&sigma[1..=k]).map(|(w, s)| w * s).sum();
        ways.push(from_before / k as f64);
    }
    // The number of all choices may be too large for a number; its logarithm never is.
    let choices: f64 = (1..=m).map(|i| ((n + i) as f64 / i as f64).ln()).sum();
    let share = (1..=m).fold(1.0, |c, i| c * (n + i) as f64 / i as f64);
    let sum: f64 = ways.iter().sum();
    if share.is_finite() { sum / share } else { (sum.ln() - choices).exp() }
}

#[cfg(test)]
#[path = "rank_tests.rs"]
mod tests;

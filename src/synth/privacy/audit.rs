//! What an attacker finds out, as a lower bound on ε: a claim below it is false.
//!
//! Auditing in one run (Steinke, Nasr and Jagielski 2023): rows made up for the purpose, canaries, are put into the table
//! or left out by a coin each; an attacker sees the result and guesses the coins of those he is surest about. Under
//! (ε, δ) a guess is right with odds of at most e^ε : 1, but for δ, so that too many right guesses refute a claim.
//! A bound near 0 proves nothing by itself; the same attack has to have power over a generator that copies rows. Knows frames
//! and numbers.

use rand::{Rng, RngExt};
use statrs::distribution::{Binomial, Discrete, DiscreteCDF};

use crate::data::frame::{Frame, FrameColumn, FrameKind};

/// No bound is looked for beyond this ε.
const MOST: f64 = 50.0;

/// What came of guessing coins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guesses {
    /// Canaries, whose coins were tossed.
    pub canaries: u64,
    /// Guesses made; the attacker may pass.
    pub made: u64,
    pub right: u64,
}

impl Guesses {
    /// Guesses about the canaries that `scores` tell most about: `in` for the highest, `out` for the lowest, half of `made`
    /// each. `inside` are the coins. Ties are broken by place, so that the order of canaries must not depend on the coins.
    /// A score that is not a number says nothing and is guessed last.
    pub fn of(scores: &[f64], inside: &[bool], made: usize) -> Guesses {
        let known = |i: &usize| scores.get(*i).is_some_and(|s| !s.is_nan());
        let mut order: Vec<usize> = (0..scores.len().min(inside.len())).filter(known).collect();
        order.sort_by(|a, b| scores[*a].total_cmp(&scores[*b]).then(a.cmp(b)));
        let half = (made / 2).min(order.len() / 2);
        let (low, rest) = order.split_at(half);
        let high = &rest[rest.len() - half..];
        let right = low.iter().filter(|i| !inside[**i]).count() + high.iter().filter(|i| inside[**i]).count();
        Guesses { canaries: inside.len() as u64, made: 2 * half as u64, right: right as u64 }
    }

    /// The chance, at the most, of as many right guesses if (`epsilon`, `delta`) held (their theorem 5.2). In [0, 1].
    pub fn p_value(&self, epsilon: f64, delta: f64) -> f64 {
        let odds = 1.0 / (1.0 + (-epsilon).exp());
        let Ok(law) = Binomial::new(odds, self.made) else { return 1.0 };
        let at_least = |v: u64| if v == 0 { 1.0 } else { 1.0 - law.cdf(v - 1) };
        // What δ may add: each i of the last right guesses for the price of one failure in i.
        let (mut sum, mut dearest) = (0.0, 0.0_f64);
        for i in 1..=self.right {
            sum += law.pmf(self.right - i);
            dearest = dearest.max(sum / i as f64);
        }
        (at_least(self.right) + 2.0 * self.canaries as f64 * delta * dearest).clamp(0.0, 1.0)
    }

    /// The largest ε that is refuted at `delta` with `confidence`, so that the true one is above it; 0 where none is.
    pub fn epsilon(&self, delta: f64, confidence: f64) -> f64 {
        let refuted = |epsilon: f64| self.p_value(epsilon, delta) < 1.0 - confidence;
        if !refuted(0.0) {
            return 0.0;
        }
        let (mut lo, mut hi) = (0.0, MOST);
        for _ in 0..60 {
            let middle = 0.5 * (lo + hi);
            if refuted(middle) { lo = middle } else { hi = middle }
        }
        lo
    }
}

/// Coins for `n` canaries.
pub fn coins(n: usize, rng: &mut impl Rng) -> Vec<bool> {
    (0..n).map(|_| rng.random()).collect()
}

/// `n` rows that stand out: every value is drawn evenly from what its column may hold by declaration (between the least
/// and the largest value where a bound is missing), so that most combine what no real row does.
pub fn canaries(frame: &Frame, n: usize, rng: &mut impl Rng) -> Frame {
    let columns = frame
        .columns
        .iter()
        .map(|column| {
            let values = (0..n).map(|_| drawn(column, rng)).collect();
            FrameColumn { values, ..column.clone_shape() }
        })
        .collect();
    Frame { columns, rows: n }
}

fn drawn(column: &FrameColumn, rng: &mut impl Rng) -> f64 {
    let u: f64 = rng.random();
    match &column.kind {
        FrameKind::Category { levels } => (u * levels.len().max(1) as f64).floor(),
        FrameKind::Number { lo, hi, integer } => {
            let seen = |f: fn(f64, f64) -> f64| column.values.iter().copied().filter(|x| x.is_finite()).reduce(f);
            let lo = lo.or_else(|| seen(f64::min)).unwrap_or(0.0);
            let hi = hi.or_else(|| seen(f64::max)).unwrap_or(lo);
            let x = lo + u * (hi - lo);
            if *integer { x.round().clamp(lo.ceil(), hi.floor().max(lo.ceil())) } else { x }
        }
    }
}

/// The rows of `canaries` whose coins fell on `inside`, below `frame`.
pub fn planted(frame: &Frame, canaries: &Frame, inside: &[bool]) -> Frame {
    let chosen: Vec<usize> = (0..canaries.rows).filter(|i| inside.get(*i) == Some(&true)).collect();
    frame.stack(&canaries.take(&chosen))
}

/// The attack: how near the nearest of `released` rows is to each canary, as minus a distance. Numbers count by their
/// share of the range of the canaries, categories and missing cells as equal or not.
pub fn nearness(canaries: &Frame, released: &Frame) -> Vec<f64> {
    let scales: Vec<f64> = canaries
        .columns
        .iter()
        .map(|c| match c.kind {
            FrameKind::Category { .. } => 0.0,
            FrameKind::Number { .. } => {
                let present = || c.values.iter().copied().filter(|x| x.is_finite());
                let range = present().fold(f64::NEG_INFINITY, f64::max) - present().fold(f64::INFINITY, f64::min);
                if range > 0.0 { 1.0 / range } else { 0.0 }
            }
        })
        .collect();
    let gap = |a: f64, b: f64, scale: f64| {
        if a.is_nan() || b.is_nan() {
            f64::from(a.is_nan() != b.is_nan())
        } else if scale > 0.0 {
            ((a - b).abs() * scale).min(1.0)
        } else {
            f64::from(a != b)
        }
    };
    let one = |i: usize| {
        let mut best = f64::INFINITY;
        for row in 0..released.rows {
            let mut far = 0.0;
            for ((c, r), scale) in canaries.columns.iter().zip(&released.columns).zip(&scales) {
                far += gap(c.values[i], r.values[row], *scale);
                if far >= best {
                    break;
                }
            }
            best = best.min(far);
        }
        -best
    };
    (0..canaries.rows).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::super::accountant::{Accounting, Mechanism, epsilon};
    use super::super::mechanisms::discrete_gaussian;
    use super::*;
    use crate::synth::encoder::tests::clinic;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    fn rng(seed: u64) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(seed)
    }

    #[test]
    fn bounds_are_those_of_the_binomial_law() {
        // All of 100 right: 0.95 confidence refutes odds q with q^100 < 0.05.
        let all = Guesses { canaries: 100, made: 100, right: 100 };
        let q = 0.05_f64.powf(0.01);
        assert!((all.epsilon(0.0, 0.95) - (q / (1.0 - q)).ln()).abs() < 1e-6);
        assert_eq!(Guesses { canaries: 100, made: 100, right: 50 }.epsilon(0.0, 0.95), 0.0);
        assert!(all.epsilon(1e-3, 0.95) < all.epsilon(1e-5, 0.95) && all.epsilon(0.5, 0.95) == 0.0);
        let none = Guesses { canaries: 0, made: 0, right: 0 };
        assert_eq!((none.epsilon(1e-5, 0.95), none.p_value(1.0, 1e-5)), (0.0, 1.0));
        let mut before = 0.0;
        for right in 60..=100 {
            let here = Guesses { canaries: 100, made: 100, right }.epsilon(1e-6, 0.95);
            assert!(here >= before, "more right guesses never refute less");
            before = here;
        }
    }

    #[test]
    fn guesses_are_the_surest_ones() {
        let scores = [0.1, 0.9, f64::NAN, 0.5, 0.8, 0.2];
        let inside = [false, true, true, false, false, true];
        assert_eq!(Guesses::of(&scores, &inside, 2), Guesses { canaries: 6, made: 2, right: 2 });
        assert_eq!(Guesses::of(&scores, &inside, 4), Guesses { canaries: 6, made: 4, right: 2 });
        assert_eq!(Guesses::of(&[], &[], 4).made, 0);
    }

    /// Each canary has a count of its own, which is released with noise: the strongest attack there is on the mechanism that
    /// every private generator here is made of.
    fn counted(sigma: f64, seed: u64) -> Guesses {
        let (mut r, n) = (rng(seed), 20_000);
        let inside = coins(n, &mut r);
        let scores: Vec<f64> =
            inside.iter().map(|i| discrete_gaussian(i64::from(*i), sigma, &mut r).unwrap() as f64).collect();
        Guesses::of(&scores, &inside, 600)
    }

    #[test]
    fn the_noise_keeps_its_claim_and_a_quarter_of_it_is_caught() {
        let (sigma, delta) = (2.0, 1e-5);
        let claimed = epsilon(&[Mechanism::Gaussian { sigma }], delta, Accounting::Tight);
        for seed in 0..3 {
            let found = counted(sigma, seed).epsilon(delta, 0.99);
            assert!(found > 0.3 * claimed && found <= claimed, "{found} of {claimed}");
            let cheat = counted(0.25 * sigma, seed).epsilon(delta, 0.99);
            assert!(cheat > claimed, "a quarter of the noise shows: {cheat}, {claimed} was claimed");
        }
    }

    #[test]
    fn a_generator_that_copies_rows_is_caught_and_one_that_knows_no_rows_is_not() {
        let frame = clinic(1_000);
        let mut r = rng(4);
        let canaries = canaries(&frame, 200, &mut r);
        let inside = coins(200, &mut r);
        let table = planted(&frame, &canaries, &inside);
        assert_eq!(table.rows, 1_000 + inside.iter().filter(|i| **i).count());
        let copy: Vec<usize> = (0..5 * table.rows).map(|_| r.random_range(0..table.rows)).collect();
        let caught = Guesses::of(&nearness(&canaries, &table.take(&copy)), &inside, 100);
        assert!(caught.epsilon(1e-5, 0.95) > 2.0, "{caught:?}");
        let innocent = Guesses::of(&nearness(&canaries, &frame), &inside, 100);
        assert!(innocent.epsilon(1e-5, 0.95) < 0.3, "{innocent:?}");
    }
}

//! A made-up corpus whose every probability is known: what a perfect model of records would lose is known too.
//!
//! Chapters hold sections, sections hold codes. A person's first visit draws a section from a long tail; a later one
//! stays in the section, or in the chapter, or starts anew. The codes of a visit are drawn from its section one after
//! the other without repeats, from a steep tail, so that many codes are seen a few times only. Since a code tells its
//! section, the process is a Markov chain over what is visible and each token's probability can be written down.

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Record, Visits};

/// What is planted.
#[derive(Debug, Clone, PartialEq)]
pub struct Planted {
    /// Codes a section, sections a chapter, chapters.
    pub fan: usize,
    /// Probability of another visit after the first, the second, …; past the end 0.
    pub again: Vec<f64>,
    /// Probability of another code after the first, the second, … of a visit; past the end 0.
    pub more: Vec<f64>,
    /// Probability that a visit stays in the section of the one before, and that it stays in the chapter otherwise.
    pub stay: (f64, f64),
    /// Share of a section (of all, by rank) and of a code (of its section), not yet normalised.
    sections: Vec<f64>,
    codes: Vec<f64>,
}

impl Planted {
    /// Chapters x sections x codes of `fan` each. `steep` above 1 is the ratio of the shares of neighbouring codes of a
    /// section; sections follow Zipf's law in an order that has nothing to do with their chapters.
    pub fn new(fan: usize, steep: f64) -> Planted {
        let sections = fan * fan;
        // A step coprime to the number of sections visits each once.
        let step = (1..).find(|s| s * 2 > sections && gcd(*s, sections) == 1).unwrap_or(1);
        let rank = |s: usize| (s * step) % sections + 1;
        Planted {
            fan,
            again: vec![0.7, 0.6, 0.5, 0.4, 0.3],
            more: vec![0.7, 0.5, 0.3],
            stay: (0.4, 0.5),
            sections: (0..sections).map(|s| 1.0 / rank(s) as f64).collect(),
            codes: (0..fan).map(|c| steep.powi(-(c as i32))).collect(),
        }
    }

    /// Codes there are.
    pub fn vocabulary(&self) -> usize {
        self.fan * self.fan * self.fan
    }

    /// The name of a code, by dotted prefixes: `3.5.2`.
    pub fn name(&self, code: usize) -> String {
        format!("{}.{}.{}", code / (self.fan * self.fan), code / self.fan % self.fan, code % self.fan)
    }

    /// A title in made-up words, one a level of the tree.
    pub fn title(&self, code: usize) -> String {
        let word = |seed: usize| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed as u64);
            let syllable = |rng: &mut ChaCha8Rng| {
                let (c, v) = (rng.random_range(0..14_usize), rng.random_range(0..5_usize));
                format!("{}{}", &"bdfgklmnprstvz"[c..=c], &"aeiou"[v..=v])
            };
            (0..4).map(|_| syllable(&mut rng)).collect::<String>()
        };
        let section = code / self.fan;
        format!("{} {} {}", word(1_000 + code / (self.fan * self.fan)), word(2_000 + section), word(4_000 + code))
    }

    /// `n` records.
    pub fn draw(&self, n: usize, seed: u64) -> Visits {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let codes = (0..self.vocabulary()).map(|c| self.name(c)).collect();
        let records = (0..n).map(|_| self.record(&mut rng)).collect();
        Visits { codes, labels: Vec::new(), records }
    }

    fn record(&self, rng: &mut impl Rng) -> Record {
        let mut visits: Vec<Vec<u32>> = Vec::new();
        let mut section = pick(&self.sections, rng);
        loop {
            let mut shares = self.codes.clone();
            let mut visit = Vec::new();
            loop {
                let code = pick(&shares, rng);
                visit.push((section * self.fan + code) as u32);
                shares[code] = 0.0;
                if rng.random::<f64>() >= self.more.get(visit.len() - 1).copied().unwrap_or(0.0) {
                    break;
                }
            }
            visits.push(visit);
            if rng.random::<f64>() >= self.again.get(visits.len() - 1).copied().unwrap_or(0.0) {
                return Record { labels: Vec::new(), visits };
            }
            if rng.random::<f64>() >= self.stay.0 {
                section = if rng.random::<f64>() < self.stay.1 {
                    let first = section / self.fan * self.fan;
                    first + pick(&self.sections[first..first + self.fan], rng)
                } else {
                    pick(&self.sections, rng)
                };
            }
        }
    }

    /// Minus the log probability of every token of a record's sentence after the first, in nats, as the process that
    /// wrote it has it; infinite for what it cannot write.
    pub fn cost(&self, record: &Record) -> Vec<f64> {
        let mut out = vec![0.0];
        let all: f64 = self.sections.iter().sum();
        let mut before: Option<usize> = None;
        for (v, visit) in record.visits.iter().enumerate() {
            let mut left: f64 = self.codes.iter().sum();
            let mut section = 0;
            for (i, code) in visit.iter().enumerate() {
                let code = *code as usize;
                let share = self.codes.get(code % self.fan).copied().unwrap_or(0.0);
                let mut p = share / left;
                if i == 0 {
                    section = code / self.fan;
                    let of = |s: usize| self.sections.get(s).copied().unwrap_or(0.0);
                    p *= match before {
                        None => of(section) / all,
                        Some(old) => {
                            let first = old / self.fan * self.fan;
                            let chapter: f64 = (first..first + self.fan).map(of).sum();
                            let mut moved = (1.0 - self.stay.1) * of(section) / all;
                            if section / self.fan == old / self.fan {
                                moved += self.stay.1 * of(section) / chapter;
                            }
                            let again = self.again.get(v - 1).copied().unwrap_or(0.0);
                            again * ((1.0 - self.stay.0) * moved + if section == old { self.stay.0 } else { 0.0 })
                        }
                    };
                } else {
                    p *= self.more.get(i - 1).copied().unwrap_or(0.0);
                    if code / self.fan != section {
                        p = 0.0;
                    }
                }
                left -= share;
                out.push(-p.ln());
            }
            out.push(-(1.0 - self.more.get(visit.len().wrapping_sub(1)).copied().unwrap_or(0.0)).ln());
            before = Some(section);
        }
        let last = self.again.get(record.visits.len().wrapping_sub(1)).copied().unwrap_or(0.0);
        out.push(-(1.0 - last).ln());
        out
    }
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// An index in proportion to shares that are not all 0.
fn pick(shares: &[f64], rng: &mut impl Rng) -> usize {
    let mut left = rng.random::<f64>() * shares.iter().sum::<f64>();
    let mut last = 0;
    for (at, share) in shares.iter().enumerate().filter(|s| *s.1 > 0.0) {
        last = at;
        if left < *share {
            break;
        }
        left -= share;
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The probabilities of all records of a small process add up to 1.
    #[test]
    fn costs_are_those_of_a_distribution() {
        let mut small = Planted::new(2, 3.0);
        small.again = vec![0.6];
        small.more = vec![0.3];
        let visits: Vec<Vec<u32>> =
            (0..8).map(|a| vec![a]).chain((0..8).flat_map(|a| (0..8).map(move |b| vec![a, b]))).collect();
        let p = |visits: Vec<Vec<u32>>| (-small.cost(&Record { labels: Vec::new(), visits }).iter().sum::<f64>()).exp();
        // A code twice in a visit is not in the process; its cost would be that of another code.
        let fair = |v: &Vec<u32>| v.first() != v.get(1);
        let visits: Vec<Vec<u32>> = visits.into_iter().filter(fair).collect();
        let mut total = 0.0;
        for a in &visits {
            total += p(vec![a.clone()]);
            for b in &visits {
                total += p(vec![a.clone(), b.clone()]);
            }
        }
        assert!((total - 1.0).abs() < 1e-9, "{total}");
    }

    #[test]
    fn the_tail_is_long_and_the_same_seed_gives_the_same_corpus() {
        let planted = Planted::new(8, 3.0);
        let corpus = planted.draw(2_000, 1);
        assert_eq!(corpus, planted.draw(2_000, 1));
        let counts = corpus.counts();
        let (rare, common) = (counts.iter().filter(|c| **c <= 5).count(), counts.iter().max());
        assert!(rare > 150 && common.is_some_and(|c| *c > 500), "{rare} {common:?}");
        assert!(corpus.records.iter().all(|r| planted.cost(r).iter().all(|c| c.is_finite())));
        assert_eq!((planted.name(83), planted.title(83).split(' ').count()), ("1.2.3".to_string(), 3));
    }
}

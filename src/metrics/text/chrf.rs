//! chrF and chrF++ (Popović 2015, 2017) as sacreBLEU 2.6.0 computes them.

use super::vocabulary::{Vocabulary, is_space};
use super::{Pairs, SACREBLEU, grams};
use crate::eval::estimate::{Estimate, Measured, Undefined};
use std::borrow::Cow;

/// All settings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// The longest character n-gram.
    pub characters: usize,
    /// The longest word n-gram: 0 for chrF, 2 for chrF++.
    pub words: usize,
    /// Recall counts beta times as much as precision.
    pub beta: f64,
    pub lowercase: bool,
    /// Whether white space counts among the characters.
    pub whitespace: bool,
    /// Orders without n-grams count a tiny number instead of nothing.
    pub epsilon: bool,
}

/// n-grams of hypothesis and reference, and those they share.
type Order = [usize; 3];

impl Settings {
    pub fn signature(&self, references: &str) -> String {
        format!(
            "nrefs:{references}|case:{}|eff:{}|nc:{}|nw:{}|space:{}|version:{SACREBLEU}",
            if self.lowercase { "lc" } else { "mixed" },
            if self.epsilon { "no" } else { "yes" },
            self.characters,
            self.words,
            if self.whitespace { "yes" } else { "no" }
        )
    }

    fn counts(&self, own: &Units, other: &Units) -> Vec<Order> {
        let mut out = orders(&own.characters, &other.characters, self.characters);
        out.extend(orders(&own.words, &other.words, self.words));
        out
    }

    fn units(&self, vocabulary: &mut Vocabulary, text: &str) -> Units {
        let text = if self.lowercase { Cow::Owned(text.to_lowercase()) } else { Cow::Borrowed(text) };
        let counts = |c: &char| self.whitespace || !is_space(*c);
        Units {
            characters: text.chars().filter(counts).map(u32::from).collect(),
            words: if self.words > 0 { vocabulary.encode(&text, &split_punctuation) } else { Vec::new() },
        }
    }

    fn score(&self, counts: &[Order]) -> f64 {
        const EPSILON: f64 = 1e-16;
        let factor = self.beta * self.beta;
        let (mut smoothed, mut precision, mut recall, mut orders) = (0.0, 0.0, 0.0, 0_usize);
        for &[own, other, shared] in counts {
            let share = |n: usize| if n > 0 { shared as f64 / n as f64 } else { EPSILON };
            let (p, r) = (share(own), share(other));
            let below = factor * p + r;
            smoothed += if below > 0.0 { (1.0 + factor) * p * r / below } else { EPSILON };
            if own > 0 && other > 0 {
                precision += p;
                recall += r;
                orders += 1;
            }
        }
        if self.epsilon {
            return 100.0 * smoothed / counts.len() as f64;
        }
        if orders > 0 {
            precision /= orders as f64;
            recall /= orders as f64;
        }
        if precision + recall == 0.0 {
            return 0.0;
        }
        let mut score = (1.0 + factor) * precision * recall;
        score /= factor * precision + recall;
        100.0 * score
    }

    /// The counts against the reference with the best score, the first among equals.
    fn best(&self, vocabulary: &mut Vocabulary, hypothesis: &str, references: &[&str]) -> Vec<Order> {
        let own = self.units(vocabulary, hypothesis);
        let mut best = (-1.0, Vec::new());
        for reference in references {
            let counts = self.counts(&own, &self.units(vocabulary, reference));
            let score = self.score(&counts);
            if score > best.0 {
                best = (score, counts);
            }
        }
        best.1
    }
}

/// What a text is made of, as numbers.
struct Units {
    characters: Vec<u32>,
    words: Vec<u32>,
}

fn orders(a: &[u32], b: &[u32], longest: usize) -> Vec<Order> {
    let count = |x: &[u32], n: usize| (x.len() + 1).saturating_sub(n);
    let order = |(n, shared): (usize, usize)| {
        let (own, other) = (count(a, n), count(b, n));
        // n-grams do not count where the reference has none.
        [if other == 0 { 0 } else { own }, other, shared]
    };
    (1..).zip(grams::shared(a, &[b], longest)).map(order).collect()
}

/// A word, with one punctuation mark taken off the end, else off the start.
fn split_punctuation(word: &str, out: &mut dyn FnMut(&str)) {
    let mut rest = word.chars();
    match (rest.next(), rest.next_back()) {
        (Some(_), Some(last)) if last.is_ascii_punctuation() => {
            let (word, mark) = word.split_at(word.len() - 1);
            out(word);
            out(mark);
        }
        (Some(first), Some(_)) if first.is_ascii_punctuation() => {
            let (mark, word) = word.split_at(1);
            out(mark);
            out(word);
        }
        _ => out(word),
    }
}

fn check(settings: &Settings) -> Result<(), Undefined> {
    let Settings { characters, words, beta, .. } = *settings;
    if characters + words == 0 || characters > 20 || words > 20 {
        return Err(Undefined::new("the longest n-grams are 0 to 20, not both 0"));
    }
    if !(beta >= 0.0 && beta.is_finite()) {
        return Err(Undefined::new(format!("beta is {beta}, not a number from 0 on")));
    }
    Ok(())
}

/// Corpus chrF, 0 to 100: counts summed over segments, each against its best reference. The signature is
/// a note.
pub fn corpus(pairs: &Pairs, settings: &Settings) -> Measured {
    check(settings)?;
    let best = |vocabulary: &mut Vocabulary, (): &mut (), h: &str, r: &[&str]| settings.best(vocabulary, h, r);
    let rows = pairs.each(best);
    let score = |chosen: &mut dyn Iterator<Item = &Vec<Order>>| {
        let mut total = vec![[0; 3]; settings.characters + settings.words];
        for counts in chosen {
            for (sum, own) in total.iter_mut().zip(counts) {
                sum.iter_mut().zip(own).for_each(|(a, b)| *a += b);
            }
        }
        settings.score(&total)
    };
    let interval = pairs.interval(|drawn| score(&mut drawn.iter().filter_map(|&row| rows.get(row as usize))));
    let out = Estimate { interval, ..Estimate::plain(score(&mut rows.iter()), rows.len()) };
    Ok(out.note(settings.signature(&pairs.reference_count())))
}

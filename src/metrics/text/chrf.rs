//! chrF and chrF++ (Popović 2015, 2017) as sacreBLEU 2.6.0 computes them.

use super::{Pairs, SACREBLEU, grams, is_space, overlap, words};
use crate::eval::estimate::{Estimate, Measured, Undefined};

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

    fn counts(&self, hypothesis: &str, reference: &str) -> Vec<Order> {
        let lower = |t: &str| if self.lowercase { t.to_lowercase() } else { t.to_string() };
        let (a, b) = (lower(hypothesis), lower(reference));
        let characters = |t: &str| t.chars().filter(|c| self.whitespace || !is_space(*c)).collect::<Vec<char>>();
        let (ca, cb) = (characters(&a), characters(&b));
        let mut out: Vec<Order> = (1..=self.characters).map(|n| order(&ca, &cb, n)).collect();
        if self.words > 0 {
            let (wa, wb) = (split_punctuation(&a), split_punctuation(&b));
            out.extend((1..=self.words).map(|n| order(&wa, &wb, n)));
        }
        out
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
    fn best(&self, hypothesis: &str, references: &[&str]) -> Vec<Order> {
        let mut best = (-1.0, Vec::new());
        for reference in references {
            let counts = self.counts(hypothesis, reference);
            let score = self.score(&counts);
            if score > best.0 {
                best = (score, counts);
            }
        }
        best.1
    }
}

fn order<T: Ord>(a: &[T], b: &[T], n: usize) -> Order {
    let (ga, gb) = (grams(a, n), grams(b, n));
    let count = |x: &[T]| (x.len() + 1).saturating_sub(n);
    // n-grams do not count where the reference has none.
    [if gb.is_empty() { 0 } else { count(a) }, count(b), overlap(&ga, &gb)]
}

/// Words, with one punctuation mark taken off the end, else off the start.
fn split_punctuation(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    for word in words(text) {
        let mut rest = word.chars();
        match (word.chars().count(), word.chars().next(), word.chars().next_back()) {
            (2.., _, Some(last)) if last.is_ascii_punctuation() => {
                rest.next_back();
                out.extend([rest.as_str().to_string(), last.to_string()]);
            }
            (2.., Some(first), _) if first.is_ascii_punctuation() => {
                rest.next();
                out.extend([first.to_string(), rest.as_str().to_string()]);
            }
            _ => out.push(word.to_string()),
        }
    }
    out
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
    let mut total = vec![[0; 3]; settings.characters + settings.words];
    for (hypothesis, references) in pairs.items() {
        for (sum, own) in total.iter_mut().zip(settings.best(hypothesis, references)) {
            sum.iter_mut().zip(own).for_each(|(a, b)| *a += b);
        }
    }
    let out = Estimate::plain(settings.score(&total), pairs.hypotheses.len());
    Ok(out.note(settings.signature(&pairs.reference_count())))
}

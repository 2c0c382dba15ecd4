//! ROUGE (Lin 2004) as Google's rouge-score 0.1.2 computes it: n-grams, longest common subsequence, and its
//! union over sentences.
//!
//! Tokens are runs of a-z and 0-9 after lower-casing, so accents split words and other scripts vanish.

use super::{Pairs, grams, overlap, porter};
use crate::eval::estimate::{Estimate, Measured, Undefined};
use crate::metrics::checks;
use crate::metrics::inference::sum;
use std::collections::BTreeMap;

/// Which units are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Runs of this many tokens.
    N(usize),
    /// The longest common subsequence of the whole texts.
    L,
    /// Its union over sentences (lines).
    LSum,
}

impl Kind {
    pub fn named(name: &str) -> Result<Kind, Undefined> {
        checks::word(
            "the kind",
            name,
            &[
                ("1", Kind::N(1)),
                ("2", Kind::N(2)),
                ("3", Kind::N(3)),
                ("4", Kind::N(4)),
                ("L", Kind::L),
                ("Lsum", Kind::LSum),
            ],
        )
    }
}

/// Shares from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Score {
    pub precision: f64,
    pub recall: f64,
    pub fmeasure: f64,
}

impl Score {
    fn new(precision: f64, recall: f64) -> Score {
        let sum = precision + recall;
        let fmeasure = if sum > 0.0 { 2.0 * precision * recall / sum } else { 0.0 };
        Score { precision, recall, fmeasure }
    }
}

/// The tokens of a text; with `stem` those longer than three characters are stemmed.
pub fn tokens(text: &str, stem: bool) -> Vec<String> {
    let lower = text.to_lowercase();
    let pieces = lower.split(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit())).filter(|t| !t.is_empty());
    pieces.map(|t| if stem && t.len() > 3 { porter::stem(t) } else { t.to_string() }).collect()
}

fn sentences(text: &str, stem: bool) -> Vec<Vec<String>> {
    text.split('\n').filter(|s| !s.is_empty()).map(|s| tokens(s, stem)).collect()
}

/// The score of a prediction against one reference.
pub fn score(reference: &str, prediction: &str, kind: Kind, stem: bool) -> Score {
    match kind {
        Kind::N(n) => {
            let (a, b) = (tokens(reference, stem), tokens(prediction, stem));
            let shared = overlap(&grams(&a, n), &grams(&b, n)) as f64;
            let count = |t: &[String]| (t.len() + 1).saturating_sub(n).max(1) as f64;
            Score::new(shared / count(&b), shared / count(&a))
        }
        Kind::L => {
            let (a, b) = (tokens(reference, stem), tokens(prediction, stem));
            if a.is_empty() || b.is_empty() {
                return Score::default();
            }
            let common = common_length(&a, &b) as f64;
            Score::new(common / b.len() as f64, common / a.len() as f64)
        }
        Kind::LSum => union(&sentences(reference, stem), &sentences(prediction, stem)),
    }
}

/// The length of the longest common subsequence, 64 tokens of `a` at a time (Hyyrö 2004).
fn common_length(a: &[String], b: &[String]) -> usize {
    let words = a.len().div_ceil(64);
    let mut places: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for (i, token) in a.iter().enumerate() {
        places.entry(token).or_insert_with(|| vec![0; words])[i / 64] |= 1 << (i % 64);
    }
    // Bit i is clear where the sequence grows at token i.
    let mut row = vec![u64::MAX; words];
    for token in b {
        let Some(mask) = places.get(token.as_str()) else { continue };
        let mut carry = 0;
        for (v, m) in row.iter_mut().zip(mask) {
            let u = *v & m;
            let (sum, over) = v.overflowing_add(u);
            let (sum, again) = sum.overflowing_add(carry);
            carry = u64::from(over || again);
            *v = sum | (*v & !m);
        }
    }
    let spare = words * 64 - a.len();
    row.iter().map(|v| v.count_zeros() as usize).sum::<usize>() - clear_beyond(&row, spare)
}

/// Clear bits past the last token; they do not count.
fn clear_beyond(row: &[u64], spare: usize) -> usize {
    match (row.last(), spare) {
        (Some(last), 1..) => (!last >> (64 - spare)).count_ones() as usize,
        _ => 0,
    }
}

/// The most cells of a table of subsequences.
const MOST_CELLS: usize = 1 << 28;

/// Lengths of the longest common subsequences of all beginnings.
struct Lcs {
    width: usize,
    cells: Vec<u32>,
}

impl Lcs {
    fn of(a: &[String], b: &[String]) -> Lcs {
        let width = b.len() + 1;
        let mut cells = vec![0_u32; (a.len() + 1) * width];
        for (i, x) in a.iter().enumerate() {
            for (j, y) in b.iter().enumerate() {
                let at = (i + 1) * width + j + 1;
                cells[at] = if x == y { cells[at - width - 1] + 1 } else { cells[at - width].max(cells[at - 1]) };
            }
        }
        Lcs { width, cells }
    }

    /// Marks the places in `a` of one longest common subsequence: the one that prefers steps up in `a`.
    fn mark(&self, a: &[String], b: &[String], marked: &mut [bool]) {
        let (mut i, mut j) = (a.len(), b.len());
        while i > 0 && j > 0 {
            if a[i - 1] == b[j - 1] {
                marked[i - 1] = true;
                (i, j) = (i - 1, j - 1);
            } else if self.cells[i * self.width + j - 1] > self.cells[(i - 1) * self.width + j] {
                j -= 1;
            } else {
                i -= 1;
            }
        }
    }
}

/// Each reference sentence against all sentences of the prediction; no token counts twice.
fn union(reference: &[Vec<String>], prediction: &[Vec<String>]) -> Score {
    let length = |s: &[Vec<String>]| s.iter().map(Vec::len).sum::<usize>();
    let (m, n) = (length(reference), length(prediction));
    if m == 0 || n == 0 {
        return Score::default();
    }
    let counted = |sentences: &[Vec<String>]| {
        let mut out: BTreeMap<String, usize> = BTreeMap::new();
        sentences.iter().flatten().for_each(|t| *out.entry(t.clone()).or_insert(0) += 1);
        out
    };
    let (mut of_reference, mut of_prediction) = (counted(reference), counted(prediction));
    let mut hits = 0;
    for sentence in reference {
        let mut marked = vec![false; sentence.len()];
        prediction.iter().for_each(|other| Lcs::of(sentence, other).mark(sentence, other, &mut marked));
        for token in sentence.iter().zip(&marked).filter(|t| *t.1).map(|t| t.0) {
            let left = (of_prediction.get_mut(token), of_reference.get_mut(token));
            if let (Some(a @ 1..), Some(b @ 1..)) = left {
                hits += 1;
                *a -= 1;
                *b -= 1;
            }
        }
    }
    Score::new(hits as f64 / n as f64, hits as f64 / m as f64)
}

/// The score against the reference with the best F measure, the first among equals.
pub fn best(references: &[&str], prediction: &str, kind: Kind, stem: bool) -> Score {
    let scores = references.iter().map(|r| score(r, prediction, kind, stem));
    scores.reduce(|best, s| if s.fmeasure > best.fmeasure { s } else { best }).unwrap_or_default()
}

/// The mean F measure over rows, each against its best reference; parts `precision` and `recall`. Undefined for
/// [`Kind::LSum`] of texts whose lines are too long to compare (the product of two above 2^28 characters).
pub fn corpus(pairs: &Pairs, kind: Kind, stem: bool) -> Measured {
    let longest = |text: &str| text.lines().map(str::len).max().unwrap_or(0) / 2;
    for (row, (hypothesis, references)) in pairs.items().enumerate() {
        let other = references.iter().map(|r| longest(r)).max().unwrap_or(0);
        if kind == Kind::LSum && longest(hypothesis).saturating_mul(other) > MOST_CELLS {
            return Err(Undefined::new(format!("the lines in row {} are too long to compare", row + 1)));
        }
    }
    let scores: Vec<Score> = pairs.items().map(|(h, r)| best(r, h, kind, stem)).collect();
    let mean = |f: fn(&Score) -> f64| sum(&scores.iter().map(f).collect::<Vec<_>>()) / scores.len() as f64;
    let out = Estimate::plain(mean(|s| s.fmeasure), scores.len());
    Ok(out.with("precision", mean(|s| s.precision)).with("recall", mean(|s| s.recall)))
}

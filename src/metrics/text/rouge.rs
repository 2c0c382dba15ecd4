//! ROUGE (Lin 2004) as Google's rouge-score 0.1.2 computes it: n-grams, longest common subsequence, and its
//! union over sentences.
//!
//! Tokens are runs of a-z and 0-9 after lower-casing, so accents split words and other scripts vanish.

use super::lcs::Places;
use super::vocabulary::Vocabulary;
use super::{Pairs, grams, mean, porter};
use crate::eval::estimate::{Measured, Undefined};
use crate::metrics::checks;
use crate::metrics::inference::sum;

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

/// The tokens of a run between white space; with `stem` those longer than three characters are stemmed.
fn split(run: &str, stem: bool, out: &mut dyn FnMut(&str)) {
    let lower = run.to_lowercase();
    let pieces = lower.split(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit())).filter(|t| !t.is_empty());
    pieces.for_each(|t| if stem && t.len() > 3 { out(&porter::stem(t)) } else { out(t) });
}

/// What is compared: the tokens of each text, or of each line of each.
struct Compared<'a> {
    vocabulary: &'a mut Vocabulary,
    places: &'a mut Places,
    kind: Kind,
    stem: bool,
}

/// The tokens of a text, one list a line for [`Kind::LSum`], else one list.
type Tokens = Vec<Vec<u32>>;

impl Compared<'_> {
    fn tokens(&mut self, text: &str) -> Tokens {
        let stem = self.stem;
        let split = |run: &str, out: &mut dyn FnMut(&str)| split(run, stem, out);
        match self.kind {
            Kind::LSum => text.split('\n').map(|line| self.vocabulary.encode(line, &split)).collect(),
            _ => vec![self.vocabulary.encode(text, &split)],
        }
    }

    /// Nothing for texts too long to compare.
    fn score(&mut self, reference: &Tokens, prediction: &Tokens) -> Option<Score> {
        let length = |t: &Tokens| t.iter().map(Vec::len).sum::<usize>();
        let (m, n) = (length(reference), length(prediction));
        if m == 0 || n == 0 {
            return Some(Score::default());
        }
        let (a, b) = (&reference[0], &prediction[0]);
        Some(match self.kind {
            Kind::N(n) => {
                let shared = grams::shared(a, &[b], n)[n - 1] as f64;
                let count = |t: &[u32]| (t.len() + 1).saturating_sub(n).max(1) as f64;
                Score::new(shared / count(b), shared / count(a))
            }
            // One line against one: no token can count twice.
            Kind::L | Kind::LSum if reference.len() == 1 && prediction.len() == 1 => {
                let common = self.places.length(a, b) as f64;
                Score::new(common / n as f64, common / m as f64)
            }
            Kind::L | Kind::LSum => {
                let longest = |t: &Tokens| t.iter().map(Vec::len).max().unwrap_or(0);
                let words: usize = reference.iter().map(|line| line.len().div_ceil(64)).sum();
                if longest(reference).saturating_mul(longest(prediction)) > MOST_CELLS
                    || words.saturating_mul(n + prediction.len()) > MOST_WORDS
                {
                    return None;
                }
                let hits = self.union(reference, prediction) as f64;
                Score::new(hits / n as f64, hits / m as f64)
            }
        })
    }

    /// Tokens of the reference in the union, over the lines of the prediction, of the longest common
    /// subsequences of each line of the reference; no token counts twice.
    fn union(&mut self, reference: &Tokens, prediction: &Tokens) -> usize {
        let largest = reference.iter().chain(prediction).flatten().max().map_or(0, |m| *m as usize + 1);
        let counted = |lines: &Tokens| {
            let mut out = vec![0_u32; largest];
            lines.iter().flatten().for_each(|t| out[*t as usize] += 1);
            out
        };
        let (mut of_reference, mut of_prediction) = (counted(reference), counted(prediction));
        let mut hits = 0;
        let mut marked = Vec::new();
        for line in reference {
            marked.clear();
            marked.resize(line.len(), false);
            self.places.mark(line, prediction, &mut marked);
            for token in line.iter().zip(&marked).filter(|t| *t.1).map(|t| *t.0 as usize) {
                if of_prediction[token] > 0 && of_reference[token] > 0 {
                    hits += 1;
                    of_prediction[token] -= 1;
                    of_reference[token] -= 1;
                }
            }
        }
        hits
    }

    /// The score against the reference with the best F measure, the first among equals.
    fn best(&mut self, references: &[&str], prediction: &str) -> Option<Score> {
        let prediction = self.tokens(prediction);
        let mut best: Option<Score> = None;
        for reference in references {
            let reference = self.tokens(reference);
            let score = self.score(&reference, &prediction)?;
            if best.is_none_or(|b| score.fmeasure > b.fmeasure) {
                best = Some(score);
            }
        }
        best
    }
}

/// The most pairs of places of two lines that a walk back looks at, and the most words of 64 places that all lines of
/// two texts may take.
const MOST_CELLS: usize = 1 << 32;
const MOST_WORDS: usize = 1 << 33;

/// The mean F measure over rows, each against its best reference; parts `precision` and `recall`. Undefined for
/// [`Kind::LSum`] of texts whose lines are too long to compare: two lines of more than 65,000 tokens each, or more than
/// some ten thousand lines each.
pub fn corpus(pairs: &Pairs, kind: Kind, stem: bool) -> Measured {
    let scores = pairs.each(|vocabulary, places, h, r| Compared { vocabulary, places, kind, stem }.best(r, h));
    if let Some(row) = scores.iter().position(Option::is_none) {
        return Err(Undefined::new(format!("the lines in row {} are too long to compare", row + 1)));
    }
    let scores: Vec<Score> = scores.into_iter().flatten().collect();
    let of = |f: fn(&Score) -> f64| scores.iter().map(f).collect::<Vec<f64>>();
    let out = mean(&of(|s| s.fmeasure), pairs.seed);
    let part = |f| sum(&of(f)) / scores.len() as f64;
    Ok(out.with("precision", part(|s| s.precision)).with("recall", part(|s| s.recall)))
}

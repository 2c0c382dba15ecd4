//! Metrics of generated text against references: BLEU, chrF, TER, ROUGE, exact match, token F1, edit
//! distance, numbers and units.
//!
//! Scores equal those of the reference implementations to the last bit, quirks of their tokenizers
//! included; each file says which implementation it follows.

pub mod bleu;
pub mod chrf;
mod grams;
pub mod grounding;
mod lcs;
mod levenshtein;
pub mod matching;
pub mod porter;
pub mod rouge;
mod shifts;
pub mod ter;
pub mod tokenize;
mod vocabulary;

use crate::eval::estimate::{Estimate, Interval, Undefined};
use crate::metrics::checks;
use crate::metrics::inference::{percentile_interval, sum};
use crate::metrics::resampling::{REPLICATES, bootstrap_rows};
use rayon::prelude::*;
use vocabulary::Vocabulary;

/// The sacreBLEU release whose numbers these equal; part of every signature.
const SACREBLEU: &str = "2.6.0";

/// Texts with their references, one list of references an item, absent ones left out.
pub struct Pairs<'a> {
    pub hypotheses: Vec<&'a str>,
    pub references: Vec<Vec<&'a str>>,
    /// Seed and level of the interval, where one is wanted.
    pub seed: Option<(u64, f64)>,
}

impl<'a> Pairs<'a> {
    /// From columns: one of texts, some of references with gaps. Undefined for no rows, columns of other
    /// lengths and an item without any reference.
    pub fn new(hypotheses: Vec<&'a str>, columns: &[Vec<Option<&'a str>>]) -> Result<Self, Undefined> {
        checks::not_empty(hypotheses.len())?;
        for column in columns {
            checks::same_length(("texts", hypotheses.len()), ("references", column.len()))?;
        }
        let of = |row: usize| columns.iter().filter_map(|c| c.get(row).copied().flatten()).collect::<Vec<_>>();
        let references: Vec<Vec<&str>> = (0..hypotheses.len()).map(of).collect();
        match references.iter().position(Vec::is_empty) {
            Some(row) => Err(Undefined::new(format!("the text in row {} has no reference", row + 1))),
            None => Ok(Pairs { hypotheses, references, seed: None }),
        }
    }

    /// What `work` makes of each text and its references, in their order, on all cores. Rows that one core does
    /// one after the other share a vocabulary and room to work in.
    fn each<S: Default, T: Send>(&self, work: impl Fn(&mut Vocabulary, &mut S, &str, &[&str]) -> T + Sync) -> Vec<T> {
        let size = self.hypotheses.len().div_ceil(4 * rayon::current_num_threads()).clamp(1, 4096);
        let parts = self.hypotheses.par_chunks(size).zip(self.references.par_chunks(size));
        let part = |(texts, references): (&[&str], &[Vec<&str>])| {
            let (mut vocabulary, mut room) = (Vocabulary::default(), S::default());
            let one = |(text, references): (&&str, &Vec<&str>)| {
                vocabulary.renew();
                work(&mut vocabulary, &mut room, text, references)
            };
            texts.iter().zip(references).map(one).collect::<Vec<T>>()
        };
        parts.flat_map_iter(part).collect()
    }

    /// The interval of a figure of rows; see [`interval`].
    fn interval(&self, figure: impl Fn(&[u32]) -> f64 + Sync) -> Option<Interval> {
        interval(self.hypotheses.len(), self.seed, figure)
    }

    /// The number of references for a signature: one number, or `var`.
    fn reference_count(&self) -> String {
        let first = self.references.first().map_or(0, Vec::len);
        if self.references.iter().all(|r| r.len() == first) { first.to_string() } else { "var".into() }
    }
}

/// The percentile bootstrap over rows, where there are seed and level and more than one row: the bits that scoring resampled
/// texts would give, from counts or scores that were made once.
fn interval(rows: usize, asked: Option<(u64, f64)>, figure: impl Fn(&[u32]) -> f64 + Sync) -> Option<Interval> {
    let (seed, level) = asked.filter(|_| rows > 1)?;
    percentile_interval(&bootstrap_rows(rows, REPLICATES, seed, figure), level)
}

/// The mean of scores of rows, with its interval.
fn mean(scores: &[f64], asked: Option<(u64, f64)>) -> Estimate {
    let over = |drawn: &[u32]| {
        let drawn: Vec<f64> = drawn.iter().filter_map(|&row| scores.get(row as usize)).copied().collect();
        sum(&drawn) / drawn.len() as f64
    };
    let interval = interval(scores.len(), asked, over);
    Estimate { interval, ..Estimate::plain(sum(scores) / scores.len() as f64, scores.len()) }
}

#[cfg(test)]
mod tests;

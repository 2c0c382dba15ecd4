//! Metrics of generated text against references: BLEU, chrF, TER, ROUGE, exact match, token F1, edit
//! distance, numbers and units.
//!
//! Scores equal those of the reference implementations to the last bit, quirks of their tokenizers
//! included; each file says which implementation it follows.

pub mod bleu;
pub mod chrf;
pub mod matching;
pub mod porter;
pub mod rouge;
pub mod ter;
pub mod tokenize;

use crate::eval::estimate::Undefined;
use crate::metrics::checks;
use std::collections::BTreeMap;

/// The sacreBLEU release whose numbers these equal; part of every signature.
const SACREBLEU: &str = "2.6.0";

/// White space as Python sees it: Unicode's, and the four separators from U+001C on.
fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(is_space).filter(|w| !w.is_empty())
}

/// Texts with their references, one list of references an item, absent ones left out.
pub struct Pairs<'a> {
    pub hypotheses: Vec<&'a str>,
    pub references: Vec<Vec<&'a str>>,
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
            None => Ok(Pairs { hypotheses, references }),
        }
    }

    fn items(&self) -> impl Iterator<Item = (&'a str, &Vec<&'a str>)> {
        self.hypotheses.iter().copied().zip(&self.references)
    }

    /// The number of references for a signature: one number, or `var`.
    fn reference_count(&self) -> String {
        let first = self.references.first().map_or(0, Vec::len);
        if self.references.iter().all(|r| r.len() == first) { first.to_string() } else { "var".into() }
    }
}

/// How often each run of `n` items occurs.
fn grams<T: Ord>(items: &[T], n: usize) -> BTreeMap<&[T], usize> {
    let mut out = BTreeMap::new();
    if n > 0 {
        items.windows(n).for_each(|w| *out.entry(w).or_insert(0) += 1);
    }
    out
}

/// Runs that both have, each as often as the rarer side has it.
fn overlap<T: Ord>(a: &BTreeMap<&[T], usize>, b: &BTreeMap<&[T], usize>) -> usize {
    a.iter().map(|(gram, n)| b.get(gram).map_or(0, |m| *n.min(m))).sum()
}

#[cfg(test)]
mod tests;

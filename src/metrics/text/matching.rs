//! Exact match and token F1 of short answers, and edit distance.

use super::levenshtein::edit_distance;
use super::mean;
use super::vocabulary::words;
use crate::eval::estimate::{Estimate, Measured, Undefined};
use crate::metrics::checks;
use crate::metrics::inference::wilson;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// The text as SQuAD's evaluation compares it (Rajpurkar et al. 2016): lower case, no ASCII punctuation, no
/// English articles, single blanks.
pub fn normalized(text: &str) -> String {
    let plain: String = text.to_lowercase().chars().filter(|c| !c.is_ascii_punctuation()).collect();
    let kept: Vec<&str> = words(&plain).filter(|w| !matches!(*w, "a" | "an" | "the")).collect();
    kept.join(" ")
}

/// The share of rows whose text equals the reference, as it stands or normalised.
pub fn exact(texts: &[&str], references: &[&str], normalise: bool, level: f64) -> Measured {
    checks::same_length(("texts", texts.len()), ("references", references.len()))?;
    checks::not_empty(texts.len())?;
    let same = |(a, b): &(&&str, &&str)| if normalise { normalized(a) == normalized(b) } else { a == b };
    let hits = texts.par_iter().zip(references).filter(same).count();
    let n = texts.len();
    Ok(Estimate { interval: wilson(hits as u64, n as u64, level), ..Estimate::plain(hits as f64 / n as f64, n) })
}

/// The harmonic mean of the shares of tokens that both have; two empty texts agree.
pub fn f1(text: &str, reference: &str) -> f64 {
    let (a, b) = (normalized(text), normalized(reference));
    let (a, b): (Vec<&str>, Vec<&str>) = (words(&a).collect(), words(&b).collect());
    if a.is_empty() || b.is_empty() {
        return f64::from(u8::from(a.is_empty() && b.is_empty()));
    }
    let mut left: BTreeMap<&str, usize> = BTreeMap::new();
    b.iter().for_each(|t| *left.entry(t).or_insert(0) += 1);
    let mut shared = 0;
    for token in &a {
        if let Some(n @ 1..) = left.get_mut(token) {
            *n -= 1;
            shared += 1;
        }
    }
    2.0 * shared as f64 / (a.len() + b.len()) as f64
}

/// The mean token F1 over rows.
pub fn token_f1(texts: &[&str], references: &[&str], seed: Option<(u64, f64)>) -> Measured {
    checks::same_length(("texts", texts.len()), ("references", references.len()))?;
    checks::not_empty(texts.len())?;
    Ok(mean(&texts.par_iter().zip(references).map(|(a, b)| f1(a, b)).collect::<Vec<f64>>(), seed))
}

/// The most pairs of characters that one comparison looks at: some seconds.
pub const MOST_CELLS: usize = 100_000_000_000;

/// The mean edit distance over rows, in characters or as a share of the longer text.
pub fn mean_edit_distance(texts: &[&str], references: &[&str], relative: bool, seed: Option<(u64, f64)>) -> Measured {
    checks::same_length(("texts", texts.len()), ("references", references.len()))?;
    checks::not_empty(texts.len())?;
    let cost = |(a, b): (&&str, &&str)| a.len().saturating_mul(b.len());
    if let Some(row) = texts.iter().zip(references).position(|pair| cost(pair) > MOST_CELLS) {
        return Err(Undefined::new(format!("the texts in row {} are too long to compare", row + 1)));
    }
    let of = |(a, b): (&&str, &&str)| {
        let distance = edit_distance(a, b) as f64;
        let longer = a.chars().count().max(b.chars().count()).max(1) as f64;
        if relative { distance / longer } else { distance }
    };
    Ok(mean(&texts.par_iter().zip(references).map(of).collect::<Vec<f64>>(), seed))
}

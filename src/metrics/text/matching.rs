//! Exact match and token F1 of short answers, edit distance, and whether numbers with their units are
//! grounded in a source.

use super::words;
use crate::eval::estimate::{Estimate, Measured, Undefined};
use crate::metrics::checks;
use crate::metrics::inference::{LEVEL, sum, wilson};
use std::collections::BTreeMap;

/// The text as SQuAD's evaluation compares it (Rajpurkar et al. 2016): lower case, no ASCII punctuation, no
/// English articles, single blanks.
pub fn normalized(text: &str) -> String {
    let plain: String = text.to_lowercase().chars().filter(|c| !c.is_ascii_punctuation()).collect();
    let kept: Vec<&str> = words(&plain).filter(|w| !matches!(*w, "a" | "an" | "the")).collect();
    kept.join(" ")
}

/// The share of rows whose text equals the reference, as it stands or normalised.
pub fn exact(texts: &[&str], references: &[&str], normalise: bool) -> Measured {
    checks::same_length(("texts", texts.len()), ("references", references.len()))?;
    checks::not_empty(texts.len())?;
    let same = |(a, b): &(&&str, &&str)| if normalise { normalized(a) == normalized(b) } else { a == b };
    let hits = texts.iter().zip(references).filter(same).count();
    let n = texts.len();
    Ok(Estimate { interval: wilson(hits as u64, n as u64, LEVEL), ..Estimate::plain(hits as f64 / n as f64, n) })
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
pub fn token_f1(texts: &[&str], references: &[&str]) -> Measured {
    checks::same_length(("texts", texts.len()), ("references", references.len()))?;
    checks::not_empty(texts.len())?;
    let scores: Vec<f64> = texts.iter().zip(references).map(|(a, b)| f1(a, b)).collect();
    Ok(Estimate::plain(sum(&scores) / scores.len() as f64, scores.len()))
}

/// Levenshtein's distance in characters: fewest insertions, deletions and substitutions.
pub fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let next = (corner + usize::from(x != *y)).min(row[j] + 1).min(row[j + 1] + 1);
            corner = row[j + 1];
            row[j + 1] = next;
        }
    }
    row.last().copied().unwrap_or(0)
}

/// The most pairs of characters that one comparison looks at.
pub const MOST_CELLS: usize = 4_000_000_000;

/// The mean edit distance over rows, in characters or as a share of the longer text.
pub fn mean_edit_distance(texts: &[&str], references: &[&str], relative: bool) -> Measured {
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
    let all: Vec<f64> = texts.iter().zip(references).map(of).collect();
    Ok(Estimate::plain(sum(&all) / all.len() as f64, all.len()))
}

/// A number with the unit that follows it, as written.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantity {
    pub value: f64,
    /// Lower case, without blanks; empty for a bare number.
    pub unit: String,
}

/// The numbers in a text. `1,000` is one thousand; a range `5-6` is two numbers; a unit is what follows
/// without white space or after one blank, when it starts with a letter, `%`, `µ` or `°`, and is a known
/// clinical unit or is written without blank.
pub fn quantities(text: &str) -> Vec<Quantity> {
    let chars: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let mut i = 0;
    while i < chars.len() {
        let inside_word = i > 0 && chars[i - 1].is_alphanumeric();
        if !chars[i].is_ascii_digit() || inside_word {
            i += 1;
            continue;
        }
        let mut digits = String::new();
        let mut point = false;
        while i < chars.len() {
            let next_digit = chars.get(i + 1).is_some_and(char::is_ascii_digit);
            match chars[i] {
                c if c.is_ascii_digit() => digits.push(c),
                '.' if !point && next_digit => {
                    point = true;
                    digits.push('.');
                }
                ',' if !point && groups_of_three(&chars[i + 1..]) => {}
                _ => break,
            }
            i += 1;
        }
        let blank = usize::from(chars.get(i) == Some(&' '));
        let unit: String = chars[(i + blank).min(chars.len())..]
            .iter()
            .take_while(|c| c.is_alphabetic() || matches!(c, '%' | '/' | '°' | 'µ' | '²' | '³'))
            .collect::<String>()
            .trim_end_matches('/')
            .to_lowercase();
        let known = blank == 0 || UNITS.contains(&unit.as_str()) || unit.contains('/') && !unit.starts_with('/');
        if let Ok(value) = digits.parse() {
            out.push(Quantity { value, unit: if known { unit } else { String::new() } });
        }
    }
    out
}

fn groups_of_three(rest: &[char]) -> bool {
    rest.len() >= 3 && rest[..3].iter().all(char::is_ascii_digit) && !rest.get(3).is_some_and(char::is_ascii_digit)
}

const UNITS: &[&str] = &[
    "%", "mg", "g", "kg", "µg", "μg", "mcg", "ng", "ml", "l", "dl", "mmol", "µmol", "mol", "meq", "iu", "u", "mmhg",
    "cm", "mm", "m", "h", "hr", "hrs", "hours", "min", "s", "days", "weeks", "months", "years", "bpm", "°c", "°f",
    "kcal",
];

/// The share of the numbers in the texts that their source also has, with the same unit where both name
/// one. Undefined when no text has a number. Parts: `numbers`, `grounded`.
pub fn numbers_grounded(texts: &[&str], sources: &[&str]) -> Measured {
    checks::same_length(("texts", texts.len()), ("sources", sources.len()))?;
    checks::not_empty(texts.len())?;
    let (mut all, mut grounded) = (0_u64, 0_u64);
    for (text, source) in texts.iter().zip(sources) {
        let known = quantities(source);
        for q in quantities(text) {
            let unit = |k: &Quantity| k.unit == q.unit || k.unit.is_empty() || q.unit.is_empty();
            all += 1;
            grounded += u64::from(known.iter().any(|k| k.value == q.value && unit(k)));
        }
    }
    if all == 0 {
        return Err(Undefined::new("no text has a number"));
    }
    let out = Estimate::plain(grounded as f64 / all as f64, texts.len());
    Ok(out.with("numbers", all as f64).with("grounded", grounded as f64))
}

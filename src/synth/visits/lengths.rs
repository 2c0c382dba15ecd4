//! Moves the scores of the two marks that end visits and records until drawn records are as long as those learned.
//!
//! A transformer that guesses each next token well still writes records of another length than those it read: small
//! errors at the ends of visits add up over a record that it writes itself, and late places are learned from the few
//! records that are long. Two numbers are fitted by drawing, one a mark: the mean of visits a record and of codes a
//! visit come out as they were learned, and everything else is drawn as the network has it.

use super::draw::{Endless, Lean, Sampler};
use super::tokens::{Token, Tokens};
use crate::synth::SynthError;

/// Records drawn a round.
const DRAWN: usize = 1_024;
/// Rounds at most: the two leans depend on one another, and each round leaves a third of what is missing.
const ROUNDS: usize = 8;
/// Leans that move by less are left alone.
const STILL: f32 = 0.01;
/// Largest lean either way, seven times the odds: beyond it the network is wrong about more than lengths.
const MOST: f32 = 2.0;

/// Mean lengths.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lengths {
    /// Visits a record.
    pub visits: f64,
    /// Codes a visit.
    pub codes: f64,
}

impl Lengths {
    /// Of sentences; none without a visit.
    pub fn of(tokens: &Tokens, sentences: &[Vec<u32>]) -> Option<Lengths> {
        let count =
            |is: &dyn Fn(Token) -> bool| sentences.iter().flatten().filter(|t| is(tokens.token(**t))).count() as f64;
        let (visits, codes) = (count(&|t| t == Token::EndVisit), count(&|t| matches!(t, Token::Code(_))));
        (visits > 0.0).then(|| Lengths { visits: visits / sentences.len() as f64, codes: codes / visits })
    }

    /// Expected of endless records that end by their odds, moved by `lean`.
    fn expected(records: &[Endless], lean: f32) -> Lengths {
        let factor = f64::from(lean).exp();
        let (mut visits, mut codes) = (0.0, 0.0);
        for Endless { record, odds } in records {
            // The first visit is always there; each later one if the record does not end before.
            let mut chance = 1.0;
            let mut odds = odds.iter();
            for visit in &record.visits {
                visits += chance;
                codes += chance * visit.len() as f64;
                chance /= odds.next().map_or(f64::INFINITY, |o| 1.0 + o * factor);
            }
        }
        Lengths { visits: visits / records.len() as f64, codes: codes / visits }
    }
}

/// The leans with which `sampler`, which has none, draws records of mean lengths `learned`. Draws with streams of its
/// own. [`SynthError::Cancelled`] when `cancelled` says so between rounds.
pub fn fitted(
    sampler: &Sampler,
    learned: Lengths,
    seed: u64,
    cancelled: &dyn Fn() -> bool,
) -> Result<Lean, SynthError> {
    let mut lean = Lean::default();
    for round in 1..=ROUNDS {
        if cancelled() {
            return Err(SynthError::Cancelled { epoch: 0 });
        }
        let drawn = Sampler { lean, ..*sampler }.endless(DRAWN, seed)?;
        let record = end_record(&drawn, learned.visits, lean.end_record);
        let found = Lengths::expected(&drawn, record);
        lean.end_record += record;
        // Codes after the first of a visit are as many as the odds of going on, nearly.
        let visit = ((found.codes - 1.0) / (learned.codes - 1.0)).ln() as f32;
        let to = (lean.end_visit + if visit.is_finite() { visit } else { 0.0 }).clamp(-MOST, MOST);
        if round == ROUNDS || (to - lean.end_visit).abs() < STILL {
            break;
        }
        lean.end_visit = to;
    }
    Ok(lean)
}

/// How far the lean on the end of records has to move from `now` for so many visits a record: fewer the higher it is.
fn end_record(records: &[Endless], visits: f64, now: f32) -> f32 {
    let (mut low, mut high) = (-MOST - now, MOST - now);
    for _ in 0..24 {
        let middle = f32::midpoint(low, high);
        if Lengths::expected(records, middle).visits > visits {
            low = middle;
        } else {
            high = middle;
        }
    }
    f32::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::super::Record;
    use super::*;

    #[test]
    fn lengths_are_counted_in_sentences() {
        let tokens = Tokens { codes: 6, labels: vec![(2, false)] };
        let record = |visits: Vec<Vec<u32>>| Record { labels: vec![Some(1)], visits };
        let some = [record(vec![vec![3, 0], vec![5]]), record(vec![vec![1, 2, 3]])];
        let sentences: Vec<Vec<u32>> = some.iter().filter_map(|r| tokens.sentence(r, 40)).collect();
        assert_eq!(Lengths::of(&tokens, &sentences), Some(Lengths { visits: 1.5, codes: 2.0 }));
        assert_eq!(Lengths::of(&tokens, &[]), None);
    }

    #[test]
    fn the_expected_length_is_that_of_a_record_that_ends_by_its_odds() {
        // Even odds at every end: 1 + 1/2 + 1/4, of which the last visit has three codes.
        let endless = Endless {
            record: Record { labels: Vec::new(), visits: vec![vec![0], vec![0], vec![0, 1, 2]] },
            odds: vec![1.0, 1.0],
        };
        let found = Lengths::expected(std::slice::from_ref(&endless), 0.0);
        assert_eq!(found, Lengths { visits: 1.75, codes: 2.25 / 1.75 });
        // Odds of 1/2 at both: 1 + 2/3 + 4/9.
        let lean = end_record(std::slice::from_ref(&endless), 1.0 + 2.0 / 3.0 + 4.0 / 9.0, 0.0);
        assert!((f64::from(lean) - 0.5_f64.ln()).abs() < 1e-5, "{lean}");
        // Further than three visits it cannot go, and leans as far as it may.
        assert!((end_record(&[endless], 5.0, 0.5) + MOST + 0.5).abs() < 1e-5);
    }
}

//! The combinations of categories that real rows have, as a deck of cards: one a row.
//!
//! discGAN generates a number and copies everything else. What is dealt here are therefore real
//! combinations, rare ones included. Knows codes; no networks.

use std::collections::BTreeMap;

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::super::{Given, SynthError};
use crate::data::frame::{Frame, FrameKind};
use crate::data::matrix::HostMatrix;

/// More one-hot slots than this are an identifier, not a condition.
const MOST_SLOTS: usize = 10_000;

/// One column of the condition.
#[derive(Debug, Clone, PartialEq)]
pub struct Suit {
    pub name: String,
    pub levels: Vec<String>,
    /// First of its slots in a condition.
    pub start: usize,
    /// Slots: one a level, and one for missing cells where the data has any.
    pub entries: usize,
}

/// Distinct combinations and how many rows have each.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Deck {
    pub suits: Vec<Suit>,
    /// Entries by suit, of each combination, in ascending order.
    pub cards: Vec<Vec<usize>>,
    pub counts: Vec<usize>,
    /// Slots of a condition.
    pub width: usize,
}

impl Deck {
    /// The deck of the category columns of `frame`, and the card of each row. With `holes`, whether the
    /// number is missing is part of a combination, so that this is copied as well.
    pub fn of(frame: &Frame, number: &str, holes: bool) -> Result<(Deck, Vec<usize>), SynthError> {
        let mut deck = Deck::default();
        let mut columns: Vec<Vec<usize>> = Vec::new();
        for column in &frame.columns {
            let FrameKind::Category { levels } = &column.kind else { continue };
            let entry = |x: &f64| if x.is_nan() { levels.len() } else { *x as usize };
            let entries = column.values.iter().map(entry).max().map_or(1, |most| levels.len().max(most + 1));
            if entries > levels.len() + 1 {
                return Err(SynthError::Unsupported(format!(
                    "column {} holds a code of none of its levels",
                    column.name
                )));
            }
            deck.add(&column.name, levels.clone(), entries);
            columns.push(column.values.iter().map(entry).collect());
        }
        if let Some(column) = frame.column(number).filter(|_| holes) {
            deck.add(number, Vec::new(), 2);
            columns.push(column.values.iter().map(|x| usize::from(!x.is_finite())).collect());
        }
        if deck.width > MOST_SLOTS {
            return Err(SynthError::Unsupported(format!(
                "the categories have {} levels together, more than the {MOST_SLOTS} a condition can hold; leave out \
                 identifiers, or group levels",
                deck.width
            )));
        }
        let rows: Vec<Vec<usize>> =
            (0..frame.rows).map(|r| columns.iter().map(|c| c.get(r).copied().unwrap_or(0)).collect()).collect();
        let mut counted: BTreeMap<&Vec<usize>, usize> = BTreeMap::new();
        for row in &rows {
            *counted.entry(row).or_default() += 1;
        }
        let card: BTreeMap<&Vec<usize>, usize> = counted.keys().enumerate().map(|(i, k)| (*k, i)).collect();
        let of_row = rows.iter().filter_map(|r| card.get(r).copied()).collect();
        deck.counts = counted.values().copied().collect();
        deck.cards = counted.into_keys().cloned().collect();
        Ok((deck, of_row))
    }

    fn add(&mut self, name: &str, levels: Vec<String>, entries: usize) {
        self.suits.push(Suit { name: name.to_string(), levels, start: self.width, entries });
        self.width += entries;
    }

    /// Rows that the deck was made of.
    pub fn rows(&self) -> usize {
        self.counts.iter().sum()
    }

    /// Combinations that one row alone has.
    pub fn singletons(&self) -> usize {
        self.counts.iter().filter(|n| **n == 1).count()
    }

    /// Adds card `card` as one-hot slots to `into`.
    pub fn write(&self, card: usize, into: &mut Vec<f32>) {
        let start = into.len();
        into.resize(start + self.width, 0.0);
        for (suit, entry) in self.suits.iter().zip(self.cards.get(card).into_iter().flatten()) {
            if let Some(slot) = into.get_mut(start + suit.start + entry) {
                *slot = 1.0;
            }
        }
    }

    /// Deals `n` cards: first those asked for, in the order of `given`, then the rest. Each hand is dealt from
    /// shuffled rows without putting any back until all are out, so that as many cards as there are rows
    /// give each combination as often as the table has it.
    pub fn deal(&self, n: usize, given: &Given, rng: &mut ChaCha8Rng) -> Result<Vec<usize>, SynthError> {
        let mut out = Vec::with_capacity(n);
        for part in &given.parts {
            if part.rows > n.saturating_sub(out.len()) {
                return Err(SynthError::Unsupported(format!(
                    "the parts ask for more than the {n} rows of the sample; ask for more rows"
                )));
            }
            let mut asked = Vec::new();
            for (name, level) in &part.levels {
                asked.push(self.find(name, *level)?);
            }
            let fits = |card: &[usize]| asked.iter().all(|(suit, entry)| card.get(*suit) == Some(entry));
            let hand: Vec<usize> =
                (0..self.cards.len()).filter(|c| self.cards.get(*c).is_some_and(|c| fits(c))).collect();
            if hand.is_empty() && part.rows > 0 {
                let words: Vec<String> = part.levels.iter().map(|(name, level)| self.word(name, *level)).collect();
                return Err(SynthError::Unsupported(format!(
                    "no row of the table has {}, and discgan copies the categories of real rows; ask for less at once, \
                     or use discgan_plus",
                    words.join(" and ")
                )));
            }
            self.hand(&hand, part.rows, rng, &mut out);
        }
        let all: Vec<usize> = (0..self.cards.len()).collect();
        let rest = n.saturating_sub(out.len());
        self.hand(&all, rest, rng, &mut out);
        Ok(out)
    }

    fn hand(&self, cards: &[usize], n: usize, rng: &mut ChaCha8Rng, out: &mut Vec<usize>) {
        let rows = |c: &usize| std::iter::repeat_n(*c, self.counts.get(*c).copied().unwrap_or(0));
        let mut stack: Vec<usize> = cards.iter().flat_map(rows).collect();
        let mut left = n;
        while left > 0 && !stack.is_empty() {
            stack.shuffle(rng);
            out.extend(stack.iter().take(left));
            left = left.saturating_sub(stack.len());
        }
    }

    fn find(&self, name: &str, level: usize) -> Result<(usize, usize), SynthError> {
        let suit = self.suits.iter().position(|s| s.name == name && !s.levels.is_empty());
        match suit.and_then(|i| Some((i, self.suits.get(i)?))) {
            Some((i, suit)) if level < suit.levels.len() => Ok((i, level)),
            Some((_, suit)) => Err(SynthError::Unsupported(format!(
                "column {name} has {} levels, so there is no level {level}",
                suit.levels.len()
            ))),
            None => {
                let names: Vec<&str> =
                    self.suits.iter().filter(|s| !s.levels.is_empty()).map(|s| s.name.as_str()).collect();
                Err(SynthError::Unsupported(format!(
                    "rows cannot be asked for by {name}, only by category: {}",
                    names.join(", ")
                )))
            }
        }
    }

    fn word(&self, name: &str, level: usize) -> String {
        let suit = self.suits.iter().find(|s| s.name == name);
        let word = suit.and_then(|s| s.levels.get(level)).map_or("missing", String::as_str);
        format!("{name} = {word}")
    }

    /// The cards as a matrix: entries by suit, then the count.
    pub fn matrix(&self) -> HostMatrix {
        let rows = self.cards.iter().zip(&self.counts);
        let values = rows.flat_map(|(card, n)| card.iter().chain([n]).map(|x| *x as f32)).collect();
        HostMatrix { rows: self.cards.len(), columns: self.suits.len() + 1, values }
    }

    /// The deck of saved suits (name, levels, entries) and cards; none when they contradict each other.
    pub fn restore(suits: Vec<(String, Vec<String>, usize)>, cards: &HostMatrix) -> Option<Deck> {
        let mut deck = Deck::default();
        for (name, levels, entries) in suits {
            deck.add(&name, levels, entries);
        }
        if cards.columns != deck.suits.len() + 1 || cards.values.len() != cards.rows * cards.columns {
            return None;
        }
        for row in cards.values.chunks_exact(cards.columns) {
            let (count, entries) = row.split_last()?;
            let card: Vec<usize> = entries.iter().map(|x| *x as usize).collect();
            if deck.suits.iter().zip(&card).any(|(s, e)| *e >= s.entries) {
                return None;
            }
            deck.cards.push(card);
            deck.counts.push(*count as usize);
        }
        (deck.rows() > 0).then_some(deck)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::encoder::tests::clinic;
    use super::*;
    use crate::nets::noise;

    #[test]
    fn as_many_cards_as_rows_are_the_rows_and_requests_are_met() {
        let mut frame = clinic(300);
        frame.columns[3].values[7] = f64::NAN;
        let (deck, of_row) = Deck::of(&frame, "cost", true).unwrap();
        assert_eq!((of_row.len(), deck.rows(), deck.width), (300, 300, 2 + 4 + 2));
        let mut rng = noise::stream(1, 1);
        let mut dealt = deck.deal(300, &Given::nothing(), &mut rng).unwrap();
        dealt.sort_unstable();
        let mut want = of_row.clone();
        want.sort_unstable();
        assert_eq!(dealt, want);
        let given = Given::nothing().and(&[("sick", 0), ("ward", 2)], 500);
        let dealt = deck.deal(600, &given, &mut rng).unwrap();
        assert!(dealt.len() == 600 && dealt[..500].iter().all(|c| deck.cards[*c][..2] == [0, 2]));
        let mut slots = Vec::new();
        deck.write(of_row[7], &mut slots);
        assert_eq!(slots[2..6], [0.0, 0.0, 0.0, 1.0], "missing is a level of its own");
        let again = Deck::restore(
            deck.suits.iter().map(|s| (s.name.clone(), s.levels.clone(), s.entries)).collect(),
            &deck.matrix(),
        );
        assert_eq!(again, Some(deck));
    }

    #[test]
    fn requests_that_no_row_meets_say_so() {
        let (deck, _) = Deck::of(&clinic(100), "cost", false).unwrap();
        let mut rng = noise::stream(1, 1);
        let mut text = |given: Given| deck.deal(10, &given, &mut rng).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(text(Given::nothing().and(&[("ward", 1)], 4)).contains("no row of the table has ward = closed"));
        assert!(text(Given::nothing().and(&[("age", 1)], 4)).contains("by category: sick, ward"));
        assert!(text(Given::nothing().and(&[("sick", 4)], 4)).contains("2 levels"));
        assert!(text(Given::nothing().and(&[("sick", 1)], 40)).contains("more than the 10 rows"));
    }
}

//! A record as a sentence: `start labels end_label (code+ end_visit)+ end_record`.
//!
//! The tokens are the codes, then the levels of each label, then five marks. [`Grammar`] says token by token what may
//! come next, so that whatever is sampled is a record: labels in their order and once each, no empty visit, no code
//! twice in a visit, room left to end. Knows numbers, no names.

use serde::{Deserialize, Serialize};

use super::{Label, Record};

/// The shortest sentence without labels: start, end of labels, one code, end of visit, end of record.
const SHORTEST: usize = 5;

/// The vocabulary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    pub codes: u32,
    /// Levels of each label, and whether it may be left out.
    pub labels: Vec<(u32, bool)>,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    Code(u32),
    /// A label and its level.
    Label(usize, u32),
    Start,
    EndLabel,
    EndVisit,
    EndRecord,
    Pad,
}

impl Tokens {
    /// The vocabulary of so many codes and these labels.
    pub fn new(codes: usize, labels: &[Label]) -> Tokens {
        Tokens { codes: codes as u32, labels: labels.iter().map(|l| (l.levels.len() as u32, l.optional)).collect() }
    }

    fn marks(&self) -> u32 {
        self.codes + self.labels.iter().map(|l| l.0).sum::<u32>()
    }

    /// Tokens there are.
    pub fn len(&self) -> usize {
        self.marks() as usize + 5
    }

    /// Never: the marks are always there.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The number of a token.
    pub fn number(&self, token: Token) -> u32 {
        match token {
            Token::Code(code) => code,
            Token::Label(label, level) => self.codes + self.labels.iter().take(label).map(|l| l.0).sum::<u32>() + level,
            Token::Start => self.marks(),
            Token::EndLabel => self.marks() + 1,
            Token::EndVisit => self.marks() + 2,
            Token::EndRecord => self.marks() + 3,
            Token::Pad => self.marks() + 4,
        }
    }

    /// The token of a number; padding for numbers past the end.
    pub fn token(&self, number: u32) -> Token {
        if number < self.codes {
            return Token::Code(number);
        }
        let mut left = number - self.codes;
        for (at, (levels, _)) in self.labels.iter().enumerate() {
            if left < *levels {
                return Token::Label(at, left);
            }
            left -= levels;
        }
        match left {
            0 => Token::Start,
            1 => Token::EndLabel,
            2 => Token::EndVisit,
            3 => Token::EndRecord,
            _ => Token::Pad,
        }
    }

    /// The shortest sentence there is.
    pub fn shortest(&self) -> usize {
        SHORTEST + self.labels.len()
    }

    /// Tokens of a record's sentence.
    pub fn length(&self, record: &Record) -> usize {
        let labels = record.labels.iter().flatten().count();
        3 + labels + record.visits.iter().filter(|v| !v.is_empty()).map(|v| v.len() + 1).sum::<usize>()
    }

    /// The sentence of a record. Visits that do not fit into `context` tokens any more are left out, and with them all
    /// later ones; of a first visit that does not fit, as many codes as do. None for a record without codes.
    pub fn sentence(&self, record: &Record, context: usize) -> Option<Vec<u32>> {
        let mut out = vec![self.number(Token::Start)];
        let known = record.labels.iter().take(self.labels.len()).enumerate();
        out.extend(known.filter_map(|(at, level)| Some(self.number(Token::Label(at, (*level)?)))));
        out.push(self.number(Token::EndLabel));
        let before = out.len();
        for visit in record.visits.iter().filter(|v| !v.is_empty()) {
            let room = context.saturating_sub(out.len() + 2);
            if visit.len() > room && out.len() > before || room == 0 {
                break;
            }
            out.extend(visit.iter().take(room).map(|c| self.number(Token::Code(*c))));
            out.push(self.number(Token::EndVisit));
        }
        if out.len() == before {
            return None;
        }
        out.push(self.number(Token::EndRecord));
        Some(out)
    }

    /// The record of a sentence; none where it breaks the grammar or does not end.
    pub fn record(&self, sentence: &[u32]) -> Option<Record> {
        let mut grammar = Grammar::new(self, sentence.len());
        for token in sentence {
            if !grammar.may(self, *token) {
                return None;
            }
            grammar.take(self, *token);
        }
        (grammar.place == Place::Over).then_some(grammar.record)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Before,
    /// The first label that may still come.
    Labels(usize),
    /// Before the first code of a visit.
    Between,
    Inside,
    Over,
}

/// A sentence so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grammar {
    place: Place,
    /// Tokens that still fit.
    left: usize,
    record: Record,
}

impl Grammar {
    /// Before the first token of a sentence of at most `context` tokens.
    pub fn new(tokens: &Tokens, context: usize) -> Grammar {
        let record = Record { labels: vec![None; tokens.labels.len()], visits: Vec::new() };
        Grammar { place: Place::Before, left: context, record }
    }

    /// Whether the sentence has ended.
    pub fn over(&self) -> bool {
        self.place == Place::Over
    }

    /// Whether a label has its level, or can have none any more.
    pub fn said(&self, label: usize) -> bool {
        match self.place {
            Place::Before => false,
            Place::Labels(from) => label < from,
            _ => true,
        }
    }

    /// What has been said.
    pub fn record(self) -> Record {
        self.record
    }

    /// Whether `token` may come next.
    pub fn may(&self, tokens: &Tokens, token: u32) -> bool {
        // What must still come after this token for the sentence to end in time.
        match (self.place, tokens.token(token)) {
            (Place::Before, Token::Start) => true,
            (Place::Labels(from), Token::Label(at, _)) => {
                at >= from && tokens.labels.iter().take(at).skip(from).all(|l| l.1) && self.left > 4
            }
            (Place::Labels(from), Token::EndLabel) => tokens.labels.iter().skip(from).all(|l| l.1),
            (Place::Between, Token::Code(_)) => self.left > 2,
            (Place::Between, Token::EndRecord) => !self.record.visits.is_empty(),
            (Place::Inside, Token::Code(code)) => {
                self.left > 2 && self.record.visits.last().is_some_and(|v| !v.contains(&code))
            }
            (Place::Inside, Token::EndVisit) => true,
            _ => false,
        }
    }

    /// Every token that may come next, in ascending order.
    pub fn allowed(&self, tokens: &Tokens) -> Vec<u32> {
        let labels = tokens.codes..tokens.marks();
        let range = match self.place {
            Place::Between | Place::Inside => 0..tokens.codes,
            Place::Labels(_) => labels,
            Place::Before | Place::Over => 0..0,
        };
        let marks = tokens.marks()..tokens.len() as u32;
        range.chain(marks).filter(|t| self.may(tokens, *t)).collect()
    }

    /// Takes a token that may come next.
    pub fn take(&mut self, tokens: &Tokens, token: u32) {
        self.left = self.left.saturating_sub(1);
        match tokens.token(token) {
            Token::Start => self.place = Place::Labels(0),
            Token::Label(at, level) => {
                if let Some(slot) = self.record.labels.get_mut(at) {
                    *slot = Some(level);
                }
                self.place = Place::Labels(at + 1);
            }
            Token::EndLabel | Token::EndVisit => self.place = Place::Between,
            Token::Code(code) => {
                if self.place == Place::Between {
                    self.record.visits.push(Vec::new());
                }
                if let Some(visit) = self.record.visits.last_mut() {
                    visit.push(code);
                }
                self.place = Place::Inside;
            }
            Token::EndRecord | Token::Pad => self.place = Place::Over,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    fn tokens() -> Tokens {
        Tokens { codes: 6, labels: vec![(2, false), (3, true)] }
    }

    #[test]
    fn numbers_and_tokens_are_one_to_one() {
        let tokens = tokens();
        assert_eq!(tokens.len(), 16);
        for number in 0..16 {
            assert_eq!(tokens.number(tokens.token(number)), number);
        }
        assert_eq!(tokens.token(8), Token::Label(1, 0));
    }

    #[test]
    fn a_record_comes_back_from_its_sentence() {
        let tokens = tokens();
        let record = Record { labels: vec![Some(1), None], visits: vec![vec![3, 0], vec![5]] };
        let sentence = tokens.sentence(&record, 100).unwrap();
        assert_eq!(sentence, vec![11, 7, 12, 3, 0, 13, 5, 13, 14]);
        assert_eq!(sentence.len(), tokens.length(&record));
        assert_eq!(tokens.record(&sentence), Some(record.clone()));
        // Without room for the second visit, the first alone; without room for the first, a part of it.
        assert_eq!(tokens.sentence(&record, 8).unwrap().len(), 7);
        assert_eq!(tokens.sentence(&record, 6).unwrap(), vec![11, 7, 12, 3, 13, 14]);
        assert_eq!(tokens.sentence(&Record::default(), 100), None);
    }

    #[test]
    fn whatever_breaks_the_grammar_is_no_record() {
        let tokens = tokens();
        let good = [11, 7, 12, 3, 0, 13, 5, 13, 14];
        assert!(tokens.record(&good).is_some());
        let broken: [&[u32]; 9] = [
            &[11, 7, 12, 3, 0, 13, 5, 13],
            &[11, 12, 3, 13, 14],
            &[11, 7, 6, 12, 3, 13, 14],
            &[11, 7, 12, 13, 14],
            &[11, 7, 12, 14],
            &[11, 7, 12, 3, 3, 13, 14],
            &[11, 7, 12, 3, 14],
            &[11, 7, 12, 3, 13, 14, 14],
            &[7, 12, 3, 13, 14],
        ];
        for sentence in broken {
            assert_eq!(tokens.record(sentence), None, "{sentence:?}");
        }
    }

    #[test]
    fn any_walk_through_the_grammar_is_a_record_that_fits() {
        let tokens = tokens();
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        for context in 7..40 {
            for _ in 0..50 {
                let mut grammar = Grammar::new(&tokens, context);
                let mut sentence = Vec::new();
                while !grammar.over() {
                    let allowed = grammar.allowed(&tokens);
                    assert!(!allowed.is_empty(), "{sentence:?} in {context}");
                    let token = allowed[rng.random_range(0..allowed.len())];
                    grammar.take(&tokens, token);
                    sentence.push(token);
                }
                assert!(sentence.len() <= context, "{sentence:?}");
                let record = tokens.record(&sentence).unwrap();
                assert_eq!(tokens.sentence(&record, context), Some(sentence));
            }
        }
    }
}

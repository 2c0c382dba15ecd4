//! Tokens as numbers, so that comparing two is cheaper than comparing words, and white space as Python sees it.
//!
//! What a run between white space becomes is remembered: texts repeat their words.

use foldhash::fast::FixedState;
use std::collections::HashMap;

/// Distinct tokens after which a vocabulary starts anew with the next texts.
const FULL: usize = 1 << 15;

/// Numbers of tokens. They mean something within one vocabulary only, until it is [renewed](Vocabulary::renew).
#[derive(Default)]
pub struct Vocabulary {
    numbers: HashMap<Box<str>, u32, FixedState>,
    runs: HashMap<Box<str>, Run, FixedState>,
    tokens: Vec<u32>,
}

/// What a run becomes: one token, or a stretch of `tokens`.
#[derive(Clone, Copy)]
enum Run {
    One(u32),
    Several(usize, usize),
}

impl Vocabulary {
    /// Forgets everything when it has grown large. Numbers given before are void then.
    pub fn renew(&mut self) {
        if self.numbers.len() + self.runs.len() > FULL {
            *self = Vocabulary::default();
        }
    }

    /// The number of a token.
    pub fn number(&mut self, token: &str) -> u32 {
        if let Some(known) = self.numbers.get(token) {
            return *known;
        }
        let new = self.numbers.len() as u32;
        self.numbers.insert(token.into(), new);
        new
    }

    /// Adds the tokens of `run` to `out`; `split` makes them, and must make the same ones every time.
    pub fn remembered(&mut self, run: &str, split: &impl Fn(&str, &mut dyn FnMut(&str)), out: &mut Vec<u32>) {
        let known = match self.runs.get(run) {
            Some(known) => *known,
            None => self.learn(run, split),
        };
        match known {
            Run::One(token) => out.push(token),
            Run::Several(from, to) => out.extend_from_slice(&self.tokens[from..to]),
        }
    }

    #[cold]
    fn learn(&mut self, run: &str, split: &impl Fn(&str, &mut dyn FnMut(&str))) -> Run {
        let from = self.tokens.len();
        split(run, &mut |token| {
            let number = self.number(token);
            self.tokens.push(number);
        });
        let known = match self.tokens[from..] {
            [only] => Run::One(only),
            _ => Run::Several(from, self.tokens.len()),
        };
        self.runs.insert(run.into(), known);
        known
    }

    /// The tokens of a text whose runs between white space can be split one by one.
    pub fn encode(&mut self, text: &str, split: &impl Fn(&str, &mut dyn FnMut(&str))) -> Vec<u32> {
        let mut out = Vec::with_capacity(text.len() / 4);
        words(text).for_each(|run| self.remembered(run, split, &mut out));
        out
    }
}

/// White space as Python sees it: Unicode's, and the four separators from U+001C on.
pub fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// For each ASCII character whether it is white space; `OTHER` for the bytes of longer characters.
const KINDS: [u8; 256] = {
    let mut kinds = [OTHER; 256];
    let mut i = 0;
    while i < 128 {
        kinds[i] = matches!(i as u8, 9..=13 | 28..=32) as u8;
        i += 1;
    }
    kinds
};
const OTHER: u8 = 2;

/// The runs between white space.
pub fn words(text: &str) -> Words<'_> {
    Words { text, at: 0 }
}

pub struct Words<'a> {
    text: &'a str,
    at: usize,
}

impl Words<'_> {
    /// Goes on while characters are white space, or while they are not.
    fn pass(&mut self, space: bool) {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            let kind = KINDS[usize::from(*byte)];
            if kind == OTHER {
                let Some(c) = self.text[self.at..].chars().next() else { return };
                if is_space(c) != space {
                    return;
                }
                self.at += c.len_utf8();
            } else if (kind == 1) == space {
                self.at += 1;
            } else {
                return;
            }
        }
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        self.pass(true);
        let from = self.at;
        self.pass(false);
        (self.at > from).then(|| &self.text[from..self.at])
    }
}

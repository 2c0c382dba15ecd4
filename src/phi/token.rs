//! A text cut into words, numbers and marks, each word with what the lexicon knows of it.

use super::lexicon::{self, Flags};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Letters, with an apostrophe inside (`O'Brien`); the `'s` of a possessive is a word of its own.
    Word,
    /// ASCII digits only.
    Number,
    /// One other character.
    Mark,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Lower,
    /// A capital, then small letters.
    Capital,
    /// Two capitals or more and nothing else.
    Upper,
    /// One capital letter.
    Initial,
    /// A capital, then both (`McDonald`).
    Mixed,
}

#[derive(Debug, Clone, Copy)]
pub struct Token {
    /// Bytes in the text.
    pub start: usize,
    pub end: usize,
    pub flags: Flags,
    pub class: Class,
    pub shape: Shape,
    /// White space stands before it (or the text's start).
    pub gap: bool,
    /// A line break stands before it (or the text's start).
    pub line: bool,
    /// The character of an ASCII mark, 0 for others.
    pub mark: u8,
}

/// A text with its tokens.
pub struct Note<'a> {
    pub text: &'a str,
    pub tokens: Vec<Token>,
}

impl<'a> Note<'a> {
    /// One pass, linear in the text.
    pub fn new(text: &'a str) -> Self {
        let bytes = text.as_bytes();
        let mut tokens = Vec::with_capacity(text.len() / 4);
        let (mut i, mut gap, mut line) = (0, true, true);
        while let Some(&b) = bytes.get(i) {
            if b.is_ascii_whitespace() {
                gap = true;
                line |= b == b'\n' || b == b'\r';
                i += 1;
                continue;
            }
            let (class, end, shape) = if b.is_ascii_alphabetic() || b >= 0x80 {
                match word(text, i) {
                    Some((end, shape)) => (Class::Word, end, shape),
                    None => (Class::Mark, i + text[i..].chars().next().map_or(1, char::len_utf8), Shape::Lower),
                }
            } else if b.is_ascii_digit() {
                let digits = bytes[i..].iter().take_while(|b| b.is_ascii_digit()).count();
                (Class::Number, i + digits, Shape::Lower)
            } else {
                (Class::Mark, i + 1, Shape::Lower)
            };
            let slice = &text[i..end];
            if class == Class::Mark && slice.chars().all(char::is_whitespace) {
                (gap, i) = (true, end);
                continue;
            }
            let flags = if class == Class::Word { lexicon::flags(slice) } else { Flags::NONE };
            let mark = if class == Class::Mark && b < 0x80 { b } else { 0 };
            tokens.push(Token { start: i, end, flags, class, shape, gap, line, mark });
            (gap, line, i) = (false, false, end);
        }
        Note { text, tokens }
    }

    pub fn at(&self, i: usize) -> Option<&Token> {
        self.tokens.get(i)
    }

    /// The text of a token, empty beyond the end.
    pub fn str(&self, i: usize) -> &'a str {
        self.tokens.get(i).and_then(|t| self.text.get(t.start..t.end)).unwrap_or("")
    }

    /// The text from one token to another, both included.
    pub fn slice(&self, first: usize, last: usize) -> &'a str {
        match (self.tokens.get(first), self.tokens.get(last)) {
            (Some(a), Some(b)) => self.text.get(a.start..b.end).unwrap_or(""),
            _ => "",
        }
    }

    pub fn mark(&self, i: usize, mark: u8) -> bool {
        self.tokens.get(i).is_some_and(|t| t.mark == mark)
    }

    /// Whether token `i` follows the one before without white space.
    pub fn glued(&self, i: usize) -> bool {
        i > 0 && self.tokens.get(i).is_some_and(|t| !t.gap)
    }

    /// A mark glued to what stands before it.
    pub fn joint(&self, i: usize, mark: u8) -> bool {
        self.mark(i, mark) && self.glued(i)
    }

    pub fn has(&self, i: usize, flags: Flags) -> bool {
        self.tokens.get(i).is_some_and(|t| t.flags.any(flags))
    }

    pub fn is(&self, i: usize, word: &str) -> bool {
        self.str(i).eq_ignore_ascii_case(word)
    }

    pub fn any(&self, i: usize, words: &[&str]) -> bool {
        let text = self.str(i);
        !text.is_empty() && words.iter().any(|w| w.eq_ignore_ascii_case(text))
    }

    /// The number in token `i` when it has from `least` to `most` digits (nine at most are read).
    pub fn number(&self, i: usize, least: usize, most: usize) -> Option<u32> {
        let token = self.tokens.get(i).filter(|t| t.class == Class::Number)?;
        let digits = token.end - token.start;
        if digits < least || digits > most.min(9) { None } else { self.str(i).parse().ok() }
    }

    /// How many digits token `i` has, 0 when it is no number.
    pub fn digits(&self, i: usize) -> usize {
        self.tokens.get(i).filter(|t| t.class == Class::Number).map_or(0, |t| t.end - t.start)
    }

    pub fn word(&self, i: usize) -> bool {
        self.tokens.get(i).is_some_and(|t| t.class == Class::Word)
    }

    pub fn shape(&self, i: usize) -> Option<Shape> {
        self.tokens.get(i).filter(|t| t.class == Class::Word).map(|t| t.shape)
    }

    /// A word that starts with a capital.
    pub fn capital(&self, i: usize) -> bool {
        self.shape(i).is_some_and(|s| s != Shape::Lower)
    }

    /// Whether a new line starts before token `i` (true beyond the end).
    pub fn breaks(&self, i: usize) -> bool {
        self.tokens.get(i).is_none_or(|t| t.line)
    }

    /// Whether a sentence, an item or a line starts at token `i`.
    pub fn opens(&self, i: usize) -> bool {
        let before = i.checked_sub(1).and_then(|b| self.tokens.get(b));
        self.breaks(i) || before.is_none_or(|t| matches!(t.mark, b'.' | b'!' | b'?' | b':' | b';' | b'*' | b'"' | b'-'))
    }

    /// Whether one of the `reach` tokens before `i`, on the same line, is one of the words.
    pub fn before(&self, i: usize, reach: usize, words: &[&str]) -> bool {
        let mut at = i;
        for _ in 0..reach {
            if at == 0 || self.breaks(at) {
                return false;
            }
            at -= 1;
            if self.word(at) && self.any(at, words) {
                return true;
            }
        }
        false
    }
}

/// The end and shape of the word at `start`, if a letter stands there.
fn word(text: &str, start: usize) -> Option<(usize, Shape)> {
    let bytes = text.as_bytes();
    let (mut i, mut letters, mut upper, mut first_upper) = (start, 0usize, 0usize, false);
    while let Some(&b) = bytes.get(i) {
        let (step, is_upper) = if b.is_ascii_alphabetic() {
            (1, b.is_ascii_uppercase())
        } else if b >= 0x80 {
            match text[i..].chars().next() {
                Some('\u{2019}') if inner(text, i + 3, letters) => (3, false),
                Some(c) if c.is_alphabetic() || ('\u{300}'..='\u{36f}').contains(&c) => {
                    (c.len_utf8(), c.is_uppercase())
                }
                _ => break,
            }
        } else if b == b'\'' && inner(text, i + 1, letters) {
            i += 1;
            continue;
        } else {
            break;
        };
        first_upper |= letters == 0 && is_upper;
        letters += 1;
        upper += usize::from(is_upper);
        i += step;
    }
    if letters == 0 {
        return None;
    }
    let shape = match (first_upper, letters, upper) {
        (false, ..) => Shape::Lower,
        (true, 1, _) => Shape::Initial,
        (true, n, u) if u >= n => Shape::Upper,
        (true, _, 1) => Shape::Capital,
        _ => Shape::Mixed,
    };
    Some((i, shape))
}

/// Whether an apostrophe belongs to a word: `O'Brien`, `N'Diaye`, not `Smith's` and not `don't`.
fn inner(text: &str, after: usize, letters: usize) -> bool {
    let next = text.get(after..).and_then(|t| t.chars().next());
    (1..=3).contains(&letters) && next.is_some_and(char::is_uppercase)
}

//! Tokenizers of sacreBLEU: `none`, `13a` (mteval-v13a), `intl` (mteval-v14), `char`, `zh`.
//!
//! Follows sacreBLEU 2.6.0, its quirks included: the Chinese tokenizer also sets apart everything from
//! U+2001 to U+2A6D, since two of its ranges are written with escapes that end after four digits.

use super::vocabulary::{Vocabulary, is_space, words};
use crate::eval::estimate::Undefined;
use crate::metrics::checks;
use std::borrow::Cow;
use std::sync::LazyLock;

/// How a text becomes tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tokenizer {
    None,
    V13a,
    International,
    Characters,
    Chinese,
}

impl Tokenizer {
    pub fn named(name: &str) -> Result<Tokenizer, Undefined> {
        checks::word(
            "the tokenizer",
            name,
            &[
                ("13a", Tokenizer::V13a),
                ("intl", Tokenizer::International),
                ("char", Tokenizer::Characters),
                ("zh", Tokenizer::Chinese),
                ("none", Tokenizer::None),
            ],
        )
    }

    pub fn name(self) -> &'static str {
        match self {
            Tokenizer::V13a => "13a",
            Tokenizer::International => "intl",
            Tokenizer::Characters => "char",
            Tokenizer::Chinese => "zh",
            Tokenizer::None => "none",
        }
    }

    /// Adds the tokens of a text, trailing white space removed first, to `vocabulary`.
    ///
    /// None of these tokenizers looks across white space but for the joins of `13a`, so each run between white
    /// space is split by itself, as if it stood between two blanks; only at the ends of a text is there none.
    pub fn encode(self, text: &str, vocabulary: &mut Vocabulary) -> Vec<u32> {
        let between = |run: &str, out: &mut dyn FnMut(&str)| self.split(run, true, true, out);
        match self {
            Tokenizer::None | Tokenizer::Characters => vocabulary.encode(text, &between),
            Tokenizer::V13a => vocabulary.encode(&joined(text), &between),
            Tokenizer::International | Tokenizer::Chinese => {
                let opens = self == Tokenizer::International && text.starts_with(is_space);
                let mut out = Vec::with_capacity(text.len() / 3);
                let mut runs = words(text).enumerate().peekable();
                while let Some((at, run)) = runs.next() {
                    let (left, right) = (at > 0 || opens, runs.peek().is_some());
                    if left && right {
                        vocabulary.remembered(run, &between, &mut out);
                    } else {
                        self.split(run, left, right, &mut |token| out.push(vocabulary.number(token)));
                    }
                }
                out
            }
        }
    }

    /// The tokens of a run without white space; `left` and `right` say whether white space stands there.
    fn split(self, run: &str, left: bool, right: bool, out: &mut dyn FnMut(&str)) {
        let padded = |run: &str| format!("{}{run}{}", if left { " " } else { "" }, if right { " " } else { "" });
        let marked = match self {
            Tokenizer::None => return out(run),
            Tokenizer::V13a if run.bytes().all(|b| b.is_ascii_alphanumeric()) => return out(run),
            Tokenizer::V13a => western(&padded(run)),
            Tokenizer::International => international(&padded(run)),
            Tokenizer::Characters => {
                return run.char_indices().for_each(|(at, c)| out(&run[at..at + c.len_utf8()]));
            }
            Tokenizer::Chinese => western(&padded(&apart(run, is_chinese))),
        };
        words(&marked).for_each(out);
    }
}

/// What 13a does to a text before it looks at punctuation.
fn joined(text: &str) -> Cow<'_, str> {
    let mut line = Cow::Borrowed(text.trim_end_matches(is_space));
    if line.contains("<skipped>") {
        line = line.replace("<skipped>", "").into();
    }
    if line.contains("-\n") {
        line = line.replace("-\n", "").into();
    }
    // Other line ends are white space as any.
    if line.contains('&') {
        line = entities(&line).into();
    }
    line
}

/// The four entities of the mteval scripts, in their order.
pub(super) fn entities(line: &str) -> String {
    line.replace("&quot;", "\"").replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
}

/// ASCII punctuation but for the apostrophe, comma, hyphen and period.
fn is_mark(c: char) -> bool {
    matches!(c, '{'..='~' | '['..='`' | ' '..='&' | '('..='+' | ':'..='@' | '/')
}

/// Sets every character that `marks` holds apart by blanks.
pub(super) fn apart(line: &str, marks: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(line.len() * 2);
    for c in line.chars() {
        if marks(c) {
            out.extend([' ', c, ' ']);
        } else {
            out.push(c);
        }
    }
    out
}

/// Replaces pairs of neighbours from left to right, none used twice: `first second` becomes what `write`
/// makes of it.
fn pairs(
    line: &str,
    first: impl Fn(char) -> bool,
    second: impl Fn(char) -> bool,
    write: fn(char, char) -> [char; 4],
) -> String {
    let mut out = String::with_capacity(line.len() + 16);
    let mut rest = line.chars().peekable();
    while let Some(a) = rest.next() {
        match rest.peek().copied() {
            Some(b) if first(a) && second(b) => {
                out.extend(write(a, b));
                rest.next();
            }
            _ => out.push(a),
        }
    }
    out
}

fn between(a: char, b: char) -> [char; 4] {
    [a, ' ', b, ' ']
}

fn around(a: char, b: char) -> [char; 4] {
    [' ', a, ' ', b]
}

/// The language-dependent part of mteval-v13a for western languages; digits are ASCII there.
pub(super) fn western(line: &str) -> String {
    separators(&apart(line, is_mark))
}

/// Periods and commas away from digits, dashes after digits.
pub(super) fn separators(line: &str) -> String {
    let digit = |c: char| c.is_ascii_digit();
    let stop = |c: char| matches!(c, '.' | ',');
    let line = pairs(line, |c| !digit(c), stop, between);
    let line = pairs(&line, stop, |c| !digit(c), around);
    pairs(&line, digit, |c| c == '-', between)
}

pub(super) fn marks_apart(line: &str) -> String {
    apart(line, is_mark)
}

/// mteval-v14: punctuation away from digits, symbols everywhere, by Unicode categories.
fn international(text: &str) -> String {
    let number = |c: char| NUMBERS.holds(c);
    let punctuation = |c: char| PUNCTUATION.holds(c);
    let line = pairs(text, |c| !number(c), punctuation, between);
    let line = pairs(&line, punctuation, |c| !number(c), around);
    apart(&line, |c| SYMBOLS.holds(c))
}

fn is_chinese(c: char) -> bool {
    matches!(u32::from(c),
        0x2001..=0x2a6d | 0x2e80..=0x2fdf | 0x2ff0..=0x303f | 0x3100..=0x312f | 0x31a0..=0x31bf
        | 0x31c0..=0x31ef | 0x3200..=0x33ff | 0x3400..=0x4db5 | 0x4e00..=0x9fbb | 0xf900..=0xfa2d
        | 0xfa30..=0xfa6a | 0xfa70..=0xfad9 | 0xfe10..=0xfe1f | 0xfe30..=0xfe4f | 0xff00..=0xffef)
}

/// A Unicode category as sorted ranges.
struct Category(Vec<(char, char)>);

impl Category {
    fn of(pattern: &str) -> Category {
        let ranges = match regex_syntax::parse(pattern).map(|hir| hir.into_kind()) {
            Ok(regex_syntax::hir::HirKind::Class(regex_syntax::hir::Class::Unicode(class))) => {
                class.ranges().iter().map(|r| (r.start(), r.end())).collect()
            }
            _ => Vec::new(),
        };
        Category(ranges)
    }

    fn holds(&self, c: char) -> bool {
        let at = self.0.partition_point(|r| r.1 < c);
        self.0.get(at).is_some_and(|r| r.0 <= c)
    }
}

static NUMBERS: LazyLock<Category> = LazyLock::new(|| Category::of(r"\p{N}"));
static PUNCTUATION: LazyLock<Category> = LazyLock::new(|| Category::of(r"\p{P}"));
static SYMBOLS: LazyLock<Category> = LazyLock::new(|| Category::of(r"\p{S}"));

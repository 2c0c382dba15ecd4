//! Cuts a file into top-level items, so that one mistake costs one item and not the file.
//!
//! A top-level word at bracket depth 0 starts an item; in column 1 it does so at any depth, so an
//! unclosed bracket ends at the next item.

use super::token::{ITEM_WORDS, RESERVED, Spanned, Token};
use crate::source::codes;
use crate::source::diagnostic::nearest;
use crate::source::{Diagnostic, SourceId, Span};

/// Deepest nesting of brackets that a script may use.
pub const MAX_DEPTH: usize = 128;

/// One item's text range and leading word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemText {
    pub start: usize,
    pub end: usize,
    pub word: String,
}

/// The items of a file, those that hold a bad token, and what was wrong on the way.
pub fn split(source: SourceId, text: &str, tokens: &[Spanned]) -> (Vec<ItemText>, Vec<ItemText>, Vec<Diagnostic>) {
    let mut items: Vec<ItemText> = Vec::new();
    let mut found = Vec::new();
    let mut depth = 0usize;
    let mut previous: Option<&Spanned> = None;
    let mut too_deep = false;
    let mut open: Vec<&Spanned> = Vec::new();
    for token in tokens.iter().filter(|t| !t.is_trivia()) {
        if token.token == Token::Word && starts_item(text, token, depth, previous) {
            depth = 0;
            too_deep = false;
            found.extend(open.pop().map(|o| unclosed(source, text, o)));
            open.clear();
            items.push(ItemText { start: token.start, end: token.end, word: token.text(text).to_string() });
        }
        if let Some(near) = misspelled(text, token, depth, previous) {
            let word = token.text(text);
            found.push(
                Diagnostic::new(codes::EXPECTED_ITEM, format!("`{word}` does not start an item"))
                    .at(Span::new(source, token.start, token.end), "expected `dataset`, `metric`, `policy`, …")
                    .help(format!("did you mean `{near}`?")),
            );
            items.push(ItemText { start: token.start, end: token.end, word: near.to_string() });
        }
        match token.token {
            Token::Open => {
                open.push(token);
                depth += 1;
                if depth > MAX_DEPTH && !too_deep {
                    too_deep = true;
                    found.push(
                        Diagnostic::new(codes::TOO_DEEP, format!("brackets are nested more than {MAX_DEPTH} deep"))
                            .at(Span::new(source, token.start, token.end), "this bracket goes too deep")
                            .help("name parts of the expression with `let` and use the names"),
                    );
                }
            }
            Token::Close => {
                depth = depth.saturating_sub(1);
                let pair =
                    |o: &&Spanned| matches!((o.text(text), token.text(text)), ("(", ")") | ("[", "]") | ("{", "}"));
                // Brackets between a pair that were never closed are the mistake; a stray one is pest's to tell.
                if open.iter().any(pair) {
                    while let Some(top) = open.pop() {
                        if pair(&top) {
                            break;
                        }
                        found.push(unclosed(source, text, top));
                    }
                }
            }
            Token::OpenText => found.push(
                Diagnostic::new(codes::OPEN_TEXT, "this text has no closing quote")
                    .at(Span::new(source, token.start, token.end), "the text runs to the end of the line")
                    .help("close it with `\"`; a text stays on one line"),
            ),
            Token::Unknown => {
                let word = token.text(text);
                found.push(
                    Diagnostic::new(codes::UNKNOWN_CHARACTER, format!("`{word}` has no meaning here"))
                        .at(Span::new(source, token.start, token.end), "not a character of the language")
                        .help(meant(word)),
                );
            }
            _ => {}
        }
        match items.last_mut() {
            Some(item) => item.end = token.end,
            None => {
                let word = token.text(text);
                let mut d =
                    Diagnostic::new(codes::EXPECTED_ITEM, format!("a file starts with an item, not with `{word}`"))
                        .at(Span::new(source, token.start, token.end), "expected `dataset`, `metric`, `policy`, …");
                let near = nearest(word, ITEM_WORDS.iter().copied());
                if let Some(near) = near {
                    d = d.help(format!("did you mean `{near}`?"));
                }
                found.push(d);
                let word = near.unwrap_or("").to_string();
                items.push(ItemText { start: token.start, end: token.end, word });
            }
        }
        previous = Some(token);
    }
    found.extend(open.pop().map(|o| unclosed(source, text, o)));
    for token in tokens.iter().filter(|t| t.token == Token::BlockComment && !t.text(text).ends_with("*/")) {
        found.push(
            Diagnostic::new(codes::OPEN_COMMENT, "this comment is never closed")
                .at(Span::new(source, token.start, token.start + 2), "everything after it is comment")
                .help("close it with `*/`, or begin each line with `//`"),
        );
    }
    // A bad token or depth is the item's one mistake: pest does not see that item again.
    let bad: Vec<usize> = found.iter().filter_map(|d| d.labels.first().map(|l| l.span.start as usize)).collect();
    let is_bad = |i: &ItemText| i.word.is_empty() || bad.iter().any(|&at| at >= i.start && at < i.end);
    let (bad, good) = items.into_iter().partition(is_bad);
    (good, bad, found)
}

fn starts_item(text: &str, token: &Spanned, depth: usize, previous: Option<&Spanned>) -> bool {
    let word = token.text(text);
    if !ITEM_WORDS.contains(&word) {
        return false;
    }
    let at_line_start = token.start == 0 || text.as_bytes().get(token.start - 1) == Some(&b'\n');
    if at_line_start {
        return true;
    }
    if depth > 0 {
        return false;
    }
    // `let x = let y = 1 in y` and `scenario model = …` use such words inside an item: only a word that
    // begins its line starts one.
    let line_start = text.get(..token.start).and_then(|t| t.rfind('\n')).map_or(0, |i| i + 1);
    let begins_line = text.get(line_start..token.start).is_some_and(|t| t.trim().is_empty());
    begins_line && !previous.is_some_and(|p| p.token == Token::Punct)
}

fn unclosed(source: SourceId, text: &str, open: &Spanned) -> Diagnostic {
    let sign = open.text(text);
    let partner = match sign {
        "(" => ")",
        "[" => "]",
        _ => "}",
    };
    Diagnostic::new(codes::UNEXPECTED, format!("this `{sign}` is never closed"))
        .at(Span::new(source, open.start, open.end), "opens here")
        .help(format!("its partner `{partner}` is missing"))
}

/// Words that follow the `}` of a dataset and may stand in column 1.
const ATTRIBUTES: [&str; 4] = ["sensitivity", "license", "source", "ignore"];

/// A word in column 1 that looks like a misspelled item word; the word it looks like.
fn misspelled(text: &str, token: &Spanned, depth: usize, previous: Option<&Spanned>) -> Option<&'static str> {
    let word = token.text(text);
    let in_column_one = text.as_bytes().get(token.start.checked_sub(1)?) == Some(&b'\n');
    let fresh = previous.is_some_and(|p| p.token != Token::Punct);
    let known = ITEM_WORDS.contains(&word) || RESERVED.contains(&word) || ATTRIBUTES.contains(&word);
    if token.token != Token::Word || !in_column_one || depth > 0 || !fresh || known {
        return None;
    }
    nearest(word, ITEM_WORDS.iter().copied())
}

/// What a pasted sign was meant to be.
fn meant(sign: &str) -> String {
    let plain = match sign.chars().next() {
        Some('≤') => "<=",
        Some('≥') => ">=",
        Some('≠') => "!=",
        Some('×' | '·') => "*",
        Some('÷') => "/",
        Some('–' | '—' | '−') => "-",
        Some('“' | '”' | '„') => "\"",
        Some('‘' | '’') => "'",
        Some('&') => "and",
        Some('!') => "not",
        _ => return "texts stand in double quotes, units in single quotes".into(),
    };
    format!("write `{plain}`")
}

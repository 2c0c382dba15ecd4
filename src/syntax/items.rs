//! Cuts a file into top-level items, so that one mistake costs one item and not the file.
//!
//! A top-level word at bracket depth 0 starts an item; in column 1 it does so at any depth, so an
//! unclosed bracket ends at the next item.

use super::token::{ITEM_WORDS, Spanned, Token};
use crate::source::codes;
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
    for token in tokens.iter().filter(|t| !t.is_trivia()) {
        if token.token == Token::Word && starts_item(text, token, depth, previous) {
            depth = 0;
            too_deep = false;
            items.push(ItemText { start: token.start, end: token.end, word: token.text(text).to_string() });
        }
        match token.token {
            Token::Open => {
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
            Token::Close => depth = depth.saturating_sub(1),
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
                        .help("texts stand in double quotes, units in single quotes"),
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
                if let Some(near) = crate::source::diagnostic::nearest(word, ITEM_WORDS.iter().copied()) {
                    d = d.help(format!("did you mean `{near}`?"));
                }
                found.push(d);
                items.push(ItemText { start: token.start, end: token.end, word: String::new() });
            }
        }
        previous = Some(token);
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

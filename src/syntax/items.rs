//! Cuts a file into top-level items, so that one mistake costs one item and not the file.
//!
//! A top-level word at bracket depth 0 starts an item; in column 1 it does so at any depth, so an
//! unclosed bracket ends at the next item.

use super::signs;
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
    let mut crossed = false;
    let mut open: Vec<&Spanned> = Vec::new();
    // How many brackets of each kind are open, so that a stray partner is known at once.
    let mut kinds = [0usize; 3];
    let mut begins_line = true;
    let mut told_to = 0;
    for (at, token) in tokens.iter().enumerate() {
        if token.is_trivia() {
            begins_line |= token.text(text).contains('\n');
            continue;
        }
        if at < told_to {
            // Part of what an unknown sign began, such as a comment after `#`.
            if let Some(item) = items.last_mut() {
                item.end = token.end;
            }
            previous = Some(token);
            continue;
        }
        let place = Place { in_column_one: starts_line(text, token), begins_line, depth, previous };
        begins_line = false;
        if token.token == Token::Word && starts_item(text, token, &place) {
            depth = 0;
            too_deep = false;
            let end = previous.map_or(token.start, |p| p.end);
            found.extend(
                open.pop().filter(|_| !crossed).map(|o| unclosed(source, text, o, partner_place(text, tokens, o, end))),
            );
            crossed = false;
            open.clear();
            kinds = [0; 3];
            items.push(ItemText { start: token.start, end: token.end, word: token.text(text).to_string() });
        }
        if let Some(near) = misspelled(text, token, &place) {
            let word = token.text(text);
            let span = Span::new(source, token.start, token.end);
            found.push(
                Diagnostic::new(codes::EXPECTED_ITEM, format!("`{word}` does not start an item"))
                    .at(span, "expected `dataset`, `metric`, `policy`, …")
                    .meant(span, near),
            );
            items.push(ItemText { start: token.start, end: token.end, word: near.to_string() });
        }
        match token.token {
            Token::Open => {
                open.push(token);
                kinds[kind(text, token)] += 1;
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
                let own = kind(text, token);
                // Brackets between a pair that were never closed are the mistake; a stray one is pest's to tell.
                if kinds[own] > 0 {
                    while let Some(top) = open.pop() {
                        kinds[kind(text, top)] -= 1;
                        if kind(text, top) == own {
                            break;
                        }
                        if !too_deep {
                            let end = previous.map_or(token.start, |p| p.end);
                            found.push(unclosed(source, text, top, partner_place(text, tokens, top, end)));
                        }
                    }
                } else if let Some(top) = open.pop() {
                    kinds[kind(text, top)] -= 1;
                    // The first wrong one is the mistake; the rest may follow from it.
                    if !std::mem::replace(&mut crossed, true) {
                        found.push(wrong_partner(source, text, top, token));
                    }
                }
            }
            Token::OpenText => found.push(open_text(source, text, token)),
            Token::Unknown => {
                if let Some((diagnostic, len)) = signs::unknown(source, text, tokens, at) {
                    found.push(diagnostic);
                    told_to = at + len;
                }
            }
            _ => {}
        }
        match items.last_mut() {
            Some(item) => item.end = token.end,
            None => {
                let word = token.text(text);
                let span = Span::new(source, token.start, token.end);
                let mut d =
                    Diagnostic::new(codes::EXPECTED_ITEM, format!("a file starts with an item, not with `{word}`"))
                        .at(span, "expected `dataset`, `metric`, `policy`, …");
                let near = other_word(word).or_else(|| near_item(word));
                if let Some(near) = near {
                    d = d.meant(span, near);
                }
                found.push(d);
                let word = near.unwrap_or("").to_string();
                items.push(ItemText { start: token.start, end: token.end, word });
            }
        }
        previous = Some(token);
    }
    let end = previous.map_or(0, |p| p.end);
    found.extend(
        open.pop().filter(|_| !crossed).map(|o| unclosed(source, text, o, partner_place(text, tokens, o, end))),
    );
    for token in tokens.iter().filter(|t| t.token == Token::BlockComment && !t.text(text).ends_with("*/")) {
        let line = text.get(token.start..).and_then(|t| t.find('\n')).map_or(token.end, |n| token.start + n);
        found.push(
            Diagnostic::new(codes::OPEN_COMMENT, "this comment is never closed")
                .at(Span::new(source, token.start, token.start + 2), "everything after it is comment")
                .help("close it with `*/`, or begin each line with `//`")
                .fix("close it on its first line", Span::new(source, line, line), " */"),
        );
    }
    // A bad token or depth is the item's one mistake: pest does not see that item again.
    let mut bad: Vec<usize> = found.iter().filter_map(|d| d.labels.first().map(|l| l.span.start as usize)).collect();
    bad.sort_unstable();
    let is_bad = |i: &ItemText| {
        let from = bad.partition_point(|&at| at < i.start);
        i.word.is_empty() || bad.get(from).is_some_and(|&at| at < i.end)
    };
    let (bad, good) = items.into_iter().partition(is_bad);
    (good, bad, found)
}

/// Where a token stands.
struct Place<'a> {
    in_column_one: bool,
    begins_line: bool,
    depth: usize,
    previous: Option<&'a Spanned>,
}

fn starts_line(text: &str, token: &Spanned) -> bool {
    token.start == 0 || text.as_bytes().get(token.start - 1) == Some(&b'\n')
}

/// Which of the three kinds of brackets.
fn kind(text: &str, token: &Spanned) -> usize {
    match token.text(text) {
        "(" | ")" => 0,
        "[" | "]" => 1,
        _ => 2,
    }
}

fn starts_item(text: &str, token: &Spanned, place: &Place) -> bool {
    if !ITEM_WORDS.contains(&token.text(text)) {
        return false;
    }
    if place.in_column_one {
        return true;
    }
    // `let x = let y = 1 in y` and `scenario model = …` use such words inside an item: only a word that
    // begins its line starts one.
    place.depth == 0 && place.begins_line && !place.previous.is_some_and(|p| p.token == Token::Punct)
}

/// A text without its closing quote, which was meant to stand before what cannot belong to it.
fn open_text(source: SourceId, text: &str, token: &Spanned) -> Diagnostic {
    let said = token.text(text);
    let mut kept = said.trim_end();
    loop {
        let shorter = match kept.chars().last() {
            Some('{' | ',' | ';') => kept.get(..kept.len() - 1),
            Some(')') if !kept.contains('(') => kept.get(..kept.len() - 1),
            Some(']') if !kept.contains('[') => kept.get(..kept.len() - 1),
            Some('}') if !kept.contains('{') => kept.get(..kept.len() - 1),
            _ => None,
        };
        match shorter {
            Some(shorter) => kept = shorter.trim_end(),
            None => break,
        }
    }
    let end = token.start + kept.len();
    Diagnostic::new(codes::OPEN_TEXT, "this text has no closing quote")
        .at(Span::new(source, token.start, token.start + said.trim_end().len()), "the text runs to the end of the line")
        .help("close it with `\"`; a text stays on one line")
        .fix("close it", Span::new(source, end, end), "\"")
}

fn partner(open: &str) -> &'static str {
    match open {
        "(" => ")",
        "[" => "]",
        _ => "}",
    }
}

/// Where the missing partner of `open` belongs: at the end of its line, when the next line begins something new,
/// else at `end`.
fn partner_place(text: &str, tokens: &[Spanned], open: &Spanned, end: usize) -> usize {
    if open.text(text) == "{" {
        return end;
    }
    let from = tokens.partition_point(|t| t.start <= open.start);
    let mut last = open;
    for token in tokens.get(from..).unwrap_or(&[]).iter().take_while(|t| t.end <= end) {
        if token.is_trivia() {
            let goes_on = matches!(last.token, Token::Punct | Token::Open);
            if token.text(text).contains('\n') && !goes_on {
                let next = tokens.iter().skip(from).find(|t| t.start >= token.end && !t.is_trivia());
                let is_new = next.is_some_and(|n| n.token == Token::Word && !RESERVED.contains(&n.text(text)));
                return if is_new { last.end } else { end };
            }
        } else {
            last = token;
        }
    }
    end
}

/// A bracket that is closed by one of another kind.
fn wrong_partner(source: SourceId, text: &str, open: &Spanned, close: &Spanned) -> Diagnostic {
    let (sign, wrong) = (open.text(text), close.text(text));
    let right = partner(sign);
    let span = Span::new(source, close.start, close.end);
    Diagnostic::new(codes::UNEXPECTED, format!("`{wrong}` does not close `{sign}`"))
        .at(span, format!("expected `{right}`"))
        .also(Span::new(source, open.start, open.end), "opens here")
        .help(format!("a `{sign}` is closed with `{right}`"))
        .fix(format!("write `{right}`"), span, right)
}

/// A bracket whose partner belongs at `end`, as far as can be told.
fn unclosed(source: SourceId, text: &str, open: &Spanned, end: usize) -> Diagnostic {
    let sign = open.text(text);
    let partner = partner(sign);
    Diagnostic::new(codes::UNEXPECTED, format!("this `{sign}` is never closed"))
        .at(Span::new(source, open.start, open.end), "opens here")
        .help(format!("its partner `{partner}` is missing"))
        .fix(format!("write `{partner}`"), Span::new(source, end, end), partner)
}

/// Words that follow the `}` of a dataset and may stand in column 1.
const ATTRIBUTES: [&str; 5] = ["sensitivity", "license", "source", "ignore", "budget"];

/// A word in column 1 that looks like a misspelled item word; the word it looks like.
fn misspelled(text: &str, token: &Spanned, place: &Place) -> Option<&'static str> {
    let word = token.text(text);
    let fresh = place.previous.is_some_and(|p| p.token != Token::Punct);
    let known = ITEM_WORDS.contains(&word) || RESERVED.contains(&word) || ATTRIBUTES.contains(&word);
    if token.token != Token::Word || !place.in_column_one || place.depth > 0 || !fresh || known {
        return None;
    }
    other_word(word).or_else(|| near_item(word))
}

/// The item word that is most like it; a letter or two are like nothing.
fn near_item(word: &str) -> Option<&'static str> {
    nearest(word, ITEM_WORDS.iter().copied()).filter(|_| word.len() > 2)
}

/// What other languages call it.
fn other_word(word: &str) -> Option<&'static str> {
    Some(match word {
        "def" | "func" | "function" => "fn",
        "const" | "var" | "set" | "define" => "let",
        "import" | "library" | "include" | "require" | "from" => "use",
        "table" | "data" => "dataset",
        "cohort" => "scenario",
        "rules" => "policy",
        _ => return None,
    })
}

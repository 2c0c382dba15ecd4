//! Characters without a meaning: what was meant by them, as one mistake each.

use super::token::{Spanned, Token};
use crate::source::codes;
use crate::source::{Diagnostic, SourceId, Span};

/// The diagnostic for the unknown character at `at`, and how many tokens it speaks for.
pub(super) fn unknown(source: SourceId, text: &str, tokens: &[Spanned], at: usize) -> Option<(Diagnostic, usize)> {
    let first = tokens.get(at)?;
    let sign = first.text(text).chars().next()?;
    let before = at.checked_sub(1).and_then(|i| tokens.get(i));
    let solid = tokens.iter().take(at).rev().find(|t| !t.is_trivia());
    let glued = before.filter(|b| b.end == first.start);
    let span = |from: usize, to: usize| Span::new(source, from, to);
    let here = |len: usize| span(first.start, tokens.get(at + len - 1).map_or(first.end, |t| t.end));
    let told = |len: usize, help: String| {
        let shown = shown(text.get(first.start..tokens.get(at + len - 1).map_or(first.end, |t| t.end)).unwrap_or(""));
        Diagnostic::new(codes::UNKNOWN_CHARACTER, format!("`{shown}` has no meaning here"))
            .at(here(len), "not a character of the language")
            .help(help)
    };
    // Signs that belong together, as far as they touch.
    let mut len = 1;
    while tokens
        .get(at + len)
        .is_some_and(|t| t.token == Token::Unknown && tokens.get(at + len - 1).is_some_and(|b| b.end == t.start))
    {
        len += 1;
    }
    let starts = |what: &str| text.get(first.start..).is_some_and(|t| t.starts_with(what));
    let is_number = |t: &Spanned| t.token == Token::Number;
    Some(match sign {
        '#' => {
            // The rest of the line is prose.
            let end = text.get(first.start..).and_then(|t| t.find('\n')).map_or(text.len(), |n| first.start + n);
            let line = tokens.get(at..)?.iter().take_while(|t| t.start < end).count();
            let signs = text.get(first.start..end)?.chars().take_while(|c| *c == '#').count();
            let d = told(signs.min(len), "a comment starts with `//`".into());
            (d.fix("write `//`", span(first.start, first.start + signs), "//"), line.max(1))
        }
        '&' => {
            let d = told(len.min(2), "write `and`".into());
            (d.fix("write `and`", here(len.min(2)), " and "), len.min(2))
        }
        '%' if starts("%in%") => {
            let d = told(3, "write `in`".into());
            (d.fix("write `in`", span(first.start, first.start + 4), "in"), 3)
        }
        '%' if starts("%%") => (told(len, "there is no remainder; a share is written `5%`".into()), len),
        '%' if solid.is_some_and(is_number) => {
            let gap = span(solid.map_or(first.start, |b| b.end), first.start);
            (told(1, "no space stands before `%`".into()).fix("close the gap", gap, ""), 1)
        }
        '$' if glued.is_some_and(|b| b.token == Token::Word) => {
            let from = glued.map_or(first.start, |b| b.start);
            let d = told(1, "a column is called by its name alone".into());
            (d.fix("write the column alone", span(from, first.end), ""), 1)
        }
        '`' => {
            let close = partner(text, tokens, at, '`');
            let mut edits = vec![(span(first.start, first.end), String::new())];
            edits.extend(close.map(|c| (span(c.start, c.end), String::new())));
            let d = told(1, "names stand without quotes".into()).fix_all("leave the quotes out", edits);
            (d, until(tokens, at, close))
        }
        '“' | '”' | '„' | '‘' | '’' => {
            let plain = if matches!(sign, '‘' | '’') { "'" } else { "\"" };
            let close = ['”', '“', '’', '‘'].iter().filter(|c| ("“”".contains(**c)) == (plain == "\""));
            let close = close.filter_map(|c| partner(text, tokens, at, *c)).min_by_key(|t| t.start);
            let mut edits = vec![(span(first.start, first.end), plain.to_string())];
            edits.extend(close.map(|c| (span(c.start, c.end), plain.to_string())));
            let d = told(1, format!("write `{plain}`")).fix_all(format!("write `{plain}`"), edits);
            (d, until(tokens, at, close))
        }
        _ => match plain(sign) {
            Some(with) => {
                let said = if with == " " { "write an ordinary space".to_string() } else { format!("write `{with}`") };
                let spaced = if with == "not" { "not ".to_string() } else { with.to_string() };
                (told(1, said.clone()).fix(said, here(1), spaced), 1)
            }
            None => (told(len, "texts stand in double quotes, units in single quotes".into()), len),
        },
    })
}

/// The closing sign on the same line.
fn partner<'a>(text: &str, tokens: &'a [Spanned], at: usize, sign: char) -> Option<&'a Spanned> {
    let from = tokens.get(at)?.end;
    let end = text.get(from..)?.find('\n').map_or(text.len(), |n| from + n);
    tokens
        .get(at + 1..)?
        .iter()
        .take_while(|t| t.start < end)
        .find(|t| t.token == Token::Unknown && t.text(text).starts_with(sign))
}

/// The tokens from `at` to `close`, or the one alone.
fn until(tokens: &[Spanned], at: usize, close: Option<&Spanned>) -> usize {
    close.map_or(1, |c| tokens.iter().skip(at).take_while(|t| t.start <= c.start).count())
}

/// Signs as they can be seen: what a terminal would not show has its number.
fn shown(signs: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || c.is_whitespace()
            || matches!(c, '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
    };
    signs.chars().map(|c| if hidden(c) { format!("U+{:04X}", u32::from(c)) } else { c.to_string() }).collect()
}

/// What a pasted sign was meant to be.
fn plain(sign: char) -> Option<&'static str> {
    Some(match sign {
        '≤' => "<=",
        '≥' => ">=",
        '≠' => "!=",
        '×' | '·' => "*",
        '÷' => "/",
        '–' | '—' | '−' => "-",
        '→' => "->",
        '∧' => "and",
        '∨' => "or",
        '∈' => "in",
        '¬' | '!' => "not",
        '²' => "^2",
        '³' => "^3",
        '½' => "0.5",
        '…' => "..",
        '\u{a0}' | '\u{2007}' | '\u{2009}' | '\u{202f}' | '\u{200b}' | '\u{feff}' => " ",
        _ => return None,
    })
}

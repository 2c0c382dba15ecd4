//! The front door: a file to its tree, or one expression of the REPL.

use super::ast::{Expr, File, Item, NodeId};
use super::build_expr::Builder;
use super::grammar::{Grammar, Rule};
use super::token::{Spanned, Token, tokenize};
use super::{errors, items};
use crate::source::codes;
use crate::source::{Diagnostic, SourceId, Span};
use pest::Parser;
use rayon::prelude::*;
use std::borrow::Cow;
use std::sync::Arc;

/// Hands out the ids of expressions; one counter a program.
#[derive(Debug, Default, Clone)]
pub struct NodeIds(u32);

impl NodeIds {
    pub fn fresh(&mut self) -> NodeId {
        let id = NodeId(self.0);
        self.0 += 1;
        id
    }

    /// How many ids are in use: the length of a side table.
    pub fn len(&self) -> usize {
        self.0 as usize
    }

    pub fn is_empty(&self) -> bool {
        self.0 == 0
    }
}

/// Parses a whole file. Items with mistakes are left out and reported.
///
/// Items are independent once they are cut, so large files are parsed on all cores. Each item has its own range
/// of ids, fixed before any is parsed: the tree is the same on any number of threads.
pub fn parse_file(source: SourceId, text: &str, ids: &mut NodeIds) -> (File, Vec<Diagnostic>) {
    parse_items(source, text, ids, &[])
}

/// Parses items; `known` are names of used files beside those that the text itself brings in.
fn parse_items(source: SourceId, text: &str, ids: &mut NodeIds, known: &[String]) -> (File, Vec<Diagnostic>) {
    let tokens = tokenize(text);
    let (cuts, bad, mut found) = items::split(source, text, &tokens);
    let mut aliases = used_names(text, &tokens, &cuts);
    aliases.extend(known.iter().cloned());
    let file_text = FileText { source, text, tokens: &tokens, aliases: &aliases };
    let mut first = ids.0;
    let mut work = Vec::with_capacity(cuts.len());
    for cut in &cuts {
        let most = file_text.most_nodes(cut);
        work.push((cut, first, most));
        first = first.saturating_add(most);
    }
    ids.0 = first;
    let parse = |(cut, first, _): &(&items::ItemText, u32, u32)| file_text.item(cut, NodeIds(*first));
    let mut parsed: Vec<Parsed> = if text.len() < WORTH_THREADS {
        work.iter().map(parse).collect()
    } else {
        work.par_iter().with_min_len(16).map(parse).collect()
    };
    for ((cut, first, most), parsed) in work.iter().zip(&mut parsed) {
        // More nodes than tokens: no grammar of ours does that, but then the item gets a range at the end.
        if parsed.next.0.saturating_sub(*first) > *most {
            *parsed = file_text.item(cut, NodeIds(ids.0));
            ids.0 = parsed.next.0;
        }
    }
    let mut file = File { doc: file_doc(text, &tokens), head: head(source, text, &tokens), ..File::default() };
    let mut lost: Vec<&items::ItemText> = bad.iter().collect();
    for (cut, mut parsed) in cuts.iter().zip(parsed) {
        found.append(&mut parsed.found);
        match parsed.item {
            Some(item) => file.items.push(Arc::new(item)),
            None => lost.push(cut),
        }
    }
    file.lost = lost.iter().map(|cut| (cut.word.clone(), name_of(text, &tokens, cut))).collect();
    found.sort_by_key(|d| d.labels.first().map(|l| l.span));
    (file, found)
}

/// Bytes of text from which a second thread pays for itself.
const WORTH_THREADS: usize = 16 * 1024;

/// A file with its tokens.
struct FileText<'a> {
    source: SourceId,
    text: &'a str,
    tokens: &'a [Spanned],
    /// Names of used files.
    aliases: &'a [String],
}

/// One item, or what is wrong with it; and the id after its last.
struct Parsed {
    item: Option<Item>,
    found: Vec<Diagnostic>,
    next: NodeIds,
}

impl FileText<'_> {
    fn tokens_of(&self, cut: &items::ItemText) -> &[Spanned] {
        let from = self.tokens.partition_point(|t| t.start < cut.start);
        let to = self.tokens.partition_point(|t| t.start < cut.end);
        self.tokens.get(from..to).unwrap_or(&[])
    }

    /// How many nodes an item can have at most: each begins with a token of its own.
    fn most_nodes(&self, cut: &items::ItemText) -> u32 {
        let own = |t: &&Spanned| match t.token {
            Token::Word | Token::Number | Token::Text | Token::Date | Token::Open => true,
            Token::Punct => !matches!(t.text(self.text), "," | ":" | ";" | "|" | "->"),
            _ => false,
        };
        self.tokens_of(cut).iter().filter(own).count() as u32
    }

    fn item(&self, cut: &items::ItemText, mut ids: NodeIds) -> Parsed {
        let Some(raw) = self.text.get(cut.start..cut.end) else {
            return Parsed { item: None, found: Vec::new(), next: ids };
        };
        let blank = blanked(raw, cut.start, self.tokens_of(cut));
        let docs = |at: usize| docs_before(self.text, self.tokens, at);
        let mut found = Vec::new();
        let mut item = None;
        match Grammar::parse(Rule::item, &blank) {
            Ok(mut pairs) => {
                let mut builder = Builder {
                    source: self.source,
                    offset: cut.start,
                    ids: &mut ids,
                    aliases: self.aliases,
                    depth: 0,
                    found: Vec::new(),
                };
                let kind = pairs.next().and_then(|p| builder.item(p, &docs));
                found = builder.found;
                match kind {
                    Some(kind) if found.is_empty() => {
                        let span = Span::new(self.source, cut.start, cut.end);
                        item = Some(Item { span, doc: docs(cut.start), kind });
                    }
                    None if found.is_empty() => found.push(internal(self.source, cut.start, cut.end)),
                    _ => {}
                }
            }
            Err(error) => found.push(errors::explain(self.source, cut, raw, &error)),
        }
        Parsed { item, found, next: ids }
    }
}

/// `text`, which starts at `start` of its file, with its comments turned into blanks of the same length:
/// the grammar knows no comments, and every offset stays true.
fn blanked<'a>(text: &'a str, start: usize, tokens: &[Spanned]) -> Cow<'a, str> {
    let is_comment = |t: &&Spanned| matches!(t.token, Token::LineComment | Token::BlockComment);
    let mut out = String::new();
    let mut done = 0;
    for token in tokens.iter().filter(is_comment) {
        let (from, to) = (token.start - start, (token.end - start).min(text.len()));
        out.push_str(text.get(done..from).unwrap_or(""));
        out.extend(std::iter::repeat_n(' ', to.saturating_sub(from)));
        done = to;
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(done..).unwrap_or(""));
    Cow::Owned(out)
}

/// What a person typed at the prompt.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    Item(Arc<Item>),
    Expr(Expr),
}

/// Parses one expression, or one item when it starts with an item's word.
pub fn parse_entry(source: SourceId, text: &str, ids: &mut NodeIds) -> Result<Entry, Vec<Diagnostic>> {
    parse_entry_with(source, text, ids, &[])
}

/// The same where used files go by the names `known`.
pub fn parse_entry_with(
    source: SourceId,
    text: &str,
    ids: &mut NodeIds,
    known: &[String],
) -> Result<Entry, Vec<Diagnostic>> {
    let tokens = tokenize(text);
    let first = tokens.iter().find(|t| !t.is_trivia());
    let is_item = first.is_some_and(|t| {
        t.token == Token::Word
            && super::token::ITEM_WORDS.contains(&t.text(text))
            && !is_let_in(&blanked(text, 0, &tokens))
    });
    if is_item {
        let (mut file, found) = parse_items(source, text, ids, known);
        if let (true, Some(item)) = (found.is_empty(), file.items.pop()) {
            return Ok(Entry::Item(item));
        }
        return Err(found);
    }
    let (_, _, found) = items::split(source, text, &tokens);
    let lexical: Vec<Diagnostic> = found.into_iter().filter(|d| d.code.id != codes::EXPECTED_ITEM.id).collect();
    if !lexical.is_empty() {
        return Err(lexical);
    }
    let blank = blanked(text, 0, &tokens);
    match Grammar::parse(Rule::entry, &blank) {
        Ok(mut pairs) => {
            let mut builder = Builder { source, offset: 0, ids, aliases: known, depth: 0, found: Vec::new() };
            let expr = pairs.next().and_then(|p| p.into_inner().next()).and_then(|p| builder.expr(p));
            match expr {
                Some(expr) if builder.found.is_empty() => Ok(Entry::Expr(expr)),
                _ if !builder.found.is_empty() => Err(builder.found),
                _ => Err(vec![internal(source, 0, text.len())]),
            }
        }
        Err(error) => {
            let cut = items::ItemText { start: 0, end: text.len(), word: "expression".into() };
            Err(vec![errors::explain(source, &cut, text, &error)])
        }
    }
}

/// `let x = 1 in x + 1` is an expression, `let x = 1` an item.
fn is_let_in(text: &str) -> bool {
    text.trim_start().starts_with("let") && Grammar::parse(Rule::entry, text).is_ok()
}

/// The names after `as` of the file's `use "…" as NAME` items.
fn used_names(text: &str, tokens: &[Spanned], cuts: &[items::ItemText]) -> Vec<String> {
    let mut out = Vec::new();
    for cut in cuts.iter().filter(|c| c.word == "use") {
        let from = tokens.partition_point(|t| t.start < cut.start);
        let words: Vec<&Spanned> =
            tokens.iter().skip(from).take_while(|t| t.end <= cut.end).filter(|t| !t.is_trivia()).take(4).collect();
        if let [_, path, word, name] = words.as_slice()
            && path.token == Token::Text
            && word.text(text) == "as"
        {
            out.push(name.text(text).to_string());
        }
    }
    out
}

/// The word after the item's own: its name, as far as can be told.
fn name_of(text: &str, tokens: &[Spanned], cut: &items::ItemText) -> String {
    let from = tokens.partition_point(|t| t.start <= cut.start);
    let next = tokens.iter().skip(from).find(|t| !t.is_trivia());
    next.filter(|t| t.token == Token::Word && t.end <= cut.end).map_or(String::new(), |t| t.text(text).to_string())
}

fn internal(source: SourceId, start: usize, end: usize) -> Diagnostic {
    Diagnostic::new(codes::INTERNAL, "the parser lost its way in this item")
        .at(super::build::whole(source, start, end), "please report this item")
}

/// The `///` lines directly above `at`.
fn docs_before(text: &str, tokens: &[Spanned], at: usize) -> Option<String> {
    let end = tokens.partition_point(|t| t.start < at);
    let mut lines = Vec::new();
    for token in tokens.get(..end)?.iter().rev() {
        match token.token {
            Token::Space => {}
            Token::LineComment => match token.text(text).strip_prefix("///") {
                Some(line) if !line.starts_with('/') => lines.push(line.trim()),
                _ => break,
            },
            _ => break,
        }
    }
    lines.reverse();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn file_doc(text: &str, tokens: &[Spanned]) -> Option<String> {
    let lines: Vec<&str> = tokens
        .iter()
        .filter(|t| t.token == Token::LineComment)
        .filter_map(|t| t.text(text).strip_prefix("//!"))
        .map(str::trim)
        .collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// Where a `use` line can be put: after the words about the file, before the first item and its words.
fn head(source: SourceId, text: &str, tokens: &[Spanned]) -> Span {
    let mut at = 0;
    for token in tokens {
        match token.token {
            Token::Space => {}
            Token::LineComment if token.text(text).starts_with("//!") => {
                at = text.get(token.end..).and_then(|t| t.find('\n')).map_or(text.len(), |n| token.end + n + 1);
            }
            _ => break,
        }
    }
    Span::new(source, at, at)
}

/// True when `text` is complete: brackets closed and no operator left open. For multi-line prompts.
pub fn is_complete(text: &str) -> bool {
    let tokens = tokenize(text);
    let mut depth = 0i64;
    let mut last = None;
    for token in tokens.iter().filter(|t| !t.is_trivia()) {
        match token.token {
            Token::Open => depth += 1,
            Token::Close => depth -= 1,
            _ => {}
        }
        last = Some(*token);
    }
    if depth > 0 {
        return false;
    }
    let Some(last) = last else { return true };
    let word = last.text(text);
    let open_operator = last.token == Token::Punct && !matches!(word, "?" | ";");
    let open_word = last.token == Token::Word
        && matches!(word, "and" | "or" | "not" | "in" | "then" | "else" | "if" | "where" | "on" | "over");
    !(open_operator || open_word)
}

//! Renders diagnostics for people (ariadne) and machines (JSON). The only file that names ariadne.

use super::Severity;
use super::diagnostic::Diagnostic;
use super::file::{SourceId, SourceMap, Span};
use ariadne::{CharSet, Color, Config, IndexType, Label, LabelAttach, Report, ReportKind};
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Lines with more bytes are not drawn: nobody finds the place in them.
const LONG_LINE: usize = 2_000;

/// A diagnostic as drawn in a terminal.
pub fn to_text(diagnostic: &Diagnostic, sources: &SourceMap, color: bool) -> String {
    draw(diagnostic, &mut Cache { sources, parsed: BTreeMap::new() }, color)
}

/// Diagnostics as drawn in a terminal; each file is prepared once for all of them.
pub fn all_to_text(diagnostics: &[Diagnostic], sources: &SourceMap, color: bool) -> String {
    let mut cache = Cache { sources, parsed: BTreeMap::new() };
    diagnostics.iter().map(|d| draw(d, &mut cache, color)).collect()
}

/// A text of which nobody reads more than the ends.
fn short(text: &str) -> Cow<'_, str> {
    const KEPT: usize = 300;
    if text.len() <= 3 * KEPT {
        return Cow::Borrowed(text);
    }
    let head: String = text.chars().take(KEPT).collect();
    let tail: Vec<char> = text.chars().rev().take(KEPT).collect();
    Cow::Owned(format!("{head} … {}", tail.iter().rev().collect::<String>()))
}

fn shortened(diagnostic: &Diagnostic) -> Diagnostic {
    let mut d = diagnostic.clone();
    d.message = short(&d.message).into_owned();
    d.help = d.help.map(|h| short(&h).into());
    for text in d.notes.iter_mut().chain(d.labels.iter_mut().map(|l| &mut l.message)) {
        *text = short(text).into_owned();
    }
    d
}

fn draw(diagnostic: &Diagnostic, cache: &mut Cache, color: bool) -> String {
    let diagnostic = &shortened(diagnostic);
    let sources = cache.sources;
    let primary = diagnostic.labels.iter().find(|l| l.primary).or(diagnostic.labels.first());
    let Some(primary) = primary else {
        return without_source(diagnostic, color);
    };
    let long = |span: &Span| sources.file(span.source).is_some_and(|f| f.line_len(span.start as usize) > LONG_LINE);
    if diagnostic.labels.iter().any(|l| long(&l.span)) {
        let mut plain = diagnostic.clone();
        let places = diagnostic.labels.iter().filter_map(|l| {
            let file = sources.file(l.span.source)?;
            let (line, column) = file.locate(l.span.start as usize);
            Some(format!("{}:{line}:{column}: {}", file.name, l.message))
        });
        plain.notes = places.chain(diagnostic.notes.iter().cloned()).collect();
        return without_source(&plain, color);
    }
    let kind = match diagnostic.severity() {
        Severity::Error => ReportKind::Error,
        Severity::Warning => ReportKind::Warning,
        Severity::Advice => ReportKind::Advice,
    };
    let config = Config::default()
        .with_index_type(IndexType::Byte)
        .with_char_set(CharSet::Unicode)
        .with_label_attach(LabelAttach::Start)
        .with_color(color);
    let mut report = Report::build(kind, Keyed::of(primary.span, sources))
        .with_config(config)
        .with_code(diagnostic.code.id)
        .with_message(&diagnostic.message);
    // In the order of the text, or ariadne draws one file in several boxes.
    let mut labels: Vec<_> = diagnostic.labels.iter().collect();
    labels.sort_by_key(|l| l.span);
    for label in labels {
        let tint = if label.primary { Color::Red } else { Color::Blue };
        report =
            report.with_label(Label::new(Keyed::of(label.span, sources)).with_message(&label.message).with_color(tint));
    }
    for note in &diagnostic.notes {
        report = report.with_note(note);
    }
    if let Some(help) = &diagnostic.help {
        report = report.with_help(help);
    }
    let mut out = Vec::new();
    if report.finish().write(&mut *cache, &mut out).is_err() {
        return without_source(diagnostic, color);
    }
    let text = String::from_utf8_lossy(&out);
    let mut lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    while lines.last().is_some_and(|l| l.is_empty()) {
        lines.pop();
    }
    lines.join("\n") + "\n"
}

fn without_source(diagnostic: &Diagnostic, color: bool) -> String {
    let word = match diagnostic.severity() {
        Severity::Error => "Error",
        Severity::Warning => "Warning",
        Severity::Advice => "Advice",
    };
    let mut out = if color {
        format!("\u{1b}[31m[{}] {word}:\u{1b}[0m {}\n", diagnostic.code.id, diagnostic.message)
    } else {
        format!("[{}] {word}: {}\n", diagnostic.code.id, diagnostic.message)
    };
    for note in &diagnostic.notes {
        out.push_str(&format!("  note: {note}\n"));
    }
    if let Some(help) = &diagnostic.help {
        out.push_str(&format!("  help: {help}\n"));
    }
    out
}

/// A span clamped into its file, since ariadne panics on one past the end.
#[derive(Clone)]
struct Keyed {
    source: SourceId,
    start: usize,
    end: usize,
}

impl Keyed {
    fn of(span: Span, sources: &SourceMap) -> Self {
        let (start, end) =
            sources.file(span.source).map_or((0, 0), |f| (f.floor(span.start as usize), f.floor(span.end as usize)));
        Keyed { source: span.source, start, end: end.max(start) }
    }
}

impl ariadne::Span for Keyed {
    type SourceId = SourceId;
    fn source(&self) -> &SourceId {
        &self.source
    }
    fn start(&self) -> usize {
        self.start
    }
    fn end(&self) -> usize {
        self.end
    }
}

struct Cache<'a> {
    sources: &'a SourceMap,
    parsed: BTreeMap<SourceId, ariadne::Source<String>>,
}

impl ariadne::Cache<SourceId> for Cache<'_> {
    type Storage = String;
    fn fetch(&mut self, id: &SourceId) -> Result<&ariadne::Source<String>, impl std::fmt::Debug> {
        let text = || self.sources.file(*id).map_or_else(String::new, |f| one_kind_of_line(&f.text));
        Ok::<_, String>(self.parsed.entry(*id).or_insert_with(|| ariadne::Source::from(text())))
    }
    fn display<'b>(&self, id: &'b SourceId) -> Option<impl std::fmt::Display + 'b> {
        self.sources.file(*id).map(|f| f.name.clone())
    }
}

/// `text` with signs of the same length for what ariadne takes for the end of a line and editors do not
/// (a form feed, a lone carriage return, U+2028, …): the numbers of lines are the editor's.
fn one_kind_of_line(text: &str) -> String {
    let odd = |c: char| matches!(c, '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}');
    if !text.contains(odd) {
        return text.to_string();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\r' if rest.peek() == Some(&'\n') => out.push(c),
            '\r' | '\u{b}' | '\u{c}' => out.push(' '),
            '\u{85}' => out.push('·'),
            '\u{2028}' | '\u{2029}' => out.push('␤'),
            _ => out.push(c),
        }
    }
    out
}

/// A diagnostic as a machine reads it; `docs/guide` describes the fields.
#[derive(Debug, Serialize)]
pub struct JsonDiagnostic<'a> {
    code: &'a str,
    severity: &'a str,
    message: &'a str,
    labels: Vec<JsonLabel<'a>>,
    notes: &'a [String],
    help: Option<&'a str>,
    /// The help as edits; the first is the likeliest.
    fixes: Vec<JsonFix<'a>>,
}

#[derive(Debug, Serialize)]
struct JsonFix<'a> {
    title: &'a str,
    edits: Vec<JsonEdit<'a>>,
}

#[derive(Debug, Serialize)]
struct JsonEdit<'a> {
    file: &'a str,
    /// Byte offsets; where they are equal, `text` is inserted.
    start: u32,
    end: u32,
    text: &'a str,
}

#[derive(Debug, Serialize)]
struct JsonLabel<'a> {
    file: &'a str,
    /// Byte offsets.
    start: u32,
    end: u32,
    /// 1-based; the column counts characters.
    line: usize,
    column: usize,
    message: &'a str,
    primary: bool,
}

/// Serialisable forms of `diagnostics`, in order.
pub fn to_json<'a>(diagnostics: &'a [Diagnostic], sources: &'a SourceMap) -> Vec<JsonDiagnostic<'a>> {
    diagnostics
        .iter()
        .map(|d| JsonDiagnostic {
            code: d.code.id,
            severity: d.severity().word(),
            message: &d.message,
            labels: d
                .labels
                .iter()
                .map(|l| {
                    let file = sources.file(l.span.source);
                    let (line, column) = file.map_or((0, 0), |f| f.locate(l.span.start as usize));
                    JsonLabel {
                        file: file.map_or("", |f| f.name.as_str()),
                        start: l.span.start,
                        end: l.span.end,
                        line,
                        column,
                        message: &l.message,
                        primary: l.primary,
                    }
                })
                .collect(),
            notes: &d.notes,
            help: d.help.as_deref(),
            fixes: d
                .fixes
                .iter()
                .map(|f| JsonFix {
                    title: &f.title,
                    edits: f
                        .edits
                        .iter()
                        .map(|(span, text)| JsonEdit {
                            file: sources.file(span.source).map_or("", |f| f.name.as_str()),
                            start: span.start,
                            end: span.end,
                            text,
                        })
                        .collect(),
                })
                .collect(),
        })
        .collect()
}

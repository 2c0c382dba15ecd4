//! Files and byte spans.

use std::sync::Arc;

/// The mark that some editors put in front of a text.
pub const BYTE_ORDER_MARK: char = '\u{feff}';

/// Which file of a [`SourceMap`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u32);

/// A half-open range of bytes in one file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    pub source: SourceId,
    pub start: u32,
    pub end: u32,
}

impl Span {
    pub fn new(source: SourceId, start: usize, end: usize) -> Self {
        Span { source, start: start as u32, end: end.max(start) as u32 }
    }

    /// The place right before it.
    pub fn before(self) -> Span {
        Span { end: self.start, ..self }
    }

    /// The place right after it.
    pub fn after(self) -> Span {
        Span { start: self.end, ..self }
    }

    /// The smallest span that covers both.
    pub fn to(self, other: Span) -> Span {
        Span { source: self.source, start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// One source text with its line starts.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// As the user named it; shown in every diagnostic.
    pub name: String,
    pub text: Arc<str>,
    line_starts: Vec<u32>,
}

impl SourceFile {
    /// Line (1-based), column in characters (1-based) and the line's byte range.
    pub fn locate(&self, offset: usize) -> (usize, usize) {
        let offset = self.floor(offset);
        let line = self.line_starts.partition_point(|&s| s as usize <= offset).max(1);
        let start = self.line_starts.get(line - 1).map_or(0, |&s| s as usize);
        let column = self.text.get(start..offset).map_or(0, |s| s.chars().count()) + 1;
        (line, column)
    }

    /// How many bytes the line around `offset` has.
    pub fn line_len(&self, offset: usize) -> usize {
        let line = self.line_starts.partition_point(|&s| s as usize <= offset).max(1);
        let start = self.line_starts.get(line - 1).map_or(0, |&s| s as usize);
        self.line_starts.get(line).map_or(self.text.len(), |&s| s as usize) - start
    }

    /// The nearest character boundary at or before `offset`, never past the end.
    pub fn floor(&self, offset: usize) -> usize {
        let mut at = offset.min(self.text.len());
        while at > 0 && !self.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }
}

/// All the files of a session.
#[derive(Debug, Clone, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
}

impl SourceMap {
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> SourceId {
        let text: Arc<str> = text.into();
        // What editors on Windows put first is no part of the text, and would move every column of line 1.
        let text = text.strip_prefix(BYTE_ORDER_MARK).map_or(text.clone(), Arc::from);
        let line_starts = std::iter::once(0)
            .chain(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i as u32 + 1))
            .collect();
        self.files.push(SourceFile { name: name.into(), text, line_starts });
        SourceId(self.files.len() as u32 - 1)
    }

    pub fn file(&self, id: SourceId) -> Option<&SourceFile> {
        self.files.get(id.0 as usize)
    }

    pub fn files(&self) -> impl Iterator<Item = (SourceId, &SourceFile)> {
        self.files.iter().enumerate().map(|(i, f)| (SourceId(i as u32), f))
    }

    /// The text under a span; empty when the span lies outside.
    pub fn text(&self, span: Span) -> &str {
        self.file(span.source)
            .and_then(|f| f.text.get(f.floor(span.start as usize)..f.floor(span.end as usize)))
            .unwrap_or("")
    }
}

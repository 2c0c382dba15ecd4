//! Cells of one declared column: parsed, judged, gathered.

use super::column::Column;
use super::numbers::NumberStore;
use crate::check::Base;
use crate::check::Levels;
use crate::check::dataset::{Column as Declared, Schema};
use crate::source::diagnostic::nearest;
use crate::source::{Code, Diagnostic, codes};
use arrow_array::Date32Array;
use arrow_array::builder::{BooleanBuilder, StringBuilder};
use std::sync::Arc;

/// How many bad cells of one kind are shown.
const SHOWN: usize = 3;

/// The values of some rows.
pub enum Piece {
    Numbers(Vec<Option<f64>>),
    Flags(Vec<Option<bool>>),
    Codes(Vec<Option<u32>>),
    Texts(Vec<Option<String>>),
    Days(Vec<Option<i32>>),
}

impl Piece {
    pub fn len(&self) -> usize {
        match self {
            Piece::Numbers(v) => v.len(),
            Piece::Flags(v) => v.len(),
            Piece::Codes(v) => v.len(),
            Piece::Texts(v) => v.len(),
            Piece::Days(v) => v.len(),
        }
    }
}

/// The values of all rows so far, in the narrowest storage.
pub enum Store {
    Numbers(NumberStore),
    Flags(BooleanBuilder),
    Codes(Vec<Option<u32>>, Arc<Levels>),
    /// Codes below 255; 255 is missing.
    Bytes(Vec<u8>, Arc<Levels>),
    Texts(StringBuilder),
    Days(Vec<Option<i32>>),
}

impl Store {
    pub fn new(declared: &Declared) -> Store {
        match &declared.ty.base {
            Base::Category(levels) if levels.names.len() < 255 => Store::Bytes(Vec::new(), levels.clone()),
            Base::Category(levels) => Store::Codes(Vec::new(), levels.clone()),
            Base::Bool => Store::Flags(BooleanBuilder::new()),
            Base::Text => Store::Texts(StringBuilder::new()),
            Base::Date => Store::Days(Vec::new()),
            _ => Store::Numbers(NumberStore::default()),
        }
    }

    pub fn append(&mut self, piece: Piece) {
        match (self, piece) {
            (Store::Numbers(to), Piece::Numbers(from)) => from.into_iter().for_each(|v| to.push(v)),
            (Store::Flags(to), Piece::Flags(from)) => from.into_iter().for_each(|v| to.append_option(v)),
            (Store::Codes(to, _), Piece::Codes(from)) => to.extend(from),
            (Store::Bytes(to, _), Piece::Codes(from)) => {
                to.extend(from.into_iter().map(|v| v.and_then(|v| u8::try_from(v).ok()).unwrap_or(255)));
            }
            (Store::Texts(to), Piece::Texts(from)) => from.into_iter().for_each(|v| to.append_option(v)),
            (Store::Days(to), Piece::Days(from)) => to.extend(from),
            _ => {}
        }
    }

    pub fn finish(self) -> Column {
        match self {
            Store::Numbers(store) => Column::Number(store.finish()),
            Store::Flags(mut flags) => Column::Bool(flags.finish()),
            Store::Codes(codes, levels) => Column::levels(codes, levels),
            Store::Bytes(codes, levels) => {
                Column::levels(codes.into_iter().map(|v| (v != 255).then(|| u32::from(v))), levels)
            }
            Store::Texts(mut texts) => Column::Text(texts.finish()),
            Store::Days(days) => Column::Date(Date32Array::from(days)),
        }
    }
}

/// The cells that did not fit: how many of each kind, and the first few with their lines.
#[derive(Default)]
pub struct Found {
    bad: Vec<Bad>,
}

/// Cells with one kind of mistake.
struct Bad {
    code: &'static Code,
    n: usize,
    /// Line and cell.
    first: Vec<(usize, String)>,
}

impl Found {
    fn note(&mut self, code: &'static Code, line: usize, cell: &str) {
        let at = self.bad.iter().position(|b| b.code == code).unwrap_or_else(|| {
            self.bad.push(Bad { code, n: 0, first: Vec::new() });
            self.bad.len() - 1
        });
        let bad = &mut self.bad[at];
        bad.n += 1;
        if bad.first.len() < SHOWN {
            bad.first.push((line, cell.to_string()));
        }
    }

    /// Adds what was found in later rows.
    pub fn join(&mut self, later: Found) {
        for new in later.bad {
            match self.bad.iter_mut().find(|b| b.code == new.code) {
                Some(bad) => {
                    bad.n += new.n;
                    let room = SHOWN - bad.first.len();
                    bad.first.extend(new.first.into_iter().take(room));
                }
                None => self.bad.push(new),
            }
        }
    }
}

/// Parses the cells of one column and remembers what did not fit.
pub struct Judge<'a> {
    declared: &'a Declared,
    /// The line of each row.
    lines: &'a [usize],
    pub found: Found,
}

impl<'a> Judge<'a> {
    pub fn new(declared: &'a Declared, lines: &'a [usize]) -> Self {
        Judge { declared, lines, found: Found::default() }
    }

    pub fn column<'c>(&mut self, cells: impl Iterator<Item = Option<&'c str>>) -> Piece {
        let cells = cells.enumerate().map(|(row, cell)| (row, cell.unwrap_or("").trim()));
        match &self.declared.ty.base {
            Base::Category(levels) => {
                let levels = levels.clone();
                let codes: Vec<Option<u32>> = cells
                    .map(|(row, cell)| match levels.code(cell) {
                        Some(code) => Some(code),
                        None if is_missing(cell) => self.missing(row),
                        None => self.refuse(row, codes::CELL_LEVEL, cell),
                    })
                    .collect();
                Piece::Codes(codes)
            }
            Base::Bool => {
                let values: Vec<Option<bool>> = cells
                    .map(|(row, cell)| match cell.to_ascii_lowercase().as_str() {
                        "true" | "1" | "yes" | "1.0" => Some(true),
                        "false" | "0" | "no" | "0.0" => Some(false),
                        _ if is_missing(cell) => self.missing(row),
                        _ => self.refuse(row, codes::CELL_TYPE, cell),
                    })
                    .collect();
                Piece::Flags(values)
            }
            Base::Text => {
                let values: Vec<Option<String>> = cells
                    .map(|(row, cell)| if cell.is_empty() { self.missing(row) } else { Some(cell.to_string()) })
                    .collect();
                Piece::Texts(values)
            }
            Base::Date => {
                let epoch = chrono::NaiveDate::default();
                let values: Vec<Option<i32>> = cells
                    .map(|(row, cell)| match chrono::NaiveDate::parse_from_str(cell, "%Y-%m-%d") {
                        Ok(date) => i32::try_from(date.signed_duration_since(epoch).num_days()).ok(),
                        Err(_) if is_missing(cell) => self.missing(row),
                        Err(_) => self.refuse(row, codes::CELL_TYPE, cell),
                    })
                    .collect();
                Piece::Days(values)
            }
            base => {
                let integer = matches!(base, Base::Number { integer: true, .. });
                let values: Vec<Option<f64>> = cells.map(|(row, cell)| self.number(row, cell, integer)).collect();
                Piece::Numbers(values)
            }
        }
    }

    fn number(&mut self, row: usize, cell: &str, integer: bool) -> Option<f64> {
        if is_missing(cell) {
            return self.missing(row);
        }
        let value = match cell.parse::<f64>() {
            Ok(v) if v.is_finite() => v,
            _ => return self.refuse(row, codes::CELL_TYPE, cell),
        };
        if integer && (value.fract() != 0.0 || value.abs() > 9_007_199_254_740_992.0) {
            return self.refuse(row, codes::CELL_TYPE, cell);
        }
        match self.declared.range {
            Some((lo, hi)) if value < lo || value > hi => self.refuse(row, codes::CELL_RANGE, cell),
            _ => Some(value),
        }
    }

    fn missing<T>(&mut self, row: usize) -> Option<T> {
        if !self.declared.ty.optional {
            self.note(row, codes::CELL_MISSING, "");
        }
        None
    }

    fn refuse<T>(&mut self, row: usize, code: &'static Code, cell: &str) -> Option<T> {
        self.note(row, code, cell);
        None
    }

    fn note(&mut self, row: usize, code: &'static Code, cell: &str) {
        self.found.note(code, self.lines.get(row).copied().unwrap_or(0), cell);
    }
}

impl Found {
    /// One diagnostic a kind of mistake: the first few cells, then a count.
    pub fn report(self, declared: &Declared, schema: &Schema, found: &mut Vec<Diagnostic>) {
        let name = &declared.name;
        let ty = &declared.ty;
        for code in [codes::CELL_TYPE, codes::CELL_RANGE, codes::CELL_LEVEL, codes::CELL_MISSING] {
            let Some(Bad { n, first: cells, .. }) = self.bad.iter().find(|b| b.code.id == code.id) else { continue };
            let (n, Some(first)) = (*n, cells.first()) else { continue };
            let (lo, hi) = declared.range.unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
            let (message, help) = match code.id {
                id if id == codes::CELL_RANGE.id => (
                    format!("{} of `{name}` {} outside {lo}..{hi}", count(n, "cell"), are(n)),
                    "correct the data, or widen the range if such values are real".to_string(),
                ),
                id if id == codes::CELL_LEVEL.id => {
                    let known = match &ty.base {
                        Base::Category(l) => l.names.join(", "),
                        _ => String::new(),
                    };
                    let near = match &ty.base {
                        Base::Category(l) => nearest(&first.1, l.names.iter().map(String::as_str)),
                        _ => None,
                    };
                    let help = match near {
                        Some(near) => format!("did you mean `{near}`? declared: {known}"),
                        None => format!("declare it, or correct the data; declared: {known}"),
                    };
                    (
                        format!(
                            "{} of `{name}` {} an undeclared category",
                            count(n, "cell"),
                            if n == 1 { "has" } else { "have" }
                        ),
                        help,
                    )
                }
                id if id == codes::CELL_MISSING.id => (
                    format!("{} of `{name}` {} missing", count(n, "cell"), are(n)),
                    format!("if cells may be missing, declare `{name} : … ?`"),
                ),
                _ => (
                    format!("{} of `{name}` {} not {}", count(n, "cell"), are(n), kind(&ty.base)),
                    "correct the data, or declare another type".to_string(),
                ),
            };
            let mut d = Diagnostic::new(code, message).at(declared.span, format!("declared {ty}"));
            for (line, cell) in cells {
                let shown = if cell.is_empty() { "missing".to_string() } else { format!("`{}`", clip(cell)) };
                d = d.note(format!("{}:{line}, column `{}`: {shown}", schema.path, declared.heading));
            }
            if n > SHOWN {
                d = d.note(format!("and {} more", n - SHOWN));
            }
            found.push(d.help(help));
        }
    }
}

fn is_missing(cell: &str) -> bool {
    cell.is_empty() || cell == "NA"
}

fn kind(base: &Base) -> &'static str {
    match base {
        Base::Number { integer: true, .. } => "a whole number",
        Base::Bool => "a flag (true/false, yes/no, 1/0)",
        Base::Date => "a date (2026-11-22)",
        _ => "a number",
    }
}

pub fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

fn are(n: usize) -> &'static str {
    if n == 1 { "is" } else { "are" }
}

pub fn clip(cell: &str) -> String {
    if cell.chars().count() > 40 { cell.chars().take(40).collect::<String>() + "…" } else { cell.to_string() }
}

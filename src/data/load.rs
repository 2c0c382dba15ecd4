//! CSV to table: every cell is checked against the declared schema; nothing is coerced or dropped.
//!
//! An empty cell or `NA` is missing (unless `NA` is a declared level). Flags are `true`/`false`,
//! `yes`/`no` or `1`/`0`.

use super::column::Column;
use super::table::{Table, sha256_hex};
use crate::check::Base;
use crate::check::dataset::{Column as Declared, Schema};
use crate::source::diagnostic::nearest;
use crate::source::world::World;
use crate::source::{Code, Diagnostic, codes};
use arrow_array::{Array, Date32Array, RecordBatch, StringArray};
use arrow_csv::ReaderBuilder;
use arrow_csv::reader::Format;
use arrow_schema::{DataType, Field, Schema as ArrowSchema};
use std::io::Read;
use std::sync::Arc;

/// How many bad cells of one kind are shown.
const SHOWN: usize = 3;
/// Largest decompressed file.
const MAX_BYTES: u64 = 8 << 30;

/// Loads the dataset's file; derived columns are still missing.
pub fn load(schema: &Schema, world: &dyn World) -> Result<Table, Vec<Diagnostic>> {
    let bytes = world.read(&schema.path).map_err(|e| vec![e.told().at(schema.path_span, "this file")])?;
    let sha256 = sha256_hex(&bytes);
    let text = decompress(schema, &bytes)?;
    let lines = record_lines(schema, &text)?;
    let batches = read(schema, &text)?;
    let headings: Vec<String> = match batches.first() {
        Some(batch) => batch.schema().fields().iter().map(|f| f.name().clone()).collect(),
        None => Vec::new(),
    };
    headings_match(schema, &headings)?;
    let rows = batches.iter().map(RecordBatch::num_rows).sum();
    let mut found = Vec::new();
    let mut table = Table { name: schema.name.clone(), rows, sha256, ..Table::default() };
    for declared in schema.columns.iter().filter(|c| c.derived.is_none()) {
        let Some(at) = headings.iter().position(|h| *h == declared.heading) else { continue };
        let cells: Vec<&StringArray> =
            batches.iter().filter_map(|b| b.column(at).as_any().downcast_ref::<StringArray>()).collect();
        let cells = cells.iter().flat_map(|a| a.iter());
        let mut judge = Judge { declared, bad: Vec::new() };
        let column = judge.column(cells);
        judge.report(schema, &lines, &mut found);
        table.columns.push((declared.name.clone(), column.compact()));
    }
    if found.is_empty() { Ok(table) } else { Err(found) }
}

fn decompress(schema: &Schema, bytes: &[u8]) -> Result<Vec<u8>, Vec<Diagnostic>> {
    if !schema.path.ends_with(".gz") {
        return Ok(bytes.to_vec());
    }
    let mut out = Vec::new();
    match flate2::read::MultiGzDecoder::new(bytes).take(MAX_BYTES).read_to_end(&mut out) {
        Ok(_) => Ok(out),
        Err(why) => Err(vec![
            Diagnostic::new(codes::NO_FILE, format!("`{}` is not a whole gzip file: {why}", schema.path))
                .at(schema.path_span, "this file"),
        ]),
    }
}

fn read(schema: &Schema, text: &[u8]) -> Result<Vec<RecordBatch>, Vec<Diagnostic>> {
    let malformed = |why: String| {
        let mut d = Diagnostic::new(codes::MALFORMED_ROW, format!("`{}` is not a well-formed table", schema.path))
            .at(schema.path_span, "this file")
            .note(plain(&why, &schema.path));
        d = d.help("every row has one cell a heading; a cell with a comma or a line break stands in double quotes");
        vec![d]
    };
    let format = Format::default().with_header(true);
    let (inferred, _) = format.infer_schema(text, Some(0)).map_err(|e| malformed(e.to_string()))?;
    if inferred.fields().is_empty() {
        return Err(malformed("the file is empty".into()));
    }
    let fields: Vec<Field> = inferred.fields().iter().map(|f| Field::new(f.name(), DataType::Utf8, true)).collect();
    let reader = ReaderBuilder::new(Arc::new(ArrowSchema::new(fields)))
        .with_format(format)
        .with_batch_size(1 << 16)
        .build(text)
        .map_err(|e| malformed(e.to_string()))?;
    let mut batches = Vec::new();
    for batch in reader {
        batches.push(batch.map_err(|e| malformed(e.to_string()))?);
    }
    if batches.iter().map(RecordBatch::num_rows).sum::<usize>() == 0 {
        return Err(malformed("the file has a heading and no rows".into()));
    }
    Ok(batches)
}

/// The reader's message without its own vocabulary.
fn plain(why: &str, path: &str) -> String {
    let why = why.strip_prefix("Csv error: ").unwrap_or(why);
    let why = why.strip_prefix("Parser error: ").unwrap_or(why);
    if why.contains("invalid UTF-8") {
        return format!("{path}: not UTF-8 text; save it with the encoding UTF-8");
    }
    if let Some(rest) = why.strip_prefix("incorrect number of fields for line ")
        && let Some((line, rest)) = rest.split_once(", expected ")
    {
        let rest = rest.replace(" got ", " cells, found ");
        return format!("{path}:{line}: expected {rest}");
    }
    format!("{path}: {why}")
}

fn headings_match(schema: &Schema, headings: &[String]) -> Result<(), Vec<Diagnostic>> {
    let mut found = Vec::new();
    if let Some((at, twice)) = headings.iter().enumerate().find(|(i, h)| headings.iter().take(*i).any(|b| b == *h)) {
        return Err(vec![
            Diagnostic::new(codes::NO_HEADING, format!("`{}` has two columns headed `{twice}`", schema.path))
                .at(schema.path_span, format!("the second is column {}", at + 1))
                .help("give each column a heading of its own"),
        ]);
    }
    if let [only] = headings
        && schema.columns.len() > 1
        && let Some(separator) = [';', '\t', '|'].into_iter().find(|s| only.contains(*s))
    {
        let name = if separator == '\t' { "tabs".to_string() } else { format!("`{separator}`") };
        return Err(vec![
            Diagnostic::new(
                codes::NO_HEADING,
                format!("the cells of `{}` are separated by {name}, not by commas", schema.path),
            )
            .at(schema.path_span, "this file")
            .note(format!("its first line: {}", clip(only)))
            .help("save it as comma-separated values; decimal commas become points"),
        ]);
    }
    for column in schema.columns.iter().filter(|c| c.derived.is_none()) {
        if headings.contains(&column.heading) {
            continue;
        }
        let mut d =
            Diagnostic::new(codes::NO_HEADING, format!("`{}` has no column headed `{}`", schema.path, column.heading))
                .at(column.span, "declared here");
        if let Some(near) = nearest(&column.heading, headings.iter().map(String::as_str)) {
            d = d.help(format!("did you mean `as \"{near}\"`?"));
        } else {
            d = d.note(format!("its headings: {}", headings.join(", ")));
        }
        found.push(d);
    }
    let extra: Vec<&str> = headings
        .iter()
        .filter(|h| {
            !schema.ignore.contains(h) && !schema.columns.iter().any(|c| c.derived.is_none() && c.heading == **h)
        })
        .map(String::as_str)
        .collect();
    if !extra.is_empty() && found.is_empty() {
        let quoted: Vec<String> = extra.iter().map(|e| format!("\"{e}\"")).collect();
        found.push(
            Diagnostic::new(
                codes::EXTRA_COLUMNS,
                format!("`{}` has {} that the schema does not declare", schema.path, count(extra.len(), "column")),
            )
            .at(schema.span, format!("not declared: {}", extra.join(", ")))
            .help(format!("declare them, or leave them out on purpose: `ignore {}` after the `}}`", quoted.join(", "))),
        );
    }
    if found.is_empty() { Ok(()) } else { Err(found) }
}

/// The line on which each row starts (1-based, heading left out). Quoted cells may hold line breaks; an
/// unclosed quote would swallow the rest of the file, so it is refused here.
fn record_lines(schema: &Schema, text: &[u8]) -> Result<Vec<usize>, Vec<Diagnostic>> {
    let malformed = |line: usize, why: &str, help: &str| {
        vec![
            Diagnostic::new(codes::MALFORMED_ROW, format!("`{}` is not a well-formed table", schema.path))
                .at(schema.path_span, "this file")
                .note(format!("{}:{line}: {why}", schema.path))
                .help(help),
        ]
    };
    let mut starts = Vec::new();
    let (mut line, mut quoted_since) = (1usize, None);
    let (mut cell_start, mut record_start, mut commas) = (true, None, false);
    let mut blank = None;
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if quoted_since.is_some() {
            match byte {
                b'"' if bytes.peek() == Some(&b'"') => {
                    bytes.next();
                }
                b'"' => quoted_since = None,
                b'\n' => line += 1,
                _ => {}
            }
            continue;
        }
        match byte {
            b'\n' => {
                match record_start.take() {
                    Some(start) => starts.push(start),
                    None => blank = blank.or(Some(line)),
                }
                line += 1;
                cell_start = true;
            }
            b'\r' => {}
            _ => {
                record_start = record_start.or(Some(line));
                commas |= byte == b',';
                if byte == b'"' && cell_start {
                    quoted_since = Some(line);
                }
                cell_start = byte == b',';
            }
        }
    }
    if let Some(open) = quoted_since {
        return Err(malformed(
            open,
            "a quote opens here and is never closed",
            "close it with `\"`; a quote inside a quoted cell is doubled",
        ));
    }
    starts.extend(record_start);
    if let (Some(at), false) = (blank.filter(|at| *at < line), commas) {
        // With one column an empty line could be a missing cell or nothing at all.
        return Err(malformed(at, "an empty line", "delete it, or write `NA` for a missing cell"));
    }
    Ok(starts.into_iter().skip(1).collect())
}

/// Parses one column and remembers what did not fit.
struct Judge<'a> {
    declared: &'a Declared,
    bad: Vec<(usize, &'static Code, String)>,
}

impl Judge<'_> {
    fn column<'c>(&mut self, cells: impl Iterator<Item = Option<&'c str>>) -> Column {
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
                Column::levels(codes, levels)
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
                Column::bools(values)
            }
            Base::Text => {
                let values: Vec<Option<String>> = cells
                    .map(|(row, cell)| if cell.is_empty() { self.missing(row) } else { Some(cell.to_string()) })
                    .collect();
                Column::Text(StringArray::from(values))
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
                Column::Date(Date32Array::from(values))
            }
            base => {
                let integer = matches!(base, Base::Number { integer: true, .. });
                let values: Vec<Option<f64>> = cells.map(|(row, cell)| self.number(row, cell, integer)).collect();
                Column::numbers(values)
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
            self.bad.push((row, codes::CELL_MISSING, String::new()));
        }
        None
    }

    fn refuse<T>(&mut self, row: usize, code: &'static Code, cell: &str) -> Option<T> {
        self.bad.push((row, code, cell.to_string()));
        None
    }

    /// One diagnostic a kind of mistake: the first few cells, then a count.
    fn report(self, schema: &Schema, lines: &[usize], found: &mut Vec<Diagnostic>) {
        let name = &self.declared.name;
        let ty = &self.declared.ty;
        for code in [codes::CELL_TYPE, codes::CELL_RANGE, codes::CELL_LEVEL, codes::CELL_MISSING] {
            let cells: Vec<&(usize, &Code, String)> = self.bad.iter().filter(|b| b.1.id == code.id).collect();
            let Some(first) = cells.first() else { continue };
            let (lo, hi) = self.declared.range.unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
            let (message, help) = match code.id {
                id if id == codes::CELL_RANGE.id => (
                    format!("{} of `{name}` {} outside {lo}..{hi}", count(cells.len(), "cell"), are(cells.len())),
                    "correct the data, or widen the range if such values are real".to_string(),
                ),
                id if id == codes::CELL_LEVEL.id => {
                    let mut unknown: Vec<&str> = cells.iter().map(|c| c.2.as_str()).collect();
                    unknown.sort_unstable();
                    unknown.dedup();
                    let known = match &ty.base {
                        Base::Category(l) => l.names.join(", "),
                        _ => String::new(),
                    };
                    let near = match &ty.base {
                        Base::Category(l) => nearest(&first.2, l.names.iter().map(String::as_str)),
                        _ => None,
                    };
                    let help = match near {
                        Some(near) => format!("did you mean `{near}`? declared: {known}"),
                        None => format!("declare it, or correct the data; declared: {known}"),
                    };
                    (
                        format!(
                            "{} of `{name}` {} an undeclared category",
                            count(cells.len(), "cell"),
                            if cells.len() == 1 { "has" } else { "have" }
                        ),
                        help,
                    )
                }
                id if id == codes::CELL_MISSING.id => (
                    format!("{} of `{name}` {} missing", count(cells.len(), "cell"), are(cells.len())),
                    format!("if cells may be missing, declare `{name} : … ?`"),
                ),
                _ => (
                    format!("{} of `{name}` {} not {}", count(cells.len(), "cell"), are(cells.len()), kind(&ty.base)),
                    "correct the data, or declare another type".to_string(),
                ),
            };
            let mut d = Diagnostic::new(code, message).at(self.declared.span, format!("declared {ty}"));
            for (row, _, cell) in cells.iter().take(SHOWN) {
                let line = lines.get(*row).copied().unwrap_or(0);
                let shown = if cell.is_empty() { "missing".to_string() } else { format!("`{}`", clip(cell)) };
                d = d.note(format!("{}:{line}, column `{}`: {shown}", schema.path, self.declared.heading));
            }
            if cells.len() > SHOWN {
                d = d.note(format!("and {} more", cells.len() - SHOWN));
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

fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

fn are(n: usize) -> &'static str {
    if n == 1 { "is" } else { "are" }
}

fn clip(cell: &str) -> String {
    if cell.chars().count() > 40 { cell.chars().take(40).collect::<String>() + "…" } else { cell.to_string() }
}

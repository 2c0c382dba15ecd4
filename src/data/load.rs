//! CSV to table: every cell is checked against the declared schema; nothing is coerced or dropped.
//!
//! The file is read as a stream, block by block, and blocks are parsed on all cores; only the finished columns stay
//! in memory. An empty cell or `NA` is missing (unless `NA` is a declared level). Flags are `true`/`false`, `yes`/`no`
//! or `1`/`0`.

use super::cells::{Found, Judge, Piece, Store, clip, count};
use super::records::{BROKEN, CELLS, Malformed, Records};
use super::table::Table;
use crate::check::dataset::{Column as Declared, Schema};
use crate::source::diagnostic::nearest;
use crate::source::world::World;
use crate::source::{Diagnostic, codes};
use arrow_array::StringArray;
use arrow_csv::ReaderBuilder;
use arrow_csv::reader::Format;
use arrow_schema::{DataType, Field, Schema as ArrowSchema, SchemaRef};
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};

/// Largest decompressed file.
const MAX_BYTES: u64 = 64 << 30;

/// The bytes of a file on their way to the parser, digested as they pass.
struct Digested {
    stream: Box<dyn Read + Send>,
    digest: Arc<Mutex<Sha256>>,
}

impl Read for Digested {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let n = self.stream.read(out)?;
        self.digest.lock().unwrap_or_else(PoisonError::into_inner).update(out.get(..n).unwrap_or(&[]));
        Ok(n)
    }
}

/// Is told of rows as they arrive, and may stop the load.
pub type Counter<'a> = &'a mut dyn FnMut(u64) -> Result<(), Diagnostic>;

/// Loads the dataset's file; derived columns are still missing.
pub fn load(schema: &Schema, world: &dyn World) -> Result<Table, Vec<Diagnostic>> {
    load_counted(schema, world, &mut |_| Ok(()))
}

/// The same, with every block of rows told to `count`.
pub fn load_counted(schema: &Schema, world: &dyn World, count: Counter) -> Result<Table, Vec<Diagnostic>> {
    let stream = world.open(&schema.path).map_err(|e| vec![e.told().at(schema.path_span, "this file")])?;
    let digest = Arc::new(Mutex::new(Sha256::new()));
    let mut file = Digested { stream, digest: digest.clone() };
    let table = if schema.path.ends_with(".gz") {
        // An unreadable archive ends the load with its own words.
        read(schema, flate2::read::MultiGzDecoder::new(&mut file).take(MAX_BYTES), count)
    } else {
        read(schema, (&mut file).take(MAX_BYTES), count)
    };
    let mut table = table?;
    // What the parser did not need belongs to the file all the same.
    let _ = std::io::copy(&mut file, &mut std::io::sink());
    let digest = digest.lock().unwrap_or_else(PoisonError::into_inner).clone().finalize();
    table.sha256 = digest.iter().map(|b| format!("{b:02x}")).collect();
    Ok(table)
}

fn malformed(schema: &Schema, why: &Malformed) -> Vec<Diagnostic> {
    if why.help == BROKEN {
        let what = if schema.path.ends_with(".gz") { "is not a whole gzip file" } else { "cannot be read" };
        return vec![
            Diagnostic::new(codes::NO_FILE, format!("`{}` {what}: {}", schema.path, why.why))
                .at(schema.path_span, "this file")
                .help(why.help),
        ];
    }
    let at = if why.line == 0 { schema.path.clone() } else { format!("{}:{}", schema.path, why.line) };
    vec![
        Diagnostic::new(codes::MALFORMED_ROW, format!("`{}` is not a well-formed table", schema.path))
            .at(schema.path_span, "this file")
            .note(format!("{at}: {}", why.why))
            .help(why.help),
    ]
}

/// The declared columns and where they stand in the file.
struct Plan<'a> {
    columns: Vec<(&'a Declared, usize)>,
    fields: SchemaRef,
}

fn read(schema: &Schema, stream: impl Read, count: Counter) -> Result<Table, Vec<Diagnostic>> {
    let mut records = Records::new(stream);
    let mut next = || records.next_block().map_err(|why| malformed(schema, &why));
    let empty = |why: &str| malformed(schema, &Malformed { line: 0, why: why.into(), help: CELLS });
    let mut first = next()?.ok_or_else(|| empty("the file is empty"))?;
    if first.bytes.starts_with(b"\xef\xbb\xbf") {
        // Excel's mark of UTF-8 is no part of the first heading.
        first.bytes.drain(..3);
    }
    let format = Format::default().with_header(true);
    let (inferred, _) = format.infer_schema(first.bytes.as_slice(), Some(0)).map_err(|e| empty(&e.to_string()))?;
    let headings: Vec<String> = inferred.fields().iter().map(|f| f.name().clone()).collect();
    if headings.is_empty() {
        return Err(empty("the file is empty"));
    }
    headings_match(schema, &headings)?;
    let fields: Vec<Field> = headings.iter().map(|h| Field::new(h, DataType::Utf8, true)).collect();
    let columns = schema
        .columns
        .iter()
        .filter(|c| c.derived.is_none())
        .filter_map(|c| Some((c, headings.iter().position(|h| *h == c.heading)?)))
        .collect();
    let plan = Plan { columns, fields: Arc::new(ArrowSchema::new(fields)) };
    let mut stores: Vec<Store> = plan.columns.iter().map(|(declared, _)| Store::new(declared)).collect();
    let mut found: Vec<Found> = plan.columns.iter().map(|_| Found::default()).collect();
    let mut rows = 0;
    // The first block starts with the headings.
    let mut waiting = vec![(first, true)];
    loop {
        while waiting.len() < rayon::current_num_threads() {
            match next()? {
                Some(block) => waiting.push((block, false)),
                None => break,
            }
        }
        if waiting.is_empty() {
            break;
        }
        let parsed: Vec<_> = waiting.par_drain(..).map(|(b, h)| parse(&plan, &b.bytes, &b.lines, h)).collect();
        for block in parsed {
            let block = block.map_err(|why| malformed(schema, &why))?;
            let new = block.first().map_or(0, |(piece, _)| piece.len());
            count(new as u64).map_err(|d| vec![d.at(schema.path_span, "this data")])?;
            rows += new;
            for (((piece, new), store), found) in block.into_iter().zip(&mut stores).zip(&mut found) {
                store.append(piece);
                found.join(new);
            }
        }
    }
    if rows == 0 {
        return Err(empty("the file has a heading and no rows"));
    }
    let mut told = Vec::new();
    let mut table = Table { name: schema.name.clone(), rows, ..Table::default() };
    for (((declared, _), store), found) in plan.columns.iter().zip(stores).zip(found) {
        found.report(declared, schema, &mut told);
        table.columns.push((declared.name.clone(), store.finish()));
    }
    if told.is_empty() { Ok(table) } else { Err(told) }
}

/// Every declared column of one block.
fn parse(plan: &Plan, bytes: &[u8], lines: &[usize], headed: bool) -> Result<Vec<(Piece, Found)>, Malformed> {
    let lines = if headed { lines.get(1..).unwrap_or(&[]) } else { lines };
    let wrong = |e: arrow_schema::ArrowError| Malformed {
        line: lines.first().copied().unwrap_or(0),
        why: e.to_string(),
        help: CELLS,
    };
    let reader = ReaderBuilder::new(plan.fields.clone())
        .with_format(Format::default().with_header(headed))
        .with_batch_size(lines.len().max(1))
        .build(bytes)
        .map_err(wrong)?;
    let mut out: Vec<(Piece, Found)> = Vec::new();
    for batch in reader {
        let batch = batch.map_err(wrong)?;
        for (declared, at) in &plan.columns {
            let cells = batch.column(*at).as_any().downcast_ref::<StringArray>();
            let mut judge = Judge::new(declared, lines);
            let piece = judge.column(cells.into_iter().flat_map(|a| a.iter()));
            out.push((piece, judge.found));
        }
    }
    Ok(out)
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

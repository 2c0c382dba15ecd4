//! A dataset with a row a code, for generators of whole records: who, when, which code.

use super::run::Halt;
use crate::check::Base;
use crate::check::dataset::Schema;
use crate::data::Table;
use crate::data::column::Column;
use crate::data::frame::{Frame, FrameColumn, FrameKind};
use crate::eval::value::Value;
use crate::eval::view::cell;
use crate::source::{Diagnostic, codes};
use crate::syntax::ast::{Expr, ExprKind, Generator, Role};
use crate::synth::Asked;
use crate::synth::visits::Visits;
use crate::synth::visits::frame::{Columns, visits};
use std::collections::{BTreeMap, BTreeSet};

/// Which columns of a dataset are what, and the codes it has.
pub struct Long {
    columns: Columns,
    /// All codes of the dataset, in order.
    levels: Vec<String>,
}

impl Long {
    /// For a generator that learns records; none for one that learns rows. `asked` is told the subject.
    pub fn of(generator: &Generator, schema: &Schema, table: &Table, asked: &mut Asked) -> Result<Option<Long>, Halt> {
        if asked.kind != "hisgt" {
            return Ok(None);
        }
        let refuse = |message: String, help: &str| {
            let refused = Diagnostic::new(codes::MODEL_FAILED, message).at(generator.name.span, "learns whole records");
            Halt::Failed(vec![refused.help(help)])
        };
        let name = &generator.name.name;
        let subject = schema.columns.iter().find(|c| c.has(Role::Subject)).ok_or_else(|| {
            let message = format!("`{name}` cannot tell whose a row of `{}` is", schema.name);
            refuse(message, "give the column that says so the role `subject`")
        })?;
        let named = |what: &str| {
            let word = asked.words.get(what).and_then(|w| w.first()).cloned();
            word.ok_or_else(|| {
                let message = format!("`{name}` is not told which column is the {what}");
                refuse(message, "write `visit COLUMN` and `code COLUMN` in its settings")
            })
        };
        let list = |e: &Expr| matches!(e.kind, ExprKind::List(_));
        if generator.settings.iter().any(|(n, value)| n.name == "labels" && !list(value)) {
            return Err(refuse(format!("the labels of `{name}` are no list"), "write `labels [a, b]`"));
        }
        let (visit, code) = (named("visit")?, named("code")?);
        let levels = match (schema.column(&code).map(|c| &c.ty.base), table.column(&code)) {
            (Some(Base::Category(levels)), _) => levels.names.clone(),
            (Some(Base::Text), Some(column)) => distinct(column),
            _ => return Err(refuse(format!("`{code}` holds no codes"), "a code is a category or a text")),
        };
        let labels = asked.words.get("labels").cloned().unwrap_or_default();
        asked.words.insert("subject".into(), vec![subject.name.clone()]);
        Ok(Some(Long { columns: Columns { subject: subject.name.clone(), visit, code, labels }, levels }))
    }

    /// The rows as records are learned from them: subjects by number, in order of appearance; dates by day.
    pub fn frame(&self, table: &Table, schema: &Schema) -> Frame {
        let mut columns = Vec::new();
        if let Some(column) = table.column(&self.columns.subject) {
            let mut known: BTreeMap<String, usize> = BTreeMap::new();
            let number = |row| match cell(column, row) {
                Value::Missing => f64::NAN,
                value => {
                    let next = known.len();
                    *known.entry(value.to_string()).or_insert(next) as f64
                }
            };
            columns.push(whole(&self.columns.subject, (0..table.rows).map(number).collect()));
        }
        if let Some(column) = table.column(&self.columns.visit) {
            columns.push(whole(&self.columns.visit, column.as_f64()));
        }
        columns.extend(self.codes(table));
        columns.extend(table.frame(schema, &self.columns.labels).columns);
        Frame { columns, rows: table.rows }
    }

    /// The codes by their place among all codes of the dataset; missing where there is none.
    fn codes(&self, table: &Table) -> Option<FrameColumn> {
        let column = table.column(&self.columns.code)?;
        let place =
            |text: &str| self.levels.binary_search_by(|l| l.as_str().cmp(text)).map_or(f64::NAN, |at| at as f64);
        let values = match column {
            Column::Text(texts) => texts.iter().map(|t| t.map_or(f64::NAN, place)).collect(),
            _ => column.as_f64(),
        };
        let kind = FrameKind::Category { levels: self.levels.clone() };
        Some(FrameColumn { name: self.columns.code.clone(), kind, nullable: false, values })
    }

    /// Names of the columns that synthetic rows are shown and compared by: code and labels. A synthetic subject is nobody
    /// and a synthetic visit has no date.
    pub fn shown(&self) -> Vec<String> {
        std::iter::once(self.columns.code.clone()).chain(self.columns.labels.iter().cloned()).collect()
    }

    /// Those columns of real rows.
    pub fn real(&self, table: &Table, schema: &Schema) -> Frame {
        let labels = table.frame(schema, &self.columns.labels).columns;
        Frame { columns: self.codes(table).into_iter().chain(labels).collect(), rows: table.rows }
    }

    /// The records of synthetic rows; none where they make none.
    pub fn records(&self, frame: &Frame) -> Option<Visits> {
        visits(frame, &self.columns).ok()
    }

    /// The records of real rows. Codes that the generator never saw are numbered behind those it knows: without them its
    /// people would look closer to everybody else than they are.
    pub fn real_records(&self, table: &Table, schema: &Schema) -> Option<Visits> {
        let unknown = match table.column(&self.columns.code)? {
            column @ Column::Text(_) => {
                distinct(column).into_iter().filter(|code| self.levels.binary_search(code).is_err()).collect()
            }
            _ => Vec::new(),
        };
        let mut frame = self.frame(table, schema);
        if let (Some(Column::Text(texts)), false) = (table.column(&self.columns.code), unknown.is_empty()) {
            let code = frame.columns.iter_mut().find(|c| c.name == self.columns.code)?;
            for (cell, text) in code.values.iter_mut().zip(texts.iter()).filter(|(cell, _)| cell.is_nan()) {
                let at = text.and_then(|t| unknown.binary_search_by(|u: &String| u.as_str().cmp(t)).ok());
                *cell = at.map_or(f64::NAN, |at| (self.levels.len() + at) as f64);
            }
            code.kind = FrameKind::Category { levels: [self.levels.clone(), unknown].concat() };
        }
        self.records(&frame)
    }

    /// Those columns of synthetic rows.
    pub fn synthetic(&self, frame: &Frame) -> Frame {
        let columns = self.shown().iter().filter_map(|name| frame.column(name).cloned()).collect();
        Frame { columns, rows: frame.rows }
    }
}

fn whole(name: &str, values: Vec<f64>) -> FrameColumn {
    let kind = FrameKind::Number { lo: None, hi: None, integer: true };
    FrameColumn { name: name.to_string(), kind, nullable: false, values }
}

/// The texts of a column, each once, in order.
fn distinct(column: &Column) -> Vec<String> {
    let Column::Text(texts) = column else { return Vec::new() };
    let all: BTreeSet<&str> = texts.iter().flatten().collect();
    all.into_iter().map(str::to_string).collect()
}

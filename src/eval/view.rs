//! The rows an expression sees.

use super::chunk::memo::Memo;
use super::shared::Shared;
use super::value::Value;
use crate::data::{Column, Table};
use arrow_array::UInt32Array;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Columns by name, all of one length. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct View {
    columns: Arc<BTreeMap<String, Column>>,
    pub rows: usize,
    /// What was worked out about these rows.
    memo: Arc<Memo>,
    /// What kernels worked out from columns of these rows; further columns leave it as it is.
    shared: Arc<Shared>,
}

impl View {
    pub fn new(columns: BTreeMap<String, Column>, rows: usize) -> Self {
        View { columns: Arc::new(columns), rows, memo: Arc::default(), shared: Arc::default() }
    }

    pub fn of(table: &Table) -> Self {
        View::new(table.columns.iter().cloned().collect(), table.rows)
    }

    /// Whether both are the very same rows, not only equal ones.
    pub fn is(&self, other: &View) -> bool {
        Arc::ptr_eq(&self.memo, &other.memo)
    }

    pub(super) fn memo(&self) -> &Memo {
        &self.memo
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.get(name)
    }

    pub fn names(&self) -> BTreeSet<String> {
        self.columns.keys().cloned().collect()
    }

    /// The same rows with further columns.
    pub fn with(&self, more: impl IntoIterator<Item = (String, Column)>) -> View {
        let mut columns = (*self.columns).clone();
        columns.extend(more);
        View { shared: self.shared.clone(), ..View::new(columns, self.rows) }
    }

    /// Other columns, made from those of these rows: the parameters of a call.
    pub(super) fn parameters(&self, columns: BTreeMap<String, Column>, rows: usize) -> View {
        View { shared: self.shared.clone(), ..View::new(columns, rows) }
    }

    /// The rows at `index`, with the columns in `names` only.
    pub fn take(&self, index: &UInt32Array, names: &BTreeSet<String>) -> View {
        let columns = self
            .columns
            .iter()
            .filter(|(name, _)| names.contains(*name))
            .map(|(name, column)| (name.clone(), column.take(index)))
            .collect();
        View::new(columns, index.len())
    }

    /// The value of a column in one row.
    pub fn value(&self, name: &str, row: usize) -> Value {
        self.column(name).map_or(Value::Missing, |c| cell(c, row))
    }
}

/// One cell.
pub fn cell(column: &Column, row: usize) -> Value {
    let array = column.array();
    if row >= array.len() || array.is_null(row) {
        return Value::Missing;
    }
    match column {
        Column::Bool(a) => Value::Bool(a.value(row)),
        Column::Number(a) => Value::Number(a.value(row)),
        Column::Level(a, levels) => Value::Level(a.value(row), levels.clone()),
        Column::Text(a) => Value::text(a.value(row)),
        Column::Date(a) => Value::Date(a.value(row)),
    }
}

/// A column of `values`; none when they are of several kinds.
pub fn column_of(values: &[Value]) -> Option<Column> {
    let kind = values.iter().find(|v| **v != Value::Missing)?;
    let missing = |v: &Value| *v == Value::Missing;
    match kind {
        Value::Bool(_) => {
            let cells: Option<Vec<Option<bool>>> = values
                .iter()
                .map(|v| match v {
                    Value::Bool(b) => Some(Some(*b)),
                    v => missing(v).then_some(None),
                })
                .collect();
            cells.map(Column::bools)
        }
        Value::Number(_) => {
            let cells: Option<Vec<Option<f64>>> = values
                .iter()
                .map(|v| match v {
                    Value::Number(b) => Some(Some(*b)),
                    v => missing(v).then_some(None),
                })
                .collect();
            cells.map(Column::numbers)
        }
        Value::Level(_, levels) => {
            let levels = levels.clone();
            let cells: Option<Vec<Option<u32>>> = values
                .iter()
                .map(|v| match v {
                    Value::Level(code, own) => {
                        if Arc::ptr_eq(own, &levels) {
                            return Some(Some(*code));
                        }
                        own.names.get(*code as usize).and_then(|n| levels.code(n)).map(Some)
                    }
                    v => missing(v).then_some(None),
                })
                .collect();
            cells.map(|c| Column::levels(c, levels))
        }
        Value::Date(_) => {
            let cells: Option<Vec<Option<i32>>> = values
                .iter()
                .map(|v| match v {
                    Value::Date(day) => Some(Some(*day)),
                    v => missing(v).then_some(None),
                })
                .collect();
            cells.map(|c| Column::Date(c.into()))
        }
        Value::Text(_) => {
            // A list of texts used as a category: its levels in order of appearance.
            let mut names: Vec<String> = Vec::new();
            let mut codes = Vec::new();
            for value in values {
                match value {
                    Value::Text(t) => {
                        let at = names.iter().position(|n| **n == **t).unwrap_or_else(|| {
                            names.push(t.to_string());
                            names.len() - 1
                        });
                        codes.push(Some(at as u32));
                    }
                    Value::Missing => codes.push(None),
                    _ => return None,
                }
            }
            Some(Column::levels(codes, Arc::new(crate::check::Levels { column: "list".into(), names })))
        }
        _ => None,
    }
}

//! A table: named columns of equal length, with the digest of the file they came from.

use super::column::Column;
use super::frame::{Frame, FrameColumn, FrameKind};
use crate::check::dataset::Schema;
use crate::check::{Base, Levels};
use arrow_array::UInt32Array;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Columns by name, in the schema's order.
#[derive(Debug, Clone, Default)]
pub struct Table {
    pub name: String,
    pub columns: Vec<(String, Column)>,
    pub rows: usize,
    /// SHA-256 of the file's bytes, in hex; empty for a table made in memory.
    pub sha256: String,
}

impl Table {
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|(n, _)| n == name).map(|(_, c)| c)
    }

    /// Adds or replaces a column.
    pub fn set(&mut self, name: &str, column: Column) {
        match self.columns.iter_mut().find(|(n, _)| n == name) {
            Some((_, slot)) => *slot = column,
            None => self.columns.push((name.to_string(), column)),
        }
    }

    pub fn take(&self, index: &[u32]) -> Table {
        let index = UInt32Array::from(index.to_vec());
        Table {
            name: self.name.clone(),
            columns: self.columns.iter().map(|(n, c)| (n.clone(), c.take(&index))).collect(),
            rows: arrow_array::Array::len(&index),
            sha256: String::new(),
        }
    }

    /// The named columns as a dense frame; texts and dates are left out.
    pub fn frame(&self, schema: &Schema, names: &[String]) -> Frame {
        let columns = names
            .iter()
            .filter_map(|name| {
                let declared = schema.column(name)?;
                let column = self.column(name)?;
                let kind = match &declared.ty.base {
                    Base::Bool => FrameKind::Category { levels: vec!["false".into(), "true".into()] },
                    Base::Category(levels) => FrameKind::Category { levels: levels.names.clone() },
                    Base::Number { integer, .. } => FrameKind::Number {
                        lo: declared.range.map(|r| r.0),
                        hi: declared.range.map(|r| r.1),
                        integer: *integer,
                    },
                    Base::Prob | Base::Rating => FrameKind::Number {
                        lo: declared.range.map(|r| r.0),
                        hi: declared.range.map(|r| r.1),
                        integer: false,
                    },
                    _ => return None,
                };
                Some(FrameColumn { name: name.clone(), kind, nullable: declared.ty.optional, values: column.as_f64() })
            })
            .collect();
        Frame { columns, rows: self.rows }
    }

    /// A table from a frame made after `schema`.
    pub fn from_frame(frame: &Frame, schema: &Schema) -> Table {
        let mut table = Table { name: schema.name.clone(), rows: frame.rows, ..Table::default() };
        for column in &frame.columns {
            let Some(declared) = schema.column(&column.name) else { continue };
            let present = |v: &f64| (!v.is_nan()).then_some(*v);
            let made = match &declared.ty.base {
                Base::Bool => Column::bools(column.values.iter().map(|v| present(v).map(|v| v != 0.0))),
                Base::Category(levels) => {
                    let levels: Arc<Levels> = levels.clone();
                    Column::levels(column.values.iter().map(|v| present(v).map(|v| v as u32)), levels)
                }
                Base::Text => match &column.kind {
                    FrameKind::Category { levels } => {
                        let text = |v: &f64| present(v).and_then(|v| levels.get(v as usize));
                        Column::Text(column.values.iter().map(text).collect())
                    }
                    FrameKind::Number { .. } => continue,
                },
                _ => Column::numbers(column.values.iter().map(present)),
            };
            table.set(&column.name, made);
        }
        table
    }
}

/// SHA-256 in lower-case hex.
pub fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

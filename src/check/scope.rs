//! What names mean at one place of a script.

use super::types::{Level, Type};
use std::collections::HashMap;
use std::sync::Arc;

/// The columns that rows have here.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RowScope {
    /// For messages: `support`, or `the predictions of a task`.
    pub name: String,
    columns: Vec<(String, Type)>,
    /// Where each column stands; looked up only.
    index: HashMap<String, usize>,
}

impl RowScope {
    pub fn new(name: impl Into<String>) -> Self {
        RowScope { name: name.into(), ..RowScope::default() }
    }

    /// Adds a column; the first of a name is the one meant.
    pub fn push(&mut self, name: &str, ty: Type) {
        self.index.entry(name.to_string()).or_insert(self.columns.len());
        self.columns.push((name.to_string(), ty));
    }

    pub fn columns(&self) -> &[(String, Type)] {
        &self.columns
    }

    pub fn get(&self, name: &str) -> Option<&Type> {
        self.columns.get(*self.index.get(name)?).map(|(_, t)| t)
    }
}

/// Stands among the present columns when a condition has a mistake: it may have said that any of them is.
pub const ANYTHING: &str = "*";

/// The names in scope.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// Parameters and variables, innermost last.
    pub locals: Vec<(String, Type)>,
    pub rows: Option<Arc<RowScope>>,
    /// Columns known to be present here (`where present(x)`).
    pub present: Vec<String>,
}

impl Scope {
    pub fn with_rows(rows: Option<Arc<RowScope>>) -> Self {
        Scope { locals: Vec::new(), rows, present: Vec::new() }
    }

    pub fn local(&self, name: &str) -> Option<&Type> {
        self.locals.iter().rev().find(|(n, _)| n == name).map(|(_, t)| t)
    }

    /// A column's type here, with what is known to be present taken into account.
    pub fn column(&self, name: &str) -> Option<Type> {
        let mut ty = self.rows.as_ref()?.get(name)?.clone();
        if self.present.iter().any(|p| p == name || p == ANYTHING) {
            ty.optional = false;
        }
        ty.level = Level::Row;
        Some(ty)
    }

    pub fn names(&self) -> Vec<&str> {
        let locals = self.locals.iter().map(|(n, _)| n.as_str());
        let columns = self.rows.iter().flat_map(|r| r.columns().iter().map(|(n, _)| n.as_str()));
        locals.chain(columns).collect()
    }
}

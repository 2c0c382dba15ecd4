//! What names mean at one place of a script.

use super::types::{Level, Type};
use std::sync::Arc;

/// The columns that rows have here.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RowScope {
    /// For messages: `support`, or `the predictions of a task`.
    pub name: String,
    pub columns: Vec<(String, Type)>,
}

impl RowScope {
    pub fn get(&self, name: &str) -> Option<&Type> {
        self.columns.iter().find(|(n, _)| n == name).map(|(_, t)| t)
    }
}

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
        if self.present.iter().any(|p| p == name) {
            ty.optional = false;
        }
        ty.level = Level::Row;
        Some(ty)
    }

    pub fn names(&self) -> Vec<&str> {
        let locals = self.locals.iter().map(|(n, _)| n.as_str());
        let columns = self.rows.iter().flat_map(|r| r.columns.iter().map(|(n, _)| n.as_str()));
        locals.chain(columns).collect()
    }
}

//! Where a name is declared, without walking over the whole file for every use of it.

use super::dataset::Schema;
use super::program::{FunctionInfo, Program};
use crate::syntax::ast::{Item, ItemKind};
use std::collections::HashMap;
use std::sync::Arc;

/// Positions by name. Looked up, never walked over.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    /// The last function of that name: the script's own come after the standard library's and win.
    functions: HashMap<String, usize>,
    datasets: HashMap<String, usize>,
    /// Every item of that name, in order.
    items: HashMap<String, Vec<usize>>,
}

impl Program {
    /// The file's items; what was there before is forgotten.
    pub(super) fn set_items(&mut self, items: Vec<Arc<Item>>) {
        self.index.items.clear();
        for (at, item) in items.iter().enumerate() {
            if let Some(name) = item.kind.name() {
                self.index.items.entry(name.name.clone()).or_default().push(at);
            }
        }
        self.file.items = items;
    }

    pub(super) fn add_function(&mut self, info: FunctionInfo) {
        self.index.functions.insert(info.decl.name.name.clone(), self.functions.len());
        self.functions.push(Arc::new(info));
    }

    /// Adds a dataset; one of the same name is replaced when `replace`, else the first one stays the one meant.
    pub(super) fn add_dataset(&mut self, schema: Schema, replace: bool) {
        let name = schema.name.clone();
        match self.index.datasets.get(&name) {
            Some(&at) if replace => {
                if let Some(slot) = self.datasets.get_mut(at) {
                    *slot = Arc::new(schema);
                }
            }
            Some(_) => self.datasets.push(Arc::new(schema)),
            None => {
                self.index.datasets.insert(name, self.datasets.len());
                self.datasets.push(Arc::new(schema));
            }
        }
    }

    pub fn dataset(&self, name: &str) -> Option<&Arc<Schema>> {
        self.datasets.get(*self.index.datasets.get(name)?)
    }

    pub fn function(&self, name: &str) -> Option<(usize, &FunctionInfo)> {
        let at = *self.index.functions.get(name)?;
        self.functions.get(at).map(|f| (at, f.as_ref()))
    }

    /// The first item of this name and kind.
    pub(super) fn find<'a, T>(&'a self, name: &str, pick: impl Fn(&'a ItemKind) -> Option<T>) -> Option<T> {
        let at = self.index.items.get(name)?;
        at.iter().filter_map(|&i| self.file.items.get(i)).find_map(|i| pick(&i.kind))
    }
}

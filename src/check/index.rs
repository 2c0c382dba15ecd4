//! Where a name is declared, without walking over the whole file for every use of it.

use super::dataset::Schema;
use super::program::{FunctionInfo, Program};
use crate::syntax::ast::{Item, ItemKind};
use std::collections::HashMap;
use std::sync::Arc;

/// Positions by name. Looked up, never walked over.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    /// The functions of a name, in order: of several that can be meant, the last one is.
    functions: HashMap<String, Vec<usize>>,
    datasets: HashMap<String, usize>,
    /// The items of a global name, in order: of several, the first one is meant.
    items: HashMap<String, Vec<Arc<Item>>>,
}

impl Program {
    /// Takes up the items of [`Program::file`].
    pub(super) fn index_items(&mut self) {
        for item in &self.file.items {
            if let Some(name) = item.kind.name() {
                self.index.items.entry(name.name.clone()).or_default().push(item.clone());
            }
        }
    }

    /// Takes up an item of the script that replaces what had its name.
    pub(super) fn index_name(&mut self, name: &str) {
        let named = |i: &&Arc<Item>| i.kind.name().is_some_and(|n| n.name == name);
        let items = self.file.items.iter().filter(named).cloned().collect();
        self.index.items.insert(name.to_string(), items);
    }

    pub(super) fn add_function(&mut self, info: FunctionInfo) {
        self.index.functions.entry(info.decl.name.name.clone()).or_default().push(self.functions.len());
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

    pub fn dataset(&self, name: &str) -> Option<&Schema> {
        self.shared_dataset(name).map(Arc::as_ref)
    }

    /// The same, for one who keeps it while the check goes on.
    pub(super) fn shared_dataset(&self, name: &str) -> Option<&Arc<Schema>> {
        self.datasets.get(*self.index.datasets.get(name)?)
    }

    /// The last function of this name that fits.
    pub(super) fn last_function(
        &self,
        name: &str,
        fits: impl Fn(&FunctionInfo) -> bool,
    ) -> Option<(usize, &FunctionInfo)> {
        let at = self.index.functions.get(name)?.iter().rev();
        at.filter_map(|&i| Some((i, self.functions.get(i)?.as_ref()))).find(|(_, f)| fits(f))
    }

    /// The first item of this global name and kind.
    pub(super) fn find<'a, T>(&'a self, name: &str, pick: impl Fn(&'a ItemKind) -> Option<T>) -> Option<T> {
        self.index.items.get(name)?.iter().find_map(|i| pick(&i.kind))
    }
}

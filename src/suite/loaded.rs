//! The datasets of a program, loaded, checked cell by cell, derived columns filled in.

use crate::check::Program;
use crate::data::{Table, load::load_counted};
use crate::eval::derive::derive;
use crate::eval::limits::Meter;
use crate::eval::{Env, Kernels, View};
use crate::source::Diagnostic;
use crate::source::world::World;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Loaded data and everything an evaluation needs.
pub struct Loaded {
    pub tables: BTreeMap<String, Table>,
    pub views: BTreeMap<String, View>,
    pub kernels: Kernels,
    pub meter: Arc<Meter>,
}

impl Loaded {
    /// Loads every dataset that the program declares.
    pub fn load(program: &Program, world: &dyn World) -> Result<Loaded, Vec<Diagnostic>> {
        Loaded::load_within(program, world, Arc::default())
    }

    /// The same within limits.
    pub fn load_within(program: &Program, world: &dyn World, meter: Arc<Meter>) -> Result<Loaded, Vec<Diagnostic>> {
        let mut out = Loaded { meter, ..Loaded::nothing() };
        let mut found = Vec::new();
        for schema in &program.datasets {
            let meter = &out.meter;
            let table = load_counted(schema, world, &mut |rows| meter.load(rows, 0)).and_then(|mut table| {
                meter.load(0, bytes(&table)).map_err(|d| vec![d.at(schema.path_span, "this data")])?;
                derive(program, &out.kernels, schema, &mut table, &out.meter).map_err(|d| vec![d])?;
                Ok(table)
            });
            match table {
                Ok(table) => {
                    out.views.insert(schema.name.clone(), View::of(&table));
                    out.tables.insert(schema.name.clone(), table);
                }
                Err(mut bad) => found.append(&mut bad),
            }
        }
        if found.is_empty() { Ok(out) } else { Err(found) }
    }

    /// Nothing but the kernels: for expressions without data.
    pub fn nothing() -> Loaded {
        let kernels = crate::builtins::kernels();
        Loaded { tables: BTreeMap::new(), views: BTreeMap::new(), kernels, meter: Arc::default() }
    }

    /// An evaluation context over the home dataset.
    pub fn env<'a>(&'a self, program: &'a Program, seed: u64) -> Env<'a> {
        let view = program.home.as_ref().and_then(|h| self.views.get(h)).cloned().unwrap_or_default();
        Env {
            program,
            kernels: &self.kernels,
            datasets: &self.views,
            view,
            locals: Vec::new(),
            seed,
            meter: &self.meter,
        }
    }
}

/// What the columns of a table take in memory.
fn bytes(table: &Table) -> u64 {
    table.columns.iter().map(|(_, c)| c.array().get_array_memory_size() as u64).sum()
}

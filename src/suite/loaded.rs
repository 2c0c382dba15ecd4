//! The datasets of a program, loaded, checked cell by cell, derived columns filled in.

use super::spending::Spending;
use crate::check::Program;
use crate::check::expr::document_local;
use crate::data::{Table, load::load_counted};
use crate::eval::derive::derive;
use crate::eval::limits::Meter;
use crate::eval::{Env, Kernels, Value, View, facts};
use crate::source::world::World;
use crate::source::{Diagnostic, codes};
use crate::syntax::ast::{DocumentSource, ItemKind};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Loaded data and everything an evaluation needs.
pub struct Loaded {
    pub tables: BTreeMap<String, Table>,
    pub views: BTreeMap<String, View>,
    pub kernels: Kernels,
    /// Documents by the variable that stands for each.
    pub documents: Vec<(String, Value)>,
    pub meter: Arc<Meter>,
    /// What generators have spent on the data.
    pub spending: Spending,
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
        if found.is_empty() {
            found = out.read_documents(program, world);
        }
        if found.is_empty() { Ok(out) } else { Err(found) }
    }

    /// Nothing but the kernels: for expressions without data.
    pub fn nothing() -> Loaded {
        let kernels = crate::builtins::kernels();
        Loaded {
            tables: BTreeMap::new(),
            views: BTreeMap::new(),
            kernels,
            documents: Vec::new(),
            meter: Arc::default(),
            spending: Spending::default(),
        }
    }

    /// Reads the documents of the script and of the files it uses.
    fn read_documents(&mut self, program: &Program, world: &dyn World) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for item in program.items() {
            let ItemKind::Document(document) = &item.kind else { continue };
            let value = match &document.source {
                DocumentSource::Here(record) => self.env(program, 0).one(record),
                DocumentSource::File(path, span) => match read(world, path) {
                    Ok(value) => value,
                    Err(d) => {
                        found.push(d.at(*span, "this document"));
                        continue;
                    }
                },
            };
            self.documents.push((document_local(&document.name.name), value));
        }
        found
    }

    /// An evaluation context over the home dataset.
    pub fn env<'a>(&'a self, program: &'a Program, seed: u64) -> Env<'a> {
        let view = program.home.as_ref().and_then(|h| self.views.get(h)).cloned().unwrap_or_default();
        Env {
            program,
            kernels: &self.kernels,
            datasets: &self.views,
            view,
            locals: self.documents.clone(),
            seed,
            meter: &self.meter,
        }
    }
}

fn read(world: &dyn World, path: &str) -> Result<Value, Diagnostic> {
    let bytes = world.read(path).map_err(|why| why.told())?;
    let json: serde_json::Value = serde_json::from_slice(&bytes).map_err(|why| {
        Diagnostic::new(codes::BAD_DOCUMENT, format!("`{path}` is not JSON: {why}"))
            .help("a document is a JSON object: `{ \"intended_use\": \"…\" }`")
    })?;
    if !json.is_object() {
        return Err(Diagnostic::new(codes::BAD_DOCUMENT, format!("`{path}` holds no parts with names"))
            .help("a document is a JSON object: `{ \"intended_use\": \"…\" }`"));
    }
    Ok(facts::document(&json))
}

/// What the columns of a table take in memory.
fn bytes(table: &Table) -> u64 {
    table.columns.iter().map(|(_, c)| c.array().get_array_memory_size() as u64).sum()
}

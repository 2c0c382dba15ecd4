//! The report within a run: a quarter of the people is kept from the generator, which is trained anew for it.

use super::panel::Roles;
use super::record::SyntheticReport;
use super::records::Records;
use super::{Input, report};
use crate::check::Program;
use crate::check::dataset::Schema;
use crate::data::Table;
use crate::data::frame::{Frame, FrameKind};
use crate::policy::cells::tells;
use crate::source::{Diagnostic, codes};
use crate::suite::run::{Halt, Stages};
use crate::suite::store::Store;
use crate::suite::{Loaded, folds, generate, seeds, shown};
use crate::syntax::ast::{Benchmark, Generator, Ident, ItemKind, Role};

/// Parts of the data, one of which is the hold-out.
const QUARTERS: usize = 4;
/// Rows below which a report says nothing.
const LEAST_ROWS: usize = 40;

/// The generators that the script asks to report on: those of the benchmark, then those of `report` items.
pub fn asked(program: &Program, benchmark: &Benchmark) -> Vec<Ident> {
    let items = program.file.items.iter().filter_map(|i| match &i.kind {
        ItemKind::Report(generators) => Some(generators),
        _ => None,
    });
    let mut out: Vec<Ident> = Vec::new();
    for name in benchmark.reports.iter().chain(items.flatten()) {
        if !out.iter().any(|n| n.name == name.name) {
            out.push(name.clone());
        }
    }
    out
}

/// The report on one generator. `base` is what else it depends on: the script and the files that it uses.
pub fn one(
    program: &Program,
    name: &Ident,
    loaded: &Loaded,
    (seed, base): (u64, &[String]),
    store: &Store,
    stages: &Stages,
) -> Result<SyntheticReport, Halt> {
    let failed = |message: String| {
        Halt::Failed(vec![Diagnostic::new(codes::MODEL_FAILED, message).at(name.span, "asked for here")])
    };
    let generator = program.generators().find(|g| g.name.name == name.name);
    let found = generator.and_then(|g| Some((g, program.dataset(&g.data.name)?, loaded.tables.get(&g.data.name)?)));
    let (generator, schema, table) = found.ok_or_else(|| failed(format!("`{}` has no data", name.name)))?;
    if table.rows < LEAST_ROWS {
        return Err(failed(format!(
            "a report on `{}` needs {LEAST_ROWS} rows or more; `{}` has fewer",
            name.name, schema.name
        )));
    }
    let key: Vec<String> =
        [env!("CARGO_PKG_VERSION"), &name.name, &seed.to_string(), &table.sha256, &stages.device.label]
            .into_iter()
            .map(String::from)
            .chain(base.iter().cloned())
            .collect();
    let key: Vec<&str> = key.iter().map(String::as_str).collect();
    if let Some(kept) = store.cached("synthetic", &key).and_then(|b| serde_json::from_slice(&b).ok()) {
        return Ok(kept);
    }
    let made = measured((program, loaded), generator, schema, table, seed, store, stages)?;
    if let Ok(bytes) = serde_json::to_vec(&made) {
        store.keep("synthetic", &key, &bytes);
    }
    Ok(made)
}

fn measured(
    (program, loaded): (&Program, &Loaded),
    generator: &Generator,
    schema: &Schema,
    table: &Table,
    seed: u64,
    store: &Store,
    stages: &Stages,
) -> Result<SyntheticReport, Halt> {
    let name = generator.name.name.as_str();
    // One split for all generators of the data, by people and stratified by the label.
    let label = schema.label().map(|c| c.name.as_str());
    let split = folds::assign(schema, table, label, QUARTERS, seeds::seed(seed, &["hold-out", &schema.name]));
    let rows = |out: bool| -> Vec<u32> {
        split.iter().enumerate().filter(|(_, part)| (**part == 0) == out).map(|(r, _)| r as u32).collect()
    };
    let mut seen = table.take(&rows(false));
    // Not the file's rows: what was learned from all of them must not be taken for this.
    seen.sha256 = format!("{} less the hold-out of seed {seed}", table.sha256);
    let mut ready = generate::train((program, loaded), generator, &seen, seed, store, stages)?;
    let stage = stages.world.stage(&format!("report on {name}"), 1);
    let seed = seeds::seed(seed, &["report", name]);
    let train = ready.real(&seen, schema);
    let holdout = ready.real(&table.take(&rows(true)), schema);
    let (synthetic, drawn) = ready.rows_and_records(program, loaded, train.rows, seed)?;
    let whole = |table: &Table| ready.records(table, schema);
    let whole = whole(&seen).zip(whole(&table.take(&rows(true)))).zip(drawn);
    let (roles, mut notes) = roles(schema, &train);
    notes.insert(0, format!(
        "the generator of this report learned three quarters of `{}`, drawn by people; the other quarter is the hold-out \
         of every attack and the test set of every classifier",
        schema.name
    ));
    if ready.info.privacy.is_some() {
        notes.push(
            "its privacy budget covers its rows, not this report, which compares them with real ones; this second \
             training is not released"
                .into(),
        );
    }
    if let Some(((train, holdout), synthetic)) = &whole {
        let [a, b] = [train.records.len(), holdout.records.len()];
        if !shown::is_phi(schema) || !(tells(a, a + b) || tells(b, a + b)) {
            let c = synthetic.records.len();
            notes.push(format!("its figures are of records: {a} were learned, {b} were held out, {c} are synthetic"));
        }
    }
    let rules = |rows: &Frame| ready.breaches(program, loaded, rows);
    let input = Input {
        generator: name,
        kind: &ready.info.kind,
        dataset: &schema.name,
        train: &train,
        holdout: &holdout,
        synthetic: &synthetic,
        records: whole.as_ref().map(|((train, holdout), synthetic)| Records { train, holdout, synthetic }),
        rules: &rules,
        roles: &roles,
        is_phi: shown::is_phi(schema),
        notes,
    };
    let out = report(&input, seed);
    stage.advance(1);
    Ok(out)
}

/// What the columns of the frame are for, and what of the schema cannot take part.
fn roles(schema: &Schema, frame: &Frame) -> (Roles, Vec<String>) {
    let is_category = |name: &str| frame.column(name).is_some_and(|c| matches!(c.kind, FrameKind::Category { .. }));
    let mut notes = Vec::new();
    let label = schema.label().map(|c| c.name.clone()).filter(|n| frame.column(n).is_some());
    let mut protected = Vec::new();
    for column in schema.columns.iter().filter(|c| c.has(Role::Protected) && frame.column(&c.name).is_some()) {
        if is_category(&column.name) {
            protected.push(column.name.clone());
        } else {
            notes.push(format!("`{}` is protected, but is no category: it makes no groups", column.name));
        }
    }
    let hidden = schema.columns.iter().filter(|c| c.hidden().is_some() && Some(&c.name) != label.as_ref());
    (Roles { hidden: hidden.map(|c| c.name.clone()).collect(), label, protected }, notes)
}

//! The whole run: one picture of data flow, from a checked program to sealed records.

use super::evaluate::{self, Judged, Place, UnitResult};
use super::loaded::Loaded;
use super::result::{Body, Receipt, Results, SCHEMA, Timing, UsedFile};
use super::scenario::{self, Drawn};
use super::store::Store;
use super::{checks, folds, generate, plots, predict, seeds, shown, synthetic};
use crate::check::Program;
use crate::check::dataset::Schema;
use crate::check::models::OUTSIDE;
use crate::data::frame::Frame;
use crate::data::{Column, Table};
use crate::eval::limits::Meter;
use crate::eval::{Env, View};
use crate::source::world::World;
use crate::source::{Diagnostic, codes};
use crate::syntax::ast::{Benchmark, Ident, ItemKind, TaskKind};
use arrow_array::{BooleanArray, Float64Array};
use rayon::prelude::*;
use std::sync::Arc;

/// The device that networks run on.
pub struct Device {
    /// One line for the results.
    pub label: String,
    #[cfg(feature = "nets")]
    pub picked: crate::nets::device::Picked,
}

/// What a run needs beside the program.
pub struct Options {
    /// How the script is named in the results: never absolute.
    pub script: String,
    pub script_sha256: String,
    /// The files it uses.
    pub uses: Vec<UsedFile>,
    pub threads: usize,
    /// Overrides the benchmark's seed.
    pub seed: Option<u64>,
}

/// Long-lived helpers of the stages.
pub struct Stages<'a> {
    pub world: &'a dyn World,
    pub device: Device,
    /// What the run may cost.
    pub meter: Arc<Meter>,
}

/// Why a stage ended early.
#[derive(Debug)]
pub enum Halt {
    Failed(Vec<Diagnostic>),
    Interrupted,
}

/// Results, and what went wrong on the way without ending the run.
pub struct Outcome {
    pub results: Results,
    pub problems: Vec<Diagnostic>,
}

/// Rows of one task in one scenario before any model has spoken.
struct Exam {
    scenario: usize,
    task: String,
    predicts: Option<String>,
    /// Columns by name, and the truth.
    view: View,
    y: Vec<bool>,
    folds: Vec<usize>,
    /// For a discriminate task: what the trained models see.
    frame: Option<Frame>,
    /// Rows of the dataset, for predictions made once for all scenarios.
    rows: Vec<u32>,
}

/// Runs the file's benchmark, then its checks.
pub fn run(program: &Program, stages: &Stages, store: &Store, options: &Options) -> Result<Outcome, Vec<Diagnostic>> {
    let stand_in;
    let benchmark = match program.benchmark() {
        Some(benchmark) => benchmark,
        None if checks::items(program).next().is_some() || has_report(program) => {
            stand_in = checks::no_benchmark(program);
            &stand_in
        }
        None => {
            return Err(vec![
                Diagnostic::new(codes::BAD_BENCHMARK, "this file has no `benchmark`, `check` or `report`, so there is nothing to run")
                    .help("add `check POLICY on DATASET`, `report synthetic GENERATOR` or a `benchmark NAME version \"0.1.0\" { … }`, or look at single figures with `dbf eval`"),
            ]);
        }
    };
    cannot_ask(program, benchmark)?;
    let mut clock = Clock { world: stages.world, last: stages.world.seconds(), timings: Vec::new() };
    let loaded = Loaded::load_within(program, stages.world, stages.meter.clone())?;
    clock.lap("load and check data");
    let seed = options.seed.unwrap_or(benchmark.seed.unwrap_or(0) as u64);
    let mut bench =
        Bench { program, benchmark, stages, store, loaded: &loaded, seed, problems: Vec::new(), from_cache: 0 };
    let fold_count = benchmark.folds.as_ref().map_or(5, |(n, _)| *n as usize);
    let mut body = bench.body(options, fold_count);
    body.device = stages.device.label.clone();
    let mut interrupted = match bench.benchmark(&mut body, &mut clock, fold_count) {
        Ok(()) => false,
        Err(Halt::Interrupted) => true,
        Err(Halt::Failed(bad)) => return Err(bad),
    };
    if !interrupted {
        match bench.reports(&mut body) {
            Ok(()) => {}
            Err(Halt::Interrupted) => interrupted = true,
            Err(Halt::Failed(bad)) => return Err(bad),
        }
        if !body.synthetic.is_empty() {
            clock.lap("reports on generators");
        }
    }
    if !interrupted && checks::items(program).next().is_some() {
        match checks::all(program, &loaded, seed, store, stages) {
            Ok((found, mut problems)) => {
                body.checks = found;
                bench.problems.append(&mut problems);
            }
            Err(Halt::Interrupted) => interrupted = true,
            Err(Halt::Failed(bad)) => return Err(bad),
        }
        clock.lap("checks");
    }
    body.privacy = loaded.spending.told(program);
    // Figures that a limit cut off are no results.
    stages.meter.look_at_clock();
    if let Some(stopped) = stages.meter.stopped() {
        return Err(vec![stopped]);
    }
    let receipt = Receipt {
        threads: options.threads,
        timings: clock.timings,
        interrupted,
        cells_from_cache: bench.from_cache,
        warnings: bench.problems.iter().map(|d| format!("{}: {}", d.code.id, d.message)).collect(),
    };
    let results = Results { schema: SCHEMA.into(), digest: String::new(), body, receipt };
    Ok(Outcome { results, problems: bench.problems })
}

/// Whether the script asks for a report outside of a benchmark.
fn has_report(program: &Program) -> bool {
    program.file.items.iter().any(|i| matches!(i.kind, ItemKind::Report(_)))
}

/// Models of other programs are known to the checker, but nothing here can ask them.
fn cannot_ask(program: &Program, benchmark: &Benchmark) -> Result<(), Vec<Diagnostic>> {
    let models = benchmark.models.iter().filter_map(|m| program.model(&m.name));
    let found: Vec<Diagnostic> = models
        .filter(|m| OUTSIDE.iter().any(|(kind, _)| *kind == m.kind.name))
        .map(|m| {
            Diagnostic::new(codes::CANNOT_ASK, format!("this build cannot ask `{}` models yet", m.kind.name))
                .at(m.kind.span, format!("`{}` has to be asked", m.name.name))
                .help("record its answers as a column of the data and write `recorded(COLUMN)`, or leave it out")
        })
        .collect();
    if found.is_empty() { Ok(()) } else { Err(found) }
}

struct Clock<'a> {
    world: &'a dyn World,
    last: f64,
    timings: Vec<Timing>,
}

impl Clock<'_> {
    fn lap(&mut self, stage: &str) {
        let now = self.world.seconds();
        self.timings.push(Timing { stage: stage.into(), seconds: now - self.last });
        self.last = now;
    }
}

/// A benchmark on its way.
pub(super) struct Bench<'a> {
    pub program: &'a Program,
    pub benchmark: &'a Benchmark,
    stages: &'a Stages<'a>,
    store: &'a Store,
    pub loaded: &'a Loaded,
    pub seed: u64,
    problems: Vec<Diagnostic>,
    from_cache: usize,
}

impl<'a> Bench<'a> {
    pub(super) fn schema(&self) -> Option<&'a Schema> {
        self.program.dataset(self.program.home.as_ref()?)
    }

    fn table(&self) -> Option<&'a Table> {
        self.loaded.tables.get(self.program.home.as_ref()?)
    }

    pub(super) fn env(&self) -> Env<'a> {
        self.loaded.env(self.program, self.seed)
    }

    /// Scenarios, figures, and the matrix of tasks and models. What is finished when it is stopped stays in `body`.
    fn benchmark(&mut self, body: &mut Body, clock: &mut Clock, fold_count: usize) -> Result<(), Halt> {
        if self.benchmark.scenarios.is_empty() {
            return Ok(());
        }
        let (program, benchmark) = (self.program, self.benchmark);
        let (Some(schema), Some(table)) = (self.schema(), self.table()) else {
            return Err(Halt::Failed(vec![Diagnostic::new(codes::NO_DATASET, "the benchmark has no data")]));
        };
        let label = benchmark.tasks.iter().filter_map(|t| program.task(&t.name)).find_map(|t| match &t.kind {
            TaskKind::Predict(label) => Some(label.name.clone()),
            TaskKind::Discriminate(_) => None,
        });
        let label = label.or_else(|| schema.label().map(|c| c.name.clone()));
        let folds = folds::assign(schema, table, label.as_deref(), fold_count, self.seed);
        let drawn = self.draw().map_err(Halt::Failed)?;
        clock.lap("draw scenarios");
        body.figures = self.figures();
        clock.lap("figures");
        body.scenarios = drawn.iter().map(|d| scenario::describe_drawn(d, schema, table, label.as_deref())).collect();
        shown::left_out(program, body);
        match self.matrix(&drawn, &folds, fold_count, body, clock) {
            Err(Halt::Failed(mut bad)) => {
                self.problems.append(&mut bad);
                Ok(())
            }
            other => other,
        }
    }

    /// Reports on generators. One that fails costs its own report only.
    fn reports(&mut self, body: &mut Body) -> Result<(), Halt> {
        let mut base = vec![body.script.sha256.clone()];
        base.extend(body.script.uses.iter().map(|u| u.sha256.clone()));
        for name in synthetic::run::asked(self.program, self.benchmark) {
            if self.stages.world.cancelled() {
                return Err(Halt::Interrupted);
            }
            let asked = (self.seed, base.as_slice());
            match synthetic::run::one(self.program, &name, self.loaded, asked, self.store, self.stages) {
                Ok(report) => body.synthetic.push(report),
                Err(Halt::Failed(mut bad)) => self.problems.append(&mut bad),
                Err(Halt::Interrupted) => return Err(Halt::Interrupted),
            }
        }
        Ok(())
    }

    fn draw(&self) -> Result<Vec<Drawn>, Vec<Diagnostic>> {
        let (Some(table), env) = (self.table(), self.env()) else { return Err(Vec::new()) };
        let mut out = Vec::new();
        let mut bad = Vec::new();
        for name in &self.benchmark.scenarios {
            let Some(recipe) = scenario::recipe(self.program, &env, &name.name) else { continue };
            match scenario::draw(&recipe, table, self.seed) {
                Ok(drawn) => out.push(drawn),
                Err(d) => bad.push(d),
            }
        }
        if bad.is_empty() { Ok(out) } else { Err(bad) }
    }

    /// Tasks × scenarios × models × folds. What is finished when it is stopped stays in `body`.
    fn matrix(
        &mut self,
        drawn: &[Drawn],
        folds: &[usize],
        fold_count: usize,
        body: &mut Body,
        clock: &mut Clock,
    ) -> Result<(), Halt> {
        for task in &self.benchmark.tasks {
            let Some(task) = self.program.task(&task.name) else { continue };
            let name = task.name.name.clone();
            let exams = match &task.kind {
                TaskKind::Predict(label) => self.diagnosis_exams(&name, &label.name, drawn, folds),
                TaskKind::Discriminate(which) => {
                    let made = self.realism_exams(&name, &which.name, drawn, folds, fold_count, body);
                    clock.lap("train and sample generators");
                    match made {
                        Ok(exams) => exams,
                        Err(Halt::Failed(mut bad)) => {
                            let why = bad.first().map_or("the generator failed".into(), |d| d.message.clone());
                            self.problems.append(&mut bad);
                            self.undefined(&name, &why, drawn, body, fold_count);
                            continue;
                        }
                        Err(halt) => return Err(halt),
                    }
                }
            };
            self.units(&exams, drawn, folds, fold_count, body)?;
            clock.lap(&format!("{name}: models and metrics"));
        }
        Ok(())
    }

    fn undefined(&self, task: &str, why: &str, drawn: &[Drawn], body: &mut Body, folds: usize) {
        let env = self.env();
        for d in drawn {
            for model in &self.benchmark.models {
                let place = Place {
                    scenario: d.recipe.name.clone(),
                    model: model.name.clone(),
                    task: task.to_string(),
                    predicts: false,
                };
                let unit = evaluate::unit(&env, self.benchmark, &place, &Err(why.to_string()), folds);
                body.cells.extend(unit.cells);
            }
        }
    }

    fn diagnosis_exams(&self, task: &str, label: &str, drawn: &[Drawn], folds: &[usize]) -> Vec<Exam> {
        let Some(table) = self.table() else { return Vec::new() };
        let make = |(scenario, d): (usize, &Drawn)| {
            let set = table.take(&d.rows);
            let y = match set.column(label) {
                Some(Column::Bool(flags)) => flags.values().iter().collect(),
                _ => vec![false; set.rows],
            };
            Exam {
                scenario,
                task: task.to_string(),
                predicts: Some(label.to_string()),
                view: View::of(&set),
                y,
                folds: d.rows.iter().map(|&r| folds.get(r as usize).copied().unwrap_or(0)).collect(),
                frame: None,
                rows: d.rows.clone(),
            }
        };
        drawn.iter().enumerate().map(make).collect()
    }

    /// Real rows of each scenario beside as many synthetic ones.
    fn realism_exams(
        &mut self,
        task: &str,
        which: &str,
        drawn: &[Drawn],
        folds: &[usize],
        fold_count: usize,
        body: &mut Body,
    ) -> Result<Vec<Exam>, Halt> {
        let (Some(schema), Some(table)) = (self.schema(), self.table()) else { return Ok(Vec::new()) };
        let generator = self.program.generators().find(|g| which == "synthetic" || g.name.name == which);
        let Some(generator) = generator else { return Ok(Vec::new()) };
        let mut ready =
            generate::train((self.program, self.loaded), generator, table, self.seed, self.store, self.stages)?;
        let mut out = Vec::new();
        for (scenario, d) in drawn.iter().enumerate() {
            if self.stages.world.cancelled() {
                return Err(Halt::Interrupted);
            }
            let set = table.take(&d.rows);
            let real = ready.real(&set, schema);
            let synthetic = ready.draw(self.program, self.loaded, d, self.seed)?;
            ready.info.rows_sampled += synthetic.rows;
            if scenario == 0 {
                body.plots.distributions.extend(plots::distributions(&ready.info.name, schema, &real, &synthetic));
            }
            let both = real.stack(&synthetic);
            let y = (0..both.rows).map(|r| r >= real.rows).collect();
            // Synthetic rows take the folds in turn.
            let real_folds = d.rows.iter().map(|&r| folds.get(r as usize).copied().unwrap_or(0));
            let folds = real_folds.chain((0..synthetic.rows).map(|r| r % fold_count)).collect();
            out.push(Exam {
                scenario,
                task: task.to_string(),
                predicts: None,
                view: View::of(&Table::from_frame(&both, schema)),
                y,
                folds,
                frame: Some(both),
                rows: Vec::new(),
            });
        }
        body.generators.push(ready.info);
        Ok(out)
    }

    /// Every model over every exam; finished units come from the cache when nothing changed.
    fn units(
        &mut self,
        exams: &[Exam],
        drawn: &[Drawn],
        folds: &[usize],
        fold_count: usize,
        body: &mut Body,
    ) -> Result<(), Halt> {
        let (Some(schema), Some(table)) = (self.schema(), self.table()) else { return Ok(()) };
        let Some(first) = exams.first() else { return Ok(()) };
        let total = (exams.len() * self.benchmark.models.len()) as u64;
        let stage = self.stages.world.stage(&format!("evaluate {}", first.task), total);
        let mut done = 0;
        for model_name in &self.benchmark.models {
            let Some(model) = self.program.model(&model_name.name) else { continue };
            let places: Vec<Place> = exams
                .iter()
                .map(|e| Place {
                    scenario: drawn.get(e.scenario).map_or_else(String::new, |d| d.recipe.name.clone()),
                    model: model_name.name.clone(),
                    task: e.task.clone(),
                    predicts: e.predicts.is_some(),
                })
                .collect();
            let keys: Vec<Vec<String>> = places.iter().map(|p| self.key(p, body)).collect();
            let kept: Vec<Option<UnitResult>> = keys
                .iter()
                .map(|k| {
                    let key: Vec<&str> = k.iter().map(String::as_str).collect();
                    self.store.cached("unit", &key).and_then(|b| serde_json::from_slice(&b).ok())
                })
                .collect();
            stage.note(&model_name.name);
            // Predictions of a label are made once for all scenarios.
            let shared = match &first.predicts {
                Some(label) if kept.iter().any(Option::is_none) => {
                    Some(predict::diagnosis(schema, table, model, label, folds, self.seed, self.stages)?)
                }
                _ => None,
            };
            let env = self.env();
            let made: Vec<Result<UnitResult, Halt>> = exams
                .par_iter()
                .zip(&places)
                .zip(&kept)
                .map(|((exam, place), kept)| {
                    if let Some(kept) = kept {
                        return Ok(kept.clone());
                    }
                    if self.stages.world.cancelled() {
                        return Err(Halt::Interrupted);
                    }
                    let judged = match (&shared, &exam.frame) {
                        (Some(p), _) => judge(
                            exam,
                            p.clone()
                                .map(|p| exam.rows.iter().map(|&r| p.get(r as usize).copied().flatten()).collect()),
                        ),
                        (None, Some(frame)) if predict::is_trained(model) => {
                            let seed = seeds::seed(self.seed, &["model", &place.model, &place.task, &place.scenario]);
                            judge(exam, predict::out_of_fold(frame, &exam.y, &exam.folds, model, seed, self.stages)?)
                        }
                        _ => Err(format!(
                            "`{}` is a recorded prediction of the label; it cannot tell synthetic rows from real ones",
                            model.definition
                        )),
                    };
                    Ok(evaluate::unit(&env, self.benchmark, place, &judged, fold_count))
                })
                .collect();
            if let Some(stopped) = self.stages.meter.stopped() {
                return Err(Halt::Failed(vec![stopped]));
            }
            for ((unit, kept), key) in made.into_iter().zip(&kept).zip(&keys) {
                let unit = unit?;
                if kept.is_some() {
                    self.from_cache += unit.cells.len();
                } else if let Ok(bytes) = serde_json::to_vec(&unit) {
                    let key: Vec<&str> = key.iter().map(String::as_str).collect();
                    self.store.keep("unit", &key, &bytes);
                }
                body.cells.extend(unit.cells);
                body.policies.extend(unit.policies);
                body.plots.reliability.extend(unit.reliability);
                body.plots.by_group.extend(unit.by_group);
                done += 1;
                stage.advance(done);
            }
        }
        Ok(())
    }

    /// Everything a unit depends on.
    fn key(&self, place: &Place, body: &Body) -> Vec<String> {
        let mut key = vec![
            env!("CARGO_PKG_VERSION").to_string(),
            body.script.sha256.clone(),
            self.seed.to_string(),
            body.device.clone(),
            place.scenario.clone(),
            place.model.clone(),
            place.task.clone(),
        ];
        key.extend(body.script.uses.iter().map(|u| u.sha256.clone()));
        key.extend(body.datasets.iter().map(|d| d.sha256.clone()));
        key
    }
}

/// The rows that a policy of the benchmark is decided over.
pub struct JudgedRows {
    pub view: View,
    pub seed: u64,
    pub scenario: String,
    pub model: String,
    pub task: String,
}

/// Draws a scenario again and asks a model again, as the run did.
pub fn judged_rows(
    program: &Program,
    stages: &Stages,
    store: &Store,
    loaded: &Loaded,
    place: &super::why::Place,
) -> Result<JudgedRows, Halt> {
    let lost = |message: String| Halt::Failed(vec![Diagnostic::new(codes::BAD_BENCHMARK, message)]);
    let Some(benchmark) = program.benchmark() else { return Err(lost("this file has no benchmark".into())) };
    let seed = benchmark.seed.unwrap_or(0) as u64;
    let bench = Bench { program, benchmark, stages, store, loaded, seed, problems: Vec::new(), from_cache: 0 };
    let pick = |what: &str, wanted: &Option<String>, all: &[Ident]| match wanted {
        Some(name) if all.iter().any(|n| n.name == *name) => Ok(name.clone()),
        Some(name) => {
            let known: Vec<&str> = all.iter().map(|n| n.name.as_str()).collect();
            Err(lost(format!("the benchmark has no {what} `{name}`; it has {}", known.join(", "))))
        }
        None => all.first().map(|n| n.name.clone()).ok_or_else(|| lost(format!("the benchmark names no {what}"))),
    };
    let scenario_name = pick("scenario", &place.scenario, &benchmark.scenarios)?;
    let model_name = pick("model", &place.model, &benchmark.models)?;
    let task = benchmark.tasks.iter().filter_map(|t| program.task(&t.name)).find_map(|t| match &t.kind {
        TaskKind::Predict(label) => Some((t.name.name.clone(), label.name.clone())),
        TaskKind::Discriminate(_) => None,
    });
    let (Some((task, label)), Some(model)) = (task, program.model(&model_name)) else {
        return Err(lost("policies of a benchmark are about a task that predicts a label; it has none".into()));
    };
    let (Some(schema), Some(table)) = (bench.schema(), bench.table()) else {
        return Err(lost("the benchmark has no data".into()));
    };
    let fold_count = benchmark.folds.as_ref().map_or(5, |(n, _)| *n as usize);
    let folds = folds::assign(schema, table, Some(&label), fold_count, seed);
    let drawn = bench.draw().map_err(Halt::Failed)?;
    let exams = bench.diagnosis_exams(&task, &label, &drawn, &folds);
    let at = drawn.iter().position(|d| d.recipe.name == scenario_name);
    let exam = exams.into_iter().find(|e| Some(e.scenario) == at).ok_or_else(|| lost("no such scenario".into()))?;
    let p = predict::diagnosis(schema, table, model, &label, &folds, seed, stages)?;
    let p = p.map(|p| exam.rows.iter().map(|&r| p.get(r as usize).copied().flatten()).collect());
    let judged = judge(&exam, p).map_err(lost)?;
    let seed = seeds::seed(seed, &["rows", &scenario_name, &model_name, &task, "all"]);
    Ok(JudgedRows { view: judged.view, seed, scenario: scenario_name, model: model_name, task })
}

/// The rows a model spoke about, with its probability, its answer (p ≥ 0.5) and the truth.
fn judge(exam: &Exam, p: predict::Predictions) -> Result<Judged, String> {
    let p: Vec<Option<f64>> = p?;
    let spoken: Vec<u32> = p.iter().enumerate().filter(|(_, p)| p.is_some()).map(|(i, _)| i as u32).collect();
    if spoken.is_empty() {
        return Err("the model gave no prediction for any row".into());
    }
    let values: Vec<f64> = p.iter().flatten().copied().collect();
    let y: Vec<bool> = spoken.iter().map(|&r| exam.y.get(r as usize).copied().unwrap_or(false)).collect();
    let names = exam.view.names();
    let view = exam.view.take(&spoken.clone().into(), &names).with([
        ("yhat".to_string(), Column::Bool(BooleanArray::from(values.iter().map(|p| *p >= 0.5).collect::<Vec<_>>()))),
        ("y".to_string(), Column::Bool(BooleanArray::from(y))),
        ("p".to_string(), Column::Number(Float64Array::from(values).into())),
    ]);
    let fold_of = |r: usize| exam.folds.get(r).copied().unwrap_or(0);
    let mut silent = vec![0; exam.folds.iter().max().map_or(0, |m| m + 1)];
    for (row, p) in p.iter().enumerate() {
        if let Some(slot) = silent.get_mut(fold_of(row)) {
            *slot += usize::from(p.is_none());
        }
    }
    Ok(Judged { view, asked: exam.view.clone(), folds: spoken.iter().map(|&r| fold_of(r as usize)).collect(), silent })
}

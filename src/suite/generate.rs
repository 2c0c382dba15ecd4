//! Trains the generators a run needs and draws the synthetic rows of each scenario.

use super::loaded::Loaded;
use super::result::{GeneratorInfo, PrivacyInfo};
use super::rules::Rules;
use super::run::{Halt, Stages};
use super::scenario::Drawn;
use super::seeds;
use super::small_cells::Anonymous;
use super::store::{Progress, Store};
use super::visits::Long;
use crate::check::dataset::Schema;
use crate::check::{self, Program};
use crate::data::Table;
use crate::data::frame::Frame;
use crate::eval::view::cell;
use crate::source::{Diagnostic, codes};
use crate::syntax::ast::{Expr, ExprKind, Generator, Role};
use crate::synth::privacy::accountant::Mechanism;
use crate::synth::privacy::noise::Trained;
use crate::synth::privacy::{PrivacyError, Unit};
use crate::synth::visits::Visits;
use crate::synth::{Asked, Fitting, Given, Private, Roles, SynthError};
use std::collections::BTreeMap;

/// A generator, ready to draw.
pub struct Ready {
    pub info: GeneratorInfo,
    made: Box<dyn crate::synth::Generator>,
    /// The columns it learned.
    pub columns: Vec<String>,
    /// How the dataset holds records, for one that learns those.
    long: Option<Long>,
    rules: Rules,
    anonymous: Option<Anonymous>,
}

/// Names of the columns a generator learns: all but subjects and texts, or those the script chose.
fn columns(schema: &Schema, generator: &Generator) -> Vec<String> {
    let chosen = generator.settings.iter().find(|(n, _)| n.name == "columns").map(|(_, e)| &e.kind);
    schema.choose(chosen, |c| !c.has(Role::Subject))
}

/// Fits the generator, or takes it from the cache when data, settings and seed are the same.
pub fn train(
    (program, loaded): (&Program, &Loaded),
    generator: &Generator,
    table: &Table,
    seed: u64,
    store: &Store,
    stages: &Stages,
) -> Result<Ready, Halt> {
    let Some(schema) = program.dataset(&generator.data.name) else { return Err(Halt::Failed(Vec::new())) };
    let rules = Rules::of(generator, schema, columns(schema, generator));
    let mut columns = rules.shown.clone();
    let mut asked = asked(generator, schema, &rules, seed);
    let long = Long::of(generator, schema, table, &mut asked)?;
    let frame = match &long {
        Some(long) => long.frame(table, schema),
        None => table.frame(schema, &rules.learned),
    };
    if let Some(long) = &long {
        columns = long.shown();
    }
    one_row_each(generator, schema, table, &asked)?;
    let made = fitted(generator, schema, &frame, &asked, &table.sha256, store, stages)?;
    let name = generator.name.name.as_str();
    if let Some(trained) = made.privacy() {
        loaded.spending.record(name, &generator.data.name, trained);
    }
    let history = made.history();
    let losses = |which: &str| history.iter().filter_map(|h| h.get(which)).collect();
    let info = GeneratorInfo {
        name: name.to_string(),
        kind: made.kind().to_string(),
        dataset: generator.data.name.clone(),
        sensitivity: program.generator_label(name).word().into(),
        epochs: history.len(),
        rows_sampled: 0,
        generator_loss: losses("generator"),
        critic_loss: losses("critic"),
        rules: if long.is_some() { Vec::new() } else { rules.told(program, loaded, table, asked.private.is_some())? },
        privacy: made.privacy().map(private_info),
        small_cells: None,
    };
    let anonymous = Anonymous::of(generator, schema, &columns).filter(|_| long.is_none());
    let info = GeneratorInfo { small_cells: anonymous.as_ref().map(Anonymous::told), ..info };
    Ok(Ready { info, made, columns, long, rules, anonymous })
}

/// The fit itself, of any rows of the dataset; `data` is their digest.
pub fn fitted(
    generator: &Generator,
    schema: &Schema,
    frame: &Frame,
    asked: &Asked,
    data: &str,
    store: &Store,
    stages: &Stages,
) -> Result<Box<dyn crate::synth::Generator>, Halt> {
    let described = format!("{asked:?}{:?}", schema.columns.iter().map(|c| (&c.ty, c.range)).collect::<Vec<_>>());
    let key = vec![env!("CARGO_PKG_VERSION"), data, stages.device.label.as_str(), described.as_str()];
    if !crate::synth::kinds::KINDS.iter().any(|k| k.0 == asked.kind) {
        return Err(Halt::Failed(vec![
            Diagnostic::new(
                codes::NO_NETS,
                format!("`{}` needs neural networks, and this build has none", generator.name.name),
            )
            .at(generator.kind.span, "trains a network")
            .help("build with the default features: `cargo build`"),
        ]));
    }
    let place = place(stages);
    if let Some(made) = store.cached("generator", &key).and_then(|b| crate::synth::load(&b, place).ok()) {
        return Ok(made);
    }
    let epochs = asked.count("epochs", 100) as u64;
    let stage = stages.world.stage(&format!("train {}", generator.name.name), epochs);
    let progress = Progress { store, key: key.clone() };
    let cancelled = || stages.world.cancelled();
    let fitting = Fitting { device: place, stage: stage.as_ref(), cancelled: &cancelled, checkpoints: &progress };
    let made = crate::synth::fit(frame, asked, &fitting).map_err(|e| halt(e, generator))?;
    store.keep("generator", &key, &made.save().to_bytes());
    progress.done();
    Ok(made)
}

#[cfg(feature = "nets")]
fn place<'a>(stages: &'a Stages) -> &'a crate::synth::fitting::Place {
    &stages.device.picked
}

#[cfg(not(feature = "nets"))]
fn place<'a>(_: &'a Stages) -> &'a crate::synth::fitting::Place {
    &crate::synth::fitting::Place
}

fn private_info(trained: &Trained) -> PrivacyInfo {
    let meter = &trained.meter;
    PrivacyInfo {
        epsilon: meter.spent(),
        delta: meter.budget().delta,
        budget: meter.budget().epsilon,
        unit: trained.unit.to_string(),
        steps: meter.steps().0,
        sigma: meter.sigma(),
        rate: meter.rate(),
        mechanisms: meter.mechanisms().iter().map(Mechanism::describe).collect(),
    }
}

/// A promise per person holds when everyone has one row.
fn one_row_each(generator: &Generator, schema: &Schema, table: &Table, asked: &Asked) -> Result<(), Halt> {
    let Some(private) = asked.private.as_ref().filter(|p| p.unit == Unit::Person) else { return Ok(()) };
    let subject = schema.columns.iter().find(|c| c.has(Role::Subject));
    let Some((declared, column)) = subject.and_then(|c| Some((c, table.column(&c.name)?))) else { return Ok(()) };
    let mut rows: BTreeMap<String, usize> = BTreeMap::new();
    for row in 0..table.rows {
        *rows.entry(cell(column, row).to_string()).or_default() += 1;
    }
    let most = rows.values().copied().max().unwrap_or(0);
    if most <= 1 {
        return Ok(());
    }
    Err(Halt::Failed(vec![
        Diagnostic::new(
            codes::REPEATED_PERSON,
            format!(
                "`{}` promises ε = {} per person, but one `{}` has {most} rows",
                generator.name.name, private.epsilon, declared.name
            ),
        )
        .at(generator.name.span, "a row of each person is hidden, not all of them")
        .also(declared.span, "the subject")
        .help("keep one row a person, or say what is hidden: `dp(…, unit: \"record\")`"),
    ]))
}

/// What the script asks for.
fn asked(generator: &Generator, schema: &Schema, rules: &Rules, seed: u64) -> Asked {
    let kind = check::generators::kind(&generator.kind.name).map_or("", |k| k.name);
    let mut out = Asked::plain(kind, seeds::seed(seed, &["generator", &generator.name.name]));
    let protected = schema.columns.iter().filter(|c| c.has(Role::Protected));
    out.roles = Roles {
        label: schema.label().and_then(|c| rules.drawn_for(&c.name)),
        protected: protected.filter_map(|c| rules.drawn_for(&c.name)).collect(),
    };
    for (name, value) in &generator.settings {
        match (name.name.as_str(), &value.kind) {
            ("privacy", _) => out.private = check::private::read(value).map(|asked| private(asked, schema)),
            ("columns", _) => {}
            ("seed", kind) => out.seed = literal(kind).map_or(out.seed, |v| v as u64),
            (name, ExprKind::Bool(on)) => {
                out.numbers.insert(name.to_string(), f64::from(*on));
            }
            (name, ExprKind::Name(word)) => {
                out.words.insert(name.to_string(), vec![word.clone()]);
            }
            (name, ExprKind::List(items)) => {
                out.words.insert(name.to_string(), items.iter().filter_map(named).collect());
            }
            (name, kind) => {
                if let Some(v) = literal(kind) {
                    out.numbers.insert(name.to_string(), v);
                }
            }
        }
    }
    out
}

fn named(item: &Expr) -> Option<String> {
    match &item.kind {
        ExprKind::Name(name) => Some(name.clone()),
        _ => None,
    }
}

/// Rows stand for people where the schema says who they are about.
fn private(asked: check::private::Asked, schema: &Schema) -> Private {
    let subject = schema.columns.iter().any(|c| c.has(Role::Subject));
    // Without a subject nobody can tell whose a row is, so that no more than a row is promised.
    let person = subject && asked.unit.as_deref() != Some("record");
    Private {
        epsilon: asked.epsilon,
        delta: asked.delta,
        unit: if person { Unit::Person } else { Unit::Record },
        norm: asked.norm.unwrap_or(1.0),
    }
}

fn literal(kind: &ExprKind) -> Option<f64> {
    match kind {
        ExprKind::Int(v) => Some(*v as f64),
        ExprKind::Real(v) | ExprKind::Percent(v) => Some(*v),
        _ => None,
    }
}

fn halt(error: SynthError, generator: &Generator) -> Halt {
    let name = &generator.name.name;
    match error {
        SynthError::Cancelled { .. } => Halt::Interrupted,
        SynthError::NonFinite { epoch, which_loss, hint } => Halt::Failed(vec![
            Diagnostic::new(
                codes::NON_FINITE_LOSS,
                format!("training `{name}` diverged: the {which_loss} loss is not finite in epoch {epoch}"),
            )
            .at(generator.name.span, "stopped here; earlier work is kept")
            .help(hint),
        ]),
        SynthError::Private(_) | SynthError::NoRange { .. } | SynthError::Hopeless { .. } => {
            let code = match &error {
                SynthError::NoRange { .. } => codes::NO_RANGE,
                SynthError::Private(PrivacyError::OutOfReach { .. }) | SynthError::Hopeless { .. } => {
                    codes::TOO_PRIVATE
                }
                _ => codes::BAD_BUDGET,
            };
            Halt::Failed(vec![
                Diagnostic::new(code, format!("`{name}` cannot be trained privately: {error}"))
                    .at(generator.name.span, "this generator"),
            ])
        }
        other => Halt::Failed(vec![
            Diagnostic::new(codes::MODEL_FAILED, format!("`{name}` could not be trained: {other}"))
                .at(generator.name.span, "this generator"),
        ]),
    }
}

impl Ready {
    /// Real rows in the columns of synthetic ones.
    pub fn real(&self, table: &Table, schema: &Schema) -> Frame {
        match &self.long {
            Some(long) => long.real(table, schema),
            None => table.frame(schema, &self.columns),
        }
    }

    /// `n` rows as the table has them, none of which breaks a rule.
    pub fn rows(&mut self, program: &Program, loaded: &Loaded, n: usize, seed: u64) -> Result<Frame, Halt> {
        self.sampled(program, loaded, n, &Given::nothing(), seed)
    }

    /// The records of real rows; none of a generator of rows.
    pub fn records(&self, table: &Table, schema: &Schema) -> Option<Visits> {
        self.long.as_ref()?.real_records(table, schema)
    }

    /// `n` rows, and the whole records among them; no records of a generator of rows.
    pub fn rows_and_records(
        &mut self,
        program: &Program,
        loaded: &Loaded,
        n: usize,
        seed: u64,
    ) -> Result<(Frame, Option<Visits>), Halt> {
        let Some(long) = &self.long else { return Ok((self.rows(program, loaded, n, seed)?, None)) };
        let rows = self.made.sample(n, &Given::nothing(), seed).map_err(|e| self.no_rows(e))?;
        let mut records = long.records(&rows);
        // The last one ends where the rows do.
        records.as_mut().and_then(|r| r.records.pop());
        Ok((long.synthetic(&rows), records))
    }

    /// Each rule of the script, and the rows that break it.
    pub fn breaches(&self, program: &Program, loaded: &Loaded, rows: &Frame) -> Vec<(String, Vec<usize>)> {
        if self.long.is_some() { Vec::new() } else { self.rules.breaches(program, loaded, rows) }
    }

    fn no_rows(&self, why: SynthError) -> Halt {
        let message = format!("`{}` cannot draw rows: {why}", self.info.name);
        Halt::Failed(vec![Diagnostic::new(codes::MODEL_FAILED, message)])
    }

    /// As many synthetic rows as the scenario has, in the same cells, and none that breaks a rule.
    pub fn draw(&mut self, program: &Program, loaded: &Loaded, drawn: &Drawn, seed: u64) -> Result<Frame, Halt> {
        let mut given = Given::nothing();
        for (levels, rows) in &drawn.quotas {
            let known: Vec<(&str, usize)> = levels
                .iter()
                .filter(|(name, _)| self.long.is_some() || self.rules.learned.contains(name))
                .map(|(name, code)| (name.as_str(), *code as usize))
                .collect();
            given = given.and(&known, *rows);
        }
        let seed = seeds::seed(seed, &["synthetic", &self.info.name, &drawn.recipe.name]);
        self.sampled(program, loaded, drawn.rows.len(), &given, seed)
    }

    fn sampled(
        &mut self,
        program: &Program,
        loaded: &Loaded,
        n: usize,
        given: &Given,
        seed: u64,
    ) -> Result<Frame, Halt> {
        let sample = |n: usize, given: &Given, round: usize| {
            let seed = if round == 0 { seed } else { seeds::seed(seed, &["again", &round.to_string()]) };
            self.made.sample(n, given, seed)
        };
        if let Some(long) = &self.long {
            let rows = sample(n, given, 0).map_err(|e| self.no_rows(e))?;
            return Ok(long.synthetic(&rows));
        }
        let who = (program, loaded, self.info.name.as_str());
        let Some(anonymous) = &self.anonymous else {
            return self.rules.draw(who, (n, given), &mut self.info.rules, sample);
        };
        let mut suppressed = 0;
        let told = &mut self.info.rules;
        let out = anonymous.draw(who.2, (n, given), &mut suppressed, |n, given, outer| {
            // Each round has seeds of its own for the rules' rounds.
            let sample = |n: usize, given: &Given, round: usize| match outer {
                0 => sample(n, given, round),
                _ => self.made.sample(n, given, seeds::seed(seed, &["cells", &outer.to_string(), &round.to_string()])),
            };
            self.rules.draw(who, (n, given), told, sample)
        });
        if let Some(cells) = &mut self.info.small_cells {
            cells.suppressed += suppressed;
        }
        out
    }
}

//! Trains the generators a run needs and draws the synthetic rows of each scenario.

use super::result::GeneratorInfo;
use super::run::{Halt, Stages};
use super::scenario::Drawn;
use super::store::Store;
use crate::check::Program;
use crate::data::Table;
use crate::data::frame::Frame;
#[cfg(feature = "nets")]
use crate::syntax::ast::ExprKind;
use crate::syntax::ast::Generator;

/// A generator, ready to draw.
pub struct Ready {
    pub info: GeneratorInfo,
    #[cfg(feature = "nets")]
    made: Box<dyn crate::synth::Generator>,
    /// The columns it learned.
    pub columns: Vec<String>,
}

/// Names of the columns a generator learns: all but subjects and texts, or those the script chose.
#[cfg(feature = "nets")]
fn columns(program: &Program, generator: &Generator) -> Vec<String> {
    let Some(schema) = program.dataset(&generator.data.name) else { return Vec::new() };
    let chosen = generator.settings.iter().find(|(n, _)| n.name == "columns").map(|(_, e)| &e.kind);
    schema.choose(chosen, |c| !c.has(crate::syntax::ast::Role::Subject))
}

#[cfg(not(feature = "nets"))]
pub fn train(_: &Program, generator: &Generator, _: &Table, _: u64, _: &Store, _: &Stages) -> Result<Ready, Halt> {
    use crate::source::{Diagnostic, codes};
    Err(Halt::Failed(vec![
        Diagnostic::new(
            codes::NO_NETS,
            format!("`{}` needs neural networks, and this build has none", generator.name.name),
        )
        .at(generator.kind.span, "trains a network")
        .help("build with the default features: `cargo build`"),
    ]))
}

#[cfg(not(feature = "nets"))]
impl Ready {
    pub fn draw(&self, _: &Drawn, _: u64) -> Result<Frame, Halt> {
        // `train` never hands one out in this build.
        Err(Halt::Failed(Vec::new()))
    }
}

#[cfg(feature = "nets")]
mod with_nets {
    use super::*;
    use crate::check;
    use crate::check::dataset::Schema;
    use crate::eval::view::cell;
    use crate::source::{Diagnostic, codes};
    use crate::suite::result::PrivacyInfo;
    use crate::suite::seeds;
    use crate::syntax::ast::Role;
    use crate::synth::privacy::accountant::Mechanism;
    use crate::synth::privacy::noise::Trained;
    use crate::synth::privacy::{PrivacyError, Unit};
    use crate::synth::settings::Private;
    use crate::synth::{FitSettings, Given, SynthError, fit_conditional_gan};
    use std::collections::BTreeMap;

    /// Fits the generator, or takes it from the cache when data, settings and seed are the same.
    pub fn train(
        program: &Program,
        generator: &Generator,
        table: &Table,
        seed: u64,
        store: &Store,
        stages: &Stages,
    ) -> Result<Ready, Halt> {
        let name = generator.name.name.as_str();
        let Some(schema) = program.dataset(&generator.data.name) else { return Err(Halt::Failed(Vec::new())) };
        let columns = columns(program, generator);
        let frame = table.frame(schema, &columns);
        let settings = settings(generator, schema, frame.rows, seed);
        one_row_each(generator, schema, table, &settings)?;
        let described =
            format!("{settings:?}{columns:?}{:?}", schema.columns.iter().map(|c| (&c.ty, c.range)).collect::<Vec<_>>());
        let key = [env!("CARGO_PKG_VERSION"), &table.sha256, stages.device.label.as_str(), described.as_str()];
        let cached = store.cached("generator", &key).and_then(|b| crate::synth::load(&b, &stages.device.picked).ok());
        let made = match cached {
            Some(made) => made,
            None => {
                let stage = stages.world.stage(&format!("train {name}"), settings.epochs as u64);
                let made = fit_conditional_gan(&frame, &settings, &stages.device.picked, stage.as_ref(), &|| {
                    stages.world.cancelled()
                })
                .map_err(|e| halt(e, generator))?;
                store.keep("generator", &key, &made.to_bytes());
                made
            }
        };
        let history = made.history();
        let info = GeneratorInfo {
            name: name.to_string(),
            kind: made.kind().to_string(),
            dataset: generator.data.name.clone(),
            sensitivity: program.generator_label(name).word().into(),
            epochs: history.len(),
            rows_sampled: 0,
            generator_loss: history.iter().map(|h| h.generator).collect(),
            critic_loss: history.iter().map(|h| h.critic).collect(),
            privacy: made.privacy().map(private_info),
        };
        Ok(Ready { info, made, columns })
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
    fn one_row_each(generator: &Generator, schema: &Schema, table: &Table, settings: &FitSettings) -> Result<(), Halt> {
        let Some(private) = settings.private.as_ref().filter(|p| p.unit == Unit::Person) else { return Ok(()) };
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

    fn settings(generator: &Generator, schema: &Schema, rows: usize, seed: u64) -> FitSettings {
        let mut out = FitSettings::for_rows(rows);
        out.seed = seeds::seed(seed, &["generator", &generator.name.name]);
        for (name, value) in &generator.settings {
            if name.name == "privacy" {
                out.private = check::private::read(value).map(|asked| private(asked, schema));
                continue;
            }
            let Some(v) = literal(&value.kind) else { continue };
            match name.name.as_str() {
                "epochs" => out.epochs = v as usize,
                "batch" => out.batch = v as usize,
                "latent" => out.latent = v as usize,
                "hidden" => out.hidden = v as usize,
                "learning_rate" => out.learning_rate = v,
                "seed" => out.seed = v as u64,
                _ => {}
            }
        }
        out
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
        /// As many synthetic rows as the scenario has, in the same cells.
        pub fn draw(&self, drawn: &Drawn, seed: u64) -> Result<Frame, Halt> {
            let mut given = Given::nothing();
            for (levels, rows) in &drawn.quotas {
                let known: Vec<(&str, usize)> = levels
                    .iter()
                    .filter(|(name, _)| self.columns.contains(name))
                    .map(|(name, code)| (name.as_str(), *code as usize))
                    .collect();
                given = given.and(&known, *rows);
            }
            let seed = seeds::seed(seed, &["synthetic", &self.info.name, &drawn.recipe.name]);
            self.made.sample(drawn.rows.len(), &given, seed).map_err(|e| {
                Halt::Failed(vec![Diagnostic::new(
                    codes::MODEL_FAILED,
                    format!("`{}` cannot draw the rows of `{}`: {e}", self.info.name, drawn.recipe.name),
                )])
            })
        }
    }
}

#[cfg(feature = "nets")]
pub use with_nets::train;

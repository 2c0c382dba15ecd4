//! What a run says of itself before any model has spoken: script, data, models, figures.

use super::result::{BenchmarkInfo, Body, DatasetInfo, Figure, ModelInfo, Plots, Script, Tool};
use super::run::{Bench, Options};
use super::{predict, seeds};
use crate::builtins::measure::measure;
use crate::check::flow::Flows;
use crate::check::{Level, Sensitivity};
use crate::eval::Env;
use crate::eval::estimate::withhold_single;
use crate::policy::telling::told;
use crate::syntax::ast::ItemKind;
use crate::syntax::show;

impl Bench<'_> {
    /// Cohort-level `let`s that are numbers.
    pub(super) fn figures(&self) -> Vec<Figure> {
        let env = self.env();
        let (flows, home) = (Flows::new(self.program), self.program.home.as_deref());
        let mut out = Vec::new();
        for item in &self.program.file.items {
            let ItemKind::Let(decl) = &item.kind else { continue };
            let is_figure =
                self.program.lets.get(&decl.name.name).is_some_and(|t| t.level == Level::Cohort && t.base.is_numeric());
            if !is_figure {
                continue;
            }
            let seed = seeds::seed(self.seed, &["figure", &decl.name.name]);
            let is_phi = flows.of(&decl.value, home).label == Sensitivity::Phi;
            let measured = withhold_single(measure(&Env { seed, ..env.clone() }, &decl.value), is_phi);
            let (estimate, undefined) = match measured {
                Ok(e) if is_phi => match told(&env, &decl.value, e) {
                    Ok(e) => (Some(e), None),
                    Err(why) => (None, Some(why.to_string())),
                },
                Ok(e) => (Some(e), None),
                Err(why) => (None, Some(why.reason)),
            };
            out.push(Figure {
                name: decl.name.name.clone(),
                formula: show(&decl.value),
                doc: item.doc.clone(),
                value: estimate.as_ref().map(|e| e.value),
                n: estimate.as_ref().map_or(0, |e| e.n).into(),
                noise_floor: estimate.as_ref().and_then(|e| e.noise_floor),
                interval: estimate.and_then(|e| e.interval),
                undefined,
            });
        }
        out
    }

    pub(super) fn body(&self, options: &Options, folds: usize) -> Body {
        let module = self.program.file.items.iter().find_map(|i| match &i.kind {
            ItemKind::Module { name, version } => Some((name.name.clone(), version.clone())),
            _ => None,
        });
        let datasets = self
            .program
            .datasets
            .iter()
            .filter_map(|s| {
                let table = self.loaded.tables.get(&s.name)?;
                Some(DatasetInfo {
                    name: s.name.clone(),
                    file: relative(&s.path),
                    sha256: table.sha256.clone(),
                    rows: table.rows.into(),
                    columns: s.columns.len(),
                    sensitivity: s.sensitivity.word().into(),
                    license: s.license.clone(),
                    source: s.source.clone(),
                })
            })
            .collect();
        let models = self
            .benchmark
            .models
            .iter()
            .filter_map(|m| {
                let model = self.program.model(&m.name)?;
                let features = match (self.schema(), predict::is_trained(model)) {
                    (Some(schema), true) => predict::features(schema, model).len(),
                    _ => 0,
                };
                Some(ModelInfo { name: m.name.clone(), definition: model.definition.clone(), features })
            })
            .collect();
        Body {
            tool: Tool::this(),
            script: Script {
                path: options.script.clone(),
                sha256: options.script_sha256.clone(),
                module: module.as_ref().map(|m| m.0.clone()),
                module_version: module.map(|m| m.1),
                doc: self.program.file.doc.clone(),
                uses: options.uses.clone(),
            },
            benchmark: BenchmarkInfo {
                name: self.benchmark.name.name.clone(),
                version: self.benchmark.version.clone(),
                as_of: self.benchmark.as_of.as_ref().map(|(d, _)| d.clone()),
                folds: folds as u32,
            },
            datasets,
            seed: self.seed,
            device: String::new(),
            generators: Vec::new(),
            scenarios: Vec::new(),
            models,
            figures: Vec::new(),
            cells: Vec::new(),
            policies: Vec::new(),
            checks: Vec::new(),
            privacy: Vec::new(),
            plots: Plots::default(),
            synthetic: Vec::new(),
        }
    }
}

/// A dataset's path without the folders of this machine.
fn relative(path: &str) -> String {
    if std::path::Path::new(path).is_absolute() {
        path.rsplit(['/', '\\']).next().unwrap_or(path).to_string()
    } else {
        path.to_string()
    }
}

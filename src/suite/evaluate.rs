//! One unit of the matrix: the cells of a (scenario, model, task), its policies and its plots.

use super::checks::{show_use, signed};
use super::plots;
use super::result::{ByGroup, Cell, PolicyResult, Reliability};
use super::{seeds, shown};
use crate::builtins::measure::measure;
use crate::check::program::{ArgSource, Callee};
use crate::check::{Program, Sensitivity};
use crate::eval::estimate::{Estimate, Undefined, withhold_single};
use crate::eval::facts::{Facts, Ledger};
use crate::eval::{Env, View};
use crate::policy::{Subject, decide};
use crate::syntax::ast::{Benchmark, Expr, ExprKind, MetricUse, Role};
use crate::syntax::show;
use arrow_array::UInt32Array;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Which part of the matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub scenario: String,
    pub model: String,
    pub task: String,
    /// Whether the task predicts a label of patients; policies and group plots are about those.
    pub predicts: bool,
}

/// The rows of a unit with the columns `p`, `yhat` and `y`.
pub struct Judged {
    pub view: View,
    /// With the rows that the model said nothing about.
    pub asked: View,
    /// The fold of each row, 0-based.
    pub folds: Vec<usize>,
    /// Rows of each fold that the model said nothing about.
    pub silent: Vec<usize>,
}

/// What a unit contributes to the results; kept in the cache.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct UnitResult {
    pub cells: Vec<Cell>,
    pub policies: Vec<PolicyResult>,
    pub reliability: Vec<Reliability>,
    pub by_group: Vec<ByGroup>,
}

/// Evaluates every metric, fold by fold and over all folds together, then the policies.
pub fn unit(
    env: &Env,
    benchmark: &Benchmark,
    place: &Place,
    judged: &Result<Judged, String>,
    folds: usize,
) -> UnitResult {
    let mut out = UnitResult::default();
    let judged = match judged {
        Ok(judged) => judged,
        Err(why) => {
            for metric in &benchmark.metrics {
                out.cells.push(cell(env.program, place, "all", metric, Err(Undefined::new(why.clone())), 0, 0));
            }
            return out;
        }
    };
    let names: BTreeSet<String> = env.program.home.iter().flat_map(|_| needed(env, benchmark)).collect();
    let schema = env.program.home.as_ref().and_then(|h| env.program.dataset(h));
    let is_phi = schema.is_some_and(|s| s.label_of("") == Sensitivity::Phi);
    for fold in 0..=folds {
        // The last round takes all folds together.
        let pooled = fold == folds;
        let name = if pooled { "all".to_string() } else { (fold + 1).to_string() };
        let view = if pooled {
            judged.view.clone()
        } else {
            let rows: Vec<u32> =
                (0..judged.view.rows as u32).filter(|&r| judged.folds.get(r as usize) == Some(&fold)).collect();
            judged.view.take(&UInt32Array::from(rows), &names)
        };
        let silent = if pooled { judged.silent.iter().sum() } else { judged.silent.get(fold).copied().unwrap_or(0) };
        // The same rows have the same stream, so a figure has one interval in tables and policies.
        let seed = seeds::seed(env.seed, &["rows", &place.scenario, &place.model, &place.task, &name]);
        for metric in &benchmark.metrics {
            let here = Env { seed, ..env.over(view.clone()) };
            let measured = withhold_single(measure(&here, &metric.call), is_phi);
            out.cells.push(cell(env.program, place, &name, metric, measured, view.rows, silent));
        }
    }
    if place.predicts {
        let seed = seeds::seed(env.seed, &["rows", &place.scenario, &place.model, &place.task, "all"]);
        let here = Env { seed, ..env.over(judged.view.clone()) };
        out.policies = policies(&here, benchmark, place);
        out.reliability.extend(plots::reliability(&judged.view, place));
        out.by_group = plots::by_group(&here, benchmark, place);
    }
    if is_phi {
        shown::protect(&env.over(judged.view.clone()), benchmark, judged, folds, &mut out);
    }
    out
}

/// Every column that a metric reads.
fn needed(env: &Env, benchmark: &Benchmark) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = ["p", "y", "yhat"].map(String::from).into();
    for metric in &benchmark.metrics {
        names.extend(env.needed(&metric.call));
    }
    names
}

fn cell(
    program: &Program,
    place: &Place,
    fold: &str,
    metric: &MetricUse,
    measured: Result<Estimate, Undefined>,
    rows: usize,
    missing: usize,
) -> Cell {
    let (estimate, undefined) = match measured {
        Ok(estimate) => (Some(estimate), None),
        Err(why) => (None, Some(why.reason)),
    };
    let n = estimate.as_ref().map_or(rows, |e| e.n);
    let estimate = estimate.unwrap_or_else(|| Estimate::plain(0.0, n));
    Cell {
        scenario: place.scenario.clone(),
        model: place.model.clone(),
        task: place.task.clone(),
        fold: fold.to_string(),
        metric: metric.text.clone(),
        signature: signature(program, &metric.call),
        value: undefined.is_none().then_some(estimate.value),
        interval: estimate.interval,
        n: n.into(),
        missing: missing.into(),
        noise_floor: estimate.noise_floor,
        parts: estimate.parts,
        undefined,
    }
}

/// Name, settings and version of a metric, so that unlike figures are not compared.
pub fn signature(program: &Program, call: &Expr) -> String {
    let mut out = Vec::new();
    if let (ExprKind::Call { function, args, given }, Some(plan)) = (&call.kind, program.tables.call(call.id)) {
        out.push(function.name.clone());
        if let Callee::Function(index) = plan.callee
            && let Some(info) = program.functions.get(index)
        {
            for (param, source) in info.decl.params.iter().zip(&plan.args) {
                let value = match source {
                    ArgSource::Given(at) => args.get(*at).map(|a| show(&a.value)),
                    ArgSource::Default => param.default.as_ref().map(show),
                    ArgSource::Column(name) => Some(name.clone()),
                };
                out.push(format!("{}:{}", param.name.name, value.unwrap_or_default()));
            }
            match &info.decl.body {
                Some(body) => out.push(format!("formula:{}", show(body))),
                None => out.push("kernel".into()),
            }
        }
        if let Some(given) = given {
            out.push(format!("given:{}", show(given)));
        }
    }
    out.push(format!("dbf:{}", env!("CARGO_PKG_VERSION")));
    out.join("|")
}

/// What the benchmark's policies are decided over.
pub fn subject<'a>(env: &Env<'a>, benchmark: &Benchmark) -> Subject<'a> {
    let schema = env.program.home.as_ref().and_then(|h| env.program.dataset(h));
    Subject {
        env: env.clone(),
        facts: Facts {
            as_of: benchmark.as_of.as_ref().map(|(d, _)| d.clone()),
            signed: signed(env.program),
            ledger: Ledger::default(),
        },
        is_phi: schema.is_some_and(|s| s.label_of("") == Sensitivity::Phi),
        subject: schema.and_then(|s| s.columns.iter().find(|c| c.has(Role::Subject))).map(|c| c.name.clone()),
    }
}

fn policies(env: &Env, benchmark: &Benchmark, place: &Place) -> Vec<PolicyResult> {
    let mut out = Vec::new();
    let subject = subject(env, benchmark);
    let as_of = subject.facts.as_of.as_deref();
    for used in &benchmark.policies {
        let Some(instance) = env.program.instances.get(&used.id) else { continue };
        let (constraints, score) = decide(instance, &subject);
        out.push(PolicyResult {
            name: show_use(used),
            model: place.model.clone(),
            scenario: place.scenario.clone(),
            task: place.task.clone(),
            as_of: as_of.map(String::from),
            compliance: score.compliance,
            strict: score.strict,
            coverage: score.coverage,
            constraints,
        });
    }
    out
}

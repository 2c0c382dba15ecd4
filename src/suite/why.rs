//! Why a constraint has its verdict: the rows it was decided over are made again, and the rule is looked into.

use super::checks::{self, day_of};
use super::result::PolicyResult;
use super::run::{Halt, Stages, judged_rows};
use super::store::Store;
use super::{Loaded, evaluate};
use crate::check::{Instance, Program};
use crate::eval::Env;
use crate::policy::{Decided, Subject, Verdict, decided};
use crate::source::{Diagnostic, codes};

/// Which rows.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// The data of a `check`.
    pub on: Option<String>,
    /// Of a benchmark; the first of each unless they are named.
    pub model: Option<String>,
    pub scenario: Option<String>,
}

/// What somebody wants explained.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// `cells`, or `policy.cells`; none is every constraint that does not pass.
    pub constraint: Option<String>,
    pub as_of: Option<String>,
    pub witnesses: usize,
    pub place: Place,
}

/// The constraints of one policy that are asked about, with the exceptions that each was not granted.
pub struct Asked {
    pub result: PolicyResult,
    pub passed_over: Vec<Vec<String>>,
}

/// The whys of every `check` and of the benchmark's policies that fit the question.
pub fn answers(
    program: &Program,
    stages: &Stages,
    store: &Store,
    question: &Question,
) -> Result<Vec<Asked>, Vec<Diagnostic>> {
    let loaded = Loaded::load_within(program, stages.world, stages.meter.clone())?;
    let seed = program.benchmark().and_then(|b| b.seed).unwrap_or(0) as u64;
    let mut out = Vec::new();
    for check in checks::items(program) {
        let Some(instance) = program.instances.get(&check.policy.id) else { continue };
        let on = checks::subject_name(program, check);
        if question.place.on.as_ref().is_some_and(|wanted| *wanted != on) || !asks(instance, question) {
            continue;
        }
        let rows = checks::rows(program, &loaded, check, (seed, store, stages)).map_err(failed)?;
        let mut subject = checks::subject(program, &loaded, check, rows, seed);
        subject.facts.as_of = question.as_of.clone().or_else(|| day_of(program, check));
        out.extend(asked(instance, &subject, question, &on, ("", ""), &checks::show_use(&check.policy)));
    }
    let from_benchmark = program.benchmark().filter(|_| question.place.on.is_none());
    let wanted: Vec<_> = from_benchmark
        .iter()
        .flat_map(|b| &b.policies)
        .filter_map(|used| Some((used, program.instances.get(&used.id)?)))
        .filter(|(_, instance)| asks(instance, question))
        .collect();
    if let (Some(benchmark), false) = (from_benchmark, wanted.is_empty()) {
        let rows = judged_rows(program, stages, store, &loaded, &question.place).map_err(failed)?;
        let env = Env { seed: rows.seed, ..loaded.env(program, seed) }.over(rows.view);
        let mut subject = evaluate::subject(&env, benchmark);
        subject.facts.as_of = question.as_of.clone().or(subject.facts.as_of);
        for (used, instance) in wanted {
            let at = (rows.model.as_str(), rows.task.as_str());
            out.extend(asked(instance, &subject, question, &rows.scenario, at, &checks::show_use(used)));
        }
    }
    if let Some(stopped) = stages.meter.stopped() {
        return Err(vec![stopped]);
    }
    Ok(out)
}

/// The whys of the checks whose rows need no generator: for the prompt.
pub fn of_checks(program: &Program, loaded: &Loaded, question: &Question) -> Result<Vec<Asked>, Vec<Diagnostic>> {
    let mut out = Vec::new();
    for check in checks::items(program) {
        let Some(instance) = program.instances.get(&check.policy.id).filter(|i| asks(i, question)) else { continue };
        let on = checks::subject_name(program, check);
        let Some(rows) = checks::rows_of(program, loaded, &on, 0).map_err(|d| vec![d])? else { continue };
        let subject = checks::subject(program, loaded, check, rows, 0);
        out.extend(asked(instance, &subject, question, &on, ("", ""), &checks::show_use(&check.policy)));
    }
    Ok(out)
}

fn failed(halt: Halt) -> Vec<Diagnostic> {
    match halt {
        Halt::Failed(found) => found,
        Halt::Interrupted => vec![Diagnostic::new(codes::INTERRUPTED, "stopped before the end")],
    }
}

/// Whether the instance has the constraint in question.
fn asks(instance: &Instance, question: &Question) -> bool {
    match &question.constraint {
        None => true,
        Some(name) => instance.constraints().any(|(part, c)| {
            let shown = crate::check::instance::shown(&part.prefix, &c.name.name);
            is_named(name, &instance.name, &shown)
        }),
    }
}

/// `cells` and `policy.cells` both mean `cells` of `policy`.
fn is_named(wanted: &str, policy: &str, constraint: &str) -> bool {
    wanted == constraint || wanted == format!("{policy}.{constraint}")
}

fn asked(
    instance: &Instance,
    subject: &Subject,
    question: &Question,
    on: &str,
    (model, task): (&str, &str),
    name: &str,
) -> Option<Asked> {
    let all: Vec<Decided> = decided(instance, subject, Some("*"), question.witnesses);
    let wanted = |d: &Decided| match &question.constraint {
        Some(name) => is_named(name, &instance.name, &d.result.name),
        None => !matches!(d.result.verdict, Verdict::Pass | Verdict::NotApplicable),
    };
    let (constraints, passed_over): (Vec<_>, Vec<_>) =
        all.into_iter().filter(wanted).map(|d| (d.result, d.passed_over)).unzip();
    (!constraints.is_empty()).then(|| Asked {
        result: PolicyResult {
            name: name.to_string(),
            model: model.to_string(),
            scenario: on.to_string(),
            task: task.to_string(),
            as_of: subject.facts.as_of.clone(),
            compliance: None,
            strict: None,
            coverage: None,
            constraints,
        },
        passed_over,
    })
}

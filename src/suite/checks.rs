//! `check POLICY on DATA as of DAY`: what a script asks of its data without a benchmark.

use super::result::PolicyResult;
use super::{Loaded, scenario, seeds};
use crate::check::{Program, Sensitivity};
use crate::eval::View;
use crate::eval::facts::{Facts, Ledger, Signed};
use crate::policy::outcome::Score;
use crate::policy::{Decided, Subject, Verdict, decided};
use crate::source::{Diagnostic, codes};
use crate::syntax::ast::{Arg, Attest, Check, ItemKind, PolicyUse, Role};
use crate::syntax::show;

/// Rows to check, and how sensitive they are.
pub struct Checked {
    pub view: View,
    pub is_phi: bool,
    pub subject: Option<String>,
    pub ledger: Ledger,
}

/// A policy as it is asked for: `k_anonymity(quasi: [age, sex])`.
pub fn show_use(used: &PolicyUse) -> String {
    let arg = |a: &Arg| match &a.name {
        Some(name) => format!("{}: {}", name.name, show(&a.value)),
        None => show(&a.value),
    };
    match used.args.as_slice() {
        [] => used.name.name.clone(),
        args => format!("{}({})", used.name.name, args.iter().map(arg).collect::<Vec<_>>().join(", ")),
    }
}

/// A signed fact as the evaluation knows it.
pub fn signed_by(attest: &Attest) -> Signed {
    Signed {
        fact: attest.fact.0.clone(),
        by: attest.by.clone(),
        on: attest.on.0.clone(),
        until: attest.until.as_ref().map(|(d, _)| d.clone()),
    }
}

/// The facts that the script has signed for. Those of a used file are its own.
pub fn signed(program: &Program) -> Vec<Signed> {
    let items = program.file.items.iter();
    items
        .filter_map(|i| match &i.kind {
            ItemKind::Attest(attest) => Some(signed_by(attest)),
            _ => None,
        })
        .collect()
}

/// The rows of a dataset or a scenario; none when the name is a generator's.
pub fn rows_of(program: &Program, loaded: &Loaded, name: &str, seed: u64) -> Result<Option<Checked>, Diagnostic> {
    let checked = |view: View, data: &str| {
        let schema = program.dataset(data);
        Checked {
            view,
            is_phi: schema.is_some_and(|s| s.label_of("") == Sensitivity::Phi),
            subject: schema
                .and_then(|s| s.columns.iter().find(|c| c.has(Role::Subject)))
                .map(|c| c.name.clone()),
            ledger: Ledger::default(),
        }
    };
    if let Some(view) = loaded.views.get(name) {
        return Ok(Some(checked(view.clone(), name)));
    }
    let env = loaded.env(program, seed);
    let Some(recipe) = scenario::recipe(program, &env, name) else { return Ok(None) };
    let data = program.data_of(name).map(str::to_string).unwrap_or_default();
    let Some(table) = loaded.tables.get(&data) else { return Ok(None) };
    let drawn = scenario::draw(&recipe, table, seed)?;
    Ok(Some(checked(View::of(&table.take(&drawn.rows)), &data)))
}

/// The `check` items of the script.
pub fn items(program: &Program) -> impl Iterator<Item = &Check> {
    program.file.items.iter().filter_map(|i| match &i.kind {
        ItemKind::Check(check) => Some(check),
        _ => None,
    })
}

/// What a `check` is about, as the script writes it.
pub fn subject_name(program: &Program, check: &Check) -> String {
    check.on.as_ref().map(|on| on.name.clone()).or_else(|| program.home.clone()).unwrap_or_default()
}

/// The day that a `check` asks about: its own, else the benchmark's.
pub fn day_of(program: &Program, check: &Check) -> Option<String> {
    let own = check.as_of.as_ref().or_else(|| program.benchmark().and_then(|b| b.as_of.as_ref()));
    own.map(|(day, _)| day.clone())
}

/// Decides a `check` over its rows.
pub fn decide(
    program: &Program,
    loaded: &Loaded,
    check: &Check,
    rows: Checked,
    (seed, explain, witnesses): (u64, Option<&str>, usize),
) -> Option<(PolicyResult, Vec<Decided>)> {
    let instance = program.instances.get(&check.policy.id)?;
    let on = subject_name(program, check);
    let as_of = day_of(program, check);
    let env = loaded.env(program, seeds::seed(seed, &["check", &on]));
    let subject = Subject {
        env: env.over(rows.view),
        facts: Facts { as_of: as_of.clone(), signed: signed(program), ledger: rows.ledger },
        is_phi: rows.is_phi,
        subject: rows.subject,
    };
    let all = decided(instance, &subject, explain, witnesses);
    let weighed: Vec<(Verdict, f64, bool)> = instance
        .constraints()
        .zip(&all)
        .map(|((_, c), d)| (d.result.verdict, c.weight.unwrap_or(1.0), c.hard))
        .collect();
    let score = Score::of(&weighed);
    let result = PolicyResult {
        name: show_use(&check.policy),
        model: String::new(),
        scenario: on,
        task: String::new(),
        as_of,
        compliance: score.compliance,
        strict: score.strict,
        coverage: score.coverage,
        constraints: all.iter().map(|d| d.result.clone()).collect(),
    };
    Some((result, all))
}

/// Exceptions that hold at once are a mistake of the policy.
pub fn conflicts(policy: &str, span: crate::source::Span, all: &[Decided]) -> Vec<Diagnostic> {
    all.iter()
        .filter_map(|d| d.conflict.as_ref().map(|why| (d, why)))
        .map(|(d, why)| {
            Diagnostic::new(codes::EXCEPTIONS_CLASH, format!("`{}` of `{policy}`: {why}", d.result.name))
                .at(span, "asked for here")
                .help("say in their `when` which one stands, or make one an exception `to` the other")
        })
        .collect()
}

//! `check POLICY on DATA as of DAY`: what a script asks of its data without a benchmark.

use super::result::PolicyResult;
use super::run::{Halt, Stages};
use super::store::Store;
use super::{Loaded, generate, scenario, seeds};
use crate::check::instance::shown;
use crate::check::{Program, Sensitivity};
use crate::data::Table;
use crate::eval::View;
use crate::eval::facts::{Facts, Ledger, Signed};
use crate::policy::decide::WITNESSES;
use crate::policy::outcome::Score;
use crate::policy::{Decided, Subject, Verdict, decided};
use crate::source::{Diagnostic, codes};
use crate::syntax::ast::{Arg, Attest, Benchmark, Check, Ident, ItemKind, PolicyUse, Role};
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
            subject: schema.and_then(|s| s.columns.iter().find(|c| c.has(Role::Subject))).map(|c| c.name.clone()),
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

/// The names of the constraints that the script asks about.
pub fn constraint_names(program: &Program) -> Vec<String> {
    let uses = items(program).map(|c| &c.policy).chain(program.benchmark().into_iter().flat_map(|b| &b.policies));
    let mut out: Vec<String> = Vec::new();
    for instance in uses.filter_map(|u| program.instances.get(&u.id)) {
        for (part, c) in instance.constraints() {
            let name = shown(&part.prefix, &c.name.name);
            if !out.contains(&name) {
                out.push(name);
            }
        }
    }
    out
}

/// What a `check` is decided over.
pub fn subject<'a>(program: &'a Program, loaded: &'a Loaded, check: &Check, rows: Checked, seed: u64) -> Subject<'a> {
    let on = subject_name(program, check);
    let env = loaded.env(program, seeds::seed(seed, &["check", &on]));
    Subject {
        env: env.over(rows.view),
        facts: Facts { as_of: day_of(program, check), signed: signed(program), ledger: rows.ledger },
        is_phi: rows.is_phi,
        subject: rows.subject,
    }
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
    let subject = subject(program, loaded, check, rows, seed);
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
        scenario: subject_name(program, check),
        task: String::new(),
        as_of: day_of(program, check),
        compliance: score.compliance,
        strict: score.strict,
        coverage: score.coverage,
        constraints: all.iter().map(|d| d.result.clone()).collect(),
    };
    Some((result, all))
}

/// What stands in for a benchmark in a script that only checks.
pub fn no_benchmark(program: &Program) -> Benchmark {
    let module = program.file.items.iter().find_map(|i| match &i.kind {
        ItemKind::Module { name, version } => Some((name.clone(), version.clone())),
        _ => None,
    });
    let (name, version) = module.unwrap_or_else(|| {
        let span = program.file.head;
        let name = if items(program).next().is_some() { "checks" } else { "reports" };
        (Ident { name: name.into(), span }, "0".into())
    });
    Benchmark {
        name,
        version,
        scenarios: Vec::new(),
        models: Vec::new(),
        tasks: Vec::new(),
        metrics: Vec::new(),
        policies: Vec::new(),
        as_of: items(program).find_map(|c| c.as_of.clone()),
        folds: None,
        seed: None,
        reports: Vec::new(),
    }
}

/// The rows that a `check` is about; what a generator makes is made.
pub fn rows(
    program: &Program,
    loaded: &Loaded,
    check: &Check,
    (seed, store, stages): (u64, &Store, &Stages),
) -> Result<Checked, Halt> {
    let name = subject_name(program, check);
    let span = check.on.as_ref().map_or(check.policy.span, |on| on.span);
    if let Some(rows) = rows_of(program, loaded, &name, seed).map_err(|d| Halt::Failed(vec![d]))? {
        return Ok(rows);
    }
    let lost = |message: String| Halt::Failed(vec![Diagnostic::new(codes::NO_DATASET, message).at(span, "this data")]);
    let generator = program.generators().find(|g| g.name.name == name);
    let found = generator.and_then(|g| Some((g, loaded.tables.get(&g.data.name)?, program.dataset(&g.data.name)?)));
    let Some((generator, table, schema)) = found else { return Err(lost(format!("`{name}` is not loaded"))) };
    let mut ready = generate::train((program, loaded), generator, table, seed, store, stages)?;
    let frame = ready.draw(program, loaded, &scenario::whole(&name, span, table), seed)?;
    // Without differential privacy nothing bounds what a row gives away.
    let spent = ready.info.privacy.as_ref();
    let ledger = Ledger {
        epsilon: Some(spent.map_or(f64::INFINITY, |p| p.epsilon)),
        delta: Some(spent.map_or(1.0, |p| p.delta)),
        unit: spent.map(|p| p.unit.clone()),
        train: Some(table.rows),
    };
    let is_phi = program.generator_label(&name) == Sensitivity::Phi;
    Ok(Checked { view: View::of(&Table::from_frame(&frame, schema)), is_phi, subject: None, ledger })
}

/// Every `check` of the script, with its clauses, and what is wrong with the policies themselves.
pub fn all(
    program: &Program,
    loaded: &Loaded,
    seed: u64,
    store: &Store,
    stages: &Stages,
) -> Result<(Vec<PolicyResult>, Vec<Diagnostic>), Halt> {
    let (mut out, mut problems) = (Vec::new(), Vec::new());
    let total = items(program).count() as u64;
    let stage = stages.world.stage("check", total);
    for (done, check) in items(program).enumerate() {
        if stages.world.cancelled() {
            return Err(Halt::Interrupted);
        }
        stage.note(&show_use(&check.policy));
        let rows = rows(program, loaded, check, (seed, store, stages))?;
        if let Some((result, all)) = decide(program, loaded, check, rows, (seed, Some("*"), WITNESSES)) {
            problems.extend(conflicts(&result.name, check.policy.span, &all));
            out.push(sealed(result));
        }
        stage.advance(done as u64 + 1);
    }
    Ok((out, problems))
}

/// As results record it.
fn sealed(mut result: PolicyResult) -> PolicyResult {
    for c in &mut result.constraints {
        for value in [&mut c.left, &mut c.right, &mut c.threshold] {
            *value = value.filter(|v| v.is_finite());
        }
        c.tree = c.tree.take().map(|t| Box::new(t.sealed()));
    }
    result
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

//! Eighty constraints of the usual kinds decided over a million rows, with and without the reasons that `dbf why` gives.

use super::columns::{Bench, SCHEMA, raw, view};
use dbf::check::Program;
use dbf::eval::facts::Facts;
use dbf::eval::limits::Meter;
use dbf::eval::{Env, View};
use dbf::policy::{Subject, Verdict, decided};
use dbf::source::SourceMap;
use dbf::syntax::ast::ItemKind;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Instant;

const ROWS: usize = 1_000_000;

/// Shares, conditions of every row, cells of groups, means, quantiles, gaps with confidence, classes.
fn constraints() -> Vec<String> {
    let mut out = Vec::new();
    for i in 0..30 {
        let clause = ["sex == F", "not prostate", "ef > 20", "yhat", "lactate <= 5 'mmol/L'"][i % 5];
        out.push(format!("P(age >= {} 'a' and lactate <= {} 'mmol/L' or {clause}) >= 10%", 18 + i, 3 + i / 5));
    }
    for i in 0..20 {
        out.push(format!("every(age <= {} 'a' or sex == F or not prostate | present(ef))", 60 + i));
    }
    for i in 0..10 {
        out.push(format!("forall x in groups(by: [sex, g]): n(x) == 0 or n(x) >= {}", 11 + i));
    }
    for i in 0..10 {
        out.push(format!("E[lactate | g == {}] <= {} 'mmol/L'", ["a", "b", "c", "d", "e"][i % 5], 2 + i / 5));
    }
    for i in 0..5 {
        out.push(format!("count(age > {} 'a' and yhat) >= 100", 70 + i));
    }
    out.push("dpd(yhat, by: sex) <= 3% with confidence 95%".into());
    out.push("dpd(yhat, by: g) <= 3% with confidence 95%".into());
    out.push("accuracy(yhat, y) >= 60% with confidence 95%".into());
    out.push("P(yhat | y) >= 30% with confidence 95%".into());
    out.push("k_anonymity([sex, g, prostate]) >= 11".into());
    out
}

/// Rows that a why lists here.
const LISTED: usize = 1000;

/// A rule with clauses that thousands of rows break, each by one or another of them.
const BROKEN: &str = "every(age <= 60 'a' and (sex == F or lactate <= 3 'mmol/L') | present(ef))";

fn ask(program: &Program, view: &View, full: bool) -> (f64, usize, usize) {
    let columns = view.names().into_iter().filter_map(|n| Some((n.clone(), view.column(&n)?.clone()))).collect();
    let (kernels, datasets, meter) = (dbf::builtins::kernels(), BTreeMap::new(), Meter::default());
    // Nothing is remembered from the run before.
    let view = View::new(columns, view.rows);
    let start = Instant::now();
    let env = Env { program, kernels: &kernels, datasets: &datasets, view, locals: Vec::new(), seed: 1, meter: &meter };
    let subject = Subject { env, facts: Facts::default(), is_phi: false, subject: None };
    let (mut known, mut listed) = (0, 0);
    for item in &program.file.items {
        let ItemKind::Check(check) = &item.kind else { continue };
        let Some(instance) = program.instances.get(&check.policy.id) else { continue };
        let all = decided(instance, &subject, full.then_some("*"), LISTED);
        known += all.iter().filter(|d| matches!(d.result.verdict, Verdict::Pass | Verdict::Fail)).count();
        listed += all.iter().map(|d| d.clause.witnesses.len()).sum::<usize>();
    }
    (start.elapsed().as_secs_f64(), known, listed)
}

/// The script that asks these rules of the table.
fn program(rules: &[String]) -> Result<Program, Value> {
    let rules: Vec<String> = rules.iter().enumerate().map(|(i, r)| format!("  constraint c{i}: {r}\n")).collect();
    let text = format!("{SCHEMA}\npolicy many {{ authority house\n{} }}\ncheck many on d\n", rules.concat());
    let mut sources = SourceMap::default();
    let id = sources.add("many.dbf", text.as_str());
    let checked = Program::load(id, &mut sources, dbf::builtins::STD);
    if checked.has_errors() {
        return Err(json!({ "error": checked.diagnostics.iter().map(|d| d.message.clone()).collect::<Vec<_>>() }));
    }
    Ok(checked.program)
}

/// The quickest of seven runs.
fn best(bench: &Bench, threads: usize, full: bool) -> (f64, usize, usize) {
    let Ok(pool) = rayon::ThreadPoolBuilder::new().num_threads(threads).build() else { return (f64::NAN, 0, 0) };
    let runs = (0..7).map(|_| pool.install(|| ask(&bench.program, &bench.view, full)));
    runs.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((f64::NAN, 0, 0))
}

/// What it takes to explain a thousand failing rows of one constraint, over a table of this many rows.
fn explained(rows: usize) -> Value {
    match program(&[BROKEN.to_string()]) {
        Err(error) => error,
        Ok(program) => {
            let bench = Bench { program, view: view(&raw(rows)) };
            let ((plain, ..), (why, _, listed)) = (best(&bench, 2, false), best(&bench, 2, true));
            json!({
                "rows": rows, "listed": listed, "decided_ms": plain * 1e3, "decided_and_explained_ms": why * 1e3,
                "explained_ms": (why - plain) * 1e3,
            })
        }
    }
}

/// The figures of this file.
pub fn figures() -> Value {
    let rules = constraints();
    let program = match program(&rules) {
        Ok(program) => program,
        Err(error) => return error,
    };
    let bench = Bench { program, view: view(&raw(ROWS)) };
    let ((two, known, _), (one, ..), (why, ..)) =
        (best(&bench, 2, false), best(&bench, 1, false), best(&bench, 2, true));
    json!({
        "constraints": rules.len(), "rows": ROWS, "decided": known,
        "two_threads_ms": two * 1e3, "one_thread_ms": one * 1e3, "with_reasons_two_threads_ms": why * 1e3,
        "thousand_rows_explained": [explained(10_000), explained(ROWS)],
    })
}

//! Row predicates, aggregates and formulas over millions of rows, beside Polars, DuckDB and NumPy in the same run.
//!
//! Both sides hold the same numbers: the columns are made here and handed to `peers.py` as raw files. Ours includes
//! parsing, checking and lowering the expression. The peers run when `DBF_PEERS` names a Python with `numpy`,
//! `polars` and `duckdb`.

use arrow_array::BooleanArray;
use dbf::check::{Levels, Program};
use dbf::data::Column;
use dbf::eval::limits::Meter;
use dbf::eval::{Env, View};
use dbf::source::SourceMap;
use dbf::syntax::{Entry, parse_entry};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// Rows; another number by `DBF_ROWS`.
pub fn all_rows() -> usize {
    std::env::var("DBF_ROWS").ok().and_then(|n| n.parse().ok()).unwrap_or(10_000_000)
}

pub const SCHEMA: &str = r#"
language 1
use std.metrics
dataset d from "none.csv" {
  age      : Int 'a' in 0..120
  lactate  : Real 'mmol/L' in 0..100
  sex      : Category { F, M }
  prostate : Bool
  ef       : Real in 0..100 ?
  y        : Bool
  yhat     : Bool
  p        : Prob
  g        : Category { a, b, c, d, e }
}
metric dpd_formula(yhat: Bool, by: Category) -> Real =
  max over g in by: P(yhat | by == g)  -  min over g in by: P(yhat | by == g)
metric ece_formula(p: Prob, y: Bool, bins: Int = 15) -> Real =
  sum over b in bins(p, bins): P(p in b) * abs(E[y | p in b] - E[p | p in b])
metric brier_formula(p: Prob, y: Bool) -> Real = E[(p - (if y then 1 else 0)) ^ 2]
metric accuracy_formula(yhat: Bool, y: Bool) -> Real = P(yhat == y)
metric f1_formula(yhat: Bool, y: Bool) -> Real =
  2 * count(yhat and y) / (2 * count(yhat and y) + count(yhat and not y) + count(not yhat and y))
"#;

/// One column of the test data in the form that a peer reads.
pub struct Raw {
    age: Vec<i16>,
    lactate: Vec<f32>,
    sex: Vec<u8>,
    prostate: Vec<u8>,
    ef: Vec<f32>,
    pub y: Vec<u8>,
    pub p: Vec<f32>,
    pub g: Vec<u8>,
}

pub fn raw(rows: usize) -> Raw {
    let mut state = 20_261_124u64;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    };
    let mut out = Raw {
        age: Vec::with_capacity(rows),
        lactate: Vec::with_capacity(rows),
        sex: Vec::with_capacity(rows),
        prostate: Vec::with_capacity(rows),
        ef: Vec::with_capacity(rows),
        y: Vec::with_capacity(rows),
        p: Vec::with_capacity(rows),
        g: Vec::with_capacity(rows),
    };
    for _ in 0..rows {
        let sex = u8::from(next() < 0.5);
        let y = u8::from(next() < 0.3);
        let z = (next() + next() + next() - 1.5) * 2.0 + 1.2 * f64::from(y);
        out.age.push(18 + (next() * 77.0) as i16);
        out.lactate.push(-(next() * next()).ln() as f32);
        out.sex.push(sex);
        out.prostate.push(u8::from(next() < 0.03 && sex == 1));
        out.ef.push(if next() < 0.05 { f32::NAN } else { (next() * 100.0) as f32 });
        out.y.push(y);
        out.p.push((1.0 / (1.0 + (1.0 - z).exp())) as f32);
        let share = next();
        out.g.push([0.5, 0.7, 0.85, 0.95].iter().filter(|s| share >= **s).count() as u8);
    }
    out
}

pub fn view(raw: &Raw) -> View {
    let levels = |column: &str, names: &[&str]| {
        Arc::new(Levels { column: column.into(), names: names.iter().map(|n| (*n).to_string()).collect() })
    };
    let numbers = |v: &[f32]| Column::numbers(v.iter().map(|v| (!v.is_nan()).then(|| f64::from(*v)))).compact();
    let flags = |v: &[u8]| Column::Bool(v.iter().map(|v| Some(*v == 1)).collect::<BooleanArray>());
    let codes = |v: &[u8], l: Arc<Levels>| Column::levels(v.iter().map(|v| Some(u32::from(*v))), l);
    // A column without gaps has no validity, as one that was loaded.
    let yhat = Column::Bool(BooleanArray::from(raw.p.iter().map(|p| *p >= 0.5).collect::<Vec<bool>>()));
    let columns = BTreeMap::from([
        ("age".into(), Column::numbers(raw.age.iter().map(|v| Some(f64::from(*v)))).compact()),
        ("lactate".into(), numbers(&raw.lactate)),
        ("sex".into(), codes(&raw.sex, levels("sex", &["F", "M"]))),
        ("prostate".into(), flags(&raw.prostate)),
        ("ef".into(), numbers(&raw.ef)),
        ("y".into(), flags(&raw.y)),
        ("yhat".into(), yhat),
        ("p".into(), numbers(&raw.p)),
        ("g".into(), codes(&raw.g, levels("g", &["a", "b", "c", "d", "e"]))),
    ]);
    View::new(columns, raw.age.len())
}

/// Writes the columns for the peers and asks `script` of them; none with the reason when they cannot answer.
pub fn peers(raw: &Raw, script: &str) -> Result<Map<String, Value>, String> {
    let python = std::env::var("DBF_PEERS").map_err(|_| "DBF_PEERS names no Python".to_string())?;
    let folder = std::env::temp_dir().join(format!("dbf-peers-{}", std::process::id()));
    let bytes = |v: &[f32]| v.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).map_err(|e| e.to_string());
    std::fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
    write("age.i16", &raw.age.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>())?;
    write("lactate.f32", &bytes(&raw.lactate))?;
    write("ef.f32", &bytes(&raw.ef))?;
    write("p.f32", &bytes(&raw.p))?;
    for (name, v) in [("sex", &raw.sex), ("prostate", &raw.prostate), ("y", &raw.y), ("g", &raw.g)] {
        write(&format!("{name}.u8"), v)?;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches").join(script);
    let answer = std::process::Command::new(python).arg(script).arg(&folder).output().map_err(|e| e.to_string());
    let _ = std::fs::remove_dir_all(&folder);
    let answer = answer?;
    serde_json::from_slice(&answer.stdout).map_err(|_| String::from_utf8_lossy(&answer.stderr).trim().to_string())
}

/// Seconds of several runs: (best, median); what each starts from is made before the first, so that they follow one
/// another as those of the peers do.
pub fn timed<T>(runs: usize, fresh: impl Fn() -> T, work: impl Fn(&mut T) -> String) -> (f64, f64, String) {
    let mut times = Vec::new();
    let mut value = String::new();
    let mut all: Vec<T> = (0..runs).map(|_| fresh()).collect();
    for given in &mut all {
        let start = Instant::now();
        value = work(given);
        times.push(start.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    (times.first().copied().unwrap_or(0.0), times.get(runs / 2).copied().unwrap_or(0.0), value)
}

/// A program and rows to ask in the language.
pub struct Bench {
    pub program: Program,
    pub view: View,
}

impl Bench {
    /// Parses, checks and evaluates over fresh rows: nothing is remembered from the run before.
    fn ask(&self, program: &mut Program, texts: &[String]) -> String {
        let mut sources = SourceMap::default();
        let mut exprs = Vec::new();
        for text in texts {
            let id = sources.add("entry", text.as_str());
            let Ok(Entry::Expr(expr)) = parse_entry(id, text, &mut program.ids) else {
                return format!("does not parse: {text}");
            };
            let (_, found) = program.check_expr(&expr, None);
            if let Some(first) = found.first() {
                return format!("{text}: {}", first.message);
            }
            exprs.push(expr);
        }
        let (kernels, datasets) = (dbf::builtins::kernels(), BTreeMap::new());
        let names = self.view.names();
        let columns = names.iter().filter_map(|n| Some((n.clone(), self.view.column(n)?.clone()))).collect();
        let view = View::new(columns, self.view.rows);
        let meter = Meter::default();
        let env =
            Env { program, kernels: &kernels, datasets: &datasets, view, locals: Vec::new(), seed: 1, meter: &meter };
        env.prepare(&exprs.iter().collect::<Vec<_>>());
        let values: Vec<String> = exprs.iter().map(|e| env.one(e).to_string()).collect();
        values.join(" ").chars().take(60).collect()
    }

    /// Best and median seconds of several runs on so many threads, and the values.
    pub fn time(&self, threads: usize, texts: &[String]) -> (f64, f64, String) {
        match rayon::ThreadPoolBuilder::new().num_threads(threads).build() {
            Ok(pool) => pool.install(|| timed(9, || self.program.clone(), |program| self.ask(program, texts))),
            Err(_) => (f64::NAN, f64::NAN, "no threads".into()),
        }
    }
}

/// Name, expression, what the peers call the same.
const QUESTIONS: &[(&str, &str, &[&str])] = &[
    (
        "policy predicate",
        "count(not (age >= 18 'a' and lactate <= 20 'mmol/L' and not (sex == F and prostate))) == 0",
        &["policy/polars enum", "policy/polars string", "policy/duckdb", "policy/numpy"],
    ),
    (
        "five clauses",
        "P(age >= 40 'a' and lactate <= 3 'mmol/L' and sex == M and not prostate and ef > 30)",
        &["five/polars", "five/duckdb"],
    ),
    ("P", "P(yhat | y)", &["P/polars", "P/duckdb"]),
    ("E", "E[lactate | y]", &["E/polars", "E/duckdb"]),
    (
        "grouped P",
        "max over q in g: P(yhat | g == q) - min over q in g: P(yhat | g == q)",
        &["dpd/polars", "dpd/numpy", "dpd/duckdb"],
    ),
    ("grouped E", "max over q in g: E[lactate | g == q]", &["grouped E/polars", "grouped E/duckdb"]),
    ("ece formula", "ece_formula(p, y)", &["ece/polars", "ece/numpy", "ece/duckdb"]),
];

/// A formula in the language beside its kernel.
const PAIRS: &[(&str, &str, &str)] = &[
    ("dpd", "dpd_formula(yhat, by: g)", "dpd(yhat, by: g)"),
    ("ece", "ece_formula(p, y)", "ece(p, y)"),
    ("brier", "brier_formula(p, y)", "brier(p, y)"),
    ("accuracy", "accuracy_formula(yhat, y)", "accuracy(yhat, y)"),
    ("f1", "f1_formula(yhat, y)", "f1(yhat, y)"),
];

/// The checked declarations of the test data.
pub fn checked() -> Result<Program, Value> {
    let mut sources = SourceMap::default();
    let id = sources.add("schema.dbf", SCHEMA);
    let checked = Program::load(id, &mut sources, dbf::builtins::STD);
    if checked.has_errors() {
        return Err(json!({ "error": checked.diagnostics.iter().map(|d| d.message.clone()).collect::<Vec<_>>() }));
    }
    Ok(checked.program)
}

/// The figures of this file; `only` some questions by name, or expressions, without peers, when there are any.
pub fn figures(only: &[String]) -> Value {
    let program = match checked() {
        Ok(program) => program,
        Err(why) => return why,
    };
    let raw = raw(all_rows());
    let peers = if only.is_empty() { peers(&raw, "peers.py") } else { Err("some questions only".into()) };
    let bench = Bench { program, view: view(&raw) };
    let mut out = Map::new();
    // What is no question's name is an expression of its own.
    let own: Vec<_> = only.iter().filter(|o| QUESTIONS.iter().all(|q| q.0 != *o)).collect();
    let own = own.iter().map(|o| (o.as_str(), o.as_str(), &[] as &[&str]));
    let known = QUESTIONS.iter().copied().filter(|q| only.is_empty() || only.iter().any(|o| o == q.0));
    for (name, text, others) in known.chain(own) {
        let text = [text.to_string()];
        let (one, _, _) = bench.time(1, &text);
        let (best, median, value) = bench.time(2, &text);
        let mut entry = json!({
            "value": value, "two_threads_ms": best * 1e3, "two_threads_median_ms": median * 1e3,
            "one_thread_ms": one * 1e3, "one_thread_ns_a_row": one * 1e9 / raw.age.len() as f64, "two_over_one": one / best,
        });
        for other in others {
            let theirs = peers.as_ref().ok().and_then(|p| p.get(*other)).and_then(|p| p.get("best_ms")?.as_f64());
            entry[format!("ratio to {other}")] = json!(theirs.map(|t| best * 1e3 / t));
        }
        out.insert(name.to_string(), entry);
    }
    if !only.is_empty() {
        return Value::Object(out);
    }
    for (name, formula, kernel) in PAIRS {
        let (ours, _, a) = bench.time(2, &[(*formula).to_string()]);
        let (theirs, _, b) = bench.time(2, &[(*kernel).to_string()]);
        out.insert(
            format!("formula/kernel {name}"),
            json!({ "formula_ms": ours * 1e3, "kernel_ms": theirs * 1e3, "ratio": ours / theirs, "values": [a, b] }),
        );
    }
    let rules: Vec<String> = (0..50)
        .map(|i| {
            let clause = ["sex == F", "not prostate", "ef > 20", "yhat", "lactate <= 5 'mmol/L'"][i % 5];
            format!("P(age >= {} 'a' and lactate <= {} 'mmol/L' or {clause}) >= 10%", 18 + i, 3 + i / 5)
        })
        .collect();
    let million = Bench { program: bench.program.clone(), view: view(&self::raw(1_000_000)) };
    let (two, _, _) = million.time(2, &rules);
    let (one, _, _) = million.time(1, &rules);
    out.insert("50 constraints, 1 M rows".into(), json!({ "two_threads_ms": two * 1e3, "one_thread_ms": one * 1e3 }));
    out.insert("peers".into(), peers.map_or_else(|why| json!({ "not run": why }), Value::Object));
    Value::Object(out)
}

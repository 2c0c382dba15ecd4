//! Distance to the closest record and the classes of k-anonymity, beside scikit-learn, Polars and DuckDB in the same
//! run.
//!
//! Both sides hold the same numbers: the columns are made here and handed to `peers_near.py` as raw files. Ours are
//! asked in the language, so parsing, checking and the columns' way into the kernels count. The peers run when
//! `DBF_PEERS` names a Python with `numpy`, `pandas`, `scikit-learn`, `polars` and `duckdb`.

use super::columns::Bench;
use dbf::check::{Levels, Program};
use dbf::data::Column;
use dbf::eval::View;
use dbf::metrics::disclosure::{self, Codes, Question};
use dbf::metrics::neighbours::{Own, Points, nearest};
use dbf::source::SourceMap;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// Training rows, as many synthetic ones, and numbers of a row.
const ROWS: usize = 20_000;
const WIDTH: usize = 30;
/// Rows of the table whose classes are counted.
const PEOPLE: usize = 1_000_000;

struct Dice(u64);

impl Dice {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.unit().ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// An index by these shares.
    fn pick(&mut self, shares: &[f64]) -> u32 {
        let mut left = self.unit() * shares.iter().sum::<f64>();
        let found = shares.iter().position(|s| {
            left -= s;
            left < 0.0
        });
        found.unwrap_or(shares.len() - 1) as u32
    }
}

/// The columns of a table of people as the peers read them.
struct People {
    age: Vec<i16>,
    zip3: Vec<i16>,
    sex: Vec<u32>,
    eth: Vec<u32>,
    marital: Vec<u32>,
    dx: Vec<u32>,
}

const SEX: &[&str] = &["F", "M", "X"];
const ETH: &[&str] = &["white", "black", "asian", "hispanic", "other"];
const MARITAL: &[&str] = &["single", "married", "divorced", "widowed"];

fn people() -> People {
    let mut dice = Dice(6);
    let mut of = |make: &dyn Fn(&mut Dice) -> u32| (0..PEOPLE).map(|_| make(&mut dice)).collect::<Vec<u32>>();
    // A gamma law of shape 9 and scale 5, in steps of 5 years.
    let age = of(&|d| {
        let years: f64 = (0..9).map(|_| -5.0 * d.unit().ln()).sum();
        (years.min(95.0) / 5.0) as u32 * 5
    });
    People {
        age: age.into_iter().map(|v| v as i16).collect(),
        zip3: of(&|d| 100 + (d.unit() * 300.0) as u32).into_iter().map(|v| v as i16).collect(),
        sex: of(&|d| d.pick(&[0.5, 0.495, 0.005])),
        eth: of(&|d| d.pick(&[0.6, 0.13, 0.06, 0.18, 0.03])),
        marital: of(&|d| d.pick(&[0.35, 0.45, 0.13, 0.07])),
        dx: of(&|d| (d.unit() * 40.0) as u32),
    }
}

fn levels(column: &str, names: &[String]) -> Arc<Levels> {
    Arc::new(Levels { column: column.into(), names: names.to_vec() })
}

fn category(column: &str, codes: &[u32], names: &[&str]) -> Column {
    let names: Vec<String> = names.iter().map(|n| (*n).to_string()).collect();
    Column::levels(codes.iter().map(|c| Some(*c)), levels(column, &names))
}

fn diagnoses() -> Vec<String> {
    (0..40).map(|i| format!("I{i:02}")).collect()
}

fn bench(schema: &str, columns: BTreeMap<String, Column>, rows: usize) -> Result<Bench, String> {
    let mut sources = SourceMap::default();
    let id = sources.add("schema.dbf", schema);
    let checked = Program::load(id, &mut sources, dbf::builtins::STD);
    if checked.has_errors() {
        return Err(checked.diagnostics.iter().map(|d| d.message.clone()).collect::<Vec<_>>().join("; "));
    }
    Ok(Bench { program: checked.program, view: View::new(columns, rows) })
}

/// Writes the columns for the peers and asks them; none with the reason when they cannot answer.
fn peers(people: &People, train: &[f64], synthetic: &[f64]) -> Result<Map<String, Value>, String> {
    let python = std::env::var("DBF_PEERS").map_err(|_| "DBF_PEERS names no Python".to_string())?;
    let folder = std::env::temp_dir().join(format!("dbf-peers-near-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
    let write = |name: &str, bytes: Vec<u8>| std::fs::write(folder.join(name), bytes).map_err(|e| e.to_string());
    let whole = |v: &[i16]| v.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let codes = |v: &[u32]| v.iter().map(|v| *v as u8).collect::<Vec<u8>>();
    let numbers = |v: &[f64]| v.iter().flat_map(|v| (*v as f32).to_le_bytes()).collect::<Vec<u8>>();
    for (name, bytes) in [
        ("age.i16", whole(&people.age)),
        ("zip3.i16", whole(&people.zip3)),
        ("sex.u8", codes(&people.sex)),
        ("eth.u8", codes(&people.eth)),
        ("marital.u8", codes(&people.marital)),
        ("dx.u8", codes(&people.dx)),
        ("train.f32", numbers(train)),
        ("synthetic.f32", numbers(synthetic)),
    ] {
        write(name, bytes)?;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers_near.py");
    let answer = std::process::Command::new(python).arg(script).arg(&folder).arg(WIDTH.to_string()).output();
    let _ = std::fs::remove_dir_all(&folder);
    let answer = answer.map_err(|e| e.to_string())?;
    serde_json::from_slice(&answer.stdout).map_err(|_| String::from_utf8_lossy(&answer.stderr).trim().to_string())
}

/// Best seconds of several runs on so many threads.
fn best<R: Send>(threads: usize, runs: usize, work: impl Fn() -> R + Sync) -> f64 {
    let Ok(pool) = rayon::ThreadPoolBuilder::new().num_threads(threads).build() else { return f64::NAN };
    let one = || {
        let start = Instant::now();
        std::hint::black_box(work());
        start.elapsed().as_secs_f64()
    };
    pool.install(|| (0..runs).map(|_| one()).fold(f64::INFINITY, f64::min))
}

/// Our figure with its ratios to the peers that answer the same question; below 1 we are faster.
fn beside(mut entry: Value, seconds: f64, peers: &Result<Map<String, Value>, String>, names: &[&[&str]]) -> Value {
    for parts in names {
        let of = |name: &&str| peers.as_ref().ok()?.get(*name)?.get("best_s")?.as_f64();
        let theirs: Option<f64> = parts.iter().map(of).sum();
        entry[format!("ratio to {}", parts.join(" + "))] = json!(theirs.map(|t| seconds / t));
    }
    entry
}

fn closest(peers: &Result<Map<String, Value>, String>, train: &[f64], synthetic: &[f64]) -> Result<Value, String> {
    let names: Vec<String> = (0..WIDTH).map(|c| format!("x{c}")).collect();
    let mut columns: BTreeMap<String, Column> = BTreeMap::new();
    for (c, name) in names.iter().enumerate() {
        let values = train.iter().chain(synthetic).skip(c).step_by(WIDTH);
        columns.insert(name.clone(), Column::numbers(values.map(|v| Some(*v))));
    }
    let part: Vec<u32> = (0..2 * ROWS).map(|r| if r < ROWS { 0 } else { 2 }).collect();
    columns.insert("part".into(), category("part", &part, &["train", "holdout", "synthetic"]));
    let fields: Vec<String> = names.iter().map(|n| format!("  {n} : Real in -100..100\n")).collect();
    let schema = format!(
        "language 1\nuse std.metrics\ndataset d from \"none.csv\" {{\n{}  part : Category {{ train, holdout, synthetic }}\n}}\n",
        fields.concat()
    );
    let ours = bench(&schema, columns, 2 * ROWS)?;
    let text = [format!("dcr([{}], part: part)", names.join(", "))];
    let (one, _, _) = ours.time(1, &text);
    let (two, median, value) = ours.time(2, &text);
    let points = |v: &[f64]| Points::new(v.to_vec(), WIDTH).map_err(|e| e.reason);
    let (x, q) = (points(train)?, points(synthetic)?);
    let search = |threads| best(threads, 5, || nearest(&q, &x, 1, Own::May));
    let (search_one, search_two) = (search(1), search(2));
    let flops = 2.0 * (ROWS * ROWS * WIDTH) as f64;
    let entry = json!({
        "value": value, "two_threads_s": two, "two_threads_median_s": median, "one_thread_s": one,
        "search_two_threads_s": search_two, "search_one_thread_s": search_one,
        "search_gflops_one_thread": flops / search_one / 1e9,
    });
    let names: [&[&str]; 3] = [&["dcr/sklearn f32"], &["dcr/sklearn f64"], &["dcr/numpy f32"]];
    Ok(beside(entry, two, peers, &names))
}

fn classes(peers: &Result<Map<String, Value>, String>, people: &People) -> Result<Value, String> {
    let dx = diagnoses();
    let dx: Vec<&str> = dx.iter().map(String::as_str).collect();
    let numbers = |v: &[i16]| Column::numbers(v.iter().map(|v| Some(f64::from(*v)))).compact();
    let columns = BTreeMap::from([
        ("age".into(), numbers(&people.age)),
        ("zip3".into(), numbers(&people.zip3)),
        ("sex".into(), category("sex", &people.sex, SEX)),
        ("eth".into(), category("eth", &people.eth, ETH)),
        ("marital".into(), category("marital", &people.marital, MARITAL)),
        ("dx".into(), category("dx", &people.dx, &dx)),
    ]);
    let schema = format!(
        "language 1\nuse std.metrics\ndataset d from \"none.csv\" {{\n  age : Int in 0..120\n  zip3 : Int in 0..999\n  \
         sex : Category {{ {} }}\n  eth : Category {{ {} }}\n  marital : Category {{ {} }}\n  dx : Category {{ {} }}\n}}\n",
        SEX.join(", "),
        ETH.join(", "),
        MARITAL.join(", "),
        dx.join(", ")
    );
    let ours = bench(&schema, columns, PEOPLE)?;
    let k = "k_anonymity([age, sex, zip3, eth, marital])".to_string();
    let l = "l_diversity([age, sex, zip3, eth, marital], [dx])".to_string();
    let mut out = json!({});
    type Question<'a> = (&'a str, Vec<String>, &'a [&'a [&'a str]]);
    let questions: [Question; 3] = [
        ("k-anonymity", vec![k.clone()], &[&["k/polars"], &["k/polars enum"], &["k/duckdb"]]),
        ("l-diversity", vec![l.clone()], &[&["l/polars"], &["l/polars enum"], &["l/duckdb"]]),
        (
            "both",
            vec![k, l],
            &[
                &["k/polars", "l/polars"],
                &["k/polars enum", "l/polars enum"],
                &["k/duckdb", "l/duckdb"],
                &["both/polars enum"],
                &["both/duckdb"],
            ],
        ),
    ];
    for (name, texts, names) in questions {
        let (one, _, _) = ours.time(1, &texts);
        let (two, median, value) = ours.time(2, &texts);
        let entry = json!({
            "value": value, "two_threads_s": two, "two_threads_median_s": median, "one_thread_s": one,
        });
        out[name] = beside(entry, two, peers, names);
    }
    Ok(out)
}

/// Ten million rows of which no two are equal.
fn all_different() -> Value {
    let n = 10 * PEOPLE as u32;
    let of = |make: &dyn Fn(u32) -> u32| Codes { codes: (0..n).map(make).collect(), ordered: false };
    let quasi = [of(&|i| i % 4_000), of(&|i| i / 4_000), of(&|i| i % 7)];
    let secret = [of(&|i| i % 40)];
    json!({
        "k_anonymity_s": best(2, 3, || disclosure::k_anonymity(&quasi, 5)),
        "l_diversity_s": best(2, 3, || disclosure::sensitive(&quasi, &secret, Question::Distinct)),
        "t_closeness_s": best(2, 3, || disclosure::sensitive(&quasi, &secret, Question::Closeness)),
    })
}

/// The figures of this file; `only` one part by name ("dcr", "classes", "different") when there is any.
pub fn figures(only: &[String]) -> Value {
    let asked = |part: &str| only.is_empty() || only.iter().any(|o| o == part);
    if !asked("dcr") && !asked("classes") {
        return all_different();
    }
    let people = people();
    let mut dice = Dice(5);
    // The peers read single precision, so both sides hold it.
    let mut cloud = || (0..ROWS * WIDTH).map(|_| f64::from(dice.normal() as f32)).collect::<Vec<f64>>();
    let (train, synthetic) = (cloud(), cloud());
    let peers = peers(&people, &train, &synthetic);
    let said = |r: Result<Value, String>| r.unwrap_or_else(|why| json!({ "error": why }));
    let mut out = Map::new();
    if asked("dcr") {
        out.insert("dcr 20,000 x 20,000 x 30".into(), said(closest(&peers, &train, &synthetic)));
    }
    if asked("classes") {
        out.insert("1 M people, 5 columns".into(), said(classes(&peers, &people)));
    }
    if asked("different") {
        out.insert("10 M different people".into(), all_different());
    }
    out.insert("peers".into(), peers.map_or_else(|why| json!({ "not run": why }), Value::Object));
    Value::Object(out)
}

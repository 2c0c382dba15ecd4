//! Generators beside their peers: time of a fit, rows a second, and quality as the peers' own tools judge it.
//!
//! `-- synthesis FOLDER [KIND…] [peers]`: FOLDER holds `flchain`, `nafld1` and `health_insurance` as CSV with a JSON card
//! (columns, target, protected). `peers_synthesis.py` makes the split, judges the rows of both sides alike, and with
//! `peers` trains CTGAN, TVAE and a Gaussian copula in the same run. Three seeds; one thread.

use dbf::data::frame::{Frame, FrameColumn, FrameKind};
use dbf::nets::device::cpu;
use dbf::source::world::Silent;
use dbf::synth::{Asked, Fitting, Given, NoCheckpoints, Roles, fit};
use serde_json::{Value, json};
use std::fs::{read_to_string, write};
use std::path::Path;
use std::process::Command;

const TABLES: [&str; 3] = ["flchain", "nafld1", "health_insurance"];
const SEEDS: u64 = 3;
/// Rows drawn to time sampling.
const MANY: usize = 50_000;

pub fn figures(args: &[String]) -> Value {
    let Some(folder) = args.first() else { return json!({ "skipped": "name the folder of tables" }) };
    let peers = args.iter().any(|a| a == "peers");
    let kinds: Vec<&str> = args.iter().skip(1).map(String::as_str).filter(|a| *a != "peers").collect();
    let kinds = if kinds.is_empty() { vec!["argn"] } else { kinds };
    let work = std::env::temp_dir().join(format!("dbf-synthesis-{}", std::process::id()));
    let python = |what: &str, more: &[&str]| -> Option<String> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers_synthesis.py");
        let python = std::env::var("DBF_PYTHON").unwrap_or_else(|_| "python3".into());
        let done = Command::new(python).arg(script).arg(what).arg(folder).arg(&work).args(more).output().ok()?;
        done.status.success().then(|| String::from_utf8_lossy(&done.stdout).into_owned())
    };
    if std::fs::create_dir_all(&work).is_err() || python("split", &[]).is_none() {
        return json!({ "skipped": "peers_synthesis.py did not split the tables (DBF_PYTHON names the interpreter)" });
    }
    let mut timings = serde_json::Map::new();
    for table in TABLES {
        let Some((frame, roles)) = read_table(&work, Path::new(folder), table) else { continue };
        for kind in &kinds {
            for seed in 0..SEEDS {
                let name = format!("{table}.{kind}.{seed}");
                timings.insert(name.clone(), one(&frame, &roles, kind, seed, &work.join(format!("{name}.csv"))));
            }
        }
    }
    let judged = python("judge", if peers { &["peers"] } else { &[] });
    let judged: Vec<Value> = judged.unwrap_or_default().lines().filter_map(|l| serde_json::from_str(l).ok()).collect();
    let _ = std::fs::remove_dir_all(&work);
    json!({ "fits": timings, "judged": judged })
}

/// Fits, draws as many rows as there are, writes them down, and draws many more against the clock.
fn one(frame: &Frame, roles: &Roles, kind: &str, seed: u64, to: &Path) -> Value {
    let (device, go) = (cpu(), || false);
    let fitting = Fitting { device: &device, stage: &Silent, cancelled: &go, checkpoints: &NoCheckpoints };
    let asked = Asked { roles: roles.clone(), ..Asked::plain(kind, seed) };
    let start = cpu_seconds();
    let made = match fit(frame, &asked, &fitting) {
        Ok(made) => made,
        Err(why) => return json!({ "failed": why.to_string() }),
    };
    let fitted = cpu_seconds() - start;
    let Ok(rows) = made.sample(frame.rows, &Given::nothing(), seed + 100) else { return json!(null) };
    let (start, wall) = (cpu_seconds(), std::time::Instant::now());
    let many = made.sample(MANY, &Given::nothing(), seed + 200).map_or(0, |f| f.rows);
    let (cpu, wall) = (cpu_seconds() - start, wall.elapsed().as_secs_f64());
    let written = write(to, csv(&rows)).is_ok();
    json!({
        "fit_cpu_s": fitted, "rows_per_cpu_s": many as f64 / cpu.max(0.01), "rows_per_s": many as f64 / wall,
        "epochs": made.history().len(), "written": written,
    })
}

/// Processor seconds of this program so far, on all threads.
pub fn cpu_seconds() -> f64 {
    let stat = read_to_string("/proc/self/stat").unwrap_or_default();
    let rest: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |i: usize| rest.get(i).and_then(|t| t.parse::<f64>().ok()).unwrap_or(f64::NAN);
    (ticks(11) + ticks(12)) / 100.0
}

/// The training part of a table, with the ranges that a schema would declare read off it.
pub fn read_table(work: &Path, cards: &Path, table: &str) -> Option<(Frame, Roles)> {
    let card: Value = serde_json::from_str(&read_to_string(cards.join(format!("{table}.json"))).ok()?).ok()?;
    let text = read_to_string(work.join(format!("{table}.csv"))).ok()?;
    let categories: Vec<&str> = card["categorical"].as_array()?.iter().filter_map(Value::as_str).collect();
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next()?.split(',').collect();
    let rows: Vec<Vec<&str>> = lines.map(|l| l.split(',').collect()).collect();
    let columns = names.iter().enumerate().map(|(j, name)| {
        let cells = || rows.iter().map(|r| r.get(j).copied().unwrap_or_default());
        let (kind, values): (FrameKind, Vec<f64>) = if categories.contains(name) {
            let mut levels: Vec<String> = cells().filter(|c| !c.is_empty()).map(String::from).collect();
            levels.sort();
            levels.dedup();
            let code = |c: &str| levels.iter().position(|l| l == c).map_or(f64::NAN, |p| p as f64);
            let values = cells().map(code).collect();
            (FrameKind::Category { levels }, values)
        } else {
            let values: Vec<f64> = cells().map(|c| c.parse().unwrap_or(f64::NAN)).collect();
            let present = || values.iter().copied().filter(|x| !x.is_nan());
            let (lo, hi) = (present().reduce(f64::min), present().reduce(f64::max));
            (FrameKind::Number { lo, hi, integer: present().all(|x| x.fract() == 0.0) }, values)
        };
        FrameColumn { name: name.to_string(), kind, nullable: values.iter().any(|x| x.is_nan()), values }
    });
    let frame = Frame { rows: rows.len(), columns: columns.collect() };
    let word = |key: &str| card[key].as_str().map(String::from);
    Some((frame, Roles { label: word("target"), protected: word("protected").into_iter().collect() }))
}

fn csv(frame: &Frame) -> String {
    let names: Vec<&str> = frame.columns.iter().map(|c| c.name.as_str()).collect();
    let mut out = names.join(",") + "\n";
    for row in 0..frame.rows {
        let cells: Vec<String> = frame
            .columns
            .iter()
            .map(|c| match (&c.kind, c.values.get(row)) {
                (_, None) => String::new(),
                (_, Some(x)) if x.is_nan() => String::new(),
                (FrameKind::Category { levels }, Some(x)) => levels.get(*x as usize).cloned().unwrap_or_default(),
                (_, Some(x)) => x.to_string(),
            })
            .collect();
        out += &cells.join(",");
        out.push('\n');
    }
    out
}

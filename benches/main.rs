//! Figures as JSON: `cargo bench --profile dev`, or one part of them: `-- job`, `-- columns
//! [QUESTION…]`, `-- kernels [QUESTION…]`, `-- near [PART…]`, `-- load`, `-- parse`, `-- text`, `-- distances`,
//! `-- synthesis FOLDER [KIND…] [peers]`, `-- steps FOLDER`.
//!
//! Seconds of wall time on this machine, and peak memory of the run. Never asserted in a test.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod columns;
mod kernels;
mod kernels_near;
mod kernels_text;
mod load;
mod parse_check;
mod policies;
mod steps;
mod synthesis;

use serde_json::json;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const SCRIPT: &str = "examples/support.dbf";

fn dbf(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dbf"));
    command.args(args).current_dir(env!("CARGO_MANIFEST_DIR")).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Median and best wall time of several runs, in milliseconds.
fn short(args: &[&str], runs: usize) -> serde_json::Value {
    let mut times: Vec<f64> = (0..runs)
        .map(|_| {
            let start = Instant::now();
            let done = dbf(args).status().is_ok_and(|s| s.success());
            if done { start.elapsed().as_secs_f64() * 1000.0 } else { f64::NAN }
        })
        .collect();
    times.sort_by(f64::total_cmp);
    json!({ "median_ms": times.get(runs / 2), "best_ms": times.first(), "runs": runs })
}

/// Peak resident memory of a running child in MiB, as far as the system tells.
fn peak(child: &Child) -> Option<f64> {
    peak_of(&child.id().to_string())
}

/// The same of a process by its number, or of this one as `self`.
fn peak_of(process: &str) -> Option<f64> {
    let status = std::fs::read_to_string(Path::new("/proc").join(process).join("status")).ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<f64>().ok().map(|kib| kib / 1024.0)
}

fn long(args: &[&str]) -> serde_json::Value {
    let start = Instant::now();
    let Ok(mut child) = dbf(args).spawn() else { return json!(null) };
    let mut memory: Option<f64> = None;
    let code = loop {
        memory = peak(&child).into_iter().chain(memory).reduce(f64::max);
        match child.try_wait() {
            Ok(Some(status)) => break status.code(),
            Ok(None) => std::thread::sleep(Duration::from_millis(20)),
            Err(_) => break None,
        }
    };
    json!({ "seconds": start.elapsed().as_secs_f64(), "peak_mib": memory, "exit": code })
}

fn job() -> serde_json::Value {
    let out = std::env::temp_dir().join(format!("dbf-bench-{}", std::process::id()));
    let folder = out.display().to_string();
    let figures = json!({
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "check": short(&["check", SCRIPT], 20),
        "eval 1 + 1": short(&["eval", "1 + 1"], 20),
        "eval over the data": short(&["eval", "P(dead180 | sex == female)", "--file", SCRIPT], 5),
        "run": long(&["run", SCRIPT, "--out", &folder, "--fresh"]),
        "run on one thread": long(&["run", SCRIPT, "--out", &folder, "--fresh", "--threads", "1"]),
        "run, everything cached": long(&["run", SCRIPT, "--out", &folder]),
    });
    let _ = std::fs::remove_dir_all(&out);
    figures
}

fn main() {
    let chosen: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let more: Vec<String> = chosen.iter().skip(1).cloned().collect();
    let parts: [(&str, &dyn Fn() -> serde_json::Value); 11] = [
        ("job", &job),
        ("policies", &policies::figures),
        ("columns", &|| columns::figures(&more)),
        ("kernels", &|| kernels::figures(&more)),
        ("load", &load::figures),
        ("parse", &parse_check::figures),
        ("near", &|| kernels_near::figures(&more)),
        ("text", &kernels_text::texts_figures),
        ("distances", &kernels_text::distance_figures),
        ("synthesis", &|| synthesis::figures(&more)),
        ("steps", &|| steps::figures(&more)),
    ];
    let mut figures = json!({ "cores": std::thread::available_parallelism().map_or(0, usize::from) });
    for (name, part) in parts {
        if chosen.first().is_none_or(|c| c == name) {
            figures[name] = part();
        }
    }
    println!("{}", serde_json::to_string_pretty(&figures).unwrap_or_default());
}

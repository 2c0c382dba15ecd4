//! The "row works when" lists of the systems the benchmark stands on, item by item.
//!
//! `cargo run --release --example rows -- [SYSTEM …] [--item N] [--seeds K] [--data DIR]` prints one line of JSON an
//! item and exits 1 if any fails. An item whose data is not in DIR (`data` unless told otherwise) has
//! `"pass": null` and says so.
#![expect(clippy::print_stdout, reason = "an example that prints what it finds")]

mod bt_gan;
mod discgan;
mod fair_tables;
mod hisgt;
mod membership;
mod privacy;
mod sdg;
mod tables;
mod tabular;
mod vae_gan;

use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;

/// What the program is told.
pub struct Run {
    pub data: PathBuf,
    /// Seeds an item is run with; none: as many as its list asks for.
    pub seeds: Option<u64>,
}

impl Run {
    /// Seeds of an item that asks for `wanted`.
    pub fn seeds(&self, wanted: u64) -> u64 {
        self.seeds.unwrap_or(wanted)
    }
}

/// What came out of an item.
pub struct Outcome {
    /// What was measured, with its figures.
    pub value: serde_json::Value,
    /// None: could not be run, and `value` says why.
    pub pass: Option<bool>,
    pub seeds: u64,
}

/// One item of a list.
pub struct Item {
    pub system: &'static str,
    /// As the list counts.
    pub number: u32,
    pub what: &'static str,
    /// In words and figures.
    pub threshold: &'static str,
    pub run: fn(&Run) -> Outcome,
}

/// Processor seconds of this program so far, on all threads.
pub fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let rest: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |i: usize| rest.get(i).and_then(|t| t.parse::<f64>().ok()).unwrap_or(f64::NAN);
    (ticks(11) + ticks(12)) / 100.0
}

fn items(run: &Run) -> Vec<Item> {
    let mut out: Vec<Item> =
        [privacy::rows, bt_gan::rows, sdg::rows, hisgt::rows].iter().flat_map(|rows| rows(run)).collect();
    out.extend(discgan::items());
    out.extend(vae_gan::items());
    out
}

fn main() -> ExitCode {
    let mut run = Run { data: PathBuf::from("data"), seeds: None };
    let (mut systems, mut number) = (Vec::new(), None);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--item" => number = args.next().and_then(|n| n.parse::<u32>().ok()),
            "--seeds" => run.seeds = args.next().and_then(|n| n.parse().ok()),
            "--data" => run.data = args.next().map(PathBuf::from).unwrap_or_default(),
            _ => systems.push(arg),
        }
    }
    let mut failed = false;
    for item in items(&run) {
        let asked = systems.is_empty() || systems.iter().any(|s| s == item.system);
        if !asked || number.is_some_and(|n| n != item.number) {
            continue;
        }
        let before = cpu_seconds();
        let out = (item.run)(&run);
        failed |= out.pass == Some(false);
        println!(
            "{}",
            json!({
                "system": item.system, "item": item.number, "what": item.what, "value": out.value,
                "threshold": item.threshold, "pass": out.pass, "seeds": out.seeds,
                "cpu_s": ((cpu_seconds() - before) * 10.0).round() / 10.0,
            })
        );
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

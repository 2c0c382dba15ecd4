//! Helpers: the binary, a tiny benchmark, sources.

use dbf::check::{Checked, Program};
use dbf::source::{SourceMap, render};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The repository's root.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Runs `dbf` in the repository's root, without colours.
pub fn dbf(args: &[&str]) -> Output {
    dbf_in(&root(), args)
}

pub fn dbf_in(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dbf")).args(args).current_dir(folder).env("NO_COLOR", "1").output().unwrap()
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Checks a script given as text.
pub fn check(text: &str) -> (Checked, SourceMap) {
    let mut sources = SourceMap::default();
    let id = sources.add("script.dbf", text);
    let checked = Program::load(id, &mut sources, dbf::builtins::STD);
    (checked, sources)
}

/// Checks a script on disk, with the files it uses.
pub fn check_file(path: &Path) -> (Checked, SourceMap) {
    use dbf::source::world::World;
    let mut sources = SourceMap::default();
    let id = sources.add(path.file_name().unwrap().to_string_lossy(), std::fs::read_to_string(path).unwrap());
    let world = dbf::cli::FsWorld::of(Some(path));
    let checked = Program::load_from(id, &mut sources, dbf::builtins::STD, &|path| world.read(path));
    (checked, sources)
}

/// The diagnostics of a script as a person sees them.
pub fn shown(checked: &Checked, sources: &SourceMap) -> String {
    checked.diagnostics.iter().map(|d| render::to_text(d, sources, false)).collect()
}

/// Files below `folder` with this ending, sorted.
pub fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut out = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                out.push(path);
            }
        }
    }
    out.sort();
    out
}

/// A benchmark over 240 made-up rows without a generator: quick, and every stage but training networks.
pub struct Tiny {
    pub folder: tempfile::TempDir,
}

impl Tiny {
    pub fn new() -> Tiny {
        let folder = tempfile::tempdir().unwrap();
        let mut csv = String::from("id,age,sex,site,risk,ill\n");
        for i in 0..240u64 {
            // A multiplicative generator: the rows are the same everywhere.
            let r = (i * 7919 + 13) % 101;
            let age = 20 + (i * 37) % 60;
            let risk = ((r as f64 + age as f64) / 190.0).min(0.99);
            let ill = u8::from((i * 104_729 + 7) % 97 < (risk * 97.0) as u64);
            let sex = if i % 2 == 0 { "F" } else { "M" };
            let site = ["north", "south", "west"][(i % 3) as usize];
            let shown = if i % 40 == 0 { String::new() } else { format!("{risk:.4}") };
            csv.push_str(&format!("{i},{age},{sex},{site},{shown},{ill}\n"));
        }
        std::fs::write(folder.path().join("tiny.csv"), csv).unwrap();
        let tiny = Tiny { folder };
        tiny.script(TINY);
        tiny
    }

    pub fn script(&self, text: &str) {
        std::fs::write(self.folder.path().join("tiny.dbf"), text).unwrap();
    }

    /// Runs `dbf run tiny.dbf --out OUT …` in the folder.
    pub fn run(&self, out: &str, more: &[&str]) -> Output {
        let mut args = vec!["run", "tiny.dbf", "--out", out];
        args.extend(more);
        dbf_in(self.folder.path(), &args)
    }

    pub fn results(&self, out: &str) -> dbf::suite::result::Results {
        let text = std::fs::read_to_string(self.folder.path().join(out).join("results.json")).unwrap();
        dbf::report::read(&text).unwrap()
    }
}

pub const TINY: &str = r#"//! A tiny benchmark for tests; the rows are made up.
language 1
use std.metrics.{auroc, ece, dpd, f1}

dataset tiny from "tiny.csv" {
  id   : Int subject
  age  : Int 'a' in 0..120
  sex  : Category { F, M } protected
  site : Category { north, south, west }
  ill  : Bool label
  risk : Prob ? predicts ill
} sensitivity synthetic

metric gap(p: Prob, y: Bool) -> Real = E[p | y] - E[p | not y]

let prevalence = P(ill)

policy fair {
  authority house
  effective @2020-01-01 ..
  constraint parity: dpd(yhat, by: sex) <= 10%  with confidence 95%
  constraint ranking: auroc(p, y) >= 50%  with confidence 95%
  constraint cells: forall g in groups(by: [sex, site]): n(g) == 0 or n(g) >= 11
}

scenario base = tiny {}
scenario women = base with { size 60  mix sex { F: 75%, M: 25% }  prevalence ill = 40% }

task diagnosis on row predict ill
model recorded_risk = recorded(risk)
model regression = logistic(features: all)

benchmark tiny_bench version "0.1.0" {
  scenarios base, women
  models    recorded_risk, regression
  tasks     diagnosis
  metrics   auroc, f1, ece(bins: 5), dpd(by: sex), gap
  policies  fair
  as of     @2026-11-22
  folds     3
  seed      7
}
"#;

//! Limits hold wherever a script is evaluated, and say what to do.

use crate::support::{TINY, Tiny, dbf_in, stderr, stdout};
use std::process::Output;
use std::time::{Duration, Instant};

fn fails(output: &Output, code: &str) -> String {
    let said = stderr(output);
    assert_eq!(output.status.code(), Some(1), "{}{said}", stdout(output));
    assert_eq!(said.matches("[DBF").count(), 1, "{said}");
    assert!(said.contains(&format!("[{code}]")) && said.contains("--limit "), "{said}");
    said
}

/// Ten to the power of `deep` products: years of work when deep enough.
fn endless(deep: usize) -> String {
    let mut out = String::new();
    for i in 0..deep {
        out.push_str(&format!("sum over v{i} in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]: "));
    }
    format!("{out}1")
}

#[test]
fn work_without_end_is_stopped_by_fuel() {
    let tiny = Tiny::new();
    let at = tiny.folder.path();
    let start = Instant::now();
    let said = fails(&dbf_in(at, &["eval", &endless(12), "--limit", "fuel=1e5"]), "DBF0810");
    assert!(said.contains("the limit `fuel` is 100_000"), "{said}");
    tiny.script(&format!("{TINY}\ntest \"for ever\" {{ assert ({}) > 0 }}\n", endless(12)));
    fails(&dbf_in(at, &["test", "tiny.dbf", "--limit", "fuel=1e5"]), "DBF0810");
    tiny.script(&format!("{TINY}\nlet forever = E[age] * ({})\n", endless(12)));
    fails(&tiny.run("out", &["--limit", "fuel=1e6"]), "DBF0810");
    assert!(!at.join("out/results.json").exists(), "cut-off figures are no results");
    tiny.script(&TINY.replace("E[p | y] - E[p | not y]", &format!("E[p | y] * ({})", endless(12))));
    fails(&tiny.run("out", &["--limit", "fuel=1e6"]), "DBF0810");
    assert!(start.elapsed() < Duration::from_secs(120));
}

#[test]
fn work_without_end_is_stopped_by_time() {
    let tiny = Tiny::new();
    let at = tiny.folder.path();
    let start = Instant::now();
    let said = fails(&dbf_in(at, &["eval", &endless(14), "--limit", "time=200ms"]), "DBF0813");
    assert!(said.contains("the limit `time` is 0.2 seconds"), "{said}");
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    // Training is stopped as well.
    let models: String =
        (0..200).map(|i| format!("model m{i} = boosted_trees(features: all, rounds: 4000)\n")).collect();
    let names: Vec<String> = (0..200).map(|i| format!("m{i}")).collect();
    tiny.script(
        &TINY
            .replace("benchmark tiny_bench", &format!("{models}\nbenchmark tiny_bench"))
            .replace("models    recorded_risk, regression", &format!("models    recorded_risk, {}", names.join(", "))),
    );
    fails(&tiny.run("out", &["--limit", "time=2s", "--threads", "2"]), "DBF0813");
    assert!(start.elapsed() < Duration::from_secs(120), "{:?}", start.elapsed());
}

#[test]
fn rows_memory_and_output_are_limited() {
    let tiny = Tiny::new();
    let at = tiny.folder.path();
    let said = fails(&tiny.run("out", &["--limit", "rows=239"]), "DBF0811");
    assert!(said.contains("240 rows") && said.contains("tiny.dbf:5:19"), "{said}");
    fails(&dbf_in(at, &["eval", "P(ill)", "--file", "tiny.dbf", "--limit", "memory=100"]), "DBF0812");
    // The file fits, its columns do not.
    let file = std::fs::metadata(at.join("tiny.csv")).unwrap().len();
    let limit = format!("memory={}", file + 10);
    fails(&dbf_in(at, &["eval", "P(ill)", "--file", "tiny.dbf", "--limit", &limit]), "DBF0812");
    fails(&tiny.run("out", &["--limit", "output=5kB"]), "DBF0814");
    assert!(!at.join("out/results.json").exists());
    fails(&dbf_in(at, &["eval", "age", "--file", "tiny.dbf", "--limit", "output=10"]), "DBF0814");
    fails(&dbf_in(at, &["test", "tiny.dbf", "--limit", "output=10"]), "DBF0814");
    // Just enough of everything.
    let output = tiny.run("out", &["--limit", "rows=240,memory=1MiB,output=10MB,time=10min,fuel=1e11"]);
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn no_more_diagnostics_than_asked_for() {
    let tiny = Tiny::new();
    let lets: String = (0..50).map(|i| format!("let x{i} = E[nothing{i}]\n")).collect();
    tiny.script(&format!("{TINY}\n{lets}"));
    let output = dbf_in(tiny.folder.path(), &["check", "tiny.dbf", "--limit", "diagnostics=7"]);
    let said = stderr(&output);
    assert_eq!((output.status.code(), said.matches("[DBF0101]").count()), (Some(1), 7), "{said}");
    assert!(said.ends_with("… and 43 more: `--limit diagnostics=50` shows all\n"), "{said}");
    assert!(stdout(&output).contains("50 errors"), "{}", stdout(&output));
}

#[test]
fn a_limit_that_is_none_is_wrong_usage() {
    let tiny = Tiny::new();
    for limit in ["petrol=1", "fuel", "time=5kg", "rows=many"] {
        let output = dbf_in(tiny.folder.path(), &["check", "tiny.dbf", "--limit", limit]);
        assert_eq!(output.status.code(), Some(2), "{limit}");
        assert!(stderr(&output).contains("limit"), "{}", stderr(&output));
    }
}

#[test]
fn each_entry_of_a_session_has_its_own_fuel() {
    use dbf::eval::limits::{Limits, Meter};
    let world = Box::new(dbf::cli::FsWorld::of(None));
    let limits = Limits { fuel: 500, ..Limits::default() };
    let mut session = dbf::repl::Session::bare(world).metered(Box::new(move || Meter::new(limits.clone(), None)));
    for _ in 0..5 {
        assert!(session.enter(&endless(1)).is_ok());
        let found = session.enter(&endless(4)).unwrap_err();
        assert_eq!(found.iter().map(|d| d.code.id).collect::<Vec<_>>(), ["DBF0810"]);
    }
}

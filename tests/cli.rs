//! The command line: exit codes, JSON, colours, and what happens when things go wrong.

use crate::support::{TINY, Tiny, dbf, dbf_in, stderr, stdout};
use serde_json::Value;

fn code(output: &std::process::Output) -> i32 {
    output.status.code().unwrap()
}

#[test]
fn exit_codes_are_as_documented() {
    let tiny = Tiny::new();
    assert_eq!(code(&dbf_in(tiny.folder.path(), &["check", "tiny.dbf"])), 0);
    assert_eq!(code(&dbf(&["check", "no-such-file.dbf"])), 1);
    assert_eq!(code(&dbf(&["run"])), 2);
    assert_eq!(code(&dbf(&["frobnicate"])), 2);
    assert_eq!(code(&dbf(&["--help"])), 0);
    assert_eq!(code(&dbf(&["explain", "DBF9999"])), 2);
    assert_eq!(code(&tiny.run("out", &[])), 0);
    // `parity` cannot be decided on 240 rows, so the gate stays shut.
    assert_eq!(code(&tiny.run("out", &["--gate"])), 4);
    assert_eq!(code(&tiny.run("out", &["--device", "tpu"])), 2);
    tiny.script(
        &TINY
            .replace("dpd(yhat, by: sex) <= 10%", "dpd(yhat, by: sex) <= 100%")
            .replace("auroc(p, y) >= 50%", "auroc(p, y) >= 1%")
            .replace("n(g) >= 11", "n(g) >= 1"),
    );
    assert_eq!(code(&tiny.run("out2", &["--gate"])), 0, "{}", stdout(&tiny.run("out2", &["--gate"])));
}

#[test]
fn diagnostics_are_json_for_machines() {
    let tiny = Tiny::new();
    tiny.script(&TINY.replace("dpd(yhat, by: sex)", "dpd(yhat, by: sexx)"));
    let output = dbf_in(tiny.folder.path(), &["check", "tiny.dbf", "--format", "json"]);
    assert_eq!(code(&output), 1);
    let found: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let first = &found.as_array().unwrap()[0];
    assert_eq!(first["code"], "DBF0101");
    assert_eq!(first["severity"], "error");
    assert_eq!(first["message"], "unknown name `sexx`");
    assert_eq!(first["help"], "did you mean `sex`?");
    assert!(first["notes"].is_array());
    let label = &first["labels"][0];
    assert_eq!(label["file"], "tiny.dbf");
    assert_eq!(label["primary"], true);
    let line = TINY.lines().position(|l| l.contains("constraint parity")).unwrap() + 1;
    assert_eq!(label["line"], line);
    let column = TINY.lines().nth(line - 1).unwrap().find("sex").unwrap() + 1;
    assert_eq!(label["column"], column);
    assert_eq!(label["end"].as_u64().unwrap() - label["start"].as_u64().unwrap(), 4);
    // A clean file is an empty array.
    tiny.script(&TINY.replace("dpd(yhat, by: sex) <= 10%  with confidence 95%", "dpd(yhat, by: sex) <= 10%"));
    let output = dbf_in(tiny.folder.path(), &["check", "tiny.dbf", "--format", "json"]);
    assert_eq!((code(&output), stdout(&output).trim()), (0, "[]"));
}

#[test]
fn values_are_json_for_machines() {
    let tiny = Tiny::new();
    let ask = |expr: &str| -> Value {
        let output = dbf_in(tiny.folder.path(), &["eval", expr, "--file", "tiny.dbf", "--format", "json"]);
        assert_eq!(code(&output), 0, "{expr}: {}", stdout(&output));
        serde_json::from_str(&stdout(&output)).unwrap()
    };
    assert_eq!(ask("1 + 1")["value"], 2.0);
    let p = ask("P(ill | sex == F)");
    assert_eq!(p["n"], 120);
    assert_eq!(p["interval"]["method"], "wilson");
    assert_eq!(ask("P(ill | age > 500 'a')")["undefined"], "no row meets `age > 500 'a'`");
    assert_eq!(ask("age > 30 'a'")["rows"], 240);
    assert_eq!(ask("n()")["value"], 240.0);
    assert_eq!(ask("P(ill) > 10%")["value"], true);
    assert_eq!(ask("argmax over g in sex: P(ill | sex == g)")["value"].as_str().unwrap().len(), 1);
}

#[test]
fn no_colour_without_a_terminal() {
    let tiny = Tiny::new();
    let output = tiny.run("out", &[]);
    assert!(!stdout(&output).contains('\u{1b}') && !stderr(&output).contains('\u{1b}'));
    assert!(stderr(&output).is_empty(), "no progress bars without a terminal: {}", stderr(&output));
    let forced = tiny.run("out", &["--color", "always"]);
    assert!(stdout(&forced).contains('\u{1b}'));
    for line in stdout(&output).lines().filter(|l| !l.starts_with("page") && !l.starts_with("data")) {
        assert!(line.chars().count() <= 100, "{line}");
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_said_before_any_work() {
    let tiny = Tiny::new();
    std::fs::write(tiny.folder.path().join("taken"), "a file").unwrap();
    for out in ["taken", "taken/below"] {
        let output = tiny.run(out, &[]);
        assert_eq!(code(&output), 1);
        assert!(stderr(&output).contains("DBF0901") && stderr(&output).contains("--out FOLDER"), "{}", stderr(&output));
    }
    insta::assert_snapshot!("output_folder_taken", stderr(&tiny.run("taken", &[])));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_that_keeps_what_was_there() {
    // Every write to /dev/full fails with "no space left".
    let tiny = Tiny::new();
    assert_eq!(code(&tiny.run("out", &[])), 0);
    let kept = std::fs::read_to_string(tiny.folder.path().join("out/report.html")).unwrap();
    std::os::unix::fs::symlink("/dev/full", tiny.folder.path().join("out/results.part")).unwrap();
    let output = tiny.run("out", &["--fresh", "--seed", "9"]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("DBF0901") && stderr(&output).contains("disk is full"), "{}", stderr(&output));
    insta::assert_snapshot!("output_disk_full", stderr(&output));
    assert_eq!(std::fs::read_to_string(tiny.folder.path().join("out/report.html")).unwrap(), kept);
}

#[cfg(unix)]
#[test]
fn ctrl_c_keeps_what_was_finished() {
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};
    let tiny = Tiny::new();
    // Many folds take long enough to be stopped in the middle.
    let models: String = (0..40).map(|i| format!("model m{i} = boosted_trees(features: all, rounds: 400)\n")).collect();
    let names: Vec<String> = (0..40).map(|i| format!("m{i}")).collect();
    tiny.script(
        &TINY
            .replace("benchmark tiny_bench", &format!("{models}\nbenchmark tiny_bench"))
            .replace("models    recorded_risk, regression", &format!("models    recorded_risk, {}", names.join(", "))),
    );
    let child = Command::new(env!("CARGO_BIN_EXE_dbf"))
        .args(["run", "tiny.dbf", "--out", "out", "--threads", "1"])
        .current_dir(tiny.folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Wait until the first unit is in the cache, then interrupt.
    let cache = tiny.folder.path().join("out/cache");
    let start = Instant::now();
    while std::fs::read_dir(&cache).map_or(0, |d| d.count()) < 4 {
        assert!(start.elapsed() < Duration::from_secs(60), "nothing was finished in a minute");
        std::thread::sleep(Duration::from_millis(2));
    }
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    insta::assert_snapshot!("interrupted", stderr(&output));
    let partial = tiny.results("out");
    assert!(partial.receipt.interrupted);
    assert!(!partial.body.cells.is_empty() && partial.body.cells.len() < 41 * 2 * 4 * 5);
    // Going on uses what was finished.
    assert_eq!(code(&tiny.run("out", &[])), 0);
    let whole = tiny.results("out");
    assert!(!whole.receipt.interrupted && whole.receipt.cells_from_cache >= partial.body.cells.len());
    assert_eq!(whole.body.cells.len(), 41 * 2 * 4 * 5);
}

#[test]
fn the_same_words_in_every_help() {
    let help = stdout(&dbf(&["--help"]));
    for word in ["run", "check", "eval", "repl", "test", "explain", "Exit codes"] {
        assert!(help.contains(word), "{help}");
    }
}

#[cfg(not(feature = "nets"))]
#[test]
fn a_build_without_networks_says_so() {
    let tiny = Tiny::new();
    tiny.script(&TINY.replace("tasks     diagnosis", "tasks     diagnosis, realism").replace(
        "benchmark tiny_bench",
        "task realism on row discriminate synthetic\ngenerator twin = conditional_gan(tiny)\n\nbenchmark tiny_bench",
    ));
    let output = tiny.run("out", &[]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("DBF0804"), "{}", stderr(&output));
    // The rest of the run is there all the same.
    assert!(tiny.results("out").body.cells.iter().any(|c| c.task == "diagnosis" && c.value.is_some()));
}

/// `check --fix` makes the edits that the help lines name, keeps everything else, and checks again.
#[test]
fn fixes_are_written_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("script.dbf");
    let data = "dataset d from \"d.csv\" {\r\n  age : Real 'a'\r\n  ill : Bool label\r\n}\r\n";
    let wrong = format!(
        "\u{feff}language 1\r\n{data}let a <- E[agee] // kept\r\nlet b = P(ill = true)\r\nlet c = auroc(age / 1 'a', ill)\r\n"
    );
    std::fs::write(&path, wrong).unwrap();
    let output = dbf_in(folder.path(), &["check", "--fix", "script.dbf"]);
    assert_eq!(
        stdout(&output),
        "script.dbf:6:7: a name is given with `=`\n\
         script.dbf:7:15: `==` compares; a single `=` gives a name to a value\n\
         script.dbf:1:11: bring `auroc` into use\n\
         script.dbf:7:11: write `age`\n\
         script.dbf:9:15: write `prob(…)`\n\
         script.dbf: no mistakes found\n"
    );
    assert_eq!(output.status.code(), Some(0));
    let right = format!(
        "\u{feff}language 1\r\nuse std.metrics.{{auroc}}\r\n{data}let a = E[age] // kept\r\nlet b = P(ill == true)\r\nlet c = auroc(prob(age / 1 'a'), ill)\r\n"
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), right);
    // What has no fix stays, and a file without mistakes is not touched.
    std::fs::write(&path, "let x = nothing_like_it\n").unwrap();
    let output = dbf_in(folder.path(), &["check", "--fix", "script.dbf"]);
    assert_eq!(stdout(&output), "script.dbf: 1 error, 0 warnings\n");
    assert_eq!(output.status.code(), Some(1));
}

/// What a machine is told of a file with very many mistakes.
#[test]
fn a_machine_is_told_how_many_more() {
    let folder = tempfile::tempdir().unwrap();
    let text: String = (0..1_003).map(|i| format!("let x{i} = nothing{i}\n")).collect();
    std::fs::write(folder.path().join("script.dbf"), text).unwrap();
    let output = dbf_in(folder.path(), &["check", "script.dbf", "--format", "json", "--limit", "diagnostics=1000"]);
    let told: Vec<serde_json::Value> = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(told.len(), 1_001);
    assert_eq!(told[1_000]["message"], "3 more: `--limit diagnostics=1003` lists all");
    assert!(told[1_000]["code"].is_null());
}

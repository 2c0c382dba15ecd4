//! Files that use files: names of every kind, diamonds, versions, lock files, and what a script may read.

use crate::support::{TINY, Tiny, check_file, dbf_in, shown, stderr, stdout};
use std::fs;
use std::path::Path;
use std::process::Output;

/// `TINY` in two files: everything but the benchmark is in `lib/parts.dbf`.
fn split() -> Tiny {
    let tiny = Tiny::new();
    let (parts, bench) = TINY.split_at(TINY.find("benchmark tiny_bench").unwrap());
    fs::create_dir(tiny.folder.path().join("lib")).unwrap();
    let parts = parts
        .replace("\"tiny.csv\"", "\"../tiny.csv\"")
        .replace("language 1", "language 1\nmodule parts version \"1.2.3\"");
    fs::write(tiny.folder.path().join("lib/parts.dbf"), parts).unwrap();
    let bench = bench
        .replace("base, women", "parts.base, parts.women")
        .replace("recorded_risk, regression", "parts.recorded_risk, parts.regression")
        .replace("tasks     diagnosis", "tasks     parts.diagnosis")
        .replace("dpd(by: sex), gap", "dpd(by: sex), parts.gap")
        .replace("policies  fair", "policies  parts.fair");
    let top = "language 1\nuse std.metrics.{auroc, ece, dpd, f1}\nuse \"./lib/parts.dbf\" as parts version \"1.2\"\n\n";
    tiny.script(&format!("{top}let twice = parts.prevalence * 2\n\n{bench}"));
    tiny
}

fn ok(output: &Output) -> String {
    assert!(output.status.success(), "{}{}", stdout(output), stderr(output));
    stdout(output)
}

fn fails(output: &Output, code: &str) -> String {
    let said = stderr(output);
    assert_eq!(output.status.code(), Some(1), "{}{said}", stdout(output));
    assert_eq!(said.matches("] Error").count(), 1, "{said}");
    assert!(said.contains(&format!("[{code}]")), "{said}");
    said
}

#[test]
fn a_benchmark_made_of_another_file_gives_the_same_figures() {
    let (whole, parts) = (Tiny::new(), split());
    ok(&whole.run("out", &[]));
    ok(&parts.run("out", &[]));
    let (a, b) = (whole.results("out"), parts.results("out"));
    assert_eq!(b.body.scenarios.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["parts.base", "parts.women"]);
    assert_eq!(a.body.cells.len(), b.body.cells.len());
    // Streams hang off names, so draws and intervals differ; the whole table is the same in both.
    let pick = |r: &dbf::suite::result::Results, metric: &str| {
        let is_it = |c: &&dbf::suite::result::Cell| {
            c.scenario.ends_with("base") && c.model.ends_with("recorded_risk") && c.fold == "all" && c.metric == metric
        };
        r.body.cells.iter().find(is_it).and_then(|c| c.value).unwrap()
    };
    assert_eq!(pick(&a, "auroc"), pick(&b, "auroc"));
    assert_eq!(pick(&a, "gap"), pick(&b, "parts.gap"));
    assert_eq!(a.body.policies.len(), b.body.policies.len());
    assert_eq!(b.body.script.uses.len(), 1);
    assert_eq!(b.body.script.uses[0].path, "lib/parts.dbf");
    assert_eq!(b.body.datasets[0].file, "tiny.csv");
    // The figures of the report are those of the script itself.
    let names: Vec<&str> = b.body.figures.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(names, ["twice"]);
    assert_eq!(b.body.figures[0].value.unwrap(), 2.0 * a.body.figures[0].value.unwrap());
}

#[test]
fn a_change_in_a_used_file_is_not_taken_from_the_cache() {
    let tiny = split();
    ok(&tiny.run("out", &[]));
    let path = tiny.folder.path().join("lib/parts.dbf");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("E[p | y] - E[p | not y]", "E[p | y] - E[p]")).unwrap();
    ok(&tiny.run("out", &[]));
    assert_eq!(tiny.results("out").receipt.cells_from_cache, 0);
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

#[test]
fn a_diamond_is_loaded_once_and_every_file_keeps_its_own_words() {
    let at = folder(&[
        (
            "main.dbf",
            "use \"a.dbf\" as a\nuse \"sub/b.dbf\" as b\nuse \"sub/unit.dbf\".{scale}\nlet x = 3\nfn f(v: Real) -> Real = v * 3\n\
             test \"own words\" { assert a.x == 10 assert b.x == 20 assert x == 3 assert a.f(1) == 2 assert f(1) == 3 assert scale == 10 assert b.g(2) == 6 }\n",
        ),
        ("a.dbf", "use \"sub/unit.dbf\" as u\nlet x = u.scale\nfn f(v: Real) -> Real = v + 1\n"),
        (
            "sub/b.dbf",
            "use \"./unit.dbf\" as other\nuse \"../a.dbf\" as a\nlet x = other.scale + a.x\nfn g(v: Real) -> Real = a.f(v) + f(v)\nfn f(v: Real) -> Real = v + 1 + 0 * v\n",
        ),
        ("sub/unit.dbf", "let scale = 10\n"),
    ]);
    let path = at.path().join("main.dbf");
    let (checked, sources) = check_file(&path);
    assert_eq!(shown(&checked, &sources), "");
    let loaded: Vec<&str> =
        sources.files().map(|(_, f)| f.name.as_str()).filter(|n| !n.starts_with("stdlib")).collect();
    assert_eq!(loaded, ["main.dbf", "a.dbf", "sub/unit.dbf", "sub/b.dbf"]);
    ok(&dbf_in(at.path(), &["test", "main.dbf"]));
    assert_eq!(ok(&dbf_in(at.path(), &["eval", "b.x + a.f(x)", "--file", "main.dbf"])).trim(), "24");
}

#[test]
fn every_step_of_a_circle_is_shown() {
    let at = folder(&[
        ("main.dbf", "use \"a.dbf\" as a\nlet x = a.x\n"),
        ("a.dbf", "use \"b.dbf\" as b\nlet x = b.x\n"),
        ("b.dbf", "use \"main.dbf\" as m\nlet x = m.x\n"),
    ]);
    let said = fails(&dbf_in(at.path(), &["check", "main.dbf"]), "DBF0109");
    for part in ["`main.dbf` → `a.dbf` → `b.dbf` → `main.dbf`", "main.dbf:1:5", "a.dbf:1:5", "b.dbf:1:5"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let own = folder(&[("main.dbf", "use \"./main.dbf\" as me\nlet x = 1\n")]);
    assert!(fails(&dbf_in(own.path(), &["check", "main.dbf"]), "DBF0109").contains("`main.dbf` uses itself"));
}

#[test]
fn a_long_chain_of_files_ends_in_words() {
    let mut files: Vec<(String, String)> =
        (0..200).map(|i| (format!("f{i}.dbf"), format!("use \"f{}.dbf\" as next\n", i + 1))).collect();
    files.push(("f200.dbf".into(), "let x = 1\n".into()));
    let files: Vec<(&str, &str)> = files.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let at = folder(&files);
    fails(&dbf_in(at.path(), &["check", "f0.dbf"]), "DBF0108");
}

#[test]
fn a_policy_file_without_data_is_about_any_task() {
    let tiny = Tiny::new();
    fs::write(
        tiny.folder.path().join("rules.dbf"),
        "use std.metrics.{auroc}\npolicy ranks { authority house constraint ranking: auroc(p, y) >= 1% with confidence 95% }\n",
    )
    .unwrap();
    tiny.script(
        &TINY
            .replace("language 1", "language 1\nuse \"rules.dbf\" as rules")
            .replace("policies  fair", "policies  fair, rules.ranks"),
    );
    ok(&tiny.run("out", &[]));
    let names: Vec<String> = tiny.results("out").body.policies.iter().map(|p| p.name.clone()).collect();
    assert!(names.contains(&"rules.ranks".to_string()), "{names:?}");
}

#[test]
fn a_lock_pins_every_byte() {
    let tiny = split();
    let at = tiny.folder.path();
    let run = |args: &[&str]| dbf_in(at, args);
    fails(&run(&["check", "tiny.dbf", "--locked"]), "DBF0115");
    ok(&run(&["lock", "tiny.dbf"]));
    let first = fs::read_to_string(at.join("tiny.lock")).unwrap();
    ok(&run(&["lock", "tiny.dbf"]));
    assert_eq!(fs::read_to_string(at.join("tiny.lock")).unwrap(), first, "not deterministic");
    assert!(first.ends_with("}\n") && !first.contains(at.to_str().unwrap()));
    let lock: serde_json::Value = serde_json::from_str(&first).unwrap();
    assert_eq!(lock["language"], 1);
    assert_eq!(lock["tool"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(lock["files"][0]["path"], "lib/parts.dbf");
    let data = fs::read(at.join("tiny.csv")).unwrap();
    assert_eq!(lock["datasets"][0]["bytes"], data.len());
    assert_eq!(lock["datasets"][0]["sha256"], dbf::data::sha256_hex(&data));
    assert!(lock["modules"].as_array().unwrap().iter().any(|m| m["module"] == "std.metrics"));
    sorted(&lock);
    for command in [
        vec!["check", "tiny.dbf"],
        vec!["eval", "parts.prevalence", "--file", "tiny.dbf"],
        vec!["test", "tiny.dbf"],
        vec!["run", "tiny.dbf", "--out", "out"],
    ] {
        let locked = [command.clone(), vec!["--locked"]].concat();
        let output = run(&locked);
        assert!(!stderr(&output).contains("[DBF01"), "{}", stderr(&output));
        ok(&output);
    }
    // One byte more of data.
    fs::write(at.join("tiny.csv"), [data.as_slice(), b"\n"].concat()).unwrap();
    for command in [
        vec!["check", "tiny.dbf"],
        vec!["eval", "1 + 1", "--file", "tiny.dbf"],
        vec!["test", "tiny.dbf"],
        vec!["run", "tiny.dbf"],
    ] {
        let said = fails(&run(&[command.clone(), vec!["--locked"]].concat()), "DBF0113");
        assert!(said.contains("the data `tiny.csv` changed") && said.contains("dbf lock tiny.dbf"), "{said}");
        if command[0] != "run" {
            let output = run(&command);
            assert!(output.status.success() && stderr(&output).contains("[DBF0114] Warning"), "{}", stderr(&output));
        }
    }
    fs::write(at.join("tiny.csv"), &data).unwrap();
    // Another used file, of the same length.
    let parts = fs::read_to_string(at.join("lib/parts.dbf")).unwrap();
    fs::write(at.join("lib/parts.dbf"), parts.replace("size 60", "size 61")).unwrap();
    let said = fails(&run(&["check", "tiny.dbf", "--locked"]), "DBF0113");
    assert!(said.contains("the used file `lib/parts.dbf` changed, at the same length"), "{said}");
    fs::write(at.join("tiny.lock"), "{}").unwrap();
    fails(&run(&["check", "tiny.dbf", "--locked"]), "DBF0115");
}

fn sorted(value: &serde_json::Value) {
    match value {
        serde_json::Value::Object(fields) => {
            let names: Vec<&String> = fields.keys().collect();
            let mut wanted = names.clone();
            wanted.sort();
            assert_eq!(names, wanted);
            fields.values().for_each(sorted);
        }
        serde_json::Value::Array(items) => items.iter().for_each(sorted),
        _ => {}
    }
}

/// A script that somebody sent, beside which lies what it must not see.
fn sent(path: &str) -> (tempfile::TempDir, String) {
    let text = format!(
        "language 1\ndataset stolen from \"{path}\" {{\n  age  : Int\n  died : Bool\n}} sensitivity public\ntest \"peek\" {{ assert P(died) >= 0 }}\n"
    );
    let at = folder(&[
        ("secret.csv", "age,died\n71,yes\n"),
        ("sent/script.dbf", &text),
        ("sent/own.csv", "age,died\n1,no\n"),
    ]);
    (at, text)
}

#[test]
fn a_script_reads_nothing_outside_of_its_folder() {
    for path in ["../secret.csv", "own/../../secret.csv", "./../sent/../secret.csv", "../../../../../../etc/hostname"] {
        let (at, _) = sent(path);
        for name in ["script.dbf", "sent/script.dbf"] {
            let from = if name == "script.dbf" { at.path().join("sent") } else { at.path().to_path_buf() };
            let said = fails(&dbf_in(&from, &["test", name]), "DBF0110");
            assert!(said.contains("outside the folder"), "{said}");
        }
    }
    let (at, _) = sent("own.csv");
    ok(&dbf_in(at.path(), &["test", "sent/script.dbf"]));
    // A folder above, when the person who runs it says so.
    let (at, _) = sent("../secret.csv");
    ok(&dbf_in(at.path(), &["test", "sent/script.dbf", "--root", "."]));
    let (at, _) = sent("../../secret.csv");
    fails(&dbf_in(at.path(), &["test", "sent/script.dbf", "--root", "."]), "DBF0110");
}

#[test]
fn an_absolute_path_is_refused_before_anything_is_read() {
    let (at, _) = sent("own.csv");
    let secret = at.path().join("secret.csv");
    for path in [secret.to_str().unwrap(), "/etc/passwd", "~/secret.csv", "C:/secret.csv"] {
        let (at, _) = sent(path);
        let said = fails(&dbf_in(at.path(), &["check", "sent/script.dbf"]), "DBF0110");
        assert!(said.contains("an absolute path"), "{said}");
    }
    let at = folder(&[("main.dbf", "use \"/etc/hostname\" as h\n"), ("up.dbf", "use \"../main.dbf\" as h\n")]);
    fails(&dbf_in(at.path(), &["check", "main.dbf"]), "DBF0110");
    fails(&dbf_in(at.path(), &["check", "up.dbf"]), "DBF0110");
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_leads_nowhere_outside() {
    use std::os::unix::fs::symlink;
    let (at, _) = sent("link.csv");
    symlink(at.path().join("secret.csv"), at.path().join("sent/link.csv")).unwrap();
    assert!(fails(&dbf_in(at.path(), &["test", "sent/script.dbf"]), "DBF0110").contains("a symbolic link"));
    // A linked folder, and a chain of links.
    let (at, _) = sent("up/secret.csv");
    symlink(at.path(), at.path().join("sent/up")).unwrap();
    fails(&dbf_in(at.path(), &["test", "sent/script.dbf"]), "DBF0110");
    let (at, _) = sent("one.csv");
    symlink("two.csv", at.path().join("sent/one.csv")).unwrap();
    symlink("../secret.csv", at.path().join("sent/two.csv")).unwrap();
    fails(&dbf_in(at.path(), &["test", "sent/script.dbf"]), "DBF0110");
    // Within the folder, links are files like any other.
    let (at, _) = sent("one.csv");
    symlink("own.csv", at.path().join("sent/one.csv")).unwrap();
    ok(&dbf_in(at.path(), &["test", "sent/script.dbf"]));
    // What never ends is no file.
    let (at, _) = sent("one.csv");
    assert!(std::process::Command::new("mkfifo").arg(at.path().join("sent/one.csv")).status().unwrap().success());
    assert!(fails(&dbf_in(at.path(), &["test", "sent/script.dbf"]), "DBF0701").contains("not an ordinary file"));
}

#[test]
fn nothing_in_the_program_opens_a_connection_or_starts_another() {
    let mut seen = 0;
    for path in crate::support::files(Path::new(env!("CARGO_MANIFEST_DIR")).join("src").as_path(), ".rs") {
        seen += 1;
        let text = fs::read_to_string(&path).unwrap();
        for door in ["std::net", "TcpStream", "UdpSocket", "UnixStream", "process::Command", "Command::new("] {
            assert!(!text.contains(door), "{} names {door}", path.display());
        }
    }
    assert!(seen > 100);
}

#[test]
fn files_can_be_used_at_the_prompt() {
    let at = folder(&[
        ("a.dbf", "use \"sub/b.dbf\" as b\nlet x = b.y + 1\n"),
        ("sub/b.dbf", "let y = 1\n"),
        ("bad.dbf", "let z = nothing\n"),
    ]);
    let world = dbf::cli::FsWorld::of(Some(&at.path().join("none.dbf")));
    let mut session = dbf::repl::Session::bare(Box::new(world));
    let mut say = |text: &str| match session.enter(text) {
        Ok(answer) => answer.to_text(),
        Err(found) => found.iter().map(|d| d.code.id).collect::<Vec<_>>().join(" "),
    };
    assert_eq!(say("a.x"), "DBF0101");
    say("use \"a.dbf\" as a");
    assert_eq!(say("a.x"), "2");
    assert_eq!(say("let twice = a.x * 2"), "defined let twice");
    assert_eq!(say("twice + a.x"), "6");
    assert_eq!(say("use \"bad.dbf\" as bad"), "DBF0101");
    assert_eq!(say("use \"../x.dbf\" as x"), "DBF0110");
    assert_eq!(say("use \"x.dbf\" as x"), "DBF0108");
    assert_eq!(say("a.x"), "2");
}

#[test]
fn a_standard_name_in_another_module_is_found() {
    use dbf::check::StdModule;
    let module = |path, text| StdModule { path, file: "std.dbf", text };
    let std =
        [module("std.one", "metric first(y: Bool) -> Prob\n"), module("std.two", "metric second(y: Bool) -> Prob\n")];
    let mut sources = dbf::source::SourceMap::default();
    let id = sources.add("script.dbf", "use std.one.{second}\n");
    let checked = dbf::check::Program::load(id, &mut sources, &std);
    assert_eq!(checked.diagnostics.len(), 1);
    let help = checked.diagnostics[0].help.clone().unwrap();
    assert_eq!(&*help, "it is part of `std.two`: write `use std.two.{second}`");
}

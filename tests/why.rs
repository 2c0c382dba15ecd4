//! Ten whys as an analyst reads them, and what it costs to make them.

use crate::support::root;
use dbf::check::Program;
use dbf::cli::FsWorld;
use dbf::policy::Verdict;
use dbf::source::SourceMap;
use dbf::suite::Loaded;
use dbf::suite::why::{Question, of_checks};
use std::process::Command;

fn why(file: &str, constraint: &str, more: &[&str]) -> String {
    let out = Command::new(env!("CARGO_BIN_EXE_dbf"))
        .args(["why", file, constraint])
        .args(more)
        .current_dir(root())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{told}");
    String::from_utf8(out.stdout).unwrap()
}

#[test]
fn ten_whys() {
    for constraint in [
        "ages",
        "vitals",
        "albumin",
        "mortality_gap",
        "outcomes",
        "stay",
        "complementary",
        "smallest_class",
        "risk",
        "funding",
    ] {
        // `ages` of the house's own policy, not of Safe Harbor.
        let asked = if constraint == "ages" { "bedside_data.ages" } else { constraint };
        insta::assert_snapshot!(format!("why__{constraint}"), why("examples/governance.dbf", asked, &[]));
    }
}

#[test]
fn another_day_gives_another_why() {
    let text = why("examples/governance.dbf", "complementary", &["--as-of", "2025-06-01"]);
    assert!(text.contains("✓ pass") && text.contains("as of 2025-06-01"), "{text}");
    let text = why("examples/governance.dbf", "risk", &["--as-of", "2014-12-31"]);
    assert!(text.contains("not in force on 2014-12-31: effective from 2015-01-01"), "{text}");
}

#[test]
fn as_many_witnesses_as_are_asked_for() {
    let text = why("examples/governance.dbf", "vitals", &["--witnesses", "1000"]);
    assert_eq!(text.matches("· row ").count(), 87, "{text}");
    assert!(!text.contains("… and"));
}

/// The verdict of one rule over 400 rows, and the limit that would turn it.
fn decided(rule: &str) -> (Verdict, Option<f64>) {
    let folder = tempfile::tempdir().unwrap();
    let rows: String = (0..400).map(|i| format!("{},{}\n", i % 7 == 0, f64::from(i * 37 % 101) / 10.0)).collect();
    std::fs::write(folder.path().join("d.csv"), format!("ill,x\n{rows}")).unwrap();
    let script = folder.path().join("s.dbf");
    let text = format!(
        "language 1\ndataset d from \"d.csv\" {{ ill : Bool  x : Real in 0..20 }} sensitivity public\n\
         policy p {{ authority house  constraint c: {rule} }}\ncheck p on d\n"
    );
    std::fs::write(&script, &text).unwrap();
    let world = FsWorld::of(Some(&script));
    let mut sources = SourceMap::default();
    let id = sources.add("s.dbf", text.as_str());
    let checked = Program::load(id, &mut sources, dbf::builtins::STD);
    assert!(!checked.has_errors(), "{rule}: {:?}", checked.diagnostics);
    let loaded = Loaded::load(&checked.program, &world).unwrap();
    let question = Question { constraint: Some("c".into()), witnesses: 1, ..Question::default() };
    let asked = of_checks(&checked.program, &loaded, &question).unwrap();
    let found = &asked[0].result.constraints[0];
    let flips = &found.tree.as_ref().unwrap().flips;
    (found.verdict, flips.iter().find_map(|f| f.to))
}

/// The change that a why names turns the verdict, and one unit of its fourth digit less does not.
#[test]
fn the_named_change_is_the_nearest() {
    let mut turned = 0;
    for figure in ["P(ill)", "E[x]"] {
        let limits = if figure == "E[x]" { ["3.21", "4.97", "6.4"] } else { ["0.081", "0.1437", "0.24"] };
        for op in ["<=", "<", ">=", ">"] {
            for confidence in ["", "  with confidence 95%"] {
                for limit in limits {
                    let rule = |limit: &str| format!("{figure} {op} {limit}{confidence}");
                    let (before, to) = decided(&rule(limit));
                    let to = to.unwrap_or_else(|| panic!("{}: nothing would change it", rule(limit)));
                    let (after, _) = decided(&rule(&to.to_string()));
                    assert_ne!(before == Verdict::Pass, after == Verdict::Pass, "{} → {to}: {before:?}", rule(limit));
                    let from: f64 = limit.parse().unwrap();
                    let short = to - (to - from).signum() * 10f64.powi(to.abs().log10().floor() as i32 - 3) * 1.001;
                    let (still, _) = decided(&rule(&short.to_string()));
                    let past = (short - from).signum() != (to - from).signum();
                    assert!(
                        past || (still == Verdict::Pass) == (before == Verdict::Pass),
                        "{}: {to} is not nearest",
                        rule(limit)
                    );
                    turned += 1;
                }
            }
        }
    }
    assert_eq!(turned, 48);
}

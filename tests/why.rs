//! Ten whys as an analyst reads them, and what it costs to make them.

use crate::support::root;
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

//! The rules of the house, read off the source.

use crate::support::{files, root};
use std::fs;

/// Rooms from the ground floor up; a room may use rooms before it, and its own.
const FLOORS: &[&[&str]] = &[
    &["source"],
    &["syntax"],
    &["phi"],
    &["check"],
    &["data"],
    &["eval"],
    &["metrics", "nets"],
    &["builtins"],
    &["policy", "synth", "models"],
    &["suite"],
    &["feedback", "report"],
    &["repl"],
    &["cli"],
];

fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

#[test]
fn rooms_use_only_the_floors_below() {
    let mut bad = Vec::new();
    let mut seen = 0;
    for path in files(&root().join("src"), ".rs") {
        let relative = path.strip_prefix(root().join("src")).unwrap().to_path_buf();
        let room = relative.iter().next().unwrap().to_string_lossy().into_owned();
        let Some(own) = floor(&room) else { continue };
        // What a `cfg(test)` module uses is not part of the house.
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or("");
        for (number, line) in code.lines().enumerate() {
            for used in line.split("crate::").skip(1) {
                let name: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let Some(other) = floor(&name) else { continue };
                seen += 1;
                if other > own || (other == own && name != room) {
                    bad.push(format!("{}:{}: {room} uses {name}", relative.display(), number + 1));
                }
            }
        }
    }
    assert!(seen > 100, "the test found no `use` lines");
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn only_their_rooms_name_the_libraries() {
    let owners = [
        ("ariadne", "source/render.rs"),
        ("pest", "syntax/"),
        ("logos", "syntax/"),
        ("rustyline", "repl/front.rs"),
        ("indicatif", "cli/world.rs"),
        ("octofhir_ucum", "check/unit.rs"),
        ("ctrlc", "cli/world.rs"),
    ];
    for (library, owner) in owners {
        let mut users = 0;
        for path in files(&root().join("src"), ".rs") {
            let relative = path.strip_prefix(root().join("src")).unwrap().to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).unwrap();
            let names = |l: &&str| l.contains(&format!("{library}::")) && !l.trim_start().starts_with("//");
            if text.lines().any(|l| names(&l)) {
                users += 1;
                assert!(relative.starts_with(owner), "{relative} names {library}; only {owner} may");
            }
        }
        assert!(users > 0, "nobody names {library}");
    }
}

#[test]
fn the_core_is_pure() {
    for room in ["syntax", "check", "data", "phi", "eval", "metrics", "builtins", "policy", "models", "synth", "nets"] {
        for path in files(&root().join("src").join(room), ".rs") {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap_or("");
            if code.is_empty() || path.to_string_lossy().contains("fixtures") {
                continue;
            }
            for door in ["std::fs", "std::net", "std::env", "Instant::now", "SystemTime"] {
                assert!(!code.contains(door), "{} names {door}", path.display());
            }
        }
    }
}

#[test]
fn files_stay_small() {
    for path in files(&root().join("src"), ".rs") {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= 600, "{} has {lines} lines: split it by idea", path.display());
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    for path in files(&root().join("src"), ".rs") {
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            text.starts_with("//!") || text.starts_with("#![doc"),
            "{} starts without a word about itself",
            path.display()
        );
    }
}

#[test]
fn the_architecture_page_names_paths_that_exist() {
    let page = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let mut seen = 0;
    for word in page.split('`').skip(1).step_by(2) {
        let is_path = word.contains('/') && !word.contains(' ') && !word.starts_with("std") && !word.contains("::");
        if is_path {
            seen += 1;
            assert!(root().join(word).exists(), "ARCHITECTURE.md names `{word}`, which does not exist");
        }
    }
    assert!(seen >= 12, "ARCHITECTURE.md names too few paths");
    for rooms in FLOORS {
        for room in *rooms {
            let there = root().join("src").join(room).exists();
            assert_eq!(
                there,
                page.contains(&format!("`src/{room}/`")),
                "ARCHITECTURE.md and src/ disagree about {room}"
            );
        }
    }
}

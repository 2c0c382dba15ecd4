//! `dbf test PATH`.

use super::ask::session;
use super::{Format, Voice, exit};
use crate::builtins::STD;
use crate::repl::Session;
use crate::source::{Diagnostic, SourceMap, codes, render};
use crate::suite::coverage::RuleSeen;
use serde_json::json;
use std::path::{Path, PathBuf};

/// The script, or every script below a folder, in the order of their paths.
pub fn scripts(voice: &Voice, path: &Path) -> Result<Vec<PathBuf>, u8> {
    if !path.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut out = Vec::new();
    let mut open = vec![path.to_path_buf()];
    while let Some(folder) = open.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(why) => {
                let d = Diagnostic::new(codes::NO_FILE, format!("cannot read `{}`: {why}", folder.display()));
                voice.tell(&[d], &SourceMap::default());
                return Err(exit::FAILED);
            }
        };
        for entry in entries.flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "dbf") {
                out.push(path);
            }
        }
    }
    out.sort();
    if out.is_empty() {
        let d = Diagnostic::new(codes::NO_FILE, format!("there is no script below `{}`", path.display()));
        voice.tell(&[d.help("scripts end in `.dbf`")], &SourceMap::default());
        return Err(exit::FAILED);
    }
    Ok(out)
}

pub fn run(voice: &Voice, path: &Path, coverage: bool) -> u8 {
    let files = match scripts(voice, path) {
        Ok(files) => files,
        Err(code) => return code,
    };
    let several = files.len() > 1;
    let (mut passed, mut failed) = (0, 0);
    let mut told = Vec::new();
    for file in &files {
        // Kernels are declared in the standard library alone: a file of it is tested as what this build holds.
        let own = std::fs::read_to_string(file).ok().and_then(|text| STD.iter().find(|m| m.text == text));
        let session = match own.filter(|m| !m.is_policies()) {
            Some(module) => {
                let world = Box::new(voice.world(None));
                let mut session = Session::bare(world).metered(voice.meters());
                (session.module_tests(module), session)
            }
            None => match session(voice, Some(file)) {
                Ok(mut session) => (session.tests(), session),
                Err(code) => return code,
            },
        };
        let (results, mut session) = session;
        let results = match results {
            Ok(results) => results,
            Err(found) => {
                voice.tell(&found, &session.sources);
                return exit::FAILED;
            }
        };
        let failures: Vec<Diagnostic> = results.iter().filter_map(|(_, r)| r.clone().err()).collect();
        failed += failures.len();
        passed += results.len() - failures.len();
        match voice.format {
            Format::Json => {
                for (name, r) in &results {
                    let found: Vec<Diagnostic> = r.clone().err().into_iter().collect();
                    told.push(json!({ "name": name, "passed": r.is_ok(), "diagnostics": render::to_json(&found, &session.sources) }));
                }
            }
            Format::Text => {
                if several {
                    voice.say(&format!("{}: {} of {}", file.display(), results.len() - failures.len(), results.len()));
                }
                for (name, result) in results.iter().filter(|(_, r)| !several || r.is_err()) {
                    voice.say(&format!("{} {name}", if result.is_ok() { "pass" } else { "FAIL" }));
                }
                voice.tell(&failures, &session.sources);
            }
        }
        if coverage {
            match session.coverage() {
                Ok(seen) if voice.format == Format::Json => told.push(json!({ "coverage": seen })),
                Ok(seen) => seen_by_tests(voice, &seen),
                Err(found) => {
                    voice.tell(&found, &session.sources);
                    return exit::FAILED;
                }
            }
        }
    }
    match voice.format {
        Format::Json => voice.json(&told),
        Format::Text => voice.say(&format!("{passed} passed, {failed} failed")),
    }
    if failed == 0 { exit::DONE } else { exit::FAILED }
}

/// Which constraints and clauses the tests have seen both ways.
fn seen_by_tests(voice: &Voice, seen: &[RuleSeen]) {
    let mut lines = Vec::new();
    let (mut both, mut clauses, mut clauses_both) = (0, 0, 0);
    for rule in seen {
        both += usize::from(rule.seen.is_both());
        clauses += rule.clauses.len();
        clauses_both += rule.clauses.iter().filter(|c| c.seen.is_both()).count();
        let lack = |s: &crate::suite::coverage::Seen| match (s.passes, s.fails) {
            (0, 0) => Some("never decided"),
            (0, _) => Some("never seen to hold"),
            (_, 0) => Some("never seen to fail"),
            _ => None,
        };
        if let Some(lack) = lack(&rule.seen) {
            lines.push(format!("  {}.{}: {lack}", rule.policy, rule.name));
        }
        for clause in &rule.clauses {
            if let Some(lack) = lack(&clause.seen) {
                lines.push(format!("  {}.{}: `{}` {lack}", rule.policy, rule.name, clause.clause));
            }
        }
    }
    voice.say(&format!(
        "coverage: {both} of {} constraints seen to hold and to fail, {clauses_both} of {clauses} clauses",
        seen.len()
    ));
    lines.iter().for_each(|l| voice.say(l));
}

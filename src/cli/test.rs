//! `dbf test FILE`.

use super::ask::session;
use super::{Format, Voice, exit};
use crate::source::{Diagnostic, render};
use serde_json::json;
use std::path::Path;

pub fn run(voice: &Voice, file: &Path) -> u8 {
    let mut session = match session(voice, Some(file)) {
        Ok(session) => session,
        Err(code) => return code,
    };
    let results = match session.tests() {
        Ok(results) => results,
        Err(found) => {
            voice.tell(&found, &session.sources);
            return exit::FAILED;
        }
    };
    let failures: Vec<Diagnostic> = results.iter().filter_map(|(_, r)| r.clone().err()).collect();
    match voice.format {
        Format::Json => {
            let tests: Vec<_> = results
                .iter()
                .map(|(name, r)| {
                    let found: Vec<Diagnostic> = r.clone().err().into_iter().collect();
                    json!({ "name": name, "passed": r.is_ok(), "diagnostics": render::to_json(&found, &session.sources) })
                })
                .collect();
            voice.json(&tests);
        }
        Format::Text => {
            for (name, result) in &results {
                voice.say(&format!("{} {name}", if result.is_ok() { "pass" } else { "FAIL" }));
            }
            voice.tell(&failures, &session.sources);
            voice.say(&format!("{} passed, {} failed", results.len() - failures.len(), failures.len()));
        }
    }
    if failures.is_empty() { exit::DONE } else { exit::FAILED }
}

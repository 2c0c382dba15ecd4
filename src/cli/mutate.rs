//! `dbf mutate PATH`: breaks policies on purpose and lists what no test would notice.

use super::ask::session;
use super::test::scripts;
use super::{Format, Voice, exit};
use crate::suite::mutate::Fate;
use serde_json::json;
use std::path::Path;

pub fn run(voice: &Voice, path: &Path, all: bool) -> u8 {
    let files = match scripts(voice, path) {
        Ok(files) => files,
        Err(code) => return code,
    };
    let (mut caught, mut explained, mut survivors) = (0usize, 0usize, 0usize);
    let mut told = Vec::new();
    for file in &files {
        let mut session = match session(voice, Some(file)) {
            Ok(session) => session,
            Err(code) => return code,
        };
        let failures = match session.tests() {
            Ok(results) => results.into_iter().filter_map(|(name, r)| r.err().map(|d| (name, d))).collect::<Vec<_>>(),
            Err(found) => {
                voice.tell(&found, &session.sources);
                return exit::FAILED;
            }
        };
        if let Some((name, d)) = failures.first() {
            voice.say(&format!("{}: the test \"{name}\" fails as it is; mend it first", file.display()));
            voice.tell(std::slice::from_ref(d), &session.sources);
            return exit::FAILED;
        }
        let mutants = match session.mutants() {
            Ok(mutants) => mutants,
            Err(found) => {
                voice.tell(&found, &session.sources);
                return exit::FAILED;
            }
        };
        for (mutant, fate) in mutants {
            match fate {
                Fate::Caught => caught += 1,
                Fate::Explained(_) => explained += 1,
                Fate::Survives => survivors += 1,
            }
            let (line, _) =
                session.sources.file(mutant.span.source).map_or((0, 0), |f| f.locate(mutant.span.start as usize));
            let place = format!("{}:{line}", file.display());
            let name = if mutant.rule.is_empty() {
                mutant.policy.clone()
            } else {
                format!("{}.{}", mutant.policy, mutant.rule)
            };
            match voice.format {
                Format::Json => told.push(json!({
                    "file": file.display().to_string(), "line": line, "policy": mutant.policy, "rule": mutant.rule,
                    "change": mutant.change, "fate": fate,
                })),
                Format::Text => match &fate {
                    Fate::Survives => voice.say(&format!("survives   {place}  {name}: {}", mutant.change)),
                    Fate::Explained(why) => {
                        voice.say(&format!("explained  {place}  {name}: {}\n           {why}", mutant.change));
                    }
                    Fate::Caught if all => voice.say(&format!("caught     {place}  {name}: {}", mutant.change)),
                    Fate::Caught => {}
                },
            }
        }
    }
    match voice.format {
        Format::Json => voice.json(&told),
        Format::Text => {
            let total = caught + explained + survivors;
            voice.say(&format!("{total} mutants: {caught} caught, {explained} explained, {survivors} survive"));
            if survivors > 0 {
                voice.say("add an `expect` that notices, or say in the rule's comment why none can: `/// @survives \"CHANGE\": reason`");
            }
        }
    }
    if survivors > 0 { exit::FAILED } else { exit::DONE }
}

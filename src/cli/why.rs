//! `dbf why FILE [CONSTRAINT]`: everything behind a verdict.

use super::asking::{bad_day, ready};
use super::{Format, Voice, exit};
use crate::check::Program;
use crate::report;
use crate::source::diagnostic::nearest;
use crate::source::{Diagnostic, SourceMap, codes};
use crate::suite::checks;
use crate::suite::result::PolicyResult;
use crate::suite::run::Stages;
use crate::suite::store::Store;
use crate::suite::why::{Asked, Place, Question, answers};
use std::path::PathBuf;

/// The arguments of `why`.
pub struct Request {
    pub file: PathBuf,
    /// `cells`, or `policy.cells`; none explains all that do not pass.
    pub constraint: Option<String>,
    pub on: Option<String>,
    pub as_of: Option<String>,
    pub model: Option<String>,
    pub scenario: Option<String>,
    pub witnesses: usize,
}

pub fn run(voice: &Voice, request: &Request) -> u8 {
    if let Some(day) = bad_day(&request.as_of) {
        let d = Diagnostic::new(codes::BAD_DATE, format!("`{day}` is not a day of the calendar"));
        voice.tell(&[d.help("for example `--as-of 2026-11-22`")], &SourceMap::default());
        return exit::USAGE;
    }
    let told = ready(voice, &request.file, |program, sources, stages, store| {
        Ok(answer(voice, request, program, sources, (stages, store)))
    });
    told.unwrap_or_else(|code| code)
}

fn answer(
    voice: &Voice,
    request: &Request,
    program: &Program,
    sources: &SourceMap,
    (stages, store): (&Stages, &Store),
) -> u8 {
    let question = Question {
        constraint: request.constraint.clone(),
        as_of: request.as_of.clone(),
        witnesses: request.witnesses,
        place: Place { on: request.on.clone(), model: request.model.clone(), scenario: request.scenario.clone() },
    };
    let found = match answers(program, stages, store, &question) {
        Ok(found) => found,
        Err(found) => {
            voice.tell(&found, sources);
            return exit::FAILED;
        }
    };
    if found.is_empty() {
        let known = checks::constraint_names(program);
        let message = match &request.constraint {
            Some(name) => format!("nothing in this file asks about `{name}`"),
            None if known.is_empty() => "this file asks nothing of any policy".to_string(),
            None => "every constraint that applies holds".to_string(),
        };
        if known.is_empty() || request.constraint.is_some() {
            let mut d = Diagnostic::new(codes::UNKNOWN_NAME, message);
            if let Some(near) = request.constraint.as_deref().and_then(|n| nearest(n, known.iter().map(String::as_str)))
            {
                d = d.help(format!("did you mean `{near}`?"));
            } else if !known.is_empty() {
                d = d.note(format!("it asks about: {}", known.join(", ")));
            } else {
                d = d.help("add `check POLICY on DATASET`, or name a policy in a benchmark");
            }
            voice.tell(&[d], sources);
            return exit::FAILED;
        }
        voice.say(&message);
        return exit::DONE;
    }
    match voice.format {
        Format::Json => voice.json(&found.iter().map(|a| &a.result).collect::<Vec<&PolicyResult>>()),
        Format::Text => {
            for Asked { result, passed_over } in &found {
                for (c, passed_over) in result.constraints.iter().zip(passed_over) {
                    voice.say(&report::why(result, c, passed_over, sources, voice.screen()));
                }
            }
        }
    }
    exit::DONE
}

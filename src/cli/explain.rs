//! `dbf explain CODE`.

use super::{Format, Voice, exit};
use crate::source::codes;
use crate::source::diagnostic::nearest;
use serde_json::json;

pub fn run(voice: &Voice, code: &str) -> u8 {
    match codes::find(code) {
        Some(code) => {
            match voice.format {
                Format::Text => voice.say(code.page),
                Format::Json => voice.json(&json!({
                    "code": code.id, "title": code.title, "severity": code.severity.word(), "page": code.page
                })),
            }
            exit::DONE
        }
        None => {
            let near = nearest(&code.to_uppercase(), codes::ALL.iter().map(|c| c.id));
            let help = near.map_or(String::new(), |n| format!("; did you mean {n}?"));
            voice.say(&format!("there is no code `{code}`{help}\n\n{}", table()));
            exit::USAGE
        }
    }
}

fn table() -> String {
    codes::ALL.iter().map(|c| format!("{}  {}", c.id, c.title)).collect::<Vec<_>>().join("\n")
}

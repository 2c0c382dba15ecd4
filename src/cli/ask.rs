//! `dbf eval EXPR` and `dbf repl`.

use super::world::read_script;
use super::{Format, Voice, exit};
use crate::repl::Session;
use crate::source::{Diagnostic, SourceMap, codes};
use etcetera::BaseStrategy;
use std::path::{Path, PathBuf};

/// A session over the file, or over nothing.
pub fn session(voice: &Voice, file: Option<&Path>) -> Result<Session, u8> {
    let world = Box::new(voice.world(file));
    if let (None, true) = (file, voice.locked) {
        let d = Diagnostic::new(codes::NO_LOCK, "without a script there is nothing that a lock could hold")
            .help("name the script: `--file FILE`");
        voice.tell(&[d], &SourceMap::default());
        return Err(exit::FAILED);
    }
    let Some(file) = file else { return Ok(Session::bare(world).metered(voice.meters())) };
    let text = read_script(file).map_err(|d| {
        voice.tell(&[d], &SourceMap::default());
        exit::FAILED
    })?;
    let (session, mut found) = Session::open(world, &file.display().to_string(), &text);
    if !found.iter().any(Diagnostic::is_error) {
        let lock = super::lock::verify(voice, file, &session.program, &session.sources, &voice.world(Some(file)));
        if voice.format == Format::Text && !lock.iter().any(Diagnostic::is_error) {
            voice.tell(&lock, &session.sources);
        }
        found.extend(lock);
    }
    if found.iter().any(Diagnostic::is_error) {
        voice.tell(&found, &session.sources);
        return Err(exit::FAILED);
    }
    Ok(session.metered(voice.meters()))
}

pub fn eval(voice: &Voice, expression: &str, file: Option<&Path>) -> u8 {
    let mut session = match session(voice, file) {
        Ok(session) => session,
        Err(code) => return code,
    };
    match session.enter(expression) {
        Ok(answer) => {
            match voice.format {
                Format::Text => voice.say(&answer.to_text()),
                Format::Json => voice.json(&answer.to_json()),
            }
            exit::DONE
        }
        Err(found) => {
            voice.tell(&found, &session.sources);
            exit::FAILED
        }
    }
}

pub fn repl(voice: &Voice, file: Option<&Path>) -> u8 {
    let mut session = match session(voice, file) {
        Ok(session) => session,
        Err(code) => return code,
    };
    voice.say(&format!("dbf {}: expressions, definitions, `:help`. Leave with Ctrl-D.", env!("CARGO_PKG_VERSION")));
    match crate::repl::run(&mut session, voice.color_out, history().as_deref()) {
        Ok(()) => exit::DONE,
        Err(why) => {
            voice.say(&why);
            exit::FAILED
        }
    }
}

/// Where entries are remembered.
fn history() -> Option<PathBuf> {
    etcetera::choose_base_strategy().ok().map(|s| s.data_dir().join("dbf").join("history"))
}

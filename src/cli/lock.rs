//! `dbf lock FILE`, and the look at a lock file that every command takes.

use super::{Format, Voice, check, exit};
use crate::builtins::STD;
use crate::check::Program;
use crate::source::world::World;
use crate::source::{Diagnostic, SourceMap, codes};
use crate::suite::lock::Lock;
use std::path::{Path, PathBuf};

/// `bench.lock` for `bench.dbf`, in the same folder.
fn beside(script: &Path) -> PathBuf {
    script.with_extension("lock")
}

pub fn run(voice: &Voice, file: &Path) -> u8 {
    let (program, sources, _) = match check::load(voice, file, false) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    let told = |found: &[Diagnostic]| {
        voice.tell(found, &sources);
        exit::FAILED
    };
    let lock = match Lock::of(&program, &sources, STD, &voice.world(Some(file))) {
        Ok(lock) => lock,
        Err(found) => return told(&found),
    };
    let path = beside(file);
    let shown = path.display();
    let written = lock.text().and_then(|text| {
        let part = path.with_extension("lock.part");
        std::fs::write(&part, text).and_then(|()| std::fs::rename(&part, &path)).map_err(|e| e.to_string())
    });
    if let Err(why) = written {
        return told(&[Diagnostic::new(codes::OUTPUT, format!("cannot write `{shown}`: {why}"))]);
    }
    match voice.format {
        Format::Json => voice.json(&lock),
        Format::Text => voice.say(&format!(
            "{shown}: {} of data, {} used, {} of the standard library",
            count(lock.datasets.len()),
            count(lock.files.len()),
            count(lock.modules.len())
        )),
    }
    exit::DONE
}

fn count(n: usize) -> String {
    if n == 1 { "1 file".into() } else { format!("{n} files") }
}

/// What there is to say about the script's lock: an error with `--locked`, else a warning at most.
pub fn verify(
    voice: &Voice,
    script: &Path,
    program: &Program,
    sources: &SourceMap,
    world: &dyn World,
) -> Vec<Diagnostic> {
    let path = beside(script);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(_) if !voice.locked => return Vec::new(),
        Err(why) => {
            let why = match why.kind() {
                std::io::ErrorKind::NotFound => "there is none".to_string(),
                _ => why.to_string(),
            };
            return vec![no_lock(&path, &why, script)];
        }
    };
    let changes = match Lock::read(&text) {
        Err(why) if voice.locked => return vec![no_lock(&path, &why, script)],
        Err(why) => vec![why],
        Ok(lock) => match Lock::of(program, sources, STD, world) {
            Ok(now) => lock.changes(&now),
            Err(found) if voice.locked => return found,
            // Missing data is said by whoever needs it.
            Err(_) => Vec::new(),
        },
    };
    if changes.is_empty() {
        return Vec::new();
    }
    let shown = path.display();
    let d = if voice.locked {
        Diagnostic::new(codes::LOCK_CHANGED, format!("`{shown}` was written for something else"))
    } else {
        Diagnostic::new(codes::LOCK_STALE, format!("`{shown}` no longer fits"))
    };
    let d = changes.into_iter().fold(d, Diagnostic::note);
    vec![d.help(format!("when you mean the change, lock anew: `dbf lock {}`", script.display()))]
}

fn no_lock(path: &Path, why: &str, script: &Path) -> Diagnostic {
    Diagnostic::new(codes::NO_LOCK, format!("no lock can be read from `{}`: {why}", path.display()))
        .help(format!("make one: `dbf lock {}`", script.display()))
}

//! `dbf check FILE`.

use super::world::read_script;
use super::{Format, Voice, exit};
use crate::builtins::STD;
use crate::check::{Checked, Program};
use crate::source::SourceMap;
use crate::source::world::World;
use std::path::Path;

/// Reads and checks a script. Errors have been told when this is `Err`.
pub fn load(voice: &Voice, file: &Path, look_at_lock: bool) -> Result<(Program, SourceMap, String), u8> {
    let mut sources = SourceMap::default();
    let text = read_script(file).map_err(|d| {
        voice.tell(&[d], &sources);
        exit::FAILED
    })?;
    let id = sources.add(file.display().to_string(), text.as_str());
    let world = voice.world(Some(file));
    let mut checked: Checked = Program::load_from(id, &mut sources, STD, &|path| world.read(path));
    if look_at_lock && !checked.has_errors() {
        let mut found = super::lock::verify(voice, file, &checked.program, &sources, &world);
        checked.diagnostics.append(&mut found);
    }
    if checked.has_errors() {
        voice.tell(&checked.diagnostics, &sources);
        return Err(exit::FAILED);
    }
    if !checked.diagnostics.is_empty() && voice.format == Format::Text {
        voice.tell(&checked.diagnostics, &sources);
    }
    Ok((checked.program, sources, text))
}

pub fn run(voice: &Voice, file: &Path) -> u8 {
    let mut sources = SourceMap::default();
    let text = match read_script(file) {
        Ok(text) => text,
        Err(d) => {
            voice.tell(&[d], &sources);
            return exit::FAILED;
        }
    };
    let id = sources.add(file.display().to_string(), text);
    let world = voice.world(Some(file));
    let mut checked = Program::load_from(id, &mut sources, STD, &|path| world.read(path));
    if !checked.has_errors() {
        let mut found = super::lock::verify(voice, file, &checked.program, &sources, &world);
        checked.diagnostics.append(&mut found);
    }
    voice.tell(&checked.diagnostics, &sources);
    let errors = checked.diagnostics.iter().filter(|d| d.is_error()).count();
    let warnings = checked.diagnostics.len() - errors;
    if voice.format == Format::Text {
        let count = |n: usize, what: &str| if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") };
        voice.say(&match (errors, warnings) {
            (0, 0) => format!("{}: no mistakes found", file.display()),
            _ => format!("{}: {}, {}", file.display(), count(errors, "error"), count(warnings, "warning")),
        });
    }
    if errors > 0 { exit::FAILED } else { exit::DONE }
}

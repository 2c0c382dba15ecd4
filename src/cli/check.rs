//! `dbf check FILE`, with `--fix` for the edits that the help lines name.

use super::world::read_script;
use super::{Format, Voice, exit};
use crate::builtins::STD;
use crate::check::{Checked, Program};
use crate::source::file::BYTE_ORDER_MARK;
use crate::source::fix::apply;
use crate::source::world::World;
use crate::source::{Diagnostic, Fix, SourceMap, codes};
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
    // Advice on rules belongs to `dbf check`: who runs a script has read it there.
    checked.diagnostics.retain(|d| !d.code.is_advice_on_rules());
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

pub fn run(voice: &Voice, file: &Path, fix: bool) -> u8 {
    let text = match read_script(file) {
        Ok(text) => text,
        Err(d) => {
            voice.tell(&[d], &SourceMap::default());
            return exit::FAILED;
        }
    };
    let text = if fix {
        match mend(voice, file, text) {
            Ok(text) => text,
            Err(code) => return code,
        }
    } else {
        text
    };
    let mut sources = SourceMap::default();
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

/// A mended item can show mistakes that its first one hid, so there are a few rounds.
const ROUNDS: usize = 8;

/// Makes the likeliest edit for each mistake, tells each, and writes the file back.
fn mend(voice: &Voice, file: &Path, text: String) -> Result<String, u8> {
    let name = file.display();
    let world = voice.world(Some(file));
    let bare = text.strip_prefix(BYTE_ORDER_MARK);
    let mark = if bare.is_some() { BYTE_ORDER_MARK.to_string() } else { String::new() };
    let mut now = bare.unwrap_or(&text).to_string();
    let mut told = 0;
    for _ in 0..ROUNDS {
        let mut sources = SourceMap::default();
        let id = sources.add(name.to_string(), now.as_str());
        let checked = Program::load_from(id, &mut sources, STD, &|path| world.read(path));
        let own = |f: &&Fix| f.edits.iter().all(|(span, _)| span.source == id);
        let likeliest = checked.diagnostics.iter().filter_map(|d| d.fixes.first()).filter(own);
        let fixes: Vec<Fix> = likeliest.map(|f| with_line_ends_of(&now, f)).collect();
        let fixes: Vec<&Fix> = fixes.iter().collect();
        let (mended, applied) = apply(&now, &fixes);
        if applied.is_empty() {
            break;
        }
        for fix in applied.iter().filter_map(|&at| fixes.get(at)) {
            let start = fix.edits.first().map_or(0, |(span, _)| span.start as usize);
            let (line, column) = sources.file(id).map_or((0, 0), |f| f.locate(start));
            if voice.format == Format::Text {
                voice.say(&format!("{name}:{line}:{column}: {}", fix.title));
            }
            told += 1;
        }
        now = mended;
    }
    if told > 0
        && let Err(why) = std::fs::write(file, format!("{mark}{now}"))
    {
        let d = Diagnostic::new(codes::OUTPUT, format!("cannot write `{name}`: {why}"));
        voice.tell(&[d.help("nothing was changed")], &SourceMap::default());
        return Err(exit::FAILED);
    }
    Ok(now)
}

/// A fix whose new lines end as those of the file do.
fn with_line_ends_of(text: &str, fix: &Fix) -> Fix {
    let mut fix = fix.clone();
    if text.contains("\r\n") {
        for (_, with) in &mut fix.edits {
            *with = with.replace('\n', "\r\n");
        }
    }
    fix
}

//! `dbf diff A [B]`: what would change, before it does.

use super::asking::{bad_day, ready};
use super::{Format, Voice, exit};
use crate::policy::Verdict;
use crate::source::{Diagnostic, codes};
use crate::suite::diff::{Change, Diff, Side, diff};
use std::path::{Path, PathBuf};

/// Rows or groups that are listed of each kind.
const LISTED: usize = 10;

/// The arguments of `diff`.
pub struct Request {
    pub before: PathBuf,
    pub after: Option<PathBuf>,
    pub on: Option<String>,
    /// One day for both, or two days.
    pub as_of: Vec<String>,
}

pub fn run(voice: &Voice, request: &Request) -> u8 {
    let (first, second) = match request.as_of.as_slice() {
        [] => (None, None),
        [one] => (Some(one.as_str()), Some(one.as_str())),
        [one, two, ..] => (Some(one.as_str()), Some(two.as_str())),
    };
    if let Some(day) = bad_day(&request.as_of) {
        voice.say(&format!("`{day}` is not a day of the calendar; write `--as-of 2026-01-01,2027-01-01`"));
        return exit::USAGE;
    }
    let after = request.after.as_deref().unwrap_or(&request.before);
    if request.after.is_none() && first == second {
        voice.say("what with? give a second script, or two days: `--as-of 2026-01-01,2027-01-01`");
        return exit::USAGE;
    }
    let found = side(voice, &request.before, first, |a| {
        side(voice, after, second, |b| {
            diff(a, b, request.on.as_deref()).map_err(|found| {
                voice.tell(&found, &Default::default());
                exit::FAILED
            })
        })
    });
    let found = match found {
        Ok(found) => found,
        Err(code) => return code,
    };
    if found.compared == 0 && found.changes.is_empty() {
        let d = Diagnostic::new(codes::BAD_POLICY, "neither side checks anything here")
            .help("add `check POLICY on DATASET` to both scripts");
        voice.tell(&[d], &Default::default());
        return exit::FAILED;
    }
    match voice.format {
        Format::Json => voice.json(&found),
        Format::Text => voice.say(&text(&found)),
    }
    exit::DONE
}

fn side<T>(
    voice: &Voice,
    file: &Path,
    as_of: Option<&str>,
    then: impl FnOnce(&Side) -> Result<T, u8>,
) -> Result<T, u8> {
    ready(voice, file, |program, _, stages, store| then(&Side { program, stages, store, as_of }))
}

fn text(found: &Diff) -> String {
    let mut out = Vec::new();
    for change in &found.changes {
        let word = |v: Option<Verdict>| v.map_or("not there", Verdict::word);
        let verdicts = if change.before == change.after {
            format!("{} as before", word(change.after))
        } else {
            format!("{} → {}", word(change.before), word(change.after))
        };
        out.push(format!("{}: {}: {verdicts}", change.check, change.constraint));
        if change.before != change.after {
            for (label, why) in [("before", &change.why_before), ("after", &change.why_after)] {
                out.extend(why.as_ref().map(|why| format!("  {label:<7} {why}")));
            }
        }
        items(change, &mut out);
    }
    let changed = found.changes.iter().filter(|c| c.before != c.after).count();
    out.push(format!(
        "{} of {} constraints change their verdict, {} more for other rows; digest {}",
        changed,
        found.compared.max(changed),
        found.changes.len() - changed,
        found.digest
    ));
    out.join("\n")
}

fn items(change: &Change, out: &mut Vec<String>) {
    out.extend(change.withheld.as_ref().map(|why| format!("  {why}")));
    for (label, items) in [("begin to fail", &change.begin), ("no longer fail", &change.end)] {
        if items.is_empty() {
            continue;
        }
        out.push(format!("  {label}: {}", items.len()));
        out.extend(items.iter().take(LISTED).map(|i| format!("    {} — `{}`", i.name, i.clause)));
        if items.len() > LISTED {
            out.push(format!("    … and {} more", items.len() - LISTED));
        }
    }
}

//! What `why` and `diff` need before they ask: a checked script, a place for generators, a device.

use super::{Voice, check, exit};
use crate::check::Program;
use crate::source::SourceMap;
use crate::suite::run::Stages;
use crate::suite::store::Store;
use std::path::Path;
use std::sync::Arc;

/// Reads and checks a script, and hands over everything to ask it; what is wrong has been told when this is `Err`.
pub fn ready<T>(
    voice: &Voice,
    file: &Path,
    then: impl FnOnce(&Program, &SourceMap, &Stages, &Store) -> Result<T, u8>,
) -> Result<T, u8> {
    let (program, sources, _) = check::load(voice, file, true)?;
    let store = Store::at(&Path::new("out").join(super::run::name_of(&program, file)));
    let world = voice.world(Some(file));
    let device = super::run::device("auto").map_err(|why| {
        voice.say(&why);
        exit::USAGE
    })?;
    let stages = Stages { world: &world, device, meter: Arc::new(voice.meter()) };
    then(&program, &sources, &stages, &store)
}

/// The first of some days that the calendar does not have.
pub fn bad_day<'a>(days: impl IntoIterator<Item = &'a String>) -> Option<&'a String> {
    days.into_iter().find(|day| chrono::NaiveDate::parse_from_str(day, "%Y-%m-%d").is_err())
}

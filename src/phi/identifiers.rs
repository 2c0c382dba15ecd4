//! Identifiers announced by words: `MRN`, `Member ID:`, `serial no.`, `license plate`.

use super::codes;
use super::cues::{Cue, IDENTIFIERS, Needs};
use super::kind::Kind;
use super::scan::Found;
use super::token::{Class, Note, Shape};
use std::sync::LazyLock;

/// Words between a cue and its value.
const FILLERS: &[&str] = &[
    "number",
    "numbers",
    "no",
    "nr",
    "num",
    "id",
    "identifier",
    "identification",
    "code",
    "is",
    "was",
    "are",
    "of",
    "ending",
    "in",
    "with",
    "the",
    "reads",
    "template",
    "file",
    "hash",
    "record",
    "band",
    "wristband",
    "bracelet",
    "label",
    "sticker",
    "ref",
    "reference",
    "recorded",
    "stored",
    "as",
    "for",
    "plate",
    "card",
    "under",
    "labeled",
    "labelled",
    "key",
    "sample",
    "scan",
    "expiring",
    "last",
    "four",
    "digits",
    "state",
    "policy",
    "member",
    "lic",
    "lot",
    "on",
    "tag",
    "enrolled",
    "changed",
    "to",
];

/// Words that announce a value themselves.
const ANNOUNCERS: &[&str] =
    &["number", "no", "nr", "num", "id", "identifier", "identification", "code", "is", "ending", "reads", "plate"];

/// The cues by the first letter of their first word.
static BY_LETTER: LazyLock<[Vec<&'static Cue>; 26]> = LazyLock::new(|| {
    let letter = |cue: &Cue| usize::from(cue.phrase.as_bytes().first().copied().unwrap_or(b'a').wrapping_sub(b'a'));
    std::array::from_fn(|i| IDENTIFIERS.iter().filter(|cue| letter(cue) == i).collect())
});

/// An identifier behind the cue that starts at token `i`.
pub fn cued(note: &Note, i: usize) -> Option<Found> {
    let letter = note.str(i).bytes().next()?.to_ascii_lowercase().wrapping_sub(b'a');
    let (cue, end) = BY_LETTER
        .get(usize::from(letter))?
        .iter()
        .filter_map(|cue| Some((cue, phrase(note, i, cue.phrase)?)))
        .max_by_key(|(_, end)| *end)?;
    let mut at = end + 1;
    let mut announced = false;
    for _ in 0..8 {
        if note.any(at, FILLERS) && !(note.glued(at + 1) && (note.digits(at + 1) > 0 || note.mark(at + 1, b'-'))) {
            announced |= note.any(at, ANNOUNCERS);
        } else if note.at(at).is_some_and(|t| matches!(t.mark, b':' | b'#' | b'=')) {
            announced = true;
        } else if !note.at(at).is_some_and(|t| matches!(t.mark, b'.' | b'-' | b'(' | b'/' | b'*' | b',' | b'"')) {
            break;
        }
        at += 1;
    }
    // "Policy Number\n123": a value may stand on the next line, but not behind a blank one's worth of other words.
    let last = value(note, at, cue)?;
    if cue.needs == Needs::Mark && !announced {
        // "account 1042319901": right behind the word, and long.
        let digits = note.slice(at, last).bytes().filter(u8::is_ascii_digit).count();
        let plate =
            cue.rule == "vehicle.plate" && digits >= 3 && note.slice(at, last).bytes().any(|b| b.is_ascii_uppercase());
        if at != end + 1 || note.glued(at) || digits < 5 && !plate {
            return None;
        }
    }
    Some(Found::new(at, last, cue.kind, cue.rule))
}

/// The last token of the phrase when it starts at `i`; hyphens and apostrophes between its words are passed over.
fn phrase(note: &Note, i: usize, phrase: &str) -> Option<usize> {
    let (mut at, mut last) = (i, None);
    for word in phrase.split(' ') {
        if last.is_some()
            && (note.mark(at, b'-') || note.mark(at, b'\'') || note.mark(at, b'/') || note.str(at) == "\u{2019}")
        {
            at += 1;
        }
        if !note.is(at, word) {
            return None;
        }
        last = Some(at);
        at += 1;
    }
    last
}

/// The last token of the value at `at`, if one stands there.
fn value(note: &Note, at: usize, cue: &Cue) -> Option<usize> {
    if note.at(at).is_none_or(|t| t.class == Class::Mark) {
        return None;
    }
    let mut last =
        codes::run(note, at, if cue.kind == Kind::Device || cue.kind == Kind::Biometric { b"-/._:" } else { b"-/._" });
    let count = |last: usize, test: fn(&u8) -> bool| note.slice(at, last).bytes().filter(test).count();
    let plate = cue.rule == "vehicle.plate";
    // A plate may be letters, a blank and digits; long numbers are written in groups.
    let letters_first = note.word(at) && note.shape(at) != Some(Shape::Lower) && note.str(at).len() <= 3;
    if plate && last == at && (letters_first || note.digits(at) > 0) && !note.breaks(at + 1) {
        let next = codes::run(note, at + 1, b"-");
        let fits = note.digits(at + 1) > 0 && note.digits(at + 1) <= 4
            || note.digits(at) > 0 && note.shape(at + 1) == Some(Shape::Upper);
        if fits {
            last = next;
        }
    }
    if (2..=4).contains(&note.digits(last)) || note.shape(at) == Some(Shape::Upper) && last == at {
        while last < at + 8
            && (2..=6).contains(&note.digits(last + 1))
            && !note.glued(last + 1)
            && !note.breaks(last + 1)
            && !note.glued(last + 2)
        {
            last += 1;
        }
    }
    let (digits, letters) = (count(last, u8::is_ascii_digit), count(last, u8::is_ascii_alphabetic));
    if cue.kind == Kind::Ssn {
        return (digits >= 4 && letters <= 5).then_some(last);
    }
    let long = digits + letters >= if plate { 4 } else { 5 } || digits >= 4;
    let capitals = note.slice(at, last).bytes().all(|b| !b.is_ascii_lowercase());
    let plausible = digits >= 2 && (capitals || digits >= 3 || cue.kind == Kind::Biometric);
    // A date, a dose or a share is no identifier; a record number may have a date's form.
    let record = ["mrn", "medical record", "med rec"].contains(&cue.phrase);
    let dated = !record && super::dates::numeric(note, at).is_some();
    let aged = (at..=last).any(|p| note.any(p, &["year", "month", "week", "day", "yo"]));
    let decimal = aged || note.slice(at, last).parse::<f64>().is_ok() && note.slice(at, last).contains('.');
    (long && plausible && !dated && !decimal && !note.mark(last + 1, b'%')).then_some(last)
}

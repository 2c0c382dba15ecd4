//! Codes known by their form: vehicle identification numbers, media access addresses, unique ids, Medicare ids, names of
//! picture and sound files.

use super::kind::Kind;
use super::scan::Found;
use super::token::{Class, Note};

/// How many tokens a code is followed.
const REACH: usize = 40;

/// The last token of a run without white space of words, numbers and the given marks that starts at `i`; a mark at its
/// end is left out.
pub fn run(note: &Note, i: usize, marks: &[u8]) -> usize {
    let mut last = i;
    while last < i + REACH
        && note.glued(last + 1)
        && note.at(last + 1).is_some_and(|t| t.class != Class::Mark || marks.contains(&t.mark))
    {
        last += 1;
    }
    while last > i && note.at(last).is_some_and(|t| t.class == Class::Mark) {
        last -= 1;
    }
    last
}

/// A code that starts at token `i`.
pub fn at(note: &Note, i: usize) -> Option<Found> {
    if !note.glued(i + 1)
        || note.glued(i)
            && i > 0
            && note
                .at(i - 1)
                .is_some_and(|t| t.class != Class::Mark || matches!(t.mark, b'-' | b':' | b'.' | b'_' | b'/'))
    {
        return None;
    }
    let last = run(note, i, b"-:._()");
    if last == i {
        return None;
    }
    let text = note.slice(i, last);
    let (kind, rule) = form(text)?;
    Some(Found::new(i, last, kind, rule))
}

/// What a text is by its form, all of it.
pub fn form(text: &str) -> Option<(Kind, &'static str)> {
    let bytes = text.as_bytes();
    match bytes.len() {
        17 if vin(text) => return Some((Kind::Vehicle, "vehicle.vin")),
        17 if groups(text, &[2, 2, 2, 2, 2, 2], b":-") => return Some((Kind::Device, "device.mac")),
        36 if groups(text, &[8, 4, 4, 4, 12], b"-") => return Some((Kind::Other, "other.uuid")),
        11 | 13 if medicare(text) => return Some((Kind::HealthPlan, "plan.medicare")),
        _ => {}
    }
    if let Some((stem, ending)) = text.rsplit_once('.') {
        let named = !stem.is_empty() && stem.bytes().any(|b| b.is_ascii_digit() || b == b'_' || b == b'-');
        if named
            && ["jpg", "jpeg", "png", "heic", "gif", "bmp", "tif", "tiff"]
                .iter()
                .any(|e| e.eq_ignore_ascii_case(ending))
        {
            return Some((Kind::Photo, "photo.file"));
        }
        if named && ["wav", "mp3", "m4a", "flac"].iter().any(|e| e.eq_ignore_ascii_case(ending)) {
            return Some((Kind::Biometric, "biometric.file"));
        }
    }
    // An object identifier long enough to name one image or one examination (DICOM PS3.5, 9).
    let oid = bytes.len() >= 30
        && bytes.iter().all(|b| b.is_ascii_digit() || *b == b'.')
        && bytes.iter().filter(|b| **b == b'.').count() >= 5;
    if oid {
        return Some((Kind::Other, "other.uid"));
    }
    // A unique device identifier carries a serial number behind (21) (GS1 General Specifications).
    if text.starts_with("(01)") && text.contains("(21)") || text.starts_with("01)") && text.contains("(21)") {
        return Some((Kind::Device, "device.udi"));
    }
    None
}

/// Groups of hexadecimal digits of these lengths, one separator throughout.
fn groups(text: &str, lengths: &[usize], separators: &[u8]) -> bool {
    separators.iter().any(|s| {
        let mut parts = text.split(char::from(*s));
        lengths.iter().all(|n| parts.next().is_some_and(|p| p.len() == *n && p.bytes().all(|b| b.is_ascii_hexdigit())))
            && parts.next().is_none()
    })
}

/// Whether a vehicle identification number has a good check digit in its ninth place (49 CFR 565.15). Not every
/// country asks for one.
pub fn vin(text: &str) -> bool {
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let value = |b: u8| -> Option<u32> {
        Some(match b.to_ascii_uppercase() {
            d @ b'0'..=b'9' => u32::from(d - b'0'),
            c @ b'A'..=b'H' => u32::from(c - b'A') + 1,
            c @ b'J'..=b'N' => u32::from(c - b'J') + 1,
            b'P' => 7,
            b'R' => 9,
            c @ b'S'..=b'Z' => u32::from(c - b'S') + 2,
            _ => return None,
        })
    };
    let mut sum = 0;
    for (b, weight) in text.bytes().zip(WEIGHTS) {
        match value(b) {
            Some(v) => sum += v * weight,
            None => return false,
        }
    }
    let check = match sum % 11 {
        10 => b'X',
        d => b'0' + u8::try_from(d).unwrap_or(0),
    };
    text.len() == 17
        && text.as_bytes().get(8).is_some_and(|b| b.to_ascii_uppercase() == check)
        && text.bytes().any(|b| b.is_ascii_alphabetic())
}

/// A Medicare beneficiary identifier: `1EG4-TE5-MK73` (CMS: places of letters and digits are fixed, no S, L, O, I, B, Z).
fn medicare(text: &str) -> bool {
    if text.len() == 13 && !(text.as_bytes().get(4) == Some(&b'-') && text.as_bytes().get(8) == Some(&b'-')) {
        return false;
    }
    let letter = |b: u8| b.is_ascii_uppercase() && !b"SLOIBZ".contains(&b);
    let places: Vec<u8> = text.bytes().filter(|b| *b != b'-').collect();
    places.len() == 11
        && places.iter().zip("CAXNAXNAANN".bytes()).all(|(b, place)| match place {
            b'C' => (b'1'..=b'9').contains(b),
            b'A' => letter(*b),
            b'X' => letter(*b) || b.is_ascii_digit(),
            _ => b.is_ascii_digit(),
        })
}

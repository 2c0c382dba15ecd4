//! Numbers known by their form: telephone and fax numbers, social security numbers, payment cards.

use super::kind::Kind;
use super::scan::Found;
use super::token::Note;

const PHONE_WORDS: &[&str] = &[
    "phone",
    "telephone",
    "tel",
    "ph",
    "cell",
    "mobile",
    "call",
    "called",
    "pager",
    "beeper",
    "contact",
    "number",
    "home",
    "work",
    "office",
    "callback",
    "reach",
    "reached",
    "text",
    "dial",
    "line",
    "hotline",
    "cellphone",
    "voicemail",
];

/// Whether a number starts at token `i` and is not the rest of another.
fn starts(note: &Note, i: usize) -> bool {
    if !note.glued(i) || i == 0 {
        return true;
    }
    if note.word(i - 1) || note.digits(i - 1) > 0 {
        return false;
    }
    !(note.at(i - 1).is_some_and(|t| matches!(t.mark, b'-' | b'.' | b'/' | b'_'))
        && i > 1
        && note.glued(i - 1)
        && (note.digits(i - 2) > 0 || note.word(i - 2)))
}

fn ends(note: &Note, last: usize) -> bool {
    let next = last + 1;
    if !note.glued(next) {
        return true;
    }
    if note.word(next) || note.digits(next) > 0 {
        return note.any(next, &["x", "ext"]);
    }
    let goes_on = note.at(next).is_some_and(|t| matches!(t.mark, b'-' | b'.' | b'/' | b'_'))
        && note.glued(next + 1)
        && note.digits(next + 1) > 0;
    !goes_on && !note.mark(next, b'%')
}

/// The separator between groups of digits: how many tokens it takes (0 for white space), if there is one.
fn link(note: &Note, i: usize) -> Option<usize> {
    if note.breaks(i) {
        return None;
    }
    match note.at(i)?.mark {
        b'-' | b'.' => Some(1),
        _ if note.digits(i) > 0 && !note.glued(i) => Some(0),
        _ if !note.at(i)?.mark.is_ascii() || note.str(i) == "\u{2013}" || note.str(i) == "\u{2011}" => Some(1),
        _ => None,
    }
}

/// `(617) 555-0143`, `617-555-0143`, `617.555.0143`, `+44 20 7946 0958`, `555-0143` beside a word about telephones. A
/// fax when a word says so.
pub fn phone(note: &Note, i: usize) -> Option<Found> {
    let last = north_american(note, i).or_else(|| international(note, i)).or_else(|| local(note, i))?;
    let last = extension(note, last);
    let fax = note.before(i, 5, &["fax", "facsimile", "telefax"])
        && !note.before(i, 2, &["phone", "telephone", "tel", "cell", "mobile"])
        || note.is(last + 1, "fax") && !note.mark(last + 2, b':') && !note.breaks(last + 1)
        || note.mark(last + 1, b'(') && note.is(last + 2, "fax") && note.mark(last + 3, b')')
        || i >= 2 && note.mark(i - 1, b':') && note.str(i - 2) == "F";
    Some(if fax { Found::new(i, last, Kind::Fax, "fax") } else { Found::new(i, last, Kind::Telephone, "phone") })
}

/// `x123`, `ext. 123` behind a number.
fn extension(note: &Note, last: usize) -> usize {
    let comma = usize::from(note.mark(last + 1, b','));
    let at = last + 1 + comma;
    if !note.any(at, &["x", "ext", "extension"]) || note.breaks(at) {
        return last;
    }
    let dot = usize::from(note.mark(at + 1, b'.'));
    if (1..=6).contains(&note.digits(at + 1 + dot)) { at + 1 + dot } else { last }
}

/// Area code and exchange start with 2 to 9 (North American Numbering Plan).
fn north_american(note: &Note, i: usize) -> Option<usize> {
    if !starts(note, i) {
        return None;
    }
    let mut at = i;
    let plus = note.mark(at, b'+');
    at += usize::from(plus);
    let trunk = note.digits(at) == 1 && note.is(at, "1");
    if trunk {
        let behind = at + 1;
        at = if note.mark(behind, b'(') { behind } else { behind + link(note, behind)? };
    }
    let paren = note.mark(at, b'(');
    at += usize::from(paren);
    let leading = |at: usize| note.digits(at) == 3 && note.number(at, 3, 3).is_some_and(|n| n >= 200);
    // Ten digits in a row: with a plus, a trunk prefix or a word.
    if note.digits(at) == 10 && !paren {
        let told = plus || trunk || note.before(i, 3, PHONE_WORDS) || note.before(i, 3, &["fax"]);
        let first = note.str(at).as_bytes().first().copied().unwrap_or(0);
        return (told && first >= b'2' && ends(note, at) && note.str(at).as_bytes().get(3).is_some_and(|d| *d >= b'2'))
            .then_some(at);
    }
    if !leading(at) {
        return None;
    }
    at += 1;
    if paren {
        if !note.mark(at, b')') {
            return None;
        }
        at += 1;
        at += usize::from(note.mark(at, b'-'));
    } else {
        at += usize::from(note.mark(at, b'/'));
        at += link(note, at)?;
    }
    if note.breaks(at) || !leading(at) {
        return None;
    }
    let spaced = note.at(at).is_some_and(|t| t.gap) && !paren;
    let step = link(note, at + 1)?;
    let last = at + 1 + step;
    // Three numbers apart by blanks are a telephone number only if something says so.
    let told = !spaced || step == 1 || plus || trunk || note.before(i, 4, PHONE_WORDS) || note.before(i, 4, &["fax"]);
    (note.digits(last) == 4 && told && ends(note, last)).then_some(last)
}

/// `+44 20 7946 0958`, and `020 7946 0958` beside a word about telephones: 8 to 15 digits (ITU-T E.164).
fn international(note: &Note, i: usize) -> Option<usize> {
    let plus = note.mark(i, b'+');
    if !starts(note, i)
        || !plus && !(note.str(i).starts_with('0') && (note.before(i, 4, PHONE_WORDS) || note.before(i, 4, &["fax"])))
    {
        return None;
    }
    let mut at = i + usize::from(plus);
    if plus && !note.glued(at) || note.digits(at) == 0 {
        return None;
    }
    let (mut digits, mut last) = (note.digits(at), at);
    for _ in 0..7 {
        at = last + 1;
        if note.mark(at, b'(') && note.digits(at + 1) > 0 && note.mark(at + 2, b')') {
            digits += note.digits(at + 1);
            last = at + 2;
            continue;
        }
        let Some(step) = link(note, at) else { break };
        let next = at + step;
        if note.digits(next) < 2 && note.digits(next) != 1 || note.breaks(next) || digits + note.digits(next) > 15 {
            break;
        }
        digits += note.digits(next);
        last = next;
    }
    let least = if plus { 8 } else { 10 };
    ((least..=15).contains(&digits) && ends(note, last)).then_some(last)
}

/// `555-0143`, `pager 12345`.
fn local(note: &Note, i: usize) -> Option<usize> {
    if !starts(note, i) {
        return None;
    }
    let form = note.digits(i) == 3
        && (note.mark(i + 1, b'-') || note.mark(i + 1, b'.'))
        && note.digits(i + 2) == 4
        && note.glued(i + 2)
        && ends(note, i + 2);
    if form && (note.before(i, 3, PHONE_WORDS) || note.before(i, 3, &["fax"])) {
        return Some(i + 2);
    }
    let beeper = (4..=7).contains(&note.digits(i)) && ends(note, i) && note.before(i, 2, &["pager", "beeper", "ext"]);
    beeper.then_some(i)
}

/// Whether nine digits can be a social security number: no area 000, 666 or 900 to 999, no group 00, no serial 0000 (SSA).
pub fn possible_ssn(digits: &str) -> bool {
    let (Some(area), Some(group), Some(serial)) = (digits.get(..3), digits.get(3..5), digits.get(5..9)) else {
        return false;
    };
    digits.len() == 9 && area != "000" && area != "666" && !area.starts_with('9') && group != "00" && serial != "0000"
}

/// `219-09-9999`, `219 09 9999`, `xxx-xx-1234`. A number that the agency never gives out is none.
pub fn social_security(note: &Note, i: usize) -> Option<Found> {
    if note.digits(i) != 3 || !starts(note, i) {
        return None;
    }
    let first = link(note, i + 1)?;
    let group = i + 1 + first;
    if note.digits(group) != 2 {
        return None;
    }
    let last = group + 1 + link(note, group + 1)?;
    let blanks = first == 0;
    let told = !blanks || note.before(i, 4, &["ssn", "social", "security", "ss"]);
    let digits = [note.str(i), note.str(group), note.str(last)].concat();
    (told && note.digits(last) == 4 && possible_ssn(&digits) && ends(note, last))
        .then(|| Found::new(i, last, Kind::Ssn, "ssn.form"))
}

/// Whether the last digit is the Luhn check digit of the others (ISO/IEC 7812-1). Other characters are passed over.
pub fn luhn(text: &str) -> bool {
    let digits = text.bytes().rev().filter(u8::is_ascii_digit).map(|b| u32::from(b - b'0'));
    let sum: u32 = digits.enumerate().map(|(i, d)| if i % 2 == 0 { d } else { d * 2 / 10 + d * 2 % 10 }).sum();
    sum.is_multiple_of(10) && text.bytes().any(|b| b.is_ascii_digit())
}

/// A payment card: 13 to 19 digits, in groups or not, with a good check digit and a first digit in use.
pub fn card(note: &Note, i: usize) -> Option<Found> {
    let first = note.digits(i);
    if !(first == 4 || (13..=19).contains(&first)) || !starts(note, i) {
        return None;
    }
    let mut last = i;
    while first == 4 && last < i + 8 {
        let Some(step) = link(note, last + 1) else { break };
        let next = last + 1 + step;
        if !(3..=6).contains(&note.digits(next)) {
            break;
        }
        last = next;
    }
    let text = note.slice(i, last);
    let count = text.bytes().filter(u8::is_ascii_digit).count();
    let scheme = matches!(text.as_bytes().first(), Some(b'3'..=b'6'));
    ((13..=19).contains(&count) && scheme && luhn(text) && ends(note, last))
        .then(|| Found::new(i, last, Kind::Account, "account.card"))
}

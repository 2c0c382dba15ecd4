//! Dates finer than a year. A year alone is none, nor is a time.

use super::kind::Kind;
use super::lexicon::Flags;
use super::scan::Found;
use super::token::{Note, Shape};

const SHORT: &[&str] = &["jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec"];

/// Words that make a day and a month of `3/14`.
const DATE_WORDS: &[&str] = &[
    "on",
    "since",
    "until",
    "till",
    "dated",
    "date",
    "dob",
    "dos",
    "admitted",
    "discharged",
    "admission",
    "discharge",
    "due",
    "from",
    "through",
    "thru",
    "before",
    "after",
    "by",
    "seen",
    "visit",
    "appointment",
    "appt",
    "scheduled",
    "planned",
    "for",
    "booked",
    "starting",
    "started",
    "began",
    "ending",
    "effective",
    "performed",
    "drawn",
    "collected",
    "obtained",
    "received",
    "sent",
    "labs",
    "surgery",
    "dc",
    "lmp",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "mon",
    "tue",
    "tues",
    "wed",
    "thu",
    "thurs",
    "fri",
];

/// Words beside which `3/5` is a score or a share.
const SCORE_WORDS: &[&str] = &[
    "strength",
    "power",
    "motor",
    "pain",
    "scale",
    "grade",
    "graded",
    "rated",
    "reflexes",
    "reflex",
    "murmur",
    "pulses",
    "pulse",
    "score",
    "bp",
    "pressure",
    "vision",
    "acuity",
    "gcs",
    "apgar",
    "apgars",
    "flexion",
    "extension",
    "bilaterally",
    "muscle",
    "mrc",
    "extremity",
    "extremities",
    "ratio",
    "stage",
    "cytokeratin",
    "ck",
    "v",
    "vs",
    "versus",
];

/// Strong enough for scores' own shapes (`5/5`, `7/10`).
const FIRM_WORDS: &[&str] = &[
    "dated",
    "date",
    "dob",
    "dos",
    "admitted",
    "discharged",
    "scheduled",
    "appointment",
    "due",
    "visit",
    "lmp",
    "surgery",
];

fn year4(note: &Note, i: usize) -> bool {
    note.number(i, 4, 4).is_some_and(|y| (1850..=2199).contains(&y))
}

fn day(note: &Note, i: usize) -> bool {
    note.number(i, 1, 2).is_some_and(|d| (1..=31).contains(&d))
}

fn month_number(note: &Note, i: usize) -> bool {
    note.number(i, 1, 2).is_some_and(|m| (1..=12).contains(&m))
}

/// Whether `a` and `b` can be month and day in one order or the other.
fn day_and_month(note: &Note, a: usize, b: usize) -> bool {
    (month_number(note, a) && day(note, b)) || (day(note, a) && month_number(note, b))
}

/// Whether token `i` ends a number: nothing of it goes on (`1.2.3`, `3/4/5`, `2%`).
fn ends(note: &Note, i: usize) -> bool {
    let next = i + 1;
    let joined =
        note.glued(next) && (note.digits(next) > 0 || note.word(next) && !note.is(next, "t") || note.mark(next, b'%'));
    let goes_on = note.glued(next)
        && matches!(note.at(next).map(|t| t.mark), Some(b'.' | b'/' | b'-' | b','))
        && note.glued(next + 1)
        && note.digits(next + 1) > 0;
    !joined && !goes_on
}

fn starts(note: &Note, i: usize) -> bool {
    if !note.glued(i) {
        return true;
    }
    let Some(before) = i.checked_sub(1) else { return true };
    if note.word(before) || note.digits(before) > 0 {
        return false;
    }
    let number_before =
        before.checked_sub(1).is_some_and(|b| note.glued(before) && (note.digits(b) > 0 || note.word(b)));
    !(number_before && matches!(note.at(before).map(|t| t.mark), Some(b'.' | b'/' | b'-' | b'_' | b',' | b'^')))
}

/// `03/14/2021`, `14-3-21`, `2021-03-14`, `14.03.2021`, `03/2021`, and `3/14` beside a word about dates.
pub fn numeric(note: &Note, i: usize) -> Option<Found> {
    let found = |last, rule| Some(Found::new(i, last, Kind::Dates, rule));
    if let Some(stamp) = compact(note, i) {
        return Some(stamp);
    }
    let sign = note.at(i + 1)?.mark;
    if !matches!(sign, b'/' | b'-' | b'.')
        || !note.glued(i + 1)
        || !note.glued(i + 2)
        || note.digits(i + 2) == 0
        || !starts(note, i)
    {
        return None;
    }
    if note.joint(i + 3, sign) && note.glued(i + 4) {
        let (first, middle, last) = (i, i + 2, i + 4);
        if year4(note, first) && month_number(note, middle) && day(note, last) {
            // A time may be glued to it: 2021-03-14T08:30.
            let clock = note.is(last + 1, "t") && note.glued(last + 1) && note.digits(last + 2) == 2;
            if clock || ends(note, last) {
                return found(last, "date.iso");
            }
        }
        let short =
            note.digits(last) == 2 && (sign != b'.' || note.before(i, 4, DATE_WORDS) || day_two(note, first, middle));
        if day_and_month(note, first, middle) && (year4(note, last) || short) && ends(note, last) {
            return found(last, "date.numeric");
        }
        return None;
    }
    if !ends(note, i + 2) {
        return None;
    }
    // 03/2021, but not 12-1999 or 1.2021, which are ranges and numbers.
    if sign == b'/' && month_number(note, i) && year4(note, i + 2) {
        return found(i + 2, "date.month_year");
    }
    let two = (month_number(note, i) && day(note, i + 2) || day(note, i) && month_number(note, i + 2)) && sign != b'.';
    if !two || note.has(i + 3, Flags::UNIT.and(Flags::HEAD)) || note.before(i, 6, SCORE_WORDS) {
        return None;
    }
    let out_of = note.number(i + 2, 1, 2).unwrap_or(0);
    let score = matches!(out_of, 2..=6 | 8 | 10) && note.number(i, 1, 2).is_some_and(|n| n <= out_of);
    let cue = if score || sign == b'-' { FIRM_WORDS } else { DATE_WORDS };
    // A range of numbers with a hyphen (1-2) is a date only right behind its word.
    let reach = if sign == b'-' { 2 } else { 3 };
    // 1/26 is a day; 6/18 and 6/24 are sharpness of sight, 3/16 part of an inch.
    let (first, second) = (note.number(i, 1, 2).unwrap_or(0), out_of);
    let acuity =
        first == 6 && matches!(second, 15 | 18 | 24) || second == 16 && matches!(first, 1 | 3 | 5 | 7 | 9 | 11);
    let counted = i > 0 && (note.digits(i - 1) > 0 || note.mark(i - 1, b'('))
        || note.any(i + 3, &["patients", "cases", "eyes", "subjects", "samples", "specimens", "cores", "women", "men"]);
    if sign == b'/' && second >= 13 && !acuity && !counted && !note.mark(i + 3, b'(') {
        return found(i + 2, "date.day_month");
    }
    if note.before(i, reach, cue) || (!score && sign == b'/' && follows_date(note, i)) {
        return found(i + 2, "date.day_month");
    }
    // "on 5/5", right after the word and at the end of a clause.
    let right_after = i.checked_sub(1).is_some_and(|b| note.any(b, &["on", "dos", "lmp"]));
    let clause_ends = note.breaks(i + 3) || note.at(i + 3).is_some_and(|t| matches!(t.mark, b'.' | b',' | b';' | b')'));
    if score && sign == b'/' && right_after && clause_ends {
        return found(i + 2, "date.day_month");
    }
    None
}

/// Both parts written with two digits: `03.04.21`.
fn day_two(note: &Note, a: usize, b: usize) -> bool {
    note.digits(a) == 2 && note.digits(b) == 2
}

/// `3/14 and 3/16`, `3/14 - 3/16`: the second of two.
fn follows_date(note: &Note, i: usize) -> bool {
    let Some(link) = i.checked_sub(1) else { return false };
    let linked = note.any(link, &["and", "to", "through", "or"]) || note.mark(link, b'-') || note.mark(link, b',');
    linked
        && link >= 3
        && note.mark(link - 2, b'/')
        && note.digits(link - 1) > 0
        && note.digits(link - 3) > 0
        && note.before(link - 3, 3, DATE_WORDS)
}

/// `20210314` beside a word about dates.
fn compact(note: &Note, i: usize) -> Option<Found> {
    if note.digits(i) != 8 || !starts(note, i) || !ends(note, i) {
        return None;
    }
    let n = note.number(i, 8, 8)?;
    let (y, m, d) = (n / 10_000, n / 100 % 100, n % 100);
    let possible = (1900..=2099).contains(&y) && (1..=12).contains(&m) && (1..=31).contains(&d);
    let cue = note.before(i, 5, &["date", "dob", "born", "birth", "birthdate", "on", "dated", "studydate", "acquired"]);
    (possible && cue).then(|| Found::new(i, i, Kind::Dates, "date.compact"))
}

/// A month's name, long or short; `May` and `March` only written with a capital.
fn month_word(note: &Note, i: usize) -> bool {
    if !note.has(i, Flags::MONTH) {
        return false;
    }
    match note.shape(i) {
        Some(Shape::Capital) => true,
        Some(Shape::Upper) => note.str(i).len() > 3 || note.any(i, SHORT) || note.is(i, "may"),
        _ => note.str(i).len() > 3 && !note.any(i, &["march", "sept"]),
    }
}

/// The end of a year after token `i`, with an optional comma: `, 2021`, `'21`; four digits, or two after an apostrophe or
/// a hyphen.
fn year_after(note: &Note, i: usize) -> Option<usize> {
    let skip = usize::from(
        note.mark(i + 1, b',')
            || note.mark(i + 1, b'-')
            || note.mark(i + 1, b'/')
            || note.mark(i + 1, b'\'')
            || note.is(i + 1, "of"),
    );
    let at = i + 1 + skip;
    if note.breaks(at) {
        return None;
    }
    let short = skip == 1 && !note.mark(i + 1, b',') && !note.is(i + 1, "of") && note.digits(at) == 2 && note.glued(at);
    ((year4(note, at) || short) && ends(note, at)).then_some(at)
}

fn ordinal(note: &Note, i: usize) -> usize {
    if note.glued(i + 1) && note.any(i + 1, &["st", "nd", "rd", "th"]) { i + 1 } else { i }
}

/// `March 14, 2021`, `March 14`, `March 2021`, `in March`, `Mar 14`.
pub fn month(note: &Note, i: usize) -> Option<Found> {
    if !month_word(note, i) {
        return None;
    }
    let found = |last, rule| Some(Found::new(i, last, Kind::Dates, rule));
    let dot = usize::from(note.joint(i + 1, b'.') && note.any(i, SHORT));
    let mut at = i + dot + 1;
    if (note.mark(at, b'-') || note.mark(at, b'/')) && note.glued(at) && note.glued(at + 1) {
        at += 1;
    }
    if note.is(at, "the") && day(note, at + 1) {
        at += 1;
    }
    if !note.breaks(at) && day(note, at) && !(note.joint(at + 1, b'.') && note.glued(at + 2) && note.digits(at + 2) > 0)
    {
        let last = ordinal(note, at);
        if let Some(year) = year_after(note, last) {
            return found(year, "date.month_day_year");
        }
        // "may 2 tablets" and "May 5 mg": not with a unit; lower case says nothing for May.
        let modal = note.is(i, "may") && !note.capital(i);
        if !modal && !note.has(last + 1, Flags::UNIT) && ends(note, last) && !note.joint(last + 1, b':') {
            // A second day of the same month: "March 3-5", "March 3 and 5" only with the hyphen.
            let range =
                note.mark(last + 1, b'-') && day(note, last + 2) && note.glued(last + 2) && ends(note, last + 2);
            let end = if range { last + 2 } else { last };
            return found(year_after(note, end).unwrap_or(end), "date.month_day");
        }
    }
    if let Some(year) = year_after(note, i + dot) {
        return found(year, "date.month_year");
    }
    let long = note.str(i).len() > 4 || note.any(i, &["june", "july"]);
    let ambiguous = note.any(i, &["may", "march", "august", "april", "june"]);
    let before = i.checked_sub(1);
    let cue = before.is_some_and(|b| {
        !note.breaks(i)
            && note.any(
                b,
                &[
                    "in", "since", "last", "next", "early", "late", "mid", "of", "by", "until", "till", "this",
                    "during", "around", "from", "through", "before", "after",
                ],
            )
            || note.mark(b, b'-') && b > 0 && note.is(b - 1, "mid")
    });
    let name_follows = note.capital(i + 1)
        && !note.breaks(i + 1)
        && note.has(i + 1, Flags::SURNAME)
        && note.any(i, &["april", "june", "august", "may"]);
    if name_follows {
        return None;
    }
    if (long && !ambiguous) || (cue && note.str(i).len() > 2 && (!note.is(i, "may") || !note.is(i + 1, "be"))) {
        let word_long = long
            || note.is(i, "may")
            || note.any(i, SHORT) && note.capital(i) && dot == 0 && !note.any(i, &["mar", "jan", "dec", "sep"]);
        return if word_long { found(i, "date.month") } else { None };
    }
    None
}

/// `14 March 2021`, `14-Mar-2021`, `14Mar2021`, `the 14th of March`, `on the 14th`.
pub fn day_first(note: &Note, i: usize) -> Option<Found> {
    if !day(note, i) || !starts(note, i) {
        return None;
    }
    let number_end = ordinal(note, i);
    let mut at = number_end + 1;
    if (note.mark(at, b'-') || note.mark(at, b'/')) && note.glued(at)
        || note.is(at, "of")
        || note.mark(at, b',') && note.digits(i) > 0 && number_end > i
    {
        at += 1;
    }
    if !note.breaks(at) && month_word(note, at) {
        let dot = usize::from(note.joint(at + 1, b'.') && note.any(at, SHORT));
        let glued_year = note.glued(at + 1) && year4(note, at + 1);
        let year = if glued_year { Some(at + 1) } else { year_after(note, at + dot) };
        if let Some(year) = year {
            return Some(Found::new(i, year, Kind::Dates, "date.day_month_year"));
        }
        let modal =
            note.is(at, "may") && !(number_end > i || note.before(i, 2, &["on", "since", "the", "from", "until"]));
        let march = note.is(at, "march") && !note.capital(at);
        if !modal && !march {
            return Some(Found::new(i, at, Kind::Dates, "date.day_month"));
        }
    }
    let on_the = number_end > i
        && i >= 2
        && note.is(i - 1, "the")
        && note.any(i - 2, &["on", "until", "by", "since", "from", "before", "after"]);
    let clause = note.breaks(number_end + 1)
        || note.at(number_end + 1).is_some_and(|t| matches!(t.mark, b'.' | b',' | b';' | b')'))
        || note.any(number_end + 1, &["at", "and", "for", "with", "of", "in", "to", "but", "she", "he", "when"]);
    (on_the && clause).then(|| Found::new(i - 1, number_end, Kind::Dates, "date.day"))
}

//! Ages over 89. "90 or older" is the category that the rule allows, and is none.

use super::kind::Kind;
use super::lexicon::Flags;
use super::scan::Found;
use super::token::Note;

/// Nobody is older.
const OLDEST: u32 = 125;

/// Whether an age in years is one that Safe Harbor asks to be merged into "90 or older": more than 89 completed years.
/// Not a number is no age, nor is one beyond 125.
pub fn age_over_89(age: f64) -> bool {
    (90.0..=f64::from(OLDEST)).contains(&age)
}

/// Whether someone born in `year` is, or turns during the year `as_of`, more than 89: the year of birth then tells an age
/// over 89 and must go too. False for years further back than anyone lives, and for years to come.
pub fn birth_year_over_89(year: i32, as_of: i32) -> bool {
    i64::from(as_of).checked_sub(i64::from(year)).is_some_and(|age| (90..=i64::from(OLDEST)).contains(&age))
}

fn age(note: &Note, i: usize) -> bool {
    note.number(i, 2, 3).is_some_and(|n| age_over_89(f64::from(n)))
}

/// Whether words behind token `i` open the category upwards: `90 or older`, `90+`.
fn open_ended(note: &Note, i: usize) -> bool {
    note.mark(i + 1, b'+')
        || note.any(i + 1, &["or", "and"]) && note.any(i + 2, &["older", "over", "above", "more", "up", "greater"])
}

/// `91 y/o`, `91-year-old`, `aged 91`, `age: 91`, `91 years of age`, `91F with`.
pub fn digits(note: &Note, i: usize) -> Option<Found> {
    if !age(note, i)
        || note.glued(i) && i > 0 && (note.word(i - 1) || note.joint(i - 1, b'.') || note.joint(i - 1, b'/'))
    {
        return None;
    }
    let found = |rule| Some(Found::new(i, i, Kind::AgesOver89, rule));
    let bound = i > 0
        && (note.any(i - 1, &["over", "under", "than", "least", "above"])
            || note.at(i - 1).is_some_and(|t| t.mark == b'>' || t.mark == b'=' || t.mark == b'<'));
    if open_ended(note, i) || bound {
        return None;
    }
    let skip = usize::from(note.mark(i + 1, b'-'));
    let at = i + 1 + skip;
    if note.any(at, &["yo", "yof", "yom", "yr", "yrs", "year", "years", "y"]) {
        let mut next = at + 1;
        while note.mark(next, b'-') || note.mark(next, b'.') || note.mark(next, b'/') {
            next += 1;
        }
        let old = note.any(next, &["old", "o"])
            || note.is(next, "of") && note.is(next + 1, "age")
            || note.any(at, &["yo", "yof", "yom"]);
        let bare = note.any(at, &["yr", "year", "y"])
            && note.any(next, &["male", "female", "man", "woman", "f", "m", "lady", "gentleman"]);
        let open = note.any(next + 1, &["or", "and"]) && note.any(next + 2, &["older", "over", "above"]);
        if (old || bare) && !open {
            return found("age.years");
        }
    }
    if note.glued(i + 1) && note.is(i + 1, "s") && note.before(i, 3, &["his", "her", "their"]) {
        return Some(Found::new(i, i + 1, Kind::AgesOver89, "age.decade"));
    }
    if is_aged(note, i)
        && !note.mark(i + 1, b'%')
        && !(note.joint(i + 1, b'.') && note.glued(i + 2) && note.digits(i + 2) > 0)
    {
        return found("age.cue");
    }
    let sex = note.any(i + 1, &["f", "m", "male", "female", "woman", "man"])
        && (note.glued(i + 1) || note.str(i + 1).len() > 1 || note.mark(i + 1, b'/'));
    let told = note.any(
        i + 2,
        &[
            "with",
            "who",
            "presenting",
            "presents",
            "presented",
            "admitted",
            "w",
            "pmh",
            "hx",
            "status",
            "s",
            "c",
            "from",
            "brought",
            "found",
            "here",
        ],
    );
    let heat = note.before(i, 4, &["temp", "temperature", "t", "tmax", "fever", "tm", "febrile"]);
    (sex && told && !heat).then(|| Found::new(i, i, Kind::AgesOver89, "age.sex"))
}

fn is_aged(note: &Note, i: usize) -> bool {
    let mut b = i;
    let mut steps = 0;
    while b > 0 && steps < 3 && !note.breaks(b) {
        b -= 1;
        steps += 1;
        if note.any(b, &["age", "aged", "turned", "turning", "turns"]) {
            return !note.breaks(b + 1);
        }
        if !(note.mark(b, b':') || note.mark(b, b'=') || note.any(b, &["is", "of", "now", "was", "at"])) {
            return false;
        }
    }
    false
}

/// `ninety-one-year-old`, `in her nineties`, `nonagenarian`. The word that states the age is the span.
pub fn words(note: &Note, i: usize) -> Option<Found> {
    if !note.has(i, Flags::NINETY) {
        return None;
    }
    if note.any(i, &["nonagenarian", "centenarian"]) {
        return Some(Found::new(i, i, Kind::AgesOver89, "age.words"));
    }
    if note.is(i, "nineties") {
        let person = note.before(i, 3, &["his", "her", "their", "my"]);
        return person.then(|| Found::new(i, i, Kind::AgesOver89, "age.words"));
    }
    let unit = usize::from(note.mark(i + 1, b'-'));
    let ones = note.any(i + 1 + unit, &["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]);
    let last = if ones { i + 1 + unit } else { i };
    let skip = usize::from(note.mark(last + 1, b'-'));
    let years = note.any(last + 1 + skip, &["year", "years"]);
    let next = last + 2 + skip;
    let old = note.is(next, "old")
        || note.mark(next, b'-') && note.is(next + 1, "old")
        || note.is(next, "of") && note.is(next + 1, "age");
    let hundred = note.is(i, "hundred") && !note.before(i, 1, &["one", "a"]);
    (years && old && !hundred || is_aged(note, i)).then(|| Found::new(i, last, Kind::AgesOver89, "age.words"))
}

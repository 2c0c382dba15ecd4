//! Names of persons by themselves: those that the dictionaries have, and what persons do or their age behind them.

use super::{Ask, LISTED, NO_NAME, fits, headed, names, run, surname};
use crate::phi::lexicon::Flags;
use crate::phi::scan::Found;
use crate::phi::token::{Note, Shape};

/// `Okafor tolerated the procedure`: a name that does what persons do.
pub fn doing(note: &Note, i: usize) -> Option<Found> {
    let last =
        run(note, i, Ask::Cued).or_else(|| (surname(note, i) && note.shape(i) == Some(Shape::Capital)).then_some(i))?;
    let upper = note.shape(i) == Some(Shape::Upper);
    let does = note.has(last + 1, Flags::VERB) && note.shape(last + 1) == Some(Shape::Lower) && !note.breaks(last + 1);
    let plain = note.has(i, NO_NAME) && !note.opens(i) || note.has(i, Flags::EPONYM) && !note.has(i, LISTED);
    if (does || said_of_persons(note, last + 1)) && !upper && !plain {
        return names(i, last, "name.verb");
    }
    // "Joan Okafor is a 59-year-old", "Okafor, 71 y/o": an age behind the name.
    let mut at = last + 1;
    at += usize::from(note.mark(at, b',') || note.any(at, &["is", "was"]));
    at += usize::from(note.any(at, &["a", "an"]));
    let years = at > last + 1
        && note.number(at, 1, 3).is_some()
        && (1..=2).any(|k| note.any(at + k, &["yo", "y", "year", "years", "yr", "month", "week", "day"]));
    if years && !(plain && note.has(i, NO_NAME)) {
        return names(i, last, "name.age");
    }
    // "This is Joan Okafor", "read by Joan Okafor": two unlisted words or more.
    let before = |k: usize, words: &[&str]| i >= k && note.any(i - k, words);
    let said =
        before(1, &["by"]) || before(1, &["is"]) && before(2, &["this"]) || before(1, &["am"]) && before(2, &["i"]);
    let free = (i..=last).all(|p| !note.has(p, NO_NAME.and(Flags::EPONYM).and(Flags::HEAD).and(Flags::FACILITY)));
    let sure = before(1, &["by"])
        && note.has(i, Flags::SURNAME)
        && !note.has(i, Flags::PRODUCT)
        && note.str(i).len() > 3
        && !headed(note, last);
    if said && (last > i || sure) && free && !upper { names(i, last, "name.said") } else { None }
}

/// `is known to our clinic`, `was admitted`, `remains alert`: what is said of persons and of nothing else.
fn said_of_persons(note: &Note, i: usize) -> bool {
    if note.breaks(i) {
        return false;
    }
    let mut at = i + 1;
    let being = note.any(i, &["is", "was", "remains", "remained", "seems", "appears", "looks", "feels"])
        || note.any(i, &["has", "had"]) && note.is(at, "been");
    at += usize::from(note.is(at, "been"));
    at +=
        usize::from(note.any(at, &["also", "now", "then", "still", "already", "again", "well", "very", "more", "not"]));
    if !being || note.breaks(at) {
        return false;
    }
    let person = [
        "admitted",
        "readmitted",
        "discharged",
        "hospitalized",
        "hospitalised",
        "rehospitalized",
        "accompanied",
        "married",
        "widowed",
        "divorced",
        "retired",
        "born",
        "pregnant",
        "alert",
        "awake",
        "asleep",
        "afebrile",
        "ambulatory",
        "cooperative",
        "homeless",
        "unemployed",
        "anxious",
        "tearful",
        "cheerful",
        "worried",
    ];
    let ours = note.is(at, "known") && note.is(at + 1, "to") && note.any(at + 2, &["our", "us", "me", "this"]);
    note.any(at, &person) || ours
}

/// A name by itself: a given name and a surname, `J. Ramirez`, or one common given name that means nothing else.
pub fn known(note: &Note, i: usize) -> Option<Found> {
    let token = note.at(i)?;
    let stop = Flags::PRODUCT.and(Flags::FUNCTION);
    // J. Ramirez
    if token.shape == Shape::Initial
        && note.joint(i + 1, b'.')
        && !note.glued(i)
        && note.digits(i.saturating_sub(1)) == 0
    {
        let again = note.shape(i + 2) == Some(Shape::Initial) && note.joint(i + 3, b'.');
        let at = if again { i + 4 } else { i + 2 };
        let surname = note.has(at, Flags::SURNAME)
            && !note.has(at, NO_NAME.and(stop).and(Flags::EPONYM).and(Flags::HEAD))
            && note.shape(at) == Some(Shape::Capital);
        return if surname && !note.breaks(at) && note.str(at).len() > 3 && !headed(note, at) {
            names(i, at, "name.initial")
        } else {
            None
        };
    }
    if let Some(found) = header(note, i).or_else(|| heads_line(note, i)) {
        return Some(found);
    }
    if !token.flags.any(LISTED) || token.flags.any(stop) || token.end - token.start < 3 {
        return None;
    }
    let sure = !token.flags.any(NO_NAME);
    let upper = token.shape == Shape::Upper;
    // Surname, Given at the start of a line or behind a colon.
    if token.flags.any(Flags::SURNAME)
        && sure
        && note.mark(i + 1, b',')
        && note.opens(i)
        && !token.flags.any(Flags::EPONYM)
    {
        let at = i + 2;
        let given = note.has(at, Flags::COMMON_GIVEN)
            && !note.has(at, NO_NAME.and(Flags::EPONYM).and(stop))
            && note.capital(at)
            && !note.breaks(at);
        if given {
            return names(i, run(note, at, Ask::Cued).unwrap_or(at), "name.listed");
        }
    }
    if !token.flags.any(Flags::GIVEN)
        || note.before(i, 1, &["saint", "st"])
        || i > 1 && note.joint(i - 1, b'.') && note.is(i - 2, "st")
    {
        return None;
    }
    // Given Surname, with an initial or a second given name between.
    let middle = note.shape(i + 1) == Some(Shape::Initial) && !note.glued(i + 1);
    let mut at = if middle { i + 2 + usize::from(note.joint(i + 2, b'.')) } else { i + 1 };
    let quoted = note.mark(at, b'"') || note.mark(at, b'(');
    if quoted
        && note.word(at + 1)
        && (note.mark(at + 2, b'"') || note.mark(at + 2, b')'))
        && note.capital(at + 1)
        && note.capital(at + 3)
        && note.has(at + 1, Flags::GIVEN)
    {
        at += 3;
    }
    let next = note.at(at).copied();
    let bad = NO_NAME.and(stop).and(Flags::HEAD).and(Flags::FACILITY).and(Flags::STREET);
    if let Some(next) = next.filter(|n| note.capital(at) && !n.line && (n.gap || middle) && n.shape != Shape::Initial) {
        let same_case = (next.shape == Shape::Upper) == upper;
        let surname = next.flags.any(Flags::SURNAME);
        let strong = surname && !next.flags.any(bad) && next.end - next.start > 2;
        // An unlisted surname behind a common given name; not in capitals, where headings are.
        let unlisted = !next.flags.any(bad.and(Flags::LABEL).and(Flags::KIN).and(Flags::UNIT))
            && token.flags.any(Flags::COMMON_GIVEN)
            && !upper
            && next.end - next.start > 2
            && next.shape != Shape::Upper;
        let ordinary_pair = super::surname(note, at)
            && !next.flags.any(Flags::HEAD.and(Flags::STREET))
            && token.flags.any(Flags::COMMON_GIVEN)
            && sure
            && !upper;
        let place = next.flags.any(Flags::CITY) && !surname;
        let pair = same_case
            && !place
            && (sure && (strong || unlisted || ordinary_pair)
                || !sure
                    && strong
                    && token.flags.any(Flags::COMMON_GIVEN)
                    && !note.opens(i)
                    && !token.flags.any(Flags::STATE.and(Flags::NATION)));
        let eponyms = token.flags.any(Flags::EPONYM) && next.flags.any(Flags::EPONYM);
        if pair && !eponyms && !headed(note, at) {
            let last = run(note, at, Ask::Cued).unwrap_or(at);
            return names(i, last, "name.listed");
        }
    }
    // One given name alone.
    let place =
        Flags::EPONYM.and(Flags::CITY).and(Flags::STREET).and(Flags::CREDENTIAL).and(Flags::HEAD).and(Flags::TITLE);
    let lone = sure && token.flags.any(Flags::COMMON_GIVEN) && !token.flags.any(place) && token.shape == Shape::Capital;
    let attached = note.glued(i)
        || note.glued(i + 1)
            && note.at(i + 1).is_some_and(|t| t.mark == b'-' || t.mark == b'_' || note.digits(i + 1) > 0);
    let state = note.before(i, 1, &["north", "south", "west", "new"]);
    let institution = state
        || (1..=2).any(|k| note.has(i + k, Flags::FACILITY.and(Flags::HEAD)) && !note.breaks(i + k))
        || note.before(i, 1, &["saint", "st"])
        || i > 1 && note.mark(i - 1, b'.') && note.is(i - 2, "st");
    if lone && !attached && !institution && !headed(note, i) { names(i, i, "name.given") } else { None }
}

/// `Okafor, Joan   MRN 1234567`: the first line of a note, whatever the names.
fn header(note: &Note, i: usize) -> Option<Found> {
    let first = note.breaks(i)
        && note.mark(i + 1, b',')
        && note.shape(i) != Some(Shape::Initial)
        && note.capital(i + 2)
        && !note.breaks(i + 2);
    if !first || !(fits(note, i, Ask::Cued) || surname(note, i)) {
        return None;
    }
    let last = run(note, i + 2, Ask::Cued)?;
    let headings = [
        "mrn", "dob", "medical", "record", "ssn", "born", "birth", "sex", "male", "female", "age", "yo", "acct",
        "account", "mr",
    ];
    let told = (last + 1..last + 8).take_while(|p| !note.breaks(*p)).any(|p| note.any(p, &headings));
    let listed = note.has(i, Flags::SURNAME)
        && note.has(i + 2, Flags::COMMON_GIVEN)
        && !note.has(i + 2, NO_NAME.and(Flags::EPONYM).and(Flags::PRODUCT));
    if told || listed { names(i, last, "name.header") } else { None }
}

/// `JOAN OKAFOR   DOB 3/14/1950`, `Name Joan Okafor, MRN 1234567`: a name that begins a line before a record's heading.
fn heads_line(note: &Note, i: usize) -> Option<Found> {
    let begins = note.breaks(i) || i > 0 && note.breaks(i - 1) && note.any(i - 1, &["name", "patient", "pt"]);
    if !begins || !note.capital(i) {
        return None;
    }
    let last = run(note, i, Ask::Cued).filter(|last| *last > i)?;
    let next = last + 1 + usize::from(note.mark(last + 1, b',') || note.mark(last + 1, b'('));
    let headed = note.any(next, &["mrn", "dob", "ssn", "born"]) && !note.breaks(next);
    if headed { names(i, last, "name.header") } else { None }
}

/// Whether a part of a name found beside a cue is worth looking for elsewhere.
pub fn worth_remembering(note: &Note, i: usize) -> bool {
    note.capital(i)
        && note.str(i).len() > 2
        && !note.has(i, NO_NAME.and(Flags::PARTICLE).and(Flags::PRODUCT))
        && !note.any(i, &["jr", "sr", "iii", "abc", "xyz", "xxx", "xxxx", "abcd"])
}

/// Whether a word may be the repetition of a name.
pub fn may_repeat(note: &Note, i: usize) -> bool {
    let drug = note.any(i + 1, &["mg", "mcg"]);
    note.capital(i) && note.str(i).len() > 2 && !headed(note, i) && !drug && !note.has(i, Flags::HEAD)
}

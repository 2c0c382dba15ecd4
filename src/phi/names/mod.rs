//! Names of persons: beside titles, degrees, kin and labels whoever they are; by themselves when the dictionaries have them.

use crate::phi::kind::Kind;
use crate::phi::lexicon::Flags;
use crate::phi::scan::Found;
use crate::phi::token::{Note, Shape};

mod listed;
mod told;

pub use listed::{doing, known, may_repeat, worth_remembering};
pub use told::{credentialled, greeted, labelled, of_act, of_kin, slash_signed, titled};

/// What no name is made of unless a dictionary of names has it too.
const NO_NAME: Flags = Flags::WORD.and(Flags::FUNCTION).and(Flags::MONTH).and(Flags::NATION).and(Flags::STATE);
const LISTED: Flags = Flags::GIVEN.and(Flags::SURNAME);

/// How strict a place is with a word that may be part of a name.
#[derive(Clone, Copy, PartialEq)]
enum Ask {
    /// Behind a title: any capitalised word that is not just an ordinary one.
    Titled,
    /// Behind kin, a label or an act: no eponym, product or degree either, unless listed.
    Cued,
}

fn fits(note: &Note, i: usize, ask: Ask) -> bool {
    let Some(token) = note.at(i) else { return false };
    let flags = token.flags;
    if matches!(token.shape, Shape::Lower | Shape::Initial) || token.end - token.start < 2 || !note.word(i) {
        return false;
    }
    let ordinary = flags.any(NO_NAME);
    match ask {
        Ask::Titled => {
            let label = flags.any(Flags::KIN.and(Flags::FUNCTION).and(Flags::CREDENTIAL)) && !flags.any(LISTED);
            !label && !flags.any(Flags::FUNCTION) && (!ordinary || flags.any(LISTED))
        }
        Ask::Cued => {
            let other = Flags::PRODUCT
                .and(Flags::CREDENTIAL)
                .and(Flags::FACILITY)
                .and(Flags::FUNCTION)
                .and(Flags::NATION)
                .and(Flags::LABEL)
                .and(Flags::KIN)
                .and(Flags::HEAD);
            let eponym = flags.any(Flags::EPONYM) && headed(note, i);
            let bare_letters = token.shape == Shape::Upper && !flags.any(LISTED) && (token.end - token.start < 4);
            let listed = flags.any(LISTED)
                && (!ordinary
                    || flags.any(Flags::COMMON_GIVEN)
                        && !flags.any(Flags::MONTH.and(Flags::STATE).and(Flags::FUNCTION)));
            !flags.any(other) && !eponym && !bare_letters && (listed || !ordinary)
        }
    }
}

/// Whether a disease, a sign or an instrument is called after the name that ends at token `i`.
fn headed(note: &Note, i: usize) -> bool {
    for at in i + 1..i + 7 {
        if note.has(at, Flags::HEAD) && !note.breaks(at) {
            return true;
        }
        let possessive = note.mark(at, b'\'') || note.str(at) == "\u{2019}" || note.is(at, "s") && note.glued(at);
        let joined =
            note.mark(at, b'-') || note.capital(at) && note.has(at, Flags::EPONYM) || note.str(at) == "\u{2013}";
        if !possessive && !joined {
            return false;
        }
    }
    false
}

/// The last token of a name of up to five parts that starts at `i`, if the first fits.
fn run(note: &Note, i: usize, ask: Ask) -> Option<usize> {
    let mut at = i;
    // "98.6 F. Ramirez": the unit of a number.
    if i > 0 && note.digits(i - 1) > 0 && note.shape(i) == Some(Shape::Initial) {
        return None;
    }
    // "J. Ramirez", "A.B. Jones", "de la Cruz".
    let mut lead = 0;
    while lead < 3
        && (note.shape(at) == Some(Shape::Initial)
            || note.has(at, Flags::PARTICLE) && !note.opens(at) && note.has(i, Flags::PARTICLE))
    {
        at += 1;
        at += usize::from(note.joint(at, b'.'));
        lead += 1;
    }
    if !fits(note, at, ask) {
        return None;
    }
    let mut last = at;
    let upper = note.shape(at) == Some(Shape::Upper);
    for _ in 0..4 {
        let mut next = last + 1;
        let hyphen = (note.joint(next, b'-') || note.str(next) == "\u{2010}" || note.str(next) == "\u{2011}")
            && note.glued(next + 1)
            && note.capital(next + 1);
        if hyphen {
            next += 1;
        } else if note.breaks(next) {
            break;
        }
        if note.shape(next) == Some(Shape::Initial) && !note.glued(next) {
            // A middle initial needs its dot or another part of the name behind it.
            let dot = note.joint(next + 1, b'.');
            let after = next + 1 + usize::from(dot);
            if !note.breaks(after)
                && (fits(note, after, ask) || surname(note, after))
                && !(dot && note.has(after, Flags::FUNCTION.and(Flags::WORD)) && !note.has(after, LISTED))
            {
                last = after;
                continue;
            }
            if dot || !note.word(after) || note.has(after, Flags::CREDENTIAL) || upper && ask == Ask::Titled {
                last = if dot && !note.opens(after + 1) { next + 1 } else { next };
            }
            break;
        }
        if note.has(next, Flags::PARTICLE) && !note.opens(next) {
            let far = if note.has(next + 1, Flags::PARTICLE) { next + 2 } else { next + 1 };
            if note.capital(far)
                && fits(note, far, ask)
                && !note.breaks(far)
                && !note.any(next, &["la"]) | (far > next + 1) | note.capital(next)
            {
                last = far;
                continue;
            }
        }
        let letters = note.shape(next) == Some(Shape::Upper) && !upper;
        let stops = letters && !(note.has(next, Flags::SURNAME) && note.str(next).len() > 3);
        // Behind the first part, an ordinary word goes on with the sentence, unless it is a surname too.
        let ordinary = note.has(next, NO_NAME) && (note.has(next, Flags::FUNCTION) || !note.has(next, LISTED));
        let degree = note.has(next, Flags::CREDENTIAL) && note.shape(next) == Some(Shape::Upper);
        if stops || ordinary || degree || !(fits(note, next, ask) || hyphen || surname(note, next)) {
            break;
        }
        last = next;
    }
    if note.any(last + 1, &["jr", "sr", "ii", "iii", "iv"]) && !note.breaks(last + 1) {
        last += 1;
    } else if note.mark(last + 1, b',') && note.any(last + 2, &["jr", "sr", "iii"]) {
        last += 2;
    }
    Some(last)
}

/// A listed surname that may be an ordinary word or a state too, behind another part of a name: `Grace Brown`.
fn surname(note: &Note, i: usize) -> bool {
    let other = Flags::FUNCTION.and(Flags::MONTH).and(Flags::CREDENTIAL).and(Flags::FACILITY).and(Flags::LABEL);
    note.has(i, Flags::SURNAME) && note.capital(i) && !note.has(i, other) && note.str(i).len() > 2 && !headed(note, i)
}

fn names(first: usize, last: usize, rule: &'static str) -> Option<Found> {
    Some(Found::new(first, last, Kind::Names, rule))
}

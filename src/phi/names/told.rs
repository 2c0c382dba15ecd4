//! Names of persons that stand beside a title, a degree, kin, a label, an act or a greeting: whoever they are.

use super::{Ask, LISTED, NO_NAME, fits, headed, names, run, surname};
use crate::phi::lexicon::Flags;
use crate::phi::scan::Found;
use crate::phi::token::{Note, Shape};

/// `, John A.` behind a surname.
fn comma_given(note: &Note, last: usize) -> usize {
    let at = last + 2;
    let fits_in = note.mark(last + 1, b',')
        && !note.breaks(at)
        && !note.has(at, Flags::STATE)
        && (!note.has(at, Flags::CREDENTIAL) || note.shape(at) != Some(Shape::Upper));
    if !fits_in || !fits(note, at, Ask::Cued) {
        return last;
    }
    run(note, at, Ask::Cued).unwrap_or(last)
}

/// `Dr. Wilson`, `Mrs. van der Berg`, `Nurse Kelly`. The title is no part of the name.
pub fn titled(note: &Note, i: usize) -> Option<Found> {
    let dot = usize::from(note.joint(i + 1, b'.'));
    // "MS" and "MR" in capitals are diseases, drugs and pictures unless a dot follows.
    if note.shape(i) == Some(Shape::Upper) && dot == 0 && !note.any(i, &["dr", "mrs"])
        || note.shape(i) == Some(Shape::Lower)
            && !note.any(i, &["dr", "mr", "mrs", "ms", "nurse", "doctor", "judge", "officer", "sgt"])
    {
        return None;
    }
    let at = i + 1 + dot;
    if note.breaks(at) {
        return None;
    }
    let small =
        !note.capital(at) && note.has(at, LISTED) && !note.has(at, NO_NAME) && note.any(i, &["dr", "mr", "mrs"]);
    if small {
        return names(at, at, "name.title");
    }
    let soft = note.any(
        i,
        &[
            "nurse", "sister", "father", "doctor", "judge", "officer", "captain", "sir", "dame", "lord", "lady",
            "madam", "miss", "attorney",
        ],
    );
    let last = run(note, at, if soft { Ask::Cued } else { Ask::Titled }).or_else(|| {
        // "Nurse Young by telephone", not "Nurse Case Manager".
        let ends = note.breaks(at + 1) || !note.word(at + 1) || note.has(at + 1, Flags::VERB.and(Flags::FUNCTION));
        (surname(note, at) && note.capital(i) && ends).then_some(at)
    })?;
    names(at, last, "name.title")
}

/// `her daughter Maria`, `wife (Joan)`, `brother, Paul Okafor,`.
pub fn of_kin(note: &Note, i: usize) -> Option<Found> {
    let mut at = i + 1;
    // "daughter-in-law", "daughter in law".
    let hyphen = usize::from(note.mark(at, b'-'));
    if note.is(at + hyphen, "in") && note.is(at + 1 + 2 * hyphen, "law") {
        at += 2 + 2 * hyphen;
    }
    let mut told = false;
    for _ in 0..3 {
        if note.any(at, &["named", "called", "is", "name"])
            || note.at(at).is_some_and(|t| matches!(t.mark, b',' | b'(' | b':' | b'-'))
        {
            told |= note.any(at, &["named", "called"]) || note.mark(at, b':') || note.mark(at, b'(');
            at += 1;
        }
    }
    if note.breaks(at) || note.has(at, Flags::EPONYM) && !told && !note.has(at, Flags::GIVEN) {
        return None;
    }
    if note.has(at, Flags::TITLE) {
        return None;
    }
    let capital = matches!(note.shape(at), Some(Shape::Capital | Shape::Mixed));
    let upper = note.shape(at) == Some(Shape::Upper)
        && note.shape(i) == Some(Shape::Upper)
        && note.has(at, LISTED)
        && !note.has(at, NO_NAME);
    let letter = note.shape(at) == Some(Shape::Initial) && note.joint(at + 1, b'.');
    if !capital && !upper && !letter {
        return None;
    }
    let last = run(note, at, Ask::Cued)?;
    names(at, last, "name.kin")
}

/// `Patient: …`, `Name: …`, `Attending physician: …`, `Next of kin: …`, `My name is …`.
pub fn labelled(note: &Note, i: usize) -> Option<Found> {
    let mut at = i + 1;
    for _ in 0..5 {
        if note.breaks(at) && !note.mark(at, b':') {
            break;
        }
        let more = note.has(at, Flags::LABEL)
            || note.any(
                at,
                &[
                    "name",
                    "names",
                    "by",
                    "of",
                    "full",
                    "first",
                    "last",
                    "preferred",
                    "legal",
                    "maiden",
                    "care",
                    "primary",
                    "person",
                    "emergency",
                    "s",
                    "on",
                    "md",
                    "electronically",
                    "digitally",
                    "holder",
                ],
            )
            || note.at(at).is_some_and(|t| matches!(t.mark, b'\'' | b'(' | b')' | b'/'))
            || note.str(at) == "\u{2019}";
        if !more {
            break;
        }
        at += 1;
    }
    let is = note.is(at, "is") && note.is(at - 1, "name");
    let colon = note.mark(at, b':') || note.mark(at, b'=');
    if !colon && !is {
        return if at == i + 1 { patient(note, i) } else { None };
    }
    at += 1;
    // "Name" of a drug or a test, "To:" within a sentence.
    if note.before(
        i,
        1,
        &[
            "drug",
            "medication",
            "brand",
            "trade",
            "generic",
            "test",
            "study",
            "procedure",
            "device",
            "hospital",
            "facility",
            "product",
        ],
    ) || note.any(i, &["to", "from"]) && !note.breaks(i)
    {
        return None;
    }
    if note.has(at, Flags::TITLE) && !note.has(at, LISTED) {
        at += 1 + usize::from(note.joint(at + 1, b'.'));
    }
    if note.breaks(at) && note.breaks(at.saturating_sub(1)) || note.at(at)?.line && !note.is(i, "name") {
        return None;
    }
    if is && note.shape(at) == Some(Shape::Lower) {
        let listed = |i: usize| note.has(i, LISTED) && !note.has(i, NO_NAME) && !note.breaks(i);
        let two = usize::from(listed(at + 1));
        return if listed(at) { names(at, at + two, "name.label") } else { None };
    }
    let first =
        if note.has(at, LISTED) && note.has(at, NO_NAME) && note.has(at + 1, LISTED) && !note.has(at + 1, NO_NAME) {
            at + 1
        } else {
            at
        };
    let last = run(note, first, Ask::Cued).or_else(|| {
        // "Patient: Brown, Grace": ordinary words, both names.
        let pair = note.mark(at + 1, b',')
            && [at, at + 2].iter().all(|p| note.has(*p, LISTED) && note.capital(*p))
            && note.has(at, Flags::SURNAME)
            && note.has(at + 2, Flags::GIVEN);
        pair.then_some(at)
    })?;
    names(at, comma_given(note, last), "name.label")
}

/// `Pt Okafor, MRN 12`, `Patient Joan Baker was seen`.
fn patient(note: &Note, i: usize) -> Option<Found> {
    let at = i + 1;
    if !note.any(i, &["pt", "patient", "client"])
        || note.breaks(at)
        || !matches!(note.shape(at), Some(Shape::Capital | Shape::Mixed))
        || note.has(at, Flags::EPONYM) && headed(note, at)
    {
        return None;
    }
    let last = run(note, at, Ask::Cued).or_else(|| (surname(note, at) && note.mark(at + 1, b',')).then_some(at))?;
    // "Patient Xanaxed", an unlisted word before a small one, is no name; a listed one is.
    let listed = (at..=last).any(|p| note.has(p, LISTED));
    let ends = note.breaks(last + 1)
        || note.at(last + 1).is_some_and(|t| t.mark == b',' || t.mark == b'(')
        || note.any(last + 1, &["is", "was", "has"])
        || note.has(last + 1, Flags::VERB);
    if listed || ends { names(at, last, "name.patient") } else { None }
}

/// `dictated by …`, `spoke with …`, `notified …`.
pub fn of_act(note: &Note, i: usize) -> Option<Found> {
    let mut at = i + 1;
    let alone = note.any(
        i,
        &[
            "notified",
            "paged",
            "informed",
            "thank",
            "contacted",
            "message",
            "messaged",
            "visited",
            "ask",
            "asked",
            "asking",
            "tell",
            "told",
            "telling",
            "saw",
            "seeing",
        ],
    );
    let linked = note.any(at, &["by", "with", "to"]);
    if linked {
        at += 1;
    } else if !alone {
        return None;
    }
    at += usize::from(note.mark(at, b':'));
    if note.any(at, &["the", "his", "her", "their", "my"])
        || note.breaks(at)
        || note.has(at, Flags::TITLE.and(Flags::EPONYM)) && !note.has(at, Flags::GIVEN)
    {
        return None;
    }
    let capital = matches!(note.shape(at), Some(Shape::Capital | Shape::Mixed | Shape::Initial));
    let upper = [at, i].iter().all(|p| note.shape(*p) == Some(Shape::Upper)) && note.has(at, LISTED);
    if !capital && !upper {
        return None;
    }
    let last = run(note, at, Ask::Cued)?;
    names(at, last, "name.act")
}

/// `Dear Joan,`, `Hi Paul,` at the start of a line, and the name below `Sincerely,`.
pub fn greeted(note: &Note, i: usize) -> Option<Found> {
    if !note.opens(i) && !note.any(i, &["regards", "dear", "yours"]) {
        return None;
    }
    let closing = note.is(i, "thank") && note.is(i + 1, "you") && note.breaks(i)
        || note.any(i, &["sincerely", "regards", "thanks", "cheers", "warmly", "respectfully", "yours"]);
    let mut at = i + 1;
    if note.any(at, &["you", "so", "much", "again", "truly", "sincerely", "faithfully"]) {
        at += 1;
    }
    if closing && note.mark(at, b',') || note.mark(at, b',') && note.breaks(at + 1) {
        at += 1;
    } else if closing && note.breaks(at) && !note.is(i, "thanks") || closing && note.capital(at) {
    } else if closing {
        return None;
    }
    if !closing && note.breaks(at) || note.has(at, Flags::TITLE) && !note.has(at, LISTED) {
        return None;
    }
    let last = run(note, at, Ask::Cued)?;
    names(at, last, "name.letter")
}

/// `Oyelaran Bakare, MD`, `J. Ramirez RN`.
pub fn credentialled(note: &Note, i: usize) -> Option<Found> {
    let last = run(note, i, Ask::Cued)?;
    let comma = usize::from(note.mark(last + 1, b','));
    let at = last + 1 + comma;
    let upper = matches!(note.shape(at), Some(Shape::Upper)) || note.any(at, &["phd", "pharmd", "mbchb", "psyd"]);
    if !note.has(at, Flags::CREDENTIAL) || !upper || note.breaks(at) {
        return None;
    }
    // "Baltimore, MD" and "Lansing PA 12345": letters of a state behind a place.
    let state =
        note.has(at, Flags::STATE_LETTERS) && (note.has(i, Flags::CITY_START) && last == i || note.digits(at + 1) == 5);
    // Without a comma, degrees only behind a listed name: "Consult PT" is none.
    let bare = comma == 0 && !(i..=last).any(|p| note.has(p, LISTED) && !note.has(p, NO_NAME));
    let capitals = note.shape(i) == Some(Shape::Upper) && !(i..=last).any(|p| note.has(p, LISTED));
    if state || bare || capitals { None } else { names(i, last, "name.degree") }
}

/// `/s/ Joan Baker`.
pub fn slash_signed(note: &Note, i: usize) -> Option<Found> {
    let signed = note.is(i + 1, "s") && note.mark(i + 2, b'/') && note.glued(i + 1) && note.glued(i + 2);
    let last = if signed { run(note, i + 3, Ask::Cued)? } else { return None };
    names(i + 3, last, "name.label")
}

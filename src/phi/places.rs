//! Places smaller than a state: streets, cities, counties, postal codes, institutions. States and countries are none.

use super::kind::Kind;
use super::lexicon::{self, Flags};
use super::scan::Found;
use super::token::{Note, Shape};

const NO_PLACE: Flags = Flags::FUNCTION
    .and(Flags::MONTH)
    .and(Flags::NATION)
    .and(Flags::STATE)
    .and(Flags::KIN)
    .and(Flags::PRODUCT)
    .and(Flags::TITLE);

fn place(first: usize, last: usize, rule: &'static str) -> Option<Found> {
    Some(Found::new(first, last, Kind::Geography, rule))
}

fn zip(note: &Note, i: usize) -> Option<usize> {
    if note.digits(i) != 5
        || note.glued(i + 1)
            && (note.word(i + 1)
                || note.mark(i + 1, b'/')
                || note.mark(i + 1, b'.') && note.digits(i + 2) > 0 && note.glued(i + 2))
    {
        return None;
    }
    let plus = (note.mark(i + 1, b'-')) && note.glued(i + 1) && note.glued(i + 2) && note.digits(i + 2) == 4;
    Some(if plus { i + 2 } else { i })
}

/// `12 Main St`, `1600 N. Orchard Hill Road, Apt 4B`.
pub fn street(note: &Note, i: usize) -> Option<Found> {
    if !(1..=6).contains(&note.digits(i))
        || note.glued(i) && i > 0 && !note.at(i - 1).is_some_and(|t| matches!(t.mark, b'(' | b':' | b'#'))
    {
        return None;
    }
    let mut at = i + 1 + usize::from(note.glued(i + 1) && note.word(i + 1) && note.str(i + 1).len() == 1);
    if note.mark(at, b'-') && note.digits(at + 1) > 0 && note.glued(at) && note.glued(at + 1) {
        at += 2;
    }
    let mut words = 0;
    while words < 6 {
        if note.breaks(at) {
            return None;
        }
        let ordinal = note.digits(at) > 0 && note.glued(at + 1) && note.any(at + 1, &["st", "nd", "rd", "th"]);
        if ordinal {
            at += 2;
            words += 1;
            continue;
        }
        if words > 0
            && note.has(at, Flags::STREET)
            && note.capital(at)
            && !(note.is(at, "st") && note.joint(at + 1, b'.') && note.capital(at + 2) && words == 0)
        {
            // "on 2 L. Dr. Park": a unit and a title.
            let title = note.is(at, "dr") && note.joint(at + 1, b'.') && note.capital(at + 2) && !note.breaks(at + 2);
            if title && words == 1 && note.shape(i + 1) == Some(Shape::Initial) {
                return None;
            }
            // "Court Street": the last of several such words, and a compass point behind it.
            let mut last = at;
            while note.has(last + 1, Flags::STREET) && note.capital(last + 1) && !note.breaks(last + 1) {
                last += 1;
            }
            last += usize::from(note.joint(last + 1, b'.') && note.str(last).len() <= 4);
            if note.any(last + 1, &["n", "s", "e", "w", "ne", "nw", "se", "sw", "north", "south", "east", "west"])
                && note.capital(last + 1)
                && !note.breaks(last + 1)
            {
                last += 1;
            }
            return place(i, unit(note, last), "place.street");
        }
        if !note.capital(at) || note.has(at, Flags::UNIT) && note.shape(at) == Some(Shape::Lower) {
            return None;
        }
        words += 1;
        at += 1;
        at += usize::from(note.joint(at, b'.') && note.str(at - 1).len() <= 2);
        at += usize::from(note.mark(at, b'\'')) + usize::from(note.mark(at, b'\'') && note.is(at + 1, "s"));
        at += usize::from(note.joint(at, b'-'));
    }
    None
}

/// `, Apt 4B`, `Suite 200`, `#12` behind a street.
fn unit(note: &Note, last: usize) -> usize {
    let comma = usize::from(note.mark(last + 1, b','));
    let mut at = last + 1 + comma;
    if !note.any(
        at,
        &["apt", "apartment", "unit", "suite", "ste", "room", "rm", "flat", "floor", "bldg", "building", "lot"],
    ) && !note.mark(at, b'#')
    {
        return last;
    }
    at += 1;
    at += usize::from(note.mark(at, b'.')) + usize::from(note.mark(at, b'#'));
    if note.digits(at) == 0 && note.shape(at) != Some(Shape::Initial) {
        return last;
    }
    let mut end = at;
    while end < at + 4
        && note.glued(end + 1)
        && (note.word(end + 1) || note.digits(end + 1) > 0 || note.mark(end + 1, b'-') && note.digits(end + 2) > 0)
    {
        end += 1;
    }
    end
}

/// Ordinary words that names of places are made with.
const PARTS: &[&str] = &[
    "falls", "heights", "city", "beach", "springs", "park", "hills", "hill", "valley", "grove", "creek", "lake",
    "lakes", "point", "island", "junction", "village", "harbor", "bay", "ridge", "fort", "port", "mount", "north",
    "south", "east", "west", "new", "upper", "lower", "great", "grand", "river", "rapids", "arbor", "woods", "forest",
    "center", "town", "green",
];

/// Whether a word can be part of a place's name that no list has.
fn named(note: &Note, i: usize) -> bool {
    let ordinary = note.has(i, Flags::WORD) && !note.has(i, Flags::CITY_START) && !note.any(i, PARTS);
    note.capital(i) && note.shape(i) != Some(Shape::Initial) && !note.has(i, NO_PLACE) && !ordinary
}

/// The last token of a run of up to four capitalised words of a place that starts at `i`.
fn run(note: &Note, i: usize) -> Option<usize> {
    if !note.capital(i) || note.shape(i) == Some(Shape::Initial) {
        return None;
    }
    let mut last = i;
    for _ in 0..3 {
        let dot = usize::from(note.joint(last + 1, b'.') && note.any(last, &["st", "ste", "ft", "mt"]));
        let hyphen = usize::from(dot == 0 && note.joint(last + 1, b'-') && note.glued(last + 2));
        let next = last + 1 + dot + hyphen;
        let upper = note.shape(next) == Some(Shape::Upper) && note.shape(i) != Some(Shape::Upper);
        if note.breaks(next)
            || !note.capital(next)
            || note.has(next, Flags::STATE.and(Flags::FUNCTION).and(Flags::MONTH))
            || upper
            || note.shape(next) == Some(Shape::Initial)
        {
            break;
        }
        last = next;
    }
    Some(last)
}

/// A state at token `i`: its last token, and whether it is written out.
fn state(note: &Note, i: usize) -> Option<(usize, bool)> {
    if note.has(i, Flags::STATE) && note.capital(i) {
        return Some((i, true));
    }
    let two = [
        ("new", "hampshire jersey mexico york"),
        ("north", "carolina dakota"),
        ("south", "carolina dakota"),
        ("west", "virginia"),
        ("rhode", "island"),
        ("puerto", "rico"),
    ];
    let second = |rest: &str| rest.split(' ').any(|w| note.is(i + 1, w));
    if note.capital(i) && two.iter().any(|(first, rest)| note.is(i, first) && second(rest)) {
        return Some((i + 1, true));
    }
    (note.has(i, Flags::STATE_LETTERS) && note.shape(i) == Some(Shape::Upper)).then_some((i, false))
}

/// The city of `Springfield, IL 62704` or `Reading, Pennsylvania`; the postal code is a span of its own.
pub fn city_and_state(note: &Note, i: usize) -> Option<Found> {
    let last = run(note, i)?;
    let comma = note.mark(last + 1, b',');
    let (end, full) = state(note, last + 1 + usize::from(comma))?;
    if note.breaks(end) {
        return None;
    }
    let coded = zip(note, end + 1).is_some() || zip(note, end + 2).is_some() && note.mark(end + 1, b',');
    let listed = listed(note, i, last) || (last == i && note.has(i, Flags::CITY_START));
    let credential = note.has(end, Flags::CREDENTIAL)
        || note.any(
            end,
            &[
                "ct", "ms", "mi", "la", "ra", "or", "in", "me", "hi", "ok", "al", "id", "oh", "co", "de", "pr", "va",
                "nd", "ne", "mt", "il",
            ],
        );
    let unlisted = (i..=last).all(|p| named(note, p) || note.has(p, Flags::SURNAME)) && (comma || full);
    // "John Smith, MD" is a person, "Boston, MA" a place; letters that mean other things need a listed city or a code.
    let sure = comma
        && (coded
            || listed && (full || !note.has(i, Flags::WORD) || !credential)
            || unlisted && (full || !credential && !note.has(last, Flags::HEAD)))
        || !comma && (coded || listed && full && !note.has(i, Flags::WORD));
    let person = !listed && !coded && note.has(i, Flags::GIVEN) && last > i;
    (sure && !person && !note.has(i, Flags::FUNCTION)).then(|| Found::new(i, last, Kind::Geography, "place.city_state"))
}

/// Whether the words from `i` to `last` are a city of the list.
fn listed(note: &Note, i: usize, last: usize) -> bool {
    if i == last {
        return note.has(i, Flags::CITY);
    }
    let words: Vec<String> = (i..=last).filter(|p| note.word(*p)).map(|p| note.str(p).to_lowercase()).collect();
    lexicon::city(&words.join(" "))
}

/// A postal code behind the letters or the name of a state, `MA 02139`, or with its four more digits behind a capital.
pub fn zip_of_state(note: &Note, i: usize) -> Option<Found> {
    let last = zip(note, i).filter(|_| i > 0 && !note.glued(i) && !note.breaks(i))?;
    let before = i - 1 - usize::from(note.mark(i - 1, b',') && i > 1);
    let letters = note.has(before, Flags::STATE_LETTERS) && note.shape(before) == Some(Shape::Upper);
    // "ID 12345" is a number, ", ID 83702" a state.
    let told = !note.any(before, &["id", "mr", "ms", "pr", "or", "in"]) || before > 0 && note.mark(before - 1, b',');
    let full = (before.saturating_sub(1)..=before).any(|p| state(note, p) == Some((before, true)));
    let long = last > i && (note.mark(i - 1, b',') || note.capital(i - 1));
    (letters && told || full || long).then(|| Found::new(i, last, Kind::Geography, "place.zip"))
}

/// Rules that start at a word about places: `ZIP 02139`, `P.O. Box 12`, `lives in Zarville`, `transferred from Elmore`.
pub fn cued(note: &Note, i: usize) -> Option<Found> {
    if note.any(i, &["zip", "zipcode", "postal", "postcode"]) {
        let mut at = i + 1;
        for _ in 0..3 {
            at +=
                usize::from(note.any(at, &["code", "is", "of", "area"]) || note.mark(at, b':') || note.mark(at, b'#'));
        }
        return zip(note, at).and_then(|last| place(at, last, "place.zip")).or_else(|| postcode(note, at));
    }
    if note.any(i, &["po", "p"]) {
        let mut at = i + 1;
        for _ in 0..3 {
            at += usize::from(note.joint(at, b'.') || note.is(at, "o") && note.is(i, "p"));
        }
        let last = at + 1 + usize::from(note.mark(at + 1, b'#'));
        return if note.is(at, "box") && note.digits(last) > 0 { place(i, last, "place.box") } else { None };
    }
    let at = behind_cue(note, i)?;
    if note.breaks(at) {
        return None;
    }
    let last = run(note, at)?;
    // Leave out what is no place: the run ends before the first word that cannot be one.
    let city = (at..=last).rev().find(|end| listed(note, at, *end));
    let end = (at..=last).take_while(|p| !note.word(*p) || named(note, *p)).last().or(city)?;
    let small = note.shape(at) == Some(Shape::Upper) && note.str(at).len() < 5;
    if small || note.has(at, Flags::FACILITY.and(Flags::LABEL).and(Flags::EPONYM)) && !note.has(at, Flags::CITY_START) {
        return None;
    }
    // "transferred to Postanesthesia Care Unit": a ward.
    if (at..=last + 1).any(|p| {
        !note.breaks(p) && note.any(p, &["care", "unit", "icu", "recovery", "room", "floor", "ward", "intensive"])
    }) {
        return None;
    }
    // "Elmore Hospital" is named by the other rule.
    if let Some(found) = institution(note, at).or_else(|| county(note, at)) {
        return Some(found);
    }
    place(at, city.map_or(end, |city| end.max(city)), "place.cue")
}

/// The token behind `lives in`, `resident of`, `moved here from` and the like.
fn behind_cue(note: &Note, i: usize) -> Option<usize> {
    let mut at = i + 1;
    let stay = note.any(
        i,
        &[
            "lives",
            "living",
            "lived",
            "resides",
            "residing",
            "born",
            "raised",
            "works",
            "worked",
            "stays",
            "staying",
            "house",
            "home",
            "apartment",
            "vacation",
            "grew",
            "fell",
            "hospitalized",
            "hospitalised",
            "treated",
            "seen",
            "diagnosed",
            "operated",
            "married",
        ],
    );
    if stay {
        for _ in 0..3 {
            at += usize::from(note.any(
                at,
                &["alone", "independently", "currently", "up", "and", "raised", "now", "downtown", "outside", "near"],
            ));
        }
        at += usize::from(note.is(at, "in"));
        let near = note.any(at - 1, &["in", "near", "outside", "downtown"]);
        at += usize::from(note.any(at, &["near", "downtown"]) && near);
        return near.then_some(at);
    }
    if note.any(i, &["resident", "native"]) {
        return note.is(at, "of").then_some(at + 1);
    }
    // "came by car from", "arrived by train from".
    let by = |at: usize| if note.is(at, "by") && note.word(at + 1) && !note.capital(at + 1) { at + 2 } else { at };
    if note.any(
        i,
        &[
            "moved",
            "visiting",
            "transferred",
            "travel",
            "travelled",
            "traveled",
            "relocated",
            "flew",
            "drove",
            "came",
            "comes",
            "arrived",
            "went",
            "returned",
            "going",
            "goes",
            "discharged",
        ],
    ) {
        for _ in 0..2 {
            at += usize::from(note.any(
                at,
                &["here", "back", "recently", "in", "up", "down", "over", "all", "originally", "home", "out"],
            ));
        }
        at = by(at);
        return note.any(at, &["from", "to"]).then_some(at + 1).or_else(|| note.is(i, "visiting").then_some(at));
    }
    // Where a person was before. What follows their "to" is more often a ward than a place.
    let sent =
        ["admitted", "readmitted", "referred", "brought", "sent", "transported", "airlifted", "evacuated", "emigrated"];
    if note.any(i, &sent) {
        at += usize::from(note.any(at, &["in", "over", "here", "directly", "back"]));
        return note.is(by(at), "from").then_some(by(at) + 1);
    }
    None
}

/// Words of scales and classifications that are called after places.
const SCALES: &[&str] = &[
    "scale",
    "score",
    "index",
    "criteria",
    "classification",
    "questionnaire",
    "grade",
    "heart",
    "inventory",
    "amnesia",
    "naming",
    "stentless",
    "valve",
    "virus",
    "consensus",
];

/// A city of the list with a name of several words, not the name of a score or a group.
pub fn phrase(note: &Note, i: usize) -> Option<Found> {
    if !note.has(i, Flags::CITY_START) {
        return None;
    }
    let upper = note.shape(i) == Some(Shape::Upper);
    for words in (2..=4).rev() {
        let last = i + words - 1;
        let joined = (i + 1..=last)
            .all(|p| note.capital(p) && !note.breaks(p) && (note.shape(p) == Some(Shape::Upper)) == upper);
        if joined && listed(note, i, last) {
            return if scale(note, last) { None } else { place(i, last, "place.listed") };
        }
    }
    None
}

/// Whether a scale or a classification is called after the place that ends at token `last`: `Framingham risk score`, `New York Heart
/// Association class`.
fn scale(note: &Note, last: usize) -> bool {
    let names = |k: usize| k == 1 && note.has(last + k, Flags::HEAD) || note.any(last + k, SCALES);
    (1..=3).any(|k| !note.breaks(last + k) && note.word(last + k) && names(k))
}

/// A city of the list by itself, not the name of a score, a virus or a firm.
pub fn known(note: &Note, i: usize) -> Option<Found> {
    let token = note.at(i)?;
    if !token.flags.any(Flags::CITY_START)
        || token.flags.any(Flags::EPONYM) && !note.before(i, 2, &["in", "from", "near", "to"])
    {
        return None;
    }
    let other = scale(note, i)
        || note.any(
            i + 1,
            &["scientific", "university", "agitation", "naming", "sleepiness", "consensus", "protocol", "group"],
        );
    let alone = token.flags.any(Flags::CITY)
        && !token.flags.any(NO_PLACE.and(Flags::WORD))
        && token.shape == Shape::Capital
        && !other
        && !note.glued(i);
    // "in Springfield since May": an ambiguous city between little words.
    let between = note.has(i, Flags::CITY_ANY)
        && token.shape == Shape::Capital
        && !token.flags.any(NO_PLACE.and(Flags::WORD))
        && note.before(i, 1, &["in", "near", "from"]);
    let little = note.breaks(i + 1)
        || note.any(i + 1, &["in", "on", "at", "since", "for", "with", "and", "by", "last", "until", "after", "where"])
        || note.at(i + 1).is_some_and(|t| matches!(t.mark, b'.' | b',' | b';'));
    (alone || between && little && !other).then(|| Found::new(i, i, Kind::Geography, "place.listed"))
}

/// `Orange County`, `Caddo Parish`.
pub fn county(note: &Note, i: usize) -> Option<Found> {
    let ends =
        |p: usize| note.any(p, &["county", "parish", "borough", "township"]) && note.capital(p) && !note.breaks(p);
    let last = (i + 1..=i + 3).find(|p| ends(*p))?;
    let fits = (i..last).all(|p| {
        note.capital(p)
            && !note.has(p, Flags::FUNCTION)
            && (p == i || !note.breaks(p))
            && note.shape(p) != Some(Shape::Initial)
    });
    fits.then(|| Found::new(i, last, Kind::Geography, "place.county"))
}

/// `St. Agnes Hospital`, `Elmore Regional Medical Center`, `Zarville Clinic`. General words alone (`Pain Clinic`) are none.
pub fn institution(note: &Note, i: usize) -> Option<Found> {
    let saint = note.any(i, &["st", "saint"]) && note.capital(i + 1 + usize::from(note.joint(i + 1, b'.')));
    if !saint && (!note.capital(i) || note.shape(i) == Some(Shape::Initial) || note.has(i, Flags::FUNCTION)) {
        return None;
    }
    let mut proper = saint;
    for (step, at) in (i..i + 7).enumerate() {
        if step > 0 && note.breaks(at) {
            return None;
        }
        let center = note.any(at, &["center", "centre"]);
        let head = note.has(at, Flags::FACILITY)
            && (!center
                || note.any(
                    at - usize::from(at > 0),
                    &["medical", "health", "care", "cancer", "rehabilitation", "nursing", "surgery", "trauma"],
                ))
            || note.is(at, "home") && step > 0 && note.is(at - 1, "nursing")
            || note.is(at, "facility") && step > 1 && note.any(at - 1, &["nursing", "living", "rehabilitation"]);
        if step > 0 && head && note.capital(at) {
            return if proper { place(i, at, "place.institution") } else { None };
        }
        let joint = note.joint(at, b'.') && step == 1 && saint
            || note.mark(at, b'\'')
            || note.is(at, "s") && note.glued(at)
            || note.joint(at, b'-')
            || note.any(at, &["of", "and"]) && step > 0;
        if !note.capital(at) && !joint {
            return None;
        }
        if note.word(at) && !joint && note.shape(at) != Some(Shape::Upper) {
            proper |= named(note, at) && !note.has(at, Flags::TITLE.and(Flags::HEAD).and(Flags::LABEL))
                || note.has(at, Flags::CITY);
        }
    }
    None
}

/// A British postal code: `SW1A 1AA`, `M1 1AE`.
pub fn postcode(note: &Note, i: usize) -> Option<Found> {
    let area = note.str(i);
    let letters = matches!(note.shape(i), Some(Shape::Upper | Shape::Initial))
        && area.len() <= 2
        && (area.len() == 2 || "BEGLMNSW".contains(area));
    if !letters || note.glued(i) || !note.glued(i + 1) || !(1..=2).contains(&note.digits(i + 1)) {
        return None;
    }
    let extra = usize::from(note.glued(i + 2) && note.shape(i + 2) == Some(Shape::Initial));
    let sector = i + 2 + extra;
    let last = sector + 1;
    let inward = note.str(last);
    let good = inward.len() == 2
        && inward.bytes().all(|b| b.is_ascii_uppercase() && !b"CIKMOV".contains(&b))
        && !["TH", "ST", "ND", "RD", "HR", "FR", "PX"].contains(&inward);
    (good
        && note.digits(sector) == 1
        && !note.glued(sector)
        && !note.breaks(sector)
        && note.glued(last)
        && !note.glued(last + 1)
        || good
            && note.digits(sector) == 1
            && note.at(last + 1).is_some_and(|t| matches!(t.mark, b'.' | b',' | b')'))
            && !note.glued(sector))
    .then(|| Found::new(i, last, Kind::Geography, "place.postcode"))
}

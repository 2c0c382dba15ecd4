//! The walk over a text: every rule in turn at every token, then names again where they were seen before.

use super::kind::Kind;
use super::lexicon::Flags;
use super::token::{Class, Note, Shape};
use super::{ages, codes, dates, identifiers, names, network, numbers, places};
use foldhash::fast::FixedState;
use std::collections::HashSet;

/// An identifier in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First byte, on a character boundary.
    pub start: usize,
    /// The byte after the last, on a character boundary.
    pub end: usize,
    pub kind: Kind,
    /// The rule that found it: `date.numeric`.
    pub rule: &'static str,
}

/// What a rule found: tokens `first` to `last`, both included.
#[derive(Debug, Clone, Copy)]
pub struct Found {
    pub first: usize,
    pub last: usize,
    pub kind: Kind,
    pub rule: &'static str,
}

impl Found {
    pub fn new(first: usize, last: usize, kind: Kind, rule: &'static str) -> Found {
        Found { first, last, kind, rule }
    }
}

type Rule = fn(&Note, usize) -> Option<Found>;

/// Rules that start at a number, an opening parenthesis or a plus; the first that answers decides.
const AT_NUMBER: &[Rule] = &[
    network::address,
    codes::at,
    numbers::social_security,
    numbers::phone,
    numbers::card,
    dates::numeric,
    dates::day_first,
    ages::digits,
    places::street,
    places::zip_of_state,
];

/// Rules that start at a word. Those of marked words first: a cue outweighs a dictionary.
const AT_WORD: &[(Flags, Rule)] = &[
    (Flags::DOMAIN, network::domain),
    (Flags::WEB, network::link),
    (Flags::CUE, identifiers::cued),
    (Flags::MONTH, dates::month),
    (Flags::NINETY, ages::words),
    (Flags::PLACE_CUE, places::cued),
    (Flags::TITLE, names::titled),
    (Flags::KIN, names::of_kin),
    (Flags::LABEL, names::labelled),
    (Flags::ACT, names::of_act),
    (Flags::GREETING, names::greeted),
];

/// Rules that start at any capitalised word.
const AT_CAPITAL: &[Rule] = &[
    codes::at,
    places::postcode,
    names::credentialled,
    places::institution,
    places::county,
    places::city_and_state,
    places::phrase,
    names::known,
    names::doing,
    places::known,
];

/// The identifiers in a text, in order, none overlapping another. Empty for a text without any, which does not
/// say that it has none. Linear in the text's length.
pub fn scan(text: &str) -> Vec<Span> {
    let note = Note::new(text);
    let mut found: Vec<Found> = Vec::new();
    let mut i = 0;
    while let Some(token) = note.at(i) {
        let hit = match token.class {
            Class::Number => AT_NUMBER.iter().find_map(|rule| rule(&note, i)),
            Class::Mark => match token.mark {
                b'(' | b'+' => numbers::phone(&note, i),
                b'@' => network::email(&note, i),
                b'/' => names::slash_signed(&note, i),
                b':' => network::address(&note, i),
                _ => None,
            },
            Class::Word => at_word(&note, i),
        };
        i += 1;
        if let Some(hit) = hit {
            // A rule may reach back over what was found before (an address after the words it starts with).
            while found.last().is_some_and(|f| f.last >= hit.first) {
                found.pop();
            }
            found.push(hit);
            i = i.max(hit.last + 1);
        }
    }
    let mut all = again(&note, &found);
    all.extend(found);
    all.sort_by_key(|f| f.first);
    all.iter().filter_map(|f| span(&note, f)).collect()
}

fn at_word(note: &Note, i: usize) -> Option<Found> {
    let token = note.at(i)?;
    let marked = AT_WORD.iter().filter(|(flags, _)| token.flags.any(*flags)).find_map(|(_, rule)| rule(note, i));
    if marked.is_some() {
        return marked;
    }
    if token.shape != Shape::Lower {
        return AT_CAPITAL.iter().find_map(|rule| rule(note, i));
    }
    codes::at(note, i)
}

fn span(note: &Note, found: &Found) -> Option<Span> {
    let (first, last) = (note.at(found.first)?, note.at(found.last)?);
    Some(Span { start: first.start, end: last.end, kind: found.kind, rule: found.rule })
}

/// Names that stand beside a cue in one place of a note are names elsewhere in it.
fn again(note: &Note, found: &[Found]) -> Vec<Found> {
    let mut known: HashSet<String, FixedState> = HashSet::default();
    // What only a verb or a preposition told is not sure enough to be looked for elsewhere.
    let sure = |f: &&Found| f.kind == Kind::Names && !["name.verb", "name.said", "name.again"].contains(&f.rule);
    for f in found.iter().filter(sure) {
        for i in f.first..=f.last {
            if names::worth_remembering(note, i) {
                known.insert(note.str(i).to_lowercase());
            }
        }
    }
    if known.is_empty() {
        return Vec::new();
    }
    let mut out: Vec<Found> = Vec::new();
    let mut spans = found.iter().peekable();
    let mut i = 0;
    while i < note.tokens.len() {
        while spans.peek().is_some_and(|f| f.last < i) {
            spans.next();
        }
        if let Some(f) = spans.peek().filter(|f| f.first <= i) {
            i = f.last + 1;
            continue;
        }
        if names::may_repeat(note, i) && known.contains(&note.str(i).to_lowercase()) {
            match out.last_mut().filter(|f| f.last + 1 == i && !note.breaks(i)) {
                Some(before) => before.last = i,
                None => out.push(Found::new(i, i, Kind::Names, "name.again")),
            }
        }
        i += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::scan;

    /// Scans of a text and of one eight times as long: the time may grow a little more than eight times, never 64 times.
    #[test]
    fn a_line_of_a_megabyte_is_read_to_its_end() {
        let units = [
            "7",
            "77-",
            "1.",
            "12:",
            "a",
            "A",
            "Ab ",
            "[",
            "(",
            "(1",
            "@",
            "a@",
            "a.",
            "A. ",
            "Dr. ",
            "Mr",
            "MRN ",
            "St. ",
            "May ",
            "may 1 ",
            "1/",
            "1/2 ",
            "::",
            "St",
            "Ave ",
            "New York ",
            "Emily ",
            "Emily-",
            "é",
            "\u{300}",
            "'",
            "o'",
            "www.",
            "http://",
            "x.com ",
            "name: ",
            "lives in ",
            "4111 ",
            "555-0143 ",
            "+1",
            "No. ",
            "Smith, ",
            "(617) ",
            "of ",
            "A1",
            "A1-",
            "mother ",
            "Hospital ",
            "County ",
            "Parkinson's ",
            "Parkinson-",
        ];
        for unit in units {
            let text = unit.repeat(1_000_000 / unit.len());
            let found = scan(&text);
            let ordered = found.windows(2).all(|w| w.first().map(|a| a.end) <= w.last().map(|b| b.start));
            assert!(ordered && found.iter().all(|s| text.get(s.start..s.end).is_some()), "{unit:?}");
        }
    }
}

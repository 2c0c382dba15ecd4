//! One cell of a text column, judged as a whole and by what its heading says.

use super::codes;
use super::kind::Kind;
use super::lexicon::Flags;
use super::scan::scan;
use super::token::{Class, Note};

/// Three-digit ZIP areas of 20,000 people or fewer by the 2000 Census, which Safe Harbor asks to be written 000. HHS's
/// guidance lists them and says not to rely on the list once newer Census data exist: the vintage is in the name.
pub const ZIP3_2000: [&str; 17] = [
    "036", "059", "063", "102", "203", "556", "692", "790", "821", "823", "830", "831", "878", "879", "884", "890",
    "893",
];

/// Whether a three-digit ZIP area had 20,000 people or fewer in the 2000 Census. "000" is none.
pub fn restricted_zip3(zip3: &str) -> bool {
    ZIP3_2000.contains(&zip3.trim())
}

/// What identifier a cell holds, if any. With a heading, a cell counts when it can be what the heading says: a name under
/// `patient_name` need be in no dictionary. Without one, or when it cannot be, the text is scanned, and a cell that is
/// wholly a five-digit number, a bare year or a blank is none. A cell of "unknown", "n/a", "none", "-" or asterisks
/// is none; so are a bare year under a date, a state, and three digits of a ZIP code that are not in [`ZIP3_2000`].
pub fn cell(text: &str, heading: Option<Kind>) -> Option<Kind> {
    let text = text.trim();
    if blank(text) {
        return None;
    }
    if let Some(kind) = heading {
        match fits(text, kind) {
            Fit::Yes => return Some(kind),
            Fit::Allowed => return None,
            Fit::Unlike => {}
        }
    }
    if let Some((kind, _)) = codes::form(text) {
        return Some(kind);
    }
    scan(text).first().map(|span| span.kind)
}

/// Words that stand for a missing or removed value.
fn blank(text: &str) -> bool {
    let words = [
        "",
        "na",
        "n/a",
        "nan",
        "null",
        "none",
        "nil",
        "unknown",
        "not known",
        "missing",
        "redacted",
        "removed",
        "withheld",
        "anonymous",
        "deidentified",
        "de-identified",
        "not applicable",
        "not available",
        "not recorded",
        "true",
        "false",
        "yes",
        "no",
    ];
    let bare =
        text.trim_matches(|c: char| matches!(c, '[' | ']' | '(' | ')' | '<' | '>' | '*' | '#' | '_' | '-' | '.' | '?'));
    words.iter().any(|w| w.eq_ignore_ascii_case(bare))
        || text.chars().all(|c| matches!(c, 'x' | 'X' | '*' | '#' | '-' | '0' | '.'))
}

enum Fit {
    Yes,
    /// What the heading says, in a form that the rule allows.
    Allowed,
    /// Something else than the heading says.
    Unlike,
}

fn when(condition: bool) -> Fit {
    if condition { Fit::Yes } else { Fit::Unlike }
}

fn fits(text: &str, kind: Kind) -> Fit {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    match kind {
        Kind::Names => when(letters >= 2 && digits == 0 && !text.contains('@') && text.split_whitespace().count() <= 6),
        Kind::Geography => geography(text, digits, letters),
        Kind::Dates => date(text, digits),
        Kind::AgesOver89 => when(text.parse::<f64>().is_ok_and(super::age_over_89)),
        Kind::Telephone | Kind::Fax => when((7..=16).contains(&digits) && letters <= 4),
        Kind::Email => when(text.contains('@')),
        Kind::Ssn => when(digits == 9 || digits == 4),
        Kind::Mrn | Kind::HealthPlan | Kind::Account | Kind::Licence | Kind::Device | Kind::Other => {
            when(digits >= 1 && digits + letters >= 3 || letters >= 3 && !text.contains(' '))
        }
        Kind::Vehicle => when(digits + letters >= 4 && text.len() <= 20),
        Kind::Url => when(text.contains('.') || text.contains('/')),
        Kind::Ip => when(text.parse::<core::net::IpAddr>().is_ok()),
        Kind::Biometric | Kind::Photo => when(digits + letters >= 3),
    }
}

fn geography(text: &str, digits: usize, letters: usize) -> Fit {
    if letters == 0 {
        let three = text.len() == 3 && digits == 3
            || text.len() == 5 && digits == 3 && (text.ends_with("**") || text.to_ascii_lowercase().ends_with("xx"))
            || text.len() == 5 && text.ends_with("00") && digits == 5 && text.get(..3) == Some("000");
        if three {
            return if text.get(..3).is_some_and(restricted_zip3) { Fit::Yes } else { Fit::Allowed };
        }
        // Latitudes and longitudes, and ZIP codes without their leading zero.
        return when(digits == 5 || digits == 9 || digits == 4 || text.contains('.') && text.parse::<f64>().is_ok());
    }
    if text.to_ascii_lowercase().ends_with("xx") && digits == 3 {
        return if text.get(..3).is_some_and(restricted_zip3) { Fit::Yes } else { Fit::Allowed };
    }
    let note = Note::new(text);
    let state = Flags::STATE.and(Flags::STATE_LETTERS).and(Flags::NATION);
    let two = [
        "new hampshire",
        "new jersey",
        "new mexico",
        "new york",
        "north carolina",
        "north dakota",
        "south carolina",
        "south dakota",
        "west virginia",
        "rhode island",
        "puerto rico",
        "united states",
    ];
    if note.tokens.iter().all(|t| t.class == Class::Word && t.flags.any(state))
        || two.iter().any(|s| s.eq_ignore_ascii_case(text))
    {
        return Fit::Allowed;
    }
    when(letters >= 3 || digits >= 1)
}

fn date(text: &str, digits: usize) -> Fit {
    let year = text.strip_suffix(".0").unwrap_or(text);
    if year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit()) {
        return Fit::Allowed;
    }
    // Day, month and year in one form or another, dates as numbers of days or seconds included.
    let month = Note::new(text).tokens.iter().any(|t| t.flags.any(Flags::MONTH));
    when(
        digits >= 5
            || month && digits >= 1
            || month && text.split_whitespace().count() == 1
            || digits >= 2 && text.contains(['/', '-']),
    )
}

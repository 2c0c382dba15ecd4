//! Phrases in a text: whether one occurs, whether it is denied, and doses with their drugs.

use super::reading::sentences;
use std::ops::Range;

/// A word of a text, folded, or a mark.
struct Word {
    /// Small letters and digits, apostrophes left out.
    text: String,
    range: Range<usize>,
}

/// The words and marks of a text. Case, apostrophes, kinds of dashes and hyphens make no difference: `don't` is `dont`,
/// `follow‑up` and `follow up` are two words. A number keeps its decimals and loses its commas.
fn words(text: &str) -> Vec<Word> {
    let mut out: Vec<Word> = Vec::new();
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    let mut i = 0;
    while let Some(&(start, c)) = chars.get(i) {
        let digit = |k: usize| chars.get(k).is_some_and(|(_, c)| c.is_ascii_digit());
        let letter = |k: usize| chars.get(k).is_some_and(|(_, c)| c.is_alphabetic());
        let mut word = String::new();
        let number = c.is_ascii_digit();
        while let Some(&(_, c)) = chars.get(i) {
            if number && !(c.is_ascii_digit() || matches!(c, '.' | ',') && digit(i + 1) && digit(i.wrapping_sub(1))) {
                break;
            }
            if c.is_alphanumeric() || number && c == '.' {
                if !number && c.is_ascii_digit() && word.is_empty() {
                    break;
                }
                word.extend(c.to_lowercase());
            } else if !(number && c == ',' || matches!(c, '\'' | '’' | '‘' | 'ʼ') && !word.is_empty() && letter(i + 1))
            {
                break;
            }
            i += 1;
        }
        if word.is_empty() {
            let dash = matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}');
            if !c.is_whitespace() && !dash {
                out.push(Word { text: c.to_string(), range: start..start + c.len_utf8() });
            }
            i += 1;
            continue;
        }
        let end = chars.get(i).map_or(text.len(), |(at, _)| *at);
        out.push(Word { text: word, range: start..end });
    }
    out
}

/// Where in `words` the phrase starts, one after the other.
fn places(words: &[Word], phrase: &[Word]) -> Vec<usize> {
    if phrase.is_empty() {
        return Vec::new();
    }
    let same = |w: &[Word]| w.iter().zip(phrase).all(|(a, b)| a.text == b.text);
    words.windows(phrase.len()).enumerate().filter(|(_, w)| same(w)).map(|(i, _)| i).collect()
}

/// Where a phrase stands in a text, in bytes. Whole words only; case, apostrophes, dashes and white space make no difference; other
/// marks do. An empty phrase stands nowhere.
pub fn find(text: &str, phrase: &str) -> Vec<Range<usize>> {
    let (text, phrase) = (words(text), words(phrase));
    let range = |i: usize| {
        let (first, last) = (text.get(i)?, text.get(i + phrase.len() - 1)?);
        Some(first.range.start..last.range.end)
    };
    places(&text, &phrase).into_iter().filter_map(range).collect()
}

/// Whether any of the phrases stands in the text (see [`find`]).
pub fn contains_any(text: &str, phrases: &[&str]) -> bool {
    let text = words(text);
    phrases.iter().any(|phrase| !places(&text, &words(phrase)).is_empty())
}

/// Words before what they deny.
const BEFORE: &[&str] = &[
    "no evidence of",
    "no sign of",
    "no signs of",
    "no history of",
    "negative for",
    "absence of",
    "free of",
    "rules out",
    "ruled out for",
    "not have",
    "no",
    "not",
    "without",
    "denies",
    "denied",
    "denying",
    "never",
    "neither",
    "nor",
    "cannot",
    "isnt",
    "wasnt",
    "doesnt",
    "didnt",
    "hasnt",
    "hadnt",
    "dont",
    "wont",
    "lacks",
];
/// Words behind what they deny.
const BEHIND: &[&str] = &[
    "unlikely",
    "was ruled out",
    "is ruled out",
    "has been ruled out",
    "were ruled out",
    "ruled out",
    "not seen",
    "not present",
    "not found",
    "absent",
    "is negative",
    "was negative",
];
/// Words that look like a denial and are none.
const PSEUDO: &[&str] = &[
    "no increase",
    "no change",
    "not only",
    "not certain",
    "not necessarily",
    "gram negative",
    "no longer needs",
    "without difficulty",
    "not rule out",
    "not ruled out",
    "no doubt",
];
/// Words and marks at which a denial ends.
const ENDS: &[&str] = &[
    "but",
    "however",
    "although",
    "though",
    "except",
    "apart from",
    "aside from",
    "yet",
    "still",
    "which",
    "who",
    "secondary to",
    "because",
    "presents",
    "presented",
    "reports",
    "has",
    "complains",
    ";",
    ":",
];

/// How many words a denial reaches at most; only lists are as long.
const REACH: usize = 40;

/// Whether a phrase is denied: nothing when it does not occur, true when it is denied wherever it occurs. After NegEx and ConText
/// (Chapman et al. 2001, J Biomed Inform 34:301; Harkema et al. 2009, 42:839): a denial reaches from its word (`no`,
/// `denies`, `negative for`) to the end of the sentence or to a word that ends it (`but`, `however`, `has`), and from words behind
/// (`unlikely`, `was ruled out`) back within the clause; `no change` and `not only` deny nothing.
pub fn negated(text: &str, phrase: &str) -> Option<bool> {
    let phrase = words(phrase);
    let mut seen = None;
    for sentence in sentences(text) {
        let all = words(sentence);
        for at in places(&all, &phrase) {
            let denied = denied(&all, at, at + phrase.len());
            seen = Some(seen.unwrap_or(true) && denied);
        }
    }
    seen
}

/// Whether the words from `start` to `end` of a sentence are denied.
fn denied(all: &[Word], start: usize, end: usize) -> bool {
    let is = |at: usize, phrase: &str| {
        phrase.split(' ').enumerate().all(|(k, w)| all.get(at + k).is_some_and(|x| x.text == w))
    };
    let any = |at: usize, of: &[&str]| of.iter().any(|p| is(at, p));
    // Backwards to the nearest word that denies, unless one that ends a denial comes first.
    let mut at = start;
    while at > start.saturating_sub(REACH) {
        at -= 1;
        if any(at, ENDS) {
            break;
        }
        let pseudo = any(at, PSEUDO) || at > 0 && any(at - 1, PSEUDO);
        if any(at, BEFORE) && !pseudo {
            return true;
        }
    }
    // Forwards within the clause.
    let clause =
        (end..all.len().min(end + 6)).take_while(|k| !any(*k, ENDS) && all.get(*k).is_none_or(|w| w.text != ","));
    clause.into_iter().any(|k| any(k, BEHIND) && !(k > 0 && any(k - 1, PSEUDO)))
}

/// A dose as a text states it.
#[derive(Debug, Clone, PartialEq)]
pub struct Dose {
    /// The word before the number, small letters: `metformin`.
    pub drug: String,
    pub value: f64,
    /// Small letters, `mcg` for `µg`, with `/kg` or `/day` if it stands there: `mg`, `mg/kg`.
    pub unit: String,
}

const UNITS: &[&str] = &[
    "mg", "mcg", "µg", "μg", "ug", "g", "ml", "units", "unit", "iu", "meq", "mmol", "puffs", "puff", "drops",
    "tablets", "tablet", "tabs", "tab", "capsules", "capsule",
];

/// Words between a drug and its number.
const BETWEEN: &[&str] = &[
    "tablet",
    "tablets",
    "tab",
    "capsule",
    "capsules",
    "oral",
    "po",
    "iv",
    "im",
    "sc",
    "sq",
    "subq",
    "at",
    "of",
    "dose",
    "doses",
    "to",
    "a",
    "is",
    "was",
    "takes",
    "take",
    "by",
    "from",
    "increased",
    "decreased",
    "reduced",
    "daily",
    "injection",
    "solution",
    "xr",
    "er",
    "sr",
    "xl",
    "the",
    ":",
    ",",
    "(",
];

/// The doses in a text: a word, a number and a unit, with words such as `tablet`, `increased to` or `:` between. `5-10 mg` is two
/// doses of one drug, `5/325` none. A number with a unit but without any word before it is left out, so is `mg/dL`, which is a
/// laboratory value.
pub fn doses(text: &str) -> Vec<Dose> {
    let all = words(text);
    let mut out: Vec<Dose> = Vec::new();
    for (i, word) in all.iter().enumerate() {
        let Ok(value) = word.text.parse::<f64>() else { continue };
        if !word.text.starts_with(|c: char| c.is_ascii_digit()) {
            continue;
        }
        // The unit is behind the number, or behind the second number of a range.
        let text_at = |k: usize| all.get(k).map_or("", |w| w.text.as_str());
        let gap = |k: usize| {
            all.get(k).zip(all.get(k + 1)).map_or("", |(a, b)| text.get(a.range.end..b.range.start).unwrap_or(""))
        };
        let range = text_at(i + 1).starts_with(|c: char| c.is_ascii_digit()) && !gap(i).trim().is_empty()
            || text_at(i + 1) == "to" && text_at(i + 2).starts_with(|c: char| c.is_ascii_digit());
        let unit_at = match (range, text_at(i + 1) == "to") {
            (true, true) => i + 3,
            (true, false) => i + 2,
            _ => i + 1,
        };
        if !UNITS.contains(&text_at(unit_at)) {
            continue;
        }
        let mut unit = text_at(unit_at).replace(['µ', 'μ'], "mc").replace("ug", "mcg");
        if text_at(unit_at + 1) == "/" {
            if !["kg", "day", "h", "hr", "hour", "m2", "dose", "min"].contains(&text_at(unit_at + 2)) {
                continue;
            }
            unit = [unit.as_str(), "/", text_at(unit_at + 2)].concat();
        }
        let mut before = i;
        let mut drug = None;
        while before > 0 && drug.is_none() && i - before < 6 {
            before -= 1;
            let word = text_at(before);
            if BETWEEN.contains(&word)
                || word.starts_with(|c: char| c.is_ascii_digit()) && before + 1 == i && gap(before).contains(['-', '–'])
                || UNITS.contains(&word) && text_at(before + 1) == "to"
            {
                continue;
            }
            if word.starts_with(|c: char| c.is_ascii_digit()) && text_at(before + 1) == "to"
                || UNITS.contains(&word) && before + 2 == i
            {
                continue;
            }
            drug = word.chars().all(char::is_alphabetic).then(|| word.to_string());
            break;
        }
        if let Some(drug) = drug.filter(|d| d.len() > 2) {
            out.push(Dose { drug, value, unit });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_whole_words_whatever_their_marks() {
        let text = "Please don’t wait: call 911 or go to the Emergency‑Room.";
        assert!(
            contains_any(text, &["DON'T WAIT"])
                && contains_any(text, &["x", "emergency room"])
                && contains_any(text, &["call 911"])
        );
        assert!(!contains_any(text, &["emerge", "wait call", "all", "", "91"]));
        assert_eq!(find(text, "emergency-room").into_iter().map(|r| &text[r]).collect::<Vec<_>>(), ["Emergency‑Room"]);
        assert_eq!(find("a a a", "a a").len(), 2);
        assert!(find("", "a").is_empty() && find("a", "").is_empty());
    }

    #[test]
    fn denials() {
        let denied = [
            "Patient denies fever, chills, or chest pain.",
            "No evidence of chest pain.",
            "There is no chest pain",
            "Negative for chest pain",
            "Chest pain was ruled out.",
            "Chest pain is unlikely",
            "He hasn't had chest pain",
            "He reports cough but denies chest pain",
            "Without chest pain or nausea.",
        ];
        for text in denied {
            assert_eq!(negated(text, "chest pain"), Some(true), "{text}");
        }
        let affirmed = [
            "Patient has chest pain.",
            "No fever. Chest pain since yesterday.",
            "Denies fever but has chest pain.",
            "Not only cough, chest pain too",
            "No change in chest pain",
            "No cough; chest pain on exertion",
            "Chest pain, no fever",
            "Denies chest pain. Later he had chest pain.",
            "Could not rule out chest pain",
        ];
        for text in affirmed {
            assert_eq!(negated(text, "chest pain"), Some(false), "{text}");
        }
        assert_eq!(negated("No fever", "chest pain"), None);
    }

    #[test]
    fn doses_with_their_drugs() {
        let of = |text: &str| {
            doses(text).into_iter().map(|d| format!("{} {} {}", d.drug, d.value, d.unit)).collect::<Vec<_>>()
        };
        assert_eq!(
            of("Start Metformin 500 mg BID and lisinopril tablet 2.5mg."),
            ["metformin 500 mg", "lisinopril 2.5 mg"]
        );
        assert_eq!(of("heparin 5,000 units SC; gentamicin 5 mg/kg"), ["heparin 5000 units", "gentamicin 5 mg/kg"]);
        assert_eq!(of("morphine 5-10 mg IV"), ["morphine 5 mg", "morphine 10 mg"]);
        assert_eq!(
            of("Warfarin was increased to 7.5 mg; levothyroxine: 88 µg"),
            ["warfarin 7.5 mg", "levothyroxine 88 mcg"]
        );
        assert_eq!(of("glucose 110 mg/dL, 40 mg, age 54, BP 120/80"), Vec::<String>::new());
    }

    #[test]
    fn long_texts_end() {
        for unit in ["pain ", "pain", "no ", "5 mg ", "5-", "1,", "'", "pain'"] {
            let text = unit.repeat(200_000 / unit.len());
            assert!(negated(&text, "pain").is_none_or(|denied| !denied));
            assert!(doses(&text).len() <= text.len());
        }
    }
}

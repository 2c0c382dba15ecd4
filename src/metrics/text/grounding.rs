//! Whether the numbers of a generated text, with their units, are those of its source.

use super::interval;
use crate::eval::estimate::{Estimate, Measured, Undefined};
use crate::metrics::checks;
use rayon::prelude::*;

/// A number with the unit that follows it, as written.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantity {
    pub value: f64,
    /// Digits after the point.
    pub decimals: usize,
    /// Lower case, without blanks; empty for a bare number.
    pub unit: String,
}

/// The numbers in a text. `1,000` is one thousand; a range `5-6` is two numbers; a minus counts after white space, an
/// opening parenthesis or at the start; digits within a word (`B12`) are none. A unit is what follows without white
/// space or after one blank, when it starts with a letter, `%`, `µ` or `°`, and is a known clinical unit or is written
/// without blank.
pub fn quantities(text: &str) -> Vec<Quantity> {
    let chars: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let mut i = 0;
    while i < chars.len() {
        let inside_word = i > 0 && chars[i - 1].is_alphanumeric();
        if !chars[i].is_ascii_digit() || inside_word {
            i += 1;
            continue;
        }
        let minus = i > 0 && matches!(chars[i - 1], '-' | '\u{2212}');
        let opens = i < 2 || chars[i - 2].is_whitespace() || chars[i - 2] == '(';
        let mut digits = if minus && opens { String::from("-") } else { String::new() };
        let mut decimals = None;
        while i < chars.len() {
            let next_digit = chars.get(i + 1).is_some_and(char::is_ascii_digit);
            match chars[i] {
                c if c.is_ascii_digit() => {
                    digits.push(c);
                    decimals = decimals.map(|d| d + 1);
                }
                '.' if decimals.is_none() && next_digit => {
                    decimals = Some(0);
                    digits.push('.');
                }
                ',' if decimals.is_none() && groups_of_three(&chars[i + 1..]) => {}
                _ => break,
            }
            i += 1;
        }
        let blank = usize::from(chars.get(i) == Some(&' '));
        let unit: String = chars[(i + blank).min(chars.len())..]
            .iter()
            .take_while(|c| c.is_alphabetic() || matches!(c, '%' | '/' | '°' | 'µ' | '²' | '³'))
            .collect::<String>()
            .trim_end_matches('/')
            .to_lowercase();
        let named = |u: &str| UNITS.iter().any(|(name, ..)| *name == u);
        let known = blank == 0 || named(&unit) || unit.split_once('/').is_some_and(|(over, _)| !over.is_empty());
        if let Ok(value) = digits.parse() {
            let unit = if known { unit } else { String::new() };
            out.push(Quantity { value, decimals: decimals.unwrap_or(0), unit });
        }
    }
    out
}

fn groups_of_three(rest: &[char]) -> bool {
    rest.len() >= 3 && rest[..3].iter().all(char::is_ascii_digit) && !rest.get(3).is_some_and(char::is_ascii_digit)
}

/// Units by name, the unit that they are counted in, and how many of it they are.
const UNITS: &[(&str, &str, f64)] = &[
    ("%", "%", 1.0),
    ("kg", "g", 1e3),
    ("g", "g", 1.0),
    ("mg", "g", 1e-3),
    ("µg", "g", 1e-6),
    ("μg", "g", 1e-6),
    ("mcg", "g", 1e-6),
    ("ng", "g", 1e-9),
    ("pg", "g", 1e-12),
    ("l", "l", 1.0),
    ("dl", "l", 1e-1),
    ("ml", "l", 1e-3),
    ("µl", "l", 1e-6),
    ("μl", "l", 1e-6),
    ("cc", "l", 1e-3),
    ("mol", "mol", 1.0),
    ("mmol", "mol", 1e-3),
    ("µmol", "mol", 1e-6),
    ("μmol", "mol", 1e-6),
    ("umol", "mol", 1e-6),
    ("nmol", "mol", 1e-9),
    ("meq", "meq", 1.0),
    ("iu", "iu", 1.0),
    ("u", "u", 1.0),
    ("units", "u", 1.0),
    ("mmhg", "mmhg", 1.0),
    ("m", "m", 1.0),
    ("cm", "m", 1e-2),
    ("mm", "m", 1e-3),
    ("s", "s", 1.0),
    ("sec", "s", 1.0),
    ("min", "s", 60.0),
    ("minutes", "s", 60.0),
    ("h", "s", 3600.0),
    ("hr", "s", 3600.0),
    ("hrs", "s", 3600.0),
    ("hour", "s", 3600.0),
    ("hours", "s", 3600.0),
    ("d", "s", 86_400.0),
    ("day", "s", 86_400.0),
    ("days", "s", 86_400.0),
    ("week", "s", 604_800.0),
    ("weeks", "s", 604_800.0),
    ("month", "month", 1.0),
    ("months", "month", 1.0),
    ("year", "month", 12.0),
    ("years", "month", 12.0),
    ("bpm", "bpm", 1.0),
    ("°c", "°c", 1.0),
    ("°f", "°f", 1.0),
    ("kcal", "kcal", 1.0),
];

/// A unit in those it is counted in, part by part between slashes, and how many of those it is. A part that is not known
/// stands for itself.
fn counted(unit: &str) -> (f64, String) {
    let mut factor = 1.0;
    let mut names: Vec<&str> = Vec::new();
    for (at, part) in unit.split('/').enumerate() {
        let known = UNITS.iter().find(|(name, ..)| *name == part);
        let (name, size) = known.map_or((part, 1.0), |(_, name, size)| (*name, *size));
        factor = if at == 0 { factor * size } else { factor / size };
        names.push(name);
    }
    (factor, names.join("/"))
}

/// Whether two numbers are the same, or with `rounded` whether the first is the second to its own decimals.
fn agrees(text: &Quantity, source: &Quantity, rounded: bool) -> Found {
    let near = |value: f64| {
        let half = if rounded { 0.5 * 0.1_f64.powi(text.decimals.min(300) as i32) } else { 0.0 };
        (text.value - value).abs() <= half + 1e-12 * text.value.abs().max(value.abs())
    };
    if text.unit.is_empty() || source.unit.is_empty() || text.unit == source.unit {
        return if near(source.value) { Found::Grounded } else { Found::Nowhere };
    }
    let ((own, a), (other, b)) = (counted(&text.unit), counted(&source.unit));
    match a == b {
        true if near(source.value * (other / own)) => Found::Grounded,
        false if near(source.value) => Found::OtherUnit,
        _ => Found::Nowhere,
    }
}

/// What became of a number, the better the larger.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Found {
    Nowhere,
    OtherUnit,
    Grounded,
}

/// The share of the numbers in the texts that their source also has. Where both name a unit, they must be of one kind
/// and come to the same amount (`1 g` is `1000 mg`; amounts of substance are not converted into masses). With `rounded`
/// a number also stands for every number that is rounded to it (6.8 for 6.83). Parts: `numbers`, `grounded`,
/// `other_unit` (numbers that the source has with a unit of another kind only). Undefined when no text has a number.
/// With seed and level (`asked`), an interval over rows.
pub fn numbers_grounded(texts: &[&str], sources: &[&str], rounded: bool, asked: Option<(u64, f64)>) -> Measured {
    checks::same_length(("texts", texts.len()), ("sources", sources.len()))?;
    checks::not_empty(texts.len())?;
    let row = |(text, source): (&&str, &&str)| {
        let known = quantities(source);
        let mut out = [0_u64; 3];
        for q in quantities(text) {
            let best = known.iter().map(|k| agrees(&q, k, rounded)).max().unwrap_or(Found::Nowhere);
            out[0] += 1;
            out[1] += u64::from(best == Found::Grounded);
            out[2] += u64::from(best == Found::OtherUnit);
        }
        out
    };
    let rows: Vec<[u64; 3]> = texts.par_iter().zip(sources).map(row).collect();
    let total = |chosen: &mut dyn Iterator<Item = &[u64; 3]>| {
        chosen.fold([0; 3], |sum, row| [sum[0] + row[0], sum[1] + row[1], sum[2] + row[2]])
    };
    let [all, grounded, other] = total(&mut rows.iter());
    if all == 0 {
        return Err(Undefined::new("no text has a number"));
    }
    let share = |[all, grounded, _]: [u64; 3]| grounded as f64 / all as f64;
    let of = |drawn: &[u32]| share(total(&mut drawn.iter().filter_map(|&row| rows.get(row as usize))));
    let interval = interval(rows.len(), asked, of);
    let out = Estimate { interval, ..Estimate::plain(share([all, grounded, other]), texts.len()) };
    Ok(out.with("numbers", all as f64).with("grounded", grounded as f64).with("other_unit", other as f64))
}

#[cfg(test)]
mod tests {
    use super::{numbers_grounded, quantities};

    #[test]
    fn numbers_carry_their_units() {
        let found = quantities("K 6.8 mmol/L, 1,000 mg then 5-6 days; B12; 38.5°C; base excess -3 (-2.5)");
        let shown: Vec<(f64, &str)> = found.iter().map(|q| (q.value, q.unit.as_str())).collect();
        let wanted = [(6.8, "mmol/l"), (1000.0, "mg"), (5.0, ""), (6.0, "days"), (38.5, "°c"), (-3.0, ""), (-2.5, "")];
        assert_eq!(shown, wanted);
        assert_eq!(quantities("120/80 mmHg").iter().map(|q| q.value).collect::<Vec<_>>(), [120.0, 80.0]);
    }

    fn grounded(text: &str, source: &str, rounded: bool) -> [f64; 3] {
        let e = numbers_grounded(&[text], &[source], rounded, None).unwrap();
        ["numbers", "grounded", "other_unit"].map(|part| e.part(part).unwrap())
    }

    #[test]
    fn amounts_are_compared_not_spellings() {
        assert_eq!(grounded("5 mg daily for 7 days", "give 5 mg for 10 days", false), [2.0, 1.0, 0.0]);
        assert_eq!(grounded("1 g for 1 week at 50 mg/L", "1000 mg for 7 days at 5 mg/dL", false), [3.0, 3.0, 0.0]);
        assert_eq!(grounded("1 g", "100 mg", false), [1.0, 0.0, 0.0]);
        assert_eq!(grounded("glucose 5 mmol/L", "glucose 5 mg/dL", false), [1.0, 0.0, 1.0]);
        assert_eq!(grounded("glucose 5", "glucose 5 mg/dL", false), [1.0, 1.0, 0.0]);
        assert_eq!(grounded("-3", "3", false), [1.0, 0.0, 0.0]);
    }

    #[test]
    fn rounding_counts_where_it_is_allowed() {
        assert_eq!(grounded("6.8", "6.83", false), [1.0, 0.0, 0.0]);
        assert_eq!(grounded("6.8", "6.83", true), [1.0, 1.0, 0.0]);
        assert_eq!(grounded("6.8", "6.86", true), [1.0, 0.0, 0.0]);
        assert_eq!(grounded("1.5 g", "1520 mg", true), [1.0, 1.0, 0.0]);
        assert_eq!(grounded("7", "6.5", true), [1.0, 1.0, 0.0]);
    }

    #[test]
    fn no_numbers_no_share() {
        assert!(numbers_grounded(&["none"], &["5"], false, None).is_err());
        assert!(numbers_grounded(&[], &[], false, None).is_err());
        let e = numbers_grounded(&["5 and 6", "7"], &["5", "7"], false, Some((1, 0.95))).unwrap();
        assert!(e.interval.is_some_and(|i| i.lo <= e.value && e.value <= i.hi));
    }
}

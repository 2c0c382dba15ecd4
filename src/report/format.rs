//! Numbers and names as people read them, for the page and for the terminal.
//!
//! Knows nothing of results or markup. No function here lets a value that is not finite reach a reader.

use crate::eval::count::Count;

/// What stands where a figure has no finite value.
pub const UNDEFINED: &str = "undefined";

/// Decimals that show four significant digits of `value`.
fn decimals(value: f64) -> usize {
    if value == 0.0 || !value.is_finite() {
        return 4;
    }
    let magnitude = value.abs().log10().floor();
    (3.0 - magnitude).clamp(0.0, 9.0) as usize
}

/// True for values that a plain decimal would show badly.
fn is_extreme(value: f64) -> bool {
    let size = value.abs();
    size >= 1e7 || (size > 0.0 && size < 1e-5)
}

/// `value` with `digits` decimals; thousands are separated, and a zero carries no sign.
pub fn fixed(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return UNDEFINED.to_owned();
    }
    let text = format!("{:.digits$}", value.abs());
    let (whole, rest) = match text.split_once('.') {
        Some((whole, rest)) => (whole, Some(rest)),
        None => (text.as_str(), None),
    };
    let mut out = String::new();
    if value < 0.0 && text.bytes().any(|b| (b'1'..=b'9').contains(&b)) {
        out.push('−');
    }
    out.push_str(&grouped(whole));
    if let Some(rest) = rest {
        out.push('.');
        out.push_str(rest);
    }
    out
}

fn grouped(digits: &str) -> String {
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

fn scientific(value: f64) -> String {
    let text = format!("{value:.3e}");
    match text.split_once('e') {
        Some((mantissa, exponent)) => {
            let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
            format!("{mantissa}e{exponent}").replace('-', "−")
        }
        None => text,
    }
}

/// A figure with four significant digits: `0.7894`, `0.02364`, `62.65`, `9,105`.
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        UNDEFINED.to_owned()
    } else if is_extreme(value) {
        scientific(value)
    } else if value.fract() == 0.0 && (value == 0.0 || value.abs() >= 10.0) {
        fixed(value, 0)
    } else {
        fixed(value, decimals(value))
    }
}

/// A constant as a person would write it: no trailing zeros.
pub fn constant(value: f64) -> String {
    let text = number(value);
    if text.contains('.') && !text.contains('e') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// A value and the ends of its interval, with the same decimals: enough that both ends differ.
pub fn with_interval(value: f64, lo: f64, hi: f64) -> (String, String) {
    let largest = value.abs().max(lo.abs()).max(hi.abs());
    let finite = value.is_finite() && lo.is_finite() && hi.is_finite();
    if !finite || is_extreme(largest) || (largest > 0.0 && largest < 1e-4) {
        return (number(value), format!("[{}, {}]", number(lo), number(hi)));
    }
    let for_value = if value == 0.0 { decimals(largest) } else { decimals(value) };
    let spread = hi - lo;
    let for_spread = if spread > 0.0 { (1.0 - spread.log10().floor()).clamp(0.0, 8.0) as usize } else { 0 };
    // More than six decimals are noise for a reader, unless the interval itself is that narrow.
    let digits = for_value.min(6).max(for_spread);
    (fixed(value, digits), format!("[{}, {}]", fixed(lo, digits), fixed(hi, digits)))
}

/// A value and the ends of its interval in as few digits as the interval's width is worth: two of them.
pub fn brief(value: f64, lo: f64, hi: f64) -> (String, String) {
    let spread = hi - lo;
    let largest = value.abs().max(lo.abs()).max(hi.abs());
    if !spread.is_finite() || !value.is_finite() || spread <= 0.0 || is_extreme(largest) {
        return with_interval(value, lo, hi);
    }
    let digits = (1.0 - spread.log10().floor()).clamp(0.0, 6.0) as usize;
    (fixed(value, digits), format!("[{}, {}]", fixed(lo, digits), fixed(hi, digits)))
}

/// Two figures that are compared: as many digits as it takes to tell them apart.
pub fn compared(value: f64, threshold: f64) -> (String, String) {
    // Counts are compared as counts: 7 with 11, not 7.000 with 11.
    if value.fract() == 0.0 && threshold.fract() == 0.0 && threshold.abs() > 1.0 && value.abs() < 1e7 {
        return (fixed(value, 0), constant(threshold));
    }
    let (left, right) = (number(value), constant(threshold));
    let same = |a: &str, b: &str| a.trim_end_matches('0') == b.trim_end_matches('0');
    if value == threshold || !same(&left, &right) || !value.is_finite() {
        return (left, right);
    }
    for digits in 5..=15 {
        let (a, b) = (fixed(value, digits), fixed(threshold, digits));
        if a != b {
            return (a, b);
        }
    }
    (left, right)
}

/// A share as a percentage: one decimal, more where that would hide a small share.
pub fn percent(share: f64) -> String {
    let value = share * 100.0;
    if !value.is_finite() {
        return UNDEFINED.to_owned();
    }
    let digits = match value.abs() {
        0.0 => 0,
        100.0 => 0,
        // 99.97% must not read as 100.0%.
        a if a < 0.05 || (a > 99.95 && a < 100.0) => 3,
        _ => 1,
    };
    format!("{}%", fixed(value, digits))
}

/// A confidence level: `95%`.
pub fn level(share: f64) -> String {
    if share.is_finite() { format!("{}%", constant(share * 100.0)) } else { UNDEFINED.to_owned() }
}

/// A count with thousands separated; of patients a small one is `<11`, and one that would tell it `withheld`.
pub fn count(n: impl Into<Count>) -> String {
    match n.into() {
        Count::Rows(n) => grouped(&n.to_string()),
        hidden => hidden.to_string(),
    }
}

/// A share; none of patients where it would tell a small count.
pub fn share(value: Option<f64>) -> String {
    value.map_or_else(|| Count::Withheld.to_string(), percent)
}

/// `1 constraint`, `3 constraints`.
pub fn plural(n: impl Into<Count>, noun: &str) -> String {
    match n.into() {
        Count::Rows(n) => format!("{} {noun}{}", count(n), if n == 1 { "" } else { "s" }),
        Count::Few => format!("fewer than 11 {noun}s"),
        Count::Withheld => format!("a withheld number of {noun}s"),
    }
}

/// `a`, `a and b`, `a, b and c`.
pub fn list(items: &[&str]) -> String {
    match items {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [start @ .., last] => format!("{} and {last}", start.join(", ")),
    }
}

/// A duration for people.
pub fn seconds(value: f64) -> String {
    if !value.is_finite() {
        UNDEFINED.to_owned()
    } else if value < 1.0 {
        format!("{} ms", fixed(value * 1000.0, 0))
    } else if value < 120.0 {
        format!("{} s", fixed(value, 1))
    } else {
        format!("{} min {:02} s", (value / 60.0).floor(), (value % 60.0).floor())
    }
}

/// The label of an axis tick, with the decimals that its step needs.
pub fn tick(value: f64, step: f64) -> String {
    if is_extreme(value) || step <= 0.0 || !step.is_finite() {
        return number(value);
    }
    // The small amount guards against 0.1 being stored a hair above one tenth.
    let digits = (-(step.log10() + 1e-9).floor()).clamp(0.0, 9.0) as usize;
    let exact = (step * 10f64.powi(digits as i32)).fract().abs();
    let more = usize::from(exact > 1e-6 && exact < 1.0 - 1e-6);
    fixed(value, digits + more)
}

/// `sha256:1a2b…` cut to a length people compare by eye.
pub fn short_hash(hash: &str) -> String {
    let (prefix, digits) = hash.split_once(':').map_or(("", hash), |(p, d)| (p, d));
    let cut: String = digits.chars().take(12).collect();
    let more = if digits.chars().count() > 12 { "…" } else { "" };
    if prefix.is_empty() { format!("{cut}{more}") } else { format!("{prefix}:{cut}{more}") }
}

/// True for characters that move a cursor, hide or reorder text.
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

/// Text from a script or a data file on one line, without characters that steer a terminal.
pub fn clean(text: &str) -> String {
    let mut out = String::new();
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(word.chars().map(|c| if is_unsafe(c) { '\u{FFFD}' } else { c }));
    }
    out
}

/// Columns that a character takes on a terminal; near enough for names, not a Unicode table.
fn char_width(c: char) -> usize {
    match u32::from(c) {
        0x0300..=0x036F | 0x200B..=0x200F | 0x20D0..=0x20FF | 0xFE00..=0xFE0F => 0,
        0x1100..=0x115F
        | 0x2E80..=0xA4CF
        | 0xAC00..=0xD7A3
        | 0xF900..=0xFAFF
        | 0xFE30..=0xFE6F
        | 0xFF00..=0xFF60
        | 0xFFE0..=0xFFE6
        | 0x1F300..=0x1FAFF
        | 0x20000..=0x3FFFD => 2,
        _ => 1,
    }
}

/// Columns that `text` takes on a terminal.
pub fn width(text: &str) -> usize {
    text.chars().map(char_width).sum()
}

/// `text`, cut with an ellipsis when it takes more than `columns`.
pub fn fit(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        if used + char_width(c) + 1 > columns {
            break;
        }
        used += char_width(c);
        out.push(c);
    }
    out.push('…');
    out
}

/// A name in lines of at most `columns`, broken where its words join: after `_`, `(`, `,` or a space.
pub fn fold_name(name: &str, columns: usize) -> String {
    let mut lines = vec![String::new()];
    for piece in name.split_inclusive(['_', '(', ',', ' ', '/']) {
        for part in wrap(piece, columns) {
            match lines.last_mut() {
                Some(line) if width(line) + width(&part) <= columns => line.push_str(&part),
                _ => lines.push(part),
            }
            if piece.ends_with(' ')
                && let Some(line) = lines.last_mut()
            {
                line.push(' ');
            }
        }
    }
    let lines: Vec<&str> = lines.iter().map(|l| l.trim_end()).filter(|l| !l.is_empty()).collect();
    lines.join("\n")
}

/// `text` in lines of at most `columns`; a word longer than a line is broken.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(8);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ').filter(|w| !w.is_empty()) {
        if !line.is_empty() && width(&line) + 1 + width(word) > columns {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        for c in word.chars() {
            if width(&line) + char_width(c) > columns {
                lines.push(std::mem::take(&mut line));
            }
            line.push(c);
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_keep_the_digits_that_matter() {
        assert_eq!(number(0.789_44), "0.7894");
        assert_eq!(number(0.023_641), "0.02364");
        assert_eq!(number(62.654), "62.65");
        assert_eq!(number(9105.0), "9,105");
        assert_eq!(number(-0.0), "0");
        assert_eq!(number(-0.25), "−0.2500");
        assert_eq!(number(1.2e-7), "1.2e−7");
        assert_eq!(number(f64::NAN), UNDEFINED);
        assert_eq!(constant(0.03), "0.03");
        assert_eq!(constant(11.0), "11");
    }

    #[test]
    fn an_interval_never_collapses_to_its_value() {
        let (value, ends) = with_interval(0.999_87, 0.999_85, 0.999_89);
        assert_eq!((value.as_str(), ends.as_str()), ("0.999870", "[0.999850, 0.999890]"));
        let (value, ends) = with_interval(0.7894, 0.7801, 0.7987);
        assert_eq!((value.as_str(), ends.as_str()), ("0.7894", "[0.7801, 0.7987]"));
        let (value, ends) = with_interval(0.0, 0.0, 0.031);
        assert_eq!((value.as_str(), ends.as_str()), ("0.00000", "[0.00000, 0.03100]"));
    }

    #[test]
    fn a_brief_interval_keeps_two_digits_of_its_width() {
        let (value, ends) = brief(0.789_44, 0.7801, 0.7987);
        assert_eq!((value.as_str(), ends.as_str()), ("0.789", "[0.780, 0.799]"));
        let (value, ends) = brief(0.174_16, 0.0879, 0.3008);
        assert_eq!((value.as_str(), ends.as_str()), ("0.17", "[0.09, 0.30]"));
    }

    #[test]
    fn compared_figures_differ_when_they_differ() {
        assert_eq!(compared(0.0300004, 0.03), ("0.0300004".into(), "0.0300000".into()));
        assert_eq!(compared(7.0, 11.0), ("7".into(), "11".into()));
        assert_eq!(compared(0.03, 0.03), ("0.03000".into(), "0.03".into()));
    }

    #[test]
    fn shares_do_not_round_to_certainty() {
        assert_eq!(percent(0.5), "50.0%");
        assert_eq!(percent(1.0), "100%");
        assert_eq!(percent(0.9999), "99.990%");
        assert_eq!(percent(0.0), "0%");
        assert_eq!(percent(0.0001), "0.010%");
    }

    #[test]
    fn ticks_carry_the_decimals_of_their_step() {
        assert_eq!(tick(0.3, 0.1), "0.3");
        assert_eq!(tick(0.25, 0.25), "0.25");
        assert_eq!(tick(20.0, 20.0), "20");
        assert_eq!(tick(2.5, 2.5), "2.5");
    }

    #[test]
    fn text_is_cut_and_wrapped_by_columns() {
        assert_eq!(fit("abcdef", 4), "abc…");
        assert_eq!(wrap("aa bb cc", 8), ["aa bb cc"]);
        assert!(wrap(&"long ".repeat(30), 20).iter().all(|l| width(l) <= 20));
        assert!(wrap(&"x".repeat(50), 20).iter().all(|l| width(l) <= 20));
        assert_eq!(fold_name("logistic_all_features_except", 18), "logistic_all_\nfeatures_except");
        assert_eq!(fold_name("dpd(by: race)", 18), "dpd(by: race)");
        assert_eq!(clean("a\u{1b}[31m\nb\u{202E}"), "a\u{FFFD}[31m b\u{FFFD}");
    }

    #[test]
    fn names_are_listed_as_in_a_sentence() {
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
        assert_eq!(plural(1, "row"), "1 row");
        assert_eq!(seconds(0.25), "250 ms");
    }
}

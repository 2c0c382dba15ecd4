//! What people write who come from R, SQL, Excel or Python: the sign or word at which an item stops making
//! sense, what was meant by it, and the edit that says so.

use super::token::{ITEM_WORDS, RESERVED, Spanned, Token};

/// What was meant, in words and as edits to the item's text.
pub(super) struct Habit {
    pub help: String,
    /// Byte ranges within the item and what stands there instead; none when only words help.
    pub edits: Vec<(usize, usize, String)>,
    /// The grammar gave up too early: how many tokens on the mistake is, and what belongs there.
    pub later: Option<(usize, &'static str)>,
}

impl Habit {
    fn later(mut self, on: usize, expected: &'static str) -> Option<Habit> {
        self.later = Some((on, expected));
        Some(self)
    }
}

/// The place of a mistake within an item.
pub(super) struct Place<'a> {
    /// The item's leading word.
    pub word: &'a str,
    pub text: &'a str,
    /// Without blanks and comments.
    pub tokens: &'a [Spanned],
    /// The token that does not fit.
    pub at: usize,
    /// What could stand there, as told to the author.
    pub expected: &'a [&'a str],
}

/// Forms whose arguments are conditions and values, never named.
const UNNAMED: [&str; 12] =
    ["P", "E", "Var", "count", "sum", "mean", "min", "max", "quantile", "n", "present", "or_else"];

impl<'a> Place<'a> {
    fn token(&self, at: usize) -> Option<&'a Spanned> {
        self.tokens.get(at)
    }

    /// The token `back` places before the mistake.
    fn before(&self, back: usize) -> Option<&'a Spanned> {
        self.tokens.get(self.at.checked_sub(back)?)
    }

    fn after(&self, on: usize) -> Option<&'a Spanned> {
        self.token(self.at + on)
    }

    fn word_of(&self, token: Option<&'a Spanned>) -> &'a str {
        token.map_or("", |t| t.text(self.text))
    }

    fn is(&self, token: Option<&'a Spanned>, kind: Token) -> bool {
        token.is_some_and(|t| t.token == kind)
    }

    fn expects(&self, what: &str) -> bool {
        self.expected.iter().any(|e| e.contains(what))
    }

    /// The bracket that is open at the mistake, and the word before it.
    fn bracket(&self) -> Option<(&'a Spanned, &'a str)> {
        let mut closed = 0usize;
        for at in (0..self.at).rev() {
            let token = self.token(at)?;
            match token.token {
                Token::Close => closed += 1,
                Token::Open if closed > 0 => closed -= 1,
                Token::Open => {
                    let word = at.checked_sub(1).and_then(|i| self.token(i)).filter(|t| t.token == Token::Word);
                    return Some((token, self.word_of(word)));
                }
                _ => {}
            }
        }
        None
    }

    /// Where a run without blanks ends that begins with the token at `from`.
    fn run(&self, from: usize) -> usize {
        let mut end = self.token(from).map_or(0, |t| t.end);
        for at in from + 1.. {
            match self.token(at) {
                Some(t) if t.start == end && !matches!(self.word_of(Some(t)), ")" | "}" | "]" | "{" | "," | ";") => {
                    end = t.end;
                }
                _ => break,
            }
        }
        end
    }
}

fn habit(help: impl Into<String>, edits: Vec<(usize, usize, String)>) -> Option<Habit> {
    Some(Habit { help: help.into(), edits, later: None })
}

/// One token for another.
fn instead(help: impl Into<String>, token: &Spanned, with: &str) -> Option<Habit> {
    habit(help, vec![(token.start, token.end, with.to_string())])
}

/// What the author meant, when it is something that other tools would have taken.
pub(super) fn of(place: &Place) -> Option<Habit> {
    let found = place.token(place.at)?;
    let (last, next) = (place.before(1), place.after(1));
    sign(place, found, last, next).or_else(|| word(place, found, last, next)).or_else(|| literal(place, found, last))
}

fn sign(place: &Place, found: &Spanned, last: Option<&Spanned>, next: Option<&Spanned>) -> Option<Habit> {
    let (sign, before, after) = (found.text(place.text), place.word_of(last), place.word_of(next));
    let joined = next.filter(|n| n.start == found.end);
    let glued = last.filter(|l| l.end == found.start);
    let two = |help: &str, with: &str| habit(help, vec![(glued?.start, found.end, with.to_string())]);
    let pair = |help: &str, with: &str| habit(help, vec![(found.start, joined?.end, with.to_string())]);
    let is_function = matches!(place.word, "metric" | "fn");
    let typed = place.text.get(..found.start).is_some_and(|t| t.contains("->"));
    match sign {
        ":" if after == "=" => pair("a name is given with `=`", "="),
        ")" if is_function && after == ":" => {
            instead("what a formula results in stands after `->`", next?, "->")?.later(1, "`->`")
        }
        ")" if is_function && after == "=" && !typed => {
            let at = next?.start;
            habit("say what the formula results in: `-> Real`", vec![(at, at, "-> Real ".into())])?.later(1, "`->`")
        }
        "<" if after == "-" && place.expects("`=`") => pair("a name is given with `=`", "="),
        "==" if place.expects("`=`") => instead("a name is given with a single `=`", found, "="),
        ">" if before == "<" => two("`!=` says that two values differ", "!="),
        "=" if after == "<" => pair("at most is written `<=`", "<="),
        "=>" => instead("at least is written `>=`", found, ">="),
        "*" if before == "*" => two("a power is written `^`", "^"),
        "|" if before == "|" => two("write `or`", " or "),
        "|" if after == "|" => pair("write `or`", " or "),
        "=" => equals(place, found, last),
        ";" => instead("nothing separates items or lines here", found, ""),
        "," if place.is(last, Token::Number) && place.is(next, Token::Number) && joined.is_some() => {
            instead("the decimal sign is a point", found, ".")
        }
        "," if matches!(place.word, "policy" | "scenario" | "benchmark") => {
            instead("nothing separates these parts", found, "")
        }
        "." if place.is(next, Token::Number) && joined.is_some() => {
            habit("a number begins with a digit", vec![(found.start, found.start, "0".into())])
        }
        "*" if place.word == "use" => {
            let dot = place.before(1).filter(|t| t.text(place.text) == ".")?;
            habit("a `use` without names brings in all of them", vec![(dot.start, found.end, String::new())])
        }
        "?" if place.expects("an operator") => habit("a choice is written `if … then … else …`", Vec::new()),
        "(" if before == "na" && place.word_of(place.before(3)) == "is" => {
            let (from, end) = (place.before(3)?.start, last?.end);
            habit("`present(x)` says whether there is a value", vec![(from, end, "not present".into())])
        }
        _ => None,
    }
}

/// A single `=` in the middle of something.
fn equals(place: &Place, found: &Spanned, last: Option<&Spanned>) -> Option<Habit> {
    if place.word_of(place.before(2)) == "constraint" {
        return instead("the rule stands after `:`", found, ":");
    }
    if place.word_of(last) == "rm" && place.word_of(place.before(3)) == "na" {
        let (from, value) = (place.before(4)?, place.after(1)?);
        return habit(
            "figures leave out missing values by themselves and say how many rows they used",
            vec![(from.start, value.end, String::new())],
        );
    }
    let named = place.is(last, Token::Word)
        && matches!(place.word_of(place.before(2)), "(" | ",")
        && place
            .bracket()
            .is_some_and(|(open, word)| open.text(place.text) == "(" && !word.is_empty() && !UNNAMED.contains(&word));
    if named {
        return instead("an argument is named with `:`", found, ":");
    }
    if !place.expects("operator") {
        return None;
    }
    instead("`==` compares; a single `=` gives a name to a value", found, "==")
}

fn word(place: &Place, found: &Spanned, last: Option<&Spanned>, next: Option<&Spanned>) -> Option<Habit> {
    let said = found.text(place.text);
    if place.expects("`then`") && found.token != Token::Close {
        return habit("the value stands after `then`", vec![(found.start, found.start, "then ".into())]);
    }
    if place.word_of(last) == "NOT" {
        return instead("write `not`", last?, "not");
    }
    let opens = matches!(place.word_of(last), "(" | ",") && matches!(place.word_of(next), ")" | ",");
    if matches!(place.word, "metric" | "fn") && opens && place.expects("parameters") {
        let edits = vec![(found.end, found.end, ": Real".into())];
        return habit("each parameter says its type: `x: Real`", edits)?.later(1, "`:` and a type");
    }
    let types = ["Int", "Real", "Prob", "Rating", "Bool", "Text", "Date", "Category"];
    if place.word == "dataset" && place.expects("a column") && types.contains(&place.word_of(next)) {
        let edits = vec![(found.end, found.end, " :".into())];
        return habit("a column is written `name : Type`", edits)?.later(1, "`:`");
    }
    if found.token != Token::Word || !place.expects("an operator") {
        return None;
    }
    match said.to_ascii_lowercase().as_str() {
        lower @ ("and" | "or" | "in") if lower != said => instead(format!("write `{lower}`"), found, lower),
        "is" | "eq" | "equals" => instead("`==` says that two values are the same", found, "=="),
        "ne" => instead("`!=` says that two values differ", found, "!="),
        "not" if place.word_of(next) == "in" && place.is(last, Token::Word) => {
            let left = last?;
            let alone = !matches!(place.word_of(place.before(2)), "." | ")" | "]");
            let edits = vec![(left.start, left.start, "not ".into()), (found.start, next?.start, String::new())];
            habit("write `not x in {…}`", if alone { edits } else { Vec::new() })
        }
        "between" if place.word_of(place.after(2)) == "and" => {
            let (low, high) = (place.after(1)?, place.after(3)?);
            let range = format!("in {}..{}", low.text(place.text), high.text(place.text));
            habit("a range is written `x in 18..65`", vec![(found.start, high.end, range)])
        }
        _ if place.is(last, Token::Number) && !RESERVED.contains(&said) && !ITEM_WORDS.contains(&said) => {
            let end = place.run(place.at);
            let unit = place.text.get(found.start..end)?;
            habit(
                format!("a unit stands in single quotes: `'{unit}'`"),
                vec![(found.start, found.start, "'".into()), (end, end, "'".into())],
            )
        }
        _ => None,
    }
}

fn literal(place: &Place, found: &Spanned, last: Option<&Spanned>) -> Option<Habit> {
    let said = found.text(place.text);
    match found.token {
        Token::Unit if place.expects("a value") || place.expects("a text") => {
            let bare = said.trim_matches('\'');
            instead("texts stand in double quotes; single quotes hold a unit", found, &format!("{bare:?}"))
        }
        Token::Text if place.expects("a date") => {
            let day = day(said.trim_matches('"'))?;
            instead(format!("a date is written `{day}`"), found, &day)
        }
        Token::Text if place.word == "dataset" && place.expects("`from`") => {
            habit("the file stands after `from`", vec![(found.start, found.start, "from ".into())])
        }
        Token::Number if place.expects("a date") => {
            let end = place.run(place.at);
            let day = day(place.text.get(found.start..end)?)?;
            habit(format!("a date is written `{day}`"), vec![(found.start, end, day)])
        }
        Token::Date => {
            let day = day(said)?;
            instead(format!("a date is written `{day}`"), found, &day)
        }
        Token::Number | Token::Word
            if place.expects("a text") && ["version", "from"].contains(&place.word_of(last)) =>
        {
            let end = place.run(place.at);
            let text = place.text.get(found.start..end)?;
            habit(
                format!("a text stands in double quotes: `\"{text}\"`"),
                vec![(found.start, found.start, "\"".into()), (end, end, "\"".into())],
            )
        }
        _ => None,
    }
}

/// A day in the language's form, from what is nearly one.
fn day(said: &str) -> Option<String> {
    let parts: Vec<&str> = said.trim_start_matches('@').split(['-', '/', '.']).collect();
    let [year, month, day] = parts.as_slice() else { return None };
    let number = |t: &str| t.parse::<u32>().ok();
    let (y, m, d) = (number(year)?, number(month)?, number(day)?);
    (year.len() == 4 && (1..=12).contains(&m) && (1..=31).contains(&d)).then(|| format!("@{y:04}-{m:02}-{d:02}"))
}

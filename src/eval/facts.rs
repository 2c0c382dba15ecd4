//! Facts that do not stand in rows: the day asked about, what was signed for, the privacy ledger, documents.
//!
//! They travel as variables whose names no script can write, so that every call inherits them.

use super::env::Env;
use super::forms::Reader;
use super::forms::value;
use super::value::Value;
use crate::check::policy::{RELEASE, TRAIN};
use crate::check::special::Special;
use crate::syntax::ast::Arg;
use std::sync::Arc;

/// The day that is asked about.
const DAY: &str = "the day";
/// What was signed for.
const SIGNED: &str = "signed facts";

/// A signed fact; days as `2026-11-22`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    pub fact: String,
    pub by: String,
    pub on: String,
    pub until: Option<String>,
}

/// What was spent of the privacy of those whose rows something was made from. None is not known.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ledger {
    /// Infinite for a generator without differential privacy.
    pub epsilon: Option<f64>,
    pub delta: Option<f64>,
    /// Whose presence it is about: `person`.
    pub unit: Option<String>,
    /// Rows that it was made from.
    pub train: Option<usize>,
}

/// Everything that a policy can be told besides rows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facts {
    pub as_of: Option<String>,
    pub signed: Vec<Signed>,
    pub ledger: Ledger,
}

/// Whether a variable is one of these, or a document.
pub(super) fn is_given(name: &str) -> bool {
    name == DAY || name == SIGNED || name.starts_with("document ")
}

impl<'a> Env<'a> {
    /// The same context with facts.
    pub fn told(&self, facts: &Facts) -> Env<'a> {
        let text = |t: &Option<String>| t.as_deref().map_or(Value::Missing, Value::text);
        let number = |v: Option<f64>| v.map_or(Value::Missing, Value::Number);
        let signed = facts.signed.iter().map(|s| {
            let parts = [("fact", Value::text(&s.fact)), ("by", Value::text(&s.by)), ("on", Value::text(&s.on))];
            let parts = parts.into_iter().chain([("until", text(&s.until))]);
            Value::Record(Arc::new(parts.map(|(n, v)| (n.to_string(), v)).collect()))
        });
        let ledger = &facts.ledger;
        let record = |parts: Vec<(&str, Value)>| {
            Value::Record(Arc::new(parts.into_iter().map(|(n, v)| (n.to_string(), v)).collect()))
        };
        let release = record(vec![
            ("rows", Value::Number(self.view.rows as f64)),
            ("epsilon", number(ledger.epsilon)),
            ("delta", number(ledger.delta)),
            ("unit", text(&ledger.unit)),
        ]);
        let train = record(vec![("rows", number(ledger.train.map(|n| n as f64)))]);
        let mut env = self.clone();
        env.locals.extend([
            (DAY.to_string(), text(&facts.as_of)),
            (SIGNED.to_string(), Value::List(Arc::new(signed.collect()))),
            (RELEASE.to_string(), release),
            (TRAIN.to_string(), train),
        ]);
        env
    }
}

/// A part of a record; missing when there is none.
fn part<'v>(record: &'v Value, name: &str) -> Option<&'v Value> {
    match record {
        Value::Record(parts) => parts.iter().find(|(n, _)| n == name).map(|(_, v)| v),
        _ => None,
    }
}

/// The rows of `release` or `train`.
pub(super) fn rows_of(data: &Value) -> Value {
    match part(data, "rows") {
        Some(Value::Number(n)) => Value::Number(*n),
        _ => Value::undefined("it is not known how many rows this was made from"),
    }
}

pub(super) fn fact(env: &Env, special: Special, args: &[Arg]) -> Value {
    let given = args.first().map(|a| value(env, &a.value, Reader::Columnar));
    match (special, given) {
        (Special::AsOf, _) => match env.local(DAY) {
            Some(Value::Text(day)) => date(day),
            _ => Value::undefined("no day is asked about: add `as of @…`"),
        },
        (Special::Attested, Some(Value::Text(fact))) => attested(env, &fact),
        (Special::Epsilon, Some(data)) => spent(&data, "epsilon"),
        (Special::Delta, Some(data)) => spent(&data, "delta"),
        (Special::UnitOf, Some(data)) => match part(&data, "unit") {
            Some(text @ Value::Text(_)) => text.clone(),
            _ => Value::undefined("nothing says whose privacy the loss is about"),
        },
        _ => Value::undefined("a missing argument"),
    }
}

fn spent(data: &Value, what: &str) -> Value {
    match part(data, what) {
        Some(Value::Number(v)) => Value::Number(*v),
        _ => Value::undefined(format!("the privacy ledger has no {what} for this")),
    }
}

fn attested(env: &Env, fact: &str) -> Value {
    let day = match env.local(DAY) {
        Some(Value::Text(day)) => Some(day.clone()),
        _ => None,
    };
    let Some(Value::List(signed)) = env.local(SIGNED) else {
        return Value::undefined(format!("nobody has attested \"{fact}\""));
    };
    let text = |record: &Value, name: &str| match part(record, name) {
        Some(Value::Text(t)) => Some(t.clone()),
        _ => None,
    };
    // The same fact may be signed for again and again: the reason is about the last time.
    let mut why = format!("nobody has attested \"{fact}\"");
    for record in signed.iter().filter(|s| text(s, "fact").is_some_and(|f| *f == *fact)) {
        let (on, until) = (text(record, "on"), text(record, "until"));
        let by = text(record, "by").unwrap_or_else(|| "".into());
        match (&day, on, until) {
            (Some(day), Some(on), _) if **day < *on => {
                why = format!("\"{fact}\" is attested by {by} only from {on}");
            }
            (Some(day), _, Some(until)) if **day > *until => {
                why = format!("the attestation of \"{fact}\" by {by} ended on {until}");
            }
            _ => return Value::Bool(true),
        }
    }
    Value::undefined(why)
}

/// The year of the day that is asked about.
pub(super) fn year_of(env: &Env) -> Option<i32> {
    match env.local(DAY) {
        Some(Value::Text(day)) => day.get(..4)?.parse().ok(),
        _ => None,
    }
}

fn date(text: &str) -> Value {
    let parsed = chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    let days = parsed.map(|d| d.signed_duration_since(chrono::NaiveDate::default()).num_days());
    days.and_then(|d| i32::try_from(d).ok())
        .map_or_else(|| Value::undefined(format!("`{text}` is not a day")), Value::Date)
}

/// Whether a value says anything.
fn says(value: &Value) -> bool {
    match value {
        Value::Missing | Value::Undefined(_) => false,
        Value::Text(text) => !text.trim().is_empty(),
        Value::List(items) => items.iter().any(says),
        Value::Record(parts) => parts.iter().any(|(_, v)| says(v)),
        _ => true,
    }
}

/// What a document says; `given` is the document and the name of a part, with dots into nested parts.
pub(super) fn of_document(special: Special, given: &[Value]) -> Value {
    let [document, Value::Text(name)] = given else { return Value::undefined("not a document") };
    if !matches!(document, Value::Record(_)) {
        return Value::undefined("the document is not loaded");
    }
    let found = name.split('.').try_fold(document, |at, name| part(at, name)).filter(|v| says(v));
    let absent = || Value::undefined(format!("the document says nothing about `{name}`"));
    let odd = |what: &str, v: &Value| Value::undefined(format!("`{name}` of the document is not {what}: {v}"));
    match (special, found) {
        (Special::States, found) => Value::Bool(found.is_some()),
        (_, None) => absent(),
        (Special::Stated, Some(Value::Text(text))) => Value::Text(text.clone()),
        (Special::Stated, Some(other)) => Value::text(&other.to_string()),
        (Special::StatedNumber, Some(Value::Number(v))) => Value::Number(*v),
        (Special::StatedNumber, Some(other)) => odd("a number", other),
        (Special::StatedDate, Some(Value::Date(day))) => Value::Date(*day),
        (Special::StatedDate, Some(Value::Text(text))) => date(text.trim()),
        (Special::StatedDate, Some(other)) => odd("a day", other),
        (Special::StatedCount, Some(Value::List(items))) => {
            Value::Number(items.iter().filter(|v| says(v)).count() as f64)
        }
        (Special::StatedCount, Some(Value::Record(parts))) => {
            Value::Number(parts.iter().filter(|(_, v)| says(v)).count() as f64)
        }
        (_, Some(_)) => Value::Number(1.0),
    }
}

/// A document from JSON.
pub fn document(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Missing,
        serde_json::Value::Bool(v) => Value::Bool(*v),
        serde_json::Value::Number(v) => v.as_f64().map_or(Value::Missing, Value::Number),
        serde_json::Value::String(v) => Value::text(v),
        serde_json::Value::Array(items) => Value::List(Arc::new(items.iter().map(document).collect())),
        serde_json::Value::Object(parts) => {
            Value::Record(Arc::new(parts.iter().map(|(n, v)| (n.clone(), document(v))).collect()))
        }
    }
}

//! Forms whose value follows from the values of their parts alone, in a row as for a cohort.

use super::dates;
use super::env::Env;
use super::facts;
use super::ops;
use super::value::Value;
use crate::check::special::Special;
use crate::phi;
use crate::syntax::ast::{Arg, Arm, Expr, ExprKind, Pattern};
use std::sync::Arc;

/// The value of `expr` when it is such a form; `at` evaluates its parts.
pub(super) fn kind(env: &Env, expr: &Expr, at: &dyn Fn(&Expr) -> Value) -> Option<Value> {
    Some(match &expr.kind {
        ExprKind::Match { subject, arms } => matched(&at(subject), arms, at),
        ExprKind::Record(fields) => {
            Value::Record(Arc::new(fields.iter().map(|(name, e)| (name.name.clone(), at(e))).collect()))
        }
        ExprKind::Member(inner, name) => match at(inner) {
            Value::Record(parts) => parts
                .iter()
                .find(|(n, _)| *n == name.name)
                .map_or_else(|| Value::undefined(format!("there is no part `{}`", name.name)), |(_, v)| v.clone()),
            Value::Missing => Value::Missing,
            Value::Undefined(why) => Value::Undefined(why),
            _ => Value::undefined("only records have parts"),
        },
        ExprKind::Index(list, position) => indexed(at(list), at(position)),
        ExprKind::Convert(inner, ..) => match (at(inner), env.tables().conversion(expr.id)) {
            (Value::Number(v), Some((factor, offset))) => {
                let why = "the converted number is too large";
                ops::finite(v * factor + offset, env.is_row(expr.id), why)
            }
            (other, _) => other,
        },
        ExprKind::Typed(inner, _) => at(inner),
        _ => return None,
    })
}

fn matched(subject: &Value, arms: &[Arm], at: &dyn Fn(&Expr) -> Value) -> Value {
    if matches!(subject, Value::Missing | Value::Undefined(_)) {
        return subject.clone();
    }
    let name = subject.to_string();
    let meets = |arm: &&Arm| {
        arm.patterns.iter().any(|p| match p {
            Pattern::Level(level) => level.name == name,
            Pattern::Rest(_) => true,
        })
    };
    arms.iter()
        .find(meets)
        .map_or_else(|| Value::undefined(format!("no arm of `match` answers `{name}`")), |arm| at(&arm.value))
}

fn indexed(list: Value, position: Value) -> Value {
    match (list, position) {
        (Value::Undefined(why), _) | (_, Value::Undefined(why)) => Value::Undefined(why),
        (Value::Missing, _) | (_, Value::Missing) => Value::Missing,
        (Value::List(items), Value::Number(at)) => {
            let found = if at >= 1.0 { items.get(at as usize - 1) } else { None };
            found.cloned().unwrap_or_else(|| Value::undefined(format!("the list has no position {at}; the first is 1")))
        }
        _ => Value::undefined("only lists have positions"),
    }
}

/// What a detector found: kind, place (in letters, from 1), words.
fn spans(text: &str) -> Value {
    let record = |span: phi::Span| {
        let before = text.get(..span.start).map_or(0, |t| t.chars().count());
        let found = text.get(span.start..span.end).unwrap_or("");
        let parts = [
            ("kind", Value::text(span.kind.word())),
            ("from", Value::Number(before as f64 + 1.0)),
            ("to", Value::Number((before + found.chars().count()) as f64)),
            ("text", Value::text(found)),
        ];
        Value::Record(Arc::new(parts.into_iter().map(|(n, v)| (n.to_string(), v)).collect()))
    };
    Value::List(Arc::new(phi::scan(text).into_iter().map(record).collect()))
}

/// A call of one of the plain forms; `row` says whether it is about one row.
pub(super) fn call(special: Special, args: &[Arg], row: bool, at: &dyn Fn(&Expr) -> Value) -> Value {
    let given: Vec<Value> = args.iter().map(|a| at(&a.value)).collect();
    if special == Special::IsMissing {
        return match given.first() {
            Some(Value::Missing) => Value::Bool(true),
            Some(Value::Undefined(why)) => Value::Undefined(why.clone()),
            Some(_) => Value::Bool(false),
            None => Value::undefined("a missing argument"),
        };
    }
    if let Some(why) = given.iter().find(|v| matches!(v, Value::Undefined(_))) {
        return why.clone();
    }
    if special.is_about_documents() {
        return facts::of_document(special, &given);
    }
    if given.contains(&Value::Missing) {
        return Value::Missing;
    }
    let outside = || if row { Value::Missing } else { Value::undefined("the day lies outside the calendar") };
    match (special, given.as_slice()) {
        (Special::Length, [Value::List(items)]) => Value::Number(items.len() as f64),
        (Special::Length, [Value::Text(text)]) => Value::Number(text.chars().count() as f64),
        (Special::LooksLikePhi, [Value::Text(text)]) => Value::Bool(!phi::scan(text).is_empty()),
        (Special::PhiSpans, [Value::Text(text)]) => spans(text),
        (Special::ReadingGrade, [Value::Text(text)]) => {
            phi::reading_grade(text).map_or_else(|| Value::undefined("a text without words"), Value::Number)
        }
        (Special::Mentions, [Value::Text(text), Value::List(phrases)]) => {
            let words = phrases.iter().filter_map(|p| match p {
                Value::Text(phrase) => Some(phrase.as_ref()),
                _ => None,
            });
            Value::Bool(phi::contains_any(text, &words.collect::<Vec<&str>>()))
        }
        (Special::AddMonths | Special::AddYears, [Value::Date(day), Value::Number(n), Value::Text(how)]) => {
            let months = if special == Special::AddYears { n * 12.0 } else { *n };
            dates::add_months(*day, months, how.as_ref() == "up").map_or_else(outside, Value::Date)
        }
        (Special::YearsBetween, [Value::Date(from), Value::Date(to)]) => {
            dates::years_between(*from, *to).map_or_else(outside, Value::Number)
        }
        _ => Value::undefined("these values do not fit"),
    }
}

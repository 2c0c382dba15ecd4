//! `identifiers("names")`: cells and headings of the rows at hand that hold an identifier of Safe Harbor.

use super::env::Env;
use super::estimate::{Estimate, Measured, Part, Undefined};
use super::facts::year_of;
use super::forms::{Reader, value};
use super::value::Value;
use crate::data::Column;
use crate::phi::{self, Kind};
use crate::syntax::ast::Arg;
use arrow_array::Array;

/// Cells that hold the identifier, in all columns; a column whose heading says that it holds it counts each of its cells
/// that can. Parts: the columns that have some.
pub fn measured(env: &Env, args: &[Arg]) -> Measured {
    let kind = match args.first().map(|a| value(env, &a.value, Reader::Columnar)) {
        Some(Value::Text(word)) => Kind::find(&word).ok_or_else(|| {
            let known: Vec<&str> = Kind::ALL.iter().map(|k| k.word()).collect();
            Undefined::new(format!("no identifier is called \"{word}\"; there are: {}", known.join(", ")))
        })?,
        _ => return Err(Undefined::new("a missing argument")),
    };
    if env.view.rows == 0 {
        return Err(Undefined::new("there is no row"));
    }
    let mut parts = Vec::new();
    let mut total = 0usize;
    for name in env.view.names() {
        // The outputs of a task are nobody's.
        if matches!(name.as_str(), "p" | "y" | "yhat") {
            continue;
        }
        let Some(column) = env.view.column(&name) else { continue };
        let found = in_column(&name, column, kind, year_of(env));
        if found > 0 {
            parts.push(Part { group: name, value: Some(found as f64), interval: None, n: found.into() });
            total += found;
        }
    }
    Ok(Estimate { parts, ..Estimate::plain(total as f64, env.view.rows) })
}

fn in_column(name: &str, column: &Column, kind: Kind, as_of_year: Option<i32>) -> usize {
    let heading = phi::heading(name);
    let is = |text: &str| {
        phi::cell(text, heading) == Some(kind)
            || (heading != Some(kind) && phi::scan(text).iter().any(|s| s.kind == kind))
    };
    match column {
        Column::Text(cells) => cells.iter().flatten().filter(|cell| is(cell)).count(),
        Column::Level(codes, levels) => {
            let flagged: Vec<bool> = levels.names.iter().map(|level| is(level)).collect();
            if !flagged.contains(&true) {
                return 0;
            }
            codes.iter().flatten().filter(|code| flagged.get(*code as usize) == Some(&true)).count()
        }
        // A day is finer than a year.
        Column::Date(days) if kind == Kind::Dates => days.len() - days.null_count(),
        Column::Date(_) | Column::Bool(_) => 0,
        Column::Number(values) => {
            let words = name.to_ascii_lowercase();
            let says = |word: &str| words.split(|c: char| !c.is_ascii_alphanumeric()).any(|w| w == word);
            let present = values.to_vec().into_iter().filter(|v| !v.is_nan());
            if kind == Kind::AgesOver89 {
                let is_birth = says("birth") || says("born") || says("yob");
                return match as_of_year.filter(|_| is_birth) {
                    Some(year) => present.filter(|v| phi::birth_year_over_89(*v as i32, year)).count(),
                    None if says("age") => present.filter(|v| phi::age_over_89(*v)).count(),
                    None => 0,
                };
            }
            if heading != Some(kind) {
                return 0;
            }
            present.filter(|v| phi::cell(&plain(*v), heading) == Some(kind)).count()
        }
    }
}

/// A whole number as people write it.
fn plain(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 { format!("{}", value as i64) } else { format!("{value}") }
}

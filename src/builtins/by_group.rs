//! `by_group(figure, by: [a, b], small: 11, rule: "refuse")`: the figure of all rows, and of every group with its
//! own interval.

use super::measure::measure_at;
use crate::eval::Env;
use crate::eval::estimate::{Measured, Part, Undefined};
use crate::eval::forms;
use crate::eval::value::{Group, Value};
use crate::syntax::ast::{Arg, Expr};
use arrow_array::UInt32Array;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Groups of fewer rows are small unless the script says otherwise: a cell of ten or fewer may name somebody
/// (CMS cell size policy), and a figure of so few says little.
pub const SMALL: usize = 11;

/// What becomes of small groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// They have no figure, only their number of rows.
    Refuse,
    /// They are put together.
    Pool,
}

/// The rows of a group.
pub struct Cell {
    pub name: String,
    pub rows: Vec<u32>,
    /// The level of each column; none of groups that were put together.
    pub codes: Vec<u32>,
}

/// The groups in the order of the estimate's parts.
pub struct Split {
    pub cells: Vec<Cell>,
    /// Rows of no group, since a value is missing.
    pub unknown: usize,
    small: usize,
    notes: Vec<String>,
}

/// How the note on rows of no group begins.
pub const UNKNOWN: &str = "rows of no group, since a value is missing";

/// The groups of a call of `by_group`, small ones put together where it says so.
pub fn split(env: &Env, args: &[Arg]) -> Result<Split, Undefined> {
    let [_, by, settings @ ..] = args else { return Err(Undefined::new("a missing argument")) };
    let (small, rule) = settings_of(env, settings)?;
    let (cells, unknown) = cells(env, &by.value)?;
    let (mut named, few): (Vec<Cell>, Vec<Cell>) = cells.into_iter().partition(|c| c.rows.len() >= small);
    let mut notes = Vec::new();
    match rule {
        Rule::Refuse => named.extend(few),
        Rule::Pool if few.is_empty() => {}
        Rule::Pool => {
            let names: Vec<&str> = few.iter().map(|c| c.name.as_str()).collect();
            notes.push(format!("pooled, each of fewer than {small} rows: {}", names.join("; ")));
            let mut rows: Vec<u32> = few.iter().flat_map(|c| c.rows.iter().copied()).collect();
            rows.sort_unstable();
            named.push(Cell { name: "small groups".into(), rows, codes: Vec::new() });
        }
    }
    Ok(Split { cells: named, unknown, small, notes })
}

/// The figure of all rows with the groups as parts, in the order of their levels; combinations without rows are left
/// out. Rows whose group is not known are in no part, and a note counts them.
///
/// Undefined where the figure of all rows is; a group without a figure has a part without a value and a note with
/// the reason.
pub fn measured(env: &Env, args: &[Arg], level: f64) -> Measured {
    let [figure, by, ..] = args else { return Err(Undefined::new("a missing argument")) };
    let mut out = measure_at(env, &figure.value, level)?;
    let Split { cells: named, unknown, small, notes } = split(env, args)?;
    out.notes.extend(notes);
    let mut names = env.needed(&figure.value);
    names.extend(env.needed(&by.value));
    out.parts = Vec::new();
    for cell in named {
        let n = cell.rows.len();
        let mut part = Part { group: cell.name, value: None, interval: None, n: n.into() };
        if n < small {
            out.notes.push(format!("`{}` has fewer than {small} rows, so it has no figure", part.group));
        } else {
            let view = env.view.take(&UInt32Array::from(cell.rows), &names);
            match measure_at(&env.over(view), &figure.value, level) {
                Ok(found) => (part.value, part.interval) = (Some(found.value), found.interval),
                Err(why) => out.notes.push(format!("`{}` has no figure: {}", part.group, why.reason)),
            }
        }
        out.parts.push(part);
    }
    if unknown > 0 {
        out.notes.push(format!("{UNKNOWN}: {unknown}"));
    }
    Ok(out)
}

/// From how many rows on a group has a figure, and what becomes of the others.
fn settings_of(env: &Env, settings: &[Arg]) -> Result<(usize, Rule), Undefined> {
    let (mut small, mut rule) = (SMALL, Rule::Refuse);
    for (at, setting) in settings.iter().enumerate() {
        let name = setting.name.as_ref().map_or(["small", "rule"][at.min(1)], |n| n.name.as_str());
        match (name, env.one(&setting.value)) {
            ("small", Value::Number(n)) if n >= 1.0 && n.fract() == 0.0 => small = n as usize,
            ("rule", Value::Text(word)) if *word == *"refuse" => rule = Rule::Refuse,
            ("rule", Value::Text(word)) if *word == *"pool" => rule = Rule::Pool,
            ("rule", other) => {
                return Err(Undefined::new(format!(
                    "the rule for small groups is \"refuse\" or \"pool\", not {other}"
                )));
            }
            (name, other) => {
                return Err(Undefined::new(format!(
                    "`{name}` of `by_group` is {other}, not a number of rows from 1 on"
                )));
            }
        }
    }
    Ok((small, rule))
}

/// The groups that have rows, and how many rows are in none.
fn cells(env: &Env, by: &Expr) -> Result<(Vec<Cell>, usize), Undefined> {
    let groups = match forms::groups_of(env, by) {
        Value::List(groups) => groups,
        Value::Undefined(why) => return Err(why.as_ref().clone()),
        other => return Err(Undefined::new(format!("{other} is not a list of groups"))),
    };
    let group = |value: &Value| match value {
        Value::Group(group) => Some(group.clone()),
        _ => None,
    };
    let groups: Vec<Arc<Group>> = groups.iter().filter_map(group).collect();
    let columns: Vec<_> = groups
        .first()
        .map(|g| g.parts.iter().map(|(name, _, _)| env.view.column(name)).collect::<Option<Vec<_>>>())
        .unwrap_or_default()
        .ok_or_else(|| Undefined::new("groups are made from columns of these rows"))?;
    let mut rows: BTreeMap<Vec<u32>, Vec<u32>> = BTreeMap::new();
    let mut unknown = 0;
    for row in 0..env.view.rows {
        let code = |column: &&crate::data::Column| match crate::eval::view::cell(column, row) {
            Value::Level(code, _) => Some(code),
            Value::Bool(flag) => Some(u32::from(flag)),
            _ => None,
        };
        match columns.iter().map(code).collect::<Option<Vec<u32>>>() {
            Some(codes) => rows.entry(codes).or_default().push(row as u32),
            None => unknown += 1,
        }
    }
    let cell = |group: Arc<Group>| {
        let codes: Vec<u32> = group.parts.iter().map(|(_, code, _)| *code).collect();
        let name = group.parts.iter().map(|(name, _, level)| format!("{name} = {level}"));
        Some(Cell { rows: rows.remove(&codes)?, name: name.collect::<Vec<_>>().join(", "), codes })
    };
    Ok((groups.into_iter().filter_map(cell).collect(), unknown))
}

//! Values of single expressions.

use super::estimate::Undefined;
use crate::check::Levels;
use crate::data::Column;
use std::fmt;
use std::sync::Arc;

/// A combination of levels, one a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Column, code of the level (0 and 1 for flags), name of the level.
    pub parts: Vec<(String, u32, String)>,
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let parts: Vec<String> = self.parts.iter().map(|(c, _, l)| format!("{c} {l}")).collect();
        f.write_str(&parts.join(", "))
    }
}

/// One bin of equal width, by its number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    pub index: usize,
    pub count: usize,
}

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Not known in this row.
    Missing,
    Bool(bool),
    Number(f64),
    Level(u32, Arc<Levels>),
    Text(Arc<str>),
    /// Days since 1970-01-01.
    Date(i32),
    Verdict(Arc<str>),
    Group(Arc<Group>),
    Bin(Bin),
    List(Arc<Vec<Value>>),
    /// Parts by name, in the order as written.
    Record(Arc<Vec<(String, Value)>>),
    /// No value, and why.
    Undefined(Arc<Undefined>),
}

impl Value {
    pub fn undefined(reason: impl Into<String>) -> Value {
        Value::Undefined(Arc::new(Undefined::new(reason)))
    }

    pub fn text(text: &str) -> Value {
        Value::Text(text.into())
    }

    pub fn number(&self) -> Option<f64> {
        match self {
            Value::Number(v) => Some(*v),
            _ => None,
        }
    }

    /// The name to show for a group, level or bin.
    pub fn name(&self) -> String {
        self.to_string()
    }

    /// Whether both are equal as the language's `==` sees it; none when one is missing.
    pub fn same(&self, other: &Value) -> Option<bool> {
        Some(match (self, other) {
            (Value::Missing, _) | (_, Value::Missing) => return None,
            (Value::Level(a, x), Value::Level(b, y)) if Arc::ptr_eq(x, y) => a == b,
            (Value::Level(a, x), Value::Level(b, y)) => x.names.get(*a as usize) == y.names.get(*b as usize),
            (Value::Level(a, x), Value::Text(t)) | (Value::Text(t), Value::Level(a, x)) => {
                x.names.get(*a as usize).is_some_and(|n| **n == **t)
            }
            (Value::List(a), Value::List(b)) => {
                if a.len() != b.len() {
                    return Some(false);
                }
                return all_same(a.iter().zip(b.iter()));
            }
            (Value::Record(a), Value::Record(b)) => {
                let part = |name: &str| b.iter().find(|(n, _)| n == name).map(|(_, v)| v);
                return all_same(a.iter().map(|(n, v)| (v, part(n).unwrap_or(&Value::Missing))));
            }
            (a, b) => a == b,
        })
    }

    /// As JSON for machines.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::json;
        match self {
            Value::Missing => serde_json::Value::Null,
            Value::Bool(v) => json!(v),
            Value::Number(v) => json!(v),
            Value::List(items) => items.iter().map(Value::to_json).collect(),
            Value::Record(parts) => {
                serde_json::Value::Object(parts.iter().map(|(n, v)| (n.clone(), v.to_json())).collect())
            }
            Value::Undefined(why) => json!({ "undefined": why.reason }),
            other => json!(other.to_string()),
        }
    }
}

/// Whether all pairs are the same: one difference decides, else one missing side leaves it open.
fn all_same<'a>(pairs: impl Iterator<Item = (&'a Value, &'a Value)>) -> Option<bool> {
    let mut known = Some(true);
    for (a, b) in pairs {
        match a.same(b) {
            Some(false) => return Some(false),
            Some(true) => {}
            None => known = None,
        }
    }
    known
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Value::Missing => f.write_str("missing"),
            Value::Bool(v) => write!(f, "{v}"),
            Value::Number(v) => write!(f, "{v}"),
            Value::Level(code, levels) => f.write_str(levels.names.get(*code as usize).map_or("?", String::as_str)),
            Value::Text(v) => f.write_str(v),
            Value::Date(days) => {
                match chrono::NaiveDate::default().checked_add_signed(chrono::TimeDelta::days(i64::from(*days))) {
                    Some(date) => write!(f, "{date}"),
                    None => f.write_str("?"),
                }
            }
            Value::Verdict(v) => f.write_str(v),
            Value::Group(g) => write!(f, "{g}"),
            Value::Bin(b) => {
                let edge = |i: usize| i as f64 / b.count as f64;
                let close = if b.index + 1 == b.count { ']' } else { ')' };
                write!(f, "[{}, {}{close}", edge(b.index), edge(b.index + 1))
            }
            Value::List(items) => {
                let shown: Vec<String> = items.iter().map(Value::to_string).collect();
                write!(f, "[{}]", shown.join(", "))
            }
            Value::Record(parts) => {
                let shown: Vec<String> = parts.iter().map(|(n, v)| format!("{n}: {v}")).collect();
                write!(f, "{{ {} }}", shown.join(", "))
            }
            Value::Undefined(why) => write!(f, "undefined: {}", why.reason),
        }
    }
}

/// What an expression evaluates to over a view.
#[derive(Debug, Clone)]
pub enum Out {
    /// One value for all rows.
    One(Value),
    Rows(Column),
}

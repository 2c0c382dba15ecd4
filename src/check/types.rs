//! What an expression can be: a base type, whether it may be missing, and its level.

use super::unit::Unit;
use std::fmt;
use std::sync::Arc;

/// The declared levels of a category column.
#[derive(Debug, PartialEq, Eq)]
pub struct Levels {
    /// The column they were declared for.
    pub column: String,
    pub names: Vec<String>,
}

impl Levels {
    pub fn code(&self, name: &str) -> Option<u32> {
        self.names.iter().position(|n| n == name).map(|i| i as u32)
    }
}

/// One part of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    pub name: String,
    pub base: Base,
    pub optional: bool,
}

/// A type without its level.
#[derive(Debug, Clone, PartialEq)]
pub enum Base {
    Bool,
    /// A quantity; `integer` when only whole numbers occur.
    Number {
        integer: bool,
        unit: Unit,
    },
    /// A probability in 0..1.
    Prob,
    /// A clinician's rating in −1..1.
    Rating,
    Category(Arc<Levels>),
    /// `Category` as a parameter: any category.
    AnyCategory,
    Text,
    Date,
    Verdict,
    /// Facts by name: a model card.
    Document,
    /// What a policy is asked about, or the rows that it was made from.
    Data,
    List(Box<Base>),
    /// `{ low: Real, high: Real }`, in the order of the names as written.
    Record(Arc<Vec<Member>>),
    /// A combination of levels, from `groups(by: [...])`.
    Group,
    /// One bin of `bins(p, n)`.
    Bin,
    /// What an already reported mistake has: fits everywhere.
    Unknown,
}

impl Base {
    pub fn real() -> Base {
        Base::Number { integer: false, unit: Unit::one() }
    }

    pub fn int() -> Base {
        Base::Number { integer: true, unit: Unit::one() }
    }

    /// Whether arithmetic applies.
    pub fn is_numeric(&self) -> bool {
        matches!(self, Base::Number { .. } | Base::Prob | Base::Rating)
    }

    /// Whether values of this type can stand in a column of rows.
    pub fn has_column(&self) -> bool {
        !matches!(
            self,
            Base::List(_) | Base::Record(_) | Base::Group | Base::Bin | Base::Verdict | Base::Document | Base::Data
        )
    }

    pub fn unit(&self) -> Unit {
        match self {
            Base::Number { unit, .. } => unit.clone(),
            _ => Unit::one(),
        }
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Base::Bool => f.write_str("Bool"),
            Base::Number { integer, unit } => {
                f.write_str(if *integer { "Int" } else { "Real" })?;
                if unit.is_one() { Ok(()) } else { write!(f, " '{}'", unit.code) }
            }
            Base::Prob => f.write_str("Prob"),
            Base::Rating => f.write_str("Rating"),
            Base::Category(levels) => {
                let shown: Vec<&str> = levels.names.iter().take(4).map(String::as_str).collect();
                let more = if levels.names.len() > 4 { ", …" } else { "" };
                write!(f, "Category {{ {}{more} }}", shown.join(", "))
            }
            Base::AnyCategory => f.write_str("Category"),
            Base::Text => f.write_str("Text"),
            Base::Date => f.write_str("Date"),
            Base::Verdict => f.write_str("Verdict"),
            Base::Document => f.write_str("Document"),
            Base::Data => f.write_str("Data"),
            Base::List(of) => write!(f, "List<{of}>"),
            Base::Record(members) => {
                let parts: Vec<String> = members
                    .iter()
                    .map(|m| format!("{}: {}{}", m.name, m.base, if m.optional { "?" } else { "" }))
                    .collect();
                write!(f, "{{ {} }}", parts.join(", "))
            }
            Base::Group => f.write_str("group"),
            Base::Bin => f.write_str("bin"),
            Base::Unknown => f.write_str("?"),
        }
    }
}

/// How many values an expression has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// One value, known without data.
    Constant,
    /// One value for a whole cohort.
    Cohort,
    /// One value per row.
    Row,
}

impl Level {
    /// The level of an expression made from both: a cohort's value meets every row.
    pub fn join(self, other: Level) -> Level {
        self.max(other)
    }

    pub fn words(self) -> &'static str {
        match self {
            Level::Constant => "a constant",
            Level::Cohort => "one value per cohort",
            Level::Row => "one value per row",
        }
    }
}

/// The type of an expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Type {
    pub base: Base,
    /// Whether a value may be missing.
    pub optional: bool,
    pub level: Level,
}

impl Type {
    pub fn new(base: Base, level: Level) -> Self {
        Type { base, optional: false, level }
    }

    pub fn unknown() -> Self {
        Type::new(Base::Unknown, Level::Constant)
    }

    pub fn is_unknown(&self) -> bool {
        self.base == Base::Unknown
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}{}", self.base, if self.optional { "?" } else { "" })
    }
}

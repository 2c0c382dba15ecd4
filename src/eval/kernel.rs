//! What a built-in metric looks like from here: a name and a function over columns.

use super::estimate::{Measured, Undefined};
use super::held::{GroupCodes, Held, Scores};
use super::shared::Shared;
use crate::check::Levels;
use crate::data::Column;
use arrow_buffer::BooleanBuffer;
use std::sync::Arc;

/// The code of a missing level in a column that may have one.
pub const MISSING_LEVEL: u32 = u32::MAX;

/// One argument of a kernel.
#[derive(Debug, Clone, PartialEq)]
pub enum KernelArg {
    /// A column in its own storage; its plain values are made where a kernel asks for them.
    Held(Held),
    Bools(Vec<bool>),
    /// NaN stands for a missing number where the declaration allows one.
    Numbers(Vec<f64>),
    /// Codes into the levels; [`MISSING_LEVEL`] where the declaration allows missing ones.
    Levels(Vec<u32>, Arc<Levels>),
    Texts(Vec<Option<String>>),
    /// Several columns of the same rows, in the order given.
    Columns(Vec<KernelArg>),
    Number(f64),
    Text(String),
    Verdicts(Vec<String>),
    /// A row of this column has no value.
    Missing(String),
}

/// The arguments in the order of the declaration.
#[derive(Debug, Clone)]
pub struct KernelArgs {
    pub args: Vec<KernelArg>,
    /// What other kernels worked out from the same rows.
    pub shared: Option<Arc<Shared>>,
    /// For intervals and noise floors made by simulation.
    pub seed: u64,
    /// The level of the interval that is wanted; none inside a larger expression, where only the value counts.
    pub interval: Option<f64>,
}

fn wrong() -> Undefined {
    Undefined::new("the kernel was given other arguments than it declares")
}

impl KernelArg {
    /// As plain values.
    pub fn plain(&self) -> &KernelArg {
        match self {
            KernelArg::Held(held) => held.plain(),
            plain => plain,
        }
    }

    pub fn bools(&self) -> Result<&[bool], Undefined> {
        match self.plain() {
            KernelArg::Bools(v) => Ok(v),
            _ => Err(wrong()),
        }
    }

    pub fn numbers(&self) -> Result<&[f64], Undefined> {
        match self.plain() {
            KernelArg::Numbers(v) => Ok(v),
            _ => Err(wrong()),
        }
    }

    /// A column of categories: codes and the names they stand for.
    pub fn levels(&self) -> Result<(&[u32], &[String]), Undefined> {
        match self.plain() {
            KernelArg::Levels(codes, levels) => Ok((codes, &levels.names)),
            _ => Err(wrong()),
        }
    }

    /// Texts; a list of texts in a script arrives as a column of levels.
    pub fn texts(&self) -> Result<Vec<Option<&str>>, Undefined> {
        match self.plain() {
            KernelArg::Texts(v) => Ok(v.iter().map(Option::as_deref).collect()),
            KernelArg::Levels(codes, levels) => {
                Ok(codes.iter().map(|&c| levels.names.get(c as usize).map(String::as_str)).collect())
            }
            _ => Err(wrong()),
        }
    }
}

impl KernelArgs {
    /// The level of intervals that come along at no cost: 95 % where none is asked for.
    pub fn level(&self) -> f64 {
        self.interval.unwrap_or(0.95)
    }

    /// The seed and the level of an interval that has to be resampled; none where none is wanted.
    pub fn resampling(&self) -> Option<(u64, f64)> {
        self.interval.map(|level| (self.seed, level))
    }

    fn at(&self, i: usize) -> Result<&KernelArg, Undefined> {
        self.args.get(i).ok_or_else(wrong)
    }

    pub fn bools(&self, i: usize) -> Result<&[bool], Undefined> {
        self.at(i)?.bools()
    }

    pub fn numbers(&self, i: usize) -> Result<&[f64], Undefined> {
        self.at(i)?.numbers()
    }

    pub fn levels(&self, i: usize) -> Result<(&[u32], &[String]), Undefined> {
        self.at(i)?.levels()
    }

    /// Numbers in their own storage.
    pub fn scores(&self, i: usize) -> Result<Scores<'_>, Undefined> {
        match self.at(i)? {
            KernelArg::Held(held) if held.scores().is_some() => held.scores().ok_or_else(wrong),
            other => Ok(Scores::Wide(other.numbers()?)),
        }
    }

    /// Flags as bits.
    pub fn flags(&self, i: usize) -> Result<BooleanBuffer, Undefined> {
        match self.at(i)? {
            KernelArg::Held(held) => match held.column() {
                Column::Bool(flags) if held.column().missing() == 0 => Ok(flags.values().clone()),
                _ => Err(wrong()),
            },
            other => Ok(BooleanBuffer::from(other.bools()?)),
        }
    }

    /// A column of categories in its own storage: codes and the names they stand for.
    pub fn groups(&self, i: usize) -> Result<(GroupCodes<'_>, &[String]), Undefined> {
        match self.at(i)? {
            KernelArg::Held(held) => match (held.codes(), held.column()) {
                (Some(codes), Column::Level(_, levels)) => Ok((codes, &levels.names)),
                _ => held.plain().levels().map(|(codes, names)| (GroupCodes::Words(codes), names)),
            },
            other => other.levels().map(|(codes, names)| (GroupCodes::Words(codes), names)),
        }
    }

    /// What `make` gives for some of the arguments; made once for all kernels that are given the same columns.
    pub fn share<T: Send + Sync + 'static>(
        &self,
        what: &'static str,
        from: &[usize],
        make: impl FnOnce() -> T,
    ) -> Arc<T> {
        let held = |i: &usize| match self.args.get(*i) {
            Some(KernelArg::Held(held)) => Some(held.column()),
            _ => None,
        };
        let columns: Option<Vec<&Column>> = from.iter().map(held).collect();
        match (&self.shared, columns) {
            (Some(shared), Some(columns)) => shared.of(what, &columns, make),
            _ => Arc::new(make()),
        }
    }

    /// Texts, all present.
    pub fn texts(&self, i: usize) -> Result<Vec<&str>, Undefined> {
        let texts = self.at(i)?.texts()?;
        let row = texts.iter().position(Option::is_none);
        match row {
            Some(row) => Err(Undefined::new(format!("the text in row {} is missing", row + 1))),
            None => Ok(texts.into_iter().flatten().collect()),
        }
    }

    /// Row weights; nothing where every row counts alike (the default).
    pub fn weights(&self, i: usize) -> Result<Option<&[f64]>, Undefined> {
        match self.at(i)?.plain() {
            KernelArg::Numbers(v) => Ok(Some(v)),
            KernelArg::Number(_) => Ok(None),
            _ => Err(wrong()),
        }
    }

    pub fn columns(&self, i: usize) -> Result<&[KernelArg], Undefined> {
        match self.at(i)? {
            KernelArg::Columns(v) => Ok(v),
            // A default of no columns.
            KernelArg::Verdicts(v) if v.is_empty() => Ok(&[]),
            _ => Err(wrong()),
        }
    }

    /// Columns of numbers.
    pub fn matrix(&self, i: usize) -> Result<Vec<&[f64]>, Undefined> {
        self.columns(i)?.iter().map(KernelArg::numbers).collect()
    }

    pub fn number(&self, i: usize) -> Result<f64, Undefined> {
        match self.at(i)? {
            KernelArg::Number(v) => Ok(*v),
            _ => Err(wrong()),
        }
    }

    pub fn text(&self, i: usize) -> Result<&str, Undefined> {
        match self.at(i)? {
            KernelArg::Text(t) => Ok(t),
            _ => Err(wrong()),
        }
    }

    /// A setting that must be true or false.
    pub fn flag(&self, i: usize) -> Result<bool, Undefined> {
        match self.text(i)? {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(wrong()),
        }
    }

    /// A whole number from `least` on.
    pub fn whole(&self, i: usize, least: usize, what: &str) -> Result<usize, Undefined> {
        let v = self.number(i)?;
        if v.fract() != 0.0 || v < least as f64 || v > 1e9 {
            return Err(Undefined::new(format!("{v} is not {what}")));
        }
        Ok(v as usize)
    }
}

/// A built-in metric.
pub type Kernel = fn(&KernelArgs) -> Measured;

/// One row of the table of kernels.
#[derive(Debug, Clone, Copy)]
pub struct KernelRow {
    pub name: &'static str,
    pub kernel: Kernel,
    /// Whether rows are resampled for an interval where the kernel brings none; never so for p values.
    pub resampled: bool,
}

impl KernelRow {
    /// Runs the kernel; what overflowed on the way has no value.
    pub fn run(&self, args: &KernelArgs) -> Measured {
        let mut estimate = (self.kernel)(args)?;
        // An infinite figure that is one says why in a note that begins with the word.
        let says_why = || estimate.notes.iter().any(|n| n.starts_with("infinite"));
        let overflowed = estimate.value.is_infinite() && !says_why();
        if estimate.value.is_nan() || overflowed {
            return Err(Undefined::new("the numbers are too large or too small to compute with"));
        }
        estimate.interval = estimate.interval.filter(|i| i.lo <= i.hi);
        Ok(estimate)
    }
}

/// Kernels by name.
#[derive(Debug, Clone, Default)]
pub struct Kernels {
    pub entries: Vec<KernelRow>,
}

impl Kernels {
    pub fn find(&self, name: &str) -> Option<&KernelRow> {
        self.entries.iter().find(|r| r.name == name)
    }
}

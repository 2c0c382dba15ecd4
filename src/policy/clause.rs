//! Why a verdict came about, as data: the tree of clauses, what was seen at each, who shows it, what would change it.

use super::outcome::Verdict;
use crate::eval::count::Count;
use crate::eval::estimate::Interval;
use crate::source::Span;
use serde::{Deserialize, Serialize};

/// What a clause is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// All parts must hold.
    And,
    /// One part must hold.
    Or,
    Not,
    /// It must hold for every item.
    Forall,
    /// It must hold for some item.
    Exists,
    /// It must hold in every row.
    Every,
    /// Two sides are compared.
    Comparison,
    /// A fact, or a condition of one row.
    Fact,
}

/// In how many rows, or for how many items, something is true, false, or not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    #[serde(rename = "true")]
    pub yes: u64,
    #[serde(rename = "false")]
    pub no: u64,
    pub unknown: u64,
}

/// A row or a group that shows a verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Witness {
    /// `row 17`, or a group's name.
    pub name: String,
    /// The clause that decides here, as written.
    pub clause: String,
    /// Values of the columns that the clause reads, by name; none of a row of phi data.
    pub values: Vec<(String, String)>,
    /// The figure of a group.
    pub value: Option<f64>,
    pub interval: Option<Interval>,
    /// Rows it stands for.
    pub n: Count,
}

/// The smallest change that would change a clause.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Flip {
    /// A sentence: `passes when max_gap is 4.4% or more (now 3%)`.
    pub says: String,
    /// The number to change, as written: a parameter's name, or the text of a limit; none when rows change.
    pub what: Option<String>,
    pub from: Option<f64>,
    pub to: Option<f64>,
    /// Rows that would have to be otherwise.
    pub rows: Option<u64>,
}

/// One clause of a rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Clause {
    pub kind: Kind,
    /// As written, what the user gave in place of parameters.
    pub text: String,
    #[serde(skip)]
    pub span: Option<Span>,
    pub verdict: Verdict,
    /// One sentence: what was seen here.
    pub says: String,
    /// Rows or items; none where there is one value only.
    pub counts: Option<Counts>,
    pub left: Option<f64>,
    pub interval: Option<Interval>,
    pub right: Option<f64>,
    /// The right side, when it does not depend on rows.
    pub threshold: Option<f64>,
    pub n: Count,
    pub parts: Vec<Clause>,
    pub witnesses: Vec<Witness>,
    /// Witnesses beyond those listed.
    pub more: usize,
    pub flips: Vec<Flip>,
    /// How far the left side lies on the wrong side of the right one; negative when it keeps the rule.
    #[serde(skip)]
    pub excess: f64,
    /// Whether figures are left out, since the data is phi.
    #[serde(skip)]
    pub hidden: bool,
}

impl Clause {
    pub fn new(kind: Kind, text: String, span: Span, verdict: Verdict, says: impl Into<String>) -> Clause {
        Clause {
            kind,
            text,
            span: Some(span),
            verdict,
            says: says.into(),
            counts: None,
            left: None,
            interval: None,
            right: None,
            threshold: None,
            n: Count::Rows(0),
            parts: Vec::new(),
            witnesses: Vec::new(),
            more: 0,
            flips: Vec::new(),
            excess: 0.0,
            hidden: false,
        }
    }

    /// The innermost clause that the verdict hangs on.
    pub fn deciding(&self) -> &Clause {
        let same = |c: &&Clause| c.verdict == self.verdict;
        let inner = match self.kind {
            Kind::And => self.parts.iter().find(same),
            // When all fail the last alternative is the one that was meant to catch it.
            Kind::Or => self.parts.iter().rev().find(same),
            Kind::Not => self.parts.first(),
            Kind::Forall | Kind::Exists => self.parts.iter().filter(same).max_by(|a, b| a.excess.total_cmp(&b.excess)),
            Kind::Every | Kind::Comparison | Kind::Fact => None,
        };
        inner.map_or(self, Clause::deciding)
    }

    /// The same for a file: without places in a script, and with nothing that JSON cannot say.
    pub fn sealed(&self) -> Clause {
        let finite = |v: Option<f64>| v.filter(|v| v.is_finite());
        Clause {
            span: None,
            excess: 0.0,
            hidden: false,
            left: finite(self.left),
            right: finite(self.right),
            threshold: finite(self.threshold),
            parts: self.parts.iter().map(Clause::sealed).collect(),
            ..self.clone()
        }
    }

    /// This clause and everything below it, parents first.
    pub fn walk<'a>(&'a self, see: &mut dyn FnMut(&'a Clause)) {
        see(self);
        self.parts.iter().for_each(|p| p.walk(see));
    }
}

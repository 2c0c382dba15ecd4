//! The tree of policies: rules with a source and dates, exceptions, what is checked, what tests expect.

use super::ast::{Arg, Expr, Ident, NodeId, Param, Role, TypeExpr};
use crate::source::Span;

/// What happened to a rule on a day, or holds over a stretch of days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Standing {
    /// Adopted or published; nothing follows from that alone.
    Enacted,
    /// In force.
    Effective,
    /// Its duties apply; later than `effective` where the law gives time.
    Applies,
    /// Suspended.
    Stayed,
    /// Struck down.
    Vacated,
    /// A draft.
    Proposed,
}

impl Standing {
    pub const ALL: [Standing; 6] = [
        Standing::Enacted,
        Standing::Effective,
        Standing::Applies,
        Standing::Stayed,
        Standing::Vacated,
        Standing::Proposed,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Standing::Enacted => "enacted",
            Standing::Effective => "effective",
            Standing::Applies => "applies",
            Standing::Stayed => "stayed",
            Standing::Vacated => "vacated",
            Standing::Proposed => "proposed",
        }
    }
}

/// `effective @2024-01-26 .. @2026-12-31`; both days are part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    pub standing: Standing,
    pub from: String,
    pub to: Option<String>,
    pub span: Span,
}

/// What a policy, a constraint or an exception says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct About {
    pub cite: Option<String>,
    pub url: Option<String>,
    pub authority: Option<Ident>,
    /// What to change when it fails.
    pub remedy: Option<String>,
    /// What of it was not traced to a primary text.
    pub unverified: Option<String>,
    pub periods: Vec<Period>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct PolicyParam {
    pub name: Ident,
    pub ty: TypeExpr,
    pub default: Option<Expr>,
    /// `from @date = value`, as written.
    pub dated: Vec<(String, Span, Expr)>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Constraint {
    pub name: Ident,
    pub span: Span,
    pub doc: Option<String>,
    pub hard: bool,
    pub weight: Option<f64>,
    pub about: About,
    pub rule: Expr,
    pub confidence: Option<Expr>,
}

/// `exception research to cells when …: …`.
#[derive(Debug, Clone, PartialEq)]
pub struct Exception {
    pub name: Ident,
    pub span: Span,
    pub doc: Option<String>,
    /// A constraint, or another exception.
    pub to: Ident,
    pub about: About,
    /// None holds always.
    pub when: Option<Expr>,
    /// What is asked instead; none is `exempt`.
    pub rule: Option<Expr>,
    pub confidence: Option<Expr>,
}

/// What a policy allows by name.
#[derive(Debug, Clone, PartialEq)]
pub enum Grant {
    /// `grant egress phi to gpt4`: rows of that label may be sent to these models.
    Egress { label: Ident, models: Vec<Ident> },
    /// `grant release g1 as public`: what the generator makes has that label.
    Release { generator: Ident, label: Ident },
}

/// A policy by name, with what it is to be told: `k_anonymity(quasi: [age, sex])`.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyUse {
    pub id: NodeId,
    pub span: Span,
    pub name: Ident,
    pub args: Vec<Arg>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    pub name: Ident,
    /// What its user must say: columns or constants.
    pub takes: Vec<Param>,
    pub jurisdiction: Option<Ident>,
    pub about: About,
    pub last_verified: Option<(String, Span)>,
    pub params: Vec<PolicyParam>,
    pub grants: Vec<Grant>,
    pub constraints: Vec<Constraint>,
    pub exceptions: Vec<Exception>,
    pub includes: Vec<PolicyUse>,
}

/// `check release_gate on g1 as of @2026-11-22`.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    pub policy: PolicyUse,
    pub on: Option<Ident>,
    pub as_of: Option<(String, Span)>,
}

/// Where a document's facts come from.
#[derive(Debug, Clone, PartialEq)]
pub enum DocumentSource {
    /// A JSON file.
    File(String, Span),
    /// A record.
    Here(Expr),
}

/// `document card from "card.json"`.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    pub name: Ident,
    pub source: DocumentSource,
}

/// `attest "DUA" by "privacy officer" on @2026-01-15 until @2027-01-15`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attest {
    pub fact: (String, Span),
    pub by: String,
    pub on: (String, Span),
    pub until: Option<(String, Span)>,
}

/// The verdict that a test expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    Passes,
    Fails,
    Inconclusive,
    NotApplicable,
    Unknown,
}

/// One column of `table { … }`: every cell written out, `times` already done.
#[derive(Debug, Clone, PartialEq)]
pub struct TestColumn {
    pub name: Ident,
    pub cells: Vec<TestCell>,
    pub is_text: bool,
    pub role: Option<Role>,
}

/// A cell and how many rows in a row have it.
#[derive(Debug, Clone, PartialEq)]
pub struct TestCell {
    pub span: Span,
    /// None is `missing`. A bare word is a level.
    pub value: Option<CellValue>,
    pub times: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub enum CellValue {
    Bool(bool),
    Number { value: f64, integer: bool, unit: Option<String> },
    Word(String),
    Date(String),
}

/// Why a test expects its verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Because {
    /// The constraints with that verdict, all of them.
    Names(Vec<Ident>),
    /// The deciding clause, as written.
    Clause(String, Span),
}

/// `expect release_gate fails table { … } because cells`.
#[derive(Debug, Clone, PartialEq)]
pub struct Expect {
    pub span: Span,
    /// `policy`, `file.policy`, `policy.constraint` or `file.policy.constraint`.
    pub policy: PolicyUse,
    pub verdict: Expected,
    pub table: Option<(Vec<TestColumn>, Span)>,
    /// `release { epsilon: 2 }`: a record.
    pub release: Option<Expr>,
    pub as_of: Option<(String, Span)>,
    pub because: Option<Because>,
}

/// One line of a test.
#[derive(Debug, Clone, PartialEq)]
pub enum TestPart {
    Assert(Expr),
    Attest(Attest),
    Expect(Box<Expect>),
}

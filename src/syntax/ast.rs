//! The tree. Immutable; what the checker learns lives in side tables keyed by [`NodeId`].

use crate::source::Span;
use std::sync::Arc;

pub use super::rules::*;

/// Identifies an expression within a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u32);

/// A name with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ident {
    pub name: String,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    pub id: NodeId,
    pub span: Span,
    pub kind: ExprKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinOp {
    Or,
    And,
    Eq,
    Ne,
    Le,
    Ge,
    Lt,
    Gt,
    In,
    Range,
    Add,
    Sub,
    Mul,
    Div,
    Pow,
}

impl BinOp {
    pub fn symbol(self) -> &'static str {
        match self {
            BinOp::Or => "or",
            BinOp::And => "and",
            BinOp::Eq => "==",
            BinOp::Ne => "!=",
            BinOp::Le => "<=",
            BinOp::Ge => ">=",
            BinOp::Lt => "<",
            BinOp::Gt => ">",
            BinOp::In => "in",
            BinOp::Range => "..",
            BinOp::Add => "+",
            BinOp::Sub => "-",
            BinOp::Mul => "*",
            BinOp::Div => "/",
            BinOp::Pow => "^",
        }
    }

    pub fn is_comparison(self) -> bool {
        matches!(self, BinOp::Eq | BinOp::Ne | BinOp::Le | BinOp::Ge | BinOp::Lt | BinOp::Gt)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aggregate {
    Sum,
    Mean,
    Min,
    Max,
    ArgMax,
    ArgMin,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    Int(i64),
    Real(f64),
    /// `2%` is 0.02.
    Percent(f64),
    Quantity(f64, String),
    Text(String),
    Date(String),
    Bool(bool),
    Hole,
    Name(String),
    List(Vec<Expr>),
    Set(Vec<Expr>),
    Neg(Box<Expr>),
    Not(Box<Expr>),
    Binary(BinOp, Span, Box<Expr>, Box<Expr>),
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    Let(Ident, Box<Expr>, Box<Expr>),
    /// `forall g in range: body` (true) or `exists`.
    Quantified {
        all: bool,
        var: Ident,
        range: Box<Expr>,
        body: Box<Expr>,
    },
    /// `max over g in range: body`.
    Over {
        aggregate: Aggregate,
        var: Ident,
        range: Box<Expr>,
        body: Box<Expr>,
    },
    /// `f(a, b: c | given)`; also `E[x | given]`.
    Call {
        function: Ident,
        args: Vec<Arg>,
        given: Option<Box<Expr>>,
    },
    /// `match x { a, b => …, _ => … }`.
    Match {
        subject: Box<Expr>,
        arms: Vec<Arm>,
    },
    /// `count(test for v in list if condition)`; without a function the list of the values.
    Comprehension {
        function: Option<Ident>,
        body: Box<Expr>,
        var: Ident,
        range: Box<Expr>,
        filter: Option<Box<Expr>>,
    },
    /// `{ low: 1, high: 2 }`.
    Record(Vec<(Ident, Expr)>),
    /// `x to 'mmol/L'`: the unit and its place.
    Convert(Box<Expr>, String, Span),
    /// The value of `let x: Prob = value in …`.
    Typed(Box<Expr>, TypeExpr),
    Member(Box<Expr>, Ident),
    Index(Box<Expr>, Box<Expr>),
    /// `all except a, b`: a choice of columns.
    Columns {
        except: Vec<Ident>,
    },
    /// `body on dataset where condition`.
    Scoped {
        body: Box<Expr>,
        on: Option<Ident>,
        filter: Option<Box<Expr>>,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Arg {
    pub name: Option<Ident>,
    pub value: Expr,
}

/// `a, b => value` of a `match`.
#[derive(Debug, Clone, PartialEq)]
pub struct Arm {
    pub span: Span,
    /// Levels as written; `_` is all the others.
    pub patterns: Vec<Pattern>,
    pub value: Expr,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    Level(Ident),
    Rest(Span),
}

impl Pattern {
    pub fn span(&self) -> Span {
        match self {
            Pattern::Level(level) => level.span,
            Pattern::Rest(span) => *span,
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct TypeExpr {
    pub span: Span,
    /// Empty for a record.
    pub name: String,
    pub argument: Option<Box<TypeExpr>>,
    /// Of `Category { a, b }`.
    pub levels: Vec<Ident>,
    /// Of `{ low: Real, high: Real }`.
    pub fields: Vec<(Ident, TypeExpr)>,
    pub unit: Option<(String, Span)>,
    /// `in 50..110`, both ends included, in the unit.
    pub range: Option<(f64, f64, Span)>,
    pub optional: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Param {
    pub name: Ident,
    pub ty: TypeExpr,
    pub default: Option<Expr>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Subject,
    Protected,
    Label,
    /// Known only after the fact: never a feature.
    Outcome,
    Text,
    Image,
    Genotypes,
    Codes,
}

impl Role {
    pub fn word(self) -> &'static str {
        match self {
            Role::Subject => "subject",
            Role::Protected => "protected",
            Role::Label => "label",
            Role::Outcome => "outcome",
            Role::Text => "text",
            Role::Image => "image",
            Role::Genotypes => "genotypes",
            Role::Codes => "codes",
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum Substance {
    Analyte(Ident),
    /// `molar_mass 113.12 'g/mol'`.
    MolarMass(f64, String, Span),
}

#[derive(Debug, Clone, PartialEq)]
pub struct ColumnDecl {
    pub name: Ident,
    /// From its name to its last word, without a comma.
    pub whole: Span,
    pub doc: Option<String>,
    pub type_name: Ident,
    pub levels: Vec<Ident>,
    pub unit: Option<(String, Span)>,
    pub range: Option<(f64, f64, Span)>,
    pub optional: bool,
    /// The heading in the file when it is not the name.
    pub heading: Option<String>,
    pub derived: Option<Expr>,
    /// The event this column is a probability of.
    pub predicts: Option<Expr>,
    pub roles: Vec<(Role, Span)>,
    /// `phi` …: more sensitive than the rest of the dataset.
    pub label: Option<Ident>,
    /// What is measured: how a mass becomes an amount of substance.
    pub substance: Option<Substance>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    pub name: Ident,
    pub path: (String, Span),
    pub columns: Vec<ColumnDecl>,
    pub sensitivity: Option<Ident>,
    pub license: Option<String>,
    pub source: Option<String>,
    pub ignore: Vec<(String, Span)>,
    /// `budget dp(epsilon: 3, delta: 1e-5)`: what all that learns from it privately may tell together.
    pub budget: Option<Expr>,
}

/// `metric` or `fn`; without a body it is a kernel of the builtin table.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    pub name: Ident,
    pub is_metric: bool,
    pub params: Vec<Param>,
    pub result: TypeExpr,
    pub body: Option<Expr>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Mix {
    pub column: Ident,
    pub shares: Vec<(Ident, Expr)>,
}

/// `prevalence death by race { white: 3.6%, black: 8.7% }`.
#[derive(Debug, Clone, PartialEq)]
pub struct PrevalenceBy {
    pub label: Ident,
    pub by: Ident,
    /// The share of each named level's rows that have the label.
    pub shares: Vec<(Ident, Expr)>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    pub name: Ident,
    /// A dataset, or the scenario it derives from (`with`).
    pub base: Ident,
    pub size: Option<Expr>,
    pub mixes: Vec<Mix>,
    pub prevalence: Option<(Ident, Expr)>,
    pub prevalence_by: Option<Box<PrevalenceBy>>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum TaskKind {
    Predict(Ident),
    /// `synthetic`, or a generator's name.
    Discriminate(Ident),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    pub name: Ident,
    pub kind: TaskKind,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    pub name: Ident,
    pub kind: Ident,
    pub args: Vec<Arg>,
    /// `egress external`: asking it sends the rows to somebody else.
    pub egress: Option<Ident>,
    /// Source text right of `=`.
    pub definition: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Generator {
    pub name: Ident,
    pub kind: Ident,
    pub data: Ident,
    pub settings: Vec<(Ident, Expr)>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct MetricUse {
    /// Source text, the metric's name in tables.
    pub text: String,
    pub call: Expr,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Benchmark {
    pub name: Ident,
    pub version: String,
    pub scenarios: Vec<Ident>,
    pub models: Vec<Ident>,
    pub tasks: Vec<Ident>,
    pub metrics: Vec<MetricUse>,
    pub policies: Vec<PolicyUse>,
    pub as_of: Option<(String, Span)>,
    pub folds: Option<(i64, Span)>,
    pub seed: Option<i64>,
    /// Generators to report on.
    pub reports: Vec<Ident>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    pub name: (String, Span),
    pub parts: Vec<TestPart>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct LetItem {
    pub name: Ident,
    pub ty: Option<TypeExpr>,
    pub value: Expr,
}

/// `use std.metrics.{auroc} version "1"`.
#[derive(Debug, Clone, PartialEq)]
pub struct Use {
    pub path: Ident,
    pub names: Vec<Ident>,
    /// A version begins like this.
    pub version: Option<(String, Span)>,
}

/// `use "./cohorts.dbf" as cohorts`, or `use "./cohorts.dbf".{base, gap}`.
#[derive(Debug, Clone, PartialEq)]
pub struct UseFile {
    pub path: (String, Span),
    pub name: Option<Ident>,
    pub names: Vec<Ident>,
    pub version: Option<(String, Span)>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ItemKind {
    Language(i64),
    Module {
        name: Ident,
        version: String,
    },
    Use(Use),
    UseFile(UseFile),
    Dataset(Dataset),
    Function(Arc<Function>),
    Policy(Policy),
    Scenario(Scenario),
    Task(Task),
    Model(Model),
    Generator(Generator),
    Benchmark(Benchmark),
    /// `report synthetic g1, g2`: the generators to report on.
    Report(Vec<Ident>),
    Test(Test),
    Check(Check),
    Document(Document),
    Attest(Attest),
    Let(LetItem),
}

impl ItemKind {
    /// The name an item declares; none for those that declare nothing.
    pub fn name(&self) -> Option<&Ident> {
        Some(match self {
            ItemKind::Dataset(d) => &d.name,
            ItemKind::Function(d) => &d.name,
            ItemKind::Policy(d) => &d.name,
            ItemKind::Scenario(d) => &d.name,
            ItemKind::Task(d) => &d.name,
            ItemKind::Model(d) => &d.name,
            ItemKind::Generator(d) => &d.name,
            ItemKind::Benchmark(d) => &d.name,
            ItemKind::Document(d) => &d.name,
            ItemKind::Let(d) => &d.name,
            ItemKind::UseFile(d) => d.name.as_ref()?,
            ItemKind::Language(_)
            | ItemKind::Module { .. }
            | ItemKind::Use(_)
            | ItemKind::Test(_)
            | ItemKind::Report(_)
            | ItemKind::Check(_)
            | ItemKind::Attest(_) => return None,
        })
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    pub span: Span,
    /// The `///` lines above the item.
    pub doc: Option<String>,
    pub kind: ItemKind,
}

/// A parsed file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct File {
    /// The `//!` lines.
    pub doc: Option<String>,
    /// Where a `use` line can be put.
    pub head: Span,
    pub items: Vec<Arc<Item>>,
    /// Word and name of items that could not be parsed, so that uses of them are not mistakes too.
    pub lost: Vec<(String, String)>,
}

//! Where an expression of a rule stands: over which rows, with which variables, and what else holds there.

use super::range::{Known, Range};
use crate::check::dataset::Schema;
use crate::syntax::ast::Expr;

/// What a condition says of an expression, by its text.
#[derive(Debug, Clone)]
pub struct Fact<'a> {
    pub(super) key: String,
    pub expr: &'a Expr,
    pub known: Known,
    /// Whether it is about one row and nothing else, so that it stays true wherever that row is looked at.
    pub(super) plain: bool,
}

/// Where an expression stands.
#[derive(Debug, Clone, Default)]
pub struct Place<'a> {
    pub rows: Option<&'a Schema>,
    pub locals: Vec<(String, Known)>,
    /// What `where` says of every row here.
    pub(super) view: Vec<Fact<'a>>,
    /// What else holds where the expression is looked at: `| given`, the test of an `if`, the other parts of a chain.
    pub(super) here: Vec<Fact<'a>>,
    pub(super) depth: usize,
    /// Epsilon and delta spent on what is checked, where they are known.
    pub(super) spent: Option<(Range, Range)>,
}

impl<'a> Place<'a> {
    pub fn of(rows: Option<&'a Schema>) -> Place<'a> {
        Place { rows, ..Place::default() }
    }

    /// The same over other rows.
    pub fn over(self, rows: Option<&'a Schema>) -> Place<'a> {
        Place { rows, ..self }
    }

    /// The same about a release on which so much was spent.
    pub fn spending(self, epsilon: Range, delta: Range) -> Place<'a> {
        Place { spent: Some((epsilon, delta)), ..self }
    }

    pub fn bind(&self, name: &str, known: Known) -> Place<'a> {
        let mut out = self.clone();
        out.view.retain(|f| !f.key.contains(name));
        out.here.retain(|f| !f.key.contains(name));
        out.locals.push((name.to_string(), known));
        out
    }

    /// With more that holds here.
    pub fn knowing(&self, facts: Vec<Fact<'a>>) -> Place<'a> {
        let mut out = self.clone();
        out.here.extend(facts);
        out
    }

    /// The same where only the rows that meet a condition are left.
    pub(super) fn narrowed(&self, facts: Vec<Fact<'a>>) -> Place<'a> {
        let mut out = Place { here: Vec::new(), ..self.clone() };
        out.view.extend(plain(facts));
        out
    }
}

/// The facts that mean the same inside a named condition, which sees columns and no variables.
pub(super) fn outside<'a>(mut facts: Vec<Fact<'a>>, place: &Place) -> Vec<Fact<'a>> {
    facts.retain(|f| !place.locals.iter().any(|(name, _)| f.key.contains(name.as_str())));
    facts
}

pub(super) fn plain(facts: Vec<Fact>) -> Vec<Fact> {
    facts.into_iter().filter(|f| f.plain).collect()
}

//! Where an expression is evaluated: the rows it sees, its variables, the kernels.

use super::facts;
use super::kernel::Kernels;
use super::limits::Meter;
use super::value::{Out, Value};
use super::view::View;
use crate::check::program::{Resolved, Tables};
use crate::check::{Program, walk};
use crate::syntax::ast::{Expr, ExprKind, Ident, NodeId};
use std::collections::{BTreeMap, BTreeSet};

/// An evaluation context. Cheap to derive from.
#[derive(Clone)]
pub struct Env<'a> {
    pub program: &'a Program,
    pub kernels: &'a Kernels,
    /// Loaded datasets by name, for `on` and for cohort-level `let`s.
    pub datasets: &'a BTreeMap<String, View>,
    pub view: View,
    pub locals: Vec<(String, Value)>,
    pub seed: u64,
    /// Counts the work of this run against its limits.
    pub meter: &'a Meter,
}

impl<'a> Env<'a> {
    pub fn tables(&self) -> &'a Tables {
        &self.program.tables
    }

    /// The same context over other rows.
    pub fn over(&self, view: View) -> Env<'a> {
        Env { view, ..self.clone() }
    }

    /// The same context with one more variable.
    pub fn bind(&self, name: &str, value: Value) -> Env<'a> {
        let mut env = self.clone();
        env.locals.push((name.to_string(), value));
        env
    }

    /// The variable of that name, the innermost one.
    pub fn local(&self, name: &str) -> Option<&Value> {
        self.locals.iter().rev().find(|(n, _)| n == name).map(|(_, v)| v)
    }

    pub(super) fn is_row(&self, id: NodeId) -> bool {
        self.tables().ty(id).is_some_and(|t| t.level == crate::check::Level::Row)
    }

    /// The rows of the dataset after `on`.
    pub fn data(&self, expr: &Expr, on: &Ident) -> Option<&'a View> {
        match self.tables().name(expr.id) {
            Some(Resolved::Dataset(name)) => self.datasets.get(name),
            _ => self.datasets.get(&on.name),
        }
    }

    /// The name in the whole program of the top-level `let` that `expr` is, if it is one.
    pub fn let_name(&self, expr: &Expr) -> Option<&'a str> {
        match self.tables().name(expr.id) {
            Some(Resolved::Let(name)) => Some(name),
            _ => None,
        }
    }

    /// The context of a cohort-level `let`: the home dataset of its file, no variables.
    pub fn home_of(&self, name: &str) -> Env<'a> {
        let view = self.program.home_of(name).and_then(|h| self.datasets.get(h)).cloned().unwrap_or_default();
        let locals = self.locals.iter().filter(|(name, _)| facts::is_given(name)).cloned().collect();
        Env { view, locals, ..self.clone() }
    }

    /// Whether `expr` is the name of a cohort-level `let`.
    pub fn refers_to_let(&self, expr: &Expr) -> bool {
        matches!(self.tables().name(expr.id), Some(Resolved::Let(_))) && !self.is_row(expr.id)
    }

    /// Names of the columns that `expr` reads, through row-level `let`s.
    pub fn needed(&self, expr: &Expr) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        let mut open = vec![expr];
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        while let Some(expr) = open.pop() {
            walk(expr, &mut |e| match self.tables().name(e.id) {
                Some(Resolved::Column(name) | Resolved::Local(name)) => {
                    names.insert(name.clone());
                }
                Some(Resolved::Let(name)) => {
                    if let Some(item) = self.program.let_item(name)
                        && seen.insert(&item.name.name)
                    {
                        open.push(&item.value);
                    }
                }
                None if matches!(e.kind, ExprKind::Call { .. }) => {
                    for source in self.tables().call(e.id).iter().flat_map(|p| &p.args) {
                        if let crate::check::program::ArgSource::Column(name) = source {
                            names.insert(name.clone());
                        }
                    }
                }
                _ => {}
            });
        }
        names
    }

    /// Evaluates over all rows of the view.
    pub fn eval(&self, expr: &Expr) -> Out {
        super::columnar::eval(self, expr)
    }

    /// Evaluates an expression that has one value: its aggregates in one pass over the rows.
    pub fn one(&self, expr: &Expr) -> Value {
        self.prepare(&[expr]);
        self.one_within(expr)
    }

    /// Answers the aggregates of several expressions in one pass, before they are evaluated one by one.
    pub fn prepare(&self, exprs: &[&Expr]) {
        super::chunk::prepare(self, exprs);
    }

    /// The same for a part of an expression that was prepared as a whole.
    pub(super) fn one_within(&self, expr: &Expr) -> Value {
        match self.eval(expr) {
            Out::One(value) => value,
            Out::Rows(_) => Value::undefined("one value per row where one value is needed"),
        }
    }

    /// The same by the scalar walk: slow, and the specification of [`Env::one`].
    pub fn one_by_rows(&self, expr: &Expr) -> Value {
        super::scalar::eval(self, expr, None)
    }

    /// One row by the scalar walk.
    pub fn row(&self, expr: &Expr, row: usize) -> Value {
        super::scalar::eval(self, expr, Some(row))
    }
}

//! A copy of an expression with ids of its own, some of its names replaced by other expressions.
//!
//! A policy is typed anew for the rows that it is asked of; what its user gave stands in place of its parameters.

use super::ast::{Arg, Arm, Expr, ExprKind, Ident, NodeId};
use super::parse::NodeIds;
use std::collections::BTreeMap;

/// How copies are made.
pub struct Renewal<'a> {
    pub ids: &'a mut NodeIds,
    /// What stands in place of a name.
    pub given: &'a BTreeMap<String, Expr>,
    /// The topmost nodes of what was put in place.
    pub placed: Vec<NodeId>,
    /// Variables that hide a name of `given` here.
    bound: Vec<String>,
}

impl<'a> Renewal<'a> {
    pub fn new(ids: &'a mut NodeIds, given: &'a BTreeMap<String, Expr>) -> Self {
        Renewal { ids, given, placed: Vec::new(), bound: Vec::new() }
    }
}

/// The copy of `expr`.
pub fn renewed(expr: &Expr, with: &mut Renewal) -> Expr {
    if let ExprKind::Name(name) = &expr.kind
        && let Some(given) = with.given.get(name).filter(|_| !with.bound.contains(name))
    {
        let none = BTreeMap::new();
        let mut plain = Renewal::new(with.ids, &none);
        let copy = renewed(given, &mut plain);
        with.placed.push(copy.id);
        return copy;
    }
    let kind = kind(&expr.kind, with);
    Expr { id: with.ids.fresh(), span: expr.span, kind }
}

fn boxed(expr: &Expr, with: &mut Renewal) -> Box<Expr> {
    Box::new(renewed(expr, with))
}

fn maybe(expr: Option<&Expr>, with: &mut Renewal) -> Option<Box<Expr>> {
    expr.map(|e| boxed(e, with))
}

fn all(items: &[Expr], with: &mut Renewal) -> Vec<Expr> {
    items.iter().map(|e| renewed(e, with)).collect()
}

/// Copies what a variable is bound in.
fn under<T>(var: &Ident, with: &mut Renewal, copy: impl FnOnce(&mut Renewal) -> T) -> T {
    with.bound.push(var.name.clone());
    let out = copy(with);
    with.bound.pop();
    out
}

fn kind(of: &ExprKind, with: &mut Renewal) -> ExprKind {
    match of {
        ExprKind::List(items) => ExprKind::List(all(items, with)),
        ExprKind::Set(items) => ExprKind::Set(all(items, with)),
        ExprKind::Neg(a) => ExprKind::Neg(boxed(a, with)),
        ExprKind::Not(a) => ExprKind::Not(boxed(a, with)),
        ExprKind::Binary(op, span, a, b) => ExprKind::Binary(*op, *span, boxed(a, with), boxed(b, with)),
        ExprKind::If(a, b, c) => ExprKind::If(boxed(a, with), boxed(b, with), boxed(c, with)),
        ExprKind::Let(var, value, body) => {
            let value = boxed(value, with);
            ExprKind::Let(var.clone(), value, under(var, with, |w| boxed(body, w)))
        }
        ExprKind::Quantified { all, var, range, body } => {
            let range = boxed(range, with);
            let body = under(var, with, |w| boxed(body, w));
            ExprKind::Quantified { all: *all, var: var.clone(), range, body }
        }
        ExprKind::Over { aggregate, var, range, body } => {
            let range = boxed(range, with);
            let body = under(var, with, |w| boxed(body, w));
            ExprKind::Over { aggregate: *aggregate, var: var.clone(), range, body }
        }
        ExprKind::Call { function, args, given } => ExprKind::Call {
            function: function.clone(),
            args: args.iter().map(|a| Arg { name: a.name.clone(), value: renewed(&a.value, with) }).collect(),
            given: maybe(given.as_deref(), with),
        },
        ExprKind::Match { subject, arms } => ExprKind::Match {
            subject: boxed(subject, with),
            arms: arms
                .iter()
                .map(|a| Arm { span: a.span, patterns: a.patterns.clone(), value: renewed(&a.value, with) })
                .collect(),
        },
        ExprKind::Comprehension { function, body, var, range, filter } => {
            let range = boxed(range, with);
            let (body, filter) = under(var, with, |w| (boxed(body, w), maybe(filter.as_deref(), w)));
            ExprKind::Comprehension { function: function.clone(), body, var: var.clone(), range, filter }
        }
        ExprKind::Record(fields) => {
            ExprKind::Record(fields.iter().map(|(n, e)| (n.clone(), renewed(e, with))).collect())
        }
        ExprKind::Convert(a, unit, span) => ExprKind::Convert(boxed(a, with), unit.clone(), *span),
        ExprKind::Typed(a, ty) => ExprKind::Typed(boxed(a, with), ty.clone()),
        ExprKind::Member(a, name) => ExprKind::Member(boxed(a, with), name.clone()),
        ExprKind::Index(a, b) => ExprKind::Index(boxed(a, with), boxed(b, with)),
        ExprKind::Scoped { body, on, filter } => {
            ExprKind::Scoped { body: boxed(body, with), on: on.clone(), filter: maybe(filter.as_deref(), with) }
        }
        plain @ (ExprKind::Int(_)
        | ExprKind::Real(_)
        | ExprKind::Percent(_)
        | ExprKind::Quantity(..)
        | ExprKind::Text(_)
        | ExprKind::Date(_)
        | ExprKind::Bool(_)
        | ExprKind::Hole
        | ExprKind::Name(_)
        | ExprKind::Columns { .. }) => plain.clone(),
    }
}

/// Hands every direct part of an expression to `see`.
pub fn each_part(expr: &mut Expr, see: &mut dyn FnMut(&mut Expr)) {
    match &mut expr.kind {
        ExprKind::List(items) | ExprKind::Set(items) => items.iter_mut().for_each(see),
        ExprKind::Neg(a)
        | ExprKind::Not(a)
        | ExprKind::Member(a, _)
        | ExprKind::Convert(a, ..)
        | ExprKind::Typed(a, _) => see(a),
        ExprKind::Binary(_, _, a, b) | ExprKind::Let(_, a, b) | ExprKind::Index(a, b) => {
            see(a);
            see(b);
        }
        ExprKind::If(a, b, c) => {
            see(a);
            see(b);
            see(c);
        }
        ExprKind::Quantified { range, body, .. } | ExprKind::Over { range, body, .. } => {
            see(range);
            see(body);
        }
        ExprKind::Comprehension { range, body, filter, .. } => {
            see(range);
            filter.iter_mut().for_each(|f| see(f));
            see(body);
        }
        ExprKind::Match { subject, arms } => {
            see(subject);
            arms.iter_mut().for_each(|a| see(&mut a.value));
        }
        ExprKind::Record(fields) => fields.iter_mut().for_each(|(_, e)| see(e)),
        ExprKind::Call { args, given, .. } => {
            args.iter_mut().for_each(|a| see(&mut a.value));
            given.iter_mut().for_each(|g| see(g));
        }
        ExprKind::Scoped { body, filter, .. } => {
            filter.iter_mut().for_each(|f| see(f));
            see(body);
        }
        ExprKind::Int(_)
        | ExprKind::Real(_)
        | ExprKind::Percent(_)
        | ExprKind::Quantity(..)
        | ExprKind::Text(_)
        | ExprKind::Date(_)
        | ExprKind::Bool(_)
        | ExprKind::Hole
        | ExprKind::Name(_)
        | ExprKind::Columns { .. } => {}
    }
}

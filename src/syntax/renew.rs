//! A copy of an expression with ids of its own, some of its names replaced by other expressions.
//!
//! A policy is typed anew for the rows that it is asked of; what its user gave stands in place of its parameters.

use super::ast::{Expr, ExprKind, NodeId};
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
    let mut copy = expr.clone();
    renew(&mut copy, with);
    copy
}

fn renew(expr: &mut Expr, with: &mut Renewal) {
    if let ExprKind::Name(name) = &expr.kind
        && let Some(given) = with.given.get(name).filter(|_| !with.bound.contains(name))
    {
        let none = BTreeMap::new();
        *expr = renewed(given, &mut Renewal::new(with.ids, &none));
        with.placed.push(expr.id);
        return;
    }
    expr.id = with.ids.fresh();
    // A variable hides a name in what it is bound in, not in what it walks over.
    let hidden = with.bound.len();
    match &mut expr.kind {
        ExprKind::Quantified { var, range, .. }
        | ExprKind::Over { var, range, .. }
        | ExprKind::Comprehension { var, range, .. }
        | ExprKind::Let(var, range, _) => {
            renew(range, with);
            with.bound.push(var.name.clone());
        }
        _ => {}
    }
    let walks = with.bound.len() > hidden;
    let mut first = walks;
    each_part(expr, &mut |part| {
        // What is walked over comes first, and is done.
        if !std::mem::take(&mut first) {
            renew(part, with);
        }
    });
    with.bound.truncate(hidden);
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

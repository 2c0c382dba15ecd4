//! Constraints that always or never hold, that another one implies, and clauses that decide nothing.

use super::implied::implied;
use super::intervals::{Intervals, chain};
use super::place::Place;
use super::range::Known;
use super::{own_policies, place_of};
use crate::check::program::{Callee, Program};
use crate::check::special::Special;
use crate::check::types::Base;
use crate::source::{Diagnostic, codes};
use crate::syntax::ast::{BinOp, Expr, ExprKind, Ident};
use crate::syntax::show;

pub fn lint(program: &Program, found: &mut Vec<Diagnostic>) {
    let intervals = Intervals::new(program);
    for policy in own_policies(program) {
        let place = place_of(&intervals, policy);
        let mut telling = Vec::new();
        for constraint in &policy.constraints {
            intervals.next();
            let truth = intervals.truth(&constraint.rule, &place, true);
            let name = &constraint.name.name;
            let mut lint = Lint { intervals: &intervals, found };
            if !truth.no && truth.yes {
                let d = Diagnostic::new(codes::ALWAYS_HOLDS, format!("the constraint `{name}` can never fail"))
                    .at(constraint.rule.span, "holds whatever the data are")
                    .help("tighten the limit, or leave the constraint out: a pass of it says nothing");
                let d = lint.with_reasons(d, &constraint.rule, true, &place);
                found.push(d);
            } else if !truth.yes {
                let d = Diagnostic::new(codes::NEVER_HOLDS, format!("the constraint `{name}` can never hold"))
                    .at(constraint.rule.span, "fails, or is unknown, whatever the data are")
                    .help("look at the limit and at its direction: no cohort of this schema can pass");
                let d = lint.with_reasons(d, &constraint.rule, false, &place);
                found.push(d);
            } else {
                lint.inspect(&constraint.rule, &place);
                telling.push(constraint);
            }
        }
        for exception in &policy.exceptions {
            intervals.next();
            let mut lint = Lint { intervals: &intervals, found };
            if let Some(when) = &exception.when {
                lint.made(when, &exception.name, &place);
            }
            if let Some(rule) = &exception.rule {
                lint.inspect(rule, &place);
            }
        }
        // A constraint with exceptions asks for something else where one is made.
        telling.retain(|c| policy.exceptions.iter().all(|e| e.to.name != c.name.name));
        implied(&intervals, policy, &telling, &place, found);
    }
}

struct Lint<'a, 'b> {
    intervals: &'b Intervals<'a>,
    found: &'b mut Vec<Diagnostic>,
}

impl<'a> Lint<'a, '_> {
    fn with_reasons(&self, mut d: Diagnostic, expr: &'a Expr, holds: bool, place: &Place<'a>) -> Diagnostic {
        let mut reasons = Vec::new();
        self.reasons(expr, holds, place, &mut reasons);
        reasons.dedup();
        for reason in reasons.into_iter().take(3) {
            d = d.note(reason);
        }
        d
    }

    /// What the ranges of the sides say, for an expression that always holds or never does.
    fn reasons(&self, expr: &'a Expr, holds: bool, place: &Place<'a>, out: &mut Vec<String>) {
        match &expr.kind {
            ExprKind::Not(inner) => self.reasons(inner, !holds, place, out),
            ExprKind::Quantified { var, range, body, .. } => {
                let (item, _) = self.intervals.walked(range, place);
                self.reasons(body, holds, &place.bind(&var.name, item), out);
            }
            ExprKind::Scoped { body, on, filter } => {
                let inner = self.intervals.scoped(expr, on.is_some(), filter.as_deref(), place);
                self.reasons(body, holds, &inner, out);
            }
            ExprKind::Binary(op @ (BinOp::And | BinOp::Or), ..) => {
                let mut parts = Vec::new();
                chain(expr, *op, &mut parts);
                let all = *op == BinOp::And;
                // One part that never holds is enough for `and`, one that always does for `or`.
                let one = all != holds;
                for part in parts {
                    let truth = self.intervals.truth(part, place, true);
                    let this = if holds { !truth.no } else { !truth.yes };
                    if this {
                        self.reasons(part, holds, place, out);
                        if one {
                            return;
                        }
                    }
                }
                if one {
                    let facts = self.intervals.facts(expr, all, place);
                    for fact in facts.iter().filter(|f| f.known.is_empty()) {
                        let together = if all { "meets all of it" } else { "escapes all of it" };
                        out.push(format!("no value of `{}` {together}", show(fact.expr)));
                    }
                }
            }
            ExprKind::Binary(_, _, a, b) => {
                for side in [a, b] {
                    match self.intervals.known(side, place) {
                        Known::Number(range)
                            if !range.is_empty()
                                && !is_number(side)
                                && (range.lo.is_finite() || range.hi.is_finite()) =>
                        {
                            out.push(format!("`{}` is {}", show(side), range.words()));
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }

    /// Looks for parts that decide nothing inside a constraint that can both hold and fail.
    fn inspect(&mut self, expr: &'a Expr, place: &Place<'a>) {
        match &expr.kind {
            ExprKind::Binary(op @ (BinOp::And | BinOp::Or), ..) => self.parts(expr, *op, place),
            ExprKind::Not(inner) | ExprKind::Neg(inner) | ExprKind::Typed(inner, _) => self.inspect(inner, place),
            ExprKind::Binary(_, _, a, b) => {
                self.inspect(a, place);
                self.inspect(b, place);
            }
            ExprKind::Quantified { var, range, body, .. } | ExprKind::Over { var, range, body, .. } => {
                let (item, _) = self.intervals.walked(range, place);
                self.inspect(body, &place.bind(&var.name, item));
            }
            ExprKind::If(test, yes, no) => {
                self.condition(test, place, "this test");
                self.inspect(yes, &place.knowing(self.intervals.facts(test, true, place)));
                self.inspect(no, &place.knowing(self.intervals.facts(test, false, place)));
            }
            ExprKind::Let(var, value, body) => {
                self.inspect(value, place);
                let known = self.intervals.known(value, place);
                self.inspect(body, &place.bind(&var.name, known));
            }
            ExprKind::Scoped { body, on, filter } => {
                let inner = self.intervals.scoped(expr, on.is_some(), None, place);
                if let Some(filter) = filter {
                    self.condition(filter, &inner, "this condition");
                }
                self.inspect(body, &self.intervals.scoped(expr, on.is_some(), filter.as_deref(), place));
            }
            ExprKind::Call { args, given, .. } => self.call(expr, args, given.as_deref(), place),
            _ => {}
        }
    }

    fn call(
        &mut self,
        expr: &'a Expr,
        args: &'a [crate::syntax::ast::Arg],
        given: Option<&'a Expr>,
        place: &Place<'a>,
    ) {
        let Some(plan) = self.intervals.program.tables.call(expr.id) else { return };
        let over_rows = match plan.callee {
            Callee::Special(special) => special.over_rows(),
            Callee::Function(index) => self.intervals.program.functions.get(index).is_some_and(|f| f.decl.is_metric),
            Callee::Scalar(_) => false,
        };
        let outer = if over_rows { self.intervals.metric_rows(None, place) } else { place.clone() };
        if let Some(given) = given {
            self.condition(given, &outer, "this condition");
        }
        let rows = if over_rows { self.intervals.rows_where(given, &outer) } else { outer };
        let shares = matches!(plan.callee, Callee::Special(Special::Probability | Special::Count | Special::Every));
        for arg in args {
            if shares {
                self.condition(&arg.value, &rows, "this event");
            } else {
                self.inspect(&arg.value, &rows);
            }
        }
    }

    /// The condition under which an exception is made.
    fn made(&mut self, when: &'a Expr, name: &Ident, place: &Place<'a>) {
        let truth = self.intervals.truth(when, place, false);
        if (truth.yes && truth.no) || matches!(when.kind, ExprKind::Bool(_)) {
            self.inspect(when, place);
            return;
        }
        let (message, help) = if truth.yes {
            (
                format!("the exception `{}` is always made", name.name),
                "leave `when` out, or change the constraint itself",
            )
        } else {
            (format!("the exception `{}` is never made", name.name), "look at what its `when` asks for")
        };
        self.tell(when, truth.yes, place, message, help);
    }

    /// A condition on rows.
    fn condition(&mut self, expr: &'a Expr, place: &Place<'a>, what: &str) {
        let is_truth = self.intervals.program.tables.ty(expr.id).is_some_and(|t| t.base == Base::Bool);
        let truth = self.intervals.truth(expr, place, false);
        if !is_truth || matches!(expr.kind, ExprKind::Bool(_)) || (truth.yes && truth.no) {
            self.inspect(expr, place);
        } else if truth.yes {
            self.tell(expr, true, place, format!("{what} holds in every row"), "leave it out");
        } else {
            self.tell(expr, false, place, format!("no row can meet {what}"), "look at the values that it asks for");
        }
    }

    fn tell(&mut self, expr: &'a Expr, holds: bool, place: &Place<'a>, message: String, help: &str) {
        let levels = !holds && self.asks_for_level(expr, place);
        let code = if levels { codes::IMPOSSIBLE_LEVEL } else { codes::DECIDES_NOTHING };
        let label = if holds { "always true here" } else { "never true here" };
        let d = Diagnostic::new(code, message).at(expr.span, label).help(help);
        self.found.push(self.with_reasons(d, expr, holds, place));
    }

    /// Whether a condition never holds because it compares a category with a level that it cannot have here.
    fn asks_for_level(&self, expr: &'a Expr, place: &Place<'a>) -> bool {
        let is_level = |e: &'a Expr| matches!(self.intervals.known(e, place), Known::Levels(_));
        match &expr.kind {
            ExprKind::Binary(BinOp::And | BinOp::Or, ..) => {
                let facts = self.intervals.facts(expr, true, place);
                facts.iter().any(|f| matches!(&f.known, Known::Levels(l) if l.is_empty()))
            }
            ExprKind::Binary(BinOp::Eq, _, a, b) => is_level(a) && is_level(b),
            ExprKind::Binary(BinOp::In, _, a, _) => is_level(a),
            _ => false,
        }
    }

    /// The parts of a chain, each in the light of the others.
    fn parts(&mut self, expr: &'a Expr, op: BinOp, place: &Place<'a>) {
        let mut parts = Vec::new();
        chain(expr, op, &mut parts);
        let all = op == BinOp::And;
        let facts: Vec<_> = parts.iter().map(|p| self.intervals.facts(p, all, place)).collect();
        let mut kept = vec![true; parts.len()];
        // From the end, so that of two parts that say the same the later one is told.
        for (at, part) in parts.iter().enumerate().rev() {
            let others = facts.iter().zip(&kept).enumerate().filter(|(i, (_, kept))| *i != at && **kept);
            let inner = place.knowing(others.flat_map(|(_, (facts, _))| facts.iter().cloned()).collect());
            let truth = self.intervals.truth(part, &inner, false);
            let idle = if all { !truth.no && truth.yes } else { !truth.yes };
            if !idle {
                // With `and`, a part that never holds here: the other parts exclude it.
                if all && !truth.yes {
                    self.tell(
                        part,
                        false,
                        &inner,
                        "this part can never hold here".into(),
                        "look at what the parts ask of one value",
                    );
                } else {
                    self.inspect(part, &inner);
                }
                continue;
            }
            if let Some(slot) = kept.get_mut(at) {
                *slot = false;
            }
            let rest: Vec<String> = parts
                .iter()
                .zip(&kept)
                .filter(|(_, kept)| **kept)
                .map(|(p, _)| if is_tight(p) { show(p) } else { format!("({})", show(p)) })
                .collect();
            let levels = !all && self.asks_for_level(part, &inner);
            let code = if levels { codes::IMPOSSIBLE_LEVEL } else { codes::DECIDES_NOTHING };
            let (message, label) = if all {
                ("this part of `and` decides nothing", "always true where the other parts are")
            } else {
                ("this part of `or` decides nothing", "never true where the other parts are not")
            };
            let d = Diagnostic::new(code, message).at(part.span, label).help("leave it out, or ask for something else");
            let mut d = self.with_reasons(d, part, all, &inner);
            if !rest.is_empty() {
                d = d.fix("leave it out", expr.span, rest.join(&format!(" {} ", op.symbol())));
            }
            self.found.push(d);
        }
    }
}

/// Whether an expression can stand in a chain without brackets.
fn is_tight(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Binary(op, ..) => !matches!(op, BinOp::And | BinOp::Or),
        ExprKind::Name(_) | ExprKind::Call { .. } | ExprKind::Not(_) | ExprKind::Bool(_) => true,
        _ => false,
    }
}

fn is_number(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Int(_) | ExprKind::Real(_) | ExprKind::Percent(_) | ExprKind::Quantity(..) => true,
        ExprKind::Neg(inner) => is_number(inner),
        _ => false,
    }
}

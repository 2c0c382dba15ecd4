//! Policies: dates, authorities, parameters, constraints.

use super::convert::literal;
use super::program::Checker;
use super::scope::{RowScope, Scope};
use super::types::{Base, Level, Type};
use crate::source::{Diagnostic, codes};
use crate::syntax::ast::{self, Ident};
use std::collections::HashMap;
use std::sync::Arc;

/// The authorities a constraint can stand on.
pub const AUTHORITIES: [&str; 8] =
    ["statute", "regulation", "guidance", "standard", "contract", "consensus", "convention", "house"];

impl Checker<'_> {
    pub(super) fn policy(&mut self, policy: &ast::Policy) {
        self.authority(policy.authority.as_ref());
        if let Some((from, to, span)) = &policy.effective {
            self.date(from, *span);
            if let Some(to) = to {
                self.date(to, *span);
                if to < from {
                    self.found.push(
                        Diagnostic::new(codes::BAD_DATE, "this policy ends before it begins")
                            .at(*span, "swap the dates")
                            .fix("swap the dates", *span, format!("effective @{to} .. @{from}")),
                    );
                }
            }
        }
        if let Some((date, span)) = &policy.last_verified {
            self.date(date, *span);
        }
        let mut locals = Vec::new();
        for param in &policy.params {
            let base = self.type_expr(&param.ty);
            let bounds = self.bounds(&param.ty, &base);
            self.scope = Scope { locals: std::mem::take(&mut locals), rows: None, present: Vec::new() };
            for value in param.default.iter().chain(param.dated.iter().map(|(_, _, v)| v)) {
                let ty = self.infer(value, Some(&base));
                let place = format!("`{}`", param.name.name);
                if self.fits(value, &ty, &base, &place) {
                    self.hold(value, bounds.as_ref(), &place);
                }
                self.at_most(value, &ty, Level::Constant, "a policy's parameter");
            }
            for (date, span, _) in &param.dated {
                self.date(date, *span);
            }
            if param.default.is_none() && param.dated.is_empty() {
                self.error(
                    codes::BAD_POLICY,
                    format!("`{}` has no value", param.name.name),
                    param.name.span,
                    "write `= value` or `from @date = value`",
                );
            }
            locals = std::mem::take(&mut self.scope.locals);
            locals.push((param.name.name.clone(), Type::new(base, Level::Constant)));
        }
        self.grants(policy);
        self.scope = Scope { locals, rows: self.outcome_rows(), present: Vec::new() };
        let mut names: HashMap<&str, &Ident> = HashMap::new();
        for constraint in &policy.constraints {
            if let Some(before) = names.get(constraint.name.name.as_str()) {
                self.found.push(
                    Diagnostic::new(codes::DUPLICATE_NAME, format!("the constraint `{}` stands twice", before.name))
                        .at(constraint.name.span, "again")
                        .also(before.span, "first here")
                        .fix("give it another name", constraint.name.span, format!("{}_2", constraint.name.name)),
                );
            }
            names.insert(&constraint.name.name, &constraint.name);
            self.authority(constraint.authority.as_ref());
            if constraint.authority.is_none() && policy.authority.is_none() {
                self.found.push(
                    Diagnostic::new(
                        codes::BAD_POLICY,
                        format!("the constraint `{}` does not say on whose authority", constraint.name.name),
                    )
                    .at(constraint.name.span, "no authority here or on the policy")
                    .help(format!("add `authority house` (or {})", AUTHORITIES[..7].join(", ")))
                    .fix(
                        "write `authority house`",
                        constraint.name.span.after(),
                        " authority house",
                    ),
                );
            }
            let ty = self.infer(&constraint.rule, Some(&Base::Bool));
            self.fits(&constraint.rule, &ty, &Base::Bool, "a constraint");
            if ty.level == Level::Row {
                self.at_most(&constraint.rule, &ty, Level::Cohort, "a constraint");
            }
            if let Some(confidence) = &constraint.confidence {
                let ty = self.infer(confidence, Some(&Base::Prob));
                let fits = self.fits(confidence, &ty, &Base::Prob, "`with confidence`");
                if fits && literal(confidence).is_some_and(|v| v <= 0.5 || v >= 1.0) {
                    let other = literal(confidence).map(|v| 1.0 - v).filter(|v| *v > 0.5 && *v < 1.0);
                    let other = other.map_or(95.0, |v| (v * 1e8).round() / 1e6);
                    self.found.push(
                        Diagnostic::new(codes::OUTSIDE_RANGE, "a confidence lies between 50% and 100%")
                            .at(confidence.span, "for example 95%")
                            .fix(format!("write `{other}%`"), confidence.span, format!("{other}%")),
                    );
                }
            }
        }
    }

    pub(super) fn authority(&mut self, word: Option<&Ident>) {
        if let Some(word) = word
            && !AUTHORITIES.contains(&word.name.as_str())
        {
            self.unknown_word(word, "authority", &AUTHORITIES);
        }
    }

    /// The columns of the home dataset, with the outputs of a task.
    pub(super) fn outcome_rows(&self) -> Option<Arc<RowScope>> {
        let mut rows = match self.program.home_rows() {
            Some(rows) => rows.as_ref().clone(),
            // A file of policies alone: they are about the outputs of whatever task they meet.
            None if self.program.datasets.iter().all(|d| self.program.origin_of(&d.name) != self.at) => {
                RowScope::new("the predictions of a task")
            }
            None => return None,
        };
        for (name, base) in [("p", Base::Prob), ("yhat", Base::Bool), ("y", Base::Bool)] {
            if rows.get(name).is_none() {
                rows.push(name, Type::new(base, Level::Row));
            }
        }
        Some(Arc::new(rows))
    }
}

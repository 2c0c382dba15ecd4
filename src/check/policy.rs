//! Policies: dates, authorities, parameters, constraints, exceptions.

use super::convert::literal;
use super::program::Checker;
use super::scope::{RowScope, Scope};
use super::types::{Base, Level, Type};
use crate::source::{Diagnostic, Span, codes};
use crate::syntax::ast::{self, About, Expr, Ident};
use std::collections::HashMap;
use std::sync::Arc;

/// The authorities a constraint can stand on.
pub const AUTHORITIES: [&str; 8] =
    ["statute", "regulation", "guidance", "standard", "contract", "consensus", "convention", "house"];

/// The local that stands for what is checked, and the one for the rows it was made from.
pub const RELEASE: &str = "release";
pub const TRAIN: &str = "train";

impl Checker<'_> {
    pub(super) fn policy(&mut self, policy: &ast::Policy) {
        let told = self.found.len();
        self.about(&policy.about);
        if let Some((date, span)) = &policy.last_verified {
            self.date(date, *span);
        }
        self.grants(policy);
        self.names_once(policy);
        for constraint in &policy.constraints {
            self.about(&constraint.about);
            if constraint.about.authority.is_none() && policy.about.authority.is_none() {
                let name = &constraint.name;
                self.found.push(
                    Diagnostic::new(
                        codes::BAD_POLICY,
                        format!("the constraint `{}` does not say on whose authority", name.name),
                    )
                    .at(name.span, "no authority here or on the policy")
                    .help(format!("add `authority house` (or {})", AUTHORITIES[..7].join(", ")))
                    .fix("write `authority house`", name.span.after(), " authority house"),
                );
            }
        }
        self.exceptions(policy);
        let (types, _) = self.signature(&policy.takes, true);
        let locals: Vec<(String, Type)> = policy.takes.iter().map(|p| p.name.name.clone()).zip(types).collect();
        let columns = std::mem::replace(&mut self.columns, locals.iter().map(|(n, _)| n.clone()).collect());
        let rows = self.outcome_rows();
        self.rules(policy, locals, rows);
        self.columns = columns;
        for used in &policy.includes {
            self.include(policy, used);
        }
        if self.found.get(told..).is_some_and(|new| new.iter().any(Diagnostic::is_error)) {
            // What it is asked for elsewhere has the same mistakes.
            self.program.broken.insert(policy.name.name.clone());
        }
    }

    /// Types what a policy says of rows: its parameters, constraints and exceptions.
    pub(super) fn rules(&mut self, policy: &ast::Policy, mut locals: Vec<(String, Type)>, rows: Option<Arc<RowScope>>) {
        for name in [RELEASE, TRAIN] {
            locals.insert(0, (name.to_string(), Type::new(Base::Data, Level::Constant)));
        }
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
        self.scope = Scope { locals, rows, present: Vec::new() };
        for constraint in &policy.constraints {
            self.rule(&constraint.rule, constraint.confidence.as_ref());
        }
        for exception in &policy.exceptions {
            if let Some(when) = &exception.when {
                let ty = self.infer(when, Some(&Base::Bool));
                self.fits(when, &ty, &Base::Bool, "the condition of an exception");
                self.at_most(when, &ty, Level::Cohort, "the condition of an exception");
            }
            if let Some(rule) = &exception.rule {
                self.rule(rule, exception.confidence.as_ref());
            }
        }
    }

    fn rule(&mut self, rule: &Expr, confidence: Option<&Expr>) {
        let ty = self.infer(rule, Some(&Base::Bool));
        self.fits(rule, &ty, &Base::Bool, "a constraint");
        if ty.level == Level::Row {
            self.at_most(rule, &ty, Level::Cohort, "a constraint");
        }
        let Some(confidence) = confidence else { return };
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

    fn about(&mut self, about: &About) {
        self.authority(about.authority.as_ref());
        for period in &about.periods {
            self.date(&period.from, period.span);
            let Some(to) = &period.to else { continue };
            self.date(to, period.span);
            if to < &period.from {
                let word = period.standing.word();
                self.found.push(
                    Diagnostic::new(codes::BAD_DATE, "this policy ends before it begins")
                        .at(period.span, "swap the dates")
                        .fix("swap the dates", period.span, format!("{word} @{to} .. @{}", period.from)),
                );
            }
        }
    }

    /// Constraints and exceptions share one set of names: `to` and `because` speak of both.
    fn names_once(&mut self, policy: &ast::Policy) {
        let mut names: HashMap<&str, Span> = HashMap::new();
        let constraints = policy.constraints.iter().map(|c| (&c.name, "constraint"));
        for (name, what) in constraints.chain(policy.exceptions.iter().map(|e| (&e.name, "exception"))) {
            if let Some(before) = names.get(name.name.as_str()) {
                self.found.push(
                    Diagnostic::new(codes::DUPLICATE_NAME, format!("the {what} `{}` stands twice", name.name))
                        .at(name.span, "again")
                        .also(*before, "first here")
                        .fix("give it another name", name.span, format!("{}_2", name.name)),
                );
            }
            names.entry(&name.name).or_insert(name.span);
        }
    }

    /// Every exception leads to a constraint, and none back to itself.
    fn exceptions(&mut self, policy: &ast::Policy) {
        for exception in &policy.exceptions {
            self.about(&exception.about);
            let target = |name: &str| policy.exceptions.iter().find(|e| e.name.name == name);
            let is_constraint = |name: &str| policy.constraints.iter().any(|c| c.name.name == name);
            let mut at = exception;
            let mut steps = 0;
            while let Some(next) = target(&at.to.name).filter(|_| !is_constraint(&at.to.name)) {
                at = next;
                steps += 1;
                if steps > policy.exceptions.len() {
                    break;
                }
            }
            if steps > policy.exceptions.len() {
                self.error(
                    codes::RECURSION,
                    format!("the exception `{}` leads back to itself", exception.name.name),
                    exception.to.span,
                    "one of a circle",
                );
            } else if std::ptr::eq(at, exception) && !is_constraint(&exception.to.name) {
                let known: Vec<&str> = policy
                    .constraints
                    .iter()
                    .map(|c| c.name.name.as_str())
                    .chain(policy.exceptions.iter().map(|e| e.name.name.as_str()))
                    .collect();
                let mut d = Diagnostic::new(
                    codes::UNKNOWN_NAME,
                    format!("this policy has no constraint `{}`", exception.to.name),
                )
                .at(exception.to.span, "an exception to what?");
                if let Some(near) = crate::source::diagnostic::nearest(&exception.to.name, known.iter().copied()) {
                    d = d.meant(exception.to.span, near);
                }
                self.found.push(d);
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
        let rows = match self.program.home_rows() {
            Some(rows) => rows.as_ref().clone(),
            // A file of policies alone: they are about the outputs of whatever task they meet.
            None if self.program.datasets.iter().all(|d| self.program.origin_of(&d.name) != self.at) => {
                RowScope::new("the predictions of a task")
            }
            None => return None,
        };
        Some(Arc::new(with_outcomes(rows)))
    }
}

/// The same rows with the outputs of a task.
pub(super) fn with_outcomes(mut rows: RowScope) -> RowScope {
    for (name, base) in [("p", Base::Prob), ("yhat", Base::Bool), ("y", Base::Bool)] {
        if rows.get(name).is_none() {
            rows.push(name, Type::new(base, Level::Row));
        }
    }
    rows
}

//! Calls: who answers, which argument goes where, and whether it fits.

use super::convert::article;
use super::expr::guess;
use super::program::{ArgSource, CallPlan, Callee, Checker, FunctionInfo};
use super::special::{self, Scalar, Special};
use super::types::{Base, Level, Type};
use crate::source::{Diagnostic, codes};
use crate::syntax::ast::{Arg, Expr, ExprKind, Ident};
use std::sync::Arc;

impl Checker<'_> {
    pub(super) fn call(&mut self, expr: &Expr, name: &Ident, args: &[Arg], given: Option<&Expr>) -> Type {
        let outer = self.scope.present.len();
        if let Some(given) = given {
            self.condition(given, "the condition after `|`");
            self.may_be_given(name, given);
        }
        let ty = match self.program.function_at(self.at, &name.name).map(|(i, f)| (i, f.module)) {
            Some((index, module)) if self.may_use(name, module) => self.function_call(expr, index, name, args),
            Some(_) => {
                for arg in args {
                    self.infer(&arg.value, None);
                }
                Type::unknown()
            }
            None => match special::find(&name.name) {
                Some(form) => self.form(expr, name, form, args),
                None => {
                    // Its arguments are not checked: what is wrong with them may come from what was meant.
                    self.unknown_function(expr, name, args);
                    Type::unknown()
                }
            },
        };
        self.scope.present.truncate(outer);
        ty
    }

    /// Only what goes over rows can be asked of some of them.
    fn may_be_given(&mut self, name: &Ident, given: &Expr) {
        let over_rows = match (self.program.function(&name.name), special::find(&name.name)) {
            (Some((_, f)), _) => f.decl.is_metric,
            (None, Some(Ok(form))) => form.over_rows(),
            (None, Some(Err(_))) => false,
            (None, None) => true,
        };
        if !over_rows {
            self.found.push(
                Diagnostic::new(codes::WRONG_ARGUMENTS, format!("`{}` takes no condition", name.name))
                    .at(given.span, "of which rows?")
                    .help("`|` belongs to `P`, `E`, `Var`, `sum`, `min`, `max`, `quantile`, `count`, `impute` and metrics"),
            );
        }
    }

    /// A standard name needs its `use` in a file.
    fn may_use(&mut self, name: &Ident, module: Option<&'static str>) -> bool {
        let (Some(module), Some(used)) = (module, &self.used) else { return true };
        // A `use` that could not be read may have named it.
        if used.contains(&name.name) || self.program.file.lost.iter().any(|(word, _)| word == "use") {
            return true;
        }
        if self.is_lost(&name.name) {
            return false;
        }
        self.found.push(
            Diagnostic::new(codes::UNKNOWN_NAME, format!("`{}` is not in use here", name.name))
                .at(name.span, format!("it is part of `{module}`"))
                .help(format!("add `use {module}.{{{}}}` at the top", name.name))
                .fix_all(format!("bring `{}` into use", name.name), vec![self.bring(module, &name.name)]),
        );
        // Once is enough: every other use has the same cause.
        self.lose(&name.name);
        false
    }

    pub(super) fn unknown_function(&mut self, call: &Expr, name: &Ident, args: &[Arg]) {
        if self.is_lost(&name.name) || self.lost_nameless(&["fn", "metric"]) {
            return;
        }
        if let Some(d) = self.unknown_in_file(&name.name, name.span) {
            self.found.push(d);
            return;
        }
        let own = |f: &&Arc<FunctionInfo>| f.module.is_some() || f.origin == self.at;
        let mut known: Vec<&str> =
            self.program.functions.iter().filter(own).map(|f| f.decl.name.name.as_str()).collect();
        known.extend(special::FORMS.iter().map(|(n, _, _)| *n));
        let near = guess(&mut self.guesses, &name.name, &known).map(str::to_string);
        let mut d = Diagnostic::new(codes::UNKNOWN_NAME, format!("unknown function `{}`", name.name))
            .at(name.span, "not in scope");
        if self.open.contains(&name.name) {
            // One round of calls is one mistake, told where it is met first.
            if self.open.iter().any(|o| self.rounds.contains(o)) {
                return;
            }
            self.rounds.extend(self.open.iter().cloned());
            d = Diagnostic::new(codes::RECURSION, format!("`{}` calls itself", name.name))
                .at(name.span, "called in its own definition")
                .help("use `sum over`, `max over` or `count` instead of recursion");
        } else if let Some(known) = self.foreign_call(call, name, args, &d) {
            d = known;
        } else if let Some(near) = near {
            d = d.meant(name.span, &near);
        } else {
            // Nothing is known of it: every further use has the same cause.
            self.lose(&name.name);
        }
        self.found.push(d);
    }

    fn form(&mut self, expr: &Expr, name: &Ident, form: Result<Special, Scalar>, args: &[Arg]) -> Type {
        let (callee, least, most) = match form {
            Err(Scalar::Round) => (Callee::Scalar(Scalar::Round), 1, 2),
            Err(f) => (Callee::Scalar(f), 1, 1),
            Ok(s @ (Special::Quantile | Special::OrElse | Special::Bins | Special::Impute | Special::YearsBetween)) => {
                (Callee::Special(s), 2, 2)
            }
            Ok(s @ (Special::AddMonths | Special::AddYears)) => (Callee::Special(s), 3, 3),
            Ok(Special::Count) => (Callee::Special(Special::Count), 0, 1),
            Ok(Special::AsOf) => (Callee::Special(Special::AsOf), 0, 0),
            Ok(Special::Groups) => (Callee::Special(Special::Groups), 1, 2),
            Ok(s) if s.is_about_documents() || s == Special::Mentions => (Callee::Special(s), 2, 2),
            Ok(Special::ByGroup) => (Callee::Special(Special::ByGroup), 2, 4),
            Ok(s) => (Callee::Special(s), 1, 1),
        };
        let plan = CallPlan { callee, args: (0..args.len()).map(ArgSource::Given).collect() };
        self.program.tables.set_call(expr.id, plan);
        if args.len() < least || args.len() > most {
            for arg in args {
                self.infer(&arg.value, None);
            }
            let help = special::FORMS.iter().find(|(n, _, _)| *n == name.name).map_or("", |(_, _, h)| h);
            self.found.push(
                Diagnostic::new(codes::WRONG_ARGUMENTS, format!("`{}` takes {}", name.name, counted(least, most)))
                    .at(name.span, format!("{} given", args.len()))
                    .help(help),
            );
            return Type::unknown();
        }
        let first = args.first().map(|a| &a.value);
        let second = args.get(1).map(|a| &a.value);
        match form {
            Err(scalar) => self.scalar(name, scalar, first, second),
            Ok(Special::AddMonths | Special::AddYears) => self.add_calendar(name, args),
            Ok(Special::ByGroup) => self.by_group(args),
            Ok(special) => self.special(name, special, first, second),
        }
    }

    fn scalar(&mut self, name: &Ident, scalar: Scalar, first: Option<&Expr>, second: Option<&Expr>) -> Type {
        let Some(x) = first else { return Type::unknown() };
        let place = format!("`{}`", name.name);
        let ty = self.infer(x, None);
        if ty.is_unknown() {
            return ty;
        }
        if !ty.base.is_numeric() {
            self.error(
                codes::WRONG_TYPE,
                format!("{place} needs a number"),
                x.span,
                format!("this is {}", article(&ty.base)),
            );
            return Type::unknown();
        }
        if let Some(digits) = second {
            let d = self.infer(digits, None);
            self.fits(digits, &d, &Base::int(), "the digits of `round`");
        }
        let plain = |c: &mut Self| {
            let one = super::unit::Unit::one();
            match ty.base.unit().factor_to(&one) {
                Some(factor) => c.program.tables.set_scale(x.id, factor),
                None => c.unit_clash(x, &ty.base.unit(), &one, &place),
            }
        };
        let base = match scalar {
            Scalar::Abs => match &ty.base {
                Base::Rating => Base::real(),
                other => other.clone(),
            },
            Scalar::Floor | Scalar::Ceil => Base::Number { integer: true, unit: ty.base.unit() },
            Scalar::Round => Base::Number { integer: second.is_none(), unit: ty.base.unit() },
            Scalar::Sqrt | Scalar::Exp | Scalar::Ln | Scalar::Log10 => {
                plain(self);
                Base::real()
            }
            Scalar::Prob => {
                plain(self);
                Base::Prob
            }
            Scalar::Rating => {
                plain(self);
                Base::Rating
            }
            Scalar::ToProb => {
                if ty.base != Base::Rating {
                    self.fits(x, &ty, &Base::Rating, &place);
                }
                Base::Prob
            }
        };
        Type { base, ..ty }
    }

    fn special(&mut self, name: &Ident, special: Special, first: Option<&Expr>, second: Option<&Expr>) -> Type {
        let place = format!("`{}`", name.name);
        let cohort = |base: Base| Type::new(base, Level::Cohort);
        match special {
            Special::Count => {
                if let Some(x) = first {
                    let ty = self.infer(x, Some(&Base::Bool));
                    if !matches!(ty.base, Base::Group | Base::Data) {
                        self.fits(x, &ty, &Base::Bool, &place);
                    }
                }
                cohort(Base::int())
            }
            Special::Probability => {
                let Some(x) = first else { return Type::unknown() };
                let ty = self.infer(x, Some(&Base::Bool));
                if ty.base != Base::Group {
                    self.fits(x, &ty, &Base::Bool, &place);
                }
                cohort(Base::Prob)
            }
            Special::Expectation
            | Special::Variance
            | Special::Sum
            | Special::Min
            | Special::Max
            | Special::Quantile => {
                let Some(x) = first else { return Type::unknown() };
                let ty = self.infer(x, None);
                if let Some(q) = second {
                    let at = self.infer(q, Some(&Base::Prob));
                    self.fits(q, &at, &Base::Prob, "the share of `quantile`");
                }
                match (&ty.base, special) {
                    (Base::Unknown, _) => Type::unknown(),
                    // The mean of a flag is the share where it holds.
                    (Base::Bool, Special::Expectation) => cohort(Base::Prob),
                    (base, Special::Variance) if base.is_numeric() => {
                        cohort(Base::Number { integer: false, unit: base.unit().times(&base.unit()) })
                    }
                    (Base::Prob, Special::Sum) => cohort(Base::real()),
                    (Base::Number { unit, .. }, Special::Expectation | Special::Quantile) => {
                        cohort(Base::Number { integer: false, unit: unit.clone() })
                    }
                    (base, _) if base.is_numeric() => cohort(base.clone()),
                    (base, _) => {
                        let what = article(base);
                        self.found.push(
                            Diagnostic::new(codes::WRONG_TYPE, format!("{place} needs numbers"))
                                .at(x.span, format!("this is {what}"))
                                .help(match base {
                                    Base::List(_) => {
                                        format!("walk over the items of a list: `{}(v for v in xs)`", name.name)
                                    }
                                    _ => "`P(x == …)` gives the share of a category".to_string(),
                                }),
                        );
                        Type::unknown()
                    }
                }
            }
            Special::AddMonths | Special::AddYears | Special::ByGroup => Type::unknown(),
            Special::Every => {
                let Some(x) = first else { return Type::unknown() };
                let ty = self.infer(x, Some(&Base::Bool));
                self.fits(x, &ty, &Base::Bool, &place);
                cohort(Base::Bool)
            }
            Special::Attested
            | Special::AsOf
            | Special::Epsilon
            | Special::Delta
            | Special::UnitOf
            | Special::States
            | Special::Stated
            | Special::StatedNumber
            | Special::StatedDate
            | Special::StatedCount => self.fact(&place, special, first, second),
            Special::Identifiers
            | Special::LooksLikePhi
            | Special::PhiSpans
            | Special::ReadingGrade
            | Special::Mentions => self.about_text(&place, special, first, second),
            Special::YearsBetween => match (first, second) {
                (Some(from), Some(to)) => self.years_between(from, to),
                _ => Type::unknown(),
            },
            Special::Length => {
                let Some(x) = first else { return Type::unknown() };
                let ty = self.infer(x, None);
                match ty.base {
                    Base::List(_) | Base::Text => Type { base: Base::int(), ..ty },
                    Base::Unknown => Type::unknown(),
                    other => {
                        self.found.push(
                            Diagnostic::new(
                                codes::WRONG_TYPE,
                                "`len` counts the items of a list or the letters of a text",
                            )
                            .at(x.span, format!("this is {}", article(&other)))
                            .help("`count(…)` and `n()` count rows"),
                        );
                        Type::unknown()
                    }
                }
            }
            Special::Impute => match (first, second) {
                (Some(x), Some(way)) => self.impute(x, way),
                _ => Type::unknown(),
            },
            Special::IsMissing | Special::Present => {
                let Some(x) = first else { return Type::unknown() };
                let ty = self.infer(x, None);
                Type::new(Base::Bool, ty.level)
            }
            Special::OrElse => {
                let (Some(x), Some(y)) = (first, second) else { return Type::unknown() };
                let ty = self.infer(x, None);
                let other = self.infer(y, Some(&ty.base));
                self.fits(y, &other, &ty.base, "the value of `or_else`");
                Type { base: ty.base, optional: other.optional, level: ty.level.join(other.level) }
            }
            Special::Groups => {
                // `groups(release, by: …)` says of what; the rows here are those of the release.
                let by = match (first, second) {
                    (Some(data), Some(by)) => {
                        let ty = self.infer(data, Some(&Base::Data));
                        self.fits(data, &ty, &Base::Data, "the first argument of `groups`");
                        Some(by)
                    }
                    (only, _) => only,
                };
                if let Some(x) = by {
                    self.grouping(x);
                }
                Type::new(Base::List(Box::new(Base::Group)), Level::Constant)
            }
            Special::Bins => {
                let (Some(p), Some(n)) = (first, second) else { return Type::unknown() };
                let ty = self.infer(p, None);
                self.fits(p, &ty, &Base::Prob, "`bins`");
                let count = self.infer(n, None);
                self.fits(n, &count, &Base::int(), "the number of bins");
                Type::new(Base::List(Box::new(Base::Bin)), Level::Constant)
            }
        }
    }

    /// The columns that groups are made from.
    fn grouping(&mut self, x: &Expr) {
        let items: &[Expr] = match &x.kind {
            ExprKind::List(items) => items,
            _ => std::slice::from_ref(x),
        };
        for item in items {
            let ty = self.infer(item, None);
            // A policy's parameter stands for the columns that its user will name.
            if matches!(&ty.base, Base::AnyCategory) || matches!(&ty.base, Base::List(of) if **of == Base::AnyCategory)
            {
                continue;
            }
            if !matches!(ty.base, Base::Category(_) | Base::Bool | Base::Unknown)
                || ty.level != Level::Row && !ty.is_unknown()
            {
                self.error(
                    codes::WRONG_TYPE,
                    "groups are made from category columns",
                    item.span,
                    format!("this is {ty}"),
                );
            }
        }
        if let ExprKind::List(_) = x.kind {
            self.note(x, Type::new(Base::List(Box::new(Base::Unknown)), Level::Row));
        }
    }

    /// `by_group(figure, by: [a, b], small: 11, rule: "refuse")`.
    fn by_group(&mut self, args: &[Arg]) -> Type {
        let [figure, by, settings @ ..] = args else { return Type::unknown() };
        let ty = self.infer(&figure.value, None);
        self.grouping(&by.value);
        for (at, setting) in settings.iter().enumerate() {
            let name = setting.name.as_ref().map_or(["small", "rule"][at.min(1)], |n| n.name.as_str());
            let wanted = if name == "rule" { Base::Text } else { Base::int() };
            let given = self.infer(&setting.value, Some(&wanted));
            self.fits(&setting.value, &given, &wanted, &format!("`{name}` of `by_group`"));
        }
        if ty.is_unknown() {
            return ty;
        }
        if !ty.base.is_numeric() || ty.level == Level::Row {
            self.found.push(
                Diagnostic::new(codes::WRONG_TYPE, "`by_group` takes a figure of the rows together")
                    .at(figure.value.span, format!("this is {ty}"))
                    .help("for example `by_group(auroc(p, y), by: sex)` or `by_group(P(dead | treated), by: [sex, race])`"),
            );
            return Type::unknown();
        }
        Type { level: Level::Cohort, ..ty }
    }
}

/// Whether a list names columns to be crossed rather than the texts of one column.
pub fn is_crossing(items: &[Expr]) -> bool {
    !items.is_empty() && items.iter().all(|i| !matches!(i.kind, ExprKind::Text(_)))
}

fn counted(least: usize, most: usize) -> String {
    match (least, most) {
        (1, 1) => "one argument".into(),
        (a, b) if a == b => format!("{a} arguments"),
        (a, b) => format!("{a} to {b} arguments"),
    }
}

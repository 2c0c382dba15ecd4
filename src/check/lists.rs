//! Lists and what walks over them: `over`, `forall`, comprehensions, ranges of whole numbers.

use super::convert::{article, literal};
use super::expr::widen;
use super::program::Checker;
use super::types::{Base, Level, Type};
use crate::source::{Diagnostic, codes};
use crate::syntax::ast::{Aggregate, BinOp, Expr, ExprKind, Ident};

/// The longest range that may be walked over.
pub const LONGEST_RANGE: i64 = 100_000;

/// What a variable walks over.
pub(super) struct Walked {
    /// What the variable stands for.
    pub item: Type,
    /// The level of the walk as such: which items there are.
    pub level: Level,
    /// Whether the items are found in the rows of a cohort, so that the body must be a cohort's too.
    pub by_cohort: bool,
}

impl Checker<'_> {
    pub(super) fn list(&mut self, items: &[Expr], wanted: Option<&Base>) -> Type {
        let mut base: Option<Base> = wanted.cloned().filter(|w| matches!(w, Base::Category(_) | Base::Verdict));
        let mut level = Level::Constant;
        let mut optional = false;
        for item in items {
            let ty = self.infer(item, base.as_ref().or(wanted));
            level = level.join(ty.level);
            optional |= ty.optional;
            if ty.is_unknown() {
                continue;
            }
            base = Some(match base.take() {
                None => ty.base,
                Some(before) => {
                    let joined = widen(&before, &ty.base);
                    self.fits(item, &ty, &joined, "a list of one kind");
                    joined
                }
            });
        }
        Type { base: Base::List(Box::new(base.unwrap_or(Base::Unknown))), optional, level }
    }

    /// What a variable stands for when it walks over `range`.
    pub(super) fn walked(&mut self, range: &Expr) -> Walked {
        if let ExprKind::Binary(BinOp::Range, _, lo, hi) = &range.kind {
            let item = self.whole_range(range, lo, hi);
            return Walked { item, level: Level::Constant, by_cohort: false };
        }
        let ty = self.infer(range, None);
        let is_row = ty.level == Level::Row;
        match ty.base {
            Base::List(of) => {
                let by_cohort = matches!(*of, Base::Group | Base::Bin);
                let level = if by_cohort { Level::Cohort } else { ty.level };
                let item_level = if by_cohort { Level::Constant } else { ty.level };
                Walked { item: Type { base: *of, optional: ty.optional, level: item_level }, level, by_cohort }
            }
            // A category column, or a metric's Category parameter: its levels.
            base @ (Base::Category(_) | Base::AnyCategory) => {
                let level = ty.level.min(Level::Cohort);
                Walked { item: Type::new(base, Level::Constant), level, by_cohort: is_row }
            }
            Base::Unknown => Walked { item: Type::unknown(), level: Level::Constant, by_cohort: false },
            other => {
                self.found.push(
                    Diagnostic::new(codes::WRONG_TYPE, "only lists, categories, groups and bins can be walked over")
                        .at(range.span, format!("this is {}", article(&other)))
                        .help("for example `over g in sex`, `forall g in groups(by: [sex, race])`"),
                );
                Walked { item: Type::unknown(), level: Level::Constant, by_cohort: false }
            }
        }
    }

    /// `1..5`: the whole numbers from end to end.
    fn whole_range(&mut self, range: &Expr, lo: &Expr, hi: &Expr) -> Type {
        for end in [lo, hi] {
            let ty = self.infer(end, Some(&Base::int()));
            if ty.is_unknown() {
                return ty;
            }
            if ty.base != Base::int() || ty.level != Level::Constant || ty.optional {
                let what = if ty.level == Level::Constant {
                    format!("this is {}", article(&ty.base))
                } else {
                    ty.level.words().to_string()
                };
                self.found.push(
                    Diagnostic::new(codes::RANGE_WALK, "only a range of whole numbers can be walked over")
                        .at(end.span, what)
                        .help("both ends are whole constants, `over v in 1..5`; other values are listed: `over v in [0.5, 1]`"),
                );
                return Type::unknown();
            }
        }
        if let (Some(a), Some(b)) = (literal(lo), literal(hi)) {
            if b < a {
                self.error(codes::RANGE_WALK, "this range is empty", range.span, format!("{a} is larger than {b}"));
            } else if b - a >= LONGEST_RANGE as f64 {
                self.error(
                    codes::RANGE_WALK,
                    format!("a range of more than {LONGEST_RANGE} numbers is not walked over"),
                    range.span,
                    format!("{} numbers", b - a + 1.0),
                );
            }
        }
        self.note(range, Type::new(Base::List(Box::new(Base::int())), Level::Constant));
        Type::new(Base::int(), Level::Constant)
    }

    pub(super) fn over(&mut self, aggregate: Aggregate, var: &Ident, range: &Expr, body: &Expr) -> Type {
        let walked = self.walked(range);
        self.at_most(range, &walked.item, Level::Cohort, "what a cohort walks over");
        let item = walked.item.base.clone();
        let ty = self.with_local(var, Type { level: Level::Constant, ..walked.item }, |c| {
            let ty = c.infer(body, None);
            if !ty.is_unknown() && !ty.base.is_numeric() {
                c.error(
                    codes::WRONG_TYPE,
                    "what follows `:` is a number",
                    body.span,
                    format!("this is {}", article(&ty.base)),
                );
            }
            c.at_most(body, &ty, Level::Cohort, "a figure per group");
            ty
        });
        let base = match aggregate {
            Aggregate::ArgMax | Aggregate::ArgMin => item,
            Aggregate::Sum | Aggregate::Mean if ty.base == Base::Prob => Base::real(),
            _ => ty.base,
        };
        Type { base, optional: false, level: ty.level.join(walked.level).min(Level::Cohort) }
    }

    pub(super) fn quantified(&mut self, var: &Ident, range: &Expr, body: &Expr) -> Type {
        let walked = self.walked(range);
        self.at_most(range, &walked.item, Level::Cohort, "what a cohort walks over");
        let ty = self.with_local(var, Type { level: Level::Constant, ..walked.item }, |c| {
            let ty = c.infer(body, Some(&Base::Bool));
            c.fits(body, &ty, &Base::Bool, "what follows `:`");
            c.at_most(body, &ty, Level::Cohort, "a statement about groups");
            ty
        });
        Type { base: Base::Bool, optional: ty.optional, level: Level::Cohort }
    }

    /// `[f(v) for v in xs if c]`, `sum(f(v) for v in xs)`.
    pub(super) fn comprehension(
        &mut self,
        function: Option<&Ident>,
        body: &Expr,
        (var, range, filter): (&Ident, &Expr, Option<&Expr>),
        wanted: Option<&Base>,
    ) -> Type {
        let name = function.map_or("", |f| f.name.as_str());
        if let Some(function) = function
            && !["count", "sum", "mean", "min", "max"].contains(&name)
        {
            self.found.push(
                Diagnostic::new(codes::WRONG_ARGUMENTS, format!("`{name}` does not take `for`"))
                    .at(function.span, "only `count`, `sum`, `mean`, `min` and `max` do")
                    .help("`[… for v in xs]` makes a list of the values"),
            );
        }
        let walked = self.walked(range);
        let by_cohort = walked.by_cohort;
        let (level, of) = (walked.level, walked.item.base.clone());
        let mut lost = of == Base::Unknown;
        let ty = self.with_local(var, walked.item, |c| {
            let filter = filter.map(|f| {
                let ty = c.infer(f, Some(&Base::Bool));
                c.fits(f, &ty, &Base::Bool, "the condition after `if`");
                if by_cohort {
                    c.at_most(f, &ty, Level::Cohort, "a condition on groups");
                }
                ty
            });
            let hint = match (name, wanted) {
                ("count", _) => Some(Base::Bool),
                ("", Some(Base::List(of))) => Some(of.as_ref().clone()),
                _ => None,
            };
            let mut ty = c.infer(body, hint.as_ref());
            if name == "count" {
                c.fits(body, &ty, &Base::Bool, "`count`");
            } else if !name.is_empty() && !ty.is_unknown() && !numeric(name, &ty.base) {
                c.error(
                    codes::WRONG_TYPE,
                    format!("`{name}` needs numbers"),
                    body.span,
                    format!("this is {}", article(&ty.base)),
                );
                ty = Type::unknown();
            }
            if by_cohort {
                c.at_most(body, &ty, Level::Cohort, "a figure per group");
            }
            let level = filter.as_ref().map_or(Level::Constant, |f| f.level);
            lost |= ty.is_unknown() || filter.is_some_and(|f| f.is_unknown());
            Type { level: ty.level.join(level), ..ty }
        });
        if lost {
            return if name == "count" { Type::new(Base::int(), level) } else { Type::unknown() };
        }
        let level = level.join(if by_cohort { ty.level.min(Level::Cohort) } else { ty.level });
        let (base, optional) = match (name, ty.base) {
            ("count", _) => (Base::int(), false),
            ("mean", Base::Bool) => (Base::Prob, ty.optional),
            ("sum", Base::Prob | Base::Rating) => (Base::real(), ty.optional),
            ("mean", Base::Number { unit, .. }) => (Base::Number { integer: false, unit }, ty.optional),
            ("", base) => (Base::List(Box::new(base)), ty.optional),
            (_, base) => (base, ty.optional),
        };
        Type { base, optional, level }
    }
}

fn numeric(function: &str, base: &Base) -> bool {
    base.is_numeric() || (function == "mean" && *base == Base::Bool)
}

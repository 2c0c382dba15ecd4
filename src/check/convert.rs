//! Whether a value fits where it is needed, and the unit conversion that makes it fit.

use super::program::Checker;
use super::types::{Base, Level, Type};
use crate::source::{Diagnostic, codes};
use crate::syntax::ast::{Expr, ExprKind};

/// The way out when a mass meets an amount of substance.
pub(super) const SUBSTANCE_HELP: &str = "one is a mass, the other an amount of substance: say what the column measures, \
     for example `analyte creatinine` or `molar_mass 113.12 'g/mol'` behind its type";

impl Checker<'_> {
    /// Reports when `found` cannot stand where `wanted` is needed; notes a unit conversion.
    /// Says whether it fits.
    pub(super) fn fits(&mut self, expr: &Expr, found: &Type, wanted: &Base, place: &str) -> bool {
        if found.is_unknown() || *wanted == Base::Unknown {
            return true;
        }
        match (wanted, &found.base) {
            (Base::Number { integer, unit }, Base::Number { integer: whole, unit: from }) => {
                let Some(factor) = from.factor_to(unit) else {
                    self.unit_clash(expr, from, unit, place);
                    return false;
                };
                self.program.tables.set_scale(expr.id, factor);
                if *integer && !(*whole && factor.fract() == 0.0) {
                    self.found.push(
                        Diagnostic::new(codes::WRONG_TYPE, format!("{place} needs a whole number"))
                            .at(expr.span, format!("this is {found}"))
                            .help("`round(x)` gives the nearest whole number"),
                    );
                    return false;
                }
                true
            }
            (Base::Number { unit, integer: false }, Base::Prob | Base::Rating) if unit.is_one() => true,
            (Base::Prob, Base::Prob) | (Base::Rating, Base::Rating) => true,
            (Base::Prob, Base::Rating) => {
                self.found.push(
                    Diagnostic::new(
                        codes::WRONG_TYPE,
                        format!("{place} needs a probability (0..1), not a rating (-1..1)"),
                    )
                    .at(expr.span, "this is a Rating")
                    .help("`to_prob(r)` is (r + 1) / 2"),
                );
                false
            }
            (Base::Prob | Base::Rating, Base::Number { unit, .. }) if unit.is_one() => {
                self.constant_in(expr, wanted, place)
            }
            (Base::AnyCategory, Base::Category(_)) => true,
            (Base::List(a), Base::List(b)) if a == b || **a == Base::Unknown || **b == Base::Unknown => true,
            (Base::List(_), Base::List(_)) | (Base::Record(_), Base::Record(_)) => {
                self.fits_within(expr, &found.base, wanted, place)
            }
            (Base::Category(a), Base::Category(b)) if a.names == b.names => true,
            (a, b) if a == b => true,
            _ => {
                self.found.push(
                    Diagnostic::new(codes::WRONG_TYPE, format!("{place} needs {}", article(wanted)))
                        .at(expr.span, format!("this is {}", article(&found.base))),
                );
                false
            }
        }
    }

    /// A plain number where a Prob or Rating is needed: only a literal in range is safe.
    fn constant_in(&mut self, expr: &Expr, wanted: &Base, place: &str) -> bool {
        let (lo, hi) = if *wanted == Base::Prob { (0.0, 1.0) } else { (-1.0, 1.0) };
        match literal(expr) {
            Some(value) if (lo..=hi).contains(&value) => true,
            Some(value) => {
                self.found.push(
                    Diagnostic::new(codes::OUTSIDE_RANGE, format!("{place} is {}: from {lo} to {hi}", article(wanted)))
                        .at(expr.span, format!("{value} lies outside"))
                        .help(match value {
                            v if *wanted == Base::Prob && (1.0..=100.0).contains(&v) => {
                                format!("a percentage is written `{v}%`")
                            }
                            _ => "percentages are written `3%`".to_string(),
                        }),
                );
                false
            }
            None => {
                let fix = if *wanted == Base::Prob { "prob" } else { "rating" };
                self.found.push(
                    Diagnostic::new(codes::WRONG_TYPE, format!("{place} needs a {wanted}"))
                        .at(expr.span, "this is any number")
                        .help(format!("`{fix}(x)` checks that each value lies in {lo}..{hi}")),
                );
                false
            }
        }
    }

    pub(super) fn unit_clash(&mut self, expr: &Expr, from: &super::unit::Unit, to: &super::unit::Unit, place: &str) {
        let show = |u: &super::unit::Unit| if u.is_one() { "no unit".to_string() } else { format!("'{}'", u.code) };
        let message = match (to.is_one(), from.is_one()) {
            (true, _) => format!("{place} has no unit, this is in {}", show(from)),
            (_, true) => format!("{place} is in {}, this has no unit", show(to)),
            _ => format!("{place} is in {}, this in {}", show(to), show(from)),
        };
        let label = if from.is_one() { "no unit".to_string() } else { format!("in {}", show(from)) };
        let mut d = Diagnostic::new(codes::WRONG_UNIT, message).at(expr.span, label);
        d = if from.needs_molar_mass(to) {
            match (from.substance(), to.substance()) {
                (Some(a), Some(b)) => d.help(format!("one is of {}, the other of {}", a.name, b.name)),
                _ => d.help(SUBSTANCE_HELP),
            }
        } else if from.temperature_to(to).is_some() && !to.is_one() {
            let value = crate::syntax::show(expr);
            d.help(format!(
                "temperatures are converted in writing, because their zeros differ: `{value} to '{}'`",
                to.code
            ))
        } else if from.is_one() {
            d.help(format!("give the number its unit, for example `1.2 '{}'`", to.code))
        } else {
            d.help("only units of the same dimension can be compared, added or passed")
        };
        self.found.push(d);
    }

    /// Reports when a value may be missing where it must not be.
    pub(super) fn present(&mut self, expr: &Expr, found: &Type, place: &str) -> bool {
        if !found.optional || found.is_unknown() {
            return true;
        }
        let name = match &expr.kind {
            ExprKind::Name(name) => name.clone(),
            _ => "…".into(),
        };
        self.found.push(
            Diagnostic::new(codes::MAY_BE_MISSING, format!("{place} needs a value in every row"))
                .at(expr.span, format!("this may be missing ({found})"))
                .help(format!(
                    "keep the rows that have it with `where present({name})`, or fill it with `or_else({name}, value)` or `impute({name}, {})`",
                    if found.base.is_numeric() { "median" } else { "mode" }
                )),
        );
        false
    }

    /// Reports when a value has more levels than its place allows.
    pub(super) fn at_most(&mut self, expr: &Expr, found: &Type, level: Level, place: &str) -> bool {
        if found.level <= level || found.is_unknown() {
            return true;
        }
        let name = match &expr.kind {
            ExprKind::Name(name) => format!("`{name}`"),
            _ => "this".into(),
        };
        let mut d = Diagnostic::new(
            codes::WRONG_LEVEL,
            format!("{name} has {}; {place} needs {}", found.level.words(), level.words()),
        )
        .at(expr.span, found.level.words());
        d = match (level, &found.base) {
            (Level::Cohort, Base::Bool) => {
                d.help("`P(…)` is the share of rows where it holds; `forall`/`count(…)` decide over all rows")
            }
            (Level::Cohort, _) => d.help("`E[…]` is its mean over the cohort; `quantile(…, 50%)` its median"),
            _ => d.help("write a number here"),
        };
        self.found.push(d);
        false
    }
}

/// The value of a literal, with its sign.
pub(super) fn literal(expr: &Expr) -> Option<f64> {
    match &expr.kind {
        ExprKind::Int(v) => Some(*v as f64),
        ExprKind::Real(v) | ExprKind::Percent(v) => Some(*v),
        ExprKind::Neg(inner) => literal(inner).map(|v| -v),
        _ => None,
    }
}

/// `a Prob`, `an Int`.
pub(super) fn article(base: &Base) -> String {
    let text = base.to_string();
    match text.chars().next() {
        Some('A' | 'E' | 'I' | 'O' | 'U') => format!("an {text}"),
        _ => format!("a {text}"),
    }
}

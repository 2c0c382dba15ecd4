//! Whether a value fits where it is needed, and the unit conversion that makes it fit.

use super::program::Checker;
use super::types::{Base, Level, Type};
use crate::source::{Diagnostic, Span, codes};
use crate::syntax::ast::{BinOp, Expr, ExprKind};

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
                    let mut d = Diagnostic::new(codes::WRONG_TYPE, format!("{place} needs a whole number"))
                        .at(expr.span, format!("this is {found}"))
                        .help("`round(x)` gives the nearest whole number");
                    d = match literal(expr) {
                        Some(v) => d.fix(format!("write `{}`", v.round()), expr.span, format!("{}", v.round())),
                        None => d.wrap(expr.span, "round(", ")"),
                    };
                    self.found.push(d);
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
                    .help("`to_prob(r)` is (r + 1) / 2")
                    .wrap(expr.span, "to_prob(", ")"),
                );
                false
            }
            (Base::Prob | Base::Rating, Base::Number { unit, .. }) if unit.is_one() => {
                self.constant_in(expr, wanted, place)
            }
            (Base::AnyCategory, Base::Category(_)) => true,
            // A record written out is a small document.
            (Base::Document, Base::Record(_)) => true,
            (Base::List(a), Base::List(b)) if a == b || **a == Base::Unknown || **b == Base::Unknown => true,
            (Base::List(_), Base::List(_)) | (Base::Record(_), Base::Record(_)) => {
                self.fits_within(expr, &found.base, wanted, place)
            }
            (Base::Category(a), Base::Category(b)) if a.names == b.names => true,
            (a, b) if a == b => true,
            _ => {
                let mut d = Diagnostic::new(codes::WRONG_TYPE, format!("{place} needs {}", article(wanted)))
                    .at(expr.span, format!("this is {}", article(&found.base)));
                if *wanted == Base::Bool && found.base.is_numeric() {
                    d = d.help("compare it with something: `… >= …` holds or does not");
                }
                self.found.push(d);
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
                let is_percentage = *wanted == Base::Prob && (1.0..=100.0).contains(&value);
                let mut d =
                    Diagnostic::new(codes::OUTSIDE_RANGE, format!("{place} is {}: from {lo} to {hi}", article(wanted)))
                        .at(expr.span, format!("{value} lies outside"));
                d = match &expr.kind {
                    ExprKind::Int(_) | ExprKind::Real(_) if is_percentage => d
                        .help(format!("a percentage is written `{value}%`"))
                        .fix(format!("write `{value}%`"), expr.span.after(), "%"),
                    _ => d.help("percentages are written `3%`"),
                };
                self.found.push(d);
                false
            }
            None => {
                let fix = if *wanted == Base::Prob { "prob" } else { "rating" };
                self.found.push(
                    Diagnostic::new(codes::WRONG_TYPE, format!("{place} needs a {wanted}"))
                        .at(expr.span, "this is any number")
                        .help(format!("`{fix}(x)` checks that each value lies in {lo}..{hi}"))
                        .wrap(expr.span, &format!("{fix}("), ")"),
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
            let with = format!(" '{}'", to.code);
            let bare: Vec<(Span, String)> = bare_numbers(expr).into_iter().map(|s| (s.after(), with.clone())).collect();
            d = d.help(format!("give the number its unit, for example `1.2 '{}'`", to.code));
            if bare.is_empty() { d } else { d.fix_all(format!("write `…{with}`"), bare) }
        } else {
            d.help("only units of the same dimension can be compared, added or passed")
        };
        self.found.push(d);
    }

    /// Reports when a value may be missing where it must not be; `call` is the call it is an argument of.
    pub(super) fn present(&mut self, expr: &Expr, found: &Type, place: &str, call: &Expr) -> bool {
        if !found.optional || found.is_unknown() {
            return true;
        }
        let name = match &expr.kind {
            ExprKind::Name(name) => name.clone(),
            _ => "…".into(),
        };
        let way = if found.base.is_numeric() { "median" } else { "mode" };
        let mut d = Diagnostic::new(codes::MAY_BE_MISSING, format!("{place} needs a value in every row"))
            .at(expr.span, format!("this may be missing ({found})"))
            .help(format!(
                "keep the rows that have it with `where present({name})`, or fill it with `or_else({name}, value)` or `impute({name}, {way})`"
            ));
        if let (ExprKind::Name(_), ExprKind::Call { given, .. }) = (&expr.kind, &call.kind) {
            let bracket = Span { start: call.span.end.saturating_sub(1), ..call.span };
            let title = format!("keep the rows with `present({name})`");
            d = match given {
                Some(given) => d.fix(title, given.span.after(), format!(" and present({name})")),
                None => d.fix(title, bracket.before(), format!(" | present({name})")),
            };
        }
        self.found.push(d);
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
                let after = if ["a constraint", "`assert`", "a statement about groups"].contains(&place) {
                    ") == 100%"
                } else {
                    ")"
                };
                d.help("`P(…)` is the share of rows where it holds; `forall`/`count(…)` decide over all rows")
                    .wrap(expr.span, "P(", after)
            }
            (Level::Cohort, base) => {
                let d = d.help("`E[…]` is its mean over the cohort; `quantile(…, 50%)` its median");
                let one = !matches!(expr.kind, ExprKind::List(_) | ExprKind::Set(_));
                if one && base.is_numeric() { d.wrap(expr.span, "E[", "]") } else { d }
            }
            _ => d.help("write a number here"),
        };
        self.found.push(d);
        false
    }
}

/// The plain numbers of a literal, a range or a list of them; none when anything else stands there.
fn bare_numbers(expr: &Expr) -> Vec<Span> {
    match &expr.kind {
        ExprKind::Int(_) | ExprKind::Real(_) => vec![expr.span],
        ExprKind::Neg(inner) => bare_numbers(inner),
        ExprKind::Binary(BinOp::Range, _, lo, hi) => [bare_numbers(lo), bare_numbers(hi)].concat(),
        ExprKind::List(items) | ExprKind::Set(items) => {
            let all: Vec<_> = items.iter().map(bare_numbers).collect();
            if all.iter().any(Vec::is_empty) { Vec::new() } else { all.concat() }
        }
        _ => Vec::new(),
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

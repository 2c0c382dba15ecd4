//! Dates and lengths of time: what a calendar can answer, and what it cannot.

use super::convert::article;
use super::program::Checker;
use super::types::{Base, Level, Type};
use super::unit::Unit;
use crate::source::{Diagnostic, Span, codes};
use crate::syntax::ast::{Arg, BinOp, Expr, ExprKind, Ident};

/// The unit of a difference of dates.
pub(super) fn days() -> Unit {
    Unit::parse("d").unwrap_or_else(|_| Unit::one())
}

impl Checker<'_> {
    /// `+` and `-` with a date on one side or both.
    pub(super) fn date_arithmetic(
        &mut self,
        (op, op_span): (BinOp, Span),
        (a, x): (&Expr, &Type),
        (b, y): (&Expr, &Type),
    ) -> Type {
        let base = match (op, &x.base, &y.base) {
            (BinOp::Sub, Base::Date, Base::Date) => Base::Number { integer: true, unit: days() },
            (BinOp::Add | BinOp::Sub, Base::Date, Base::Number { unit, .. }) => {
                if !self.shift(a, b, unit, op) {
                    return Type::unknown();
                }
                Base::Date
            }
            (BinOp::Add, Base::Number { unit, .. }, Base::Date) => {
                if !self.shift(b, a, unit, op) {
                    return Type::unknown();
                }
                Base::Date
            }
            _ => {
                let mut d = Diagnostic::new(
                    codes::WRONG_TYPE,
                    format!("`{}` does not combine {} and {}", op.symbol(), article(&x.base), article(&y.base)),
                )
                .at(op_span, "no meaning in a calendar");
                d = match (&x.base, &y.base) {
                    (Base::Date, Base::Date) => d.help("`date - date` is a number of days"),
                    _ => d.help("a date moves by a length of time: `date + 30 'd'`, `date - 2 'wk'`"),
                };
                self.found.push(d);
                return Type::unknown();
            }
        };
        Type { base, optional: x.optional || y.optional, level: x.level.join(y.level) }
    }

    /// A length of time that moves a date: converted to days when it has a fixed number of them.
    fn shift(&mut self, date: &Expr, by: &Expr, unit: &Unit, op: BinOp) -> bool {
        if unit.is_one() {
            let number = match by.kind {
                ExprKind::Int(n) => n.to_string(),
                _ => "30".to_string(),
            };
            self.found.push(
                Diagnostic::new(codes::WRONG_UNIT, "a date moves by a length of time, this number has no unit")
                    .at(by.span, "no unit")
                    .help(format!("days are written `{number} 'd'`, weeks `2 'wk'`")),
            );
            return false;
        }
        if !unit.is_time() {
            self.found.push(
                Diagnostic::new(codes::WRONG_UNIT, "a date moves by a length of time")
                    .at(by.span, format!("in '{}'", unit.code))
                    .help("for example `30 'd'`, `2 'wk'`, `36 'h'`"),
            );
            return false;
        }
        if unit.varies() {
            let is_year = unit.code.starts_with('a');
            let (word, form) = if is_year { ("year", "add_years") } else { ("month", "add_months") };
            let count = match (&by.kind, op) {
                (ExprKind::Quantity(v, _), BinOp::Sub) => format!("-{v}"),
                (ExprKind::Quantity(v, _), _) => v.to_string(),
                _ => "n".to_string(),
            };
            let date = crate::syntax::show(date);
            self.found.push(
                Diagnostic::new(codes::CALENDAR, format!("a {word} has no fixed number of days"))
                    .at(by.span, format!("in '{}'", unit.code))
                    .help(format!(
                        "`{form}({date}, {count}, rounding: \"down\")` keeps the day of the month (\"up\" goes to the \
                         next month where there is no such day); `… to 'd'` takes a year as 365.25 days"
                    )),
            );
            return false;
        }
        if let Some(factor) = unit.factor_to(&days()) {
            self.program.tables.set_scale(by.id, factor);
        }
        true
    }

    /// `add_months(date, n, rounding: "down")` and `add_years`.
    pub(super) fn add_calendar(&mut self, name: &Ident, args: &[Arg]) -> Type {
        let [date, count, rounding] = args else { return Type::unknown() };
        let place = format!("`{}`", name.name);
        let day = self.infer(&date.value, Some(&Base::Date));
        let n = self.infer(&count.value, Some(&Base::int()));
        let fits = self.fits(&date.value, &day, &Base::Date, &place)
            && self.fits(&count.value, &n, &Base::int(), &format!("the count of {place}"));
        let how = matches!(&rounding.value.kind, ExprKind::Text(word) if word == "down" || word == "up");
        self.note(&rounding.value, Type::new(Base::Text, Level::Constant));
        let named = rounding.name.as_ref().is_none_or(|n| n.name == "rounding");
        if !how || !named {
            self.found.push(
                Diagnostic::new(codes::WRONG_ARGUMENTS, format!("{place} says how it rounds"))
                    .at(rounding.value.span, "`rounding: \"down\"` or `rounding: \"up\"`")
                    .help("31 January and a month is 28 February rounded down, 1 March rounded up"),
            );
            return Type::unknown();
        }
        if !fits || day.is_unknown() || n.is_unknown() {
            return Type::unknown();
        }
        Type { base: Base::Date, optional: day.optional || n.optional, level: day.level.join(n.level) }
    }

    /// `years_between(from, to)`: whole completed years.
    pub(super) fn years_between(&mut self, from: &Expr, to: &Expr) -> Type {
        let a = self.infer(from, Some(&Base::Date));
        let b = self.infer(to, Some(&Base::Date));
        let fits =
            self.fits(from, &a, &Base::Date, "`years_between`") && self.fits(to, &b, &Base::Date, "`years_between`");
        if !fits || a.is_unknown() || b.is_unknown() {
            return Type::unknown();
        }
        Type { base: Base::int(), optional: a.optional || b.optional, level: a.level.join(b.level) }
    }
}

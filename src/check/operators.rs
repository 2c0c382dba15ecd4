//! Types of operators.

use super::convert::{article, literal};
use super::expr::widen;
use super::program::Checker;
use super::types::{Base, Type};
use super::unit::Unit;
use crate::source::{Diagnostic, Span, codes};
use crate::syntax::ast::{BinOp, Expr, ExprKind};
use crate::syntax::show;

impl Checker<'_> {
    pub(super) fn binary(&mut self, expr: &Expr, op: BinOp, op_span: Span, a: &Expr, b: &Expr) -> Type {
        match op {
            BinOp::And | BinOp::Or => {
                let x = self.infer(a, Some(&Base::Bool));
                let y = self.infer(b, Some(&Base::Bool));
                let place = format!("`{}`", op.symbol());
                self.fits(a, &x, &Base::Bool, &place);
                self.fits(b, &y, &Base::Bool, &place);
                truth(&x, &y)
            }
            BinOp::In => self.membership(a, b),
            BinOp::Range => {
                if !std::mem::take(&mut self.range_here) {
                    self.error(codes::WRONG_TYPE, "a range stands after `in`", op_span, "for example `age in 18..65`");
                    return Type::unknown();
                }
                let x = self.infer(a, None);
                let y = self.infer(b, Some(&x.base));
                self.same_kind(op, op_span, a, &x, b, &y);
                both(Base::List(Box::new(widen(&x.base, &y.base))), &x, &y)
            }
            _ if op.is_comparison() => {
                if let (BinOp::Eq | BinOp::Ne, Some(ty)) = (op, self.equals_missing(expr, op, a, b)) {
                    return ty;
                }
                let (x, y) = self.two_sides(a, b);
                self.same_kind(op, op_span, a, &x, b, &y);
                let ordered = x.base.is_numeric() || matches!(x.base, Base::Date | Base::Unknown);
                if !matches!(op, BinOp::Eq | BinOp::Ne) && !ordered {
                    self.error(
                        codes::WRONG_TYPE,
                        format!("`{}` compares numbers and dates", op.symbol()),
                        op_span,
                        format!("not {}", article(&x.base)),
                    );
                }
                truth(&x, &y)
            }
            _ => self.arithmetic(expr, op, op_span, a, b),
        }
    }

    /// Both sides of a comparison; a bare level takes its meaning from the other side.
    fn two_sides(&mut self, a: &Expr, b: &Expr) -> (Type, Type) {
        let is_free = |c: &Self, e: &Expr| match &e.kind {
            ExprKind::Name(name) => !c.in_scope(name),
            ExprKind::Text(_) => true,
            _ => false,
        };
        if is_free(self, a) && !is_free(self, b) {
            let y = self.infer(b, None);
            let x = self.infer(a, Some(&y.base));
            return (x, y);
        }
        let x = self.infer(a, None);
        let y = self.infer(b, Some(&x.base));
        (x, y)
    }

    fn same_kind(&mut self, op: BinOp, op_span: Span, a: &Expr, x: &Type, b: &Expr, y: &Type) {
        if x.is_unknown() || y.is_unknown() {
            return;
        }
        let clash = |c: &mut Self, why: &str| {
            let mut d = Diagnostic::new(codes::WRONG_TYPE, format!("`{}` needs two values of one kind", op.symbol()))
                .at(op_span, why)
                .also(a.span, format!("{x}"))
                .also(b.span, format!("{y}"));
            if matches!((&x.base, &y.base), (Base::Prob, Base::Rating) | (Base::Rating, Base::Prob)) {
                let rating = if x.base == Base::Rating { a.span } else { b.span };
                d = d
                    .help("`to_prob(r)` turns a rating (-1..1) into a probability (0..1)")
                    .wrap(rating, "to_prob(", ")");
            }
            for (text, other) in [(a, y), (b, x)] {
                if let ExprKind::Text(said) = &text.kind
                    && said.parse::<f64>().is_ok()
                    && other.base.is_numeric()
                {
                    let unit = other.base.unit();
                    let with = if unit.is_one() { said.clone() } else { format!("{said} '{}'", unit.code) };
                    d = d.help(format!("a number stands without quotes: `{with}`")).fix(
                        format!("write `{with}`"),
                        text.span,
                        with,
                    );
                }
            }
            d = match (&x.base, &y.base) {
                (Base::Date, other) | (other, Base::Date) if other.is_numeric() => d.help(
                    "a date compares with a date, `@2026-01-31`; `date - other` is a number of days to compare with `30 'd'`",
                ),
                (Base::Date, Base::Text) | (Base::Text, Base::Date) => {
                    d.help("a date is written with `@` and without quotes, `@2026-01-31`")
                }
                _ => d,
            };
            c.found.push(d);
        };
        match (&x.base, &y.base) {
            (Base::Prob, Base::Rating) | (Base::Rating, Base::Prob) => {
                clash(self, "a probability and a rating do not mix")
            }
            (p, q) if p.is_numeric() && q.is_numeric() => {
                let (from, to) = (q.unit(), p.unit());
                match from.factor_to(&to) {
                    Some(factor) => self.program.tables.set_scale(b.id, factor),
                    None => self.unit_clash(b, &from, &to, "the left side"),
                }
            }
            (Base::Category(p), Base::Category(q)) if p.names == q.names => {}
            (Base::AnyCategory, Base::AnyCategory | Base::Category(_)) | (Base::Category(_), Base::AnyCategory) => {}
            (p @ (Base::List(_) | Base::Record(_)), q) if super::records::alike(p, q) => {}
            (p, q) if p == q => {}
            _ => clash(self, "these cannot be compared"),
        }
    }

    fn membership(&mut self, a: &Expr, b: &Expr) -> Type {
        let x = self.infer(a, None);
        self.range_here = matches!(b.kind, ExprKind::Binary(BinOp::Range, ..));
        let y = self.infer(b, Some(&x.base));
        match &y.base {
            Base::Bin => {
                self.fits(a, &x, &Base::real(), "`in` a bin");
            }
            Base::List(of) => {
                let range = matches!(b.kind, ExprKind::Binary(BinOp::Range, ..));
                if x.base.is_numeric() && of.is_numeric() {
                    if let Some(factor) = of.unit().factor_to(&x.base.unit()) {
                        self.scale_items(b, factor);
                    } else {
                        self.unit_clash(b, &of.unit(), &x.base.unit(), "the left side");
                    }
                } else if range && x.base == Base::Date && **of == Base::Date {
                    // A span of days, both ends included.
                } else if range || (x.base != **of && !x.is_unknown() && **of != Base::Unknown) {
                    self.error(
                        codes::WRONG_TYPE,
                        "`in` needs values of one kind",
                        b.span,
                        format!("these are {of}, the left side is {}", x.base),
                    );
                }
            }
            Base::Unknown => {}
            other => {
                let other = article(other);
                self.error(
                    codes::WRONG_TYPE,
                    "`in` needs a list, a range or a bin on its right",
                    b.span,
                    format!("this is {other}"),
                );
            }
        }
        truth(&x, &y)
    }

    fn scale_items(&mut self, list: &Expr, factor: f64) {
        match &list.kind {
            ExprKind::Binary(BinOp::Range, _, lo, hi) => {
                self.program.tables.set_scale(lo.id, factor);
                self.program.tables.set_scale(hi.id, factor);
            }
            ExprKind::List(items) | ExprKind::Set(items) => {
                for item in items {
                    self.program.tables.set_scale(item.id, factor);
                }
            }
            _ => {}
        }
    }

    fn arithmetic(&mut self, expr: &Expr, op: BinOp, op_span: Span, a: &Expr, b: &Expr) -> Type {
        let x = self.infer(a, None);
        let y = self.infer(b, None);
        if x.is_unknown() || y.is_unknown() {
            return Type::unknown();
        }
        if x.base == Base::Date || y.base == Base::Date {
            return self.date_arithmetic((op, op_span), (a, &x), (b, &y));
        }
        for (side, ty) in [(a, &x), (b, &y)] {
            if !ty.base.is_numeric() {
                self.error(
                    codes::WRONG_TYPE,
                    format!("`{}` needs numbers", op.symbol()),
                    side.span,
                    format!("this is {}", article(&ty.base)),
                );
                return Type::unknown();
            }
        }
        let rating = |t: &Type| t.base == Base::Rating;
        let prob = |t: &Type| t.base == Base::Prob;
        if (rating(&x) && prob(&y)) || (prob(&x) && rating(&y)) {
            self.found.push(
                Diagnostic::new(codes::WRONG_TYPE, "a probability (0..1) and a rating (-1..1) do not mix")
                    .at(op_span, "different scales")
                    .also(a.span, format!("{x}"))
                    .also(b.span, format!("{y}"))
                    .help("`to_prob(r)` is (r + 1) / 2")
                    .wrap(if rating(&x) { a.span } else { b.span }, "to_prob(", ")"),
            );
            return Type::unknown();
        }
        let (ux, uy) = (x.base.unit(), y.base.unit());
        let whole = |t: &Type| matches!(t.base, Base::Number { integer: true, .. });
        let base = match op {
            BinOp::Add | BinOp::Sub => {
                let scaled = match uy.factor_to(&ux) {
                    Some(factor) => {
                        self.program.tables.set_scale(b.id, factor);
                        factor
                    }
                    None => {
                        let word = if op == BinOp::Add { "added" } else { "subtracted" };
                        let mut d = Diagnostic::new(
                            codes::WRONG_UNIT,
                            format!("'{}' and '{}' cannot be {word}", ux.code, uy.code),
                        )
                        .at(op_span, "different units")
                        .also(a.span, format!("in '{}'", ux.code))
                        .also(b.span, format!("in '{}'", uy.code));
                        if uy.is_one() && literal(b).is_some() {
                            d = d.help(format!("give the number its unit: `… '{}'`", ux.code)).fix(
                                format!("write `… '{}'`", ux.code),
                                b.span.after(),
                                format!(" '{}'", ux.code),
                            );
                        } else if ux.needs_molar_mass(&uy) {
                            d = d.help(super::convert::SUBSTANCE_HELP);
                        }
                        self.found.push(d);
                        return Type::unknown();
                    }
                };
                // 1 - p is the probability of the other event; a mixture of two probabilities is one.
                let other = op == BinOp::Sub && prob(&y) && matches!(a.kind, ExprKind::Int(1));
                if other || (op == BinOp::Add && prob(&x) && prob(&y) && mixes(a, b)) {
                    Base::Prob
                } else {
                    let unit = if op == BinOp::Sub { ux.of_difference() } else { ux.clone() };
                    let integer = whole(&x) && whole(&y) && scaled.fract() == 0.0;
                    Base::Number { integer, unit: unit.joined(&ux).joined(&uy) }
                }
            }
            BinOp::Mul if prob(&x) && prob(&y) => Base::Prob,
            BinOp::Mul => Base::Number { integer: whole(&x) && whole(&y), unit: ux.times(&uy) },
            BinOp::Div => Base::Number { integer: false, unit: ux.over(&uy) },
            _ => {
                // `25 '%' ^ 2` is the square of a quarter.
                match (ux.factor_to(&Unit::one()), uy.factor_to(&Unit::one())) {
                    (Some(f), Some(g)) => {
                        self.program.tables.set_scale(a.id, f);
                        self.program.tables.set_scale(b.id, g);
                    }
                    _ => self.error(codes::WRONG_UNIT, "`^` needs numbers without unit", expr.span, "has a unit"),
                }
                Base::Number { integer: false, unit: Unit::one() }
            }
        };
        both(base, &x, &y)
    }
}

/// Whether two summands are `a * p` and `(1 - a) * q`, factors in any order.
fn mixes(left: &Expr, right: &Expr) -> bool {
    fn factors(e: &Expr) -> Option<[&Expr; 2]> {
        match &e.kind {
            ExprKind::Binary(BinOp::Mul, _, a, b) => Some([a, b]),
            _ => None,
        }
    }
    let rest = |share: &Expr, of: &Expr| match &of.kind {
        ExprKind::Binary(BinOp::Sub, _, one, a) => matches!(one.kind, ExprKind::Int(1)) && show(a) == show(share),
        _ => false,
    };
    let (Some(x), Some(y)) = (factors(left), factors(right)) else { return false };
    x.iter().any(|a| y.iter().any(|b| rest(a, b) || rest(b, a)))
}

fn both(base: Base, x: &Type, y: &Type) -> Type {
    // A mistake on one side has been told: nothing follows from it.
    if x.is_unknown() || y.is_unknown() {
        return Type::unknown();
    }
    Type { base, optional: x.optional || y.optional, level: x.level.join(y.level) }
}

fn truth(x: &Type, y: &Type) -> Type {
    both(Base::Bool, x, y)
}

//! Refinements: what a parameter, a result or a `let` promises beyond its type (`Int in 50..110`).
//!
//! Constants are judged here. Everything else is judged when it is evaluated, and the reason names the value,
//! the promise, where it was declared and what was bound to it.

use super::program::Checker;
use super::types::{Base, Level, Type};
use super::unit::Unit;
use crate::source::{Diagnostic, SourceMap, Span, codes};
use crate::syntax::ast::{Expr, ExprKind, Ident, TypeExpr};
use crate::syntax::{show, show_type};

/// The range of a declared type, in its unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Bounds {
    pub lo: f64,
    pub hi: f64,
    pub span: Span,
    /// The type as written.
    pub shown: String,
}

/// A promise about one expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Contract {
    pub lo: f64,
    pub hi: f64,
    /// Who promises what, where: `` `age` of `risk` is declared `Int in 50..110` (risk.dbf:3)``.
    promise: String,
    /// The expression that was bound.
    bound: String,
}

impl Contract {
    /// What `place` promises of `bound`.
    pub fn new(sources: &SourceMap, bounds: &Bounds, place: &str, bound: String) -> Contract {
        let declared = sources.file(bounds.span.source).map_or(String::new(), |f| {
            let (line, _) = f.locate(bounds.span.start as usize);
            format!(" ({}:{line})", f.name)
        });
        let promise = format!("{place} is declared `{}`{declared}", bounds.shown);
        Contract { lo: bounds.lo, hi: bounds.hi, promise, bound }
    }

    pub fn holds(&self, value: f64) -> bool {
        (self.lo..=self.hi).contains(&value)
    }

    /// Why `value` breaks the promise.
    pub fn breach(&self, value: f64) -> String {
        if self.bound == value.to_string() {
            return format!("{}; {value} lies outside", self.promise);
        }
        format!("{}; `{}` is {value}, which lies outside", self.promise, self.bound)
    }
}

impl Checker<'_> {
    /// The range of a type as written.
    pub(super) fn bounds(&mut self, ty: &TypeExpr, base: &Base) -> Option<Bounds> {
        let (lo, hi, span) = ty.range?;
        if !base.is_numeric() {
            if *base != Base::Unknown {
                self.error(codes::WRONG_TYPE, format!("a range needs a number, this is {base}"), span, "this range");
            }
            return None;
        }
        if lo > hi {
            self.error(codes::OUTSIDE_RANGE, "this range is empty", span, format!("{lo} is larger than {hi}"));
            return None;
        }
        Some(Bounds { lo, hi, span: ty.span, shown: show_type(ty) })
    }

    /// Holds `expr` to what its place promises.
    pub(super) fn hold(&mut self, expr: &Expr, bounds: Option<&Bounds>, place: &str) {
        let Some(bounds) = bounds else { return };
        if let ExprKind::List(items) | ExprKind::Set(items) = &expr.kind {
            items.iter().for_each(|i| self.hold(i, Some(bounds), place));
            return;
        }
        let factor = self.program.tables.scale(expr.id).unwrap_or(1.0);
        if let Some(value) = constant(expr).map(|v| v * factor) {
            if !(bounds.lo..=bounds.hi).contains(&value) {
                self.found.push(
                    Diagnostic::new(codes::OUTSIDE_RANGE, format!("{place} is declared `{}`", bounds.shown))
                        .at(expr.span, format!("{value} lies outside"))
                        .also(bounds.span, "declared here"),
                );
            }
            return;
        }
        let contract = Contract::new(&self.program.sources, bounds, place, show(expr));
        self.program.tables.set_contract(expr.id, contract);
    }

    /// A value against the type written beside its name; the type that the name has from here on.
    pub(super) fn annotated(&mut self, name: &Ident, ty: &TypeExpr, value: &Expr) -> Type {
        let base = self.type_expr(ty);
        let bounds = self.bounds(ty, &base);
        let found = self.infer(value, Some(&base));
        if base == Base::Unknown {
            return found;
        }
        let place = format!("`{}`", name.name);
        if self.fits(value, &found, &base, &place) {
            self.hold(value, bounds.as_ref(), &place);
            if !ty.optional {
                self.present(value, &found, &place, value);
            }
        }
        // `Category` and `List` name a family: the value says which of it.
        let base = match (&base, &found.base) {
            (Base::AnyCategory, of @ Base::Category(_)) => of.clone(),
            (Base::List(of), list @ Base::List(_)) if **of == Base::Unknown => list.clone(),
            (Base::Number { integer, unit }, of) => {
                let unit = unit.clone().of(of.unit().substance().cloned());
                Base::Number { integer: *integer, unit }
            }
            _ => base,
        };
        let level = if found.is_unknown() { Level::Constant } else { found.level };
        Type { base, optional: ty.optional, level }
    }

    /// `x to 'mmol/L'`.
    pub(super) fn convert(&mut self, expr: &Expr, inner: &Expr, code: &str, span: Span) -> Type {
        let ty = self.infer(inner, None);
        let to = self.unit(code, span);
        if ty.is_unknown() {
            return ty;
        }
        if !ty.base.is_numeric() {
            let what = super::convert::article(&ty.base);
            self.error(codes::WRONG_TYPE, "only numbers have units", inner.span, format!("this is {what}"));
            return Type::unknown();
        }
        let from = ty.base.unit();
        let how = from.factor_to(&to).map(|f| (f, 0.0)).or_else(|| from.temperature_to(&to));
        let Some((factor, offset)) = how else {
            self.unit_clash(inner, &from, &to, "the unit after `to`");
            return Type::unknown();
        };
        self.program.tables.set_conversion(expr.id, factor, offset);
        let integer = matches!(ty.base, Base::Number { integer: true, .. }) && (factor, offset) == (1.0, 0.0);
        let unit: Unit = to.of(from.substance().cloned());
        Type { base: Base::Number { integer, unit }, ..ty }
    }
}

/// The value of a literal, with its sign, in its own unit.
fn constant(expr: &Expr) -> Option<f64> {
    match &expr.kind {
        ExprKind::Quantity(v, _) => Some(*v),
        ExprKind::Neg(inner) => constant(inner).map(|v| -v),
        _ => super::convert::literal(expr),
    }
}

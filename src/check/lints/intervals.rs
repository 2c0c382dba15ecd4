//! What every expression of a rule can be, from schema, types, promises and parameters alone.
//!
//! Sound, not complete: what it says cannot happen never does, on any data that the loader takes
//! (`tests/lint_props.rs` holds it to that); where it knows nothing it says that anything can happen.

use super::calls::is_spread;
use super::place::{Place, outside, plain};
use super::range::{Known, Range, Truth};
use crate::check::program::{Program, Resolved};
use crate::check::types::{Base, Level, Type};
use crate::syntax::ast::{Aggregate, BinOp, Expr, ExprKind};
use std::cell::Cell;

/// Calls within calls before nothing more is said than the type does.
pub(super) const DEEPEST: usize = 8;
/// Expressions within expressions, those of called formulas included, before the same.
const MOST_NESTED: usize = 400;
/// Expressions looked at for one constraint before the same.
const MOST_STEPS: usize = 50_000;

/// The reasoning over one program.
pub struct Intervals<'a> {
    pub program: &'a Program,
    steps: Cell<usize>,
    nested: Cell<usize>,
}

impl<'a> Intervals<'a> {
    pub fn new(program: &'a Program) -> Intervals<'a> {
        Intervals { program, steps: Cell::new(0), nested: Cell::new(0) }
    }

    /// Begins with another constraint, which may take as much work again.
    pub fn next(&self) {
        self.steps.set(0);
    }

    /// What `expr` can be.
    pub fn known(&self, expr: &'a Expr, place: &Place<'a>) -> Known {
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() > MOST_STEPS || self.nested.get() > MOST_NESTED {
            return self.by_type(expr);
        }
        self.nested.set(self.nested.get() + 1);
        let out = self.found(expr, place);
        self.nested.set(self.nested.get() - 1);
        out
    }

    fn found(&self, expr: &'a Expr, place: &Place<'a>) -> Known {
        let mut out = self.kind(expr, place);
        if let (Known::Number(range), Some(factor)) = (&out, self.program.tables.scale(expr.id)) {
            out = Known::Number(range.scaled(factor));
        }
        if let (Known::Number(range), Some(promise)) = (&out, self.program.tables.contract(expr.id)) {
            out = Known::Number(range.and(Range::new(promise.lo, promise.hi)));
        }
        if !(is_literal(expr) || place.view.is_empty() && place.here.is_empty()) {
            let key = self.key(expr);
            for fact in place.view.iter().chain(&place.here).filter(|f| f.key == key) {
                out = out.and(fact.known.clone());
            }
        }
        out
    }

    /// Which truths a condition can take. `clause` says that it is decided as a clause of a constraint, where a walk
    /// over nothing has no verdict, while elsewhere a statement about nothing is true.
    pub fn truth(&self, expr: &'a Expr, place: &Place<'a>, clause: bool) -> Truth {
        if self.steps.get() > MOST_STEPS || self.nested.get() > MOST_NESTED {
            return Truth::EITHER;
        }
        self.nested.set(self.nested.get() + 1);
        let out = self.truth_of(expr, place, clause);
        self.nested.set(self.nested.get() - 1);
        out
    }

    fn truth_of(&self, expr: &'a Expr, place: &Place<'a>, clause: bool) -> Truth {
        match &expr.kind {
            ExprKind::Binary(op @ (BinOp::And | BinOp::Or), ..) => {
                let mut parts = Vec::new();
                chain(expr, *op, &mut parts);
                let all = *op == BinOp::And;
                let start = Truth::known(all);
                let mut out = parts.into_iter().fold(start, |out, part| {
                    let next = self.truth(part, place, clause);
                    if all { out.and(next) } else { out.or(next) }
                });
                // What the parts ask of one and the same value cannot hold, or cannot fail, together.
                if self.facts(expr, all, place).iter().any(|f| f.known.is_empty()) {
                    if all { out.yes = false } else { out.no = false }
                }
                out
            }
            ExprKind::Not(inner) => self.truth(inner, place, clause).negated(),
            ExprKind::Quantified { all, var, range, body } => {
                let (item, surely) = self.walked(range, place);
                let body = self.truth(body, &place.bind(&var.name, item), clause);
                let nothing = !surely && !clause;
                if *all {
                    Truth { yes: body.yes || nothing, open: true, ..body }
                } else {
                    Truth { no: body.no || nothing, open: true, ..body }
                }
            }
            ExprKind::Scoped { body, on, filter } => {
                self.truth(body, &self.scoped(expr, on.is_some(), filter.as_deref(), place), clause)
            }
            _ => self.known(expr, place).truth(),
        }
    }

    fn kind(&self, expr: &'a Expr, place: &Place<'a>) -> Known {
        let at = |e: &'a Expr| self.known(e, place);
        match &expr.kind {
            ExprKind::Int(v) => Known::Number(Range::point(*v as f64)),
            ExprKind::Real(v) | ExprKind::Percent(v) | ExprKind::Quantity(v, _) => Known::Number(Range::point(*v)),
            ExprKind::Bool(v) => Known::Truth(Truth::known(*v)),
            ExprKind::Name(_) | ExprKind::Text(_) => self.name(expr, place),
            ExprKind::Neg(inner) => match at(inner) {
                Known::Number(range) => Known::Number(range.negated()),
                _ => self.by_type(expr),
            },
            ExprKind::Binary(BinOp::And | BinOp::Or, ..) | ExprKind::Not(_) | ExprKind::Quantified { .. } => {
                Known::Truth(self.truth(expr, place, false))
            }
            ExprKind::Binary(BinOp::In, _, a, b) => Known::Truth(self.membership(a, b, place)),
            ExprKind::Binary(op, _, a, b) if op.is_comparison() => Known::Truth(self.compared(*op, a, b, place)),
            ExprKind::Binary(op, _, a, b) => match (at(a), at(b)) {
                (Known::Number(x), Known::Number(y)) => {
                    let mut out = x.arithmetic(*op, y);
                    if *op == BinOp::Sub && is_spread(a, b) {
                        out = out.and(Range::from(0.0));
                    }
                    if self.is_share(expr) {
                        out = out.and(Range::SHARE.about());
                    }
                    Known::Number(out)
                }
                _ => self.by_type(expr),
            },
            ExprKind::If(test, yes, no) => {
                let truth = self.truth(test, place, false);
                let branch = |e: &'a Expr, positive: bool| {
                    self.known(e, &place.knowing(plain(self.facts(test, positive, place))))
                };
                match (truth.yes, truth.no) {
                    (true, false) => branch(yes, true),
                    (false, true) => branch(no, false),
                    _ => branch(yes, true).or(branch(no, false)),
                }
            }
            ExprKind::Let(var, value, body) => self.known(body, &place.bind(&var.name, at(value))),
            ExprKind::Typed(inner, _) => at(inner),
            ExprKind::Match { arms, .. } => {
                arms.iter().map(|arm| at(&arm.value)).reduce(Known::or).unwrap_or(Known::Anything)
            }
            ExprKind::List(items) | ExprKind::Set(items) => {
                let item = items.iter().map(at).reduce(Known::or);
                Known::List(Box::new(item.unwrap_or(Known::Anything)), !items.is_empty())
            }
            ExprKind::Index(list, _) => match at(list) {
                Known::List(item, _) => *item,
                _ => self.by_type(expr),
            },
            ExprKind::Convert(inner, ..) => match (at(inner), self.program.tables.conversion(expr.id)) {
                (Known::Number(range), Some((factor, offset))) => {
                    let scaled = range.scaled(factor);
                    Known::Number(if offset == 0.0 { scaled } else { scaled.rising(|v| v + offset) })
                }
                _ => self.by_type(expr),
            },
            ExprKind::Over { aggregate, var, range, body } => {
                self.over(expr, *aggregate, (&var.name, range, body), place)
            }
            ExprKind::Comprehension { function, body, var, range, filter } => {
                let (item, surely) = self.walked(range, place);
                let inner = place.bind(&var.name, item);
                let inner = match filter {
                    Some(filter) => inner.knowing(plain(self.facts(filter, true, &inner))),
                    None => inner,
                };
                let of = self.known(body, &inner);
                match (function.as_ref().map(|f| f.name.as_str()), of) {
                    (None, of) => Known::List(Box::new(of), surely && filter.is_none()),
                    (Some("count"), _) => Known::Number(Range::COUNT),
                    (Some(name), Known::Number(of)) => Known::Number(match name {
                        "sum" => of.of_sums(),
                        "mean" => of.of_means(),
                        _ => of,
                    }),
                    (Some(_), Known::Truth(_)) => Known::Number(Range::SHARE),
                    _ => self.by_type(expr),
                }
            }
            ExprKind::Scoped { body, on, filter } => {
                self.known(body, &self.scoped(expr, on.is_some(), filter.as_deref(), place))
            }
            ExprKind::Call { args, given, .. } => self.call(expr, args, given.as_deref(), place),
            ExprKind::Date(_)
            | ExprKind::Hole
            | ExprKind::Record(_)
            | ExprKind::Member(..)
            | ExprKind::Columns { .. } => self.by_type(expr),
        }
    }

    fn name(&self, expr: &'a Expr, place: &Place<'a>) -> Known {
        match self.program.tables.name(expr.id) {
            Some(Resolved::Local(name)) => {
                let found = place.locals.iter().rev().find(|(n, _)| n == name);
                found.map_or_else(|| self.by_type(expr), |(_, known)| known.clone())
            }
            Some(Resolved::Column(name)) => match place.rows.and_then(|r| r.column(name)) {
                Some(column) => of_type(&column.ty.base, column.range.map(|(lo, hi)| Range::new(lo, hi))),
                None => self.by_type(expr),
            },
            Some(Resolved::Level(code)) => Known::Levels([*code].into()),
            Some(Resolved::Let(name)) if place.depth < DEEPEST => {
                let Some(item) = self.program.let_item(name) else { return self.by_type(expr) };
                let is_row = self.program.tables.ty(item.value.id).is_some_and(|t| t.level == Level::Row);
                let mut inner = Place { depth: place.depth + 1, ..Place::of(place.rows) };
                if is_row {
                    inner.view = outside(place.view.clone(), place);
                    inner.here = outside(place.here.clone(), place);
                } else {
                    inner.rows = self.program.home_of(name).and_then(|h| self.program.dataset(h));
                }
                self.known(&item.value, &inner)
            }
            _ => self.by_type(expr),
        }
    }

    fn compared(&self, op: BinOp, a: &'a Expr, b: &'a Expr, place: &Place<'a>) -> Truth {
        let (x, y) = (self.known(a, place), self.known(b, place));
        let mut out = match (&x, &y) {
            (Known::Number(x), Known::Number(y)) => x.compare(op, *y),
            _ => match op {
                BinOp::Eq => x.same(&y),
                BinOp::Ne => x.same(&y).negated(),
                _ => Truth::EITHER,
            },
        };
        // A figure and itself.
        if self.key(a) == self.key(b) {
            match op {
                BinOp::Eq | BinOp::Le | BinOp::Ge => out.no = false,
                _ => out.yes = false,
            }
        }
        out.open = true;
        out
    }

    fn membership(&self, a: &'a Expr, b: &'a Expr, place: &Place<'a>) -> Truth {
        let x = self.known(a, place);
        let mut out = match &b.kind {
            ExprKind::Binary(BinOp::Range, _, lo, hi) => match (&x, self.known(lo, place), self.known(hi, place)) {
                (Known::Number(x), Known::Number(lo), Known::Number(hi)) => {
                    x.compare(BinOp::Ge, lo).and(x.compare(BinOp::Le, hi))
                }
                _ => Truth::EITHER,
            },
            ExprKind::List(items) | ExprKind::Set(items) => {
                let known: Vec<Known> = items.iter().map(|i| self.known(i, place)).collect();
                let mut out = known.iter().fold(Truth::known(false), |out, item| out.or(x.same(item)));
                // Every level is listed.
                if let Known::Levels(own) = &x {
                    let single = |k: &Known| matches!(k, Known::Levels(l) if l.len() == 1);
                    let listed = |code: &u32| known.iter().any(|k| matches!(k, Known::Levels(l) if l.contains(code)));
                    out.no &= !(known.iter().all(single) && own.iter().all(listed));
                }
                out
            }
            _ => match self.known(b, place) {
                Known::List(item, surely) => {
                    let one = x.same(&item);
                    Truth { no: true, yes: one.yes || !surely, open: true }
                }
                _ => Truth::EITHER,
            },
        };
        out.open = true;
        out
    }

    /// What a variable walks over, and whether there surely is something.
    pub fn walked(&self, range: &'a Expr, place: &Place<'a>) -> (Known, bool) {
        if let ExprKind::Binary(BinOp::Range, _, lo, hi) = &range.kind {
            return match (self.known(lo, place), self.known(hi, place)) {
                (Known::Number(lo), Known::Number(hi)) => {
                    let item = Range { whole: true, ..Range::new(lo.lo, hi.hi) };
                    (Known::Number(item), lo.hi <= hi.lo)
                }
                _ => (Known::Anything, false),
            };
        }
        match self.known(range, place) {
            Known::List(item, surely) => (*item, surely),
            // Only the levels that occur are walked over.
            levels @ Known::Levels(_) => (levels, false),
            _ => (Known::Anything, false),
        }
    }

    fn over(
        &self,
        expr: &Expr,
        aggregate: Aggregate,
        (var, range, body): (&str, &'a Expr, &'a Expr),
        place: &Place<'a>,
    ) -> Known {
        let (item, _) = self.walked(range, place);
        if matches!(aggregate, Aggregate::ArgMax | Aggregate::ArgMin) {
            return item;
        }
        match self.known(body, &place.bind(var, item)) {
            Known::Number(of) => Known::Number(match aggregate {
                Aggregate::Sum => of.of_sums(),
                Aggregate::Mean => of.of_means(),
                _ => of,
            }),
            _ => self.by_type(expr),
        }
    }

    fn is_share(&self, expr: &Expr) -> bool {
        self.program.tables.ty(expr.id).is_some_and(|t| t.base == Base::Prob)
    }

    /// What its type alone says.
    pub(super) fn by_type(&self, expr: &Expr) -> Known {
        self.program.tables.ty(expr.id).map_or(Known::Anything, |Type { base, .. }| of_type(base, None))
    }
}

/// What a type says, with a range that was declared.
pub(super) fn of_type(base: &Base, range: Option<Range>) -> Known {
    let range = range.unwrap_or(Range::ALL);
    match base {
        Base::Bool => Known::Truth(Truth::EITHER),
        Base::Number { integer, .. } => Known::Number(Range { whole: *integer, ..Range::ALL }.and(range)),
        Base::Prob => Known::Number(Range::SHARE.and(range)),
        Base::Rating => Known::Number(Range::RATING.and(range)),
        Base::Category(levels) => Known::Levels((0..levels.names.len() as u32).collect()),
        Base::List(of) => Known::List(Box::new(of_type(of, Some(range))), false),
        _ => Known::Anything,
    }
}

/// The parts of `a and b and c`, or of `a or b or c`.
pub fn chain<'a>(expr: &'a Expr, op: BinOp, out: &mut Vec<&'a Expr>) {
    match &expr.kind {
        ExprKind::Binary(own, _, a, b) if *own == op => {
            chain(a, op, out);
            chain(b, op, out);
        }
        _ => out.push(expr),
    }
}

pub(super) fn is_literal(expr: &Expr) -> bool {
    matches!(
        expr.kind,
        ExprKind::Int(_)
            | ExprKind::Real(_)
            | ExprKind::Percent(_)
            | ExprKind::Quantity(..)
            | ExprKind::Text(_)
            | ExprKind::Date(_)
            | ExprKind::Bool(_)
    )
}

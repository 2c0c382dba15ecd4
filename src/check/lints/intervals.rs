//! What every expression of a rule can be, from schema, types, promises and parameters alone.
//!
//! Sound, not complete: what it says cannot happen never does, on any data that the loader takes
//! (`tests/lint_props.rs` holds it to that); where it knows nothing it says that anything can happen.

use super::range::{Known, Range, Truth};
use crate::check::contract::Bounds;
use crate::check::dataset::Schema;
use crate::check::program::{ArgSource, Callee, FunctionInfo, Program, Resolved};
use crate::check::special::{Scalar, Special};
use crate::check::types::{Base, Level, Type};
use crate::check::walk;
use crate::syntax::ast::{Aggregate, Arg, BinOp, Expr, ExprKind};
use crate::syntax::show;
use std::cell::Cell;

/// Calls within calls before nothing more is said than the type does.
const DEEPEST: usize = 8;
/// Expressions within expressions, those of called formulas included, before the same.
const MOST_NESTED: usize = 400;
/// Expressions looked at for one constraint before the same.
const MOST_STEPS: usize = 50_000;

/// What a condition says of an expression, by its text.
#[derive(Debug, Clone)]
pub struct Fact<'a> {
    key: String,
    pub expr: &'a Expr,
    pub known: Known,
    /// Whether it is about one row and nothing else, so that it stays true wherever that row is looked at.
    plain: bool,
}

/// Where an expression stands.
#[derive(Debug, Clone, Default)]
pub struct Place<'a> {
    pub rows: Option<&'a Schema>,
    pub locals: Vec<(String, Known)>,
    /// What `where` says of every row here.
    view: Vec<Fact<'a>>,
    /// What else holds where the expression is looked at: `| given`, the test of an `if`, the other parts of a chain.
    here: Vec<Fact<'a>>,
    depth: usize,
}

impl<'a> Place<'a> {
    pub fn of(rows: Option<&'a Schema>) -> Place<'a> {
        Place { rows, ..Place::default() }
    }

    /// The same over other rows.
    pub fn over(self, rows: Option<&'a Schema>) -> Place<'a> {
        Place { rows, ..self }
    }

    pub fn bind(&self, name: &str, known: Known) -> Place<'a> {
        let mut out = self.clone();
        out.view.retain(|f| !f.key.contains(name));
        out.here.retain(|f| !f.key.contains(name));
        out.locals.push((name.to_string(), known));
        out
    }

    /// With more that holds here.
    pub fn knowing(&self, facts: Vec<Fact<'a>>) -> Place<'a> {
        let mut out = self.clone();
        out.here.extend(facts);
        out
    }

    /// The same where only the rows that meet a condition are left.
    fn narrowed(&self, facts: Vec<Fact<'a>>) -> Place<'a> {
        let mut out = Place { here: Vec::new(), ..self.clone() };
        out.view.extend(plain(facts));
        out
    }
}

/// The facts that mean the same inside a named condition, which sees columns and no variables.
fn outside<'a>(mut facts: Vec<Fact<'a>>, place: &Place) -> Vec<Fact<'a>> {
    facts.retain(|f| !place.locals.iter().any(|(name, _)| f.key.contains(name.as_str())));
    facts
}

fn plain(facts: Vec<Fact>) -> Vec<Fact> {
    facts.into_iter().filter(|f| f.plain).collect()
}

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
        if !(place.view.is_empty() && place.here.is_empty()) && !is_literal(expr) {
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
            ExprKind::Not(inner) => self.truth(inner, place, clause).not(),
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

    /// The rows that an aggregate looks at: what holds in this row does not hold in every row.
    pub fn rows_where(&self, given: Option<&'a Expr>, place: &Place<'a>) -> Place<'a> {
        let outer = Place { here: Vec::new(), ..place.clone() };
        let facts = given.map_or_else(Vec::new, |g| self.facts(g, true, &outer));
        Place { here: plain(facts), ..outer }
    }

    /// The rows that a metric looks at.
    pub fn metric_rows(&self, given: Option<&'a Expr>, place: &Place<'a>) -> Place<'a> {
        let rows = Place { here: Vec::new(), ..place.clone() };
        match given {
            Some(given) => rows.narrowed(self.facts(given, true, &rows)),
            None => rows,
        }
    }

    /// The rows after `on` and `where`.
    pub fn scoped(&self, expr: &Expr, on: bool, filter: Option<&'a Expr>, place: &Place<'a>) -> Place<'a> {
        let mut inner = place.clone();
        if on {
            inner.rows = match self.program.tables.name(expr.id) {
                Some(Resolved::Dataset(name)) => self.program.dataset(name),
                _ => None,
            };
            inner.view.clear();
        }
        inner.here.clear();
        match filter {
            Some(filter) => inner.narrowed(self.facts(filter, true, &inner)),
            None => inner,
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
                BinOp::Ne => x.same(&y).not(),
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

    /// What `expr`, taken to be true (or false), says of the values that it compares.
    pub fn facts(&self, expr: &'a Expr, positive: bool, place: &Place<'a>) -> Vec<Fact<'a>> {
        let mut out = Vec::new();
        self.gather(expr, positive, place, &mut out);
        out
    }

    fn gather(&self, expr: &'a Expr, positive: bool, place: &Place<'a>, out: &mut Vec<Fact<'a>>) {
        match &expr.kind {
            ExprKind::Binary(op @ (BinOp::And | BinOp::Or), _, a, b) => {
                if (*op == BinOp::And) == positive {
                    self.gather(a, positive, place, out);
                    self.gather(b, positive, place, out);
                }
            }
            ExprKind::Not(inner) => self.gather(inner, !positive, place, out),
            ExprKind::Binary(op, _, a, b) if op.is_comparison() => {
                let op = if positive { *op } else { negated(*op) };
                self.say(a, op, &self.known(b, place), place, out);
                self.say(b, turned(op), &self.known(a, place), place, out);
            }
            ExprKind::Binary(BinOp::In, _, a, b) => match &b.kind {
                ExprKind::Binary(BinOp::Range, _, lo, hi) if positive => {
                    self.say(a, BinOp::Ge, &self.known(lo, place), place, out);
                    self.say(a, BinOp::Le, &self.known(hi, place), place, out);
                }
                ExprKind::List(items) | ExprKind::Set(items) => {
                    let items = items.iter().map(|i| self.known(i, place));
                    if positive {
                        if let Some(any) = items.reduce(Known::or) {
                            self.say(a, BinOp::Eq, &any, place, out);
                        }
                    } else {
                        items.for_each(|item| self.say(a, BinOp::Ne, &item, place, out));
                    }
                }
                _ => {}
            },
            _ => {
                let is = Known::Truth(Truth::known(positive));
                self.say(expr, BinOp::Eq, &is, place, out);
                // A named condition says what its formula says.
                if let Some(Resolved::Let(name)) = self.program.tables.name(expr.id)
                    && let Some(item) = self.program.let_item(name)
                    && self.program.tables.ty(item.value.id).is_some_and(|t| t.level == Level::Row)
                    && place.depth < DEEPEST
                {
                    let inner = Place { depth: place.depth + 1, ..Place::of(place.rows) };
                    for fact in outside(self.facts(&item.value, positive, &inner), place) {
                        match out.iter_mut().find(|f| f.key == fact.key) {
                            Some(own) => own.known = own.known.clone().and(fact.known),
                            None => out.push(fact),
                        }
                    }
                }
            }
        }
    }

    /// Notes that `expr op bound` holds.
    fn say(&self, expr: &'a Expr, op: BinOp, bound: &Known, place: &Place<'a>, out: &mut Vec<Fact<'a>>) {
        if is_literal(expr) || *bound == Known::Anything {
            return;
        }
        let key = self.key(expr);
        let at = out.iter().position(|f| f.key == key).unwrap_or_else(|| {
            out.push(Fact { key, expr, known: self.known(expr, place), plain: self.is_plain(expr) });
            out.len() - 1
        });
        let Some(fact) = out.get_mut(at) else { return };
        let before = std::mem::replace(&mut fact.known, Known::Anything);
        fact.known = match (before, bound, op) {
            (Known::Number(range), Known::Number(bound), _) => Known::Number(range.narrowed(op, *bound)),
            (Known::Levels(levels), Known::Levels(bound), BinOp::Eq) => {
                Known::Levels(levels.intersection(bound).copied().collect())
            }
            (Known::Levels(levels), Known::Levels(bound), BinOp::Ne) if bound.len() == 1 => {
                Known::Levels(levels.difference(bound).copied().collect())
            }
            (Known::Truth(truth), Known::Truth(bound), BinOp::Eq) => Known::Truth(truth).and(Known::Truth(*bound)),
            (Known::Truth(truth), Known::Truth(bound), BinOp::Ne) => Known::Truth(truth).and(Known::Truth(bound.not())),
            (before, ..) => before,
        };
    }

    /// Whether an expression is about one row and nothing else: no aggregate looks at other rows.
    fn is_plain(&self, expr: &Expr) -> bool {
        let mut plain = true;
        walk(expr, &mut |e| {
            plain &= match &e.kind {
                ExprKind::Quantified { .. }
                | ExprKind::Over { .. }
                | ExprKind::Comprehension { .. }
                | ExprKind::Scoped { .. } => false,
                ExprKind::Name(_) => !matches!(self.program.tables.name(e.id), Some(Resolved::Let(_))),
                ExprKind::Call { .. } => match self.program.tables.call(e.id).map(|p| p.callee) {
                    Some(Callee::Scalar(_)) => true,
                    Some(Callee::Special(special)) => special.is_plain(),
                    _ => false,
                },
                _ => true,
            };
        });
        plain
    }

    /// An expression by its text, with the unit conversion of its place.
    pub fn key(&self, expr: &Expr) -> String {
        match self.program.tables.scale(expr.id) {
            Some(factor) => format!("{} × {factor}", show(expr)),
            None => show(expr),
        }
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

    fn call(&self, expr: &'a Expr, args: &'a [Arg], given: Option<&'a Expr>, place: &Place<'a>) -> Known {
        let Some(plan) = self.program.tables.call(expr.id) else { return self.by_type(expr) };
        let first = args.first().map(|a| &a.value);
        match plan.callee {
            Callee::Scalar(function) => match first.map(|x| self.known(x, place)) {
                Some(Known::Number(x)) => {
                    let digits = |a: &'a Arg| self.known(&a.value, place).point().unwrap_or(f64::NAN);
                    Known::Number(scalar(function, x, args.get(1).map_or(0.0, digits)))
                }
                _ => self.by_type(expr),
            },
            Callee::Special(special) => self.special(expr, special, args, given, place),
            Callee::Function(index) => match self.program.functions.get(index) {
                Some(info) => self.function(info, &plan.args, args, given, place),
                None => self.by_type(expr),
            },
        }
    }

    fn special(
        &self,
        expr: &'a Expr,
        special: Special,
        args: &'a [Arg],
        given: Option<&'a Expr>,
        place: &Place<'a>,
    ) -> Known {
        let rows = || self.rows_where(given, place);
        let first = args.first().map(|a| &a.value);
        let of = |place: &Place<'a>| first.map_or(Known::Anything, |x| self.known(x, place));
        match special {
            Special::Probability => {
                let event = first.map_or(Truth::EITHER, |x| self.truth(x, &rows(), false));
                Known::Number(share(event))
            }
            Special::Expectation => match of(&rows()) {
                Known::Truth(event) => Known::Number(share(event)),
                Known::Number(x) => Known::Number(x.of_means()),
                _ => self.by_type(expr),
            },
            Special::Variance => match of(&rows()) {
                Known::Number(x) => {
                    // Two rows at the two ends vary most.
                    let most = (x.hi - x.lo).powi(2) / 2.0;
                    Known::Number(Range::new(0.0, if most.is_nan() { f64::INFINITY } else { most }).about())
                }
                _ => Known::Number(Range::from(0.0)),
            },
            Special::Sum => match of(&rows()) {
                Known::Number(x) => Known::Number(Range { whole: false, ..x.of_sums() }),
                _ => self.by_type(expr),
            },
            Special::Min | Special::Max => match of(&rows()) {
                Known::Number(x) => Known::Number(x),
                _ => self.by_type(expr),
            },
            Special::Quantile => match of(&rows()) {
                Known::Number(x) => Known::Number(Range { whole: false, ..x.about() }),
                _ => self.by_type(expr),
            },
            Special::Count => match first.map(|x| self.truth(x, &rows(), false)) {
                Some(event) if event.never() => Known::Number(Range::point(0.0)),
                _ => Known::Number(Range::COUNT),
            },
            Special::Present | Special::IsMissing => {
                let surely = first.is_some_and(|x| match self.program.tables.name(x.id) {
                    Some(Resolved::Column(name)) => {
                        place.rows.and_then(|r| r.column(name)).is_some_and(|c| !c.ty.optional)
                    }
                    _ => false,
                });
                let truth = Truth { open: false, ..Truth::EITHER };
                Known::Truth(if surely { Truth::known(special == Special::Present) } else { truth })
            }
            Special::OrElse => {
                args.iter().map(|a| self.known(&a.value, place)).reduce(Known::or).unwrap_or(Known::Anything)
            }
            Special::Impute => match of(place) {
                // Facts hold for the value itself, not for what stands in its place.
                Known::Number(_) => match of(&Place { here: Vec::new(), ..place.clone() }) {
                    Known::Number(x) => Known::Number(Range { whole: false, ..x.about() }),
                    other => other,
                },
                _ => self.by_type(expr),
            },
            Special::Groups => Known::List(Box::new(Known::Anything), true),
            Special::Bins => Known::List(Box::new(Known::Anything), false),
            Special::ByGroup => of(place),
            Special::Length => Known::Number(Range::COUNT),
            // Without rows it has no value.
            Special::Every => {
                let truth = first.map_or(Truth::EITHER, |x| self.truth(x, &rows(), false));
                Known::Truth(Truth { open: true, ..truth })
            }
            Special::Epsilon => Known::Number(Range::from(0.0)),
            Special::StatedCount => Known::Number(Range::COUNT),
            _ => self.by_type(expr),
        }
    }

    fn function(
        &self,
        info: &'a FunctionInfo,
        sources: &[ArgSource],
        args: &'a [Arg],
        given: Option<&'a Expr>,
        place: &Place<'a>,
    ) -> Known {
        let promised = |bounds: &Option<Bounds>| bounds.as_ref().map(|b| Range::new(b.lo, b.hi));
        let by_type = of_type(&info.result, promised(&info.result_bounds));
        let Some(body) = info.decl.body.as_ref().filter(|_| place.depth < DEEPEST) else { return by_type };
        let outer = if info.decl.is_metric { self.metric_rows(given, place) } else { place.clone() };
        let mut inner = Place { depth: place.depth + 1, ..Place::of(outer.rows) };
        for (at, (param, ty)) in info.decl.params.iter().zip(&info.params).enumerate() {
            let bounds = info.bounds.get(at).and_then(promised);
            let from = match sources.get(at) {
                Some(ArgSource::Given(i)) => args.get(*i).map(|a| self.known(&a.value, &outer)),
                Some(ArgSource::Column(name)) => outer
                    .rows
                    .and_then(|r| r.column(name))
                    .map(|c| of_type(&c.ty.base, c.range.map(|(lo, hi)| Range::new(lo, hi)))),
                _ => param.default.as_ref().map(|d| self.known(d, &Place::default())),
            };
            // A list of constants stands for a column of them; a list of categories for their combinations.
            let from = match (from, &ty.base) {
                (Some(Known::List(..)), Base::AnyCategory) => None,
                (Some(Known::List(item, _)), base) if base.has_column() => Some(*item),
                (from, _) => from,
            };
            let by_type = of_type(&ty.base, bounds);
            let known = from.map_or(by_type.clone(), |k| k.and(by_type));
            inner.locals.push((param.name.name.clone(), known));
        }
        self.known(body, &inner).and(by_type)
    }

    fn is_share(&self, expr: &Expr) -> bool {
        self.program.tables.ty(expr.id).is_some_and(|t| t.base == Base::Prob)
    }

    /// What its type alone says.
    fn by_type(&self, expr: &Expr) -> Known {
        self.program.tables.ty(expr.id).map_or(Known::Anything, |Type { base, .. }| of_type(base, None))
    }
}

/// What a type says, with a range that was declared.
fn of_type(base: &Base, range: Option<Range>) -> Known {
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

/// The share of rows where an event holds.
fn share(event: Truth) -> Range {
    match (event.yes, event.no) {
        (true, false) => Range::point(1.0),
        (false, true) => Range::point(0.0),
        _ => Range::SHARE,
    }
}

/// `digits` is that of `round`; not a number when it is not known.
fn scalar(function: Scalar, x: Range, digits: f64) -> Range {
    let whole = |r: Range| Range { whole: true, ..r };
    match function {
        Scalar::Abs => {
            let near = if x.lo > 0.0 || x.hi < 0.0 { x.lo.abs().min(x.hi.abs()) } else { 0.0 };
            Range { whole: x.whole, ..Range::new(near, x.lo.abs().max(x.hi.abs())) }
        }
        Scalar::Sqrt => Range { lo: x.lo.max(0.0), ..x }.rising(f64::sqrt).about(),
        Scalar::Exp => x.rising(f64::exp).about(),
        Scalar::Ln => Range { lo: x.lo.max(0.0), ..x }.rising(f64::ln).about(),
        Scalar::Log10 => Range { lo: x.lo.max(0.0), ..x }.rising(f64::log10).about(),
        Scalar::Floor => whole(x.rising(f64::floor)),
        Scalar::Ceil => whole(x.rising(f64::ceil)),
        Scalar::Round if digits == 0.0 => whole(x.rising(f64::round)),
        // Not beyond the next whole number.
        Scalar::Round if digits > 0.0 => Range::new(x.lo.floor(), x.hi.ceil()).about(),
        Scalar::Round => Range::ALL,
        Scalar::Prob => x.and(Range::SHARE),
        Scalar::Rating => x.and(Range::RATING),
        Scalar::ToProb => x.rising(|r| (r + 1.0) / 2.0),
    }
}

/// `max over g in x: f - min over g in x: f`, or `max(x | given) - min(x | given)`: never negative.
fn is_spread(a: &Expr, b: &Expr) -> bool {
    match (&a.kind, &b.kind) {
        (
            ExprKind::Over { aggregate: Aggregate::Max, var: v, range: r, body: x },
            ExprKind::Over { aggregate: Aggregate::Min, var: w, range: s, body: y },
        ) => v.name == w.name && show(r) == show(s) && show(x) == show(y),
        (ExprKind::Call { function: f, args: x, given: p }, ExprKind::Call { function: g, args: y, given: q }) => {
            let same = |x: &[Arg], y: &[Arg]| x.iter().map(|a| show(&a.value)).eq(y.iter().map(|a| show(&a.value)));
            f.name == "max"
                && g.name == "min"
                && same(x, y)
                && p.as_ref().map(|e| show(e)) == q.as_ref().map(|e| show(e))
        }
        _ => false,
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

fn is_literal(expr: &Expr) -> bool {
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

/// `a op b` is false exactly when this holds, as long as both have values.
fn negated(op: BinOp) -> BinOp {
    match op {
        BinOp::Lt => BinOp::Ge,
        BinOp::Le => BinOp::Gt,
        BinOp::Gt => BinOp::Le,
        BinOp::Ge => BinOp::Lt,
        BinOp::Eq => BinOp::Ne,
        _ => BinOp::Eq,
    }
}

/// The same comparison with the sides exchanged.
pub fn turned(op: BinOp) -> BinOp {
    match op {
        BinOp::Lt => BinOp::Gt,
        BinOp::Le => BinOp::Ge,
        BinOp::Gt => BinOp::Lt,
        BinOp::Ge => BinOp::Le,
        other => other,
    }
}

//! What calls can give: aggregates over rows, functions of one number, formulas with what they are called with.

use super::intervals::{DEEPEST, Intervals, of_type};
use super::place::{Place, plain};
use super::range::{Known, Range, Truth};
use crate::check::contract::Bounds;
use crate::check::program::{ArgSource, Callee, FunctionInfo, Resolved};
use crate::check::special::{Scalar, Special};
use crate::check::types::Base;
use crate::syntax::ast::{Aggregate, Arg, Expr, ExprKind};
use crate::syntax::show;

impl<'a> Intervals<'a> {
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

    pub(super) fn call(&self, expr: &'a Expr, args: &'a [Arg], given: Option<&'a Expr>, place: &Place<'a>) -> Known {
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

    pub(super) fn special(
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
            Special::Epsilon => Known::Number(place.spent.map_or(Range::from(0.0), |(epsilon, _)| epsilon)),
            Special::Delta => Known::Number(place.spent.map_or(Range::SHARE, |(_, delta)| delta)),
            Special::StatedCount => Known::Number(Range::COUNT),
            _ => self.by_type(expr),
        }
    }

    pub(super) fn function(
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
pub(super) fn is_spread(a: &Expr, b: &Expr) -> bool {
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

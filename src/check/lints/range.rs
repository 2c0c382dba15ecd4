//! What is known of a value before any data is read: a stretch of numbers, the truths it can take, the levels it can be.
//!
//! Arithmetic on the ends is the evaluator's own, rounded to nearest like it, so a bound holds for the computed value
//! and not only for the exact one. Where many roundings add up (means, powers, logarithms) ends are moved outward.

use crate::syntax::ast::BinOp;
use std::collections::BTreeSet;

/// How far an end moves outward where roundings add up, relative to its size.
const SLACK: f64 = 1e-9;

/// The numbers from `lo` to `hi`. Nothing when `lo` lies above `hi`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    pub lo: f64,
    pub hi: f64,
    /// Whether the end itself cannot be reached.
    pub lo_open: bool,
    pub hi_open: bool,
    /// Whether only whole numbers occur.
    pub whole: bool,
}

impl Range {
    pub const ALL: Range =
        Range { lo: f64::NEG_INFINITY, hi: f64::INFINITY, lo_open: false, hi_open: false, whole: false };
    pub const SHARE: Range = Range { lo: 0.0, hi: 1.0, ..Range::ALL };
    pub const RATING: Range = Range { lo: -1.0, hi: 1.0, ..Range::ALL };
    /// A number of rows.
    pub const COUNT: Range = Range { lo: 0.0, whole: true, ..Range::ALL };

    pub fn new(lo: f64, hi: f64) -> Range {
        Range { lo, hi, ..Range::ALL }
    }

    pub fn point(value: f64) -> Range {
        Range { whole: value.fract() == 0.0, ..Range::new(value, value) }
    }

    pub fn from(lo: f64) -> Range {
        Range { lo, ..Range::ALL }
    }

    pub fn is_point(self) -> bool {
        self.lo == self.hi
    }

    /// Whether no number is in it.
    pub fn is_empty(self) -> bool {
        self.lo > self.hi || (self.lo == self.hi && (self.lo_open || self.hi_open)) || self.lo.is_nan()
    }

    /// With ends that whole numbers can reach.
    fn tight(self) -> Range {
        if !self.whole {
            return self;
        }
        let up = |v: f64, open: bool| if open && v.fract() == 0.0 { v + 1.0 } else { v.ceil() };
        let down = |v: f64, open: bool| if open && v.fract() == 0.0 { v - 1.0 } else { v.floor() };
        Range { lo: up(self.lo, self.lo_open), hi: down(self.hi, self.hi_open), ..Range { whole: true, ..Range::ALL } }
    }

    pub fn and(self, other: Range) -> Range {
        let (lo, lo_open) = match self.lo.total_cmp(&other.lo) {
            std::cmp::Ordering::Greater => (self.lo, self.lo_open),
            std::cmp::Ordering::Less => (other.lo, other.lo_open),
            std::cmp::Ordering::Equal => (self.lo, self.lo_open || other.lo_open),
        };
        let (hi, hi_open) = match self.hi.total_cmp(&other.hi) {
            std::cmp::Ordering::Less => (self.hi, self.hi_open),
            std::cmp::Ordering::Greater => (other.hi, other.hi_open),
            std::cmp::Ordering::Equal => (self.hi, self.hi_open || other.hi_open),
        };
        Range { lo, hi, lo_open, hi_open, whole: self.whole || other.whole }.tight()
    }

    /// The smallest stretch that holds both.
    pub fn or(self, other: Range) -> Range {
        if self.is_empty() {
            return other;
        }
        if other.is_empty() {
            return self;
        }
        let (lo, lo_open) = match self.lo.total_cmp(&other.lo) {
            std::cmp::Ordering::Less => (self.lo, self.lo_open),
            std::cmp::Ordering::Greater => (other.lo, other.lo_open),
            std::cmp::Ordering::Equal => (self.lo, self.lo_open && other.lo_open),
        };
        let (hi, hi_open) = match self.hi.total_cmp(&other.hi) {
            std::cmp::Ordering::Greater => (self.hi, self.hi_open),
            std::cmp::Ordering::Less => (other.hi, other.hi_open),
            std::cmp::Ordering::Equal => (self.hi, self.hi_open && other.hi_open),
        };
        Range { lo, hi, lo_open, hi_open, whole: self.whole && other.whole }
    }

    /// Those numbers of it for which `x op bound` can hold.
    pub fn narrowed(self, op: BinOp, bound: Range) -> Range {
        let all = Range::ALL;
        match op {
            BinOp::Le => self.and(Range { hi: bound.hi, hi_open: bound.hi_open, ..all }),
            BinOp::Lt => self.and(Range { hi: bound.hi, hi_open: true, ..all }),
            BinOp::Ge => self.and(Range { lo: bound.lo, lo_open: bound.lo_open, ..all }),
            BinOp::Gt => self.and(Range { lo: bound.lo, lo_open: true, ..all }),
            BinOp::Eq => self.and(bound),
            BinOp::Ne if bound.is_point() => {
                let lo_open = self.lo_open || self.lo == bound.lo;
                let hi_open = self.hi_open || self.hi == bound.lo;
                Range { lo_open, hi_open, ..self }.tight()
            }
            _ => self,
        }
    }

    /// Whether `a op b` can hold, and whether it can fail, for some `a` and `b` of the two.
    pub fn compare(self, op: BinOp, other: Range) -> Truth {
        if self.is_empty() || other.is_empty() {
            return Truth::NOTHING;
        }
        let below = |a: Range, b: Range| a.lo < b.hi;
        let at_most = |a: Range, b: Range| a.lo < b.hi || (a.lo == b.hi && !a.lo_open && !b.hi_open);
        let same = !self.and(other).is_empty();
        let differ = !(self.is_point() && other.is_point() && self.lo == other.lo);
        let (yes, no) = match op {
            BinOp::Lt => (below(self, other), at_most(other, self)),
            BinOp::Le => (at_most(self, other), below(other, self)),
            BinOp::Gt => (below(other, self), at_most(self, other)),
            BinOp::Ge => (at_most(other, self), below(self, other)),
            BinOp::Eq => (same, differ),
            BinOp::Ne => (differ, same),
            _ => (true, true),
        };
        Truth { yes, no, open: false }
    }

    /// `a op b` for all `a` and `b` of the two.
    pub fn arithmetic(self, op: BinOp, other: Range) -> Range {
        if self.is_empty() || other.is_empty() {
            return Range::new(1.0, 0.0);
        }
        let whole = self.whole && other.whole;
        match op {
            BinOp::Add => Range { whole, ..ends([self.lo + other.lo, self.hi + other.hi]) },
            BinOp::Sub => Range { whole, ..ends([self.lo - other.hi, self.hi - other.lo]) },
            BinOp::Mul => {
                // 0 times an end at infinity is 0: no number is infinite.
                let times = |a: f64, b: f64| if a == 0.0 || b == 0.0 { 0.0 } else { a * b };
                let (a, b) = (self, other);
                let all = [times(a.lo, b.lo), times(a.lo, b.hi), times(a.hi, b.lo), times(a.hi, b.hi)];
                Range { whole, ..ends(all) }
            }
            BinOp::Div if other.lo > 0.0 || other.hi < 0.0 => {
                let over = |a: f64, b: f64| if b.is_infinite() { 0.0 } else { a / b };
                let (a, b) = (self, other);
                ends([over(a.lo, b.lo), over(a.lo, b.hi), over(a.hi, b.lo), over(a.hi, b.hi)])
            }
            // Above a positive number whatever it is divided by, if that is positive wherever there is a result.
            BinOp::Div if self.lo >= 0.0 && other.lo >= 0.0 => {
                let least = if other.hi.is_infinite() { 0.0 } else { self.lo / other.hi };
                Range::from(least)
            }
            BinOp::Pow => self.power(other),
            _ => Range::ALL,
        }
    }

    fn power(self, by: Range) -> Range {
        if !by.is_point() {
            return if self.lo > 0.0 { Range::from(0.0) } else { Range::ALL };
        }
        let exponent = by.lo;
        let even = exponent.fract() == 0.0 && exponent % 2.0 == 0.0;
        if even && exponent > 0.0 {
            let far = self.lo.abs().max(self.hi.abs()).powf(exponent);
            let near =
                if self.lo > 0.0 || self.hi < 0.0 { self.lo.abs().min(self.hi.abs()).powf(exponent) } else { 0.0 };
            return Range { whole: false, ..Range::new(near, far).about() };
        }
        if self.lo >= 0.0 && exponent > 0.0 {
            return Range::new(self.lo.powf(exponent), self.hi.powf(exponent)).about();
        }
        if self.lo >= 0.0 { Range::from(0.0) } else { Range::ALL }
    }

    /// With a factor, as a unit conversion applies it.
    pub fn scaled(self, factor: f64) -> Range {
        let whole = self.whole && factor.fract() == 0.0;
        Range { whole, ..self.arithmetic(BinOp::Mul, Range::point(factor)) }
    }

    pub fn negated(self) -> Range {
        Range { lo: -self.hi, hi: -self.lo, lo_open: self.hi_open, hi_open: self.lo_open, whole: self.whole }
    }

    /// The ends moved outward a little; an end at 0 stays.
    pub fn about(self) -> Range {
        let slack = |v: f64| if v.is_finite() { v.abs() * SLACK } else { 0.0 };
        Range { lo: self.lo - slack(self.lo), hi: self.hi + slack(self.hi), lo_open: false, hi_open: false, ..self }
    }

    /// Where means of its numbers lie. A sum of numbers below a whole end stays below that many times the end, in
    /// every order of adding, so whole ends are exact.
    pub fn of_means(self) -> Range {
        let exact = |v: f64| v.is_infinite() || (v.fract() == 0.0 && v.abs() < 1e6);
        let wide = self.about();
        Range {
            lo: if exact(self.lo) { self.lo } else { wide.lo },
            hi: if exact(self.hi) { self.hi } else { wide.hi },
            ..Range::ALL
        }
    }

    /// Where sums of any count of its numbers lie, none included.
    pub fn of_sums(self) -> Range {
        let lo = if self.lo >= 0.0 { 0.0 } else { f64::NEG_INFINITY };
        let hi = if self.hi <= 0.0 { 0.0 } else { f64::INFINITY };
        Range { whole: self.whole, ..Range::new(lo, hi) }
    }

    /// The image of a function that never falls.
    pub fn rising(self, f: impl Fn(f64) -> f64) -> Range {
        Range { whole: false, ..ends([f(self.lo), f(self.hi)]) }
    }

    /// In words: `between 50 and 110`, `0 or more`.
    pub fn words(self) -> String {
        let end = |v: f64| figure(v);
        match (self.lo.is_finite(), self.hi.is_finite()) {
            (true, true) if self.is_point() => end(self.lo),
            (true, true) => format!("between {} and {}", end(self.lo), end(self.hi)),
            (true, false) if self.lo_open => format!("above {}", end(self.lo)),
            (true, false) => format!("{} or more", end(self.lo)),
            (false, true) if self.hi_open => format!("below {}", end(self.hi)),
            (false, true) => format!("{} or less", end(self.hi)),
            (false, false) => "any number".into(),
        }
    }
}

/// The stretch from the least to the greatest; anything when one of them is no number.
fn ends<const N: usize>(all: [f64; N]) -> Range {
    if all.iter().any(|v| v.is_nan()) {
        return Range::ALL;
    }
    Range::new(all.iter().copied().fold(f64::INFINITY, f64::min), all.iter().copied().fold(f64::NEG_INFINITY, f64::max))
}

/// A number without the noise of binary fractions.
pub fn figure(value: f64) -> String {
    let rounded = (value * 1e6).round() / 1e6;
    if rounded == 0.0 && value != 0.0 { format!("{value:e}") } else { format!("{rounded}") }
}

/// Which truths an expression can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Truth {
    pub yes: bool,
    pub no: bool,
    /// Whether it can be unknown: missing, or without a value.
    pub open: bool,
}

impl Truth {
    pub const EITHER: Truth = Truth { yes: true, no: true, open: true };
    /// Of what is never evaluated.
    pub const NOTHING: Truth = Truth { yes: false, no: false, open: false };

    pub fn known(value: bool) -> Truth {
        Truth { yes: value, no: !value, open: false }
    }

    pub fn always(self) -> bool {
        self.yes && !self.no
    }

    pub fn never(self) -> bool {
        !self.yes
    }

    pub fn and(self, other: Truth) -> Truth {
        Truth {
            yes: self.yes && other.yes,
            no: self.no || other.no,
            open: (self.open && (other.open || other.yes)) || (other.open && self.yes),
        }
    }

    pub fn negated(self) -> Truth {
        Truth { yes: self.no, no: self.yes, open: self.open }
    }

    pub fn or(self, other: Truth) -> Truth {
        self.negated().and(other.negated()).negated()
    }

    /// Either of the two.
    pub fn join(self, other: Truth) -> Truth {
        Truth { yes: self.yes || other.yes, no: self.no || other.no, open: self.open || other.open }
    }
}

/// What is known of a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Known {
    Number(Range),
    Truth(Truth),
    /// Codes of a category's levels.
    Levels(BTreeSet<u32>),
    /// What its items can be, and whether it surely has one.
    List(Box<Known>, bool),
    Anything,
}

impl Known {
    pub fn range(&self) -> Option<Range> {
        if let Known::Number(range) = self { Some(*range) } else { None }
    }

    /// The one number it is.
    pub fn point(&self) -> Option<f64> {
        self.range().filter(|r| r.is_point()).map(|r| r.lo)
    }

    pub fn truth(&self) -> Truth {
        if let Known::Truth(truth) = self { *truth } else { Truth::EITHER }
    }

    /// Whether no value is left.
    pub fn is_empty(&self) -> bool {
        match self {
            Known::Number(range) => range.is_empty(),
            Known::Truth(truth) => !truth.yes && !truth.no,
            Known::Levels(levels) => levels.is_empty(),
            Known::List(..) | Known::Anything => false,
        }
    }

    pub fn and(self, other: Known) -> Known {
        match (self, other) {
            (Known::Number(a), Known::Number(b)) => Known::Number(a.and(b)),
            (Known::Truth(a), Known::Truth(b)) => {
                Known::Truth(Truth { yes: a.yes && b.yes, no: a.no && b.no, open: a.open && b.open })
            }
            (Known::Levels(a), Known::Levels(b)) => Known::Levels(a.intersection(&b).copied().collect()),
            (Known::Anything, other) => other,
            (own, _) => own,
        }
    }

    pub fn or(self, other: Known) -> Known {
        match (self, other) {
            (Known::Number(a), Known::Number(b)) => Known::Number(a.or(b)),
            (Known::Truth(a), Known::Truth(b)) => Known::Truth(a.join(b)),
            (Known::Levels(a), Known::Levels(b)) => Known::Levels(a.union(&b).copied().collect()),
            (Known::List(a, x), Known::List(b, y)) => Known::List(Box::new(a.or(*b)), x && y),
            _ => Known::Anything,
        }
    }

    /// `a == b`.
    pub fn same(&self, other: &Known) -> Truth {
        match (self, other) {
            (Known::Number(a), Known::Number(b)) => a.compare(BinOp::Eq, *b),
            (Known::Levels(a), Known::Levels(b)) => {
                let one = a.len() == 1 && a == b;
                Truth { yes: !a.is_disjoint(b), no: !one, open: true }
            }
            (Known::Truth(a), Known::Truth(b)) => Truth {
                yes: (a.yes && b.yes) || (a.no && b.no),
                no: (a.yes && b.no) || (a.no && b.yes),
                open: a.open || b.open,
            },
            _ => Truth::EITHER,
        }
    }
}

//! A comparison of two sides, decided by its value or, with a confidence, by its bounds.

use super::clause::{Clause, Flip, Kind};
use super::outcome::Verdict;
use super::weigh::Asking;
use crate::builtins::measure::{difference, measure_at};
use crate::check::Level;
use crate::check::program::{Callee, Resolved};
use crate::check::special::Special;
use crate::eval::estimate::{Estimate, Part};
use crate::eval::{Env, Value, forms};
use crate::metrics::inference::LEVEL;
use crate::syntax::ast::{BinOp, Expr, ExprKind};
use crate::syntax::show;

/// Figures beside the one that is compared which a sentence names.
const MOST_FIGURES: usize = 8;

/// Whether an expression depends on rows at all.
pub(super) fn constant(env: &Env, side: &Expr) -> bool {
    env.program.tables.ty(side.id).is_some_and(|t| t.level == Level::Constant)
}

fn turned(op: BinOp) -> BinOp {
    match op {
        BinOp::Le => BinOp::Ge,
        BinOp::Lt => BinOp::Gt,
        BinOp::Ge => BinOp::Le,
        BinOp::Gt => BinOp::Lt,
        other => other,
    }
}

fn holds(op: BinOp, gap: f64) -> bool {
    match op {
        BinOp::Le => gap <= 0.0,
        BinOp::Lt => gap < 0.0,
        BinOp::Ge => gap >= 0.0,
        BinOp::Gt => gap > 0.0,
        BinOp::Ne => gap != 0.0,
        _ => gap == 0.0,
    }
}

/// The level of the two-sided interval whose ends are each a bound at `confidence`: a claim of "no more than" or "at
/// least" is tested on one side (an equivalence test when it is about a difference; Schuirmann 1987).
pub fn two_sided(op: BinOp, confidence: f64) -> f64 {
    match op {
        BinOp::Eq | BinOp::Ne => confidence,
        _ => 2.0 * confidence - 1.0,
    }
}

/// Decides `a op b`.
pub(super) fn compare(asking: &Asking, env: &Env, rule: &Expr, op: BinOp, a: &Expr, b: &Expr) -> Clause {
    let bare = |verdict, says: String| Clause::new(Kind::Comparison, show(rule), rule.span, verdict, says);
    // `5% >= x` reads as `x <= 5%`.
    let (a, b, op) = if constant(env, a) && !constant(env, b) { (b, a, turned(op)) } else { (a, b, op) };
    let level = asking.confidence.map_or(LEVEL, |c| two_sided(op, c));
    let left = match measure_at(env, a, level) {
        Ok(left) => left,
        Err(why) => return bare(Verdict::Unknown, why.reason),
    };
    let is_constant = constant(env, b);
    let right = match env.one(b) {
        Value::Number(v) => v,
        Value::Undefined(why) => return bare(Verdict::Unknown, why.reason.clone()),
        other => return bare(Verdict::Unknown, format!("`{}` is {other}", show(b))),
    };
    // The gap to the threshold, with its interval.
    let bounds = if is_constant {
        left.interval.as_ref().map(|i| (i.lo - right, i.hi - right))
    } else {
        asking.confidence.and_then(|_| difference(env, a, b, level).ok()).and_then(|d| d.interval).map(|i| (i.lo, i.hi))
    };
    let point = if holds(op, left.value - right) { Verdict::Pass } else { Verdict::Fail };
    let verdict = match (asking.confidence, bounds) {
        (None, _) => point,
        (Some(_), Some((lo, hi))) => match (holds(op, lo), holds(op, hi)) {
            (true, true) => Verdict::Pass,
            (false, false) => Verdict::Fail,
            _ => Verdict::Inconclusive,
        },
        // A count or a constant has no interval: it is what it is.
        (Some(_), None) => point,
    };
    let mut out = bare(verdict, String::new());
    let seen = Compared { asking, env, a, left: &left, op, b, right, is_constant, verdict, bounds };
    out.says = seen.sentence();
    if asking.full {
        out.flips = seen.flips();
    }
    out.right = Some(right);
    out.threshold = is_constant.then_some(right);
    out.excess = match op {
        BinOp::Ge | BinOp::Gt => right - left.value,
        BinOp::Eq | BinOp::Ne => (left.value - right).abs(),
        _ => left.value - right,
    };
    out.n = left.n.into();
    if are_groups(&left) {
        out.witnesses = left.parts.iter().map(|p| super::weigh::group_witness(&out.text, p)).collect();
    }
    out.left = Some(left.value);
    out.interval = left.interval;
    out
}

/// Both sides of a comparison as they were found.
struct Compared<'a, 'e> {
    asking: &'a Asking<'a>,
    env: &'a Env<'e>,
    a: &'a Expr,
    left: &'a Estimate,
    op: BinOp,
    b: &'a Expr,
    right: f64,
    /// Whether the right side does not depend on rows.
    is_constant: bool,
    verdict: Verdict,
    /// Of left minus right.
    bounds: Option<(f64, f64)>,
}

impl Compared<'_, '_> {
    /// What was seen, as a sentence.
    fn sentence(&self) -> String {
        let Compared { asking, env, a, left, op, b, right, is_constant, verdict, bounds } = *self;
        let interval = left.interval.as_ref().map_or(String::new(), |i| match asking.confidence {
            Some(c) if !matches!(op, BinOp::Eq | BinOp::Ne) => {
                format!(
                    " (at {}% confidence no less than {} and no more than {})",
                    figure(c * 100.0),
                    figure(i.lo),
                    figure(i.hi)
                )
            }
            _ => format!(" ({}% interval {} to {})", figure(i.level * 100.0), figure(i.lo), figure(i.hi)),
        });
        let unit = env.program.tables.ty(a.id).map(|t| t.base.unit()).filter(|u| !u.is_one() && !u.code.is_empty());
        let unit = unit.map_or(String::new(), |u| format!(" {}", u.code));
        let named = matches!(b.kind, ExprKind::Name(_)) || !is_constant;
        let other = if named { format!("{} = {}", show(b), figure(right)) } else { figure(right) };
        let relation = match (verdict, is_constant || asking.confidence.is_none()) {
            (Verdict::Pass, _) => format!("which is {} {other}", op.symbol()),
            (Verdict::Fail, _) => format!("which is not {} {other}", op.symbol()),
            (_, true) => format!("and the limit {other} lies between"),
            (_, false) => format!("beside {other}"),
        };
        let gap = match (is_constant, bounds) {
            (false, Some((lo, hi))) => format!("; their difference lies between {} and {}", figure(lo), figure(hi)),
            _ => String::new(),
        };
        let mut out = format!("{} = {}{unit}{interval}, {relation}{gap}", show(a), figure(left.value));
        if let (BinOp::Le | BinOp::Lt, Some(floor)) = (op, left.noise_floor)
            && right < floor
        {
            out.push_str(&format!("; the limit lies below {}, what chance alone gives at this n", figure(floor)));
        }
        if verdict != Verdict::Pass && are_groups(left) {
            match (left.parts.as_slice(), extreme(&left.parts, true), extreme(&left.parts, false)) {
                ([only], ..) => out.push_str(&format!("; all in {}", only.group)),
                (_, Some(hi), Some(lo)) => out.push_str(&format!("; highest {}, lowest {}", told(hi), told(lo))),
                _ => {}
            }
        } else if verdict != Verdict::Pass && !asking.is_phi {
            // Further figures of the same rows say what kind of gap it is.
            let beside = left.parts.iter().take(MOST_FIGURES).filter_map(|p| Some((p, p.value?)));
            let beside: Vec<String> =
                beside.map(|(p, v)| format!("{} {}", p.group.replace('_', " "), figure(v))).collect();
            if !beside.is_empty() {
                out.push_str(&format!(" ({})", beside.join(", ")));
            }
        }
        out
    }

    /// The changes nearest at hand that would turn the verdict.
    fn flips(&self) -> Vec<Flip> {
        let Compared { asking, env, left, op, b, right, is_constant, verdict, bounds, .. } = *self;
        let mut out = Vec::new();
        if !is_constant || matches!(op, BinOp::Eq | BinOp::Ne) || verdict == Verdict::Unknown {
            return out;
        }
        let upper = matches!(op, BinOp::Le | BinOp::Lt);
        let interval = asking.confidence.and(bounds).map(|(lo, hi)| (lo + right, hi + right));
        // A claim of "no more than" stands and falls with the upper bound, one of "at least" with the lower.
        let (lo, hi) = interval.unwrap_or((left.value, left.value));
        let passes = verdict != Verdict::Pass;
        let edge = if upper { hi } else { lo };
        let to = neat(edge, upper == passes, matches!(op, BinOp::Lt | BinOp::Gt) == passes);
        let name = limit_name(env, b);
        let percent = as_percent(env, b);
        let show_as = |v: f64| if percent { format!("{}%", figure(v * 100.0)) } else { figure(v) };
        let word = if passes { "passes" } else { "no longer passes" };
        let side = if upper == passes { "or more" } else { "or less" };
        if let Some(to) = to.filter(|to| *to != right) {
            out.push(Flip {
                says: format!("{word} when {name} is {} {side} (now {})", show_as(to), show_as(right)),
                what: Some(name),
                from: Some(right),
                to: Some(to),
                rows: None,
            });
        }
        out.extend(self.rows_to_change());
        out
    }

    /// For shares and counts: how many rows would have to be otherwise.
    fn rows_to_change(&self) -> Option<Flip> {
        let Compared { asking, env, a, left, op, right, verdict, .. } = *self;
        let ExprKind::Call { args, given, .. } = &a.kind else { return None };
        let Some(Callee::Special(special)) = env.program.tables.call(a.id).map(|p| p.callee) else { return None };
        if verdict != Verdict::Fail || asking.confidence.is_some() {
            return None;
        }
        let flip = |rows: u64, says: String| Some(Flip { says, what: None, from: None, to: None, rows: Some(rows) });
        let plural = |n: u64| if n == 1 { "1 row".to_string() } else { format!("{n} rows") };
        match special {
            Special::Probability => {
                let (k, n) = forms::successes(env, args, given.as_deref()).ok()?;
                let n_real = n as f64;
                let fits = |k: u64| holds(op, k as f64 / n_real - right);
                let event = show(&args.first()?.value);
                let (change, way) = if matches!(op, BinOp::Le | BinOp::Lt) {
                    ((1..=k).find(|d| fits(k - d))?, "fewer")
                } else {
                    ((1..=n - k).find(|d| fits(k + d))?, "more")
                };
                flip(change, format!("passes if `{event}` held in {} {way} (of {n})", plural(change)))
            }
            Special::Count => {
                let (k, more) = (left.value, matches!(op, BinOp::Ge | BinOp::Gt));
                let change =
                    (1..=1_000_000u64).find(|d| holds(op, if more { k + *d as f64 } else { k - *d as f64 } - right))?;
                let way = if more { "more" } else { "fewer" };
                flip(
                    change,
                    format!("passes with {change} {way} ({} where {} are asked for)", figure(k), figure(right)),
                )
            }
            _ => None,
        }
    }
}

/// What a limit is called: a parameter's name, else as written.
fn limit_name(env: &Env, b: &Expr) -> String {
    match (&b.kind, env.program.tables.name(b.id)) {
        (ExprKind::Name(name), Some(Resolved::Local(_) | Resolved::Let(_))) => name.clone(),
        _ => "the limit".to_string(),
    }
}

fn as_percent(env: &Env, b: &Expr) -> bool {
    matches!(b.kind, ExprKind::Percent(_))
        || env.program.tables.ty(b.id).is_some_and(|t| t.base == crate::check::Base::Prob)
}

/// `value` with four digits, moved away from where it would not do: up or down, and beyond when equality is not enough.
/// Nothing where no number of so many digits is the nearest: beyond zero, or at infinity.
fn neat(value: f64, up: bool, beyond: bool) -> Option<f64> {
    if value == 0.0 || !value.is_finite() {
        return (value == 0.0 && !beyond).then_some(0.0);
    }
    let digits = (3 - value.abs().log10().floor() as i32).clamp(0, 12);
    let scale = 10f64.powi(digits);
    let (step, mut near) = if up { (1.0, (value * scale).floor()) } else { (-1.0, (value * scale).ceil()) };
    // Judged by the number itself: what looks like the value may lie a last bit on its wrong side.
    let does = |limit: f64| if limit == value { !beyond } else { (limit > value) == up };
    // Beyond 2^53 a step changes nothing.
    for _ in 0..3 {
        if does(near / scale) {
            return Some(near / scale);
        }
        near += step;
    }
    None
}

/// Whether the parts of a figure are groups of its rows, not further figures of all of them.
pub(super) fn are_groups(of: &Estimate) -> bool {
    of.parts.iter().any(|p| p.n != of.n)
}

fn extreme(parts: &[Part], highest: bool) -> Option<&Part> {
    parts.iter().filter(|p| p.value.is_some()).max_by(|a, b| {
        let order = a.value.unwrap_or(f64::NAN).total_cmp(&b.value.unwrap_or(f64::NAN));
        if highest { order } else { order.reverse() }
    })
}

fn told(part: &Part) -> String {
    format!("{} ({}, n = {})", part.group, part.value.map_or("undefined".into(), figure), part.n)
}

/// Four significant digits, without trailing zeros.
pub(super) fn figure(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    let digits = (3 - value.abs().log10().floor() as i32).clamp(0, 12) as usize;
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_neat_limit_is_on_the_right_side() {
        assert_eq!(neat(0.043_21, true, false), Some(0.043_21));
        assert_eq!(neat(0.043_212_3, true, false), Some(0.043_22));
        assert_eq!(neat(0.043_212_3, false, false), Some(0.043_21));
        assert_eq!(neat(11.0, true, true), Some(11.01));
        assert_eq!(neat(0.0, true, false), Some(0.0));
        assert_eq!(neat(0.0, false, true), None);
    }

    #[test]
    fn one_sided_claims_take_the_narrower_interval() {
        assert!((two_sided(BinOp::Le, 0.95) - 0.90).abs() < 1e-12);
        assert_eq!(two_sided(BinOp::Eq, 0.95), 0.95);
    }
}

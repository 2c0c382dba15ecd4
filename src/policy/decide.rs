//! Decides the constraints of a policy and says why.

use super::outcome::{ConstraintResult, Score, Verdict};
use crate::builtins::measure::{difference, measure_at};
use crate::eval::estimate::{Estimate, Part, Undefined};
use crate::eval::forms;
use crate::eval::{Env, Value};
use crate::metrics::inference::LEVEL;
use crate::syntax::ast::{BinOp, Constraint, Expr, ExprKind, Policy};
use crate::syntax::show;

/// What a policy is decided over: an environment with the rows and the task's outputs, and a day.
pub struct Subject<'a> {
    pub env: Env<'a>,
    /// `2026-11-22`; none leaves dated rules at their latest.
    pub as_of: Option<&'a str>,
}

/// The outcome of one constraint at one clause.
struct Decision {
    verdict: Verdict,
    left: Option<Estimate>,
    right: Option<f64>,
    threshold: Option<f64>,
    /// How far the left side lies on the wrong side of the right one; negative when it keeps the rule.
    excess: f64,
    n: usize,
    why: String,
    witnesses: Vec<Part>,
}

impl Decision {
    fn bare(verdict: Verdict, why: impl Into<String>, n: usize) -> Self {
        Decision {
            verdict,
            left: None,
            right: None,
            threshold: None,
            excess: 0.0,
            n,
            why: why.into(),
            witnesses: Vec::new(),
        }
    }
}

/// Every constraint of `policy`, and the compliance figures.
pub fn decide(policy: &Policy, subject: &Subject) -> (Vec<ConstraintResult>, Score) {
    let mut env = subject.env.clone();
    for param in &policy.params {
        let mut value = param.default.as_ref();
        for (from, _, dated) in &param.dated {
            // Written in the order of time; a later date in force wins.
            if subject.as_of.is_none_or(|day| from.as_str() <= day) {
                value = Some(dated);
            }
        }
        let value = value.map_or_else(
            || Value::undefined(format!("`{}` has no value at that date", param.name.name)),
            |e| env.one(e),
        );
        env = env.bind(&param.name.name, value);
    }
    let out_of_force = out_of_force(policy, subject.as_of);
    if out_of_force.is_none() {
        // What the constraints share is computed once, in one pass over the rows.
        env.prepare(&policy.constraints.iter().map(|c| &c.rule).collect::<Vec<_>>());
    }
    let mut results = Vec::new();
    let mut verdicts = Vec::new();
    for constraint in &policy.constraints {
        let confidence = constraint.confidence.as_ref().and_then(|c| env.one(c).number());
        let decision = match &out_of_force {
            Some(why) => Decision::bare(Verdict::NotApplicable, why.clone(), 0),
            None => clause(&env, &constraint.rule, confidence),
        };
        verdicts.push((decision.verdict, constraint.weight.unwrap_or(1.0), constraint.hard));
        results.push(result(policy, constraint, confidence, decision));
    }
    (results, Score::of(&verdicts))
}

fn out_of_force(policy: &Policy, as_of: Option<&str>) -> Option<String> {
    let ((from, to, _), day) = (policy.effective.as_ref()?, as_of?);
    if day < from.as_str() {
        return Some(format!("not in force on {day}: effective from {from}"));
    }
    match to {
        Some(to) if day > to.as_str() => Some(format!("not in force on {day}: ended on {to}")),
        _ => None,
    }
}

fn result(policy: &Policy, constraint: &Constraint, confidence: Option<f64>, decision: Decision) -> ConstraintResult {
    let authority = constraint.authority.as_ref().or(policy.authority.as_ref());
    ConstraintResult {
        name: constraint.name.name.clone(),
        authority: authority.map_or("house", |a| a.name.as_str()).to_string(),
        cite: constraint.cite.clone().or_else(|| policy.cite.clone()),
        rule: show(&constraint.rule),
        doc: constraint.doc.clone(),
        verdict: decision.verdict,
        left: decision.left.as_ref().map(|l| l.value),
        left_interval: decision.left.and_then(|l| l.interval),
        right: decision.right,
        threshold: decision.threshold,
        confidence,
        n: decision.n,
        why: decision.why,
        witnesses: decision.witnesses,
    }
}

fn unknown(why: &Undefined) -> Decision {
    Decision::bare(Verdict::Unknown, why.reason.clone(), 0)
}

/// Decides one clause.
fn clause(env: &Env, rule: &Expr, confidence: Option<f64>) -> Decision {
    match &rule.kind {
        ExprKind::Binary(op, _, a, b) if op.is_comparison() && numeric(env, a) => compare(env, *op, a, b, confidence),
        ExprKind::Binary(BinOp::And, _, a, b) => {
            let (x, y) = (clause(env, a, confidence), clause(env, b, confidence));
            let verdict = x.verdict.and(y.verdict);
            if verdict == x.verdict { x } else { y }
        }
        ExprKind::Binary(BinOp::Or, _, a, b) => {
            let (x, y) = (clause(env, a, confidence), clause(env, b, confidence));
            let verdict = x.verdict.or(y.verdict);
            // When both fail the last alternative is the one that was meant to catch it.
            if verdict == y.verdict { y } else { x }
        }
        ExprKind::Not(inner) => {
            let mut inner = clause(env, inner, confidence);
            inner.verdict = inner.verdict.negate();
            inner.why = format!("not so: {}", inner.why);
            inner
        }
        ExprKind::Quantified { all, var, range, body } => quantified(env, *all, &var.name, range, body, confidence),
        _ => match env.one(rule) {
            Value::Bool(true) => Decision::bare(Verdict::Pass, format!("`{}` holds", show(rule)), env.view.rows),
            Value::Bool(false) => {
                Decision::bare(Verdict::Fail, format!("`{}` does not hold", show(rule)), env.view.rows)
            }
            Value::Undefined(why) => unknown(&why),
            other => Decision::bare(Verdict::Unknown, format!("`{}` is {other}", show(rule)), env.view.rows),
        },
    }
}

fn numeric(env: &Env, side: &Expr) -> bool {
    env.program.tables.ty(side.id).is_some_and(|t| t.base.is_numeric())
}

/// Whether an expression depends on rows at all.
fn constant(env: &Env, side: &Expr) -> bool {
    env.program.tables.ty(side.id).is_some_and(|t| t.level == crate::check::Level::Constant)
}

fn compare(env: &Env, op: BinOp, a: &Expr, b: &Expr, confidence: Option<f64>) -> Decision {
    let level = confidence.unwrap_or(LEVEL);
    // `5% >= x` reads as `x <= 5%`.
    let (a, b, op) = if constant(env, a) && !constant(env, b) { (b, a, turned(op)) } else { (a, b, op) };
    let left = match measure_at(env, a, level) {
        Ok(left) => left,
        Err(why) => return unknown(&why),
    };
    let is_constant = constant(env, b);
    let right = match env.one(b) {
        Value::Number(v) => v,
        Value::Undefined(why) => return unknown(&why),
        other => return Decision::bare(Verdict::Unknown, format!("`{}` is {other}", show(b)), 0),
    };
    // The gap to the threshold, with its interval.
    let bounds = if is_constant {
        left.interval.as_ref().map(|i| (i.lo - right, i.hi - right))
    } else {
        confidence.and_then(|_| difference(env, a, b, level).ok()).and_then(|d| d.interval).map(|i| (i.lo, i.hi))
    };
    let holds = |gap: f64| match op {
        BinOp::Le => gap <= 0.0,
        BinOp::Lt => gap < 0.0,
        BinOp::Ge => gap >= 0.0,
        BinOp::Gt => gap > 0.0,
        BinOp::Ne => gap != 0.0,
        _ => gap == 0.0,
    };
    let point = if holds(left.value - right) { Verdict::Pass } else { Verdict::Fail };
    let verdict = match (confidence, bounds) {
        (None, _) => point,
        (Some(_), Some((lo, hi))) => match (holds(lo), holds(hi)) {
            (true, true) => Verdict::Pass,
            (false, false) => Verdict::Fail,
            _ => Verdict::Inconclusive,
        },
        // A count or a constant has no interval: it is what it is.
        (Some(_), None) => point,
    };
    let why = sentence(a, &left, op, b, right, verdict, is_constant, bounds);
    Decision {
        verdict,
        right: Some(right),
        threshold: is_constant.then_some(right),
        excess: match op {
            BinOp::Ge | BinOp::Gt => right - left.value,
            BinOp::Eq | BinOp::Ne => (left.value - right).abs(),
            _ => left.value - right,
        },
        n: left.n,
        why,
        witnesses: left.parts.clone(),
        left: Some(left),
    }
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

#[expect(clippy::too_many_arguments, reason = "the parts of one sentence")]
fn sentence(
    a: &Expr,
    left: &Estimate,
    op: BinOp,
    b: &Expr,
    right: f64,
    verdict: Verdict,
    constant: bool,
    bounds: Option<(f64, f64)>,
) -> String {
    let interval = left.interval.as_ref().map_or(String::new(), |i| {
        format!(" ({}% interval {} to {})", figure(i.level * 100.0), figure(i.lo), figure(i.hi))
    });
    let other = if constant { figure(right) } else { format!("{} = {}", show(b), figure(right)) };
    let relation = match verdict {
        Verdict::Pass => format!("which is {} {other}", op.symbol()),
        Verdict::Fail => format!("which is not {} {other}", op.symbol()),
        _ => format!("and the interval straddles {other}"),
    };
    let gap = match (constant, bounds) {
        (false, Some((lo, hi))) => format!("; their difference lies between {} and {}", figure(lo), figure(hi)),
        _ => String::new(),
    };
    let mut out = format!("{} = {}{interval}, {relation}{gap}", show(a), figure(left.value));
    if let (BinOp::Le | BinOp::Lt, Some(floor)) = (op, left.noise_floor)
        && right < floor
    {
        out.push_str(&format!("; the limit lies below {}, what chance alone gives at this n", figure(floor)));
    }
    if verdict != Verdict::Pass
        && let (Some(hi), Some(lo)) = (extreme(&left.parts, true), extreme(&left.parts, false))
    {
        out.push_str(&format!("; highest {}, lowest {}", named(hi), named(lo)));
    }
    out
}

fn extreme(parts: &[Part], highest: bool) -> Option<&Part> {
    parts.iter().filter(|p| p.value.is_some()).max_by(|a, b| {
        let order = a.value.unwrap_or(f64::NAN).total_cmp(&b.value.unwrap_or(f64::NAN));
        if highest { order } else { order.reverse() }
    })
}

fn named(part: &Part) -> String {
    format!("{} ({}, n = {})", part.group, part.value.map_or("undefined".into(), figure), part.n)
}

/// Four significant digits, without trailing zeros.
fn figure(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    let digits = (3 - value.abs().log10().floor() as i32).clamp(0, 12) as usize;
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
}

/// `forall` and `exists`: the items that decide are the witnesses.
fn quantified(env: &Env, all: bool, var: &str, range: &Expr, body: &Expr, confidence: Option<f64>) -> Decision {
    let items = match forms::walked(env, range) {
        Ok(items) => items,
        Err(Value::Undefined(why)) => return unknown(&why),
        Err(other) => return Decision::bare(Verdict::Unknown, format!("`{}` is {other}", show(range)), 0),
    };
    if items.is_empty() {
        return Decision::bare(
            Verdict::Unknown,
            format!("`{}` is empty: there is nothing to decide", show(range)),
            env.view.rows,
        );
    }
    let decided: Vec<(Value, Decision)> =
        items.into_iter().map(|item| (item.clone(), clause(&env.bind(var, item), body, confidence))).collect();
    let neutral = if all { Verdict::Pass } else { Verdict::Fail };
    let verdict = decided.iter().fold(neutral, |v, (_, d)| if all { v.and(d.verdict) } else { v.or(d.verdict) });
    let total = decided.len();
    let deciding: Vec<&(Value, Decision)> = decided.iter().filter(|(_, d)| d.verdict == verdict).collect();
    let shows = verdict != neutral || !all;
    let witnesses = if shows {
        deciding
            .iter()
            .map(|(item, d)| Part {
                group: item.name(),
                value: d.left.as_ref().map(|l| l.value),
                interval: d.left.as_ref().and_then(|l| l.interval.clone()),
                n: members(env, item, d),
            })
            .collect()
    } else {
        Vec::new()
    };
    // The clause shown is the one that goes farthest against the rule, or comes closest to it.
    let worst = deciding.iter().max_by(|a, b| a.1.excess.total_cmp(&b.1.excess));
    let what = match verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
        Verdict::Inconclusive => "cannot be decided at this confidence",
        _ => "cannot be known",
    };
    let why = match worst {
        Some((item, d)) if shows => format!("{} of {total} {what}; worst: {item}: {}", deciding.len(), d.why),
        Some((item, d)) => format!("all {total} {what}; closest: {item}: {}", d.why),
        None => format!("all {total} {what}"),
    };
    let (left, right, threshold) = worst.map_or((None, None, None), |(_, d)| (d.left.clone(), d.right, d.threshold));
    let excess = worst.map_or(0.0, |(_, d)| d.excess);
    Decision { verdict, left, right, threshold, excess, n: env.view.rows, why, witnesses }
}

/// How many rows a witness stands for.
fn members(env: &Env, item: &Value, decision: &Decision) -> usize {
    match item {
        Value::Group(_) => decision.left.as_ref().map_or(0, |l| l.value.max(0.0) as usize).min(env.view.rows),
        _ => decision.n,
    }
}

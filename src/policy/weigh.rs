//! Weighs a rule clause by clause.

use super::clause::{Clause, Counts, Kind, Witness};
use super::compare::{compare, figure};
use super::guard::guarded;
use super::outcome::Verdict;
use super::rows;
use crate::check::program::Callee;
use crate::check::special::Special;
use crate::eval::count::Count;
use crate::eval::estimate::Part;
use crate::eval::{Env, Value, forms};
use crate::syntax::ast::{BinOp, Expr, ExprKind};
use crate::syntax::show;

/// How a rule is asked about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asking<'a> {
    pub confidence: Option<f64>,
    /// Whether to look for witnesses in rows and for what would turn the verdict.
    pub full: bool,
    /// The most witnesses that are listed.
    pub witnesses: usize,
    /// Whether no value of a row may be shown.
    pub is_phi: bool,
    /// The column that names the person of a row.
    pub subject: Option<&'a str>,
}

/// Decides one clause and those below it; what it says of patients tells no small count.
pub(super) fn weigh(asking: &Asking, env: &Env, rule: &Expr) -> Clause {
    let clause = decide(asking, env, rule);
    if asking.is_phi { guarded(env, rule, clause) } else { clause }
}

fn decide(asking: &Asking, env: &Env, rule: &Expr) -> Clause {
    let clause = |kind, verdict, says: String| Clause::new(kind, show(rule), rule.span, verdict, says);
    match &rule.kind {
        ExprKind::Binary(op, _, a, b) if op.is_comparison() && numeric(env, a) => compare(asking, env, rule, *op, a, b),
        ExprKind::Binary(op @ (BinOp::And | BinOp::Or), ..) => {
            let mut sides = Vec::new();
            chain(rule, *op, &mut sides);
            let parts: Vec<Clause> = sides.into_iter().map(|side| weigh(asking, env, side)).collect();
            let (kind, verdict) = match op {
                BinOp::And => (Kind::And, parts.iter().map(|p| p.verdict).fold(Verdict::Pass, Verdict::and)),
                _ => (Kind::Or, parts.iter().map(|p| p.verdict).fold(Verdict::Fail, Verdict::or)),
            };
            raised(Clause { parts, ..clause(kind, verdict, String::new()) })
        }
        ExprKind::Not(inner) => {
            let inner = weigh(asking, env, inner);
            let says = format!("not so: {}", inner.says);
            let out = clause(Kind::Not, inner.verdict.negate(), says);
            Clause {
                left: inner.left,
                interval: inner.interval.clone(),
                right: inner.right,
                threshold: inner.threshold,
                n: inner.n,
                excess: -inner.excess,
                parts: vec![inner],
                ..out
            }
        }
        ExprKind::Quantified { all, var, range, body } => {
            let (kind, items) = (if *all { Kind::Forall } else { Kind::Exists }, forms::walked(env, range));
            match items {
                Ok(items) => walked(asking, env, clause(kind, Verdict::Unknown, String::new()), &var.name, items, body),
                Err(why) => clause(kind, Verdict::Unknown, reason(&why, range)),
            }
        }
        ExprKind::Call { args, given, .. }
            if env.program.tables.call(rule.id).is_some_and(|p| p.callee == Callee::Special(Special::Every)) =>
        {
            match args.first() {
                Some(arg) => rows::every(asking, env, rule, &arg.value, given.as_deref()),
                None => clause(Kind::Every, Verdict::Unknown, "a missing argument".into()),
            }
        }
        _ => {
            let text = show(rule);
            let mut out = match env.one(rule) {
                Value::Bool(true) => clause(Kind::Fact, Verdict::Pass, format!("`{text}` holds")),
                Value::Bool(false) => clause(Kind::Fact, Verdict::Fail, fact(env, rule)),
                other => clause(Kind::Fact, Verdict::Unknown, reason(&other, rule)),
            };
            out.n = env.view.rows.into();
            out
        }
    }
}

fn numeric(env: &Env, side: &Expr) -> bool {
    env.program.tables.ty(side.id).is_some_and(|t| t.base.is_numeric())
}

fn reason(value: &Value, of: &Expr) -> String {
    match value {
        Value::Undefined(why) => why.reason.clone(),
        other => format!("`{}` is {other}", show(of)),
    }
}

/// What is seen where a fact does not hold: both sides of a comparison that is not about numbers.
fn fact(env: &Env, rule: &Expr) -> String {
    let text = show(rule);
    match &rule.kind {
        ExprKind::Binary(op, _, a, _) if op.is_comparison() || *op == BinOp::In => {
            format!("`{text}` does not hold: {} is {}", show(a), env.one(a))
        }
        ExprKind::Call { args, .. }
            if env.program.tables.call(rule.id).is_some_and(|p| p.callee == Callee::Special(Special::States)) =>
        {
            let part = args.get(1).map_or(String::new(), |a| show(&a.value));
            format!("the document says nothing about {part}")
        }
        _ => format!("`{text}` does not hold"),
    }
}

/// `a and b and c` as three clauses of one.
fn chain<'e>(rule: &'e Expr, op: BinOp, out: &mut Vec<&'e Expr>) {
    match &rule.kind {
        ExprKind::Binary(here, _, a, b) if *here == op => {
            chain(a, op, out);
            chain(b, op, out);
        }
        _ => out.push(rule),
    }
}

/// The clause says what its deciding part says.
fn raised(mut clause: Clause) -> Clause {
    let deciding = match clause.kind {
        Kind::Or => clause.parts.iter().rev().find(|p| p.verdict == clause.verdict),
        _ => clause.parts.iter().find(|p| p.verdict == clause.verdict),
    };
    if let Some(part) = deciding {
        clause.says = part.says.clone();
        clause.left = part.left;
        clause.interval = part.interval.clone();
        clause.right = part.right;
        clause.threshold = part.threshold;
        clause.n = part.n;
        clause.excess = part.excess;
        clause.witnesses = part.witnesses.clone();
        clause.more = part.more;
        clause.flips = part.flips.clone();
    }
    clause
}

/// `forall` and `exists`: the items that decide are the witnesses.
fn walked(asking: &Asking, env: &Env, out: Clause, var: &str, items: Vec<Value>, body: &Expr) -> Clause {
    let all = out.kind == Kind::Forall;
    if items.is_empty() {
        return Clause {
            says: "there is nothing to walk over, so nothing is decided".into(),
            n: env.view.rows.into(),
            ..out
        };
    }
    let decided: Vec<(Value, Clause)> =
        items.into_iter().map(|item| (item.clone(), weigh(asking, &env.bind(var, item), body))).collect();
    let neutral = if all { Verdict::Pass } else { Verdict::Fail };
    let verdict = decided.iter().fold(neutral, |v, (_, d)| if all { v.and(d.verdict) } else { v.or(d.verdict) });
    let total = decided.len();
    let count = |v: &[Verdict]| decided.iter().filter(|(_, d)| v.contains(&d.verdict)).count() as u64;
    let counts = Counts {
        yes: count(&[Verdict::Pass]),
        no: count(&[Verdict::Fail]),
        unknown: count(&[Verdict::Inconclusive, Verdict::Unknown, Verdict::NotApplicable]),
    };
    let deciding: Vec<&(Value, Clause)> = decided.iter().filter(|(_, d)| d.verdict == verdict).collect();
    let shows = verdict != neutral || !all;
    let witnesses: Vec<Witness> = deciding
        .iter()
        .filter(|_| shows)
        .map(|(item, d)| Witness {
            name: item.name(),
            clause: d.deciding().text.clone(),
            values: Vec::new(),
            value: d.left,
            interval: d.interval.clone(),
            n: members(env, item, d),
        })
        .collect();
    // The clause shown is the one that goes farthest against the rule, or comes closest to it.
    let worst = deciding.iter().max_by(|a, b| a.1.excess.total_cmp(&b.1.excess));
    let what = match verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
        Verdict::Inconclusive => "cannot be decided at this confidence",
        _ => "cannot be known",
    };
    let says = match worst {
        Some((item, d)) if shows => format!("{} of {total} {what}; worst: {item}: {}", deciding.len(), d.says),
        Some((item, d)) => format!("all {total} {what}; closest: {item}: {}", d.says),
        None => format!("all {total} {what}"),
    };
    let hidden = decided.iter().any(|(_, d)| d.hidden);
    let mut out = Clause { verdict, says, hidden, counts: Some(counts), n: env.view.rows.into(), witnesses, ..out };
    if let Some((item, d)) = worst {
        out.left = d.left;
        out.interval = d.interval.clone();
        out.right = d.right;
        out.threshold = d.threshold;
        out.excess = d.excess;
        let alone = deciding.len() == 1 || verdict == neutral;
        out.flips = d
            .flips
            .iter()
            .filter(|f| alone || f.what.is_some())
            .map(|f| super::clause::Flip {
                says: if alone { format!("{item}: {}", f.says) } else { f.says.clone() },
                ..f.clone()
            })
            .collect();
    }
    if asking.full {
        let mut parts: Vec<(Value, Clause)> = decided;
        parts.retain(|(_, d)| d.verdict == verdict || d.verdict != Verdict::Pass);
        parts.sort_by(|a, b| b.1.excess.total_cmp(&a.1.excess));
        parts.truncate(asking.witnesses);
        out.parts =
            parts.into_iter().map(|(item, d)| Clause { text: format!("{var} = {item}: {}", d.text), ..d }).collect();
    }
    out.more = out.witnesses.len().saturating_sub(asking.witnesses);
    if asking.full {
        out.witnesses.truncate(asking.witnesses);
    } else {
        out.more = 0;
    }
    out
}

/// How many rows a witness stands for.
fn members(env: &Env, item: &Value, clause: &Clause) -> Count {
    match item {
        Value::Group(_) => clause.left.map_or(clause.n, |l| (l.max(0.0) as usize).min(env.view.rows).into()),
        _ => clause.n,
    }
}

/// A part of a figure as a witness.
pub(super) fn group_witness(clause: &str, part: &Part) -> Witness {
    Witness {
        name: part.group.clone(),
        clause: clause.to_string(),
        values: Vec::new(),
        value: part.value,
        interval: part.interval.clone(),
        n: part.n,
    }
}

/// A count of rows in words.
pub(super) fn rows_in_words(n: u64) -> String {
    if n == 1 { "1 row".to_string() } else { format!("{} rows", figure_of_count(n)) }
}

fn figure_of_count(n: u64) -> String {
    if n < 10_000 { figure(n as f64) } else { n.to_string() }
}

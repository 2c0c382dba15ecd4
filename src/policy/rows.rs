//! `every(condition | given)`: in how many rows each clause holds, which rows break it and by which clause, and the
//! smallest change of a row that would mend it.

use super::clause::{Clause, Counts, Flip, Kind, Witness};
use super::compare::{constant, figure};
use super::outcome::Verdict;
use super::weigh::{Asking, rows_in_words};
use crate::check::program::Resolved;
use crate::check::walk;
use crate::eval::{Env, Value, forms};
use crate::syntax::ast::{BinOp, Expr, ExprKind};
use crate::syntax::show;
use std::collections::BTreeSet;

/// A clause of a condition, with its truth in each row when rows are looked at one by one.
struct Part<'e> {
    expr: &'e Expr,
    truth: Vec<Option<bool>>,
    below: Vec<Part<'e>>,
}

/// Decides `every`.
pub(super) fn every(asking: &Asking, env: &Env, rule: &Expr, condition: &Expr, given: Option<&Expr>) -> Clause {
    let clause = |verdict, says: String| Clause::new(Kind::Every, show(rule), rule.span, verdict, says);
    let [no, unknown, yes] = match forms::truths(env, condition, given) {
        Ok(counts) => counts,
        Err(Value::Undefined(why)) => return clause(Verdict::Unknown, why.reason.clone()),
        Err(other) => return clause(Verdict::Unknown, format!("`{}` is {other}", show(condition))),
    };
    let total = no + unknown + yes;
    let text = show(condition);
    let among = given.map_or(String::new(), |g| format!(" where `{}`", show(g)));
    let (verdict, says) = match (no, unknown) {
        _ if total == 0 => (Verdict::Unknown, format!("there is no row{among}")),
        (0, 0) => (Verdict::Pass, format!("`{text}` holds in all {}{among}", rows_in_words(total))),
        (0, _) => (Verdict::Unknown, format!("`{text}` is not known in {} of {total}{among}", rows_in_words(unknown))),
        _ => {
            let open = if unknown > 0 { format!(", and is not known in {unknown}") } else { String::new() };
            (Verdict::Fail, format!("`{text}` does not hold in {} of {total}{among}{open}", rows_in_words(no)))
        }
    };
    let mut out = clause(verdict, says);
    out.counts = Some(Counts { yes, no, unknown });
    out.n = (total as usize).into();
    out.excess = no as f64;
    if asking.full {
        explain(asking, env, &mut out, condition, given);
    }
    out
}

/// Adds the clauses below with their counts, the rows, and the smallest change of a row.
fn explain(asking: &Asking, env: &Env, out: &mut Clause, condition: &Expr, given: Option<&Expr>) {
    out.parts = parts_of(condition)
        .into_iter()
        .filter_map(|part| {
            let [no, unknown, yes] = forms::truths(env, part, given).ok()?;
            let verdict = match (no, unknown) {
                (0, 0) => Verdict::Pass,
                (0, _) => Verdict::Unknown,
                _ => Verdict::Fail,
            };
            let says = format!("true in {yes}, false in {no}, not known in {unknown}");
            let mut clause = Clause::new(Kind::Fact, show(part), part.span, verdict, says);
            clause.counts = Some(Counts { yes, no, unknown });
            clause.n = ((no + unknown + yes) as usize).into();
            Some(clause)
        })
        .collect();
    let wanted = match out.verdict {
        Verdict::Fail => Some(false),
        Verdict::Unknown => None,
        _ => return,
    };
    let Some(tree) = part(env, condition) else { return };
    let kept = match given {
        Some(given) => forms::truth_by_row(env, given).unwrap_or_default(),
        None => vec![Some(true); env.view.rows],
    };
    let hits = tree.truth.iter().zip(&kept).enumerate();
    let mut rows = hits.filter(|(_, (truth, kept))| **truth == wanted && **kept == Some(true)).map(|(row, _)| row);
    let mut columns: Vec<(*const Expr, BTreeSet<String>)> = Vec::new();
    let (mut flip, mut changes): (Option<Flip>, usize) = (None, 0);
    for row in rows.by_ref().take(asking.witnesses) {
        let deciding = deciding(&tree, row, wanted);
        let known = columns.iter().position(|(e, _)| std::ptr::eq(*e, deciding)).unwrap_or_else(|| {
            columns.push((deciding, own_columns(env, deciding)));
            columns.len() - 1
        });
        let names = columns.get(known).map(|(_, names)| names);
        let values = match names {
            Some(names) if !asking.is_phi => names
                .iter()
                .filter(|n| asking.subject != Some(n.as_str()))
                .map(|n| (n.clone(), shown(&env.view.value(n, row))))
                .collect(),
            _ => Vec::new(),
        };
        let who = asking.subject.filter(|_| !asking.is_phi).map(|s| format!(" ({s} {})", env.view.value(s, row)));
        out.witnesses.push(Witness {
            name: format!("row {}{}", row + 1, who.unwrap_or_default()),
            clause: show(deciding),
            values,
            value: None,
            interval: None,
            n: 1.into(),
        });
        changes += 1;
        if flip.is_none() && !asking.is_phi && wanted == Some(false) {
            flip = change_of(env, deciding, row);
        }
    }
    out.more = rows.count();
    let total = changes + out.more;
    if out.verdict == Verdict::Fail {
        let each = if total == 1 {
            "that row were otherwise".to_string()
        } else {
            format!("those {total} rows were otherwise")
        };
        out.flips.push(Flip {
            says: format!("passes if {each}"),
            what: None,
            from: None,
            to: None,
            rows: Some(total as u64),
        });
        out.flips.extend(flip);
    }
}

/// The clauses that a reader sees: the operands of `and` and `or`, all the way down.
fn parts_of(condition: &Expr) -> Vec<&Expr> {
    fn down<'e>(expr: &'e Expr, out: &mut Vec<&'e Expr>) {
        match &expr.kind {
            ExprKind::Binary(BinOp::And | BinOp::Or, _, a, b) => {
                down(a, out);
                down(b, out);
            }
            _ => out.push(expr),
        }
    }
    let mut out = Vec::new();
    down(condition, &mut out);
    if out.len() == 1 { Vec::new() } else { out }
}

fn part<'e>(env: &Env, expr: &'e Expr) -> Option<Part<'e>> {
    let truth = forms::truth_by_row(env, expr).ok()?;
    let below = match &expr.kind {
        ExprKind::Binary(BinOp::And | BinOp::Or, _, a, b) => vec![part(env, a)?, part(env, b)?],
        _ => Vec::new(),
    };
    Some(Part { expr, truth, below })
}

/// The innermost clause that decides in a row: of `and` the first operand that is as the whole; of `or` the only one that
/// is, and the whole `or` where several are, since no single one of them is at fault.
fn deciding<'e>(part: &Part<'e>, row: usize, wanted: Option<bool>) -> &'e Expr {
    let mut same = part.below.iter().filter(|p| p.truth.get(row).copied().flatten() == wanted);
    let first = same.next();
    let is_or = matches!(part.expr.kind, ExprKind::Binary(BinOp::Or, ..));
    match first {
        Some(_) if is_or && same.next().is_some() => part.expr,
        Some(inner) => deciding(inner, row, wanted),
        None => part.expr,
    }
}

/// A cell as it is shown: numbers that are not whole with four digits.
fn shown(value: &Value) -> String {
    match value {
        Value::Number(v) if v.fract() != 0.0 => figure(*v),
        other => other.to_string(),
    }
}

/// The columns that a clause reads itself.
fn own_columns(env: &Env, expr: &Expr) -> BTreeSet<String> {
    let mut names = env.needed(expr);
    names.retain(|n| env.view.column(n).is_some());
    names
}

/// `row 17: age 91 → 89`: for a column compared with a constant.
fn change_of(env: &Env, clause: &Expr, row: usize) -> Option<Flip> {
    let mut plain = true;
    walk(clause, &mut |e| plain &= !matches!(e.kind, ExprKind::Call { .. }));
    let ExprKind::Binary(op, _, a, b) = &clause.kind else { return None };
    let Some(Resolved::Column(name)) = env.program.tables.name(a.id) else { return None };
    if !plain || !constant(env, b) {
        return None;
    }
    let (from, to) = match (env.view.value(name, row), env.one(b)) {
        (Value::Number(from), Value::Number(limit)) => {
            let to = match op {
                BinOp::Le | BinOp::Ge | BinOp::Eq => limit,
                _ => return None,
            };
            (from, to)
        }
        _ => return None,
    };
    Some(Flip {
        says: format!("row {}: {name} {} → {}", row + 1, figure(from), figure(to)),
        what: None,
        from: Some(from),
        to: Some(to),
        rows: Some(1),
    })
}

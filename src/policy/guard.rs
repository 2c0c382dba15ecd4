//! What a clause may say of patients: no figure, count, row or change that would tell a small count.

use super::cells::{Mark, is_small, one_way, tells};
use super::clause::{Clause, Counts, Kind};
use super::outcome::Verdict;
use super::telling::{FEWER, gives_away};
use crate::check::program::Callee;
use crate::check::special::Special;
use crate::eval::Env;
use crate::eval::count::Count;
use crate::syntax::ast::{Expr, ExprKind};
use crate::syntax::show;

/// Why no row is listed, and how to come by the rows all the same.
const UNLISTED: &str = "the data is phi, so these rows are not listed: whoever may see them finds them in the file by \
                        this condition";

/// The clause of `rule` without what must not be shown. The clauses below it are guarded already.
pub(super) fn guarded(env: &Env, rule: &Expr, mut clause: Clause) -> Clause {
    match (clause.kind, &rule.kind) {
        (Kind::Comparison, ExprKind::Binary(_, _, a, b)) if gives_away(env, a) || gives_away(env, b) => {
            let says = compared(env, &mut clause, [a, b]);
            hide(&mut clause, says);
        }
        (Kind::Every, ExprKind::Call { args, .. }) => {
            let condition = args.first().map_or_else(|| show(rule), |a| show(&a.value));
            every(env, &mut clause, &condition);
        }
        (Kind::Forall | Kind::Exists, _) if clause.hidden => quiet(&mut clause),
        (Kind::Fact, _) if gives_away(env, rule) => {
            let says = format!("`{}` {}", clause.text, word(clause.verdict));
            hide(&mut clause, says);
        }
        (Kind::And | Kind::Or | Kind::Not, _) => clause.hidden = clause.parts.iter().any(|p| p.hidden),
        _ => {}
    }
    clause
}

/// What a comparison says without its figures: that a small count is small, or which way it went.
fn compared(env: &Env, clause: &mut Clause, sides: [&Expr; 2]) -> String {
    let verdict = word(clause.verdict);
    match (sides.into_iter().find(|side| is_count(env, side)), clause.left) {
        (Some(side), Some(left)) if left > 0.0 && is_small(left as usize) => {
            clause.n = Count::Few;
            format!("{} is {FEWER}, so that `{}` {verdict}", show(side), clause.text)
        }
        _ => {
            clause.n = Count::Withheld;
            format!("`{}` {verdict}; its figures would tell {FEWER} rows, and the data is phi", clause.text)
        }
    }
}

fn is_count(env: &Env, side: &Expr) -> bool {
    matches!(env.program.tables.call(side.id).map(|p| p.callee), Some(Callee::Special(Special::Count)))
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "holds",
        Verdict::Fail => "does not hold",
        Verdict::Inconclusive => "is not decided",
        Verdict::NotApplicable => "does not apply",
        Verdict::Unknown => "is not known",
    }
}

/// Takes every figure out of a clause; its verdict stays.
fn hide(clause: &mut Clause, says: String) {
    clause.says = says;
    clause.left = None;
    clause.interval = None;
    clause.right = clause.threshold;
    clause.counts = None;
    clause.flips.clear();
    clause.witnesses.clear();
    clause.more = 0;
    clause.hidden = true;
}

/// Groups by name alone, when one of them is small: the numbers of the others would give it away.
fn quiet(clause: &mut Clause) {
    for w in &mut clause.witnesses {
        (w.value, w.interval) = (None, None);
        if w.n != Count::Few {
            w.n = Count::Withheld;
        }
    }
    for part in clause.parts.iter_mut().filter(|p| !p.hidden) {
        hide(part, format!("`{}` {}", part.text, word(part.verdict)));
    }
    if clause.left.take().is_some() {
        // The sentence is about a group that is not small.
        let (of, groups) = clause.counts.map_or((0, 0), |c| (c.no, c.yes + c.no + c.unknown));
        clause.says = match clause.verdict {
            Verdict::Fail => format!("{of} of {groups} fail; figures of groups are withheld, since the data is phi"),
            verdict => format!("`{}` {}", clause.text, word(verdict)),
        };
    }
    (clause.interval, clause.right) = (None, clause.threshold);
    clause.flips.clear();
}

/// `every` over rows: their numbers, the rows themselves, and the clauses below.
fn every(env: &Env, clause: &mut Clause, condition: &str) {
    let Some(counts) = clause.counts else { return };
    let all = [counts.no, counts.unknown, counts.yes];
    let total = all.iter().sum::<u64>() as usize;
    // A clause's rows and those of the whole differ by rows that another clause has.
    for part in &mut clause.parts {
        let Some(own) = part.counts else { continue };
        let differ = |a: u64, b: u64| is_small(a.abs_diff(b) as usize);
        if any_small(own)
            || differ(own.no, counts.no)
            || differ(own.yes, counts.yes)
            || differ(own.unknown, counts.unknown)
        {
            hide(part, format!("`{}` {}", part.text, word(part.verdict)));
            part.n = Count::Withheld;
        }
    }
    if !any_small(counts) && !tells(total, env.view.rows) {
        return;
    }
    let number =
        |n: u64| if is_small(n as usize) { format!("{FEWER} rows") } else { "rows that are not counted here".into() };
    let says = match clause.verdict {
        Verdict::Fail => format!("`{condition}` does not hold in {}; {UNLISTED}", number(counts.no)),
        Verdict::Unknown => format!("`{condition}` is not known in {}; {UNLISTED}", number(counts.unknown)),
        verdict => format!("`{condition}` {}", word(verdict)),
    };
    hide(clause, says);
    clause.n = if tells(total, env.view.rows) { Count::Withheld } else { Count::Rows(total) };
}

fn any_small(counts: Counts) -> bool {
    let marks = one_way(&[counts.yes as usize, counts.no as usize, counts.unknown as usize]);
    marks.iter().any(|m| *m != Mark::Shown)
}

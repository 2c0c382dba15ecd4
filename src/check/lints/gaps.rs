//! Values that a rule in pieces leaves out: constraints that ask the same for different values of one figure, and
//! between two of them a stretch, or a level, of which nothing is asked.
//!
//! A piece is taken to hold for more values than it may, never for fewer: what is told is left out by all of them.

use super::facts::turned;
use super::intervals::{Intervals, chain};
use super::place::Place;
use super::range::{Known, Range, figure};
use super::{own_policies, place_of};
use crate::check::program::{Callee, Program};
use crate::check::special::Special;
use crate::check::types::{Base, Level};
use crate::source::{Diagnostic, Span, codes};
use crate::syntax::ast::{BinOp, Expr, ExprKind, Period};
use crate::syntax::show;
use std::collections::BTreeMap;

pub fn lint(program: &Program, found: &mut Vec<Diagnostic>) {
    let intervals = Intervals::new(program);
    for policy in own_policies(program) {
        let place = place_of(&intervals, policy);
        let mut rules: BTreeMap<String, Vec<Piece>> = BTreeMap::new();
        for constraint in &policy.constraints {
            intervals.next();
            let when = days(&constraint.about.periods);
            let mut cutting = Cutting { intervals: &intervals, pieces: Vec::new() };
            cutting.cut(&constraint.rule, &place, &mut Vec::new(), &when);
            for piece in cutting.pieces {
                rules.entry(piece.form.clone()).or_default().push(piece);
            }
        }
        for pieces in rules.values().filter(|p| p.len() > 1) {
            intervals.next();
            between(&intervals, pieces, found);
        }
    }
}

/// What is asked of the rows that meet some conditions.
struct Piece<'a> {
    /// What is asked, without its limits and conditions, and on which days.
    form: String,
    /// The conditions, each taken to be true or false.
    when: Vec<(&'a Expr, bool)>,
    span: Span,
    place: Place<'a>,
}

struct Cutting<'a, 'b> {
    intervals: &'b Intervals<'a>,
    pieces: Vec<Piece<'a>>,
}

impl<'a> Cutting<'a, '_> {
    fn cut(&mut self, rule: &'a Expr, place: &Place<'a>, when: &mut Vec<(&'a Expr, bool)>, around: &str) {
        let program = self.intervals.program;
        match &rule.kind {
            ExprKind::Binary(BinOp::And, ..) => {
                let mut parts = Vec::new();
                chain(rule, BinOp::And, &mut parts);
                parts.into_iter().for_each(|part| self.cut(part, place, when, around));
            }
            ExprKind::Quantified { all: true, var, range, body } => {
                let (item, _) = self.intervals.walked(range, place);
                let around = format!("{around} forall {} in {}:", var.name, show(range));
                self.cut(body, &place.bind(&var.name, item), when, &around);
            }
            ExprKind::Scoped { body, on: None, filter: Some(filter) } => {
                when.push((filter, true));
                self.cut(body, place, when, around);
                when.pop();
            }
            ExprKind::If(test, yes, no) => {
                for (branch, holds) in [(yes, true), (no, false)] {
                    when.push((test, holds));
                    self.cut(branch, place, when, around);
                    when.pop();
                }
            }
            // Nothing is asked.
            ExprKind::Bool(true) => {}
            ExprKind::Call { args, given, .. } if is_every(program, rule) => {
                let rows = self.intervals.metric_rows(None, place);
                let depth = when.len();
                when.extend(given.as_deref().map(|g| (g, true)));
                if let [arg] = args.as_slice() {
                    self.cut(&arg.value, &rows, when, &format!("{around} every:"));
                }
                when.truncate(depth);
            }
            _ => {
                let depth = when.len();
                let given = given_of(program, rule);
                when.extend(given.map(|g| (g, true)));
                if !when.is_empty() {
                    let place = if given.is_some() { self.intervals.metric_rows(None, place) } else { place.clone() };
                    let form = format!("{around} {}", form(program, rule, false));
                    self.pieces.push(Piece { form, when: when.clone(), span: rule.span, place });
                }
                when.truncate(depth);
            }
        }
    }
}

fn is_every(program: &Program, expr: &Expr) -> bool {
    matches!(program.tables.call(expr.id).map(|p| p.callee), Some(Callee::Special(Special::Every)))
}

/// The condition of the one figure that a comparison bounds.
fn given_of<'a>(program: &Program, rule: &'a Expr) -> Option<&'a Expr> {
    let ExprKind::Binary(op, _, a, b) = &rule.kind else { return None };
    let figure = match (is_fixed(program, a), is_fixed(program, b)) {
        (false, true) => a,
        (true, false) => b,
        _ => return None,
    };
    match &figure.kind {
        ExprKind::Call { given, .. } if op.is_comparison() => given.as_deref(),
        _ => None,
    }
}

fn is_fixed(program: &Program, expr: &Expr) -> bool {
    program.tables.ty(expr.id).is_some_and(|t| t.level == Level::Constant)
}

/// What a rule asks, without its limits; with the conditions of its figures, or without.
pub fn form(program: &Program, rule: &Expr, conditions: bool) -> String {
    let inner = |e: &Expr| form(program, e, conditions);
    if is_fixed(program, rule) {
        return "·".into();
    }
    match &rule.kind {
        ExprKind::Binary(op, _, a, b) if op.is_comparison() => {
            let (a, op, b) = if is_fixed(program, a) { (b, turned(*op), a) } else { (a, *op, b) };
            let side = match op {
                BinOp::Lt | BinOp::Le => "<=",
                BinOp::Gt | BinOp::Ge => ">=",
                other => other.symbol(),
            };
            format!("{} {side} {}", inner(a), inner(b))
        }
        ExprKind::Quantified { all, var, range, body } => {
            format!("{} {} in {}: {}", if *all { "forall" } else { "exists" }, var.name, show(range), inner(body))
        }
        ExprKind::Call { function, args, given } => {
            let args: Vec<String> = args
                .iter()
                .map(|a| format!("{}:{}", a.name.as_ref().map_or("", |n| n.name.as_str()), inner(&a.value)))
                .collect();
            let given = given.as_ref().filter(|_| conditions).map_or(String::new(), |g| show(g));
            format!("{}({} | {given})", function.name, args.join(", "))
        }
        _ => show(rule),
    }
}

/// The days of a rule, as a word that is the same for the same days.
fn days(periods: &[Period]) -> String {
    let one = |p: &Period| format!("{} {} {}", p.standing.word(), p.from, p.to.as_deref().unwrap_or(""));
    periods.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Tells what lies between the pieces of one rule.
fn between<'a>(intervals: &Intervals<'a>, pieces: &[Piece<'a>], found: &mut Vec<Diagnostic>) {
    let held: Vec<Vec<_>> = pieces
        .iter()
        .map(|piece| {
            let said = piece.when.iter().flat_map(|(test, holds)| intervals.facts(test, *holds, &piece.place));
            let mut one: Vec<(String, &'a Expr, Known)> = Vec::new();
            for fact in said {
                match one.iter_mut().find(|(key, ..)| *key == fact.key) {
                    Some(own) => own.2 = std::mem::replace(&mut own.2, Known::Anything).and(fact.known),
                    None => one.push((fact.key, fact.expr, fact.known)),
                }
            }
            one
        })
        .collect();
    let Some(((first, piece), others)) = held.iter().zip(pieces).next().zip(held.get(1..)) else { return };
    for (key, expr, _) in first {
        let Some(known) = std::iter::once(first)
            .chain(others)
            .map(|one| one.iter().find(|(k, ..)| k == key).map(|(.., known)| known))
            .collect::<Option<Vec<&Known>>>()
        else {
            continue; // One of them says nothing of it, and so holds for all of its values.
        };
        let gap = match intervals.known(expr, &piece.place) {
            Known::Number(domain) => numbers(&known, domain),
            Known::Levels(all) => levels(intervals.program, expr, &all, &known, pieces),
            _ => None,
        };
        let Some((below, above, words)) = gap else { continue };
        let (Some(below), Some(above)) = (pieces.get(below), pieces.get(above)) else { continue };
        let name = show(expr);
        found.push(
            Diagnostic::new(codes::VALUES_WITHOUT_RULE, format!("nothing is asked where `{name}` is {words}"))
                .at(above.span, "one piece of the rule")
                .also(below.span, "another one")
                .help("let one of them take it in, or write down that nothing is asked of it: a constraint with an exception that says `exempt`"),
        );
        return;
    }
}

/// Two pieces and the stretch between them that no piece holds for.
fn numbers(pieces: &[&Known], domain: Range) -> Option<(usize, usize, String)> {
    let mut all: Vec<(usize, Range)> = Vec::new();
    for (at, known) in pieces.iter().enumerate() {
        let Known::Number(range) = known else { return None };
        if !range.is_empty() {
            all.push((at, *range));
        }
    }
    all.sort_by(|a, b| a.1.lo.total_cmp(&b.1.lo).then(a.1.lo_open.cmp(&b.1.lo_open)));
    let mut rest = all.into_iter();
    let (mut at, mut reached) = rest.next()?;
    for (next, range) in rest {
        let hole = Range {
            lo: reached.hi,
            lo_open: !reached.hi_open,
            hi: range.lo,
            hi_open: !range.lo_open,
            whole: domain.whole,
        };
        let hole = hole.and(domain);
        if !hole.is_empty() {
            return Some((at, next, stretch(hole)));
        }
        if range.hi > reached.hi || (range.hi == reached.hi && !range.hi_open) {
            (at, reached) = (next, range);
        }
    }
    None
}

fn stretch(hole: Range) -> String {
    if hole.is_point() {
        return figure(hole.lo);
    }
    let lo =
        if hole.lo_open { format!("more than {}", figure(hole.lo)) } else { format!("{} or more", figure(hole.lo)) };
    let hi =
        if hole.hi_open { format!("less than {}", figure(hole.hi)) } else { format!("at most {}", figure(hole.hi)) };
    format!("{lo} and {hi}")
}

/// The first two pieces, and the levels that no piece holds for. A last `else` is an answer for all the others.
fn levels(
    program: &Program,
    expr: &Expr,
    all: &std::collections::BTreeSet<u32>,
    known: &[&Known],
    pieces: &[Piece],
) -> Option<(usize, usize, String)> {
    if pieces.iter().any(|p| p.when.iter().any(|(_, holds)| !holds)) {
        return None;
    }
    let mut open = all.clone();
    for known in known {
        let Known::Levels(levels) = known else { return None };
        open.retain(|level| !levels.contains(level));
    }
    let Some(Base::Category(names)) = program.tables.ty(expr.id).map(|t| &t.base) else { return None };
    let words: Vec<&str> = open.iter().filter_map(|code| names.names.get(*code as usize)).map(String::as_str).collect();
    (!words.is_empty()).then(|| (0, 1, format!("`{}`", words.join("`, `"))))
}

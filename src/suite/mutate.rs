//! Breaks policies on purpose, one small change at a time, and asks the tests whether they notice.
//!
//! A change is made in every copy of the rule that a test asks for; types stay as they are, so nothing is checked anew.
//! A survivor that means the same as the rule is named with its reason in the rule's comment:
//! `/// @survives "n(g) == 0 → n(g) != 0": every group has rows`.

use super::Loaded;
use super::trial::{Changed, trials_of};
use crate::check::force::out_of_force;
use crate::check::{Instance, Program};
use crate::source::Span;
use crate::syntax::ast::{BinOp, Constraint, Exception, Expr, ExprKind, ItemKind, Period, Policy, PolicyParam, Test};
use crate::syntax::show;
use rayon::prelude::*;
use serde::Serialize;
use std::sync::Arc;

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub struct Mutant {
    pub policy: String,
    /// The constraint, exception or parameter it is in; empty for the policy's own dates.
    pub rule: String,
    /// `n(g) >= 11 → n(g) > 11`.
    pub change: String,
    pub span: Span,
    edit: Edit,
}

#[derive(Debug, Clone, PartialEq)]
enum Edit {
    /// The expression at a place becomes another.
    Expr(Span, Box<Expr>),
    /// Of `a and b` or `a or b` at a place only the left part stays, or only the right one.
    Half(Span, bool),
    /// `not x` at a place becomes `x`.
    Bare(Span),
    /// An exception goes, or is made without its condition.
    NoException(String),
    Always(String),
    NoConfidence(Span),
    /// A period goes, or one of its days moves.
    Period(Span, Option<(String, Option<String>)>),
    /// A dated value of a parameter starts on another day.
    Dated(Span, String),
}

/// What became of a mutant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// A test fails.
    Caught,
    /// No test fails, and the rule's comment says why none can.
    Explained(String),
    Survives,
}

/// All mutants of the script's own policies with their fates, in the order of the script.
pub fn mutants(program: &Program, loaded: &Loaded) -> Vec<(Mutant, Fate)> {
    let tests: Vec<&Test> = program
        .file
        .items
        .iter()
        .filter_map(|i| match &i.kind {
            ItemKind::Test(test) => Some(test),
            _ => None,
        })
        .collect();
    let mut all: Vec<(Mutant, String)> = Vec::new();
    for item in &program.file.items {
        let ItemKind::Policy(policy) = &item.kind else { continue };
        let doc = item.doc.clone().unwrap_or_default();
        of_policy(policy, &doc, &mut all);
    }
    all.into_par_iter()
        .map(|(mutant, doc)| {
            let fate = match survives(program, loaded, &tests, &mutant) {
                false => Fate::Caught,
                true => match reason(&doc, &mutant.change) {
                    Some(reason) => Fate::Explained(reason),
                    None => Fate::Survives,
                },
            };
            (mutant, fate)
        })
        .collect()
}

/// The reason after `@survives "CHANGE":` in a comment.
fn reason(doc: &str, change: &str) -> Option<String> {
    doc.lines().find_map(|line| {
        let (named, why) = line.trim().strip_prefix("@survives \"")?.split_once("\":")?;
        let why = why.trim();
        (plain(named) == plain(change) && !why.is_empty()).then(|| why.to_string())
    })
}

/// A clause without its blanks, to compare as it was written.
pub(super) fn plain(text: &str) -> String {
    text.split_whitespace().collect()
}

fn survives(program: &Program, loaded: &Loaded, tests: &[&Test], mutant: &Mutant) -> bool {
    let mut changed: Changed = Changed::new();
    let mut touched = Vec::new();
    for (id, instance) in &program.instances {
        if let Some(other) = applied(instance, mutant) {
            touched.push(*id);
            changed.insert(*id, Arc::new(other));
        }
    }
    for test in tests {
        let mut instances = Changed::new();
        for part in &test.parts {
            if let crate::syntax::ast::TestPart::Expect(expect) = part
                && let Some(instance) = changed.get(&expect.policy.id)
            {
                instances.insert(expect.policy.id, instance.clone());
            }
        }
        if instances.is_empty() {
            continue;
        }
        if trials_of(program, &instances, loaded, test, false).any(|trial| trial.judged().is_err()) {
            return false;
        }
    }
    true
}

/// The instance with the change, where it has the place.
fn applied(instance: &Instance, mutant: &Mutant) -> Option<Instance> {
    let mut out = instance.clone();
    let mut done = false;
    for part in &mut out.parts {
        if part.policy.name.name != mutant.policy {
            continue;
        }
        done |= change_policy(&mut part.policy, &mutant.edit);
    }
    done.then_some(out)
}

fn change_policy(policy: &mut Policy, edit: &Edit) -> bool {
    let mut done = false;
    match edit {
        Edit::NoException(name) => {
            let before = policy.exceptions.len();
            policy.exceptions.retain(|e| e.name.name != *name);
            done = policy.exceptions.len() < before;
        }
        Edit::Always(name) => {
            for e in policy.exceptions.iter_mut().filter(|e| e.name.name == *name) {
                e.when = None;
                done = true;
            }
        }
        Edit::NoConfidence(span) => {
            let constraints = policy.constraints.iter_mut().map(|c| &mut c.confidence);
            for confidence in constraints.chain(policy.exceptions.iter_mut().map(|e| &mut e.confidence)) {
                if confidence.as_ref().is_some_and(|c| c.span == *span) {
                    *confidence = None;
                    done = true;
                }
            }
        }
        Edit::Period(span, to) => {
            let abouts = policy.constraints.iter_mut().map(|c| &mut c.about);
            let abouts = abouts.chain(policy.exceptions.iter_mut().map(|e| &mut e.about)).chain([&mut policy.about]);
            for about in abouts {
                let Some(at) = about.periods.iter().position(|p| p.span == *span) else { continue };
                done = true;
                match to {
                    Some((from, until)) => {
                        if let Some(p) = about.periods.get_mut(at) {
                            (p.from, p.to) = (from.clone(), until.clone());
                        }
                    }
                    None => {
                        about.periods.remove(at);
                    }
                }
            }
        }
        Edit::Dated(span, day) => {
            for dated in policy.params.iter_mut().flat_map(|p| &mut p.dated).filter(|d| d.1 == *span) {
                dated.0 = day.clone();
                done = true;
            }
        }
        Edit::Expr(span, _) | Edit::Half(span, _) | Edit::Bare(span) => {
            let rules = policy.constraints.iter_mut().map(|c| &mut c.rule);
            let exceptions = policy.exceptions.iter_mut().flat_map(|e| e.when.iter_mut().chain(&mut e.rule));
            let params = policy
                .params
                .iter_mut()
                .flat_map(|p| p.default.iter_mut().chain(p.dated.iter_mut().map(|(_, _, v)| v)));
            for rule in rules.chain(exceptions).chain(params) {
                done |= replace(rule, *span, edit);
            }
        }
    }
    done
}

/// Makes the change at `span`. Only what changes is taken from the edit: the parts are those of this copy, in which a
/// user's columns stand for parameters.
fn replace(expr: &mut Expr, span: Span, edit: &Edit) -> bool {
    if expr.span == span && changed(expr, edit) {
        return true;
    }
    let mut done = false;
    crate::syntax::each_part(expr, &mut |part| done |= replace(part, span, edit));
    done
}

fn changed(expr: &mut Expr, edit: &Edit) -> bool {
    let part = match (&mut expr.kind, edit) {
        (ExprKind::Binary(BinOp::And | BinOp::Or, _, a, b), Edit::Half(_, left)) => {
            if *left {
                (**a).clone()
            } else {
                (**b).clone()
            }
        }
        (ExprKind::Not(inner), Edit::Bare(_)) => (**inner).clone(),
        (kind, Edit::Expr(_, with)) => return turned(kind, &with.kind),
        _ => return false,
    };
    *expr = part;
    true
}

/// Takes over another operator, quantifier or literal of the same kind.
fn turned(kind: &mut ExprKind, with: &ExprKind) -> bool {
    match (kind, with) {
        (ExprKind::Binary(op, ..), ExprKind::Binary(other, ..)) => *op = *other,
        (ExprKind::Quantified { all, .. }, ExprKind::Quantified { all: other, .. }) => *all = *other,
        (ExprKind::Int(v), ExprKind::Int(other)) => *v = *other,
        (ExprKind::Real(v), ExprKind::Real(other)) | (ExprKind::Percent(v), ExprKind::Percent(other)) => *v = *other,
        (ExprKind::Quantity(v, _), ExprKind::Quantity(other, _)) => *v = *other,
        (ExprKind::Bool(v), ExprKind::Bool(other)) => *v = *other,
        _ => return false,
    }
    true
}

/// The mutants of one policy, each with the comment that may explain it.
fn of_policy(policy: &Policy, doc: &str, out: &mut Vec<(Mutant, String)>) {
    let mut add = |rule: &str, doc: &str, change: String, span: Span, edit: Edit| {
        let mutant = Mutant { policy: policy.name.name.clone(), rule: rule.to_string(), change, span, edit };
        out.push((mutant, doc.to_string()));
    };
    for period in &policy.about.periods {
        periods(&policy.about.periods, period, &mut |change, edit| add("", doc, change, period.span, edit));
    }
    for param in &policy.takes {
        if let Some(value) = &param.default {
            let name = &param.name.name;
            literals(value, &mut |from, to, edit| add(name, doc, format!("{name} = {from} → {to}"), value.span, edit));
        }
    }
    for PolicyParam { name, default, dated, .. } in &policy.params {
        for value in default.iter().chain(dated.iter().map(|(_, _, v)| v)) {
            literals(value, &mut |from, to, edit| {
                add(&name.name, doc, format!("{} = {from} → {to}", name.name), value.span, edit);
            });
        }
        for (day, span, _) in dated {
            for (word, days) in [("a day later", 1), ("a day earlier", -1)] {
                if let Some(moved) = moved(day, days) {
                    let change = format!("{} from {day} → {word}", name.name);
                    add(&name.name, doc, change, *span, Edit::Dated(*span, moved));
                }
            }
        }
    }
    for Constraint { name, doc: own, about, rule, confidence, .. } in &policy.constraints {
        let doc = own.clone().unwrap_or_default();
        for period in &about.periods {
            periods(&about.periods, period, &mut |change, edit| add(&name.name, &doc, change, period.span, edit));
        }
        rules(rule, &mut |change, span, edit| add(&name.name, &doc, change, span, edit));
        if let Some(c) = confidence {
            let change = format!("with confidence {} → without", show(c));
            add(&name.name, &doc, change, c.span, Edit::NoConfidence(c.span));
        }
    }
    for Exception { name, doc: own, when, rule, about, confidence, .. } in &policy.exceptions {
        let doc = own.clone().unwrap_or_default();
        let own_name = name.name.clone();
        add(&own_name, &doc, format!("exception {own_name} → none"), name.span, Edit::NoException(own_name.clone()));
        for period in &about.periods {
            periods(&about.periods, period, &mut |change, edit| add(&name.name, &doc, change, period.span, edit));
        }
        if let Some(when) = when {
            let change = format!("when {} → always", show(when));
            add(&own_name, &doc, change, when.span, Edit::Always(own_name.clone()));
            rules(when, &mut |change, span, edit| add(&name.name, &doc, change, span, edit));
        }
        if let Some(rule) = rule {
            rules(rule, &mut |change, span, edit| add(&name.name, &doc, change, span, edit));
        }
        if let Some(c) = confidence {
            let change = format!("with confidence {} → without", show(c));
            add(&own_name, &doc, change, c.span, Edit::NoConfidence(c.span));
        }
    }
}

/// Days moved and periods taken away; not where it makes no difference on any day, such as another day of enactment of
/// what is effective later.
fn periods(all: &[Period], at: &Period, add: &mut dyn FnMut(String, Edit)) {
    let word = at.standing.word();
    let to = at.to.clone();
    let mut offer = |change: String, with: Option<(String, Option<String>)>| {
        let other = all.iter().filter_map(|p| match &with {
            _ if p.span != at.span => Some(p.clone()),
            Some((from, to)) => Some(Period { from: from.clone(), to: to.clone(), ..p.clone() }),
            None => None,
        });
        if differ(all, &other.collect::<Vec<_>>()) {
            add(change, Edit::Period(at.span, with));
        }
    };
    for (text, days) in [("a day later", 1), ("a day earlier", -1)] {
        if let Some(day) = moved(&at.from, days) {
            offer(format!("{word} {} → {text}", at.from), Some((day, to.clone())));
        }
        if let Some(day) = to.as_ref().and_then(|to| moved(to, days)) {
            let change = format!("{word} until {} → {text}", to.as_deref().unwrap_or(""));
            offer(change, Some((at.from.clone(), Some(day))));
        }
    }
    offer(format!("{word} {} → never said", at.from), None);
}

/// Whether a rule with these periods asks for something on a day on which it does not with the others.
fn differ(these: &[Period], others: &[Period]) -> bool {
    let named = these.iter().chain(others).flat_map(|p| p.to.iter().chain([&p.from]));
    let days: Vec<String> = named.flat_map(|day| [-1, 0, 1].into_iter().filter_map(|by| moved(day, by))).collect();
    let asks = |periods: &[Period], day: Option<&str>| out_of_force(periods, day).is_none();
    days.iter().map(|d| Some(d.as_str())).chain([None]).any(|day| asks(these, day) != asks(others, day))
}

fn moved(day: &str, days: i64) -> Option<String> {
    let date = chrono::NaiveDate::parse_from_str(day, "%Y-%m-%d").ok()?;
    Some(date.checked_add_signed(chrono::TimeDelta::days(days))?.to_string())
}

/// Comparisons, quantifiers, `and`, `or`, `not` and limits of a rule.
fn rules(rule: &Expr, add: &mut dyn FnMut(String, Span, Edit)) {
    let other_kind = |kind: ExprKind| Expr { kind, ..rule.clone() };
    match &rule.kind {
        ExprKind::Binary(op, at, a, b) if op.is_comparison() => {
            for other in others(*op) {
                let with = other_kind(ExprKind::Binary(other, *at, a.clone(), b.clone()));
                add(format!("{} → {}", show(rule), show(&with)), rule.span, Edit::Expr(rule.span, Box::new(with)));
            }
            for side in [a, b] {
                literals(side, &mut |from, to, edit| {
                    let text = show(rule);
                    add(format!("{text}: {from} → {to}"), side.span, edit);
                });
                rules_below(side, add);
            }
        }
        ExprKind::Binary(op @ (BinOp::And | BinOp::Or), at, a, b) => {
            let other = if *op == BinOp::And { BinOp::Or } else { BinOp::And };
            let with = other_kind(ExprKind::Binary(other, *at, a.clone(), b.clone()));
            add(format!("{} → {}", show(rule), show(&with)), rule.span, Edit::Expr(rule.span, Box::new(with)));
            for (gone, left) in [(b, true), (a, false)] {
                let change = format!("{} {} → left out", op.symbol(), show(gone));
                add(change, gone.span, Edit::Half(rule.span, left));
            }
            rules(a, add);
            rules(b, add);
        }
        ExprKind::Not(inner) => {
            add(format!("{} → {}", show(rule), show(inner)), rule.span, Edit::Bare(rule.span));
            rules(inner, add);
        }
        ExprKind::Quantified { all, var, range, body } => {
            let with = other_kind(ExprKind::Quantified {
                all: !all,
                var: var.clone(),
                range: range.clone(),
                body: body.clone(),
            });
            let words = if *all { "forall → exists" } else { "exists → forall" };
            add(format!("{words} {} in {}", var.name, show(range)), rule.span, Edit::Expr(rule.span, Box::new(with)));
            rules(body, add);
        }
        _ => rules_below(rule, add),
    }
}

/// The conditions inside calls: of `every`, of `P`, after `|`.
fn rules_below(expr: &Expr, add: &mut dyn FnMut(String, Span, Edit)) {
    match &expr.kind {
        ExprKind::Call { args, given, .. } => {
            args.iter().map(|a| &a.value).chain(given.as_deref()).for_each(|e| rules(e, add));
        }
        ExprKind::Binary(_, _, a, b) => {
            rules_below(a, add);
            rules_below(b, add);
        }
        ExprKind::Neg(a) => rules_below(a, add),
        ExprKind::Over { body, .. } => rules_below(body, add),
        ExprKind::If(a, b, c) => {
            rules(a, add);
            rules(b, add);
            rules(c, add);
        }
        _ => {}
    }
}

/// The comparison at its edge, and the other way round.
fn others(op: BinOp) -> Vec<BinOp> {
    match op {
        BinOp::Le => vec![BinOp::Lt, BinOp::Gt],
        BinOp::Lt => vec![BinOp::Le, BinOp::Ge],
        BinOp::Ge => vec![BinOp::Gt, BinOp::Lt],
        BinOp::Gt => vec![BinOp::Ge, BinOp::Le],
        BinOp::Eq => vec![BinOp::Ne],
        BinOp::Ne => vec![BinOp::Eq],
        _ => Vec::new(),
    }
}

/// A number that is a limit by itself: the next whole number, or a tenth more and less.
fn literals(expr: &Expr, add: &mut dyn FnMut(String, String, Edit)) {
    let mut change = |kind: ExprKind| {
        let with = Expr { kind, ..expr.clone() };
        add(show(expr), show(&with), Edit::Expr(expr.span, Box::new(with)));
    };
    match &expr.kind {
        ExprKind::Int(v) => {
            change(ExprKind::Int(v + 1));
            change(ExprKind::Int(v - 1));
        }
        ExprKind::Real(v) if *v != 0.0 => {
            change(ExprKind::Real(v * 1.1));
            change(ExprKind::Real(v * 0.9));
        }
        ExprKind::Percent(v) if *v != 0.0 => {
            change(ExprKind::Percent(v * 1.1));
            change(ExprKind::Percent(v * 0.9));
        }
        ExprKind::Quantity(v, unit) => {
            change(ExprKind::Quantity(v + 1.0, unit.clone()));
            change(ExprKind::Quantity(v - 1.0, unit.clone()));
        }
        ExprKind::Bool(v) => change(ExprKind::Bool(!v)),
        _ => {}
    }
}

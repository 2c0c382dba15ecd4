//! What the tests of a file have seen of its policies: each constraint passing and failing, each clause true and false.

use super::Loaded;
use super::trial::trials;
use crate::check::Program;
use crate::check::program::Callee;
use crate::check::special::Special;
use crate::policy::Verdict;
use crate::policy::clause::{Clause, Kind};
use crate::source::Span;
use crate::syntax::ast::{BinOp, Expr, ExprKind, ItemKind, Policy};
use crate::syntax::show;
use serde::Serialize;
use std::collections::BTreeMap;

/// How often something was seen to hold and not to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Seen {
    pub passes: usize,
    pub fails: usize,
    /// Inconclusive, unknown, not applicable.
    pub other: usize,
}

impl Seen {
    fn add(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Pass => self.passes += 1,
            Verdict::Fail => self.fails += 1,
            _ => self.other += 1,
        }
    }

    pub fn is_both(&self) -> bool {
        self.passes > 0 && self.fails > 0
    }
}

/// One clause of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClauseSeen {
    pub clause: String,
    pub seen: Seen,
}

/// One constraint or exception.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleSeen {
    pub policy: String,
    pub name: String,
    pub seen: Seen,
    /// More than one only when the rule has clauses.
    pub clauses: Vec<ClauseSeen>,
}

/// Every constraint of the script's own policies.
pub fn coverage(program: &Program, loaded: &Loaded) -> Vec<RuleSeen> {
    let mut rules: BTreeMap<Span, Seen> = BTreeMap::new();
    let mut clauses: BTreeMap<Span, Seen> = BTreeMap::new();
    for item in &program.file.items {
        let ItemKind::Test(test) = &item.kind else { continue };
        for trial in trials(program, loaded, test, true) {
            let Some(instance) = program.instances.get(&trial.expect.policy.id) else { continue };
            for ((_, constraint), decided) in instance.constraints().zip(&trial.decided) {
                rules.entry(constraint.name.span).or_default().add(decided.result.verdict);
                decided.clause.walk(&mut |c| note(c, &mut clauses));
            }
        }
    }
    let mut out = Vec::new();
    for item in &program.file.items {
        let ItemKind::Policy(policy) = &item.kind else { continue };
        for (name, rule) in rules_of(policy) {
            let mut found = Vec::new();
            leaves(program, rule, &mut found);
            let of = |expr: &&Expr| ClauseSeen {
                clause: show(expr),
                seen: clauses.get(&expr.span).copied().unwrap_or_default(),
            };
            out.push(RuleSeen {
                policy: policy.name.name.clone(),
                name: name.name.clone(),
                seen: rules.get(&name.span).copied().unwrap_or_default(),
                clauses: if found.len() > 1 { found.iter().map(of).collect() } else { Vec::new() },
            });
        }
    }
    out
}

fn rules_of(policy: &Policy) -> impl Iterator<Item = (&crate::syntax::ast::Ident, &Expr)> {
    policy.constraints.iter().map(|c| (&c.name, &c.rule))
}

fn note(clause: &Clause, out: &mut BTreeMap<Span, Seen>) {
    let Some(span) = clause.span else { return };
    let seen = out.entry(span).or_default();
    match (&clause.counts, clause.kind) {
        // A condition of rows is seen in each of them.
        (Some(counts), Kind::Fact) => {
            seen.passes += counts.yes as usize;
            seen.fails += counts.no as usize;
            seen.other += counts.unknown as usize;
        }
        _ => seen.add(clause.verdict),
    }
}

/// The clauses that a reader sees: what stands between `and`, `or`, `not`, quantifiers and `every`.
fn leaves<'e>(program: &Program, rule: &'e Expr, out: &mut Vec<&'e Expr>) {
    match &rule.kind {
        ExprKind::Binary(BinOp::And | BinOp::Or, _, a, b) => {
            leaves(program, a, out);
            leaves(program, b, out);
        }
        ExprKind::Not(inner) => leaves(program, inner, out),
        ExprKind::Quantified { body, .. } => leaves(program, body, out),
        ExprKind::Call { args, .. }
            if program.tables.call(rule.id).is_some_and(|p| p.callee == Callee::Special(Special::Every)) =>
        {
            args.iter().take(1).for_each(|a| leaves(program, &a.value, out));
        }
        _ => out.push(rule),
    }
}

//! What can be said about a script before any data is read, beyond that it is well formed: constraints that decide
//! nothing, days and values that nothing decides, targets that nobody can meet, samples too small to tell,
//! definitions that nobody uses.
//!
//! Runs over a program without errors and only warns. Reads the tree and the side tables; changes nothing.

mod asked;
mod calls;
mod constraints;
mod days;
mod declared;
mod exceptions;
mod facts;
mod fairness;
mod gaps;
mod implied;
mod intervals;
pub mod ledger;
mod parity;
mod place;
mod power;
pub mod range;
pub mod sizes;
mod unused;

use super::program::Program;
use crate::source::Diagnostic;
use crate::syntax::ast::{Expr, ExprKind, ItemKind, Policy};
use intervals::Intervals;
use place::Place;
use range::{Known, Range, Truth};

/// Everything there is to warn about, in no particular order.
pub fn lint(program: &Program) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    constraints::lint(program, &mut found);
    days::lint(program, &mut found);
    gaps::lint(program, &mut found);
    fairness::lint(program, &mut found);
    power::lint(program, &mut found);
    ledger::lint(program, &mut found);
    unused::lint(program, &mut found);
    found
}

/// The policies that stand in the script itself; those of used files are told when these are checked.
fn own_policies(program: &Program) -> impl Iterator<Item = &Policy> {
    program.file.items.iter().filter_map(|i| if let ItemKind::Policy(p) = &i.kind { Some(p) } else { None })
}

/// Where the constraints of a policy stand: over the rows of its file's data, its parameters at any of their values.
fn place_of<'a>(intervals: &Intervals<'a>, policy: &'a Policy) -> Place<'a> {
    let program = intervals.program;
    let rows = program.home_of(&policy.name.name).and_then(|h| program.dataset(h));
    let mut place = Place::of(rows);
    for param in &policy.params {
        let values = param.default.iter().chain(param.dated.iter().map(|(_, _, v)| v));
        let known = values.map(|v| intervals.known(v, &place)).reduce(Known::or).unwrap_or(Known::Anything);
        place.locals.push((param.name.name.clone(), known));
    }
    place
}

/// For tests: whether each constraint of the script's policies can hold, and whether it can fail.
pub fn verdicts(program: &Program) -> Vec<(String, Truth)> {
    of_constraints(program, |intervals, rule, place| Some(intervals.truth(rule, place, true)))
}

/// For tests: where the left side of each comparison that is a whole constraint lies.
pub fn left_sides(program: &Program) -> Vec<(String, Range)> {
    of_constraints(program, |intervals, rule, place| match &rule.kind {
        ExprKind::Binary(op, _, a, _) if op.is_comparison() => match intervals.known(a, place) {
            Known::Number(range) => Some(range),
            _ => None,
        },
        _ => None,
    })
}

/// What is known of each constraint of the script's policies, by name.
fn of_constraints<T>(
    program: &Program,
    ask: impl for<'a> Fn(&Intervals<'a>, &'a Expr, &Place<'a>) -> Option<T>,
) -> Vec<(String, T)> {
    let intervals = Intervals::new(program);
    let mut out = Vec::new();
    for policy in own_policies(program) {
        let place = place_of(&intervals, policy);
        for constraint in &policy.constraints {
            intervals.next();
            let found = ask(&intervals, &constraint.rule, &place);
            out.extend(found.map(|found| (constraint.name.name.clone(), found)));
        }
    }
    out
}

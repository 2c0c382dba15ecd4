//! Days that no rule covers although the policy is in force: before the first value of a parameter, between versions
//! of a constraint, after its last one, and rules whose own days never come.

use super::gaps::form;
use super::own_policies;
use crate::check::force::out_of_force;
use crate::check::program::Program;
use crate::check::walk;
use crate::source::{Diagnostic, Span, codes};
use crate::syntax::ast::{Constraint, ExprKind, Period, Policy, PolicyParam};
use std::collections::BTreeMap;

/// Policies that include policies, before no more of them are looked at.
const DEEPEST: usize = 64;
/// Rules of one policy, those of included ones with them, before nothing is said of its days.
const MOST_RULES: usize = 1000;

pub fn lint(program: &Program, found: &mut Vec<Diagnostic>) {
    for policy in own_policies(program) {
        for param in &policy.params {
            parameter(policy, param, found);
        }
        never(policy, found);
        if !silent(program, policy, found) {
            versions(program, policy, found);
        }
    }
}

/// Days on which nothing of what is asked changes; without an end where they go on for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stretch {
    from: Option<String>,
    to: Option<String>,
}

impl Stretch {
    /// A day of it; none where no day is named anywhere, so that every day is like every other.
    fn day(&self) -> Option<&str> {
        self.from.as_deref().or(self.to.as_deref())
    }

    fn words(&self) -> String {
        match (&self.from, &self.to) {
            (Some(from), Some(to)) if from == to => format!("on {from}"),
            (Some(from), Some(to)) => format!("from {from} to {to}"),
            (Some(from), None) => format!("from {from} on"),
            (None, Some(to)) => format!("until {to}"),
            (None, None) => "on any day".into(),
        }
    }
}

/// All days in order, cut wherever a rule with one of these periods may begin or cease to ask for something.
fn stretches<'a>(periods: impl Iterator<Item = &'a Period>, more: &[&str]) -> Vec<Stretch> {
    let mut starts: Vec<String> = more.iter().map(|d| (*d).to_string()).collect();
    for period in periods {
        starts.push(period.from.clone());
        starts.extend(period.to.as_deref().and_then(|to| moved(to, 1)));
    }
    starts.sort();
    starts.dedup();
    let mut out = vec![Stretch { from: None, to: None }];
    for start in starts {
        if let Some(last) = out.last_mut() {
            last.to = moved(&start, -1);
        }
        out.push(Stretch { from: Some(start), to: None });
    }
    out
}

fn moved(day: &str, days: i64) -> Option<String> {
    let date = chrono::NaiveDate::parse_from_str(day, "%Y-%m-%d").ok()?;
    Some(date.checked_add_signed(chrono::TimeDelta::try_days(days)?)?.to_string())
}

/// Neighbouring stretches in one.
fn joined(all: Vec<Stretch>) -> Vec<Stretch> {
    let mut out: Vec<Stretch> = Vec::new();
    for next in all {
        match out.last_mut() {
            Some(last) if last.to.as_deref().and_then(|to| moved(to, 1)) == next.from && next.from.is_some() => {
                last.to = next.to;
            }
            _ => out.push(next),
        }
    }
    out
}

fn in_force(periods: &[Period], day: Option<&str>) -> bool {
    out_of_force(periods, day).is_none()
}

/// Days on which a rule that is in force reads a parameter that has no value yet.
fn parameter(policy: &Policy, param: &PolicyParam, found: &mut Vec<Diagnostic>) {
    let first = param.dated.iter().min_by(|a, b| a.0.cmp(&b.0));
    let (None, Some((first, at, _))) = (&param.default, first) else { return };
    let readers = readers(policy, &param.name.name);
    let periods = policy.about.periods.iter().chain(readers.iter().flat_map(|r| r.iter()));
    let open = stretches(periods, &[first])
        .into_iter()
        .filter(|s| s.day().is_some_and(|d| d < first.as_str()))
        .filter(|s| in_force(&policy.about.periods, s.day()) && readers.iter().any(|r| in_force(r, s.day())));
    let Some(words) = listed(&joined(open.collect())) else { return };
    found.push(
        Diagnostic::new(codes::DAYS_WITHOUT_RULE, format!("`{}` has no value {words}", param.name.name))
            .at(param.name.span, "what reads it is in force then, and its verdict is `unknown`")
            .also(*at, "the first value")
            .help(
                "write the value of those days, `= value` for all days before the first, or let the policy begin later",
            ),
    );
}

/// The periods of the constraints and exceptions that read a parameter, themselves or through another parameter, and no
/// periods for an included policy that is handed it.
fn readers<'a>(policy: &'a Policy, param: &str) -> Vec<&'a [Period]> {
    let mut names = vec![param.to_string()];
    for later in &policy.params {
        let values = later.default.iter().chain(later.dated.iter().map(|(_, _, v)| v));
        if values.into_iter().any(|v| reads(v, &names)) {
            names.push(later.name.name.clone());
        }
    }
    let constraints = policy.constraints.iter().filter(|c| {
        let parts = std::iter::once(&c.rule).chain(&c.confidence);
        parts.into_iter().any(|e| reads(e, &names))
    });
    let exceptions = policy.exceptions.iter().filter(|e| {
        let parts = e.when.iter().chain(&e.rule).chain(&e.confidence);
        parts.into_iter().any(|e| reads(e, &names))
    });
    let handed = policy.includes.iter().filter(|i| i.args.iter().any(|a| reads(&a.value, &names)));
    constraints
        .map(|c| c.about.periods.as_slice())
        .chain(exceptions.map(|e| e.about.periods.as_slice()))
        .chain(handed.map(|_| [].as_slice()))
        .collect()
}

fn reads(expr: &crate::syntax::ast::Expr, names: &[String]) -> bool {
    let mut found = false;
    walk(expr, &mut |e| {
        if let ExprKind::Name(name) = &e.kind {
            found |= names.contains(name);
        }
    });
    found
}

/// Constraints and exceptions whose own days and those of what they belong to never meet.
fn never(policy: &Policy, found: &mut Vec<Diagnostic>) {
    let meet = |a: &[Period], b: &[Period]| {
        let all = a.iter().chain(b).chain(&policy.about.periods);
        stretches(all, &[])
            .iter()
            .any(|s| [a, b, &policy.about.periods].into_iter().all(|periods| in_force(periods, s.day())))
    };
    let mut tell = |what: String, at: Span, target: String| {
        found.push(
            Diagnostic::new(codes::DAYS_WITHOUT_RULE, format!("{what} is in force on no day on which {target} is"))
                .at(at, "never asked")
                .help("look at the days of both, or leave it out"),
        );
    };
    if !meet(&[], &[]) {
        return; // Of a policy that never came into force nothing is expected.
    }
    for constraint in &policy.constraints {
        if !meet(&constraint.about.periods, &[]) {
            let name = &constraint.name;
            tell(format!("the constraint `{}`", name.name), name.span, format!("`{}`", policy.name.name));
        }
    }
    for exception in &policy.exceptions {
        let constraint = policy.constraints.iter().find(|c| c.name.name == exception.to.name);
        let other = policy.exceptions.iter().find(|e| e.name.name == exception.to.name);
        let target = constraint.map(|c| &c.about).or(other.map(|e| &e.about));
        let Some(target) = target.filter(|t| meet(&t.periods, &[])) else { continue };
        if !meet(&exception.about.periods, &target.periods) {
            let name = &exception.name;
            tell(format!("the exception `{}`", name.name), name.span, format!("`{}`", exception.to.name));
        }
    }
}

/// Whether two exceptions can stand on one and the same day.
pub fn share_a_day(a: &[Period], b: &[Period]) -> bool {
    stretches(a.iter().chain(b), &[]).iter().any(|s| in_force(a, s.day()) && in_force(b, s.day()))
}

/// Days on which the policy is in force and asks for nothing, once it has asked for something; whether there are any.
fn silent(program: &Program, policy: &Policy, found: &mut Vec<Diagnostic>) -> bool {
    let mut rules = Vec::new();
    asked(program, policy, &mut Vec::new(), &mut rules);
    if rules.len() >= MOST_RULES {
        return false;
    }
    let own = &policy.about.periods;
    let days = stretches(own.iter().chain(rules.iter().flatten().flat_map(|p| p.iter())), &[]);
    let asks = |s: &Stretch| rules.iter().any(|rule| rule.iter().all(|periods| in_force(periods, s.day())));
    let Some(begin) = days.iter().position(asks) else { return false };
    let open = days.iter().skip(begin).filter(|s| in_force(own, s.day()) && !asks(s)).cloned();
    let Some(words) = listed(&joined(open.collect())) else { return false };
    let name = &policy.name;
    found.push(
        Diagnostic::new(codes::DAYS_WITHOUT_RULE, format!("`{}` asks for nothing {words}", name.name))
            .at(name.span, "in force, but none of its constraints is")
            .help("end or suspend the policy itself (`effective @… .. @…`, `stayed @… .. @…`), or write what is asked on those days"),
    );
    true
}

/// The constraints of a policy and of those that it includes, up to `MOST_RULES`: of each the periods of the policies
/// around it and its own.
fn asked<'a>(
    program: &'a Program,
    policy: &'a Policy,
    around: &mut Vec<&'a [Period]>,
    rules: &mut Vec<Vec<&'a [Period]>>,
) {
    if around.len() > DEEPEST || rules.len() >= MOST_RULES {
        return;
    }
    around.push(&policy.about.periods);
    for constraint in &policy.constraints {
        let own: &[Period] = &constraint.about.periods;
        rules.push(around.iter().copied().chain([own]).collect());
    }
    let at = program.origin_of(&policy.name.name);
    for used in &policy.includes {
        if let Some(inner) = program.policy(&program.global(at, &used.name.name)) {
            asked(program, inner, around, rules);
        }
    }
    around.pop();
}

/// Days between two versions of one constraint: constraints that ask the same of the same figure, the limit aside.
fn versions(program: &Program, policy: &Policy, found: &mut Vec<Diagnostic>) {
    let mut groups: BTreeMap<String, Vec<&Constraint>> = BTreeMap::new();
    if policy.constraints.iter().filter(|c| !c.about.periods.is_empty()).count() < 2 {
        return;
    }
    for constraint in &policy.constraints {
        groups.entry(form(program, &constraint.rule, true)).or_default().push(constraint);
    }
    let own = &policy.about.periods;
    for group in groups.values() {
        // One without days of its own covers all days.
        let ([first, .., last], true) = (group.as_slice(), group.iter().all(|c| !c.about.periods.is_empty())) else {
            continue;
        };
        let days = stretches(own.iter().chain(group.iter().flat_map(|c| &c.about.periods)), &[]);
        let asks = |s: &Stretch| in_force(own, s.day()) && group.iter().any(|c| in_force(&c.about.periods, s.day()));
        let (Some(begin), Some(end)) = (days.iter().position(asks), days.iter().rposition(asks)) else { continue };
        let open: Vec<Stretch> =
            days.iter().take(end).skip(begin).filter(|s| in_force(own, s.day()) && !asks(s)).cloned().collect();
        let Some(words) = listed(&joined(open)) else { continue };
        found.push(
            Diagnostic::new(
                codes::DAYS_WITHOUT_RULE,
                format!("no version of `{}` is in force {words}", first.name.name),
            )
            .at(last.name.span, "a later version of the same rule")
            .also(first.name.span, "an earlier one")
            .help("let one begin on the day after the other ends; where nothing is asked between them, end the policy and begin it again"),
        );
    }
}

/// The first stretches in words, none when there is none.
fn listed(open: &[Stretch]) -> Option<String> {
    let words: Vec<String> = open.iter().take(3).map(Stretch::words).collect();
    let more = if open.len() > 3 { format!(", and {} times more", open.len() - 3) } else { String::new() };
    (!words.is_empty()).then(|| format!("{}{more}", words.join(", ")))
}

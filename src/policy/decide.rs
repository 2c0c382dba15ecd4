//! Decides the constraints of a policy: which rule stands on the day, what it says of the rows, and why.

use super::clause::{Clause, Kind};
use super::outcome::{ConstraintResult, Score, Verdict};
use super::weigh::{Asking, weigh};
use crate::check::force::out_of_force;
use crate::check::instance::{Instance, Part, handed_down, shown};
use crate::eval::facts::Facts;
use crate::eval::{Env, Value};
use crate::syntax::ast::{About, Constraint, Exception, Expr, Policy};
use crate::syntax::show;

/// Rows that a why lists unless it is asked for more.
pub const WITNESSES: usize = 10;

/// What a policy is decided over: an environment with the rows (and a task's outputs), the day and other facts.
pub struct Subject<'a> {
    pub env: Env<'a>,
    pub facts: Facts,
    /// Whether no value of a row may be shown.
    pub is_phi: bool,
    /// The column that names the person of a row.
    pub subject: Option<String>,
}

/// A verdict with everything behind it.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    pub result: ConstraintResult,
    pub clause: Clause,
    /// Exceptions that were not made, and why.
    pub passed_over: Vec<String>,
    /// Exceptions that hold at once.
    pub conflict: Option<String>,
}

/// Every constraint of the instance, and the compliance figures.
pub fn decide(instance: &Instance, subject: &Subject) -> (Vec<ConstraintResult>, Score) {
    let decided = decided(instance, subject, None, WITNESSES);
    let verdicts: Vec<(Verdict, f64, bool)> = instance
        .constraints()
        .zip(&decided)
        .map(|((_, c), d)| (d.result.verdict, c.weight.unwrap_or(1.0), c.hard))
        .collect();
    (decided.into_iter().map(|d| d.result).collect(), Score::of(&verdicts))
}

/// The same with clauses. `explain` names the constraint to look into to the last row (`*` is all of them); none looks
/// for no witnesses among rows and for no changes.
pub fn decided(instance: &Instance, subject: &Subject, explain: Option<&str>, witnesses: usize) -> Vec<Decided> {
    let day = subject.facts.as_of.as_deref();
    let told = subject.env.told(&subject.facts);
    let mut envs: Vec<(Env, Option<String>)> = Vec::new();
    for part in &instance.parts {
        let around = instance.around(part);
        // Nobody asks what a policy includes while that policy itself is not in force.
        let out = around
            .iter()
            .find_map(|p| {
                let why = out_of_force(&p.policy.about.periods, day)?;
                Some(format!("included by `{}`, which is {why}", p.policy.name.name))
            })
            .or_else(|| out_of_force(&part.policy.about.periods, day));
        let env = around.iter().fold(told.clone(), |env, p| {
            let own = with_params(&env, &p.policy, day);
            let params = p.policy.params.iter().map(|param| param.name.name.as_str());
            params.fold(env, |env, param| match own.local(param) {
                Some(value) => env.bind(&handed_down(&p.policy.name.name, param), value.clone()),
                None => env,
            })
        });
        envs.push((with_params(&env, &part.policy, day), out));
    }
    let in_force = instance.constraints().filter(|(part, _)| {
        let at = instance.parts.iter().position(|p| std::ptr::eq(p, *part));
        at.and_then(|at| envs.get(at)).is_some_and(|(_, out)| out.is_none())
    });
    // What the constraints of a policy share is computed once, in one pass over the rows.
    if let [(env, None)] = envs.as_slice() {
        env.prepare(&in_force.map(|(_, c)| &c.rule).collect::<Vec<_>>());
    }
    let mut results = Vec::new();
    for (part, constraint) in instance.constraints() {
        let at = instance.parts.iter().position(|p| std::ptr::eq(p, part));
        let Some((env, out)) = at.and_then(|at| envs.get(at)) else { continue };
        let name = shown(&part.prefix, &constraint.name.name);
        let full = explain.is_some_and(|e| e == "*" || e == name);
        results.push(one(subject, env, part, constraint, out.as_deref(), full.then_some(witnesses)));
    }
    results
}

/// The context with a policy's dated parameters as they are on the day.
fn with_params<'a>(env: &Env<'a>, policy: &Policy, day: Option<&str>) -> Env<'a> {
    let mut env = env.clone();
    for param in &policy.params {
        // Of several days the latest that has come wins, in whatever order they are written.
        let come = param.dated.iter().filter(|(from, _, _)| day.is_none_or(|day| from.as_str() <= day));
        let latest = come.max_by(|a, b| a.0.cmp(&b.0)).map(|(_, _, value)| value);
        let value = latest.or(param.default.as_ref()).map_or_else(
            || Value::undefined(format!("`{}` has no value at that date", param.name.name)),
            |e| env.one(e),
        );
        env = env.bind(&param.name.name, value);
    }
    env
}

/// What is asked in place of a constraint, by the exceptions that hold.
struct Standing<'p> {
    rule: Option<&'p Expr>,
    confidence: Option<&'p Expr>,
    /// The exception that stands.
    by: Option<&'p Exception>,
    passed_over: Vec<String>,
    conflict: Option<String>,
}

fn standing<'p>(env: &Env, policy: &'p Policy, constraint: &'p Constraint, day: Option<&str>) -> Standing<'p> {
    let mut out = Standing {
        rule: Some(&constraint.rule),
        confidence: constraint.confidence.as_ref(),
        by: None,
        passed_over: Vec::new(),
        conflict: None,
    };
    let mut target = constraint.name.name.as_str();
    loop {
        let mut holding: Vec<&Exception> = Vec::new();
        for exception in policy.exceptions.iter().filter(|e| e.to.name == target) {
            let name = &exception.name.name;
            if let Some(why) = out_of_force(&exception.about.periods, day) {
                out.passed_over.push(format!("exception `{name}`: {why}"));
                continue;
            }
            match exception.when.as_ref().map(|when| (env.one(when), when)) {
                None | Some((Value::Bool(true), _)) => holding.push(exception),
                Some((Value::Bool(false), when)) => {
                    out.passed_over.push(format!("exception `{name}` is not made: `{}` does not hold", show(when)));
                }
                // What is not established excuses nobody.
                Some((Value::Undefined(why), _)) => {
                    out.passed_over.push(format!("exception `{name}` is not made: {}", why.reason));
                }
                Some((other, when)) => {
                    out.passed_over.push(format!("exception `{name}` is not made: `{}` is {other}", show(when)));
                }
            }
        }
        match holding.as_slice() {
            [] => return out,
            [one] => {
                out.rule = one.rule.as_ref();
                out.confidence = one.confidence.as_ref();
                out.by = Some(one);
                target = &one.name.name;
            }
            several => {
                let names: Vec<String> = several.iter().map(|e| format!("`{}`", e.name.name)).collect();
                out.conflict = Some(format!("{} hold at once, and nothing says which one stands", names.join(" and ")));
                return out;
            }
        }
    }
}

fn one(
    subject: &Subject,
    env: &Env,
    part: &Part,
    constraint: &Constraint,
    out_of_policy: Option<&str>,
    full: Option<usize>,
) -> Decided {
    let day = subject.facts.as_of.as_deref();
    let bare =
        |verdict, says: String| Clause::new(Kind::Fact, show(&constraint.rule), constraint.rule.span, verdict, says);
    let nothing = |clause| (clause, None, None, Vec::new(), None);
    let out = out_of_policy.map(String::from).or_else(|| out_of_force(&constraint.about.periods, day));
    let (clause, confidence, by, passed_over, conflict) = match out {
        Some(why) => nothing(bare(Verdict::NotApplicable, why)),
        None => {
            let found = standing(env, &part.policy, constraint, day);
            let confidence = found.confidence.and_then(|c| env.one(c).number());
            let asking = Asking {
                confidence,
                full: full.is_some(),
                witnesses: full.unwrap_or(WITNESSES),
                is_phi: subject.is_phi,
                subject: subject.subject.as_deref(),
            };
            let clause = match (&found.conflict, found.rule) {
                (Some(conflict), _) => bare(Verdict::Unknown, conflict.clone()),
                (None, Some(rule)) => weigh(&asking, env, rule),
                (None, None) => bare(Verdict::NotApplicable, "exempt".into()),
            };
            (clause, confidence, found.by, found.passed_over, found.conflict)
        }
    };
    let says = match by {
        Some(e) => format!("by the exception `{}`: {}", e.name.name, clause.says),
        None => clause.says.clone(),
    };
    let mut result = result(part, constraint, by, confidence, &clause, says);
    if full.is_some() {
        result.tree = Some(Box::new(clause.clone()));
    }
    Decided { result, clause, passed_over, conflict }
}

fn result(
    part: &Part,
    constraint: &Constraint,
    by: Option<&Exception>,
    confidence: Option<f64>,
    clause: &Clause,
    why: String,
) -> ConstraintResult {
    let policy = &part.policy;
    let said: Vec<&About> = by.map(|e| &e.about).into_iter().chain([&constraint.about, &policy.about]).collect();
    let first = |pick: fn(&About) -> Option<&String>| said.iter().find_map(|a| pick(a)).cloned();
    let authority = said.iter().find_map(|a| a.authority.as_ref());
    let marks: Vec<&str> = said.iter().filter_map(|a| a.unverified.as_deref()).collect();
    ConstraintResult {
        name: shown(&part.prefix, &constraint.name.name),
        authority: authority.map_or("house", |a| a.name.as_str()).to_string(),
        cite: first(|a| a.cite.as_ref()),
        remedy: first(|a| a.remedy.as_ref()),
        unverified: (!marks.is_empty()).then(|| marks.join("; ")),
        exception: by.map(|e| e.name.name.clone()),
        rule: show(&constraint.rule),
        doc: constraint.doc.clone(),
        verdict: clause.verdict,
        left: clause.left,
        left_interval: clause.interval.clone(),
        right: clause.right,
        threshold: clause.threshold,
        confidence,
        n: clause.n,
        why,
        witnesses: clause
            .witnesses
            .iter()
            .map(|w| crate::eval::estimate::Part {
                group: w.name.clone(),
                value: w.value,
                interval: w.interval.clone(),
                n: w.n,
            })
            .collect(),
        tree: None,
    }
}

//! Who asks which policy in which scenario, and what limits the constraints set there.

use super::declared::{Declared, declared};
use super::facts::turned;
use super::intervals::Intervals;
use super::parity::{Parity, parity};
use super::range::{Range, figure};
use super::{Known, place_of};
use crate::check::dataset::Schema;
use crate::check::instance::{Instance, handed_down, shown};
use crate::check::program::Program;
use crate::check::types::Level;
use crate::source::Span;
use crate::syntax::ast::{BinOp, Expr, ExprKind, ItemKind, PolicyUse, TaskKind};
use crate::syntax::show;
use std::sync::Arc;

/// A policy asked in a scenario.
pub struct Site<'a> {
    pub instance: &'a Arc<Instance>,
    pub scenario: String,
    pub declared: Declared,
    pub rows: Option<&'a Schema>,
    /// What the tasks predict; nothing where data are checked.
    labels: Vec<&'a str>,
}

/// What a constraint asks in one comparison, the figure on the left.
pub struct Limit<'a> {
    /// The constraint's name as reports show it.
    pub name: String,
    /// The comparison itself.
    pub rule: &'a Expr,
    pub left: &'a Expr,
    pub op: BinOp,
    /// The limit as written.
    pub right: &'a Expr,
    /// Where the limit lies: a point, unless a parameter changes with the date.
    pub range: Range,
    /// The confidence asked for; none decides by the value itself.
    pub confidence: Option<f64>,
    /// Variables that walk over the levels of a column, around the comparison.
    pub walks: Vec<(&'a str, &'a str)>,
}

/// Every pair of a policy and a scenario that the script asks for, in the order of the script.
pub fn sites<'a>(intervals: &Intervals<'a>) -> Vec<Site<'a>> {
    let program = intervals.program;
    let mut out = Vec::new();
    let mut ask = |used: &PolicyUse, scenario: &str, labels: &[&'a str]| {
        let Some(instance) = program.instances.get(&used.id) else { return };
        if program.scenario(scenario).is_none() {
            return;
        }
        out.push(Site {
            instance,
            scenario: scenario.to_string(),
            declared: declared(program, scenario),
            rows: program.data_of(scenario).and_then(|d| program.dataset(d)),
            labels: labels.to_vec(),
        });
    };
    for item in &program.file.items {
        match &item.kind {
            ItemKind::Benchmark(benchmark) => {
                let tasks = benchmark.tasks.iter().filter_map(|t| program.task(&t.name));
                let labels: Vec<&str> = tasks
                    .filter_map(|t| match &t.kind {
                        TaskKind::Predict(label) => Some(label.name.as_str()),
                        TaskKind::Discriminate(_) => None,
                    })
                    .collect();
                for used in &benchmark.policies {
                    benchmark.scenarios.iter().for_each(|s| ask(used, &s.name, &labels));
                }
            }
            ItemKind::Check(check) => {
                if let Some(on) = &check.on {
                    ask(&check.policy, &on.name, &[]);
                }
            }
            _ => {}
        }
    }
    out
}

/// The comparisons that must all hold: the parts of `and`, and what `forall` asks for each level of a column.
pub fn limits<'a>(intervals: &Intervals<'a>, site: &Site<'a>) -> Vec<Limit<'a>> {
    let mut out = Vec::new();
    for (part, constraint) in site.instance.constraints() {
        // An exception may ask for something else.
        if part.policy.exceptions.iter().any(|e| e.to.name == constraint.name.name) {
            continue;
        }
        intervals.next();
        let mut place = place_of(intervals, &part.policy).over(site.rows);
        for outer in site.instance.around(part) {
            let params = place_of(intervals, &outer.policy).locals;
            place.locals.extend(params.into_iter().map(|(n, known)| (handed_down(&outer.policy.name.name, &n), known)));
        }
        let confidence = match &constraint.confidence {
            None => None,
            Some(c) => match intervals.known(c, &place).point() {
                Some(c) => Some(c),
                None => continue,
            },
        };
        let mut open = vec![(&constraint.rule, place, Vec::new())];
        while let Some((rule, place, walks)) = open.pop() {
            match &rule.kind {
                ExprKind::Binary(BinOp::And, _, a, b) => {
                    open.push((b, place.clone(), walks.clone()));
                    open.push((a, place, walks));
                }
                ExprKind::Quantified { all: true, var, range, body } => {
                    let (item, _) = intervals.walked(range, &place);
                    let mut walks = walks;
                    if let ExprKind::Name(column) = &range.kind {
                        walks.push((var.name.as_str(), column.as_str()));
                    }
                    open.push((body, place.bind(&var.name, item), walks));
                }
                ExprKind::Binary(op, _, a, b) if op.is_comparison() => {
                    let fixed =
                        |e: &Expr| intervals.program.tables.ty(e.id).is_some_and(|t| t.level == Level::Constant);
                    let (left, op, right) = if fixed(a) && !fixed(b) { (b, turned(*op), a) } else { (a, *op, b) };
                    if let (true, Known::Number(range)) = (fixed(right), intervals.known(right, &place)) {
                        let name = shown(&part.prefix, &constraint.name.name);
                        out.push(Limit { name, rule, left, op, right, range, confidence, walks });
                    }
                }
                _ => {}
            }
        }
    }
    out
}

impl Limit<'_> {
    /// The edit that writes another share in place of the limit; none unless the limit is a plain number in this script.
    pub fn written(&self, program: &Program, share: f64) -> Option<(Span, String)> {
        let here = self.right.span.source == program.file.head.source;
        let text = match self.right.kind {
            ExprKind::Percent(_) => format!("{}%", figure(share * 100.0)),
            ExprKind::Int(_) | ExprKind::Real(_) => figure(share),
            _ => return None,
        };
        here.then_some((self.right.span, text))
    }
}

impl<'a> Site<'a> {
    /// Whether the label is what the models predict here, or what the data themselves are checked for.
    pub fn predicts(&self, label: &str) -> bool {
        self.labels.is_empty() || self.labels.contains(&label)
    }

    /// Whether an event is what a correct predictor flags: the label.
    pub fn flags(&self, event: &Expr) -> bool {
        let label = self.declared.by_group.as_ref().map(|b| b.label.as_str());
        let label = label.or(self.declared.prevalence.as_ref().map(|(l, _)| l.as_str()));
        let name = show(event);
        name == "yhat" || name == "y" || Some(name.as_str()) == label
    }

    pub fn parity(&self, intervals: &Intervals<'a>, figure: &'a Expr) -> Option<Parity> {
        parity(intervals.program, figure)
    }
}

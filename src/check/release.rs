//! What leaves: rows sent to models elsewhere, and figures that are one person's value.

use super::flow::{Flows, Person};
use super::force::out_of_force;
use super::program::Checker;
use super::sensitivity::Sensitivity;
use super::types::{Base, Level};
use crate::source::diagnostic::nearest;
use crate::source::{Diagnostic, codes};
use crate::syntax::ast::{self, Expr, ExprKind, Grant, Ident, ItemKind, Policy};

/// What may be asked of a policy on a day.
enum Force<'a> {
    In,
    /// Not on that day: from when to when it is.
    Out(&'a Policy, String),
}

impl Checker<'_> {
    /// The grants of a policy name things that exist.
    pub(super) fn grants(&mut self, policy: &Policy) {
        for grant in &policy.grants {
            match grant {
                Grant::Egress { label, models } => {
                    if Sensitivity::parse(&label.name).is_none() {
                        self.unknown_word(label, "sensitivity", &Sensitivity::WORDS);
                    }
                    for model in models {
                        self.named(model, "model", |k| match k {
                            ItemKind::Model(m) => Some(&m.name),
                            _ => None,
                        });
                    }
                }
                Grant::Release { generator, label } => {
                    if label.name != "public" {
                        self.unknown_word(label, "release", &["public"]);
                    }
                    self.named(generator, "generator", |k| match k {
                        ItemKind::Generator(g) => Some(&g.name),
                        _ => None,
                    });
                }
            }
        }
    }

    fn named(&mut self, name: &Ident, what: &str, pick: fn(&ItemKind) -> Option<&Ident>) {
        let known: Vec<String> = self.program.items().filter_map(|i| pick(&i.kind)).map(|n| n.name.clone()).collect();
        if known.contains(&name.name) || self.is_lost(&name.name) {
            return;
        }
        let mut d = Diagnostic::new(codes::UNKNOWN_NAME, format!("unknown {what} `{}`", name.name))
            .at(name.span, "not declared");
        if let Some(near) = nearest(&name.name, known.iter().map(String::as_str)) {
            d = d.help(format!("did you mean `{near}`?"));
        }
        self.found.push(d);
    }

    /// Rows that are phi go to a model elsewhere only by a grant in force.
    pub(super) fn egress(&mut self, benchmark: &ast::Benchmark) {
        let program = &*self.program;
        let Some(schema) = program.home.as_ref().and_then(|h| program.dataset(h)) else { return };
        let mut found = Vec::new();
        for name in &benchmark.models {
            let Some(model) = program.model(&name.name) else { continue };
            let Some(egress) = model.egress.as_ref().filter(|e| e.name == "external") else { continue };
            let (columns, label) = schema.sent_to(model);
            if label != Sensitivity::Phi {
                continue;
            }
            let granting: Vec<&Policy> = program
                .items()
                .filter_map(|i| match &i.kind {
                    ItemKind::Policy(p) if allows(p, &name.name, label) => Some(p),
                    _ => None,
                })
                .collect();
            let as_of = benchmark.as_of.as_ref().map(|(d, _)| d.as_str());
            let listed =
                |p: &&&Policy| benchmark.policies.iter().any(|n| program.global(self.at, &n.name.name) == p.name.name);
            let forces: Vec<Force> = granting.iter().filter(listed).map(|p| force(p, as_of)).collect();
            if forces.iter().any(|f| matches!(f, Force::In)) {
                continue;
            }
            let (span, says) = schema.says(label, &columns);
            let mut d = Diagnostic::new(
                codes::EGRESS,
                format!("`{}` would send {label} rows of `{}` to somebody else", name.name, schema.name),
            )
            .at(name.span, "no grant in force allows it")
            .also(egress.span, "asking it sends the rows outside")
            .also(span, says);
            d = match (forces.first(), granting.first()) {
                (Some(Force::Out(policy, why)), _) => d
                    .also(policy.name.span, format!("grants it, but {why}"))
                    .help("wait for the grant, renew it, or leave the model out"),
                (_, Some(policy)) => d.also(policy.name.span, "grants it, but the benchmark does not name this policy").help(
                    format!("add `{}` to the benchmark's `policies`", policy.name.name),
                ),
                _ if schema.sensitivity != label => d.help(format!(
                    "leave the column out with `features: all except …`, or add `grant egress {label} to {}` to a policy of the benchmark",
                    name.name
                )),
                _ => d.help(format!("add `grant egress {label} to {}` to a policy of the benchmark, or leave the model out", name.name)),
            };
            found.push(d);
        }
        self.found.append(&mut found);
    }

    /// Figures of the file that are one person's value: `let`s, constraints and the benchmark's metrics.
    pub(super) fn disclosures(&mut self) {
        if self.found.iter().any(Diagnostic::is_error) {
            return;
        }
        let program = &*self.program;
        let flows = Flows::new(program);
        let home = program.home.as_deref();
        let mut told: Vec<Person> = Vec::new();
        let mut found = Vec::new();
        let mut show = |expr: &Expr, what: String| {
            if let Some(person) = flows.of(expr, home).person
                // One value, shown in several places, is one mistake.
                && !told.contains(&person)
            {
                found.extend(flows.shown(expr, home, &what));
                told.push(person);
            }
        };
        for item in &program.file.items {
            match &item.kind {
                ItemKind::Let(decl) => {
                    let ty = program.lets.get(&decl.name.name);
                    if ty.is_some_and(|t| t.level != Level::Row && t.base != Base::Bool) {
                        show(&decl.value, format!("the figure `{}`", decl.name.name));
                    }
                }
                ItemKind::Policy(policy) => {
                    for constraint in &policy.constraints {
                        let what = format!("the verdict on `{}`", constraint.name.name);
                        sides(&constraint.rule, &mut |side| show(side, what.clone()));
                    }
                }
                ItemKind::Benchmark(benchmark) => {
                    for used in &benchmark.metrics {
                        show(&used.call, format!("the metric `{}`", used.text));
                    }
                }
                _ => {}
            }
        }
        self.found.append(&mut found);
    }
}

/// The expressions whose values a verdict shows: both sides of every comparison in it.
fn sides(rule: &Expr, see: &mut dyn FnMut(&Expr)) {
    match &rule.kind {
        ExprKind::Binary(op, _, a, b) if op.is_comparison() => {
            see(a);
            see(b);
        }
        ExprKind::Binary(_, _, a, b) => {
            sides(a, see);
            sides(b, see);
        }
        ExprKind::Not(a) => sides(a, see),
        ExprKind::Quantified { body, .. } => sides(body, see),
        _ => see(rule),
    }
}

fn allows(policy: &Policy, model: &str, label: Sensitivity) -> bool {
    policy.grants.iter().any(|g| match g {
        Grant::Egress { label: of, models } => {
            Sensitivity::parse(&of.name) == Some(label) && models.iter().any(|m| m.name == model)
        }
        Grant::Release { .. } => false,
    })
}

fn force<'a>(policy: &'a Policy, as_of: Option<&str>) -> Force<'a> {
    // A grant without a day to ask about stands as long as it is written.
    match as_of.and_then(|_| out_of_force(&policy.about.periods, as_of)) {
        Some(why) => Force::Out(policy, why),
        None => Force::In,
    }
}

impl super::program::Program {
    /// The label of what a generator makes: `synthetic`, unless a policy in force releases it.
    pub fn generator_label(&self, generator: &str) -> Sensitivity {
        let Some(benchmark) = self.benchmark() else { return Sensitivity::Synthetic };
        let as_of = benchmark.as_of.as_ref().map(|(d, _)| d.as_str());
        let released = benchmark.policies.iter().filter_map(|n| self.policy(&self.global(0, &n.name.name))).any(|policy| {
            let grants = policy.grants.iter().any(
                |g| matches!(g, Grant::Release { generator: g, label } if g.name == generator && label.name == "public"),
            );
            grants && matches!(force(policy, as_of), Force::In)
        });
        if released { Sensitivity::Public } else { Sensitivity::Synthetic }
    }
}

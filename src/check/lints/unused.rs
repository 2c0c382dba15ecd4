//! What nobody uses: columns, policies, definitions, parameters.
//!
//! Only in a script that has a benchmark or a `check`: that says what is asked, so what it does not reach is a mistake
//! or a leftover. A file without one is a library, or is asked at the prompt. A figure (`let` with one value for the
//! cohort) is itself something to ask for, and a name that begins with `_` says that it is not used.

use crate::check::dataset::{Column, Schema};
use crate::check::program::{ArgSource, Callee, Program, Resolved};
use crate::check::types::Level;
use crate::check::walk;
use crate::source::{Diagnostic, codes};
use crate::syntax::ast::{
    Benchmark, DocumentSource, Expr, ExprKind, Ident, Item, ItemKind, Policy, PolicyUse, Role, TaskKind, TestPart,
};
use std::collections::BTreeSet;

pub fn lint(program: &Program, found: &mut Vec<Diagnostic>) {
    let benchmark = program.benchmark();
    if benchmark.is_none() && !program.file.items.iter().any(|i| matches!(i.kind, ItemKind::Check(_))) {
        return;
    }
    let mut used = Used {
        program,
        columns: BTreeSet::new(),
        lets: BTreeSet::new(),
        policies: BTreeSet::new(),
        functions: BTreeSet::new(),
        all: false,
        lists: false,
    };
    program.items().for_each(|item| used.item(item));
    used.columns_left(found);
    for item in &program.file.items {
        match &item.kind {
            ItemKind::Policy(policy) => {
                if !used.policies.contains(&policy.name.name) {
                    asked(policy, benchmark, found);
                }
                parameters(policy, found);
            }
            ItemKind::Function(decl) => {
                let at = program.functions.iter().position(|f| f.decl.name.span == decl.name.span);
                if at.is_some_and(|at| !used.functions.contains(&at)) {
                    let what = if decl.is_metric { "the metric" } else { "the function" };
                    leftover(
                        what,
                        &decl.name,
                        "add it to the benchmark's `metrics`, use it in a formula, or delete it",
                        found,
                    );
                }
            }
            ItemKind::Let(item) => {
                let figure = program.lets.get(&item.name.name).is_none_or(|t| t.level == Level::Cohort);
                if !figure && !used.lets.contains(&item.name.name) {
                    leftover("the definition", &item.name, "use it, or delete it", found);
                }
            }
            _ => {}
        }
    }
}

fn leftover(what: &str, name: &Ident, help: &str, found: &mut Vec<Diagnostic>) {
    if name.name.starts_with('_') {
        return;
    }
    found.push(
        Diagnostic::new(codes::UNUSED_DEFINITION, format!("{what} `{}` is used by nothing", name.name))
            .at(name.span, "never used")
            .help(format!("{help}; a name that begins with `_` is not told")),
    );
}

/// A policy that the benchmark does not ask. One that grants something is in force without being asked.
fn asked(policy: &Policy, benchmark: Option<&Benchmark>, found: &mut Vec<Diagnostic>) {
    let name = &policy.name;
    if !policy.grants.is_empty() || policy.constraints.is_empty() || name.name.starts_with('_') {
        return;
    }
    let d = Diagnostic::new(codes::UNUSED_POLICY, format!("nothing asks the policy `{}`", name.name))
        .at(name.span, "no verdict comes of it");
    let last = benchmark.and_then(|b| b.policies.last()).filter(|_| policy.takes.is_empty());
    found.push(match (benchmark, last) {
        (Some(benchmark), Some(last)) => d.also(benchmark.name.span, "this benchmark does not list it").fix(
            "ask it in the benchmark",
            last.span.after(),
            format!(", {}", name.name),
        ),
        (Some(benchmark), None) => d
            .also(benchmark.name.span, "this benchmark does not list it")
            .help(format!("add `policies {}` to the benchmark, or delete the policy", name.name)),
        (None, _) => d.help(format!("write `check {}`, or delete the policy", name.name)),
    });
}

/// Everything that a policy says of rows.
fn rules(policy: &Policy) -> impl Iterator<Item = &Expr> {
    let constraints = policy.constraints.iter().flat_map(|c| std::iter::once(&c.rule).chain(&c.confidence));
    let exceptions = policy.exceptions.iter().flat_map(|e| e.when.iter().chain(&e.rule).chain(&e.confidence));
    let included = policy.includes.iter().flat_map(|i| i.args.iter().map(|a| &a.value));
    let values = policy.params.iter().flat_map(|p| p.default.iter().chain(p.dated.iter().map(|(_, _, v)| v)));
    constraints.chain(exceptions).chain(included).chain(values)
}

/// A parameter that no constraint reads: the rule is written with another number.
fn parameters(policy: &Policy, found: &mut Vec<Diagnostic>) {
    let mut named: BTreeSet<&str> = BTreeSet::new();
    for expr in rules(policy) {
        walk(expr, &mut |e| {
            if let ExprKind::Name(name) = &e.kind {
                named.insert(name);
            }
        });
    }
    let names = policy.takes.iter().map(|p| &p.name).chain(policy.params.iter().map(|p| &p.name));
    for name in names.filter(|n| !named.contains(n.name.as_str()) && !n.name.starts_with('_')) {
        found.push(
            Diagnostic::new(
                codes::UNUSED_DEFINITION,
                format!("no constraint of `{}` reads the parameter `{}`", policy.name.name, name.name),
            )
            .at(name.span, "changing it changes nothing")
            .help("write its name where the constraints have the number, or delete it"),
        );
    }
}

/// What the items of a program use.
struct Used<'a> {
    program: &'a Program,
    columns: BTreeSet<String>,
    lets: BTreeSet<String>,
    policies: BTreeSet<String>,
    functions: BTreeSet<usize>,
    /// Whether something reads every column that it may.
    all: bool,
    /// Whether a model lists its features. Where all predictions were recorded, columns describe who was asked about.
    lists: bool,
}

impl Used<'_> {
    fn item(&mut self, item: &Item) {
        match &item.kind {
            ItemKind::Dataset(data) => {
                for column in &data.columns {
                    column.derived.iter().chain(&column.predicts).for_each(|e| self.expr(e));
                }
            }
            ItemKind::Function(decl) => decl.body.iter().for_each(|e| self.expr(e)),
            ItemKind::Policy(policy) => {
                rules(policy).for_each(|e| self.expr(e));
                policy.includes.iter().for_each(|used| self.policy(used));
            }
            ItemKind::Scenario(scenario) => {
                scenario.size.iter().for_each(|e| self.expr(e));
                for (name, shares) in scenario.mixes.iter().map(|m| (&m.column, &m.shares)) {
                    self.columns.insert(name.name.clone());
                    shares.iter().for_each(|(_, e)| self.expr(e));
                }
                if let Some((name, share)) = &scenario.prevalence {
                    self.columns.insert(name.name.clone());
                    self.expr(share);
                }
                if let Some(by) = &scenario.prevalence_by {
                    self.columns.extend([by.label.name.clone(), by.by.name.clone()]);
                    by.shares.iter().for_each(|(_, e)| self.expr(e));
                }
            }
            ItemKind::Task(task) => match &task.kind {
                TaskKind::Predict(label) => {
                    self.columns.insert(label.name.clone());
                }
                // Trained models see every column that the generator makes.
                TaskKind::Discriminate(_) => self.all = true,
            },
            ItemKind::Model(model) => {
                let features = model.args.iter().find(|a| a.name.as_ref().is_some_and(|n| n.name == "features"));
                let listed = features.is_some_and(|f| matches!(f.value.kind, ExprKind::List(_)));
                self.all |= model.kind.name != "recorded" && !listed;
                self.lists |= listed;
                model.args.iter().for_each(|a| self.names(&a.value));
            }
            ItemKind::Generator(generator) => {
                let columns = generator.settings.iter().find(|(n, _)| n.name == "columns");
                self.all |= !columns.is_some_and(|(_, e)| matches!(e.kind, ExprKind::List(_)));
                generator.settings.iter().for_each(|(_, e)| self.names(e));
            }
            ItemKind::Benchmark(benchmark) => {
                benchmark.metrics.iter().for_each(|m| self.expr(&m.call));
                benchmark.policies.iter().for_each(|used| self.policy(used));
            }
            ItemKind::Check(check) => self.policy(&check.policy),
            ItemKind::Document(document) => {
                if let DocumentSource::Here(record) = &document.source {
                    self.expr(record);
                }
            }
            ItemKind::Test(test) => {
                for part in &test.parts {
                    match part {
                        TestPart::Assert(e) => self.expr(e),
                        TestPart::Expect(expect) => self.policy(&expect.policy),
                        TestPart::Attest(_) => {}
                    }
                }
            }
            ItemKind::Let(item) => self.expr(&item.value),
            ItemKind::Language(_)
            | ItemKind::Module { .. }
            | ItemKind::Use(_)
            | ItemKind::UseFile(_)
            // What its generators learn is theirs to say.
            | ItemKind::Report(_)
            | ItemKind::Attest(_) => {}
        }
    }

    /// A policy that is asked, perhaps for one of its constraints, and what is typed anew over the rows it is asked of.
    fn policy(&mut self, used: &PolicyUse) {
        used.args.iter().for_each(|a| self.expr(&a.value));
        let mut name = used.name.name.as_str();
        loop {
            self.policies.insert(self.program.global(0, name));
            match name.rsplit_once('.') {
                Some((front, _)) => name = front,
                None => break,
            }
        }
        if let Some(instance) = self.program.instances.get(&used.id) {
            instance.parts.iter().for_each(|part| rules(&part.policy).for_each(|e| self.expr(e)));
        }
    }

    fn expr(&mut self, expr: &Expr) {
        let program = self.program;
        walk(expr, &mut |e| {
            match program.tables.name(e.id) {
                Some(Resolved::Column(name)) => {
                    self.columns.insert(name.clone());
                }
                Some(Resolved::Let(name)) => {
                    self.lets.insert(name.clone());
                }
                _ => {}
            }
            let Some(plan) = program.tables.call(e.id) else { return };
            if let Callee::Function(index) = plan.callee {
                self.functions.insert(index);
            }
            for source in &plan.args {
                if let ArgSource::Column(name) = source {
                    self.columns.insert(name.clone());
                }
            }
        });
    }

    /// Column names that stand as words, without being values.
    fn names(&mut self, expr: &Expr) {
        self.expr(expr);
        walk(expr, &mut |e| match &e.kind {
            ExprKind::Name(name) => {
                self.columns.insert(name.clone());
            }
            ExprKind::Columns { .. } => self.all = true,
            _ => {}
        });
    }

    /// One remark on all columns of the benchmark's data that nothing reads.
    fn columns_left(&self, found: &mut Vec<Diagnostic>) {
        let home = self.program.home.as_ref().and_then(|h| self.program.dataset(h));
        let Some(schema) = home.filter(|s| self.lists && !self.all && self.program.origin_of(&s.name) == 0) else {
            return;
        };
        let left: Vec<&Column> = schema.columns.iter().filter(|c| self.is_left(c)).collect();
        let Some(first) = left.first() else { return };
        let shown: Vec<String> = left.iter().take(6).map(|c| format!("`{}`", c.name)).collect();
        let more = if left.len() > 6 { format!(" and {} more", left.len() - 6) } else { String::new() };
        let (what, verb) = if left.len() == 1 { ("column", "is") } else { ("columns", "are") };
        found.push(
            Diagnostic::new(
                codes::UNUSED_COLUMNS,
                format!(
                    "{} {what} of `{}` {verb} read by nothing: {}{more}",
                    left.len(),
                    schema.name,
                    shown.join(", ")
                ),
            )
            .at(schema.span, "loaded and checked all the same")
            .also(first.span, "the first of them")
            .help(ignored(schema, &left)),
        );
    }

    fn is_left(&self, column: &Column) -> bool {
        let told = [Role::Subject, Role::Protected, Role::Label, Role::Outcome];
        !self.columns.contains(&column.name)
            && !told.iter().any(|r| column.has(*r))
            && column.predicts.is_none()
            && !column.name.starts_with('_')
    }
}

fn ignored(schema: &Schema, left: &[&Column]) -> String {
    let names: Vec<String> = left.iter().take(3).map(|c| format!("{:?}", c.heading)).collect();
    let dots = if left.len() > 3 { ", …" } else { "" };
    let also = if schema.ignore.is_empty() { "" } else { "also " };
    format!(
        "columns that nobody needs are {also}named after the dataset, `ignore {}{dots}`, and are not loaded",
        names.join(", ")
    )
}

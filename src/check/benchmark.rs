//! The benchmark: that its parts exist and fit together.

use super::program::Checker;
use super::scope::Scope;
use crate::source::diagnostic::nearest;
use crate::source::{Diagnostic, Span, codes};
use crate::syntax::ast::{self, ExprKind, Ident, ItemKind, TaskKind};

/// The name of an item of one kind.
type Pick = fn(&ItemKind) -> Option<&Ident>;

impl Checker<'_> {
    pub(super) fn benchmark(&mut self, benchmark: &ast::Benchmark) {
        let count = self.program.file.items.iter().filter(|i| matches!(i.kind, ItemKind::Benchmark(_))).count();
        if count > 1 {
            self.error(
                codes::BAD_BENCHMARK,
                "a file has one benchmark",
                benchmark.name.span,
                format!("this file has {count}"),
            );
            return;
        }
        let lists = [("scenarios", &benchmark.scenarios), ("models", &benchmark.models), ("tasks", &benchmark.tasks)];
        // One that only reports on generators tests no model.
        let only_reports = !benchmark.reports.is_empty()
            && benchmark.metrics.is_empty()
            && benchmark.policies.is_empty()
            && lists.iter().all(|(_, list)| list.is_empty());
        for (what, list) in lists {
            if list.is_empty() && !only_reports {
                self.error(
                    codes::BAD_BENCHMARK,
                    format!("the benchmark names no {what}"),
                    benchmark.name.span,
                    format!("add `{what} …`"),
                );
            }
        }
        if benchmark.metrics.is_empty() && !only_reports {
            self.error(codes::BAD_BENCHMARK, "the benchmark names no metrics", benchmark.name.span, "add `metrics …`");
        }
        let kinds: [(&str, &[Ident], Pick); 3] = [
            ("scenario", &benchmark.scenarios, |k| if let ItemKind::Scenario(s) = k { Some(&s.name) } else { None }),
            ("model", &benchmark.models, |k| if let ItemKind::Model(s) = k { Some(&s.name) } else { None }),
            ("task", &benchmark.tasks, |k| if let ItemKind::Task(s) = k { Some(&s.name) } else { None }),
        ];
        for (what, list, pick) in kinds {
            self.listed(what, list, pick);
        }
        self.reports(&benchmark.reports);
        self.listed_policies(benchmark);
        self.same_data(benchmark);
        self.same_columns(benchmark);
        self.recorded_events(benchmark);
        self.egress(benchmark);
        if let Some((folds, span)) = &benchmark.folds
            && !(2..=100).contains(folds)
        {
            self.error(codes::BAD_BENCHMARK, "folds are between 2 and 100", *span, "cannot split this way");
        }
        if let Some((date, span)) = &benchmark.as_of {
            self.date(date, *span);
            for used in &benchmark.policies {
                self.stale(used, date, *span);
            }
        }
        let rows = self.outcome_rows();
        for used in &benchmark.metrics {
            self.scope = Scope::with_rows(rows.clone());
            self.auto = rows.clone();
            let ty = self.infer(&used.call, None);
            self.auto = None;
            if !ty.is_unknown() && !ty.base.is_numeric() {
                self.error(codes::WRONG_TYPE, "a metric is a number", used.call.span, format!("this is {ty}"));
            }
        }
    }

    /// The generators that are reported on.
    pub(super) fn reports(&mut self, generators: &[Ident]) {
        self.listed("generator", generators, |k| if let ItemKind::Generator(g) = k { Some(&g.name) } else { None });
    }

    /// That each name is that of an item of one kind, and stands there once.
    fn listed(&mut self, what: &str, list: &[Ident], pick: Pick) {
        let known: Vec<String> = self.program.items().filter_map(|i| pick(&i.kind)).map(|n| n.name.clone()).collect();
        for (at, name) in list.iter().enumerate() {
            if list.iter().take(at).any(|n| n.name == name.name) {
                // With the comma before it.
                let from = list.get(at.wrapping_sub(1)).map_or(name.span, |n| n.span.after());
                self.found.push(
                    Diagnostic::new(codes::DUPLICATE_NAME, format!("`{}` is listed twice", name.name))
                        .at(name.span, "again")
                        .fix("leave it out", from.to(name.span), ""),
                );
            }
            if known.contains(&name.name) || self.is_lost(&name.name) {
                continue;
            }
            let mut d = Diagnostic::new(codes::UNKNOWN_NAME, format!("unknown {what} `{}`", name.name))
                .at(name.span, "not declared");
            if let Some(near) = nearest(&name.name, known.iter().map(String::as_str)) {
                d = d.meant(name.span, near);
            }
            self.found.push(d);
        }
    }

    /// Policies over the rows of the home dataset and the outputs of a task.
    fn listed_policies(&mut self, benchmark: &ast::Benchmark) {
        let rows = self.outcome_rows();
        for (at, used) in benchmark.policies.iter().enumerate() {
            let same = |other: &&ast::PolicyUse| other.name.name == used.name.name && other.args.is_empty();
            if used.args.is_empty() && benchmark.policies.iter().take(at).any(|p| same(&p)) {
                let from = benchmark.policies.get(at.wrapping_sub(1)).map_or(used.span, |n| n.span.after());
                self.found.push(
                    Diagnostic::new(codes::DUPLICATE_NAME, format!("`{}` is listed twice", used.name.name))
                        .at(used.span, "again")
                        .fix("leave it out", from.to(used.span), ""),
                );
                continue;
            }
            self.instance(used, rows.as_ref(), false);
        }
    }

    pub(super) fn same_data(&mut self, benchmark: &ast::Benchmark) {
        let Some(home) = self.program.home.clone() else { return };
        for name in &benchmark.scenarios {
            if let Some(schema) = self.program.scenario_data(&name.name)
                && schema.name != home
            {
                let other = schema.name.clone();
                self.error(
                    codes::BAD_BENCHMARK,
                    "the scenarios of one benchmark draw from one dataset",
                    name.span,
                    format!("this one draws from `{other}`, the first from `{home}`"),
                );
            }
        }
    }

    /// Models, tasks and policies of used files are about the columns of their own file's data.
    fn same_columns(&mut self, benchmark: &ast::Benchmark) {
        let Some(home) = self.program.home.clone() else { return };
        let names = benchmark.models.iter().chain(&benchmark.tasks);
        for name in names.filter(|n| n.name.contains('.')) {
            let theirs = self.program.home_of(&name.name).filter(|h| **h != home).cloned();
            // A mistake in the name itself has been told.
            let is_there = self.program.items().any(|i| i.kind.name().is_some_and(|n| n.name == name.name));
            if let (Some(theirs), true) = (theirs, is_there) {
                self.found.push(
                    Diagnostic::new(
                        codes::BAD_BENCHMARK,
                        format!(
                            "`{}` is about the columns of `{theirs}`; this benchmark draws from `{home}`",
                            name.name
                        ),
                    )
                    .at(name.span, "of a file with other data")
                    .help(format!("draw from `{theirs}`, or write it anew for `{home}`")),
                );
            }
        }
    }

    /// A recorded probability must be about the event that some task predicts, or its complement.
    pub(super) fn recorded_events(&mut self, benchmark: &ast::Benchmark) {
        let Some(schema) = self.program.home.as_ref().and_then(|h| self.program.shared_dataset(h)).cloned() else {
            return;
        };
        let labels: Vec<String> = benchmark
            .tasks
            .iter()
            .filter_map(|t| self.program.task(&t.name))
            .filter_map(|t| match &t.kind {
                TaskKind::Predict(label) => Some(label.name.clone()),
                TaskKind::Discriminate(_) => None,
            })
            .collect();
        for name in &benchmark.models {
            let Some(model) = self.program.model(&name.name).cloned() else { continue };
            let Some(ExprKind::Name(column)) = model.args.first().map(|a| &a.value.kind) else { continue };
            if model.kind.name != "recorded" {
                continue;
            }
            if let Some(event) = schema.column(column).and_then(|c| c.predicts.as_ref())
                && !labels.is_empty()
                && !labels.contains(&event.label)
            {
                self.found.push(
                    Diagnostic::new(
                        codes::OTHER_EVENT,
                        format!("`{column}` predicts `{}`; the tasks predict {}", event.label, labels.join(", ")),
                    )
                    .at(name.span, "cannot be judged on another event"),
                );
            }
        }
    }

    /// Days later than the last look at a policy, or at one that it includes: they are asked as of the same day.
    pub(super) fn stale(&mut self, used: &ast::PolicyUse, date: &str, span: Span) {
        let mut front = used.name.name.as_str();
        let mut global = self.program.global(self.at, front);
        // The name may be that of one constraint.
        while self.program.policy(&global).is_none() {
            let Some((shorter, _)) = front.rsplit_once('.') else { return };
            front = shorter;
            global = self.program.global(self.at, front);
        }
        let mut open = vec![global.clone()];
        let mut seen: Vec<String> = Vec::new();
        while let Some(name) = open.pop() {
            let Some(policy) = self.program.policy(&name).filter(|_| !seen.contains(&name)) else { continue };
            let at = self.program.origin_of(&name);
            open.extend(policy.includes.iter().rev().map(|i| self.program.global(at, &i.name.name)));
            if let Some((verified, at)) = policy.last_verified.clone()
                && verified.as_str() < date
            {
                let which = if name == global {
                    format!("`{}`", used.name.name)
                } else {
                    format!("`{name}`, included by `{front}`,")
                };
                self.found.push(
                    Diagnostic::new(codes::STALE_POLICY, format!("{which} was last verified on {verified}"))
                        .at(span, "asks about a later day")
                        .also(at, "verified here")
                        .help("check that the rules still stand, then move `last_verified`"),
                );
            }
            seen.push(name);
        }
    }
}

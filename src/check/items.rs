//! Top-level items: datasets, functions, policies, scenarios, models, benchmarks, tests.

use super::program::{Checker, StdModule};
use super::scope::Scope;
use super::types::{Base, Level};
use crate::source::diagnostic::nearest;
use crate::source::{Diagnostic, Span, codes};
use crate::syntax::ast::{self, Ident, Item, ItemKind};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The language editions this build understands.
pub const EDITION: i64 = 1;

impl Checker<'_> {
    /// Checks every item of the program's file.
    pub(super) fn items(&mut self, std: &[StdModule]) {
        let items = self.program.file.items.clone();
        self.duplicates(&items);
        for item in &items {
            match &item.kind {
                ItemKind::Language(edition) if *edition != EDITION => self.found.push(
                    Diagnostic::new(
                        codes::UNKNOWN_MODULE,
                        format!("this build speaks language {EDITION}, not {edition}"),
                    )
                    .at(item.span, "an edition from another time")
                    .help(format!(
                        "write `language {EDITION}`, or use the version of dbf that the script was written for"
                    ))
                    .fix(
                        format!("write `language {EDITION}`"),
                        item.span,
                        format!("language {EDITION}"),
                    ),
                ),
                ItemKind::Use { path, names } => self.use_std(path, names, std),
                ItemKind::UseFile { path, .. } => self.found.push(
                    Diagnostic::new(codes::UNKNOWN_MODULE, "files cannot be brought in by `use` in this version")
                        .at(path.1, "a file")
                        .help("copy its items into this file; standard modules work: `use std.metrics.{auroc}`"),
                ),
                ItemKind::Dataset(decl) => {
                    let schema = self.dataset(decl);
                    self.program.add_dataset(schema, false);
                }
                _ => {}
            }
        }
        self.home(&items);
        for item in &items {
            if let ItemKind::Function(decl) = &item.kind {
                self.function(decl.clone(), item.doc.clone(), None);
            }
        }
        self.bodies();
        for item in &items {
            if let ItemKind::Let(decl) = &item.kind {
                self.let_item(decl);
            }
        }
        for item in &items {
            self.rest(item);
        }
    }

    /// One item typed at the prompt.
    pub(super) fn add(&mut self, item: Arc<Item>) {
        match &item.kind {
            ItemKind::Dataset(decl) => {
                let schema = self.dataset(decl);
                self.program.add_dataset(schema, true);
                let items = self.program.file.items.clone();
                self.home(&items);
            }
            ItemKind::Function(decl) => {
                self.function(decl.clone(), item.doc.clone(), None);
                self.bodies();
            }
            ItemKind::Let(decl) => {
                self.program.lets.remove(&decl.name.name);
                self.let_item(decl);
            }
            _ => self.rest(&item),
        }
        if self.found.iter().any(Diagnostic::is_error) {
            return;
        }
        let (kind, name) = key(&item.kind);
        let mut items = std::mem::take(&mut self.program.file.items);
        items.retain(|i| key(&i.kind) != (kind, name.clone()) || name.is_empty());
        items.push(item);
        self.program.set_items(items);
    }

    fn rest(&mut self, item: &Item) {
        match &item.kind {
            ItemKind::Policy(policy) => self.policy(policy),
            ItemKind::Scenario(scenario) => self.scenario(scenario),
            ItemKind::Task(task) => self.task(task),
            ItemKind::Model(model) => self.model(model),
            ItemKind::Generator(generator) => self.generator(generator),
            ItemKind::Benchmark(benchmark) => self.benchmark(benchmark),
            ItemKind::Test(test) => {
                self.scope = Scope::with_rows(self.program.home_rows());
                for assertion in &test.assertions {
                    let ty = self.infer(assertion, Some(&Base::Bool));
                    self.fits(assertion, &ty, &Base::Bool, "`assert`");
                    self.at_most(assertion, &ty, Level::Cohort, "`assert`");
                }
            }
            _ => {}
        }
    }

    fn duplicates(&mut self, items: &[Arc<Item>]) {
        let mut seen: HashMap<&str, Span> = HashMap::new();
        for item in items {
            let Some(name) = item.kind.name() else { continue };
            if let Some(before) = seen.get(name.name.as_str()) {
                self.found.push(
                    Diagnostic::new(codes::DUPLICATE_NAME, format!("`{}` is defined twice", name.name))
                        .at(name.span, "defined again")
                        .also(*before, "first defined here")
                        .fix("give it another name", name.span, format!("{}_2", name.name)),
                );
            } else {
                seen.insert(&name.name, name.span);
            }
        }
    }

    /// The dataset that bare column names mean: the benchmark's, else the only one.
    fn home(&mut self, items: &[Arc<Item>]) {
        let from_benchmark = items.iter().find_map(|i| match &i.kind {
            ItemKind::Benchmark(b) => {
                let mut at = b.scenarios.first()?.name.clone();
                for _ in 0..64 {
                    if self.program.dataset(&at).is_some() {
                        return Some(at);
                    }
                    at = self.program.scenario(&at)?.base.name.clone();
                }
                None
            }
            _ => None,
        });
        let only = match self.program.datasets.as_slice() {
            [one] => Some(one.name.clone()),
            _ => None,
        };
        self.program.home = from_benchmark.or(only);
    }

    fn use_std(&mut self, path: &Ident, names: &[Ident], std: &[StdModule]) {
        let modules: Vec<&StdModule> = std.iter().filter(|m| m.path == path.name).collect();
        if modules.is_empty() {
            let mut d = Diagnostic::new(codes::UNKNOWN_MODULE, format!("there is no module `{}`", path.name))
                .at(path.span, "unknown");
            let split = path.name.rsplit_once('.').filter(|(module, _)| std.iter().any(|m| m.path == *module));
            if let Some((module, name)) = split {
                let listed = format!("{module}.{{{name}}}");
                d = d.help(format!("its parts stand in braces: `use {listed}`"));
                d = d.fix(format!("write `{listed}`"), path.span, listed);
                self.lose(name);
            } else if let Some(near) = nearest(&path.name, std.iter().map(|m| m.path)) {
                d = d.meant(path.span, near);
            }
            self.found.push(d);
            // What it would have brought in is not unknown as well.
            for name in names {
                self.lose(&name.name);
            }
            return;
        }
        let known: Vec<String> = self
            .program
            .functions
            .iter()
            .filter(|f| f.module == Some(modules.first().map_or("", |m| m.path)))
            .map(|f| f.decl.name.name.clone())
            .collect();
        if names.is_empty()
            && let Some(used) = &mut self.used
        {
            used.extend(known.iter().cloned());
        }
        for name in names {
            if known.contains(&name.name) {
                if let Some(used) = &mut self.used {
                    used.push(name.name.clone());
                }
                continue;
            }
            let mut d = Diagnostic::new(codes::UNKNOWN_MODULE, format!("`{}` has no `{}`", path.name, name.name))
                .at(name.span, "not in the module")
                .note(format!("it has: {}", known.join(", ")));
            if let Some(near) = nearest(&name.name, known.iter().map(String::as_str)) {
                d = d.meant(name.span, near);
            }
            self.found.push(d);
        }
    }

    /// The edit that brings a standard name into use: into the module's own `use`, else a new line.
    pub(super) fn bring(&self, module: &str, name: &str) -> (Span, String) {
        let listed = self.program.file.items.iter().find_map(|i| match &i.kind {
            ItemKind::Use { path, names } if path.name == module => names.last(),
            _ => None,
        });
        match listed {
            Some(last) => (last.span.after(), format!(", {name}")),
            None => {
                let first = |i: &&Arc<Item>| !matches!(i.kind, ItemKind::Language(_) | ItemKind::Module { .. });
                let after = self.program.file.items.iter().take_while(|i| !first(i)).last();
                match after {
                    Some(item) => (item.span.after(), format!("\nuse {module}.{{{name}}}")),
                    None => (self.program.file.head, format!("use {module}.{{{name}}}\n")),
                }
            }
        }
    }

    fn let_item(&mut self, decl: &ast::LetItem) {
        self.scope = Scope::with_rows(self.program.home_rows());
        self.open = Arc::new(HashSet::from([decl.name.name.clone()]));
        let ty = self.infer(&decl.value, None);
        self.open = Arc::default();
        if self.scope.column(&decl.name.name).is_some() {
            self.found.push(
                Diagnostic::new(codes::DUPLICATE_NAME, format!("`{}` is a column of the data", decl.name.name))
                    .at(decl.name.span, "choose another name")
                    .fix("give it another name", decl.name.span, format!("{}_2", decl.name.name)),
            );
        }
        self.program.lets.insert(decl.name.name.clone(), ty);
    }
}

fn key(kind: &ItemKind) -> (u8, String) {
    let tag = match kind {
        ItemKind::Dataset(_) => 1,
        ItemKind::Test(_) => 2,
        _ => 0,
    };
    (tag, kind.name().map(|n| n.name.clone()).unwrap_or_default())
}

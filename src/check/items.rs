//! Top-level items: datasets, functions, policies, scenarios, models, benchmarks, tests.

use super::modules::fits_version;
use super::program::{Checker, StdModule};
use super::scope::Scope;
use super::types::Type;
use crate::source::diagnostic::nearest;
use crate::source::{Diagnostic, Span, codes};
use crate::syntax::ast::{self, Ident, Item, ItemKind};
use std::collections::HashMap;
use std::sync::Arc;

/// The longest chain of definitions that use one another.
pub(super) const DEEPEST_CHAIN: usize = 100;

/// The language editions this build understands.
pub const EDITION: i64 = 1;

/// The version of the standard library, of all its modules together.
pub const STD_VERSION: &str = "1.0.0";

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
                ItemKind::Use(used) => self.use_std(used, std),
                _ => {}
            }
        }
        // Formulas see their parameters only, so they stand before the data and its computed columns.
        for item in &items {
            if let ItemKind::Function(decl) = &item.kind {
                self.function(decl.clone(), item.doc.clone(), None);
            }
        }
        self.bodies();
        for item in &items {
            if let ItemKind::Dataset(decl) = &item.kind {
                let schema = self.dataset(decl);
                self.program.add_dataset(schema, false);
            }
        }
        self.home();
        self.waiting = true;
        for item in &items {
            if let ItemKind::Let(decl) = &item.kind {
                self.let_item(decl);
            }
        }
        // Policies before what asks for them.
        let is_policy = |i: &&Arc<Item>| matches!(i.kind, ItemKind::Policy(_));
        for item in items.iter().filter(is_policy).chain(items.iter().filter(|i| !is_policy(i))) {
            self.rest(item);
        }
        self.disclosures();
    }

    /// One item typed at the prompt.
    pub(super) fn add(&mut self, item: Arc<Item>) {
        match &item.kind {
            ItemKind::Dataset(decl) => {
                let schema = self.dataset(decl);
                self.program.add_dataset(schema, true);
                self.home();
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
        self.program.file.items = items;
        self.program.index_name(&name);
    }

    fn rest(&mut self, item: &Item) {
        match &item.kind {
            ItemKind::Policy(policy) => self.policy(policy),
            ItemKind::Scenario(scenario) => self.scenario(scenario),
            ItemKind::Task(task) => self.task(task),
            ItemKind::Model(model) => self.model(model),
            ItemKind::Generator(generator) => self.generator(generator),
            ItemKind::Benchmark(benchmark) => self.benchmark(benchmark),
            ItemKind::Report(generators) => self.reports(generators),
            ItemKind::Test(test) => self.test(test),
            ItemKind::Check(check) => self.check_item(check),
            ItemKind::Document(document) => self.document(document),
            ItemKind::Attest(attest) => self.attest(attest),
            _ => {}
        }
    }

    fn duplicates(&mut self, items: &[Arc<Item>]) {
        let mut seen: HashMap<&str, Span> = HashMap::new();
        let imported = items.iter().flat_map(|i| match &i.kind {
            ItemKind::UseFile(used) => used.names.as_slice(),
            _ => &[],
        });
        let prefix = self.program.origins.get(self.at).map_or("", |o| o.prefix.as_str()).to_string();
        let mut names: Vec<&Ident> = items.iter().filter_map(|i| i.kind.name()).chain(imported).collect();
        names.sort_by_key(|n| n.span);
        for name in names {
            let local = name.name.strip_prefix(prefix.as_str()).unwrap_or(&name.name).trim_start_matches('.');
            if let Some(before) = seen.get(local) {
                self.found.push(
                    Diagnostic::new(codes::DUPLICATE_NAME, format!("`{local}` is defined twice"))
                        .at(name.span, "defined again")
                        .also(*before, "first defined here")
                        .fix("give it another name", name.span, format!("{local}_2")),
                );
            } else {
                seen.insert(local, name.span);
            }
        }
    }

    /// The dataset that bare column names mean: the benchmark's, else the file's only one, else the only one
    /// of the files it uses.
    pub(super) fn home(&mut self) {
        let program = &*self.program;
        let first = program.benchmark().and_then(|b| b.scenarios.first());
        let from_benchmark = first.and_then(|s| program.scenario_data(&s.name)).map(|s| s.name.clone());
        let only = |of: &dyn Fn(usize) -> bool| {
            let mut found = program.datasets.iter().filter(|d| of(program.origin_of(&d.name)));
            match (found.next(), found.next()) {
                (Some(one), None) => Some(one.name.clone()),
                _ => None,
            }
        };
        let own = program.datasets.iter().any(|d| program.origin_of(&d.name) == self.at);
        let used = |at: usize| {
            let origin = program.origins.get(self.at);
            origin.is_some_and(|o| o.aliases.values().chain(o.names.values()).any(|u| *u == at))
        };
        let home = from_benchmark.or_else(|| if own { only(&|at| at == self.at) } else { only(&used) });
        self.program.home = home;
    }

    fn use_std(&mut self, used: &ast::Use, std: &[StdModule]) {
        let ast::Use { path, names, version } = used;
        let Some(module) = std.iter().find(|m| m.path == path.name) else {
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
        };
        if let Some((wanted, span)) = version
            && !fits_version(STD_VERSION, wanted)
        {
            self.found.push(
                Diagnostic::new(
                    codes::OTHER_VERSION,
                    format!("this build has the standard library {STD_VERSION}, not {wanted}"),
                )
                .at(*span, format!("asks for {wanted}"))
                .help("use the version of dbf that the script was written for"),
            );
        }
        if let Some(origin) = self.program.origins.get_mut(self.at) {
            origin.std.push(module.path.to_string());
        }
        // Its names are taken as those of a file are.
        if module.is_policies() {
            return;
        }
        let of = |path: &str| -> Vec<String> {
            let here = self.program.functions.iter().filter(|f| f.module == Some(path));
            here.map(|f| f.decl.name.name.clone()).collect()
        };
        let known = of(module.path);
        let mut found = Vec::new();
        for name in names.iter().filter(|n| !known.contains(&n.name)) {
            let d = Diagnostic::new(codes::UNKNOWN_MODULE, format!("`{}` has no `{}`", path.name, name.name))
                .at(name.span, "not in the module");
            // Another module may have just this name.
            let other = std.iter().find(|m| of(m.path).contains(&name.name));
            let near = nearest(&name.name, known.iter().map(String::as_str));
            found.push(match (other, near) {
                (Some(other), _) => {
                    d.help(format!("it is part of `{}`: write `use {}.{{{}}}`", other.path, other.path, name.name))
                }
                (None, Some(near)) => d.note(format!("it has: {}", known.join(", "))).meant(name.span, near),
                (None, None) => d.note(format!("it has: {}", known.join(", "))),
            });
        }
        self.found.append(&mut found);
        if let Some(used) = &mut self.used {
            match names.as_slice() {
                [] => used.extend(known),
                names => used.extend(names.iter().map(|n| n.name.clone()).filter(|n| known.contains(n))),
            }
        }
    }

    /// The edit that brings a standard name into use: into the module's own `use`, else a new line.
    pub(super) fn bring(&self, module: &str, name: &str) -> (Span, String) {
        let listed = self.program.file.items.iter().find_map(|i| match &i.kind {
            ItemKind::Use(used) if used.path.name == module => used.names.last(),
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

    /// The type of a top-level `let`, checked now if it stands further down.
    pub(super) fn let_type(&mut self, name: &str) -> Option<Type> {
        if self.closed {
            return None;
        }
        let global = self.program.global(self.at, name);
        if !self.program.lets.contains_key(&global) && self.is_waiting(name) {
            let decl = self.waiting_item(&global)?.clone();
            if self.depth >= DEEPEST_CHAIN {
                self.too_long_a_chain(decl.name.span);
                return Some(Type::unknown());
            }
            let outer = (std::mem::take(&mut self.scope), self.range_here, self.auto.take(), self.chain);
            self.let_item(&decl);
            (self.scope, self.range_here, self.auto, self.chain) = outer;
        }
        self.chain = self.chain.max(self.chains.get(&global).copied().unwrap_or(0));
        self.program.lets.get(&global).cloned()
    }

    pub(super) fn too_long_a_chain(&mut self, span: Span) {
        if !self.found.iter().any(|d| d.code == codes::TOO_DEEP) {
            self.found.push(
                Diagnostic::new(codes::TOO_DEEP, format!("a chain of more than {DEEPEST_CHAIN} definitions"))
                    .at(span, "each needs the next")
                    .help("walk over a list, `sum over v in 1..5: …`, instead of naming every step"),
            );
        }
    }

    /// Whether `name` is a top-level `let` that has not been checked yet and may be used from here.
    pub(super) fn is_waiting(&self, name: &str) -> bool {
        self.waiting
            && !self.closed
            && !self.is_open(name)
            && self.waiting_item(&self.program.global(self.at, name)).is_some()
    }

    /// A `let` of the file being checked; those of used files are checked before it.
    fn waiting_item(&self, global: &str) -> Option<&ast::LetItem> {
        self.program.let_item(global)
    }

    fn let_item(&mut self, decl: &ast::LetItem) {
        if self.program.lets.contains_key(&decl.name.name) {
            return;
        }
        self.scope = Scope::with_rows(self.program.home_rows());
        let local = decl.name.name.rsplit('.').next().unwrap_or("").to_string();
        self.open_lets.push(local.clone());
        self.depth += 1;
        self.chain = 0;
        let ty = match &decl.ty {
            Some(ty) => self.annotated(&decl.name, ty, &decl.value),
            None => self.infer(&decl.value, None),
        };
        self.depth -= 1;
        let chain = self.chain + 1;
        self.chains.insert(decl.name.name.clone(), chain);
        if chain > DEEPEST_CHAIN {
            self.too_long_a_chain(decl.name.span);
        }
        self.open_lets.pop();
        if self.scope.column(&local).is_some() {
            self.found.push(
                Diagnostic::new(codes::DUPLICATE_NAME, format!("`{local}` is a column of the data"))
                    .at(decl.name.span, "choose another name")
                    .fix("give it another name", decl.name.span, format!("{local}_2")),
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

//! Top-level items: datasets, functions, policies, scenarios, models, benchmarks, tests.

use super::convert::literal;
use super::program::{Checker, FunctionInfo, StdModule};
use super::scope::{RowScope, Scope};
use super::types::{Base, Level, Type};
use crate::source::diagnostic::nearest;
use crate::source::{Diagnostic, Span, codes};
use crate::syntax::ast::{self, Expr, ExprKind, Ident, Item, ItemKind, Role, TaskKind};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The language editions this build understands.
pub const EDITION: i64 = 1;

/// The authorities a constraint can stand on.
pub const AUTHORITIES: [&str; 8] =
    ["statute", "regulation", "guidance", "standard", "contract", "consensus", "convention", "house"];

/// Kinds of generators, models and their settings.
pub const GENERATORS: [&str; 1] = ["conditional_gan"];
pub const GENERATOR_SETTINGS: [&str; 7] = ["columns", "epochs", "batch", "latent", "hidden", "learning_rate", "seed"];
pub const MODELS: [&str; 3] = ["recorded", "logistic", "boosted_trees"];

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
                    )),
                ),
                ItemKind::Use { path, names } => self.use_std(path, names, std),
                ItemKind::UseFile { path, .. } => self.found.push(
                    Diagnostic::new(codes::UNKNOWN_MODULE, "files cannot be brought in by `use` in this version")
                        .at(path.1, "a file")
                        .help("copy its items into this file; standard modules work: `use std.metrics.{auroc}`"),
                ),
                ItemKind::Dataset(decl) => {
                    let schema = self.dataset(decl);
                    self.program.datasets.push(schema);
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
    pub(super) fn add(&mut self, item: Item) {
        match &item.kind {
            ItemKind::Dataset(decl) => {
                let schema = self.dataset(decl);
                self.program.datasets.retain(|d| d.name != schema.name);
                self.program.datasets.push(schema);
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
        self.program.file.items.retain(|i| key(&i.kind) != (kind, name.clone()) || name.is_empty());
        self.program.file.items.push(item);
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

    fn duplicates(&mut self, items: &[Item]) {
        let mut seen: BTreeMap<String, Span> = BTreeMap::new();
        for item in items {
            let Some(name) = item_name(&item.kind) else { continue };
            if let Some(before) = seen.get(&name.name) {
                self.found.push(
                    Diagnostic::new(codes::DUPLICATE_NAME, format!("`{}` is defined twice", name.name))
                        .at(name.span, "defined again")
                        .also(*before, "first defined here"),
                );
            } else {
                seen.insert(name.name.clone(), name.span);
            }
        }
    }

    /// The dataset that bare column names mean: the benchmark's, else the only one.
    fn home(&mut self, items: &[Item]) {
        let from_benchmark = items.iter().find_map(|i| match &i.kind {
            ItemKind::Benchmark(b) => {
                let mut at = b.scenarios.first()?.name.clone();
                for _ in 0..64 {
                    if self.program.dataset(&at).is_some() {
                        return Some(at);
                    }
                    at = items.iter().find_map(|i| match &i.kind {
                        ItemKind::Scenario(s) if s.name.name == at => Some(s.base.name.clone()),
                        _ => None,
                    })?;
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
            if let Some(near) = nearest(&path.name, std.iter().map(|m| m.path)) {
                d = d.help(format!("did you mean `{near}`?"));
            }
            self.found.push(d);
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
                d = d.help(format!("did you mean `{near}`?"));
            }
            self.found.push(d);
        }
    }

    /// Declares a function; its body is checked by [`Checker::bodies`].
    pub(super) fn function(&mut self, decl: ast::Function, doc: Option<String>, module: Option<&'static str>) {
        let mut params = Vec::new();
        for param in &decl.params {
            let base = self.type_expr(&param.ty);
            // A parameter without default is one value per row; a default or a list makes it a setting.
            let level = match (&base, decl.is_metric && param.default.is_none()) {
                (Base::List(_), _) | (_, false) => Level::Constant,
                _ => Level::Row,
            };
            let level = if decl.is_metric { level } else { Level::Row };
            if let Some(default) = &param.default {
                self.scope = Scope::default();
                let ty = self.infer(default, Some(&base));
                self.fits(default, &ty, &base, &format!("`{}`", param.name.name));
                self.at_most(default, &ty, Level::Constant, "a default");
            }
            params.push(Type { base, optional: param.ty.optional, level });
        }
        let result = self.type_expr(&decl.result);
        if decl.body.is_none() && module.is_none() {
            self.found.push(
                Diagnostic::new(codes::WRONG_ARGUMENTS, format!("`{}` has no formula", decl.name.name))
                    .at(decl.name.span, "missing `= …`")
                    .help("only the standard library declares metrics without a formula"),
            );
        }
        self.program.functions.push(FunctionInfo { decl, doc, params, result, module });
    }

    /// Checks the bodies of functions that have not been checked yet.
    pub(super) fn bodies(&mut self) {
        for index in 0..self.program.functions.len() {
            let Some(info) = self.program.functions.get(index).cloned() else { continue };
            let Some(body) = &info.decl.body else { continue };
            if self.program.tables.ty(body.id).is_some() {
                continue;
            }
            let locals =
                info.decl.params.iter().zip(&info.params).map(|(p, t)| (p.name.name.clone(), t.clone())).collect();
            self.scope = Scope { locals, rows: None, present: Vec::new() };
            self.open = self.callers(index);
            let found = self.infer(body, Some(&info.result));
            let place = format!("the result of `{}`", info.decl.name.name);
            let number_for_prob = info.result == Base::real() && found.base.is_numeric() && found.base.unit().is_one();
            if !number_for_prob {
                self.fits(body, &found, &info.result, &place);
            }
            if info.decl.is_metric {
                self.at_most(body, &found, Level::Cohort, &place);
            }
            self.open.clear();
        }
    }

    /// The function itself and everything that (transitively) calls it: calling one of them is recursion.
    fn callers(&self, index: usize) -> Vec<String> {
        let Some(start) = self.program.functions.get(index) else { return Vec::new() };
        let mut out = vec![start.decl.name.name.clone()];
        loop {
            let before = out.len();
            for f in &self.program.functions {
                if let Some(body) = &f.decl.body
                    && !out.contains(&f.decl.name.name)
                    && out.iter().any(|o| calls(body, o))
                {
                    out.push(f.decl.name.name.clone());
                }
            }
            if out.len() == before {
                // A caller is only recursion when the start reaches it.
                return out
                    .into_iter()
                    .filter(|o| *o == start.decl.name.name || self.reaches(&start.decl.name.name, o))
                    .collect();
            }
        }
    }

    fn reaches(&self, from: &str, to: &str) -> bool {
        let mut open = vec![from.to_string()];
        let mut seen: Vec<String> = Vec::new();
        while let Some(at) = open.pop() {
            let Some((_, f)) = self.program.function(&at) else { continue };
            let Some(body) = &f.decl.body else { continue };
            if calls(body, to) {
                return true;
            }
            for g in &self.program.functions {
                let name = &g.decl.name.name;
                if calls(body, name) && !seen.contains(name) {
                    seen.push(name.clone());
                    open.push(name.clone());
                }
            }
        }
        false
    }

    pub(super) fn type_expr(&mut self, ty: &ast::TypeExpr) -> Base {
        let unit = match &ty.unit {
            Some((code, span)) => self.unit(code, *span),
            None => super::unit::Unit::one(),
        };
        match ty.name.as_str() {
            "Bool" => Base::Bool,
            "Int" => Base::Number { integer: true, unit },
            "Real" => Base::Number { integer: false, unit },
            "Prob" => Base::Prob,
            "Rating" => Base::Rating,
            "Category" => Base::AnyCategory,
            "Text" => Base::Text,
            "Date" => Base::Date,
            "Verdict" => Base::Verdict,
            "List" => {
                let of = ty.argument.as_ref().map_or(Base::Unknown, |a| self.type_expr(a));
                Base::List(Box::new(of))
            }
            _ => {
                let word = Ident { name: ty.name.clone(), span: ty.span };
                self.unknown_word(
                    &word,
                    "type",
                    &["Bool", "Int", "Real", "Prob", "Rating", "Category", "Text", "Date", "Verdict", "List"],
                );
                Base::Unknown
            }
        }
    }

    fn let_item(&mut self, decl: &ast::LetItem) {
        self.scope = Scope::with_rows(self.program.home_rows());
        self.open = vec![decl.name.name.clone()];
        let ty = self.infer(&decl.value, None);
        self.open.clear();
        if self.scope.column(&decl.name.name).is_some() {
            self.error(
                codes::DUPLICATE_NAME,
                format!("`{}` is a column of the data", decl.name.name),
                decl.name.span,
                "choose another name",
            );
        }
        self.program.lets.insert(decl.name.name.clone(), ty);
    }

    /// The columns of the home dataset, with the outputs of a task.
    pub(super) fn outcome_rows(&self) -> Option<Arc<RowScope>> {
        let mut rows = self.program.home_rows()?.as_ref().clone();
        for (name, base) in [("p", Base::Prob), ("yhat", Base::Bool), ("y", Base::Bool)] {
            if rows.get(name).is_none() {
                rows.columns.push((name.into(), Type::new(base, Level::Row)));
            }
        }
        Some(Arc::new(rows))
    }

    fn policy(&mut self, policy: &ast::Policy) {
        self.authority(policy.authority.as_ref());
        if let Some((from, to, span)) = &policy.effective {
            self.date(from, *span);
            if let Some(to) = to {
                self.date(to, *span);
                if to < from {
                    self.error(codes::BAD_DATE, "this policy ends before it begins", *span, "swap the dates");
                }
            }
        }
        if let Some((date, span)) = &policy.last_verified {
            self.date(date, *span);
        }
        let mut locals = Vec::new();
        for param in &policy.params {
            let base = self.type_expr(&param.ty);
            self.scope = Scope { locals: locals.clone(), rows: None, present: Vec::new() };
            for value in param.default.iter().chain(param.dated.iter().map(|(_, _, v)| v)) {
                let ty = self.infer(value, Some(&base));
                self.fits(value, &ty, &base, &format!("`{}`", param.name.name));
                self.at_most(value, &ty, Level::Constant, "a policy's parameter");
            }
            for (date, span, _) in &param.dated {
                self.date(date, *span);
            }
            if param.default.is_none() && param.dated.is_empty() {
                self.error(
                    codes::BAD_POLICY,
                    format!("`{}` has no value", param.name.name),
                    param.name.span,
                    "write `= value` or `from @date = value`",
                );
            }
            locals.push((param.name.name.clone(), Type::new(base, Level::Constant)));
        }
        let rows = self.outcome_rows();
        let mut names: Vec<&Ident> = Vec::new();
        for constraint in &policy.constraints {
            if let Some(before) = names.iter().find(|n| n.name == constraint.name.name) {
                self.found.push(
                    Diagnostic::new(codes::DUPLICATE_NAME, format!("the constraint `{}` stands twice", before.name))
                        .at(constraint.name.span, "again")
                        .also(before.span, "first here"),
                );
            }
            names.push(&constraint.name);
            self.authority(constraint.authority.as_ref());
            if constraint.authority.is_none() && policy.authority.is_none() {
                self.found.push(
                    Diagnostic::new(
                        codes::BAD_POLICY,
                        format!("the constraint `{}` does not say on whose authority", constraint.name.name),
                    )
                    .at(constraint.name.span, "no authority here or on the policy")
                    .help(format!("add `authority house` (or {})", AUTHORITIES[..7].join(", "))),
                );
            }
            self.scope = Scope { locals: locals.clone(), rows: rows.clone(), present: Vec::new() };
            let ty = self.infer(&constraint.rule, Some(&Base::Bool));
            self.fits(&constraint.rule, &ty, &Base::Bool, "a constraint");
            if ty.level == Level::Row {
                self.at_most(&constraint.rule, &ty, Level::Cohort, "a constraint");
            }
            if let Some(confidence) = &constraint.confidence {
                let ty = self.infer(confidence, Some(&Base::Prob));
                self.fits(confidence, &ty, &Base::Prob, "`with confidence`");
                if literal(confidence).is_some_and(|v| v <= 0.5 || v >= 1.0) {
                    self.error(
                        codes::OUTSIDE_RANGE,
                        "a confidence lies between 50% and 100%",
                        confidence.span,
                        "for example 95%",
                    );
                }
            }
        }
    }

    fn authority(&mut self, word: Option<&Ident>) {
        if let Some(word) = word
            && !AUTHORITIES.contains(&word.name.as_str())
        {
            self.unknown_word(word, "authority", &AUTHORITIES);
        }
    }

    fn scenario(&mut self, scenario: &ast::Scenario) {
        let Some(schema) = self.program.scenario_data(&scenario.name.name).cloned() else {
            if self.is_lost(&scenario.base.name) {
                return;
            }
            let known: Vec<String> = self
                .program
                .datasets
                .iter()
                .map(|d| d.name.clone())
                .chain(self.program.file.items.iter().filter_map(|i| match &i.kind {
                    ItemKind::Scenario(s) => Some(s.name.name.clone()),
                    _ => None,
                }))
                .collect();
            let mut d = Diagnostic::new(
                codes::UNKNOWN_NAME,
                format!("`{}` is neither a dataset nor a scenario", scenario.base.name),
            )
            .at(scenario.base.span, "unknown");
            if let Some(near) = nearest(&scenario.base.name, known.iter().map(String::as_str)) {
                d = d.help(format!("did you mean `{near}`?"));
            }
            self.found.push(d);
            return;
        };
        self.scope = Scope::default();
        if let Some(size) = &scenario.size {
            let ty = self.infer(size, Some(&Base::int()));
            self.fits(size, &ty, &Base::int(), "a size");
            if literal(size).is_some_and(|v| v < 1.0) {
                self.error(codes::BAD_SCENARIO, "a test set has at least one row", size.span, "too small");
            }
        }
        if let Some((column, share)) = &scenario.prevalence {
            self.share(share);
            match schema.column(&column.name) {
                Some(c) if c.ty.base == Base::Bool => {}
                Some(c) => self.error(
                    codes::WRONG_TYPE,
                    "prevalence is about a flag",
                    column.span,
                    format!("`{}` is {}", c.name, c.ty),
                ),
                None => self.unknown_column(column, &schema),
            }
        }
        for mix in &scenario.mixes {
            self.mix(mix, &schema);
        }
    }

    fn mix(&mut self, mix: &ast::Mix, schema: &super::dataset::Schema) {
        for (_, share) in &mix.shares {
            self.scope = Scope::default();
            self.share(share);
        }
        let Some(column) = schema.column(&mix.column.name) else {
            self.unknown_column(&mix.column, schema);
            return;
        };
        let names: Vec<String> = match &column.ty.base {
            Base::Category(levels) => levels.names.clone(),
            Base::Bool => vec!["false".into(), "true".into()],
            other => {
                let other = other.to_string();
                self.error(
                    codes::WRONG_TYPE,
                    "a mix is about a category",
                    mix.column.span,
                    format!("`{}` is {other}", mix.column.name),
                );
                return;
            }
        };
        for (level, _) in &mix.shares {
            if !names.contains(&level.name) {
                let mut d = Diagnostic::new(
                    codes::UNKNOWN_LEVEL,
                    format!("`{}` is not a level of `{}`", level.name, mix.column.name),
                )
                .at(level.span, "not declared")
                .note(format!("its levels: {}", names.join(", ")));
                if let Some(near) = nearest(&level.name, names.iter().map(String::as_str)) {
                    d = d.help(format!("did you mean `{near}`?"));
                }
                self.found.push(d);
            }
        }
        let shares: Option<Vec<f64>> = mix.shares.iter().map(|(_, e)| literal(e)).collect();
        if let Some(shares) = shares {
            let total: f64 = shares.iter().sum();
            if (total - 1.0).abs() > 1e-9 {
                self.found.push(
                    Diagnostic::new(
                        codes::BAD_SCENARIO,
                        format!("the shares of `{}` add up to {}%", mix.column.name, total * 100.0),
                    )
                    .at(mix.column.span, "a mix adds up to 100%")
                    .help("levels that are not named get no rows"),
                );
            }
        }
    }

    fn share(&mut self, share: &Expr) {
        let ty = self.infer(share, Some(&Base::Prob));
        self.fits(share, &ty, &Base::Prob, "a share");
    }

    fn unknown_column(&mut self, name: &Ident, schema: &super::dataset::Schema) {
        let mut d = Diagnostic::new(codes::UNKNOWN_NAME, format!("`{}` has no column `{}`", schema.name, name.name))
            .at(name.span, "unknown column");
        if let Some(near) = nearest(&name.name, schema.columns.iter().map(|c| c.name.as_str())) {
            d = d.help(format!("did you mean `{near}`?"));
        }
        self.found.push(d);
    }

    fn task(&mut self, task: &ast::Task) {
        let Some(schema) = self.home_schema(task.name.span) else { return };
        match &task.kind {
            TaskKind::Predict(label) => match schema.column(&label.name) {
                None => self.unknown_column(label, &schema),
                Some(c) if c.ty.base != Base::Bool => {
                    self.error(
                        codes::WRONG_TYPE,
                        "this version predicts flags",
                        label.span,
                        format!("`{}` is {}", c.name, c.ty),
                    );
                }
                Some(c) if !c.has(Role::Label) => self.found.push(
                    Diagnostic::new(
                        codes::NOT_A_FEATURE,
                        format!("`{}` is predicted but not declared a label", c.name),
                    )
                    .at(label.span, "what a task predicts is a label")
                    .also(c.span, "declared here")
                    .help(format!("add the role: `{} : Bool … label`", c.name)),
                ),
                Some(c) if c.ty.optional => self.error(
                    codes::MAY_BE_MISSING,
                    format!("`{}` may be missing; a label is known in every row", c.name),
                    label.span,
                    "may be missing",
                ),
                Some(_) => {}
            },
            TaskKind::Discriminate(name) => {
                let generators: Vec<String> = self.program.generators().map(|g| g.name.name.clone()).collect();
                let fits = match (name.name.as_str(), generators.len()) {
                    ("synthetic", 1) => true,
                    ("synthetic", _) => false,
                    (other, _) => generators.iter().any(|g| g == other),
                };
                if !fits {
                    let mut d =
                        Diagnostic::new(codes::UNKNOWN_NAME, format!("`{}` does not name one generator", name.name))
                            .at(
                                name.span,
                                match generators.len() {
                                    0 => "this file has no generator".to_string(),
                                    n => format!("this file has {n}: {}", generators.join(", ")),
                                },
                            );
                    if generators.is_empty() {
                        d = d.help(format!("declare one: `generator g = conditional_gan({})`", schema.name));
                    }
                    self.found.push(d);
                }
            }
        }
    }

    fn home_schema(&mut self, span: Span) -> Option<super::dataset::Schema> {
        let schema = self.program.home.as_ref().and_then(|h| self.program.dataset(h)).cloned();
        if schema.is_none() {
            self.error(
                codes::NO_DATASET,
                "there is no dataset that this could be about",
                span,
                "declare a `dataset` first",
            );
        }
        schema
    }

    fn model(&mut self, model: &ast::Model) {
        if !MODELS.contains(&model.kind.name.as_str()) {
            self.unknown_word(&model.kind, "model", &MODELS);
            return;
        }
        let Some(schema) = self.home_schema(model.name.span) else { return };
        if model.kind.name == "recorded" {
            let arg = match model.args.as_slice() {
                [one] if one.name.is_none() => &one.value,
                _ => {
                    self.error(
                        codes::WRONG_ARGUMENTS,
                        "`recorded` takes one column",
                        model.kind.span,
                        "for example `recorded(surv6m)`",
                    );
                    return;
                }
            };
            let ExprKind::Name(name) = &arg.kind else {
                self.error(codes::WRONG_ARGUMENTS, "`recorded` takes the name of a column", arg.span, "not a column");
                return;
            };
            match schema.column(name) {
                None => self.unknown_column(&Ident { name: name.clone(), span: arg.span }, &schema),
                Some(c) if c.ty.base != Base::Prob => {
                    let ty = c.ty.clone();
                    self.error(
                        codes::WRONG_TYPE,
                        "a recorded prediction is a probability",
                        arg.span,
                        format!("`{name}` is {ty}"),
                    );
                }
                Some(c) if c.predicts.is_none() => self.found.push(
                    Diagnostic::new(
                        codes::OTHER_EVENT,
                        format!("`{name}` does not say which event it is a probability of"),
                    )
                    .at(arg.span, "a probability of what?")
                    .also(c.span, "declared here")
                    .help("add `predicts LABEL` or `predicts not LABEL` to the column"),
                ),
                Some(_) => {}
            }
            return;
        }
        self.scope = Scope::default();
        for arg in &model.args {
            match arg.name.as_ref().map(|n| n.name.as_str()) {
                Some("features") => self.features(&arg.value, &schema),
                Some("ridge") if model.kind.name == "logistic" => self.setting_number(&arg.value),
                Some("rounds" | "depth" | "learning_rate") if model.kind.name == "boosted_trees" => {
                    self.setting_number(&arg.value)
                }
                _ => {
                    let known: &[&str] = match model.kind.name.as_str() {
                        "logistic" => &["features", "ridge"],
                        _ => &["features", "rounds", "depth", "learning_rate"],
                    };
                    let word = arg.name.clone().unwrap_or(Ident { name: "…".into(), span: arg.value.span });
                    self.unknown_word(&word, "setting", known);
                }
            }
        }
    }

    fn setting_number(&mut self, value: &Expr) {
        let ty = self.infer(value, None);
        self.fits(value, &ty, &Base::real(), "a setting");
        if literal(value).is_some_and(|v| v < 0.0) {
            self.error(codes::OUTSIDE_RANGE, "a setting is not negative", value.span, "negative");
        }
    }

    /// `all except …`, or a list of columns; none of them may give the answer away.
    fn features(&mut self, value: &Expr, schema: &super::dataset::Schema) {
        let names: Vec<Ident> = match &value.kind {
            ExprKind::Columns { except } => {
                for name in except {
                    if schema.column(&name.name).is_none() {
                        self.unknown_column(name, schema);
                    }
                }
                return;
            }
            ExprKind::List(items) => items
                .iter()
                .filter_map(|i| match &i.kind {
                    ExprKind::Name(name) => Some(Ident { name: name.clone(), span: i.span }),
                    _ => None,
                })
                .collect(),
            _ => {
                self.error(
                    codes::WRONG_TYPE,
                    "features are columns",
                    value.span,
                    "write `all except a, b` or `[a, b]`",
                );
                return;
            }
        };
        for name in names {
            match schema.column(&name.name) {
                None => self.unknown_column(&name, schema),
                Some(c) => {
                    if let Some(why) = c.hidden() {
                        self.found.push(
                            Diagnostic::new(codes::NOT_A_FEATURE, format!("`{}` cannot be a feature: {why}", c.name))
                                .at(name.span, "gives the answer away")
                                .also(c.span, "declared here")
                                .help("leave it out; `all` already does"),
                        );
                    }
                }
            }
        }
    }

    fn generator(&mut self, generator: &ast::Generator) {
        if !GENERATORS.contains(&generator.kind.name.as_str()) {
            self.unknown_word(&generator.kind, "generator", &GENERATORS);
        }
        let Some(schema) = self.program.dataset(&generator.data.name).cloned() else {
            self.error(
                codes::UNKNOWN_NAME,
                format!("unknown dataset `{}`", generator.data.name),
                generator.data.span,
                "not declared",
            );
            return;
        };
        self.scope = Scope::default();
        for (name, value) in &generator.settings {
            match name.name.as_str() {
                "columns" => match &value.kind {
                    ExprKind::Columns { except } => {
                        for name in except {
                            if schema.column(&name.name).is_none() {
                                self.unknown_column(name, &schema);
                            }
                        }
                    }
                    ExprKind::List(items) => {
                        for item in items {
                            match &item.kind {
                                ExprKind::Name(n) if schema.column(n).is_some() => {}
                                ExprKind::Name(n) => {
                                    self.unknown_column(&Ident { name: n.clone(), span: item.span }, &schema)
                                }
                                _ => self.error(codes::WRONG_TYPE, "columns are named", item.span, "not a name"),
                            }
                        }
                    }
                    _ => self.error(
                        codes::WRONG_TYPE,
                        "`columns` is `all except a, b` or `[a, b]`",
                        value.span,
                        "not columns",
                    ),
                },
                other if GENERATOR_SETTINGS.contains(&other) => self.setting_number(value),
                _ => self.unknown_word(name, "setting", &GENERATOR_SETTINGS),
            }
        }
    }

    fn benchmark(&mut self, benchmark: &ast::Benchmark) {
        let count = self.program.file.items.iter().filter(|i| matches!(i.kind, ItemKind::Benchmark(_))).count();
        if count > 1 {
            self.error(
                codes::BAD_BENCHMARK,
                "a file has one benchmark",
                benchmark.name.span,
                format!("this file has {count}"),
            );
        }
        for (what, list) in
            [("scenarios", &benchmark.scenarios), ("models", &benchmark.models), ("tasks", &benchmark.tasks)]
        {
            if list.is_empty() {
                self.error(
                    codes::BAD_BENCHMARK,
                    format!("the benchmark names no {what}"),
                    benchmark.name.span,
                    format!("add `{what} …`"),
                );
            }
        }
        if benchmark.metrics.is_empty() {
            self.error(codes::BAD_BENCHMARK, "the benchmark names no metrics", benchmark.name.span, "add `metrics …`");
        }
        let kinds: [(&str, &[Ident], fn(&ItemKind) -> Option<&Ident>); 4] = [
            ("scenario", &benchmark.scenarios, |k| if let ItemKind::Scenario(s) = k { Some(&s.name) } else { None }),
            ("model", &benchmark.models, |k| if let ItemKind::Model(s) = k { Some(&s.name) } else { None }),
            ("task", &benchmark.tasks, |k| if let ItemKind::Task(s) = k { Some(&s.name) } else { None }),
            ("policy", &benchmark.policies, |k| if let ItemKind::Policy(s) = k { Some(&s.name) } else { None }),
        ];
        for (what, list, pick) in kinds {
            let known: Vec<String> =
                self.program.file.items.iter().filter_map(|i| pick(&i.kind)).map(|n| n.name.clone()).collect();
            for (at, name) in list.iter().enumerate() {
                if list.iter().take(at).any(|n| n.name == name.name) {
                    self.error(codes::DUPLICATE_NAME, format!("`{}` is listed twice", name.name), name.span, "again");
                }
                if known.contains(&name.name) || self.is_lost(&name.name) {
                    continue;
                }
                let mut d = Diagnostic::new(codes::UNKNOWN_NAME, format!("unknown {what} `{}`", name.name))
                    .at(name.span, "not declared");
                if let Some(near) = nearest(&name.name, known.iter().map(String::as_str)) {
                    d = d.help(format!("did you mean `{near}`?"));
                }
                self.found.push(d);
            }
        }
        self.same_data(benchmark);
        self.recorded_events(benchmark);
        if let Some((folds, span)) = &benchmark.folds
            && !(2..=100).contains(folds)
        {
            self.error(codes::BAD_BENCHMARK, "folds are between 2 and 100", *span, "cannot split this way");
        }
        if let Some((date, span)) = &benchmark.as_of {
            self.date(date, *span);
            self.stale(benchmark, date, *span);
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

    fn same_data(&mut self, benchmark: &ast::Benchmark) {
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

    /// A recorded probability must be about the event that some task predicts, or its complement.
    fn recorded_events(&mut self, benchmark: &ast::Benchmark) {
        let Some(schema) = self.program.home.as_ref().and_then(|h| self.program.dataset(h)).cloned() else { return };
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

    fn stale(&mut self, benchmark: &ast::Benchmark, date: &str, span: Span) {
        for name in &benchmark.policies {
            if let Some((verified, at)) = self.program.policy(&name.name).and_then(|p| p.last_verified.clone())
                && verified.as_str() < date
            {
                self.found.push(
                    Diagnostic::new(codes::STALE_POLICY, format!("`{}` was last verified on {verified}", name.name))
                        .at(span, "asks about a later day")
                        .also(at, "verified here")
                        .help("check that the rules still stand, then move `last_verified`"),
                );
            }
        }
    }
}

/// Whether `expr` calls `name` anywhere.
fn calls(expr: &Expr, name: &str) -> bool {
    let mut found = false;
    super::walk(expr, &mut |e| {
        if let ExprKind::Call { function, .. } = &e.kind
            && function.name == name
        {
            found = true;
        }
    });
    found
}

fn key(kind: &ItemKind) -> (u8, String) {
    let tag = match kind {
        ItemKind::Dataset(_) => 1,
        ItemKind::Test(_) => 2,
        _ => 0,
    };
    (tag, item_name(kind).map(|n| n.name.clone()).unwrap_or_default())
}

fn item_name(kind: &ItemKind) -> Option<&Ident> {
    Some(match kind {
        ItemKind::Dataset(d) => &d.name,
        ItemKind::Function(d) => &d.name,
        ItemKind::Policy(d) => &d.name,
        ItemKind::Scenario(d) => &d.name,
        ItemKind::Task(d) => &d.name,
        ItemKind::Model(d) => &d.name,
        ItemKind::Generator(d) => &d.name,
        ItemKind::Benchmark(d) => &d.name,
        ItemKind::Let(d) => &d.name,
        _ => return None,
    })
}

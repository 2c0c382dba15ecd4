//! Tasks, models and generators: what may be seen, what is predicted.

use super::convert::literal;
use super::program::Checker;
use super::scope::Scope;
use super::types::Base;
use crate::source::{Diagnostic, Span, codes};
use crate::syntax::ast::{self, Expr, ExprKind, Ident, Role, TaskKind};
use std::sync::Arc;

/// Kinds of models.
pub const MODELS: [&str; 6] = ["recorded", "logistic", "boosted_trees", "chat", "process", "onnx"];
/// Models that run outside of this program, and what their one text is.
pub const OUTSIDE: [(&str, &str); 3] = [("chat", "gpt-4o"), ("process", "python predict.py"), ("onnx", "model.onnx")];

impl Checker<'_> {
    pub(super) fn task(&mut self, task: &ast::Task) {
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
                    .help(format!("add the role: `{} : Bool … label`", c.name))
                    .fix("make it a label", c.whole.after(), " label"),
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

    pub(super) fn home_schema(&mut self, span: Span) -> Option<Arc<super::dataset::Schema>> {
        let schema = self.program.home.as_ref().and_then(|h| self.program.shared_dataset(h)).cloned();
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

    pub(super) fn model(&mut self, model: &ast::Model) {
        if !MODELS.contains(&model.kind.name.as_str()) {
            self.unknown_word(&model.kind, "model", &MODELS);
            return;
        }
        if let Some(word) = model.egress.as_ref().filter(|w| w.name != "external") {
            self.unknown_word(word, "egress", &["external"]);
        }
        let Some(schema) = self.home_schema(model.name.span) else { return };
        if let Some((_, example)) = OUTSIDE.iter().find(|(kind, _)| *kind == model.kind.name) {
            self.outside_model(model, example, &schema);
            return;
        }
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
                    .help("add `predicts LABEL` or `predicts not LABEL` to the column")
                    .fixes_for(schema.label().filter(|l| l.ty.base == Base::Bool).map(|label| {
                        (
                            format!("write `predicts {}`", label.name),
                            c.whole.after(),
                            format!(" predicts {}", label.name),
                        )
                    })),
                ),
                Some(_) => {}
            }
            return;
        }
        self.scope = Scope::default();
        for arg in &model.args {
            match arg.name.as_ref().map(|n| n.name.as_str()) {
                Some("features") => self.features(&arg.value, &schema),
                Some("ridge") if model.kind.name == "logistic" => self.setting_number(&arg.value, false),
                Some(s @ ("rounds" | "depth" | "learning_rate")) if model.kind.name == "boosted_trees" => {
                    self.setting_number(&arg.value, s != "learning_rate");
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

    /// `chat("gpt-4o")`, `process("python predict.py")`, `onnx("model.onnx")`.
    fn outside_model(&mut self, model: &ast::Model, example: &str, schema: &super::dataset::Schema) {
        let kind = &model.kind.name;
        let texts = model.args.iter().filter(|a| a.name.is_none());
        if texts.clone().count() != 1 || texts.clone().any(|a| !matches!(a.value.kind, ExprKind::Text(_))) {
            self.found.push(
                Diagnostic::new(codes::WRONG_ARGUMENTS, format!("`{kind}` takes one text"))
                    .at(model.kind.span, "says what to ask")
                    .help(format!("for example `{kind}(\"{example}\")`")),
            );
            return;
        }
        for arg in &model.args {
            match &arg.name {
                Some(name) if name.name == "features" => self.features(&arg.value, schema),
                Some(name) => self.unknown_word(name, "setting", &["features"]),
                None => {}
            }
        }
    }

    /// A setting is written out as a number, so that the cache and the reader see it.
    pub(super) fn setting_number(&mut self, value: &Expr, whole: bool) {
        let wanted = if whole { Base::int() } else { Base::real() };
        let ty = self.infer(value, None);
        if !self.fits(value, &ty, &wanted, "a setting") {
            return;
        }
        match literal(value) {
            Some(v) if v < 0.0 => self.error(codes::OUTSIDE_RANGE, "a setting is not negative", value.span, "negative"),
            Some(_) => {}
            None => self.error(codes::WRONG_TYPE, "a setting is a plain number", value.span, "write the number itself"),
        }
    }

    /// `all except …`, or a list of columns; none of them may give the answer away.
    pub(super) fn features(&mut self, value: &Expr, schema: &super::dataset::Schema) {
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
                let mut d = Diagnostic::new(codes::WRONG_TYPE, "features are columns")
                    .at(value.span, "write `all except a, b` or `[a, b]`");
                if matches!(value.kind, ExprKind::Name(_)) {
                    d = d.wrap(value.span, "[", "]");
                }
                self.found.push(d);
                return;
            }
        };
        if names.is_empty() {
            self.error(codes::WRONG_ARGUMENTS, "a model needs at least one feature", value.span, "no columns");
        }
        for (at, name) in names.iter().enumerate() {
            match schema.column(&name.name) {
                None => self.unknown_column(name, schema),
                Some(c) => {
                    if let Some(why) = c.hidden() {
                        // With the comma before it, or after it where it comes first.
                        let without = match (at.checked_sub(1).and_then(|i| names.get(i)), names.get(at + 1)) {
                            (Some(before), _) => before.span.after().to(name.span),
                            (None, Some(next)) => name.span.to(next.span.before()),
                            (None, None) => name.span,
                        };
                        self.found.push(
                            Diagnostic::new(codes::NOT_A_FEATURE, format!("`{}` cannot be a feature: {why}", c.name))
                                .at(name.span, "gives the answer away")
                                .also(c.span, "declared here")
                                .help("leave it out; `all` already does")
                                .fix("leave it out", without, ""),
                        );
                    }
                }
            }
        }
    }
}

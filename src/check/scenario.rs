//! Scenarios: sizes, mixes, prevalences.

use super::convert::literal;
use super::program::Checker;
use super::scope::Scope;
use super::types::Base;
use crate::source::diagnostic::nearest;
use crate::source::{Diagnostic, codes};
use crate::syntax::ast::{self, Expr, Ident, ItemKind};

impl Checker<'_> {
    pub(super) fn scenario(&mut self, scenario: &ast::Scenario) {
        let Some(schema) = self.program.scenario_data(&scenario.name.name).cloned() else {
            if self.is_lost(&scenario.base.name) {
                return;
            }
            let known: Vec<String> = self
                .program
                .datasets
                .iter()
                .map(|d| d.name.clone())
                .chain(self.program.items().filter_map(|i| match &i.kind {
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
                d = d.meant(scenario.base.span, near);
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
        if let Some(by) = &scenario.prevalence_by {
            self.prevalence_by(by, scenario.prevalence.is_some(), &schema);
        }
        for mix in &scenario.mixes {
            self.mix(mix, &schema);
        }
    }

    /// `prevalence death by race { white: 3.6%, black: 8.7% }`.
    fn prevalence_by(&mut self, by: &ast::PrevalenceBy, also_whole: bool, schema: &super::dataset::Schema) {
        match schema.column(&by.label.name) {
            Some(c) if c.ty.base == Base::Bool => {}
            Some(c) => self.error(
                codes::WRONG_TYPE,
                "prevalence is about a flag",
                by.label.span,
                format!("`{}` is {}", c.name, c.ty),
            ),
            None => self.unknown_column(&by.label, schema),
        }
        self.levels_of(&by.by, &by.shares, "prevalence by group is about a category", schema);
        if also_whole {
            self.error(
                codes::BAD_SCENARIO,
                "a scenario declares the prevalence once",
                by.label.span,
                "as a whole, or by group: the groups and their mix give the whole",
            );
        }
    }

    /// Shares of levels that a column has; false when nothing more can be said.
    fn levels_of(&mut self, of: &Ident, shares: &[(Ident, Expr)], what: &str, schema: &super::dataset::Schema) -> bool {
        for (_, share) in shares {
            self.scope = Scope::default();
            self.share(share);
        }
        let Some(column) = schema.column(&of.name) else {
            self.unknown_column(of, schema);
            return false;
        };
        let names: Vec<String> = match &column.ty.base {
            Base::Category(levels) => levels.names.clone(),
            Base::Bool => vec!["false".into(), "true".into()],
            other => {
                let other = other.to_string();
                self.error(codes::WRONG_TYPE, what, of.span, format!("`{}` is {other}", of.name));
                return false;
            }
        };
        for (at, (level, _)) in shares.iter().enumerate() {
            if let Some((before, _)) = shares.iter().take(at).find(|(l, _)| l.name == level.name) {
                self.found.push(
                    Diagnostic::new(codes::DUPLICATE_NAME, format!("the share of `{}` stands twice", level.name))
                        .at(level.span, "again")
                        .also(before.span, "first here"),
                );
            }
            if !names.contains(&level.name) {
                let mut d =
                    Diagnostic::new(codes::UNKNOWN_LEVEL, format!("`{}` is not a level of `{}`", level.name, of.name))
                        .at(level.span, "not declared")
                        .note(format!("its levels: {}", names.join(", ")));
                if let Some(near) = nearest(&level.name, names.iter().map(String::as_str)) {
                    d = d.meant_level(level.span, near);
                }
                self.found.push(d);
            }
        }
        true
    }

    pub(super) fn mix(&mut self, mix: &ast::Mix, schema: &super::dataset::Schema) {
        if !self.levels_of(&mix.column, &mix.shares, "a mix is about a category", schema) {
            return;
        }
        let shares: Option<Vec<f64>> = mix.shares.iter().map(|(_, e)| literal(e)).collect();
        if let Some(shares) = shares {
            let total: f64 = shares.iter().sum();
            if (total - 1.0).abs() > 1e-9 {
                self.found.push(
                    Diagnostic::new(
                        codes::BAD_SCENARIO,
                        format!("the shares of `{}` add up to {}%", mix.column.name, (total * 1e8).round() / 1e6),
                    )
                    .at(mix.column.span, "a mix adds up to 100%")
                    .help("levels that are not named get no rows"),
                );
            }
        }
    }

    pub(super) fn share(&mut self, share: &Expr) {
        let ty = self.infer(share, Some(&Base::Prob));
        self.fits(share, &ty, &Base::Prob, "a share");
    }

    pub(super) fn unknown_column(&mut self, name: &Ident, schema: &super::dataset::Schema) {
        let mut d = Diagnostic::new(codes::UNKNOWN_NAME, format!("`{}` has no column `{}`", schema.name, name.name))
            .at(name.span, "unknown column");
        if let Some(near) = nearest(&name.name, schema.columns.iter().map(|c| c.name.as_str())) {
            d = d.meant(name.span, near);
        }
        self.found.push(d);
    }
}

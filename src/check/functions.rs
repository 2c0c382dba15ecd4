//! `metric` and `fn`: parameters, bodies, recursion, type expressions.

use super::program::{Checker, FunctionInfo};
use super::scope::Scope;
use super::types::{Base, Level, Levels, Member, Type};
use crate::source::{Diagnostic, codes};
use crate::syntax::ast::{self, Expr, ExprKind, Ident};
use std::sync::Arc;

/// The type of row weights: numbers from 0 on.
const WEIGHT: &str = "Weight";

impl Checker<'_> {
    /// Declares a function; its body is checked by [`Checker::bodies`].
    pub(super) fn function(&mut self, decl: ast::Function, doc: Option<String>, module: Option<&'static str>) {
        let (mut params, mut bounds) = (Vec::new(), Vec::new());
        for param in &decl.params {
            let mut base = self.type_expr(&param.ty);
            if let Base::Category(levels) = &base {
                let named = Levels { column: param.name.name.clone(), names: levels.names.clone() };
                base = Base::Category(Arc::new(named));
            }
            let promised = self.bounds(&param.ty, &base);
            // A parameter without default is one value per row; a default or a list makes it a setting.
            let level = match (&base, decl.is_metric && param.default.is_none()) {
                (Base::List(_), _) | (_, false) => Level::Constant,
                _ => Level::Row,
            };
            // A weight is one value per row; its default stands for every row.
            let level = if decl.is_metric && param.ty.name != WEIGHT { level } else { Level::Row };
            if let Some(default) = &param.default {
                self.scope = Scope::default();
                self.closed = true;
                let ty = self.infer(default, Some(&base));
                self.closed = false;
                let place = format!("`{}`", param.name.name);
                if self.fits(default, &ty, &base, &place) {
                    self.hold(default, promised.as_ref(), &place);
                }
                self.at_most(default, &ty, Level::Constant, "a default");
            }
            let inner = param.ty.argument.as_ref().is_some_and(|a| a.optional);
            params.push(Type { base, optional: param.ty.optional || inner, level });
            bounds.push(promised);
        }
        let result = self.type_expr(&decl.result);
        let result_bounds = self.bounds(&decl.result, &result);
        if decl.body.is_none() && module.is_none() {
            self.found.push(
                Diagnostic::new(codes::WRONG_ARGUMENTS, format!("`{}` has no formula", decl.name.name))
                    .at(decl.name.span, "missing `= …`")
                    .help("only the standard library declares metrics without a formula"),
            );
        }
        let origin = self.at;
        self.program.functions.push(FunctionInfo { decl, doc, params, result, bounds, result_bounds, module, origin });
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
            self.closed = true;
            if info.decl.is_metric {
                self.columns = info.decl.params.iter().map(|p| p.name.name.clone()).collect();
            }
            let found = self.infer(body, Some(&info.result));
            let place = format!("the result of `{}`", info.decl.name.name);
            let number_for_prob = info.result == Base::real() && found.base.is_numeric() && found.base.unit().is_one();
            if number_for_prob || self.fits(body, &found, &info.result, &place) {
                self.hold(body, info.result_bounds.as_ref(), &place);
            }
            if info.decl.is_metric {
                self.at_most(body, &found, Level::Cohort, &place);
            }
            self.open.clear();
            self.closed = false;
            self.columns.clear();
        }
    }

    /// The function itself and everything that (transitively) calls it: calling one of them is recursion.
    pub(super) fn callers(&self, index: usize) -> Vec<String> {
        let Some(start) = self.program.functions.get(index) else { return Vec::new() };
        let mut out = vec![start.decl.name.name.clone()];
        loop {
            let before = out.len();
            for f in self.program.functions.iter().filter(|f| f.origin == start.origin) {
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

    pub(super) fn reaches(&self, from: &str, to: &str) -> bool {
        let mut open = vec![from.to_string()];
        let mut seen: Vec<String> = Vec::new();
        while let Some(at) = open.pop() {
            let Some((_, f)) = self.program.function_at(self.at, &at) else { continue };
            let Some(body) = &f.decl.body else { continue };
            if calls(body, to) {
                return true;
            }
            for g in self.program.functions.iter().filter(|g| g.origin == self.at) {
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
        if !ty.fields.is_empty() {
            let mut members: Vec<Member> = Vec::new();
            for (name, of) in &ty.fields {
                let base = self.type_expr(of);
                if members.iter().any(|m| m.name == name.name) {
                    self.error(
                        codes::DUPLICATE_NAME,
                        format!("this record has two parts `{}`", name.name),
                        name.span,
                        "again",
                    );
                    continue;
                }
                members.push(Member { name: name.name.clone(), base, optional: of.optional });
            }
            return Base::Record(Arc::new(members));
        }
        match ty.name.as_str() {
            "Bool" => Base::Bool,
            "Int" => Base::Number { integer: true, unit },
            "Real" | WEIGHT => Base::Number { integer: false, unit },
            "Prob" => Base::Prob,
            "Rating" => Base::Rating,
            "Category" if !ty.levels.is_empty() => {
                let names = ty.levels.iter().map(|l| l.name.clone()).collect();
                Base::Category(Arc::new(Levels { column: "this category".into(), names }))
            }
            "Category" => Base::AnyCategory,
            "Text" => Base::Text,
            "Date" => Base::Date,
            "Verdict" => Base::Verdict,
            // Any kind of column: only the standard library asks for one.
            "Column" => Base::Unknown,
            "List" => {
                let of = ty.argument.as_ref().map_or(Base::Unknown, |a| self.type_expr(a));
                Base::List(Box::new(of))
            }
            _ => {
                let word = Ident { name: ty.name.clone(), span: ty.span };
                self.unknown_word(
                    &word,
                    "type",
                    &["Bool", "Int", "Real", "Prob", "Rating", "Category", "Text", "Date", "Verdict", "List", WEIGHT],
                );
                Base::Unknown
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

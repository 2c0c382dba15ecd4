//! `impute(x, mean | median | mode)`: what may be filled with which figure.

use super::convert::article;
use super::program::{Checker, Resolved};
use super::types::{Base, Level, Type};
use super::walk;
use crate::source::{Diagnostic, codes};
use crate::syntax::ast::{Expr, ExprKind, Ident};

impl Checker<'_> {
    /// `impute(x, mean | median | mode)`.
    pub(super) fn impute(&mut self, x: &Expr, way: &Expr) -> Type {
        let ty = self.infer(x, None);
        let word = match &way.kind {
            ExprKind::Name(word) => word.clone(),
            _ => String::new(),
        };
        if !IMPUTATIONS.contains(&word.as_str()) {
            let word = Ident { name: if word.is_empty() { crate::syntax::show(way) } else { word }, span: way.span };
            self.unknown_word(&word, "way to fill", &IMPUTATIONS);
            return Type::unknown();
        }
        if ty.is_unknown() {
            return ty;
        }
        if ty.level != Level::Row {
            self.found.push(
                Diagnostic::new(codes::WRONG_LEVEL, "`impute` fills the rows of a column")
                    .at(x.span, ty.level.words().to_string())
                    .help("`or_else(x, value)` fills a single value"),
            );
            return Type::unknown();
        }
        let mut within = None;
        walk(x, &mut |e| {
            if let Some(Resolved::Local(name)) = self.program.tables.name(e.id)
                && !self.columns.contains(name)
                && self.program.tables.ty(e.id).is_some_and(|t| t.level == Level::Row)
            {
                within = Some((e.span, name.clone()));
            }
        });
        if let Some((span, name)) = within {
            self.found.push(
                Diagnostic::new(codes::WRONG_LEVEL, "`impute` fills the rows of a column")
                    .at(span, format!("`{name}` is the value of one row here"))
                    .help("fill the column before it gets a name: `let x = impute(column, median) in …`"),
            );
            return Type::unknown();
        }
        let base = match &ty.base {
            base if word == "mode" && base.has_column() => base.clone(),
            Base::Number { unit, .. } => Base::Number { integer: false, unit: unit.clone() },
            base if base.is_numeric() => base.clone(),
            other => {
                self.found.push(
                    Diagnostic::new(codes::WRONG_TYPE, format!("the {word} needs numbers"))
                        .at(x.span, format!("this is {}", article(other)))
                        .help("`impute(x, mode)` fills with the most frequent value"),
                );
                // What it would fill is known all the same.
                other.clone()
            }
        };
        Type::new(base, Level::Row)
    }
}

/// The figures that `impute` fills with.
const IMPUTATIONS: [&str; 3] = ["mean", "median", "mode"];

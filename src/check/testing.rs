//! `check … on …`, documents, attestations, and tests: assertions and expectations over rows written out.

use super::policy::with_outcomes;
use super::program::Checker;
use super::scope::{RowScope, Scope};
use super::types::{Base, Level, Levels, Type};
use crate::source::diagnostic::nearest;
use crate::source::{Diagnostic, Span, codes};
use crate::syntax::ast::{
    self, Attest, Because, CellValue, DocumentSource, Expect, Expr, ExprKind, TestCell, TestColumn, TestPart,
};
use std::sync::Arc;

/// How many rows a test may write out.
const MOST_ROWS: usize = 100_000;

impl Checker<'_> {
    pub(super) fn test(&mut self, test: &ast::Test) {
        for part in &test.parts {
            match part {
                TestPart::Assert(assertion) => {
                    self.scope = Scope::with_rows(self.program.home_rows());
                    let ty = self.infer(assertion, Some(&Base::Bool));
                    self.fits(assertion, &ty, &Base::Bool, "`assert`");
                    self.at_most(assertion, &ty, Level::Cohort, "`assert`");
                }
                TestPart::Attest(attest) => self.attest(attest),
                TestPart::Expect(expect) => self.expect(expect),
            }
        }
    }

    pub(super) fn attest(&mut self, attest: &Attest) {
        self.date(&attest.on.0, attest.on.1);
        let Some((until, span)) = &attest.until else { return };
        self.date(until, *span);
        if *until < attest.on.0 {
            self.error(codes::BAD_DATE, "this ends before it begins", *span, format!("begins on {}", attest.on.0));
        }
    }

    pub(super) fn document(&mut self, document: &ast::Document) {
        if let DocumentSource::Here(record) = &document.source {
            self.scope = Scope::default();
            let ty = self.infer(record, None);
            self.at_most(record, &ty, Level::Constant, "a document");
        }
    }

    pub(super) fn check_item(&mut self, check: &ast::Check) {
        let rows = match &check.on {
            None => self.program.home_rows(),
            Some(on) => match self.rows_of(&on.name) {
                Some(rows) => Some(rows),
                None => {
                    self.unknown_subject(on);
                    return;
                }
            },
        };
        let Some(rows) = rows else {
            self.error(
                codes::NO_DATASET,
                "what is to be checked?",
                check.policy.span,
                "write `on DATASET`, `on SCENARIO` or `on GENERATOR`",
            );
            return;
        };
        self.instance(&check.policy, Some(&rows), true);
        if let Some((day, span)) = &check.as_of {
            self.date(day, *span);
            self.stale(&check.policy, day, *span);
        }
    }

    /// The rows of a dataset, a scenario, or what a generator makes.
    fn rows_of(&self, name: &str) -> Option<Arc<RowScope>> {
        let data = self.program.generators().find(|g| g.name.name == name).map(|g| g.data.name.clone());
        self.program.scenario_data(data.as_deref().unwrap_or(name)).map(|s| s.rows())
    }

    fn unknown_subject(&mut self, on: &ast::Ident) {
        if self.is_lost(&on.name) || self.lost_nameless(&["dataset", "scenario", "generator"]) {
            return;
        }
        let is_subject = |k: &ast::ItemKind| {
            matches!(k, ast::ItemKind::Dataset(_) | ast::ItemKind::Scenario(_) | ast::ItemKind::Generator(_))
        };
        let known: Vec<String> = self
            .program
            .items()
            .filter(|i| is_subject(&i.kind))
            .filter_map(|i| i.kind.name().map(|n| n.name.clone()))
            .collect();
        let mut d = Diagnostic::new(codes::UNKNOWN_NAME, format!("unknown data `{}`", on.name))
            .at(on.span, "no dataset, scenario or generator of this name");
        if let Some(near) = nearest(&on.name, known.iter().map(String::as_str)) {
            d = d.meant(on.span, near);
        }
        self.found.push(d);
    }

    fn expect(&mut self, expect: &Expect) {
        let home = self.program.home_rows();
        let rows = match &expect.table {
            Some((columns, span)) => match self.table(columns, *span, home.as_deref()) {
                Some(rows) => Some(Arc::new(rows)),
                None => return,
            },
            None => home.map(|h| Arc::new(with_outcomes(h.as_ref().clone()))),
        };
        if let Some(rows) = &rows {
            self.program.test_rows.insert(expect.policy.id, rows.clone());
        }
        self.instance(&expect.policy, rows.as_ref(), true);
        if let Some((day, span)) = &expect.as_of {
            self.date(day, *span);
        }
        if let Some(release) = &expect.release {
            self.release_of_test(release);
        }
        if let (Some(Because::Names(names)), Some(instance)) =
            (&expect.because, self.program.instances.get(&expect.policy.id).cloned())
        {
            let known: Vec<String> =
                instance.constraints().map(|(part, c)| super::instance::shown(&part.prefix, &c.name.name)).collect();
            for name in names.iter().filter(|n| !known.contains(&n.name)) {
                let mut d = Diagnostic::new(
                    codes::UNKNOWN_NAME,
                    format!("`{}` has no constraint `{}`", instance.name, name.name),
                )
                .at(name.span, "not what is asked here");
                if let Some(near) = nearest(&name.name, known.iter().map(String::as_str)) {
                    d = d.meant(name.span, near);
                }
                self.found.push(d);
            }
        }
    }

    /// `release { epsilon: 2, delta: 1e-6, train: 5000, unit: "person" }`.
    fn release_of_test(&mut self, release: &Expr) {
        self.scope = Scope::default();
        let ExprKind::Record(fields) = &release.kind else { return };
        for (name, value) in fields {
            let wanted = match name.name.as_str() {
                "epsilon" | "delta" | "train" => Base::real(),
                "unit" => Base::Text,
                _ => {
                    self.unknown_word(name, "part of a release", &["epsilon", "delta", "train", "unit"]);
                    continue;
                }
            };
            let ty = self.infer(value, Some(&wanted));
            self.fits(value, &ty, &wanted, &format!("`{}`", name.name));
        }
    }

    /// The columns of a table written out: typed as the home dataset's column of the same name, else by their cells.
    fn table(&mut self, columns: &[TestColumn], span: Span, home: Option<&RowScope>) -> Option<RowScope> {
        let told = self.found.len();
        let mut rows = RowScope::new("the table of this test");
        let mut length: Option<(usize, &str)> = None;
        for column in columns {
            let name = column.name.name.as_str();
            let n: usize = column.cells.iter().map(|c| c.times).sum();
            match length {
                Some((other, first)) if other != n => self.error(
                    codes::WRONG_ARGUMENTS,
                    format!("`{name}` has {n} rows, `{first}` has {other}"),
                    column.name.span,
                    "every column of a table has the same number of rows",
                ),
                Some(_) => {}
                None => length = Some((n, name)),
            }
            if n > MOST_ROWS {
                self.error(
                    codes::WRONG_ARGUMENTS,
                    format!("a test writes out at most {MOST_ROWS} rows"),
                    span,
                    format!("this has {n}"),
                );
                return None;
            }
            let declared = home.and_then(|h| h.get(name)).map(|t| t.base.clone());
            let output = match name {
                "p" => Some(Base::Prob),
                "y" | "yhat" => Some(Base::Bool),
                _ => None,
            };
            let base = match declared.or(output) {
                Some(base) => self.cells_as(column, base),
                None => self.base_of(column),
            };
            let optional = column.cells.iter().any(|c| c.value.is_none());
            rows.push(name, Type { base, optional, level: Level::Row });
        }
        (!self.found.iter().skip(told).any(Diagnostic::is_error)).then_some(rows)
    }

    /// Every cell as a declared column wants it; levels that the column does not have are mistakes.
    fn cells_as(&mut self, column: &TestColumn, base: Base) -> Base {
        for cell in &column.cells {
            let Some(value) = &cell.value else { continue };
            match (value, &base) {
                (CellValue::Word(word), Base::Category(levels)) if levels.code(word).is_none() => {
                    let levels = levels.clone();
                    self.unknown_level(word, cell.span, &levels);
                }
                (CellValue::Number { unit: Some(code), .. }, Base::Number { unit, .. }) => {
                    let given = self.unit(code, cell.span);
                    if given.factor_to(unit).is_none() {
                        let at = Expr { id: self.program.ids.fresh(), span: cell.span, kind: ExprKind::Hole };
                        self.unit_clash(&at, &given, unit, &format!("`{}`", column.name.name));
                    }
                }
                (value, base) if fits(value, base) => {}
                _ => self.odd_cell(cell, &column.name.name, &super::convert::article(&base)),
            }
        }
        base
    }

    fn odd_cell(&mut self, cell: &TestCell, column: &str, wanted: &str) {
        self.error(codes::WRONG_TYPE, format!("`{column}` holds {wanted}"), cell.span, "a cell of another kind");
    }

    /// The type that the cells of a column have among themselves.
    fn base_of(&mut self, column: &TestColumn) -> Base {
        let known = || column.cells.iter().filter_map(|c| c.value.as_ref());
        let Some(first) = known().next() else {
            return if column.is_text { Base::Text } else { Base::real() };
        };
        let base = match first {
            CellValue::Bool(_) => Base::Bool,
            CellValue::Date(_) => Base::Date,
            CellValue::Word(_) if column.is_text => Base::Text,
            CellValue::Word(_) => {
                let mut names: Vec<String> = Vec::new();
                for value in known() {
                    if let CellValue::Word(word) = value
                        && !names.contains(word)
                    {
                        names.push(word.clone());
                    }
                }
                Base::Category(Arc::new(Levels { column: column.name.name.clone(), names }))
            }
            CellValue::Number { unit, .. } => {
                let integer = known().all(|v| matches!(v, CellValue::Number { integer: true, .. }));
                let unit = match unit {
                    Some(code) => self.unit(code, column.name.span),
                    None => super::unit::Unit::one(),
                };
                Base::Number { integer, unit }
            }
        };
        self.cells_as(column, base)
    }
}

fn fits(value: &CellValue, base: &Base) -> bool {
    match (value, base) {
        (CellValue::Bool(_), Base::Bool) | (CellValue::Date(_), Base::Date) => true,
        (CellValue::Word(_), Base::Category(_) | Base::Text) => true,
        (CellValue::Number { unit: None, value, .. }, Base::Prob) => (0.0..=1.0).contains(value),
        (CellValue::Number { unit: None, .. }, base) => base.is_numeric(),
        _ => false,
    }
}

//! A dataset's schema, as checked: what a loader needs to judge every cell.

use super::program::Checker;
use super::scope::{RowScope, Scope};
use super::sensitivity::Sensitivity;
use super::types::{Base, Level, Levels, Type};
use super::unit::Unit;
use crate::source::codes;
use crate::source::diagnostic::nearest;
use crate::source::{Diagnostic, Span};
use crate::syntax::ast;
use crate::syntax::ast::{Expr, ExprKind, Role};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The event a recorded probability is about, in terms of a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub label: String,
    pub negated: bool,
}

/// One checked column.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    pub name: String,
    /// Heading in the file.
    pub heading: String,
    pub span: Span,
    /// The whole declaration.
    pub whole: Span,
    pub doc: Option<String>,
    pub ty: Type,
    /// Inclusive bounds in the column's unit.
    pub range: Option<(f64, f64)>,
    pub roles: Vec<Role>,
    pub derived: Option<Expr>,
    pub predicts: Option<Event>,
    /// Set when it is more sensitive than its dataset says.
    pub label: Option<(Sensitivity, Span)>,
}

impl Column {
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Why a model must not see this column; none when it may.
    pub fn hidden(&self) -> Option<&'static str> {
        if self.has(Role::Label) {
            Some("it is the label")
        } else if self.has(Role::Outcome) {
            Some("it is an outcome, known only after the prediction")
        } else if self.has(Role::Subject) {
            Some("it identifies the subject")
        } else if self.predicts.is_some() {
            Some("it is a recorded prediction of the label")
        } else {
            None
        }
    }
}

/// A checked dataset declaration.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    pub name: String,
    pub span: Span,
    pub path: String,
    pub path_span: Span,
    pub columns: Vec<Column>,
    pub sensitivity: Sensitivity,
    /// Where the script says so; none when nobody did.
    pub sensitivity_span: Option<Span>,
    pub license: Option<String>,
    pub source: Option<String>,
    /// Headings of the file that the script leaves out on purpose.
    pub ignore: Vec<String>,
    /// What all that learns from it privately may tell together, and where that stands.
    pub budget: Option<(super::private::Asked, Span)>,
    rows: Arc<RowScope>,
}

impl Schema {
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|c| c.name == name)
    }

    pub fn label(&self) -> Option<&Column> {
        self.columns.iter().find(|c| c.has(Role::Label))
    }

    /// The columns that `may` be taken and that the script chose (`all except …`, `[…]`, or nothing for all).
    /// Texts and dates have no numeric form, so they are never among them.
    pub fn choose(&self, chosen: Option<&ExprKind>, may: impl Fn(&Column) -> bool) -> Vec<String> {
        self.columns
            .iter()
            .filter(|c| may(c) && !matches!(c.ty.base, Base::Text | Base::Date))
            .filter(|c| match chosen {
                Some(ExprKind::Columns { except }) => !except.iter().any(|e| e.name == c.name),
                Some(ExprKind::List(items)) => {
                    items.iter().any(|i| matches!(&i.kind, ExprKind::Name(n) if *n == c.name))
                }
                _ => true,
            })
            .map(|c| c.name.clone())
            .collect()
    }

    /// What a row of it holds.
    pub fn rows(&self) -> Arc<RowScope> {
        self.rows.clone()
    }
}

/// What is computed from a raised column is raised as well.
fn inherit(columns: &mut [Column]) {
    for at in 0..columns.len() {
        let (before, rest) = columns.split_at_mut(at);
        let Some(column) = rest.first_mut() else { continue };
        let Some(expr) = &column.derived else { continue };
        let mut label = column.label;
        super::walk(expr, &mut |e| {
            if let ExprKind::Name(name) = &e.kind
                && let Some((theirs, span)) = before.iter().find(|c| c.name == *name).and_then(|c| c.label)
                && label.is_none_or(|(own, _)| theirs > own)
            {
                label = Some((theirs, span));
            }
        });
        column.label = label;
    }
}

const TYPES: [&str; 8] = ["Int", "Real", "Prob", "Rating", "Bool", "Text", "Date", "Category"];

impl Checker<'_> {
    /// Checks one `dataset` and returns its schema.
    pub(super) fn dataset(&mut self, decl: &ast::Dataset) -> Schema {
        let mut columns: Vec<Column> = Vec::new();
        let mut seen: HashMap<&str, Span> = HashMap::new();
        let mut rows = Arc::new(RowScope::new(&decl.name.name));
        self.declared = decl.columns.iter().map(|c| c.name.name.clone()).collect();
        for column in &decl.columns {
            let name = &column.name;
            if let Some(before) = seen.get(name.name.as_str()) {
                self.found.push(
                    Diagnostic::new(codes::DUPLICATE_NAME, format!("the column `{}` is declared twice", name.name))
                        .at(name.span, "declared again")
                        .also(*before, "first declared here")
                        .fix("give it another name", name.span, format!("{}_2", name.name)),
                );
                continue;
            }
            let checked = self.column(column, &rows);
            // The scope of the column's formula is gone, so this copies nothing.
            self.scope = Scope::default();
            Arc::make_mut(&mut rows).push(&checked.name, checked.ty.clone());
            seen.insert(&name.name, name.span);
            columns.push(checked);
        }
        self.declared.clear();
        if crate::source::world::plain_path("", &decl.path.0).is_none() {
            self.found.push(
                Diagnostic::new(codes::OUTSIDE_ROOT, format!("`{}` is not a path below the script", decl.path.0))
                    .at(decl.path.1, "an absolute path")
                    .help("paths start at the script's folder: `from \"data/patients.csv\"`"),
            );
        }
        if let Some(budget) = &decl.budget {
            self.private(budget);
        }
        // What nobody classified is treated as the most sensitive.
        let sensitivity = decl.sensitivity.as_ref().map_or(Sensitivity::Phi, |word| self.label(word));
        for (column, written) in columns.iter_mut().zip(&decl.columns) {
            let Some(word) = &written.label else { continue };
            let own = self.label(word);
            if own < sensitivity {
                let d = Diagnostic::new(
                    codes::LOWERED_LABEL,
                    format!("`{}` cannot be {own} in a dataset that is {sensitivity}", column.name),
                )
                .at(word.span, "a column is as sensitive as its dataset, or more")
                .help("classify the dataset lower and raise the columns that need it: `name : Text phi`");
                self.found.push(match &decl.sensitivity {
                    Some(word) => d.also(word.span, "the whole dataset"),
                    None => d.also(decl.name.span, "nobody classified it, so it is phi"),
                });
            }
            column.label = Some((own.max(sensitivity), word.span));
        }
        inherit(&mut columns);
        Schema {
            name: decl.name.name.clone(),
            span: decl.name.span,
            path: decl.path.0.clone(),
            path_span: decl.path.1,
            columns,
            sensitivity,
            sensitivity_span: decl.sensitivity.as_ref().map(|w| w.span),
            license: decl.license.clone(),
            source: decl.source.clone(),
            ignore: decl.ignore.iter().map(|(n, _)| n.clone()).collect(),
            budget: decl.budget.as_ref().and_then(|b| Some((super::private::read(b)?, b.span))),
            rows,
        }
    }

    fn column(&mut self, decl: &ast::ColumnDecl, rows: &Arc<RowScope>) -> Column {
        let base = self.column_base(decl);
        let ty = Type { base, optional: decl.optional, level: Level::Row };
        let range = decl.range.and_then(|(lo, hi, span)| {
            if !ty.base.is_numeric() && !ty.is_unknown() {
                self.found.push(
                    Diagnostic::new(codes::WRONG_TYPE, format!("a range needs a number, `{}` is {ty}", decl.name.name))
                        .at(span, "this range"),
                );
                return None;
            }
            if lo > hi {
                self.found.push(
                    Diagnostic::new(codes::OUTSIDE_RANGE, "this range is empty")
                        .at(span, format!("{lo} is larger than {hi}"))
                        .fix("swap the ends", span, format!("in {hi}..{lo}")),
                );
            }
            Some((lo, hi))
        });
        let range = range.or(match ty.base {
            Base::Prob => Some((0.0, 1.0)),
            Base::Rating => Some((-1.0, 1.0)),
            _ => None,
        });
        if let Some(expr) = &decl.derived {
            self.scope = Scope::with_rows(Some(rows.clone()));
            let found = self.infer(expr, Some(&ty.base));
            self.fits(expr, &found, &ty.base, &format!("the column `{}`", decl.name.name));
            if found.optional && !ty.optional {
                self.found.push(
                    Diagnostic::new(codes::MAY_BE_MISSING, format!("`{}` may be missing", decl.name.name))
                        .at(expr.span, "made from a column that may be missing")
                        .help(format!("declare it `{} : {}?`, or give a value with `or_else`", decl.name.name, ty.base))
                        .fix("say that it may be missing", decl.type_name.span.after(), "?"),
                );
            }
        }
        let predicts = decl.predicts.as_ref().and_then(|e| self.event(e, rows));
        Column {
            name: decl.name.name.clone(),
            heading: decl.heading.clone().unwrap_or_else(|| decl.name.name.clone()),
            span: decl.name.span,
            whole: decl.whole,
            doc: decl.doc.clone(),
            ty,
            range,
            roles: decl.roles.iter().map(|(r, _)| *r).collect(),
            derived: decl.derived.clone(),
            predicts,
            label: None,
        }
    }

    fn label(&mut self, word: &ast::Ident) -> Sensitivity {
        Sensitivity::parse(&word.name).unwrap_or_else(|| {
            self.unknown_word(word, "sensitivity", &Sensitivity::WORDS);
            Sensitivity::Phi
        })
    }

    fn column_base(&mut self, decl: &ast::ColumnDecl) -> Base {
        let unit = match &decl.unit {
            Some((code, span)) => self.unit(code, *span),
            None => Unit::one(),
        };
        let unit = match &decl.substance {
            Some(substance) => match self.substance(decl, unit, substance) {
                Some(unit) => unit,
                // Nothing follows from a substance that is not one.
                None => return Base::Unknown,
            },
            None => unit,
        };
        let known = TYPES.contains(&decl.type_name.name.as_str());
        if decl.unit.is_some() && known && !matches!(decl.type_name.name.as_str(), "Int" | "Real") {
            let (_, span) = decl.unit.clone().unwrap_or((String::new(), decl.name.span));
            self.found.push(
                Diagnostic::new(codes::WRONG_UNIT, format!("a {} has no unit", decl.type_name.name))
                    .at(span, "only Int and Real columns have units")
                    .fix("leave the unit out", span, ""),
            );
        }
        match decl.type_name.name.as_str() {
            "Int" => Base::Number { integer: true, unit },
            "Real" => Base::Number { integer: false, unit },
            "Prob" => Base::Prob,
            "Rating" => Base::Rating,
            "Bool" => Base::Bool,
            "Text" => Base::Text,
            "Date" => Base::Date,
            "Category" => {
                let mut names: Vec<String> = Vec::new();
                let mut seen: HashSet<&str> = HashSet::new();
                let mut before = decl.type_name.span;
                for level in &decl.levels {
                    if !seen.insert(&level.name) {
                        self.found.push(
                            Diagnostic::new(
                                codes::DUPLICATE_NAME,
                                format!("the level `{}` is declared twice", level.name),
                            )
                            .at(level.span, "declared again")
                            .fix("leave it out", before.to(level.span), ""),
                        );
                    } else {
                        names.push(level.name.clone());
                    }
                    before = level.span.after();
                }
                if names.is_empty() {
                    self.found.push(
                        Diagnostic::new(codes::WRONG_TYPE, "a category column lists its levels")
                            .at(decl.type_name.span, "no levels")
                            .help("for example `Category { female, male }`"),
                    );
                }
                Base::Category(Arc::new(Levels { column: decl.name.name.clone(), names }))
            }
            _ => {
                self.unknown_word(&decl.type_name, "type", &TYPES);
                Base::Unknown
            }
        }
    }

    /// The column's unit, of the substance it names.
    fn substance(&mut self, decl: &ast::ColumnDecl, unit: Unit, named: &ast::Substance) -> Option<Unit> {
        let (span, substance) = match named {
            ast::Substance::Analyte(word) => match super::analytes::find(&word.name) {
                Some(analyte) => (word.span, analyte.substance()),
                None => {
                    let known: Vec<&str> = super::analytes::ANALYTES.iter().map(|a| a.name).collect();
                    self.unknown_word(word, "analyte", &known);
                    return None;
                }
            },
            ast::Substance::MolarMass(mass, code, span) => {
                let of = self.unit(code, *span);
                let in_grams = Unit::parse("g/mol").ok().and_then(|g| of.factor_to(&g));
                let Some(factor) = in_grams else {
                    self.found.push(
                        Diagnostic::new(
                            codes::WRONG_UNIT,
                            format!("a molar mass is in 'g/mol', this is in '{}'", of.code),
                        )
                        .at(*span, "another quantity")
                        .help("for example `molar_mass 113.12 'g/mol'`"),
                    );
                    return None;
                };
                if *mass <= 0.0 {
                    self.error(codes::OUTSIDE_RANGE, "a molar mass is positive", *span, format!("{mass} lies outside"));
                    return None;
                }
                let name = decl.name.name.clone();
                (*span, Arc::new(super::analytes::Substance { name, molar_mass: mass * factor }))
            }
        };
        if !unit.is_of_matter() {
            let what = if unit.is_one() { "no unit".to_string() } else { format!("the unit '{}'", unit.code) };
            self.found.push(
                Diagnostic::new(codes::WRONG_UNIT, format!("`{}` measures no substance", decl.name.name))
                    .at(span, format!("the column has {what}"))
                    .help("a substance goes with a mass or an amount of it, for example 'mg/dL', 'mmol/L', 'ug'"),
            );
            return None;
        }
        Some(unit.of(Some(substance)))
    }

    pub(super) fn unit(&mut self, code: &str, span: Span) -> Unit {
        if let Some(known) = self.units.get(code) {
            return known.clone();
        }
        let read = Unit::parse(code);
        if let Ok(unit) = &read {
            self.units.insert(code.to_string(), unit.clone());
        }
        read.unwrap_or_else(|why| {
            self.found.push(
                Diagnostic::new(codes::UNKNOWN_UNIT, why)
                    .at(span, "not a unit")
                    .help("units are UCUM codes, for example 'mg/dL', 'mmol/L', 'a' (year), 'd' (day), '[degF]'"),
            );
            Unit::one()
        })
    }

    /// `predicts label` or `predicts not label`.
    fn event(&mut self, expr: &Expr, rows: &RowScope) -> Option<Event> {
        let (inner, negated) = match &expr.kind {
            ExprKind::Not(inner) => (inner.as_ref(), true),
            _ => (expr, false),
        };
        if let ExprKind::Name(name) = &inner.kind
            && rows.get(name).is_some_and(|t| t.base == Base::Bool)
        {
            return Some(Event { label: name.clone(), negated });
        }
        self.found.push(
            Diagnostic::new(codes::OTHER_EVENT, "a recorded prediction names the flag it is about")
                .at(expr.span, "not a Bool column declared above")
                .help("for example `predicts not died`"),
        );
        None
    }

    pub(super) fn unknown_word(&mut self, word: &ast::Ident, what: &str, known: &[&str]) {
        let mut d = Diagnostic::new(codes::UNKNOWN_SETTING, format!("unknown {what} `{}`", word.name))
            .at(word.span, format!("not {} {what}", if what.starts_with('a') { "an" } else { "a" }))
            .note(format!("known: {}", known.join(", ")));
        // What other languages call it.
        let other = match word.name.as_str() {
            "Float" | "Double" | "Number" | "Decimal" => Some("Real"),
            "String" | "Str" => Some("Text"),
            "Boolean" | "Flag" => Some("Bool"),
            "Integer" => Some("Int"),
            "Enum" | "Factor" => Some("Category"),
            "law" => Some("statute"),
            _ => None,
        };
        let near = other.filter(|o| known.contains(o)).or_else(|| nearest(&word.name, known.iter().copied()));
        if let Some(near) = near {
            d = d.meant(word.span, near);
        }
        self.found.push(d);
    }
}

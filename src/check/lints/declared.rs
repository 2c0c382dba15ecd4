//! What a scenario declares, with all that it inherits: size, shares of groups, prevalences.

use super::intervals::Intervals;
use super::place::Place;
use crate::check::program::Program;
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Scenario};
use std::collections::BTreeMap;

/// The numbers of a scenario, as far as they are constants.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Declared {
    pub size: Option<Size>,
    /// Shares of the levels of a column.
    pub mixes: BTreeMap<String, BTreeMap<String, f64>>,
    /// The label, and its share.
    pub prevalence: Option<(String, f64)>,
    /// The label, the column, and the label's share in each level that is named.
    pub by_group: Option<ByGroup>,
}

/// `size 1_000`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Size {
    pub rows: f64,
    pub span: Span,
    /// Whether it is a plain number where it stands, so that another one can be written in its place.
    pub written: bool,
}

/// `prevalence death by race { white: 3.6%, black: 8.7% }`.
#[derive(Debug, Clone, PartialEq)]
pub struct ByGroup {
    pub label: String,
    pub by: String,
    pub shares: Vec<(String, f64)>,
    pub span: Span,
}

/// Resolves `with`, the farthest base first.
pub fn declared(program: &Program, name: &str) -> Declared {
    let mut line: Vec<&Scenario> = Vec::new();
    let mut at = name;
    while let Some(scenario) = program.scenario(at).filter(|_| line.len() < 64) {
        line.push(scenario);
        at = &scenario.base.name;
    }
    let intervals = Intervals::new(program);
    let number = |e| constant(&intervals, e);
    let mut out = Declared::default();
    for scenario in line.into_iter().rev() {
        if let Some(size) = &scenario.size {
            let written = matches!(size.kind, ExprKind::Int(_)) && size.span.source == program.file.head.source;
            out.size = number(size).map(|rows| Size { rows, span: size.span, written });
        }
        for mix in &scenario.mixes {
            let shares = mix.shares.iter().filter_map(|(l, e)| Some((l.name.clone(), number(e)?)));
            out.mixes.insert(mix.column.name.clone(), shares.collect());
        }
        if let Some((label, share)) = &scenario.prevalence {
            out.prevalence = number(share).map(|p| (label.name.clone(), p));
            out.by_group = None;
        }
        if let Some(by) = &scenario.prevalence_by {
            let shares = by.shares.iter().filter_map(|(l, e)| Some((l.name.clone(), number(e)?)));
            out.prevalence = None;
            out.by_group = Some(ByGroup {
                label: by.label.name.clone(),
                by: by.by.name.clone(),
                shares: shares.collect(),
                span: by.label.span.to(by.by.span),
            });
        }
    }
    out
}

fn constant<'a>(intervals: &Intervals<'a>, expr: &'a Expr) -> Option<f64> {
    intervals.known(expr, &Place::default()).point()
}

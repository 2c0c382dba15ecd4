//! `metric` and `fn`: parameters, bodies, recursion, type expressions.

use super::contract::Bounds;
use super::items::DEEPEST_CHAIN;
use super::program::{Checker, FunctionInfo, Program};
use super::scope::Scope;
use super::types::{Base, Level, Levels, Member, Type};
use crate::source::{Diagnostic, codes};
use crate::syntax::ast::{self, ExprKind, Ident};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The type of row weights: numbers from 0 on.
const WEIGHT: &str = "Weight";

impl Checker<'_> {
    /// Declares a function; its body is checked by [`Checker::bodies`].
    pub(super) fn function(&mut self, decl: Arc<ast::Function>, doc: Option<String>, module: Option<&'static str>) {
        let (params, bounds) = self.signature(&decl.params, decl.is_metric);
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
        self.program.add_function(FunctionInfo {
            decl,
            doc,
            params,
            result,
            bounds,
            result_bounds,
            module,
            origin,
            depth: 0,
        });
    }

    /// The types of parameters and what each promises; those of a metric or a policy may be columns.
    pub(super) fn signature(&mut self, takes: &[ast::Param], is_metric: bool) -> (Vec<Type>, Vec<Option<Bounds>>) {
        let (mut params, mut bounds) = (Vec::new(), Vec::new());
        for param in takes {
            let mut base = self.type_expr(&param.ty);
            if let Base::Category(levels) = &base {
                let named = Levels { column: param.name.name.clone(), names: levels.names.clone() };
                base = Base::Category(Arc::new(named));
            }
            let promised = self.bounds(&param.ty, &base);
            // A parameter without default is one value per row; a default or a list makes it a setting.
            let level = match (&base, is_metric && param.default.is_none()) {
                (Base::List(_) | Base::Document, _) | (_, false) => Level::Constant,
                _ => Level::Row,
            };
            // A weight is one value per row; its default stands for every row.
            let level = if is_metric && param.ty.name != WEIGHT { level } else { Level::Row };
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
        (params, bounds)
    }

    /// Checks the bodies of functions that have not been checked yet.
    pub(super) fn bodies(&mut self) {
        let open: Vec<usize> = (0..self.program.functions.len())
            .filter(|&i| {
                let body = self.program.functions.get(i).and_then(|f| f.decl.body.as_ref());
                body.is_some_and(|b| self.program.tables.ty(b.id).is_none())
            })
            .collect();
        for (index, Round { names: round, depth }) in rounds(self.program, self.at, &open) {
            if let Some(info) = self.program.functions.get_mut(index) {
                Arc::make_mut(info).depth = depth;
                let span = info.decl.name.span;
                // A round is told as such.
                if depth > DEEPEST_CHAIN && round.len() == 1 {
                    self.too_long_a_chain(span);
                }
            }
            let Some(info) = self.program.functions.get(index).cloned() else { continue };
            let Some(body) = &info.decl.body else { continue };
            let locals =
                info.decl.params.iter().zip(&info.params).map(|(p, t)| (p.name.name.clone(), t.clone())).collect();
            self.scope = Scope { locals, rows: None, present: Vec::new() };
            self.open = round;
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
            self.open = Arc::default();
            self.closed = false;
            self.columns.clear();
        }
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
            "Document" => Base::Document,
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

/// What is known of a function from who calls whom.
#[derive(Clone)]
struct Round {
    /// Itself, and every function that it calls and that calls it, by any way.
    names: Arc<HashSet<String>>,
    /// How many calls deep its formula goes.
    depth: usize,
}

/// Each of the functions `open` with its round: itself and every function that it calls and that calls it, by any
/// way. Calling one of them is recursion. (Tarjan's strongly connected components, with a stack of our own.)
fn rounds(program: &Program, at: usize, open: &[usize]) -> Vec<(usize, Round)> {
    let name = |node: usize| {
        let info = open.get(node).and_then(|&i| program.functions.get(i));
        info.map_or(String::new(), |f| f.decl.name.name.clone())
    };
    let node_of: HashMap<usize, usize> = open.iter().enumerate().map(|(node, &index)| (index, node)).collect();
    // How deep the functions go that were checked before.
    let mut depth = vec![1; open.len()];
    let calls: Vec<Vec<usize>> = open
        .iter()
        .zip(&mut depth)
        .map(|(&index, depth)| {
            let mut out = Vec::new();
            if let Some(body) = program.functions.get(index).and_then(|f| f.decl.body.as_ref()) {
                super::walk(body, &mut |e| {
                    if let ExprKind::Call { function, .. } = &e.kind {
                        let callee = program.function_at(at, &function.name);
                        *depth = callee.map_or(*depth, |(_, f)| (f.depth + 1).max(*depth));
                        out.extend(callee.and_then(|(i, _)| node_of.get(&i)));
                    }
                });
            }
            out
        })
        .collect();
    const NEW: usize = usize::MAX;
    let mut seen_at = vec![NEW; open.len()];
    let mut lowest = vec![NEW; open.len()];
    let mut waits = vec![false; open.len()];
    let mut waiting = Vec::new();
    let mut path: Vec<(usize, usize)> = Vec::new();
    let alone = |node: usize| Arc::new(HashSet::from([name(node)]));
    let mut out: Vec<(usize, Round)> =
        open.iter().enumerate().map(|(n, &i)| (i, Round { names: alone(n), depth: 1 })).collect();
    let mut clock = 0;
    for start in 0..open.len() {
        if seen_at[start] == NEW {
            path.push((start, 0));
        }
        while let Some((node, next)) = path.pop() {
            if next == 0 {
                seen_at[node] = clock;
                lowest[node] = clock;
                clock += 1;
                waiting.push(node);
                waits[node] = true;
            }
            match calls[node].get(next) {
                Some(&to) => {
                    path.push((node, next + 1));
                    if seen_at[to] == NEW {
                        path.push((to, 0));
                    } else if waits[to] {
                        lowest[node] = lowest[node].min(seen_at[to]);
                    }
                }
                None => {
                    // Those it calls are done, but for a round, which is refused anyway.
                    depth[node] = calls[node].iter().map(|&to| depth[to] + 1).fold(depth[node], usize::max);
                    out[node].1.depth = depth[node];
                    if let Some(&(caller, _)) = path.last() {
                        lowest[caller] = lowest[caller].min(lowest[node]);
                    }
                    if lowest[node] == seen_at[node] {
                        let from = waiting.iter().rposition(|&w| w == node).unwrap_or(0);
                        let round = waiting.split_off(from);
                        let names: Arc<HashSet<String>> = Arc::new(round.iter().map(|&n| name(n)).collect());
                        for member in round {
                            waits[member] = false;
                            if names.len() > 1 {
                                out[member].1.names = names.clone();
                            }
                        }
                    }
                }
            }
        }
    }
    out
}

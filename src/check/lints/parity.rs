//! Which expressions are a demographic-parity figure: the kernels, and the formulas that the papers write.

use crate::check::program::{ArgSource, Callee, FunctionInfo, Program};
use crate::check::special::Special;
use crate::syntax::ast::{Aggregate, Arg, BinOp, Expr, ExprKind};
use crate::syntax::show;

/// How rates are compared.
#[derive(Debug, Clone, PartialEq)]
pub enum Figure {
    /// Largest less smallest.
    Gap,
    /// Smallest by largest.
    Ratio,
    /// The rate of one level less that of another, or the distance of the two.
    Pair { first: String, second: String, absolute: bool },
}

/// The rates of an event between the groups of some columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Parity {
    pub figure: Figure,
    pub event: Expr,
    pub by: Vec<String>,
}

/// The parity figure that an expression is, if it is one.
pub fn parity(program: &Program, expr: &Expr) -> Option<Parity> {
    match &expr.kind {
        ExprKind::Binary(op @ (BinOp::Sub | BinOp::Div), _, a, b) => {
            if *op == BinOp::Sub
                && let Some(pair) = pair(program, a, b, false)
            {
                return Some(pair);
            }
            let (high, low) = if *op == BinOp::Sub { (a, b) } else { (b, a) };
            let (event, by) = walked(program, high, Aggregate::Max)?;
            let (other, again) = walked(program, low, Aggregate::Min)?;
            let figure = if *op == BinOp::Sub { Figure::Gap } else { Figure::Ratio };
            (show(event) == show(other) && by == again).then(|| Parity { figure, event: event.clone(), by: vec![by] })
        }
        ExprKind::Scoped { body, on: None, filter: Some(filter) } if only_present(filter) => parity(program, body),
        ExprKind::Call { function, args, given } => {
            if given.as_ref().is_some_and(|g| !only_present(g)) {
                return None;
            }
            if let [arg] = args.as_slice()
                && function.name == "abs"
                && let ExprKind::Binary(BinOp::Sub, _, a, b) = &arg.value.kind
            {
                return pair(program, a, b, true);
            }
            let plan = program.tables.call(expr.id)?;
            let Callee::Function(index) = plan.callee else { return None };
            let info = program.functions.get(index)?;
            let given_for = |name: &str| argument(info, &plan.args, args, name);
            match &info.decl.body {
                None => kernel(info, &given_for),
                Some(body) => {
                    // A formula of the script: its parameters stand for the arguments.
                    let inner = parity(program, body)?;
                    let [by] = inner.by.as_slice() else { return None };
                    let event = given_for(&show(&inner.event))?.clone();
                    Some(Parity { event, by: columns(given_for(by)?)?, ..inner })
                }
            }
        }
        _ => None,
    }
}

/// The argument given for a parameter.
fn argument<'e>(info: &FunctionInfo, sources: &[ArgSource], args: &'e [Arg], name: &str) -> Option<&'e Expr> {
    let at = info.decl.params.iter().position(|p| p.name.name == name)?;
    match sources.get(at)? {
        ArgSource::Given(i) => args.get(*i).map(|a| &a.value),
        _ => None,
    }
}

fn kernel<'e>(info: &FunctionInfo, given: &dyn Fn(&str) -> Option<&'e Expr>) -> Option<Parity> {
    let says = |name: &str, word: &str, otherwise: bool| match given(name).map(|e| &e.kind) {
        Some(ExprKind::Text(text)) => text == word,
        Some(_) => false,
        None => otherwise,
    };
    let figure = match info.decl.name.name.as_str() {
        "dpd" => Figure::Gap,
        "demographic_parity_difference" => Figure::Gap,
        "demographic_parity_ratio" => Figure::Ratio,
        "rate_difference" if says("rate", "selection_rate", false) => Figure::Gap,
        "rate_ratio" if says("rate", "selection_rate", false) => Figure::Ratio,
        _ => return None,
    };
    if !says("method", "between_groups", true) || given("weight").is_some() {
        return None;
    }
    Some(Parity { figure, event: given("yhat")?.clone(), by: columns(given("by")?)? })
}

/// A column, or a list of them for their combinations.
fn columns(by: &Expr) -> Option<Vec<String>> {
    let name = |e: &Expr| if let ExprKind::Name(name) = &e.kind { Some(name.clone()) } else { None };
    match &by.kind {
        ExprKind::List(items) => items.iter().map(name).collect(),
        _ => Some(vec![name(by)?]),
    }
}

/// `max over g in by: P(event | by == g)`: the event and the column.
fn walked<'e>(program: &Program, expr: &'e Expr, wanted: Aggregate) -> Option<(&'e Expr, String)> {
    let ExprKind::Over { aggregate, var, range, body } = &expr.kind else { return None };
    let ExprKind::Name(by) = &range.kind else { return None };
    let (event, column, level) = rate(program, body)?;
    (*aggregate == wanted && column == *by && level == var.name).then(|| (event, by.clone()))
}

/// `P(event | column == level)`, perhaps with `present(…)` beside it: the event, the column, the level as written.
fn rate<'e>(program: &Program, expr: &'e Expr) -> Option<(&'e Expr, String, String)> {
    let ExprKind::Call { args, given, .. } = &expr.kind else { return None };
    let plan = program.tables.call(expr.id)?;
    let ([event], Callee::Special(Special::Probability)) = (args.as_slice(), plan.callee) else { return None };
    let mut parts = Vec::new();
    super::intervals::chain(given.as_deref()?, BinOp::And, &mut parts);
    parts.retain(|p| !only_present(p));
    let [only] = parts.as_slice() else { return None };
    let ExprKind::Binary(BinOp::Eq, _, a, b) = &only.kind else { return None };
    let word = |e: &Expr| match &e.kind {
        ExprKind::Name(name) | ExprKind::Text(name) => Some(name.clone()),
        _ => None,
    };
    Some((&event.value, word(a)?, word(b)?))
}

/// `P(event | by == a) - P(event | by == b)`.
fn pair(program: &Program, a: &Expr, b: &Expr, absolute: bool) -> Option<Parity> {
    let (event, by, first) = rate(program, a)?;
    let (other, again, second) = rate(program, b)?;
    let same = show(event) == show(other) && by == again;
    same.then(|| Parity { figure: Figure::Pair { first, second, absolute }, event: event.clone(), by: vec![by] })
}

/// Whether a condition only asks that columns have a value.
fn only_present(expr: &Expr) -> bool {
    let mut parts = Vec::new();
    super::intervals::chain(expr, BinOp::And, &mut parts);
    parts.iter().all(|p| matches!(&p.kind, ExprKind::Call { function, .. } if function.name == "present"))
}

//! Calls of functions and metrics: parameters bound to columns and variables, kernels run.

use super::env::Env;
use super::forms::{Reader, column, narrowed, value};
use super::held::Held;
use super::kernel::{KernelArg, KernelArgs};
use super::promise;
use super::scalar;
use super::value::Value;
use crate::check::contract::Contract;
use crate::check::is_crossing;
use crate::check::program::ArgSource;
use crate::check::{Base, Level};
use crate::data::Column;
use crate::syntax::ast::{Arg, Expr, ExprKind};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A function's parameters bound: row parameters as the columns of a new view.
pub(super) fn bound<'a>(
    env: &Env<'a>,
    expr: &Expr,
    index: usize,
    args: &[Arg],
    reader: Reader,
) -> Result<Env<'a>, Value> {
    let plan = env.tables().call(expr.id).ok_or_else(|| Value::undefined("an unknown function"))?;
    let info = env.program.functions.get(index).ok_or_else(|| Value::undefined("an unknown function"))?;
    let mut columns = BTreeMap::new();
    let mut locals = Vec::new();
    let mut rows = None;
    for (((param, ty), source), bounds) in info.decl.params.iter().zip(&info.params).zip(&plan.args).zip(&info.bounds) {
        let name = param.name.name.clone();
        let from = match source {
            ArgSource::Given(at) => args.get(*at).map(|a| &a.value),
            ArgSource::Default => param.default.as_ref(),
            ArgSource::Column(_) => None,
        };
        if let (Base::List(of), Some(Expr { kind: ExprKind::List(items), .. })) = (&ty.base, from)
            && info.decl.body.is_none()
            && **of != Base::Verdict
        {
            // A kernel's list is a list of columns.
            for (at, item) in items.iter().enumerate() {
                let made = column(env, item, reader)?;
                if rows.is_some_and(|r| r != made.len()) {
                    return Err(Value::undefined("the arguments have different numbers of rows"));
                }
                rows = Some(made.len());
                columns.insert(part_name(&name, at), made);
            }
            continue;
        }
        // A row parameter's default stands for every row.
        if ty.level == Level::Constant || matches!(source, ArgSource::Default) {
            let given = from.map_or_else(|| Value::undefined("a missing argument"), |e| value(env, e, reader));
            locals.push((name, given));
            continue;
        }
        let made = match (source, from) {
            (ArgSource::Column(column), _) => {
                env.view.column(column).cloned().ok_or_else(|| Value::undefined(format!("`{column}` is not here")))?
            }
            (_, Some(Expr { kind: ExprKind::List(items), .. }))
                if ty.base == Base::AnyCategory && is_crossing(items) =>
            {
                crossed(env, items, reader)?
            }
            (_, Some(expr)) => column(env, expr, reader)?,
            _ => return Err(Value::undefined("a missing argument")),
        };
        // A column taken by name has no argument of its own to be judged at.
        if let (ArgSource::Column(column), Some(bounds)) = (source, bounds) {
            let place = format!("`{name}` of `{}`", info.decl.name.name);
            let contract = Contract::new(&env.program.sources, bounds, &place, column.clone());
            if let Some(why) = promise::column_breach(&contract, &made) {
                return Err(why);
            }
        }
        if rows.is_some_and(|r| r != made.len()) {
            return Err(Value::undefined("the arguments have different numbers of rows"));
        }
        rows = Some(made.len());
        columns.insert(name, made);
    }
    Ok(Env { view: env.view.parameters(columns, rows.unwrap_or(0)), locals, ..env.clone() })
}

/// Every combination of the levels of several category columns as the levels of one.
fn crossed(env: &Env, items: &[Expr], reader: Reader) -> Result<Column, Value> {
    let mut names = vec![String::new()];
    let mut codes: Vec<Option<u32>> = Vec::new();
    for item in items {
        let (own, levels): (Vec<Option<u32>>, Vec<String>) = match column(env, item, reader)? {
            Column::Level(a, levels) => (a.iter().collect(), levels.names.clone()),
            Column::Bool(a) => (a.iter().map(|b| b.map(u32::from)).collect(), vec!["false".into(), "true".into()]),
            _ => return Err(Value::undefined("only categories can be crossed")),
        };
        let width = u32::try_from(levels.len()).unwrap_or(u32::MAX);
        let all = names.len().saturating_mul(levels.len());
        if all > u32::MAX as usize / 2 {
            return Err(Value::undefined("there are too many combinations of groups"));
        }
        codes.resize(own.len(), Some(0));
        codes = codes.iter().zip(&own).map(|(a, b)| Some((*a)? * width + (*b)?)).collect();
        let joined = |a: &String, b: &String| if a.is_empty() { b.clone() } else { format!("{a}|{b}") };
        names = names.iter().flat_map(|a| levels.iter().map(move |b| joined(a, b))).collect();
    }
    Ok(Column::levels(codes, Arc::new(crate::check::Levels { column: "groups".into(), names })))
}

/// The name of one column among those of a list.
fn part_name(name: &str, at: usize) -> String {
    format!("{name}[{at}]")
}

/// A call of a function or metric.
pub(super) fn function(
    env: &Env,
    expr: &Expr,
    index: usize,
    args: &[Arg],
    given: Option<&Expr>,
    reader: Reader,
    row: Option<usize>,
) -> Value {
    let Some(info) = env.program.functions.get(index) else { return Value::undefined("an unknown function") };
    if !info.decl.is_metric {
        return plain_function(env, expr, index, args, reader, row);
    }
    let env = match given {
        Some(given) => match narrowed(env, given, expr, reader) {
            Ok(env) => env,
            Err(why) => return why,
        },
        None => env.clone(),
    };
    let inner = match bound(&env, expr, index, args, reader) {
        Ok(inner) => inner,
        Err(why) => return why,
    };
    match &info.decl.body {
        Some(body) => value(&inner, body, reader),
        None => match call_kernel(&inner, index, None) {
            Ok(estimate) => Value::Number(estimate.value),
            Err(why) => Value::Undefined(Arc::new(why)),
        },
    }
}

/// `fn`: the arguments are variables of its body.
fn plain_function(env: &Env, expr: &Expr, index: usize, args: &[Arg], reader: Reader, row: Option<usize>) -> Value {
    let (Some(info), Some(plan)) = (env.program.functions.get(index), env.tables().call(expr.id)) else {
        return Value::undefined("an unknown function");
    };
    let Some(body) = &info.decl.body else { return Value::undefined("a function without formula") };
    let mut locals = Vec::new();
    for (param, source) in info.decl.params.iter().zip(&plan.args) {
        let value = match source {
            ArgSource::Given(at) => args.get(*at).map(|a| match reader {
                Reader::Scalar => scalar::eval(env, &a.value, row),
                Reader::Columnar => env.one(&a.value),
            }),
            _ => param.default.as_ref().map(|d| scalar::eval(env, d, None)),
        };
        locals.push((param.name.name.clone(), value.unwrap_or(Value::Missing)));
    }
    let inner = Env { locals, ..env.clone() };
    // The body reads its variables only, never a column, so any row will do.
    scalar::eval(&inner, body, Some(row.unwrap_or(0)))
}

/// Runs the kernel of a metric whose parameters are bound in `env`, with an interval of this level where one is wanted.
pub fn call_kernel(env: &Env, index: usize, interval: Option<f64>) -> super::estimate::Measured {
    use super::estimate::Undefined;
    let info = env.program.functions.get(index).ok_or_else(|| Undefined::new("an unknown metric"))?;
    let name = &info.decl.name.name;
    let kernel =
        env.kernels.find(name).ok_or_else(|| Undefined::new(format!("`{name}` is declared but has no kernel")))?;
    let mut args = Vec::new();
    for (param, ty) in info.decl.params.iter().zip(&info.params) {
        let name = &param.name.name;
        if let Base::List(_) = ty.base
            && env.local(name).is_none()
        {
            let parts = (0..).map_while(|at| env.view.column(&part_name(name, at)));
            let parts: Vec<KernelArg> = parts.map(|c| kernel_column(name, c, ty.optional)).collect();
            if parts.iter().any(|p| matches!(p, KernelArg::Missing(_))) {
                args.push(KernelArg::Missing(name.to_string()));
            } else {
                args.push(KernelArg::Columns(parts));
            }
            continue;
        }
        args.push(match env.local(name) {
            Some(Value::Number(v)) => KernelArg::Number(*v),
            Some(Value::Text(t)) => KernelArg::Text(t.to_string()),
            Some(Value::List(items)) => KernelArg::Verdicts(items.iter().map(Value::to_string).collect()),
            Some(Value::Undefined(why)) => return Err(why.as_ref().clone()),
            Some(other) => KernelArg::Text(other.to_string()),
            None => match env.view.column(name) {
                Some(column) => kernel_column(name, column, ty.optional),
                None => return Err(Undefined::new(format!("`{name}` is not bound"))),
            },
        });
    }
    if let Some(KernelArg::Missing(name)) = args.iter().find(|a| matches!(a, KernelArg::Missing(_))) {
        return Err(Undefined::new(format!("`{name}` has rows without a value")));
    }
    let estimate =
        kernel.run(&KernelArgs { args, shared: Some(env.view.shared().clone()), seed: env.seed, interval })?;
    if !estimate.value.is_finite() {
        return Err(Undefined::new(format!("`{name}` is infinite here")));
    }
    Ok(estimate)
}

/// A column as an argument; `optional` says that the kernel deals with missing values itself.
fn kernel_column(name: &str, column: &Column, optional: bool) -> KernelArg {
    if column.missing() > 0 && !optional {
        return KernelArg::Missing(name.to_string());
    }
    KernelArg::Held(Held::new(column.clone()))
}

/// A top-level `let`: a cohort's over the home dataset, a row's in this very view.
pub(super) fn let_value(env: &Env, name: &str, row: Option<usize>, reader: Reader) -> Value {
    let Some(item) = env.program.let_item(name) else { return Value::undefined(format!("`{name}` is not defined")) };
    if env.is_row(item.value.id) {
        let inner = Env { locals: Vec::new(), ..env.clone() };
        return scalar::eval(&inner, &item.value, row);
    }
    value(&env.home_of(name), &item.value, reader)
}

/// The context with one more column.
pub(super) fn with_column(
    env: &Env,
    name: &str,
    column: Result<Column, Value>,
    then: impl FnOnce(&Env) -> Value,
) -> Value {
    match column {
        Ok(column) if column.len() == env.view.rows => {
            let mut inner = env.over(env.view.with([(name.to_string(), column)]));
            inner.locals.retain(|(n, _)| n != name);
            then(&inner)
        }
        Ok(_) => Value::undefined("a list of another length"),
        Err(why) => why,
    }
}

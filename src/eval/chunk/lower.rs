//! Expressions over rows to nodes.

use super::plan::{Node, NodeId};
use super::{FALSE, TRUE, UNKNOWN};
use crate::check::program::{ArgSource, CallPlan, Callee, Resolved};
use crate::check::special::{Scalar, Special};
use crate::check::{Base, Levels};
use crate::data::Column;
use crate::eval::calls;
use crate::eval::env::Env;
use crate::eval::forms::{self, Reader};
use crate::eval::impute;
use crate::eval::ops;
use crate::eval::promise;
use crate::eval::scalar;
use crate::eval::value::Value;
use crate::syntax::ast::{Arg, BinOp, Expr, ExprKind};
use std::sync::Arc;

/// The scalar walk has to decide: some row may have no value for a reason, or a name cannot be reached.
#[derive(Debug, Clone, Copy)]
pub struct Bail;

pub(super) type Result<T> = std::result::Result<T, Bail>;

/// What an expression became.
#[derive(Debug, Clone, PartialEq)]
pub enum Lowered {
    Truth(NodeId),
    Number(NodeId),
    /// Days; compared with days only.
    Date(NodeId),
    /// A column of the plan.
    Level(u32),
    Text(u32),
    /// The same in every row.
    One(Value),
}

/// Turns expressions about the rows of one view into nodes of the view's plan.
pub struct Lowering<'e> {
    pub(super) env: Env<'e>,
    /// Variables that have one value per row, innermost last.
    names: Vec<(String, Lowered)>,
}

impl<'e> Lowering<'e> {
    pub fn new(env: &Env<'e>) -> Lowering<'e> {
        Lowering { env: env.clone(), names: Vec::new() }
    }

    pub fn env(&self) -> &Env<'e> {
        &self.env
    }

    pub(super) fn add(&self, node: Node) -> NodeId {
        self.env.view.memo().add(node)
    }

    /// The expression's nodes.
    pub fn lower(&mut self, expr: &Expr) -> Result<Lowered> {
        if !self.env.is_row(expr.id) {
            return Ok(Lowered::One(self.env.one_within(expr)));
        }
        let lowered = self.kind(expr)?;
        let lowered = match (self.env.tables().scale(expr.id), lowered) {
            (Some(factor), Lowered::Number(a)) => Lowered::Number(self.add(Node::Scale(a, factor.to_bits()))),
            (Some(factor), Lowered::One(Value::Number(v))) => Lowered::One(Value::Number(v * factor)),
            (_, lowered) => lowered,
        };
        Ok(match (self.env.tables().contract(expr.id), lowered) {
            (Some(c), Lowered::Number(a)) => Lowered::Number(self.add(Node::Within(a, c.lo.to_bits(), c.hi.to_bits()))),
            (Some(_), Lowered::One(value)) => Lowered::One(promise::value(&self.env, expr, value)),
            (_, lowered) => lowered,
        })
    }

    /// As a truth; a constant becomes a node.
    pub fn truth(&mut self, expr: &Expr) -> Result<NodeId> {
        let lowered = self.lower(expr)?;
        self.as_truth(&lowered)
    }

    /// As a number; flags count as 0 and 1.
    pub fn number(&mut self, expr: &Expr) -> Result<NodeId> {
        match self.lower(expr)? {
            Lowered::Truth(t) => Ok(self.add(Node::FromTruth(t))),
            Lowered::One(Value::Bool(v)) => Ok(self.constant(f64::from(u8::from(v)))),
            lowered => self.as_number(&lowered),
        }
    }

    pub(super) fn as_truth(&self, lowered: &Lowered) -> Result<NodeId> {
        match lowered {
            Lowered::Truth(node) => Ok(*node),
            Lowered::One(Value::Bool(v)) => Ok(self.add(Node::Fixed(if *v { TRUE } else { FALSE }))),
            Lowered::One(Value::Missing) => Ok(self.add(Node::Fixed(UNKNOWN))),
            Lowered::One(Value::Group(group)) => self.group(group),
            _ => Err(Bail),
        }
    }

    /// Whether a row belongs to a group.
    fn group(&self, group: &crate::eval::value::Group) -> Result<NodeId> {
        let mut all = self.add(Node::Fixed(TRUE));
        for (name, code, _) in &group.parts {
            let part = match self.env.view.column(name) {
                Some(column @ Column::Level(..)) => Node::LevelIs(self.env.view.memo().column(name, column), *code),
                Some(column @ Column::Bool(_)) => {
                    let flag = self.add(Node::Flag(self.env.view.memo().column(name, column)));
                    if *code == 0 { Node::Not(flag) } else { Node::Or(flag, flag) }
                }
                _ => return Err(Bail),
            };
            let part = self.add(part);
            all = self.add(Node::And(all, part));
        }
        Ok(all)
    }

    pub(super) fn as_number(&self, lowered: &Lowered) -> Result<NodeId> {
        match lowered {
            Lowered::Number(node) => Ok(*node),
            Lowered::One(Value::Number(v)) => Ok(self.constant(*v)),
            Lowered::One(Value::Missing) => Ok(self.add(Node::Nothing)),
            _ => Err(Bail),
        }
    }

    fn constant(&self, value: f64) -> NodeId {
        self.add(Node::Constant(value.to_bits()))
    }

    fn kind(&mut self, expr: &Expr) -> Result<Lowered> {
        if let Some(value) = forms::literal(expr) {
            return Ok(Lowered::One(value));
        }
        match &expr.kind {
            ExprKind::Name(_) | ExprKind::Text(_) => self.name(expr),
            ExprKind::Neg(inner) => match self.lower(inner)? {
                Lowered::Number(a) => Ok(Lowered::Number(self.add(Node::Negative(a)))),
                Lowered::One(Value::Number(v)) => Ok(Lowered::One(Value::Number(-v))),
                one @ Lowered::One(_) => Ok(one),
                _ => self.by_rows(expr),
            },
            ExprKind::Not(inner) => match self.lower(inner)? {
                Lowered::Truth(a) => Ok(Lowered::Truth(self.add(Node::Not(a)))),
                Lowered::One(value) => Ok(Lowered::One(ops::not(&value))),
                _ => self.by_rows(expr),
            },
            // Lists and records live within a row: what is made of them is made there.
            ExprKind::Binary(_, _, a, b) if !self.has_column(a) || !self.has_column(b) => match &expr.kind {
                ExprKind::Binary(BinOp::In, ..) if !self.env.is_row(b.id) => self.membership(expr, a, b),
                _ => self.by_rows(expr),
            },
            ExprKind::Let(_, value, _) if !self.has_column(value) => self.by_rows(expr),
            ExprKind::Typed(inner, _) => self.lower(inner),
            ExprKind::Match { subject, arms } => self.matched(expr, subject, arms),
            ExprKind::Convert(inner, ..) => match (self.lower(inner)?, self.env.tables().conversion(expr.id)) {
                (Lowered::Number(a), Some((factor, offset))) => {
                    let scaled = Node::Arithmetic(BinOp::Mul, a, self.constant(factor));
                    let moved = Node::Arithmetic(BinOp::Add, self.add(scaled), self.constant(offset));
                    Ok(Lowered::Number(self.add(moved)))
                }
                _ => self.by_rows(expr),
            },
            ExprKind::Binary(op @ (BinOp::And | BinOp::Or), _, a, b) => {
                let (x, y) = (self.lower(a)?, self.lower(b)?);
                if let (Lowered::One(x), Lowered::One(y)) = (&x, &y) {
                    return Ok(Lowered::One(if *op == BinOp::And { ops::and(x, y) } else { ops::or(x, y) }));
                }
                let (x, y) = (self.as_truth(&x)?, self.as_truth(&y)?);
                Ok(Lowered::Truth(self.add(if *op == BinOp::And { Node::And(x, y) } else { Node::Or(x, y) })))
            }
            ExprKind::Binary(BinOp::In, _, a, b) => self.membership(expr, a, b),
            ExprKind::Binary(BinOp::Range, ..) => self.by_rows(expr),
            ExprKind::Binary(op, _, a, b) => {
                let (x, y) = (self.lower(a)?, self.lower(b)?);
                self.binary(expr, *op, x, y)
            }
            ExprKind::If(test, yes, no) => self.choose(expr, test, yes, no),
            ExprKind::Let(var, value, body) => {
                let value = self.lower(value)?;
                self.with(&var.name, value, |l| l.lower(body))
            }
            ExprKind::Call { args, given, .. } => match self.env.tables().call(expr.id) {
                Some(plan) if plan.callee == Callee::Special(Special::Impute) => {
                    if self.reads_variable(expr) {
                        return Err(Bail);
                    }
                    let made = impute::filled(&self.env, expr, args, given.as_deref(), Reader::Columnar);
                    let column = made.map_err(|_| Bail)?;
                    Ok(self.of(self.env.view.memo().made(column.clone()), &column))
                }
                Some(plan) => self.call(expr, &plan.clone(), args),
                None => Err(Bail),
            },
            _ => self.by_rows(expr),
        }
    }

    /// Evaluates `then` with one more variable.
    fn with<T>(&mut self, name: &str, value: Lowered, then: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let mut inner = Lowering { env: self.env.clone(), names: self.names.clone() };
        inner.names.retain(|(n, _)| n != name);
        inner.env.locals.retain(|(n, _)| n != name);
        match value {
            Lowered::One(value) => inner.env.locals.push((name.to_string(), value)),
            lowered => inner.names.push((name.to_string(), lowered)),
        }
        then(&mut inner)
    }

    fn name(&mut self, expr: &Expr) -> Result<Lowered> {
        match self.env.tables().name(expr.id).cloned() {
            Some(Resolved::Local(name)) => {
                if let Some((_, lowered)) = self.names.iter().rev().find(|(n, _)| *n == name) {
                    return Ok(lowered.clone());
                }
                match self.env.local(&name) {
                    Some(value) => Ok(Lowered::One(value.clone())),
                    None => self.column(&name),
                }
            }
            Some(Resolved::Column(name)) => self.column(&name),
            Some(Resolved::Level(code)) => Ok(Lowered::One(forms::level(&self.env, expr, code))),
            Some(Resolved::Verdict(name)) => Ok(Lowered::One(Value::Verdict(name.as_str().into()))),
            Some(Resolved::Let(name)) => match self.env.program.let_item(&name) {
                Some(item) if self.env.is_row(item.value.id) => {
                    let env = Env { locals: Vec::new(), ..self.env.clone() };
                    Lowering { env, names: Vec::new() }.lower(&item.value)
                }
                _ => Ok(Lowered::One(calls::let_value(&self.env, &name, None, Reader::Columnar))),
            },
            None => match &expr.kind {
                ExprKind::Text(text) => Ok(Lowered::One(Value::text(text))),
                _ => Err(Bail),
            },
            Some(Resolved::Dataset(_)) => Err(Bail),
        }
    }

    /// A column of the view.
    pub fn column(&self, name: &str) -> Result<Lowered> {
        let column = self.env.view.column(name).ok_or(Bail)?;
        let at = self.env.view.memo().column(name, column);
        Ok(self.of(at, column))
    }

    fn of(&self, at: u32, column: &Column) -> Lowered {
        match column {
            Column::Bool(_) => Lowered::Truth(self.add(Node::Flag(at))),
            Column::Number(_) => Lowered::Number(self.add(Node::Number(at))),
            Column::Date(_) => Lowered::Date(self.add(Node::Number(at))),
            Column::Level(..) => Lowered::Level(at),
            Column::Text(_) => Lowered::Text(at),
        }
    }

    /// Whether it reads a variable that has one value per row, which only the graph knows.
    fn reads_variable(&self, expr: &Expr) -> bool {
        let mut found = false;
        crate::check::walk(expr, &mut |e| {
            if let Some(Resolved::Local(name)) = self.env.tables().name(e.id) {
                found |= self.names.iter().any(|(n, _)| n == name);
            }
        });
        found
    }

    fn has_column(&self, expr: &Expr) -> bool {
        self.env.tables().ty(expr.id).is_none_or(|t| t.base.has_column())
    }

    /// A node without an arm here: the scalar walk makes a column of it, and the walk stays columnar above.
    pub(super) fn by_rows(&self, expr: &Expr) -> Result<Lowered> {
        if self.reads_variable(expr) {
            return Err(Bail);
        }
        let values = super::gather::rows_of(&self.env, expr);
        let column = forms::gather(&self.env, expr, &values).map_err(|_| Bail)?;
        Ok(self.of(self.env.view.memo().made(column.clone()), &column))
    }

    fn binary(&mut self, expr: &Expr, op: BinOp, x: Lowered, y: Lowered) -> Result<Lowered> {
        use Lowered::{Date, Level, Number, One, Text, Truth};
        if let Some(why) = [&x, &y].into_iter().find(|s| matches!(s, One(Value::Undefined(_)))) {
            return Ok(why.clone());
        }
        if op.is_comparison() && [&x, &y].contains(&&One(Value::Missing)) {
            return Ok(One(Value::Missing));
        }
        if let (One(a), One(b)) = (&x, &y) {
            return Ok(One(ops::binary(op, a, b, true)));
        }
        let equality = matches!(op, BinOp::Eq | BinOp::Ne);
        let negated = |l: &Self, node: NodeId| Truth(if op == BinOp::Ne { l.add(Node::Not(node)) } else { node });
        match (&x, &y) {
            (Number(a), One(Value::Number(k))) if op.is_comparison() => Ok(Truth(self.against(*a, op, *k))),
            (One(Value::Number(k)), Number(b)) if op.is_comparison() => Ok(Truth(self.against(*b, turned(op), *k))),
            (Date(a), One(Value::Date(k))) if op.is_comparison() => Ok(Truth(self.against(*a, op, f64::from(*k)))),
            (One(Value::Date(k)), Date(b)) if op.is_comparison() => {
                Ok(Truth(self.against(*b, turned(op), f64::from(*k))))
            }
            (Number(a), Number(b)) | (Date(a), Date(b)) if op.is_comparison() => {
                Ok(Truth(self.add(Node::Compare(op, *a, *b))))
            }
            (Level(column), One(value)) | (One(value), Level(column)) if equality => {
                let code = self.code(*column, value).ok_or(Bail)?;
                let same = match code {
                    Some(code) => Node::LevelIs(*column, code),
                    // A level that the column does not have: never equal where there is a value.
                    None => Node::LevelIn(*column, Vec::new()),
                };
                let same = self.add(same);
                Ok(negated(self, same))
            }
            (Level(a), Level(b)) if equality => match (self.levels(*a), self.levels(*b)) {
                (Some(p), Some(q)) if Arc::ptr_eq(&p, &q) => {
                    let same = self.add(Node::SameLevel(*a, *b));
                    Ok(negated(self, same))
                }
                _ => self.by_rows(expr),
            },
            (Text(column), One(Value::Text(text))) | (One(Value::Text(text)), Text(column)) if equality => {
                let same = self.add(Node::TextIs(*column, text.clone()));
                Ok(negated(self, same))
            }
            (Truth(_), Truth(_) | One(Value::Bool(_))) | (One(Value::Bool(_)), Truth(_)) if equality => {
                let (a, b) = (self.as_truth(&x)?, self.as_truth(&y)?);
                let same = self.add(Node::SameTruth(a, b));
                Ok(negated(self, same))
            }
            (
                Number(_) | One(Value::Number(_) | Value::Missing),
                Number(_) | One(Value::Number(_) | Value::Missing),
            ) if matches!(op, BinOp::Add | BinOp::Sub | BinOp::Mul | BinOp::Div | BinOp::Pow) => {
                let (a, b) = (self.as_number(&x)?, self.as_number(&y)?);
                Ok(Number(self.add(Node::Arithmetic(op, a, b))))
            }
            _ => self.by_rows(expr),
        }
    }

    /// A number against a constant; a column is compared in its own storage.
    fn against(&self, a: NodeId, op: BinOp, k: f64) -> NodeId {
        match self.env.view.memo().node(a) {
            Some(Node::Number(column)) => self.add(Node::ColumnIs(column, op, k.to_bits())),
            _ => {
                let k = self.constant(k);
                self.add(Node::Compare(op, a, k))
            }
        }
    }

    fn levels(&self, column: u32) -> Option<Arc<Levels>> {
        match self.env.view.memo().column_at(column) {
            Some(Column::Level(_, levels)) => Some(levels),
            _ => None,
        }
    }

    /// The column's code of a value; the inner none when it has no such level.
    pub fn code(&self, column: u32, value: &Value) -> Option<Option<u32>> {
        let own = self.levels(column)?;
        match value {
            Value::Level(code, levels) if Arc::ptr_eq(levels, &own) => Some(Some(*code)),
            Value::Level(code, levels) => Some(levels.names.get(*code as usize).and_then(|n| own.code(n))),
            Value::Text(text) => Some(own.code(text)),
            _ => None,
        }
    }

    fn membership(&mut self, expr: &Expr, a: &Expr, b: &Expr) -> Result<Lowered> {
        let x = self.lower(a)?;
        if let ExprKind::Binary(BinOp::Range, _, lo, hi) = &b.kind {
            let (lo, hi) = (self.lower(lo)?, self.lower(hi)?);
            let above = self.binary(expr, BinOp::Ge, x.clone(), lo)?;
            let below = self.binary(expr, BinOp::Le, x, hi)?;
            let (above, below) = (self.as_truth(&above)?, self.as_truth(&below)?);
            return Ok(Lowered::Truth(self.add(Node::And(above, below))));
        }
        let Lowered::One(set) = self.lower(b)? else { return self.by_rows(expr) };
        match (&x, &set) {
            (Lowered::Number(x), Value::Bin(bin)) => {
                Ok(Lowered::Truth(self.add(Node::InBin(*x, bin.count as u32, bin.index as u32))))
            }
            (Lowered::Number(x), Value::List(items)) => {
                let numbers: Option<Vec<u64>> = items.iter().map(|v| v.number().map(f64::to_bits)).collect();
                match numbers {
                    Some(numbers) => Ok(Lowered::Truth(self.add(Node::OneOf(*x, numbers)))),
                    None => self.by_rows(expr),
                }
            }
            (Lowered::Level(column), Value::List(items)) => {
                let mut codes = Vec::new();
                for item in items.iter() {
                    codes.extend(self.code(*column, item).ok_or(Bail)?);
                }
                let one = |code: u32| self.add(Node::LevelIs(*column, code));
                let node = match codes.as_slice() {
                    [] => self.add(Node::LevelIn(*column, codes)),
                    // A few comparisons of whole chunks beat a look-up row by row.
                    [first, rest @ ..] if rest.len() < 8 => rest.iter().fold(one(*first), |any, code| {
                        let next = one(*code);
                        self.add(Node::Or(any, next))
                    }),
                    _ => self.add(Node::LevelIn(*column, codes)),
                };
                Ok(Lowered::Truth(node))
            }
            _ => self.by_rows(expr),
        }
    }

    fn call(&mut self, expr: &Expr, plan: &CallPlan, args: &[Arg]) -> Result<Lowered> {
        match plan.callee {
            Callee::Scalar(f) => {
                let digits = match args.get(1) {
                    Some(arg) => match self.lower(&arg.value)? {
                        Lowered::One(value) => value.number(),
                        _ => return self.by_rows(expr),
                    },
                    None => None,
                };
                self.scalar(expr, f, args, digits)
            }
            Callee::Special(Special::Present) => {
                let arg = args.first().ok_or(Bail)?;
                Ok(match self.lower(&arg.value)? {
                    Lowered::Truth(a) | Lowered::Number(a) | Lowered::Date(a) => {
                        Lowered::Truth(self.add(Node::Present(a)))
                    }
                    Lowered::Level(c) | Lowered::Text(c) => Lowered::Truth(self.add(Node::PresentColumn(c))),
                    Lowered::One(value) => Lowered::One(Value::Bool(value != Value::Missing)),
                })
            }
            Callee::Special(Special::IsMissing) => {
                let arg = args.first().ok_or(Bail)?;
                let present = match self.lower(&arg.value)? {
                    Lowered::Truth(a) | Lowered::Number(a) | Lowered::Date(a) => self.add(Node::Present(a)),
                    Lowered::Level(c) | Lowered::Text(c) => self.add(Node::PresentColumn(c)),
                    Lowered::One(value @ Value::Undefined(_)) => return Ok(Lowered::One(value)),
                    Lowered::One(value) => return Ok(Lowered::One(Value::Bool(value == Value::Missing))),
                };
                Ok(Lowered::Truth(self.add(Node::Not(present))))
            }
            Callee::Special(Special::OrElse) => {
                let [x, y] = args else { return Err(Bail) };
                let (a, b) = (self.lower(&x.value)?, self.lower(&y.value)?);
                match (&a, &b) {
                    (Lowered::One(Value::Missing), _) => Ok(b),
                    (Lowered::One(_), _) => Ok(a),
                    (Lowered::Truth(a), _) => match self.as_truth(&b) {
                        Ok(b) => Ok(Lowered::Truth(self.add(Node::ElseTruth(*a, b)))),
                        Err(Bail) => self.by_rows(expr),
                    },
                    (Lowered::Number(a), _) => match self.as_number(&b) {
                        Ok(b) => Ok(Lowered::Number(self.add(Node::Else(*a, b)))),
                        Err(Bail) => self.by_rows(expr),
                    },
                    _ => self.by_rows(expr),
                }
            }
            Callee::Function(index) => self.function(expr, index, plan, args),
            _ => self.by_rows(expr),
        }
    }

    fn scalar(&mut self, expr: &Expr, f: Scalar, args: &[Arg], digits: Option<f64>) -> Result<Lowered> {
        let arg = args.first().ok_or(Bail)?;
        match self.lower(&arg.value)? {
            Lowered::Number(a) => Ok(Lowered::Number(self.add(Node::Call(f, a, digits.map(f64::to_bits))))),
            Lowered::One(Value::Number(v)) => Ok(Lowered::One(ops::scalar(f, v, digits, true))),
            Lowered::One(other) => Ok(Lowered::One(other)),
            _ => self.by_rows(expr),
        }
    }

    /// A `fn`: its formula with the arguments in place of the parameters.
    fn function(&mut self, expr: &Expr, index: usize, plan: &CallPlan, args: &[Arg]) -> Result<Lowered> {
        let info = self.env.program.functions.get(index).ok_or(Bail)?;
        let Some(body) = info.decl.body.as_ref().filter(|_| !info.decl.is_metric) else { return self.by_rows(expr) };
        let mut inner = Lowering { env: Env { locals: Vec::new(), ..self.env.clone() }, names: Vec::new() };
        for (param, source) in info.decl.params.iter().zip(&plan.args) {
            let value = match source {
                ArgSource::Given(at) => match args.get(*at) {
                    Some(arg) => self.lower(&arg.value)?,
                    None => Lowered::One(Value::Missing),
                },
                _ => Lowered::One(param.default.as_ref().map_or(Value::Missing, |d| scalar::eval(&self.env, d, None))),
            };
            match value {
                Lowered::One(value) => inner.env.locals.push((param.name.name.clone(), value)),
                lowered => inner.names.push((param.name.name.clone(), lowered)),
            }
        }
        inner.lower(body)
    }

    /// A condition's group, when it says that the rows belong to one that a variable walks over: the node of the
    /// grouping, and which group.
    pub fn key(&mut self, expr: &Expr) -> Result<Option<(NodeId, usize)>> {
        let walked = |l: &Self, e: &Expr| match (&e.kind, l.env.tables().name(e.id)) {
            (ExprKind::Name(_), Some(Resolved::Local(name))) => l.env.local(name).cloned(),
            _ => None,
        };
        if let Some(Value::Group(group)) = walked(self, expr) {
            return Ok(self.cells(&group));
        }
        match &expr.kind {
            ExprKind::Binary(BinOp::Eq, _, a, b) => {
                for (side, other) in [(a, b), (b, a)] {
                    let Some(value @ Value::Level(..)) = walked(self, side) else { continue };
                    let Lowered::Level(column) = self.lower(other)? else { continue };
                    let (Some(Some(code)), Some(levels)) = (self.code(column, &value), self.levels(column)) else {
                        continue;
                    };
                    if levels.names.len() <= MOST_GROUPS {
                        let key = self.add(Node::LevelKey(column, levels.names.len() as u32));
                        return Ok(Some((key, code as usize)));
                    }
                }
                Ok(None)
            }
            ExprKind::Binary(BinOp::In, _, a, b) => {
                let Some(Value::Bin(bin)) = walked(self, b).filter(|_| self.env.is_row(a.id)) else { return Ok(None) };
                let Lowered::Number(x) = self.lower(a)? else { return Ok(None) };
                if bin.count > MOST_GROUPS {
                    return Ok(None);
                }
                Ok(Some((self.add(Node::BinKey(x, bin.count as u32)), bin.index)))
            }
            _ => Ok(None),
        }
    }

    /// Both conditions.
    pub fn and(&self, a: NodeId, b: NodeId) -> NodeId {
        self.add(Node::And(a, b))
    }

    /// The grouping by a category column, and its levels.
    pub fn level_key(&self, column: u32) -> Option<(NodeId, Arc<Levels>)> {
        let levels = self.levels(column).filter(|l| l.names.len() <= MOST_GROUPS)?;
        Some((self.add(Node::LevelKey(column, levels.names.len() as u32)), levels))
    }

    /// The grouping into bins of equal width.
    pub fn bin_key(&self, x: NodeId, count: u32) -> NodeId {
        self.add(Node::BinKey(x, count))
    }

    /// Whether a grouping is by several columns.
    pub fn is_combination(&self, key: NodeId) -> bool {
        matches!(self.env.view.memo().node(key), Some(Node::CellKey(_)))
    }

    fn cells(&self, group: &crate::eval::value::Group) -> Option<(NodeId, usize)> {
        let (mut parts, mut index, mut size) = (Vec::new(), 0usize, 1usize);
        for (name, code, _) in &group.parts {
            let column = self.env.view.column(name)?;
            let n = match column {
                Column::Level(_, levels) => levels.names.len(),
                Column::Bool(_) => 2,
                _ => return None,
            };
            size = size.checked_mul(n).filter(|s| *s <= MOST_GROUPS)?;
            index = index * n + *code as usize;
            parts.push((self.env.view.memo().column(name, column), n as u32));
        }
        Some((self.add(Node::CellKey(parts)), index))
    }
}

/// Most groups that are counted side by side; more are looked at one by one.
const MOST_GROUPS: usize = 4096;

pub(super) fn is_bool(env: &Env, expr: &Expr) -> bool {
    env.tables().ty(expr.id).is_some_and(|t| t.base == Base::Bool)
}

fn turned(op: BinOp) -> BinOp {
    match op {
        BinOp::Lt => BinOp::Gt,
        BinOp::Le => BinOp::Ge,
        BinOp::Gt => BinOp::Lt,
        BinOp::Ge => BinOp::Le,
        other => other,
    }
}

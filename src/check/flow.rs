//! Information flow: from which data an expression is made, and whether its value is one person's.
//!
//! Runs after types are known and reads the side tables. A figure over a cohort may be shown whatever its
//! label; the smallest and the largest value, a quantile at the very end, a figure about a single subject and
//! one item of a list are the value of somebody.

use super::dataset::Schema;
use super::program::{ArgSource, Callee, Program, Resolved};
use super::sensitivity::Sensitivity;
use super::special::Special;
use super::types::{Base, Level};
use super::walk;
use crate::source::{Diagnostic, Span, codes};
use crate::syntax::ast::{Aggregate, Arg, BinOp, Expr, ExprKind, ItemKind, LetItem, Role};
use crate::syntax::show;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// How a value comes to be one person's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    Smallest,
    Largest,
    /// A quantile at 0 or 1, or at a share that is not known before the run.
    End,
    /// A condition that names a subject.
    Subject,
    /// One item of a list.
    Item,
}

/// One person's value, and where it is taken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Person {
    pub span: Span,
    pub way: Way,
    /// What is asked about, as text.
    pub of: String,
}

/// What is known of a value's origin.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Flow {
    pub label: Sensitivity,
    /// Set when a value for the cohort is that of a person whose data is phi.
    pub person: Option<Person>,
    /// The value itself, where it is a plain number.
    constant: Option<f64>,
}

impl Flow {
    fn join(self, other: Flow) -> Flow {
        Flow { label: self.label.max(other.label), person: self.person.or(other.person), constant: None }
    }

    /// A yes or no about it tells no value.
    fn judged(self) -> Flow {
        Flow { person: None, constant: None, ..self }
    }
}

/// Calls within calls before the analysis takes the safe side.
const DEEPEST: usize = 24;

/// A function, and what its arguments carry.
type Key = (usize, Vec<(Sensitivity, Option<Person>, Option<u64>)>);

/// The analysis of one program; remembers what it has seen.
pub struct Flows<'a> {
    program: &'a Program,
    items: BTreeMap<&'a str, &'a LetItem>,
    lets: RefCell<BTreeMap<String, Flow>>,
    calls: RefCell<BTreeMap<Key, Flow>>,
}

/// Where an expression stands.
#[derive(Clone)]
struct Here<'a> {
    rows: Option<&'a Schema>,
    locals: Vec<(String, Flow)>,
    depth: usize,
}

impl<'a> Flows<'a> {
    pub fn new(program: &'a Program) -> Flows<'a> {
        let items = program.items().filter_map(|i| match &i.kind {
            ItemKind::Let(item) => Some((item.name.name.as_str(), item)),
            _ => None,
        });
        Flows { program, items: items.collect(), lets: RefCell::default(), calls: RefCell::default() }
    }

    /// The flow of an expression over the rows of `home`.
    pub fn of(&self, expr: &Expr, home: Option<&str>) -> Flow {
        let rows = home.and_then(|h| self.program.dataset(h));
        self.flow(expr, &Here { rows, locals: Vec::new(), depth: 0 })
    }

    /// The error of showing what `expr` gives, if that is a person's value. `what` names the place.
    pub fn shown(&self, expr: &Expr, home: Option<&str>, what: &str) -> Option<Diagnostic> {
        let person = self.of(expr, home).person?;
        Some(self.told(&person, expr, what, home))
    }

    fn told(&self, person: &Person, expr: &Expr, what: &str, home: Option<&str>) -> Diagnostic {
        let of = &person.of;
        let (label, help) = match person.way {
            Way::Smallest => (
                format!("the smallest `{of}` is somebody's"),
                format!("a figure that many people share: `quantile({of}, 5%)`, or a count: `count({of} < …)`"),
            ),
            Way::Largest => (
                format!("the largest `{of}` is somebody's"),
                format!("a figure that many people share: `quantile({of}, 95%)`, or a count: `count({of} > …)`"),
            ),
            Way::End => (
                format!("this end of `{of}` is somebody's"),
                format!("stay away from the ends, with a plain share: `quantile({of}, 5%)`, `quantile({of}, 95%)`"),
            ),
            Way::Subject => {
                ("picks out one subject".into(), "ask about a group of people: an age band, a site, a diagnosis".into())
            }
            Way::Item => (
                "one item of a list of people's values".into(),
                "ask for a share or a mean over the rows instead".into(),
            ),
        };
        let mut d = Diagnostic::new(codes::DISCLOSURE, format!("{what} would show the value of one person"))
            .at(person.span, label)
            .help(help);
        if person.span != expr.span && !(expr.span.source == person.span.source && within(person.span, expr.span)) {
            d = d.also(expr.span, "shown here");
        }
        if let Some(schema) = home.and_then(|h| self.program.dataset(h)) {
            let (span, says) = schema.says(Sensitivity::Phi, &[]);
            d = d.also(span, says);
        }
        d
    }

    fn flow(&self, expr: &Expr, here: &Here<'a>) -> Flow {
        let at = |e: &Expr| self.flow(e, here);
        match &expr.kind {
            ExprKind::Int(v) => Flow { constant: Some(*v as f64), ..Flow::default() },
            ExprKind::Real(v) | ExprKind::Percent(v) | ExprKind::Quantity(v, _) => {
                Flow { constant: Some(*v), ..Flow::default() }
            }
            ExprKind::Name(name) => self.name(expr, name, here),
            ExprKind::Neg(a) => {
                let a = at(a);
                Flow { constant: a.constant.map(|v| -v), ..a }
            }
            ExprKind::Not(a) => at(a).judged(),
            ExprKind::Binary(op, _, a, b) => {
                let (x, y) = (at(a), at(b));
                let constant = x.constant.zip(y.constant).and_then(|(x, y)| match op {
                    BinOp::Add => Some(x + y),
                    BinOp::Sub => Some(x - y),
                    BinOp::Mul => Some(x * y),
                    BinOp::Div => Some(x / y),
                    _ => None,
                });
                let both = x.join(y);
                match op {
                    BinOp::Add | BinOp::Sub | BinOp::Mul | BinOp::Div | BinOp::Pow | BinOp::Range => {
                        Flow { constant, ..both }
                    }
                    _ => both.judged(),
                }
            }
            ExprKind::If(test, yes, no) => at(test).judged().join(at(yes)).join(at(no)),
            ExprKind::Let(var, value, body) => {
                let bound = at(value);
                self.flow(body, &here.bind(&var.name, bound))
            }
            ExprKind::Quantified { var, range, body, .. } => {
                let item = at(range);
                item.clone().join(self.flow(body, &here.bind(&var.name, item))).judged()
            }
            ExprKind::Over { aggregate, var, range, body } => {
                let item = at(range);
                let body = self.flow(body, &here.bind(&var.name, item.clone()));
                // `argmax` gives the group, not the value that it has.
                let group = matches!(aggregate, Aggregate::ArgMax | Aggregate::ArgMin);
                item.join(if group { body.judged() } else { body })
            }
            ExprKind::Comprehension { function, var, range, body, filter } => {
                let item = at(range);
                let inner = here.bind(&var.name, item.clone());
                let asked = filter.as_ref().map_or_else(Flow::default, |f| self.flow(f, &inner).judged());
                let all = item.join(asked).join(self.flow(body, &inner));
                if function.as_ref().is_some_and(|f| f.name == "count") { all.judged() } else { all }
            }
            ExprKind::Match { subject, arms } => {
                arms.iter().map(|a| at(&a.value)).fold(at(subject).judged(), Flow::join)
            }
            ExprKind::Record(fields) => fields.iter().map(|(_, e)| at(e)).fold(Flow::default(), Flow::join),
            ExprKind::Convert(inner, ..) => Flow { constant: None, ..at(inner) },
            ExprKind::Typed(inner, _) => at(inner),
            ExprKind::Index(list, position) => {
                let flow = at(list).join(at(position));
                let of_rows = self.level(list) == Some(Level::Row);
                self.somebody(flow, of_rows, Way::Item, expr, list)
            }
            ExprKind::Scoped { body, on, filter } => {
                let mut inner = here.clone();
                if on.is_some() {
                    inner.rows = match self.program.tables.name(expr.id) {
                        Some(Resolved::Dataset(name)) => self.program.dataset(name),
                        _ => None,
                    };
                }
                let flow = self.flow(body, &inner);
                self.given(flow, filter.as_deref(), &inner)
            }
            ExprKind::Call { args, given, .. } => {
                let flow = self.call(expr, args, here);
                self.given(flow, given.as_deref(), here)
            }
            ExprKind::List(items) | ExprKind::Set(items) => items.iter().map(at).fold(Flow::default(), Flow::join),
            ExprKind::Member(inner, _) => at(inner),
            _ => self.parts(expr, here),
        }
    }

    /// What has no rule of its own is as sensitive as all it is made of, and takes the safe side.
    fn parts(&self, expr: &Expr, here: &Here<'a>) -> Flow {
        let mut out = Flow::default();
        let mut hides = false;
        walk(expr, &mut |e| match &e.kind {
            ExprKind::Name(name) => out = std::mem::take(&mut out).join(self.name(e, name, here)),
            ExprKind::Call { .. } => {
                hides |= self.program.tables.call(e.id).is_some_and(|plan| match plan.callee {
                    Callee::Special(s) => matches!(s, Special::Min | Special::Max | Special::Quantile),
                    Callee::Function(_) => true,
                    Callee::Scalar(_) => false,
                });
            }
            _ => {}
        });
        let for_all = self.level(expr) != Some(Level::Row);
        self.somebody(out, hides && for_all, Way::Item, expr, expr)
    }

    fn level(&self, expr: &Expr) -> Option<Level> {
        self.program.tables.ty(expr.id).map(|t| t.level)
    }

    /// A value that one person has, when those persons' data is phi.
    fn somebody(&self, flow: Flow, is_one: bool, way: Way, expr: &Expr, of: &Expr) -> Flow {
        if !is_one || flow.label != Sensitivity::Phi || flow.person.is_some() {
            return flow;
        }
        let person = Person { span: expr.span, way, of: show(of) };
        Flow { person: Some(person), ..flow }
    }

    fn name(&self, expr: &Expr, name: &str, here: &Here<'a>) -> Flow {
        if let Some((_, flow)) = here.locals.iter().rev().find(|(n, _)| n == name) {
            return flow.clone();
        }
        match self.program.tables.name(expr.id) {
            Some(Resolved::Column(column)) => {
                let label = here.rows.map_or(Sensitivity::Phi, |s| s.label_of(column));
                Flow { label, ..Flow::default() }
            }
            Some(Resolved::Let(global)) => {
                if let Some(known) = self.lets.borrow().get(global) {
                    return known.clone();
                }
                let flow = match self.items.get(global.as_str()) {
                    Some(item) if here.depth < DEEPEST => {
                        let rows = self.program.home_of(global).and_then(|h| self.program.dataset(h));
                        self.flow(&item.value, &Here { rows, locals: Vec::new(), depth: here.depth + 1 })
                    }
                    _ => Flow { label: Sensitivity::Phi, ..Flow::default() },
                };
                self.lets.borrow_mut().insert(global.clone(), flow.clone());
                flow
            }
            _ => Flow::default(),
        }
    }

    /// What a condition adds: its own label, and a person when it picks a single subject.
    fn given(&self, flow: Flow, condition: Option<&Expr>, here: &Here<'a>) -> Flow {
        let Some(condition) = condition else { return flow };
        let joined = flow.join(self.flow(condition, here).judged());
        let one = here.rows.is_some_and(|schema| self.picks_subject(condition, schema));
        self.somebody(joined, one, Way::Subject, condition, condition)
    }

    fn picks_subject(&self, condition: &Expr, schema: &Schema) -> bool {
        let mut found = false;
        // An identifier singles out by any comparison, a text (a name, an address) by being this one.
        let singles_out = |e: &Expr, op: BinOp| match self.program.tables.name(e.id) {
            Some(Resolved::Column(name)) => schema.column(name).is_some_and(|c| {
                c.has(Role::Subject) || c.ty.base == Base::Text && matches!(op, BinOp::Eq | BinOp::In)
            }),
            _ => false,
        };
        walk(condition, &mut |e| match &e.kind {
            ExprKind::Binary(op, _, a, b) if op.is_comparison() || *op == BinOp::In => {
                found |= singles_out(a, *op) || singles_out(b, *op);
            }
            ExprKind::Name(_) => {
                if let Some(Resolved::Let(name)) = self.program.tables.name(e.id)
                    && let Some(item) = self.items.get(name.as_str())
                {
                    found |= self.picks_subject(&item.value, schema);
                }
            }
            _ => {}
        });
        found
    }

    fn call(&self, expr: &Expr, args: &[Arg], here: &Here<'a>) -> Flow {
        let flows: Vec<Flow> = args.iter().map(|a| self.flow(&a.value, here)).collect();
        let all = || flows.iter().cloned().fold(Flow::default(), Flow::join);
        let Some(plan) = self.program.tables.call(expr.id) else { return all() };
        match plan.callee {
            Callee::Scalar(_) => all(),
            Callee::Special(special) => {
                let Some(first) = args.first().map(|a| &a.value) else {
                    // `n()` counts the rows.
                    let label = here.rows.map_or(Sensitivity::Public, |s| s.sensitivity);
                    return Flow { label, ..Flow::default() };
                };
                match special {
                    Special::Min => self.somebody(all(), true, Way::Smallest, expr, first),
                    Special::Max => self.somebody(all(), true, Way::Largest, expr, first),
                    Special::Quantile => {
                        let share = flows.get(1).and_then(|f| f.constant);
                        let inside = share.is_some_and(|q| q > 0.0 && q < 1.0);
                        self.somebody(all(), !inside, Way::End, expr, first)
                    }
                    Special::Count | Special::Present | Special::IsMissing | Special::Probability => all().judged(),
                    _ => all(),
                }
            }
            Callee::Function(index) => self.function(expr, index, &plan.args, &flows, here),
        }
    }

    /// A call of a function or metric: its body, with what the arguments carry.
    fn function(&self, expr: &Expr, index: usize, plan: &[ArgSource], flows: &[Flow], here: &Here<'a>) -> Flow {
        let all = || flows.iter().cloned().fold(Flow::default(), Flow::join);
        let Some(info) = self.program.functions.get(index) else { return all() };
        let mut locals = Vec::new();
        for (param, source) in info.decl.params.iter().zip(plan) {
            let flow = match source {
                ArgSource::Given(at) => flows.get(*at).cloned().unwrap_or_default(),
                ArgSource::Column(name) => {
                    let label = here.rows.map_or(Sensitivity::Phi, |s| s.label_of(name));
                    Flow { label, ..Flow::default() }
                }
                ArgSource::Default => {
                    let inner = Here { rows: None, locals: Vec::new(), depth: here.depth + 1 };
                    param.default.as_ref().map(|d| self.flow(d, &inner)).unwrap_or_default()
                }
            };
            locals.push((param.name.name.clone(), flow));
        }
        let joined = locals.iter().map(|(_, f)| f.clone()).fold(Flow::default(), Flow::join);
        let Some(body) = &info.decl.body else { return joined };
        if here.depth >= DEEPEST {
            return self.somebody(joined, info.decl.is_metric, Way::Item, expr, expr);
        }
        let seen = locals.iter().map(|(_, f)| (f.label, f.person.clone(), f.constant.map(f64::to_bits))).collect();
        let key = (index, seen);
        if let Some(known) = self.calls.borrow().get(&key) {
            return known.clone();
        }
        let flow = self.flow(body, &Here { rows: None, locals, depth: here.depth + 1 });
        self.calls.borrow_mut().insert(key, flow.clone());
        flow
    }
}

impl Here<'_> {
    fn bind(&self, name: &str, flow: Flow) -> Self {
        let mut inner = self.clone();
        inner.locals.push((name.to_string(), flow));
        inner
    }
}

fn within(inner: Span, outer: Span) -> bool {
    inner.start >= outer.start && inner.end <= outer.end
}

//! Evaluates nodes for one chunk of rows after the other.

use super::plan::{Kind, Node, NodeId, Plan};
use super::truths::{Truth, UNKNOWN_EVERYWHERE, words};
use super::{CHUNK, FALSE, TRUE, lanes};
use crate::check::special::Scalar;
use crate::data::Column;
use crate::data::numbers::{Codes, Numbers};
use crate::eval::bins::{EdgeRule, bin_edges, bin_of};
use crate::eval::ops;
use crate::eval::vector::wide;
use crate::syntax::ast::BinOp;
use arrow_array::Array;
use arrow_buffer::NullBuffer;
use std::collections::BTreeMap;
use std::ops::Range;

/// A value that a checked conversion refuses was met: the scalar walk has to say which and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused;

/// The values of one node for the rows of a chunk.
#[derive(Debug, Clone)]
pub enum Buffer {
    Empty,
    Truth(Box<Truth>),
    /// Numbers, and 1 where there is one.
    Number(Vec<f64>, Vec<u8>),
    Bucket(Vec<u16>),
}

struct Step {
    node: Node,
    slot: usize,
    /// Edges of a `BinKey` or `InBin`.
    edges: Vec<f64>,
}

/// What a pass computes: the wanted nodes and all they need, in order.
pub struct Pass {
    steps: Vec<Step>,
    slots: Vec<Kind>,
    slot_of: BTreeMap<NodeId, usize>,
    columns: BTreeMap<u32, Column>,
}

impl Pass {
    /// The pass for `wanted`, taken out of the plan so that the plan is free while it runs.
    pub fn new(plan: &Plan, wanted: &[NodeId]) -> Pass {
        let mut needed = std::collections::BTreeSet::new();
        let mut open: Vec<NodeId> = wanted.to_vec();
        while let Some(id) = open.pop() {
            if needed.insert(id)
                && let Some(node) = plan.node(id)
            {
                open.extend(node.operands());
            }
        }
        // Values are dead after their last use, so that few buffers stay warm; what was asked for lives on.
        let mut last: BTreeMap<NodeId, NodeId> = BTreeMap::new();
        for &id in &needed {
            plan.node(id).into_iter().flat_map(Node::operands).for_each(|operand| {
                last.insert(operand, id);
            });
        }
        wanted.iter().for_each(|id| {
            last.insert(*id, NodeId::MAX);
        });
        let mut pass =
            Pass { steps: Vec::new(), slots: Vec::new(), slot_of: BTreeMap::new(), columns: BTreeMap::new() };
        let mut free: Vec<usize> = Vec::new();
        for &id in &needed {
            let Some(node) = plan.node(id) else { continue };
            let kind = node.kind();
            let slot = match free.iter().position(|s| pass.slots.get(*s) == Some(&kind)) {
                Some(at) => free.swap_remove(at),
                None => {
                    pass.slots.push(kind);
                    pass.slots.len() - 1
                }
            };
            pass.slot_of.insert(id, slot);
            let edges = match node {
                Node::BinKey(_, count) | Node::InBin(_, count, _) => bin_edges(*count as usize),
                _ => Vec::new(),
            };
            for column in columns_of(node) {
                if let Some(found) = plan.at(column) {
                    pass.columns.insert(column, found.clone());
                }
            }
            pass.steps.push(Step { node: node.clone(), slot, edges });
            let mut done: Vec<NodeId> = node.operands().filter(|o| last.get(o) == Some(&id)).collect();
            done.sort_unstable();
            done.dedup();
            free.extend(done.iter().filter_map(|o| pass.slot_of.get(o)));
        }
        pass
    }

    pub fn workspace(&self) -> Workspace {
        let make = |kind: &Kind| match kind {
            Kind::Truth => Buffer::Truth(Truth::new()),
            Kind::Number => Buffer::Number(vec![0.0; CHUNK], vec![0; CHUNK]),
            Kind::Bucket => Buffer::Bucket(vec![0; CHUNK]),
        };
        Workspace { buffers: self.slots.iter().map(make).collect(), refused: false }
    }

    /// Evaluates the rows `at`, at most a chunk.
    pub fn chunk(&self, space: &mut Workspace, at: &Range<usize>) {
        for step in &self.steps {
            let Some(slot) = space.buffers.get_mut(step.slot) else { continue };
            let mut out = std::mem::replace(slot, Buffer::Empty);
            let look = Look { pass: self, space: &*space, at: at.clone() };
            let refused = match &mut out {
                Buffer::Truth(out) => {
                    look.truth(step, out);
                    false
                }
                Buffer::Number(out, ok) => look.number(&step.node, &mut out[..at.len()], &mut ok[..at.len()]),
                Buffer::Bucket(out) => {
                    look.bucket(step, &mut out[..at.len()]);
                    false
                }
                Buffer::Empty => false,
            };
            space.refused |= refused;
            if let Some(slot) = space.buffers.get_mut(step.slot) {
                *slot = out;
            }
        }
    }

    /// The rows' truth, after [`Pass::chunk`].
    pub fn truth<'s>(&self, space: &'s Workspace, id: NodeId) -> &'s Truth {
        match self.buffer(space, id) {
            Some(Buffer::Truth(v)) => v,
            _ => &UNKNOWN_EVERYWHERE,
        }
    }

    /// The rows' numbers and where there are any.
    pub fn number<'s>(&self, space: &'s Workspace, id: NodeId, rows: usize) -> (&'s [f64], &'s [u8]) {
        match self.buffer(space, id) {
            Some(Buffer::Number(v, ok)) => (&v[..rows], &ok[..rows]),
            _ => (&[], &[]),
        }
    }

    /// The rows' groups.
    pub fn bucket<'s>(&self, space: &'s Workspace, id: NodeId, rows: usize) -> &'s [u16] {
        match self.buffer(space, id) {
            Some(Buffer::Bucket(v)) => &v[..rows],
            _ => &[],
        }
    }

    fn buffer<'s>(&self, space: &'s Workspace, id: NodeId) -> Option<&'s Buffer> {
        space.buffers.get(*self.slot_of.get(&id)?)
    }
}

/// One thread's buffers.
pub struct Workspace {
    buffers: Vec<Buffer>,
    /// Whether a checked conversion met a value outside its range.
    pub refused: bool,
}

fn columns_of(node: &Node) -> Vec<u32> {
    match node {
        Node::Flag(c)
        | Node::ColumnIs(c, ..)
        | Node::LevelIs(c, _)
        | Node::LevelIn(c, _)
        | Node::TextIs(c, _)
        | Node::PresentColumn(c)
        | Node::Number(c)
        | Node::LevelKey(c, _) => vec![*c],
        Node::SameLevel(a, b) => vec![*a, *b],
        Node::CellKey(parts) => parts.iter().map(|(c, _)| *c).collect(),
        _ => Vec::new(),
    }
}

/// A chunk in work: reads operands and columns.
struct Look<'a> {
    pass: &'a Pass,
    space: &'a Workspace,
    at: Range<usize>,
}

impl<'a> Look<'a> {
    fn t(&self, id: NodeId) -> &'a Truth {
        self.pass.truth(self.space, id)
    }

    fn n(&self, id: NodeId) -> (&'a [f64], &'a [u8]) {
        self.pass.number(self.space, id, self.at.len())
    }

    fn column(&self, at: u32) -> Option<&'a Column> {
        self.pass.columns.get(&at)
    }

    fn truth(&self, step: &Step, out: &mut Truth) {
        match &step.node {
            Node::Fixed(v) => out.fill(*v),
            Node::Flag(c) => {
                if let Some(Column::Bool(flags)) = self.column(*c) {
                    out.flags(flags.values(), &self.at);
                    self.unknown(out, flags.nulls());
                }
            }
            Node::ColumnIs(c, op, bound) => self.column_is(*c, *op, f64::from_bits(*bound), out),
            Node::Compare(op, a, b) => {
                let ((x, xo), (y, yo)) = (self.n(*a), self.n(*b));
                lanes::compare(out, x, *op, y);
                out.only_where(xo);
                out.only_where(yo);
            }
            Node::LevelIs(c, code) => {
                if let Some(Column::Level(codes, _)) = self.column(*c) {
                    let code = *code;
                    match codes {
                        // A code that the storage cannot hold is no row's.
                        Codes::U8(a) => match u8::try_from(code) {
                            Ok(code) => out.test(self.slice(a.values()), move |v| v == code),
                            Err(_) => out.fill(FALSE),
                        },
                        Codes::U32(a) => out.test(self.slice(a.values()), move |v| v == code),
                    }
                    self.unknown(out, codes.nulls());
                }
            }
            Node::LevelIn(c, wanted) => {
                if let Some(Column::Level(codes, _)) = self.column(*c) {
                    match codes {
                        Codes::U8(a) => out.test(self.slice(a.values()), |v| wanted.contains(&v.into())),
                        Codes::U32(a) => out.test(self.slice(a.values()), |v| wanted.contains(&v)),
                    }
                    self.unknown(out, codes.nulls());
                }
            }
            Node::SameLevel(a, b) => {
                if let (Some(Column::Level(x, _)), Some(Column::Level(y, _))) = (self.column(*a), self.column(*b)) {
                    self.rows(out, |row| x.value(row) == y.value(row));
                    self.unknown(out, x.nulls());
                    self.unknown(out, y.nulls());
                }
            }
            Node::TextIs(c, text) => {
                if let Some(Column::Text(texts)) = self.column(*c) {
                    self.rows(out, |row| texts.is_valid(row) && *texts.value(row) == **text);
                    self.unknown(out, texts.nulls());
                }
            }
            Node::SameTruth(a, b) => out.same(self.t(*a), self.t(*b)),
            Node::And(a, b) => out.and(self.t(*a), self.t(*b)),
            Node::Or(a, b) => out.or(self.t(*a), self.t(*b)),
            Node::Not(a) => out.not(self.t(*a)),
            Node::Present(a) => match self.pass.buffer(self.space, *a) {
                Some(Buffer::Truth(v)) => out.is_known(v),
                Some(Buffer::Number(_, ok)) => out.present(&ok[..self.at.len()]),
                _ => {}
            },
            Node::PresentColumn(c) => match self.column(*c).and_then(|c| c.array().nulls()) {
                Some(nulls) => out.flags(nulls.inner(), &self.at),
                None => out.fill(TRUE),
            },
            Node::OneOf(a, wanted) => {
                let (x, ok) = self.n(*a);
                out.test(x, |x| wanted.iter().any(|w| f64::from_bits(*w) == x));
                out.only_where(ok);
            }
            Node::InBin(a, _, index) => {
                let (x, ok) = self.n(*a);
                let inside =
                    |x: f64| (0.0..=1.0).contains(&x) && bin_of(x, &step.edges, EdgeRule::default()) == *index as usize;
                out.test(x, inside);
                out.only_where(ok);
            }
            Node::IfTruth(t, a, b) => out.choose(self.t(*t), self.t(*a), self.t(*b)),
            Node::ElseTruth(a, b) => out.or_else(self.t(*a), self.t(*b)),
            _ => {}
        }
    }

    /// Row by row.
    fn rows(&self, out: &mut Truth, f: impl Fn(usize) -> bool) {
        let mut bytes = [0u8; CHUNK];
        let bytes = &mut bytes[..self.at.len()];
        bytes.iter_mut().zip(self.at.clone()).for_each(|(o, row)| *o = u8::from(f(row)));
        out.test(bytes, |b| b == 1);
    }

    fn column_is(&self, c: u32, op: BinOp, bound: f64, out: &mut Truth) {
        match self.column(c) {
            Some(Column::Number(numbers)) => {
                match numbers {
                    Numbers::I16(a) => lanes::against(out, self.slice(a.values()), op, bound),
                    Numbers::I32(a) => lanes::against(out, self.slice(a.values()), op, bound),
                    Numbers::F32(a) => lanes::against(out, self.slice(a.values()), op, bound),
                    Numbers::F64(a) => lanes::against(out, self.slice(a.values()), op, bound),
                }
                self.unknown(out, numbers.nulls());
            }
            Some(Column::Date(days)) => {
                lanes::against(out, self.slice(days.values()), op, bound);
                self.unknown(out, days.nulls());
            }
            _ => {}
        }
    }

    fn slice<T>(&self, values: &'a [T]) -> &'a [T] {
        values.get(self.at.clone()).unwrap_or(&[])
    }

    /// Unknown where the column has no value.
    fn unknown(&self, out: &mut Truth, nulls: Option<&NullBuffer>) {
        if let Some(nulls) = nulls.filter(|n| n.null_count() > 0) {
            out.only(nulls.inner(), &self.at);
        }
    }

    fn valid(&self, ok: &mut [u8], nulls: Option<&NullBuffer>) {
        match nulls.filter(|n| n.null_count() > 0) {
            Some(nulls) => lanes::spread(ok, words(nulls.inner(), &self.at)),
            None => ok.fill(1),
        }
    }

    /// Says whether a checked conversion refused a value.
    fn number(&self, node: &Node, out: &mut [f64], ok: &mut [u8]) -> bool {
        match node {
            Node::Constant(bits) => {
                out.fill(f64::from_bits(*bits));
                ok.fill(1);
            }
            Node::Number(c) => match self.column(*c) {
                Some(Column::Number(numbers)) => {
                    match numbers {
                        Numbers::I16(a) => lanes::map(out, self.slice(a.values()), f64::from),
                        Numbers::I32(a) => lanes::map(out, self.slice(a.values()), f64::from),
                        Numbers::F32(a) => lanes::map(out, self.slice(a.values()), f64::from),
                        Numbers::F64(a) => out.copy_from_slice(self.slice(a.values())),
                    }
                    self.valid(ok, numbers.nulls());
                }
                Some(Column::Date(days)) => {
                    lanes::map(out, self.slice(days.values()), f64::from);
                    self.valid(ok, days.nulls());
                }
                _ => ok.fill(0),
            },
            Node::Negative(a) => {
                let (x, xo) = self.n(*a);
                lanes::map(out, x, |x| -x);
                ok.copy_from_slice(xo);
            }
            Node::Arithmetic(op, a, b) => {
                let ((x, xo), (y, yo)) = (self.n(*a), self.n(*b));
                match op {
                    BinOp::Add => lanes::zip(out, x, y, |x, y| x + y),
                    BinOp::Sub => lanes::zip(out, x, y, |x, y| x - y),
                    BinOp::Mul => lanes::zip(out, x, y, |x, y| x * y),
                    BinOp::Div => lanes::zip(out, x, y, |x, y| x / y),
                    BinOp::Pow if y.iter().all(|y| *y == 2.0) => lanes::map(out, x, |x| x * x),
                    op => {
                        for ((o, x), y) in out.iter_mut().zip(x).zip(y) {
                            *o = ops::arithmetic(*op, *x, *y);
                        }
                    }
                }
                lanes::zip3(ok, xo, yo, out, |x, y, v| x & y & u8::from(v.is_finite()));
            }
            Node::Scale(a, factor) => {
                let (x, xo) = self.n(*a);
                let factor = f64::from_bits(*factor);
                lanes::map(out, x, move |x| x * factor);
                ok.copy_from_slice(xo);
            }
            Node::Within(a, lo, hi) => {
                let (x, xo) = self.n(*a);
                let range = f64::from_bits(*lo)..=f64::from_bits(*hi);
                out.copy_from_slice(x);
                ok.copy_from_slice(xo);
                return x.iter().zip(xo).any(|(x, ok)| *ok == 1 && !range.contains(x));
            }
            Node::Call(f, a, digits) => return self.call(*f, *a, *digits, out, ok),
            Node::If(t, a, b) => {
                let (t, (x, xo), (y, yo)) = (self.t(*t), self.n(*a), self.n(*b));
                let (mut yes, mut known) = ([0u8; CHUNK], [0u8; CHUNK]);
                let (yes, known) = (&mut yes[..x.len()], &mut known[..x.len()]);
                t.spread(yes);
                t.spread_known(known);
                lanes::zip3(out, yes, x, y, |t, x, y| if t == 1 { x } else { y });
                lanes::zip3(ok, yes, xo, yo, |t, x, y| if t == 1 { x } else { y });
                ok.iter_mut().zip(known).for_each(|(ok, known)| *ok &= *known);
            }
            Node::Else(a, b) => {
                let ((x, xo), (y, yo)) = (self.n(*a), self.n(*b));
                lanes::zip3(out, xo, x, y, |has, x, y| if has == 1 { x } else { y });
                lanes::zip(ok, xo, yo, |x, y| x | y);
            }
            Node::FromTruth(t) => {
                let t = self.t(*t);
                t.spread(ok);
                lanes::map(out, ok, f64::from);
                t.spread_known(ok);
            }
            _ => ok.fill(0),
        }
        false
    }

    fn call(&self, f: Scalar, a: NodeId, digits: Option<u64>, out: &mut [f64], ok: &mut [u8]) -> bool {
        let (x, xo) = self.n(a);
        ok.copy_from_slice(xo);
        let checked = |lo: f64, hi: f64| {
            let within = |x: f64| (lo..=hi).contains(&x);
            x.iter().zip(xo).any(|(x, ok)| *ok == 1 && !within(*x))
        };
        match f {
            Scalar::Prob | Scalar::Rating => {
                out.copy_from_slice(x);
                return if f == Scalar::Prob { checked(0.0, 1.0) } else { checked(-1.0, 1.0) };
            }
            Scalar::Abs => lanes::map(out, x, f64::abs),
            Scalar::ToProb => lanes::map(out, x, |x| (x + 1.0) / 2.0),
            Scalar::Floor => lanes::map(out, x, f64::floor),
            Scalar::Ceil => lanes::map(out, x, f64::ceil),
            _ => {
                let digits = digits.map(f64::from_bits);
                for ((o, x), ok) in out.iter_mut().zip(x).zip(ok.iter_mut()) {
                    match ops::scalar(f, *x, digits, true) {
                        crate::eval::Value::Number(v) => *o = v,
                        _ => *ok = 0,
                    }
                }
            }
        }
        false
    }

    fn bucket(&self, step: &Step, out: &mut [u16]) {
        match &step.node {
            Node::LevelKey(c, groups) => match self.column(*c) {
                Some(Column::Level(codes, _)) => {
                    match codes {
                        Codes::U8(a) => lanes::map(out, self.slice(a.values()), u16::from),
                        Codes::U32(a) => lanes::map(out, self.slice(a.values()), |v| v as u16),
                    }
                    self.nowhere(out, codes.nulls(), *groups);
                }
                Some(Column::Bool(flags)) => {
                    for (o, row) in out.iter_mut().zip(self.at.clone()) {
                        *o = u16::from(flags.value(row));
                    }
                    self.nowhere(out, flags.nulls(), *groups);
                }
                _ => {}
            },
            Node::BinKey(a, groups) => {
                let (x, ok) = self.n(*a);
                let (outside, unknown) = (*groups as u16, *groups as u16 + 1);
                let (last, bins) = (*groups as usize - 1, f64::from(*groups));
                let edges = &step.edges[..last + 2];
                for ((o, x), ok) in out.iter_mut().zip(x).zip(ok) {
                    // As `bin_of`: the product is off by at most one bin, and the edges decide.
                    let near = ((*x * bins) as usize).min(last);
                    let near = near - usize::from(near > 0 && *x < edges[near]);
                    let bin = (near + usize::from(*x >= edges[near + 1])).min(last) as u16;
                    let inside = (0.0..=1.0).contains(x);
                    *o = if *ok == 0 {
                        unknown
                    } else if inside {
                        bin
                    } else {
                        outside
                    };
                }
            }
            Node::CellKey(parts) => {
                let groups = step.node.groups() as u16;
                out.fill(0);
                for (c, n) in parts {
                    let Some(column) = self.column(*c) else { continue };
                    for (o, row) in out.iter_mut().zip(self.at.clone()) {
                        let code = match column {
                            Column::Level(codes, _) => codes.get(row),
                            Column::Bool(flags) => flags.is_valid(row).then(|| u32::from(flags.value(row))),
                            _ => None,
                        };
                        *o = match code {
                            Some(code) if *o < groups => *o * *n as u16 + code as u16,
                            _ => groups + 1,
                        };
                    }
                }
            }
            _ => {}
        }
    }

    fn nowhere(&self, out: &mut [u16], nulls: Option<&NullBuffer>, groups: u32) {
        if let Some(nulls) = nulls.filter(|n| n.null_count() > 0) {
            let mut ok = [0u8; CHUNK];
            let ok = &mut ok[..out.len()];
            self.valid(ok, Some(nulls));
            let unknown = groups as u16 + 1;
            wide(|| {
                out.iter_mut().zip(ok.iter()).for_each(|(o, ok)| *o = if *ok == 0 { unknown } else { *o });
            });
        }
    }
}

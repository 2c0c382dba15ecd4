//! The graph of what is computed for every row. Equal nodes are one node, so a clause that several constraints
//! share is computed once.

use crate::check::special::Scalar;
use crate::data::Column;
use crate::syntax::ast::BinOp;
use std::collections::HashMap;
use std::sync::Arc;

/// A node, by its place in the plan. Operands stand before the nodes that use them.
pub type NodeId = u32;

/// What one node computes for a row. Numbers within a node are kept as bits, so that nodes can be compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Node {
    // ---- truth: false, unknown or true ----
    Fixed(u8),
    /// A flag column.
    Flag(u32),
    /// A number or date column against a constant.
    ColumnIs(u32, BinOp, u64),
    Compare(BinOp, NodeId, NodeId),
    LevelIs(u32, u32),
    LevelIn(u32, Vec<u32>),
    /// Whether two category columns with the same levels agree.
    SameLevel(u32, u32),
    TextIs(u32, Arc<str>),
    SameTruth(NodeId, NodeId),
    And(NodeId, NodeId),
    Or(NodeId, NodeId),
    Not(NodeId),
    /// Whether a truth or a number has a value.
    Present(NodeId),
    PresentColumn(u32),
    /// Whether a number equals one of these.
    OneOf(NodeId, Vec<u64>),
    /// Whether a number lies in bin `1` of `2` bins over 0..1.
    InBin(NodeId, u32, u32),
    IfTruth(NodeId, NodeId, NodeId),
    /// The first, or the second where the first is unknown.
    ElseTruth(NodeId, NodeId),
    // ---- numbers ----
    Constant(u64),
    /// A number that is missing in every row.
    Nothing,
    Number(u32),
    Negative(NodeId),
    Arithmetic(BinOp, NodeId, NodeId),
    /// A unit conversion.
    Scale(NodeId, u64),
    /// A number that was promised to lie between two; the pass is refused when one does not.
    Within(NodeId, u64, u64),
    Call(Scalar, NodeId, Option<u64>),
    If(NodeId, NodeId, NodeId),
    Else(NodeId, NodeId),
    /// A truth as 0 or 1.
    FromTruth(NodeId),
    // ---- buckets: which group a row belongs to ----
    LevelKey(u32, u32),
    BinKey(NodeId, u32),
    /// A combination of category and flag columns, each with its number of levels.
    CellKey(Vec<(u32, u32)>),
}

/// What a node gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Truth,
    Number,
    Bucket,
}

impl Node {
    pub fn kind(&self) -> Kind {
        match self {
            Node::Constant(_)
            | Node::Nothing
            | Node::Number(_)
            | Node::Negative(_)
            | Node::Arithmetic(..)
            | Node::Scale(..)
            | Node::Within(..)
            | Node::Call(..)
            | Node::If(..)
            | Node::Else(..)
            | Node::FromTruth(_) => Kind::Number,
            Node::LevelKey(..) | Node::BinKey(..) | Node::CellKey(_) => Kind::Bucket,
            _ => Kind::Truth,
        }
    }

    /// How many groups a bucket node tells apart. Bucket `groups` holds the rows of no group, bucket `groups + 1`
    /// those of which it is not known.
    pub fn groups(&self) -> usize {
        match self {
            Node::LevelKey(_, n) | Node::BinKey(_, n) => *n as usize,
            Node::CellKey(parts) => parts.iter().map(|(_, n)| *n as usize).product(),
            _ => 1,
        }
    }

    /// The nodes it needs.
    pub fn operands(&self) -> impl Iterator<Item = NodeId> {
        let found: [Option<NodeId>; 3] = match self {
            Node::Compare(_, a, b)
            | Node::SameTruth(a, b)
            | Node::And(a, b)
            | Node::Or(a, b)
            | Node::ElseTruth(a, b)
            | Node::Arithmetic(_, a, b)
            | Node::Else(a, b) => [Some(*a), Some(*b), None],
            Node::IfTruth(a, b, c) | Node::If(a, b, c) => [Some(*a), Some(*b), Some(*c)],
            Node::Not(a)
            | Node::Present(a)
            | Node::OneOf(a, _)
            | Node::InBin(a, _, _)
            | Node::Negative(a)
            | Node::Scale(a, _)
            | Node::Within(a, _, _)
            | Node::Call(_, a, _)
            | Node::FromTruth(a)
            | Node::BinKey(a, _) => [Some(*a), None, None],
            _ => [None; 3],
        };
        found.into_iter().flatten()
    }
}

/// Nodes and the columns they read.
#[derive(Debug, Default, Clone)]
pub struct Plan {
    nodes: Vec<Node>,
    known: HashMap<Node, NodeId>,
    columns: Vec<Column>,
    by_name: HashMap<String, u32>,
}

impl Plan {
    /// The node, which may be there already.
    pub fn add(&mut self, node: Node) -> NodeId {
        if let Some(id) = self.known.get(&node) {
            return *id;
        }
        let id = self.nodes.len() as NodeId;
        self.nodes.push(node.clone());
        self.known.insert(node, id);
        id
    }

    /// A column of the view.
    pub fn column(&mut self, name: &str, column: &Column) -> u32 {
        if let Some(at) = self.by_name.get(name) {
            return *at;
        }
        let at = self.made(column.clone());
        self.by_name.insert(name.to_string(), at);
        at
    }

    /// A column made on the way.
    pub fn made(&mut self, column: Column) -> u32 {
        self.columns.push(column);
        self.columns.len() as u32 - 1
    }

    pub fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id as usize)
    }

    pub fn at(&self, column: u32) -> Option<&Column> {
        self.columns.get(column as usize)
    }
}

//! What was worked out about the rows of one view: its plan, and the totals that were asked for.

use super::plan::{Node, NodeId, Plan};
use super::run::Refused;
use super::totals::{Job, Request, Totals};
use crate::data::Column;
use crate::eval::value::Value;
use crate::syntax::ast;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Kept with a [`View`](crate::eval::View) and shared by its clones. Locked for moments only: never while rows
/// are walked or expressions evaluated.
#[derive(Debug, Default)]
pub struct Memo {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    plan: Plan,
    done: HashMap<Request, Arc<Totals>>,
    figures: HashMap<(ast::NodeId, bool), Value>,
}

impl Memo {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn add(&self, node: Node) -> NodeId {
        self.lock().plan.add(node)
    }

    pub fn node(&self, id: NodeId) -> Option<Node> {
        self.lock().plan.node(id).cloned()
    }

    pub fn column(&self, name: &str, column: &Column) -> u32 {
        self.lock().plan.column(name, column)
    }

    pub fn made(&self, column: Column) -> u32 {
        self.lock().plan.made(column)
    }

    pub fn column_at(&self, at: u32) -> Option<Column> {
        self.lock().plan.at(at).cloned()
    }

    /// A figure that fills gaps, by its node and whether the scalar walk asks.
    pub fn figure(&self, key: (ast::NodeId, bool)) -> Option<Value> {
        self.lock().figures.get(&key).cloned()
    }

    pub fn keep_figure(&self, key: (ast::NodeId, bool), value: Value) {
        self.lock().figures.insert(key, value);
    }

    /// Works with the plan as it is; keep it short.
    pub fn with_plan<T>(&self, work: impl FnOnce(&Plan) -> T) -> T {
        work(&self.lock().plan)
    }

    /// Answers all of `requests` that are not known yet, in one pass.
    pub fn prepare(&self, requests: &[Request], rows: usize) -> Result<(), Refused> {
        let job = {
            let inner = self.lock();
            let mut open: Vec<Request> = Vec::new();
            for request in requests {
                if !inner.done.contains_key(request) && !open.contains(request) {
                    open.push(*request);
                }
            }
            if open.is_empty() {
                return Ok(());
            }
            Job::new(&inner.plan, open)
        };
        let found = job.run(rows)?;
        self.lock().done.extend(found.into_iter().map(|(request, totals)| (request, Arc::new(totals))));
        Ok(())
    }

    /// The answer to one request.
    pub fn totals(&self, request: Request, rows: usize) -> Result<Arc<Totals>, Refused> {
        self.prepare(&[request], rows)?;
        self.lock().done.get(&request).cloned().ok_or(Refused)
    }
}

//! Sums of plain columns, added up from the column's own storage without a buffer in between.

use super::lanes;
use super::plan::{Node, NodeId, Plan};
use super::totals::{Measure, Request, Totals};
use super::truths::{Truth, count};
use crate::data::Column;
use crate::data::numbers::Numbers;
use crate::eval::aggregate::{LANES, join_lanes};
use std::ops::Range;

/// The sum of a number column without gaps, for which the column need not be read into a buffer.
pub struct Direct(Numbers);

impl Direct {
    pub fn new(plan: &Plan, request: &Request) -> Option<Direct> {
        let (Measure::Sum(node), None) = (request.measure, request.key) else { return None };
        let Some(Node::Number(column)) = plan.node(node) else { return None };
        match plan.at(*column)? {
            Column::Number(numbers) if numbers.array().null_count() == 0 => Some(Direct(numbers.clone())),
            _ => None,
        }
    }

    /// The node that is still needed.
    pub fn node(request: &Request) -> Option<NodeId> {
        request.given
    }

    /// The answer for some rows; `given` is the truth of their condition.
    pub fn part(&self, at: &Range<usize>, given: Option<&Truth>) -> Totals {
        let n = count(None, given, at.len())[2];
        let lanes = match &self.0 {
            Numbers::I16(a) => sum(a.values().get(at.clone()), given),
            Numbers::I32(a) => sum(a.values().get(at.clone()), given),
            Numbers::F32(a) => sum(a.values().get(at.clone()), given),
            Numbers::F64(a) => sum(a.values().get(at.clone()), given),
        };
        Totals::Sums(vec![(n, join_lanes(lanes))])
    }
}

/// The running sums of the values, or of those whose condition is true; the others add zero.
fn sum<T: Copy + Into<f64>>(x: Option<&[T]>, given: Option<&Truth>) -> [f64; LANES] {
    let x = x.unwrap_or(&[]);
    match given {
        None => lanes::add_each(x, |x| x.into()),
        Some(given) => lanes::add_given(x, given.yes(x.len()), |x| x.into()),
    }
}

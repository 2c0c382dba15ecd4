//! Aggregates of plain columns, answered from the column's own storage without a buffer in between.

use super::lanes;
use super::plan::{Node, NodeId, Plan};
use super::totals::{Measure, Request, Totals};
use crate::data::Column;
use crate::data::numbers::Numbers;
use crate::eval::aggregate::{LANES, join_lanes};
use arrow_buffer::BooleanBuffer;
use std::ops::Range;

/// A request that needs fewer nodes evaluated, or none.
pub enum Direct {
    /// A flag among the rows of another, or among all, both without gaps.
    Flags { event: BooleanBuffer, given: Option<BooleanBuffer> },
    /// The sum of a number column without gaps.
    Sum(Numbers),
}

fn flag(plan: &Plan, node: NodeId) -> Option<BooleanBuffer> {
    match plan.at(match plan.node(node)? {
        Node::Flag(column) => *column,
        _ => return None,
    })? {
        // Whole words only: the usual case of a column as it was loaded.
        Column::Bool(flags) if flags_whole(flags) => Some(flags.values().clone()),
        _ => None,
    }
}

fn flags_whole(flags: &arrow_array::BooleanArray) -> bool {
    use arrow_array::Array;
    flags.null_count() == 0 && flags.values().offset().is_multiple_of(8)
}

impl Direct {
    pub fn new(plan: &Plan, request: &Request) -> Option<Direct> {
        if request.key.is_some() {
            return None;
        }
        match request.measure {
            Measure::Truths(Some(event)) => {
                let given = match request.given {
                    Some(given) => Some(flag(plan, given)?),
                    None => None,
                };
                Some(Direct::Flags { event: flag(plan, event)?, given })
            }
            Measure::Sum(node) => match plan.node(node)? {
                Node::Number(column) => match plan.at(*column)? {
                    Column::Number(numbers) if numbers.array().null_count() == 0 => Some(Direct::Sum(numbers.clone())),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        }
    }

    /// The nodes that are still needed.
    pub fn nodes(&self, request: &Request) -> Option<NodeId> {
        match self {
            Direct::Flags { .. } => None,
            Direct::Sum(_) => request.given,
        }
    }

    /// The answer for some rows; `given` is the truth of their condition.
    pub fn part(&self, at: &Range<usize>, given: Option<&[u8]>) -> Totals {
        match self {
            Direct::Flags { event, given } => {
                let (mut t, mut n) = (0u64, 0u64);
                let rows = at.len();
                for from in (0..rows).step_by(64) {
                    let mask = if rows - from >= 64 { u64::MAX } else { (1u64 << (rows - from)) - 1 };
                    let given = given.as_ref().map_or(mask, |g| word(g, at.start + from) & mask);
                    t += u64::from((word(event, at.start + from) & given).count_ones());
                    n += u64::from(given.count_ones());
                }
                Totals::Truths(vec![[n - t, 0, t]])
            }
            Direct::Sum(numbers) => {
                let n = given.map_or(at.len() as u64, |g| lanes::count(g, None).0);
                let at = at.clone();
                let lanes = match numbers {
                    Numbers::I16(a) => sum(a.values().get(at), given),
                    Numbers::I32(a) => sum(a.values().get(at), given),
                    Numbers::F32(a) => sum(a.values().get(at), given),
                    Numbers::F64(a) => sum(a.values().get(at), given),
                };
                Totals::Sums(vec![(n, join_lanes(lanes))])
            }
        }
    }
}

/// Sixty-four bits from a row on that is a multiple of eight.
fn word(bits: &BooleanBuffer, row: usize) -> u64 {
    let from = (bits.offset() + row) / 8;
    let bytes = bits.values().get(from..).unwrap_or(&[]);
    match bytes.first_chunk::<8>() {
        Some(eight) => u64::from_le_bytes(*eight),
        None => bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

/// The running sums of the values, or of those whose condition is true; the others add zero.
fn sum<T: Copy + Into<f64>>(x: Option<&[T]>, given: Option<&[u8]>) -> [f64; LANES] {
    let x = x.unwrap_or(&[]);
    match given {
        None => lanes::add_each(x, |x| x.into()),
        Some(given) => lanes::add_both(x, given, |x, g| lanes::held(x.into(), g >> 1)),
    }
}

//! The engine of the columnar walk: expressions over rows as a graph of nodes, evaluated chunk by chunk.
//!
//! `lower` turns an expression into nodes of a [`plan::Plan`], where equal nodes are one; `run` evaluates the nodes
//! that are asked for, a chunk of [`CHUNK`] rows at a time, on all cores; `totals` counts and adds up on the way, for
//! any number of aggregates in one pass; `memo` keeps plan and totals with the rows they are about.
//!
//! Three-valued truth is two bits a row (`truths`). Sums follow the order that `aggregate` lays down, so the scalar walk gives the same bits.

mod choices;
mod direct;
mod gather;
mod lanes;
mod lower;
pub mod memo;
pub mod plan;
mod prepare;
mod run;
mod totals;
mod truths;

pub(super) use gather::{indices, rows_of, sample, to_column};
pub(super) use lower::{Lowered, Lowering};
pub(super) use prepare::prepare;
pub(super) use totals::{Measure, Request, Totals};

use super::aggregate::BLOCK;

/// Rows of a chunk: small enough that the values between two nodes stay in the first cache.
pub(super) const CHUNK: usize = BLOCK;
/// Rows of a segment, the unit of parallel work. A power of two of chunks, so that sums join in the same order
/// as without segments.
pub(super) const SEGMENT: usize = 16 * CHUNK;

pub(super) const FALSE: u8 = 0;
pub(super) const UNKNOWN: u8 = 1;
pub(super) const TRUE: u8 = 2;

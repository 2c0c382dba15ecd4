//! Nodes back to columns, row numbers and samples, in the order of the rows.

use super::lower::{Bail, Lowered};
use super::plan::NodeId;
use super::run::{Pass, Refused, Workspace};
use super::{CHUNK, SEGMENT, lanes};
use crate::data::Column;
use crate::data::numbers::Numbers;
use crate::eval::env::Env;
use crate::eval::scalar;
use crate::eval::value::Value;
use crate::syntax::ast::Expr;
use arrow_array::{BooleanArray, Float64Array};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer};
use rayon::prelude::*;
use std::ops::Range;

/// Every row by the scalar walk, without the node's own unit conversion.
pub fn rows_of(env: &Env, expr: &Expr) -> Vec<Value> {
    if let Err(why) = env.meter.tick(env.view.rows as u64) {
        return vec![why];
    }
    let row = |row: usize| scalar::unscaled(env, expr, Some(row));
    match env.view.rows {
        n if n <= CHUNK => (0..n).map(row).collect(),
        n => (0..n).into_par_iter().with_min_len(CHUNK).map(row).collect(),
    }
}

/// Runs a pass and collects what `take` makes of each chunk, a segment at a time, in order.
fn walk<T: Send>(
    env: &Env,
    wanted: &[NodeId],
    take: impl Fn(&Pass, &Workspace, &Range<usize>, &mut T) + Sync,
    fresh: impl Fn(usize) -> T + Sync,
) -> Result<Vec<T>, Refused> {
    let rows = env.view.rows;
    let pass = env.view.memo().with_plan(|plan| Pass::new(plan, wanted));
    let segment = |space: &mut Workspace, from: usize| {
        let until = (from + SEGMENT).min(rows);
        let mut out = fresh(until - from);
        for start in (from..until).step_by(CHUNK) {
            let at = start..(start + CHUNK).min(until);
            pass.chunk(space, &at);
            take(&pass, space, &at, &mut out);
        }
        if space.refused { Err(Refused) } else { Ok(out) }
    };
    let starts: Vec<usize> = (0..rows).step_by(SEGMENT).collect();
    match starts.as_slice() {
        [] => Ok(Vec::new()),
        [only] => segment(&mut pass.workspace(), *only).map(|one| vec![one]),
        _ => starts.into_par_iter().map_init(|| pass.workspace(), segment).collect(),
    }
}

/// A lowered expression as a column of the view's rows; none when it is one value.
pub fn to_column(env: &Env, lowered: &Lowered) -> Result<Option<Column>, Bail> {
    let rows = env.view.rows;
    let made = match lowered {
        Lowered::One(_) => return Ok(None),
        Lowered::Level(at) | Lowered::Text(at) => return Ok(env.view.memo().column_at(*at)),
        Lowered::Date(node) | Lowered::Number(node) => {
            // A column as it is needs no copy.
            if let Some(super::plan::Node::Number(at)) = env.view.memo().node(*node) {
                return Ok(env.view.memo().column_at(at));
            }
            let parts = walk(
                env,
                &[*node],
                |pass, space, at, out: &mut (Vec<f64>, Vec<u8>)| {
                    let (x, ok) = pass.number(space, *node, at.len());
                    out.0.extend_from_slice(x);
                    lanes::pack(ok, &mut out.1);
                },
                |n| (Vec::with_capacity(n), Vec::with_capacity(n / 8 + 1)),
            )
            .map_err(|_| Bail)?;
            let (mut values, mut valid) = (Vec::with_capacity(rows), Vec::with_capacity(rows / 8 + 1));
            for (x, ok) in parts {
                values.extend(x);
                valid.extend(ok);
            }
            let valid = NullBuffer::new(BooleanBuffer::new(Buffer::from_vec(valid), 0, rows));
            let valid = (valid.null_count() > 0).then_some(valid);
            Column::Number(Numbers::F64(Float64Array::new(values.into(), valid)))
        }
        Lowered::Truth(node) => {
            if let Some(super::plan::Node::Flag(at)) = env.view.memo().node(*node) {
                return Ok(env.view.memo().column_at(at));
            }
            let parts = walk(
                env,
                &[*node],
                |pass, space, at, out: &mut (Vec<u8>, Vec<u8>)| {
                    let truth = pass.truth(space, *node);
                    // A chunk is a whole number of words, so only the last one is cut.
                    let bytes = at.len().div_ceil(8);
                    out.0.extend(truth.yes(at.len()).flat_map(u64::to_le_bytes).take(bytes));
                    out.1.extend(truth.known(at.len()).flat_map(u64::to_le_bytes).take(bytes));
                },
                |n| (Vec::with_capacity(n / 8 + 1), Vec::with_capacity(n / 8 + 1)),
            )
            .map_err(|_| Bail)?;
            let (mut values, mut valid) = (Vec::with_capacity(rows / 8 + 1), Vec::with_capacity(rows / 8 + 1));
            for (t, ok) in parts {
                values.extend(t);
                valid.extend(ok);
            }
            let bits = |bytes: Vec<u8>| BooleanBuffer::new(Buffer::from_vec(bytes), 0, rows);
            let valid = NullBuffer::new(bits(valid));
            let valid = (valid.null_count() > 0).then_some(valid);
            Column::Bool(BooleanArray::new(bits(values), valid))
        }
    };
    Ok(if made.array().len() == rows { Some(made) } else { None })
}

/// The places of the set bits of a word, from the lowest.
struct Ones(u64);

impl Iterator for Ones {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let bit = (self.0 != 0).then(|| self.0.trailing_zeros());
        self.0 &= self.0.wrapping_sub(1);
        bit
    }
}

/// The numbers of the rows where a truth is true.
pub fn indices(env: &Env, node: NodeId) -> Result<Vec<u32>, Refused> {
    let parts = walk(
        env,
        &[node],
        |pass, space, at, out: &mut Vec<u32>| {
            for (word, from) in pass.truth(space, node).yes(at.len()).zip(at.clone().step_by(64)) {
                out.extend(Ones(word).map(|bit| from as u32 + bit));
            }
        },
        |_| Vec::new(),
    )?;
    Ok(parts.concat())
}

/// The numbers of the rows that have one and where `given` is true, in the order of the rows.
pub fn sample(env: &Env, node: NodeId, given: Option<NodeId>) -> Result<Vec<f64>, Refused> {
    let wanted: Vec<NodeId> = std::iter::once(node).chain(given).collect();
    let parts = walk(
        env,
        &wanted,
        |pass, space, at, out: &mut Vec<f64>| {
            let (x, ok) = pass.number(space, node, at.len());
            let given = given.map(|g| pass.truth(space, g));
            for (i, (x, ok)) in x.iter().zip(ok).enumerate() {
                if *ok == 1 && given.is_none_or(|g| g.is_true(i)) {
                    out.push(*x);
                }
            }
        },
        |_| Vec::new(),
    )?;
    Ok(parts.concat())
}

//! How good synthetic rows are and how near they come to the rows they were learnt from.
//!
//! Tables arrive pooled: columns of any kind, and a part for each row. Distances are Euclidean between points made by
//! [`features`](crate::metrics::features), standardised by the real rows (training and hold-out together).

pub mod classifier;
pub mod codes;
pub mod eigen;
pub mod kernel;
pub mod records;
pub mod support;

use crate::eval::estimate::{Interval, Part, Undefined};
use crate::metrics::features::{self, Mixed};
use crate::metrics::inference::wilson;
use crate::metrics::neighbours::Points;

/// The names of the parts of a pooled table.
pub const PARTS: [&str; 3] = ["train", "holdout", "synthetic"];

/// The rows of each part, in order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Parts {
    pub train: Vec<usize>,
    pub holdout: Vec<usize>,
    pub synthetic: Vec<usize>,
}

impl Parts {
    /// Parts by name. Undefined for a row whose part is missing or has another name, and without training or
    /// synthetic rows.
    pub fn new(codes: &[u32], names: &[String]) -> Result<Parts, Undefined> {
        let mut out = Parts::default();
        for (row, code) in codes.iter().enumerate() {
            match names.get(*code as usize).map(String::as_str) {
                Some("train") => out.train.push(row),
                Some("holdout") => out.holdout.push(row),
                Some("synthetic") => out.synthetic.push(row),
                Some(other) => {
                    let known = PARTS.join(", ");
                    return Err(Undefined::new(format!("row {} is `{other}`, and a part is one of {known}", row + 1)));
                }
                None => return Err(Undefined::new(format!("row {} belongs to no part", row + 1))),
            }
        }
        for (name, rows) in [("training", &out.train), ("synthetic", &out.synthetic)] {
            if rows.is_empty() {
                return Err(Undefined::new(format!("there are no {name} rows")));
            }
        }
        Ok(out)
    }

    /// All rows.
    pub fn len(&self) -> usize {
        self.train.len() + self.holdout.len() + self.synthetic.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Refuses a table without hold-out rows, for what has no meaning without.
    pub fn need_holdout(&self, for_what: &str) -> Result<(), Undefined> {
        if self.holdout.is_empty() {
            return Err(Undefined::new(format!("there are no hold-out rows, which {for_what} needs")));
        }
        Ok(())
    }
}

/// The points of each part.
pub(crate) struct Placed {
    pub train: Points,
    pub holdout: Points,
    pub synthetic: Points,
}

/// The table as points, part by part. Undefined as [`features::points`] is, and where the parts are those of another
/// number of rows.
pub(crate) fn placed(columns: &[Mixed], parts: &Parts) -> Result<Placed, Undefined> {
    let all = all_points(columns, parts)?;
    let pick = |rows: &[usize]| all.pick(rows);
    Ok(Placed { train: pick(&parts.train), holdout: pick(&parts.holdout), synthetic: pick(&parts.synthetic) })
}

/// The table as points, standardised by the real rows.
pub(crate) fn all_points(columns: &[Mixed], parts: &Parts) -> Result<Points, Undefined> {
    if let Some(column) = columns.first() {
        crate::metrics::checks::same_length(("values", column.len()), ("parts", parts.len()))?;
    }
    let mut real = vec![false; parts.len()];
    for &row in parts.train.iter().chain(&parts.holdout) {
        real[row] = true;
    }
    features::points(columns, |row| real[row])
}

/// A share among `n` rows where ties count one half, with Wilson's interval (of the whole number of rows below and
/// above).
pub(crate) fn share(name: &str, hits: f64, n: usize, level: f64) -> Part {
    let n_rows = n as u64;
    let ends = (wilson(hits.floor() as u64, n_rows, level), wilson(hits.ceil() as u64, n_rows, level));
    let interval = match ends {
        (Some(below), Some(above)) => Some(Interval { hi: above.hi, ..below }),
        _ => None,
    };
    Part { group: name.into(), value: (n > 0).then(|| hits / n as f64), interval, n: n.into() }
}

#[cfg(test)]
mod tests;

//! One column as a whole number, and back.
//!
//! A column is cut into fine cells; neighbouring cells share a code, and the model sees codes only. A code is read back
//! as one of its cells by their shares, then as a value within the cell. Cells come from the schema alone
//! ([`Axis::declared`]) or from the data ([`Axis::learned`], which is not private). Knows frames and numbers.

use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use crate::data::frame::{FrameColumn, FrameKind};
use crate::synth::bits;

/// Whole numbers with up to as many values have a cell each.
const FEW: f64 = 64.0;
/// Equal cells of a wider range.
const EQUAL: usize = 32;
/// A lower bound of 0 or more has cells that shrink towards it as well, for long upper tails: so many to each halving
/// of the range, and so many halvings.
const PER_HALVING: i32 = 4;
const HALVINGS: i32 = 8;
/// Cells learned from data, at most.
const LEARNED: usize = 200;

/// The code of one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Axis {
    pub name: String,
    pub nullable: bool,
    kind: Kind,
    /// Least and largest value of each cell that holds values, ascending.
    #[serde(with = "bits::many")]
    lo: Vec<f64>,
    #[serde(with = "bits::many")]
    hi: Vec<f64>,
    /// Code of each cell; one more for the missing where the column may lack values.
    code: Vec<usize>,
    /// Share of each cell within its code.
    #[serde(with = "bits::many")]
    share: Vec<f64>,
    codes: usize,
    /// Decimals of the values, where the data has told them.
    decimals: Option<i32>,
}

/// [`FrameKind`], as it is saved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Kind {
    Number {
        #[serde(with = "bits::maybe")]
        lo: Option<f64>,
        #[serde(with = "bits::maybe")]
        hi: Option<f64>,
        integer: bool,
    },
    Category {
        levels: Vec<String>,
    },
}

impl Axis {
    /// Cells by the declaration alone, each with a code of its own. A number without both bounds has one cell.
    pub fn declared(column: &FrameColumn) -> Axis {
        let (mut lo, mut hi) = (Vec::new(), Vec::new());
        match &column.kind {
            FrameKind::Category { levels } => {
                lo = (0..levels.len().max(1)).map(|l| l as f64).collect();
                hi.clone_from(&lo);
            }
            FrameKind::Number { lo: least, hi: most, integer } => {
                let edges = declared_edges(least.unwrap_or(0.0), most.unwrap_or(0.0), *integer);
                for pair in edges.windows(2) {
                    let upper = if *integer { pair[1] - 1.0 } else { pair[1] };
                    lo.push(pair[0]);
                    hi.push(upper);
                }
                if lo.is_empty() {
                    lo = edges.clone();
                    hi = edges;
                }
            }
        }
        Axis::of(column, lo, hi, column.nullable, None)
    }

    /// Cells by the values there are: levels, distinct values where they are few, otherwise about equally many rows a
    /// cell. Missing values have a cell where there are any.
    pub fn learned(column: &FrameColumn) -> Axis {
        if matches!(column.kind, FrameKind::Category { .. }) {
            let missing = column.values.iter().any(|x| x.is_nan());
            return Axis {
                nullable: column.nullable,
                ..Axis::declared(&FrameColumn { nullable: missing, ..column.clone() })
            };
        }
        let mut sorted: Vec<f64> = column.values.iter().copied().filter(|x| x.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let missing = sorted.len() < column.values.len();
        let decimals = (0..=4).find(|d| {
            let by = 10_f64.powi(*d);
            sorted.iter().all(|x| ((x * by).round() / by - x).abs() <= 1e-9 * x.abs().max(1e-3))
        });
        let mut distinct = sorted.clone();
        distinct.dedup();
        let (mut lo, mut hi) = (Vec::new(), Vec::new());
        if distinct.len() <= LEARNED {
            lo.clone_from(&distinct);
            hi = distinct;
        } else {
            let target = sorted.len().div_ceil(LEARNED).max(1);
            let mut at = 0;
            while at < sorted.len() {
                // A value of many rows is a cell of its own: a cell ends where the value changes.
                let mut end = (at + target).min(sorted.len());
                while end < sorted.len() && sorted[end] == sorted[end - 1] {
                    end += 1;
                }
                lo.push(sorted[at]);
                hi.push(sorted[end - 1]);
                at = end;
            }
        }
        if lo.is_empty() {
            (lo, hi) = (vec![0.0], vec![0.0]);
        }
        Axis::of(column, lo, hi, missing, decimals)
    }

    fn of(column: &FrameColumn, lo: Vec<f64>, hi: Vec<f64>, missing: bool, decimals: Option<i32>) -> Axis {
        let cells = lo.len() + usize::from(missing);
        Axis {
            name: column.name.clone(),
            nullable: column.nullable,
            kind: match &column.kind {
                FrameKind::Number { lo, hi, integer } => Kind::Number { lo: *lo, hi: *hi, integer: *integer },
                FrameKind::Category { levels } => Kind::Category { levels: levels.clone() },
            },
            lo,
            hi,
            code: (0..cells).collect(),
            share: vec![1.0; cells],
            codes: cells,
            decimals,
        }
    }

    /// Codes a row can have.
    pub fn codes(&self) -> usize {
        self.codes
    }

    /// Cells a row can fall into, the missing one last.
    pub fn cells(&self) -> usize {
        self.code.len()
    }

    /// Whether the cells have an order: numbers, not levels.
    pub fn ordered(&self) -> bool {
        matches!(self.kind, Kind::Number { .. })
    }

    /// Cells that hold values.
    pub fn present(&self) -> usize {
        self.lo.len()
    }

    /// Width of each cell that holds values: values in it for whole numbers, 1 for single values.
    pub fn widths(&self) -> Vec<f64> {
        let more = if matches!(self.kind, Kind::Number { integer: true, .. }) { 1.0 } else { 0.0 };
        let width = |(lo, hi): (&f64, &f64)| if lo == hi { 1.0 } else { hi - lo + more };
        self.lo.iter().zip(&self.hi).map(width).collect()
    }

    /// The cell of `x`. What lies outside falls into the nearest cell, so that each row counts once.
    pub fn cell(&self, x: f64) -> usize {
        let last = self.code.len().saturating_sub(1);
        if x.is_nan() { last } else { self.lo.partition_point(|lo| *lo <= x).saturating_sub(1).min(last) }
    }

    /// The code of `x`.
    pub fn code_of(&self, x: f64) -> usize {
        self.code.get(self.cell(x)).copied().unwrap_or(0)
    }

    /// Rows in each cell.
    pub fn count(&self, values: &[f64]) -> Vec<f64> {
        let mut counts = vec![0.0; self.cells()];
        for x in values {
            counts[self.cell(*x)] += 1.0;
        }
        counts
    }

    /// Puts cells together: `code` and weight of each cell. Cells of a code without any weight share it evenly.
    pub fn regroup(&mut self, code: Vec<usize>, weight: &[f64]) {
        self.codes = code.iter().max().map_or(1, |m| m + 1);
        let (mut total, mut cells) = (vec![0.0; self.codes], vec![0.0; self.codes]);
        for (c, w) in code.iter().zip(weight) {
            total[*c] += w.max(0.0);
            cells[*c] += 1.0;
        }
        let share = |(c, w): (&usize, &f64)| if total[*c] > 0.0 { w.max(0.0) / total[*c] } else { 1.0 / cells[*c] };
        self.share = code.iter().zip(weight).map(share).collect();
        self.code = code;
    }

    /// The level that a request names, as the cell it is; none for what is not a category.
    pub fn level(&self, level: usize) -> Option<usize> {
        match &self.kind {
            Kind::Category { levels } if level < levels.len() => Some(level),
            _ => None,
        }
    }

    /// The code of a cell.
    pub fn code_of_cell(&self, cell: usize) -> usize {
        self.code.get(cell).copied().unwrap_or(0)
    }

    /// The cells of each code with the sums of their shares, for [`value`](Self::value).
    pub fn cells_of_codes(&self) -> Vec<Vec<(f64, usize)>> {
        let mut out: Vec<Vec<(f64, usize)>> = vec![Vec::new(); self.codes];
        for (cell, (code, share)) in self.code.iter().zip(&self.share).enumerate().filter(|c| *c.1.1 > 0.0) {
            let before = out[*code].last().map_or(0.0, |c| c.0);
            out[*code].push((before + share, cell));
        }
        out
    }

    /// A value of a code with these `cells`; NaN is missing.
    pub fn value(&self, cells: &[(f64, usize)], rng: &mut impl Rng) -> f64 {
        let left: f64 = rng.random();
        let chosen = cells.get(cells.partition_point(|c| c.0 <= left)).or(cells.last());
        let bounds = chosen.and_then(|(_, cell)| Some((*self.lo.get(*cell)?, *self.hi.get(*cell)?)));
        let Some((lo, hi)) = bounds else { return f64::NAN };
        if lo == hi {
            return lo;
        }
        let u: f64 = rng.random();
        if matches!(self.kind, Kind::Number { integer: true, .. }) {
            return (lo + (u * (hi - lo + 1.0)).floor()).min(hi);
        }
        let x = lo + u * (hi - lo);
        match self.decimals {
            Some(d) => (x * 10_f64.powi(d)).round() / 10_f64.powi(d),
            None => x,
        }
    }

    /// The column without rows.
    pub fn shape(&self) -> FrameColumn {
        let kind = match &self.kind {
            Kind::Number { lo, hi, integer } => FrameKind::Number { lo: *lo, hi: *hi, integer: *integer },
            Kind::Category { levels } => FrameKind::Category { levels: levels.clone() },
        };
        FrameColumn { name: self.name.clone(), kind, nullable: self.nullable, values: Vec::new() }
    }

    /// Whether a saved axis makes sense.
    pub fn coherent(&self) -> bool {
        let cells = self.code.len();
        !self.lo.is_empty()
            && self.lo.len() == self.hi.len()
            && (self.lo.len()..=self.lo.len() + 1).contains(&cells)
            && self.share.len() == cells
            && self.code.iter().all(|c| *c < self.codes)
            && self.codes <= cells.max(1)
    }
}

/// Ascending edges of a declared range; with whole numbers, the last is one above the largest.
fn declared_edges(lo: f64, hi: f64, integer: bool) -> Vec<f64> {
    let (first, last) = if integer { (lo.ceil(), hi.floor()) } else { (lo, hi) };
    if first >= last {
        return vec![first];
    }
    if integer && last - first < FEW {
        return (0..=(last - first) as u32 + 1).map(|k| first + f64::from(k)).collect();
    }
    let top = if integer { last + 1.0 } else { last };
    let mut edges: Vec<f64> = (0..=EQUAL).map(|i| first + (top - first) * i as f64 / EQUAL as f64).collect();
    if first >= 0.0 {
        let narrow = |k: i32| first + (top - first) * 0.5_f64.powf(f64::from(k) / f64::from(PER_HALVING));
        edges.extend((1..=HALVINGS * PER_HALVING).map(narrow));
    }
    if integer {
        edges.iter_mut().for_each(|e| *e = e.round());
    }
    edges.sort_by(f64::total_cmp);
    // Edges that nearly meet would make cells of next to no rows.
    let least = (top - first) * 1e-4;
    edges.dedup_by(|b, a| *b - *a < least && *b != top);
    edges
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synth::encoder::tests::clinic;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    fn number(lo: f64, hi: f64, integer: bool, values: Vec<f64>) -> FrameColumn {
        let kind = FrameKind::Number { lo: Some(lo), hi: Some(hi), integer };
        FrameColumn { name: "x".into(), kind, nullable: true, values }
    }

    #[test]
    fn declared_cells_cover_the_range_and_never_depend_on_the_data() {
        for (lo, hi, integer) in
            [(0.0, 30.0, false), (-5.0, 5.0, false), (0.0, 5500.0, true), (18.0, 40.0, true), (3.0, 3.0, true)]
        {
            let axis = Axis::declared(&number(lo, hi, integer, vec![1e9, f64::NAN]));
            assert_eq!(axis, Axis::declared(&number(lo, hi, integer, Vec::new())));
            assert_eq!((axis.lo.first(), axis.hi.last()), (Some(&lo), Some(&hi)));
            assert!(axis.lo.windows(2).all(|w| w[0] < w[1]) && axis.widths().iter().all(|w| *w > 0.0));
            assert!(axis.hi.iter().zip(&axis.lo).all(|(h, l)| h >= l));
            let cells = axis.cells_of_codes();
            let mut rng = ChaCha8Rng::seed_from_u64(1);
            for (code, cells) in cells.iter().enumerate() {
                let x = axis.value(cells, &mut rng);
                assert_eq!(axis.code_of(x), code, "{lo}..{hi}: {x}");
                assert!(
                    x.is_nan() && code + 1 == axis.codes() || (lo..=hi).contains(&x) && !(integer && x.fract() != 0.0)
                );
            }
        }
        let whole = Axis::declared(&number(0.0, 1000.0, true, Vec::new()));
        assert_eq!(whole.widths().iter().sum::<f64>(), 1001.0, "each whole number is in one cell");
    }

    #[test]
    fn learned_cells_give_back_what_there_is() {
        let frame = clinic(2_000);
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        for column in &frame.columns {
            let axis = Axis::learned(column);
            let cells = axis.cells_of_codes();
            assert_eq!(axis.count(&column.values).iter().sum::<f64>(), 2_000.0);
            for x in &column.values {
                let back = axis.value(&cells[axis.code_of(*x)], &mut rng);
                assert_eq!(back.is_nan(), x.is_nan());
                assert!(x.is_nan() || axis.code_of(back) == axis.code_of(*x), "{}: {x} {back}", column.name);
            }
        }
        let tenths = Axis::learned(&number(0.0, 10.0, false, (0..500).map(|i| f64::from(i) / 50.0).collect()));
        let cells = tenths.cells_of_codes();
        assert!(cells.iter().map(|c| 100.0 * tenths.value(c, &mut rng)).all(|x| (x - x.round()).abs() < 1e-9));
    }
}

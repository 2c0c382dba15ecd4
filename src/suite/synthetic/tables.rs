//! Frames as the kernels take them: columns of several tables one below the other.

use crate::data::frame::{Frame, FrameColumn, FrameKind};
use crate::metrics::distance::quality;
use crate::metrics::features::Mixed;
use crate::metrics::resampling::{Lane, stream, without_replacement};
use crate::metrics::synthetic::Parts;

/// Codes beyond any number of levels: missing.
const MISSING: u32 = u32::MAX;

/// Columns of a table in the kernels' storage.
pub struct Columns {
    names: Vec<String>,
    held: Vec<Held>,
}

enum Held {
    Numbers(Vec<f64>),
    Codes(Vec<u32>, usize),
}

impl Columns {
    /// The columns of frames of one shape, stacked.
    pub fn stacked(frames: &[&Frame]) -> Columns {
        let first = frames.first().map_or(&[][..], |f| f.columns.as_slice());
        let held = first.iter().enumerate().map(|(at, column)| {
            let values = frames.iter().filter_map(|f| f.columns.get(at)).flat_map(|c| c.values.iter().copied());
            match &column.kind {
                FrameKind::Number { .. } => Held::Numbers(values.collect()),
                FrameKind::Category { levels } => {
                    Held::Codes(values.map(|v| if v.is_nan() { MISSING } else { v as u32 }).collect(), levels.len())
                }
            }
        });
        Columns { names: first.iter().map(|c| c.name.clone()).collect(), held: held.collect() }
    }

    /// All columns, as rows with distances.
    pub fn mixed(&self) -> Vec<Mixed<'_>> {
        self.held.iter().map(Held::mixed).collect()
    }

    /// The column called `name` and all others.
    pub fn apart(&self, name: &str) -> Option<(Mixed<'_>, Vec<Mixed<'_>>)> {
        let at = self.names.iter().position(|n| n == name)?;
        let others = self.held.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, h)| h.mixed());
        Some((self.held.get(at)?.mixed(), others.collect()))
    }

    /// All columns, for scores of shapes and pairs.
    pub fn scored(&self) -> Vec<quality::Column<'_>> {
        self.held.iter().map(Held::scored).collect()
    }
}

impl Held {
    fn scored(&self) -> quality::Column<'_> {
        match self {
            Held::Numbers(x) => quality::Column::Numbers(x),
            Held::Codes(codes, levels) => quality::Column::Categories(
                codes.iter().map(|c| Some(*c).filter(|c| (*c as usize) < *levels)).collect(),
            ),
        }
    }

    fn mixed(&self) -> Mixed<'_> {
        match self {
            Held::Numbers(x) => Mixed::Numbers(x),
            Held::Codes(codes, levels) => Mixed::Levels(codes, *levels),
        }
    }
}

/// Row numbers of three tables one below the other.
pub fn parts(train: usize, holdout: usize, synthetic: usize) -> Parts {
    let seen = train + holdout;
    Parts {
        train: (0..train).collect(),
        holdout: (train..seen).collect(),
        synthetic: (seen..seen + synthetic).collect(),
    }
}

/// The frame, or as many of its rows as `most`, drawn by the seed and in their order.
pub fn at_most(frame: &Frame, most: usize, seed: u64, lane: usize) -> Frame {
    if frame.rows <= most {
        return frame.clone();
    }
    frame.take(&without_replacement(&mut stream(seed, Lane::Draw, lane), frame.rows, most))
}

/// Two halves of `n` places, by the seed.
pub fn half(n: usize, seed: u64) -> [Vec<usize>; 2] {
    let drawn = without_replacement(&mut stream(seed, Lane::Draw, 101), n, n / 2);
    let mut is_drawn = vec![false; n];
    drawn.iter().for_each(|r| is_drawn.get_mut(*r).into_iter().for_each(|d| *d = true));
    let others = is_drawn.iter().enumerate().filter(|(_, d)| !**d).map(|(r, _)| r).collect();
    [drawn, others]
}

/// Two halves of the rows, by the seed.
pub fn halves(frame: &Frame, seed: u64) -> [Frame; 2] {
    half(frame.rows, seed).map(|rows| frame.take(&rows))
}

/// Level codes and names of a category; NaN rows have none.
pub fn codes(column: &FrameColumn) -> Option<(Vec<Option<usize>>, &[String])> {
    let FrameKind::Category { levels } = &column.kind else { return None };
    let code = |v: &f64| (!v.is_nan()).then_some(*v as usize).filter(|c| *c < levels.len());
    Some((column.values.iter().map(code).collect(), levels))
}

#[cfg(test)]
mod tests {
    use super::super::tests::table;
    use super::*;

    #[test]
    fn tables_are_stacked_column_by_column() {
        let (a, b) = (table(5, 1), table(3, 2));
        let columns = Columns::stacked(&[&a, &b]);
        assert!(columns.mixed().iter().all(|c| c.len() == 8));
        let (secret, others) = columns.apart("sex").unwrap();
        assert!(matches!(secret, Mixed::Levels(_, 2)) && others.len() == a.columns.len() - 1);
        assert!(columns.apart("nowhere").is_none());
        assert_eq!(parts(5, 0, 3).synthetic, vec![5, 6, 7]);
    }

    #[test]
    fn halves_are_disjoint_and_repeatable() {
        let frame = table(21, 3);
        let [a, b] = halves(&frame, 9);
        assert_eq!((a.rows, b.rows), (10, 11));
        let all = |x: &Frame, y: &Frame| {
            let mut v: Vec<u64> = x.columns[0].values.iter().chain(&y.columns[0].values).map(|v| v.to_bits()).collect();
            v.sort_unstable();
            v
        };
        assert_eq!(all(&a, &b), all(&frame, &Frame { columns: vec![frame.columns[0].clone_shape()], rows: 0 }));
        assert_eq!(halves(&frame, 9)[0].columns[0].values, a.columns[0].values);
        assert_eq!(at_most(&frame, 4, 1, 0).rows, 4);
    }
}

//! The feature matrix of a linear model: one-hot categories, missing-value indicators, standardised.
//!
//! Learns its statistics from the training frame and applies the same ones later; knows no model.

use crate::data::frame::{Frame, FrameColumn, FrameKind};
use crate::models::fitted::{ModelError, check_frame};
use ndarray::ArrayView2;

/// How the columns of a training frame become features.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    features: Vec<Feature>,
    columns: Vec<Source>,
}

/// A training column.
#[derive(Debug, Clone, PartialEq)]
struct Source {
    name: String,
    /// The training levels of a category, or nothing for a number.
    levels: Option<Vec<String>>,
    /// The levels that training rows had; another one counts as missing.
    seen: Vec<bool>,
}

/// One feature: what it reads and how it is standardised.
#[derive(Debug, Clone, PartialEq)]
struct Feature {
    column: usize,
    reads: Reads,
    mean: f64,
    deviation: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Reads {
    Number,
    Level(usize),
    Missing,
}

/// Rows of features, row after row.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    pub values: Vec<f64>,
    pub width: usize,
    pub rows: usize,
}

impl Matrix {
    /// Rows × features; empty should the shape not fit the values.
    pub fn view(&self) -> ArrayView2<'_, f64> {
        ArrayView2::from_shape((self.rows, self.width), &self.values)
            .unwrap_or_else(|_| ArrayView2::from(&[[0.0; 0]; 0]))
    }

    /// Row by row; a matrix without columns has empty rows.
    pub fn iter_rows(&self) -> impl Iterator<Item = &[f64]> {
        let at = |row: usize| row * self.width..(row + 1) * self.width;
        (0..self.rows).map(move |row| self.values.get(at(row)).unwrap_or(&[]))
    }
}

impl Design {
    /// Learns the features of a frame.
    ///
    /// A number is one feature; a category is one feature for every level that occurs, except the most
    /// frequent one (the reference, the first of equals). A column with missing cells has one feature
    /// more that says so, and its missing cells get the mean of the others. Every feature is centred and
    /// scaled by its standard deviation (divided by n); one that never varies is left out.
    pub fn learn(frame: &Frame) -> Result<Design, ModelError> {
        check_frame(frame)?;
        let mut design = Design { features: Vec::new(), columns: Vec::new() };
        for (index, column) in frame.columns.iter().enumerate() {
            let source = Source::learn(column);
            let missing = column.values.iter().any(|v| v.is_nan());
            let reference = source.reference(column);
            let mut reads: Vec<Reads> = match &source.levels {
                None => vec![Reads::Number],
                Some(levels) => (0..levels.len())
                    .filter(|&l| Some(l) != reference && source.seen.get(l) == Some(&true))
                    .map(Reads::Level)
                    .collect(),
            };
            if missing {
                reads.push(Reads::Missing);
            }
            let features = reads.into_iter().filter_map(|reads| Feature::learn(index, reads, column));
            design.features.extend(features);
            design.columns.push(source);
        }
        Ok(design)
    }

    /// How many features there are.
    pub fn width(&self) -> usize {
        self.features.len()
    }

    /// The names of the features: `age`, `sex = F`, `creatinine missing`.
    pub fn names(&self) -> Vec<String> {
        let name = |f: &Feature| {
            let source = self.columns.get(f.column)?;
            Some(match f.reads {
                Reads::Number => source.name.clone(),
                Reads::Level(l) => format!("{} = {}", source.name, source.levels.as_ref()?.get(l)?),
                Reads::Missing => format!("{} missing", source.name),
            })
        };
        self.features.iter().filter_map(name).collect()
    }

    /// The features of the rows of `frame`, whose columns are found by name and levels by their names.
    pub fn apply(&self, frame: &Frame) -> Result<Matrix, ModelError> {
        check_frame(frame)?;
        let columns: Vec<Vec<f64>> = self.columns.iter().map(|source| source.read(frame)).collect::<Result<_, _>>()?;
        let width = self.width();
        let mut values = vec![0.0; width * frame.rows];
        for (at, feature) in self.features.iter().enumerate() {
            let Some(cells) = columns.get(feature.column) else { continue };
            for (slot, &cell) in values.iter_mut().skip(at).step_by(width).zip(cells) {
                *slot = feature.of(cell);
            }
        }
        Ok(Matrix { values, width, rows: frame.rows })
    }
}

impl Source {
    fn learn(column: &FrameColumn) -> Source {
        let levels = match &column.kind {
            FrameKind::Number { .. } => None,
            FrameKind::Category { levels } => Some(levels.clone()),
        };
        let mut seen = vec![false; levels.as_ref().map_or(0, Vec::len)];
        for &value in &column.values {
            if let Some(flag) = seen.get_mut(value as usize).filter(|_| !value.is_nan()) {
                *flag = true;
            }
        }
        Source { name: column.name.clone(), levels, seen }
    }

    /// The most frequent level.
    fn reference(&self, column: &FrameColumn) -> Option<usize> {
        let mut counts = vec![0_usize; self.seen.len()];
        for &value in &column.values {
            if let Some(count) = counts.get_mut(value as usize).filter(|_| !value.is_nan()) {
                *count += 1;
            }
        }
        let most = *counts.iter().max()?;
        counts.iter().position(|&c| c == most)
    }

    /// The cells of this column in `frame` in training codes; an unseen level is missing.
    fn read(&self, frame: &Frame) -> Result<Vec<f64>, ModelError> {
        let column = frame.column(&self.name).ok_or_else(|| ModelError::NoColumn { column: self.name.clone() })?;
        match (&self.levels, &column.kind) {
            (None, FrameKind::Number { .. }) => Ok(column.values.clone()),
            (Some(trained), FrameKind::Category { levels }) => {
                let codes = recode(trained, levels, |l| self.seen.get(l) == Some(&true));
                let read = |&v: &f64| {
                    if v.is_nan() { v } else { codes.get(v as usize).copied().unwrap_or(f64::NAN) }
                };
                Ok(column.values.iter().map(read).collect())
            }
            _ => Err(ModelError::OtherKind { column: self.name.clone() }),
        }
    }
}

/// For every level now its code in training, or NaN when training had no such level in use.
pub(crate) fn recode(trained: &[String], now: &[String], used: impl Fn(usize) -> bool) -> Vec<f64> {
    now.iter()
        .map(|level| match trained.iter().position(|t| t == level) {
            Some(code) if used(code) => code as f64,
            _ => f64::NAN,
        })
        .collect()
}

impl Feature {
    /// Nothing when the feature is the same in every training row.
    fn learn(column: usize, reads: Reads, source: &FrameColumn) -> Option<Feature> {
        let raw = Feature { column, reads, mean: 0.0, deviation: 1.0 };
        let known: Vec<f64> = source.values.iter().map(|&v| raw.raw(v)).filter(|v| !v.is_nan()).collect();
        let mean = crate::metrics::inference::mean(&known)?;
        let squares: Vec<f64> = known.iter().map(|v| (v - mean) * (v - mean)).collect();
        // Missing cells sit at the mean and add nothing to the squares, but they are rows.
        let variance = crate::metrics::inference::sum(&squares) / source.values.len() as f64;
        let deviation = variance.sqrt();
        // Rounding leaves a constant column with a deviation of some units in the last place.
        let varies = deviation > 1e-12 * mean.abs() && deviation.is_finite() && deviation > 0.0;
        varies.then_some(Feature { mean, deviation, ..raw })
    }

    /// The feature before standardising; NaN for a missing cell that the mean stands in for.
    fn raw(&self, cell: f64) -> f64 {
        match self.reads {
            Reads::Number => cell,
            Reads::Missing => f64::from(u8::from(cell.is_nan())),
            Reads::Level(_) if cell.is_nan() => cell,
            Reads::Level(level) => f64::from(u8::from(cell == level as f64)),
        }
    }

    fn of(&self, cell: f64) -> f64 {
        let raw = self.raw(cell);
        if raw.is_nan() { 0.0 } else { (raw - self.mean) / self.deviation }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::tests_support::{category, frame, number};

    #[test]
    fn numbers_levels_and_gaps_become_standardised_features() {
        let train = frame(vec![
            number("age", &[40.0, 60.0, f64::NAN, 50.0]),
            category("sex", &["F", "M", "X"], &[0.0, 1.0, 0.0, 0.0]),
            number("constant", &[2.0, 2.0, 2.0, 2.0]),
        ]);
        let design = Design::learn(&train).unwrap();
        assert_eq!(design.names(), ["age", "age missing", "sex = M"]);
        let matrix = design.apply(&train).unwrap();
        let rows: Vec<&[f64]> = matrix.iter_rows().collect();
        assert!((rows[0][0] + 10.0 / 50.0_f64.sqrt()).abs() < 1e-12);
        assert_eq!(rows[2][0], 0.0);
        assert!(rows[2][1] > 1.0 && rows[0][1] < 0.0);
        let mean: f64 = rows.iter().map(|r| r[2]).sum();
        assert!(mean.abs() < 1e-12);
    }

    #[test]
    fn an_unseen_level_counts_as_missing_and_levels_match_by_name() {
        let train = frame(vec![category("race", &["a", "b", "c"], &[0.0, 1.0, f64::NAN, 0.0])]);
        let design = Design::learn(&train).unwrap();
        assert_eq!(design.names(), ["race = b", "race missing"]);
        let later = frame(vec![category("race", &["c", "b", "new"], &[0.0, 1.0, 2.0, f64::NAN])]);
        let matrix = design.apply(&later).unwrap();
        let rows: Vec<&[f64]> = matrix.iter_rows().collect();
        assert_eq!(rows[0], rows[3]);
        assert_eq!(rows[2], rows[3]);
        assert!(rows[1][0] > 0.0 && rows[3][0] == 0.0 && rows[3][1] > 0.0);
    }

    #[test]
    fn refusals_say_which_column() {
        let train = frame(vec![number("age", &[1.0, 2.0])]);
        let design = Design::learn(&train).unwrap();
        let other = frame(vec![number("weight", &[1.0])]);
        let gone = design.apply(&other).unwrap_err().to_string();
        assert_eq!(gone, "the model was trained with `age`, which this table lacks");
        let kind = design.apply(&frame(vec![category("age", &["x"], &[0.0])])).unwrap_err();
        assert!(matches!(kind, ModelError::OtherKind { .. }));
        let infinite = Design::learn(&frame(vec![number("age", &[1.0, f64::INFINITY])])).unwrap_err();
        assert_eq!(infinite, ModelError::BadValue { column: "age".into(), row: 2 });
    }
}

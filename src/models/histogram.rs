//! Bins for the columns of a frame, so that trees compare bytes: at most 255 quantile bins for a number,
//! one bin a level for a category, and one bin for what is missing.
//!
//! Knows columns and bins only; trees and losses are above.

use crate::data::frame::{Frame, FrameColumn, FrameKind};
use crate::models::design::recode;
use crate::models::fitted::{ModelError, check_frame};

/// The bin of missing cells and of levels that training did not see.
pub const MISSING: u8 = 255;

/// The most bins beside the one for missing cells.
pub const MOST_BINS: usize = 255;

/// How training columns become bins.
#[derive(Debug, Clone, PartialEq)]
pub struct Binner {
    columns: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq)]
struct Rule {
    name: String,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    /// A value belongs to the bin whose number is the count of cuts below it.
    Number { cuts: Vec<f64> },
    /// The bin of every training level, or nothing for one that is treated as missing.
    Category { levels: Vec<String>, bins: Vec<Option<u8>> },
}

/// A frame in bins.
#[derive(Debug, Clone, PartialEq)]
pub struct Binned {
    /// Bins by column, then by row.
    pub columns: Vec<Vec<u8>>,
    pub shapes: Vec<Shape>,
    pub rows: usize,
}

/// What a tree needs to know of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Bins beside the one for missing cells.
    pub bins: usize,
    pub category: bool,
}

impl Binner {
    /// Learns the bins of a training frame; `most` bins a column at the most.
    ///
    /// A number with few distinct values has a cut between every two neighbours; another one has cuts at
    /// its quantiles. Of a category with more levels than bins the most frequent levels keep their own
    /// bin and the others are treated as missing.
    pub fn learn(frame: &Frame, most: usize) -> Result<Binner, ModelError> {
        check_frame(frame)?;
        let most = most.clamp(2, MOST_BINS);
        let rule = |column: &FrameColumn| Rule {
            name: column.name.clone(),
            kind: match &column.kind {
                FrameKind::Number { .. } => Kind::Number { cuts: cuts(&column.values, most) },
                FrameKind::Category { levels } => {
                    Kind::Category { levels: levels.clone(), bins: level_bins(&column.values, levels.len(), most) }
                }
            },
        };
        Ok(Binner { columns: frame.columns.iter().map(rule).collect() })
    }

    /// The bins of another frame, whose columns are found by name and levels by their names.
    pub fn apply(&self, frame: &Frame) -> Result<Binned, ModelError> {
        check_frame(frame)?;
        let columns = self.columns.iter().map(|rule| rule.read(frame)).collect::<Result<_, _>>()?;
        let shapes = self.columns.iter().map(Rule::shape).collect();
        Ok(Binned { columns, shapes, rows: frame.rows })
    }
}

impl Rule {
    fn shape(&self) -> Shape {
        match &self.kind {
            Kind::Number { cuts } => Shape { bins: cuts.len() + 1, category: false },
            Kind::Category { bins, .. } => Shape { bins: bins.iter().flatten().count(), category: true },
        }
    }

    fn read(&self, frame: &Frame) -> Result<Vec<u8>, ModelError> {
        let column = frame.column(&self.name).ok_or_else(|| ModelError::NoColumn { column: self.name.clone() })?;
        match (&self.kind, &column.kind) {
            (Kind::Number { cuts }, FrameKind::Number { .. }) => {
                let bin = |&v: &f64| {
                    if v.is_nan() { MISSING } else { cuts.partition_point(|&cut| cut < v) as u8 }
                };
                Ok(column.values.iter().map(bin).collect())
            }
            (Kind::Category { levels, bins }, FrameKind::Category { levels: now }) => {
                let codes = recode(levels, now, |l| matches!(bins.get(l), Some(Some(_))));
                let bin = |&v: &f64| {
                    let code = codes.get(v as usize).copied().filter(|c| !v.is_nan() && !c.is_nan());
                    code.and_then(|c| bins.get(c as usize).copied().flatten()).unwrap_or(MISSING)
                };
                Ok(column.values.iter().map(bin).collect())
            }
            _ => Err(ModelError::OtherKind { column: self.name.clone() }),
        }
    }
}

/// Cuts between `most` bins or fewer.
fn cuts(values: &[f64], most: usize) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let mut distinct = sorted.clone();
    distinct.dedup();
    let between = |a: f64, b: f64| {
        let middle = a / 2.0 + b / 2.0;
        // Neighbouring doubles have no middle; a value belongs below a cut that it equals.
        if middle < b { middle.max(a) } else { a }
    };
    if distinct.len() <= most {
        return distinct.windows(2).filter_map(pair).map(|(a, b)| between(a, b)).collect();
    }
    let mut cuts: Vec<f64> = (1..most)
        .filter_map(|k| {
            let at = k * sorted.len() / most;
            let (&a, &b) = (sorted.get(at.checked_sub(1)?)?, sorted.get(at)?);
            // Within a run of equal values the cut goes below the run.
            if a < b { Some(between(a, b)) } else { below(&distinct, b) }
        })
        .collect();
    cuts.dedup();
    cuts
}

fn pair(window: &[f64]) -> Option<(f64, f64)> {
    match window {
        [a, b] => Some((*a, *b)),
        _ => None,
    }
}

/// The middle between `value` and the distinct value below it.
fn below(distinct: &[f64], value: f64) -> Option<f64> {
    let at = distinct.partition_point(|&d| d < value);
    let under = *distinct.get(at.checked_sub(1)?)?;
    let middle = under / 2.0 + value / 2.0;
    Some(if middle < value { middle.max(under) } else { under })
}

/// The bins of the levels that occur, in the order of the levels.
fn level_bins(values: &[f64], levels: usize, most: usize) -> Vec<Option<u8>> {
    let mut counts = vec![0_usize; levels];
    for &value in values {
        if let Some(count) = counts.get_mut(value as usize).filter(|_| !value.is_nan()) {
            *count += 1;
        }
    }
    let mut by_count: Vec<(usize, usize)> = counts.iter().copied().zip(0..).filter(|&(count, _)| count > 0).collect();
    by_count.sort_by_key(|&(count, level)| (std::cmp::Reverse(count), level));
    by_count.truncate(most);
    let mut kept: Vec<usize> = by_count.into_iter().map(|(_, level)| level).collect();
    kept.sort_unstable();
    let mut bins = vec![None; levels];
    for (bin, level) in kept.into_iter().enumerate() {
        if let Some(slot) = bins.get_mut(level) {
            *slot = Some(bin as u8);
        }
    }
    bins
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::tests_support::{category, frame, number};

    #[test]
    fn few_values_have_a_bin_each_and_many_share_them_evenly() {
        let table = frame(vec![number("x", &[3.0, 1.0, 2.0, 2.0, f64::NAN])]);
        let binner = Binner::learn(&table, 255).unwrap();
        assert_eq!(binner.apply(&table).unwrap().columns, [[2, 0, 1, 1, MISSING]]);
        let many: Vec<f64> = (0..10_000).map(f64::from).collect();
        let table = frame(vec![number("x", &many)]);
        let binned = Binner::learn(&table, 255).unwrap().apply(&table).unwrap();
        assert_eq!(binned.shapes[0].bins, 255);
        let mut counts = [0; 255];
        for &bin in &binned.columns[0] {
            counts[bin as usize] += 1;
        }
        assert!(counts.iter().all(|&c| (38..=41).contains(&c)), "{counts:?}");
    }

    #[test]
    fn a_value_that_fills_most_rows_keeps_its_own_bin() {
        let mut values = vec![0.0; 9000];
        values.extend((1..=1000).map(f64::from));
        let cuts = cuts(&values, 100);
        assert!(cuts.windows(2).all(|w| w[0] < w[1]));
        assert!(cuts.iter().all(|&c| c > 0.0) && cuts[0] < 120.0, "{cuts:?}");
        let next = 1.0_f64.next_up();
        assert_eq!(super::cuts(&[1.0, next], 255), [1.0]);
    }

    #[test]
    fn levels_match_by_name_and_unseen_ones_are_missing() {
        let table = frame(vec![category("c", &["a", "b", "c"], &[2.0, 0.0, 2.0])]);
        let binner = Binner::learn(&table, 255).unwrap();
        let later = frame(vec![category("c", &["c", "b", "z", "a"], &[0.0, 1.0, 2.0, 3.0, f64::NAN])]);
        assert_eq!(binner.apply(&later).unwrap().columns, [[1, MISSING, MISSING, 0, MISSING]]);
    }

    #[test]
    fn more_levels_than_bins_keep_the_frequent_ones() {
        let names: Vec<String> = (0..300).map(|i| i.to_string()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut codes: Vec<f64> = (0..300).map(f64::from).collect();
        codes.extend((100..300).map(f64::from));
        let table = frame(vec![category("c", &names, &codes)]);
        let binned = Binner::learn(&table, 200).unwrap().apply(&table).unwrap();
        assert_eq!(binned.shapes[0], Shape { bins: 200, category: true });
        assert!(binned.columns[0][..100].iter().all(|&b| b == MISSING));
        assert!(binned.columns[0][100..300].iter().all(|&b| b != MISSING));
    }
}

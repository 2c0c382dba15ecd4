//! Columns of any kind as points of one space, so that rows have a distance.
//!
//! A number is standardised by mean and standard deviation (n - 1) of the reference rows that have it; it becomes 0
//! (the mean) where it is missing, and a column with missing values anywhere gets a flag 1 = missing beside it. A
//! category becomes one 0/√½ number a level that occurs, missing being a level of its own, so two different levels lie
//! at distance 1; a flag is 0 or 1. A number that does not vary in the reference rows is centred and keeps its unit.

use super::checks;
use super::inference::{mean, variance};
use super::neighbours::Points;
use crate::eval::estimate::Undefined;

/// One column of a table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Mixed<'a> {
    /// NaN is missing.
    Numbers(&'a [f64]),
    Flags(&'a [bool]),
    /// Codes below the number of levels; others are missing.
    Levels(&'a [u32], usize),
}

impl Mixed<'_> {
    /// The number of rows.
    pub fn len(&self) -> usize {
        match self {
            Mixed::Numbers(x) => x.len(),
            Mixed::Flags(x) => x.len(),
            Mixed::Levels(x, _) => x.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The rows as points, standardised by the rows where `reference` holds. Undefined for no columns, no rows, columns
/// of different lengths, no reference rows, infinite numbers, and numbers too large to standardise.
pub fn points(columns: &[Mixed], reference: impl Fn(usize) -> bool) -> Result<Points, Undefined> {
    let n = columns.first().map_or(0, Mixed::len);
    if columns.is_empty() {
        return Err(Undefined::new("there are no columns to compare rows by"));
    }
    checks::not_empty(n)?;
    if !(0..n).any(&reference) {
        return Err(Undefined::new("there are no rows to standardise by"));
    }
    let mut numbers: Vec<Vec<f64>> = Vec::new();
    for column in columns {
        checks::same_length(("values of one column", column.len()), ("of another", n))?;
        match column {
            Mixed::Flags(x) => numbers.push(x.iter().map(|v| f64::from(u8::from(*v))).collect()),
            Mixed::Levels(codes, levels) => {
                let mut occurs = vec![false; levels + 1];
                let code = |c: &u32| (*c as usize).min(*levels);
                codes.iter().for_each(|c| occurs[code(c)] = true);
                for level in (0..=*levels).filter(|l| occurs[*l]) {
                    let hot = |c: &u32| if code(c) == level { std::f64::consts::FRAC_1_SQRT_2 } else { 0.0 };
                    numbers.push(codes.iter().map(hot).collect());
                }
            }
            Mixed::Numbers(x) => numbers.extend(standardised(x, &reference)?),
        }
    }
    let width = numbers.len();
    let row = |row: usize| numbers.iter().map(move |column| column[row]);
    Points::new((0..n).flat_map(row).collect(), width)
}

fn standardised(x: &[f64], reference: &impl Fn(usize) -> bool) -> Result<Vec<Vec<f64>>, Undefined> {
    if let Some(row) = x.iter().position(|v| v.is_infinite()) {
        return Err(Undefined::new(format!("the number in row {} is infinite", row + 1)));
    }
    let known: Vec<f64> =
        x.iter().enumerate().filter(|(row, v)| !v.is_nan() && reference(*row)).map(|(_, v)| *v).collect();
    let centre = mean(&known).unwrap_or(0.0);
    let spread = variance(&known).map_or(1.0, f64::sqrt);
    let spread = if spread > 0.0 { spread } else { 1.0 };
    let own: Vec<f64> = x.iter().map(|v| if v.is_nan() { 0.0 } else { (v - centre) / spread }).collect();
    if !(centre.is_finite() && spread.is_finite() && own.iter().all(|v| v.abs() < 1e150)) {
        return Err(Undefined::new("the numbers are too large or too far apart to standardise"));
    }
    let missing = x.iter().any(|v| v.is_nan());
    let flag = || x.iter().map(|v| f64::from(u8::from(v.is_nan()))).collect();
    Ok(if missing { vec![own, flag()] } else { vec![own] })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::neighbours::distance;

    #[test]
    fn columns_become_comparable() {
        let age = [10.0, 20.0, 30.0, f64::NAN, 1000.0];
        let sex = [0, 1, 0, 7, 1];
        let flag = [true, true, true, true, false];
        let columns = [Mixed::Numbers(&age), Mixed::Levels(&sex, 3), Mixed::Flags(&flag)];
        let p = points(&columns, |row| row < 4).unwrap();
        // A standardised number, its flag, two levels and the missing one, a truth.
        assert_eq!(p.width(), 6);
        let between = |a, b| distance(p.row(a).unwrap(), p.row(b).unwrap());
        assert!((between(0, 2) - 2.0).abs() < 1e-12);
        assert!((between(0, 1) - 2.0_f64.sqrt()).abs() < 1e-12);
        // Missing against the mean: the flag and the level.
        assert!((between(1, 3) - 2.0_f64.sqrt()).abs() < 1e-12);
        assert!((p.row(4).unwrap()[0] - 98.0).abs() < 1e-12);
    }

    #[test]
    fn refusals_are_plain() {
        let why = |c: &[Mixed], r: bool| points(c, |_| r).unwrap_err().reason;
        assert_eq!(why(&[], true), "there are no columns to compare rows by");
        assert_eq!(why(&[Mixed::Numbers(&[])], true), "there are no rows");
        assert_eq!(why(&[Mixed::Numbers(&[1.0, f64::INFINITY])], true), "the number in row 2 is infinite");
        assert_eq!(
            why(&[Mixed::Numbers(&[1.0]), Mixed::Flags(&[])], true),
            "there are 0 values of one column but 1 of another"
        );
        assert_eq!(why(&[Mixed::Numbers(&[1.0])], false), "there are no rows to standardise by");
        assert!(points(&[Mixed::Numbers(&[1e308, -1e308, 1e308])], |_| true).is_err());
        assert!(points(&[Mixed::Numbers(&[f64::NAN, f64::NAN])], |_| true).is_ok());
    }
}

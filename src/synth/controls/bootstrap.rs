//! A bootstrap copy: training rows drawn with replacement.
//!
//! The best figures that any table of real rows gets, and the worst privacy: what an attack must find here, or it has
//! no power.

use super::shape::{check, parts};
use crate::data::frame::Frame;
use crate::metrics::resampling::{Lane, below, stream};
use crate::synth::{Given, SynthError};

pub const KIND: &str = "bootstrap";

/// The training rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Bootstrap {
    pub(super) rows: Frame,
}

impl Bootstrap {
    /// Refuses a table without rows or columns and infinite numbers.
    pub fn fit(frame: &Frame) -> Result<Bootstrap, SynthError> {
        check(frame)?;
        Ok(Bootstrap { rows: frame.clone() })
    }

    /// `n` rows: first those of `given`, each a training row that has these levels. Equal arguments give equal rows.
    /// Levels that no training row has together are refused.
    pub fn draw(&self, n: usize, given: &Given, seed: u64) -> Result<Frame, SynthError> {
        let mut rng = stream(seed, Lane::Draw, 0);
        let mut index = Vec::with_capacity(n);
        for part in parts(&self.rows, given, n)? {
            let has = |row: usize, (at, level): &(usize, usize)| {
                self.rows.columns.get(*at).and_then(|c| c.values.get(row)) == Some(&(*level as f64))
            };
            let pool: Vec<usize> = (0..self.rows.rows).filter(|r| part.levels.iter().all(|l| has(*r, l))).collect();
            if pool.is_empty() && part.rows > 0 {
                return Err(SynthError::Unsupported(
                    "no training row has the levels that are asked for together, and a bootstrap has no others".into(),
                ));
            }
            index.extend((0..part.rows).filter_map(|_| pool.get(below(&mut rng, pool.len()))));
        }
        Ok(self.rows.take(&index))
    }
}

#[cfg(test)]
mod tests {
    use super::super::shape::tests::{share, table};
    use super::*;

    #[test]
    fn every_row_is_a_training_row() {
        let table = table(300);
        let made = Bootstrap::fit(&table).unwrap().draw(500, &Given::nothing().and(&[("ill", 1)], 100), 5).unwrap();
        let row = |f: &Frame, at: usize| f.columns.iter().map(|c| c.values[at].to_bits()).collect::<Vec<_>>();
        let known: Vec<_> = (0..300).map(|r| row(&table, r)).collect();
        assert!((0..500).all(|r| known.contains(&row(&made, r))));
        assert!((0..100).all(|r| made.columns[1].values[r] == 1.0));
        let gone = share(&made, |r| r[3].is_nan());
        assert_eq!(gone, share(&made, |r| r[3].is_nan() && r[4].is_nan()));
    }

    #[test]
    fn levels_that_never_meet_are_refused() {
        let mut table = table(50);
        let sex = table.columns[0].values.clone();
        table.columns[1].values = sex;
        let generator = Bootstrap::fit(&table).unwrap();
        assert!(generator.draw(5, &Given::nothing().and(&[("sex", 0), ("ill", 1)], 1), 0).is_err());
        assert!(generator.draw(5, &Given::nothing().and(&[("sex", 0), ("ill", 1)], 0), 0).is_ok());
    }
}

//! Independent marginals: each cell is drawn from its column alone, missing ones among them.
//!
//! The floor of every figure about dependence. A level that is asked for is taken as it is, and changes nothing else.

use super::shape::{check, filled, parts};
use crate::data::frame::Frame;
use crate::metrics::resampling::{Lane, below, stream};
use crate::synth::{Given, SynthError};

pub const KIND: &str = "independent";

/// The columns, each for itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Independent {
    pub(super) columns: Frame,
}

impl Independent {
    /// Refuses a table without rows or columns and infinite numbers.
    pub fn fit(frame: &Frame) -> Result<Independent, SynthError> {
        check(frame)?;
        let mut columns = frame.clone();
        // Whose cell stood beside whose is forgotten, also in what is saved.
        columns.columns.iter_mut().for_each(|c| c.values.sort_unstable_by(f64::total_cmp));
        Ok(Independent { columns })
    }

    /// `n` rows: first those of `given`. Equal arguments give equal rows. Undefined levels and columns are refused.
    pub fn draw(&self, n: usize, given: &Given, seed: u64) -> Result<Frame, SynthError> {
        let parts = parts(&self.columns, given, n)?;
        let values = self.columns.columns.iter().enumerate().map(|(at, column)| {
            let mut rng = stream(seed, Lane::Draw, at);
            let mut out = Vec::with_capacity(n);
            for part in &parts {
                let fixed = part.levels.iter().find(|l| l.0 == at).map(|l| l.1 as f64);
                out.extend((0..part.rows).map(|_| {
                    let drawn = below(&mut rng, column.values.len());
                    fixed.or(column.values.get(drawn).copied()).unwrap_or(f64::NAN)
                }));
            }
            out
        });
        Ok(filled(&self.columns, values.collect(), n))
    }
}

#[cfg(test)]
mod tests {
    use super::super::shape::tests::{share, table};
    use super::*;

    #[test]
    fn columns_keep_their_shares_and_lose_each_other() {
        let table = table(4_000);
        let made = Independent::fit(&table).unwrap().draw(20_000, &Given::nothing(), 1).unwrap();
        for at in 0..2 {
            assert!((share(&made, |r| r[at] == 1.0) - share(&table, |r| r[at] == 1.0)).abs() < 0.02);
        }
        let both = share(&made, |r| r[0] == 1.0 && r[1] == 1.0);
        let product = share(&made, |r| r[0] == 1.0) * share(&made, |r| r[1] == 1.0);
        assert!((both - product).abs() < 0.01);
        let gone = share(&made, |r| r[3].is_nan());
        let together = share(&made, |r| r[3].is_nan() && r[4].is_nan());
        assert!((gone - 0.2).abs() < 0.02 && (together - 0.04).abs() < 0.01);
    }

    #[test]
    fn levels_asked_for_come_first() {
        let generator = Independent::fit(&table(100)).unwrap();
        let asked = Given::nothing().and(&[("sex", 1), ("ill", 1)], 30);
        let made = generator.draw(50, &asked, 7).unwrap();
        assert!((0..30).all(|r| made.columns[0].values[r] == 1.0 && made.columns[1].values[r] == 1.0));
        assert_eq!(made.rows, 50);
        assert_eq!(format!("{:?}", generator.draw(50, &asked, 7)), format!("{:?}", Ok::<_, SynthError>(made)));
    }
}

//! `k_anonymous 5`: no drawn row stands in a small cell of its quasi-identifiers.
//!
//! Rows of cells (combinations of values that others may know, missing being one) with fewer than k rows are suppressed and
//! drawn again until they fall into cells that are large enough (Sweeney 2002; small-cell rules of health statistics). This is
//! HIPAA-style disclosure control and not differential privacy: it bounds no one's influence on the rows, and says nothing
//! about the columns that are not named.

use std::collections::BTreeMap;

use super::result::SmallCells;
use super::rules::rest;
use super::run::Halt;
use crate::check::dataset::Schema;
use crate::data::frame::Frame;
use crate::source::{Diagnostic, Span, codes};
use crate::syntax::ast::{ExprKind, Generator, Role};
use crate::synth::Given;

/// Draws after which rows of large cells are too rare.
const ROUNDS: usize = 60;

/// What a generator asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Anonymous {
    pub k: usize,
    /// Names of the quasi-identifiers.
    pub quasi: Vec<String>,
    span: Span,
}

impl Anonymous {
    /// Of a generator that shows `columns`; none where it does not ask. Without `quasi`, the protected columns.
    pub fn of(generator: &Generator, schema: &Schema, columns: &[String]) -> Option<Anonymous> {
        let setting = |name: &str| generator.settings.iter().find(|(n, _)| n.name == name).map(|(_, e)| e);
        let asked = setting("k_anonymous")?;
        let ExprKind::Int(k) = asked.kind else { return None };
        let chosen = setting("quasi").map(|e| &e.kind);
        let mut quasi = match chosen {
            Some(_) => schema.choose(chosen, |_| true),
            None => schema.columns.iter().filter(|c| c.has(Role::Protected)).map(|c| c.name.clone()).collect(),
        };
        quasi.retain(|name| columns.contains(name));
        Some(Anonymous { k: usize::try_from(k).ok()?.max(1), quasi, span: asked.span })
    }

    /// For the results, before anything was drawn.
    pub fn told(&self) -> SmallCells {
        SmallCells { k: self.k, quasi: self.quasi.clone(), suppressed: 0 }
    }

    /// `n` rows of which none is in a cell below k, with those of `given` first; `sample` draws rows. Cells that were large
    /// stay so, since rows are only ever added to them. `suppressed` counts rows that were drawn again.
    pub fn draw(
        &self,
        generator: &str,
        (n, given): (usize, &Given),
        suppressed: &mut usize,
        mut sample: impl FnMut(usize, &Given, usize) -> Result<Frame, Halt>,
    ) -> Result<Frame, Halt> {
        let mut rows = sample(n, given, 0)?;
        let mut sizes: BTreeMap<Vec<u64>, usize> = BTreeMap::new();
        for row in 0..n {
            *sizes.entry(self.cell(&rows, row)).or_default() += 1;
        }
        sizes.retain(|_, size| *size >= self.k);
        let mut open: Vec<usize> = (0..n).filter(|row| !sizes.contains_key(&self.cell(&rows, *row))).collect();
        *suppressed += open.len();
        for round in 1.. {
            if open.is_empty() {
                break;
            }
            if round > ROUNDS || sizes.is_empty() {
                return Err(Halt::Failed(vec![self.too_small(generator, open.len(), n)]));
            }
            let again = sample(open.len(), &rest(given, &open), round)?;
            let mut left = Vec::new();
            for (i, row) in open.iter().enumerate() {
                if !sizes.contains_key(&self.cell(&again, i)) {
                    left.push(*row);
                    continue;
                }
                for (column, new) in rows.columns.iter_mut().zip(&again.columns) {
                    if let (Some(cell), Some(x)) = (column.values.get_mut(*row), new.values.get(i)) {
                        *cell = *x;
                    }
                }
            }
            open = left;
        }
        Ok(rows)
    }

    /// The values of a row's quasi-identifiers; all missing ones are alike.
    fn cell(&self, rows: &Frame, row: usize) -> Vec<u64> {
        let bits = |x: &f64| if x.is_nan() { u64::MAX } else { (x + 0.0).to_bits() };
        let of = |name: &String| rows.column(name).and_then(|c| c.values.get(row)).map_or(u64::MAX, bits);
        self.quasi.iter().map(of).collect()
    }

    fn too_small(&self, generator: &str, open: usize, n: usize) -> Diagnostic {
        Diagnostic::new(
            codes::RULES_NOT_MET,
            format!(
                "`{generator}` drew {n} rows, and {open} of them stay in cells of fewer than {} rows of {}",
                self.k,
                self.quasi.join(", ")
            ),
        )
        .at(self.span, "no row may stand in a small cell")
        .help("name fewer or coarser columns in `quasi`, ask for a smaller k, or draw more rows")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::frame::{FrameColumn, FrameKind};

    fn frame(cells: &[f64]) -> Frame {
        let kind = FrameKind::Category { levels: vec!["a".into(), "b".into(), "c".into()] };
        let column = |name: &str, values: Vec<f64>| FrameColumn {
            name: name.into(),
            kind: kind.clone(),
            nullable: true,
            values,
        };
        let other = (0..cells.len()).map(|i| (i % 3) as f64).collect();
        Frame { rows: cells.len(), columns: vec![column("race", cells.to_vec()), column("ward", other)] }
    }

    fn asked(k: usize) -> Anonymous {
        Anonymous { k, quasi: vec!["race".into()], span: Span::default() }
    }

    #[test]
    fn rows_of_small_cells_are_drawn_again_and_no_others() {
        let first = frame(&[0.0, 0.0, 0.0, 1.0, f64::NAN, 2.0, 2.0, f64::NAN]);
        let mut suppressed = 0;
        let mut rounds = Vec::new();
        let rows = asked(3).draw("g", (8, &Given::nothing()), &mut suppressed, |n, _, round| {
            rounds.push((round, n));
            Ok(match round {
                0 => first.clone(),
                // Cells that are as small as before help nobody.
                1 => frame(&[2.0, 2.0, 2.0, 0.0, 0.0]),
                _ => frame(&vec![0.0; n]),
            })
        });
        let rows = rows.unwrap_or_default();
        assert_eq!((suppressed, rounds), (5, vec![(0, 8), (1, 5), (2, 3)]));
        assert!(rows.columns[0].values.iter().all(|x| *x == 0.0));
        assert_eq!(rows.columns[1].values[..3], first.columns[1].values[..3], "rows of large cells stay as they were");
    }

    #[test]
    fn what_cannot_be_met_is_said() {
        let mut suppressed = 0;
        let draw = |_: usize, _: &Given, _: usize| Ok(frame(&[0.0, 1.0, 2.0]));
        let Err(Halt::Failed(found)) = asked(2).draw("g", (3, &Given::nothing()), &mut suppressed, draw) else {
            panic!("three rows of three cells have no cell of two");
        };
        assert!(
            found[0].message.contains("3 of them stay in cells of fewer than 2 rows of race"),
            "{}",
            found[0].message
        );
    }
}

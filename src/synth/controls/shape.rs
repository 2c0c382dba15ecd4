//! What the controls share: the request in terms of columns, and rows put into a frame.

use crate::data::frame::{Frame, FrameKind};
use crate::synth::{Given, SynthError};

/// A request: pairs of a column's place and a level's index, for so many rows.
pub struct Part {
    pub levels: Vec<(usize, usize)>,
    pub rows: usize,
}

/// The frame that a control learns. Refuses one without rows or columns, and one whose columns have other lengths.
pub fn check(frame: &Frame) -> Result<(), SynthError> {
    if frame.rows == 0 || frame.columns.is_empty() || frame.columns.iter().any(|c| c.values.len() != frame.rows) {
        return Err(SynthError::Empty);
    }
    if let Some(column) = frame.columns.iter().find(|c| c.values.iter().any(|v| v.is_infinite())) {
        return Err(SynthError::Unsupported(format!("column {} has an infinite number", column.name)));
    }
    Ok(())
}

/// The request by places, and last the rows that nothing was asked of. Parts beyond `n` rows are cut.
pub fn parts(frame: &Frame, given: &Given, n: usize) -> Result<Vec<Part>, SynthError> {
    let mut left = n;
    let mut out = Vec::new();
    for part in &given.parts {
        let mut levels: Vec<(usize, usize)> = Vec::new();
        for (name, level) in &part.levels {
            let found = frame.columns.iter().position(|c| c.name == *name);
            let known = found.and_then(|at| frame.columns.get(at)).map(|c| &c.kind);
            match (found, known) {
                (Some(at), Some(FrameKind::Category { levels: names })) if *level < names.len() => {
                    if levels.iter().any(|l| l.0 == at && l.1 != *level) {
                        return Err(SynthError::Unsupported(format!("two levels of {name} are asked of one row")));
                    }
                    levels.push((at, *level));
                }
                (Some(_), Some(FrameKind::Category { .. })) => {
                    return Err(SynthError::Unsupported(format!("column {name} has no level number {level}")));
                }
                _ => {
                    return Err(SynthError::Unsupported(format!(
                        "rows can be asked for by a category, and {name} is none that this generator learned"
                    )));
                }
            }
        }
        levels.sort_unstable();
        levels.dedup();
        let rows = part.rows.min(left);
        left -= rows;
        out.push(Part { levels, rows });
    }
    out.push(Part { levels: Vec::new(), rows: left });
    Ok(out)
}

/// The columns of `shape` with these values, one list a column.
pub fn filled(shape: &Frame, values: Vec<Vec<f64>>, rows: usize) -> Frame {
    let mut columns: Vec<_> = shape.columns.iter().map(|c| c.clone_shape()).collect();
    for (column, values) in columns.iter_mut().zip(values) {
        column.values = values;
    }
    Frame { columns, rows }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::data::frame::FrameColumn;

    /// Two categories that depend on each other, a number that depends on the first, missing together with another.
    pub fn table(rows: usize) -> Frame {
        let mut rng = crate::metrics::resampling::stream(3, crate::metrics::resampling::Lane::Draw, 0);
        let mut unit = || crate::metrics::resampling::unit(&mut rng);
        let (mut sex, mut ill, mut age, mut weight, mut bmi) = (vec![], vec![], vec![], vec![], vec![]);
        for _ in 0..rows {
            let woman = unit() < 0.6;
            let sick = unit() < if woman { 0.15 } else { 0.45 };
            let years = (30.0 + 40.0 * unit() + if sick { 15.0 } else { 0.0 }).round();
            let gone = unit() < 0.2;
            let kilos = 50.0 + 40.0 * unit();
            sex.push(f64::from(u8::from(!woman)));
            ill.push(f64::from(u8::from(sick)));
            age.push(years);
            weight.push(if gone { f64::NAN } else { kilos });
            bmi.push(if gone { f64::NAN } else { kilos / 2.9 });
        }
        let category = |name: &str, names: [&str; 2], values| FrameColumn {
            name: name.into(),
            kind: FrameKind::Category { levels: names.map(String::from).to_vec() },
            nullable: false,
            values,
        };
        let number = |name: &str, integer, values| FrameColumn {
            name: name.into(),
            kind: FrameKind::Number { lo: Some(0.0), hi: Some(200.0), integer },
            nullable: true,
            values,
        };
        Frame {
            columns: vec![
                category("sex", ["F", "M"], sex),
                category("ill", ["false", "true"], ill),
                number("age", true, age),
                number("weight", false, weight),
                number("bmi", false, bmi),
            ],
            rows,
        }
    }

    /// Share of the rows of `frame` where all hold.
    pub fn share(frame: &Frame, holds: impl Fn(&[f64]) -> bool) -> f64 {
        let row = |at: usize| frame.columns.iter().map(|c| c.values[at]).collect::<Vec<_>>();
        (0..frame.rows).filter(|at| holds(&row(*at))).count() as f64 / frame.rows as f64
    }

    #[test]
    fn requests_are_checked_and_cut() {
        let table = table(20);
        let asked = Given::nothing().and(&[("sex", 1)], 8).and(&[("ill", 0), ("sex", 0)], 8);
        let found = parts(&table, &asked, 10).unwrap();
        assert_eq!(found.iter().map(|p| p.rows).collect::<Vec<_>>(), vec![8, 2, 0]);
        assert_eq!(found[1].levels, vec![(0, 0), (1, 0)]);
        for bad in [("sex", 2), ("age", 0), ("nowhere", 0)] {
            assert!(parts(&table, &Given::nothing().and(&[bad], 1), 10).is_err());
        }
        assert!(parts(&table, &Given::nothing().and(&[("sex", 0), ("sex", 1)], 1), 10).is_err());
        assert_eq!(check(&Frame::default()), Err(SynthError::Empty));
    }
}

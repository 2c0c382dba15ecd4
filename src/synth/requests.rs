//! What is asked of each row of a sample, checked against what a generator has learned.
//!
//! Knows names of columns and levels; no codes and no networks.

use super::{Given, SynthError};

/// A column as requests see it.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    pub name: &'a str,
    /// Names of levels, and rows of each in the data; none for a number.
    pub levels: Option<(&'a [String], &'a [usize])>,
}

/// A level that is asked for: index of the column, and of the level.
pub type Wanted = (usize, usize);

/// What each requested row must have, in the order of `given`, then nothing up to `n` rows. Pairs are in the order of
/// columns.
pub fn resolve(known: &[Known], n: usize, given: &Given) -> Result<Vec<Vec<Wanted>>, SynthError> {
    let mut out = Vec::with_capacity(n);
    for part in &given.parts {
        let mut asked = Vec::new();
        for (name, level) in &part.levels {
            asked.push(find(known, name, *level)?);
        }
        asked.sort_unstable();
        asked.dedup();
        if asked.windows(2).any(|w| matches!(w, [a, b] if a.0 == b.0)) {
            return Err(SynthError::Unsupported(
                "one row cannot have two levels of the same column; ask for them in two parts".into(),
            ));
        }
        if part.rows > n.saturating_sub(out.len()) {
            return Err(SynthError::Unsupported(format!(
                "the parts ask for more than the {n} rows of the sample; ask for more rows"
            )));
        }
        out.extend(std::iter::repeat_n(asked, part.rows));
    }
    out.resize(n, Vec::new());
    Ok(out)
}

fn find(known: &[Known], name: &str, level: usize) -> Result<Wanted, SynthError> {
    let names = || {
        let names: Vec<&str> = known.iter().filter(|k| k.levels.is_some()).map(|k| k.name).collect();
        if names.is_empty() { "none, as no column is a category".into() } else { names.join(", ") }
    };
    let Some((at, column)) = known.iter().enumerate().find(|(_, k)| k.name == name) else {
        return Err(SynthError::Unsupported(format!(
            "the generator has no column {name}; it can be asked for {}",
            names()
        )));
    };
    let Some((levels, counts)) = column.levels else {
        return Err(SynthError::Unsupported(format!(
            "column {name} is a number, and rows can be asked for by category only: {}",
            names()
        )));
    };
    let Some(label) = levels.get(level) else {
        return Err(SynthError::Unsupported(format!(
            "column {name} has {} levels, so there is no level {level}",
            levels.len()
        )));
    };
    if counts.get(level).copied().unwrap_or(0) == 0 {
        return Err(SynthError::Unsupported(format!(
            "no row of the table has {name} = {label}, so nothing could be learned about it; \
             leave it out or fit on a table that has such rows"
        )));
    }
    Ok((at, level))
}

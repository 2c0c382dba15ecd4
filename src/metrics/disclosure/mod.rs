//! What a table tells about the people in it: k-anonymity and its extensions.
//!
//! Rows equal in all quasi-identifiers form a class; a missing value is a value of its own. Follows the
//! definitions of pyCANON 1.3.

use crate::eval::estimate::{Estimate, Measured, Undefined};
use crate::metrics::checks;
use std::collections::BTreeMap;

/// A column as codes; ordered numbers say so.
#[derive(Debug, Clone, PartialEq)]
pub struct Codes {
    pub codes: Vec<u32>,
    /// Whether the codes are ranks of numbers.
    pub ordered: bool,
}

impl Codes {
    /// Numbers by rank; NaN is a value of its own, ranked last.
    pub fn of_numbers(x: &[f64]) -> Codes {
        let mut distinct: Vec<f64> = x.iter().map(|v| v + 0.0).filter(|v| !v.is_nan()).collect();
        distinct.sort_by(f64::total_cmp);
        distinct.dedup();
        let code = |v: &f64| match v.is_nan() {
            true => distinct.len() as u32,
            false => distinct.partition_point(|d| d < v) as u32,
        };
        Codes { codes: x.iter().map(code).collect(), ordered: true }
    }
}

/// The rows of every class, the classes in order of their first row.
pub fn classes(quasi: &[Codes]) -> Result<Vec<Vec<usize>>, Undefined> {
    let n = quasi.first().map_or(0, |c| c.codes.len());
    if quasi.is_empty() {
        return Err(Undefined::new("there are no quasi-identifiers"));
    }
    checks::not_empty(n)?;
    for column in quasi {
        checks::same_length(("values of one column", column.codes.len()), ("of another", n))?;
    }
    // One code a row, column after column; codes stay below the number of rows.
    let mut ids = vec![0_u32; n];
    for column in quasi {
        let mut seen: BTreeMap<(u32, u32), u32> = BTreeMap::new();
        for (id, code) in ids.iter_mut().zip(&column.codes) {
            let next = seen.len() as u32;
            *id = *seen.entry((*id, *code)).or_insert(next);
        }
    }
    let mut out: Vec<Vec<usize>> = vec![Vec::new(); ids.iter().max().map_or(0, |m| *m as usize + 1)];
    for (row, id) in ids.iter().enumerate() {
        out[*id as usize].push(row);
    }
    Ok(out)
}

/// The size of the smallest class. Parts: `classes`, `largest`, `mean_size`, `unique_rows`, `rows_below`
/// (in classes of fewer than `small` rows), and the chances that an attacker finds a person: `prosecutor`
/// (someone known to be in the table, at worst), `marketer` (on average).
pub fn k_anonymity(quasi: &[Codes], small: usize) -> Measured {
    let sizes: Vec<usize> = classes(quasi)?.iter().map(Vec::len).collect();
    let n: usize = sizes.iter().sum();
    let k = sizes.iter().copied().min().unwrap_or(0);
    let below = |limit: usize| sizes.iter().filter(|s| **s < limit).sum::<usize>() as f64;
    Ok(Estimate::plain(k as f64, n)
        .with("classes", sizes.len() as f64)
        .with("largest", sizes.iter().copied().max().unwrap_or(0) as f64)
        .with("mean_size", n as f64 / sizes.len() as f64)
        .with("unique_rows", below(2))
        .with("rows_below", below(small))
        .with("prosecutor", 1.0 / k as f64)
        .with("marketer", sizes.len() as f64 / n as f64))
}

/// What is asked about the sensitive values of the classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// (alpha, k)-anonymity: the largest share that one value has in a class.
    Alpha,
    /// The smallest number of different values in a class (Machanavajjhala et al. 2007).
    Distinct,
    /// The smallest effective number of values, e to the entropy, rounded down.
    Entropy,
    /// The largest distance of a class from the table (Li et al. 2007): ordered for numbers, else equal.
    Closeness,
    /// Basic beta-likeness: the largest relative gain in confidence in a value (Cao and Karras 2012).
    Beta,
    /// Delta-disclosure: the largest absolute log ratio (Brickell and Shmatikov 2008).
    Delta,
}

/// Answers a question about every class and sensitive column; the worst one counts. Undefined without
/// rows, without quasi-identifiers and without sensitive columns.
pub fn sensitive(quasi: &[Codes], sensitive: &[Codes], question: Question) -> Measured {
    let classes = classes(quasi)?;
    let n: usize = classes.iter().map(Vec::len).sum();
    if sensitive.is_empty() {
        return Err(Undefined::new("there is no sensitive column"));
    }
    let mut worst: Option<f64> = None;
    for column in sensitive {
        checks::same_length(("sensitive values", column.codes.len()), ("rows", n))?;
        let width = column.codes.iter().max().map_or(0, |m| *m as usize + 1);
        let counted = |rows: &mut dyn Iterator<Item = usize>| {
            let mut counts = vec![0_usize; width];
            rows.for_each(|row| counts[column.codes[row] as usize] += 1);
            counts
        };
        let table = counted(&mut (0..n));
        // Values that the table has, in order; others are no part of the distance.
        let values: Vec<usize> = (0..width).filter(|v| table[*v] > 0).collect();
        let overall: Vec<f64> = values.iter().map(|v| table[*v] as f64 / n as f64).collect();
        for rows in &classes {
            let counts = counted(&mut rows.iter().copied());
            let shares: Vec<f64> = values.iter().map(|v| counts[*v] as f64 / rows.len() as f64).collect();
            let here = answer(&shares, &overall, question, column.ordered);
            let least = matches!(question, Question::Distinct | Question::Entropy);
            worst = Some(worst.map_or(here, |w| if least { w.min(here) } else { w.max(here) }));
        }
    }
    let value = worst.ok_or_else(|| Undefined::new("there are no classes"))?;
    Ok(match question {
        Question::Entropy => Estimate::plain(value.floor(), n).with("unrounded", value),
        _ => Estimate::plain(value, n),
    })
}

fn answer(shares: &[f64], overall: &[f64], question: Question, ordered: bool) -> f64 {
    let pairs = || shares.iter().copied().zip(overall.iter().copied());
    match question {
        Question::Alpha => shares.iter().copied().fold(0.0, f64::max),
        Question::Distinct => shares.iter().filter(|q| **q > 0.0).count() as f64,
        Question::Entropy => {
            let entropy = -shares.iter().filter(|q| **q > 0.0).map(|q| q * q.ln()).sum::<f64>();
            // As pyCANON takes the power: e to the log of 2 lies just below 2.
            std::f64::consts::E.powf(entropy)
        }
        Question::Closeness if ordered => {
            let mut carried = 0.0;
            let step = |(q, p): (f64, f64)| {
                carried += q - p;
                f64::abs(carried)
            };
            let work: f64 = pairs().map(step).sum();
            if shares.len() > 1 { work / (shares.len() - 1) as f64 } else { 0.0 }
        }
        Question::Closeness => pairs().map(|(q, p)| (q - p).abs()).sum::<f64>() / 2.0,
        Question::Beta => pairs().filter(|(q, p)| q > p).map(|(q, p)| (q - p) / p).fold(0.0, f64::max),
        Question::Delta => pairs().filter(|(q, _)| *q > 0.0).map(|(q, p)| (q / p).ln().abs()).fold(0.0, f64::max),
    }
}

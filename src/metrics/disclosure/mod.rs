//! What a table tells about the people in it: k-anonymity and its extensions.
//!
//! Rows equal in all quasi-identifiers form a class; a missing value is a value of its own. Follows the
//! definitions of pyCANON 1.3.

pub mod attacks;
mod classes;
pub mod outliers;
pub mod population;

pub use classes::{Codes, Keys};

use crate::eval::estimate::{Estimate, Measured, Undefined};
use crate::metrics::checks;
use classes::Count;

/// The size of the smallest class. Parts: `classes`, `largest`, `mean_size`, `unique_rows`, `rows_below`
/// (in classes of fewer than `small` rows), and the chances that an attacker finds a person: `prosecutor`
/// (someone known to be in the table, at worst), `marketer` (on average).
pub fn k_anonymity(quasi: &[Codes], small: usize) -> Measured {
    let keys = Keys::new(quasi)?;
    let n = keys.rows;
    let (mut k, mut largest, mut classes, mut unique, mut below) = (u32::MAX, 0, 0_u64, 0_u64, 0_u64);
    keys.sizes(|size| {
        (k, largest, classes) = (k.min(size), largest.max(size), classes + 1);
        unique += u64::from(size == 1);
        below += if (size as usize) < small { u64::from(size) } else { 0 };
    });
    Ok(Estimate::plain(f64::from(k), n)
        .with("classes", classes as f64)
        .with("largest", f64::from(largest))
        .with("mean_size", n as f64 / classes as f64)
        .with("unique_rows", unique as f64)
        .with("rows_below", below as f64)
        .with("prosecutor", 1.0 / f64::from(k))
        .with("marketer", classes as f64 / n as f64))
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
    let keys = Keys::new(quasi)?;
    let n = keys.rows;
    if sensitive.is_empty() {
        return Err(Undefined::new("there is no sensitive column"));
    }
    let least = matches!(question, Question::Distinct | Question::Entropy);
    let mut worst: Option<f64> = None;
    let mut hold = |here: f64| worst = Some(worst.map_or(here, |w| if least { w.min(here) } else { w.max(here) }));
    for column in sensitive {
        checks::same_length(("sensitive values", column.codes.len()), ("rows", n))?;
        let width = column.width();
        if question == Question::Distinct {
            classes::least_distinct(&keys, &column.codes, width).into_iter().for_each(|l| hold(l as f64));
            continue;
        }
        let table = Table::of(column, width);
        classes::values_by_class(&keys, &column.codes, width, |class| hold(answer(class, &table, question)));
    }
    let value = worst.ok_or_else(|| Undefined::new("there are no classes"))?;
    Ok(match question {
        Question::Entropy => Estimate::plain(value.floor(), n).with("unrounded", value),
        _ => Estimate::plain(value, n),
    })
}

/// The values of a sensitive column in the whole table; those that do not occur are no part of a distance.
struct Table {
    ordered: bool,
    /// Where a code stands among those that occur.
    place: Vec<usize>,
    shares: Vec<f64>,
    /// Sums of the shares up to and with each value, and the sums of those up to each value.
    carried: Vec<f64>,
    area: Vec<f64>,
}

impl Table {
    fn of(column: &Codes, width: u64) -> Table {
        let mut counts = vec![0_u32; width as usize];
        column.codes.iter().for_each(|c| counts[*c as usize] += 1);
        let mut out = Table {
            ordered: column.ordered,
            place: vec![0; counts.len()],
            shares: Vec::new(),
            carried: Vec::new(),
            area: vec![0.0],
        };
        let (mut carried, mut area) = (0.0, 0.0);
        for (place, count) in out.place.iter_mut().zip(&counts).filter(|(_, count)| **count > 0) {
            *place = out.shares.len();
            let share = f64::from(*count) / column.codes.len() as f64;
            carried += share;
            area += carried;
            out.shares.push(share);
            out.carried.push(carried);
            out.area.push(area);
        }
        out
    }

    /// Earth mover's distance over ranks of a class from the table, by the number of steps.
    fn moved(&self, class: &[(usize, f64)]) -> f64 {
        let mut work = 0.0;
        let mut here = 0.0;
        let stops = class.iter().map(|(at, _)| *at).chain([self.shares.len()]);
        let mut from = 0;
        for (i, to) in stops.enumerate() {
            // Between two values of the class its own sum stands still and the table's rises past it once.
            let past = from + self.carried[from..to].partition_point(|c| *c < here);
            work += here * (past - from) as f64 - (self.area[past] - self.area[from]);
            work += (self.area[to] - self.area[past]) - here * (to - past) as f64;
            from = to;
            here += class.get(i).map_or(0.0, |(_, share)| *share);
        }
        if self.shares.len() > 1 { work / (self.shares.len() - 1) as f64 } else { 0.0 }
    }
}

fn answer(class: &[Count], table: &Table, question: Question) -> f64 {
    let rows: u64 = class.iter().map(|c| u64::from(c.rows)).sum();
    let shares = || class.iter().map(|c| f64::from(c.rows) / rows as f64);
    let places = || class.iter().map(|c| table.place[c.value as usize]).zip(shares());
    let pairs = || places().map(|(at, q)| (q, table.shares[at]));
    match question {
        Question::Alpha => shares().fold(0.0, f64::max),
        Question::Distinct => class.len() as f64,
        Question::Entropy => {
            let entropy = -shares().map(|q| q * q.ln()).sum::<f64>();
            // As pyCANON takes the power: e to the log of 2 lies just below 2.
            std::f64::consts::E.powf(entropy)
        }
        Question::Closeness if table.ordered => table.moved(&places().collect::<Vec<_>>()),
        // Both sum to 1, so what is above on one side is below on the other.
        Question::Closeness => pairs().map(|(q, p)| (q - p).max(0.0)).sum(),
        Question::Beta => pairs().filter(|(q, p)| q > p).map(|(q, p)| (q - p) / p).fold(0.0, f64::max),
        Question::Delta => pairs().map(|(q, p)| (q / p).ln().abs()).fold(0.0, f64::max),
    }
}

#[cfg(test)]
mod tests;

//! Chances to find a person of a release among a population: k-map, prosecutor, journalist and marketer risk (El Emam
//! 2013, "Guide to the De-Identification of Personal Health Information", chapter 16; Sweeney 2002 for k-map).
//!
//! One table holds the population; `released` marks the rows of the release, which are part of it.

use super::Codes;
use super::classes::{Count, Keys, values_by_class};
use crate::eval::estimate::{Estimate, Measured, Undefined};
use crate::metrics::checks;

/// A class: its rows in the release and in the population.
struct Class {
    released: f64,
    population: f64,
}

/// The classes that have released rows.
fn classes(quasi: &[Codes], released: &[bool]) -> Result<Vec<Class>, Undefined> {
    let keys = Keys::new(quasi)?;
    checks::same_length(("flags", released.len()), ("rows", keys.rows))?;
    let flags: Vec<u32> = released.iter().map(|r| u32::from(*r)).collect();
    let mut out = Vec::new();
    values_by_class(&keys, &flags, 2, |class: &[Count]| {
        let rows = |wanted: u32| class.iter().filter(|c| c.value >= wanted).map(|c| f64::from(c.rows)).sum::<f64>();
        if rows(1) > 0.0 {
            out.push(Class { released: rows(1), population: rows(0) });
        }
    });
    if out.is_empty() {
        return Err(Undefined::new("there are no released rows"));
    }
    Ok(out)
}

fn total(classes: &[Class], of: impl Fn(&Class) -> f64) -> f64 {
    classes.iter().map(of).sum()
}

fn threshold_of(threshold: f64) -> Result<(), Undefined> {
    match threshold {
        t if (0.0..=1.0).contains(&t) => Ok(()),
        t => Err(Undefined::new(format!("the threshold is {t}, outside 0 to 1"))),
    }
}

/// k-map (Sweeney 2002): the smallest number of people in the population that a released row may be. Parts:
/// `rows_below` (released rows that fewer than `small` people may be), `classes`. Undefined without rows,
/// quasi-identifiers or released rows.
pub fn k_map(quasi: &[Codes], released: &[bool], small: usize) -> Measured {
    let classes = classes(quasi, released)?;
    let n = total(&classes, |c| c.released);
    let k = classes.iter().map(|c| c.population).fold(f64::INFINITY, f64::min);
    let below = total(&classes, |c| if c.population < small as f64 { c.released } else { 0.0 });
    Ok(Estimate::plain(k, n as usize).with("rows_below", below).with("classes", classes.len() as f64))
}

/// Prosecutor risk: the largest chance to pick the right row of someone who is known to be in the table (1 by the
/// smallest class). Parts: `mean` (over rows), `above` (share of rows whose chance is above `threshold`), `classes`.
pub fn prosecutor(quasi: &[Codes], threshold: f64) -> Measured {
    threshold_of(threshold)?;
    let keys = Keys::new(quasi)?;
    let mut sizes = Vec::new();
    keys.sizes(|size| sizes.push(size));
    let n = keys.rows as f64;
    let above: f64 = sizes.iter().map(|s| f64::from(*s)).filter(|s| 1.0 / s > threshold).sum();
    let least = sizes.iter().copied().min().map_or(f64::NAN, f64::from);
    Ok(Estimate::plain(1.0 / least, keys.rows)
        .with("mean", sizes.len() as f64 / n)
        .with("above", above / n)
        .with("classes", sizes.len() as f64))
}

/// Journalist risk: the largest chance to be right about someone who is looked up in the population (1 by the smallest
/// population class with released rows). Parts: `mean` (the larger of classes by their population, and the marketer's
/// share), `above` (share of released rows whose chance is above `threshold`).
pub fn journalist(quasi: &[Codes], released: &[bool], threshold: f64) -> Measured {
    threshold_of(threshold)?;
    let classes = classes(quasi, released)?;
    let n = total(&classes, |c| c.released);
    let least = classes.iter().map(|c| c.population).fold(f64::INFINITY, f64::min);
    let by_population = classes.len() as f64 / total(&classes, |c| c.population);
    let by_rows = total(&classes, |c| c.released / c.population) / n;
    let above = total(&classes, |c| if 1.0 / c.population > threshold { c.released } else { 0.0 });
    Ok(Estimate::plain(1.0 / least, n as usize).with("mean", by_population.max(by_rows)).with("above", above / n))
}

/// Marketer risk: the share of released rows that are right when each is matched to someone of its class in the
/// population at random.
pub fn marketer(quasi: &[Codes], released: &[bool]) -> Measured {
    let classes = classes(quasi, released)?;
    let n = total(&classes, |c| c.released);
    Ok(Estimate::plain(total(&classes, |c| c.released / c.population) / n, n as usize))
}

/// The share of rows that nobody else equals. Parts: `unique_rows`, `classes`.
pub fn uniqueness(quasi: &[Codes]) -> Measured {
    let keys = Keys::new(quasi)?;
    let (mut unique, mut classes) = (0_u64, 0_u64);
    keys.sizes(|size| {
        unique += u64::from(size == 1);
        classes += 1;
    });
    let out = Estimate::plain(unique as f64 / keys.rows as f64, keys.rows);
    Ok(out.with("unique_rows", unique as f64).with("classes", classes as f64))
}

//! Is what is missing in real rows missing in synthetic ones: rates by column, and one column given another.

use super::panel::{Entry, Tables};
use super::record::{Aim, MissingRate, MissingTogether};
use crate::data::frame::Frame;
use crate::eval::estimate::{Estimate, Interval, Measured, Undefined};
use crate::metrics::inference::{LEVEL, newcombe_difference};

/// Pairs of columns that a report lists at the most.
const MOST_LISTED: usize = 30;
/// Rows that must lack a column before another is looked at given it.
const LEAST_ROWS: usize = 20;

pub fn figures(tables: &Tables) -> Vec<Entry> {
    let (real, own) = (tables.train, tables.synthetic);
    let rates = real.columns.iter().filter_map(|c| {
        let (a, b) = (gone(real, &c.name), gone(own, &c.name));
        Some(Gap { says: format!("`{}`", c.name), real: (a?.len(), real.rows), own: (b?.len(), own.rows) })
    });
    let rates = worst(rates.filter(|g| g.real.0 + g.own.0 > 0).collect(), "no value is missing in either table");
    let together = worst(pairs(real, own), "no two columns are missing in enough real rows");
    vec![
        Entry::new("missing_rate_gap", "worst gap of a rate", Aim::Lower, rates),
        Entry::new("missing_together_gap", "worst gap, P(a | b missing)", Aim::Lower, together),
    ]
}

/// Two shares that should be equal.
struct Gap {
    says: String,
    real: (usize, usize),
    own: (usize, usize),
}

fn worst(gaps: Vec<Gap>, none: &str) -> Measured {
    let share = |(k, n): (usize, usize)| if n > 0 { k as f64 / n as f64 } else { 0.0 };
    let size = |g: &Gap| (share(g.real) - share(g.own)).abs();
    let mut worst: Option<&Gap> = None;
    for gap in &gaps {
        if worst.is_none_or(|w| size(gap) > size(w)) {
            worst = Some(gap);
        }
    }
    let gap = worst.ok_or_else(|| Undefined::new(none))?;
    let u = |n: usize| n as u64;
    let interval = newcombe_difference(u(gap.real.0), u(gap.real.1), u(gap.own.0), u(gap.own.1), LEVEL);
    // Folded, as an absolute difference.
    let interval = interval.map(|i| {
        let (lo, hi) = if share(gap.real) < share(gap.own) { (-i.hi, -i.lo) } else { (i.lo, i.hi) };
        Interval { lo: lo.max(0.0), hi: hi.max(-lo).min(1.0), ..i }
    });
    let says = format!("{}: real {:.3}, here {:.3}", gap.says, share(gap.real), share(gap.own));
    Ok(Estimate { interval, ..Estimate::plain(size(gap), gap.real.1 + gap.own.1) }.note(says))
}

/// The rows that lack a column.
fn gone(frame: &Frame, name: &str) -> Option<Vec<usize>> {
    let values = &frame.column(name)?.values;
    Some(values.iter().enumerate().filter(|(_, v)| v.is_nan()).map(|(r, _)| r).collect())
}

/// How often one column is missing where another is, for all ordered pairs of columns that enough real rows lack.
fn pairs(real: &Frame, own: &Frame) -> Vec<Gap> {
    let names: Vec<&str> = real
        .columns
        .iter()
        .filter(|c| c.values.iter().filter(|v| v.is_nan()).count() >= LEAST_ROWS)
        .map(|c| c.name.as_str())
        .collect();
    let both = |frame: &Frame, column: &str, given: &str| -> Option<(usize, usize)> {
        let rows = gone(frame, given)?;
        let values = &frame.column(column)?.values;
        Some((rows.iter().filter(|r| values.get(**r).is_some_and(|v| v.is_nan())).count(), rows.len()))
    };
    let mut out = Vec::new();
    for given in &names {
        for column in names.iter().filter(|c| *c != given) {
            if let (Some(a), Some(b)) = (both(real, column, given), both(own, column, given)) {
                out.push(Gap { says: format!("`{column}` given `{given}`"), real: a, own: b });
            }
        }
    }
    out
}

/// Rates of the columns that either table lacks, and the pairs that differ most.
pub fn details(train: &Frame, synthetic: &Frame) -> (Vec<MissingRate>, Vec<MissingTogether>) {
    let share = |k: usize, n: usize| (n > 0).then(|| k as f64 / n as f64);
    let rates = train.columns.iter().filter_map(|c| {
        let (a, b) = (gone(train, &c.name)?.len(), gone(synthetic, &c.name)?.len());
        let synthetic = share(b, synthetic.rows)?;
        (a + b > 0).then(|| MissingRate { column: c.name.clone(), real: share(a, train.rows), synthetic })
    });
    let mut together: Vec<MissingTogether> = pairs(train, synthetic)
        .into_iter()
        .filter_map(|g| {
            let (column, given) = g.says.split_once(" given ")?;
            let name = |quoted: &str| quoted.trim_matches('`').to_string();
            Some(MissingTogether {
                column: name(column),
                given: name(given),
                real: share(g.real.0, g.real.1),
                synthetic: share(g.own.0, g.own.1),
            })
        })
        .collect();
    let gap = |m: &MissingTogether| m.real.zip(m.synthetic).map_or(1.0, |(a, b)| (a - b).abs());
    together.sort_by(|a, b| gap(b).total_cmp(&gap(a)));
    together.truncate(MOST_LISTED);
    (rates.collect(), together)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{roles, table, tables};
    use super::*;

    #[test]
    fn a_pattern_that_fell_apart_is_found() {
        let (train, roles) = (table(500, 1), roles());
        let mut torn = table(500, 2);
        torn.columns.iter_mut().filter(|c| c.name == "bmi").for_each(|c| c.values.rotate_left(250));
        let value = |synthetic: &Frame, at: usize| {
            let tables = tables([&train, &train, synthetic], &roles);
            figures(&tables).remove(at).measured.unwrap()
        };
        assert!(value(&torn, 0).value < 0.1, "rates are kept");
        let worst = value(&torn, 1);
        assert!(worst.value > 0.5 && worst.interval.unwrap().lo > 0.3, "{:?}", worst.notes);
        assert_eq!(value(&train, 1).value, 0.0);
        let (rates, together) = details(&train, &torn);
        assert_eq!(rates.len(), 2);
        assert_eq!((together.len(), together[0].real), (2, Some(1.0)));
    }
}

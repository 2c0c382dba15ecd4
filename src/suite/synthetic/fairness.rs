//! Are groups treated as the real rows treat them: the gap of the label itself, and parity and odds of a classifier that
//! learned from the synthetic rows, over real hold-out rows.
//!
//! The classifier is a logistic regression; it selects as large a share of the hold-out rows as have the outcome.

use super::panel::{Entry, Tables};
use super::record::Aim;
use super::tables::codes;
use super::utility::predicted;
use crate::data::frame::Frame;
use crate::eval::estimate::{Measured, Undefined};
use crate::metrics::fairness;
use crate::metrics::fairness::rates::{Compare, Lone, Method, Odds, equalized_odds};

/// A figure of selections, outcomes, and groups as codes into names.
type Measure<'a> = dyn Fn(&[bool], &[bool], &[u32], &[String]) -> Measured + 'a;

pub fn figures(tables: &Tables) -> Vec<Entry> {
    let said = predicted("logistic", tables.synthetic, tables).map(|(p, y)| (selected(&p, &y), y));
    let mut out = Vec::new();
    for column in &tables.roles.protected {
        let gap = label_gap(tables.synthetic, column, tables);
        out.push(Entry::new(format!("label_gap({column})"), format!("label gap, {column}"), Aim::LikeReal, gap));
        let over = |measure: &Measure| {
            let (yhat, y) = said.clone()?;
            let groups = known_groups(tables.holdout, column, tables)?;
            let rows =
                || groups.codes.iter().zip(yhat.iter().zip(&y)).filter_map(|(c, (a, b))| Some((c.as_ref()?, a, b)));
            let picked: Vec<bool> = rows().map(|r| *r.1).collect();
            let truth: Vec<bool> = rows().map(|r| *r.2).collect();
            let own: Vec<u32> = rows().map(|r| *r.0).collect();
            measure(&picked, &truth, &own, &groups.levels)
        };
        let parity = over(&|yhat, _, codes, levels| fairness::dpd(yhat, codes, levels, tables.seed));
        let title = format!("parity difference, {column}");
        out.push(Entry::new(format!("dpd({column})"), title, Aim::Lower, parity));
        let odds = over(&|yhat, y, codes, levels| {
            let how = (Compare::Difference, Method::BetweenGroups, Lone::Refuse);
            equalized_odds(yhat, y, (codes, levels), how, Odds::WorstCase, None)
        });
        let title = format!("odds difference, {column}");
        out.push(Entry::new(format!("equalized_odds({column})"), title, Aim::Lower, odds));
    }
    out
}

/// As many of the highest scores as there are outcomes; ties with the last one are selected too.
fn selected(p: &[f64], y: &[bool]) -> Vec<bool> {
    let wanted = y.iter().filter(|y| **y).count();
    let mut falling = p.to_vec();
    falling.sort_unstable_by(|a, b| b.total_cmp(a));
    let limit = wanted.checked_sub(1).and_then(|at| falling.get(at)).copied().unwrap_or(f64::INFINITY);
    p.iter().map(|p| *p >= limit).collect()
}

struct Groups {
    /// A code for each row whose label is known; none where the group is not.
    codes: Vec<Option<u32>>,
    levels: Vec<String>,
}

fn known_groups(frame: &Frame, column: &str, tables: &Tables) -> Result<Groups, Undefined> {
    let label = label(frame, tables)?;
    let (groups, levels) = frame
        .column(column)
        .and_then(codes)
        .ok_or_else(|| Undefined::new(format!("`{column}` is no category that the generator makes")))?;
    let own = groups.iter().zip(&label).filter(|(_, l)| l.is_some()).map(|(g, _)| g.map(|g| g as u32));
    Ok(Groups { codes: own.collect(), levels: levels.to_vec() })
}

fn label(frame: &Frame, tables: &Tables) -> Result<Vec<Option<usize>>, Undefined> {
    let name = tables.roles.label.as_ref().ok_or_else(|| Undefined::new("the data has no label"))?;
    let found = frame.column(name).and_then(codes).map(|c| c.0);
    found.ok_or_else(|| Undefined::new(format!("the generator does not make the label `{name}`")))
}

/// The largest difference between groups of the share that has the outcome.
fn label_gap(frame: &Frame, column: &str, tables: &Tables) -> Measured {
    let groups = known_groups(frame, column, tables)?;
    let outcomes = label(frame, tables)?.into_iter().flatten().map(|l| l == 1);
    let rows: Vec<(u32, bool)> = groups.codes.iter().zip(outcomes).filter_map(|(c, y)| Some(((*c)?, y))).collect();
    let (codes, y): (Vec<u32>, Vec<bool>) = rows.into_iter().unzip();
    fairness::dpd(&y, &codes, &groups.levels, tables.seed)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{roles, table, tables};
    use super::*;

    #[test]
    fn a_gap_that_was_put_in_is_found_in_label_and_classifier() {
        let (train, holdout, roles) = (table(800, 1), table(800, 2), roles());
        let mut skewed = table(800, 3);
        let sex = skewed.columns.iter().find(|c| c.name == "sex").unwrap().values.clone();
        let died = skewed.columns.iter_mut().find(|c| c.name == "died").unwrap();
        died.values.iter_mut().zip(sex).filter(|(_, s)| *s == 1.0).for_each(|(d, _)| *d = 1.0);
        let figure = |synthetic: &Frame, name: &str| {
            let tables = tables([&train, &holdout, synthetic], &roles);
            figures(&tables).into_iter().find(|e| e.figure == name).unwrap().measured.unwrap().value
        };
        for name in ["label_gap(sex)", "dpd(sex)", "equalized_odds(sex)"] {
            assert!(figure(&skewed, name) > figure(&train, name) + 0.2, "{name}");
        }
    }

    #[test]
    fn as_many_are_selected_as_have_the_outcome() {
        assert_eq!(selected(&[0.1, 0.9, 0.5], &[true, false, false]), vec![false, true, false]);
        assert_eq!(selected(&[0.1, 0.9], &[false, false]), vec![false, false]);
    }
}

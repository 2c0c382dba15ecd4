//! Are all kinds of people still there, as often as before: every category, and every cell of the protected columns and
//! the label.
//!
//! The log disparity of a group is the log of its odds among synthetic rows by those among real rows (Bhanot et al.
//! 2021): 0 is right, 0.69 twice the odds. Half a row is added to each count, so that a lost group has a figure.

use super::panel::{Entry, Roles, Tables};
use super::record::{Aim, Subgroup};
use super::tables::codes;
use crate::data::frame::Frame;
use crate::eval::estimate::{Estimate, Interval, Measured, Undefined};
use crate::metrics::hypothesis::effects::odds_ratio;
use crate::metrics::inference::{LEVEL, wilson};

/// Groups that a report lists at the most: those with the largest disparity.
const MOST_LISTED: usize = 80;
/// Cells of protected columns that are looked at, at the most.
const MOST_CELLS: usize = 4_096;

pub fn figures(tables: &Tables) -> Vec<Entry> {
    let groups = compared(tables.train, tables.synthetic, tables.roles);
    let (levels, cells): (Vec<_>, Vec<_>) = groups.iter().partition(|g| !g.is_cell);
    vec![
        Entry::new("categories_kept", "categories kept", Aim::Higher, kept(&levels)),
        Entry::new("worst_category", "worst category, |log odds|", Aim::Lower, worst(&levels)),
        Entry::new("cells_kept", "protected cells kept", Aim::Higher, kept(&cells)),
        Entry::new("worst_cell", "worst cell, |log odds|", Aim::Lower, worst(&cells)),
    ]
}

/// A group and its rows in both tables.
struct Group {
    name: String,
    protected: bool,
    is_cell: bool,
    real: usize,
    synthetic: usize,
    rows: (usize, usize),
}

impl Group {
    fn disparity(&self) -> Measured {
        let cells = [
            self.synthetic as f64,
            (self.rows.1 - self.synthetic) as f64,
            self.real as f64,
            (self.rows.0 - self.real) as f64,
        ];
        let ratio = odds_ratio(cells, self.rows.0 + self.rows.1, 0.5, LEVEL)?;
        let interval = ratio.interval.map(|i| Interval { lo: i.lo.ln(), hi: i.hi.ln(), ..i });
        Ok(Estimate { interval, ..Estimate::plain(ratio.value.ln(), ratio.n) })
    }
}

/// Of the groups that real rows have, how many the synthetic rows have.
fn kept(groups: &[&Group]) -> Measured {
    let real = groups.iter().filter(|g| g.real > 0).count();
    if real == 0 {
        return Err(Undefined::new("the data has no such group"));
    }
    let lost: Vec<&str> = groups.iter().filter(|g| g.real > 0 && g.synthetic == 0).map(|g| g.name.as_str()).collect();
    let out = Estimate::plain((real - lost.len()) as f64 / real as f64, real);
    let shown = lost.iter().take(5).map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
    Ok(match lost.len() {
        0 => out,
        n if n > 5 => out.note(format!("lost: {shown} and {} more", n - 5)),
        _ => out.note(format!("lost: {shown}")),
    })
}

/// The group whose share changed most, by the log of odds.
fn worst(groups: &[&Group]) -> Measured {
    let mut worst: Option<(Estimate, &str)> = None;
    for group in groups.iter().filter(|g| g.real > 0) {
        let own = group.disparity()?;
        // Of two levels that make up a column, one is as much too rare as the other is too frequent.
        let weight = |v: f64| v.abs() + if v < 0.0 { 1e-9 } else { 0.0 };
        if worst.as_ref().is_none_or(|(w, _)| weight(own.value) > weight(w.value)) {
            worst = Some((own, &group.name));
        }
    }
    let (e, name) = worst.ok_or_else(|| Undefined::new("the data has no such group"))?;
    let flip = e.value < 0.0;
    let interval = e.interval.map(|i| if flip { Interval { lo: -i.hi, hi: -i.lo, ..i } } else { i });
    let says = format!("`{name}` is too {}", if flip { "rare" } else { "frequent" });
    Ok(Estimate { interval, ..Estimate::plain(e.value.abs(), e.n) }.note(says))
}

/// Every level of every category, and every cell of the protected columns, alone and with the label.
fn compared(real: &Frame, synthetic: &Frame, roles: &Roles) -> Vec<Group> {
    let rows = (real.rows, synthetic.rows);
    let mut out = Vec::new();
    for column in &real.columns {
        let (Some((a, levels)), Some((b, _))) = (codes(column), synthetic.column(&column.name).and_then(codes)) else {
            continue;
        };
        let (a, b) = (counted(&a, levels.len()), counted(&b, levels.len()));
        let protected = roles.protected.contains(&column.name);
        for ((level, real), synthetic) in levels.iter().zip(a).zip(b) {
            let name = format!("{} = {level}", column.name);
            out.push(Group { name, protected, is_cell: false, real, synthetic, rows });
        }
    }
    let several = roles.protected.len() > 1;
    let mut crossings: Vec<Vec<&String>> = Vec::new();
    if several {
        crossings.push(roles.protected.iter().collect());
    }
    if let (Some(label), false) = (&roles.label, roles.protected.is_empty()) {
        crossings.push(roles.protected.iter().chain([label]).collect());
    }
    for columns in crossings {
        out.extend(cells(real, synthetic, &columns, rows));
    }
    out
}

fn counted(codes: &[Option<usize>], levels: usize) -> Vec<usize> {
    let mut out = vec![0; levels];
    codes.iter().flatten().for_each(|c| out.get_mut(*c).into_iter().for_each(|n| *n += 1));
    out
}

/// Every combination of levels; none where a column is no category or there are too many.
fn cells(real: &Frame, synthetic: &Frame, columns: &[&String], rows: (usize, usize)) -> Vec<Group> {
    let mut sizes = Vec::new();
    for name in columns {
        let Some((_, levels)) = real.column(name).and_then(codes) else { return Vec::new() };
        sizes.push((name.as_str(), levels));
    }
    let total = sizes.iter().try_fold(1_usize, |n, (_, l)| n.checked_mul(l.len()).filter(|n| *n <= MOST_CELLS));
    let Some(total) = total else { return Vec::new() };
    let count = |frame: &Frame| -> Vec<usize> {
        let mut at = vec![Some(0_usize); frame.rows];
        for (name, levels) in &sizes {
            let own = frame.column(name).and_then(codes).map(|c| c.0).unwrap_or_else(|| vec![None; frame.rows]);
            at.iter_mut().zip(own).for_each(|(at, code)| *at = at.zip(code).map(|(at, code)| at * levels.len() + code));
        }
        counted(&at, total)
    };
    let name = |mut cell: usize| {
        let mut words: Vec<String> = Vec::new();
        for (name, levels) in sizes.iter().rev() {
            let level = levels.get(cell % levels.len()).map_or("", String::as_str);
            words.push(format!("{name} = {level}"));
            cell /= levels.len();
        }
        words.reverse();
        words.join(", ")
    };
    let counts = count(real).into_iter().zip(count(synthetic)).enumerate();
    counts
        .map(|(at, (real, synthetic))| Group { name: name(at), protected: true, is_cell: true, real, synthetic, rows })
        .collect()
}

/// The groups for the record: protected ones first, of these lost ones, then by disparity; those without real rows are left out.
pub fn details(train: &Frame, synthetic: &Frame, roles: &Roles) -> Vec<Subgroup> {
    let mut groups: Vec<(f64, Subgroup)> = compared(train, synthetic, roles)
        .into_iter()
        .filter(|g| g.real > 0)
        .map(|g| {
            let found = g.disparity().ok();
            let size = found.as_ref().map_or(0.0, |e| e.value.abs());
            let share = |k: usize, n: usize| if n > 0 { k as f64 / n as f64 } else { 0.0 };
            let record = Subgroup {
                real_rows: g.real.into(),
                real: Some(share(g.real, g.rows.0)),
                synthetic: share(g.synthetic, g.rows.1),
                log_disparity: found.as_ref().map(|e| e.value),
                interval: found.and_then(|e| e.interval),
                lost: g.synthetic == 0,
                protected: g.protected,
                name: g.name,
            };
            (size, record)
        })
        .collect();
    let rank = |g: &Subgroup| (g.protected, g.lost);
    groups.sort_by(|a, b| rank(&b.1).cmp(&rank(&a.1)).then(b.0.total_cmp(&a.0)));
    groups.into_iter().take(MOST_LISTED).map(|g| g.1).collect()
}

/// A share among synthetic rows with Wilson's interval.
pub fn share(hits: usize, rows: usize) -> Measured {
    if rows == 0 {
        return Err(Undefined::new("there are no rows"));
    }
    let interval = wilson(hits as u64, rows as u64, LEVEL);
    Ok(Estimate { interval, ..Estimate::plain(hits as f64 / rows as f64, rows) })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{roles, table, tables};
    use super::*;

    #[test]
    fn a_lost_group_is_named_and_weighs_most() {
        let (train, mut other, roles) = (table(400, 1), table(400, 2), roles());
        other.columns.iter_mut().filter(|c| c.name == "sex").for_each(|c| c.values.fill(0.0));
        let tables = tables([&train, &train, &other], &roles);
        let found = figures(&tables);
        let kept = found[0].measured.as_ref().unwrap();
        assert!(kept.value < 1.0 && kept.notes[0].contains("sex = M"), "{kept:?}");
        assert!(found[1].measured.as_ref().unwrap().notes[0].contains("sex = M"));
        let listed = details(&train, &other, &roles);
        let lost: Vec<&str> = listed.iter().filter(|g| g.lost).map(|g| g.name.as_str()).collect();
        assert_eq!(lost.len(), 3, "{lost:?}");
        assert!(listed[0].lost && listed[0].protected);
        assert!(listed.iter().any(|g| g.name == "sex = M, died = true"));
    }

    #[test]
    fn equal_tables_have_no_disparity() {
        let (train, roles) = (table(300, 1), roles());
        assert!(details(&train, &train, &roles).iter().all(|g| g.log_disparity == Some(0.0) && !g.lost));
    }
}

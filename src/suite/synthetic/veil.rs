//! What of a report is shown when its rows are patients: no count from 1 to 10, and no share that tells one.
//!
//! Of figures over real rows those that are shares with a small numerator or a small rest lose their value; figures by
//! group are shown where the counts of the whole column may be.

use super::Input;
use super::panel::Roles;
use super::record::{Figure, Line, SyntheticReport};
use super::tables::codes;
use crate::data::frame::Frame;
use crate::eval::count::Count;
use crate::policy::cells::{is_small, is_telling_share, one_way, tells};
use crate::policy::telling::WITHHELD;
use crate::synth::visits::{Record, Visits};

/// Figures that are shares of training rows, hold-out rows, or both.
const OF_TRAIN: [&str; 3] = ["membership_tpr_1", "membership_density_tpr_1", "outlier_membership_tpr_1"];

/// Takes out of the report what would tell a small count of patients.
pub fn cover(report: &mut SyntheticReport, input: &Input) {
    let rows = [input.train.rows, input.holdout.rows];
    if tells(input.holdout.rows, input.train.rows + input.holdout.rows) {
        for count in [&mut report.train_rows, &mut report.holdout_rows] {
            *count = Count::Withheld;
        }
    }
    for line in report.sections.iter_mut().flat_map(|s| &mut s.lines) {
        self::line(line, input);
    }
    match &input.records {
        None => subgroups(report, input.train),
        Some(all) => people(report, all.train, input.train),
    }
    missing(report, input.train);
    if let Some(d) = &mut report.distances {
        // Bars of few hold-out rows.
        let small = |share: &f64| is_small((share * rows[1] as f64).round() as usize);
        if d.holdout.iter().any(small) {
            d.holdout.clear();
        }
    }
}

fn line(line: &mut Line, input: &Input) {
    let train = input.train.rows;
    if line.figure == "exact_copies" {
        let held = input.records.map_or(input.holdout.rows, |r| r.holdout.records.len());
        hide_if(&mut line.ceiling, |v| is_telling_share(v, held / 2));
        return;
    }
    let figures = [&mut line.own, &mut line.ceiling].into_iter().chain(&mut line.floors);
    match line.figure.as_str() {
        name if OF_TRAIN.contains(&name) => {
            // The share is of the training rows, or of the outliers among them.
            let outliers = (super::attacks::OUTLIERS * train as f64).ceil() as usize;
            let n = if name.starts_with("outlier") { outliers } else { train };
            figures.for_each(|f| hide_if(f, |v| is_telling_share(v, n) || is_small(n)));
        }
        // Their notes name a group and its real share, and the interval tells how many rows it has.
        "missing_rate_gap" | "missing_together_gap" | "worst_cell" | "worst_category" => figures.for_each(|f| {
            f.notes.clear();
            f.interval = None;
        }),
        "categories_kept" | "cells_kept" => figures.for_each(|f| f.notes.clear()),
        name => {
            let column = name.split_once('(').map(|c| c.1.trim_end_matches(')'));
            if column.is_some_and(|c| small_groups(input, c)) {
                figures.for_each(withhold);
            }
        }
    }
}

fn withhold(figure: &mut Figure) {
    *figure = Figure::undefined(WITHHELD);
}

fn hide_if(figure: &mut Figure, tells: impl Fn(f64) -> bool) {
    if figure.value.is_some_and(tells) {
        withhold(figure);
    }
}

/// Whether a group of a protected column, or those of its rows that have or lack the outcome, are few in either part.
fn small_groups(input: &Input, column: &str) -> bool {
    [input.train, input.holdout].into_iter().any(|frame| {
        let Some((groups, levels)) = frame.column(column).and_then(codes) else { return true };
        let Roles { label: Some(label), .. } = input.roles else { return true };
        let Some((labels, _)) = frame.column(label).and_then(codes) else { return true };
        let count = |level: usize, outcome: usize| {
            groups.iter().zip(&labels).filter(|(g, l)| **g == Some(level) && **l == Some(outcome)).count()
        };
        (0..levels.len()).any(|level| (0..2).any(|outcome| is_small(count(level, outcome))))
    })
}

/// Groups in the way of the whole column: a small one is hidden with another that would tell it.
fn subgroups(report: &mut SyntheticReport, train: &Frame) {
    let crossing = |name: &str| -> String {
        name.split(", ").filter_map(|part| part.split_once(" = ")).map(|p| p.0).collect::<Vec<_>>().join(", ")
    };
    let mut crossings: Vec<String> = report.subgroups.iter().map(|g| crossing(&g.name)).collect();
    crossings.sort_unstable();
    crossings.dedup();
    for wanted in crossings {
        let own: Vec<usize> = (0..report.subgroups.len())
            .filter(|at| report.subgroups.get(*at).is_some_and(|g| crossing(&g.name) == wanted))
            .collect();
        let mut counts: Vec<usize> =
            own.iter().filter_map(|at| report.subgroups.get(*at)).map(|g| g.real_rows.shown().unwrap_or(0)).collect();
        counts.push(train.rows.saturating_sub(counts.iter().sum()));
        for (at, mark) in own.into_iter().zip(one_way(&counts)) {
            let Some(group) = report.subgroups.get_mut(at).filter(|_| !mark.is_shown()) else { continue };
            let few = group.real_rows.shown().is_some_and(is_small);
            group.real_rows = if few { Count::Few } else { Count::Withheld };
            (group.real, group.log_disparity, group.interval) = (None, None, None);
        }
    }
}

/// Groups of rows that are codes, by the people behind them: a code has many rows of few people. Counts of people with a code
/// do not add up to anything that would tell a hidden one; those of a label do.
fn people(report: &mut SyntheticReport, train: &Visits, rows: &Frame) {
    let code = rows.columns.first().map_or("", |c| c.name.as_str());
    for at in 0..train.labels.len() + 1 {
        let label = at.checked_sub(1).and_then(|l| train.labels.get(l));
        let (column, levels) = label.map_or((code, &train.codes), |l| (l.name.as_str(), &l.levels));
        let has = |record: &Record, level: usize| match at.checked_sub(1) {
            None => record.visits.iter().flatten().any(|c| *c as usize == level),
            Some(l) => record.labels.get(l).copied().flatten() == Some(level as u32),
        };
        let count = |level| train.records.iter().filter(|r| has(r, level)).count();
        let counts: Vec<usize> = (0..levels.len()).map(count).collect();
        let few: Vec<bool> = match label {
            None => counts.iter().map(|n| tells(*n, train.records.len())).collect(),
            Some(_) => {
                let rest = train.records.len().saturating_sub(counts.iter().sum());
                one_way(&[counts, vec![rest]].concat()).iter().map(|mark| !mark.is_shown()).collect()
            }
        };
        for (level, few) in levels.iter().zip(few) {
            let name = format!("{column} = {level}");
            for group in report.subgroups.iter_mut().filter(|g| few && g.name == name) {
                (group.real_rows, group.real) = (Count::Withheld, None);
                (group.log_disparity, group.interval) = (None, None);
            }
        }
    }
}

fn missing(report: &mut SyntheticReport, train: &Frame) {
    let gone = |name: &str| train.column(name).map_or(0, |c| c.values.iter().filter(|v| v.is_nan()).count());
    for rate in &mut report.missing {
        if tells(gone(&rate.column), train.rows) {
            rate.real = None;
        }
    }
    for pair in &mut report.missing_together {
        let n = gone(&pair.given);
        if tells(n, train.rows) || pair.real.is_some_and(|v| is_telling_share(v, n)) {
            pair.real = None;
        }
    }
}

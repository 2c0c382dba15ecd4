//! What of a unit is shown when its rows are patients: no count from 1 to 10, in a cell, a fold, a group, a bin or by
//! subtraction (`policy::cells`), and no figure that would tell one (`policy::telling`).

use super::evaluate::{Judged, UnitResult};
use super::result::{Body, ByGroup, Cell, Count, Distribution, MixEntry, Reliability};
use crate::check::Program;
use crate::check::dataset::Schema;
use crate::data::Column;
use crate::eval::estimate::Estimate;
use crate::eval::{Env, View};
use crate::policy::cells::{Mark, is_small, is_telling_share, one_way, tells, veiled};
use crate::policy::telling::{WITHHELD, count_as, gives_away, told};
use crate::syntax::ast::{Benchmark, Expr};
use arrow_array::UInt32Array;

/// Takes out of a unit what would tell a small count. `here` has the rows that the model spoke about.
pub fn protect(here: &Env, benchmark: &Benchmark, judged: &Judged, folds: usize, out: &mut UnitResult) {
    let silent: usize = judged.silent.iter().sum();
    let blurred = is_small(silent);
    let folds = Folds::new(judged, folds);
    for metric in &benchmark.metrics {
        let mut own: Vec<&mut Cell> = out.cells.iter_mut().filter(|c| c.metric == metric.text).collect();
        folds.metric(here, &metric.call, &mut own);
        for cell in own {
            let fold = cell.fold.parse::<usize>().ok().and_then(|f| f.checked_sub(1));
            let mark = fold.map_or(if blurred { Mark::Few } else { Mark::Shown }, |f| folds.silent(f));
            if blurred || !mark.is_shown() {
                blur(cell);
            }
            let missing = cell.missing.shown().unwrap_or(0);
            cell.missing =
                if blurred && fold.is_some() && missing > 0 { Count::Withheld } else { count_as(missing, mark) };
            if let Some(f) = fold
                && !folds.size(f).is_shown()
            {
                cell.n = count_as(folds.rows(f).len(), folds.size(f));
            }
        }
    }
    if blurred {
        // Their numbers of rows add up to that of the rows that the model spoke about.
        out.by_group.clear();
        out.reliability.clear();
        for c in out.policies.iter_mut().flat_map(|p| &mut p.constraints) {
            c.why = format!("{}; {WITHHELD}", c.verdict.word());
            (c.left, c.left_interval, c.right, c.n) = (None, None, c.threshold, Count::Withheld);
            c.witnesses.clear();
            c.tree = None;
        }
        return;
    }
    for bins in &mut out.reliability {
        reliability(bins);
    }
    for groups in &mut out.by_group {
        by_group(here, benchmark, &judged.asked, groups);
    }
}

/// Leaves of a figure what does not tell over how many rows it was taken: fewer digits, and no interval.
fn blur(cell: &mut Cell) {
    let rows = cell.n.shown().unwrap_or(1).max(1) as f64;
    let scale = 10f64.powi(rows.log10().floor() as i32);
    cell.value = cell.value.map(|v| (v * scale).round() / scale);
    (cell.interval, cell.noise_floor, cell.n) = (None, None, Count::Withheld);
    cell.parts.clear();
}

fn withhold(cell: &mut Cell) {
    (cell.value, cell.interval, cell.noise_floor, cell.n) = (None, None, None, Count::Withheld);
    cell.parts.clear();
    cell.undefined = Some(WITHHELD.into());
}

/// The estimate that a cell records.
fn estimate(cell: &Cell) -> Option<Estimate> {
    Some(Estimate {
        value: cell.value?,
        interval: cell.interval.clone(),
        n: cell.n.shown()?,
        noise_floor: cell.noise_floor,
        parts: cell.parts.clone(),
        notes: Vec::new(),
    })
}

/// The folds of a unit.
struct Folds {
    rows: Vec<Vec<u32>>,
    sizes: Vec<Mark>,
    silent: Vec<Mark>,
}

impl Folds {
    fn new(judged: &Judged, count: usize) -> Folds {
        let mut rows = vec![Vec::new(); count];
        for (row, fold) in judged.folds.iter().enumerate() {
            if let Some(own) = rows.get_mut(*fold) {
                own.push(row as u32);
            }
        }
        let silent: Vec<usize> = (0..count).map(|f| judged.silent.get(f).copied().unwrap_or(0)).collect();
        let asked: Vec<usize> = rows.iter().zip(&silent).map(|(r, s)| r.len() + s).collect();
        Folds { rows, sizes: one_way(&asked), silent: one_way(&silent) }
    }

    fn rows(&self, fold: usize) -> &[u32] {
        self.rows.get(fold).map_or(&[], Vec::as_slice)
    }

    fn size(&self, fold: usize) -> Mark {
        self.sizes.get(fold).copied().unwrap_or(Mark::Withheld)
    }

    fn silent(&self, fold: usize) -> Mark {
        self.silent.get(fold).copied().unwrap_or(Mark::Withheld)
    }

    /// Withholds the cells of a metric that tell a small count, by themselves or by what is left when the folds shown
    /// are taken from all.
    fn metric(&self, here: &Env, call: &Expr, cells: &mut [&mut Cell]) {
        let over = |folds: &[usize]| taken(here, call, folds.iter().flat_map(|f| self.rows(*f)).copied().collect());
        let mut hidden = vec![false; self.rows.len()];
        let mut all_hidden = false;
        for cell in cells.iter_mut() {
            let fold = cell.fold.parse::<usize>().ok().and_then(|f| f.checked_sub(1));
            let env = fold.map_or_else(|| here.clone(), |f| over(&[f]));
            let size_hidden = fold.is_some_and(|f| !self.size(f).is_shown());
            let shown = match estimate(cell) {
                _ if size_hidden => None,
                Some(estimate) => told(&env, call, estimate).ok(),
                // Why there is no figure may be about numbers of rows as well.
                None if has_number(cell) && gives_away(&env, call) => None,
                None => continue,
            };
            match (shown, fold) {
                (Some(estimate), _) => cell.parts = estimate.parts,
                (None, Some(f)) => hidden.get_mut(f).into_iter().for_each(|h| *h = true),
                (None, None) => all_hidden = true,
            }
        }
        let sizes: Vec<usize> = self.rows.iter().map(Vec::len).collect();
        let veil = veiled(&sizes, &hidden, |folds| gives_away(&over(folds), call));
        for cell in cells {
            let fold = cell.fold.parse::<usize>().ok().and_then(|f| f.checked_sub(1));
            if all_hidden || fold.is_some_and(|f| veil.get(f).copied().unwrap_or(true)) {
                withhold(cell);
            }
        }
    }
}

fn has_number(cell: &Cell) -> bool {
    cell.undefined.as_ref().is_some_and(|why| why.contains(|c: char| c.is_ascii_digit()))
}

/// The context over some of its rows, with what `call` reads.
fn taken<'a>(here: &Env<'a>, call: &Expr, mut rows: Vec<u32>) -> Env<'a> {
    rows.sort_unstable();
    let mut names = here.needed(call);
    names.extend(["p", "y", "yhat"].map(String::from));
    here.over(here.view.take(&UInt32Array::from(rows), &names))
}

/// Bins with few rows, or few of either outcome, are left out, and more until those left out tell nothing together.
fn reliability(curve: &mut Reliability) {
    let sizes: Vec<usize> = curve.bins.iter().map(|b| b.n).collect();
    let hits: Vec<usize> = curve.bins.iter().map(|b| (b.observed * b.n as f64).round() as usize).collect();
    let hidden: Vec<bool> = one_way(&sizes).iter().map(|m| !m.is_shown()).collect();
    let sum = |of: &[usize], bins: &[usize]| bins.iter().filter_map(|b| of.get(*b)).sum::<usize>();
    let veil = veiled(&sizes, &hidden, |bins| tells(sum(&hits, bins), sum(&sizes, bins)));
    let mut at = veil.into_iter();
    curve.bins.retain(|_| !at.next().unwrap_or(true));
}

/// The rows of each level of a column, and in the last place those without one.
fn by_level(view: &View, column: &str) -> Vec<Vec<u32>> {
    let Some(Column::Level(codes, levels)) = view.column(column) else { return Vec::new() };
    let mut out = vec![Vec::new(); levels.names.len() + 1];
    for (row, code) in codes.iter().enumerate() {
        let at = code.map_or(levels.names.len(), |c| c as usize);
        if let Some(rows) = out.get_mut(at) {
            rows.push(row as u32);
        }
    }
    out
}

fn by_group(here: &Env, benchmark: &Benchmark, asked: &View, groups: &mut ByGroup) {
    let rows = by_level(&here.view, &groups.column);
    let sizes: Vec<usize> = rows.iter().map(Vec::len).collect();
    let all: Vec<usize> = by_level(asked, &groups.column).iter().map(Vec::len).collect();
    let silent: Vec<usize> = all.iter().zip(&sizes).map(|(a, s)| a.saturating_sub(*s)).collect();
    let (marks, quiet) = (one_way(&all), one_way(&silent));
    let nameless: Vec<bool> = marks.iter().zip(&quiet).map(|(a, b)| !a.is_shown() || !b.is_shown()).collect();
    // A figure that leaves out some rows of its group tells how many.
    let tells_itself = |at: usize, n: usize| {
        groups.parts.get(at).is_some_and(|p| {
            p.n.shown().is_none_or(|own| tells(own, n)) || p.value.is_some_and(|v| is_telling_share(v, n))
        })
    };
    let hidden: Vec<bool> = sizes
        .iter()
        .enumerate()
        .map(|(at, n)| nameless.get(at).copied().unwrap_or(true) || tells_itself(at, *n))
        .collect();
    let call = benchmark.metrics.iter().find(|m| m.text == groups.metric).map(|m| &m.call);
    let picked: Vec<bool> = match here.view.column("yhat") {
        Some(Column::Bool(flags)) => flags.values().iter().collect(),
        _ => Vec::new(),
    };
    let veil = veiled(&sizes, &hidden, |levels| {
        let rows: Vec<u32> = levels.iter().filter_map(|l| rows.get(*l)).flatten().copied().collect();
        match call {
            Some(call) => gives_away(&taken(here, call, rows), call),
            None => tells(rows.iter().filter(|r| picked.get(**r as usize) == Some(&true)).count(), rows.len()),
        }
    });
    for (at, part) in groups.parts.iter_mut().enumerate() {
        let n = sizes.get(at).copied().unwrap_or(0);
        if n == 0 && nameless.get(at) == Some(&false) {
            continue;
        }
        if veil.get(at).copied().unwrap_or(true) {
            (part.value, part.interval) = (None, None);
        }
        let mark = marks.get(at).copied().unwrap_or(Mark::Withheld);
        if !mark.is_shown() {
            part.n = count_as(n, mark);
        } else if nameless.get(at).copied().unwrap_or(true) || part.n.shown().is_some_and(|own| tells(own, n)) {
            part.n = Count::Withheld;
        }
    }
}

/// The drawn mix of a scenario, column by column; rows without a level are what is left of the sum.
pub fn mix(entries: &mut [MixEntry], rows: usize) {
    let mut rest = entries;
    while let Some(first) = rest.first() {
        let column = first.column.clone();
        let end = rest.iter().take_while(|e| e.column == column).count();
        let (own, later) = rest.split_at_mut(end);
        let mut counts: Vec<usize> = own.iter().map(|e| e.n.shown().unwrap_or(0)).collect();
        counts.push(rows.saturating_sub(counts.iter().sum()));
        for (entry, mark) in own.iter_mut().zip(one_way(&counts)) {
            if !mark.is_shown() {
                entry.n = count_as(entry.n.shown().unwrap_or(0), mark);
                (entry.drawn, entry.declared) = (None, None);
            }
        }
        rest = later;
    }
}

/// A share of the rows as it may be shown.
pub fn share(hits: usize, rows: usize, share: f64) -> Option<f64> {
    (!tells(hits, rows)).then_some(share)
}

/// Of a dataset of patients its number of rows, or of rows of a scenario, is withheld where the two tell how few rows a
/// scenario leaves out.
pub fn left_out(program: &Program, body: &mut Body) {
    for data in &mut body.datasets {
        if !program.dataset(&data.name).is_some_and(is_phi) {
            continue;
        }
        let Some(rows) = data.rows.shown() else { continue };
        let drawn = body.scenarios.iter().filter_map(|s| s.rows.shown());
        if is_small(rows) {
            data.rows = Count::Few;
        } else if drawn.into_iter().any(|n| tells(n, rows)) {
            data.rows = Count::Withheld;
        }
    }
}

/// The bars of a column's real values: those of few patients are put together with their smaller neighbours (levels:
/// with the next smallest), and so are the synthetic ones beside them.
pub fn bars(d: &mut Distribution, mut counts: Vec<usize>, rows: usize) {
    let present: usize = counts.iter().sum();
    if tells(present, rows) {
        // How many values are missing stays unsaid, and with it how many there are.
        d.real_missing = None;
    }
    while let Some(small) = counts.iter().position(|n| is_small(*n)) {
        let is_category = d.edges.is_empty();
        let others = (0..counts.len()).filter(|at| *at != small && (is_category || at.abs_diff(small) == 1));
        let size = |at: &usize| (counts.get(*at) == Some(&0), counts.get(*at).copied());
        let Some(with) = others.min_by_key(size) else {
            // Nothing to put them together with: no bar is shown.
            (d.edges, d.levels, d.real, d.synthetic) = Default::default();
            return;
        };
        let (to, from) = (small.min(with), small.max(with));
        let moved = counts.remove(from);
        counts.get_mut(to).into_iter().for_each(|n| *n += moved);
        for shares in [&mut d.real, &mut d.synthetic] {
            if from < shares.len() {
                let moved = shares.remove(from);
                shares.get_mut(to).into_iter().for_each(|s| *s += moved);
            }
        }
        if is_category && from < d.levels.len() {
            let moved = d.levels.remove(from);
            d.levels.get_mut(to).into_iter().for_each(|name| *name = format!("{name}, {moved}"));
        } else if from < d.edges.len() {
            d.edges.remove(from);
        }
    }
}

/// Whether the rows of a dataset are patients'.
pub fn is_phi(schema: &Schema) -> bool {
    schema.label_of("") == crate::check::Sensitivity::Phi
}

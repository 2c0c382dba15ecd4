//! Which counts of a table may be shown when its rows are patients: small-cell suppression.
//!
//! The rule of CMS (cell size suppression policy, 2024-01-26): no count from 1 to 10 is shown, none can be worked out
//! from totals, and 0 may be shown. A small cell is primary; others are hidden along with it until whoever knows the
//! totals and every cell shown cannot tell that it is below 11, nor, when its mark says so, which number it is. The
//! possible values are exact: of a table with both margins they come from flows along the hidden cells (Cox 1995).

/// The smallest count that is shown, 0 apart.
pub const LEAST: usize = 11;

/// A count that would point at somebody.
pub fn is_small(n: usize) -> bool {
    (1..LEAST).contains(&n)
}

/// Whether `part` of `whole` rows tells a small count: its own, or that of the others.
pub fn tells(part: usize, whole: usize) -> bool {
    is_small(part) || whole.checked_sub(part).is_some_and(is_small)
}

/// Whether `value`, read as a share of `n` rows, has a small numerator or leaves a small rest.
pub fn is_telling_share(value: f64, n: usize) -> bool {
    let hits = value * n as f64;
    let whole = hits.round();
    (0.0..=1.0).contains(&value) && (hits - whole).abs() < 1e-6 && tells(whole as usize, n)
}

/// What becomes of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Shown,
    /// Hidden, and said to be small.
    Few,
    /// Hidden; nothing is said of it.
    Withheld,
}

impl Mark {
    pub fn is_shown(self) -> bool {
        self == Mark::Shown
    }

    /// From where to where a cell can lie for whoever knows its mark. Zeros are never hidden.
    fn bounds(self) -> (u64, u64) {
        match self {
            Mark::Few => (1, LEAST as u64 - 1),
            _ => (LEAST as u64, FAR),
        }
    }
}

/// Beyond any count of a table.
const FAR: u64 = 1 << 48;

/// The marks of a list of counts whose sum is known.
///
/// A sum that is small itself cannot be protected here: every cell is hidden then, and the sum must be hidden too.
pub fn one_way(counts: &[usize]) -> Vec<Mark> {
    let hide = |marks: &[Mark], open: bool| {
        let hidden = || counts.iter().zip(marks).filter(|(_, m)| !m.is_shown());
        let total: u64 = hidden().map(|(n, _)| *n as u64).sum();
        let bounds = |mark: Mark| if open { (0, FAR) } else { mark.bounds() };
        let (lows, highs) = hidden().fold((0, 0), |(lo, hi), (_, m)| (lo + bounds(*m).0, hi + bounds(*m).1));
        let at_risk = |(_, mark): &(usize, &Mark)| {
            let (lo, hi) = bounds(**mark);
            let low = total.saturating_sub(highs - hi).max(lo);
            let high = total.saturating_sub(lows - lo).min(hi);
            !is_wide(low, high, open)
        };
        let small = marks.iter().enumerate().filter(|(at, _)| counts.get(*at).copied().is_some_and(is_small));
        small.clone().find(at_risk).map(|(at, _)| at)
    };
    let start = counts.iter().map(|n| if is_small(*n) { Mark::Few } else { Mark::Shown }).collect();
    settle(counts, start, hide, |_, _| 0)
}

/// Tables of more cells are shown whole or, apart from zeros, not at all: to choose would take too long.
const MOST_CELLS: usize = 1000;

/// The marks of a table whose row and column sums are known; `rows` are equally long. Sums are shown as [`one_way`]
/// says: where some are hidden, their own sum is known all the same. Nothing where zeros, which are shown, give a small
/// cell away whatever else is hidden: then no cell may be shown.
pub fn two_way(rows: &[Vec<usize>]) -> Option<Vec<Vec<Mark>>> {
    let wide = rows.iter().map(Vec::len).max().unwrap_or(0);
    let cell = |row: &Vec<usize>, c: usize| row.get(c).copied().unwrap_or(0);
    let counts: Vec<usize> = rows.iter().flat_map(|r| (0..wide).map(|c| cell(r, c))).collect();
    let start: Vec<Mark> = counts.iter().map(|n| if is_small(*n) { Mark::Few } else { Mark::Shown }).collect();
    if counts.len() > MOST_CELLS && start.contains(&Mark::Few) {
        let all = |n: &usize| if *n == 0 { Mark::Shown } else { Mark::Withheld };
        return Some(rows.iter().map(|r| r.iter().map(all).collect()).collect());
    }
    let open_rows = hidden_sums(rows.iter().map(|r| r.iter().sum()));
    let open_columns = hidden_sums((0..wide).map(|c| rows.iter().map(|r| cell(r, c)).sum()));
    let hide = |marks: &[Mark], open: bool| {
        let mut small = counts.iter().enumerate().filter(|(_, n)| is_small(**n)).map(|(at, _)| at);
        small.find(|at| {
            let flow = Flow::new(&counts, marks, wide, open).with_open(&open_rows, &open_columns);
            let (low, high) = flow.range(at + at / wide.max(1));
            !is_wide(low, high, open)
        })
    };
    // A cell helps most where its row or its column has one hidden cell, which the margin gives away.
    let lonely = |marks: &[Mark], at: usize| {
        let alone = |line: &dyn Fn(usize) -> usize| {
            marks.iter().enumerate().filter(|(b, m)| !m.is_shown() && line(*b) == line(at)).count() == 1
        };
        usize::from(alone(&|b| b / wide.max(1))) + usize::from(alone(&|b| b % wide.max(1)))
    };
    let marks = settle(&counts, start, hide, lonely);
    hide(&marks, true).is_none().then(|| marks.chunks(wide.max(1)).map(<[Mark]>::to_vec).collect())
}

fn hidden_sums(sums: impl Iterator<Item = usize>) -> Vec<bool> {
    one_way(&sums.collect::<Vec<usize>>()).iter().map(|m| !m.is_shown()).collect()
}

/// Whether little enough can be worked out of a small cell. `open`: from sums alone, it might be no small one; else its
/// mark says that it is, and it must not be the only value that fits.
fn is_wide(low: u64, high: u64, open: bool) -> bool {
    if open { low < LEAST as u64 && high >= LEAST as u64 } else { low < high }
}

/// Hides more cells, those that `help` most and of these the smallest first, until `at_risk` finds none.
fn settle(
    counts: &[usize],
    mut marks: Vec<Mark>,
    at_risk: impl Fn(&[Mark], bool) -> Option<usize>,
    help: impl Fn(&[Mark], usize) -> usize,
) -> Vec<Mark> {
    while at_risk(&marks, true).or_else(|| at_risk(&marks, false)).is_some() {
        let next = (0..counts.len())
            .filter(|at| marks.get(*at).is_some_and(|m| m.is_shown()) && counts.get(*at).is_some_and(|n| *n > 0))
            .min_by_key(|at| (std::cmp::Reverse(help(&marks, *at)), counts.get(*at).copied()));
        match next.and_then(|at| marks.get_mut(at)) {
            Some(mark) => *mark = Mark::Withheld,
            None => {
                // Nothing is left to hide: then the marks must not say which cells are the small ones.
                marks.iter_mut().filter(|m| !m.is_shown()).for_each(|m| *m = Mark::Withheld);
                break;
            }
        }
    }
    marks
}

/// A table as a flow from rows to columns: what a hidden cell gains, others of its row and column lose. A further row
/// and column stand for what is not known of hidden sums.
struct Flow {
    hidden: Vec<bool>,
    values: Vec<u64>,
    bounds: Vec<(u64, u64)>,
    wide: usize,
}

impl Flow {
    fn new(counts: &[usize], marks: &[Mark], wide: usize, open: bool) -> Flow {
        let bounds = |mark: &Mark| if open { (0, FAR) } else { mark.bounds() };
        let mut out = Flow { hidden: Vec::new(), values: Vec::new(), bounds: Vec::new(), wide: wide + 1 };
        for (at, (n, mark)) in counts.iter().zip(marks).enumerate() {
            out.push(!mark.is_shown(), *n as u64, bounds(mark));
            if at % wide == wide - 1 {
                out.push(false, 0, (0, 0));
            }
        }
        (0..=wide).for_each(|_| out.push(false, 0, (0, 0)));
        out
    }

    fn push(&mut self, hidden: bool, value: u64, bounds: (u64, u64)) {
        self.hidden.push(hidden);
        self.values.push(value);
        self.bounds.push(bounds);
    }

    /// Lets the sums of these rows and columns be anything that keeps the sum of all such.
    fn with_open(mut self, rows: &[bool], columns: &[bool]) -> Flow {
        let wide = self.wide;
        let of_rows = rows.iter().enumerate().filter(|(_, o)| **o).map(|(row, _)| row * wide + wide - 1);
        let of_columns = columns.iter().enumerate().filter(|(_, o)| **o).map(|(column, _)| rows.len() * wide + column);
        for at in of_rows.chain(of_columns).collect::<Vec<usize>>() {
            self.hidden.get_mut(at).into_iter().for_each(|h| *h = true);
            self.values.get_mut(at).into_iter().for_each(|v| *v = FAR / 2);
            self.bounds.get_mut(at).into_iter().for_each(|b| *b = (0, FAR));
        }
        self
    }

    /// The smallest and the largest value that the cell can have.
    fn range(self, cell: usize) -> (u64, u64) {
        let (lo, hi) = self.bounds.get(cell).copied().unwrap_or_default();
        let now = self.values.get(cell).copied().unwrap_or(0);
        let same =
            Flow { hidden: self.hidden.clone(), values: self.values.clone(), bounds: self.bounds.clone(), ..self };
        let down = same.moved(cell, now - lo.min(now), false);
        (now - down, now + self.moved(cell, hi.saturating_sub(now), true))
    }

    /// By how much the cell can be moved up or down, `most` at most.
    fn moved(mut self, cell: usize, most: u64, up: bool) -> u64 {
        let mut total = 0;
        while total < most {
            let Some(path) = self.path(cell, up) else { break };
            // The path has the cells that lose and gain in turn, beginning beside the cell.
            let room = path.iter().map(|(at, gains)| self.room(*at, *gains)).min().unwrap_or(0).min(most - total);
            for (at, gains) in path {
                if let Some(value) = self.values.get_mut(at) {
                    *value = if gains { *value + room } else { *value - room };
                }
            }
            total += room;
        }
        total
    }

    fn room(&self, at: usize, gains: bool) -> u64 {
        let (lo, hi) = self.bounds.get(at).copied().unwrap_or_default();
        let value = self.values.get(at).copied().unwrap_or(0);
        if gains { hi.saturating_sub(value) } else { value.saturating_sub(lo) }
    }

    /// A chain of hidden cells from the column of `cell` back to its row that makes up for what it gains (`up`) or loses.
    fn path(&self, cell: usize, up: bool) -> Option<Vec<(usize, bool)>> {
        let height = self.hidden.len() / self.wide.max(1);
        let (row, column) = (cell / self.wide, cell % self.wide);
        // How each row was reached: from a column, by way of a cell; and each column.
        let mut rows: Vec<Option<usize>> = vec![None; height];
        let mut columns: Vec<Option<usize>> = vec![None; self.wide];
        let mut open = vec![(false, column)];
        let usable =
            |at: usize, gains: bool| at != cell && self.hidden.get(at) == Some(&true) && self.room(at, gains) > 0;
        while let Some((is_row, line)) = open.pop() {
            if is_row && line == row {
                break;
            }
            let steps = if is_row { self.wide } else { height };
            for other in 0..steps {
                // From a column a cell gives up what `cell` gained there; from a row one takes it on.
                let at = if is_row { line * self.wide + other } else { other * self.wide + line };
                let gains = if is_row { up } else { !up };
                let slot = if is_row { columns.get_mut(other) } else { rows.get_mut(other) };
                let is_start = is_row && other == column;
                if let Some(slot @ None) = slot
                    && !is_start
                    && usable(at, gains)
                {
                    *slot = Some(at);
                    open.push((!is_row, other));
                }
            }
        }
        let mut out = Vec::new();
        let mut here = row;
        loop {
            let at = rows.get(here).copied().flatten()?;
            out.push((at, !up));
            let from = at % self.wide;
            if from == column {
                return Some(out);
            }
            let at = columns.get(from).copied().flatten()?;
            out.push((at, up));
            here = at / self.wide;
        }
    }
}

/// Which groups stay without a figure: those that are `hidden` anyhow, those whose own figure `tells`, and more of the
/// smallest until what is left when all shown figures are taken from that of all rows tells nothing either.
pub fn veiled(sizes: &[usize], hidden: &[bool], mut tells: impl FnMut(&[usize]) -> bool) -> Vec<bool> {
    let is_hidden = |at: usize| hidden.get(at).copied().unwrap_or(false);
    let mut veiled: Vec<usize> = sizes
        .iter()
        .enumerate()
        .filter(|(at, n)| **n > 0 && (is_hidden(*at) || tells(&[*at])))
        .map(|(at, _)| at)
        .collect();
    while !veiled.is_empty() && (veiled.len() < 2 || tells(&veiled)) {
        let rest = sizes.iter().enumerate().filter(|(at, n)| **n > 0 && !veiled.contains(at));
        match rest.min_by_key(|(_, n)| **n) {
            Some((at, _)) => veiled.push(at),
            None => break,
        }
    }
    (0..sizes.len()).map(|at| veiled.contains(&at)).collect()
}

#[cfg(test)]
#[path = "cells_tests.rs"]
mod tests;

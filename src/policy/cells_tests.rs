//! Suppression against every table that fits what is shown.

use super::*;

/// A plain congruential stream: the tests need variety, not quality.
struct Stream(u64);

impl Stream {
    fn below(&mut self, n: u64) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % n) as usize
    }

    fn count(&mut self) -> usize {
        match self.below(4) {
            0 => 0,
            1 => 1 + self.below(10),
            2 => 11 + self.below(4),
            _ => 11 + self.below(30),
        }
    }
}

/// The least and the most of each cell over all tables with the same shown cells and sums, by enumeration.
fn possible(rows: &[Vec<usize>], marks: &[Vec<Mark>], columns_too: bool, by_mark: bool) -> Vec<(usize, usize)> {
    let wide = rows[0].len();
    let flat: Vec<usize> = rows.concat();
    let marks: Vec<Mark> = marks.concat();
    let mut left: Vec<i64> = rows.iter().map(|r| r.iter().sum::<usize>() as i64).collect();
    let mut down: Vec<i64> = (0..wide).map(|c| rows.iter().map(|r| r[c]).sum::<usize>() as i64).collect();
    for (at, n) in flat.iter().enumerate().filter(|(at, _)| marks[*at].is_shown()) {
        left[at / wide] -= *n as i64;
        down[at % wide] -= *n as i64;
    }
    let hidden: Vec<usize> = (0..flat.len()).filter(|at| !marks[*at].is_shown()).collect();
    let mut out = vec![(usize::MAX, 0); flat.len()];
    let mut now = vec![0usize; hidden.len()];
    fn go(
        at: usize,
        hidden: &[usize],
        now: &mut Vec<usize>,
        (left, down): (&mut Vec<i64>, &mut Vec<i64>),
        (wide, columns_too): (usize, bool),
        limits: &dyn Fn(usize) -> (i64, i64),
        out: &mut Vec<(usize, usize)>,
    ) {
        let Some(cell) = hidden.get(at).copied() else {
            if left.iter().all(|l| *l == 0) && (!columns_too || down.iter().all(|d| *d == 0)) {
                for (cell, n) in hidden.iter().zip(now.iter()) {
                    out[*cell] = (out[*cell].0.min(*n), out[*cell].1.max(*n));
                }
            }
            return;
        };
        let (row, column) = (cell / wide, cell % wide);
        let most = if columns_too { left[row].min(down[column]) } else { left[row] };
        let (lo, hi) = limits(cell);
        let is_last_of_row = !hidden[at + 1..].iter().any(|c| c / wide == row);
        let values = if is_last_of_row { left[row].max(lo)..=most.min(hi) } else { lo..=most.min(hi) };
        for n in values {
            left[row] -= n;
            down[column] -= n;
            now[at] = n as usize;
            go(at + 1, hidden, now, (left, down), (wide, columns_too), limits, out);
            left[row] += n;
            down[column] += n;
        }
    }
    let limits = |cell: usize| match (by_mark, marks[cell]) {
        (false, _) => (0, i64::MAX),
        (true, Mark::Few) => (1, 10),
        (true, _) => (11, i64::MAX),
    };
    go(0, &hidden, &mut now, (&mut left, &mut down), (wide, columns_too), &limits, &mut out);
    out
}

/// Whether some hidden cell can be worked out too well.
fn holds(rows: &[Vec<usize>], marks: &[Vec<Mark>], columns_too: bool) {
    let flat: Vec<Mark> = marks.concat();
    let counts: Vec<usize> = rows.concat();
    for (n, mark) in counts.iter().zip(&flat) {
        assert!(!is_small(*n) || !mark.is_shown(), "{rows:?} {marks:?}");
        assert!(*n > 0 || mark.is_shown(), "a zero is hidden in {rows:?}");
        assert!(*mark != Mark::Few || is_small(*n));
    }
    let says_which = flat.contains(&Mark::Few);
    let open = possible(rows, marks, columns_too, false);
    let told = possible(rows, marks, columns_too, says_which);
    for (at, mark) in flat.iter().enumerate().filter(|(at, _)| is_small(counts[*at])) {
        let (lo, hi) = open[at];
        assert!(lo < 11 && hi > 10, "{mark:?} cell {at} of {rows:?} lies in {lo}..{hi}: {marks:?}");
        if says_which {
            assert!(told[at].0 < told[at].1, "cell {at} of {rows:?} is {:?}: {marks:?}", told[at]);
        }
    }
}

#[test]
fn a_list_with_a_known_sum_gives_no_small_count_away() {
    let mut stream = Stream(7);
    let mut hidden = 0;
    for _ in 0..3000 {
        let counts: Vec<usize> = (0..2 + stream.below(4)).map(|_| stream.count()).collect();
        let marks = one_way(&counts);
        hidden += marks.iter().filter(|m| !m.is_shown()).count();
        if counts.iter().sum::<usize>() >= LEAST {
            holds(&[counts], &[marks], false);
        }
    }
    assert!(hidden > 1000);
}

#[test]
fn a_table_with_known_margins_gives_no_small_count_away() {
    let mut stream = Stream(11);
    let (mut hidden, mut tried) = (0, 0);
    for _ in 0..600 {
        let (tall, wide) = (2 + stream.below(2), 2 + stream.below(2));
        let rows: Vec<Vec<usize>> = (0..tall).map(|_| (0..wide).map(|_| stream.count()).collect()).collect();
        let column = |c: usize| rows.iter().map(|r| r[c]).sum::<usize>();
        // A small margin cannot be protected by hiding cells.
        if rows.iter().any(|r| is_small(r.iter().sum())) || (0..wide).any(|c| is_small(column(c))) {
            continue;
        }
        // A lone cell beside zeros is its margin.
        let lone = rows.iter().any(|r| r.iter().filter(|n| **n > 0).count() == 1)
            || (0..wide).any(|c| rows.iter().filter(|r| r[c] > 0).count() == 1);
        if lone {
            continue;
        }
        tried += 1;
        let marks = two_way(&rows);
        hidden += marks.concat().iter().filter(|m| !m.is_shown()).count();
        holds(&rows, &marks, true);
    }
    assert!(tried > 100 && hidden > 500, "{tried} {hidden}");
}

#[test]
fn what_is_not_small_is_shown() {
    assert!(one_way(&[0, 11, 12, 400]).iter().all(|m| m.is_shown()));
    assert_eq!(one_way(&[3, 40, 50]), [Mark::Few, Mark::Withheld, Mark::Shown]);
    // Three and four are seven together, so that a third cell is needed.
    assert_eq!(one_way(&[3, 4, 50, 60]), [Mark::Few, Mark::Few, Mark::Withheld, Mark::Shown]);
    // Twice ten cannot be told from the sum when nothing says that both are small.
    assert_eq!(one_way(&[10, 10]), [Mark::Withheld; 2]);
    // Beside a cell of eleven, said to be no small one, one could only be one.
    assert_eq!(one_way(&[1, 11, 30, 0]), [Mark::Few, Mark::Withheld, Mark::Withheld, Mark::Shown]);
    let rows = [vec![3, 40, 50], vec![60, 70, 80], vec![90, 95, 99]];
    let marks = two_way(&rows);
    let lines = |marks: &[Vec<Mark>]| marks.iter().map(|r| r.iter().filter(|m| !m.is_shown()).count()).collect::<Vec<_>>();
    assert_eq!(lines(&marks), [2, 2, 0]);
}

#[test]
fn shares_are_read_back() {
    assert!(is_telling_share(3.0 / 50.0, 50) && is_telling_share(47.0 / 50.0, 50));
    assert!(!is_telling_share(0.0, 50) && !is_telling_share(1.0, 50) && !is_telling_share(0.5, 50));
    assert!(!is_telling_share(0.061, 50) && !is_telling_share(1.3, 50));
}

#[test]
fn a_veil_grows_until_the_rest_tells_nothing() {
    // Cases of each group; the figure tells when it rests on few cases.
    let (sizes, cases) = ([100, 200, 50, 60], [3, 40, 20, 4]);
    let tells = |groups: &[usize]| is_small(groups.iter().map(|g| cases[*g]).sum());
    assert_eq!(veiled(&sizes, &[false; 4], tells), [true, false, true, true]);
    assert_eq!(veiled(&sizes, &[false; 4], |_| false), [false; 4]);
    assert_eq!(veiled(&sizes, &[false, false, true, false], |_| false), [false, false, true, true]);
}

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

/// What is known of a table: its sums, as far as they are shown, and what stands where.
struct Known<'a> {
    wide: usize,
    hidden: Vec<usize>,
    marks: &'a [Mark],
    /// What is left of each row, each column and the whole for hidden cells; none where the sum is hidden.
    rows: Vec<Option<i64>>,
    columns: Vec<Option<i64>>,
    whole: i64,
    by_mark: bool,
    out: Vec<(usize, usize)>,
    tried: u64,
}

impl Known<'_> {
    fn go(&mut self, at: usize, now: &mut Vec<usize>) {
        self.tried += 1;
        let Some(cell) = self.hidden.get(at).copied() else {
            let lines = self.rows.iter().chain(&self.columns);
            if self.whole == 0 && lines.flatten().all(|l| *l == 0) {
                for (cell, n) in self.hidden.iter().zip(now.iter()) {
                    self.out[*cell] = (self.out[*cell].0.min(*n), self.out[*cell].1.max(*n));
                }
            }
            return;
        };
        if self.tried > 3_000_000 {
            return;
        }
        let (row, column) = (cell / self.wide, cell % self.wide);
        let most = [self.rows[row], self.columns[column], Some(self.whole)].into_iter().flatten().min().unwrap();
        let (lo, hi) = match (self.by_mark, self.marks[cell]) {
            (false, _) => (0, i64::MAX),
            (true, Mark::Few) => (1, 10),
            (true, _) => (11, i64::MAX),
        };
        let rest = &self.hidden[at + 1..];
        let fixed = [
            self.rows[row].filter(|_| !rest.iter().any(|c| c / self.wide == row)),
            self.columns[column].filter(|_| !rest.iter().any(|c| c % self.wide == column)),
            Some(self.whole).filter(|_| rest.is_empty()),
        ];
        let low = fixed.into_iter().flatten().fold(lo, i64::max);
        for n in low..=most.min(hi) {
            let mut take = |by: i64| {
                for line in [&mut self.rows[row], &mut self.columns[column]].into_iter().flatten() {
                    *line -= by;
                }
                self.whole -= by;
            };
            take(n);
            now[at] = n as usize;
            self.go(at + 1, now);
            let mut back = |by: i64| {
                for line in [&mut self.rows[row], &mut self.columns[column]].into_iter().flatten() {
                    *line += by;
                }
                self.whole += by;
            };
            back(n);
        }
    }
}

/// The least and the most of each cell over all tables with the same shown cells and sums, by enumeration; nothing when
/// there are too many.
fn possible(rows: &[Vec<usize>], marks: &[Vec<Mark>], margins: bool, by_mark: bool) -> Option<Vec<(usize, usize)>> {
    let wide = rows[0].len();
    let flat: Vec<usize> = rows.concat();
    let marks: Vec<Mark> = marks.concat();
    let hidden: Vec<usize> = (0..flat.len()).filter(|at| !marks[*at].is_shown()).collect();
    let sum =
        |keep: &dyn Fn(usize) -> bool| hidden.iter().filter(|at| keep(**at)).map(|at| flat[*at]).sum::<usize>() as i64;
    let shown = |sums: Vec<usize>| one_way(&sums).iter().map(|m| margins && m.is_shown()).collect::<Vec<bool>>();
    let row_shown = shown(rows.iter().map(|r| r.iter().sum()).collect());
    let column_shown = shown((0..wide).map(|c| rows.iter().map(|r| r[c]).sum()).collect());
    let mut known = Known {
        wide,
        marks: &marks,
        rows: row_shown.iter().enumerate().map(|(r, s)| s.then(|| sum(&|at| at / wide == r))).collect(),
        columns: column_shown.iter().enumerate().map(|(c, s)| s.then(|| sum(&|at| at % wide == c))).collect(),
        whole: sum(&|_| true),
        by_mark,
        out: vec![(usize::MAX, 0); flat.len()],
        tried: 0,
        hidden,
    };
    let mut now = vec![0; known.hidden.len()];
    known.go(0, &mut now);
    (known.tried <= 3_000_000).then_some(known.out)
}

/// Fails when a small cell can be worked out too well; false when there was too much to try.
fn holds(rows: &[Vec<usize>], marks: &[Vec<Mark>], margins: bool) -> bool {
    let flat: Vec<Mark> = marks.concat();
    let counts: Vec<usize> = rows.concat();
    for (n, mark) in counts.iter().zip(&flat) {
        assert!(!is_small(*n) || !mark.is_shown(), "{rows:?} {marks:?}");
        assert!(*n > 0 || mark.is_shown(), "a zero is hidden in {rows:?}");
        assert!(*mark != Mark::Few || is_small(*n));
    }
    let says_which = flat.contains(&Mark::Few);
    let found = (possible(rows, marks, margins, false), possible(rows, marks, margins, says_which));
    let (Some(open), Some(told)) = found else { return false };
    for (at, mark) in flat.iter().enumerate().filter(|(at, _)| is_small(counts[*at])) {
        let (lo, hi) = open[at];
        assert!(lo < 11 && hi > 10, "{mark:?} cell {at} of {rows:?} lies in {lo}..{hi}: {marks:?}");
        if says_which {
            assert!(told[at].0 < told[at].1, "cell {at} of {rows:?} is {:?}: {marks:?}", told[at]);
        }
    }
    true
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
            assert!(holds(&[counts], &[marks], false));
        }
    }
    assert!(hidden > 1000);
}

#[test]
fn a_table_with_known_margins_gives_no_small_count_away() {
    let mut stream = Stream(11);
    let (mut hidden, mut tried, mut refused) = (0, 0, 0);
    for _ in 0..600 {
        let (tall, wide) = (2 + stream.below(2), 2 + stream.below(2));
        let rows: Vec<Vec<usize>> = (0..tall).map(|_| (0..wide).map(|_| stream.count()).collect()).collect();
        if rows.iter().flatten().sum::<usize>() < 2 * LEAST {
            continue;
        }
        let Some(marks) = two_way(&rows) else {
            // Zeros are known, so that hiding all the rest would not do.
            let rest = |n: &usize| if *n == 0 { Mark::Shown } else { Mark::Withheld };
            let marks: Vec<Vec<Mark>> = rows.iter().map(|r| r.iter().map(rest).collect()).collect();
            let open = possible(&rows, &marks, true, false).unwrap();
            assert!(open.iter().zip(rows.concat()).any(|((_, most), n)| is_small(n) && *most < LEAST), "{rows:?}");
            refused += 1;
            continue;
        };
        hidden += marks.concat().iter().filter(|m| !m.is_shown()).count();
        tried += usize::from(holds(&rows, &marks, true));
    }
    assert!(tried > 300 && hidden > 1000 && refused < tried / 2, "{tried} {hidden} {refused}");
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
    let marks = two_way(&rows).unwrap();
    let lines =
        |marks: &[Vec<Mark>]| marks.iter().map(|r| r.iter().filter(|m| !m.is_shown()).count()).collect::<Vec<_>>();
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

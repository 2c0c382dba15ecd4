//! The truth of the rows of one chunk, sixty-four rows a word: one plane says where it is true, one where it is
//! false, and a row in neither is unknown. Bits beyond the rows mean nothing, and whoever counts leaves them out.

use super::{CHUNK, FALSE, TRUE, lanes};
use crate::eval::vector::wide;
use arrow_buffer::BooleanBuffer;
use std::ops::Range;

/// Words of a chunk.
pub const WORDS: usize = CHUNK / 64;

#[derive(Debug, Clone)]
pub struct Truth {
    yes: [u64; WORDS],
    /// What is not true, unless there are gaps.
    no: [u64; WORDS],
    /// Whether a row may be unknown.
    gaps: bool,
}

/// True and false of sixty-four rows.
type Planes = (u64, u64);

/// Unknown everywhere.
pub static UNKNOWN_EVERYWHERE: Truth = Truth { yes: [0; WORDS], no: [0; WORDS], gaps: true };

impl Truth {
    pub fn new() -> Box<Truth> {
        Box::new(UNKNOWN_EVERYWHERE.clone())
    }

    /// The same in every row.
    pub fn fill(&mut self, truth: u8) {
        self.yes.fill(if truth == TRUE { u64::MAX } else { 0 });
        self.no.fill(if truth == FALSE { u64::MAX } else { 0 });
        self.gaps = truth != TRUE && truth != FALSE;
    }

    /// Where a test of a value holds; known in every row.
    #[inline]
    pub fn test<A: Copy>(&mut self, a: &[A], f: impl Fn(A) -> bool) {
        lanes::test(&mut self.yes, a, f);
        self.gaps = false;
    }

    /// Where a test of two values holds; known in every row.
    #[inline]
    pub fn test_both<A: Copy, B: Copy>(&mut self, a: &[A], b: &[B], f: impl Fn(A, B) -> bool) {
        lanes::test_both(&mut self.yes, a, b, f);
        self.gaps = false;
    }

    /// Where a bit is set; known in every row.
    pub fn flags(&mut self, bits: &BooleanBuffer, at: &Range<usize>) {
        fill(&mut self.yes, bits, at);
        self.gaps = false;
    }

    /// Becomes unknown where a bit is not set.
    pub fn only(&mut self, valid: &BooleanBuffer, at: &Range<usize>) {
        let mut known = [0; WORDS];
        fill(&mut known, valid, at);
        self.only_known(&known);
    }

    /// Becomes unknown where `ok` is 0.
    pub fn only_where(&mut self, ok: &[u8]) {
        let mut known = [0; WORDS];
        lanes::test(&mut known, ok, |ok| ok == 1);
        self.only_known(&known);
    }

    fn only_known(&mut self, known: &[u64; WORDS]) {
        let gaps = std::mem::replace(&mut self.gaps, true);
        wide(
            #[inline(always)]
            || {
                for ((yes, no), known) in self.yes.iter_mut().zip(&mut self.no).zip(known) {
                    *no = if gaps { *no } else { !*yes } & known;
                    *yes &= known;
                }
            },
        );
    }

    /// Both are true.
    pub fn and(&mut self, a: &Truth, b: &Truth) {
        self.set_from(a, b, |a, b| a.0 & b.0, |a, b| a.1 | b.1);
    }

    /// One is true.
    pub fn or(&mut self, a: &Truth, b: &Truth) {
        self.set_from(a, b, |a, b| a.0 | b.0, |a, b| a.1 & b.1);
    }

    /// They agree.
    pub fn same(&mut self, a: &Truth, b: &Truth) {
        self.set_from(a, b, |a, b| a.0 & b.0 | a.1 & b.1, |a, b| a.0 & b.1 | a.1 & b.0);
    }

    /// The first, or the second where the first is unknown.
    pub fn or_else(&mut self, a: &Truth, b: &Truth) {
        let known = |a: Planes| a.0 | a.1;
        self.set_from(a, b, |a, b| a.0 | b.0 & !known(a), |a, b| a.1 | b.1 & !known(a));
    }

    /// It is false.
    pub fn not(&mut self, a: &Truth) {
        self.set_from(a, a, |a, _| a.1, |a, _| a.0);
    }

    /// It is known.
    pub fn is_known(&mut self, a: &Truth) {
        self.set_from(a, a, |a, _| a.0 | a.1, |a, _| !(a.0 | a.1));
        self.gaps = false;
    }

    #[inline(always)]
    fn set_from(
        &mut self,
        a: &Truth,
        b: &Truth,
        yes: impl Fn(Planes, Planes) -> u64,
        no: impl Fn(Planes, Planes) -> u64,
    ) {
        self.gaps = a.gaps || b.gaps;
        let (gaps, each) = (self.gaps, self.yes.iter_mut().zip(&mut self.no).enumerate());
        wide(
            #[inline(always)]
            move || {
                if gaps {
                    each.for_each(|(i, (out_yes, out_no))| {
                        let (a, b) = (a.planes_at(i), b.planes_at(i));
                        (*out_yes, *out_no) = (yes(a, b), no(a, b));
                    });
                } else {
                    each.for_each(|(i, (out, _))| *out = yes((a.yes[i], !a.yes[i]), (b.yes[i], !b.yes[i])));
                }
            },
        );
    }

    /// `a` where `test` is true, `b` where it is false.
    pub fn choose(&mut self, test: &Truth, a: &Truth, b: &Truth) {
        for i in 0..WORDS {
            let ((t, f), a, b) = (test.planes_at(i), a.planes_at(i), b.planes_at(i));
            (self.yes[i], self.no[i]) = (t & a.0 | f & b.0, t & a.1 | f & b.1);
        }
        self.gaps = true;
    }

    /// True where `ok` is 1, false elsewhere.
    pub fn present(&mut self, ok: &[u8]) {
        self.test(ok, |ok| ok == 1);
    }

    #[inline(always)]
    fn planes_at(&self, i: usize) -> Planes {
        (self.yes[i], if self.gaps { self.no[i] } else { !self.yes[i] })
    }

    fn unknown_at(&self, i: usize) -> u64 {
        if self.gaps { !(self.yes[i] | self.no[i]) } else { 0 }
    }

    fn planes(&self) -> impl Iterator<Item = Planes> {
        (0..WORDS).map(|i| self.planes_at(i))
    }

    /// Words of which rows are true, as many as `rows` need; bits beyond the rows are 0.
    pub fn yes(&self, rows: usize) -> impl Iterator<Item = u64> {
        self.yes.iter().zip(masks(rows)).map(|(yes, mask)| yes & mask)
    }

    /// Words of which rows are known, likewise.
    pub fn known(&self, rows: usize) -> impl Iterator<Item = u64> {
        self.planes().zip(masks(rows)).map(|((yes, no), mask)| (yes | no) & mask)
    }

    /// 1 where true and 0 elsewhere, a byte a row.
    pub fn spread(&self, out: &mut [u8]) {
        lanes::spread(out, self.yes.iter().copied());
    }

    /// 1 where known and 0 elsewhere, a byte a row.
    pub fn spread_known(&self, out: &mut [u8]) {
        lanes::spread(out, self.planes().map(|(yes, no)| yes | no));
    }

    /// Whether it is true in the row.
    pub fn is_true(&self, row: usize) -> bool {
        self.yes.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }
}

/// The masks of the words that `rows` rows take.
fn masks(rows: usize) -> impl Iterator<Item = u64> {
    (0..rows).step_by(64).map(move |from| if rows - from >= 64 { u64::MAX } else { (1 << (rows - from)) - 1 })
}

/// How often false, unknown and true; without an event every row is true. Only of the rows where `given` is true.
pub fn count(event: Option<&Truth>, given: Option<&Truth>, rows: usize) -> [u64; 3] {
    let (whole, rest) = (rows / 64, rows % 64);
    // Of a word: given, and of those true and false.
    let word = |i: usize, mask: u64| {
        let given = given.map_or(mask, |g| g.yes[i] & mask);
        let (yes, no) = event.map_or((given, 0), |e| e.planes_at(i));
        (given.count_ones(), (yes & given).count_ones(), (no & given).count_ones())
    };
    let (mut n, mut t, mut f) = (0u32, 0u32, 0u32);
    let mut add = |(dn, dt, df): (u32, u32, u32)| {
        (n, t, f) = (n.wrapping_add(dn), t.wrapping_add(dt), f.wrapping_add(df));
    };
    wide(
        #[inline(always)]
        || (0..whole.min(WORDS)).for_each(|i| add(word(i, u64::MAX))),
    );
    if rest > 0 && whole < WORDS {
        add(word(whole, (1 << rest) - 1));
    }
    [u64::from(f), u64::from(n - t - f), u64::from(t)]
}

/// The event's code of each row, 0 false, 1 unknown and 2 true, and 3 where the row is not given.
pub fn codes(out: &mut [u8], event: Option<&Truth>, given: Option<&Truth>) {
    let high = (0..WORDS).map(|i| !given.map_or(u64::MAX, |g| g.yes[i]) | event.map_or(u64::MAX, |e| e.yes[i]));
    let low = (0..WORDS).map(|i| !given.map_or(u64::MAX, |g| g.yes[i]) | event.map_or(0, |e| e.unknown_at(i)));
    lanes::spread_codes(out, high.zip(low));
}

/// The bits of some rows into words.
fn fill(out: &mut [u64; WORDS], bits: &BooleanBuffer, at: &Range<usize>) {
    let from = bits.offset() + at.start;
    let whole = bits.values().get(from / 8..(from + at.len()) / 8).unwrap_or(&[]);
    let (eights, rest) = whole.as_chunks::<8>();
    if from.is_multiple_of(8) && rest.is_empty() && at.len().is_multiple_of(64) {
        // The usual case: whole words of a column as it was loaded.
        out.iter_mut().zip(eights).for_each(|(out, eight)| *out = u64::from_le_bytes(*eight));
    } else {
        out.iter_mut().zip(words(bits, at)).for_each(|(out, word)| *out = word);
    }
}

/// The bits of some rows, sixty-four a word.
pub fn words(bits: &BooleanBuffer, at: &Range<usize>) -> impl Iterator<Item = u64> {
    let from = bits.offset() + at.start;
    let (bytes, shift) = (bits.values().get(from / 8..).unwrap_or(&[]), from % 8);
    let words = at.len().div_ceil(64);
    (0..words).map(move |i| {
        let here = bytes.get(i * 8..).unwrap_or(&[]);
        let word = match here.first_chunk::<8>() {
            Some(eight) => u64::from_le_bytes(*eight),
            None => here.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
        };
        match shift {
            0 => word,
            shift => word >> shift | here.get(8).map_or(0, |next| u64::from(*next) << (64 - shift)),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::chunk::UNKNOWN;

    /// A truth from codes, and back.
    fn of(codes: &[u8]) -> Box<Truth> {
        let mut out = Truth::new();
        out.test(codes, |c| c == TRUE);
        let known: Vec<u8> = codes.iter().map(|c| u8::from(*c != UNKNOWN)).collect();
        out.only_where(&known);
        out
    }

    fn back(truth: &Truth, rows: usize) -> Vec<u8> {
        let mut out = vec![9; rows];
        codes(&mut out, Some(truth), None);
        out
    }

    #[test]
    fn counts_are_those_of_the_rows() {
        for rows in [0, 1, 63, 64, 65, 1000, CHUNK] {
            let event: Vec<u8> = (0..rows).map(|i| (i % 3) as u8).collect();
            let given: Vec<u8> = (0..rows).map(|i| (i / 3 % 3) as u8).collect();
            let (e, g) = (of(&event), of(&given));
            assert_eq!(back(&e, rows), event);
            let expected = |c: u8, all: bool| {
                event.iter().zip(&given).filter(|(e, g)| **e == c && (all || **g == TRUE)).count() as u64
            };
            assert_eq!(count(Some(&e), None, rows), [0, 1, 2].map(|c| expected(c, true)), "{rows}");
            assert_eq!(count(Some(&e), Some(&g), rows), [0, 1, 2].map(|c| expected(c, false)), "{rows}");
            assert_eq!(count(None, None, rows), [0, 0, rows as u64]);
            let mut out = vec![9; rows];
            codes(&mut out, Some(&e), Some(&g));
            let wanted = event.iter().zip(&given).map(|(e, g)| if *g == TRUE { *e } else { 3 });
            assert!(out.iter().copied().eq(wanted));
            assert_eq!(e.yes(rows).map(u64::count_ones).sum::<u32>() as u64, expected(TRUE, true));
        }
    }

    #[test]
    fn bits_at_any_offset() {
        let bits: BooleanBuffer = (0..10_000).map(|i| i * i % 7 < 3).collect();
        for (offset, from, rows) in [(0, 0, 4096), (0, 4096, 4096), (0, 8192, 1808), (3, 64, 700), (13, 4096, 77)] {
            let cut = bits.slice(offset, bits.len() - offset);
            let mut truth = Truth::new();
            truth.flags(&cut, &(from..from + rows));
            for row in 0..rows {
                assert_eq!(truth.is_true(row), cut.value(from + row), "{offset} {from} {row}");
            }
        }
    }
}

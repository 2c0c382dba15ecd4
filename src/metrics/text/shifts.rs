//! Fewest edits with shifts of runs of words (Snover et al. 2006), by tercom's search as sacreBLEU 2.6.0 has it.
//!
//! Edits are looked for near the diagonal only. A shift changes a stretch of the text, so the distance of a shifted
//! text is found from the table's rows before the stretch, the rows of the stretch anew, and a second table that
//! was filled from the other end. Numbers of edits are those of the whole table.

use std::cmp::Reverse;

/// The longest run of words that is shifted.
const SHIFT_SIZE: usize = 10;
/// How far it is shifted.
const SHIFT_DISTANCE: usize = 50;
/// How far from the diagonal edits are looked for.
const BEAM: usize = 25;
/// Shifts tried for one pair of texts.
const CANDIDATES: usize = 1000;
/// No way leads there.
const FAR: u32 = u32::MAX / 4;

/// Shifts and edits together.
pub fn edits(own: &[u32], reference: &[u32]) -> usize {
    if reference.is_empty() {
        return own.len();
    }
    let mut words = own.to_vec();
    let mut tables = Tables::new(words.len(), reference);
    tables.fill_beginnings(&words, 0);
    let (mut shifts, mut tried) = (0, 0);
    while let Some((gain, shift)) = best_shift(&words, &mut tables, &mut tried) {
        if gain <= 0 {
            break;
        }
        shifts += 1;
        let moved: Vec<u32> = shift.words(&words).collect();
        words[shift.from..shift.to].copy_from_slice(&moved);
        tables.fill_beginnings(&words, shift.from);
        tables.known = shift.to;
    }
    shifts + tables.distance() as usize
}

/// The cells of a table of distances, or a little more.
pub fn cells(own: usize, reference: usize) -> usize {
    let (beam, _) = beam(own, reference);
    own.saturating_mul(reference.saturating_add(1).min(2 * beam)).saturating_add(2 * reference)
}

/// How far from the diagonal, and how steep that is.
fn beam(own: usize, reference: usize) -> (usize, f64) {
    let ratio = if own == 0 { 1.0 } else { reference as f64 / own as f64 };
    let beam = if (BEAM as f64) < ratio / 2.0 { (ratio / 2.0 + BEAM as f64).ceil() as usize } else { BEAM };
    (beam, ratio)
}

/// A stretch of a text in which a run of words moves to the front or to the back.
#[derive(Clone, Copy)]
struct Shift {
    from: usize,
    to: usize,
    /// Where the second part starts, which comes first after the shift.
    cut: usize,
}

impl Shift {
    /// Moves `length` words from `start` before the word that is at `target`.
    fn new(start: usize, length: usize, target: usize, words: usize) -> Shift {
        if target < start {
            Shift { from: target, to: start + length, cut: start }
        } else {
            // Within the run: as many words after it move before it.
            let to = if target > start + length { target } else { (target + length).min(words) };
            Shift { from: start, to, cut: start + length }
        }
    }

    fn words<'a>(&self, words: &'a [u32]) -> impl Iterator<Item = u32> + 'a {
        words[self.cut..self.to].iter().chain(&words[self.from..self.cut]).copied()
    }
}

/// The shift that saves most edits, with those saved; the longest run, the earliest start and the earliest target
/// win ties. Nothing when enough were tried.
fn best_shift(words: &[u32], tables: &mut Tables, tried: &mut usize) -> Option<(i64, Shift)> {
    let reference = tables.reference;
    let before = i64::from(tables.distance());
    let Alignment { target, own_wrong, reference_wrong } = tables.align(words);
    let mut best: Option<((i64, usize, Reverse<usize>, Reverse<usize>), Shift)> = None;
    for start in 0..words.len() {
        for at in start.saturating_sub(SHIFT_DISTANCE)..reference.len().min(start + SHIFT_DISTANCE + 1) {
            for length in 1..=SHIFT_SIZE {
                let (Some(a), Some(b)) = (words.get(start + length - 1), reference.get(at + length - 1)) else { break };
                if a != b {
                    break;
                }
                if !own_wrong[start..start + length].contains(&true)
                    || !reference_wrong[at..at + length].contains(&true)
                {
                    continue;
                }
                if (start as i64..(start + length) as i64).contains(&target[at]) {
                    continue;
                }
                let mut last = None;
                for offset in 0..=length {
                    // Before the first word of the reference, or after the one that stands at `at + offset - 1`.
                    let index = match (at + offset).checked_sub(1) {
                        None => 0,
                        Some(position) => match target.get(position) {
                            Some(t) => usize::try_from(t + 1).unwrap_or(0),
                            None => break,
                        },
                    };
                    if last == Some(index) {
                        continue;
                    }
                    last = Some(index);
                    let shift = Shift::new(start, length, index, words.len());
                    let gain = before - i64::from(tables.shifted(words, shift));
                    let rank = (gain, length, Reverse(start), Reverse(index));
                    *tried += 1;
                    if best.as_ref().is_none_or(|b| rank > b.0) {
                        best = Some((rank, shift));
                    }
                }
            }
            if *tried >= CANDIDATES {
                return None;
            }
        }
    }
    best.map(|b| (b.0.0, b.1))
}

#[derive(Default)]
struct Alignment {
    /// For every reference word the place in the text after which it belongs; -1 before all.
    target: Vec<i64>,
    own_wrong: Vec<bool>,
    reference_wrong: Vec<bool>,
}

/// What turns the text into the reference, seen from the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edit {
    Keep,
    Substitute,
    Insert,
    Delete,
}

/// Edit distances of the beginnings of a text and a reference, and of their ends, near the diagonal. Row i has i words
/// of the text before it, column j as many of the reference.
struct Tables<'a> {
    reference: &'a [u32],
    rows: usize,
    beam: usize,
    ratio: f64,
    /// Where each row starts.
    starts: Vec<usize>,
    beginnings: Vec<u32>,
    ends: Vec<u32>,
    /// The first row from which on `ends` are those of the text.
    known: usize,
    /// Room for two rows.
    room: [Vec<u32>; 2],
}

impl<'a> Tables<'a> {
    fn new(words: usize, reference: &'a [u32]) -> Tables<'a> {
        let (beam, ratio) = beam(words, reference.len());
        let (starts, room) = (vec![0], [Vec::new(), Vec::new()]);
        let (beginnings, ends) = ((0..=reference.len() as u32).collect(), Vec::new());
        let mut out = Tables { reference, rows: words, beam, ratio, starts, beginnings, ends, known: words + 1, room };
        let mut start = 0;
        for i in 0..=words {
            let (from, to) = out.band(i);
            start += to - from;
            out.starts.push(start);
        }
        out.beginnings.resize(start, FAR);
        out
    }

    /// The columns of a row.
    fn band(&self, i: usize) -> (usize, usize) {
        let width = self.reference.len() + 1;
        if i == 0 {
            return (0, width);
        }
        let diagonal = (i as f64 * self.ratio).floor() as usize;
        let to = if i == self.rows { width } else { width.min(diagonal + self.beam) };
        (diagonal.saturating_sub(self.beam).min(to), to)
    }

    fn distance(&self) -> u32 {
        self.beginnings.last().copied().unwrap_or(FAR)
    }

    /// Fills the rows after row `from`.
    fn fill_beginnings(&mut self, words: &[u32], from: usize) {
        let mut above_band = self.band(from);
        for (i, word) in words.iter().enumerate().skip(from) {
            let band = self.band(i + 1);
            let (above, row) = self.beginnings.split_at_mut(self.starts[i + 1]);
            step(self.reference, *word, &above[self.starts[i]..], above_band, &mut row[..band.1 - band.0], band);
            above_band = band;
        }
    }

    /// Fills the rows that are not known, but for row 0, which nothing asks for.
    fn fill_ends(&mut self, words: &[u32]) {
        self.ends.resize(self.beginnings.len(), 0);
        for i in (1..self.known).rev() {
            let (from, to) = self.band(i);
            let (below_from, below_to) = self.band((i + 1).min(self.rows));
            let (row, below) = self.ends.split_at_mut(self.starts[i + 1]);
            let row = &mut row[self.starts[i]..];
            let Some(word) = words.get(i) else {
                row.iter_mut().rev().zip(0..).for_each(|(cell, left)| *cell = left);
                continue;
            };
            let below = &below[..below_to - below_from];
            let at = |j: usize| j.checked_sub(below_from).and_then(|j| below.get(j)).copied().unwrap_or(FAR);
            let (mut right, mut across) = (FAR, at(to));
            for j in (from..to).rev() {
                let down = at(j);
                let differs = u32::from(self.reference.get(j) != Some(word));
                right = (across + differs).min(down + 1).min(right + 1);
                row[j - from] = right;
                across = down;
            }
        }
        self.known = 0;
    }

    /// The distance after a shift.
    fn shifted(&mut self, words: &[u32], shift: Shift) -> u32 {
        if self.known > shift.to {
            self.fill_ends(words);
        }
        let mut above_band = self.band(shift.from);
        let [mut above, mut row] = std::mem::take(&mut self.room);
        above.clear();
        above.extend_from_slice(&self.beginnings[self.starts[shift.from]..self.starts[shift.from + 1]]);
        for (i, word) in (shift.from + 1..).zip(shift.words(words)) {
            let band = self.band(i);
            row.resize(band.1 - band.0, FAR);
            step(self.reference, word, &above, above_band, &mut row, band);
            above_band = band;
            std::mem::swap(&mut above, &mut row);
        }
        let ends = &self.ends[self.starts[shift.to]..];
        let best = above.iter().zip(ends).map(|(a, b)| a + b).min().unwrap_or(FAR);
        self.room = [above, row];
        best
    }

    fn align(&self, words: &[u32]) -> Alignment {
        let at = |i: usize, j: usize| {
            let (from, to) = self.band(i);
            if (from..to).contains(&j) { self.beginnings[self.starts[i] + j - from] } else { FAR }
        };
        let (mut i, mut j, mut trace) = (words.len(), self.reference.len(), Vec::new());
        while i > 0 || j > 0 {
            let here = at(i, j);
            let same = i > 0 && j > 0 && words[i - 1] == self.reference[j - 1];
            if i > 0 && j > 0 && at(i - 1, j - 1) + u32::from(!same) == here {
                trace.push(if same { Edit::Keep } else { Edit::Substitute });
                (i, j) = (i - 1, j - 1);
            } else if i > 0 && (j == 0 || at(i - 1, j) + 1 == here) {
                trace.push(Edit::Delete);
                i -= 1;
            } else {
                trace.push(Edit::Insert);
                j -= 1;
            }
        }
        let (mut out, mut place) = (Alignment::default(), -1);
        for edit in trace.iter().rev() {
            let wrong = *edit != Edit::Keep;
            if *edit != Edit::Insert {
                place += 1;
                out.own_wrong.push(wrong);
            }
            if *edit != Edit::Delete {
                out.target.push(place);
                out.reference_wrong.push(wrong);
            }
        }
        out
    }
}

/// A row of distances from the one above it, each with its columns.
fn step(
    reference: &[u32],
    word: u32,
    above: &[u32],
    above_band: (usize, usize),
    row: &mut [u32],
    (from, to): (usize, usize),
) {
    let at = |j: usize| j.checked_sub(above_band.0).and_then(|j| above.get(j)).copied().unwrap_or(FAR);
    let (mut left, mut across) = (FAR, from.checked_sub(1).map_or(FAR, at));
    for (j, cell) in (from..to).zip(row) {
        let up = at(j);
        let differs = u32::from(j.checked_sub(1).and_then(|j| reference.get(j)) != Some(&word));
        left = (across + differs).min(up + 1).min(left + 1);
        *cell = left;
        across = up;
    }
}

#[cfg(test)]
mod tests {
    use super::{Shift, Tables};

    #[test]
    fn a_shifted_text_has_the_distance_of_a_table_of_its_own() {
        let mut seed = 1_u64;
        let mut next = |n: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % n
        };
        for round in 0..300 {
            // Every third reference is so much longer that the band grows, or shorter than it.
            let (n, m) = (1 + next(90), 1 + next([90, 9, 900][round % 3]));
            let mut words: Vec<u32> = (0..n).map(|_| next(6) as u32).collect();
            let reference: Vec<u32> = (0..m).map(|_| next(6) as u32).collect();
            let mut tables = Tables::new(words.len(), &reference);
            tables.fill_beginnings(&words, 0);
            for _ in 0..5 {
                let start = next(n) as usize;
                let length = 1 + next((n - start as u64).min(10)) as usize;
                let shift = Shift::new(start, length, next(n + 1) as usize, words.len());
                let found = tables.shifted(&words, shift);
                let moved: Vec<u32> = shift.words(&words).collect();
                words[shift.from..shift.to].copy_from_slice(&moved);
                let mut own = Tables::new(words.len(), &reference);
                own.fill_beginnings(&words, 0);
                assert_eq!(found, own.distance(), "{words:?} {reference:?}");
                tables.fill_beginnings(&words, shift.from);
                tables.known = shift.to;
                assert_eq!(tables.beginnings, own.beginnings);
            }
        }
    }
}

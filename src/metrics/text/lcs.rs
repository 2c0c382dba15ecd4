//! Longest common subsequences by bits, 64 places at a time (Crochemore et al. 2001; Hyyrö 2004).
//!
//! Bit i of a row is clear where the longest common subsequence of the text so far and the first i + 1 places of
//! the other is longer than that of the first i.

use rayon::prelude::*;

/// Where tokens stand in a stretch of text: a set of places for each.
#[derive(Default)]
pub struct Places {
    /// For each token, where its set starts in `sets`, plus 1; 0 for a token that does not occur.
    starts: Vec<u32>,
    sets: Vec<u64>,
    tokens: Vec<u32>,
    words: usize,
}

impl Places {
    /// Forgets the stretch before.
    pub fn set(&mut self, text: &[u32]) {
        self.tokens.drain(..).for_each(|t| self.starts[t as usize] = 0);
        self.sets.clear();
        self.words = text.len().div_ceil(64);
        let largest = text.iter().max().map_or(0, |m| *m as usize + 1);
        if self.starts.len() < largest {
            self.starts.resize(largest, 0);
        }
        for (i, &token) in text.iter().enumerate() {
            let start = &mut self.starts[token as usize];
            if *start == 0 {
                *start = self.sets.len() as u32 + 1;
                self.sets.resize(self.sets.len() + self.words, 0);
                self.tokens.push(token);
            }
            self.sets[*start as usize - 1 + i / 64] |= 1 << (i % 64);
        }
    }

    /// The places of a token, 64 a word; nothing where it does not occur.
    #[inline]
    pub fn of(&self, token: u32) -> Option<&[u64]> {
        let start = (*self.starts.get(token as usize)? as usize).checked_sub(1)?;
        Some(&self.sets[start..start + self.words])
    }

    /// The length of the longest common subsequence.
    pub fn length(&mut self, a: &[u32], b: &[u32]) -> usize {
        let head = a.iter().zip(b).take_while(|(x, y)| x == y).count();
        let (a, b) = (&a[head..], &b[head..]);
        let tail = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
        let (a, b) = (&a[..a.len() - tail], &b[..b.len() - tail]);
        // Fewer words a row is less work.
        let (a, b) = if a.len().div_ceil(64) * b.len() <= b.len().div_ceil(64) * a.len() { (a, b) } else { (b, a) };
        head + tail + self.strips(a, b)
    }

    /// A strip of `a` at a time, so that its sets stay small; carries pass from strip to strip. Long texts are cut
    /// into blocks, and those on an antidiagonal, which do not need each other, are done on all cores.
    fn strips(&mut self, a: &[u32], b: &[u32]) -> usize {
        let mut rows = vec![u64::MAX; a.len().div_ceil(64)];
        if a.len() <= STRIP {
            self.block(a, b, &mut rows, &mut []);
            return clear(&rows, a.len());
        }
        let mut carries = vec![false; b.len()];
        let (high, wide) = (a.len().div_ceil(BLOCK), b.len().div_ceil(BLOCK));
        for antidiagonal in 0..high + wide - 1 {
            let (first, last) = (antidiagonal.saturating_sub(wide - 1), antidiagonal.min(high - 1));
            let (left, right) = (antidiagonal - last, antidiagonal - first);
            let rows = &mut rows[first * (BLOCK / 64)..];
            let down = a[first * BLOCK..].par_chunks(BLOCK).zip(rows.par_chunks_mut(BLOCK / 64)).take(last - first + 1);
            let (b, carries) = (&b[left * BLOCK..], &mut carries[left * BLOCK..]);
            let across = b.par_chunks(BLOCK).zip(carries.par_chunks_mut(BLOCK)).take(right - left + 1);
            down.zip(across.rev()).for_each_init(Places::default, |places, ((a, rows), (b, carries))| {
                places.block(a, b, rows, carries);
            });
        }
        clear(&rows, a.len())
    }

    /// Every strip of `a` against `b`. No carries are passed where there are none to begin with.
    fn block(&mut self, a: &[u32], b: &[u32], rows: &mut [u64], carries: &mut [bool]) {
        for (part, row) in a.chunks(STRIP).zip(rows.chunks_mut(STRIP / 64)) {
            self.set(part);
            for (j, &token) in b.iter().enumerate() {
                let carry = carries.get(j).copied().unwrap_or(false);
                let carry = match self.of(token) {
                    Some(set) => step(row, set, carry),
                    None if carry => pass(row),
                    None => false,
                };
                if let Some(place) = carries.get_mut(j) {
                    *place = carry;
                }
            }
        }
    }

    /// Marks in `marked` the places of `a` in one longest common subsequence with each of `others`: the one that
    /// prefers steps up in `a`, as the textbook's walk back through the table finds it.
    pub fn mark(&mut self, a: &[u32], others: &[Vec<u32>], marked: &mut [bool]) {
        self.set(a);
        let words = self.words;
        let mut rows: Vec<u64> = Vec::new();
        for b in others {
            rows.clear();
            rows.resize(words, u64::MAX);
            if words == 1 {
                let mut row = [u64::MAX];
                rows.extend(b.iter().map(|&token| {
                    if let Some(&[set]) = self.of(token) {
                        step(&mut row, &[set], false);
                    }
                    row[0]
                }));
            } else {
                for (j, &token) in b.iter().enumerate() {
                    rows.extend_from_within(j * words..);
                    if let Some(set) = self.of(token) {
                        step(&mut rows[(j + 1) * words..], set, false);
                    }
                }
            }
            let (mut i, mut j) = (a.len(), b.len());
            while i > 0 && j > 0 {
                if a[i - 1] == b[j - 1] {
                    marked[i - 1] = true;
                    (i, j) = (i - 1, j - 1);
                } else if rows[j * words + (i - 1) / 64] >> ((i - 1) % 64) & 1 == 0 {
                    // Place i adds to the subsequence, so it does not without the last token of `b` only.
                    j -= 1;
                } else {
                    i -= 1;
                }
            }
        }
    }
}

/// Places a strip.
const STRIP: usize = 256;
/// Places a side of a block.
const BLOCK: usize = 64 * STRIP;

/// One more token of the text, which stands at the places of `set`.
#[inline]
fn step(row: &mut [u64], set: &[u64], mut carry: bool) -> bool {
    for (v, m) in row.iter_mut().zip(set) {
        let (sum, over) = v.carrying_add(*v & m, carry);
        carry = over;
        *v = sum | (*v & !m);
    }
    carry
}

/// One more token, which stands nowhere here, with a carry from before.
fn pass(row: &mut [u64]) -> bool {
    for v in row {
        let (sum, over) = v.overflowing_add(1);
        *v |= sum;
        if !over {
            return false;
        }
    }
    true
}

/// Clear bits among the first `places`.
fn clear(row: &[u64], places: usize) -> usize {
    let all: u32 = row.iter().map(|v| v.count_zeros()).sum();
    let beyond = match (row.last(), row.len() * 64 - places) {
        (Some(last), spare @ 1..) => (!last >> (64 - spare)).count_ones(),
        _ => 0,
    };
    (all - beyond) as usize
}

//! Classes of rows that are equal in all quasi-identifiers, by whole-number keys.
//!
//! The codes of a row make one number (mixed radix). Few possible numbers are counted in place, on several threads;
//! many are sorted. What is counted are whole numbers, so neither the way nor the threads change a result.

use crate::eval::estimate::Undefined;
use crate::eval::vector::wide;
use crate::metrics::checks;
use crate::metrics::radix::Key;
use rayon::prelude::*;
use std::borrow::Cow;
use std::ops::Range;

/// A column as codes; ordered numbers say so.
#[derive(Debug, Clone, PartialEq)]
pub struct Codes<'a> {
    pub codes: Cow<'a, [u32]>,
    /// Whether the codes are ranks of numbers.
    pub ordered: bool,
}

/// Rows that one task takes.
const CHUNK: usize = 1 << 14;
/// Rows whose keys are made at once: they stay in the first cache.
const KEYS: usize = 1 << 11;
/// Tables of counts side by side, at most.
const TABLES: usize = 4;

impl Codes<'_> {
    /// Numbers of any width by rank; NaN is a value of its own, ranked last.
    pub fn of_numbers<T: Copy + Into<f64> + Sync>(x: &[T]) -> Codes<'static> {
        let codes = ranks_of_whole_numbers(x).unwrap_or_else(|| {
            let sorted = |(v, i): (&T, u32)| (sortable((*v).into()), i);
            let mut order: Vec<(u64, u32)> = x.par_iter().zip(0..x.len() as u32).map(sorted).collect();
            order.par_sort_unstable();
            let mut codes = vec![0; x.len()];
            let (mut rank, mut last) = (0, order.first().map(|o| o.0));
            for (key, row) in order {
                if last != Some(key) {
                    (rank, last) = (rank + 1, Some(key));
                }
                codes[row as usize] = rank;
            }
            codes
        });
        Codes { codes: Cow::Owned(codes), ordered: true }
    }

    /// One above the largest code.
    pub fn width(&self) -> u64 {
        let largest = |codes: &[u32]| {
            wide(
                #[inline(always)]
                || codes.iter().fold(0, |m: u32, c| m.max(*c)),
            )
        };
        self.codes.par_chunks(CHUNK).map(largest).max().map_or(0, |m| u64::from(m) + 1)
    }
}

/// A number as bits that sort as it does; one zero, NaN last.
fn sortable(v: f64) -> u64 {
    if v.is_nan() { u64::MAX } else { u64::of(v) }
}

/// Smallest and largest number, and whether all are whole; NaN counts as whole and as neither end.
fn ends<T: Copy + Into<f64>>(x: &[T]) -> (bool, f64, f64) {
    wide(
        #[inline(always)]
        || {
            let (mut odd, mut lo, mut hi) = ([0_u64; 8], [f64::INFINITY; 8], [f64::NEG_INFINITY; 8]);
            let (whole, rest) = x.as_chunks::<8>();
            let mut last = [f64::NAN; 8];
            last.iter_mut().zip(rest).for_each(|(l, v)| *l = (*v).into());
            for eight in whole.iter().map(|eight| eight.map(Into::into)).chain([last]) {
                for (((v, odd), lo), hi) in eight.iter().zip(&mut odd).zip(&mut lo).zip(&mut hi) {
                    // Neither comparison holds for NaN.
                    let down = v.floor();
                    *odd |= u64::from(down < *v);
                    *lo = if *v < *lo { *v } else { *lo };
                    *hi = if *v > *hi { *v } else { *hi };
                }
            }
            let least = |a: f64, b: f64| if b < a { b } else { a };
            let most = |a: f64, b: f64| if b > a { b } else { a };
            let lo = lo.into_iter().fold(f64::INFINITY, least);
            (odd == [0; 8], lo, hi.into_iter().fold(f64::NEG_INFINITY, most))
        },
    )
}

/// Ranks of whole numbers that lie close together, by a table of those that occur.
fn ranks_of_whole_numbers<T: Copy + Into<f64> + Sync>(x: &[T]) -> Option<Vec<u32>> {
    let join = |a: (bool, f64, f64), b: (bool, f64, f64)| (a.0 & b.0, a.1.min(b.1), a.2.max(b.2));
    let (whole, lo, hi) = x.par_chunks(CHUNK).map(ends).reduce(|| (true, f64::INFINITY, f64::NEG_INFINITY), join);
    let span = hi - lo;
    // Without any number the span is NaN and nothing holds.
    let most = ((x.len() * 2 + 1024) as f64).min(1e9);
    if !(whole && span >= 0.0 && span <= most && lo.abs() < 1e15) {
        return None;
    }
    // Steps above the smallest; NaN one above the largest.
    let top = span as i32 + 1;
    let mut codes = vec![0_u32; x.len()];
    codes.par_chunks_mut(CHUNK).zip(x.par_chunks(CHUNK)).for_each(|(codes, x)| {
        wide(
            #[inline(always)]
            || {
                for (code, v) in codes.iter_mut().zip(x) {
                    let v: f64 = (*v).into();
                    let step = (v - lo) as i32;
                    *code = if v.is_nan() { top } else { step } as u32;
                }
            },
        );
    });
    let mut rank = vec![0_u32; top as usize + 1];
    codes.iter().for_each(|c| rank[*c as usize] = 1);
    let mut next = 0;
    for slot in &mut rank {
        next += std::mem::replace(slot, next);
    }
    if next as usize <= top as usize {
        codes.par_chunks_mut(CHUNK).for_each(|codes| codes.iter_mut().for_each(|c| *c = rank[*c as usize]));
    }
    Some(codes)
}

/// A column of a key: its codes and what one step of them adds.
type Digit<'a> = (&'a [u32], u64);

/// The rows of a table as numbers below `span`.
pub struct Keys<'a> {
    digits: Vec<Digit<'a>>,
    /// Columns that did not fit, already made one.
    joined: Option<(Vec<u32>, u64)>,
    pub rows: usize,
    pub span: u64,
}

impl<'a> Keys<'a> {
    /// Undefined for no columns, no rows, columns of different lengths and 2^32 rows or more.
    pub fn new(columns: &'a [Codes]) -> Result<Keys<'a>, Undefined> {
        let n = columns.first().map_or(0, |c| c.codes.len());
        if columns.is_empty() {
            return Err(Undefined::new("there are no quasi-identifiers"));
        }
        checks::not_empty(n)?;
        if u32::try_from(n).is_err() {
            return Err(Undefined::new("there are 2^32 rows or more"));
        }
        for column in columns {
            checks::same_length(("values of one column", column.codes.len()), ("of another", n))?;
        }
        let mut keys = Keys { digits: Vec::new(), joined: None, rows: n, span: 1 };
        for column in columns {
            let width = column.width();
            if keys.span.checked_mul(width).is_none() {
                // Codes of the classes so far take their place; both spans are below 2^32 then.
                let ids = keys.ids();
                let span = ids.iter().max().map_or(0, |m| u64::from(*m)) + 1;
                keys = Keys { digits: Vec::new(), joined: Some((ids, 1)), rows: n, span };
            }
            keys.digits.push((&column.codes, keys.span));
            keys.span *= width;
        }
        Ok(keys)
    }

    /// The digits, those of joined columns first.
    fn digits(&self) -> impl Iterator<Item = Digit<'_>> {
        let joined = self.joined.iter().map(|(ids, step)| (ids.as_slice(), *step));
        joined.chain(self.digits.iter().copied())
    }

    /// The keys of some rows.
    fn fill(&self, rows: Range<usize>, out: &mut Vec<u64>) {
        out.clear();
        out.resize(rows.len(), 0);
        for (codes, step) in self.digits() {
            for (key, code) in out.iter_mut().zip(&codes[rows.clone()]) {
                *key = key.wrapping_add(u64::from(*code).wrapping_mul(step));
            }
        }
    }

    /// The same where the span fits into 32 bits.
    fn fill_narrow(&self, rows: Range<usize>, out: &mut Vec<u32>) {
        out.clear();
        out.resize(rows.len(), 0);
        for (codes, step) in self.digits() {
            let (codes, step) = (&codes[rows.clone()], step as u32);
            wide(
                #[inline(always)]
                || {
                    for (key, code) in out.iter_mut().zip(codes) {
                        *key = key.wrapping_add(code.wrapping_mul(step));
                    }
                },
            );
        }
    }

    /// All keys, with what `finish` makes of each block of them and its first row.
    pub fn each<R: Send>(&self, finish: impl Fn(usize, &[u64]) -> R + Sync) -> Vec<R> {
        let starts: Vec<usize> = (0..self.rows).step_by(CHUNK).collect();
        let task = |buffer: &mut Vec<u64>, first: usize| {
            self.fill(first..(first + CHUNK).min(self.rows), buffer);
            finish(first, buffer)
        };
        starts.into_par_iter().map_init(Vec::new, task).collect()
    }

    /// All keys in order of the rows.
    pub fn all(&self) -> Vec<u64> {
        self.each(|_, keys| keys.to_vec()).concat()
    }

    /// The class of every row as a number below the number of classes, by key.
    pub fn ids(&self) -> Vec<u32> {
        let keys = self.all();
        if self.span <= 2 * self.rows as u64 + 1024 {
            let mut rank = vec![0_u32; self.span as usize];
            keys.iter().for_each(|k| rank[*k as usize] = 1);
            let mut next = 0;
            for slot in &mut rank {
                next += std::mem::replace(slot, next);
            }
            return keys.iter().map(|k| rank[*k as usize]).collect();
        }
        let mut distinct = keys.clone();
        distinct.par_sort_unstable();
        distinct.dedup();
        keys.par_iter().map(|k| distinct.partition_point(|d| d < k) as u32).collect()
    }

    /// Hands the size of each class to `see`, in order of their keys.
    pub fn sizes(&self, mut see: impl FnMut(u32)) {
        if let Some(counts) = self.counted(self.span, |_, key| key) {
            counts.into_iter().filter(|c| *c > 0).for_each(see);
            return;
        }
        let mut keys = self.all();
        keys.par_sort_unstable();
        keys.chunk_by(|a, b| a == b).for_each(|c| see(c.len() as u32));
    }

    /// How often each place below `span` is taken, where `place` says it from row and key; nothing when the places are
    /// too many to count them in memory in proportion to the rows.
    pub fn counted(&self, span: u64, place: impl Fn(usize, u64) -> u64 + Sync) -> Option<Vec<u32>> {
        self.tables(span, span, |table, row, key| table[place(row, key) as usize] += 1, |a, b| *a += b)
    }

    /// The smallest number of different values in a class; nothing when places are too many.
    fn least_distinct(&self, values: &[u32], width: u64) -> Option<u64> {
        let words = width.div_ceil(64);
        let span = self.span.checked_mul(words)?;
        let mark = |table: &mut [u64], row: usize, key: u64| {
            let value = u64::from(values[row]);
            table[(key * words + value / 64) as usize] |= 1 << (value % 64);
        };
        let table = self.tables(span, span.saturating_mul(2), mark, |a, b| *a |= b)?;
        let least = |table: &[u64]| {
            wide(
                #[inline(always)]
                || {
                    let ones = |class: &[u64]| class.iter().map(|w| w.count_ones()).sum::<u32>();
                    // A class without rows becomes the largest number.
                    table.chunks_exact(words as usize).fold(u32::MAX, |m, class| m.min(ones(class).wrapping_sub(1)))
                },
            )
        };
        let block = CHUNK * words as usize;
        table.par_chunks(block).map(least).min().filter(|m| *m < u32::MAX).map(|m| u64::from(m) + 1)
    }

    /// One table over all rows, made as a few side by side; `cost` is its size in numbers of 32 bit.
    fn tables<T: Copy + Default + Send + Sync>(
        &self,
        span: u64,
        cost: u64,
        mark: impl Fn(&mut [T], usize, u64) + Sync,
        join: impl Fn(&mut T, T) + Sync,
    ) -> Option<Vec<T>> {
        let most = 4 * self.rows as u64 + (1 << 16);
        if cost > most || self.span > u64::from(u32::MAX) {
            return None;
        }
        let tables = rayon::current_num_threads().min((most / cost.max(1)) as usize).clamp(1, TABLES);
        let rows = self.rows.div_ceil(tables).next_multiple_of(CHUNK);
        let made: Vec<Vec<T>> = (0..tables)
            .into_par_iter()
            .map(|t| {
                let mut table = vec![T::default(); span as usize];
                let mut keys = Vec::new();
                let end = ((t + 1) * rows).min(self.rows);
                for first in ((t * rows).min(end)..end).step_by(KEYS) {
                    self.fill_narrow(first..(first + KEYS).min(end), &mut keys);
                    keys.iter().enumerate().for_each(|(i, key)| mark(&mut table, first + i, u64::from(*key)));
                }
                table
            })
            .collect();
        let mut made = made.into_iter();
        let mut table = made.next()?;
        for other in made {
            table.par_chunks_mut(CHUNK).zip(other.par_chunks(CHUNK)).for_each(|(a, b)| {
                a.iter_mut().zip(b).for_each(|(a, b)| join(a, *b));
            });
        }
        Some(table)
    }
}

/// How often one value occurs in a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    pub value: u32,
    pub rows: u32,
}

/// Hands the values of every class, in order of the values, to `see`; classes in order of their keys.
pub fn values_by_class(keys: &Keys, values: &[u32], width: u64, mut see: impl FnMut(&[Count])) {
    let place = |row: usize, key: u64| key * width + u64::from(values[row]);
    let dense = keys.span.checked_mul(width).and_then(|span| keys.counted(span, place));
    let mut class = Vec::new();
    if let Some(counts) = dense {
        for counts in counts.chunks(width as usize) {
            class.clear();
            let own = counts.iter().enumerate().filter(|(_, rows)| **rows > 0);
            class.extend(own.map(|(value, rows)| Count { value: value as u32, rows: *rows }));
            if !class.is_empty() {
                see(&class);
            }
        }
        return;
    }
    let mut pairs = pairs(keys, values, width);
    pairs.par_sort_unstable();
    for rows in pairs.chunk_by(|a, b| a / width == b / width) {
        class.clear();
        let own = rows.chunk_by(|a, b| a == b);
        class.extend(own.map(|c| Count { value: (c.first().unwrap_or(&0) % width) as u32, rows: c.len() as u32 }));
        see(&class);
    }
}

/// Class and value of every row as one number: class * width + value.
fn pairs(keys: &Keys, values: &[u32], width: u64) -> Vec<u64> {
    let joined = |(class, value): (u64, &u32)| class * width + u64::from(*value);
    match keys.span.checked_mul(width) {
        Some(_) => {
            keys.each(|first, keys| keys.iter().copied().zip(&values[first..]).map(joined).collect::<Vec<_>>()).concat()
        }
        // Both are below 2^32.
        None => keys.ids().into_iter().map(u64::from).zip(values).map(joined).collect(),
    }
}

/// The smallest number of different values in a class.
pub fn least_distinct(keys: &Keys, values: &[u32], width: u64) -> Option<u64> {
    if let Some(least) = keys.least_distinct(values, width) {
        return Some(least);
    }
    let mut pairs = pairs(keys, values, width);
    pairs.par_sort_unstable();
    pairs.dedup();
    pairs.chunk_by(|a, b| a / width == b / width).map(|c| c.len() as u64).min()
}

//! Rows counted by prediction and outcome, and by group: what every metric of hard predictions is a function of, and
//! what a bootstrap of such a metric resamples.

use super::inference;
use super::resampling::{self, Lane, REPLICATES, Stream};
use crate::eval::estimate::{Interval, Measured, Undefined};
use crate::eval::held::GroupCodes;
use crate::metrics::checks;
use arrow_buffer::BooleanBuffer;
use rayon::prelude::*;

/// Rows by outcome and prediction: true negatives, false positives, false negatives, true positives.
pub type Cells = [u64; 4];

/// Rows counted side by side.
const PART: usize = 1 << 18;

/// More groups than this are counted one by one in a single table.
const MANY: usize = 4096;

/// Tables that take turns, so that equal neighbours do not wait for each other.
const TURNS: usize = 4;

fn check(yhat: &BooleanBuffer, y: &BooleanBuffer) -> Result<(), Undefined> {
    checks::same_length(("predictions", yhat.len()), ("outcomes", y.len()))?;
    checks::not_empty(y.len())
}

/// The cells of all rows. Undefined for no rows and unequal lengths.
pub fn pairs(yhat: &BooleanBuffer, y: &BooleanBuffer) -> Result<Cells, Undefined> {
    check(yhat, y)?;
    let (n, called, have) = (y.len() as u64, yhat.count_set_bits() as u64, y.count_set_bits() as u64);
    let words = yhat.bit_chunks().iter_padded().zip(y.bit_chunks().iter_padded());
    let both: u64 = words.map(|(a, b)| u64::from((a & b).count_ones())).sum();
    Ok([n + both - called - have, called - both, have - both, both])
}

/// The cells of every group. Undefined as [`pairs`] is, and for a row of no group.
pub fn by_group(
    yhat: &BooleanBuffer,
    y: &BooleanBuffer,
    codes: GroupCodes,
    groups: usize,
) -> Result<Vec<Cells>, Undefined> {
    check(yhat, y)?;
    checks::same_length(("predictions", yhat.len()), ("groups", codes.len()))?;
    match codes {
        GroupCodes::Bytes(codes) => counted(yhat, y, codes, groups),
        GroupCodes::Words(codes) => counted(yhat, y, codes, groups),
    }
}

fn counted<C: Copy + Into<u32> + Sync>(
    yhat: &BooleanBuffer,
    y: &BooleanBuffer,
    codes: &[C],
    groups: usize,
) -> Result<Vec<Cells>, Undefined> {
    let known = |c: C| (c.into() as usize) < groups;
    if !checks::all(codes, known)
        && let Some(row) = codes.iter().position(|c| !known(*c))
    {
        return Err(Undefined::new(format!("row {} belongs to no known group", row + 1)));
    }
    let part = |from: usize, until: usize| -> Vec<u64> {
        let width = groups * 4;
        let mut counts = vec![0_u64; width * if groups > MANY { 1 } else { TURNS }];
        let (yhat, y) = (yhat.slice(from, until - from), y.slice(from, until - from));
        let words = yhat.bit_chunks().iter_padded().zip(y.bit_chunks().iter_padded());
        for (codes, (called, have)) in codes[from..until].chunks(64).zip(words) {
            let place = |i: usize, code: C| {
                let cell = (have >> i & 1) << 1 | (called >> i & 1);
                code.into() as usize * 4 + cell as usize
            };
            if groups > MANY {
                codes.iter().enumerate().for_each(|(i, code)| counts[place(i, *code)] += 1);
                continue;
            }
            let (fours, rest) = codes.as_chunks::<TURNS>();
            for (k, four) in fours.iter().enumerate() {
                for (turn, code) in four.iter().enumerate() {
                    counts[turn * width + place(k * TURNS + turn, *code)] += 1;
                }
            }
            rest.iter().enumerate().for_each(|(i, code)| counts[place(fours.len() * TURNS + i, *code)] += 1);
        }
        let (first, rest) = counts.split_at_mut(width);
        rest.chunks(width.max(1)).for_each(|table| first.iter_mut().zip(table).for_each(|(a, b)| *a += b));
        counts.truncate(width);
        counts
    };
    let rows = codes.len();
    let joined = if groups > MANY {
        part(0, rows)
    } else {
        let starts: Vec<usize> = (0..rows).step_by(PART).collect();
        let parts: Vec<Vec<u64>> = starts.into_par_iter().map(|from| part(from, (from + PART).min(rows))).collect();
        parts.into_iter().fold(vec![0; groups * 4], |mut all, part| {
            all.iter_mut().zip(part).for_each(|(a, b)| *a += b);
            all
        })
    };
    let (cells, _) = joined.as_chunks::<4>();
    Ok(cells.to_vec())
}

/// The cells of one resample of the rows, by conditional binomials.
pub fn resample(rng: &mut Stream, cells: &[Cells]) -> Vec<Cells> {
    let mut left: u64 = cells.iter().flatten().sum();
    let mut weight = left;
    cells
        .iter()
        .map(|cells| {
            cells.map(|count| {
                if count == 0 {
                    return 0;
                }
                let drawn =
                    if count == weight { left } else { resampling::binomial(rng, left, count as f64 / weight as f64) };
                left -= drawn;
                weight -= count;
                drawn
            })
        })
        .collect()
}

/// What a figure of the cells gives for resamples of the rows; a resample without a value is left out.
pub fn replicates<F>(cells: &[Cells], replicates: usize, seed: u64, figure: F) -> Vec<f64>
where
    F: Fn(&[Cells]) -> Option<f64> + Sync,
{
    let one = |index| figure(&resample(&mut resampling::stream(seed, Lane::Bootstrap, index), cells));
    (0..replicates).into_par_iter().filter_map(one).collect()
}

/// The percentile interval of a figure of the cells, by seed and level; nothing where no resample has a value.
pub fn interval<F>(cells: &[Cells], (seed, level): (u64, f64), figure: F) -> Option<Interval>
where
    F: Fn(&[Cells]) -> Measured + Sync,
{
    let value = |cells: &[Cells]| figure(cells).ok().map(|e| e.value).filter(|v| v.is_finite());
    inference::percentile_interval(&replicates(cells, REPLICATES, seed, value), level)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(n: usize) -> (Vec<bool>, Vec<bool>, Vec<u32>) {
        let of = |k: usize, m: usize| (0..n).map(|i| i * i % k < m).collect();
        (of(11, 4), of(7, 3), (0..n).map(|i| (i * 7 % 5) as u32).collect())
    }

    #[test]
    fn cells_are_those_of_the_rows() {
        for n in [1, 63, 64, 1000, 300_000] {
            let (yhat, y, codes) = rows(n);
            let bytes: Vec<u8> = codes.iter().map(|c| *c as u8).collect();
            let (a, b) = (BooleanBuffer::from(yhat.as_slice()), BooleanBuffer::from(y.as_slice()));
            let mut expected = vec![[0; 4]; 6];
            for ((h, o), c) in yhat.iter().zip(&y).zip(&codes) {
                expected[*c as usize][usize::from(*o) * 2 + usize::from(*h)] += 1;
            }
            assert_eq!(by_group(&a, &b, GroupCodes::Words(&codes), 6).unwrap(), expected);
            assert_eq!(by_group(&a, &b, GroupCodes::Bytes(&bytes), 6).unwrap(), expected);
            let mut many = by_group(&a, &b, GroupCodes::Words(&codes), 5000).unwrap();
            many.truncate(6);
            assert_eq!(many, expected);
            let total = expected.iter().fold([0; 4], |all, c| std::array::from_fn(|i| all[i] + c[i]));
            assert_eq!(pairs(&a, &b).unwrap(), total);
            // Bits that do not start on a byte.
            if n > 10 {
                let cut = |b: &BooleanBuffer| b.slice(3, n - 3);
                let head = by_group(&cut(&a), &cut(&b), GroupCodes::Words(&codes[3..]), 6).unwrap();
                assert_eq!(head.iter().flatten().sum::<u64>(), n as u64 - 3);
                assert_eq!(pairs(&cut(&a), &cut(&b)).unwrap().iter().sum::<u64>(), n as u64 - 3);
            }
        }
    }

    #[test]
    fn refusals() {
        let bits = BooleanBuffer::new_set(2);
        assert!(pairs(&bits, &BooleanBuffer::new_set(3)).is_err());
        assert!(pairs(&BooleanBuffer::new_set(0), &BooleanBuffer::new_set(0)).is_err());
        assert!(by_group(&bits, &bits, GroupCodes::Bytes(&[0]), 1).is_err());
        let why = by_group(&bits, &bits, GroupCodes::Bytes(&[0, 9]), 2).unwrap_err();
        assert_eq!(why.reason, "row 2 belongs to no known group");
    }

    #[test]
    fn resamples_keep_the_total_and_the_means() {
        let cells = [[3, 0, 40, 7], [0, 0, 0, 0], [0, 50, 0, 100]];
        let mut totals = [[0_u64; 4]; 3];
        for index in 0..4000 {
            let drawn = resample(&mut resampling::stream(1, Lane::Bootstrap, index), &cells);
            assert_eq!(drawn.iter().flatten().sum::<u64>(), 200);
            totals.iter_mut().flatten().zip(drawn.iter().flatten()).for_each(|(t, d)| *t += d);
        }
        for (total, count) in totals.iter().flatten().zip(cells.iter().flatten()) {
            // Six standard errors of a mean of 4,000 binomials.
            let slack = 6.0 * (*count as f64 / 4000.0).sqrt();
            assert!((*total as f64 / 4000.0 - *count as f64).abs() <= slack, "{total} {count}");
        }
    }
}

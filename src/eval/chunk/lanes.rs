//! Loops over one chunk, written so that the compiler turns them into vector instructions (arithmetic on bytes wraps,
//! since a check for overflow would keep it from that), and run with the widest ones that the processor has (`pulp`
//! chooses at run time).

use super::truths::Truth;
use super::{FALSE, TRUE};
use crate::eval::aggregate::LANES;
use crate::eval::vector::{ARCH, wide};
use crate::syntax::ast::BinOp;
#[cfg(target_arch = "x86_64")]
use pulp::Arch;
use std::sync::LazyLock;

/// `out[i] = f(a[i])`.
#[inline]
pub fn map<A: Copy, B>(out: &mut [B], a: &[A], f: impl Fn(A) -> B) {
    wide(
        #[inline(always)]
        move || {
            for (o, a) in out.iter_mut().zip(a) {
                *o = f(*a);
            }
        },
    );
}

/// `out[i] = f(a[i], b[i])`.
#[inline]
pub fn zip<A: Copy, B: Copy, C>(out: &mut [C], a: &[A], b: &[B], f: impl Fn(A, B) -> C) {
    wide(
        #[inline(always)]
        move || {
            for ((o, a), b) in out.iter_mut().zip(a).zip(b) {
                *o = f(*a, *b);
            }
        },
    );
}

/// `out[i] = f(a[i], b[i], c[i])`.
#[inline]
pub fn zip3<A: Copy, B: Copy, C: Copy, D>(out: &mut [D], a: &[A], b: &[B], c: &[C], f: impl Fn(A, B, C) -> D) {
    wide(
        #[inline(always)]
        move || {
            for (((o, a), b), c) in out.iter_mut().zip(a).zip(b).zip(c) {
                *o = f(*a, *b, *c);
            }
        },
    );
}

/// Bit `i` of `out` is whether `f(a[i])`; bits beyond the rows are 0.
#[inline]
pub fn test<A: Copy>(out: &mut [u64], a: &[A], f: impl Fn(A) -> bool) {
    let (whole, rest) = a.as_chunks::<64>();
    let fill = |bytes: &mut [u8; 64], at: usize| {
        if let Some(rows) = whole.get(at) {
            for (b, a) in bytes.iter_mut().zip(rows) {
                *b = 0u8.wrapping_sub(u8::from(f(*a)));
            }
        }
    };
    words(&mut out[..whole.len()], fill);
    if let Some(last) = out.get_mut(whole.len()).filter(|_| !rest.is_empty()) {
        *last = rest.iter().enumerate().fold(0, |word, (i, a)| word | u64::from(f(*a)) << i);
    }
}

/// Bit `i` of `out` is whether `f(a[i], b[i])`; bits beyond the rows are 0.
#[inline]
pub fn test_both<A: Copy, B: Copy>(out: &mut [u64], a: &[A], b: &[B], f: impl Fn(A, B) -> bool) {
    let ((whole, rest), (others, others_rest)) = (a.as_chunks::<64>(), b.as_chunks::<64>());
    let fill = |bytes: &mut [u8; 64], at: usize| {
        if let (Some(a), Some(b)) = (whole.get(at), others.get(at)) {
            for ((o, a), b) in bytes.iter_mut().zip(a).zip(b) {
                *o = 0u8.wrapping_sub(u8::from(f(*a, *b)));
            }
        }
    };
    words(&mut out[..whole.len().min(others.len())], fill);
    if let Some(last) = out.get_mut(whole.len()).filter(|_| !rest.is_empty()) {
        let pairs = rest.iter().zip(others_rest).enumerate();
        *last = pairs.fold(0, |word, (i, (a, b))| word | u64::from(f(*a, *b)) << i);
    }
}

/// Words from sixty-four bytes each, made by `fill`: a bit is set where the byte is 255, and not where it is 0.
#[inline(always)]
fn words(out: &mut [u64], fill: impl Fn(&mut [u8; 64], usize)) {
    #[cfg(target_arch = "x86_64")]
    if let Arch::V3(simd) = *ARCH {
        // The processor has an instruction for it, which compilers do not find by themselves.
        return simd.vectorize(
            #[inline(always)]
            move || {
                for (at, word) in out.iter_mut().enumerate() {
                    let mut bytes = [0; 64];
                    fill(&mut bytes, at);
                    let mask = |bytes: [u8; 32]| simd.avx2._mm256_movemask_epi8(pulp::cast(bytes)) as u32;
                    let ([low, high], _) = bytes.as_chunks::<32>() else { continue };
                    *word = u64::from(mask(*low)) | u64::from(mask(*high)) << 32;
                }
            },
        );
    }
    wide(
        #[inline(always)]
        move || {
            for (at, word) in out.iter_mut().enumerate() {
                let mut bytes = [0; 64];
                fill(&mut bytes, at);
                let (eights, _) = bytes.as_chunks::<8>();
                *word = eights.iter().rev().fold(0, |word, eight| word << 8 | u64::from(byte_of(*eight)));
            }
        },
    );
}

/// Eight bytes of which the lowest bit counts, as the bits of one.
#[inline(always)]
fn byte_of(eight: [u8; 8]) -> u8 {
    let ones = u64::from_le_bytes(eight) & 0x0101_0101_0101_0101;
    (ones.wrapping_mul(0x0102_0408_1020_4080) >> 56) as u8
}

/// A number type that columns are stored in.
pub trait Narrow: Copy + PartialOrd + Sync {
    /// The constants that make `value op bound` exact in this type: a comparison and its bound, or an answer that
    /// no value changes.
    fn bound(op: BinOp, bound: f64) -> Result<(BinOp, Self), bool>;
}

macro_rules! whole {
    ($t:ty) => {
        impl Narrow for $t {
            fn bound(op: BinOp, bound: f64) -> Result<(BinOp, Self), bool> {
                let (lo, hi) = (f64::from(<$t>::MIN), f64::from(<$t>::MAX));
                // In whole numbers every ordering is `<=` or `>=`.
                let (op, at) = match op {
                    BinOp::Lt => (BinOp::Le, bound.ceil() - 1.0),
                    BinOp::Le => (BinOp::Le, bound.floor()),
                    BinOp::Gt => (BinOp::Ge, bound.floor() + 1.0),
                    BinOp::Ge => (BinOp::Ge, bound.ceil()),
                    op if bound.fract() == 0.0 && (lo..=hi).contains(&bound) => (op, bound),
                    op => return Err(op == BinOp::Ne),
                };
                match op {
                    BinOp::Le if at < lo => Err(false),
                    BinOp::Le if at >= hi => Err(true),
                    BinOp::Ge if at > hi => Err(false),
                    BinOp::Ge if at <= lo => Err(true),
                    _ => Ok((op, at as $t)),
                }
            }
        }
    };
}
whole!(i16);
whole!(i32);

impl Narrow for f32 {
    fn bound(op: BinOp, bound: f64) -> Result<(BinOp, Self), bool> {
        let near = bound as f32;
        let below = if f64::from(near) > bound { near.next_down() } else { near };
        let above = if f64::from(near) < bound { near.next_up() } else { near };
        Ok(match op {
            BinOp::Le => (BinOp::Le, below),
            BinOp::Gt => (BinOp::Gt, below),
            BinOp::Lt => (BinOp::Lt, above),
            BinOp::Ge => (BinOp::Ge, above),
            op if below == above => (op, near),
            op => return Err(op == BinOp::Ne),
        })
    }
}

impl Narrow for f64 {
    fn bound(op: BinOp, bound: f64) -> Result<(BinOp, Self), bool> {
        Ok((op, bound))
    }
}

/// `x op bound`, exact in the storage of `x`.
pub fn against<T: Narrow>(out: &mut Truth, x: &[T], op: BinOp, bound: f64) {
    match T::bound(op, bound) {
        Err(answer) => out.fill(if answer { TRUE } else { FALSE }),
        Ok((op, k)) => match op {
            BinOp::Lt => out.test(x, move |v| v < k),
            BinOp::Le => out.test(x, move |v| v <= k),
            BinOp::Gt => out.test(x, move |v| v > k),
            BinOp::Ge => out.test(x, move |v| v >= k),
            BinOp::Ne => out.test(x, move |v| v != k),
            _ => out.test(x, move |v| v == k),
        },
    }
}

/// `x op y`.
pub fn compare(out: &mut Truth, x: &[f64], op: BinOp, y: &[f64]) {
    match op {
        BinOp::Lt => out.test_both(x, y, |a, b| a < b),
        BinOp::Le => out.test_both(x, y, |a, b| a <= b),
        BinOp::Gt => out.test_both(x, y, |a, b| a > b),
        BinOp::Ge => out.test_both(x, y, |a, b| a >= b),
        BinOp::Ne => out.test_both(x, y, |a, b| a != b),
        _ => out.test_both(x, y, |a, b| a == b),
    }
}

/// The eight bits of a byte as eight bytes of 0 or 1.
static SPREAD: LazyLock<[[u8; 8]; 256]> = LazyLock::new(|| {
    let mut table = [[0; 8]; 256];
    for (byte, row) in table.iter_mut().enumerate() {
        for (bit, cell) in row.iter_mut().enumerate() {
            *cell = (byte >> bit & 1) as u8;
        }
    }
    table
});

/// Bits as bytes of 0 and 1, sixty-four a word.
pub fn spread(out: &mut [u8], words: impl Iterator<Item = u64>) {
    let table = &*SPREAD;
    for (cells, word) in out.chunks_mut(64).zip(words) {
        for (cells, byte) in cells.chunks_mut(8).zip(word.to_le_bytes()) {
            let eight = &table[usize::from(byte)];
            match cells.first_chunk_mut::<8>() {
                Some(cells) => *cells = *eight,
                None => cells.iter_mut().zip(eight).for_each(|(cell, bit)| *cell = *bit),
            }
        }
    }
}

/// Pairs of bits as bytes of 0 to 3, the first of a pair counting two.
pub fn spread_codes(out: &mut [u8], words: impl Iterator<Item = (u64, u64)>) {
    let table = &*SPREAD;
    let of = |byte: u8| u64::from_le_bytes(table[usize::from(byte)]);
    for (cells, (high, low)) in out.chunks_mut(64).zip(words) {
        for ((cells, high), low) in cells.chunks_mut(8).zip(high.to_le_bytes()).zip(low.to_le_bytes()) {
            // Bytes of 0 or 1, shifted together: none reaches its neighbour.
            let eight = (of(high) << 1 | of(low)).to_le_bytes();
            match cells.first_chunk_mut::<8>() {
                Some(cells) => *cells = eight,
                None => cells.iter_mut().zip(eight).for_each(|(cell, bit)| *cell = bit),
            }
        }
    }
}

/// Bytes that are 0 or 1 as bits, eight to a byte.
pub fn pack(flags: &[u8], out: &mut Vec<u8>) {
    let (eights, rest) = flags.as_chunks::<8>();
    out.extend(eights.iter().map(|eight| byte_of(*eight)));
    if !rest.is_empty() {
        out.push(rest.iter().enumerate().fold(0, |byte, (i, flag)| byte | flag << i));
    }
}

/// The value where `keep` is 1, zero where it is 0; without a branch.
#[inline(always)]
pub fn held(x: f64, keep: u8) -> f64 {
    f64::from_bits(x.to_bits() & 0u64.wrapping_sub(u64::from(keep)))
}

/// Adds eight by eight; the rest goes to the first sums.
#[inline(always)]
fn add_lanes(sums: &mut [f64; LANES], x: &[f64]) {
    let (eights, rest) = x.as_chunks::<LANES>();
    for eight in eights {
        for (sum, x) in sums.iter_mut().zip(eight) {
            *sum += *x;
        }
    }
    for (sum, x) in sums.iter_mut().zip(rest) {
        *sum += *x;
    }
}

/// The same of a stride, whose length the compiler knows.
#[inline(always)]
fn add_stride(sums: [f64; LANES], x: &[f64; STRIDE]) -> [f64; LANES] {
    let mut sums = sums;
    let (eights, _) = x.as_chunks::<LANES>();
    for eight in eights {
        for (sum, x) in sums.iter_mut().zip(eight) {
            *sum += *x;
        }
    }
    sums
}

/// Rows that are converted before they are added: the two loops become vector instructions one by one, not together.
const STRIDE: usize = 64;

/// The running sums of `f(a)`.
pub fn add_each<A: Copy>(a: &[A], f: impl Fn(A) -> f64) -> [f64; LANES] {
    wide(
        #[inline(always)]
        move || {
            let mut sums = [0.0; LANES];
            let mut made = [0.0; STRIDE];
            let (whole, rest) = a.as_chunks::<STRIDE>();
            for a in whole {
                for (m, a) in made.iter_mut().zip(a) {
                    *m = f(*a);
                }
                sums = add_stride(sums, &made);
            }
            for (m, a) in made.iter_mut().zip(rest) {
                *m = f(*a);
            }
            add_lanes(&mut sums, &made[..rest.len()]);
            sums
        },
    )
}

/// The running sums of `f(a, b)`.
pub fn add_both<A: Copy, B: Copy>(a: &[A], b: &[B], f: impl Fn(A, B) -> f64) -> [f64; LANES] {
    wide(
        #[inline(always)]
        move || {
            let mut sums = [0.0; LANES];
            let mut made = [0.0; STRIDE];
            let ((whole, rest), (others, rest_of_others)) = (a.as_chunks::<STRIDE>(), b.as_chunks::<STRIDE>());
            for (a, b) in whole.iter().zip(others) {
                for ((m, a), b) in made.iter_mut().zip(a).zip(b) {
                    *m = f(*a, *b);
                }
                sums = add_stride(sums, &made);
            }
            for ((m, a), b) in made.iter_mut().zip(rest).zip(rest_of_others) {
                *m = f(*a, *b);
            }
            add_lanes(&mut sums, &made[..rest.len()]);
            sums
        },
    )
}

/// The running sums of the values whose `keep` is 1; the others add zero.
pub fn add(x: &[f64], keep: &[u8]) -> [f64; LANES] {
    add_both(x, keep, held)
}

/// The bits of a word, one by one: tested side by side they need no table.
const BITS: [u64; STRIDE] = {
    let mut bits = [0; STRIDE];
    let mut i = 0;
    while i < STRIDE {
        bits[i] = 1 << i;
        i += 1;
    }
    bits
};

/// The running sums of `f(a)` where the row's bit is set; the other rows add zero.
pub fn add_given<A: Copy>(a: &[A], given: impl Iterator<Item = u64>, f: impl Fn(A) -> f64) -> [f64; LANES] {
    wide(
        #[inline(always)]
        move || {
            let mut sums = [0.0; LANES];
            let mut made = [0.0; STRIDE];
            let (whole, rest) = a.as_chunks::<STRIDE>();
            let mut words = given;
            for (a, word) in whole.iter().zip(&mut words) {
                for ((m, a), bit) in made.iter_mut().zip(a).zip(&BITS) {
                    let x = f(*a);
                    *m = if word & bit != 0 { x } else { 0.0 };
                }
                sums = add_stride(sums, &made);
            }
            let word = words.next().unwrap_or(0);
            for ((m, a), bit) in made.iter_mut().zip(rest).zip(&BITS) {
                *m = if word & bit != 0 { f(*a) } else { 0.0 };
            }
            add_lanes(&mut sums, &made[..rest.len()]);
            sums
        },
    )
}

/// How many bytes are 1; there are at most a chunk of them.
pub fn kept(keep: &[u8]) -> u64 {
    wide(
        #[inline(always)]
        || {
            // Bytes count up to 255, and a chunk is 128 times 32 rows.
            let mut lanes = [0u8; 32];
            let (whole, rest) = keep.as_chunks::<32>();
            for keep in whole {
                for (lane, keep) in lanes.iter_mut().zip(keep) {
                    *lane = lane.wrapping_add(*keep);
                }
            }
            lanes.iter().chain(rest).map(|l| u64::from(*l)).sum()
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparisons_are_exact_in_narrow_storage() {
        fn holds<T: Narrow + Into<f64>>(values: &[T], op: BinOp, k: f64) {
            let mut out = Truth::new();
            against(&mut out, values, op, k);
            for (row, v) in values.iter().enumerate() {
                let v: f64 = (*v).into();
                assert_eq!(out.is_true(row), crate::eval::ops::ordered(op, v, k), "{v} {op:?} {k}");
            }
        }
        let ops = [BinOp::Lt, BinOp::Le, BinOp::Gt, BinOp::Ge, BinOp::Eq, BinOp::Ne];
        let bounds = [
            0.0,
            -0.5,
            0.1,
            1.0,
            32767.0,
            32768.0,
            -32768.0,
            -32769.0,
            1e9,
            2147483647.0,
            3e9,
            -3e9,
            1e300,
            16777217.0,
        ];
        // More than a word of rows, and some beyond it.
        let wholes = [0i16, 1, -1, i16::MIN, i16::MAX].repeat(20);
        let longs = [0i32, 1, -1, i32::MIN, i32::MAX, 16_777_217].repeat(20);
        let reals = [0.0f32, -0.0, 0.1, 1.0, -0.5, 16_777_216.0, f32::MAX, f32::MIN].repeat(20);
        for (op, k) in ops.into_iter().flat_map(|op| bounds.map(|k| (op, k))) {
            holds(&wholes, op, k);
            holds(&longs, op, k);
            holds(&reals, op, k);
        }
    }

    #[test]
    fn bits_become_bytes_and_back() {
        let bits: Vec<u64> = (1..=40u64).map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
        for n in [0, 1, 77, 100, 320, 40 * 64] {
            let mut bytes = vec![7; n];
            spread(&mut bytes, bits.iter().copied());
            for (i, b) in bytes.iter().enumerate() {
                assert_eq!(u64::from(*b), bits[i / 64] >> (i % 64) & 1);
            }
            let mut again = vec![0; 40];
            test(&mut again, &bytes, |b| b == 1);
            let mut twice = vec![7; n];
            spread(&mut twice, again.into_iter());
            assert_eq!(twice, bytes);
            let mut packed = Vec::new();
            pack(&bytes, &mut packed);
            assert!((0..n).all(|i| packed[i / 8] >> (i % 8) & 1 == bytes[i]));
            assert_eq!(kept(&bytes), bytes.iter().map(|b| u64::from(*b)).sum::<u64>());
        }
    }

    #[test]
    fn sums_of_given_rows() {
        let x: Vec<f32> = (0..1000).map(|i| i as f32 / 7.0).collect();
        let keep: Vec<u8> = (0..1000u32).map(|i| u8::from(i * i % 5 < 2)).collect();
        let mut words = vec![0; 16];
        test(&mut words, &keep, |k| k == 1);
        assert_eq!(add_given(&x, words.into_iter(), f64::from), add_both(&x, &keep, |x, k| held(x.into(), k)));
    }
}

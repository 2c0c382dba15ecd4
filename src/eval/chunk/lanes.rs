//! Loops over one chunk, written so that the compiler turns them into vector instructions (arithmetic on bytes wraps,
//! since a check for overflow would keep it from that), and run with the widest ones that the processor has (`pulp`
//! chooses at run time).

use super::{FALSE, TRUE, UNKNOWN};
use crate::eval::aggregate::LANES;
use crate::syntax::ast::BinOp;
use pulp::Arch;
use std::sync::LazyLock;

static ARCH: LazyLock<Arch> = LazyLock::new(Arch::new);

/// Runs a loop with the processor's vector instructions.
#[inline]
pub fn wide<R>(work: impl FnOnce() -> R) -> R {
    ARCH.dispatch(work)
}

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

/// A flag as truth.
#[inline(always)]
pub fn truth(flag: bool) -> u8 {
    u8::from(flag) << 1
}

/// `out` becomes unknown where `ok` is 0.
pub fn blank(out: &mut [u8], ok: &[u8]) {
    wide(
        #[inline(always)]
        || {
            for (o, ok) in out.iter_mut().zip(ok) {
                *o = if *ok == 0 { UNKNOWN } else { *o };
            }
        },
    );
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

/// `x op bound` as truth, exact in the storage of `x`.
pub fn against<T: Narrow>(out: &mut [u8], x: &[T], op: BinOp, bound: f64) {
    match T::bound(op, bound) {
        Err(answer) => out.fill(if answer { TRUE } else { FALSE }),
        Ok((op, k)) => match op {
            BinOp::Lt => map(out, x, move |v| truth(v < k)),
            BinOp::Le => map(out, x, move |v| truth(v <= k)),
            BinOp::Gt => map(out, x, move |v| truth(v > k)),
            BinOp::Ge => map(out, x, move |v| truth(v >= k)),
            BinOp::Ne => map(out, x, move |v| truth(v != k)),
            _ => map(out, x, move |v| truth(v == k)),
        },
    }
}

/// `x op y` as truth.
pub fn compare(out: &mut [u8], x: &[f64], op: BinOp, y: &[f64]) {
    match op {
        BinOp::Lt => zip(out, x, y, |a, b| truth(a < b)),
        BinOp::Le => zip(out, x, y, |a, b| truth(a <= b)),
        BinOp::Gt => zip(out, x, y, |a, b| truth(a > b)),
        BinOp::Ge => zip(out, x, y, |a, b| truth(a >= b)),
        BinOp::Ne => zip(out, x, y, |a, b| truth(a != b)),
        _ => zip(out, x, y, |a, b| truth(a == b)),
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

/// Bits `from..from + out.len()` of a bitmap, each as 0 or `one`, which is 1 or `TRUE`.
pub fn expand(out: &mut [u8], bits: &[u8], from: usize, one: u8) {
    if !from.is_multiple_of(8) {
        for (i, o) in out.iter_mut().enumerate() {
            let at = from + i;
            *o = bits.get(at / 8).map_or(0, |b| if b >> (at % 8) & 1 == 1 { one } else { 0 });
        }
        return;
    }
    let table = &*SPREAD;
    let bytes = bits.get(from / 8..).unwrap_or(&[]);
    let whole = out.len() / 8;
    let shift = u32::from(one == TRUE);
    let (eights, rest) = out.as_chunks_mut::<8>();
    for (cells, byte) in eights.iter_mut().zip(bytes) {
        // Eight bytes of 0 or 1, shifted together: none reaches its neighbour.
        *cells = (u64::from_le_bytes(table[*byte as usize]) << shift).to_le_bytes();
    }
    if let Some(byte) = bytes.get(whole) {
        for (cell, bit) in rest.iter_mut().zip(&table[*byte as usize]) {
            *cell = bit << shift;
        }
    }
}

/// Bytes that are 0 or 1 as bits, eight to a byte.
pub fn pack(flags: &[u8], out: &mut Vec<u8>) {
    let chunks = flags.chunks_exact(8);
    let rest = chunks.remainder();
    for eight in chunks {
        let word = u64::from_le_bytes([eight[0], eight[1], eight[2], eight[3], eight[4], eight[5], eight[6], eight[7]]);
        out.push((word.wrapping_mul(0x0102_0408_1020_4080) >> 56) as u8);
    }
    if !rest.is_empty() {
        out.push(rest.iter().enumerate().fold(0, |byte, (i, flag)| byte | flag << i));
    }
}

/// How many of the rows give 1; `one` gives 0 or 1, and there are at most a chunk of them.
#[inline(always)]
fn ones(a: &[u8], b: &[u8], one: impl Fn(u8, u8) -> u8) -> u64 {
    // Bytes count up to 255, and a chunk is 128 times 32 rows.
    let mut lanes = [0u8; 32];
    let (xs, ys) = (a.chunks_exact(32), b.chunks_exact(32));
    let (rest_x, rest_y) = (xs.remainder(), ys.remainder());
    for (x, y) in xs.zip(ys) {
        for ((lane, x), y) in lanes.iter_mut().zip(x).zip(y) {
            *lane = lane.wrapping_add(one(*x, *y));
        }
    }
    let rest: u64 = rest_x.iter().zip(rest_y).map(|(x, y)| u64::from(one(*x, *y))).sum();
    lanes.iter().map(|l| u64::from(*l)).sum::<u64>() + rest
}

/// How many rows are (true, false), of those where `given` is true; a row left out counts as neither.
pub fn count(event: &[u8], given: Option<&[u8]>) -> (u64, u64) {
    // Both true: only 2 and 2 keep bit 1.
    wide(
        #[inline(always)]
        || match given {
            Some(given) => {
                (ones(event, given, |e, g| (e & g) >> 1), ones(event, given, |e, g| (TRUE.wrapping_sub(e) & g) >> 1))
            }
            None => (ones(event, event, |e, _| e >> 1), ones(event, event, |e, _| TRUE.wrapping_sub(e) >> 1)),
        },
    )
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

/// Rows that are converted before they are added: the two loops become vector instructions one by one, not together.
const STRIDE: usize = 64;

/// The running sums of `f(a)`.
pub fn add_each<A: Copy>(a: &[A], f: impl Fn(A) -> f64) -> [f64; LANES] {
    wide(
        #[inline(always)]
        move || {
            let mut sums = [0.0; LANES];
            let mut made = [0.0; STRIDE];
            for a in a.chunks(STRIDE) {
                for (m, a) in made.iter_mut().zip(a) {
                    *m = f(*a);
                }
                add_lanes(&mut sums, &made[..a.len()]);
            }
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
            for (a, b) in a.chunks(STRIDE).zip(b.chunks(STRIDE)) {
                for ((m, a), b) in made.iter_mut().zip(a).zip(b) {
                    *m = f(*a, *b);
                }
                add_lanes(&mut sums, &made[..a.len()]);
            }
            sums
        },
    )
}

/// The running sums of the values whose `keep` is 1; the others add zero.
pub fn add(x: &[f64], keep: &[u8]) -> [f64; LANES] {
    add_both(x, keep, held)
}

/// How many bytes are 1.
pub fn kept(keep: &[u8]) -> u64 {
    wide(
        #[inline(always)]
        || ones(keep, keep, |k, _| k),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparisons_are_exact_in_narrow_storage() {
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
        let wholes = [0i16, 1, -1, i16::MIN, i16::MAX];
        let longs = [0i32, 1, -1, i32::MIN, i32::MAX, 16_777_217];
        let reals = [0.0f32, -0.0, 0.1, 1.0, -0.5, 16_777_216.0, f32::MAX, f32::MIN];
        let expected = |op: BinOp, v: f64, k: f64| truth(crate::eval::ops::ordered(op, v, k));
        for op in ops {
            for k in bounds {
                let mut out = [9; 8];
                against(&mut out, &wholes, op, k);
                wholes
                    .iter()
                    .zip(out)
                    .for_each(|(v, o)| assert_eq!(o, expected(op, f64::from(*v), k), "{v} {op:?} {k}"));
                against(&mut out, &longs, op, k);
                longs
                    .iter()
                    .zip(out)
                    .for_each(|(v, o)| assert_eq!(o, expected(op, f64::from(*v), k), "{v} {op:?} {k}"));
                against(&mut out, &reals, op, k);
                reals
                    .iter()
                    .zip(out)
                    .for_each(|(v, o)| assert_eq!(o, expected(op, f64::from(*v), k), "{v} {op:?} {k}"));
            }
        }
    }

    #[test]
    fn bits_become_bytes_and_back() {
        let bits: Vec<u8> = (0..40u8).map(|i| i.wrapping_mul(73) ^ 0x5a).collect();
        for (from, n) in [(0, 320), (8, 100), (3, 77), (16, 9)] {
            let mut bytes = vec![7; n];
            expand(&mut bytes, &bits, from, 1);
            for (i, b) in bytes.iter().enumerate() {
                assert_eq!(*b, bits[(from + i) / 8] >> ((from + i) % 8) & 1);
            }
            let mut packed = Vec::new();
            pack(&bytes, &mut packed);
            let mut again = vec![7; n];
            expand(&mut again, &packed, 0, 1);
            assert_eq!(again, bytes);
        }
    }

    #[test]
    fn counts_leave_out_what_is_not_given() {
        let event: Vec<u8> = (0..1000).map(|i| (i % 3) as u8).collect();
        let given: Vec<u8> = (0..1000).map(|i| (i / 3 % 3) as u8).collect();
        let expected = |t: u8| event.iter().zip(&given).filter(|(e, g)| **e == t && **g == TRUE).count() as u64;
        assert_eq!(count(&event, Some(&given)), (expected(TRUE), expected(FALSE)));
        assert_eq!(count(&event, None), (333, 334));
        assert_eq!(kept(&[1, 0, 1, 1]), 3);
    }
}

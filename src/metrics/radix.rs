//! Sorting numbers by the digits of their bits: no comparisons, the same order on any number of threads.

/// Bits of a digit: as many places as the processor can write to at a time without looking up pages.
const DIGIT: u32 = 8;

/// Below this, comparing is faster.
const FEW: usize = 2048;

/// A number as an unsigned key of the same order; both zeros have the same one, and NaN has none.
pub trait Key: Copy + Ord + Default + Send + Sync {
    type Number: Copy + Send + Sync;
    const BITS: u32;

    fn of(x: Self::Number) -> Self;

    /// The number of a key.
    fn number(self) -> f64;

    /// The key of a number from 0 on with a flag, in the order of the numbers, false before true.
    fn flagged(self, flag: bool) -> Self;

    /// Number and flag apart.
    fn unflagged(self) -> (Self, bool);

    fn digit(self, from: u32) -> usize;
}

macro_rules! key {
    ($key:ty, $number:ty) => {
        impl Key for $key {
            type Number = $number;
            const BITS: u32 = <$key>::BITS;

            #[inline]
            fn of(x: $number) -> $key {
                let bits = (x + 0.0).to_bits();
                if bits >> (<$key>::BITS - 1) == 1 { !bits } else { bits | 1 << (<$key>::BITS - 1) }
            }

            #[inline]
            fn number(self) -> f64 {
                let top = 1 << (<$key>::BITS - 1);
                f64::from(<$number>::from_bits(if self & top == top { self & !top } else { !self }))
            }

            #[inline]
            fn flagged(self, flag: bool) -> $key {
                // Numbers from 0 on have the highest bit set, so that it can make room.
                self << 1 | <$key>::from(flag)
            }

            #[inline]
            fn unflagged(self) -> ($key, bool) {
                (self >> 1 | 1 << (<$key>::BITS - 1), self & 1 == 1)
            }

            #[inline]
            fn digit(self, from: u32) -> usize {
                (self >> from) as usize & ((1 << DIGIT) - 1)
            }
        }
    };
}
key!(u32, f32);
key!(u64, f64);

/// Sorts from the smallest key on: the lowest digit first, digits that all keys share skipped.
pub fn sort<K: Key>(mut keys: Vec<K>) -> Vec<K> {
    if keys.len() < FEW {
        keys.sort_unstable();
        return keys;
    }
    let froms: Vec<u32> = (0..K::BITS).step_by(DIGIT as usize).collect();
    let mut counts = vec![[0_usize; 1 << DIGIT]; froms.len()];
    for key in &keys {
        for (count, from) in counts.iter_mut().zip(&froms) {
            count[key.digit(*from)] += 1;
        }
    }
    let mut other = vec![K::default(); keys.len()];
    for (count, from) in counts.iter_mut().zip(froms) {
        if count.contains(&keys.len()) {
            continue;
        }
        let mut start = 0;
        for place in count.iter_mut() {
            start += std::mem::replace(place, start);
        }
        for key in &keys {
            let place = &mut count[key.digit(from)];
            other[*place] = *key;
            *place += 1;
        }
        std::mem::swap(&mut keys, &mut other);
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_the_order_and_come_back() {
        let numbers =
            [f64::NEG_INFINITY, -1e300, -1.5, -f64::MIN_POSITIVE, 0.0, 5e-324, 0.5, 1.0, 1e300, f64::INFINITY];
        for pair in numbers.windows(2) {
            assert!(u64::of(pair[0]) < u64::of(pair[1]));
            assert!(u32::of(pair[0] as f32) <= u32::of(pair[1] as f32));
        }
        for x in numbers {
            assert_eq!(u64::of(x).number(), x);
            assert_eq!(u32::of(x as f32).number(), f64::from(x as f32));
            if x >= 0.0 {
                assert_eq!(u64::of(x).flagged(true).unflagged(), (u64::of(x), true));
                assert_eq!(u32::of(x as f32).flagged(false).unflagged(), (u32::of(x as f32), false));
                assert!(u64::of(x).flagged(false) < u64::of(x).flagged(true));
            }
        }
        assert_eq!(u64::of(-0.0), u64::of(0.0));
    }

    #[test]
    fn sorted_as_by_comparison() {
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state ^ state >> 29
        };
        for n in [0, 1, 100, FEW, 50_000] {
            let wide: Vec<u64> = (0..n).map(|_| next()).collect();
            let narrow: Vec<u32> = wide.iter().map(|v| (*v >> 40) as u32).collect();
            let (mut a, mut b) = (wide.clone(), narrow.clone());
            a.sort_unstable();
            b.sort_unstable();
            assert_eq!(sort(wide), a);
            assert_eq!(sort(narrow), b);
        }
    }
}

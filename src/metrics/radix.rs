//! Sorting numbers by the digits of their bits: no comparisons, the same order on any number of threads.

/// Bits of a digit.
const DIGIT: u32 = 11;

/// Below this, comparing is faster.
const FEW: usize = 2048;

/// A number as an unsigned key of the same order.
pub trait Key: Copy + Ord + Default + Send {
    const BITS: u32;
    fn digit(self, from: u32) -> usize;
}

impl Key for u32 {
    const BITS: u32 = 32;
    fn digit(self, from: u32) -> usize {
        (self >> from) as usize & ((1 << DIGIT) - 1)
    }
}

impl Key for u64 {
    const BITS: u32 = 64;
    fn digit(self, from: u32) -> usize {
        (self >> from) as usize & ((1 << DIGIT) - 1)
    }
}

/// The key of a number that is not NaN; both zeros have the same one.
pub fn key_of_f32(x: f32) -> u32 {
    let bits = (x + 0.0).to_bits();
    if bits >> 31 == 1 { !bits } else { bits | 1 << 31 }
}

/// The number of a key.
pub fn f32_of_key(key: u32) -> f32 {
    f32::from_bits(if key >> 31 == 1 { key & !(1 << 31) } else { !key })
}

/// The key of a number that is not NaN; both zeros have the same one.
pub fn key_of_f64(x: f64) -> u64 {
    let bits = (x + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

/// The number of a key.
pub fn f64_of_key(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 { key & !(1 << 63) } else { !key })
}

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
            assert!(key_of_f64(pair[0]) < key_of_f64(pair[1]));
            assert!(key_of_f32(pair[0] as f32) <= key_of_f32(pair[1] as f32));
        }
        for x in numbers {
            assert_eq!(f64_of_key(key_of_f64(x)), x);
            assert_eq!(f32_of_key(key_of_f32(x as f32)), x as f32);
        }
        assert_eq!(key_of_f64(-0.0), key_of_f64(0.0));
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

//! Sorting finite numbers: into buckets of equal width first, then by whole-number keys within each bucket.
//!
//! Numbers that spread over their range at all come to a few dozen a bucket, which takes half the time of comparing a
//! million; numbers that do not are compared as ever.

use crate::metrics::radix::Key;

/// Numbers a bucket, were they spread evenly.
const BUCKET: usize = 32;
/// Below this there are no buckets.
const FEW: usize = 2048;

/// Sorts finite numbers; beyond a few, -0 becomes 0.
pub fn sort(x: &mut [f64]) {
    if x.len() < FEW || u32::try_from(x.len()).is_err() {
        return x.sort_unstable_by(f64::total_cmp);
    }
    let (lo, hi) = x.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), v| (lo.min(*v), hi.max(*v)));
    let buckets = (x.len() / BUCKET).next_power_of_two().min(1 << 16);
    let top = (buckets - 1) as u16;
    // No width, or one that overflows, is one bucket, since the conversion turns NaN into 0; one so small that the scale
    // overflows is two.
    let scale = f64::from(top) / (hi - lo);
    let places: Vec<u16> = x.iter().map(|v| (((v - lo) * scale) as u16).min(top)).collect();
    let mut ends = vec![0_u32; buckets];
    for place in &places {
        ends[usize::from(*place)] += 1;
    }
    let mut total = 0;
    for end in &mut ends {
        (*end, total) = (total, total + *end);
    }
    let mut keys = vec![0_u64; x.len()];
    for (v, place) in x.iter().zip(&places) {
        let end = &mut ends[usize::from(*place)];
        keys[*end as usize] = u64::of(*v);
        *end += 1;
    }
    let mut rest = keys.as_mut_slice();
    let mut done = 0;
    for end in &ends {
        let (bucket, after) = rest.split_at_mut((end - done) as usize);
        bucket.sort_unstable();
        (rest, done) = (after, *end);
    }
    x.iter_mut().zip(&keys).for_each(|(v, key)| *v = key.number());
}

#[cfg(test)]
mod tests {
    use super::sort;

    #[test]
    fn the_order_is_that_of_comparing() {
        let mut seed = 2_u64;
        let mut next = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            seed ^ (seed >> 29)
        };
        let random: Vec<f64> = (0..5000).map(|_| f64::from_bits(next())).filter(|v| v.is_finite()).collect();
        let even: Vec<f64> = (0..9000).map(|_| next() as f64 / 1e19 - 0.5).collect();
        let whole: Vec<f64> = (0..5000).map(|_| (next() % 90) as f64 - 40.0).collect();
        let edges = [0.0, -0.0, 1.0, 5e-324, -5e-324, f64::MAX, f64::MIN];
        for mut x in
            [random, even, whole, edges.repeat(400), [5e-324, 0.0].repeat(1500), vec![1.5; 3000], vec![2.0, 1.0]]
        {
            let mut wanted = x.clone();
            wanted.sort_by(f64::total_cmp);
            sort(&mut x);
            assert_eq!(x, wanted);
        }
    }
}

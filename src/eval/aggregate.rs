//! Sums, means, variances and quantiles shared by both evaluators and the kernels, so that they give the
//! same bits.
//!
//! A sum runs over blocks of [`BLOCK`] rows by position: eight running sums a block, blocks joined in pairs. Its
//! order depends on the number of rows alone, so any number of threads gives the same bits, and a row that does not
//! count adds zero instead of moving the others.

/// Rows of a block.
pub const BLOCK: usize = 4096;
/// Running sums of a block: row `i` goes to sum `i % LANES`.
pub const LANES: usize = 8;

/// The eight running sums of a block as one number.
#[inline]
pub fn join_lanes(lanes: [f64; LANES]) -> f64 {
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + b) + (c + d)) + ((e + f) + (g + h))
}

/// Joins neighbours until one is left; nothing for nothing.
pub fn join_pairs<T>(mut parts: Vec<T>, join: impl Fn(T, T) -> T) -> Option<T> {
    while parts.len() > 1 {
        let mut next = Vec::with_capacity(parts.len().div_ceil(2));
        let mut rest = parts.into_iter();
        while let Some(left) = rest.next() {
            next.push(match rest.next() {
                Some(right) => join(left, right),
                None => left,
            });
        }
        parts = next;
    }
    parts.pop()
}

/// The sum of one block.
pub fn block_sum(x: &[f64]) -> f64 {
    let mut lanes = [0.0; LANES];
    let chunks = x.chunks_exact(LANES);
    let rest = chunks.remainder();
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane += value;
        }
    }
    for (lane, value) in lanes.iter_mut().zip(rest) {
        *lane += value;
    }
    join_lanes(lanes)
}

/// The sum of `x`; 0 for no values. The error grows with the logarithm of the number of blocks.
pub fn sum(x: &[f64]) -> f64 {
    if x.len() <= BLOCK {
        return block_sum(x);
    }
    join_pairs(x.chunks(BLOCK).map(block_sum).collect(), |a, b| a + b).unwrap_or(0.0)
}

/// The mean, or nothing for no values.
pub fn mean(x: &[f64]) -> Option<f64> {
    if x.is_empty() { None } else { Some(sum(x) / x.len() as f64) }
}

/// Count, mean and sum of squared distances from the mean.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Moments {
    pub n: u64,
    pub mean: f64,
    pub m2: f64,
}

impl Moments {
    /// The moments of one block, from its count, its sum and the squares around its own mean.
    pub fn of_block(n: u64, sum: f64, squares: impl FnOnce(f64) -> f64) -> Moments {
        if n == 0 {
            return Moments::default();
        }
        let mean = sum / n as f64;
        Moments { n, mean, m2: squares(mean) }
    }

    /// Both together (Chan, Golub and LeVeque 1983).
    pub fn join(self, other: Moments) -> Moments {
        if self.n == 0 {
            return other;
        }
        if other.n == 0 {
            return self;
        }
        let n = self.n + other.n;
        let (a, b) = (self.n as f64, other.n as f64);
        let delta = other.mean - self.mean;
        Moments {
            n,
            mean: self.mean + delta * (b / n as f64),
            m2: self.m2 + other.m2 + delta * delta * (a * b / n as f64),
        }
    }

    /// The unbiased sample variance (n - 1), or nothing for fewer than two values.
    pub fn variance(self) -> Option<f64> {
        (self.n >= 2).then(|| self.m2 / (self.n - 1) as f64)
    }
}

/// The moments of the rows that are kept; the others hold their place.
pub fn moments(x: &[f64], keep: impl Fn(usize) -> bool) -> Moments {
    let block = |(b, x): (usize, &[f64])| {
        let kept = |i: usize| keep(b * BLOCK + i);
        let n = (0..x.len()).filter(|&i| kept(i)).count() as u64;
        let only = |f: &dyn Fn(f64) -> f64| -> f64 {
            block_sum(&x.iter().enumerate().map(|(i, v)| if kept(i) { f(*v) } else { 0.0 }).collect::<Vec<_>>())
        };
        Moments::of_block(n, only(&|v| v), |mean| only(&|v| (v - mean) * (v - mean)))
    };
    join_pairs(x.chunks(BLOCK).enumerate().map(block).collect(), Moments::join).unwrap_or_default()
}

/// The unbiased sample variance (n - 1), or nothing for fewer than two values.
pub fn variance(x: &[f64]) -> Option<f64> {
    moments(x, |_| true).variance()
}

/// The quantile of sorted values by linear interpolation (Hyndman and Fan 1996, type 7: the default
/// of R and NumPy). Nothing for no values.
pub fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let at = q.clamp(0.0, 1.0) * last as f64;
    let below = at.floor();
    let lo = *sorted.get(below as usize)?;
    let hi = *sorted.get((below as usize + 1).min(last))?;
    Some(lo + (at - below) * (hi - lo))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_hold_their_digits() {
        let tenths = vec![0.1; 1_000_000];
        assert!((sum(&tenths) - 100_000.0).abs() < 1e-8);
        assert_eq!(sum(&[]), 0.0);
        assert_eq!(sum(&[1.0, 2.0, 3.5]), 6.5);
    }

    #[test]
    fn variance_survives_a_large_mean() {
        let x: Vec<f64> = (0..10_000).map(|i| 1e9 + f64::from(i % 7)).collect();
        let plain: Vec<f64> = (0..10_000).map(|i| f64::from(i % 7)).collect();
        let (far, near) = (variance(&x).unwrap(), variance(&plain).unwrap());
        assert!((far - near).abs() < 1e-9 * near, "{far} {near}");
        assert_eq!(variance(&[3.0]), None);
    }

    #[test]
    fn rows_left_out_do_not_move_the_others() {
        let x: Vec<f64> = (0..5000).map(|i| f64::from(i).sin()).collect();
        let kept = moments(&x, |i| i % 3 == 0);
        let only: Vec<f64> = x.iter().step_by(3).copied().collect();
        assert_eq!(kept.n as usize, only.len());
        assert!((kept.variance().unwrap() - variance(&only).unwrap()).abs() < 1e-12);
    }
}

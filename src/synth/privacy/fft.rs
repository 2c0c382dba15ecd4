//! The discrete Fourier transform of a power of two of values (Cooley and Tukey 1965), iterative, radix 2.
//!
//! Sixty lines of our own rather than a package: the transform is needed at one place, for lengths of our choosing, and
//! with the same bits on every processor.

/// A complex number.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Complex {
    pub re: f64,
    pub im: f64,
}

impl Complex {
    pub const ONE: Complex = Complex { re: 1.0, im: 0.0 };

    pub fn times(self, other: Complex) -> Complex {
        Complex { re: self.re * other.re - self.im * other.im, im: self.re * other.im + self.im * other.re }
    }

    fn plus(self, other: Complex) -> Complex {
        Complex { re: self.re + other.re, im: self.im + other.im }
    }

    fn minus(self, other: Complex) -> Complex {
        Complex { re: self.re - other.re, im: self.im - other.im }
    }
}

/// Transforms in place, without a factor: forward `exp(-2πi jk/n)`, backward `exp(2πi jk/n)`. Says whether the length is
/// a power of two; nothing happens when it is not.
#[must_use]
pub fn transform(x: &mut [Complex], forward: bool) -> bool {
    let n = x.len();
    if !n.is_power_of_two() {
        return false;
    }
    // Bit-reversed order.
    let mut j = 0;
    for i in 1..n {
        let mut bit = n >> 1;
        while j & bit != 0 {
            j ^= bit;
            bit >>= 1;
        }
        j |= bit;
        if i < j {
            x.swap(i, j);
        }
    }
    // Every root comes from its own angle, so that errors do not add up.
    let sign = if forward { -1.0 } else { 1.0 };
    let angle = sign * std::f64::consts::TAU / n as f64;
    let root = |k: usize| Complex { re: libm::cos(angle * k as f64), im: libm::sin(angle * k as f64) };
    let roots: Vec<Complex> = (0..n / 2).map(root).collect();
    let mut len = 2;
    while len <= n {
        let step = n / len;
        for block in x.chunks_exact_mut(len) {
            let (low, high) = block.split_at_mut(len / 2);
            for ((a, b), w) in low.iter_mut().zip(high).zip(roots.iter().step_by(step)) {
                let turned = b.times(*w);
                (*a, *b) = (a.plus(turned), a.minus(turned));
            }
        }
        len *= 2;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let n = 1 << 12;
        let x: Vec<Complex> = (0..n).map(|i| Complex { re: f64::from(i % 17), im: 0.0 }).collect();
        let mut y = x.clone();
        assert!(transform(&mut y, true) && transform(&mut y, false));
        for (a, b) in x.iter().zip(&y) {
            assert!((a.re - b.re / f64::from(n)).abs() < 1e-12 && (b.im / f64::from(n)).abs() < 1e-12);
        }
        assert!(!transform(&mut [Complex::ONE; 3], true));
    }

    #[test]
    fn agrees_with_the_sum_itself() {
        let x: Vec<Complex> = (0..8).map(|i| Complex { re: f64::from(i * i), im: f64::from(3 - i) }).collect();
        let mut y = x.clone();
        assert!(transform(&mut y, true));
        for (k, found) in y.iter().enumerate() {
            let mut sum = Complex::default();
            for (j, v) in x.iter().enumerate() {
                let angle = -std::f64::consts::TAU * (j * k) as f64 / 8.0;
                sum = sum.plus(v.times(Complex { re: angle.cos(), im: angle.sin() }));
            }
            assert!((sum.re - found.re).abs() < 1e-12 && (sum.im - found.im).abs() < 1e-12);
        }
    }
}

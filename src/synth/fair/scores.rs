//! Score-based weights of rows: what the discriminator says is missing from what is drawn.
//!
//! After Lee et al. 2021 (Dia-GAN): the discriminator's score at a row is the log of how much more
//! often real rows are like it than drawn ones; its mean over late snapshots, plus a multiple of its
//! standard deviation, weighs the row. Knows numbers a row; no networks.

/// No score is below this, and none above [`MOST`] times the least.
const LEAST: f64 = 0.01;
const MOST: f64 = 50.0;

/// Running mean and squared deviations a row (Welford 1962).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Snapshots {
    pub taken: usize,
    mean: Vec<f32>,
    square: Vec<f32>,
}

impl Snapshots {
    /// Adds one score a row.
    pub fn add(&mut self, scores: &[f32]) {
        self.taken += 1;
        self.mean.resize(scores.len(), 0.0);
        self.square.resize(scores.len(), 0.0);
        for ((x, mean), square) in scores.iter().zip(&mut self.mean).zip(&mut self.square) {
            let before = x - *mean;
            *mean += before / self.taken as f32;
            *square += before * (x - *mean);
        }
    }

    /// The state as two lists and a count.
    pub fn parts(&self) -> (&[f32], &[f32], usize) {
        (&self.mean, &self.square, self.taken)
    }

    /// The snapshots of [`parts`](Self::parts).
    pub fn of(mean: Vec<f32>, square: Vec<f32>, taken: usize) -> Snapshots {
        Snapshots { taken, mean, square }
    }

    /// The weight of each row: mean plus `k` standard deviations (n - 1), at least 0.01 and at most 50 times
    /// the least. None without two snapshots.
    pub fn weights(&self, k: f64) -> Option<Vec<f64>> {
        if self.taken < 2 {
            return None;
        }
        let spread = |s: &f32| (f64::from(*s) / (self.taken - 1) as f64).max(0.0).sqrt();
        let raw = self.mean.iter().zip(&self.square).map(|(m, s)| (f64::from(*m) + k * spread(s)).max(LEAST));
        let raw: Vec<f64> = raw.map(|x| if x.is_finite() { x } else { LEAST }).collect();
        let least = raw.iter().copied().fold(f64::INFINITY, f64::min);
        Some(raw.into_iter().map(|x| x.min(MOST * least)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_mean_plus_deviations_within_their_bounds() {
        let mut s = Snapshots::default();
        assert!(s.weights(1.0).is_none());
        for scores in [[1.0, -5.0, 0.2, 9.0], [3.0, -5.0, 0.2, 9.0]] {
            s.add(&scores);
        }
        let w = s.weights(0.5).unwrap();
        let want = [0.5, 0.01, 0.2, 0.5];
        assert!(w.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-6), "{w:?}");
        let (mean, square, taken) = s.parts();
        assert_eq!(Snapshots::of(mean.to_vec(), square.to_vec(), taken), s);
        let mut alike = Snapshots::default();
        alike.add(&[1.0, 1.5]);
        alike.add(&[1.0, 2.5]);
        let w = alike.weights(1.0).unwrap();
        assert!((w[0] - 1.0).abs() < 1e-6 && (w[1] - (2.0 + 0.5f64.sqrt())).abs() < 1e-6, "{w:?}");
    }
}

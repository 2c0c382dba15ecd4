//! Random tensors, filled on the host from a ChaCha stream.
//!
//! burn's own generator is global and differs by device; these streams depend on a seed and a
//! label alone. Knows shapes only.

use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Exp1, StandardNormal};

/// An independent stream per seed and label.
pub fn stream(seed: u64, label: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(label);
    rng
}

/// Standard normal values, `rows x columns`.
pub fn normal(rows: usize, columns: usize, rng: &mut impl Rng) -> Vec<f32> {
    (0..rows * columns).map(|_| StandardNormal.sample(rng)).collect()
}

/// One standard Gumbel value: minus the logarithm of a standard exponential.
pub fn gumbel(rng: &mut impl Rng) -> f32 {
    let e: f32 = Exp1.sample(rng);
    -e.max(f32::MIN_POSITIVE).ln()
}

/// A dropout mask: 0 with probability `share`, otherwise `1 / (1 - share)`.
pub fn dropout(rows: usize, columns: usize, share: f64, rng: &mut impl Rng) -> Vec<f32> {
    let (limit, keep) = (share as f32, (1.0 / (1.0 - share)) as f32);
    (0..rows * columns).map(|_| if rng.random::<f32>() < limit { 0.0 } else { keep }).collect()
}

/// Host values as a matrix on `device`; `values` has `rows * columns` entries.
pub fn matrix(values: Vec<f32>, rows: usize, columns: usize, device: &Device) -> Tensor<2> {
    Tensor::from_data(TensorData::new(values, [rows, columns]), device)
}

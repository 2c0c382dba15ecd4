//! The weights of a network: named matrices on a device, and the same on the host.
//!
//! Biases and scales are matrices of one row. Knows no architecture.

use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, RngExt};

use super::state::State;
pub use crate::data::matrix::HostMatrix;

/// Named matrices on a device, outside any gradient graph.
#[derive(Debug, Clone)]
pub struct Weights {
    pub names: Vec<&'static str>,
    pub values: Vec<Tensor<2>>,
}

impl HostMatrix {
    /// What a tensor holds.
    pub fn of(tensor: &Tensor<2>) -> HostMatrix {
        let [rows, columns] = tensor.dims();
        HostMatrix { rows, columns, values: to_host(tensor.clone()) }
    }

    /// A linear layer's matrix, uniform in `±1/sqrt(rows)` (the usual default of linear layers;
    /// He et al. 2015 with gain `1/sqrt 3`).
    pub fn linear(rows: usize, columns: usize, rng: &mut impl Rng) -> HostMatrix {
        let bound = 1.0 / (rows.max(1) as f32).sqrt();
        let values = (0..rows * columns).map(|_| (rng.random::<f32>() * 2.0 - 1.0) * bound).collect();
        HostMatrix { rows, columns, values }
    }

    /// The matrix on `device`.
    pub fn on(self, device: &Device) -> Tensor<2> {
        Tensor::from_data(TensorData::new(self.values, [self.rows, self.columns]), device)
    }
}

/// The values of a tensor, row by row; empty if the device failed, which callers see as a
/// non-finite loss or a short buffer.
pub fn to_host<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.try_into_data().ok().and_then(|d| d.try_into_vec::<f32>().ok()).unwrap_or_default()
}

/// The only value of a one-element tensor; NaN if the device failed.
pub fn scalar(tensor: Tensor<1>) -> f64 {
    to_host(tensor).first().map_or(f64::NAN, |x| f64::from(*x))
}

impl Weights {
    /// Moves named host matrices to `device`.
    pub fn new(parts: Vec<(&'static str, HostMatrix)>, device: &Device) -> Weights {
        let device = device.clone().without_autodiff();
        let (names, values) = parts.into_iter().map(|(name, matrix)| (name, matrix.on(&device))).unzip();
        Weights { names, values }
    }

    /// The same values as leaves of a new gradient graph.
    pub fn leaves(&self) -> Vec<Tensor<2>> {
        self.values.iter().map(|w| w.clone().autodiff().require_grad()).collect()
    }

    /// Copies to the host, in order.
    pub fn to_host(&self) -> Vec<HostMatrix> {
        self.values.iter().map(HostMatrix::of).collect()
    }

    /// Copies to the host with their names, each after `prefix/`.
    pub fn named(&self, prefix: &str) -> Vec<(String, HostMatrix)> {
        let named = self.names.iter().zip(&self.values);
        named.map(|(name, w)| (format!("{prefix}/{name}"), HostMatrix::of(w))).collect()
    }

    /// Puts the values aside under `prefix`.
    pub fn put(&self, prefix: &str, state: &mut State) {
        state.tensors.extend(self.named(prefix));
    }

    /// Takes up what was put aside under `prefix`; none, and nothing changed, when shapes differ.
    pub fn take(&mut self, prefix: &str, state: &State, device: &Device) -> Option<()> {
        let device = device.clone().without_autodiff();
        let mut values = Vec::with_capacity(self.values.len());
        for (name, mine) in self.names.iter().zip(&self.values) {
            let saved = state.get(&format!("{prefix}/{name}"))?;
            if mine.dims() != [saved.rows, saved.columns] {
                return None;
            }
            values.push(saved.clone().on(&device));
        }
        self.values = values;
        Some(())
    }

    /// Moves each value the part `1 - decay` of the way towards `live` (a moving average over
    /// steps, Polyak and Juditsky 1992).
    pub fn follow(&mut self, live: &Weights, decay: f64) {
        for (mine, new) in self.values.iter_mut().zip(&live.values) {
            *mine = mine.clone().mul_scalar(decay) + new.clone().mul_scalar(1.0 - decay);
        }
    }
}

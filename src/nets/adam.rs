//! Adam (Kingma and Ba 2015, algorithm 1) over a list of matrices.
//!
//! burn's own optimiser walks derived modules; these networks are plain lists (see `mod.rs`).
//! Knows gradients and nothing of what they are for.

use burn::tensor::{Device, Gradients, Tensor};

use super::state::State;
use super::weights::{HostMatrix, Weights};

/// Optimiser state of one network.
pub struct Adam {
    rate: f64,
    beta1: f64,
    beta2: f64,
    steps: i32,
    moments: Vec<Option<(Tensor<2>, Tensor<2>)>>,
}

impl Adam {
    /// `beta1 = 0.5` and `beta2 = 0.9` are usual for a Wasserstein critic (Gulrajani et al. 2017).
    pub fn new(rate: f64, beta1: f64, beta2: f64) -> Adam {
        Adam { rate, beta1, beta2, steps: 0, moments: Vec::new() }
    }

    /// Takes steps of this size from now on: for a schedule, which its owner works out from its own count of steps.
    pub fn set_rate(&mut self, rate: f64) {
        self.rate = rate;
    }

    /// Puts steps and moments aside under `prefix`.
    pub fn put(&self, prefix: &str, state: &mut State) {
        state.note(&format!("{prefix}/steps"), &self.steps);
        let known: Vec<bool> = self.moments.iter().map(Option::is_some).collect();
        state.note(&format!("{prefix}/known"), &known);
        for (i, (m, v)) in self.moments.iter().enumerate().filter_map(|(i, p)| Some((i, p.as_ref()?))) {
            state.put(&format!("{prefix}/{i}/m"), HostMatrix::of(m));
            state.put(&format!("{prefix}/{i}/v"), HostMatrix::of(v));
        }
    }

    /// Takes up what was put aside under `prefix`.
    pub fn take(&mut self, prefix: &str, state: &State, device: &Device) -> Option<()> {
        let device = device.clone().without_autodiff();
        let known: Vec<bool> = state.noted(&format!("{prefix}/known"))?;
        let steps = state.noted(&format!("{prefix}/steps"))?;
        let mut moments = Vec::with_capacity(known.len());
        for (i, known) in known.into_iter().enumerate() {
            let part = |what: &str| state.get(&format!("{prefix}/{i}/{what}")).cloned().map(|m| m.on(&device));
            moments.push(if known { Some((part("m")?, part("v")?)) } else { None });
        }
        (self.steps, self.moments) = (steps, moments);
        Some(())
    }

    /// One step of `weights` along the gradients of their `leaves`; a leaf the loss does not
    /// depend on stays as it is.
    pub fn step(&mut self, weights: &mut Weights, leaves: &[Tensor<2>], mut grads: Gradients) {
        let found = leaves.iter().map(|leaf| leaf.grad_remove(&mut grads)).collect();
        self.apply(weights, found);
    }

    /// One step along `gradients`, one a weight; a weight without one stays as it is.
    pub fn apply(&mut self, weights: &mut Weights, gradients: Vec<Option<Tensor<2>>>) {
        self.steps = self.steps.saturating_add(1);
        self.moments.resize_with(weights.values.len(), || None);
        let (b1, b2) = (self.beta1, self.beta2);
        let correct1 = 1.0 - b1.powi(self.steps);
        let correct2 = (1.0 - b2.powi(self.steps)).sqrt();
        for ((weight, grad), moments) in weights.values.iter_mut().zip(gradients).zip(&mut self.moments) {
            let Some(grad) = grad else {
                continue;
            };
            let square = grad.clone().square().mul_scalar(1.0 - b2);
            let grad = grad.mul_scalar(1.0 - b1);
            let (first, second) = match moments.take() {
                Some((m, v)) => (m.mul_scalar(b1) + grad, v.mul_scalar(b2) + square),
                None => (grad, square),
            };
            let size = second.clone().sqrt().div_scalar(correct2).add_scalar(1e-8);
            let step = (first.clone() / size).mul_scalar(self.rate / correct1);
            *weight = weight.clone() - step;
            *moments = Some((first, second));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::device::cpu;
    use super::super::weights::to_host;
    use super::*;

    #[test]
    fn the_first_step_has_the_size_of_the_rate_and_a_bowl_is_descended() {
        let device = cpu().device;
        let mut w = Weights::new(vec![("w", HostMatrix::filled(1, 3, 2.0))], &device);
        let mut adam = Adam::new(0.1, 0.5, 0.9);
        for step in 0..60 {
            let leaves = w.leaves();
            let loss = leaves[0].clone().square().sum();
            let grads = loss.backward();
            adam.step(&mut w, &leaves, grads);
            if step == 0 {
                let x = to_host(w.values[0].clone());
                assert!(x.iter().all(|x| (x - 1.9).abs() < 1e-4), "{x:?}");
            }
        }
        assert!(to_host(w.values[0].clone()).iter().all(|x| x.abs() < 0.1));
    }
}

//! A step whose critic learns from real rows by DP-SGD, while all else learns from stand-in rows that are free to
//! be looked at.
//!
//! The roles are those of the conditional GAN's private step (Abadi et al. 2016; Xie et al. 2018): real rows reach the
//! critic's gradient through a clipped and noised sum alone. The autoencoder never sees a real row, only
//! the stand-ins, so it needs no noise of its own. Knows slots, not columns.

use burn::tensor::{Tensor, s};

use super::super::adversarial::PrivateNoise;
use super::super::weights::scalar;
use super::super::{critic, noise, private};
use super::{Gradients, Hybrid, HybridLoss, Rows, joined};

impl Hybrid {
    /// One step of every network on `open` rows, with the critic's on a sample of `real` rows of any size. The plan
    /// must have an adversary. The critic's loss leaves out real rows, whose mean score is nobody's to see.
    pub fn private_step(&mut self, open: Rows, real: Rows, hidden: PrivateNoise) -> HybridLoss {
        let batch = self.batch(open);
        let (tapes, _) = self.critic_gradient(&batch);
        let plain = |t: &Option<Tensor<2>>| t.clone().map(|t| if t.is_autodiff() { t.inner() } else { t });
        let judged: Vec<Tensor<2>> = tapes.iter().filter_map(|t| plain(&t.judged)).collect();
        let stand_in: Vec<Tensor<2>> = tapes.iter().filter_map(|t| plain(&t.real)).collect();
        let mut loss = HybridLoss::default();
        if !judged.is_empty() {
            // Decoded noise comes first in each shard; the penalty lies between it and the stand-ins.
            let fake: Vec<Tensor<2>> = judged
                .iter()
                .zip(&stand_in)
                .map(|(j, r)| {
                    let [rows, _] = r.dims();
                    j.clone().slice(s![0..rows, ..])
                })
                .collect();
            let (fake, stand_in) = (Tensor::cat(fake, 0), Tensor::cat(stand_in, 0));
            let between = fake.clone() + (stand_in - fake) * batch.mix.clone();
            let (value, gradients) = self.private_verdict(Tensor::cat(judged, 0), between, real, hidden);
            loss.critic = value;
            self.adams[0].apply(&mut self.critic, gradients);
        }
        let (decoder, encoder) = self.gradient(&batch, tapes, &mut loss);
        self.apply(decoder, encoder);
        loss
    }

    fn private_verdict(
        &mut self,
        judged: Tensor<2>,
        between: Tensor<2>,
        real: Rows,
        hidden: PrivateNoise,
    ) -> (f64, Gradients) {
        let scale = hidden.sigma * hidden.norm;
        let mut sums = private::noise_like(&self.critic.values, scale, &mut self.rng, &self.device);
        if real.rows > 0 {
            let n = real.rows;
            let condition =
                (self.plan.condition > 0).then(|| noise::matrix(real.condition, n, self.plan.condition, &self.device));
            let rows = noise::matrix(real.real, n, self.plan.heads.width(), &self.device);
            let rows = joined(self.values.widened(rows), &condition);
            let (clipped, _) = private::clipped_sum(&self.critic.values, rows, hidden.norm);
            sums = sums.into_iter().zip(clipped).map(|(n, s)| n + s).collect();
        }
        // Generated rows are clipped as well, though nobody asks for it: only then do both sides pull with the same
        // strength.
        let [n, _] = judged.dims();
        let (fake, factors) = private::clipped_sum(&self.critic.values, judged.clone(), hidden.norm);
        let mut gradients: Gradients = sums
            .into_iter()
            .zip(fake)
            .map(|(real, fake)| Some(real.div_scalar(hidden.expected) - fake.div_scalar(n as f64)))
            .collect();
        let mut value = scalar(critic::score(&self.critic.values, judged, None).mean());
        if self.plan.penalty > 0.0 {
            let leaves = self.critic.leaves();
            let penalty = critic::gradient_penalty(&leaves, &self.critic.values, between, None);
            let penalty = penalty.mul_scalar(self.plan.penalty);
            value += scalar(penalty.clone().inner());
            let strength = scalar(factors.mean());
            let mut grads = penalty.backward();
            for (sum, leaf) in gradients.iter_mut().zip(&leaves) {
                // Biases do not move the penalty and have no gradient in it.
                if let Some(g) = leaf.grad_remove(&mut grads) {
                    *sum = sum.take().map(|s| s + g.mul_scalar(strength));
                }
            }
        }
        (value, gradients)
    }
}

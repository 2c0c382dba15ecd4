//! Mutual information between labels and groups, and what it promises about parity.
//!
//! With soft labels q(y|x) of a minibatch and its groups s, `p(y, s) = mean of q(y|x) 1[s]` is a joint
//! table; its mutual information is differentiable and needs no critic. For two groups of shares p0
//! and p1 the demographic parity difference is at most `sqrt(I / (2 p0 p1))`: by Pinsker's
//! inequality (nats), total variation within each group is at most `sqrt(KL / 2)`, and I is the mean of
//! those KL. Property tests hold it. Knows tables of probabilities only.

use burn::tensor::Tensor;

use crate::nets::noise::matrix;
use crate::nets::weights::to_host;

/// Below this a probability counts as this, so that logarithms stay finite.
const LEAST: f64 = 1e-12;

/// A joint table of labels and groups, row by row a label.
#[derive(Debug, Clone, PartialEq)]
pub struct Joint {
    pub labels: usize,
    pub groups: usize,
    /// `labels x groups`, not negative.
    pub p: Vec<f64>,
}

impl Joint {
    /// Entries brought to a sum of 1; a table without weight stays as it is.
    pub fn new(labels: usize, groups: usize, mut p: Vec<f64>) -> Joint {
        p.resize(labels * groups, 0.0);
        p.iter_mut().for_each(|x| *x = if x.is_finite() { x.max(0.0) } else { 0.0 });
        let total: f64 = p.iter().sum();
        if total > 0.0 {
            p.iter_mut().for_each(|x| *x /= total);
        }
        Joint { labels, groups, p }
    }

    fn at(&self, label: usize, group: usize) -> f64 {
        self.p.get(label * self.groups + group).copied().unwrap_or(0.0)
    }

    /// Share of each label.
    pub fn label_shares(&self) -> Vec<f64> {
        (0..self.labels).map(|y| (0..self.groups).map(|s| self.at(y, s)).sum()).collect()
    }

    /// Share of each group.
    pub fn group_shares(&self) -> Vec<f64> {
        (0..self.groups).map(|s| (0..self.labels).map(|y| self.at(y, s)).sum()).collect()
    }

    /// `log p(y, s) / (p(y) p(s))`, row by row a label: up to a constant the gradient of the
    /// information in the table.
    pub fn log_ratios(&self) -> Vec<f64> {
        let (y, s) = (self.label_shares(), self.group_shares());
        (0..self.labels * self.groups)
            .map(|i| {
                let (label, group) = (i / self.groups.max(1), i % self.groups.max(1));
                (self.at(label, group).max(LEAST) / (y[label] * s[group]).max(LEAST * LEAST)).ln()
            })
            .collect()
    }

    /// I(Y;S) in nats; at least 0.
    pub fn information(&self) -> f64 {
        let terms = self.p.iter().zip(self.log_ratios()).filter(|(p, _)| **p > 0.0);
        terms.map(|(p, log)| p * log).sum::<f64>().max(0.0)
    }

    /// Largest difference between groups in the share of `label`; groups without rows do not count.
    pub fn gap(&self, label: usize) -> f64 {
        let shares = self.group_shares();
        let rates = shares.iter().enumerate().filter(|(_, p)| **p > LEAST).map(|(s, p)| self.at(label, s) / p);
        let (lo, hi) = rates.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), r| (lo.min(r), hi.max(r)));
        if hi >= lo { hi - lo } else { 0.0 }
    }

    /// For two groups, the most that [`gap`](Self::gap) can be at this information; none for other numbers.
    pub fn bound(&self) -> Option<f64> {
        let shares = self.group_shares();
        let [a, b] = shares.as_slice() else { return None };
        (a * b > 0.0).then(|| (self.information() / (2.0 * a * b)).sqrt())
    }
}

/// The joint table of soft labels `[rows, labels]` and soft groups `[rows, groups]`.
pub fn joint(labels: &Tensor<2>, groups: &Tensor<2>) -> Joint {
    let ([_, m], [_, k]) = (labels.dims(), groups.dims());
    let table = to_host(labels.clone().transpose().matmul(groups.clone()));
    Joint::new(m, k, table.into_iter().map(f64::from).collect())
}

/// I(Y;S) in nats of soft labels and groups, and its gradient in the labels. With `given`
/// `[rows, classes]` it is I(Y;S|C): the mean over classes of the information within each.
pub fn information(labels: &Tensor<2>, groups: &Tensor<2>, given: Option<&Tensor<2>>) -> (f64, Tensor<2>) {
    let Some(given) = given else {
        return within(labels, groups, 1.0);
    };
    let [rows, classes] = given.dims();
    let mut total = (0.0, labels.zeros_like());
    for class in 0..classes {
        let own = given.clone().narrow(1, class, 1);
        let members = groups.clone() * own.clone();
        let share = f64::from(to_host(own.sum()).first().copied().unwrap_or(0.0)) / rows.max(1) as f64;
        if share > LEAST {
            let (value, gradient) = within(labels, &members, share);
            total = (total.0 + share * value, total.1 + gradient.mul_scalar(share));
        }
    }
    total
}

/// The information where `groups` weigh `share` of the rows, and its gradient.
fn within(labels: &Tensor<2>, groups: &Tensor<2>, share: f64) -> (f64, Tensor<2>) {
    let [rows, m] = labels.dims();
    let [_, k] = groups.dims();
    let table = joint(labels, groups);
    let logs: Vec<f32> = table.log_ratios().into_iter().map(|x| x as f32).collect();
    let logs = matrix(logs, m, k, &labels.device());
    let gradient = groups.clone().matmul(logs.transpose()).div_scalar(rows.max(1) as f64 * share);
    (table.information(), gradient)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::device::cpu;
    use crate::nets::noise::{normal, stream};
    use burn::tensor::activation::softmax;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn parity_is_within_the_bound(p in prop::collection::vec(0.0..1.0f64, 4), sharp in 0..4u32) {
            let p: Vec<f64> = p.iter().map(|x| x.powi(1 + 3 * sharp as i32)).collect();
            let joint = Joint::new(2, 2, p);
            if let Some(bound) = joint.bound() {
                prop_assert!(joint.gap(1) <= bound + 1e-9, "{} {bound}", joint.gap(1));
                prop_assert!(joint.information() <= std::f64::consts::LN_2 + 1e-9);
            }
        }

        #[test]
        fn every_label_of_many_is_within_it(p in prop::collection::vec(0.0..1.0f64, 10)) {
            let joint = Joint::new(5, 2, p);
            let bound = joint.bound().unwrap_or(f64::INFINITY);
            prop_assert!((0..5).all(|y| joint.gap(y) <= bound + 1e-9));
        }
    }

    #[test]
    fn soft_labels_of_minibatches_are_within_the_bound() {
        let device = cpu().device.without_autodiff();
        for seed in 0..200 {
            let mut rng = stream(seed, 0);
            let scale = f64::from(seed as u32 % 7) + 0.2;
            let labels = softmax(matrix(normal(40, 2, &mut rng), 40, 2, &device).mul_scalar(scale), 1);
            let hard: Vec<f32> =
                normal(40, 1, &mut rng).iter().flat_map(|x| [f32::from(*x > 0.8), f32::from(*x <= 0.8)]).collect();
            let joint = joint(&labels, &matrix(hard, 40, 2, &device));
            assert!(joint.gap(1) <= joint.bound().unwrap_or(1.0) + 1e-6, "{seed}: {joint:?}");
        }
    }

    #[test]
    fn independence_has_no_information_and_identity_all_of_it() {
        let free = Joint::new(2, 2, vec![0.42, 0.28, 0.18, 0.12]);
        assert!(free.information() < 1e-12 && free.gap(1) < 1e-12);
        let tied = Joint::new(2, 2, vec![0.5, 0.0, 0.0, 0.5]);
        assert!((tied.information() - std::f64::consts::LN_2).abs() < 1e-9 && tied.gap(0) == 1.0);
    }

    /// Differences along single labels; rows are renormalised as a softmax would, so that the constant
    /// that the gradient leaves out does not count.
    #[test]
    fn the_gradient_is_that_of_the_information() {
        let device = cpu().device.without_autodiff();
        let mut rng = stream(5, 1);
        let logits = normal(8, 3, &mut rng);
        let groups = softmax(matrix(normal(8, 2, &mut rng), 8, 2, &device).mul_scalar(3.0), 1);
        let given = softmax(matrix(normal(8, 2, &mut rng), 8, 2, &device).mul_scalar(3.0), 1);
        for given in [None, Some(&given)] {
            let at = |x: Vec<f32>| information(&softmax(matrix(x, 8, 3, &device), 1), &groups, given);
            let labels = softmax(matrix(logits.clone(), 8, 3, &device), 1);
            let (_, d) = at(logits.clone());
            let down = labels.clone() * (d.clone() - (labels * d).sum_dim(1));
            for (i, got) in to_host(down).into_iter().enumerate() {
                let moved = |by: f32| {
                    let mut x = logits.clone();
                    x[i] += by;
                    at(x).0
                };
                let want = (moved(5e-3) - moved(-5e-3)) / 1e-2;
                assert!((f64::from(got) - want).abs() < 2e-4, "{i}: {got} {want}");
            }
        }
    }
}

//! What generated rows should have in common with real ones: second moments, and means within groups.
//!
//! The distance of means within groups is the proposal's fairness term as written,
//! `sum over a of |E[G(z)|a] - E[real|a]|^2`: it keeps each group like itself, label included, and so
//! keeps the label's gap rather than closing it; where a gap is to be closed, the label's slots are
//! left out. Each half of a batch estimates a difference, and their product has the expectation
//! of its square without punishing the sampling noise, and with it variety. Knows slots only.

use burn::tensor::{Tensor, s};

use super::plan::Part;

/// Rows `[rows, groups]` of soft membership in the combinations of `parts` of soft rows `[rows, slots]`.
pub fn membership(soft: &Tensor<2>, parts: &[Part]) -> Option<Tensor<2>> {
    let [rows, _] = soft.dims();
    let cut = |p: &Part| soft.clone().narrow(1, p.start, p.entries);
    let (first, rest) = parts.split_first()?;
    let mut out = cut(first);
    for part in rest {
        let [_, k] = out.dims();
        let product = out.reshape([rows, k, 1]) * cut(part).reshape([rows, 1, part.entries]);
        out = product.reshape([rows, k * part.entries]);
    }
    Some(out)
}

/// Sums within groups `[groups, wide]` and rows of each `[groups, 1]`.
pub fn sums(groups: &Tensor<2>, wide: &Tensor<2>) -> (Tensor<2>, Tensor<2>) {
    (groups.clone().transpose().matmul(wide.clone()), groups.clone().sum_dim(0).transpose())
}

/// Squared distance of means within groups from `target` `[groups, wide]`, slot by slot weighed by
/// `mask` `[1, wide]`, and its gradient in the rows. Groups of less than a row in a half do not count.
pub fn means(groups: &Tensor<2>, wide: &Tensor<2>, target: &Tensor<2>, mask: &Tensor<2>) -> (Tensor<1>, Tensor<2>) {
    let [rows, _] = wide.dims();
    let half = (rows / 2).max(1);
    let parts = [(0, half), (half.min(rows - 1), rows)].map(|(from, to)| {
        let g = groups.clone().slice(s![from..to, ..]);
        let (sums, counts) = sums(&g, &wide.clone().slice(s![from..to, ..]));
        let seen = counts.clone().greater_elem(1.0).float();
        let by = seen.clone() / counts.clamp_min(1.0);
        ((sums * by.clone() - target.clone() * seen) * mask.clone(), g, by)
    });
    let [(d1, g1, by1), (d2, g2, by2)] = parts;
    let value = (d1.clone() * d2.clone()).sum();
    let first = g1.matmul(d2 * by1);
    let second = g2.matmul(d1 * by2);
    (value, Tensor::cat(vec![first, second], 0))
}

/// The features whose second moments count: a one, the values, and the slots that can be asked for,
/// doubled, since a level has standard deviation 1/2 at most.
pub struct Features {
    pub offsets: usize,
    pub slots: usize,
    pub asked: usize,
    pub wide: usize,
}

impl Features {
    /// `[rows, features]` of wide rows.
    pub fn of(&self, wide: &Tensor<2>) -> Tensor<2> {
        let mut parts = vec![wide.clone().slice(s![.., 0..1]).mul_scalar(0.0).add_scalar(1.0)];
        if self.wide > self.slots {
            parts.push(wide.clone().slice(s![.., self.slots..self.wide]));
        }
        if self.asked > 0 {
            parts.push(wide.clone().slice(s![.., self.offsets..self.offsets + self.asked]).mul_scalar(2.0));
        }
        Tensor::cat(parts, 1)
    }

    /// The place of an asked slot among the features.
    pub fn place(&self, slot: usize) -> usize {
        1 + self.wide - self.slots + slot - self.offsets
    }

    /// Features in all.
    pub fn count(&self) -> usize {
        1 + self.wide - self.slots + self.asked
    }

    /// Mean products `[features, features]`.
    pub fn moments(features: &Tensor<2>) -> Tensor<2> {
        let [rows, _] = features.dims();
        features.clone().transpose().matmul(features.clone()).div_scalar(rows as f64)
    }

    /// Squared distance of moments from `target`, per feature and weighed by `mask`, and its gradient in
    /// wide rows.
    pub fn distance(&self, wide: &Tensor<2>, target: &Tensor<2>, mask: Option<&Tensor<2>>) -> (Tensor<1>, Tensor<2>) {
        let [rows, _] = wide.dims();
        let half = (rows / 2).max(1);
        let x = self.of(wide);
        let parts = [(0, half), (half.min(rows - 1), rows)].map(|(from, to)| x.clone().slice(s![from..to, ..]));
        let far = |x: &Tensor<2>| {
            let far = Features::moments(x) - target.clone();
            match mask {
                Some(mask) => far * mask.clone(),
                None => far,
            }
        };
        let [x1, x2] = parts;
        let (m1, m2) = (far(&x1), far(&x2));
        let per = 1.0 / self.count() as f64;
        let value = (m1.clone() * m2.clone()).sum().mul_scalar(per);
        let down = |x: Tensor<2>, other: Tensor<2>| {
            let [n, _] = x.dims();
            x.matmul(other).mul_scalar(2.0 * per / n as f64)
        };
        let dx = Tensor::cat(vec![down(x1, m2), down(x2, m1)], 0);
        (value, self.back(dx))
    }

    /// From a gradient in features to one in wide rows.
    fn back(&self, dx: Tensor<2>) -> Tensor<2> {
        let [rows, all] = dx.dims();
        let device = dx.device();
        let values = self.wide - self.slots;
        let zeros = |n: usize| Tensor::<2>::zeros([rows, n], &device);
        let mut parts = Vec::new();
        if self.offsets > 0 {
            parts.push(zeros(self.offsets));
        }
        if self.asked > 0 {
            parts.push(dx.clone().slice(s![.., 1 + values..all]).mul_scalar(2.0));
        }
        let rest = self.slots - self.offsets - self.asked;
        if rest > 0 {
            parts.push(zeros(rest));
        }
        if values > 0 {
            parts.push(dx.slice(s![.., 1..1 + values]));
        }
        Tensor::cat(parts, 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::device::cpu;
    use crate::nets::noise::{matrix, normal, stream};
    use crate::nets::weights::to_host;

    fn differences(at: impl Fn(Vec<f32>) -> f64, x: &[f32], got: Vec<f32>) {
        assert_eq!(x.len(), got.len());
        for (i, got) in got.into_iter().enumerate() {
            let moved = |by: f32| {
                let mut x = x.to_vec();
                x[i] += by;
                at(x)
            };
            let want = (moved(1e-2) - moved(-1e-2)) / 2e-2;
            assert!((f64::from(got) - want).abs() < 2e-3 * (1.0 + want.abs()), "{i}: {got} {want}");
        }
    }

    #[test]
    fn gradients_are_those_of_differences() {
        let device = cpu().device.without_autodiff();
        let mut rng = stream(1, 4);
        let x = normal(8, 6, &mut rng);
        let groups: Vec<f32> = (0..8).flat_map(|i| if i % 2 == 0 { [1.0, 0.0] } else { [0.0, 1.0] }).collect();
        let groups = matrix(groups, 8, 2, &device);
        let target = matrix(normal(2, 6, &mut rng), 2, 6, &device);
        let mask = matrix(vec![1.0, 1.0, 0.0, 1.0, 1.0, 1.0], 1, 6, &device);
        let at = |x: Vec<f32>| means(&groups, &matrix(x, 8, 6, &device), &target, &mask);
        differences(|x| f64::from(to_host(at(x).0)[0]), &x, to_host(at(x.clone()).1));

        let features = Features { offsets: 1, slots: 4, asked: 2, wide: 6 };
        let target = matrix(normal(5, 5, &mut rng), 5, 5, &device);
        let target = target.clone() + target.transpose();
        let at = |x: Vec<f32>| features.distance(&matrix(x, 8, 6, &device), &target, None);
        differences(|x| f64::from(to_host(at(x).0)[0]), &x, to_host(at(x.clone()).1));
    }

    #[test]
    fn groups_are_the_combinations_of_levels() {
        let device = cpu().device.without_autodiff();
        let soft = matrix(vec![0.0, 1.0, 0.0, 0.25, 0.75], 1, 5, &device);
        let parts = [Part { start: 0, entries: 3 }, Part { start: 3, entries: 2 }];
        assert_eq!(membership(&soft, &parts).map(to_host), Some(vec![0.0, 0.0, 0.25, 0.75, 0.0, 0.0]));
        assert!(membership(&soft, &[]).is_none());
    }
}

//! What soft rows mean as numbers, and a loss on their second moments.
//!
//! In mode-normalised rows a number is spread over a mode and an offset, so two numbers that move
//! together leave no trace that a linear layer could see. The expected value of each number given
//! its soft mode is linear in mode x offset; it is appended to what the critic sees, and its
//! second moments are matched (the information loss of table-GAN, Park et al. 2018, section 4.3,
//! with second moments across columns in place of standard deviations). Knows slots, not columns.

use burn::tensor::{Device, Tensor, s};

use super::heads::Heads;
use super::weights::HostMatrix;

/// How soft rows become values. With `segments` the softmax slots of a row:
#[derive(Debug, Clone, PartialEq)]
pub struct ValueMap {
    /// `segments x (offsets + flags)`: the value of each mode, then flags such as missingness.
    pub at: HostMatrix,
    /// `segments x offsets`: what one unit of offset is worth in each mode.
    pub per_offset: HostMatrix,
    /// `1 x (offsets + flags)` and `1 x offsets`: the same for numbers without a segment.
    pub at_always: HostMatrix,
    pub per_offset_always: HostMatrix,
}

/// A [`ValueMap`] on a device.
pub struct Values {
    offsets: usize,
    width: usize,
    asked: usize,
    parts: [Tensor<2>; 4],
}

impl Values {
    /// Moves a map to `device`.
    pub fn new(heads: &Heads, map: &ValueMap, device: &Device) -> Values {
        Values {
            offsets: heads.offsets,
            width: map.at.columns,
            asked: heads.asked_width(),
            parts: [&map.at, &map.per_offset, &map.at_always, &map.per_offset_always].map(|m| m.clone().on(device)),
        }
    }

    /// Slots that [`widened`](Self::widened) appends.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Soft rows `[rows, slots]` with their values appended: `[rows, slots + width]`.
    pub fn widened(&self, soft: Tensor<2>) -> Tensor<2> {
        let [_, slots] = soft.dims();
        if self.width == 0 {
            return soft;
        }
        let tracked = soft.is_autodiff();
        let [at, per, at_always, per_always] = self.parts.clone().map(|t| if tracked { t.autodiff() } else { t });
        let n = self.offsets;
        let (mut at, mut per) = if slots > n {
            let segments = soft.clone().slice(s![.., n..slots]);
            let per = (n > 0).then(|| segments.clone().matmul(per) + per_always.clone());
            (segments.matmul(at) + at_always, per)
        } else {
            (at_always, (n > 0).then_some(per_always))
        };
        if let Some(per) = per.take() {
            let moved = soft.clone().slice(s![.., 0..n]) * per;
            let [rows, _] = moved.dims();
            at = at.expand([rows, self.width]);
            let numbers = at.clone().slice(s![.., 0..n]) + moved;
            at = if self.width > n { Tensor::cat(vec![numbers, at.slice(s![.., n..self.width])], 1) } else { numbers };
        }
        Tensor::cat(vec![soft, at], 1)
    }

    /// The gradient in soft rows `[rows, slots]` of a loss whose gradient in widened rows is `back`
    /// `[rows, slots + width]`.
    pub fn narrowed(&self, back: Tensor<2>, soft: &Tensor<2>) -> Tensor<2> {
        let [_, slots] = soft.dims();
        if self.width == 0 {
            return back;
        }
        let [at, per, _, per_always] = self.parts.clone();
        let n = self.offsets;
        let values = back.clone().slice(s![.., slots..slots + self.width]);
        let mut out = back.slice(s![.., 0..slots]);
        let mut parts = Vec::new();
        let numbers = (n > 0).then(|| values.clone().slice(s![.., 0..n]));
        let segments = (slots > n).then(|| soft.clone().slice(s![.., n..slots]));
        if let Some(numbers) = &numbers {
            let steps = match &segments {
                Some(segments) => segments.clone().matmul(per.clone()) + per_always,
                None => per_always,
            };
            parts.push(numbers.clone() * steps);
        }
        if segments.is_some() {
            let down = values.matmul(at.transpose());
            parts.push(match numbers {
                Some(numbers) => {
                    let moved = numbers * soft.clone().slice(s![.., 0..n]);
                    down + moved.matmul(per.transpose())
                }
                None => down,
            });
        }
        if !parts.is_empty() {
            out = out + if parts.len() == 1 { parts.remove(0) } else { Tensor::cat(parts, 1) };
        }
        out
    }

    /// Second moments of widened rows `[rows, slots + width]`: a 1, the values, and the segments
    /// that conditions can ask for, each with each.
    pub fn moments(&self, widened: Tensor<2>) -> Tensor<2> {
        let [rows, all] = widened.dims();
        let n = self.offsets;
        let one = widened.clone().slice(s![.., 0..1]).mul_scalar(0.0).add_scalar(1.0);
        let mut parts = vec![one];
        if self.width > 0 {
            parts.push(widened.clone().slice(s![.., all - self.width..all]));
        }
        if self.asked > 0 {
            // A level has standard deviation 1/2 at most; doubled it weighs like a number.
            parts.push(widened.slice(s![.., n..n + self.asked]).mul_scalar(2.0));
        }
        let x = Tensor::cat(parts, 1);
        x.clone().transpose().matmul(x).div_scalar(rows as f64)
    }

    /// Squared distance of the moments of widened rows from `target`, per feature.
    ///
    /// Each half of the batch estimates the difference; their product has the expectation of its
    /// square, where a square of either would also punish the sampling noise, and with it variety.
    pub fn moment_loss(&self, widened: Tensor<2>, target: Tensor<2>) -> Tensor<1> {
        let [rows, all] = widened.dims();
        let half = rows / 2;
        let first = self.moments(widened.clone().slice(s![0..half.max(1), 0..all]));
        let second = self.moments(widened.slice(s![half..rows, 0..all]));
        let [features, _] = target.dims();
        ((first - target.clone()) * (second - target)).sum().div_scalar(features as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::super::device::cpu;
    use super::super::heads::HeadGroup;
    use super::super::noise::matrix;
    use super::super::weights::to_host;
    use super::*;

    #[test]
    fn the_way_back_is_that_of_automatic_differentiation() {
        let device = cpu().device.without_autodiff();
        let heads = Heads { offsets: 1, groups: vec![HeadGroup { count: 1, width: 2, asked: false }] };
        let m = |rows, columns, values| HostMatrix { rows, columns, values };
        let map = ValueMap {
            at: m(2, 2, vec![10.0, 0.0, 20.0, 1.0]),
            per_offset: m(2, 1, vec![4.0, 6.0]),
            at_always: m(1, 2, vec![0.5, 0.25]),
            per_offset_always: m(1, 1, vec![2.0]),
        };
        let values = Values::new(&heads, &map, &device);
        let soft = matrix(vec![0.5, 0.7, 0.3, -1.0, 0.1, 0.9], 2, 3, &device);
        let back = matrix((0..10).map(|i| (i as f32).sin()).collect(), 2, 5, &device);
        let leaf = soft.clone().autodiff().require_grad();
        let grads = (values.widened(leaf.clone()) * back.clone().autodiff()).sum().backward();
        let want = leaf.grad(&grads).map(to_host).unwrap_or_default();
        let got = to_host(values.narrowed(back, &soft));
        assert!(want.len() == 6 && want.iter().zip(&got).all(|(a, b)| (a - b).abs() < 1e-4), "{want:?} {got:?}");
    }

    #[test]
    fn values_are_mode_plus_offset_and_moments_are_means_of_products() {
        let device = cpu().device;
        let group = HeadGroup { count: 1, width: 2, asked: false };
        let heads = Heads { offsets: 1, groups: vec![group] };
        let m = |rows, columns, values| HostMatrix { rows, columns, values };
        let map = ValueMap {
            at: m(2, 2, vec![10.0, 0.0, 20.0, 1.0]),
            per_offset: m(2, 1, vec![4.0, 6.0]),
            at_always: HostMatrix::filled(1, 2, 0.0),
            per_offset_always: HostMatrix::filled(1, 1, 0.0),
        };
        let values = Values::new(&heads, &map, &device);
        let soft = matrix(vec![0.5, 1.0, 0.0, -1.0, 0.0, 1.0], 2, 3, &device);
        let wide = values.widened(soft);
        let got = to_host(wide.clone());
        assert_eq!(got, vec![0.5, 1.0, 0.0, 12.0, 0.0, -1.0, 0.0, 1.0, 14.0, 1.0]);
        let moments = to_host(values.moments(wide));
        assert_eq!(moments, vec![1.0, 13.0, 0.5, 13.0, 170.0, 7.0, 0.5, 7.0, 0.5]);
    }
}

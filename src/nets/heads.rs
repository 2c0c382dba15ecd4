//! What a generator's outputs mean: offsets through tanh, then groups of softmax segments.
//!
//! Knows shapes only: no columns, no levels.

use burn::tensor::activation::{log_softmax, softmax};
use burn::tensor::{Tensor, s};

/// Neighbouring softmax segments of one width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeadGroup {
    pub count: usize,
    pub width: usize,
    /// Whether conditions can ask for its entries; such groups come first.
    pub asked: bool,
}

/// The slots of one output row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heads {
    pub offsets: usize,
    pub groups: Vec<HeadGroup>,
}

impl Heads {
    /// Slots in all.
    pub fn width(&self) -> usize {
        self.offsets + self.groups.iter().map(|g| g.count * g.width).sum::<usize>()
    }

    /// Slots of the groups that conditions can ask for.
    pub fn asked_width(&self) -> usize {
        self.groups.iter().filter(|g| g.asked).map(|g| g.count * g.width).sum()
    }

    /// Raw outputs `[rows, width]` as soft rows `[rows, width]`: tanh of the offsets and the
    /// Gumbel softmax of each segment (Jang et al. 2017, equation 2). `noise` is
    /// `[rows, width - offsets]`: Gumbel noise, and a large negative number in forbidden slots.
    pub fn activate(&self, raw: Tensor<2>, noise: Tensor<2>, temperature: f64) -> Tensor<2> {
        let [rows, width] = raw.dims();
        let mut parts = Vec::with_capacity(self.groups.len() + 1);
        if self.offsets > 0 {
            parts.push(raw.clone().slice(s![.., 0..self.offsets]).tanh());
        }
        if width > self.offsets {
            let scores = raw.slice(s![.., self.offsets..width]) + noise;
            let scores = scores.div_scalar(temperature);
            let mut start = 0;
            for g in &self.groups {
                let end = start + g.count * g.width;
                let group = scores.clone().slice(s![.., start..end]);
                let soft = softmax(group.reshape([rows, g.count, g.width]), 2);
                parts.push(soft.reshape([rows, g.count * g.width]));
                start = end;
            }
        }
        if parts.len() == 1 { parts.remove(0) } else { Tensor::cat(parts, 1) }
    }

    /// Mean over the rows of the cross-entropy (nats) between the asked entries and the softmax
    /// of the raw outputs: `asked` and `barred` are `[rows, asked_width]`, ones where an entry is
    /// asked for, and a large negative number in forbidden slots.
    pub fn condition_loss(&self, raw: Tensor<2>, asked: Tensor<2>, barred: Tensor<2>) -> Option<Tensor<1>> {
        let [rows, _] = raw.dims();
        if self.asked_width() == 0 {
            return None;
        }
        let scores = raw.slice(s![.., self.offsets..self.offsets + self.asked_width()]) + barred;
        let mut start = 0;
        let mut parts = Vec::new();
        for g in self.groups.iter().filter(|g| g.asked) {
            let end = start + g.count * g.width;
            let group = scores.clone().slice(s![.., start..end]);
            let log = log_softmax(group.reshape([rows, g.count, g.width]), 2);
            parts.push(log.reshape([rows, g.count * g.width]));
            start = end;
        }
        let log = if parts.len() == 1 { parts.remove(0) } else { Tensor::cat(parts, 1) };
        Some((log * asked).sum().mul_scalar(-1.0 / rows as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::super::device::cpu;
    use super::super::noise::matrix;
    use super::super::weights::to_host;
    use super::*;

    #[test]
    fn segments_add_up_to_one_and_forbidden_slots_stay_empty() {
        let device = cpu().device;
        let group = |count, width, asked| HeadGroup { count, width, asked };
        let heads = Heads { offsets: 1, groups: vec![group(2, 2, true), group(1, 4, false)] };
        let raw: Vec<f32> = (0..18).map(|i| (i as f32 * 0.7).sin() * 3.0).collect();
        let mut noise = vec![0.0; 16];
        noise[3] = -1e4;
        let out = heads.activate(matrix(raw.clone(), 2, 9, &device), matrix(noise, 2, 8, &device), 0.5);
        let out = to_host(out);
        for row in out.chunks(9) {
            for (a, b) in [(1, 3), (3, 5), (5, 9)] {
                assert!((row[a..b].iter().sum::<f32>() - 1.0).abs() < 1e-5);
            }
        }
        assert_eq!(out[4], 0.0);
        let asked = matrix(vec![1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], 2, 4, &device);
        let barred = matrix(vec![0.0; 8], 2, 4, &device);
        let loss = heads.condition_loss(matrix(raw.clone(), 2, 9, &device), asked, barred);
        let got = loss.map_or(f32::NAN, |l| to_host(l)[0]);
        let want = (raw[1].exp() + raw[2].exp()).ln() - raw[1];
        assert!((got - want / 2.0).abs() < 1e-5, "{got} {want}");
    }
}

//! The generator's forward pass with its backward pass written out.
//!
//! The same network as `nets::generator` (residual blocks with batch normalisation, Xu et al.
//! 2019) followed by the heads; a test holds the gradients against automatic differentiation.
//! Noise and condition need no gradient, which saves the widest products. Knows slots, not columns.

use burn::tensor::activation::{relu, softmax};
use burn::tensor::{Tensor, s};

use crate::nets::heads::Heads;

const EPSILON: f64 = 1e-5;
/// Tensors of one block: matrix, bias, scale, shift.
const PER_BLOCK: usize = 4;

/// One block's part of a [`Trace`].
struct Block {
    input: Tensor<2>,
    /// Normalised outputs of the linear layer.
    normal: Tensor<2>,
    /// One over the standard deviation, `[1, hidden]`.
    inverse: Tensor<2>,
    /// 1 where the unit is on.
    on: Tensor<2>,
}

/// What a forward pass leaves for the backward one.
pub struct Trace {
    blocks: Vec<Block>,
    last: Tensor<2>,
    /// Raw outputs, `[rows, slots]`.
    pub raw: Tensor<2>,
    /// Soft rows, `[rows, slots]`.
    pub soft: Tensor<2>,
    temperature: f64,
}

/// Raw outputs and soft rows for `input` `[rows, input]`, with Gumbel noise `[rows, slots - offsets]`.
pub fn forward(w: &[Tensor<2>], input: Tensor<2>, heads: &Heads, gumbel: Tensor<2>, temperature: f64) -> Trace {
    let mut x = input;
    let count = w.len().saturating_sub(2) / PER_BLOCK;
    let mut blocks = Vec::with_capacity(count);
    for b in 0..count {
        let [weight, bias, scale, shift] = [0, 1, 2, 3].map(|i| w[b * PER_BLOCK + i].clone());
        let h = x.clone().matmul(weight) + bias;
        let h = h.clone() - h.mean_dim(0);
        let variance = h.clone().square().mean_dim(0);
        let inverse = variance.add_scalar(EPSILON).sqrt().recip();
        let normal = h * inverse.clone();
        let y = normal.clone() * scale + shift;
        let on = y.clone().greater_elem(0.0).float();
        let next = Tensor::cat(vec![relu(y), x.clone()], 1);
        blocks.push(Block { input: x, normal, inverse, on });
        x = next;
    }
    let raw = x.clone().matmul(w[count * PER_BLOCK].clone()) + w[count * PER_BLOCK + 1].clone();
    let soft = heads.activate(raw.clone(), gumbel, temperature);
    Trace { blocks, last: x, raw, soft, temperature }
}

/// Gradients of the weights for a loss whose gradient in the soft rows is `back` and, where there is
/// one, in the raw outputs `raw`.
pub fn gradients(
    w: &[Tensor<2>],
    trace: &Trace,
    heads: &Heads,
    back: Tensor<2>,
    raw: Option<Tensor<2>>,
) -> Vec<Tensor<2>> {
    let back = through_heads(trace, heads, back);
    let back = match raw {
        Some(raw) => back + raw,
        None => back,
    };
    let count = trace.blocks.len();
    let mut out = vec![back.clone().sum_dim(0), trace.last.clone().transpose().matmul(back.clone())];
    // Slots of the last layer's input that come from blocks; behind them lies the noise.
    let mut down = (count > 0).then(|| {
        let [_, wide] = trace.last.dims();
        let [_, noise] = trace.blocks[0].input.dims();
        back.matmul(w[count * PER_BLOCK].clone().slice(s![0..wide - noise, ..]).transpose())
    });
    for (b, block) in trace.blocks.iter().enumerate().rev() {
        let Some(gradient) = down.take() else { break };
        let [_, hidden] = block.on.dims();
        let [rows, wide] = gradient.dims();
        let dy = gradient.clone().slice(s![.., 0..hidden]) * block.on.clone();
        let dscale = (dy.clone() * block.normal.clone()).sum_dim(0);
        let dshift = dy.clone().sum_dim(0);
        // Through the normalisation: mean and variance depend on every row.
        let scale = w[b * PER_BLOCK + 2].clone() * block.inverse.clone();
        let pull = block.normal.clone() * dscale.clone().div_scalar(rows as f64);
        let dh = (dy - dshift.clone().div_scalar(rows as f64) - pull) * scale;
        out.extend([dshift, dscale, dh.clone().sum_dim(0), block.input.clone().transpose().matmul(dh.clone())]);
        if b > 0 {
            let rest = gradient.slice(s![.., hidden..wide]);
            let weight = w[b * PER_BLOCK].clone().slice(s![0..wide - hidden, ..]);
            down = Some(dh.matmul(weight.transpose()) + rest);
        }
    }
    out.reverse();
    out
}

/// From the gradient in soft rows to that in raw outputs.
fn through_heads(trace: &Trace, heads: &Heads, back: Tensor<2>) -> Tensor<2> {
    let [rows, width] = back.dims();
    let soft = &trace.soft;
    let mut parts = Vec::with_capacity(heads.groups.len() + 1);
    if heads.offsets > 0 {
        let tanh = soft.clone().slice(s![.., 0..heads.offsets]);
        parts.push(back.clone().slice(s![.., 0..heads.offsets]) * tanh.square().neg().add_scalar(1.0));
    }
    let mut start = heads.offsets;
    for g in &heads.groups {
        let end = start + g.count * g.width;
        let cut = |t: &Tensor<2>| t.clone().slice(s![.., start..end]).reshape([rows, g.count, g.width]);
        let (p, d) = (cut(soft), cut(&back));
        let weighted = p.clone() * d;
        let mean = weighted.clone().sum_dim(2);
        let down = (weighted - p * mean).div_scalar(trace.temperature);
        parts.push(down.reshape([rows, g.count * g.width]));
        start = end;
    }
    debug_assert_eq!(start, width);
    if parts.len() == 1 { parts.remove(0) } else { Tensor::cat(parts, 1) }
}

/// The mean cross-entropy (nats a row) of the asked entries and its gradient in the raw outputs
/// `[rows, slots]`; `asked` and `barred` as in [`Heads::condition_loss`].
pub fn asked_loss(raw: &Tensor<2>, heads: &Heads, asked: Tensor<2>, barred: Tensor<2>) -> (Tensor<1>, Tensor<2>) {
    let [rows, width] = raw.dims();
    let (first, wide) = (heads.offsets, heads.asked_width());
    let scores = raw.clone().slice(s![.., first..first + wide]) + barred;
    let (mut loss, mut parts, mut start) = (Vec::new(), Vec::new(), 0);
    for g in heads.groups.iter().filter(|g| g.asked) {
        let end = start + g.count * g.width;
        let cut = |t: &Tensor<2>| t.clone().slice(s![.., start..end]).reshape([rows, g.count, g.width]);
        let (p, a) = (softmax(cut(&scores), 2), cut(&asked));
        loss.push((p.clone().add_scalar(1e-30).log() * a.clone()).sum());
        // A segment nobody asked for has no ones and no gradient.
        let down = p * a.clone().sum_dim(2) - a;
        parts.push(down.reshape([rows, g.count * g.width]));
        start = end;
    }
    let device = raw.device();
    if first > 0 {
        parts.insert(0, Tensor::zeros([rows, first], &device));
    }
    if width > first + wide {
        parts.push(Tensor::zeros([rows, width - first - wide], &device));
    }
    let total = Tensor::cat(loss, 0).sum().mul_scalar(-1.0 / rows as f64);
    (total, Tensor::cat(parts, 1).div_scalar(rows as f64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::device::cpu;
    use crate::nets::generator::{self, GeneratorShape};
    use crate::nets::heads::HeadGroup;
    use crate::nets::noise::{matrix, normal, stream};
    use crate::nets::weights::to_host;

    #[test]
    fn gradients_are_those_of_automatic_differentiation() {
        let device = cpu().device.without_autodiff();
        let group = |count, width, asked| HeadGroup { count, width, asked };
        let heads = Heads { offsets: 2, groups: vec![group(2, 2, true), group(1, 3, false)] };
        let shape = GeneratorShape { input: 5, hidden: 6, output: 9 };
        let mut rng = stream(2, 0);
        let w = shape.init(&mut rng, &device);
        let x = matrix(normal(12, 5, &mut rng), 12, 5, &device);
        let gumbel = matrix(normal(12, 7, &mut rng), 12, 7, &device);
        let weights = matrix(normal(12, 9, &mut rng), 12, 9, &device);
        let mut asked = vec![0.0; 48];
        (0..12).for_each(|row| asked[row * 4 + row % 2 * 2 + row % 3 % 2] = 1.0);
        let (asked, barred) = (matrix(asked, 12, 4, &device), matrix(vec![0.0; 4], 1, 4, &device));

        let leaves = w.leaves();
        let (raw, _) = generator::forward(&leaves, x.clone().autodiff(), None);
        let soft = heads.activate(raw.clone(), gumbel.clone().autodiff(), 0.3);
        let entropy = heads.condition_loss(raw, asked.clone().autodiff(), barred.clone().autodiff()).unwrap();
        let loss = (soft * weights.clone().autodiff()).sum() + entropy.clone();
        let grads = loss.backward();

        let trace = forward(&w.values, x, &heads, gumbel, 0.3);
        let (mine, down) = asked_loss(&trace.raw, &heads, asked, barred);
        assert!((to_host(mine)[0] - to_host(entropy.inner())[0]).abs() < 1e-5);
        let got = gradients(&w.values, &trace, &heads, weights, Some(down));
        for ((leaf, got), name) in leaves.iter().zip(got).zip(&w.names) {
            let (want, got) = (to_host(leaf.grad(&grads).unwrap()), to_host(got));
            let worst = want.iter().zip(&got).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(want.len() == got.len() && worst < 2e-4, "{name}: {worst}");
        }
    }
}

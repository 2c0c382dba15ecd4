//! An auto-regressive network over columns: one small network a column, all in one batched pass.
//!
//! Column j of D reads the features of the columns before it and gives the scores of its own entries
//! (the factorisation of TabularARGN, Tiwald et al. 2025; the block-triangular mask is that of MADE,
//! Germain et al. 2015). The first layer of all columns is one masked matrix, the others are batched
//! matrices, and the backward pass is written out: it is short, it needs no graph, and the
//! norm of one row's gradient follows from what comes in and what comes back (Li et al. 2022),
//! so that a private step costs little more than a plain one. Knows slots, not tables.

use burn::tensor::activation::{log_softmax, relu};
use burn::tensor::{Device, Tensor, s};
use rand::Rng;

use super::weights::{HostMatrix, Weights};

/// Added to the score of padding.
const BARRED: f32 = -1e4;
/// Scales a row a little further down than single precision needs, so that rounding cannot lift it above the bound.
const MARGIN: f64 = 1.0 - 1e-5;

/// The shape of the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnsShape {
    /// Features of each column, in order; a column reads those of the columns before it.
    pub features: Vec<usize>,
    /// Entries of each column.
    pub entries: Vec<usize>,
    /// Width of each of a column's two hidden layers.
    pub hidden: usize,
}

impl ColumnsShape {
    /// Columns.
    pub fn columns(&self) -> usize {
        self.entries.len()
    }

    /// Features of a row.
    pub fn input(&self) -> usize {
        self.features.iter().sum()
    }

    /// Entries of the widest column; the others are padded to it.
    pub fn width(&self) -> usize {
        self.entries.iter().copied().max().unwrap_or(1).max(1)
    }

    /// Features of the columns before column `j`.
    pub fn before(&self, j: usize) -> usize {
        self.features.iter().take(j).sum()
    }

    fn parts(&self) -> Vec<(&'static str, usize, usize)> {
        let (d, h, w) = (self.columns(), self.hidden, self.width());
        vec![
            ("first.weight", self.input().max(1), d * h),
            ("first.bias", 1, d * h),
            ("second.weight", d * h, h),
            ("second.bias", d, h),
            ("scores.weight", d * h, w),
            ("scores.bias", d, w),
        ]
    }

    /// New weights from a seeded stream; `logs` are the logarithms of each column's frequencies, the first guess.
    pub fn init(&self, logs: &[Vec<f32>], rng: &mut impl Rng, device: &Device) -> Weights {
        let (h, w) = (self.hidden, self.width());
        let parts = self.parts().into_iter().map(|(name, rows, columns)| {
            let matrix = match name {
                "first.weight" => {
                    // By the features that a column reads, not by all there are.
                    let mut m = HostMatrix::filled(rows, columns, 0.0);
                    for j in 0..self.columns() {
                        let before = self.before(j);
                        let block = HostMatrix::linear(before, h, rng);
                        for (r, row) in block.values.chunks_exact(h.max(1)).enumerate() {
                            let at = r * columns + j * h;
                            if let Some(into) = m.values.get_mut(at..at + h) {
                                into.copy_from_slice(row);
                            }
                        }
                    }
                    m
                }
                "second.weight" => {
                    HostMatrix { rows, columns, values: HostMatrix::linear(h, self.columns() * h, rng).values }
                }
                "scores.weight" => HostMatrix::filled(rows, columns, 0.0),
                "scores.bias" => {
                    let mut m = HostMatrix::filled(rows, columns, BARRED);
                    for (j, logs) in logs.iter().enumerate() {
                        for (k, log) in logs.iter().enumerate().take(w) {
                            if let Some(x) = m.values.get_mut(j * w + k) {
                                *x = *log;
                            }
                        }
                    }
                    m
                }
                _ => HostMatrix::filled(rows, columns, 0.0),
            };
            (name, matrix)
        });
        Weights::new(parts.collect(), device)
    }

    /// Saved weights on a device; none when they do not have this shape.
    pub fn restore(&self, saved: &[HostMatrix], device: &Device) -> Option<Weights> {
        let parts = self.parts();
        let fits = parts.len() == saved.len()
            && parts.iter().zip(saved).all(|(p, m)| (p.1, p.2) == (m.rows, m.columns) && m.values.len() == p.1 * p.2);
        fits.then(|| Weights::new(parts.iter().zip(saved).map(|(p, m)| (p.0, m.clone())).collect(), device))
    }

    /// Ones where a column may read, `[input, columns * hidden]`.
    pub fn mask(&self, device: &Device) -> Tensor<2> {
        let (rows, h, columns) = (self.input().max(1), self.hidden, self.columns() * self.hidden);
        let mut m = HostMatrix::filled(rows, columns, 0.0);
        for j in 0..self.columns() {
            for r in 0..self.before(j) {
                if let Some(into) = m.values.get_mut(r * columns + j * h..r * columns + (j + 1) * h) {
                    into.fill(1.0);
                }
            }
        }
        m.on(&device.clone().without_autodiff())
    }

    /// Ones where column `j` reads feature `i`, `[input, columns]`: for the norms of single rows.
    fn reads(&self, device: &Device) -> Tensor<2> {
        let (rows, d) = (self.input().max(1), self.columns());
        let mut m = HostMatrix::filled(rows, d, 0.0);
        for j in 0..d {
            for r in 0..self.before(j) {
                if let Some(x) = m.values.get_mut(r * d + j) {
                    *x = 1.0;
                }
            }
        }
        m.on(&device.clone().without_autodiff())
    }
}

/// What a pass leaves for the way back, all outside any gradient graph.
struct Pass {
    /// `[rows, columns * hidden]` before the first activation.
    first: Tensor<2>,
    /// `[columns, rows, hidden]` after it.
    h1: Tensor<3>,
    /// Before and after the second activation; the second layer adds to the first.
    second: Tensor<3>,
    h2: Tensor<3>,
    /// Logarithms of probabilities, `[columns, rows, width]`.
    logs: Tensor<3>,
}

/// The network with its masks on a device.
pub struct Columns {
    pub shape: ColumnsShape,
    pub weights: Weights,
    mask: Tensor<2>,
    reads: Tensor<2>,
}

/// Gradients, one a weight, and the mean loss in nats a row.
pub struct Gradient {
    pub parts: Vec<Tensor<2>>,
    pub loss: Tensor<1>,
}

impl Columns {
    /// A network of these weights.
    pub fn new(shape: ColumnsShape, weights: Weights, device: &Device) -> Columns {
        let (mask, reads) = (shape.mask(device), shape.reads(device));
        Columns { shape, weights, mask, reads }
    }

    fn pass(&self, x: Tensor<2>) -> Pass {
        let [rows, _] = x.dims();
        let (d, h, w) = (self.shape.columns(), self.shape.hidden, self.shape.width());
        let [w1, b1, w2, b2, w3, b3] = [0, 1, 2, 3, 4, 5].map(|i| self.weights.values[i].clone());
        let first = x.matmul(w1) + b1;
        let h1 = relu(first.clone()).reshape([rows, d, h]).swap_dims(0, 1);
        let second = h1.clone().matmul(w2.reshape([d, h, h])) + b2.reshape([d, 1, h]);
        let h2 = h1.clone() + relu(second.clone());
        let scores = h2.clone().matmul(w3.reshape([d, h, w])) + b3.reshape([d, 1, w]);
        Pass { first, h1, second, h2, logs: log_softmax(scores, 2) }
    }

    /// Mean loss in nats a row of features `[rows, input]` and one-hot targets `[columns, rows, width]`.
    pub fn loss(&self, x: Tensor<2>, target: Tensor<3>) -> Tensor<1> {
        let [rows, _] = x.dims();
        (self.pass(x).logs * target).sum().mul_scalar(-1.0 / rows.max(1) as f64)
    }

    /// The loss of each column in nats a row, `[columns]`.
    pub fn losses(&self, x: Tensor<2>, target: Tensor<3>) -> Tensor<1> {
        let [rows, _] = x.dims();
        let d = self.shape.columns();
        let by = (self.pass(x).logs * target).sum_dim(2).sum_dim(1);
        by.reshape([d]).mul_scalar(-1.0 / rows.max(1) as f64)
    }

    /// The gradient of the mean loss.
    pub fn gradient(&self, x: Tensor<2>, target: Tensor<3>) -> Gradient {
        let [rows, _] = x.dims();
        let pass = self.pass(x.clone());
        let per_row = 1.0 / rows.max(1) as f64;
        let loss = (pass.logs.clone() * target.clone()).sum().mul_scalar(-per_row);
        let (d1, d2, d3) = self.back(&pass, target);
        let parts = self.collect(x, &pass, d1.mul_scalar(per_row), d2.mul_scalar(per_row), d3.mul_scalar(per_row));
        Gradient { parts, loss }
    }

    /// The sum over rows of their gradients, each of norm `most` at most. A row whose norm is not finite adds nothing.
    pub fn clipped(&self, x: Tensor<2>, target: Tensor<3>, most: f64) -> Vec<Tensor<2>> {
        let [rows, _] = x.dims();
        let (d, h) = (self.shape.columns(), self.shape.hidden);
        let pass = self.pass(x.clone());
        let (d1, d2, d3) = self.back(&pass, target);
        let blocks = d1.clone().reshape([rows, d, h]).square().sum_dim(2).reshape([rows, d]);
        // A column's first layer sees its own features alone; the one is its bias.
        let seen = x.clone().square().matmul(self.reads.clone()).add_scalar(1.0);
        let layer = |came: &Tensor<3>, back: &Tensor<3>| {
            let norms = came.clone().square().sum_dim(2).add_scalar(1.0) * back.clone().square().sum_dim(2);
            norms.sum_dim(0).reshape([rows, 1])
        };
        let square = (blocks * seen).sum_dim(1) + layer(&pass.h1, &d2) + layer(&pass.h2, &d3);
        let factor = square.clone().sqrt().recip().mul_scalar((most * MARGIN) as f32).clamp_max(1.0);
        let sound = square.lower_elem(f32::MAX);
        let factor = factor.zeros_like().mask_where(sound.clone(), factor);
        let clean = |t: Tensor<2>| {
            let mask = sound.clone().expand(t.dims());
            t.zeros_like().mask_where(mask, t)
        };
        let clean3 = |t: Tensor<3>| {
            let mask = sound.clone().reshape([1, rows, 1]).expand(t.dims());
            t.zeros_like().mask_where(mask, t)
        };
        let (x, d1) = (clean(x), clean(d1) * factor.clone());
        let factor = factor.reshape([1, rows, 1]);
        let pass = Pass { h1: clean3(pass.h1), h2: clean3(pass.h2), ..pass };
        self.collect(x, &pass, d1, clean3(d2) * factor.clone(), clean3(d3) * factor)
    }

    /// `parts`, one a weight, with zeros where a column may not read: noise must not open a way.
    pub fn masked(&self, mut parts: Vec<Tensor<2>>) -> Vec<Tensor<2>> {
        if let Some(first) = parts.first_mut() {
            *first = first.clone() * self.mask.clone();
        }
        parts
    }

    /// What comes back to the output of each layer, row by row and not averaged.
    fn back(&self, pass: &Pass, target: Tensor<3>) -> (Tensor<2>, Tensor<3>, Tensor<3>) {
        let (d, h, w) = (self.shape.columns(), self.shape.hidden, self.shape.width());
        let [rows, _] = pass.first.dims();
        let [w2, w3] = [2, 4].map(|i| self.weights.values[i].clone());
        let d3 = pass.logs.clone().exp() - target;
        let to_h2 = d3.clone().matmul(w3.reshape([d, h, w]).swap_dims(1, 2));
        let d2 = to_h2.clone() * pass.second.clone().greater_elem(0.0).float();
        let to_h1 = to_h2 + d2.clone().matmul(w2.reshape([d, h, h]).swap_dims(1, 2));
        let d1 = to_h1.swap_dims(0, 1).reshape([rows, d * h]) * pass.first.clone().greater_elem(0.0).float();
        (d1, d2, d3)
    }

    /// Gradients of what came in and what comes back.
    fn collect(&self, x: Tensor<2>, pass: &Pass, d1: Tensor<2>, d2: Tensor<3>, d3: Tensor<3>) -> Vec<Tensor<2>> {
        let (d, h, w) = (self.shape.columns(), self.shape.hidden, self.shape.width());
        vec![
            x.transpose().matmul(d1.clone()) * self.mask.clone(),
            d1.sum_dim(0),
            pass.h1.clone().swap_dims(1, 2).matmul(d2.clone()).reshape([d * h, h]),
            d2.sum_dim(1).reshape([d, h]),
            pass.h2.clone().swap_dims(1, 2).matmul(d3.clone()).reshape([d * h, w]),
            d3.sum_dim(1).reshape([d, w]),
        ]
    }
}

/// The network of one column alone, for drawing.
pub struct OneColumn {
    weights: [Tensor<2>; 6],
}

impl Columns {
    /// The network of column `j`.
    pub fn one(&self, j: usize) -> OneColumn {
        let (h, entries) = (self.shape.hidden, self.shape.entries.get(j).copied().unwrap_or(1));
        let before = self.shape.before(j);
        let [w1, b1, w2, b2, w3, b3] = [0, 1, 2, 3, 4, 5].map(|i| self.weights.values[i].clone());
        OneColumn {
            weights: [
                w1.slice(s![0..before.max(1), j * h..(j + 1) * h]),
                b1.slice(s![.., j * h..(j + 1) * h]),
                w2.slice(s![j * h..(j + 1) * h, ..]),
                b2.slice(s![j..j + 1, ..]),
                w3.slice(s![j * h..(j + 1) * h, 0..entries]),
                b3.slice(s![j..j + 1, 0..entries]),
            ],
        }
    }
}

impl OneColumn {
    /// Scores `[rows, entries]` of the features of the columns before it; the first column reads one feature of zeros.
    pub fn scores(&self, x: Tensor<2>) -> Tensor<2> {
        let [w1, b1, w2, b2, w3, b3] = self.weights.clone();
        let h1 = relu(x.matmul(w1) + b1);
        let h2 = h1.clone() + relu(h1.matmul(w2) + b2);
        h2.matmul(w3) + b3
    }
}

#[cfg(test)]
mod tests {
    use super::super::device::cpu;
    use super::super::noise::{matrix, normal, stream};
    use super::super::weights::to_host;
    use super::*;

    fn toy(seed: u64) -> (Columns, Tensor<2>, Tensor<3>, Device) {
        let device = cpu().device.without_autodiff();
        let shape = ColumnsShape { features: vec![2, 1, 3], entries: vec![2, 4, 3], hidden: 5 };
        let mut rng = stream(seed, 0);
        let logs = vec![vec![0.1, -0.2], vec![0.0, 0.3, 0.1, -1.0], vec![0.0; 3]];
        let mut weights = shape.init(&logs, &mut rng, &device);
        weights.values[4] = matrix(normal(15, 4, &mut rng), 15, 4, &device);
        weights.values[3] = matrix(normal(3, 5, &mut rng), 3, 5, &device);
        let x = matrix(normal(6, 6, &mut rng), 6, 6, &device);
        let mut target = vec![0.0; 3 * 6 * 4];
        for j in 0..3 {
            for r in 0..6 {
                target[(j * 6 + r) * 4 + (r * 7 + j) % shape.entries[j]] = 1.0;
            }
        }
        let target = matrix(target, 18, 4, &device).reshape([3, 6, 4]);
        (Columns::new(shape, weights, &device), x, target, device)
    }

    fn flat(parts: &[Tensor<2>]) -> Vec<f64> {
        parts.iter().flat_map(|p| to_host(p.clone())).map(f64::from).collect()
    }

    fn norm(x: &[f64]) -> f64 {
        x.iter().map(|v| v * v).sum::<f64>().sqrt()
    }

    /// The loss once more, for automatic differentiation.
    fn tracked(net: &Columns, x: Tensor<2>, target: Tensor<3>) -> Vec<f64> {
        let (d, h, w) = (net.shape.columns(), net.shape.hidden, net.shape.width());
        let [rows, _] = x.dims();
        let leaves = net.weights.leaves();
        let [w1, b1, w2, b2, w3, b3] = [0, 1, 2, 3, 4, 5].map(|i| leaves[i].clone());
        let first = x.autodiff().matmul(w1 * net.mask.clone().autodiff()) + b1;
        let h1 = relu(first).reshape([rows, d, h]).swap_dims(0, 1);
        let h2 = h1.clone() + relu(h1.matmul(w2.reshape([d, h, h])) + b2.reshape([d, 1, h]));
        let scores = h2.matmul(w3.reshape([d, h, w])) + b3.reshape([d, 1, w]);
        let loss = (log_softmax(scores, 2) * target.autodiff()).sum().mul_scalar(-1.0 / rows as f64);
        let grads = loss.backward();
        leaves.iter().flat_map(|l| to_host(l.grad(&grads).unwrap())).map(f64::from).collect()
    }

    #[test]
    fn the_written_out_gradient_is_the_automatic_one() {
        for seed in [1, 2, 3] {
            let (net, x, target, _) = toy(seed);
            let got = flat(&net.gradient(x.clone(), target.clone()).parts);
            let want = tracked(&net, x, target);
            let worst = got.iter().zip(&want).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(worst < 1e-5 && norm(&got) > 0.1, "{worst}");
        }
    }

    #[test]
    fn single_rows_are_clipped_before_they_are_summed() {
        let (net, x, target, _) = toy(4);
        for most in [0.3, 1.5, 100.0] {
            let got = flat(&net.clipped(x.clone(), target.clone(), most));
            let mut want = vec![0.0; got.len()];
            for r in 0..6 {
                let one = tracked(&net, x.clone().slice(s![r..r + 1, ..]), target.clone().slice(s![.., r..r + 1, ..]));
                let by = (most * MARGIN / norm(&one)).min(1.0);
                want.iter_mut().zip(&one).for_each(|(w, g)| *w += by * g);
                let alone = flat(&net.clipped(
                    x.clone().slice(s![r..r + 1, ..]),
                    target.clone().slice(s![.., r..r + 1, ..]),
                    most,
                ));
                assert!(norm(&alone) <= most);
            }
            let worst = got.iter().zip(&want).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(worst < 1e-4, "{worst}");
        }
        let wild = x.mul_scalar(f32::INFINITY);
        assert!(flat(&net.clipped(wild, target, 1.0)).iter().all(|g| g.is_finite()));
    }

    #[test]
    fn a_column_reads_those_before_it_alone_and_one_column_is_the_same_network() {
        let (net, x, _, device) = toy(5);
        let all = to_host(net.pass(x.clone()).logs);
        let mut other = to_host(x.clone());
        for row in other.chunks_exact_mut(6) {
            row[2] += 1.0;
            row[3] -= 2.0;
        }
        let changed = to_host(net.pass(matrix(other, 6, 6, &device)).logs);
        // Feature 2 is that of the second column, 3 of the third: the first two columns must not move.
        assert_eq!(all[..2 * 24], changed[..2 * 24]);
        assert_ne!(all[2 * 24..], changed[2 * 24..]);
        for j in 1..3 {
            let before = net.shape.before(j);
            let scores = net.one(j).scores(x.clone().slice(s![.., 0..before]));
            let logs = to_host(log_softmax(scores, 1));
            let entries = net.shape.entries[j];
            for r in 0..6 {
                for k in 0..entries {
                    assert!((logs[r * entries + k] - all[(j * 6 + r) * 4 + k]).abs() < 1e-4);
                }
            }
        }
    }
}

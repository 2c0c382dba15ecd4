//! A decoder-only transformer over tokens that may carry two frozen embeddings beside their own.
//!
//! Pre-norm GPT-2 blocks (Radford et al. 2019, section 2.3): causal attention, an MLP of four times the width with the
//! tanh form of GELU, a last normalisation, and a head that shares the token embedding. As in HiSGT (Zhou and Barbieri
//! 2025) the input is `E_code + E_pos + W_sem e_sem + e_hier`: what a token means and where it stands in a hierarchy
//! are frozen matrices from outside. The blocks run over `[batch * time, width]`, so that every product but attention
//! is one matrix product. Knows tokens as numbers: no visits, no codes.

use burn::tensor::activation::{sigmoid, softmax};
use burn::tensor::module::{layer_norm, linear};
use burn::tensor::{Device, Int, Tensor, TensorData, s};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use super::noise;
use super::weights::{HostMatrix, Weights};

/// Keeps the variance of a normalisation off zero (GPT-2: 1e-5).
const EPSILON: f64 = 1e-5;
/// Score of a place that attention must not look at; large, but far from overflow.
const HIDDEN: f32 = -1e9;
/// Standard deviation of new weights (GPT-2).
const SPREAD: f32 = 0.02;
/// Matrices of one block.
const PER_BLOCK: usize = 12;
/// Most blocks a transformer may have.
pub const MOST_BLOCKS: usize = 12;

macro_rules! block_names {
    ($($n:literal),*) => { [$([
        concat!("block", $n, ".norm1.scale"), concat!("block", $n, ".norm1.shift"),
        concat!("block", $n, ".attend.weight"), concat!("block", $n, ".attend.bias"),
        concat!("block", $n, ".join.weight"), concat!("block", $n, ".join.bias"),
        concat!("block", $n, ".norm2.scale"), concat!("block", $n, ".norm2.shift"),
        concat!("block", $n, ".up.weight"), concat!("block", $n, ".up.bias"),
        concat!("block", $n, ".down.weight"), concat!("block", $n, ".down.bias"),
    ]),*] };
}
const BLOCKS: [[&str; PER_BLOCK]; MOST_BLOCKS] = block_names!(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);

/// The shape of a transformer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TransformerShape {
    /// Tokens there are.
    pub vocabulary: usize,
    /// Longest sequence.
    pub context: usize,
    /// Width of the blocks; a multiple of `heads`.
    pub width: usize,
    /// Blocks, [`MOST_BLOCKS`] at most.
    pub blocks: usize,
    pub heads: usize,
    /// Width of the semantic embedding; 0: none.
    pub semantic: usize,
    /// Whether there is a hierarchy embedding, which is as wide as the blocks.
    pub hierarchy: bool,
    /// Whether the head scores a code by its own embedding and its hierarchy embedding, and not by its own alone. The
    /// published model has its own alone; then a rare code learns nothing from its siblings as a target.
    pub shared_head: bool,
    /// Share of values dropped after the embedding, attention and the MLP in training.
    pub dropout: f64,
}

/// Frozen embeddings of all tokens, on the device and outside any graph.
#[derive(Debug, Clone, Default)]
pub struct Frozen {
    /// `[vocabulary, semantic]`.
    pub semantic: Option<Tensor<2>>,
    /// `[vocabulary, width]`.
    pub hierarchy: Option<Tensor<2>>,
}

impl TransformerShape {
    /// Rows and columns of each matrix, with its name, in the order in which weights lie.
    fn parts(&self) -> Vec<(&'static str, usize, usize)> {
        let d = self.width;
        let mut out = vec![("code", self.vocabulary, d), ("position", self.context, d)];
        if self.semantic > 0 {
            out.push(("semantic.weight", self.semantic, d));
        }
        for names in BLOCKS.iter().take(self.blocks) {
            let sizes = [
                (1, d),
                (1, d),
                (d, 3 * d),
                (1, 3 * d),
                (d, d),
                (1, d),
                (1, d),
                (1, d),
                (d, 4 * d),
                (1, 4 * d),
                (4 * d, d),
                (1, d),
            ];
            out.extend(names.iter().zip(sizes).map(|(name, (rows, columns))| (*name, rows, columns)));
        }
        out.extend([("norm.scale", 1, d), ("norm.shift", 1, d)]);
        if self.semantic > 0 {
            out.extend([("tell_semantic.weight", d, self.semantic), ("tell_semantic.bias", 1, self.semantic)]);
        }
        if self.hierarchy {
            out.extend([("tell_hierarchy.weight", d, d), ("tell_hierarchy.bias", 1, d)]);
        }
        out
    }

    /// The name of each matrix, in the order in which weights lie.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.parts().into_iter().map(|p| p.0)
    }

    /// Numbers that are learned.
    pub fn parameters(&self) -> usize {
        self.parts().iter().map(|(_, rows, columns)| rows * columns).sum()
    }

    /// New weights from a seeded stream: normal with standard deviation 0.02, smaller where a block adds to what
    /// passes by it, by the root of how many do (GPT-2).
    pub fn init(&self, rng: &mut impl Rng, device: &Device) -> Weights {
        let residual = SPREAD / (2.0 * self.blocks.max(1) as f32).sqrt();
        let parts = self.parts().into_iter().map(|(name, rows, columns)| {
            let spread = if name.ends_with(".scale") || name.ends_with(".shift") || name.ends_with(".bias") {
                0.0
            } else if name.ends_with("join.weight") || name.ends_with("down.weight") {
                residual
            } else {
                SPREAD
            };
            let mut draw = || {
                let z: f32 = StandardNormal.sample(rng);
                z * spread
            };
            let matrix = if name.ends_with(".scale") {
                HostMatrix::filled(rows, columns, 1.0)
            } else if spread == 0.0 {
                HostMatrix::filled(rows, columns, 0.0)
            } else {
                HostMatrix { rows, columns, values: (0..rows * columns).map(|_| draw()).collect() }
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
}

/// Token numbers as a tensor of indices.
pub fn indices(tokens: &[u32], device: &Device) -> Tensor<1, Int> {
    let tokens: Vec<i32> = tokens.iter().map(|t| *t as i32).collect();
    let n = tokens.len();
    Tensor::from_data(TensorData::new(tokens, [n]), device)
}

/// Keys and values of all tokens so far, by block: `[batch, heads, time, width / heads]`.
#[derive(Debug, Clone, Default)]
pub struct Cache {
    blocks: Vec<(Tensor<4>, Tensor<4>)>,
    time: usize,
}

impl Cache {
    /// Tokens of each sequence that have been read.
    pub fn time(&self) -> usize {
        self.time
    }

    /// The cache of these sequences alone, in this order.
    pub fn keep(&mut self, rows: &[u32], device: &Device) {
        let index = indices(rows, device);
        for (k, v) in &mut self.blocks {
            *k = k.clone().select(0, index.clone());
            *v = v.clone().select(0, index.clone());
        }
    }
}

/// A network ready to run: its shape, weights (leaves in training) and frozen embeddings.
pub struct Transformer<'a> {
    shape: TransformerShape,
    weights: &'a [Tensor<2>],
    frozen: Frozen,
    device: Device,
    tracked: bool,
}

impl<'a> Transformer<'a> {
    /// `weights` as [`TransformerShape::init`] orders them; inside a graph if they are.
    pub fn new(shape: TransformerShape, weights: &'a [Tensor<2>], frozen: &Frozen, device: &Device) -> Transformer<'a> {
        let tracked = weights.first().is_some_and(Tensor::is_autodiff);
        let frozen = if tracked {
            let into = |t: &Option<Tensor<2>>| t.clone().map(Tensor::autodiff);
            Frozen { semantic: into(&frozen.semantic), hierarchy: into(&frozen.hierarchy) }
        } else {
            frozen.clone()
        };
        Transformer { shape, weights, frozen, device: device.clone().without_autodiff(), tracked }
    }

    fn place<const D: usize>(&self, tensor: Tensor<D>) -> Tensor<D> {
        if self.tracked { tensor.autodiff() } else { tensor }
    }

    /// What stands for each token before its position is known: `[vocabulary, width]`.
    fn table(&self) -> Tensor<2> {
        let mut table = self.weights[0].clone();
        if let (Some(semantic), Some(weight)) = (&self.frozen.semantic, self.weights.get(2)) {
            table = table + semantic.clone().matmul(weight.clone());
        }
        match &self.frozen.hierarchy {
            Some(hierarchy) => table + hierarchy.clone(),
            None => table,
        }
    }

    /// What the head scores tokens by: the token embedding itself, with the hierarchy embedding if it is shared.
    pub fn head(&self) -> Tensor<2> {
        match &self.frozen.hierarchy {
            Some(hierarchy) if self.shape.shared_head => self.weights[0].clone() + hierarchy.clone(),
            _ => self.weights[0].clone(),
        }
    }

    /// Hidden rows `[batch * time, width]` of sequences of `time` tokens each, after the last normalisation. With a
    /// cache the tokens stand behind those the cache has read, and are added to it; `dropout` draws masks in training.
    /// Tokens at places past the context share the last position.
    pub fn hidden(
        &self,
        tokens: &[u32],
        time: usize,
        mut cache: Option<&mut Cache>,
        mut dropout: Option<&mut dyn FnMut(usize) -> Vec<f32>>,
    ) -> Tensor<2> {
        let (d, batch) = (self.shape.width, tokens.len() / time.max(1));
        let past = cache.as_ref().map_or(0, |c| c.time);
        let last = self.shape.context.saturating_sub(1);
        let places: Vec<u32> = (0..time).map(|t| (past + t).min(last) as u32).collect();
        let x = self.place_tokens(tokens).reshape([batch, time, d]);
        let positions = self.weights[1].clone().select(0, self.index(&places));
        let mut x = (x + positions.reshape([1, time, d])).reshape([batch * time, d]);
        x = self.dropped(x, &mut dropout);
        let first = if self.shape.semantic > 0 { 3 } else { 2 };
        let mask = (time > 1).then(|| self.mask(time, past));
        for b in 0..self.shape.blocks {
            let w = &self.weights[first + b * PER_BLOCK..first + (b + 1) * PER_BLOCK];
            let attended = self.attention(w, self.norm(x.clone(), &w[0], &w[1]), (batch, time), b, &mut cache, &mask);
            x = x + self.dropped(attended, &mut dropout);
            let up = linear(self.norm(x.clone(), &w[6], &w[7]), w[8].clone(), Some(row(&w[9])));
            let down = linear(gelu(up), w[10].clone(), Some(row(&w[11])));
            x = x + self.dropped(down, &mut dropout);
        }
        if let Some(cache) = cache {
            cache.time += time;
        }
        let end = first + self.shape.blocks * PER_BLOCK;
        self.norm(x, &self.weights[end], &self.weights[end + 1])
    }

    /// Scores of every token `[rows, vocabulary]` for hidden rows.
    pub fn scores(&self, hidden: Tensor<2>) -> Tensor<2> {
        hidden.matmul(self.head().transpose())
    }

    /// What hidden rows tell of the semantic `[rows, semantic]` and the hierarchy embedding `[rows, width]`.
    pub fn told(&self, hidden: Tensor<2>) -> (Option<Tensor<2>>, Option<Tensor<2>>) {
        let first = if self.shape.semantic > 0 { 3 } else { 2 };
        let mut at = first + self.shape.blocks * PER_BLOCK + 2;
        let mut tell = |wanted: bool| {
            let (weight, bias) = (self.weights.get(at)?, self.weights.get(at + 1)?);
            if !wanted {
                return None;
            }
            at += 2;
            Some(linear(hidden.clone(), weight.clone(), Some(row(bias))))
        };
        (tell(self.shape.semantic > 0), tell(self.shape.hierarchy))
    }

    fn index(&self, tokens: &[u32]) -> Tensor<1, Int> {
        indices(tokens, &self.weights[0].device())
    }

    fn place_tokens(&self, tokens: &[u32]) -> Tensor<2> {
        self.table().select(0, self.index(tokens))
    }

    fn norm(&self, x: Tensor<2>, scale: &Tensor<2>, shift: &Tensor<2>) -> Tensor<2> {
        layer_norm(x, row(scale), Some(row(shift)), EPSILON)
    }

    fn dropped(&self, x: Tensor<2>, dropout: &mut Option<&mut dyn FnMut(usize) -> Vec<f32>>) -> Tensor<2> {
        let Some(draw) = dropout.as_mut().filter(|_| self.shape.dropout > 0.0) else { return x };
        let [rows, columns] = x.dims();
        let mask = noise::matrix(draw(rows * columns), rows, columns, &self.device);
        x * self.place(mask)
    }

    /// `[1, 1, time, past + time]`: nothing for the past and oneself, [`HIDDEN`] for the future.
    fn mask(&self, time: usize, past: usize) -> Tensor<4> {
        let all = past + time;
        let see = |at: usize| (0..all).map(move |other| if other > past + at { HIDDEN } else { 0.0 });
        let values: Vec<f32> = (0..time).flat_map(see).collect();
        self.place(Tensor::from_data(TensorData::new(values, [1, 1, time, all]), &self.device))
    }

    fn attention(
        &self,
        w: &[Tensor<2>],
        x: Tensor<2>,
        (batch, time): (usize, usize),
        block: usize,
        cache: &mut Option<&mut Cache>,
        mask: &Option<Tensor<4>>,
    ) -> Tensor<2> {
        let (d, heads) = (self.shape.width, self.shape.heads);
        let each = d / heads;
        let all = linear(x, w[2].clone(), Some(row(&w[3])));
        let part = |n: usize| {
            let part = all.clone().slice(s![.., n * d..(n + 1) * d]);
            part.reshape([batch, time, heads, each]).swap_dims(1, 2)
        };
        let (q, mut k, mut v) = (part(0), part(1), part(2));
        if let Some(cache) = cache {
            if let Some((keys, values)) = cache.blocks.get(block) {
                k = Tensor::cat(vec![keys.clone(), k], 2);
                v = Tensor::cat(vec![values.clone(), v], 2);
            }
            let now = (k.clone(), v.clone());
            match cache.blocks.get_mut(block) {
                Some(slot) => *slot = now,
                None => cache.blocks.push(now),
            }
        }
        let mut scores = q.mul_scalar(1.0 / (each as f64).sqrt()).matmul(k.swap_dims(2, 3));
        if let Some(mask) = mask {
            scores = scores + mask.clone();
        }
        let seen = softmax(scores, 3).matmul(v);
        let seen = seen.swap_dims(1, 2).reshape([batch * time, d]);
        linear(seen, w[4].clone(), Some(row(&w[5])))
    }
}

/// A matrix of one row as a vector.
fn row(x: &Tensor<2>) -> Tensor<1> {
    let [_, columns] = x.dims();
    x.clone().reshape([columns])
}

/// The tanh form of GELU (Hendrycks and Gimpel 2016, section 2): `x sigmoid(2 sqrt(2/pi) (x + 0.044715 x^3))`.
fn gelu(x: Tensor<2>) -> Tensor<2> {
    let twice = 2.0 * (2.0 / std::f64::consts::PI).sqrt();
    let inner = (x.clone() * x.clone()).mul_scalar(0.044_715 * twice).add_scalar(twice) * x.clone();
    x * sigmoid(inner)
}

#[cfg(test)]
#[path = "transformer_tests.rs"]
mod tests;

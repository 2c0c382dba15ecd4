//! What a transformer over tokens learns from: the next token, and two guiding terms.
//!
//! HiSGT's loss (Zhou and Barbieri 2025): `alpha` times the cross-entropy of the next token, plus the squared distances
//! between what the hidden state tells and the frozen embeddings. The published code compares them with the embedding
//! of the token just read; with `shift` it is the one to come. Knows tokens as numbers.

use burn::tensor::activation::softmax;
use burn::tensor::{Device, IndexingUpdateOp, Int, Tensor};

use super::noise;
use super::transformer::{Frozen, Transformer, indices};
use super::weights::{scalar, to_host};

/// Weights of the three terms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Guide {
    /// Of the cross-entropy of the next token, in nats a token.
    pub next: f64,
    /// Of the squared distance from the semantic embedding, summed over its width, a mean over tokens.
    pub semantic: f64,
    /// The same for the hierarchy embedding.
    pub hierarchy: f64,
    /// Compare with the token to come instead of the one just read.
    pub shift: bool,
}

/// Sequences of equal length, row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Sequences {
    /// Tokens read, `rows x time`.
    pub read: Vec<u32>,
    /// The token after each.
    pub next: Vec<u32>,
    /// Whether a place counts, by row: padding does not.
    pub counts: Vec<bool>,
    pub time: usize,
    /// What the gradient's sums over places are divided by; none: by the places that count. Where batches differ in
    /// length it has to be the same for all, or the tokens of short sequences weigh more than those of long ones.
    pub share: Option<f64>,
}

/// The terms of one batch, before they are weighted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Terms {
    /// Mean cross-entropy of the next token, in nats.
    pub next: f64,
    pub semantic: f64,
    pub hierarchy: f64,
}

/// Minus the log probability of the next token at every place, in nats; 0 where a place does not count.
pub fn nll(net: &Transformer, batch: &Sequences, device: &Device) -> Vec<f64> {
    let hidden = net.hidden(&batch.read, batch.time, None, None);
    let shares = softmax(net.scores(hidden), 1);
    let next = column(&batch.next, device);
    let found = to_host(shares.gather(1, next));
    found.iter().zip(&batch.counts).map(|(p, counts)| if *counts { cost(*p) } else { 0.0 }).collect()
}

/// Minus the logarithm of a probability.
fn cost(p: f32) -> f64 {
    // NaN must stay visible: `max` would hide it.
    if p.is_nan() { f64::NAN } else { -f64::from(p.max(f32::MIN_POSITIVE)).ln() }
}

fn column(tokens: &[u32], device: &Device) -> Tensor<2, Int> {
    indices(tokens, device).reshape([tokens.len(), 1])
}

/// A tensor whose gradient is that of the weighted loss, and the terms themselves. `net` holds leaves.
///
/// The cross-entropy's gradient with respect to its scores is `softmax - one at the target`. It is worked out outside
/// the graph and carried into it as products with hidden rows and head, so that no matrix as wide as the vocabulary is
/// ever tracked: half the time of a step goes into these otherwise.
pub fn loss(
    net: &Transformer,
    frozen: &Frozen,
    batch: &Sequences,
    guide: &Guide,
    device: &Device,
    dropout: Option<&mut dyn FnMut(usize) -> Vec<f32>>,
) -> (Tensor<1>, Terms) {
    let hidden = net.hidden(&batch.read, batch.time, None, dropout);
    let rows = batch.read.len();
    let counted = batch.counts.iter().filter(|c| **c).count().max(1) as f64;
    let counts: Vec<f32> = batch.counts.iter().map(|c| f32::from(u8::from(*c))).collect();
    let counts = noise::matrix(counts, rows, 1, device);
    let (inner, head) = (hidden.clone().inner(), net.head());
    let shares = softmax(inner.clone().matmul(head.clone().inner().transpose()), 1);
    let next = column(&batch.next, device);
    let found = to_host(shares.clone().gather(1, next.clone()));
    let value: f64 = found.iter().zip(&batch.counts).filter(|(_, c)| **c).map(|(p, _)| cost(*p)).sum();
    let one = counts.clone().neg();
    let slope = (shares * counts.clone()).scatter(1, next, one, IndexingUpdateOp::Add);
    let share = batch.share.unwrap_or(counted);
    let slope = slope.mul_scalar(guide.next / share);
    let by_hidden = slope.clone().matmul(head.clone().inner());
    let by_head = slope.transpose().matmul(inner);
    let mut total = (hidden.clone() * by_hidden.autodiff()).sum() + (head * by_head.autodiff()).sum();
    let mut terms = Terms { next: value / counted, semantic: 0.0, hierarchy: 0.0 };
    let (semantic, hierarchy) = net.told(hidden);
    let target = if guide.shift { &batch.next } else { &batch.read };
    let mut guided = |told: Option<Tensor<2>>, frozen: &Option<Tensor<2>>, weight: f64, term: &mut f64| {
        let (Some(told), Some(frozen)) = (told, frozen) else { return };
        let want = frozen.clone().select(0, indices(target, device)).autodiff();
        let far = ((told - want).square() * counts.clone().autodiff()).sum().div_scalar(counted);
        *term = scalar(far.clone().inner());
        if weight > 0.0 {
            total = total.clone() + far.mul_scalar(weight * counted / share);
        }
    };
    guided(semantic, &frozen.semantic, guide.semantic, &mut terms.semantic);
    guided(hierarchy, &frozen.hierarchy, guide.hierarchy, &mut terms.hierarchy);
    (total, terms)
}

//! What a transformer must be: causal, equal to its cache, tied; and its loss the sum of its terms.

use super::super::device::cpu;
use super::super::guided::{Guide, Sequences, loss, nll};
use super::super::noise::{matrix, normal, stream};
use super::super::weights::to_host;
use super::*;

fn shape(shared_head: bool) -> TransformerShape {
    TransformerShape {
        vocabulary: 11,
        context: 9,
        width: 8,
        blocks: 2,
        heads: 2,
        semantic: 5,
        hierarchy: true,
        shared_head,
        dropout: 0.0,
    }
}

/// Weights far from their small start, so that every part matters.
fn setting(shared_head: bool) -> (TransformerShape, Weights, Frozen, Device) {
    let device = cpu().device;
    let shape = shape(shared_head);
    let mut rng = stream(3, 0);
    let mut w = shape.init(&mut rng, &device);
    for value in &mut w.values {
        let [rows, columns] = value.dims();
        *value = value.clone() + matrix(normal(rows, columns, &mut rng), rows, columns, &device).mul_scalar(0.3);
    }
    let frozen = Frozen {
        semantic: Some(matrix(normal(11, 5, &mut rng), 11, 5, &device)),
        hierarchy: Some(matrix(normal(11, 8, &mut rng), 11, 8, &device)),
    };
    (shape, w, frozen, device)
}

fn far(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

const TOKENS: [u32; 12] = [0, 3, 5, 2, 7, 1, 0, 10, 9, 3, 3, 1];

#[test]
fn the_past_does_not_see_the_future() {
    let (shape, w, frozen, device) = setting(false);
    let net = Transformer::new(shape, &w.values, &frozen, &device);
    let scores = |tokens: &[u32]| to_host(net.scores(net.hidden(tokens, 6, None, None)));
    let before = scores(&TOKENS);
    for at in 1..6 {
        let mut changed = TOKENS;
        changed[at] = 8;
        let after = scores(&changed);
        let past = at * 11;
        assert!(far(&before[..past], &after[..past]) <= 1e-6);
        assert!(far(&before[past..66], &after[past..66]) > 1e-2, "place {at} must matter");
        assert!(far(&before[66..], &after[66..]) <= 1e-6, "the other sequence must not change");
    }
}

#[test]
fn a_cache_gives_the_scores_of_the_whole() {
    let (shape, w, frozen, device) = setting(true);
    let net = Transformer::new(shape, &w.values, &frozen, &device);
    let whole = to_host(net.scores(net.hidden(&TOKENS, 6, None, None)));
    let mut cache = Cache::default();
    // Two tokens at once, then one by one.
    let first: Vec<u32> = [0, 1, 6, 7].iter().map(|i| TOKENS[*i]).collect();
    let mut steps = vec![(to_host(net.scores(net.hidden(&first, 2, Some(&mut cache), None))), 2)];
    for t in 2..6 {
        let now = [TOKENS[t], TOKENS[6 + t]];
        steps.push((to_host(net.scores(net.hidden(&now, 1, Some(&mut cache), None))), 1));
    }
    let mut at = 0;
    for (got, time) in steps {
        for sequence in 0..2 {
            let want = &whole[(sequence * 6 + at) * 11..(sequence * 6 + at + time) * 11];
            assert!(far(&got[sequence * time * 11..(sequence + 1) * time * 11], want) <= 1e-4);
        }
        at += time;
    }
    assert_eq!(cache.time(), 6);
    // What is kept of a cache goes on as before.
    let mut cache = Cache::default();
    net.hidden(
        &TOKENS[..10].iter().copied().enumerate().filter(|(i, _)| *i != 5).map(|(_, t)| t).take(4).collect::<Vec<_>>(),
        2,
        Some(&mut cache),
        None,
    );
    cache.keep(&[1], &device);
    assert_eq!(to_host(net.hidden(&[4], 1, Some(&mut cache), None)).len(), 8);
}

#[test]
fn the_head_is_the_token_embedding() {
    let (shape, w, frozen, device) = setting(false);
    let net = Transformer::new(shape, &w.values, &frozen, &device);
    assert_eq!(to_host(net.head()), to_host(w.values[0].clone()));
    assert_eq!(shape.parts().iter().filter(|p| p.1 * p.2 == 88).count(), 1, "one matrix of vocabulary x width");
    assert_eq!(shape.parameters(), w.values.iter().map(|v| v.dims().iter().product::<usize>()).sum::<usize>());
    assert!(shape.restore(&w.to_host(), &device).is_some());
    assert!(TransformerShape { blocks: 1, ..shape }.restore(&w.to_host(), &device).is_none());
    let (shape, w, frozen, device) = setting(true);
    let net = Transformer::new(shape, &w.values, &frozen, &device);
    let hierarchy = frozen.hierarchy.clone().map(to_host).unwrap_or_default();
    let want: Vec<f32> = to_host(w.values[0].clone()).iter().zip(&hierarchy).map(|(a, b)| a + b).collect();
    assert!(far(&to_host(net.head()), &want) < 1e-6);
}

fn batch() -> Sequences {
    let next = [3, 5, 2, 7, 1, 4, 10, 9, 3, 3, 1, 0].to_vec();
    let counts = (0..12).map(|i| i < 9).collect();
    Sequences { read: TOKENS.to_vec(), next, counts, time: 6, share: None }
}

/// The three terms as anyone would write them down, from scores and told embeddings on the host.
#[test]
fn the_loss_is_the_sum_of_its_terms() {
    let (shape, w, frozen, device) = setting(true);
    let batch = batch();
    for shift in [false, true] {
        let guide = Guide { next: 0.7, semantic: 0.2, hierarchy: 0.3, shift };
        let plain = Transformer::new(shape, &w.values, &frozen, &device);
        let hidden = plain.hidden(&batch.read, 6, None, None);
        let scores = to_host(plain.scores(hidden.clone()));
        let (sem, hier) = plain.told(hidden);
        let told = [sem.map(to_host).unwrap_or_default(), hier.map(to_host).unwrap_or_default()];
        let known = [&frozen.semantic, &frozen.hierarchy].map(|t| t.clone().map(to_host).unwrap_or_default());
        let (mut next, mut guided) = (0.0, [0.0, 0.0]);
        let target = if shift { &batch.next } else { &batch.read };
        for i in 0..9 {
            let row = &scores[i * 11..(i + 1) * 11];
            let sum: f64 = row.iter().map(|x| f64::from(*x).exp()).sum();
            next += (sum.ln() - f64::from(row[batch.next[i] as usize])) / 9.0;
            for (term, width) in [(0, 5), (1, 8)] {
                for j in 0..width {
                    let gap = told[term][i * width + j] - known[term][target[i] as usize * width + j];
                    guided[term] += f64::from(gap * gap) / 9.0;
                }
            }
        }
        let leaves = w.leaves();
        let net = Transformer::new(shape, &leaves, &frozen, &device);
        let (_, terms) = loss(&net, &frozen, &batch, &guide, &device, None);
        assert!((terms.next - next).abs() < 1e-4, "{terms:?} {next}");
        assert!((terms.semantic - guided[0]).abs() < 1e-3 && (terms.hierarchy - guided[1]).abs() < 1e-3);
        let each = nll(&plain, &batch, &device);
        assert!((each.iter().sum::<f64>() / 9.0 - next).abs() < 1e-4);
        assert!(each[9..].iter().all(|x| *x == 0.0));
    }
}

/// The gradient of the carried loss must be that of the loss itself, by central differences.
#[test]
fn the_gradient_is_that_of_the_terms() {
    let (shape, w, frozen, device) = setting(true);
    let (batch, guide) = (batch(), Guide { next: 0.7, semantic: 0.2, hierarchy: 0.3, shift: true });
    let leaves = w.leaves();
    let net = Transformer::new(shape, &leaves, &frozen, &device);
    let grads = loss(&net, &frozen, &batch, &guide, &device, None).0.backward();
    let value = |w: &[Tensor<2>]| {
        let leaves: Vec<Tensor<2>> = w.iter().map(|w| w.clone().autodiff()).collect();
        let net = Transformer::new(shape, &leaves, &frozen, &device);
        let terms = loss(&net, &frozen, &batch, &guide, &device, None).1;
        0.7 * terms.next + 0.2 * terms.semantic + 0.3 * terms.hierarchy
    };
    let mut rng = stream(9, 0);
    for (at, leaf) in leaves.iter().enumerate() {
        let [rows, columns] = leaf.dims();
        let along = matrix(normal(rows, columns, &mut rng), rows, columns, &device);
        let slope: f32 = leaf.grad(&grads).map(|g| to_host(g * along.clone()).iter().sum()).unwrap_or(f32::NAN);
        let moved = |by: f64| {
            let mut w = w.values.clone();
            w[at] = w[at].clone() + along.clone().mul_scalar(by);
            value(&w)
        };
        let h = 2e-3;
        let want = (moved(h) - moved(-h)) / (2.0 * h);
        let scale = 1.0 + want.abs();
        assert!((f64::from(slope) - want).abs() / scale < 2e-2, "{}: {slope} {want}", w.names[at]);
    }
}

#[test]
fn dropout_masks_are_asked_for_where_they_apply() {
    let (shape, w, frozen, device) = setting(false);
    let shape = TransformerShape { dropout: 0.5, ..shape };
    let net = Transformer::new(shape, &w.values, &frozen, &device);
    let mut asked = Vec::new();
    let mut draw = |n: usize| {
        asked.push(n);
        vec![1.0; n]
    };
    let with = to_host(net.hidden(&TOKENS, 6, None, Some(&mut draw)));
    assert_eq!(asked, vec![96; 5], "after the embedding and twice a block");
    assert_eq!(with, to_host(net.hidden(&TOKENS, 6, None, None)));
}

/// Batches of their own lengths must add up to the gradient of all their tokens at once.
#[test]
fn tokens_weigh_the_same_in_short_and_long_batches() {
    let (shape, w, frozen, device) = setting(true);
    let guide = Guide { next: 1.0, semantic: 0.5, hierarchy: 0.5, shift: false };
    let gradient = |batch: &Sequences| -> Vec<f32> {
        let leaves = w.leaves();
        let grads = loss(&Transformer::new(shape, &leaves, &frozen, &device), &frozen, batch, &guide, &device, None)
            .0
            .backward();
        leaves.iter().flat_map(|l| l.grad(&grads).map(to_host).unwrap_or_default()).collect()
    };
    let part = |read: &[u32], next: &[u32], counts: Vec<bool>, time| {
        let (read, next) = (read.to_vec(), next.to_vec());
        Sequences { read, next, counts, time, share: Some(8.0) }
    };
    let short = gradient(&part(&[0, 3], &[3, 5], vec![true; 2], 2));
    let long = gradient(&part(&[0, 4, 9, 9, 2, 6], &[4, 9, 9, 2, 6, 1], vec![true; 6], 6));
    let padded = [0, 3, 10, 10, 10, 10, 0, 4, 9, 9, 2, 6];
    let next = [3, 5, 10, 10, 10, 10, 4, 9, 9, 2, 6, 1];
    let counts = (0..12).map(|i| !(2..6).contains(&i)).collect();
    let both = gradient(&part(&padded, &next, counts, 6));
    let sum: Vec<f32> = short.iter().zip(&long).map(|(a, b)| a + b).collect();
    assert!(far(&both, &sum) < 1e-4, "{}", far(&both, &sum));
}

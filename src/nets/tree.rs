//! Places the nodes of a tree in space so that neighbours lie near each other: a graph autoencoder.
//!
//! As in HiSGT (Zhou and Barbieri 2025): two layers of graph convolution over identity features, `relu` and batch
//! normalisation in between, trained so that `sigmoid(z_i . z_j)` tells edges from other pairs (Kipf and Welling 2016),
//! with squared error. Two departures: edges carry messages both ways with symmetric weights and a loop at each node
//! (Kipf and Welling 2017, equation 2), so that siblings share what they know; and pairs without an edge are sampled,
//! so that memory follows the edges and not the square of the nodes. Knows numbers, no codes.

use burn::tensor::activation::{relu, sigmoid};
use burn::tensor::module::batch_norm_train;
use burn::tensor::{Device, IndexingUpdateOp, Int, Tensor};
use rand::RngExt;

use super::adam::Adam;
use super::noise;
use super::transformer::indices;
use super::weights::{HostMatrix, Weights, to_host};

/// Keeps the batch variance off zero.
const EPSILON: f64 = 1e-5;

/// How a tree is learned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TreePlan {
    pub hidden: usize,
    /// Width of the embedding.
    pub width: usize,
    pub epochs: usize,
    pub rate: f64,
    /// Pairs without an edge an epoch, for each edge.
    pub negatives: usize,
}

impl TreePlan {
    /// HiSGT's course with this width: twice as wide inside, 200 epochs at 1e-3.
    pub fn new(width: usize) -> TreePlan {
        TreePlan { hidden: 2 * width, width, epochs: 200, rate: 1e-3, negatives: 4 }
    }
}

/// Messages along edges, both ways, and from each node to itself.
struct Graph {
    nodes: usize,
    from: Tensor<1, Int>,
    to: Tensor<1, Int>,
    weight: Tensor<2>,
}

impl Graph {
    fn new(nodes: usize, edges: &[(u32, u32)], device: &Device) -> Graph {
        let mut degree = vec![1.0_f32; nodes];
        for (a, b) in edges {
            for node in [a, b] {
                if let Some(d) = degree.get_mut(*node as usize) {
                    *d += 1.0;
                }
            }
        }
        let both = edges.iter().flat_map(|(a, b)| [(*a, *b), (*b, *a)]);
        let all: Vec<(u32, u32)> = both.chain((0..nodes as u32).map(|n| (n, n))).collect();
        let at = |n: u32| degree.get(n as usize).copied().unwrap_or(1.0);
        let weight: Vec<f32> = all.iter().map(|(a, b)| 1.0 / (at(*a) * at(*b)).sqrt()).collect();
        let (from, to): (Vec<u32>, Vec<u32>) = all.into_iter().unzip();
        let rows = weight.len();
        Graph {
            nodes,
            from: indices(&from, device),
            to: indices(&to, device),
            weight: noise::matrix(weight, rows, 1, device),
        }
    }

    /// What arrives at each node of rows `[nodes, width]`.
    fn spread(&self, rows: Tensor<2>, device: &Device) -> Tensor<2> {
        let [_, width] = rows.dims();
        let tracked = rows.is_autodiff();
        let place = |t: Tensor<2>| if tracked { t.autodiff() } else { t };
        let sent = rows.select(0, self.from.clone()) * place(self.weight.clone());
        let nothing = place(Tensor::zeros([self.nodes, width], device));
        nothing.select_assign(0, self.to.clone(), sent, IndexingUpdateOp::Add)
    }

    fn encode(&self, w: &[Tensor<2>], device: &Device) -> Tensor<2> {
        let norm = |x: Tensor<2>, scale: &Tensor<2>, shift: &Tensor<2>| {
            let [_, width] = x.dims();
            batch_norm_train(x, scale.clone().reshape([width]), shift.clone().reshape([width]), EPSILON).output
        };
        let hidden = norm(relu(self.spread(w[0].clone(), device) + w[1].clone()), &w[2], &w[3]);
        norm(self.spread(hidden.matmul(w[4].clone()), device) + w[5].clone(), &w[6], &w[7])
    }
}

/// Embeddings of `nodes` nodes, `nodes x plan.width`, each of length 1. `edges` name parent and child. None when
/// `stop` asked for it, or when the numbers were lost; without edges there is nothing to learn and rows are 0.
pub fn embed(
    nodes: usize,
    edges: &[(u32, u32)],
    plan: &TreePlan,
    seed: u64,
    device: &Device,
    stop: &dyn Fn() -> bool,
) -> Option<HostMatrix> {
    if edges.is_empty() {
        return Some(HostMatrix::filled(nodes, plan.width, 0.0));
    }
    let device = &device.clone().without_autodiff();
    let mut rng = noise::stream(seed, 1);
    let linked: std::collections::BTreeSet<(u32, u32)> = edges.iter().flat_map(|(a, b)| [(*a, *b), (*b, *a)]).collect();
    let graph = Graph::new(nodes, edges, device);
    let (h, d) = (plan.hidden, plan.width);
    let one = |columns, value| HostMatrix::filled(1, columns, value);
    let mut weights = Weights::new(
        vec![
            // Identity features make the first product the matrix itself; a node sees a row of it.
            ("layer1.weight", HostMatrix::linear(nodes, h, &mut rng)),
            ("layer1.bias", one(h, 0.0)),
            ("layer1.scale", one(h, 1.0)),
            ("layer1.shift", one(h, 0.0)),
            ("layer2.weight", HostMatrix::linear(h, d, &mut rng)),
            ("layer2.bias", one(d, 0.0)),
            ("layer2.scale", one(d, 1.0)),
            ("layer2.shift", one(d, 0.0)),
        ],
        device,
    );
    let mut adam = Adam::new(plan.rate, 0.9, 0.999);
    for _ in 0..plan.epochs {
        if stop() {
            return None;
        }
        let mut pairs: Vec<(u32, u32)> = edges.to_vec();
        for _ in 0..edges.len() * plan.negatives {
            let pair = (rng.random_range(0..nodes as u32), rng.random_range(0..nodes as u32));
            if pair.0 != pair.1 && !linked.contains(&pair) {
                pairs.push(pair);
            }
        }
        let truth: Vec<f32> = (0..pairs.len()).map(|i| if i < edges.len() { 1.0 } else { 0.0 }).collect();
        let rows = truth.len();
        let (left, right): (Vec<u32>, Vec<u32>) = pairs.into_iter().unzip();
        let leaves = weights.leaves();
        let z = graph.encode(&leaves, device);
        let product = z.clone().select(0, indices(&left, device)) * z.select(0, indices(&right, device));
        let found = sigmoid(product.sum_dim(1));
        let loss = (found - noise::matrix(truth, rows, 1, device).autodiff()).square().mean();
        let grads = loss.backward();
        adam.step(&mut weights, &leaves, grads);
    }
    let mut values = to_host(graph.encode(&weights.values, device));
    if values.len() != nodes * d || values.iter().any(|x| !x.is_finite()) {
        return None;
    }
    for row in values.chunks_mut(d) {
        let length = row.iter().map(|x| x * x).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        row.iter_mut().for_each(|x| *x /= length);
    }
    Some(HostMatrix { rows: nodes, columns: d, values })
}

/// How well embeddings tell a tree: the AUROC at which the product of two rows tells edges from other pairs, and the
/// mean cosine of edges less that of other pairs.
pub fn quality(embedding: &HostMatrix, edges: &[(u32, u32)]) -> (f64, f64) {
    let d = embedding.columns;
    let dot = |a: u32, b: u32| -> f64 {
        let row = |n: u32| embedding.values.iter().skip(n as usize * d).take(d);
        row(a).zip(row(b)).map(|(x, y)| f64::from(x * y)).sum()
    };
    let linked: std::collections::BTreeSet<(u32, u32)> = edges.iter().flat_map(|(a, b)| [(*a, *b), (*b, *a)]).collect();
    let mut all: Vec<(f64, bool)> = Vec::new();
    for a in 0..embedding.rows as u32 {
        for b in a + 1..embedding.rows as u32 {
            all.push((dot(a, b), linked.contains(&(a, b))));
        }
    }
    all.sort_by(|x, y| x.0.total_cmp(&y.0));
    let (mut ones, mut ranks, mut sums) = (0.0, 0.0, (0.0, 0.0));
    for (rank, (cosine, edge)) in all.iter().enumerate() {
        if *edge {
            ones += 1.0;
            ranks += rank as f64 + 1.0;
            sums.0 += cosine;
        } else {
            sums.1 += cosine;
        }
    }
    let zeros = all.len() as f64 - ones;
    ((ranks - ones * (ones + 1.0) / 2.0) / (ones * zeros), sums.0 / ones - sums.1 / zeros)
}

/// Trees of three levels side by side: so many tops, children of each, and children of each of those. Nodes and edges.
pub fn three_levels(tops: u32, second: u32, third: u32) -> (usize, Vec<(u32, u32)>) {
    let (middle, low) = (tops, tops + tops * second);
    let upper = (0..tops * second).map(|n| (n / second.max(1), middle + n));
    let lower = (0..tops * second * third).map(|n| (middle + n / third.max(1), low + n));
    ((low + tops * second * third) as usize, upper.chain(lower).collect())
}

#[cfg(test)]
mod tests {
    use super::super::device::cpu;
    use super::*;

    #[test]
    fn a_tree_of_three_levels_is_told_from_its_embedding() {
        let (nodes, edges) = three_levels(4, 3, 5);
        let device = cpu().device;
        let z = embed(nodes, &edges, &TreePlan::new(16), 3, &device, &|| false).unwrap();
        let (auc, gap) = quality(&z, &edges);
        assert!(auc > 0.9 && gap > 0.3, "{auc} {gap}");
        assert_eq!(embed(nodes, &edges, &TreePlan::new(16), 3, &device, &|| false), Some(z));
        assert_eq!(embed(nodes, &edges, &TreePlan::new(16), 3, &device, &|| true), None);
        let flat = embed(4, &[], &TreePlan::new(16), 3, &device, &|| false).unwrap();
        assert_eq!(flat, HostMatrix::filled(4, 16, 0.0));
    }

    #[test]
    fn random_embeddings_tell_nothing() {
        let (nodes, edges) = three_levels(4, 3, 5);
        let mut rng = noise::stream(1, 0);
        let z = HostMatrix { rows: nodes, columns: 16, values: noise::normal(nodes, 16, &mut rng) };
        let (auc, gap) = quality(&z, &edges);
        assert!((auc - 0.5).abs() < 0.15 && gap.abs() < 2.0, "{auc} {gap}");
    }
}

//! A multi-layer perceptron with its backward pass written out.
//!
//! Discriminator and classifier are a few linear layers with leaky ReLU in between. Automatic
//! differentiation would keep a graph over dozens of small operations and cannot differentiate
//! twice, which the gradient penalty needs; written out, a step is matrix products and little
//! else. Tests hold every gradient against automatic differentiation. Knows rows of numbers only.

use burn::tensor::{Device, Tensor};
use rand::Rng;

use crate::nets::critic::SLOPE;
use crate::nets::noise;
use crate::nets::weights::{HostMatrix, Weights};

/// Names of the weights, from input to output.
const NAMES: [&str; 6] = ["layer1.weight", "layer1.bias", "layer2.weight", "layer2.bias", "out.weight", "out.bias"];

/// The widths of a perceptron, from input to output.
#[derive(Debug, Clone, PartialEq)]
pub struct MlpShape {
    pub widths: Vec<usize>,
}

impl MlpShape {
    /// `input` values, two hidden layers of `hidden` units, `output` values.
    pub fn two_layers(input: usize, hidden: usize, output: usize) -> MlpShape {
        MlpShape { widths: vec![input, hidden, hidden, output] }
    }

    /// New weights from a seeded stream; biases are 0.
    pub fn init(&self, rng: &mut impl Rng, device: &Device) -> Weights {
        let matrices = self.widths.windows(2).flat_map(|w| {
            let weight = HostMatrix::linear(w[0], w[1], rng);
            [weight, HostMatrix::filled(1, w[1], 0.0)]
        });
        Weights::new(NAMES.into_iter().zip(matrices).collect(), device)
    }
}

impl MlpShape {
    /// Saved weights on a device; none when they do not have this shape.
    pub fn restore(&self, saved: &[HostMatrix], device: &Device) -> Option<Weights> {
        let shapes: Vec<(usize, usize)> = self.widths.windows(2).flat_map(|w| [(w[0], w[1]), (1, w[1])]).collect();
        let fits = shapes.len() == saved.len()
            && shapes.iter().zip(saved).all(|(s, m)| *s == (m.rows, m.columns) && m.values.len() == s.0 * s.1);
        fits.then(|| Weights::new(NAMES.into_iter().zip(saved.iter().cloned()).collect(), device))
    }
}

/// What a forward pass leaves for the backward one.
pub struct Trace {
    /// What came into each layer.
    inputs: Vec<Tensor<2>>,
    /// Slope of each hidden unit, dropout included.
    slopes: Vec<Tensor<2>>,
}

impl Trace {
    /// The trace of the first `rows` rows.
    pub fn first(&self, rows: usize) -> Trace {
        let cut = |t: &Tensor<2>| {
            let [_, columns] = t.dims();
            t.clone().slice([0..rows, 0..columns])
        };
        Trace { inputs: self.inputs.iter().map(cut).collect(), slopes: self.slopes.iter().map(cut).collect() }
    }
}

/// Outputs `[rows, output]` of `x` `[rows, input]`. `dropout` is the share of hidden units that are
/// dropped, with the stream that says which; none: all stay.
pub fn forward(w: &[Tensor<2>], x: Tensor<2>, dropout: Option<(f64, &mut dyn Rng)>) -> (Tensor<2>, Trace) {
    let mut dropout = dropout.filter(|(share, _)| *share > 0.0);
    let last = w.len() / 2 - 1;
    let mut trace = Trace { inputs: vec![x.clone()], slopes: Vec::with_capacity(last) };
    let mut x = x;
    for layer in 0..last {
        let before = x.matmul(w[2 * layer].clone()) + w[2 * layer + 1].clone();
        let mut slope = before.clone().sign().mul_scalar((1.0 - SLOPE) / 2.0).add_scalar((1.0 + SLOPE) / 2.0);
        if let Some((share, rng)) = &mut dropout {
            let [rows, units] = slope.dims();
            let mask = noise::dropout(rows, units, *share, rng);
            slope = slope * noise::matrix(mask, rows, units, &before.device());
        }
        x = before * slope.clone();
        trace.slopes.push(slope);
        trace.inputs.push(x.clone());
    }
    (x.matmul(w[2 * last].clone()) + w[2 * last + 1].clone(), trace)
}

/// Outputs alone.
pub fn score(w: &[Tensor<2>], x: Tensor<2>) -> Tensor<2> {
    let last = w.len() / 2 - 1;
    let mut x = x;
    for layer in 0..last {
        let before = x.matmul(w[2 * layer].clone()) + w[2 * layer + 1].clone();
        x = burn::tensor::activation::leaky_relu(before, SLOPE);
    }
    x.matmul(w[2 * last].clone()) + w[2 * last + 1].clone()
}

/// Gradients of a loss whose gradient in the outputs is `back`, one a weight.
pub fn gradients(w: &[Tensor<2>], trace: &Trace, back: Tensor<2>) -> Vec<Tensor<2>> {
    let mut out = Vec::with_capacity(w.len());
    let mut back = back;
    for layer in (0..w.len() / 2).rev() {
        let input = trace.inputs[layer].clone();
        out.push(back.clone().sum_dim(0));
        out.push(input.transpose().matmul(back.clone()));
        if layer > 0 {
            back = back.matmul(w[2 * layer].clone().transpose()) * trace.slopes[layer - 1].clone();
        }
    }
    out.reverse();
    out
}

/// The gradient in the inputs alone.
pub fn input_gradient(w: &[Tensor<2>], trace: &Trace, back: Tensor<2>) -> Tensor<2> {
    let mut back = back;
    for layer in (0..w.len() / 2).rev() {
        back = back.matmul(w[2 * layer].clone().transpose());
        if layer > 0 {
            back = back * trace.slopes[layer - 1].clone();
        }
    }
    back
}

/// The penalty `mean of (|gradient of the score in the input| - centre)^2` of a perceptron with one
/// output and two hidden layers, and its gradients (none for biases, which do not move it). Slopes
/// are constants almost everywhere. Centre 1 is Gulrajani et al. 2017, centre 0 at real rows is R1
/// (Mescheder et al. 2018).
pub fn penalty(w: &[Tensor<2>], trace: &Trace, centre: f64) -> (Tensor<1>, Vec<Option<Tensor<2>>>) {
    let (m1, m2) = (trace.slopes[0].clone(), trace.slopes[1].clone());
    let [rows, _] = m1.dims();
    let g2 = w[4].clone().transpose() * m2.clone();
    let g1 = g2.clone().matmul(w[2].clone().transpose()) * m1.clone();
    let gx = g1.clone().matmul(w[0].clone().transpose());
    // A norm is not differentiable where the gradient vanishes.
    let norm = gx.clone().square().sum_dim(1).add_scalar(1e-12).sqrt();
    let far = norm.clone().sub_scalar(centre);
    let value = far.clone().square().mean();
    let v = gx * (far / norm).mul_scalar(2.0 / rows as f64);
    let d1 = v.clone().matmul(w[0].clone()) * m1;
    let d2 = d1.clone().matmul(w[2].clone()) * m2;
    let first = v.transpose().matmul(g1);
    let second = d1.transpose().matmul(g2);
    let third = d2.sum_dim(0).transpose();
    (value, vec![Some(first), None, Some(second), None, Some(third), None])
}

/// Sum over rows of the gradients of a loss a row, each of norm `most` at most; `back` is each row's
/// gradient in its score, `[rows, 1]`. Ghost clipping (Li et al. 2022): a layer's gradient for one row is
/// the outer product of what came in and what comes back, so its norm is the product of two norms. A row whose
/// norm is not finite adds nothing. Rows must not share a pack, nor the trace a dropped unit.
pub fn clipped_sum(w: &[Tensor<2>], trace: &Trace, back: Tensor<2>, most: f64) -> Vec<Tensor<2>> {
    let mut backs = vec![back];
    for layer in (1..w.len() / 2).rev() {
        let Some(last) = backs.last() else { break };
        let down = last.clone().matmul(w[2 * layer].clone().transpose()) * trace.slopes[layer - 1].clone();
        backs.push(down);
    }
    backs.reverse();
    let square = |x: &Tensor<2>| x.clone().square().sum_dim(1);
    let norms = backs.iter().zip(&trace.inputs).map(|(b, x)| square(b) * square(x).add_scalar(1.0));
    let Some(norm) = norms.reduce(|a, b| a + b).map(Tensor::sqrt) else { return Vec::new() };
    // A little further down than single precision needs, so that rounding cannot lift a row above the bound.
    let factor = norm.clone().recip().mul_scalar(most * (1.0 - 1e-5)).clamp_max(1.0);
    // Infinity and what is no number compare as not below; 0 times infinity would stay.
    let sound = norm.lower_elem(f32::MAX);
    let clean = |x: Tensor<2>| {
        let mask = sound.clone().expand(x.dims());
        x.zeros_like().mask_where(mask, x)
    };
    let factor = clean(factor);
    let layers = backs.into_iter().zip(&trace.inputs).flat_map(|(b, x)| {
        let b = clean(b) * factor.clone();
        [clean(x.clone()).transpose().matmul(b.clone()), b.sum_dim(0)]
    });
    layers.collect()
}

/// `more` added to `sums`, weight by weight.
pub fn add(sums: Vec<Tensor<2>>, more: Vec<Option<Tensor<2>>>, by: f64) -> Vec<Tensor<2>> {
    let one = |(sum, more): (Tensor<2>, Option<Tensor<2>>)| match more {
        Some(more) => sum + more.mul_scalar(by),
        None => sum,
    };
    sums.into_iter().zip(more).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::device::cpu;
    use crate::nets::noise::{matrix, normal, stream};
    use crate::nets::weights::to_host;

    fn made() -> (Weights, Tensor<2>, Device) {
        let device = cpu().device.without_autodiff();
        let w = MlpShape::two_layers(4, 7, 1).init(&mut stream(3, 0), &device);
        let x = matrix(normal(6, 4, &mut stream(3, 1)), 6, 4, &device);
        (w, x, device)
    }

    fn plain(w: &[Tensor<2>], x: Tensor<2>) -> Tensor<2> {
        score(w, x)
    }

    fn close(a: &Tensor<2>, b: &Tensor<2>) {
        let (a, b) = (to_host(a.clone()), to_host(b.clone()));
        assert!(a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-5), "{a:?} {b:?}");
    }

    #[test]
    fn gradients_are_those_of_automatic_differentiation() {
        let (w, x, _) = made();
        let leaves = w.leaves();
        let input = x.clone().autodiff().require_grad();
        let grads = plain(&leaves, input.clone()).square().mean().backward();
        let (out, trace) = forward(&w.values, x, None);
        let back = out.mul_scalar(2.0 / 6.0);
        for (leaf, mine) in leaves.iter().zip(gradients(&w.values, &trace, back.clone())) {
            close(&leaf.grad(&grads).unwrap(), &mine);
        }
        close(&input.grad(&grads).unwrap(), &input_gradient(&w.values, &trace, back));
    }

    /// Differences of the penalty along each weight, as automatic differentiation stops at the first.
    #[test]
    fn the_penalty_has_the_gradient_it_says() {
        let (w, x, device) = made();
        let at = |w: &[Tensor<2>], centre| {
            let (_, trace) = forward(w, x.clone(), None);
            penalty(w, &trace, centre)
        };
        for centre in [0.0, 1.0] {
            let (_, grads) = at(&w.values, centre);
            for (which, grad) in grads.iter().enumerate() {
                let Some(grad) = grad else { continue };
                let grad = to_host(grad.clone());
                let host = to_host(w.values[which].clone());
                let [rows, columns] = w.values[which].dims();
                for i in (0..host.len()).step_by(3) {
                    let moved = |by: f32| {
                        let mut values = host.clone();
                        values[i] += by;
                        let mut all = w.values.clone();
                        all[which] = matrix(values, rows, columns, &device);
                        f64::from(to_host(at(&all, centre).0)[0])
                    };
                    let want = (moved(1e-3) - moved(-1e-3)) / 2e-3;
                    assert!((f64::from(grad[i]) - want).abs() < 2e-3, "{which} {i}: {} {want}", grad[i]);
                }
            }
        }
    }

    #[test]
    fn the_clipped_sum_is_that_of_single_clipped_gradients() {
        let (w, x, device) = made();
        let flat = |g: Vec<Tensor<2>>| g.into_iter().flat_map(to_host).collect::<Vec<f32>>();
        let norm = |g: &[f32]| g.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
        let back = |n: usize| matrix((0..n).map(|i| 0.3 + i as f32 * 0.2).collect(), n, 1, &device);
        for most in [0.2, 1.0, 100.0] {
            let (_, trace) = forward(&w.values, x.clone(), None);
            let got = flat(clipped_sum(&w.values, &trace, back(6), most));
            let mut want = vec![0.0; got.len()];
            for row in 0..6 {
                let (_, trace) = forward(&w.values, x.clone().slice([row..row + 1, 0..4]), None);
                let own = back(6).slice([row..row + 1, 0..1]);
                let g = flat(gradients(&w.values, &trace, own));
                let by = (most / norm(&g)).min(1.0);
                want.iter_mut().zip(&g).for_each(|(w, g)| *w += by as f32 * g);
            }
            assert!(got.iter().zip(&want).all(|(a, b)| (a - b).abs() < 1e-4), "{most}");
        }
        for scale in [1e-20_f32, 1e3, 1e25, f32::INFINITY, f32::NAN] {
            let (_, trace) = forward(&w.values, x.clone().slice([0..1, 0..4]).mul_scalar(scale), None);
            let sum = flat(clipped_sum(&w.values, &trace, back(1), 0.7));
            assert!(sum.iter().all(|x| x.is_finite()) && norm(&sum) <= 0.7, "{scale}: {}", norm(&sum));
        }
    }

    #[test]
    fn dropped_units_neither_score_nor_learn() {
        let (w, x, _) = made();
        let mut rng = stream(9, 9);
        let (_, trace) = forward(&w.values, x, Some((0.5, &mut rng)));
        let zeros = to_host(trace.slopes[0].clone()).iter().filter(|s| **s == 0.0).count();
        assert!(zeros > 10 && zeros < 32, "{zeros} of 42");
    }
}

//! Privacy losses of the subsampled Gaussian mechanism on a grid.
//!
//! In units of the noise, the output without the unit is N(0, 1) (`Q`), and with it a mixture of
//! N(0, 1) and N(1/σ, 1) (`P`). The privacy loss at an output is `ln P/Q`. Here both laws are cut
//! into cells, and each cell's mass is moved to whole multiples of a grid step, in two ways:
//!
//! - **upper**: a cell between two grid points goes to its ends so that its mass under `P` and
//!   under `Q` both stay ("connect the dots", Doroshenko et al. 2022). It is a spread of losses,
//!   so every δ(ε) can only grow, after any number of compositions.
//! - **lower**: outputs are merged into cells whose own loss is a grid point. Merging is
//!   post-processing, so every δ(ε) can only shrink. What is left over at the ends is dropped.
//!
//! Knows one mechanism; composition is in `pld.rs`.

use std::f64::consts::PI;

/// Nodes and weights of Gauss-Legendre quadrature on [-1, 1], 6 points.
const LEGENDRE: [(f64, f64); 3] = [
    (0.238_619_186_083_196_9, 0.467_913_934_572_691_04),
    (0.661_209_386_466_264_5, 0.360_761_573_048_138_6),
    (0.932_469_514_203_152, 0.171_324_492_379_170_36),
];
/// Widest piece of a quadrature, in standard deviations of the noise, or of the shift if that is less.
const PIECE: f64 = 0.5;
/// Cells may be this share of their own loss wide where that is more than a grid step.
const COARSE: f64 = 0.01;

/// Which unit is hidden: one that is taken away, or one that is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Remove,
    Add,
}

/// One step of the mechanism: sampling probability in (0, 1], noise multiplier above 0, finite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    pub q: f64,
    pub sigma: f64,
}

/// A mass at a whole multiple of the grid step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Atom {
    pub at: i64,
    pub mass: f64,
}

impl Step {
    fn shift(self) -> f64 {
        1.0 / self.sigma
    }

    /// Exponent of the likelihood ratio of the two normals at `u`.
    fn tilt(self, u: f64) -> f64 {
        let s = self.shift();
        s * u - 0.5 * s * s
    }

    /// The privacy loss at output `u`, in nats.
    pub fn loss(self, u: f64) -> f64 {
        let y = self.tilt(u);
        if self.q >= 1.0 {
            y
        } else if y > 30.0 {
            y + self.q.ln() + ((1.0 - self.q) / self.q * (-y).exp()).ln_1p()
        } else {
            (self.q * y.exp_m1()).ln_1p()
        }
    }

    /// The output at which the loss is `l`; minus infinity where all losses are larger.
    fn output(self, l: f64) -> f64 {
        let s = self.shift();
        let y = if self.q >= 1.0 {
            l
        } else if l > 40.0 {
            l - self.q.ln()
        } else {
            let ratio = l.exp_m1() / self.q;
            if ratio <= -1.0 { f64::NEG_INFINITY } else { ratio.ln_1p() }
        };
        y / s + 0.5 * s
    }

    fn density_without(u: f64) -> f64 {
        (-0.5 * u * u).exp() / (2.0 * PI).sqrt()
    }

    fn density_with(self, u: f64) -> f64 {
        (1.0 - self.q) * Step::density_without(u) + self.q * Step::density_without(u - self.shift())
    }

    /// Means of `f(u)` over [a, b] under `P` and under `Q`.
    fn masses(self, a: f64, b: f64, f: impl Fn(f64) -> f64) -> (f64, f64) {
        let pieces = ((b - a) / (PIECE * self.sigma.min(1.0))).ceil().max(1.0);
        let half = 0.5 * (b - a) / pieces;
        let (mut with, mut without) = (0.0, 0.0);
        for piece in 0..pieces as u64 {
            let middle = a + (2.0 * piece as f64 + 1.0) * half;
            for (node, weight) in LEGENDRE {
                for u in [middle - node * half, middle + node * half] {
                    let value = weight * half * f(u);
                    with += value * self.density_with(u);
                    without += value * Step::density_without(u);
                }
            }
        }
        (with, without)
    }

    /// The smaller standard deviation of the loss over both directions.
    pub fn spread(self) -> f64 {
        let (a, b) = (-10.0, self.shift() + 10.0);
        let (p, q) = self.masses(a, b, |u| self.loss(u).powi(2));
        let (mp, mq) = self.masses(a, b, |u| self.loss(u));
        (p - mp * mp).min(q - mq * mq).max(0.0).sqrt()
    }

    /// Outputs that matter when mass `tail` at each end does not.
    fn range(self, tail: f64) -> (f64, f64) {
        let reach = (-2.0 * tail.max(1e-300).ln()).sqrt();
        (-reach, self.shift() + reach)
    }

    /// Grid points at which cells are cut, ascending: each within [`COARSE`] of the one before.
    fn cuts(self, grid: f64, tail: f64) -> Vec<i64> {
        let (from, to) = self.range(tail);
        let first = (self.loss(from) / grid).floor() as i64;
        let last = (self.loss(to) / grid).ceil() as i64;
        let stride = |k: i64| ((COARSE * k.unsigned_abs() as f64) as i64).max(1);
        let mut below = Vec::new();
        let mut k = -1_i64;
        while k > first {
            below.push(k);
            k = k.saturating_sub(stride(k));
        }
        below.push(first.min(0));
        below.reverse();
        let mut k = 0_i64;
        while k < last {
            below.push(k);
            k = k.saturating_add(stride(k));
        }
        below.push(last.max(1));
        below.retain(|k| *k >= first && *k <= last);
        below.dedup();
        below
    }

    /// Losses rounded so that δ(ε) can only grow, and the mass at infinite loss.
    pub fn upper(self, grid: f64, direction: Direction, tail: f64) -> (Vec<Atom>, f64) {
        let (from, to) = self.range(tail);
        let cuts = self.cuts(grid, tail);
        let mut mass = vec![0.0; cuts.len()];
        let mut inner = mass.iter_mut();
        let mut left = inner.next();
        for (pair, next) in cuts.windows(2).zip(inner) {
            let [k, l] = *pair else { continue };
            let (lo, hi) = (k as f64 * grid, l as f64 * grid);
            let (a, b) = (self.output(lo).max(from), self.output(hi).min(to));
            if b > a {
                let width = (lo - hi).exp_m1();
                let (up, down) = match direction {
                    Direction::Remove => {
                        let share = |u: f64| ((lo - self.loss(u)).exp_m1() / width).clamp(0.0, 1.0);
                        (self.masses(a, b, share).0, self.masses(a, b, |u| 1.0 - share(u)).0)
                    }
                    Direction::Add => {
                        let share = |u: f64| ((self.loss(u) - hi).exp_m1() / width).clamp(0.0, 1.0);
                        (self.masses(a, b, |u| 1.0 - share(u)).1, self.masses(a, b, share).1)
                    }
                };
                *next += up;
                if let Some(left) = left {
                    *left += down;
                }
            }
            left = Some(next);
        }
        let sign = if direction == Direction::Add { -1 } else { 1 };
        let atoms = cuts.iter().zip(&mass).filter(|(_, m)| **m > 0.0);
        let atoms: Vec<Atom> = atoms.map(|(k, m)| Atom { at: sign * k, mass: *m }).collect();
        // At either end at most half of `tail` was left out.
        (atoms, tail)
    }

    /// Losses merged so that δ(ε) can only shrink; masses add up to less than 1.
    pub fn lower(self, grid: f64, direction: Direction, tail: f64) -> Vec<Atom> {
        let (from, to) = self.range(tail);
        let mut out = Vec::new();
        let mut start = from;
        for k in self.cuts(grid, tail) {
            let l = k as f64 * grid;
            let middle = self.output(l);
            if middle <= start {
                continue;
            }
            // Mass above the cell's loss minus mass below it, as seen from the loss: 0 at the end.
            let pull = |u: f64| -(l - self.loss(u)).exp_m1();
            let below = self.masses(start, middle, pull).0;
            let Some(end) = self.balance(middle, to, below, pull) else { break };
            let (with, without) = self.masses(start, end, |_| 1.0);
            match direction {
                Direction::Remove => out.push(Atom { at: k, mass: with }),
                Direction::Add => out.push(Atom { at: -k, mass: without }),
            }
            start = end;
        }
        out
    }

    /// The end at which the pull of [middle, end] makes up for `below`, approached from inside;
    /// none before `to`.
    fn balance(self, middle: f64, to: f64, below: f64, pull: impl Fn(f64) -> f64) -> Option<f64> {
        let sum = |u: f64| below + self.masses(middle, u, &pull).0;
        if sum(to) < 0.0 {
            return None;
        }
        let (mut lo, mut hi) = (middle, to);
        let mut at = middle + 1e-3 * (to - middle);
        for _ in 0..60 {
            let value = sum(at);
            if value > 0.0 {
                hi = at;
            } else {
                lo = at;
            }
            let slope = pull(at) * self.density_with(at);
            let newton = at - value / slope;
            let next = if newton > lo && newton < hi { newton } else { 0.5 * (lo + hi) };
            if (next - at).abs() <= 1e-13 * (1.0 + at.abs()) {
                break;
            }
            at = next;
        }
        Some(at)
    }
}

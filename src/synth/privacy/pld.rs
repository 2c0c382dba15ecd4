//! Many privacy losses in a row: their distribution, by Fourier transform, and its (ε, δ).
//!
//! Losses of steps that follow each other add up, so that their distribution is a convolution
//! power (Koskela et al. 2020). What falls out of the window of the transform is bounded by
//! Chernoff's inequality and added to δ, or taken from it in a lower bound. Where δ is so small
//! that rounding would drown it, each law is first tilted by `e^(θ loss)`, which moves the mass
//! that decides ε into the middle. An answer that is still lost in rounding is not given.
//! Knows laws on a grid; where they come from is in `losses.rs`.

use super::fft::{Complex, transform};

use super::losses::{Atom, Direction, Step};

/// Most points of a transform: 2^20 doubles are 8 MiB.
const MOST_POINTS: usize = 1 << 20;
/// Grid step in standard deviations of a step's loss; the error of ε is about its square over 12.
const FINE: f64 = 0.03;
/// Share of δ that all tails may have together, each.
const TAILS: f64 = 1e-7;
/// Mass that may wrap around the window, and that rounding in the transform may amount to.
const NOISE: f64 = 1e-15;
/// Least mass that decides an ε: what is smaller is too near to [`NOISE`].
const CLEAR: f64 = 1e-10;

/// Which side of the truth an answer lies on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Never below the true ε: what a budget is held against.
    Upper,
    /// Never above it.
    Lower,
}

/// A law on the grid, how often it occurs, and its mass at infinity each time.
struct Law {
    atoms: Vec<Atom>,
    times: u64,
    lost: f64,
}

/// ε of `steps`, each so many times, at `delta`: the larger one of both directions.
///
/// None where the numbers do not allow it (noise multipliers outside 0.005..1e6, δ outside
/// 1e-30..1, more than 1e12 steps): Rényi curves answer there.
pub fn epsilon(steps: &[(Step, u64)], delta: f64, side: Side) -> Option<f64> {
    let steps: Vec<(Step, u64)> = steps.iter().copied().filter(|(s, n)| s.q != 0.0 && *n > 0).collect();
    if steps.is_empty() {
        return Some(0.0);
    }
    let total: u64 = steps.iter().try_fold(0_u64, |a, (_, n)| a.checked_add(*n))?;
    let sound = |s: &Step| s.q > 0.0 && s.q <= 1.0 && (0.005..=1e6).contains(&s.sigma);
    if !(1e-30..1.0).contains(&delta) || total > 1_000_000_000_000 || !steps.iter().all(|(s, _)| sound(s)) {
        return None;
    }
    let variance: f64 = steps.iter().map(|(s, n)| s.spread().powi(2) * *n as f64).sum();
    let mut grid = FINE * (variance / total as f64).sqrt();
    if !(grid.is_finite() && grid > 0.0) {
        return None;
    }
    let tail = TAILS * delta / total as f64;
    for _ in 0..40 {
        let mut worst = Ok(0.0_f64);
        for direction in [Direction::Remove, Direction::Add] {
            let laws: Vec<Law> = steps
                .iter()
                .map(|(step, times)| {
                    let (atoms, lost) = match side {
                        Side::Upper => step.upper(grid, direction, tail),
                        Side::Lower => (step.lower(grid, direction, tail), 0.0),
                    };
                    Law { atoms, times: *times, lost }
                })
                .collect();
            let one = Composed::answer(&laws, grid, delta, side);
            worst = worst.and_then(|w| one.map(|e| w.max(e)));
        }
        match worst {
            Ok(e) => return Some(e),
            Err(Refused::Unclear) => return None,
            Err(Refused::TooFine) => grid *= 2.0,
        }
    }
    None
}

/// Why there is no answer.
enum Refused {
    /// The window would need more than [`MOST_POINTS`]: a coarser grid may do.
    TooFine,
    /// Rounding hides it.
    Unclear,
}

/// `ln` of the tilted mass `Σ p e^(θ l)` of one law.
fn ln_moment(law: &Law, grid: f64, theta: f64) -> f64 {
    let at = |a: &Atom| a.mass.ln() + theta * a.at as f64 * grid;
    let top = law.atoms.iter().map(at).fold(f64::NEG_INFINITY, f64::max);
    if top == f64::NEG_INFINITY {
        return top;
    }
    top + law.atoms.iter().map(|a| (at(a) - top).exp()).sum::<f64>().ln()
}

fn ln_moments(laws: &[Law], grid: f64, theta: f64) -> f64 {
    laws.iter().map(|l| l.times as f64 * ln_moment(l, grid, theta)).sum()
}

/// The tilted law of the sum on a window.
struct Composed {
    grid: f64,
    theta: f64,
    /// `ln` of the tilted mass of the whole.
    ln_mass: f64,
    /// Grid point of the first entry.
    first: i64,
    mass: Vec<f64>,
}

impl Composed {
    /// ε at `delta`, with the first tilt at which it stands clear of rounding.
    fn answer(laws: &[Law], grid: f64, delta: f64, side: Side) -> Result<f64, Refused> {
        // Chernoff: P(sum > x) <= e^(ln_moments(θ) - θ x).
        let cut = |share: f64| least(|t| (ln_moments(laws, grid, t) - share.ln()) / t).ok_or(Refused::Unclear);
        let (steepest, _) = cut(delta)?;
        let top = cut(TAILS * delta)?.1;
        let plain = if delta >= CLEAR { Some(0.0) } else { None };
        for theta in plain.into_iter().chain([1.0, 0.5, 0.25, 0.125].map(|x| x * steepest)) {
            let composed = Composed::of(laws, grid, theta, top)?;
            if let Some(e) = composed.epsilon(laws, delta, side) {
                return Ok(e);
            }
        }
        Err(Refused::Unclear)
    }

    fn of(laws: &[Law], grid: f64, theta: f64, top: f64) -> Result<Composed, Refused> {
        let ln_mass = ln_moments(laws, grid, theta);
        let reach = |sign: f64| {
            least(|t| (ln_moments(laws, grid, theta + sign * t) - ln_mass - NOISE.ln()) / t).ok_or(Refused::Unclear)
        };
        let (bottom, top) = (-reach(-1.0)?.1, reach(1.0)?.1.max(top));
        let (first, last) = ((bottom / grid).floor(), (top / grid).ceil());
        let points = last - first + 1.0;
        if points.is_nan() || points > MOST_POINTS as f64 {
            return Err(Refused::TooFine);
        }
        let n = (points as usize).next_power_of_two().max(64);
        let mass = convolve(laws, grid, theta, first as i64, n);
        Ok(Composed { grid, theta, ln_mass, first: first as i64, mass })
    }

    /// The least ε at which δ is met, at least 0; none where rounding hides it.
    fn epsilon(&self, laws: &[Law], delta: f64, side: Side) -> Option<f64> {
        let infinite: f64 = laws.iter().map(|l| l.lost * l.times as f64).sum();
        let (delta, noise) = match side {
            Side::Upper => (delta - infinite - TAILS * delta, -NOISE),
            Side::Lower => (delta + TAILS * delta, NOISE),
        };
        // With A and B the sums of masses above, untilted relative to the present point,
        // δ(ε) = e^(ln_mass - θ l) (A - e^(ε - l) B) for ε up to the next point below.
        let goal = |l: f64| (delta.ln() - self.ln_mass + self.theta * l).exp() + noise;
        let (fade_a, fade_b) = ((-self.theta * self.grid).exp(), (-(self.theta + 1.0) * self.grid).exp());
        let (mut a, mut b) = (0.0, 0.0);
        for (i, mass) in self.mass.iter().enumerate().rev() {
            let l = (self.first + i as i64) as f64 * self.grid;
            // At this point's own loss its mass adds nothing yet.
            if a - b > goal(l) {
                let above = l + self.grid;
                let (a, b, goal) = (a / fade_a, b / fade_b, goal(above));
                let e = above + ((a - goal).max(0.0) / b).ln();
                return (goal >= CLEAR).then(|| e.clamp(l.max(0.0), above.max(0.0)));
            }
            if l < 0.0 {
                break;
            }
            a = (a + mass) * fade_a;
            b = (b + mass) * fade_b;
        }
        // δ is met all the way down to 0, or to the end of the window.
        let end = if side == Side::Upper { (self.first as f64 * self.grid).max(0.0) } else { 0.0 };
        (goal(end) >= CLEAR).then_some(end)
    }
}

/// The tilted law of the sum of all losses, entries `first..first + n`; sums outside are taken
/// modulo `n`.
fn convolve(laws: &[Law], grid: f64, theta: f64, first: i64, n: usize) -> Vec<f64> {
    let mut product = vec![Complex::ONE; n];
    for law in laws {
        let norm = ln_moment(law, grid, theta);
        let mut values = vec![Complex::default(); n];
        for atom in &law.atoms {
            let place = atom.at.rem_euclid(n as i64) as usize;
            if let Some(v) = values.get_mut(place) {
                v.re += (atom.mass.ln() + theta * atom.at as f64 * grid - norm).exp();
            }
        }
        // The length is a power of two, the only thing that can go wrong.
        if !transform(&mut values, true) {
            return Vec::new();
        }
        for (p, s) in product.iter_mut().zip(&values) {
            *p = p.times(power(*s, law.times));
        }
    }
    if !transform(&mut product, false) {
        return Vec::new();
    }
    let turn = first.rem_euclid(n as i64) as usize;
    product.rotate_left(turn);
    product.into_iter().map(|x| (x.re / n as f64).max(0.0)).collect()
}

/// `z^n` by squaring: the phase keeps its digits.
fn power(z: Complex, mut n: u64) -> Complex {
    let (mut out, mut square) = (Complex::ONE, z);
    while n > 0 {
        if n & 1 == 1 {
            out = out.times(square);
        }
        square = square.times(square);
        n >>= 1;
    }
    out
}

/// The positive argument at which `f`, which has one minimum, is least, and its value there.
fn least(f: impl Fn(f64) -> f64) -> Option<(f64, f64)> {
    let mut best: Option<(f64, f64)> = None;
    let mut look = |t: f64| {
        let value = f(t);
        if value.is_finite() && best.is_none_or(|b| value < b.1) {
            best = Some((t, value));
        }
    };
    for power in -24..=40 {
        look(f64::from(power).exp2());
    }
    for factor in [1.5, 1.25, 1.1, 1.05] {
        let Some((centre, _)) = best else { continue };
        let mut look = |t: f64| {
            let value = f(t);
            if value.is_finite() && best.is_none_or(|b| value < b.1) {
                best = Some((t, value));
            }
        };
        look(centre * factor);
        look(centre / factor);
    }
    best
}

//! How one numeric column becomes modes and offsets, and back.
//!
//! Mode-specific normalisation (Xu et al. 2019, "Modeling tabular data using conditional GAN",
//! section 4.2): a value is written as the mode of a Gaussian mixture it belongs to and its offset
//! from that mode in units of 4 standard deviations. Heavy-tailed columns are warped first. Knows
//! one column at a time: no table, no network.

use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use super::bits;
use super::mixture::{Mode, fit_mixture};

/// Offsets are in units of this many standard deviations, so that nearly all fit in [-1, 1].
pub const SPAN: f64 = 4.0;
/// Decimals searched for; a column that needs more is left unrounded.
const MOST_DECIMALS: u32 = 9;

/// A monotone change of scale that tames a heavy tail.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Warp {
    /// The value itself.
    Plain,
    /// `asinh(x / scale)`: linear near zero, logarithmic far from it, and defined for negative
    /// numbers (Johnson 1949, the S_U family).
    Log {
        /// Where the curve turns from linear to logarithmic, in the unit of the column; above 0.
        #[serde(with = "bits::one")]
        scale: f64,
    },
}

impl Warp {
    pub(super) fn apply(self, x: f64) -> f64 {
        match self {
            Warp::Plain => x,
            Warp::Log { scale } => (x / scale).asinh(),
        }
    }

    fn undo(self, y: f64) -> f64 {
        match self {
            Warp::Plain => y,
            Warp::Log { scale } => y.sinh() * scale,
        }
    }

    /// The logarithmic warp where it at least halves the skewness of a heavy-tailed column.
    pub(super) fn choose(sorted: &[f64]) -> Warp {
        let skew = skewness(sorted.iter().copied());
        if skew.abs() < 2.0 {
            return Warp::Plain;
        }
        let mut sizes: Vec<f64> = sorted.iter().map(|x| x.abs()).filter(|x| *x > 0.0).collect();
        sizes.sort_by(f64::total_cmp);
        let Some(&scale) = sizes.get(sizes.len() / 4) else {
            return Warp::Plain;
        };
        let warp = Warp::Log { scale };
        let tamed = skewness(sorted.iter().map(|&x| warp.apply(x)));
        if tamed.abs() < 0.5 * skew.abs() { warp } else { Warp::Plain }
    }
}

/// Third standardised moment; 0 for a constant.
fn skewness(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let n = values.clone().count().max(1) as f64;
    let mean = values.clone().sum::<f64>() / n;
    let (second, third) = values.fold((0.0, 0.0), |(s, t), x| {
        let d = x - mean;
        (s + d * d, t + d * d * d)
    });
    let variance: f64 = second / n;
    if variance > 0.0 { third / n / variance.powf(1.5) } else { 0.0 }
}

/// Everything needed to write a numeric column as modes and offsets and to read it back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NumberCode {
    /// Declared bounds, inclusive.
    #[serde(with = "bits::maybe")]
    pub lo: Option<f64>,
    #[serde(with = "bits::maybe")]
    pub hi: Option<f64>,
    /// Whether only whole numbers are allowed.
    pub integer: bool,
    pub warp: Warp,
    /// Modes in warped units; none when every cell is missing.
    pub modes: Vec<Mode>,
    /// Most decimals seen in the data; none when there is no such limit.
    pub decimals: Option<u32>,
    /// Smallest and largest value seen.
    #[serde(with = "bits::one")]
    pub seen_lo: f64,
    #[serde(with = "bits::one")]
    pub seen_hi: f64,
    /// Share of missing cells.
    #[serde(with = "bits::one")]
    pub missing: f64,
    /// Quantiles in warped units as the network draws them, and as the data has them; decoding
    /// maps the first onto the second. Empty when there is no correction.
    #[serde(with = "bits::many")]
    pub drawn: Vec<f64>,
    #[serde(with = "bits::many")]
    pub real: Vec<f64>,
}

impl NumberCode {
    /// Learns the code of a column; NaN cells are missing, infinite ones are treated alike.
    pub fn fit(values: &[f64], lo: Option<f64>, hi: Option<f64>, integer: bool, most_modes: usize) -> NumberCode {
        let mut sorted: Vec<f64> = values.iter().copied().filter(|x| x.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let warp = Warp::choose(&sorted);
        let warped: Vec<f64> = sorted.iter().map(|&x| warp.apply(x)).collect();
        NumberCode {
            lo,
            hi,
            integer,
            warp,
            modes: fit_mixture(&warped, most_modes),
            decimals: decimals(&sorted),
            seen_lo: sorted.first().copied().unwrap_or(0.0),
            seen_hi: sorted.last().copied().unwrap_or(0.0),
            missing: 1.0 - sorted.len() as f64 / values.len().max(1) as f64,
            drawn: Vec::new(),
            real: Vec::new(),
        }
    }

    /// The value in warped units.
    pub fn warped(&self, x: f64) -> f64 {
        self.warp.apply(x)
    }

    /// Mean and standard deviation of the mixture, in warped units; the latter above 0.
    pub fn spread(&self) -> (f64, f64) {
        let mean: f64 = self.modes.iter().map(|m| m.weight * m.mean).sum();
        let second: f64 = self.modes.iter().map(|m| m.weight * (m.sd.powi(2) + (m.mean - mean).powi(2))).sum();
        (mean, second.sqrt().max(f64::MIN_POSITIVE))
    }

    /// The mode `x` belongs to, drawn from its posterior, and its offset in [-1, 1]; none when
    /// the cell is missing.
    pub fn encode(&self, x: f64, rng: &mut impl Rng) -> Option<(usize, f64)> {
        if !x.is_finite() || self.modes.is_empty() {
            return None;
        }
        let y = self.warp.apply(x);
        let total: f64 = self.modes.iter().map(|m| m.mass(y)).sum();
        let mut left = rng.random::<f64>() * total;
        let mut chosen = None;
        for (k, m) in self.modes.iter().enumerate() {
            let mass = m.mass(y);
            if mass > 0.0 && left < mass {
                chosen = Some(k);
                break;
            }
            left -= mass;
        }
        // Far from every mode all masses underflow: the nearest one takes the value.
        let k = chosen.unwrap_or_else(|| {
            let far = |m: &Mode| ((y - m.mean) / m.sd).abs();
            (0..self.modes.len()).min_by(|&a, &b| far(&self.modes[a]).total_cmp(&far(&self.modes[b]))).unwrap_or(0)
        });
        let m = self.modes.get(k)?;
        Some((k, ((y - m.mean) / (SPAN * m.sd)).clamp(-1.0, 1.0)))
    }

    /// The value in warped units that mode `k` and `offset` stand for, before any correction.
    pub fn place(&self, k: usize, offset: f64) -> f64 {
        self.modes.get(k).map_or(0.0, |m| m.mean + SPAN * m.sd * offset)
    }

    /// The value that mode `k` and `offset` stand for: corrected, in range, and with no more
    /// decimals than the data has.
    pub fn decode(&self, k: usize, offset: f64) -> f64 {
        let y = remap(self.place(k, offset), &self.drawn, &self.real);
        let x = self.warp.undo(y).clamp(self.seen_lo, self.seen_hi);
        self.legal(x)
    }

    /// `x` rounded and then brought into the declared bounds.
    fn legal(&self, x: f64) -> f64 {
        legal(x, (self.lo, self.hi), self.integer, self.decimals)
    }
}

/// `x` with no more decimals than the data has, and then within the declared bounds.
pub(super) fn legal(x: f64, (lo, hi): (Option<f64>, Option<f64>), integer: bool, decimals: Option<u32>) -> f64 {
    if integer {
        let lo = lo.map_or(f64::NEG_INFINITY, f64::ceil);
        let hi = hi.map_or(f64::INFINITY, f64::floor);
        return clamp(x.round(), lo, hi);
    }
    let rounded = match decimals {
        Some(d) => {
            let unit = 10f64.powi(d as i32);
            (x * unit).round() / unit
        }
        None => x,
    };
    clamp(rounded, lo.unwrap_or(f64::NEG_INFINITY), hi.unwrap_or(f64::INFINITY))
}

/// As `f64::clamp`, but contradictory bounds give the upper one instead of a panic; `-0` is `0`.
fn clamp(x: f64, lo: f64, hi: f64) -> f64 {
    x.max(lo).min(hi) + 0.0
}

/// Piecewise linear map of the ascending `from` onto `to`; the identity when they are empty.
pub fn remap(x: f64, from: &[f64], to: &[f64]) -> f64 {
    let (Some(&first), Some(&last)) = (to.first(), to.last()) else {
        return x;
    };
    let above = from.partition_point(|f| *f <= x);
    let (Some(i), Some(&right)) = (above.checked_sub(1), from.get(above)) else {
        return if above == 0 { first } else { last };
    };
    let (left, a, b) = (from[i], to[i], to.get(above).copied().unwrap_or(last));
    if right > left { a + (b - a) * (x - left) / (right - left) } else { a }
}

/// The fewest decimals that write every value exactly.
pub(super) fn decimals(values: &[f64]) -> Option<u32> {
    let mut most = 0;
    for &x in values {
        loop {
            let unit = 10f64.powi(most as i32);
            if (x * unit).round() / unit == x {
                break;
            }
            most += 1;
            if most > MOST_DECIMALS {
                return None;
            }
        }
    }
    Some(most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn costs_survive_the_round_trip_and_stay_in_bounds() {
        let costs: Vec<f64> = (1..2000).map(|i| ((i as f64 / 150.0).exp() * 100.0).round() / 100.0).collect();
        let code = NumberCode::fit(&costs, Some(0.0), Some(1e6), false, 5);
        assert!(matches!(code.warp, Warp::Log { .. }));
        assert_eq!(code.decimals, Some(2));
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for &x in costs.iter().step_by(97) {
            let (k, offset) = code.encode(x, &mut rng).unwrap_or((9, 9.0));
            let back = code.decode(k, offset);
            assert!((back - x).abs() <= 0.01 + 1e-6 * x, "{x} came back as {back}");
        }
        assert!(code.encode(f64::NAN, &mut rng).is_none());
    }

    #[test]
    fn declared_bounds_hold_even_when_the_data_breaks_them() {
        let code = NumberCode::fit(&[-5.0, 0.4, 3.6, 12.0], Some(0.5), Some(9.5), true, 3);
        for k in 0..code.modes.len() {
            for offset in [-1.0, -0.3, 0.0, 0.8, 1.0] {
                let x = code.decode(k, offset);
                assert!((1.0..=9.0).contains(&x) && x.fract() == 0.0, "{x}");
            }
        }
    }

    #[test]
    fn remap_is_monotone_and_clamped() {
        let (from, to) = ([0.0, 1.0, 1.0, 4.0], [10.0, 20.0, 30.0, 60.0]);
        let got: Vec<f64> = [-1.0, 0.5, 1.0, 2.5, 9.0].map(|x| remap(x, &from, &to)).to_vec();
        assert_eq!(got, vec![10.0, 15.0, 30.0, 45.0, 60.0]);
    }
}

//! Distances between two histograms over the same categories: Jensen and Shannon, Kullback and Leibler,
//! total variation.

use crate::eval::estimate::{Estimate, Measured, Undefined};
use crate::metrics::checks;
use crate::metrics::inference::sum;

/// Which distance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// The root of the Jensen-Shannon divergence (Endres and Schindelin 2003).
    JensenShannon,
    /// The divergence itself.
    JensenShannonDivergence,
    /// Kullback-Leibler divergence of the first from the second; infinite where only the first has rows.
    KullbackLeibler,
    /// Half of the summed differences.
    TotalVariation,
}

/// Shares of the categories among the rows where `first` holds and among the others.
pub fn shares(codes: &[u32], k: usize, first: &[bool], w: Option<&[f64]>) -> Result<[Vec<f64>; 2], Undefined> {
    checks::same_length(("values", codes.len()), ("flags", first.len()))?;
    checks::not_empty(codes.len())?;
    checks::weights(w, codes.len())?;
    let mut out = [vec![0.0; k], vec![0.0; k]];
    for (row, (&code, &f)) in codes.iter().zip(first).enumerate() {
        let cell = out[usize::from(!f)].get_mut(code as usize);
        *cell.ok_or_else(|| Undefined::new(format!("row {} has no known category", row + 1)))? +=
            w.map_or(1.0, |w| w[row]);
    }
    for side in &mut out {
        let total = sum(side);
        if total == 0.0 {
            return Err(Undefined::new("a sample has no rows"));
        }
        side.iter_mut().for_each(|v| *v /= total);
    }
    Ok(out)
}

/// A distance with logarithms to `base`. Undefined for a sample without rows and for a base that is none.
pub fn distance(codes: &[u32], k: usize, first: &[bool], w: Option<&[f64]>, kind: Kind, base: f64) -> Measured {
    if !(base > 1.0 && base.is_finite()) {
        return Err(Undefined::new(format!("the base of the logarithm is {base}, not above 1")));
    }
    let [p, q] = shares(codes, k, first, w)?;
    let value = between(&p, &q, kind, base);
    let out = Estimate::plain(value, codes.len());
    Ok(if value.is_infinite() { out.note("infinite: a category occurs in the first sample only") } else { out })
}

/// The distance of two lists of shares that add up to 1.
pub(super) fn between(p: &[f64], q: &[f64], kind: Kind, base: f64) -> f64 {
    let pairs = || p.iter().copied().zip(q.iter().copied());
    let term = |a: f64, b: f64| if a == 0.0 { 0.0 } else { a * (a / b).ln() };
    let over = |f: &dyn Fn(f64, f64) -> f64| sum(&pairs().map(|(a, b)| f(a, b)).collect::<Vec<_>>());
    let jensen = || {
        let half = |a: f64, b: f64| term(a, (a + b) / 2.0) / 2.0 + term(b, (a + b) / 2.0) / 2.0;
        over(&half).max(0.0) / base.ln()
    };
    match kind {
        Kind::JensenShannon => jensen().sqrt(),
        Kind::JensenShannonDivergence => jensen(),
        Kind::KullbackLeibler => over(&term) / base.ln(),
        Kind::TotalVariation => over(&|a, b| (a - b).abs()) / 2.0,
    }
}

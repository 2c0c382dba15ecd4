//! Tests of tables of counts: McNemar, chi-square, Fisher's exact test.

use super::Alternative;
use crate::eval::estimate::{Estimate, Measured, Undefined};
use crate::metrics::checks;
use statrs::distribution::{ChiSquared, ContinuousCDF};
use statrs::function::factorial::ln_factorial;

/// The most cells of a table.
const MOST_CELLS: usize = 1_000_000;

/// A table of counts by the codes of two columns, weights being counts of rows.
pub fn counts(a: (&[u32], usize), b: (&[u32], usize), w: Option<&[f64]>) -> Result<Vec<Vec<f64>>, Undefined> {
    checks::same_length(("first values", a.0.len()), ("second values", b.0.len()))?;
    checks::not_empty(a.0.len())?;
    checks::weights(w, a.0.len())?;
    if a.1.saturating_mul(b.1) > MOST_CELLS {
        return Err(Undefined::new("the table has too many cells"));
    }
    let mut table = vec![vec![0.0; b.1]; a.1];
    for (row, (&i, &j)) in a.0.iter().zip(b.0).enumerate() {
        let cell = table.get_mut(i as usize).and_then(|r| r.get_mut(j as usize));
        *cell.ok_or_else(|| Undefined::new(format!("row {} has no known value", row + 1)))? +=
            w.map_or(1.0, |w| w[row]);
    }
    Ok(table)
}

fn chi_square_upper(x: f64, df: f64) -> f64 {
    if !x.is_finite() {
        return if x > 0.0 { 0.0 } else { f64::NAN };
    }
    ChiSquared::new(df).map_or(f64::NAN, |law| law.sf(x))
}

fn whole(cells: &[f64]) -> Result<(), Undefined> {
    if cells.iter().any(|c| c.fract() != 0.0) {
        return Err(Undefined::new("an exact test needs whole counts"));
    }
    Ok(())
}

/// McNemar's test of `only_a` and `only_b`, the pairs where only one of both is right (McNemar 1947).
/// Exact: two-sided binomial, part `statistic` the smaller count; else chi-square, with or without Edwards'
/// correction. Undefined without such pairs, where the corrected statistic of the peers claims p = 0.
pub fn mcnemar(only_a: f64, only_b: f64, n: usize, exact: bool, correction: bool) -> Measured {
    let (b, c) = (only_a, only_b);
    let discordant = b + c;
    if discordant == 0.0 {
        if exact {
            let out = Estimate::plain(1.0, n).with("statistic", 0.0);
            return Ok(out.note("no pair is discordant, so nothing speaks for a difference"));
        }
        return Err(Undefined::new("no pair is discordant, so the statistic has no value"));
    }
    if exact {
        whole(&[b, c])?;
        let p = (2.0 * binomial_lower(b.min(c) as u64, discordant as u64)).min(1.0);
        return Ok(Estimate::plain(p, n).with("statistic", b.min(c)));
    }
    let gap = (b - c).abs() - if correction { 1.0 } else { 0.0 };
    let statistic = gap * gap / discordant;
    Ok(Estimate::plain(chi_square_upper(statistic, 1.0), n).with("statistic", statistic))
}

/// P(X <= k) for n fair coins.
fn binomial_lower(k: u64, n: u64) -> f64 {
    let log = |i: u64| ln_factorial(n) - ln_factorial(i) - ln_factorial(n - i) - n as f64 * 2.0_f64.ln();
    (0..=k).map(|i| log(i).exp()).sum()
}

/// Pearson's chi-square test of independence, with Yates' correction for one degree of freedom when
/// asked; parts `statistic`, `df` and the expected counts. Undefined when a row or column is empty.
pub fn chi_square(table: &[Vec<f64>], n: usize, correction: bool) -> Measured {
    let columns = table.first().map_or(0, Vec::len);
    let rows: Vec<f64> = table.iter().map(|r| r.iter().sum()).collect();
    let sums: Vec<f64> = (0..columns).map(|j| table.iter().map(|r| r[j]).sum()).collect();
    if rows.iter().chain(&sums).any(|s| *s == 0.0) {
        return Err(Undefined::new("a row or a column of the table is empty"));
    }
    let total: f64 = rows.iter().sum();
    let df = (rows.len().saturating_sub(1) * columns.saturating_sub(1)) as f64;
    let mut out = Estimate::plain(1.0, n);
    let mut statistic = 0.0;
    for (i, row) in table.iter().enumerate() {
        for (j, &seen) in row.iter().enumerate() {
            let expected = rows[i] * sums[j] / total;
            let mut gap = (seen - expected).abs();
            if correction && df == 1.0 {
                gap -= gap.min(0.5);
            }
            statistic += gap * gap / expected;
            out = out.with(format!("expected {} {}", i + 1, j + 1), expected);
        }
    }
    out.value = if df == 0.0 { 1.0 } else { chi_square_upper(statistic, df) };
    Ok(out.with("statistic", statistic).with("df", df))
}

/// Fisher's exact test of [[a, b], [c, d]] (1922); part `odds_ratio` is that of the sample, none when it is
/// 0/0. Two-sided: all tables at most as probable as the one seen. Undefined for counts that are not
/// whole; an empty row or column has p = 1.
pub fn fisher([a, b, c, d]: [f64; 4], n: usize, alternative: Alternative) -> Measured {
    whole(&[a, b, c, d])?;
    let odds = (a * d) / (b * c);
    let [a, b, c, d] = [a as u64, b as u64, c as u64, d as u64];
    let (first, second, left) = (a + b, c + d, a + c);
    if first == 0 || second == 0 || left == 0 || b + d == 0 {
        let out = Estimate::plain(1.0, n).with("odds_ratio", f64::NAN);
        return Ok(out.note("a row or a column of the table is empty"));
    }
    let log_choose = |n: u64, k: u64| ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k);
    let log = |x: u64| log_choose(first, x) + log_choose(second, left - x) - log_choose(first + second, left);
    let support = left.saturating_sub(second)..=left.min(first);
    let seen = log(a).exp();
    let over = |keep: &dyn Fn(u64, f64) -> bool| -> f64 {
        support.clone().map(|x| (x, log(x).exp())).filter(|(x, p)| keep(*x, *p)).map(|(_, p)| p).sum()
    };
    let p = match alternative {
        Alternative::TwoSided => over(&|_, p| p <= seen * (1.0 + 1e-9)),
        Alternative::Less => over(&|x, _| x <= a),
        Alternative::Greater => over(&|x, _| x >= a),
    };
    Ok(Estimate::plain(p.min(1.0), n).with("odds_ratio", odds))
}

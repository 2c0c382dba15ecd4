//! Tests, intervals of proportions, adjusted p values, comparison of AUROCs, planning.

use super::{as_is, over_rows};
use crate::eval::estimate::{Estimate, Interval, Measured, Undefined};
use crate::eval::{KernelArgs, KernelRow};
use crate::metrics::hypothesis::multiple;
use crate::metrics::hypothesis::permutation::{self, Kind};
use crate::metrics::hypothesis::power_t::{self, Design};
use crate::metrics::hypothesis::rank::{self, Method, Zeros};
use crate::metrics::hypothesis::{Alternative, effects, power, proportions, split, t, tables};
use crate::metrics::inference::normal_quantile;
use crate::metrics::ranking;

pub(super) const ROWS: &[KernelRow] = &[
    as_is("paired_t", |a| t::paired(a.numbers(0)?, a.numbers(1)?, alternative(a, 2)?)),
    as_is("corrected_paired_t", |a| t::corrected(a.numbers(0)?, a.numbers(1)?, a.number(2)?, alternative(a, 3)?)),
    as_is("student_t", |a| two_samples(a, |x, y| t::independent(x, y, true, alternative(a, 2)?))),
    as_is("welch_t", |a| two_samples(a, |x, y| t::independent(x, y, false, alternative(a, 2)?))),
    as_is("equivalence", |a| t::equivalent(a.numbers(0)?, a.numbers(1)?, a.number(2)?)),
    as_is("wilcoxon", |a| {
        let (zeros, method) = (Zeros::named(a.text(2)?)?, Method::named(a.text(4)?)?);
        rank::wilcoxon(a.numbers(0)?, a.numbers(1)?, zeros, a.flag(3)?, method, alternative(a, 5)?)
    }),
    as_is("mann_whitney", |a| {
        let method = Method::named(a.text(3)?)?;
        two_samples(a, |x, y| rank::mann_whitney(x, y, a.flag(2)?, method, alternative(a, 4)?))
    }),
    as_is("permutation_pairs", |a| {
        permutation::means(a.numbers(0)?, a.numbers(1)?, Kind::Pairs, alternative(a, 2)?, a.seed)
    }),
    as_is("permutation", |a| {
        two_samples(a, |x, y| permutation::means(x, y, Kind::Independent, alternative(a, 2)?, a.seed))
    }),
    as_is("equivalence_samples", |a| two_samples(a, |x, y| t::equivalent_samples(x, y, a.number(2)?, a.flag(3)?))),
    over_rows("hedges_g", |a| two_samples(a, |x, y| effects::hedges_g(x, y, a.level()))),
    over_rows("cliffs_delta", |a| two_samples(a, |x, y| effects::cliffs_delta(x, y, a.level()))),
    over_rows("odds_ratio", |a| {
        effects::odds_ratio(table_of_flags(a, 4)?, a.bools(0)?.len(), a.number(2)?, a.number(3)?)
    }),
    over_rows("cohens_d", |a| two_samples(a, t::cohens_d)),
    as_is("mcnemar", |a| {
        let c = table_of_flags(a, 4)?;
        tables::mcnemar(c[1], c[2], a.bools(0)?.len(), a.flag(2)?, a.flag(3)?)
    }),
    as_is("fisher", |a| tables::fisher(table_of_flags(a, 3)?, a.bools(0)?.len(), alternative(a, 2)?)),
    as_is("chi_square", |a| {
        let ((x, xs), (y, ys)) = (a.levels(0)?, a.levels(1)?);
        let mut table = tables::counts((x, xs.len()), (y, ys.len()), a.weights(3)?)?;
        if !a.flag(4)? {
            drop_empty(&mut table);
        }
        tables::chi_square(&table, x.len(), a.flag(2)?)
    }),
    as_is("proportion", |a| {
        proportions::proportion(a.bools(0)?, proportions::Method::named(a.text(1)?)?, a.number(2)?, a.weights(3)?)
    }),
    as_is("two_proportions", |a| {
        let table = table_of_flags(a, 3)?; // by hit, then by sample
        let (k, n) = ([table[0], table[1]], [table[0] + table[2], table[1] + table[3]]);
        proportions::two(k, n, a.bools(0)?.len(), alternative(a, 2)?)
    }),
    as_is("adjusted_p", |a| {
        let p = a.numbers(0)?;
        let found = multiple::adjust(p, a.number(2)?, multiple::Method::named(a.text(1)?)?)?;
        let mut out = Estimate::plain(found.rejected.iter().filter(|r| **r).count() as f64, p.len());
        for (i, p) in found.p.iter().enumerate() {
            out = out.with(format!("row {}", i + 1), *p);
        }
        for (i, rejected) in found.rejected.iter().enumerate() {
            out = out.with(format!("rejected {}", i + 1), f64::from(u8::from(*rejected)));
        }
        Ok(out)
    }),
    as_is("auroc_delong", auroc_delong),
    as_is("auroc_difference", auroc_difference),
    as_is("sample_size", |a| power::sample_size(a.number(0)?, a.number(1)?, a.number(2)?, a.number(3)?)),
    as_is("test_power", |a| power::power(a.number(0)?, a.number(1)?, a.number(2)?, a.number(3)?)),
    as_is("t_sample_size", |a| {
        power_t::sample_size(a.number(0)?, a.number(1)?, a.number(2)?, design(a.number(3)?, a.flag(4)?))
    }),
    as_is("t_power", |a| power_t::power(a.number(0)?, a.number(1)?, a.number(2)?, design(a.number(3)?, a.flag(4)?))),
    as_is("auroc_sample_size", |a| {
        power::auroc_sample_size(a.number(0)?, a.number(1)?, a.number(2)?, a.number(3)?, a.number(4)?)
    }),
    as_is("auroc_power", |a| {
        power::auroc_power(a.number(0)?, a.number(1)?, (a.number(2)?, a.number(3)?), a.number(4)?)
    }),
];

fn design(ratio: f64, pairs: bool) -> Design {
    if pairs { Design::Pairs } else { Design::Independent { ratio } }
}

fn alternative(args: &KernelArgs, at: usize) -> Result<Alternative, Undefined> {
    Alternative::named(args.text(at)?)
}

/// The rows of argument 0 where argument 1 holds, and the others.
fn two_samples(args: &KernelArgs, test: impl Fn(&[f64], &[f64]) -> Measured) -> Measured {
    let (first, second) = split(args.numbers(0)?, args.bools(1)?)?;
    test(&first, &second)
}

/// Both, only the first, only the second, neither.
fn table_of_flags(args: &KernelArgs, weight: usize) -> Result<[f64; 4], Undefined> {
    let code = |flags: &[bool]| -> Vec<u32> { flags.iter().map(|f| u32::from(!f)).collect() };
    let (a, b) = (code(args.bools(0)?), code(args.bools(1)?));
    let table = tables::counts((&a, 2), (&b, 2), args.weights(weight)?)?;
    let cell = |i: usize, j: usize| table.get(i).and_then(|r| r.get(j)).copied().unwrap_or(0.0);
    Ok([cell(0, 0), cell(0, 1), cell(1, 0), cell(1, 1)])
}

/// Levels that no row has say nothing about independence.
fn drop_empty(table: &mut Vec<Vec<f64>>) {
    let width = table.first().map_or(0, Vec::len);
    let used: Vec<bool> = (0..width).map(|j| table.iter().any(|r| r.get(j).is_some_and(|c| *c > 0.0))).collect();
    table.retain(|r| r.iter().any(|c| *c > 0.0));
    for row in table {
        let mut j = 0;
        row.retain(|_| {
            j += 1;
            used.get(j - 1).copied().unwrap_or(false)
        });
    }
}

fn auroc_delong(args: &KernelArgs) -> Measured {
    let y = args.bools(1)?;
    let found = ranking::delong(args.numbers(0)?, y)?;
    let out = Estimate::plain(found.auc, y.len());
    let Some(variance) = found.variance else {
        return Err(Undefined::new("a variance needs two rows or more with the outcome and without it"));
    };
    let half = normal_quantile(args.level()) * variance.sqrt();
    let (lo, hi) = (found.auc - half, found.auc + half);
    let out = out.with("variance", variance).with("low", lo).with("high", hi);
    // On the logit scale the ends stay within 0..1; at 0 and 1 there is no logit.
    let scale = found.auc * (1.0 - found.auc);
    let back = |z: f64| 1.0 / (1.0 + (-z).exp());
    let centre = (found.auc / (1.0 - found.auc)).ln();
    let (a, b) = (back(centre - half / scale), back(centre + half / scale));
    let out = if scale > 0.0 { out.with("logit_low", a).with("logit_high", b) } else { out };
    let interval = Interval { lo, hi, level: args.level(), method: "delong".into() };
    Ok(Estimate { interval: Some(interval), ..out })
}

fn auroc_difference(args: &KernelArgs) -> Measured {
    let y = args.bools(2)?;
    let found = ranking::delong_compare(args.numbers(0)?, args.numbers(1)?, y)?;
    let half = normal_quantile(args.level()) * (found.difference / found.z).abs();
    let interval = (found.z != 0.0).then(|| Interval {
        lo: found.difference - half,
        hi: found.difference + half,
        level: args.level(),
        method: "delong".into(),
    });
    let out = Estimate::plain(found.difference, y.len());
    let out = out.with("first", found.first.auc).with("second", found.second.auc).with("covariance", found.covariance);
    Ok(Estimate { interval, ..out.with("statistic", found.z).with("p", found.p) })
}

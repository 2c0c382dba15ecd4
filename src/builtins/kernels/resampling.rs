//! Bootstrap intervals by rows or clusters, within strata.

use super::as_is;
use super::columns::with_codes;
use crate::eval::estimate::Undefined;
use crate::eval::{KernelArgs, KernelRow};
use crate::metrics::disclosure::Codes;
use crate::metrics::units::{self, Settings, Units};

pub(super) const ROWS: &[KernelRow] = &[
    as_is("bootstrap_mean", |a| {
        let x = a.numbers(0)?;
        units::mean(x, &owned(a, 1, x.len())?, &settings(a, 3)?)
    }),
    as_is("bootstrap_rate", |a| {
        let hits = a.bools(0)?;
        units::rate(hits, &owned(a, 1, hits.len())?, &settings(a, 3)?)
    }),
    as_is("bootstrap_auroc", |a| {
        let (p, y) = (a.numbers(0)?, a.bools(1)?);
        units::auroc(p, y, &owned(a, 2, y.len())?, &settings(a, 4)?)
    }),
];

/// The units that the columns of clusters and strata, at `at` and after it, make of `n` rows.
fn owned(args: &KernelArgs, at: usize, n: usize) -> Result<Units, Undefined> {
    let codes = |columns: &[Codes]| columns.iter().map(|c| c.codes.to_vec()).collect::<Vec<_>>();
    let clusters = with_codes(args, at, |c| Ok(codes(c)))?;
    let strata = with_codes(args, at + 1, |c| Ok(codes(c)))?;
    let clusters: Vec<&[u32]> = clusters.iter().map(Vec::as_slice).collect();
    let strata: Vec<&[u32]> = strata.iter().map(Vec::as_slice).collect();
    Units::new(n, &clusters, &strata)
}

/// `interval`, `draw`, `resamples` and `level` from argument `at` on.
fn settings(args: &KernelArgs, at: usize) -> Result<Settings, Undefined> {
    let (draw, ends) = Settings::named(args.text(at + 1)?, args.text(at)?)?;
    let resamples = args.whole(at + 2, 2, "a number of resamples")?;
    Ok(Settings {
        draw,
        ends,
        resamples,
        level: args.number(at + 3)?,
        seed: args.seed,
        interval: args.interval.is_some(),
    })
}

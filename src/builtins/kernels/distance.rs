//! Distances between samples, explanations.

use super::{as_is, over_rows};
use crate::eval::estimate::{Measured, Undefined};
use crate::eval::{KernelArg, KernelArgs, KernelRow};
use crate::metrics::distance::histogram::{self, Kind};
use crate::metrics::distance::quality::{self, Column, Thresholds};
use crate::metrics::distance::{self, Compared, kolmogorov};
use crate::metrics::explanation::{self, concepts, shapley};
use crate::metrics::hypothesis::Alternative;
use std::sync::Arc;

pub(super) const ROWS: &[KernelRow] = &[
    as_is("kolmogorov_smirnov", |a| {
        let (method, alternative) = (kolmogorov::Method::named(a.text(2)?)?, Alternative::named(a.text(3)?)?);
        kolmogorov::of(&*compared(a)?, method, alternative)
    }),
    over_rows("wasserstein", |a| match a.weights(2)? {
        None => compared(a).map(|c| c.wasserstein()),
        weights => distance::wasserstein(a.numbers(0)?, a.bools(1)?, weights),
    }),
    over_rows("energy_distance", |a| match a.weights(2)? {
        None => compared(a).map(|c| c.energy()),
        weights => distance::energy(a.numbers(0)?, a.bools(1)?, weights),
    }),
    over_rows("jensen_shannon", |a| histograms(a, Kind::JensenShannon)),
    over_rows("jensen_shannon_divergence", |a| histograms(a, Kind::JensenShannonDivergence)),
    over_rows("kullback_leibler", |a| histograms(a, Kind::KullbackLeibler)),
    over_rows("total_variation", |a| {
        let (codes, names) = a.levels(0)?;
        histogram::distance(codes, names.len(), a.bools(1)?, a.weights(2)?, Kind::TotalVariation, 2.0)
    }),
    as_is("marginal_distances", |a| distance::marginal(&*compared(a)?, a.whole(2, 1, "a number of bins")?)),
    as_is("column_shapes", |a| quality::shapes(&columns(a)?, a.bools(1)?)),
    as_is("column_pair_trends", |a| quality::trends(&columns(a)?, a.bools(1)?, thresholds(a)?)),
    as_is("synthetic_quality", |a| quality::quality(&columns(a)?, a.bools(1)?, thresholds(a)?)),
    as_is("chi_square_proportions", |a| {
        let (codes, names) = a.levels(0)?;
        quality::chi_square_of_proportions(codes, names.len(), a.bools(1)?)
    }),
    over_rows("fidelity", |a| explanation::fidelity(a.numbers(0)?, a.numbers(1)?, control(a)?, a.level())),
    over_rows("comprehensiveness", |a| {
        explanation::comprehensiveness(a.numbers(0)?, a.numbers(1)?, control(a)?, a.level())
    }),
    over_rows("sufficiency", |a| explanation::sufficiency(a.numbers(0)?, a.numbers(1)?, control(a)?, a.level())),
    over_rows("path_area", |a| explanation::path_area(&a.matrix(0)?, a.level())),
    over_rows("completeness", |a| explanation::completeness(a.bools(0)?, a.level())),
    as_is("concept_completeness", |a| explanation::concept_completeness(a.number(0)?, a.number(1)?, a.number(2)?)),
    over_rows("shapley", |a| shapley::of_answers(&a.matrix(0)?)),
    as_is("tcav_significance", |a| {
        concepts::significance(a.numbers(0)?, a.bools(1)?, a.whole(2, 1, "a number of concepts")?)
    }),
    over_rows("localisation", |a| {
        let masks: Result<Vec<&[bool]>, Undefined> = a.columns(1)?.iter().map(KernelArg::bools).collect();
        explanation::localisation(&a.matrix(0)?, &masks?, a.level())
    }),
];

fn histograms(args: &KernelArgs, kind: Kind) -> Measured {
    let (codes, names) = args.levels(0)?;
    histogram::distance(codes, names.len(), args.bools(1)?, args.weights(3)?, kind, args.number(2)?)
}

/// The random-mask column at argument 2, when there is one.
/// The samples in order, sorted once for every distance of theirs.
fn compared(args: &KernelArgs) -> Result<Arc<Compared>, Undefined> {
    let (x, first) = (args.scores(0)?, args.flags(1)?);
    args.share("samples", &[0, 1], || Compared::new(x, &first).map(Arc::new)).as_ref().clone()
}

fn control(args: &KernelArgs) -> Result<Option<&[f64]>, Undefined> {
    args.columns(2)?.first().map(KernelArg::numbers).transpose()
}

fn thresholds(args: &KernelArgs) -> Result<Thresholds, Undefined> {
    Ok(Thresholds { correlation: args.number(2)?, association: args.number(3)? })
}

/// The columns of both samples.
fn columns(args: &KernelArgs) -> Result<Vec<Column<'_>>, Undefined> {
    args.columns(0)?.iter().map(column).collect()
}

fn column(arg: &KernelArg) -> Result<Column<'_>, Undefined> {
    Ok(match arg.plain() {
        KernelArg::Numbers(x) => Column::Numbers(x),
        KernelArg::Bools(x) => Column::Categories(x.iter().map(|b| Some(u32::from(*b))).collect()),
        KernelArg::Levels(codes, levels) => {
            let known = |c: &u32| Some(*c).filter(|c| (*c as usize) < levels.names.len());
            Column::Categories(codes.iter().map(known).collect())
        }
        other => {
            let texts = other.texts()?;
            let mut names: Vec<&str> = texts.iter().copied().flatten().collect();
            names.sort_unstable();
            names.dedup();
            let code = |t: &Option<&str>| t.map(|t| names.partition_point(|n| *n < t) as u32);
            Column::Categories(texts.iter().map(code).collect())
        }
    })
}

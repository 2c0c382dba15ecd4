//! Distances between samples, explanations.

use super::{as_is, over_rows};
use crate::eval::estimate::{Measured, Undefined};
use crate::eval::{KernelArg, KernelArgs, KernelRow};
use crate::metrics::distance::histogram::{self, Kind};
use crate::metrics::distance::{self, kolmogorov};
use crate::metrics::explanation::{self, concepts, shapley};
use crate::metrics::hypothesis::Alternative;

pub(super) const ROWS: &[KernelRow] = &[
    as_is("kolmogorov_smirnov", |a| {
        let (method, alternative) = (kolmogorov::Method::named(a.text(2)?)?, Alternative::named(a.text(3)?)?);
        kolmogorov::test(a.numbers(0)?, a.bools(1)?, method, alternative)
    }),
    over_rows("wasserstein", |a| distance::wasserstein(a.numbers(0)?, a.bools(1)?, a.weights(2)?)),
    over_rows("energy_distance", |a| distance::energy(a.numbers(0)?, a.bools(1)?, a.weights(2)?)),
    over_rows("jensen_shannon", |a| histograms(a, Kind::JensenShannon)),
    over_rows("jensen_shannon_divergence", |a| histograms(a, Kind::JensenShannonDivergence)),
    over_rows("kullback_leibler", |a| histograms(a, Kind::KullbackLeibler)),
    over_rows("total_variation", |a| {
        let (codes, names) = a.levels(0)?;
        histogram::distance(codes, names.len(), a.bools(1)?, a.weights(2)?, Kind::TotalVariation, 2.0)
    }),
    over_rows("fidelity", |a| explanation::fidelity(a.numbers(0)?, a.numbers(1)?, control(a)?)),
    over_rows("comprehensiveness", |a| explanation::comprehensiveness(a.numbers(0)?, a.numbers(1)?, control(a)?)),
    over_rows("sufficiency", |a| explanation::sufficiency(a.numbers(0)?, a.numbers(1)?, control(a)?)),
    over_rows("path_area", |a| explanation::path_area(&a.matrix(0)?)),
    over_rows("completeness", |a| explanation::completeness(a.bools(0)?)),
    as_is("concept_completeness", |a| explanation::concept_completeness(a.number(0)?, a.number(1)?, a.number(2)?)),
    over_rows("shapley", |a| shapley::of_answers(&a.matrix(0)?)),
    as_is("tcav_significance", |a| {
        concepts::significance(a.numbers(0)?, a.bools(1)?, a.whole(2, 1, "a number of concepts")?)
    }),
    over_rows("localisation", |a| {
        let masks: Result<Vec<&[bool]>, Undefined> = a.columns(1)?.iter().map(KernelArg::bools).collect();
        explanation::localisation(&a.matrix(0)?, &masks?)
    }),
];

fn histograms(args: &KernelArgs, kind: Kind) -> Measured {
    let (codes, names) = args.levels(0)?;
    histogram::distance(codes, names.len(), args.bools(1)?, args.weights(3)?, kind, args.number(2)?)
}

/// The random-mask column at argument 2, when there is one.
fn control(args: &KernelArgs) -> Result<Option<&[f64]>, Undefined> {
    args.columns(2)?.first().map(KernelArg::numbers).transpose()
}

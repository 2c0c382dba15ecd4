//! Distances between samples, disclosure, explanations.

use super::{as_is, codes, over_rows};
use crate::eval::estimate::{Measured, Undefined};
use crate::eval::{KernelArg, KernelArgs, KernelRow};
use crate::metrics::disclosure::{self, Question};
use crate::metrics::distance::histogram::{self, Kind};
use crate::metrics::distance::{self, kolmogorov};
use crate::metrics::explanation;
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
    as_is("k_anonymity", |a| disclosure::k_anonymity(&codes(a, 0)?, a.whole(1, 1, "a size of class")?)),
    as_is("alpha_anonymity", |a| asked(a, Question::Alpha)),
    as_is("l_diversity", |a| asked(a, Question::Distinct)),
    as_is("entropy_l_diversity", |a| asked(a, Question::Entropy)),
    as_is("t_closeness", |a| asked(a, Question::Closeness)),
    as_is("beta_likeness", |a| asked(a, Question::Beta)),
    as_is("delta_disclosure", |a| asked(a, Question::Delta)),
    over_rows("fidelity", |a| explanation::fidelity(a.numbers(0)?, a.numbers(1)?, control(a)?)),
    over_rows("comprehensiveness", |a| explanation::comprehensiveness(a.numbers(0)?, a.numbers(1)?, control(a)?)),
    over_rows("sufficiency", |a| explanation::sufficiency(a.numbers(0)?, a.numbers(1)?, control(a)?)),
    over_rows("path_area", |a| explanation::path_area(&a.matrix(0)?)),
    over_rows("completeness", |a| explanation::completeness(a.bools(0)?)),
    as_is("concept_completeness", |a| explanation::concept_completeness(a.number(0)?, a.number(1)?, a.number(2)?)),
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

fn asked(args: &KernelArgs, question: Question) -> Measured {
    disclosure::sensitive(&codes(args, 0)?, &codes(args, 1)?, question)
}

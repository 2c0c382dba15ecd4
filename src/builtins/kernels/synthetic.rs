//! Quality of synthetic rows and how near they come to real ones.

use super::as_is;
use super::columns::{with_codes, with_mixed};
use crate::eval::estimate::{Measured, Undefined};
use crate::eval::{KernelArgs, KernelRow};
use crate::metrics::disclosure::Keys;
use crate::metrics::features::Mixed;
use crate::metrics::synthetic::codes::{Long, Of, code_r2};
use crate::metrics::synthetic::{Parts, classifier, kernel, records, support};

pub(super) const ROWS: &[KernelRow] = &[
    as_is("dcr", |a| parted(a, |c, p| records::dcr(c, p, a.level()))),
    as_is("nndr", |a| parted(a, |c, p| records::nndr(c, p, a.level()))),
    as_is("nearest_neighbour_adversarial_accuracy", |a| {
        parted(a, |c, p| records::adversarial_accuracy(c, p, (a.seed, a.level())))
    }),
    as_is("alpha_precision", |a| parted(a, |c, p| support::alpha_precision(c, p, a.resampling()))),
    as_is("beta_recall", |a| parted(a, |c, p| support::beta_recall(c, p, a.resampling()))),
    as_is("authenticity", |a| parted(a, |c, p| support::authenticity(c, p, a.level()))),
    as_is("discriminative_score", |a| {
        let order = a.whole(2, 1, "an order of the classifier")?;
        with_mixed(a, 0, |c| classifier::discriminative_score(c, a.bools(1)?, order, (a.seed, a.level())))
    }),
    as_is("pmse", |a| {
        let order = a.whole(2, 1, "an order of the classifier")?;
        with_mixed(a, 0, |c| classifier::pmse(c, a.bools(1)?, order))
    }),
    as_is("mmd", |a| {
        let rows = a.whole(2, 2, "a number of rows")?;
        with_mixed(a, 0, |c| kernel::mmd(c, a.bools(1)?, rows, a.seed))
    }),
    as_is("frechet_distance", |a| with_mixed(a, 0, |c| kernel::frechet(c, a.bools(1)?))),
    as_is("code_r2", |a| {
        let (code, names) = a.levels(0)?;
        if let Some(row) = code.iter().position(|c| *c as usize >= names.len()) {
            return Err(Undefined::new(format!("the code in row {} is missing", row + 1)));
        }
        let record = with_codes(a, 1, |columns| Ok(Keys::new(columns)?.ids()))?;
        let long = Long { code, record: &record, visit: a.numbers(2)?, first: a.bools(3)? };
        code_r2(&long, Of::named(a.text(4)?)?, a.seed)
    }),
];

/// Columns at argument 0, the part of each row at argument 1.
pub(super) fn parted(args: &KernelArgs, run: impl FnOnce(&[Mixed], &Parts) -> Measured) -> Measured {
    let (codes, names) = args.levels(1)?;
    let parts = Parts::new(codes, names)?;
    with_mixed(args, 0, |columns| run(columns, &parts))
}

/// Columns at arguments 0 and 1, the part of each row at argument 2.
pub(super) fn parted_by_two(args: &KernelArgs, run: impl FnOnce(&[Mixed], &[Mixed], &Parts) -> Measured) -> Measured {
    let (codes, names) = args.levels(2)?;
    let parts = Parts::new(codes, names)?;
    with_mixed(args, 0, |first| with_mixed(args, 1, |second| run(first, second, &parts)))
}

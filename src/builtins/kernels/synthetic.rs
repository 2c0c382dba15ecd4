//! Quality of synthetic rows and how near they come to real ones.

use super::as_is;
use super::columns::with_mixed;
use crate::eval::estimate::Measured;
use crate::eval::{KernelArgs, KernelRow};
use crate::metrics::features::Mixed;
use crate::metrics::synthetic::{Parts, records, support};

pub(super) const ROWS: &[KernelRow] = &[
    as_is("dcr", |a| parted(a, records::dcr)),
    as_is("nndr", |a| parted(a, records::nndr)),
    as_is("nearest_neighbour_adversarial_accuracy", |a| parted(a, |c, p| records::adversarial_accuracy(c, p, a.seed))),
    as_is("alpha_precision", |a| parted(a, |c, p| support::alpha_precision(c, p, a.seed, a.interval))),
    as_is("beta_recall", |a| parted(a, |c, p| support::beta_recall(c, p, a.seed, a.interval))),
    as_is("authenticity", |a| parted(a, support::authenticity)),
];

/// Columns at argument 0, the part of each row at argument 1.
fn parted(args: &KernelArgs, run: impl FnOnce(&[Mixed], &Parts) -> Measured) -> Measured {
    let (codes, names) = args.levels(1)?;
    let parts = Parts::new(codes, names)?;
    with_mixed(args, 0, |columns| run(columns, &parts))
}

//! How far probabilities can be taken at their word.

use super::over_rows;
use crate::eval::KernelArgs;
use crate::eval::KernelRow;
use crate::eval::estimate::{Estimate, Measured};
use crate::metrics::calibration::{self, EdgeRule};
use crate::metrics::checks_word;

pub(super) const ROWS: &[KernelRow] = &[over_rows("ece", ece)];

fn ece(args: &KernelArgs) -> Measured {
    let (p, y) = (args.numbers(0)?, args.bools(1)?);
    let bins = args.whole(2, 1, "a number of bins")?;
    let edge = checks_word("the closed end of a bin", args.text(3)?, &[
        ("left", EdgeRule::LeftClosed),
        ("right", EdgeRule::RightClosed),
    ])?;
    if args.interval {
        calibration::ece(p, y, bins, edge, args.seed)
    } else {
        calibration::ece_value(p, y, bins, edge).map(|v| Estimate::plain(v, y.len()))
    }
}

//! How far probabilities can be taken at their word.

use super::{as_is, over_rows};
use crate::eval::estimate::Measured;
use crate::eval::{KernelArgs, KernelRow};
use crate::metrics::calibration::binning::{self, Binning, Norm};
use crate::metrics::calibration::{self, EdgeRule, decomposition, recalibration, smooth};

pub(super) const ROWS: &[KernelRow] = &[
    over_rows("ece", ece),
    over_rows("mce", |a| error(a, Norm::Max)),
    over_rows("ace", |a| error(a, Norm::Mean)),
    over_rows("rmsce", |a| error(a, Norm::L2)),
    over_rows("toplabel_ece", |a| {
        let (bins, binning) = settings(a)?;
        binning::top_label_error(&a.matrix(0)?, a.levels(1)?.0, bins, binning, Norm::named(a.text(5)?)?)
    }),
    over_rows("classwise_ece", |a| {
        let ((y, names), (bins, binning)) = (a.levels(1)?, settings(a)?);
        binning::class_wise_error(&a.matrix(0)?, y, names, bins, binning, Norm::named(a.text(5)?)?)
    }),
    over_rows("debiased_ce2", |a| binning::debiased(a.numbers(0)?, a.bools(1)?, a.whole(2, 1, "a number of bins")?)),
    over_rows("sweep_ece", |a| binning::sweep(a.numbers(0)?, a.bools(1)?)),
    as_is("smooth_ece", |a| smooth::smooth(a.numbers(0)?, a.bools(1)?)),
    as_is("reliability_curve", |a| {
        let (bins, binning) = (a.whole(2, 1, "a number of bins")?, a.text(4)?);
        let binning = if binning == "quantile" { None } else { Some(Binning::named(binning, a.text(3)?)?) };
        binning::curve(a.numbers(0)?, a.bools(1)?, bins, binning, a.level())
    }),
    as_is("isotonic_fit", |a| recalibration::corp(a.numbers(0)?, a.bools(1)?)),
    over_rows("brier_parts", |a| decomposition::brier_parts(a.numbers(0)?, a.bools(1)?)),
    as_is("spiegelhalter", |a| decomposition::spiegelhalter(a.numbers(0)?, a.bools(1)?)),
    over_rows("calibration_slope", |a| recalibration::line(a.numbers(0)?, a.bools(1)?)),
    over_rows("temperature", |a| recalibration::temperature(a.numbers(0)?, a.bools(1)?)),
];

/// `bins`, `closed` and `binning` at arguments 2 to 4.
fn settings(args: &KernelArgs) -> Result<(usize, Binning), crate::eval::estimate::Undefined> {
    Ok((args.whole(2, 1, "a number of bins")?, Binning::named(args.text(4)?, args.text(3)?)?))
}

fn error(args: &KernelArgs, norm: Norm) -> Measured {
    let (bins, binning) = settings(args)?;
    binning::error(args.numbers(0)?, args.bools(1)?, bins, binning, norm)
}

fn ece(args: &KernelArgs) -> Measured {
    let (bins, binning) = settings(args)?;
    let edge = match binning {
        Binning::Width(edge @ (EdgeRule::LeftClosed | EdgeRule::RightClosed)) => edge,
        _ => return binning::error(args.numbers(0)?, args.bools(1)?, bins, binning, Norm::L1),
    };
    let (p, y) = (args.scores(0)?, args.flags(1)?);
    match args.resampling() {
        Some(asked) if y.len() <= calibration::BY_BIN => {
            calibration::ece_at(args.numbers(0)?, args.bools(1)?, bins, edge, asked)
        }
        asked => calibration::ece_of(p, &y, bins, edge, asked),
    }
}

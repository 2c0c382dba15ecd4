//! Scores against outcomes.

use super::over_rows;
use crate::eval::KernelArgs;
use crate::eval::KernelRow;
use crate::eval::estimate::{Estimate, Measured};
use crate::metrics::curves::Curve;
use crate::metrics::{calibration, ranking, scoring};

pub(super) const ROWS: &[KernelRow] = &[
    over_rows("auroc", auroc),
    over_rows("partial_auroc", |a| {
        let y = a.bools(1)?;
        let curve = Curve::new(a.numbers(0)?, y, a.weights(3)?)?;
        Ok(Estimate::plain(curve.partial_area(a.number(2)?)?, y.len()))
    }),
    over_rows("average_precision", average_precision),
    over_rows("brier", brier),
    over_rows("log_loss", |a| scoring::log_loss(a.numbers(0)?, a.bools(1)?, a.weights(3)?, a.number(2)?)),
    over_rows("net_benefit", |a| scoring::net_benefit(a.numbers(0)?, a.bools(1)?, a.number(2)?, a.weights(3)?)),
];

fn auroc(args: &KernelArgs) -> Measured {
    let (p, y) = (args.numbers(0)?, args.bools(1)?);
    match args.weights(2)? {
        None => ranking::auroc(p, y),
        weights => Ok(Estimate::plain(Curve::new(p, y, weights)?.area()?, y.len())),
    }
}

fn average_precision(args: &KernelArgs) -> Measured {
    let y = args.bools(1)?;
    Ok(match Curve::new(args.numbers(0)?, y, args.weights(2)?)?.average_precision() {
        Some(area) => Estimate::plain(area, y.len()),
        None => Estimate::plain(0.0, y.len()).note("set to 0: no row has the outcome"),
    })
}

fn brier(args: &KernelArgs) -> Measured {
    match args.weights(2)? {
        None => calibration::brier(args.numbers(0)?, args.bools(1)?),
        weights => scoring::brier(args.numbers(0)?, args.bools(1)?, weights),
    }
}

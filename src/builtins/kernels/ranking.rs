//! Scores against outcomes.

use super::over_rows;
use crate::eval::KernelArgs;
use crate::eval::KernelRow;
use crate::eval::estimate::{Estimate, Measured, Undefined};
use crate::metrics::curves::Curve;
use crate::metrics::inference;
use crate::metrics::ranks::{self, Ranked};
use crate::metrics::resampling::REPLICATES;
use crate::metrics::{calibration, ranking, scoring};
use std::sync::Arc;

pub(super) const ROWS: &[KernelRow] = &[
    over_rows("auroc", auroc),
    over_rows("partial_auroc", |a| {
        let y = a.bools(1)?;
        let curve = Curve::new(a.numbers(0)?, y, a.weights(3)?)?;
        Ok(Estimate::plain(curve.partial_area(a.number(2)?)?, y.len()))
    }),
    over_rows("average_precision", average_precision),
    over_rows("brier", brier),
    over_rows("log_loss", |a| match a.weights(3)? {
        None => scoring::log_loss_of(a.scores(0)?, &a.flags(1)?, a.number(2)?),
        weights => scoring::log_loss(a.numbers(0)?, a.bools(1)?, weights, a.number(2)?),
    }),
    over_rows("net_benefit", |a| scoring::net_benefit(a.numbers(0)?, a.bools(1)?, a.number(2)?, a.weights(3)?)),
];

/// Rows beyond which resampling all of them as often as usual takes too long; `measure` then takes part of them.
const MOST_RESAMPLED: u64 = 500_000;

/// The rows in order of `p`, sorted once for every metric of ranks.
fn ranked(args: &KernelArgs) -> Result<Arc<Ranked>, Undefined> {
    let (p, y) = (args.scores(0)?, args.flags(1)?);
    let ranked = args.share("ranks", &[0, 1], || Ranked::new(p, &y).map(Arc::new));
    ranked.as_ref().clone()
}

fn auroc(args: &KernelArgs) -> Measured {
    match args.weights(2)? {
        None => ranking::auroc_of(&*ranked(args)?, args.level()),
        weights => {
            let y = args.bools(1)?;
            Ok(Estimate::plain(Curve::new(args.numbers(0)?, y, weights)?.area()?, y.len()))
        }
    }
}

fn average_precision(args: &KernelArgs) -> Measured {
    const SET_TO_ZERO: &str = "set to 0: no row has the outcome";
    if let weights @ Some(_) = args.weights(2)? {
        let y = args.bools(1)?;
        return Ok(match Curve::new(args.numbers(0)?, y, weights)?.average_precision() {
            Some(area) => Estimate::plain(area, y.len()),
            None => Estimate::plain(0.0, y.len()).note(SET_TO_ZERO),
        });
    }
    let ranked = ranked(args)?;
    let n = ranked.rows();
    let Some(area) = ranked.average_precision() else { return Ok(Estimate::plain(0.0, n as usize).note(SET_TO_ZERO)) };
    let out = Estimate::plain(area, n as usize);
    let Some((seed, level)) = args.resampling().filter(|_| (2..=MOST_RESAMPLED).contains(&n)) else { return Ok(out) };
    let draws = ranked.replicates(REPLICATES, seed, |runs| {
        runs.iter().any(|r| r.0 > 0).then(|| ranks::average_precision(runs.iter().copied()))
    });
    Ok(Estimate { interval: inference::percentile_interval(&draws, level), ..out })
}

fn brier(args: &KernelArgs) -> Measured {
    match args.weights(2)? {
        None => calibration::brier_of(args.scores(0)?, &args.flags(1)?, args.level()),
        weights => scoring::brier(args.numbers(0)?, args.bools(1)?, weights),
    }
}

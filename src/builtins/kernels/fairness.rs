//! Whether groups are treated alike.

use super::over_rows;
use crate::eval::KernelArgs;
use crate::eval::KernelRow;
use crate::eval::estimate::{Estimate, Measured, Undefined};
use crate::metrics::fairness;

pub(super) const ROWS: &[KernelRow] = &[over_rows("dpd", dpd)];

fn dpd(args: &KernelArgs) -> Measured {
    let (yhat, (codes, names)) = (args.bools(0)?, args.levels(1)?);
    if args.interval {
        return fairness::dpd(yhat, codes, names, args.seed);
    }
    let parts = fairness::selection_rates(yhat, codes, names)?;
    if parts.iter().filter(|p| p.value.is_some()).count() < 2 {
        return Err(Undefined::new("a difference between groups needs two groups with rows"));
    }
    let gap = fairness::gap(&parts).ok_or_else(|| Undefined::new("no group has a selection rate"))?;
    Ok(Estimate::plain(gap, yhat.len()))
}

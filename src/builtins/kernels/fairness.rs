//! Whether groups are treated alike.

use super::over_rows;
use crate::eval::estimate::{Estimate, Measured, Undefined};
use crate::eval::{KernelArgs, KernelRow};
use crate::metrics::calibration::{self, EdgeRule};
use crate::metrics::fairness::rates::{self, Compare, GroupRate, Lone, Method, Odds};
use crate::metrics::{fairness, ranking};

pub(super) const ROWS: &[KernelRow] = &[
    over_rows("dpd", dpd),
    over_rows("demographic_parity_difference", |a| parity(a, Compare::Difference)),
    over_rows("demographic_parity_ratio", |a| parity(a, Compare::Ratio)),
    over_rows("log_disparity", |a| parity(a, Compare::LogRatio)),
    over_rows("rate_difference", |a| rate(a, Compare::Difference)),
    over_rows("rate_ratio", |a| rate(a, Compare::Ratio)),
    over_rows("equal_opportunity_difference", |a| opportunity(a, Compare::Difference)),
    over_rows("equal_opportunity_ratio", |a| opportunity(a, Compare::Ratio)),
    over_rows("equalized_odds_difference", |a| odds(a, Compare::Difference)),
    over_rows("equalized_odds_ratio", |a| odds(a, Compare::Ratio)),
    over_rows("group_rates", |a| {
        let rate = GroupRate::named(a.text(3)?)?;
        Ok(rates::rates(a.bools(0)?, a.bools(1)?, a.levels(2)?, rate, a.weights(4)?)?.estimate())
    }),
    over_rows("group_means", |a| Ok(rates::means(a.numbers(0)?, a.levels(1)?, a.weights(2)?)?.estimate())),
    over_rows("auroc_gap", |a| {
        let (p, y) = (a.numbers(0)?, a.bools(1)?);
        rates::gap_of(a.levels(2)?, p.len(), |rows| {
            let (p, y) = taken(p, y, rows)?;
            ranking::auroc(&p, &y)
        })
    }),
    over_rows("calibration_gap", |a| {
        let (p, y) = (a.numbers(0)?, a.bools(1)?);
        let bins = a.whole(3, 1, "a number of bins")?;
        rates::gap_of(a.levels(2)?, p.len(), |rows| {
            let (p, y) = taken(p, y, rows)?;
            let value = calibration::ece_value(&p, &y, bins, EdgeRule::LeftClosed)?;
            Ok(Estimate::plain(value, p.len()))
        })
    }),
];

fn taken(p: &[f64], y: &[bool], rows: &[usize]) -> Result<(Vec<f64>, Vec<bool>), Undefined> {
    if p.len() != y.len() {
        return Err(Undefined::new(format!("there are {} probabilities but {} outcomes", p.len(), y.len())));
    }
    Ok(rows.iter().filter_map(|&r| Some((*p.get(r)?, *y.get(r)?))).unzip())
}

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

/// `method`, `lone` and `weight` from argument `at` on.
fn settings(args: &KernelArgs, at: usize) -> Result<(Method, Lone, Option<&[f64]>), Undefined> {
    Ok((Method::named(args.text(at)?)?, Lone::named(args.text(at + 1)?)?, args.weights(at + 2)?))
}

fn parity(args: &KernelArgs, compare: Compare) -> Measured {
    let (yhat, (method, lone, w)) = (args.bools(0)?, settings(args, 2)?);
    rates::rates(yhat, yhat, args.levels(1)?, GroupRate::Selection, w)?.compare(compare, method, lone)
}

fn opportunity(args: &KernelArgs, compare: Compare) -> Measured {
    let (method, lone, w) = settings(args, 3)?;
    let rates = rates::rates(args.bools(0)?, args.bools(1)?, args.levels(2)?, GroupRate::TruePositive, w)?;
    rates.compare(compare, method, lone)
}

fn rate(args: &KernelArgs, compare: Compare) -> Measured {
    let (rate, (method, lone, w)) = (GroupRate::named(args.text(3)?)?, settings(args, 4)?);
    rates::rates(args.bools(0)?, args.bools(1)?, args.levels(2)?, rate, w)?.compare(compare, method, lone)
}

fn odds(args: &KernelArgs, compare: Compare) -> Measured {
    let odds = Odds::named(args.text(3)?)?;
    let (method, lone, w) = settings(args, 4)?;
    rates::equalized_odds(args.bools(0)?, args.bools(1)?, args.levels(2)?, (compare, method, lone), odds, w)
}

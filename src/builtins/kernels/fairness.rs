//! Whether groups are treated alike.

use super::over_rows;
use crate::eval::estimate::{Estimate, Measured, Undefined};
use crate::eval::{KernelArgs, KernelRow};
use crate::metrics::calibration::{self, EdgeRule};
use crate::metrics::counts::{self, Cells};
use crate::metrics::fairness::rates::{self, Compare, GroupRate, Lone, Method, Odds, Rates};
use crate::metrics::{fairness, ranking};
use std::sync::Arc;

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
        by_cells(a, (0, 1, 2), 4, rate, |r| Ok(r.estimate()))
    }),
    over_rows("group_means", |a| Ok(rates::means(a.numbers(0)?, a.levels(1)?, a.weights(2)?)?.estimate())),
    over_rows("auroc_gap", |a| {
        let (p, y) = (a.numbers(0)?, a.bools(1)?);
        rates::gap_of(a.levels(2)?, p.len(), |rows| {
            let (p, y) = taken(p, y, rows)?;
            ranking::auroc_at(&p, &y, a.level())
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

/// Columns of predictions, outcomes and groups.
type Columns = (usize, usize, usize);

/// The cells of every group, counted once for every metric of them.
fn cells(args: &KernelArgs, (yhat, y, groups): Columns) -> Result<(Arc<Counted>, &[String]), Undefined> {
    let (called, have, (codes, names)) = (args.flags(yhat)?, args.flags(y)?, args.groups(groups)?);
    let make = || counts::by_group(&called, &have, codes, names.len());
    Ok((args.share("cells by group", &[yhat, y, groups], make), names))
}

type Counted = Result<Vec<Cells>, Undefined>;

/// What `figure` makes of a rate by group, with the weights at argument `at`. Without weights its interval is a
/// bootstrap of the cells, which is one of the rows.
fn by_cells(
    args: &KernelArgs,
    columns: Columns,
    at: usize,
    rate: GroupRate,
    figure: impl Fn(Rates) -> Measured + Sync,
) -> Measured {
    if let weights @ Some(_) = args.weights(at)? {
        let (yhat, y, groups) = columns;
        return figure(rates::rates(args.bools(yhat)?, args.bools(y)?, args.levels(groups)?, rate, weights)?);
    }
    let (cells, names) = cells(args, columns)?;
    resampled(args, cells.as_ref().as_ref().map_err(Clone::clone)?, |c| {
        figure(rates::counted(c, names, rate, args.level())?)
    })
}

/// A figure of cells with its bootstrap interval, where one is asked for.
fn resampled(args: &KernelArgs, cells: &[Cells], figure: impl Fn(&[Cells]) -> Measured + Sync) -> Measured {
    let out = figure(cells)?;
    let Some(asked) = args.resampling().filter(|_| out.n >= 2) else { return Ok(out) };
    Ok(Estimate { interval: counts::interval(cells, asked, figure), ..out })
}

fn dpd(args: &KernelArgs) -> Measured {
    let (cells, names) = cells(args, (0, 0, 1))?;
    let cells = cells.as_ref().as_ref().map_err(Clone::clone)?;
    match args.resampling() {
        Some(asked) => fairness::dpd_of(cells, names, asked),
        None => fairness::dpd_value(cells, names),
    }
}

/// `method` and `lone` from argument `at` on; the weights follow.
fn settings(args: &KernelArgs, at: usize) -> Result<(Method, Lone), Undefined> {
    Ok((Method::named(args.text(at)?)?, Lone::named(args.text(at + 1)?)?))
}

fn parity(args: &KernelArgs, compare: Compare) -> Measured {
    let (method, lone) = settings(args, 2)?;
    by_cells(args, (0, 0, 1), 4, GroupRate::Selection, |r| r.compare(compare, method, lone))
}

fn opportunity(args: &KernelArgs, compare: Compare) -> Measured {
    let (method, lone) = settings(args, 3)?;
    by_cells(args, (0, 1, 2), 5, GroupRate::TruePositive, |r| r.compare(compare, method, lone))
}

fn rate(args: &KernelArgs, compare: Compare) -> Measured {
    let (rate, (method, lone)) = (GroupRate::named(args.text(3)?)?, settings(args, 4)?);
    by_cells(args, (0, 1, 2), 6, rate, |r| r.compare(compare, method, lone))
}

fn odds(args: &KernelArgs, compare: Compare) -> Measured {
    let odds = Odds::named(args.text(3)?)?;
    let (method, lone) = settings(args, 4)?;
    if let weights @ Some(_) = args.weights(6)? {
        let (yhat, y, groups) = (args.bools(0)?, args.bools(1)?, args.levels(2)?);
        return rates::equalized_odds(yhat, y, groups, (compare, method, lone), odds, weights);
    }
    let (cells, names) = cells(args, (0, 1, 2))?;
    let cells = cells.as_ref().as_ref().map_err(Clone::clone)?;
    resampled(args, cells, |c| rates::counted_odds(c, names, (compare, method, lone), odds))
}

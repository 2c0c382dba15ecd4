//! Kernel of each bodyless declaration in `stdlib/`: arguments in the declaration's order.

use crate::eval::estimate::{Estimate, Measured, Undefined};
use crate::eval::{KernelArg, KernelArgs, Kernels};
use crate::metrics::calibration::{self, EdgeRule};
use crate::metrics::{classification, fairness, ranking};

/// All kernels.
pub fn kernels() -> Kernels {
    Kernels {
        entries: vec![
            ("accuracy", accuracy),
            ("f1", f1),
            ("auroc", auroc),
            ("brier", brier),
            ("ece", ece),
            ("dpd", dpd),
        ],
    }
}

fn wrong() -> Undefined {
    Undefined::new("the kernel was given other arguments than it declares")
}

fn accuracy(args: &KernelArgs) -> Measured {
    match args.args.as_slice() {
        [KernelArg::Bools(yhat), KernelArg::Bools(y)] => classification::accuracy(yhat, y),
        _ => Err(wrong()),
    }
}

fn f1(args: &KernelArgs) -> Measured {
    match args.args.as_slice() {
        [KernelArg::Bools(yhat), KernelArg::Bools(y)] if args.interval => classification::f1(yhat, y, args.seed),
        [KernelArg::Bools(yhat), KernelArg::Bools(y)] => {
            classification::confusion(yhat, y).map(|c| Estimate::plain(c.f1(), y.len()))
        }
        _ => Err(wrong()),
    }
}

fn auroc(args: &KernelArgs) -> Measured {
    match args.args.as_slice() {
        [KernelArg::Numbers(p), KernelArg::Bools(y)] => ranking::auroc(p, y),
        _ => Err(wrong()),
    }
}

fn brier(args: &KernelArgs) -> Measured {
    match args.args.as_slice() {
        [KernelArg::Numbers(p), KernelArg::Bools(y)] => calibration::brier(p, y),
        _ => Err(wrong()),
    }
}

fn ece(args: &KernelArgs) -> Measured {
    let [KernelArg::Numbers(p), KernelArg::Bools(y), KernelArg::Number(bins), KernelArg::Text(closed)] =
        args.args.as_slice()
    else {
        return Err(wrong());
    };
    let edge = match closed.as_str() {
        "left" => EdgeRule::LeftClosed,
        "right" => EdgeRule::RightClosed,
        other => return Err(Undefined::new(format!("bins are closed \"left\" or \"right\", not \"{other}\""))),
    };
    if *bins < 1.0 || bins.fract() != 0.0 {
        return Err(Undefined::new(format!("{bins} is not a number of bins")));
    }
    if args.interval {
        calibration::ece(p, y, *bins as usize, edge, args.seed)
    } else {
        calibration::ece_value(p, y, *bins as usize, edge).map(|v| Estimate::plain(v, y.len()))
    }
}

fn dpd(args: &KernelArgs) -> Measured {
    match args.args.as_slice() {
        [KernelArg::Bools(yhat), KernelArg::Levels(codes, levels)] if args.interval => {
            fairness::dpd(yhat, codes, &levels.names, args.seed)
        }
        [KernelArg::Bools(yhat), KernelArg::Levels(codes, levels)] => {
            let parts = fairness::selection_rates(yhat, codes, &levels.names)?;
            if parts.iter().filter(|p| p.value.is_some()).count() < 2 {
                return Err(Undefined::new("a difference between groups needs two groups with rows"));
            }
            let gap = fairness::gap(&parts).ok_or_else(|| Undefined::new("no group has a selection rate"))?;
            Ok(Estimate::plain(gap, yhat.len()))
        }
        _ => Err(wrong()),
    }
}

//! `calibration`.

use super::super::harness::{Answer, Ask, Got, call, fields, levels, list, numbers, text};
use super::unknown;
use dbf::eval::KernelArg;
use dbf::eval::estimate::{Estimate, Undefined};

pub fn answer(ask: &Ask) -> Answer {
    if ask.input["task"] == "multiclass" { multiclass(ask) } else { binary(ask) }
}

/// The words for the builtins: (closed, binning).
fn edges(ask: &Ask) -> (KernelArg, KernelArg) {
    let closed = if ask.param("edges") == "right" { "right" } else { "left" };
    (text(closed), text(if ask.param("binning") == "equal-mass" { "mass" } else { "width" }))
}

fn binary(ask: &Ask) -> Answer {
    let p = ask.numbers("p");
    let y: Vec<bool> = ask.numbers("y_true").iter().map(|v| *v == 1.0).collect();
    let (parg, yarg) = (KernelArg::Numbers(p.clone()), KernelArg::Bools(y.clone()));
    let bins = KernelArg::Number(ask.param_number("n_bins"));
    let error = |name: &str, closed: KernelArg, binning: KernelArg| {
        Ok(call(name, vec![parg.clone(), yarg.clone(), bins.clone(), closed, binning])?.into())
    };
    let whole = |name: &str| call(name, vec![parg.clone(), yarg.clone()]);
    match ask.metric {
        "calibration_error_ref" => {
            let (closed, binning) = edges(ask);
            let one = |name: &str| Got::from(error(name, closed.clone(), binning.clone()));
            Ok(fields([("ece", one("ece")), ("rmsce", one("rmsce")), ("mce", one("mce")), ("ace", one("ace"))]))
        }
        "netcal_ece" | "netcal_mce" | "netcal_ace" => error(&ask.metric[7..], text("left"), text("width")),
        "torchmetrics_binary_calibration_error" => error(norm(ask), text("torch"), text("width")),
        "reliability_curve" => {
            let binning = if ask.param("strategy") == "quantile" { "quantile" } else { "width" };
            let e = call("reliability_curve", vec![parg, yarg, bins, text("right"), text(binning)])?;
            Ok(fields([("prob_true", numbered(&e, "observed")), ("prob_pred", numbered(&e, "predicted"))]))
        }
        "brier_decomposition" => {
            let e = whole("brier_parts")?;
            let of = |part: &str| Got::from(e.part(part));
            Ok(fields([
                ("brier", e.value.into()),
                ("reliability", of("reliability")),
                ("resolution", of("resolution")),
                ("uncertainty", of("uncertainty")),
            ]))
        }
        "spiegelhalter_z" => {
            let e = whole("spiegelhalter")?;
            Ok(fields([("z", e.value.into()), ("pvalue", e.part("p").into())]))
        }
        "calibration_intercept_slope" => {
            let e = whole("calibration_slope")?;
            let of = |part: &str| Got::from(e.part(part));
            Ok(fields([
                ("slope", e.value.into()),
                ("intercept", of("intercept")),
                ("calibration_in_the_large", of("in_the_large")),
            ]))
        }
        "isotonic_fit" => {
            let e = whole("isotonic_fit")?;
            let from = part_values(&e, "from");
            let rates = part_values(&e, "rate");
            let step = |p: &f64| from.partition_point(|f| f <= p).checked_sub(1).and_then(|i| rates.get(i).copied());
            Ok(p.iter().map(step).collect::<Vec<Option<f64>>>().into())
        }
        _ => unknown(ask),
    }
}

/// The parts `name 1`, `name 2`, … of a figure.
fn part_values(e: &Estimate, name: &str) -> Vec<f64> {
    (1..).map_while(|i| e.part(&format!("{name} {i}"))).collect()
}

fn numbered(e: &Estimate, name: &str) -> Got {
    part_values(e, name).into()
}

fn norm(ask: &Ask) -> &'static str {
    match ask.param("norm") {
        "l2" => "rmsce",
        "max" => "mce",
        _ => "ece",
    }
}

fn multiclass(ask: &Ask) -> Answer {
    let rows: Vec<Vec<f64>> = list(&ask.input["P"]).iter().map(numbers).collect();
    let k = rows.first().map_or(0, Vec::len);
    let names: Vec<String> = (0..k).map(|c| c.to_string()).collect();
    let columns = (0..k).map(|c| KernelArg::Numbers(rows.iter().filter_map(|r| r.get(c).copied()).collect()));
    let p = KernelArg::Columns(columns.collect());
    let y = levels(ask.numbers("y_true").iter().map(|v| *v as u32).collect(), names.clone());
    let bins = KernelArg::Number(ask.param_number("n_bins"));
    let error = |name: &str, closed: KernelArg, binning: KernelArg, norm: &str| {
        call(name, vec![p.clone(), y.clone(), bins.clone(), closed, binning, text(norm)])
    };
    match ask.metric {
        "toplabel_calibration_error_ref" => {
            let (closed, binning) = edges(ask);
            let one =
                |norm: &str| Got::from(error("toplabel_ece", closed.clone(), binning.clone(), norm).map(Got::from));
            Ok(fields([("ece", one("l1")), ("rmsce", one("l2")), ("mce", one("max")), ("ace", one("mean"))]))
        }
        "netcal_ece" => Ok(error("toplabel_ece", text("left"), text("width"), "l1")?.into()),
        "torchmetrics_multiclass_calibration_error" => {
            Ok(error("toplabel_ece", text("torch32"), text("width"), ask.param("norm"))?.into())
        }
        "classwise_ece_ref" => {
            let e = error("classwise_ece", text("left"), text("width"), "l1")?;
            let classes: Vec<Option<f64>> = names.iter().map(|n| e.part(n)).collect();
            Ok(fields([("per_class", classes.into()), ("mean", e.value.into())]))
        }
        "brier_multiclass" => Ok(call("multiclass_brier", vec![p, y, KernelArg::Number(1.0)])?.into()),
        _ => unknown(ask),
    }
}

/// netcal refuses three columns of probabilities when the outcomes know two classes only; a figure is
/// accepted there, if it is the top-label error.
pub fn alternative(ask: &Ask, got: &Got) -> bool {
    let same = |a: &Got, b: &Result<Got, Undefined>| match (a, b) {
        (Got::Number(a), Ok(Got::Number(b))) => a == b,
        _ => false,
    };
    ask.metric == "netcal_ece" && same(got, &multiclass(ask))
}

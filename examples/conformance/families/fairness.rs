//! `fairness`.

use super::super::harness::{Answer, Ask, Got, call, fields, levels, list, shown, text};
use super::unknown;
use dbf::eval::KernelArg;
use dbf::eval::estimate::{Estimate, Undefined};
use std::collections::BTreeMap;

/// Crossed groups: every combination of the levels, named as in `by_group`.
fn groups(ask: &Ask) -> (KernelArg, Vec<String>) {
    let features = ask.input["sensitive_features"].as_object();
    let mut names = vec![String::new()];
    let mut codes = Vec::new();
    for column in features.into_iter().flat_map(|f| f.values()).map(list) {
        let mut own: Vec<String> = column.iter().filter(|v| !v.is_null()).map(shown).collect();
        own.sort();
        own.dedup();
        codes.resize(column.len(), 0_u32);
        for (code, cell) in codes.iter_mut().zip(column) {
            let at = own.iter().position(|n| !cell.is_null() && *n == shown(cell));
            *code = match at {
                Some(at) if *code != u32::MAX => *code * own.len() as u32 + at as u32,
                _ => u32::MAX,
            };
        }
        let joined = |a: &String, b: &String| if a.is_empty() { b.clone() } else { format!("{a}|{b}") };
        names = names.iter().flat_map(|a| own.iter().map(move |b| joined(a, b))).collect();
    }
    (levels(codes, names.clone()), names)
}

/// Labels 0 and 1, or -1 and 1; anything else is not a yes or no.
fn flags(ask: &Ask, key: &str) -> Result<KernelArg, Undefined> {
    let numbers = ask.numbers(key);
    let two = |no: f64| numbers.iter().all(|v| *v == no || *v == 1.0);
    if !two(0.0) && !two(-1.0) {
        return Err(Undefined::new("labels are neither 0 and 1 nor -1 and 1"));
    }
    Ok(KernelArg::Bools(numbers.iter().map(|v| *v == 1.0).collect()))
}

pub fn answer(ask: &Ask) -> Answer {
    let (by, names) = groups(ask);
    let (yhat, y) = (flags(ask, "y_pred")?, flags(ask, "y_true")?);
    let weight = ask.weights();
    let method = text(ask.param("method"));
    let keep = text("keep");
    let ours = |args: Vec<KernelArg>| Ok(call(ask.metric, args)?.into());
    match ask.metric {
        "demographic_parity_difference" | "demographic_parity_ratio" => ours(vec![yhat, by, method, keep, weight]),
        "equal_opportunity_difference" | "equal_opportunity_ratio" => ours(vec![yhat, y, by, method, keep, weight]),
        "equalized_odds_difference" | "equalized_odds_ratio" => {
            ours(vec![yhat, y, by, text(ask.param("agg")), method, keep, weight])
        }
        "metric_frame" => {
            let rates = [
                "selection_rate",
                "true_positive_rate",
                "false_positive_rate",
                "false_negative_rate",
                "true_negative_rate",
                "count",
                "accuracy",
                "mean_prediction",
            ];
            let mut out: BTreeMap<&str, BTreeMap<String, Got>> = BTreeMap::new();
            for rate in rates {
                let of = |e: Result<Estimate, Undefined>| Got::from(e.map(Got::from));
                let e = if rate == "mean_prediction" {
                    call("group_means", vec![KernelArg::Numbers(ask.numbers("y_pred")), by.clone(), weight.clone()])?
                } else {
                    call("group_rates", vec![yhat.clone(), y.clone(), by.clone(), text(rate), weight.clone()])?
                };
                let values = || e.parts.iter().filter_map(|p| p.value);
                let (least, most) = (values().fold(f64::NAN, f64::min), values().fold(f64::NAN, f64::max));
                let two = |name: &str| {
                    let method = text("between_groups");
                    let args =
                        vec![yhat.clone(), y.clone(), by.clone(), text(rate), method, keep.clone(), weight.clone()];
                    of(call(name, args))
                };
                let (difference, ratio) = match rate {
                    "mean_prediction" => ((most - least).into(), (least / most).into()),
                    _ => (two("rate_difference"), two("rate_ratio")),
                };
                let groups = names.iter().map(|n| (n.clone(), e.part(n).into())).collect();
                let mut put = |key, value| out.entry(key).or_default().insert(rate.to_string(), value);
                put("by_group", Got::Fields(groups));
                put("overall", e.value.into());
                put("group_min", least.into());
                put("group_max", most.into());
                put("difference", difference);
                put("ratio", ratio);
            }
            let table = |key: &str| Got::Fields(out.get(key).cloned().unwrap_or_default());
            Ok(fields(["by_group", "overall", "group_min", "group_max", "difference", "ratio"].map(|k| (k, table(k)))))
        }
        _ => unknown(ask),
    }
}

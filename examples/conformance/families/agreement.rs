//! `agreement`.

use super::super::harness::{Answer, Ask, call, levels, list, numbers, shown, text};
use super::unknown;
use dbf::eval::KernelArg;

pub fn answer(ask: &Ask) -> Answer {
    // Missing ratings are NaN in the columns.
    let raters: Vec<Vec<f64>> = list(&ask.input["ratings"]).iter().map(numbers).collect();
    let columns = KernelArg::Columns(raters.iter().cloned().map(KernelArg::Numbers).collect());
    match ask.metric {
        "krippendorff_alpha" => Ok(call("krippendorff", vec![columns, text(ask.param("level"))])?.into()),
        "fleiss_kappa" => {
            let name = if ask.param("method") == "randolph" { "randolph_kappa" } else { "fleiss_kappa" };
            Ok(call(name, vec![columns])?.into())
        }
        "cohen_kappa" => {
            let mut values: Vec<f64> = raters.iter().flatten().copied().collect();
            values.sort_by(f64::total_cmp);
            values.dedup();
            let names: Vec<String> = values.iter().map(|v| shown(&serde_json::json!(v))).collect();
            let coded = |rater: &[f64]| {
                levels(rater.iter().map(|v| values.partition_point(|w| w < v) as u32).collect(), names.clone())
            };
            let costs = if ask.params["weights"].is_null() { "none" } else { ask.param("weights") };
            let args = vec![coded(&raters[0]), coded(&raters[1]), text(costs), KernelArg::Number(1.0)];
            Ok(call("multiclass_kappa", args)?.into())
        }
        _ => unknown(ask),
    }
}

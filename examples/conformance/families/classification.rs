//! `classification_binary` and `classification_multiclass`.

use super::super::harness::{Answer, Ask, Got, call, fields, levels, list, numbers, shown, text};
use super::unknown;
use dbf::eval::KernelArg;
use dbf::eval::estimate::Undefined;
use dbf::metrics::curves::Curve;
use serde_json::Value;

/// 1, 1.0 and true are one label.
fn same(a: &Value, b: &Value) -> bool {
    let number = |v: &Value| v.as_f64().or(v.as_bool().map(|b| f64::from(u8::from(b))));
    a == b || (number(a).is_some() && number(a) == number(b))
}

fn flags(v: &Value, positive: &Value) -> KernelArg {
    KernelArg::Bools(list(v).iter().map(|x| same(x, positive)).collect())
}

/// Labels of which there are more than two: what does not need a positive class still has a value.
fn more_than_two(ask: &Ask) -> Option<Answer> {
    let (y, yhat) = (&ask.input["y_true"], &ask.input["y_pred"]);
    let mut names: Vec<String> = list(y).iter().chain(list(yhat)).map(shown).collect();
    names.sort();
    names.dedup();
    if names.len() < 3 {
        return None;
    }
    let column = |v: &Value| {
        let code = |x: &Value| names.iter().position(|n| *n == shown(x)).map_or(u32::MAX, |i| i as u32);
        levels(list(v).iter().map(code).collect(), names.clone())
    };
    let with = |name: &str, setting: Option<&str>| -> Answer {
        let mut args = vec![column(yhat), column(y)];
        args.extend(setting.map(text));
        args.push(ask.weights());
        Ok(call(name, args)?.into())
    };
    Some(match ask.metric {
        "accuracy" | "balanced_accuracy" | "mcc" => with(&format!("multiclass_{}", ask.metric), None),
        "cohen_kappa" => with("multiclass_kappa", Some("none")),
        "f1_macro" | "f1_micro" | "f1_weighted" => with("multiclass_f1", Some(&ask.metric[3..])),
        "confusion_tn_fp_fn_tp" => {
            call("multiclass_confusion", vec![column(yhat), column(y), ask.weights()]).map(|e| {
                let cells = ["0 as 0", "0 as 1", "1 as 0", "1 as 1"];
                cells.iter().map(|c| e.part(c).unwrap_or(0.0)).collect::<Vec<_>>().into()
            })
        }
        _ => Err(Undefined::new(format!("the labels {names:?} are not two"))),
    })
}

pub fn binary(ask: &Ask) -> Answer {
    if let Some(answer) = more_than_two(ask) {
        return answer;
    }
    let one = Value::from(1);
    let positive = if ask.input["pos_label"].is_null() { &one } else { &ask.input["pos_label"] };
    let (yhat, y) = (flags(&ask.input["y_pred"], positive), flags(&ask.input["y_true"], positive));
    let p = KernelArg::Numbers(ask.numbers("y_score"));
    let weight = ask.weights();
    let hard = |name: &str| Ok(call(name, vec![yhat.clone(), y.clone(), weight.clone()])?.into());
    let f1 = |average: &str| Ok(call("f1", vec![yhat.clone(), y.clone(), text(average), weight.clone()])?.into());
    let soft = |name: &str| Ok(call(name, vec![p.clone(), y.clone(), weight.clone()])?.into());
    let set = |name: &str, setting: f64| {
        Ok(call(name, vec![p.clone(), y.clone(), KernelArg::Number(setting), weight.clone()])?.into())
    };
    match ask.metric {
        "confusion_tn_fp_fn_tp" => {
            let e = call("confusion", vec![yhat, y, weight])?;
            let cells = ["true_negative", "false_positive", "false_negative", "true_positive"];
            Ok(cells.iter().map(|c| e.part(c)).collect::<Vec<_>>().into())
        }
        "cohen_kappa" => hard("kappa"),
        "accuracy" | "balanced_accuracy" | "precision" | "recall" | "specificity" | "mcc" | "jaccard" => {
            hard(ask.metric)
        }
        "f1" => f1("positive"),
        "f1_macro" => f1("macro"),
        "f1_micro" => f1("micro"),
        "f1_weighted" => f1("weighted"),
        other if other.starts_with('f') && ask.params["beta"].is_number() => {
            Ok(call("fbeta", vec![yhat, y, KernelArg::Number(ask.param_number("beta")), weight])?.into())
        }
        "auroc" => soft("auroc"),
        "auprc" => soft("average_precision"),
        "auroc_partial_std" | "auroc_partial" => set("partial_auroc", ask.param_number("max_fpr")),
        "brier" => soft("brier"),
        "log_loss" => {
            let epsilon = if ask.input["dtype"] == "f32" { f64::from(f32::EPSILON) } else { f64::EPSILON };
            set("log_loss", epsilon)
        }
        "roc_curve" | "pr_curve" => {
            let weights = match &weight {
                KernelArg::Numbers(w) => Some(w.as_slice()),
                _ => None,
            };
            let curve = Curve::new(p.numbers()?, y.bools()?, weights)?;
            if ask.metric == "roc_curve" {
                let roc = curve.roc();
                Ok(fields([("fpr", roc.fpr.into()), ("tpr", roc.tpr.into()), ("thresholds", roc.thresholds.into())]))
            } else {
                let pr = curve.precision_recall();
                Ok(fields([
                    ("precision", pr.precision.into()),
                    ("recall", pr.recall.into()),
                    ("thresholds", pr.thresholds.into()),
                ]))
            }
        }
        _ => unknown(ask),
    }
}

pub fn multiclass(ask: &Ask) -> Answer {
    let k = ask.input["n_classes"].as_u64().unwrap_or(0) as usize;
    let names: Vec<String> = (0..k).map(|c| c.to_string()).collect();
    let column = |key: &str| levels(ask.numbers(key).into_iter().map(|v| v as u32).collect(), names.clone());
    let (yhat, y, weight) = (column("y_pred"), column("y_true"), ask.weights());
    let rows: Vec<Vec<f64>> = list(&ask.input["y_prob"]).iter().map(numbers).collect();
    let columns: Vec<KernelArg> =
        (0..k).map(|c| KernelArg::Numbers(rows.iter().filter_map(|r| r.get(c).copied()).collect())).collect();
    let p = KernelArg::Columns(columns);
    let hard = |name: &str| Ok(call(name, vec![yhat.clone(), y.clone(), weight.clone()])?.into());
    let set = |name: &str, setting: &str| {
        Ok(call(name, vec![yhat.clone(), y.clone(), text(setting), weight.clone()])?.into())
    };
    let area = |scheme: &str, average: &str| {
        Ok(call("multiclass_auroc", vec![p.clone(), y.clone(), text(scheme), text(average), weight.clone()])?.into())
    };
    let soft = |name: &str, setting: f64| {
        Ok(call(name, vec![p.clone(), y.clone(), KernelArg::Number(setting), weight.clone()])?.into())
    };
    match ask.metric {
        "accuracy" | "balanced_accuracy" | "mcc" => hard(&format!("multiclass_{}", ask.metric)),
        "cohen_kappa" => set("multiclass_kappa", "none"),
        "kappa_linear" => set("multiclass_kappa", "linear"),
        "kappa_quadratic" => set("multiclass_kappa", "quadratic"),
        "f1_macro_all_labels" => set("multiclass_f1", "all"),
        "auroc_ovr_macro" => area("rest", "macro"),
        "auroc_ovr_weighted" => area("rest", "weighted"),
        "auroc_ovo_macro" => area("pairs", "macro"),
        "auroc_ovo_weighted" => area("pairs", "weighted"),
        "log_loss" => soft("multiclass_log_loss", f64::EPSILON),
        other if other.starts_with("top") => soft("top_k_accuracy", ask.param_number("k")),
        "confusion" | "per_class_precision_recall_f1_support" => {
            let e = call("multiclass_confusion", vec![yhat, y, weight])?;
            let row = |make: &dyn Fn(&str) -> String| -> Got {
                names.iter().map(|c| e.part(&make(c))).collect::<Vec<_>>().into()
            };
            if ask.metric == "confusion" {
                return Ok(Got::List(names.iter().map(|a| row(&|b| format!("{a} as {b}"))).collect()));
            }
            let rates = ["precision", "recall", "f1", "rows"];
            Ok(Got::List(rates.iter().map(|r| row(&|c| format!("{r} of {c}"))).collect()))
        }
        other => match other.split_once('_') {
            Some((rate @ ("precision" | "recall" | "f1" | "jaccard"), average)) => {
                set(&format!("multiclass_{rate}"), average)
            }
            _ => unknown(ask),
        },
    }
}

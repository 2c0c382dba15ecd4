//! Hard answers against outcomes, of two classes and of several.

use super::over_rows;
use crate::eval::estimate::{Estimate, Measured, Undefined};
use crate::eval::{KernelArgs, KernelRow};
use crate::metrics::classification as plain;
use crate::metrics::multiclass::{self, Average, Cost, Rate, Table};
use crate::metrics::{checks_word, curves, scoring};

pub(super) const ROWS: &[KernelRow] = &[
    over_rows("accuracy", accuracy),
    over_rows("balanced_accuracy", |a| Ok(table(a)?.balanced_accuracy())),
    over_rows("precision", |a| Ok(table(a)?.rate_or_zero(1, Rate::Precision, "true"))),
    over_rows("recall", |a| Ok(table(a)?.rate_or_zero(1, Rate::Recall, "true"))),
    over_rows("specificity", |a| Ok(table(a)?.rate_or_zero(0, Rate::Recall, "false"))),
    over_rows("jaccard", |a| Ok(table(a)?.rate_or_zero(1, Rate::Jaccard, "true"))),
    over_rows("mcc", |a| Ok(table(a)?.mcc())),
    over_rows("kappa", |a| table(a)?.kappa(Cost::Plain)),
    over_rows("confusion", confusion),
    over_rows("f1", f1),
    over_rows("fbeta", fbeta),
    over_rows("multiclass_accuracy", |a| Ok(classes(a, 2)?.0.accuracy())),
    over_rows("multiclass_balanced_accuracy", |a| Ok(classes(a, 2)?.0.balanced_accuracy())),
    over_rows("multiclass_mcc", |a| Ok(classes(a, 2)?.0.mcc())),
    over_rows("multiclass_kappa", |a| classes(a, 3)?.0.kappa(Cost::named(a.text(2)?)?)),
    over_rows("multiclass_precision", |a| averaged(a, Rate::Precision)),
    over_rows("multiclass_recall", |a| averaged(a, Rate::Recall)),
    over_rows("multiclass_f1", |a| averaged(a, Rate::F(1.0))),
    over_rows("multiclass_jaccard", |a| averaged(a, Rate::Jaccard)),
    over_rows("multiclass_confusion", multiclass_confusion),
    over_rows("multiclass_auroc", multiclass_auroc),
    over_rows("multiclass_log_loss", |a| {
        scoring::multiclass_log_loss(&a.matrix(0)?, a.levels(1)?.0, a.weights(3)?, a.number(2)?)
    }),
    over_rows("multiclass_brier", |a| scoring::multiclass_brier(&a.matrix(0)?, a.levels(1)?.0, a.weights(2)?)),
    over_rows("top_k_accuracy", |a| {
        let k = a.whole(2, 1, "a number of classes to look at")?;
        scoring::top_k_accuracy(&a.matrix(0)?, a.levels(1)?.0, k, a.weights(3)?)
    }),
];

/// The table of `yhat`, `y` and `weight`.
fn table(args: &KernelArgs) -> Result<Table, Undefined> {
    multiclass::binary(args.bools(0)?, args.bools(1)?, args.weights(2)?)
}

fn accuracy(args: &KernelArgs) -> Measured {
    match args.weights(2)? {
        None => plain::accuracy(args.bools(0)?, args.bools(1)?),
        Some(_) => Ok(table(args)?.accuracy()),
    }
}

fn confusion(args: &KernelArgs) -> Measured {
    let t = table(args)?;
    let out = t.accuracy().with("true_negative", t.cell(0, 0)).with("false_positive", t.cell(0, 1));
    Ok(out.with("false_negative", t.cell(1, 0)).with("true_positive", t.cell(1, 1)))
}

fn f1(args: &KernelArgs) -> Measured {
    let (yhat, y, average) = (args.bools(0)?, args.bools(1)?, args.text(2)?);
    let weights = args.weights(3)?;
    if average == "positive" && weights.is_none() {
        if args.interval {
            return plain::f1(yhat, y, args.seed);
        }
        return plain::confusion(yhat, y).map(|c| Estimate::plain(c.f1(), y.len()));
    }
    let t = multiclass::binary(yhat, y, weights)?;
    if average == "positive" {
        return Ok(t.rate_or_zero(1, Rate::F(1.0), "true"));
    }
    Ok(t.average(Rate::F(1.0), Average::named(average)?, &["false".into(), "true".into()]))
}

fn fbeta(args: &KernelArgs) -> Measured {
    let beta = args.number(2)?;
    if !(beta >= 0.0 && beta.is_finite()) {
        return Err(Undefined::new(format!("beta is {beta}, not a number from 0 on")));
    }
    let t = multiclass::binary(args.bools(0)?, args.bools(1)?, args.weights(3)?)?;
    Ok(t.rate_or_zero(1, Rate::F(beta), "true"))
}

/// The table of two category columns, the names of its classes; weights at argument `at`.
fn classes(args: &KernelArgs, at: usize) -> Result<(Table, Vec<String>), Undefined> {
    let ((yhat, found), (y, names)) = (args.levels(0)?, args.levels(1)?);
    // Predictions may come with an own list of levels: they are matched by name.
    let mut all = names.to_vec();
    let places: Vec<u32> = found
        .iter()
        .map(|name| {
            let at = all.iter().position(|n| n == name).unwrap_or_else(|| {
                all.push(name.clone());
                all.len() - 1
            });
            at as u32
        })
        .collect();
    let codes: Vec<u32> = yhat.iter().map(|&c| places.get(c as usize).copied().unwrap_or(u32::MAX)).collect();
    Ok((multiclass::table(&codes, y, all.len(), args.weights(at)?)?, all))
}

fn averaged(args: &KernelArgs, rate: Rate) -> Measured {
    let (t, names) = classes(args, 3)?;
    Ok(t.average(rate, Average::named(args.text(2)?)?, &names))
}

fn multiclass_confusion(args: &KernelArgs) -> Measured {
    let (t, names) = classes(args, 2)?;
    let mut out = t.accuracy();
    for (a, actual) in names.iter().enumerate() {
        for (b, predicted) in names.iter().enumerate() {
            out = out.with(format!("{actual} as {predicted}"), t.cell(a, b));
        }
    }
    for (c, name) in names.iter().enumerate() {
        let zero = |r| t.rate(c, r).unwrap_or(0.0);
        out = out
            .with(format!("precision of {name}"), zero(Rate::Precision))
            .with(format!("recall of {name}"), zero(Rate::Recall))
            .with(format!("f1 of {name}"), zero(Rate::F(1.0)))
            .with(format!("rows of {name}"), t.support(c));
    }
    Ok(out)
}

fn multiclass_auroc(args: &KernelArgs) -> Measured {
    let scheme =
        checks_word("a scheme", args.text(2)?, &[("rest", curves::Scheme::Rest), ("pairs", curves::Scheme::Pairs)])?;
    let weighted = checks_word("an average", args.text(3)?, &[("macro", false), ("weighted", true)])?;
    curves::multiclass_auroc(&args.matrix(0)?, args.levels(1)?.0, scheme, weighted, args.weights(4)?)
}

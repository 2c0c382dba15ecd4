//! Hard answers against outcomes, of two classes and of several.

use super::over_rows;
use crate::eval::estimate::{Estimate, Measured, Undefined};
use crate::eval::{KernelArgs, KernelRow};
use crate::metrics::classification as plain;
use crate::metrics::counts::{self, Cells};
use crate::metrics::multiclass::{self, Average, Cost, Rate, Table};
use crate::metrics::{checks_word, curves, scoring};

pub(super) const ROWS: &[KernelRow] = &[
    over_rows("accuracy", accuracy),
    over_rows("balanced_accuracy", |a| counted(a, 2, |t| Ok(t.balanced_accuracy()))),
    over_rows("precision", |a| counted(a, 2, |t| Ok(t.rate_or_zero(1, Rate::Precision, "true")))),
    over_rows("recall", |a| counted(a, 2, |t| Ok(t.rate_or_zero(1, Rate::Recall, "true")))),
    over_rows("specificity", |a| counted(a, 2, |t| Ok(t.rate_or_zero(0, Rate::Recall, "false")))),
    over_rows("jaccard", |a| counted(a, 2, |t| Ok(t.rate_or_zero(1, Rate::Jaccard, "true")))),
    over_rows("mcc", |a| counted(a, 2, |t| Ok(t.mcc()))),
    over_rows("kappa", |a| counted(a, 2, |t| t.kappa(Cost::Plain))),
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

/// The cells of `yhat` and `y`, counted once for every metric of them.
fn cells(args: &KernelArgs) -> Result<Cells, Undefined> {
    let (yhat, y) = (args.flags(0)?, args.flags(1)?);
    args.share("cells", &[0, 1], || counts::pairs(&yhat, &y)).as_ref().clone()
}

/// The table of `yhat` and `y` with the weights at argument `at`.
fn table(args: &KernelArgs, at: usize) -> Result<Table, Undefined> {
    match args.weights(at)? {
        None => cells(args).map(multiclass::of_cells),
        weights => multiclass::binary(args.bools(0)?, args.bools(1)?, weights),
    }
}

/// A figure of that table. Without weights its interval is a bootstrap of the cells, which is one of the rows.
fn counted(args: &KernelArgs, at: usize, figure: impl Fn(&Table) -> Measured + Sync) -> Measured {
    let out = figure(&table(args, at)?)?;
    let Some(asked) = args.resampling().filter(|_| out.n >= 2) else { return Ok(out) };
    if args.weights(at)?.is_some() {
        return Ok(out);
    }
    let of = |cells: &[Cells]| figure(&multiclass::of_cells(cells.first().copied().unwrap_or_default()));
    Ok(Estimate { interval: counts::interval(&[cells(args)?], asked, of), ..out })
}

fn accuracy(args: &KernelArgs) -> Measured {
    match args.weights(2)? {
        None => Ok(plain::accuracy_of(cells(args)?.into(), args.level())),
        Some(_) => Ok(table(args, 2)?.accuracy()),
    }
}

fn confusion(args: &KernelArgs) -> Measured {
    counted(args, 2, |t| {
        let out = t.accuracy().with("true_negative", t.cell(0, 0)).with("false_positive", t.cell(0, 1));
        Ok(out.with("false_negative", t.cell(1, 0)).with("true_positive", t.cell(1, 1)))
    })
}

fn f1(args: &KernelArgs) -> Measured {
    let average = args.text(2)?;
    if average != "positive" {
        let average = Average::named(average)?;
        return counted(args, 3, |t| Ok(t.average(Rate::F(1.0), average, &["false".into(), "true".into()])));
    }
    match (args.weights(3)?, args.resampling()) {
        (None, Some((seed, level))) => Ok(plain::f1_of(cells(args)?.into(), seed, level)),
        _ => counted(args, 3, |t| Ok(t.rate_or_zero(1, Rate::F(1.0), "true"))),
    }
}

fn fbeta(args: &KernelArgs) -> Measured {
    let beta = args.number(2)?;
    if !(beta >= 0.0 && beta.is_finite()) {
        return Err(Undefined::new(format!("beta is {beta}, not a number from 0 on")));
    }
    counted(args, 3, |t| Ok(t.rate_or_zero(1, Rate::F(beta), "true")))
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

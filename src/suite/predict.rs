//! What each model says about each row: recorded columns, or native models trained on the other folds.

use super::run::{Halt, Stages};
use super::seeds;
use crate::check::dataset::Schema;
use crate::data::frame::Frame;
use crate::data::{Column, Table};
use crate::models::{Fitted, ModelError, boosted_trees, logistic};
use crate::syntax::ast::{ExprKind, Model};
use rayon::prelude::*;

/// One probability a row; none where the model says nothing. Or why there are none at all.
pub type Predictions = Result<Vec<Option<f64>>, String>;

/// Rows of a fold and their probabilities.
type FoldPrediction = (Vec<usize>, Vec<f64>);

/// Whether the model is trained here.
pub fn is_trained(model: &Model) -> bool {
    model.kind.name != "recorded"
}

/// Names of the columns the model sees: never the label, an outcome, a subject or a recorded prediction.
pub fn features(schema: &Schema, model: &Model) -> Vec<String> {
    let chosen =
        model.args.iter().find(|a| a.name.as_ref().is_some_and(|n| n.name == "features")).map(|a| &a.value.kind);
    schema.choose(chosen, |c| c.hidden().is_none())
}

/// Predictions of `label` for every row of the dataset.
pub fn diagnosis(
    schema: &Schema,
    table: &Table,
    model: &Model,
    label: &str,
    folds: &[usize],
    seed: u64,
    stages: &Stages,
) -> Result<Predictions, Halt> {
    if !is_trained(model) {
        return Ok(recorded(schema, table, model, label));
    }
    let Some(Column::Bool(flags)) = table.column(label) else {
        return Ok(Err(format!("`{label}` is not in the data")));
    };
    let y: Vec<bool> = flags.values().iter().collect();
    let frame = table.frame(schema, &features(schema, model));
    out_of_fold(&frame, &y, folds, model, seeds::seed(seed, &["model", &model.name.name, label]), stages)
}

fn recorded(schema: &Schema, table: &Table, model: &Model, label: &str) -> Predictions {
    let Some(ExprKind::Name(name)) = model.args.first().map(|a| &a.value.kind) else {
        return Err("it names no column".into());
    };
    let event = schema.column(name).and_then(|c| c.predicts.as_ref());
    let Some(event) = event.filter(|e| e.label == label) else {
        return Err(format!("`{name}` is not a prediction of `{label}`"));
    };
    match table.column(name) {
        // The column speaks of the other event: its complement is the prediction.
        Some(Column::Number(p)) => Ok(p.iter().map(|v| v.map(|v| if event.negated { 1.0 - v } else { v })).collect()),
        _ => Err(format!("`{name}` is not in the data")),
    }
}

/// Trains on the other folds and predicts each fold in turn.
pub fn out_of_fold(
    frame: &Frame,
    y: &[bool],
    folds: &[usize],
    model: &Model,
    seed: u64,
    stages: &Stages,
) -> Result<Predictions, Halt> {
    let count = folds.iter().max().map_or(0, |m| m + 1);
    let parts: Vec<Result<FoldPrediction, String>> = (0..count)
        .into_par_iter()
        .map(|fold| {
            if stages.world.cancelled() {
                return Err(String::new());
            }
            let train: Vec<usize> = (0..frame.rows).filter(|&r| folds.get(r).is_some_and(|f| *f != fold)).collect();
            let test: Vec<usize> = (0..frame.rows).filter(|&r| folds.get(r) == Some(&fold)).collect();
            let labels: Vec<bool> = train.iter().filter_map(|&r| y.get(r).copied()).collect();
            let fitted = fit(&frame.take(&train), &labels, model, seeds::seed(seed, &[&fold.to_string()]));
            let p = fitted.and_then(|m| m.predict(&frame.take(&test))).map_err(|e| e.to_string())?;
            Ok((test, p))
        })
        .collect();
    if stages.world.cancelled() {
        return Err(Halt::Interrupted);
    }
    let mut out = vec![None; frame.rows];
    for part in parts {
        let (rows, p) = match part {
            Ok(part) => part,
            Err(why) => return Ok(Err(why)),
        };
        for (row, p) in rows.into_iter().zip(p) {
            if let Some(slot) = out.get_mut(row) {
                *slot = Some(p);
            }
        }
    }
    Ok(Ok(out))
}

fn fit(frame: &Frame, y: &[bool], model: &Model, seed: u64) -> Result<Box<dyn Fitted>, ModelError> {
    let setting = |name: &str| {
        model.args.iter().find(|a| a.name.as_ref().is_some_and(|n| n.name == name)).and_then(|a| match a.value.kind {
            ExprKind::Int(v) => Some(v as f64),
            ExprKind::Real(v) | ExprKind::Percent(v) => Some(v),
            _ => None,
        })
    };
    if model.kind.name == "logistic" {
        let mut settings = logistic::Settings::default();
        settings.ridge = setting("ridge").unwrap_or(settings.ridge);
        return Ok(Box::new(logistic::fit(frame, y, &settings)?));
    }
    let mut settings = boosted_trees::Settings { seed, ..Default::default() };
    settings.rounds = setting("rounds").map_or(settings.rounds, |v| v as usize);
    settings.depth = setting("depth").map_or(settings.depth, |v| v as _);
    settings.learning_rate = setting("learning_rate").unwrap_or(settings.learning_rate);
    Ok(Box::new(boosted_trees::fit(frame, y, &settings)?))
}

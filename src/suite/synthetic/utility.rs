//! Does a model that learned from synthetic rows work on real ones: train on synthetic, test on real (TSTR), beside
//! train on real, test on real (TRTR, the ceiling).

use super::fidelity::trees;
use super::panel::{Entry, Roles, Tables};
use super::record::Aim;
use super::tables::{at_most, codes};
use crate::data::frame::Frame;
use crate::eval::estimate::{Estimate, Interval, Measured, Undefined};
use crate::metrics::inference::{LEVEL, normal_quantile};
use crate::metrics::ranking;
use crate::models::{Fitted, boosted_trees, logistic};

/// Rows that a model learns from at the most.
const MOST_ROWS: usize = 20_000;

/// The models: their names in figures and for people.
const MODELS: [(&str, &str); 2] = [("logistic", "logistic"), ("boosted_trees", "boosted trees")];

pub fn figures(tables: &Tables) -> Vec<Entry> {
    let mut out = Vec::new();
    for (model, title) in MODELS {
        let (own, truth) = match predicted(model, tables.synthetic, tables) {
            Ok(found) => found,
            Err(why) => {
                out.push(entry(model, title, Err(why.clone())));
                out.push(loss(model, title, Err(why)));
                continue;
            }
        };
        out.push(entry(model, title, ranking::auroc_at(&own, &truth, LEVEL)));
        let lost = predicted(model, tables.train, tables).and_then(|(real, _)| difference(&real, &own, &truth));
        out.push(loss(model, title, lost));
    }
    out
}

fn entry(model: &str, title: &str, measured: Measured) -> Entry {
    Entry::new(format!("tstr_auroc_{model}"), format!("TSTR AUROC, {title}"), Aim::Higher, measured)
}

fn loss(model: &str, title: &str, measured: Measured) -> Entry {
    Entry::new(format!("auroc_lost_{model}"), format!("TRTR less TSTR, {title}"), Aim::Lower, measured)
}

/// How much AUROC the first scores have over the second, with the interval of DeLong for paired scores.
fn difference(first: &[f64], second: &[f64], y: &[bool]) -> Measured {
    let (a, b) = (ranking::delong(first, y)?, ranking::delong(second, y)?);
    let out = Estimate::plain(a.auc - b.auc, y.len());
    Ok(match ranking::delong_compare(first, second, y) {
        Ok(c) if c.z != 0.0 => {
            let half = normal_quantile(LEVEL) * (c.difference / c.z).abs();
            let (lo, hi) = (c.difference - half, c.difference + half);
            Estimate { interval: Some(Interval { lo, hi, level: LEVEL, method: "delong".into() }), ..out }
        }
        Ok(_) => out,
        Err(why) => out.note(why.reason),
    })
}

/// What a model that learned from `learned` says of the hold-out rows whose label is known, and the label.
pub fn predicted(model: &str, learned: &Frame, tables: &Tables) -> Result<(Vec<f64>, Vec<bool>), Undefined> {
    let (learn, y) = labelled(&at_most(learned, MOST_ROWS, tables.seed, 11), tables.roles)?;
    let (test, truth) = labelled(tables.holdout, tables.roles)?;
    let said = match model {
        "logistic" => {
            logistic::fit(&learn, &y, &logistic::Settings::default()).and_then(|fitted| fitted.predict(&test))
        }
        _ => boosted_trees::fit(&learn, &y, &trees(tables.seed)).and_then(|fitted| fitted.predict(&test)),
    };
    Ok((said.map_err(|e| Undefined::new(e.to_string()))?, truth))
}

/// The rows whose label is known, without it and what tells it; and the label.
pub fn labelled(frame: &Frame, roles: &Roles) -> Result<(Frame, Vec<bool>), Undefined> {
    let name = roles.label.as_ref().ok_or_else(|| Undefined::new("the data has no label"))?;
    let column = frame.column(name).and_then(codes).filter(|(_, levels)| levels.len() == 2);
    let (label, _) = column.ok_or_else(|| Undefined::new(format!("the generator does not make the label `{name}`")))?;
    let rows: Vec<usize> = label.iter().enumerate().filter(|(_, l)| l.is_some()).map(|(r, _)| r).collect();
    let mut known = frame.take(&rows);
    known.columns.retain(|c| c.name != *name && !roles.hidden.contains(&c.name));
    Ok((known, label.into_iter().flatten().map(|l| l == 1).collect()))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{roles, table, tables};
    use super::*;

    #[test]
    fn real_rows_teach_and_shuffled_labels_do_not() {
        let (train, holdout, roles) = (table(600, 1), table(400, 2), roles());
        let mut shuffled = table(600, 3);
        let at = shuffled.columns.iter().position(|c| c.name == "died").unwrap();
        shuffled.columns[at].values.rotate_left(7);
        let figure = |synthetic: &Frame, name: &str| {
            let tables = tables([&train, &holdout, synthetic], &roles);
            figures(&tables).into_iter().find(|e| e.figure == name).unwrap().measured
        };
        let good = figure(&table(600, 4), "auroc_lost_logistic").unwrap();
        let bad = figure(&shuffled, "auroc_lost_logistic").unwrap();
        assert!(good.interval.unwrap().hi < bad.interval.unwrap().lo);
        assert!(figure(&train, "tstr_auroc_boosted_trees").unwrap().value > 0.7);
        assert_eq!(figure(&train, "auroc_lost_boosted_trees").unwrap().value, 0.0);
    }

    #[test]
    fn a_single_outcome_and_no_label_say_why() {
        let (train, with_label) = (table(100, 1), roles());
        let mut one = train.clone();
        one.columns.iter_mut().filter(|c| c.name == "died").for_each(|c| c.values.fill(0.0));
        let tables = |roles| tables([&train, &train, &one], roles);
        let why = figures(&tables(&with_label)).remove(0).measured.unwrap_err().reason;
        assert!(why.contains("lack the outcome"), "{why}");
        let without = Roles::default();
        assert_eq!(figures(&tables(&without)).remove(0).measured.unwrap_err().reason, "the data has no label");
    }
}

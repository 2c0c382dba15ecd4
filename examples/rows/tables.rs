//! Open tables as frames, as their cards describe them, and the figures that items share.

use dbf::data::frame::{Frame, FrameColumn, FrameKind};
use dbf::metrics::distance::quality::{Column, Thresholds, quality};
use dbf::metrics::ranking::auroc;
use dbf::metrics::resampling::{Lane, shuffle, stream};
use dbf::models::{Fitted, boosted_trees, logistic};
use serde_json::Value;
use std::fs::read_to_string;
use std::path::Path;

/// A table, what is predicted in it, and what may not predict it.
pub struct Open {
    pub frame: Frame,
    pub target: String,
    pub dropped: Vec<String>,
}

/// The table `name` of the folder `tables` in `data`; `bounds` are the ranges that a schema would declare for its
/// numbers, (name, least, largest, whole). None where the file is not there.
pub fn open(data: &Path, name: &str, bounds: &[(&str, f64, f64, bool)]) -> Option<Open> {
    let folder = data.join("tables");
    let card: Value = serde_json::from_str(&read_to_string(folder.join(format!("{name}.json"))).ok()?).ok()?;
    let text = read_to_string(folder.join(format!("{name}.csv"))).ok()?;
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next()?.split(',').collect();
    let rows: Vec<Vec<&str>> = lines.map(|l| l.split(',').collect()).collect();
    let words = |key: &str| -> Vec<String> {
        let list = card[key].as_array().into_iter().flatten();
        list.filter_map(|v| v.as_str().map(str::to_string)).collect()
    };
    let categories = words("categorical");
    let mut columns = Vec::new();
    for (i, name) in names.iter().enumerate() {
        let cells: Vec<&str> = rows.iter().map(|r| r.get(i).copied().unwrap_or("")).collect();
        let (kind, values) = if categories.iter().any(|c| c == name) {
            let mut levels: Vec<String> = cells.iter().map(|c| c.to_string()).collect();
            levels.sort();
            levels.dedup();
            let values = cells.iter().map(|c| levels.iter().position(|l| l == c).unwrap_or(0) as f64).collect();
            (FrameKind::Category { levels }, values)
        } else {
            let bounds = bounds.iter().find(|b| b.0 == *name);
            let (lo, hi, integer) = (bounds.map(|b| b.1), bounds.map(|b| b.2), bounds.is_some_and(|b| b.3));
            let values = cells.iter().map(|c| c.parse().unwrap_or(f64::NAN)).collect();
            (FrameKind::Number { lo, hi, integer }, values)
        };
        let values: Vec<f64> = values;
        columns.push(FrameColumn { name: name.to_string(), kind, nullable: values.iter().any(|x| x.is_nan()), values });
    }
    let frame = Frame { rows: rows.len(), columns };
    Some(Open { frame, target: card["target"].as_str()?.to_string(), dropped: words("drop_from_ml") })
}

impl Open {
    /// Three quarters and a quarter of the rows, each with the target's shares.
    pub fn split(&self, seed: u64) -> (Frame, Frame) {
        let y = self.frame.column(&self.target).map(|c| c.values.clone()).unwrap_or_default();
        let (mut train, mut test) = (Vec::new(), Vec::new());
        for level in [0.0, 1.0] {
            let mut rows: Vec<usize> = (0..self.frame.rows).filter(|i| y[*i] == level).collect();
            shuffle(&mut stream(seed, Lane::Draw, level as usize), &mut rows);
            let cut = (3 * rows.len()).div_ceil(4);
            train.extend_from_slice(&rows[..cut]);
            test.extend_from_slice(&rows[cut..]);
        }
        train.sort_unstable();
        test.sort_unstable();
        (self.frame.take(&train), self.frame.take(&test))
    }

    /// AUROC on `test` of a logistic regression and of boosted trees that were trained on `train`; none where one cannot
    /// be trained.
    pub fn aurocs(&self, train: &Frame, test: &Frame) -> Option<(f64, f64)> {
        let outcome = |f: &Frame| -> Vec<bool> {
            f.column(&self.target).map(|c| c.values.iter().map(|x| *x == 1.0).collect()).unwrap_or_default()
        };
        let features = |f: &Frame| Frame {
            rows: f.rows,
            columns: f
                .columns
                .iter()
                .filter(|c| c.name != self.target && !self.dropped.contains(&c.name))
                .cloned()
                .collect(),
        };
        let (x, y, z) = (features(train), outcome(train), features(test));
        let judge = |m: &dyn Fitted| Some(auroc(&m.predict(&z).ok()?, &outcome(test)).ok()?.value);
        let linear = logistic::fit(&x, &y, &logistic::Settings::default()).ok()?;
        let trees = boosted_trees::fit(&x, &y, &boosted_trees::Settings::default()).ok()?;
        Some((judge(&linear)?, judge(&trees)?))
    }

    /// The mean of the target in each of the first two levels of `group`.
    pub fn rates(&self, frame: &Frame, group: &str) -> Option<[f64; 2]> {
        let (g, y) = (frame.column(group)?, frame.column(&self.target)?);
        let mut sums = [[0.0; 2]; 2];
        for (g, y) in g.values.iter().zip(&y.values) {
            if let Some(sum) = sums.get_mut(*g as usize) {
                sum[0] += y;
                sum[1] += 1.0;
            }
        }
        Some(sums.map(|s| s[0] / s[1]))
    }
}

/// SDMetrics' quality of `drawn` beside `real`.
pub fn alike(real: &Frame, drawn: &Frame) -> Option<f64> {
    let both = real.stack(drawn);
    let first: Vec<bool> = (0..both.rows).map(|i| i < real.rows).collect();
    let code = |x: &f64| (!x.is_nan()).then_some(*x as u32);
    let columns: Vec<Column> = both
        .columns
        .iter()
        .map(|c| match c.kind {
            FrameKind::Number { .. } => Column::Numbers(&c.values),
            FrameKind::Category { .. } => Column::Categories(c.values.iter().map(code).collect()),
        })
        .collect();
    Some(quality(&columns, &first, Thresholds { correlation: 0.5, association: 0.3 }).ok()?.value)
}

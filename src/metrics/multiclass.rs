//! Metrics of hard answers among several classes, from one confusion table: rates by class and their
//! averages, Matthews' correlation, kappa. The binary metrics are the table of two classes.
//!
//! A rate whose denominator is 0 is set to 0 with a note that names the class, as scikit-learn does with
//! a warning; what a correlation or kappa of such a table would be is undefined.

use crate::eval::estimate::{Estimate, Measured, Undefined};
use crate::metrics::checks;
use crate::metrics::counts::Cells;

/// Weighted counts of rows by true and predicted class.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    k: usize,
    cells: Vec<f64>,
    /// Whether the class occurs among the outcomes or the predictions.
    present: Vec<bool>,
    rows: usize,
}

/// A rate of one class against the rest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rate {
    Precision,
    Recall,
    /// F-beta, (1 + b^2) TP / ((1 + b^2) TP + FP + b^2 FN).
    F(f64),
    Jaccard,
}

/// How rates of classes become one figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Average {
    /// The mean over the classes that occur.
    Macro,
    /// The mean over all declared classes.
    All,
    /// From the summed counts.
    Micro,
    /// The mean weighted by the rows of each class.
    Weighted,
}

impl Average {
    pub fn named(name: &str) -> Result<Average, Undefined> {
        let words = [
            ("macro", Average::Macro),
            ("all", Average::All),
            ("micro", Average::Micro),
            ("weighted", Average::Weighted),
        ];
        checks::word("an average", name, &words)
    }
}

/// The most classes that a table holds.
pub const MOST_CLASSES: usize = 4096;

/// What a disagreement of classes i and j costs in kappa.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    Plain,
    Linear,
    Quadratic,
}

impl Cost {
    pub fn named(name: &str) -> Result<Cost, Undefined> {
        let words = [("none", Cost::Plain), ("linear", Cost::Linear), ("quadratic", Cost::Quadratic)];
        checks::word("the weighting of kappa", name, &words)
    }

    fn of(self, i: usize, j: usize) -> f64 {
        let distance = i.abs_diff(j) as f64;
        match self {
            Cost::Plain => f64::from(u8::from(i != j)),
            Cost::Linear => distance,
            Cost::Quadratic => distance * distance,
        }
    }
}

/// Counts rows of `k` classes. Undefined for no rows, unequal lengths, a class outside 0..k, and
/// weights that are missing, negative or all 0.
pub fn table(yhat: &[u32], y: &[u32], k: usize, w: Option<&[f64]>) -> Result<Table, Undefined> {
    checks::same_length(("predictions", yhat.len()), ("outcomes", y.len()))?;
    checks::not_empty(y.len())?;
    checks::weights(w, y.len())?;
    if k > MOST_CLASSES {
        return Err(Undefined::new(format!("there are {k} classes, more than {MOST_CLASSES}")));
    }
    let mut out = Table { k, cells: vec![0.0; k * k], present: vec![false; k], rows: y.len() };
    for (row, (&a, &b)) in y.iter().zip(yhat).enumerate() {
        let (a, b) = (a as usize, b as usize);
        if a >= k || b >= k {
            return Err(Undefined::new(format!("row {} has no known class", row + 1)));
        }
        out.cells[a * k + b] += w.map_or(1.0, |w| w[row]);
        out.present[a] = true;
        out.present[b] = true;
    }
    Ok(out)
}

/// The table of two classes, `false` before `true`.
pub fn binary(yhat: &[bool], y: &[bool], w: Option<&[f64]>) -> Result<Table, Undefined> {
    let codes = |v: &[bool]| -> Vec<u32> { v.iter().map(|&b| u32::from(b)).collect() };
    table(&codes(yhat), &codes(y), 2, w)
}

/// The table of two classes from the cells of [`counts`](crate::metrics::counts).
pub fn of_cells(cells: Cells) -> Table {
    let [tn, fp, fn_, tp] = cells;
    let present = vec![tn + fp + fn_ > 0, fp + fn_ + tp > 0];
    let rows = cells.iter().sum::<u64>() as usize;
    Table { k: 2, cells: cells.iter().map(|c| *c as f64).collect(), present, rows }
}

fn ratio(a: f64, b: f64) -> Option<f64> {
    if b == 0.0 { None } else { Some(a / b) }
}

impl Table {
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Rows of true class `a` predicted as `b`.
    pub fn cell(&self, a: usize, b: usize) -> f64 {
        self.cells.get(a * self.k + b).copied().unwrap_or(0.0)
    }

    fn total(&self) -> f64 {
        self.cells.iter().sum()
    }

    /// Rows of a true class.
    pub fn support(&self, class: usize) -> f64 {
        (0..self.k).map(|b| self.cell(class, b)).sum()
    }

    fn predicted(&self, class: usize) -> f64 {
        (0..self.k).map(|a| self.cell(a, class)).sum()
    }

    fn hits(&self) -> f64 {
        (0..self.k).map(|c| self.cell(c, c)).sum()
    }

    /// The same shares in numbers whose products neither overflow nor vanish, for extreme weights.
    fn tame(&self) -> Table {
        let (total, most) = (self.total(), self.cells.iter().copied().fold(0.0, f64::max));
        let by = if (1e-60..1e60).contains(&total) { 1.0 } else { most };
        Table { cells: self.cells.iter().map(|c| c / by).collect(), ..self.clone() }
    }

    fn estimate(&self, value: f64) -> Estimate {
        Estimate::plain(value, self.rows)
    }

    pub fn accuracy(&self) -> Estimate {
        self.estimate(self.hits() / self.total())
    }

    /// The rate of one class; nothing where its denominator is 0.
    pub fn rate(&self, class: usize, rate: Rate) -> Option<f64> {
        Self::rate_of(self.cell(class, class), self.predicted(class), self.support(class), rate)
    }

    fn rate_of(tp: f64, predicted: f64, support: f64, rate: Rate) -> Option<f64> {
        match rate {
            Rate::Precision => ratio(tp, predicted),
            Rate::Recall => ratio(tp, support),
            Rate::Jaccard => ratio(tp, predicted + support - tp),
            Rate::F(beta) => {
                let b = beta * beta;
                ratio((1.0 + b) * tp, predicted + b * support)
            }
        }
    }

    /// The rate of a class, 0 with a note where its denominator is 0.
    pub fn rate_or_zero(&self, class: usize, rate: Rate, name: &str) -> Estimate {
        match self.rate(class, rate) {
            Some(v) => self.estimate(v),
            None => self.estimate(0.0).note(empty(rate, name)),
        }
    }

    /// The average of a rate over classes called `names`.
    pub fn average(&self, rate: Rate, average: Average, names: &[String]) -> Estimate {
        if average == Average::Micro {
            let value = Self::rate_of(self.hits(), self.total(), self.total(), rate).unwrap_or(0.0);
            return self.estimate(value);
        }
        let mut notes = Vec::new();
        let (mut sum, mut weights) = (0.0, 0.0);
        for class in 0..self.k {
            if average != Average::All && !self.present[class] {
                continue;
            }
            let weight = if average == Average::Weighted { self.support(class) } else { 1.0 };
            let value = self.rate(class, rate).unwrap_or_else(|| {
                notes.push(empty(rate, names.get(class).map_or("?", String::as_str)));
                0.0
            });
            sum += weight * value;
            weights += weight;
        }
        Estimate { notes, ..self.estimate(sum / weights) }
    }

    /// The mean recall of the classes that occur among the outcomes.
    pub fn balanced_accuracy(&self) -> Estimate {
        let recalls: Vec<f64> = (0..self.k).filter_map(|c| self.rate(c, Rate::Recall)).collect();
        let only_predicted = (0..self.k).any(|c| self.present[c] && self.support(c) == 0.0);
        let out = self.estimate(recalls.iter().sum::<f64>() / recalls.len() as f64);
        if only_predicted { out.note("a class is predicted that no row has") } else { out }
    }

    /// Matthews' correlation of predictions and outcomes for any number of classes (Gorodkin 2004);
    /// 0 with a note when one of them is constant.
    pub fn mcc(&self) -> Estimate {
        let table = self.tame();
        let n = table.total();
        let (mut tp, mut tt, mut pp) = (0.0, 0.0, 0.0);
        for class in 0..self.k {
            let (t, p) = (table.support(class), table.predicted(class));
            tp += t * p;
            tt += t * t;
            pp += p * p;
        }
        let spread = (n * n - tt) * (n * n - pp);
        if spread == 0.0 {
            return self.estimate(0.0).note("predictions or outcomes are constant");
        }
        self.estimate((table.hits() * n - tp) / spread.sqrt())
    }

    /// Cohen's kappa (1960), with costs of disagreement (1968). Undefined when chance alone leaves
    /// nothing to disagree about (a single class).
    pub fn kappa(&self, cost: Cost) -> Measured {
        let table = self.tame();
        let n = table.total();
        let (supports, predictions): (Vec<f64>, Vec<f64>) =
            (0..self.k).map(|c| (table.support(c), table.predicted(c))).unzip();
        let (mut seen, mut expected) = (0.0, 0.0);
        for (a, support) in supports.iter().enumerate() {
            for (b, predicted) in predictions.iter().enumerate() {
                seen += cost.of(a, b) * table.cell(a, b);
                expected += cost.of(a, b) * support * predicted / n;
            }
        }
        if expected == 0.0 {
            return Err(Undefined::new("both sides have one and the same class only, so chance agrees fully"));
        }
        Ok(self.estimate(1.0 - seen / expected))
    }
}

fn empty(rate: Rate, class: &str) -> String {
    match rate {
        Rate::Precision => format!("set to 0 for `{class}`: it is never predicted"),
        Rate::Recall => format!("set to 0 for `{class}`: no row has it"),
        _ => format!("set to 0 for `{class}`: it is neither predicted nor had by any row"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extreme_weights_change_no_rate() {
        let (y, yhat) = ([false, true, true, false, true, false], [false, true, false, true, true, false]);
        let of = |w: f64| binary(&yhat, &y, Some(&[w; 6])).unwrap();
        for w in [1e-300, 1e-100, 1.0, 1e100, 1e300] {
            assert!((of(w).mcc().value - 1.0 / 3.0).abs() < 1e-12);
            assert!((of(w).kappa(Cost::Plain).unwrap().value - 1.0 / 3.0).abs() < 1e-12);
            assert!((of(w).accuracy().value - 2.0 / 3.0).abs() < 1e-12);
        }
        assert!(binary(&yhat, &y, Some(&[1e308; 6])).is_err());
    }
}

//! Weighted threshold curves: ROC, precision and recall, the areas under them, partial areas, and the
//! one-against-rest and one-against-one areas of several classes.
//!
//! Rows of weight 0 are left out; equal scores are one threshold.

use crate::eval::estimate::{Estimate, Measured, Undefined};
use crate::metrics::checks;

/// Weights above each threshold, from the highest threshold down.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    pub thresholds: Vec<f64>,
    pub true_positives: Vec<f64>,
    pub false_positives: Vec<f64>,
}

/// A ROC curve; rates are NaN where a class is absent.
#[derive(Debug, Clone, PartialEq)]
pub struct Roc {
    /// Infinite first: nothing is called positive.
    pub thresholds: Vec<f64>,
    pub fpr: Vec<f64>,
    pub tpr: Vec<f64>,
}

/// A precision-recall curve, thresholds rising; one point more than thresholds: recall 0, precision 1.
#[derive(Debug, Clone, PartialEq)]
pub struct PrecisionRecall {
    pub thresholds: Vec<f64>,
    pub precision: Vec<f64>,
    pub recall: Vec<f64>,
}

impl Curve {
    /// Sorts the rows. Undefined for no rows, unequal lengths, missing or infinite scores and weights
    /// that are missing, negative or all 0.
    pub fn new(p: &[f64], y: &[bool], w: Option<&[f64]>) -> Result<Curve, Undefined> {
        checks::same_length(("scores", p.len()), ("outcomes", y.len()))?;
        checks::not_empty(y.len())?;
        checks::finite("score", p)?;
        checks::weights(w, y.len())?;
        let weight = |row: usize| w.map_or(1.0, |w| w[row]);
        let mut order: Vec<(f64, usize)> = p.iter().copied().zip(0..).filter(|r| weight(r.1) > 0.0).collect();
        order.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut out = Curve { thresholds: Vec::new(), true_positives: Vec::new(), false_positives: Vec::new() };
        let (mut tp, mut fp) = (0.0, 0.0);
        for tie in order.chunk_by(|a, b| a.0 == b.0) {
            for &(_, row) in tie {
                *(if y[row] { &mut tp } else { &mut fp }) += weight(row);
            }
            out.thresholds.push(tie[0].0);
            out.true_positives.push(tp);
            out.false_positives.push(fp);
        }
        Ok(out)
    }

    fn positives(&self) -> f64 {
        self.true_positives.last().copied().unwrap_or(0.0)
    }

    fn negatives(&self) -> f64 {
        self.false_positives.last().copied().unwrap_or(0.0)
    }

    /// The ROC curve with every threshold (Fawcett 2006).
    pub fn roc(&self) -> Roc {
        let from = |start: f64, x: &[f64]| std::iter::once(start).chain(x.iter().copied()).collect::<Vec<_>>();
        let rate = |x: &[f64], n: f64| from(0.0, x).into_iter().map(|v| v / n).collect();
        Roc {
            thresholds: from(f64::INFINITY, &self.thresholds),
            fpr: rate(&self.false_positives, self.negatives()),
            tpr: rate(&self.true_positives, self.positives()),
        }
    }

    /// The precision-recall curve with every threshold; recall is 1 where no row is positive.
    pub fn precision_recall(&self) -> PrecisionRecall {
        let n = self.positives();
        let mut out = PrecisionRecall { thresholds: Vec::new(), precision: Vec::new(), recall: Vec::new() };
        for i in (0..self.thresholds.len()).rev() {
            let tp = self.true_positives[i];
            out.thresholds.push(self.thresholds[i]);
            out.precision.push(tp / (tp + self.false_positives[i]));
            out.recall.push(if n == 0.0 { 1.0 } else { tp / n });
        }
        out.precision.push(1.0);
        out.recall.push(0.0);
        out
    }

    /// The area under the ROC curve. Undefined when one class is absent.
    pub fn area(&self) -> Result<f64, Undefined> {
        self.both_classes()?;
        let (positives, negatives) = (self.positives(), self.negatives());
        // Products of extreme weights would overflow or vanish.
        let tame = (1e-60..1e60).contains(&(positives * negatives));
        let (by_p, by_n) = if tame { (1.0, 1.0) } else { (positives, negatives) };
        let mut area = 0.0;
        let (mut x, mut y) = (0.0, 0.0);
        for (&fp, &tp) in self.false_positives.iter().zip(&self.true_positives) {
            area += (fp - x) / by_n * ((tp + y) / by_p) / 2.0;
            (x, y) = (fp, tp);
        }
        Ok(if tame { area / positives / negatives } else { area })
    }

    fn both_classes(&self) -> Result<(), Undefined> {
        if self.positives() == 0.0 {
            return Err(Undefined::new("no row has the outcome, so there is nothing to rank above"));
        }
        if self.negatives() == 0.0 {
            return Err(Undefined::new("every row has the outcome, so there is nothing to rank below"));
        }
        Ok(())
    }

    /// The area up to a false-positive rate, scaled so that chance is 1/2 and a perfect ranking 1
    /// (McClish 1989).
    pub fn partial_area(&self, most: f64) -> Result<f64, Undefined> {
        if !(most > 0.0 && most <= 1.0) {
            return Err(Undefined::new(format!("the largest false-positive rate is {most}, not in 0 to 1")));
        }
        self.both_classes()?;
        if most == 1.0 {
            return self.area();
        }
        let roc = self.roc();
        let (mut area, mut x, mut y) = (0.0, 0.0, 0.0);
        for (&fpr, &tpr) in roc.fpr.iter().zip(&roc.tpr) {
            if fpr > most {
                let cut = y + (tpr - y) * (most - x) / (fpr - x);
                area += (most - x) * (cut + y) / 2.0;
                break;
            }
            area += (fpr - x) * (tpr + y) / 2.0;
            (x, y) = (fpr, tpr);
        }
        let least = most * most / 2.0;
        Ok(0.5 * (1.0 + (area - least) / (most - least)))
    }

    /// Average precision: precision at each threshold weighted by the recall it adds, not interpolated.
    /// Nothing when no row is positive.
    pub fn average_precision(&self) -> Option<f64> {
        let n = self.positives();
        if n == 0.0 {
            return None;
        }
        let (mut area, mut before) = (0.0, 0.0);
        for (&tp, &fp) in self.true_positives.iter().zip(&self.false_positives) {
            if tp > before {
                area += (tp - before) / n * (tp / (tp + fp));
                before = tp;
            }
        }
        Some(area)
    }
}

/// How several classes are set against each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Each class against the rest.
    Rest,
    /// Each pair of classes (Hand and Till 2001).
    Pairs,
}

/// AUROC of class probabilities, one column a class. `weighted` weighs classes (or pairs) by their rows,
/// otherwise all count alike; row weights apply to [`Scheme::Rest`] only, as in scikit-learn.
///
/// Undefined for fewer than three classes, columns of other lengths, rows that do not add up to 1, a class without rows (with
/// [`Scheme::Rest`] and no weighting) and a single class among the outcomes.
pub fn multiclass_auroc(p: &[&[f64]], y: &[u32], scheme: Scheme, weighted: bool, w: Option<&[f64]>) -> Measured {
    check_classes(p, y)?;
    if p.len() < 3 {
        return Err(Undefined::new("with two classes the plain AUROC is meant: give the probability of one"));
    }
    checks::weights(w, y.len())?;
    let off = |row: usize| {
        let total: f64 = p.iter().map(|c| c[row]).sum();
        (1.0 - total).abs() > 1e-8 + 1e-5 * total
    };
    if let Some(row) = (0..y.len()).find(|&row| off(row)) {
        return Err(Undefined::new(format!("the probabilities in row {} do not add up to 1", row + 1)));
    }
    let (mut sum, mut weights) = (0.0, 0.0);
    let mut add = |area: f64, weight: f64| {
        sum += area * weight;
        weights += weight;
    };
    match scheme {
        Scheme::Rest => {
            for (class, column) in p.iter().enumerate() {
                let is: Vec<bool> = y.iter().map(|&c| c as usize == class).collect();
                let support = is.iter().enumerate().filter(|(_, i)| **i).map(|(r, _)| w.map_or(1.0, |w| w[r])).sum();
                if weighted && support == 0.0 {
                    continue;
                }
                add(Curve::new(column, &is, w)?.area()?, if weighted { support } else { 1.0 });
            }
        }
        Scheme::Pairs => {
            for (a, of_a) in p.iter().enumerate() {
                for (b, of_b) in p.iter().enumerate().skip(a + 1) {
                    let rows: Vec<usize> = (0..y.len()).filter(|&r| [a, b].contains(&(y[r] as usize))).collect();
                    let is_a: Vec<bool> = rows.iter().map(|&r| y[r] as usize == a).collect();
                    if !is_a.contains(&true) || !is_a.contains(&false) {
                        continue;
                    }
                    let is_b: Vec<bool> = is_a.iter().map(|v| !v).collect();
                    let take = |x: &[f64]| -> Vec<f64> { rows.iter().map(|&r| x[r]).collect() };
                    let first = Curve::new(&take(of_a), &is_a, None)?.area()?;
                    let second = Curve::new(&take(of_b), &is_b, None)?.area()?;
                    add((first + second) / 2.0, if weighted { rows.len() as f64 } else { 1.0 });
                }
            }
        }
    }
    if weights == 0.0 {
        return Err(Undefined::new("the outcomes have a single class, so there is nothing to rank"));
    }
    Ok(Estimate::plain(sum / weights, y.len()))
}

/// Class probabilities, one column a class: same lengths, each in 0..1, classes known.
pub(crate) fn check_classes(p: &[&[f64]], y: &[u32]) -> Result<(), Undefined> {
    checks::not_empty(y.len())?;
    for column in p {
        checks::same_length(("probabilities", column.len()), ("outcomes", y.len()))?;
        checks::probabilities(column)?;
    }
    match y.iter().position(|&c| c as usize >= p.len()) {
        Some(row) => Err(Undefined::new(format!("row {} has a class without a column of probabilities", row + 1))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extreme_weights_change_no_area() {
        let (p, y) = ([0.1, 0.9, 0.4, 0.6, 0.8, 0.2], [false, true, true, false, true, false]);
        for w in [1e-300, 1.0, 1e300] {
            let area = Curve::new(&p, &y, Some(&[w; 6])).unwrap().area().unwrap();
            assert!((area - 8.0 / 9.0).abs() < 1e-12, "{w}: {area}");
        }
    }
}

//! Rates of groups and how far they lie apart: between groups or from the overall rate, as difference,
//! ratio or log ratio; parity, opportunity and odds.
//!
//! A group without rows (or without weight) does not count. A true- or false-positive rate of a group
//! without such rows is set to 0, as in Fairlearn, and a note names the group.

use super::rows_by_group;
use crate::eval::estimate::{Estimate, Measured, Part, Undefined};
use crate::eval::held::GroupCodes;
use crate::metrics::checks;
use crate::metrics::counts;
use crate::metrics::inference;

/// What a group is measured by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupRate {
    Selection,
    TruePositive,
    FalsePositive,
    FalseNegative,
    TrueNegative,
    Accuracy,
    Precision,
    /// The number of rows.
    Count,
}

impl GroupRate {
    pub fn named(name: &str) -> Result<GroupRate, Undefined> {
        checks::word(
            "a rate",
            name,
            &[
                ("selection_rate", GroupRate::Selection),
                ("true_positive_rate", GroupRate::TruePositive),
                ("false_positive_rate", GroupRate::FalsePositive),
                ("false_negative_rate", GroupRate::FalseNegative),
                ("true_negative_rate", GroupRate::TrueNegative),
                ("accuracy", GroupRate::Accuracy),
                ("precision", GroupRate::Precision),
                ("count", GroupRate::Count),
            ],
        )
    }
}

/// Against what the groups are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    BetweenGroups,
    ToOverall,
}

impl Method {
    pub fn named(name: &str) -> Result<Method, Undefined> {
        let words = [("between_groups", Method::BetweenGroups), ("to_overall", Method::ToOverall)];
        checks::word("the comparison", name, &words)
    }
}

/// How rates are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    /// Largest less smallest, or the largest distance from the overall rate.
    Difference,
    /// Smallest by largest, or the ratio to the overall rate that lies farthest below 1.
    Ratio,
    /// The natural log of largest by smallest (overall: the largest absolute log ratio).
    LogRatio,
}

/// What is said when only one group has rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lone {
    /// There is nothing to compare.
    Refuse,
    /// A difference of 0, a ratio of 1, with a note (Fairlearn).
    Keep,
}

impl Lone {
    pub fn named(name: &str) -> Result<Lone, Undefined> {
        checks::word("a lone group", name, &[("refuse", Lone::Refuse), ("keep", Lone::Keep)])
    }
}

/// A rate of every group and of all rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Rates {
    pub parts: Vec<Part>,
    pub overall: f64,
    pub rows: usize,
    pub notes: Vec<String>,
}

#[derive(Default, Clone, Copy)]
struct Cells {
    tp: f64,
    fp: f64,
    fn_: f64,
    tn: f64,
    rows: usize,
}

impl Cells {
    fn fraction(&self, rate: GroupRate) -> (f64, f64) {
        let (p, n) = (self.tp + self.fn_, self.fp + self.tn);
        match rate {
            GroupRate::Selection => (self.tp + self.fp, p + n),
            GroupRate::TruePositive => (self.tp, p),
            GroupRate::FalsePositive => (self.fp, n),
            GroupRate::FalseNegative => (self.fn_, p),
            GroupRate::TrueNegative => (self.tn, n),
            GroupRate::Accuracy => (self.tp + self.tn, p + n),
            GroupRate::Precision => (self.tp, self.tp + self.fp),
            GroupRate::Count => (self.rows as f64, 1.0),
        }
    }
}

/// The rate of every group. Undefined for no rows, unequal lengths, a row without group and weights that
/// are missing, negative or all 0; rates other than the selection rate and the count also for a group
/// whose weights are all 0.
pub fn rates(
    yhat: &[bool],
    y: &[bool],
    (codes, names): (&[u32], &[String]),
    rate: GroupRate,
    w: Option<&[f64]>,
) -> Result<Rates, Undefined> {
    let Some(weights) = w else {
        let cells = counts::by_group(&yhat.into(), &y.into(), GroupCodes::Words(codes), names.len())?;
        return counted(&cells, names, rate, inference::LEVEL);
    };
    checks::same_length(("predictions", yhat.len()), ("outcomes", y.len()))?;
    checks::same_length(("predictions", yhat.len()), ("groups", codes.len()))?;
    checks::not_empty(yhat.len())?;
    checks::weights(w, yhat.len())?;
    let mut groups = vec![Cells::default(); names.len()];
    for (row, ((&s, &o), weight)) in yhat.iter().zip(y).zip(weights).enumerate() {
        let group = groups.get_mut(codes[row] as usize);
        let group = group.ok_or_else(|| Undefined::new(format!("row {} belongs to no known group", row + 1)))?;
        *match (s, o) {
            (true, true) => &mut group.tp,
            (true, false) => &mut group.fp,
            (false, true) => &mut group.fn_,
            (false, false) => &mut group.tn,
        } += weight;
        group.rows += 1;
    }
    of_cells(&groups, names, rate)
}

/// The same of rows that count alike, from their cells by group; the parts have Wilson's intervals.
pub fn counted(cells: &[counts::Cells], names: &[String], rate: GroupRate, level: f64) -> Result<Rates, Undefined> {
    let number = |[tn, fp, fn_, tp]: &counts::Cells| Cells {
        tp: *tp as f64,
        fp: *fp as f64,
        fn_: *fn_ as f64,
        tn: *tn as f64,
        rows: (tn + fp + fn_ + tp) as usize,
    };
    let cells: Vec<Cells> = cells.iter().map(number).collect();
    let mut out = of_cells(&cells, names, rate)?;
    if rate != GroupRate::Count {
        for (part, cells) in out.parts.iter_mut().zip(&cells) {
            let (a, b) = cells.fraction(rate);
            part.interval = inference::wilson(a as u64, b as u64, level);
        }
    }
    Ok(out)
}

fn of_cells(groups: &[Cells], names: &[String], rate: GroupRate) -> Result<Rates, Undefined> {
    let mut all = Cells::default();
    for group in groups {
        all.tp += group.tp;
        all.fp += group.fp;
        all.fn_ += group.fn_;
        all.tn += group.tn;
        all.rows += group.rows;
    }
    let mut notes = Vec::new();
    let mut parts = Vec::new();
    for (cells, name) in groups.iter().zip(names) {
        let (a, b) = cells.fraction(rate);
        let weightless = cells.tp + cells.fp + cells.fn_ + cells.tn == 0.0;
        let value = match rate {
            _ if cells.rows == 0 => None,
            GroupRate::Selection if weightless => None,
            _ if weightless && rate != GroupRate::Count => {
                return Err(Undefined::new(format!("every weight of the group `{name}` is 0")));
            }
            _ if b == 0.0 => {
                notes.push(format!("set to 0 for `{name}`: it has no such rows"));
                Some(0.0)
            }
            _ => Some(a / b),
        };
        parts.push(Part { group: name.clone(), value, interval: None, n: cells.rows.into() });
    }
    let (a, b) = all.fraction(rate);
    Ok(Rates { parts, overall: if b == 0.0 { 0.0 } else { a / b }, rows: all.rows, notes })
}

/// The weighted mean of a number in every group and overall. Undefined as [`rates`] is, and for numbers
/// that are missing or infinite.
pub fn means(x: &[f64], (codes, names): (&[u32], &[String]), w: Option<&[f64]>) -> Result<Rates, Undefined> {
    checks::same_length(("numbers", x.len()), ("groups", codes.len()))?;
    checks::not_empty(x.len())?;
    checks::finite("number", x)?;
    checks::weights(w, x.len())?;
    let mut parts = Vec::new();
    for (rows, name) in rows_by_group(codes, names)?.iter().zip(names) {
        let own: Vec<f64> = rows.iter().map(|&r| x[r]).collect();
        let weights: Option<Vec<f64>> = w.map(|w| rows.iter().map(|&r| w[r]).collect());
        let value = checks::weighted_mean(&own, weights.as_deref());
        let value = if value.is_finite() { Some(value) } else { None };
        parts.push(Part { group: name.clone(), value, interval: None, n: rows.len().into() });
    }
    Ok(Rates { parts, overall: checks::weighted_mean(x, w), rows: x.len(), notes: Vec::new() })
}

impl Rates {
    /// The rates as a figure: the overall rate, the groups as parts.
    pub fn estimate(self) -> Estimate {
        let out = Estimate::plain(self.overall, self.rows);
        Estimate { parts: self.parts, notes: self.notes, ..out }
    }

    /// How far the groups lie apart. Undefined when fewer than two groups have a rate (unless kept) and
    /// for a ratio of zeros.
    pub fn compare(self, compare: Compare, method: Method, lone: Lone) -> Measured {
        let values: Vec<f64> = self.parts.iter().filter_map(|p| p.value).collect();
        let mut notes = self.notes.clone();
        match values.len() {
            0 => return Err(Undefined::new("no group has a rate")),
            1 => {
                let only = self.parts.iter().find(|p| p.value.is_some()).map_or("", |p| p.group.as_str());
                let why = format!("only the group `{only}` has rows, so there is nothing to compare");
                if lone == Lone::Refuse {
                    return Err(Undefined::new(why));
                }
                notes.push(why);
            }
            _ => {}
        }
        let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let to_overall = |f: &dyn Fn(f64) -> f64| values.iter().map(|&v| f(v)).collect::<Vec<_>>();
        let value = match (compare, method) {
            (Compare::Difference, Method::BetweenGroups) => most - least,
            (Compare::Difference, Method::ToOverall) => {
                to_overall(&|v| (v - self.overall).abs()).into_iter().fold(0.0, f64::max)
            }
            (Compare::Ratio, Method::BetweenGroups) => least / most,
            (Compare::Ratio, Method::ToOverall) => {
                let below_one = |v: f64| if v > 1.0 { 1.0 / v } else { v };
                to_overall(&|v| below_one(v / self.overall)).into_iter().fold(f64::NAN, f64::min)
            }
            (Compare::LogRatio, Method::BetweenGroups) => (most / least).ln(),
            (Compare::LogRatio, Method::ToOverall) => {
                to_overall(&|v| (v / self.overall).ln().abs()).into_iter().fold(0.0, f64::max)
            }
        };
        if !value.is_finite() {
            return Err(Undefined::new("a rate of 0 stands under the ratio"));
        }
        Ok(Estimate { parts: self.parts, notes, ..Estimate::plain(value, self.rows) })
    }
}

/// How the two rates of equalized odds become one figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Odds {
    /// The worse of the two.
    WorstCase,
    Mean,
}

impl Odds {
    pub fn named(name: &str) -> Result<Odds, Undefined> {
        checks::word("the aggregate", name, &[("worst_case", Odds::WorstCase), ("mean", Odds::Mean)])
    }
}

/// Equalized odds (Hardt et al. 2016): the comparison of the true- and of the false-positive rates, the
/// worse or their mean. Parts: both comparisons. A ratio of zeros does not count in the mean unless both are.
/// The worst ratio is that of the true-positive rates where no group has a false positive, and undefined
/// where no group has a true positive: who finds nobody has no equal opportunity (Fairlearn 0.15).
pub fn equalized_odds(
    yhat: &[bool],
    y: &[bool],
    groups: (&[u32], &[String]),
    (compare, method, lone): (Compare, Method, Lone),
    odds: Odds,
    w: Option<&[f64]>,
) -> Measured {
    let one = |rate| rates(yhat, y, groups, rate, w).map(|r| r.compare(compare, method, lone));
    both_odds(one(GroupRate::TruePositive)?, one(GroupRate::FalsePositive)?, compare, odds, yhat.len())
}

/// The same of rows that count alike, from their cells by group.
pub fn counted_odds(
    cells: &[counts::Cells],
    names: &[String],
    (compare, method, lone): (Compare, Method, Lone),
    odds: Odds,
) -> Measured {
    let one = |rate| counted(cells, names, rate, inference::LEVEL).map(|r| r.compare(compare, method, lone));
    let rows = cells.iter().flatten().sum::<u64>() as usize;
    both_odds(one(GroupRate::TruePositive)?, one(GroupRate::FalsePositive)?, compare, odds, rows)
}

fn both_odds(tpr: Measured, fpr: Measured, compare: Compare, odds: Odds, rows: usize) -> Measured {
    let mut out = Estimate::plain(0.0, rows);
    let mut values = Vec::new();
    let mut refusal = None;
    for (name, found) in [("true_positive_rate", tpr), ("false_positive_rate", fpr)] {
        match found {
            Ok(e) => {
                values.push(e.value);
                out = out.with(name, e.value);
                out.notes.extend(e.notes.into_iter().map(|n| format!("{name} {n}")));
            }
            Err(why) if name == "true_positive_rate" && odds == Odds::WorstCase => return Err(why),
            Err(why) => refusal = Some(why),
        }
    }
    if let (true, Some(why)) = (values.is_empty(), refusal) {
        return Err(why);
    }
    out.value = match (odds, compare) {
        (Odds::Mean, _) => inference::sum(&values) / values.len() as f64,
        (Odds::WorstCase, Compare::Ratio) => values.into_iter().fold(f64::INFINITY, f64::min),
        (Odds::WorstCase, _) => values.into_iter().fold(0.0, f64::max),
    };
    Ok(out)
}

/// Largest less smallest value of a metric taken by group; groups without a value get a note.
pub fn gap_of<F>(groups: (&[u32], &[String]), rows: usize, metric: F) -> Measured
where
    F: FnMut(&[usize]) -> Measured,
{
    checks::same_length(("rows", rows), ("groups", groups.0.len()))?;
    let parts = super::by_group(groups.0, groups.1, metric)?;
    if parts.iter().filter(|p| p.value.is_some()).count() < 2 {
        return Err(Undefined::new("a difference between groups needs two groups with a figure"));
    }
    let value = super::gap(&parts).ok_or_else(|| Undefined::new("no group has a figure"))?;
    let silent = parts.iter().filter(|p| !p.n.is_zero() && p.value.is_none());
    let notes = silent.map(|p| format!("the group `{}` has no figure and does not count", p.group)).collect();
    Ok(Estimate { parts, notes, ..Estimate::plain(value, rows) })
}

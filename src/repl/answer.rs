//! Answers, for people and for machines.

use crate::data::Column;
use crate::eval::aggregate::{mean, quantile};
use crate::eval::count::Count;
use crate::eval::estimate::Measured;
use crate::eval::value::{Out, Value};
use crate::eval::view::cell;
use crate::policy::cells::{Mark, is_small, one_way};
use crate::policy::telling::count_as;
use serde_json::json;

/// What a session says.
#[derive(Debug, Clone)]
pub enum Answer {
    /// A number with its uncertainty, or why there is none.
    Figure {
        formula: String,
        measured: Measured,
        unit: Option<String>,
    },
    /// A figure of patients that would tell a small count.
    Withheld {
        formula: String,
        says: &'static str,
    },
    Value(Value),
    Rows(Summary),
    Defined(String),
}

/// A column in a few lines.
#[derive(Debug, Clone)]
pub struct Summary {
    pub ty: String,
    pub rows: Count,
    pub missing: Count,
    /// Rows of each level, in order.
    pub counts: Vec<(String, Count)>,
    /// Name and figure, in order: quartiles of numbers.
    pub lines: Vec<(String, f64)>,
    pub first: Vec<Value>,
    pub undefined: Option<String>,
    /// Whether values of single people are left out: the data is phi.
    pub withheld: bool,
}

impl Summary {
    /// Without the values of single people and without small counts, when `withheld`.
    pub fn withholding(self, withheld: bool) -> Summary {
        if !withheld || self.undefined.is_some() {
            return self;
        }
        let number = |n: Count| n.shown().unwrap_or(0);
        let (rows, missing) = (number(self.rows), number(self.missing));
        let few = is_small(rows.saturating_sub(missing));
        let lines = self.lines.into_iter().filter(|(name, _)| !few && !ENDS.contains(&name.as_str())).collect();
        // The levels and what is missing add up to the rows.
        let mut all: Vec<usize> = self.counts.iter().map(|(_, n)| number(*n)).collect();
        let levels = all.len();
        all.push(if levels == 0 { rows.saturating_sub(missing) } else { 0 });
        all.push(missing);
        let marks = one_way(&all);
        let counts = self.counts.into_iter().zip(&marks).map(|((name, n), mark)| (name, count_as(number(n), *mark)));
        Summary {
            rows: if is_small(rows) { Count::Few } else { Count::Rows(rows) },
            missing: count_as(missing, marks.last().copied().unwrap_or(Mark::Shown)),
            counts: counts.collect(),
            lines,
            first: Vec::new(),
            withheld,
            ..self
        }
    }

    pub fn of(out: &Out, ty: String) -> Summary {
        let column = match out {
            Out::Rows(column) => column,
            Out::One(value) => {
                let undefined = match value {
                    Value::Undefined(why) => Some(why.reason.clone()),
                    _ => None,
                };
                return Summary {
                    ty,
                    rows: 1.into(),
                    missing: 0.into(),
                    counts: Vec::new(),
                    lines: Vec::new(),
                    first: vec![value.clone()],
                    undefined,
                    withheld: false,
                };
            }
        };
        let (mut counts, mut lines) = (Vec::new(), Vec::new());
        match column {
            Column::Bool(flags) => {
                counts.push(("true".into(), flags.true_count().into()));
                counts.push(("false".into(), flags.false_count().into()));
            }
            Column::Level(codes, levels) => {
                for (code, name) in levels.names.iter().enumerate() {
                    let n = codes.iter().flatten().filter(|c| *c as usize == code).count();
                    counts.push((name.clone(), n.into()));
                }
            }
            Column::Number(_) => {
                let mut x: Vec<f64> = column.as_f64().into_iter().filter(|v| !v.is_nan()).collect();
                x.sort_by(f64::total_cmp);
                for (name, q) in [("min", 0.0), ("25%", 0.25), ("median", 0.5), ("75%", 0.75), ("max", 1.0)] {
                    if let Some(v) = quantile(&x, q) {
                        lines.push((name.into(), v));
                    }
                }
                if let Some(v) = mean(&x) {
                    lines.push(("mean".into(), v));
                }
            }
            Column::Text(_) | Column::Date(_) => {}
        }
        Summary {
            ty,
            rows: column.len().into(),
            missing: column.missing().into(),
            counts,
            lines,
            first: (0..column.len().min(5)).map(|r| cell(column, r)).collect(),
            undefined: None,
            withheld: false,
        }
    }
}

/// Figures of a summary that are one person's value.
const ENDS: [&str; 2] = ["min", "max"];

/// Six significant digits; what is smaller than a millionth with its power of ten.
pub fn figure(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    if value.abs() < 1e-6 {
        let text = format!("{value:.5e}");
        let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
        return format!("{}e{power}", digits.trim_end_matches('0').trim_end_matches('.'));
    }
    let digits = (5 - value.abs().log10().floor() as i32).clamp(0, 12) as usize;
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
}

impl Answer {
    /// For a terminal.
    pub fn to_text(&self) -> String {
        match self {
            Answer::Defined(name) => format!("defined {name}"),
            Answer::Withheld { says, .. } => (*says).to_string(),
            Answer::Value(value) => value.to_string(),
            Answer::Rows(summary) => summary.to_text(),
            Answer::Figure { measured: Err(why), .. } => format!("undefined: {}", why.reason),
            Answer::Figure { measured: Ok(e), unit, .. } => {
                let unit = unit.as_ref().map_or(String::new(), |u| format!(" '{u}'"));
                let mut out = format!("{}{unit}", figure(e.value));
                if let Some(i) = &e.interval {
                    out.push_str(&format!(
                        "   {}% interval {} to {} ({})",
                        figure(i.level * 100.0),
                        figure(i.lo),
                        figure(i.hi),
                        i.method
                    ));
                }
                if e.n > 0 {
                    out.push_str(&format!("   n = {}", e.n));
                }
                if let Some(floor) = e.noise_floor {
                    out.push_str(&format!("   noise floor {}", figure(floor)));
                }
                let wide = e.parts.iter().map(|p| p.group.chars().count()).max().unwrap_or(0).max(12);
                for part in &e.parts {
                    let nothing = if part.n.is_zero() { "no rows" } else { "no figure" };
                    let value = part.value.map_or(nothing.into(), figure);
                    out.push_str(&format!("\n  {:<wide$} {value}", part.group));
                    if let Some(i) = &part.interval {
                        out.push_str(&format!("   {}% {} to {}", figure(i.level * 100.0), figure(i.lo), figure(i.hi)));
                    }
                    if !part.n.is_zero() {
                        out.push_str(&format!("   n = {}", part.n));
                    }
                }
                for note in &e.notes {
                    out.push_str(&format!("\n  note: {note}"));
                }
                out
            }
        }
    }

    /// For a machine.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Answer::Defined(name) => json!({ "defined": name }),
            Answer::Withheld { formula, says } => json!({ "formula": formula, "value": null, "withheld": says }),
            Answer::Value(value) => json!({ "value": value.to_json() }),
            Answer::Figure { formula, measured: Err(why), .. } => {
                json!({ "formula": formula, "value": null, "undefined": why.reason })
            }
            Answer::Figure { formula, measured: Ok(e), unit } => {
                let mut out = json!({ "formula": formula, "unit": unit });
                if let (Ok(serde_json::Value::Object(fields)), Some(target)) =
                    (serde_json::to_value(e), out.as_object_mut())
                {
                    target.extend(fields);
                }
                out
            }
            Answer::Rows(s) => json!({
                "type": s.ty,
                "rows": s.rows,
                "missing": s.missing,
                "summary": s.summary(),
                "first": s.first.iter().map(Value::to_json).collect::<Vec<_>>(),
                "undefined": s.undefined,
                "withheld": s.withheld.then_some(WITHHELD),
            }),
        }
    }
}

/// Why values are left out.
const WITHHELD: &str = "single values are not shown: the data is phi";

impl Summary {
    /// Counts and figures by name.
    fn summary(&self) -> serde_json::Map<String, serde_json::Value> {
        // As figures, whole counts have always been written with a point.
        let count = |c: &Count| c.shown().map_or_else(|| json!(c), |n| json!(n as f64));
        let counts = self.counts.iter().map(|(name, c)| (name.clone(), count(c)));
        counts.chain(self.lines.iter().map(|(name, v)| (name.clone(), json!(v)))).collect()
    }

    fn to_text(&self) -> String {
        if let Some(why) = &self.undefined {
            return format!("undefined: {why}");
        }
        let mut out = format!("{}, one value per row: {} rows, {} missing", self.ty, self.rows, self.missing);
        for (name, count) in &self.counts {
            out.push_str(&format!("\n  {name:<20} {count}"));
        }
        for (name, value) in &self.lines {
            out.push_str(&format!("\n  {name:<20} {}", figure(*value)));
        }
        if self.withheld {
            out.push_str(&format!("\n  {WITHHELD}"));
            return out;
        }
        let first: Vec<String> = self.first.iter().map(Value::to_string).collect();
        out.push_str(&format!("\n  first: {}", first.join(", ")));
        out
    }
}

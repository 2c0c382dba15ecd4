//! Reads fixture files, asks a family for each figure and compares it with the peer's.

use super::families;
use dbf::builtins::kernels;
use dbf::eval::estimate::{Estimate, Undefined};
use dbf::eval::{KernelArg, KernelArgs};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// What our side answers.
#[derive(Debug, Clone)]
pub enum Got {
    Number(f64),
    Text(String),
    Flag(bool),
    List(Vec<Got>),
    Fields(BTreeMap<String, Got>),
    /// No value, and why.
    Refused(String),
}

pub type Answer = Result<Got, Undefined>;

impl From<f64> for Got {
    fn from(v: f64) -> Got {
        Got::Number(v)
    }
}

impl From<Option<f64>> for Got {
    fn from(v: Option<f64>) -> Got {
        v.map_or_else(|| Got::Refused("no value".into()), Got::Number)
    }
}

impl<T: Into<Got>> From<Vec<T>> for Got {
    fn from(v: Vec<T>) -> Got {
        Got::List(v.into_iter().map(Into::into).collect())
    }
}

impl From<&str> for Got {
    fn from(v: &str) -> Got {
        Got::Text(v.to_string())
    }
}

impl From<Estimate> for Got {
    fn from(v: Estimate) -> Got {
        Got::Number(v.value)
    }
}

impl From<Result<Got, Undefined>> for Got {
    fn from(v: Result<Got, Undefined>) -> Got {
        v.unwrap_or_else(|why| Got::Refused(why.reason))
    }
}

/// Named fields.
pub fn fields<const N: usize>(pairs: [(&str, Got); N]) -> Got {
    Got::Fields(pairs.into_iter().map(|(k, v)| (k.to_string(), v)).collect())
}

/// One question: a case and one of its expectations.
pub struct Ask<'a> {
    pub family: &'a str,
    pub input: &'a Value,
    pub metric: &'a str,
    pub params: &'a Value,
}

impl Ask<'_> {
    pub fn numbers(&self, key: &str) -> Vec<f64> {
        numbers(&self.input[key])
    }

    pub fn weights(&self) -> KernelArg {
        weights(&self.input["sample_weight"])
    }

    pub fn param(&self, key: &str) -> &str {
        self.params[key].as_str().unwrap_or("")
    }

    pub fn param_number(&self, key: &str) -> f64 {
        number(&self.params[key])
    }
}

pub fn number(v: &Value) -> f64 {
    match v {
        Value::String(s) => s.parse().unwrap_or(f64::NAN),
        Value::Bool(b) => f64::from(u8::from(*b)),
        v => v.as_f64().unwrap_or(f64::NAN),
    }
}

pub fn numbers(v: &Value) -> Vec<f64> {
    list(v).iter().map(number).collect()
}

pub fn list(v: &Value) -> &[Value] {
    v.as_array().map_or(&[], Vec::as_slice)
}

pub fn weights(v: &Value) -> KernelArg {
    if v.is_null() { KernelArg::Number(1.0) } else { KernelArg::Numbers(numbers(v)) }
}

/// Distinct values as levels: names in the order given.
pub fn levels(codes: Vec<u32>, names: Vec<String>) -> KernelArg {
    KernelArg::Levels(codes, Arc::new(dbf::check::Levels { column: "column".into(), names }))
}

/// Text of a JSON scalar, as Python's `str` shows it.
pub fn shown(v: &Value) -> String {
    match v {
        Value::String(s) => s.clone(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        v => v.to_string(),
    }
}

/// A column of categories, levels sorted.
pub fn categories(values: &[String]) -> KernelArg {
    let mut names = values.to_vec();
    names.sort();
    names.dedup();
    let code = |v: &String| names.iter().position(|n| n == v).map_or(u32::MAX, |i| i as u32);
    levels(values.iter().map(code).collect(), names.clone())
}

pub fn text(v: &str) -> KernelArg {
    KernelArg::Text(v.to_string())
}

/// Calls a public builtin by name, for its value.
pub fn call(name: &str, args: Vec<KernelArg>) -> Result<Estimate, Undefined> {
    call_for(name, args, false)
}

/// Calls a public builtin by name, with or without its interval.
pub fn call_for(name: &str, args: Vec<KernelArg>, interval: bool) -> Result<Estimate, Undefined> {
    match kernels().find(name) {
        Some(kernel) => kernel.run(&KernelArgs { args, shared: None, seed: 1, interval: interval.then_some(0.95) }),
        None => Err(Undefined::new(format!("there is no builtin `{name}`"))),
    }
}

#[derive(Default)]
pub struct Report {
    pub family: String,
    pub cases: usize,
    pub passed: usize,
    pub values: usize,
    pub differences: Vec<String>,
}

/// Runs every fixture file (`.json`, `.json.gz`) in a folder.
pub fn run(folder: &Path) -> Result<Vec<Report>, String> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .map_err(|e| e.to_string())?
        .filter_map(|e| Some(e.ok()?.path()))
        .filter(|p| p.to_string_lossy().ends_with(".json") || p.to_string_lossy().ends_with(".json.gz"))
        .collect();
    files.sort();
    let mut reports = Vec::new();
    for path in files {
        let bytes = std::fs::read(&path).map_err(|e| e.to_string())?;
        let mut text = String::new();
        let read = if path.to_string_lossy().ends_with(".gz") {
            flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text)
        } else {
            bytes.as_slice().read_to_string(&mut text)
        };
        read.map_err(|e| format!("{}: {e}", path.display()))?;
        let file: Value = serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))?;
        if file["schema"] == "dbf.metric-fixture.v1" {
            reports.push(family(&file));
        }
    }
    Ok(reports)
}

fn family(file: &Value) -> Report {
    let name = file["family"].as_str().unwrap_or("?");
    let mut report = Report { family: name.to_string(), ..Report::default() };
    for case in list(&file["cases"]) {
        let mut good = true;
        for expect in list(&case["expect"]) {
            let metric = expect["metric"].as_str().unwrap_or("?");
            let ask = Ask { family: name, input: &case["input"], metric, params: &expect["params"] };
            let got: Got = families::answer(&ask).into();
            report.values += 1;
            let mut wrong = Vec::new();
            let compare = Compare {
                tolerance: [&expect["tolerance"], &case["tolerance"], &file["tolerance"]],
                wide: expect["params"]["abs_tol"].as_f64().unwrap_or(0.0),
                quirk: case["quirk"].is_string(),
                informative: families::informative(name),
            };
            if expect["error"].is_object() {
                // Where the peer breaks down on a doubtful case, a figure may stand.
                let may_answer = compare.quirk && families::may_answer(name, case["quirk"].as_str().unwrap_or(""));
                if !refused(&got) && !may_answer {
                    wrong.push(format!("not refused: {got}"));
                }
            } else {
                compare.walk("", &got, &expect["value"], &mut wrong);
            }
            if !wrong.is_empty() && compare.quirk && families::alternative(&ask, &got, &wrong) {
                wrong.clear();
            }
            if let Some(first) = wrong.first() {
                good = false;
                let more = if wrong.len() > 1 { format!(" (and {} more)", wrong.len() - 1) } else { String::new() };
                let id = case["id"].as_str().unwrap_or("?");
                report.differences.push(format!("{name} {id} {metric} {}: {first}{more}", ask.params));
            }
        }
        report.cases += 1;
        report.passed += usize::from(good);
    }
    report
}

/// Whether the whole answer is a refusal (or a NaN, which we never give).
fn refused(got: &Got) -> bool {
    match got {
        Got::Refused(_) => true,
        Got::Number(v) => v.is_nan(),
        Got::Fields(fields) => !fields.is_empty() && fields.values().all(refused),
        _ => false,
    }
}

struct Compare<'a> {
    /// The most specific first.
    tolerance: [&'a Value; 3],
    /// What a simulated bound may be off by.
    wide: f64,
    quirk: bool,
    /// Fields that are not compared.
    informative: &'a [&'a str],
}

impl Compare<'_> {
    fn walk(&self, at: &str, got: &Got, want: &Value, wrong: &mut Vec<String>) {
        // A refusal answers every undefined figure; a quirk may be refused as a whole.
        if let Got::Refused(why) = got {
            if !self.quirk && !undefined(want) {
                wrong.push(format!("{at} refused ({why}), want {}", short(want)));
            }
            return;
        }
        match (got, want) {
            (Got::Fields(got), Value::Object(want)) => {
                for (key, want) in want {
                    if self.informative.contains(&key.as_str()) {
                        continue;
                    }
                    match got.get(key) {
                        Some(got) => self.walk(&format!("{at}.{key}"), got, want, wrong),
                        None => wrong.push(format!("{at}.{key} is not given")),
                    }
                }
            }
            (Got::List(got), Value::Array(want)) => {
                if got.len() != want.len() {
                    wrong.push(format!("{at} has {} values, want {}", got.len(), want.len()));
                }
                for (i, (got, want)) in got.iter().zip(want).enumerate() {
                    self.walk(&format!("{at}[{i}]"), got, want, wrong);
                }
            }
            (Got::Text(got), Value::String(want)) if got == want => {}
            (Got::Flag(got), Value::Bool(want)) if got == want => {}
            (Got::Number(got), want) if self.near(*got, want) => {}
            (got, want) => wrong.push(format!("{at} got {got}, want {}", short(want))),
        }
    }

    fn near(&self, got: f64, want: &Value) -> bool {
        let exact = want.is_i64();
        let want = match want {
            Value::Number(_) | Value::String(_) => number(want),
            _ => return false,
        };
        // The open end of a one-sided interval; some peers give NaN where nothing varies.
        let open_end = self.quirk && got.is_infinite() && want.is_nan();
        if got == want || open_end || (got.is_nan() && want.is_nan()) {
            return true;
        }
        let tolerance = self.tolerance.iter().find(|t| t.is_object());
        let of = |key: &str| tolerance.map_or(0.0, |t| t[key].as_f64().unwrap_or(0.0));
        let (rel, abs) = if exact { (1e-12, 1e-12) } else { (of("rel"), of("abs")) };
        (got - want).abs() <= self.wide.max(abs).max(rel * got.abs().max(want.abs()))
    }
}

/// Whether the peer's answer is nothing but NaN.
fn undefined(want: &Value) -> bool {
    match want {
        Value::String(s) => s == "NaN",
        Value::Null => true,
        Value::Array(v) => !v.is_empty() && v.iter().all(undefined),
        // A test without p value has nothing to say, whatever its statistic and degrees of freedom.
        Value::Object(v) if v.contains_key("pvalue") => undefined(&v["pvalue"]),
        // The closed end of a one-sided interval is all that it says.
        Value::Object(v) if v.len() == 2 && v.contains_key("low") && v.contains_key("high") => {
            let open = |v: &Value| v == "Infinity" || v == "-Infinity";
            v.values().any(undefined) && v.values().all(|v| undefined(v) || open(v))
        }
        Value::Object(v) => !v.is_empty() && v.values().all(undefined),
        _ => false,
    }
}

fn short(v: &Value) -> String {
    let text = v.to_string();
    if text.chars().count() > 90 { format!("{}…", text.chars().take(90).collect::<String>()) } else { text }
}

impl fmt::Display for Got {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Got::Number(v) => write!(f, "{v:?}"),
            Got::Text(t) => write!(f, "{t:?}"),
            Got::Flag(b) => write!(f, "{b}"),
            Got::Refused(why) => write!(f, "refused ({why})"),
            Got::List(v) => {
                let shown: Vec<String> = v.iter().take(8).map(Got::to_string).collect();
                write!(f, "[{}{}]", shown.join(", "), if v.len() > 8 { ", …" } else { "" })
            }
            Got::Fields(v) => {
                let shown: Vec<String> = v.iter().take(8).map(|(k, v)| format!("{k}: {v}")).collect();
                write!(f, "{{{}}}", shown.join(", "))
            }
        }
    }
}

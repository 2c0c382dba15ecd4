//! Reads the conformance fixtures under `tests/fixtures/metrics` for the unit tests of this room.

use serde_json::Value;
use std::io::Read;

pub struct Case {
    value: Value,
    tolerance: Value,
}

pub struct Expect<'a> {
    case: &'a Case,
    value: &'a Value,
}

pub fn cases(file: &str) -> Vec<Case> {
    let path = format!("{}/tests/fixtures/metrics/{file}.gz", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
    let root: Value = serde_json::from_str(&quote_numbers(&text)).unwrap();
    let tolerance = root["tolerance"].clone();
    let cases = root["cases"].as_array().unwrap();
    cases.iter().map(|c| Case { value: c.clone(), tolerance: tolerance.clone() }).collect()
}

/// Puts every number into quotes: serde_json reads some doubles one step off (its `float_roundtrip`
/// feature is off), and cases on bin edges need every bit.
fn quote_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 5 / 4);
    let (mut in_string, mut escaped, mut in_number) = (false, false, false);
    for c in text.chars() {
        let digit = !in_string && (c.is_ascii_digit() || "+-.eE".contains(c));
        let part_of_number = digit && (in_number || c.is_ascii_digit() || c == '-');
        if part_of_number != in_number {
            out.push('"');
            in_number = part_of_number;
        }
        out.push(c);
        if c == '"' && !escaped {
            in_string = !in_string;
        }
        escaped = in_string && c == '\\' && !escaped;
    }
    out
}

/// A number (quoted by [`quote_numbers`]), NaN and the infinities included.
pub fn number(value: &Value) -> f64 {
    let text = value.as_str().unwrap_or_else(|| panic!("not a number: {value}"));
    text.parse().unwrap_or_else(|_| panic!("not a number: {text}"))
}

impl Case {
    pub fn id(&self) -> &str {
        self.value["id"].as_str().unwrap()
    }

    pub fn input(&self, key: &str) -> &Value {
        &self.value["input"][key]
    }

    pub fn has_quirk(&self) -> bool {
        self.value.get("quirk").is_some()
    }

    pub fn numbers(&self, key: &str) -> Vec<f64> {
        self.input(key).as_array().unwrap().iter().map(number).collect()
    }

    pub fn flags(&self, key: &str) -> Vec<bool> {
        let yes = |v: &Value| matches!(v.as_str(), Some("1" | "yes"));
        self.input(key).as_array().unwrap().iter().map(yes).collect()
    }

    pub fn expectations(&self, metrics: &[&str]) -> Vec<Expect<'_>> {
        let all = self.value["expect"].as_array().unwrap();
        all.iter()
            .filter(|e| metrics.contains(&e["metric"].as_str().unwrap()))
            .map(|value| Expect { case: self, value })
            .collect()
    }
}

impl Expect<'_> {
    pub fn metric(&self) -> &str {
        self.value["metric"].as_str().unwrap()
    }

    pub fn param(&self, key: &str) -> &Value {
        &self.value["params"][key]
    }

    pub fn field(&self, key: &str) -> &Value {
        &self.value["value"][key]
    }

    pub fn value(&self) -> &Value {
        &self.value["value"]
    }

    pub fn is_error(&self) -> bool {
        self.value.get("error").is_some()
    }

    /// Compares the whole expectation; a refusal (`None`) answers an error and a NaN.
    pub fn check(&self, got: Option<f64>) {
        if self.is_error() {
            assert!(got.is_none(), "{} {}: accepted", self.case.id(), self.metric());
        } else {
            self.near("", got.unwrap_or(f64::NAN), number(self.value()));
        }
    }

    /// Compares one field of the expectation's value.
    pub fn check_field(&self, key: &str, got: Option<f64>) {
        self.near(key, got.unwrap_or(f64::NAN), number(self.field(key)));
    }

    pub fn near(&self, what: &str, got: f64, want: f64) {
        let tolerance = [self.value.get("tolerance"), self.case.value.get("tolerance")]
            .into_iter()
            .flatten()
            .next()
            .unwrap_or(&self.case.tolerance);
        let (rel, abs) = (number(&tolerance["rel"]), number(&tolerance["abs"]));
        let same = got == want
            || (got.is_nan() && want.is_nan())
            || (got - want).abs() <= abs.max(rel * got.abs().max(want.abs()));
        assert!(same, "{} {} {what}: got {got:e}, want {want:e}", self.case.id(), self.metric());
    }
}

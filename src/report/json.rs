//! `results.json`: its digest, its writer and its reader.
//!
//! The digest is SHA-256 over the canonical JSON of `body` (RFC 8785: sorted keys, no white space,
//! numbers as ECMAScript prints them), so that anyone can check it without this program. Knows no path:
//! the caller holds the text.

use crate::suite::result::{Body, Results, SCHEMA};
use serde_json::{Number, Value};
use sha2::{Digest, Sha256};
use std::fmt;

/// Why results could not be written or read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JsonError {
    /// The text is no JSON.
    Syntax { message: String },
    /// The text is JSON, but says no schema.
    NoSchema,
    /// Written by another major version, or another program.
    OtherSchema { found: String },
    /// The schema's name is right, a field is not.
    Shape { message: String },
    /// A figure is not a finite number: the run must say `undefined` and why instead.
    NotFinite,
    /// The digest in the file is not that of its body.
    OtherDigest { stated: String, computed: String },
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JsonError::Syntax { message } => write!(f, "these results are not JSON: {message}"),
            JsonError::NoSchema => {
                write!(f, "these results name no schema; expected `\"schema\": \"{SCHEMA}\"`")
            }
            JsonError::OtherSchema { found } => write!(
                f,
                "these results follow the schema `{found}`; this version of dbf reads `{SCHEMA}` only: \
                 run the benchmark again, or read them with the version of dbf that wrote them"
            ),
            JsonError::Shape { message } => {
                write!(f, "these results do not follow the schema `{SCHEMA}`: {message}")
            }
            JsonError::NotFinite => {
                write!(f, "a figure of this run is not a finite number and cannot be recorded")
            }
            JsonError::OtherDigest { stated, computed } => write!(
                f,
                "the body of these results has the digest {computed}, but the file states {stated}: \
                 it was changed after the run"
            ),
        }
    }
}

impl std::error::Error for JsonError {}

/// `sha256:` and 64 hexadecimal digits over the canonical JSON of `body`.
pub fn digest(body: &Body) -> Result<String, JsonError> {
    let value = serde_json::to_value(body).map_err(shape)?;
    Ok(digest_of(&value))
}

/// The results as they will be read back, with schema and digest filled in.
///
/// Figures are settled on values that survive the way to a file and back, so that a digest taken here still
/// holds for whoever reads the file, whichever features `serde_json` was built with.
pub fn seal(results: &Results) -> Result<Results, JsonError> {
    // JSON has no word for a figure that is not finite: it becomes null, and does not come back.
    let value = serde_json::to_value(results).map_err(shape)?;
    let again: Results = serde_json::from_value(value).map_err(|_| JsonError::NotFinite)?;
    if again != *results {
        return Err(JsonError::NotFinite);
    }
    let mut settled = again;
    for _ in 0..16 {
        let text = serde_json::to_string(&settled).map_err(shape)?;
        let again: Results = serde_json::from_str(&text).map_err(shape)?;
        if again == settled {
            break;
        }
        settled = again;
    }
    settled.schema = SCHEMA.to_owned();
    settled.digest = digest(&settled.body)?;
    Ok(settled)
}

/// The text of `results.json` for sealed results.
pub fn write(results: &Results) -> Result<String, JsonError> {
    let mut text = serde_json::to_string_pretty(results).map_err(shape)?;
    text.push('\n');
    Ok(text)
}

/// Reads the text of a `results.json`. Fields that this version does not know are skipped.
pub fn read(text: &str) -> Result<Results, JsonError> {
    let value = parse(text)?;
    serde_json::from_value(value).map_err(shape)
}

/// Checks that the digest a file states is that of its body.
pub fn verify(text: &str) -> Result<(), JsonError> {
    let value = parse(text)?;
    let stated = value.get("digest").and_then(Value::as_str).unwrap_or("none").to_owned();
    let computed = digest_of(value.get("body").unwrap_or(&Value::Null));
    if stated == computed { Ok(()) } else { Err(JsonError::OtherDigest { stated, computed }) }
}

fn parse(text: &str) -> Result<Value, JsonError> {
    let value: Value = serde_json::from_str(text).map_err(|e| JsonError::Syntax { message: e.to_string() })?;
    let Some(found) = value.get("schema").and_then(Value::as_str) else {
        return Err(JsonError::NoSchema);
    };
    if major(found) != major(SCHEMA) {
        let found = super::format::fit(&super::format::clean(found), 60);
        return Err(JsonError::OtherSchema { found });
    }
    Ok(value)
}

/// `dbf.results/1` of `dbf.results/1.4`.
fn major(schema: &str) -> &str {
    match schema.split_once('.').and_then(|(_, rest)| rest.split_once('.')) {
        Some((_, minor)) => schema.strip_suffix(minor).and_then(|s| s.strip_suffix('.')).unwrap_or(schema),
        None => schema,
    }
}

fn shape(error: serde_json::Error) -> JsonError {
    JsonError::Shape { message: error.to_string() }
}

fn digest_of(value: &Value) -> String {
    let mut text = String::new();
    canonical(value, &mut text);
    let mut out = String::from("sha256:");
    for byte in Sha256::digest(text.as_bytes()) {
        out.push_str(&format!("{byte:02x}"));
    }
    out
}

fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            out.push('{');
            for (i, (key, value)) in fields.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                canonical(value, out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                canonical(item, out);
            }
            out.push(']');
        }
        Value::Number(number) => out.push_str(&canonical_number(number)),
        Value::Null | Value::Bool(_) | Value::String(_) => out.push_str(&value.to_string()),
    }
}

/// A number as ECMAScript's `Number::toString` writes it; whole numbers keep every digit.
fn canonical_number(number: &Number) -> String {
    let Some(value) = number.as_f64().filter(|_| number.is_f64()) else {
        return number.to_string();
    };
    if value == 0.0 {
        return "0".to_owned();
    }
    // Rust prints the shortest digits that read back as the same value, as ECMAScript does.
    let shortest = format!("{:e}", value.abs());
    let Some((mantissa, exponent)) = shortest.split_once('e') else {
        return shortest;
    };
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let point = exponent.parse::<i32>().unwrap_or(0) + 1;
    let len = digits.len() as i32;
    let zeros = |n: i32| "0".repeat(usize::try_from(n).unwrap_or(0));
    let split = |at: i32| digits.split_at_checked(usize::try_from(at).unwrap_or(0)).unwrap_or((&digits, ""));
    let text = if (len..=21).contains(&point) {
        format!("{digits}{}", zeros(point - len))
    } else if (1..=21).contains(&point) {
        let (whole, rest) = split(point);
        format!("{whole}.{rest}")
    } else if (-5..=0).contains(&point) {
        format!("0.{}{digits}", zeros(-point))
    } else {
        let (first, rest) = split(1);
        let dot = if rest.is_empty() { "" } else { "." };
        let sign = if point > 0 { "+" } else { "" };
        format!("{first}{dot}{rest}e{sign}{}", point - 1)
    };
    if value < 0.0 { format!("-{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn canonical_json_follows_rfc_8785() {
        let numbers =
            [333_333_333.333_333_3, 1e30, 4.5, 2e-3, 1e-27, -0.0, 1.0, 1e-7, 123_456_789_012_345_680_000.0, -1e21];
        let value = serde_json::json!({
            "numbers": numbers,
            "literals": [null, true, false, 7u64, u64::MAX],
            "b": {"z": "€$\u{f}\nA'B\"\\", "a": 1},
        });
        let mut out = String::new();
        canonical(&value, &mut out);
        assert_eq!(
            out,
            "{\"b\":{\"a\":1,\"z\":\"€$\\u000f\\nA'B\\\"\\\\\"},\
             \"literals\":[null,true,false,7,18446744073709551615],\
             \"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27,0,1,1e-7,123456789012345680000,-1e+21]}"
        );
    }

    #[test]
    fn results_survive_the_way_to_a_file_and_back() {
        let sealed = seal(&sample::results()).unwrap();
        let text = write(&sealed).unwrap();
        assert_eq!(read(&text).unwrap(), sealed);
        verify(&text).unwrap();
        assert_eq!(seal(&sealed).unwrap(), sealed);
    }

    #[test]
    fn the_digest_covers_the_body_and_nothing_else() {
        let sealed = seal(&sample::results()).unwrap();
        let mut other = sealed.clone();
        other.receipt.threads += 1;
        assert_eq!(digest(&other.body).unwrap(), sealed.digest);
        other.body.seed += 1;
        assert_ne!(digest(&other.body).unwrap(), sealed.digest);
        let text = write(&Results { digest: sealed.digest.clone(), ..other }).unwrap();
        assert!(matches!(verify(&text), Err(JsonError::OtherDigest { .. })));
    }

    #[test]
    fn another_major_version_is_refused_and_a_minor_one_is_read() {
        let text = write(&seal(&sample::results()).unwrap()).unwrap();
        for found in ["dbf.results/2", "dbf.results/10", "helm.results/1"] {
            let other = text.replacen(SCHEMA, found, 1);
            let error = read(&other).unwrap_err();
            assert_eq!(error, JsonError::OtherSchema { found: found.to_owned() });
            assert!(error.to_string().contains("run the benchmark again"));
        }
        assert!(read(&text.replacen(SCHEMA, "dbf.results/1.3", 1)).is_ok());
        assert_eq!(read("{}").unwrap_err(), JsonError::NoSchema);
        assert!(matches!(read("{"), Err(JsonError::Syntax { .. })));
        assert!(matches!(read(r#"{"schema":"dbf.results/1"}"#), Err(JsonError::Shape { .. })));
    }

    #[test]
    fn a_figure_that_is_not_finite_is_refused() {
        let mut results = sample::results();
        results.body.cells[0].value = Some(f64::NAN);
        assert_eq!(seal(&results).err(), Some(JsonError::NotFinite));
        let mut results = sample::results();
        results.body.scenarios[0].prevalence = Some(f64::INFINITY);
        assert_eq!(seal(&results).err(), Some(JsonError::NotFinite));
    }
}

//! `results.json` as documented: fields, versions, no path, no clock under the digest.

use crate::support::{Tiny, root, stderr};
use serde_json::Value;

#[test]
fn the_results_have_the_documented_shape() {
    let tiny = Tiny::new();
    let output = tiny.run("out", &[]);
    assert!(output.status.success(), "{}", stderr(&output));
    let text = std::fs::read_to_string(tiny.folder.path().join("out/results.json")).unwrap();
    dbf::report::verify(&text).unwrap();
    let results: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(results["schema"], "dbf.results/1");
    let body = &results["body"];
    assert_eq!(body["tool"]["name"], "dbf");
    assert_eq!(body["tool"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(body["tool"]["language"], 1);
    assert_eq!(body["script"]["path"], "tiny.dbf");
    assert_eq!(body["script"]["sha256"].as_str().unwrap().len(), 64);
    assert_eq!(body["datasets"][0]["sha256"].as_str().unwrap().len(), 64);
    assert_eq!(body["datasets"][0]["rows"], 240);
    assert_eq!(body["seed"], 7);
    assert!(body["device"].is_string());
    let cells = body["cells"].as_array().unwrap();
    // 2 scenarios × 2 models × 1 task × (3 folds + all) × 5 metrics
    assert_eq!(cells.len(), 2 * 2 * 4 * 5);
    for cell in cells {
        for key in ["scenario", "model", "task", "fold", "metric", "signature", "value", "interval", "n", "noise_floor"]
        {
            assert!(cell.get(key).is_some(), "{key} is missing in {cell}");
        }
        assert!(cell["value"].is_number() != cell["undefined"].is_string(), "{cell}");
        assert!(cell["value"].is_null() || cell["interval"].is_object(), "no interval: {cell}");
        assert!(cell["n"].as_u64().unwrap() > 0);
    }
    let policies = body["policies"].as_array().unwrap();
    assert_eq!(policies.len(), 4);
    for policy in policies {
        for key in ["name", "as_of", "compliance", "strict", "coverage", "constraints"] {
            assert!(policy.get(key).is_some(), "{key}");
        }
        for constraint in policy["constraints"].as_array().unwrap() {
            for key in ["name", "authority", "verdict", "left", "right", "threshold", "n", "witnesses", "why"] {
                assert!(constraint.get(key).is_some(), "{key} is missing in {constraint}");
            }
        }
    }
    assert!(!results["receipt"]["timings"].as_array().unwrap().is_empty());
}

#[test]
fn every_field_is_documented() {
    let tiny = Tiny::new();
    assert!(tiny.run("out", &[]).status.success());
    let text = std::fs::read_to_string(tiny.folder.path().join("out/results.json")).unwrap();
    let page = std::fs::read_to_string(root().join("docs/results-schema.md")).unwrap();
    let mut names = Vec::new();
    keys(&serde_json::from_str(&text).unwrap(), &mut names);
    assert!(names.len() > 60);
    for name in names {
        let said = [format!("`{name}`"), format!("`{name}[]`"), format!(".{name}`"), format!(".{name}[]`")];
        assert!(said.iter().any(|s| page.contains(s)), "docs/results-schema.md does not say what `{name}` is");
    }
}

fn keys(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                if !out.contains(name) {
                    out.push(name.clone());
                }
                keys(inner, out);
            }
        }
        Value::Array(items) => items.iter().for_each(|i| keys(i, out)),
        _ => {}
    }
}

#[test]
fn no_path_and_no_clock_is_under_the_digest() {
    let tiny = Tiny::new();
    let script = tiny.folder.path().join("tiny.dbf");
    let out = tiny.folder.path().join("absolute");
    let output = crate::support::dbf(&["run", script.to_str().unwrap(), "--out", out.to_str().unwrap()]);
    assert!(output.status.success());
    let text = std::fs::read_to_string(out.join("results.json")).unwrap();
    let folder = tiny.folder.path().to_str().unwrap();
    assert!(!text.contains(folder), "the results name this machine's folders");
    assert!(tiny.run("relative", &[]).status.success());
    // The script is named the same either way, so the digest is the same too.
    assert_eq!(tiny.results("absolute").digest, tiny.results("relative").digest);
}

#[test]
fn scenarios_meet_their_recipe_exactly() {
    let tiny = Tiny::new();
    assert!(tiny.run("out", &[]).status.success());
    let results = tiny.results("out");
    let women = results.body.scenarios.iter().find(|s| s.name == "women").unwrap();
    assert_eq!(women.rows, 60);
    assert_eq!(women.prevalence, Some(0.4));
    let share =
        |level: &str| women.mix.iter().find(|m| m.column == "sex" && m.level == level).map(|m| (m.declared, m.n));
    assert_eq!(share("F"), Some((Some(0.75), 45.into())));
    assert_eq!(share("M"), Some((Some(0.25), 15.into())));
}

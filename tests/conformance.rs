//! Every open conformance fixture, through the same harness as `examples/conformance`.

#[path = "../examples/conformance/families/mod.rs"]
mod families;
#[path = "../examples/conformance/harness.rs"]
mod harness;

use crate::support::root;

#[test]
fn every_open_fixture_passes() {
    let reports = harness::run(&root().join("tests/fixtures/metrics")).unwrap();
    let differences: Vec<&String> = reports.iter().flat_map(|r| &r.differences).collect();
    assert!(differences.is_empty(), "{differences:#?}");
    assert_eq!(reports.len(), 18);
    assert_eq!(reports.iter().map(|r| r.cases).sum::<usize>(), 705);
    assert_eq!(reports.iter().map(|r| r.passed).sum::<usize>(), 705);
    assert!(reports.iter().map(|r| r.values).sum::<usize>() > 6_000);
}

#[test]
fn a_wrong_value_and_a_wrong_acceptance_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let file = serde_json::json!({
        "schema": "dbf.metric-fixture.v1", "family": "classification_binary", "tolerance": {"rel": 1e-9, "abs": 1e-12},
        "cases": [
            {"id": "value", "input": {"y_true": [1, 0], "y_pred": [1, 1], "y_score": [0.9, 0.6], "sample_weight": null},
             "expect": [{"metric": "accuracy", "value": 0.5}, {"metric": "precision", "value": 0.500001}]},
            {"id": "acceptance", "input": {"y_true": [1, 0], "y_pred": [1, 1], "y_score": [0.9, 0.6], "sample_weight": null},
             "expect": [{"metric": "accuracy", "error": {"type": "ValueError", "message": ""}}]},
            {"id": "refusal", "input": {"y_true": [], "y_pred": [], "y_score": [], "sample_weight": null},
             "expect": [{"metric": "accuracy", "value": 0.5}]},
            {"id": "unknown", "input": {}, "expect": [{"metric": "no such metric", "value": 0.5}]}
        ]
    });
    std::fs::write(folder.path().join("x.json"), file.to_string()).unwrap();
    let reports = harness::run(folder.path()).unwrap();
    assert_eq!((reports[0].cases, reports[0].passed), (4, 0));
    assert_eq!(reports[0].differences.len(), 4);
    assert_eq!(reports[0].family, "classification_binary");
}

//! Every file in `examples/` is run: the good ones end to end, the bad ones in `errors.rs`.

use crate::support::{dbf, dbf_in, root, stderr, stdout};

#[test]
fn good_examples_check_and_pass_their_tests() {
    let mut seen = 0;
    for entry in std::fs::read_dir(root().join("examples")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "dbf") {
            continue;
        }
        seen += 1;
        let path = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
        let output = dbf(&["check", &path]);
        assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
        let output = dbf(&["test", &path]);
        assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
        assert!(stdout(&output).contains(" passed, 0 failed"));
    }
    assert!(seen > 0);
}

/// The main job on real data. The networks train for two epochs here: the figures that do not depend on
/// them are the published ones, to every printed digit.
#[cfg(feature = "nets")]
#[test]
fn the_support_example_runs_end_to_end() {
    let folder = tempfile::tempdir().unwrap();
    let script = std::fs::read_to_string(root().join("examples/support.dbf")).unwrap();
    let quick = script
        .replace(
            "columns all except surv2m, surv6m, prg2m, prg6m",
            "columns [age, sex, race, dzclass, meanbp, crea, dead180]  epochs 2",
        )
        .replace("boosted_trees(features: all)", "boosted_trees(features: all, rounds: 40)");
    assert_ne!(script, quick);
    std::fs::create_dir(folder.path().join("data")).unwrap();
    std::fs::copy(root().join("examples/data/support2.csv.gz"), folder.path().join("data/support2.csv.gz")).unwrap();
    std::fs::write(folder.path().join("support.dbf"), quick).unwrap();
    let output = dbf_in(folder.path(), &["run", "support.dbf", "--out", "out"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let text = std::fs::read_to_string(folder.path().join("out/results.json")).unwrap();
    let results = dbf::report::read(&text).unwrap();
    let published = [
        ("model_auroc", ".7852"),
        ("model_ece", ".0272"),
        ("model_brier", ".1879"),
        ("blend75_auroc", ".8196"),
        ("blend75_ece", ".0477"),
        ("blend75_brier", ".1749"),
        ("blend50_auroc", ".8269"),
        ("blend50_ece", ".0460"),
        ("blend50_brier", ".1710"),
        ("blend25_auroc", ".8121"),
        ("blend25_ece", ".0299"),
        ("blend25_brier", ".1763"),
        ("physician_auroc", ".7865"),
        ("physician_ece", ".0577"),
        ("physician_brier", ".1908"),
        ("model_all_auroc", ".7894"),
        ("model_all_ece", ".0236"),
    ];
    for (name, printed) in published {
        let figure = results.body.figures.iter().find(|f| f.name == name).unwrap();
        let shown = format!("{:.4}", figure.value.unwrap());
        assert_eq!(shown.trim_start_matches('0'), printed, "{name}");
        assert!(figure.interval.is_some(), "{name}");
    }
    let n = |name: &str| results.body.figures.iter().find(|f| f.name == name).unwrap().n;
    assert_eq!((n("model_auroc"), n("model_all_auroc")), (7_472.into(), 9_104.into()));
    // 3 scenarios, 4 models; diagnosis with 5 folds and all; some constraints really fail.
    assert_eq!(results.body.policies.len(), 12);
    let failed: Vec<&str> = results
        .body
        .policies
        .iter()
        .filter(|p| p.scenario == "base" && p.model == "support_model")
        .flat_map(|p| &p.constraints)
        .filter(|c| c.verdict == dbf::policy::Verdict::Fail)
        .map(|c| c.name.as_str())
        .collect();
    assert_eq!(failed, ["parity_by_race"]);
    let page = std::fs::read_to_string(folder.path().join("out/report.html")).unwrap();
    assert!(page.contains("<svg") && !page.contains("src=\"http"));
    let summary: Vec<String> = stdout(&output).lines().map(String::from).collect();
    assert!(summary.iter().any(|l| l.contains("calibration_by_race")));
}

//! AUROC and DeLong against scikit-learn and the reference implementation.

use super::*;
use crate::metrics::fixtures::{self, number};
use crate::metrics::resampling::bootstrap_rows;

#[test]
fn auroc_agrees_with_scikit_learn() {
    let mut compared = 0;
    for case in fixtures::cases("classification_binary.json") {
        if !case.input("sample_weight").is_null() {
            continue; // the kernels take no weights
        }
        let got = auroc(&case.numbers("y_score"), &case.flags("y_true")).ok().map(|e| e.value);
        for expect in case.expectations(&["auroc"]) {
            expect.check(got);
            compared += 1;
        }
    }
    assert!(compared >= 35, "{compared}");
}

#[test]
fn delong_agrees_with_the_reference() {
    let (mut single, mut paired) = (0, 0);
    for case in fixtures::cases("delong.json") {
        let y = case.flags("y_true");
        let scores: Vec<Vec<f64>> = case
            .input("scores")
            .as_array()
            .unwrap()
            .iter()
            .map(|s| s.as_array().unwrap().iter().map(number).collect())
            .collect();
        for expect in case.expectations(&["delong_auc"]) {
            let p = &scores[number(expect.param("score_index")) as usize];
            let got = delong(p, &y).unwrap();
            expect.check_field("auc", Some(got.auc));
            expect.check_field("var", got.variance);
            // The plain interval follows from the variance; the reported one is on the logit scale.
            let ends = expect.field("ci95").as_array().unwrap();
            let half = 1.959963984540054 * got.variance.unwrap_or(f64::NAN).sqrt();
            expect.near("ci95 lo", got.auc - half, number(&ends[0]));
            expect.near("ci95 hi", got.auc + half, number(&ends[1]));
            let interval = auroc(p, &y).unwrap().interval.unwrap();
            let logit = expect.field("ci95_logit").as_array().unwrap();
            if number(&logit[0]).is_nan() {
                assert_eq!(interval.method, "newcombe, auroc");
                assert!(interval.lo < interval.hi);
            } else {
                expect.near("logit lo", interval.lo, number(&logit[0]));
                expect.near("logit hi", interval.hi, number(&logit[1]));
            }
            single += 1;
        }
        for expect in case.expectations(&["delong_compare"]) {
            match delong_compare(&scores[0], &scores[1], &y) {
                Ok(got) => {
                    expect.check_field("cov", Some(got.covariance));
                    expect.check_field("diff", Some(got.difference));
                    expect.check_field("z", Some(got.z));
                    expect.check_field("pvalue", Some(got.p));
                }
                Err(_) => assert!(number(expect.field("z")).is_nan(), "{}", case.id()),
            }
            paired += 1;
        }
    }
    assert_eq!((single, paired), (56, 28));
}

#[test]
fn a_class_that_is_absent_has_no_ranking() {
    assert!(auroc(&[0.1, 0.2], &[true, true]).unwrap_err().reason.starts_with("every row"));
    assert!(auroc(&[0.1, 0.2], &[false, false]).unwrap_err().reason.starts_with("no row"));
    assert_eq!(auroc(&[0.1, f64::NAN], &[true, false]).unwrap_err().reason, "the score in row 2 is missing");
    assert_eq!(auroc(&[0.1], &[true, false]).unwrap_err().reason, "there are 1 scores but 2 outcomes");
}

#[test]
fn a_perfect_ranking_is_not_certain_and_mirrors_the_worst() {
    let y = [false, false, false, true, true, true];
    let best = auroc(&[0.1, 0.2, 0.3, 0.7, 0.8, 0.9], &y).unwrap().interval.unwrap();
    let worst = auroc(&[0.9, 0.8, 0.7, 0.3, 0.2, 0.1], &y).unwrap().interval.unwrap();
    assert!(best.hi == 1.0 && best.lo > 0.3 && best.lo < 0.9, "{best:?}");
    assert!(worst.lo == 0.0 && (worst.hi - (1.0 - best.lo)).abs() < 1e-9);
    let constant = auroc(&[0.5; 6], &y).unwrap().interval.unwrap();
    assert_eq!((constant.lo, constant.hi), (0.5, 0.5));
}

#[test]
fn a_bootstrap_over_rows_agrees_with_scipy() {
    for case in fixtures::cases("bootstrap.json") {
        if case.input("mode").as_str() != Some("mc") || case.input("statistic").as_str() != Some("auroc") {
            continue;
        }
        let read = |key: &str| -> Vec<f64> { case.input("data")[key].as_array().unwrap().iter().map(number).collect() };
        let (score, y) = (read("score"), read("y"));
        let draws = bootstrap_rows(y.len(), 4000, 3, |rows| {
            let take = |x: &[f64]| rows.iter().map(|&r| x[r as usize]).collect::<Vec<_>>();
            let outcomes: Vec<bool> = take(&y).iter().map(|&v| v == 1.0).collect();
            delong(&take(&score), &outcomes).map_or(f64::NAN, |d| d.auc)
        });
        let got = inference::percentile_interval(&draws, 0.95).unwrap();
        for expect in case.expectations(&["ci_mc"]) {
            let slack = number(expect.param("abs_tol"));
            assert!((got.lo - number(expect.field("low"))).abs() < slack);
            assert!((got.hi - number(expect.field("high"))).abs() < slack);
        }
    }
}

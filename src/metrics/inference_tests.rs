//! Sums, quantiles, intervals and tests against SciPy and statsmodels.

use super::*;
use crate::metrics::fixtures::{self, number};
use crate::metrics::resampling::bootstrap_rows;

#[test]
fn pairwise_sums_keep_small_terms() {
    let tenths = vec![0.1; 10_000_000];
    assert!((sum(&tenths) - 1_000_000.0).abs() < 1e-8);
    assert_eq!(sum(&[]), 0.0);
    for n in [1, 7, 8, 9, 127, 128, 129, 1000] {
        let x: Vec<f64> = (1..=n).map(f64::from).collect();
        assert_eq!(sum(&x), f64::from(n * (n + 1) / 2));
    }
}

#[test]
fn normal_quantiles_are_exact() {
    assert!((normal_quantile(0.95) - 1.959963984540054).abs() < 1e-14);
    assert!((normal_quantile(0.99) - 2.5758293035489004).abs() < 1e-13);
    assert!((normal_two_sided(1.959963984540054) - 0.05).abs() < 1e-11);
}

#[test]
fn wilson_agrees_with_statsmodels() {
    let mut compared = 0;
    for case in fixtures::cases("mcnemar_proportions.json") {
        for expect in case.expectations(&["proportion_confint"]) {
            if expect.param("method").as_str() != Some("wilson") {
                continue;
            }
            let k = number(case.input("count")) as u64;
            let n = number(case.input("nobs")) as u64;
            let got = wilson(k, n, 1.0 - number(expect.param("alpha")));
            expect.check_field("low", got.as_ref().map(|i| i.lo));
            expect.check_field("high", got.as_ref().map(|i| i.hi));
            compared += 1;
        }
    }
    assert_eq!(compared, 16);
}

#[test]
fn newcombe_agrees_with_the_paper() {
    // Newcombe 1998, table II, method 10: (a) 56/70 - 48/80, (c) 6/7 - 2/7, (e) 10/10 - 0/20.
    for (k1, n1, k2, n2, lo, hi) in
        [(56, 70, 48, 80, 0.0524, 0.3339), (6, 7, 2, 7, 0.0582, 0.8062), (10, 10, 0, 20, 0.6791, 1.0)]
    {
        let got = newcombe_difference(k1, n1, k2, n2, 0.95).unwrap();
        assert!((got.lo - lo).abs() < 6e-5 && (got.hi - hi).abs() < 6e-5, "{got:?}");
    }
    assert_eq!(newcombe_difference(1, 0, 1, 2, 0.95), None);
}

#[test]
fn percentile_and_basic_intervals_agree_with_scipy() {
    let mut compared = 0;
    for case in fixtures::cases("bootstrap.json") {
        if case.input("mode").as_str() != Some("exact") {
            continue;
        }
        let draws = case.numbers("bootstrap_distribution");
        let estimates = case.expectations(&["estimate"]);
        for expect in case.expectations(&["ci"]) {
            if expect.is_error() || expect.param("alternative").as_str() != Some("two-sided") {
                continue;
            }
            let level = number(expect.param("confidence_level"));
            let got = match (expect.param("method").as_str(), estimates.first()) {
                (Some("percentile"), _) => percentile_interval(&draws, level).unwrap(),
                (Some("basic"), Some(estimate)) => basic_interval(&draws, number(estimate.value()), level).unwrap(),
                _ => continue,
            };
            expect.check_field("low", Some(got.lo));
            expect.check_field("high", Some(got.hi));
            compared += 1;
        }
    }
    assert!(compared >= 80, "{compared}");
}

#[test]
fn a_bootstrap_of_means_agrees_with_scipy() {
    let mut compared = 0;
    for case in fixtures::cases("bootstrap.json") {
        let data = case.input("data");
        let read = |key: &str| -> Vec<f64> { data[key].as_array().unwrap().iter().map(number).collect() };
        let x: Vec<f64> = match (case.input("mode").as_str(), case.input("statistic").as_str()) {
            (Some("mc"), Some("mean")) => read("x"),
            (Some("mc"), Some("mean_diff")) => read("a").iter().zip(read("b")).map(|(a, b)| a - b).collect(),
            _ => continue,
        };
        let draws = bootstrap_rows(x.len(), 10_000, 5, |rows| {
            let taken: Vec<f64> = rows.iter().map(|&r| x[r as usize]).collect();
            mean(&taken).unwrap()
        });
        let got = percentile_interval(&draws, 0.95).unwrap();
        for expect in case.expectations(&["ci_mc"]) {
            let slack = number(expect.param("abs_tol"));
            assert!((got.lo - number(expect.field("low"))).abs() < slack, "{}", case.id());
            assert!((got.hi - number(expect.field("high"))).abs() < slack, "{}", case.id());
            compared += 1;
        }
    }
    assert_eq!(compared, 3);
}

#[test]
fn the_paired_t_test_agrees_with_scipy() {
    let mut compared = 0;
    for case in fixtures::cases("stat_tests.json") {
        for expect in case.expectations(&["ttest_rel"]) {
            if expect.param("alternative").as_str() != Some("two-sided") {
                continue;
            }
            let got = paired_t(&case.numbers("a"), &case.numbers("b"), 0.95);
            compared += 1;
            if expect.is_error() {
                assert!(got.is_err(), "{}", case.id());
                continue;
            }
            match got {
                Ok(got) => {
                    expect.check_field("statistic", Some(got.t));
                    expect.check_field("pvalue", Some(got.p));
                    expect.check_field("df", Some(got.df));
                    expect.check_field("ci_low", Some(got.interval.lo));
                    expect.check_field("ci_high", Some(got.interval.hi));
                }
                Err(_) => assert!(number(expect.field("statistic")).is_nan(), "{}", case.id()),
            }
        }
    }
    assert!(compared >= 15, "{compared}");
}

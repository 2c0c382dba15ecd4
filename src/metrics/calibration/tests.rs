//! Brier score, calibration error and reliability curves against the references.

use super::*;
use crate::metrics::fixtures::{self, number};

fn rule(word: &str) -> EdgeRule {
    if word == "left" { EdgeRule::LeftClosed } else { EdgeRule::RightClosed }
}

#[test]
fn brier_agrees_with_scikit_learn() {
    let mut compared = 0;
    for case in fixtures::cases("classification_binary.json") {
        if !case.input("sample_weight").is_null() {
            continue; // the kernels take no weights
        }
        let got = brier(&case.numbers("y_score"), &case.flags("y_true")).ok().map(|e| e.value);
        for expect in case.expectations(&["brier"]) {
            expect.check(got);
            compared += 1;
        }
    }
    assert!(compared >= 34, "{compared}");
}

#[test]
fn calibration_error_agrees_with_the_references() {
    let (mut reference, mut netcal, mut curves) = (0, 0, 0);
    for case in fixtures::cases("calibration.json") {
        if case.input("p").is_null() {
            continue; // several classes: run by the conformance test
        }
        let (p, y) = (case.numbers("p"), case.flags("y_true"));
        for expect in case.expectations(&["calibration_error_ref"]) {
            let bins = number(expect.param("n_bins")) as usize;
            let Some(edges) = expect.param("edges").as_str() else { continue }; // bins of equal mass
            let edge = rule(edges);
            expect.check_field("ece", ece(&p, &y, bins, edge, 1).ok().map(|e| e.value));
            reference += 1;
        }
        for expect in case.expectations(&["netcal_ece"]) {
            let bins = number(expect.param("n_bins")) as usize;
            match ece(&p, &y, bins, EdgeRule::LeftClosed, 1) {
                Ok(got) => expect.check(Some(got.value)),
                Err(_) => assert!(case.has_quirk(), "{}", case.id()), // a NaN that netcal accepts
            }
            netcal += 1;
        }
        for expect in case.expectations(&["reliability_curve"]) {
            if expect.param("strategy").as_str() != Some("uniform") {
                continue;
            }
            let bins = number(expect.param("n_bins")) as usize;
            let Ok(curve) = reliability(&p, &y, bins, EdgeRule::RightClosed) else {
                assert!(case.has_quirk(), "{}", case.id());
                continue;
            };
            let filled: Vec<_> = curve.iter().filter(|b| b.n > 0).collect();
            let observed = expect.field("prob_true").as_array().unwrap();
            assert_eq!(filled.len(), observed.len(), "{}", case.id());
            for ((bin, want), mean) in filled.iter().zip(observed).zip(expect.field("prob_pred").as_array().unwrap()) {
                expect.near("observed", bin.observed.unwrap(), number(want));
                expect.near("predicted", bin.predicted.unwrap(), number(mean));
            }
            curves += 1;
        }
    }
    assert!(reference >= 140 && netcal >= 70 && curves >= 34, "{reference} {netcal} {curves}");
}

#[test]
fn an_edge_belongs_to_the_bin_that_the_rule_says() {
    let edges = bin_edges(10);
    for (p, left, right) in [(0.0, 0, 0), (0.1, 1, 0), (0.2, 2, 1), (0.25, 2, 2), (0.5, 5, 4), (1.0, 9, 9)] {
        assert_eq!(bin_of(p, &edges, EdgeRule::LeftClosed), left, "{p}");
        assert_eq!(bin_of(p, &edges, EdgeRule::RightClosed), right, "{p}");
    }
    // 3 * (1/10) is one step above 0.3 in f64, so 0.3 lies below the edge, as in NumPy.
    assert_eq!(bin_of(0.3, &edges, EdgeRule::LeftClosed), 2);
}

#[test]
fn every_probability_finds_the_bin_whose_edges_hold_it() {
    for bins in [1, 2, 3, 7, 10, 15, 49, 100, 1000] {
        let edges = bin_edges(bins);
        let around = edges.iter().flat_map(|&e| [e.next_down(), e, e.next_up()]);
        for p in around.filter(|p| (0.0..=1.0).contains(p)) {
            let left = bin_of(p, &edges, EdgeRule::LeftClosed);
            assert!(edges[left] <= p && (p < edges[left + 1] || left + 1 == bins));
            let right = bin_of(p, &edges, EdgeRule::RightClosed);
            assert!(p <= edges[right + 1] && (p > edges[right] || right == 0));
        }
    }
}

/// A cohort whose outcomes follow `truth` of an evenly spread probability.
fn cohort(n: usize, seed: u64, truth: impl Fn(f64) -> f64) -> (Vec<f64>, Vec<bool>) {
    let mut rng = resampling::stream(seed, Lane::Bootstrap, 9_999_999);
    (0..n)
        .map(|_| {
            let p = resampling::unit(&mut rng);
            (p, resampling::unit(&mut rng) < truth(p))
        })
        .unzip()
}

#[test]
fn the_noise_floor_is_what_perfect_calibration_scores() {
    let runs = 60;
    let (mut scored, mut floor) = (0.0, 0.0);
    for seed in 0..runs {
        let (p, y) = cohort(400, seed, |p| p);
        let got = ece(&p, &y, 10, EdgeRule::LeftClosed, seed).unwrap();
        scored += got.value / runs as f64;
        floor += got.noise_floor.unwrap() / runs as f64;
    }
    assert!((scored / floor - 1.0).abs() < 0.1, "{scored} {floor}");
}

/// How many of a hundred cohorts have an interval that holds `truth`.
fn held(power: f64, truth: f64) -> usize {
    (500..600)
        .filter(|&seed| {
            let (p, y) = cohort(600, seed, |p| p.powf(power));
            let i = ece(&p, &y, 10, EdgeRule::LeftClosed, seed).unwrap().interval.unwrap();
            i.lo <= truth && truth <= i.hi
        })
        .count()
}

#[test]
fn the_interval_of_the_calibration_error_holds_the_truth() {
    // For an even spread the ECE is close to the integral of p - p^k: 1/2 - 1/(k + 1).
    for (power, truth) in [(1.5, 0.1), (1.1, 0.5 - 1.0 / 2.1), (1.0, 0.0)] {
        let held = held(power, truth);
        assert!(held >= 90, "{power}: {held}");
    }
}

#[test]
fn refusals_say_why() {
    let reason = |p: &[f64], y: &[bool], bins| ece(p, y, bins, EdgeRule::LeftClosed, 1).unwrap_err().reason;
    assert_eq!(reason(&[], &[], 10), "there are no rows");
    assert_eq!(reason(&[0.1], &[true, false], 10), "there are 1 probabilities but 2 outcomes");
    assert_eq!(reason(&[0.1, f64::NAN], &[true, false], 10), "the probability in row 2 is missing");
    assert_eq!(reason(&[1.5], &[true], 10), "the probability in row 1 is 1.5, outside 0 to 1");
    assert_eq!(reason(&[0.5], &[true], 0), "the number of bins must be 1 or more");
    assert!(reason(&[0.5], &[true], usize::MAX).ends_with("or fewer"));
    assert!(brier(&[-0.1], &[true]).is_err());
    assert_eq!(brier(&[0.7], &[true]).unwrap().interval, None);
}

#[test]
fn the_same_seed_gives_the_same_estimate() {
    let (p, y) = cohort(300, 3, |p| p * p);
    let run = |seed| ece(&p, &y, 15, EdgeRule::RightClosed, seed).unwrap();
    assert_eq!(run(1), run(1));
    assert_ne!(run(1).interval, run(2).interval);
}

#[test]
fn a_certain_forecast_that_fails_is_refuted() {
    let z = |p: &[f64], y: &[bool]| decomposition::spiegelhalter(p, y);
    let failed = z(&[1.0, 0.0, 0.0, 1.0], &[false, true, true, false]).unwrap();
    assert_eq!((failed.value, failed.part("p")), (f64::INFINITY, Some(0.0)));
    assert!(z(&[1.0, 0.0, 0.5], &[true, false, true]).is_err());
}

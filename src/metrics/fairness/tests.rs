//! Demographic parity against Fairlearn, its intervals and its noise floor.

use super::*;
use crate::metrics::fixtures::{self, Case, number};
use crate::metrics::resampling::bootstrap_rows;
use serde_json::Value;

/// Crossed groups as codes and names; a missing group has a code without a level.
fn groups(case: &Case) -> (Vec<u32>, Vec<String>) {
    let features: Vec<&Vec<Value>> =
        case.input("sensitive_features").as_object().unwrap().values().map(|v| v.as_array().unwrap()).collect();
    let mut levels: Vec<String> = Vec::new();
    let codes = (0..features[0].len())
        .map(|row| {
            let cells: Vec<&Value> = features.iter().map(|f| &f[row]).collect();
            if cells.iter().any(|c| c.is_null()) {
                return u32::MAX;
            }
            let name = cells.iter().map(|c| c.to_string()).collect::<Vec<_>>().join("|");
            let at = levels.iter().position(|l| *l == name).unwrap_or_else(|| {
                levels.push(name);
                levels.len() - 1
            });
            at as u32
        })
        .collect();
    (codes, levels)
}

#[test]
fn demographic_parity_agrees_with_fairlearn() {
    let mut compared = 0;
    for case in fixtures::cases("fairness.json") {
        let binary = case.numbers("y_pred").iter().all(|&v| v == 0.0 || v == 1.0);
        if !case.input("sample_weight").is_null() || !binary {
            continue; // the kernels take no weights, and flags only
        }
        let yhat = case.flags("y_pred");
        let (codes, levels) = groups(&case);
        for expect in case.expectations(&["demographic_parity_difference"]) {
            if expect.param("method").as_str() != Some("between_groups") {
                continue;
            }
            // One group alone is 0 in Fairlearn and a gap of 0 here, yet no parity difference.
            let rates = selection_rates(&yhat, &codes, &levels).ok();
            expect.check(rates.and_then(|parts| gap(&parts)));
            if levels.len() > 1 {
                expect.check(dpd(&yhat, &codes, &levels, 1).ok().map(|e| e.value));
            }
            compared += 1;
        }
    }
    assert!(compared >= 25, "{compared}");
}

fn names(n: usize) -> Vec<String> {
    (0..n).map(|i| format!("g{i}")).collect()
}

/// `counts` as rows: (selected, rows) of every group.
fn rows(counts: &[(usize, usize)]) -> (Vec<bool>, Vec<u32>) {
    counts.iter().enumerate().flat_map(|(g, &(k, n))| (0..n).map(move |i| (i < k, g as u32))).unzip()
}

#[test]
fn two_groups_have_newcombes_interval_folded_at_zero() {
    let (yhat, codes) = rows(&[(48, 80), (56, 70)]);
    let apart = dpd(&yhat, &codes, &names(2), 1).unwrap();
    let interval = apart.interval.unwrap();
    assert!((interval.lo - 0.0524).abs() < 6e-5 && (interval.hi - 0.3339).abs() < 6e-5);
    assert_eq!(interval.method, "newcombe");
    assert_eq!(apart.parts.len(), 2);
    let (yhat, codes) = rows(&[(10, 20), (11, 20)]);
    let near = dpd(&yhat, &codes, &names(2), 1).unwrap().interval.unwrap();
    assert!(near.lo == 0.0 && near.hi > 0.3);
    let (yhat, codes) = rows(&[(2, 2), (2, 2)]);
    let equal = dpd(&yhat, &codes, &names(2), 1).unwrap();
    assert_eq!(equal.value, 0.0);
    let interval = equal.interval.unwrap();
    assert!(interval.lo == 0.0 && interval.hi > 0.5, "four rows decide nothing: {interval:?}");
}

#[test]
fn a_group_without_rows_is_shown_and_not_counted() {
    let (yhat, codes) = rows(&[(1, 4), (0, 0), (3, 4)]);
    let got = dpd(&yhat, &codes, &names(3), 1).unwrap();
    assert_eq!(got.value, 0.5);
    assert_eq!((got.parts[1].value, got.parts[1].n), (None, 0.into()));
    assert_eq!(got.interval.unwrap().method, "newcombe");
}

#[test]
fn refusals_say_why() {
    let alone = dpd(&[true, false], &[0, 0], &names(2), 1).unwrap_err().reason;
    assert_eq!(alone, "a difference between groups needs two groups with rows; only `g0` has any");
    let missing = dpd(&[true, false], &[0, u32::MAX], &names(2), 1).unwrap_err().reason;
    assert_eq!(missing, "row 2 belongs to no known group");
    assert_eq!(dpd(&[], &[], &names(2), 1).unwrap_err().reason, "there are no rows");
    assert!(dpd(&[true], &[0, 1], &names(2), 1).is_err());
}

#[test]
fn groups_of_one_person_are_not_certain() {
    let (yhat, codes) = rows(&[(1, 1), (0, 1), (0, 1)]);
    let got = dpd(&yhat, &codes, &names(3), 1).unwrap();
    let interval = got.interval.unwrap();
    assert_eq!(got.value, 1.0);
    assert!(interval.lo < 0.1 && interval.hi == 1.0, "{interval:?}");
}

#[test]
fn the_noise_floor_is_the_mean_gap_of_equal_rates() {
    // Two large groups: the mean of |N(0, s)| is s * sqrt(2/pi).
    let (yhat, codes) = rows(&[(300, 1000), (600, 2000)]);
    let floor = dpd(&yhat, &codes, &names(2), 1).unwrap().noise_floor.unwrap();
    let s = (0.3 * 0.7 * (1.0 / 1000.0 + 1.0 / 2000.0_f64)).sqrt();
    assert!((floor / (s * (2.0 / std::f64::consts::PI).sqrt()) - 1.0).abs() < 0.08, "{floor}");
    let (yhat, codes) = rows(&[(0, 10), (0, 20)]);
    assert_eq!(dpd(&yhat, &codes, &names(2), 1).unwrap().noise_floor, Some(0.0));
}

#[test]
fn five_equal_groups_are_not_called_unequal() {
    let sizes = [900, 300, 100, 60, 40];
    let held = (0..100)
        .filter(|&seed| {
            let mut rng = resampling::stream(seed, Lane::NoiseFloor, 77);
            let (yhat, codes): (Vec<bool>, Vec<u32>) =
                (0..5).flat_map(|g| vec![g as u32; sizes[g]]).map(|g| (resampling::unit(&mut rng) < 0.3, g)).unzip();
            dpd(&yhat, &codes, &names(5), seed).unwrap().interval.unwrap().lo == 0.0
        })
        .count();
    assert!(held >= 92, "{held}");
}

#[test]
fn bootstraps_over_rows_and_within_groups_agree_with_scipy() {
    let mut compared = 0;
    for case in fixtures::cases("bootstrap.json") {
        let dpd_case = case.input("statistic").as_str() == Some("dpd");
        if case.input("mode").as_str() != Some("mc") || !dpd_case {
            continue;
        }
        let data = case.input("data");
        let yhat: Vec<bool> = data["y_pred"].as_array().unwrap().iter().map(|v| number(v) == 1.0).collect();
        let labels: Vec<String> = data["group"].as_array().unwrap().iter().map(|v| v.to_string()).collect();
        let mut levels = labels.clone();
        levels.sort();
        levels.dedup();
        let codes: Vec<u32> = labels.iter().map(|l| levels.binary_search(l).unwrap() as u32).collect();
        let draws = bootstrap_rows(yhat.len(), 10_000, 4, |rows| {
            let take: Vec<bool> = rows.iter().map(|&r| yhat[r as usize]).collect();
            let who: Vec<u32> = rows.iter().map(|&r| codes[r as usize]).collect();
            let take = BooleanBuffer::from(take.as_slice());
            let cells = counts::by_group(&take, &take, GroupCodes::Words(&who), levels.len()).unwrap();
            spread(selections(&cells).iter().filter(|g| g.1 > 0).map(rate))
        });
        let over_rows = inference::percentile_interval(&draws, LEVEL).unwrap();
        let within = dpd(&yhat, &codes, &levels, 4).unwrap().interval.unwrap();
        for expect in case.expectations(&["ci_mc"]) {
            let slack = number(expect.param("abs_tol"));
            // Within groups the lower end may be 0 by the test against equal rates.
            let low = if within.lo == 0.0 { over_rows.lo } else { within.lo };
            for (key, row, group) in [("low", over_rows.lo, low), ("high", over_rows.hi, within.hi)] {
                let want = number(expect.field(key));
                assert!((row - want).abs() < slack, "{} {key} {row} {want}", case.id());
                assert!((group - want).abs() < 1.5 * slack, "{} {key} {group} {want}", case.id());
            }
            compared += 1;
        }
    }
    assert_eq!(compared, 2);
}

#[test]
fn any_kernel_can_be_taken_by_group() {
    let (yhat, codes) = rows(&[(3, 4), (1, 5)]);
    let truth = vec![true; 9];
    let parts = by_group(&codes, &names(3), |rows| {
        let pick = |x: &[bool]| rows.iter().map(|&r| x[r]).collect::<Vec<_>>();
        crate::metrics::classification::accuracy(&pick(&yhat), &pick(&truth))
    })
    .unwrap();
    let values: Vec<_> = parts.iter().map(|p| (p.value, p.n)).collect();
    assert_eq!(values, [(Some(0.75), 4.into()), (Some(0.2), 5.into()), (None, 0.into())]);
}

#[test]
fn the_worst_ratio_of_odds_is_undefined_where_nobody_is_found() {
    // Fairlearn 0.15.0: NaN without a true positive, the other ratio without a false positive.
    let (codes, names) = ([0_u32, 0, 1, 1], names(2));
    let odds = |yhat: [bool; 4], how| {
        let settings = (rates::Compare::Ratio, rates::Method::BetweenGroups, rates::Lone::Keep);
        rates::equalized_odds(&yhat, &[true, false, true, false], (&codes, &names), settings, how, None)
    };
    let only_false = [false, true, false, true];
    assert!(odds(only_false, rates::Odds::WorstCase).is_err());
    assert_eq!(odds(only_false, rates::Odds::Mean).unwrap().value, 1.0);
    assert_eq!(odds([true, false, true, false], rates::Odds::WorstCase).unwrap().value, 1.0);
}

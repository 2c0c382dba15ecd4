//! Power and sample sizes against statsmodels 0.15.0 (noncentral t) and Hanley and McNeil's own example.

use super::*;
use crate::metrics::hypothesis::power::{auroc_power, auroc_sample_size};

fn near(got: f64, want: f64) {
    assert!((got - want).abs() <= 1e-9 * want.abs(), "{got} is not {want}");
}

#[test]
fn power_is_that_of_statsmodels() {
    let two = |ratio| Design::Independent { ratio };
    for (effect, n, alpha, design, want) in [
        (0.5, 64.0, 0.05, two(1.0), 0.801_459_557_922_254_2),
        (0.2, 10.0, 0.05, two(2.0), 0.078_968_444_041_048_05),
        (1.5, 2.0, 0.05, two(1.0), 0.148_691_579_150_247),
        (0.8, 3.0, 0.01, two(1.5), 0.037_955_202_054_777_93),
        (0.01, 1e6, 0.05, two(1.0), 0.999_999_839_856_176_6),
        (0.5, 34.0, 0.05, Design::Pairs, 0.807_777_501_279_273_4),
        (0.3, 2.0, 0.05, Design::Pairs, 0.054_414_667_668_101_62),
        (2.0, 5.0, 0.001, Design::Pairs, 0.117_695_008_909_682_71),
    ] {
        near(power(effect, n, alpha, design).unwrap().value, want);
    }
    near(power(0.0, 20.0, 0.05, Design::Pairs).unwrap().value, 0.05);
}

#[test]
fn sample_sizes_are_the_next_whole_numbers() {
    let of = |effect, power, design| sample_size(effect, power, 0.05, design).unwrap().value;
    assert_eq!(of(0.5, 0.8, Design::Independent { ratio: 1.0 }), 64.0); // 63.77
    assert_eq!(of(0.3, 0.9, Design::Independent { ratio: 2.0 }), 176.0); // 175.77
    assert_eq!(of(-0.5, 0.8, Design::Pairs), 34.0); // 33.37
    assert!(sample_size(0.0, 0.8, 0.05, Design::Pairs).is_err());
    assert!(sample_size(1e-9, 0.8, 0.05, Design::Pairs).is_err());
    assert!(power(0.5, 1.0, 0.05, Design::Pairs).is_err());
}

#[test]
fn an_auroc_has_hanley_and_mcneils_error() {
    // Radiology 143:29, table II: 0.893 with 51 abnormal and 58 normal images has a standard error of 0.032.
    let e = auroc_power(0.893, 0.5, (51.0, 58.0), 0.05).unwrap();
    assert!((e.part("standard_error").unwrap() - 0.0325).abs() < 1e-4);
    let plan = auroc_sample_size(0.75, 0.7, 3.0, 0.8, 0.05).unwrap();
    let at = |m: f64| auroc_power(0.75, 0.7, (m, 3.0 * m), 0.05).unwrap().value;
    assert!(at(plan.value) >= 0.8 && at(plan.value - 1.0) < 0.8);
    assert!(auroc_power(0.7, 0.7, (9.0, 9.0), 0.05).is_err() && auroc_power(0.7, 0.5, (0.0, 9.0), 0.05).is_err());
}

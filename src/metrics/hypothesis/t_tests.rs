//! t tests and effect sizes against SciPy 1.17.1 and statsmodels 0.15.0.

use super::*;

fn near(got: f64, want: f64) {
    assert!((got - want).abs() <= 1e-10 * want.abs(), "{got} is not {want}");
}

#[test]
fn a_single_value_is_compared_with_the_variance_of_the_others() {
    let e = independent(&[2.5], &[1.0, 2.0, 4.0, 3.5], true, Alternative::TwoSided).unwrap();
    near(e.value, 0.940_396_895_285_392_5);
    near(e.part("statistic").unwrap(), -0.081_199_794_294_115_02);
    near(e.part("low").unwrap(), -5.024_098_472_091_753);
    assert_eq!(e.part("df"), Some(3.0));
    assert!(independent(&[2.5], &[1.0, 2.0, 4.0, 3.5], false, Alternative::TwoSided).is_err());
    assert!(independent(&[2.5], &[1.0], true, Alternative::TwoSided).is_err());
}

#[test]
fn equivalence_of_samples_is_that_of_statsmodels() {
    let (a, b) = ([3.1, 4.2, 5.0, 2.8, 4.4], [2.0, 3.3, 2.9, 3.8, 1.7, 2.6]);
    let p = |margin, equal| equivalent_samples(&a, &b, margin, equal);
    near(p(1.5, true).unwrap().value, 0.276_901_985_187_101_1);
    near(p(1.5, false).unwrap().value, 0.280_860_513_184_685_2);
    near(p(1.5, true).unwrap().part("lower").unwrap(), 0.000_277_896_958_063_716_55);
    assert!(p(0.0, true).is_err() && p(f64::NAN, true).is_err());
}

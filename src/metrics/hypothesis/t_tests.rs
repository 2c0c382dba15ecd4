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

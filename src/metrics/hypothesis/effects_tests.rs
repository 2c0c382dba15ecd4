//! Effect sizes against statsmodels 0.15.0; Cliff's interval against its formula written out in NumPy.

use super::*;

const A: [f64; 5] = [3.1, 4.2, 5.0, 2.8, 4.4];
const B: [f64; 6] = [2.0, 3.3, 2.9, 3.8, 1.7, 2.6];

fn near(got: f64, want: f64) {
    assert!((got - want).abs() <= 1e-12 * want.abs(), "{got} is not {want}");
}

#[test]
fn hedges_g_is_that_of_statsmodels() {
    let e = hedges_g(&A, &B, 0.95).unwrap();
    near(e.value, 1.272_258_593_800_439_6);
    near(e.part("variance").unwrap(), 0.481_301_364_223_258_2);
    assert!(hedges_g(&[1.0], &B, 0.95).is_err() && hedges_g(&[1.0; 3], &[2.0; 3], 0.95).is_err());
}

#[test]
fn cliffs_delta_counts_dominances() {
    let e = cliffs_delta(&A, &B, 0.95).unwrap();
    near(e.value, 2.0 / 3.0);
    near(e.part("variance").unwrap(), 0.057_777_777_777_777_79);
    let i = e.interval.unwrap();
    near(i.lo, 0.034_984_184_972_966_85);
    near(i.hi, 0.917_729_048_365_256_4);
    let apart = cliffs_delta(&[1.0, 2.0], &[3.0, 4.0], 0.95).unwrap();
    assert_eq!((apart.value, apart.interval), (-1.0, None));
    assert_eq!(cliffs_delta(&[1.0; 3], &[1.0; 4], 0.95).unwrap().value, 0.0);
    assert!(cliffs_delta(&[], &[1.0], 0.95).is_err() && cliffs_delta(&[f64::NAN], &[1.0], 0.95).is_err());
}

#[test]
fn odds_ratios_have_woolfs_interval() {
    let e = odds_ratio([12.0, 5.0, 7.0, 20.0], 44, 0.0, 0.95).unwrap();
    near(e.value, 6.857_142_857_142_857);
    near(e.part("standard_error").unwrap(), 0.690_065_559_342_354_3);
    near(e.part("risk_ratio").unwrap(), 2.722_689_075_630_252_6);
    let i = e.interval.unwrap();
    near(i.lo, 1.773_202_473_050_630_8);
    near(i.hi, 26.517_224_557_199_63);
    let zero = odds_ratio([3.0, 0.0, 2.0, 5.0], 10, 0.0, 0.95).unwrap();
    assert!(zero.value.is_infinite() && zero.interval.is_none() && zero.notes.len() == 1);
    assert!(odds_ratio([3.0, 0.0, 2.0, 5.0], 10, 0.5, 0.95).unwrap().interval.is_some());
    assert!(odds_ratio([0.0, 0.0, 2.0, 5.0], 7, 0.0, 0.95).is_err());
    assert!(odds_ratio([1.0; 4], 4, -1.0, 0.95).is_err() && odds_ratio([1.0; 4], 4, 0.0, 1.0).is_err());
}

//! Published worked examples of agreement statistics.

use super::icc::{Form, icc};
use super::*;

fn near(got: f64, want: f64) {
    assert!((got - want).abs() < 6e-5, "{got} is not {want}");
}

const NO: f64 = f64::NAN;

#[test]
fn krippendorffs_own_example_at_every_level() {
    let raters: [&[f64]; 4] = [
        &[1., 2., 3., 3., 2., 1., 4., 1., 2., NO, NO, NO],
        &[1., 2., 3., 3., 2., 2., 4., 1., 2., 5., NO, 3.],
        &[NO, 3., 3., 3., 2., 3., 4., 2., 2., 5., 1., NO],
        &[1., 2., 3., 3., 2., 4., 4., 1., 2., 5., 1., NO],
    ];
    let levels =
        [(Scale::Nominal, 0.7434), (Scale::Ordinal, 0.8154), (Scale::Interval, 0.8491), (Scale::Ratio, 0.7974)];
    for (scale, want) in levels {
        near(krippendorff(&raters, scale).unwrap().value, want);
    }
}

#[test]
fn fleiss_example_of_fourteen_raters() {
    let items = [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ];
    let mut raters = vec![Vec::new(); 14];
    for item in items {
        let given = item.iter().enumerate().flat_map(|(c, n)| std::iter::repeat_n(c as f64, *n));
        given.zip(&mut raters).for_each(|(v, r)| r.push(v));
    }
    let columns: Vec<&[f64]> = raters.iter().map(Vec::as_slice).collect();
    let e = fleiss(&columns, false).unwrap();
    near(e.value, 0.2099);
    near(e.part("agreement").unwrap(), 0.3780);
    near(e.part("chance").unwrap(), 0.2128);
}

#[test]
fn shrout_and_fleiss_1979_table_4() {
    let raters: [&[f64]; 4] =
        [&[9., 6., 8., 7., 10., 6.], &[2., 1., 4., 1., 5., 2.], &[5., 3., 6., 2., 6., 4.], &[8., 2., 8., 6., 9., 7.]];
    let wanted = [
        (Form::One, false, 0.1657),
        (Form::Two, false, 0.2898),
        (Form::Three, false, 0.7148),
        (Form::One, true, 0.4428),
        (Form::Two, true, 0.6201),
        (Form::Three, true, 0.9093),
    ];
    for (form, of_mean, want) in wanted {
        let e = icc(&raters, form, of_mean, 0.95).unwrap();
        near(e.value, want);
        let i = e.interval.unwrap();
        assert!(i.lo < want && want < i.hi, "{form:?} {i:?}");
    }
    // The intervals that R's psych::ICC prints for these data.
    let one = icc(&raters, Form::One, false, 0.95).unwrap().interval.unwrap();
    assert!((one.lo + 0.133).abs() < 2e-3 && (one.hi - 0.723).abs() < 2e-3, "{one:?}");
    let three = icc(&raters, Form::Three, false, 0.95).unwrap().interval.unwrap();
    assert!((three.lo - 0.342).abs() < 2e-3 && (three.hi - 0.946).abs() < 2e-3, "{three:?}");
}

#[test]
fn gwet_does_not_fall_where_kappa_does() {
    // 118 items both yes, 5 and 2 split, none both no: kappa is -0.023.
    let rows = [(118, 1., 1.), (5, 1., 0.), (2, 0., 1.)];
    let of = |pick: &dyn Fn(&(usize, f64, f64)) -> f64| -> Vec<f64> {
        rows.iter().flat_map(|r| std::iter::repeat_n(pick(r), r.0)).collect()
    };
    let (a, b) = (of(&|r| r.1), of(&|r| r.2));
    let e = gwet(&[&a, &b], Scale::Nominal).unwrap();
    assert!((e.part("agreement").unwrap() - 0.944).abs() < 5e-4);
    assert!((e.value - 0.941).abs() < 5e-4, "{}", e.value);
    assert!(gwet(&[&[1., 1.], &[1., 1.]], Scale::Nominal).is_err());
}

#[test]
fn what_cannot_be_told_is_undefined() {
    assert!(krippendorff(&[&[1., NO], &[NO, 2.]], Scale::Nominal).is_err());
    assert!(krippendorff(&[&[1., 1.], &[1., 1.]], Scale::Interval).is_err());
    assert!(krippendorff(&[&[1., 2.]], Scale::Nominal).is_err());
    assert!(fleiss(&[&[1., NO], &[1., 2.]], false).is_err());
    assert!(icc(&[&[1., 2.], &[1., f64::INFINITY]], Form::Two, false, 0.95).is_err());
    assert!(icc(&[&[3., 3.], &[3., 3.]], Form::Two, false, 0.95).is_err());
}

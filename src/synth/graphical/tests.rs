//! The kind as a whole: what it learns, what it costs, what it refuses.

use super::super::encoder::tests::clinic;
use super::super::privacy::Unit;
use super::super::{NoCheckpoints, load as load_any};
use super::*;
use crate::data::frame::FrameKind;
use crate::source::world::Silent;

#[cfg(feature = "nets")]
fn device() -> Place {
    crate::nets::device::cpu()
}

#[cfg(not(feature = "nets"))]
fn device() -> Place {
    Place
}

fn asked(private: Option<(f64, f64)>) -> Asked {
    let private = private.map(|(epsilon, delta)| Private { epsilon, delta, unit: Unit::Record, norm: 1.0 });
    let roles = super::super::Roles { label: Some("sick".into()), protected: Vec::new() };
    Asked { private, roles, ..Asked::plain(KIND, 4) }
}

fn fitted(frame: &Frame, asked: &Asked) -> Result<Box<dyn Generator>, SynthError> {
    let (device, go) = (device(), || false);
    let fitting = Fitting { device: &device, stage: &Silent, cancelled: &go, checkpoints: &NoCheckpoints };
    super::super::fit(frame, asked, &fitting)
}

fn bits(frame: &Frame) -> Vec<u64> {
    frame.columns.iter().flat_map(|c| c.values.iter().map(|x| x.to_bits())).collect()
}

fn values(frame: &Frame, name: &str) -> Vec<f64> {
    frame.column(name).map(|c| c.values.clone()).unwrap_or_default()
}

fn mean_age(frame: &Frame, sick: f64) -> f64 {
    let (age, is) = (values(frame, "age"), values(frame, "sick"));
    let ages: Vec<f64> = age.into_iter().zip(is).filter(|(_, s)| *s == sick).map(|(a, _)| a).collect();
    ages.iter().sum::<f64>() / ages.len() as f64
}

#[test]
fn both_modes_learn_that_the_sick_are_older_and_who_lacks_a_cost() {
    let frame = clinic(4_000);
    for private in [None, Some((1.0, 1e-5))] {
        let made = fitted(&frame, &asked(private)).unwrap();
        let drawn = made.sample(4_000, &Given::nothing(), 1).unwrap();
        for sick in [0.0, 1.0] {
            let (real, got) = (mean_age(&frame, sick), mean_age(&drawn, sick));
            assert!((real - got).abs() < 2.5, "{private:?}, sick = {sick}: {real} years in the table, {got} drawn");
        }
        let missing = |f: &Frame| values(f, "cost").iter().filter(|x| x.is_nan()).count() as f64 / 4_000.0;
        assert!((missing(&frame) - missing(&drawn)).abs() < 0.03);
        assert!(values(&drawn, "age").iter().all(|x| x.fract() == 0.0 && (18.0..=110.0).contains(x)));
        assert!(values(&drawn, "cost").iter().all(|x| x.is_nan() || (0.0..=1e5).contains(x)));
    }
}

#[test]
fn the_budget_is_kept_and_travels_with_the_generator() {
    for (epsilon, delta) in [(0.3, 1e-6), (1.0, 1e-5), (3.0, 1e-5), (20.0, 1e-4)] {
        let made = fitted(&clinic(2_000), &asked(Some((epsilon, delta)))).unwrap();
        let spent = made.privacy().map(|p| p.meter.spent()).unwrap();
        assert!(spent <= epsilon && spent > 0.99 * epsilon, "{spent} of {epsilon}");
        let again = load_any(&made.save().to_bytes(), &device()).unwrap();
        assert_eq!(again.privacy(), made.privacy());
        let given = Given::nothing().and(&[("sick", 1), ("ward", 2)], 20);
        let rows = |g: &dyn Generator| bits(&g.sample(300, &given, 3).unwrap());
        assert_eq!(rows(made.as_ref()), rows(again.as_ref()));
        assert_eq!(made.save().to_bytes(), again.save().to_bytes());
    }
}

#[test]
fn rows_asked_for_are_exact_even_where_the_table_has_none() {
    for private in [None, Some((2.0, 1e-5))] {
        let made = fitted(&clinic(1_000), &asked(private)).unwrap();
        // Nobody is on the closed ward.
        let given = Given::nothing().and(&[("sick", 1), ("ward", 1)], 40).and(&[("sick", 0)], 25);
        let rows = made.sample(100, &given, 3).unwrap();
        assert_eq!(rows.rows, 100);
        assert!(values(&rows, "sick").iter().take(40).all(|x| *x == 1.0));
        assert!(values(&rows, "ward").iter().take(40).all(|x| *x == 1.0));
        assert!(values(&rows, "sick").iter().skip(40).take(25).all(|x| *x == 0.0));
        assert!(values(&rows, "age").iter().all(|x| x.is_finite()));
        let older = |n: f64| values(&rows, "age").iter().take(40).sum::<f64>() / 40.0 > n;
        assert!(older(60.0), "what is asked for tells about the rest");
    }
    let made = fitted(&clinic(100), &asked(None)).unwrap();
    for (given, words) in [
        (Given::nothing().and(&[("age", 1)], 2), "it is a number"),
        (Given::nothing().and(&[("ward", 7)], 2), "no level 7"),
        (Given::nothing().and(&[("color", 0)], 2), "no column color"),
        (Given::nothing().and(&[("ward", 0)], 200), "more than the 100 rows"),
        (Given::nothing().and(&[("ward", 0), ("ward", 2)], 2), "two levels"),
    ] {
        let error = made.sample(100, &given, 1).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn nothing_but_released_counts_decides_in_private_mode() {
    // Rows in another order have the same counts, so the fit must have the same bytes.
    let frame = clinic(700);
    let order: Vec<usize> = (0..700).rev().collect();
    let bytes = |f: &Frame| fitted(f, &asked(Some((1.0, 1e-5)))).unwrap().save().to_bytes();
    assert_eq!(bytes(&frame), bytes(&frame.take(&order)));
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| bytes(&frame))
    };
    assert_eq!(run(1), run(2));
}

#[test]
fn small_and_strange_tables_have_an_answer() {
    for private in [None, Some((1.0, 1e-5))] {
        let mut frame = clinic(300);
        frame.columns[0].values.fill(44.0);
        frame.columns[1].values.fill(f64::NAN);
        frame.columns.truncate(3);
        let rows = fitted(&frame, &asked(private)).and_then(|g| g.sample(5, &Given::nothing(), 1)).unwrap();
        assert_eq!(rows.rows, 5);
        if private.is_none() {
            assert!(
                values(&rows, "age").iter().all(|x| *x == 44.0) && values(&rows, "cost").iter().all(|x| x.is_nan())
            );
        }
        frame.columns.truncate(1);
        assert!(fitted(&frame, &asked(private)).and_then(|g| g.sample(5, &Given::nothing(), 1)).is_ok());
    }
    let one = fitted(&clinic(1), &asked(None)).and_then(|g| g.sample(3, &Given::nothing(), 1));
    assert_eq!(one.map(|r| r.rows), Ok(3), "one row is little to learn from, but no error");
    let mut outlier = clinic(500);
    outlier.columns[1].kind = FrameKind::Number { lo: None, hi: None, integer: false };
    outlier.columns[1].values[3] = 1e12;
    assert!(fitted(&outlier, &asked(None)).and_then(|g| g.sample(50, &Given::nothing(), 1)).is_ok());
    assert_eq!(fitted(&outlier, &asked(Some((1.0, 1e-5)))).err(), Some(SynthError::NoRange { column: "cost".into() }));
}

#[test]
fn what_cannot_be_private_is_refused_with_a_way_out() {
    let loose = fitted(&clinic(200), &asked(Some((1.0, 0.005)))).err();
    assert!(matches!(loose, Some(SynthError::Private(PrivacyError::LooseDelta { units: 200, .. }))), "{loose:?}");
    let hopeless = fitted(&clinic(200), &asked(Some((0.01, 1e-6)))).err();
    assert!(matches!(hopeless, Some(SynthError::Hopeless { .. })), "{hopeless:?}");
    let (device, stop) = (device(), || true);
    let fitting = Fitting { device: &device, stage: &Silent, cancelled: &stop, checkpoints: &NoCheckpoints };
    let stopped = super::fit(&clinic(50), &asked(None), &fitting);
    assert!(matches!(stopped.err(), Some(SynthError::Cancelled { .. })));
}

#[test]
fn altered_tables_are_refused() {
    let made = fitted(&clinic(200), &asked(None)).unwrap();
    let mut saved = made.save();
    saved.tensors.pop();
    assert!(matches!(load_any(&saved.to_bytes(), &device()), Err(SynthError::Corrupt(_))));
    let mut saved = made.save();
    saved.tensors[0].1.values[0] = f32::NAN;
    assert!(matches!(load_any(&saved.to_bytes(), &device()), Err(SynthError::Corrupt(_))));
}

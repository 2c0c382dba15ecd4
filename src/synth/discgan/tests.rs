//! Tests of discGAN as published.

use super::super::encoder::tests::clinic;
use super::super::fitting::NoCheckpoints;
use super::super::killed;
use super::super::{Private, load as load_any};
use super::*;
use crate::nets::device::cpu;
use crate::source::world::Silent;
use crate::synth::privacy::Unit;

/// Cost beside two categories, without the age.
fn ward(rows: usize) -> Frame {
    let mut frame = clinic(rows);
    frame.columns.remove(0);
    frame
}

fn quick(epochs: f64) -> Asked {
    Asked::plain("discgan", 3).with("epochs", epochs).with("learning_rate", 1e-3)
}

fn made(frame: &Frame, asked: &Asked) -> Result<Box<dyn Generator>, SynthError> {
    let (device, go) = (cpu(), || false);
    fit(frame, asked, &Fitting { device: &device, stage: &Silent, cancelled: &go, checkpoints: &NoCheckpoints })
}

fn bits(frame: &Frame) -> Vec<u64> {
    frame.columns.iter().flat_map(|c| c.values.iter().map(|x| x.to_bits())).collect()
}

#[test]
fn categories_are_copied_and_numbers_are_in_range() {
    let frame = ward(300);
    let gan = made(&frame, &quick(3.0)).unwrap();
    let rows = gan.sample(300, &Given::nothing(), 5).unwrap();
    for name in ["sick", "ward"] {
        let sorted = |f: &Frame| {
            let mut x = f.column(name).unwrap().values.clone();
            x.sort_by(f64::total_cmp);
            x
        };
        assert_eq!(sorted(&frame), sorted(&rows), "{name}");
    }
    let missing = |f: &Frame| f.columns[0].values.iter().filter(|x| x.is_nan()).count();
    assert_eq!(missing(&frame), missing(&rows), "whether a number is missing is copied too");
    assert!(rows.columns[0].values.iter().all(|x| x.is_nan() || (0.0..=1e5).contains(x)));
    let given = Given::nothing().and(&[("sick", 1)], 40);
    let rows = gan.sample(60, &given, 5).unwrap();
    assert!(rows.column("sick").unwrap().values[..40].iter().all(|x| *x == 1.0));
    assert!(gan.describe().iter().any(|(k, v)| k == "copies" && v.contains("real rows")));
}

#[test]
fn saved_and_loaded_it_draws_the_same_rows_on_any_number_of_threads() {
    let frame = ward(200);
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| made(&frame, &quick(2.0)).unwrap().save().to_bytes())
    };
    let bytes = run(1);
    assert!(bytes == run(2));
    let (gan, again) = (made(&frame, &quick(2.0)).unwrap(), load_any(&bytes, &cpu()).unwrap());
    let draw = |g: &dyn Generator| bits(&g.sample(90, &Given::nothing(), 8).unwrap());
    assert_eq!(draw(gan.as_ref()), draw(again.as_ref()));
    assert_eq!(gan.history(), again.history());
}

#[test]
fn killed_and_taken_up_it_ends_with_the_same_bytes() {
    killed::goes_on_to_the_same_bytes(&ward(150), &quick(5.0).with("hold_out", 0.2), 10);
}

#[test]
fn tables_it_cannot_learn_are_refused_with_a_way_out() {
    let text = |frame: &Frame, asked: &Asked| made(frame, asked).err().map(|e| e.to_string()).unwrap_or_default();
    assert!(text(&clinic(50), &quick(1.0)).contains("has 2 (age, cost)"));
    let mut frame = ward(50);
    frame.columns.truncate(1);
    assert!(text(&frame, &quick(1.0)).contains("discgan_plus"));
    let mut frame = ward(50);
    frame.columns.remove(0);
    assert!(text(&frame, &quick(1.0)).contains("one number, and the table has none"));
    let private = Private { epsilon: 1.0, delta: 1e-4, unit: Unit::Person, norm: 1.0 };
    let asked = Asked { private: Some(private), ..quick(1.0) };
    assert!(text(&ward(50), &asked).contains("no noise in training can hide"));
    assert_eq!(made(&Frame::default(), &quick(1.0)).err(), Some(SynthError::Empty));
}

#[test]
fn degenerate_numbers_are_drawn_as_they_are() {
    let mut frame = ward(40);
    frame.columns[0].values.fill(7.0);
    let rows = made(&frame, &quick(1.0)).and_then(|g| g.sample(10, &Given::nothing(), 1)).unwrap();
    assert!(rows.columns[0].values.iter().all(|x| *x == 7.0));
    frame.columns[0].values.fill(f64::NAN);
    let rows = made(&frame, &quick(1.0)).and_then(|g| g.sample(10, &Given::nothing(), 1)).unwrap();
    assert!(rows.columns[0].values.iter().all(|x| x.is_nan()));
    let rows = made(&ward(1), &quick(1.0)).and_then(|g| g.sample(10, &Given::nothing(), 1)).unwrap();
    assert_eq!(rows.rows, 10);
}

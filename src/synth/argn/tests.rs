//! The default generator from end to end, on a small made-up clinic.

use super::super::encoder::tests::clinic;
use super::super::fitting::NoCheckpoints;
use super::super::killed;
use super::super::privacy::Unit;
use super::super::{Asked, Fitting, Generator, Given, Private, Roles, SynthError, fit, load};
use crate::data::frame::{Frame, FrameColumn, FrameKind};
use crate::nets::device::cpu;
use crate::source::world::Silent;

fn asked() -> Asked {
    let roles = Roles { label: Some("sick".into()), protected: vec!["ward".into()] };
    Asked { roles, ..Asked::plain("argn", 3).with("epochs", 40.0).with("hidden", 24.0).with("learning_rate", 4e-3) }
}

fn made(frame: &Frame, asked: &Asked) -> Result<Box<dyn Generator>, SynthError> {
    let (device, go) = (cpu(), || false);
    fit(frame, asked, &Fitting { device: &device, stage: &Silent, cancelled: &go, checkpoints: &NoCheckpoints })
}

fn bits(frame: &Frame) -> Vec<u64> {
    frame.columns.iter().flat_map(|c| c.values.iter().map(|x| x.to_bits())).collect()
}

fn cells(frame: &Frame, name: &str) -> Vec<f64> {
    frame.column(name).map(|c| c.values.clone()).unwrap_or_default()
}

#[test]
fn it_learns_shares_relations_and_missing_cells() {
    let frame = clinic(3_000);
    let argn = made(&frame, &asked()).unwrap();
    let rows = argn.sample(3_000, &Given::nothing(), 1).unwrap();
    let share = |f: &Frame, name: &str, ok: &dyn Fn(&f64) -> bool| {
        cells(f, name).iter().filter(|x| ok(x)).count() as f64 / f.rows as f64
    };
    for (name, ok) in [("sick", (|x| *x == 1.0) as fn(&f64) -> bool), ("ward", |x| *x == 2.0), ("cost", |x| x.is_nan())]
    {
        let (real, drawn) = (share(&frame, name, &ok), share(&rows, name, &ok));
        assert!((real - drawn).abs() < 0.04, "{name}: {real} {drawn}");
    }
    assert!(cells(&rows, "ward").iter().all(|x| *x != 1.0), "nobody is on the closed ward");
    let age = |f: &Frame, level: f64| {
        let ages: Vec<f64> =
            cells(f, "age").into_iter().zip(cells(f, "sick")).filter(|(_, s)| *s == level).map(|(a, _)| a).collect();
        ages.iter().sum::<f64>() / ages.len() as f64
    };
    for level in [0.0, 1.0] {
        assert!((age(&frame, level) - age(&rows, level)).abs() < 1.5, "{level}");
    }
    let whole = |x: &f64| x.fract() == 0.0 && (18.0..=110.0).contains(x);
    assert!(cells(&rows, "age").iter().all(whole));
    assert!(cells(&rows, "cost").iter().all(|x| x.is_nan() || (0.0..=1e5).contains(x)));
}

#[test]
fn requests_are_met_and_what_is_drawn_before_goes_with_them() {
    let mut frame = clinic(3_000);
    // Everyone on intensive care is a girl, of whom there are few: asked for the ward, the sex has to follow.
    let girl = cells(&frame, "ward").iter().map(|w| f64::from(*w == 2.0)).collect();
    let levels = vec!["no".to_string(), "yes".to_string()];
    let kind = FrameKind::Category { levels };
    frame.columns.push(FrameColumn { name: "girl".into(), kind, nullable: false, values: girl });
    let mut asked = asked();
    asked.roles.protected = vec!["girl".into()];
    let argn = made(&frame, &asked).unwrap();
    let given = Given::nothing().and(&[("ward", 2)], 300).and(&[("ward", 0), ("sick", 1)], 200);
    let rows = argn.sample(600, &given, 5).unwrap();
    let (ward, girl, sick) = (cells(&rows, "ward"), cells(&rows, "girl"), cells(&rows, "sick"));
    assert!(ward.iter().take(300).all(|w| *w == 2.0) && ward.iter().skip(300).take(200).all(|w| *w == 0.0));
    assert!(sick.iter().skip(300).take(200).all(|s| *s == 1.0));
    let share = girl.iter().take(300).sum::<f64>() / 300.0;
    assert!(share > 0.9, "one row in ten is a girl's, and all of these should be: {share}");
    let wrong = argn.sample(10, &Given::nothing().and(&[("ward", 1)], 4), 1);
    assert!(wrong.is_err_and(|e| e.to_string().contains("no row of the table has ward = closed")));
}

#[test]
fn threads_and_saving_change_no_bit() {
    let frame = clinic(600);
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let argn = made(&frame, &asked().with("epochs", 3.0)).unwrap();
            (argn.save().to_bytes(), bits(&argn.sample(5_000, &Given::nothing(), 7).unwrap()))
        })
    };
    let (bytes, rows) = run(1);
    assert!((bytes.clone(), rows.clone()) == run(2));
    let again = load(&bytes, &cpu()).unwrap();
    assert_eq!(bits(&again.sample(5_000, &Given::nothing(), 7).unwrap()), rows);
    assert_eq!((again.kind(), again.save().to_bytes()), ("argn", bytes));
}

#[test]
fn a_budget_is_kept_travels_along_and_survives_being_killed() {
    let frame = clinic(1_500);
    let private = Private { epsilon: 3.0, delta: 1e-4, unit: Unit::Person, norm: 1.0 };
    let asked = Asked { private: Some(private), ..asked().with("epochs", 6.0).with("hidden", 16.0) };
    let whole = made(&frame, &asked).unwrap();
    let spent = whole.privacy().map(|p| p.meter.spent()).unwrap();
    assert!(spent <= 3.0 && spent > 2.9, "{spent}");
    let bytes = whole.save().to_bytes();
    let again = load(&bytes, &cpu()).unwrap();
    assert_eq!(again.privacy(), whole.privacy());
    killed::goes_on_to_the_same_bytes(&frame, &asked, 3);
    let loose = Asked { private: asked.private.clone().map(|p| Private { delta: 0.1, ..p }), ..asked.clone() };
    assert!(matches!(made(&frame, &loose).err(), Some(SynthError::Private(_))));
}

#[test]
fn killed_at_ten_random_moments_it_resumes_to_identical_weights() {
    let frame = clinic(300);
    for kind in ["argn", "conditional_gan"] {
        let asked = Asked { kind: kind.into(), ..asked().with("epochs", 10.0).with("batch", 60.0) };
        killed::goes_on_to_the_same_bytes(&frame, &asked, 10);
    }
}

#[test]
fn strange_tables_are_learned_or_refused_with_a_way_out() {
    let number = |values: Vec<f64>| FrameColumn {
        name: "x".into(),
        kind: FrameKind::Number { lo: None, hi: None, integer: false },
        nullable: true,
        values,
    };
    let few = asked().with("epochs", 2.0);
    let tables = [vec![7.0; 40], vec![f64::NAN; 40], vec![1.5], (0..40).map(f64::from).chain([1e12]).collect()];
    for values in tables {
        let rows = values.len();
        let frame = Frame { rows, columns: vec![number(values.clone())] };
        let drawn = made(&frame, &few).and_then(|g| g.sample(20, &Given::nothing(), 1)).unwrap();
        let (lo, hi) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(*x), h.max(*x)));
        assert!(cells(&drawn, "x").iter().all(|x| x.is_nan() || (lo..=hi).contains(x)));
    }
    let kind = FrameKind::Category { levels: (0..10_000).map(|i| i.to_string()).collect() };
    let many = FrameColumn { kind, ..number((0..50).map(f64::from).collect()) };
    let refused = made(&Frame { rows: 50, columns: vec![many] }, &few);
    assert!(refused.is_err_and(|e| e.to_string().contains("leave it out if it is an identifier")));
    let diverged = made(&clinic(200), &few.clone().with("learning_rate", 1e30)).err();
    assert!(matches!(diverged, Some(SynthError::NonFinite { .. })), "{diverged:?}");
    assert_eq!(made(&Frame::default(), &few).err(), Some(SynthError::Empty));
}

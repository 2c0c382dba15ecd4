//! Whole fits of the fair generators on small tables.

use super::super::encoder::tests::clinic;
use super::super::killed;
use super::super::privacy::Unit;
use super::super::{Asked, Generator, Given, NoCheckpoints, Private, Roles, SynthError, load};
use crate::data::frame::{Frame, FrameColumn, FrameKind};
use crate::nets::device::cpu;
use crate::nets::fair::information::Joint;

fn asked(kind: &str) -> Asked {
    let mut asked = Asked::plain(kind, 3).with("epochs", 6.0).with("batch", 100.0).with("hidden", 24.0);
    asked.roles = Roles { label: Some("sick".into()), protected: vec!["ward".into()] };
    asked
}

fn fit(frame: &Frame, asked: &Asked) -> Result<Box<dyn Generator>, SynthError> {
    killed::fit(frame, asked, &|| false, &NoCheckpoints)
}

fn bits(frame: &Frame) -> Vec<u64> {
    frame.columns.iter().flat_map(|c| c.values.iter().map(|x| x.to_bits())).collect()
}

#[test]
fn the_number_of_threads_changes_no_bit_and_what_is_saved_draws_the_same() {
    for kind in ["bt_gan", "sdg"] {
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| fit(&clinic(400), &asked(kind)).unwrap())
        };
        let (one, two) = (run(1), run(2));
        let bytes = one.save().to_bytes();
        assert!(bytes == two.save().to_bytes(), "{kind}");
        let again = load(&bytes, &cpu()).unwrap();
        let given = Given::nothing().and(&[("sick", 1), ("ward", 2)], 30);
        let (a, b) = (one.sample(50, &given, 3).unwrap(), again.sample(50, &given, 3).unwrap());
        assert_eq!(bits(&a), bits(&b));
        assert_eq!((one.history(), one.describe()), (again.history(), again.describe()));
        assert!(matches!(load(&bytes[..bytes.len() - 1], &cpu()), Err(SynthError::Corrupt(_))));
    }
}

#[test]
fn requests_are_met_and_every_cell_is_in_range() {
    let gan = fit(&clinic(400), &asked("sdg")).unwrap();
    let given = Given::nothing().and(&[("sick", 1), ("ward", 2)], 40).and(&[("sick", 0)], 25);
    let rows = gan.sample(120, &given, 3).unwrap();
    let column = |name: &str| rows.column(name).map(|c| c.values.clone()).unwrap_or_default();
    assert!(column("sick").iter().take(40).all(|x| *x == 1.0) && column("ward").iter().take(40).all(|x| *x == 2.0));
    assert!(column("sick").iter().skip(40).take(25).all(|x| *x == 0.0));
    assert!(column("ward").iter().all(|x| *x != 1.0), "nobody is on the closed ward");
    assert!(column("age").iter().all(|x| x.fract() == 0.0 && (18.0..=110.0).contains(x)));
    assert!(column("cost").iter().any(|x| x.is_nan()));
}

#[test]
fn killed_in_either_phase_it_goes_on_to_the_same_bytes() {
    for kind in ["bt_gan", "sdg"] {
        killed::goes_on_to_the_same_bytes(&clinic(400), &asked(kind), 10);
    }
}

/// A label that follows `sex` strongly.
fn unequal(rows: usize) -> Frame {
    let u = |i: usize, k: usize| ((i * 2_654_435_761 + k * 40_503) % 10_007) as f64 / 10_007.0;
    let flag = |name: &str, values: Vec<f64>| FrameColumn {
        name: name.into(),
        kind: FrameKind::Category { levels: vec!["no".into(), "yes".into()] },
        nullable: false,
        values,
    };
    let sex: Vec<f64> = (0..rows).map(|i| f64::from(u8::from(u(i, 1) < 0.4))).collect();
    let sick = (0..rows).map(|i| f64::from(u8::from(u(i, 2) < 0.2 + 0.5 * sex[i]))).collect();
    let age = FrameColumn {
        name: "age".into(),
        kind: FrameKind::Number { lo: Some(0.0), hi: Some(120.0), integer: true },
        nullable: false,
        values: (0..rows).map(|i| (30.0 + 40.0 * u(i, 3)).round()).collect(),
    };
    Frame { rows, columns: vec![flag("sex", sex), flag("sick", sick), age] }
}

fn gap(frame: &Frame) -> f64 {
    let mut counts = vec![0.0; 4];
    let (y, s) = (frame.column("sick").unwrap(), frame.column("sex").unwrap());
    y.values.iter().zip(&s.values).for_each(|(y, s)| counts[2 * *y as usize + *s as usize] += 1.0);
    Joint::new(2, 2, counts).gap(1)
}

#[test]
fn the_constraint_closes_the_gap_and_its_absence_keeps_it() {
    let frame = unequal(1_000);
    for (kind, knob) in [("bt_gan", "lambda_fair"), ("sdg", "lambda_parity")] {
        let drawn = |lambda| {
            let mut asked = asked(kind).with("epochs", 12.0).with(knob, lambda);
            asked.roles = Roles { label: Some("sick".into()), protected: vec!["sex".into()] };
            let gan = fit(&frame, &asked).unwrap();
            let told = gan.describe().iter().any(|(what, _)| what == "without the constraint");
            assert_eq!(told, lambda > 0.0, "the price stands beside the gain");
            gap(&gan.sample(8_000, &Given::nothing(), 1).unwrap())
        };
        let (free, held) = (drawn(0.0), drawn(20.0));
        let real = gap(&frame);
        assert!(real > 0.3 && (free - real).abs() < 0.1 && held < 0.06, "{kind}: {real} {free} {held}");
    }
}

#[test]
fn equalized_odds_keeps_the_labels_and_tells_its_price() {
    let mut asked = asked("bt_gan").with("epochs", 12.0);
    asked.words.insert("notion".into(), vec!["equalized_odds".into()]);
    asked.roles = Roles { label: Some("sick".into()), protected: vec!["sex".into()] };
    let frame = unequal(1_000);
    let gan = fit(&frame, &asked).unwrap();
    assert!((gap(&gan.sample(8_000, &Given::nothing(), 1).unwrap()) - gap(&frame)).abs() < 0.1);
    assert!(gan.history().last().is_some_and(|l| l.get("information").is_some()));
}

#[test]
fn the_budget_is_kept_and_travels_with_the_generator() {
    let mut asked = asked("sdg");
    asked.private = Some(Private { epsilon: 3.0, delta: 1e-4, unit: Unit::Person, norm: 1.0 });
    let gan = fit(&clinic(600), &asked).unwrap();
    let spent = gan.privacy().map(|p| p.meter.spent()).unwrap();
    assert!(spent <= 3.0 && spent > 2.9, "{spent}");
    let again = load(&gan.save().to_bytes(), &cpu()).unwrap();
    assert_eq!(again.privacy(), gan.privacy());
    let rows = gan.sample(80, &Given::nothing(), 3).unwrap();
    assert!(rows.column("age").is_some_and(|c| c.values.iter().all(|x| (18.0..=110.0).contains(x))));
}

#[test]
fn what_cannot_be_constrained_is_refused_with_a_way_out() {
    let why = |change: &dyn Fn(&mut Asked)| {
        let mut asked = asked("bt_gan");
        change(&mut asked);
        fit(&clinic(100), &asked).err().map(|e| e.to_string()).unwrap_or_default()
    };
    assert!(why(&|a| a.roles.label = None).contains("the schema declares none"));
    assert!(why(&|a| a.roles.label = Some("age".into())).contains("age is a number"));
    assert!(why(&|a| a.roles.protected.clear()).contains("no protected column"));
    assert!(why(&|a| a.roles.protected = vec!["cost".into()]).contains("groups are levels"));
    let private = Private { epsilon: 1.0, delta: 1e-5, unit: Unit::Person, norm: 1.0 };
    assert!(why(&|a| a.private = Some(private.clone())).contains("use sdg"));
    assert!(why(&|a| *a = a.clone().with("lambda_fair", -1.0)).contains("lambda"));
}

#[test]
fn tables_without_categories_and_tiny_ones_can_be_learned() {
    let mut frame = clinic(60);
    frame.columns.truncate(2);
    let mut plain = asked("sdg");
    plain.roles = Roles::default();
    let rows = fit(&frame, &plain).and_then(|g| g.sample(5, &Given::nothing(), 1));
    assert_eq!(rows.map(|r| r.rows), Ok(5));
    frame.columns.truncate(1);
    frame.columns[0].values.fill(44.0);
    let rows = fit(&frame, &plain).and_then(|g| g.sample(5, &Given::nothing(), 1));
    assert_eq!(rows.map(|r| r.columns[0].values.clone()), Ok(vec![44.0; 5]));
    for kind in ["bt_gan", "sdg"] {
        let rows = fit(&clinic(1), &asked(kind)).and_then(|g| g.sample(3, &Given::nothing(), 1));
        assert_eq!(rows.map(|r| r.rows), Ok(3), "one row is little to learn from, but no error");
    }
}

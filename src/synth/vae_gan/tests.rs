//! Tests of the VAE/GAN and of discGAN for all columns.

use super::super::encoder::tests::clinic;
use super::super::fitting::NoCheckpoints;
use super::super::killed;
use super::super::privacy::Unit;
use super::super::{Given, Private, load as load_any};
use super::*;
use crate::nets::device::cpu;
use crate::source::world::Silent;

fn asked(mode: &str, epochs: f64) -> Asked {
    let mut out = Asked::plain("vae_gan", 3).with("epochs", epochs).with("batch", 100.0).with("hidden", 32.0);
    out.words.insert("mode".into(), vec![mode.into()]);
    out.with("latent", 16.0)
}

fn made(frame: &Frame, asked: &Asked) -> Result<Box<dyn Generator>, SynthError> {
    let (device, go) = (cpu(), || false);
    let fitting = Fitting { device: &device, stage: &Silent, cancelled: &go, checkpoints: &NoCheckpoints };
    super::super::fit(frame, asked, &fitting)
}

fn bits(frame: &Frame) -> Vec<u64> {
    frame.columns.iter().flat_map(|c| c.values.iter().map(|x| x.to_bits())).collect()
}

#[test]
fn every_mode_draws_rows_in_range_that_meet_requests() {
    let frame = clinic(400);
    for mode in ["vae", "gan", "hybrid"] {
        let gan = made(&frame, &asked(mode, 2.0)).unwrap();
        let given = Given::nothing().and(&[("sick", 1), ("ward", 2)], 40).and(&[("sick", 0)], 25);
        let rows = gan.sample(100, &given, 3).unwrap();
        let column = |name: &str| rows.column(name).map(|c| c.values.clone()).unwrap_or_default();
        assert!(column("sick")[..40].iter().all(|x| *x == 1.0) && column("ward")[..40].iter().all(|x| *x == 2.0));
        assert!(column("sick")[40..65].iter().all(|x| *x == 0.0));
        assert!(column("ward").iter().all(|x| *x != 1.0), "nobody is on the closed ward");
        assert!(column("age").iter().all(|x| x.fract() == 0.0 && (18.0..=110.0).contains(x)));
        assert!(column("cost").iter().all(|x| x.is_nan() || (0.0..=1e5).contains(x)));
        assert!(column("cost").iter().any(|x| x.is_nan()));
        assert!(!gan.history().is_empty() && gan.describe().iter().any(|(k, _)| k == "halves"));
    }
}

#[test]
fn saved_and_loaded_it_draws_the_same_rows_on_any_number_of_threads() {
    let frame = clinic(200);
    let asked = asked("hybrid", 2.0).with("shards", 2.0);
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| made(&frame, &asked).unwrap().save().to_bytes())
    };
    let bytes = run(1);
    assert!(bytes == run(2), "shards beside each other disturb each other");
    let (gan, again) = (made(&frame, &asked).unwrap(), load_any(&bytes, &cpu()).unwrap());
    let draw = |g: &dyn Generator| bits(&g.sample(90, &Given::nothing(), 8).unwrap());
    assert_eq!(draw(gan.as_ref()), draw(again.as_ref()));
    assert_eq!(gan.history(), again.history());
}

#[test]
fn killed_and_taken_up_it_ends_with_the_same_bytes() {
    let frame = clinic(250);
    for mode in ["vae", "hybrid"] {
        killed::goes_on_to_the_same_bytes(&frame, &asked(mode, 5.0).with("hold_out", 0.2), 10);
    }
}

#[test]
fn odd_tables_are_learned_or_refused() {
    let draw =
        |frame: &Frame, mode: &str| made(frame, &asked(mode, 1.0)).and_then(|g| g.sample(5, &Given::nothing(), 1));
    for mode in ["vae", "gan", "hybrid"] {
        let mut frame = clinic(60);
        frame.columns.truncate(2);
        assert_eq!(draw(&frame, mode).map(|r| r.rows), Ok(5), "no categories");
        let mut frame = clinic(60);
        frame.columns.drain(0..2);
        assert_eq!(draw(&frame, mode).map(|r| r.rows), Ok(5), "no numbers");
        frame.columns.truncate(1);
        frame.columns[0].values.fill(1.0);
        assert_eq!(draw(&frame, mode).map(|r| r.columns[0].values.clone()), Ok(vec![1.0; 5]), "a lone constant");
        assert_eq!(draw(&clinic(1), mode).map(|r| r.rows), Ok(5), "one row");
        let mut frame = clinic(30);
        frame.columns[1].values.fill(f64::NAN);
        assert!(draw(&frame, mode).unwrap().columns[1].values.iter().all(|x| x.is_nan()), "all missing");
    }
    assert_eq!(draw(&Frame::default(), "vae").err(), Some(SynthError::Empty));
    let error = made(&clinic(300), &asked("hybrid", 2.0).with("learning_rate", 1e30)).err();
    assert!(matches!(error, Some(SynthError::NonFinite { .. })), "{error:?}");
}

#[test]
fn discgan_plus_generates_every_column() {
    let frame = clinic(300);
    let asked = Asked { kind: "discgan_plus".into(), ..asked("gan", 2.0) };
    let gan = made(&frame, &asked).unwrap();
    assert_eq!(gan.kind(), "discgan_plus");
    let rows = gan.sample(50, &Given::nothing(), 1).unwrap();
    assert_eq!(rows.columns.len(), 4);
    let again = load_any(&gan.save().to_bytes(), &cpu()).unwrap();
    assert_eq!(bits(&again.sample(50, &Given::nothing(), 1).unwrap()), bits(&rows));
}

#[test]
fn a_private_fit_keeps_its_budget_and_comes_back_whole() {
    let frame = clinic(500);
    let private = |epsilon: f64, mode: &str| Asked {
        private: Some(Private { epsilon, delta: 1e-4, unit: Unit::Person, norm: 1.0 }),
        ..asked(mode, 4.0)
    };
    for mode in ["gan", "hybrid"] {
        let gan = made(&frame, &private(3.0, mode)).unwrap();
        let spent = gan.privacy().map(|p| p.meter.spent()).unwrap();
        assert!(spent <= 3.0 && spent > 2.9, "{mode} {spent}");
        let again = load_any(&gan.save().to_bytes(), &cpu()).unwrap();
        assert_eq!(again.privacy(), gan.privacy());
        let draw = |g: &dyn Generator| bits(&g.sample(40, &Given::nothing(), 8).unwrap());
        assert_eq!(draw(gan.as_ref()), draw(again.as_ref()));
    }
    let text = |asked: &Asked| made(&frame, asked).err().map(|e| e.to_string()).unwrap_or_default();
    assert!(text(&private(3.0, "vae")).contains("mode gan or hybrid"));
}

//! The generator from a long table to a long table: learning, requests, saving, going on after a kill.

use super::super::figures;
use super::super::planted::Planted;
use super::*;
use crate::data::frame::FrameKind;
use crate::nets::device::cpu;
use crate::source::world::Silent;
use crate::synth::{Checkpoints, NoCheckpoints, killed, load as read};

fn columns() -> Columns {
    Columns {
        subject: "person".into(),
        visit: "day".into(),
        code: "code".into(),
        labels: vec!["sex".into(), "old".into()],
    }
}

/// Codes of chapter 0 are those of women, those of chapter 1 those of men; age says nothing and may be missing.
fn people(n: usize) -> Visits {
    let mut visits = Planted::new(2, 2.0).draw(n, 4);
    visits.labels = vec![
        Label { name: "sex".into(), levels: vec!["f".into(), "m".into()], optional: false },
        Label { name: "old".into(), levels: vec!["no".into(), "yes".into()], optional: true },
    ];
    for (i, record) in visits.records.iter_mut().enumerate() {
        let sex = record.visits[0][0] / 4;
        record.visits.retain(|v| v[0] / 4 == sex);
        record.labels = vec![Some(sex), [None, Some(0), Some(1)][i % 3]];
    }
    visits
}

fn asked(epochs: f64) -> Asked {
    let word = |name: &str, value: &[&str]| (name.to_string(), value.iter().map(|v| v.to_string()).collect());
    let words = [
        word("subject", &["person"]),
        word("visit", &["day"]),
        word("code", &["code"]),
        word("labels", &["sex", "old"]),
    ];
    let numbers = [("width", 16.0), ("heads", 2.0), ("blocks", 1.0), ("epochs", epochs), ("batch", 16.0)];
    let mut asked = Asked { words: words.into_iter().collect(), ..Asked::plain("hisgt", 5) };
    asked.numbers = numbers.into_iter().map(|(n, v)| (n.to_string(), v)).collect();
    asked
}

fn table() -> Frame {
    frame::frame(&people(160), &columns(), 10_000)
}

fn fit_with(
    asked: &Asked,
    cancelled: &dyn Fn() -> bool,
    checkpoints: &dyn Checkpoints,
) -> Result<Box<dyn Generator>, SynthError> {
    let device = cpu();
    fit(&table(), asked, &Fitting { device: &device, stage: &Silent, cancelled, checkpoints })
}

#[test]
fn rows_are_those_asked_for_and_what_is_saved_draws_the_same() {
    let go = || false;
    let made = fit_with(&asked(40.0).with("learning_rate", 0.01), &go, &NoCheckpoints).unwrap();
    assert_eq!(
        made.save().to_bytes(),
        fit_with(&asked(40.0).with("learning_rate", 0.01), &go, &NoCheckpoints).unwrap().save().to_bytes()
    );
    let first = made.history().first().and_then(|h| h.get("next")).unwrap();
    let last = made.history().last().and_then(|h| h.get("next")).unwrap();
    assert!(last < first - 0.3, "{first} {last}");
    let given = Given::nothing().and(&[("sex", 1), ("old", 0)], 120).and(&[("sex", 0)], 90);
    let rows = made.sample(400, &given, 3).unwrap();
    assert_eq!(rows.rows, 400);
    let names: Vec<&str> = rows.columns.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["person", "day", "code", "sex", "old"]);
    let (sex, old, code) = (&rows.columns[3].values, &rows.columns[4].values, &rows.columns[2]);
    assert!(sex[..120].iter().all(|v| *v == 1.0) && old[..120].iter().all(|v| *v == 0.0));
    assert!(sex[120..210].iter().all(|v| *v == 0.0));
    assert!(matches!(&code.kind, FrameKind::Category { levels } if levels.len() == 8));
    // What was planted has been learned: codes follow from sex.
    let right = code.values.iter().zip(sex).filter(|(c, s)| (**c >= 4.0) == (**s == 1.0)).count();
    assert!(right > 320, "{right} of 400");
    assert!(frame::visits(&rows, &columns()).is_ok(), "it is a table of records itself");
    let again = read(&made.save().to_bytes(), &cpu()).unwrap();
    // Missing cells are equal to nothing, so that tables are compared as they are written.
    assert_eq!(format!("{:?}", again.sample(400, &given, 3).unwrap()), format!("{rows:?}"));
    assert_eq!(again.describe(), made.describe());
    assert_ne!(again.sample(400, &given, 4).unwrap().columns[2], rows.columns[2]);
}

#[test]
fn killed_in_training_it_goes_on_to_the_same_bytes() {
    killed::goes_on_to_the_same_bytes(&table(), &asked(4.0), 10);
}

#[test]
fn what_it_cannot_do_is_said() {
    let go = || false;
    let text = |asked: &Asked| fit_with(asked, &go, &NoCheckpoints).err().map(|e| e.to_string()).unwrap_or_default();
    assert!(text(&asked(1.0).with("heads", 3.0)).contains("no multiple of heads"));
    assert!(text(&asked(1.0).with("context", 3.0)).contains("holds no record"));
    let private =
        crate::synth::Private { epsilon: 1.0, delta: 1e-5, unit: crate::synth::privacy::Unit::Person, norm: 1.0 };
    assert!(text(&Asked { private: Some(private), ..asked(1.0) }).contains("no promise of differential privacy"));
    let made = fit_with(&asked(0.0), &go, &NoCheckpoints).unwrap();
    let refused = |given: Given| made.sample(10, &given, 1).err().map(|e| e.to_string()).unwrap_or_default();
    assert!(refused(Given::nothing().and(&[("code", 1)], 5)).contains("labels: sex, old"));
    assert!(refused(Given::nothing().and(&[("sex", 2)], 5)).contains("sex has 2 levels"));
    assert!(refused(Given::nothing().and(&[], 11)).contains("more than the 10 rows"));
    // An untrained model writes records all the same.
    assert_eq!(made.sample(300, &Given::nothing(), 1).map(|f| f.rows), Ok(300));
    let mut cut = made.save();
    cut.tensors.retain(|t| t.0 != "writer/code");
    assert!(matches!(load(cut, &cpu()), Err(SynthError::Corrupt(_))));
}

#[test]
fn records_are_as_long_as_those_learned() {
    let (device, go) = (cpu(), || false);
    let visits = people(160);
    let fitting = Fitting { device: &device, stage: &Silent, cancelled: &go, checkpoints: &NoCheckpoints };
    let drawn = |lengths: bool| {
        let asked = asked(4.0).with("lengths", f64::from(u8::from(lengths)));
        let settings = Settings::asked(&asked).unwrap();
        let made = learn(&visits, &Known::default(), columns(), &settings, 5, &fitting).unwrap();
        figures::lengths(&made.records(2_000, 9).unwrap().records)
    };
    let learned = figures::lengths(&visits.records);
    // Four epochs teach little of when records end.
    let ((visits, _), (as_they_are, codes)) = (drawn(false), drawn(true));
    assert!((visits.mean / learned.0.mean - 1.0).abs() > 0.1, "{visits:?} {learned:?}");
    assert!((as_they_are.mean / learned.0.mean - 1.0).abs() < 0.04, "{as_they_are:?} {learned:?}");
    assert!((codes.mean / learned.1.mean - 1.0).abs() < 0.04, "{codes:?} {learned:?}");
}

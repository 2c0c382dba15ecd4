//! The report over small tables: a good generator, a copying one, one that forgets.

use super::*;
use crate::data::frame::{FrameColumn, FrameKind};
use crate::metrics::resampling::{Lane, stream, unit};

/// Patients: sex, age, weight and bmi (missing together), a death that age and sex tell of.
pub fn table(rows: usize, seed: u64) -> Frame {
    let mut rng = stream(seed, Lane::Draw, 77);
    let mut unit = || unit(&mut rng);
    let mut values: [Vec<f64>; 5] = Default::default();
    for _ in 0..rows {
        let man = unit() < 0.4;
        let age = (40.0 + 45.0 * unit()).round();
        let weight = 50.0 + 30.0 * unit() + if man { 15.0 } else { 0.0 };
        let bmi = weight / 2.9 + 2.0 * unit();
        let risk = ((age - 40.0) / 45.0).powi(2) * 0.8;
        let gone = unit() < 0.2;
        let row = [
            f64::from(u8::from(man)),
            age,
            if gone { f64::NAN } else { weight },
            if gone { f64::NAN } else { bmi },
            f64::from(u8::from(unit() < risk)),
        ];
        values.iter_mut().zip(row).for_each(|(column, v)| column.push(v));
    }
    let number = |lo: f64, hi: f64, integer| FrameKind::Number { lo: Some(lo), hi: Some(hi), integer };
    let category = |levels: [&str; 2]| FrameKind::Category { levels: levels.map(String::from).to_vec() };
    let shapes = [
        ("sex", category(["F", "M"]), false),
        ("age", number(0.0, 120.0, true), false),
        ("weight", number(20.0, 200.0, false), true),
        ("bmi", number(5.0, 80.0, false), true),
        ("died", category(["false", "true"]), false),
    ];
    let columns = shapes
        .into_iter()
        .zip(values)
        .map(|((name, kind, nullable), values)| FrameColumn { name: name.into(), kind, nullable, values })
        .collect();
    Frame { columns, rows }
}

/// Tables of rows under the schema's rules alone.
pub fn tables<'a>([train, holdout, synthetic]: [&'a Frame; 3], roles: &'a Roles) -> Tables<'a> {
    Tables { train, holdout, synthetic, roles, records: None, rules: &panel::no_rules, seed: 1 }
}

pub fn roles() -> Roles {
    Roles { label: Some("died".into()), protected: vec!["sex".into()], hidden: Vec::new() }
}

fn made(synthetic: &Frame, is_phi: bool) -> SyntheticReport {
    let (train, holdout, roles) = (table(300, 1), table(100, 2), roles());
    let input = Input {
        generator: "g",
        kind: "toy",
        dataset: "d",
        train: &train,
        holdout: &holdout,
        synthetic,
        records: None,
        rules: &panel::no_rules,
        roles: &roles,
        is_phi,
        notes: Vec::new(),
    };
    report(&input, 11)
}

fn line<'a>(report: &'a SyntheticReport, name: &str) -> &'a Line {
    report.sections.iter().flat_map(|s| &s.lines).find(|l| l.figure == name).unwrap()
}

#[test]
fn every_section_has_figures_between_ceiling_and_floors() {
    let report = made(&table(300, 5), false);
    let names: Vec<&str> = report.sections.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, SECTIONS.map(|s| s.0));
    for line in report.sections.iter().flat_map(|s| &s.lines) {
        assert_eq!(line.floors.len(), 3);
        for figure in [&line.own, &line.ceiling].into_iter().chain(&line.floors) {
            assert!(figure.value.is_some(), "{}: {:?}", line.figure, figure.undefined);
        }
    }
    for section in &report.sections {
        assert!(section.says.ends_with('.') && !section.says.contains("NaN"), "{}", section.says);
    }
    // Independent marginals keep shapes and lose pairs; copies are found.
    let pairs = line(&report, "pair_trends");
    assert!(pairs.floors[0].value < pairs.own.value);
    assert!(line(&report, "membership_auc").floors[1].value > Some(0.7));
    assert!(line(&report, "exact_copies").floors[1].value == Some(1.0));
    assert!(line(&report, "missing_together_gap").floors[0].value > Some(0.5));
    assert!(line(&report, "column_shapes").own.interval.is_some());
    assert_eq!(line(&report, "valid_rows").own.value, Some(1.0));
}

#[test]
fn the_words_name_what_is_wrong() {
    let mut bad = table(300, 5);
    bad.columns[0].values.fill(0.0);
    bad.columns[1].values.iter_mut().for_each(|v| *v = 200.0 - *v);
    let report = made(&bad, false);
    let says = |name: &str| report.sections.iter().find(|s| s.name == name).unwrap().says.clone();
    assert!(says("fidelity").contains("worst column is `age`"), "{}", says("fidelity"));
    assert!(says("coverage").contains("sex = M"), "{}", says("coverage"));
    assert!(says("validity").contains("`age` within its range breaks in"), "{}", says("validity"));
    let copy = made(&table(300, 1), false);
    let privacy = &copy.sections[2].says;
    assert!(privacy.contains("Membership by nearest row works") && privacy.contains("100.0 %"), "{privacy}");
}

#[test]
fn the_report_is_the_same_on_any_number_of_threads() {
    let synthetic = table(200, 5);
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        serde_json::to_string(&pool.install(|| made(&synthetic, false))).unwrap()
    };
    assert_eq!(on(1), on(3));
}

#[test]
fn patients_are_not_counted_when_they_are_few() {
    let mut train = table(300, 1);
    // Nine men.
    train.columns[0].values.iter_mut().enumerate().for_each(|(r, v)| *v = f64::from(u8::from(r < 9)));
    let (holdout, roles, synthetic) = (table(100, 2), roles(), table(300, 5));
    let input = Input {
        generator: "g",
        kind: "toy",
        dataset: "d",
        train: &train,
        holdout: &holdout,
        synthetic: &synthetic,
        records: None,
        rules: &panel::no_rules,
        roles: &roles,
        is_phi: true,
        notes: Vec::new(),
    };
    let report = report(&input, 11);
    let text = serde_json::to_string(&report).unwrap();
    let men = report.subgroups.iter().find(|g| g.name == "sex = M").unwrap();
    assert_eq!((men.real_rows, men.real, men.log_disparity), (crate::eval::count::Count::Few, None, None));
    // The women would tell them.
    assert!(report.subgroups.iter().find(|g| g.name == "sex = F").unwrap().real.is_none());
    assert!(line(&report, "label_gap(sex)").ceiling.undefined.is_some());
    assert!(!text.contains("0.03,") && !text.contains("\"real_rows\":9"));
}

#[test]
fn tiny_and_odd_tables_end_in_words_not_in_a_stop() {
    let (train, roles) = (table(2, 1), Roles::default());
    let input = Input {
        generator: "g",
        kind: "toy",
        dataset: "d",
        train: &train,
        holdout: &table(0, 1),
        synthetic: &table(1, 3),
        records: None,
        rules: &panel::no_rules,
        roles: &roles,
        is_phi: false,
        notes: Vec::new(),
    };
    let report = report(&input, 0);
    assert!(report.sections.iter().all(|s| !s.says.is_empty()));
    assert!(line(&report, "membership_auc").own.undefined.as_ref().unwrap().contains("hold-out"));
}

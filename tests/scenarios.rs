//! Test sets drawn with a prevalence by group.

use crate::support::{check, shown};
use dbf::check::Program;
use dbf::data::{Column, Table};
use dbf::eval::limits::Meter;
use dbf::eval::{Env, View};
use dbf::source::Diagnostic;
use dbf::suite::scenario::{Drawn, describe_drawn, draw, recipe};
use std::collections::BTreeMap;

const DATA: &str = r#"
language 1
dataset eyes from "eyes.csv" {
  sex  : Category { F, M }
  race : Category { white, black, asian } ?
  ill  : Bool label
}
"#;

/// 6,000 people: sex, race (missing in some), ill.
fn table(program: &Program) -> Table {
    let schema = program.dataset("eyes").unwrap();
    let levels = |name: &str| match &schema.column(name).unwrap().ty.base {
        dbf::check::Base::Category(levels) => Some(levels.clone()),
        _ => None,
    };
    let person = |i: u32| {
        (
            i % 2,
            (!i.is_multiple_of(17)).then_some([0, 0, 0, 1, 1, 2][(i % 6) as usize]),
            (i * 7919) % 100 < 20 + (i % 2) * 10,
        )
    };
    let rows = 6000;
    let mut table = Table { rows: rows as usize, ..Table::default() };
    table.set("sex", Column::levels((0..rows).map(|i| Some(person(i).0)), levels("sex").unwrap()));
    table.set("race", Column::levels((0..rows).map(|i| person(i).1), levels("race").unwrap()));
    table.set("ill", Column::bools((0..rows).map(|i| Some(person(i).2)).collect::<Vec<_>>()));
    table
}

fn drawn(scenario: &str) -> Result<(Drawn, Table), Diagnostic> {
    let (checked, sources) = check(&format!("{DATA}scenario s = eyes {{ {scenario} }}\n"));
    assert!(checked.diagnostics.is_empty(), "{}", shown(&checked, &sources));
    let program = checked.program;
    let (kernels, meter, datasets) = (dbf::builtins::kernels(), Meter::default(), BTreeMap::new());
    let view = View::new(BTreeMap::new(), 0);
    let env = Env {
        program: &program,
        kernels: &kernels,
        datasets: &datasets,
        view,
        locals: Vec::new(),
        seed: 1,
        meter: &meter,
    };
    let table = table(&program);
    let recipe = recipe(&program, &env, "s").unwrap();
    draw(&recipe, &table, 7).map(|drawn| (drawn, table))
}

/// Rows of each race and of these the ill ones; and how many are female.
fn counts(drawn: &Drawn, table: &Table) -> ([(usize, usize); 3], usize) {
    let set = table.take(&drawn.rows);
    let code = |name: &str, row: usize| match dbf::eval::view::cell(set.column(name).unwrap(), row) {
        dbf::eval::Value::Level(code, _) => Some(code),
        dbf::eval::Value::Bool(flag) => Some(u32::from(flag)),
        _ => None,
    };
    let mut out = [(0, 0); 3];
    for row in 0..set.rows {
        let slot = &mut out[code("race", row).unwrap() as usize];
        slot.0 += 1;
        slot.1 += code("ill", row).unwrap() as usize;
    }
    (out, (0..set.rows).filter(|row| code("sex", *row) == Some(0)).count())
}

/// The results say the label's share in every level; of patients for no level of a column in which one is of few people.
#[test]
fn the_share_of_the_label_is_told_by_level() {
    let (set, table) =
        drawn("size 1_000 mix race { white: 60%, black: 40% } prevalence ill by race { white: 3.6%, black: 8.7% }")
            .unwrap();
    let told = |set: &Drawn, table: &Table, sensitivity: &str| -> Vec<Option<f64>> {
        let (checked, _) = check(&DATA.replace("label\n}", &format!("label\n}} {sensitivity}")));
        let info = describe_drawn(set, checked.program.dataset("eyes").unwrap(), table, Some("ill"));
        info.mix.into_iter().map(|m| m.prevalence).collect()
    };
    for sensitivity in ["sensitivity public", "sensitivity phi"] {
        assert_eq!(told(&set, &table, sensitivity), [Some(22.0 / 600.0), Some(35.0 / 400.0), None]);
    }
    // Nine ill people among 300.
    let (set, table) =
        drawn("size 1_000 mix race { white: 70%, black: 30% } prevalence ill by race { white: 4%, black: 3% }")
            .unwrap();
    assert_eq!(told(&set, &table, "sensitivity public"), [Some(28.0 / 700.0), Some(9.0 / 300.0), None]);
    assert_eq!(told(&set, &table, "sensitivity phi"), [None; 3]);
}

#[test]
fn prevalences_within_groups_are_exact() {
    let (set, table) =
        drawn("size 1_000 mix race { white: 60%, black: 40% } prevalence ill by race { white: 3.6%, black: 8.7% }")
            .unwrap();
    let (races, _) = counts(&set, &table);
    // 21.6 and 34.8 ill people, rounded within each group.
    assert_eq!(races, [(600, 22), (400, 35), (0, 0)]);
    let (set, table) = drawn(
        "size 1_001 mix sex { F: 30%, M: 70% } mix race { white: 30%, black: 30%, asian: 40% } prevalence ill by race { white: 10%, black: 50%, asian: 0% }",
    )
    .unwrap_or_else(|d| panic!("{d:?}"));
    let (races, female) = counts(&set, &table);
    assert_eq!(female, 300);
    assert_eq!(races, [(300, 30), (300, 150), (401, 0)]);
}

#[test]
fn groups_without_a_mix_keep_their_sizes_and_unnamed_ones_their_prevalence() {
    let (set, table) = drawn("size 1_200 prevalence ill by race { black: 5% }").unwrap();
    let (races, female) = counts(&set, &table);
    let all: usize = races.iter().map(|r| r.0).sum();
    assert_eq!(all, 1200);
    // A half, a third, a sixth of the people whose race is known; 23.3 % and 30 % of the first and last are ill.
    assert!(
        races[0].0.abs_diff(600) <= 2 && races[1].0.abs_diff(400) <= 2 && races[2].0.abs_diff(200) <= 2,
        "{races:?}"
    );
    assert_eq!(races[1].1, (races[1].0 as f64 * 0.05).round() as usize);
    let rate = |r: (usize, usize)| r.1 as f64 / r.0 as f64;
    assert!((rate(races[0]) - 0.2333).abs() < 0.02 && (rate(races[2]) - 0.3).abs() < 0.02, "{races:?}");
    assert!(female.abs_diff(600) < 40, "{female}");
    // The same seed, the same rows.
    assert_eq!(set.rows, drawn("size 1_200 prevalence ill by race { black: 5% }").unwrap().0.rows);
}

#[test]
fn the_largest_set_is_found_and_a_cell_that_is_too_small_is_named() {
    let (set, table) = drawn("prevalence ill by race { white: 50%, black: 50%, asian: 50% }").unwrap();
    let (races, _) = counts(&set, &table);
    assert!(races.iter().all(|(n, ill)| ill.abs_diff(n - ill) <= 1) && set.rows.len() > 2400, "{races:?}");
    let refused = drawn("size 3_000 mix race { black: 100% } prevalence ill by race { black: 90% }").unwrap_err();
    assert_eq!(refused.code.id, "DBF0801");
    assert!(refused.message.contains("race = black, ill = true"), "{}", refused.message);
}

#[test]
fn what_a_prevalence_by_group_needs_is_checked() {
    for (scenario, code) in [
        ("prevalence ill by race { green: 5% }", "DBF0103"),
        ("prevalence ill by age { white: 5% }", "DBF0101"),
        ("prevalence race by sex { F: 5% }", "DBF0201"),
        ("prevalence ill by race { white: 105% }", "DBF0204"),
        ("prevalence ill by race { white: 5%, white: 6% }", "DBF0102"),
        ("prevalence ill = 5% prevalence ill by race { white: 5% }", "DBF0603"),
    ] {
        let (checked, sources) = check(&format!("{DATA}scenario s = eyes {{ {scenario} }}\n"));
        let codes: Vec<&str> = checked.diagnostics.iter().map(|d| d.code.id).collect();
        assert_eq!(codes, [code], "{scenario}\n{}", shown(&checked, &sources));
    }
    // What is derived later wins.
    let derived =
        "scenario s = eyes { prevalence ill by race { white: 5% } }\nscenario t = s with { prevalence ill = 10% }\n";
    let (checked, sources) = check(&format!("{DATA}{derived}"));
    assert!(checked.diagnostics.is_empty(), "{}", shown(&checked, &sources));
}

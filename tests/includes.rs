//! What a policy hands down to those that it includes: the day, its own days, its parameters of the day.

use crate::support::{check, dbf_in, shown, stdout};

const CELLS: &str = r#"
policy cells(by: Category, least: Int = 11) {
  authority house
  effective @2020-01-01 .. @2027-12-31
  constraint small: forall g in by: count(by == g) >= least
}
policy layer(by: Category, atleast: Int = 1) {
  authority house
  include cells(by: by, least: atleast)
  constraint enough: n() >= atleast
}
policy gate {
  authority house
  effective @2024-01-01 .. @2026-12-31
  stayed @2025-06-01 .. @2025-06-30
  param least : Int = 3
    from @2025-01-01 = 5
  include layer(by: sex, atleast: least)
}
"#;

fn test(script: &str) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("s.dbf"), format!("language 1\n{script}")).unwrap();
    let output = dbf_in(folder.path(), &["test", "s.dbf"]);
    let said = format!("{}{}", stdout(&output), crate::support::stderr(&output));
    (output.status.success(), said)
}

#[test]
fn days_and_parameters_are_handed_down() {
    let (ok, said) = test(&format!(
        r#"{CELLS}
test "the including policy's days are those of what it includes" {{
  expect gate not_applicable table {{ sex: [F, F, M] }} as of @2023-12-31
  expect gate fails table {{ sex: [F, F, M] }} as of @2024-01-01
  expect gate.layer.enough not_applicable table {{ sex: [F, F, M] }} as of @2025-06-15
  expect gate not_applicable table {{ sex: [F, F, M] }} as of @2025-06-15
  expect gate not_applicable table {{ sex: [F, F, M] }} as of @2027-01-01
}}
test "its own days still count, and elsewhere it stands alone" {{
  expect cells(by: sex) fails table {{ sex: [F, F, M] }} as of @2023-12-31 because small
  expect cells(by: sex) not_applicable table {{ sex: [F, F, M] }} as of @2028-01-01
}}
test "a parameter is handed down at its value of the day" {{
  expect gate passes table {{ sex: [F times 3, M times 4] }} as of @2024-12-31
  expect gate fails table {{ sex: [F times 3, M times 4] }} as of @2025-01-01
  expect gate.layer.enough passes table {{ sex: [F times 3, M times 4] }} as of @2025-01-01
  expect gate passes table {{ sex: [F times 5, M times 5] }} as of @2025-01-01
  expect gate.layer.enough fails table {{ sex: [F, F] }} as of @2024-12-31
  expect gate fails table {{ sex: [F, F] }} as of @2024-12-31
}}
"#
    ));
    assert!(ok, "{said}");
    // The test above can fail.
    let (ok, said) =
        test(&format!("{CELLS}test \"no\" {{ expect gate fails table {{ sex: [F, F, M] }} as of @2023-12-31 }}"));
    assert!(
        !ok && said.contains("included by `gate`, which is not in force on 2023-12-31: effective from 2024-01-01"),
        "{said}"
    );
}

/// An included policy's own words mean what they mean in it, whatever the parameters around it are called.
#[test]
fn parameters_around_capture_nothing() {
    let (ok, said) = test(
        r#"
policy inner(limit: Int = 9) {
  authority house
  param least : Int = 2
  constraint rows: n() >= least
  constraint given: n() >= limit
}
policy outer {
  authority house
  param least : Int = 4
  include inner(limit: least)
}
test "each has its own" {
  expect outer passes table { x: [1, 2, 3, 4] }
  expect outer.inner.given fails table { x: [1, 2, 3] }
  expect outer.inner.rows passes table { x: [1, 2, 3] }
  expect outer.inner.rows fails table { x: [1] }
}
"#,
    );
    assert!(ok, "{said}");
}

#[test]
fn the_day_is_past_the_last_look_at_an_included_policy() {
    let script = |day: &str| {
        format!(
            "language 1\ndataset d from \"d.csv\" {{ x : Int in 0..9 }}\n\
             policy inner {{ authority house last_verified @2025-01-01 constraint c: n() >= 3 }}\n\
             policy outer {{ authority house last_verified @2026-01-01 include inner }}\n\
             check outer on d as of {day}\n"
        )
    };
    let told = |day: &str| {
        let (checked, sources) = check(&script(day));
        (checked.diagnostics.iter().map(|d| d.message.clone()).collect::<Vec<_>>(), shown(&checked, &sources))
    };
    assert_eq!(told("@2025-01-01").0, Vec::<String>::new());
    let (found, shown) = told("@2025-06-01");
    assert_eq!(found, ["`inner`, included by `outer`, was last verified on 2025-01-01"], "{shown}");
    assert_eq!(told("@2026-06-01").0.len(), 2);
}

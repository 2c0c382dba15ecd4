//! Gaps: days on which a policy is in force and a part of it is not, and values that no piece of a rule covers.

use crate::support::{check, check_file, files, root, shown};

const HEAD: &str = r#"
language 1
dataset doses from "data.csv" {
  id    : Int subject
  age   : Int 'a' in 0..120
  kg    : Real 'kg' in 0.5..300 ?
  dose  : Real 'mg' in 0..500
  sex   : Category { F, M }
  stage : Category { I, II, III }
  ok    : Bool label
}
"#;

fn told(items: &str) -> (Vec<(String, String)>, String) {
    let (checked, sources) = check(&format!("{HEAD}{items}\n"));
    let shown = shown(&checked, &sources);
    let of = |code: &str| code == "DBF0607" || code == "DBF0608" || !code.starts_with("DBF062");
    let found = checked.diagnostics.iter().filter(|d| of(d.code.id));
    (found.map(|d| (d.code.id.to_string(), d.message.clone())).collect(), shown)
}

/// Each script with the messages of its gaps.
fn hold(code: &str, scripts: &[(&str, &[&str])]) {
    let mut bad = Vec::new();
    for (script, wanted) in scripts {
        let (found, shown) = told(script);
        let wanted: Vec<(String, String)> = wanted.iter().map(|m| (code.to_string(), (*m).to_string())).collect();
        if found != wanted {
            bad.push(format!("{script}\ngives {found:#?}\nnot {wanted:#?}\n{shown}"));
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn parameters_without_a_value() {
    let policy = |days: &str, param: &str, more: &str| {
        format!("policy p {{ authority house {days} param cap : Prob {param} constraint a {more}: P(ok) <= cap }}")
    };
    let late = "from @2021-01-01 = 5% from @2022-01-01 = 3%";
    for (script, wanted) in [
        (policy("", late, ""), Some("`cap` has no value until 2020-12-31")),
        (policy("effective @2020-01-01 ..", late, ""), Some("`cap` has no value from 2020-01-01 to 2020-12-31")),
        // Whatever the order they are written in.
        (
            policy("effective @2020-12-31 ..", "from @2022-01-01 = 5% from @2021-01-01 = 3%", ""),
            Some("`cap` has no value on 2020-12-31"),
        ),
        (
            policy("effective @2019-01-01 ..  stayed @2019-07-01 .. @2020-06-30", late, ""),
            Some("`cap` has no value from 2019-01-01 to 2019-06-30, from 2020-07-01 to 2020-12-31"),
        ),
        (policy("effective @2021-01-01 ..", late, ""), None),
        (policy("", &format!("= 9% {late}"), ""), None),
        // What reads it begins later.
        (policy("effective @2020-01-01 ..", late, "applies @2021-01-01 .."), None),
        (
            policy("effective @2020-01-01 ..", late, "applies @2020-12-01 .."),
            Some("`cap` has no value from 2020-12-01 to 2020-12-31"),
        ),
        (
            policy("effective @2018-01-01 .. @2019-01-01", late, ""),
            Some("`cap` has no value from 2018-01-01 to 2019-01-01"),
        ),
        (policy("proposed @2018-01-01", late, ""), None),
    ] {
        hold("DBF0607", &[(&script, &wanted.into_iter().collect::<Vec<_>>())]);
    }
    // Through another parameter, and in the condition of an exception.
    hold(
        "DBF0607",
        &[
            (
                "policy p { authority house effective @2020-01-01 .. param low : Prob from @2021-01-01 = 5%
                   param cap : Prob = low constraint a: P(ok) <= cap }",
                &["`low` has no value from 2020-01-01 to 2020-12-31"],
            ),
            (
                "policy p { authority house effective @2020-01-01 .. param least : Int from @2021-01-01 = 50
                   constraint a: P(ok) <= 5%  exception few to a when n() < least: exempt }",
                &["`least` has no value from 2020-01-01 to 2020-12-31"],
            ),
        ],
    );
}

#[test]
fn days_on_which_nothing_is_asked() {
    hold(
        "DBF0607",
        &[
            (
                "policy p { authority house effective @2020-01-01 ..
                   constraint a effective @2020-01-01 .. @2021-12-31: P(ok) <= 5%
                   constraint b effective @2022-02-01 ..: E[age] >= 20 'a' }",
                &["`p` asks for nothing from 2022-01-01 to 2022-01-31"],
            ),
            (
                "policy p { authority house constraint a vacated @2025-06-18: P(ok) <= 5% }",
                &["`p` asks for nothing from 2025-06-18 on"],
            ),
            (
                "policy p { authority house constraint a stayed @2025-06-18 .. @2025-06-18: P(ok) <= 5% }",
                &["`p` asks for nothing on 2025-06-18"],
            ),
            // Another constraint stands, or the policy says it of itself, or the law gives time.
            (
                "policy p { authority house constraint a vacated @2025-06-18: P(ok) <= 5%
                   constraint b: E[age] >= 20 'a' }",
                &[],
            ),
            ("policy p { authority house vacated @2025-06-18 constraint a: P(ok) <= 5% }", &[]),
            (
                "policy p { authority house effective @2020-01-01 .. constraint a applies @2021-01-01 ..: P(ok) <= 5% }",
                &[],
            ),
            // What is included is asked too, on the days of both.
            (
                "policy q { authority house effective @2020-01-01 .. @2021-12-31 constraint a: P(ok) <= 5% }
                 policy p { authority house effective @2020-01-01 .. include q }",
                &["`p` asks for nothing from 2022-01-01 on"],
            ),
            (
                "policy q { authority house effective @2020-01-01 .. @2021-12-31 constraint a: P(ok) <= 5% }
                 policy p { authority house effective @2020-01-01 .. include q constraint b: E[age] >= 20 'a' }",
                &[],
            ),
        ],
    );
}

#[test]
fn versions_of_a_constraint() {
    let two = |first: &str, second: &str| {
        format!(
            "policy p {{ authority house  constraint other: E[age] >= 20 'a'
               constraint v1 {first}: P(ok | age < 18 'a') <= 5%
               constraint v2 {second}: P(ok | age < 18 'a') <= 3% }}"
        )
    };
    for (first, second, wanted) in [
        (
            "effective @2020-01-01 .. @2021-12-31",
            "effective @2022-02-01 ..",
            Some("no version of `v1` is in force from 2022-01-01 to 2022-01-31"),
        ),
        ("effective @2020-01-01 .. @2021-12-31", "effective @2022-01-01 ..", None),
        ("effective @2020-01-01 .. @2022-12-31", "effective @2022-01-01 ..", None),
        (
            "effective @2020-01-01 .. @2021-12-31",
            "effective @2022-01-01 ..  stayed @2022-01-01 .. @2022-03-31",
            Some("no version of `v1` is in force from 2022-01-01 to 2022-03-31"),
        ),
        ("effective @2020-01-01 .. @2021-12-31", "effective @2022-01-01 .. @2022-12-31", None),
        ("vacated @2021-01-01", "effective @2021-01-01 ..", None),
        ("", "effective @2022-01-01 ..", None),
    ] {
        hold("DBF0607", &[(&two(first, second), &wanted.into_iter().collect::<Vec<_>>())]);
    }
}

#[test]
fn rules_whose_days_never_come() {
    hold(
        "DBF0607",
        &[
            (
                "policy p { authority house effective @2022-01-01 ..  constraint b: E[age] >= 20 'a'
                   constraint a effective @2020-01-01 .. @2021-12-31: P(ok) <= 5% }",
                &["the constraint `a` is in force on no day on which `p` is"],
            ),
            (
                "policy p { authority house  constraint a effective @2022-01-01 ..: P(ok) <= 5%  constraint b: n() >= 1
                   exception e to a effective @2020-01-01 .. @2021-12-31 when n() < 50: exempt }",
                &["the exception `e` is in force on no day on which `a` is"],
            ),
            (
                "policy p { authority house  constraint a effective @2022-01-01 ..: P(ok) <= 5%  constraint b: n() >= 1
                   exception e to a effective @2020-01-01 .. @2022-01-01 when n() < 50: exempt }",
                &[],
            ),
            // A policy that never came into force says so of itself.
            (
                "policy p { authority house effective @2026-06-30 .. @2026-12-31 stayed @2026-04-27 ..
                   constraint a: P(ok) <= 5% }",
                &[],
            ),
        ],
    );
    // Exceptions that hold on different days cannot hold at once.
    let exceptions = |second: &str| {
        told(&format!(
            "policy p {{ authority house constraint a: P(ok) <= 5%
               exception e to a effective @2020-01-01 .. @2021-12-31 when n() < 50: exempt
               exception f to a effective {second} .. when n() < 90: exempt }}"
        ))
        .0
    };
    assert_eq!(exceptions("@2022-01-01"), []);
    assert_eq!(exceptions("@2021-12-31").iter().map(|(c, _)| c.as_str()).collect::<Vec<_>>(), ["DBF0606"]);
}

#[test]
fn values_between_the_pieces() {
    let policy = |rules: &str| format!("policy p {{ authority house {rules} }}");
    let mut bad = Vec::new();
    for (rules, wanted) in [
        (
            "constraint a: every(dose <= 5 'mg' | age < 18 'a') constraint b: every(dose <= 9 'mg' | age > 18 'a')",
            Some("nothing is asked where `age` is 18"),
        ),
        (
            "constraint a: every(dose <= 5 'mg' | age <= 17 'a') constraint b: every(dose <= 9 'mg' | age >= 19 'a')",
            Some("nothing is asked where `age` is 18"),
        ),
        (
            "constraint a: every(dose <= 5 'mg' | kg < 10 'kg') constraint b: every(dose <= 9 'mg' | kg > 10 'kg')",
            Some("nothing is asked where `kg` is 10"),
        ),
        (
            "constraint a: every(dose <= 5 'mg' | kg < 10 'kg') constraint b: every(dose <= 9 'mg' | kg >= 12.5 'kg')",
            Some("nothing is asked where `kg` is 10 or more and less than 12.5"),
        ),
        // Three pieces in any order, by stretches.
        (
            "constraint a: every(dose <= 5 'mg' | age in 66 'a' .. 120 'a') constraint b: every(dose <= 9 'mg' | age in 18 'a' .. 64 'a')
             constraint c: every(dose < 9 'mg' | age < 18 'a')",
            Some("nothing is asked where `age` is 65"),
        ),
        // Parts of one rule, and an `if` that asks for nothing in between.
        (
            "constraint a: P(ok | age < 18 'a') <= 5% and P(ok | age > 18 'a') <= 9%",
            Some("nothing is asked where `age` is 18"),
        ),
        (
            "constraint a: every(if age < 18 'a' then dose <= 5 'mg' else if age > 18 'a' then dose <= 9 'mg' else true)",
            Some("nothing is asked where `age` is 18"),
        ),
        (
            "constraint a: forall g in sex: P(ok | sex == g and age < 18 'a') <= 5%
             constraint b: forall g in sex: P(ok | sex == g and age > 18 'a') <= 9%",
            Some("nothing is asked where `age` is 18"),
        ),
        (
            "constraint a: every(dose <= 5 'mg' | stage == I) constraint b: every(dose <= 9 'mg' | stage == III)",
            Some("nothing is asked where `stage` is `II`"),
        ),
        // No gap: all is covered, the pieces overlap, or a piece says nothing of it.
        ("constraint a: every(dose <= 5 'mg' | age < 18 'a') constraint b: every(dose <= 9 'mg' | age >= 18 'a')", None),
        ("constraint a: every(dose <= 5 'mg' | age <= 17 'a') constraint b: every(dose <= 9 'mg' | age > 17 'a')", None),
        ("constraint a: every(dose <= 5 'mg' | age <= 30 'a') constraint b: every(dose <= 9 'mg' | age > 17 'a')", None),
        ("constraint a: every(dose <= 5 'mg' | age < 18 'a') constraint b: every(dose <= 9 'mg' | not (age < 18 'a'))", None),
        (
            "constraint a: every(dose <= 5 'mg' | age < 18 'a') constraint b: every(dose <= 9 'mg' | age > 18 'a')
             constraint c: every(dose <= 20 'mg' | sex == F)",
            None,
        ),
        (
            "constraint a: every(dose <= 5 'mg' | stage in {I, II}) constraint b: every(dose <= 9 'mg' | stage == III)",
            None,
        ),
        ("constraint a: every(if stage == I then dose <= 5 'mg' else if stage == II then dose <= 9 'mg' else true)", None),
        // Another rule, another side, other days; below the first piece and above the last.
        ("constraint a: every(dose <= 5 'mg' | age < 18 'a') constraint b: every(dose >= 1 'mg' | age > 18 'a')", None),
        ("constraint a: every(dose <= 5 'mg' | age < 18 'a') constraint b: P(ok | age > 18 'a') <= 5%", None),
        (
            "constraint c: n() >= 1 constraint a effective @2020-01-01 .. @2021-12-31: every(dose <= 5 'mg' | age < 18 'a')
             constraint b effective @2022-01-01 ..: every(dose <= 9 'mg' | age > 18 'a')",
            None,
        ),
        ("constraint a: every(dose <= 5 'mg' | age in 18 'a' .. 40 'a') constraint b: every(dose <= 9 'mg' | age in 41 'a' .. 60 'a')", None),
        ("constraint a: every(dose <= 5 'mg' | age < 18 'a')", None),
        // Said to be free.
        (
            "constraint a: every(dose <= 5 'mg' | age < 18 'a') constraint b: every(dose <= 9 'mg' | age > 18 'a')
             constraint c: every(dose <= 9 'mg' | age == 18 'a') exception free to c: exempt",
            None,
        ),
    ] {
        let (found, shown) = told(&policy(rules));
        let wanted: Vec<_> = wanted.iter().map(|m| ("DBF0608".to_string(), (*m).to_string())).collect();
        if found != wanted {
            bad.push(format!("{rules}\ngives {found:#?}\n{shown}"));
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

/// The library and the examples have no gaps.
#[test]
fn the_library_has_no_gaps() {
    let mut seen = 0;
    for folder in ["stdlib/policy", "examples"] {
        for path in files(&root().join(folder), ".dbf").into_iter().filter(|p| !p.to_string_lossy().contains("errors"))
        {
            let (checked, sources) = check_file(&path);
            let gaps = checked.diagnostics.iter().any(|d| ["DBF0607", "DBF0608"].contains(&d.code.id));
            assert!(!gaps, "{}\n{}", path.display(), shown(&checked, &sources));
            seen += 1;
        }
    }
    assert!(seen >= 14, "{seen} files");
}

//! What the lints tell of a script that is well formed, and what they leave alone.

use crate::support::{check, check_file, files, root, shown};

const HEAD: &str = r#"
language 1
use std.metrics.{auroc, dpd, ece}
dataset patients from "data.csv" {
  id    : Int subject
  age   : Int 'a' in 18..90
  crea  : Real 'mg/dL' in 0.1..25 ?
  sex   : Category { F, M } protected
  stage : Category { I, II, III, IV } ?
  risk  : Rating
  smokes : Bool
  died  : Bool label
}
let elderly = age >= 65 'a'
fn years(x: Int 'a' in 18..90) -> Int 'a' = x
metric gap(e: Bool, by: Category) -> Real = max over g in by: P(e | by == g) - min over g in by: P(e | by == g)
policy it {
  authority house
  param cap : Prob = 3%
    from @2025-01-01 = 5%
"#;

fn told(rules: &str) -> (Vec<String>, String) {
    let (checked, sources) = check(&format!("{HEAD}{rules}\n}}\n"));
    let shown = shown(&checked, &sources);
    (checked.diagnostics.iter().map(|d| d.code.id.to_string()).collect(), shown)
}

#[test]
fn constraints_that_tell_nothing_are_told() {
    let mut bad = Vec::new();
    for (rule, code) in [
        // By the schema's ranges.
        ("P(age >= 18 'a') == 100%", "DBF0620"),
        ("E[age] <= 90 'a'", "DBF0620"),
        ("max over g in sex: E[age | sex == g] <= 91 'a'", "DBF0620"),
        ("quantile(crea, 50%) < 0 'mg/dL'", "DBF0621"),
        ("E[crea] > 300 'mg/L'", "DBF0621"),
        ("E[age] >= 1200 'mo'", "DBF0621"),
        // By types, counts and promises.
        ("ece(p, y) <= 1", "DBF0620"),
        ("ece(p, y) <= 100%", "DBF0620"),
        ("auroc(p, y) > 100%", "DBF0621"),
        ("n() >= 0", "DBF0620"),
        ("n() < 1 and n() > 0", "DBF0621"),
        ("n() == 0 or n() >= 1", "DBF0620"),
        ("E[risk] <= 1", "DBF0620"),
        ("E[years(age)] > 90 'a'", "DBF0621"),
        ("gap(yhat, by: sex) >= 0", "DBF0620"),
        ("gap(yhat, by: sex) < 0", "DBF0621"),
        ("E[p ^ 2] >= 0", "DBF0620"),
        // By the parameter's dated values, all of them.
        ("P(yhat) <= 1 + cap", "DBF0620"),
        ("cap > 5%", "DBF0621"),
        // Two parts that exclude, or that cover everything.
        ("E[age] > 60 'a' and E[age] < 50 'a'", "DBF0621"),
        ("P(yhat) > 10% or P(yhat) <= 20%", "DBF0620"),
        ("not (P(yhat) > 10% or P(yhat) <= 20%)", "DBF0621"),
        ("auroc(p, y) == auroc(p, y)", "DBF0620"),
        ("P(yhat | age < 10 'a') <= 5%", "DBF0623"),
        ("P(yhat | age > 65 'a' and age > 40 'a') <= 5%", "DBF0623"),
        ("P(yhat | smokes or died or smokes) <= 5%", "DBF0623"),
        ("P(yhat | stage in {I, II} and (stage == III or died)) <= 5%", "DBF0624"),
        ("P(yhat | sex == F and sex == M) <= 5%", "DBF0624"),
        ("P(age < 100 'a' and yhat) <= 5%", "DBF0623"),
        ("P(elderly and age < 65 'a') <= 5%", "DBF0620"),
    ] {
        let (codes, shown) = told(&format!("  constraint it: {rule}"));
        if codes != [code] {
            bad.push(format!("`{rule}` gives {codes:?}, not {code}\n{shown}"));
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn constraints_that_tell_something_are_left_alone() {
    let mut bad = Vec::new();
    for rule in [
        "E[age] >= 18.5 'a'",
        "ece(p, y) <= 5% with confidence 95%",
        "P(yhat) <= cap",
        "P(yhat) <= 95% + cap",
        "forall g in groups(by: [sex, stage]): n(g) == 0 or n(g) >= 11",
        "dpd(yhat, by: stage | present(stage)) <= cap",
        "max over g in sex: P(yhat | y and sex == g) - min over g in sex: P(yhat | y and sex == g) <= 10%",
        "auroc(p, y) >= 75% and ece(p, y) <= 5%",
        "E[age] > 50 'a' and E[age] < 60 'a'",
        "E[crea] <= 240 'mg/L'",
        "P(yhat | stage in {I, II} and (stage == II or died)) <= 5%",
        "P(yhat | elderly) >= P(yhat | not elderly)",
        "P(present(crea)) >= 90%",
        "E[risk] > -1",
        "P(crea > 1.2 'mg/dL' | age > 40 'a' and age < 65 'a') <= 20%",
        "(if n() > 100 then auroc(p, y) else 1) >= 75%",
        "forall g in sex: ece(p, y | sex == g) <= 10%",
    ] {
        let (codes, shown) = told(&format!("  constraint it: {rule}"));
        if !codes.is_empty() {
            bad.push(format!("`{rule}` gives {codes:?}\n{shown}"));
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn a_weaker_constraint_is_told_unless_it_is_graded() {
    for (rules, wanted) in [
        ("constraint a: auroc(p, y) >= 80%\n constraint b: auroc(p, y) >= 75%", 1),
        ("constraint a: auroc(p, y) >= 75%\n constraint b: auroc(p, y) >= 80%", 1),
        ("constraint a: auroc(p, y) >= 75%\n constraint b: 75% <= auroc(p, y)", 1),
        ("constraint a: dpd(yhat, by: sex) <= 3% with confidence 95%\n constraint b: dpd(yhat, by: sex) <= 5%", 1),
        ("constraint a: dpd(yhat, by: sex) <= 3%\n constraint b: dpd(yhat, by: sex) <= 5% with confidence 95%", 0),
        ("constraint a: auroc(p, y) >= 80%\n constraint b hard: auroc(p, y) >= 75%", 0),
        ("constraint a weight 2: auroc(p, y) >= 80%\n constraint b weight 1: auroc(p, y) >= 75%", 0),
        ("constraint a: auroc(p, y) >= 80%\n constraint b authority guidance: auroc(p, y) >= 75%", 0),
        ("constraint a: auroc(p, y) >= 80%\n constraint b: auroc(p, y) <= 75%", 0),
        ("constraint a: auroc(p, y) > 80%\n constraint b: auroc(p, y) >= 80%", 1),
        (
            "constraint a: forall g in sex: ece(p, y | sex == g) <= 5%\n constraint b: forall g in sex: ece(p, y | sex == g) <= 9%",
            1,
        ),
        ("constraint a: forall g in sex: ece(p, y | sex == g) <= 5%\n constraint b: ece(p, y) <= 9%", 0),
        ("constraint a: P(yhat) <= cap\n constraint b: P(yhat) <= 3%", 0),
        ("constraint a: P(yhat) <= cap\n constraint b: P(yhat) <= cap", 1),
    ] {
        let (codes, shown) = told(rules);
        assert_eq!(codes, vec!["DBF0622".to_string(); wanted], "{rules}\n{shown}");
    }
}

/// Nested without end, the reasoning gives up before the stack or anybody's patience does.
#[test]
fn deep_rules_end() {
    let deep = (0..120).fold("age > 20 'a'".to_string(), |inner, _| format!("(if {inner} then smokes else died)"));
    let (codes, shown) = told(&format!("  constraint it: P({deep}) > 1%"));
    assert!(codes.iter().all(|c| c == "DBF0623"), "{shown}");
    let chain =
        (0..250).map(|i| format!("E[age] > {} 'a'", 20.0 + f64::from(i) / 10.0)).collect::<Vec<_>>().join(" and ");
    let (codes, _) = told(&format!("  constraint it: {chain}"));
    assert_eq!(codes.len(), 249);
}

/// No false alarm in what comes with the tool.
#[test]
fn examples_and_the_library_are_silent() {
    for path in files(&root().join("examples"), ".dbf") {
        if path.strip_prefix(root().join("examples/errors")).is_ok() {
            continue;
        }
        let (checked, sources) = check_file(&path);
        assert!(checked.diagnostics.is_empty(), "{}\n{}", path.display(), shown(&checked, &sources));
    }
    for path in files(&root().join("examples/errors"), ".dbf") {
        let (checked, sources) = check_file(&path);
        let lints = checked.diagnostics.iter().filter(|d| d.code.id.starts_with("DBF062")).count();
        assert_eq!(lints, 0, "{}\n{}", path.display(), shown(&checked, &sources));
    }
}

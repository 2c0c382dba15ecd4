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
        (0..120).map(|i| format!("E[age] > {} 'a'", 20.0 + f64::from(i) / 10.0)).collect::<Vec<_>>().join(" and ");
    let (codes, _) = told(&format!("  constraint it: {chain}"));
    assert_eq!(codes, vec!["DBF0623".to_string(); 119]);
}

/// A script with a benchmark, with more items.
fn with_benchmark(features: &str, policies: &str, more: &str) -> (Vec<String>, String) {
    let script = format!(
        r#"
language 1
use std.metrics.{{auroc}}
dataset patients from "data.csv" {{
  id     : Int subject
  age    : Int 'a' in 18..90
  weight : Real 'kg' in 30..300
  death  : Bool outcome
  died   : Bool label
}}
scenario base = patients {{}}
task diagnosis on row predict died
model lr = logistic(features: {features})
policy first {{ authority house constraint c: auroc(p, y) >= 75% }}
policy second {{ authority house constraint c: P(died) <= 60% }}
benchmark b version "1.0.0" {{ scenarios base models lr tasks diagnosis metrics auroc policies {policies} }}
{more}
"#
    );
    let (checked, sources) = check(&script);
    (checked.diagnostics.iter().map(|d| d.code.id.to_string()).collect(), shown(&checked, &sources))
}

#[test]
fn what_nothing_uses_is_told_once() {
    for (features, policies, more, wanted) in [
        ("all", "first, second", "", vec![]),
        ("[age]", "first, second", "", vec!["DBF0625"]),
        ("[age]", "first, second", "let heavy = P(weight > 100 'kg')", vec![]),
        ("all except weight", "first, second", "", vec![]),
        ("all", "first", "", vec!["DBF0626"]),
        ("all", "first", "check second on patients", vec![]),
        ("all", "first", "test \"t\" { expect second passes }", vec![]),
        ("all", "first", "policy third { authority house include second constraint d: n() >= 11 }", vec!["DBF0626"]),
        ("all", "first, second", "let heavy = weight > 100 'kg'", vec!["DBF0627"]),
        ("all", "first, second", "let _heavy = weight > 100 'kg'", vec![]),
        ("all", "first, second", "let mean_weight = E[weight]", vec![]),
        ("all", "first, second", "fn twice(x: Real) -> Real = x * 2", vec!["DBF0627"]),
        ("all", "first, second", "fn twice(x: Real) -> Real = x * 2\nlet it = twice(3) + E[age / 1 'a']", vec![]),
        ("all", "first, second", "metric own(e: Bool) -> Prob = P(e)", vec!["DBF0627"]),
        (
            "all",
            "first, second",
            "policy small(least: Int = 3) { authority house constraint c: n() >= 11 }\ncheck small on patients",
            vec!["DBF0627"],
        ),
    ] {
        let (codes, shown) = with_benchmark(features, policies, more);
        assert_eq!(codes, wanted, "{features} {policies} {more}\n{shown}");
    }
}

/// No false alarm in what comes with the tool.
#[test]
fn examples_and_the_library_are_silent() {
    for path in files(&root().join("examples"), ".dbf") {
        if path.strip_prefix(root().join("examples/errors")).is_ok() {
            continue;
        }
        let (checked, sources) = check_file(&path);
        // The rows of the survey scenarios are as few as they are.
        let others = checked.diagnostics.iter().filter(|d| d.code.id != "DBF0629").count();
        assert_eq!(others, 0, "{}\n{}", path.display(), shown(&checked, &sources));
    }
    for path in files(&root().join("examples/errors"), ".dbf") {
        let (checked, sources) = check_file(&path);
        let lints = checked.diagnostics.iter().filter(|d| d.code.id.starts_with("DBF062")).count();
        assert_eq!(lints, 0, "{}\n{}", path.display(), shown(&checked, &sources));
    }
}

/// A script whose benchmark asks a policy of one rule in one scenario.
fn asked(rule: &str, scenario: &str) -> (Vec<String>, String) {
    let script = format!(
        r#"
language 1
use std.metrics.{{auroc, demographic_parity_ratio, dpd, ece, equal_opportunity_difference}}
dataset patients from "data.csv" {{
  age  : Int 'a' in 18..90
  sex  : Category {{ F, M }} protected
  race : Category {{ white, black, asian }} ? protected
  died : Bool label
}}
metric gap(e: Bool, by: Category) -> Real = max over g in by: P(e | by == g) - min over g in by: P(e | by == g)
policy it {{
  authority house
  constraint it: {rule}
}}
scenario base = patients {{}}
scenario here = base with {{ {scenario} }}
task diagnosis on row predict died
model lr = logistic(features: all)
benchmark b version "1.0.0" {{
  scenarios here
  models    lr
  tasks     diagnosis
  metrics   auroc, gap(yhat, by: sex), dpd(by: sex)
  policies  it
}}
"#
    );
    let (checked, sources) = check(&script);
    (checked.diagnostics.iter().map(|d| d.code.id.to_string()).collect(), shown(&checked, &sources))
}

/// The figures of the domain notes: retinopathy and hypertensive disorders of pregnancy.
#[test]
fn parity_that_a_correct_predictor_cannot_meet_is_told() {
    let eyes = "prevalence died by race { white: 3.6%, black: 8.7% }";
    let births = "prevalence died by race { black: 20.9%, asian: 9.3% }";
    let mut bad = Vec::new();
    for (rule, scenario, fires) in [
        ("dpd(yhat, by: race | present(race)) <= 3%", eyes, true),
        ("dpd(yhat, by: race | present(race)) <= 3%", births, true),
        ("dpd(yhat, by: race | present(race)) <= 6%", eyes, false),
        ("dpd(yhat, by: race | present(race)) <= 6%", births, true),
        ("3% >= dpd(yhat, by: race | present(race))", eyes, true),
        ("dpd(yhat, by: [race, sex] | present(race)) <= 3%", eyes, true),
        ("dpd(yhat, by: sex) <= 3%", eyes, false),
        ("dpd(yhat, by: race | present(race)) >= 3%", eyes, false),
        ("dpd(yhat, by: race | present(race) and y) <= 3%", eyes, false),
        ("demographic_parity_ratio(yhat, by: race | present(race)) >= 80%", eyes, true),
        ("demographic_parity_ratio(yhat, by: race | present(race)) >= 40%", eyes, false),
        ("max over g in race: P(yhat | race == g) - min over g in race: P(yhat | race == g) <= 3%", eyes, true),
        ("gap(yhat, by: race | present(race)) <= 3%", eyes, true),
        ("abs(P(yhat | race == black) - P(yhat | race == white)) < 3%", eyes, true),
        ("P(yhat | race == white) - P(yhat | race == black) < 3%", eyes, false),
        ("auroc(p, y) >= 70% and gap(yhat, by: race | present(race)) <= 3%", eyes, true),
        ("auroc(p, y) >= 70% or gap(yhat, by: race | present(race)) <= 3%", eyes, false),
        ("equal_opportunity_difference(yhat, y, by: race | present(race)) <= 3%", eyes, false),
        (
            "max over g in race: P(yhat | y and race == g) - min over g in race: P(yhat | y and race == g) <= 3%",
            eyes,
            false,
        ),
        ("gap(yhat, by: race | present(race)) <= 3%", "prevalence died = 5%", false),
        // The mix leaves one of the groups out.
        (
            "gap(yhat, by: race | present(race)) <= 3%",
            "mix race { white: 50%, asian: 50% } prevalence died by race { white: 3.6%, black: 8.7% }",
            false,
        ),
    ] {
        let (codes, shown) = asked(rule, scenario);
        let wanted = if fires { vec!["DBF0628".to_string()] } else { Vec::new() };
        if codes != wanted {
            bad.push(format!("`{rule}` in `{scenario}` gives {codes:?}\n{shown}"));
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
    let (_, shown) = asked("gap(yhat, by: race | present(race)) <= 3%", eyes);
    assert!(shown.contains("the prevalences alone differ by 5.1 points"), "{shown}");
}

#[test]
fn samples_too_small_to_decide_are_told() {
    let mut bad = Vec::new();
    for (rule, scenario, fires) in [
        (
            "dpd(yhat, by: sex) <= 3% with confidence 95%",
            "size 3_400 mix sex { F: 50%, M: 50% } prevalence died = 10%",
            true,
        ),
        (
            "dpd(yhat, by: sex) <= 3% with confidence 95%",
            "size 3_450 mix sex { F: 50%, M: 50% } prevalence died = 10%",
            false,
        ),
        (
            "dpd(yhat, by: sex) <= 3% with confidence 95%",
            "size 3_450 mix sex { F: 20%, M: 80% } prevalence died = 10%",
            true,
        ),
        ("dpd(yhat, by: sex) <= 3%", "size 100 prevalence died = 10%", false),
        ("dpd(yhat, by: sex) <= 3% with confidence 95%", "prevalence died = 10%", false),
        (
            "dpd(yhat, by: sex) <= 3% with confidence 90%",
            "size 3_400 mix sex { F: 50%, M: 50% } prevalence died = 10%",
            false,
        ),
        ("P(yhat | sex == F) <= 1% with confidence 95%", "size 500 mix sex { F: 50%, M: 50% }", true),
        ("P(yhat | sex == F) <= 1% with confidence 95%", "size 600 mix sex { F: 50%, M: 50% }", false),
        ("P(yhat | y) >= 99% with confidence 95%", "size 2_000 prevalence died = 10%", true),
        ("P(yhat | y) >= 99% with confidence 95%", "size 3_000 prevalence died = 10%", false),
        (
            "P(yhat | y and race == black) >= 90% with confidence 95%",
            "size 1_000 mix race { white: 80%, black: 20% } prevalence died by race { white: 10%, black: 10% }",
            true,
        ),
        ("P(yhat) <= 0% with confidence 95%", "size 100_000", true),
        ("auroc(p, y) >= 95% with confidence 95%", "size 60 prevalence died = 10%", true),
        ("auroc(p, y) >= 95% with confidence 95%", "size 1_000 prevalence died = 10%", false),
        ("ece(p, y, bins: 10) <= 5% with confidence 95%", "size 200", true),
        ("ece(p, y, bins: 10) <= 5% with confidence 95%", "size 20_000", false),
        (
            "forall g in sex: ece(p, y, bins: 10 | sex == g) <= 5% with confidence 95%",
            "size 20_000 mix sex { F: 1%, M: 99% }",
            true,
        ),
        ("equal_opportunity_difference(yhat, y, by: sex) <= 3% with confidence 95%", "size 500", false),
    ] {
        let (codes, shown) = asked(rule, scenario);
        let wanted = if fires { vec!["DBF0629".to_string()] } else { Vec::new() };
        if codes != wanted {
            bad.push(format!("`{rule}` in `{scenario}` gives {codes:?}\n{shown}"));
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
    let (_, shown) = asked(
        "dpd(yhat, by: sex) <= 3% with confidence 95%",
        "size 1_000 mix sex { F: 50%, M: 50% } prevalence died = 10%",
    );
    assert!(shown.contains("it takes 3,426 rows") && shown.contains("draw 3,500 rows or more"), "{shown}");
}

/// The setting is read as it is written, whether or not this build can train with it.
#[test]
fn a_budget_that_a_policy_does_not_allow_is_told() {
    for (spent, rule, fires) in [
        ("dp(epsilon: 5, delta: 1e-5)", "epsilon(release) <= 3", true),
        ("dp(epsilon: 3, delta: 1e-5)", "epsilon(release) <= 3", false),
        ("dp(epsilon: 3, delta: 1e-5)", "epsilon(release) <= 3 and delta(release) < 1e-6", true),
        ("dp(epsilon: 3)", "epsilon(release) <= 3 and delta(release) < 1e-6", false),
        ("dp(epsilon: 5, delta: 1e-5)", "epsilon(release) <= 3 or attested(\"board\")", false),
    ] {
        let script = format!(
            "language 1\ndataset t from \"t.csv\" {{ a : Int in 0..9 }}\ngenerator g = conditional_gan(t) {{ privacy {spent} }}\n\
             policy it {{ authority house constraint budget: {rule} }}\ncheck it on g\n"
        );
        let (checked, sources) = check(&script);
        let mut found = Vec::new();
        dbf::check::lints::ledger::lint(&checked.program, &mut found);
        assert_eq!(found.len(), usize::from(fires), "{spent} {rule}\n{}", shown(&checked, &sources));
        assert!(found.iter().all(|d| d.code.id == "DBF0621"));
    }
}

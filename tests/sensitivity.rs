//! Labels: what may be shown, what may be sent, and what the prompt keeps to itself.

use crate::support::{TINY, Tiny, check, dbf_in, stderr, stdout};

/// The codes of a script over phi data: `lets` are added to a small dataset.
fn codes(sensitivity: &str, items: &str) -> Vec<&'static str> {
    let text = format!(
        "language 1\nuse std.metrics.{{auroc, dpd}}\ndataset d from \"d.csv\" {{\n id : Int subject\n age : Int 'a'\n \
         sex : Category {{ F, M }}\n score : Real\n name : Text\n p1 : Prob predicts ill\n ill : Bool label\n}} sensitivity {sensitivity}\n{items}\n"
    );
    let text =
        text.replace(" p1 : Prob predicts ill\n ill : Bool label\n", " ill : Bool label\n p1 : Prob predicts ill\n");
    check(&text).0.diagnostics.iter().map(|d| d.code.id).collect()
}

#[test]
fn one_persons_value_is_found_wherever_it_hides() {
    for figure in [
        "let x = max(age)",
        "let x = min(score)",
        "let x = max(score) - min(score)",
        "let x = quantile(score, 0)",
        "let x = quantile(score, 100%)",
        "let whole = 100%\nlet x = quantile(score, whole)",
        "let x = quantile(score, P(ill))",
        "let x = max(score | sex == F)",
        "let x = max(score) where ill",
        "let x = let top = max(score) in top / 2",
        "let x = if P(ill) > 50% then max(score) else 0",
        "let x = sum over g in sex: max(score | sex == g)",
        "let x = E[score | id == 3]",
        "let x = sum(score) where id == 3",
        "let x = sum(score) - sum(score | id != 3)",
        "let x = E[score] where id <= 1",
        "let x = E[score | name == \"Bob\"]",
        "let chosen = id == 3\nlet x = E[score | chosen]",
        "metric top(s: Real) -> Real = max(s)\nlet x = top(score)",
        "metric at(s: Real, q: Prob = 50%) -> Real = quantile(s, q)\nlet x = at(score, q: 100%)",
        "metric at(s: Real, q: Prob = 100%) -> Real = quantile(s, q)\nmetric more(s: Real) -> Real = at(s) + 1\nlet x = more(score)",
        "fn double(v: Real) -> Real = 2 * v\nlet x = double(max(score))",
        "let x = sqrt(abs(max(score)))",
        "policy r { authority house constraint c: max(score) <= 9 }",
        "policy r { authority house constraint c: forall g in sex: max(score | sex == g) <= 9 }",
    ] {
        assert_eq!(codes("phi", figure), ["DBF0511"], "{figure}");
        for label in ["deidentified", "synthetic", "public"] {
            assert_eq!(codes(label, figure), Vec::<&str>::new(), "{label}: {figure}");
        }
    }
}

#[test]
fn figures_of_many_are_shown() {
    for figure in [
        "let x = E[age]",
        "let x = quantile(score, 50%)",
        "let x = quantile(score, 95%) - quantile(score, 5%)",
        "let x = P(score > 3)",
        "let x = max(score) > 3",
        "let x = count(score > 3)",
        "let x = max over g in sex: E[score | sex == g]",
        "let x = P(score == (min over g in sex: E[score | sex == g]))",
        "let x = E[score | present(id)]",
        "let x = auroc(p1, ill)",
        "let x = Var[score | sex == F]",
        "let rows = age > 65 'a'",
        "metric at(s: Real, q: Prob = 50%) -> Real = quantile(s, q)\nlet x = at(score)",
        "policy r { authority house constraint c: count(score > 9) == 0 }",
    ] {
        assert_eq!(codes("phi", figure), Vec::<&str>::new(), "{figure}");
    }
}

#[test]
fn one_value_shown_twice_is_one_mistake() {
    assert_eq!(codes("phi", "let x = max(age)\nlet y = x + 1 'a'\nlet z = y"), ["DBF0511"]);
}

#[test]
fn a_raised_column_is_as_phi() {
    let text = |column: &str| {
        format!(
            "dataset d from \"d.csv\" {{ note : Real phi\n half : Real = note / 2\n other : Real\n}} sensitivity deidentified\nlet x = max({column})\n"
        )
    };
    let codes = |column: &str| check(&text(column)).0.diagnostics.iter().map(|d| d.code.id).collect::<Vec<_>>();
    assert_eq!(codes("note"), ["DBF0511"]);
    assert_eq!(codes("half"), ["DBF0511"], "what is computed from it is raised as well");
    assert_eq!(codes("other"), Vec::<&str>::new());
}

/// A benchmark that asks a model elsewhere.
fn asks(sensitivity: &str, policy: &str, model: &str, rest: &str) -> Vec<&'static str> {
    codes(
        sensitivity,
        &format!(
            "policy use {{ authority contract {policy} }}\nscenario s = d {{}}\ntask t on row predict ill\nmodel m = {model}\n\
             benchmark b version \"1\" {{ scenarios s models m tasks t metrics auroc {rest} }}"
        )
        .replace("policy use", "policy data_use"),
    )
}

#[test]
fn rows_of_patients_leave_by_a_grant_in_force_only() {
    let chat = "chat(\"gpt-4o\") egress external";
    let grant = "effective @2026-01-01 .. @2026-12-31 grant egress phi to m";
    let under = "policies data_use as of @2026-06-01";
    let none = Vec::<&str>::new();
    assert_eq!(asks("phi", grant, chat, under), none);
    assert_eq!(asks("phi", "", chat, under), ["DBF0510"]);
    assert_eq!(asks("phi", grant, chat, "as of @2026-06-01"), ["DBF0510"]);
    assert_eq!(asks("phi", grant, chat, "policies data_use as of @2025-12-31"), ["DBF0510"]);
    assert_eq!(asks("phi", grant, chat, "policies data_use as of @2027-01-01"), ["DBF0510"]);
    assert_eq!(asks("phi", grant, chat, "policies data_use"), none);
    assert_eq!(asks("phi", "grant egress deidentified to m", chat, under), ["DBF0510"]);
    assert_eq!(asks("phi", "", "chat(\"local\")", under), none, "a model in the house");
    assert_eq!(asks("phi", "", "process(\"python x.py\") egress external", under), ["DBF0510"]);
    for label in ["deidentified", "synthetic", "public"] {
        assert_eq!(asks(label, "", chat, under), none);
    }
}

#[test]
fn the_prompt_keeps_single_values_to_itself() {
    let tiny = Tiny::new();
    tiny.script(&TINY.replace("sensitivity synthetic", "sensitivity phi"));
    let at = tiny.folder.path();
    let ask = |expr: &str, more: &[&str]| {
        let args = [&["eval", expr, "--file", "tiny.dbf"], more].concat();
        dbf_in(at, &args)
    };
    let rows = stdout(&ask("age", &[]));
    assert!(rows.contains("median") && rows.contains("single values are not shown: the data is phi"), "{rows}");
    assert!(!rows.contains("first") && !rows.contains("min") && !rows.contains("max"), "{rows}");
    let json: serde_json::Value = serde_json::from_str(&stdout(&ask("age", &["--format", "json"]))).unwrap();
    assert_eq!(json["first"], serde_json::json!([]));
    assert!(json["summary"].get("max").is_none() && json["summary"]["median"].is_number());
    assert!(json["withheld"].is_string());
    // Levels are counted.
    assert!(stdout(&ask("sex", &[])).contains("F                    120"));
    for extreme in ["max(age)", "quantile(age, 0)", "E[risk | id == 4]", "min(age) + 1 'a'"] {
        let output = ask(extreme, &[]);
        assert_eq!(output.status.code(), Some(1), "{extreme}: {}", stdout(&output));
        assert!(stderr(&output).contains("[DBF0511]") && stdout(&output).is_empty(), "{}", stderr(&output));
    }
    assert!(ask("max(age) > 50 'a'", &[]).status.success());
    assert_eq!(stdout(&ask("argmax over g in sex: max(age | sex == g)", &[])).trim().len(), 1);
    // What rests on one row is that person's, whatever the condition.
    let single = stdout(&ask("E[risk | age == 20 'a' and site == north and risk > 30%]", &[]));
    assert!(single.starts_with("undefined: it rests on a single row"), "{single}");
    // Deidentified rows may be looked at.
    tiny.script(&TINY.replace("sensitivity synthetic", "sensitivity deidentified"));
    assert!(stdout(&ask("age", &[])).contains("first: 20, 57"));
    assert!(ask("max(age)", &[]).status.success());
}

#[test]
fn a_failed_assertion_does_not_show_a_persons_value() {
    let tiny = Tiny::new();
    let test = "\ntest \"ages\" { assert max(age) <= 30 'a' }\n";
    tiny.script(&(TINY.replace("sensitivity synthetic", "sensitivity phi") + test));
    let output = dbf_in(tiny.folder.path(), &["test", "tiny.dbf"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("the two sides are not shown") && !stderr(&output).contains("79"),
        "{}",
        stderr(&output)
    );
    tiny.script(&(TINY.to_string() + test));
    assert!(stderr(&dbf_in(tiny.folder.path(), &["test", "tiny.dbf"])).contains("left: 79"));
}

#[test]
fn what_a_generator_makes_is_synthetic_until_released() {
    use dbf::check::Sensitivity;
    let text = |policy: &str, rest: &str| {
        format!(
            "dataset d from \"d.csv\" {{ ill : Bool label\n age : Int }} sensitivity public\ngenerator g = conditional_gan(d)\n\
             policy r {{ authority house {policy} }}\nscenario s = d {{}}\ntask t on row discriminate g\nmodel m = logistic(features: all)\n\
             metric half(p: Prob) -> Prob = E[p]\nbenchmark b version \"1\" {{ scenarios s models m tasks t metrics half {rest} }}\n"
        )
    };
    let label = |policy: &str, rest: &str| {
        let (checked, sources) = check(&text(policy, rest));
        assert!(checked.diagnostics.is_empty(), "{}", crate::support::shown(&checked, &sources));
        checked.program.generator_label("g")
    };
    let grant = "effective @2026-01-01 .. grant release g as public";
    assert_eq!(label("", "policies r"), Sensitivity::Synthetic, "never public of itself");
    assert_eq!(label(grant, "policies r as of @2026-06-01"), Sensitivity::Public);
    assert_eq!(label(grant, "policies r as of @2025-06-01"), Sensitivity::Synthetic);
    assert_eq!(label(grant, "as of @2026-06-01"), Sensitivity::Synthetic);
}

#[test]
fn the_analysis_ends_soon_on_deep_calls_and_lists() {
    let start = std::time::Instant::now();
    let mut text = String::from("fn f0(v: Real) -> Real = v\n");
    for i in 1..60 {
        text.push_str(&format!("fn f{i}(v: Real) -> Real = f{}(v) + f{}(v)\n", i - 1, i - 1));
    }
    assert_eq!(codes("phi", &format!("{text}let x = f59(max(score))")), ["DBF0511"]);
    assert_eq!(codes("phi", &format!("{text}let x = f20(E[score])")), Vec::<&str>::new());
    let nested = format!("{}E[score]{}", "sum over a in [".repeat(40), "]: a".repeat(40));
    codes("phi", &format!("let x = {nested}"));
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

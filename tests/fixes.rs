//! Every fix that a diagnostic offers puts the mistake right: applied, the script checks without errors.

use crate::support::{check, files, root, shown};
use dbf::source::fix::apply;

/// Scripts with one mistake that is found before data is read: the bad examples, and the wrong scripts of the pages.
fn scripts() -> Vec<(String, String)> {
    let mut out = Vec::new();
    for path in files(&root().join("examples/errors"), ".dbf") {
        let name = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
        out.push((name, std::fs::read_to_string(&path).unwrap()));
    }
    for code in dbf::source::codes::ALL {
        let wrong = code.page.split("## Right").next().unwrap_or("");
        let block =
            wrong.split("```dbf").nth(1).and_then(|b| b.split_once('\n')).and_then(|(_, b)| b.split("```").next());
        if let Some(text) = block {
            out.push((code.id.to_string(), text.to_string()));
        }
    }
    out
}

#[test]
fn every_fix_puts_the_mistake_right() {
    let mut bad = Vec::new();
    let (mut fixes, mut mistakes) = (0, 0);
    for (name, text) in scripts() {
        let (checked, sources) = check(&text);
        let errors: Vec<_> = checked.diagnostics.iter().filter(|d| d.is_error()).collect();
        if errors.len() > 1 {
            continue; // `one_mistake_gives_one_error` names them.
        }
        for error in errors {
            mistakes += 1;
            for fix in &error.fixes {
                fixes += 1;
                let (mended, applied) = apply(&text, &[fix]);
                let (after, after_sources) = check(&mended);
                if applied.is_empty() || after.has_errors() {
                    bad.push(format!(
                        "{name}: `{}`\n{}gives\n{mended}\n{}",
                        fix.title,
                        shown(&checked, &sources),
                        shown(&after, &after_sources)
                    ));
                }
            }
        }
    }
    assert!(bad.is_empty(), "{}\n{} of {fixes} fixes", bad.join("\n"), bad.len());
    assert!(fixes * 5 >= mistakes * 2, "{fixes} fixes for {mistakes} mistakes");
}

/// Scripts that warn of a target nobody meets, or of samples too small, with the edits that are offered.
fn scenarios() -> Vec<(String, String, Vec<&'static str>)> {
    let script = |rules: &str, scenarios: &str, names: &str| {
        format!(
            r#"language 1
use std.metrics.{{auroc, demographic_parity_ratio, dpd, ece}}
dataset patients from "data.csv" {{
  age  : Int 'a' in 18..90
  sex  : Category {{ F, M }} protected
  race : Category {{ white, black, asian }} protected
  died : Bool label
}}
policy it {{
  authority house
  param cap : Prob = 3%
  {rules}
}}
{scenarios}
task diagnosis on row predict died
model lr = logistic(features: all)
benchmark b version "1.0.0" {{ scenarios {names} models lr tasks diagnosis metrics auroc policies it }}
"#
        )
    };
    let by_race = "scenario s = patients { prevalence died by race { white: 3.6%, black: 8.7%, asian: 5% } }";
    let even = "mix sex { F: 50%, M: 50% } prevalence died = 10%";
    [
        // The smallest tolerance that a correct predictor meets, as the limit is written.
        ("constraint c: dpd(yhat, by: race) <= 3%", by_race, "s", vec!["5.1%"]),
        ("constraint c: dpd(yhat, by: race) < 0.03", by_race, "s", vec!["0.0511"]),
        ("constraint c: 3% >= dpd(yhat, by: race)", by_race, "s", vec!["5.1%"]),
        ("constraint c: demographic_parity_ratio(yhat, by: race) >= 80%", by_race, "s", vec!["41.37%"]),
        // A limit that is no number where it stands is left to people.
        ("constraint c: dpd(yhat, by: race) <= cap", by_race, "s", vec![]),
        // The rows that would do, and the limit that the rows at hand decide.
        (
            "constraint c: dpd(yhat, by: sex) <= 3% with confidence 95%",
            &format!("scenario s = patients {{ size 1_000 {even} }}"),
            "s",
            vec!["3_500", "5.6%"],
        ),
        (
            "constraint c: dpd(yhat, by: sex) <= cap with confidence 95%",
            &format!("scenario s = patients {{ size 1_000 {even} }}"),
            "s",
            vec!["3_500"],
        ),
        (
            "constraint c: P(yhat | y) >= 99% with confidence 95%",
            &format!("scenario s = patients {{ size 2_000 {even} }}"),
            "s",
            vec!["2_700", "98.6%"],
        ),
        (
            "constraint c: auroc(p, y) >= 95% with confidence 95%",
            &format!("scenario s = patients {{ size 60 {even} }}"),
            "s",
            vec!["", ""],
        ),
        (
            "constraint c: ece(p, y, bins: 10) <= 5% with confidence 95%",
            &format!("scenario s = patients {{ size 200 {even} }}"),
            "s",
            vec!["", ""],
        ),
        // Every scenario that is too small, together; one that has its size from another is mended there.
        (
            "constraint c: dpd(yhat, by: sex) <= 3% with confidence 95%",
            &format!(
                "scenario s = patients {{ size 1_000 {even} }}\nscenario t = patients {{ size 200 {even} }}\n\
                 scenario u = s with {{ prevalence died = 20% }}"
            ),
            "s, t, u",
            vec!["6_100 3_500", "12.5%"],
        ),
        // No number of rows shows it.
        (
            "constraint c: P(yhat) <= 0% with confidence 95%",
            &format!("scenario s = patients {{ size 1_000 {even} }}"),
            "s",
            vec![],
        ),
    ]
    .into_iter()
    .map(|(rules, scenarios, names, fixes)| (rules.to_string(), script(rules, scenarios, names), fixes))
    .collect()
}

#[test]
fn a_fix_of_a_warning_settles_it() {
    let warned = |text: &str, code: &str| {
        let (checked, sources) = check(text);
        let count = checked.diagnostics.iter().filter(|d| d.code.id == code).count();
        (count, checked.has_errors(), shown(&checked, &sources))
    };
    let mut bad = Vec::new();
    let mut fixes = 0;
    let mut offered = |name: &str, text: &str| -> Vec<String> {
        let (checked, _) = check(text);
        let mut titles = Vec::new();
        for warning in checked.diagnostics.iter().filter(|d| !d.is_error()) {
            let (before, ..) = warned(text, warning.code.id);
            for fix in &warning.fixes {
                fixes += 1;
                titles.push(fix.edits.iter().map(|(_, with)| with.as_str()).collect::<Vec<_>>().join(" "));
                let (mended, applied) = apply(text, &[fix]);
                let (after, errors, shown) = warned(&mended, warning.code.id);
                if applied.is_empty() || errors || after >= before {
                    bad.push(format!("{name}: `{}`\ngives\n{mended}\n{shown}", fix.title));
                }
            }
        }
        titles
    };
    for (name, text) in scripts().into_iter().filter(|(_, text)| !check(text).0.has_errors()) {
        offered(&name, &text);
    }
    let mut wrong = Vec::new();
    for (name, text, wanted) in scenarios() {
        let titles = offered(&name, &text);
        let same = titles.len() == wanted.len() && titles.iter().zip(&wanted).all(|(t, w)| w.is_empty() || t == w);
        if !same {
            wrong.push(format!("{name}: offers {titles:?}, not {wanted:?}"));
        }
    }
    assert!(bad.is_empty(), "{}\n{} of {fixes} fixes", bad.join("\n"), bad.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(fixes >= 15, "{fixes} fixes");
}

#[test]
fn a_fix_is_an_edit_of_the_file_it_speaks_of() {
    for (name, text) in scripts() {
        let (checked, sources) = check(&text);
        for fix in checked.diagnostics.iter().flat_map(|d| &d.fixes) {
            assert!(!fix.title.is_empty() && !fix.edits.is_empty(), "{name}: {fix:?}");
            for (span, _) in &fix.edits {
                let file = sources.file(span.source).unwrap();
                assert!(file.name == "script.dbf" && span.end as usize <= file.text.len(), "{name}: {fix:?}");
            }
        }
    }
}

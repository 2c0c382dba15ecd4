//! What is shown of patients tells no count from 1 to 10: every number of a run, of an answer and of a why is read back,
//! and what is known is subtracted from every sum.

use crate::support::{dbf_in, stdout};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Output;

const SCRIPT: &str = r#"//! Made-up patients, a few of them in small groups.
language 1
use std.metrics.{auroc, accuracy, f1, dpd}

dataset ward from "ward.csv" {
  id   : Int subject
  age  : Int 'a' in 0..120
  sex  : Category { F, M, X } protected
  race : Category { white, black, asian, other } protected
  unit : Category { icu, ward, clinic } ? protected
  ill  : Bool label
  risk : Prob ? predicts ill
} sensitivity phi

let sick_asian = count(ill and race == asian)
let share_x = P(ill | sex == X)
let women = count(sex == F)

policy rules {
  authority house
  effective @2020-01-01 ..
  constraint cells: forall g in groups(by: [sex, race]): n(g) == 0 or n(g) >= 11
  constraint young: every(age < 95 'a')
  constraint most: every(age < 40 'a')
  constraint rare: P(sex == X) <= 2%
  constraint parity: dpd(yhat, by: race) <= 3%
  constraint gap: P(ill | sex == X) - P(ill | sex == F) <= 90%
}

scenario base = ward {}
task diagnosis on row predict ill
model recorded_risk = recorded(risk)

benchmark ward_bench version "0.1.0" {
  scenarios base
  models    recorded_risk
  tasks     diagnosis
  metrics   auroc, accuracy, f1, dpd(by: sex), dpd(by: race)
  policies  rules
  as of     @2026-11-22
  folds     3
  seed      7
}

check rules_of_data on ward
policy rules_of_data {
  authority house
  constraint sexes: forall g in groups(by: sex): n(g) >= 11
  constraint young: every(age < 95 'a')
}
"#;

struct Patient {
    sex: &'static str,
    race: &'static str,
    unit: &'static str,
    ill: bool,
    risk: Option<f64>,
    age: u64,
}

struct Ward {
    folder: tempfile::TempDir,
    rows: Vec<Patient>,
}

impl Ward {
    /// 400 patients; the model says nothing about `silent` of them.
    fn new(label: &str, silent: usize) -> Ward {
        let folder = tempfile::tempdir().unwrap();
        let mut rows = Vec::new();
        for i in 0..400u64 {
            let sex = if i % 100 == 3 {
                "X"
            } else if i % 2 == 0 {
                "F"
            } else {
                "M"
            };
            let race = match i {
                _ if i % 57 == 5 => "asian",
                _ if i % 12 == 1 => "other",
                _ if i % 3 == 0 => "black",
                _ => "white",
            };
            let unit = match i {
                _ if i % 150 == 2 => "",
                _ if i % 5 == 0 => "icu",
                _ if i % 7 == 0 => "clinic",
                _ => "ward",
            };
            let risk = ((i * 7919 + 13) % 101) as f64 / 101.0;
            let ill = (i * 104_729 + 7) % 97 < (risk * 97.0) as u64;
            let risk = ((i * 31) % 400 >= silent as u64).then_some(risk);
            let age = if i % 90 == 11 { 96 } else { 20 + (i * 37) % 60 };
            rows.push(Patient { sex, race, unit, ill, risk, age });
        }
        let mut csv = String::from("id,age,sex,race,unit,ill,risk\n");
        for (i, p) in rows.iter().enumerate() {
            let risk = p.risk.map_or(String::new(), |r| format!("{r:.4}"));
            csv.push_str(&format!("{i},{},{},{},{},{},{risk}\n", p.age, p.sex, p.race, p.unit, u8::from(p.ill)));
        }
        std::fs::write(folder.path().join("ward.csv"), csv).unwrap();
        let script = SCRIPT.replace("sensitivity phi", &format!("sensitivity {label}"));
        std::fs::write(folder.path().join("ward.dbf"), script).unwrap();
        Ward { folder, rows }
    }

    fn dbf(&self, args: &[&str]) -> Output {
        dbf_in(self.folder.path(), args)
    }

    fn eval(&self, text: &str) -> String {
        stdout(&self.dbf(&["eval", text, "--file", "ward.dbf"]))
    }

    /// The results, the page, and the terminal's text.
    fn run(&self) -> (Value, String, String) {
        let output = self.dbf(&["run", "ward.dbf", "--out", "out"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let read = |name: &str| std::fs::read_to_string(self.folder.path().join(Path::new("out")).join(name)).unwrap();
        (serde_json::from_str(&read("results.json")).unwrap(), read("report.html"), stdout(&output))
    }
}

fn is_small(n: f64) -> bool {
    (1.0..=10.0).contains(&n) && (n - n.round()).abs() < 1e-6
}

/// Whether a share of `n` rows has a small numerator, or leaves a small rest.
fn tells(share: f64, n: f64) -> bool {
    (0.0..=1.0).contains(&share) && (is_small(share * n) || is_small(n - share * n))
}

/// Every object below, with where it stands.
fn objects<'a>(at: &'a Value, place: String, out: &mut Vec<(String, &'a serde_json::Map<String, Value>)>) {
    match at {
        Value::Object(fields) => {
            out.push((place.clone(), fields));
            fields.iter().for_each(|(name, v)| objects(v, format!("{place}.{name}"), out));
        }
        Value::Array(items) => items.iter().enumerate().for_each(|(i, v)| objects(v, format!("{place}[{i}]"), out)),
        _ => {}
    }
}

/// What can be read off single objects: a small count, or a share with the rows it is of.
fn read_off(results: &Value) -> Vec<String> {
    let mut all = Vec::new();
    objects(&results["body"], String::new(), &mut all);
    let mut found = Vec::new();
    for (place, fields) in all {
        let number = |name: &str| fields.get(name).and_then(Value::as_f64);
        // Counts of clauses over groups are no counts of patients.
        let of_groups = fields.get("kind").is_some_and(|k| k == "forall" || k == "exists");
        for name in ["n", "rows", "missing", "more"] {
            if let Some(n) = number(name).filter(|n| is_small(*n) && !of_groups) {
                found.push(format!("{place}.{name} is {n}"));
            }
        }
        if let (Some(counts), false) = (fields.get("counts"), of_groups) {
            for name in ["true", "false", "unknown"] {
                if counts[name].as_f64().is_some_and(is_small) {
                    found.push(format!("{place}.counts.{name} is {}", counts[name]));
                }
            }
        }
        for name in ["value", "observed", "left", "prevalence", "drawn"] {
            let of = number("n").or(number("rows")).into_iter().chain([400.0]);
            for n in of {
                if let Some(share) = number(name).filter(|share| tells(*share, n)) {
                    found.push(format!("{place}.{name} is {share} of {n}"));
                }
            }
        }
    }
    found
}

/// What is left of a sum when the counts shown are taken away; none when all are shown.
fn left_of<'a>(total: f64, counts: impl Iterator<Item = &'a Value>) -> Option<f64> {
    let counts: Vec<&Value> = counts.collect();
    let shown: f64 = counts.iter().filter_map(|n| n.as_f64()).sum();
    counts.iter().any(|n| !n.is_number()).then_some(total - shown)
}

/// What can be worked out by subtracting what is shown from sums that are shown.
fn subtracted(results: &Value) -> Vec<String> {
    let body = &results["body"];
    let mut found = Vec::new();
    let mut note = |what: String, n: f64| {
        if is_small(n) {
            found.push(format!("{what}: {n}"));
        }
    };
    let list = |v: &Value| v.as_array().cloned().unwrap_or_default();
    let data = body["datasets"][0]["rows"].as_f64();
    for scenario in list(&body["scenarios"]) {
        let rows = scenario["rows"].as_f64().unwrap();
        if let Some(data) = data {
            note("rows that the scenario leaves out".into(), data - rows);
        }
        let mut columns: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for entry in list(&scenario["mix"]) {
            columns.entry(entry["column"].as_str().unwrap().to_string()).or_default().push(entry);
        }
        for (column, entries) in &columns {
            let shown: f64 = entries.iter().filter_map(|e| e["n"].as_f64()).sum();
            // Either hidden levels, or rows without one.
            note(format!("rest of {column}"), rows - shown);
            for groups in list(&body["plots"]["by_group"]).iter().filter(|g| g["column"] == **column) {
                for (entry, part) in entries.iter().zip(list(&groups["parts"])) {
                    assert_eq!(entry["level"], part["group"]);
                    if let (Some(a), Some(b)) = (entry["n"].as_f64(), part["n"].as_f64()) {
                        note(format!("left out of {} of {}", part["group"], groups["metric"]), a - b);
                    }
                    assert!(entry["n"].is_number() || !part["n"].is_number(), "{entry} {part}");
                }
            }
        }
        let cells = list(&body["cells"]);
        for whole in cells.iter().filter(|c| c["fold"] == "all") {
            let folds: Vec<&Value> =
                cells.iter().filter(|c| c["fold"] != "all" && c["metric"] == whole["metric"]).collect();
            assert_eq!(folds.len(), 3);
            if let Some(n) = whole["n"].as_f64() {
                note(format!("left out of {}", whole["metric"]), rows - n);
                if let Some(rest) = left_of(n, folds.iter().map(|c| &c["n"])) {
                    note(format!("hidden folds of {}", whole["metric"]), rest);
                }
            }
            if let Some(n) = whole["missing"].as_f64()
                && let Some(rest) = left_of(n, folds.iter().map(|c| &c["missing"]))
            {
                note(format!("missing in hidden folds of {}", whole["metric"]), rest);
            }
            // Hits and misses of hidden folds and of hidden groups.
            let (Some(value), Some(n)) = (whole["value"].as_f64(), whole["n"].as_f64()) else { continue };
            if whole["metric"] != "accuracy" {
                continue;
            }
            let groups = list(&body["plots"]["by_group"]);
            let of_groups = groups.iter().filter(|g| g["metric"] == "accuracy").map(|g| list(&g["parts"]));
            for parts in of_groups.chain([folds.iter().map(|f| (*f).clone()).collect()]) {
                let known = || parts.iter().filter_map(|p| Some((p["value"].as_f64()?, p["n"].as_f64()?)));
                let (hits, rows): (f64, f64) = known().fold((0.0, 0.0), |(h, r), (v, n)| (h + v * n, r + n));
                note("hits of hidden parts".into(), (value * n - hits).round());
                note("misses of hidden parts".into(), ((1.0 - value) * n - (rows - hits)).round());
            }
        }
    }
    found
}

/// Small numbers of rows in words: `n = 7`, `n 7`, `7 rows`, `7 missing`.
fn in_words(text: &str) -> Vec<String> {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || "<>()[],;:·\u{a0}".contains(c))
        .filter(|w| !w.is_empty() && *w != "=")
        .collect();
    let is_count = |w: &str| w.parse::<f64>().is_ok_and(is_small);
    let mut found = Vec::new();
    for pair in words.windows(2) {
        let before = pair[0] == "n" && is_count(pair[1]);
        let after = is_count(pair[0]) && ["rows", "row", "missing"].contains(&pair[1]);
        if before || after {
            found.push(pair.join(" "));
        }
    }
    found
}

#[test]
fn the_data_has_small_cells_and_the_attack_finds_them_where_they_are_shown() {
    let ward = Ward::new("deidentified", 0);
    let count = |of: &dyn Fn(&Patient) -> bool| ward.rows.iter().filter(|r| of(r)).count();
    assert_eq!(count(&|r| r.sex == "X"), 4);
    assert!((1..=10).contains(&count(&|r| r.race == "asian")) && (1..=10).contains(&count(&|r| r.unit.is_empty())));
    assert!((1..=10).contains(&count(&|r| r.age == 96)));
    let (results, page, text) = ward.run();
    assert!(read_off(&results).len() > 10);
    assert!(!subtracted(&results).is_empty());
    assert!(in_words(&page).len() + in_words(&text).len() > 3);
    // Of data that is not phi nothing is withheld.
    assert!(!results.to_string().contains("withheld") && !text.contains("withheld"));
    assert_eq!(ward.eval("count(sex == X)").trim(), "4   n = 400");
}

#[test]
fn a_run_over_patients_tells_no_small_count() {
    for silent in [0, 5, 40] {
        let ward = Ward::new("phi", silent);
        let (results, page, text) = ward.run();
        assert_eq!(read_off(&results), Vec::<String>::new(), "{silent} silent");
        assert_eq!(subtracted(&results), Vec::<String>::new(), "{silent} silent");
        assert_eq!(in_words(&page), Vec::<String>::new());
        assert_eq!(in_words(&text), Vec::<String>::new());
        assert!(page.contains("&lt;11") && page.contains("withheld"));
        // What rests on many is shown.
        let cells = results["body"]["cells"].as_array().unwrap();
        let auroc = cells.iter().find(|c| c["metric"] == "auroc" && c["fold"] == "all").unwrap();
        assert!(auroc["value"].is_number(), "{auroc}");
        assert_eq!(auroc["interval"].is_object(), silent != 5, "{auroc}");
        let mix = results["body"]["scenarios"][0]["mix"].as_array().unwrap();
        let level = |name: &str| mix.iter().find(|m| m["level"] == name).unwrap();
        assert_eq!(level("X")["n"], "<11");
        assert!(level("white")["n"].is_number());
        // Verdicts stand.
        let verdict = |name: &str| {
            let all = results["body"]["policies"][0]["constraints"].as_array().unwrap();
            all.iter().find(|c| c["name"] == name).map(|c| c["verdict"].clone()).unwrap()
        };
        assert_eq!(verdict("cells"), "fail");
        assert_eq!(verdict("young"), "fail");
        assert_eq!(verdict("rare"), "pass");
        // The same bytes again, from what was kept.
        let again = ward.run().0;
        assert_eq!(results["digest"], again["digest"]);
    }
}

#[test]
fn answers_about_patients_tell_no_small_count() {
    let ward = Ward::new("phi", 0);
    let plain = |text: &str| ward.eval(text).trim().to_string();
    for small in ["count(sex == X)", "count(ill | sex == X)", "count(sex != X)", "count() where sex == X"] {
        let said = plain(small);
        assert!(said == "fewer than 11" || said.starts_with("withheld: "), "{small}: {said}");
    }
    assert_eq!(plain("count(sex == X)"), "fewer than 11");
    for telling in [
        "P(sex == X)",
        "P(ill | sex == X)",
        "P(ill | sex != X)",
        "1 - P(sex == X)",
        "P(ill | sex == X) - P(ill | sex == F)",
        "E[age | sex == X]",
        "accuracy(or_else(risk, 0%) >= 50%, ill) where sex == X",
        "dpd(ill, by: race)",
        "sick_asian + 1",
        "max over g in sex: P(ill | sex == g)",
        "{ a: count(sex == X), b: 2 }",
        "[count(sex == X), 2]",
        "let k = count(sex == X) in k * 10",
    ] {
        let said = plain(telling);
        assert!(said.starts_with("withheld: "), "{telling}: {said}");
    }
    for fine in [
        "count(sex == F)",
        "P(ill)",
        "E[age | sex == F]",
        "auroc(or_else(risk, 50%), ill)",
        "P(ill | sex == F)",
        "women / 2",
    ] {
        assert!(plain(fine).chars().next().is_some_and(|c| c.is_ascii_digit()), "{fine}: {}", plain(fine));
    }
    let sexes = plain("sex");
    assert!(sexes.contains("X                    <11") && sexes.contains("withheld"), "{sexes}");
    assert_eq!(sexes.matches("withheld").count(), 1, "{sexes}");
    let groups = plain("by_group(P(ill), by: sex, small: 1)");
    assert!(groups.contains("n = <11") && groups.contains("n = withheld"), "{groups}");
    assert_eq!(groups.lines().filter(|l| l.contains("no figure")).count(), 2, "{groups}");
    let crossed = plain("by_group(P(ill), by: [sex, race])");
    assert!(in_words(&crossed).is_empty() && crossed.contains("<11"), "{crossed}");
    let units = plain("by_group(P(ill), by: unit)");
    assert!(units.contains("since a value is missing: fewer than 11"), "{units}");
    // For machines as well.
    let json = stdout(&ward.dbf(&["eval", "count(sex == X)", "--file", "ward.dbf", "--format", "json"]));
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["value"], &json["withheld"]), (&Value::Null, &Value::from("fewer than 11")));
}

#[test]
fn a_why_about_patients_tells_no_small_count() {
    let ward = Ward::new("phi", 0);
    let all = stdout(&ward.dbf(&["why", "ward.dbf"]));
    assert!(all.contains("young") && all.contains("fewer than 11"), "{all}");
    assert_eq!(in_words(&all), Vec::<String>::new(), "{all}");
    // Fewer than eleven rows are not listed one by one either: the list has a length.
    let young = |ward: &Ward| stdout(&ward.dbf(&["why", "ward.dbf", "young"]));
    assert!(!young(&ward).contains("row 12"), "{}", young(&ward));
    let shown = young(&Ward::new("deidentified", 0));
    assert!(shown.contains("row 12") && !in_words(&shown).is_empty(), "{shown}");
}

#[test]
fn a_failed_assertion_keeps_small_counts_to_itself() {
    let ward = Ward::new("phi", 0);
    let script = ward.folder.path().join("ward.dbf");
    let text = std::fs::read_to_string(&script).unwrap() + "\ntest \"x\" { assert count(sex == X) == 300 }\n";
    std::fs::write(&script, text).unwrap();
    let output = ward.dbf(&["test", "ward.dbf"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("the two sides are not shown") && !said.contains("left: 4"), "{said}");
}

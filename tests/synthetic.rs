//! The report on a generator, from a script to results, terminal and page.

use crate::support::{Tiny, check, root, shown, stderr, stdout};
use dbf::suite::result::{Results, SyntheticReport};

/// A tiny table with a control as generator, and nothing else to run.
fn reported(more: &str) -> Tiny {
    let tiny = Tiny::new();
    let text = std::fs::read_to_string(tiny.folder.path().join("tiny.dbf")).unwrap();
    let data = text.split("\nmetric gap").next().unwrap();
    tiny.script(&format!("{data}\ngenerator twin = gaussian_copula(tiny)\n{more}\n"));
    tiny
}

fn run(tiny: &Tiny) -> (Results, String, String) {
    let output = tiny.run("out", &[]);
    assert!(output.status.success(), "{}", stderr(&output));
    let page = std::fs::read_to_string(tiny.folder.path().join("out/report.html")).unwrap();
    (tiny.results("out"), stdout(&output), page)
}

fn value(report: &SyntheticReport, figure: &str) -> (f64, f64) {
    let line = report.sections.iter().flat_map(|s| &s.lines).find(|l| l.figure == figure).unwrap();
    (line.own.value.unwrap(), line.ceiling.value.unwrap())
}

#[test]
fn a_report_stands_by_itself_or_in_a_benchmark_and_says_the_same() {
    let alone = reported("report synthetic twin");
    let (results, text, page) = run(&alone);
    let [report] = results.body.synthetic.as_slice() else { panic!("one report") };
    assert_eq!((report.train_rows, report.holdout_rows, report.synthetic_rows), (180.into(), 60.into(), 180));
    assert_eq!((report.label.as_deref(), report.protected.as_slice()), (Some("ill"), ["sex".to_string()].as_slice()));
    assert_eq!(report.controls, ["independent", "bootstrap", "gaussian_copula"]);
    for section in &report.sections {
        assert!(text.contains(&section.says[..20]), "the terminal lacks: {}", section.says);
        assert!(page.contains("Generator twin") && page.contains("Shapes of columns"));
    }
    assert_eq!(value(report, "valid_rows"), (1.0, 1.0));
    assert!(value(report, "column_shapes").0 > 0.85);
    // What tells the label is no feature of it: nobody predicts `ill` by `risk`, a recorded prediction.
    assert!(value(report, "tstr_auroc_logistic").1 < 0.9);
    let inside = reported("benchmark only version \"1\" { report synthetic twin seed 0 }");
    let (again, _, _) = run(&inside);
    let figures = |r: &SyntheticReport| serde_json::to_string(&r.sections).unwrap();
    assert_eq!(figures(&again.body.synthetic[0]), figures(report));
}

#[test]
fn the_script_is_checked_before_any_data() {
    let text = "language 1\ndataset t from \"t.csv\" { a : Int in 0..9 }\ngenerator twin = bootstrap(t)\n";
    let say = |more: &str| {
        let (checked, sources) = check(&format!("{text}{more}\n"));
        shown(&checked, &sources)
    };
    assert_eq!(say("report synthetic twin"), "");
    assert!(say("report synthetic twn").contains("did you mean `twin`"));
    assert!(say("report synthetic twin, twin").contains("listed twice"));
    assert!(say("report twin").contains("report synthetic GENERATOR"), "{}", say("report twin"));
    assert!(say("benchmark b version \"1\" { report synthetic none }").contains("unknown generator `none`"));
    assert!(say("benchmark b version \"1\" { report synthetic twin models m }").contains("names no scenarios"));
}

#[test]
fn every_field_of_a_report_is_documented() {
    let (results, _, _) = run(&reported("report synthetic twin"));
    let page = std::fs::read_to_string(root().join("docs/results-schema.md")).unwrap();
    let mut open = vec![serde_json::to_value(&results.body.synthetic).unwrap()];
    let mut names = std::collections::BTreeSet::new();
    while let Some(value) = open.pop() {
        match value {
            serde_json::Value::Object(fields) => fields.into_iter().for_each(|(name, inner)| {
                names.insert(name);
                open.push(inner);
            }),
            serde_json::Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    assert!(names.len() > 35);
    for name in names {
        let said = [format!("`{name}`"), format!("`{name}[]`"), format!(".{name}`"), format!(".{name}[]`")];
        assert!(said.iter().any(|s| page.contains(s)), "docs/results-schema.md does not say what `{name}` is");
    }
}

#[test]
fn a_table_too_small_for_a_report_costs_the_report_alone() {
    let tiny = reported(
        "report synthetic twin\ncheck many on tiny\npolicy many { authority house effective @2020-01-01 .. constraint rows: n() >= 5 }",
    );
    let csv = std::fs::read_to_string(tiny.folder.path().join("tiny.csv")).unwrap();
    let few: String = csv.lines().take(21).map(|l| format!("{l}\n")).collect();
    std::fs::write(tiny.folder.path().join("tiny.csv"), few).unwrap();
    let output = tiny.run("out", &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("needs 40 rows or more"), "{}", stderr(&output));
    let results = tiny.results("out");
    assert!(results.body.synthetic.is_empty() && results.body.checks.len() == 1);
}

#[test]
fn a_derived_label_is_learned_by_the_category_behind_it() {
    let tiny = Tiny::new();
    let row =
        |i: usize| format!("{},{},{}\n", 20 + i % 50, ["F", "M"][i % 2], ["low", "high"][usize::from(i % 50 > 20)]);
    let csv: String = (0..120).map(|i| row(i * 7)).collect();
    std::fs::write(tiny.folder.path().join("pay.csv"), format!("age,sex,income\n{csv}")).unwrap();
    tiny.script(
        "language 1\ndataset pay from \"pay.csv\" {\n  age : Int in 0..90\n  sex : Category { F, M } protected\n  income : Category { \
         low, high } outcome\n  rich : Bool label = income == high\n} sensitivity public\ngenerator twin = bt_gan(pay) { \
         epochs 2 batch 50 hidden 16 }\nreport synthetic twin\n",
    );
    let (results, _, _) = run(&tiny);
    let [report] = results.body.synthetic.as_slice() else { panic!("one report") };
    assert_eq!(report.label.as_deref(), Some("rich"));
    assert_eq!(value(report, "valid_rows").0, 1.0);
}

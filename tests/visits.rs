//! Records of coded visits, from a script to synthetic rows: a made-up dataset with a row a code.

use crate::support::{Tiny, stderr, stdout};
use std::fmt::Write as _;

/// Ninety people whose codes follow from their sex: chapter A of women, chapter B of men.
fn script(generator: &str) -> Tiny {
    let tiny = Tiny::new();
    let mut csv = "who,day,code,sex\n".to_string();
    for person in 0..90 {
        let (sex, chapter) = if person % 2 == 0 { ("F", "A") } else { ("M", "B") };
        for visit in 0..1 + person % 3 {
            for code in 0..1 + (person + visit) % 2 {
                let number = (person / 2 + visit + 2 * code) % 4;
                writeln!(csv, "p{person},2020-0{}-01,{chapter}0{number},{sex}", visit + 1).unwrap();
            }
        }
    }
    std::fs::write(tiny.folder.path().join("visits.csv"), csv).unwrap();
    tiny.script(&format!(
        "language 1\ndataset visits from \"visits.csv\" {{\n  who : Text subject\n  day : Date\n  code : Text codes\n  \
         sex : Category {{ F, M }} protected\n}} sensitivity synthetic\n{generator}\n"
    ));
    tiny
}

const WRITER: &str = "generator writer = hisgt(visits) { visit day code code labels [sex] width 16 heads 2 blocks 1 \
                      batch 8 epochs 80 learning_rate 0.01 }\nreport synthetic writer";

#[test]
fn a_script_learns_records_and_reports_on_them() {
    let tiny = script(WRITER);
    let output = tiny.run("one", &["--threads", "1"]);
    assert!(output.status.success(), "{}\n{}", stderr(&output), stdout(&output));
    assert!(tiny.run("two", &["--threads", "2", "--fresh"]).status.success());
    let one = tiny.results("one");
    assert_eq!(one.digest, tiny.results("two").digest);
    let [report] = one.body.synthetic.as_slice() else { panic!("one report") };
    assert_eq!((report.kind.as_str(), report.protected.as_slice()), ("hisgt", ["sex".to_string()].as_slice()));
    let figure = |name: &str| {
        let line = report.sections.iter().flat_map(|s| &s.lines).find(|l| l.figure == name).unwrap();
        line.own.value.unwrap()
    };
    assert!(figure("column_shapes") > 0.8, "{}", figure("column_shapes"));
    // Records, not rows: as long as those learned (codes are spread too evenly here for R² to say much).
    assert!(figure("visits_shape") > 0.9 && figure("codes_shape") > 0.85, "{}", figure("visits_shape"));
    assert!(figure("two_sample_auc") < 0.75 && figure("sequential_r2").is_finite(), "{}", figure("two_sample_auc"));
    assert!(report.sections[0].says.contains("for R² to say"), "{}", report.sections[0].says);
    assert!((figure("visits_mean") / 2.0 - 1.0).abs() < 0.15 && figure("valid_rows") == 1.0);
    assert!(report.notes.iter().any(|n| n.contains("figures are of records")), "{:?}", report.notes);
    // Code and sex belong together in nearly every row; drawn apart, in half of them.
    assert!(figure("pair_trends") > 0.75, "{}", figure("pair_trends"));
}

#[test]
fn what_is_missing_is_said_before_training() {
    let say = |generator: &str| stderr(&script(generator).run("out", &[]));
    let report = "\nreport synthetic writer";
    let unnamed = say(&format!("generator writer = hisgt(visits) {{ code code }}{report}"));
    assert!(unnamed.contains("which column is the visit"), "{unnamed}");
    let unknown = say(&format!("generator writer = hisgt(visits) {{ visit dya code code }}{report}"));
    assert!(unknown.contains("no column `dya`"), "{unknown}");
    let strange = say(&format!("generator writer = hisgt(visits) {{ visit day code day }}{report}"));
    assert!(strange.contains("holds no codes"), "{strange}");
    let private = WRITER.replace("epochs 80", "epochs 80 privacy dp(epsilon: 1, delta: 1e-5)");
    let private = say(&private);
    assert!(private.contains("privacy") || private.contains("has 3 rows"), "{private}");
}

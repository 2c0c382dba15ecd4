//! What `dbf diff` tells of rows that change, and what it keeps to itself when they are patients.

use crate::support::{dbf_in, stderr, stdout};

/// `moved` rows begin to fail in 2025, thirty did before.
fn diff(sensitivity: &str, moved: usize, before: usize, more: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let ages = [(400, 50), (moved, 89), (before, 91)];
    let rows: String = ages.iter().flat_map(|(n, age)| (0..*n).map(move |_| format!("{age}\n"))).collect();
    std::fs::write(folder.path().join("d.csv"), format!("age\n{rows}")).unwrap();
    std::fs::write(
        folder.path().join("s.dbf"),
        format!(
            "language 1\ndataset d from \"d.csv\" {{ age : Int 'a' in 0..120 }} sensitivity {sensitivity}\n\
             policy p {{ authority house\n  param cap : Int 'a' = 89 'a'\n    from @2025-01-01 = 88 'a'\n  \
             constraint ages: every(age <= cap)\n}}\ncheck p on d\n"
        ),
    )
    .unwrap();
    let args = [&["diff", "s.dbf", "--as-of", "2024-06-01,2025-06-01"], more].concat();
    let output = dbf_in(folder.path(), &args);
    assert!(output.status.success(), "{}", stderr(&output));
    stdout(&output)
}

#[test]
fn rows_that_change_are_listed() {
    let text = diff("public", 5, 30, &[]);
    assert!(text.contains("begin to fail: 5") && text.contains("row 401"), "{text}");
    let text = diff("phi", 15, 30, &[]);
    assert!(text.contains("begin to fail: 15") && !text.contains("not listed"), "{text}");
}

#[test]
fn few_patients_are_not() {
    for (moved, before) in [(5, 30), (1, 12), (15, 5), (10, 400)] {
        for more in [&[] as &[&str], &["--format", "json"]] {
            let text = diff("phi", moved, before, more);
            let what = format!("{moved} beside {before}\n{text}");
            assert!(text.contains("not listed: the data is phi"), "{what}");
            assert!(!text.contains("row ") && !text.contains("begin to fail"), "{what}");
            // Neither number of failing rows stands there, nor what the two differ by.
            let words: Vec<&str> = text.split(|c: char| !c.is_ascii_alphanumeric()).collect();
            for number in [moved, before, moved + before].map(|n| n.to_string()) {
                assert!(number == "1" || !words.contains(&number.as_str()), "{number}: {what}");
            }
        }
    }
    // Few who fail on both days are not told either way.
    let text = diff("phi", 3, 2, &[]);
    assert!(!text.contains("row ") && !text.contains("begin to fail"), "{text}");
}

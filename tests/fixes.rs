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

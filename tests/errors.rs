//! Snapshots of every diagnostic: the source and what a person sees, side by side.

use crate::support::{dbf_in, files, root, stderr, stdout};

/// `examples/errors/**`: checked, or run when the mistake shows only then.
#[test]
fn bad_examples_say_what_is_wrong() {
    let folder = root().join("examples/errors");
    let mut seen = 0;
    for path in files(&folder, ".dbf") {
        seen += 1;
        let name = path.strip_prefix(&folder).unwrap().with_extension("");
        let name = name.to_string_lossy().replace(['/', '\\'], "__");
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let at = path.parent().unwrap();
        let source = std::fs::read_to_string(&path).unwrap();
        if cfg!(not(feature = "nets")) && source.contains("generator ") && name.starts_with("run") {
            continue; // Without networks such a run ends with DBF0804, see `cli.rs`.
        }
        let mut output = dbf_in(at, &["check", &file]);
        let mut command = format!("dbf check {file}");
        if output.status.success() {
            // Sound as a script: the mistake is in the data or comes with the run.
            let out = tempfile::tempdir().unwrap();
            let mut args = vec!["run", &file, "--out", out.path().to_str().unwrap()];
            command = format!("dbf run {file}");
            if source.contains("\"../data/") {
                // The examples share their data, one folder up.
                args.extend(["--root", ".."]);
                command.push_str(" --root ..");
            }
            output = dbf_in(at, &args);
        }
        assert_eq!(output.status.code(), Some(1), "{command} in {}\n{}", at.display(), stdout(&output));
        let said = stderr(&output);
        let errors = said.lines().filter(|l| l.starts_with("[DBF") && l.contains("] Error: ")).count();
        assert_eq!(errors, 1, "{command} in {}: one mistake gives one error\n{said}", at.display());
        insta::with_settings!({ description => command.clone(), omit_expression => true }, {
            insta::assert_snapshot!(name, format!("{}\n----- {command}\n{said}", source.trim_end()));
        });
    }
    assert!(seen >= 25, "only {seen} bad examples");
}

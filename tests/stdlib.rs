//! The standard library: declarations and kernels are equal sets, examples hold, formulas agree with kernels.

use crate::support::{Tiny, root};
use dbf::builtins::{STD, kernels};
use dbf::check::Program;
use dbf::cli::FsWorld;
use dbf::repl::Session;
use dbf::repl::answer::Answer;
use dbf::repl::session::examples;
use dbf::source::SourceMap;

#[test]
fn it_checks_without_a_word() {
    let mut sources = SourceMap::default();
    let checked = Program::bare(&mut sources, STD);
    assert!(checked.diagnostics.is_empty(), "{:?}", checked.diagnostics);
    let listed: Vec<&str> = STD.iter().map(|m| m.file).collect();
    for path in crate::support::files(&root().join("stdlib"), ".dbf") {
        let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
        assert!(listed.contains(&name.as_str()), "{name} is not part of the build");
    }
}

#[test]
fn declarations_and_kernels_are_the_same_set() {
    let program = Program::bare(&mut SourceMap::default(), STD).program;
    let mut declared: Vec<&str> =
        program.functions.iter().filter(|f| f.decl.body.is_none()).map(|f| f.decl.name.name.as_str()).collect();
    let kernels = kernels();
    let mut built: Vec<&str> = kernels.entries.iter().map(|r| r.name).collect();
    declared.sort_unstable();
    built.sort_unstable();
    assert_eq!(declared, built);
}

#[test]
fn every_example_holds() {
    let program = Program::bare(&mut SourceMap::default(), STD).program;
    let mut session = Session::bare(Box::new(FsWorld::of(None)));
    let mut bad = Vec::new();
    for f in &program.functions {
        let name = &f.decl.name.name;
        let found = examples(f.doc.as_deref());
        assert!(!found.is_empty(), "{name} has no example");
        for (call, wanted) in found {
            if let Err(d) = session.example(&call, &wanted) {
                bad.push(format!("{name}: {}", d.message));
            }
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn formulas_in_the_language_agree_with_the_kernels() {
    let tiny = Tiny::new();
    let path = tiny.folder.path().join("tiny.dbf");
    let text = std::fs::read_to_string(&path).unwrap();
    let (mut session, found) = Session::open(Box::new(FsWorld::of(Some(&path))), "tiny.dbf", &text);
    assert!(found.is_empty());
    let mut value = |text: &str| match session.enter(text) {
        Ok(Answer::Figure { measured: Ok(e), .. }) => e.value,
        other => panic!("{text}: {other:?}"),
    };
    let (hard, soft) = ("(age > 50 'a', ill)", "(risk, ill) where present(risk)");
    let (rates, binned) = ("(age > 50 'a', by: site)", "(risk, ill, bins: 4) where present(risk)");
    let masked = "(age / 100 'a', age / 120 'a') where present(risk)";
    let pairs = [
        ("accuracy", hard),
        ("precision", hard),
        ("recall", hard),
        ("specificity", hard),
        ("balanced_accuracy", hard),
        ("jaccard", hard),
        ("f1", hard),
        ("fbeta", hard),
        ("mcc", hard),
        ("kappa", hard),
        ("brier", soft),
        ("log_loss", soft),
        ("net_benefit", soft),
        ("ece", soft),
        ("ece", binned),
        ("mce", binned),
        ("ace", binned),
        ("rmsce", binned),
        ("spiegelhalter", soft),
        ("dpd", rates),
        ("demographic_parity_ratio", rates),
        ("equal_opportunity_difference", "(age > 50 'a', ill, by: site)"),
        ("total_variation", "(site, ill)"),
        ("fidelity", masked),
        ("comprehensiveness", masked),
        ("completeness", "(ill)"),
    ];
    for (name, args) in pairs {
        let (a, b) = (value(&format!("{name}{args}")), value(&format!("{name}_formula{args}")));
        assert!((a - b).abs() <= 1e-9, "{name}{args} = {a}, by formula {b}");
    }
    let program = Program::bare(&mut SourceMap::default(), STD).program;
    for f in program.functions.iter().filter(|f| f.module == Some("std.formulas")) {
        let kernel = f.decl.name.name.strip_suffix("_formula").unwrap();
        assert!(pairs.iter().any(|(name, _)| *name == kernel), "{kernel} is not compared");
        assert!(kernels().find(kernel).is_some(), "{kernel} has no kernel");
    }
}

#[test]
fn columns_are_crossed_listed_and_weighted() {
    let tiny = Tiny::new();
    let path = tiny.folder.path().join("tiny.dbf");
    let text = std::fs::read_to_string(&path).unwrap();
    let (mut session, found) = Session::open(Box::new(FsWorld::of(Some(&path))), "tiny.dbf", &text);
    assert!(found.is_empty());
    let mut figure = |text: &str| match session.enter(text) {
        Ok(Answer::Figure { measured, .. }) => measured,
        other => panic!("{text}: {other:?}"),
    };
    let crossed = figure("dpd(age > 50 'a', by: [sex, site])").unwrap();
    assert_eq!(crossed.parts.len(), 6);
    assert_eq!(crossed.parts[0].group, "F|north");
    assert_eq!(figure("dpd(age > 50 'a', by: [site])").unwrap().parts.len(), 3);
    let rows = figure("k_anonymity([sex, site], small: 41)").unwrap();
    assert_eq!((rows.value, rows.part("classes"), rows.part("rows_below")), (40.0, Some(6.0), Some(240.0)));
    // Missing risks are a value of their own.
    assert_eq!(figure("k_anonymity([risk])").unwrap().value, 1.0);
    assert_eq!(figure("k_anonymity([risk > 0.5])").unwrap().part("classes"), Some(3.0));
    let shapes = figure("column_shapes([age, sex, risk, risk > 0.5], ill)").unwrap();
    assert_eq!((shapes.parts.len(), shapes.interval.is_none()), (4, true));
    assert!(shapes.parts.iter().all(|p| p.value.is_some_and(|v| v > 0.0 && v < 1.0)), "{shapes:?}");
    assert!(figure("krippendorff([risk, risk])").unwrap().interval.is_some());
    let weighted = figure("accuracy(age > 50 'a', ill, weight: age / 1 'a')").unwrap();
    assert!(weighted.interval.is_some() && weighted.value > 0.0);
    let bad = figure("accuracy(age > 50 'a', ill, weight: 0 - age / 1 'a')").unwrap_err();
    assert!(bad.reason.contains("negative"), "{}", bad.reason);
    let tested = figure("welch_t(age / 1 'a', ill)").unwrap();
    assert!(tested.interval.is_none() && tested.part("df").is_some());
    let infinite = figure("kullback_leibler([\"a\", \"b\"], [true, false])").unwrap_err();
    assert!(infinite.reason.contains("infinite"), "{}", infinite.reason);
    let noted = figure("precision([false, false], [true, false])").unwrap();
    assert_eq!((noted.value, noted.notes.len()), (0.0, 1));
    for wrong in ["k_anonymity([3])", "dpd(age > 50 'a', by: [sex, age])", "accuracy(age > 50 'a', ill, weight: sex)"] {
        assert!(session.enter(wrong).is_err(), "{wrong} is accepted");
    }
}

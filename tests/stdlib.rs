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
    let formulas = [
        "metric accuracy2(yhat: Bool, y: Bool) -> Real = P((yhat and y) or (not yhat and not y))",
        "metric f12(yhat: Bool, y: Bool) -> Real = 2 * count(yhat and y) / (2 * count(yhat and y) + count(yhat and not y) + count(y and not yhat))",
        "metric brier2(p: Prob, y: Bool) -> Real = E[(p - (if y then 1 else 0)) ^ 2]",
        "metric ece2(p: Prob, y: Bool, bins: Int = 15) -> Real = sum over b in bins(p, bins): P(p in b) * abs(E[y | p in b] - E[p | p in b])",
        "metric dpd2(yhat: Bool, by: Category) -> Real = max over g in by: P(yhat | by == g) - min over g in by: P(yhat | by == g)",
    ];
    for formula in formulas {
        if let Err(found) = session.enter(formula) {
            panic!("{formula}: {found:?}");
        }
    }
    let mut value = |text: &str| match session.enter(text) {
        Ok(Answer::Figure { measured: Ok(e), .. }) => e.value,
        other => panic!("{text}: {other:?}"),
    };
    let pairs = [
        ("accuracy(age > 50 'a', ill)", "accuracy2(age > 50 'a', ill)"),
        ("f1(age > 50 'a', ill)", "f12(age > 50 'a', ill)"),
        ("brier(risk, ill) where present(risk)", "brier2(risk, ill) where present(risk)"),
        ("ece(risk, ill) where present(risk)", "ece2(risk, ill) where present(risk)"),
        ("ece(risk, ill, bins: 4) where present(risk)", "ece2(risk, ill, bins: 4) where present(risk)"),
        ("dpd(age > 50 'a', by: site)", "dpd2(age > 50 'a', by: site)"),
    ];
    for (kernel, formula) in pairs {
        let (a, b) = (value(kernel), value(formula));
        assert!((a - b).abs() <= 1e-9, "{kernel} = {a}, {formula} = {b}");
    }
}

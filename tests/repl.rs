//! The session behind the REPL.

use crate::support::Tiny;
use dbf::cli::FsWorld;
use dbf::repl::Session;
use dbf::repl::commands::{Effect, run};
use dbf::syntax::parse::is_complete;

fn session(tiny: &Tiny) -> Session {
    let path = tiny.folder.path().join("tiny.dbf");
    let text = std::fs::read_to_string(&path).unwrap();
    Session::open(Box::new(FsWorld::of(Some(&path))), "tiny.dbf", &text).0
}

fn say(session: &mut Session, text: &str) -> String {
    match session.enter(text) {
        Ok(answer) => answer.to_text(),
        Err(found) => found.iter().map(|d| format!("{} {}", d.code.id, d.message)).collect::<Vec<_>>().join("\n"),
    }
}

#[test]
fn a_conversation() {
    let tiny = Tiny::new();
    let mut s = session(&tiny);
    let transcript: Vec<String> = [
        "1 + 1",
        "P(ill | sex == F)",
        "E[age | ill]",
        "age > 50 'a'",
        "site",
        "let old = age >= 65 'a'",
        "P(ill | old)",
        "metric lift(y: Bool, f: Bool) -> Real = P(y | f) / P(y)",
        "lift(ill, old)",
        "auroc(risk, ill)",
        "auroc(risk, ill) where present(risk)",
        "age > 5 'mg'",
        "P(ill | site == nort)",
        "dpd(age > 50 'a', by: site)",
        "P(ill | age > 500 'a')",
        "old + 1",
    ]
    .iter()
    .map(|line| format!("dbf> {line}\n{}", say(&mut s, line)))
    .collect();
    insta::assert_snapshot!(transcript.join("\n"));
}

#[test]
fn commands_answer() {
    let tiny = Tiny::new();
    let mut s = session(&tiny);
    let text = |effect: Effect| match effect {
        Effect::Say(text) => text,
        _ => panic!("not a text"),
    };
    assert!(text(run(&mut s, ":help")).contains(":type EXPR"));
    assert!(text(run(&mut s, ":data")).contains("age                Int 'a' in 0..120"));
    assert_eq!(text(run(&mut s, ":type risk")), "Prob?, one value per row, synthetic");
    assert!(text(run(&mut s, ":doc auroc")).contains("@cite"));
    assert!(text(run(&mut s, ":explain DBF0101")).starts_with("# DBF0101"));
    assert!(text(run(&mut s, ":list")).contains("gap(p, y)"));
    assert!(text(run(&mut s, ":wat")).contains(":help"));
    assert!(matches!(run(&mut s, ":q"), Effect::Quit));
    say(&mut s, "1 + 1");
    say(&mut s, "let one = 1");
    say(&mut s, "nonsense +");
    match run(&mut s, ":save kept.dbf") {
        Effect::Save(path, text) => assert_eq!((path.as_str(), text.as_str()), ("kept.dbf", "// 1 + 1\nlet one = 1\n")),
        _ => panic!("not a save"),
    }
}

#[test]
fn an_entry_is_complete_when_its_brackets_and_operators_are() {
    for text in ["1 + 1", "P(a | b)", "", "let x = 1", ":help", "f(1) // +", "\"(\"", "x where present(y)"] {
        assert!(is_complete(text), "{text}");
    }
    for text in ["1 +", "P(a |", "P(a", "policy p {", "a and", "if x then", "f(1,", "a where"] {
        assert!(!is_complete(text), "{text}");
    }
}

//! The front end on anything: no panic, spans inside the text, tokens without gaps.

use crate::support::check;
use dbf::repl::Session;
use dbf::source::{SourceMap, render};
use dbf::syntax::token::tokenize;
use dbf::syntax::{Entry, NodeIds, parse_entry, show};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// Shreds of scripts: far more likely to reach deep into the parser than random bytes.
fn shreds() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "dataset",
        "metric",
        "policy",
        "scenario",
        "benchmark",
        "model",
        "let",
        "test",
        "x",
        "y",
        "p",
        "=",
        "==",
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "..",
        "->",
        "|",
        "+",
        "-",
        "*",
        "/",
        "^",
        "<",
        "<=",
        "in",
        "and",
        "or",
        "not",
        "if",
        "then",
        "else",
        "sum",
        "over",
        "forall",
        "exists",
        "where",
        "on",
        "with",
        "P",
        "E[",
        "5",
        "2%",
        "0.1..25",
        "'mg/dL'",
        "\"a\"",
        "\"",
        "@2026-11-22",
        "?",
        "\n",
        "//",
        "/*",
        "*/",
        "from",
        "as",
        "all",
        "except",
        "é",
        "日",
        "\u{2028}",
        "#",
        "1e999",
        "99999999999999999999",
        "constraint",
        "param",
        "cite",
        "mix",
        "size",
        "label",
        "protected",
        "Bool",
        "Prob",
        "Category",
    ]);
    prop::collection::vec(words, 0..60).prop_map(|w| w.join(" "))
}

fn spans_hold(text: &str) {
    let (checked, sources) = check(text);
    for d in &checked.diagnostics {
        for label in &d.labels {
            let file = sources.file(label.span.source).expect("a known file");
            assert!(label.span.start <= label.span.end, "{d:?}");
            assert!(label.span.end as usize <= file.text.len(), "{d:?}");
        }
        assert!(!render::to_text(d, &sources, false).is_empty());
    }
    let _ = render::to_json(&checked.diagnostics, &sources);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, rng_seed: RngSeed::Fixed(2026), ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        spans_hold(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_shreds_are_survived(text in shreds()) {
        spans_hold(&text);
        let mut sources = SourceMap::default();
        let id = sources.add("entry", text.as_str());
        let _ = parse_entry(id, &text, &mut NodeIds::default());
    }

    #[test]
    fn tokens_cover_the_text(text in shreds()) {
        let mut at = 0;
        for token in tokenize(&text) {
            prop_assert_eq!(token.start, at);
            prop_assert!(token.end > token.start);
            at = token.end;
        }
        prop_assert_eq!(at, text.len());
    }

    #[test]
    fn what_is_shown_parses_to_the_same(text in crate::eval_props::expressions()) {
        let parse = |text: &str| {
            let mut sources = SourceMap::default();
            let id = sources.add("entry", text);
            match parse_entry(id, text, &mut NodeIds::default()) {
                Ok(Entry::Expr(expr)) => show(&expr),
                other => panic!("`{text}`: {other:?}"),
            }
        };
        let once = parse(&text);
        prop_assert_eq!(parse(&once), once);
    }
}

#[test]
fn deep_nesting_is_refused_politely() {
    let world = || Box::new(dbf::cli::FsWorld::of(None));
    let deep = [
        format!("{}1{}", "(".repeat(5_000), ")".repeat(5_000)),
        vec!["1"; 50_000].join(" + "),
        format!("{}true", "not ".repeat(20_000)),
        format!("{}1{}", "if true then ".repeat(2_000), " else 1".repeat(2_000)),
        format!("{}1{}", "let x = 1 in ".repeat(2_000), ""),
        format!("{}1{}", "abs(".repeat(3_000), ")".repeat(3_000)),
        format!("{}1", "- ".repeat(20_000)),
    ];
    for text in deep {
        let found = Session::bare(world()).enter(&text).expect_err("too deep");
        assert!(!found.is_empty());
    }
}

#[test]
fn one_mistake_gives_one_error() {
    let whole = std::fs::read_to_string(crate::support::root().join("examples/support.dbf")).unwrap();
    let broken = [
        ("age       : Real 'a'", "age       Real 'a'"),
        ("metric net_benefit(p: Prob", "metric net_benefit(p Prob"),
        ("scenario base           = support {}", "scenario base           = support {"),
        ("authority house", "authority hous"),
        ("model trees         = boosted_trees(", "model trees         = boosted_tree("),
        ("prevalence dead180 = 25%", "prevalence dead18 = 25%"),
        ("auroc(p, y) >= 75%", "auroc(p, yy) >= 75%"),
    ];
    for (from, to) in broken {
        assert!(whole.contains(from), "{from}");
        let (checked, sources) = check(&whole.replacen(from, to, 1));
        let errors = checked.diagnostics.iter().filter(|d| d.is_error()).count();
        assert_eq!(errors, 1, "{from} -> {to}\n{}", crate::support::shown(&checked, &sources));
    }
}

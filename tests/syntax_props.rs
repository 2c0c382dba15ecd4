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

/// A slip of the finger: a word left out, written twice, or two words in the wrong order.
#[test]
fn one_slip_gives_few_errors() {
    let mut counts = std::collections::BTreeMap::<usize, usize>::new();
    let mut worst = Vec::new();
    let sources = [
        std::fs::read_to_string(crate::support::root().join("examples/support.dbf")).unwrap(),
        crate::support::TINY.to_string(),
    ];
    for text in &sources {
        let tokens: Vec<_> = tokenize(text).into_iter().filter(|t| !t.is_trivia()).collect();
        // Every word in turn would take minutes; a stride of a prime visits all kinds of places.
        for (at, pair) in tokens.windows(2).enumerate().step_by(7) {
            let (a, b) = (pair[0], pair[1]);
            let (before, between, after) = (&text[..a.start], &text[a.end..b.start], &text[b.end..]);
            let (first, second) = (a.text(text), b.text(text));
            let slips = [
                format!("{before}{between}{second}{after}"),
                format!("{before}{first} {first}{between}{second}{after}"),
                format!("{before}{second}{between}{first}{after}"),
            ];
            for (kind, slip) in slips.iter().enumerate() {
                let (checked, sources) = check(slip);
                let errors = checked.diagnostics.iter().filter(|d| d.is_error()).count();
                *counts.entry(errors).or_default() += 1;
                if errors > 3 {
                    let what = ["without", "twice", "swapped"][kind];
                    let shown = crate::support::shown(&checked, &sources);
                    let heads: Vec<&str> = shown.lines().filter(|l| l.starts_with('[')).take(4).collect();
                    worst.push((errors, format!("{what} `{first}` (word {at}): {}", heads.join("; "))));
                }
            }
        }
    }
    let all: usize = counts.values().sum();
    let at_most = |n: usize| counts.range(..=n).map(|(_, c)| c).sum::<usize>();
    worst.sort();
    let told = format!("errors: times {counts:?}; the most: {worst:#?}");
    assert!(all > 500, "{all} slips");
    assert!(at_most(1) * 100 >= all * 90, "one slip, one error, nine times in ten: {told}");
    assert!(at_most(3) * 100 >= all * 98, "{told}");
    assert!(worst.last().is_none_or(|w| w.0 <= 8), "{told}");
}

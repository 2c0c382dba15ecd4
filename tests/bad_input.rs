//! Input that no author writes on purpose: it is refused politely, soon, and with the right line and column.

use crate::support::check;
use dbf::source::{SourceMap, render};
use dbf::syntax::{NodeIds, parse_entry};
use std::time::{Duration, Instant};

/// Far above what any of these takes, far below what a quadratic walk would.
const SOON: Duration = Duration::from_secs(20);

/// Checks on a thread with the stack of a worker, draws and lists; the number of errors.
fn survives(what: &str, text: String) -> usize {
    let start = Instant::now();
    let work = move || {
        let (checked, sources) = check(&text);
        let first = &checked.diagnostics[..checked.diagnostics.len().min(200)];
        let drawn = render::all_to_text(first, &sources, false);
        let listed = render::to_json(&checked.diagnostics, &sources).len();
        assert_eq!(listed, checked.diagnostics.len());
        assert!(drawn.len() < 1_000_000, "{} bytes are drawn", drawn.len());
        checked.diagnostics.iter().filter(|d| d.is_error()).count()
    };
    let errors = std::thread::Builder::new().stack_size(2 << 20).spawn(work).unwrap().join();
    assert!(errors.is_ok(), "{what}: a panic");
    let errors = errors.unwrap_or_default();
    assert!(start.elapsed() < SOON, "{what} took {:?}", start.elapsed());
    errors
}

#[test]
fn nested_brackets() {
    const DEEP: usize = 100_000;
    for (open, close) in [("(", ")"), ("[", "]"), ("{", "}"), ("E[", "]"), ("abs(", ")"), ("if true then (", ")")] {
        let closed = format!("let x = {}1{}\nlet y = 1\n", open.repeat(DEEP), close.repeat(DEEP));
        assert_eq!(survives(open, closed), 1, "{open}");
        assert_eq!(survives(open, format!("let x = {}\nlet y = 1\n", open.repeat(DEEP))), 2, "{open}");
    }
    assert_eq!(survives("closing", format!("let x = 1{}\nlet y = 1\n", ")".repeat(DEEP))), 1);
    assert!(survives("crossed", format!("let x = {}{}\n", "(".repeat(DEEP), "]".repeat(DEEP))) <= 3);
    assert!(survives("alternating", format!("let x = {}\n", "([{".repeat(DEEP / 3))) <= 2);
}

#[test]
fn long_chains() {
    const TERMS: usize = 100_000;
    for (term, operator) in [("true", " or "), ("true", " and "), ("1", " + "), ("2", "^"), ("1", " - "), ("1", " < ")]
    {
        let chain = vec![term; TERMS].join(operator);
        assert_eq!(survives(operator, format!("let x = {chain}\nlet y = 2\n")), 1, "{operator}");
    }
    for before in ["not ", "-", "- -"] {
        assert_eq!(survives(before, format!("let x = {}true\n", before.repeat(TERMS))), 1, "{before}");
    }
    let list = format!("let x = 1 in [{}]\n", vec!["1"; TERMS].join(", "));
    assert_eq!(survives("a long list", list), 0);
    assert_eq!(survives("members", format!("let x = a{}\n", ".b".repeat(TERMS))), 1);
    assert_eq!(survives("positions", format!("let x = [1]{}\n", "[0]".repeat(TERMS))), 1);
}

#[test]
fn long_lines_and_many_words() {
    const MILLION: usize = 1_000_000;
    assert_eq!(survives("one name", format!("let x = {}\n", "a".repeat(MILLION))), 1);
    assert_eq!(survives("one text", format!("test \"{}\" {{ }}\n", "é".repeat(MILLION / 2))), 0);
    assert_eq!(survives("one open text", format!("test \"{}\n", "a".repeat(MILLION))), 1);
    assert_eq!(survives("one comment", format!("// {}\nlet x = y\n", "a".repeat(MILLION))), 1);
    assert_eq!(survives("one open comment", format!("let x = 1 /* {}", "a ".repeat(MILLION / 2))), 1);
    assert_eq!(survives("item words in one line", format!("let x = {}\n", "let ".repeat(MILLION / 4))), 1);
    assert_eq!(survives("digits", format!("let x = {}\n", "1".repeat(MILLION))), 1);
    assert_eq!(survives("unknown signs", format!("let x = {}\n", "§".repeat(MILLION / 2))), 1);
    assert!(survives("unknown signs apart", format!("let x = {}\n", "§ ".repeat(10_000))) >= 1);
    assert!(survives("quotes", format!("let x = {}\n", "“ ".repeat(10_000))) >= 1);
    assert_eq!(survives("blank", " \n".repeat(MILLION / 2)), 0);
}

#[test]
fn many_mistakes() {
    const MANY: usize = 10_000;
    let lines = |line: &dyn Fn(usize) -> String| (0..MANY).map(line).collect::<String>();
    assert_eq!(survives("unknown names", lines(&|i| format!("let x{i} = nothing{i}\n"))), MANY);
    assert_eq!(survives("bad items", lines(&|i| format!("let x{i} = )\n"))), MANY);
    assert_eq!(survives("open texts", lines(&|_| "test \"a {}\n".into())), MANY);
    assert_eq!(survives("duplicates", lines(&|_| "let x = 1\n".into())), MANY - 1);
    assert_eq!(survives("unclosed", lines(&|i| format!("let x{i} = (1\n"))), MANY);
    assert_eq!(survives("unknown functions", lines(&|i| format!("let x{i} = foo{i}(1)\n"))), MANY);
    let columns = lines(&|i| format!("  c{i} : Real 'mgg'\n"));
    assert_eq!(survives("columns", format!("dataset d from \"d.csv\" {{\n{columns}}}\n")), MANY);
    let levels = lines(&|i| format!("l{i}, "));
    assert_eq!(survives("levels", format!("dataset d from \"d.csv\" {{ k : Category {{ {levels} l0 }} }}\n")), 1);
    let ring = lines(&|i| format!("fn f{i}(x: Real) -> Real = f{}(x)\n", (i + 1) % MANY));
    assert_eq!(survives("a round of calls", ring), 1);
    let constraints = lines(&|i| format!("  constraint c{i}: n() > x{i}\n"));
    assert!(survives("constraints", format!("policy p {{ authority house\n{constraints}}}\n")) >= MANY);
}

/// What stands at the line and column that a diagnostic names, for a person and for a machine.
fn place(text: &str) -> (String, usize, usize) {
    let (checked, sources) = check(text);
    let d = checked.diagnostics.first().expect("a mistake");
    let json = serde_json::to_value(render::to_json(&checked.diagnostics, &sources)).unwrap();
    let label = json[0]["labels"].as_array().unwrap().iter().find(|l| l["primary"] == true).unwrap();
    let (line, column) = (label["line"].as_u64().unwrap() as usize, label["column"].as_u64().unwrap() as usize);
    let drawn = render::to_text(d, &sources, false);
    assert!(drawn.contains(&format!("script.dbf:{line}:{column} ")), "{line}:{column} but\n{drawn}");
    let span = d.labels.iter().find(|l| l.primary).unwrap().span;
    (sources.text(span).to_string(), line, column)
}

#[test]
fn lines_and_columns_are_the_editors() {
    let at = |text: &str, line: usize, column: usize| {
        assert_eq!(place(text), ("nowhere".to_string(), line, column), "{text:?}");
    };
    at("let x = nowhere\n", 1, 9);
    at("\u{feff}let x = nowhere\n", 1, 9);
    at("\u{feff}// first\r\nlet x = nowhere\r\n", 2, 9);
    at("let a = 1\r\n\r\nlet x = nowhere\r\nlet b = 2\r\n", 3, 9);
    at("let x = /* 😀 */ nowhere\n", 1, 17);
    at("let x = /* e\u{301} */ nowhere\n", 1, 18);
    at("let x = /* 日本語 */ nowhere\n", 1, 19);
    at("let x = \"µ\" == nowhere\n", 1, 16);
    at("let x =\tnowhere\n", 1, 9);
    at("// a\u{2028}b\u{85}c\u{b}d\u{c}e\rf\nlet x = nowhere\n", 2, 9);
    at("let a = 1\u{c}\nlet x = nowhere\n", 2, 9);
}

/// Found by the fuzzer `parse`: a label reached as far as the word for it was long, into the middle of a letter.
#[test]
fn labels_end_between_letters() {
    for text in ["lanfrom \"\u{fffd}>data.csv\" {", "a \"日本日本日本\" {", "é = 1"] {
        let mut sources = SourceMap::default();
        let id = sources.add("entry", text);
        for d in parse_entry(id, text, &mut NodeIds::default()).expect_err("no expression") {
            for label in &d.labels {
                assert!(text.get(label.span.start as usize..label.span.end as usize).is_some(), "{d:?}");
            }
        }
    }
}

#[test]
fn signs_that_cannot_be_seen_are_named() {
    for (sign, name) in [("\0", "U+0000"), ("\u{1b}", "U+001B"), ("\u{301}", "U+0301"), ("\u{200b}", "U+200B")] {
        let text = format!("let x = 1 {sign} + 1\nlet y = 2\n");
        let (checked, sources) = check(&text);
        assert_eq!(checked.diagnostics.len(), 1, "{name}");
        let drawn = render::to_text(&checked.diagnostics[0], &sources, false);
        assert!(drawn.contains(&format!("`{name}` has no meaning here")), "{drawn}");
        assert!(drawn.contains("script.dbf:1:11 "), "{drawn}");
    }
    // One pasted picture is one mistake, however many characters it has.
    let (checked, _) = check("let x = 👩🏽‍⚕️ + 1\nlet y = 2\n");
    assert_eq!(checked.diagnostics.len(), 1);
}

#[test]
fn a_place_in_a_long_line_is_told_without_the_line() {
    let text = format!("let x = [{} nowhere]\n", "1, ".repeat(5_000));
    let (checked, sources) = check(&text);
    let drawn = render::all_to_text(&checked.diagnostics, &sources, false);
    let told = "[DBF0101] Error: unknown name `nowhere`\n  note: script.dbf:1:15011: not in scope\n";
    assert!(drawn.starts_with(told) && drawn.len() < 300, "{drawn}");
}

#[test]
fn an_entry_of_any_length_is_answered() {
    for text in [format!("{}1", "(".repeat(100_000)), vec!["1"; 100_000].join(" + "), "let ".repeat(100_000)] {
        let mut sources = SourceMap::default();
        let id = sources.add("entry", text.as_str());
        assert!(!parse_entry(id, &text, &mut NodeIds::default()).expect_err("refused").is_empty());
    }
}

/// Formulas that call formulas are followed by recursion, so their depth is bounded.
#[test]
fn long_chains_of_formulas_are_refused() {
    let chain = |n: usize| {
        let mut text = String::from("language 1\nfn f0(x: Real) -> Real = x + 1\n");
        for i in 1..n {
            text.push_str(&format!("fn f{i}(x: Real) -> Real = f{}(x) + 1\n", i - 1));
        }
        text + &format!("test \"all\" {{ assert f{}(0) == {n} }}\n", n - 1)
    };
    let codes = |text: &str| -> Vec<&str> {
        let (checked, _) = crate::support::check(text);
        checked.diagnostics.iter().map(|d| d.code.id).collect()
    };
    assert_eq!(codes(&chain(100)), Vec::<&str>::new());
    assert_eq!(codes(&chain(101)), ["DBF0005"]);
    assert_eq!(codes(&chain(20_000)), ["DBF0005"]);
}

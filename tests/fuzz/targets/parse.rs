//! Bytes to trees: a file, and an entry of the REPL.
#![no_main]

mod common;

use dbf::source::SourceMap;
use dbf::syntax::{Entry, NodeIds, parse_entry, parse_file, show};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let mut sources = SourceMap::default();
    let id = sources.add("script.dbf", text.as_ref());
    let text = sources.file(id).expect("just added").text.clone();
    let (_, found) = parse_file(id, &text, &mut NodeIds::default());
    common::diagnostics_hold(&found, &sources);
    match parse_entry(id, &text, &mut NodeIds::default()) {
        Ok(Entry::Expr(expr)) => {
            // What is shown of an expression is that expression.
            let once = show(&expr);
            let mut again = SourceMap::default();
            let id = again.add("again", once.as_str());
            match parse_entry(id, &once, &mut NodeIds::default()) {
                Ok(Entry::Expr(expr)) => assert_eq!(show(&expr), once),
                // Brackets that `show` adds can take a tree over the limit of nesting.
                other => assert!(once.len() > 500, "`{text}` is shown as `{once}`: {other:?}"),
            }
        }
        Ok(Entry::Item(_)) => {}
        Err(found) => common::diagnostics_hold(&found, &sources),
    }
});

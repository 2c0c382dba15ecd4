//! Bytes to a table: a dataset with a column of each type.
#![no_main]

mod common;

use common::{OneFile, diagnostics_hold};
use dbf::check::Program;
use dbf::source::SourceMap;
use dbf::suite::Loaded;
use libfuzzer_sys::fuzz_target;

const SCHEMA: &str = r#"
dataset all from "all.csv" {
  i : Int in -5..1000
  x : Real 'mg/dL' in 0..25 ?
  p : Prob ?
  r : Rating
  f : Bool
  k : Category { a, "b c", NA }
  t : Text ?
  d : Date ?
  y : Bool ? label
  h : Real ? = x / 2
}
"#;

fuzz_target!(|bytes: &[u8]| {
    let mut sources = SourceMap::default();
    let id = sources.add("script.dbf", SCHEMA);
    let program = Program::load(id, &mut sources, &[]).program;
    match Loaded::load(&program, &OneFile(bytes.into())) {
        Ok(loaded) => assert_eq!(loaded.tables.len(), 1),
        Err(found) => {
            assert!(!found.is_empty());
            diagnostics_hold(&found, &sources);
        }
    }
});

//! What the targets share.
#![allow(dead_code, reason = "each target uses a part")]

use dbf::check::{Checked, Program, StdModule};
use dbf::source::world::{Silent, Stage, World, WorldError};
use dbf::source::{Diagnostic, SourceMap, fix, render};
use std::sync::Arc;

/// Spans inside their file; text and JSON can be made; fixes can be applied.
pub fn diagnostics_hold(found: &[Diagnostic], sources: &SourceMap) {
    for d in found {
        let edits = d.fixes.iter().flat_map(|f| f.edits.iter().map(|(span, _)| *span));
        for span in d.labels.iter().map(|l| l.span).chain(edits) {
            let file = sources.file(span.source).expect("a known file");
            assert!(span.start <= span.end && span.end as usize <= file.text.len(), "{d:?}");
            assert!(file.text.get(span.start as usize..span.end as usize).is_some(), "within a character: {d:?}");
        }
    }
    assert_eq!(render::all_to_text(&found[..found.len().min(100)], sources, false).is_empty(), found.is_empty());
    assert_eq!(render::to_json(found, sources).len(), found.len());
}

/// Checks a script, its diagnostics, and the script with each mistake mended.
pub fn check(text: &str) -> (Checked, SourceMap) {
    let mut sources = SourceMap::default();
    let id = sources.add("script.dbf", text);
    // The families that the targets name; the others would only be read again and again.
    let families = ["ranking", "calibration", "fairness"];
    let named = |m: &&StdModule| families.iter().any(|f| m.file.contains(f));
    let std: Vec<StdModule> = dbf::builtins::STD.iter().filter(named).copied().collect();
    let checked = Program::load(id, &mut sources, &std);
    diagnostics_hold(&checked.diagnostics, &sources);
    let fixes: Vec<_> = checked.diagnostics.iter().flat_map(|d| &d.fixes).collect();
    let own = sources.file(id).map_or("", |f| &f.text);
    fix::apply(own, &fixes);
    (checked, sources)
}

/// Bytes as choices; at their end the first choice every time.
pub struct Choices<'a>(pub &'a [u8]);

impl Choices<'_> {
    pub fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
            None => 0,
        }
    }

    pub fn one<'b>(&mut self, of: &[&'b str]) -> &'b str {
        of[usize::from(self.byte()) % of.len()]
    }
}

/// A world with one file.
pub struct OneFile(pub Arc<[u8]>);

impl World for OneFile {
    fn read(&self, _: &str) -> Result<Arc<[u8]>, WorldError> {
        Ok(self.0.clone())
    }
    fn stage(&self, _: &str, _: u64) -> Box<dyn Stage> {
        Box::new(Silent)
    }
    fn cancelled(&self) -> bool {
        false
    }
    fn seconds(&self) -> f64 {
        0.0
    }
}

//! Counts of what was planted, found and flagged wrongly.

use super::notes::{Note, Planted};
use dbf::phi::{Kind, Span, scan};

/// Planted identifiers and how many of them were found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recall {
    pub planted: u64,
    /// Some of it was flagged as the same kind.
    pub touched: u64,
    /// Flagged from its first byte to its last, as the same kind.
    pub exact: u64,
    /// Every letter and digit of it was flagged, whatever the kind: nothing of it would leak.
    pub covered: u64,
}

/// Spans that were flagged and how many of them lie on something planted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Precision {
    pub flagged: u64,
    /// On something planted, of any kind.
    pub planted: u64,
}

#[derive(Debug, Default)]
pub struct Tally {
    pub recall: [Recall; Kind::ALL.len()],
    pub precision: [Precision; Kind::ALL.len()],
    pub traps: u64,
    /// Traps of which anything was flagged, with what was flagged and by which rule.
    pub traps_flagged: Vec<(String, String, &'static str)>,
    /// What was not touched or flagged wrongly, for reading.
    pub inexact: Vec<(String, String)>,
    pub missed: Vec<(String, String)>,
    pub wrong: Vec<(String, String, &'static str)>,
}

fn meets(span: &Span, start: usize, end: usize) -> bool {
    span.start < end && start < span.end
}

/// Whether every letter and digit of a planted text lies in some span.
fn covered(text: &str, planted: &Planted, spans: &[Span]) -> bool {
    let slice = &text[planted.start..planted.end];
    slice.char_indices().filter(|(_, c)| c.is_alphanumeric()).all(|(at, _)| {
        let byte = planted.start + at;
        spans.iter().any(|s| s.start <= byte && byte < s.end)
    })
}

/// What the detector does on notes; recall of those identifiers only that `of` chooses.
pub fn tally(notes: &[&Note], of: impl Fn(&Planted) -> bool) -> Tally {
    let mut out = Tally::default();
    for note in notes {
        let spans = scan(&note.text);
        for planted in note.planted.iter().filter(|p| of(p)) {
            let Some(kind) = Kind::find(planted.kind) else { continue };
            let row = &mut out.recall[kind as usize];
            let touching: Vec<&Span> =
                spans.iter().filter(|s| s.kind == kind && meets(s, planted.start, planted.end)).collect();
            row.planted += 1;
            row.touched += u64::from(!touching.is_empty());
            row.exact += u64::from(touching.iter().any(|s| (s.start, s.end) == (planted.start, planted.end)));
            row.covered += u64::from(covered(&note.text, planted, &spans));
            if !touching.is_empty() && !touching.iter().any(|s| (s.start, s.end) == (planted.start, planted.end)) {
                let flagged = touching.iter().map(|s| &note.text[s.start..s.end]).collect::<Vec<_>>().join(" | ");
                out.inexact.push((note.text[planted.start..planted.end].into(), flagged));
            }
            if touching.is_empty() {
                out.missed.push((planted.kind.into(), around(&note.text, planted.start, planted.end)));
            }
        }
        for span in &spans {
            let row = &mut out.precision[span.kind as usize];
            let right = note.planted.iter().any(|p| meets(span, p.start, p.end));
            row.flagged += 1;
            row.planted += u64::from(right);
            let flagged = note.text[span.start..span.end].to_string();
            if let Some((start, end)) = note.traps.iter().find(|(start, end)| !right && meets(span, *start, *end)) {
                out.traps_flagged.push((note.text[*start..*end].into(), flagged, span.rule));
            } else if !right {
                out.wrong.push((flagged, around(&note.text, span.start, span.end), span.rule));
            }
        }
        out.traps += note.traps.len() as u64;
    }
    out
}

/// A text with a little of what stands around it, on one line.
pub fn around(text: &str, start: usize, end: usize) -> String {
    let from = text.floor_char_boundary(start.saturating_sub(30));
    let to = text.ceil_char_boundary((end + 20).min(text.len()));
    text[from..to].replace('\n', " ")
}

impl Tally {
    pub fn all_recall(&self) -> Recall {
        self.recall.iter().fold(Recall::default(), |a, b| Recall {
            planted: a.planted + b.planted,
            touched: a.touched + b.touched,
            exact: a.exact + b.exact,
            covered: a.covered + b.covered,
        })
    }

    pub fn all_precision(&self) -> Precision {
        self.precision.iter().fold(Precision::default(), |a, b| Precision {
            flagged: a.flagged + b.flagged,
            planted: a.planted + b.planted,
        })
    }
}

//! Edits that a machine can make: what a help line says, as replacements of source text.

use super::file::Span;

/// One way to put a mistake right. Applied to the file as it was checked, the mistake is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as a command: ``write `auroc` ``.
    pub title: String,
    /// What to replace with what; an empty span is a place to insert at.
    pub edits: Vec<(Span, String)>,
}

/// `text` with the edits of those fixes that do not touch what an earlier one changed, and which ones they were.
pub fn apply(text: &str, fixes: &[&Fix]) -> (String, Vec<usize>) {
    let mut taken: Vec<(usize, usize, &str)> = Vec::new();
    let mut applied = Vec::new();
    for (number, fix) in fixes.iter().enumerate() {
        let mut edits: Vec<_> =
            fix.edits.iter().map(|(s, with)| (s.start as usize, s.end as usize, with.as_str())).collect();
        edits.sort_by_key(|e| (e.0, e.1));
        let inside = edits.iter().all(|&(from, to, _)| from <= to && text.get(from..to).is_some());
        let apart = edits.windows(2).all(|w| matches!(w, [a, b] if a.1 <= b.0));
        if !inside || !apart || edits.is_empty() || edits.iter().any(|e| taken.iter().any(|t| clash(t, e))) {
            continue;
        }
        taken.append(&mut edits);
        applied.push(number);
    }
    taken.sort_by_key(|e| (e.0, e.1));
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (from, to, with) in taken {
        out.push_str(text.get(done..from).unwrap_or(""));
        out.push_str(with);
        done = to;
    }
    out.push_str(text.get(done..).unwrap_or(""));
    (out, applied)
}

/// Whether two edits touch the same text; two insertions at one place do not, unless they insert the same.
fn clash(a: &(usize, usize, &str), b: &(usize, usize, &str)) -> bool {
    if a.0 == a.1 && b.0 == b.1 {
        return a == b;
    }
    a.0 < b.1 && b.0 < a.1 || (a.0, a.1) == (b.0, b.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceId;

    fn fix(edits: &[(usize, usize, &str)]) -> Fix {
        let edits = edits.iter().map(|&(s, e, t)| (Span::new(SourceId(0), s, e), t.to_string())).collect();
        Fix { title: "write it".into(), edits }
    }

    #[test]
    fn edits_are_applied_once_and_apart() {
        let fixes = [fix(&[(0, 1, "A")]), fix(&[(0, 2, "lost")]), fix(&[(3, 3, "+"), (5, 6, "")]), fix(&[(3, 3, "-")])];
        let all: Vec<&Fix> = fixes.iter().collect();
        assert_eq!(apply("abcdefg", &all), ("Abc+-deg".to_string(), vec![0, 2, 3]));
        assert_eq!(apply("abc", &[&fix(&[(2, 9, "x")])]), ("abc".to_string(), vec![]));
        assert_eq!(apply("é!", &[&fix(&[(1, 2, "x")])]).0, "é!");
        assert_eq!(apply("abc", &[&fix(&[(1, 1, "x")]), &fix(&[(1, 1, "x")])]).0, "axbc");
    }
}

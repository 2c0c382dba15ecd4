//! The tree above the codes: from dotted prefixes, as in ICD-10, or from a table of parents.
//!
//! Only ancestors of codes that occur are in it, so that its size follows the vocabulary and not the classification. A
//! vocabulary without either, such as SNOMED CT by number, has its codes alone.

use std::collections::BTreeMap;

/// Codes, then their ancestors, and who is above whom.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hierarchy {
    /// Nodes: the codes by number, then ancestors as they were found.
    pub names: Vec<String>,
    /// Parent and child, by number.
    pub edges: Vec<(u32, u32)>,
}

impl Hierarchy {
    /// The closure of `codes` under `parent`. A chain that runs into itself ends there.
    pub fn closure(codes: &[String], parent: impl Fn(&str) -> Option<String>) -> Hierarchy {
        let mut numbers: BTreeMap<String, u32> = BTreeMap::new();
        let mut names: Vec<String> = codes.to_vec();
        for (at, code) in codes.iter().enumerate() {
            numbers.entry(code.clone()).or_insert(at as u32);
        }
        let mut edges = Vec::new();
        let mut at = 0;
        while let Some(name) = names.get(at).cloned() {
            if let Some(above) = parent(&name).filter(|above| *above != name) {
                let number = *numbers.entry(above.clone()).or_insert_with(|| {
                    names.push(above);
                    names.len() as u32 - 1
                });
                edges.push((number, at as u32));
            }
            at += 1;
        }
        Hierarchy { names, edges }
    }

    /// The closure of `codes` under their own prefixes.
    pub fn of_prefixes(codes: &[String]) -> Hierarchy {
        Hierarchy::closure(codes, prefix)
    }

    /// Whether no code has a parent.
    pub fn is_flat(&self) -> bool {
        self.edges.is_empty()
    }
}

/// The prefix a code stands under. ICD-10: `I25.11` under `I25.1`, `I25`, `I`. Other codes with dots: under what stands
/// before the last one. None for anything else.
pub fn prefix(code: &str) -> Option<String> {
    let mut parts = code.splitn(2, '.');
    let (head, tail) = (parts.next().unwrap_or_default(), parts.next());
    let mut letters = head.chars();
    let icd = head.len() == 3
        && head.is_ascii()
        && letters.next().is_some_and(|c| c.is_ascii_uppercase())
        && letters.next().is_some_and(|c| c.is_ascii_digit())
        && letters.next().is_some_and(|c| c.is_ascii_alphanumeric());
    match (icd, tail) {
        (true, None) => head.get(..1).map(str::to_string),
        (true, Some(tail)) if tail.is_ascii() && !tail.contains('.') => match tail.len() {
            0 | 1 => Some(head.to_string()),
            n => Some(format!("{head}.{}", tail.get(..n - 1)?)),
        },
        _ => code.rsplit_once('.').map(|(above, _)| above.to_string()).filter(|above| !above.is_empty()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(codes: &[&str]) -> Vec<String> {
        codes.iter().map(|c| c.to_string()).collect()
    }

    #[test]
    fn prefixes_of_icd_10_and_of_dotted_codes() {
        let cases = [
            ("I25.11", Some("I25.1")),
            ("I25.1", Some("I25")),
            ("I25", Some("I")),
            ("I", None),
            ("1.3.6", Some("1.3")),
            ("1", None),
            ("44054006", None),
            ("Z99.", Some("Z99")),
            ("A1é.2", Some("A1é")),
            ("", None),
        ];
        for (code, above) in cases {
            assert_eq!(prefix(code).as_deref(), above, "{code}");
        }
    }

    #[test]
    fn only_ancestors_of_codes_that_occur() {
        let tree = Hierarchy::of_prefixes(&names(&["I25.1", "I21", "44054006", "I25"]));
        assert_eq!(tree.names, names(&["I25.1", "I21", "44054006", "I25", "I"]));
        assert_eq!(tree.edges, vec![(3, 0), (4, 1), (4, 3)]);
        assert!(Hierarchy::of_prefixes(&names(&["73595000", "44054006"])).is_flat());
    }

    #[test]
    fn a_table_of_parents_may_run_in_a_circle() {
        let above = |c: &str| Some(if c == "a" { "b" } else { "a" }.to_string());
        let tree = Hierarchy::closure(&names(&["a", "c"]), above);
        assert_eq!(tree.edges, vec![(2, 0), (0, 1), (0, 2)]);
    }
}

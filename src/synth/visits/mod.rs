//! Records of coded visits, and a transformer that writes new ones (HiSGT, Zhou and Barbieri 2025).
//!
//! A person has labels that do not change and visits in order, each a set of codes. `tokens` writes a record as a
//! sentence of a small grammar, `draw` samples sentences of that grammar and no others, `hierarchy` and `semantic` give
//! codes their frozen embeddings, `fit` trains,
//! `lengths` sees to it that records come out as long as they were, `frame` goes from long tables to records and back.

pub mod figures;
pub mod frame;
pub mod hierarchy;
pub mod planted;
pub mod semantic;
pub mod tokens;

#[cfg(feature = "nets")]
pub mod draw;
#[cfg(feature = "nets")]
pub mod fit;
#[cfg(feature = "nets")]
pub mod lengths;
#[cfg(feature = "nets")]
pub mod model;

use serde::{Deserialize, Serialize};

/// A property of a person that does not change: sex, a diagnosis the person is known for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    pub name: String,
    pub levels: Vec<String>,
    /// Whether a person may be without it.
    pub optional: bool,
}

/// One person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record {
    /// Level of each label, in their order; none where it is not known.
    pub labels: Vec<Option<u32>>,
    /// Codes of each visit, in order; a code occurs once a visit.
    pub visits: Vec<Vec<u32>>,
}

/// Records of the same codes and labels.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Visits {
    /// Codes by number.
    pub codes: Vec<String>,
    pub labels: Vec<Label>,
    pub records: Vec<Record>,
}

impl Visits {
    /// The same codes and labels with these records alone; an index past the end is left out.
    pub fn of(&self, index: &[usize]) -> Visits {
        let records = index.iter().filter_map(|i| self.records.get(*i).cloned()).collect();
        Visits { codes: self.codes.clone(), labels: self.labels.clone(), records }
    }

    /// How often each code occurs.
    pub fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.codes.len()];
        for code in self.records.iter().flat_map(|r| &r.visits).flatten() {
            if let Some(count) = counts.get_mut(*code as usize) {
                *count += 1;
            }
        }
        counts
    }
}

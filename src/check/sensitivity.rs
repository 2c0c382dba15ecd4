//! Labels of data, from open to protected: what may leave the house, and what may be shown.

use super::dataset::Schema;
use crate::source::Span;
use crate::syntax::ast::{ExprKind, Model};
use std::fmt;

/// How sensitive data is. What is made from several sources has the highest of their labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Sensitivity {
    #[default]
    Public,
    /// Made by a generator. Not anonymous: it may still echo the people it was learned from.
    Synthetic,
    Deidentified,
    /// Protected health information.
    Phi,
}

impl Sensitivity {
    pub const WORDS: [&'static str; 4] = ["phi", "deidentified", "synthetic", "public"];

    pub fn parse(word: &str) -> Option<Sensitivity> {
        Some(match word {
            "phi" => Sensitivity::Phi,
            "deidentified" => Sensitivity::Deidentified,
            "synthetic" => Sensitivity::Synthetic,
            "public" => Sensitivity::Public,
            _ => return None,
        })
    }

    pub fn word(self) -> &'static str {
        match self {
            Sensitivity::Phi => "phi",
            Sensitivity::Deidentified => "deidentified",
            Sensitivity::Synthetic => "synthetic",
            Sensitivity::Public => "public",
        }
    }
}

impl fmt::Display for Sensitivity {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Schema {
    /// The label of a column: its own, or the dataset's; the highest of all for a name that is no column.
    pub fn label_of(&self, column: &str) -> Sensitivity {
        match self.column(column) {
            Some(c) => c.label.map_or(self.sensitivity, |(label, _)| label.max(self.sensitivity)),
            None => {
                self.columns.iter().filter_map(|c| c.label).map(|(l, _)| l).fold(self.sensitivity, Sensitivity::max)
            }
        }
    }

    /// Where the script says `label`: at a column, at the dataset, or nowhere (then at the dataset's name).
    pub fn says(&self, label: Sensitivity, columns: &[&str]) -> (Span, String) {
        if self.sensitivity == label {
            return match self.sensitivity_span {
                Some(span) => (span, format!("the rows of `{}` are {label}", self.name)),
                None => (self.span, format!("nobody classified `{}`, so its rows are {label}", self.name)),
            };
        }
        let raised = self.columns.iter().find(|c| {
            c.label.is_some_and(|(l, _)| l == label) && (columns.is_empty() || columns.contains(&c.name.as_str()))
        });
        match raised.and_then(|c| c.label.map(|(_, span)| (span, c.name.clone()))) {
            Some((span, name)) => (span, format!("`{name}` is {label}")),
            None => (self.span, format!("declared here as {}", self.sensitivity)),
        }
    }

    /// The columns of a row that a model gets to see, and their label.
    pub fn sent_to(&self, model: &Model) -> (Vec<&str>, Sensitivity) {
        let named = |name: &str| model.args.iter().find(|a| a.name.as_ref().is_some_and(|n| n.name == name));
        let chosen = named("features").map(|a| &a.value.kind);
        let sent = self.columns.iter().filter(|c| c.hidden().is_none()).filter(|c| match chosen {
            Some(ExprKind::Columns { except }) => !except.iter().any(|e| e.name == c.name),
            Some(ExprKind::List(items)) => items.iter().any(|i| matches!(&i.kind, ExprKind::Name(n) if *n == c.name)),
            _ => true,
        });
        let names: Vec<&str> = sent.map(|c| c.name.as_str()).collect();
        let label = names.iter().map(|n| self.label_of(n)).fold(self.sensitivity, Sensitivity::max);
        (names, label)
    }
}

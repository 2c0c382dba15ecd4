//! One table in the place of the synthetic rows: every figure of it, section by section, in an order that does not
//! depend on its rows, so that tables stand side by side.

use super::record::Aim;
use super::records::Records;
use super::{attacks, fairness, fidelity, groups, missing, records, utility, validity};
use crate::data::frame::Frame;
use crate::eval::estimate::Measured;

/// What the columns are for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roles {
    /// A category of two levels whose second is the outcome.
    pub label: Option<String>,
    pub protected: Vec<String>,
    /// Columns that a classifier of the label must not see: other outcomes, recorded predictions.
    pub hidden: Vec<String>,
}

/// The tables that a figure compares.
#[derive(Clone, Copy)]
pub struct Tables<'a> {
    pub train: &'a Frame,
    pub holdout: &'a Frame,
    pub synthetic: &'a Frame,
    pub roles: &'a Roles,
    /// Of a generator that makes whole records: those that the rows are of.
    pub records: Option<Records<'a>>,
    pub rules: Rules<'a>,
    pub seed: u64,
}

/// Rules of the script beyond the schema's: each with the rows of a frame that break it.
pub type Rules<'a> = &'a (dyn Fn(&Frame) -> Vec<(String, Vec<usize>)> + Sync);

/// No rules beyond the schema's.
pub fn no_rules(_: &Frame) -> Vec<(String, Vec<usize>)> {
    Vec::new()
}

/// A figure on its way into a line.
pub struct Entry {
    pub figure: String,
    pub title: String,
    pub aim: Aim,
    pub sanity_check: bool,
    pub measured: Measured,
}

impl Entry {
    pub fn new(figure: impl Into<String>, title: impl Into<String>, aim: Aim, measured: Measured) -> Entry {
        Entry { figure: figure.into(), title: title.into(), aim, sanity_check: false, measured }
    }

    /// The same as no evidence of privacy.
    pub fn sanity(self) -> Entry {
        Entry { sanity_check: true, ..self }
    }
}

/// Which real rows stand in the place of the synthetic ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ceiling {
    /// One half of the training rows against the other: figures that compare two tables.
    Halves,
    /// The training rows themselves: figures that look at one table.
    Train,
    /// One half of the hold-out, with the other half as hold-out: figures about who was in the training rows.
    HeldOut,
}

/// Names of the sections in their order.
pub const SECTIONS: [(&str, Ceiling); 7] = [
    ("fidelity", Ceiling::Halves),
    ("utility", Ceiling::Train),
    ("privacy", Ceiling::HeldOut),
    ("fairness", Ceiling::Train),
    ("coverage", Ceiling::Halves),
    ("missingness", Ceiling::Halves),
    ("validity", Ceiling::Train),
];

/// The figures of one section. `resampled`: with intervals that take resampling of whole tables.
pub fn section(name: &str, tables: &Tables, resampled: bool) -> Vec<Entry> {
    match (name, &tables.records) {
        ("fidelity", Some(all)) => {
            let mut out = records::fidelity(all, tables.seed, resampled);
            // Codes beside labels: a code alone is what the first figures are of.
            if tables.train.columns.len() > 1 {
                out.extend(fidelity::scores(tables, resampled));
            }
            return out;
        }
        ("privacy", Some(all)) => return records::privacy(all),
        _ => {}
    }
    match name {
        "fidelity" => fidelity::figures(tables, resampled),
        "utility" => utility::figures(tables),
        "privacy" => attacks::figures(tables),
        "fairness" => fairness::figures(tables),
        "coverage" => groups::figures(tables),
        "missingness" => missing::figures(tables),
        _ => validity::figures(tables),
    }
}

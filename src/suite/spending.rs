//! What the generators of a run have spent on each dataset together.
//!
//! Whoever sees the rows of several generators learns from all of them, so their mechanisms add up, as privacy curves rather than
//! as plain sums (`synth/privacy/ledger.rs`). A generator that is trained twice with the same outcome has told once.

use std::sync::{Mutex, PoisonError};

use super::result::SpentInfo;
use crate::check::Program;
use crate::synth::privacy::Unit;
use crate::synth::privacy::ledger::{Entry, Ledger};
use crate::synth::privacy::noise::Trained;

/// The ledger of a run.
#[derive(Default)]
pub struct Spending {
    /// The entries, and δ of each one's promise.
    book: Mutex<(Ledger, Vec<f64>)>,
}

impl Spending {
    /// Writes down what training `generator` on `data` cost.
    pub fn record(&self, generator: &str, data: &str, trained: &Trained) {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = Entry {
            what: generator.to_string(),
            mechanisms: trained.meter.mechanisms(),
            unit: trained.unit.clone(),
            data: data.to_string(),
            part: None,
        };
        if !book.0.entries().contains(&entry) {
            book.0.record(entry);
            book.1.push(trained.meter.budget().delta);
        }
    }

    /// What was spent on each dataset for each unit, in the order of the first entries; a line for each that several
    /// generators learned from, or that has a budget.
    pub fn told(&self, program: &Program) -> Vec<SpentInfo> {
        let book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        let (ledger, deltas) = &*book;
        let mut seen: Vec<(&str, &Unit)> = Vec::new();
        let mut out = Vec::new();
        for entry in ledger.entries() {
            let of = (entry.data.as_str(), &entry.unit);
            if seen.contains(&of) {
                continue;
            }
            seen.push(of);
            let same = |e: &&Entry| (e.data.as_str(), &e.unit) == of;
            let budget = program.dataset(&entry.data).and_then(|s| s.budget.as_ref()).map(|b| &b.0);
            let names: Vec<String> = ledger.entries().iter().filter(same).map(|e| e.what.clone()).collect();
            if names.len() < 2 && budget.is_none() {
                continue;
            }
            let own = ledger.entries().iter().zip(deltas).filter(|(e, _)| same(e)).map(|(_, d)| *d);
            let delta = budget.map_or_else(|| own.fold(0.0, f64::max), |b| b.delta);
            let spent = ledger.spent(&entry.data, &entry.unit, delta);
            out.push(SpentInfo {
                dataset: entry.data.clone(),
                unit: entry.unit.to_string(),
                generators: names,
                epsilon: spent.epsilon,
                delta,
                plain_sum: spent.naive,
                budget: budget.map(|b| b.epsilon),
            });
        }
        out
    }
}

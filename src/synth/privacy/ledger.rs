//! The book of what was spent on which data.
//!
//! Entries on the same data follow each other and add up, as Rényi curves rather than as plain
//! sums; entries on disjoint parts of a split lie side by side, and only the dearest part counts
//! (McSherry 2009). A budget is asked before an entry is written, and a refused entry leaves no
//! trace. Knows names of data, no data.

use serde::{Deserialize, Serialize};

use super::accountant::{Accounting, Mechanism, approximate, epsilon, naive};
use super::renyi::Curve;
use super::{Budget, PrivacyError, Unit};

/// A part of data that shares no unit with the other parts of the same split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// What was split by: `site`.
    pub split: String,
    /// Which part: `Boston`.
    pub name: String,
}

/// One thing that touched data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// What it was: `generator g1`.
    pub what: String,
    /// In their order; they follow each other.
    pub mechanisms: Vec<Mechanism>,
    pub unit: Unit,
    /// The name of the data.
    pub data: String,
    /// None: all of it.
    pub part: Option<Part>,
}

/// What was spent on some data.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spent {
    pub epsilon: f64,
    pub delta: f64,
    /// The plain sum of what each mechanism costs alone at its even share of δ, shown beside.
    pub naive: f64,
}

/// All entries, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    entries: Vec<Entry>,
}

impl Ledger {
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Writes an entry down without asking: for what has happened already.
    pub fn record(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    /// What all entries on `data` for `unit` cost at `delta`; nothing for none. A promise per
    /// record says nothing about a person with several, so units do not mix.
    pub fn spent(&self, data: &str, unit: &Unit, delta: f64) -> Spent {
        let entries: Vec<&Entry> = self.entries.iter().filter(|e| e.data == data && e.unit == *unit).collect();
        cost(&entries, delta)
    }

    /// What it would be with `entry` written down.
    pub fn would_be(&self, entry: &Entry, delta: f64) -> Spent {
        let same = |e: &&Entry| e.data == entry.data && e.unit == entry.unit;
        let entries: Vec<&Entry> = self.entries.iter().filter(same).chain([entry]).collect();
        cost(&entries, delta)
    }

    /// Whether `entry` fits into what is left of `budget` for its data and unit.
    pub fn can_spend(&self, entry: &Entry, budget: Budget) -> bool {
        self.would_be(entry, budget.delta).epsilon <= budget.epsilon
    }

    /// Writes `entry` down if it fits, and says what has been spent then; otherwise nothing
    /// changes.
    pub fn spend(&mut self, entry: Entry, budget: Budget) -> Result<Spent, PrivacyError> {
        let after = self.would_be(&entry, budget.delta);
        if after.epsilon.is_nan() || after.epsilon > budget.epsilon {
            return Err(PrivacyError::Overspent { what: entry.what, would_be: after.epsilon, budget: budget.epsilon });
        }
        self.entries.push(entry);
        Ok(after)
    }

    /// ε that is left of `budget`, at least 0. Since curves add up and ε does not, more than this
    /// may fit: ask [`can_spend`](Self::can_spend) about what is planned.
    pub fn remaining(&self, data: &str, unit: &Unit, budget: Budget) -> f64 {
        (budget.epsilon - self.spent(data, unit, budget.delta).epsilon).max(0.0)
    }
}

fn cost(entries: &[&Entry], delta: f64) -> Spent {
    let all: Vec<Mechanism> = entries.iter().flat_map(|e| e.mechanisms.iter().copied()).collect();
    let whole: Vec<Mechanism> =
        entries.iter().filter(|e| e.part.is_none()).flat_map(|e| e.mechanisms.iter().copied()).collect();
    let naive = naive(&all, delta);
    if whole.len() == all.len() {
        return Spent { epsilon: epsilon(&all, delta, Accounting::Tight), delta, naive };
    }
    let curve = whole.iter().fold(Curve::zero(), |sum, m| sum.plus(&m.curve()));
    let (mut curve, mut plain) = (curve, approximate(&whole));
    for split in names(entries, |p| Some(&p.split)) {
        let mut dearest = (Curve::zero(), (0.0_f64, 0.0_f64));
        for name in names(entries, |p| (p.split == split).then_some(&p.name)) {
            let here = |e: &&&Entry| e.part.as_ref().is_some_and(|p| p.split == split && p.name == name);
            let part: Vec<Mechanism> = entries.iter().filter(here).flat_map(|e| e.mechanisms.iter().copied()).collect();
            let curve = part.iter().fold(Curve::zero(), |sum, m| sum.plus(&m.curve()));
            let (e, d) = approximate(&part);
            dearest = (dearest.0.or(&curve), (dearest.1.0.max(e), dearest.1.1.max(d)));
        }
        curve = curve.plus(&dearest.0);
        plain = (plain.0 + dearest.1.0, plain.1 + dearest.1.1);
    }
    let rest = delta - plain.1;
    let epsilon = if rest < 0.0 { f64::INFINITY } else { curve.epsilon(rest).0 + plain.0 };
    // Parts of a split may also be added up like anything else; several splits may make that less.
    let epsilon = epsilon.min(self::epsilon(&all, delta, Accounting::Tight));
    Spent { epsilon, delta, naive }
}

/// Distinct names of parts, in the order of their first.
fn names<'a>(entries: &[&'a Entry], of: impl Fn(&'a Part) -> Option<&'a String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for name in entries.iter().filter_map(|e| e.part.as_ref()).filter_map(of) {
        if !out.contains(name) {
            out.push(name.clone());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(what: &str, mechanism: Mechanism, part: Option<&str>) -> Entry {
        Entry {
            what: what.into(),
            mechanisms: vec![mechanism],
            unit: Unit::Person,
            data: "flchain".into(),
            part: part.map(|name| Part { split: "site".into(), name: name.into() }),
        }
    }

    const TRAIN: Mechanism = Mechanism::SampledGaussian { q: 0.05, sigma: 1.5, steps: 300 };
    const COUNT: Mechanism = Mechanism::Pure { epsilon: 0.2 };

    #[test]
    fn entries_on_the_same_data_add_up_to_less_than_their_plain_sum() {
        let mut ledger = Ledger::default();
        assert_eq!(ledger.spent("flchain", &Unit::Person, 1e-5).epsilon, 0.0);
        ledger.record(entry("g1", TRAIN, None));
        let one = ledger.spent("flchain", &Unit::Person, 1e-5);
        ledger.record(entry("g2", TRAIN, None));
        let two = ledger.spent("flchain", &Unit::Person, 1e-5);
        assert!(two.epsilon > one.epsilon && two.epsilon < 1.6 * one.epsilon && two.naive > 1.9 * one.epsilon);
        assert_eq!(ledger.spent("nafld1", &Unit::Person, 1e-5).epsilon, 0.0, "other data");
        assert_eq!(ledger.spent("flchain", &Unit::Record, 1e-5).epsilon, 0.0, "another promise");
    }

    #[test]
    fn of_disjoint_parts_only_the_dearest_counts() {
        let mut ledger = Ledger::default();
        ledger.record(entry("everyone", COUNT, None));
        for (site, epsilon) in [("Boston", 0.5), ("Lyon", 0.9), ("Boston", 0.3)] {
            ledger.record(entry("count", Mechanism::Pure { epsilon }, Some(site)));
        }
        let spent = ledger.spent("flchain", &Unit::Person, 1e-5);
        // 0.2 + max(0.5 + 0.3, 0.9), and the conversion of curves on top.
        assert!(spent.epsilon >= 0.9 && spent.epsilon <= 1.9, "{spent:?}");
        assert!((spent.naive - 1.9).abs() < 1e-12);
        let mut apart = Ledger::default();
        for site in ["Boston", "Lyon", "Paris", "Turin"] {
            apart.record(entry("train", TRAIN, Some(site)));
        }
        let one = Accounting::Renyi;
        assert_eq!(apart.spent("flchain", &Unit::Person, 1e-5).epsilon, epsilon(&[TRAIN], 1e-5, one));
    }

    #[test]
    fn a_budget_is_asked_first_and_a_refusal_leaves_no_trace() {
        let budget = Budget { epsilon: 1.0, delta: 1e-5 };
        let mut ledger = Ledger::default();
        let mut written = 0;
        while ledger.can_spend(&entry("count", COUNT, None), budget) {
            let left = ledger.remaining("flchain", &Unit::Person, budget);
            let spent = ledger.spend(entry("count", COUNT, None), budget).unwrap();
            assert!(spent.epsilon <= 1.0 && ledger.remaining("flchain", &Unit::Person, budget) < left);
            written += 1;
        }
        assert!(written >= 4, "five times 0.2 is 1 up to rounding: {written}");
        let before = ledger.clone();
        let refused = ledger.spend(entry("one more", COUNT, None), budget);
        assert!(refused.is_err_and(|e| e.to_string().starts_with("one more would bring epsilon to 1.")));
        assert_eq!(ledger, before);
        let nothing = entry("no noise", Mechanism::Gaussian { sigma: 0.0 }, None);
        assert!(!ledger.can_spend(&nothing, Budget { epsilon: f64::MAX, delta: 1e-5 }));
    }

    #[test]
    fn a_saved_ledger_goes_on_with_the_same_bits() {
        let mut ledger = Ledger::default();
        ledger.record(entry("g1", TRAIN, Some("Lyon")));
        ledger.record(entry("count", Mechanism::Laplace { epsilon: 0.1 + 0.2 }, None));
        let again: Ledger = serde_json::from_str(&serde_json::to_string(&ledger).unwrap()).unwrap();
        assert_eq!(again, ledger);
        let at = |l: &Ledger| l.spent("flchain", &Unit::Person, 1e-6).epsilon.to_bits();
        assert_eq!(at(&again), at(&ledger));
    }
}

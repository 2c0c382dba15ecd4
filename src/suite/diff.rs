//! What would change if a policy did, or if another day came: verdicts, and for which rows and groups by which clause.

use super::Loaded;
use super::checks::{self, day_of};
use super::run::{Halt, Stages};
use super::store::Store;
use crate::check::Program;
use crate::data::sha256_hex;
use crate::eval::count::Count;
use crate::policy::{Decided, Verdict, cells, decided};
use crate::source::Diagnostic;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Rows and groups that are compared one by one; beyond, only counts are.
const MOST: usize = 10_000;

/// A script on a day.
pub struct Side<'a> {
    pub program: &'a Program,
    pub stages: &'a Stages<'a>,
    pub store: &'a Store,
    /// In place of the days that the script names.
    pub as_of: Option<&'a str>,
}

/// One constraint, before and after.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// What is checked, and by which policy.
    pub check: String,
    pub constraint: String,
    /// None when the constraint is not there.
    pub before: Option<Verdict>,
    pub after: Option<Verdict>,
    pub why_before: Option<String>,
    pub why_after: Option<String>,
    /// Rows or groups that begin to fail, and those that no longer do, each with the clause that decides.
    pub begin: Vec<Item>,
    pub end: Vec<Item>,
    /// Why rows are not compared: they are those of patients, and their number would be a small count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withheld: Option<String>,
}

/// What is said in place of rows.
const ROWS_WITHHELD: &str =
    "the rows that change are not listed: the data is phi, and it would tell fewer than 11 rows";

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Item {
    pub name: String,
    pub clause: String,
}

/// Everything that changes, and what both sides were compared over.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diff {
    /// Constraints that both sides decide.
    pub compared: usize,
    pub changes: Vec<Change>,
    /// `sha256:` over the changes as JSON: the same impact gives the same digest.
    pub digest: String,
}

/// A decided constraint, and whether its rows are patients.
type Found = BTreeMap<(String, String), (Decided, bool)>;

/// Compares the checks of two sides; `on` limits them to one dataset.
pub fn diff(before: &Side, after: &Side, on: Option<&str>) -> Result<Diff, Vec<Diagnostic>> {
    let (a, b) = (side(before, on)?, side(after, on)?);
    let names: BTreeSet<&(String, String)> = a.keys().chain(b.keys()).collect();
    let mut changes = Vec::new();
    let mut compared = 0;
    for name in names {
        let (old, new) = (a.get(name), b.get(name));
        compared += usize::from(old.is_some() && new.is_some());
        let change = change(name, old, new);
        if change.before != change.after
            || !change.begin.is_empty()
            || !change.end.is_empty()
            || change.withheld.is_some()
        {
            changes.push(change);
        }
    }
    let text = serde_json::to_string(&changes).unwrap_or_default();
    Ok(Diff { compared, changes, digest: format!("sha256:{}", sha256_hex(text.as_bytes())) })
}

fn change(
    (check, constraint): &(String, String),
    old: Option<&(Decided, bool)>,
    new: Option<&(Decided, bool)>,
) -> Change {
    let failing = |d: Option<&(Decided, bool)>| -> BTreeMap<String, String> {
        let fails = d.filter(|(d, _)| d.result.verdict == Verdict::Fail);
        let witnesses = fails.into_iter().flat_map(|(d, _)| &d.clause.witnesses);
        witnesses.map(|w| (w.name.clone(), w.clause.clone())).collect()
    };
    let (was, is) = (failing(old), failing(new));
    let only = |these: &BTreeMap<String, String>, others: &BTreeMap<String, String>| -> Vec<Item> {
        let new = these.iter().filter(|(name, _)| !others.contains_key(*name));
        new.map(|(name, clause)| Item { name: name.clone(), clause: clause.clone() }).collect()
    };
    let verdict = |d: Option<&(Decided, bool)>| d.map(|(d, _)| d.result.verdict);
    let why = |d: Option<&(Decided, bool)>| d.map(|(d, _)| d.result.why.clone());
    let mut out = Change {
        check: check.clone(),
        constraint: constraint.clone(),
        before: verdict(old),
        after: verdict(new),
        why_before: why(old),
        why_after: why(new),
        begin: only(&is, &was),
        end: only(&was, &is),
        withheld: None,
    };
    if tells_small(old, new, &out) {
        // The two sentences side by side would tell the same as the list.
        for why in [&mut out.why_before, &mut out.why_after].into_iter().flatten() {
            *why = "figures are withheld: the data is phi".into();
        }
        out.begin.clear();
        out.end.clear();
        out.withheld = Some(ROWS_WITHHELD.into());
    }
    out
}

/// Whether the rows that change, or those of one side that are hidden already, are patients of a small count.
fn tells_small(old: Option<&(Decided, bool)>, new: Option<&(Decided, bool)>, change: &Change) -> bool {
    let sides = || [old, new].into_iter().flatten().filter(|(_, is_phi)| *is_phi).map(|(d, _)| d);
    let rows = |d: &Decided| d.clause.witnesses.iter().any(|w| w.n == Count::Rows(1));
    if !sides().any(rows) {
        return false;
    }
    let fails = |d: &Decided| d.result.verdict == Verdict::Fail;
    sides().any(|d| fails(d) && d.clause.hidden)
        || cells::is_small(change.begin.len())
        || cells::is_small(change.end.len())
}

fn side(side: &Side, on: Option<&str>) -> Result<Found, Vec<Diagnostic>> {
    let Side { program, stages, store, .. } = side;
    let loaded = Loaded::load_within(program, stages.world, stages.meter.clone())?;
    let seed = program.benchmark().and_then(|b| b.seed).unwrap_or(0) as u64;
    let mut out = Found::new();
    for check in checks::items(program) {
        let name = checks::subject_name(program, check);
        let Some(instance) = program.instances.get(&check.policy.id) else { continue };
        if on.is_some_and(|on| on != name) {
            continue;
        }
        let rows = checks::rows(program, &loaded, check, (seed, store, stages)).map_err(|halt| match halt {
            Halt::Failed(found) => found,
            Halt::Interrupted => Vec::new(),
        })?;
        let mut subject = checks::subject(program, &loaded, check, rows, seed);
        subject.facts.as_of = side.as_of.map(String::from).or_else(|| day_of(program, check));
        for d in decided(instance, &subject, Some("*"), MOST) {
            let what = format!("{} on {name}", instance.name);
            out.insert((what, d.result.name.clone()), (d, subject.is_phi));
        }
    }
    match stages.meter.stopped() {
        Some(stopped) => Err(vec![stopped]),
        None => Ok(out),
    }
}

//! Results in the order a reader meets them: what the page and the terminal both need to look up.
//!
//! Selects and words; computes no figure beyond counting verdicts. Knows no markup.

use super::format::{list, percent, plural};
use crate::suite::result::{Cell, ConstraintResult, ModelInfo, PolicyResult, Results, ScenarioInfo, Verdict};
use std::collections::BTreeMap;

/// The fold that holds all out-of-fold predictions together.
pub const POOLED: &str = "all";

type Key<'a> = (&'a str, &'a str, &'a str, &'a str);

/// Results with their cells indexed.
pub struct View<'a> {
    pub results: &'a Results,
    /// Cells by scenario, task, model and metric (sorted), folds in file order.
    cells: Vec<(Key<'a>, Vec<&'a Cell>)>,
}

/// One policy on one task in one scenario, over all models.
pub struct Board<'a> {
    pub policy: &'a str,
    pub task: &'a str,
    pub scenario: &'a str,
    pub as_of: Option<&'a str>,
    pub results: Vec<&'a PolicyResult>,
    /// Constraint names in the order of the script.
    pub constraints: Vec<&'a str>,
}

impl<'a> Board<'a> {
    pub fn find(&self, model: &str, constraint: &str) -> Option<&'a ConstraintResult> {
        let result = self.results.iter().find(|r| r.model == model)?;
        result.constraints.iter().find(|c| c.name == constraint)
    }
}

impl<'a> View<'a> {
    pub fn new(results: &'a Results) -> Self {
        let mut cells: BTreeMap<Key<'a>, Vec<&'a Cell>> = BTreeMap::new();
        for cell in &results.body.cells {
            let key = (&*cell.scenario, &*cell.task, &*cell.model, &*cell.metric);
            cells.entry(key).or_default().push(cell);
        }
        View { results, cells: cells.into_iter().collect() }
    }

    pub fn models(&self) -> &'a [ModelInfo] {
        &self.results.body.models
    }

    pub fn scenarios(&self) -> &'a [ScenarioInfo] {
        &self.results.body.scenarios
    }

    /// The scenario the headline speaks of: the first the script names.
    pub fn base(&self) -> Option<&'a ScenarioInfo> {
        self.scenarios().first()
    }

    /// Task names in order of appearance.
    pub fn tasks(&self) -> Vec<&'a str> {
        unique(self.results.body.cells.iter().map(|c| c.task.as_str()))
    }

    /// Metrics of a task in a scenario, in the order the script asked for them.
    pub fn metrics(&self, scenario: &str, task: &str) -> Vec<&'a str> {
        let cells = self.results.body.cells.iter();
        unique(cells.filter(|c| c.scenario == scenario && c.task == task).map(|c| c.metric.as_str()))
    }

    fn all(&self, scenario: &str, task: &str, model: &str, metric: &str) -> &[&'a Cell] {
        let wanted = (scenario, task, model, metric);
        let found = self.cells.binary_search_by(|(key, _)| key.cmp(&wanted)).ok();
        found.and_then(|i| self.cells.get(i)).map_or(&[], |(_, cells)| cells.as_slice())
    }

    /// The cell over all folds.
    pub fn pooled(&self, scenario: &str, task: &str, model: &str, metric: &str) -> Option<&'a Cell> {
        self.all(scenario, task, model, metric).iter().find(|c| c.fold == POOLED).copied()
    }

    /// The cells of the single folds.
    pub fn folds(&self, scenario: &str, task: &str, model: &str, metric: &str) -> Vec<&'a Cell> {
        let cells = self.all(scenario, task, model, metric).iter();
        cells.filter(|c| c.fold != POOLED).copied().collect()
    }

    /// The reason that every metric of this model shares for having no value, if it is one.
    pub fn shared_reason(&self, scenario: &str, task: &str, model: &str) -> Option<&'a str> {
        let mut shared = None;
        for metric in self.metrics(scenario, task) {
            let reason = self.pooled(scenario, task, model, metric)?.undefined.as_deref()?;
            if shared.is_some_and(|s| s != reason) {
                return None;
            }
            shared = Some(reason);
        }
        shared
    }

    /// The policies decided in a scenario.
    pub fn boards(&self, scenario: &str) -> Vec<Board<'a>> {
        let mut boards: Vec<Board<'a>> = Vec::new();
        for result in self.results.body.policies.iter().filter(|p| p.scenario == scenario) {
            let known = boards.iter_mut().find(|b| b.policy == result.name && b.task == result.task);
            match known {
                Some(board) => board.results.push(result),
                None => boards.push(Board {
                    policy: &result.name,
                    task: &result.task,
                    scenario: &result.scenario,
                    as_of: result.as_of.as_deref(),
                    results: vec![result],
                    constraints: Vec::new(),
                }),
            }
        }
        for board in &mut boards {
            let names = board.results.iter().flat_map(|r| r.constraints.iter().map(|c| c.name.as_str()));
            board.constraints = unique(names);
        }
        boards
    }
}

/// Distinct names in order of appearance.
pub fn unique<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut out: Vec<&str> = Vec::new();
    for name in names {
        if !out.contains(&name) {
            out.push(name);
        }
    }
    out
}

/// The five verdicts in the order they are counted.
pub const VERDICTS: [Verdict; 5] =
    [Verdict::Pass, Verdict::Fail, Verdict::Inconclusive, Verdict::NotApplicable, Verdict::Unknown];

/// The sign beside a verdict's word, so that colour is never the only carrier.
pub fn glyph(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "✓",
        Verdict::Fail => "✗",
        Verdict::Inconclusive => "≈",
        Verdict::NotApplicable => "–",
        Verdict::Unknown => "?",
    }
}

pub fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
        Verdict::Inconclusive => "inconclusive",
        Verdict::NotApplicable => "not applicable",
        Verdict::Unknown => "unknown",
    }
}

/// What a verdict means, for the key.
pub fn meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "the rule holds",
        Verdict::Fail => "the rule does not hold",
        Verdict::Inconclusive => "the interval contains the threshold: more rows are needed",
        Verdict::NotApplicable => "out of scope, or not in force at the as-of date",
        Verdict::Unknown => "the evidence is missing",
    }
}

/// A score or the reason there is none.
pub fn score(value: Option<f64>) -> String {
    value.map_or_else(|| "undefined".to_owned(), percent)
}

/// Constraints of `result` with this verdict.
pub fn names_with(result: &PolicyResult, verdict: Verdict) -> Vec<&str> {
    result.constraints.iter().filter(|c| c.verdict == verdict).map(|c| c.name.as_str()).collect()
}

/// The key answer for one model: how many constraints fail; which ones stands beside it.
pub fn answer(result: &PolicyResult) -> String {
    let count = |verdict| names_with(result, verdict).len();
    let fails = count(Verdict::Fail);
    let decided = fails + count(Verdict::Pass);
    let open = count(Verdict::Inconclusive) + count(Verdict::Unknown);
    let mut text = match (fails, decided) {
        (_, 0) => "No constraint could be decided".to_owned(),
        (0, _) => format!("Passes all {}", plural(decided, "decided constraint")),
        (n, _) => format!("Fails {n} of {}", plural(decided, "decided constraint")),
    };
    if open > 0 {
        text.push_str(&format!("; {open} left open"));
    }
    text.push('.');
    text
}

/// True where a verdict rests on the value alone although its interval contains the limit: the rule asked
/// for no confidence.
pub fn by_value_alone(c: &ConstraintResult) -> bool {
    let decided = matches!(c.verdict, Verdict::Pass | Verdict::Fail) && c.confidence.is_none();
    let inside = |limit: f64| c.left_interval.as_ref().is_some_and(|i| i.lo < limit && limit < i.hi);
    decided && c.threshold.or(c.right).is_some_and(inside)
}

/// One sentence over all models of a board.
pub fn verdict_sentence(boards: &[Board<'_>], models: usize) -> String {
    let results: Vec<_> = boards.iter().flat_map(|b| b.results.iter()).collect();
    if results.is_empty() {
        return "This benchmark decides no policy.".to_owned();
    }
    let names = unique(results.iter().map(|r| r.model.as_str()));
    let clean = names.iter().filter(|name| {
        let own = || {
            let own = results.iter().filter(|r| r.model == **name);
            own.flat_map(|r| r.constraints.iter().map(|c| c.verdict))
        };
        // Where nothing was decided, nothing was met.
        own().any(|v| v == Verdict::Pass) && own().all(|v| matches!(v, Verdict::Pass | Verdict::NotApplicable))
    });
    let clean: Vec<&str> = clean.copied().collect();
    match (clean.len(), models) {
        (0, 1) => "The model does not meet every constraint that applies.".to_owned(),
        (0, _) => format!("None of the {models} models meets every constraint that applies."),
        (n, m) if n == m => "Every model meets every constraint that applies.".to_owned(),
        (n, m) => format!(
            "{n} of {m} models {} every constraint that applies: {}.",
            if n == 1 { "meets" } else { "meet" },
            list(&clean)
        ),
    }
}

/// Which side of a threshold a rule allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowed {
    AtMost,
    AtLeast,
}

/// The allowed side, as far as the records tell: from decided verdicts, else from the rule's only
/// comparison. None rather than a guess.
pub fn allowed<'a>(outcomes: impl Iterator<Item = &'a ConstraintResult> + Clone) -> Option<Allowed> {
    let mut found = None;
    for outcome in outcomes.clone() {
        let (Some(left), Some(threshold)) = (outcome.left, outcome.threshold) else {
            continue;
        };
        let side = match (outcome.verdict, left < threshold, left > threshold) {
            (Verdict::Pass, true, _) | (Verdict::Fail, _, true) => Allowed::AtMost,
            (Verdict::Pass, _, true) | (Verdict::Fail, true, _) => Allowed::AtLeast,
            _ => continue,
        };
        if found.is_some_and(|f| f != side) {
            return None;
        }
        found = Some(side);
    }
    found.or_else(|| {
        let rule = &outcomes.clone().next()?.rule;
        match (rule.contains('<'), rule.contains('>')) {
            (true, false) => Some(Allowed::AtMost),
            (false, true) => Some(Allowed::AtLeast),
            _ => None,
        }
    })
}

//! Verdicts and the compliance figures.

use super::clause::Clause;
use crate::eval::count::Count;
use crate::eval::estimate::{Interval, Part};
use serde::{Deserialize, Serialize};

/// The five verdicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Pass,
    Fail,
    /// The interval straddles the threshold.
    Inconclusive,
    /// Out of scope, or not in force at the as-of date.
    NotApplicable,
    /// Evidence is missing.
    Unknown,
}

impl Verdict {
    /// As the language writes it.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Fail => "fail",
            Verdict::Inconclusive => "inconclusive",
            Verdict::NotApplicable => "not_applicable",
            Verdict::Unknown => "unknown",
        }
    }

    /// Both must hold: a failure decides, then what is not known.
    pub fn and(self, other: Verdict) -> Verdict {
        let rank = |v: Verdict| match v {
            Verdict::Fail => 4,
            Verdict::Unknown => 3,
            Verdict::Inconclusive => 2,
            Verdict::Pass => 1,
            Verdict::NotApplicable => 0,
        };
        if rank(self) >= rank(other) { self } else { other }
    }

    pub fn negate(self) -> Verdict {
        match self {
            Verdict::Pass => Verdict::Fail,
            Verdict::Fail => Verdict::Pass,
            other => other,
        }
    }

    /// One of them must hold.
    pub fn or(self, other: Verdict) -> Verdict {
        self.negate().and(other.negate()).negate()
    }
}

/// One constraint's outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConstraintResult {
    pub name: String,
    /// statute, regulation, guidance, standard, contract, consensus, convention or house.
    pub authority: String,
    pub cite: Option<String>,
    /// What to change when it fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// What of the rule was not traced to a primary text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unverified: Option<String>,
    /// The exception that stands in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exception: Option<String>,
    /// The rule as written in the script.
    pub rule: String,
    /// The `///` sentence above it.
    pub doc: Option<String>,
    pub verdict: Verdict,
    /// The left side at the deciding clause.
    pub left: Option<f64>,
    pub left_interval: Option<Interval>,
    /// The right side at the deciding clause.
    pub right: Option<f64>,
    /// The number the rule compares with, when the right side is constant.
    pub threshold: Option<f64>,
    pub confidence: Option<f64>,
    pub n: Count,
    /// One sentence: why this verdict.
    pub why: String,
    /// The groups or row counts that show it; never a row's values.
    pub witnesses: Vec<Part>,
    /// The clauses with what was seen at each; only of checks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<Box<Clause>>,
}

/// The three compliance figures; none when their denominator is empty.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Score {
    /// 1 − fails / decided, by weight; 0 when a hard constraint fails.
    pub compliance: Option<f64>,
    /// As `compliance`, with inconclusive and unknown counted as violations.
    pub strict: Option<f64>,
    /// decided / applicable, by weight.
    pub coverage: Option<f64>,
}

impl Score {
    /// From verdicts with their weight and whether they are hard.
    pub fn of(verdicts: &[(Verdict, f64, bool)]) -> Score {
        // The sum of nothing is -0.
        let weigh = |keep: &[Verdict]| -> f64 {
            verdicts.iter().filter(|(v, _, _)| keep.contains(v)).map(|(_, w, _)| w).sum::<f64>() + 0.0
        };
        let fails = weigh(&[Verdict::Fail]);
        let decided = weigh(&[Verdict::Pass, Verdict::Fail]);
        let open = weigh(&[Verdict::Inconclusive, Verdict::Unknown]);
        let applicable = decided + open;
        let veto = verdicts.iter().any(|(v, _, hard)| *hard && *v == Verdict::Fail);
        let share = |bad: f64, of: f64| (of > 0.0).then(|| if veto { 0.0 } else { 1.0 - bad / of });
        Score {
            compliance: share(fails, decided),
            strict: share(fails + open, applicable),
            coverage: (applicable > 0.0).then(|| decided / applicable),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_counts_what_was_decided() {
        let all = [Verdict::Pass, Verdict::Fail, Verdict::Inconclusive, Verdict::Unknown, Verdict::NotApplicable];
        let score = Score::of(&all.map(|v| (v, 1.0, false)));
        assert_eq!(score.compliance, Some(0.5));
        assert_eq!(score.strict, Some(0.25));
        assert_eq!(score.coverage, Some(0.5));
        assert_eq!(Score::of(&[(Verdict::NotApplicable, 1.0, false)]), Score::default());
        let nothing = Score::of(&[(Verdict::Unknown, 1.0, false)]);
        assert!(nothing.coverage.is_some_and(|c| c == 0.0 && c.is_sign_positive()), "{nothing:?}");
    }

    #[test]
    fn a_hard_failure_is_a_veto() {
        let score = Score::of(&[(Verdict::Pass, 9.0, false), (Verdict::Fail, 1.0, true)]);
        assert_eq!(score.compliance, Some(0.0));
    }

    #[test]
    fn nothing_undefined_ever_passes() {
        use Verdict::*;
        assert_eq!(Pass.and(Unknown), Unknown);
        assert_eq!(Fail.and(Unknown), Fail);
        assert_eq!(Pass.or(Unknown), Pass);
        assert_eq!(Fail.or(Unknown), Unknown);
        assert_eq!(Fail.or(Inconclusive), Inconclusive);
    }
}

//! `expect POLICY fails table { … } because …`: a policy asked of rows that a test wrote out.

use super::Loaded;
use super::checks::{show_use, signed_by};
use super::mutate::plain;
use crate::check::{Base, Instance, Program};
use crate::data::Column;
use crate::eval::facts::{Facts, Ledger, Signed};
use crate::eval::{Env, Value, View};
use crate::policy::{Decided, Subject, Verdict, decided};
use crate::source::{Diagnostic, codes};
use crate::syntax::ast::{Because, CellValue, Expect, Expected, Expr, ExprKind, NodeId, Test, TestColumn, TestPart};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What came of an expectation.
pub struct Trial<'p> {
    pub expect: &'p Expect,
    pub decided: Vec<Decided>,
    /// Of all constraints together.
    pub verdict: Verdict,
}

/// Policies that stand in place of those of the program.
pub type Changed = BTreeMap<NodeId, Arc<Instance>>;

/// Runs every expectation of a test.
pub fn trials<'p>(program: &'p Program, loaded: &'p Loaded, test: &'p Test, explain: bool) -> Vec<Trial<'p>> {
    trials_of(program, &program.instances, loaded, test, explain).collect()
}

/// The same with `instances` in place of the program's, one by one.
pub fn trials_of<'p, 'a: 'p>(
    program: &'a Program,
    instances: &'a Changed,
    loaded: &'a Loaded,
    test: &'p Test,
    explain: bool,
) -> impl Iterator<Item = Trial<'p>> {
    let mut signed: Vec<Signed> = super::checks::signed(program);
    test.parts.iter().filter_map(move |part| match part {
        TestPart::Attest(attest) => {
            signed.push(signed_by(attest));
            None
        }
        TestPart::Expect(expect) => trial(program, instances.get(&expect.policy.id)?, loaded, expect, &signed, explain),
        TestPart::Assert(_) => None,
    })
}

/// Asks the policy of the rows.
pub fn trial<'p>(
    program: &Program,
    instance: &Instance,
    loaded: &Loaded,
    expect: &'p Expect,
    signed: &[Signed],
    explain: bool,
) -> Option<Trial<'p>> {
    let env = loaded.env(program, 1);
    let view = match &expect.table {
        Some((columns, _)) => table(program, expect, columns),
        None => env.view.clone(),
    };
    let env = env.over(view);
    let facts = Facts {
        as_of: expect.as_of.as_ref().map(|(d, _)| d.clone()),
        signed: signed.to_vec(),
        ledger: expect.release.as_ref().map(|r| ledger(&env, r)).unwrap_or_default(),
    };
    let subject = Subject { env, facts, is_phi: false, subject: None };
    let decided = decided(instance, &subject, explain.then_some("*"), crate::policy::decide::WITNESSES);
    let verdict = together(decided.iter().map(|d| d.result.verdict));
    Some(Trial { expect, decided, verdict })
}

/// One verdict of several: a failure decides, then what is not known; what does not apply says nothing.
pub fn together(verdicts: impl Iterator<Item = Verdict>) -> Verdict {
    verdicts
        .filter(|v| *v != Verdict::NotApplicable)
        .fold(None, |all: Option<Verdict>, v| Some(all.map_or(v, |all| all.and(v))))
        .unwrap_or(Verdict::NotApplicable)
}

fn wanted(expected: Expected) -> Verdict {
    match expected {
        Expected::Passes => Verdict::Pass,
        Expected::Fails => Verdict::Fail,
        Expected::Inconclusive => Verdict::Inconclusive,
        Expected::NotApplicable => Verdict::NotApplicable,
        Expected::Unknown => Verdict::Unknown,
    }
}

impl Trial<'_> {
    /// Whether the verdict, and its reason, are those that were expected.
    pub fn judged(&self) -> Result<(), Diagnostic> {
        let policy = show_use(&self.expect.policy);
        let wanted = wanted(self.expect.verdict);
        let same: Vec<&Decided> = self.decided.iter().filter(|d| d.result.verdict == self.verdict).collect();
        let why = |d: &Decided| format!("{}: {}", d.result.name, d.result.why);
        if self.verdict != wanted {
            let mut out = Diagnostic::new(
                codes::EXPECTATION,
                format!("`{policy}` was expected to be {}, but it is {}", wanted.word(), self.verdict.word()),
            )
            .at(self.expect.policy.span, "this expectation");
            for d in same.iter().take(3) {
                out = out.note(why(d));
            }
            return Err(out);
        }
        match &self.expect.because {
            None => Ok(()),
            Some(Because::Names(names)) => {
                let stray: Vec<&&Decided> =
                    same.iter().filter(|d| !names.iter().any(|n| n.name == d.result.name)).collect();
                let absent = names.iter().find(|n| !same.iter().any(|d| d.result.name == n.name));
                if let Some(name) = absent {
                    let d = Diagnostic::new(
                        codes::EXPECTATION,
                        format!("`{policy}` is {}, but not because of `{}`", self.verdict.word(), name.name),
                    )
                    .at(name.span, "not the reason");
                    return Err(same.iter().take(3).fold(d, |d, s| d.note(why(s))));
                }
                match stray.as_slice() {
                    [] => Ok(()),
                    some => {
                        let d = Diagnostic::new(
                            codes::EXPECTATION,
                            format!("`{policy}` is {} for further reasons", self.verdict.word()),
                        )
                        .at(self.expect.policy.span, "names some of them only");
                        Err(some.iter().take(3).fold(d, |d, s| d.note(why(s))))
                    }
                }
            }
            Some(Because::Clause(text, span)) => {
                if same.iter().any(|d| plain(&d.clause.deciding().text).contains(&plain(text))) {
                    return Ok(());
                }
                let d = Diagnostic::new(
                    codes::EXPECTATION,
                    format!("`{policy}` is {}, but not by this clause", self.verdict.word()),
                )
                .at(*span, "does not decide");
                Err(same
                    .iter()
                    .take(3)
                    .fold(d, |d, s| d.note(format!("it is decided by `{}`", s.clause.deciding().text))))
            }
        }
    }
}

fn ledger(env: &Env, release: &Expr) -> Ledger {
    let ExprKind::Record(fields) = &release.kind else { return Ledger::default() };
    let mut out = Ledger::default();
    for (name, value) in fields {
        match (name.name.as_str(), env.one(value)) {
            ("epsilon", Value::Number(v)) => out.epsilon = Some(v),
            ("delta", Value::Number(v)) => out.delta = Some(v),
            ("train", Value::Number(v)) => out.train = Some(v.max(0.0) as usize),
            ("unit", Value::Text(unit)) => out.unit = Some(unit.to_string()),
            _ => {}
        }
    }
    out
}

/// The rows of a table as they were typed.
fn table(program: &Program, expect: &Expect, columns: &[TestColumn]) -> View {
    let Some(types) = program.test_rows.get(&expect.policy.id) else { return View::default() };
    let mut out = BTreeMap::new();
    let mut rows = 0;
    for column in columns {
        let Some(ty) = types.get(&column.name.name) else { continue };
        let made = filled(column, &ty.base);
        rows = made.len();
        out.insert(column.name.name.clone(), made);
    }
    View::new(out, rows)
}

fn filled(column: &TestColumn, base: &Base) -> Column {
    let cells = || column.cells.iter().flat_map(|c| std::iter::repeat_n(c.value.as_ref(), c.times));
    match base {
        Base::Bool => Column::bools(cells().map(|c| match c {
            Some(CellValue::Bool(v)) => Some(*v),
            _ => None,
        })),
        Base::Category(levels) => Column::levels(
            cells().map(|c| match c {
                Some(CellValue::Word(word)) => levels.code(word),
                _ => None,
            }),
            levels.clone(),
        ),
        Base::Text => Column::Text(
            cells()
                .map(|c| match c {
                    Some(CellValue::Word(word)) => Some(word.as_str()),
                    _ => None,
                })
                .collect::<Vec<Option<&str>>>()
                .into(),
        ),
        Base::Date => Column::Date(
            cells()
                .map(|c| match c {
                    Some(CellValue::Date(day)) => {
                        chrono::NaiveDate::parse_from_str(day, "%Y-%m-%d").ok().and_then(|d| {
                            i32::try_from(d.signed_duration_since(chrono::NaiveDate::default()).num_days()).ok()
                        })
                    }
                    _ => None,
                })
                .collect::<Vec<Option<i32>>>()
                .into(),
        ),
        base => Column::numbers(cells().map(|c| match c {
            Some(CellValue::Number { value, unit, .. }) => Some(value * scale(unit.as_deref(), base)),
            _ => None,
        })),
    }
}

/// From the unit of a cell to that of its column.
fn scale(unit: Option<&str>, base: &Base) -> f64 {
    let Some(code) = unit else { return 1.0 };
    crate::check::unit::Unit::parse(code).ok().and_then(|from| from.factor_to(&base.unit())).unwrap_or(1.0)
}

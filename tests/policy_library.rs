//! The policy library: each constraint has its sentence, source, authority and date, is seen to pass and to fail, and
//! changes on the days it says; the guide's table is that of the files.

use crate::support::{dbf, files, root, stderr, stdout};
use dbf::source::SourceId;
use dbf::syntax::ast::{
    Because, Constraint, Expect, Expected, ExprKind, Item, ItemKind, Period, Policy, Standing, TestPart,
};
use dbf::syntax::{NodeIds, parse_file};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Constraints that are in force on no day, and why.
const NEVER_IN_FORCE: [(&str, &str); 1] =
    [("civil_rights.sb24_205.impact_assessment", "moved, stayed and replaced before its first day")];

/// One file of the library.
struct Library {
    /// `hipaa`.
    module: String,
    items: Vec<Arc<Item>>,
}

impl Library {
    fn all() -> Vec<Library> {
        let found = files(&root().join("stdlib/policy"), ".dbf");
        let read = |path: &std::path::PathBuf| {
            let text = std::fs::read_to_string(path).unwrap();
            let (file, problems) = parse_file(SourceId::default(), &text, &mut NodeIds::default());
            assert!(problems.is_empty(), "{}: {problems:?}", path.display());
            Library { module: path.file_stem().unwrap().to_string_lossy().into_owned(), items: file.items }
        };
        found.iter().map(read).collect()
    }

    fn policies(&self) -> impl Iterator<Item = (&Policy, &Item)> {
        self.items.iter().filter_map(|item| match &item.kind {
            ItemKind::Policy(policy) => Some((policy, item.as_ref())),
            _ => None,
        })
    }

    fn expectations(&self) -> impl Iterator<Item = &Expect> {
        let tests = self.items.iter().filter_map(|item| match &item.kind {
            ItemKind::Test(test) => Some(&test.parts),
            _ => None,
        });
        tests.flatten().filter_map(|part| match part {
            TestPart::Expect(expect) => Some(expect.as_ref()),
            _ => None,
        })
    }

    /// Expectations about this policy, with the one constraint that they ask about.
    fn about(&self, policy: &str) -> Vec<(&Expect, Option<&str>)> {
        let of = |e: &Expect| match e.policy.name.name.split_once('.') {
            Some((front, last)) => (front == policy).then(|| Some(last.to_string())),
            None => (e.policy.name.name == policy).then_some(None),
        };
        self.expectations()
            .filter(|e| of(e).is_some())
            .map(|e| (e, e.policy.name.name.split_once('.').map(|(_, last)| last)))
            .collect()
    }
}

fn rule_is_signed(constraint: &Constraint) -> bool {
    matches!(&constraint.rule.kind, ExprKind::Call { function, .. } if function.name == "attested")
}

/// Whether a test sees this constraint pass, and whether one sees it fail (unknown, for what only a signature decides).
fn seen(library: &Library, policy: &Policy, constraint: &Constraint) -> (bool, bool) {
    let name = constraint.name.name.as_str();
    let (mut passes, mut fails) = (false, false);
    for (expect, only) in library.about(&policy.name.name) {
        if only.is_some_and(|only| only != name) {
            continue;
        }
        let named = matches!(&expect.because, Some(Because::Names(names)) if names.iter().any(|n| n.name == name));
        match expect.verdict {
            Expected::Passes => passes = true,
            Expected::Fails => fails |= only.is_some() || named || policy.constraints.len() == 1,
            Expected::Unknown if rule_is_signed(constraint) => fails |= only.is_some(),
            _ => {}
        }
    }
    (passes, fails)
}

#[test]
fn every_constraint_has_its_sentence_source_authority_and_date() {
    let mut bad = Vec::new();
    let mut count = 0;
    for library in Library::all() {
        for (policy, item) in library.policies() {
            let at = format!("{}.{}", library.module, policy.name.name);
            if item.doc.as_deref().is_none_or(|d| d.trim().is_empty()) {
                bad.push(format!("{at} has no sentence"));
            }
            if policy.last_verified.is_none() {
                bad.push(format!("{at} does not say when it was last verified"));
            }
            for constraint in &policy.constraints {
                count += 1;
                let at = format!("{at}.{}", constraint.name.name);
                // What follows `@` is for tools.
                let sentence = constraint.doc.as_deref().and_then(|d| d.split('@').next()).unwrap_or("");
                if !sentence.trim().ends_with('.') {
                    bad.push(format!("{at} has no sentence"));
                }
                if constraint.about.cite.is_none() && policy.about.cite.is_none() {
                    bad.push(format!("{at} cites nothing"));
                }
                if constraint.about.authority.is_none() && policy.about.authority.is_none() {
                    bad.push(format!("{at} has no authority"));
                }
            }
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
    assert!(count >= 80, "{count} constraints");
}

#[test]
fn every_constraint_is_seen_to_pass_and_to_fail() {
    let mut bad = Vec::new();
    for library in Library::all() {
        for (policy, _) in library.policies() {
            for constraint in &policy.constraints {
                let at = format!("{}.{}.{}", library.module, policy.name.name, constraint.name.name);
                if NEVER_IN_FORCE.iter().any(|(name, _)| *name == at) {
                    let about = library.about(&policy.name.name);
                    assert!(
                        about.len() >= 5 && about.iter().all(|(e, _)| e.verdict == Expected::NotApplicable),
                        "{at}"
                    );
                    continue;
                }
                match seen(&library, policy, constraint) {
                    (true, true) => {}
                    (passes, fails) => bad.push(format!("{at}: passes {passes}, fails {fails}")),
                }
            }
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

fn day_before(day: &str) -> String {
    let day = chrono::NaiveDate::parse_from_str(day, "%Y-%m-%d").unwrap();
    day.pred_opt().unwrap().to_string()
}

/// The days on which a policy begins or ends to ask for something.
fn turns(periods: &[Period]) -> Vec<&str> {
    let applies = periods.iter().any(|p| p.standing == Standing::Applies);
    let begins = if applies { Standing::Applies } else { Standing::Effective };
    let turns = periods.iter().filter(|p| p.standing == begins || p.standing == Standing::Vacated);
    turns.map(|p| p.from.as_str()).collect()
}

#[test]
fn every_turn_of_a_policy_is_tested_on_its_day_and_the_day_before() {
    let mut bad = Vec::new();
    let mut turned = 0;
    for library in Library::all() {
        for (policy, _) in library.policies() {
            let name = format!("{}.{}", library.module, policy.name.name);
            if NEVER_IN_FORCE.iter().any(|(never, _)| never.starts_with(&format!("{name}."))) {
                continue;
            }
            let days: BTreeSet<&str> = library
                .about(&policy.name.name)
                .iter()
                .filter_map(|(e, _)| e.as_of.as_ref().map(|(day, _)| day.as_str()))
                .collect();
            for turn in turns(&policy.about.periods) {
                turned += 1;
                for day in [turn, &day_before(turn)] {
                    if !days.contains(day) {
                        bad.push(format!("{name} is not tested as of {day}"));
                    }
                }
            }
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
    assert!(turned >= 10, "{turned} dated policies");
}

#[test]
fn every_file_checks_without_a_word_and_its_tests_pass() {
    for library in Library::all() {
        let file = format!("stdlib/policy/{}.dbf", library.module);
        for command in ["check", "test"] {
            let output = dbf(&[command, &file]);
            assert!(output.status.success(), "dbf {command} {file}:\n{}{}", stdout(&output), stderr(&output));
            assert!(stderr(&output).is_empty(), "dbf {command} {file}:\n{}", stderr(&output));
        }
    }
}

/// The first sentence of a description, without its full stop.
fn first_sentence(doc: &str) -> String {
    let doc = doc.split_whitespace().collect::<Vec<_>>().join(" ");
    doc.split(". ").next().unwrap_or("").trim_end_matches('.').to_string()
}

/// The table of the guide.
fn table() -> String {
    let mut out = String::from("| policy | what it asks | authority | from | constraints |\n|---|---|---|---|---|\n");
    for library in Library::all() {
        for (policy, item) in library.policies() {
            let authorities: BTreeSet<&str> = policy
                .constraints
                .iter()
                .filter_map(|c| c.about.authority.as_ref().or(policy.about.authority.as_ref()))
                .map(|a| a.name.as_str())
                .collect();
            let from = match turns(&policy.about.periods).as_slice() {
                [] => "undated".to_string(),
                [from] => from.to_string(),
                [from, rest @ ..] => format!("{from}, vacated {}", rest.join(", ")),
            };
            let stayed = policy.about.periods.iter().find(|p| p.standing == Standing::Stayed);
            let from = stayed.map_or(from.clone(), |s| format!("{from}, stayed {}", s.from));
            out.push_str(&format!(
                "| `{}.{}` | {} | {} | {from} | {} |\n",
                library.module,
                policy.name.name,
                first_sentence(item.doc.as_deref().unwrap_or("")),
                authorities.into_iter().collect::<Vec<_>>().join(", "),
                policy.constraints.len()
            ));
        }
    }
    out
}

#[test]
fn the_guide_lists_the_library_as_it_is() {
    let page = std::fs::read_to_string(root().join("docs/guide/policies-library.md")).unwrap();
    let table = table();
    assert!(page.contains(&table), "the table of docs/guide/policies-library.md should be:\n\n{table}");
    let (policies, constraints) = Library::all().iter().fold((0, 0), |(p, c), l| {
        l.policies().fold((p, c), |(p, c), (policy, _)| (p + 1, c + policy.constraints.len()))
    });
    let total = format!("{policies} policies with {constraints} constraints");
    assert!(page.contains(&total), "the page should say \"{total}\"");
}

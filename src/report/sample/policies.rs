//! The policies of the made-up run: nine constraints that reach every verdict between them.

use super::{MODELS, SCENARIOS, Stream, interval, parts};
use crate::eval::estimate::Part;
use crate::suite::result::*;

pub(super) fn policies(stream: &mut Stream) -> Vec<PolicyResult> {
    let mut out = Vec::new();
    for (s, (scenario, rows, _, _)) in SCENARIOS.into_iter().enumerate() {
        for (m, (model, ..)) in MODELS.into_iter().enumerate() {
            let constraints = constraints(stream, s, m, rows);
            let of = |v| constraints.iter().filter(|c: &&ConstraintResult| c.verdict == v).count() as f64;
            let (fails, decided) = (of(Verdict::Fail), of(Verdict::Fail) + of(Verdict::Pass));
            let applicable = constraints.len() as f64 - of(Verdict::NotApplicable);
            out.push(PolicyResult {
                name: "release_gate".into(),
                model: model.into(),
                scenario: scenario.into(),
                task: "diagnosis".into(),
                as_of: Some("2026-11-22".into()),
                compliance: (decided > 0.0).then(|| 1.0 - fails / decided),
                strict: (applicable > 0.0).then(|| 1.0 - (applicable - of(Verdict::Pass)) / applicable),
                coverage: (applicable > 0.0).then(|| decided / applicable),
                constraints,
            });
        }
    }
    out
}

fn constraints(stream: &mut Stream, s: usize, m: usize, rows: usize) -> Vec<ConstraintResult> {
    let make = |name: &str, authority: &str, cite: Option<&str>, rule: &str, doc: Option<&str>| ConstraintResult {
        name: name.into(),
        authority: authority.into(),
        cite: cite.map(Into::into),
        rule: rule.into(),
        doc: doc.map(Into::into),
        verdict: Verdict::Unknown,
        left: None,
        left_interval: None,
        right: None,
        threshold: None,
        confidence: Some(0.95),
        n: rows.into(),
        why: String::new(),
        witnesses: Vec::new(),
        remedy: None,
        unverified: None,
        exception: None,
        tree: None,
    };
    let mut out = Vec::new();
    let mut decide = |mut c: ConstraintResult, value: f64, half: f64, threshold: f64, most: bool| {
        c.left = Some(value);
        c.left_interval = interval(value, half, "bootstrap percentile (1000)");
        c.right = Some(threshold);
        c.threshold = Some(threshold);
        let (below, above) = (value + half <= threshold, value - half > threshold);
        let (holds, breaks) = if most { (below, above) } else { (above, below) };
        c.verdict = if holds {
            Verdict::Pass
        } else if breaks {
            Verdict::Fail
        } else {
            Verdict::Inconclusive
        };
        let words = match c.verdict {
            Verdict::Pass => "the whole interval lies on the allowed side",
            Verdict::Fail => "the whole interval lies beyond the threshold",
            _ => "the interval contains the threshold, so these rows cannot decide it",
        };
        c.why = format!(
            "{} is {value:.4} where the rule allows {} {threshold}; {words}",
            c.name,
            if most { "at most" } else { "at least" }
        );
        out.push(c);
    };
    let cite = Some("Proposal, section 3.2; Naeini et al. 2015 <ECE> & binning");
    let ece = make(
        "calibration",
        "convention",
        cite,
        "ece(p, y, bins: 10) <= 5% with confidence 95%",
        Some("Calibration error for the diagnosis task stays within five points."),
    );
    decide(ece, stream.around(0.0272 + 0.011 * m as f64 + 0.006 * s as f64, 0.004), 0.0061, 0.05, true);
    let parity = make(
        "parity_by_race",
        "house",
        None,
        "dpd(yhat, by: race) <= 3% with confidence 95%",
        Some("No group is selected much more often than another."),
    );
    let race = parts(stream, "race", "base", 0.47);
    decide(ConstraintResult { witnesses: race, ..parity }, stream.around(0.118, 0.02), 0.061, 0.03, true);
    let sex = make(
        "parity_by_sex",
        "regulation",
        Some("45 CFR 92.210 (nondiscrimination in patient care decision support tools)"),
        "dpd(yhat, by: sex) <= 3% with confidence 95%",
        None,
    );
    let witnesses = parts(stream, "sex", "base", 0.47);
    decide(ConstraintResult { witnesses, ..sex }, stream.around(0.0142, 0.01), 0.0171, 0.03, true);
    let auroc = make(
        "discrimination_that_is_good_enough_for_use",
        "consensus",
        Some("Clinical panel minutes, 12 May 2026"),
        "auroc(p, y) >= 75%",
        Some("The model tells survivors from others."),
    );
    decide(auroc, stream.around(0.789, 0.01), 0.0098, 0.75, false);
    let tiny = make("cost_share", "contract", None, "E[cost_share] < 0.03", None);
    decide(tiny, 0.030_000_4, 0.000_000_2, 0.03, true);
    let mut cells = make(
        "small_cells",
        "contract",
        Some("CMS cell size suppression policy"),
        "forall g in groups(release, by: [race, sex]): n(g) == 0 or n(g) >= 11",
        Some("No published cell shows fewer than eleven people."),
    );
    cells.confidence = None;
    cells.left = Some(if m == 1 { 7.0 } else { 34.0 });
    cells.right = Some(11.0);
    cells.threshold = Some(11.0);
    cells.verdict = if m == 1 { Verdict::Fail } else { Verdict::Pass };
    cells.why = if m == 1 {
        "2 of 10 groups have between 1 and 10 rows".into()
    } else {
        "the smallest of 10 groups has 34 rows".into()
    };
    cells.witnesses = if m == 1 {
        vec![
            Part { group: "race == asian, sex == female".into(), value: None, interval: None, n: 7.into() },
            Part {
                group: "race == other, sex == <unknown> & \"quoted\"".into(),
                value: None,
                interval: None,
                n: 4.into(),
            },
        ]
    } else {
        Vec::new()
    };
    out.push(cells);
    let mut better = make(
        "beats_the_physician",
        "house",
        None,
        "auroc(p, y) > auroc(physician, y)",
        Some("Help, not harm: at least as good as the attending physician."),
    );
    better.left = Some(0.7894 + 0.01 * m as f64);
    better.left_interval = interval(0.7894 + 0.01 * m as f64, 0.0098, "delong");
    better.right = Some(0.7865);
    better.verdict = if m == 2 { Verdict::Pass } else { Verdict::Inconclusive };
    better.why = "both sides come from the same rows; the interval of the difference is what decides".into();
    out.push(better);
    let mut explained = make(
        "explanations",
        "guidance",
        Some("FDA draft guidance on AI-enabled device software functions, January 2025"),
        "fidelity(k: 3) >= 90%",
        None,
    );
    explained.why = "fidelity needs the model's response to changed inputs, and recorded predictions have none".into();
    explained.n = 0.into();
    out.push(explained);
    let mut later = make(
        "automated_decisions",
        "statute",
        Some("Colorado SB 24-205, effective 30 June 2026; stayed"),
        "attested(\"impact assessment\")",
        None,
    );
    later.verdict = Verdict::NotApplicable;
    later.why = "the jurisdiction of this policy is CO; the benchmark declares US federal".into();
    out.push(later);
    out
}

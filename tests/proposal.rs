//! The formulas of the proposal, as written in `stdlib/proposal.dbf`, agree with the kernels on real data.

use dbf::cli::FsWorld;
use dbf::repl::Session;
use dbf::repl::answer::Answer;

/// Formula, kernel; over the SUPPORT2 example.
const PAIRS: &[(&str, &str)] = &[
    ("proposal_accuracy(surv6m >= 50%, not dead180)", "accuracy(surv6m >= 50%, not dead180)"),
    ("proposal_f1(surv6m >= 50%, not dead180)", "f1(surv6m >= 50%, not dead180)"),
    ("proposal_ece(surv6m, not dead180)", "ece(surv6m, not dead180)"),
    ("proposal_ece(prg6m, not dead180, bins: 10)", "ece(prg6m, not dead180, bins: 10)"),
    ("proposal_dpd(surv6m >= 50%, sex == male)", "dpd(surv6m >= 50%, by: sex)"),
    ("proposal_fidelity(surv6m, prg6m)", "fidelity(surv6m, prg6m)"),
    ("proposal_completeness(surv6m > prg6m)", "completeness(surv6m > prg6m)"),
];

#[test]
fn the_proposals_formulas_agree_with_the_kernels_on_real_data() {
    let path = crate::support::root().join("examples/support.dbf");
    let text = std::fs::read_to_string(&path).unwrap();
    let (mut session, found) = Session::open(Box::new(FsWorld::of(Some(&path))), "support.dbf", &text);
    assert!(found.is_empty(), "{found:?}");
    let mut value = |text: &str| match session.enter(text) {
        Ok(Answer::Figure { measured: Ok(estimate), .. }) => estimate.value,
        other => panic!("`{text}`: {other:?}"),
    };
    let where_both = " where present(surv6m) and present(prg6m)";
    for (formula, kernel) in PAIRS {
        let a = value(&format!("{formula}{where_both}"));
        let b = value(&format!("{kernel}{where_both}"));
        assert!((a - b).abs() <= 1e-9, "{formula} is {a}, {kernel} is {b}");
    }
    let mixed = value(&format!("E[adjusted_confidence(50%, surv6m, rating(2 * prg6m - 1))]{where_both}"));
    let half = value(&format!("(E[surv6m] + E[prg6m]) / 2{where_both}"));
    assert!((mixed - half).abs() <= 1e-9);
    let verdicts = value("compliance([pass, fail, pass, pass])");
    assert_eq!(verdicts, value("proposal_compliance([false, true, false, false])"));
}

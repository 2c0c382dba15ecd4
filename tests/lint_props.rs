//! What the lints call impossible never happens: random rules over a small schema, decided over random rows.

use crate::support::check;
use arrow_array::BooleanArray;
use dbf::check::Levels;
use dbf::check::lints::{left_sides, verdicts};
use dbf::data::Column;
use dbf::eval::facts::Facts;
use dbf::eval::limits::Meter;
use dbf::eval::{Env, View};
use dbf::policy::{Subject, Verdict, decide};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::collections::BTreeMap;
use std::sync::Arc;

const SCHEMA: &str = r#"
language 1
use std.metrics.{accuracy, dpd}
dataset t from "t.csv" {
  a : Int in -3..5 ?
  b : Real 'mg/dL' in 0.5..2
  p : Prob
  r : Rating
  f : Bool
  g : Bool ?
  k : Category { c1, c2, c3 } ?
  m : Category { u, v }
} sensitivity public
let low = a < 0
let middle = E[b / 1 'mg/dL'] * 2
let third : Real in 0..1 = E[p] / 3
fn twice(v: Real) -> Real = v * 2
fn clipped(v: Real in -1..4) -> Real = v + 1
metric gap(v: Real, w: Bool) -> Real = E[v | w] - E[v | not w]
metric part(w: Bool) -> Prob = P(w)
metric spread(w: Bool, by: Category) -> Real = max over q in by: P(w | by == q) - min over q in by: P(w | by == q)
policy it {
  authority house
  param limit : Prob = 3%
    from @2020-01-01 = 20%
"#;

fn pick(of: &[&'static str]) -> impl Strategy<Value = String> + Clone + use<> {
    prop::sample::select(of.to_vec()).prop_map(String::from)
}

fn row_number() -> impl Strategy<Value = String> {
    let leaf = pick(&[
        "a",
        "or_else(a, 1)",
        "p",
        "(r * 2)",
        "0",
        "1",
        "-3",
        "5",
        "0.5",
        "limit",
        "abs(a)",
        "round(p)",
        "floor(r)",
        "sqrt(p)",
        "exp(r)",
        "ln(p)",
        "to_prob(r)",
        "prob(p)",
        "twice(p)",
        "clipped(or_else(a, 0))",
        "impute(a, mean)",
        "impute(a, median | f)",
        "round(p, digits: 1)",
        "(a ^ 2)",
        "(p ^ 0.5)",
        "(match m { u => 1, v => p })",
        "sum(v * v for v in [1, 2, 3] if v > 1)",
        "(b / 2 'mg/dL')",
        "E[p]",
    ]);
    leaf.prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            (inner.clone(), pick(&["+", "-", "*", "/"]), inner.clone()).prop_map(|(x, o, y)| format!("({x} {o} {y})")),
            (row_condition_of(inner.clone()), inner.clone(), inner.clone())
                .prop_map(|(c, x, y)| format!("(if {c} then {x} else {y})")),
            inner.prop_map(|x| format!("(let t = {x} in -t)")),
        ]
    })
}

fn row_condition_of(number: impl Strategy<Value = String> + Clone + 'static) -> impl Strategy<Value = String> {
    let leaf = pick(&[
        "f",
        "not f",
        "g",
        "k == c1",
        "k != c2",
        "m == v",
        "m != v",
        "k in {c1, c3}",
        "k in {c1, c2, c3}",
        "a in -1..1",
        "a in {0, 5}",
        "b > 5 'mg/L'",
        "b in 10 'mg/L'..20 'mg/L'",
        "present(a)",
        "present(f)",
        "is_missing(g)",
        "low",
        "not low",
        "f == g",
        "a > 3",
        "a < -1",
        "a >= -3",
        "p <= 1",
        "r < -1",
        "a == 5",
        "a != 5",
        "true",
    ]);
    let leaf = prop_oneof![
        2 => leaf,
        1 => (number.clone(), pick(&["<", "<=", ">", ">=", "==", "!="]), number).prop_map(|(x, o, y)| format!("{x} {o} {y}")),
    ];
    leaf.prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            (inner.clone(), pick(&["and", "or"]), inner.clone()).prop_map(|(x, o, y)| format!("({x} {o} {y})")),
            inner.prop_map(|x| format!("(not ({x}))")),
        ]
    })
}

fn condition() -> impl Strategy<Value = String> {
    row_condition_of(pick(&["a", "p", "limit", "twice(p)", "(a + p)", "(r * 1)", "0.5"]))
}

fn figure() -> impl Strategy<Value = String> {
    let number = || row_number();
    let leaf = prop_oneof![
        (condition(), condition()).prop_map(|(e, g)| format!("P({e} | {g})")),
        condition().prop_map(|e| format!("P({e})")),
        (number(), condition()).prop_map(|(x, g)| format!("E[{x} | {g}]")),
        condition().prop_map(|e| format!("E[{e}]")),
        number().prop_map(|x| format!("Var[{x}]")),
        (number(), condition()).prop_map(|(x, g)| format!("sum({x} | {g})")),
        (number(), condition()).prop_map(|(x, g)| format!("min({x} | {g})")),
        number().prop_map(|x| format!("(max({x}) - min({x}))")),
        (number(), condition()).prop_map(|(x, g)| format!("quantile({x}, 25% | {g})")),
        condition().prop_map(|e| format!("count({e})")),
        condition().prop_map(|e| format!("(max over q in k: P({e} | k == q) - min over q in k: P({e} | k == q))")),
        condition().prop_map(|e| format!("(mean over q in m: P({e} | m == q))")),
        (number(), condition()).prop_map(|(x, e)| format!("(E[{x}] where {e})")),
        (condition(), condition()).prop_map(|(e, g)| format!("(P({e}) where {g})")),
        (condition(), condition()).prop_map(|(e, g)| format!("part(or_else({e} and g, false) | {g})")),
        condition().prop_map(|e| format!("spread(or_else({e} or g, true), by: m)")),
        (number(), condition()).prop_map(|(x, e)| format!("gap(or_else({x} + a, 0), or_else({e} and g, false))")),
        condition().prop_map(|e| format!("dpd(or_else({e} and g, true), by: m)")),
        condition().prop_map(|e| format!("accuracy(or_else({e} and g, true), f)")),
        pick(&["limit", "middle", "third", "n()", "0", "1", "0.5", "E[a]", "P(f)"]),
    ];
    leaf.prop_recursive(2, 4, 2, |inner| {
        prop_oneof![
            (inner.clone(), pick(&["+", "-", "*", "/"]), inner.clone()).prop_map(|(x, o, y)| format!("({x} {o} {y})")),
            inner.clone().prop_map(|x| format!("abs({x})")),
            inner.prop_map(|x| format!("(let t = {x} in t * t)")),
        ]
    })
}

fn rule() -> impl Strategy<Value = String> {
    let compare = (
        figure(),
        pick(&["<", "<=", ">", ">=", "==", "!="]),
        prop_oneof![figure(), pick(&["0", "1", "5", "-3", "0.5", "2", "limit", "100%", "E[a]", "P(f)"])],
    )
        .prop_map(|(x, o, y)| format!("{x} {o} {y}"));
    let leaf = prop_oneof![
        6 => compare,
        1 => (condition(), pick(&["0%", "50%", "100%"])).prop_map(|(e, t)| format!("(forall q in groups(by: [k, m]): n(q) == 0 or P({e} | q) >= {t})")),
        1 => (condition(), pick(&["0%", "50%", "100%"])).prop_map(|(e, t)| format!("(forall q in k: P({e} | k == q) <= {t})")),
        1 => (condition(), condition()).prop_map(|(e, g)| format!("every({e} | {g})")),
        1 => condition().prop_map(|e| format!("(exists q in m: P({e} | m == q) < 0)")),
        1 => pick(&["(exists v in 1..3: E[a] > v)", "(forall v in 1..3: n() < v)", "E[a] in -3..5", "P(f) in {0, 1}", "P(f) > 0 or P(f) <= 0",
            "E[a] > 3 and E[a] < 1", "n() == 0 or n() >= 1", "n() != 0 and n() < 1", "E[b] >= 5 'mg/L'", "E[b] < 4 'mg/L'"]),
    ];
    leaf.prop_recursive(2, 4, 2, |inner| {
        prop_oneof![
            (inner.clone(), pick(&["and", "or"]), inner.clone()).prop_map(|(x, o, y)| format!("({x} {o} {y})")),
            inner.prop_map(|x| format!("(not ({x}))")),
        ]
    })
}

#[derive(Debug, Clone)]
struct Row {
    a: Option<i64>,
    b: f64,
    p: f64,
    r: f64,
    f: bool,
    g: Option<bool>,
    k: Option<u32>,
    m: u32,
}

fn row() -> impl Strategy<Value = Row> {
    (
        prop::option::weighted(0.85, prop_oneof![Just(-3), Just(5), -3..=5i64]),
        prop_oneof![Just(0.5), Just(2.0), 0.5..2.0f64],
        prop_oneof![Just(0.0), Just(1.0), Just(0.1), 0.0..1.0f64],
        prop_oneof![Just(-1.0), Just(1.0), Just(0.3), -1.0..1.0f64],
        any::<bool>(),
        prop::option::weighted(0.8, any::<bool>()),
        prop::option::weighted(0.9, 0..3u32),
        0..2u32,
    )
        .prop_map(|(a, b, p, r, f, g, k, m)| Row { a, b, p, r, f, g, k, m })
}

fn view(rows: &[Row]) -> View {
    let levels = |column: &str, names: &[&str]| {
        Arc::new(Levels { column: column.into(), names: names.iter().map(|n| (*n).to_string()).collect() })
    };
    let columns = BTreeMap::from([
        ("a".to_string(), Column::numbers(rows.iter().map(|r| r.a.map(|v| v as f64)))),
        ("b".to_string(), Column::numbers(rows.iter().map(|r| Some(r.b)))),
        ("p".to_string(), Column::numbers(rows.iter().map(|r| Some(r.p)))),
        ("r".to_string(), Column::numbers(rows.iter().map(|r| Some(r.r)))),
        ("f".to_string(), Column::Bool(rows.iter().map(|r| Some(r.f)).collect::<BooleanArray>())),
        ("g".to_string(), Column::Bool(rows.iter().map(|r| r.g).collect::<BooleanArray>())),
        ("k".to_string(), Column::levels(rows.iter().map(|r| r.k), levels("k", &["c1", "c2", "c3"]))),
        ("m".to_string(), Column::levels(rows.iter().map(|r| Some(r.m)), levels("m", &["u", "v"]))),
    ]);
    View::new(columns, rows.len())
}

/// How many rules were called impossible one way or the other, over how many were decided.
#[derive(Debug, Default)]
struct Tally {
    rules: usize,
    settled: usize,
    decided: usize,
}

fn agree(rules: &[(String, bool)], rows: &[Row], tally: &mut Tally) -> Result<(), TestCaseError> {
    let mut script = SCHEMA.to_string();
    for (at, (rule, sure)) in rules.iter().enumerate() {
        let sure = if *sure { " with confidence 90%" } else { "" };
        script.push_str(&format!("  constraint c{at}: {rule}{sure}\n"));
    }
    script.push_str("}\ncheck it on t\n");
    let (checked, _) = check(&script);
    let errors: Vec<_> = checked.diagnostics.iter().filter(|d| d.is_error()).collect();
    let text = |d: &dbf::source::Diagnostic| {
        let at = d.labels.first().map_or(0..0, |l| l.span.start as usize..l.span.end as usize);
        format!("{}: {:?}", d.message, script.get(at))
    };
    prop_assert!(errors.is_empty(), "{:?}", errors.into_iter().map(text).collect::<Vec<_>>());
    let program = checked.program;
    let (kernels, meter) = (dbf::builtins::kernels(), Meter::default());
    let view = view(rows);
    let datasets = BTreeMap::from([("t".to_string(), view.clone())]);
    let env = Env {
        program: &program,
        kernels: &kernels,
        datasets: &datasets,
        view,
        locals: Vec::new(),
        seed: 1,
        meter: &meter,
    };
    let check = dbf::suite::checks::items(&program).next().ok_or_else(|| TestCaseError::fail("no check"))?;
    let instance = program.instances.get(&check.policy.id).ok_or_else(|| TestCaseError::fail("no policy"))?;
    let said = verdicts(&program);
    let sides = left_sides(&program);
    for as_of in ["2019-01-01", "2021-01-01"] {
        let (results, _) = decide(
            instance,
            &Subject {
                env: env.clone(),
                facts: Facts { as_of: Some(as_of.to_string()), ..Facts::default() },
                is_phi: false,
                subject: None,
            },
        );
        for (result, (name, truth)) in results.iter().zip(&said) {
            prop_assert_eq!(&result.name, name);
            tally.rules += 1;
            tally.settled += usize::from(!(truth.yes && truth.no));
            tally.decided += usize::from(matches!(result.verdict, Verdict::Pass | Verdict::Fail));
            let lie = (result.verdict == Verdict::Pass && !truth.yes) || (result.verdict == Verdict::Fail && !truth.no);
            prop_assert!(!lie, "{} is {:?}, said {truth:?}: {}", result.rule, result.verdict, result.why);
            if let (Some(left), Some((_, range))) = (result.left, sides.iter().find(|(n, _)| n == name))
                && result.threshold.is_none()
            {
                prop_assert!(range.lo <= left && left <= range.hi, "{}: {left} is not {range:?}", result.rule);
            }
        }
    }
    Ok(())
}

/// How many policies are tried: `DBF_RULES`, or a number that takes seconds.
fn policies() -> u32 {
    std::env::var("DBF_RULES").ok().and_then(|n| n.parse().ok()).unwrap_or(100)
}

#[test]
fn what_is_called_impossible_never_happens() {
    let seed = std::env::var("DBF_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(2026);
    let config = ProptestConfig {
        cases: policies(),
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(seed),
        max_shrink_iters: 2_000,
        ..ProptestConfig::default()
    };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let tally = std::cell::RefCell::new(Tally::default());
    let rules = prop::collection::vec((rule(), prop::bool::weighted(0.2)), 8);
    runner
        .run(&(rules, prop::collection::vec(row(), 0..8)), |(rules, rows)| {
            agree(&rules, &rows, &mut tally.borrow_mut())
        })
        .unwrap();
    // The reasoning says something, and the rules are not all undecided.
    let tally = tally.into_inner();
    assert!(tally.settled * 20 > tally.rules && tally.decided * 3 > tally.rules, "{tally:?}");
}

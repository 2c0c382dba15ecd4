//! The two evaluators agree bit for bit on generated expressions and data.

use crate::support::check;
use arrow_array::BooleanArray;
use dbf::check::{Base, Level, Levels};
use dbf::data::Column;
use dbf::eval::value::{Out, Value};
use dbf::eval::view::cell;
use dbf::eval::{Env, View};
use dbf::source::SourceMap;
use dbf::syntax::{Entry, parse_entry};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::collections::BTreeMap;
use std::sync::Arc;

const SCHEMA: &str = r#"
dataset d from "none.csv" {
  a : Real in -10..10 ?
  b : Real 'mg/dL' in 0..10
  c : Real 'mg/L' in 0..100 ?
  p : Prob
  f : Bool ?
  g : Bool
  k : Category { x, y, z } ?
  m : Category { u, v }
}
let low = a < 0
fn twice(x: Real?) -> Real? = x + x
fn share(x: Real) -> Prob = prob(x)
fn near(x: Real in 0..50) -> Real = x * 2
metric gap(x: Real, y: Bool) -> Real = E[x | y] - E[x | not y]
"#;

/// Numeric expressions per row.
fn number() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "a",
        "p",
        "1",
        "0.5",
        "0",
        "3",
        "or_else(a, 2)",
        "ln(p)",
        "abs(a)",
        "round(a)",
        "(b / c)",
        "impute(a, mean)",
        "impute(a, median | g)",
        "near(p)",
        "near(or_else(a, 1))",
        "share(p)",
        "share(or_else(a, 0.5))",
        "sum(v * v for v in [1, 2, 3] if v > 1)",
        "{ low: 1, high: 2 }.high",
    ]);
    leaf.prop_map(String::from).prop_recursive(3, 12, 2, |inner| {
        prop_oneof![
            (inner.clone(), prop::sample::select(vec!["+", "-", "*", "/"]), inner.clone())
                .prop_map(|(x, o, y)| format!("({x} {o} {y})")),
            inner.clone().prop_map(|x| format!("(-{x})")),
            inner.clone().prop_map(|x| format!("(if g then {x} else a)")),
            inner.clone().prop_map(|x| format!("(let t = {x} in t + 1)")),
            inner.clone().prop_map(|x| format!("(match k {{ x => {x}, y => a, _ => 2 }})")),
            (inner.clone(), inner.clone()).prop_map(|(x, y)| format!("(match m {{ u => {x}, v => {y} }})")),
        ]
    })
}

/// Conditions per row.
fn condition() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "f",
        "g",
        "k == x",
        "k != y",
        "m == v",
        "k in {x, z}",
        "a in -1..1",
        "b > 5 'mg/L'",
        "c <= b",
        "present(a)",
        "low",
        "true",
        "p in {0.5, 1}",
        "b in 10 'mg/L'..50 'mg/L'",
        "is_missing(a)",
        "f == g",
        "(if f then g else f)",
        "prob(or_else(a, 0.5)) > 0.5",
        "(match m { u => f, v => true })",
        "(b to 'mg/L') > 5 'mg/dL'",
        "or_else(f, g)",
    ]);
    let leaf = prop_oneof![
        leaf.prop_map(String::from),
        (number(), prop::sample::select(vec!["<", "<=", ">", ">=", "==", "!="]), number())
            .prop_map(|(x, o, y)| format!("{x} {o} {y}")),
    ];
    leaf.prop_recursive(3, 10, 2, |inner| {
        prop_oneof![
            (inner.clone(), prop::sample::select(vec!["and", "or"]), inner.clone())
                .prop_map(|(x, o, y)| format!("({x} {o} {y})")),
            inner.prop_map(|x| format!("(not ({x}))")),
        ]
    })
}

/// Expressions with one value for the cohort.
fn cohort() -> impl Strategy<Value = String> {
    prop_oneof![
        (condition(), condition()).prop_map(|(e, g)| format!("P({e} | {g})")),
        condition().prop_map(|e| format!("P({e})")),
        (number(), condition()).prop_map(|(x, g)| format!("E[{x} | {g}]")),
        number().prop_map(|x| format!("Var[{x}]")),
        (number(), condition()).prop_map(|(x, g)| format!("sum({x} | {g}) + max({x})")),
        (number(), condition()).prop_map(|(x, g)| format!("quantile({x}, 25% | {g})")),
        condition().prop_map(|e| format!("count({e}) * 2")),
        condition().prop_map(|e| format!("max over q in k: P({e} | k == q) - min over q in k: P({e} | k == q)")),
        condition().prop_map(|e| format!("forall q in groups(by: [k, m]): n(q) >= 1 or P({e}) > 50%")),
        condition().prop_map(|e| format!("exists q in m: P({e} | m == q) > 40%")),
        condition().prop_map(|e| format!("sum over q in bins(p, 7): P(p in q) * abs(P({e} | p in q) - E[p | p in q])")),
        (number(), condition()).prop_map(|(x, e)| format!("E[{x}] where {e}")),
        (number(), condition()).prop_map(|(x, e)| format!("P({x} > E[{x} | {e}])")),
        condition().prop_map(|e| format!("argmax over q in m: P({e} | m == q)")),
        (number(), condition()).prop_map(|(x, e)| format!("argmin over q in k: E[{x} | k == q and {e}]")),
        (number(), condition()).prop_map(|(x, e)| format!("let t = E[{x}] in P({x} > t | {e})")),
        (number(), condition()).prop_map(|(x, e)| format!("let t = {x} in E[t | {e}] + max(t)")),
        condition().prop_map(|e| format!("sum(P({e} | k == q) for q in k)")),
        condition().prop_map(|e| format!("count(n(q) > 2 and P({e}) > 10% for q in groups(by: [k, m]))")),
        (number(), condition()).prop_map(|(x, e)| format!("gap(or_else({x} + a, 0), or_else({e} and g, false))")),
        condition().prop_map(|e| format!("E[{e}] + Var[if {e} then 1 else 0]")),
        condition().prop_map(|e| format!("P(k == x | {e}) + sum over q in groups(by: [k, m]): P({e} | q)")),
    ]
}

/// Any of them, for the parser's properties.
pub fn expressions() -> impl Strategy<Value = String> {
    prop_oneof![number(), condition(), cohort()]
}

#[derive(Debug, Clone)]
struct Row {
    a: Option<f64>,
    b: f64,
    c: Option<f64>,
    p: f64,
    f: Option<bool>,
    g: bool,
    k: Option<u32>,
    m: u32,
}

fn row() -> impl Strategy<Value = Row> {
    (
        prop::option::weighted(0.8, prop_oneof![Just(0.0), Just(-1.0), -10.0..10.0f64]),
        0.0..10.0f64,
        prop::option::weighted(0.8, prop_oneof![Just(0.0), 0.0..100.0f64]),
        prop_oneof![Just(0.0), Just(0.5), Just(1.0), 0.0..1.0f64],
        prop::option::weighted(0.8, any::<bool>()),
        any::<bool>(),
        prop::option::weighted(0.9, 0..3u32),
        0..2u32,
    )
        .prop_map(|(a, b, c, p, f, g, k, m)| Row { a, b, c, p, f, g, k, m })
}

fn view(rows: &[Row]) -> View {
    let levels = |column: &str, names: [&str; 2]| {
        Arc::new(Levels { column: column.into(), names: names.iter().map(|n| (*n).to_string()).collect() })
    };
    let k = Arc::new(Levels { column: "k".into(), names: ["x", "y", "z"].map(String::from).into() });
    let columns = BTreeMap::from([
        ("a".to_string(), Column::numbers(rows.iter().map(|r| r.a))),
        ("b".to_string(), Column::numbers(rows.iter().map(|r| Some(r.b)))),
        ("c".to_string(), Column::numbers(rows.iter().map(|r| r.c))),
        ("p".to_string(), Column::numbers(rows.iter().map(|r| Some(r.p)))),
        ("f".to_string(), Column::Bool(rows.iter().map(|r| r.f).collect::<BooleanArray>())),
        ("g".to_string(), Column::Bool(rows.iter().map(|r| Some(r.g)).collect::<BooleanArray>())),
        ("k".to_string(), Column::levels(rows.iter().map(|r| r.k), k)),
        ("m".to_string(), Column::levels(rows.iter().map(|r| Some(r.m)), levels("m", ["u", "v"]))),
    ]);
    View::new(columns, rows.len())
}

/// The same rows again and again, up to `n`, in the narrowest storage or in the widest.
fn stretched(rows: &[Row], n: usize, compact: bool) -> View {
    let rows: Vec<Row> = rows.iter().cycle().take(if rows.is_empty() { 0 } else { n }).cloned().collect();
    let wide = view(&rows);
    if !compact {
        return wide;
    }
    let columns = wide.names().into_iter().filter_map(|name| {
        let column = wide.column(&name)?.clone().compact();
        Some((name, column))
    });
    View::new(columns.collect(), rows.len())
}

/// Equal, with numbers compared by their bits.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => x.to_bits() == y.to_bits(),
        (a, b) => a == b,
    }
}

fn agree(text: &str, view: View) -> Result<(), TestCaseError> {
    let rows = view.rows;
    let (checked, _) = check(SCHEMA);
    prop_assert!(!checked.has_errors());
    let mut program = checked.program;
    let mut sources = SourceMap::default();
    let id = sources.add("entry", text);
    let Ok(Entry::Expr(expr)) = parse_entry(id, text, &mut program.ids) else {
        return Err(TestCaseError::fail(format!("does not parse: {text}")));
    };
    let (ty, found) = program.check_expr(&expr, None);
    prop_assert!(found.is_empty(), "{text}: {found:?}");
    let (kernels, datasets) = (dbf::builtins::kernels(), BTreeMap::new());
    let meter = dbf::eval::limits::Meter::default();
    let env = Env {
        program: &program,
        kernels: &kernels,
        datasets: &datasets,
        view,
        locals: Vec::new(),
        seed: 1,
        meter: &meter,
    };
    if ty.level == Level::Row {
        let column = env.eval(&expr);
        for row in 0..rows {
            let by_row = env.row(&expr, row);
            let by_column = match &column {
                Out::Rows(column) => cell(column, row),
                Out::One(value) => value.clone(),
            };
            let undefined = matches!(by_row, Value::Undefined(_)) || matches!(by_column, Value::Undefined(_));
            // One undefined row makes a whole column undefined; the scalar walk names the same reason.
            prop_assert!(undefined || same(&by_row, &by_column), "{text} row {row}: {by_row} / {by_column}");
        }
    } else {
        let (fast, slow) = (env.one(&expr), env.one_by_rows(&expr));
        prop_assert!(same(&fast, &slow), "{text}: {fast} / {slow}");
        prop_assert!(ty.base != Base::Bool || !matches!(fast, Value::Number(_)));
    }
    Ok(())
}

/// Mostly a few rows; now and then around the end of a chunk.
fn sizes() -> impl Strategy<Value = usize> {
    prop_oneof![60 => 0..40usize, 1 => 2040..2060usize, 1 => Just(4099usize)]
}

/// How many program/table pairs are tried: `DBF_PAIRS`, or a number that takes seconds.
fn pairs() -> u32 {
    std::env::var("DBF_PAIRS").ok().and_then(|n| n.parse().ok()).unwrap_or(1_500)
}

/// The seed of the generator: `DBF_SEED`, or always the same.
fn seed() -> u64 {
    std::env::var("DBF_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(2026)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: pairs(), failure_persistence: None, rng_seed: RngSeed::Fixed(seed()), ..ProptestConfig::default()
    })]

    #[test]
    fn both_walks_agree(
        text in expressions(), rows in prop::collection::vec(row(), 0..40), n in sizes(), compact in any::<bool>()
    ) {
        agree(&text, stretched(&rows, n, compact))?;
    }
}

/// Sums over several segments of rows, in parallel, have the bits of the scalar walk.
#[test]
fn many_segments_give_the_same_bits() {
    let mut state = 1u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let rows: Vec<Row> = (0..150_001)
        .map(|_| Row {
            a: (next() < 0.9).then(|| next() * 20.0 - 10.0),
            b: next() * 10.0,
            c: (next() < 0.9).then(|| next() * 100.0),
            p: next(),
            f: (next() < 0.9).then(|| next() < 0.3),
            g: next() < 0.5,
            k: (next() < 0.95).then(|| (next() * 3.0) as u32),
            m: u32::from(next() < 0.2),
        })
        .collect();
    let texts = [
        "E[a | g]",
        "Var[a | k == x]",
        "sum(a * p)",
        "sum over q in bins(p, 15): P(p in q) * abs(P(g | p in q) - E[p | p in q])",
        "(max over q in k: E[a | k == q and g]) - (min over q in k: Var[p | k == q])",
        "forall q in groups(by: [k, m]): n(q) >= 1 and E[p | q] > 10%",
        "quantile(a, 30% | f) + min(p) + max(a | not g)",
        "P(f or a > 0 | b > c)",
    ];
    for text in texts {
        agree(text, view(&rows)).unwrap();
    }
}

//! A program and a table through both evaluators: the same value, bit for bit.
#![no_main]

mod common;

use common::{Choices, OneFile};
use dbf::check::{Level, Program};
use dbf::eval::value::{Out, Value};
use dbf::eval::view::cell;
use dbf::source::SourceMap;
use dbf::suite::Loaded;
use dbf::syntax::{Entry, parse_entry};
use libfuzzer_sys::fuzz_target;
use std::fmt::Write;

const SCHEMA: &str = r#"
dataset d from "d.csv" {
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
"#;

fn number(c: &mut Choices, depth: usize) -> String {
    if depth == 0 {
        return c.one(&["a", "p", "1", "0.5", "0", "3", "or_else(a, 2)", "ln(p)", "abs(a)", "round(a)", "(b / c)", "-1", "1e308"]).into();
    }
    match c.byte() % 6 {
        0 => number(c, 0),
        1 => format!("({} {} {})", number(c, depth - 1), c.one(&["+", "-", "*", "/"]), number(c, depth - 1)),
        2 => format!("(-{})", number(c, depth - 1)),
        3 => format!("(if {} then {} else a)", condition(c, depth - 1), number(c, depth - 1)),
        4 => format!("(let t = {} in t {} t)", number(c, depth - 1), c.one(&["+", "*", "-", "/"])),
        _ => format!("{}({})", c.one(&["abs", "floor", "ceil", "round", "exp", "sqrt"]), number(c, depth - 1)),
    }
}

fn condition(c: &mut Choices, depth: usize) -> String {
    if depth == 0 {
        let leaf = [
            "f", "g", "k == x", "k != y", "m == v", "k in {x, z}", "a in -1..1", "b > 5 'mg/L'", "c <= b", "present(a)", "low",
            "true", "false", "p in {0.5, 1}", "b in 10 'mg/L'..50 'mg/L'", "not present(k)",
        ];
        return c.one(&leaf).into();
    }
    match c.byte() % 5 {
        0 => condition(c, 0),
        1 => format!("{} {} {}", number(c, depth - 1), c.one(&["<", "<=", ">", ">=", "==", "!="]), number(c, depth - 1)),
        2 | 3 => format!("({} {} {})", condition(c, depth - 1), c.one(&["and", "or"]), condition(c, depth - 1)),
        _ => format!("(not ({}))", condition(c, depth - 1)),
    }
}

fn cohort(c: &mut Choices) -> String {
    let form = c.byte() % 16;
    let (x, e, g) = (number(c, 3), condition(c, 2), condition(c, 2));
    match form {
        0 => format!("P({e} | {g})"),
        1 => format!("E[{x} | {g}]"),
        2 => format!("Var[{x} | {g}]"),
        3 => format!("sum({x} | {g}) + max({x})"),
        4 => format!("quantile({x}, 25% | {g})"),
        5 => format!("count({e} | {g}) * 2"),
        6 => format!("max over q in k: P({e} | k == q) - min over q in k: P({e} | k == q)"),
        7 => format!("forall q in groups(by: [k, m]): n(q) >= 1 or P({e}) > 50%"),
        8 => format!("exists q in m: P({e} | m == q) > 40%"),
        9 => format!("sum over q in bins(p, 7): P(p in q) * abs(P({e} | p in q) - E[p | p in q])"),
        10 => format!("E[{x}] where {e}"),
        11 => format!("P({x} > E[{x} | {e}])"),
        12 => format!("argmax over q in m: P({e} | m == q)"),
        13 => format!("min({x} | {g}) <= E[{x}] or P({e}) == 100%"),
        14 => x,
        _ => e,
    }
}

fn table(c: &mut Choices) -> String {
    let mut out = String::from("a,b,c,p,f,g,k,m\n");
    for _ in 0..=c.byte() % 24 {
        let tenth = |byte: u8, span: f64| f64::from(byte) / 255.0 * span;
        let a = match c.byte() {
            0..=40 => String::new(),
            41..=60 => "0".into(),
            byte => (tenth(byte, 20.0) - 10.0).to_string(),
        };
        let b = tenth(c.byte(), 10.0);
        let d = match c.byte() {
            0..=40 => String::new(),
            byte => tenth(byte, 100.0).to_string(),
        };
        let p = match c.byte() {
            0..=20 => 0.0,
            21..=40 => 1.0,
            41..=60 => 0.5,
            byte => tenth(byte, 1.0),
        };
        let (f, g) = (c.one(&["true", "false", ""]), c.one(&["true", "false"]));
        let (k, m) = (c.one(&["x", "y", "z", ""]), c.one(&["u", "v"]));
        let _ = writeln!(out, "{a},{b},{d},{p},{f},{g},{k},{m}");
    }
    out
}

fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => x.to_bits() == y.to_bits(),
        (a, b) => a == b,
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut choices = Choices(bytes);
    let text = cohort(&mut choices);
    let rows = table(&mut choices);
    let mut sources = SourceMap::default();
    let id = sources.add("script.dbf", SCHEMA);
    let checked = Program::load(id, &mut sources, &[]);
    let mut program = checked.program;
    let loaded = match Loaded::load(&program, &OneFile(rows.as_bytes().into())) {
        Ok(loaded) => loaded,
        Err(found) => panic!("{rows}\n{found:?}"),
    };
    let id = sources.add("entry", text.as_str());
    let Ok(Entry::Expr(expr)) = parse_entry(id, &text, &mut program.ids) else { panic!("does not parse: {text}") };
    let (ty, found) = program.check_expr(&expr, None);
    if !found.is_empty() {
        return;
    }
    let env = loaded.env(&program, 1);
    if ty.level == Level::Row {
        let column = env.eval(&expr);
        for row in 0..env.view.rows {
            let by_row = env.row(&expr, row);
            let by_column = match &column {
                Out::Rows(column) => cell(column, row),
                Out::One(value) => value.clone(),
            };
            let undefined = matches!(by_row, Value::Undefined(_)) || matches!(by_column, Value::Undefined(_));
            assert!(undefined || same(&by_row, &by_column), "{text} row {row}: {by_row} / {by_column}\n{rows}");
        }
    } else {
        let (fast, slow) = (env.one(&expr), env.one_by_rows(&expr));
        assert!(same(&fast, &slow), "{text}: {fast} / {slow}\n{rows}");
    }
});

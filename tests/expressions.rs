//! What expressions mean, by both walks: value and text side by side, and what is refused with which code.

use crate::support::check;
use arrow_array::{BooleanArray, Date32Array};
use dbf::check::{Levels, Program};
use dbf::data::Column;
use dbf::eval::value::{Out, Value};
use dbf::eval::view::cell;
use dbf::eval::{Env, View};
use dbf::source::{SourceId, SourceMap};
use dbf::syntax::ast::Expr;
use dbf::syntax::{Entry, parse_entry, show};
use std::collections::BTreeMap;
use std::sync::Arc;

const SCHEMA: &str = r#"
dataset d from "none.csv" {
  sex    : Category { F, M, X } ?
  age    : Real 'a' in 0..120
  crea   : Real 'mg/dL' ? analyte creatinine
  glu    : Real 'mmol/L' molar_mass 180.156 'g/mol'
  hgb    : Real 'g/dL'
  risk   : Prob
  mood   : Rating
  temp   : Real 'Cel' ?
  birth  : Date
  visit  : Date ?
  ill    : Bool
}
fn points(age: Real 'a' in 18..80, weight: Prob in 1%..99% = 50%) -> Real in 0..5 = (age / 10 'a') * weight
fn kappa(sex: Category { F, M, X }) -> Real = match sex { F => 0.7, M, X => 0.9 }
fn width(r: { low: Real, high: Real }) -> Real = r.high - r.low
metric filled(x: Real 'mg/dL' ?) -> Real 'mg/dL' = E[impute(x, median)]
metric mean_share(p: Prob in 0%..90%) -> Prob = E[p]
let elderly = limit <= age
let limit: Real 'a' in 0..120 = 65 'a'
let ranges = { low: 3, high: 5 }
"#;

/// Four rows; the first two are plain, the third has gaps, the fourth is old.
fn view() -> View {
    let sex = Arc::new(Levels { column: "sex".into(), names: ["F", "M", "X"].map(String::from).into() });
    let numbers = |v: [Option<f64>; 4]| Column::numbers(v);
    let full = |v: [f64; 4]| numbers(v.map(Some));
    let days = |v: [Option<&str>; 4]| {
        let day = |t: &str| {
            let date: chrono::NaiveDate = t.parse().unwrap();
            date.signed_duration_since(chrono::NaiveDate::default()).num_days() as i32
        };
        Column::Date(v.into_iter().map(|t| t.map(day)).collect::<Date32Array>())
    };
    let columns = [
        ("sex", Column::levels([Some(0), Some(1), None, Some(0)], sex)),
        ("age", full([40.0, 50.0, 60.0, 90.0])),
        ("crea", numbers([Some(1.0), Some(2.0), None, Some(3.0)])),
        ("glu", full([5.0, 6.0, 7.0, 8.0])),
        ("hgb", full([10.0, 12.0, 14.0, 16.0])),
        ("risk", full([0.1, 0.2, 0.3, 0.95])),
        ("mood", full([-1.0, 0.0, 0.5, 1.0])),
        ("temp", numbers([Some(37.0), Some(38.0), None, Some(39.0)])),
        ("birth", days([Some("1984-02-29"), Some("1974-06-15"), Some("1964-12-31"), Some("1934-01-01")])),
        ("visit", days([Some("2024-02-28"), Some("2024-06-15"), None, Some("2024-12-31")])),
        ("ill", Column::Bool(BooleanArray::from(vec![true, false, true, false]))),
    ];
    View::new(columns.into_iter().map(|(n, c)| (n.to_string(), c)).collect(), 4)
}

fn program() -> (Program, SourceMap) {
    let (checked, sources) = check(SCHEMA);
    assert!(!checked.has_errors(), "{}", crate::support::shown(&checked, &sources));
    (checked.program, sources)
}

fn parsed(id: SourceId, text: &str, program: &mut Program) -> Option<Expr> {
    match parse_entry(id, text, &mut program.ids) {
        Ok(Entry::Expr(expr)) => Some(expr),
        _ => None,
    }
}

/// Checks an expression and hands it over with the rows it is about.
fn asked<T>(text: &str, then: impl FnOnce(&Env, &Expr) -> T) -> T {
    let (mut program, mut sources) = program();
    let id = sources.add("entry", text);
    let expr = parsed(id, text, &mut program).expect(text);
    let (_, found) = program.check_expr(&expr, None);
    assert!(found.is_empty(), "{text}: {found:?}");
    // What is shown means the same.
    let again = show(&expr);
    let id = sources.add("again", again.as_str());
    let second = parsed(id, &again, &mut program).expect(&again);
    assert_eq!(show(&second), again, "{text}");
    let (kernels, datasets) = (dbf::builtins::kernels(), BTreeMap::from([("d".to_string(), view())]));
    let meter = dbf::eval::limits::Meter::default();
    let env = Env {
        program: &program,
        kernels: &kernels,
        datasets: &datasets,
        view: view(),
        locals: Vec::new(),
        seed: 1,
        meter: &meter,
    };
    then(&env, &expr)
}

/// The value by both walks; one text a row for what has a value per row.
fn value(text: &str) -> String {
    asked(text, |env, expr| walked(env, expr, text))
}

fn walked(env: &Env, expr: &Expr, text: &str) -> String {
    match env.eval(expr) {
        Out::One(fast @ Value::Undefined(_)) => fast.to_string(),
        Out::One(fast) => {
            let slow = env.one_by_rows(expr);
            assert_eq!(fast, slow, "{text}");
            fast.to_string()
        }
        Out::Rows(column) => {
            let rows: Vec<String> = (0..column.len())
                .map(|row| {
                    let (fast, slow) = (cell(&column, row), env.row(expr, row));
                    assert_eq!(fast, slow, "{text} row {row}");
                    fast.to_string()
                })
                .collect();
            rows.join(" ")
        }
    }
}

/// The codes and messages that an expression is refused with.
fn refused(text: &str) -> Vec<(String, String)> {
    let (mut program, mut sources) = program();
    let id = sources.add("entry", text);
    let found = match parse_entry(id, text, &mut program.ids) {
        Ok(Entry::Expr(expr)) => program.check_expr(&expr, None).1,
        Ok(Entry::Item(item)) => program.add_item(item),
        Err(found) => found,
    };
    found
        .into_iter()
        .map(|d| (d.code.id.to_string(), format!("{} {}", d.message, d.help.unwrap_or_default())))
        .collect()
}

fn all(table: &[(&str, &str)]) {
    for (text, expected) in table {
        assert_eq!(value(text), *expected, "{text}");
    }
}

fn none(table: &[(&str, &str, &str)]) {
    for (text, code, words) in table {
        let found = refused(text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert_eq!(found[0].0, *code, "{text}: {found:?}");
        assert!(found[0].1.contains(words), "{text}: {}", found[0].1);
    }
}

#[test]
fn match_answers_every_level() {
    all(&[
        ("match sex { F => 1, M => 2, X => 3 }", "1 2 missing 1"),
        ("match sex { F => 1, _ => 2 }", "1 2 missing 1"),
        ("match sex { F, \"M\" => 1, X => 2, }", "1 1 missing 1"),
        ("match ill { true => age, false => 1 'a' }", "40 1 60 1"),
        ("match true { true => \"yes\", false => \"no\" }", "yes"),
        ("E[kappa(sex)] where present(sex)", "0.7666666666666666"),
        ("kappa(or_else(sex, X))", "0.7 0.9 0.9 0.7"),
        ("or_else(match sex { F => 1, _ => 2 }, 0)", "1 2 0 1"),
        ("P(match sex { F => ill, _ => false })", "0.3333333333333333"),
        ("match argmax over g in sex: E[age | sex == g] { F => 1, _ => 2 }", "1"),
        ("match sex { F => 1, _ => 2 * 3 } + 1", "2 7 missing 2"),
    ]);
    none(&[
        ("match sex { F => 1 }", "DBF0206", "`M => …, X => …`"),
        ("match ill { true => 1 }", "DBF0206", "`false` has no arm"),
        ("match sex { F => 1, F => 2, _ => 3 }", "DBF0207", "answered twice"),
        ("match sex { _ => 3, F => 1 }", "DBF0207", "put `_` last"),
        ("match sex { F, M, X => 1, _ => 3 }", "DBF0207", "nothing is left"),
        ("match sex { F => 1, Y => 2, _ => 3 }", "DBF0103", "`Y` is not a level"),
        ("match sex { F => 1, M => \"a\", X => 2 }", "DBF0201", "an arm of `match`"),
        ("match sex { F => risk, M => mood, X => risk }", "DBF0201", "to_prob"),
        ("match age { F => 1 }", "DBF0201", "a category, a flag or a verdict"),
        ("P(match sex { F => 1, M => 2, X => 3 })", "DBF0201", "Bool"),
    ]);
}

#[test]
fn comprehensions_walk_over_lists_levels_groups_and_bins() {
    all(&[
        ("[v * 2 for v in [1, 2, 3]]", "[2, 4, 6]"),
        ("[v * 2 for v in [1, 2, 3] if v > 1]", "[4, 6]"),
        ("sum(v for v in 1..4)", "10"),
        ("mean(v for v in 1..4)", "2.5"),
        ("min(v ^ 2 for v in [3, -2])", "4"),
        ("max(v for v in [0.5, 2] if v < 1)", "0.5"),
        ("count(v > 1 for v in [1, 2, 3])", "2"),
        ("count(v > 1 for v in [1, 2, 3] if v < 3)", "1"),
        ("mean(v > 1 for v in [1, 2])", "0.5"),
        ("sum(v for v in [1] if v > 1)", "0"),
        ("max(v for v in [1] if v > 1)", "undefined: there is nothing to walk over"),
        ("[E[age | sex == g] for g in sex]", "[65, 50]"),
        ("max(E[age | sex == g] for g in sex) - min(E[age | sex == g] for g in sex)", "15"),
        ("sum(n(g) for g in groups(by: [sex]))", "3"),
        ("count(n(g) > 0 for g in groups(by: [sex]))", "2"),
        ("sum(P(risk in b) for b in bins(risk, 10))", "1"),
        ("sum(age * v for v in [1, 2])", "120 150 180 270"),
        ("sum(v for v in [age, 10 'a'])", "50 60 70 100"),
        ("[v for v in [age, 10 'a'] if v > 45 'a'][1]", "undefined: the list has no position 1; the first is 1"),
        ("sum(v for v in [crea, 1 'mg/dL'])", "2 3 missing 4"),
        ("[[a * b for b in 1..2] for a in 1..2]", "[[1, 2], [2, 4]]"),
        ("len([v for v in 1..9 if v > 4])", "5"),
        ("len(\"naïve\")", "5"),
        ("argmin over g in sex: E[age | sex == g]", "M"),
        ("argmax over v in 1..5: v * (4 - v)", "2"),
        ("sum over k in 1..3: 0.5 ^ k", "0.875"),
        ("let top = 3 in sum over k in 1..top: k", "6"),
        ("let top = 0 in sum over k in 1..top: k", "0"),
        (
            "let top = 1000000000 in sum(k for k in 1..top)",
            "undefined: a range of more than 100000 numbers is not walked over",
        ),
        ("forall v in 1..3: v < 4", "true"),
        ("exists v in [1, 2]: v == 3", "false"),
        ("count(g == F for g in sex)", "1"),
        ("[1 / v for v in [1, 0]]", "undefined: 0: division by zero"),
    ]);
    none(&[
        ("median(v for v in [1])", "DBF0202", "does not take `for`"),
        ("sum(v > 1 for v in [1])", "DBF0201", "needs numbers"),
        ("count(v for v in [1])", "DBF0201", "Bool"),
        ("sum(v for v in [1] if v)", "DBF0201", "the condition after `if`"),
        ("sum(v for v in 1..2.5)", "DBF0208", "whole numbers"),
        ("sum(v for v in 3..1)", "DBF0208", "empty"),
        ("sum(v for v in 1..1000000)", "DBF0208", "more than 100000"),
        ("let top = n() in sum(v for v in 1..top)", "DBF0208", "whole numbers"),
        ("sum(age for g in sex)", "DBF0301", "a figure per group"),
        ("sum(v for v in age)", "DBF0201", "can be walked over"),
        ("sum over v in [age, 1 'a']: v", "DBF0301", "what a cohort walks over"),
        ("[w for v in [1]]", "DBF0101", "unknown name `w`"),
        ("len(sex)", "DBF0201", "`len` counts"),
        ("mean([1, 2])", "DBF0201", "`mean(v for v in xs)`"),
    ]);
}

#[test]
fn records_have_parts() {
    all(&[
        ("{ low: 1, high: 2 }", "{ low: 1, high: 2 }"),
        ("{ low: 1, high: 2 }.high", "2"),
        ("let r = { low: 1, high: 2 } in r.high - r.low", "1"),
        ("{ low: 1, high: 2 } == { high: 2.0, low: 1 }", "true"),
        ("{ low: 1, high: 2 } != { low: 1, high: 3 }", "true"),
        ("[1, 2] == [1, 2.5]", "false"),
        ("width({ low: 1.5, high: 2 })", "0.5"),
        ("width(ranges)", "2"),
        ("P(hgb / 1 'g/dL' in ranges.low..12)", "0.5"),
        ("P(let r = { a: crea, b: 1 } in r.a > 1.5 'mg/dL')", "0.6666666666666666"),
        ("P({ a: crea, b: 1 } == { a: 2 'mg/dL', b: 1 })", "0.3333333333333333"),
        ("{ a: { b: 3 } }.a.b", "3"),
    ]);
    none(&[
        ("{ lower: 1, upper: 2 }.uper", "DBF0101", "did you mean `upper`?"),
        ("{ a: 1, a: 2 }", "DBF0102", "two parts `a`"),
        ("(3).low", "DBF0101", "nothing here has a part"),
        ("width({ low: 1 })", "DBF0201", "`high` is missing"),
        ("width({ low: 1, high: \"2\" })", "DBF0201", "`high` of `r`"),
        ("{ a: 1 } == { b: 1 }", "DBF0201", "one kind"),
        ("let r = { a: age } in E[r.a]", "DBF0302", "inside the condition"),
        ("auroc(risk, { a: crea }.a > 1 'mg/dL')", "DBF0203", "impute"),
    ]);
}

#[test]
fn promises_are_kept_or_blamed() {
    all(&[
        ("points(40 'a')", "2"),
        ("points(E[age])", "3"),
        ("E[points(age)] where age < 80 'a'", "2.5"),
        (
            "points(age)",
            "undefined: `age` of `points` is declared `Real 'a' in 18..80` (script.dbf:15); `age` is 90, which lies outside",
        ),
        (
            "E[points(age + 50 'a')]",
            "undefined: `age` of `points` is declared `Real 'a' in 18..80` (script.dbf:15); `age + 50 'a'` is 90, which lies outside",
        ),
        (
            "points(E[age], weight: 99%)",
            "undefined: the result of `points` is declared `Real in 0..5` (script.dbf:15); `age / 10 'a' * weight` is 5.9399999999999995, which lies outside",
        ),
        (
            "sum(points(age) | age < 80 'a')",
            "undefined: `age` of `points` is declared `Real 'a' in 18..80` (script.dbf:15); `age` is 90, which lies outside",
        ),
        ("mean_share(risk) where risk < 50%", "0.20000000000000004"),
        (
            "mean_share(risk)",
            "undefined: `p` of `mean_share` is declared `Prob in 0%..90%` (script.dbf:19); `risk` is 0.95, which lies outside",
        ),
        ("P(elderly)", "0.25"),
        ("let x: Prob in 1%..99% = 50% in x", "0.5"),
        ("let x: Real 'mg/L' = E[crea] in x", "20"),
        (
            "let x: Real 'a' in 0..50 = age in x > 45 'a'",
            "undefined: `x` is declared `Real 'a' in 0..50`; `age` is 60, which lies outside",
        ),
        ("let g: Category? = sex in P(g == F)", "0.6666666666666666"),
    ]);
    none(&[
        ("points(12 'a')", "DBF0204", "is declared `Real 'a' in 18..80`"),
        ("points(-1 'a')", "DBF0204", "`age` of `points`"),
        ("points(40 'a', 100%)", "DBF0204", "`Prob in 1%..99%`"),
        ("points(480 'mo', 0%)", "DBF0204", "`weight` of `points`"),
        ("let x: Prob in 1%..99% = 0% in x", "DBF0204", "`x` is declared"),
        ("let x: Prob = mood in E[x]", "DBF0201", "to_prob"),
        ("let x: Prob = 2 in x", "DBF0204", "`x` is a Prob"),
        ("let x: Real = \"a\" in x", "DBF0201", "needs a Real"),
        ("let x: Real 'mg/dL' = crea in E[x]", "DBF0203", "`x` needs a value in every row"),
        ("let x: Text in 1..2 = \"a\" in x", "DBF0201", "a range needs a number"),
        ("let x: Int in 3..1 = 2 in x", "DBF0204", "this range is empty"),
        ("let x: Int = ? in x", "DBF0205", "count(…), n(…), round(…)"),
        ("let x: Prob = ? in x", "DBF0205", "risk, mean_share(…)"),
        ("let x: Real 'a' = ? in x", "DBF0205", "age, limit"),
        ("let x: Rating = ? in x", "DBF0205", "mood, rating(…)"),
    ]);
}

#[test]
fn substances_turn_mass_into_amount() {
    all(&[
        ("P(crea > 100 'umol/L')", "0.6666666666666666"),
        ("P(88 'umol/L' < crea)", "1"),
        ("round(E[crea] to 'umol/L', digits: 1)", "176.8"),
        ("round(E[crea to 'umol/L'], digits: 1)", "176.8"),
        ("round(max(glu) to 'mg/dL', digits: 1)", "144.1"),
        ("P(glu + 10 'mg/dL' > 6 'mmol/L')", "0.75"),
        ("round(E[or_else(crea, 100 'umol/L')], digits: 3)", "1.783"),
        ("round(quantile(crea, 50%) * 2 'dL' to 'umol', digits: 2)", "35.36"),
        ("P(crea in 80 'umol/L'..180 'umol/L')", "0.6666666666666666"),
        ("let c: Real 'umol/L' = E[crea] in round(c)", "177"),
        ("25% to '%'", "25"),
        ("25 '%' ^ 2", "0.0625"),
        ("sqrt(25 '%')", "0.5"),
        ("25 '%' + 1 '1' to '1'", "1.25"),
        ("P(risk > 25 '%')", "0.5"),
        ("36 'Cel' to 'K'", "309.15"),
        ("98.6 '[degF]' to 'Cel'", "37"),
        ("round(E[temp to '[degF]'], digits: 1)", "100.4"),
        ("E[temp - 37 'Cel'] > 0.5 'K'", "true"),
        ("37 'Cel' + 5 * 1 'Cel'", "42"),
    ]);
    none(&[
        ("P(hgb > 7 'mmol/L')", "DBF0401", "analyte creatinine"),
        ("hgb + 7 'mmol/L'", "DBF0401", "analyte creatinine"),
        ("P(glu > crea)", "DBF0401", "one is of creatinine, the other of glu"),
        ("E[hgb] to 'mmol/L'", "DBF0401", "molar_mass 113.12"),
        ("E[age] to 'mg'", "DBF0401", "same dimension"),
        ("P(temp > 300 'K')", "DBF0401", "`300 'K' to 'Cel'`"),
        ("3 to 'parsnip'", "DBF0402", "not a UCUM unit"),
        ("sex to 'mg'", "DBF0201", "only numbers have units"),
        ("(crea * crea) > 1 'mmol2/L2'", "DBF0401", ""),
    ]);
}

#[test]
fn the_calendar_answers_what_it_can() {
    all(&[
        ("@2024-03-01 - @2024-02-28", "2"),
        ("@2024-02-28 + 2 'd'", "2024-03-01"),
        ("@2024-02-28 - 1 'wk'", "2024-02-21"),
        ("1 'd' + @2024-12-31", "2025-01-01"),
        ("@2024-02-28 + 36 'h'", "2024-02-29"),
        ("@2024-02-28 + 1e18 'd'", "undefined: the day lies outside the calendar"),
        ("birth + 1 'd'", "1984-03-01 1974-06-16 1965-01-01 1934-01-02"),
        ("visit + 1e18 'd'", "missing missing missing missing"),
        ("visit - birth > 50 'a'", "false true missing true"),
        ("E[(visit - birth) to 'wk'] > 52 'wk'", "true"),
        ("add_months(@2024-01-31, 1, rounding: \"down\")", "2024-02-29"),
        ("add_months(@2024-01-31, 1, rounding: \"up\")", "2024-03-01"),
        ("add_years(birth, 18, \"up\")", "2002-03-01 1992-06-15 1982-12-31 1952-01-01"),
        ("add_months(visit, -1, rounding: \"down\")", "2024-01-28 2024-05-15 missing 2024-11-30"),
        ("years_between(birth, visit)", "39 50 missing 90"),
        ("P(visit in @2024-01-01..@2024-06-30)", "0.6666666666666666"),
        ("P(visit >= @2024-06-15)", "0.6666666666666666"),
        ("E[if ill then birth + 1 'd' - birth else 0 'd']", "0.5"),
    ]);
    none(&[
        ("@2024-01-31 + 1 'mo'", "DBF0403", "add_months(@2024-01-31, 1, rounding: \"down\")"),
        ("birth + age", "DBF0403", "add_years(birth, n"),
        ("@2024-01-31 + 30", "DBF0401", "`30 'd'`"),
        ("@2024-01-31 + 3 'mg'", "DBF0401", "a length of time"),
        ("@2024-01-31 + @2024-01-31", "DBF0201", "a number of days"),
        ("30 'd' - @2024-01-31", "DBF0201", "does not combine"),
        ("@2024-01-31 * 2", "DBF0201", "does not combine"),
        ("P(visit > 2024)", "DBF0201", "a date compares with a date"),
        ("P(visit > \"2024-01-01\")", "DBF0201", "without quotes"),
        ("add_months(@2024-01-31, 1, rounding: \"nearest\")", "DBF0202", "says how it rounds"),
        ("add_months(@2024-01-31, 1)", "DBF0202", "takes 3 arguments"),
        ("add_years(@2024-01-31, 1.5, rounding: \"up\")", "DBF0201", "a whole number"),
        ("years_between(@2024-01-31, 3)", "DBF0201", "needs a Date"),
    ]);
}

#[test]
fn gaps_are_asked_for_and_filled() {
    all(&[
        ("is_missing(crea)", "false false true false"),
        ("P(is_missing(sex))", "0.25"),
        ("impute(crea, mean)", "1 2 2 3"),
        ("impute(crea, median | ill)", "1 2 1 3"),
        ("impute(temp, mode)", "37 38 37 39"),
        ("impute(sex, mode)", "F M F F"),
        ("impute(visit, mode)", "2024-02-28 2024-06-15 2024-02-28 2024-12-31"),
        ("E[impute(crea, mean) | ill]", "1.5"),
        ("E[impute(crea, mean)] where age > 55 'a'", "3"),
        (
            "impute(crea, mean | age > 100 'a')",
            "undefined: no row has a value of `crea` to fill the others with where `age > 100 'a'`",
        ),
        ("impute(risk, mean)", "0.1 0.2 0.3 0.95"),
        ("impute(impute(crea, mean) * (temp / 1 'Cel'), mean) > 0 'mg/dL'", "true true true true"),
        ("filled(crea)", "2"),
        ("mean_share(risk) where not is_missing(crea) and risk < 90%", "0.15000000000000002"),
    ]);
    none(&[
        ("impute(sex, mean)", "DBF0201", "the mean needs numbers"),
        ("let t = crea * 2 in impute(t, mean)", "DBF0301", "before it gets a name"),
        ("impute(crea, average)", "DBF0104", "unknown way to fill `average`"),
        ("impute(E[crea], mean)", "DBF0301", "fills the rows of a column"),
        ("auroc(crea / 1 'mg/dL', ill)", "DBF0201", "Prob"),
    ]);
}

#[test]
fn a_condition_goes_with_what_goes_over_rows() {
    all(&[
        ("P(ill | age > 45 'a')", "0.3333333333333333"),
        ("E[age | ill]", "50"),
        ("Var[age | ill]", "200"),
        ("quantile(age, 50% | ill)", "50"),
        ("sum(age | ill)", "100"),
        ("count(age > 50 'a' | ill)", "1"),
        ("forall g in sex | age < 85 'a': P(sex == g) <= 50%", "true"),
        ("exists g in sex | age > 85 'a': P(sex == g) == 1", "true"),
        ("forall g in sex | age > 85 'a': count(sex == g) > 0", "false"),
    ]);
    none(&[
        ("abs(age | ill)", "DBF0202", "`abs` takes no condition"),
        ("points(age | ill)", "DBF0202", "`points` takes no condition"),
        ("present(crea | ill)", "DBF0202", "takes no condition"),
        ("forall g in sex | age: n() > 0", "DBF0201", "`where` needs a Bool"),
    ]);
}

/// Definitions may stand in any order, and may not need themselves.
#[test]
fn definitions_are_free_in_order_and_never_circular() {
    let codes = |text: &str| -> Vec<String> {
        let (checked, _) = check(text);
        checked.diagnostics.iter().map(|d| format!("{}: {}", d.code.id, d.message)).collect()
    };
    assert!(codes("let a = b + c\nlet b = c\nlet c = 1").is_empty());
    for (text, names) in [
        ("let a = a + 1", "DBF0106: `a` is defined by itself"),
        ("let a = b\nlet b = a", "DBF0106: `a` is defined by itself"),
        ("let a = b\nlet b = c\nlet c = [a for v in [1]]", "DBF0106: `a` is defined by itself"),
        ("fn f(x: Real) -> Real = f(x)", "DBF0106: `f` calls itself"),
        ("metric m(p: Prob) -> Real = g(E[p])\nfn g(x: Real) -> Real = m([x])", "DBF0106: `g` calls itself"),
        ("let a = f(1)\nfn f(x: Real) -> Real = x + a", "DBF0101: unknown name `a`"),
        ("fn f(x: Real) -> Real = match true { true => f(x), false => 1 }", "DBF0106: `f` calls itself"),
    ] {
        let found = codes(text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        let round = names.replace("`g`", "`m`");
        assert!(found[0] == names || found[0] == round, "{text}: {found:?}");
    }
    // A chain may be long, but not as long as the stack.
    let down: String = (0..2000).map(|i| format!("let a{i} = a{} + 1\n", i + 1)).collect();
    let up: String = (1..2000).map(|i| format!("let a{i} = a{} + 1\n", i - 1)).collect();
    for text in [format!("{down}let a2000 = 1"), format!("let a0 = 1\n{up}")] {
        let found = codes(&text);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("DBF0005"), "{found:?}");
    }
}

#[test]
fn any_figure_by_group() {
    let measured = |text: &str| asked(text, dbf::builtins::measure::measure);
    let parts = |text: &str| {
        let e = measured(text).unwrap();
        let part = |p: &dbf::eval::estimate::Part| (p.group.clone(), p.value, p.n.shown().unwrap());
        (e.value, e.parts.iter().map(part).collect::<Vec<_>>(), e.notes)
    };
    // Two women, a man, one of whom it is not known, and nobody `X`.
    let (whole, groups, notes) = parts("by_group(E[age], by: sex, small: 1)");
    assert_eq!(whole, 60.0);
    assert_eq!(groups, [("sex = F".into(), Some(65.0), 2), ("sex = M".into(), Some(50.0), 1)]);
    assert_eq!(notes, ["rows of no group, since a value is missing: 1"]);
    // Groups crossed.
    let (_, groups, _) = parts("by_group(P(risk > 15%) - P(ill), by: [sex, ill], small: 1)");
    assert_eq!(groups.iter().map(|g| g.2).sum::<usize>(), 3);
    assert!(groups.iter().all(|g| g.0.contains("sex = ") && g.0.contains(", ill = ")));
    // The small ones are refused, or put together.
    let (_, groups, notes) = parts("by_group(E[age], by: sex, small: 2)");
    assert_eq!(groups, [("sex = F".into(), Some(65.0), 2), ("sex = M".into(), None, 1)]);
    assert!(notes[0].contains("`sex = M` has fewer than 2 rows"), "{notes:?}");
    let (_, groups, notes) = parts("by_group(E[age], by: sex, small: 3, rule: \"pool\")");
    assert_eq!(groups, [("small groups".into(), Some(60.0), 3)]);
    assert!(notes[0].contains("sex = F; sex = M"), "{notes:?}");
    assert_eq!(measured("by_group(E[age], by: sex)").unwrap().parts.iter().filter(|p| p.value.is_some()).count(), 0);
    let why = measured("by_group(E[age], by: sex, rule: \"drop\")").unwrap_err();
    assert!(why.reason.contains("\"refuse\" or \"pool\""), "{}", why.reason);
    // Its value is the figure's, wherever a figure can stand.
    assert_eq!(value("by_group(E[age], by: sex) - E[age]"), "0");
    for text in ["by_group(age, by: sex)", "by_group(E[age], by: age)", "by_group(E[age], by: sex, small: \"few\")"] {
        assert_eq!(refused(text).iter().map(|r| r.0.as_str()).collect::<Vec<_>>(), ["DBF0201"], "{text}");
    }
}

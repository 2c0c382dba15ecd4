//! How long the front end takes on made-up scripts of many lines: what analysts write, over and over.
//!
//! In this process and without any data, so that the figures are the parser's and the checker's own.

use dbf::check::Program;
use dbf::source::SourceMap;
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::Instant;

const HEAD: &str = r#"//! A large file, made for measuring.
language 1
module large version "0.1.0"

use std.metrics.{auroc, f1, ece, dpd}

/// Who was admitted, what was measured, and how it ended.
dataset ward from "ward.csv" {
  id      : Int                        subject
  age     : Real 'a' in 0..120         protected
  sex     : Category { F, M }          protected
  site    : Category { north, south, west }
  crea    : Real 'mg/dL' in 0..30 ?    // may be missing
  sodium  : Real 'mmol/L' in 90..200
  sepsis  : Bool
  died    : Bool                       label
  stay    : Int 'd'                    outcome
  severe  : Bool? = crea > 2 'mg/dL' or sepsis
  risk    : Prob ? predicts died
} sensitivity phi  license "made up"  source "made up"

scenario base = ward {}
task diagnosis on row predict died
model recorded_risk = recorded(risk)
model regression = logistic(features: all except site)

benchmark large version "1.0.0" {
  scenarios base
  models    recorded_risk, regression
  tasks     diagnosis
  metrics   auroc, f1, ece(bins: 5), dpd(by: sex)
  as of     @2026-11-22
  folds     5
  seed      1
}
"#;

const BLOCK: &str = r#"
// ---- ward rules, chapter # ----------------------------------------------------
/// Deaths among older patients whose creatinine was measured and high.
let older_# = P(died | age >= 65 'a' and present(crea) and crea > 1.2 'mg/dL')
let excess_# = older_# - P(died)
let typical_# = quantile(age, 50% | sepsis and site in {north, west}) // in years

/// A linear score, as the handbook gives it.
fn score_#(x: Real, slope: Real = 1.5) -> Real = x * slope + 0.25 * (x - 1) ^ 2

/// The largest gap between what was foretold and what came, over groups.
/// @cite chapter # of the handbook
metric gap_#(p: Prob, y: Bool, by: Category) -> Real =
  max over g in by: abs(E[p | by == g] - E[y | by == g])

metric worth_#(p: Prob, y: Bool, pt: Prob = 20%) -> Real =
  P(p >= pt and y) - P(p >= pt and not y) * pt / (1 - pt)

/* What the hospital asks of a model
   before it may be used on chapter #. */
policy gate_# jurisdiction US {
  cite "handbook, chapter #" authority contract
  effective @2024-01-26 ..
  last_verified @2026-11-30
  param least : Int = 11
    from @2017-05-08 = 11

  /// Small cells are not published.
  constraint cells: forall g in groups(by: [sex, site]):
    n(g) == 0 or n(g) >= least
  constraint parity: dpd(yhat, by: sex) <= 3%  with confidence 95%
  constraint ranking authority house weight 2: auroc(p, y) >= 75% and f1(yhat, y) >= 0.5
  constraint gap: gap_#(p, y, by: site) <= 5%
  constraint old: P(yhat | age >= 80 'a') - P(yhat | age < 80 'a') <= 40% or score_#(2) > 9
}

scenario winter_# = base with { size 500  mix sex { F: 40%, M: 60% }  prevalence died = 12% }

test "chapter # adds up" {
  assert score_#(2) == 3.25
  assert older_# >= 0% or count(sepsis) == 0
  assert if excess_# > 0 then older_# > 0 else older_# >= 0
}
"#;

const DATA: &str = r#"
dataset extra_# from "extra_#.csv" {
  id    : Int subject
  hba1c : Real '%' in 3..20 ?
  smoke : Category { never, former, current }
  event : Bool label
  when  : Date
} sensitivity deidentified
"#;

/// A sound script of about `lines` lines.
pub fn script(lines: usize) -> String {
    let mut out = String::from(HEAD);
    let (mut written, mut chapter) = (HEAD.lines().count(), 0);
    while written < lines {
        let number = chapter.to_string();
        for (part, every) in [(BLOCK, 1), (DATA, 4)] {
            if chapter % every == 0 {
                let _ = out.write_str(&part.replace('#', &number));
                written += part.lines().count();
            }
        }
        chapter += 1;
    }
    out
}

/// Best wall time of `runs` checks, in milliseconds, and how many diagnostics there were.
pub fn best_ms(text: &str, runs: usize) -> (f64, usize) {
    let mut best = f64::INFINITY;
    let mut told = 0;
    for _ in 0..runs {
        let mut sources = SourceMap::default();
        let id = sources.add("large.dbf", text);
        let start = Instant::now();
        let checked = Program::load(id, &mut sources, dbf::builtins::STD);
        best = best.min(start.elapsed().as_secs_f64() * 1000.0);
        told = checked.diagnostics.len();
    }
    (best, told)
}

/// Milliseconds for 1,000 to 200,000 lines, the standard library included.
pub fn figures() -> Value {
    let mut out = serde_json::Map::new();
    let mut at = |lines: usize, runs: usize| {
        let text = script(lines);
        let (ms, diagnostics) = best_ms(&text, runs);
        let bytes = text.len();
        out.insert(
            format!("{lines} lines"),
            json!({ "best_ms": ms, "runs": runs, "bytes": bytes, "diagnostics": diagnostics }),
        );
        ms
    };
    at(1_000, 20);
    at(10_000, 5);
    let once = at(100_000, 3);
    let twice = at(200_000, 3);
    out.insert("200,000 against 100,000 lines".into(), json!({ "ratio": twice / once, "goal": 2.3 }));
    Value::Object(out)
}

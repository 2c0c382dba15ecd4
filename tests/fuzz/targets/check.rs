//! Tokens to a checked program: shreds of the language behind a sound beginning.
#![no_main]

mod common;

use libfuzzer_sys::fuzz_target;

const HEAD: &str = r#"language 1
use std.metrics.{auroc, ece, dpd}
dataset d from "d.csv" {
  id : Int subject
  a : Real 'mg/dL' in 0..10 ?
  b : Real
  k : Category { x, y, "z z" } protected
  f : Bool label
  p : Prob ? predicts f
  r : Rating
  t : Text
  w : Date
}
"#;

const WORDS: &[&str] = &[
    "\nlet v =", "\nlet w2 =", "\nfn h(x: Real, z: Real = 2) -> Real =", "\nmetric m(p: Prob, y: Bool, by: Category) -> Real =",
    "\npolicy q { authority house", "\nconstraint c:", "}", "\nscenario s = d {", "\nscenario s2 = s with {", "size 10",
    "mix k { x: 50%, y: 50% }", "prevalence f = 20%", "\ntask g on row predict f", "\ntask g2 on row discriminate synthetic",
    "\nmodel o = logistic(features:", "\nmodel o2 = recorded(p)", "all except", "\ngenerator u = conditional_gan(d) {", "epochs 3",
    "\nbenchmark n2 version \"1\" {", "scenarios s", "models o", "tasks g", "metrics auroc, ece(bins: 5)", "policies q", "as of @2026-01-01",
    "folds 3", "\ntest \"t\" {", "assert", "param least : Int = 3", "with confidence 95%", "effective @2024-01-01 ..",
    "a", "b", "k", "f", "p", "r", "t", "w", "v", "h(", "m(", "auroc(", "ece(", "dpd(", "P(", "E[", "Var[", "count(", "quantile(",
    "sum(", "n()", "present(", "or_else(", "groups(by: [", "bins(p,", "abs(", "ln(", "round(", "prob(", "rating(", "to_prob(",
    "(", ")", "[", "]", "{", ",", ":", "|", "=", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "^", "..", ".", "?",
    "and", "or", "not", "in", "if", "then", "else", "let", "forall", "exists", "max over", "sum over", "g in", "where", "on d",
    "1", "0", "2.5", "95%", "0.5", "5 'mg/dL'", "1 'mmol/L'", "2 'a'", "\"x\"", "\"z z\"", "x", "y", "pass", "@2026-11-22", "true", "false",
    "TRUE", "NA", "&&", "<-", ";", "ifelse(", "c(", "mean(", "median(", "≤", "“q”", "#", "/*", "*/", "//", "\n", "\"open", "1e999",
    "99999999999999999999", "\r\n", "\u{0}", "é", "日本", "😀", "e\u{301}",
];

fuzz_target!(|bytes: &[u8]| {
    let mut text = String::from(HEAD);
    for byte in bytes.iter().take(400) {
        text.push_str(WORDS[usize::from(*byte) % WORDS.len()]);
        text.push(' ');
    }
    common::check(&text);
});

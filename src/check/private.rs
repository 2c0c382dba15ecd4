//! `privacy dp(epsilon: 3, delta: 1e-5)`: the budget of a generator, read and judged.

use super::convert::literal;
use super::program::Checker;
use crate::source::{Diagnostic, Span, codes};
use crate::syntax::ast::{Arg, Expr, ExprKind};

/// What `dp` can be told.
pub const PARTS: [&str; 4] = ["epsilon", "delta", "unit", "norm"];
/// Whose presence can be hidden.
pub const UNITS: [&str; 2] = ["person", "record"];

/// A budget as a script states it.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    pub epsilon: f64,
    pub delta: f64,
    /// One of [`UNITS`], if stated.
    pub unit: Option<String>,
    /// Largest norm of what a row adds, if stated.
    pub norm: Option<f64>,
}

/// The budget of a setting's value; none when the checker has something to say about it.
pub fn read(value: &Expr) -> Option<Asked> {
    let args = parts(value)?;
    let number = |name: &str| named(args, name).and_then(literal);
    let unit = match named(args, "unit").map(|e| &e.kind) {
        Some(ExprKind::Text(text)) => Some(text.clone()),
        _ => None,
    };
    let (epsilon, delta) = (number("epsilon")?, number("delta")?);
    (sound_epsilon(epsilon) && sound_delta(delta)).then(|| Asked { epsilon, delta, unit, norm: number("norm") })
}

fn parts(value: &Expr) -> Option<&[Arg]> {
    match &value.kind {
        ExprKind::Call { function, args, given: None } if function.name == "dp" => Some(args),
        _ => None,
    }
}

fn named<'a>(args: &'a [Arg], name: &str) -> Option<&'a Expr> {
    args.iter().find(|a| a.name.as_ref().is_some_and(|n| n.name == name)).map(|a| &a.value)
}

fn sound_epsilon(epsilon: f64) -> bool {
    epsilon > 0.0 && epsilon.is_finite()
}

fn sound_delta(delta: f64) -> bool {
    delta > 0.0 && delta < 1.0
}

impl Checker<'_> {
    /// Checks the value of `privacy`.
    pub(super) fn private(&mut self, value: &Expr) {
        const FORM: &str = "write `dp(epsilon: 3, delta: 1e-5)`";
        let Some(args) = parts(value) else {
            self.error(codes::WRONG_TYPE, "`privacy` is a budget", value.span, FORM);
            return;
        };
        let mut sound = true;
        for (at, arg) in args.iter().enumerate() {
            let Some(name) = &arg.name else {
                self.error(codes::WRONG_ARGUMENTS, "the parts of `dp` are named", arg.value.span, FORM);
                sound = false;
                continue;
            };
            if !PARTS.contains(&name.name.as_str()) {
                self.unknown_word(name, "part of `dp`", &PARTS);
                sound = false;
            } else if args.iter().take(at).filter_map(|a| a.name.as_ref()).any(|n| n.name == name.name) {
                self.error(codes::WRONG_ARGUMENTS, format!("`{}` stands twice", name.name), name.span, "again");
                sound = false;
            } else {
                self.private_part(&name.name, &arg.value);
            }
        }
        for needed in PARTS.iter().take(2).filter(|n| sound && named(args, n).is_none()) {
            let words = format!("a budget without `{needed}` promises nothing");
            self.bad_budget(&words, value.span, &format!("`{needed}` is missing"));
        }
    }

    fn private_part(&mut self, name: &str, value: &Expr) {
        if name == "unit" {
            let known = matches!(&value.kind, ExprKind::Text(t) if UNITS.contains(&t.as_str()));
            if !known {
                let label = "write \"person\" or \"record\"";
                self.error(codes::WRONG_TYPE, "`unit` says whose presence is hidden", value.span, label);
            }
            return;
        }
        let Some(number) = literal(value) else {
            self.error(codes::WRONG_TYPE, format!("`{name}` is a plain number"), value.span, "write the number itself");
            return;
        };
        match name {
            "epsilon" if !sound_epsilon(number) => {
                self.bad_budget("epsilon must be above 0", value.span, "promises nothing, or cannot be kept");
            }
            "delta" if !sound_delta(number) => {
                self.bad_budget("delta must lie between 0 and 1", value.span, "not a chance of failing");
            }
            "norm" if !(1e-6..=1e6).contains(&number) => {
                self.error(codes::OUTSIDE_RANGE, "`norm` must lie between 1e-6 and 1e6", value.span, "outside");
            }
            _ => {}
        }
    }

    fn bad_budget(&mut self, words: &str, span: Span, label: &str) {
        self.found.push(
            Diagnostic::new(codes::BAD_BUDGET, words.to_string())
                .at(span, label.to_string())
                .help("state both, delta below one over the number of people: `dp(epsilon: 3, delta: 1e-5)`"),
        );
    }
}

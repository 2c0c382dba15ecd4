//! Names that other tools have and this language has not, and what they are called here.

use super::program::Checker;
use super::types::{Base, Level, Type};
use crate::source::{Diagnostic, Span, codes};
use crate::syntax::ast::{Arg, BinOp, Expr, ExprKind, Ident};
use crate::syntax::show;

/// What R, Python, SQL and spreadsheets call a missing value.
const MISSING: [&str; 9] = ["NA", "na", "NULL", "null", "None", "NaN", "nan", "nil", "missing"];

/// What they call our functions.
fn same(name: &str) -> Option<&'static str> {
    Some(match name.to_ascii_lowercase().as_str() {
        "avg" | "average" => "mean",
        "log" => "ln",
        "coalesce" | "ifnull" | "nvl" | "isnull_or" | "fillna" | "replace_na" => "or_else",
        "countif" | "countifs" => "count",
        "percentile" => "quantile",
        "ceiling" => "ceil",
        "pr" | "prob_of" | "proportion" | "prop" => "P",
        "variance" => "Var",
        _ => return None,
    })
}

impl Checker<'_> {
    /// `d` with what is known of a name from elsewhere; none when nothing is.
    pub(super) fn foreign_name(&self, name: &str, span: Span, d: &Diagnostic) -> Option<Diagnostic> {
        match name {
            "TRUE" | "True" => Some(d.clone().meant(span, "true")),
            "FALSE" | "False" => Some(d.clone().meant(span, "false")),
            _ if MISSING.contains(&name) => {
                Some(d.clone().help("nothing equals a missing value: `present(x)` asks whether there is one"))
            }
            _ => None,
        }
    }

    /// The same for a function that is called.
    pub(super) fn foreign_call(&self, call: &Expr, name: &Ident, args: &[Arg], d: &Diagnostic) -> Option<Diagnostic> {
        let spans: Vec<Span> = args.iter().map(|a| a.value.span).collect();
        let open = |to: Span| Span { start: call.span.start, ..to.before() };
        let close = |from: Span| Span { end: call.span.end, ..from.after() };
        let between = |a: Span, b: Span| Span { end: b.start, ..a.after() };
        let plain = matches!(&call.kind, ExprKind::Call { given: None, .. });
        match (name.name.to_ascii_lowercase().as_str(), spans.as_slice()) {
            ("ifelse" | "if_else" | "iif", [test, yes, no]) => {
                Some(d.clone().help("a choice is written `if … then … else …`").fix_all(
                    "write `if … then … else …`",
                    vec![
                        (open(*test), "(if ".into()),
                        (between(*test, *yes), " then ".into()),
                        (between(*yes, *no), " else ".into()),
                        (close(*no), ")".into()),
                    ],
                ))
            }
            ("c" | "list" | "array", [first, .., last] | [first @ last]) => Some(
                d.clone()
                    .help("a list is written `[a, b]`")
                    .fix_all("write `[…]`", vec![(open(*first), "[".into()), (close(*last), "]".into())]),
            ),
            ("median", [x]) => Some(d.clone().help("the median is `quantile(x, 50%)`").fix_all(
                "write `quantile(…, 50%)`",
                vec![(name.span, "quantile".into()), (x.after(), ", 50%".into())],
            )),
            ("sd" | "std" | "stdev" | "stddev", [x]) if plain => Some(
                d.clone()
                    .help("the standard deviation is `sqrt(Var[x])`")
                    .fix_all("write `sqrt(Var[…])`", vec![(open(*x), "sqrt(Var[".into()), (close(*x), "])".into())]),
            ),
            ("nrow" | "length" | "len" | "size" | "count_rows", [_]) if plain => {
                Some(d.clone().help("`n()` is the number of rows").fix("write `n()`", call.span, "n()"))
            }
            ("isna" | "is_na" | "isnull" | "is_null" | "is_missing" | "missing", [_]) => {
                Some(d.clone().help("`present(x)` says whether there is a value").fix(
                    "write `not present(…)`",
                    name.span,
                    "not present",
                ))
            }
            _ => same(&name.name).map(|ours| {
                let told = d.clone().help(format!("it is called `{ours}` here"));
                told.fix(format!("write `{ours}`"), name.span, ours)
            }),
        }
    }

    /// `x == NA`: told once, with what was meant.
    pub(super) fn equals_missing(&mut self, expr: &Expr, op: BinOp, a: &Expr, b: &Expr) -> Option<Type> {
        let is_missing = |e: &Expr| match &e.kind {
            ExprKind::Name(name) => MISSING.contains(&name.as_str()) && !self.in_scope(name),
            _ => false,
        };
        let (value, missing) = match (is_missing(a), is_missing(b)) {
            (false, true) => (a, b),
            (true, false) => (b, a),
            _ => return None,
        };
        let ty = self.infer(value, None);
        if let (Base::Category(levels), ExprKind::Name(name)) = (&ty.base, &missing.kind)
            && levels.code(name).is_some()
        {
            return None;
        }
        let asked = format!("{}present({})", if op == BinOp::Eq { "not " } else { "" }, show(value));
        self.found.push(
            Diagnostic::new(codes::UNKNOWN_NAME, format!("unknown name `{}`", show(missing)))
                .at(missing.span, "not in scope")
                .help("nothing equals a missing value: `present(x)` asks whether there is one")
                .fix(format!("write `{asked}`"), expr.span, asked),
        );
        Some(Type::new(Base::Bool, Level::max(ty.level, Level::Constant)))
    }
}

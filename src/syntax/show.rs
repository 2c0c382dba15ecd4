//! An expression back as text, for reasons and results. One line, minimal brackets.

use super::ast::{Aggregate, Arm, BinOp, Expr, ExprKind, Pattern, TypeExpr};

/// `expr` as a person would write it.
pub fn show(expr: &Expr) -> String {
    text(expr, 0)
}

fn level(op: BinOp) -> u8 {
    match op {
        BinOp::Or => 1,
        BinOp::And => 2,
        BinOp::Range => 5,
        BinOp::Add | BinOp::Sub => 6,
        BinOp::Mul | BinOp::Div => 7,
        BinOp::Pow => 9,
        _ => 4,
    }
}

fn text(expr: &Expr, outer: u8) -> String {
    let wrap = |inner: String, own: u8| if own < outer { format!("({inner})") } else { inner };
    let list = |items: &[Expr]| items.iter().map(show).collect::<Vec<_>>().join(", ");
    match &expr.kind {
        ExprKind::Int(v) => v.to_string(),
        ExprKind::Real(v) => format!("{v}"),
        ExprKind::Percent(v) => format!("{}%", number(v * 100.0)),
        ExprKind::Quantity(v, unit) => format!("{v} '{unit}'"),
        ExprKind::Text(v) => format!("{v:?}"),
        ExprKind::Date(v) => format!("@{v}"),
        ExprKind::Bool(v) => v.to_string(),
        ExprKind::Hole => "?".into(),
        ExprKind::Name(v) => v.clone(),
        ExprKind::List(items) => format!("[{}]", list(items)),
        ExprKind::Set(items) => format!("{{{}}}", list(items)),
        ExprKind::Neg(a) => wrap(format!("-{}", text(a, 8)), 8),
        ExprKind::Not(a) => wrap(format!("not {}", text(a, 3)), 3),
        ExprKind::Binary(op, _, a, b) => {
            let own = level(*op);
            // `a - min over g in x: b` needs no brackets: nothing follows it.
            let right = if matches!(b.kind, ExprKind::Over { .. }) { own } else { own + 1 };
            let gap = if *op == BinOp::Range { "" } else { " " };
            wrap(format!("{}{gap}{}{gap}{}", text(a, own), op.symbol(), text(b, right)), own)
        }
        ExprKind::If(a, b, c) => wrap(format!("if {} then {} else {}", show(a), show(b), show(c)), 0),
        ExprKind::Let(name, a, b) => {
            let ty = match &a.kind {
                ExprKind::Typed(_, ty) => format!(": {}", show_type(ty)),
                _ => String::new(),
            };
            wrap(format!("let {}{ty} = {} in {}", name.name, text(a, 5), show(b)), 0)
        }
        ExprKind::Quantified { all, var, range, body } => {
            let word = if *all { "forall" } else { "exists" };
            // `forall g in x | given: rule` is kept as a rule over the rows where `given` holds.
            let (given, body) = match &body.kind {
                ExprKind::Scoped { body, on: None, filter: Some(given) } => (format!(" | {}", show(given)), body),
                _ => (String::new(), body),
            };
            wrap(format!("{word} {} in {}{given}: {}", var.name, show(range), show(body)), 0)
        }
        ExprKind::Over { aggregate, var, range, body } => {
            let word = match aggregate {
                Aggregate::Sum => "sum",
                Aggregate::Mean => "mean",
                Aggregate::Min => "min",
                Aggregate::Max => "max",
                Aggregate::ArgMax => "argmax",
                Aggregate::ArgMin => "argmin",
            };
            wrap(format!("{word} over {} in {}: {}", var.name, show(range), text(body, 7)), 6)
        }
        ExprKind::Call { function, args, given } => {
            let (open, close) = if matches!(function.name.as_str(), "E" | "Var") { ('[', ']') } else { ('(', ')') };
            let args: Vec<String> = args
                .iter()
                .map(|a| match &a.name {
                    Some(name) => format!("{}: {}", name.name, show(&a.value)),
                    None => show(&a.value),
                })
                .collect();
            let given = given.as_ref().map_or(String::new(), |g| format!(" | {}", show(g)));
            format!("{}{open}{}{given}{close}", function.name, args.join(", "))
        }
        ExprKind::Comprehension { function, body, var, range, filter } => {
            let filter = filter.as_ref().map_or(String::new(), |f| format!(" if {}", show(f)));
            let inner = format!("{} for {} in {}{filter}", show(body), var.name, show(range));
            match function {
                Some(function) => format!("{}({inner})", function.name),
                None => format!("[{inner}]"),
            }
        }
        ExprKind::Match { subject, arms } => {
            let arms: Vec<String> = arms.iter().map(arm).collect();
            format!("match {} {{ {} }}", show(subject), arms.join(", "))
        }
        ExprKind::Record(fields) => {
            let fields: Vec<String> = fields.iter().map(|(n, v)| format!("{}: {}", n.name, show(v))).collect();
            format!("{{ {} }}", fields.join(", "))
        }
        ExprKind::Convert(a, unit, _) => wrap(format!("{} to '{unit}'", text(a, 6)), 6),
        ExprKind::Typed(a, _) => text(a, outer),
        ExprKind::Member(a, name) => format!("{}.{}", text(a, 10), name.name),
        ExprKind::Index(a, at) => format!("{}[{}]", text(a, 10), show(at)),
        ExprKind::Columns { except } if except.is_empty() => "all".into(),
        ExprKind::Columns { except } => {
            format!("all except {}", except.iter().map(|e| e.name.as_str()).collect::<Vec<_>>().join(", "))
        }
        ExprKind::Scoped { body, on, filter } => {
            let on = on.as_ref().map_or(String::new(), |o| format!(" on {}", o.name));
            let filter = filter.as_ref().map_or(String::new(), |f| format!(" where {}", show(f)));
            wrap(format!("{}{on}{filter}", show(body)), 0)
        }
    }
}

fn arm(arm: &Arm) -> String {
    let patterns: Vec<String> = arm
        .patterns
        .iter()
        .map(|p| match p {
            Pattern::Level(level) => level_word(&level.name),
            Pattern::Rest(_) => "_".into(),
        })
        .collect();
    format!("{} => {}", patterns.join(", "), show(&arm.value))
}

/// A level as it is written: quoted when it is not a name.
fn level_word(level: &str) -> String {
    let is_name = level.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && level.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && level != "_";
    let is_flag = matches!(level, "true" | "false");
    if is_flag || (is_name && !super::token::RESERVED.contains(&level)) { level.into() } else { format!("{level:?}") }
}

/// A type as a person would write it: `Int in 50..110`.
pub fn show_type(ty: &TypeExpr) -> String {
    let mut out = if ty.fields.is_empty() {
        ty.name.clone()
    } else {
        let fields: Vec<String> = ty.fields.iter().map(|(n, t)| format!("{}: {}", n.name, show_type(t))).collect();
        format!("{{ {} }}", fields.join(", "))
    };
    if !ty.levels.is_empty() {
        let levels: Vec<String> = ty.levels.iter().map(|l| level_word(&l.name)).collect();
        out.push_str(&format!(" {{ {} }}", levels.join(", ")));
    }
    if let Some(of) = &ty.argument {
        out.push_str(&format!("<{}>", show_type(of)));
    }
    if let Some((unit, _)) = &ty.unit {
        out.push_str(&format!(" '{unit}'"));
    }
    if let Some((lo, hi, _)) = ty.range {
        let end = |v: f64| if ty.name == "Prob" { format!("{}%", number(v * 100.0)) } else { format!("{v}") };
        out.push_str(&format!(" in {}..{}", end(lo), end(hi)));
    }
    if ty.optional {
        out.push_str(" ?");
    }
    out
}

/// A percentage without the noise of binary fractions.
fn number(value: f64) -> String {
    let rounded = (value * 1e9).round() / 1e9;
    format!("{rounded}")
}

//! An expression back as text, for reasons and results. One line, minimal brackets.

use super::ast::{Aggregate, BinOp, Expr, ExprKind};

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
        ExprKind::Let(name, a, b) => wrap(format!("let {} = {} in {}", name.name, text(a, 5), show(b)), 0),
        ExprKind::Quantified { all, var, range, body } => {
            let word = if *all { "forall" } else { "exists" };
            wrap(format!("{word} {} in {}: {}", var.name, show(range), show(body)), 0)
        }
        ExprKind::Over { aggregate, var, range, body } => {
            let word = match aggregate {
                Aggregate::Sum => "sum",
                Aggregate::Mean => "mean",
                Aggregate::Min => "min",
                Aggregate::Max => "max",
                Aggregate::ArgMax => "argmax",
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
        ExprKind::Comprehension { function, body, var, range } => {
            format!("{}({} for {} in {})", function.name, show(body), var.name, show(range))
        }
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

/// A percentage without the noise of binary fractions.
fn number(value: f64) -> String {
    let rounded = (value * 1e9).round() / 1e9;
    format!("{rounded}")
}

//! Typed holes: `?` says what belongs there and what in scope would fit.

use super::convert::article;
use super::program::{Checker, FunctionInfo};
use super::records::would_fit;
use super::types::{Base, Type};
use crate::source::{Diagnostic, codes};
use crate::syntax::ast::Expr;

/// How many names a hole lists.
const SHOWN: usize = 12;

impl Checker<'_> {
    pub(super) fn hole(&mut self, expr: &Expr, wanted: Option<&Base>) -> Type {
        let message = match wanted {
            Some(base) => format!("a hole: {} belongs here", article(base)),
            None => "a hole: anything may stand here".to_string(),
        };
        let mut d = Diagnostic::new(codes::HOLE, message).at(expr.span, "to fill");
        let fits = |base: &Base| wanted.is_none_or(|w| would_fit(base, w));
        let mut fitting: Vec<String> = Vec::new();
        let mut add = |text: String| {
            if !fitting.contains(&text) {
                fitting.push(text);
            }
        };
        for name in self.scope.names() {
            if let Some(ty) = self.scope.local(name).cloned().or_else(|| self.scope.column(name))
                && fits(&ty.base)
            {
                add(name.to_string());
            }
        }
        for (name, ty) in &self.program.lets {
            if fits(&ty.base) && !self.open.contains(name) {
                add(name.clone());
            }
        }
        if let Some(wanted) = wanted {
            // The script's own, then the language's forms, then the standard library, which is large.
            let (own, standard): (Vec<_>, Vec<_>) = self.program.functions.iter().partition(|f| f.module.is_none());
            let forms: &[&str] = match wanted {
                Base::Prob => &["P(…)", "prob(…)", "to_prob(…)"],
                Base::Rating => &["rating(…)"],
                Base::Number { integer: true, unit } if unit.is_one() => &["count(…)", "n(…)", "round(…)"],
                Base::Date => &["add_months(…)", "add_years(…)"],
                _ => &[],
            };
            let usable = |f: &FunctionInfo| {
                let name = &f.decl.name.name;
                let known = f.module.is_none() || self.used.as_ref().is_none_or(|u| u.contains(name));
                known && would_fit(&f.result, wanted) && !self.open.contains(name)
            };
            own.into_iter().filter(|f| usable(f)).for_each(|f| add(format!("{}(…)", f.decl.name.name)));
            forms.iter().for_each(|f| add((*f).to_string()));
            standard.into_iter().filter(|f| usable(f)).for_each(|f| add(format!("{}(…)", f.decl.name.name)));
        }
        let more = fitting.len().saturating_sub(SHOWN);
        fitting.truncate(SHOWN);
        if !fitting.is_empty() {
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            d = d.help(format!("in scope and fitting: {}{more}", fitting.join(", ")));
        }
        self.found.push(d);
        Type::unknown()
    }
}

//! Records: `{ low: 1, high: 2 }` and their parts; and which types are alike.

use super::convert::article;
use super::program::Checker;
use super::types::{Base, Level, Member, Type};
use crate::source::diagnostic::nearest;
use crate::source::{Diagnostic, codes};
use crate::syntax::ast::{Expr, ExprKind, Ident};
use std::sync::Arc;

impl Checker<'_> {
    pub(super) fn record(&mut self, fields: &[(Ident, Expr)], wanted: Option<&Base>) -> Type {
        let mut members: Vec<Member> = Vec::new();
        let mut level = Level::Constant;
        let mut lost = false;
        for (at, (name, value)) in fields.iter().enumerate() {
            let hint = match wanted {
                Some(Base::Record(wanted)) => wanted.iter().find(|m| m.name == name.name).map(|m| m.base.clone()),
                _ => None,
            };
            let ty = self.infer(value, hint.as_ref());
            level = level.join(ty.level);
            lost |= ty.is_unknown();
            if let Some((before, _)) = fields.iter().take(at).find(|(n, _)| n.name == name.name) {
                self.found.push(
                    Diagnostic::new(codes::DUPLICATE_NAME, format!("this record has two parts `{}`", name.name))
                        .at(name.span, "again")
                        .also(before.span, "first here"),
                );
                continue;
            }
            members.push(Member { name: name.name.clone(), base: ty.base, optional: ty.optional });
        }
        if lost { Type::unknown() } else { Type::new(Base::Record(Arc::new(members)), level) }
    }

    pub(super) fn member(&mut self, inner: &Expr, name: &Ident) -> Type {
        let ty = self.infer(inner, None);
        let Base::Record(members) = &ty.base else {
            if !ty.is_unknown() {
                self.found.push(
                    Diagnostic::new(codes::UNKNOWN_NAME, format!("nothing here has a part called `{}`", name.name))
                        .at(name.span, "unknown part")
                        .also(inner.span, format!("this is {}, not a record", article(&ty.base))),
                );
            }
            return Type::unknown();
        };
        if let Some(member) = members.iter().find(|m| m.name == name.name) {
            return Type { base: member.base.clone(), optional: ty.optional || member.optional, level: ty.level };
        }
        let names: Vec<&str> = members.iter().map(|m| m.name.as_str()).collect();
        let mut d = Diagnostic::new(codes::UNKNOWN_NAME, format!("this record has no part `{}`", name.name))
            .at(name.span, "unknown part")
            .note(format!("it has: {}", names.join(", ")));
        if let Some(near) = nearest(&name.name, names.iter().copied()) {
            d = d.help(format!("did you mean `{near}`?"));
        }
        self.found.push(d);
        Type::unknown()
    }

    /// A list or record where one is needed: part by part when it is written out, else it must be alike.
    pub(super) fn fits_within(&mut self, expr: &Expr, found: &Base, wanted: &Base, place: &str) -> bool {
        match (&expr.kind, found, wanted) {
            (ExprKind::List(items) | ExprKind::Set(items), Base::List(_), Base::List(of)) => {
                let types: Vec<(&Expr, Type)> =
                    items.iter().filter_map(|i| Some((i, self.program.tables.ty(i.id)?.clone()))).collect();
                types.iter().all(|(item, ty)| self.fits(item, ty, of, place))
            }
            (ExprKind::Record(fields), Base::Record(have), Base::Record(want)) if same_names(have, want) => {
                let mut all = true;
                for (name, value) in fields {
                    let Some(want) = want.iter().find(|m| m.name == name.name) else { continue };
                    let Some(ty) = self.program.tables.ty(value.id).cloned() else { continue };
                    let part = format!("`{}` of {place}", name.name);
                    all &= self.fits(value, &ty, &want.base, &part)
                        && (want.optional || self.present(value, &ty, &part, value));
                }
                all
            }
            _ if alike(found, wanted) => true,
            _ => {
                let mut d = Diagnostic::new(codes::WRONG_TYPE, format!("{place} needs {}", article(wanted)))
                    .at(expr.span, format!("this is {}", article(found)));
                if let (Base::Record(have), Base::Record(want)) = (found, wanted) {
                    let lacks: Vec<String> = want
                        .iter()
                        .filter(|w| !have.iter().any(|h| h.name == w.name))
                        .map(|w| format!("`{}`", w.name))
                        .collect();
                    if !lacks.is_empty() {
                        d = d.help(format!("{} is missing", lacks.join(" and ")));
                    }
                }
                self.found.push(d);
                false
            }
        }
    }
}

fn same_names(a: &[Member], b: &[Member]) -> bool {
    a.len() == b.len() && a.iter().all(|m| b.iter().any(|n| n.name == m.name))
}

/// Whether values of both types compare without any conversion.
pub(super) fn alike(a: &Base, b: &Base) -> bool {
    match (a, b) {
        (Base::Unknown, _) | (_, Base::Unknown) => true,
        (Base::Prob, Base::Rating) | (Base::Rating, Base::Prob) => false,
        (Base::List(a), Base::List(b)) => alike(a, b),
        (Base::Record(a), Base::Record(b)) => {
            same_names(a, b) && a.iter().all(|m| b.iter().any(|n| n.name == m.name && alike(&m.base, &n.base)))
        }
        (Base::Category(a), Base::Category(b)) => a.names == b.names,
        (Base::AnyCategory, Base::Category(_)) | (Base::Category(_), Base::AnyCategory) => true,
        (a, b) if a.is_numeric() && b.is_numeric() => a.unit().factor_to(&b.unit()) == Some(1.0),
        (a, b) => a == b,
    }
}

/// Whether a value of type `found` may stand where `wanted` is needed, conversions included.
pub(super) fn would_fit(found: &Base, wanted: &Base) -> bool {
    match (wanted, found) {
        (Base::Number { integer, unit }, Base::Number { integer: whole, unit: from }) => {
            from.factor_to(unit).is_some() && (*whole || !*integer)
        }
        (Base::Number { integer: false, unit }, Base::Prob | Base::Rating) => unit.is_one(),
        (Base::Prob | Base::Rating, _) | (_, Base::Prob | Base::Rating) => wanted == found,
        (_, Base::Unknown) => false,
        _ => alike(wanted, found),
    }
}

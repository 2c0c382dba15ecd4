//! What a policy may ask besides rows: signed facts, the day, the privacy ledger, documents.

use super::program::Checker;
use super::special::Special;
use super::types::{Base, Level, Member, Type};
use crate::phi::Kind;
use crate::source::diagnostic::nearest;
use crate::source::{Diagnostic, codes};
use crate::syntax::ast::{Expr, ExprKind};
use std::sync::Arc;

impl Checker<'_> {
    pub(super) fn fact(&mut self, place: &str, special: Special, first: Option<&Expr>, second: Option<&Expr>) -> Type {
        let constant = |base: Base| Type::new(base, Level::Constant);
        if special == Special::AsOf {
            return constant(Base::Date);
        }
        let Some(x) = first else { return Type::unknown() };
        match special {
            Special::Attested => {
                let ty = self.infer(x, Some(&Base::Text));
                self.fits(x, &ty, &Base::Text, place);
                self.at_most(x, &ty, Level::Constant, place);
                constant(Base::Bool)
            }
            Special::Epsilon | Special::Delta | Special::UnitOf => {
                let ty = self.infer(x, Some(&Base::Data));
                self.fits(x, &ty, &Base::Data, place);
                constant(if special == Special::UnitOf { Base::Text } else { Base::real() })
            }
            _ => {
                let ty = self.infer(x, Some(&Base::Document));
                self.fits(x, &ty, &Base::Document, place);
                if let Some(part) = second {
                    if !matches!(part.kind, ExprKind::Text(_)) {
                        self.error(
                            codes::WRONG_TYPE,
                            format!("{place} takes the name of a part"),
                            part.span,
                            "write it in double quotes",
                        );
                    }
                    self.infer(part, Some(&Base::Text));
                }
                constant(match special {
                    Special::States => Base::Bool,
                    Special::Stated => Base::Text,
                    Special::StatedDate => Base::Date,
                    Special::StatedCount => Base::int(),
                    _ => Base::real(),
                })
            }
        }
    }

    /// Forms that look for words: in a text, or in every cell at hand.
    pub(super) fn about_text(
        &mut self,
        place: &str,
        special: Special,
        first: Option<&Expr>,
        second: Option<&Expr>,
    ) -> Type {
        let Some(x) = first else { return Type::unknown() };
        let ty = self.infer(x, Some(&Base::Text));
        // A category is a text of few words.
        let is_text = matches!(ty.base, Base::Text | Base::Unknown)
            || special != Special::Identifiers && matches!(ty.base, Base::Category(_) | Base::AnyCategory);
        if !is_text {
            self.fits(x, &ty, &Base::Text, place);
            return Type::unknown();
        }
        if special == Special::Identifiers {
            if let ExprKind::Text(word) = &x.kind
                && Kind::find(word).is_none()
            {
                let words: Vec<&str> = Kind::ALL.iter().map(|k| k.word()).collect();
                let mut d = Diagnostic::new(codes::UNKNOWN_NAME, format!("no identifier is called \"{word}\""))
                    .at(x.span, "not one of the eighteen")
                    .note(format!("there are: {}", words.join(", ")));
                if let Some(near) = nearest(word, words.iter().copied()) {
                    d = d.meant(x.span, &format!("\"{near}\""));
                }
                self.found.push(d);
            }
            self.at_most(x, &ty, Level::Constant, place);
            return Type::new(Base::int(), Level::Cohort);
        }
        if let Some(phrases) = second {
            let wanted = Base::List(Box::new(Base::Text));
            let given = self.infer(phrases, Some(&wanted));
            self.fits(phrases, &given, &wanted, "the phrases of `mentions`");
        }
        let base = match special {
            Special::ReadingGrade => Base::real(),
            Special::PhiSpans => {
                let member = |name: &str, base: Base| Member { name: name.into(), base, optional: false };
                let whole = Base::int();
                Base::List(Box::new(Base::Record(Arc::new(vec![
                    member("kind", Base::Text),
                    member("from", whole.clone()),
                    member("to", whole),
                    member("text", Base::Text),
                ]))))
            }
            _ => Base::Bool,
        };
        Type { base, ..ty }
    }
}

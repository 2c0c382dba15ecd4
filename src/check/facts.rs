//! What a policy may ask besides rows: signed facts, the day, the privacy ledger, documents.

use super::program::Checker;
use super::special::Special;
use super::types::{Base, Level, Type};
use crate::source::codes;
use crate::syntax::ast::{Expr, ExprKind};

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
}

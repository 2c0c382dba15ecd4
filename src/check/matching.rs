//! `match`: every level answered once.

use super::convert::article;
use super::expr::{VERDICTS, widen};
use super::program::Checker;
use super::types::{Base, Levels, Type};
use crate::source::{Diagnostic, Span, codes};
use crate::syntax::ast::{Arm, Expr, Ident, Pattern};
use crate::syntax::show;

impl Checker<'_> {
    pub(super) fn matching(&mut self, expr: &Expr, subject: &Expr, arms: &[Arm], wanted: Option<&Base>) -> Type {
        let asked = self.infer(subject, None);
        let words =
            |names: &[&str]| Levels { column: show(subject), names: names.iter().map(|n| (*n).to_string()).collect() };
        let known = match &asked.base {
            Base::Category(levels) => Some(Levels { column: levels.column.clone(), names: levels.names.clone() }),
            Base::Bool => Some(words(&["true", "false"])),
            Base::Verdict => Some(words(&VERDICTS)),
            Base::AnyCategory | Base::Unknown => None,
            other => {
                self.found.push(
                    Diagnostic::new(codes::WRONG_TYPE, "`match` asks for a category, a flag or a verdict")
                        .at(subject.span, format!("this is {}", article(other)))
                        .help("numbers and texts are asked with `if … then … else …`"),
                );
                return Type::unknown();
            }
        };
        self.patterns(expr, &asked, known.as_ref(), arms);
        let mut level = asked.level;
        let mut optional = asked.optional;
        let mut joined: Option<(Base, Span)> = None;
        let mut lost = asked.is_unknown();
        for arm in arms {
            let hint = wanted.or(joined.as_ref().map(|(b, _)| b)).cloned();
            let ty = self.infer(&arm.value, hint.as_ref());
            level = level.join(ty.level);
            optional |= ty.optional;
            if ty.is_unknown() {
                lost = true;
                continue;
            }
            joined = Some(match joined.take() {
                None => (ty.base, arm.value.span),
                Some((before, first)) => {
                    let both = widen(&before, &ty.base);
                    if !self.fits(&arm.value, &ty, &both, "an arm of `match`") {
                        if let Some(d) = self.found.last_mut() {
                            *d = d.clone().also(first, format!("the first arm gives {}", article(&before)));
                        }
                        return Type::unknown();
                    }
                    (both, first)
                }
            });
        }
        match joined {
            Some((base, _)) if !lost => Type { base, optional, level },
            _ => Type::unknown(),
        }
    }

    /// That every level is named once, and nothing stands behind `_`.
    fn patterns(&mut self, expr: &Expr, asked: &Type, known: Option<&Levels>, arms: &[Arm]) {
        let mut seen: Vec<&Ident> = Vec::new();
        let mut rest: Option<Span> = None;
        let mut wrong = false;
        for pattern in arms.iter().flat_map(|a| &a.patterns) {
            if let Some(before) = rest {
                self.found.push(
                    Diagnostic::new(codes::UNREACHABLE_ARM, "nothing is left for this arm")
                        .at(pattern.span(), "never reached")
                        .also(before, "`_` takes all the others")
                        .help("put `_` last"),
                );
                return;
            }
            match pattern {
                Pattern::Rest(span) => rest = Some(*span),
                Pattern::Level(level) => {
                    if let Some(before) = seen.iter().find(|s| s.name == level.name) {
                        self.found.push(
                            Diagnostic::new(codes::UNREACHABLE_ARM, format!("`{}` is answered twice", level.name))
                                .at(level.span, "never reached")
                                .also(before.span, "answered here"),
                        );
                    } else if let Some(levels) = known
                        && levels.code(&level.name).is_none()
                    {
                        self.unknown_level(&level.name, level.span, levels);
                        wrong = true;
                    }
                    seen.push(level);
                }
            }
        }
        let Some(levels) = known else {
            if rest.is_none() && !asked.is_unknown() {
                self.found.push(
                    Diagnostic::new(codes::MATCH_GAP, "any category may come here, with any levels")
                        .at(match_word(expr), "some levels have no arm")
                        .help("end with `_ => …`, or declare the parameter with its levels, `Category { a, b }`"),
                );
            }
            return;
        };
        let open: Vec<&str> =
            levels.names.iter().filter(|n| !seen.iter().any(|s| s.name == **n)).map(String::as_str).collect();
        match rest {
            // A misspelled level is the one that seems missing.
            None if !open.is_empty() && !wrong => {
                let (verb, arms) = if open.len() == 1 { ("has", "arm") } else { ("have", "arms") };
                let arms_text: Vec<String> = open.iter().map(|n| format!("{n} => …")).collect();
                self.found.push(
                    Diagnostic::new(codes::MATCH_GAP, format!("`{}` {verb} no arm", open.join("`, `")))
                        .at(match_word(expr), format!("not every level of `{}` is answered", levels.column))
                        .help(format!("add the {arms} `{}`, or `_ => …` for all the others", arms_text.join(", "))),
                );
            }
            Some(span) if open.is_empty() && !wrong => self.found.push(
                Diagnostic::new(codes::UNREACHABLE_ARM, "nothing is left for this arm")
                    .at(span, format!("every level of `{}` is answered above", levels.column))
                    .help("leave it out; a missing value gives a missing answer, which `or_else(…, value)` fills"),
            ),
            _ => {}
        }
    }
}

/// The word `match` itself.
fn match_word(expr: &Expr) -> Span {
    Span { end: expr.span.start + 5, ..expr.span }
}

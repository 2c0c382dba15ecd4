//! Pest pairs to policies, and to what is checked by them.

use super::ast::*;
use super::build::bare_date;
use super::build_expr::{Builder, as_f64, is_content, unquote};
use super::grammar::Rule;
use crate::source::Span;
use pest::iterators::{Pair, Pairs};

type P<'i> = Pair<'i, Rule>;

impl Builder<'_> {
    pub(super) fn policy(&mut self, mut parts: Pairs<Rule>, docs: &dyn Fn(usize) -> Option<String>) -> Option<Policy> {
        let mut out = Policy {
            name: self.ident(parts.next()?),
            takes: Vec::new(),
            jurisdiction: None,
            about: About::default(),
            last_verified: None,
            params: Vec::new(),
            grants: Vec::new(),
            constraints: Vec::new(),
            exceptions: Vec::new(),
            includes: Vec::new(),
        };
        for part in parts {
            let part = match part.as_rule() {
                Rule::policy_part => part.into_inner().next()?,
                _ => part,
            };
            let doc = docs(self.offset + part.as_span().start());
            match part.as_rule() {
                Rule::params => out.takes = self.parameters(part)?,
                Rule::jurisdiction => out.jurisdiction = self.last(part).map(|p| self.ident(p)),
                Rule::about => self.about(part, &mut out.about)?,
                Rule::last_verified => out.last_verified = Some(self.day(self.last(part)?)),
                Rule::policy_param => out.params.push(self.policy_param(part)?),
                Rule::grant => out.grants.push(self.grant(part)?),
                Rule::include => out.includes.push(self.last(part).and_then(|p| self.policy_use(p))?),
                Rule::exception => out.exceptions.push(self.exception(part, doc)?),
                _ => out.constraints.push(self.constraint(part, doc)?),
            }
        }
        Some(out)
    }

    /// A day and its place.
    pub(super) fn day(&self, pair: P) -> (String, Span) {
        (bare_date(pair.as_str()), self.span(&pair))
    }

    fn about(&mut self, pair: P, out: &mut About) -> Option<()> {
        let part = pair.into_inner().next()?;
        let span = self.span(&part);
        match part.as_rule() {
            Rule::cite => out.cite = self.text(part),
            Rule::url => out.url = self.text(part),
            Rule::authority => out.authority = self.last(part).map(|p| self.ident(p)),
            Rule::remedy => out.remedy = self.text(part),
            Rule::unverified => out.unverified = self.text(part),
            _ => {
                let mut inner = part.into_inner();
                let word = inner.next()?;
                let standing = Standing::ALL.into_iter().find(|s| s.word() == word.as_str().trim())?;
                let mut days = inner.map(|p| bare_date(p.as_str()));
                let from = days.next()?;
                let to = days.next();
                out.periods.push(Period { standing, from, to, span });
            }
        }
        Some(())
    }

    fn grant(&mut self, pair: P) -> Option<Grant> {
        let pair = pair.into_inner().next()?;
        let is_egress = pair.as_rule() == Rule::grant_egress;
        let mut parts = pair.into_inner().filter(is_content);
        let first = self.ident(parts.next()?);
        let second = parts.next()?;
        Some(if is_egress {
            Grant::Egress { label: first, models: second.into_inner().map(|p| self.ident(p)).collect() }
        } else {
            Grant::Release { generator: first, label: self.ident(second) }
        })
    }

    fn policy_param(&mut self, pair: P) -> Option<PolicyParam> {
        let mut parts = pair.into_inner();
        let name = self.ident(parts.next()?);
        let ty = self.type_expr(parts.next()?)?;
        let (mut default, mut dated) = (None, Vec::new());
        for p in parts {
            if p.as_rule() == Rule::dated {
                let mut inner = p.into_inner().filter(is_content);
                let (day, span) = self.day(inner.next()?);
                dated.push((day, span, self.expr(inner.next()?)?));
            } else {
                default = Some(self.expr(p)?);
            }
        }
        Some(PolicyParam { name, ty, default, dated })
    }

    pub(super) fn policy_use(&mut self, pair: P) -> Option<PolicyUse> {
        let span = self.span(&pair);
        let mut parts = pair.into_inner();
        let name = self.ident(parts.next()?);
        let args = match parts.next() {
            Some(args) => self.arguments(args)?,
            None => Vec::new(),
        };
        Some(PolicyUse { id: self.ids.fresh(), span, name, args })
    }

    fn constraint(&mut self, pair: P, doc: Option<String>) -> Option<Constraint> {
        let span = self.span(&pair);
        let mut parts = pair.into_inner();
        let name = self.ident(parts.next()?);
        let (mut hard, mut weight, mut about) = (false, None, About::default());
        let (mut rule, mut confidence) = (None, None);
        for p in parts {
            match p.as_rule() {
                Rule::constraint_attr => {
                    let attr = p.into_inner().next()?;
                    match attr.as_rule() {
                        Rule::hard => hard = true,
                        Rule::weight => weight = Some(as_f64(&self.last(attr).and_then(|p| self.number(p))?)),
                        _ => self.about(attr, &mut about)?,
                    }
                }
                Rule::confidence => confidence = Some(self.last(p).and_then(|p| self.expr(p))?),
                _ => rule = Some(self.expr(p)?),
            }
        }
        Some(Constraint { name, span, doc, hard, weight, about, rule: rule?, confidence })
    }

    fn exception(&mut self, pair: P, doc: Option<String>) -> Option<Exception> {
        let span = self.span(&pair);
        let mut parts = pair.into_inner().filter(is_content);
        let name = self.ident(parts.next()?);
        let to = self.ident(parts.next()?);
        let mut out =
            Exception { name, span, doc, to, about: About::default(), when: None, rule: None, confidence: None };
        for p in parts {
            match p.as_rule() {
                Rule::about => self.about(p, &mut out.about)?,
                Rule::when => out.when = Some(self.last(p).and_then(|p| self.expr(p))?),
                Rule::confidence => out.confidence = Some(self.last(p).and_then(|p| self.expr(p))?),
                Rule::exempt => {}
                _ => out.rule = Some(self.expr(p)?),
            }
        }
        Some(out)
    }

    pub(super) fn check(&mut self, parts: Pairs<Rule>) -> Option<Check> {
        let mut parts = parts.filter(is_content);
        let policy = self.policy_use(parts.next()?)?;
        let mut out = Check { policy, on: None, as_of: None };
        for p in parts {
            match p.as_rule() {
                Rule::as_of => out.as_of = Some(self.day(self.last(p)?)),
                _ => out.on = Some(self.ident(p)),
            }
        }
        Some(out)
    }

    pub(super) fn document(&mut self, parts: Pairs<Rule>) -> Option<Document> {
        let mut parts = parts.filter(is_content);
        let name = self.ident(parts.next()?);
        let from = parts.next()?;
        let span = self.span(&from);
        let source = match from.as_rule() {
            Rule::string => DocumentSource::File(unquote(from.as_str()), span),
            _ => DocumentSource::Here(self.record_of(from)?),
        };
        Some(Document { name, source })
    }

    pub(super) fn attest(&mut self, parts: Pairs<Rule>) -> Option<Attest> {
        let mut parts = parts.filter(is_content);
        let fact = parts.next()?;
        let fact = (unquote(fact.as_str()), self.span(&fact));
        let by = unquote(parts.next()?.as_str());
        let on = self.day(parts.next()?);
        let until = parts.next().map(|p| self.day(p));
        Some(Attest { fact, by, on, until })
    }
}

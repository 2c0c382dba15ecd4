//! Pest pairs to items.

use super::ast::*;
use super::build_expr::{Builder, as_f64, is_content, unquote, unquote_unit};
use super::grammar::Rule;
use crate::source::Span;
use pest::iterators::{Pair, Pairs};
use std::sync::Arc;

type P<'i> = Pair<'i, Rule>;

impl Builder<'_> {
    pub fn item(&mut self, pair: P, docs: &dyn Fn(usize) -> Option<String>) -> Option<ItemKind> {
        let inner = pair.into_inner().find(is_content)?;
        let rule = inner.as_rule();
        let whole = inner.as_str().trim();
        let mut parts = inner.into_inner();
        Some(match rule {
            Rule::language_item => match self.number(parts.next()?)? {
                ExprKind::Int(edition) => ItemKind::Language(edition),
                _ => return None,
            },
            Rule::module_item => {
                ItemKind::Module { name: self.ident(parts.next()?), version: unquote(parts.next()?.as_str()) }
            }
            Rule::use_item => self.use_item(parts)?,
            Rule::let_item => {
                let mut parts = parts.filter(is_content);
                let name = self.ident(parts.next()?);
                let mut next = parts.next()?;
                let mut ty = None;
                if next.as_rule() == Rule::annotation {
                    ty = Some(self.last(next).and_then(|p| self.type_expr(p))?);
                    next = parts.next()?;
                }
                ItemKind::Let(LetItem { name, ty, value: self.expr(next)? })
            }
            Rule::dataset => ItemKind::Dataset(self.dataset(parts, docs)?),
            Rule::metric | Rule::function => ItemKind::Function(Arc::new(self.function(parts, rule == Rule::metric)?)),
            Rule::policy => ItemKind::Policy(self.policy(parts, docs)?),
            Rule::scenario => ItemKind::Scenario(self.scenario(parts)?),
            Rule::task => {
                let mut parts = parts.filter(is_content);
                let name = self.ident(parts.next()?);
                let kind = parts.next()?;
                let predicts = kind.as_rule() == Rule::predict;
                let target = self.last(kind).map(|p| self.ident(p))?;
                let kind = if predicts { TaskKind::Predict(target) } else { TaskKind::Discriminate(target) };
                ItemKind::Task(Task { name, kind })
            }
            Rule::model => {
                let definition = whole.split_once('=').map_or("", |(_, d)| d.trim()).to_string();
                let name = self.ident(parts.next()?);
                let kind = self.ident(parts.next()?);
                let (mut args, mut egress) = (Vec::new(), None);
                for part in parts {
                    match part.as_rule() {
                        Rule::egress => egress = self.last(part).map(|p| self.ident(p)),
                        _ => args = self.arguments(part)?,
                    }
                }
                ItemKind::Model(Model { name, kind, args, egress, definition })
            }
            Rule::generator => {
                let name = self.ident(parts.next()?);
                let kind = self.ident(parts.next()?);
                let data = self.ident(parts.next()?);
                let mut settings = Vec::new();
                for setting in parts {
                    let mut inner = setting.into_inner();
                    settings.push((self.ident(inner.next()?), self.value(inner.next()?)?));
                }
                ItemKind::Generator(Generator { name, kind, data, settings })
            }
            Rule::benchmark => ItemKind::Benchmark(self.benchmark(parts)?),
            Rule::report => ItemKind::Report(parts.next()?.into_inner().map(|p| self.ident(p)).collect()),
            Rule::test => ItemKind::Test(self.test(parts)?),
            Rule::check => ItemKind::Check(self.check(parts)?),
            Rule::document => ItemKind::Document(self.document(parts)?),
            Rule::attest => ItemKind::Attest(self.attest(parts)?),
            _ => return None,
        })
    }

    fn use_item(&mut self, parts: Pairs<Rule>) -> Option<ItemKind> {
        let (mut file, mut name, mut names, mut version) = (None, None, Vec::new(), None);
        for part in parts.filter(is_content) {
            let span = self.span(&part);
            match part.as_rule() {
                Rule::string => file = Some((unquote(part.as_str()), span)),
                Rule::use_names => names = part.into_inner().map(|p| self.ident(p)).collect(),
                Rule::use_version => {
                    let text = self.last(part)?;
                    version = Some((unquote(text.as_str()), self.span(&text)));
                }
                _ => name = Some(self.ident(part)),
            }
        }
        Some(match file {
            Some(path) => ItemKind::UseFile(UseFile { path, name, names, version }),
            None => ItemKind::Use(Use { path: name?, names, version }),
        })
    }

    pub(super) fn text(&self, pair: P) -> Option<String> {
        self.last(pair).map(|p| unquote(p.as_str()))
    }

    fn dataset(&mut self, parts: Pairs<Rule>, docs: &dyn Fn(usize) -> Option<String>) -> Option<Dataset> {
        let mut parts = parts.filter(is_content);
        let name = self.ident(parts.next()?);
        let path = parts.next()?;
        let path = (unquote(path.as_str()), self.span(&path));
        let mut out = Dataset {
            name,
            path,
            columns: Vec::new(),
            sensitivity: None,
            license: None,
            source: None,
            ignore: Vec::new(),
            budget: None,
        };
        for part in parts {
            if part.as_rule() == Rule::column {
                let doc = docs(self.offset + part.as_span().start());
                let column = self.column(part, doc)?;
                out.columns.push(column);
                continue;
            }
            let attr = part.into_inner().next()?;
            match attr.as_rule() {
                Rule::attr_sensitivity => out.sensitivity = self.last(attr).map(|p| self.ident(p)),
                Rule::attr_license => out.license = self.text(attr),
                Rule::attr_source => out.source = self.text(attr),
                Rule::attr_budget => out.budget = self.last(attr).and_then(|p| self.expr(p)),
                _ => {
                    for p in attr.into_inner() {
                        out.ignore.push((unquote(p.as_str()), self.span(&p)));
                    }
                }
            }
        }
        Some(out)
    }

    fn column(&mut self, pair: P, doc: Option<String>) -> Option<ColumnDecl> {
        let mut whole = self.span(&pair);
        let text = pair.as_str().trim_end();
        whole.end -= (text.len() - text.trim_end_matches([',', ';']).trim_end().len()) as u32;
        let mut parts = pair.into_inner();
        let name = self.ident(parts.next()?);
        let ty = parts.next()?;
        let ty_span = self.span(&ty);
        let mut type_name = Ident { name: "Category".into(), span: ty_span };
        let mut levels = Vec::new();
        for p in ty.into_inner() {
            match p.as_rule() {
                Rule::level => levels.push(self.level(p)?),
                _ => type_name = self.ident(p),
            }
        }
        let mut out = ColumnDecl {
            name,
            whole,
            doc,
            type_name,
            levels,
            unit: None,
            range: None,
            optional: false,
            heading: None,
            derived: None,
            predicts: None,
            roles: Vec::new(),
            label: None,
            substance: None,
        };
        for part in parts {
            let part = part.into_inner().next()?;
            let span = self.span(&part);
            match part.as_rule() {
                Rule::unit => out.unit = Some((unquote_unit(part.as_str()), span)),
                Rule::optional => out.optional = true,
                Rule::column_name => out.heading = self.text(part),
                Rule::column_range => out.range = Some(self.range(part)?),
                Rule::analyte => {
                    out.substance = Some(Substance::Analyte(self.last(part).map(|p| self.ident(p))?));
                }
                Rule::molar_mass => {
                    let mut inner = part.into_inner().filter(is_content);
                    let mass = as_f64(&self.number(inner.next()?)?);
                    out.substance = Some(Substance::MolarMass(mass, unquote_unit(inner.next()?.as_str()), span));
                }
                Rule::derived => out.derived = Some(self.last(part).and_then(|p| self.expr(p))?),
                Rule::column_label => out.label = Some(self.ident(part)),
                Rule::predicts => out.predicts = Some(self.last(part).and_then(|p| self.expr(p))?),
                _ => out.roles.push((role(part.as_str())?, span)),
            }
        }
        Some(out)
    }

    pub(super) fn signed(&mut self, pair: P) -> Option<f64> {
        let negative = pair.as_str().trim_start().starts_with('-');
        let inner = pair.into_inner().next()?;
        let value = match inner.as_rule() {
            Rule::percent => as_f64(&self.number(inner.into_inner().next()?)?) / 100.0,
            _ => as_f64(&self.number(inner)?),
        };
        Some(if negative { -value } else { value })
    }

    /// `in LO..HI`.
    fn range(&mut self, pair: P) -> Option<(f64, f64, Span)> {
        let span = self.span(&pair);
        let mut ends = pair.into_inner().filter(is_content);
        Some((self.signed(ends.next()?)?, self.signed(ends.next()?)?, span))
    }

    pub(super) fn level(&self, pair: P) -> Option<Ident> {
        let span = self.span(&pair);
        let inner = pair.into_inner().next()?;
        let name = match inner.as_rule() {
            Rule::string => unquote(inner.as_str()),
            _ => inner.as_str().to_string(),
        };
        Some(Ident { name, span })
    }

    pub(super) fn type_expr(&mut self, pair: P) -> Option<TypeExpr> {
        let span = self.span(&pair);
        let mut out = TypeExpr {
            span,
            name: String::new(),
            argument: None,
            levels: Vec::new(),
            fields: Vec::new(),
            unit: None,
            range: None,
            optional: false,
        };
        for p in pair.into_inner() {
            match p.as_rule() {
                Rule::type_name => out.name = p.as_str().to_string(),
                Rule::type_expr => out.argument = Some(Box::new(self.type_expr(p)?)),
                Rule::unit => out.unit = Some((unquote_unit(p.as_str()), self.span(&p))),
                Rule::column_range => out.range = Some(self.range(p)?),
                Rule::level_type => {
                    out.name = "Category".into();
                    for level in p.into_inner() {
                        out.levels.push(self.level(level)?);
                    }
                }
                Rule::record_type => {
                    for field in p.into_inner() {
                        let mut inner = field.into_inner();
                        out.fields.push((self.ident(inner.next()?), self.type_expr(inner.next()?)?));
                    }
                }
                _ => out.optional = true,
            }
        }
        Some(out)
    }

    pub(super) fn parameters(&mut self, pair: P) -> Option<Vec<Param>> {
        let mut params = Vec::new();
        for p in pair.into_inner() {
            let mut inner = p.into_inner();
            let name = self.ident(inner.next()?);
            let ty = self.type_expr(inner.next()?)?;
            let default = match inner.next() {
                Some(p) => Some(self.expr(p)?),
                None => None,
            };
            params.push(Param { name, ty, default });
        }
        Some(params)
    }

    fn function(&mut self, parts: Pairs<Rule>, is_metric: bool) -> Option<Function> {
        let mut parts = parts.filter(is_content);
        let name = self.ident(parts.next()?);
        let params = self.parameters(parts.next()?)?;
        let result = self.type_expr(parts.next()?)?;
        let body = match parts.next() {
            Some(p) => Some(self.expr(p)?),
            None => None,
        };
        Some(Function { name, is_metric, params, result, body })
    }

    fn scenario(&mut self, parts: Pairs<Rule>) -> Option<Scenario> {
        let mut parts = parts.filter(is_content);
        let name = self.ident(parts.next()?);
        let base = self.ident(parts.next()?);
        let mut out = Scenario { name, base, size: None, mixes: Vec::new(), prevalence: None, prevalence_by: None };
        for part in parts {
            let part = part.into_inner().next()?;
            match part.as_rule() {
                Rule::size => out.size = Some(self.last(part).and_then(|p| self.expr(p))?),
                Rule::prevalence => {
                    let mut inner = part.into_inner();
                    let (label, share) = (self.ident(inner.next()?), inner.next()?);
                    if share.as_rule() == Rule::by_group {
                        let (by, shares) = self.shares(share.into_inner())?;
                        out.prevalence_by = Some(Box::new(PrevalenceBy { label, by, shares }));
                    } else {
                        out.prevalence = Some((label, self.expr(share)?));
                    }
                }
                _ => {
                    let (column, shares) = self.shares(part.into_inner())?;
                    out.mixes.push(Mix { column, shares });
                }
            }
        }
        Some(out)
    }

    /// A column, and a share for each level that is named.
    fn shares(&mut self, mut parts: Pairs<Rule>) -> Option<(Ident, Vec<(Ident, Expr)>)> {
        let column = self.ident(parts.next()?);
        let mut shares = Vec::new();
        for share in parts {
            let mut pair = share.into_inner();
            shares.push((self.level(pair.next()?)?, self.expr(pair.next()?)?));
        }
        Some((column, shares))
    }

    fn benchmark(&mut self, mut parts: Pairs<Rule>) -> Option<Benchmark> {
        let mut out = Benchmark {
            name: self.ident(parts.next()?),
            version: unquote(parts.next()?.as_str()),
            scenarios: Vec::new(),
            models: Vec::new(),
            tasks: Vec::new(),
            metrics: Vec::new(),
            policies: Vec::new(),
            as_of: None,
            folds: None,
            seed: None,
            reports: Vec::new(),
        };
        for part in parts {
            let part = part.into_inner().next()?;
            match part.as_rule() {
                Rule::b_scenarios => out.scenarios = self.names(part)?,
                Rule::b_models => out.models = self.names(part)?,
                Rule::b_tasks => out.tasks = self.names(part)?,
                Rule::report => out.reports.extend(self.names(part)?),
                Rule::b_policies => {
                    for used in part.into_inner() {
                        out.policies.push(self.policy_use(used)?);
                    }
                }
                Rule::b_metrics => {
                    for used in part.into_inner() {
                        let text = used.as_str().trim().to_string();
                        let span = self.span(&used);
                        let inner = used.into_inner().next()?;
                        let kind = match inner.as_rule() {
                            Rule::call => self.call(inner)?,
                            _ => {
                                let function = self.ident(inner);
                                ExprKind::Call { function, args: Vec::new(), given: None }
                            }
                        };
                        let call = Expr { id: self.ids.fresh(), span, kind };
                        out.metrics.push(MetricUse { text, call });
                    }
                }
                Rule::b_as_of => {
                    out.as_of = Some(self.day(self.last(part)?));
                }
                Rule::b_folds => {
                    let n = part.into_inner().next()?;
                    let span = self.span(&n);
                    out.folds = Some((as_f64(&self.number(n)?) as i64, span));
                }
                _ => out.seed = Some(as_f64(&self.last(part).and_then(|p| self.number(p))?) as i64),
            }
        }
        Some(out)
    }

    pub(super) fn names(&self, pair: P) -> Option<Vec<Ident>> {
        Some(self.last(pair)?.into_inner().map(|p| self.ident(p)).collect())
    }
}

pub(super) fn bare_date(text: &str) -> String {
    text.trim().trim_start_matches('@').to_string()
}

pub(super) fn role(word: &str) -> Option<Role> {
    Some(match word.trim() {
        "subject" => Role::Subject,
        "protected" => Role::Protected,
        "label" => Role::Label,
        "outcome" => Role::Outcome,
        "text" => Role::Text,
        "image" => Role::Image,
        "genotypes" => Role::Genotypes,
        "codes" => Role::Codes,
        _ => return None,
    })
}

/// A span of nothing at the start of a text, for diagnostics about the whole.
pub(super) fn whole(source: crate::source::SourceId, start: usize, end: usize) -> Span {
    Span::new(source, start, end)
}

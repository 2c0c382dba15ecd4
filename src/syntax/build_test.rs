//! Pest pairs to tests: assertions, attestations, and expectations over rows written out.

use super::ast::*;
use super::build::{bare_date, role};
use super::build_expr::{Builder, as_f64, is_content, unquote, unquote_unit};
use super::grammar::Rule;
use pest::iterators::{Pair, Pairs};

type P<'i> = Pair<'i, Rule>;

impl Builder<'_> {
    pub(super) fn test(&mut self, mut parts: Pairs<Rule>) -> Option<Test> {
        let name = parts.next()?;
        let title = (unquote(name.as_str()), self.span(&name));
        let mut out = Vec::new();
        for p in parts {
            let part = p.into_inner().next()?;
            out.push(match part.as_rule() {
                Rule::assertion => TestPart::Assert(self.last(part).and_then(|p| self.expr(p))?),
                Rule::attest => TestPart::Attest(self.attest(part.into_inner())?),
                _ => TestPart::Expect(Box::new(self.expectation(part)?)),
            });
        }
        Some(Test { name: title, parts: out })
    }

    fn expectation(&mut self, pair: P) -> Option<Expect> {
        let span = self.span(&pair);
        let mut parts = pair.into_inner().filter(is_content);
        let policy = self.policy_use(parts.next()?)?;
        let verdict = match parts.next()?.as_str().trim() {
            "passes" => Expected::Passes,
            "fails" => Expected::Fails,
            "inconclusive" => Expected::Inconclusive,
            "not_applicable" => Expected::NotApplicable,
            _ => Expected::Unknown,
        };
        let mut out = Expect { span, policy, verdict, table: None, release: None, as_of: None, because: None };
        for part in parts {
            let span = self.span(&part);
            match part.as_rule() {
                Rule::table => {
                    let columns: Option<Vec<TestColumn>> = part.into_inner().map(|p| self.test_column(p)).collect();
                    out.table = Some((columns?, span));
                }
                Rule::release => out.release = Some(self.last(part).and_then(|p| self.record_of(p))?),
                Rule::as_of => out.as_of = Some(self.day(self.last(part)?)),
                _ => {
                    let inner: Vec<P> = part.into_inner().collect();
                    out.because = Some(match inner.first() {
                        Some(text) if text.as_rule() == Rule::string => {
                            Because::Clause(unquote(text.as_str()), self.span(text))
                        }
                        _ => Because::Names(inner.into_iter().map(|p| self.ident(p)).collect()),
                    });
                }
            }
        }
        Some(out)
    }

    fn test_column(&mut self, pair: P) -> Option<TestColumn> {
        let mut parts = pair.into_inner();
        let mut out = TestColumn { name: self.ident(parts.next()?), cells: Vec::new(), is_text: false, role: None };
        for part in parts {
            match part.as_rule() {
                Rule::cells => {
                    let cells = self.test_cells(part)?;
                    out.cells.push(cells);
                }
                _ => {
                    out.role = Some(role(part.as_str())?);
                    out.is_text = out.role == Some(Role::Text);
                }
            }
        }
        Some(out)
    }

    fn test_cells(&mut self, pair: P) -> Option<TestCell> {
        let span = self.span(&pair);
        let mut parts = pair.into_inner();
        let cell = parts.next()?.into_inner().next()?;
        let times = match parts.next() {
            Some(times) => as_f64(&self.number(times)?) as usize,
            None => 1,
        };
        let value = match cell.as_rule() {
            Rule::missing => None,
            Rule::boolean => Some(CellValue::Bool(cell.as_str().trim() == "true")),
            Rule::date => Some(CellValue::Date(bare_date(cell.as_str()))),
            Rule::string => Some(CellValue::Word(unquote(cell.as_str()))),
            Rule::cell_word => Some(CellValue::Word(cell.as_str().trim().to_string())),
            _ => {
                let mut inner = cell.into_inner();
                let number = inner.next()?;
                let integer = !number.as_str().contains(['.', 'e', 'E', '%']);
                let value = self.signed(number)?;
                let unit = inner.next().map(|p| unquote_unit(p.as_str()));
                Some(CellValue::Number { value, integer, unit })
            }
        };
        Some(TestCell { span, value, times })
    }
}

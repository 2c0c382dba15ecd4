//! Pest pairs to expressions. Every pair comes from the grammar, so a missing child is a bug of ours:
//! it yields `None`, which `parse` reports as such instead of panicking.

use super::ast::*;
use super::grammar::Rule;
use super::parse::NodeIds;
use crate::source::codes;
use crate::source::{Diagnostic, SourceId, Span};
use pest::iterators::Pair;
use pest::pratt_parser::{Assoc, Op, PrattParser};
use std::sync::LazyLock;

type P<'i> = Pair<'i, Rule>;

static PRATT: LazyLock<PrattParser<Rule>> = LazyLock::new(|| {
    let left = |rule| Op::infix(rule, Assoc::Left);
    PrattParser::new()
        .op(left(Rule::op_or))
        .op(left(Rule::op_and))
        .op(Op::prefix(Rule::kw_not))
        .op(left(Rule::op_eq)
            | left(Rule::op_ne)
            | left(Rule::op_le)
            | left(Rule::op_ge)
            | left(Rule::op_lt)
            | left(Rule::op_gt)
            | left(Rule::op_in))
        .op(left(Rule::op_range))
        .op(Op::postfix(Rule::to_unit))
        .op(left(Rule::op_add) | left(Rule::op_sub))
        .op(left(Rule::op_mul) | left(Rule::op_div))
        .op(Op::prefix(Rule::minus))
        .op(Op::infix(Rule::op_pow, Assoc::Right))
        .op(Op::postfix(Rule::member) | Op::postfix(Rule::index))
});

/// Deepest tree: operators and brackets along one path.
const MAX_TREE: usize = 256;

/// Builds the tree of one item or entry. `offset` is where its text starts in the file.
pub(super) struct Builder<'a> {
    pub source: SourceId,
    pub offset: usize,
    pub ids: &'a mut NodeIds,
    /// Names that used files go by here.
    pub aliases: &'a [String],
    /// How deep the tree is here: nesting and operators together.
    pub depth: usize,
    pub found: Vec<Diagnostic>,
}

impl Builder<'_> {
    pub fn span(&self, pair: &P) -> Span {
        let span = pair.as_span();
        let raw = span.as_str();
        let end = span.start() + raw.trim_end().len();
        Span::new(self.source, self.offset + span.start(), self.offset + end)
    }

    pub fn ident(&self, pair: P) -> Ident {
        Ident { name: pair.as_str().trim().to_string(), span: self.span(&pair) }
    }

    fn node(&mut self, span: Span, kind: ExprKind) -> Expr {
        Expr { id: self.ids.fresh(), span, kind }
    }

    /// `expr`, `chain`, `term` or `bound`.
    pub fn expr(&mut self, pair: P) -> Option<Expr> {
        let span = self.span(&pair);
        match pair.as_rule() {
            Rule::expr => {
                let mut inner = pair.into_inner();
                let body = self.expr(inner.next()?)?;
                let (mut on, mut filter) = (None, None);
                for part in inner {
                    match part.as_rule() {
                        Rule::on_clause => on = self.last(part).map(|p| self.ident(p)),
                        _ => filter = Some(Box::new(self.last(part).and_then(|p| self.expr(p))?)),
                    }
                }
                if on.is_none() && filter.is_none() {
                    return Some(body);
                }
                Some(self.node(span, ExprKind::Scoped { body: Box::new(body), on, filter }))
            }
            Rule::chain | Rule::term | Rule::bound => self.climb(pair),
            _ => None,
        }
    }

    fn climb(&mut self, pair: P) -> Option<Expr> {
        // A tree is walked recursively by everything after this, so its depth is bounded here.
        let span = self.span(&pair);
        let deeper = 1 + pair.clone().into_inner().count() / 2;
        if self.depth + deeper > MAX_TREE {
            if !self.found.iter().any(|d| d.code.id == codes::TOO_DEEP.id) {
                self.found.push(
                    Diagnostic::new(
                        codes::TOO_DEEP,
                        format!("an expression with more than {MAX_TREE} operators in a row"),
                    )
                    .at(span, "too long to read")
                    .help("name parts of it with `let`; many alternatives go into a list: `x in {a, b, c}`"),
                );
            }
            return None;
        }
        self.depth += deeper;
        let out = self.climb_here(pair);
        self.depth -= deeper;
        out
    }

    fn climb_here(&mut self, pair: P) -> Option<Expr> {
        let this = std::cell::RefCell::new(self);
        PRATT
            .map_primary(|p| this.borrow_mut().primary(p))
            .map_prefix(|op, rhs| {
                let mut b = this.borrow_mut();
                let rhs = rhs?;
                let span = b.span(&op).to(rhs.span);
                let kind = match op.as_rule() {
                    Rule::kw_not => ExprKind::Not(Box::new(rhs)),
                    _ => ExprKind::Neg(Box::new(rhs)),
                };
                Some(b.node(span, kind))
            })
            .map_infix(|lhs, op, rhs| this.borrow_mut().binary(lhs?, op, rhs?))
            .map_postfix(|lhs, op| this.borrow_mut().postfix(lhs?, op))
            .parse(pair.into_inner())
    }

    fn binary(&mut self, lhs: Expr, op: P, rhs: Expr) -> Option<Expr> {
        let op_span = self.span(&op);
        let op = match op.as_rule() {
            Rule::op_or => BinOp::Or,
            Rule::op_and => BinOp::And,
            Rule::op_eq => BinOp::Eq,
            Rule::op_ne => BinOp::Ne,
            Rule::op_le => BinOp::Le,
            Rule::op_ge => BinOp::Ge,
            Rule::op_lt => BinOp::Lt,
            Rule::op_gt => BinOp::Gt,
            Rule::op_in => BinOp::In,
            Rule::op_range => BinOp::Range,
            Rule::op_add => BinOp::Add,
            Rule::op_sub => BinOp::Sub,
            Rule::op_mul => BinOp::Mul,
            Rule::op_div => BinOp::Div,
            Rule::op_pow => BinOp::Pow,
            _ => return None,
        };
        if op.is_comparison()
            && let ExprKind::Binary(before, ..) = &lhs.kind
            && before.is_comparison()
        {
            self.found.push(
                Diagnostic::new(codes::CHAINED_COMPARISON, "two comparisons in a row")
                    .at(op_span, format!("`{}` compares the answer of `{}`", op.symbol(), before.symbol()))
                    .help("write `a < b and b < c`, or `b in a..c`"),
            );
        }
        let span = lhs.span.to(rhs.span);
        Some(self.node(span, ExprKind::Binary(op, op_span, Box::new(lhs), Box::new(rhs))))
    }

    fn postfix(&mut self, lhs: Expr, op: P) -> Option<Expr> {
        let span = lhs.span.to(self.span(&op));
        let rule = op.as_rule();
        let inner = self.last(op)?;
        // `cohorts.gap` is one name when `cohorts` is a used file, so that everything after this knows names only.
        if let (true, ExprKind::Name(file)) = (rule == Rule::member, &lhs.kind)
            && self.aliases.contains(file)
        {
            return Some(self.node(span, ExprKind::Name(format!("{file}.{}", inner.as_str().trim()))));
        }
        let kind = match rule {
            Rule::member => ExprKind::Member(Box::new(lhs), self.ident(inner)),
            Rule::to_unit => {
                let at = self.span(&inner);
                ExprKind::Convert(Box::new(lhs), unquote_unit(inner.as_str()), at)
            }
            _ => ExprKind::Index(Box::new(lhs), Box::new(self.expr(inner)?)),
        };
        Some(self.node(span, kind))
    }

    fn primary(&mut self, pair: P) -> Option<Expr> {
        let span = self.span(&pair);
        let inner = match pair.as_rule() {
            Rule::primary => pair.into_inner().next()?,
            _ => pair,
        };
        let kind = match inner.as_rule() {
            Rule::expr => return self.expr(inner).map(|e| Expr { span, ..e }),
            Rule::number => self.number(inner)?,
            Rule::percent => {
                let value = self.number(inner.into_inner().next()?)?;
                ExprKind::Percent(as_f64(&value) / 100.0)
            }
            Rule::quantity => {
                let mut parts = inner.into_inner();
                let value = self.number(parts.next()?)?;
                ExprKind::Quantity(as_f64(&value), unquote_unit(parts.next()?.as_str()))
            }
            Rule::string => ExprKind::Text(unquote(inner.as_str())),
            Rule::date => ExprKind::Date(inner.as_str().trim_start_matches('@').to_string()),
            Rule::boolean => ExprKind::Bool(inner.as_str() == "true"),
            Rule::hole => ExprKind::Hole,
            Rule::ident => ExprKind::Name(inner.as_str().to_string()),
            Rule::list => self.list(inner)?,
            Rule::record => self.record(inner)?,
            Rule::match_expr => self.matching(inner)?,
            Rule::set => ExprKind::Set(self.all(inner)?),
            Rule::call => self.call(inner)?,
            Rule::stat => self.stat(inner)?,
            Rule::let_expr => self.let_expr(inner)?,
            Rule::if_expr => self.if_expr(inner)?,
            Rule::quantified => self.quantified(inner, span)?,
            Rule::over_expr => self.over(inner)?,
            _ => return None,
        };
        Some(self.node(span, kind))
    }

    // One function a form, so that a deep tree is built on small frames.

    #[inline(never)]
    fn list(&mut self, pair: P) -> Option<ExprKind> {
        if pair.clone().into_inner().any(|p| p.as_rule() == Rule::for_clause) {
            let mut parts = pair.into_inner();
            let body = self.expr(parts.next()?)?;
            return self.comprehension(None, body, parts.next()?);
        }
        Some(ExprKind::List(self.all(pair)?))
    }

    #[inline(never)]
    fn record(&mut self, pair: P) -> Option<ExprKind> {
        let mut fields = Vec::new();
        for field in pair.into_inner() {
            let mut parts = field.into_inner();
            fields.push((self.ident(parts.next()?), self.expr(parts.next()?)?));
        }
        Some(ExprKind::Record(fields))
    }

    #[inline(never)]
    fn matching(&mut self, pair: P) -> Option<ExprKind> {
        let mut parts = pair.into_inner().filter(is_content);
        let subject = Box::new(self.expr(parts.next()?)?);
        let mut arms = Vec::new();
        for arm in parts {
            arms.push(self.arm(arm)?);
        }
        Some(ExprKind::Match { subject, arms })
    }

    #[inline(never)]
    fn stat(&mut self, pair: P) -> Option<ExprKind> {
        let mut parts = pair.into_inner();
        let function = self.ident(parts.next()?);
        let value = self.expr(parts.next()?)?;
        let given = self.given(parts.next())?;
        Some(ExprKind::Call { function, args: vec![Arg { name: None, value }], given })
    }

    #[inline(never)]
    fn let_expr(&mut self, pair: P) -> Option<ExprKind> {
        let mut parts = pair.into_inner().filter(is_content);
        let name = self.ident(parts.next()?);
        let mut next = parts.next()?;
        let mut ty = None;
        if next.as_rule() == Rule::annotation {
            ty = Some(self.last(next).and_then(|p| self.type_expr(p))?);
            next = parts.next()?;
        }
        let mut value = self.expr(next)?;
        if let Some(ty) = ty {
            value = self.node(value.span, ExprKind::Typed(Box::new(value), ty));
        }
        let body = self.expr(parts.next()?)?;
        Some(ExprKind::Let(name, Box::new(value), Box::new(body)))
    }

    #[inline(never)]
    fn if_expr(&mut self, pair: P) -> Option<ExprKind> {
        let mut parts = pair.into_inner().filter(is_content);
        let test = self.expr(parts.next()?)?;
        let yes = self.expr(parts.next()?)?;
        let no = self.expr(parts.next()?)?;
        Some(ExprKind::If(Box::new(test), Box::new(yes), Box::new(no)))
    }

    #[inline(never)]
    fn quantified(&mut self, pair: P, span: Span) -> Option<ExprKind> {
        let mut parts = pair.into_inner().filter(is_content);
        let all = parts.next()?.as_str() == "forall";
        let var = self.ident(parts.next()?);
        let range = Box::new(self.expr(parts.next()?)?);
        let mut next = parts.next()?;
        let mut filter = None;
        if next.as_rule() == Rule::given {
            filter = self.given(Some(next))?;
            next = parts.next()?;
        }
        let mut body = Box::new(self.expr(next)?);
        // `forall g in x | given: rule` asks the rule of the rows where `given` holds.
        if filter.is_some() {
            body = Box::new(self.node(span, ExprKind::Scoped { body, on: None, filter }));
        }
        Some(ExprKind::Quantified { all, var, range, body })
    }

    #[inline(never)]
    fn over(&mut self, pair: P) -> Option<ExprKind> {
        let mut parts = pair.into_inner().filter(is_content);
        let aggregate = match parts.next()?.as_str().trim() {
            "sum" => Aggregate::Sum,
            "mean" => Aggregate::Mean,
            "min" => Aggregate::Min,
            "max" => Aggregate::Max,
            "argmin" => Aggregate::ArgMin,
            _ => Aggregate::ArgMax,
        };
        let var = self.ident(parts.next()?);
        let range = Box::new(self.expr(parts.next()?)?);
        let body = Box::new(self.expr(parts.next()?)?);
        Some(ExprKind::Over { aggregate, var, range, body })
    }

    pub fn call(&mut self, pair: P) -> Option<ExprKind> {
        let mut parts = pair.into_inner();
        let function = self.ident(parts.next()?);
        let (mut args, mut given, mut over) = (Vec::new(), None, None);
        for part in parts {
            match part.as_rule() {
                Rule::arguments => args = self.arguments(part)?,
                Rule::given => given = self.given(Some(part))?,
                Rule::for_clause => over = Some(part),
                _ => {}
            }
        }
        let Some(over) = over else {
            return Some(ExprKind::Call { function, args, given });
        };
        if args.len() > 1 {
            self.found.push(
                Diagnostic::new(codes::UNEXPECTED, "one value stands before `for`")
                    .at(function.span, format!("`{}` has {} here", function.name, args.len())),
            );
        }
        self.comprehension(Some(function), args.into_iter().next()?.value, over)
    }

    /// `body for v in range if filter`, from its `for` on.
    fn comprehension(&mut self, function: Option<Ident>, body: Expr, clause: P) -> Option<ExprKind> {
        let mut inner = clause.into_inner().filter(is_content);
        let var = self.ident(inner.next()?);
        let range = Box::new(self.expr(inner.next()?)?);
        let filter = match inner.next() {
            Some(p) => Some(Box::new(self.expr(p)?)),
            None => None,
        };
        Some(ExprKind::Comprehension { function, body: Box::new(body), var, range, filter })
    }

    fn arm(&mut self, pair: P) -> Option<Arm> {
        let span = self.span(&pair);
        let (mut patterns, mut value) = (Vec::new(), None);
        for part in pair.into_inner() {
            if part.as_rule() != Rule::pattern {
                value = Some(self.expr(part)?);
                continue;
            }
            let at = self.span(&part);
            let inner = part.into_inner().next()?;
            patterns.push(match inner.as_rule() {
                Rule::level if inner.as_str().trim() == "_" => Pattern::Rest(at),
                Rule::level => Pattern::Level(self.level(inner)?),
                _ => Pattern::Level(self.ident(inner)),
            });
        }
        Some(Arm { span, patterns, value: value? })
    }

    /// A record of its own, not as part of an expression.
    pub fn record_of(&mut self, pair: P) -> Option<Expr> {
        let span = self.span(&pair);
        let kind = self.record(pair)?;
        Some(self.node(span, kind))
    }

    pub fn arguments(&mut self, pair: P) -> Option<Vec<Arg>> {
        let mut out = Vec::new();
        for argument in pair.into_inner() {
            let mut name = None;
            for part in argument.into_inner() {
                match part.as_rule() {
                    Rule::label => name = self.last(part).map(|p| self.ident(p)),
                    _ => out.push(Arg { name: name.take(), value: self.value(part)? }),
                }
            }
        }
        Some(out)
    }

    /// A `chain`, or `all except …`.
    pub fn value(&mut self, pair: P) -> Option<Expr> {
        if pair.as_rule() != Rule::columns {
            return self.expr(pair);
        }
        let span = self.span(&pair);
        let except = pair.into_inner().filter(is_content).map(|p| self.ident(p)).collect();
        Some(self.node(span, ExprKind::Columns { except }))
    }

    fn given(&mut self, pair: Option<P>) -> Option<Option<Box<Expr>>> {
        match pair {
            Some(p) => Some(Some(Box::new(self.last(p).and_then(|p| self.expr(p))?))),
            None => Some(None),
        }
    }

    fn all(&mut self, pair: P) -> Option<Vec<Expr>> {
        pair.into_inner().map(|p| self.expr(p)).collect()
    }

    /// The last child that carries content.
    pub fn last<'i>(&self, pair: P<'i>) -> Option<P<'i>> {
        pair.into_inner().filter(is_content).last()
    }

    pub fn number(&mut self, pair: P) -> Option<ExprKind> {
        let text: String = pair.as_str().trim().chars().filter(|c| *c != '_').collect();
        let span = self.span(&pair);
        let inner = match pair.as_rule() {
            Rule::number => pair.into_inner().next()?,
            _ => pair,
        };
        if inner.as_rule() == Rule::real {
            let value: f64 = text.parse().ok()?;
            if value.is_infinite() {
                self.found.push(
                    Diagnostic::new(codes::NUMBER_TOO_LARGE, format!("`{text}` is too large for a number"))
                        .at(span, "at most 1.7e308"),
                );
            }
            return Some(ExprKind::Real(value));
        }
        match text.parse() {
            Ok(value) => Some(ExprKind::Int(value)),
            Err(_) => {
                self.found.push(
                    Diagnostic::new(codes::NUMBER_TOO_LARGE, format!("`{text}` is too large for a whole number"))
                        .at(span, "at most 9223372036854775807")
                        .help("write it with a decimal point, for example `1.0e20`"),
                );
                Some(ExprKind::Int(i64::MAX))
            }
        }
    }
}

/// Keyword tokens carry no content of their own.
pub(super) fn is_content(pair: &P) -> bool {
    !matches!(
        pair.as_rule(),
        Rule::kw_in
            | Rule::kw_if
            | Rule::kw_then
            | Rule::kw_else
            | Rule::kw_let
            | Rule::kw_for
            | Rule::kw_over
            | Rule::kw_on
            | Rule::kw_where
            | Rule::kw_with
            | Rule::kw_as
            | Rule::kw_of
            | Rule::kw_from
            | Rule::kw_except
            | Rule::kw_all
            | Rule::kw_predicts
            | Rule::kw_match
            | Rule::kw_to
            | Rule::kw_analyte
            | Rule::kw_molar_mass
            | Rule::assign
            | Rule::EOI
    )
}

pub(super) fn as_f64(kind: &ExprKind) -> f64 {
    match kind {
        ExprKind::Int(v) => *v as f64,
        ExprKind::Real(v) => *v,
        _ => f64::NAN,
    }
}

/// The text of a string literal; `\"`, `\\`, `\n` and `\t` are escapes.
pub(super) fn unquote(raw: &str) -> String {
    let raw = raw.trim();
    let body = raw.strip_prefix('"').and_then(|r| r.strip_suffix('"')).unwrap_or(raw);
    let mut out = String::with_capacity(body.len());
    let mut chars = body.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some(other) => out.push(other),
            None => out.push('\\'),
        }
    }
    out
}

pub(super) fn unquote_unit(raw: &str) -> String {
    raw.trim().trim_matches('\'').to_string()
}

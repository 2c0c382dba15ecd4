//! Types of expressions.

use super::convert::article;
use super::program::{Checker, Resolved};
use super::scope::ANYTHING;
use super::types::{Base, Level, Type};
use super::unit::Unit;
use crate::source::diagnostic::nearest;
use crate::source::{Diagnostic, Span, codes};
use crate::syntax::ast::{BinOp, Expr, ExprKind, Ident};

/// What a document goes by among the variables of an evaluation; no name in a script has a blank.
pub fn document_local(global: &str) -> String {
    format!("document {global}")
}

/// The verdicts as names.
pub const VERDICTS: [&str; 5] = ["pass", "fail", "inconclusive", "not_applicable", "unknown"];

impl Checker<'_> {
    /// The type of `expr`; `wanted` helps names of levels and typed holes.
    pub(super) fn infer(&mut self, expr: &Expr, wanted: Option<&Base>) -> Type {
        let home = self.foreign.get(&expr.id).copied();
        // What a user gave a policy is read in the user's file.
        let at = home.map(|home| std::mem::replace(&mut self.at, home));
        let ty = self.infer_kind(expr, wanted);
        if let Some(at) = at {
            self.at = at;
        }
        self.note(expr, ty)
    }

    fn infer_kind(&mut self, expr: &Expr, wanted: Option<&Base>) -> Type {
        use Level::Constant;
        match &expr.kind {
            ExprKind::Int(_) => Type::new(Base::int(), Constant),
            ExprKind::Real(_) => Type::new(Base::real(), Constant),
            ExprKind::Percent(v) if (0.0..=1.0).contains(v) => Type::new(Base::Prob, Constant),
            ExprKind::Percent(_) => Type::new(Base::real(), Constant),
            ExprKind::Quantity(value, code) => {
                let unit = self.unit(code, expr.span);
                Type::new(Base::Number { integer: value.fract() == 0.0, unit }, Constant)
            }
            ExprKind::Text(text) => self.text(expr, text, wanted),
            ExprKind::Date(text) => {
                self.date(text, expr.span);
                Type::new(Base::Date, Constant)
            }
            ExprKind::Bool(_) => Type::new(Base::Bool, Constant),
            ExprKind::Hole => self.hole(expr, wanted),
            ExprKind::Name(name) => self.name(expr, name, wanted),
            ExprKind::List(items) | ExprKind::Set(items) => {
                let inner = match wanted {
                    Some(Base::List(of)) => Some(of.as_ref().clone()),
                    other => other.cloned(),
                };
                self.list(items, inner.as_ref())
            }
            ExprKind::Neg(inner) => {
                let ty = self.infer(inner, None);
                if ty.is_unknown() {
                    return ty;
                }
                if !ty.base.is_numeric() {
                    self.error(
                        codes::WRONG_TYPE,
                        "only numbers have a negative",
                        inner.span,
                        format!("this is {}", article(&ty.base)),
                    );
                    return Type::unknown();
                }
                let base = if ty.base == Base::Prob { Base::real() } else { ty.base };
                Type { base, ..ty }
            }
            ExprKind::Not(inner) => {
                let ty = self.infer(inner, Some(&Base::Bool));
                if ty.is_unknown() || !self.fits(inner, &ty, &Base::Bool, "`not`") {
                    return Type::unknown();
                }
                Type { base: Base::Bool, ..ty }
            }
            ExprKind::Binary(op, span, a, b) => self.binary(expr, *op, *span, a, b),
            ExprKind::If(test, yes, no) => {
                let t = self.infer(test, Some(&Base::Bool));
                self.fits(test, &t, &Base::Bool, "the condition of `if`");
                let a = self.infer(yes, wanted);
                let b = self.infer(no, Some(&a.base));
                self.fits(no, &b, &widen(&a.base, &b.base), "`else` (as `then` does)");
                if t.is_unknown() || a.is_unknown() || b.is_unknown() {
                    return Type::unknown();
                }
                Type {
                    base: widen(&a.base, &b.base),
                    optional: t.optional || a.optional || b.optional,
                    level: t.level.join(a.level).join(b.level),
                }
            }
            ExprKind::Let(name, value, body) => self.let_in(name, value, body, wanted),
            ExprKind::Match { subject, arms } => self.matching(expr, subject, arms, wanted),
            ExprKind::Record(fields) => self.record(fields, wanted),
            ExprKind::Convert(inner, unit, span) => self.convert(expr, inner, unit, *span),
            // `let x: T = value in …` checks the value against its type where the name is at hand.
            ExprKind::Typed(inner, _) => self.infer(inner, wanted),
            ExprKind::Quantified { var, range, body, .. } => self.quantified(var, range, body),
            ExprKind::Over { aggregate, var, range, body } => self.over(*aggregate, var, range, body),
            ExprKind::Call { function, args, given } => self.call(expr, function, args, given.as_deref()),
            ExprKind::Comprehension { function, body, var, range, filter } => {
                self.comprehension(function.as_ref(), body, (var, range, filter.as_deref()), wanted)
            }
            ExprKind::Member(inner, name) => self.member(inner, name),
            ExprKind::Index(list, at) => {
                let ty = self.infer(list, None);
                let index = self.infer(at, None);
                self.fits(at, &index, &Base::int(), "a position");
                match ty.base {
                    Base::List(of) => Type { base: *of, level: ty.level.join(index.level), ..ty },
                    Base::Unknown => Type::unknown(),
                    other => {
                        self.error(
                            codes::WRONG_TYPE,
                            "only lists have positions",
                            list.span,
                            format!("this is {}", article(&other)),
                        );
                        Type::unknown()
                    }
                }
            }
            ExprKind::Columns { .. } => {
                self.error(
                    codes::WRONG_TYPE,
                    "a choice of columns stands only in `features:` or `columns`",
                    expr.span,
                    "not a value",
                );
                Type::unknown()
            }
            ExprKind::Scoped { body, on, filter } => self.scoped(expr, body, on.as_ref(), filter.as_deref(), wanted),
        }
    }

    fn let_in(&mut self, name: &Ident, value: &Expr, body: &Expr, wanted: Option<&Base>) -> Type {
        let ty = match &value.kind {
            ExprKind::Typed(inner, ty) => {
                let ty = self.annotated(name, ty, inner);
                self.note(value, ty)
            }
            _ => self.infer(value, None),
        };
        let (per_row, has_column) = (ty.level == Level::Row, ty.base.has_column());
        let out = self.with_local(name, ty.clone(), |c| c.infer(body, wanted));
        if per_row && !has_column && out.level < Level::Row && !out.is_unknown() && !ty.is_unknown() {
            self.found.push(
                Diagnostic::new(
                    codes::COMPOUND_PER_ROW,
                    format!(
                        "`{}` is {} in each row; a figure for the cohort needs plain values",
                        name.name,
                        article(&ty.base)
                    ),
                )
                .at(value.span, "one per row")
                .help("put the `let` inside the condition or the mean, where it stands for one row"),
            );
        }
        out
    }

    pub(super) fn with_local<T>(&mut self, name: &Ident, ty: Type, then: impl FnOnce(&mut Self) -> T) -> T {
        self.scope.locals.push((name.name.clone(), ty));
        let out = then(self);
        self.scope.locals.pop();
        out
    }

    fn text(&mut self, expr: &Expr, text: &str, wanted: Option<&Base>) -> Type {
        let Some(Base::Category(levels)) = wanted else {
            return Type::new(Base::Text, Level::Constant);
        };
        match levels.code(text) {
            Some(code) => self.program.tables.set_name(expr.id, Resolved::Level(code)),
            None => self.unknown_level(text, expr.span, levels),
        }
        Type::new(Base::Category(levels.clone()), Level::Constant)
    }

    pub(super) fn unknown_level(&mut self, text: &str, span: Span, levels: &super::types::Levels) {
        let mut d = Diagnostic::new(codes::UNKNOWN_LEVEL, format!("`{text}` is not a level of `{}`", levels.column))
            .at(span, "not declared")
            .note(format!("its levels: {}", levels.names.join(", ")));
        if let Some(near) = nearest(text, levels.names.iter().map(String::as_str)) {
            d = d.meant_level(span, near);
        }
        self.found.push(d);
    }

    pub(super) fn date(&mut self, text: &str, span: Span) {
        if chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_err() {
            self.error(codes::BAD_DATE, format!("`{text}` is not a day of the calendar"), span, "year-month-day");
        }
    }

    /// Whether `name` means something besides a level.
    pub(super) fn in_scope(&self, name: &str) -> bool {
        self.scope.local(name).is_some()
            || self.scope.column(name).is_some()
            || (!self.closed && self.program.lets.contains_key(&self.program.global(self.at, name)))
            || self.is_waiting(name)
    }

    fn name(&mut self, expr: &Expr, name: &str, wanted: Option<&Base>) -> Type {
        if let Some(ty) = self.scope.local(name).cloned() {
            self.program.tables.set_name(expr.id, Resolved::Local(name.to_string()));
            return ty;
        }
        if let Some(ty) = self.scope.column(name) {
            self.program.tables.set_name(expr.id, Resolved::Column(name.to_string()));
            return ty;
        }
        let global = self.program.global(self.at, name);
        if !self.closed && self.program.document(&global).is_some() {
            self.program.tables.set_name(expr.id, Resolved::Local(document_local(&global)));
            return Type::new(Base::Document, Level::Constant);
        }
        if let Some(Base::Category(levels)) = wanted
            && let Some(code) = levels.code(name)
        {
            self.program.tables.set_name(expr.id, Resolved::Level(code));
            return Type::new(Base::Category(levels.clone()), Level::Constant);
        }
        if wanted == Some(&Base::Verdict) && VERDICTS.contains(&name) {
            self.program.tables.set_name(expr.id, Resolved::Verdict(name.to_string()));
            return Type::new(Base::Verdict, Level::Constant);
        }
        if let Some(ty) = self.let_type(name) {
            let global = self.program.global(self.at, name);
            if !self.about_these_rows(name, &global, &ty, expr.span) {
                return Type::unknown();
            }
            self.program.tables.set_name(expr.id, Resolved::Let(global));
            return ty;
        }
        if let Some(Base::Category(levels)) = wanted {
            let levels = levels.clone();
            self.unknown_level(name, expr.span, &levels);
            return Type::unknown();
        }
        self.unknown_name(name, expr.span);
        Type::unknown()
    }

    /// Whether a condition about rows speaks of the rows that are here.
    fn about_these_rows(&mut self, name: &str, global: &str, ty: &Type, span: Span) -> bool {
        let (Some(rows), Some(home)) = (&self.scope.rows, self.program.home_of(global)) else { return true };
        if ty.level != Level::Row || rows.name == *home {
            return true;
        }
        let (here, there) = (rows.name.clone(), home.clone());
        self.found.push(
            Diagnostic::new(
                codes::OTHER_ROWS,
                format!("`{name}` is about the rows of `{there}`; here the rows are those of `{here}`"),
            )
            .at(span, "a value per row of other data")
            .help(format!("write `… on {there}`, or write the condition anew for `{here}`")),
        );
        false
    }

    /// `cohorts.x` when `cohorts` is a used file that has no such value.
    pub(super) fn unknown_in_file(&self, name: &str, span: Span) -> Option<Diagnostic> {
        let (alias, local) = name.split_once('.')?;
        let origin = self.program.origins.get(self.at)?;
        let Some(target) = origin.aliases.get(alias) else {
            let d = Diagnostic::new(codes::UNKNOWN_NAME, format!("no used file is called `{alias}` here"))
                .at(span, "not in scope");
            let near = nearest(alias, origin.aliases.keys().map(String::as_str));
            return Some(match near {
                Some(near) => d.help(format!("did you mean `{near}.{local}`?")),
                None => d.help(format!("bring the file in: `use \"./{alias}.dbf\" as {alias}`")),
            });
        };
        let known = self.program.names_of(*target);
        if !known.iter().any(|k| k == local) {
            return Some(super::modules::no_such_name(alias, local, span, &known));
        }
        // It is there, but not a value.
        let global = self.program.global(self.at, name);
        let d = Diagnostic::new(codes::UNKNOWN_NAME, format!("`{name}` is not a value")).at(span, "not in scope");
        Some(if self.program.dataset(&global).is_some() {
            d.help(format!("it is a dataset: write `… on {name}`"))
        } else if self.program.function_at(self.at, name).is_some() {
            d.help(format!("it is a function: call it, `{name}(…)`"))
        } else if self.program.lets.contains_key(&global) {
            Diagnostic::new(codes::UNKNOWN_NAME, format!("unknown name `{name}`"))
                .at(span, "not in scope")
                .help(format!("a formula sees its parameters only: add one and pass `{name}` in the call"))
        } else {
            d
        })
    }

    pub(super) fn unknown_name(&mut self, name: &str, span: Span) {
        if self.is_lost(name) || self.lost_nameless(&["let"]) {
            return;
        }
        if let Some(d) = self.unknown_in_file(name, span) {
            self.found.push(d);
            return;
        }
        let aliases: Vec<String> =
            self.program.origins.get(self.at).map_or_else(Vec::new, |o| o.aliases.keys().cloned().collect());
        let mut near = None;
        if self.guesses > 0 {
            let mut known: Vec<&str> = self.scope.names();
            known.extend(aliases.iter().map(String::as_str));
            if !self.closed {
                let lets = self.program.file.items.iter().filter_map(|i| let_name(i));
                let lets = lets.chain(self.program.lets.keys().map(String::as_str));
                known.extend(lets.filter(|l| !self.is_open(l)));
            }
            let mut budget = self.guesses;
            near = guess(&mut budget, name, &known).map(str::to_string);
            self.guesses = budget;
        }
        let mut d = Diagnostic::new(codes::UNKNOWN_NAME, format!("unknown name `{name}`")).at(span, "not in scope");
        if self.is_open(name) {
            d = Diagnostic::new(codes::RECURSION, format!("`{name}` is defined by itself"))
                .at(span, "used in its own definition")
                .help("a definition may use others, but not itself");
        } else if aliases.iter().any(|a| a == name) {
            d = d.help(format!("`{name}` is a used file: its names are written `{name}.…`"));
        } else if self.declared.contains(name) {
            d = d.help("it is declared further down; a computed column uses columns above it");
        } else if self.closed && self.program.let_item(&self.program.global(self.at, name)).is_some() {
            d = d.help(format!("a formula sees its parameters only: add one and pass `{name}` in the call"));
        } else if let Some(known) = self.foreign_name(name, span, &d) {
            d = known;
        } else if let Some(near) = near {
            d = d.meant(span, &near);
        } else if self.program.function_at(self.at, name).is_some() || super::special::find(name).is_some() {
            d = d.help(format!("`{name}` is a function: call it, `{name}(…)`"));
        } else if self.program.dataset(name).is_some() {
            d = d.help(format!("`{name}` is a dataset: write `… on {name}`"));
        } else if self.closed {
            d = d.help("a formula sees its parameters only");
        } else if self.scope.rows.is_none() && self.program.datasets.is_empty() {
            d = d.help("columns come from a dataset: give the script that declares it (`dbf eval … --file FILE`)");
        } else if ["p", "y", "yhat"].contains(&name) {
            d = d.help("`p`, `yhat` and `y` exist in policies and in a benchmark's metrics: a model's probability, its answer and the truth");
        } else if self.scope.rows.is_none() && self.program.datasets.len() > 1 {
            d = Diagnostic::new(codes::NO_DATASET, format!("`{name}` could be a column of several datasets"))
                .at(span, "which data?")
                .help("end the expression with `on DATASET`");
        }
        if d.help.is_none() {
            // Nothing is known of it: every further use has the same cause.
            self.lose(name);
        }
        self.found.push(d);
    }

    fn scoped(
        &mut self,
        expr: &Expr,
        body: &Expr,
        on: Option<&Ident>,
        filter: Option<&Expr>,
        wanted: Option<&Base>,
    ) -> Type {
        let outer = (self.scope.rows.clone(), self.scope.present.clone());
        if let Some(name) = on {
            let global = self.program.global(self.at, &name.name);
            match self.program.dataset(&global) {
                Some(schema) => {
                    self.scope.rows = Some(schema.rows());
                    self.program.tables.set_name(expr.id, Resolved::Dataset(global));
                    self.scope.present.clear();
                }
                None if self.is_lost(&name.name) => {}
                None => {
                    let known: Vec<String> = self.program.datasets.iter().map(|d| d.name.clone()).collect();
                    let mut d = Diagnostic::new(codes::UNKNOWN_NAME, format!("unknown dataset `{}`", name.name))
                        .at(name.span, "not declared");
                    if let Some(near) = nearest(&name.name, known.iter().map(String::as_str)) {
                        d = d.meant(name.span, near);
                    }
                    self.found.push(d);
                }
            }
        }
        if let Some(filter) = filter {
            self.condition(filter, "`where`");
        }
        let ty = self.infer(body, wanted);
        if on.is_some() || filter.is_some() {
            self.at_most(body, &ty, Level::Cohort, "`on`/`where`");
        }
        (self.scope.rows, self.scope.present) = outer;
        ty
    }

    /// Checks a `where` or `|` condition and narrows what it says is present.
    pub(super) fn condition(&mut self, expr: &Expr, place: &str) -> Type {
        let ty = self.infer(expr, Some(&Base::Bool));
        if ty.base != Base::Group {
            self.fits(expr, &ty, &Base::Bool, place);
        }
        if ty.is_unknown() {
            self.scope.present.push(ANYTHING.to_string());
        }
        self.narrow(expr);
        ty
    }

    fn narrow(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Binary(BinOp::And, _, a, b) => {
                self.narrow(a);
                self.narrow(b);
            }
            ExprKind::Not(inner) => {
                if let ExprKind::Call { function, args, .. } = &inner.kind
                    && function.name == "is_missing"
                    && let Some(ExprKind::Name(name)) = args.first().map(|a| &a.value.kind)
                {
                    self.scope.present.push(name.clone());
                }
            }
            ExprKind::Call { function, args, .. } if function.name == "present" => {
                if let Some(ExprKind::Name(name)) = args.first().map(|a| &a.value.kind) {
                    self.scope.present.push(name.clone());
                }
            }
            // A named condition says what its formula says.
            ExprKind::Name(name) if self.program.lets.contains_key(&self.program.global(self.at, name)) => {
                let global = self.program.global(self.at, name);
                if let Some(value) = self.program.let_item(&global).map(|l| l.value.clone()) {
                    self.narrow(&value);
                }
            }
            _ => {}
        }
    }
}

/// The name most like `name`, as long as the check can afford the search.
pub(super) fn guess<'a>(budget: &mut usize, name: &str, known: &[&'a str]) -> Option<&'a str> {
    *budget = budget.saturating_sub(known.len());
    if *budget == 0 {
        return None;
    }
    nearest(name, known.iter().copied())
}

fn let_name(item: &crate::syntax::ast::Item) -> Option<&str> {
    match &item.kind {
        crate::syntax::ast::ItemKind::Let(l) => Some(&l.name.name),
        _ => None,
    }
}

/// The type that holds both.
pub(super) fn widen(a: &Base, b: &Base) -> Base {
    match (a, b) {
        (Base::Unknown, other) | (other, Base::Unknown) => other.clone(),
        (Base::Number { integer: x, unit }, Base::Number { integer: y, unit: other }) => {
            let whole = other.factor_to(unit).is_none_or(|f| f.fract() == 0.0);
            Base::Number { integer: *x && *y && whole, unit: unit.joined(&b.unit()) }
        }
        (Base::Number { .. }, Base::Prob | Base::Rating) | (Base::Prob | Base::Rating, Base::Number { .. }) => {
            Base::Number { integer: false, unit: Unit::one() }
        }
        _ => a.clone(),
    }
}

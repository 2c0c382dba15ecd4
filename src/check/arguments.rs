//! Arguments matched with parameters: of functions, of metrics, of policies.

use super::call::is_crossing;
use super::contract::Bounds;
use super::program::{ArgSource, CallPlan, Callee, Checker};
use super::types::{Base, Level, Type};
use crate::source::diagnostic::nearest;
use crate::source::{Diagnostic, codes};
use crate::syntax::ast::{Arg, Expr, ExprKind, Ident, Param};

/// What a call can be given.
#[derive(Clone, Copy)]
pub(super) struct Takes<'a> {
    pub params: &'a [Param],
    pub types: &'a [Type],
    pub bounds: &'a [Option<Bounds>],
}

/// An argument that does not fit its parameter.
struct Misfit<'a> {
    arg: &'a Arg,
    param: usize,
    /// The diagnostic that says so.
    told: usize,
}

impl Checker<'_> {
    pub(super) fn function_call(&mut self, expr: &Expr, index: usize, name: &Ident, args: &[Arg]) -> Type {
        if self.open.contains(&name.name) {
            self.unknown_function(expr, name, args);
            return Type::unknown();
        }
        let Some(info) = self.program.functions.get(index).cloned() else { return Type::unknown() };
        let takes = Takes { params: &info.decl.params, types: &info.params, bounds: &info.bounds };
        let columns = info.decl.body.is_none();
        let plan = self.matched_arguments(expr, name, takes, columns, info.decl.is_metric, args);
        self.program.tables.set_call(expr.id, CallPlan { callee: Callee::Function(index), args: plan });
        let unknown = |a: &Arg| self.program.tables.ty(a.value.id).is_some_and(Type::is_unknown);
        if !info.decl.is_metric && args.iter().any(unknown) {
            return Type::unknown();
        }
        let level = if info.decl.is_metric {
            Level::Cohort
        } else {
            args.iter().filter_map(|a| self.program.tables.ty(a.value.id)).fold(Level::Constant, |l, t| l.join(t.level))
        };
        Type::new(info.result.clone(), level)
    }

    /// Where the value of each parameter comes from; what does not fit is told. With `columns` a list stands for columns.
    pub(super) fn matched_arguments(
        &mut self,
        expr: &Expr,
        name: &Ident,
        takes: Takes,
        columns: bool,
        is_metric: bool,
        args: &[Arg],
    ) -> Vec<ArgSource> {
        let params = takes.params;
        let mut sources: Vec<Option<ArgSource>> = vec![None; params.len()];
        let mut positional = 0usize;
        let mut strays = false;
        let mut misfits: Vec<Misfit> = Vec::new();
        for (i, arg) in args.iter().enumerate() {
            let at = match &arg.name {
                Some(label) => params.iter().position(|p| p.name.name == label.name),
                None => {
                    positional += 1;
                    (positional <= params.len()).then(|| positional - 1)
                }
            };
            let Some(at) = at else {
                strays = true;
                self.infer(&arg.value, None);
                let names: Vec<&str> = params.iter().map(|p| p.name.name.as_str()).collect();
                let (span, what) = match &arg.name {
                    Some(label) => (label.span, format!("`{}` has no parameter `{}`", name.name, label.name)),
                    None => (arg.value.span, format!("`{}` takes {} arguments", name.name, params.len())),
                };
                let mut d = Diagnostic::new(codes::WRONG_ARGUMENTS, what)
                    .at(span, "not expected")
                    .note(format!("it takes: {}", names.join(", ")));
                if let Some(label) = &arg.name
                    && let Some(near) = nearest(&label.name, names.iter().copied())
                {
                    d = d.meant(label.span, near);
                }
                self.found.push(d);
                continue;
            };
            if let (Some(param), Some(ty)) = (params.get(at), takes.types.get(at)) {
                let place = format!("`{}` of `{}`", param.name.name, name.name);
                let told = self.found.len();
                let bounds = takes.bounds.get(at).and_then(Option::as_ref);
                match (&ty.base, &arg.value.kind) {
                    (Base::List(of), ExprKind::List(items)) if columns && **of != Base::Verdict => {
                        self.columns(&arg.value, items, of, ty.optional, &place, expr);
                    }
                    // Several columns where one category is wanted: their combinations.
                    (Base::AnyCategory, ExprKind::List(items)) if is_metric && is_crossing(items) => {
                        for item in items {
                            self.argument(item, ty, &place, is_metric, None, expr);
                        }
                        self.note(&arg.value, ty.clone());
                    }
                    _ => {
                        let fits = self.argument(&arg.value, ty, &place, is_metric, bounds, expr);
                        if !fits && arg.name.is_none() {
                            misfits.push(Misfit { arg, param: at, told });
                        }
                    }
                }
            }
            match sources.get_mut(at) {
                Some(slot @ None) => *slot = Some(ArgSource::Given(i)),
                _ => self.error(codes::WRONG_ARGUMENTS, "this argument is given twice", arg.value.span, "given again"),
            }
        }
        self.swapped(name, takes, &misfits);
        let auto = self.auto.clone();
        let mut missing = Vec::new();
        let mut plan = Vec::new();
        for ((param, ty), source) in params.iter().zip(takes.types).zip(sources) {
            let from_rows = auto.as_ref().and_then(|r| r.get(&param.name.name)).filter(|t| t.base == ty.base);
            plan.push(match source {
                Some(source) => source,
                None if param.default.is_some() => ArgSource::Default,
                None if from_rows.is_some() => ArgSource::Column(param.name.name.clone()),
                None => {
                    missing.push(param.name.name.as_str());
                    ArgSource::Default
                }
            });
        }
        // A misnamed argument is the one that seems missing.
        if !missing.is_empty() && !strays {
            self.found.push(
                Diagnostic::new(codes::WRONG_ARGUMENTS, format!("`{}` needs `{}`", name.name, missing.join("` and `")))
                    .at(name.span, "an argument is missing")
                    .help(format!(
                        "write `{}({})`",
                        name.name,
                        params
                            .iter()
                            .filter(|p| p.default.is_none())
                            .map(|p| format!("{}: …", p.name.name))
                            .collect::<Vec<_>>()
                            .join(", ")
                    )),
            );
        }
        plan
    }

    /// Two arguments that each fit where the other stands are one mistake.
    fn swapped(&mut self, name: &Ident, takes: Takes, misfits: &[Misfit]) {
        let [first, second] = misfits else { return };
        let base = |c: &Self, m: &Misfit| c.program.tables.ty(m.arg.value.id).map(|t| t.base.clone());
        let wanted = |m: &Misfit| takes.types.get(m.param).map(|t| t.base.clone());
        let crossed = base(self, first) == wanted(second) && base(self, second) == wanted(first);
        // Nothing but the two complaints may be taken back.
        if !crossed || second.told != first.told + 1 || self.found.len() != second.told + 1 {
            return;
        }
        self.found.truncate(first.told);
        let param = |m: &Misfit| takes.params.get(m.param).map_or("", |p| p.name.name.as_str());
        let (a, b) = (&first.arg.value, &second.arg.value);
        let text = crate::syntax::show;
        self.found.push(
            Diagnostic::new(codes::WRONG_ARGUMENTS, format!("these arguments of `{}` are swapped", name.name))
                .at(a.span, format!("this fits `{}`", param(second)))
                .also(b.span, format!("this fits `{}`", param(first)))
                .help(format!("`{}` takes `{}` before `{}`", name.name, param(first), param(second)))
                .fix_all("swap them", vec![(a.span, text(b)), (b.span, text(a))]),
        );
    }

    /// The columns of a kernel's list, each against the kind that it wants.
    fn columns(&mut self, value: &Expr, items: &[Expr], of: &Base, optional: bool, place: &str, call: &Expr) {
        let each = Type { base: of.clone(), optional, level: Level::Row };
        for item in items {
            self.argument(item, &each, place, true, None, call);
        }
        self.note(value, Type::new(Base::List(Box::new(of.clone())), Level::Row));
    }

    /// An argument against its parameter; whether its type fits.
    fn argument(
        &mut self,
        value: &Expr,
        ty: &Type,
        place: &str,
        is_metric: bool,
        bounds: Option<&Bounds>,
        call: &Expr,
    ) -> bool {
        let found = self.infer(value, Some(&ty.base));
        if let (Level::Row, Base::List(of)) = (ty.level, &found.base) {
            // A list of constants stands for a column of them.
            let category = ty.base == Base::AnyCategory && matches!(**of, Base::Text);
            let numbers = ty.base.is_numeric() && of.is_numeric();
            if category || numbers || **of == ty.base || ty.base == Base::Unknown {
                self.hold(value, bounds, place);
                return true;
            }
        }
        if !self.fits(value, &found, &ty.base, place) {
            return false;
        }
        self.hold(value, bounds, place);
        if !ty.optional {
            self.present(value, &found, place, call);
        }
        // A `fn` is applied wherever its arguments live; a metric's rows must be rows.
        if !is_metric {
            return true;
        }
        if ty.level == Level::Constant {
            self.at_most(value, &found, Level::Cohort, place);
        } else if ty.level == Level::Row && found.level != Level::Row && !found.is_unknown() {
            self.found.push(
                Diagnostic::new(codes::WRONG_LEVEL, format!("{place} needs one value per row"))
                    .at(value.span, found.level.words().to_string())
                    .help("give a column, an expression over columns, or a list"),
            );
        }
        true
    }
}

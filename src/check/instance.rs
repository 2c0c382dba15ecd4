//! A policy asked of certain rows: what its user gave stands in place of its parameters, and its rules are typed anew
//! over those rows. What is decided, shown and explained is this copy, so that reasons speak of the user's columns.

use super::arguments::Takes;
use super::items::DEEPEST_CHAIN;
use super::program::Checker;
use super::scope::{RowScope, Scope};
use super::types::{Level, Type};
use crate::check::program::ArgSource;
use crate::source::diagnostic::nearest;
use crate::source::{Diagnostic, codes};
use crate::syntax::ast::{self, Expr, ItemKind, NodeId, PolicyUse};
use crate::syntax::{Renewal, renewed};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One policy of an instance: itself, or one that it includes.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// What stands before the names of its constraints: empty for the policy itself.
    pub prefix: String,
    /// Where it is asked for, or included; no other part has the same.
    pub used: NodeId,
    /// The part that includes it, by its `used`.
    pub within: Option<NodeId>,
    pub policy: ast::Policy,
}

/// The name under which the policies that a policy includes see one of its dated parameters: nothing in their own
/// files can be called so.
pub fn handed_down(policy: &str, param: &str) -> String {
    format!("{policy}.{param}")
}

/// A policy with everything that it includes, ready to be decided.
#[derive(Debug, Clone, PartialEq)]
pub struct Instance {
    /// As written: `hipaa.safe_harbor`.
    pub name: String,
    /// The one constraint that is asked about; none is all.
    pub only: Option<String>,
    pub parts: Vec<Part>,
}

impl Instance {
    /// The constraints of all parts with the policy of each.
    pub fn constraints(&self) -> impl Iterator<Item = (&Part, &ast::Constraint)> {
        let wanted = |part: &Part, name: &str| self.only.as_ref().is_none_or(|only| *only == shown(&part.prefix, name));
        self.parts.iter().flat_map(move |part| {
            part.policy.constraints.iter().filter(move |c| wanted(part, &c.name.name)).map(move |c| (part, c))
        })
    }

    /// The parts that a part stands in, from the one that was asked for inward. Their days are its days too.
    pub fn around(&self, part: &Part) -> Vec<&Part> {
        let mut out: Vec<&Part> = Vec::new();
        let mut within = part.within;
        while let Some(next) = self.parts.iter().find(|p| within == Some(p.used)) {
            out.push(next);
            within = next.within;
        }
        out.reverse();
        out
    }
}

/// The name of a constraint or exception as reports show it.
pub fn shown(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_string() } else { format!("{prefix}.{name}") }
}

/// What a policy stands in while the parts of an instance are made.
#[derive(Default)]
struct Around {
    prefix: String,
    within: Option<NodeId>,
    /// Parameters of the policies around, as `handed_down` names them.
    params: Vec<(String, Type)>,
    depth: usize,
}

impl Checker<'_> {
    /// Makes the instance of `used` over `rows` and keeps it under its id. `or_constraint` takes a last part of the name
    /// for a constraint when there is no policy of the whole name.
    pub(super) fn instance(&mut self, used: &PolicyUse, rows: Option<&Arc<RowScope>>, or_constraint: bool) {
        let Some((global, only)) = self.policy_named(used, or_constraint) else { return };
        if self.program.broken.contains(&global) {
            return;
        }
        let told = self.found.len();
        let mut parts = Vec::new();
        self.parts(used, &global, &Around::default(), rows, &mut parts);
        let errors = self.found.iter().skip(told).any(Diagnostic::is_error);
        if errors {
            return;
        }
        let whole = used.name.name.as_str();
        let name = match &only {
            Some(only) => whole.strip_suffix(only.as_str()).unwrap_or(whole).trim_end_matches('.').to_string(),
            None => whole.to_string(),
        };
        let instance = Instance { name, only, parts };
        if instance.constraints().next().is_none() && instance.only.is_some() {
            self.no_constraint(used, instance);
            return;
        }
        self.program.instances.insert(used.id, Arc::new(instance));
    }

    fn no_constraint(&mut self, used: &PolicyUse, instance: Instance) {
        let only = instance.only.clone().unwrap_or_default();
        let all = Instance { only: None, ..instance };
        let known: Vec<String> = all.constraints().map(|(part, c)| shown(&part.prefix, &c.name.name)).collect();
        let mut d = Diagnostic::new(codes::UNKNOWN_NAME, format!("`{}` has no constraint `{only}`", all.name))
            .at(used.name.span, "not declared")
            .note(format!("it has: {}", known.join(", ")));
        if let Some(near) = nearest(&only, known.iter().map(String::as_str)) {
            d = d.meant(used.name.span, &format!("{}.{near}", all.name));
        }
        self.found.push(d);
    }

    /// The global name of the policy that is meant, and of the one constraint in it.
    fn policy_named(&mut self, used: &PolicyUse, or_constraint: bool) -> Option<(String, Option<String>)> {
        let name = &used.name.name;
        let global = self.program.global(self.at, name);
        if self.program.policy(&global).is_some() {
            return Some((global, None));
        }
        // The constraint of a policy, or of one that it includes: `front.constraint`, `front.included.constraint`.
        let mut front = name.as_str();
        while let Some((shorter, _)) = front.rsplit_once('.').filter(|_| or_constraint) {
            front = shorter;
            let global = self.program.global(self.at, front);
            if self.program.policy(&global).is_some() {
                return Some((global, name.get(front.len() + 1..).map(str::to_string)));
            }
        }
        self.unknown_policy(&used.name);
        None
    }

    pub(super) fn unknown_policy(&mut self, name: &ast::Ident) {
        if self.is_lost(&name.name) || self.lost_nameless(&["policy"]) {
            return;
        }
        let known: Vec<String> = self
            .program
            .items()
            .filter_map(|i| match &i.kind {
                ItemKind::Policy(p) => Some(p.name.name.clone()),
                _ => None,
            })
            .collect();
        let mut d = Diagnostic::new(codes::UNKNOWN_NAME, format!("unknown policy `{}`", name.name))
            .at(name.span, "not declared");
        if let Some(near) = nearest(&name.name, known.iter().map(String::as_str)) {
            d = d.meant(name.span, near);
        }
        self.found.push(d);
    }

    /// The policy and what it includes, each typed over `rows`.
    fn parts(
        &mut self,
        used: &PolicyUse,
        global: &str,
        around: &Around,
        rows: Option<&Arc<RowScope>>,
        out: &mut Vec<Part>,
    ) {
        let Some(policy) = self.program.policy(global).cloned() else { return };
        let (prefix, depth) = (around.prefix.as_str(), around.depth);
        if depth > DEEPEST_CHAIN {
            self.too_long_a_chain(used.span);
            return;
        }
        let Some(given) = self.given(used, &policy, around, rows) else { return };
        let (copy, placed) = self.copied(&policy, &given);
        let at = self.at;
        for id in placed {
            self.foreign.insert(id, at);
        }
        let told = self.found.len();
        let used_names = self.used.take();
        self.at = self.program.origin_of(global);
        self.rules(&copy, around.params.clone(), rows.cloned());
        let mut params = around.params.clone();
        for param in &copy.params {
            let ty = self.scope.local(&param.name.name).cloned().unwrap_or_else(Type::unknown);
            params.push((handed_down(&policy.name.name, &param.name.name), ty));
        }
        // What it includes is named in its own file.
        for inner in &copy.includes {
            let theirs = self.program.global(self.at, &inner.name.name);
            let prefix = shown(prefix, inner.name.name.rsplit('.').next().unwrap_or(""));
            let below = Around { prefix, within: Some(used.id), params: params.clone(), depth: depth + 1 };
            self.parts(inner, &theirs, &below, rows, out);
        }
        self.at = at;
        self.used = used_names;
        for d in self.found.iter_mut().skip(told) {
            let here = d.labels.iter().any(|l| l.span == used.span);
            if !here && depth == 0 {
                *d = d.clone().also(used.span, "asked for here");
            }
        }
        // The policy's own constraints come before those that it includes.
        let from = out.iter().position(|p| p.prefix.starts_with(prefix) && p.prefix != prefix).unwrap_or(out.len());
        out.insert(from, Part { prefix: prefix.to_string(), used: used.id, within: around.within, policy: copy });
    }

    /// What stands in place of each parameter.
    fn given(
        &mut self,
        used: &PolicyUse,
        policy: &ast::Policy,
        around: &Around,
        rows: Option<&Arc<RowScope>>,
    ) -> Option<BTreeMap<String, Expr>> {
        let told = self.found.len();
        let (types, bounds) = self.signature(&policy.takes, true);
        let outer = std::mem::replace(&mut self.scope, Scope::with_rows(rows.cloned()));
        self.scope.locals.clone_from(&around.params);
        // Diagnostics want the call; a policy stands where one would.
        let call = Expr { id: used.id, span: used.span, kind: ast::ExprKind::Hole };
        let name = ast::Ident { name: used.name.name.clone(), span: used.name.span };
        let sources = self.matched_arguments(
            &call,
            &name,
            Takes { params: &policy.takes, types: &types, bounds: &bounds },
            true,
            true,
            &used.args,
        );
        let mut out = BTreeMap::new();
        for ((param, ty), source) in policy.takes.iter().zip(&types).zip(sources) {
            let value = match source {
                ArgSource::Given(at) => used.args.get(at).map(|a| a.value.clone()),
                ArgSource::Default => param.default.clone(),
                ArgSource::Column(_) => None,
            };
            if let Some(value) = value {
                if ty.level == Level::Constant && !matches!(ty.base, super::Base::List(_)) {
                    let found = self.program.tables.ty(value.id).cloned();
                    if let Some(found) = found {
                        self.at_most(&value, &found, Level::Cohort, &format!("`{}`", param.name.name));
                    }
                }
                out.insert(param.name.name.clone(), value);
            }
        }
        self.scope = outer;
        let errors = self.found.iter().skip(told).any(Diagnostic::is_error);
        (!errors).then_some(out)
    }

    /// A copy of the policy with nodes of its own.
    fn copied(&mut self, policy: &ast::Policy, given: &BTreeMap<String, Expr>) -> (ast::Policy, Vec<ast::NodeId>) {
        let mut with = Renewal::new(&mut self.program.ids, given);
        let mut copy = policy.clone();
        for param in &mut copy.params {
            let values = param.default.iter_mut().chain(param.dated.iter_mut().map(|(_, _, v)| v));
            values.for_each(|v| *v = renewed(v, &mut with));
        }
        for constraint in &mut copy.constraints {
            constraint.rule = renewed(&constraint.rule, &mut with);
            constraint.confidence.iter_mut().for_each(|c| *c = renewed(c, &mut with));
        }
        for exception in &mut copy.exceptions {
            let parts = exception.when.iter_mut().chain(&mut exception.rule).chain(&mut exception.confidence);
            parts.for_each(|e| *e = renewed(e, &mut with));
        }
        let mut placed = with.placed;
        // What it hands to another policy may be a parameter of its own, at its value of the day.
        let mut given = given.clone();
        for param in &policy.params {
            let name = handed_down(&policy.name.name, &param.name.name);
            let kind = ast::ExprKind::Name(name);
            let name = Expr { id: self.program.ids.fresh(), span: param.name.span, kind };
            given.insert(param.name.name.clone(), name);
        }
        let mut with = Renewal::new(&mut self.program.ids, &given);
        for used in &mut copy.includes {
            used.id = with.ids.fresh();
            used.args.iter_mut().for_each(|a| a.value = renewed(&a.value, &mut with));
        }
        placed.extend(with.placed);
        copy.takes.clear();
        (copy, placed)
    }

    /// Whether a policy can include what it says it does; the details are checked where it is asked for.
    pub(super) fn include(&mut self, policy: &ast::Policy, used: &PolicyUse) {
        let global = self.program.global(self.at, &used.name.name);
        if self.program.policy(&global).is_none() {
            self.unknown_policy(&used.name);
            return;
        }
        // Walk down what is included; meeting oneself again is a circle.
        let mut open = vec![global];
        let mut seen: Vec<String> = Vec::new();
        while let Some(name) = open.pop() {
            if name == policy.name.name {
                self.error(
                    codes::RECURSION,
                    format!("`{}` includes itself", policy.name.name),
                    used.name.span,
                    "leads back to this policy",
                );
                return;
            }
            if seen.contains(&name) {
                continue;
            }
            if let Some(next) = self.program.policy(&name) {
                let at = self.program.origin_of(&name);
                open.extend(next.includes.iter().map(|i| self.program.global(at, &i.name.name)));
            }
            seen.push(name);
        }
    }
}

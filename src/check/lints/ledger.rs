//! Privacy budgets that the script already exceeds: a generator declares how much it may spend, and a policy that is
//! checked on it allows less; or several learn from one dataset, and together go beyond what it declares.
//!
//! The budget is what the generator's `privacy dp(epsilon: 3, delta: 1e-5)` says; training never spends more.

use super::intervals::Intervals;
use super::place_of;
use super::range::{Range, figure};
use crate::check::private;
use crate::check::program::Program;
use crate::source::{Diagnostic, Span, codes};
use crate::syntax::ast::{Generator, ItemKind};
use crate::syntax::show;

/// What a generator may spend on its data.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Budget {
    pub epsilon: f64,
    pub delta: f64,
    /// Where it is declared.
    pub span: Span,
}

/// The budget that a generator declares; nothing when it declares none.
pub fn budget(generator: &Generator) -> Option<Budget> {
    let (_, setting) = generator.settings.iter().find(|(name, _)| name.name == "privacy")?;
    let asked = private::read(setting)?;
    Some(Budget { epsilon: asked.epsilon, delta: asked.delta, span: setting.span })
}

pub fn lint(program: &Program, found: &mut Vec<Diagnostic>) {
    together(program, found);
    let intervals = Intervals::new(program);
    for item in &program.file.items {
        let ItemKind::Check(check) = &item.kind else { continue };
        let Some(on) = &check.on else { continue };
        let Some(generator) = program.generators().find(|g| g.name.name == on.name) else { continue };
        let Some(budget) = budget(generator) else { continue };
        let Some(instance) = program.instances.get(&check.policy.id) else { continue };
        for (part, constraint) in instance.constraints() {
            intervals.next();
            let place = place_of(&intervals, &part.policy).over(program.dataset(&generator.data.name));
            let free = intervals.truth(&constraint.rule, &place, true);
            let spent = place.spending(Range::point(budget.epsilon), Range::point(budget.delta));
            let truth = intervals.truth(&constraint.rule, &spent, true);
            if truth.yes || !free.yes {
                continue;
            }
            found.push(
                Diagnostic::new(
                    codes::NEVER_HOLDS,
                    format!("`{}` cannot hold on `{}` once its privacy budget is spent", constraint.name.name, on.name),
                )
                .at(check.policy.span, format!("asks `{}`", show(&constraint.rule)))
                .also(budget.span, format!("spends epsilon {}, delta {}", figure(budget.epsilon), figure(budget.delta)))
                .help("give the generator a smaller budget, or ask a policy that allows this one"),
            );
        }
    }
}

/// Budgets of generators on one dataset, added up, beside the dataset's own.
fn together(program: &Program, found: &mut Vec<Diagnostic>) {
    for schema in &program.datasets {
        let Some((allowed, span)) = &schema.budget else { continue };
        let spending: Vec<(&Generator, Budget)> =
            program.generators().filter(|g| g.data.name == schema.name).filter_map(|g| Some((g, budget(g)?))).collect();
        let epsilon: f64 = spending.iter().map(|(_, b)| b.epsilon).sum();
        let delta: f64 = spending.iter().map(|(_, b)| b.delta).sum();
        // Sums of written numbers may be a rounding above their own total.
        let over = |sum: f64, most: f64| sum > most * (1.0 + 1e-9);
        if !over(epsilon, allowed.epsilon) && !over(delta, allowed.delta) {
            continue;
        }
        let mut d = Diagnostic::new(
            codes::OVER_BUDGET,
            format!(
                "generators on `{}` may spend (epsilon {}, delta {}) together, and its budget is (epsilon {}, delta {})",
                schema.name,
                figure(epsilon),
                figure(delta),
                figure(allowed.epsilon),
                figure(allowed.delta)
            ),
        )
        .at(*span, "the budget of the data");
        for (generator, budget) in &spending {
            d = d.also(budget.span, format!("`{}` may spend epsilon {}", generator.name.name, figure(budget.epsilon)));
        }
        found.push(d.help(
            "give each a smaller share, or train fewer; the run adds them up more closely than this plain sum, and says \
             what was spent",
        ));
    }
}

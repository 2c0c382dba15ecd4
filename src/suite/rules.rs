//! What rows of a synthetic table have to keep to: formulas of derived columns, and the rules of a generator.
//!
//! A derived column is worked out again from the columns that were drawn, so that its formula holds in every row. A
//! `require` is a predicate over a row; rows that break it are drawn again until none is left. As with a check
//! constraint in a database, a rule that has no answer in a row (a missing cell) is not broken by it.

use super::loaded::Loaded;
use super::result::RuleInfo;
use super::run::Halt;
use super::shown;
use crate::check::Program;
use crate::check::dataset::{Column, Schema};
use crate::check::{Base, walk};
use crate::data::Table;
use crate::data::frame::Frame;
use crate::eval::View;
use crate::eval::count::Count;
use crate::eval::derive::derive;
use crate::eval::forms::truth_by_row;
use crate::policy::cells::LEAST;
use crate::source::{Diagnostic, codes};
use crate::syntax::ast::{Expr, ExprKind, Generator};
use crate::syntax::show;
use crate::synth::{Given, SynthError};

/// Draws after which rows that keep to the rules are too rare.
const ROUNDS: usize = 60;

/// The rules of a generator over its dataset.
pub struct Rules {
    schema: Schema,
    /// With their source text.
    rules: Vec<(String, Expr)>,
    /// Columns that are drawn, and those that are shown, which has derived ones too.
    pub learned: Vec<String>,
    pub shown: Vec<String>,
}

impl Rules {
    /// Of a generator that was asked to learn `columns`.
    pub fn of(generator: &Generator, schema: &Schema, columns: Vec<String>) -> Rules {
        let mut learned: Vec<String> = Vec::new();
        for column in schema.columns.iter().filter(|c| columns.contains(&c.name)) {
            let follows = column.derived.as_ref().is_some_and(|formula| {
                let mut whole = true;
                walk(formula, &mut |e| {
                    if let ExprKind::Name(name) = &e.kind
                        && schema.column(name).is_some()
                    {
                        whole &= columns.contains(name);
                    }
                });
                whole
            });
            if !follows {
                learned.push(column.name.clone());
            }
        }
        let rules = generator.settings.iter().filter(|(name, _)| name.name == "require");
        let rules = rules.map(|(_, rule)| (show(rule), rule.clone())).collect();
        let shown = schema.columns.iter().map(|c| c.name.clone()).filter(|c| columns.contains(c)).collect();
        Rules { schema: schema.clone(), rules, learned, shown }
    }

    /// The drawn column that says what `name` says: itself, or the one category that a derived column is worked out from.
    pub fn drawn_for(&self, name: &str) -> Option<String> {
        if self.learned.iter().any(|l| l == name) {
            return Some(name.to_string());
        }
        let mut inputs: Vec<&Column> = Vec::new();
        walk(self.schema.column(name)?.derived.as_ref()?, &mut |e| {
            if let ExprKind::Name(name) = &e.kind
                && let Some(column) = self.schema.column(name)
                && !inputs.iter().any(|c| c.name == column.name)
            {
                inputs.push(column);
            }
        });
        match inputs.as_slice() {
            [one] if matches!(one.ty.base, Base::Category(_)) => self.drawn_for(&one.name),
            _ => None,
        }
    }

    /// Whether drawn rows need a second look.
    fn idle(&self) -> bool {
        self.rules.is_empty() && self.learned.len() == self.shown.len()
    }

    /// Drawn columns with the derived ones, and for each rule the rows that break it.
    fn complete(&self, program: &Program, loaded: &Loaded, drawn: &Frame) -> Result<(Frame, Vec<Vec<bool>>), Halt> {
        if self.idle() {
            return Ok((drawn.clone(), Vec::new()));
        }
        let mut table = Table::from_frame(drawn, &self.schema);
        let mut schema = self.schema.clone();
        for column in &mut schema.columns {
            // What was drawn stays, and what is not shown is not worked out.
            if self.learned.contains(&column.name) || !self.shown.contains(&column.name) {
                column.derived = None;
            }
        }
        derive(program, &loaded.kernels, &schema, &mut table, &loaded.meter).map_err(|d| Halt::Failed(vec![d]))?;
        let broken = self.broken(program, loaded, &table)?;
        Ok((table.frame(&self.schema, &self.shown), broken))
    }

    /// For each rule, which rows of `table` break it.
    fn broken(&self, program: &Program, loaded: &Loaded, table: &Table) -> Result<Vec<Vec<bool>>, Halt> {
        let env = loaded.env(program, 0).over(View::of(table));
        let mut out = Vec::new();
        for (text, rule) in &self.rules {
            let truths = truth_by_row(&env, rule).map_err(|_| {
                Halt::Failed(vec![
                    loaded
                        .meter
                        .stopped()
                        .unwrap_or_else(|| Diagnostic::new(codes::UNDEFINED, format!("`{text}` has no value")))
                        .at(rule.span, "this rule"),
                ])
            })?;
            out.push(truths.into_iter().map(|t| t == Some(false)).collect());
        }
        Ok(out)
    }

    /// Each rule, and the rows of a frame of shown columns that break it. A rule that cannot be worked out is left out:
    /// it was worked out when the rows were drawn.
    pub fn breaches(&self, program: &Program, loaded: &Loaded, shown: &Frame) -> Vec<(String, Vec<usize>)> {
        let broken = self.broken(program, loaded, &Table::from_frame(shown, &self.schema)).unwrap_or_default();
        let rows = |broken: Vec<bool>| broken.iter().enumerate().filter(|(_, b)| **b).map(|(row, _)| row).collect();
        self.rules.iter().zip(broken).map(|((text, _), broken)| (text.clone(), rows(broken))).collect()
    }

    /// How many rows of the data break each rule. Of patients, small counts and those that leave few are not told; a
    /// `private` generator tells none, since its promise would not cover it.
    pub fn told(
        &self,
        program: &Program,
        loaded: &Loaded,
        table: &Table,
        private: bool,
    ) -> Result<Vec<RuleInfo>, Halt> {
        let broken = self.broken(program, loaded, table)?;
        let is_phi = shown::is_phi(&self.schema);
        let count = |rows: &Vec<bool>| {
            let n = rows.iter().filter(|b| **b).count();
            match (private, is_phi) {
                (true, _) => Count::Withheld,
                (_, true) if (1..LEAST).contains(&n) => Count::Few,
                (_, true) if n > 0 && table.rows - n < LEAST => Count::Withheld,
                _ => Count::Rows(n),
            }
        };
        let rules = self.rules.iter().zip(&broken);
        Ok(rules
            .map(|((text, _), rows)| RuleInfo { rule: text.clone(), broken_in_data: count(rows), drawn_again: 0 })
            .collect())
    }

    /// `n` rows that keep to all rules, with those of `given` first; `sample` draws rows without looking at rules.
    /// `told` counts rows that were drawn again.
    pub fn draw(
        &self,
        (program, loaded, generator): (&Program, &Loaded, &str),
        (n, given): (usize, &Given),
        told: &mut [RuleInfo],
        sample: impl Fn(usize, &Given, usize) -> Result<Frame, SynthError>,
    ) -> Result<Frame, Halt> {
        let failed = |e: SynthError| {
            let message = format!("`{generator}` cannot draw its rows: {e}");
            Halt::Failed(vec![Diagnostic::new(codes::MODEL_FAILED, message)])
        };
        let first = sample(n, given, 0).map_err(failed)?;
        if self.idle() {
            return Ok(first);
        }
        let (mut rows, mut broken) = self.complete(program, loaded, &first)?;
        let mut open: Vec<usize> = (0..n).collect();
        let mut drawn = n;
        for round in 1.. {
            let worst = broken.iter().map(|b| b.iter().filter(|b| **b).count()).collect::<Vec<usize>>();
            for (told, n) in told.iter_mut().zip(&worst) {
                told.drawn_again += n;
            }
            // Positions within the rows that were drawn last.
            let again: Vec<usize> =
                (0..open.len()).filter(|&i| broken.iter().any(|b| b.get(i) == Some(&true))).collect();
            open = again.iter().filter_map(|&i| open.get(i).copied()).collect();
            if open.is_empty() {
                break;
            }
            if round > ROUNDS {
                let at = worst.iter().enumerate().max_by_key(|(_, n)| **n).map_or(0, |(i, _)| i);
                let kept = drawn - open.len();
                let share = 100.0 * (n - open.len()) as f64 / kept.max(1) as f64;
                let mut d = Diagnostic::new(
                    codes::RULES_NOT_MET,
                    format!("`{generator}` drew {drawn} rows, and {} of {n} still break a rule", open.len()),
                )
                .help("ask for rows that the data has, or drop the rule");
                if let Some((text, rule)) = self.rules.get(at) {
                    d = d.at(rule.span, format!("`{text}` is broken most; {share:.1} % of the rows keep to all rules"));
                }
                return Err(Halt::Failed(vec![d]));
            }
            let (next, next_broken) = {
                let sampled = sample(open.len(), &rest(given, &open), round).map_err(failed)?;
                self.complete(program, loaded, &sampled)?
            };
            drawn += open.len();
            for (column, new) in rows.columns.iter_mut().zip(&next.columns) {
                for (&row, x) in open.iter().zip(&new.values) {
                    if let Some(cell) = column.values.get_mut(row) {
                        *cell = *x;
                    }
                }
            }
            broken = next_broken;
        }
        Ok(rows)
    }
}

/// What is asked of the rows at `open`, which ascend, of a sample that was asked for `given`.
pub(super) fn rest(given: &Given, open: &[usize]) -> Given {
    let mut out = given.clone();
    let mut start = 0;
    for part in &mut out.parts {
        let end = start + part.rows;
        part.rows = open.iter().filter(|&&row| row >= start && row < end).count();
        start = end;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_drawn_again_are_asked_for_the_same() {
        let given = Given::nothing().and(&[("sick", 1)], 4).and(&[("sick", 0)], 3);
        let rows = |g: Given| g.parts.iter().map(|p| p.rows).collect::<Vec<_>>();
        assert_eq!(rows(rest(&given, &[0, 3, 4, 8, 9])), [2, 1]);
        assert_eq!(rows(rest(&given, &[])), [0, 0]);
    }
}

//! `if` and `match` over rows, to nodes.

use super::UNKNOWN;
use super::lower::{Bail, Lowered, Lowering, Result, is_bool};
use super::plan::Node;
use crate::eval::value::Value;
use crate::syntax::ast::{Arm, Expr, Pattern};

impl Lowering<'_> {
    pub(super) fn choose(&mut self, expr: &Expr, test: &Expr, yes: &Expr, no: &Expr) -> Result<Lowered> {
        let t = match self.lower(test)? {
            Lowered::One(Value::Bool(true)) => return self.lower(yes),
            Lowered::One(Value::Bool(false)) => return self.lower(no),
            Lowered::One(other) => return Ok(Lowered::One(other)),
            test => self.as_truth(&test)?,
        };
        let (a, b) = (self.lower(yes)?, self.lower(no)?);
        if let (Lowered::One(Value::Number(one)), Lowered::One(Value::Number(zero))) = (&a, &b)
            && (*one, zero.to_bits()) == (1.0, 0)
        {
            return Ok(Lowered::Number(self.add(Node::FromTruth(t))));
        }
        match (self.as_truth(&a), self.as_truth(&b), self.as_number(&a), self.as_number(&b)) {
            // Both missing everywhere fits either way.
            (Ok(a), Ok(b), _, _) if is_bool(&self.env, expr) => Ok(Lowered::Truth(self.add(Node::IfTruth(t, a, b)))),
            (_, _, Ok(a), Ok(b)) => Ok(Lowered::Number(self.add(Node::If(t, a, b)))),
            _ => self.by_rows(expr),
        }
    }

    /// `match` as a chain of choices. A missing subject meets no test, and has no answer.
    pub(super) fn matched(&mut self, expr: &Expr, subject: &Expr, arms: &[Arm]) -> Result<Lowered> {
        let asked = self.lower(subject)?;
        if let Lowered::One(value) = &asked {
            if matches!(value, Value::Missing | Value::Undefined(_)) {
                return Ok(asked);
            }
            let name = value.to_string();
            return match arms.iter().find(|a| a.patterns.iter().any(|p| meets(p, &name))) {
                Some(arm) => self.lower(&arm.value),
                None => Err(Bail),
            };
        }
        let present = match &asked {
            Lowered::Level(column) => self.add(Node::PresentColumn(*column)),
            Lowered::Truth(flag) => self.add(Node::Present(*flag)),
            _ => return self.by_rows(expr),
        };
        let is_bool = is_bool(&self.env, expr);
        let mut out = self.add(if is_bool { Node::Fixed(UNKNOWN) } else { Node::Nothing });
        // From the last arm to the first: the first that meets decides.
        for arm in arms.iter().rev() {
            let mut test = None;
            for pattern in &arm.patterns {
                let one = match (pattern, &asked) {
                    (Pattern::Rest(_), _) => present,
                    (Pattern::Level(level), Lowered::Level(column)) => {
                        let code = self.code(*column, &Value::text(&level.name)).ok_or(Bail)?;
                        let node =
                            code.map_or_else(|| Node::LevelIn(*column, Vec::new()), |c| Node::LevelIs(*column, c));
                        self.add(node)
                    }
                    (Pattern::Level(level), Lowered::Truth(flag)) if level.name == "true" => *flag,
                    (Pattern::Level(_), Lowered::Truth(flag)) => self.add(Node::Not(*flag)),
                    _ => return Err(Bail),
                };
                test = Some(match test {
                    Some(before) => self.add(Node::Or(before, one)),
                    None => one,
                });
            }
            let Some(test) = test else { return Err(Bail) };
            let value = self.lower(&arm.value)?;
            let node = if is_bool {
                self.as_truth(&value).map(|v| Node::IfTruth(test, v, out))
            } else {
                self.as_number(&value).map(|v| Node::If(test, v, out))
            };
            match node {
                Ok(node) => out = self.add(node),
                Err(Bail) => return self.by_rows(expr),
            }
        }
        Ok(if is_bool { Lowered::Truth(out) } else { Lowered::Number(out) })
    }
}

fn meets(pattern: &Pattern, name: &str) -> bool {
    match pattern {
        Pattern::Level(level) => level.name == name,
        Pattern::Rest(_) => true,
    }
}

//! Scenarios too small to decide what a policy asks of them: even a model that truly meets the constraint would be
//! left without a verdict at the confidence asked for.

use super::asked::{Limit, Site, limits, sites};
use super::declared::Size;
use super::intervals::{Intervals, chain};
use super::parity::Figure;
use super::range::figure;
use super::sizes::{POWER, Question, needed, needed_at, reachable};
use crate::check::program::{ArgSource, Callee, Program};
use crate::check::special::Special;
use crate::source::{Diagnostic, Span, codes};
use crate::syntax::ast::{Arg, BinOp, Expr, ExprKind};
use std::collections::BTreeMap;

/// The flagged rate and the prevalence where nobody declared one.
const UNKNOWN_RATE: f64 = 0.5;

/// A question that a scenario is too small for.
struct Short {
    span: Span,
    name: String,
    confidence: f64,
    scenario: String,
    size: Size,
    /// The share of the rows drawn that count, at most.
    share: f64,
    /// Rows that count, of those drawn, at most.
    rows: f64,
    /// Rows that would do, of those that count; nothing when no number would.
    needed: Option<u64>,
    question: Question,
    model: String,
    /// A limit that the rows drawn decide, as it can be told, and the edit that writes it, where there are such.
    limit: Option<f64>,
    easier: Option<(Span, String)>,
}

pub fn lint(program: &Program, found: &mut Vec<Diagnostic>) {
    let intervals = Intervals::new(program);
    let mut all: BTreeMap<(Span, String), Vec<Short>> = BTreeMap::new();
    for site in sites(&intervals) {
        let Some(size) = site.declared.size else { continue };
        for limit in limits(&intervals, &site) {
            if let Some(short) = short(&intervals, &site, &limit, size) {
                all.entry((short.span, short.name.clone())).or_default().push(short);
            }
        }
    }
    found.extend(all.into_values().filter_map(|shorts| told(&shorts)));
}

fn short<'a>(intervals: &Intervals<'a>, site: &Site<'a>, limit: &Limit<'a>, size: Size) -> Option<Short> {
    let confidence = limit.confidence.filter(|c| *c > 0.5 && *c < 1.0)?;
    let at_most = match limit.op {
        BinOp::Le | BinOp::Lt => true,
        BinOp::Ge | BinOp::Gt => false,
        _ => return None,
    };
    // Of a parameter that changes with the date, the limit that is met most easily.
    let bound = if at_most { limit.range.hi } else { limit.range.lo };
    if !(0.0..=1.0).contains(&bound) {
        return None;
    }
    let asking = Asking { intervals, site, limit };
    let (question, share, model) = asking.question(at_most, bound)?;
    let rows = (size.rows * share).floor();
    let needed = needed(&question, confidence);
    if needed.is_some_and(|n| n as f64 <= rows) {
        return None;
    }
    let reached = needed.and_then(|n| told_limit(&question, confidence, rows as u64, n));
    // An edit is offered only where it is sure to help.
    let helps = |l: f64| needed_at(&question, l, confidence).is_some_and(|n| n as f64 <= rows);
    let easier = reached.filter(|l| helps(*l)).and_then(|l| limit.written(intervals.program, l));
    Some(Short {
        span: limit.rule.span,
        name: limit.name.clone(),
        confidence,
        scenario: site.scenario.clone(),
        size,
        share,
        rows,
        needed,
        question,
        model,
        limit: reached,
        easier,
    })
}

/// One warning a constraint: about the scenario that lacks most, with the number of others.
fn told(shorts: &[Short]) -> Option<Diagnostic> {
    let lack = |s: &Short| s.needed.map_or(f64::INFINITY, |n| n as f64 / s.rows.max(1.0));
    let worst = shorts.iter().max_by(|a, b| lack(a).total_cmp(&lack(b)))?;
    let sure = format!("{}%", figure(worst.confidence * 100.0));
    let count = |n: f64| grouped(n as u64);
    let others = match shorts.len() - 1 {
        0 => String::new(),
        1 => " (and another scenario)".into(),
        n => format!(" (and {n} other scenarios)"),
    };
    let drawn = if worst.rows < worst.size.rows {
        format!("{} rows, of which at most {} count here", count(worst.size.rows), count(worst.rows))
    } else {
        format!("{} rows", count(worst.size.rows))
    };
    let d = Diagnostic::new(
        codes::TOO_FEW_TO_TELL,
        format!("`{}` is too small to decide `{}` at {sure} confidence{others}", worst.scenario, worst.name),
    )
    .at(worst.span, "inconclusive even for a model that meets it")
    .also(worst.size.span, drawn);
    let Some(n) = worst.needed else {
        return Some(d.note(worst.model.clone()).help("no number of rows shows this: leave a margin in the limit"));
    };
    let mut ways = vec![format!("draw {} rows or more", grouped(worst.enough(n)))];
    if let Some(limit) = worst.limit {
        ways.push(match &worst.question {
            Question::Share { at_most: false, .. } | Question::Auroc { .. } => {
                format!("ask for {} or less", percent(limit))
            }
            _ => format!("allow {} or more", percent(limit)),
        });
    }
    ways.push("ask for less confidence".into());
    let these = if worst.rows < worst.size.rows { "such rows" } else { "rows" };
    let mut d = d.note(format!("{}: it takes {} {these}", worst.model, grouped(n))).help(ways.join(", or "));
    if let Some((title, edits)) = larger(shorts) {
        d = d.fix_all(title, edits);
    }
    if let Some((span, text)) = easiest(shorts) {
        d = d.fix(format!("write the limit that these rows decide, {text}"), span, text);
    }
    Some(d)
}

/// The edit that writes the limit which the rows of every scenario decide.
fn easiest(shorts: &[Short]) -> Option<(Span, String)> {
    let mut all = Vec::new();
    for short in shorts {
        all.push((short.limit?, short.easier.clone()?));
    }
    let least = |s: &Short| matches!(s.question, Question::Share { at_most: false, .. } | Question::Auroc { .. });
    let sign = if shorts.iter().any(least) { -1.0 } else { 1.0 };
    all.into_iter().max_by(|a, b| (sign * a.0).total_cmp(&(sign * b.0))).map(|(_, edit)| edit)
}

impl Short {
    /// A round number of rows to draw so that `needed` of them count.
    fn enough(&self, needed: u64) -> u64 {
        let mut rows = rounded_up((needed as f64 / self.share.max(1e-9)).ceil());
        // Whole rows: a share of them may fall short by one.
        while (rows as f64 * self.share).floor() < needed as f64 && rows < u64::MAX / 2 {
            rows = rounded_up(rows as f64 + 1.0);
        }
        rows
    }
}

/// The edits that draw enough rows in every scenario; none unless each has its number written in this script.
fn larger(shorts: &[Short]) -> Option<(String, Vec<(Span, String)>)> {
    let mut sizes: BTreeMap<Span, u64> = BTreeMap::new();
    for short in shorts {
        let rows = short.enough(short.needed.filter(|_| short.size.written)?);
        // Several scenarios may take their number from one and the same place.
        let most = sizes.entry(short.size.span).or_insert(rows);
        *most = rows.max(*most);
    }
    let drawn: Vec<String> = sizes.values().map(|n| grouped(*n)).collect();
    let edits = sizes.into_iter().map(|(span, n)| (span, grouped(n).replace(',', "_"))).collect();
    Some((format!("draw {} rows", drawn.join(" and ")), edits))
}

/// The limit that the rows at hand decide, in tenths of a percent on the safe side.
fn told_limit(question: &Question, confidence: f64, rows: u64, needed: u64) -> Option<f64> {
    let limit = reachable(question, confidence, rows, needed)?;
    let told = match question {
        Question::Share { at_most: false, .. } | Question::Auroc { .. } => (limit * 1000.0).floor() / 1000.0,
        _ => (limit * 1000.0).ceil() / 1000.0,
    };
    (0.0..=1.0).contains(&told).then_some(told)
}

/// With two significant digits, upwards.
fn rounded_up(n: f64) -> u64 {
    let step = 10f64.powf((n.max(1.0).log10().floor() - 1.0).max(0.0));
    ((n / step).ceil() * step) as u64
}

/// `12,345`.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

struct Asking<'a, 's> {
    intervals: &'s Intervals<'a>,
    site: &'s Site<'a>,
    limit: &'s Limit<'a>,
}

impl<'a> Asking<'a, '_> {
    /// The question behind a limit, the share of the rows that count, and the model that meets it, in words.
    fn question(&self, at_most: bool, limit: f64) -> Option<(Question, f64, String)> {
        let program = self.intervals.program;
        let mut figure_of = self.limit.left;
        let mut share = 1.0;
        // `figure where condition`.
        while let ExprKind::Scoped { body, on: None, filter } = &figure_of.kind {
            share = filter.as_ref().map_or(share, |f| self.share(f).min(share));
            figure_of = body;
        }
        if at_most && let Some(found) = self.gap(limit) {
            return Some(found);
        }
        let ExprKind::Call { args, given, .. } = &figure_of.kind else { return None };
        let share = given.as_ref().map_or(share, |g| self.share(g).min(share));
        let plan = program.tables.call(figure_of.id)?;
        match plan.callee {
            Callee::Special(Special::Probability) => {
                let best = if at_most { "0" } else { "1" };
                let model = format!("a model whose share is {best}, by Wilson's interval");
                Some((Question::Share { limit, at_most }, share, model))
            }
            Callee::Function(index) => {
                let info = program.functions.get(index)?;
                let weighed = self.given("weight", &plan.args, args, index).is_some();
                match (info.decl.name.name.as_str(), at_most) {
                    _ if info.module.is_none() || weighed => None,
                    ("auroc", false) => {
                        let (prevalence, from) = self.rate();
                        let model = format!(
                            "a model that ranks perfectly, the event in {} of the rows{from}",
                            percent(prevalence)
                        );
                        Some((Question::Auroc { limit, prevalence }, share, model))
                    }
                    ("ece", true) => {
                        let bins = match self.given("bins", &plan.args, args, index) {
                            Some(bins) => self.intervals.known(bins, &super::place::Place::default()).point()?,
                            None => 15.0,
                        };
                        let model = format!(
                            "a perfectly calibrated model whose probabilities are spread over {} bins, with a chance of {} to pass",
                            figure(bins),
                            percent(POWER)
                        );
                        Some((Question::Ece { limit, bins: bins.max(1.0) as usize }, share, model))
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn given(&self, name: &str, sources: &[ArgSource], args: &'a [Arg], index: usize) -> Option<&'a Expr> {
        let info = self.intervals.program.functions.get(index)?;
        let at = info.decl.params.iter().position(|p| p.name.name == name)?;
        match sources.get(at)? {
            ArgSource::Given(i) => args.get(*i).map(|a| &a.value),
            _ => None,
        }
    }

    /// The declared prevalence, or one half.
    fn rate(&self) -> (f64, &'static str) {
        match &self.site.declared.prevalence {
            Some((label, share)) if self.site.predicts(label) => (*share, ""),
            _ => (UNKNOWN_RATE, " (no prevalence is declared)"),
        }
    }

    /// A bound on the gap between the flagged rates of groups.
    fn gap(&self, limit: f64) -> Option<(Question, f64, String)> {
        let declared = &self.site.declared;
        let parity = self.site.parity(self.intervals, self.limit.left)?;
        let [by] = parity.by.as_slice() else { return None };
        // Where the groups differ by declaration a correct model does not have a gap of 0.
        let differ = declared.by_group.as_ref().is_some_and(|b| b.by == *by);
        if differ || parity.figure != Figure::Gap || crate::syntax::show(&parity.event) != "yhat" {
            return None;
        }
        let (rate, from) = self.rate();
        let (shares, groups) = match declared.mixes.get(by) {
            Some(mix) => {
                let shares: Vec<f64> = mix.values().copied().filter(|s| *s > 0.0).collect();
                let groups = format!("{} groups as mixed here", shares.len());
                (shares, groups)
            }
            None => (vec![1.0, 1.0], "two equal groups (no mix is declared)".into()),
        };
        if shares.len() < 2 || rate <= 0.0 || rate >= 1.0 {
            return None;
        }
        let model = format!(
            "a model that flags {}{from} of each of {groups}, with a chance of {} to pass",
            percent(rate),
            percent(POWER)
        );
        Some((Question::Gap { limit, rate, shares }, 1.0, model))
    }

    /// The share of the rows that meet a condition, at most.
    fn share(&self, condition: &Expr) -> f64 {
        let declared = &self.site.declared;
        let mut parts = Vec::new();
        chain(condition, BinOp::And, &mut parts);
        let mut least: f64 = 1.0;
        let (mut group, mut label) = (None, None);
        for part in parts {
            match self.level(part) {
                Some((column, Some(level))) => {
                    let share = declared.mixes.get(&column).map(|mix| mix.get(&level).copied().unwrap_or(0.0));
                    least = least.min(share.unwrap_or(1.0));
                    group = Some((column, level));
                }
                // Every level is looked at: the smallest group decides.
                Some((column, None)) => {
                    let shares = declared.mixes.get(&column).into_iter().flat_map(|mix| mix.values());
                    least = shares.copied().filter(|s| *s > 0.0).fold(least, f64::min);
                }
                None => {
                    let (name, positive) = match &part.kind {
                        ExprKind::Not(inner) => (crate::syntax::show(inner), false),
                        _ => (crate::syntax::show(part), true),
                    };
                    if let Some((of, share)) = &declared.prevalence
                        && (name == *of || (name == "y" && self.site.predicts(of)))
                    {
                        least = least.min(if positive { *share } else { 1.0 - share });
                    }
                    label = Some((name, positive));
                }
            }
        }
        // Within a group whose prevalence is declared both shares are known together.
        if let (Some(by), Some((column, level)), Some((name, positive))) = (&declared.by_group, group, label)
            && by.by == column
            && (name == by.label || (name == "y" && self.site.predicts(&by.label)))
            && let Some((_, share)) = by.shares.iter().find(|(l, _)| *l == level)
        {
            least *= if positive { *share } else { 1.0 - share };
        }
        least
    }

    /// `column == level`, or without a level `column == g` for a `g` that walks over the column.
    fn level(&self, part: &Expr) -> Option<(String, Option<String>)> {
        let ExprKind::Binary(BinOp::Eq, _, a, b) = &part.kind else { return None };
        let word = |e: &Expr| match &e.kind {
            ExprKind::Name(name) | ExprKind::Text(name) => Some(name.clone()),
            _ => None,
        };
        let (column, level) = (word(a)?, word(b)?);
        let walks = self.limit.walks.iter().any(|(var, over)| *var == level && *over == column);
        Some((column, (!walks).then_some(level)))
    }
}

fn percent(share: f64) -> String {
    format!("{}%", figure((share * 1e4).round() / 100.0))
}

//! Which model meets what: a matrix of signs over all scenarios, and what is not met in the first.

use super::{Out, pad};
use crate::report::format::{brief, clean, compared, constant, count, fit, width};
use crate::report::view::{Board, VERDICTS, View, by_value_alone, glyph, unique, word};
use crate::suite::result::{ConstraintResult, PolicyResult, Verdict};

/// A column of one model in one scenario.
const CELL: usize = 6;
/// The widest name of a constraint.
const NAME: usize = 24;

pub fn section(view: &View<'_>, out: &mut Out) {
    let boards: Vec<Board<'_>> = view.scenarios().iter().flat_map(|s| view.boards(&s.name)).collect();
    let mut kinds: Vec<(&str, &str)> = Vec::new();
    for board in &boards {
        if !kinds.contains(&(board.policy, board.task)) {
            kinds.push((board.policy, board.task));
        }
    }
    for (policy, task) in kinds {
        let own: Vec<&Board<'_>> = boards.iter().filter(|b| b.policy == policy && b.task == task).collect();
        let date = own.iter().find_map(|b| b.as_of).map(|d| format!(", as of {}", clean(d))).unwrap_or_default();
        out.heading(&format!("policy {} on {}{date}", clean(policy), clean(task)));
        matrix(view, &own, out);
        if let Some(base) = own.first() {
            not_met(view, base, out);
        }
    }
}

/// The sign and the letter of a verdict, so that neither colour nor shape stands alone.
fn mark(verdict: Verdict) -> String {
    let letter = match verdict {
        Verdict::Pass => "P",
        Verdict::Fail => "F",
        Verdict::Inconclusive => "I",
        Verdict::NotApplicable => "N",
        Verdict::Unknown => "U",
    };
    format!("{}{letter}", glyph(verdict))
}

fn code(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "32",
        Verdict::Fail => "1;31",
        Verdict::Inconclusive => "33",
        Verdict::NotApplicable => "2",
        Verdict::Unknown => "35",
    }
}

/// Names of models in at most five columns: their beginnings where those differ, else numbers.
fn short_names(view: &View<'_>) -> (Vec<(String, String)>, bool) {
    let names: Vec<String> = view.models().iter().map(|m| clean(&m.name)).collect();
    let cut = |name: &String| {
        let mut out = String::new();
        for c in name.chars() {
            if width(&out) + width(&c.to_string()) >= CELL {
                break;
            }
            out.push(c);
        }
        out
    };
    let short: Vec<String> = names.iter().map(cut).collect();
    let differ = unique(short.iter().map(String::as_str)).len() == short.len();
    let short = if differ { short } else { (1..=names.len()).map(|i| format!("m{i}")).collect() };
    (short.into_iter().zip(names).collect(), differ)
}

/// Constraints downwards, the models of every scenario across; as many scenarios side by side as fit.
fn matrix(view: &View<'_>, boards: &[&Board<'_>], out: &mut Out) {
    let (short, differ) = short_names(view);
    let names = unique(boards.iter().flat_map(|b| b.constraints.iter().copied()));
    let left = names.iter().map(|n| width(&clean(n))).max().unwrap_or(0).clamp(12, NAME) + 2;
    let room = out.columns().saturating_sub(2 + left) / CELL;
    // A scenario with more models than a line holds is cut into pieces.
    let models: Vec<(usize, &str)> = view.models().iter().map(|m| m.name.as_str()).enumerate().collect();
    let mut pieces: Vec<(&Board<'_>, &[(usize, &str)])> = Vec::new();
    for board in boards {
        pieces.extend(models.chunks(room.max(1)).map(|chunk| (*board, chunk)));
    }
    let mut rest = pieces.as_slice();
    while !rest.is_empty() {
        let mut used = left;
        let fits = rest.iter().take_while(|(_, models)| {
            used += models.len() * CELL + 2;
            used <= out.columns()
        });
        let (now, later) = rest.split_at(fits.count().clamp(1, rest.len()));
        rest = later;
        let mut above = format!("  {}", pad("", left));
        let mut head = format!("  {}", pad("constraint", left));
        for (board, models) in now {
            above.push_str(&pad(&fit(&clean(board.scenario), models.len() * CELL), models.len() * CELL + 2));
            for (i, _) in *models {
                head.push_str(&pad(short.get(*i).map_or("", |(s, _)| s), CELL));
            }
            head.push_str("  ");
        }
        out.line(&out.paint(above.trim_end(), "1"));
        out.line(&out.paint(head.trim_end(), "2"));
        for name in &names {
            let mut line = format!("  {}", pad(&fit(&clean(name), NAME), left));
            for (board, models) in now {
                for (_, model) in *models {
                    let cell = board.find(model, name).map(|c| c.verdict);
                    let text = cell.map_or_else(|| "·".to_owned(), mark);
                    line.push_str(&out.paint(&text, cell.map_or("2", code)));
                    line.push_str(&pad("", CELL.saturating_sub(width(&text))));
                }
                line.push_str("  ");
            }
            out.line(&line);
        }
        total("compliance %", now, left, |r| r.compliance, out);
        total("strict %", now, left, |r| r.strict, out);
    }
    let key: Vec<String> = VERDICTS.iter().map(|v| format!("{} {}", mark(*v), word(*v))).collect();
    out.paragraph("  ", &key.join(", "), "2");
    if !differ {
        let key: Vec<String> = short.iter().map(|(s, name)| format!("{s} {}", fit(name, 44))).collect();
        out.paragraph("  ", &key.join(", "), "2");
    }
}

type Piece<'a, 'b> = (&'b Board<'a>, &'b [(usize, &'a str)]);

fn total(name: &str, now: &[Piece<'_, '_>], left: usize, of: fn(&PolicyResult) -> Option<f64>, out: &mut Out) {
    let mut line = format!("  {}", pad(name, left));
    for (board, models) in now {
        for (_, model) in *models {
            let value = board.results.iter().find(|r| r.model == *model).and_then(|r| of(r));
            let text = value.filter(|v| v.is_finite()).map_or_else(|| "–".to_owned(), |v| format!("{:.1}", v * 100.0));
            line.push_str(&pad(text.strip_suffix(".0").unwrap_or(&text), CELL));
        }
        line.push_str("  ");
    }
    out.line(&line);
}

/// One line for each constraint and model where the first scenario does not show that the rule holds.
fn not_met(view: &View<'_>, board: &Board<'_>, out: &mut Out) {
    let mut rows: Vec<(&str, String, &ConstraintResult)> = Vec::new();
    for name in &board.constraints {
        for model in view.models() {
            if let Some(c) = board.find(&model.name, name)
                && !matches!(c.verdict, Verdict::Pass | Verdict::NotApplicable)
            {
                rows.push((name, clean(&model.name), c));
            }
        }
    }
    out.line("");
    if rows.is_empty() {
        out.paragraph("", &format!("Every constraint that applies holds in scenario {}.", clean(board.scenario)), "2");
        return;
    }
    out.paragraph("", &format!("failed or left open in scenario {}", clean(board.scenario)), "1");
    let (short, _) = short_names(view);
    let called = |model: &str| short.iter().find(|(_, name)| name == model).map_or("", |(s, _)| s).to_owned();
    let left = rows.iter().map(|(name, ..)| width(&clean(name))).max().unwrap_or(0).clamp(10, NAME);
    let values: Vec<String> = rows.iter().map(|(.., c)| value(c)).collect();
    let middle = values.iter().map(|v| width(v)).max().unwrap_or(0).clamp(5, 40);
    let limits: Vec<String> = rows.iter().map(|(.., c)| limit(c)).collect();
    let right = limits.iter().map(|l| width(l)).max().unwrap_or(0).clamp(5, 12);
    let head = ["constraint", "model", "value", "limit", "farthest groups (n)"];
    let columns = out.columns();
    let row = |[a, b, c, d, e]: [&str; 5]| {
        let start = format!(
            "{}  {}{}  {}  ",
            pad(&fit(a, left), left),
            pad(b, CELL),
            pad(&fit(c, middle), middle),
            pad(&fit(d, right), right)
        );
        let room = columns.saturating_sub(6 + width(&start));
        format!("{start}{}", fit(e, room))
    };
    out.line(&out.paint(format!("      {}", row(head)).trim_end(), "2"));
    let mut before = "";
    let mut starred = false;
    for (((name, model, c), value), limit) in rows.iter().zip(&values).zip(&limits) {
        let shown = if *name == before { String::new() } else { clean(name) };
        before = name;
        starred |= by_value_alone(c);
        let sign = out.paint(&mark(c.verdict), code(c.verdict));
        if value.is_empty() {
            // Without a value the recorded sentence is all there is.
            let start = format!("{}  {}", pad(&fit(&shown, left), left), pad(&called(model), CELL));
            let room = columns.saturating_sub(6 + width(&start));
            out.line(&format!("  {sign}  {start}{}", fit(&clean(&c.why), room)));
        } else {
            out.line(&format!("  {sign}  {}", row([&shown, &called(model), value, limit, &groups(c)])));
        }
    }
    if starred {
        out.paragraph(
            "  ",
            "* on the value alone: the rule asks for no confidence, and the interval contains the limit",
            "2",
        );
    }
}

/// The deciding value and its interval; empty when there is none.
fn value(c: &ConstraintResult) -> String {
    let Some(left) = c.left.filter(|v| v.is_finite()) else {
        return String::new();
    };
    let limit = c.threshold.or(c.right).unwrap_or(f64::NAN);
    match &c.left_interval {
        Some(i) => {
            let (value, ends) = brief(left, i.lo, i.hi);
            // 0.1011 must not read as the limit of 0.10 that it does not meet.
            let same = value.trim_end_matches('0') == constant(limit).trim_end_matches('0');
            format!("{} {ends}", if same { compared(left, limit).0 } else { value })
        }
        None => compared(left, limit).0,
    }
}

fn limit(c: &ConstraintResult) -> String {
    let limit = c.threshold.or(c.right).map(constant).unwrap_or_default();
    format!("{limit}{}", if by_value_alone(c) { "*" } else { "" })
}

/// The groups that lie farthest apart: `asian 0.52 (79), hispanic 0.34 (290)`.
fn groups(c: &ConstraintResult) -> String {
    let mut known: Vec<_> = c.witnesses.iter().filter_map(|p| Some((p, p.value.filter(|v| v.is_finite())?))).collect();
    known.sort_by(|a, b| b.1.total_cmp(&a.1));
    let one = |(p, value): &(&crate::eval::estimate::Part, f64)| {
        let value = brief(*value, value - 0.05, value + 0.05).0;
        format!("{} {value} ({})", clean(&p.group), count(p.n))
    };
    match known.as_slice() {
        [] => {
            c.witnesses.iter().map(|p| format!("{} ({})", clean(&p.group), count(p.n))).collect::<Vec<_>>().join(", ")
        }
        [only] => one(only),
        [first, .., last] => format!("{}, {}", one(first), one(last)),
    }
}

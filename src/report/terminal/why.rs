//! One verdict with everything behind it, in words: the rule and the words of it that decide, what was seen at each
//! clause, who shows it, what would change it.

use super::Out;
use crate::policy::clause::{Clause, Counts, Kind, Witness};
use crate::report::format::{clean, constant, count, fit, plural, width, wrap};
use crate::report::view::{glyph, word};
use crate::source::{SourceMap, Span};
use crate::suite::result::{ConstraintResult, PolicyResult, Verdict};

/// Clauses below one that are listed.
const MOST_CLAUSES: usize = 12;
/// The longest line of a script that is shown whole.
const MOST_SOURCE: usize = 92;

/// Every constraint of a check: one line each, then the why of those that do not pass.
pub fn checked(results: &[PolicyResult], out: &mut Out) {
    for result in results {
        let day = result.as_of.as_deref().map_or(String::new(), |d| format!(", as of {}", clean(d)));
        let rest = format!(" on {}{day}", clean(&result.scenario));
        let room = out.columns().saturating_sub(12 + width(&rest)).max(20);
        out.heading(&format!("check {}{rest}", fit(&clean(&result.name), room)));
        let left = result.constraints.iter().map(|c| width(&clean(&c.name))).max().unwrap_or(0).clamp(10, 40);
        for c in &result.constraints {
            let sign =
                out.paint(&format!("{} {}", glyph(c.verdict), super::pad(word(c.verdict), 14)), paint(c.verdict));
            let name = super::pad(&clean(&c.name), left);
            let room = out.columns().saturating_sub(22 + left);
            let why = wrap(&clean(&c.why), room.max(30));
            for (i, line) in why.iter().take(2).enumerate() {
                let cut = if i == 1 && why.len() > 2 { format!("{line} …") } else { line.clone() };
                match i {
                    0 => out.line(&format!("  {sign}  {name}  {cut}")),
                    _ => out.line(&format!("{}{cut}", " ".repeat(22 + left))),
                }
            }
        }
        let score = |v: Option<f64>| v.map_or("–".to_string(), |v| format!("{:.1} %", v.max(0.0) * 100.0));
        let decided = result.constraints.iter().filter(|c| matches!(c.verdict, Verdict::Pass | Verdict::Fail)).count();
        let open =
            result.constraints.iter().filter(|c| matches!(c.verdict, Verdict::Inconclusive | Verdict::Unknown)).count();
        out.paragraph(
            "  ",
            &format!(
                "compliance {} of {decided} decided, strict {}, coverage {} of {} that apply",
                score(result.compliance),
                score(result.strict),
                score(result.coverage),
                decided + open
            ),
            "2",
        );
    }
}

fn paint(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "32",
        Verdict::Fail => "1;31",
        Verdict::Inconclusive => "33",
        Verdict::NotApplicable => "2",
        Verdict::Unknown => "35",
    }
}

/// The whole why of one constraint.
pub fn why(result: &PolicyResult, c: &ConstraintResult, passed_over: &[String], sources: &SourceMap, out: &mut Out) {
    let what = result.scenario.as_str();
    let place = [result.model.as_str(), result.task.as_str()];
    let place: Vec<String> = place.iter().filter(|p| !p.is_empty()).map(|p| format!(", {}", clean(p))).collect();
    let day = result.as_of.as_deref().map_or(String::new(), |d| format!(", as of {}", clean(d)));
    out.heading(&format!("{} of {}", clean(&c.name), clean(&result.name)));
    let verdict = format!("{} {}", glyph(c.verdict), word(c.verdict));
    out.line(&format!("{}  on {}{}{day}", out.paint(&verdict, paint(c.verdict)), clean(what), place.concat()));
    if let Some(doc) = &c.doc {
        out.paragraph("asks     ", &clean(&plain(doc)), "2");
    }
    let cite = c.cite.as_deref().map_or("no source named".to_string(), clean);
    out.paragraph("source   ", &format!("{cite} ({})", clean(&c.authority)), "2");
    if let Some(mark) = &c.unverified {
        out.paragraph("note     ", &format!("unverified: {}", clean(mark)), "33");
    }
    out.paragraph("because  ", &clean(&c.why), "2");
    for reason in passed_over {
        out.paragraph("         ", &clean(reason), "2");
    }
    let Some(tree) = c.tree.as_deref() else { return };
    source(tree, sources, out);
    if tree.parts.len() > 1 || tree.parts.iter().any(|p| !p.parts.is_empty()) {
        out.line("");
        out.line(&out.paint("clause by clause", "1"));
        clause(tree, "", "", out);
    }
    witnesses(tree, out);
    if !tree.flips.is_empty() {
        out.line("");
        out.line(&out.paint("what would change it", "1"));
        for flip in &tree.flips {
            out.paragraph("  · ", &clean(&flip.says), "2");
        }
    }
    if let (Some(remedy), true) = (&c.remedy, c.verdict != Verdict::Pass) {
        out.line("");
        out.paragraph("to do    ", &clean(remedy), "1");
    }
}

/// The sentence of a doc comment, without its `@` lines.
fn plain(doc: &str) -> String {
    doc.lines().filter(|l| !l.trim_start().starts_with('@')).collect::<Vec<_>>().join(" ")
}

/// The line of the script with the deciding words underlined.
fn source(tree: &Clause, sources: &SourceMap, out: &mut Out) {
    let (Some(whole), Some(deciding)) = (tree.span, tree.deciding().span) else { return };
    let span = if deciding.source == whole.source { deciding } else { whole };
    let Some(file) = sources.file(span.source) else { return };
    let (line, column) = file.locate(span.start as usize);
    let Some(text) = file.text.lines().nth(line.saturating_sub(1)) else { return };
    let skip = text.chars().take_while(|c| c.is_whitespace()).count();
    // A long line is shown from a little before the words that decide.
    let from = if text.chars().count() - skip > MOST_SOURCE { column.saturating_sub(20).max(skip) } else { skip };
    let cut = from > skip;
    let shown: String = cut.then_some('…').into_iter().chain(text.chars().skip(from).take(MOST_SOURCE)).collect();
    let start = column.saturating_sub(1 + from) + usize::from(cut);
    let on_line = chars_on_line(file.text.as_ref(), span).min(MOST_SOURCE.saturating_sub(start)).max(1);
    out.line("");
    out.line(&format!("  {}", out.paint(&format!("{}:{line}", clean(&file.name)), "2")));
    out.line(&format!("    {}", clean(shown.trim_end())));
    out.line(&format!("    {}{}", " ".repeat(start), out.paint(&"─".repeat(on_line), paint(tree.verdict))));
}

fn chars_on_line(text: &str, span: Span) -> usize {
    text.get(span.start as usize..span.end as usize)
        .map_or(1, |t| t.lines().next().map_or(1, |first| first.chars().count()))
}

fn counts(c: &Counts) -> String {
    let mut parts = vec![format!("{} true", count(c.yes as usize)), format!("{} false", count(c.no as usize))];
    if c.unknown > 0 {
        parts.push(format!("{} not known", count(c.unknown as usize)));
    }
    parts.join(", ")
}

fn clause(at: &Clause, before: &str, below: &str, out: &mut Out) {
    let sign = out.paint(glyph(at.verdict), paint(at.verdict));
    let tally = at.counts.as_ref().map_or(String::new(), |c| format!("   [{}]", counts(c)));
    let item = at.item.as_deref().map_or(String::new(), |i| format!("{}: ", clean(i)));
    let head = match at.kind {
        Kind::And => format!("{item}all of"),
        Kind::Or => format!("{item}one of"),
        _ => format!("{item}{}", clean(&at.text)),
    };
    let indent = width(before);
    let room = out.columns().saturating_sub(indent + 4).max(30);
    for (i, line) in wrap(&format!("{head}{tally}"), room).iter().enumerate() {
        match i {
            0 => out.line(&format!("  {before}{sign} {line}")),
            _ => out.line(&format!("  {below}  {line}")),
        }
    }
    let is_leaf = at.parts.is_empty() && at.counts.is_none();
    if is_leaf && !at.says.is_empty() {
        for line in wrap(&clean(&at.says), room) {
            out.line(&format!("  {below}  {}", out.paint(&line, "2")));
        }
    }
    let parts: Vec<&Clause> = at.parts.iter().take(MOST_CLAUSES).collect();
    let hidden = at.parts.len() - parts.len();
    for (i, part) in parts.iter().enumerate() {
        let last = i + 1 == parts.len() && hidden == 0;
        let (fork, rail) = if last { ("└ ", "  ") } else { ("├ ", "│ ") };
        clause(part, &format!("{below}{fork}"), &format!("{below}{rail}"), out);
    }
    if hidden > 0 {
        out.line(&format!("  {below}└ … and {hidden} more"));
    }
}

fn witnesses(tree: &Clause, out: &mut Out) {
    if tree.witnesses.is_empty() {
        return;
    }
    out.line("");
    let title = match tree.verdict {
        Verdict::Pass => "where it comes closest",
        _ => "who shows it",
    };
    out.line(&out.paint(title, "1"));
    for w in &tree.witnesses {
        out.paragraph("  · ", &clean(&witness(w)), "2");
    }
    if tree.more > 0 {
        out.line(&format!("  … and {}", plural(tree.more, "more").replace("mores", "more")));
    }
}

fn witness(w: &Witness) -> String {
    let mut parts = Vec::new();
    if let Some(value) = w.value {
        parts.push(constant((value * 1e6).round() / 1e6));
    }
    if w.n != 1 || w.value.is_some() {
        parts.push(format!("n = {}", count(w.n)));
    }
    parts.extend(w.values.iter().map(|(name, value)| format!("{name} = {value}")));
    let seen = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
    let breaks = if w.value.is_none() { format!(" — `{}`", w.clause) } else { String::new() };
    format!("{}{seen}{breaks}", w.name)
}

//! The summary for a person at a terminal: at most 100 columns, colour only when asked for.
//!
//! Returns text and prints nothing. Text from scripts and data is cleaned of control characters first,
//! so that a name can never steer the terminal.

use super::format::{
    clean, compared, constant, count, fit, fold_name, number, percent, plural, seconds, short_hash, width,
    with_interval, wrap,
};
use super::view::{Board, View, answer, glyph, score, verdict_sentence, word};
use crate::suite::result::{Cell, ConstraintResult, Figure, PolicyResult, Results, ScenarioInfo, Verdict};
use comfy_table::{CellAlignment, ContentArrangement, Table, TableComponent, presets};

/// The widest line, in columns.
const COLUMNS: usize = 100;
/// The widest column of names in a table.
const WIDEST: usize = 24;
/// The widest name above a column of figures.
const NARROW: usize = 18;

/// The summary of a run.
pub fn render(results: &Results, color: bool) -> String {
    let view = View::new(results);
    let mut out = Out { text: String::new(), color };
    header(&view, &mut out);
    for scenario in view.scenarios() {
        measured(&view, scenario, &mut out);
    }
    figures(&results.body.figures, &mut out);
    for (i, scenario) in view.scenarios().iter().enumerate() {
        for board in view.boards(&scenario.name) {
            if i == 0 { decided(&view, &board, &mut out) } else { decided_briefly(&view, &board, &mut out) }
        }
    }
    if !results.receipt.warnings.is_empty() {
        out.line("");
    }
    for warning in &results.receipt.warnings {
        out.paragraph("warning  ", &clean(warning), "33");
    }
    if results.receipt.interrupted {
        out.paragraph("stopped  ", "the run was stopped before its end; only what was finished is shown", "33");
    }
    if let Some(base) = view.base() {
        out.line("");
        out.paragraph("", &verdict_sentence(&view.boards(&base.name), view.models().len()), "1");
    }
    out.text
}

/// The closing lines: what was written where. Each pair is a kind (`page`, `data`) and a path.
pub fn written(files: &[(&str, &str)], color: bool) -> String {
    let mut out = Out { text: String::new(), color };
    for (kind, path) in files {
        // A path is never cut: people copy it.
        out.line(&format!("{}  {}", out.paint(&format!("{:<7}", clean(kind)), "2"), clean(path)));
    }
    out.text
}

struct Out {
    text: String,
    color: bool,
}

impl Out {
    fn paint(&self, text: &str, code: &str) -> String {
        if self.color && !text.is_empty() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    /// Wrapped text behind a label; further lines hang under the first.
    fn paragraph(&mut self, label: &str, text: &str, code: &str) {
        let indent = width(label);
        for (i, part) in wrap(text, COLUMNS - indent).iter().enumerate() {
            let start = if i == 0 { self.paint(label, code) } else { " ".repeat(indent) };
            let part = if label.is_empty() { self.paint(part, code) } else { part.clone() };
            self.line(&format!("{start}{part}"));
        }
    }

    fn heading(&mut self, text: &str) {
        let text = fit(text, COLUMNS - 4);
        let rule = "─".repeat(COLUMNS.saturating_sub(width(&text) + 1));
        let line = format!("{} {}", self.paint(&text, "1"), self.paint(&rule, "2"));
        self.line("");
        self.line(&line);
    }
}

fn header(view: &View<'_>, out: &mut Out) {
    let body = &view.results.body;
    let title = format!("{} {}", clean(&body.benchmark.name), clean(&body.benchmark.version));
    out.paragraph("", &title, "1");
    let language = format!("language {}", body.tool.language);
    let hash = short_hash(&body.script.sha256);
    out.paragraph("script   ", &format!("{} (sha256 {hash}), {language}", clean(&body.script.path)), "2");
    for d in &body.datasets {
        let text = format!(
            "{}: {} × {}, {}, licence {}",
            clean(&d.name),
            plural(d.rows, "row"),
            plural(d.columns, "column"),
            clean(&d.sensitivity),
            d.license.as_deref().map_or("not stated".to_owned(), clean)
        );
        out.paragraph("data     ", &text, "2");
    }
    let date = body.benchmark.as_of.as_deref().map_or("not stated".to_owned(), clean);
    let folds = plural(body.benchmark.folds as usize, "fold");
    let run = format!("seed {}, {folds}, as of {date}, device {}", body.seed, clean(&body.device));
    out.paragraph("run      ", &run, "2");
    let total: f64 = view.results.receipt.timings.iter().map(|t| t.seconds).sum();
    let digest = format!("{} in {}", short_hash(&view.results.digest), seconds(total));
    out.paragraph("digest   ", &digest, "2");
}

/// The tables of one scenario: models × metrics, metrics downwards.
fn measured(view: &View<'_>, scenario: &ScenarioInfo, out: &mut Out) {
    let title = format!(
        "scenario {}: {}, prevalence {}",
        clean(&scenario.name),
        plural(scenario.rows, "row"),
        percent(scenario.prevalence)
    );
    out.heading(&title);
    for task in view.tasks() {
        let metrics = view.metrics(&scenario.name, task);
        if metrics.is_empty() {
            continue;
        }
        out.line("");
        out.paragraph("", &format!("{}: value and 95% interval, folds together", clean(task)), "2");
        let mut left_out: Vec<(String, String)> = Vec::new();
        let mut shown: Vec<&str> = Vec::new();
        for model in view.models() {
            match view.shared_reason(&scenario.name, task, &model.name) {
                Some(reason) => left_out.push((clean(&model.name), clean(reason))),
                None => shown.push(&model.name),
            }
        }
        metric_tables(view, &scenario.name, task, &metrics, &shown, out);
        for (model, reason) in left_out {
            out.paragraph(&format!("  {}  ", fit(&model, WIDEST)), &format!("undefined: {reason}"), "2");
        }
    }
}

/// The metrics of a task, models side by side: as many to a table as fit.
fn metric_tables(view: &View<'_>, scenario: &str, task: &str, metrics: &[&str], models: &[&str], out: &mut Out) {
    let mut notes: Vec<String> = Vec::new();
    let mut first = vec!["metric".to_owned()];
    first.extend(metrics.iter().map(|m| fold_name(&clean(m), WIDEST)));
    first.push("n".to_owned());
    let mut columns = Vec::new();
    for model in models {
        let cells: Vec<_> = metrics.iter().map(|m| view.pooled(scenario, task, model, m)).collect();
        let mut column = vec![fold_name(&clean(model), NARROW)];
        column.extend(cells.iter().map(|c| c.map_or_else(|| "not run".to_owned(), |c| cell_text(c, &mut notes))));
        let most = cells.iter().flatten().map(|c| c.n).max().unwrap_or(0);
        let missing = cells.iter().flatten().map(|c| c.missing).max().unwrap_or(0);
        let gone = if missing > 0 { format!("\n{} missing", count(missing)) } else { String::new() };
        column.push(format!("{}{gone}", count(most)));
        columns.push(column);
    }
    let mut rest = columns.as_slice();
    let mut again = false;
    while !rest.is_empty() {
        let mut used = widest(&first) + 4;
        let fits = rest.iter().take_while(|column| {
            used += widest(column) + 2;
            used <= COLUMNS
        });
        let (now, later) = rest.split_at(fits.count().clamp(1, rest.len()));
        if again {
            out.line("");
        }
        let row = |i: usize| {
            let cells = std::iter::once(&first).chain(now).map(move |c| c.get(i).cloned().unwrap_or_default());
            cells.collect::<Vec<String>>()
        };
        table(row(0), (1..first.len()).map(row).collect(), out);
        (rest, again) = (later, true);
    }
    for (i, note) in notes.iter().enumerate() {
        out.paragraph(&format!("  ({}) ", i + 1), note, "2");
    }
}

fn widest(column: &[String]) -> usize {
    column.iter().flat_map(|c| c.lines()).map(width).max().unwrap_or(0)
}

/// A figure in a table: value and interval, and below it the noise floor where there is one.
fn cell_text(cell: &Cell, notes: &mut Vec<String>) -> String {
    let Some(value) = cell.value else {
        let reason = clean(cell.undefined.as_deref().unwrap_or("no reason was recorded"));
        let known = notes.iter().position(|n| *n == reason).unwrap_or_else(|| {
            notes.push(reason);
            notes.len() - 1
        });
        return format!("undefined ({})", known + 1);
    };
    let mut text = match &cell.interval {
        Some(i) => {
            let (value, ends) = with_interval(value, i.lo, i.hi);
            format!("{value}\n{ends}")
        }
        None => number(value),
    };
    if let Some(floor) = cell.noise_floor {
        text.push_str(&format!("\nfloor {}", number(floor)));
    }
    text
}

fn figures(figures: &[Figure], out: &mut Out) {
    if figures.is_empty() {
        return;
    }
    out.heading("figures");
    let mut notes = Vec::new();
    let mut rows = Vec::new();
    for figure in figures {
        let value = match (figure.value, &figure.interval) {
            (Some(value), Some(i)) => {
                let (value, ends) = with_interval(value, i.lo, i.hi);
                format!("{value} {ends}")
            }
            (Some(value), None) => number(value),
            (None, _) => {
                notes.push(clean(figure.undefined.as_deref().unwrap_or("no reason was recorded")));
                format!("undefined ({})", notes.len())
            }
        };
        rows.push(vec![fit(&clean(&figure.name), WIDEST), value, count(figure.n), fit(&clean(&figure.formula), 36)]);
    }
    table(["figure", "value", "n", "formula"].map(str::to_owned).to_vec(), rows, out);
    for (i, note) in notes.iter().enumerate() {
        out.paragraph(&format!("  ({}) ", i + 1), note, "2");
    }
}

fn table(head: Vec<String>, rows: Vec<Vec<String>>, out: &mut Out) {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_style(TableComponent::HeaderLines, '─');
    table.set_style(TableComponent::MiddleHeaderIntersections, '─');
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(COLUMNS as u16);
    let last = head.len().saturating_sub(1);
    table.set_header(head);
    for row in rows {
        table.add_row(row);
    }
    for (i, column) in table.column_iter_mut().enumerate() {
        column.set_padding((if i == 0 { 2 } else { 0 }, if i == last { 0 } else { 2 }));
        column.set_cell_alignment(CellAlignment::Left);
    }
    for line in table.to_string().lines() {
        out.line(line);
    }
}

/// Every constraint of a policy for every model.
fn decided(view: &View<'_>, board: &Board<'_>, out: &mut Out) {
    out.heading(&format!("policy {} in scenario {}", clean(board.policy), clean(board.scenario)));
    for model in view.models() {
        let Some(result) = board.results.iter().find(|r| r.model == model.name) else {
            continue;
        };
        scores(result, out);
        for constraint in &result.constraints {
            outcome(constraint, out);
        }
    }
}

fn scores(result: &PolicyResult, out: &mut Out) {
    out.line("");
    let line = format!(
        "{}: compliance {}, strict {}, coverage {}",
        fit(&clean(&result.model), 44),
        score(result.compliance),
        score(result.strict),
        score(result.coverage)
    );
    out.paragraph("", &line, "1");
}

fn outcome(c: &ConstraintResult, out: &mut Out) {
    let mark = format!("{} {}", glyph(c.verdict), word(c.verdict));
    let gap = " ".repeat(18usize.saturating_sub(width(&mark)));
    let sides = sides(c);
    // The name may be long; the figures are what must stay.
    let name = fit(&clean(&c.name), COLUMNS.saturating_sub(22 + width(&sides)));
    let painted = out.paint(&mark, code(c.verdict));
    out.line(&format!("  {painted}{gap}{name}  {sides}"));
    for line in wrap(&clean(&c.why), COLUMNS - 20) {
        let line = out.paint(&line, "2");
        out.line(&format!("                    {line}"));
    }
}

fn sides(c: &ConstraintResult) -> String {
    let value = |left: f64| match &c.left_interval {
        Some(i) => {
            let (value, ends) = with_interval(left, i.lo, i.hi);
            format!("{value} {ends}")
        }
        None => compared(left, c.threshold.or(c.right).unwrap_or(f64::NAN)).0,
    };
    match (c.left, c.threshold.or(c.right)) {
        (Some(left), Some(right)) => {
            let word = if c.threshold.is_some() { ", limit" } else { " against" };
            format!("{}{word} {}", value(left), compared(left, right).1)
        }
        (Some(left), None) => value(left),
        (None, Some(right)) => format!("no value, limit {}", constant(right)),
        (None, None) => "no value".to_owned(),
    }
}

/// The other scenarios in two lines a model.
fn decided_briefly(view: &View<'_>, board: &Board<'_>, out: &mut Out) {
    out.heading(&format!("policy {} in scenario {}", clean(board.policy), clean(board.scenario)));
    for model in view.models() {
        let Some(result) = board.results.iter().find(|r| r.model == model.name) else {
            continue;
        };
        scores(result, out);
        for line in wrap(&clean(&answer(result)), COLUMNS - 2) {
            out.line(&format!("  {line}"));
        }
    }
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

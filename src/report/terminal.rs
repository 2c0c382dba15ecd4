//! The summary for a person at a terminal: as wide as it is and at most 100 columns, colour only when asked for.
//!
//! Answers which model meets what, and why not; everything else is on the page. Returns text and prints
//! nothing. Text from scripts and data is cleaned of control characters first, so that a name can never
//! steer the terminal.

mod synthetic;
mod tables;
mod verdicts;
mod why;

use super::format::{clean, fit, plural, seconds, short_hash, width, wrap};
use super::view::{View, verdict_sentence};
use crate::source::SourceMap;
use crate::suite::result::{ConstraintResult, PolicyResult, Results, SEED_IS_SECRET};

/// The widest line, in columns, and the least that tables are laid out for.
const MOST: usize = 100;
const LEAST: usize = 80;

/// What the text is shown on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    pub color: bool,
    columns: usize,
}

impl Screen {
    /// A terminal of so many columns; none: no terminal, where lines have at most 100.
    pub fn new(color: bool, columns: Option<usize>) -> Screen {
        Screen { color, columns: columns.unwrap_or(MOST).clamp(LEAST, MOST) }
    }
}

/// The summary of a run.
pub fn render(results: &Results, screen: Screen) -> String {
    let view = View::new(results);
    let mut out = Out { text: String::new(), screen };
    header(&view, &mut out);
    tables::figures(&results.body.figures, &mut out);
    if let Some(base) = view.base() {
        let mut tasks = view.tasks().into_iter();
        if let Some(first) = tasks.next() {
            tables::measured(&view, base, first, &mut out);
        }
        for task in tasks {
            tables::across(&view, task, &mut out);
        }
        verdicts::section(&view, &mut out);
    }
    synthetic::reports(&results.body.synthetic, &mut out);
    why::checked(&results.body.checks, &mut out);
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
        out.paragraph("", "The page has every sentence, picture, fold and scenario; the data file every figure.", "2");
    }
    out.text
}

/// Why a constraint has its verdict; `passed_over` are exceptions that were not made.
pub fn why(
    result: &PolicyResult,
    constraint: &ConstraintResult,
    passed_over: &[String],
    sources: &SourceMap,
    screen: Screen,
) -> String {
    let mut out = Out { text: String::new(), screen };
    why::why(result, constraint, passed_over, sources, &mut out);
    out.text
}

/// The closing lines: what was written where. Each pair is a kind (`page`, `data`) and a path.
pub fn written(files: &[(&str, &str)], screen: Screen) -> String {
    let mut out = Out { text: String::new(), screen };
    for (kind, path) in files {
        // A path is never cut: people copy it.
        out.line(&format!("{}  {}", out.paint(&format!("{:<7}", clean(kind)), "2"), clean(path)));
    }
    out.text
}

/// `text` and blanks up to `columns`.
fn pad(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// The text so far.
struct Out {
    text: String,
    screen: Screen,
}

impl Out {
    fn paint(&self, text: &str, code: &str) -> String {
        if self.screen.color && !text.is_empty() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// Columns of a line.
    fn columns(&self) -> usize {
        self.screen.columns
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    /// Wrapped text behind a label; further lines hang under the first.
    fn paragraph(&mut self, label: &str, text: &str, code: &str) {
        let indent = width(label);
        for (i, part) in wrap(text, self.columns().saturating_sub(indent).max(20)).iter().enumerate() {
            let start = if i == 0 { self.paint(label, code) } else { " ".repeat(indent) };
            let part = if label.is_empty() { self.paint(part, code) } else { part.clone() };
            self.line(&format!("{start}{part}"));
        }
    }

    fn heading(&mut self, text: &str) {
        let text = fit(text, self.columns() - 4);
        let rule = "─".repeat(self.columns().saturating_sub(width(&text) + 1));
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
    if body.scenarios.is_empty() {
        out.paragraph("run      ", &format!("seed {}, device {}", body.seed, clean(&body.device)), "2");
        return;
    }
    for g in &body.generators {
        if let Some(p) = &g.privacy {
            out.paragraph("privacy  ", &format!("{}: {}", clean(&g.name), p.line()), "2");
        }
    }
    for g in &body.generators {
        if let Some(cells) = &g.small_cells {
            out.paragraph("cells    ", &format!("{}: {}", clean(&g.name), clean(&cells.line())), "2");
        }
    }
    for spent in &body.privacy {
        out.paragraph("privacy  ", &format!("{}: {}", clean(&spent.dataset), clean(&spent.line())), "2");
    }
    if body.generators.iter().any(|g| g.privacy.is_some()) || !body.privacy.is_empty() {
        out.paragraph("privacy  ", SEED_IS_SECRET, "2");
    }
    let date = body.benchmark.as_of.as_deref().map_or("not stated".to_owned(), clean);
    let folds = plural(body.benchmark.folds as usize, "fold");
    let run = format!("seed {}, {folds}, as of {date}, device {}", body.seed, clean(&body.device));
    out.paragraph("run      ", &run, "2");
    let total: f64 = view.results.receipt.timings.iter().map(|t| t.seconds).sum();
    let digest = format!("{} in {}", short_hash(&view.results.digest), seconds(total));
    out.paragraph("digest   ", &digest, "2");
}

//! Metrics and figures in columns.

use super::{Out, pad};
use crate::report::format::{brief, clean, count, fit, fold_name, number, plural, share, width, with_interval};
use crate::report::view::View;
use crate::suite::result::{Cell, Count, Figure, ScenarioInfo};
use comfy_table::{CellAlignment, ContentArrangement, Table, TableComponent, presets};

/// The widest column of names in a table.
const WIDEST: usize = 24;
/// The widest name above a column of figures.
const NARROW: usize = 18;
/// With more figures than this, their formulas are left to the page.
const FEW: usize = 8;

/// The metrics of a task in one scenario: models side by side, as many to a table as fit.
pub fn measured(view: &View<'_>, scenario: &ScenarioInfo, task: &str, out: &mut Out) {
    let metrics = view.metrics(&scenario.name, task);
    if metrics.is_empty() {
        return;
    }
    let title = format!(
        "{} in scenario {}: {}, prevalence {}",
        clean(task),
        clean(&scenario.name),
        plural(scenario.rows, "row"),
        share(scenario.prevalence)
    );
    out.heading(&title);
    let shown = defined(view, &[&scenario.name], task, out);
    let mut notes: Vec<String> = Vec::new();
    let mut has_floor = false;
    let mut first = vec!["metric".to_owned()];
    first.extend(metrics.iter().map(|m| fold_name(&clean(m), WIDEST)));
    first.extend(["n".to_owned(), "missing".to_owned()]);
    let mut columns = Vec::new();
    for model in shown {
        let cells: Vec<_> = metrics.iter().map(|m| view.pooled(&scenario.name, task, model, m)).collect();
        let mut column = vec![fold_name(&clean(model), NARROW)];
        for cell in &cells {
            column.push(cell.map_or_else(|| "not run".to_owned(), |c| stacked(c, &mut notes)));
            has_floor |= cell.is_some_and(|c| c.noise_floor.is_some());
        }
        column.push(count(most(cells.iter().flatten().map(|c| c.n))));
        column.push(count(most(cells.iter().flatten().map(|c| c.missing))));
        columns.push(column);
    }
    side_by_side(&first, &columns, out);
    let floor = if has_floor { "; (noise floor): what a perfect model would score at this n" } else { "" };
    out.paragraph("  ", &format!("value, 95% interval, folds together{floor}"), "2");
    footnotes(&notes, out);
}

/// The largest of the counts that are shown; when none is, as the first is given.
fn most(counts: impl Iterator<Item = Count> + Clone) -> Count {
    let hidden = counts.clone().next().unwrap_or(Count::Rows(0));
    counts.filter_map(Count::shown).max().map_or(hidden, Count::Rows)
}

/// A further task: its first metric, a row a model and a column a scenario.
pub fn across(view: &View<'_>, task: &str, out: &mut Out) {
    let names: Vec<&str> = view.scenarios().iter().map(|s| s.name.as_str()).collect();
    let metrics = names.first().map(|base| view.metrics(base, task)).unwrap_or_default();
    let Some(metric) = metrics.first() else {
        return;
    };
    let more = match metrics.len() {
        1 => String::new(),
        n => format!(" ({} on the page)", plural(n - 1, "more metric")),
    };
    out.heading(&format!("{} in each scenario: {}{more}", clean(task), clean(metric)));
    let shown = defined(view, &names, task, out);
    if shown.is_empty() {
        return;
    }
    let mut notes = Vec::new();
    let mut first = vec!["model".to_owned()];
    first.extend(shown.iter().map(|m| fold_name(&clean(m), WIDEST)));
    let mut columns = Vec::new();
    for scenario in &names {
        let mut column = vec![fold_name(&clean(scenario), NARROW)];
        for model in &shown {
            let cell = view.pooled(scenario, task, model, metric);
            column.push(cell.map_or_else(|| "not run".to_owned(), |c| stacked(c, &mut notes).replace('\n', " ")));
        }
        columns.push(column);
    }
    side_by_side(&first, &columns, out);
    footnotes(&notes, out);
}

/// The models that have figures; for the others, the one reason why they have none.
fn defined<'a>(view: &View<'a>, scenarios: &[&str], task: &str, out: &mut Out) -> Vec<&'a str> {
    let mut shown = Vec::new();
    for model in view.models() {
        let mut reasons = scenarios.iter().map(|s| view.shared_reason(s, task, &model.name));
        let first = reasons.next().flatten();
        match first {
            Some(reason) if reasons.all(|r| r == Some(reason)) => {
                let label = format!("  {}  ", fit(&clean(&model.name), WIDEST));
                let room = out.columns().saturating_sub(width(&label));
                out.line(&format!("{label}{}", fit(&format!("undefined: {}", clean(reason)), room)));
            }
            _ => shown.push(model.name.as_str()),
        }
    }
    shown
}

fn footnotes(notes: &[String], out: &mut Out) {
    for (i, note) in notes.iter().enumerate() {
        out.paragraph(&format!("  ({}) ", i + 1), note, "2");
    }
}

/// The number of a reason under the table.
fn note(reason: Option<&str>, notes: &mut Vec<String>) -> String {
    let reason = clean(reason.unwrap_or("no reason was recorded"));
    let known = notes.iter().position(|n| *n == reason).unwrap_or_else(|| {
        notes.push(reason);
        notes.len() - 1
    });
    format!("undefined ({})", known + 1)
}

/// Value, noise floor where there is one, and the interval beneath.
fn stacked(cell: &Cell, notes: &mut Vec<String>) -> String {
    let Some(value) = cell.value else {
        return note(cell.undefined.as_deref(), notes);
    };
    let (value, ends) = match &cell.interval {
        Some(i) => brief(value, i.lo, i.hi),
        None => (number(value), String::new()),
    };
    let floor = cell.noise_floor.map(|f| format!(" ({})", short(f))).unwrap_or_default();
    format!("{value}{floor}\n{ends}").trim_end().to_owned()
}

fn short(floor: f64) -> String {
    let (text, _) = brief(floor, 0.0, floor);
    text
}

/// The script's own figures: with their formulas when they are few, else two to a line.
pub fn figures(figures: &[Figure], out: &mut Out) {
    if figures.is_empty() {
        return;
    }
    out.heading("figures");
    let mut notes = Vec::new();
    let mut rows = Vec::new();
    let many = figures.len() > FEW;
    for figure in figures {
        let value = match (figure.value, &figure.interval) {
            (Some(value), Some(i)) if many => format!("{} {}", number(value), brief(value, i.lo, i.hi).1),
            (Some(value), Some(i)) => {
                let (value, ends) = with_interval(value, i.lo, i.hi);
                format!("{value} {ends}")
            }
            (Some(value), None) => number(value),
            (None, _) => note(figure.undefined.as_deref(), &mut notes),
        };
        rows.push([fit(&clean(&figure.name), WIDEST), value, count(figure.n), fit(&clean(&figure.formula), 36)]);
    }
    let wide = |i: usize, least: usize| rows.iter().map(|r| width(r.get(i).map_or("", |c| c))).fold(least, usize::max);
    let (name, value, n) = (wide(0, 6), wide(1, 5), wide(2, 1));
    if many && 2 * (name + value + n + 4) + 5 <= out.columns() {
        let entry = |cells: [&str; 3]| {
            let [a, b, c] = cells;
            format!("{}  {}  {}", pad(a, name), pad(b, value), pad(c, n))
        };
        let head = entry(["figure", "value", "n"]);
        out.line(&out.paint(format!("  {head}   {head}").trim_end(), "2"));
        let (left, right) = rows.split_at(rows.len().div_ceil(2));
        for (i, [a, b, c, _]) in left.iter().enumerate() {
            let second = right.get(i).map(|[a, b, c, _]| entry([a, b, c])).unwrap_or_default();
            out.line(&format!("  {}   {second}", entry([a, b, c])));
        }
    } else {
        let rows = rows.into_iter().map(|r| r.to_vec()).collect();
        table(["figure", "value", "n", "formula"].map(str::to_owned).to_vec(), rows, out);
    }
    footnotes(&notes, out);
}

fn widest(column: &[String]) -> usize {
    column.iter().flat_map(|c| c.lines()).map(width).max().unwrap_or(0)
}

/// A table a line of the screen holds, and further tables for the columns that do not fit.
fn side_by_side(first: &[String], columns: &[Vec<String>], out: &mut Out) {
    let mut rest = columns;
    let mut again = false;
    while !rest.is_empty() {
        let mut used = widest(first) + 4;
        let fits = rest.iter().take_while(|column| {
            used += widest(column) + 2;
            used <= out.columns()
        });
        let (now, later) = rest.split_at(fits.count().clamp(1, rest.len()));
        if again {
            out.line("");
        }
        let row = |i: usize| {
            let own = first.get(i).cloned().unwrap_or_default();
            let cells = now.iter().map(|c| c.get(i).cloned().unwrap_or_default());
            std::iter::once(own).chain(cells).collect::<Vec<String>>()
        };
        table(row(0), (1..first.len()).map(row).collect(), out);
        (rest, again) = (later, true);
    }
}

pub fn table(head: Vec<String>, rows: Vec<Vec<String>>, out: &mut Out) {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_style(TableComponent::HeaderLines, '─');
    table.set_style(TableComponent::MiddleHeaderIntersections, '─');
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(out.columns() as u16);
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

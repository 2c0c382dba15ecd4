//! Reports on generators: a table a question, the generator between real rows and controls, and what is worst.

use super::tables::table;
use super::{Out, pad};
use crate::report::format::{brief, clean, count, fixed, fold_name, plural, wrap};
use crate::suite::synthetic::record::{Aim, Figure, Line, Section, SyntheticReport};

/// The widest title of a figure, and the widest name above a column.
const TITLE: usize = 28;
const NAME: usize = 11;
/// Columns of a label before hanging text.
const LABEL: usize = 9;

pub fn reports(reports: &[SyntheticReport], out: &mut Out) {
    for report in reports {
        one(report, out);
    }
}

fn one(report: &SyntheticReport, out: &mut Out) {
    out.heading(&format!("report on {} ({})", clean(&report.generator), clean(&report.kind)));
    let rows = format!(
        "{} learned {} of {}; {} were held out; {} synthetic",
        clean(&report.generator),
        plural(report.train_rows, "row"),
        clean(&report.dataset),
        count(report.holdout_rows),
        count(report.synthetic_rows)
    );
    out.paragraph("  ", &rows, "2");
    let key = "↑ higher is better, ↓ lower, ½ nearest to 0.5, ≈ as real rows; * a sanity check, no evidence of privacy; \
               real rows and controls stand in the place of the synthetic rows";
    out.paragraph("  ", key, "2");
    for section in &report.sections {
        one_section(report, section, out);
    }
    for note in &report.notes {
        out.paragraph(&pad("  note", LABEL), &clean(note), "2");
    }
}

fn one_section(report: &SyntheticReport, section: &Section, out: &mut Out) {
    out.line("");
    out.paragraph(&pad(&format!("  {}", clean(&section.name)), LABEL + 6), &clean(&section.says), "1");
    // Where nothing could be measured the sentence has said why.
    if section.lines.iter().all(|l| l.own.value.is_none() && l.ceiling.value.is_none()) {
        return;
    }
    let mut head = vec![String::new(), fold_name(&clean(&report.generator), 22), "real rows".into()];
    head.extend(report.controls.iter().map(|c| fold_name(&clean(c), NAME)));
    let mut notes: Vec<String> = Vec::new();
    let rows = section.lines.iter().map(|line| row(line, &mut notes)).collect();
    table(head, rows, out);
    for (i, note) in notes.iter().enumerate() {
        out.paragraph(&format!("  ({}) ", i + 1), note, "2");
    }
}

fn row(line: &Line, notes: &mut Vec<String>) -> Vec<String> {
    let star = if line.sanity_check { "*" } else { "" };
    let title = format!("{} {}{star}", sign(line.aim), clean(&line.title));
    let mut out = vec![wrap(&title, TITLE).join("\n"), own(&line.own, notes)];
    out.push(plain(&line.ceiling, notes));
    out.extend(line.floors.iter().map(|f| plain(f, notes)));
    out
}

/// The sign of an aim.
pub fn sign(aim: Aim) -> &'static str {
    match aim {
        Aim::Higher => "↑",
        Aim::Lower => "↓",
        Aim::Half => "½",
        Aim::LikeReal => "≈",
    }
}

fn own(figure: &Figure, notes: &mut Vec<String>) -> String {
    match (figure.value, &figure.interval) {
        (Some(v), Some(i)) if i.hi - i.lo >= 0.01 => {
            let (value, ends) = brief(v, i.lo, i.hi);
            format!("{value} {ends}")
        }
        (Some(v), Some(i)) => format!("{} [{}, {}]", fixed(v, 3), fixed(i.lo, 3), fixed(i.hi, 3)),
        _ => plain(figure, notes),
    }
}

fn plain(figure: &Figure, notes: &mut Vec<String>) -> String {
    match (figure.value, &figure.undefined) {
        (Some(v), _) => fixed(v, 3),
        (None, why) => {
            let why = clean(why.as_deref().unwrap_or("no reason was recorded"));
            let at = notes.iter().position(|n| *n == why).unwrap_or_else(|| {
                notes.push(why);
                notes.len() - 1
            });
            format!("– ({})", at + 1)
        }
    }
}

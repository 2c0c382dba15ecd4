//! Long tables, a row a code, as records and back.

use serde::{Deserialize, Serialize};

use super::{Label, Record, Visits};
use crate::data::frame::{Frame, FrameColumn, FrameKind};
use crate::synth::{Asked, SynthError};

/// Which columns of a long table are what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Columns {
    /// Whose row it is.
    pub subject: String,
    /// When: rows of one subject with equal values are one visit, and visits stand in ascending order.
    pub visit: String,
    /// The code, a category.
    pub code: String,
    /// Categories that are the same in all rows of a subject.
    pub labels: Vec<String>,
}

impl Columns {
    /// As a script names them: words `subject`, `visit`, `code`, and `labels`, which may be left out.
    pub fn asked(asked: &Asked) -> Result<Columns, SynthError> {
        let word = |name: &str| match asked.word(name, "") {
            "" => Err(SynthError::Unsupported(format!(
                "hisgt learns one row a code and has to be told the column of the {name}: write `{name}: …`"
            ))),
            word => Ok(word.to_string()),
        };
        Ok(Columns {
            subject: word("subject")?,
            visit: word("visit")?,
            code: word("code")?,
            labels: asked.words.get("labels").cloned().unwrap_or_default(),
        })
    }
}

fn column<'a>(frame: &'a Frame, name: &str) -> Result<&'a FrameColumn, SynthError> {
    frame.column(name).ok_or_else(|| SynthError::Unsupported(format!("there is no column {name} to learn visits from")))
}

fn levels<'a>(column: &'a FrameColumn, for_what: &str) -> Result<&'a [String], SynthError> {
    match &column.kind {
        FrameKind::Category { levels } => Ok(levels),
        FrameKind::Number { .. } => Err(SynthError::Unsupported(format!(
            "{} is a number, and {for_what} are categories; declare its levels",
            column.name
        ))),
    }
}

/// The records of a long table, subjects in the order of their first row. Codes keep the number of their level, and a
/// visit the order of its rows; a code that is there twice counts once. Refused: missing cells in any of the columns
/// but labels, and a label that differs between rows of a subject.
pub fn visits(frame: &Frame, columns: &Columns) -> Result<Visits, SynthError> {
    let (subject, visit, code) =
        (column(frame, &columns.subject)?, column(frame, &columns.visit)?, column(frame, &columns.code)?);
    let codes = levels(code, "codes")?.to_vec();
    let known: Vec<&FrameColumn> = columns.labels.iter().map(|l| column(frame, l)).collect::<Result<_, _>>()?;
    for c in [subject, visit, code] {
        let missing = c.values.iter().filter(|v| v.is_nan()).count();
        if missing > 0 {
            return Err(SynthError::Unsupported(format!(
                "{} is missing in {missing} rows, so that they belong to no visit; leave them out first",
                c.name
            )));
        }
    }
    let first: std::collections::HashMap<u64, usize> =
        subject.values.iter().enumerate().rev().map(|(row, v)| (v.to_bits(), row)).collect();
    let person = |row: &usize| subject.values.get(*row).and_then(|v| first.get(&v.to_bits())).copied();
    let mut rows: Vec<usize> = (0..frame.rows).collect();
    let when = |row: usize| visit.values.get(row).copied().unwrap_or(f64::NAN);
    rows.sort_by(|a, b| person(a).cmp(&person(b)).then(when(*a).total_cmp(&when(*b))).then(a.cmp(b)));
    let mut records = Vec::new();
    for mine in rows.chunk_by(|a, b| person(a) == person(b)) {
        let mut record = Record { labels: Vec::with_capacity(known.len()), visits: Vec::new() };
        for label in &known {
            let mut values =
                mine.iter().filter_map(|r| label.values.get(*r)).map(|v| (!v.is_nan()).then_some(*v as u32));
            let level = values.next().flatten();
            if values.any(|v| v != level) {
                return Err(SynthError::Unsupported(format!(
                    "{} differs between rows of one {}, and a label is the same in all of them",
                    label.name, subject.name
                )));
            }
            record.labels.push(level);
        }
        for now in mine.chunk_by(|a, b| when(*a) == when(*b)) {
            let mut visit: Vec<u32> = Vec::with_capacity(now.len());
            for row in now {
                let code = code.values.get(*row).map_or(0, |v| *v as u32);
                if !visit.contains(&code) {
                    visit.push(code);
                }
            }
            record.visits.push(visit);
        }
        records.push(record);
    }
    let labels = known.iter().enumerate().map(|(at, label)| {
        let optional = records.iter().any(|r: &Record| r.labels.get(at).is_none_or(Option::is_none));
        Ok(Label { name: label.name.clone(), levels: levels(label, "labels")?.to_vec(), optional })
    });
    let labels = labels.collect::<Result<Vec<_>, SynthError>>()?;
    Ok(Visits { codes, labels, records })
}

/// Records as a long table of at most `rows` rows: subjects and visits by number, from 1; labels in every row. The last
/// record ends where the rows do.
pub fn frame(visits: &Visits, columns: &Columns, rows: usize) -> Frame {
    let number = |name: &str| FrameColumn {
        name: name.to_string(),
        kind: FrameKind::Number { lo: Some(1.0), hi: None, integer: true },
        nullable: false,
        values: Vec::with_capacity(rows),
    };
    let (mut subject, mut when) = (number(&columns.subject), number(&columns.visit));
    let category = |name: &str, levels: &[String], nullable| FrameColumn {
        name: name.to_string(),
        kind: FrameKind::Category { levels: levels.to_vec() },
        nullable,
        values: Vec::with_capacity(rows),
    };
    let mut code = category(&columns.code, &visits.codes, false);
    let mut labels: Vec<FrameColumn> = visits.labels.iter().map(|l| category(&l.name, &l.levels, l.optional)).collect();
    let cells = visits.records.iter().enumerate().flat_map(|(at, record)| {
        let visits = record.visits.iter().enumerate();
        visits.flat_map(move |(v, codes)| codes.iter().map(move |code| (at, record, v, *code)))
    });
    for (at, record, v, cell) in cells.take(rows) {
        subject.values.push(at as f64 + 1.0);
        when.values.push(v as f64 + 1.0);
        code.values.push(f64::from(cell));
        for (label, level) in labels.iter_mut().zip(&record.labels) {
            label.values.push(level.map_or(f64::NAN, f64::from));
        }
    }
    let rows = subject.values.len();
    let columns = [subject, when, code].into_iter().chain(labels).collect();
    Frame { columns, rows }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn columns() -> Columns {
        Columns { subject: "person".into(), visit: "day".into(), code: "code".into(), labels: vec!["sex".into()] }
    }

    pub fn table(rows: &[(f64, f64, f64, f64)]) -> Frame {
        let number = |name: &str, values: Vec<f64>| FrameColumn {
            name: name.into(),
            kind: FrameKind::Number { lo: None, hi: None, integer: false },
            nullable: false,
            values,
        };
        let category = |name: &str, levels: &[&str], values: Vec<f64>| FrameColumn {
            name: name.into(),
            kind: FrameKind::Category { levels: levels.iter().map(|l| l.to_string()).collect() },
            nullable: true,
            values,
        };
        let columns = vec![
            number("person", rows.iter().map(|r| r.0).collect()),
            number("day", rows.iter().map(|r| r.1).collect()),
            category("code", &["A01", "A02", "B01"], rows.iter().map(|r| r.2).collect()),
            category("sex", &["f", "m"], rows.iter().map(|r| r.3).collect()),
        ];
        Frame { columns, rows: rows.len() }
    }

    #[test]
    fn rows_become_records_and_records_rows() {
        let rows = [
            (7.0, 20.0, 1.0, 0.0),
            (3.0, 5.0, 0.0, f64::NAN),
            (7.0, 10.0, 2.0, 0.0),
            (7.0, 20.0, 0.0, 0.0),
            (7.0, 20.0, 1.0, 0.0),
        ];
        let got = visits(&table(&rows), &columns()).unwrap();
        assert_eq!(got.records.len(), 2);
        assert_eq!(got.records[0], Record { labels: vec![Some(0)], visits: vec![vec![2], vec![1, 0]] });
        assert_eq!(got.records[1], Record { labels: vec![None], visits: vec![vec![0]] });
        assert!(got.labels[0].optional);
        let back = frame(&got, &columns(), 100);
        assert_eq!((back.rows, visits(&back, &columns()).unwrap()), (4, got.clone()));
        assert_eq!(frame(&got, &columns(), 2).rows, 2);
    }

    #[test]
    fn what_cannot_be_a_record_is_refused_with_the_reason() {
        let text =
            |frame: &Frame, columns: &Columns| visits(frame, columns).err().map(|e| e.to_string()).unwrap_or_default();
        let differs = table(&[(1.0, 1.0, 0.0, 0.0), (1.0, 2.0, 0.0, 1.0)]);
        assert!(text(&differs, &columns()).contains("sex differs between rows"));
        let missing = table(&[(1.0, f64::NAN, 0.0, 0.0)]);
        assert!(text(&missing, &columns()).contains("day is missing in 1 rows"));
        let number = Columns { code: "day".into(), ..columns() };
        assert!(text(&differs, &number).contains("day is a number"));
        let absent = Columns { visit: "when".into(), ..columns() };
        assert!(text(&differs, &absent).contains("no column when"));
        let unnamed = Columns::asked(&Asked::plain("hisgt", 1)).err().map(|e| e.to_string());
        assert!(unnamed.is_some_and(|e| e.contains("the column of the subject")));
    }
}

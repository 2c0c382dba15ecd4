//! The synthetic-data report: how good the rows of a generator are, what they give away, and whom they leave out.
//!
//! Every figure stands between two others: what real rows score in the place of the synthetic ones (the ceiling), and
//! what three controls score (rows without dependence, copies of the training rows, a Gaussian copula). The real rows
//! come in two parts: those that the generator learned, and a hold-out that it never saw, without which no attack means
//! anything. Numbers come from the kernels in `metrics`; here they are put side by side and into words.

mod attacks;
mod fairness;
mod fidelity;
mod groups;
mod missing;
pub mod panel;
pub mod record;
pub mod records;
pub mod run;
mod tables;
mod utility;
mod validity;
mod veil;
mod words;

use crate::data::frame::Frame;
use crate::synth::visits::Visits;
use crate::synth::{SynthError, controls};
use panel::{Ceiling, Entry, Roles, Rules, SECTIONS, Tables, section};
use rayon::prelude::*;
use record::{Figure, Line, Section, SyntheticReport};
use records::Records;
use std::borrow::Cow;

/// What a report is made from.
pub struct Input<'a> {
    pub generator: &'a str,
    pub kind: &'a str,
    pub dataset: &'a str,
    /// Rows that the generator learned.
    pub train: &'a Frame,
    /// Rows that it never saw; the columns are those of `train`.
    pub holdout: &'a Frame,
    pub synthetic: &'a Frame,
    /// The records that the rows are of, from a generator of whole records.
    pub records: Option<Records<'a>>,
    /// What the script requires of rows.
    pub rules: Rules<'a>,
    pub roles: &'a Roles,
    /// The rows are patients': small counts are not shown.
    pub is_phi: bool,
    pub notes: Vec<String>,
}

/// Rows in one place of a comparison, and the records that they are of, where they are of records.
struct Side<'a> {
    rows: Cow<'a, Frame>,
    records: Option<Cow<'a, Visits>>,
}

impl<'a> Side<'a> {
    fn of(rows: &'a Frame, records: Option<&'a Visits>) -> Side<'a> {
        Side { rows: Cow::Borrowed(rows), records: records.map(Cow::Borrowed) }
    }

    fn made(rows: Frame) -> Side<'a> {
        Side { rows: Cow::Owned(rows), records: None }
    }

    /// Of records, with rows in the columns of `like`.
    fn recorded(records: Visits, like: &Frame) -> Side<'a> {
        Side { rows: Cow::Owned(records::rows(&records, like)), records: Some(Cow::Owned(records)) }
    }

    fn halves(&self, seed: u64) -> [Side<'a>; 2] {
        match &self.records {
            None => tables::halves(&self.rows, seed).map(Side::made),
            Some(all) => records::halves(all, seed).map(|v| Side::recorded(v, &self.rows)),
        }
    }

    fn controls(&self, seed: u64) -> Vec<Result<Side<'a>, SynthError>> {
        match &self.records {
            None => controls::samples(&self.rows, seed).map(|made| made.map(Side::made)).into(),
            Some(all) => records::controls(all, seed).map(|made| made.map(|v| Side::recorded(v, &self.rows))).into(),
        }
    }
}

/// The whole report. Equal inputs and seeds give equal reports on any number of threads.
pub fn report(input: &Input, seed: u64) -> SyntheticReport {
    let train = Side::of(input.train, input.records.map(|r| r.train));
    let holdout = Side::of(input.holdout, input.records.map(|r| r.holdout));
    let synthetic = Side::of(input.synthetic, input.records.map(|r| r.synthetic));
    let [a, b] = train.halves(seed);
    let [new, others] = holdout.halves(seed);
    let floors = train.controls(seed);
    let own = compared([&train, &holdout, &synthetic], input, seed);
    let made: Vec<(Section, Vec<Entry>)> = SECTIONS
        .par_iter()
        .map(|(name, ceiling)| {
            let real = match ceiling {
                Ceiling::Halves => compared([&a, &holdout, &b], input, seed),
                Ceiling::Train => compared([&train, &holdout, &train], input, seed),
                Ceiling::HeldOut => compared([&train, &others, &new], input, seed),
            };
            let mut jobs = vec![(own, true), (real, false)];
            jobs.extend(floors.iter().flatten().map(|made| (compared([&train, &holdout, made], input, seed), false)));
            let mut panels = jobs.par_iter().map(|(t, resampled)| section(name, t, *resampled)).collect::<Vec<_>>();
            let controls = panels.split_off(2.min(panels.len()));
            let ceiling = panels.pop().unwrap_or_default();
            let entries = panels.pop().unwrap_or_default();
            let lines = side_by_side(&entries, ceiling, controls, &floors);
            (Section { name: name.to_string(), says: String::new(), lines }, entries)
        })
        .collect();
    let (columns, pairs) = fidelity::details(input.train, input.synthetic, (&a.rows, &b.rows));
    let (missing, missing_together) = missing::details(input.train, input.synthetic);
    let mut out = SyntheticReport {
        generator: input.generator.into(),
        kind: input.kind.into(),
        dataset: input.dataset.into(),
        train_rows: input.train.rows.into(),
        holdout_rows: input.holdout.rows.into(),
        synthetic_rows: input.synthetic.rows,
        label: input.roles.label.clone(),
        protected: input.roles.protected.clone(),
        controls: controls::CONTROLS.map(String::from).to_vec(),
        notes: input.notes.clone(),
        sections: made.into_iter().map(|(section, _)| section).collect(),
        columns,
        pairs,
        // Rows of records have no distance.
        distances: if input.records.is_some() { None } else { attacks::distances(&own) },
        subgroups: groups::details(input.train, input.synthetic, input.roles),
        missing,
        missing_together,
        rules: validity::details(input.synthetic, input.rules),
    };
    if input.is_phi {
        veil::cover(&mut out, input);
    }
    words::say(&mut out);
    out
}

/// The tables of a comparison.
fn compared<'a>([train, holdout, synthetic]: [&'a Side; 3], input: &'a Input, seed: u64) -> Tables<'a> {
    let records = || {
        Some(Records {
            train: train.records.as_deref()?,
            holdout: holdout.records.as_deref()?,
            synthetic: synthetic.records.as_deref()?,
        })
    };
    let records = records();
    let (roles, rules) = (input.roles, input.rules);
    Tables { train: &train.rows, holdout: &holdout.rows, synthetic: &synthetic.rows, roles, records, rules, seed }
}

/// The figures of the generator, of real rows and of the controls, line by line.
fn side_by_side(
    own: &[Entry],
    ceiling: Vec<Entry>,
    controls: Vec<Vec<Entry>>,
    floors: &[Result<Side, SynthError>],
) -> Vec<Line> {
    let mut ceiling = ceiling.into_iter();
    let mut controls: Vec<_> = controls.into_iter().map(Vec::into_iter).collect();
    let mut lines = Vec::new();
    for entry in own {
        let figure = |found: Option<Entry>| match found.filter(|e| e.figure == entry.figure) {
            Some(e) => Figure::from(e.measured),
            None => Figure::undefined("it was not measured"),
        };
        let ceiling = figure(ceiling.next());
        let mut measured = controls.iter_mut();
        let floors = floors
            .iter()
            .map(|made| match made {
                Ok(_) => figure(measured.next().and_then(Iterator::next)),
                Err(why) => Figure::undefined(why.to_string()),
            })
            .collect();
        lines.push(Line {
            figure: entry.figure.clone(),
            title: entry.title.clone(),
            aim: entry.aim,
            sanity_check: entry.sanity_check,
            own: Figure::from(entry.measured.clone()),
            ceiling,
            floors,
        });
    }
    lines
}

#[cfg(test)]
mod tests;

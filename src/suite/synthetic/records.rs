//! Whole records instead of rows: are codes, and codes after codes, as frequent as in real records, are records as long,
//! and do they give away whose records were learned.
//!
//! A row of a long table is one code of one visit. Taken alone it says next to nothing, so that figures of rows would
//! praise a generator whose people have no history.

use super::fidelity;
use super::panel::Entry;
use super::record::Aim;
use super::tables::half;
use crate::data::frame::{Frame, FrameColumn, FrameKind};
use crate::eval::estimate::{Estimate, Interval, Measured, Undefined};
use crate::metrics::bootstrap::standard_error;
use crate::metrics::distance::quality;
use crate::metrics::inference::{LEVEL, normal_quantile};
use crate::metrics::resampling::{Lane, below, stream};
use crate::metrics::synthetic::codes::{self, Of};
use crate::synth::SynthError;
use crate::synth::controls::CONTROLS;
use crate::synth::visits::figures::{Spread, hamming_membership, lengths};
use crate::synth::visits::{Record, Visits};
use rayon::prelude::*;
use std::collections::BTreeSet;

/// Resamples of records behind a standard error.
const RESAMPLES: usize = 50;
/// Codes whose presence the classifier of the two-sample test sees: the most frequent ones.
const MOST_CODES: usize = 100;

/// The records that the rows of a comparison are of.
#[derive(Clone, Copy)]
pub struct Records<'a> {
    pub train: &'a Visits,
    pub holdout: &'a Visits,
    pub synthetic: &'a Visits,
}

/// The rows of records in the columns of `like`: the code, then the labels.
pub fn rows(visits: &Visits, like: &Frame) -> Frame {
    let codes = |r: &Record| r.visits.iter().map(Vec::len).sum::<usize>();
    let rows = visits.records.iter().map(codes).sum();
    let column = |(at, shape): (usize, &FrameColumn)| {
        let cells = visits.records.iter().flat_map(|record| {
            let label = at.checked_sub(1).and_then(|l| record.labels.get(l).copied().flatten());
            let codes = record.visits.iter().flatten();
            codes.map(move |code| if at == 0 { f64::from(*code) } else { label.map_or(f64::NAN, f64::from) })
        });
        FrameColumn { values: cells.collect(), ..shape.clone_shape() }
    };
    Frame { columns: like.columns.iter().enumerate().map(column).collect(), rows }
}

/// Two halves of the records, by the seed.
pub fn halves(visits: &Visits, seed: u64) -> [Visits; 2] {
    half(visits.records.len(), seed).map(|records| visits.of(&records))
}

/// The controls of [`CONTROLS`] for records: visits as long as real ones with codes drawn from all codes, whole records
/// drawn again, and no copula.
pub fn controls(train: &Visits, seed: u64) -> [Result<Visits, SynthError>; 3] {
    let again = |lane: usize| {
        let mut rng = stream(seed, Lane::Bootstrap, lane);
        train.of(&(0..train.records.len()).map(|_| below(&mut rng, train.records.len())).collect::<Vec<_>>())
    };
    let pool: Vec<u32> = train.records.iter().flat_map(|r| r.visits.iter().flatten().copied()).collect();
    let mut independent = again(0);
    let mut rng = stream(seed, Lane::Draw, 103);
    for visit in independent.records.iter_mut().flat_map(|r| &mut r.visits) {
        // A code is in a visit once, and a visit as long as it was where there are enough codes.
        let mut drawn = BTreeSet::new();
        for _ in 0..20 * visit.len() {
            if drawn.len() == visit.len() {
                break;
            }
            drawn.extend(pool.get(below(&mut rng, pool.len())));
        }
        *visit = drawn.into_iter().collect();
    }
    let none = SynthError::Unsupported(format!("{} is of rows, not of records", CONTROLS[2]));
    [Ok(independent), Ok(again(1)), Err(none)]
}

/// Are they like real records. `resampled`: with intervals.
pub fn fidelity(all: &Records, seed: u64, resampled: bool) -> Vec<Entry> {
    let figures = [
        ("code_r2", "codes, R²", Of::Unigram),
        ("same_visit_r2", "pairs of codes in a visit, R²", Of::SameVisit),
        ("sequential_r2", "codes of successive visits, R²", Of::Sequential),
    ];
    let (real, made) = (sorted(all.train), sorted(all.synthetic));
    let mut out: Vec<Entry> = figures
        .into_par_iter()
        .map(|(figure, title, of)| {
            let found = codes::records_r2(&real, &made, of);
            let measured = if resampled { around(found, &real, &made, of, seed) } else { found };
            Entry::new(figure, title, Aim::Higher, measured)
        })
        .collect();
    let count =
        |of: fn(&Record) -> Vec<f64>| [all.train, all.synthetic].map(|v| v.records.iter().flat_map(of).collect());
    let visits: [Vec<f64>; 2] = count(|r| vec![r.visits.len() as f64]);
    let codes: [Vec<f64>; 2] = count(|r| r.visits.iter().map(|v| v.len() as f64).collect());
    let (by_record, by_visit) = lengths(&all.synthetic.records);
    out.extend([
        Entry::new("visits_shape", "visits a record, shape", Aim::Higher, shape(&visits)),
        Entry::new("codes_shape", "codes a visit, shape", Aim::Higher, shape(&codes)),
        Entry::new("visits_mean", "visits a record, mean", Aim::LikeReal, mean(by_record, visits[1].len())),
        Entry::new("codes_mean", "codes a visit, mean", Aim::LikeReal, mean(by_visit, codes[1].len())),
        Entry::new("two_sample_auc", "two-sample AUC, by record", Aim::Half, told_apart(all, seed)),
    ]);
    out
}

/// Records as the kernel has them: the codes of a visit in order.
fn sorted(visits: &Visits) -> Vec<codes::Record> {
    let visit = |codes: &Vec<u32>| {
        let mut codes = codes.clone();
        codes.sort_unstable();
        codes
    };
    visits.records.iter().map(|r| r.visits.iter().map(visit).collect()).collect()
}

/// With an interval by the standard error when records of both sides are drawn anew.
fn around(found: Measured, real: &[codes::Record], made: &[codes::Record], of: Of, seed: u64) -> Measured {
    let draw = |records: &[codes::Record], index, lane| -> Vec<codes::Record> {
        let mut rng = stream(seed, lane, index);
        records.iter().filter_map(|_| records.get(below(&mut rng, records.len())).cloned()).collect()
    };
    let one = |at: usize| {
        let (a, b) = (draw(real, at, Lane::Bootstrap), draw(made, at, Lane::Draw));
        codes::records_r2(&a, &b, of).ok().map(|e| e.value)
    };
    let e = found?;
    let drawn: Vec<f64> = (0..RESAMPLES).into_par_iter().filter_map(one).collect();
    let interval = standard_error(&drawn).ok().map(|error| {
        let half = normal_quantile(LEVEL) * error;
        let method = format!("normal, bootstrap standard error of records ({RESAMPLES})");
        Interval { lo: e.value - half, hi: (e.value + half).min(1.0), level: LEVEL, method }
    });
    Ok(Estimate { interval, ..e })
}

/// 1 less the Kolmogorov-Smirnov distance of lengths.
fn shape([real, made]: &[Vec<f64>; 2]) -> Measured {
    let both: Vec<f64> = real.iter().chain(made).copied().collect();
    let first: Vec<bool> = (0..both.len()).map(|at| at < real.len()).collect();
    quality::shapes(&[quality::Column::Numbers(&both)], &first).map(|e| Estimate { parts: Vec::new(), ..e })
}

fn mean(spread: Spread, n: usize) -> Measured {
    if !spread.mean.is_finite() {
        return Err(Undefined::new("there are no records"));
    }
    let half = normal_quantile(LEVEL) * spread.sd / (n as f64).sqrt();
    let method = "normal".to_string();
    let interval =
        half.is_finite().then_some(Interval { lo: spread.mean - half, hi: spread.mean + half, level: LEVEL, method });
    Ok(Estimate { interval, ..Estimate::plain(spread.mean, n) })
}

/// A row a record: how long it is, its labels, and which of the most frequent codes it has.
fn profile(visits: &Visits, codes: &[usize]) -> Frame {
    let number = |name: &str, of: &dyn Fn(&Record) -> f64| FrameColumn {
        name: name.into(),
        kind: FrameKind::Number { lo: Some(0.0), hi: None, integer: true },
        nullable: false,
        values: visits.records.iter().map(of).collect(),
    };
    let mut columns = vec![
        number("visits", &|r| r.visits.len() as f64),
        number("codes", &|r| r.visits.iter().map(Vec::len).sum::<usize>() as f64),
    ];
    for (at, label) in visits.labels.iter().enumerate() {
        let level = |r: &Record| r.labels.get(at).copied().flatten().map_or(f64::NAN, f64::from);
        let kind = FrameKind::Category { levels: label.levels.clone() };
        columns.push(FrameColumn { kind, nullable: label.optional, ..number(&label.name, &level) });
    }
    for code in codes {
        let has = |r: &Record| r.visits.iter().flatten().filter(|c| **c as usize == *code).count() as f64;
        columns.push(number(&format!("code {code}"), &has));
    }
    Frame { rows: visits.records.len(), columns }
}

fn told_apart(all: &Records, seed: u64) -> Measured {
    let mut codes: Vec<(usize, usize)> =
        all.train.counts().into_iter().enumerate().map(|(code, n)| (n, code)).collect();
    codes.sort_unstable_by(|a, b| b.cmp(a));
    let codes: Vec<usize> = codes.into_iter().filter(|c| c.0 > 0).take(MOST_CODES).map(|c| c.1).collect();
    fidelity::two_sample(&profile(all.train, &codes), &profile(all.synthetic, &codes), seed)
}

/// Do they give away whose records were learned.
pub fn privacy(all: &Records) -> Vec<Entry> {
    let attack = hamming_membership(all.train, all.holdout, all.synthetic, LEVEL);
    let attack = attack.map(|e| Estimate { parts: Vec::new(), ..e });
    let known: BTreeSet<&Vec<Vec<u32>>> = all.train.records.iter().map(|r| &r.visits).collect();
    let copies = all.synthetic.records.iter().filter(|r| known.contains(&r.visits)).count();
    vec![
        Entry::new("membership_hamming_auc", "membership, nearest by codes: AUC", Aim::Half, attack),
        Entry::new(
            "exact_copies",
            "records equal to training records",
            Aim::LikeReal,
            super::groups::share(copies, all.synthetic.records.len()),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::panel::{Roles, no_rules};
    use super::super::record::SyntheticReport;
    use super::super::{Input, report};
    use super::*;
    use crate::synth::visits::planted::Planted;

    fn frame(visits: &Visits) -> Frame {
        let kind = FrameKind::Category { levels: visits.codes.clone() };
        let code = FrameColumn { name: "code".into(), kind, nullable: false, values: Vec::new() };
        rows(visits, &Frame { columns: vec![code], rows: 0 })
    }

    fn judged(synthetic: &Visits, is_phi: bool) -> SyntheticReport {
        let planted = Planted::new(4, 2.0);
        let (train, holdout) = (planted.draw(300, 1), planted.draw(100, 2));
        report(
            &Input {
                generator: "g",
                kind: "hisgt",
                dataset: "d",
                train: &frame(&train),
                holdout: &frame(&holdout),
                synthetic: &frame(synthetic),
                records: Some(Records { train: &train, holdout: &holdout, synthetic }),
                rules: &no_rules,
                roles: &Roles::default(),
                is_phi,
                notes: Vec::new(),
            },
            5,
        )
    }

    fn own(report: &SyntheticReport, name: &str) -> f64 {
        report.sections.iter().flat_map(|s| &s.lines).find(|l| l.figure == name).unwrap().own.value.unwrap()
    }

    #[test]
    fn good_copied_and_shuffled_records_are_told_from_each_other() {
        let planted = Planted::new(4, 2.0);
        let (good, copied) = (judged(&planted.draw(300, 3), false), judged(&planted.draw(300, 1), false));
        let [independent, _, copula] = controls(&planted.draw(300, 1), 7);
        let shuffled = judged(&independent.unwrap(), false);
        assert!(copula.is_err_and(|e| e.to_string().contains("not of records")));
        for name in ["same_visit_r2", "sequential_r2"] {
            assert!(own(&good, name) > own(&shuffled, name) + 0.2, "{name}");
            assert!(own(&copied, name) == 1.0, "{name}");
        }
        assert!(own(&good, "code_r2") > 0.8 && own(&shuffled, "code_r2") > 0.8);
        let attack = |report: &SyntheticReport| own(report, "membership_hamming_auc");
        assert!(attack(&copied) > attack(&good) + 0.15, "{} {}", attack(&copied), attack(&good));
        assert!((attack(&good) - 0.5).abs() < 0.08, "{}", attack(&good));
        assert_eq!(own(&copied, "exact_copies"), 1.0);
        let says = |r: &SyntheticReport| r.sections.iter().map(|s| s.says.clone()).collect::<Vec<_>>().join("\n");
        assert!(says(&copied).contains("100.0 % of its records equal a training record"), "{}", says(&copied));
        assert!(says(&shuffled).contains("go together less than"), "{}", says(&shuffled));
        let interval = |name: &str| {
            let lines = &good.sections[0].lines;
            lines.iter().find(|l| l.figure == name).unwrap().own.interval.clone().unwrap()
        };
        for name in ["code_r2", "sequential_r2", "visits_mean"] {
            let i = interval(name);
            assert!(i.lo < own(&good, name) && own(&good, name) <= i.hi, "{name}");
        }
    }

    #[test]
    fn codes_of_few_patients_are_not_counted() {
        let planted = Planted::new(4, 2.0);
        let train = planted.draw(300, 1);
        let report = judged(&planted.draw(300, 3), true);
        let mut hidden = 0;
        for group in &report.subgroups {
            let code = group.name.strip_prefix("code = ").unwrap();
            let at = train.codes.iter().position(|c| c == code).unwrap();
            let people = train.records.iter().filter(|r| r.visits.iter().flatten().any(|c| *c as usize == at)).count();
            assert_eq!(group.real.is_none(), people < 11, "{code} {people}");
            hidden += usize::from(group.real.is_none());
        }
        assert!(hidden > 0 && hidden < report.subgroups.len());
    }

    #[test]
    fn halves_share_nobody_and_rows_count_codes() {
        let all = Planted::new(4, 2.0).draw(41, 1);
        let [a, b] = halves(&all, 3);
        assert_eq!((a.records.len(), b.records.len()), (20, 21));
        assert_eq!(frame(&all).rows, all.counts().iter().sum::<usize>());
    }
}

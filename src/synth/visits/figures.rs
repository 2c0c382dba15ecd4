//! Figures of synthetic records: lengths, code probabilities, and whether they give training records away.

use crate::eval::estimate::{Measured, Undefined};
use crate::metrics::ranking;
use crate::metrics::synthetic::codes::{Long, Of, code_r2};

use super::{Record, Visits};

/// Mean and standard deviation (n - 1).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    pub mean: f64,
    pub sd: f64,
}

fn spread(values: &[f64]) -> Spread {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let sd = (values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0)).sqrt();
    Spread { mean, sd }
}

/// Visits a record and codes a visit; NaN without any.
pub fn lengths(records: &[Record]) -> (Spread, Spread) {
    let visits: Vec<f64> = records.iter().map(|r| r.visits.len() as f64).collect();
    let codes: Vec<f64> = records.iter().flat_map(|r| &r.visits).map(|v| v.len() as f64).collect();
    (spread(&visits), spread(&codes))
}

/// R² of the code probabilities of `synthetic` as predictions of those of `real`, as [`code_r2`] has it.
pub fn r2(real: &Visits, synthetic: &Visits, of: Of, seed: u64) -> Measured {
    let mut rows: (Vec<u32>, Vec<u32>, Vec<f64>, Vec<bool>) = Default::default();
    let all = real.records.iter().map(|r| (r, true)).chain(synthetic.records.iter().map(|r| (r, false)));
    for (at, (record, first)) in all.enumerate() {
        for (v, visit) in record.visits.iter().enumerate() {
            for code in visit {
                rows.0.push(*code);
                rows.1.push(at as u32);
                rows.2.push(v as f64);
                rows.3.push(first);
            }
        }
    }
    code_r2(&Long { code: &rows.0, record: &rows.1, visit: &rows.2, first: &rows.3 }, of, seed)
}

/// Which codes a record has, a bit each.
fn bits(record: &Record, words: usize) -> Vec<u64> {
    let mut out = vec![0; words];
    for code in record.visits.iter().flatten() {
        if let Some(word) = out.get_mut(*code as usize / 64) {
            *word |= 1 << (code % 64);
        }
    }
    out
}

/// Membership inference as HiSGT's evaluation has it, as a ranking: the AUROC at which the smallest Hamming distance
/// between a record's codes and those of any synthetic record tells members from others; 0.5 is guessing. DeLong's
/// interval at `level`. Undefined without members, others or synthetic records.
pub fn hamming_membership(members: &Visits, others: &Visits, synthetic: &Visits, level: f64) -> Measured {
    if synthetic.records.is_empty() {
        return Err(Undefined::new("there are no synthetic records"));
    }
    let codes = [members, others, synthetic].map(|v| v.codes.len());
    let words = codes.into_iter().max().unwrap_or(0).div_ceil(64);
    let known: Vec<Vec<u64>> = synthetic.records.iter().map(|r| bits(r, words)).collect();
    let nearest = |record: &Record| {
        let mine = bits(record, words);
        let far = |other: &Vec<u64>| mine.iter().zip(other).map(|(a, b)| (a ^ b).count_ones()).sum::<u32>();
        known.iter().map(far).min().map_or(f64::NAN, f64::from)
    };
    let scores: Vec<f64> = members.records.iter().chain(&others.records).map(|r| -nearest(r)).collect();
    let flags: Vec<bool> = (0..scores.len()).map(|i| i < members.records.len()).collect();
    ranking::auroc_at(&scores, &flags, level)
}

#[cfg(test)]
mod tests {
    use super::super::planted::Planted;
    use super::*;

    #[test]
    fn a_copy_gives_its_members_away_and_a_fresh_draw_does_not() {
        let planted = Planted::new(8, 1.5);
        let (members, others) = (planted.draw(300, 1), planted.draw(300, 2));
        let copied = hamming_membership(&members, &others, &members, 0.95).unwrap().value;
        let fresh = hamming_membership(&members, &others, &planted.draw(300, 3), 0.95).unwrap().value;
        assert!(copied > 0.8 && (fresh - 0.5).abs() < 0.08, "{copied} {fresh}");
    }

    #[test]
    fn the_same_records_explain_themselves() {
        let some = Planted::new(4, 2.0).draw(400, 5);
        for of in [Of::Unigram, Of::SameVisit, Of::Sequential] {
            let found = r2(&some, &some, of, 1).unwrap();
            assert!((found.value - 1.0).abs() < 1e-12);
        }
        let (visits, codes) = lengths(&some.records);
        assert!(visits.mean > 1.0 && codes.mean > 1.0 && visits.sd > 0.0);
    }
}

//! Do synthetic health records use codes as real ones do: R² of code probabilities (Theodorou et al. 2023, HALO; Zhou
//! and Barbieri 2025, HiSGT), with what real data and mere shuffling score.

use crate::eval::estimate::{Estimate, Measured, Undefined};
use crate::metrics::checks;
use crate::metrics::inference::sum;
use crate::metrics::resampling::{Lane, Stream, below, shuffle, stream};

/// Which probabilities are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// Of a code.
    Unigram,
    /// Of two codes in one visit, in either order.
    SameVisit,
    /// Of a code in a visit and a code in the next one.
    Sequential,
}

impl Of {
    pub fn named(name: &str) -> Result<Of, Undefined> {
        let words = [("unigram", Of::Unigram), ("same_visit", Of::SameVisit), ("sequential", Of::Sequential)];
        checks::word("a code probability", name, &words)
    }
}

/// Splits and shuffles behind the ceiling and the floor.
const REPEATS: usize = 10;

/// One person: visits in order, the codes of a visit in ascending order and once each.
pub type Record = Vec<Vec<u32>>;

/// Rows of a long table, one a code.
#[derive(Debug, Clone, Copy)]
pub struct Long<'a> {
    pub code: &'a [u32],
    /// Whose row it is, as a number.
    pub record: &'a [u32],
    /// When the visit was; equal numbers of one person are one visit.
    pub visit: &'a [f64],
    /// Real rows.
    pub first: &'a [bool],
}

/// The records of one side.
fn records(long: &Long, side: bool) -> Vec<Record> {
    let mut rows: Vec<usize> = (0..long.code.len()).filter(|r| long.first[*r] == side).collect();
    rows.sort_by(|&a, &b| {
        let key = |r: usize| (long.record[r], long.code[r]);
        key(a).0.cmp(&key(b).0).then(long.visit[a].total_cmp(&long.visit[b])).then(key(a).1.cmp(&key(b).1))
    });
    let same_record = |a: &usize, b: &usize| long.record[*a] == long.record[*b];
    // Zeros are one number, whatever their sign.
    let same_visit = |a: &usize, b: &usize| long.visit[*a] + 0.0 == long.visit[*b] + 0.0;
    let visit = |rows: &[usize]| {
        let mut codes: Vec<u32> = rows.iter().map(|r| long.code[*r]).collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    };
    rows.chunk_by(same_record).map(|rows| rows.chunk_by(same_visit).map(visit).collect()).collect()
}

/// The probability of every key that occurs, by key; they add up to 1.
fn probabilities<'r>(records: impl Iterator<Item = &'r Record>, of: Of) -> Vec<(u64, f64)> {
    let pair = |a: &u32, b: &u32| u64::from(*a) << 32 | u64::from(*b);
    let mut keys: Vec<u64> = Vec::new();
    for record in records {
        match of {
            Of::Unigram => keys.extend(record.iter().flatten().map(|c| u64::from(*c))),
            Of::SameVisit => {
                for visit in record {
                    for (i, a) in visit.iter().enumerate() {
                        keys.extend(visit.iter().skip(i + 1).map(|b| pair(a, b)));
                    }
                }
            }
            Of::Sequential => {
                for (a, b) in record.iter().zip(record.iter().skip(1)) {
                    keys.extend(a.iter().flat_map(|a| b.iter().map(move |b| pair(a, b))));
                }
            }
        }
    }
    keys.sort_unstable();
    let total = keys.len() as f64;
    keys.chunk_by(|a, b| a == b).filter_map(|c| Some((*c.first()?, c.len() as f64 / total))).collect()
}

/// R² of the probabilities over all keys of either side; nothing where those of the real side do not vary.
fn r2(real: &[(u64, f64)], other: &[(u64, f64)]) -> Option<f64> {
    let mut pairs = Vec::with_capacity(real.len() + other.len());
    let (mut a, mut b) = (real.iter().peekable(), other.iter().peekable());
    while let Some(key) = a.peek().map(|k| k.0).into_iter().chain(b.peek().map(|k| k.0)).min() {
        let p = a.next_if(|k| k.0 == key).map_or(0.0, |k| k.1);
        pairs.push((p, b.next_if(|k| k.0 == key).map_or(0.0, |k| k.1)));
    }
    let of = |f: &dyn Fn(&(f64, f64)) -> f64| sum(&pairs.iter().map(f).collect::<Vec<_>>());
    let mean = of(&|p| p.0) / pairs.len() as f64;
    let r2 = 1.0 - of(&|p| (p.0 - p.1) * (p.0 - p.1)) / of(&|p| (p.0 - mean) * (p.0 - mean));
    r2.is_finite().then_some(r2)
}

/// Records of the same visits with codes drawn from all codes, a code once a visit.
fn shuffled(records: &[Record], rng: &mut Stream) -> Vec<Record> {
    let pool: Vec<u32> = records.iter().flatten().flatten().copied().collect();
    let visit = |rng: &mut Stream, codes: &Vec<u32>| {
        let mut drawn: Vec<u32> = codes.iter().filter_map(|_| pool.get(below(rng, pool.len())).copied()).collect();
        drawn.sort_unstable();
        drawn.dedup();
        drawn
    };
    records.iter().map(|r| r.iter().map(|v| visit(rng, v)).collect()).collect()
}

/// Probabilities of the real side, and the R² of the other side's as predictions of them.
fn explained(real: &[Record], synthetic: &[Record], of: Of) -> Result<(Vec<(u64, f64)>, f64), Undefined> {
    if real.is_empty() || synthetic.is_empty() {
        return Err(Undefined::new("a side has no rows"));
    }
    let p = probabilities(real.iter(), of);
    let q = probabilities(synthetic.iter(), of);
    if p.is_empty() || q.is_empty() {
        let what = if of == Of::Sequential { "two visits" } else { "two codes in a visit" };
        return Err(Undefined::new(format!("a side has no record with {what}")));
    }
    let equal = || Undefined::new("the real probabilities are all equal, so there is nothing to explain");
    let value = r2(&p, &q).ok_or_else(equal)?;
    Ok((p, value))
}

/// The figure of [`code_r2`] for records as they are (visits in order, a code once a visit), without ceiling and floor.
pub fn records_r2(real: &[Record], synthetic: &[Record], of: Of) -> Measured {
    let (_, value) = explained(real, synthetic, of)?;
    Ok(Estimate::plain(value, real.len() + synthetic.len()))
}

/// R² of the synthetic code probabilities as predictions of the real ones, over all keys that occur on either side (1
/// is best, below 0 worse than one probability for all). A code counts once a visit.
///
/// Parts: `ceiling` (one random half of the real records against the other, the mean of ten seeded splits: what a
/// perfect generator scores at half the size; also the noise floor), `floor` (the real visits with codes drawn at
/// random from all codes, the mean of ten: what no structure at all scores), `keys`. Where the ceiling is low, or floor
/// and ceiling are close, the figure says little.
///
/// Undefined for no rows, unequal lengths, a row without code or record, a missing or infinite visit, a side without
/// rows or keys, and where the real probabilities are all equal.
pub fn code_r2(long: &Long, of: Of, seed: u64) -> Measured {
    let n = long.code.len();
    checks::not_empty(n)?;
    checks::same_length(("codes", n), ("records", long.record.len()))?;
    checks::same_length(("codes", n), ("visits", long.visit.len()))?;
    checks::same_length(("codes", n), ("flags", long.first.len()))?;
    checks::finite("visit", long.visit)?;
    let (real, synthetic) = (records(long, true), records(long, false));
    let (p, value) = explained(&real, &synthetic, of)?;
    let mean = |of: &dyn Fn(usize) -> Option<f64>| -> f64 {
        let found: Vec<f64> = (0..REPEATS).filter_map(of).collect();
        if found.is_empty() { f64::NAN } else { sum(&found) / found.len() as f64 }
    };
    let ceiling = mean(&|at| {
        let mut order: Vec<usize> = (0..real.len()).collect();
        shuffle(&mut stream(seed, Lane::Draw, at), &mut order);
        let (a, b) = order.split_at(real.len() / 2);
        let half = |rows: &[usize]| probabilities(rows.iter().filter_map(|r| real.get(*r)), of);
        r2(&half(a), &half(b))
    });
    let floor = mean(&|at| {
        let drawn = shuffled(&real, &mut stream(seed, Lane::Draw, REPEATS + at));
        r2(&p, &probabilities(drawn.iter(), of))
    });
    let noise_floor = ceiling.is_finite().then_some(ceiling);
    let out = Estimate { noise_floor, ..Estimate::plain(value, real.len() + synthetic.len()) };
    Ok(out.with("ceiling", ceiling).with("floor", floor).with("keys", p.len() as f64))
}

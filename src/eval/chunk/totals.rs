//! Counts, sums, moments and extremes over rows, by group, any number of them in one pass.

use super::direct::Direct;
use super::plan::{Node, NodeId, Plan};
use super::run::{Pass, Refused, Workspace};
use super::truths::{Truth, codes, count};
use super::{CHUNK, SEGMENT, TRUE, lanes};
use crate::eval::aggregate::{LANES, Moments, join_lanes, join_pairs};
use rayon::prelude::*;
use std::ops::Range;

/// What is taken from each row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Measure {
    /// How often a truth is false, unknown and true; without one, every row is true.
    Truths(Option<NodeId>),
    /// How many numbers there are, and their sum.
    Sum(NodeId),
    Moments(NodeId),
    Least(NodeId),
    Greatest(NodeId),
}

/// One aggregate: over the rows where `given` is true, by the groups of `key`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Request {
    pub measure: Measure,
    pub given: Option<NodeId>,
    pub key: Option<NodeId>,
}

impl Request {
    fn nodes(&self) -> Vec<NodeId> {
        let measured = match self.measure {
            Measure::Truths(node) => node,
            Measure::Sum(node) | Measure::Moments(node) | Measure::Least(node) | Measure::Greatest(node) => Some(node),
        };
        [measured, self.given, self.key].into_iter().flatten().collect()
    }
}

/// The answers, one entry a group; with a key two more: rows of no group, rows of an unknown one.
#[derive(Debug, Clone, PartialEq)]
pub enum Totals {
    /// False, unknown, true.
    Truths(Vec<[u64; 3]>),
    Sums(Vec<(u64, f64)>),
    Moments(Vec<Moments>),
    Extremes(Vec<(u64, f64)>),
}

impl Totals {
    /// Both together; `self` is about the earlier rows.
    fn join(self, later: Totals, least: bool) -> Totals {
        fn each<T: Copy>(mut a: Vec<T>, b: &[T], f: impl Fn(T, T) -> T) -> Vec<T> {
            a.iter_mut().zip(b).for_each(|(a, b)| *a = f(*a, *b));
            a
        }
        match (self, later) {
            (Totals::Truths(a), Totals::Truths(b)) => {
                Totals::Truths(each(a, &b, |x, y| [x[0] + y[0], x[1] + y[1], x[2] + y[2]]))
            }
            (Totals::Sums(a), Totals::Sums(b)) => Totals::Sums(each(a, &b, |x, y| (x.0 + y.0, x.1 + y.1))),
            (Totals::Moments(a), Totals::Moments(b)) => Totals::Moments(each(a, &b, Moments::join)),
            (Totals::Extremes(a), Totals::Extremes(b)) => {
                Totals::Extremes(each(a, &b, |x, y| (x.0 + y.0, further(x, y, least))))
            }
            (a, _) => a,
        }
    }
}

/// The more extreme of two; the earlier when they are equal or the later has none.
fn further(a: (u64, f64), b: (u64, f64), least: bool) -> f64 {
    let beyond = if least { b.1 < a.1 } else { b.1 > a.1 };
    if a.0 == 0 || (b.0 > 0 && beyond) { b.1 } else { a.1 }
}

/// Requests made ready to run, apart from the plan.
pub struct Job {
    requests: Vec<Request>,
    /// Groups of each request's key.
    groups: Vec<usize>,
    /// Those that are answered from a column's own storage.
    direct: Vec<Option<Direct>>,
    pass: Pass,
}

impl Job {
    pub fn new(plan: &Plan, requests: Vec<Request>) -> Job {
        let direct: Vec<Option<Direct>> = requests.iter().map(|r| Direct::new(plan, r)).collect();
        let mut wanted: Vec<NodeId> = Vec::new();
        for (request, direct) in requests.iter().zip(&direct) {
            match direct {
                Some(_) => wanted.extend(Direct::node(request)),
                None => wanted.extend(request.nodes()),
            }
        }
        let groups = requests.iter().map(|r| r.key.and_then(|k| plan.node(k)).map_or(1, Node::groups)).collect();
        Job { pass: Pass::new(plan, &wanted), requests, groups, direct }
    }

    /// Answers every request in one pass over `rows` rows.
    pub fn run(self, rows: usize) -> Result<Vec<(Request, Totals)>, Refused> {
        let starts: Vec<usize> = (0..rows.max(1)).step_by(SEGMENT).collect();
        let each = |space: &mut Workspace, from: usize| (self.segment(space, from, rows), space.refused);
        let parts: Vec<(Vec<Totals>, bool)> = match starts.as_slice() {
            [only] => vec![each(&mut self.pass.workspace(), *only)],
            _ => starts.into_par_iter().map_init(|| self.pass.workspace(), each).collect(),
        };
        if parts.iter().any(|(_, refused)| *refused) {
            return Err(Refused);
        }
        let found = joined(&self.requests, parts.into_iter().map(|(t, _)| t).collect());
        Ok(self.requests.into_iter().zip(found).collect())
    }

    fn segment(&self, space: &mut Workspace, from: usize, rows: usize) -> Vec<Totals> {
        let until = (from + SEGMENT).min(rows);
        let mut chunks = Vec::with_capacity(SEGMENT / CHUNK);
        // Without rows there is one empty chunk, so that every request has its answer.
        for start in (from..until.max(from + 1)).step_by(CHUNK) {
            let at = start..(start + CHUNK).min(until);
            self.pass.chunk(space, &at);
            let each = self.requests.iter().zip(&self.groups).zip(&self.direct);
            let answer = |((request, groups), direct): ((&Request, &usize), &Option<Direct>)| match direct {
                Some(direct) => direct.part(&at, Direct::node(request).map(|g| self.pass.truth(space, g))),
                None => part(&self.pass, space, request, *groups, &at),
            };
            chunks.push(each.map(answer).collect::<Vec<Totals>>());
        }
        joined(&self.requests, chunks)
    }
}

/// Joins parts in the order of their rows, in pairs.
fn joined(requests: &[Request], parts: Vec<Vec<Totals>>) -> Vec<Totals> {
    let least: Vec<bool> = requests.iter().map(|r| matches!(r.measure, Measure::Least(_))).collect();
    let both = |a: Vec<Totals>, b: Vec<Totals>| -> Vec<Totals> {
        a.into_iter().zip(b).zip(&least).map(|((a, b), least)| a.join(b, *least)).collect()
    };
    join_pairs(parts, both).unwrap_or_default()
}

/// One request over one chunk.
fn part(pass: &Pass, space: &Workspace, request: &Request, groups: usize, at: &Range<usize>) -> Totals {
    let rows = at.len();
    let given = request.given.map(|g| pass.truth(space, g));
    match (request.measure, request.key) {
        (Measure::Truths(node), None) => Totals::Truths(vec![count(node.map(|n| pass.truth(space, n)), given, rows)]),
        (Measure::Truths(node), Some(key)) => {
            let mut found = [TRUE; CHUNK];
            let found = &mut found[..rows];
            let event = node.map(|n| pass.truth(space, n));
            if event.is_some() || given.is_some() {
                codes(found, event, given);
            }
            Totals::Truths(by_bucket(pass.bucket(space, key, rows), found, groups))
        }
        (Measure::Sum(node), key) => {
            let mut keep = [0u8; CHUNK];
            let (x, keep) = kept(pass, space, node, given, &mut keep[..rows]);
            match key {
                None => Totals::Sums(vec![(lanes::kept(keep), join_lanes(lanes::add(x, keep)))]),
                Some(key) => {
                    let (n, sums) = sums_by(pass.bucket(space, key, rows), x, keep, groups, |_, x| x);
                    Totals::Sums(n.into_iter().zip(sums).collect())
                }
            }
        }
        (Measure::Moments(node), key) => {
            let mut keep = [0u8; CHUNK];
            let (x, keep) = kept(pass, space, node, given, &mut keep[..rows]);
            match key {
                None => {
                    let (n, sum) = (lanes::kept(keep), join_lanes(lanes::add(x, keep)));
                    let squares = |mean: f64| {
                        let mut out = [0.0; CHUNK];
                        lanes::map(&mut out[..rows], x, move |v| (v - mean) * (v - mean));
                        join_lanes(lanes::add(&out[..rows], keep))
                    };
                    Totals::Moments(vec![Moments::of_block(n, sum, squares)])
                }
                Some(key) => {
                    let bucket = pass.bucket(space, key, rows);
                    let (n, sums) = sums_by(bucket, x, keep, groups, |_, x| x);
                    let means: Vec<f64> = n.iter().zip(&sums).map(|(n, s)| s / *n as f64).collect();
                    let (_, squares) = sums_by(bucket, x, keep, groups, |b, x| (x - means[b]) * (x - means[b]));
                    let each = n.iter().zip(sums).zip(squares);
                    Totals::Moments(each.map(|((n, s), q)| Moments::of_block(*n, s, |_| q)).collect())
                }
            }
        }
        (Measure::Least(node) | Measure::Greatest(node), key) => {
            let least = matches!(request.measure, Measure::Least(_));
            let mut keep = [0u8; CHUNK];
            let (x, keep) = kept(pass, space, node, given, &mut keep[..rows]);
            let bucket = key.map(|k| pass.bucket(space, k, rows));
            let mut out = vec![(0u64, 0.0f64); if key.is_some() { groups + 2 } else { 1 }];
            for (i, (x, keep)) in x.iter().zip(keep.iter()).enumerate() {
                if *keep == 1 {
                    let slot = &mut out[bucket.map_or(0, |b| usize::from(b[i]))];
                    *slot = (slot.0 + 1, further(*slot, (1, *x), least));
                }
            }
            Totals::Extremes(out)
        }
    }
}

/// The numbers of a node, and in `keep` 1 where a row has one and is given.
fn kept<'s, 'k>(
    pass: &Pass,
    space: &'s Workspace,
    node: NodeId,
    given: Option<&Truth>,
    keep: &'k mut [u8],
) -> (&'s [f64], &'k [u8]) {
    let (x, ok) = pass.number(space, node, keep.len());
    match given {
        Some(given) => {
            given.spread(keep);
            keep.iter_mut().zip(ok).for_each(|(keep, ok)| *keep &= *ok);
        }
        None => keep.copy_from_slice(ok),
    }
    (x, keep)
}

/// False, unknown and true by bucket, from the code of each row, 3 where it does not count. Four tables take turns, so
/// that equal neighbours do not wait for each other.
fn by_bucket(bucket: &[u16], code: &[u8], groups: usize) -> Vec<[u64; 3]> {
    const TABLES: usize = 4;
    let mut at = [0u16; CHUNK];
    let at = &mut at[..bucket.len()];
    lanes::zip(at, bucket, code, |b, code| b << 2 | u16::from(code));
    let width = (groups + 2) * 4;
    let mut tables = vec![0u32; TABLES * width];
    {
        let (a, rest) = tables.split_at_mut(width);
        let (b, rest) = rest.split_at_mut(width);
        let (c, d) = rest.split_at_mut(width);
        let (fours, rest) = at.as_chunks::<TABLES>();
        for [i, j, k, l] in fours {
            a[usize::from(*i)] = a[usize::from(*i)].wrapping_add(1);
            b[usize::from(*j)] = b[usize::from(*j)].wrapping_add(1);
            c[usize::from(*k)] = c[usize::from(*k)].wrapping_add(1);
            d[usize::from(*l)] = d[usize::from(*l)].wrapping_add(1);
        }
        for i in rest {
            a[usize::from(*i)] += 1;
        }
    }
    (0..groups + 2)
        .map(|b| {
            let total = |t: usize| (0..TABLES).map(|k| u64::from(tables[k * width + b * 4 + t])).sum();
            [total(0), total(1), total(2)]
        })
        .collect()
}

/// Counts and sums of `f(bucket, x)` by bucket, each bucket with its own running sums.
fn sums_by(
    bucket: &[u16],
    x: &[f64],
    keep: &[u8],
    groups: usize,
    f: impl Fn(usize, f64) -> f64,
) -> (Vec<u64>, Vec<f64>) {
    let mut sums = vec![[0.0; LANES]; groups + 2];
    let mut counts = vec![[0u16; LANES]; groups + 2];
    let rows = bucket.chunks(LANES).zip(x.chunks(LANES)).zip(keep.chunks(LANES));
    for ((bucket, x), keep) in rows {
        for (lane, ((b, x), keep)) in bucket.iter().zip(x).zip(keep).enumerate() {
            let b = usize::from(*b);
            // A row that does not count adds zero to its bucket.
            sums[b][lane] += lanes::held(f(b, *x), *keep);
            counts[b][lane] = counts[b][lane].wrapping_add(u16::from(*keep));
        }
    }
    (counts.iter().map(|c| c.iter().map(|n| u64::from(*n)).sum()).collect(), sums.into_iter().map(join_lanes).collect())
}

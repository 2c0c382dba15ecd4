//! What items about tables share: reading a CSV file into a frame, splitting it, and comparing two tables.

use dbf::data::frame::{Frame, FrameColumn, FrameKind};
use dbf::metrics::curves::Curve;
use dbf::metrics::distance::quality::{Column, shapes};
use dbf::models::Fitted;
use dbf::models::logistic;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The table at `path` without the columns `left_out`: `numbers` are whole numbers, all others categories with levels in
/// alphabetical order; empty cells and `?` are missing. None if the file cannot be read.
pub fn read(path: &Path, numbers: &[&str], left_out: &[&str]) -> Option<Frame> {
    let text = std::fs::read_to_string(path).ok()?;
    let mut lines = text.lines().filter(|l| !l.trim().is_empty());
    let names: Vec<String> = lines.next()?.split(',').map(|n| n.trim().to_string()).collect();
    let rows: Vec<Vec<&str>> = lines.map(|l| l.split(',').map(str::trim).collect()).collect();
    let cell =
        |row: &Vec<&str>, at: usize| row.get(at).copied().filter(|c| !c.is_empty() && *c != "?").map(String::from);
    let mut columns = Vec::new();
    for (at, name) in names.iter().enumerate().filter(|(_, n)| !left_out.contains(&n.as_str())) {
        let cells: Vec<Option<String>> = rows.iter().map(|r| cell(r, at)).collect();
        let (kind, values): (FrameKind, Vec<f64>) = if numbers.contains(&name.as_str()) {
            let value = |c: &Option<String>| c.as_ref().and_then(|c| c.parse().ok()).unwrap_or(f64::NAN);
            let values: Vec<f64> = cells.iter().map(value).collect();
            let (lo, hi) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(*x), b.max(*x)));
            (FrameKind::Number { lo: Some(lo), hi: Some(hi), integer: true }, values)
        } else {
            let levels: BTreeSet<&String> = cells.iter().flatten().collect();
            let levels: Vec<String> = levels.into_iter().cloned().collect();
            let code = |c: &Option<String>| {
                c.as_ref().and_then(|c| levels.binary_search(c).ok()).map_or(f64::NAN, |i| i as f64)
            };
            let values = cells.iter().map(code).collect();
            (FrameKind::Category { levels }, values)
        };
        let nullable = values.iter().any(|x| x.is_nan());
        columns.push(FrameColumn { name: name.clone(), kind, nullable, values });
    }
    Some(Frame { columns, rows: rows.len() })
}

/// A stream of random numbers for this seed.
pub fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// Rows to learn from and rows held out, `share` of all.
pub fn split(frame: &Frame, share: f64, seed: u64) -> (Frame, Frame) {
    let mut order: Vec<usize> = (0..frame.rows).collect();
    order.shuffle(&mut rng(seed));
    let out = order.split_off(frame.rows - (share * frame.rows as f64).round() as usize);
    (frame.take(&order), frame.take(&out))
}

/// Whether a column holds numbers.
pub fn is_number(column: &FrameColumn) -> bool {
    matches!(column.kind, FrameKind::Number { .. })
}

/// 1 less the Kolmogorov-Smirnov statistic of each number and 1 less the total variation of each category, by name.
pub fn by_column(real: &Frame, made: &Frame) -> BTreeMap<String, f64> {
    let first: Vec<bool> = (0..real.rows + made.rows).map(|i| i < real.rows).collect();
    let mut out = BTreeMap::new();
    for (a, b) in real.columns.iter().zip(&made.columns) {
        let both: Vec<f64> = a.values.iter().chain(&b.values).copied().collect();
        let column = match is_number(a) {
            true => Column::Numbers(&both),
            false => Column::Categories(both.iter().map(|x| (!x.is_nan()).then_some(*x as u32)).collect()),
        };
        let score = shapes(&[column], &first).map_or(f64::NAN, |e| e.value);
        out.insert(a.name.clone(), score);
    }
    out
}

/// The mean of the scores of numbers, and of categories.
pub fn means(real: &Frame, scores: &BTreeMap<String, f64>) -> (f64, f64) {
    let mean = |numbers: bool| {
        let of = real.columns.iter().filter(|c| is_number(c) == numbers).filter_map(|c| scores.get(&c.name));
        let of: Vec<f64> = of.copied().collect();
        of.iter().sum::<f64>() / of.len() as f64
    };
    (mean(true), mean(false))
}

/// The mean Jensen-Shannon divergence (base 2) of the categories; a missing cell is a level.
pub fn divergence(real: &Frame, made: &Frame) -> f64 {
    let mut found = Vec::new();
    for (a, b) in real.columns.iter().zip(&made.columns).filter(|(a, _)| !is_number(a)) {
        let levels = if let FrameKind::Category { levels } = &a.kind { levels.len() } else { 0 };
        let shares = |x: &[f64]| {
            let mut out = vec![0.0; levels + 1];
            x.iter().for_each(|v| out[if v.is_nan() { levels } else { *v as usize }] += 1.0 / x.len() as f64);
            out
        };
        let term = |p: f64, m: f64| if p > 0.0 { p * (p / m).log2() } else { 0.0 };
        let (p, q) = (shares(&a.values), shares(&b.values));
        found.push(
            p.iter().zip(&q).map(|(p, q)| (term(*p, (p + q) / 2.0) + term(*q, (p + q) / 2.0)) / 2.0).sum::<f64>(),
        );
    }
    found.iter().sum::<f64>() / found.len() as f64
}

/// The area under the ROC curve of a logistic regression learned from `train` and asked about `test`, for
/// `label` having its level `level`; NaN where it cannot be learned.
pub fn auroc(train: &Frame, test: &Frame, label: &str, level: f64) -> f64 {
    let outcome = |f: &Frame| -> Vec<bool> {
        f.column(label).map(|c| c.values.iter().map(|x| *x == level).collect()).unwrap_or_default()
    };
    let features =
        |f: &Frame| Frame { columns: f.columns.iter().filter(|c| c.name != label).cloned().collect(), rows: f.rows };
    let scores = logistic::fit(&features(train), &outcome(train), &logistic::Settings::default())
        .and_then(|m| m.predict(&features(test)));
    let area = scores.ok().and_then(|p| Curve::new(&p, &outcome(test), None).ok()).and_then(|c| c.area().ok());
    area.unwrap_or(f64::NAN)
}

/// How strongly two columns go together, in [0, 1]: the absolute Pearson correlation of two numbers, the
/// correlation ratio of a number by category, Cramér's V of two categories corrected for bias (Bergsma 2013).
pub fn association(a: &FrameColumn, b: &FrameColumn) -> f64 {
    let rows: Vec<(f64, f64)> =
        a.values.iter().zip(&b.values).filter(|(x, y)| !x.is_nan() && !y.is_nan()).map(|(x, y)| (*x, *y)).collect();
    let n = rows.len() as f64;
    let mean = |of: &dyn Fn(&(f64, f64)) -> f64| rows.iter().map(of).sum::<f64>() / n;
    let value = match (is_number(a), is_number(b)) {
        (true, true) => {
            let (x, y) = (mean(&|r| r.0), mean(&|r| r.1));
            let (xx, yy) = (mean(&|r| (r.0 - x).powi(2)), mean(&|r| (r.1 - y).powi(2)));
            mean(&|r| (r.0 - x) * (r.1 - y)).abs() / (xx * yy).sqrt()
        }
        (false, true) => return association(b, a),
        (true, false) => {
            let x = mean(&|r| r.0);
            let mut groups: BTreeMap<i64, (f64, f64)> = BTreeMap::new();
            for (v, g) in &rows {
                let group = groups.entry(*g as i64).or_default();
                (group.0, group.1) = (group.0 + v, group.1 + 1.0);
            }
            let between: f64 = groups.values().map(|(sum, k)| k * (sum / k - x).powi(2)).sum();
            (between / rows.iter().map(|r| (r.0 - x).powi(2)).sum::<f64>()).sqrt()
        }
        (false, false) => {
            let mut cells: BTreeMap<(i64, i64), f64> = BTreeMap::new();
            let (mut left, mut right): (BTreeMap<i64, f64>, BTreeMap<i64, f64>) = Default::default();
            for (x, y) in &rows {
                *cells.entry((*x as i64, *y as i64)).or_default() += 1.0;
                *left.entry(*x as i64).or_default() += 1.0;
                *right.entry(*y as i64).or_default() += 1.0;
            }
            let phi = cells.iter().map(|((x, y), k)| k * k / (left[x] * right[y])).sum::<f64>() - 1.0;
            let (r, c) = (left.len() as f64, right.len() as f64);
            let phi = (phi - (r - 1.0) * (c - 1.0) / (n - 1.0)).max(0.0);
            let (r, c) = (r - (r - 1.0).powi(2) / (n - 1.0), c - (c - 1.0).powi(2) / (n - 1.0));
            (phi / (r.min(c) - 1.0)).sqrt()
        }
    };
    if value.is_finite() { value } else { 0.0 }
}

/// The mean absolute difference of associations over all pairs of columns.
pub fn association_error(a: &Frame, b: &Frame) -> f64 {
    let mut found = Vec::new();
    for i in 0..a.columns.len() {
        for j in 0..i {
            let of = |f: &Frame| association(&f.columns[i], &f.columns[j]);
            found.push((of(a) - of(b)).abs());
        }
    }
    found.iter().sum::<f64>() / found.len() as f64
}

/// The share of rows whose categories, all at once, are those of a row of `known`.
pub fn match_rate(rows: &Frame, known: &Frame) -> f64 {
    let tuples = |f: &Frame| -> Vec<Vec<i64>> {
        let cell = |x: f64| if x.is_nan() { -1 } else { x as i64 };
        (0..f.rows).map(|r| f.columns.iter().filter(|c| !is_number(c)).map(|c| cell(c.values[r])).collect()).collect()
    };
    let known: BTreeSet<Vec<i64>> = tuples(known).into_iter().collect();
    tuples(rows).iter().filter(|t| known.contains(*t)).count() as f64 / rows.rows as f64
}

/// The median.
pub fn median(x: &[f64]) -> f64 {
    let mut x = x.to_vec();
    x.sort_by(f64::total_cmp);
    let n = x.len();
    if n == 0 { f64::NAN } else { (x[(n - 1) / 2] + x[n / 2]) / 2.0 }
}

/// To four decimals, for printing.
pub fn round(x: f64) -> f64 {
    (x * 1e4).round() / 1e4
}

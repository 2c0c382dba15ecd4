//! Do synthetic rows look like real ones: shapes of columns, trends of pairs, and whether a classifier tells them apart.
//!
//! The score of pairs follows SDMetrics in both of its conventions: over all pairs, as until the end of 2025 and in the
//! papers, and over the pairs that the real rows relate (|r| above 0.5, Cramér's V above 0.3), as since.

use super::panel::{Entry, Tables};
use super::record::{Aim, ColumnShape, PairTrend};
use super::tables::{Columns, at_most};
use crate::data::frame::Frame;
use crate::eval::estimate::{Estimate, Interval, Measured, Undefined};
use crate::metrics::bootstrap::standard_error;
use crate::metrics::distance::quality::{self, Thresholds};
use crate::metrics::inference::{LEVEL, normal_quantile};
use crate::metrics::ranking;
use crate::metrics::resampling::{Lane, below, shuffle, stream};
use crate::models::{Fitted, boosted_trees};
use rayon::prelude::*;

/// All pairs.
pub const ALL: Thresholds = Thresholds { correlation: 0.0, association: 0.0 };
/// Pairs that are related.
pub const RELATED: Thresholds = Thresholds { correlation: 0.5, association: 0.3 };
/// Rows of either side that the classifier sees at the most.
const MOST_ROWS: usize = 6_000;
/// Parts of its cross-validation.
const FOLDS: usize = 3;
/// Resamples behind the standard error of a score, and rows of each at the most (fewer rows than there are: the error
/// is scaled by the square root).
const RESAMPLES: usize = 50;
const RESAMPLED_ROWS: usize = 1_000;

pub fn figures(tables: &Tables, resampled: bool) -> Vec<Entry> {
    let mut out = scores(tables, resampled);
    let told = two_sample(tables.train, tables.synthetic, tables.seed);
    out.push(Entry::new("two_sample_auc", "two-sample AUC", Aim::Half, told));
    out
}

/// SDMetrics' scores of rows.
pub fn scores(tables: &Tables, resampled: bool) -> Vec<Entry> {
    let scores = Scores::of(tables.train, tables.synthetic);
    let errors = if resampled { errors(tables.train, tables.synthetic, tables.seed) } else { Vec::new() };
    let names = [
        ("column_shapes", "column shapes", scores.shapes),
        ("pair_trends", "pair trends, all pairs", scores.all),
        ("quality", "quality (mean of both)", scores.quality),
        ("pair_trends_related", "pair trends, related only", scores.related),
        ("quality_related", "quality, related only", scores.quality_related),
    ];
    names
        .into_iter()
        .enumerate()
        .map(|(at, (figure, title, measured))| {
            let measured = measured.map(|e| Estimate { interval: around(e.value, errors.get(at)), ..bare(e) });
            Entry::new(figure, title, Aim::Higher, measured)
        })
        .collect()
}

/// Without its parts: they are columns and pairs, and stand in the report by name.
fn bare(e: Estimate) -> Estimate {
    Estimate { parts: Vec::new(), ..e }
}

fn around(value: f64, error: Option<&Option<f64>>) -> Option<Interval> {
    let half = normal_quantile(LEVEL) * (*error?)?;
    let method = format!("normal, bootstrap standard error ({RESAMPLES})");
    Some(Interval { lo: (value - half).max(0.0), hi: (value + half).min(1.0), level: LEVEL, method })
}

/// The scores of one table against another.
struct Scores {
    shapes: Measured,
    all: Measured,
    quality: Measured,
    related: Measured,
    quality_related: Measured,
}

impl Scores {
    fn of(real: &Frame, synthetic: &Frame) -> Scores {
        let held = Columns::stacked(&[real, synthetic]);
        let columns = held.scored();
        let first: Vec<bool> = (0..real.rows + synthetic.rows).map(|r| r < real.rows).collect();
        let shapes = quality::shapes(&columns, &first);
        let all = quality::trends(&columns, &first, ALL);
        let related = quality::trends(&columns, &first, RELATED);
        Scores {
            quality: quality::overall(shapes.clone(), all.clone()),
            quality_related: quality::overall(shapes.clone(), related.clone()),
            shapes,
            all,
            related,
        }
    }

    fn values(&self) -> [Option<f64>; 5] {
        let value = |m: &Measured| m.as_ref().ok().map(|e| e.value);
        [&self.shapes, &self.all, &self.quality, &self.related, &self.quality_related].map(value)
    }
}

/// The standard error of each score when rows of both tables are drawn anew.
fn errors(real: &Frame, synthetic: &Frame, seed: u64) -> Vec<Option<f64>> {
    let draw = |frame: &Frame, index: usize, lane: Lane| {
        let rows = frame.rows.min(RESAMPLED_ROWS);
        let mut rng = stream(seed, lane, index);
        frame.take(&(0..rows).map(|_| below(&mut rng, frame.rows)).collect::<Vec<_>>())
    };
    let draws: Vec<[Option<f64>; 5]> = (0..RESAMPLES)
        .into_par_iter()
        .map(|i| Scores::of(&draw(real, i, Lane::Bootstrap), &draw(synthetic, i, Lane::Draw)).values())
        .collect();
    let whole = real.rows.min(synthetic.rows).max(1) as f64;
    let scale = (whole.min(RESAMPLED_ROWS as f64) / whole).sqrt();
    let one = |at: usize| {
        let found: Vec<f64> = draws.iter().filter_map(|d| d.get(at).copied().flatten()).collect();
        standard_error(&found).ok().map(|e| e * scale)
    };
    (0..5).map(one).collect()
}

/// Rows of a fold and what was said of them.
type Fold = (Vec<usize>, Vec<f64>);

/// AUROC of boosted trees that tell synthetic from real rows, over the predictions of a seeded cross-validation of three
/// folds, with DeLong's interval: 0.5 cannot tell, 1 always (Lopez-Paz and Oquab 2017). The larger table is cut to the
/// smaller, both to 6,000 rows.
pub fn two_sample(real: &Frame, synthetic: &Frame, seed: u64) -> Measured {
    let size = real.rows.min(synthetic.rows).min(MOST_ROWS);
    if size < 2 * FOLDS {
        return Err(Undefined::new(format!("a table has fewer than {} rows", 2 * FOLDS)));
    }
    let both = at_most(real, size, seed, 1).stack(&at_most(synthetic, size, seed, 2));
    let y: Vec<bool> = (0..both.rows).map(|r| r >= size).collect();
    let mut folds = vec![0; both.rows];
    for (side, slots) in folds.chunks_mut(size).enumerate() {
        slots.iter_mut().enumerate().for_each(|(at, fold)| *fold = at % FOLDS);
        shuffle(&mut stream(seed, Lane::Draw, 3 + side), slots);
    }
    let mut p = vec![0.0; both.rows];
    let found: Result<Vec<Fold>, Undefined> = (0..FOLDS)
        .into_par_iter()
        .map(|held| {
            let rows = |own: bool| {
                folds.iter().enumerate().filter(|(_, f)| (**f == held) == own).map(|(r, _)| r).collect::<Vec<_>>()
            };
            let (learn, test) = (rows(false), rows(true));
            let labels: Vec<bool> = learn.iter().filter_map(|r| y.get(*r).copied()).collect();
            let said = boosted_trees::fit(&both.take(&learn), &labels, &trees(seed))
                .and_then(|m| m.predict(&both.take(&test)))
                .map_err(|e| Undefined::new(e.to_string()))?;
            Ok((test, said))
        })
        .collect();
    for (rows, said) in found? {
        for (row, v) in rows.into_iter().zip(said) {
            p.get_mut(row).into_iter().for_each(|slot| *slot = v);
        }
    }
    ranking::auroc_at(&p, &y, LEVEL)
}

/// Boosted trees of the report: fewer and larger steps than the models under test take.
pub fn trees(seed: u64) -> boosted_trees::Settings {
    boosted_trees::Settings { rounds: 100, learning_rate: 0.1, seed, ..Default::default() }
}

/// Every column's shape, beside that of real rows; and every pair's trend.
pub fn details(train: &Frame, synthetic: &Frame, halves: (&Frame, &Frame)) -> (Vec<ColumnShape>, Vec<PairTrend>) {
    let (own, real) = (Scores::of(train, synthetic), Scores::of(halves.0, halves.1));
    let names: Vec<&str> = train.columns.iter().map(|c| c.name.as_str()).collect();
    let part = |m: &Measured, name: &str| m.as_ref().ok().and_then(|e| e.part(name));
    let column = |(at, name): (usize, &&str)| {
        let key = format!("column {}", at + 1);
        ColumnShape { column: name.to_string(), shape: part(&own.shapes, &key), ceiling: part(&real.shapes, &key) }
    };
    let columns = names.iter().enumerate().map(column).collect();
    let mut pairs = Vec::new();
    // The first part counts the pairs; the others follow in this order.
    let mut trends = own.all.iter().flat_map(|e| e.parts.iter().skip(1));
    for (i, a) in names.iter().enumerate() {
        for b in names.iter().skip(i + 1) {
            let trend = trends.next().and_then(|p| p.value);
            pairs.push(PairTrend { a: a.to_string(), b: b.to_string(), trend });
        }
    }
    (columns, pairs)
}

#[cfg(test)]
mod tests {
    use super::super::tests::table;
    use super::*;

    #[test]
    fn the_same_rows_have_the_best_score_and_cannot_be_told_apart() {
        let frame = table(400, 1);
        let scores = Scores::of(&frame, &frame);
        assert!(scores.values().iter().flatten().all(|v| (v - 1.0).abs() < 1e-12));
        let other = two_sample(&frame, &table(400, 2), 5).unwrap();
        assert!(other.interval.unwrap().lo < 0.55, "{}", other.value);
        let mut moved = table(400, 2);
        moved.columns[1].values.iter_mut().for_each(|v| *v += 60.0);
        assert!(two_sample(&frame, &moved, 5).unwrap().value > 0.95);
    }

    #[test]
    fn pairs_have_the_names_of_their_columns() {
        let (frame, half) = (table(300, 1), table(300, 2));
        let mut moved = frame.clone();
        // The second column is turned round: its pairs suffer, its shape does not.
        moved.columns[1].values.reverse();
        let (columns, pairs) = details(&frame, &moved, (&frame, &half));
        assert!(columns.iter().all(|c| (c.shape.unwrap() - 1.0).abs() < 1e-12 && c.ceiling.unwrap() < 1.0));
        let n = frame.columns.len();
        assert_eq!(pairs.len(), n * (n - 1) / 2);
        let turned = &frame.columns[1].name;
        for pair in &pairs {
            let own = pair.a == *turned || pair.b == *turned;
            assert!(own || pair.trend.is_none_or(|t| t > 1.0 - 1e-12), "{pair:?}");
        }
        assert!(pairs.iter().any(|p| p.trend.is_some_and(|t| t < 0.95)));
    }

    #[test]
    fn intervals_hold_the_value_and_shrink_with_rows() {
        let width = |rows: usize| {
            let errors = errors(&table(rows, 1), &table(rows, 2), 7);
            errors[0].unwrap()
        };
        let (few, many) = (width(200), width(3_200));
        assert!(few > 2.0 * many, "{few} {many}");
    }
}

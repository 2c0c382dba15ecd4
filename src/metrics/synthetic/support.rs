//! Do synthetic rows look like real ones, do they cover them, are they new: α-precision, β-recall, authenticity (Alaa
//! et al. 2022, "How Faithful is your Synthetic Data?").
//!
//! Without the paper's one-class embedding: distances are those of the standardised columns, as the published
//! implementations measure them by default. The real rows are training and hold-out together for the first two; a row
//! can only be a copy of what the generator has seen, so authenticity uses the training rows.

use super::{Parts, placed};
use crate::eval::estimate::{Estimate, Measured, Undefined};
use crate::metrics::features::Mixed;
use crate::metrics::inference::{percentile_interval, quantile, sum, wilson};
use crate::metrics::neighbours::{Neighbour, Own, Points, distance, nearest};
use crate::metrics::resampling::{Lane, REPLICATES, multinomial, replicate};

/// Levels of α and β: 0 to 1 in equal steps, both ends among them.
const STEPS: usize = 30;

/// The mean row.
fn centre(points: &Points) -> Vec<f64> {
    let column = |at: usize| sum(&points.rows().map(|row| row[at]).collect::<Vec<_>>()) / points.len() as f64;
    (0..points.width()).map(column).collect()
}

fn from_centre(points: &Points, centre: &[f64]) -> Vec<f64> {
    points.rows().map(|row| distance(row, centre)).collect()
}

fn alphas() -> [f64; STEPS] {
    std::array::from_fn(|i| i as f64 / (STEPS - 1) as f64)
}

/// The radii around a centre that hold each share of `distances`.
fn radii(distances: &[f64]) -> [f64; STEPS] {
    let mut sorted = distances.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    alphas().map(|a| quantile(&sorted, a).unwrap_or(f64::NAN))
}

/// 1 less the summed distance of the curve from its diagonal, by that of a curve at 0. `first[i]` rows are covered from
/// level i on, the rest never.
fn score(first: &[u64; STEPS], n: usize) -> f64 {
    let mut covered = 0;
    let gaps: [f64; STEPS] = std::array::from_fn(|i| {
        covered += first[i];
        (alphas()[i] - covered as f64 / n as f64).abs()
    });
    1.0 - sum(&gaps) / sum(&alphas())
}

/// The score with a bootstrap over the rows that are counted; `from` holds the first level that covers each, or
/// [`STEPS`].
fn scored(from: &[usize], asked: Option<(u64, f64)>) -> Estimate {
    let mut cells = [0_u64; STEPS + 1];
    from.iter().for_each(|&step| cells[step.min(STEPS)] += 1);
    let head = |cells: &[u64; STEPS + 1]| std::array::from_fn(|i| cells[i]);
    let mut out = Estimate::plain(score(&head(&cells), from.len()), from.len());
    if let Some((seed, level)) = asked {
        let draws =
            replicate(REPLICATES, seed, Lane::Bootstrap, |rng| score(&head(&multinomial(rng, cells)), from.len()));
        out.interval = percentile_interval(&draws, level);
    }
    out.with("never", cells[STEPS] as f64 / from.len() as f64)
}

fn both(columns: &[Mixed], parts: &Parts) -> Result<(Points, Points), Undefined> {
    let all = super::all_points(columns, parts)?;
    let mut real: Vec<usize> = parts.train.iter().chain(&parts.holdout).copied().collect();
    real.sort_unstable();
    Ok((all.pick(&real), all.pick(&parts.synthetic)))
}

/// α-precision: how well the share of synthetic rows within the radius of each share α of the real rows follows α, 0 to
/// 1, over 30 levels (1 less summed distance by that of a curve at 0, as the published implementations integrate it).
/// Part `never`: the share of synthetic rows beyond the outermost real row. Interval: bootstrap over synthetic rows,
/// real rows given. Undefined as [`dcr`](super::records::dcr) is.
pub fn alpha_precision(columns: &[Mixed], parts: &Parts, asked: Option<(u64, f64)>) -> Measured {
    let (real, synthetic) = both(columns, parts)?;
    let centre = centre(&real);
    let radii = radii(&from_centre(&real, &centre));
    let from: Vec<usize> = from_centre(&synthetic, &centre).iter().map(|d| radii.partition_point(|r| r < d)).collect();
    Ok(scored(&from, asked))
}

/// β-recall: how well the share of real rows that are covered at each level β follows β, 0 to 1, over 30 levels. A real
/// row is covered when its nearest synthetic row is no farther than its nearest other real row and lies within the
/// radius of share β of such synthetic rows around the synthetic centre. Part `never`: the share of real rows without a
/// synthetic row that near. Interval: bootstrap over real rows, synthetic rows given.
///
/// Undefined as [`dcr`](super::records::dcr) is, and for fewer than two real rows.
pub fn beta_recall(columns: &[Mixed], parts: &Parts, asked: Option<(u64, f64)>) -> Measured {
    let (real, synthetic) = both(columns, parts)?;
    let among_real = nearest(&real, &real, 1, Own::MayNot)?;
    let to_synthetic = nearest(&real, &synthetic, 1, Own::May)?;
    let out = from_centre(&synthetic, &centre(&synthetic));
    let reached: Vec<f64> = to_synthetic.iter().filter_map(|n| out.get(n.row).copied()).collect();
    let radii = radii(&reached);
    let level = |((n, own), d): ((&Neighbour, &Neighbour), &f64)| {
        if n.distance <= own.distance { radii.partition_point(|r| r < d) } else { STEPS }
    };
    let from: Vec<usize> = to_synthetic.iter().zip(&among_real).zip(&reached).map(level).collect();
    Ok(scored(&from, asked))
}

/// Authenticity: the share of synthetic rows that are farther from their nearest training row than that row is from its
/// nearest other training row; the others look like copies with noise. Interval: Wilson. Undefined as
/// [`dcr`](super::records::dcr) is, and for fewer than two training rows.
///
/// The training row is looked up by its own number; a published implementation looks it up by that of the synthetic
/// row.
pub fn authenticity(columns: &[Mixed], parts: &Parts, level: f64) -> Measured {
    let placed = placed(columns, parts)?;
    let within = nearest(&placed.train, &placed.train, 1, Own::MayNot)?;
    let found = nearest(&placed.synthetic, &placed.train, 1, Own::May)?;
    let new = |n: &&Neighbour| within.get(n.row).is_some_and(|own| n.distance > own.distance);
    let (k, n) = (found.iter().filter(new).count(), found.len());
    Ok(Estimate { interval: wilson(k as u64, n as u64, level), ..Estimate::plain(k as f64 / n as f64, n) })
}

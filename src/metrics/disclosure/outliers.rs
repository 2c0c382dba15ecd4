//! Attacks on the people who stand out: an average over all rows hides that a generator gives away the few that are
//! like nobody else (Stadler, Oprisanu and Troncoso 2022, USENIX Security).

use super::attacks::{Score, among};
use crate::eval::estimate::{Measured, Undefined};
use crate::metrics::checks;
use crate::metrics::features::Mixed;
use crate::metrics::inference::quantile;
use crate::metrics::neighbours::{Own, nearest};
use crate::metrics::synthetic::{Parts, Placed, all_points};

/// The neighbour whose distance says how far out a row lies.
const NEIGHBOUR: usize = 5;

/// The rows of `parts` that lie farthest out: those of the real rows whose distance to their fifth nearest other real
/// row (or the last) is at or above the 1 - `share` quantile of these distances. First those of the training rows, then
/// of the hold-out rows, as row numbers of the table.
///
/// Undefined as [`features::points`](crate::metrics::features::points) is, for fewer than two real rows and for a share
/// outside 0..1.
pub fn outliers(columns: &[Mixed], parts: &Parts, share: f64) -> Result<(Vec<usize>, Vec<usize>), Undefined> {
    if !(share > 0.0 && share < 1.0) {
        return Err(Undefined::new(format!("the share of outliers is {share}, not between 0 and 1")));
    }
    let all = all_points(columns, parts)?;
    let rows: Vec<usize> = parts.train.iter().chain(&parts.holdout).copied().collect();
    let real = all.pick(&rows);
    let k = NEIGHBOUR.min(rows.len().saturating_sub(1));
    let found = nearest(&real, &real, k, Own::MayNot)?;
    let far: Vec<f64> = found.iter().skip(k.saturating_sub(1)).step_by(k.max(1)).map(|n| n.distance).collect();
    checks::same_length(("distances", far.len()), ("rows", rows.len()))?;
    let mut sorted = far.clone();
    sorted.sort_unstable_by(f64::total_cmp);
    let limit = quantile(&sorted, 1.0 - share).unwrap_or(f64::INFINITY);
    let (inside, outside) =
        (rows.iter().zip(&far).take(parts.train.len()), rows.iter().zip(&far).skip(parts.train.len()));
    let out = |rows: &mut dyn Iterator<Item = (&usize, &f64)>| {
        rows.filter(|(_, d)| **d >= limit).map(|(row, _)| *row).collect::<Vec<usize>>()
    };
    Ok((out(&mut inside.into_iter()), out(&mut outside.into_iter())))
}

/// [`membership`](super::attacks::membership) among the [`outliers`] alone, with the points of the whole table.
///
/// Undefined as these are, and where no training or no hold-out row is an outlier.
pub fn membership(columns: &[Mixed], parts: &Parts, share: f64, score: Score, (seed, level): (u64, f64)) -> Measured {
    parts.need_holdout("membership inference")?;
    let (train, holdout) = outliers(columns, parts, share)?;
    if train.is_empty() || holdout.is_empty() {
        return Err(Undefined::new("no training or no hold-out row is an outlier"));
    }
    let all = all_points(columns, parts)?;
    let pick = |rows: &[usize]| all.pick(rows);
    let placed = Placed { train: pick(&train), holdout: pick(&holdout), synthetic: pick(&parts.synthetic) };
    among(placed, score, (seed, level))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::resampling::{Lane, stream, unit};

    /// 200 training and 100 hold-out rows in a cloud, one in twenty of either far away; the synthetic rows copy the far
    /// training rows and are new for the rest.
    fn table() -> (Vec<f64>, Vec<f64>, Parts) {
        let mut rng = stream(1, Lane::Draw, 0);
        let (mut x, mut y) = (Vec::new(), Vec::new());
        for row in 0..300 {
            let far = if row % 20 == 0 { 30.0 } else { 0.0 };
            x.push(unit(&mut rng) * if far > 0.0 { 60.0 } else { 1.0 } + far);
            y.push(unit(&mut rng) * if far > 0.0 { 60.0 } else { 1.0 } - far);
        }
        for row in 0..200 {
            let (a, b) = if row % 20 == 0 { (x[row], y[row]) } else { (unit(&mut rng), unit(&mut rng)) };
            x.push(a);
            y.push(b);
        }
        (x, y, Parts { train: (0..200).collect(), holdout: (200..300).collect(), synthetic: (300..500).collect() })
    }

    #[test]
    fn the_far_rows_are_the_outliers() {
        let (x, y, parts) = table();
        let columns = [Mixed::Numbers(&x), Mixed::Numbers(&y)];
        let (train, holdout) = outliers(&columns, &parts, 0.05).unwrap();
        assert_eq!(train, (0..200).step_by(20).collect::<Vec<_>>());
        assert_eq!(holdout, (200..300).step_by(20).collect::<Vec<_>>());
        assert!(outliers(&columns, &parts, 1.0).is_err());
    }

    #[test]
    fn copied_outliers_are_found_where_the_average_shows_little() {
        let (x, y, parts) = table();
        let columns = [Mixed::Numbers(&x), Mixed::Numbers(&y)];
        let all = super::super::attacks::membership(&columns, &parts, Score::Nearest, (1, 0.95)).unwrap();
        let far = membership(&columns, &parts, 0.05, Score::Nearest, (1, 0.95)).unwrap();
        assert!(all.value < 0.6 && far.value == 1.0, "{} {}", all.value, far.value);
    }
}

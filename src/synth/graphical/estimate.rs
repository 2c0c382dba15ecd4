//! The distribution of a junction tree that fits noisy marginals best.
//!
//! Among the distributions that are a product of one table for each measured set of columns, mirror descent finds the one of
//! least weighted squared error (McKenna, Sheldon and Miklau 2019, algorithm 1: entropic steps on the logarithms of the
//! tables, marginals by belief propagation). Works on released counts only. Knows columns by place.

use super::junction::{Junction, projection, summed};

/// Noisy rows in each cell of a table over some columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Ascending.
    pub columns: Vec<usize>,
    pub counts: Vec<f64>,
    /// One over the variance of each cell's noise.
    pub weight: Vec<f64>,
}

/// A fitted distribution.
#[derive(Debug, Clone)]
pub struct Estimate {
    pub junction: Junction,
    /// Probabilities of the cells of each clique.
    pub tables: Vec<Vec<f64>>,
    /// Logarithm of each measured set's table, up to a constant: where the next fit starts.
    pub logs: Vec<Vec<f64>>,
}

/// Where each measured set lies in the tree.
struct Place {
    clique: usize,
    map: Vec<u32>,
}

/// Fits `measured`, of a table with `rows`, starting from `logs` of the first of them. None where no tree can be made of
/// the sets.
pub fn fit(measured: &[Measured], sizes: &[usize], rows: f64, logs: &[Vec<f64>], steps: usize) -> Option<Estimate> {
    let sets: Vec<Vec<usize>> = measured.iter().map(|m| m.columns.clone()).collect();
    let junction = Junction::over(&sets, sizes);
    let mut places = Vec::with_capacity(measured.len());
    for m in measured {
        let clique = junction.home(&m.columns)?;
        places.push(Place { clique, map: projection(&junction.cliques[clique], &m.columns, sizes) });
    }
    let start = |(i, m): (usize, &Measured)| logs.get(i).cloned().unwrap_or_else(|| vec![0.0; m.counts.len()]);
    let mut logs: Vec<Vec<f64>> = measured.iter().enumerate().map(start).collect();
    let mut tables = marginals(&junction, &places, &logs)?;
    let (mut loss, mut slopes) = errors(measured, &places, &tables, rows);
    // The step that would be right for one table of one cell with the mean weight; searched from there.
    let mean = |m: &Measured| m.weight.iter().sum::<f64>() / m.weight.len().max(1) as f64;
    let heaviest = measured.iter().map(mean).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let mut step = 1.0 / (heaviest * rows * rows);
    let mut refused = 0;
    for _ in 0..steps {
        let mut next = logs.clone();
        for (log, slope) in next.iter_mut().zip(&slopes) {
            log.iter_mut().zip(slope).for_each(|(l, s)| *l -= step * s);
        }
        let made = marginals(&junction, &places, &next).map(|t| (errors(measured, &places, &t, rows), t));
        match made {
            Some(((l, s), t)) if l <= loss => {
                let gained = loss - l;
                (loss, slopes, tables, logs) = (l, s, t, next);
                (step, refused) = (1.5 * step, 0);
                if gained <= 1e-7 * loss {
                    break;
                }
            }
            _ => {
                step *= 0.4;
                refused += 1;
                if refused > 30 {
                    break;
                }
            }
        }
    }
    Some(Estimate { junction, tables, logs })
}

fn marginals(junction: &Junction, places: &[Place], logs: &[Vec<f64>]) -> Option<Vec<Vec<f64>>> {
    let mut tables: Vec<Vec<f64>> =
        junction.cliques.iter().map(|c| vec![0.0; super::junction::cells(c, &junction.sizes)]).collect();
    for (place, log) in places.iter().zip(logs) {
        for (x, to) in tables[place.clique].iter_mut().zip(&place.map) {
            *x += log[*to as usize];
        }
    }
    for table in &mut tables {
        let most = table.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        table.iter_mut().for_each(|x| *x = (*x - most).exp());
    }
    junction.calibrate(tables)
}

/// Half the weighted squared error, and its slope in the probability of each measured cell.
fn errors(measured: &[Measured], places: &[Place], tables: &[Vec<f64>], rows: f64) -> (f64, Vec<Vec<f64>>) {
    let mut loss = 0.0;
    let slopes = measured.iter().zip(places).map(|(m, place)| {
        let p = summed(&tables[place.clique], &place.map, m.counts.len());
        let one = |((p, y), w): ((&f64, &f64), &f64)| {
            let far = rows * p - y;
            loss += 0.5 * w * far * far;
            rows * w * far
        };
        p.iter().zip(&m.counts).zip(&m.weight).map(one).collect()
    });
    let slopes = slopes.collect();
    (loss, slopes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consistent_tables_are_met_and_contradictions_are_weighed() {
        // P(a, b) and P(b, c) of one distribution: both can be met.
        let ab = vec![30.0, 10.0, 20.0, 40.0];
        let bc = vec![35.0, 15.0, 5.0, 45.0];
        let measured = |counts: &Vec<f64>, columns: &[usize], weight: f64| Measured {
            columns: columns.to_vec(),
            counts: counts.clone(),
            weight: vec![weight; counts.len()],
        };
        let both = [measured(&ab, &[0, 1], 1.0), measured(&bc, &[1, 2], 1.0)];
        let fitted = fit(&both, &[2, 2, 2], 100.0, &[], 500).unwrap();
        for m in &both {
            let got = fitted.over(&m.columns);
            assert!(got.iter().zip(&m.counts).all(|(p, c)| (100.0 * p - c).abs() < 0.05), "{got:?} {:?}", m.counts);
        }
        // Two answers about one column: the one with less noise counts more.
        let apart = [measured(&vec![80.0, 20.0], &[0], 3.0), measured(&vec![40.0, 60.0], &[0], 1.0)];
        let got = fit(&apart, &[2], 100.0, &[], 500).unwrap().over(&[0]);
        assert!((got[0] - 0.7).abs() < 1e-3, "{got:?}");
    }
}

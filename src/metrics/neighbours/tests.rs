//! Neighbours against plain double precision.

use super::*;
use crate::metrics::resampling::{Lane, stream, unit};

fn cloud(rows: usize, width: usize, seed: u64, make: impl Fn(f64) -> f64) -> Points {
    let mut rng = stream(seed, Lane::Bootstrap, 0);
    Points::new((0..rows * width).map(|_| make(unit(&mut rng))).collect(), width).unwrap()
}

fn plainly(queries: &Points, points: &Points, k: usize, own: Own) -> Vec<Neighbour> {
    let mut out = Vec::new();
    for (i, q) in queries.rows().enumerate() {
        let mut all: Vec<Neighbour> = points
            .rows()
            .enumerate()
            .filter(|(j, _)| own == Own::May || *j != i)
            .map(|(row, p)| Neighbour { row, distance: distance(q, p) })
            .collect();
        all.sort_by(|a, b| a.distance.total_cmp(&b.distance));
        out.extend_from_slice(&all[..k]);
    }
    out
}

#[test]
fn neighbours_are_those_of_plain_double_precision() {
    // Spread out, crowded together far from the origin, with ties and equal rows, with one row far out, tiny.
    let makes: [fn(f64) -> f64; 5] =
        [|u| u, |u| 1e6 + 1e-3 * u, |u| (u * 3.0).floor(), |u| if u > 0.999 { 1e9 } else { u }, |u| u * 1e-140];
    for (seed, make) in makes.into_iter().enumerate() {
        for (rows, width) in [(1, 1), (50, 1), (313, 3), (200, 30), (97, 67)] {
            let (a, b) = (cloud(rows, width, seed as u64, make), cloud(rows + 7, width, 99 + seed as u64, make));
            for k in [1, 2, 5] {
                let own = nearest(&b, &b, k, Own::MayNot).unwrap();
                assert_eq!(own, plainly(&b, &b, k, Own::MayNot), "own {seed} {rows} {width} {k}");
                if k <= rows {
                    assert_eq!(nearest(&b, &a, k, Own::May).unwrap(), plainly(&b, &a, k, Own::May));
                }
            }
        }
    }
}

#[test]
fn an_equal_row_is_at_distance_zero_and_of_equals_the_first_counts() {
    let points = Points::new(vec![0.1, 0.7, 0.3, 0.9, 0.1, 0.7], 2).unwrap();
    let found = nearest(&points, &points, 1, Own::MayNot).unwrap();
    assert_eq!(found[0], Neighbour { row: 2, distance: 0.0 });
    assert_eq!(found[2], Neighbour { row: 0, distance: 0.0 });
    assert_eq!(nearest(&points, &points, 1, Own::May).unwrap()[2].row, 0);
}

#[test]
fn squares_too_small_for_double_precision_still_count() {
    let (a, b) = (cloud(40, 3, 5, |u| u), cloud(40, 3, 5, |u| u * 0.5_f64.powi(700)));
    let (far, near) = (nearest(&a, &a, 1, Own::MayNot).unwrap(), nearest(&b, &b, 1, Own::MayNot).unwrap());
    for (f, n) in far.iter().zip(near) {
        assert_eq!((f.row, f.distance * 0.5_f64.powi(700)), (n.row, n.distance));
    }
}

#[test]
fn threads_do_not_matter() {
    let (a, b) = (cloud(500, 12, 1, |u| u), cloud(400, 12, 2, |u| u));
    let run = || nearest(&a, &b, 3, Own::May).unwrap();
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap().install(run);
    assert_eq!(one, rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap().install(run));
}

#[test]
fn refusals_are_plain() {
    let points = Points::new(vec![1.0, 2.0], 1).unwrap();
    let refused = |r: Result<Vec<Neighbour>, Undefined>| r.unwrap_err().reason;
    assert_eq!(refused(nearest(&points, &points, 2, Own::MayNot)), "2 nearest rows are asked for among 1");
    assert_eq!(refused(nearest(&points, &points, 0, Own::May)), "0 nearest rows are asked for among 2");
    let wide = Points::new(vec![1.0, 2.0], 2).unwrap();
    assert!(nearest(&wide, &points, 1, Own::May).is_err());
    let none = Points::new(Vec::new(), 1).unwrap();
    assert!(nearest(&none, &points, 1, Own::May).is_err() && nearest(&points, &none, 1, Own::May).is_err());
    assert!(Points::new(vec![1.0, f64::NAN], 2).is_err() && Points::new(vec![1.0], 2).is_err());
    assert!(Points::new(vec![1.0], 0).is_err());
}

//! Rows from a calibrated junction tree, with levels as asked for.
//!
//! What is asked for enters the tree as evidence, so that the other columns follow it exactly as the model says. Each
//! clique's rows are apportioned to its cells by systematic sampling: every count is within one of its mean, which takes
//! away most of the noise of drawing. Knows codes; `axis.rs` turns them into values.

use rand::seq::SliceRandom;
use rand::{Rng, RngExt};

use super::junction::{Junction, cells, projection, summed};

/// Weight of independent columns mixed into the model when rows are asked for that it holds impossible.
const FLOOR: f64 = 1e-9;

/// Codes of `rows` rows, column by column, that all have the codes `asked` (column, code).
pub fn rows(
    junction: &Junction,
    tables: &[Vec<f64>],
    rows: usize,
    asked: &[(usize, usize)],
    rng: &mut impl Rng,
) -> Option<Vec<Vec<u32>>> {
    let restricted = if asked.is_empty() { tables.to_vec() } else { given(junction, tables, asked)? };
    let mut out = vec![vec![0_u32; rows]; junction.sizes.len()];
    let first = restricted.first()?;
    let all: Vec<u32> = (0..first.len() as u32).collect();
    let everyone: Vec<usize> = (0..rows).collect();
    place(junction, 0, &everyone, &apportion(&all, first, rows, rng), &mut out);
    for link in &junction.links {
        let table = &restricted[link.child];
        let size = cells(&link.shared, &junction.sizes);
        let map = projection(&junction.cliques[link.child], &link.shared, &junction.sizes);
        let mut cells_of: Vec<Vec<u32>> = vec![Vec::new(); size];
        for (cell, (s, p)) in map.iter().zip(table).enumerate() {
            if *p > 0.0 {
                cells_of[*s as usize].push(cell as u32);
            }
        }
        let mut rows_of: Vec<Vec<usize>> = vec![Vec::new(); size];
        let mut at = vec![0_usize; rows];
        for c in &link.shared {
            at.iter_mut().zip(&out[*c]).for_each(|(a, code)| *a = *a * junction.sizes[*c] + *code as usize);
        }
        at.iter().enumerate().for_each(|(row, a)| rows_of[*a].push(row));
        for (members, choices) in rows_of.iter().zip(&cells_of).filter(|(m, _)| !m.is_empty()) {
            let drawn = apportion(choices, table, members.len(), rng);
            place(junction, link.child, members, &drawn, &mut out);
        }
    }
    Some(out)
}

/// Writes the codes of `drawn` cells of a clique into the rows `members`.
fn place(junction: &Junction, clique: usize, members: &[usize], drawn: &[u32], out: &mut [Vec<u32>]) {
    let mut stride = 1;
    for column in junction.cliques[clique].iter().rev() {
        let size = junction.sizes[*column];
        for (row, cell) in members.iter().zip(drawn) {
            out[*column][*row] = (*cell as usize / stride % size) as u32;
        }
        stride *= size;
    }
}

/// `n` of `choices` in proportion to their `weight`, in random order.
fn apportion(choices: &[u32], weight: &[f64], n: usize, rng: &mut impl Rng) -> Vec<u32> {
    let total: f64 = choices.iter().map(|c| weight[*c as usize]).sum();
    let mut out = Vec::with_capacity(n);
    let mut at: f64 = rng.random();
    let mut sum = 0.0;
    for c in choices {
        sum += weight[*c as usize] / total * n as f64;
        while at < sum && out.len() < n {
            out.push(*c);
            at += 1.0;
        }
    }
    // Rounding may leave the last one over.
    while let Some(last) = choices.last().filter(|_| out.len() < n) {
        out.push(*last);
    }
    out.shuffle(rng);
    out
}

/// The marginals of the cliques given `asked`. What the model holds impossible is drawn as if columns were independent.
fn given(junction: &Junction, tables: &[Vec<f64>], asked: &[(usize, usize)]) -> Option<Vec<Vec<f64>>> {
    let sizes = &junction.sizes;
    let mut alone: Vec<Vec<f64>> = Vec::with_capacity(sizes.len());
    for column in 0..sizes.len() {
        let home = junction.home(&[column])?;
        let map = projection(&junction.cliques[home], &[column], sizes);
        let mut p = summed(&tables[home], &map, sizes[column]);
        if asked.iter().any(|(c, _)| *c == column) {
            let even = 1.0 / sizes[column] as f64;
            p.iter_mut().for_each(|p| *p = 0.5 * (*p + even));
        }
        alone.push(p);
    }
    let product = |columns: &[usize]| {
        let mut out = vec![1.0];
        for c in columns {
            out = out.iter().flat_map(|x| alone[*c].iter().map(move |p| x * p)).collect();
        }
        out
    };
    let mut open: Vec<Vec<f64>> = Vec::with_capacity(tables.len());
    for (clique, table) in junction.cliques.iter().zip(tables) {
        let mixed = |(p, q): (&f64, f64)| (1.0 - FLOOR) * p + FLOOR * q;
        open.push(table.iter().zip(product(clique)).map(mixed).collect());
    }
    // Cliques over what they share with their parents multiply to the joint distribution.
    for link in &junction.links {
        let map = projection(&junction.cliques[link.child], &link.shared, sizes);
        let below = summed(&open[link.child], &map, cells(&link.shared, sizes));
        for (x, s) in open[link.child].iter_mut().zip(&map) {
            let base = below[*s as usize];
            *x = if base > 0.0 { *x / base } else { 0.0 };
        }
    }
    for (column, code) in asked {
        for (clique, table) in junction.cliques.iter().zip(open.iter_mut()).filter(|(c, _)| c.contains(column)) {
            let map = projection(clique, &[*column], sizes);
            for (x, own) in table.iter_mut().zip(&map) {
                if *own as usize != *code {
                    *x = 0.0;
                }
            }
        }
    }
    junction.calibrate(open)
}

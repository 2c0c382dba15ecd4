//! A junction tree grown from the rows themselves: the half of the fit that promises no privacy.
//!
//! A k-tree in the manner of Chow and Liu (1968) and of PrivBayes (Zhang et al. 2017, without its noise): each column in turn
//! joins the columns of an existing clique that tell most about it, by mutual information less what chance alone would
//! give. The table of a clique is the product of what its columns say about each other in the rows, with a few
//! rows' weight of the simpler table mixed in, so that sparse cells do not copy single rows. Knows codes.

use std::collections::BTreeMap;

use super::axis::Axis;
use super::estimate::Estimate;
use super::junction::{Junction, cells, projection, summed};
use super::select::{Limits, Table};
use super::smooth;
use crate::data::frame::Frame;
use crate::synth::SynthError;

/// Rows' weight of the table over one parent less in each cell of the parents.
const PRIOR: f64 = 2.0;

/// A column and the columns of a clique that it follows.
struct Step {
    column: usize,
    parents: Vec<usize>,
}

/// Fits a tree to `frame`; `label` is the place of the column to start from.
pub fn open(frame: &Frame, limits: Limits, label: Option<usize>) -> Result<(Vec<Axis>, Estimate), SynthError> {
    let rows = frame.rows as f64;
    let mut axes: Vec<Axis> = Vec::with_capacity(frame.columns.len());
    for column in &frame.columns {
        let mut axis = Axis::learned(column);
        let counts = axis.count(&column.values);
        smooth::group(&mut axis, &counts, 0.0, rows, limits.codes);
        axes.push(axis);
    }
    let table = Table::of(frame, &axes);
    let sizes: Vec<usize> = axes.iter().map(Axis::codes).collect();
    let steps = structure(&table, &sizes, rows, limits, label);
    let sets: Vec<Vec<usize>> = steps.iter().map(|s| sorted(s.column, &s.parents)).collect();
    let junction = Junction::over(&sets, &sizes);
    let mut tables: Vec<Vec<f64>> = junction.cliques.iter().map(|c| vec![1.0; cells(c, &sizes)]).collect();
    for (step, set) in steps.iter().zip(&sets) {
        let Some(home) = junction.home(set) else { continue };
        let told = conditional(&table, &sizes, step, set);
        let map = projection(&junction.cliques[home], set, &sizes);
        tables[home].iter_mut().zip(&map).for_each(|(x, c)| *x *= told[*c as usize]);
    }
    let tables = junction
        .calibrate(tables)
        .ok_or_else(|| SynthError::Unsupported("the columns' tables contradict each other".into()))?;
    Ok((axes, Estimate { junction, tables, logs: Vec::new() }))
}

fn sorted(column: usize, parents: &[usize]) -> Vec<usize> {
    let mut set = parents.to_vec();
    set.push(column);
    set.sort_unstable();
    set
}

/// Which column follows which, in the order they join.
fn structure(table: &Table, sizes: &[usize], rows: f64, limits: Limits, label: Option<usize>) -> Vec<Step> {
    let d = sizes.len();
    let mut known: BTreeMap<Vec<usize>, f64> = BTreeMap::new();
    let mut entropy = |set: &[usize]| {
        *known.entry(set.to_vec()).or_insert_with(|| {
            let term = |c: &f64| if *c > 0.0 { -c / rows * (c / rows).ln() } else { 0.0 };
            table.count(set).iter().map(term).sum()
        })
    };
    // Nats a row beyond what as many cells tell by chance: half a row a degree of freedom.
    let mut gain = |column: usize, parents: &[usize]| {
        if parents.is_empty() {
            return 0.0;
        }
        let set = sorted(column, parents);
        let told = entropy(&[column]) + entropy(parents) - entropy(&set);
        let freedom = (sizes[column] as f64 - 1.0) * (cells(parents, sizes) as f64 - 1.0);
        told - 0.5 * freedom / rows
    };
    let first = label.filter(|l| *l < d).unwrap_or_else(|| {
        let all = |a: usize, gain: &mut dyn FnMut(usize, &[usize]) -> f64| {
            (0..d).filter(|b| *b != a).map(|b| gain(a, &[b]).max(0.0)).sum::<f64>()
        };
        (0..d).map(|a| (a, all(a, &mut gain))).fold((0, -1.0), |x, y| if y.1 > x.1 { y } else { x }).0
    });
    let mut steps = vec![Step { column: first, parents: Vec::new() }];
    let mut cliques: Vec<Vec<usize>> = vec![vec![first]];
    let mut left: Vec<usize> = (0..d).filter(|c| *c != first).collect();
    while !left.is_empty() {
        let mut best: Option<(f64, usize, Vec<usize>)> = None;
        for column in &left {
            let mut tried: Vec<Vec<usize>> = vec![Vec::new()];
            for clique in &cliques {
                tried.extend(subsets(clique, limits.together.saturating_sub(1)));
            }
            tried.sort();
            tried.dedup();
            for parents in tried {
                if cells(&parents, sizes) as f64 * sizes[*column] as f64 > limits.cells {
                    continue;
                }
                let gained = gain(*column, &parents);
                if best.as_ref().is_none_or(|b| gained > b.0) {
                    best = Some((gained, *column, parents));
                }
            }
        }
        let Some((_, column, parents)) = best else { break };
        left.retain(|c| *c != column);
        cliques.push(sorted(column, &parents));
        steps.push(Step { column, parents });
    }
    steps
}

/// Non-empty subsets of `clique` of up to `most`.
fn subsets(clique: &[usize], most: usize) -> Vec<Vec<usize>> {
    let mut out: Vec<Vec<usize>> = vec![Vec::new()];
    for c in clique {
        let with: Vec<Vec<usize>> =
            out.iter().filter(|s| s.len() < most).map(|s| s.iter().copied().chain([*c]).collect()).collect();
        out.extend(with);
    }
    out.retain(|s| !s.is_empty());
    out
}

/// P(column | parents) over the cells of `set`: counts with [`PRIOR`] rows of the table that leaves out the last parent,
/// and so on down to the column alone.
fn conditional(table: &Table, sizes: &[usize], step: &Step, set: &[usize]) -> Vec<f64> {
    let counts = table.count(set);
    let below = projection(set, &step.parents, sizes);
    let totals = summed(&counts, &below, cells(&step.parents, sizes));
    if step.parents.is_empty() {
        let total = totals.first().copied().unwrap_or(1.0).max(1.0);
        return counts.iter().map(|c| c / total).collect();
    }
    let fewer = Step { column: step.column, parents: step.parents[..step.parents.len() - 1].to_vec() };
    let simple_set = sorted(fewer.column, &fewer.parents);
    let simple = conditional(table, sizes, &fewer, &simple_set);
    let to_simple = projection(set, &simple_set, sizes);
    let one = |(cell, c): (usize, &f64)| {
        let total = totals[below[cell] as usize];
        (c + PRIOR * simple[to_simple[cell] as usize]) / (total + PRIOR)
    };
    counts.iter().enumerate().map(one).collect()
}

//! Which marginals a budget is best spent on, and what they are: the private half of the fit.
//!
//! After AIM (McKenna, Mullins, Sheldon and Miklau 2022), of which MST (McKenna, Miklau and Sheldon 2021) is the case of pairs
//! alone: one-way marginals first; then, round by round, the exponential mechanism chooses the set of columns that the model
//! gets most wrong beyond what noise would, the set is measured with noise, and the model is fitted again. Rounds
//! grow dearer when they stop telling anything. Spent in zero-concentrated privacy, which lets later rounds depend on
//! earlier ones; the number of rows is taken as known. Departures: columns are recoded after their one-way marginals
//! (`smooth.rs`), the noise is discrete (exact in integers), and pairs with the label count more.

use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};

use super::axis::Axis;
use super::estimate::{Estimate, Measured, fit};
use super::junction::{Junction, cells, projection, summed};
use super::smooth;
use crate::data::frame::Frame;
use crate::synth::SynthError;
use crate::synth::privacy::mechanisms::{discrete_gaussian, exponential};

/// Share of the budget for one-way marginals; the rest is for the rounds.
const ONE_WAY: f64 = 0.2;
/// Share of a round's budget for its choice (AIM: 0.1).
const CHOICE: f64 = 0.1;
/// Steps of a fit within the rounds, and at the end.
const STEPS: (usize, usize) = (60, 600);
/// How much more an error counts where the label takes part.
const LABEL: f64 = 2.0;
/// Sets of three are thought of up to so many columns.
const TRIPLES: usize = 24;

/// What a choice may cost in cells.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Codes of a number.
    pub codes: usize,
    /// Columns measured together.
    pub together: usize,
    /// Cells of all cliques.
    pub cells: f64,
}

/// What was spent, as zero-concentrated ρ: one-way marginals, choices, chosen marginals.
pub type Rho = [f64; 3];

/// Measures `frame` within `rho` and fits a tree to the answers; `label` is a column's place. `told` is asked after each
/// round, with the share of the budget that is gone: false ends the fit.
pub fn private(
    frame: &Frame,
    rho: f64,
    limits: Limits,
    label: Option<usize>,
    rng: &mut ChaCha8Rng,
    told: &dyn Fn(f64) -> bool,
) -> Result<(Vec<Axis>, Estimate, Rho), SynthError> {
    let rows = frame.rows as f64;
    let d = frame.columns.len();
    let mut spent: Rho = [ONE_WAY * rho, 0.0, 0.0];
    let scale = first_noise(d, rho);
    // The noise that a table of two columns will about have sets how fine codes may be.
    let later = (d as f64 / (2.0 * (1.0 - ONE_WAY) * rho)).sqrt();
    let most = ((rows / later).sqrt() as usize).clamp(3, limits.codes);
    let (mut axes, mut measured) = (Vec::with_capacity(d), Vec::with_capacity(d));
    for (place, column) in frame.columns.iter().enumerate() {
        let mut axis = Axis::declared(column);
        let noisy = noised(&axis.count(&column.values), scale, rng)?;
        let each: Vec<usize> = (0..axis.cells()).collect();
        smooth::group(&mut axis, &noisy, scale, rows, most);
        let codes: Vec<u32> = each.iter().map(|c| axis.code_of_cell(*c) as u32).collect();
        let counts = summed(&noisy, &codes, axis.codes());
        let held = summed(&vec![1.0; noisy.len()], &codes, axis.codes());
        let weight = held.iter().map(|k| 1.0 / (k * scale * scale)).collect();
        measured.push(Measured { columns: vec![place], counts, weight });
        axes.push(axis);
    }
    let sizes: Vec<usize> = axes.iter().map(Axis::codes).collect();
    let table = Table::of(frame, &axes);
    let bad = || SynthError::Unsupported("the noisy marginals fit no distribution".into());
    let mut model = fit(&measured, &sizes, rows, &[], STEPS.0).ok_or_else(bad)?;
    if d < 2 || limits.together < 2 {
        return Ok((axes, model, spent));
    }

    let mut left = rho - spent[0];
    let mut round = left / (d as f64);
    let most_weight = if label.is_some() { LABEL } else { 1.0 };
    let mut counts = BTreeMap::new();
    loop {
        let last = left < 2.0 * round;
        let here = if last { left } else { round };
        let epsilon = (8.0 * CHOICE * here).sqrt();
        let sigma = (0.5 / ((1.0 - CHOICE) * here)).sqrt();
        let sets = candidates(&measured, &model.junction, &sizes, limits);
        if sets.is_empty() {
            break;
        }
        let judged = judge(&sets, &model, &table, &mut counts, sigma, label);
        let scores: Vec<f64> = judged.iter().map(|j| j.score).collect();
        let Some(chosen) = exponential(&scores, most_weight, epsilon, rng).map_err(SynthError::Private)? else { break };
        let Some((set, judged)) = sets.get(chosen).zip(judged.get(chosen)) else { break };
        let noisy = noised(&table.counted(set, &mut counts), sigma, rng)?;
        spent[1] += epsilon * epsilon / 8.0;
        spent[2] += 0.5 / (sigma * sigma);
        left -= here;
        let weight = vec![1.0 / (sigma * sigma); noisy.len()];
        measured.push(Measured { columns: set.clone(), counts: noisy, weight });
        let before = &judged.modelled;
        model = fit(&measured, &sizes, rows, &model.logs, STEPS.0).ok_or_else(bad)?;
        let after = model.over(set);
        let moved: f64 = before.iter().zip(&after).map(|(a, b)| rows * (a - b).abs()).sum();
        if moved <= noise_of(sigma, after.len()) {
            round = (4.0 * round).min(left.max(f64::MIN_POSITIVE));
        }
        if !told(1.0 - left / rho) {
            return Err(SynthError::Cancelled { epoch: measured.len() - d });
        }
        if last {
            break;
        }
    }
    let model = fit(&measured, &sizes, rows, &model.logs, STEPS.1).ok_or_else(bad)?;
    Ok((axes, model, spent))
}

/// Standard deviation of the noise in the one-way marginals of so many columns, in rows.
pub fn first_noise(columns: usize, rho: f64) -> f64 {
    (columns as f64 / (2.0 * ONE_WAY * rho)).sqrt()
}

/// Mean sum of absolute noise of `sigma` in so many cells.
fn noise_of(sigma: f64, cells: usize) -> f64 {
    (2.0 / std::f64::consts::PI).sqrt() * sigma * cells as f64
}

fn noised(counts: &[f64], sigma: f64, rng: &mut ChaCha8Rng) -> Result<Vec<f64>, SynthError> {
    let one = |c: &f64| discrete_gaussian(*c as i64, sigma, rng).map(|c| c as f64);
    counts.iter().map(one).collect::<Result<_, _>>().map_err(SynthError::Private)
}

/// The rows as codes, column by column.
pub struct Table {
    columns: Vec<Vec<u32>>,
    sizes: Vec<usize>,
    rows: usize,
}

impl Table {
    pub fn of(frame: &Frame, axes: &[Axis]) -> Table {
        let code =
            |(c, a): (&crate::data::frame::FrameColumn, &Axis)| c.values.iter().map(|x| a.code_of(*x) as u32).collect();
        Table {
            columns: frame.columns.iter().zip(axes).map(code).collect(),
            sizes: axes.iter().map(Axis::codes).collect(),
            rows: frame.rows,
        }
    }

    /// Rows in each cell of `set`.
    pub fn count(&self, set: &[usize]) -> Vec<f64> {
        let mut out = vec![0.0; cells(set, &self.sizes)];
        let mut at = vec![0_u32; self.rows];
        for c in set {
            let size = self.sizes[*c] as u32;
            at.iter_mut().zip(&self.columns[*c]).for_each(|(a, code)| *a = *a * size + code);
        }
        at.iter().for_each(|a| out[*a as usize] += 1.0);
        out
    }

    fn counted(&self, set: &[usize], known: &mut BTreeMap<Vec<usize>, Vec<f64>>) -> Vec<f64> {
        known.entry(set.to_vec()).or_insert_with(|| self.count(set)).clone()
    }
}

/// Sets that may be measured next: pairs, and threes of which two are in a clique, that are no part of a measured set and
/// keep the tree small. Depends on what was released alone.
fn candidates(measured: &[Measured], junction: &Junction, sizes: &[usize], limits: Limits) -> Vec<Vec<usize>> {
    let d = sizes.len();
    let mut out = BTreeSet::new();
    for a in 0..d {
        for b in a + 1..d {
            out.insert(vec![a, b]);
        }
    }
    if limits.together > 2 && d <= TRIPLES {
        for clique in &junction.cliques {
            for (i, a) in clique.iter().enumerate() {
                for b in clique.iter().skip(i + 1) {
                    for c in (0..d).filter(|c| c != a && c != b) {
                        let mut set = vec![*a, *b, c];
                        set.sort_unstable();
                        out.insert(set);
                    }
                }
            }
        }
    }
    let sets: Vec<Vec<usize>> = measured.iter().map(|m| m.columns.clone()).collect();
    let known = |set: &[usize]| sets.iter().any(|m| set.iter().all(|c| m.contains(c)));
    let small = |set: &Vec<usize>| {
        if junction.home(set).is_some() {
            return true;
        }
        let with: Vec<Vec<usize>> = sets.iter().chain([set]).cloned().collect();
        Junction::cost(&with, sizes).0 <= limits.cells
    };
    out.into_iter().filter(|s| !known(s) && cells(s, sizes) as f64 <= limits.cells && small(s)).collect()
}

/// How wrong the model is about a set.
struct Judged {
    score: f64,
    /// What the model says: probabilities.
    modelled: Vec<f64>,
}

/// The scores of `sets`: rows in the wrong cells beyond what noise of `sigma` would put there. One row more or less changes
/// a score by its weight: [`LABEL`] at the most, 1 without a label.
fn judge(
    sets: &[Vec<usize>],
    model: &Estimate,
    table: &Table,
    counts: &mut BTreeMap<Vec<usize>, Vec<f64>>,
    sigma: f64,
    label: Option<usize>,
) -> Vec<Judged> {
    let said = model.of_sets(sets);
    let one = |(set, modelled): (&Vec<usize>, Vec<f64>)| {
        let real = table.counted(set, counts);
        let wrong: f64 = real.iter().zip(&modelled).map(|(r, m)| (r - table.rows as f64 * m).abs()).sum();
        let weight = if label.is_some_and(|l| set.contains(&l)) { LABEL } else { 1.0 };
        Judged { score: weight * (wrong - noise_of(sigma, real.len())), modelled }
    };
    sets.iter().zip(said).map(one).collect()
}

impl Estimate {
    /// Probabilities of the cells of one set.
    pub fn over(&self, set: &[usize]) -> Vec<f64> {
        self.of_sets(&[set.to_vec()]).pop().unwrap_or_default()
    }

    /// Probabilities of the cells of each set; of each at least all columns but the first that is not in a clique with the
    /// others are in one clique together.
    pub fn of_sets(&self, sets: &[Vec<usize>]) -> Vec<Vec<f64>> {
        let sizes = &self.junction.sizes;
        let mut out: Vec<Option<Vec<f64>>> = vec![None; sets.len()];
        for column in 0..sizes.len() {
            // Sets of which this column is one, by the others.
            let wanted: Vec<usize> =
                (0..sets.len()).filter(|s| out[*s].is_none() && sets[*s].contains(&column)).collect();
            if wanted.is_empty() {
                continue;
            }
            self.junction.beside(&self.tables, column, |clique, table| {
                let members = &self.junction.cliques[clique];
                let width = table.len() / sizes[column].max(1);
                for s in &wanted {
                    let others: Vec<usize> = sets[*s].iter().copied().filter(|c| *c != column).collect();
                    if out[*s].is_some() || !others.iter().all(|c| members.contains(c)) {
                        continue;
                    }
                    let map = projection(members, &others, sizes);
                    let small = cells(&others, sizes);
                    // (column, others) to the order of the set.
                    let mut made = vec![0.0; small * sizes[column]];
                    let mut from: Vec<usize> = vec![column];
                    from.extend(&others);
                    let place = reordered(&from, &sets[*s], sizes);
                    for (code, row) in table.chunks_exact(width).enumerate() {
                        for (cell, p) in summed(row, &map, small).iter().enumerate() {
                            made[place[code * small + cell] as usize] = *p;
                        }
                    }
                    out[*s] = Some(made);
                }
            });
        }
        let zero = |(s, p): (&Vec<usize>, Option<Vec<f64>>)| p.unwrap_or_else(|| vec![0.0; cells(s, sizes)]);
        sets.iter().zip(out).map(zero).collect()
    }
}

/// For each cell of a table whose columns run in the order `from`, its cell where they ascend.
fn reordered(from: &[usize], to: &[usize], sizes: &[usize]) -> Vec<u32> {
    projection(from, to, sizes)
}

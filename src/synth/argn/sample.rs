//! Draws rows column by column, and rows that have what they are asked for.
//!
//! A level that is asked for of a column is written down, and what was drawn before it is drawn as often as it goes
//! with that level: several beginnings are drawn, and one is chosen in proportion to how likely each makes the levels
//! (sampling-importance resampling, Rubin 1988). Where the columns asked for come first, nothing is left to choose
//! and the conditional distribution is exact.

use burn::tensor::Device;
use burn::tensor::activation::softmax;
use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::super::fitting::Place;
use super::super::privacy::noise::Trained;
use super::super::requests::{Known, Wanted, resolve};
use super::super::saved::Saved;
use super::super::{EpochLoss, Generator, Given, SynthError};
use super::code::Column;
use super::fit::shape;
use super::stored;
use crate::data::frame::Frame;
use crate::nets::columns::{Columns, OneColumn};
use crate::nets::noise;
use crate::nets::weights::{HostMatrix, to_host};

/// Rows drawn at once, each from a stream of its own.
const CHUNK: usize = 2_000;
/// Beginnings drawn for each row whose columns asked for do not come first, and for all rows of one request at least.
const BEGINNINGS: usize = 16;
const LEAST_BEGINNINGS: usize = 512;

/// The fitted generator.
pub struct Argn {
    pub(super) columns: Vec<Column>,
    /// Columns in the order they are drawn.
    pub(super) order: Vec<usize>,
    pub(super) hidden: usize,
    pub(super) weights: Vec<HostMatrix>,
    pub(super) history: Vec<EpochLoss>,
    /// What training cost in privacy, if it was private.
    pub(super) privacy: Option<Trained>,
    nets: Vec<OneColumn>,
    /// Features of the columns before each.
    before: Vec<usize>,
    device: Device,
}

impl Argn {
    /// A generator of matrices on the host.
    pub(super) fn new(
        columns: Vec<Column>,
        order: Vec<usize>,
        hidden: usize,
        weights: Vec<HostMatrix>,
        history: Vec<EpochLoss>,
        device: &Place,
    ) -> Result<Argn, SynthError> {
        let wrong = || SynthError::Corrupt("its weights do not have the shape of its networks".into());
        let shape = shape(&columns, &order, hidden);
        let device = device.device.clone().without_autodiff();
        let net = Columns::new(shape.clone(), shape.restore(&weights, &device).ok_or_else(wrong)?, &device);
        let nets = (0..shape.columns()).map(|j| net.one(j)).collect();
        let before = (0..shape.columns()).map(|j| shape.before(j)).collect();
        Ok(Argn { columns, order, hidden, weights, history, privacy: None, nets, before, device })
    }

    /// Cells of rows that have what each of `wanted` says, column by column in the frame's order.
    fn rows(&self, wanted: &[Vec<Wanted>], rng: &mut ChaCha8Rng) -> Vec<Vec<f64>> {
        let place = |c: usize| self.order.iter().position(|&o| o == c).unwrap_or(0);
        // Rows with the same request share their beginnings.
        let mut groups: Vec<(&[Wanted], Vec<usize>)> = Vec::new();
        for (row, wanted) in wanted.iter().enumerate() {
            match groups.iter_mut().find(|g| g.0 == wanted.as_slice()) {
                Some(group) => group.1.push(row),
                None => groups.push((wanted, vec![row])),
            }
        }
        // None are needed where the columns asked for come first.
        let drawn = |(wanted, rows): &(&[Wanted], Vec<usize>)| {
            let last = wanted.iter().map(|a| place(a.0)).max();
            let open = last.is_some_and(|last| last + 1 > wanted.len());
            if open { rows.len().saturating_mul(BEGINNINGS).max(LEAST_BEGINNINGS) } else { rows.len() }
        };
        let spread: Vec<usize> =
            groups.iter().enumerate().flat_map(|(g, group)| std::iter::repeat_n(g, drawn(group))).collect();
        let last = wanted.iter().flatten().map(|a| place(a.0) + 1).max().unwrap_or(0);
        let mut cells = vec![vec![f64::NAN; spread.len()]; self.columns.len()];
        let mut likely = vec![0.0_f64; spread.len()];
        let input =
            self.before.last().copied().unwrap_or(0) + self.ordered_features(self.order.len().saturating_sub(1));
        let mut x = vec![0.0_f32; spread.len() * input.max(1)];
        for j in 0..last {
            let asked = |row: usize| {
                let group = spread.get(row).and_then(|&g| groups.get(g))?;
                group.0.iter().find(|a| self.order.get(j) == Some(&a.0)).map(|a| a.1)
            };
            self.column(j, &mut x, input, &mut cells, rng, asked, &mut likely);
        }
        // One beginning a row, in the order of the rows.
        let mut kept = vec![0; wanted.len()];
        let mut start = 0;
        for group in &groups {
            let n = drawn(group);
            let weights = likely.get(start..start + n).unwrap_or_default();
            let top = weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let mut sums: Vec<f64> = Vec::with_capacity(n);
            for l in weights {
                sums.push(sums.last().copied().unwrap_or(0.0) + (l - top).exp());
            }
            let total = sums.last().copied().unwrap_or(0.0);
            for (i, row) in group.1.iter().enumerate() {
                let at = if n == group.1.len() {
                    i
                } else {
                    let u = rng.random::<f64>() * total;
                    sums.partition_point(|s| *s <= u).min(n - 1)
                };
                if let Some(kept) = kept.get_mut(*row) {
                    *kept = start + at;
                }
            }
            start += n;
        }
        if kept.iter().copied().ne(0..spread.len()) {
            for column in &mut cells {
                *column = kept.iter().filter_map(|&k| column.get(k).copied()).collect();
            }
            let rows = kept.iter().filter_map(|&k| x.get(k * input..(k + 1) * input));
            x = rows.flatten().copied().collect();
        }
        let mut rest = vec![0.0; kept.len()];
        for j in last..self.order.len() {
            self.column(j, &mut x, input, &mut cells, rng, |_| None, &mut rest);
        }
        cells
    }

    fn ordered_features(&self, j: usize) -> usize {
        self.order.get(j).and_then(|&c| self.columns.get(c)).map_or(0, Column::features)
    }

    /// Draws column `j` of every row, or writes down the level that `asked` names and how likely it was.
    #[expect(clippy::too_many_arguments, reason = "the state of all rows, updated in place")]
    fn column(
        &self,
        j: usize,
        x: &mut [f32],
        input: usize,
        cells: &mut [Vec<f64>],
        rng: &mut ChaCha8Rng,
        asked: impl Fn(usize) -> Option<usize>,
        likely: &mut [f64],
    ) {
        let (Some(&c), Some(net), Some(&before)) = (self.order.get(j), self.nets.get(j), self.before.get(j)) else {
            return;
        };
        let (Some(column), Some(into)) = (self.columns.get(c), cells.get_mut(c)) else { return };
        let rows = into.len();
        let seen: Vec<f32> = if before == 0 {
            vec![0.0; rows]
        } else {
            x.chunks_exact(input.max(1)).flat_map(|row| row.get(..before).unwrap_or_default()).copied().collect()
        };
        let width = before.max(1);
        let scores = net.scores(noise::matrix(seen, rows, width, &self.device));
        let shares = to_host(softmax(scores, 1));
        let (entries, features) = (column.entries(), column.features());
        for (row, (shares, cell)) in shares.chunks_exact(entries.max(1)).zip(into.iter_mut()).enumerate() {
            let entry = match asked(row) {
                Some(level) => {
                    let share = shares.get(level).copied().unwrap_or(0.0);
                    if let Some(l) = likely.get_mut(row) {
                        *l += f64::from(share.max(f32::MIN_POSITIVE)).ln();
                    }
                    level
                }
                None => drawn(shares, &column.counts, rng),
            };
            *cell = column.draw(entry, rng);
            if let Some(slots) = x.get_mut(row * input + before..row * input + before + features) {
                column.write(*cell, slots);
            }
        }
    }
}

/// An entry in proportion to `shares`; never one that no row of the data has.
fn drawn(shares: &[f32], counts: &[usize], rng: &mut impl Rng) -> usize {
    let fair = |(share, count): (&f32, &usize)| if *count > 0 { f64::from(*share) } else { 0.0 };
    let total: f64 = shares.iter().zip(counts).map(fair).sum();
    let mut left = rng.random::<f64>() * total;
    let mut last = 0;
    for (k, pair) in shares.iter().zip(counts).enumerate() {
        let share = fair(pair);
        if share <= 0.0 {
            continue;
        }
        last = k;
        if left < share {
            break;
        }
        left -= share;
    }
    last
}

impl Generator for Argn {
    fn kind(&self) -> &'static str {
        "argn"
    }

    fn sample(&self, n: usize, given: &Given, seed: u64) -> Result<Frame, SynthError> {
        let known: Vec<Known> = self
            .columns
            .iter()
            .map(|c| Known { name: &c.name, levels: c.levels().map(|l| (l, c.counts.as_slice())) })
            .collect();
        let wanted = resolve(&known, n, given)?;
        let parts: Vec<Vec<Vec<f64>>> = wanted
            .par_chunks(CHUNK)
            .enumerate()
            .map(|(i, wanted)| self.rows(wanted, &mut noise::stream(seed, 1_000 + i as u64)))
            .collect();
        let mut columns: Vec<_> = self.columns.iter().map(Column::shape).collect();
        for part in parts {
            for (column, cells) in columns.iter_mut().zip(part) {
                column.values.extend(cells);
            }
        }
        Ok(Frame { columns, rows: n })
    }

    fn privacy(&self) -> Option<&Trained> {
        self.privacy.as_ref()
    }

    fn history(&self) -> &[EpochLoss] {
        &self.history
    }

    fn describe(&self) -> Vec<(String, String)> {
        let weights: usize = self.weights.iter().map(|m| m.values.len()).sum();
        let names: Vec<&str> =
            self.order.iter().filter_map(|&c| self.columns.get(c)).map(|c| c.name.as_str()).collect();
        let best = self.history.iter().filter_map(|h| Some((h.epoch, h.get("held_out")?)));
        let best = best.min_by(|a, b| a.1.total_cmp(&b.1));
        let stopped = best.map_or("no rows were held out".to_string(), |(epoch, nats)| {
            format!("epoch {epoch} of {}, at {nats:.3} nats a held-out row", self.history.len())
        });
        [
            ("method", "auto-regressive columns (after TabularARGN, Tiwald et al. 2025)".to_string()),
            ("weights", weights.to_string()),
            ("order", names.join(", ")),
            ("best epoch", stopped),
            ("privacy", if self.privacy.is_some() { "DP-SGD" } else { "no privacy promise" }.to_string()),
        ]
        .map(|(name, value)| (name.to_string(), value))
        .to_vec()
    }

    fn save(&self) -> Saved {
        stored::write(self)
    }
}

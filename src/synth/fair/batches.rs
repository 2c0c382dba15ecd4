//! Rows and conditions for a step.
//!
//! Rows come evenly or by weight; about half of them name up to three of their own levels, which the
//! generator is then asked for, so that a caller can ask later. A row that names nothing trains the generator
//! for rows as the table has them. Knows codes; no network.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::nets::fair::plan::Batch;
use crate::synth::condition::{Asked, Conditions};
use crate::synth::encoder::{Encoded, Encoder};

/// Levels that a row names at most.
const MOST_NAMED: usize = 3;

/// Draws training batches.
pub struct Batches<'a> {
    pub encoder: &'a Encoder,
    pub conditions: &'a Conditions,
    pub table: &'a Encoded,
    /// Share of rows that name some of their levels.
    pub reveal: f64,
    pub rng: ChaCha8Rng,
    /// Running sums of the rows' weights; empty: all weigh alike.
    heights: Vec<f64>,
}

impl<'a> Batches<'a> {
    /// Even batches.
    pub fn new(
        encoder: &'a Encoder,
        conditions: &'a Conditions,
        table: &'a Encoded,
        reveal: f64,
        rng: ChaCha8Rng,
    ) -> Self {
        Batches { encoder, conditions, table, reveal, rng, heights: Vec::new() }
    }

    /// From now on rows come in proportion to `weights`, one a row and not negative.
    pub fn weigh(&mut self, weights: &[f64]) {
        let mut sum = 0.0;
        self.heights = weights
            .iter()
            .map(|w| {
                sum += w;
                sum
            })
            .collect();
    }

    fn row(&mut self) -> usize {
        let last = self.table.rows.saturating_sub(1);
        match self.heights.last() {
            Some(&total) if total > 0.0 => {
                let at = self.rng.random::<f64>() * total;
                self.heights.partition_point(|h| *h <= at).min(last)
            }
            _ => self.rng.random_range(0..=last),
        }
    }

    /// Levels of its own that a row names.
    fn named(&mut self, row: usize) -> Vec<Asked> {
        let choices = &self.conditions.choices;
        if choices.is_empty() || self.rng.random::<f64>() >= self.reveal {
            return Vec::new();
        }
        let segments = self.encoder.layout.segments.len();
        let mut out: Vec<Asked> = Vec::new();
        for _ in 0..self.rng.random_range(1..=MOST_NAMED.min(choices.len())) {
            let choice = self.rng.random_range(0..choices.len());
            if out.iter().all(|a| a.0 != choice) {
                let entry = self.table.entries.get(row * segments + choices[choice].segment);
                out.push((choice, entry.map_or(0, |e| *e as usize)));
            }
        }
        out
    }

    /// The next batch. Where rows are weighed, the classifier's rows come evenly beside them.
    pub fn next(&mut self, rows: usize) -> Batch {
        let layout = &self.encoder.layout;
        let (width, slots, asks) = (layout.width(), layout.category_width(), self.conditions.width);
        let mut out = Batch {
            rows,
            real: vec![0.0; rows * width],
            pairs: None,
            condition: vec![0.0; rows * asks],
            target: vec![0.0; rows * slots],
        };
        for row in 0..rows {
            let from = self.row();
            let named = self.named(from);
            self.encoder.expand(self.table, from, &mut out.real[row * width..(row + 1) * width]);
            self.conditions.write(&named, &mut out.condition[row * asks..(row + 1) * asks]);
            for (choice, entry) in named {
                let segment = &layout.segments[self.conditions.choices[choice].segment];
                out.target[row * slots + segment.start - layout.offsets + entry] = 1.0;
            }
        }
        if !self.heights.is_empty() {
            let all = self.table.rows.max(1);
            let at: Vec<usize> = (0..rows).map(|_| self.rng.random_range(0..all)).collect();
            out.pairs = Some(self.rows(&at));
        }
        out
    }

    /// Conditions of these rows, each of that row alone, as a network sees them.
    pub fn conditions_of(&mut self, at: &[usize]) -> Vec<f32> {
        let width = self.conditions.width;
        let mut out = vec![0.0; at.len() * width];
        for (row, into) in at.iter().zip(out.chunks_exact_mut(width.max(1))) {
            let named = self.named(*row);
            self.conditions.write(&named, into);
        }
        out
    }

    /// These rows as a network sees them.
    pub fn rows(&self, at: &[usize]) -> Vec<f32> {
        let width = self.encoder.layout.width();
        let mut out = vec![0.0; at.len() * width];
        for (row, into) in at.iter().zip(out.chunks_exact_mut(width.max(1))) {
            self.encoder.expand(self.table, *row, into);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nets::noise::stream;
    use crate::synth::encoder::tests::clinic;

    #[test]
    fn heavy_rows_come_more_often_and_rows_name_their_own_levels() {
        let frame = clinic(200);
        let encoder = Encoder::fit(&frame, 3).unwrap_or_else(|e| panic!("{e}"));
        let table = encoder.encode(&frame, &mut stream(1, 0));
        let conditions = Conditions::of(&encoder);
        let mut batches = Batches::new(&encoder, &conditions, &table, 0.5, stream(1, 1));
        let sick = |row: usize| frame.columns[2].values[row] == 1.0;
        let even = batches.next(2_000);
        assert!(even.pairs.is_none());
        let named = even.condition.chunks(conditions.width).filter(|c| c.iter().any(|x| *x > 0.0)).count();
        assert!((900..1_100).contains(&named), "{named}");
        for (target, real) in
            even.target.chunks(encoder.layout.category_width()).zip(even.real.chunks(encoder.layout.width()))
        {
            let own = &real[encoder.layout.offsets..];
            assert!(target.iter().zip(own).all(|(t, r)| *t <= *r));
        }
        let weights: Vec<f64> = (0..200).map(|row| if sick(row) { 3.0 } else { 1.0 }).collect();
        let share = (0..200).filter(|r| sick(*r)).count() as f64 / 200.0;
        let want = 3.0 * share / (1.0 + 2.0 * share);
        batches.weigh(&weights);
        let drawn = (0..4_000)
            .filter(|_| {
                let row = batches.row();
                sick(row)
            })
            .count() as f64
            / 4_000.0;
        assert!((drawn - want).abs() < 0.03, "{drawn} {want}");
        assert!(batches.next(10).pairs.is_some_and(|p| p.len() == 10 * encoder.layout.width()));
    }
}

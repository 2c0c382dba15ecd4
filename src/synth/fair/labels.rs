//! Labels of drawn rows: the classifier's scores, corrected group by group, and the draw.
//!
//! Where parity is asked for, scores first move towards the distribution between all groups' (`transport.rs`), by maps learned
//! from the rows that may be looked at, so that no threshold tells real groups apart; then they are shifted until drawn labels
//! have the shares of `rates.rs`. Rows keep the order that the classifier gives them within their group.

use burn::tensor::activation::softmax;
use rand_chacha::ChaCha8Rng;

use super::drawer::{CHUNK, Drawn, FairGan, Networks};
use super::rates;
use super::settings::Notion;
use super::transport::{Transport, log_odds, moved};
use crate::data::frame::Frame;
use crate::nets::fair::information::Joint;
use crate::nets::fair::mlp;
use crate::nets::noise;
use crate::nets::weights::{Weights, to_host};
use crate::synth::calibrate::{odds, shifts};
use crate::synth::condition::{Asked, pick};
use crate::synth::encoder::Encoded;

/// A group of fewer rows is corrected like the table as a whole.
const LEAST_ROWS: usize = 20;

impl FairGan {
    /// Learns the maps and shifts of the classifier's scores in each group, after which drawn labels have the shares of `rates.rs`.
    pub(super) fn correct_labels(
        &mut self,
        networks: &Networks,
        drawn: &Drawn,
        frame: &Frame,
        table: &Encoded,
        rng: &mut ChaCha8Rng,
    ) {
        let (Some(label), Some(_)) = (self.label_segment(), &networks.classifier) else { return };
        let (count, labels) = (self.encoder.layout.segments.len(), self.encoder.layout.segments[label].entries);
        let groups = self.plan.groups();
        let mut joint = vec![0.0; labels * groups];
        for row in table.entries.chunks_exact(count) {
            let entries = whole(row);
            joint[entries[label] * groups + self.group(&entries)] += 1.0;
        }
        let sizes: Vec<f64> = (0..groups).map(|g| (0..labels).map(|y| joint[y * groups + g]).sum()).collect();
        let joint = Joint::new(labels, groups, joint);
        let weight = match self.settings.notion {
            Notion::Parity => self.settings.information,
            Notion::EqualizedOdds => 0.0,
        };
        let wanted = rates::between(&joint, weight);
        let scores = self.label_scores(networks, &self.frame_of(drawn), rng);
        let group_of: Vec<usize> = drawn.entries.chunks_exact(count).map(|e| self.group(e)).collect();
        if weight > 0.0 {
            let real = table.entries.chunks_exact(count).map(|row| self.group(&whole(row))).collect::<Vec<_>>();
            let scores = self.label_scores(networks, frame, rng);
            self.label_maps = maps(&scores, labels, &real, groups, weight / (1.0 + weight));
        }
        let of = |keep: &dyn Fn(usize) -> bool| -> Vec<f64> {
            let rows = scores.chunks_exact(labels).zip(&group_of).filter(|(_, g)| keep(**g));
            rows.flat_map(|(s, g)| self.moved(s, *g)).collect()
        };
        let all = shifts(&of(&|_| true), &joint.label_shares());
        self.label_shifts = (0..groups)
            .map(|group| {
                let own = of(&|g| g == group);
                let few = own.len() / labels < LEAST_ROWS || sizes[group] < LEAST_ROWS as f64;
                if few { all.clone() } else { shifts(&own, &wanted[group]) }
            })
            .collect();
        if weight > 0.0 {
            self.label_shares = wanted;
        }
    }

    fn moved(&self, scores: &[f64], group: usize) -> Vec<f64> {
        self.label_maps.get(group).map_or_else(|| scores.to_vec(), |maps| moved(scores, maps))
    }

    /// The segment of the label, if there is one.
    fn label_segment(&self) -> Option<usize> {
        let label = self.settings.label.as_ref()?;
        self.encoder.columns.iter().find(|c| c.name == *label)?.segment.filter(|_| self.plan.label.is_some())
    }

    /// The group of a row's entries.
    pub(super) fn group(&self, entries: &[usize]) -> usize {
        self.plan.protected.iter().fold(0, |group, part| {
            let at = self.encoder.layout.segments.iter().position(|s| s.start == part.start);
            group * part.entries + at.and_then(|s| entries.get(s)).copied().unwrap_or(0)
        })
    }

    /// The classifier's log probabilities of the label for each row, `rows x labels`; the label that a row
    /// has is not looked at. Empty without a classifier.
    fn label_scores(&self, networks: &Networks, frame: &Frame, rng: &mut ChaCha8Rng) -> Vec<f64> {
        let (Some(classifier), Some(label)) = (&networks.classifier, self.plan.label) else { return Vec::new() };
        let table = self.encoder.encode(frame, rng);
        let width = self.encoder.layout.width();
        let mut out = Vec::with_capacity(frame.rows * label.entries);
        let all: Vec<usize> = (0..frame.rows).collect();
        for rows in all.chunks(CHUNK) {
            let mut slots = vec![0.0; rows.len() * width];
            for (row, into) in rows.iter().zip(slots.chunks_exact_mut(width)) {
                self.encoder.expand(&table, *row, into);
                into[label.start..label.start + label.entries].fill(0.0);
            }
            let wide = networks.values.widened(noise::matrix(slots, rows.len(), width, &self.device));
            let p = softmax(mlp::score(&classifier.values, wide), 1);
            out.extend(to_host(p).into_iter().map(|p| f64::from(p).max(1e-9).ln()));
        }
        out
    }

    /// The probability of each label for each row of the table, by a classifier, as drawing uses it
    /// (`corrected`) or as it is.
    pub(super) fn predict(&self, classifier: &Weights, frame: &Frame, corrected: bool) -> Option<Vec<f64>> {
        let mut networks = self.networks()?;
        let label = self.plan.label?;
        networks.classifier = Some(classifier.clone());
        let mut rng = noise::stream(self.settings.seed, 14);
        let scores = self.label_scores(&networks, frame, &mut rng);
        let table = self.encoder.encode(frame, &mut rng);
        let count = self.encoder.layout.segments.len();
        let zero = vec![0.0; label.entries];
        let rows = scores.chunks_exact(label.entries).zip(table.entries.chunks_exact(count));
        Some(
            rows.flat_map(|(scores, entries)| {
                let group = self.group(&whole(entries));
                let odds = match self.label_shifts.get(group).filter(|_| corrected) {
                    Some(shift) => odds(&self.moved(scores, group), shift),
                    None => odds(scores, &zero),
                };
                let total: f64 = odds.iter().sum();
                odds.into_iter().map(move |o| o / total).collect::<Vec<_>>()
            })
            .collect(),
        )
    }

    /// Draws the labels of drawn rows anew from the classifier; without one they stay the generator's own.
    pub(super) fn relabel(&self, networks: &Networks, asked: &[Vec<Asked>], drawn: &mut Drawn, rng: &mut ChaCha8Rng) {
        let (Some(label), false) = (self.label_segment(), self.label_shifts.is_empty()) else { return };
        let scores = self.label_scores(networks, &self.frame_of(drawn), rng);
        let (count, labels) = (self.encoder.layout.segments.len(), self.encoder.layout.segments[label].entries);
        let groups: Vec<usize> = drawn.entries.chunks_exact(count).map(|e| self.group(e)).collect();
        let rows = scores.chunks_exact(labels).zip(&groups);
        let scores: Vec<f64> = rows.flat_map(|(s, g)| self.moved(s, *g)).collect();
        let mut by_group = self.label_shifts.clone();
        for (group, (shift, shares)) in by_group.iter_mut().zip(&self.label_shares).enumerate() {
            // Rows that are asked for something are no sample of their group.
            let own = |row: usize| groups[row] == group && asked[row].is_empty();
            let rows = scores.chunks_exact(labels).enumerate().filter(|(row, _)| own(*row));
            let scores: Vec<f64> = rows.flat_map(|(_, s)| s.to_vec()).collect();
            if scores.len() / labels >= LEAST_ROWS {
                *shift = shifts(&scores, shares);
            }
        }
        let rows = scores.chunks_exact(labels).zip(drawn.entries.chunks_exact_mut(count));
        for (row, (scores, entries)) in rows.enumerate() {
            let shifts = if asked[row].is_empty() { &by_group } else { &self.label_shifts };
            if let Some(shift) = shifts.get(groups[row]) {
                entries[label] = pick(odds(scores, shift).into_iter(), rng);
            }
        }
    }
}

fn whole(entries: &[u16]) -> Vec<usize> {
    entries.iter().map(|e| *e as usize).collect()
}

/// The maps of each group, label by label, of scores `rows x labels`.
fn maps(scores: &[f64], labels: usize, group_of: &[usize], groups: usize, part: f64) -> Vec<Vec<Transport>> {
    let mut out = vec![Vec::with_capacity(labels); groups];
    for label in 0..labels {
        let mut by_group = vec![Vec::new(); groups];
        for (row, group) in scores.chunks_exact(labels).zip(group_of) {
            by_group[*group].push(log_odds(row[label]));
        }
        let found = Transport::between(&by_group, part, LEAST_ROWS);
        out.iter_mut().zip(found).for_each(|(group, map)| group.push(map));
    }
    out
}

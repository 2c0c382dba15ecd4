//! Which levels a row is asked for, during training and sampling.
//!
//! Training by sampling (Xu et al. 2019, section 4.3): a category column is picked evenly, one of
//! its levels by the logarithm of its frequency, then a real row that has it, so that rare levels
//! are seen often. Here a row may reveal a few more of its own levels, so that a caller can later
//! ask for combinations. Knows codes and counts; no network.

use rand::{Rng, RngExt};

use super::encoder::{Code, Encoded, Encoder};
use super::requests::{Known, resolve};
use super::{Given, SynthError};

/// A column conditions can name.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// Index of the column in [`Encoder::columns`], and of its segment.
    pub column: usize,
    pub segment: usize,
    /// First slot in a condition vector; one slot a level, and one for missing if seen.
    pub start: usize,
    /// Rows of each level in the data.
    pub counts: Vec<usize>,
}

/// A level that is asked for: index into [`Conditions::choices`], and the entry.
pub type Asked = (usize, usize);

/// Everything conditions can name.
#[derive(Debug, Clone, PartialEq)]
pub struct Conditions {
    pub choices: Vec<Choice>,
    /// Slots of a condition vector.
    pub width: usize,
}

impl Conditions {
    /// The conditions of a fitted table.
    pub fn of(encoder: &Encoder) -> Conditions {
        let mut out = Conditions { choices: Vec::new(), width: 0 };
        for (column, code) in encoder.columns.iter().enumerate() {
            if let (Code::Category { counts, .. }, Some(segment)) = (&code.code, code.segment) {
                let start = out.width;
                out.width += counts.len();
                out.choices.push(Choice { column, segment, start, counts: counts.clone() });
            }
        }
        out
    }

    /// Writes `asked` as ones into `into` (`width` zeros).
    pub fn write(&self, asked: &[Asked], into: &mut [f32]) {
        for &(choice, entry) in asked {
            if let Some(slot) = self.choices.get(choice).and_then(|c| into.get_mut(c.start + entry)) {
                *slot = 1.0;
            }
        }
    }

    /// One level drawn as often as the data has it, of a column drawn evenly.
    pub fn draw(&self, rng: &mut impl Rng) -> Vec<Asked> {
        if self.choices.is_empty() {
            return Vec::new();
        }
        let choice = rng.random_range(0..self.choices.len());
        let counts = &self.choices[choice].counts;
        let weights = counts.iter().map(|&n| n as f64);
        vec![(choice, pick(weights, rng))]
    }

    /// The level that row `row` of `table` has, of a column drawn evenly: of that row alone.
    pub fn of_row(&self, encoder: &Encoder, table: &Encoded, row: usize, rng: &mut impl Rng) -> Vec<Asked> {
        if self.choices.is_empty() {
            return Vec::new();
        }
        let choice = rng.random_range(0..self.choices.len());
        let at = row * encoder.layout.segments.len() + self.choices[choice].segment;
        vec![(choice, table.entries.get(at).map_or(0, |e| *e as usize))]
    }

    /// What each requested row must have, in the order of `given`, then `None` up to `n` rows.
    pub fn resolve(&self, encoder: &Encoder, n: usize, given: &Given) -> Result<Vec<Option<Vec<Asked>>>, SynthError> {
        let known: Vec<Known> = encoder
            .columns
            .iter()
            .map(|c| Known {
                name: &c.name,
                levels: match &c.code {
                    Code::Category { levels, counts } => Some((levels.as_slice(), counts.as_slice())),
                    Code::Number(_) => None,
                },
            })
            .collect();
        let choice = |column: usize| self.choices.iter().position(|c| c.column == column);
        let rows = resolve(&known, n, given)?;
        Ok(rows
            .into_iter()
            .map(|wanted| {
                let asked: Vec<Asked> = wanted.iter().filter_map(|w| Some((choice(w.0)?, w.1))).collect();
                (!asked.is_empty()).then_some(asked)
            })
            .collect())
    }
}

/// The rows of each level, for training.
pub struct RowIndex {
    /// Per choice and level, the rows that have it.
    rows: Vec<Vec<Vec<u32>>>,
    total: usize,
}

impl RowIndex {
    /// Indexes an encoded table.
    pub fn of(conditions: &Conditions, encoder: &Encoder, table: &Encoded) -> RowIndex {
        let segments = encoder.layout.segments.len();
        let rows = conditions
            .choices
            .iter()
            .map(|choice| {
                let mut by_level = vec![Vec::new(); choice.counts.len()];
                for row in 0..table.rows {
                    let entry = table.entries[row * segments + choice.segment] as usize;
                    if let Some(list) = by_level.get_mut(entry) {
                        list.push(row as u32);
                    }
                }
                by_level
            })
            .collect();
        RowIndex { rows, total: table.rows }
    }

    /// A real row for training and the levels it is asked for; with probability `reveal` up to
    /// two more of its own levels are named.
    pub fn draw(
        &self,
        conditions: &Conditions,
        encoder: &Encoder,
        table: &Encoded,
        reveal: f64,
        rng: &mut impl Rng,
    ) -> (usize, Vec<Asked>) {
        if self.rows.is_empty() {
            return (rng.random_range(0..self.total.max(1)), Vec::new());
        }
        let choice = rng.random_range(0..self.rows.len());
        let levels = &self.rows[choice];
        let level = pick(levels.iter().map(|rows| (1.0 + rows.len() as f64).ln()), rng);
        let rows = &levels[level];
        let row = rows.get(rng.random_range(0..rows.len().max(1))).map_or(0, |r| *r as usize);
        let mut asked = vec![(choice, level)];
        if self.rows.len() > 1 && rng.random::<f64>() < reveal {
            let segments = encoder.layout.segments.len();
            for _ in 0..rng.random_range(1..=2) {
                let other = rng.random_range(0..self.rows.len());
                if asked.iter().all(|a| a.0 != other) {
                    let segment = conditions.choices[other].segment;
                    asked.push((other, table.entries[row * segments + segment] as usize));
                }
            }
        }
        (row, asked)
    }
}

/// An index drawn in proportion to `weights`; one of weight 0 is never drawn unless all are 0.
pub fn pick(weights: impl Iterator<Item = f64> + Clone, rng: &mut impl Rng) -> usize {
    let total: f64 = weights.clone().sum();
    let mut left = rng.random::<f64>() * total;
    let mut last = 0;
    for (i, w) in weights.enumerate() {
        if w <= 0.0 {
            continue;
        }
        last = i;
        if left < w {
            break;
        }
        left -= w;
    }
    last
}

#[cfg(test)]
mod tests {
    use super::super::encoder::tests::clinic;
    use super::*;
    use crate::synth::GivenPart;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    fn fitted() -> (Encoder, Encoded, Conditions) {
        let frame = clinic(1000);
        let encoder = Encoder::fit(&frame, 4).unwrap_or_else(|e| panic!("{e}"));
        let table = encoder.encode(&frame, &mut ChaCha8Rng::seed_from_u64(1));
        let conditions = Conditions::of(&encoder);
        (encoder, table, conditions)
    }

    #[test]
    fn training_rows_have_what_they_are_asked_for_and_rare_levels_are_seen_more() {
        let (encoder, table, conditions) = fitted();
        let index = RowIndex::of(&conditions, &encoder, &table);
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let segments = encoder.layout.segments.len();
        let (mut intensive, mut ward) = (0, 0);
        for _ in 0..4000 {
            let (row, asked) = index.draw(&conditions, &encoder, &table, 0.0, &mut rng);
            for (choice, level) in asked {
                let segment = conditions.choices[choice].segment;
                assert_eq!(table.entries[row * segments + segment] as usize, level);
                ward += usize::from(choice == 1);
                intensive += usize::from(choice == 1 && level == 2);
            }
        }
        let share = intensive as f64 / ward as f64;
        assert!(share > 0.3 && share < 0.5, "10 % of the rows, drawn {share}");
    }

    #[test]
    fn requests_name_what_is_wrong_with_them() {
        let (encoder, _, conditions) = fitted();
        let ask = |name: &str, level, rows| {
            let levels = vec![(name.to_string(), level)];
            conditions.resolve(&encoder, 10, &Given { parts: vec![GivenPart { levels, rows }] })
        };
        let text = |r: Result<_, SynthError>| r.err().map(|e| e.to_string()).unwrap_or_default();
        assert_eq!(ask("sick", 1, 4).map(|r| r.iter().flatten().count()).ok(), Some(4));
        assert!(text(ask("ward", 1, 4)).contains("no row of the table has ward = closed"));
        assert!(text(ask("age", 1, 4)).contains("is a number"));
        assert!(text(ask("cat", 1, 4)).contains("sick, ward"));
        assert!(text(ask("sick", 2, 4)).contains("2 levels"));
        assert!(text(ask("sick", 1, 40)).contains("more than the 10 rows"));
    }
}

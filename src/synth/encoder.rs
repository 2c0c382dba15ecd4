//! A table as a row of network outputs, and back.
//!
//! Each column becomes at most one offset (numbers) and at most one one-hot segment (modes,
//! levels, and one entry for a missing cell where the data has any). Segments of like width lie
//! side by side, padded to one width, so that a network can take the softmax of many of them at
//! once. Knows frames and numbers; no network, no files.

use rand::Rng;
use serde::{Deserialize, Serialize};

use super::SynthError;
use super::number::NumberCode;
use crate::data::frame::{Frame, FrameColumn, FrameKind};

/// More levels than this are an identifier, not a category.
const MOST_LEVELS: usize = 2_000;

/// How one column is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Code {
    Number(NumberCode),
    Category {
        levels: Vec<String>,
        /// Rows of each level; where the data has missing cells, one more entry counts those.
        counts: Vec<usize>,
    },
}

/// One column of the table the encoder was fitted on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnCode {
    pub name: String,
    pub nullable: bool,
    pub code: Code,
    /// Index of the column's offset within a row.
    #[serde(skip)]
    pub offset: Option<usize>,
    /// Index of the column's segment in [`Layout::segments`].
    #[serde(skip)]
    pub segment: Option<usize>,
}

/// One one-hot block of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// Index of the column it writes.
    pub column: usize,
    /// First slot within a row.
    pub start: usize,
    /// Entries in use; the slots up to the group's width stay 0.
    pub entries: usize,
}

/// Neighbouring segments padded to one width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    pub count: usize,
    pub width: usize,
    /// Whether its segments write categories (conditions can ask for them) or modes.
    pub category: bool,
}

/// Where everything lies in a row: offsets, then the groups, categories before modes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Layout {
    pub offsets: usize,
    pub groups: Vec<Group>,
    pub segments: Vec<Segment>,
}

impl Layout {
    /// Slots of a row.
    pub fn width(&self) -> usize {
        self.offsets + self.groups.iter().map(|g| g.count * g.width).sum::<usize>()
    }

    /// Slots of a row that write categories; they follow the offsets.
    pub fn category_width(&self) -> usize {
        self.groups.iter().filter(|g| g.category).map(|g| g.count * g.width).sum()
    }
}

/// A table in compact form: [`Encoder::expand`] gives the rows a network sees.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Encoded {
    pub rows: usize,
    /// `rows x layout.offsets`, in [-1, 1]; 0 where the cell is missing.
    pub offsets: Vec<f32>,
    /// `rows x layout.segments`, the entry that is 1.
    pub entries: Vec<u16>,
}

/// The code of a whole table.
#[derive(Debug, Clone, PartialEq)]
pub struct Encoder {
    pub columns: Vec<ColumnCode>,
    pub layout: Layout,
}

impl Encoder {
    /// Learns the code of `frame`, with at most `most_modes` modes a numeric column.
    pub fn fit(frame: &Frame, most_modes: usize) -> Result<Encoder, SynthError> {
        if frame.rows == 0 || frame.columns.is_empty() {
            return Err(SynthError::Empty);
        }
        let mut columns = Vec::with_capacity(frame.columns.len());
        for column in &frame.columns {
            if column.values.len() != frame.rows {
                return Err(SynthError::Unsupported(format!(
                    "column {} has {} cells in a table of {} rows",
                    column.name,
                    column.values.len(),
                    frame.rows
                )));
            }
            columns.push(ColumnCode {
                name: column.name.clone(),
                nullable: column.nullable,
                code: fit_code(column, most_modes)?,
                offset: None,
                segment: None,
            });
        }
        let layout = lay_out(&mut columns);
        Ok(Encoder { columns, layout })
    }

    /// The encoder of saved columns; none when a column contradicts itself.
    pub fn of(mut columns: Vec<ColumnCode>) -> Option<Encoder> {
        if columns.is_empty() || !columns.iter().all(ColumnCode::coherent) {
            return None;
        }
        let layout = lay_out(&mut columns);
        Some(Encoder { columns, layout })
    }

    /// Writes `frame`, which must have the fitted columns in the fitted order.
    pub fn encode(&self, frame: &Frame, rng: &mut impl Rng) -> Encoded {
        let (n_offsets, n_segments) = (self.layout.offsets, self.layout.segments.len());
        let mut out = Encoded {
            rows: frame.rows,
            offsets: vec![0.0; frame.rows * n_offsets],
            entries: vec![0; frame.rows * n_segments],
        };
        for (code, column) in self.columns.iter().zip(&frame.columns) {
            for (row, &x) in column.values.iter().enumerate() {
                let (entry, offset) = code.write(x, rng);
                if let Some(o) = code.offset {
                    out.offsets[row * n_offsets + o] = offset;
                }
                if let Some(s) = code.segment {
                    out.entries[row * n_segments + s] = entry as u16;
                }
            }
        }
        out
    }

    /// Fills `into` (`layout.width()` zeros) with row `row` as a network sees it.
    pub fn expand(&self, table: &Encoded, row: usize, into: &mut [f32]) {
        let n = self.layout.offsets;
        into[..n].copy_from_slice(&table.offsets[row * n..(row + 1) * n]);
        let m = self.layout.segments.len();
        for (segment, &entry) in self.layout.segments.iter().zip(&table.entries[row * m..(row + 1) * m]) {
            into[segment.start + entry as usize] = 1.0;
        }
    }

    /// A frame with the fitted columns and no rows.
    pub fn shape(&self) -> Frame {
        let columns = self
            .columns
            .iter()
            .map(|c| FrameColumn {
                name: c.name.clone(),
                kind: match &c.code {
                    Code::Number(n) => FrameKind::Number { lo: n.lo, hi: n.hi, integer: n.integer },
                    Code::Category { levels, .. } => FrameKind::Category { levels: levels.clone() },
                },
                nullable: c.nullable,
                values: Vec::new(),
            })
            .collect();
        Frame { columns, rows: 0 }
    }

    /// Slots that must never be drawn: padding, and levels no row of the data has.
    pub fn forbidden(&self) -> Vec<bool> {
        let mut out = vec![true; self.layout.width()];
        for slot in out.iter_mut().take(self.layout.offsets) {
            *slot = false;
        }
        for segment in &self.layout.segments {
            let counts = match self.columns.get(segment.column).map(|c| &c.code) {
                Some(Code::Category { counts, .. }) => Some(counts),
                _ => None,
            };
            for entry in 0..segment.entries {
                let unseen = counts.is_some_and(|c| c.get(entry).copied() == Some(0));
                out[segment.start + entry] = unseen;
            }
        }
        out
    }
}

impl ColumnCode {
    /// Entries of the column's one-hot segment.
    fn entries(&self) -> usize {
        match &self.code {
            Code::Number(n) => n.modes.len() + usize::from(n.missing > 0.0),
            Code::Category { counts, .. } => counts.len(),
        }
    }

    fn coherent(&self) -> bool {
        match &self.code {
            Code::Number(n) => n.drawn.len() == n.real.len() && n.modes.len() <= MOST_LEVELS,
            Code::Category { levels, counts } => {
                let least = levels.len().max(1);
                (least..=levels.len() + 1).contains(&counts.len()) && levels.len() <= MOST_LEVELS
            }
        }
    }

    /// The entry and the offset that write `x`; what the fitted column never had is written as
    /// its last entry.
    fn write(&self, x: f64, rng: &mut impl Rng) -> (usize, f32) {
        let (entry, offset) = match &self.code {
            Code::Number(n) => match n.encode(x, rng) {
                Some((k, offset)) => (k, offset as f32),
                None => (n.modes.len(), 0.0),
            },
            Code::Category { levels, .. } => (if x.is_nan() { levels.len() } else { x as usize }, 0.0),
        };
        (entry.min(self.entries().saturating_sub(1)), offset)
    }

    /// The cell that `entry` and `offset` write; NaN is missing.
    pub fn read(&self, entry: usize, offset: f64) -> f64 {
        match &self.code {
            Code::Number(n) if entry < n.modes.len() => n.decode(entry, offset),
            Code::Category { levels, .. } if entry < levels.len() => entry as f64,
            _ => f64::NAN,
        }
    }
}

fn fit_code(column: &FrameColumn, most_modes: usize) -> Result<Code, SynthError> {
    let levels = match &column.kind {
        FrameKind::Number { lo, hi, integer } => {
            let code = NumberCode::fit(&column.values, *lo, *hi, *integer, most_modes);
            return Ok(Code::Number(code));
        }
        FrameKind::Category { levels } => levels,
    };
    if levels.len() > MOST_LEVELS {
        return Err(SynthError::Unsupported(format!(
            "column {} has {} levels, more than the {MOST_LEVELS} a generator can learn; leave it \
             out if it is an identifier, or group its levels",
            column.name,
            levels.len()
        )));
    }
    let mut counts = vec![0usize; levels.len() + 1];
    for &x in &column.values {
        let entry = if x.is_nan() { Some(levels.len()) } else { level_index(x, levels.len()) };
        match entry.and_then(|e| counts.get_mut(e)) {
            Some(count) => *count += 1,
            None => {
                return Err(SynthError::Unsupported(format!(
                    "column {} holds {x}, which is the code of none of its {} levels",
                    column.name,
                    levels.len()
                )));
            }
        }
    }
    if counts.last() == Some(&0) {
        counts.pop();
    }
    Ok(Code::Category { levels: levels.clone(), counts })
}

fn level_index(x: f64, levels: usize) -> Option<usize> {
    (x >= 0.0 && x.fract() == 0.0 && x < levels as f64).then_some(x as usize)
}

/// Gives every column its offset and segment. Segments are ordered by kind, then width, then
/// column, so that equal tables give equal layouts.
fn lay_out(columns: &mut [ColumnCode]) -> Layout {
    let mut layout = Layout::default();
    let mut wanted = Vec::new();
    for (index, column) in columns.iter_mut().enumerate() {
        let category = match &column.code {
            Code::Category { .. } => true,
            Code::Number(n) => {
                if !n.modes.is_empty() {
                    column.offset = Some(layout.offsets);
                    layout.offsets += 1;
                }
                false
            }
        };
        // A numeric column with a single mode and no missing cell has nothing to choose.
        let entries = column.entries();
        if category || entries > 1 {
            wanted.push((!category, padded(entries), index, entries));
        }
    }
    wanted.sort_unstable();
    let mut start = layout.offsets;
    for (number, width, column, entries) in wanted {
        if let Some(code) = columns.get_mut(column) {
            code.segment = Some(layout.segments.len());
        }
        layout.segments.push(Segment { column, start, entries });
        start += width;
        match layout.groups.last_mut() {
            Some(g) if g.width == width && g.category != number => g.count += 1,
            _ => layout.groups.push(Group { count: 1, width, category: !number }),
        }
    }
    layout
}

/// Few distinct widths mean few softmax calls; little padding means little waste.
fn padded(entries: usize) -> usize {
    match entries {
        0..=2 => 2,
        3..=4 => 4,
        5..=6 => 6,
        7..=16 => entries.next_multiple_of(4),
        17..=64 => entries.next_multiple_of(16),
        _ => entries.next_multiple_of(64),
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    /// A small clinic: `age` follows `sick`, `cost` is heavy-tailed and a third missing, `ward`
    /// has a level nobody is on.
    pub fn clinic(rows: usize) -> Frame {
        let number = |name: &str, lo, hi, integer, values: Vec<f64>| FrameColumn {
            name: name.into(),
            kind: FrameKind::Number { lo: Some(lo), hi: Some(hi), integer },
            nullable: true,
            values,
        };
        let category = |name: &str, levels: &[&str], values: Vec<f64>| FrameColumn {
            name: name.into(),
            kind: FrameKind::Category { levels: levels.iter().map(|l| l.to_string()).collect() },
            nullable: false,
            values,
        };
        let u = |i: usize, k: usize| ((i * 2_654_435_761 + k * 40_503) % 10_007) as f64 / 10_007.0;
        let sick: Vec<f64> = (0..rows).map(|i| f64::from(u(i, 1) < 0.3)).collect();
        let age = (0..rows).map(|i| (40.0 + 25.0 * sick[i] + 20.0 * u(i, 2)).round()).collect();
        let cost =
            (0..rows).map(|i| if u(i, 3) < 0.33 { f64::NAN } else { ((1.0 + 8.0 * u(i, 4)).exp()).round() }).collect();
        let ward = (0..rows).map(|i| if u(i, 5) < 0.1 { 2.0 } else { 0.0 }).collect();
        Frame {
            rows,
            columns: vec![
                number("age", 18.0, 110.0, true, age),
                number("cost", 0.0, 1e5, false, cost),
                category("sick", &["false", "true"], sick),
                category("ward", &["general", "closed", "intensive"], ward),
            ],
        }
    }

    #[test]
    fn a_table_comes_back_as_it_was() {
        let frame = clinic(400);
        let encoder = Encoder::fit(&frame, 5).unwrap_or_else(|e| panic!("{e}"));
        let encoded = encoder.encode(&frame, &mut ChaCha8Rng::seed_from_u64(3));
        let (n, m) = (encoder.layout.offsets, encoder.layout.segments.len());
        for (code, column) in encoder.columns.iter().zip(&frame.columns) {
            for (row, &x) in column.values.iter().enumerate() {
                let offset = code.offset.map_or(0.0, |o| f64::from(encoded.offsets[row * n + o]));
                let entry = code.segment.map_or(0, |s| encoded.entries[row * m + s] as usize);
                let back = code.read(entry, offset);
                let same = x.is_nan() && back.is_nan() || (x - back).abs() <= 1.0 + 1e-4 * x.abs();
                assert!(same, "{} {x} {back}", code.name);
            }
        }
    }

    #[test]
    fn rows_have_one_entry_a_segment_and_none_in_a_forbidden_slot() {
        let frame = clinic(200);
        let encoder = Encoder::fit(&frame, 5).unwrap_or_else(|e| panic!("{e}"));
        let encoded = encoder.encode(&frame, &mut ChaCha8Rng::seed_from_u64(3));
        let forbidden = encoder.forbidden();
        for row in 0..frame.rows {
            let mut slots = vec![0.0; encoder.layout.width()];
            encoder.expand(&encoded, row, &mut slots);
            let ones: f32 = slots[encoder.layout.offsets..].iter().sum();
            assert_eq!(ones, encoder.layout.segments.len() as f32);
            assert!(slots.iter().zip(&forbidden).all(|(x, f)| !f || *x == 0.0));
        }
    }

    #[test]
    fn a_code_outside_the_levels_is_refused_with_the_column_named() {
        let mut frame = clinic(10);
        frame.columns[3].values[4] = 7.0;
        let error = Encoder::fit(&frame, 5).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(error.contains("ward"), "{error}");
    }
}

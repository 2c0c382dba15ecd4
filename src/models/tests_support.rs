//! Small frames and cohorts for the unit tests of this room.

use crate::data::frame::{Frame, FrameColumn, FrameKind};
use crate::metrics::resampling::{Lane, Stream, stream, unit};

pub fn number(name: &str, values: &[f64]) -> FrameColumn {
    FrameColumn {
        name: name.into(),
        kind: FrameKind::Number { lo: None, hi: None, integer: false },
        nullable: true,
        values: values.to_vec(),
    }
}

pub fn category(name: &str, levels: &[&str], values: &[f64]) -> FrameColumn {
    FrameColumn {
        kind: FrameKind::Category { levels: levels.iter().map(|l| l.to_string()).collect() },
        ..number(name, values)
    }
}

pub fn frame(columns: Vec<FrameColumn>) -> Frame {
    let rows = columns.first().map_or(0, |c| c.values.len());
    Frame { columns, rows }
}

pub fn rng(seed: u64) -> Stream {
    stream(seed, Lane::Bootstrap, 0)
}

/// A number around 0 with variance 1.
pub fn bell(rng: &mut Stream) -> f64 {
    (0..12).map(|_| unit(rng)).sum::<f64>() - 6.0
}

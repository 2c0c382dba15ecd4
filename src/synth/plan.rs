//! From a table's code to the networks that learn it.
//!
//! The only place that knows both layouts: columns on one side, slots on the other. No training,
//! no files.

use super::FitSettings;
use super::condition::Conditions;
use super::encoder::{Code, ColumnCode, Encoder};
use super::number::SPAN;
use crate::nets::adversarial::Plan;
use crate::nets::heads::{HeadGroup, Heads};
use crate::nets::values::ValueMap;
use crate::nets::weights::HostMatrix;

/// The networks for a fitted table.
pub fn plan(encoder: &Encoder, conditions: &Conditions, settings: &FitSettings) -> Plan {
    let layout = &encoder.layout;
    let groups =
        layout.groups.iter().map(|g| HeadGroup { count: g.count, width: g.width, asked: g.category }).collect();
    Plan {
        heads: Heads { offsets: layout.offsets, groups },
        values: value_map(encoder),
        barred: encoder.forbidden().split_off(layout.offsets),
        latent: settings.latent,
        condition: conditions.width,
        hidden: settings.hidden,
        pack: settings.pack,
        dropout: settings.dropout,
        penalty: settings.penalty,
        moments: settings.moments,
        temperature: settings.temperature,
        average: settings.average,
        rate: settings.learning_rate,
    }
}

/// How soft rows read as numbers: standardised values, then a flag for each number that can be
/// missing. A missing value reads as the mean.
pub(super) fn value_map(encoder: &Encoder) -> ValueMap {
    let layout = &encoder.layout;
    let (n, slots) = (layout.offsets, layout.width() - layout.offsets);
    let can_miss = |c: &&ColumnCode| matches!(&c.code, Code::Number(x) if x.missing > 0.0);
    let width = n + encoder.columns.iter().filter(can_miss).filter(|c| c.segment.is_some()).count();
    let mut map = ValueMap {
        at: HostMatrix::filled(slots, width, 0.0),
        per_offset: HostMatrix::filled(slots, n, 0.0),
        at_always: HostMatrix::filled(1, width, 0.0),
        per_offset_always: HostMatrix::filled(1, n, 0.0),
    };
    let mut flag = n;
    for column in &encoder.columns {
        let Code::Number(number) = &column.code else {
            continue;
        };
        let (mean, sd) = number.spread();
        let start = column.segment.map(|s| layout.segments[s].start - n);
        for (k, mode) in number.modes.iter().enumerate() {
            let (value, step) = (((mode.mean - mean) / sd) as f32, (SPAN * mode.sd / sd) as f32);
            let Some(offset) = column.offset else {
                continue;
            };
            match start {
                Some(start) => {
                    map.at.values[(start + k) * width + offset] = value;
                    map.per_offset.values[(start + k) * n + offset] = step;
                }
                None => {
                    map.at_always.values[offset] = value;
                    map.per_offset_always.values[offset] = step;
                }
            }
        }
        if let Some(start) = start.filter(|_| number.missing > 0.0) {
            let sd = (number.missing * (1.0 - number.missing)).sqrt().max(0.05);
            map.at.values[(start + number.modes.len()) * width + flag] = (1.0 / sd) as f32;
            map.at_always.values[flag] = (-number.missing / sd) as f32;
            flag += 1;
        }
    }
    map
}

//! Columns as kernels see them: in their own storage where a kernel can read that, as plain values where it asks for
//! those, made when first asked for.

use super::kernel::{KernelArg, MISSING_LEVEL};
use crate::check::Levels;
use crate::data::Column;
use crate::data::numbers::{Codes, Numbers};
use std::sync::{Arc, OnceLock};

/// A column that was handed to a kernel.
#[derive(Debug, Clone)]
pub struct Held {
    column: Column,
    plain: OnceLock<Box<KernelArg>>,
}

/// Numbers in the storage they came in, none of them missing.
#[derive(Debug, Clone, Copy)]
pub enum Scores<'a> {
    Narrow(&'a [f32]),
    Wide(&'a [f64]),
}

/// Codes of categories in the storage they came in.
#[derive(Debug, Clone, Copy)]
pub enum GroupCodes<'a> {
    Bytes(&'a [u8]),
    Words(&'a [u32]),
}

impl Scores<'_> {
    pub fn len(self) -> usize {
        match self {
            Scores::Narrow(x) => x.len(),
            Scores::Wide(x) => x.len(),
        }
    }

    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

impl GroupCodes<'_> {
    pub fn len(self) -> usize {
        match self {
            GroupCodes::Bytes(x) => x.len(),
            GroupCodes::Words(x) => x.len(),
        }
    }

    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

impl Held {
    pub fn new(column: Column) -> Held {
        Held { column, plain: OnceLock::new() }
    }

    pub fn column(&self) -> &Column {
        &self.column
    }

    /// The values one by one; rows without one hold NaN, [`MISSING_LEVEL`] or no text.
    pub fn plain(&self) -> &KernelArg {
        self.plain.get_or_init(|| Box::new(plain(&self.column)))
    }

    /// The numbers without a copy; none where the storage is another or some are missing.
    pub fn scores(&self) -> Option<Scores<'_>> {
        match &self.column {
            Column::Number(numbers) if self.column.missing() == 0 => match numbers {
                Numbers::F32(a) => Some(Scores::Narrow(a.values())),
                Numbers::F64(a) => Some(Scores::Wide(a.values())),
                _ => None,
            },
            _ => None,
        }
    }

    /// The codes without a copy; none where some are missing.
    pub fn codes(&self) -> Option<GroupCodes<'_>> {
        match &self.column {
            Column::Level(codes, _) if self.column.missing() == 0 => Some(match codes {
                Codes::U8(a) => GroupCodes::Bytes(a.values()),
                Codes::U32(a) => GroupCodes::Words(a.values()),
            }),
            _ => None,
        }
    }
}

impl PartialEq for Held {
    fn eq(&self, other: &Held) -> bool {
        self.plain() == other.plain()
    }
}

/// A column as plain values. Flags of which some are missing are a category, since a truth has no value for that.
pub fn plain(column: &Column) -> KernelArg {
    match column {
        Column::Bool(a) if column.missing() == 0 => KernelArg::Bools(a.values().iter().collect()),
        Column::Bool(a) => {
            let levels = Levels { column: "a flag".into(), names: vec!["false".into(), "true".into()] };
            KernelArg::Levels(a.iter().map(|v| v.map_or(MISSING_LEVEL, u32::from)).collect(), Arc::new(levels))
        }
        Column::Number(a) => KernelArg::Numbers(a.to_vec()),
        Column::Level(a, levels) => {
            let codes = match column.missing() {
                0 => a.to_vec(),
                _ => a.iter().map(|code| code.unwrap_or(MISSING_LEVEL)).collect(),
            };
            KernelArg::Levels(codes, levels.clone())
        }
        Column::Date(_) => KernelArg::Numbers(column.as_f64()),
        Column::Text(a) => KernelArg::Texts(a.iter().map(|t| t.map(str::to_string)).collect()),
    }
}

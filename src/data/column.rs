//! One column: an Arrow array with its meaning.

use super::numbers::{Codes, Numbers};
use crate::check::Levels;
use arrow_array::builder::BooleanBuilder;
use arrow_array::{Array, BooleanArray, Date32Array, StringArray, UInt32Array};
use arrow_select::take::take;
use std::sync::Arc;

/// Values of one kind, one a row; validity is Arrow's.
#[derive(Debug, Clone)]
pub enum Column {
    Bool(BooleanArray),
    /// Whole numbers too, exact up to 2^53.
    Number(Numbers),
    /// Codes into the levels.
    Level(Codes, Arc<Levels>),
    Text(StringArray),
    /// Days since 1970-01-01.
    Date(Date32Array),
}

impl Column {
    pub fn len(&self) -> usize {
        self.array().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn missing(&self) -> usize {
        self.array().null_count()
    }

    /// Whether both are the very same values in memory, not only equal ones.
    pub fn is(&self, other: &Column) -> bool {
        self.array().to_data().ptr_eq(&other.array().to_data())
    }

    pub fn array(&self) -> &dyn Array {
        match self {
            Column::Bool(a) => a,
            Column::Number(a) => a.array(),
            Column::Level(a, _) => a.array(),
            Column::Text(a) => a,
            Column::Date(a) => a,
        }
    }

    /// The rows at `index`, in that order. An index past the end yields an empty column.
    pub fn take(&self, index: &UInt32Array) -> Column {
        fn pick<A: Array + Clone + 'static>(array: &A, index: &UInt32Array) -> A {
            take(array, index, None)
                .ok()
                .and_then(|a| a.as_any().downcast_ref::<A>().cloned())
                .unwrap_or_else(|| array.clone())
        }
        match self {
            Column::Bool(a) => Column::Bool(pick(a, index)),
            Column::Number(a) => Column::Number(match a {
                Numbers::I16(a) => Numbers::I16(pick(a, index)),
                Numbers::I32(a) => Numbers::I32(pick(a, index)),
                Numbers::F32(a) => Numbers::F32(pick(a, index)),
                Numbers::F64(a) => Numbers::F64(pick(a, index)),
            }),
            Column::Level(a, levels) => Column::Level(
                match a {
                    Codes::U8(a) => Codes::U8(pick(a, index)),
                    Codes::U32(a) => Codes::U32(pick(a, index)),
                },
                levels.clone(),
            ),
            Column::Text(a) => Column::Text(pick(a, index)),
            Column::Date(a) => Column::Date(pick(a, index)),
        }
    }

    pub fn bools(values: impl IntoIterator<Item = Option<bool>>) -> Column {
        let mut builder = BooleanBuilder::new();
        values.into_iter().for_each(|v| builder.append_option(v));
        Column::Bool(builder.finish())
    }

    pub fn numbers(values: impl IntoIterator<Item = Option<f64>>) -> Column {
        Column::Number(values.into_iter().collect())
    }

    pub fn levels(values: impl IntoIterator<Item = Option<u32>>, levels: Arc<Levels>) -> Column {
        Column::Level(Codes::new(values, levels.names.len()), levels)
    }

    /// The same values in the narrowest storage that holds each of them exactly.
    pub fn compact(self) -> Column {
        match self {
            Column::Number(a) => Column::Number(a.compact()),
            other => other,
        }
    }

    /// One `f64` a row: flags as 0 and 1, categories as codes, missing cells as NaN; texts have none.
    pub fn as_f64(&self) -> Vec<f64> {
        match self {
            Column::Bool(a) => a.iter().map(|v| v.map_or(f64::NAN, |b| if b { 1.0 } else { 0.0 })).collect(),
            Column::Number(a) => a.to_vec(),
            Column::Level(a, _) => a.iter().map(|v| v.map_or(f64::NAN, f64::from)).collect(),
            Column::Date(a) => a.iter().map(|v| v.map_or(f64::NAN, f64::from)).collect(),
            Column::Text(a) => vec![f64::NAN; a.len()],
        }
    }
}

//! One column: an Arrow array with its meaning.

use crate::check::Levels;
use arrow_array::builder::{BooleanBuilder, Float64Builder, UInt32Builder};
use arrow_array::{Array, BooleanArray, Date32Array, Float64Array, StringArray, UInt32Array};
use arrow_select::take::take;
use std::sync::Arc;

/// Values of one kind, one a row; validity is Arrow's.
#[derive(Debug, Clone)]
pub enum Column {
    Bool(BooleanArray),
    /// Whole numbers too, exact up to 2^53.
    Number(Float64Array),
    /// Codes into the levels.
    Level(UInt32Array, Arc<Levels>),
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

    pub fn array(&self) -> &dyn Array {
        match self {
            Column::Bool(a) => a,
            Column::Number(a) => a,
            Column::Level(a, _) => a,
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
            Column::Number(a) => Column::Number(pick(a, index)),
            Column::Level(a, levels) => Column::Level(pick(a, index), levels.clone()),
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
        let mut builder = Float64Builder::new();
        values.into_iter().for_each(|v| builder.append_option(v));
        Column::Number(builder.finish())
    }

    pub fn levels(values: impl IntoIterator<Item = Option<u32>>, levels: Arc<Levels>) -> Column {
        let mut builder = UInt32Builder::new();
        values.into_iter().for_each(|v| builder.append_option(v));
        Column::Level(builder.finish(), levels)
    }

    /// One `f64` a row: flags as 0 and 1, categories as codes, missing cells as NaN; texts have none.
    pub fn as_f64(&self) -> Vec<f64> {
        match self {
            Column::Bool(a) => a.iter().map(|v| v.map_or(f64::NAN, |b| if b { 1.0 } else { 0.0 })).collect(),
            Column::Number(a) => a.iter().map(|v| v.unwrap_or(f64::NAN)).collect(),
            Column::Level(a, _) => a.iter().map(|v| v.map_or(f64::NAN, f64::from)).collect(),
            Column::Date(a) => a.iter().map(|v| v.map_or(f64::NAN, f64::from)).collect(),
            Column::Text(a) => vec![f64::NAN; a.len()],
        }
    }
}

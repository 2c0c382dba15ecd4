//! Storage of numbers and category codes: the narrowest Arrow array that holds every value exactly, so that
//! a walk over millions of rows reads as few bytes as it can.

use arrow_array::builder::{BooleanBufferBuilder, Float64Builder, UInt8Builder, UInt32Builder};
use arrow_array::{Array, Float32Array, Float64Array, Int16Array, Int32Array, UInt8Array, UInt32Array};
use arrow_buffer::NullBuffer;

/// Numbers of one column. Whatever the storage, each is an `f64` to the reader, to the last bit.
#[derive(Debug, Clone)]
pub enum Numbers {
    I16(Int16Array),
    I32(Int32Array),
    F32(Float32Array),
    F64(Float64Array),
}

impl Numbers {
    pub fn array(&self) -> &dyn Array {
        match self {
            Numbers::I16(a) => a,
            Numbers::I32(a) => a,
            Numbers::F32(a) => a,
            Numbers::F64(a) => a,
        }
    }

    pub fn len(&self) -> usize {
        self.array().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn nulls(&self) -> Option<&NullBuffer> {
        self.array().nulls()
    }

    /// The number in a row, whether or not the row is valid.
    pub fn value(&self, row: usize) -> f64 {
        match self {
            Numbers::I16(a) => f64::from(a.value(row)),
            Numbers::I32(a) => f64::from(a.value(row)),
            Numbers::F32(a) => f64::from(a.value(row)),
            Numbers::F64(a) => a.value(row),
        }
    }

    pub fn get(&self, row: usize) -> Option<f64> {
        (row < self.len() && self.array().is_valid(row)).then(|| self.value(row))
    }

    pub fn iter(&self) -> impl Iterator<Item = Option<f64>> + '_ {
        (0..self.len()).map(|row| self.get(row))
    }

    /// One `f64` a row; rows without a value hold NaN.
    pub fn to_vec(&self) -> Vec<f64> {
        let mut out: Vec<f64> = match self {
            Numbers::I16(a) => a.values().iter().map(|v| f64::from(*v)).collect(),
            Numbers::I32(a) => a.values().iter().map(|v| f64::from(*v)).collect(),
            Numbers::F32(a) => a.values().iter().map(|v| f64::from(*v)).collect(),
            Numbers::F64(a) => a.values().to_vec(),
        };
        if let Some(nulls) = self.nulls().filter(|n| n.null_count() > 0) {
            for (value, valid) in out.iter_mut().zip(nulls.iter()) {
                if !valid {
                    *value = f64::NAN;
                }
            }
        }
        out
    }

    /// The same numbers in the narrowest storage that keeps each one's bits.
    pub fn compact(self) -> Numbers {
        let Numbers::F64(wide) = &self else { return self };
        let nulls = wide.nulls().cloned();
        let present = || wide.iter().flatten();
        let keeps = |narrow: &dyn Fn(f64) -> f64| present().all(|v| narrow(v).to_bits() == v.to_bits());
        // Rows without a value hold whatever the cast makes of them.
        let values = wide.values();
        if keeps(&|v| f64::from(v as i16)) {
            Numbers::I16(Int16Array::new(values.iter().map(|v| *v as i16).collect(), nulls))
        } else if keeps(&|v| f64::from(v as i32)) {
            Numbers::I32(Int32Array::new(values.iter().map(|v| *v as i32).collect(), nulls))
        } else if keeps(&|v| f64::from(v as f32)) {
            Numbers::F32(Float32Array::new(values.iter().map(|v| *v as f32).collect(), nulls))
        } else {
            self
        }
    }
}

/// Numbers as they arrive, in the narrowest storage that has held all of them so far.
#[derive(Debug, Default)]
pub struct NumberStore {
    values: Stored,
    valid: Validity,
}

/// Validity, kept only once a value is missing.
#[derive(Debug, Default)]
struct Validity {
    rows: usize,
    bits: Option<BooleanBufferBuilder>,
}

#[derive(Debug)]
enum Stored {
    I16(Vec<i16>),
    I32(Vec<i32>),
    F32(Vec<f32>),
    F64(Vec<f64>),
}

impl Default for Stored {
    fn default() -> Self {
        Stored::I16(Vec::new())
    }
}

impl NumberStore {
    pub fn push(&mut self, value: Option<f64>) {
        let validity = &mut self.valid;
        match (&mut validity.bits, value.is_some()) {
            (Some(bits), valid) => bits.append(valid),
            (None, true) => {}
            (None, false) => {
                let mut bits = BooleanBufferBuilder::new(validity.rows + 1024);
                bits.append_n(validity.rows, true);
                bits.append(false);
                validity.bits = Some(bits);
            }
        }
        validity.rows += 1;
        let v = value.unwrap_or(0.0);
        loop {
            let fits = |narrow: f64| narrow.to_bits() == v.to_bits();
            match &mut self.values {
                Stored::I16(to) if fits(f64::from(v as i16)) => to.push(v as i16),
                Stored::I32(to) if fits(f64::from(v as i32)) => to.push(v as i32),
                Stored::F32(to) if fits(f64::from(v as f32)) => to.push(v as f32),
                Stored::F64(to) => to.push(v),
                narrow => {
                    *narrow = narrow.wider(v);
                    continue;
                }
            }
            return;
        }
    }

    pub fn finish(mut self) -> Numbers {
        let nulls = self.valid.bits.take().map(|mut bits| NullBuffer::new(bits.finish()));
        match self.values {
            Stored::I16(v) => Numbers::I16(Int16Array::new(v.into(), nulls)),
            Stored::I32(v) => Numbers::I32(Int32Array::new(v.into(), nulls)),
            Stored::F32(v) => Numbers::F32(Float32Array::new(v.into(), nulls)),
            Stored::F64(v) => Numbers::F64(Float64Array::new(v.into(), nulls)),
        }
    }
}

impl Stored {
    /// The same values in a storage that holds `next` as well.
    fn wider(&self, next: f64) -> Stored {
        let whole = f64::from(next as i32).to_bits() == next.to_bits();
        let single = f64::from(next as f32).to_bits() == next.to_bits();
        match self {
            Stored::I16(v) if whole => Stored::I32(v.iter().map(|v| i32::from(*v)).collect()),
            Stored::I16(v) if single => Stored::F32(v.iter().map(|v| f32::from(*v)).collect()),
            Stored::I16(v) => Stored::F64(v.iter().map(|v| f64::from(*v)).collect()),
            Stored::I32(v) if single && v.iter().all(|v| *v as f32 as i32 == *v && v.unsigned_abs() <= 1 << 24) => {
                Stored::F32(v.iter().map(|v| *v as f32).collect())
            }
            Stored::I32(v) => Stored::F64(v.iter().map(|v| f64::from(*v)).collect()),
            Stored::F32(v) => Stored::F64(v.iter().map(|v| f64::from(*v)).collect()),
            Stored::F64(v) => Stored::F64(v.clone()),
        }
    }
}

impl From<Float64Array> for Numbers {
    fn from(array: Float64Array) -> Self {
        Numbers::F64(array)
    }
}

impl FromIterator<Option<f64>> for Numbers {
    fn from_iter<T: IntoIterator<Item = Option<f64>>>(values: T) -> Self {
        let mut builder = Float64Builder::new();
        values.into_iter().for_each(|v| builder.append_option(v));
        Numbers::F64(builder.finish())
    }
}

/// Codes into the levels of a category: a byte each when there are at most 256 levels.
#[derive(Debug, Clone)]
pub enum Codes {
    U8(UInt8Array),
    U32(UInt32Array),
}

impl Codes {
    /// Codes below `levels`.
    pub fn new(values: impl IntoIterator<Item = Option<u32>>, levels: usize) -> Codes {
        if levels <= 256 {
            let mut builder = UInt8Builder::new();
            values.into_iter().for_each(|v| builder.append_option(v.and_then(|v| u8::try_from(v).ok())));
            return Codes::U8(builder.finish());
        }
        let mut builder = UInt32Builder::new();
        values.into_iter().for_each(|v| builder.append_option(v));
        Codes::U32(builder.finish())
    }

    pub fn array(&self) -> &dyn Array {
        match self {
            Codes::U8(a) => a,
            Codes::U32(a) => a,
        }
    }

    pub fn len(&self) -> usize {
        self.array().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn nulls(&self) -> Option<&NullBuffer> {
        self.array().nulls()
    }

    /// The code in a row, whether or not the row is valid.
    pub fn value(&self, row: usize) -> u32 {
        match self {
            Codes::U8(a) => u32::from(a.value(row)),
            Codes::U32(a) => a.value(row),
        }
    }

    pub fn get(&self, row: usize) -> Option<u32> {
        (row < self.len() && self.array().is_valid(row)).then(|| self.value(row))
    }

    pub fn iter(&self) -> impl Iterator<Item = Option<u32>> + '_ {
        (0..self.len()).map(|row| self.get(row))
    }

    /// One code a row, whether or not the row is valid.
    pub fn to_vec(&self) -> Vec<u32> {
        match self {
            Codes::U8(a) => a.values().iter().map(|v| u32::from(*v)).collect(),
            Codes::U32(a) => a.values().to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Codes, Numbers};

    fn compact(values: &[Option<f64>]) -> Numbers {
        values.iter().copied().collect::<Numbers>().compact()
    }

    #[test]
    fn the_narrowest_storage_that_keeps_every_bit() {
        assert!(matches!(compact(&[Some(1.0), None, Some(-32768.0)]), Numbers::I16(_)));
        assert!(matches!(compact(&[Some(1.0), Some(32768.0)]), Numbers::I32(_)));
        assert!(matches!(compact(&[Some(0.5), Some(1e10)]), Numbers::F32(_)));
        assert!(matches!(compact(&[Some(0.1)]), Numbers::F64(_)));
        // Negative zero is not the integer zero.
        assert!(matches!(compact(&[Some(-0.0), Some(3.0)]), Numbers::F32(_)));
        for kept in [compact(&[Some(-0.0), None, Some(7.0)]), compact(&[Some(2.0), None])] {
            assert_eq!(kept.get(1), None);
            assert!(kept.get(0).is_some());
        }
        assert_eq!(compact(&[Some(-0.0)]).get(0).map(f64::to_bits), Some((-0.0f64).to_bits()));
    }

    #[test]
    fn values_that_arrive_one_by_one_widen_the_storage() {
        let rounds: [&[Option<f64>]; 5] = [
            &[Some(1.0), None, Some(-5.0)],
            &[Some(1.0), Some(70_000.0), None],
            &[Some(3.0), Some(0.5), Some(-0.0)],
            &[Some(16_777_217.0), Some(0.5)],
            &[Some(0.5), Some(0.1), None, Some(1e300)],
        ];
        for values in rounds {
            let mut store = super::NumberStore::default();
            values.iter().for_each(|v| store.push(*v));
            let bits = |v: Option<f64>| v.map(f64::to_bits);
            let kept: Vec<Option<u64>> = store.finish().iter().map(bits).collect();
            assert_eq!(kept, values.iter().map(|v| bits(*v)).collect::<Vec<_>>());
        }
    }

    #[test]
    fn codes_are_bytes_while_they_fit() {
        assert!(matches!(Codes::new([Some(1), None], 3), Codes::U8(_)));
        let many = Codes::new([Some(300), None], 400);
        assert_eq!((many.get(0), many.get(1)), (Some(300), None));
    }
}

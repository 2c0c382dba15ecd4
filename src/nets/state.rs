//! A training put aside: everything its later steps depend on, by name, on the host.
//!
//! Knows values, not what they are for. Taken up again on the same kind of device, a training gives
//! the same bytes as one that was never put aside.

use std::collections::BTreeMap;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::weights::HostMatrix;

/// What was put aside.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct State {
    pub tensors: BTreeMap<String, HostMatrix>,
    /// Everything else, as JSON.
    pub notes: BTreeMap<String, serde_json::Value>,
}

impl State {
    /// Puts a matrix aside.
    pub fn put(&mut self, name: &str, matrix: HostMatrix) {
        self.tensors.insert(name.to_string(), matrix);
    }

    /// The matrix called `name`.
    pub fn get(&self, name: &str) -> Option<&HostMatrix> {
        self.tensors.get(name)
    }

    /// Puts a value aside; numbers whose bits matter go through a type that keeps them.
    pub fn note(&mut self, name: &str, value: &impl Serialize) {
        self.notes.insert(name.to_string(), serde_json::to_value(value).unwrap_or_default());
    }

    /// The value called `name`.
    pub fn noted<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        self.notes.get(name).and_then(|v| T::deserialize(v).ok())
    }

    /// Puts a number aside with all its bits.
    pub fn number(&mut self, name: &str, value: f64) {
        self.note(name, &value.to_bits());
    }

    /// The number called `name`.
    pub fn numbered(&self, name: &str) -> Option<f64> {
        self.noted::<u64>(name).map(f64::from_bits)
    }

    /// Puts a random stream aside at where it stands.
    pub fn stream(&mut self, name: &str, rng: &ChaCha8Rng) {
        let at = rng.get_word_pos();
        self.note(name, &(rng.get_seed().to_vec(), rng.get_stream(), (at >> 64) as u64, at as u64));
    }

    /// The stream called `name`, where it stood.
    pub fn streamed(&self, name: &str) -> Option<ChaCha8Rng> {
        let (seed, stream, high, low): (Vec<u8>, u64, u64, u64) = self.noted(name)?;
        let mut rng = ChaCha8Rng::from_seed(seed.try_into().ok()?);
        rng.set_stream(stream);
        rng.set_word_pos(u128::from(high) << 64 | u128::from(low));
        Some(rng)
    }
}

#[cfg(test)]
mod tests {
    use super::super::noise;
    use super::*;
    use rand::RngExt;

    #[test]
    fn a_stream_goes_on_where_it_stood() {
        for words in [0, 1, 3, 16, 63, 64, 1001] {
            let mut rng = noise::stream(7, 3);
            for _ in 0..words {
                let _: f32 = rng.random();
            }
            let mut state = State::default();
            state.stream("rng", &rng);
            let mut again = state.streamed("rng").unwrap();
            for _ in 0..200 {
                assert_eq!(rng.random::<u64>(), again.random::<u64>());
                assert_eq!(rng.random::<u32>(), again.random::<u32>());
            }
        }
    }

    #[test]
    fn numbers_keep_their_bits() {
        let mut state = State::default();
        for x in [0.1 + 0.2, f64::NAN, f64::INFINITY, -0.0] {
            state.number("x", x);
            assert_eq!(state.numbered("x").map(f64::to_bits), Some(x.to_bits()));
        }
        assert_eq!(state.numbered("y"), None);
    }
}

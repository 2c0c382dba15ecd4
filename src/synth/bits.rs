//! Exact numbers in JSON: an `f64` travels as its 64 bits.
//!
//! serde_json's fast float parser may miss the last bit, and a reloaded generator must give the
//! same bytes as the one that was saved. Knows nothing but numbers.

/// One number.
pub mod one {
    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes the bits of `value`.
    pub fn serialize<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(value.to_bits())
    }

    /// Reads a number back from its bits.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        u64::deserialize(from).map(f64::from_bits)
    }
}

/// A number that may be absent.
pub mod maybe {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// Writes the bits of `value`, or null.
    pub fn serialize<S: Serializer>(value: &Option<f64>, to: S) -> Result<S::Ok, S::Error> {
        value.map(f64::to_bits).serialize(to)
    }

    /// Reads a number back from its bits, or none from null.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
        Ok(Option::<u64>::deserialize(from)?.map(f64::from_bits))
    }
}

/// A list of numbers.
pub mod many {
    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes the bits of each of `values`.
    pub fn serialize<S: Serializer>(values: &[f64], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(values.iter().map(|v| v.to_bits()))
    }

    /// Reads the numbers back from their bits.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<f64>, D::Error> {
        Ok(Vec::<u64>::deserialize(from)?.into_iter().map(f64::from_bits).collect())
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct All {
        #[serde(with = "super::one")]
        a: f64,
        #[serde(with = "super::maybe")]
        b: Option<f64>,
        #[serde(with = "super::many")]
        c: Vec<f64>,
    }

    #[test]
    fn every_bit_survives() {
        let all = All { a: 0.1 + 0.2, b: None, c: vec![f64::INFINITY, 1e-308, -0.0] };
        let text = serde_json::to_string(&all).unwrap_or_default();
        assert_eq!(serde_json::from_str::<All>(&text).ok(), Some(all));
    }
}

//! A number of rows as it may be shown: patients' small counts are not.

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A number of rows, or why it is not shown. In JSON a number, `"<11"` or `"withheld"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    Rows(usize),
    /// From 1 to 10 rows of patients.
    Few,
    /// Any number: with it a small one could be worked out.
    Withheld,
}

impl Count {
    /// The number, where it is shown.
    pub fn shown(self) -> Option<usize> {
        match self {
            Count::Rows(n) => Some(n),
            _ => None,
        }
    }

    /// Whether it is shown and nothing.
    pub fn is_zero(self) -> bool {
        self == Count::Rows(0)
    }
}

impl PartialEq<usize> for Count {
    fn eq(&self, n: &usize) -> bool {
        *self == Count::Rows(*n)
    }
}

impl From<usize> for Count {
    fn from(n: usize) -> Count {
        Count::Rows(n)
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Count::Rows(n) => write!(f, "{n}"),
            Count::Few => f.write_str("<11"),
            Count::Withheld => f.write_str("withheld"),
        }
    }
}

impl Serialize for Count {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Count::Rows(n) => n.serialize(to),
            hidden => to.collect_str(hidden),
        }
    }
}

struct Reader;

impl Visitor<'_> for Reader {
    type Value = Count;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a number of rows, \"<11\" or \"withheld\"")
    }

    fn visit_u64<E: Error>(self, n: u64) -> Result<Count, E> {
        usize::try_from(n).map(Count::Rows).map_err(E::custom)
    }

    fn visit_i64<E: Error>(self, n: i64) -> Result<Count, E> {
        usize::try_from(n).map(Count::Rows).map_err(E::custom)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Count, E> {
        [Count::Few, Count::Withheld]
            .into_iter()
            .find(|c| c.to_string() == text)
            .ok_or_else(|| E::custom(format!("`{text}` is no number of rows")))
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Count, D::Error> {
        from.deserialize_any(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_survives_the_way_to_json_and_back() {
        for (count, text) in [(Count::Rows(12), "12"), (Count::Few, "\"<11\""), (Count::Withheld, "\"withheld\"")] {
            assert_eq!(serde_json::to_string(&count).unwrap(), text);
            assert_eq!(serde_json::from_str::<Count>(text).unwrap(), count);
        }
        assert!(serde_json::from_str::<Count>("\"few\"").is_err() && serde_json::from_str::<Count>("-1").is_err());
    }
}

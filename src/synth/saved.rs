//! The saved form of generators and checkpoints: a safetensors file that describes itself.
//!
//! The matrices are plain safetensors entries that any reader of that format sees; everything else
//! (codes of columns, settings, history, the kind) is JSON under `dbf` in the file's own metadata,
//! with a digest of the matrices beside it. Knows no networks and no files.

use std::collections::HashMap;

use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::SynthError;
use crate::data::matrix::HostMatrix;

/// The version of the format.
const FORMAT: u32 = 1;
/// The key of our JSON in the file's metadata.
const KEY: &str = "dbf";

/// A kind, what it says of itself, and its matrices.
#[derive(Debug, Clone, PartialEq)]
pub struct Saved {
    /// `bt_gan`, `checkpoint`, …
    pub kind: String,
    /// Numbers that must keep their bits go through [`bits`](super::bits).
    pub about: serde_json::Value,
    /// Distinct names.
    pub tensors: Vec<(String, HostMatrix)>,
}

/// The JSON in the metadata.
#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
    kind: String,
    sha256: String,
    about: serde_json::Value,
}

impl Saved {
    /// A kind whose description is `about`; one that cannot be JSON (it has no string keys) becomes null.
    pub fn new(kind: &str, about: &impl Serialize, tensors: Vec<(String, HostMatrix)>) -> Saved {
        let about = serde_json::to_value(about).unwrap_or_default();
        Saved { kind: kind.to_string(), about, tensors }
    }

    /// The matrix called `name`.
    pub fn tensor(&self, name: &str) -> Option<&HostMatrix> {
        self.tensors.iter().find(|(n, _)| n == name).map(|(_, m)| m)
    }

    /// What the kind says of itself, as `T`.
    pub fn about<T: serde::de::DeserializeOwned>(&self) -> Result<T, SynthError> {
        T::deserialize(&self.about).map_err(|e| SynthError::Corrupt(format!("its header is not as expected ({e})")))
    }

    /// The file's bytes: equal for equal contents.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut sorted: Vec<&(String, HostMatrix)> = self.tensors.iter().collect();
        sorted.sort_by(|a, b| a.0.cmp(&b.0));
        let bytes: Vec<Vec<u8>> =
            sorted.iter().map(|(_, m)| m.values.iter().flat_map(|x| x.to_le_bytes()).collect()).collect();
        let header =
            Header { format: FORMAT, kind: self.kind.clone(), sha256: digest(&bytes), about: self.about.clone() };
        let text = serde_json::to_string(&header).unwrap_or_default();
        let views = sorted.iter().zip(&bytes).filter_map(|((name, m), bytes)| {
            Some((name.as_str(), TensorView::new(Dtype::F32, vec![m.rows, m.columns], bytes).ok()?))
        });
        // Shapes that contradict their values are left out above, and show when they are read.
        serialize(views, Some(HashMap::from([(KEY.to_string(), text)]))).unwrap_or_default()
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote; anything else, cut short or altered, is refused.
    pub fn from_bytes(bytes: &[u8]) -> Result<Saved, SynthError> {
        let corrupt = |why: &str| SynthError::Corrupt(why.to_string());
        let strange = || corrupt("it does not start like a generator of this version");
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|_| strange())?;
        let text = metadata.metadata().as_ref().and_then(|m| m.get(KEY)).ok_or_else(strange)?;
        let header: Header = serde_json::from_str(text).map_err(|_| strange())?;
        if header.format != FORMAT {
            return Err(strange());
        }
        let file = SafeTensors::deserialize(bytes).map_err(|_| corrupt("it is cut short"))?;
        let mut tensors = Vec::new();
        let mut raw = Vec::new();
        let mut names = file.names();
        names.sort_unstable();
        for name in names {
            let view = file.tensor(name).map_err(|_| corrupt("it is cut short"))?;
            let ([rows, columns], Dtype::F32) = (view.shape(), view.dtype()) else {
                return Err(corrupt("a matrix in it is none"));
            };
            let values =
                view.data().chunks_exact(4).filter_map(|b| b.first_chunk().copied()).map(f32::from_le_bytes).collect();
            tensors.push((name.to_string(), HostMatrix { rows: *rows, columns: *columns, values }));
            raw.push(view.data().to_vec());
        }
        if digest(&raw) != header.sha256 {
            return Err(corrupt("its checksum does not match"));
        }
        Ok(Saved { kind: header.kind, about: header.about, tensors })
    }
}

fn digest(parts: &[Vec<u8>]) -> String {
    let mut sum = Sha256::new();
    parts.iter().for_each(|p| sum.update(p));
    sum.finalize().iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved() -> Saved {
        let one = HostMatrix { rows: 2, columns: 2, values: vec![1.0, -0.0, f32::MIN_POSITIVE, 3.5] };
        let tensors = vec![("z".to_string(), one), ("a/b".to_string(), HostMatrix::filled(1, 3, 0.1))];
        Saved::new("toy", &serde_json::json!({"columns": ["age"], "steps": 7}), tensors)
    }

    #[test]
    fn what_is_saved_comes_back_and_equal_contents_are_equal_bytes() {
        let (saved, bytes) = (saved(), saved().to_bytes());
        assert_eq!(bytes, saved.to_bytes());
        let back = Saved::from_bytes(&bytes).unwrap();
        assert_eq!((&back.kind, &back.about), (&saved.kind, &saved.about));
        for (name, matrix) in &saved.tensors {
            assert_eq!(back.tensor(name), Some(matrix));
        }
        let plain = SafeTensors::deserialize(&bytes).unwrap();
        assert_eq!(plain.tensor("z").unwrap().shape(), [2, 2], "any reader of the format sees the matrices");
    }

    #[test]
    fn whatever_is_cut_or_altered_is_refused() {
        let bytes = saved().to_bytes();
        for n in [0, 7, 20, bytes.len() - 1] {
            assert!(matches!(Saved::from_bytes(&bytes[..n]), Err(SynthError::Corrupt(_))), "{n}");
        }
        let mut altered = bytes.clone();
        *altered.last_mut().unwrap() ^= 1;
        assert!(matches!(Saved::from_bytes(&altered), Err(SynthError::Corrupt(_))));
    }
}

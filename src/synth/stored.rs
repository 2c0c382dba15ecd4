//! A fitted conditional GAN as bytes, and back.
//!
//! A magic word, a SHA-256 of the rest, the length of a JSON header, the header, then the matrices
//! as little-endian `f32`. Bytes are checked before they are believed. Opens no files.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::encoder::{ColumnCode, Encoder};
use super::privacy::noise::Trained;
use super::sample::ConditionalGan;
use super::{EpochLoss, FitSettings, Generator, SynthError, bits};
use crate::nets::device::Picked;
use crate::nets::weights::HostMatrix;

/// First bytes of a saved generator; the digit is the version of the format.
const MAGIC: &[u8; 8] = b"DBFCGAN2";

/// A shift of scores, exact in JSON.
#[derive(Serialize, Deserialize)]
struct Shift(#[serde(with = "bits::many")] Vec<f64>);

/// What is saved beside the matrices.
#[derive(Serialize, Deserialize)]
struct Header {
    columns: Vec<ColumnCode>,
    settings: FitSettings,
    history: Vec<EpochLoss>,
    shifts: Vec<Shift>,
    privacy: Option<Trained>,
    /// Rows and columns of each matrix.
    weights: Vec<(usize, usize)>,
    statistics: Vec<(usize, usize)>,
}

/// The generator as bytes; [`load`] reads them back.
pub(super) fn write(gan: &ConditionalGan) -> Vec<u8> {
    let sizes = |m: &[HostMatrix]| m.iter().map(|m| (m.rows, m.columns)).collect();
    let header = Header {
        columns: gan.encoder.columns.clone(),
        settings: gan.settings.clone(),
        history: gan.history.clone(),
        shifts: gan.shifts.iter().cloned().map(Shift).collect(),
        privacy: gan.privacy.clone(),
        weights: sizes(&gan.weights),
        statistics: sizes(&gan.statistics),
    };
    // Plain structs with string keys always become JSON.
    let header = serde_json::to_vec(&header).unwrap_or_default();
    let mut body = (header.len() as u64).to_le_bytes().to_vec();
    body.extend(header);
    for x in gan.weights.iter().chain(&gan.statistics).flat_map(|m| &m.values) {
        body.extend(x.to_le_bytes());
    }
    let mut out = MAGIC.to_vec();
    out.extend(Sha256::digest(&body));
    out.extend(body);
    out
}

/// Reads a generator written by [`Generator::to_bytes`], for `device`.
pub fn load(bytes: &[u8], device: &Picked) -> Result<Box<dyn Generator>, SynthError> {
    let corrupt = |why: &str| SynthError::Corrupt(why.to_string());
    let short = || corrupt("it is cut short");
    let rest =
        bytes.strip_prefix(MAGIC).ok_or_else(|| corrupt("it does not start like a generator of this version"))?;
    let (digest, body) = rest.split_at_checked(32).ok_or_else(short)?;
    if Sha256::digest(body).as_slice() != digest {
        return Err(corrupt("its checksum does not match"));
    }
    let (len, body) = body.split_first_chunk::<8>().ok_or_else(short)?;
    let len = usize::try_from(u64::from_le_bytes(*len)).unwrap_or(usize::MAX);
    let (header, body) = body.split_at_checked(len).ok_or_else(short)?;
    let header: Header = serde_json::from_slice(header)
        .map_err(|e| SynthError::Corrupt(format!("its header is not as expected ({e})")))?;
    let strange = || corrupt("its header contradicts itself");
    let encoder = Encoder::of(header.columns).ok_or_else(strange)?;
    let settings = header.settings.checked(usize::MAX).map(|_| header.settings).map_err(|_| strange())?;
    let mut numbers = body.chunks_exact(4).filter_map(|b| b.first_chunk().copied());
    let mut read = |sizes: &[(usize, usize)]| -> Vec<HostMatrix> {
        let mut matrix = |&(rows, columns): &(usize, usize)| {
            let n = rows.saturating_mul(columns);
            let values = numbers.by_ref().take(n).map(f32::from_le_bytes).collect();
            HostMatrix { rows, columns, values }
        };
        sizes.iter().map(&mut matrix).collect()
    };
    let (weights, statistics) = (read(&header.weights), read(&header.statistics));
    let shifts: Vec<Vec<f64>> = header.shifts.into_iter().map(|s| s.0).collect();
    let fits = shifts.iter().zip(&encoder.layout.segments).all(|(s, segment)| s.len() == segment.entries);
    let mut gan = ConditionalGan::new(encoder, settings, weights, device);
    gan.history = header.history;
    gan.privacy = header.privacy;
    gan.shifts = shifts;
    gan.statistics = statistics;
    if !fits || gan.network().is_none() {
        return Err(corrupt("its weights do not have the shape of its networks"));
    }
    Ok(Box::new(gan))
}

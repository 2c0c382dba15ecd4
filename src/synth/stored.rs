//! The saved form of a conditional GAN.
//!
//! A cached generator must draw the same bytes as the one that was saved, so matrices are kept
//! exactly and every number in the header as its bits. Knows no files.

use serde::{Deserialize, Serialize};

use super::encoder::{ColumnCode, Encoder};
use super::fitting::Place;
use super::privacy::noise::Trained;
use super::sample::ConditionalGan;
use super::saved::Saved;
use super::{EpochLoss, FitSettings, Generator, SynthError, bits};
use crate::nets::weights::HostMatrix;

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
    weights: usize,
    statistics: usize,
}

/// The generator's saved form; [`load`] reads it back.
pub(super) fn write(gan: &ConditionalGan) -> Saved {
    let header = Header {
        columns: gan.encoder.columns.clone(),
        settings: gan.settings.clone(),
        history: gan.history.clone(),
        shifts: gan.shifts.iter().cloned().map(Shift).collect(),
        privacy: gan.privacy.clone(),
        weights: gan.weights.len(),
        statistics: gan.statistics.len(),
    };
    let named = |what: &str, all: &[HostMatrix]| -> Vec<(String, HostMatrix)> {
        all.iter().enumerate().map(|(i, m)| (format!("{what}/{i:02}"), m.clone())).collect()
    };
    let tensors = [named("generator", &gan.weights), named("statistics", &gan.statistics)].concat();
    Saved::new("conditional_gan", &header, tensors)
}

/// Reads a generator that [`Generator::save`] wrote, for `device`.
pub fn load(saved: Saved, device: &Place) -> Result<Box<dyn Generator>, SynthError> {
    let header: Header = saved.about()?;
    let strange = || SynthError::Corrupt("its header contradicts itself".to_string());
    let encoder = Encoder::of(header.columns).ok_or_else(strange)?;
    let settings = header.settings.checked(usize::MAX).map(|_| header.settings).map_err(|_| strange())?;
    let read = |what: &str, n: usize| -> Option<Vec<HostMatrix>> {
        (0..n).map(|i| saved.tensor(&format!("{what}/{i:02}")).cloned()).collect()
    };
    let weights = read("generator", header.weights).ok_or_else(strange)?;
    let shifts: Vec<Vec<f64>> = header.shifts.into_iter().map(|s| s.0).collect();
    let fits = shifts.iter().zip(&encoder.layout.segments).all(|(s, segment)| s.len() == segment.entries);
    let mut gan = ConditionalGan::new(encoder, settings, weights, device);
    gan.history = header.history;
    gan.privacy = header.privacy;
    gan.shifts = shifts;
    gan.statistics = read("statistics", header.statistics).ok_or_else(strange)?;
    if !fits || gan.network().is_none() {
        return Err(SynthError::Corrupt("its weights do not have the shape of its networks".to_string()));
    }
    Ok(Box::new(gan))
}

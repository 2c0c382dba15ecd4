//! The saved form of the default generator.

use serde::{Deserialize, Serialize};

use super::super::fitting::Place;
use super::super::privacy::noise::Trained;
use super::super::saved::Saved;
use super::super::{EpochLoss, Generator, SynthError};
use super::code::Column;
use super::sample::Argn;
use crate::nets::weights::HostMatrix;

#[derive(Serialize, Deserialize)]
struct Header {
    columns: Vec<Column>,
    order: Vec<usize>,
    hidden: usize,
    history: Vec<EpochLoss>,
    privacy: Option<Trained>,
    weights: usize,
}

pub(super) fn write(argn: &Argn) -> Saved {
    let header = Header {
        columns: argn.columns.clone(),
        order: argn.order.clone(),
        hidden: argn.hidden,
        history: argn.history.clone(),
        privacy: argn.privacy.clone(),
        weights: argn.weights.len(),
    };
    let tensors = argn.weights.iter().enumerate().map(|(i, m)| (format!("columns/{i}"), m.clone())).collect();
    Saved::new("argn", &header, tensors)
}

/// Reads a generator that [`Generator::save`] wrote, for `device`.
pub fn load(saved: Saved, device: &Place) -> Result<Box<dyn Generator>, SynthError> {
    let header: Header = saved.about()?;
    let strange = || SynthError::Corrupt("its header contradicts itself".to_string());
    let mut order = header.order.clone();
    order.sort_unstable();
    let whole = order.iter().copied().eq(0..header.columns.len());
    if !whole || header.columns.is_empty() || !header.columns.iter().all(Column::coherent) || header.hidden > 65_536 {
        return Err(strange());
    }
    let weights: Option<Vec<HostMatrix>> =
        (0..header.weights.min(16)).map(|i| saved.tensor(&format!("columns/{i}")).cloned()).collect();
    let weights = weights.ok_or_else(strange)?;
    let mut argn = Argn::new(header.columns, header.order, header.hidden, weights, header.history, device)?;
    argn.privacy = header.privacy;
    Ok(Box::new(argn))
}

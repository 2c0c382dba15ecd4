//! A fitted fair generator in its saved form, and back. Opens no files.

use serde::{Deserialize, Serialize};

use super::drawer::FairGan;
use super::settings::FairSettings;
use super::transport::Transport;
use crate::nets::device::Picked;
use crate::nets::weights::HostMatrix;
use crate::synth::encoder::{ColumnCode, Encoder};
use crate::synth::privacy::noise::Trained;
use crate::synth::saved::Saved;
use crate::synth::{EpochLoss, Generator, SynthError, bits};

/// A shift of scores, exact in JSON.
#[derive(Serialize, Deserialize)]
struct Shift(#[serde(with = "bits::many")] Vec<f64>);

/// What is saved beside the matrices.
#[derive(Serialize, Deserialize)]
struct About {
    columns: Vec<ColumnCode>,
    settings: FairSettings,
    history: Vec<EpochLoss>,
    facts: Vec<(String, String)>,
    shifts: Vec<Shift>,
    label_shifts: Vec<Shift>,
    label_shares: Vec<Shift>,
    #[serde(default)]
    label_maps: Vec<Vec<[Shift; 2]>>,
    privacy: Option<Trained>,
}

/// The saved form.
pub(super) fn write(gan: &FairGan) -> Saved {
    let shifts = |s: &[Vec<f64>]| s.iter().cloned().map(Shift).collect();
    let map = |t: &Transport| [t.from.clone(), t.to.clone()].map(Shift);
    let about = About {
        columns: gan.encoder.columns.clone(),
        settings: gan.settings.clone(),
        history: gan.history.clone(),
        facts: gan.facts.clone(),
        shifts: shifts(&gan.shifts),
        label_shifts: shifts(&gan.label_shifts),
        label_shares: shifts(&gan.label_shares),
        label_maps: gan.label_maps.iter().map(|maps| maps.iter().map(map).collect()).collect(),
        privacy: gan.privacy.clone(),
    };
    let of = |name: &str, list: &[HostMatrix]| -> Vec<(String, HostMatrix)> {
        list.iter().enumerate().map(|(i, m)| (format!("{name}/{i:02}"), m.clone())).collect()
    };
    let mut tensors = of("generator", &gan.weights);
    tensors.extend(of("statistics", &gan.statistics));
    tensors.extend(of("classifier", &gan.classifier));
    Saved::new(gan.kind, &about, tensors)
}

/// Reads a generator of this room.
pub fn load(saved: Saved, device: &Picked) -> Result<Box<dyn Generator>, SynthError> {
    let strange = || SynthError::Corrupt("its header contradicts itself".into());
    let kind = ["bt_gan", "sdg"].into_iter().find(|k| *k == saved.kind).ok_or_else(strange)?;
    let about: About = saved.about()?;
    let encoder = Encoder::of(about.columns).ok_or_else(strange)?;
    let settings = about.settings.checked(usize::MAX).map(|_| about.settings).map_err(|_| strange())?;
    let list = |name: &str| -> Vec<HostMatrix> {
        (0..100).map_while(|i| saved.tensor(&format!("{name}/{i:02}")).cloned()).collect()
    };
    let mut gan = FairGan::new(kind, encoder, settings, [list("generator"), list("classifier")], device);
    gan.statistics = list("statistics");
    gan.history = about.history;
    gan.facts = about.facts;
    gan.privacy = about.privacy;
    gan.shifts = about.shifts.into_iter().map(|s| s.0).collect();
    gan.label_shifts = about.label_shifts.into_iter().map(|s| s.0).collect();
    gan.label_shares = about.label_shares.into_iter().map(|s| s.0).collect();
    let map = |[from, to]: [Shift; 2]| Transport { from: from.0, to: to.0 };
    gan.label_maps = about.label_maps.into_iter().map(|maps| maps.into_iter().map(map).collect()).collect();
    let fits = gan.shifts.iter().zip(&gan.encoder.layout.segments).all(|(s, segment)| s.len() == segment.entries);
    let labels = gan.plan.label.map_or(0, |l| l.entries);
    let fits = fits && gan.label_shifts.iter().chain(&gan.label_shares).all(|s| s.len() == labels);
    let sound = |t: &Transport| t.from.len() == t.to.len() && t.from.is_sorted() && t.to.is_sorted();
    let fits = fits && gan.label_maps.iter().all(|maps| maps.len() == labels && maps.iter().all(sound));
    if !fits || !gan.sound() {
        return Err(SynthError::Corrupt("its weights do not have the shape of its networks".into()));
    }
    Ok(Box::new(gan))
}

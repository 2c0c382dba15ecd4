//! The kinds of generators by name: how each is fitted and read back. One line a kind.
//!
//! What settings a kind takes, and what it is for, stands in `check/generators.rs`; a test holds the two sets equal.

use super::asked::Asked;
use super::controls::kinds as controls;
use super::fitting::{Fitting, Place};
use super::saved::Saved;
use super::{Generator, SynthError};
use crate::data::frame::Frame;

/// A fit of one kind.
pub type Fit = fn(&Frame, &Asked, &Fitting) -> Result<Box<dyn Generator>, SynthError>;
/// Reads one kind back.
pub type Load = fn(Saved, &Place) -> Result<Box<dyn Generator>, SynthError>;

/// Name, fit and load of every kind that this build has.
pub const KINDS: &[(&str, Fit, Load)] = &[
    #[cfg(feature = "nets")]
    ("argn", super::argn::fit, super::argn::load),
    #[cfg(feature = "nets")]
    ("conditional_gan", super::gan::fit, super::stored::load),
    #[cfg(feature = "nets")]
    ("bt_gan", super::fair::bt::fit, super::fair::stored::load),
    #[cfg(feature = "nets")]
    ("sdg", super::fair::sdg::fit, super::fair::stored::load),
    #[cfg(feature = "nets")]
    ("discgan", super::discgan::fit, super::discgan::load),
    #[cfg(feature = "nets")]
    ("discgan_plus", super::vae_gan::fit_discgan, super::vae_gan::load_discgan),
    #[cfg(feature = "nets")]
    ("vae_gan", super::vae_gan::fit, super::vae_gan::load),
    #[cfg(feature = "nets")]
    ("hisgt", super::visits::model::fit, super::visits::model::load),
    ("marginal", super::graphical::fit, super::graphical::load),
    ("independent", controls::fit_independent, controls::load_independent),
    ("bootstrap", controls::fit_bootstrap, controls::load_bootstrap),
    ("gaussian_copula", controls::fit_copula, controls::load_copula),
];

/// Learns `frame` as `asked`. Equal arguments give equal generators on the processor, whatever the
/// number of threads.
pub fn fit(frame: &Frame, asked: &Asked, fitting: &Fitting) -> Result<Box<dyn Generator>, SynthError> {
    if frame.rows == 0 || frame.columns.is_empty() {
        return Err(SynthError::Empty);
    }
    match KINDS.iter().find(|k| k.0 == asked.kind) {
        Some(kind) => (kind.1)(frame, asked, fitting),
        None => Err(SynthError::Unsupported(format!("this build has no generator {}", asked.kind))),
    }
}

/// Reads a generator whose [`Generator::save`] was written as bytes.
pub fn load(bytes: &[u8], device: &Place) -> Result<Box<dyn Generator>, SynthError> {
    let saved = Saved::from_bytes(bytes)?;
    match KINDS.iter().find(|k| k.0 == saved.kind) {
        Some(kind) => (kind.2)(saved, device),
        None => Err(SynthError::Corrupt(format!("it is a {}, which this build does not know", saved.kind))),
    }
}

#[cfg(all(test, feature = "nets"))]
mod tests {
    use super::*;

    #[test]
    fn the_checker_knows_the_same_kinds() {
        let mut known: Vec<&str> = crate::check::generators::KINDS.iter().map(|k| k.name).collect();
        let mut fitted: Vec<&str> = KINDS.iter().map(|k| k.0).collect();
        known.sort_unstable();
        fitted.sort_unstable();
        assert_eq!(known, fitted);
    }
}

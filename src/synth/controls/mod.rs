//! Controls: three ways to make rows that learn next to nothing, next to everything, or only pairs.
//!
//! A figure of a generator says little until one knows what rows without any dependence score (`independent`), what
//! copies of the training rows score (`bootstrap`), and what two seconds of linear algebra score (`gaussian_copula`).
//! None of them promises privacy; a bootstrap is the training data.

pub mod bootstrap;
pub mod copula;
pub mod independent;
pub mod kinds;
pub mod margin;
mod shape;

use super::SynthError;
use crate::data::frame::Frame;

/// Names of the controls, in the order in which reports show them.
pub const CONTROLS: [&str; 3] = [independent::KIND, bootstrap::KIND, copula::KIND];

/// As many rows as `frame` has, of each control in the order of [`CONTROLS`], by the seed.
pub fn samples(frame: &Frame, seed: u64) -> [Result<Frame, SynthError>; 3] {
    let nothing = super::Given::nothing();
    [
        independent::Independent::fit(frame).and_then(|g| g.draw(frame.rows, &nothing, seed)),
        bootstrap::Bootstrap::fit(frame).and_then(|g| g.draw(frame.rows, &nothing, seed)),
        copula::GaussianCopula::fit(frame).and_then(|g| g.draw(frame.rows, &nothing, seed)),
    ]
}

//! Generators that are told to be fair: `bt_gan` and `sdg`.
//!
//! Both draw rows with the players of `nets::fair` and label them with the classifier among them.
//! `bt` is Bt-GAN's course (Triple-GAN, weighted rows, information constraint), `sdg` the
//! proposal's own objective. Knows frames and columns; no files.

pub mod batches;
pub mod bt;
pub mod drawer;
mod labels;
pub mod making;
pub mod price;
mod private;
pub mod rates;
pub mod scores;
pub mod sdg;
pub mod settings;
pub mod stored;
pub mod transport;

#[cfg(test)]
mod tests;

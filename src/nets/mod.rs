//! Networks on burn, and how they are trained.
//!
//! burn 0.22 tensors carry no backend type: the device is a run-time value, and `device.rs` is the
//! only file that knows which devices this build has. A network here is a list of plain tensors
//! ([`weights::Weights`]) with functions over it rather than a derived burn module: weights are
//! drawn from a seeded stream (burn's own initialisers use a global generator), averaged, saved
//! and, later, clipped and noised one by one. This room knows rows of numbers; it knows no tables,
//! columns, files or clocks. Seams for what comes next: a fairness term joins the generator's loss in
//! `adversarial::Game::step`; an autoencoder reuses `generator::forward` and `heads`; a transformer is a file beside
//! `generator`. The whole room needs the `nets` feature.

pub mod adam;
pub mod adversarial;
pub mod columns;
pub mod critic;
pub mod device;
pub mod discgan;
pub mod fair;
pub mod generator;
pub mod guided;
pub mod heads;
pub mod hybrid;
pub mod noise;
pub mod private;
pub mod state;
pub mod transformer;
pub mod tree;
pub mod values;
pub mod weights;

//! From a checked program to results: datasets, scenarios, folds, generators, models, cells, policies.
//!
//! Writes only through its [`store::Store`]; shows progress only through the `World`.

pub mod checks;
pub mod coverage;
mod describe;
pub mod diff;
pub mod evaluate;
pub mod folds;
mod generate;
pub mod loaded;
pub mod lock;
pub mod mutate;
mod plots;
mod predict;
pub mod result;
mod rules;
pub mod run;
pub mod scenario;
pub mod seeds;
mod shown;
mod small_cells;
pub mod spending;
pub mod store;
pub mod synthetic;
pub mod trial;
pub mod visits;
pub mod why;

pub use loaded::Loaded;
pub use run::{Options, Outcome, run};

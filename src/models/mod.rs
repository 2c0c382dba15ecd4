//! Models under test that the language brings along, trained on a [`Frame`](crate::data::frame::Frame).
//!
//! A fitted model turns rows into the probability of the outcome. The room knows columns of numbers and
//! codes only: no units, roles, files, clocks or terminals; anything random comes from a seed in the
//! settings, and a fit runs on one thread, so the same input gives the same bits.

pub mod boosted_trees;
pub mod design;
mod fitted;
pub mod histogram;
pub mod logistic;
pub mod tree;

pub use fitted::{Fitted, ModelError};

#[cfg(test)]
mod tests_support;

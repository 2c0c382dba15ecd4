//! Kernels of the built-in metrics: plain functions over slices, one family a file.
//!
//! A kernel returns a [`Measured`](crate::eval::estimate::Measured): the value with its interval, n
//! and, where there is one, its noise floor, or the reason why there is no value. The room knows
//! nothing of the language, of files, clocks or terminals; anything random comes from a seed that the
//! caller passes, so the same input gives the same bits on any number of threads.
//!
//! Row weights multiply what a row counts; missing, infinite and negative ones are refused, and so are
//! weights that are all 0.

pub mod agreement;
pub mod bootstrap;
pub mod calibration;
mod checks;
pub mod classification;
pub mod counts;
pub mod curves;
pub mod disclosure;
pub mod distance;
pub mod explanation;
pub mod fairness;
pub mod features;
pub mod hypothesis;
pub mod inference;
mod laws;
pub mod linear;
pub mod multiclass;
pub mod neighbours;
mod passes;
mod radix;
pub mod ranking;
pub mod ranks;
pub mod resampling;
pub mod scoring;
pub mod synthetic;
pub mod text;
pub mod units;

pub(crate) use checks::word as checks_word;

#[cfg(test)]
mod fixtures;

//! Names, types, units and levels: every mistake that can be found before data is read.
//!
//! Pure: no file, clock or terminal. What it learns lies in side tables keyed by node id.

mod benchmark;
mod call;
mod convert;
pub mod dataset;
pub mod expr;
mod functions;
mod habits;
mod index;
pub mod items;
mod models;
mod operators;
mod policy;
pub mod program;
mod scenario;
pub mod scope;
pub mod special;
pub mod types;
pub mod unit;
mod walk;

pub use program::{Checked, Program, StdModule, Tables};
pub use types::{Base, Level, Levels, Type};
pub use walk::walk;

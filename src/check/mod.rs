//! Names, types, units and levels: every mistake that can be found before data is read.
//!
//! Pure: no file, clock or terminal. What it learns lies in side tables keyed by node id.

pub mod analytes;
mod arguments;
mod benchmark;
mod call;
pub mod contract;
mod convert;
pub mod dataset;
mod dates;
pub mod expr;
mod facts;
pub mod flow;
pub mod force;
mod functions;
pub mod generators;
mod habits;
mod hole;
mod impute;
mod index;
pub mod instance;
pub mod items;
mod link;
pub mod lints;
pub mod lists;
mod matching;
pub mod models;
pub mod modules;
mod operators;
pub mod policy;
pub mod private;
pub mod program;
mod records;
mod release;
mod scenario;
pub mod scope;
pub mod sensitivity;
pub mod special;
mod testing;
pub mod types;
pub mod unit;
mod walk;

pub use call::is_crossing;
pub use instance::Instance;
pub use program::{Checked, Program, StdModule, Tables};
pub use sensitivity::Sensitivity;
pub use types::{Base, Level, Levels, Type};
pub use walk::walk;

//! Policies decided over data and predictions, with the reason.
//!
//! Knows estimates and the language; nothing of scenarios, models or reports.

pub mod cells;
pub mod clause;
pub mod compare;
pub mod decide;
mod guard;
pub mod outcome;
mod rows;
pub mod telling;
mod weigh;

pub use decide::{Decided, Subject, decide, decided};
pub use outcome::{ConstraintResult, Verdict};

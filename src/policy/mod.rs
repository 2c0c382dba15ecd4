//! Policies decided over data and predictions, with the reason.
//!
//! Knows estimates and the language; nothing of scenarios, models or reports.

pub mod decide;
pub mod outcome;

pub use decide::{Subject, decide};
pub use outcome::{ConstraintResult, Verdict};

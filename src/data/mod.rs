//! Tables of Arrow columns, loaded cell by cell against a declared schema.
//!
//! Knows nothing of expressions: derived columns are computed in `eval`.

mod cells;
pub mod column;
pub mod frame;
pub mod load;
pub mod matrix;
pub mod numbers;
mod records;
pub mod table;

pub use column::Column;
pub use table::{Table, sha256_hex};

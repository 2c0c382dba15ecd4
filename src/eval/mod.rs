//! Evaluation: the scalar walk is the specification, the columnar walk the fast path.
//!
//! Pure: no file, clock, network or terminal. Total: what has no value is `Undefined` with its reason,
//! never 0, NaN or a panic.

pub mod aggregate;
pub mod aggregates;
pub mod bins;
pub mod calls;
pub mod chunk;
mod columnar;
pub mod count;
mod dates;
pub mod derive;
pub mod env;
pub mod estimate;
pub mod facts;
pub mod forms;
pub mod held;
pub mod identifiers;
mod impute;
pub mod kernel;
pub mod limits;
mod ops;
mod plain;
mod promise;
mod scalar;
pub mod shared;
pub mod value;
pub mod vector;
pub mod view;
mod walks;

pub use env::Env;
pub use kernel::{Kernel, KernelArg, KernelArgs, KernelRow, Kernels};
pub use value::Value;
pub use view::View;

//! The default generator: columns one after another, each by a small network that has seen those before.
//!
//! After TabularARGN (Tiwald et al. 2025). A number is drawn in two steps, the bin by the network and the place within
//! it by the bin's own quantiles, so that its distribution is met closely; missing cells are an entry like any other
//! and are learned with the rest. Training stops when rows it does not learn from get no likelier.

mod code;
mod fit;
mod private;
mod sample;
mod stored;

pub use fit::fit;
pub use stored::load;

#[cfg(test)]
mod tests;

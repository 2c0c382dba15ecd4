//! What a built-in metric looks like from here: a name and a function over columns.

use super::estimate::Measured;
use crate::check::Levels;
use std::sync::Arc;

/// One argument of a kernel.
#[derive(Debug, Clone, PartialEq)]
pub enum KernelArg {
    Bools(Vec<bool>),
    Numbers(Vec<f64>),
    /// Codes into the levels.
    Levels(Vec<u32>, Arc<Levels>),
    Number(f64),
    Text(String),
    Verdicts(Vec<String>),
    /// A row of this column has no value.
    Missing(String),
}

/// The arguments in the order of the declaration.
#[derive(Debug, Clone)]
pub struct KernelArgs {
    pub args: Vec<KernelArg>,
    /// For intervals and noise floors made by simulation.
    pub seed: u64,
    /// False inside a larger expression, where only the value counts.
    pub interval: bool,
}

/// A built-in metric.
pub type Kernel = fn(&KernelArgs) -> Measured;

/// Kernels by name.
#[derive(Debug, Clone, Default)]
pub struct Kernels {
    pub entries: Vec<(&'static str, Kernel)>,
}

impl Kernels {
    pub fn find(&self, name: &str) -> Option<Kernel> {
        self.entries.iter().find(|(n, _)| *n == name).map(|(_, k)| *k)
    }
}

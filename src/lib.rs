#![doc = include_str!("../ARCHITECTURE.md")]

pub mod builtins;
pub mod check;
pub mod cli;
pub mod data;
pub mod eval;
pub mod metrics;
pub mod models;
#[cfg(feature = "nets")]
pub mod nets;
pub mod policy;
pub mod repl;
pub mod report;
pub mod source;
pub mod suite;
pub mod syntax;
pub mod synth;

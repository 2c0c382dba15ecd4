//! One integration-test binary: golden runs, snapshots, properties, and the rules of the house.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that fails says so by panicking")]

mod support;

mod bad_input;
mod bad_kernel_inputs;
mod cells;
mod cli;
mod conformance;
mod determinism;
mod diff;
mod errors;
mod eval_props;
mod examples;
mod explain_pages;
mod expressions;
mod fixes;
mod guide;
mod house;
mod includes;
mod kernels;
mod levels;
mod limits;
mod lint_gaps;
mod lint_props;
mod lint_sizes;
mod lints;
mod modules;
mod phi;
mod policy_library;
mod proposal;
mod repl;
mod scenarios;
mod schema;
mod sensitivity;
mod stdlib;
mod syntax_props;
mod synthetic;
#[cfg(feature = "nets")]
mod visits;
mod why;

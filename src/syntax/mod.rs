//! Text to tree. The only room that names pest or logos.
//!
//! `token` (logos) → `items` (cut at top-level words) → `grammar` (pest, one item) → `build` → `ast`.

pub mod ast;
mod build;
mod build_expr;
mod build_policy;
mod build_test;
mod errors;
mod grammar;
mod habits;
pub mod items;
pub mod parse;
mod renew;
mod rules;
mod show;
mod signs;
pub mod token;

pub use parse::{Entry, NodeIds, parse_entry, parse_entry_with, parse_file};
pub use renew::{Renewal, each_part, renewed};
pub use show::{show, show_type};

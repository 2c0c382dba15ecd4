//! What a run looks like from outside: `results.json`, a page to read, a summary for the terminal.
//!
//! Everything here turns a [`Results`](crate::suite::result::Results) into text and returns it. This
//! room computes no metric and decides no constraint, and it knows no file, clock or terminal: the
//! caller writes, prints and colours.

mod format;
mod html;
mod json;
mod plots;
#[cfg(test)]
pub(crate) mod sample;
mod terminal;
#[cfg(test)]
mod tests;
mod view;

pub use html::page;
pub use json::{JsonError, digest, read, seal, verify, write};
pub use terminal::{Screen, render, why, written};

//! The session (no terminal) and its rustyline front end.

pub mod answer;
pub mod commands;
mod front;
pub mod session;

pub use front::run;
pub use session::Session;

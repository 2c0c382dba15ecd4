//! The only door from the pure core to files, clocks, terminals and signals.
//!
//! The command line, the REPL and the tests each supply a [`World`]; nothing below them opens a
//! file or looks at the time.

use std::io::{Cursor, Read};
use std::sync::Arc;

/// Why a file could not be read, in words for the person who asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorldError {
    /// The path as the script wrote it.
    pub path: String,
    /// What went wrong, for example `no such file`.
    pub message: String,
}

/// A stage of long work that reports how far it is. Dropping it ends the stage.
pub trait Stage: Send + Sync {
    /// `done` of the stage's units are finished.
    fn advance(&self, done: u64);
    /// A short live note, such as the current losses.
    fn note(&self, text: &str);
}

/// What the core may ask of the outside.
pub trait World: Send + Sync {
    /// The bytes of a file named by a script; relative paths start at the script's folder.
    fn read(&self, path: &str) -> Result<Arc<[u8]>, WorldError>;
    /// The same as a stream, for files that need not fit into memory.
    fn open(&self, path: &str) -> Result<Box<dyn Read + Send>, WorldError> {
        self.read(path).map(|bytes| Box::new(Cursor::new(bytes)) as Box<dyn Read + Send>)
    }
    /// Starts a progress display of `len` units; a world without a terminal shows nothing.
    fn stage(&self, name: &str, len: u64) -> Box<dyn Stage>;
    /// True once the person at the keyboard asked to stop (Ctrl-C).
    fn cancelled(&self) -> bool;
    /// Seconds since some fixed start, for timings that no digest covers.
    fn seconds(&self) -> f64;
}

/// A stage that shows nothing.
pub struct Silent;

impl Stage for Silent {
    fn advance(&self, _done: u64) {}
    fn note(&self, _text: &str) {}
}

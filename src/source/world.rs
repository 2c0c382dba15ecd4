//! The only door from the pure core to files, clocks, terminals and signals.
//!
//! The command line, the REPL and the tests each supply a [`World`]; nothing below them opens a
//! file or looks at the time.

use super::codes;
use super::diagnostic::Diagnostic;
use std::io::{Cursor, Read};
use std::sync::Arc;

/// Why a file could not be read, in words for the person who asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorldError {
    /// The path as the script wrote it.
    pub path: String,
    /// What went wrong, for example `no such file`.
    pub message: String,
    pub kind: Refusal,
}

/// What kind of a failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// No such file, no permission, a folder.
    Unreadable,
    /// The path leads out of the folder that the script may read.
    Outside,
    /// The file alone is larger than the limit on memory.
    TooLarge,
}

impl WorldError {
    /// For the person who wrote the path.
    pub fn told(&self) -> Diagnostic {
        let message = format!("`{}` cannot be read: {}", self.path, self.message);
        match self.kind {
            Refusal::Unreadable => Diagnostic::new(codes::NO_FILE, message).help("paths start at the script's folder"),
            Refusal::Outside => Diagnostic::new(codes::OUTSIDE_ROOT, message).help(
                "put the file into the script's folder or below it, or allow a folder above with `--root FOLDER`",
            ),
            Refusal::TooLarge => Diagnostic::new(codes::LIMIT_MEMORY, message)
                .help("raise the limit when you trust the script: `--limit memory=…`"),
        }
    }
}

/// A door for files alone: what the checker needs of a [`World`] to follow `use "./file.dbf"`.
pub type Door<'a> = &'a dyn Fn(&str) -> Result<Arc<[u8]>, WorldError>;

/// A path from the script's folder, with `.` and `..` worked out; none for an absolute one. It starts with
/// `..` when it leads out of that folder.
pub fn plain_path(folder: &str, path: &str) -> Option<String> {
    let windows_drive = path.as_bytes().get(1) == Some(&b':');
    if path.starts_with(['/', '\\', '~']) || windows_drive {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|p| *p != "..") => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    Some(parts.join("/"))
}

/// The folder part of a path made by [`plain_path`]; empty for the script's own.
pub fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
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

#[cfg(test)]
mod tests {
    use super::{folder_of, plain_path};

    #[test]
    fn paths_are_worked_out_without_looking_at_any_file() {
        let path = |folder, path| plain_path(folder, path);
        assert_eq!(path("", "./cohorts.dbf").as_deref(), Some("cohorts.dbf"));
        assert_eq!(path("lib/rules", "../units.dbf").as_deref(), Some("lib/units.dbf"));
        assert_eq!(path("lib", "a//b/./c.csv").as_deref(), Some("lib/a/b/c.csv"));
        assert_eq!(path("lib", "../../secret.csv").as_deref(), Some("../secret.csv"));
        assert_eq!(path("", "../../secret.csv").as_deref(), Some("../../secret.csv"));
        for absolute in ["/etc/passwd", "\\\\server\\x", "C:\\x.csv", "~/x.csv"] {
            assert_eq!(path("lib", absolute), None, "{absolute}");
        }
        assert_eq!((folder_of("lib/a/b.csv"), folder_of("b.csv")), ("lib/a", ""));
    }
}

//! The command line's [`World`]: real files, a real clock, progress bars, Ctrl-C.

use crate::eval::limits::Limits;
use crate::source::world::{Refusal, Silent, Stage, World, WorldError, plain_path};
use crate::source::{Diagnostic, codes};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

static CANCELLED: AtomicBool = AtomicBool::new(false);

/// Files below a script's folder.
pub struct FsWorld {
    /// The script's folder: where paths start.
    base: PathBuf,
    /// The folder that nothing may be read outside of.
    root: PathBuf,
    start: Instant,
    /// Seconds after which work is asked to stop.
    until: f64,
    /// Bytes above which no file is read.
    largest: u64,
    /// Whether to draw progress bars.
    bars: bool,
}

impl FsWorld {
    /// The world of a script; without one, of the current folder.
    pub fn of(script: Option<&Path>) -> FsWorld {
        let parent = script.and_then(Path::parent).filter(|p| !p.as_os_str().is_empty());
        let base = parent.map_or_else(|| PathBuf::from("."), Path::to_path_buf);
        FsWorld {
            root: base.clone(),
            base,
            start: Instant::now(),
            until: f64::INFINITY,
            largest: u64::MAX,
            bars: std::io::stderr().is_terminal(),
        }
    }

    /// The same, with everything below `root` to be read.
    pub fn within(self, root: Option<&Path>) -> FsWorld {
        match root {
            Some(root) => FsWorld { root: root.to_path_buf(), ..self },
            None => self,
        }
    }

    /// The same, held to the limits on time and memory.
    pub fn held_to(self, limits: &Limits) -> FsWorld {
        FsWorld { until: limits.seconds, largest: limits.memory, ..self }
    }

    /// Where a path leads, if that is a place this world may read.
    fn find(&self, path: &str) -> Result<PathBuf, WorldError> {
        let fail = |message: &str, kind| WorldError { path: path.into(), message: message.into(), kind };
        let Some(inner) = plain_path("", path) else {
            return Err(fail("it is an absolute path", Refusal::Outside));
        };
        let told = |why: std::io::Error| fail(&plain(&why), Refusal::Unreadable);
        let (base, root) = (self.base.canonicalize().map_err(told)?, self.root.canonicalize().map_err(told)?);
        // Worked out by its letters first, so that nothing outside is even looked at.
        let mut wanted = base;
        for part in inner.split('/') {
            match part {
                ".." => {
                    wanted.pop();
                }
                part => wanted.push(part),
            }
        }
        if !wanted.starts_with(&root) {
            return Err(fail("it lies outside the folder that the script may read", Refusal::Outside));
        }
        let real = wanted.canonicalize().map_err(told)?;
        if !real.starts_with(&root) {
            return Err(fail("a symbolic link leads out of the folder that the script may read", Refusal::Outside));
        }
        Ok(real)
    }
}

/// Makes Ctrl-C ask for an orderly stop; a second one ends at once.
pub fn listen_for_interrupt() {
    // A second call in one process keeps the first handler, which does the same.
    let _ = ctrlc::set_handler(|| {
        if CANCELLED.swap(true, Ordering::SeqCst) {
            std::process::exit(i32::from(super::exit::INTERRUPTED));
        }
    });
}

/// Reads a script.
pub fn read_script(path: &Path) -> Result<String, Diagnostic> {
    let shown = path.display();
    let fail = |why: String| Diagnostic::new(codes::NO_FILE, format!("`{shown}` cannot be read: {why}"));
    let bytes = std::fs::read(path).map_err(|e| fail(plain(&e)))?;
    String::from_utf8(bytes).map_err(|_| fail("it is not UTF-8 text".into()))
}

fn plain(why: &std::io::Error) -> String {
    match why.kind() {
        std::io::ErrorKind::NotFound => "no such file".into(),
        std::io::ErrorKind::PermissionDenied => "permission denied".into(),
        std::io::ErrorKind::IsADirectory => "it is a folder".into(),
        _ => why.to_string(),
    }
}

impl FsWorld {
    /// An ordinary file that may be read.
    fn file(&self, path: &str) -> Result<(PathBuf, u64), WorldError> {
        let real = self.find(path)?;
        let fail = |message: String| WorldError { path: path.into(), message, kind: Refusal::Unreadable };
        let about = std::fs::metadata(&real).map_err(|e| fail(plain(&e)))?;
        // A pipe or a device might never end.
        if !about.is_file() {
            return Err(fail(if about.is_dir() { "it is a folder" } else { "it is not an ordinary file" }.into()));
        }
        Ok((real, about.len()))
    }
}

impl World for FsWorld {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, WorldError> {
        let (real, len) = self.file(path)?;
        if len > self.largest {
            let message = format!("its {len} bytes are more than the limit on memory, {} bytes", self.largest);
            return Err(WorldError { path: path.into(), message, kind: Refusal::TooLarge });
        }
        let fail = |e| WorldError { path: path.into(), message: plain(&e), kind: Refusal::Unreadable };
        std::fs::read(&real).map(Into::into).map_err(fail)
    }

    fn open(&self, path: &str) -> Result<Box<dyn Read + Send>, WorldError> {
        let (real, _) = self.file(path)?;
        let fail = |e| WorldError { path: path.into(), message: plain(&e), kind: Refusal::Unreadable };
        std::fs::File::open(&real).map(|file| Box::new(file) as Box<dyn Read + Send>).map_err(fail)
    }

    fn stage(&self, name: &str, len: u64) -> Box<dyn Stage> {
        if !self.bars {
            return Box::new(Silent);
        }
        let bar = ProgressBar::new(len);
        if let Ok(style) = ProgressStyle::with_template("{prefix:<22} {wide_bar} {pos}/{len} {elapsed} {msg}") {
            bar.set_style(style);
        }
        bar.set_prefix(name.to_string());
        bar.enable_steady_tick(Duration::from_millis(200));
        Box::new(Bar(bar))
    }

    fn cancelled(&self) -> bool {
        CANCELLED.load(Ordering::SeqCst) || self.seconds() > self.until
    }

    fn seconds(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }
}

struct Bar(ProgressBar);

impl Stage for Bar {
    fn advance(&self, done: u64) {
        self.0.set_position(done);
    }

    fn note(&self, text: &str) {
        self.0.set_message(text.to_string());
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

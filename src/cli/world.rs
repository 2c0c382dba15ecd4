//! The command line's [`World`]: real files, a real clock, progress bars, Ctrl-C.

use crate::source::world::{Silent, Stage, World, WorldError};
use crate::source::{Diagnostic, codes};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

static CANCELLED: AtomicBool = AtomicBool::new(false);

/// Files relative to a script's folder.
pub struct FsWorld {
    root: PathBuf,
    start: Instant,
    /// Whether to draw progress bars.
    bars: bool,
}

impl FsWorld {
    /// The world of a script; without one, of the current folder.
    pub fn of(script: Option<&Path>) -> FsWorld {
        let root = script.and_then(Path::parent).map_or_else(PathBuf::new, Path::to_path_buf);
        FsWorld { root, start: Instant::now(), bars: std::io::stderr().is_terminal() }
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

impl World for FsWorld {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, WorldError> {
        match std::fs::read(self.root.join(path)) {
            Ok(bytes) => Ok(bytes.into()),
            Err(why) => Err(WorldError { path: path.into(), message: plain(&why) }),
        }
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
        CANCELLED.load(Ordering::SeqCst)
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

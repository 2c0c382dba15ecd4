//! What a run writes: results, report and a cache by content, so that nothing finished is lost.

use crate::data::sha256_hex;
use crate::source::{Diagnostic, codes};
use crate::synth::Checkpoints;
use std::fs;
use std::path::{Path, PathBuf};

/// An output folder.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
    /// Whether finished work of earlier runs may be used.
    reuse: bool,
}

impl Store {
    /// Makes the folder and checks that it can be written.
    pub fn open(folder: &Path, reuse: bool) -> Result<Store, Diagnostic> {
        let store = Store { folder: folder.to_path_buf(), reuse };
        fs::create_dir_all(folder.join("cache")).map_err(|e| store.cannot("make", folder, &e))?;
        store.write("cache/.probe", b"")?;
        let _ = fs::remove_file(folder.join("cache/.probe"));
        Ok(store)
    }

    /// A folder that is only read, and made when something is first kept: for questions that write no results.
    pub fn at(folder: &Path) -> Store {
        Store { folder: folder.to_path_buf(), reuse: true }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn cannot(&self, verb: &str, path: &Path, why: &std::io::Error) -> Diagnostic {
        let help = match why.kind() {
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
                "choose a folder you may write to: `--out FOLDER`"
            }
            std::io::ErrorKind::StorageFull => "make room on the disk, or choose another one: `--out FOLDER`",
            _ => "choose another folder: `--out FOLDER`",
        };
        Diagnostic::new(codes::OUTPUT, format!("cannot {verb} `{}`: {}", path.display(), plain(why))).help(help)
    }

    /// Writes a file whole or not at all.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, Diagnostic> {
        let path = self.folder.join(name);
        let part = path.with_extension("part");
        fs::write(&part, bytes).and_then(|()| fs::rename(&part, &path)).map_err(|e| self.cannot("write", &path, &e))?;
        Ok(path)
    }

    /// A finished piece of work from an earlier run.
    pub fn cached(&self, kind: &str, key: &[&str]) -> Option<Vec<u8>> {
        if !self.reuse {
            return None;
        }
        fs::read(self.folder.join(cache_name(kind, key))).ok()
    }

    /// Keeps a finished piece of work. Losing a cache entry loses time only, so failures are silent.
    pub fn keep(&self, kind: &str, key: &[&str], bytes: &[u8]) {
        let _ = fs::create_dir_all(self.folder.join("cache"));
        let _ = self.write(&cache_name(kind, key), bytes);
    }
}

/// The checkpoints of one fit, kept until another takes their place.
pub struct Progress<'a> {
    pub store: &'a Store,
    pub key: Vec<&'a str>,
}

impl Checkpoints for Progress<'_> {
    fn last(&self) -> Option<Vec<u8>> {
        self.store.cached("checkpoint", &self.key)
    }

    fn keep(&self, bytes: &[u8]) {
        self.store.keep("checkpoint", &self.key, bytes);
    }
}

impl Progress<'_> {
    /// Removes what is no longer needed once the fit is done.
    pub fn done(&self) {
        let _ = fs::remove_file(self.store.folder.join(cache_name("checkpoint", &self.key)));
    }
}

fn cache_name(kind: &str, key: &[&str]) -> String {
    let parts: Vec<String> = key.iter().map(|k| format!("{}:{k}", k.len())).collect();
    format!("cache/{kind}-{}.bin", sha256_hex(parts.join("|").as_bytes()))
}

fn plain(why: &std::io::Error) -> String {
    match why.kind() {
        std::io::ErrorKind::PermissionDenied => "permission denied".into(),
        std::io::ErrorKind::StorageFull => "the disk is full".into(),
        std::io::ErrorKind::ReadOnlyFilesystem => "the disk is read-only".into(),
        std::io::ErrorKind::NotFound => "there is no such folder".into(),
        std::io::ErrorKind::NotADirectory | std::io::ErrorKind::AlreadyExists => "a file stands in the way".into(),
        _ => why.to_string(),
    }
}

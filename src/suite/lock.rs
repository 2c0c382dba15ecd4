//! The lock of a script: everything its figures come from, by content. Knows no path of this machine.

use crate::check::{Program, StdModule};
use crate::data::sha256_hex;
use crate::source::world::{Refusal, World, WorldError};
use crate::source::{Diagnostic, SourceMap};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The form of the file.
pub const SCHEMA: &str = "dbf.lock/1";

/// A lock. Fields stand in the order of their names, as RFC 8785 sorts them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    pub datasets: Vec<Pinned>,
    pub files: Vec<Pinned>,
    /// The language edition.
    pub language: u32,
    pub modules: Vec<Pinned>,
    pub schema: String,
    pub tool: LockTool,
}

/// The tool that a lock was made with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockTool {
    pub name: String,
    pub version: String,
}

/// A file by its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pinned {
    pub bytes: u64,
    /// For a part of the standard library: its module.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// From the script's folder, or within the standard library.
    pub path: String,
    pub sha256: String,
}

impl Pinned {
    fn of(path: &str, module: Option<&str>, bytes: &[u8]) -> Pinned {
        let module = module.map(String::from);
        Pinned { bytes: bytes.len() as u64, module, path: path.into(), sha256: sha256_hex(bytes) }
    }
}

/// A file of data by its content, read piece by piece: it may be larger than the memory.
fn streamed(path: &str, world: &dyn World) -> Result<Pinned, WorldError> {
    let mut file = world.open(path)?;
    let (mut hash, mut bytes, mut piece) = (Sha256::new(), 0u64, vec![0u8; 1 << 16]);
    loop {
        match file.read(&mut piece) {
            Ok(0) => break,
            Ok(n) => {
                hash.update(piece.get(..n).unwrap_or(&[]));
                bytes += n as u64;
            }
            Err(why) if why.kind() == std::io::ErrorKind::Interrupted => {}
            Err(why) => {
                let message = why.to_string();
                return Err(WorldError { path: path.into(), message, kind: Refusal::Unreadable });
            }
        }
    }
    let sha256 = hash.finalize().iter().map(|b| format!("{b:02x}")).collect();
    Ok(Pinned { bytes, module: None, path: path.into(), sha256 })
}

/// The used files of a program, in the order of their paths.
pub fn used_files(program: &Program, sources: &SourceMap) -> Vec<Pinned> {
    let mut out: Vec<Pinned> = program
        .used_files()
        .filter_map(|o| {
            let file = sources.file(o.source?)?;
            Some(Pinned::of(&o.path, None, file.text.as_bytes()))
        })
        .collect();
    out.sort_by(|a, b| a.path.cmp(&b.path));
    out
}

impl Lock {
    /// The lock of a program as things stand; reads every dataset's file.
    pub fn of(
        program: &Program,
        sources: &SourceMap,
        std: &[StdModule],
        world: &dyn World,
    ) -> Result<Lock, Vec<Diagnostic>> {
        let mut datasets = BTreeMap::new();
        let mut found = Vec::new();
        for schema in &program.datasets {
            match streamed(&schema.path, world) {
                Ok(pinned) => {
                    datasets.insert(schema.path.clone(), pinned);
                }
                Err(why) => found.push(why.told().at(schema.path_span, "this file")),
            }
        }
        if !found.is_empty() {
            return Err(found);
        }
        let is_used = |m: &&StdModule| program.origins.iter().any(|o| o.std.iter().any(|s| s == m.path));
        let mut modules: Vec<Pinned> =
            std.iter().filter(is_used).map(|m| Pinned::of(m.file, Some(m.path), m.text.as_bytes())).collect();
        modules.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Lock {
            datasets: datasets.into_values().collect(),
            files: used_files(program, sources),
            language: crate::check::items::EDITION as u32,
            modules,
            schema: SCHEMA.into(),
            tool: LockTool { name: "dbf".into(), version: env!("CARGO_PKG_VERSION").into() },
        })
    }

    /// The text of a lock file.
    pub fn text(&self) -> Result<String, String> {
        serde_json::to_string_pretty(self).map(|t| t + "\n").map_err(|e| e.to_string())
    }

    /// Reads a lock file; the error says what is wrong with it.
    pub fn read(text: &str) -> Result<Lock, String> {
        let lock: Lock = serde_json::from_str(text).map_err(|e| format!("it is not a lock file: {e}"))?;
        if lock.schema == SCHEMA {
            Ok(lock)
        } else {
            Err(format!("it follows `{}`, and this build reads `{SCHEMA}`", lock.schema))
        }
    }

    /// What differs now from the time of locking, in words; empty when nothing does.
    pub fn changes(&self, now: &Lock) -> Vec<String> {
        let mut out = Vec::new();
        if self.tool.version != now.tool.version {
            out.push(format!("dbf was {} and is {} now", self.tool.version, now.tool.version));
        }
        if self.language != now.language {
            out.push(format!("the language edition was {} and is {} now", self.language, now.language));
        }
        for (what, before, after) in [
            ("the data", &self.datasets, &now.datasets),
            ("the used file", &self.files, &now.files),
            ("the standard module", &self.modules, &now.modules),
        ] {
            for old in before {
                match after.iter().find(|n| n.path == old.path) {
                    None => out.push(format!("{what} `{}` is no longer used", old.path)),
                    Some(new) if new.sha256 != old.sha256 && new.bytes != old.bytes => out.push(format!(
                        "{what} `{}` changed: it had {} bytes and has {}",
                        old.path, old.bytes, new.bytes
                    )),
                    Some(new) if new.sha256 != old.sha256 => {
                        out.push(format!("{what} `{}` changed, at the same length", old.path));
                    }
                    Some(_) => {}
                }
            }
            for new in after.iter().filter(|n| !before.iter().any(|o| o.path == n.path)) {
                out.push(format!("{what} `{}` is new", new.path));
            }
        }
        out
    }
}

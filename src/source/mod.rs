//! Source text, spans and diagnostics: the ground floor. Knows nothing of the language.

pub mod codes;
pub mod diagnostic;
pub mod file;
pub mod fix;
pub mod render;
pub mod world;

pub use codes::{Code, Severity};
pub use diagnostic::{Diagnostic, Label};
pub use file::{SourceId, SourceMap, Span};
pub use fix::Fix;

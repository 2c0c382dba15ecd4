//! Loops run with the widest instructions that the processor has (`pulp` chooses at run time).

use pulp::Arch;
use std::sync::LazyLock;

/// The instructions of this processor.
pub static ARCH: LazyLock<Arch> = LazyLock::new(Arch::new);

/// Runs a loop with them; the closure is to be `#[inline(always)]`.
#[inline]
pub fn wide<R>(work: impl FnOnce() -> R) -> R {
    ARCH.dispatch(work)
}

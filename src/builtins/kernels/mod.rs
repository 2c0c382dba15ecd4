//! Kernel of each bodyless declaration in `stdlib/`: arguments in the declaration's order, one family a
//! file.

mod calibration;
mod classification;
mod fairness;
mod ranking;

use crate::eval::{Kernel, KernelRow, Kernels};

/// All kernels.
pub fn kernels() -> Kernels {
    let families = [classification::ROWS, ranking::ROWS, calibration::ROWS, fairness::ROWS];
    Kernels { entries: families.into_iter().flatten().copied().collect() }
}

/// A metric whose interval may come from resampling rows.
const fn over_rows(name: &'static str, kernel: Kernel) -> KernelRow {
    KernelRow { name, kernel, resampled: true }
}

/// A test, a fit or a figure that says nothing when its rows are resampled.
#[expect(dead_code, reason = "the families that need it follow")]
const fn as_is(name: &'static str, kernel: Kernel) -> KernelRow {
    KernelRow { name, kernel, resampled: false }
}

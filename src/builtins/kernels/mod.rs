//! Kernel of each bodyless declaration in `stdlib/`: arguments in the declaration's order, one family a
//! file.

mod agreement;
mod calibration;
mod classification;
mod columns;
mod disclosure;
mod distance;
mod fairness;
mod inference;
mod ranking;
mod resampling;
mod synthetic;
mod text;

use crate::eval::{Kernel, KernelRow, Kernels};

/// All kernels.
pub fn kernels() -> Kernels {
    let families = [
        classification::ROWS,
        ranking::ROWS,
        calibration::ROWS,
        fairness::ROWS,
        inference::ROWS,
        resampling::ROWS,
        agreement::ROWS,
        text::ROWS,
        distance::ROWS,
        disclosure::ROWS,
        synthetic::ROWS,
    ];
    Kernels { entries: families.into_iter().flatten().copied().collect() }
}

/// A metric whose interval may come from resampling rows.
const fn over_rows(name: &'static str, kernel: Kernel) -> KernelRow {
    KernelRow { name, kernel, resampled: true }
}

/// A test, a fit or a figure that says nothing when its rows are resampled.
const fn as_is(name: &'static str, kernel: Kernel) -> KernelRow {
    KernelRow { name, kernel, resampled: false }
}

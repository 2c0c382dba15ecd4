//! Kernel of each bodyless declaration in `stdlib/`: arguments in the declaration's order, one family a
//! file.

mod agreement;
mod calibration;
mod classification;
mod distance;
mod fairness;
mod inference;
mod ranking;
mod resampling;
mod text;

use crate::eval::estimate::Undefined;
use crate::eval::{Kernel, KernelArg, KernelArgs, KernelRow, Kernels};
use crate::metrics::disclosure::Codes;

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

/// Columns of any kind as codes.
fn codes(args: &KernelArgs, at: usize) -> Result<Vec<Codes>, Undefined> {
    let one = |column: &KernelArg| match column {
        KernelArg::Numbers(x) => Ok(Codes::of_numbers(x)),
        KernelArg::Bools(x) => Ok(Codes { codes: x.iter().map(|b| u32::from(*b)).collect(), ordered: false }),
        KernelArg::Levels(codes, levels) => {
            let most = levels.names.len() as u32;
            Ok(Codes { codes: codes.iter().map(|c| (*c).min(most)).collect(), ordered: false })
        }
        other => {
            let texts = other.texts()?;
            let mut names = texts.clone();
            names.sort_unstable();
            names.dedup();
            let code = |t: &Option<&str>| names.partition_point(|n| n < t) as u32;
            Ok(Codes { codes: texts.iter().map(code).collect(), ordered: false })
        }
    };
    args.columns(at)?.iter().map(one).collect()
}

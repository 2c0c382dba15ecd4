//! Lists of columns of any kind as the kernels over whole tables take them.

use crate::data::Column;
use crate::data::numbers::Numbers;
use crate::eval::estimate::Undefined;
use crate::eval::{KernelArg, KernelArgs};
use crate::metrics::disclosure::Codes;
use crate::metrics::features::Mixed;
use rayon::prelude::*;
use std::borrow::Cow;
use std::sync::Arc;

/// Texts as codes into the distinct ones in order; missing is a value of its own and comes first.
fn coded(texts: &[Option<&str>]) -> (Vec<u32>, usize) {
    let mut names = texts.to_vec();
    names.sort_unstable();
    names.dedup();
    (texts.iter().map(|t| names.partition_point(|n| n < t) as u32).collect(), names.len())
}

/// Columns of any kind as codes, handed to a kernel over classes; a missing level is one more. A column's codes are
/// made once for all kernels that are given it.
pub(super) fn with_codes<R>(
    args: &KernelArgs,
    at: usize,
    run: impl FnOnce(&[Codes]) -> Result<R, Undefined>,
) -> Result<R, Undefined> {
    let made: Result<Vec<Arc<Codes<'static>>>, Undefined> =
        args.columns(at)?.par_iter().map(|column| shared_codes(args, column)).collect();
    let made = made?;
    let codes: Vec<Codes> =
        made.iter().map(|c| Codes { codes: Cow::Borrowed(&*c.codes), ordered: c.ordered }).collect();
    run(&codes)
}

fn shared_codes(args: &KernelArgs, column: &KernelArg) -> Result<Arc<Codes<'static>>, Undefined> {
    match (&args.shared, column) {
        (Some(shared), KernelArg::Held(held)) => {
            let made = shared.of("codes", &[held.column()], || coded_column(column).map(Arc::new));
            (*made).clone()
        }
        _ => coded_column(column).map(Arc::new),
    }
}

fn coded_column(column: &KernelArg) -> Result<Codes<'static>, Undefined> {
    // Numbers without gaps are read where they are.
    if let KernelArg::Held(held) = column
        && held.column().missing() == 0
        && let Column::Number(numbers) = held.column()
    {
        return Ok(match numbers {
            Numbers::I16(a) => Codes::of_numbers(a.values()),
            Numbers::I32(a) => Codes::of_numbers(a.values()),
            Numbers::F32(a) => Codes::of_numbers(a.values()),
            Numbers::F64(a) => Codes::of_numbers(a.values()),
        });
    }
    let codes = match column.plain() {
        KernelArg::Numbers(x) => return Ok(Codes::of_numbers(x)),
        KernelArg::Bools(x) => x.iter().map(|b| u32::from(*b)).collect(),
        KernelArg::Levels(codes, levels) => {
            let most = levels.names.len() as u32;
            codes.iter().map(|c| (*c).min(most)).collect()
        }
        other => coded(&other.texts()?).0.into(),
    };
    Ok(Codes { codes, ordered: false })
}

/// Columns of any kind, texts as categories, handed to a kernel over points.
pub(super) fn with_mixed<R>(
    args: &KernelArgs,
    at: usize,
    run: impl FnOnce(&[Mixed]) -> Result<R, Undefined>,
) -> Result<R, Undefined> {
    let columns = args.columns(at)?;
    // Texts get codes of their own, which the columns then borrow.
    let mut texts = Vec::new();
    for column in columns {
        texts.push(match column.plain() {
            KernelArg::Texts(_) => Some(coded(&column.texts()?)),
            _ => None,
        });
    }
    let mixed: Result<Vec<Mixed>, Undefined> = columns
        .iter()
        .zip(&texts)
        .map(|(column, text)| match (column.plain(), text) {
            (_, Some((codes, levels))) => Ok(Mixed::Levels(codes, *levels)),
            (KernelArg::Bools(x), _) => Ok(Mixed::Flags(x)),
            (KernelArg::Levels(codes, levels), _) => Ok(Mixed::Levels(codes, levels.names.len())),
            (other, _) => other.numbers().map(Mixed::Numbers),
        })
        .collect();
    run(&mixed?)
}

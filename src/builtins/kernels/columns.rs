//! Lists of columns of any kind as the kernels over whole tables take them.

use crate::eval::estimate::Undefined;
use crate::eval::{KernelArg, KernelArgs};
use crate::metrics::disclosure::Codes;
use crate::metrics::features::Mixed;
use std::borrow::Cow;

/// Texts as codes into the distinct ones in order; missing is a value of its own and comes first.
fn coded(texts: &[Option<&str>]) -> (Vec<u32>, usize) {
    let mut names = texts.to_vec();
    names.sort_unstable();
    names.dedup();
    (texts.iter().map(|t| names.partition_point(|n| n < t) as u32).collect(), names.len())
}

/// Columns of any kind as codes; a missing level is one more.
pub(super) fn codes(args: &KernelArgs, at: usize) -> Result<Vec<Codes<'_>>, Undefined> {
    args.columns(at)?.iter().map(coded_column).collect()
}

fn coded_column(column: &KernelArg) -> Result<Codes<'_>, Undefined> {
    let codes = match column {
        KernelArg::Numbers(x) => return Ok(Codes::of_numbers(x)),
        KernelArg::Bools(x) => x.iter().map(|b| u32::from(*b)).collect(),
        KernelArg::Levels(codes, levels) => {
            let most = levels.names.len() as u32;
            match codes.iter().fold(0, |m, c| m.max(*c)) > most {
                true => codes.iter().map(|c| (*c).min(most)).collect(),
                false => Cow::Borrowed(codes.as_slice()),
            }
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
        texts.push(match column {
            KernelArg::Texts(_) => Some(coded(&column.texts()?)),
            _ => None,
        });
    }
    let mixed: Result<Vec<Mixed>, Undefined> = columns
        .iter()
        .zip(&texts)
        .map(|(column, text)| match (column, text) {
            (_, Some((codes, levels))) => Ok(Mixed::Levels(codes, *levels)),
            (KernelArg::Bools(x), _) => Ok(Mixed::Flags(x)),
            (KernelArg::Levels(codes, levels), _) => Ok(Mixed::Levels(codes, levels.names.len())),
            (other, _) => other.numbers().map(Mixed::Numbers),
        })
        .collect();
    run(&mixed?)
}

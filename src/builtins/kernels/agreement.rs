//! Agreement of raters.

use super::{as_is, over_rows};
use crate::eval::estimate::Undefined;
use crate::eval::{KernelArg, KernelArgs, KernelRow};
use crate::metrics::agreement::{self, Scale, icc};

pub(super) const ROWS: &[KernelRow] = &[
    over_rows("krippendorff", |a| agreement::krippendorff(&a.matrix(0)?, Scale::named(a.text(1)?)?)),
    over_rows("krippendorff_categories", |a| {
        let codes = categories(a)?;
        agreement::krippendorff(&columns(&codes), Scale::named(a.text(1)?)?)
    }),
    over_rows("fleiss_kappa", |a| agreement::fleiss(&columns(&categories(a)?), false)),
    over_rows("randolph_kappa", |a| agreement::fleiss(&columns(&categories(a)?), true)),
    over_rows("gwet_ac1", |a| agreement::gwet(&columns(&categories(a)?), Scale::Nominal)),
    over_rows("gwet_ac2", |a| agreement::gwet(&a.matrix(0)?, Scale::named(a.text(1)?)?)),
    as_is("icc", |a| {
        let (form, of_mean) = icc::Form::named(a.text(1)?)?;
        icc::icc(&a.matrix(0)?, form, of_mean, a.level())
    }),
];

fn columns(codes: &[Vec<f64>]) -> Vec<&[f64]> {
    codes.iter().map(Vec::as_slice).collect()
}

/// Category columns as numbers that mean the same level in each; NaN where a rating is missing.
fn categories(args: &KernelArgs) -> Result<Vec<Vec<f64>>, Undefined> {
    let mut names: Vec<String> = Vec::new();
    let mut out = Vec::new();
    for column in args.columns(0)? {
        if let KernelArg::Numbers(numbers) = column.plain() {
            out.push(numbers.clone());
            continue;
        }
        let (codes, levels) = column.levels()?;
        let places: Vec<f64> = levels
            .iter()
            .map(|level| {
                let at = names.iter().position(|n| n == level).unwrap_or_else(|| {
                    names.push(level.clone());
                    names.len() - 1
                });
                at as f64
            })
            .collect();
        out.push(codes.iter().map(|&c| places.get(c as usize).copied().unwrap_or(f64::NAN)).collect());
    }
    Ok(out)
}
